//! By what *Sắp ngắt* is known when it comes back, and what each of its rows was like when it went out: signed on the
//! very hidden sheet, in the properties, and beside each row. Either of the first two is enough.

use std::{collections::HashMap, fmt, str::FromStr};

use anyhow::Context as _;
use chrono::NaiveDate;
use rust_xlsxwriter::DocProperties;
use serde::{Deserialize, Serialize};

use crate::{
    domain::order::RequestState,
    flow::{
        answer::identity::SHEET,
        key::Key,
        read::{Cell, Document},
    },
};

pub use crate::flow::answer::identity::RID;

const KIND: &str = "cut_offs";
/// What the key signs it for.
const PURPOSE: &str = "cut_offs";
const ROWS: &str = "cut_offs/rows";
const ROW: &str = "cut_offs/row";
/// Between what stands beside a row; neither a line nor how it stood has one.
const PART: char = '.';

/// How a line stood when it was shown: `2026-11-30/2026-12-04/open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub last_day: NaiveDate,
    pub hold_until: Option<NaiveDate>,
    pub request: RequestState,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.hold_until.map(|day| day.to_string()).unwrap_or_default();
        write!(f, "{}/{held}/{}", self.last_day, self.request)
    }
}

impl FromStr for Shown {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Shown> {
        let mut parts = text.split('/');
        let mut next = || parts.next().context("A row says three things");
        let (last_day, held, request) = (next()?, next()?, next()?);
        let hold_until = (!held.is_empty()).then(|| held.parse()).transpose()?;
        Ok(Shown { last_day: last_day.parse()?, hold_until, request: request.parse()? })
    }
}

/// As it stands on the hidden sheet; the properties have all but the rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Signed {
    kind: String,
    day: NaiveDate,
    revision: u32,
    signature: String,
    #[serde(default)]
    rows: Vec<(String, String)>,
    #[serde(default)]
    rows_signature: String,
}

impl Signed {
    pub fn of(key: &Key, (day, revision): (NaiveDate, u32), rows: Vec<(String, String)>) -> Signed {
        let mut signed = Signed {
            kind: KIND.to_owned(),
            day,
            revision,
            signature: key.sign(PURPOSE, &head(day, revision)),
            rows,
            rows_signature: String::new(),
        };
        signed.rows_signature = key.sign(ROWS, &signed.rows_text());
        signed
    }

    pub fn properties(&self, properties: DocProperties) -> DocProperties {
        properties
            .set_custom_property("hangloat.kind", KIND)
            .set_custom_property("hangloat.day", self.day.to_string())
            .set_custom_property("hangloat.revision", self.revision.to_string())
            .set_custom_property("hangloat.signature", self.signature.as_str())
    }

    fn rows_text(&self) -> String {
        let rows: Vec<String> =
            self.rows.iter().map(|(rid, shown)| format!("{rid}={shown}")).collect();
        format!("{}/{}", head(self.day, self.revision), rows.join(","))
    }

    fn is_genuine(&self, key: &Key) -> bool {
        key.verifies(PURPOSE, &head(self.day, self.revision), &self.signature)
    }

    /// Whether it says of its rows what we did not sign.
    fn is_altered(&self, key: &Key) -> bool {
        !self.rows.is_empty() && !key.verifies(ROWS, &self.rows_text(), &self.rows_signature)
    }

    /// The line that stands in a cell and how it stood, where we wrote it into this workbook.
    fn row(&self, key: &Key, cell: &str) -> Option<(String, Shown)> {
        let (text, signature) = cell.trim().rsplit_once(PART)?;
        let (line, shown) = text.split_once(PART)?;
        let shown = shown.parse().ok()?;
        let is_ours = key.verifies(ROW, &row_text((self.day, self.revision), text), signature);
        is_ours.then(|| (line.to_owned(), shown))
    }
}

/// Stands beside a line of a workbook: which it is, and how it stood.
pub fn row(key: &Key, of: (NaiveDate, u32), line: &str, shown: &Shown) -> String {
    let text = format!("{line}{PART}{shown}");
    let signature = key.sign(ROW, &row_text(of, &text));
    format!("{text}{PART}{signature}")
}

/// The line in that, signed or not.
pub fn line_of(rid: &str) -> &str {
    rid.split_once(PART).map_or(rid, |(line, _)| line)
}

fn row_text((day, revision): (NaiveDate, u32), text: &str) -> String {
    format!("{}/{text}", head(day, revision))
}

fn head(day: NaiveDate, revision: u32) -> String {
    format!("{day}/{revision}")
}

/// A workbook of ours that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub day: NaiveDate,
    pub revision: u32,
    /// How each line stood when it went out; a line that is not among them was not on it.
    pub shown: HashMap<String, Shown>,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It does not say that it is of this kind.
    No,
    /// It says that it is of this day and number.
    Forged((NaiveDate, u32)),
    Ours(Answer),
}

/// Looks for the identity in a file.
pub fn known(document: &Document, key: &Key) -> Known {
    let claims: Vec<Signed> =
        [from_sheet(document), from_properties(document)].into_iter().flatten().collect();
    let Some(says) = claims.first().map(|claim| (claim.day, claim.revision)) else {
        return Known::No;
    };
    if claims.iter().any(|claim| claim.is_altered(key)) {
        return Known::Forged(says);
    }
    let Some(claim) = claims.into_iter().find(|claim| claim.is_genuine(key)) else {
        return Known::Forged(says);
    };
    let mut shown = beside(document, key, &claim);
    let rows = claim.rows.iter();
    shown.extend(rows.filter_map(|(line, shown)| Some((line.clone(), shown.parse().ok()?))));
    Known::Ours(Answer { day: claim.day, revision: claim.revision, shown })
}

/// What stands beside the lines, wherever they went.
fn beside(document: &Document, key: &Key, claim: &Signed) -> HashMap<String, Shown> {
    let rows = document.sheets.iter().flat_map(|sheet| sheet.rows.iter());
    let cells = rows.flat_map(|row| row.cells.iter());
    cells.filter_map(|cell| claim.row(key, &cell.text())).collect()
}

fn from_sheet(document: &Document) -> Option<Signed> {
    let sheet = document.sheets.iter().find(|sheet| sheet.name == SHEET)?;
    let text: String =
        sheet.rows.iter().filter_map(|row| row.cells.first()).map(Cell::text).collect();
    let signed: Signed = serde_json::from_str(&text).ok()?;
    (signed.kind == KIND).then_some(signed)
}

fn from_properties(document: &Document) -> Option<Signed> {
    let property = |name: &str| document.properties.get(&format!("hangloat.{name}")).cloned();
    let kind = property("kind").filter(|kind| kind == KIND)?;
    Some(Signed {
        kind,
        day: property("day")?.parse().ok()?,
        revision: property("revision")?.parse().ok()?,
        signature: property("signature")?,
        rows: Vec::new(),
        rows_signature: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_was_like_is_written_and_read_back() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        for hold_until in [None, Some(day(4))] {
            let shown = Shown { last_day: day(1), hold_until, request: RequestState::PartlyPaid };
            assert_eq!(shown.to_string().parse::<Shown>().unwrap(), shown);
        }
        for wrong in ["", "2026-12-01", "2026-12-01//nothing", "2026-12-01/x/open"] {
            assert!(wrong.parse::<Shown>().is_err(), "{wrong}");
        }
    }
}
