//! The firms' clients as they have them: who they are, how they keep their books, and what they hold.
//! What of a record belongs to an order, its package say, stands in the table of lines.

use super::{
    Column, Datum, Kind, Table, What,
    tables::{cell, column, text},
};
use crate::{
    db::{
        batches::Filter,
        clients,
        licences::{self, Licence},
    },
    domain::field::Field,
    flow::{Services, held::Held},
};

/// What lasts from one order to the next.
const FIELDS: [Field; 16] = [
    Field::Name,
    Field::CustomerType,
    Field::Representative,
    Field::RepresentativeTitle,
    Field::Email,
    Field::Phone,
    Field::ContactPhone,
    Field::Address,
    Field::VatMethod,
    Field::Regime,
    Field::FiscalYearStart,
    Field::BooksStart,
    Field::Currency,
    Field::InventoryMethod,
    Field::AssignedTo,
    Field::ExternalId,
];

pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![("firm", Kind::Text), ("tax_id", Kind::Text)];
    columns.extend(FIELDS.map(column));
    columns.extend([("tax_ids", Kind::Text), ("licences", Kind::Text)]);
    columns
}

pub(super) async fn table(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let ties = clients::all_ties(&services.db, firm).await?;
    let filter = Filter { firm: firm.map(str::to_owned), ..Filter::default() };
    let licences = licences::list(&services.db, &filter).await?;
    let held = Held::of(&ties, &licences);
    let mut rows = Vec::new();
    for client in clients::list(&services.db, firm).await? {
        let record = serde_json::to_value(&client.record.0)?;
        let said = |it: &&Licence| format!("{} {} {}", it.package, it.fiscal_year, it.state);
        let licences: Vec<String> = held.licences(&client).iter().map(said).collect();
        let mut row = vec![text(&client.firm), text(&client.tax_id)];
        row.extend(FIELDS.map(|field| cell(field, &record)));
        row.extend([joined(held.tax_ids(&client)), joined(&licences)]);
        rows.push(row);
    }
    Ok(Table::new(What::Clients, columns(), rows))
}

/// As one cell; nothing where there is none.
fn joined(texts: &[impl ToString]) -> Datum {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    if texts.is_empty() { Datum::Nothing } else { Datum::Text(texts.join(", ")) }
}
