//! By what a workbook of ours is known when it comes back: a signed text on a very hidden sheet,
//! and the same in the document's properties. Either is enough.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    bank,
    cut_offs::identity as cut_offs,
    reconciliation,
    result::own_contents,
    rows::shown_texts,
    to_read,
    view::{self, DataRow},
};
use crate::{
    domain::{batch::BatchId, finding::Code},
    flow::{
        key::{Key, sha256},
        map::TEMPLATE_SHEET,
        read::{Cell, Document, Sheet},
        sweep,
    },
    text::Texts,
};

/// The sheet that bears the text.
pub const SHEET: &str = super::result::IDENTITY_SHEET;
/// The hidden column of the rows to fix.
pub const RID: &str = super::result::RID;
/// The property of a template, which is no answer.
pub const TEMPLATE: &str = "hangloat.template";
/// Where it says for which firm it was made.
pub const TEMPLATE_OF: &str = "hangloat.template.of";
/// What the key signs that for.
const OF_FIRM: &str = "template";
/// What the key signs it for.
const PURPOSE: &str = "answer";
const ROWS: &str = "rows";
/// Headings stand no lower.
const HEADINGS: usize = 12;
/// A result workbook of a batch.
const KIND: &str = "result";

/// What a workbook of ours answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub batch: BatchId,
    pub revision: i64,
    /// The checksum of each row as it went out.
    pub rows: HashMap<String, String>,
    /// The same of our columns; older versions did not keep it.
    pub own: HashMap<String, String>,
}

/// What a workbook says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// A revision of a batch.
    Result(BatchId, i64),
    /// Of no list: what it is called, and its day and revision.
    OfDay(&'static str, (NaiveDate, u32)),
}

/// What a file says about where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Not one of ours: a new list.
    No,
    /// One of ours of which nothing is taken, for this reason.
    Refused(Code),
    /// It says that it is this one, and the key that we have did not sign it.
    NotSigned(Claimed),
    Ours(Answer),
    /// *Sắp ngắt*, which is about no list.
    CutOffs(cut_offs::Answer),
    /// About money, and of no list.
    Money(bank::Issue),
}

/// Its texts are borrowed on the way out, and owned when they come back.
#[derive(Serialize, Deserialize)]
struct Signed<T = String> {
    batch: BatchId,
    kind: String,
    revision: i64,
    signature: String,
    /// Row and checksum of each row as it went out, and a signature of their own.
    #[serde(default = "Vec::new")]
    rows: Vec<(T, T)>,
    /// The same of our columns.
    #[serde(default = "Vec::new")]
    own: Vec<(T, T)>,
    #[serde(default)]
    rows_signature: String,
}

/// The checksums of the rows of a workbook, added as they are written.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// `17=9f86d081,18=…`, as they are signed.
    rows: String,
    own: String,
}

impl Sums {
    pub fn add(&mut self, texts: &Texts, cells: &[Cell], row: &DataRow) {
        let own = own_checksum(&own_contents(texts, row));
        for (sums, sum) in [(&mut self.rows, checksum(cells)), (&mut self.own, own)] {
            let comma = if sums.is_empty() { "" } else { "," };
            sums.extend([comma, row.rid.as_str(), "=", sum.as_str()]);
        }
    }
}

/// Row and checksum of each.
fn pairs(sums: &str) -> Vec<(&str, &str)> {
    sums.split(',').filter_map(|sum| sum.split_once('=')).collect()
}

/// By what a workbook is known, but for its rows.
pub fn of(key: &Key, batch: BatchId, revision: i64) -> anyhow::Result<view::Identity> {
    Ok(view::Identity {
        batch: batch.to_string(),
        kind: KIND.to_owned(),
        revision: u32::try_from(revision)?,
        signature: key.sign(PURPOSE, &signed_text(batch, KIND, revision)),
    })
}

/// The signed text, with the rows as they went out.
pub fn payload(
    key: &Key,
    (batch, revision): (BatchId, i64),
    sums: &Sums,
) -> anyhow::Result<String> {
    let signature = key.sign(PURPOSE, &signed_text(batch, KIND, revision));
    let text = rows_text((batch, revision), &sums.rows, &sums.own);
    let rows_signature = key.sign(ROWS, &text);
    let (rows, own) = (pairs(&sums.rows), pairs(&sums.own));
    let kind = KIND.to_owned();
    let signed = Signed { batch, kind, revision, signature, rows, own, rows_signature };
    Ok(serde_json::to_string(&signed)?)
}

