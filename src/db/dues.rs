//! What is to be paid, as payments see it, and what follows for orders and lists where it was paid.
//! Requests as payers see them are in `requests`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx};
use crate::domain::{
    batch::BatchId,
    order::{OrderCode, RequestState},
};

/// A payment request with all that tells for what a payment may be.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Due {
    pub code: String,
    pub batch_code: Option<String>,
    /// The same of a line that the platform refused for good before anything was paid: nobody is asked for it any more.
    pub former_code: Option<String>,
    pub line_id: i64,
    pub line_no: i64,
    pub batch_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub firm: String,
    pub payer_email: String,
    pub payer_name: String,
    pub name: String,
    pub amount: i64,
    pub waived: i64,
    pub paid: i64,
    #[sqlx(try_from = "String")]
    pub state: RequestState,
}

impl Due {
    /// Whether a code is its own, or that of all of its payer's.
    pub fn has_code(&self, code: &str) -> bool {
        self.code == code || self.batch_code.as_deref() == Some(code)
    }
}

/// Which ones is said in it; in the order of their lines.
macro_rules! due {
    ($which:literal) => {
        concat!(
            "select r.code, case when l.state = 'failed' and r.paid = 0 then null else p.code end as batch_code,
                case when l.state = 'failed' and r.paid = 0 then p.code end as former_code, r.line_id, l.line_no, r.batch_id, l.order_code, l.firm, r.payer_email,
                r.payer_name, l.name, r.amount, r.waived, r.paid, r.state
             from payment_request r
             join order_line l on l.id = r.line_id
             left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email ",
            $which,
            " order by l.order_code, l.line_no"
        )
    };
}

pub async fn all(db: &Db) -> sqlx::Result<Vec<Due>> {
    db.query(due!("")).all().await
}

/// The letters that the codes of requests and of payers begin with, of whatever day.
pub async fn prefixes(tx: &mut Tx) -> sqlx::Result<Vec<(String,)>> {
    tx.query(
        "select substr(code, 1, length(code) - 8) from payment_request
         union
         select substr(code, 1, length(code) - 8) from payer_code",
    )
    .all()
    .await
}

/// Those that codes name, each its own or that of all of a payer's.
pub async fn named(db: &Db, codes: &[String]) -> sqlx::Result<Vec<Due>> {
    const NAMED: Sql = Sql {
        sqlite: due!(
            "where r.code in (
                 select value from json_each($1)
                 union
                 select q.code from payer_code c
                 join payment_request q on q.batch_id = c.batch_id and q.payer_email = c.payer_email
                 where c.code in (select value from json_each($1)))"
        ),
        postgres: due!(
            "where r.code in (
                 select jsonb_array_elements_text($1)
                 union
                 select q.code from payer_code c
                 join payment_request q on q.batch_id = c.batch_id and q.payer_email = c.payer_email
                 where c.code in (select jsonb_array_elements_text($1)))"
        ),
    };
    db.query(NAMED).bind(Json(codes)).all().await
}

