//! What each revision of a result workbook showed of its orders: a tick is bound to it.

use chrono::{DateTime, Utc};

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

/// When the newest of these happened that a workbook shows: an answer was taken, a line corrected, transferred, held or
/// refused, or changed on the platform; a payment was matched or taken back.
pub async fn newest_change(db: &Db, id: BatchId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let newest = db
        .query(
            "select at from (
                 select checked_at as at from batch where answers = $1 and state = 'done'
                 union all
                 select e.at from line_event e join order_line l on l.id = e.line_id where l.batch_id = $1
                 union all
                 select h.said_at from line_hold h join order_line l on l.id = h.line_id where l.batch_id = $1
                 union all
                 select a.settled_at from activation a join order_line l on l.id = a.line_id where l.batch_id = $1
                 union all
                 select c.settled_at from licence_change c join order_line l on l.id = c.line_id
                 where l.batch_id = $1
                 union all
                 select e.at from payment_request r
                 join allocation a on a.code = r.code
                 join payment_event e on e.bank_line_id = a.bank_line_id
                 where r.batch_id = $1) c
             where at is not null order by at desc limit 1",
        )
        .bind(id.number())
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(newest.map(|(at,)| at))
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
