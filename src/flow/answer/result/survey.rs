//! What is known of all rows once they are written: where things stand, what waits, how many. Of those that wait the first
//! are kept for the sheet to fix.

use std::collections::BTreeMap;

use super::{charts::Tally, fix, places::At};
use crate::{
    domain::{finding::Code, money::Money},
    flow::answer::view::{DataRow, FindingText, ResultView},
    text::Texts,
};

/// So many rows that wait are kept, some kilobytes each; those behind them are read again.
const MOST: usize = 10_000;

pub struct Survey {
    /// How many rows wait for a person.
    pub to_fix: u32,
    /// The first of them.
    pub waiting: Vec<(At, DataRow)>,
    pub fix: fix::Needs,
    /// The first row of each order.
    pub first_rows: BTreeMap<String, At>,
    pub tally: Tally,
    /// Clients whose year could be free, and what that would save where it is ordered.
    pub could_be_free: (usize, Money),
}

impl Survey {
    /// Before the first row.
    pub fn of(view: &ResultView) -> Survey {
        Survey {
            to_fix: 0,
            waiting: Vec::new(),
            fix: fix::Needs::of(&view.labels),
            first_rows: BTreeMap::new(),
            tally: Tally::default(),
            could_be_free: (0, Money::ZERO),
        }
    }

    /// Says in which row of the sheet to fix it stands, counted from 0, if it waits.
    pub fn add(&mut self, at: At, row: &DataRow, texts: &Texts) -> Option<u32> {
        self.tally.add(texts, row);
        let is_free = |it: &FindingText| it.code == Code::FreeYearAvailable.as_str();
        // What is not ordered costs nothing yet.
        if let Some(line) = row.line.as_ref().filter(|_| row.findings.iter().any(is_free)) {
            let (clients, saved) = self.could_be_free;
            self.could_be_free = (clients + 1, saved + line.amount);
        }
        if let Some(line) = row.line.as_ref().filter(|it| !self.first_rows.contains_key(&it.order))
        {
            self.first_rows.insert(line.order.clone(), at);
        }
        if !row.needs_fixing() {
            return None;
        }
        self.to_fix += 1;
        self.fix.add(row);
        if self.waiting.len() < MOST {
            self.waiting.push((at, row.clone()));
        }
        Some(self.to_fix)
    }

    /// The last of those that are kept, where there are others behind it.
    pub fn last_kept(&self) -> Option<At> {
        let last = self.waiting.last().map(|(at, _)| *at);
        last.filter(|_| self.waiting.len() < self.to_fix as usize)
    }
}
