//! Workbooks that are only to be read say so where others say what they answer: on the very hidden sheet and in the
//! document's properties. Either is enough; whoever wrote it, the file is refused, and so nothing of it is signed. Where a
//! program that saved it left out both, and of exports as text, it is known by its headings.

use rust_xlsxwriter::{DocProperties, Worksheet};
use serde::{Deserialize, Serialize};

use super::{export, identity::SHEET, result::identity_sheet};
use crate::{
    domain::locale::Locale,
    flow::{
        export::is_own,
        read::{Cell, Document, Row, Sheet},
    },
    text::Texts,
};

const KIND: &str = "to_read";
const PROPERTY: &str = "hangloat.kind";

/// Headings stand no lower.
const LOWEST: usize = 12;
/// By the tables that have their words, each as far as no list of clients has the same.
const HEADINGS: [(&str, &[&str]); 6] = [
    (
        "workbook.morning",
        &["kind", "about_what", "count", "amount", "since", "due", "to_do_head", "where"],
    ),
    (
        "workbook.morning",
        &["kind", "client", "tax_id", "phone", "line", "amount", "code", "due", "reason"],
    ),
    ("workbook.cut_offs", &["line", "client", "tax_id", "phone", "rest", "last_day", "warned_at"]),
    ("workbook.reconciliation", &["kind", "line", "licence", "tax_id", "client", "here", "there"]),
    ("workbook.reconciliation", &["line", "client", "rest", "last_day", "code", "next"]),
    ("workbook.reconciliation", &["payment", "day", "amount", "state", "memo", "why"]),
];
/// The same of exports.
const OF_EXPORTS: [&[&str]; 7] = [
    &["firm", "tax_id", "name", "customer_type", "representative", "representative_title", "email"],
    &["code", "batch", "firm", "kind", "package", "customer_type", "fiscal_year"],
    &["order", "line", "batch", "row", "firm", "state", "amount"],
    &["id", "account", "booked_on", "amount", "returned", "memo"],
    &["licence_id", "order", "line", "firm", "tax_id", "package"],
    &["batch", "file", "firm", "sheet", "row", "column"],
    &["payment_code", "order", "line", "firm", "buyer_name", "buyer_tax_id"],
];

#[derive(Serialize, Deserialize)]
struct Said {
    kind: String,
}

/// The very hidden sheet of such a workbook.
pub fn sheet() -> anyhow::Result<Worksheet> {
    let said = serde_json::to_string(&Said { kind: KIND.to_owned() })?;
    identity_sheet(Worksheet::new(), &said)
}

pub fn properties(properties: DocProperties) -> DocProperties {
    properties.set_custom_property(PROPERTY, KIND)
}

/// Whether a file says that it is one.
pub fn is_so(document: &Document) -> bool {
    let property = document.properties.get(PROPERTY).is_some_and(|kind| kind == KIND);
    property || document.sheets.iter().any(says_so) || is_export(document)
}

/// What we exported as delimited text is known by its headings alone.
fn is_export(document: &Document) -> bool {
    let [sheet] = document.sheets.as_slice() else { return false };
    let headings =
        sheet.rows.first().map(|row| row.cells.iter().map(Cell::text).collect::<Vec<_>>());
    headings.is_some_and(|headings| is_own(&headings))
}

/// Whether a file has the headings of one, in either language.
pub fn looks_so(document: &Document) -> bool {
    let known: Vec<Vec<String>> = Locale::ALL.iter().flat_map(|it| headings(*it)).collect();
    let is_known = |row: &Row| known.iter().any(|headings| begins_with(row, headings));
    document.sheets.iter().any(|sheet| sheet.rows.iter().take(LOWEST).any(is_known))
}

fn headings(locale: Locale) -> Vec<Vec<String>> {
    let texts = Texts::of(locale);
    let labels = |(table, names): &(&str, &[&str])| {
        names.iter().map(|name| texts.label(&format!("{table}.{name}"))).collect()
    };
    let of_export =
        |names: &&[&str]| names.iter().map(|name| export::heading(texts, name)).collect();
    HEADINGS.iter().map(labels).chain(OF_EXPORTS.iter().map(of_export)).collect()
}

fn begins_with(row: &Row, headings: &[String]) -> bool {
    let is_same = |(cell, heading): (&Cell, &String)| cell.text().trim() == heading.trim();
    row.cells.len() >= headings.len() && row.cells.iter().zip(headings).all(is_same)
}

fn says_so(sheet: &Sheet) -> bool {
    let cell = (sheet.name == SHEET).then(|| sheet.rows.first()?.cells.first()).flatten();
    let said = cell.map(Cell::text).and_then(|text| serde_json::from_str::<Said>(&text).ok());
    said.is_some_and(|said| said.kind == KIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_by_which_a_workbook_is_known_is_one_that_is_written() {
        for locale in Locale::ALL {
            for heading in headings(*locale).concat() {
                assert!(!heading.starts_with("workbook."), "{heading}");
            }
        }
    }
}
