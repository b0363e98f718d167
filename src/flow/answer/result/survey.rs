//! What must be known of all rows before the first is written: widths, where things stand, what waits, how many.
//! The rows are seen once for it, and not kept but for the first that wait.

use std::collections::BTreeMap;

use super::{charts::Tally, fix, places::At, rows::Extent, summary::TO_FIX};
use crate::{
    domain::{finding::Code, money::Money},
    flow::answer::{
        source::{Source, each_row},
        view::{DataRow, FindingText, ResultView, RowKind},
    },
    text::Texts,
};

pub struct Survey {
    pub lists: Vec<Extent>,
    /// How many rows wait for a person.
    pub to_fix: u32,
    /// The first of them.
    pub first_to_fix: Vec<(At, DataRow)>,
    pub fix: fix::Needs,
    /// The first row of each order.
    pub first_rows: BTreeMap<String, At>,
    pub tally: Tally,
    /// Clients whose year could be free, and what that would save where it is ordered.
    pub could_be_free: (usize, Money),
}

impl Survey {
    pub fn of(view: &ResultView, texts: &Texts, source: &dyn Source) -> anyhow::Result<Survey> {
        let mut survey = Survey {
            lists: Vec::new(),
            to_fix: 0,
            first_to_fix: Vec::new(),
            fix: fix::Needs::of(&view.labels),
            first_rows: BTreeMap::new(),
            tally: Tally::default(),
            could_be_free: (0, Money::ZERO),
        };
        for (at, list) in view.sheets.iter().enumerate() {
            let mut extent = Extent::of(list);
            each_row(source, at, |row| {
                extent.add(texts, row);
                if let RowKind::Data(data) = &row.kind {
                    survey.add((at, row.number), data, texts);
                }
                Ok(())
            })?;
            survey.lists.push(extent);
        }
        Ok(survey)
    }

    fn add(&mut self, at: At, row: &DataRow, texts: &Texts) {
        self.tally.add(texts, row);
        let is_free = |it: &FindingText| it.code == Code::FreeYearAvailable.as_str();
        // What is not ordered costs nothing yet.
        if let Some(line) = row.line.as_ref().filter(|_| row.findings.iter().any(is_free)) {
            let (clients, saved) = self.could_be_free;
            self.could_be_free = (clients + 1, saved + line.amount);
        }
        if row.needs_fixing() {
            self.to_fix += 1;
            self.fix.add(row);
            if self.first_to_fix.len() < TO_FIX {
                self.first_to_fix.push((at, row.clone()));
            }
        }
        if let Some(line) = row.line.as_ref().filter(|it| !self.first_rows.contains_key(&it.order))
        {
            self.first_rows.insert(line.order.clone(), at);
        }
    }
}
