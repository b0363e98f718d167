//! What is bought for which fiscal year, and how books are kept in it.
//! Prices, dates on sale and which method is allowed from when are data of the catalogue.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::values::Reader;
use crate::{
    catalogue::packages::Package,
    domain::{
        client::{CustomerType, Regime, VatMethod},
        date,
        field::Field,
        finding::{Code, Finding},
        fiscal_year::{self, FiscalYear},
    },
    flow::map::{Value, ValueKind},
};

/// What may stand there hangs on the type of the client.
const OF_TYPE: [Field; 3] = [Field::VatMethod, Field::Regime, Field::FiscalYearStart];

/// A fiscal year and its methods, as far as they are right.
#[derive(Clone, Debug)]
pub struct Term {
    pub year: Option<FiscalYear>,
    pub starts: Option<Starts>,
    pub vat_method: Option<VatMethod>,
    pub regime: Option<Regime>,
}

/// First days.
#[derive(Clone, Copy, Debug)]
pub struct Starts {
    pub fiscal_year: NaiveDate,
    pub books: NaiveDate,
}

/// What is bought for whom: the package, and the customer type that the row or the package says.
pub fn package<'a>(reader: &mut Reader<'a>) -> Option<&'a Package> {
    let said: Option<CustomerType> = reader.word(Field::CustomerType);
    reader.customer_type = said;
    let Some(text) = reader.said(Field::Package) else {
        let by_type = |known| reader.context.fallback(Field::Package, Some(known)).is_some();
        let hangs_on_type = said.is_none() && CustomerType::ALL.iter().copied().any(by_type);
        if hangs_on_type {
            reader.require(Field::CustomerType);
        } else if reader.fields.get(Field::Package).is_none() {
            let codes = codes(reader, |known| said.is_none_or(|said| known.customer_type == said));
            reader.find_instead(Code::Missing, Field::Package, &codes);
        }
        return None;
    };
    let packages = &reader.context.catalogue.packages;
    let Some(package) = packages.find(&text) else {
        let codes = codes(reader, |known| said.is_none_or(|said| known.customer_type == said));
        reader.find_instead(Code::Unknown, Field::Package, &codes);
        return None;
    };
    if said.is_some_and(|said| said != package.customer_type) {
        let codes = codes(reader, |known| Some(known.customer_type) == said);
        reader.find_instead(Code::PackageWrongType, Field::Package, &codes);
        return None;
    }
    reader.customer_type = Some(package.customer_type);
    reader.typed_by = said.is_none().then_some(package);
    if !package.is_sold(reader.context.today) {
        let codes = codes(reader, |known| known.customer_type == package.customer_type);
        reader.find_instead(Code::PackageNotOnSale, Field::Package, &codes);
    }
    Some(package)
}

/// The packages on sale that fit.
fn codes<'a>(reader: &Reader<'a>, fits: impl Fn(&Package) -> bool) -> Vec<&'a str> {
    let (packages, today) = (reader.context.catalogue.packages.all(), reader.context.today);
    let sold = packages.iter().filter(|package| package.is_sold(today) && fits(package));
    sold.map(|package| package.code.as_str()).collect()
}

pub fn read(reader: &mut Reader<'_>, package: Option<&Package>) -> Term {
    let year = fiscal_year(reader, package);
    let starts = starts(reader, year);
    let start = starts.map(|starts| starts.fiscal_year);
    reader.term = start.and_then(|start| Some((start.year(), reader.rules(start)?)));
    let vat_method = reader.required_word(Field::VatMethod);
    let regime = reader.required_word(Field::Regime);
    if let Some((_, rules)) = reader.term {
        reader.check_allowed(Field::VatMethod, rules);
        reader.check_allowed(Field::Regime, rules);
    }
    Term { year, starts, vat_method, regime }
}

fn fiscal_year(reader: &mut Reader<'_>, package: Option<&Package>) -> Option<FiscalYear> {
    let today = reader.context.today;
    if reader.fields.get(Field::FiscalYear).is_none() && !reader.has(Field::FiscalYear) {
        let years = package.map(|package| years(package, today)).unwrap_or_default();
        let years: Vec<&str> = years.iter().map(String::as_str).collect();
        reader.find_instead(Code::Missing, Field::FiscalYear, &years);
    }
    let year = year(reader)?;
    if let Some(package) = package.filter(|package| !package.allows_year(year, today)) {
        let years = years(package, today);
        let years: Vec<&str> = years.iter().map(String::as_str).collect();
        reader.find_instead(Code::FiscalYearOutOfRange, Field::FiscalYear, &years);
    }
    Some(year)
}

