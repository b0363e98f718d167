//! What the platform's answer means for a line: its licence, its mails, the workbook that shows it.
//! When the platform is asked is decided by `bulk`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use minijinja::context;

use super::{
    changes,
    platform::{
        PlatformError,
        wire::{ActivationRequest, Licence},
    },
    reason,
};
use crate::{
    db::{
        Tx,
        activations::{self, Activation, ActivationState, Settled},
        batches, copied,
        licences::{self, Login, NewLicence},
        lines::{self, Line},
        mails,
        notifications::{self, NewNotification, NotificationKind},
        orders::{self as stored, Order},
        requests, standing,
    },
    domain::{
        licence::{LicenceState, Role},
        mail::Purpose,
        order::{LineState, OrderCode},
    },
    flow::{Services, guard, holder::LeaseLost, order::settle as orders, send},
};

const FROM: [LineState; 2] = [LineState::Activating, LineState::Uncertain];

/// A line that the platform was asked about, and what it said.
pub struct Asked {
    pub order: Arc<Order>,
    pub line: Line,
    pub answer: Result<Licence, PlatformError>,
}

/// Stores what became of requests, in one transaction. Fails as a whole.
pub async fn settle(
    services: &Services,
    all: &[(Activation, Asked)],
) -> anyhow::Result<Vec<ActivationState>> {
    let mut tx = services.db.begin().await?;
    let mut states = Vec::new();
    let orders: BTreeMap<&OrderCode, &Order> =
        all.iter().map(|(_, asked)| (&asked.order.code, asked.order.as_ref())).collect();
    // Of two processes that settle the last two lines of an order the later one sees that nothing is open.
    for order in orders.keys() {
        stored::hold_as_it_is(&mut tx, order).await?;
    }
    // As they are now: what is known of a client may have been corrected while the platform was asked.
    let ids: Vec<i64> = all.iter().map(|(_, asked)| asked.line.id).collect();
    let now = standing::by_ids(&mut tx, &ids).await?;
    let doubted = copied::doubted_until(&mut tx).await?;
    let now: HashMap<i64, &Line> = now.iter().map(|line| (line.id, line)).collect();
    for (activation, asked) in all {
        let line = now.get(&asked.line.id).copied().unwrap_or(&asked.line);
        states.push(one(services, &mut tx, activation, (line, asked), doubted).await?);
    }
    for order in orders.values() {
        after_all(services, &mut tx, order, doubted).await?;
    }
    tx.commit().await?;
    Ok(states)
}

/// Asks what became of a line whose answer was lost: it is licensed, or it failed; where nobody answers it stays so.
pub async fn find_out(services: &Services, order: &Order, line: &Line) -> anyhow::Result<()> {
    let Some(lost) = activations::claim_uncertain(&services.db, line.id, services.lease()).await?
    else {
        return Ok(());
    };
    let answer = match services.platform.find_by_key(&lost.idempotency_key).await {
        Ok(Some(licence)) => Ok(licence),
        Ok(None) => Err(PlatformError::refused("not_arrived", "")),
        Err(error) => Err(error),
    };
    let (id, claim) = (line.id, lost.clone());
    let asked = Asked { order: Arc::new(order.clone()), line: line.clone(), answer };
    let settled = settle(services, &[(lost, asked)]).await;
    if settled.is_err() {
        activations::give_back(&services.db, id, claim.claim()).await?;
    }
    settled.map(|_| ())
}

