//! Figures of a statement that its lines contradict: rows of totals, numbers of transactions, and balances that do not
//! follow from those before. The opening and the closing balance are compared by `Section::difference`.

use chrono::NaiveDate;

use super::{Entry, Roles, Section};
use crate::{
    domain::money::Money,
    flow::{
        pay::amount,
        read::{Cell, Row},
    },
};

/// What is said of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// In đồng, as the two after it.
    Credits,
    Debits,
    /// After a line.
    Balance,
    /// How many there are.
    Lines,
}

/// A figure, where it stands, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    pub figure: Figure,
    pub row: u32,
    pub column: u32,
    pub said: i64,
    pub sum: i64,
}

/// What lines come to, column by column, in đồng.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    credits: i64,
    debits: i64,
    /// What the columns of fees and interest add to each; some totals have it in them.
    more_credits: i64,
    more_debits: i64,
    lines: i64,
}

impl Tally {
    fn add(&mut self, row: &Row, roles: &Roles) {
        let read = |at: usize| read(row, at).unwrap_or_default();
        let signed = roles.amount.map(read).unwrap_or_default();
        self.credits += roles.credit.map(read).unwrap_or_default() + signed.max(0);
        self.debits += roles.debit.map(read).unwrap_or_default().abs() - signed.min(0);
        for fee in roles.fees.iter().copied().map(read) {
            self.more_credits += fee.max(0);
            self.more_debits -= fee.min(0);
        }
        self.lines += 1;
    }

    /// What a figure may say of them, the likeliest first.
    fn sums(&self, figure: Figure) -> [i64; 2] {
        match figure {
            Figure::Credits => [self.credits, self.credits + self.more_credits],
            Figure::Debits => [self.debits, self.debits + self.more_debits],
            Figure::Lines | Figure::Balance => [self.lines; 2],
        }
    }
}

/// What a statement says of all lines of an account, beside what these come to.
#[derive(Default)]
pub struct Totals {
    all: Tally,
    /// Since the row of totals before.
    page: Tally,
    said: Vec<Said>,
}

struct Said {
    figure: Figure,
    row: u32,
    column: usize,
    dong: i64,
    above: [Tally; 2],
}

impl Totals {
    pub fn add(&mut self, row: &Row, roles: &Roles) {
        self.all.add(row, roles);
        self.page.add(row, roles);
    }

    /// Takes the figures of a row that is no line, each with its column.
    pub fn take(&mut self, row: u32, figures: Vec<(Figure, usize, i64)>) {
        if figures.is_empty() {
            return;
        }
        let above = [self.all, self.page];
        let said = |(figure, column, dong)| Said { figure, row, column, dong, above };
        self.said.extend(figures.into_iter().map(said));
        self.page = Tally::default();
    }

    /// Those that neither all lines above come to nor those since the row of totals before: that would be the total of a
    /// page. What stands above all lines is of all of them.
    pub fn off(self) -> Vec<Off> {
        let off = |it: &Said| {
            let above = if it.above[0].lines == 0 { [self.all; 2] } else { it.above };
            let said = if it.figure == Figure::Debits { it.dong.abs() } else { it.dong };
            let fits = above.iter().any(|tally| tally.sums(it.figure).contains(&said));
            let column = u32::try_from(it.column).unwrap_or_default();
            let [sum, _] = above[0].sums(it.figure);
            (!fits).then_some(Off { figure: it.figure, row: it.row, column, said, sum })
        };
        self.said.iter().filter_map(off).collect()
    }
}

/// The đồng in a column of a row, where they can be read.
pub fn read(row: &Row, at: usize) -> Option<i64> {
    row.cells.get(at).and_then(dong)
}

pub fn dong(cell: &Cell) -> Option<i64> {
    amount::read(cell).ok().flatten().map(Money::as_dong)
}

/// A row of a statement with all its parts.
pub struct Step {
    pub row: u32,
    pub day: NaiveDate,
    /// What it does to the balance, in đồng.
    pub net: i64,
    pub balance: Option<i64>,
}

pub fn steps(entries: &[Entry]) -> Vec<Step> {
    let rows = entries.chunk_by(|one, other| one.row == other.row);
    let step = |parts: &[Entry]| Step {
        row: parts[0].row,
        day: parts[0].booked_on,
        net: parts.iter().map(Entry::net).sum(),
        balance: parts.iter().find_map(|it| it.balance),
    };
    rows.map(step).collect()
}

/// The first balance that does not follow from what stands before it, the oldest line first. Within a day a bank may sort
/// its lines otherwise than it counted them.
pub fn balance(section: &Section, column: usize) -> Option<Off> {
    let steps = steps(&section.entries);
    let mut at = section.opening.or_else(|| before_all(&steps))?;
    for day in steps.chunk_by(|one, other| one.day == other.day) {
        let off = first_off(at, day).filter(|_| !fits_in_any_order(at, day));
        if let Some((row, said, sum)) = off {
            let column = u32::try_from(column).unwrap_or_default();
            return Some(Off { figure: Figure::Balance, row, column, said, sum });
        }
        at += net(day);
    }
    None
}

fn net(steps: &[Step]) -> i64 {
    steps.iter().map(|step| step.net).sum()
}

/// The balance before all lines, as the first one that is told has it.
fn before_all(steps: &[Step]) -> Option<i64> {
    let (at, balance) =
        steps.iter().enumerate().find_map(|(at, step)| Some((at, step.balance?)))?;
    Some(balance - net(&steps[..=at]))
}

/// The first row of a day whose balance is another one than its lines make, both balances with it.
fn first_off(mut at: i64, day: &[Step]) -> Option<(u32, i64, i64)> {
    day.iter().find_map(|step| {
        at += step.net;
        let said = step.balance.filter(|said| *said != at)?;
        Some((step.row, said, at))
    })
}

/// Whether each line of a day begins at a balance at which the day or another line of it ended.
fn fits_in_any_order(at: i64, day: &[Step]) -> bool {
    let told: Option<Vec<(i64, i64)>> =
        day.iter().map(|step| step.balance.map(|after| (after - step.net, after))).collect();
    let Some(told) = told else { return false };
    let (mut begins, mut ends): (Vec<i64>, Vec<i64>) = told.into_iter().unzip();
    begins.push(at + net(day));
    ends.push(at);
    begins.sort_unstable();
    ends.sort_unstable();
    begins == ends
}
