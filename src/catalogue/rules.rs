//! `rules.toml`: which values a customer type may have and when, and what is known of e-mails and
//! personal ids. Which finding follows is said by the checks.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::Deserialize;

use super::{day, day_or_none, machine_values};
use crate::{
    config::{
        ConfigError,
        file::{Source, nearest},
    },
    domain::{client::CustomerType, email::Email, field::Field, words::words},
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
    email: EmailWritten,
    #[serde(default)]
    personal_id: PersonalIdWritten,
}

/// One value that a customer type may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
    /// The law or circular behind it.
    #[serde(default)]
    pub source: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EmailWritten {
    placeholders: Vec<String>,
    providers: Vec<String>,
    domain_typos: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PersonalIdWritten {
    provinces: Vec<String>,
}

/// The dates that decide for one client of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dates {
    fiscal_year_start: NaiveDate,
    order_date: NaiveDate,
}

impl Allow {
    fn holds(&self, customer_type: CustomerType, dates: Dates) -> bool {
        let date = match self.basis {
            Basis::FiscalYearStart => dates.fiscal_year_start,
            Basis::OrderDate => dates.order_date,
        };
        let in_force = self.from <= date && self.to.is_none_or(|to| date <= to);
        self.customer_type == customer_type && in_force
    }
}

#[derive(Clone, Debug)]
pub struct Rules {
    version: String,
    allow: HashMap<Field, Vec<Allow>>,
    /// Local parts of addresses that nobody has.
    placeholders: HashSet<String>,
    /// Of mail, whose names are misspelt.
    providers: Vec<String>,
    domain_typos: HashMap<String, String>,
    provinces: HashSet<String>,
}

