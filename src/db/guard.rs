//! Whether this database may act: where it lies, when `serve` last lived, and what is held until a person lifts it.
//! Why something is held, and who is told, is decided by the guard of the flow.

use chrono::{DateTime, Utc};

use super::{Db, Sql, Tx, mails::sent_again, sql};
use crate::domain::words::words;

words! {
    /// Why effects are held.
    pub enum HoldReason {
        /// The database lies elsewhere than it did: it was copied.
        Copied = "copied",
        /// The workspace has seen more than the database knows: an older copy was put back.
        Older = "older",
        /// It is another database than the workspace knows.
        Other = "other",
        /// By `restore`.
        Restored = "restored",
        /// Nobody served for a long time.
        Gap = "gap",
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Guard {
    pub mark: i64,
    pub place: Option<String>,
    pub heartbeat_at: Option<DateTime<Utc>>,
    held_why: Option<String>,
    held_at: Option<DateTime<Utc>>,
    held_before: Option<DateTime<Utc>>,
    /// In seconds.
    backup_taken: Option<i64>,
    /// The identity for which a person lifted the last hold.
    pub confirmed: Option<String>,
    pub key_print: Option<String>,
    pub silence_told: Option<DateTime<Utc>>,
    pub pinged_on: Option<String>,
}

/// What is held until a person lifts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub why: HoldReason,
    pub since: DateTime<Utc>,
    /// Only what was planned before; `None`: everything.
    pub before: Option<DateTime<Utc>>,
    /// When the backup was taken that was read in, where that is why.
    pub taken: Option<DateTime<Utc>>,
}

impl Guard {
    pub fn hold(&self) -> Option<Hold> {
        let why = self.held_why.as_deref()?.parse().ok()?;
        let taken = self.backup_taken.filter(|_| why == HoldReason::Restored);
        let taken = taken.and_then(|at| DateTime::from_timestamp(at, 0));
        Some(Hold { why, since: self.held_at?, before: self.held_before, taken })
    }
}

pub async fn state(db: &Db) -> sqlx::Result<Guard> {
    db.query("select g.*, (select value from counter where name = 'backup_taken') as backup_taken from guard g")
        .one()
        .await
}

/// The same, with its row kept from others until the end of the transaction.
pub async fn locked(tx: &mut Tx) -> sqlx::Result<Guard> {
    // A transaction of SQLite has the whole database.
    const LOCK: Sql = sql!(
        "select g.*, (select value from counter where name = 'backup_taken') as backup_taken
         from guard g where g.id = 1",
        postgres: " for update of g",
        ""
    );
    tx.query(LOCK).one().await
}

/// One run more: the mark as it is now, and the print of the key by which workbooks are signed.
pub async fn mark(db: &Db) -> sqlx::Result<(i64, Option<String>)> {
    db.query("update guard set mark = mark + 1 where id = 1 returning mark, key_print").one().await
}

/// Where a database of PostgreSQL lies: a dump that is read in again gets other numbers.
pub async fn numbers(db: &Db) -> sqlx::Result<Option<String>> {
    let Db::Postgres(_) = db else { return Ok(None) };
    let sql = "select cast(d.oid as bigint), cast(cast('guard' as regclass) as bigint)
               from pg_database d where d.datname = current_database()";
    let (database, table) = db.query(sql).one::<(i64, i64)>().await?;
    Ok(Some(format!("{database}/{table}")))
}

/// Notes where the database lies.
pub async fn lies_at(tx: &mut Tx, place: &str) -> sqlx::Result<()> {
    tx.query("update guard set place = $1 where id = 1").bind(place).execute().await?;
    Ok(())
}

/// Holds effects; a hold of everything is not narrowed by a later one.
pub async fn hold(tx: &mut Tx, hold: Hold) -> sqlx::Result<()> {
    tx.query(
        "update guard set held_why = $1, held_at = $2, held_before = $3, confirmed = null
         where id = 1 and (held_at is null or held_before is not null)",
    )
    .bind(hold.why.as_str())
    .bind(hold.since)
    .bind(hold.before)
    .execute()
    .await?;
    Ok(())
}

/// Lifts the hold, for the identity that the database has now; false where there was none.
pub async fn confirm(tx: &mut Tx) -> sqlx::Result<bool> {
    let lifted = tx
        .query(
            "update guard set held_why = null, held_at = null, held_before = null,
                              confirmed = (select instance_id from instance)
             where id = 1 and held_at is not null",
        )
        .execute()
        .await?;
    Ok(lifted == 1)
}

/// Effects of one purpose that did not happen yet.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    pub purpose: String,
    pub count: i64,
    pub oldest: DateTime<Utc>,
    pub newest: DateTime<Utc>,
}

