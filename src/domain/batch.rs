//! Batches: one taken file each, and what became of it and its rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::{checked_text, words};

words! {
    /// What a file turned out to be.
    pub enum BatchKind {
        Clients = "clients",
        /// What a bank booked on the payee's account.
        Statement = "statement",
        /// A workbook of ours that came back.
        Answer = "answer",
        /// A mail server's report about a mail of ours.
        Bounce = "bounce",
        Unknown = "unknown",
    }
}

words! {
    /// The life of a batch.
    pub enum BatchState {
        /// Registered under its hash; the file lies in `work/`.
        Received = "received",
        /// The same bytes came before.
        Duplicate = "duplicate",
        /// Every row is in the database; the file is not read again.
        Staged = "staged",
        /// Rows have their verdicts.
        Checked = "checked",
        Rejected = "rejected",
        /// No order, but rows that a person can decide.
        Held = "held",
        AwaitingConfirmation = "awaiting_confirmation",
        /// All its orders are confirmed.
        Ordered = "ordered",
        Done = "done",
        Undone = "undone",
    }
}

words! {
    /// The one end state of a row of a list.
    pub enum RowState {
        /// Read, not judged yet.
        Staged = "staged",
        Accepted = "accepted",
        Rejected = "rejected",
        /// Waits for a person.
        Held = "held",
        /// Says nothing that was not known.
        Unchanged = "unchanged",
    }
}

words! {
    /// What is said of a whole file.
    pub enum Outcome {
        Duplicate = "duplicate",
        /// Nothing rejected or held.
        Accepted = "accepted",
        /// Some accepted.
        Partly = "partly",
        /// None accepted, some held.
        Held = "held",
        Rejected = "rejected",
    }
}

/// `B000045`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BatchId(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no batch; one looks like B000045")]
pub struct BatchIdError(String);

impl BatchId {
    pub const fn new(number: i64) -> BatchId {
        BatchId(number)
    }

    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("B{:06}", self.0))
    }
}

impl std::str::FromStr for BatchId {
    type Err = BatchIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().strip_prefix(['B', 'b']).filter(|digits| digits.len() >= 6);
        number
            .and_then(|digits| digits.parse().ok())
            .map(BatchId)
            .ok_or_else(|| BatchIdError(text.to_owned()))
    }
}

impl TryFrom<String> for BatchId {
    type Error = BatchIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BatchId> for String {
    fn from(id: BatchId) -> String {
        id.to_string()
    }
}

/// A row of a batch: `B000045#17`, and where it has several lists `B000045#Chi nhánh 2!17`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct RowRef {
    pub batch: BatchId,
    /// The name of the list.
    pub sheet: Option<String>,
    /// As the spreadsheet shows it.
    pub row: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no row; one looks like B000045#17, or B000045#SHEET!17 where there are several lists"
)]
pub struct RowRefError(String);

impl fmt::Display for RowRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#", self.batch)?;
        self.sheet.as_ref().map_or(Ok(()), |sheet| write!(f, "{sheet}!"))?;
        write!(f, "{}", self.row)
    }
}

impl From<RowRef> for String {
    fn from(row: RowRef) -> String {
        row.to_string()
    }
}

impl std::str::FromStr for RowRef {
    type Err = RowRefError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (batch, rest) = text.trim().split_once('#')?;
            // The name of a sheet may hold the same sign.
            let (sheet, row) = match rest.rsplit_once('!') {
                Some((sheet, row)) => (Some(sheet.to_owned()), row),
                None => (None, rest),
            };
            Some(RowRef { batch: batch.parse().ok()?, sheet, row: row.parse().ok()? })
        };
        read().ok_or_else(|| RowRefError(text.to_owned()))
    }
}

/// The SHA-256 of a file's bytes, in lower-case hexadecimal: its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sha256(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SHA-256 in hexadecimal")]
pub struct Sha256Error(String);

impl Sha256 {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Sha256 {
    type Err = Sha256Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Sha256(text.to_owned())) } else { Err(Sha256Error(text.to_owned())) }
    }
}
checked_text!(Sha256, Sha256Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_by_its_batch_its_list_and_its_number() {
        for text in ["B000045#17", "B000045#Chi nhánh 2!17", "B000045#a!b!17"] {
            assert_eq!(text.parse::<RowRef>().unwrap().to_string(), text);
        }
        let wrong = ["B000045", "45#17", "B000045#", "B000045#x", "B000045#DS!"];
        assert!(wrong.iter().all(|text| text.parse::<RowRef>().is_err()));
    }
}
