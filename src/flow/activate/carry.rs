//! Changes of licences that were claimed together: what is to be asked of all of them is stored before the first is
//! asked, and all answers are committed at once; where that fails, each by itself. Which are claimed is decided by
//! `changes`, what follows from an answer by `changed`.

use anyhow::Context;

use super::{
    bodies,
    changed::{self, NotChanged},
    platform::{PlatformError, wire::Licence as Answer},
};
use crate::{
    db::{
        activations::ActivationState,
        changes::{self, Change, ChangeKind},
        grace,
        licences::{self, Licence},
        lines::{self, Line},
        orders::{self, Order},
        requests,
    },
    domain::{licence::LicenceState, order::RequestState},
    flow::{
        Services,
        fault::caught,
        holder::LeaseLost,
        sweep::{
            rules::Waits,
            since::{self, MaybePaid},
        },
    },
};

/// What a change is about.
pub(super) struct About {
    pub order: Order,
    pub line: Line,
    pub licence: Licence,
}

/// With what is asked for it, or why nothing is.
struct Ready {
    change: Change,
    about: About,
    request: Result<String, NotChanged>,
}

/// With what the platform said, where it was asked.
struct Asked {
    change: Change,
    about: About,
    answer: Result<Answer, NotChanged>,
}

/// How it ended; nothing where a cut-off waits. Fails where it goes back, to be tried on the next run.
type Ended = anyhow::Result<Option<ActivationState>>;

/// Of each how it ended, in no order.
pub(super) async fn out(services: &Services, claimed: Vec<Change>) -> Vec<Ended> {
    // Read anew for these alone: money may have come since others were carried out.
    let mut maybe_paid = MaybePaid::default();
    let (mut ready, mut asked, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for change in claimed {
        match caught(prepared(services, &change, &mut maybe_paid)).await {
            Ok((about, request)) => ready.push(Ready { change, about, request }),
            Err(error) => ended.push(Err(given_back(services, &change, error).await)),
        }
    }
    let is_written = caught(write_down(services, &ready)).await.is_ok();
    for it in ready {
        let written = if is_written {
            Ok(())
        } else {
            caught(write_down(services, std::slice::from_ref(&it))).await
        };
        let Ready { change, about, request } = it;
        let answer = match written {
            Ok(()) => caught(answer(services, (&change, &about), request)).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => asked.push(Asked { change, about, answer }),
            Err(error) => ended.push(Err(given_back(services, &change, error).await)),
        }
    }
    ended.extend(settled(services, &asked).await);
    ended
}

async fn given_back(services: &Services, change: &Change, error: anyhow::Error) -> anyhow::Error {
    match changes::give_back(&services.db, change.id, change.claim()).await {
        Ok(_) => error,
        Err(back) => anyhow::Error::from(back).context(error),
    }
}

/// What it is about, and the body: that of the first attempt, or a new one.
async fn prepared(
    services: &Services,
    change: &Change,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<(About, Result<String, NotChanged>)> {
    services.crash_point("change_claimed");
    let db = &services.db;
    let line = lines::by_id(db, change.line_id).await?.context("A change has its line")?;
    let order = orders::by_code(db, &line.order_code).await?.context("A line has its order")?;
    let licence = licences::of_line(db, line.id).await?.context("A change has its licence")?;
    let about = About { order, line, licence };
    let request = match (not_wanted(services, change, &about, maybe_paid).await?, &change.request) {
        (Some(why), _) => Err(why),
        (None, Some(request)) => Ok(request.clone()),
        (None, None) => bodies::of(services, change, &about).await?.map_err(NotChanged::ByPlatform),
    };
    Ok((about, request))
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

/// Stores the bodies that are sent for the first time.
async fn write_down(services: &Services, ready: &[Ready]) -> anyhow::Result<()> {
    let new = ready.iter().filter(|it| it.change.request.is_none());
    let new: Vec<(&Change, &String)> =
        new.filter_map(|it| Some((&it.change, it.request.as_ref().ok()?))).collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut tx = services.db.begin().await?;
    for (change, request) in new {
        if !changes::write_down(&mut tx, change.id, change.claim(), request).await? {
            return Err(LeaseLost.into());
        }
    }
    Ok(tx.commit().await?)
}

async fn answer(
    services: &Services,
    (change, about): (&Change, &About),
    request: Result<String, NotChanged>,
) -> anyhow::Result<Result<Answer, NotChanged>> {
    let answer = match request {
        Ok(request) => {
            services.demand(change.lease_until)?;
            let answer = ask(services, change, &about.licence.licence_id, &request).await;
            answer.map_err(NotChanged::ByPlatform)
        }
        Err(why) => Err(why),
    };
    services.crash_point("change_answered");
    Ok(answer)
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

/// All in one transaction; where that fails each in its own, so that one spoils no other.
async fn settled(services: &Services, asked: &[Asked]) -> Vec<Ended> {
    if let Ok(all) = caught(settle(services, asked)).await {
        return all.into_iter().map(Ok).collect();
    }
    let mut ended = Vec::new();
    for one in asked {
        ended.push(match caught(settle(services, std::slice::from_ref(one))).await {
            Ok(states) => Ok(states.into_iter().next().flatten()),
            Err(error) => Err(given_back(services, &one.change, error).await),
        });
    }
    ended
}

async fn settle(
    services: &Services,
    asked: &[Asked],
) -> anyhow::Result<Vec<Option<ActivationState>>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = services.db.begin().await?;
    let mut states = Vec::new();
    for Asked { change, about, answer } in asked {
        states.push(match answer {
            Ok(answer) => {
                Some(changed::settle_done(services, &mut tx, (change, about), answer).await?)
            }
            Err(why) => changed::settle_failed(services, &mut tx, (change, about), why).await?,
        });
    }
    tx.commit().await?;
    Ok(states)
}
