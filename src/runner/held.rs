//! What this process has while a run goes on: the run itself, and what no two runs may do at once on all machines.
//! A task of its own shows signs of life; where it may not go on, the work ends at its next step.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use minijinja::context;
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::definition::Job;
use crate::{
    db::{
        Db,
        leases::{self, Claim},
        notifications::NotificationKind,
        runs,
    },
    domain::run::JobKind,
    flow::{
        Clock, Services,
        fault::{TimedOut, caught},
        guard,
        holder::{Holder, LEASE, LeaseLost},
    },
};

/// How often a sign of life is given, and how soon again where that failed.
const HEARTBEAT: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(5);
/// How long work that is to end may take to come to its next step.
const LEAVING: Duration = Duration::from_secs(5);

/// What follows where a run takes longer than its job allows.
#[derive(Clone, Debug, Default)]
pub enum Late {
    /// A person is told, and it goes on: a second one beside it would do no better.
    #[default]
    Told,
    /// It ends, and can be resumed.
    Ended(Hung),
}

/// What to do where the work does not even come to its next step.
#[derive(Clone)]
pub struct Hung(pub Arc<dyn Fn(anyhow::Error) + Send + Sync>);

impl fmt::Debug for Hung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hung")
    }
}

/// Of what only one run at a time may do.
#[derive(Clone, Debug)]
pub struct Shared {
    name: &'static str,
    epoch: i64,
}

/// A run of this process.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: i64,
    pub epoch: i64,
    pub shared: Vec<Shared>,
}

/// What runs of a kind need for themselves, on all machines together. `work/` may lie on a shared folder.
const fn needs(kind: JobKind) -> &'static [&'static str] {
    match kind {
        JobKind::Import => &["work"],
        JobKind::Reconcile => &["work", "money"],
        JobKind::Sweep | JobKind::Remind => &["money"],
        JobKind::Activate
        | JobKind::Mail
        | JobKind::Report
        | JobKind::Backup
        | JobKind::Export
        | JobKind::Retention => &[],
    }
}

/// Takes all that a kind of job needs; `None` where another run has a part of it.
pub async fn take(services: &Services, kind: JobKind) -> anyhow::Result<Option<Vec<Shared>>> {
    let mut taken = Vec::new();
    for &name in needs(kind) {
        let (lease, now) = (services.lease(), Clock::System.now());
        let Some(epoch) = leases::take(&services.db, name, lease, now).await? else {
            give_back(services, &taken).await?;
            return Ok(None);
        };
        taken.push(Shared { name, epoch });
    }
    Ok(Some(taken))
}

pub async fn give_back(services: &Services, shared: &[Shared]) -> anyhow::Result<()> {
    let holder = services.holder.as_str();
    for Shared { name, epoch } in shared {
        leases::release(&services.db, name, Claim { holder, epoch: *epoch }).await?;
    }
    Ok(())
}

/// Gives back what processes of this machine had that are no more.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    for held in leases::held(&services.db).await? {
        if Holder::is_dead(&held.holder) {
            leases::release(&services.db, &held.name, held.claim()).await?;
        }
    }
    Ok(())
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    for held in leases::held(&services.db).await? {
        if held.holder == services.holder.as_str() {
            leases::release(&services.db, &held.name, held.claim()).await?;
        }
    }
    Ok(())
}

/// Works under a lease: until the end, or until it may not go on.
pub async fn under<T>(
    services: &Services,
    (job, late): (&Job, &Late),
    held: &Held,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let watch = Watch {
        db: services.db.clone(),
        holder: services.holder.as_str().to_owned(),
        held: held.clone(),
        job: job.clone(),
        late: late.clone(),
        alarm: services
            .texts
            .say("message.run_late", context! { job => job.name.as_str(), run => held.id }),
        clock: services.clock,
        heartbeat: HEARTBEAT,
        until: services.lease().until,
    };
    beside(watch, work).await
}

async fn beside<T>(
    watch: Watch,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let (stop, mut stopped) = oneshot::channel();
    // A task of its own, since heavy work must not keep it from running; it ends with this set.
    let mut beside = JoinSet::new();
    beside.spawn(watch.keep(stop));
    tokio::select! {
        biased;
        Ok(why) = &mut stopped => Err(why),
        done = caught(work) => done,
    }
}

struct Watch {
    db: Db,
    holder: String,
    held: Held,
    job: Job,
    late: Late,
    /// What the operator is told where it takes too long.
    alarm: String,
    clock: Clock,
    heartbeat: Duration,
    /// Up to when the lease holds, as far as is known here.
    until: DateTime<Utc>,
}

impl Watch {
    /// Gives signs of life until it is dropped, or the work must end.
    async fn keep(mut self, stop: oneshot::Sender<anyhow::Error>) {
        let begun = Instant::now();
        let mut late_at = begun.checked_add(self.job.timeout);
        let mut next = begun + self.heartbeat;
        let why = loop {
            let wake = late_at.map_or(next, |late| late.min(next));
            sleep_until(wake).await;
            if late_at.is_some_and(|late| late <= Instant::now()) {
                late_at = None;
                if let Some(why) = self.late().await {
                    break why;
                }
            }
            if next <= Instant::now() {
                match self.beat().await {
                    Ok(after) => next = Instant::now() + after,
                    Err(lost) => break lost.into(),
                }
            }
        };
        let why_too = anyhow::anyhow!("{why:#}");
        if stop.send(why).is_err() {
            return;
        }
        // Dropped here, unless the work hangs.
        tokio::time::sleep(LEAVING).await;
        tracing::error!(run.id = self.held.id, "Run {} does not end: {why_too:#}", self.held.id);
        if let Late::Ended(Hung(hung)) = &self.late {
            hung(TimedOut(self.job.timeout).into());
        }
    }

