//! Lines: one client of an order each, and what the firm ordered before.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx, chunks};
use crate::domain::{
    batch::BatchId,
    client::ClientRow,
    money::Money,
    order::{LineRef, LineState, OrderCode},
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    batch_id: i64,
    pub sheet: i64,
    pub row_no: i64,
    pub firm: String,
    pub name: String,
    pub client: Json<ClientRow>,
    amount: i64,
    #[sqlx(try_from = "String")]
    pub state: LineState,
}

impl Line {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }

    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }
}

/// A line on its way in.
#[derive(Clone, Debug, Serialize)]
pub struct NewLine<'a> {
    pub line_no: i64,
    pub sheet: i64,
    pub row_no: u32,
    pub tax_id: &'a str,
    pub name: &'a str,
    pub amount: Money,
    #[serde(serialize_with = "chunks::as_text")]
    pub client: &'a ClientRow,
}

/// What all new lines of an order share.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    pub order: &'a OrderCode,
    pub batch: BatchId,
    pub firm: &'a str,
    pub family: &'a str,
    pub fiscal_year: i32,
}

/// Fails as taken where a client has a line of the family and year already.
pub async fn insert(tx: &mut Tx, under: Under<'_>, lines: &[NewLine<'_>]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        sqlite: "insert into order_line (order_code, batch_id, firm, family, fiscal_year, state,
                                         line_no, sheet, row_no, tax_id, name, amount, client)
                 select $1, $2, $3, $4, $5, 'waiting', value->>'line_no', value->>'sheet', value->>'row_no',
                        value->>'tax_id', value->>'name', value->>'amount', value->>'client'
                 from json_each($6)",
        postgres: "insert into order_line (order_code, batch_id, firm, family, fiscal_year, state,
                                           line_no, sheet, row_no, tax_id, name, amount, client)
                 select $1, $2, $3, $4, $5, 'waiting', line_no, sheet, row_no, tax_id, name, amount, client::jsonb
                 from jsonb_to_recordset($6)
                      as r (line_no bigint, sheet bigint, row_no bigint, tax_id text, name text, amount bigint,
                            client text)",
    };
    let mut chunks = chunks::Chunks::of(lines.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        let insert = tx
            .query(INSERT)
            .bind(under.order.as_str())
            .bind(under.batch.number())
            .bind(under.firm)
            .bind(under.family)
            .bind(i64::from(under.fiscal_year))
            .bind(chunk);
        chunks.stored(insert.execute()).await?;
    }
    Ok(())
}

pub async fn of_order(db: &Db, code: &OrderCode) -> sqlx::Result<Vec<Line>> {
    db.query(
        "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
         from order_line where order_code = $1 order by line_no",
    )
    .bind(code.as_str())
    .all()
    .await
}

pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Line>> {
    db.query(
        "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
         from order_line where batch_id = $1 order by order_code, line_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// The lines of an order in one state, summed up: those that are still of the firm of its list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Total {
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    #[sqlx(try_from = "String")]
    pub state: LineState,
    pub lines: i64,
    pub amount: i64,
    /// The last four digits of the tax ids.
    pub tax_ids: i64,
}

pub async fn totals(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Total>> {
    const TOTALS: Sql = Sql {
        sqlite: "select order_code, state, count(*) as lines, sum(amount) as amount,
                        sum(cast(substr(replace(tax_id, '-', ''), -4) as integer)) as tax_ids
                 from order_line where batch_id = $1 and firm = (select firm from batch where id = $1)
                 group by order_code, state order by order_code, state",
        postgres: "select order_code, state, count(*) as lines, sum(amount)::bigint as amount,
                          sum(right(replace(tax_id, '-', ''), 4)::bigint)::bigint as tax_ids
                 from order_line where batch_id = $1 and firm = (select firm from batch where id = $1)
                 group by order_code, state order by order_code, state",
    };
    db.query(TOTALS).bind(batch.number()).all().await
}

/// Of these totals those of an order that stand: how many lines, and what they cost.
pub fn standing(totals: &[Total], order: &OrderCode) -> (i64, Money) {
    let own = totals.iter().filter(|it| it.order_code == *order);
    let stand = own.filter(|it| it.state != LineState::Cancelled);
    let (lines, amount) = stand.fold((0, 0), |sum, it| (sum.0 + it.lines, sum.1 + it.amount));
    (lines, Money::dong(amount))
}

/// What of an order stands and is still of the firm that ordered, in đồng.
pub async fn own_amount(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<i64> {
    tx.query(
        "select cast(coalesce(sum(l.amount), 0) as bigint)
         from order_line l join client_order o on o.code = l.order_code and o.firm = l.firm
         where l.order_code = $1 and l.state <> 'cancelled'",
    )
    .bind(order.as_str())
    .one::<(i64,)>()
    .await
    .map(|(amount,)| amount)
}

/// A line and whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Named {
    #[sqlx(try_from = "String")]
    order_code: OrderCode,
    line_no: i64,
    pub tax_id: String,
}

impl Named {
    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }
}

/// The uncancelled lines of a batch.
pub async fn tax_ids(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Named>> {
    db.query(
        "select order_code, line_no, tax_id from order_line
         where batch_id = $1 and state <> 'cancelled' order by order_code, line_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// Of one firm or of all, in the order of their orders.
pub async fn list(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<Line>> {
    db.query(
        "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
         from order_line where $1 is null or firm = $1 order by order_code, line_no",
    )
    .bind(firm)
    .all()
    .await
}

pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<Line>> {
    db.query(
        "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
         from order_line where id = $1",
    )
    .bind(id)
    .optional()
    .await
}

/// A line that a client has already, as history sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Known {
    pub firm: String,
    pub family: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    batch_id: i64,
    pub row_no: i64,
    pub client: Json<ClientRow>,
    #[sqlx(try_from = "String")]
    pub state: LineState,
}

impl Known {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }
}

/// The uncancelled lines of these tax ids, at every firm.
pub async fn known(db: &Db, tax_ids: &[&str]) -> sqlx::Result<Vec<Known>> {
    const KNOWN: Sql = Sql {
        sqlite:
            "select firm, family, fiscal_year, order_code, line_no, batch_id, row_no, client, state
                 from order_line
                 where tax_id in (select value from json_each($1)) and state <> 'cancelled'
                 order by id",
        postgres:
            "select firm, family, fiscal_year, order_code, line_no, batch_id, row_no, client, state
                 from order_line
                 where tax_id in (select jsonb_array_elements_text($1)) and state <> 'cancelled'
                 order by id",
    };
    let mut known = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        known.extend(db.query(KNOWN).bind(Json(tax_ids)).all::<Known>().await?);
    }
    Ok(known)
}

/// The same of one firm, as the transaction sees it.
pub async fn known_of(tx: &mut Tx, firm: &str, tax_ids: &[&str]) -> sqlx::Result<Vec<Known>> {
    const KNOWN: Sql = Sql {
        sqlite:
            "select firm, family, fiscal_year, order_code, line_no, batch_id, row_no, client, state
                 from order_line
                 where firm = $1 and tax_id in (select value from json_each($2)) and state <> 'cancelled'
                 order by id",
        postgres:
            "select firm, family, fiscal_year, order_code, line_no, batch_id, row_no, client, state
                 from order_line
                 where firm = $1 and tax_id in (select jsonb_array_elements_text($2)) and state <> 'cancelled'
                 order by id",
    };
    tx.query(KNOWN).bind(firm).bind(Json(tax_ids)).all().await
}

/// What a firm last ordered for a client under one tax id, also where that was cancelled.
pub async fn newest_of(
    tx: &mut Tx,
    firm: &str,
    tax_id: &str,
) -> sqlx::Result<Option<Json<ClientRow>>> {
    let newest = tx
        .query(
            "select client from order_line where firm = $1 and tax_id = $2
             order by fiscal_year desc, id desc limit 1",
        )
        .bind(firm)
        .bind(tax_id)
        .optional::<(Json<ClientRow>,)>()
        .await?;
    Ok(newest.map(|(client,)| client))
}

/// A firm's uncancelled lines, the oldest first: what it knows of its clients.
pub async fn of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<Known>> {
    db.query(
        "select firm, family, fiscal_year, order_code, line_no, batch_id, row_no, client, state
         from order_line where firm = $1 and state <> 'cancelled' order by id",
    )
    .bind(firm)
    .all()
    .await
}

/// Moves a line on; false where it stands elsewhere.
pub async fn move_on(
    tx: &mut Tx,
    id: i64,
    from: &[LineState],
    to: LineState,
) -> sqlx::Result<bool> {
    const MOVE: Sql = Sql {
        sqlite: "update order_line set state = $3
                 where id = $1 and state in (select value from json_each($2))",
        postgres: "update order_line set state = $3
                 where id = $1 and state in (select jsonb_array_elements_text($2))",
    };
    let changed = tx.query(MOVE).bind(id).bind(Json(from)).bind(to.as_str()).execute().await?;
    Ok(changed == 1)
}

/// Holds the rows of lines until the end of the transaction, and says where each stands.
pub async fn hold(tx: &mut Tx, ids: &[i64]) -> sqlx::Result<HashMap<i64, LineState>> {
    const HOLD: Sql = Sql {
        sqlite: "update order_line set state = state
                 where id in (select value from json_each($1)) returning id, state",
        postgres: "update order_line set state = state
                 where id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                 returning id, state",
    };
    let held = tx.query(HOLD).bind(Json(ids)).all::<(i64, String)>().await?;
    let read = |(id, state): (i64, String)| {
        let state = state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok((id, state))
    };
    held.into_iter().map(read).collect()
}

/// Places the waiting lines of an order; how many these are.
pub async fn place(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<u64> {
    tx.query("update order_line set state = 'placed' where order_code = $1 and state = 'waiting'")
        .bind(code.as_str())
        .execute()
        .await
}

/// Gives the waiting lines of an order today's price.
pub async fn reprice(tx: &mut Tx, code: &OrderCode, amount: Money) -> sqlx::Result<()> {
    tx.query("update order_line set amount = $2 where order_code = $1 and state = 'waiting'")
        .bind(code.as_str())
        .bind(amount.as_dong())
        .execute()
        .await?;
    Ok(())
}

/// Cancels the lines that stand in one of these states, which frees their natural keys; how many these are.
pub async fn cancel(
    tx: &mut Tx,
    ids: &[i64],
    from: &[LineState],
    cancellation: i64,
) -> sqlx::Result<u64> {
    const CANCEL: Sql = Sql {
        sqlite: "update order_line set state = 'cancelled', cancellation_id = $3
                 where id in (select value from json_each($1)) and state in (select value from json_each($2))",
        postgres: "update order_line set state = 'cancelled', cancellation_id = $3
                 where id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and state in (select jsonb_array_elements_text($2))",
    };
    tx.query(CANCEL).bind(Json(ids)).bind(Json(from)).bind(cancellation).execute().await
}

/// The uncancelled lines in whose data a member of a firm works, by their rows or by what was said later.
pub async fn staffed_by(db: &Db, firm: Option<&str>, email: &str) -> sqlx::Result<Vec<Line>> {
    db.query(
        "select l.id, l.order_code, l.line_no, l.batch_id, l.sheet, l.row_no, l.firm, l.name, l.client, l.amount,
                l.state
         from order_line l join client_order o on o.code = l.order_code
              left join line_staff s on s.line_id = l.id and s.email = $2
         where l.state <> 'cancelled' and ($1 is null or l.firm = $1)
           and (s.role is not null
                or (s.email is null and (l.client->>'assigned_to' = $2
                                         or (o.kind = 'free'
                                             and coalesce(l.client->>'registered_by', o.registered_by) = $2))))
         order by l.order_code, l.line_no",
    )
    .bind(firm)
    .bind(email)
    .all()
    .await
}
