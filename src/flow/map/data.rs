//! Which rows under a header are clients, and which are notes, totals, signatures and headings between them.
//! Whether a client's row is right is decided by the checks.

use std::collections::BTreeSet;

use super::{headers::meanings, recode::readings};
use crate::{
    catalogue::columns::Columns,
    db::rows::Column,
    domain::{cell::Cell, field::Field, fold::fold},
    flow::read::Row,
};

/// How a row begins that is a total, a note or a place to sign, folded.
const NOTES: [&str; 11] = [
    "tong so",
    "tong cong",
    "ghi chu",
    "luu y",
    "nguoi lap",
    "nguoi duyet",
    "ke toan truong",
    "ky ghi ro",
    "ky ten",
    "total",
    "note",
];
/// How a row begins from which on people sign, folded.
const SIGNED: [&str; 6] =
    ["nguoi lap", "nguoi duyet", "ke toan truong", "thu truong don vi", "ky ghi ro", "ky ten"];
/// Words of a total that many names of companies begin with (`Công ty`, `Tổng công ty`), folded: they are
/// a total alone, or before a number.
const TOTALS: [&str; 2] = ["tong", "cong"];
/// How the example of a template begins, folded.
const EXAMPLES: [&str; 2] = ["vi du", "example"];
/// A row that begins like a note is a client all the same with so many fields.
const SURELY_A_CLIENT: usize = 4;
/// The shortest number that may be meant as a tax id.
const TAX_ID_DIGITS: usize = 9;

/// So many fields in a row are a header.
const HEADER_FIELDS: usize = 3;
/// A count of clients has no more digits.
const COUNT_DIGITS: usize = 4;

/// Which rows below a header are clients.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub clients: BTreeSet<usize>,
    /// Where another list begins, with columns of its own, of which no client may be lost.
    pub other_list: Option<usize>,
}

/// Tells the clients among the rows from `first` on.
pub fn clients(rows: &[Row], first: usize, mapped: &[Column], columns: &Columns) -> Found {
    let mut found = Found::default();
    let (mut is_signed, mut before) = (false, None);
    let choice = mapped.iter().find(|column| columns.is_choice(&column.header));
    for (at, Row { cells, .. }) in rows.iter().enumerate().skip(first) {
        match header_again(cells, mapped, columns) {
            Some(Again::Same) => is_signed = false,
            Some(Again::Other) => {
                let is_list = rows[at + 1..].iter().any(|row| row.cells.iter().any(is_long_number));
                found.other_list = is_list.then_some(at);
                return found;
            }
            None if is_signed && !speaks_of_a_client(cells) => {}
            None if is_example(cells) || !is_chosen(cells, choice, columns) => {}
            None if is_client(cells, mapped, columns) || goes_on(before, cells, mapped) => {
                found.clients.insert(at);
                before = Some(cells.as_slice());
            }
            None => is_signed |= begins_with(cells, &SIGNED),
        }
    }
    found
}

/// Nothing but a name, under the next number of the list: a client of whom the rest is missing.
fn goes_on(before: Option<&[Cell]>, cells: &[Cell], mapped: &[Column]) -> bool {
    let Some(before) = before else { return false };
    let field = |index: usize| {
        mapped.iter().find(|column| column.index as usize == index).and_then(|column| column.field)
    };
    let number = |cell: &Cell| cell.text().trim().parse::<u32>().ok();
    let is_next = |(index, cell): (usize, &Cell)| {
        let last = before.get(index).and_then(number);
        field(index).is_none() && last.is_some_and(|last| number(cell) == Some(last + 1))
    };
    let names = cells.iter().enumerate().any(|(index, cell)| {
        field(index) == Some(Field::Name) && !cell.is_empty() && !has_digit(cell)
    });
    names && !reads_as_note(cells) && cells.iter().enumerate().any(is_next)
}