    async fn late(&self) -> Option<anyhow::Error> {
        let (id, name, allowed) = (self.held.id, self.job.name.as_str(), self.job.timeout);
        tracing::error!(
            run.id = id,
            job = name,
            "Run {id} of `{name}` takes longer than {allowed:?}"
        );
        if matches!(self.late, Late::Ended(_)) {
            return Some(TimedOut(allowed).into());
        }
        let rung = guard::ring(&self.db, NotificationKind::RunLate, &self.alarm, self.clock.now());
        if let Ok(Err(error)) = timeout(HEARTBEAT, rung).await {
            tracing::warn!("The bell does not ring: {error:#}");
        }
        None
    }

    /// One sign of life, and when the next one is due.
    async fn beat(&mut self) -> Result<Duration, LeaseLost> {
        let id = self.held.id;
        let until = Clock::System.now() + LEASE;
        let renewed = timeout(HEARTBEAT, self.renew(until)).await;
        let error = match renewed {
            Ok(Ok(true)) => {
                self.until = until;
                return Ok(self.heartbeat);
            }
            Ok(Ok(false)) => {
                tracing::error!(run.id = id, "The lease of run {id} was lost");
                return Err(LeaseLost);
            }
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "the database does not answer".to_owned(),
        };
        tracing::warn!(run.id = id, error, "The lease of run {id} could not be renewed: {error}");
        // Nobody else is waited for any longer: they may go on with it now.
        if Clock::System.now() >= self.until { Err(LeaseLost) } else { Ok(SOON) }
    }

    async fn renew(&self, until: DateTime<Utc>) -> anyhow::Result<bool> {
        let claim = |epoch| Claim { holder: &self.holder, epoch };
        for Shared { name, epoch } in &self.held.shared {
            if !leases::renew(&self.db, name, claim(*epoch), until).await? {
                return Ok(false);
            }
        }
        Ok(runs::renew(&self.db, self.held.id, claim(self.held.epoch), until).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{notifications, runs::Lease};

    const JOB: &str = "name = 'mail'\nkind = 'mail'\ntimeout = '1s'";

    async fn watched(db: &Db, until: DateTime<Utc>) -> Watch {
        let (holder, now) = ("ours", Clock::System.now());
        let lease = Lease { holder, until };
        let id = runs::start(db, "mail", JobKind::Mail, lease, now).await.unwrap().unwrap();
        let epoch = leases::take(db, "work", lease, now).await.unwrap().unwrap();
        let shared = vec![Shared { name: "work", epoch }];
        let source = crate::config::file::Source::new("jobs/a.toml", JOB);
        Watch {
            db: db.clone(),
            holder: holder.to_owned(),
            held: Held { id, epoch: runs::FIRST_EPOCH, shared },
            job: Job::read(&source).unwrap(),
            late: Late::Told,
            alarm: "late".to_owned(),
            clock: Clock::System,
            heartbeat: HEARTBEAT,
            until,
        }
    }

    async fn open(folder: &tempfile::TempDir) -> Db {
        Db::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap()
    }

    #[tokio::test]
    async fn a_sign_of_life_prolongs_all_that_is_held_and_tells_of_what_was_lost() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let soon = Clock::System.now() + chrono::TimeDelta::seconds(9);
        let mut watch = watched(&db, soon).await;
        assert_eq!(watch.beat().await.unwrap(), HEARTBEAT);
        assert!(watch.until > soon);
        let run = runs::by_id(&db, watch.held.id).await.unwrap().unwrap();
        assert_eq!(run.lease_until, Some(watch.until));

        let lost = leases::held(&db).await.unwrap().remove(0);
        assert!(leases::release(&db, "work", lost.claim()).await.unwrap());
        assert!(watch.beat().await.is_err(), "somebody may have taken it since");
    }

    #[tokio::test]
    async fn the_bell_rings_where_a_run_takes_too_long_and_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let watch = watched(&db, Clock::System.now() + LEASE).await;
        assert!(watch.late().await.is_none());
        let bell = notifications::list(&db, None, None).await.unwrap();
        let bell: Vec<_> = bell.iter().map(|it| (it.kind, it.text.as_str())).collect();
        assert_eq!(bell, [(NotificationKind::RunLate, "late")]);
        let stops = Watch { late: Late::Ended(Hung(Arc::new(|_| {}))), ..watch };
        assert!(stops.late().await.unwrap().is::<TimedOut>());
    }

    #[tokio::test]
    async fn without_a_database_a_lease_is_believed_in_until_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let soon = Clock::System.now() + chrono::TimeDelta::minutes(1);
        let mut watch = watched(&db, soon).await;
        let Db::Sqlite(pool) = &db else { unreachable!("it was opened as SQLite") };
        pool.close().await;
        assert_eq!(watch.beat().await.unwrap(), SOON);
        watch.until = Clock::System.now();
        assert!(watch.beat().await.is_err());
    }

    #[tokio::test]
    async fn work_that_lost_its_lease_ends_at_its_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let over = Clock::System.now();
        let watch = Watch { heartbeat: Duration::ZERO, ..watched(&db, over).await };
        let Db::Sqlite(pool) = &db else { unreachable!("it was opened as SQLite") };
        pool.close().await;
        let done = beside(watch, std::future::pending::<anyhow::Result<()>>()).await;
        assert!(done.unwrap_err().is::<LeaseLost>());
    }
}
