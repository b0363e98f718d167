//! Runs of jobs, each under the lease of the process that does it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

pub use super::leases::{Claim, Lease};
use super::{Db, Tx, is_taken};
use crate::domain::run::{JobKind, RunState};

/// What a run counted: `rows`, `mails` …
pub type Counts = BTreeMap<String, i64>;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Run {
    pub id: i64,
    pub job: String,
    #[sqlx(try_from = "String")]
    pub kind: JobKind,
    #[sqlx(try_from = "String")]
    pub state: RunState,
    pub attempt: i64,
    pub holder: Option<String>,
    pub epoch: i64,
    pub lease_until: Option<DateTime<Utc>>,
    pub queued_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub counts: Json<Counts>,
    pub error: Option<String>,
    /// The scheduled moment that it accounts for.
    pub slot: Option<DateTime<Utc>>,
    /// It is not tried before.
    pub not_before: Option<DateTime<Utc>>,
}

impl Run {
    /// Of who has it.
    pub fn claim(&self) -> Claim<'_> {
        Claim { holder: self.holder.as_deref().unwrap_or_default(), epoch: self.epoch }
    }
}

/// The epoch of a run that began at once.
pub const FIRST_EPOCH: i64 = 1;

/// Starts a run, in its first epoch; `None` where the job is running already.
pub async fn start(
    db: &Db,
    job: &str,
    kind: JobKind,
    lease: Lease<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let started = db
        .query(
            "insert into run (job, kind, state, epoch, attempt, holder, lease_until, queued_at, started_at)
             values ($1, $2, 'running', $6,
                     1 + (select count(*) from run
                          where job = $1 and state = 'interrupted'
                            and id > coalesce((select max(id) from run where job = $1 and state <> 'interrupted'), 0)),
                     $3, $4, $5, $5)
             returning id",
        )
        .bind(job)
        .bind(kind.as_str())
        .bind(lease.holder)
        .bind(lease.until)
        .bind(now)
        .bind(FIRST_EPOCH)
        .one::<(i64,)>()
        .await;
    match started {
        Ok((id,)) => Ok(Some(id)),
        Err(error) if is_taken(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks for a run at a scheduled moment.
pub async fn queue(
    tx: &mut Tx,
    job: &str,
    kind: JobKind,
    slot: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let (id,) = tx
        .query(
            "insert into run (job, kind, state, attempt, queued_at, slot) values ($1, $2, 'queued', 1, $3, $4)
             returning id",
        )
        .bind(job)
        .bind(kind.as_str())
        .bind(now)
        .bind(slot)
        .one::<(i64,)>()
        .await?;
    Ok(id)
}

/// Of each job that does not run, the run of the earliest moment that waits and may be tried.
pub async fn queued(db: &Db, now: DateTime<Utc>) -> sqlx::Result<Vec<Run>> {
    db.query(
        "select * from run
         where state = 'queued' and (not_before is null or not_before <= $1)
           and not exists (select 1 from run o where o.job = run.job and o.state = 'running')
           and not exists (select 1 from run o where o.job = run.job and o.state = 'queued' and o.slot < run.slot)
         order by slot, id",
    )
    .bind(now)
    .all()
    .await
}

/// The jobs that have a run which waits.
pub async fn jobs_that_wait(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query("select distinct job from run where state = 'queued' order by job").all().await
}

/// The runs of a job that wait, the earliest moment first.
pub async fn queued_of(db: &Db, job: &str) -> sqlx::Result<Vec<Run>> {
    db.query("select * from run where job = $1 and state = 'queued' order by slot, id")
        .bind(job)
        .all()
        .await
}

/// The runs of a job that wait or run, as the transaction sees them.
pub async fn open(tx: &mut Tx, job: &str) -> sqlx::Result<Vec<(i64, String)>> {
    tx.query(
        "select id, state from run where job = $1 and state in ('queued', 'running') order by slot, id",
    )
    .bind(job)
    .all()
    .await
}

/// Whether a run of a job waits or runs that began by itself, or accounts for a moment up to `until`.
pub async fn is_open(db: &Db, job: &str, until: DateTime<Utc>) -> sqlx::Result<bool> {
    let open = db
        .query(
            "select id from run
             where job = $1 and state in ('queued', 'running') and (slot is null or slot <= $2) limit 1",
        )
        .bind(job)
        .bind(until)
        .optional::<(i64,)>()
        .await?;
    Ok(open.is_some())
}

/// Takes a run that waits, and says under which epoch; `None` where somebody else did, or the job runs already.
pub async fn claim(
    db: &Db,
    id: i64,
    lease: Lease<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let claimed = db
        .query(
            "update run set state = 'running', holder = $2, lease_until = $3, epoch = epoch + 1, not_before = null,
                            started_at = coalesce(started_at, $4)
             where id = $1 and state = 'queued'
             returning epoch",
        )
        .bind(id)
        .bind(lease.holder)
        .bind(lease.until)
        .bind(now)
        .optional::<(i64,)>()
        .await;
    match claimed {
        Ok(claimed) => Ok(claimed.map(|(epoch,)| epoch)),
        Err(error) if is_taken(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// When and as which attempt a run is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    pub attempt: i64,
    pub not_before: DateTime<Utc>,
    pub error: Option<&'a str>,
}

/// Hands a run back, to be tried again; false where it is no longer theirs.
pub async fn hand_back(db: &Db, id: i64, claim: Claim<'_>, again: Again<'_>) -> sqlx::Result<bool> {
    let handed = db
        .query(
            "update run set state = 'queued', attempt = $4, not_before = $5, error = $6, holder = null, lease_until = null
             where id = $1 and holder = $2 and epoch = $3 and state = 'running'",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(again.attempt)
        .bind(again.not_before)
        .bind(again.error)
        .execute()
        .await?;
    Ok(handed == 1)
}

/// Ends a run that waits and will not run; false where somebody took it.
pub async fn cancel(tx: &mut Tx, id: i64, why: &str, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let cancelled = tx
        .query("update run set state = 'cancelled', error = $2, finished_at = $3 where id = $1 and state = 'queued'")
        .bind(id)
        .bind(why)
        .bind(now)
        .execute()
        .await?;
    Ok(cancelled == 1)
}

/// Every run that somebody holds.
pub async fn running(db: &Db) -> sqlx::Result<Vec<Run>> {
    db.query("select * from run where state = 'running' order by id").all().await
}

/// Prolongs a lease; false where it is no longer ours.
pub async fn renew(db: &Db, id: i64, claim: Claim<'_>, until: DateTime<Utc>) -> sqlx::Result<bool> {
    let renewed = db
        .query(
            "update run set lease_until = $4
             where id = $1 and holder = $2 and epoch = $3 and state = 'running'",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(until)
        .execute()
        .await?;
    Ok(renewed == 1)
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct End {
    pub state: RunState,
    pub counts: Counts,
    pub error: Option<String>,
}

/// Ends a run; false where it is no longer theirs.
pub async fn finish(
    db: &Db,
    id: i64,
    claim: Claim<'_>,
    end: &End,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let ended = db
        .query(
            "update run set state = $4, counts = $5, error = $6, finished_at = $7, holder = null, lease_until = null
             where id = $1 and holder = $2 and epoch = $3 and state = 'running'",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(end.state.as_str())
        .bind(Json(&end.counts))
        .bind(end.error.as_deref())
        .bind(now)
        .execute()
        .await?;
    Ok(ended == 1)
}

/// The newest runs first.
pub async fn list(
    db: &Db,
    state: Option<RunState>,
    since: Option<DateTime<Utc>>,
    limit: i64,
) -> sqlx::Result<Vec<Run>> {
    db.query(
        "select * from run
         where ($1 is null or state = $1) and ($2 is null or queued_at >= $2)
         order by id desc limit $3 + 0",
    )
    .bind(state.map(RunState::as_str))
    .bind(since)
    .bind(limit)
    .all()
    .await
}

pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<Run>> {
    db.query("select * from run where id = $1").bind(id).optional().await
}

/// Whether a run of a job ended well at `since` or later.
pub async fn succeeded_since(db: &Db, job: &str, since: DateTime<Utc>) -> sqlx::Result<bool> {
    let found: Vec<(i64,)> = db
        .query(
            "select id from run
             where job = $1 and state in ('succeeded', 'completed_with_rejects') and finished_at >= $2 limit 1",
        )
        .bind(job)
        .bind(since)
        .all()
        .await?;
    Ok(!found.is_empty())
}

/// How the run of a job before this one ended.
pub async fn state_before(db: &Db, job: &str, id: i64) -> sqlx::Result<Option<RunState>> {
    let before = db
        .query(
            "select state from run
             where job = $1 and id < $2 and finished_at is not null and state <> 'cancelled'
             order by id desc limit 1",
        )
        .bind(job)
        .bind(id)
        .optional::<(String,)>()
        .await?;
    Ok(before.and_then(|(state,)| state.parse().ok()))
}

/// The same of a run of a kind.
pub async fn kind_succeeded_since(
    db: &Db,
    kind: JobKind,
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let found = db
        .query(
            "select id from run
             where kind = $1 and state in ('succeeded', 'completed_with_rejects') and finished_at >= $2 limit 1",
        )
        .bind(kind.as_str())
        .bind(since)
        .optional::<(i64,)>()
        .await?;
    Ok(found.is_some())
}
