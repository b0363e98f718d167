//! What the platform is told of a change of a licence: its end, its payment, who works in it now.
//! When it is told, and what follows, is decided by `carry`.

use anyhow::Context;

use super::{
    accounts::{Account, Accounts, TooMany},
    carry::About,
    platform::{
        PlatformError,
        wire::{AccountsRequest, PaidRequest, SuspendReason, SuspendRequest},
    },
    staff,
};
use crate::{
    db::{
        self,
        changes::{Change, ChangeKind},
        licences::Login,
        lines::Line,
        payments, requests,
    },
    domain::licence::Role,
    flow::Services,
};

/// The body of a change that was not sent yet.
pub(super) async fn of(
    services: &Services,
    change: &Change,
    about: &About,
) -> anyhow::Result<Result<String, PlatformError>> {
    Ok(Ok(match change.kind {
        ChangeKind::Suspend => {
            let is_cancelled = change.cancellation_id.is_some();
            let reason =
                if is_cancelled { SuspendReason::Cancelled } else { SuspendReason::GraceExpired };
            serde_json::to_string(&SuspendRequest { reason })?
        }
        ChangeKind::Paid => serde_json::to_string(&paid(services, &about.line).await?)?,
        ChangeKind::Accounts | ChangeKind::LogIn => {
            match accounts(services, change, about).await? {
                Ok(accounts) => serde_json::to_string(&AccountsRequest { accounts })?,
                Err(error) => return Ok(Err(error)),
            }
        }
    }))
}

/// By what, and when, a line was paid; of one that was waived altogether its code and today.
async fn paid(services: &Services, line: &Line) -> anyhow::Result<PaidRequest> {
    let request = requests::of_line(&services.db, line.id).await?.context("It was to be paid")?;
    let last = payments::last_of_line(&services.db, line.id).await?;
    let code = request.code.to_string();
    let (paid_on, payment_reference) = match last {
        Some((day, reference, _)) => (day.parse()?, reference.unwrap_or(code)),
        None => (services.today(), code),
    };
    Ok(PaidRequest { payment_reference, paid_on })
}

/// The client's people as the platform has them, since its admin may have let somebody in, but for who signs in anew; of
/// the firm whoever is assigned now. What cannot be asked for is refused here, so that it keeps no later change of the line waiting.
async fn accounts(
    services: &Services,
    change: &Change,
    About { order, line, licence }: &About,
) -> anyhow::Result<Result<Accounts, PlatformError>> {
    let there = match services.platform.licence(&licence.licence_id).await {
        Ok(there) => there,
        Err(lost) => return Ok(Err(lost)),
    };
    let firm = services.firm(&line.firm)?;
    let said = db::staff::of_order(&services.db, &order.code).await?;
    let assigned = staff::of(firm, order, line, &said);
    let too_many = |error: TooMany| PlatformError::refused("too_many_accounts", error.to_string());
    let Some(there) = there else {
        return Ok(staff::accounts(firm, line, &assigned).map_err(too_many));
    };
    let client = &line.client;
    let name = |login: &Login| (login.email == client.email).then(|| client.representative.clone());
    let mut accounts: Vec<Account> = there
        .logins
        .into_iter()
        .map(|it| Account { name: name(&it.login), email: it.login.email, role: it.login.role })
        .collect();
    if change.kind == ChangeKind::LogIn {
        // Who sent documents, and signs in for the client now, has one account.
        accounts.retain(|it| it.role != Role::ClientAdmin && it.email != client.email);
        let (email, name) = (client.email.clone(), Some(client.representative.clone()));
        accounts.insert(0, Account { email, name, role: Role::ClientAdmin });
    }
    let accounts = Accounts::try_from(accounts).map_err(too_many);
    Ok(accounts.map(|accounts| accounts.with_firm(staff::of_firm(firm, &assigned))))
}
