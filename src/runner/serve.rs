//! The daemon: ticks the jobs of `jobs/`, looks into the inbox, and stops cleanly.
//! The scheduler crate is the ticker only; what is due is computed here.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
};
use tokio_cron_scheduler::{Job as Ticking, JobScheduler};

use super::{Files, Work, arrival, definition::Job, run};
use crate::{
    db::batches,
    domain::run::JobKind,
    flow::{Services, inbox},
};

/// Ticks that may wait while the daemon is busy; more are dropped, since each does the same.
const TICKS: usize = 4;
/// Between two looks into the inbox.
const LOOK: Duration = Duration::from_secs(2);

/// What the daemon remembers between ticks.
struct Daemon {
    services: Arc<Services>,
    jobs: Vec<Job>,
    /// Up to when each scheduled job's moments are accounted for.
    since: HashMap<String, DateTime<Utc>>,
    /// Jobs that run in this process.
    busy: HashSet<String>,
    runs: JoinSet<String>,
    seen: HashMap<PathBuf, (u64, Option<SystemTime>)>,
    looked: Option<tokio::time::Instant>,
}

/// Serves until SIGTERM or Ctrl-C; what runs then is finished first.
pub async fn serve(services: Arc<Services>, jobs: Vec<Job>) -> anyhow::Result<()> {
    super::recover(&services).await?;
    let (ticker, mut ticks) = ticker().await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut daemon = Daemon::new(services, jobs);
    daemon.go_on().await?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            Some(()) = ticks.recv() => daemon.tick(),
            Some(ended) = daemon.runs.join_next() => daemon.ended(ended),
        }
    }
    tracing::info!("Stopping; what runs is finished first");
    let mut ticker = ticker;
    ticker.shutdown().await.context("The ticker does not stop")?;
    while let Some(ended) = daemon.runs.join_next().await {
        daemon.ended(ended);
    }
    Ok(())
}

/// A tick each second.
async fn ticker() -> anyhow::Result<(JobScheduler, mpsc::Receiver<()>)> {
    let (send, receive) = mpsc::channel(TICKS);
    let scheduler = JobScheduler::new().await.context("The scheduler does not start")?;
    let tick = Ticking::new_async("* * * * * *", move |_, _| {
        let send = send.clone();
        // A full queue means that the daemon has ticks enough.
        Box::pin(async move {
            let _ = send.try_send(());
        })
    })?;
    scheduler.add(tick).await?;
    scheduler.start().await?;
    Ok((scheduler, receive))
}

impl Daemon {
    fn new(services: Arc<Services>, jobs: Vec<Job>) -> Daemon {
        let now = services.now();
        let since = jobs.iter().map(|job| (job.name.clone(), now)).collect();
        let (busy, runs, seen) = (HashSet::new(), JoinSet::new(), HashMap::new());
        Daemon { services, jobs, since, busy, runs, seen, looked: None }
    }

    /// Goes on with files that were begun before this start.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        let begun = !batches::unfinished(&self.services.db).await?.is_empty()
            || !inbox::left_behind(&self.services)?.is_empty();
        if begun {
            self.import(Vec::new());
        }
        Ok(())
    }

    fn tick(&mut self) {
        let now = self.services.now();
        for job in self.jobs.clone() {
            let Some(schedule) = &job.schedule else { continue };
            let since = self.since.get(&job.name).copied().unwrap_or(now);
            let due = schedule
                .next_after(since, self.services.settings.timezone)
                .is_some_and(|at| at <= now);
            if due {
                self.since.insert(job.name.clone(), now);
                let work = Work::of(&job);
                self.start(job, work);
            }
        }
        // A share that hangs for a moment is no reason to stop.
        if let Err(error) = self.look() {
            tracing::error!("The inbox cannot be read: {error:#}");
        }
    }

    /// Takes the files that are the same at two looks.
    fn look(&mut self) -> anyhow::Result<()> {
        let soon = self.looked.is_some_and(|at| at.elapsed() < LOOK);
        if soon
            || self
                .jobs
                .iter()
                .any(|job| job.kind == JobKind::Import && self.busy.contains(&job.name))
        {
            return Ok(());
        }
        self.looked = Some(tokio::time::Instant::now());
        let mut now = HashMap::new();
        for path in inbox::in_folder(&self.services)? {
            if let Ok(meta) = path.metadata() {
                now.insert(path, (meta.len(), meta.modified().ok()));
            }
        }
        let mut whole: Vec<PathBuf> = now
            .iter()
            .filter(|(path, look)| self.seen.get(*path) == Some(*look))
            .map(|(path, _)| path.clone())
            .collect();
        whole.sort();
        self.seen = now;
        if !whole.is_empty() {
            self.import(whole);
        }
        Ok(())
    }

    fn import(&mut self, paths: Vec<PathBuf>) {
        let Some(job) = self.jobs.iter().find(|job| job.kind == JobKind::Import).cloned() else {
            return;
        };
        let arrivals = paths.into_iter().map(|path| arrival(&self.services, path)).collect();
        let work = Work { files: Files::Given(arrivals), ..Work::of(&job) };
        self.start(job, work);
    }

    /// Starts a job unless it runs in this process already; another process is seen by the lease.
    fn start(&mut self, job: Job, work: Work) {
        if !self.busy.insert(job.name.clone()) {
            tracing::info!(
                job = job.name,
                "`{}` is still running; this moment is skipped",
                job.name
            );
            return;
        }
        let services = Arc::clone(&self.services);
        self.runs.spawn(async move {
            match run(&services, &job, &work).await {
                Ok(Some(ran)) => tracing::info!(run.id = ran.id, job = job.name, state = %ran.state, counts = ?ran.counts, "`{}` ended", job.name),
                Ok(None) => tracing::info!(job = job.name, "`{}` is running elsewhere", job.name),
                Err(error) => tracing::error!(job = job.name, "`{}` failed: {error:#}", job.name),
            }
            job.name
        });
    }

    fn ended(&mut self, ended: Result<String, tokio::task::JoinError>) {
        match ended {
            Ok(job) => {
                self.busy.remove(&job);
            }
            Err(error) => {
                // Which job it was is lost with it; none may stay locked for that.
                self.busy.clear();
                tracing::error!(%error, "A job ended in a panic");
            }
        }
    }
}
