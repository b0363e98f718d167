//! A row that gives a tax id alone, of a client that the firm does not have: one thing is said of it, not one of each
//! field that a new client needs. What a client that the firm has needs not say is decided in `values`.

use super::{History, row::Judged, tax_id};
use crate::{
    domain::{
        field::Field,
        finding::{Code, Finding, Severity},
    },
    flow::map::Fields,
};

/// What is said of an order, or by the firm for itself, and names no client.
const NO_CLIENT: [Field; 11] = [
    Field::TaxId,
    Field::OldTaxId,
    Field::Kind,
    Field::Package,
    Field::FiscalYear,
    Field::Recipient,
    Field::InvoiceTo,
    Field::RegisteredBy,
    Field::AssignedTo,
    Field::Note,
    Field::ExternalId,
];

/// Says instead of what is missing that nobody knows the client. A tax id that cannot be read says enough itself.
pub fn look(judged: &mut Judged<'_>, fields: &Fields, history: &History) {
    let is_alone = fields.get(Field::TaxId).is_some()
        && fields.given().all(|(field, _)| NO_CLIENT.contains(&field));
    if !is_alone || history.record(&tax_id::likely(fields)).is_some() {
        return;
    }
    let is_missing = |finding: &Finding| match finding.code {
        Code::Missing => finding.place.field != Some(Field::TaxId),
        Code::InvoiceIncomplete => finding.place.field == Some(Field::Address),
        _ => false,
    };
    let missing: Vec<Field> = judged
        .findings
        .iter()
        .filter(|finding| is_missing(finding))
        .filter_map(|finding| finding.place.field)
        .collect();
    let is_said = |finding: &Finding| {
        finding.place.field == Some(Field::TaxId) && finding.severity == Severity::Error
    };
    let is_said = judged.findings.iter().any(is_said);
    if missing.len() < 2 {
        return;
    }
    judged.findings.retain(|finding| !is_missing(finding));
    if is_said {
        return;
    }
    let names: Vec<&str> = missing.iter().map(|field| field.as_str()).collect();
    let finding = Finding::new(Code::Unknown, fields.place(Some(Field::TaxId)));
    let finding = match fields.get(Field::TaxId) {
        Some(value) => finding.value(value.shown()),
        None => finding,
    };
    judged.findings.push(finding.detail("fields", names.join(",")));
}
