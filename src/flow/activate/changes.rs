//! Licences that are there are changed: suspended because they were cancelled or their grace is over, paid, or given to
//! other people. As with activations the intent is stored before the call, and the same key and body go with every
//! attempt.

use anyhow::Context;

use super::{
    Summary,
    accounts::Account,
    bodies,
    changed::{self, NotChanged},
    platform::{PlatformError, wire::Licence as Answer},
    staff,
};
use crate::{
    db::{
        self, Tx,
        activations::ActivationState,
        changes::{self, Change, ChangeKind, NewChange},
        grace,
        licences::{self, Licence, Login},
        lines::{self, Line},
        orders::{self, Order},
        requests,
    },
    domain::{
        licence::{LicenceState, Role},
        order::{OrderCode, RequestState},
    },
    flow::{
        Clock, Services,
        fault::caught,
        holder::{Holder, LeaseLost},
        order::cancel,
        sweep::{
            rules::Waits,
            since::{self, MaybePaid},
        },
    },
};

/// Plans that the licences of lines are suspended, as part of a cancellation.
pub async fn plan_suspensions(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    cancellation: i64,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Suspend,
        cancellation_id: Some(cancellation),
        idempotency_key: key(services, line, &format!("suspend/{cancellation}")),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Plans that the licences of lines are suspended because their grace is over; `night` tells one such wish from
/// another.
pub async fn plan_cut_offs(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    night: &str,
) -> anyhow::Result<u64> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Suspend,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("suspend/{night}")),
    });
    Ok(changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?)
}

/// Plans that the platform is told of paid lines; `payment` tells one payment of a line from a later one.
pub async fn plan_paid(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    payment: &str,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Paid,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("paid/{payment}")),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Plans that the platform is told who works in the data of licensed lines. Who that is is looked up when it is told.
pub async fn plan_accounts(
    services: &Services,
    tx: &mut Tx,
    lines: &[&Line],
) -> anyhow::Result<()> {
    plan_people(services, tx, lines, ChangeKind::Accounts).await
}

/// The same, and that another one signs in for the client: the old log-in ends, and a letter tells the new one.
pub async fn plan_log_in(services: &Services, tx: &mut Tx, line: &Line) -> anyhow::Result<()> {
    plan_people(services, tx, &[line], ChangeKind::LogIn).await
}

async fn plan_people(
    services: &Services,
    tx: &mut Tx,
    lines: &[&Line],
    kind: ChangeKind,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("{kind}/{}", uuid::Uuid::new_v4())),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Somebody was assigned after the activation was asked for, and before it was done.
pub async fn plan_accounts_if_changed(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    logins: &[Login],
) -> anyhow::Result<()> {
    let said = db::staff::of_lines(tx, &[line.id]).await?;
    let firm = services.firm(&line.firm)?;
    let wanted = staff::of_firm(firm, &staff::of(firm, order, line, &said));
    let has = |account: &Account| {
        logins.iter().any(|it| it.email == account.email && it.role == account.role)
    };
    let is_client = |login: &Login| matches!(login.role, Role::ClientAdmin | Role::ClientSender);
    let extra = |login: &Login| wanted.iter().all(|account| account.email != login.email);
    if wanted.iter().all(has) && !logins.iter().any(|login| !is_client(login) && extra(login)) {
        return Ok(());
    }
    plan_accounts(services, tx, &[line]).await
}

fn key(services: &Services, line: &Line, what: &str) -> String {
    let name = format!("{}/{}/{what}", services.instance, line.reference());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Carries out what is open, of one order or of all; what follows from cancelled lines comes once for all of them.
pub async fn run(
    services: &Services,
    order: Option<&OrderCode>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut after = 0;
    while let Some(mut change) =
        changes::claim(&services.db, order, after, services.lease()).await?
    {
        after = change.id;
        let settled = caught(carry_out(services, &mut change, &mut MaybePaid::default())).await;
        if settled.is_err() {
            changes::give_back(&services.db, change.id, change.claim()).await?;
        }
        // A cut-off that waits is neither done nor gone wrong.
        if let Some(settled) = settled.transpose() {
            match super::or_later(settled, "A change of a licence")? {
                ActivationState::Done => summary.changed += 1,
                ActivationState::Refused => summary.failed += 1,
                _ => summary.uncertain += 1,
            }
        }
        services.crash_point("change_settled");
    }
    cancel::follow_up(services, order).await
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    changes::release(&services.db, services.holder.as_str()).await?;
    Ok(())
}

/// Gives back the claims of processes of this machine that are no more, and those whose time is over.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    changes::release_lapsed(&services.db, Clock::System.now()).await?;
    for (holder,) in changes::holders(&services.db).await? {
        if Holder::is_dead(&holder) {
            changes::release(&services.db, &holder).await?;
        }
    }
    Ok(())
}

