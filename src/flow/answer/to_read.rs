//! Workbooks that are only to be read say so where others say what they answer: on the very hidden sheet and in the
//! document's properties. Either is enough; whoever wrote it, the file is refused, and so nothing of it is signed.

use rust_xlsxwriter::{DocProperties, Worksheet};
use serde::{Deserialize, Serialize};

use super::{identity::SHEET, result::identity_sheet};
use crate::flow::read::{Cell, Document, Sheet};

const KIND: &str = "to_read";
const PROPERTY: &str = "hangloat.kind";

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
    property || document.sheets.iter().any(says_so)
}

fn says_so(sheet: &Sheet) -> bool {
    let cell = (sheet.name == SHEET).then(|| sheet.rows.first()?.cells.first()).flatten();
    let said = cell.map(Cell::text).and_then(|text| serde_json::from_str::<Said>(&text).ok());
    said.is_some_and(|said| said.kind == KIND)
}
