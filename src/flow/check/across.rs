//! Rows against each other: the same client, log-in or phone twice in one file.

use std::{collections::HashMap, hash::Hash};

use minijinja::context;

use super::row::Judged;
use crate::{
    domain::{
        email::Email,
        field::Field,
        finding::{Code, Finding, Severity},
        phone::Phone,
    },
    text::Texts,
};

/// The first of equals stays as it is; the later ones are told of it, also where more is wrong with either.
pub fn compare(rows: &mut [Judged], texts: &Texts) {
    same(rows, texts, Code::ClientDuplicateInFile, |row| row.seen.bought.clone());
    same(rows, texts, Code::EmailShared, |row| row.seen.email.as_ref().map(Email::to_string));
    same(rows, texts, Code::PhoneShared, |row| row.seen.phone.as_ref().map(Phone::to_string));
}

fn same<K: Eq + Hash>(
    rows: &mut [Judged],
    texts: &Texts,
    code: Code,
    key: impl Fn(&Judged) -> Option<K>,
) {
    let mut first: HashMap<K, usize> = HashMap::new();
    for at in 0..rows.len() {
        let Some(key) = key(&rows[at]) else { continue };
        let before = *first.entry(key).or_insert(at);
        let is_same_client =
            rows[before].seen.tax_id.is_some() && rows[before].seen.tax_id == rows[at].seen.tax_id;
        // A client shares its e-mail and phone with itself.
        if before != at && (code == Code::ClientDuplicateInFile || !is_same_client) {
            let finding = said(texts, &rows[before], &rows[at], code);
            rows[at].findings.push(finding);
        }
    }
}

fn said(texts: &Texts, before: &Judged, row: &Judged, code: Code) -> Finding {
    let (field, own) = match code {
        Code::EmailShared => (Field::Email, row.seen.email.as_ref().map(Email::to_string)),
        Code::PhoneShared => (Field::Phone, row.seen.phone.as_ref().map(Phone::national)),
        _ => (Field::TaxId, None),
    };
    let raw = row.fields.get(field).map(|value| value.raw.clone());
    let value = raw.or(own).unwrap_or_default();
    let sheet =
        (before.fields.sheet != row.fields.sheet).then_some(before.fields.sheet_name.as_str());
    let other = texts.say("message.place.row", context! { row => before.fields.row, sheet });
    let place = row.fields.place(Some(field));
    let finding = Finding::new(code, place).value(value).detail("other", other);
    let is_same_person =
        row.seen.representative.is_some() && row.seen.representative == before.seen.representative;
    if code == Code::EmailShared && is_same_person {
        return finding.severity(Severity::Info);
    }
    finding
}
