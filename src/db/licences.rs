//! Licences: what the platform made of lines.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::{Db, Sql, Tx, batches::Filter, rows::Span};
use crate::domain::{
    batch::BatchId,
    email::Email,
    licence::{LicenceState, Role},
    order::OrderCode,
};

/// A log-in of a licence; its link is never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub email: Email,
    pub role: Role,
    pub first_time: bool,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Licence {
    pub licence_id: String,
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub tax_id: String,
    /// Of the client.
    pub name: String,
    pub package: String,
    pub fiscal_year: i64,
    pub firm: String,
    #[sqlx(try_from = "String")]
    pub state: LicenceState,
    pub activated_at: DateTime<Utc>,
    pub grace_until: Option<DateTime<Utc>>,
    /// As its client was told at first; when it is cut off now is said by `flow::sweep`.
    pub cutoff_at: Option<DateTime<Utc>>,
    /// Such as `2026-12-20`; a day is read by [`Licence::hold_until`].
    pub held_to: Option<String>,
    pub paid_on: Option<NaiveDate>,
    pub suspended_at: Option<DateTime<Utc>>,
    pub logins: Json<Vec<Login>>,
}

impl Licence {
    /// The local day up to whose end its cut-off was put off.
    pub fn hold_until(&self) -> Option<NaiveDate> {
        self.held_to.as_deref().and_then(|day| day.parse().ok())
    }
}

/// Licences with what is told of their lines; which ones is said behind it.
macro_rules! licence {
    ($which:literal) => {
        concat!(
            "select c.licence_id, c.line_id, l.order_code, l.line_no, l.tax_id, l.name, o.package, l.fiscal_year, l.firm,
                c.state, c.activated_at, c.grace_until, c.cutoff_at, c.paid_on, c.suspended_at, c.logins,
                case when h.released_at is null then h.until end as held_to
             from licence c
             join order_line l on l.id = c.line_id
             join client_order o on o.code = l.order_code
             left join line_hold h on h.line_id = c.line_id ",
            $which
        )
    };
}

/// A licence on its way in.
#[derive(Clone, Debug)]
pub struct NewLicence<'a> {
    pub licence_id: &'a str,
    pub line_id: i64,
    pub state: LicenceState,
    pub activated_at: DateTime<Utc>,
    pub grace_until: Option<DateTime<Utc>>,
    pub cutoff_at: Option<DateTime<Utc>>,
    pub logins: &'a [Login],
}

pub async fn insert(tx: &mut Tx, new: NewLicence<'_>) -> sqlx::Result<()> {
    tx.query(
        "insert into licence (licence_id, line_id, state, activated_at, grace_until, cutoff_at, logins)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(new.licence_id)
    .bind(new.line_id)
    .bind(new.state.as_str())
    .bind(new.activated_at)
    .bind(new.grace_until)
    .bind(new.cutoff_at)
    .bind(Json(new.logins))
    .execute()
    .await?;
    Ok(())
}

/// Whether an order has licences, and all of them were made before an instant.
pub async fn all_before(tx: &mut Tx, order: &OrderCode, at: DateTime<Utc>) -> sqlx::Result<bool> {
    let (before, since) = tx
        .query(
            "select count(case when c.activated_at < $2 then 1 end), count(case when c.activated_at >= $2 then 1 end)
             from licence c join order_line l on l.id = c.line_id where l.order_code = $1",
        )
        .bind(order.as_str())
        .bind(at)
        .one::<(i64, i64)>()
        .await?;
    Ok(before > 0 && since == 0)
}

pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Licence>> {
    db.query(licence!("where l.batch_id = $1 order by l.order_code, l.line_no"))
        .bind(batch.number())
        .all()
        .await
}

/// Those of the lines of some rows.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Licence>> {
    db.query(licence!(
        "where l.batch_id = $1 and l.sheet = $2 and l.row_no between $3 and $4
         order by l.order_code, l.line_no"
    ))
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// The licences of cancelled lines.
pub async fn of_cancelled(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query(
        "select c.licence_id from licence c join order_line l on l.id = c.line_id where l.state = 'cancelled'",
    )
    .all()
    .await
}

/// When the newest of a batch was activated.
pub async fn newest(db: &Db, batch: BatchId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let newest = db
        .query(
            "select c.activated_at from order_line l join licence c on c.line_id = l.id
             where l.batch_id = $1 order by c.activated_at desc limit 1",
        )
        .bind(batch.number())
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// Those of lines with these ids.
pub async fn of_lines(db: &Db, line_ids: &[i64]) -> sqlx::Result<Vec<Licence>> {
    const OF_LINES: Sql = Sql {
        sqlite: licence!("where c.line_id in (select value from json_each($1))"),
        postgres: licence!(
            "where c.line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))"
        ),
    };
    db.query(OF_LINES).bind(Json(line_ids)).all().await
}

pub async fn of_line(db: &Db, line_id: i64) -> sqlx::Result<Option<Licence>> {
    db.query(licence!("where c.line_id = $1")).bind(line_id).optional().await
}

/// How many of these lines became licences.
pub async fn count_of_lines(db: &Db, line_ids: &[i64]) -> sqlx::Result<i64> {
    const COUNT: Sql = Sql {
        sqlite: "select count(*) from licence where line_id in (select value from json_each($1))",
        postgres: "select count(*) from licence
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))",
    };
    let (count,) = db.query(COUNT).bind(Json(line_ids)).one::<(i64,)>().await?;
    Ok(count)
}

pub async fn list(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Licence>> {
    db.query(
        licence!("where ($1 is null or l.firm = $1) and ($2 is null or c.state = $2) and ($3 is null or c.activated_at >= $3)
         order by l.order_code, l.line_no"),
    )
    .bind(filter.firm.as_deref())
    .bind(filter.state.as_deref())
    .bind(filter.since)
    .all()
    .await
}

/// Access ended; false where it had ended before.
pub async fn suspend(tx: &mut Tx, licence_id: &str, at: DateTime<Utc>) -> sqlx::Result<bool> {
    let suspended = tx
        .query(
            "update licence set state = 'suspended', suspended_at = $2 where licence_id = $1 and state <> 'suspended'",
        )
        .bind(licence_id)
        .bind(at)
        .execute()
        .await?;
    Ok(suspended == 1)
}

/// It is paid: it works without an end of grace, also where access had ended.
pub async fn pay(tx: &mut Tx, licence_id: &str, paid_on: NaiveDate) -> sqlx::Result<()> {
    tx.query(
        "update licence set state = 'active', suspended_at = null, paid_on = $2 where licence_id = $1",
    )
    .bind(licence_id)
    .bind(paid_on)
    .execute()
    .await?;
    Ok(())
}

/// Who may work in it now.
pub async fn set_logins(tx: &mut Tx, licence_id: &str, logins: &[Login]) -> sqlx::Result<()> {
    tx.query("update licence set logins = $2 where licence_id = $1")
        .bind(licence_id)
        .bind(Json(logins))
        .execute()
        .await?;
    Ok(())
}
