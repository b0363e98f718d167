//! Orders → licences: the intent is stored before the platform is called, the same key goes with every attempt,
//! and a lost answer is asked about before anything is tried again. So are changes of a licence: who works in it, and
//! its end.

pub mod accounts;

pub mod platform;

mod request;

pub mod staff;

pub mod in_charge;

pub mod reason;

mod bodies;

mod bulk;

mod outcome;

pub mod changes;

mod carry;

mod changed;

pub mod assign;

pub use self::outcome::find_out;
use super::{Clock, Services, fault::Fault, key, progress::Step, send};
use crate::{
    db::{
        self, Tx,
        activations::{self, ActivationState, NewActivation},
        lines::{self, Line},
        orders::{self, Order},
        requests,
        staff::OnLine,
        standing, untold,
    },
    domain::order::{LineState, OrderCode, OrderState},
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
pub async fn plan(services: &Services, tx: &mut Tx, order: &Order) -> anyhow::Result<()> {
    orders::ask_activation(tx, &order.code, services.now()).await?;
    tell_payers(services, tx, order).await?;
    let (mut after, mut is_planned) = (0, false);
    loop {
        let lines = standing::after(tx, &order.code, after).await?;
        let Some(last) = lines.last() else { break };
        after = last.line_no;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let said = db::staff::of_lines(tx, &ids).await?;
        let paid = requests::hold_paid(tx, &ids).await?;
        for line in &lines {
            let about = (said.as_slice(), paid.contains(&line.id));
            is_planned |= plan_line(services, tx, (order, line), about).await?;
        }
    }
    if is_planned {
        orders::begin_activation(tx, &order.code).await?;
    }
    Ok(())
}

/// Lines that were refused are asked for again, and so is their money: of who was not told of it before, by mail and by
/// phone.
async fn tell_payers(services: &Services, tx: &mut Tx, order: &Order) -> anyhow::Result<()> {
    for (name, email) in untold::payers(tx, &order.code).await? {
        send::plan::notice_anew(services, tx, &order.code, (&name, &email)).await?;
    }
    if services.settings.sms.url.is_none() {
        return Ok(());
    }
    for (line, name, refused_at) in untold::refused(tx, &order.code).await? {
        let line = standing::by_ids(tx, &[line]).await?;
        let phone = line.first().and_then(|line| send::sms::phone(services, order, line));
        let Some(phone) = phone else { continue };
        let to = (phone, name.as_str());
        // One that was planned for a line of the same payer is for all of them.
        if !untold::has_message(tx, &order.code, to, refused_at).await? {
            send::plan::message_anew(services, tx, order, to).await?;
        }
    }
    Ok(())
}

async fn plan_line(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    (said, is_paid): (&[OnLine], bool),
) -> anyhow::Result<bool> {
    const MAY_BE: [LineState; 3] = [LineState::Waiting, LineState::Placed, LineState::Failed];
    if !MAY_BE.contains(&line.state) {
        return Ok(false);
    }
    let request = request::of(services, (order, line), (said, is_paid))?;
    let request = serde_json::to_string(&request)?;
    let request_sha256 = key::sha256(request.as_bytes());
    let is_moved = lines::move_on(tx, line.id, &MAY_BE, LineState::Activating).await?;
    if is_moved {
        let idempotency_key = request::key(services, line, &request_sha256);
        let new = NewActivation {
            line_id: line.id,
            idempotency_key: &idempotency_key,
            request: &request,
            request_sha256: &request_sha256,
        };
        activations::plan(tx, new, services.now()).await?;
    }
    Ok(is_moved)
}

/// Asks for the activation of an order that is placed; false where its state forbids it.
pub async fn ask(services: &Services, order: &Order) -> anyhow::Result<bool> {
    match order.state {
        OrderState::Placed | OrderState::Paid => {}
        // Free, and activated already.
        OrderState::Done => return Ok(true),
        OrderState::AwaitingConfirmation | OrderState::Cancelled => return Ok(false),
    }
    let mut tx = services.db.begin().await?;
    plan(services, &mut tx, order).await?;
    tx.commit().await?;
    Ok(true)
}

/// Carries out what was asked for, of one order or of all.
pub async fn run(services: &Services, order: Option<&OrderCode>) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    services.progress.tell(Step::Begin("activate"));
    Box::pin(bulk::run(services, order, &mut summary)).await?;
    services.progress.tell(Step::End);
    changes::run(services, order, &mut summary).await?;
    Ok(summary)
}

/// The same beside other work, which goes on where the platform cannot be asked now: what was asked for is not lost.
pub async fn run_if_there(services: &Services, order: &OrderCode) -> anyhow::Result<()> {
    match run(services, Some(order)).await {
        Err(error) if matches!(Fault::of(&error), Fault::Platform | Fault::Denied) => {
            tracing::warn!(%order, "The activation of {order} waits: {error:#}");
            Ok(())
        }
        ran => ran.map(|_| ()),
    }
}

/// Tells the platform what changed of the licences of an order, beside other work, which goes on where it cannot be told
/// now.
pub async fn tell_if_there(services: &Services, order: &OrderCode) -> anyhow::Result<()> {
    match changes::run(services, Some(order), &mut Summary::default()).await {
        Err(error) if matches!(Fault::of(&error), Fault::Platform | Fault::Denied) => {
            tracing::warn!(%order, "What changed of {order} waits: {error:#}");
            Ok(())
        }
        ran => ran,
    }
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

/// Gives back the claims of processes of this machine that are no more, and those whose time is over.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    activations::release_lapsed(&services.db, Clock::System.now()).await?;
    for (holder,) in activations::holders(&services.db).await? {
        if super::holder::Holder::is_dead(&holder) {
            activations::release(&services.db, &holder).await?;
        }
    }
    changes::release_dead(services).await
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    activations::release(&services.db, services.holder.as_str()).await?;
    changes::release_own(services).await
}
