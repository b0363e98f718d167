//! What each revision of a result workbook showed of its orders: a tick is bound to it.

use super::{Db, Tx};
use crate::domain::{batch::BatchId, order::OrderCode};

/// What a revision of a workbook showed of an order.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Shown {
    pub order_code: String,
    pub content: String,
    /// Of the order; 0, and no lines, where a version showed it that did not keep them.
    pub order_revision: i64,
    /// Without the cancelled ones.
    pub lines: i64,
    pub amount: i64,
}

/// Keeps what each order of a batch is in the revision that is to be written.
pub async fn remember(tx: &mut Tx, id: BatchId, revision: i64) -> sqlx::Result<()> {
    tx.query(
        "insert into shown (batch_id, revision, order_code, content, order_revision, amount, lines)
         select batch_id, $2, code, content, revision, amount,
                (select count(*) from order_line l where l.order_code = o.code and l.state <> 'cancelled')
         from client_order o where batch_id = $1
         on conflict (batch_id, revision, order_code) do update
            set content = excluded.content, order_revision = excluded.order_revision, amount = excluded.amount,
                lines = excluded.lines",
    )
    .bind(id.number())
    .bind(revision)
    .execute()
    .await?;
    Ok(())
}

/// What a revision showed of each order.
pub async fn of_revision(db: &Db, id: BatchId, revision: i64) -> sqlx::Result<Vec<Shown>> {
    db.query(
        "select order_code, content, order_revision, lines, amount from shown
         where batch_id = $1 and revision = $2 order by order_code",
    )
    .bind(id.number())
    .bind(revision)
    .all()
    .await
}

/// What was last shown of a revision of an order.
pub async fn of_order(
    db: &Db,
    order: &OrderCode,
    order_revision: i64,
) -> sqlx::Result<Option<Shown>> {
    db.query(
        "select order_code, content, order_revision, lines, amount from shown
         where order_code = $1 and order_revision = $2 order by revision desc limit 1",
    )
    .bind(order.as_str())
    .bind(order_revision)
    .optional()
    .await
}
