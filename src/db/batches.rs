//! Batches: one taken file each.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, Tx};
use crate::domain::batch::{BatchId, BatchKind, BatchState, Sha256};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Batch {
    id: i64,
    pub firm: Option<String>,
    #[sqlx(try_from = "String")]
    pub kind: BatchKind,
    #[sqlx(try_from = "String")]
    pub state: BatchState,
    pub file_name: String,
    #[sqlx(try_from = "String")]
    pub sha256: Sha256,
    pub container: Option<String>,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    duplicate_of: Option<i64>,
    answers: Option<i64>,
    pub run_id: Option<i64>,
    pub registered_by: Option<String>,
    pub options: Json<serde_json::Value>,
    /// The newest result workbook that was asked for.
    pub revision: i64,
    /// The newest that lies in the outbox.
    pub written: i64,
    /// Counts what happened to it, so that a workbook is not taken for newer than it is.
    changes: i64,
    pub catalogue_version: Option<String>,
    /// Nobody goes on with it. The original lies in the archive, or in `work/` where it could not be moved.
    pub archived: bool,
    /// How often it was begun and not ended, without a passing fault.
    pub attempts: i64,
    pub received_at: DateTime<Utc>,
    pub checked_at: Option<DateTime<Utc>>,
}

impl Batch {
    pub fn id(&self) -> BatchId {
        BatchId::new(self.id)
    }

    /// Whether nothing happened to it between two looks.
    pub fn is_same_as(&self, other: &Batch) -> bool {
        (self.id, self.changes) == (other.id, other.changes)
    }

    pub fn duplicate_of(&self) -> Option<BatchId> {
        self.duplicate_of.map(BatchId::new)
    }

    pub fn answers(&self) -> Option<BatchId> {
        self.answers.map(BatchId::new)
    }
}

/// A file that was taken.
#[derive(Clone, Debug)]
pub struct NewBatch<'a> {
    pub firm: Option<&'a str>,
    pub file_name: &'a str,
    pub sha256: &'a Sha256,
    pub run_id: Option<i64>,
    pub registered_by: Option<&'a str>,
    /// The batch with the same bytes.
    pub duplicate_of: Option<BatchId>,
    /// What holds for the whole of it.
    pub options: serde_json::Value,
}

pub async fn register(tx: &mut Tx, new: NewBatch<'_>, now: DateTime<Utc>) -> sqlx::Result<BatchId> {
    let state =
        if new.duplicate_of.is_some() { BatchState::Duplicate } else { BatchState::Received };
    let (id,) = tx
        .query(
            "insert into batch (firm, kind, state, file_name, sha256, run_id, registered_by, duplicate_of,
                                received_at, options)
             values ($1, 'unknown', $2, $3, $4, $5, $6, $7, $8, $9)
             returning id",
        )
        .bind(new.firm)
        .bind(state.as_str())
        .bind(new.file_name)
        .bind(new.sha256.as_str())
        .bind(new.run_id)
        .bind(new.registered_by)
        .bind(new.duplicate_of.map(BatchId::number))
        .bind(now)
        .bind(Json(new.options))
        .one::<(i64,)>()
        .await?;
    Ok(BatchId::new(id))
}

/// The batches of the same bytes for the same firm, oldest first.
pub async fn same_bytes(
    tx: &mut Tx,
    firm: Option<&str>,
    sha256: &Sha256,
) -> sqlx::Result<Vec<Batch>> {
    tx.query(
        "select * from batch
         where sha256 = $1 and coalesce(firm, '') = coalesce($2, '')
         order by id",
    )
    .bind(sha256.as_str())
    .bind(firm)
    .all()
    .await
}

pub async fn by_id(db: &Db, id: BatchId) -> sqlx::Result<Option<Batch>> {
    db.query("select * from batch where id = $1").bind(id.number()).optional().await
}

/// The firm of a batch, and who registered it.
pub async fn owner(tx: &mut Tx, id: BatchId) -> sqlx::Result<(Option<String>, Option<String>)> {
    tx.query("select firm, registered_by from batch where id = $1").bind(id.number()).one().await
}

