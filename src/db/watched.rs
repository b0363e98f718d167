//! What people watch: the newest run of each job, and what runs did with their files.

use sqlx::types::Json;

use super::{Db, Sql, batches::Batch, runs::Run};
use crate::domain::{batch::BatchId, finding::Severity};

/// The newest run of each job of those that began, by the names of the jobs.
pub async fn newest_runs(db: &Db) -> sqlx::Result<Vec<Run>> {
    db.query(
        "select * from run
         where id in (select max(id) from run where started_at is not null group by job)
         order by job",
    )
    .all()
    .await
}

/// The files that runs took, the oldest first.
pub async fn batches(db: &Db, runs: &[i64]) -> sqlx::Result<Vec<Batch>> {
    const OF: Sql = Sql {
        sqlite: "select * from batch where run_id in (select value from json_each($1)) order by id",
        postgres: "select * from batch
                 where run_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                 order by id",
    };
    db.query(OF).bind(Json(runs)).all().await
}

/// The files that came last, of one firm or of all, the newest first.
pub async fn newest_batches(db: &Db, firm: Option<&str>, at_most: i64) -> sqlx::Result<Vec<Batch>> {
    db.query(
        "select * from batch
         where state not in ('received', 'staged', 'checked') and ($1 is null or firm = $1)
         order by id desc limit $2 + 0",
    )
    .bind(firm)
    .bind(at_most)
    .all()
    .await
}

/// How many findings a file has of each severity.
pub async fn findings(db: &Db, batch: BatchId) -> sqlx::Result<Vec<(Severity, i64)>> {
    let counts: Vec<(String, i64)> = db
        .query(
            "select severity, count(*) from finding where batch_id = $1 group by severity order by severity",
        )
        .bind(batch.number())
        .all()
        .await?;
    let read = |(severity, count): (String, i64)| {
        let severity = severity.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok((severity, count))
    };
    counts.into_iter().map(read).collect()
}
