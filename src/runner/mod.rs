//! When, how often and how many at once: a job runs under a lease, does not overlap itself, and what a dead process
//! left is taken up at once.

pub mod definition;

pub mod serve;

mod watch;

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};

use self::definition::Job;
use crate::{
    db::{
        Db,
        runs::{self, Counts, End, Lease},
    },
    domain::run::{JobKind, RunState},
    flow::{
        Clock, Services, activate,
        answer::outbox,
        fault::Fault,
        holder::Holder,
        import::{self, Arrival, How},
        inbox::{self, Look},
        options::ImportOptions,
        report::{FileReport, Told},
        send,
    },
};

/// How long a lease holds without a sign of life, and how often one is given.
const LEASE: Duration = Duration::from_mins(2);
const HEARTBEAT: Duration = Duration::from_secs(30);

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
    pub told: Told,
}

impl Work {
    /// What a job does when nothing else is said.
    pub fn of(job: &Job) -> Work {
        Work { files: Files::Inbox, options: job.import.clone(), told: Told::First(0) }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Ran {
    pub id: i64,
    pub state: RunState,
    pub counts: Counts,
    pub files: Vec<FileReport>,
}

/// Takes up what processes of this machine left when they died: runs, activations, mails.
pub async fn recover(services: &Services) -> anyhow::Result<()> {
    let now = real_now();
    for run in runs::running(&services.db).await? {
        let holder = run.holder.as_deref().unwrap_or_default();
        let is_over = run.lease_until.is_none_or(|until| until < now);
        if is_over || Holder::is_dead(holder) {
            let end = End { state: RunState::Interrupted, counts: Counts::new(), error: None };
            runs::finish(&services.db, run.id, holder, &end, services.now()).await?;
            tracing::info!(
                run.id,
                job = run.job,
                "Run {} of `{}` was interrupted",
                run.id,
                run.job
            );
        }
    }
    activate::release_dead(services).await?;
    send::release_dead(services).await
}

/// Runs a job now; `None` where it is running already.
pub async fn run(services: &Services, job: &Job, work: &Work) -> anyhow::Result<Option<Ran>> {
    recover(services).await?;
    // Also another job of the same kind, and another machine's on the same folder.
    let lock = match job.kind {
        JobKind::Import => match lock(services)? {
            Some(lock) => Some(lock),
            None => return Ok(None),
        },
        _ => None,
    };
    let holder = services.holder.as_str();
    let lease = Lease { holder, until: real_now() + LEASE };
    let Some(id) = runs::start(&services.db, &job.name, job.kind, lease, services.now()).await?
    else {
        return Ok(None);
    };
    // A task of its own: heavy work must not keep the lease from being renewed.
    let heartbeat = tokio::spawn(heartbeat(services.db.clone(), id, holder.to_owned()));
    let done = carry_out(services, job.kind, work, id).await;
    heartbeat.abort();
    let end = match &done {
        Ok((state, counts, _)) => End { state: *state, counts: counts.clone(), error: None },
        Err(error) => End {
            state: RunState::Failed,
            counts: Counts::new(),
            error: Some(format!("{error:#}")),
        },
    };
    drop(lock);
    let finished = runs::finish(&services.db, id, holder, &end, services.now()).await;
    // What ended the run says more than that its end could not be noted.
    let (state, counts, files) = done?;
    finished?;
    Ok(Some(Ran { id, state, counts, files }))
}

/// Of `work/`, gone with this process; `None` where another one has it.
fn lock(services: &Services) -> anyhow::Result<Option<std::fs::File>> {
    let folder = fs_err::File::open(services.home.join("work"))?.into_parts().0;
    match folder.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
        // Some shares know no locks; the lease of the job holds there.
        Err(std::fs::TryLockError::Error(error)) => tracing::debug!(%error, "work/ has no locks"),
        Ok(()) => {}
    }
    Ok(Some(folder))
}

async fn heartbeat(db: Db, id: i64, holder: String) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let lease = Lease { holder: &holder, until: real_now() + LEASE };
        match runs::renew(&db, id, lease).await {
            Ok(true) => {}
            Ok(false) => tracing::error!(run.id = id, "The lease of run {id} was lost"),
            Err(error) => {
                tracing::warn!(run.id = id, %error, "The lease of run {id} could not be renewed");
            }
        }
    }
}

