//! The pause of all mails after the mail server refused us who send.
//! How long it is, and what ends it, is decided by `flow::send`.

use chrono::{DateTime, Utc};

use super::Db;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Pause {
    pub paused_until: DateTime<Utc>,
    /// How long it is.
    pub minutes: i64,
    /// In the words of the server.
    pub why: String,
}

/// The last one, also where it is over: no mail was taken since.
pub async fn last(db: &Db) -> sqlx::Result<Option<Pause>> {
    db.query("select paused_until, minutes, why from mail_pause where id = 1").optional().await
}

pub async fn begin(db: &Db, pause: &Pause) -> sqlx::Result<()> {
    db.query(
        "insert into mail_pause (id, paused_until, minutes, why) values (1, $1, $2, $3)
         on conflict (id) do update set paused_until = $1, minutes = $2, why = $3",
    )
    .bind(pause.paused_until)
    .bind(pause.minutes)
    .bind(pause.why.as_str())
    .execute()
    .await?;
    Ok(())
}

/// Mails are taken again.
pub async fn end(db: &Db) -> sqlx::Result<()> {
    db.query("delete from mail_pause").execute().await?;
    Ok(())
}
