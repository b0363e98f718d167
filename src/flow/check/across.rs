//! Rows against each other: the same client, log-in or phone twice in one file.

use std::collections::HashMap;

use minijinja::context;

use super::{Context, row::Judged};
use crate::{
    domain::{
        field::Field,
        finding::{Code, Finding, Severity},
        fold::fold,
    },
    text::Texts,
};

/// The first of equals stays as it is; the later ones are told of it.
pub fn compare(rows: &mut [Judged], context: &Context<'_>) {
    let (catalogue, texts) = (context.catalogue, context.texts);
    same(rows, texts, Code::ClientDuplicateInFile, Field::TaxId, |row| {
        let client = row.client.as_ref()?;
        let package = catalogue.packages.get(&client.package)?;
        Some(format!("{} {} {}", client.tax_id, package.family, client.fiscal_year))
    });
    same(rows, texts, Code::EmailShared, Field::Email, |row| {
        Some(row.client.as_ref()?.email.to_string())
    });
    same(rows, texts, Code::PhoneShared, Field::Phone, |row| {
        Some(row.client.as_ref()?.phone.to_string())
    });
}

fn same(
    rows: &mut [Judged],
    texts: &Texts,
    code: Code,
    field: Field,
    key: impl Fn(&Judged) -> Option<String>,
) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for at in 0..rows.len() {
        let Some(key) = key(&rows[at]) else { continue };
        let Some(before) = first.get(&key).copied() else {
            first.insert(key, at);
            continue;
        };
        let finding = said(texts, &rows[before], &rows[at], code, field);
        rows[at].findings.push(finding);
    }
}

fn said(texts: &Texts, before: &Judged, row: &Judged, code: Code, field: Field) -> Finding {
    let place = row.fields.place(Some(field));
    let value = row.fields.get(field).map(|value| value.raw.clone()).unwrap_or_default();
    let sheet =
        (before.fields.sheet != row.fields.sheet).then_some(before.fields.sheet_name.as_str());
    let other = texts.say("message.place.row", context! { row => before.fields.row, sheet });
    let finding = Finding::new(code, place).value(value).detail("other", other);
    let representative =
        |row: &Judged| row.client.as_ref().map(|client| fold(&client.representative));
    let same_person = code == Code::EmailShared && representative(before) == representative(row);
    if same_person { finding.severity(Severity::Info) } else { finding }
}
