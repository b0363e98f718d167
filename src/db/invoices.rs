//! Paid requests with what an invoice for them needs, and the numbered exports in which they were handed out.
//! What an export says of a request, and when it says it anew, is decided by `flow::export`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx};
use crate::domain::{
    client::ClientRow,
    money::Money,
    order::{OrderCode, RequestState},
    payment_code::PaymentCode,
};

/// A paid request, with what an invoice for it needs.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Paid {
    #[sqlx(try_from = "String")]
    pub code: PaymentCode,
    amount: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub firm: String,
    pub package: String,
    pub client: Json<ClientRow>,
}

impl Paid {
    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }
}

/// In the order of their lines, of one firm or of all.
pub async fn paid(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<Paid>> {
    db.query(
        "select r.code, r.amount, l.order_code, l.line_no, l.firm, o.package, l.client
         from payment_request r
         join order_line l on l.id = r.line_id
         join client_order o on o.code = l.order_code
         where r.state in ('paid', 'overpaid') and ($1 is null or l.firm = $1)
         order by l.order_code, l.line_no",
    )
    .bind(firm)
    .all()
    .await
}

/// What an export said of a request.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HandedOut {
    pub code: String,
    /// Counts from 1 what was said of it.
    pub turn: i64,
    pub export_number: i64,
    /// Its columns by their names.
    pub said: Json<Value>,
    /// Where the request stands now.
    #[sqlx(try_from = "String")]
    pub state: RequestState,
}

/// All that was said of the requests of a firm, those too that went to another firm when it was invoiced for them, or of
/// all, in the order of their lines; of each the first first.
pub async fn handed_out(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<HandedOut>> {
    db.query(
        "select i.code, i.turn, i.export_number, i.said, r.state
         from invoice_row i
         join payment_request r on r.code = i.code
         join order_line l on l.id = r.line_id
         where $1 is null or l.firm = $1
            or exists (select 1 from invoice_row own where own.code = i.code and own.said->>'firm' = $1)
         order by l.order_code, l.line_no, i.turn",
    )
    .bind(firm)
    .all()
    .await
}

/// The firm that an export is of, nothing for one of all; nothing at all where there is no such number.
pub async fn export(db: &Db, number: i64) -> sqlx::Result<Option<Option<String>>> {
    let found = db.query("select firm from invoice_export where number = $1").bind(number);
    Ok(found.optional::<(Option<String>,)>().await?.map(|(firm,)| firm))
}

/// What an export said, in its order.
pub async fn of_export(db: &Db, number: i64) -> sqlx::Result<Vec<Value>> {
    let said = db
        .query("select said from invoice_row where export_number = $1 order by position")
        .bind(number)
        .all::<(Json<Value>,)>()
        .await?;
    Ok(said.into_iter().map(|(said,)| said.0).collect())
}

/// The number of a new export; fails as taken where another one has it meanwhile.
pub async fn begin(tx: &mut Tx, firm: Option<&str>, now: DateTime<Utc>) -> sqlx::Result<i64> {
    let (number,) = tx
        .query(
            "insert into invoice_export (number, at, firm)
             select 1 + coalesce(max(number), 0), $1, $2 from invoice_export returning number",
        )
        .bind(now)
        .bind(firm)
        .one::<(i64,)>()
        .await?;
    Ok(number)
}

/// A row on its way out.
#[derive(Clone, Debug, Serialize)]
pub struct NewRow {
    pub code: String,
    pub turn: i64,
    pub position: i64,
    pub said: Value,
}

/// Fails as taken where another export said something of one of the requests meanwhile.
pub async fn hand_out(tx: &mut Tx, number: i64, rows: &[NewRow]) -> sqlx::Result<()> {
    const HAND_OUT: Sql = Sql {
        sqlite: "insert into invoice_row (code, turn, export_number, position, said)
                 select value->>'code', value->>'turn', $1, value->>'position', value->'said' from json_each($2)",
        postgres: "insert into invoice_row (code, turn, export_number, position, said)
                 select code, turn, $1, position, said
                 from jsonb_to_recordset($2) as r (code text, turn bigint, position bigint, said jsonb)",
    };
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        tx.query(HAND_OUT).bind(number).bind(Json(rows)).execute().await?;
    }
    Ok(())
}
