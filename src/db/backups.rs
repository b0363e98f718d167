//! The backups that were made: where they lie, and whether they would help. They are written by the flow.

use chrono::{DateTime, Utc};

use super::Db;

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Backup {
    pub path: String,
    pub bytes: i64,
    pub with_key: bool,
    pub key_print: String,
    /// It lies on the disk of the workspace.
    pub same_disk: bool,
    pub taken_at: DateTime<Utc>,
}

pub async fn insert(db: &Db, new: &Backup) -> sqlx::Result<()> {
    db.query(
        "insert into backup (path, bytes, with_key, key_print, same_disk, taken_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.path.as_str())
    .bind(new.bytes)
    .bind(new.with_key)
    .bind(new.key_print.as_str())
    .bind(new.same_disk)
    .bind(new.taken_at)
    .execute()
    .await?;
    Ok(())
}

/// The newest first.
pub async fn list(db: &Db) -> sqlx::Result<Vec<Backup>> {
    db.query("select path, bytes, with_key, key_print, same_disk, taken_at from backup order by taken_at desc, id desc")
        .all()
        .await
}
