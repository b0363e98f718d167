//! A cell of a spreadsheet as the file has it: its raw value and number format.
//! What it means is decided later.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::number_format;

/// A cell as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    /// A number cell, with its number format where the file has one (`0000000000`).
    Number {
        value: f64,
        format: Option<String>,
    },
    Date(NaiveDateTime),
    Bool(bool),
    /// `#N/A`, `#VALUE!` …
    Error(String),
    /// A formula that was saved without its value.
    NoValue,
}

impl Cell {
    pub fn is_empty(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// What a person reads in it: whole numbers without a point, dates as ISO 8601,
    /// zeros in front where the number format shows them.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty | Cell::NoValue => Cow::Borrowed(""),
            Cell::Text(text) | Cell::Error(text) => Cow::Borrowed(text),
            Cell::Number { value, format } => Cow::Owned(number_text(*value, format.as_deref())),
            Cell::Date(at) if at.time() == chrono::NaiveTime::MIN => {
                Cow::Owned(at.date().to_string())
            }
            Cell::Date(at) => Cow::Owned(at.to_string()),
            Cell::Bool(value) => Cow::Borrowed(if *value { "TRUE" } else { "FALSE" }),
        }
    }
}

/// Excel keeps 15 digits: of a longer number some are lost, and it is shown so that nobody takes it for whole.
const EXACT: f64 = 1e15;

fn number_text(value: f64, format: Option<&str>) -> String {
    if value.abs() >= EXACT {
        return format!("{value:E}");
    }
    let is_whole = value.fract() == 0.0;
    let shown = format.filter(|_| is_whole).and_then(|format| number_format::shown(value, format));
    shown.unwrap_or_else(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64, format: Option<&str>) -> String {
        Cell::Number { value, format: format.map(str::to_owned) }.text().into_owned()
    }

    #[test]
    fn a_whole_number_shows_the_zeros_of_its_format() {
        assert_eq!(text(101_243_150.0, None), "101243150");
        assert_eq!(text(101_243_150.0, Some("0000000000")), "0101243150");
        assert_eq!(text(912_345_678.0, Some("\"0\"#########")), "0912345678");
    }

    #[test]
    fn a_fraction_keeps_its_point() {
        assert_eq!(text(0.1, Some("0000000000")), "0.1");
        assert_eq!(text(101_243_150.5, Some("0#########")), "101243150.5");
    }

    #[test]
    fn a_number_of_more_digits_than_excel_keeps_is_not_shown_as_whole() {
        assert_eq!(text(101_243_150_001_234.0, None), "101243150001234");
        assert_eq!(text(1_012_431_500_012_340.0, None), "1.01243150001234E15");
        assert_eq!(text(1.5e20, Some("0")), "1.5E20");
    }
}
