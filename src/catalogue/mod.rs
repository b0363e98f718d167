//! `jobs/catalogue/*.toml` → checked tables: what is sold, who may have what, how columns are called,
//! which banks and holidays there are. What follows for a row is said by the checks of `flow`.

pub mod banks;

pub mod columns;

pub mod holidays;

pub mod packages;

pub mod problems;

pub mod rules;

pub mod shipped;

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
        client::{CustomerType, InventoryMethod},
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
    /// Reads the five files of the folder; fails with the first thing that makes them unusable.
    pub fn load(dir: &Path) -> Result<Catalogue, ConfigError> {
        Catalogue::read(|name| Source::read(&dir.join(name)))
    }

    /// The tables as they are shipped.
    pub fn built_in() -> Result<Catalogue, ConfigError> {
        let text = |name| BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        Catalogue::read(|name| Ok(Source::new(name, text(name).unwrap_or_default())))
    }

    fn read(
        source: impl Fn(&'static str) -> Result<Source, ConfigError>,
    ) -> Result<Catalogue, ConfigError> {
        let sources = Sources::read(source)?;
        let mut wrong = Vec::new();
        let catalogue = sources.tables(&mut wrong);
        match (wrong.into_iter().next(), catalogue) {
            (None, Some(catalogue)) => Ok(catalogue),
            (Some(first), _) => Err(first),
            (None, None) => Err(ConfigError::new("jobs/catalogue", "the tables cannot be read")),
        }
    }

    /// The versions of the tables that say what a template offers.
    pub fn offers(&self) -> String {
        let versions = [self.packages.version(), self.rules.version(), self.columns.version()];
        versions.join(" ")
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

/// The five files as they are written.
struct Sources {
    packages: Source,
    rules: Source,
    columns: Source,
    banks: Source,
    holidays: Source,
}

impl Sources {
    fn read(
        source: impl Fn(&'static str) -> Result<Source, ConfigError>,
    ) -> Result<Sources, ConfigError> {
        Ok(Sources {
            packages: source("packages.toml")?,
            rules: source("rules.toml")?,
            columns: source("columns.toml")?,
            banks: source("banks.toml")?,
            holidays: source("holidays.toml")?,
        })
    }

    /// `None` where one of them cannot be read. All that is wrong goes to `wrong`.
    fn tables(&self, wrong: &mut Vec<ConfigError>) -> Option<Catalogue> {
        let packages = Packages::read(&self.packages, wrong);
        let columns = Columns::read(&self.columns, wrong);
        let rules = match &columns {
            Some(columns) => Rules::read(&self.rules, columns, wrong),
            None => Rules::look(&self.rules, wrong),
        };
        let (banks, holidays) =
            (Banks::read(&self.banks, wrong), Holidays::read(&self.holidays, wrong));
        Some(Catalogue {
            packages: packages?,
            rules: rules?,
            columns: columns?,
            banks: banks?,
            holidays: holidays?,
        })
    }
}

/// The values of a field that has a closed set of them in the program, as stored. Those of others are listed in tables.
fn closed_words(field: Field) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($set:ident) => {
            Some($set::ALL.iter().map(|word| word.as_str()).collect())
        };
    }
    match field {
        Field::CustomerType => all!(CustomerType),
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
        let version = catalogue.version();
        assert_eq!(version, Catalogue::built_in().unwrap().version());
        let names: Vec<&str> =
            version.split(", ").filter_map(|said| said.split('+').next()).collect();
        let tables = ["packages", "rules", "columns", "banks", "holidays"];
        assert_eq!(names, tables.map(|name| format!("{name} 2026-11")));
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
