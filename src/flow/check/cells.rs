//! What is wrong with cells whatever they mean: error values, too much text, control characters.
//! In a field it is an error; in a column that nobody reads it is said and no more.

use super::{Context, values::Reader};
use crate::{
    domain::{
        cell::Cell,
        finding::{Code, Finding, Place, Severity, column_letters},
    },
    flow::map::{Table, TableRow, ValueKind},
};

/// Of a text that is too long so much is shown.
const SHOWN_CHARS: usize = 80;

impl Reader<'_> {
    /// Looks at the cells of every field. Of one that is flawed nothing else is said.
    pub fn look_at_cells(&mut self) {
        let fields = self.fields;
        for (field, value) in fields.given() {
            let limit = field.max_chars().min(self.context.max_cell_chars);
            if let Some(code) = flaw(value.kind == ValueKind::Error, &value.raw, limit) {
                let finding = Finding::new(code, fields.place(Some(field)));
                self.findings.push(filled(finding, &value.raw, limit));
                self.flawed.insert(field);
            } else if value.kind == ValueKind::Text && value.text != value.raw.trim() {
                self.find(Code::TextNormalised, field).suggestion = Some(value.text.clone());
            }
        }
    }
}

/// Looks at the cells of a row that are no field.
pub fn look_elsewhere(table: &Table, row: &TableRow, context: &Context<'_>) -> Vec<Finding> {
    let is_field = |index: u32| {
        table.columns.iter().any(|column| column.index == index && column.field.is_some())
    };
    let said = |(index, cell): (u32, &Cell)| {
        let (is_error, text) = match cell {
            Cell::Error(text) => (true, text),
            Cell::Text(text) => (false, text),
            _ => return None,
        };
        let limit = context.max_cell_chars;
        let code = flaw(is_error, text, limit).filter(|_| !is_field(index))?;
        let (sheet, column) = (Some(table.name.clone()), Some(column_letters(index)));
        let place = Place { sheet, row: Some(row.number), column, field: None };
        Some(filled(Finding::new(code, place).severity(Severity::Info), text, limit))
    };
    (0u32..).zip(&row.cells).filter_map(said).collect()
}

fn flaw(is_error: bool, text: &str, limit: usize) -> Option<Code> {
    // Their pictures too, as which our workbooks and the reader show them.
    let control = |c: char| match c {
        '\n' | '\r' | '\t' => false,
        c => c.is_control() || ('\u{2400}'..='\u{2421}').contains(&c),
    };
    if is_error {
        Some(Code::CellErrorValue)
    } else if text.len() > limit && text.chars().count() > limit {
        Some(Code::CellTooLong)
    } else {
        text.chars().any(control).then_some(Code::CellControlCharacters)
    }
}

fn filled(finding: Finding, text: &str, limit: usize) -> Finding {
    if finding.code == Code::CellTooLong {
        let shown: String = text.chars().take(SHOWN_CHARS).collect();
        return finding.value(shown).detail("limit", limit.to_string());
    }
    finding.value(text)
}