/// The fiscal years that a package is sold for.
fn years(package: &Package, today: NaiveDate) -> Vec<String> {
    let all = (2000..2100).filter_map(|year| FiscalYear::try_from(year).ok());
    all.filter(|year| package.allows_year(*year, today)).map(|year| year.to_string()).collect()
}

/// Where the package alone says of which type the client is, it may be the package that is wrong: what does not fit the
/// type says so, and which packages there are for the other one.
pub fn doubt_package(reader: &mut Reader<'_>) {
    let Some(package) = reader.typed_by else { return };
    let others = codes(reader, |known| known.customer_type != package.customer_type).join(", ");
    if others.is_empty() {
        return;
    }
    let hangs_on_type = |finding: &&mut Finding| match finding.code {
        Code::TaxIdWrongKind => true,
        Code::NotAllowed => finding.place.field.is_some_and(|field| OF_TYPE.contains(&field)),
        _ => false,
    };
    for finding in reader.findings.iter_mut().filter(hangs_on_type) {
        let details = [
            ("by_package", package.code.as_str()),
            (package.customer_type.as_str(), "1"),
            ("instead", &others),
        ];
        finding.detail.extend(details.map(|(key, text)| (key.to_owned(), text.to_owned())));
    }
}

/// A year, or the 1 January with which it starts; of another day nobody knows which year is meant.
fn year(reader: &mut Reader<'_>) -> Option<FiscalYear> {
    let own = reader.own(Field::FiscalYear);
    let day = match own {
        Some(Value { kind: ValueKind::Date(date), .. }) => Some(*date),
        Some(value) => date::read(&value.text, value.order),
        None => None,
    };
    let from_1904 = reader.fields.from_1904;
    let of_day = |date: NaiveDate| {
        // `2026` in a column of dates is the 2026th day.
        let typed = i32::try_from(date::serial(date, from_1904)).ok();
        let started = (date.ordinal() == 1).then(|| date.year());
        let year = typed.filter(|year| (2000..2100).contains(year)).or(started);
        year.and_then(|year| FiscalYear::try_from(year).ok())
    };
    let read = |text: &str| match day {
        Some(date) => of_day(date),
        None => FiscalYear::from_str(text).ok(),
    };
    let meant = |text: &str| fiscal_year::only_year(text).map(|year| year.to_string());
    let year = reader.parsed_or(Field::FiscalYear, read, meant)?;
    let is_range =
        own.is_some_and(|value| value.text.contains(&year.year().wrapping_add(1).to_string()));
    if day.is_some() || is_range {
        reader.normalised(Field::FiscalYear, year.to_string());
    }
    Some(year)
}

/// As said; else on the day of the year that the firm's record has, else on 1 January.
fn starts(reader: &mut Reader<'_>, year: Option<FiscalYear>) -> Option<Starts> {
    let is_given = reader.has(Field::FiscalYearStart);
    let given = reader.date(Field::FiscalYearStart);
    let books = reader.date(Field::BooksStart);
    let year = year?;
    if is_given && given.is_none() {
        return None;
    }
    let as_recorded =
        reader.record.and_then(|record| record.fiscal_year_start.with_year(year.year()));
    let start = given.or(as_recorded).unwrap_or_else(|| year.usual_start());
    check_start(reader, year, start);
    check_books(reader, start, books);
    Some(Starts { fiscal_year: start, books: books.unwrap_or(start) })
}

/// On which day of a year it may start is said by the rules (Accounting Law 2015 Art. 12).
fn check_start(reader: &mut Reader<'_>, year: FiscalYear, start: NaiveDate) {
    let rules = reader.rules(start);
    if let Some(rules) = rules.filter(|rules| !rules.allows_start(start)) {
        let shown = |day: &str| day.split('-').rev().collect::<Vec<_>>().join("/");
        let allowed: Vec<String> =
            rules.allowed(Field::FiscalYearStart).into_iter().map(shown).collect();
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        reader.find_instead(Code::NotAllowed, Field::FiscalYearStart, &allowed);
    } else if FiscalYear::try_from(start.year()) != Ok(year) {
        let texts = reader.context.texts;
        let field = texts.label("field.fiscal_year_start").to_lowercase();
        let other = format!("{field} {}", start.format("%d/%m/%Y"));
        let finding = reader.find(Code::FiscalYearDiffers, Field::FiscalYear);
        finding.suggestion = Some(start.year().to_string());
        finding.detail.insert("other".to_owned(), other);
    }
}

/// Books are begun within the year that is bought.
fn check_books(reader: &mut Reader<'_>, start: NaiveDate, books: Option<NaiveDate>) {
    let end = fiscal_year::last_day(start);
    if books.is_some_and(|books| books < start || books > end) {
        let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
        let allowed = format!("{} – {}", shown(start), shown(end));
        reader.find_instead(Code::NotAllowed, Field::BooksStart, &[&allowed]);
    }
}
