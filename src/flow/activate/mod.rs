//! Orders → licences: the intent is stored before the platform is called, the same key goes with every attempt,
//! and a lost answer is asked about before anything is tried again. So are changes of a licence: who works in it, and
//! its end.

pub mod accounts;

pub mod platform;

pub mod embedded;

mod request;

pub mod staff;

pub mod reason;

pub mod changes;

pub mod assign;

use anyhow::Context;
use minijinja::context;

use self::platform::PlatformError;
use super::{Services, fault::Fault, key, order::settle, progress::Step, send};
use crate::{
    db::{
        self, Tx,
        activations::{self, Activation, ActivationState, NewActivation, Settled},
        batches,
        licences::{self, Login, NewLicence},
        lines::{self, Line},
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        staff::OnLine,
    },
    domain::{
        licence::{LicenceState, Role},
        mail::Purpose,
        order::{LineState, OrderCode, OrderState},
    },
};

/// What activating did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub activated: u64,
    pub failed: u64,
    pub uncertain: u64,
    /// Licences that were there and are otherwise now.
    pub changed: u64,
}

/// Plans the request of every line that may be activated; those that were refused are asked for again.
pub async fn plan(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (lines, said): (&[Line], &[OnLine]),
) -> anyhow::Result<()> {
    const MAY_BE: [LineState; 3] = [LineState::Waiting, LineState::Placed, LineState::Failed];
    orders::ask_activation(tx, &order.code, services.now()).await?;
    for line in lines.iter().filter(|line| MAY_BE.contains(&line.state)) {
        let request = request::of(services, (order, line), said)?;
        let request = serde_json::to_string(&request)?;
        let request_sha256 = key::sha256(request.as_bytes());
        if lines::move_on(tx, line.id, &MAY_BE, LineState::Activating).await? {
            let idempotency_key = request::key(services, line, &request_sha256);
            let new = NewActivation {
                line_id: line.id,
                idempotency_key: &idempotency_key,
                request: &request,
                request_sha256: &request_sha256,
            };
            activations::plan(tx, new, services.now()).await?;
        }
    }
    Ok(())
}

/// Asks for the activation of an order that is placed; false where its state forbids it.
pub async fn ask(services: &Services, order: &Order) -> anyhow::Result<bool> {
    match order.state {
        OrderState::Placed | OrderState::Paid => {}
        // Free, and activated already.
        OrderState::Done => return Ok(true),
        OrderState::AwaitingConfirmation | OrderState::Cancelled => return Ok(false),
    }
    let lines = lines::of_order(&services.db, &order.code).await?;
    let said = db::staff::of_order(&services.db, &order.code).await?;
    let mut tx = services.db.begin().await?;
    plan(services, &mut tx, order, (&lines, &said)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Carries out what was asked for, of one order or of all.
pub async fn run(services: &Services, order: Option<&OrderCode>) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    services.progress.tell(Step::Begin("activate"));
    // Each open line once: one whose answer stays away does not keep the others waiting.
    let mut after = 0;
    let holder = services.holder.as_str();
    while let Some(activation) = activations::claim(&services.db, order, after, holder).await? {
        after = activation.line_id;
        services.crash_point("activation_claimed");
        let settled = carry_out(services, &activation).await;
        if settled.is_err() {
            // Asked by key on the next attempt.
            activations::release(&services.db, holder).await?;
        }
        match or_later(settled, "An activation")? {
            ActivationState::Done => summary.activated += 1,
            ActivationState::Refused => summary.failed += 1,
            _ => summary.uncertain += 1,
        }
        services.crash_point("activation_settled");
        let done = summary.activated + summary.failed;
        services.progress.tell(Step::Done(done));
    }
    services.progress.tell(Step::End);
    changes::run(services, order, &mut summary).await?;
    Ok(summary)
}

/// What went wrong with one request is tried again on the next run and keeps no other one waiting, unless the fault
/// would end all of them.
fn or_later(
    settled: anyhow::Result<ActivationState>,
    what: &str,
) -> anyhow::Result<ActivationState> {
    settled.or_else(|error| {
        if Fault::of(&error).stops_all() {
            return Err(error);
        }
        tracing::error!(what, "{what} waits for the next run: {error:#}");
        Ok(ActivationState::Uncertain)
    })
}

/// Gives back the claims of processes of this machine that are no more.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    for (holder,) in activations::holders(&services.db).await? {
        if super::holder::Holder::is_dead(&holder) {
            activations::release(&services.db, &holder).await?;
        }
    }
    changes::release_dead(services).await
}

/// Asks what became of a line whose answer was lost: it is licensed, or it failed; where nobody answers it stays so.
pub async fn find_out(services: &Services, order: &Order, line: &Line) -> anyhow::Result<()> {
    let holder = services.holder.as_str();
    let Some(lost) = activations::claim_uncertain(&services.db, line.id, holder).await? else {
        return Ok(());
    };
    let answer = services.platform.find_by_key(&lost.idempotency_key).await;
    let settled = match answer {
        Ok(Some(licence)) => settle_done(services, order, line, &licence).await,
        Ok(None) => {
            let states = (ActivationState::Refused, LineState::Failed);
            settle_failed(services, order, line, states, "not_arrived").await
        }
        Err(error) => {
            let states = (ActivationState::Uncertain, LineState::Uncertain);
            settle_failed(services, order, line, states, &error.stored()).await
        }
    };
    if settled.is_err() {
        activations::release(&services.db, holder).await?;
    }
    settled.map(|_| ())
}

