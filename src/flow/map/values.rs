//! The mapped cells of one row, ready to be read by the checks.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Table, TableRow};
use crate::{
    catalogue::columns::Columns,
    domain::{
        cell::Cell,
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
    pub column: String,
}

/// What kind of cell a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    /// `zeros_shown`: its number format shows the zeros that the number itself cannot hold.
    Number {
        zeros_shown: bool,
    },
    Date(NaiveDate),
    /// `#N/A` and the like.
    Error,
}

/// The fields of one row, nothing among them empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub sheet: i64,
    pub sheet_name: String,
    pub row: u32,
    values: BTreeMap<Field, Value>,
    columns: BTreeMap<Field, String>,
}

impl Fields {
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.values.get(&field)
    }

    /// The fields that the row says something about.
    pub fn given(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.values.iter().map(|(field, value)| (*field, value))
    }

    /// Where a field stands, or would stand.
    pub fn place(&self, field: Option<Field>) -> Place {
        let column = field.and_then(|field| self.columns.get(&field).cloned());
        Place { sheet: Some(self.sheet_name.clone()), row: Some(self.row), column, field }
    }
}

/// The mapped values of a row; what means nothing (`-`, `không có`) counts as empty.
pub fn fields(table: &Table, row: &TableRow, columns: &Columns) -> Fields {
    let mut values = BTreeMap::new();
    let mut places = BTreeMap::new();
    for column in &table.columns {
        let Some(field) = column.field else { continue };
        let letters = column_letters(column.index);
        places.insert(field, letters.clone());
        let cell = usize::try_from(column.index).ok().and_then(|index| row.cells.get(index));
        let value = cell
            .and_then(|cell| value(cell, letters))
            // `#N/A` is a formula that failed; `n/a` typed by a person is nothing.
            .filter(|value| value.kind == ValueKind::Error || !columns.means_nothing(&value.text));
        if let Some(value) = value {
            values.insert(field, value);
        }
    }
    Fields {
        sheet: table.sheet,
        sheet_name: table.name.clone(),
        row: row.number,
        values,
        columns: places,
    }
}

fn value(cell: &Cell, column: String) -> Option<Value> {
    let raw = cell.text().into_owned();
    let text = tidy(&raw);
    let kind = match cell {
        Cell::Empty | Cell::NoValue => return None,
        Cell::Text(_) | Cell::Bool(_) => ValueKind::Text,
        Cell::Number { value, .. } => {
            ValueKind::Number { zeros_shown: raw.starts_with('0') && *value != 0.0 }
        }
        Cell::Date(at) => ValueKind::Date(at.date()),
        Cell::Error(_) => ValueKind::Error,
    };
    (!text.is_empty()).then_some(Value { raw, text, kind, column })
}
