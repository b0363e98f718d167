//! `rules.toml`: which values a customer type may have and when, what it must say, and what is known of e-mails and
//! personal ids. Which finding follows is said by the checks.

mod emails;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::emails::Emails;
use self::emails::EmailsWritten;
use super::{Columns, closed_words, day, day_or_none};
use crate::{
    config::{
        ConfigError,
        file::{Source, nearest},
    },
    domain::{
        client::CustomerType, field::Field, finding::Severity, fiscal_year, tax_id::TaxIdKind,
        words::words,
    },
};

words! {
    /// The date that decides whether a rule holds.
    pub enum Basis {
        FiscalYearStart = "fiscal_year_start",
        OrderDate = "order_date",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesWritten {
    #[serde(default)]
    version: String,
    #[serde(default)]
    allow: Vec<Allow>,
    #[serde(default)]
    required: HashMap<CustomerType, Vec<Field>>,
    #[serde(default)]
    email: EmailsWritten,
    #[serde(default)]
    personal_id: PersonalIdWritten,
}

/// One value that a customer type may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    pub field: Field,
    pub value: String,
    pub customer_type: CustomerType,
    pub basis: Basis,
    #[serde(deserialize_with = "day")]
    pub from: NaiveDate,
    /// The last day.
    #[serde(default, deserialize_with = "day_or_none")]
    pub to: Option<NaiveDate>,
    /// What is said of the value when it is allowed no longer; an error where nothing is written.
    #[serde(default)]
    pub after: Option<Severity>,
    /// The law or circular behind it.
    #[serde(default)]
    pub source: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PersonalIdWritten {
    provinces: Vec<String>,
}

/// The dates that decide for one client of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    pub fiscal_year_start: NaiveDate,
    pub order_date: NaiveDate,
}

impl Dates {
    fn of(self, basis: Basis) -> NaiveDate {
        match basis {
            Basis::FiscalYearStart => self.fiscal_year_start,
            Basis::OrderDate => self.order_date,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Rules {
    version: String,
    /// In the order of the file.
    allow: Vec<Allow>,
    required: HashMap<CustomerType, Vec<Field>>,
    pub emails: Emails,
    provinces: HashSet<String>,
    /// The values of fields with a set of them.
    words: HashMap<Field, Vec<String>>,
}

/// The rules that hold for a customer type on given dates: all that checks see of them.
#[derive(Clone, Copy, Debug)]
pub struct AsOf<'a> {
    rules: &'a Rules,
    customer_type: CustomerType,
    dates: Dates,
}

impl Rules {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(
        source: &Source,
        columns: &Columns,
        wrong: &mut Vec<ConfigError>,
    ) -> Option<Rules> {
        let written: RulesWritten = source.parse_all(wrong)?;
        let RulesWritten { version, allow, required, email, personal_id } = written;
        for (at, rule) in allow.iter().enumerate() {
            check(source, (at, rule), columns, wrong);
        }
        let words = Field::ALL.iter().filter_map(|field| Some((*field, words(*field, columns)?)));
        Some(Rules {
            version: source.version(&version),
            allow,
            required,
            emails: email.into(),
            provinces: personal_id.provinces.into_iter().collect(),
            words: words.collect(),
        })
    }

    /// What cannot be read, where nobody knows the values of fields.
    pub(super) fn look(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Rules> {
        source.parse_all::<RulesWritten>(wrong);
        None
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every rule, in the order of the file.
    pub fn all(&self) -> &[Allow] {
        &self.allow
    }

    /// The rules of a day, for a client of this type.
    pub fn as_of(&self, customer_type: CustomerType, dates: Dates) -> AsOf<'_> {
        AsOf { rules: self, customer_type, dates }
    }

    /// What a client of this type must say.
    pub fn required(&self, customer_type: CustomerType) -> &[Field] {
        self.required.get(&customer_type).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first three digits of a personal id.
    pub fn knows_province(&self, digits: &str) -> bool {
        self.provinces.contains(digits)
    }

    fn of_field(&self, field: Field) -> impl Iterator<Item = &Allow> {
        self.allow.iter().filter(move |rule| rule.field == field)
    }
}

impl<'a> AsOf<'a> {
    /// Whether the value is allowed. A field that no rule speaks of is free.
    pub fn allows(&self, field: Field, value: &str) -> bool {
        let mut rules = self.rules.of_field(field).peekable();
        rules.peek().is_none() || rules.any(|rule| rule.value == value && self.holds(rule))
    }

    /// The values that are allowed, in the order of the file.
    pub fn allowed(&self, field: Field) -> Vec<&'a str> {
        let mut rules = self.rules.of_field(field).peekable();
        if rules.peek().is_none() {
            let words = self.rules.words.get(&field).map(Vec::as_slice).unwrap_or_default();
            return words.iter().map(String::as_str).collect();
        }
        let mut values: Vec<&str> = Vec::new();
        for rule in rules.filter(|rule| self.holds(rule)) {
            if !values.contains(&rule.value.as_str()) {
                values.push(&rule.value);
            }
        }
        values
    }

    /// What is said of a value, where it is not allowed: a former one may still be taken.
    pub fn objection(&self, field: Field, value: &str) -> Option<Severity> {
        let was = |rule: &&Allow| {
            let is_over = rule.to.is_some_and(|to| to < self.dates.of(rule.basis));
            rule.value == value && rule.customer_type == self.customer_type && is_over
        };
        let objection = || {
            let last = self.rules.of_field(field).filter(was).max_by_key(|rule| rule.to);
            last.and_then(|rule| rule.after).unwrap_or(Severity::Error)
        };
        (!self.allows(field, value)).then(objection)
    }

    /// Whether a fiscal year may start on this day: `04-01` is 1 April of any year.
    pub fn allows_start(&self, date: NaiveDate) -> bool {
        self.allows(Field::FiscalYearStart, &date.format("%m-%d").to_string())
    }

    fn holds(&self, rule: &Allow) -> bool {
        let date = self.dates.of(rule.basis);
        let in_force = rule.from <= date && rule.to.is_none_or(|to| date <= to);
        rule.customer_type == self.customer_type && in_force
    }
}

/// The values of which a rule may speak; for the start of a fiscal year any day will do.
fn words(field: Field, columns: &Columns) -> Option<Vec<String>> {
    match field {
        Field::TaxId => Some(TaxIdKind::ALL.iter().map(ToString::to_string).collect()),
        Field::FiscalYearStart => Some(fiscal_year::QUARTERS.map(str::to_owned).to_vec()),
        _ if columns.values(field).is_empty() => None,
        _ => Some(columns.values(field).into_iter().map(str::to_owned).collect()),
    }
}

/// What serde does not see: a value must be one of its field's, and an end comes after its beginning.
fn check(
    source: &Source,
    (at, rule): (usize, &Allow),
    columns: &Columns,
    wrong: &mut Vec<ConfigError>,
) {
    let at = at.to_string();
    if rule.to.is_some_and(|to| to < rule.from) {
        let error = source.error(&["allow", &at, "to"], "`to` is before `from`");
        wrong.push(error.with_fix("write a day after `from`, or leave `to` out"));
    }
    let Some(known) = words(rule.field, columns) else {
        let message = format!("`{}` has no closed set of values to allow", rule.field);
        let error = source.error(&["allow", &at, "field"], message);
        wrong.push(error.with_fix("take the rule out"));
        return;
    };
    if known.contains(&rule.value) {
        return;
    }
    let message = format!("`{}` is none of {}", rule.value, known.join(", "));
    let error = source.error(&["allow", &at, "value"], message);
    let near = nearest(&rule.value, known.iter().map(String::as_str)).unwrap_or_default();
    let field = rule.field;
    let is_closed = matches!(field, Field::TaxId | Field::FiscalYearStart);
    wrong.push(error.with_fix(if is_closed || closed_words(field).is_some() {
        format!("did you mean `{near}`?")
    } else {
        format!(
            "did you mean `{near}`? A new one gets its names under [values.{field}] of columns.toml"
        )
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;

    fn read(text: &str) -> Result<Rules, ConfigError> {
        let columns = Source::new("columns.toml", super::super::BUILT_IN[2].1);
        let mut wrong = Vec::new();
        let columns = Columns::read(&columns, &mut wrong).unwrap();
        let rules = Rules::read(&Source::new("rules.toml", text), &columns, &mut wrong);
        wrong.into_iter().next().map_or_else(|| Ok(rules.unwrap()), Err)
    }

    fn built_in() -> Rules {
        read(super::super::BUILT_IN[1].1).unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dates(fiscal_year_start: &str, order_date: &str) -> Dates {
        Dates { fiscal_year_start: date(fiscal_year_start), order_date: date(order_date) }
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn the_start_of_the_fiscal_year_decides_on_the_regime() {
        let rules = built_in();
        let regimes = |customer_type, start| {
            rules.as_of(customer_type, dates(start, "2026-11-22")).allowed(Field::Regime)
        };
        assert_eq!(regimes(CustomerType::Enterprise, "2026-01-01"), ["TT99", "TT133", "TT132"]);
        assert_eq!(regimes(CustomerType::Enterprise, "2025-10-01"), ["TT200", "TT133", "TT132"]);
        assert_eq!(regimes(CustomerType::Household, "2026-01-01"), ["TT152"]);
        let tt88 = |start| {
            let household = rules.as_of(CustomerType::Household, dates(start, "2026-11-22"));
            household.allows(Field::Regime, "TT88")
        };
        assert!(tt88("2025-12-31") && !tt88("2026-01-01"));
    }

    #[test]
    fn a_field_without_rules_is_free() {
        let rules = built_in();
        let today = rules.as_of(CustomerType::Household, dates("2026-01-01", "2026-11-22"));
        assert!(today.allows(Field::Recipient, "firm"));
        assert_eq!(today.allowed(Field::Recipient), ["client", "firm", "other"]);
        assert!(!today.allows(Field::VatMethod, "deduction"));
    }

    #[test]
    fn made_up_and_misspelt_addresses_are_known() {
        let rules = built_in();
        assert!(rules.emails.is_placeholder(&email("KhongCo@gmail.com")));
        assert!(!rules.emails.is_placeholder(&email("lan@gmail.com")));
        assert_eq!(rules.emails.domain_suggestion(&email("lan@gmial.com")), Some("gmail.com"));
        for domain in [
            "gmail.com",
            "email.com",
            "mail.com",
            "ymail.com",
            "gmx.com",
            "yahoo.com.vn",
            "yahoo.com.cn",
            "yahoo.co.uk",
            "outlook.de",
            "hotmail.fr",
            "congty.vn",
            "zmail.vn",
        ] {
            let address = email(&format!("lan@{domain}"));
            assert_eq!(rules.emails.domain_suggestion(&address), None, "{domain}");
        }
        for (domain, right) in [
            ("gmakl.com", "gmail.com"),
            ("gmali.com", "gmail.com"),
            ("gmail.comn", "gmail.com"),
            ("yahoi.com.vn", "yahoo.com.vn"),
            ("hotmaik.com", "hotmail.com"),
            ("outlokk.com", "outlook.com"),
        ] {
            let address = email(&format!("lan@{domain}"));
            assert_eq!(rules.emails.domain_suggestion(&address), Some(right), "{domain}");
        }
        assert!(rules.knows_province("001") && !rules.knows_province("003"));
    }

    #[test]
    fn a_value_that_its_field_does_not_have_is_told_where_it_stands() {
        let rule = "[[allow]]\nfield = 'regime'\nvalue = 'TT98'\ncustomer_type = 'enterprise'\n\
                    basis = 'order_date'\nfrom = 2026-01-01\n"
            .to_owned();
        let error = read(&rule).unwrap_err();
        assert!(error.to_string().starts_with("rules.toml:3:1: `TT98` is none of"), "{error}");
        assert!(error.fix.unwrap().starts_with("did you mean `TT99`?"));
        let rule = rule.replace("TT98", "TT99") + "to = 2025-12-31";
        let error = read(&rule).unwrap_err();
        assert_eq!(error.to_string(), "rules.toml:7:1: `to` is before `from`");
    }
}
