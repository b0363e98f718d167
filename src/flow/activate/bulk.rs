//! Many requests to the platform: some at once, their answers committed in groups as they come.
//! What an answer means for its line is decided by `outcome`.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context as _;
use chrono::TimeDelta;
use futures::{FutureExt as _, StreamExt as _, future, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    Summary, or_later,
    outcome::{self, Asked},
    platform::{Platform, PlatformError, wire::Licence},
};
use crate::{
    db::{
        activations::{self, Activation, ActivationState},
        lines::Line,
        orders::{self, Order},
        standing,
    },
    domain::order::OrderCode,
    flow::{
        Services,
        fault::{Fault, caught},
        progress::Step,
    },
};

/// Answers that are committed together, at most.
const GROUP: usize = 64;
/// A licence of ours may be a little older than its order by the platform's clock.
const SLACK: TimeDelta = TimeDelta::days(1);

/// A claimed request, what it is about, and the room that it takes until it is answered.
struct Ready {
    activation: Activation,
    about: anyhow::Result<About>,
    _room: OwnedSemaphorePermit,
}

type About = (Arc<Order>, Line);

/// One request, and what became of it; an error where it was not even asked.
type Done = (Activation, anyhow::Result<Asked>);

/// Each open line once: one whose answer stays away does not keep the others waiting. Claims, questions and answers go
/// on side by side: while one of them waits for the disk, the others work.
pub async fn run(
    services: &Services,
    order: Option<&OrderCode>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let at_once = match services.platform {
        // One database answers one after the other.
        Platform::Embedded(_) => 1,
        Platform::Http(_) => usize::try_from(services.settings.platform.concurrency)?,
    };
    let stop = AtomicBool::new(false);
    // Few are claimed ahead, since their leases run, and none where one is asked after the other: of those that a dead
    // process claimed nobody knows whether they were asked.
    let room = Arc::new(Semaphore::new(3 * at_once - 2));
    let (claimed, ready) = mpsc::channel(at_once);
    let (answered, answers) = mpsc::channel(GROUP);
    let claiming = claim_all(services, order, (at_once, &room, &stop), claimed);
    let asking = ask_all(services, (at_once, &stop), ready, answered);
    let settling = settle_all(services, answers, &stop, summary);
    let (claimed, (), settled) = future::join3(claiming, asking, settling).await;
    // What ended the settling is the cause of what ended the rest.
    settled?;
    claimed
}

async fn claim_all(
    services: &Services,
    order: Option<&OrderCode>,
    (at_once, room, stop): (usize, &Arc<Semaphore>, &AtomicBool),
    claimed: mpsc::Sender<Ready>,
) -> anyhow::Result<()> {
    let (mut after, mut left) = (0, Vec::new());
    while left.is_empty() && !stop.load(Ordering::Relaxed) {
        let mut permits = Arc::clone(room).acquire_many_owned(u32::try_from(at_once)?).await?;
        let span = (after, at_once);
        let activations = activations::claim(&services.db, order, span, services.lease()).await?;
        let Some(last) = activations.last() else { break };
        after = last.line_id;
        for (activation, about) in with_lines(services, activations).await {
            let room = permits.split(1).context("There is room for each")?;
            let ready = Ready { activation, about, _room: room };
            if stop.load(Ordering::Relaxed) {
                left.push(ready.activation);
            } else if let Err(mpsc::error::SendError(ready)) = claimed.send(ready).await {
                left.push(ready.activation);
            }
        }
    }
    for activation in left {
        not_asked(services, &activation).await?;
    }
    Ok(())
}

/// Each with its line and its order. Where they cannot be read together, each alone: one spoils no other.
async fn with_lines(
    services: &Services,
    activations: Vec<Activation>,
) -> Vec<(Activation, anyhow::Result<About>)> {
    let ids: Vec<i64> = activations.iter().map(|activation| activation.line_id).collect();
    let mut all = caught(about(services, &ids)).await.unwrap_or_default();
    let mut read = Vec::new();
    for activation in activations {
        let id = activation.line_id;
        let found = match all.remove(&id) {
            Some(found) => Ok(found),
            None => caught(about(services, &[id]))
                .await
                .and_then(|mut alone| alone.remove(&id).context("An activation has its line")),
        };
        read.push((activation, found));
    }
    read
}

async fn about(services: &Services, ids: &[i64]) -> anyhow::Result<HashMap<i64, About>> {
    let mut orders: HashMap<OrderCode, Arc<Order>> = HashMap::new();
    let mut about = HashMap::new();
    for line in standing::with_ids(&services.db, ids).await? {
        let order = if let Some(known) = orders.get(&line.order_code) {
            Arc::clone(known)
        } else {
            let order = orders::by_code(&services.db, &line.order_code).await?;
            let order = Arc::new(order.context("A line has its order")?);
            orders.insert(line.order_code.clone(), Arc::clone(&order));
            order
        };
        about.insert(line.id, (order, line));
    }
    Ok(about)
}

async fn not_asked(services: &Services, activation: &Activation) -> anyhow::Result<()> {
    let (id, claim) = (activation.line_id, activation.claim());
    activations::not_asked(&services.db, id, claim, None).await?;
    Ok(())
}

