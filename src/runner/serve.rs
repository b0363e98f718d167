//! The daemon: ticks the jobs of `jobs/`, looks into the inbox, and stops cleanly.
//! The scheduler crate is the ticker only; what is due is computed here.

use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::{Instant, timeout},
};
use tokio_cron_scheduler::{Job as Ticking, JobScheduler};

use super::{
    Files, NotRun, Ran, Work, arrival,
    definition::Job,
    heart::Heart,
    leave,
    ledger::{self, Claimed},
    run, run_claimed,
    watch::watch,
};
use crate::{
    db::batches,
    domain::run::JobKind,
    flow::{
        Services,
        fault::Fault,
        import::{self, Arrival},
        inbox::{self, Look, Settling, Why},
    },
};

/// Ticks that may wait while the daemon is busy; more are dropped, since each does the same.
const TICKS: usize = 4;
/// How often what dead processes left is taken up.
const RECOVER: Duration = Duration::from_secs(10);
/// Between two looks into the inbox; where the file system tells of arrivals, a look comes sooner.
const LOOK: Duration = Duration::from_secs(2);
const SOONEST: Duration = Duration::from_millis(200);
/// After an import that failed, it is tried again: at first so soon, then ever later.
const AGAIN: Duration = Duration::from_secs(4);
const AGAIN_AT_MOST: Duration = Duration::from_mins(1);

/// A look at the schedule that takes longer hangs, and another one is taken.
const TURN_AT_MOST: Duration = Duration::from_mins(1);
/// How long what runs may take to its end when the daemon stops; then it is handed back.
const STOPPING: Duration = Duration::from_secs(20);
/// What was told to end and does not is left behind.
const LEAVING: Duration = Duration::from_secs(5);
/// What cannot even be handed back is found by its lease. All three end within the minute of the service's unit.
const HANDING_BACK: Duration = Duration::from_secs(20);