async fn carry_out(
    services: &Services,
    activation: &Activation,
) -> anyhow::Result<ActivationState> {
    let line = lines::by_id(&services.db, activation.line_id)
        .await?
        .context("An activation has its line")?;
    let order =
        orders::by_code(&services.db, &line.order_code).await?.context("A line has its order")?;
    let key = &activation.idempotency_key;
    let before =
        if activation.attempts > 1 { services.platform.find_by_key(key).await } else { Ok(None) };
    let answer = match before {
        Ok(None) => services.platform.activate(key, &activation.request, services.now()).await,
        Ok(Some(licence)) => Ok(licence),
        Err(error) => Err(error),
    };
    services.crash_point("activation_answered");
    match answer {
        Ok(licence) => settle_done(services, &order, &line, &licence).await,
        Err(error) => {
            let states = match error {
                PlatformError::Refused { .. } => (ActivationState::Refused, LineState::Failed),
                PlatformError::Conflict | PlatformError::Lost(_) => {
                    (ActivationState::Uncertain, LineState::Uncertain)
                }
            };
            settle_failed(services, &order, &line, states, &error.stored()).await
        }
    }
}

/// The licence, its mails and the workbook that shows it, in one transaction.
async fn settle_done(
    services: &Services,
    order: &Order,
    line: &Line,
    licence: &platform::Licence,
) -> anyhow::Result<ActivationState> {
    let state = match licence.status {
        LicenceState::Grace => LineState::Grace,
        LicenceState::Active => LineState::Active,
        LicenceState::Suspended => LineState::Suspended,
    };
    let settled = Settled { state: ActivationState::Done, error: None };
    let mut tx = services.db.begin().await?;
    if !activations::settle(&mut tx, line.id, services.holder.as_str(), settled, services.now())
        .await?
    {
        return Ok(ActivationState::Done);
    }
    lines::move_on(&mut tx, line.id, &[LineState::Activating, LineState::Uncertain], state).await?;
    let logins: Vec<Login> = licence.logins.iter().map(|login| login.login.clone()).collect();
    let new = NewLicence {
        licence_id: &licence.licence_id,
        line_id: line.id,
        state: licence.status,
        activated_at: licence.activated_at,
        grace_until: licence.grace_until,
        cutoff_at: licence.grace_until.map(|until| services.grace(until).cutoff_at),
        logins: &logins,
    };
    licences::insert(&mut tx, new).await?;
    changes::plan_accounts_if_changed(services, &mut tx, (order, line), &logins).await?;
    let first_time = logins.iter().any(|login| login.role == Role::ClientAdmin && login.first_time);
    let purpose = if first_time { Purpose::LoginFirst } else { Purpose::LoginExisting };
    send::plan::log_in(services, &mut tx, order, line, purpose).await?;
    after_each(services, &mut tx, order).await?;
    tx.commit().await?;
    Ok(ActivationState::Done)
}

async fn settle_failed(
    services: &Services,
    order: &Order,
    line: &Line,
    (state, line_state): (ActivationState, LineState),
    error: &str,
) -> anyhow::Result<ActivationState> {
    let settled = Settled { state, error: Some(error) };
    let mut tx = services.db.begin().await?;
    if activations::settle(&mut tx, line.id, services.holder.as_str(), settled, services.now())
        .await?
    {
        lines::move_on(
            &mut tx,
            line.id,
            &[LineState::Activating, LineState::Uncertain],
            line_state,
        )
        .await?;
        after_each(services, &mut tx, order).await?;
        tx.commit().await?;
    }
    tracing::warn!(line = %line.reference(), %error, "The platform did not activate {}", line.reference());
    Ok(state)
}

/// The workbook shows each change; the bell rings when the last line of the order is settled.
async fn after_each(services: &Services, tx: &mut Tx, order: &Order) -> anyhow::Result<()> {
    settle::finish_free(tx, order).await?;
    batches::ask_for_workbook(tx, order.batch()).await?;
    if !activations::is_open(tx, &order.code).await? {
        let (done, refused) = activations::counts(tx, &order.code).await?;
        let stuck = activations::stuck_of_order(tx, &order.code).await?;
        let (reasons, more) = reason::first(services.texts, &stuck);
        let values = context! { order => order.code.as_str(), done, refused, reasons, more };
        let text = services.texts.say("message.bell.order_activated", values);
        let kind = NotificationKind::OrderActivated;
        let new =
            NewNotification { firm: &order.firm, kind, text: &text, order: Some(&order.code) };
        notifications::insert(tx, new, services.now()).await?;
    }
    Ok(())
}
