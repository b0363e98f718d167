//! Cells of xls, xlsb and ods, whose number formats are not known: a number is a number, a date a date.

use calamine::{CellErrorType, Data, ExcelDateTime};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::Cell;

/// The days that Excel counts from 1 January 1900 to 31 December 9999.
const DATES: std::ops::Range<f64> = 1.0..2_958_466.0;
/// In the calendar that begins in 1904 the same days reach further.
const LAST_YEAR: i32 = 9999;
/// How LibreOffice and Excel show errors; an ods has no other sign of one.
const ERRORS: [&str; 8] =
    ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "Err:"];

pub(super) fn cell(value: Data, is_formula: bool) -> Cell {
    match value {
        Data::Empty if is_formula => Cell::NoValue,
        Data::Empty => Cell::Empty,
        Data::String(text) if text.is_empty() => Cell::Empty,
        Data::String(text) if is_formula && is_error(&text) => Cell::Error(text),
        Data::String(text) | Data::DurationIso(text) => Cell::Text(text),
        #[expect(clippy::cast_precision_loss, reason = "spreadsheets have only doubles")]
        Data::Int(value) => number(value as f64),
        Data::Float(value) => number(value),
        Data::Bool(value) => Cell::Bool(value),
        Data::Error(error) => Cell::Error(error.to_string()),
        Data::DateTime(serial) => date(serial),
        Data::DateTimeIso(text) => iso_date(&text).map_or(Cell::Text(text), Cell::Date),
    }
}

fn is_error(text: &str) -> bool {
    ERRORS.iter().any(|error| text.starts_with(error))
}

fn number(value: f64) -> Cell {
    if value.is_finite() {
        Cell::Number { value, format: None }
    } else {
        Cell::Error(CellErrorType::Num.to_string())
    }
}

/// A number in a date format that is no date (a time of day, a tax id) stays a number.
fn date(serial: ExcelDateTime) -> Cell {
    let value = serial.as_f64();
    let is_date = serial.is_datetime() && DATES.contains(&value);
    let at = if is_date { serial.as_datetime() } else { None };
    at.filter(|at| at.year() <= LAST_YEAR).map_or_else(|| number(value), Cell::Date)
}

fn iso_date(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_end_matches('Z');
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let instant = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    instant.or_else(|| day().map(|day| day.and_time(NaiveTime::MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    fn text(text: &str) -> Data {
        Data::String(text.to_owned())
    }

    #[test]
    fn a_formula_without_its_value_is_told_from_an_empty_cell() {
        assert_eq!(cell(Data::Empty, true), Cell::NoValue);
        assert_eq!(cell(Data::Empty, false), Cell::Empty);
        assert_eq!(cell(text(""), true), Cell::Empty);
    }

    #[test]
    fn only_a_formula_has_an_error_for_its_text() {
        assert_eq!(cell(text("#N/A"), true), Cell::Error("#N/A".to_owned()));
        assert_eq!(cell(text("Err:502"), true), Cell::Error("Err:502".to_owned()));
        assert_eq!(cell(text("#N/A"), false), Cell::Text("#N/A".to_owned()));
        assert_eq!(cell(text("#1 Hà Nội"), true), Cell::Text("#1 Hà Nội".to_owned()));
    }

    #[test]
    fn dates_are_days_of_either_calendar_and_what_is_none_stays_a_number() {
        let day = |year, month, day| {
            Cell::Date(NaiveDate::from_ymd_opt(year, month, day).unwrap().and_time(NaiveTime::MIN))
        };
        let serial = |value, from_1904| {
            Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, from_1904))
        };
        assert_eq!(cell(serial(46_350.0, false), false), day(2026, 11, 24));
        assert_eq!(cell(serial(44_888.0, true), false), day(2026, 11, 24));
        assert_eq!(cell(Data::DateTimeIso("2026-11-24".to_owned()), false), day(2026, 11, 24));
        let tax_id = Cell::Number { value: 101_243_150.0, format: None };
        assert_eq!(cell(serial(101_243_150.0, false), false), tax_id);
        let odd = Data::DateTimeIso("hôm nay".to_owned());
        assert_eq!(cell(odd, false), Cell::Text("hôm nay".to_owned()));
    }

    #[test]
    fn a_number_that_is_none_is_an_error() {
        assert_eq!(cell(Data::Float(f64::NAN), false), Cell::Error("#NUM!".to_owned()));
    }
}
