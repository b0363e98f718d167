//! What is inconsistent in the tables, all at once: what makes them unusable, and what a day will bring out.
//! Whether anything follows from it is the caller's business.

mod rules;

use std::path::Path;

use chrono::{Datelike, NaiveDate};

use self::rules::of_rules;
use super::{Catalogue, Columns, Holidays, Packages, Rules, Sources, packages::Package};
use crate::{
    config::{ConfigError, file::Source},
    domain::{client::CustomerType, field::Field},
};

/// Farther from the present no holiday is meant.
const PLAUSIBLE_YEARS: i32 = 20;

/// What a look at the tables brought.
#[derive(Clone, Debug)]
pub struct Examined {
    /// In the order of the files, and of the lines in each.
    pub problems: Vec<ConfigError>,
    /// Whether the tables could be read at all.
    pub is_readable: bool,
}

/// Looks at the tables of a folder as they are on a day.
pub fn examine(dir: &Path, today: NaiveDate) -> Examined {
    let mut wrong = Vec::new();
    let read = |name: &'static str| Source::read(&dir.join(name));
    let missing: Vec<ConfigError> =
        super::BUILT_IN.iter().filter_map(|(name, _)| read(name).err()).collect();
    let Ok(sources) = Sources::read(read) else {
        return Examined { problems: missing, is_readable: false };
    };
    let Some(catalogue) = sources.tables(&mut wrong) else {
        return Examined { problems: wrong, is_readable: false };
    };
    let Catalogue { packages, rules, columns, holidays, banks } = &catalogue;
    for (source, version) in [
        (&sources.packages, packages.version()),
        (&sources.rules, rules.version()),
        (&sources.columns, columns.version()),
        (&sources.banks, banks.version()),
        (&sources.holidays, holidays.version()),
    ] {
        of_version(source, version, today, &mut wrong);
    }
    of_packages(&sources.packages, packages, today, &mut wrong);
    of_rules(&sources.rules, rules, &mut wrong);
    of_columns(&sources.columns, columns, rules, &mut wrong);
    of_holidays(&sources.holidays, holidays, today, &mut wrong);
    let order = |error: &ConfigError| {
        let (file, line) = error.file_and_line();
        let is_it = |(name, _): &&(&str, &str)| file.ends_with(name);
        (super::BUILT_IN.iter().position(|table| is_it(&table)), line)
    };
    wrong.sort_by_key(order);
    Examined { problems: wrong, is_readable: true }
}

/// Without a version nobody can say by which state of a table an order was checked.
fn of_version(source: &Source, version: &str, today: NaiveDate, wrong: &mut Vec<ConfigError>) {
    if !version.contains('+') {
        let error = source.error(&[], "the table has no version");
        let month = today.format("%Y-%m");
        wrong.push(error.with_fix(format!("begin it with version = \"{month}\"")));
    }
}

fn of_packages(
    source: &Source,
    packages: &Packages,
    today: NaiveDate,
    wrong: &mut Vec<ConfigError>,
) {
    for (at, package) in packages.all().iter().enumerate() {
        prices(source, &at.to_string(), package, wrong);
    }
    for customer_type in CustomerType::ALL {
        let sold =
            |package: &&Package| package.customer_type == *customer_type && package.is_sold(today);
        if !packages.all().iter().any(|package| sold(&package)) {
            let message = format!("no package for {customer_type} can be bought on {today}");
            let error = source.error(&["package"], message);
            wrong.push(error.with_fix("give one a price and a time on sale that hold today"));
        }
    }
}

/// A package is on sale only where it has a price.
fn prices(source: &Source, at: &str, package: &Package, wrong: &mut Vec<ConfigError>) {
    let code = &package.code;
    let Some(first) = package.prices.iter().map(|price| price.from).min() else {
        let error = source.error(&["package", at, "prices"], format!("{code} has no price"));
        wrong.push(error.with_fix("add one: prices = [{ from = 2026-01-01, amount = 1_000_000 }]"));
        return;
    };
    if first > package.on_sale.from {
        let message = format!(
            "{code} is on sale from {} and has no price before {first}",
            package.on_sale.from
        );
        let error = source.error(&["package", at, "prices"], message);
        wrong.push(error.with_fix("let the first price begin with the sale"));
    }
    let is_late = |price: NaiveDate| package.on_sale.to.is_some_and(|to| to < price);
    for late in package.prices.iter().map(|price| price.from).filter(|from| is_late(*from)) {
        let message = format!("the price of {code} from {late} begins after its sale has ended");
        let error = source.error(&["package", at, "on_sale", "to"], message);
        wrong.push(error.with_fix("take the price out, or sell the package longer"));
    }
}

/// A value that nobody may have was forgotten in the rules, or is misspelt.
fn of_columns(source: &Source, columns: &Columns, rules: &Rules, wrong: &mut Vec<ConfigError>) {
    for field in [Field::Regime, Field::VatMethod] {
        let has_rules = rules.all().iter().any(|rule| rule.field == field);
        for word in columns.values(field) {
            let is_allowed =
                rules.all().iter().any(|rule| rule.field == field && rule.value == word);
            if has_rules && !is_allowed {
                let message = format!("`{word}` of {field} is allowed to nobody");
                let error = source.error(&["values", field.as_str(), word], message);
                wrong.push(error.with_fix("add an [[allow]] for it to rules.toml, or take it out"));
            }
        }
    }
    for (field, header) in columns.strangers_among_nearest() {
        let message = format!("`{header}` is preferred for {field} and is no header of it");
        let error = source.error(&["nearest", field.as_str()], message);
        wrong.push(error.with_fix(format!("add it to {field} under [headers], or take it out")));
    }
    for field in Field::ALL {
        if !columns.is_named(*field) {
            let error = source.error(&["headers"], format!("no header is known for {field}"));
            let fix = format!("add {field} = [\"…\", \"…\"], the Vietnamese name first");
            wrong.push(error.with_fix(fix));
        }
    }
}

