//! The user's own cells, written back as what they were: texts, numbers, dates.
//! Nothing is a formula, whatever it looks like.

use std::collections::HashMap;

use chrono::NaiveTime;
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use crate::flow::{
    answer::{
        fit::width,
        look::{self, BOOL, DATE, GENERAL, MOMENT, Shape, TEXT, Tone, has_serial, put_text},
    },
    read::Cell,
};

/// What the frame of a cell and the space before its text take, in widths of a digit.
pub const INDENT: f64 = 2.0;
/// Excel's limit for a number format.
const FORMAT_CHARS: usize = 255;

/// Formats made so far: one each, not one a cell.
#[derive(Default)]
pub struct Formats {
    known: HashMap<(Shape, Option<Tone>), HashMap<String, Format>>,
}

impl Formats {
    pub fn of(&mut self, num_format: &str, shape: Shape, wrong: Option<Tone>) -> &Format {
        let known = self.known.entry((shape, wrong)).or_default();
        known.entry(num_format.to_owned()).or_insert_with(|| look::value(num_format, shape, wrong))
    }
}

/// How a cell of a row is laid out in a column of a width.
pub fn shape(cell: &Cell, width: f64) -> Shape {
    match cell {
        Cell::Number { .. } | Cell::Date(_) => Shape::Figure,
        _ if room(cell) + INDENT > width || cell.text().contains('\n') => Shape::Wrapped,
        _ => Shape::Line,
    }
}

/// The number format under which a cell goes on to look as it did.
pub fn num_format(cell: &Cell) -> &str {
    match cell {
        Cell::Number { format: Some(format), .. }
            if !format.is_empty() && format.chars().count() <= FORMAT_CHARS =>
        {
            format
        }
        Cell::Date(at) if at.time() == NaiveTime::MIN => DATE,
        Cell::Date(_) => MOMENT,
        Cell::Bool(_) => BOOL,
        // What is typed over an id, or into an empty cell, must keep its zeros.
        Cell::Text(text) if is_digits(text) => TEXT,
        Cell::Empty => TEXT,
        _ => GENERAL,
    }
}

fn is_digits(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b" +-.'()".contains(&b))
}

pub fn put_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Number { value, .. } => {
            sheet.write_number_with_format(row, column, *value, format)?;
        }
        Cell::Bool(value) => {
            sheet.write_boolean_with_format(row, column, *value, format)?;
        }
        Cell::Date(at) if has_serial(at.date()) => {
            sheet.write_datetime_with_format(row, column, at, format)?;
        }
        Cell::Empty | Cell::NoValue | Cell::Text(_) | Cell::Error(_) | Cell::Date(_) => {
            put_text(sheet, (row, column), &cell.text(), format)?;
        }
    }
    Ok(())
}

/// The room a cell asks for, in widths of a digit.
pub fn room(cell: &Cell) -> f64 {
    match cell {
        Cell::Date(at) if at.time() == NaiveTime::MIN => 10.0,
        Cell::Date(_) => 16.0,
        // Separators and decimals of its format.
        Cell::Number { format: Some(_), .. } => widest_line(&cell.text()) * 4.0 / 3.0 + 2.0,
        _ => widest_line(&cell.text()),
    }
}

fn widest_line(text: &str) -> f64 {
    text.split('\n').map(width).fold(0.0, f64::max)
}
