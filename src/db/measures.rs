//! Numbers for whoever watches: how many of what there are, and when things last went well. Nobody is named.

use chrono::{DateTime, Utc};

use super::Db;

/// A word, or two, and how many.
type Count = (String, i64);

/// Runs by job and state.
pub async fn runs(db: &Db) -> sqlx::Result<Vec<(String, String, i64)>> {
    db.query("select job, state, count(*) from run group by job, state order by job, state")
        .all()
        .await
}

/// When a run of each job last ended well.
pub async fn successes(db: &Db) -> sqlx::Result<Vec<(String, DateTime<Utc>)>> {
    db.query(
        "select job, max(finished_at) from run
         where state in ('succeeded', 'completed_with_rejects') group by job order by job",
    )
    .all()
    .await
}

pub async fn mails(db: &Db) -> sqlx::Result<Vec<Count>> {
    db.query("select state, count(*) from mail group by state order by state").all().await
}

pub async fn lines(db: &Db) -> sqlx::Result<Vec<Count>> {
    db.query("select state, count(*) from order_line group by state order by state").all().await
}

/// What is asked of the platform and not answered for good.
pub async fn requests(db: &Db) -> sqlx::Result<Vec<Count>> {
    db.query(
        "select state, count(*) from (select state from activation union all select state from licence_change) r
         where state not in ('done', 'refused') group by state order by state",
    )
    .all()
    .await
}
