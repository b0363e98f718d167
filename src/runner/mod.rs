//! When, how often and how many at once: a job runs under a lease, does not overlap itself, and what a dead process
//! left is taken up at once. Folder, schedule and command line come to the same place; what is done there says `work`.

pub mod around;

pub mod backup;

pub mod definition;

pub mod serve;

mod health;

pub mod heart;

pub mod ledger;

mod moments;

pub mod supervisor;

mod held;

mod work;

mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::anyhow;
use chrono::TimeDelta;
use futures::FutureExt as _;
use minijinja::context;
use tracing::Instrument as _;

pub use self::held::{Hung, Late};
use self::{definition::Job, held::Held, ledger::Claimed, work::Done};
use crate::{
    db::{
        leases::Claim,
        notifications::NotificationKind,
        runs::{self, Again, Counts, End, Run},
    },
    domain::run::{JobKind, RunState},
    flow::{
        Clock, Services, activate,
        export::ExportOptions,
        fault::{Fault, Panicked},
        guard,
        holder::Holder,
        import::Arrival,
        inbox::{self, Look},
        options::ImportOptions,
        report::{FileReport, Told},
        send,
        sweep::cut_offs::ReportOptions,
    },
};

/// What others work in is looked at again.
const SOON: TimeDelta = TimeDelta::seconds(5);
/// Within so long a job must have ended well for one that comes after it.
const NIGHT: TimeDelta = TimeDelta::hours(24);

