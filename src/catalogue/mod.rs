//! `jobs/catalogue/*.toml` → checked tables: what is sold, who may have what, how columns are called,
//! which banks and holidays there are. What follows for a row is said by the checks of `flow`.

pub mod banks;

pub mod columns;

pub mod holidays;

pub mod packages;

pub mod rules;

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de::Error};
use toml::value::Datetime;

pub use self::{
    banks::Banks, columns::Columns, holidays::Holidays, packages::Packages, rules::Rules,
};
use crate::{
    config::{ConfigError, file::Source},
    domain::{
        client::{CustomerType, InventoryMethod, Regime, VatMethod},
        field::Field,
        order::{Kind, Recipient},
    },
};

/// The tables that `init` writes into `jobs/catalogue/`: file name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("packages.toml", include_str!("../../jobs/catalogue/packages.toml")),
    ("rules.toml", include_str!("../../jobs/catalogue/rules.toml")),
    ("columns.toml", include_str!("../../jobs/catalogue/columns.toml")),
    ("banks.toml", include_str!("../../jobs/catalogue/banks.toml")),
    ("holidays.toml", include_str!("../../jobs/catalogue/holidays.toml")),
];

/// The five tables of a workspace.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub packages: Packages,
    pub rules: Rules,
    pub columns: Columns,
    pub banks: Banks,
    pub holidays: Holidays,
}

impl Catalogue {
    /// Reads the five files of the folder.
    pub fn load(dir: &Path) -> Result<Catalogue, ConfigError> {
        let read = |name| Source::read(&dir.join(name));
        Ok(Catalogue {
            packages: Packages::read(&read("packages.toml")?)?,
            rules: Rules::read(&read("rules.toml")?)?,
            columns: Columns::read(&read("columns.toml")?)?,
            banks: Banks::read(&read("banks.toml")?)?,
            holidays: Holidays::read(&read("holidays.toml")?)?,
        })
    }

    /// The versions of the tables, for the origin of a workbook: `packages 2026-11, rules 2026-11, …`.
    pub fn version(&self) -> String {
        let versions = [
            ("packages", self.packages.version()),
            ("rules", self.rules.version()),
            ("columns", self.columns.version()),
            ("banks", self.banks.version()),
            ("holidays", self.holidays.version()),
        ];
        let said = versions.iter().filter(|(_, version)| !version.is_empty());
        said.map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", ")
    }
}

/// The values of a field that has a closed set of them, as stored.
pub fn machine_values(field: Field) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($set:ident) => {
            Some($set::ALL.iter().map(|word| word.as_str()).collect())
        };
    }
    match field {
        Field::CustomerType => all!(CustomerType),
        Field::VatMethod => all!(VatMethod),
        Field::Regime => all!(Regime),
        Field::Kind => all!(Kind),
        Field::InventoryMethod => all!(InventoryMethod),
        Field::Recipient | Field::InvoiceTo => all!(Recipient),
        _ => None,
    }
}

/// A day of TOML: `2026-01-01`.
fn day<'de, D: Deserializer<'de>>(source: D) -> Result<NaiveDate, D::Error> {
    let written = Datetime::deserialize(source)?;
    let date = written.date.filter(|_| written.time.is_none());
    date.and_then(|date| {
        NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
    })
    .ok_or_else(|| D::Error::custom(format!("`{written}` is no day; one looks like 2026-01-01")))
}

/// A day that may be left out.
fn day_or_none<'de, D: Deserializer<'de>>(source: D) -> Result<Option<NaiveDate>, D::Error> {
    day(source).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_are_read() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in BUILT_IN {
            fs_err::write(dir.path().join(name), text).unwrap();
        }
        let catalogue = Catalogue::load(dir.path()).unwrap();
        assert_eq!(
            catalogue.version(),
            "packages 2026-11, rules 2026-11, columns 2026-11, banks 2026-11, holidays 2026-11"
        );
        assert_eq!(catalogue.packages.all().len(), 3);
        assert_eq!(catalogue.banks.name("970436"), Some("Vietcombank"));
    }

    #[test]
    fn a_missing_table_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Catalogue::load(dir.path()).unwrap_err();
        assert!(error.place.ends_with("packages.toml"), "{error}");
    }
}
