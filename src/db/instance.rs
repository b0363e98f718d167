//! Which database this is, and its counters.

use chrono::{DateTime, Utc};

use super::{Db, Tx};

/// The identity of this database, made on first use.
pub async fn id(db: &Db, fresh: &str, now: DateTime<Utc>) -> sqlx::Result<String> {
    db.query("insert into instance (id, instance_id, created_at) values (1, $1, $2) on conflict (id) do nothing")
        .bind(fresh)
        .bind(now)
        .execute()
        .await?;
    let (id,) =
        db.query("select instance_id from instance where id = 1").one::<(String,)>().await?;
    Ok(id)
}

/// When this database began.
pub async fn created_at(db: &Db) -> sqlx::Result<DateTime<Utc>> {
    let (at,) =
        db.query("select created_at from instance where id = 1").one::<(DateTime<Utc>,)>().await?;
    Ok(at)
}

/// The next number of a counter; a transaction that rolls back gives it back.
pub async fn next_number(tx: &mut Tx, counter: &str) -> sqlx::Result<i64> {
    let (number,) = tx
        .query("update counter set value = value + 1 where name = $1 returning value")
        .bind(counter)
        .one::<(i64,)>()
        .await?;
    Ok(number)
}
