//! Why a licence is ordered: bought, renewed or free.
//! Whether the free year of a client is used up is a question to history.

use chrono::{Datelike, NaiveDate};

use super::{History, history::is_licence, values::Reader};
use crate::{
    catalogue::packages::Package,
    db::lines::Known,
    domain::{field::Field, finding::Code, fiscal_year::FiscalYear, order::Kind, tax_id::TaxId},
};

/// What the past of a client allows.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Whether it has a licence for the year before; nothing where client, package or year cannot be read.
    pub renews: Option<bool>,
    pub had_free_year: bool,
}

/// As said, where the package and the client's licences allow it; else a renewal where the client has a licence for
/// the year before, else a purchase.
pub fn read(
    reader: &mut Reader<'_>,
    package: Option<&Package>,
    Before { renews, had_free_year }: Before,
) -> Option<Kind> {
    let usual = if renews == Some(true) { Kind::Renewal } else { Kind::Purchase };
    if !reader.has(Field::Kind) {
        return Some(usual);
    }
    let said = reader.word(Field::Kind)?;
    let reason = match said {
        Kind::Free => package.filter(|package| !package.free_first_year).map(|_| "no_free_year"),
        Kind::Renewal => renews.filter(|renews| !renews).map(|_| "no_licence_before"),
        Kind::Purchase => None,
    };
    let Some(reason) = reason else { return Some(said) };
    let reason = reader.context.texts.label(&format!("message.kind.{reason}"));
    let is_free = package.is_some_and(|package| package.free_first_year) && !had_free_year;
    let fits = |kind: &&Kind| match kind {
        Kind::Purchase => true,
        Kind::Free => is_free,
        Kind::Renewal => renews == Some(true),
    };
    let fitting = Kind::ALL.iter().filter(fits);
    let allowed: Vec<&str> =
        fitting.map(|kind| reader.display(Field::Kind, kind.as_str())).collect();
    reader.find_instead(Code::NotAllowed, Field::Kind, &allowed);
    if let Some(finding) = reader.findings.last_mut() {
        finding.detail.insert("reason".to_owned(), reason);
        finding.detail.insert(said.as_str().to_owned(), "1".to_owned());
    }
    None
}

/// The year that a row means which names a client of the firm and no year: the one after the licence that runs, or ran
/// last. The list that ordered it says so again when that year is licensed too, so a list sent twice orders once.
/// Nothing where the row is no renewal.
pub fn year_to_renew(
    reader: &Reader<'_>,
    history: &History,
    tax_ids: &[TaxId],
) -> Option<FiscalYear> {
    let context = reader.context;
    let said = reader.said(Field::Kind);
    let said = said.map(|text| context.catalogue.columns.value(Field::Kind, &text));
    if said.is_some_and(|kind| kind != Some(Kind::Renewal.as_str())) {
        return None;
    }
    let package = context.catalogue.packages.get(&reader.record?.package)?;
    let has_begun = |line: &&Known| {
        line.firm == context.firm.code.as_str()
            && line.family == package.family
            && is_licence(line)
            && line.client.fiscal_year_start <= context.today
    };
    let newest = history.of(tax_ids).filter(has_begun).max_by_key(|line| line.fiscal_year)?;
    let start = newest.client.fiscal_year_start;
    let after = newest.client.fiscal_year.year() + 1;
    FiscalYear::try_from(after.max(running(start, context.today))).ok()
}

/// The fiscal year that runs on a day, where one begins on the day and month of `start`.
fn running(start: NaiveDate, today: NaiveDate) -> i32 {
    let has_begun = (start.month(), start.day()) <= (today.month(), today.day());
    if has_begun { today.year() } else { today.year() - 1 }
}