/// Cut-offs of the coming months must know their holidays.
fn of_holidays(
    source: &Source,
    holidays: &Holidays,
    today: NaiveDate,
    wrong: &mut Vec<ConfigError>,
) {
    for (at, date) in holidays.dates().iter().enumerate() {
        if (date.year() - today.year()).abs() > PLAUSIBLE_YEARS {
            let at = at.to_string();
            let error = source.error(&["days", &at, "date"], format!("{date} is far from today"));
            wrong.push(error.with_fix("check the year of this holiday"));
        }
    }
    for year in [today.year(), today.year() + 1] {
        if !holidays.knows(year) {
            let error = source.error(&["days"], format!("no holiday of {year} is listed"));
            wrong.push(error.with_fix(format!("add the official days of {year}, Tết first")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shipped tables, with one of them changed.
    fn problems(name: &str, change: impl Fn(&str) -> String) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in super::super::BUILT_IN {
            let text = if *file == name { change(text) } else { (*text).to_owned() };
            fs_err::write(dir.path().join(file), text).unwrap();
        }
        let today = "2026-11-22".parse().unwrap();
        let examined = examine(dir.path(), today);
        examined.problems.iter().map(|error| error.message.clone()).collect()
    }

    #[test]
    fn the_shipped_tables_are_consistent() {
        assert_eq!(problems("", str::to_owned), Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_ends_too_early_begins_too_late_or_overlaps_is_told() {
        let tt152 = |from: &str| {
            let from = from.to_owned();
            move |text: &str| {
                let rule = "value = \"TT152\"\ncustomer_type = \"household\"\nbasis = \"fiscal_year_start\"\nfrom = ";
                assert!(text.contains(rule));
                text.replace(&format!("{rule}2026-01-01"), &format!("{rule}{from}"))
            }
        };
        assert_eq!(
            problems("rules.toml", tt152("2026-02-01")),
            ["no value of regime is allowed for household from 2026-01-01 to 2026-01-31"]
        );
        assert_eq!(
            problems("rules.toml", tt152("2026-01-01\nto = 2026-12-31")),
            ["no value of regime is allowed for household after 2026-12-31"]
        );
        let more = |text: &str, from: &str| {
            format!(
                "{}\n[[allow]]\nfield = 'regime'\nvalue = 'TT200'\ncustomer_type = 'enterprise'\n\
                 basis = 'fiscal_year_start'\nfrom = {from}\nsource = 'x'\n",
                text.split("[email]").next().unwrap()
            )
        };
        assert_eq!(
            problems("rules.toml", |text| more(text, "2026-03-01")),
            [
                "`TT200` of regime for enterprise is allowed neither by the rule before nor by this one \
              from 2026-01-01 to 2026-02-28"
            ]
        );
        assert_eq!(
            problems("rules.toml", |text| more(text, "2025-07-01")),
            [
                "`TT200` of regime for enterprise is allowed twice from 2025-07-01 on: another rule holds until 2025-12-31"
            ]
        );
        assert_eq!(problems("rules.toml", |text| more(text, "2026-01-01")), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let said = problems("packages.toml", |text| {
            text.replace("code = \"ASP-DN-PRO\"", "code = \"ASP-DN\"")
                .replace("prices = [{ from = 2026-01-01, amount = 1_450_000 }]", "prices = []")
        });
        assert_eq!(
            said,
            [
                "no package for household can be bought on 2026-11-22",
                "`ASP-DN` is another package's code or name already",
                "ASP-HKD has no price",
            ]
        );
        let said = problems("packages.toml", |text| {
            text.replace("on_sale = { from = 2026-01-01 }", "on_sale = { from = 2025-06-01 }")
        });
        assert_eq!(said[0], "ASP-DN is on sale from 2025-06-01 and has no price before 2026-01-01");
        assert_eq!(said.len(), 3);
        let said = problems("rules.toml", |text| {
            text.replace("source = \"TT99/2025\"\n", "")
                .replace("    \"name\", \"tax_id\",", "    \"tax_id\",")
        });
        assert_eq!(said.len(), 3, "{said:?}");
        let said =
            problems("holidays.toml", |text| text.replacen("version = \"2026-11\"\n", "", 1));
        assert_eq!(said, ["the table has no version"]);
        let said =
            problems("holidays.toml", |text| text.replacen("date = 2026-", "date = 1926-", 1));
        assert!(said.len() == 1 && said[0].ends_with(" is far from today"), "{said:?}");
        let said = problems("columns.toml", |text| {
            text.replace("[nearest]\n", "[nearest]\nname = [\"Tên gì đó\"]\n")
        });
        assert_eq!(said, ["`ten gi do` is preferred for name and is no header of it"]);
        let said = problems("holidays.toml", |text| text.replace("2027-", "2030-"));
        assert_eq!(said, ["no holiday of 2027 is listed"]);
    }

    #[test]
    fn a_word_that_no_rule_knows_is_told_with_its_neighbour() {
        let said = problems("columns.toml", |text| text.replace("\nTT99 = [", "\nTT98 = ["));
        assert!(
            said.iter().any(|said| said == "`TT98` of regime is allowed to nobody"),
            "{said:?}"
        );
        assert!(said.iter().any(|said| said.starts_with("`TT99` is none of")), "{said:?}");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_every_error_of_every_file() {
        let said =
            problems("packages.toml", |text| text.replace("family = ", "famly = ") + "\n[other]\n");
        assert_eq!(said.len(), 4, "{said:?}");
    }
}