async fn one(
    services: &Services,
    tx: &mut Tx,
    activation: &Activation,
    (line, Asked { order, answer, .. }): (&Line, &Asked),
    doubted: Option<DateTime<Utc>>,
) -> anyhow::Result<ActivationState> {
    let (state, line_state) = match answer {
        Ok(licence) => (ActivationState::Done, state_of(licence)),
        Err(PlatformError::Refused { .. }) => (ActivationState::Refused, LineState::Failed),
        Err(_) => (ActivationState::Uncertain, LineState::Uncertain),
    };
    let error = answer.as_ref().err().map(PlatformError::stored);
    let settled = Settled { state, error: error.as_deref() };
    if !activations::settle(tx, line.id, activation.claim(), settled, services.now()).await? {
        return Err(LeaseLost.into());
    }
    lines::move_on(tx, line.id, &FROM, line_state).await?;
    match answer {
        Ok(licence) => {
            licensed(services, tx, (order, line), licence).await?;
            if is_as_asked(activation, line) {
                let purpose = log_in_purpose(licence);
                send::plan::log_in(services, tx, (order, line), (purpose, 1)).await?;
                if doubted.is_some_and(|until| licence.activated_at < until) {
                    let subject = line.reference().to_string();
                    mails::doubt(tx, (purpose, &subject), guard::MAYBE_SENT).await?;
                }
            } else {
                changes::plan_log_in(services, tx, line).await?;
            }
        }
        Err(error) => {
            let error = error.stored();
            tracing::warn!(line = %line.reference(), %error, "The platform did not activate {}", line.reference());
        }
    }
    Ok(state)
}

fn state_of(licence: &Licence) -> LineState {
    match licence.status {
        LicenceState::Grace => LineState::Grace,
        LicenceState::Active => LineState::Active,
        LicenceState::Suspended => LineState::Suspended,
    }
}

/// Whether whom the platform was told to sign in for the client is still the one.
fn is_as_asked(activation: &Activation, line: &Line) -> bool {
    let asked = serde_json::from_str::<ActivationRequest>(&activation.request);
    let client = &line.client;
    asked.is_ok_and(|asked| {
        let asked = asked.client.representative;
        (&asked.email, &asked.phone, &asked.name)
            == (&client.email, &client.phone, &client.representative)
    })
}

fn log_in_purpose(licence: &Licence) -> Purpose {
    let mut logins = licence.logins.iter().map(|it| &it.login);
    let is_first = logins.any(|login| login.role == Role::ClientAdmin && login.first_time);
    if is_first { Purpose::LoginFirst } else { Purpose::LoginExisting }
}

/// The licence of a line, and what the platform is to be told of it.
async fn licensed(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    licence: &Licence,
) -> anyhow::Result<()> {
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
    licences::insert(tx, new).await?;
    changes::plan_accounts_if_changed(services, tx, (order, line), &logins).await?;
    if !requests::hold_paid(tx, &[line.id]).await?.is_empty() {
        changes::plan_paid(services, tx, std::slice::from_ref(line), &licence.licence_id).await?;
    }
    Ok(())
}

/// The workbook shows each change. When every line was answered, whoever registered the order gets a letter, and another
/// one when nothing is unknown any more; the bell rings when the last line is settled. Where the platform made nothing
/// since a restore, the letter may have left before it.
async fn after_all(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    doubted: Option<DateTime<Utc>>,
) -> anyhow::Result<()> {
    orders::finish_free(tx, order).await?;
    batches::ask_for_workbook(tx, order.batch()).await?;
    if activations::waits(tx, &order.code).await? {
        return Ok(());
    }
    let unknown = activations::unknown(tx, &order.code).await?;
    if stored::tell_activation(tx, &order.code, unknown).await? {
        send::plan::activated(services, tx, order).await?;
        if let Some(until) = doubted
            && licences::all_before(tx, &order.code, until).await?
        {
            let result = (Purpose::ActivationResult, order.code.as_str());
            mails::doubt(tx, result, guard::MAYBE_SENT).await?;
        }
    }
    if unknown > 0 {
        return Ok(());
    }
    let (done, refused) = activations::counts(tx, &order.code).await?;
    let stuck = activations::stuck_of_order(tx, &order.code).await?;
    let (reasons, more) = reason::first(services.texts, &stuck);
    let values = context! { order => order.code.as_str(), done, refused, reasons, more };
    let text = services.texts.say("message.bell.order_activated", values);
    let kind = NotificationKind::OrderActivated;
    let new = NewNotification { firm: &order.firm, kind, text: &text, order: Some(&order.code) };
    notifications::insert(tx, new, services.now()).await?;
    Ok(())
}
