//! By what a workbook of ours is known when it comes back: a signed text on a very hidden sheet,
//! and the same in the document's properties. Either is enough.

use serde::{Deserialize, Serialize};

use super::{
    rows::shown_texts,
    view::{self, SheetView},
};
use crate::{
    domain::batch::BatchId,
    flow::{
        key::{Key, sha256},
        read::{Cell, Document, Sheet},
    },
};

/// The sheet that bears the text.
pub const SHEET: &str = super::result::IDENTITY_SHEET;
/// The hidden column of the rows to fix.
pub const RID: &str = super::result::RID;
/// What the key signs it for.
const PURPOSE: &str = "answer";
/// A result workbook of a batch.
const KIND: &str = "result";

/// What a workbook of ours answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub batch: BatchId,
    pub revision: i64,
}

/// What a file says about where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Not one of ours: a new list.
    No,
    /// One of ours without the means to know it.
    Lost,
    /// It says it is ours, and is not signed by our key.
    Forged,
    Ours(Answer),
}

#[derive(Serialize, Deserialize)]
struct Signed {
    batch: BatchId,
    kind: String,
    revision: i64,
    signature: String,
    /// Row and checksum of each row as it went out.
    #[serde(default)]
    rows: Vec<(String, String)>,
}

/// The identity that goes into a workbook.
pub fn of(
    key: &Key,
    batch: BatchId,
    revision: i64,
    sheets: &[SheetView],
) -> anyhow::Result<view::Identity> {
    let signature = key.sign(PURPOSE, &signed_text(batch, KIND, revision));
    let rows = sheets.iter().flat_map(|sheet| &sheet.rows).filter_map(|row| match &row.kind {
        view::RowKind::Data(data) => Some((data.rid.clone(), checksum(&row.cells))),
        _ => None,
    });
    let signed = Signed {
        batch,
        kind: KIND.to_owned(),
        revision,
        signature: signature.clone(),
        rows: rows.collect(),
    };
    Ok(view::Identity {
        batch: batch.to_string(),
        kind: KIND.to_owned(),
        revision: u32::try_from(revision)?,
        signature,
        payload: serde_json::to_string(&signed)?,
    })
}

/// Looks for our identity in a file.
pub fn known(document: &Document, key: &Key) -> Known {
    let claims = [from_sheet(&document.sheets), from_properties(document)];
    let genuine = |claim: &Signed| {
        claim.kind == KIND
            && key.verifies(
                PURPOSE,
                &signed_text(claim.batch, KIND, claim.revision),
                &claim.signature,
            )
    };
    let claims: Vec<Signed> = claims.into_iter().flatten().collect();
    if let Some(claim) = claims.iter().find(|claim| genuine(claim)) {
        return Known::Ours(Answer { batch: claim.batch, revision: claim.revision });
    }
    let claimed =
        !claims.is_empty() || document.properties.keys().any(|name| name.starts_with("hangloat."));
    if claimed {
        Known::Forged
    } else if document.sheets.iter().any(has_row_ids) {
        Known::Lost
    } else {
        Known::No
    }
}

fn from_sheet(sheets: &[Sheet]) -> Option<Signed> {
    let sheet = sheets.iter().find(|sheet| sheet.name == SHEET)?;
    let text: String =
        sheet.rows.iter().filter_map(|row| row.cells.first()).map(Cell::text).collect();
    serde_json::from_str(&text).ok()
}

fn from_properties(document: &Document) -> Option<Signed> {
    let property = |name: &str| document.properties.get(&format!("hangloat.{name}")).cloned();
    Some(Signed {
        batch: property("batch")?.parse().ok()?,
        kind: property("kind")?,
        revision: property("revision")?.parse().ok()?,
        signature: property("signature")?,
        rows: Vec::new(),
    })
}

fn signed_text(batch: BatchId, kind: &str, revision: i64) -> String {
    format!("{batch}/{kind}/{revision}")
}

fn has_row_ids(sheet: &Sheet) -> bool {
    sheet.rows.iter().take(5).any(|row| row.cells.iter().any(|cell| cell.text() == RID))
}

/// Eight digits are enough to see that a row was touched.
fn checksum(cells: &[Cell]) -> String {
    sha256(shown_texts(cells).join("\u{1f}").as_bytes())[..8].to_owned()
}
