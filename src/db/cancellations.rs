//! Cancellations: what was cancelled of an order at once, and why.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{
    Db, ROWS_A_STATEMENT, Sql, Tx,
    corrections::{former_payers, former_was_told},
    rows::Span,
};
use crate::domain::{batch::BatchId, order::OrderCode};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Cancellation {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    /// From 1 for each order; that of its letters.
    pub sequence: i64,
    pub reason: String,
    pub cancelled_at: DateTime<Utc>,
}

pub async fn insert(
    tx: &mut Tx,
    order: &OrderCode,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Cancellation> {
    tx.query(
        "insert into cancellation (order_code, sequence, reason, cancelled_at)
         select $1, 1 + coalesce(max(sequence), 0), $2, $3 from cancellation where order_code = $1
         returning id, order_code, sequence, reason, cancelled_at",
    )
    .bind(order.as_str())
    .bind(reason)
    .bind(now)
    .one()
    .await
}

/// Holds a cancellation until the end of the transaction: of two that end it the second one sees what the first did.
pub async fn hold(tx: &mut Tx, id: i64) -> sqlx::Result<Cancellation> {
    tx.query(
        "update cancellation set followed = followed where id = $1
         returning id, order_code, sequence, reason, cancelled_at",
    )
    .bind(id)
    .one()
    .await
}

/// A line that was cancelled, and why.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub tax_id: String,
    pub family: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub cancelled_at: DateTime<Utc>,
    pub reason: String,
}

/// The cancelled lines of a firm with one of these tax ids, the oldest first; not those of lists that were taken back.
pub async fn lines(db: &Db, firm: &str, tax_ids: &[&str]) -> sqlx::Result<Vec<Line>> {
    const LINES: Sql = Sql {
        sqlite: "select l.tax_id, l.family, l.fiscal_year, l.order_code, l.line_no, c.cancelled_at, c.reason
                 from order_line l
                 join cancellation c on c.id = l.cancellation_id
                 join batch b on b.id = l.batch_id
                 where l.firm = $1 and l.state = 'cancelled' and b.state <> 'undone'
                   and l.tax_id in (select value from json_each($2))
                 order by c.id",
        postgres: "select l.tax_id, l.family, l.fiscal_year, l.order_code, l.line_no, c.cancelled_at, c.reason
                 from order_line l
                 join cancellation c on c.id = l.cancellation_id
                 join batch b on b.id = l.batch_id
                 where l.firm = $1 and l.state = 'cancelled' and b.state <> 'undone'
                   and l.tax_id in (select jsonb_array_elements_text($2))
                 order by c.id",
    };
    let mut lines = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        lines.extend(db.query(LINES).bind(firm).bind(Json(tax_ids)).all::<Line>().await?);
    }
    Ok(lines)
}

/// A cancellation with lines from which nothing followed yet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unfollowed {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub reason: String,
    /// How many of its lines were followed up.
    pub followed: i64,
    /// How many lines it has.
    pub lines: i64,
}

/// Of one order or of all.
pub async fn unfollowed(db: &Db, order: Option<&OrderCode>) -> sqlx::Result<Vec<Unfollowed>> {
    db.query(
        "select c.id, c.order_code, c.reason, c.followed, count(*) as lines
         from cancellation c join order_line l on l.cancellation_id = c.id and l.state = 'cancelled'
         where $1 is null or c.order_code = $1
         group by c.id, c.order_code, c.reason, c.followed
         having count(*) > c.followed order by c.id",
    )
    .bind(order.map(OrderCode::as_str))
    .all()
    .await
}

/// So many lines of a cancellation are followed up; false where it is not as it was read.
pub async fn follow(tx: &mut Tx, id: i64, from: i64, to: i64) -> sqlx::Result<bool> {
    let followed = tx
        .query("update cancellation set followed = $3 where id = $1 and followed = $2")
        .bind(id)
        .bind(from)
        .bind(to)
        .execute()
        .await?;
    Ok(followed == 1)
}

/// Why each cancelled line of a batch was, and when.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    db.query(
        "select l.id, c.reason, c.cancelled_at from order_line l join cancellation c on c.id = l.cancellation_id
         where l.batch_id = $1 and l.state = 'cancelled' order by l.id",
    )
    .bind(batch.number())
    .all()
    .await
}

/// The same of some rows.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    db.query(
        "select l.id, c.reason, c.cancelled_at from order_line l join cancellation c on c.id = l.cancellation_id
         where l.batch_id = $1 and l.sheet = $2 and l.row_no between $3 and $4 and l.state = 'cancelled'
         order by l.id",
    )
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// The same of a firm.
pub async fn of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    db.query(
        "select l.id, c.reason, c.cancelled_at from order_line l join cancellation c on c.id = l.cancellation_id
         where l.firm = $1 and l.state = 'cancelled' order by l.id",
    )
    .bind(firm)
    .all()
    .await
}

/// When the newest of a batch was.
pub async fn newest(db: &Db, batch: BatchId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let newest = db
        .query(
            "select c.cancelled_at from cancellation c join client_order o on o.code = c.order_code
             where o.batch_id = $1 order by c.cancelled_at desc limit 1",
        )
        .bind(batch.number())
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// Whoever is told: those to whom a notice of its lines went, or may have gone, also where another one pays since.
pub async fn told_payers(tx: &mut Tx, id: i64) -> sqlx::Result<Vec<(String, String)>> {
    tx.query(concat!(
        "select p.email, min(p.name) from (
             select r.payer_email as email, r.payer_name as name
             from order_line l join payment_request r on r.line_id = l.id
             where l.cancellation_id = $1 and l.state = 'cancelled'
               and exists (select 1 from mail m join client_order o on o.code = m.order_code
                           where o.batch_id = r.batch_id and m.purpose = 'order_notice' and m.recipient = r.payer_email
                             and (m.state in ('sending', 'uncertain') or m.sent_at >= r.created_at))
             union all
             select f.email, f.payer_name from ",
        former_payers!(),
        " where f.cancellation_id = $1 and f.state = 'cancelled' and ",
        former_was_told!(),
        ") p group by p.email order by p.email"
    ))
    .bind(id)
    .all()
    .await
}
