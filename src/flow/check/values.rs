//! Reads the fields of one row, and keeps what is to be said about them.

use std::{collections::BTreeSet, str::FromStr};

use chrono::NaiveDate;
use serde_json::Value as Json;

use super::Context;
use crate::{
    catalogue::{
        packages::Package,
        rules::{AsOf, Dates},
    },
    domain::{
        client::{ClientRow, CustomerType},
        date::{self, Order},
        field::Field,
        finding::{Code, Finding},
        fiscal_year::FiscalYear,
    },
    flow::map::{Fields, Value, ValueKind},
};

/// What may stand there hangs on the type of the client and on the fiscal year.
const OF_TERM: [Field; 2] = [Field::VatMethod, Field::Regime];

/// One row under the eyes of the checks.
#[derive(Debug)]
pub struct Reader<'a> {
    pub fields: &'a Fields,
    pub context: &'a Context<'a>,
    /// Decides which defaults hold; known once the package is.
    pub customer_type: Option<CustomerType>,
    /// The package that alone says of which type the client is.
    pub typed_by: Option<&'a Package>,
    /// The rules of the row's type and fiscal year, and that year.
    pub term: Option<(i32, AsOf<'a>)>,
    /// The client as the firm has it already: what the row leaves out.
    pub record: Option<&'a ClientRow>,
    /// The fiscal year that a renewal is for where nothing says so.
    pub next_year: Option<FiscalYear>,
    /// Fields whose cells can mean nothing.
    pub flawed: BTreeSet<Field>,
    pub findings: Vec<Finding>,
    record_texts: Json,
}