/// `Ví dụ`, `Ví dụ: Công ty …`: the row of a template that shows how to fill it in.
pub(super) fn is_example(cells: &[Cell]) -> bool {
    let first = cells.iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default();
    let head = first.split(':').next().unwrap_or_default();
    EXAMPLES.contains(&fold(head).as_str())
}

/// The column by which rows are chosen, where a row is a client that it does not choose.
pub fn not_chosen<'a>(
    cells: &[Cell],
    mapped: &'a [Column],
    columns: &Columns,
) -> Option<&'a Column> {
    let choice = mapped.iter().find(|column| columns.is_choice(&column.header))?;
    let is_meant = !is_example(cells) && !is_chosen(cells, Some(choice), columns);
    (is_meant && is_client(cells, mapped, columns)).then_some(choice)
}

/// Of a list in which rows are chosen, those that do not say no; the checks ask about what is no yes either.
fn is_chosen(cells: &[Cell], choice: Option<&Column>, columns: &Columns) -> bool {
    let Some(column) = choice else { return true };
    let cell = usize::try_from(column.index).ok().and_then(|index| cells.get(index));
    let is_flawed = |cell: &Cell| matches!(cell, Cell::Error(_) | Cell::NoValue);
    cell.is_some_and(|cell| is_flawed(cell) || !columns.says_no(&cell.text()))
}

enum Again {
    Same,
    Other,
}

/// Printed lists repeat their header on each page; a header of other columns begins another list.
fn header_again(cells: &[Cell], mapped: &[Column], columns: &Columns) -> Option<Again> {
    // Every client's row has a digit, few headers have one.
    if cells.iter().any(has_digit) {
        return None;
    }
    let named = (0u32..).zip(cells).flat_map(|(index, cell)| {
        meanings(&cell.text(), columns).into_iter().map(move |field| (index, field))
    });
    let named: Vec<(u32, Field)> = named.collect();
    let is_here = |(index, field): &(u32, Field)| {
        mapped.iter().any(|column| column.index == *index && column.field == Some(*field))
    };
    let here = named.iter().filter(|named| is_here(named)).count();
    if here >= 1 && changed_places(&named, mapped) {
        return Some(Again::Other);
    }
    let fields: BTreeSet<Field> = named.iter().map(|(_, field)| *field).collect();
    if here >= 2 {
        Some(Again::Same)
    } else if fields.len() >= HEADER_FIELDS && fields.contains(&Field::TaxId) {
        Some(Again::Other)
    } else {
        None
    }
}

/// Over a column of the list stands another one's name now, and its own over another column.
fn changed_places(named: &[(u32, Field)], mapped: &[Column]) -> bool {
    let only = |index: u32| {
        let mut fields = named.iter().filter(|(named, _)| *named == index).map(|(_, field)| *field);
        fields.next().filter(|_| fields.next().is_none())
    };
    mapped.iter().any(|column| {
        let Some((field, now)) = column.field.zip(only(column.index)) else { return false };
        let moved_to =
            |(index, _): &(u32, Field)| *index != column.index && only(*index) == Some(field);
        now != field && named.iter().any(moved_to)
    })
}

fn has_digit(cell: &Cell) -> bool {
    match cell {
        Cell::Number { .. } | Cell::Date(_) => true,
        Cell::Text(text) => text.contains(|c: char| c.is_ascii_digit()),
        _ => false,
    }
}

/// Under the place to sign stand names, and perhaps another page of the list.
fn speaks_of_a_client(cells: &[Cell]) -> bool {
    cells.iter().any(|cell| is_long_number(cell) || cell.text().contains('@'))
}