/// Looks for our identity in a file.
pub fn known(document: &Document, key: &Key) -> Known {
    match cut_offs::known(document, key) {
        cut_offs::Known::Ours(answer) => return Known::CutOffs(answer),
        cut_offs::Known::Forged(of) => {
            return Known::NotSigned(Claimed::OfDay(sweep::cut_offs::WHAT, of));
        }
        cut_offs::Known::No => {}
    }
    match bank::claim(document, key) {
        Some(bank::Claim::Genuine(issue)) => return Known::Money(issue),
        Some(bank::Claim::Forged(issue)) => {
            let claimed = issue.parts().map(|of| Claimed::OfDay(reconciliation::WHAT, of));
            return claimed.map_or(Known::Refused(Code::FileForgedAnswer), Known::NotSigned);
        }
        None => {}
    }
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
    let is_claim =
        |name: &String| name.starts_with("hangloat.") && name != TEMPLATE && name != TEMPLATE_OF;
    let claimed = !claims.is_empty() || document.properties.keys().any(is_claim);
    let first = claims.first().filter(|it| it.kind == KIND).map(|it| (it.batch, it.revision));
    if let Some(claim) = claims.into_iter().find(genuine) {
        let (batch, revision) = (claim.batch, claim.revision);
        let (rows, own) = genuine_rows(claim, key);
        return Known::Ours(Answer { batch, revision, rows, own });
    }
    if to_read::is_so(document) {
        Known::Refused(Code::FileToRead)
    } else if let Some((batch, revision)) = first {
        Known::NotSigned(Claimed::Result(batch, revision))
    } else if claimed {
        // It says it is ours, and is not signed by our key.
        Known::Refused(Code::FileForgedAnswer)
    } else if document.sheets.iter().any(has_row_ids) {
        Known::Refused(Code::FileAnswerLostIdentity)
    } else if to_read::looks_so(document) {
        Known::Refused(Code::FileToRead)
    } else {
        Known::No
    }
}

/// The tables by which a template of ours was made: on its hidden sheet, or in its properties.
pub fn template(document: &Document) -> Option<String> {
    let sheet = document.sheets.iter().find(|sheet| sheet.name == TEMPLATE_SHEET);
    let cell = sheet.and_then(|sheet| sheet.rows.first()?.cells.first());
    cell.map(|cell| cell.text().into_owned()).or_else(|| document.properties.get(TEMPLATE).cloned())
}

/// By what a template is known for that of a firm: it names the firm's clients.
pub fn template_mark(key: &Key, firm: &str) -> String {
    format!("{firm} {}", key.sign(OF_FIRM, firm))
}

/// The firm that a template of ours was made for: below its tables on the hidden sheet, or in its properties.
pub fn template_firm(document: &Document, key: &Key) -> Option<String> {
    let sheet = document.sheets.iter().find(|sheet| sheet.name == TEMPLATE_SHEET);
    let row = sheet.and_then(|sheet| sheet.rows.iter().find(|row| row.number == 2));
    let marks = [
        row.and_then(|row| row.cells.first()).map(|cell| cell.text().into_owned()),
        document.properties.get(TEMPLATE_OF).cloned(),
    ];
    marks.into_iter().flatten().find_map(|mark| {
        let (firm, signature) = mark.split_once(' ')?;
        key.verifies(OF_FIRM, firm, signature).then(|| firm.to_owned())
    })
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
        own: Vec::new(),
        rows_signature: String::new(),
    })
}

/// The checksums, if they are those that went out.
fn genuine_rows(claim: Signed, key: &Key) -> (HashMap<String, String>, HashMap<String, String>) {
    let text = rows_text((claim.batch, claim.revision), &joined(&claim.rows), &joined(&claim.own));
    if !key.verifies(ROWS, &text, &claim.rows_signature) {
        return Default::default();
    }
    (claim.rows.into_iter().collect(), claim.own.into_iter().collect())
}

fn joined(sums: &[(String, String)]) -> String {
    let sums: Vec<String> = sums.iter().map(|(rid, sum)| format!("{rid}={sum}")).collect();
    sums.join(",")
}

fn rows_text((batch, revision): (BatchId, i64), rows: &str, own: &str) -> String {
    let rows = format!("{batch}/{revision}/{rows}");
    if own.is_empty() { rows } else { format!("{rows}/{own}") }
}

fn signed_text(batch: BatchId, kind: &str, revision: i64) -> String {
    format!("{batch}/{kind}/{revision}")
}

fn has_row_ids(sheet: &Sheet) -> bool {
    sheet.rows.iter().take(HEADINGS).any(|row| row.cells.iter().any(|cell| cell.text() == RID))
}

pub fn checksum(cells: &[Cell]) -> String {
    digest(&shown_texts(cells))
}

/// Of our own columns, where spaces and line breaks count for nothing.
pub fn own_checksum(texts: &[String]) -> String {
    let one_line = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    digest(&texts.iter().map(one_line).collect::<Vec<_>>())
}

/// Eight digits are enough to see that a row was touched.
fn digest(texts: &[String]) -> String {
    sha256(texts.join("\u{1f}").as_bytes())[..8].to_owned()
}