/// The last answer to a batch.
pub async fn newest_answer(db: &Db, id: BatchId) -> sqlx::Result<Option<Batch>> {
    db.query("select * from batch where answers = $1 order by id desc limit 1")
        .bind(id.number())
        .optional()
        .await
}

/// Batches whose file still has work to be done, oldest first.
pub async fn unfinished(db: &Db) -> sqlx::Result<Vec<Batch>> {
    db.query(
        "select * from batch
         where state in ('received', 'staged', 'checked') or written < revision or not archived
         order by id",
    )
    .all()
    .await
}

/// Counts one more try, before it is made.
pub async fn begin_try(db: &Db, id: BatchId) -> sqlx::Result<()> {
    db.query("update batch set attempts = attempts + 1 where id = $1")
        .bind(id.number())
        .execute()
        .await?;
    Ok(())
}

/// A try ended well.
pub async fn end_try(db: &Db, id: BatchId) -> sqlx::Result<()> {
    db.query("update batch set attempts = 0 where id = $1").bind(id.number()).execute().await?;
    Ok(())
}

/// Takes back the registration of a file of which nothing was read; false where more became of it.
pub async fn forget(db: &Db, id: BatchId) -> sqlx::Result<bool> {
    let forgotten = db
        .query("delete from batch where id = $1 and state = 'received'")
        .bind(id.number())
        .execute()
        .await?;
    Ok(forgotten == 1)
}

/// No workbook is written any more until the batch changes again.
pub async fn give_up_workbook(db: &Db, id: BatchId) -> sqlx::Result<()> {
    db.query("update batch set revision = written where id = $1")
        .bind(id.number())
        .execute()
        .await?;
    Ok(())
}

/// What a list of batches is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub firm: Option<String>,
    pub state: Option<String>,
    pub since: Option<DateTime<Utc>>,
}

/// The newest first.
pub async fn list(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Batch>> {
    db.query(
        "select * from batch
         where ($1 is null or firm = $1) and ($2 is null or state = $2) and ($3 is null or received_at >= $3)
         order by id desc",
    )
    .bind(filter.firm.as_deref())
    .bind(filter.state.as_deref())
    .bind(filter.since)
    .all()
    .await
}

/// What reading a file told of it.
#[derive(Clone, Debug)]
pub struct Staged<'a> {
    pub kind: BatchKind,
    pub container: &'a str,
    pub encoding: Option<&'a str>,
    pub delimiter: Option<&'a str>,
    pub answers: Option<BatchId>,
}

/// Everything of a file is stored; false where another process was faster.
pub async fn stage(tx: &mut Tx, id: BatchId, staged: &Staged<'_>) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update batch set state = 'staged', kind = $2, container = $3, encoding = $4, delimiter = $5, answers = $6
             where id = $1 and state = 'received'",
        )
        .bind(id.number())
        .bind(staged.kind.as_str())
        .bind(staged.container)
        .bind(staged.encoding)
        .bind(staged.delimiter)
        .bind(staged.answers.map(BatchId::number))
        .execute()
        .await?;
    Ok(changed == 1)
}

/// What a list said for all of its rows.
pub async fn keep_options(
    tx: &mut Tx,
    id: BatchId,
    options: serde_json::Value,
) -> sqlx::Result<()> {
    tx.query("update batch set options = $2 where id = $1")
        .bind(id.number())
        .bind(Json(options))
        .execute()
        .await?;
    Ok(())
}

/// Gives a batch its verdict; false where it has one already.
pub async fn judge(
    tx: &mut Tx,
    id: BatchId,
    state: BatchState,
    catalogue_version: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update batch set state = $2, catalogue_version = $3, checked_at = $4
             where id = $1 and state in ('received', 'staged', 'checked')",
        )
        .bind(id.number())
        .bind(state.as_str())
        .bind(catalogue_version)
        .bind(now)
        .execute()
        .await?;
    Ok(changed == 1)
}

