//! What the invoicing program needs: the buyer of each paid request (NĐ123/2020 Art. 10), what was bought and for how
//! much. No invoice is issued here.

use anyhow::Context as _;

use super::{
    Column, Datum, Kind, Table, What,
    tables::{perhaps, text},
};
use crate::{
    db::invoices::{self, Paid},
    domain::{
        client::{ClientRow, CustomerType},
        email::Email,
        firm::Firm,
        order::Recipient,
        tax_id::TaxId,
    },
    flow::Services,
};

/// Software is not subject to VAT (không chịu thuế): there is no rate, not one of 0 %.
const NO_VAT: &str = "KCT";

/// Who an e-invoice is for.
struct Buyer<'a> {
    name: &'a str,
    tax_id: Option<&'a str>,
    address: Option<&'a str>,
    email: Option<&'a Email>,
    /// Who buys for a business, where that is somebody else.
    person: Option<&'a str>,
}

pub(super) fn columns() -> Vec<Column> {
    vec![
        ("payment_code", Kind::Text),
        ("order", Kind::Text),
        ("line", Kind::Whole),
        ("firm", Kind::Text),
        ("buyer_name", Kind::Text),
        ("buyer_tax_id", Kind::Text),
        ("buyer_address", Kind::Text),
        ("buyer_email", Kind::Text),
        ("buyer_person", Kind::Text),
        ("package", Kind::Text),
        ("package_name", Kind::Text),
        ("fiscal_year", Kind::Whole),
        ("for_tax_id", Kind::Text),
        ("for_name", Kind::Text),
        ("quantity", Kind::Whole),
        ("price", Kind::Money),
        ("amount", Kind::Money),
        ("vat", Kind::Text),
        ("currency", Kind::Text),
    ]
}

pub(super) async fn table(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let mut rows = Vec::new();
    for paid in invoices::paid(&services.db, firm).await? {
        rows.push(row(services, &paid)?);
    }
    Ok(Table::new(What::Invoices, columns(), rows))
}

pub(super) fn row(services: &Services, paid: &Paid) -> anyhow::Result<Vec<Datum>> {
    let firm = services.firm(&paid.firm)?;
    let client = &paid.client.0;
    let buyer = buyer(client, firm).with_context(|| format!("The buyer of {}", paid.code))?;
    let package = services.catalogue.packages.get(&paid.package);
    Ok(vec![
        text(&paid.code),
        text(&paid.order_code),
        Datum::Whole(paid.line_no),
        text(&paid.firm),
        text(buyer.name),
        perhaps(buyer.tax_id),
        perhaps(buyer.address),
        perhaps(buyer.email),
        perhaps(buyer.person),
        text(&paid.package),
        perhaps(package.map(|package| &package.name)),
        Datum::Whole(client.fiscal_year.year().into()),
        text(&client.tax_id),
        text(&client.name),
        Datum::Whole(1),
        Datum::Money(paid.amount().as_dong()),
        Datum::Money(paid.amount().as_dong()),
        text(NO_VAT),
        text("VND"),
    ])
}

fn buyer<'a>(client: &'a ClientRow, firm: &'a Firm) -> anyhow::Result<Buyer<'a>> {
    let email = client.invoice_email.as_ref();
    Ok(match client.invoice_to {
        Recipient::Client => Buyer {
            name: &client.name,
            tax_id: Some(client.tax_id.as_str()),
            address: client.address.as_deref(),
            email: email.or(Some(&client.email)),
            person: (client.customer_type == CustomerType::Enterprise)
                .then_some(client.representative.as_str()),
        },
        Recipient::Firm => Buyer {
            name: &firm.name,
            tax_id: firm.tax_id.as_ref().map(TaxId::as_str),
            address: None,
            email: email.or(Some(&firm.admin.email)),
            person: Some(&firm.admin.name),
        },
        Recipient::Other => Buyer {
            name: client.invoice_name.as_deref().context("Another buyer has a name")?,
            tax_id: client.invoice_tax_id.as_ref().map(TaxId::as_str),
            address: client.invoice_address.as_deref(),
            email: email.or(client.recipient_email.as_ref()),
            person: None,
        },
    })
}
