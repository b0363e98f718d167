//! What is asked of the platform for one line: the client, its books, and who may work in them.

use anyhow::Context;

use super::{
    platform::wire::{
        Accounting, ActivationRequest, Client, Databases, Representative, RequestKind,
    },
    staff,
};
use crate::{
    db::{lines::Line, orders::Order, staff::OnLine},
    domain::{client::ClientRow, order::Kind},
    flow::Services,
};

pub fn of(
    services: &Services,
    (order, line): (&Order, &Line),
    (said, is_paid): (&[OnLine], bool),
) -> anyhow::Result<ActivationRequest> {
    let (client, firm) = (&line.client.0, services.firm(&order.firm)?);
    let package = services.catalogue.packages.get(&client.package);
    let package = package
        .with_context(|| format!("The package {} is no longer in the catalogue", client.package))?;
    let free = order.kind == Kind::Free;
    Ok(ActivationRequest {
        order_code: order.code.clone(),
        line: line.line_no,
        kind: if free { RequestKind::Free } else { RequestKind::Purchase },
        package: package.code.clone(),
        fiscal_year: client.fiscal_year,
        grace_days: (!free && !is_paid).then_some(services.settings.grace.days),
        client: who(client),
        accounting: books(client),
        accounts: staff::accounts(firm, line, &staff::of(firm, order, line, said))?,
        databases: Databases { per_fiscal_year: package.databases_per_fiscal_year, initial: 1 },
    })
}

/// The same for the same body, whatever the attempt; another body is another request.
pub fn key(services: &Services, line: &Line, request_sha256: &str) -> String {
    let name = format!("{}/activate/{}/{request_sha256}", services.instance, line.reference());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

fn who(client: &ClientRow) -> Client {
    Client {
        tax_id: client.tax_id.clone(),
        name: client.name.clone(),
        r#type: client.customer_type,
        address: client.address.clone(),
        contact_phone: client.contact_phone.clone(),
        representative: Representative {
            name: client.representative.clone(),
            title: client.representative_title.clone(),
            email: client.email.clone(),
            phone: client.phone.clone(),
        },
    }
}

fn books(client: &ClientRow) -> Accounting {
    Accounting {
        regime: client.regime.to_string(),
        vat_method: client.vat_method.to_string(),
        fiscal_year_start: client.fiscal_year_start,
        books_start: client.books_start,
        currency: client.currency.clone(),
        inventory_method: client.inventory_method.map(|method| method.to_string()),
    }
}
