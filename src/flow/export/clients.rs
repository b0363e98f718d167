//! The firms' clients as they have them: who they are, how they keep their books, and what they hold.
//! What of a record belongs to an order, its package say, stands in the table of lines.

use std::collections::HashMap;

use super::{
    Kind, Table, What,
    tables::{cell, column, perhaps, text},
};
use crate::{
    db::{
        batches::Filter,
        clients::{self, Tie},
        licences::{self, Licence},
    },
    domain::field::Field,
    flow::Services,
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

pub(super) async fn table(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let mut columns = vec![("firm", Kind::Text), ("tax_id", Kind::Text)];
    columns.extend(FIELDS.map(column));
    columns.extend([("tax_ids", Kind::Text), ("licences", Kind::Text)]);
    let ties = clients::all_ties(&services.db, firm).await?;
    let filter = Filter { firm: firm.map(str::to_owned), ..Filter::default() };
    let licences = licences::list(&services.db, &filter).await?;
    let held = Held::of(&ties, &licences);
    let mut rows = Vec::new();
    for client in clients::list(&services.db, firm).await? {
        let record = serde_json::to_value(&client.record.0)?;
        let (tax_ids, licences) = held.by(&client.firm, &client.tax_id);
        let mut row = vec![text(&client.firm), text(&client.tax_id)];
        row.extend(FIELDS.map(|field| cell(field, &record)));
        row.extend([perhaps(tax_ids), perhaps(licences)]);
        rows.push(row);
    }
    Ok(Table { what: What::Clients, columns, rows })
}

/// All tax ids and licences by the firms and present tax ids of their clients, as the table shows them.
struct Held<'a> {
    tax_ids: HashMap<(&'a str, &'a str), Vec<&'a str>>,
    licences: HashMap<(&'a str, &'a str), Vec<String>>,
}

impl<'a> Held<'a> {
    fn of(ties: &'a [Tie], licences: &'a [Licence]) -> Held<'a> {
        let mut held = Held { tax_ids: HashMap::new(), licences: HashMap::new() };
        let mut present = HashMap::new();
        for tie in ties {
            present.insert((tie.firm.as_str(), tie.tax_id.as_str()), tie.client.as_str());
            held.tax_ids.entry((&tie.firm, &tie.client)).or_default().push(&tie.tax_id);
        }
        for licence in licences {
            let own = (licence.firm.as_str(), licence.tax_id.as_str());
            let client = present.get(&own).copied().unwrap_or(own.1);
            let said = format!("{} {} {}", licence.package, licence.fiscal_year, licence.state);
            held.licences.entry((own.0, client)).or_default().push(said);
        }
        held
    }

    fn by(&self, firm: &str, client: &str) -> (Option<String>, Option<String>) {
        let tax_ids = self.tax_ids.get(&(firm, client)).map(|tax_ids| tax_ids.join(", "));
        let licences = self.licences.get(&(firm, client)).map(|licences| licences.join(", "));
        (tax_ids, licences)
    }
}
