//! Licences that are there are changed: suspended because they were cancelled, or given to other people. As with
//! activations the intent is stored before the call, and the same key and body go with every attempt.

use anyhow::Context;

use super::{
    Summary,
    accounts::{Account, Accounts},
    platform::{AccountsRequest, Licence as Answer, PlatformError, SuspendReason, SuspendRequest},
    staff,
};
use crate::{
    db::{
        self, Tx,
        activations::{ActivationState, Settled},
        cancellations,
        changes::{self, Change, ChangeKind, NewChange},
        licences::{self, Licence, Login},
        lines::{self, Line},
        mails,
        orders::{self, Order},
        requests,
    },
    domain::order::{LineState, OrderCode},
    flow::{Services, holder::Holder, order::cancel},
};

/// Plans that the licence of a line is suspended, as part of a cancellation.
pub async fn plan_suspension(
    services: &Services,
    tx: &mut Tx,
    line: &Line,
    cancellation: i64,
) -> anyhow::Result<()> {
    let idempotency_key = key(services, line, &format!("suspend/{cancellation}"));
    let new = NewChange {
        line_id: line.id,
        kind: ChangeKind::Suspend,
        cancellation_id: Some(cancellation),
        idempotency_key: &idempotency_key,
    };
    changes::plan(tx, new, services.now()).await?;
    Ok(())
}

/// Plans that the platform is told who works in the data of a licensed line. Who that is is looked up when it is told.
pub async fn plan_accounts(services: &Services, tx: &mut Tx, line: &Line) -> anyhow::Result<()> {
    let idempotency_key = key(services, line, &format!("accounts/{}", uuid::Uuid::new_v4()));
    let new = NewChange {
        line_id: line.id,
        kind: ChangeKind::Accounts,
        cancellation_id: None,
        idempotency_key: &idempotency_key,
    };
    changes::plan(tx, new, services.now()).await?;
    Ok(())
}

/// Somebody was assigned after the activation was asked for, and before it was done.
pub async fn plan_accounts_if_changed(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    logins: &[Login],
) -> anyhow::Result<()> {
    let said = db::staff::of_line(tx, line.id).await?;
    let firm = services.firm(&order.firm)?;
    let wanted = staff::of_firm(firm, &staff::of(firm, order, line, &said));
    let has = |account: &Account| {
        logins.iter().any(|it| it.email == account.email && it.role == account.role)
    };
    let is_client = |login: &Login| login.email == line.client.email;
    let extra = |login: &Login| wanted.iter().all(|account| account.email != login.email);
    if wanted.iter().all(has) && !logins.iter().any(|login| !is_client(login) && extra(login)) {
        return Ok(());
    }
    plan_accounts(services, tx, line).await
}

fn key(services: &Services, line: &Line, what: &str) -> String {
    let name = format!("{}/{}/{what}", services.instance, line.reference());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Carries out what is open, of one order or of all.
pub async fn run(
    services: &Services,
    order: Option<&OrderCode>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let (mut after, holder) = (0, services.holder.as_str());
    while let Some(change) = changes::claim(&services.db, order, after, holder).await? {
        after = change.id;
        services.crash_point("change_claimed");
        let settled = carry_out(services, change).await;
        if settled.is_err() {
            changes::release(&services.db, holder).await?;
        }
        match settled? {
            ActivationState::Done => summary.changed += 1,
            ActivationState::Refused => summary.failed += 1,
            _ => summary.uncertain += 1,
        }
        services.crash_point("change_settled");
    }
    Ok(())
}

/// Gives back the claims of processes of this machine that are no more.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    for (holder,) in changes::holders(&services.db).await? {
        if Holder::is_dead(&holder) {
            changes::release(&services.db, &holder).await?;
        }
    }
    Ok(())
}

/// What a change is about.
struct About {
    order: Order,
    line: Line,
    licence: Licence,
}

async fn carry_out(services: &Services, mut change: Change) -> anyhow::Result<ActivationState> {
    let db = &services.db;
    let line = lines::by_id(db, change.line_id).await?.context("A change has its line")?;
    let order = orders::by_code(db, &line.order_code).await?.context("A line has its order")?;
    let licence = licences::of_line(db, line.id).await?.context("A change has its licence")?;
    let about = About { order, line, licence };
    let answer = match written_down(services, &mut change, &about).await? {
        Ok(request) => ask(services, &change, &about.licence.licence_id, &request).await,
        Err(lost) => Err(lost),
    };
    services.crash_point("change_answered");
    match answer {
        Ok(answer) => settle_done(services, &change, &about, &answer).await,
        Err(PlatformError::Refused { code, detail }) => {
            let error = format!("{code}: {detail}");
            settle_failed(services, (&change, &about), ActivationState::Refused, &error).await
        }
        Err(error @ (PlatformError::Conflict | PlatformError::Lost(_))) => {
            let state = ActivationState::Uncertain;
            settle_failed(services, (&change, &about), state, &error.to_string()).await
        }
    }
}

