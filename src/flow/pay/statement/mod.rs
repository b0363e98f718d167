//! A bank statement out of raw cells: whose layout it is, its accounts, its lines, and whether its sums hold. Layouts
//! are data (`banks.toml`). Storing it, and what its credits pay for, is the business of `take` and `matching`.

mod columns;

mod control;

mod labels;

mod lines;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use chrono::NaiveDate;

pub use self::{
    columns::Roles,
    control::{Figure, Off},
};
use self::{columns::Table, control::Step};
use crate::{
    catalogue::banks::Banks,
    domain::payment::Direction,
    flow::read::{Document, Sheet},
};

/// A sheet that is a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Of its sheet, from 1.
    pub sheet: i64,
    pub sheet_name: String,
    pub header_row: u32,
    /// Column and header of each part that was found.
    pub columns: Vec<(u32, String)>,
    /// The one of these that has the days.
    pub date_column: u32,
    /// The bank of its layout; `None` where it was read by the usual headers.
    pub bin: Option<String>,
    /// Whether what its layout is of always names its account.
    pub states_account: bool,
    pub sections: Vec<Section>,
}

/// What a statement says of one account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// As written, letters and digits; `None` where nothing is said of it.
    pub account: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// In đồng.
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// Rows that cannot be read as what they must be.
    pub wrong: Vec<Wrong>,
    /// Figures that the lines contradict.
    pub off: Vec<Off>,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub row: u32,
    pub booked_on: NaiveDate,
    pub direction: Direction,
    /// In đồng, above zero.
    pub amount: i64,
    pub memo: String,
    pub reference: Option<String>,
    pub balance: Option<i64>,
    pub other_name: Option<String>,
    pub other_account: Option<String>,
}

/// A row of which something cannot be read, and what stands there.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    Date {
        row: u32,
        column: u32,
        found: String,
    },
    Amount {
        row: u32,
        column: u32,
        found: String,
    },
    /// Money came and went in one row.
    Both {
        row: u32,
        column: u32,
        found: String,
    },
}

impl Wrong {
    pub fn row(&self) -> u32 {
        match self {
            Wrong::Date { row, .. } | Wrong::Amount { row, .. } | Wrong::Both { row, .. } => *row,
        }
    }
}

impl Entry {
    /// What it does to the balance.
    pub fn net(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.amount,
            Direction::Debit => -self.amount,
        }
    }
}

impl Section {
    pub fn sum(&self, direction: Direction) -> i64 {
        self.entries.iter().filter(|it| it.direction == direction).map(|it| it.amount).sum()
    }

    /// Opening + credits − debits, less the closing balance: zero where all lines are there; `None` where nothing is
    /// said of balances.
    pub fn difference(&self) -> Option<i64> {
        let net: i64 = self.entries.iter().map(Entry::net).sum();
        let (opening, closing) = self.opening.zip(self.closing)?;
        Some(opening + net - closing)
    }

    /// The oldest line first, as the days say it, else the running balances. The opening and the closing balance are
    /// taken from these where nothing else says them.
    fn put_in_order(&mut self) {
        if self.is_newest_first() {
            self.entries.reverse();
            // The parts of a row stay as they are.
            let rows = self.entries.chunk_by_mut(|one, other| one.row == other.row);
            rows.for_each(<[Entry]>::reverse);
        }
        let steps = control::steps(&self.entries);
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return };
        let (Some(at_first), Some(at_last)) = (first.balance, last.balance) else { return };
        self.opening = self.opening.or(Some(at_first - first.net));
        self.closing = self.closing.or(Some(at_last));
    }

    fn is_newest_first(&self) -> bool {
        let steps = control::steps(&self.entries);
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return false };
        let net: i64 = self.entries.iter().map(Entry::net).sum();
        let leads = |oldest: &Step, newest: &Step| {
            let balances = oldest.balance.zip(newest.balance);
            balances.is_some_and(|(old, new)| old - oldest.net + net == new)
        };
        match first.day.cmp(&last.day) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => !leads(first, last) && leads(last, first),
        }
    }

    /// Looks for a balance that does not follow from those before. Where rows cannot be read nothing is compared.
    fn control(&mut self, balance: Option<usize>) {
        if self.wrong.is_empty() {
            self.off.extend(balance.and_then(|column| control::balance(self, column)));
        } else {
            self.off.clear();
        }
    }

    /// The first and the last day on which something was booked.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let days = || self.entries.iter().map(|entry| entry.booked_on);
        days().min().zip(days().max())
    }
}

/// Whether the beginning of a sheet is that of a statement.
pub fn is_statement(sheet: &Sheet, banks: &Banks) -> bool {
    columns::find(sheet, banks).is_some()
}

/// Every sheet of a file that is a statement.
pub fn read(document: &Document, banks: &Banks) -> Vec<Statement> {
    let sheets = (1..).zip(&document.sheets).filter(|(_, sheet)| sheet.visible);
    let of = |(number, sheet): (i64, &Sheet)| {
        let Table { header_row, roles, bin, states_account } = columns::find(sheet, banks)?;
        let mut sections = lines::sections(sheet, header_row, &roles);
        for section in &mut sections {
            section.put_in_order();
            section.control(roles.balance);
        }
        Some(Statement {
            sheet: number,
            sheet_name: sheet.name.clone(),
            header_row,
            columns: roles.named(sheet, header_row),
            date_column: u32::try_from(roles.date).unwrap_or(u32::MAX),
            bin,
            states_account,
            sections,
        })
    };
    sheets.filter_map(of).collect()
}

/// Whether an account number as written is one that was configured: separators and zeros in front say nothing.
pub fn is_same_account(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let text: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        text.trim_start_matches('0').to_owned()
    };
    plain(a) == plain(b)
}