/// What is planned and was planned before an instant, or at all.
pub async fn waiting(db: &Db, before: Option<DateTime<Utc>>) -> sqlx::Result<Vec<Waiting>> {
    by_purpose(db, "planned", before).await
}

/// Effects of which nobody knows whether they happened; a mail that a person sent again is none.
pub async fn uncertain(db: &Db) -> sqlx::Result<Vec<Waiting>> {
    by_purpose(db, "uncertain", None).await
}

async fn by_purpose(
    db: &Db,
    state: &str,
    before: Option<DateTime<Utc>>,
) -> sqlx::Result<Vec<Waiting>> {
    const BY_PURPOSE: &str = concat!(
        "select purpose, count(*) as count, min(planned_at) as oldest, max(planned_at) as newest
         from (select purpose, state, planned_at from mail m
               where state <> 'uncertain' or not ",
        sent_again!(),
        "
               union all select 'activate', state, planned_at from activation
               union all select kind, state, planned_at from licence_change) e
         where state = $1 and ($2 is null or planned_at < $2)
         group by purpose order by oldest, purpose"
    );
    db.query(BY_PURPOSE).bind(state).bind(before).all().await
}

/// Whether something is planned that was planned before an instant.
pub async fn is_waiting(tx: &mut Tx, before: DateTime<Utc>) -> sqlx::Result<bool> {
    let waiting = tx
        .query(
            "select planned_at from (select state, planned_at from mail
                                     union all select state, planned_at from activation
                                     union all select state, planned_at from licence_change) e
             where state in ('planned', 'uncertain') and planned_at < $1 limit 1",
        )
        .bind(before)
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(waiting.is_some())
}

/// Notes that `serve` lives, and says when it last did before.
pub async fn beat(
    tx: &mut Tx,
    (holder, version): (&str, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let before = locked(tx).await?.heartbeat_at;
    tx.query("update guard set heartbeat_at = $1 where id = 1 and (heartbeat_at is null or heartbeat_at < $1)")
        .bind(now)
        .execute()
        .await?;
    tx.query(
        "insert into server (holder, version, beat_at) values ($1, $2, $3)
         on conflict (holder) do update set version = $2, beat_at = $3",
    )
    .bind(holder)
    .bind(version)
    .bind(now)
    .execute()
    .await?;
    Ok(before)
}

/// The versions of those that serve and gave a sign of life since an instant; older ones are forgotten.
pub async fn serving(tx: &mut Tx, since: DateTime<Utc>) -> sqlx::Result<Vec<(String,)>> {
    tx.query("delete from server where beat_at < $1").bind(since).execute().await?;
    tx.query("select distinct version from server").all().await
}

/// A process serves no more.
pub async fn stops(db: &Db, holder: &str) -> sqlx::Result<()> {
    db.query("delete from server where holder = $1").bind(holder).execute().await?;
    Ok(())
}

/// Notes by which key workbooks are signed; true where it was another one before.
pub async fn signs_by(tx: &mut Tx, key_print: &str) -> sqlx::Result<bool> {
    let before = locked(tx).await?.key_print;
    if before.as_deref() == Some(key_print) {
        return Ok(false);
    }
    tx.query("update guard set key_print = $1 where id = 1").bind(key_print).execute().await?;
    Ok(before.is_some())
}

/// Tells once of each silence: true where nobody did of this one.
pub async fn tell_silence(tx: &mut Tx, since: DateTime<Utc>) -> sqlx::Result<bool> {
    let told = tx
        .query("update guard set silence_told = $1 where id = 1 and (silence_told is null or silence_told < $1)")
        .bind(since)
        .execute()
        .await?;
    Ok(told == 1)
}

/// Tells once of each good night: true where nobody did of this one.
pub async fn tell_night(db: &Db, day: &str) -> sqlx::Result<bool> {
    let told = db
        .query("update guard set pinged_on = $1 where id = 1 and (pinged_on is null or pinged_on < $1)")
        .bind(day)
        .execute()
        .await?;
    Ok(told == 1)
}

/// It could not be told.
pub async fn forget_night(db: &Db, day: &str) -> sqlx::Result<()> {
    db.query("update guard set pinged_on = null where id = 1 and pinged_on = $1")
        .bind(day)
        .execute()
        .await?;
    Ok(())
}

/// When the last file came.
pub async fn last_arrival(db: &Db) -> sqlx::Result<Option<DateTime<Utc>>> {
    let (last,) =
        db.query("select max(received_at) from batch").one::<(Option<DateTime<Utc>>,)>().await?;
    Ok(last)
}
