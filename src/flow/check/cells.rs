//! What is wrong with cells whatever they mean: error values, too much text, control characters.
//! In a field it is an error; in a column that nobody reads it is said and no more.

use super::{Context, values::Reader};
use crate::{
    domain::{
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Place, Severity, column_letters},
        fold::tidy,
        legacy,
    },
    flow::map::{Source, Table, TableRow, Value, ValueKind},
};

/// Of a text that is too long so much is shown.
const SHOWN_CHARS: usize = 80;

impl Reader<'_> {
    /// Looks at the cells of every field. Of one that is flawed nothing else is said.
    pub fn look_at_cells(&mut self) {
        let fields = self.fields;
        for (field, value) in fields.given() {
            let limit = field.max_chars().min(self.context.max_cell_chars);
            if let Some(code) = flaw(flaw_of_formula(value.kind), value.shown(), limit) {
                let finding = Finding::new(code, fields.place(Some(field)));
                self.findings.push(filled(finding, value.shown(), limit));
                self.flawed.insert(field);
            } else {
                self.look_at_text(field, value);
            }
        }
    }

    /// What was put right in a text, or that its letters are the wrong ones.
    fn look_at_text(&mut self, field: Field, value: &Value) {
        let code = match &value.source {
            Source::Merged => Code::CellMergedFilled,
            Source::Recoded(_) => Code::TextRecoded,
            Source::Written if value.kind != ValueKind::Text => return,
            Source::Written => match garbled(&value.raw) {
                Some(Garbled { meant }) => {
                    let reason = self.context.texts.label("finding.general.reason.old_encoding");
                    let finding = self.find(Code::Malformed, field);
                    finding.suggestion = meant;
                    finding.detail.insert("reason".to_owned(), reason);
                    self.flawed.insert(field);
                    return;
                }
                None if value.text != value.raw.trim() => Code::TextNormalised,
                None => return,
            },
        };
        let is_merged = code == Code::CellMergedFilled;
        let finding = self.find(code, field);
        finding.value = (!is_merged).then(|| value.raw.clone());
        finding.suggestion = Some(value.text.clone());
    }

    /// Says once of a cell that it was read in its usual form.
    pub fn normalised(&mut self, field: Field, form: String) {
        if self.own(field).is_none() {
            return;
        }
        let is_said = |finding: &&mut Finding| {
            finding.code == Code::TextNormalised && finding.place.field == Some(field)
        };
        if let Some(finding) = self.findings.iter_mut().find(is_said) {
            finding.suggestion = Some(form);
        } else {
            self.find(Code::TextNormalised, field).suggestion = Some(form);
        }
    }
}

/// A text in the wrong letters, with what was meant if that is plain.
struct Garbled {
    meant: Option<String>,
}

/// A text whose letters are no Vietnamese, in a column that is not so as a whole.
fn garbled(text: &str) -> Option<Garbled> {
    if text.contains('\u{FFFD}') {
        return Some(Garbled { meant: None });
    }
    let suspect = legacy::is_suspect(text).then(|| legacy::readings(text));
    let readings = suspect.filter(|readings| !readings.is_empty())?;
    // An Icelandic letter is put right without a question.
    let is_icelandic = readings.iter().any(|(_, decoded)| *decoded == tidy(text));
    let meant = match &readings[..] {
        [(_, meant)] => Some(tidy(meant)),
        _ => None,
    };
    (!is_icelandic).then_some(Garbled { meant })
}

/// Looks at the cells of a row that are no field.
pub fn look_elsewhere(table: &Table, row: &TableRow, context: &Context<'_>) -> Vec<Finding> {
    let is_field = |index: u32| {
        table.columns.iter().any(|column| column.index == index && column.field.is_some())
    };
    let said = |(index, cell): (u32, &Cell)| {
        let (formula, text) = match cell {
            Cell::Error(text) => (Some(Code::CellErrorValue), text.as_str()),
            Cell::NoValue => (Some(Code::CellNoCachedValue), ""),
            Cell::Text(text) => (None, text.as_str()),
            _ => return None,
        };
        let limit = context.max_cell_chars;
        let code = flaw(formula, text, limit).filter(|_| !is_field(index))?;
        let (sheet, column) = (Some(table.name.clone()), Some(column_letters(index)));
        let place = Place { sheet, row: Some(row.number), column, field: None };
        Some(filled(Finding::new(code, place).severity(Severity::Info), text, limit))
    };
    (0u32..).zip(&row.cells).filter_map(said).collect()
}

/// What is wrong with a formula.
fn flaw_of_formula(kind: ValueKind) -> Option<Code> {
    match kind {
        ValueKind::Error => Some(Code::CellErrorValue),
        ValueKind::NoValue => Some(Code::CellNoCachedValue),
        ValueKind::Text | ValueKind::Number { .. } | ValueKind::Date(_) => None,
    }
}

fn flaw(formula: Option<Code>, text: &str, limit: usize) -> Option<Code> {
    // Their pictures too, as which our workbooks and the reader show them.
    let control = |c: char| match c {
        '\n' | '\r' | '\t' => false,
        c => c.is_control() || ('\u{2400}'..='\u{2421}').contains(&c),
    };
    if formula.is_some() {
        formula
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
    if text.is_empty() { finding } else { finding.value(text) }
}
