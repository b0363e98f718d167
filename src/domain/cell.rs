//! A cell of a spreadsheet as the file has it: its raw value and number format.
//! What it means is decided later.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

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

/// Above this a double no longer holds every whole number: what is shown has lost digits.
const EXACT: f64 = 9e15;

fn number_text(value: f64, format: Option<&str>) -> String {
    if value.fract() != 0.0 || value.abs() >= EXACT {
        return if value.abs() >= EXACT { format!("{value:E}") } else { value.to_string() };
    }
    let zeros = format.filter(|format| !format.is_empty() && format.bytes().all(|b| b == b'0'));
    format!("{value:0width$}", width = zeros.map_or(0, str::len))
}
