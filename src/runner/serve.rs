//! The daemon: ticks the jobs of `jobs/`, looks into the inbox, and stops cleanly.
//! The scheduler crate is the ticker only; what is due is computed here.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
    time::Instant,
};
use tokio_cron_scheduler::{Job as Ticking, JobScheduler};

use super::{Files, Work, arrival, definition::Job, run, watch::watch};
use crate::{
    db::batches,
    domain::run::JobKind,
    flow::{
        Services,
        fault::Fault,
        import::Arrival,
        inbox::{self, Look, Settling, Why},
    },
};

/// Ticks that may wait while the daemon is busy; more are dropped, since each does the same.
const TICKS: usize = 4;
/// Between two looks into the inbox; where the file system tells of arrivals, a look comes sooner.
const LOOK: Duration = Duration::from_secs(2);
const SOONEST: Duration = Duration::from_millis(200);
/// After an import that failed, it is tried again: at first so soon, then ever later.
const AGAIN: Duration = Duration::from_secs(4);
const AGAIN_AT_MOST: Duration = Duration::from_mins(1);

/// What the daemon remembers between ticks.
struct Daemon {
    services: Arc<Services>,
    jobs: Vec<Job>,
    /// Up to when each scheduled job's moments are accounted for.
    since: HashMap<String, DateTime<Utc>>,
    /// Jobs that run in this process.
    busy: HashSet<String>,
    runs: JoinSet<Ended>,
    settling: Settling,
    /// What was told of files that are left alone; each is told once.
    told: HashSet<(PathBuf, Why)>,
    next_look: Instant,
    looked: Option<Instant>,
    again: Option<Again>,
    /// What lay whole there when the last import began.
    tried: HashSet<(PathBuf, Look)>,
}

/// An import that failed is tried again.
#[derive(Clone, Copy)]
struct Again {
    at: Instant,
    after: Duration,
    /// A full disk, say: the next file would fail too.
    stops_others: bool,
}

/// A job that ended in this process.
struct Ended {
    job: Job,
    fault: Option<Fault>,
}

/// Serves until SIGTERM or Ctrl-C; what runs then is finished first.
pub async fn serve(services: Arc<Services>, jobs: Vec<Job>) -> anyhow::Result<()> {
    super::recover(&services).await?;
    let (ticker, mut ticks) = ticker().await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (_watcher, mut arrivals) = watch(&services.settings.files.inbox);
    let mut daemon = Daemon::new(services, jobs);
    daemon.go_on().await?;
    loop {
        let next_look = daemon.next_look;
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            Some(()) = ticks.recv() => daemon.tick(),
            Some(()) = arrivals.recv() => daemon.look_soon(),
            () = tokio::time::sleep_until(next_look) => daemon.look(),
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
        Daemon {
            services,
            jobs,
            since,
            busy: HashSet::new(),
            runs: JoinSet::new(),
            settling: Settling::default(),
            told: HashSet::new(),
            next_look: Instant::now(),
            looked: None,
            again: None,
            tried: HashSet::new(),
        }
    }

    /// Goes on with files that were begun before this start.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        inbox::archive_rest(&self.services).await?;
        let begun = !batches::unfinished(&self.services.db).await?.is_empty()
            || !inbox::left_behind(&self.services)?.is_empty()
            || !inbox::hidden(&self.services)?.is_empty();
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
    }

    /// Something arrived; what comes in many pieces is not looked at for each.
    fn look_soon(&mut self) {
        let soonest = self.looked.map_or_else(Instant::now, |looked| looked + SOONEST);
        self.next_look = self.next_look.min(soonest);
    }

    /// Looks into the inbox, and takes what is whole.
    fn look(&mut self) {
        let now = Instant::now();
        self.looked = Some(now);
        self.next_look = now + LOOK;
        if self.jobs.iter().any(|job| job.kind == JobKind::Import && self.busy.contains(&job.name))
        {
            return;
        }
        // A share that hangs for a moment is no reason to stop.
        if let Err(error) = self.take_whole() {
            tracing::error!("The inbox cannot be read: {error:#}");
        }
        self.next_look =
            self.settling.next_at().map_or(self.next_look, |at| at.min(self.next_look));
    }

    fn take_whole(&mut self) -> anyhow::Result<()> {
        let seen = self.settling.whole(inbox::look(&self.services)?);
        self.tell_left(&seen.left);
        let is_due = self.again.is_some_and(|again| again.at <= Instant::now());
        let may_try = self.again.is_none_or(|again| !again.stops_others);
        // One that failed waits for its time, and the others do not wait for it.
        let is_new = |file| self.again.is_none() || !self.tried.contains(file);
        if is_due || (may_try && seen.files.iter().any(is_new)) {
            self.tried = seen.files.iter().cloned().collect();
            let files = seen.files.into_iter();
            let arrivals =
                files.map(|(path, look)| arrival(&self.services, path, Some(look))).collect();
            self.import(arrivals);
        }
        Ok(())
    }

    fn tell_left(&mut self, left: &[(PathBuf, Why)]) {
        let is_growing = |why: &Why| *why == Why::StillWritten;
        for (path, why) in left.iter().filter(|(_, why)| !is_growing(why)) {
            if self.told.insert((path.clone(), *why)) {
                tracing::warn!("Left alone: {}: {why}", self.services.shown_path(path));
            }
        }
        // Of one that comes again later it is told again.
        self.told.retain(|known| left.contains(known));
    }

    fn import(&mut self, arrivals: Vec<Arrival>) {
        let Some(job) = self.jobs.iter().find(|job| job.kind == JobKind::Import).cloned() else {
            return;
        };
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
            let done = run(&services, &job, &work).await;
            let fault = done.as_ref().err().map(Fault::of);
            match done {
                Ok(Some(ran)) => tracing::info!(run.id = ran.id, job = job.name, state = %ran.state, counts = ?ran.counts, "`{}` ended", job.name),
                Ok(None) => tracing::info!(job = job.name, "`{}` is running elsewhere", job.name),
                Err(error) => tracing::error!(job = job.name, "`{}` failed: {error:#}", job.name),
            }
            Ended { job, fault }
        });
    }

    fn ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        let (is_import, fault) = match ended {
            Ok(Ended { job, fault }) => {
                self.busy.remove(&job.name);
                (job.kind == JobKind::Import, fault)
            }
            Err(error) => {
                // Which job it was is lost with it; none may stay locked for that.
                self.busy.clear();
                tracing::error!(%error, "A job ended in a panic");
                (true, Some(Fault::Internal))
            }
        };
        if is_import {
            self.again = fault.map(|fault| self.after(fault));
        }
    }

    /// Ever later where the fault must pass first; a file that is at fault itself is soon set aside.
    fn after(&self, fault: Fault) -> Again {
        let longer = self.again.map_or(AGAIN, |again| AGAIN_AT_MOST.min(again.after * 2));
        let after = if fault == Fault::Internal { AGAIN } else { longer };
        Again { at: Instant::now() + after, after, stops_others: fault.stops_all() }
    }
}
