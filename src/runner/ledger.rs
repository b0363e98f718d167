//! The ledger of scheduled moments: each is accounted for once, by whichever process comes first, and gets a run or a
//! reason why not. When moments come, and what is to become of them, is decided by `moments`.

use chrono::{DateTime, Utc};

use super::{
    NIGHT,
    definition::{Job, Schedule},
    moments::{self, Fate, Open, Policy, Span},
};
use crate::{
    db::{
        Tx,
        runs::{self, Run},
        slots::{self, JobClock, Slot},
    },
    domain::{
        run::{JobKind, RunState},
        slot::{SlotOutcome, SlotReason},
    },
    flow::Services,
};

/// A run whose turn it is, held by this process.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub job: Job,
    pub run: Run,
    /// Of the claim.
    pub epoch: i64,
}

/// Says which jobs there are. One that is new, or has another schedule than before, begins now: it owes nothing for
/// earlier moments. Of processes that were told different things the one that started last is right.
pub async fn begin(services: &Services, jobs: &[Job]) -> anyhow::Result<()> {
    let (db, now) = (&services.db, services.now());
    for clock in slots::clocks(db).await? {
        let is_scheduled = |job: &Job| job.name == clock.job && job.schedule.is_some();
        if !jobs.iter().any(is_scheduled) {
            slots::end(db, &clock.job).await?;
        }
    }
    for (gone,) in runs::jobs_that_wait(db).await? {
        if !jobs.iter().any(|job| job.name == gone) {
            for run in runs::queued_of(db, &gone).await? {
                give_up(services, &run, None).await?;
            }
        }
    }
    for job in jobs {
        if let Some(schedule) = &job.schedule {
            slots::begin(db, &job.name, &written(services, schedule), now).await?;
        }
    }
    Ok(())
}

/// Accounts for the moments that passed, and takes the runs whose turn it is.
pub async fn turn(services: &Services, jobs: &[Job]) -> anyhow::Result<Vec<Claimed>> {
    let clocks = slots::clocks(&services.db).await?;
    for job in jobs {
        let Some(schedule) = &job.schedule else { continue };
        let known = clocks.iter().find(|clock| clock.job == job.name);
        if known.is_some_and(|clock| is_due(services, schedule, clock)) {
            account(services, job, schedule).await?;
        }
    }
    claim_due(services, jobs).await
}

/// A process that was told of another schedule later accounts for its moments.
fn is_due(services: &Services, schedule: &Schedule, clock: &JobClock) -> bool {
    let next = schedule.next_after(clock.accounted_to, services.settings.timezone);
    clock.schedule == written(services, schedule) && next.is_some_and(|at| at <= services.now())
}

/// Moments of another schedule, or in another time zone, are others.
fn written(services: &Services, schedule: &Schedule) -> String {
    format!("{schedule} {}", services.settings.timezone)
}

async fn account(services: &Services, job: &Job, schedule: &Schedule) -> anyhow::Result<()> {
    let (now, written) = (services.now(), written(services, schedule));
    let mut tx = services.db.begin().await?;
    let known = slots::clock(&mut tx, &job.name).await?;
    let is_ours = |clock: &JobClock| clock.schedule == written && clock.accounted_to < now;
    let Some(clock) = known.filter(is_ours) else { return Ok(()) };
    let open = runs::open(&mut tx, &job.name).await?;
    let queued = open.iter().find(|(_, state)| state == RunState::Queued.as_str());
    let is_open = match (queued, open.as_slice()) {
        (Some(_), _) => Open::Queued,
        (None, []) => Open::Nothing,
        (None, _) => Open::Running,
    };
    let policy = Policy { catch_up: job.catch_up, overlap: job.overlap };
    let time = (clock.accounted_to, now);
    let (spans, to) = moments::account(schedule, services.settings.timezone, time, policy, is_open);
    note(&mut tx, job, &spans, (clock.since, now), queued.map(|(id, _)| *id)).await?;
    slots::accounted(&mut tx, &job.name, to).await?;
    tx.commit().await?;
    services.crash_point("slot_written");
    Ok(())
}

