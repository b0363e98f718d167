//! What stands around the lines of a statement: its account, its period and its balances, beside, behind or below
//! their labels. The lines themselves are read beside it.

use chrono::NaiveDate;

use super::{
    Roles, Section,
    control::{self, Figure},
};
use crate::{
    domain::{
        date::{self, Order},
        fold::fold,
    },
    flow::read::{Cell, Row},
};

const ACCOUNT: [&str; 6] =
    ["so tai khoan", "account number", "account no", "so tk", "tai khoan", "account"];
/// Of another account, or of none: BIDV tells an old number too.
const NOT_OURS: [&str; 9] =
    ["cu", "old", "doi ung", "loai", "ten", "type", "name", "chu", "thu huong"];
const OPENING: [&str; 4] = ["so du dau", "opening balance", "beginning balance", "du dau"];
const CLOSING: [&str; 4] = ["so du cuoi", "closing balance", "ending balance", "du cuoi"];
const TOTALS: [&str; 5] = ["tong", "total", "cong phat sinh", "cong trang", "cong ngay"];
/// Begins as totals do, and is a name; so do more with the first word of `Cộng`, which is a total alone.
const COMPANY: &str = "tong cong ty";
/// Of some of the lines.
const PARTS: [&str; 4] = ["trang", "page", "ngay", "day"];
/// What is counted, or stood there.
const NO_MONEY: [&str; 6] = ["so du", "balance", "giao dich", "transactions", "but toan", "items"];
const COUNTS: [&str; 6] = [
    "tong so giao dich",
    "so luong giao dich",
    "tong so but toan",
    "so luong but toan",
    "total transactions",
    "number of transactions",
];
const CREDITS: [&str; 5] = ["co", "credit", "credits", "vao", "deposits"];
const DEBITS: [&str; 5] = ["no", "debit", "debits", "ra", "withdrawals"];
/// Shorter ones are no account numbers.
const SHORTEST: usize = 5;

/// Whether a row begins what is said of an account.
pub fn names_account(row: &Row) -> bool {
    row.cells.iter().any(|cell| is_account(&label_of(cell)))
}

/// Whether a row is a total or a balance, and no line.
pub fn is_summary(row: &Row) -> bool {
    let begins = |label: &str, with: &[&str]| with.iter().any(|start| label.starts_with(start));
    row.cells
        .iter()
        .map(label_of)
        .any(|label| is_total(&label) || begins(&label, &OPENING) || begins(&label, &CLOSING))
}

fn is_total(label: &str) -> bool {
    label == "cong" || is_one_of(label, &TOTALS) && !label.starts_with(COMPANY)
}

/// Whether a label is one of these names, or begins with it.
fn is_one_of(label: &str, names: &[&str]) -> bool {
    let begins = |name: &&str| {
        label.strip_prefix(*name).is_some_and(|it| it.is_empty() || it.starts_with(' '))
    };
    names.iter().any(begins)
}

/// What a row says of all lines, each figure with its column: beside a label of its own, or under the headers. Some banks
/// write no label below the lines.
pub fn totals(
    row: &Row,
    below: Option<&Row>,
    (roles, is_title): (&Roles, bool),
) -> Vec<(Figure, usize, i64)> {
    let mut said = Vec::new();
    for (at, label) in row.cells.iter().map(label_of).enumerate() {
        let is_count = is_one_of(&label, &COUNTS);
        if has_one_of(&label, &PARTS) || !(is_count || is_sum(&label)) {
            continue;
        }
        let beside = || values(row, below, at).find_map(|it| control::dong(&it));
        match (side(&label), is_count) {
            (None, true) => said.extend(beside().map(|lines| (Figure::Lines, at, lines))),
            (Some((figure, of)), false) => {
                let under = of(roles).filter(|_| !is_title);
                let under = under.and_then(|at| Some((at, control::read(row, at)?)));
                let found = under.or_else(|| Some((at, beside()?)));
                said.extend(found.map(|(at, dong)| (figure, at, dong)));
            }
            (None, false) if !is_title => return under_headers(row, roles),
            _ => {}
        }
    }
    if !is_title && is_bare(row, roles) { under_headers(row, roles) } else { said }
}

/// Where a figure stands, by what columns are.
type ColumnOf = fn(&Roles) -> Option<usize>;

/// Of which of both a label speaks alone, and where that stands.
fn side(label: &str) -> Option<(Figure, ColumnOf)> {
    match (has_one_of(label, &CREDITS), has_one_of(label, &DEBITS)) {
        (true, false) => Some((Figure::Credits, |roles| roles.credit)),
        (false, true) => Some((Figure::Debits, |roles| roles.debit)),
        _ => None,
    }
}

fn under_headers(row: &Row, roles: &Roles) -> Vec<(Figure, usize, i64)> {
    let columns = [(Figure::Credits, roles.credit), (Figure::Debits, roles.debit)];
    let read =
        |(figure, at): (Figure, Option<usize>)| Some((figure, at?, control::read(row, at?)?));
    columns.into_iter().filter_map(read).collect()
}

/// Whether a row has nothing but money.
fn is_bare(row: &Row, roles: &Roles) -> bool {
    let is_money = |at: usize| {
        [roles.credit, roles.debit, roles.balance].contains(&Some(at)) || roles.fees.contains(&at)
    };
    row.cells.iter().enumerate().all(|(at, cell)| cell.is_empty() || is_money(at))
}

fn is_sum(label: &str) -> bool {
    is_total(label) && !has_one_of(label, &NO_MONEY)
}

/// Whether these words stand somewhere in a label.
fn has_one_of(label: &str, words: &[&str]) -> bool {
    let label = format!(" {label} ");
    words.iter().any(|word| label.contains(&format!(" {word} ")))
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
    let of_column = balance.filter(|balance| *balance != at);
    let last = row.cells[at + 1..].iter().rev().find_map(control::dong);
    let of_column = of_column.and_then(|at| control::read(row, at));
    of_column.or(last).or_else(|| values(row, below, at).find_map(|it| control::dong(&it)))
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
