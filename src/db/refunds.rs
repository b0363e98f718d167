//! Money that goes back to whom it came from, and rests that were forgiven. Whether that may be is decided by `flow::pay`.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, Sql, Tx};

/// What a person plans or forgives: why, and who.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub reason: &'a str,
    pub by: Option<&'a str>,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Refund {
    pub id: i64,
    pub bank_line_id: i64,
    /// In đồng.
    pub amount: i64,
    pub reason: Option<String>,
    pub said_by: Option<String>,
    pub planned_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    /// The debit that it went with, where a statement said so.
    pub debit_id: Option<i64>,
}

/// Of one payment or of all, the oldest first.
pub async fn all(db: &Db, payment: Option<i64>) -> sqlx::Result<Vec<Refund>> {
    db.query(
        "select id, bank_line_id, amount, reason, said_by, planned_at, done_at, reference, debit_id
         from refund where $1 is null or bank_line_id = $1 order by id",
    )
    .bind(payment)
    .all()
    .await
}

/// The codes are said in it. Codes stand in what happened as whole words of JSON, and nothing else there looks like one.
macro_rules! planned_for {
    ($own:literal) => {
        concat!(
            "select id, bank_line_id, amount, reason, said_by, planned_at, done_at, reference, debit_id
             from refund r
             where done_at is null and exists (
                 select 1 from payment_event e join ",
            $own,
            " on cast(e.detail as text) like '%\"' || own.value || '\"%' where e.bank_line_id = r.bank_line_id)
             order by id"
        )
    };
}

/// What is planned to go back and did not go, of payments that had to do with one of these codes at any time.
pub async fn planned_for(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<Refund>> {
    const PLANNED_FOR: Sql = Sql {
        sqlite: planned_for!("json_each($1) as own"),
        postgres: planned_for!("jsonb_array_elements_text($1) as own (value)"),
    };
    db.query(PLANNED_FOR).bind(Json(codes)).all().await
}

/// How much of a payment is planned to go back and did not go, in đồng.
pub async fn planned(db: &Db, payment: i64) -> sqlx::Result<i64> {
    let open = all(db, Some(payment)).await?.into_iter().filter(|it| it.done_at.is_none());
    Ok(open.map(|it| it.amount).sum())
}

/// Takes so much out of what a payment pays for, until it went back.
pub async fn plan(
    tx: &mut Tx,
    (payment, amount): (i64, i64),
    said: Said<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    tx.query(
        "insert into refund (bank_line_id, amount, reason, said_by, planned_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(payment)
    .bind(amount)
    .bind(said.reason)
    .bind(said.by)
    .bind(now)
    .execute()
    .await?;
    tx.query("update bank_line set returned = returned + $2 where id = $1")
        .bind(payment)
        .bind(amount)
        .execute()
        .await?;
    Ok(())
}

/// What was planned and did not go is free again; how much that is, in đồng.
pub async fn take_back(tx: &mut Tx, payment: i64) -> sqlx::Result<i64> {
    let planned = tx
        .query("delete from refund where bank_line_id = $1 and done_at is null returning amount")
        .bind(payment)
        .all::<(i64,)>()
        .await?;
    let amount = planned.into_iter().map(|(amount,)| amount).sum();
    tx.query("update bank_line set returned = returned - $2 where id = $1")
        .bind(payment)
        .bind(amount)
        .execute()
        .await?;
    Ok(amount)
}

/// It went back, as a debit or a person's words say; false where that was known.
pub async fn done(
    tx: &mut Tx,
    id: i64,
    (debit, reference): (Option<i64>, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = tx
        .query(
            "update refund set done_at = $2, debit_id = $3, reference = $4 where id = $1 and done_at is null",
        )
        .bind(id)
        .bind(now)
        .bind(debit)
        .bind(reference)
        .execute()
        .await?;
    Ok(done == 1)
}

/// Those that were closed by a debit of a batch, the oldest first.
pub async fn closed_by(db: &Db, batch: i64) -> sqlx::Result<Vec<Refund>> {
    db.query(
        "select id, bank_line_id, amount, reason, said_by, planned_at, done_at, reference, debit_id
         from refund where debit_id in (select b.id from bank_line b where b.batch_id = $1) order by id",
    )
    .bind(batch)
    .all()
    .await
}

/// A part of what is planned, in đồng, went back, as a debit or a person's words say; the rest stays planned. What went
/// has a number of its own; nothing where it is not planned any more, or not more than that.
pub async fn done_in_part(
    tx: &mut Tx,
    id: i64,
    (debit, amount, reference): (Option<i64>, i64, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let taken = tx
        .query(
            "update refund set amount = amount - $2 where id = $1 and done_at is null and amount > $2",
        )
        .bind(id)
        .bind(amount)
        .execute()
        .await?;
    if taken == 0 {
        return Ok(None);
    }
    let (gone,) = tx
        .query(
            "insert into refund (bank_line_id, amount, reason, said_by, planned_at, done_at, reference, debit_id)
             select bank_line_id, $2, reason, said_by, planned_at, $3, $4, $5 from refund where id = $1
             returning id",
        )
        .bind(id)
        .bind(amount)
        .bind(now)
        .bind(reference)
        .bind(debit)
        .one::<(i64,)>()
        .await?;
    Ok(Some(gone))
}

/// Money that went back.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Gone {
    pub bank_line_id: i64,
    /// In đồng.
    pub amount: i64,
    /// When that was said, or its debit came in.
    pub done_at: DateTime<Utc>,
    pub reference: Option<String>,
    /// The day of its debit, as ISO 8601, where a statement told of one.
    pub booked_on: Option<String>,
}

/// Nothing where it did not go, or was deleted since.
pub async fn gone(db: &Db, id: i64) -> sqlx::Result<Option<Gone>> {
    db.query(
        "select r.bank_line_id, r.amount, r.done_at, r.reference, d.booked_on
         from refund r left join bank_line d on d.id = r.debit_id
         where r.id = $1 and r.done_at is not null",
    )
    .bind(id)
    .optional()
    .await
}

/// Money that goes back or went.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Back {
    pub bank_line_id: i64,
    /// In đồng.
    pub amount: i64,
    /// When it was said that it went; nothing before.
    pub done_at: Option<DateTime<Utc>>,
    /// The day of its debit, as ISO 8601, where a statement told of one.
    pub booked_on: Option<String>,
}

/// All there is, the oldest first.
pub async fn with_days(db: &Db) -> sqlx::Result<Vec<Back>> {
    db.query(
        "select r.bank_line_id, r.amount, r.done_at, d.booked_on
         from refund r left join bank_line d on d.id = r.debit_id order by r.id",
    )
    .all()
    .await
}

/// A debit of the account that no refund was closed by.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Debit {
    pub id: i64,
    pub row_no: i64,
    pub booked_on: String,
    pub amount: i64,
    pub memo: String,
    pub reference: Option<String>,
}

/// Of one batch or of all, the oldest first.
pub async fn debits(db: &Db, batch: Option<i64>) -> sqlx::Result<Vec<Debit>> {
    db.query(
        "select id, row_no, booked_on, amount, memo, reference from bank_line b
         where direction = 'debit' and ($1 is null or batch_id = $1)
           and not exists (select 1 from refund r where r.debit_id = b.id)
         order by booked_on, fingerprint, occurrence",
    )
    .bind(batch)
    .all()
    .await
}

/// Remembers who forgave a rest, and why.
pub async fn waive(
    tx: &mut Tx,
    (code, amount): (&str, i64),
    said: Said<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    tx.query("insert into waiver (code, amount, reason, said_by, at) values ($1, $2, $3, $4, $5)")
        .bind(code)
        .bind(amount)
        .bind(said.reason)
        .bind(said.by)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// What was forgiven of a code is to be paid after all; how much that is, in đồng.
pub async fn take_waiver_back(tx: &mut Tx, code: &str) -> sqlx::Result<i64> {
    let waived = tx
        .query("delete from waiver where code = $1 returning amount")
        .bind(code)
        .all::<(i64,)>()
        .await?;
    Ok(waived.into_iter().map(|(amount,)| amount).sum())
}

/// What of a held payment neither pays for anything nor goes back, in đồng, and a code that it is about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Free {
    pub bank_line_id: i64,
    pub free: i64,
    pub code: String,
}

/// The codes are said in it. Codes stand in the evidence as whole words of JSON, and nothing else there looks like one.
macro_rules! of_cancelled {
    ($own:literal) => {
        concat!(
            "select b.id as bank_line_id, r.code,
                cast(b.amount - b.returned
                     - (select coalesce(sum(p.amount), 0) from allocation p where p.bank_line_id = b.id)
                     as bigint) as free
             from bank_line b join payment_request r on r.state = 'cancelled'
             where b.direction = 'credit' and b.state = 'held' and not b.closed
               and exists (select 1 from ",
            $own,
            " where (b.tier = 'cancelled' and cast(b.evidence as text) like '%\"' || own.value || '\"%')
                         or exists (select 1 from payment_word w
                                    where w.bank_line_id = b.id and w.code = own.value and w.amount > 0))
               and ((b.tier = 'cancelled' and cast(b.evidence as text) like '%\"' || r.code || '\"%')
                    or exists (select 1 from payment_word w
                               where w.bank_line_id = b.id and w.code = r.code and w.amount > 0))
             order by b.id, r.code"
        )
    };
}

/// Of payments for what was cancelled, where one of these codes was: a row for each cancelled request that they were for,
/// by their memo or a person.
pub async fn of_cancelled(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<Free>> {
    const OF_CANCELLED: Sql = Sql {
        sqlite: of_cancelled!("json_each($1) as own"),
        postgres: of_cancelled!("jsonb_array_elements_text($1) as own (value)"),
    };
    db.query(OF_CANCELLED).bind(Json(codes)).all().await
}