impl<'a> Reader<'a> {
    pub fn new(
        fields: &'a Fields,
        context: &'a Context<'a>,
        record: Option<&'a ClientRow>,
    ) -> Reader<'a> {
        Reader {
            fields,
            context,
            customer_type: None,
            typed_by: None,
            term: None,
            record,
            next_year: None,
            flawed: BTreeSet::new(),
            findings: Vec::new(),
            record_texts: record
                .and_then(|client| serde_json::to_value(client).ok())
                .unwrap_or_default(),
        }
    }

    /// Says something about a field, with the value as found.
    pub fn find(&mut self, code: Code, field: Field) -> &mut Finding {
        let mut finding = Finding::new(code, self.fields.place(Some(field)));
        let raw = self.fields.get(field).map(|value| value.shown().to_owned());
        finding.value = raw.or_else(|| self.said(field));
        let at = self.findings.len();
        self.findings.push(finding);
        &mut self.findings[at]
    }

    /// The same, with the values that might stand there, and for which type and year they are.
    pub fn find_instead(&mut self, code: Code, field: Field, allowed: &[&str]) {
        let (year, customer_type) = (self.term.map(|(year, _)| year), self.customer_type);
        let finding = self.find(code, field);
        let mut tell = |key: &str, text: String| finding.detail.insert(key.to_owned(), text);
        if !allowed.is_empty() {
            tell("allowed", allowed.join(", "));
        }
        if OF_TERM.contains(&field) {
            year.map(|year| tell("year", year.to_string()));
            customer_type.map(|known| tell(known.as_str(), "1".to_owned()));
        }
    }

    /// The values of a closed set that the row may have, as people read them.
    fn choices(&self, field: Field) -> Vec<&'a str> {
        let of_term = self.term.filter(|_| OF_TERM.contains(&field));
        let words = match of_term {
            Some((_, rules)) => rules.allowed(field),
            None => self.context.catalogue.columns.values(field),
        };
        words.into_iter().map(|word| self.display(field, word)).collect()
    }

    /// What the row itself says, if it can be read.
    pub fn own(&self, field: Field) -> Option<&'a Value> {
        self.fields.get(field).filter(|_| !self.flawed.contains(&field))
    }

    /// What is said of a field: by the row, for all rows, or by the firm's record of the client.
    pub fn said(&self, field: Field) -> Option<String> {
        let own = self.own(field).map(|value| value.text.clone());
        own.or_else(|| self.context.fallback(field, self.customer_type).map(str::to_owned))
            .or_else(|| self.recorded(field))
    }

    pub fn has(&self, field: Field) -> bool {
        self.said(field).is_some()
    }

    /// What may differ from order to order is no property of the client.
    fn recorded(&self, field: Field) -> Option<String> {
        use Field::{BooksStart, FiscalYearStart, InvoiceTo, Kind, Recipient, RegisteredBy};
        if field == Field::FiscalYear
            && let Some(year) = self.next_year
        {
            return Some(year.to_string());
        }
        let of_order = [Kind, Recipient, InvoiceTo, RegisteredBy, FiscalYearStart, BooksStart];
        match &self.record_texts[field.as_str()] {
            Json::Null => None,
            _ if of_order.contains(&field) => None,
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn required_text(&mut self, field: Field) -> Option<String> {
        self.require(field);
        self.said(field)
    }

    /// Says that a required field is empty; of a flawed cell it was said what is wrong.
    pub fn require(&mut self, field: Field) {
        if self.fields.get(field).is_none() && !self.has(field) {
            let choices = self.choices(field);
            self.find_instead(Code::Missing, field, &choices);
        }
    }

    /// What the tables require of the row's type, besides what every order needs.
    pub fn require_what_rules_say(&mut self) {
        let Some(customer_type) = self.customer_type else { return };
        for field in self.context.catalogue.rules.required(customer_type) {
            let is_said = |said: &Finding| said.place.field == Some(*field);
            if !self.findings.iter().any(is_said) {
                self.require(*field);
            }
        }
    }

    /// Reads a field that may be empty; what cannot be read is malformed.
    pub fn parsed<T>(&mut self, field: Field, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.parsed_or(field, parse, |_| None)
    }

    /// The same, with what may have been meant.
    pub fn parsed_or<T>(
        &mut self,
        field: Field,
        parse: impl Fn(&str) -> Option<T>,
        meant: impl Fn(&str) -> Option<String>,
    ) -> Option<T> {
        let text = self.said(field)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.find(Code::Malformed, field).suggestion = meant(&text);
        }
        parsed
    }

    /// A word of a closed set, by its name or a synonym of the tables.
    pub fn word<T: FromStr>(&mut self, field: Field) -> Option<T> {
        let text = self.said(field)?;
        let columns = &self.context.catalogue.columns;
        let word = columns.value(field, &text).and_then(|word| T::from_str(word).ok());
        if word.is_none() {
            let choices = self.choices(field);
            self.find_instead(Code::Unknown, field, &choices);
        }
        word
    }

    pub fn required_word<T: FromStr>(&mut self, field: Field) -> Option<T> {
        self.require(field);
        self.word(field)
    }

    /// A stored word as people read it.
    pub fn display(&self, field: Field, word: &'a str) -> &'a str {
        self.context.catalogue.columns.display(field, word, self.context.locale)
    }

    /// Whether the rules allow what the row says.
    pub fn check_allowed(&mut self, field: Field, rules: AsOf<'a>) {
        let Some(text) = self.said(field) else { return };
        let Some(word) = self.context.catalogue.columns.value(field, &text) else { return };
        if !rules.allows(field, word) {
            let choices = self.choices(field);
            self.find_instead(Code::NotAllowed, field, &choices);
            let mut all = self.context.catalogue.rules.all().iter();
            let was_or_will = all.any(|rule| {
                (rule.field, rule.value.as_str()) == (field, word)
                    && Some(rule.customer_type) == self.customer_type
            });
            if let Some(finding) = self.findings.last_mut().filter(|_| was_or_will) {
                finding.detail.insert("other_year".to_owned(), "1".to_owned());
            }
        }
    }

    /// The rules for the row's type, as they are for a fiscal year that starts on this day and an order of today.
    pub fn rules(&self, fiscal_year_start: NaiveDate) -> Option<AsOf<'a>> {
        let dates = Dates { fiscal_year_start, order_date: self.context.today };
        Some(self.context.catalogue.rules.as_of(self.customer_type?, dates))
    }

    /// A date from a date cell, from the number of one, or from text in a usual form.
    pub fn date(&mut self, field: Field) -> Option<NaiveDate> {
        let own = self.own(field);
        if let Some(Value { kind: ValueKind::Date(date), .. }) = own {
            return Some(*date);
        }
        let order = own.map_or(Order::DayFirst, |value| value.order);
        let from_1904 = self.fields.from_1904;
        let read =
            |text: &str| date::of_serial(text, from_1904).or_else(|| date::read(text, order));
        let other = match order {
            Order::DayFirst => Order::MonthFirst,
            Order::MonthFirst => Order::DayFirst,
        };
        let date = self.parsed_or(field, read, |text| date::read(text, other).map(in_vietnam))?;
        if own.is_some() {
            self.find(Code::DateFromText, field).suggestion = Some(in_vietnam(date));
        }
        Some(date)
    }
}

fn in_vietnam(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}
