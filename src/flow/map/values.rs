//! The mapped cells of one row, ready to be read by the checks.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use super::{Table, TableRow, merges};
use crate::{
    catalogue::columns::Columns,
    db::rows::Column,
    domain::{
        cell::Cell,
        date::Order,
        field::Field,
        finding::{Place, column_letters},
        fold::tidy,
    },
};

/// A value as written, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// As the file has it.
    pub raw: String,
    /// Composed, without blanks around and doubled.
    pub text: String,
    pub kind: ValueKind,
    pub source: Source,
    /// How a date of its column is written.
    pub order: Order,
}

/// How a value came to be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Written,
    /// From an old encoding: this is what it says, blanks and all.
    Recoded(String),
    /// From the first of the cells that it is merged with.
    Merged,
}

impl Value {
    /// As a person should read it.
    pub fn shown(&self) -> &str {
        match &self.source {
            Source::Recoded(decoded) => decoded,
            Source::Written | Source::Merged => &self.raw,
        }
    }
}

/// What kind of cell a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    /// `zeros_shown`: its number format shows the zeros that the number itself cannot hold.
    Number {
        zeros_shown: bool,
        /// Neither a fraction nor below zero.
        is_whole: bool,
    },
    Date(NaiveDate),
    /// `#N/A` and the like.
    Error,
    /// A formula that was saved without its value.
    NoValue,
}

/// The fields of one row, nothing among them empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub sheet_name: Arc<str>,
    pub row: u32,
    /// Its days are counted from 1904.
    pub from_1904: bool,
    values: BTreeMap<Field, Value>,
    /// By its letters.
    columns: Arc<BTreeMap<Field, String>>,
}

impl Fields {
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.values.get(&field)
    }

    /// The value of a field alone.
    pub fn take(mut self, field: Field) -> Option<Value> {
        self.values.remove(&field)
    }

    /// The fields that the row says something about.
    pub fn given(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.values.iter().map(|(field, value)| (*field, value))
    }

    /// Where a field stands, or would stand.
    pub fn place(&self, field: Option<Field>) -> Place {
        let column = field.and_then(|field| self.columns.get(&field).cloned());
        Place { sheet: Some(self.sheet_name.to_string()), row: Some(self.row), column, field }
    }
}

/// Reads the rows of a table: what all of them share is made once.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    pub table: &'a Table,
    columns: &'a Columns,
    sheet_name: Arc<str>,
    places: Arc<BTreeMap<Field, String>>,
}

impl<'a> Reading<'a> {
    pub fn of(table: &'a Table, columns: &'a Columns) -> Reading<'a> {
        let place = |column: &Column| Some((column.field?, column_letters(column.index)));
        let places = table.columns.iter().filter_map(place).collect();
        let sheet_name = table.name.as_str().into();
        Reading { table, columns, sheet_name, places: Arc::new(places) }
    }

    /// The mapped values of a row; what means nothing (`-`, `không có`) counts as empty.
    pub fn fields(&self, row: &TableRow) -> Fields {
        self.those(row, |_| true)
    }

    /// The same of some fields alone.
    pub fn only(&self, row: &TableRow, fields: &[Field]) -> Fields {
        self.those(row, |field| fields.contains(&field))
    }

    fn those(&self, row: &TableRow, are_wanted: impl Fn(Field) -> bool) -> Fields {
        let value = |column: &Column| {
            let field = column.field.filter(|field| are_wanted(*field))?;
            let value = written(self.table, row, column)
                // `#N/A` is a formula that failed; `n/a` typed by a person is nothing.
                .filter(|value| value.is_flawed() || !self.columns.means_nothing(&value.text))?;
            Some((field, value))
        };
        Fields {
            sheet_name: Arc::clone(&self.sheet_name),
            row: row.number,
            from_1904: self.table.layout.from_1904,
            values: self.table.columns.iter().filter_map(value).collect(),
            columns: Arc::clone(&self.places),
        }
    }
}

/// The same of one row alone.
pub fn fields(table: &Table, row: &TableRow, columns: &Columns) -> Fields {
    Reading::of(table, columns).fields(row)
}

impl Value {
    /// The number itself, where its format alone shows zeros before it.
    pub fn without_shown_zeros(&self) -> Option<String> {
        let shown = matches!(self.kind, ValueKind::Number { zeros_shown: true, .. });
        let digits = || self.text.chars().filter(char::is_ascii_digit).collect::<String>();
        shown.then(|| digits().trim_start_matches('0').to_owned())
    }

    fn is_flawed(&self) -> bool {
        matches!(self.kind, ValueKind::Error | ValueKind::NoValue)
    }
}

/// What a row says in a column: its own cell, or the one that it is merged with.
fn written(table: &Table, row: &TableRow, column: &Column) -> Option<Value> {
    let own = usize::try_from(column.index).ok().and_then(|index| row.cells.get(index));
    if let Some(cell) = own.filter(|cell| !cell.is_empty()) {
        return value(cell, column);
    }
    let merged = value(merges::first_cell(table, row, column)?, column)?;
    // What was recoded is said of the first cell.
    let raw = merged.shown().to_owned();
    Some(Value { raw, source: Source::Merged, ..merged })
}

fn value(cell: &Cell, column: &Column) -> Option<Value> {
    let mut raw = cell.text().into_owned();
    let legacy = column.legacy.filter(|_| matches!(cell, Cell::Text(_)));
    let decoded = legacy.and_then(|legacy| legacy.decode(&raw)).filter(|decoded| *decoded != raw);
    if legacy.is_some() && decoded.is_none() {
        // What was typed later is decomposed, and nobody needs to hear of it.
        raw = raw.nfc().collect();
    }
    let text = tidy(decoded.as_deref().unwrap_or(&raw));
    let kind = match cell {
        Cell::Empty => return None,
        Cell::Text(_) | Cell::Bool(_) => ValueKind::Text,
        Cell::Number { value, .. } => {
            let is_whole = *value >= 0.0 && value.fract() == 0.0;
            ValueKind::Number {
                is_whole,
                zeros_shown: is_whole && *value > 0.0 && raw.starts_with('0'),
            }
        }
        Cell::Date(at) => ValueKind::Date(at.date()),
        Cell::Error(_) => ValueKind::Error,
        Cell::NoValue => ValueKind::NoValue,
    };
    let value = Value {
        raw,
        text,
        kind,
        source: decoded.map_or(Source::Written, Source::Recoded),
        order: if column.month_first { Order::MonthFirst } else { Order::DayFirst },
    };
    (!value.text.is_empty() || value.is_flawed()).then_some(value)
}