/// A list of which nothing was taken yet is to be judged again; false where it stands elsewhere.
pub async fn judge_again(tx: &mut Tx, id: BatchId) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update batch set state = 'staged'
             where id = $1 and state in ('held', 'rejected')
               and not exists (select 1 from client_order o where o.batch_id = batch.id)",
        )
        .bind(id.number())
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Moves a batch on; false where it stands elsewhere.
pub async fn move_on(
    tx: &mut Tx,
    id: BatchId,
    from: BatchState,
    to: BatchState,
) -> sqlx::Result<bool> {
    let changed = tx
        .query("update batch set state = $3 where id = $1 and state = $2")
        .bind(id.number())
        .bind(from.as_str())
        .bind(to.as_str())
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Says that a batch changed and its workbook must be written: as the next revision, or as the one that is
/// still to be written. Remembers which contents it shows.
pub async fn ask_for_workbook(tx: &mut Tx, id: BatchId) -> sqlx::Result<i64> {
    let (revision,) = tx
        .query(
            "update batch
             set revision = case when revision = written then revision + 1 else revision end, changes = changes + 1
             where id = $1 returning revision",
        )
        .bind(id.number())
        .one::<(i64,)>()
        .await?;
    super::shown::remember(tx, id, revision).await?;
    Ok(revision)
}

/// Holds a batch as it was read until the transaction ends; false where something happened to it meanwhile.
pub async fn is_as_read(tx: &mut Tx, batch: &Batch) -> sqlx::Result<bool> {
    let held = tx
        .query("update batch set changes = changes where id = $1 and changes = $2")
        .bind(batch.id)
        .bind(batch.changes)
        .execute()
        .await?;
    Ok(held == 1)
}

/// A revision lies in the outbox; false where the batch changed while it was written.
pub async fn wrote(db: &Db, batch: &Batch) -> sqlx::Result<bool> {
    let wrote = db
        .query("update batch set written = $2 where id = $1 and changes = $3")
        .bind(batch.id)
        .bind(batch.revision)
        .bind(batch.changes)
        .execute()
        .await?;
    Ok(wrote == 1)
}

/// Nobody goes on with a batch that is archived.
pub async fn archive(db: &Db, id: BatchId) -> sqlx::Result<()> {
    // A literal true would be a boolean on one engine and a name on the other's older versions.
    db.query("update batch set archived = $2 where id = $1")
        .bind(id.number())
        .bind(true)
        .execute()
        .await?;
    Ok(())
}

/// A batch has an order again that awaits its confirmation.
pub async fn await_again(tx: &mut Tx, id: BatchId) -> sqlx::Result<()> {
    tx.query(
        "update batch set state = 'awaiting_confirmation'
         where id = $1 and state in ('rejected', 'held', 'ordered', 'done')",
    )
    .bind(id.number())
    .execute()
    .await?;
    Ok(())
}

/// Moves an awaiting batch on when none of its orders waits any more.
pub async fn settle_orders(tx: &mut Tx, id: BatchId) -> sqlx::Result<()> {
    tx.query(
        "update batch set state = 'ordered'
         where id = $1 and state = 'awaiting_confirmation'
           and not exists (select 1 from client_order o
                           where o.batch_id = batch.id and o.state = 'awaiting_confirmation')",
    )
    .bind(id.number())
    .execute()
    .await?;
    Ok(())
}

/// Ends a batch that is ordered when each of its orders is paid, done or cancelled.
pub async fn end_orders(tx: &mut Tx, id: BatchId) -> sqlx::Result<()> {
    tx.query(
        "update batch set state = 'done'
         where id = $1 and state = 'ordered'
           and not exists (select 1 from client_order o
                           where o.batch_id = batch.id and o.state not in ('paid', 'done', 'cancelled'))",
    )
    .bind(id.number())
    .execute()
    .await?;
    Ok(())
}

/// Takes a list back of which no order stands; false where one does, or where it is no such list.
pub async fn undo(tx: &mut Tx, id: BatchId) -> sqlx::Result<bool> {
    let undone = tx
        .query(
            "update batch set state = 'undone'
             where id = $1 and kind = 'clients'
               and state in ('rejected', 'held', 'awaiting_confirmation', 'ordered', 'done')
               and not exists (select 1 from client_order o
                               where o.batch_id = batch.id and o.state <> 'cancelled')",
        )
        .bind(id.number())
        .execute()
        .await?;
    Ok(undone == 1)
}