type Done = (RunState, Counts, Vec<FileReport>);

async fn carry_out(
    services: &Services,
    kind: JobKind,
    work: &Work,
    run_id: i64,
) -> anyhow::Result<Done> {
    let (needs_person, counts, files) = match kind {
        JobKind::Import => {
            let files = import_files(services, work, run_id).await?;
            let needs_person = files.iter().any(FileReport::needs_person);
            (needs_person, counts_of(&files), files)
        }
        JobKind::Activate => {
            let summary = activate::run(services, None).await?;
            let counts = [
                ("activated", summary.activated),
                ("failed", summary.failed),
                ("uncertain", summary.uncertain),
            ];
            (summary.failed + summary.uncertain > 0, named(&counts), Vec::new())
        }
        JobKind::Mail => {
            let summary = send::run(services).await?;
            let counts = [
                ("sent", summary.sent),
                ("held", summary.held),
                ("failed", summary.failed),
                ("waiting", summary.waiting),
            ];
            (summary.failed + summary.waiting > 0, named(&counts), Vec::new())
        }
    };
    outbox::write_asked(services).await?;
    let state = if needs_person { RunState::CompletedWithRejects } else { RunState::Succeeded };
    Ok((state, counts, files))
}

/// The given files first: one that was begun before goes on with its batch.
async fn import_files(
    services: &Services,
    work: &Work,
    run_id: i64,
) -> anyhow::Result<Vec<FileReport>> {
    let how = How { options: &work.options, run_id: Some(run_id), told: work.told };
    let arrivals = match &work.files {
        Files::Given(arrivals) => arrivals.clone(),
        Files::Inbox => {
            let seen = inbox::settled(services).await?;
            for (path, why) in &seen.left {
                tracing::warn!("Left alone: {}: {why}", services.shown_path(path));
            }
            seen.files.into_iter().map(|(path, look)| arrival(services, path, Some(look))).collect()
        }
    };
    let mut reports = Vec::new();
    let mut failed = None;
    for arrival in &arrivals {
        import::keep(&mut reports, &mut failed, import::file(services, arrival, how).await);
        // The others are safer in the inbox.
        if failed.as_ref().map(Fault::of).is_some_and(Fault::stops_all) {
            break;
        }
    }
    if let Some(error) = failed.take_if(|error| Fault::of(error).stops_all()) {
        return Err(error);
    }
    reports.extend(import::unfinished(services, how).await?);
    failed.map_or(Ok(reports), Err)
}

/// A file of the inbox, with the firm that its folder says.
pub fn arrival(services: &Services, path: PathBuf, settled: Option<Look>) -> Arrival {
    let owner = inbox::owner(services, &path);
    Arrival { path, owner, settled }
}

fn counts_of(files: &[FileReport]) -> Counts {
    let sum = |rows: fn(&FileReport) -> i64| files.iter().map(rows).sum();
    Counts::from([
        ("files".to_owned(), i64::try_from(files.len()).unwrap_or(i64::MAX)),
        ("rows".to_owned(), sum(|file| file.rows.total)),
        ("accepted".to_owned(), sum(|file| file.rows.accepted)),
        ("rejected".to_owned(), sum(|file| file.rows.rejected)),
        ("held".to_owned(), sum(|file| file.rows.held)),
    ])
}

fn named(counts: &[(&str, u64)]) -> Counts {
    counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), i64::try_from(*count).unwrap_or(i64::MAX)))
        .collect()
}

/// Leases count real time, whatever the clock of the flow says.
fn real_now() -> DateTime<Utc> {
    Clock::System.now()
}