/// A client has a tax id, or at least two of its other fields; totals and notes have neither.
fn is_client(cells: &[Cell], mapped: &[Column], columns: &Columns) -> bool {
    let cell = |column: &Column| {
        let cell = usize::try_from(column.index).ok().and_then(|index| cells.get(index));
        cell.filter(|cell| says_something(cell, columns))
    };
    let filled: Vec<(Field, &Cell)> =
        mapped.iter().filter_map(|column| Some((column.field?, cell(column)?))).collect();
    let tax_id = filled.iter().find(|(field, _)| *field == Field::TaxId).map(|(_, cell)| *cell);
    if names_its_column(tax_id, columns) || are_column_numbers(cells) {
        return false;
    }
    if reads_as_note(cells) {
        return filled.len() >= SURELY_A_CLIENT
            || (filled.len() >= 2 && tax_id.is_some_and(is_long_number));
    }
    (tax_id.is_some() || filled.len() >= 2) && !counts_a_group(cells, &filled)
}

/// `I. Doanh nghiệp | 12`, or a bare number of clients in the column of the tax id.
fn counts_a_group(cells: &[Cell], filled: &[(Field, &Cell)]) -> bool {
    let is_count = |cell: &Cell| {
        let text = fold(&cell.text());
        text.len() <= COUNT_DIGITS && text.bytes().all(|b| b.is_ascii_digit())
    };
    match filled {
        [(Field::TaxId, cell)] => {
            is_count(cell) && cells.iter().filter(|c| !c.is_empty()).count() == 1
        }
        [(Field::Name, _), (Field::TaxId, count)] | [(Field::TaxId, count), (Field::Name, _)] => {
            is_count(count) && heads_a_group(cells)
        }
        _ => false,
    }
}

/// `I`, `II.`, `A. Doanh nghiệp`.
fn heads_a_group(cells: &[Cell]) -> bool {
    let first = cells.iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default();
    let (number, rest) = first.trim().split_once(['.', ')', ' ']).unwrap_or((first.trim(), ""));
    let is_number = !number.is_empty() && number.chars().all(|c| "IVXABCDĐE".contains(c));
    is_number && (rest.is_empty() || rest.starts_with(' '))
}

fn says_something(cell: &Cell, columns: &Columns) -> bool {
    let is_flawed = matches!(cell, Cell::Error(_) | Cell::NoValue);
    is_flawed || (!cell.is_empty() && !columns.means_nothing(&cell.text()))
}

/// The lower row of a header of two, on the next page.
fn names_its_column(tax_id: Option<&Cell>, columns: &Columns) -> bool {
    tax_id.is_some_and(|cell| columns.field(&cell.text()) == Some(Field::TaxId))
}

/// Forms number their columns under the header: `A`, `B`, `(1)`, `(2)` …
pub fn are_column_numbers(cells: &[Cell]) -> bool {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.all(|cell| *cell != Cell::NoValue && fold(&cell.text()).chars().count() <= 2)
}

fn is_long_number(cell: &Cell) -> bool {
    cell.text().chars().filter(char::is_ascii_digit).count() >= TAX_ID_DIGITS
}

/// Whether a row begins with one of these, and not with a longer word: `notebook` is no note.
fn begins_with(cells: &[Cell], beginnings: &[&str]) -> bool {
    first_texts(cells).iter().any(|text| begins(text, beginnings))
}

fn begins(text: &str, beginnings: &[&str]) -> bool {
    let begins = |begins: &&str| {
        text.strip_prefix(*begins).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    beginnings.iter().any(begins)
}

/// Folded, as it is written and as it may be meant in an old encoding.
fn first_texts(cells: &[Cell]) -> Vec<String> {
    let Some(first) = cells.iter().find(|cell| !cell.is_empty()) else { return Vec::new() };
    let text = first.text();
    std::iter::once(fold(&text)).chain(readings(&text).map(|text| fold(&text))).collect()
}

pub(super) fn reads_as_note(cells: &[Cell]) -> bool {
    first_texts(cells).iter().any(|text| is_note(text))
}

fn is_note(first: &str) -> bool {
    let mut words = first.split(' ');
    let (word, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_total = TOTALS.contains(&word)
        && (next.is_empty() || next.starts_with(|c: char| c.is_ascii_digit()));
    is_total || (begins(first, &NOTES) && !first.starts_with("tong cong ty"))
}