async fn ask_all(
    services: &Services,
    (at_once, stop): (usize, &AtomicBool),
    ready: mpsc::Receiver<Ready>,
    answered: mpsc::Sender<Done>,
) {
    let ready = stream::unfold(ready, async |mut ready| Some((ready.recv().await?, ready)));
    let asking = ready.map(|ready| one(services, ready, stop).boxed()).buffer_unordered(at_once);
    let mut asked = pin!(asking.filter_map(future::ready));
    while let Some(done) = asked.next().await {
        if answered.send(done).await.is_err() {
            break;
        }
    }
}

/// Nothing where it was not asked any more: something ended the run, or its lease ended while it waited.
async fn one(services: &Services, ready: Ready, stop: &AtomicBool) -> Option<Done> {
    let is_late = services.demand(ready.activation.lease_until).is_err();
    if is_late || stop.load(Ordering::Relaxed) {
        // Where not even this can be written, the claim ends by itself.
        let _ = not_asked(services, &ready.activation).await;
        return None;
    }
    let activation = ready.activation.clone();
    let asked = caught(ask(services, ready)).await;
    if asked.as_ref().is_err_and(|error| Fault::of(error).stops_all()) {
        stop.store(true, Ordering::Relaxed);
    }
    Some((activation, asked))
}

async fn ask(
    services: &Services,
    Ready { activation, about, _room }: Ready,
) -> anyhow::Result<Asked> {
    let (order, line) = about?;
    services.crash_point("activation_claimed");
    let (platform, key) = (&services.platform, activation.idempotency_key.as_str());
    let before = if activation.attempts > 1 { platform.find_by_key(key).await } else { Ok(None) };
    services.demand(activation.lease_until)?;
    let answer = match before {
        Ok(None) => platform.activate(key, &activation.request, services.now()).await,
        Ok(Some(licence)) => Ok(licence),
        Err(error) => Err(error),
    };
    let answer = match answer {
        Err(PlatformError::Refused { code, detail }) if code == "tax_id_already_licensed" => {
            match ours(platform, &order, &line).await {
                Ok(None) => Err(PlatformError::Refused { code, detail }),
                Ok(Some(licence)) => Ok(licence),
                Err(error) => Err(error),
            }
        }
        answer => answer,
    };
    services.crash_point("activation_answered");
    match answer {
        Err(error) if error.stops_all() => Err(error.into()),
        answer => Ok(Asked { order, line, answer }),
    }
}

/// A client who is licensed already is so by us, if the platform lists the licence under our order and line.
async fn ours(
    platform: &Platform,
    order: &Order,
    line: &Line,
) -> Result<Option<Licence>, PlatformError> {
    let since = Some(order.created_at - SLACK);
    let is_ours = |licence: &Licence| {
        licence.order_code == order.code.as_str()
            && licence.line == line.line_no
            && licence.tax_id == line.client.tax_id.as_str()
    };
    let mut cursor: Option<String> = None;
    loop {
        let page = platform.licences(since, cursor.as_deref()).await?;
        if let Some(licence) = page.items.into_iter().find(is_ours) {
            return Ok(Some(licence));
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(None);
        }
    }
}

/// Commits the answers that came while the ones before were committed.
async fn settle_all(
    services: &Services,
    mut answers: mpsc::Receiver<Done>,
    stop: &AtomicBool,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut group = Vec::new();
    let mut ended = Ok(());
    while answers.recv_many(&mut group, GROUP).await > 0 {
        let before = summary.activated;
        for settled in settle(services, std::mem::take(&mut group)).await {
            match or_later(settled, "An activation") {
                Ok(ActivationState::Done) => summary.activated += 1,
                Ok(ActivationState::Refused) => summary.failed += 1,
                Ok(_) => summary.uncertain += 1,
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    ended = ended.and(Err(error));
                }
            }
        }
        if summary.activated > before {
            services.crash_point("activation_settled");
        }
        services.progress.tell(Step::Done(summary.activated + summary.failed));
    }
    ended
}

/// All in one transaction; where that fails each in its own, so that one spoils no other.
async fn settle(services: &Services, group: Vec<Done>) -> Vec<anyhow::Result<ActivationState>> {
    let (mut asked, mut states) = (Vec::new(), Vec::new());
    for (activation, done) in group {
        match done {
            Ok(done) => asked.push((activation, done)),
            Err(error) => states.push(Err(given_back(services, &activation, error).await)),
        }
    }
    if let Ok(all) = caught(outcome::settle(services, &asked)).await {
        states.extend(all.into_iter().map(Ok));
        return states;
    }
    for one in &asked {
        let settled = caught(outcome::settle(services, std::slice::from_ref(one))).await;
        states.push(match settled {
            Ok(state) => Ok(state.into_iter().next().unwrap_or(ActivationState::Uncertain)),
            Err(error) => Err(given_back(services, &one.0, error).await),
        });
    }
    states
}

/// The claim goes back with what went wrong; where nothing was asked, as if it had not been taken.
async fn given_back(
    services: &Services,
    activation: &Activation,
    error: anyhow::Error,
) -> anyhow::Error {
    let (db, id, claim) = (&services.db, activation.line_id, activation.claim());
    let was_asked = !error.chain().any(<dyn std::error::Error>::is::<PlatformError>);
    let back = if was_asked {
        activations::give_back(db, id, claim).await
    } else {
        activations::not_asked(db, id, claim, Some(&format!("{error:#}"))).await
    };
    match back {
        Ok(_) => error,
        Err(back) => anyhow::Error::from(back).context(error),
    }
}
