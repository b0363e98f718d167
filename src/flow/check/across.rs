//! Rows against each other: the same client, log-in or phone twice in one file.

use minijinja::context;

use super::{
    History,
    groups::{self, Key},
    row::Judged,
};
use crate::{
    domain::{
        email::Email,
        field::Field,
        finding::{Code, Finding, Severity},
        fiscal_year::FiscalYear,
        order::Kind,
        phone::Phone,
    },
    text::Texts,
};

/// The first of equals stays as it is; the later ones are told of it, also where more is wrong with either.
pub fn compare(rows: &mut [Judged<'_>], texts: &Texts, history: &History) {
    let seen = || rows.iter().map(|row| &row.seen);
    let bought = seen().map(|seen| {
        let (tax_id, family, year) = seen.bought.as_ref()?;
        Some([history.who(tax_id), family.clone(), year.to_string()])
    });
    // One free year for a client, ever; a second one of the same year is a duplicate.
    let free = seen().map(|seen| {
        let (tax_id, ..) = seen.bought.as_ref().filter(|_| seen.kind == Some(Kind::Free))?;
        Some([history.who(tax_id)])
    });
    let keys = [
        Key::of(bought),
        Key::of(free),
        Key::of(seen().map(|seen| seen.email.as_ref().map(|email| [email.to_string()]))),
        Key::of(seen().map(|seen| seen.phone.as_ref().map(|phone| [phone.to_string()]))),
    ];
    let codes = [
        Code::ClientDuplicateInFile,
        Code::FreeYearAlreadyUsed,
        Code::EmailShared,
        Code::PhoneShared,
    ];
    for (code, firsts) in codes.into_iter().zip(groups::first_of_equals(&keys)) {
        for (at, first) in firsts.into_iter().enumerate() {
            let Some(before) = first else { continue };
            // A client shares its e-mail and phone with itself.
            let is_same_client = is_same_client(&rows[before], &rows[at], history);
            let is_said = match code {
                Code::ClientDuplicateInFile => true,
                Code::FreeYearAlreadyUsed => year(&rows[before]) != year(&rows[at]),
                _ => !is_same_client,
            };
            if is_said {
                let finding = said(texts, &rows[before], &rows[at], code);
                rows[at].findings.push(finding);
            }
        }
    }
}

fn is_same_client(a: &Judged<'_>, b: &Judged<'_>, history: &History) -> bool {
    let who = |row: &Judged<'_>| row.seen.tax_id.as_ref().map(|tax_id| history.who(tax_id));
    who(a).is_some() && who(a) == who(b)
}

fn year(row: &Judged<'_>) -> Option<FiscalYear> {
    row.seen.bought.as_ref().map(|(_, _, year)| *year)
}

fn said(texts: &Texts, before: &Judged<'_>, row: &Judged<'_>, code: Code) -> Finding {
    let (field, meant) = match code {
        Code::EmailShared => (Field::Email, row.seen.email.as_ref().map(Email::to_string)),
        Code::PhoneShared => (Field::Phone, row.seen.phone.as_ref().map(Phone::national)),
        Code::FreeYearAlreadyUsed => (Field::Kind, None),
        _ => (Field::TaxId, None),
    };
    let raw = row.written.value(field).map(|value| value.raw);
    let value = raw.or(meant).unwrap_or_default();
    let (above, own) = (before.written, row.written);
    let sheet = (above.sheet().sheet != own.sheet().sheet).then_some(&above.sheet().name);
    let other = texts.say("message.place.row", context! { row => above.row.number, sheet });
    let place = own.place(field);
    let finding = Finding::new(code, place).value(value).detail("other", other);
    let is_same_person =
        row.seen.representative.is_some() && row.seen.representative == before.seen.representative;
    if code == Code::EmailShared && is_same_person {
        return finding.severity(Severity::Info);
    }
    finding
}
