//! A new e-mail of a client with which others of the firm sign in: the log-in of one person would open several businesses.
//! Rows of one list are compared in `across`.

use super::{History, row::Judged};
use crate::domain::{
    email::Email,
    field::Field,
    finding::{Code, Finding, Severity},
    fold::fold,
};

/// Says so of each row once; of one that may be that very client a person is asked already.
pub fn look(rows: &mut [Judged<'_>], history: &History) {
    for row in rows {
        let is_said =
            |finding: &Finding| matches!(finding.code, Code::EmailShared | Code::ClientMaybeSame);
        if !row.findings.iter().any(is_said) {
            let finding = said(row, history);
            row.findings.extend(finding);
        }
    }
}

fn said(row: &Judged<'_>, history: &History) -> Option<Finding> {
    let (email, tax_id) = (row.seen.email.as_ref()?, row.seen.tax_id.as_ref()?);
    let others = history.reached_at(email, tax_id);
    let representative = row.seen.representative.as_deref();
    let is_same_person = |name: &str| representative == Some(fold(name).as_str());
    let other = others.iter().find(|it| !is_same_person(&it.representative));
    let other = other.or_else(|| others.first())?;
    let value = row.written.value(Field::Email).map(|value| value.raw);
    let finding = Finding::new(Code::EmailShared, row.written.place(Field::Email))
        .value(value.unwrap_or_else(|| Email::to_string(email)))
        .detail("other", format!("{}, {}", other.name, other.tax_id));
    let is_one_person = is_same_person(&other.representative);
    Some(if is_one_person { finding.severity(Severity::Info) } else { finding })
}