/// The body: that of the first attempt, or made and stored now.
async fn written_down(
    services: &Services,
    change: &mut Change,
    about: &About,
) -> anyhow::Result<Result<String, PlatformError>> {
    if let Some(request) = change.request.take() {
        return Ok(Ok(request));
    }
    let request = match change.kind {
        ChangeKind::Suspend => {
            serde_json::to_string(&SuspendRequest { reason: SuspendReason::Cancelled })?
        }
        ChangeKind::Accounts => match accounts(services, about).await? {
            Ok(accounts) => serde_json::to_string(&AccountsRequest { accounts })?,
            Err(lost) => return Ok(Err(lost)),
        },
    };
    let holder = services.holder.as_str();
    anyhow::ensure!(
        changes::write_down(&services.db, change.id, holder, &request).await?,
        "Another process went on with the change {}",
        change.id
    );
    Ok(Ok(request))
}

/// The client's people as the platform has them, since its admin may have let somebody in; of the firm whoever is
/// assigned now.
async fn accounts(
    services: &Services,
    About { order, line, licence }: &About,
) -> anyhow::Result<Result<Accounts, PlatformError>> {
    let there = match services.platform.licence(&licence.licence_id).await {
        Ok(there) => there,
        Err(lost) => return Ok(Err(lost)),
    };
    let firm = services.firm(&order.firm)?;
    let said = db::staff::of_order(&services.db, &order.code).await?;
    let assigned = staff::of(firm, order, line, &said);
    let Some(there) = there else { return Ok(Ok(staff::accounts(firm, line, &assigned)?)) };
    let name = |login: &Login| {
        (login.email == line.client.email).then(|| line.client.representative.clone())
    };
    let accounts = there.logins.into_iter().map(|it| Account {
        name: name(&it.login),
        email: it.login.email,
        role: it.login.role,
    });
    let accounts = Accounts::try_from(accounts.collect::<Vec<_>>())?;
    Ok(Ok(accounts.with_firm(staff::of_firm(firm, &assigned))))
}

async fn ask(
    services: &Services,
    change: &Change,
    licence_id: &str,
    request: &str,
) -> Result<Answer, PlatformError> {
    let (platform, now) = (&services.platform, services.now());
    let key = change.idempotency_key.as_str();
    match change.kind {
        ChangeKind::Suspend => platform.suspend(licence_id, key, request, now).await,
        ChangeKind::Accounts => platform.set_accounts(licence_id, key, request, now).await,
    }
}

async fn settle_done(
    services: &Services,
    change: &Change,
    about: &About,
    answer: &Answer,
) -> anyhow::Result<ActivationState> {
    let (now, licence_id) = (services.now(), about.licence.licence_id.as_str());
    let settled = Settled { state: ActivationState::Done, error: None };
    let mut tx = services.db.begin().await?;
    if !changes::settle(&mut tx, change.id, services.holder.as_str(), settled, now).await? {
        return Ok(ActivationState::Done);
    }
    match change.kind {
        ChangeKind::Suspend => {
            licences::suspend(&mut tx, licence_id, now).await?;
            cancelled(services, &mut tx, change, about).await?;
        }
        ChangeKind::Accounts => {
            let logins: Vec<Login> = answer.logins.iter().map(|it| it.login.clone()).collect();
            licences::set_logins(&mut tx, licence_id, &logins).await?;
        }
    }
    tx.commit().await?;
    Ok(ActivationState::Done)
}

/// The line of a suspended licence, with all that follows.
async fn cancelled(
    services: &Services,
    tx: &mut Tx,
    change: &Change,
    About { order, line, .. }: &About,
) -> anyhow::Result<()> {
    let Some(id) = change.cancellation_id else { return Ok(()) };
    if lines::cancel(tx, line.id, &[LineState::Grace], id).await? {
        requests::cancel(tx, line.id).await?;
        mails::cancel_of_line(tx, line.id).await?;
        let cancellation = cancellations::by_id(tx, id).await?;
        cancel::after(services, tx, (order, &order.content), (&cancellation, 1)).await?;
    }
    Ok(())
}

async fn settle_failed(
    services: &Services,
    (change, about): (&Change, &About),
    state: ActivationState,
    error: &str,
) -> anyhow::Result<ActivationState> {
    let settled = Settled { state, error: Some(error) };
    let mut tx = services.db.begin().await?;
    let (holder, now) = (services.holder.as_str(), services.now());
    if changes::settle(&mut tx, change.id, holder, settled, now).await? {
        if let Some(id) = change.cancellation_id.filter(|_| state == ActivationState::Refused) {
            let cancellation = cancellations::by_id(&mut tx, id).await?;
            cancel::tell(services, &mut tx, &about.order, &cancellation).await?;
        }
        tx.commit().await?;
    }
    let line = about.line.reference();
    tracing::warn!(%line, kind = %change.kind, %error, "The platform did not change the licence of {line}");
    Ok(state)
}
