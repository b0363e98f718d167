//! What stands around the lines of a statement: its account, its period and its balances, beside, behind or below
//! their labels. The lines themselves are read beside it.

use chrono::NaiveDate;

use super::Section;
use crate::{
    domain::{
        date::{self, Order},
        fold::fold,
        money::Money,
    },
    flow::{
        pay::amount,
        read::{Cell, Row},
    },
};

const ACCOUNT: [&str; 6] =
    ["so tai khoan", "account number", "account no", "so tk", "tai khoan", "account"];
/// Of another account, or of none: BIDV tells an old number too.
const NOT_OURS: [&str; 9] =
    ["cu", "old", "doi ung", "loai", "ten", "type", "name", "chu", "thu huong"];
const OPENING: [&str; 4] = ["so du dau", "opening balance", "beginning balance", "du dau"];
const CLOSING: [&str; 4] = ["so du cuoi", "closing balance", "ending balance", "du cuoi"];
const TOTALS: [&str; 7] =
    ["tong so", "tong cong", "cong phat sinh", "tong phat sinh", "total", "tong", "cong"];
/// Shorter ones are no account numbers.
const SHORTEST: usize = 5;

/// Whether a row begins what is said of an account.
pub fn names_account(row: &Row) -> bool {
    row.cells.iter().any(|cell| is_account(&label_of(cell)))
}

/// Whether a row is a total or a balance, and no line.
pub fn is_summary(row: &Row) -> bool {
    let begins = |label: &str, with: &[&str]| with.iter().any(|start| label.starts_with(start));
    row.cells.iter().map(label_of).any(|label| {
        let is_total =
            TOTALS.iter().any(|total| label == *total || label.starts_with(&format!("{total} ")));
        is_total || begins(&label, &OPENING) || begins(&label, &CLOSING)
    })
}

/// Takes what a row says besides lines. `below` is the row under it, where there is one.
pub fn take(section: &mut Section, row: &Row, below: Option<&Row>, balance: Option<usize>) {
    for (at, cell) in row.cells.iter().enumerate() {
        let label = label_of(cell);
        let begins = |with: &[&str]| with.iter().any(|start| label.starts_with(start));
        if is_account(&label) && section.account.is_none() {
            section.account = values(row, below, at).find_map(|value| account(&value.text()));
        } else if begins(&OPENING) {
            section.opening = section.opening.or_else(|| money(row, below, at, balance));
        } else if begins(&CLOSING) {
            // Of several parts of a statement the last one closes it.
            section.closing = money(row, below, at, balance).or(section.closing);
        }
    }
    take_period(section, row);
}

fn is_account(label: &str) -> bool {
    let words: Vec<&str> = label.split(' ').collect();
    let is_other = NOT_OURS.iter().any(|not| {
        let not: Vec<&str> = not.split(' ').collect();
        words.windows(not.len()).any(|window| window == not)
    });
    !is_other && ACCOUNT.iter().any(|name| label == *name || label.starts_with(&format!("{name} ")))
}

/// The text before a colon, folded.
fn label_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => fold(text.split(':').next().unwrap_or_default()),
        _ => String::new(),
    }
}

/// Where the value of a label may stand: behind its colon, at its end, to its right, below it.
fn values<'a>(row: &'a Row, below: Option<&'a Row>, at: usize) -> impl Iterator<Item = Cell> + 'a {
    let text = row.cells[at].text().into_owned();
    let behind = text.split_once(':').map(|(_, rest)| rest.to_owned());
    let end = text.split_whitespace().next_back().unwrap_or_default().to_owned();
    let own = behind.into_iter().chain([end]).map(Cell::Text);
    let right = row.cells[at + 1..].iter().filter(|cell| !cell.is_empty()).take(1).cloned();
    let below = below.and_then(|below| below.cells.get(at)).cloned();
    own.chain(right).chain(below)
}

fn account(text: &str) -> Option<String> {
    let part = text.trim_start().split(['-', '(', ',', '/']).next()?;
    let number: String = part.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
    let number = number.trim_end_matches("VND");
    let has_digits = number.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST;
    (has_digits && number.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| number.to_owned())
}

fn money(row: &Row, below: Option<&Row>, at: usize, balance: Option<usize>) -> Option<i64> {
    let read = |cell: &Cell| amount::read(cell).ok().flatten().map(Money::as_dong);
    let of_column = balance.filter(|balance| *balance != at).and_then(|at| row.cells.get(at));
    let last = row.cells[at + 1..].iter().rev().find_map(read);
    of_column.and_then(read).or(last).or_else(|| values(row, below, at).find_map(|it| read(&it)))
}

/// `Từ ngày 01/11/2026 đến ngày 22/11/2026`, in one cell or in several.
fn take_period(section: &mut Section, row: &Row) {
    let texts = row.cells.iter().map(|cell| cell.text());
    let text = texts.collect::<Vec<_>>().join(" ");
    let mut said = String::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '(' | ')')) {
        let day = Some(word.trim_matches(['-', '–', '.']))
            .filter(|word| word.len() >= 8)
            .and_then(|word| date::read(word, Order::DayFirst));
        let Some(day) = day else {
            said = format!("{said} {}", fold(word));
            continue;
        };
        let last: Vec<&str> = said.split_whitespace().rev().take(4).collect();
        let of = |words: &[&str]| last.iter().position(|word| words.contains(word));
        match (of(&["tu", "from"]), of(&["den", "to", "toi"])) {
            (from, Some(to)) if from.is_none_or(|from| to < from) => set(&mut section.to, day),
            (Some(_), _) => set(&mut section.from, day),
            _ if section.from.is_some() && said.trim().is_empty() => set(&mut section.to, day),
            _ => {}
        }
        said.clear();
    }
}

fn set(place: &mut Option<NaiveDate>, day: NaiveDate) {
    *place = place.or(Some(day));
}
