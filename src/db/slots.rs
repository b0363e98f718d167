//! Scheduled moments of jobs: up to when they are accounted for, and what became of each.
//! Which moments there are, and what becomes of them, is decided by the runner.

use chrono::{DateTime, Utc};

use super::{Db, Tx, sql};
use crate::domain::slot::{SlotOutcome, SlotReason};

/// Up to when a job's moments are accounted for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct JobClock {
    pub job: String,
    /// Under another schedule everything begins anew; empty where it has none.
    pub schedule: String,
    pub since: DateTime<Utc>,
    pub accounted_to: DateTime<Utc>,
}

/// A moment that has a run, or several that follow each other and fared alike.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Slot {
    pub job: String,
    pub scheduled_for: DateTime<Utc>,
    pub last: DateTime<Utc>,
    pub moments: i64,
    #[sqlx(try_from = "String")]
    pub outcome: SlotOutcome,
    /// The word of a [`SlotReason`].
    pub reason: Option<String>,
    pub run_id: Option<i64>,
}

/// The clock of a job; until the end of the transaction nobody else accounts for its moments.
pub async fn clock(tx: &mut Tx, job: &str) -> sqlx::Result<Option<JobClock>> {
    tx.query(sql!(
        "select job, schedule, since, accounted_to from job_clock where job = $1",
        postgres: " for update",
        ""
    ))
    .bind(job)
    .optional()
    .await
}

/// Begins to account for a job's moments at `now`, where it has another schedule than before; false where it has not.
/// What was accounted for stays so.
pub async fn begin(db: &Db, job: &str, schedule: &str, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let begun = db
        .query(
            "insert into job_clock (job, schedule, since, accounted_to) values ($1, $2, $3, $3)
             on conflict (job) do update
                 set schedule = excluded.schedule, since = excluded.since,
                     accounted_to = case when job_clock.accounted_to > excluded.since then job_clock.accounted_to
                                         else excluded.since end
                 where job_clock.schedule <> excluded.schedule",
        )
        .bind(job)
        .bind(schedule)
        .bind(now)
        .execute()
        .await?;
    Ok(begun == 1)
}

pub async fn accounted(tx: &mut Tx, job: &str, to: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query("update job_clock set accounted_to = $2 where job = $1")
        .bind(job)
        .bind(to)
        .execute()
        .await?;
    Ok(())
}

/// A job that has no schedule any more: when it has one again, it begins anew.
pub async fn end(db: &Db, job: &str) -> sqlx::Result<()> {
    db.query("update job_clock set schedule = '' where job = $1").bind(job).execute().await?;
    Ok(())
}

/// Of every job that is accounted for.
pub async fn clocks(db: &Db) -> sqlx::Result<Vec<JobClock>> {
    db.query("select job, schedule, since, accounted_to from job_clock order by job").all().await
}

/// Notes what became of moments. Those without a run of their own that follow others of the same schedule, and fared
/// like them, join them.
pub async fn add(tx: &mut Tx, slot: &Slot, since: DateTime<Utc>) -> sqlx::Result<()> {
    if slot.outcome != SlotOutcome::Ran && join(tx, slot, since).await? {
        return Ok(());
    }
    tx.query(
        "insert into slot (job, scheduled_for, last, moments, outcome, reason, run_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(slot.job.as_str())
    .bind(slot.scheduled_for)
    .bind(slot.last)
    .bind(slot.moments)
    .bind(slot.outcome.as_str())
    .bind(slot.reason.as_deref())
    .bind(slot.run_id)
    .execute()
    .await?;
    Ok(())
}

async fn join(tx: &mut Tx, slot: &Slot, since: DateTime<Utc>) -> sqlx::Result<bool> {
    let joined = tx
        .query(
            "update slot set last = $3, moments = moments + $4
             where job = $1 and scheduled_for = (select max(scheduled_for) from slot where job = $1)
               and scheduled_for >= $2 and outcome = $5
               and coalesce(reason, '') = coalesce($6, '') and coalesce(run_id, 0) = coalesce($7, 0)",
        )
        .bind(slot.job.as_str())
        .bind(since)
        .bind(slot.last)
        .bind(slot.moments)
        .bind(slot.outcome.as_str())
        .bind(slot.reason.as_deref())
        .bind(slot.run_id)
        .execute()
        .await?;
    Ok(joined == 1)
}

/// The last moment that a run accounts for.
pub async fn last_of(db: &Db, run: i64) -> sqlx::Result<Option<DateTime<Utc>>> {
    let (last,) = db
        .query("select max(last) from slot where run_id = $1")
        .bind(run)
        .one::<(Option<DateTime<Utc>>,)>()
        .await?;
    Ok(last)
}

/// A moment that has a run does not run after all.
pub async fn skip(tx: &mut Tx, run: i64, reason: SlotReason) -> sqlx::Result<()> {
    tx.query("update slot set outcome = 'skipped', reason = $2 where run_id = $1")
        .bind(run)
        .bind(reason.as_str())
        .execute()
        .await?;
    Ok(())
}

/// The newest moment of a job later than `after` and up to `until`.
pub async fn newest(
    db: &Db,
    job: &str,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let newest = db
        .query(
            "select scheduled_for from slot
             where job = $1 and last > $2 and scheduled_for <= $3 order by scheduled_for desc limit 1",
        )
        .bind(job)
        .bind(after)
        .bind(until)
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// Of one job, the oldest first.
pub async fn of_job(db: &Db, job: &str) -> sqlx::Result<Vec<Slot>> {
    db.query("select * from slot where job = $1 order by scheduled_for").bind(job).all().await
}
