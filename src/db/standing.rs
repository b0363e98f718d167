//! The lines of an order that stand: all that were not cancelled. As a transaction sees them.

use sqlx::types::Json;

use super::{Db, Sql, Tx, lines::Line};
use crate::domain::{batch::BatchId, order::OrderCode};

/// A long order is gone through by so many lines, so that it need not fit in memory.
const LINES_AT_ONCE: i64 = 1_000;

/// Some lines of an order that stand, in order, behind one of them; as the transaction sees them.
pub async fn after(tx: &mut Tx, code: &OrderCode, line_no: i64) -> sqlx::Result<Vec<Line>> {
    tx.query(
        "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
         from order_line where order_code = $1 and state <> 'cancelled' and line_no > $2 order by line_no limit $3 + 0",
    )
    .bind(code.as_str())
    .bind(line_no)
    .bind(LINES_AT_ONCE)
    .all()
    .await
}

/// How many lines of an order stand.
pub async fn count(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<usize> {
    let (lines,) = tx
        .query("select count(*) from order_line where order_code = $1 and state <> 'cancelled'")
        .bind(code.as_str())
        .one::<(i64,)>()
        .await?;
    Ok(usize::try_from(lines).unwrap_or_default())
}

/// Who is said to have registered lines of an order that stand; each once.
pub async fn registered_by(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<Vec<String>> {
    let registered: Vec<(Option<String>,)> = tx
        .query(
            "select distinct client->>'registered_by' from order_line
             where order_code = $1 and state <> 'cancelled' order by 1",
        )
        .bind(code.as_str())
        .all()
        .await?;
    Ok(registered.into_iter().filter_map(|(by,)| by).collect())
}

const BY_IDS: Sql = Sql {
    sqlite: "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
             from order_line where id in (select value from json_each($1)) order by order_code, line_no",
    postgres: "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
             from order_line where id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
             order by order_code, line_no",
};

/// Those with these ids.
pub async fn with_ids(db: &Db, ids: &[i64]) -> sqlx::Result<Vec<Line>> {
    db.query(BY_IDS).bind(Json(ids)).all().await
}

/// The same, as the transaction sees them.
pub async fn by_ids(tx: &mut Tx, ids: &[i64]) -> sqlx::Result<Vec<Line>> {
    tx.query(BY_IDS).bind(Json(ids)).all().await
}

/// How many lines of a list went to another firm, and stand there.
pub async fn left(db: &Db, batch: BatchId) -> sqlx::Result<i64> {
    let (left,) = db
        .query(
            "select count(*) from order_line
             where batch_id = $1 and state <> 'cancelled' and firm <> (select firm from batch where id = $1)",
        )
        .bind(batch.number())
        .one::<(i64,)>()
        .await?;
    Ok(left)
}
