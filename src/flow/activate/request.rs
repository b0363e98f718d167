//! What is asked of the platform for one line: the client, its books, and who may work in them.

use anyhow::Context;

use super::platform::{
    Account, Accounting, ActivationRequest, Client, Databases, Representative, RequestKind,
};
use crate::{
    db::{lines::Line, orders::Order},
    domain::{
        client::ClientRow,
        email::Email,
        firm::{Firm, StaffRole},
        licence::Role,
        order::Kind,
    },
    flow::{Services, order::registrant},
};

pub fn of(services: &Services, order: &Order, line: &Line) -> anyhow::Result<ActivationRequest> {
    let client = &line.client.0;
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
        grace_days: (!free).then_some(services.settings.grace.days),
        client: who(client),
        accounting: books(client),
        accounts: accounts(services.firm(&order.firm)?, order, line),
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

/// The client's admin from the registration, the firm's admin, and the staff at work there with their roles. An e-mail
/// has one account, its first.
fn accounts(firm: &Firm, order: &Order, line: &Line) -> Vec<Account> {
    let client = &line.client;
    let account = |email: &Email, name: &str, role| Account {
        email: email.clone(),
        name: Some(name.to_owned()),
        role,
    };
    let mut accounts = vec![
        account(&client.email, &client.representative, Role::ClientAdmin),
        account(&firm.admin.email, &firm.admin.name, Role::AspAdmin),
    ];
    let staff =
        |wanted: Option<&str>| firm.staff.iter().find(|it| Some(it.email.as_str()) == wanted);
    // Who registers a free year enters its data, whatever else that person is.
    let registrant = registrant(order, line).filter(|_| order.kind == Kind::Free);
    if let Some(staff) = staff(registrant) {
        accounts.push(account(&staff.email, &staff.name, Role::AspDataEntry));
    }
    if let Some(staff) = staff(client.assigned_to.as_ref().map(Email::as_str)) {
        let role = match staff.role {
            StaffRole::Manager => Role::AspManager,
            StaffRole::DataEntry => Role::AspDataEntry,
        };
        accounts.push(account(&staff.email, &staff.name, role));
    }
    let mut seen = Vec::new();
    accounts.retain(|account| {
        let is_first = !seen.contains(&account.email);
        seen.push(account.email.clone());
        is_first
    });
    accounts
}
