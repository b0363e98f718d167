//! Reads the fields of one row, and keeps what is to be said about them.

use std::str::FromStr;

use chrono::NaiveDate;

use super::Context;
use crate::{
    domain::{
        client::CustomerType,
        field::Field,
        finding::{Code, Finding},
    },
    flow::map::{Fields, Value, ValueKind},
};

/// Formats of dates that people write; the first that fits counts.
const DATE_FORMATS: [&str; 6] =
    ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%d/%m/%y", "%Y/%m/%d"];

/// One row under the eyes of the checks.
#[derive(Debug)]
pub struct Reader<'a> {
    pub fields: &'a Fields,
    pub context: &'a Context<'a>,
    pub findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub fn new(fields: &'a Fields, context: &'a Context<'a>) -> Reader<'a> {
        Reader { fields, context, findings: Vec::new() }
    }

    /// Says something about a field, with the value as found.
    pub fn find(&mut self, code: Code, field: Field) -> &mut Finding {
        let mut finding = Finding::new(code, self.fields.place(Some(field)));
        finding.value = self.fields.get(field).map(|value| value.raw.clone());
        if finding.value.is_none() {
            finding.value = self.context.fallback(field, None).map(str::to_owned);
        }
        let at = self.findings.len();
        self.findings.push(finding);
        &mut self.findings[at]
    }

    /// What is wrong with cells whatever they mean.
    pub fn look_at_cells(&mut self) {
        let fields = self.fields;
        for (field, value) in fields.given() {
            let chars = value.raw.chars().count();
            let limit = field.max_chars().min(self.context.max_cell_chars);
            let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if value.kind == ValueKind::Error {
                self.find(Code::CellErrorValue, field);
            } else if chars > limit {
                let finding = self.find(Code::CellTooLong, field);
                finding.value = Some(value.raw.chars().take(80).collect());
                finding.detail.insert("limit".to_owned(), limit.to_string());
            } else if value.raw.chars().any(control) {
                self.find(Code::CellControlCharacters, field);
            } else if value.kind == ValueKind::Text && value.text != value.raw.trim() {
                self.find(Code::TextNormalised, field).suggestion = Some(value.text.clone());
            }
        }
    }

    /// Whether the row itself says something readable about a field.
    pub fn has(&self, field: Field) -> bool {
        self.readable(field).is_some() || self.context.fallback(field, None).is_some()
    }

    /// What is said of a field: by the row, or for all rows.
    pub fn said(&self, field: Field, customer_type: Option<CustomerType>) -> Option<String> {
        let own = self.readable(field).map(|value| value.text.clone());
        own.or_else(|| self.context.fallback(field, customer_type).map(str::to_owned))
    }

    pub fn text(&self, field: Field) -> Option<String> {
        self.said(field, None)
    }

    pub fn required_text(&mut self, field: Field) -> Option<String> {
        self.require(field);
        self.text(field)
    }

    /// Says that a required field is empty; an error value was said already.
    pub fn require(&mut self, field: Field) {
        if self.fields.get(field).is_none() && self.said(field, None).is_none() {
            self.find(Code::Missing, field);
        }
    }

    /// Reads a field that may be empty; what cannot be read is malformed.
    pub fn parsed<T>(&mut self, field: Field, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(field)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.find(Code::Malformed, field);
        }
        parsed
    }

    /// A word of a closed set, by its name or a synonym of the tables.
    pub fn word<T: FromStr>(
        &mut self,
        field: Field,
        customer_type: Option<CustomerType>,
    ) -> Option<T> {
        let text = self.said(field, customer_type)?;
        let columns = &self.context.catalogue.columns;
        let word = columns.value(field, &text).and_then(|word| T::from_str(word).ok());
        if word.is_none() {
            let known = columns.values(field).into_iter();
            let known: Vec<&str> =
                known.map(|word| columns.display(field, word, self.context.locale)).collect();
            let allowed = known.join(", ");
            self.find(Code::Unknown, field).detail.insert("allowed".to_owned(), allowed);
        }
        word
    }

    pub fn required_word<T: FromStr>(
        &mut self,
        field: Field,
        customer_type: Option<CustomerType>,
    ) -> Option<T> {
        if self.fields.get(field).is_none() && self.said(field, customer_type).is_none() {
            self.find(Code::Missing, field);
        }
        self.word(field, customer_type)
    }

    /// Whether the rules allow what the row says, for its type and dates.
    pub fn check_allowed(
        &mut self,
        field: Field,
        customer_type: CustomerType,
        fiscal_year_start: NaiveDate,
    ) {
        let context = self.context;
        let Some(text) = self.said(field, Some(customer_type)) else { return };
        let Some(word) = context.catalogue.columns.value(field, &text) else { return };
        let rules = &context.catalogue.rules;
        if !rules.allows(field, word, customer_type, fiscal_year_start, context.today) {
            let columns = &context.catalogue.columns;
            let allowed =
                rules.allowed(field, customer_type, fiscal_year_start, context.today).into_iter();
            let allowed: Vec<&str> =
                allowed.map(|word| columns.display(field, word, context.locale)).collect();
            let allowed = allowed.join(", ");
            self.find(Code::NotAllowed, field).detail.insert("allowed".to_owned(), allowed);
        }
    }

    /// A date from a date cell, or from text in a usual form.
    pub fn date(&mut self, field: Field) -> Option<NaiveDate> {
        if let Some(Value { kind: ValueKind::Date(date), .. }) = self.fields.get(field) {
            return Some(*date);
        }
        let date = self.parsed(field, date_of)?;
        if self.fields.get(field).is_some() {
            self.find(Code::DateFromText, field).suggestion =
                Some(date.format("%d/%m/%Y").to_string());
        }
        Some(date)
    }

    fn readable(&self, field: Field) -> Option<&Value> {
        self.fields.get(field).filter(|value| value.kind != ValueKind::Error)
    }
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let day = text.split_whitespace().next().unwrap_or_default();
    DATE_FORMATS
        .iter()
        .filter_map(|format| NaiveDate::parse_from_str(day, format).ok())
        .find(|date| (1990..2100).contains(&chrono::Datelike::year(date)))
}
