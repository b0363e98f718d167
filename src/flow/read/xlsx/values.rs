//! What a cell of a workbook holds: texts as they are, numbers with formats that show more than they have, days.
//! Where the cell stands is the business of the reader above.

use calamine::{CellErrorType, DataRef, ExcelDateTime};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use crate::{
    domain::number_format,
    flow::read::{Cell, rows::Rows},
};

/// The days that Excel counts from 1 January 1900 to 31 December 9999.
const DATES: std::ops::Range<f64> = 1.0..2_958_466.0;
/// In the calendar that begins in 1904 the same days reach further.
const LAST_YEAR: i32 = 9999;

pub(super) fn cell(value: &DataRef<'_>, format: &str, rows: &Rows<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DurationIso(text) => rows.text(text),
        DataRef::SharedString(text) => rows.text(text),
        #[expect(clippy::cast_precision_loss, reason = "Excel has only doubles")]
        DataRef::Int(value) => number(*value as f64, format),
        DataRef::Float(value) => number(*value, format),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::Error(error) => Cell::Error(error.to_string()),
        DataRef::DateTime(serial) => date(*serial, format),
        DataRef::DateTimeIso(text) => iso_date(text).map_or_else(|| rows.text(text), Cell::Date),
    }
}

fn number(value: f64, format: &str) -> Cell {
    if !value.is_finite() {
        return Cell::Error(CellErrorType::Num.to_string());
    }
    Cell::Number { value, format: is_notable(format).then(|| format.to_owned()) }
}

/// Whether a format changes what a person reads in a whole number: zeros in front, other digits, or a percentage.
fn is_notable(format: &str) -> bool {
    if number_format::shown(1.0, format).is_some_and(|shown| shown != "1") {
        return true;
    }
    let first = format.split(';').next().unwrap_or_default();
    let whole = first.split('.').next().unwrap_or_default();
    ["00", "0#", "\"0", "\\0"].iter().any(|zeros| whole.contains(zeros)) || first.contains('%')
}

/// A number in a date format that is no date (a time of day, a tax id) stays a number.
fn date(serial: ExcelDateTime, format: &str) -> Cell {
    let value = serial.as_f64();
    let is_date = serial.is_datetime() && DATES.contains(&value);
    let at = if is_date { serial.as_datetime() } else { None };
    match at.filter(|at| at.year() <= LAST_YEAR) {
        Some(at) => Cell::Date(at),
        None if !value.is_finite() => Cell::Error("#NUM!".to_owned()),
        None => Cell::Number { value, format: Some(format.to_owned()) },
    }
}

fn iso_date(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_end_matches('Z');
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let instant = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    instant.or_else(|| day().map(|day| day.and_time(NaiveTime::MIN)))
}
