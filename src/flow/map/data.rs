//! Which rows under a header are clients, and which are notes, totals, signatures and headings between them.
//! Whether a client's row is right is decided by the checks.

use crate::{
    catalogue::columns::Columns,
    db::rows::Column,
    domain::{cell::Cell, field::Field, fold::fold},
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
/// Words of a total that many names of companies begin with (`Công ty`, `Tổng công ty`), folded: they are
/// a total alone, or before a number.
const TOTALS: [&str; 2] = ["tong", "cong"];
/// A row that begins like a note is a client all the same with so many fields.
const SURELY_A_CLIENT: usize = 4;
/// The shortest number that may be meant as a tax id.
const TAX_ID_DIGITS: usize = 9;

/// A client has a tax id, or at least two of its other fields; totals and notes have neither.
pub fn is_client(cells: &[Cell], mapped: &[Column], columns: &Columns) -> bool {
    let cell = |column: &Column| {
        let cell = usize::try_from(column.index).ok().and_then(|index| cells.get(index));
        cell.filter(|cell| says_something(cell, columns))
    };
    let filled: Vec<(Field, &Cell)> =
        mapped.iter().filter_map(|column| Some((column.field?, cell(column)?))).collect();
    let tax_id = filled.iter().find(|(field, _)| *field == Field::TaxId).map(|(_, cell)| *cell);
    if is_header_again(tax_id, columns) || are_column_numbers(cells) {
        return false;
    }
    if reads_as_note(cells) {
        return filled.len() >= SURELY_A_CLIENT || (filled.len() >= 2 && has_digits(tax_id));
    }
    tax_id.is_some() || filled.len() >= 2
}

fn says_something(cell: &Cell, columns: &Columns) -> bool {
    let is_error = matches!(cell, Cell::Error(_));
    is_error || (!cell.is_empty() && !columns.means_nothing(&cell.text()))
}

/// Printed lists repeat their header on each page.
fn is_header_again(tax_id: Option<&Cell>, columns: &Columns) -> bool {
    tax_id.is_some_and(|cell| columns.field(&cell.text()) == Some(Field::TaxId))
}

/// Forms number their columns under the header: `A`, `B`, `(1)`, `(2)` …
fn are_column_numbers(cells: &[Cell]) -> bool {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.all(|cell| fold(&cell.text()).chars().count() <= 2)
}

fn has_digits(cell: Option<&Cell>) -> bool {
    let digits = |cell: &Cell| cell.text().chars().filter(char::is_ascii_digit).count();
    cell.is_some_and(|cell| digits(cell) >= TAX_ID_DIGITS)
}

fn reads_as_note(cells: &[Cell]) -> bool {
    let first = cells.iter().find(|cell| !cell.is_empty());
    let first = first.map(|cell| fold(&cell.text())).unwrap_or_default();
    let mut words = first.split(' ');
    let (word, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_total = TOTALS.contains(&word)
        && (next.is_empty() || next.starts_with(|c: char| c.is_ascii_digit()));
    let begins = |note: &&str| first.strip_prefix(*note).is_some_and(|rest| !continues(rest));
    is_total || (NOTES.iter().any(begins) && !first.starts_with("tong cong ty"))
}

/// Whether a word goes on: `notebook` is no note.
fn continues(rest: &str) -> bool {
    rest.starts_with(char::is_alphanumeric)
}
