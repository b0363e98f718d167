//! What each firm said that headers of its lists mean, until it is forgotten.

use chrono::{DateTime, Utc};

use super::{Db, Tx};
use crate::domain::{batch::BatchId, field::Field};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HeaderAnswer {
    pub id: i64,
    pub firm: String,
    /// Folded, as headers are compared.
    pub header: String,
    /// As it stood in the list.
    pub shown: String,
    field: Option<String>,
    batch_id: Option<i64>,
    pub answered_by: String,
    pub answered_at: DateTime<Utc>,
    pub forgotten_at: Option<DateTime<Utc>>,
}

impl HeaderAnswer {
    /// None: such a column is to be left alone.
    pub fn field(&self) -> Option<Field> {
        self.field.as_deref().and_then(|field| field.parse().ok())
    }

    /// The list that asked; nothing where it is deleted.
    pub fn batch(&self) -> Option<BatchId> {
        self.batch_id.map(BatchId::new)
    }
}

/// An answer on its way in.
#[derive(Clone, Debug)]
pub struct NewHeaderAnswer<'a> {
    pub firm: &'a str,
    pub header: &'a str,
    pub shown: &'a str,
    pub field: Option<Field>,
    pub batch: BatchId,
    pub answered_by: &'a str,
}

/// Remembers an answer; another one to the same header is forgotten, the same one stays as it is.
pub async fn remember(
    tx: &mut Tx,
    new: &NewHeaderAnswer<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let field = new.field.map(Field::as_str);
    tx.query(
        "update header_answer set forgotten_at = $4
         where firm = $1 and header = $2 and forgotten_at is null and coalesce(field, '') <> coalesce($3, '')",
    )
    .bind(new.firm)
    .bind(new.header)
    .bind(field)
    .bind(now)
    .execute()
    .await?;
    tx.query(
        "insert into header_answer (firm, header, shown, field, batch_id, answered_by, answered_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (firm, header) where forgotten_at is null do nothing",
    )
    .bind(new.firm)
    .bind(new.header)
    .bind(new.shown)
    .bind(field)
    .bind(new.batch.number())
    .bind(new.answered_by)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// What is remembered, of one firm or of all, the oldest first.
pub async fn known(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<HeaderAnswer>> {
    db.query(
        "select * from header_answer
         where forgotten_at is null and ($1 is null or firm = $1)
         order by id",
    )
    .bind(firm)
    .all()
    .await
}

/// Also one that was forgotten.
pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<HeaderAnswer>> {
    db.query("select * from header_answer where id = $1").bind(id).optional().await
}

/// Lists to come are asked about again; false where it was forgotten before.
pub async fn forget(db: &Db, id: i64, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let changed = db
        .query("update header_answer set forgotten_at = $2 where id = $1 and forgotten_at is null")
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    Ok(changed == 1)
}