macro_rules! payers {
    ($codes:literal) => {
        concat!(
            "select r.code, l.firm, r.payer_email
             from payment_request r join order_line l on l.id = r.line_id
             where r.code in (",
            $codes,
            ")
             union
             select p.code, l.firm, r.payer_email
             from payer_code p
             join payment_request r on r.batch_id = p.batch_id and r.payer_email = p.payer_email
             join order_line l on l.id = r.line_id
             where p.code in (",
            $codes,
            ")"
        )
    };
}

/// Who is to pay, or was, what codes are for, each that of a request or of all of a payer's: the code, the firm of its
/// lines and the address of the payer.
pub async fn payers(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<(String, String, String)>> {
    const PAYERS: Sql = Sql {
        sqlite: payers!("select value from json_each($1)"),
        postgres: payers!("select jsonb_array_elements_text($1)"),
    };
    db.query(PAYERS).bind(Json(codes)).all().await
}

/// Of each firm the amounts that are left of open requests, in đồng, and how many payers are asked for each.
pub async fn open_amounts(db: &Db) -> sqlx::Result<Vec<(String, i64, i64)>> {
    db.query(
        "select l.firm, r.amount - r.waived - r.paid as rest, count(distinct r.payer_email)
         from payment_request r join order_line l on l.id = r.line_id
         where r.state in ('open', 'partly_paid')
         group by l.firm, r.amount - r.waived - r.paid",
    )
    .all()
    .await
}

/// What is left of all that a payer is to pay of a list at a firm.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OpenSum {
    pub batch_id: i64,
    pub firm: String,
    pub payer_email: String,
    /// In đồng.
    pub rest: i64,
}

macro_rules! open_sums {
    ($which:literal) => {
        concat!(
            "select r.batch_id, l.firm, r.payer_email, cast(sum(r.amount - r.waived - r.paid) as bigint) as rest
             from payment_request r join order_line l on l.id = r.line_id
             where r.state in ('open', 'partly_paid') ",
            $which,
            " group by r.batch_id, l.firm, r.payer_email"
        )
    };
}

/// Of all payers.
pub async fn open_sums(db: &Db) -> sqlx::Result<Vec<OpenSum>> {
    db.query(open_sums!("")).all().await
}

/// Of one payer.
pub async fn open_sums_of(db: &Db, payer_email: &str) -> sqlx::Result<Vec<OpenSum>> {
    db.query(open_sums!("and r.payer_email = $1")).bind(payer_email).all().await
}

/// When the oldest was asked for of the requests that are not paid yet.
pub async fn open_since(db: &Db) -> sqlx::Result<Option<DateTime<Utc>>> {
    let oldest = db
        .query(
            "select o.placed_at
             from payment_request r join order_line l on l.id = r.line_id join client_order o on o.code = l.order_code
             where r.state in ('open', 'partly_paid') and o.placed_at is not null
             order by o.placed_at limit 1",
        )
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(oldest.map(|(at,)| at))
}

/// Whether nobody but this payer has an open request of a firm of which this amount is left, in đồng.
pub async fn is_only_payer(
    db: &Db,
    (firm, rest): (&str, i64),
    payer_email: &str,
) -> sqlx::Result<bool> {
    // Of a price that many have, another one is found soon.
    let other = db
        .query(
            "select r.line_id from payment_request r join order_line l on l.id = r.line_id
             where r.state in ('open', 'partly_paid') and r.amount - r.waived - r.paid = $2 and l.firm = $1
               and r.payer_email <> $3
             limit 1",
        )
        .bind(firm)
        .bind(rest)
        .bind(payer_email)
        .optional::<(i64,)>()
        .await?;
    Ok(other.is_none())
}

/// A request as it was read, and as it is to be.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    pub code: String,
    pub paid: i64,
    pub state: RequestState,
    /// In đồng, what is forgiven of it.
    pub waived: i64,
    pub old_waived: i64,
    pub old_paid: i64,
    pub old_state: RequestState,
}

/// How many of them are still as they were read, and are changed now.
pub async fn stand(tx: &mut Tx, standings: &[Standing]) -> sqlx::Result<u64> {
    const STAND: Sql = Sql {
        sqlite: "with v as materialized (
                     select value->>'code' as code, value->>'paid' as paid, value->>'state' as state,
                            value->>'waived' as waived, value->>'old_waived' as old_waived,
                            value->>'old_paid' as old_paid, value->>'old_state' as old_state
                     from json_each($1))
                 update payment_request set paid = v.paid, state = v.state, waived = v.waived
                 from v
                 where payment_request.code = v.code and payment_request.paid = v.old_paid
                   and payment_request.waived = v.old_waived and payment_request.state = v.old_state",
        postgres: "update payment_request set paid = v.paid, state = v.state, waived = v.waived
                 from jsonb_to_recordset($1)
                      as v (code text, paid bigint, state text, waived bigint, old_waived bigint, old_paid bigint,
                            old_state text)
                 where payment_request.code = v.code and payment_request.paid = v.old_paid
                   and payment_request.waived = v.old_waived and payment_request.state = v.old_state",
    };
    let mut changed = 0;
    for standings in standings.chunks(ROWS_A_STATEMENT) {
        changed += tx.query(STAND).bind(Json(standings)).execute().await?;
    }
    Ok(changed)
}

/// Moves an order between placed and paid, by its requests. To be held before.
pub async fn settle_order(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<()> {
    tx.query(
        "update client_order set state = case
             when exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                          where l.order_code = client_order.code and r.state in ('paid', 'overpaid'))
              and not exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                              where l.order_code = client_order.code and r.state in ('open', 'partly_paid'))
             then 'paid' else 'placed' end
         where code = $1 and state in ('placed', 'paid')",
    )
    .bind(code.as_str())
    .execute()
    .await?;
    Ok(())
}

/// A list that was done and of which something is to be paid again.
pub async fn reopen(tx: &mut Tx, batch: BatchId) -> sqlx::Result<()> {
    tx.query(
        "update batch set state = 'ordered'
         where id = $1 and state = 'done' and kind = 'clients'
           and exists (select 1 from client_order o where o.batch_id = batch.id and o.state = 'placed')",
    )
    .bind(batch.number())
    .execute()
    .await?;
    Ok(())
}

/// Remembers that the workbook of a list shows less than there is.
pub async fn workbook_is_due(tx: &mut Tx, batch: BatchId) -> sqlx::Result<()> {
    tx.query("insert into workbook_due (batch_id) values ($1) on conflict do nothing")
        .bind(batch.number())
        .execute()
        .await?;
    Ok(())
}

/// The same of all lists of a firm in which a tax id stands.
pub async fn workbooks_are_due(tx: &mut Tx, firm: &str, tax_id: &str) -> sqlx::Result<()> {
    tx.query(
        "insert into workbook_due (batch_id)
         select distinct batch_id from order_line where firm = $1 and tax_id = $2 and state <> 'cancelled'
         on conflict do nothing",
    )
    .bind(firm)
    .bind(tax_id)
    .execute()
    .await?;
    Ok(())
}

/// Those of which that is remembered.
pub async fn workbooks_due(db: &Db) -> sqlx::Result<Vec<(i64,)>> {
    db.query("select batch_id from workbook_due order by batch_id").all().await
}

/// It is to be written now; false where another process was faster.
pub async fn workbook_is_asked(tx: &mut Tx, batch: BatchId) -> sqlx::Result<bool> {
    let asked = tx
        .query("delete from workbook_due where batch_id = $1")
        .bind(batch.number())
        .execute()
        .await?;
    Ok(asked == 1)
}
