//! Who of the firm works in a client's data: its admin, the member assigned by the row, and what was said later.
//! What is asked of the platform for it is `changes`' business.

use super::accounts::{Account, Accounts, TooMany};
use crate::{
    db::{lines::Line, orders::Order, staff::OnLine},
    domain::{
        email::Email,
        firm::{Firm, StaffRole},
        licence::Role,
        order::Kind,
    },
    flow::order::registrant,
};

/// The members that are assigned to a line, with their roles, in the order of their e-mails.
pub fn of(firm: &Firm, order: &Order, line: &Line, said: &[OnLine]) -> Vec<(Email, StaffRole)> {
    let known = |email: &Email| firm.staff.iter().find(|staff| staff.email == *email);
    let registered_by = registrant(order, line).and_then(|email| email.parse().ok());
    // Who registers a free year enters data in it, whatever the role elsewhere.
    let registered_by: Option<Email> = registered_by.filter(|_| order.kind == Kind::Free);
    let by_row = line.client.assigned_to.as_ref().and_then(known);
    let by_row = by_row.map(|staff| (staff.email.clone(), staff.role));
    let by_registering = registered_by.as_ref().and_then(known);
    let by_registering = by_registering.map(|it| (it.email.clone(), StaffRole::DataEntry));
    let mut all: Vec<(Email, StaffRole)> = by_registering.into_iter().collect();
    all.extend(by_row.filter(|(email, _)| all.iter().all(|(known, _)| known != email)));
    for later in said.iter().filter(|later| later.line_id == line.id) {
        all.retain(|(email, _)| email.as_str() != later.email);
        all.extend(later.email.parse().ok().zip(later.role()));
    }
    all.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    all
}

/// Whom the client of a line may ask: who is assigned by its row, else who was assigned later, a manager first, else
/// who registered it; none of them who was taken off or left the firm. The admin where nobody is left.
pub fn accountant(firm: &Firm, order: &Order, line: &Line, said: &[OnLine]) -> Email {
    let is_off = |email: &Email| {
        let mut own = said.iter().filter(|it| it.line_id == line.id);
        own.any(|it| it.email == email.as_str() && it.role().is_none())
    };
    let works = |email: &Email| firm.name_of(email).is_some() && !is_off(email);
    let by_row = line.client.assigned_to.clone().filter(works);
    let later = || {
        let all = of(firm, order, line, said).into_iter().filter(|(email, _)| works(email));
        all.min_by_key(|(_, role)| *role != StaffRole::Manager).map(|(email, _)| email)
    };
    let registered_by = || registrant(order, line)?.parse().ok().filter(works);
    by_row.or_else(later).or_else(registered_by).unwrap_or_else(|| firm.admin.email.clone())
}

/// What the platform is told: the client's admin from the registration, the firm's admin, and the assigned.
pub fn accounts(
    firm: &Firm,
    line: &Line,
    assigned: &[(Email, StaffRole)],
) -> Result<Accounts, TooMany> {
    let client = &line.client;
    let mut accounts = Accounts::default();
    accounts.add(Account {
        email: client.email.clone(),
        name: Some(client.representative.clone()),
        role: Role::ClientAdmin,
    })?;
    Ok(accounts.with_firm(of_firm(firm, assigned)))
}

/// The firm's admin is admin of every client's data.
pub fn of_firm(firm: &Firm, assigned: &[(Email, StaffRole)]) -> Vec<Account> {
    let account = |email: &Email, role| {
        let name = firm.name_of(email).map(str::to_owned);
        Account { email: email.clone(), name, role }
    };
    let role = |role: StaffRole| match role {
        StaffRole::Manager => Role::AspManager,
        StaffRole::DataEntry => Role::AspDataEntry,
    };
    let assigned = assigned.iter().filter(|(email, _)| *email != firm.admin.email);
    std::iter::once(account(&firm.admin.email, Role::AspAdmin))
        .chain(assigned.map(|(email, as_role)| account(email, role(*as_role))))
        .collect()
}