/// What an import takes.
#[derive(Clone, Debug)]
pub enum Files {
    /// These, and what was begun before.
    Given(Vec<Arrival>),
    /// What lies whole in the inbox, and what was begun before.
    Inbox,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Work {
    pub files: Files,
    pub options: ImportOptions,
    pub export: ExportOptions,
    pub report: ReportOptions,
    pub told: Told,
    pub late: Late,
    /// Whether nobody looks on, as where cron runs it: a failure is told as of a scheduled run.
    pub is_unseen: bool,
}

impl Work {
    /// What a job does when nothing else is said.
    pub fn of(job: &Job) -> Work {
        Work {
            files: Files::Inbox,
            options: job.import.clone(),
            export: job.export.clone(),
            report: job.report,
            told: Told::First(0),
            late: Late::Told,
            is_unseen: false,
        }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Ran {
    pub id: i64,
    pub state: RunState,
    pub counts: Counts,
    pub files: Vec<FileReport>,
    /// That asks about money or cut-offs.
    pub workbook: Option<PathBuf>,
}

/// Why a job does not run now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// It, or what it needs, is in use.
    Elsewhere,
    /// A job that it comes after did not end well of late.
    After(String),
}

/// Takes up what processes left that are gone: runs, what they held, activations, mails.
pub async fn recover(services: &Services) -> anyhow::Result<()> {
    let now = Clock::System.now();
    for run in runs::running(&services.db).await? {
        let is_over = run.lease_until.is_none_or(|until| until < now);
        if is_over || Holder::is_dead(run.claim().holder) {
            interrupted(services, &run).await?;
            let (id, job) = (run.id, run.job.as_str());
            tracing::info!(run.id = id, job, "Run {id} of `{job}` was interrupted");
        }
    }
    held::release_dead(services).await?;
    activate::release_dead(services).await?;
    send::release_dead(services).await
}

/// Gives back all that this process has when it ends, so that others need not wait.
async fn leave(services: &Services) -> anyhow::Result<()> {
    for run in runs::running(&services.db).await? {
        if run.claim().holder == services.holder.as_str() {
            interrupted(services, &run).await?;
        }
    }
    held::release_own(services).await?;
    activate::release_own(services).await?;
    send::release_own(services).await
}

/// What was interrupted is done by its next run; the run of a scheduled moment goes on itself, and that costs no try.
async fn interrupted(services: &Services, run: &Run) -> anyhow::Result<()> {
    let now = services.now();
    if run.slot.is_some() {
        let again = Again { attempt: run.attempt, not_before: now, error: None };
        runs::hand_back(&services.db, run.id, run.claim(), again).await?;
    } else {
        let end = End { state: RunState::Interrupted, counts: Counts::new(), error: None };
        runs::finish(&services.db, run.id, run.claim(), &end, now).await?;
    }
    Ok(())
}

/// Runs a job now.
pub async fn run(
    services: &Arc<Services>,
    job: &Job,
    work: &Work,
) -> anyhow::Result<Result<Ran, NotRun>> {
    recover(services).await?;
    if let Some(before) = waits_for(services, job).await? {
        return Ok(Err(NotRun::After(before)));
    }
    let Some(shared) = held::take(services, job.kind).await? else {
        return Ok(Err(NotRun::Elsewhere));
    };
    let (lease, now) = (services.lease(), services.now());
    let Some(id) = runs::start(&services.db, &job.name, job.kind, lease, now).await? else {
        held::give_back(services, &shared).await?;
        return Ok(Err(NotRun::Elsewhere));
    };
    let held = Held { id, epoch: runs::FIRST_EPOCH, shared };
    carry_out(services, job, work, (&held, None)).await.map(Ok)
}

/// A job that this one comes after, and that did not end well within a day.
async fn waits_for(services: &Services, job: &Job) -> anyhow::Result<Option<String>> {
    let since = services.now() - NIGHT;
    if job.kind == JobKind::Sweep
        && !runs::kind_succeeded_since(&services.db, JobKind::Reconcile, since).await?
    {
        return Ok(Some(JobKind::Reconcile.to_string()));
    }
    for before in &job.after {
        if !runs::succeeded_since(&services.db, before, since).await? {
            return Ok(Some(before.clone()));
        }
    }
    Ok(None)
}

/// Carries out the run of a scheduled moment.
async fn run_claimed(
    services: &Arc<Services>,
    claimed: &Claimed,
) -> anyhow::Result<Result<Ran, NotRun>> {
    let Claimed { job, run, epoch } = claimed;
    let Some(shared) = held::take(services, job.kind).await? else {
        let not_before = services.now() + SOON;
        let again = Again { attempt: run.attempt, not_before, error: None };
        let claim = Claim { holder: services.holder.as_str(), epoch: *epoch };
        runs::hand_back(&services.db, run.id, claim, again).await?;
        return Ok(Err(NotRun::Elsewhere));
    };
    let held = Held { id: run.id, epoch: *epoch, shared };
    carry_out(services, job, &Work::of(job), (&held, Some(run.attempt))).await.map(Ok)
}

async fn carry_out(
    services: &Arc<Services>,
    job: &Job,
    work: &Work,
    (held, attempt): (&Held, Option<i64>),
) -> anyhow::Result<Ran> {
    // At the level of errors, so that each line of a run bears its number however few are asked for.
    let span = tracing::error_span!("run", id = held.id, job = job.name);
    let doing = async {
        services.crash_point("run_claimed");
        guard::has_come_further(services).await?;
        work::carry_out(services, job.kind, work, held.id).await
    };
    // Its type is named no deeper: what all it awaits is more than the compiler follows at once.
    let doing = doing.instrument(span).boxed();
    let done = held::under(services, (job, &work.late), held, doing).await;
    let given_back = held::give_back(services, &held.shared).await;
    let is_unseen = attempt.is_some() || work.is_unseen;
    let ran = end(services, job, held, (done, attempt, is_unseen)).await;
    services.crash_point("run_settled");
    given_back?;
    ran
}

/// Notes how a run ended. One of a scheduled moment, with the number of its attempt, is tried again where the fault
/// passes.
async fn end(
    services: &Services,
    job: &Job,
    held: &Held,
    (done, attempt, is_unseen): (anyhow::Result<Done>, Option<i64>, bool),
) -> anyhow::Result<Ran> {
    let claim = Claim { holder: services.holder.as_str(), epoch: held.epoch };
    let now = services.now();
    if let (Err(error), Some(attempt)) = (&done, attempt)
        && attempt < i64::from(job.retry.attempts)
        && is_tried_again(error)
    {
        let said = format!("{error:#}");
        let not_before = now + back_off(job.retry.backoff, attempt)?;
        let again = Again { attempt: attempt + 1, not_before, error: Some(&said) };
        runs::hand_back(&services.db, held.id, claim, again).await?;
        return Err(done.err().unwrap_or_else(|| anyhow!(said)));
    }
    let end = match &done {
        Ok(done) => End { state: done.state, counts: done.counts.clone(), error: None },
        Err(error) => {
            let is_stopped = attempt.is_none() && Fault::of(error) == Fault::TimedOut;
            let state = if is_stopped { RunState::Interrupted } else { RunState::Failed };
            End { state, counts: Counts::new(), error: Some(format!("{error:#}")) }
        }
    };
    let finished = runs::finish(&services.db, held.id, claim, &end, now).await;
    if is_unseen && end.state == RunState::Failed && matches!(finished, Ok(true)) {
        tell_failed(services, job, held.id).await;
    }
    // What ended the run says more than that its end could not be noted.
    let Done { state, counts, files, workbook } = done?;
    if !finished? {
        tracing::warn!(run.id = held.id, "Run {} ended here, and was taken over before", held.id);
    }
    Ok(Ran { id: held.id, state, counts, files, workbook })
}

/// The bell for the operator, where the run before did not fail too; and a letter on each day on which it fails.
async fn tell_failed(services: &Services, job: &Job, run: i64) {
    let told = async {
        let text =
            services.texts.say("message.run_failed", context! { job => job.name.as_str(), run });
        if runs::state_before(&services.db, &job.name, run).await? != Some(RunState::Failed) {
            let (kind, now) = (NotificationKind::RunFailed, services.now());
            guard::ring(&services.db, kind, &text, now).await?;
        }
        send::alarms::job_failed(services, &job.name, &text).await
    };
    if let Err(error) = told.await {
        tracing::warn!("The operator is not told: {error:#}");
    }
}

/// A panic may have come of what is otherwise the next time.
fn is_tried_again(error: &anyhow::Error) -> bool {
    Fault::of(error).is_passing() || error.is::<Panicked>()
}

/// Twice as long each time, up to a day, and up to a quarter more, so that many do not come back at once.
fn back_off(first: Duration, attempt: i64) -> anyhow::Result<TimeDelta> {
    let times = 2_u32.saturating_pow(u32::try_from(attempt - 1)?);
    let wait = first.saturating_mul(times).min(Duration::from_hours(24));
    let jitter = wait.mul_f64(f64::from(getrandom::u32()?) / f64::from(u32::MAX) / 4.0);
    Ok(TimeDelta::from_std(wait + jitter)?)
}

/// A file of the inbox, with the firm that its folder says.
pub fn arrival(services: &Services, path: PathBuf, settled: Option<Look>) -> Arrival {
    let owner = inbox::owner(services, &path);
    Arrival { path, owner, settled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_and_up_to_a_quarter_more_until_it_is_a_day() {
        let minute = Duration::from_mins(1);
        for (attempt, minutes) in [(1, 1), (2, 2), (5, 16), (11, 1_024), (12, 1_440), (90, 1_440)] {
            let wait = back_off(minute, attempt).unwrap();
            let least = TimeDelta::minutes(minutes);
            assert!((least..=least + least / 4).contains(&wait), "{attempt}: {wait}");
        }
    }

    #[test]
    fn what_passes_is_tried_again_and_so_is_a_panic() {
        let passing = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert!(is_tried_again(&anyhow::Error::from(passing).context("a file")));
        assert!(is_tried_again(&anyhow::Error::from(crate::flow::holder::LeaseLost)));
        assert!(!is_tried_again(&anyhow!("what no other attempt would change")));
    }
}
