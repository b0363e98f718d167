//! How many rows of a file ended in which way. Which way one ends is decided by `check`, and by people.

use serde::Serialize;

use super::staged::PutOff;
use crate::{
    db::rows::Count,
    domain::{
        batch::{Outcome, RowState},
        finding::Finding,
    },
};

/// Detail of a finding about an edited cell: it corrected an ordered line.
pub const CORRECTED: &str = "corrected";

/// The sheet and the row of such a cell: a row counts once, however many of its cells were edited.
pub fn corrected_row(finding: &Finding) -> Option<(Option<String>, Option<u32>)> {
    let place = &finding.place;
    finding.detail.contains_key(CORRECTED).then(|| (place.sheet.clone(), place.row))
}

/// Every row is in exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    pub total: i64,
    pub accepted: i64,
    pub rejected: i64,
    pub held: i64,
    pub unchanged: i64,
    /// Of the unchanged ones, how many a person left out.
    #[serde(skip)]
    pub dropped: i64,
    /// Of an answer: how many of the accepted ones corrected an ordered line by their cells, and how many by `nhận`.
    #[serde(skip)]
    pub corrected: (i64, i64),
}

impl Rows {
    pub fn of(counts: &[Count]) -> Rows {
        let mut rows = Rows::default();
        for count in counts {
            rows.add(count.state, count.rows);
            rows.dropped += count.dropped;
        }
        rows
    }

    /// Of an answer about cut-offs, of which so many rows were refused.
    pub fn of_put_off(put_off: &PutOff, held: usize) -> Rows {
        let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (total, accepted, held) = (n(put_off.lines), n(put_off.held.len()), n(held));
        let unchanged = (total - accepted - held).max(0);
        Rows { total: accepted + held + unchanged, accepted, held, unchanged, ..Rows::default() }
    }

    pub(super) fn add(&mut self, state: RowState, n: i64) {
        self.total += n;
        match state {
            RowState::Accepted => self.accepted += n,
            RowState::Held => self.held += n,
            RowState::Unchanged => self.unchanged += n,
            RowState::Rejected | RowState::Staged => self.rejected += n,
        }
    }

    /// Of two parts of one file.
    pub(super) fn and(self, other: Rows) -> Rows {
        Rows {
            total: self.total + other.total,
            accepted: self.accepted + other.accepted,
            rejected: self.rejected + other.rejected,
            held: self.held + other.held,
            unchanged: self.unchanged + other.unchanged,
            dropped: self.dropped + other.dropped,
            corrected: (self.corrected.0 + other.corrected.0, self.corrected.1 + other.corrected.1),
        }
    }

    /// Of an answer: what it did not touch is unchanged.
    pub(super) fn of_all(self, all: &Rows) -> Rows {
        Rows { total: all.total, unchanged: all.total - self.total + self.unchanged, ..self }
    }

    pub fn outcome(&self, is_refused: bool) -> Outcome {
        let waiting = self.rejected + self.held;
        if is_refused || (self.accepted == 0 && self.held == 0 && self.rejected > 0) {
            Outcome::Rejected
        } else if self.accepted == 0 && self.held > 0 {
            Outcome::Held
        } else if waiting > 0 {
            Outcome::Partly
        } else {
            Outcome::Accepted
        }
    }
}