/// What a change is about.
pub(super) struct About {
    pub order: Order,
    pub line: Line,
    pub licence: Licence,
}

/// How it ended; nothing where a cut-off waits.
async fn carry_out(
    services: &Services,
    change: &mut Change,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<Option<ActivationState>> {
    services.crash_point("change_claimed");
    let db = &services.db;
    let line = lines::by_id(db, change.line_id).await?.context("A change has its line")?;
    let order = orders::by_code(db, &line.order_code).await?.context("A line has its order")?;
    let licence = licences::of_line(db, line.id).await?.context("A change has its licence")?;
    let about = About { order, line, licence };
    let request = match not_wanted(services, change, &about, maybe_paid).await? {
        None => written_down(services, change, &about).await?.map_err(NotChanged::ByPlatform),
        Some(error) => Err(error),
    };
    let answer = match request {
        Ok(request) => {
            services.demand(change.lease_until)?;
            ask(services, change, &about.licence.licence_id, &request)
                .await
                .map_err(NotChanged::ByPlatform)
        }
        Err(error) => Err(error),
    };
    services.crash_point("change_answered");
    match answer {
        Ok(answer) => changed::settle_done(services, change, &about, &answer).await.map(Some),
        Err(error) => changed::settle_failed(services, change, &about, &error).await,
    }
}

/// The plan may be older than what happened since: then it is not carried out, unless an earlier attempt whose answer
/// was lost has stopped the licence already.
async fn not_wanted(
    services: &Services,
    change: &Change,
    about: &About,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<Option<NotChanged>> {
    let Some(why) = overtaken(services, change, &about.line, maybe_paid).await? else {
        return Ok(None);
    };
    if change.request.is_none() {
        return Ok(Some(why));
    }
    Ok(match services.platform.licence(&about.licence.licence_id).await {
        Ok(Some(there)) if there.status == LicenceState::Suspended => None,
        Ok(_) => Some(why),
        Err(lost) => Some(NotChanged::ByPlatform(lost)),
    })
}

/// What is paid is not stopped. Where the grace is over, a part that was paid is for a person to see, and what a sweep
/// would not cut off now waits. What is not paid any more is not told as paid, unless it was said already.
async fn overtaken(
    services: &Services,
    change: &Change,
    line: &Line,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<Option<NotChanged>> {
    let request = requests::of_line(&services.db, line.id).await?;
    let state = request.map(|request| request.state);
    let is_paid = state.is_some_and(RequestState::is_paid);
    let is_cut_off = change.cancellation_id.is_none();
    Ok(match change.kind {
        ChangeKind::Suspend if is_paid => Some(NotChanged::Paid),
        ChangeKind::Suspend if is_cut_off && state == Some(RequestState::PartlyPaid) => {
            Some(NotChanged::Paid)
        }
        ChangeKind::Suspend if is_cut_off => {
            waits(services, line, maybe_paid).await?.map(NotChanged::Waits)
        }
        ChangeKind::Paid if !is_paid && change.request.is_none() => Some(NotChanged::Unpaid),
        _ => None,
    })
}

async fn waits(
    services: &Services,
    line: &Line,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<Option<Waits>> {
    match grace::of_line(&services.db, line.id).await? {
        Some(standing) => since::waits(services, &standing, maybe_paid).await,
        None => Ok(None),
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
    let request = match bodies::of(services, change, about).await? {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    if !changes::write_down(&services.db, change.id, change.claim(), &request).await? {
        return Err(LeaseLost.into());
    }
    Ok(Ok(request))
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
        ChangeKind::Paid => platform.mark_paid(licence_id, key, request, now).await,
        ChangeKind::Accounts | ChangeKind::LogIn => {
            platform.set_accounts(licence_id, key, request, now).await
        }
    }
}
