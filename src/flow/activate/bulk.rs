//! Many requests to the platform: some at once, their answers committed in groups as they come.
//! What an answer means for its line is decided by `outcome`.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Context as _;
use chrono::TimeDelta;
use futures::{
    FutureExt as _, StreamExt as _,
    future::{self, BoxFuture},
    stream::FuturesUnordered,
};
use tokio::sync::mpsc;

use super::{
    Summary, or_later,
    outcome::{self, Asked},
    platform::{Platform, PlatformError, wire::Licence},
};
use crate::{
    db::{
        activations::{self, Activation, ActivationState},
        lines::{self, Line},
        orders::{self, Order},
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

/// One request, and what became of it; an error where it was not even asked.
type Done = (Activation, anyhow::Result<Asked>);

/// Each open line once: one whose answer stays away does not keep the others waiting.
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
    let (answered, answers) = mpsc::channel(GROUP);
    let asking = ask_all(services, order, (at_once, &stop), answered);
    let settling = settle_all(services, answers, &stop, summary);
    let (asked, settled) = future::join(asking, settling).await;
    // What ended the settling is the cause of what ended the asking.
    settled?;
    asked
}

async fn ask_all(
    services: &Services,
    order: Option<&OrderCode>,
    (at_once, stop): (usize, &AtomicBool),
    answered: mpsc::Sender<Done>,
) -> anyhow::Result<()> {
    let mut after = 0;
    let mut claimed = VecDeque::new();
    let mut asking: FuturesUnordered<BoxFuture<'_, Done>> = FuturesUnordered::new();
    loop {
        while asking.len() < at_once && !stop.load(Ordering::Relaxed) {
            if claimed.is_empty() {
                let lease = services.lease();
                claimed =
                    activations::claim(&services.db, order, (after, at_once), lease).await?.into();
            }
            let Some(activation) = claimed.pop_front() else { break };
            after = activation.line_id;
            asking.push(one(services, activation, stop).boxed());
        }
        let Some(done) = asking.next().await else { break };
        if answered.send(done).await.is_err() {
            break;
        }
    }
    for activation in claimed {
        activations::not_asked(&services.db, activation.line_id, activation.claim(), None).await?;
    }
    Ok(())
}

async fn one(services: &Services, activation: Activation, stop: &AtomicBool) -> Done {
    let asked = caught(ask(services, &activation)).await;
    if asked.as_ref().is_err_and(|error| Fault::of(error).stops_all()) {
        stop.store(true, Ordering::Relaxed);
    }
    (activation, asked)
}

async fn ask(services: &Services, activation: &Activation) -> anyhow::Result<Asked> {
    services.crash_point("activation_claimed");
    let line = lines::by_id(&services.db, activation.line_id)
        .await?
        .context("An activation has its line")?;
    let order =
        orders::by_code(&services.db, &line.order_code).await?.context("A line has its order")?;
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
