//! Addresses that get no mail until a person says so.
//! Who gets on this list, and what follows from it, is decided by `flow::send`.

use chrono::{DateTime, Utc};

use super::{Db, Tx};

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Suppression {
    pub address: String,
    pub reason: String,
    /// The mail that was refused.
    pub mail_id: Option<i64>,
    pub at: DateTime<Utc>,
}

/// Puts an address on the list; the first reason stays.
pub async fn add(
    tx: &mut Tx,
    (address, mail_id): (&str, i64),
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    tx.query(
        "insert into suppression (address, reason, mail_id, at) values ($1, $2, $3, $4)
         on conflict (address) do nothing",
    )
    .bind(address)
    .bind(reason)
    .bind(mail_id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The same by a person's word, which stands in the place of what was known before.
pub async fn put(
    tx: &mut Tx,
    (address, mail_id): (&str, i64),
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    tx.query(
        "insert into suppression (address, reason, mail_id, at) values ($1, $2, $3, $4)
         on conflict (address) do update set reason = excluded.reason, mail_id = excluded.mail_id, at = excluded.at",
    )
    .bind(address)
    .bind(reason)
    .bind(mail_id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Takes an address off the list; false where it is not on it.
pub async fn remove(tx: &mut Tx, address: &str) -> sqlx::Result<bool> {
    let removed =
        tx.query("delete from suppression where address = $1").bind(address).execute().await?;
    Ok(removed == 1)
}

/// Why an address gets nothing more; nothing where it gets mail.
pub async fn of(db: &Db, address: &str) -> sqlx::Result<Option<Suppression>> {
    db.query("select address, reason, mail_id, at from suppression where address = $1")
        .bind(address)
        .optional()
        .await
}

/// The newest first.
pub async fn list(db: &Db) -> sqlx::Result<Vec<Suppression>> {
    db.query("select address, reason, mail_id, at from suppression order by at desc, address")
        .all()
        .await
}