impl Rules {
    pub(super) fn read(source: &Source) -> Result<Rules, ConfigError> {
        let RulesWritten { version, allow, email, personal_id } = source.parse()?;
        let mut by_field: HashMap<Field, Vec<Allow>> = HashMap::new();
        for (at, rule) in allow.into_iter().enumerate() {
            check(source, at, &rule)?;
            by_field.entry(rule.field).or_default().push(rule);
        }
        let lower = |text: String| text.to_lowercase();
        let typos = email.domain_typos.into_iter();
        Ok(Rules {
            version,
            allow: by_field,
            placeholders: email.placeholders.into_iter().map(lower).collect(),
            providers: email.providers.into_iter().map(lower).collect(),
            domain_typos: typos.map(|(wrong, right)| (lower(wrong), lower(right))).collect(),
            provinces: personal_id.provinces.into_iter().collect(),
        })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the value is allowed on these dates. A field that no rule speaks of is free.
    #[expect(clippy::too_many_arguments, reason = "two dates decide, each by its own rules")]
    pub fn allows(
        &self,
        field: Field,
        value: &str,
        customer_type: CustomerType,
        fiscal_year_start: NaiveDate,
        order_date: NaiveDate,
    ) -> bool {
        let dates = Dates { fiscal_year_start, order_date };
        self.allow.get(&field).is_none_or(|rules| {
            rules.iter().any(|rule| rule.value == value && rule.holds(customer_type, dates))
        })
    }

    /// The values that are allowed on these dates, in the order of the file.
    pub fn allowed(
        &self,
        field: Field,
        customer_type: CustomerType,
        fiscal_year_start: NaiveDate,
        order_date: NaiveDate,
    ) -> Vec<&str> {
        let dates = Dates { fiscal_year_start, order_date };
        let Some(rules) = self.allow.get(&field) else {
            return machine_values(field).unwrap_or_default();
        };
        let mut values: Vec<&str> = Vec::new();
        for rule in rules.iter().filter(|rule| rule.holds(customer_type, dates)) {
            if !values.contains(&rule.value.as_str()) {
                values.push(&rule.value);
            }
        }
        values
    }

    /// `khongco@…`: written because something had to be.
    pub fn is_placeholder(&self, email: &Email) -> bool {
        self.placeholders.contains(email.local_part())
    }

    /// The domain that was probably meant: by the table of typos, or one slip away from that of a big provider.
    pub fn domain_suggestion(&self, email: &Email) -> Option<&str> {
        let domain = email.domain();
        if let Some(right) = self.domain_typos.get(domain) {
            return Some(right);
        }
        let is_right = self.providers.iter().any(|provider| provider == domain);
        let mut near = self.providers.iter().filter(|provider| is_slip(domain, provider));
        near.next().filter(|_| !is_right).map(String::as_str)
    }

    /// The first three digits of a personal id.
    pub fn knows_province(&self, digits: &str) -> bool {
        self.provinces.contains(digits)
    }
}

/// One letter too many, too few, wrong or swapped, in the name or in what follows it, but not at the beginning:
/// `email.com` and `ymail.com` are others than `gmail.com`. Two letters at the end are those of a country.
fn is_slip(domain: &str, provider: &str) -> bool {
    let (Some((name, end)), Some((right_name, right_end))) =
        (domain.split_once('.'), provider.split_once('.'))
    else {
        return false;
    };
    let in_name = end == right_end
        && name.as_bytes().first() == right_name.as_bytes().first()
        && strsim::osa_distance(name, right_name) == 1;
    let is_country = |end: &str| end.rsplit('.').next().is_some_and(|end| end.len() == 2);
    let in_end = name == right_name
        && is_country(end) == is_country(right_end)
        && end != right_end
        && strsim::osa_distance(end, right_end) == 1;
    in_name || (in_end && !is_country(end))
}

/// What serde does not see: a value must be one of its field's, and an end comes after its beginning.
fn check(source: &Source, at: usize, rule: &Allow) -> Result<(), ConfigError> {
    let at = at.to_string();
    let Some(known) = machine_values(rule.field) else {
        let message = format!("`{}` has no closed set of values to allow", rule.field);
        return Err(source.error(&["allow", &at, "field"], message));
    };
    if !known.contains(&rule.value.as_str()) {
        let message = format!("`{}` is none of {}", rule.value, known.join(", "));
        let error = source.error(&["allow", &at, "value"], message);
        return Err(match nearest(&rule.value, known) {
            Some(word) => error.with_fix(format!("did you mean `{word}`?")),
            None => error,
        });
    }
    if rule.to.is_some_and(|to| to < rule.from) {
        return Err(source.error(&["allow", &at, "to"], "`to` is before `from`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Rules {
        Rules::read(&Source::new("rules.toml", super::super::BUILT_IN[1].1)).unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn the_start_of_the_fiscal_year_decides_on_the_regime() {
        let rules = built_in();
        let regimes = |customer_type, start| {
            rules.allowed(Field::Regime, customer_type, date(start), date("2026-11-22"))
        };
        assert_eq!(regimes(CustomerType::Enterprise, "2026-01-01"), ["TT99", "TT133", "TT132"]);
        assert_eq!(regimes(CustomerType::Enterprise, "2025-10-01"), ["TT200", "TT133", "TT132"]);
        assert_eq!(regimes(CustomerType::Household, "2026-01-01"), ["TT152"]);
        let tt88 = |start| {
            rules.allows(
                Field::Regime,
                "TT88",
                CustomerType::Household,
                date(start),
                date("2026-11-22"),
            )
        };
        assert!(tt88("2025-12-31") && !tt88("2026-01-01"));
    }

    #[test]
    fn a_field_without_rules_is_free() {
        let day = date("2026-11-22");
        let rules = built_in();
        assert!(rules.allows(Field::Recipient, "firm", CustomerType::Household, day, day));
        assert_eq!(
            rules.allowed(Field::Recipient, CustomerType::Household, day, day),
            ["client", "firm", "other"]
        );
        assert!(!rules.allows(Field::VatMethod, "deduction", CustomerType::Household, day, day));
    }

    #[test]
    fn made_up_and_misspelt_addresses_are_known() {
        let rules = built_in();
        assert!(rules.is_placeholder(&email("KhongCo@gmail.com")));
        assert!(!rules.is_placeholder(&email("lan@gmail.com")));
        assert_eq!(rules.domain_suggestion(&email("lan@gmial.com")), Some("gmail.com"));
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
            assert_eq!(rules.domain_suggestion(&address), None, "{domain}");
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
            assert_eq!(rules.domain_suggestion(&address), Some(right), "{domain}");
        }
        assert!(rules.knows_province("001") && !rules.knows_province("003"));
    }

    #[test]
    fn a_value_that_its_field_does_not_have_is_told_where_it_stands() {
        let rule = "[[allow]]\nfield = 'regime'\nvalue = 'TT98'\ncustomer_type = 'enterprise'\n\
                    basis = 'order_date'\nfrom = 2026-01-01\n";
        let error = Rules::read(&Source::new("rules.toml", rule)).unwrap_err();
        assert!(error.to_string().starts_with("rules.toml:3:1: `TT98` is none of"), "{error}");
        assert_eq!(error.fix.as_deref(), Some("did you mean `TT99`?"));
        let rule = rule.replace("TT98", "TT99") + "to = 2025-12-31";
        let error = Rules::read(&Source::new("rules.toml", rule)).unwrap_err();
        assert_eq!(error.to_string(), "rules.toml:7:1: `to` is before `from`");
    }
}
