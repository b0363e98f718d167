//! `packages.toml`: what is sold, to whom, at which price, for which fiscal years.
//! What an order of it costs and whether the free year is used up is said elsewhere.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::{day, day_or_none};
use crate::{
    config::{ConfigError, file::Source, value::filled},
    domain::{client::CustomerType, fiscal_year::FiscalYear, fold::fold, money::Money},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackagesWritten {
    #[serde(default)]
    version: String,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    #[serde(deserialize_with = "filled")]
    pub code: String,
    /// A client has one package of a family for a fiscal year.
    #[serde(deserialize_with = "filled")]
    pub family: String,
    #[serde(deserialize_with = "filled")]
    pub name: String,
    pub customer_type: CustomerType,
    /// The earliest first.
    pub prices: Vec<Price>,
    pub on_sale: OnSale,
    pub fiscal_years: FiscalYears,
    pub free_first_year: bool,
    pub databases_per_fiscal_year: u32,
    pub client_accounts: u32,
}

/// What one fiscal year costs, from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    #[serde(deserialize_with = "day")]
    pub from: NaiveDate,
    pub amount: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnSale {
    #[serde(deserialize_with = "day")]
    pub from: NaiveDate,
    /// The last day.
    #[serde(default, deserialize_with = "day_or_none")]
    pub to: Option<NaiveDate>,
}

/// How many fiscal years before and after that of the order's date may be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiscalYears {
    pub back: u16,
    pub ahead: u16,
}

impl Package {
    pub fn price_on(&self, date: NaiveDate) -> Option<Money> {
        self.prices.iter().rev().find(|price| price.from <= date).map(|price| price.amount)
    }

    pub fn is_on_sale(&self, date: NaiveDate) -> bool {
        self.on_sale.from <= date && self.on_sale.to.is_none_or(|to| date <= to)
    }

    /// Can be bought on a day: on sale, at a price.
    pub fn is_sold(&self, date: NaiveDate) -> bool {
        self.is_on_sale(date) && self.price_on(date).is_some()
    }

    pub fn allows_year(&self, year: FiscalYear, order_date: NaiveDate) -> bool {
        let FiscalYears { back, ahead } = self.fiscal_years;
        let current = order_date.year();
        (current - i32::from(back)..=current + i32::from(ahead)).contains(&year.year())
    }
}

/// The packages by code and by name.
#[derive(Clone, Debug)]
pub struct Packages {
    version: String,
    all: Vec<Package>,
    /// Folded codes and names.
    by_key: HashMap<String, usize>,
}

impl Packages {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Packages> {
        let PackagesWritten { version, mut package } = source.parse_all(wrong)?;
        let mut by_key = HashMap::new();
        for (at, package) in package.iter_mut().enumerate() {
            check(source, at, package, wrong);
            package.prices.sort_by_key(|price| price.from);
            for (key, text) in [("code", &package.code), ("name", &package.name)] {
                if by_key.insert(fold(text), at).is_some_and(|other| other != at) {
                    let message = format!("`{text}` is another package's code or name already");
                    let error = source.error(&["package", &at.to_string(), key], message);
                    wrong.push(error.with_fix(format!("give it a {key} of its own")));
                }
            }
        }
        Some(Packages { version: source.version(&version), all: package, by_key })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn all(&self) -> &[Package] {
        &self.all
    }

    /// By its code as stored.
    pub fn get(&self, code: &str) -> Option<&Package> {
        self.all.iter().find(|package| package.code == code)
    }