/// Stores spans, and asks for the runs of those that run. What is coalesced goes into the run that waits already,
/// else into the first that is asked for.
async fn note(
    tx: &mut Tx,
    job: &Job,
    spans: &[Span],
    (since, now): (DateTime<Utc>, DateTime<Utc>),
    queued: Option<i64>,
) -> anyhow::Result<()> {
    let mut own = Vec::new();
    for span in spans {
        own.push(match span.fate {
            Fate::Runs => Some(runs::queue(tx, &job.name, job.kind, span.first, now).await?),
            Fate::Coalesced | Fate::Skipped(_) => None,
        });
    }
    let into = queued.or(own.iter().copied().flatten().next());
    for (span, own) in spans.iter().zip(&own) {
        let (outcome, reason, run_id) = match span.fate {
            Fate::Runs => (SlotOutcome::Ran, None, *own),
            Fate::Coalesced => (SlotOutcome::Coalesced, None, into),
            Fate::Skipped(reason) => (SlotOutcome::Skipped, Some(reason.to_string()), None),
        };
        let slot = Slot {
            job: job.name.clone(),
            scheduled_for: span.first,
            last: span.last,
            moments: span.moments,
            outcome,
            reason,
            run_id,
        };
        slots::add(tx, &slot, since).await?;
    }
    Ok(())
}

/// Whether a run that waits may begin.
enum Turn {
    Now,
    Later,
    /// A job that it comes after did not succeed.
    Never(String),
}

async fn claim_due(services: &Services, jobs: &[Job]) -> anyhow::Result<Vec<Claimed>> {
    let now = services.now();
    let mut claimed = Vec::new();
    for run in runs::queued(&services.db, now).await? {
        // Another process may know the job.
        let Some(job) = jobs.iter().find(|job| job.name == run.job) else { continue };
        match turn_of(services, job, jobs, &run).await? {
            Turn::Later => {}
            Turn::Never(before) => give_up(services, &run, Some(&before)).await?,
            Turn::Now => {
                if let Some(epoch) =
                    runs::claim(&services.db, run.id, services.lease(), now).await?
                {
                    claimed.push(Claimed { job: job.clone(), run, epoch });
                }
            }
        }
    }
    Ok(claimed)
}

/// Each job before it must have ended well since its own moment of the same night, and within a day. A sweep demands a
/// reconciliation, whether its job names one or not.
async fn turn_of(services: &Services, job: &Job, jobs: &[Job], run: &Run) -> anyhow::Result<Turn> {
    let now = services.now();
    if job.kind == JobKind::Sweep {
        for before in jobs.iter().filter(|other| other.kind == JobKind::Reconcile) {
            if runs::is_open(&services.db, &before.name, now).await? {
                return Ok(Turn::Later);
            }
        }
        if !runs::kind_succeeded_since(&services.db, JobKind::Reconcile, now - NIGHT).await? {
            return Ok(Turn::Never(JobKind::Reconcile.to_string()));
        }
    }
    // A run that was interrupted long ago stands for the nights since.
    let slot = slots::last_of(&services.db, run.id).await?.or(run.slot).unwrap_or(now);
    for name in &job.after {
        let before = jobs.iter().find(|other| other.name.eq_ignore_ascii_case(name));
        let before = before.map_or(name.as_str(), |job| job.name.as_str());
        if runs::is_open(&services.db, before, slot).await? {
            return Ok(Turn::Later);
        }
        let newest = slots::newest(&services.db, before, (slot - NIGHT, slot)).await?;
        let since = newest.map_or(now - NIGHT, |newest| newest.max(now - NIGHT));
        if !runs::succeeded_since(&services.db, before, since).await? {
            return Ok(Turn::Never(before.to_owned()));
        }
    }
    Ok(Turn::Now)
}

/// A run that waited and is not to run: of a job that is gone, or behind one that did not succeed.
async fn give_up(services: &Services, run: &Run, before: Option<&str>) -> anyhow::Result<()> {
    let why = before.map_or_else(
        || format!("there is no job `{}` any more", run.job),
        |before| format!("`{before}` did not succeed that night"),
    );
    let mut tx = services.db.begin().await?;
    if runs::cancel(&mut tx, run.id, &why, services.now()).await? {
        let reason = before.map_or(SlotReason::Missed, |_| SlotReason::After);
        slots::skip(&mut tx, run.id, reason).await?;
        tx.commit().await?;
        tracing::warn!(run.id, job = run.job, "Run {} of `{}` is skipped: {why}", run.id, run.job);
    }
    Ok(())
}