/// What the daemon remembers between ticks.
struct Daemon {
    services: Arc<Services>,
    heart: Arc<Heart>,
    jobs: Vec<Job>,
    /// The look into the ledger; one at a time, and a database that hangs keeps nothing else from going on.
    turns: JoinSet<anyhow::Result<Turn>>,
    recovered: Instant,
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

/// What a look into the ledger found.
struct Turn {
    claimed: Vec<Claimed>,
    /// Files were begun by a process that is gone.
    is_begun: bool,
}

type Looked = Result<anyhow::Result<Turn>, JoinError>;

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
pub async fn serve(
    services: Arc<Services>,
    jobs: Vec<Job>,
    heart: Arc<Heart>,
) -> anyhow::Result<()> {
    heart.beat(&services).await?;
    super::recover(&services).await?;
    ledger::begin(&services, &jobs).await?;
    let (ticker, mut ticks) = ticker().await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (_watcher, mut arrivals) = watch(&services.settings.files.inbox);
    let mut daemon = Daemon::new(services, jobs, heart);
    daemon.go_on().await?;
    daemon.heart.supervisor.ready();
    loop {
        let next_look = daemon.next_look;
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            Some(()) = ticks.recv() => daemon.tick(),
            Some(()) = arrivals.recv() => daemon.look_soon(),
            () = tokio::time::sleep_until(next_look) => daemon.look(),
            Some(turn) = daemon.turns.join_next() => daemon.take_turn_and_files(turn),
            Some(ended) = daemon.runs.join_next() => daemon.ended(ended),
        }
    }
    tracing::info!("Stopping; what runs is finished first");
    daemon.heart.supervisor.stopping();
    let mut ticker = ticker;
    ticker.shutdown().await.context("The ticker does not stop")?;
    daemon.stop().await
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
    fn new(services: Arc<Services>, jobs: Vec<Job>, heart: Arc<Heart>) -> Daemon {
        Daemon {
            services,
            heart,
            jobs,
            turns: JoinSet::new(),
            recovered: Instant::now(),
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
        let asked = !batches::unfinished(&self.services.db).await?.is_empty();
        if asked || import::is_begun(&self.services).await? {
            self.import(Vec::new());
        }
        Ok(())
    }

    /// Lets what runs come to its end; what takes too long is handed back, to go on where it was.
    async fn stop(mut self) -> anyhow::Result<()> {
        let services = Arc::clone(&self.services);
        if timeout(STOPPING, self.finish()).await.is_err() {
            tracing::warn!("What still runs is handed back");
            self.turns.abort_all();
            self.runs.abort_all();
            let aborted = async { while self.runs.join_next().await.is_some() {} };
            let _ = timeout(LEAVING, aborted).await;
            timeout(HANDING_BACK, leave(&services))
                .await
                .context("The database does not answer")??;
        }
        Ok(())
    }

    async fn finish(&mut self) {
        while let Some(turn) = self.turns.join_next().await {
            self.take_turn(turn);
        }
        while let Some(ended) = self.runs.join_next().await {
            self.ended(ended);
        }
    }

    fn tick(&mut self) {
        self.heart.supervisor.alive();
        if !self.turns.is_empty() {
            return;
        }
        let recovers = self.recovered.elapsed() >= RECOVER;
        if recovers {
            self.recovered = Instant::now();
        }
        let (services, jobs) = (Arc::clone(&self.services), self.jobs.clone());
        let heart = Arc::clone(&self.heart);
        let turn = async move {
            let mut is_begun = false;
            if !heart.beat(&services).await? {
                return Ok(Turn { claimed: Vec::new(), is_begun });
            }
            if recovers {
                super::recover(&services).await?;
                is_begun = import::is_begun(&services).await?;
            }
            Ok(Turn { claimed: ledger::turn(&services, &jobs).await?, is_begun })
        };
        self.turns.spawn(async move {
            timeout(TURN_AT_MOST, turn).await.context("The database does not answer")?
        });
    }

    fn take_turn_and_files(&mut self, turn: Looked) {
        let is_begun = self.take_turn(turn);
        // Where it failed before, it waits for its time.
        if is_begun && self.again.is_none() && !self.imports() {
            self.import(Vec::new());
        }
    }

    /// Starts what was taken out of the ledger, and says whether there are files to go on with.
    fn take_turn(&mut self, turn: Looked) -> bool {
        let Turn { claimed, is_begun } = match turn {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                tracing::error!("The schedule cannot be looked at: {error:#}");
                return false;
            }
            Err(error) => {
                tracing::error!(%error, "Looking at the schedule ended in a panic");
                return false;
            }
        };
        for claimed in claimed {
            self.busy.insert(claimed.job.name.clone());
            let services = Arc::clone(&self.services);
            self.runs.spawn(async move {
                let done = run_claimed(&services, &claimed).await;
                told(claimed.job, done)
            });
        }
        is_begun
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
        if self.heart.is_outdated() || self.imports() {
            return;
        }
        // A share that hangs for a moment is no reason to stop.
        if let Err(error) = self.take_whole() {
            tracing::error!("The inbox cannot be read: {error:#}");
        }
        self.next_look =
            self.settling.next_at().map_or(self.next_look, |at| at.min(self.next_look));
    }

    fn imports(&self) -> bool {
        let mut imports = self.jobs.iter().filter(|job| job.kind == JobKind::Import);
        imports.any(|job| self.busy.contains(&job.name))
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
            told(job, done)
        });
    }

    fn ended(&mut self, ended: Result<Ended, JoinError>) {
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

fn told(job: Job, done: anyhow::Result<Result<Ran, NotRun>>) -> Ended {
    let fault = done.as_ref().err().map(Fault::of);
    match done {
        Ok(Ok(ran)) => {
            tracing::info!(run.id = ran.id, job = job.name, state = %ran.state, counts = ?ran.counts, "`{}` ended", job.name);
        }
        Ok(Err(NotRun::Elsewhere)) => {
            tracing::info!(job = job.name, "`{}` is running elsewhere", job.name);
        }
        Ok(Err(NotRun::After(before))) => {
            tracing::info!(job = job.name, "`{}` comes after `{before}`", job.name);
        }
        Err(error) => tracing::error!(job = job.name, "`{}` failed: {error:#}", job.name),
    }
    Ended { job, fault }
}
