//! Addresses of a row that get no mail: letters to them would be held. Which ones these are is decided by `send`.

use super::{History, row::Judged};
use crate::domain::{
    field::Field,
    finding::{Code, Finding},
};

pub fn look(rows: &mut [Judged<'_>], history: &History) {
    if history.suppressed.is_empty() {
        return;
    }
    for row in rows {
        let recipient = row.client.as_ref().and_then(|client| client.recipient_email.as_ref());
        let reached = [(Field::Email, row.seen.email.as_ref()), (Field::RecipientEmail, recipient)];
        for (field, email) in reached {
            let Some(email) = email.filter(|it| history.suppressed.contains(it.as_str())) else {
                continue;
            };
            let finding = Finding::new(Code::EmailHeld, row.written.place(field));
            row.findings.push(finding.value(email.as_str()));
        }
    }
}
