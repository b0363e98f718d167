//! Runs of jobs, each under the lease of the process that does it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, is_taken};
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
    pub lease_until: Option<DateTime<Utc>>,
    pub queued_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub counts: Json<Counts>,
    pub error: Option<String>,
}

/// Who runs a job, and until when nobody else may.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    pub holder: &'a str,
    pub until: DateTime<Utc>,
}

/// Starts a run; `None` where the job is running already.
pub async fn start(
    db: &Db,
    job: &str,
    kind: JobKind,
    lease: Lease<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let started = db
        .query(
            "insert into run (job, kind, state, attempt, holder, lease_until, queued_at, started_at)
             values ($1, $2, 'running',
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
        .one::<(i64,)>()
        .await;
    match started {
        Ok((id,)) => Ok(Some(id)),
        Err(error) if is_taken(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every run that somebody holds.
pub async fn running(db: &Db) -> sqlx::Result<Vec<Run>> {
    db.query("select * from run where state = 'running' order by id").all().await
}

/// Prolongs a lease; false where it is no longer ours.
pub async fn renew(db: &Db, id: i64, lease: Lease<'_>) -> sqlx::Result<bool> {
    let renewed = db
        .query(
            "update run set lease_until = $3 where id = $1 and holder = $2 and state = 'running'",
        )
        .bind(id)
        .bind(lease.holder)
        .bind(lease.until)
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

/// Ends a run that `holder` holds; false where it is no longer theirs.
pub async fn finish(
    db: &Db,
    id: i64,
    holder: &str,
    end: &End,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let ended = db
        .query(
            "update run set state = $3, counts = $4, error = $5, finished_at = $6, holder = null, lease_until = null
             where id = $1 and holder = $2 and state = 'running'",
        )
        .bind(id)
        .bind(holder)
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
         order by id desc limit $3",
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

/// When each job last began.
pub async fn last_started(db: &Db) -> sqlx::Result<Vec<(String, DateTime<Utc>)>> {
    db.query("select job, max(started_at) from run where started_at is not null group by job")
        .all()
        .await
}
