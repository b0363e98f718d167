//! Reports, of a morning and of a night: what each says, for whom and of which day.
//! What stands in one is known to `flow::morning` and `flow::sweep`.

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Json;

use super::{Db, Tx};
use crate::domain::words::words;

words! {
    /// What a report is about.
    pub enum ReportKind {
        /// What was done, and what waits.
        Morning = "morning",
        /// What a night found that differs, of one firm.
        Reconciliation = "reconciliation",
        /// What else whoever runs the program is told of.
        Operator = "operator",
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Report {
    pub id: i64,
    /// Nothing: the page of whoever runs the program for several firms.
    pub firm: Option<String>,
    /// `2026-11-23`, in the workspace's time zone.
    pub day: String,
    pub revision: i64,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    content: Json<serde_json::Value>,
    /// Of what it says, without when.
    pub digest: String,
    /// Its workbook lies in the outbox.
    pub written: bool,
}

impl Report {
    pub fn content<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(&self.content.0)
    }
}

/// A report on its way in.
#[derive(Clone, Copy, Debug)]
pub struct NewReport<'a, T> {
    pub kind: ReportKind,
    pub firm: Option<&'a str>,
    pub day: &'a str,
    pub revision: i64,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub content: &'a T,
    pub digest: &'a str,
}

/// Fails as taken where another process made this one.
pub async fn insert<T: Serialize + Sync>(
    tx: &mut Tx,
    new: NewReport<'_, T>,
) -> anyhow::Result<i64> {
    let (id,) = tx
        .query(
            "insert into report (kind, firm, day, revision, since, until, content, digest)
             values ($8, $1, $2, $3, $4, $5, $6, $7) returning id",
        )
        .bind(new.firm)
        .bind(new.day)
        .bind(new.revision)
        .bind(new.since)
        .bind(new.until)
        .bind(Json(serde_json::to_value(new.content)?))
        .bind(new.digest)
        .bind(new.kind.as_str())
        .one::<(i64,)>()
        .await?;
    Ok(id)
}

/// The next revision of what whoever runs the program is told of on a day.
pub async fn next_to_operator(tx: &mut Tx, day: &str) -> sqlx::Result<i64> {
    let (next,) = tx
        .query(
            "select coalesce(max(revision), 0) + 1 from report
             where kind = 'operator' and firm is null and day = $1",
        )
        .bind(day)
        .one::<(i64,)>()
        .await?;
    Ok(next)
}

pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<Report>> {
    db.query("select * from report where id = $1").bind(id).optional().await
}

/// What the night before one found for the same firm.
pub async fn night_before(db: &Db, report: &Report) -> sqlx::Result<Option<Report>> {
    db.query(
        "select * from report where kind = 'reconciliation' and firm = $1 and id < $2 order by id desc limit 1",
    )
    .bind(report.firm.as_deref())
    .bind(report.id)
    .optional()
    .await
}

/// The oldest first.
pub async fn all(db: &Db, kind: ReportKind) -> sqlx::Result<Vec<Report>> {
    db.query("select * from report where kind = $1 order by id").bind(kind.as_str()).all().await
}

/// The newest page of a firm, also of today.
pub async fn newest(db: &Db, firm: Option<&str>) -> sqlx::Result<Option<Report>> {
    db.query(
        "select * from report where kind = 'morning' and coalesce(firm, '') = coalesce($1, '') order by id desc limit 1",
    )
    .bind(firm)
    .optional()
    .await
}

/// Pages whose workbook is still to be written, the oldest first.
pub async fn unwritten(db: &Db) -> sqlx::Result<Vec<Report>> {
    db.query("select * from report where kind = 'morning' and not written order by id").all().await
}

/// The workbook lies in the outbox.
pub async fn wrote(db: &Db, id: i64) -> sqlx::Result<()> {
    // A literal true would be a boolean on one engine and a name on the other's older versions.
    db.query("update report set written = $2 where id = $1").bind(id).bind(true).execute().await?;
    Ok(())
}
