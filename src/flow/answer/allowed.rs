//! What a row that is to be fixed may say, for its drop-downs; some of it depends on its customer type and its year.
//! Whether what it says is right is decided by the checks, by the same rules.

use chrono::{Datelike, NaiveDate};

use super::view::DataRow;
use crate::{
    catalogue::rules::Dates,
    domain::{
        client::CustomerType,
        date::{self, Order},
        field::Field,
        fiscal_year::FiscalYear,
    },
    flow::{Services, options::ImportOptions},
};

const FIELDS: [Field; 2] = [Field::VatMethod, Field::Regime];

/// What holds where a row says nothing.
#[derive(Debug)]
pub struct Fallback {
    pub order_level: Vec<(Field, String)>,
    pub options: Option<ImportOptions>,
}

/// The values of each field that depends on them, as people read them; none where nobody knows what kind of client
/// it is.
pub fn of(services: &Services, row: &DataRow, fallback: &Fallback) -> Vec<(Field, Vec<String>)> {
    let Some(customer_type) = customer_type(services, row, fallback) else { return Vec::new() };
    let fiscal_year_start = start(services, row, (fallback, customer_type));
    let dates = Dates { fiscal_year_start, order_date: services.today() };
    let rules = services.catalogue.rules.as_of(customer_type, dates);
    let locale = services.settings.locale;
    let shown = |field, word| services.catalogue.columns.display(field, word, locale).to_owned();
    let of_field = |field| {
        let words = rules.allowed(field).into_iter().map(|word| shown(field, word));
        (field, words.collect::<Vec<_>>())
    };
    FIELDS.map(of_field).into_iter().filter(|(_, words)| !words.is_empty()).collect()
}

/// The values of each field that has a closed set of them, whatever the row, as people read them.
pub fn whatever(services: &Services) -> Vec<(Field, Vec<String>)> {
    let columns = &services.catalogue.columns;
    let packages =
        services.catalogue.packages.all().iter().map(|package| package.code.clone()).collect();
    let words = |field: Field| {
        let display = |word| columns.display(field, word, services.settings.locale).to_owned();
        (field, columns.values(field).into_iter().map(display).collect::<Vec<_>>())
    };
    let fields = [
        Field::CustomerType,
        Field::VatMethod,
        Field::Regime,
        Field::Recipient,
        Field::InvoiceTo,
        Field::InventoryMethod,
    ];
    fields.into_iter().map(words).chain([(Field::Package, packages)]).collect()
}

/// As the row says, else as its package is for.
fn customer_type(services: &Services, row: &DataRow, fallback: &Fallback) -> Option<CustomerType> {
    let said = fallback.said(row, Field::CustomerType, None);
    let word = said.and_then(|said| services.catalogue.columns.value(Field::CustomerType, said));
    word.and_then(|word| word.parse().ok()).or_else(|| {
        let package = fallback.said(row, Field::Package, None)?;
        Some(services.catalogue.packages.find(package)?.customer_type)
    })
}

/// The first day of its fiscal year; where it says none, of the year of the order.
fn start(
    services: &Services,
    row: &DataRow,
    (fallback, customer_type): (&Fallback, CustomerType),
) -> NaiveDate {
    let said = |field| fallback.said(row, field, Some(customer_type));
    let day = said(Field::FiscalYearStart).and_then(|text| date::read(text, Order::DayFirst));
    let year = || said(Field::FiscalYear)?.parse::<FiscalYear>().ok();
    day.or_else(|| year().map(FiscalYear::usual_start)).unwrap_or_else(|| {
        let today = services.today();
        today.with_ordinal(1).unwrap_or(today)
    })
}

impl Fallback {
    fn said<'a>(
        &'a self,
        row: &'a DataRow,
        field: Field,
        customer_type: Option<CustomerType>,
    ) -> Option<&'a str> {
        let own = Some(row.field(field)).filter(|text| !text.is_empty());
        let of_order = || {
            let found = self.order_level.iter().find(|(known, _)| *known == field);
            found.map(|(_, text)| text.as_str())
        };
        let of_job = || self.options.as_ref()?.defaults.get(field, customer_type);
        own.or_else(of_order).or_else(of_job)
    }
}