    /// By its code or name as people write them.
    pub fn find(&self, text: &str) -> Option<&Package> {
        self.by_key.get(&fold(text)).map(|at| &self.all[*at])
    }
}

/// What serde does not see: two keys that contradict each other.
fn check(source: &Source, at: usize, package: &Package, wrong: &mut Vec<ConfigError>) {
    let at = at.to_string();
    for (index, price) in package.prices.iter().enumerate() {
        let number = index.to_string();
        if price.amount <= Money::ZERO {
            let path = ["package", &at, "prices", &number, "amount"];
            let error = source.error(&path, "a price is above 0; free years are no price");
            wrong.push(error.with_fix("write the price of one fiscal year in whole đồng"));
        }
        if package.prices[..index].iter().any(|other| other.from == price.from) {
            let path = ["package", &at, "prices", &number, "from"];
            let error = source.error(&path, format!("two prices begin on {}", price.from));
            wrong.push(error.with_fix("take one of them out"));
        }
    }
    if package.on_sale.to.is_some_and(|to| to < package.on_sale.from) {
        let error = source.error(&["package", &at, "on_sale", "to"], "`to` is before `from`");
        wrong.push(error.with_fix("write a day after `from`, or leave `to` out"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[package]]
code = 'ASP-DN'
family = 'ASP'
name = 'ASP Kế toán – Doanh nghiệp'
customer_type = 'enterprise'
prices = [{ from = 2026-07-01, amount = 3_000_000 }, { from = 2026-01-01, amount = 2_950_000 }]
on_sale = { from = 2026-01-01, to = 2026-12-31 }
fiscal_years = { back = 1, ahead = 1 }
free_first_year = true
databases_per_fiscal_year = 2
client_accounts = 2
";

    fn read(text: &str) -> Result<Packages, ConfigError> {
        let mut wrong = Vec::new();
        let packages = Packages::read(&Source::new("packages.toml", text), &mut wrong);
        wrong.into_iter().next().map_or_else(|| Ok(packages.unwrap()), Err)
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_package_is_found_by_code_or_name_as_people_write_them() {
        let packages = read(ONE).unwrap();
        for text in ["ASP-DN", "asp-dn", " asp ke toan doanh nghiep "] {
            assert_eq!(packages.find(text).unwrap().code, "ASP-DN", "{text}");
        }
        assert!(packages.get("asp-dn").is_none() && packages.get("ASP-DN").is_some());
        assert!(packages.find("ASP").is_none());
    }

    #[test]
    fn price_and_sale_depend_on_the_day() {
        let packages = read(ONE).unwrap();
        let package = packages.get("ASP-DN").unwrap();
        let price = |day| package.price_on(date(day)).map(Money::as_dong);
        assert_eq!(price("2025-12-31"), None);
        assert_eq!(price("2026-06-30"), Some(2_950_000));
        assert_eq!(price("2026-07-01"), Some(3_000_000));
        assert!(package.is_on_sale(date("2026-12-31")) && !package.is_on_sale(date("2027-01-01")));
        let year = |year: i32| FiscalYear::try_from(year).unwrap();
        let may = |fiscal_year| package.allows_year(year(fiscal_year), date("2026-11-22"));
        assert_eq!([2024, 2025, 2026, 2027, 2028].map(may), [false, true, true, true, false]);
    }

    #[test]
    fn contradictions_are_told_where_they_stand() {
        let check = |text: String, expected: &str| {
            assert_eq!(read(&text).unwrap_err().to_string(), expected);
        };
        check(
            ONE.to_owned() + &ONE.replace("'ASP-DN'", "'asp dn'"),
            "packages.toml:13:1: `asp dn` is another package's code or name already",
        );
        check(
            ONE.replace("2026-07-01", "2026-01-01"),
            "packages.toml:6:56: two prices begin on 2026-01-01",
        );
        check(ONE.replace("2026-12-31", "2025-12-31"), "packages.toml:7:32: `to` is before `from`");
        check(
            ONE.replace("'enterprise'", "'enterprize'"),
            "packages.toml:5:17: `enterprize` is none of enterprise, household",
        );
        check(
            ONE.replace("2026-07-01", "2026-07-01T00:00:00"),
            "packages.toml:6:20: `2026-07-01T00:00:00` is no day; one looks like 2026-01-01",
        );
    }
}
