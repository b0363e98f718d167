//! What becomes of a database that turned out to be a copy: an identity of its own, numbers that were not given yet,
//! and doubt about what the original may have sent since. When that is so is decided elsewhere.

use chrono::{DateTime, Utc};

use super::{Sql, Tx};
use crate::domain::order::OrderCode;

/// How many numbers of orders and batches the original may have given since.
const NUMBERS: i64 = 1_000;

/// A new identity in the place of `old`; false where another process was faster.
pub async fn rename(tx: &mut Tx, old: &str, new: &str) -> sqlx::Result<bool> {
    let renamed = tx
        .query("update instance set instance_id = $2 where id = 1 and instance_id = $1")
        .bind(old)
        .bind(new)
        .execute()
        .await?;
    Ok(renamed == 1)
}

/// Numbers of orders and batches go on further, and nobody serves or holds a lease yet.
pub async fn go_on_further(tx: &mut Tx) -> sqlx::Result<()> {
    // The number that the next batch gets is no row of a table of ours.
    const BATCHES: Sql = Sql {
        sqlite: "insert into sqlite_sequence (name, seq)
                 select 'batch', 0 where not exists (select 1 from sqlite_sequence where name = 'batch')",
        postgres: "select setval(pg_get_serial_sequence('batch', 'id'), nextval(pg_get_serial_sequence('batch', 'id')) + $1)",
    };
    tx.query("update counter set value = value + $1 where name = 'order'")
        .bind(NUMBERS)
        .execute()
        .await?;
    if let Tx::Sqlite(_) = tx {
        tx.query(BATCHES).execute().await?;
        tx.query("update sqlite_sequence set seq = seq + $1 where name = 'batch'")
            .bind(NUMBERS)
            .execute()
            .await?;
    } else {
        tx.query(BATCHES).bind(NUMBERS).execute().await?;
    }
    tx.query("delete from server").execute().await?;
    // What the processes of the original hold is nothing here.
    tx.query("update lease set holder = null, until = null").execute().await?;
    tx.query("update guard set heartbeat_at = null, silence_told = null where id = 1")
        .execute()
        .await?;
    Ok(())
}

/// Whether what was not sent yet was sent by the original, nobody knows: mails are listed, the platform is asked. Which
/// numbers the original gave is remembered, before they go on further. `why` is said of each mail.
pub async fn doubt(tx: &mut Tx, why: &str) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'uncertain', holder = null, lease_until = null, error = $1
         where state in ('planned', 'sending', 'held')",
    )
    .bind(why)
    .execute()
    .await?;
    for sql in [
        "update order_line set state = 'uncertain'
         where state = 'activating' and id in (select line_id from activation where state in ('planned', 'sending'))",
        // Asked by key first, as after a first attempt.
        "update activation set state = 'uncertain', holder = null, lease_until = null,
                               attempts = case when attempts = 0 then 1 else attempts end
         where state in ('planned', 'sending')",
        "insert into counter (name, value) select 'order_before', value from counter where name = 'order'
         on conflict (name) do update set value = excluded.value",
        "update licence_change set state = 'uncertain', holder = null, lease_until = null
         where state in ('planned', 'sending')",
    ] {
        tx.query(sql).execute().await?;
    }
    Ok(())
}

/// What the platform made before this instant it made for the original, which may have sent the letters about it.
pub async fn doubt_until(tx: &mut Tx, at: DateTime<Utc>) -> sqlx::Result<()> {
    keep_instant(tx, "restored", at).await
}

/// When the backup was taken that is read in.
pub async fn taken_at(tx: &mut Tx, at: DateTime<Utc>) -> sqlx::Result<()> {
    keep_instant(tx, "backup_taken", at).await
}

/// Keeps the one instant that is known under a name, to the second.
pub(super) async fn keep_instant(tx: &mut Tx, name: &str, at: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query(
        "insert into counter (name, value) values ($1, $2)
         on conflict (name) do update set value = excluded.value",
    )
    .bind(name)
    .bind(at.timestamp())
    .execute()
    .await?;
    Ok(())
}

/// Whether the original gave an order its number: it may have gone on with it.
pub async fn is_of_original(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<bool> {
    let last = tx.query("select value from counter where name = 'order_before'");
    let last = last.optional::<(i64,)>().await?;
    Ok(last.zip(order.number()).is_some_and(|((last,), number)| number <= last))
}

/// That instant; none where no backup was read in.
pub async fn doubted_until(tx: &mut Tx) -> sqlx::Result<Option<DateTime<Utc>>> {
    let at = tx.query("select value from counter where name = 'restored'");
    let at = at.optional::<(i64,)>().await?;
    Ok(at.and_then(|(at,)| DateTime::from_timestamp(at, 0)))
}
