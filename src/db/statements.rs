//! Statements of the payee's account, and the lines that they brought.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx};
use crate::domain::{
    batch::{BatchId, Sha256},
    payment::Direction,
};

/// A statement on its way in. Amounts in đồng.
#[derive(Clone, Debug)]
pub struct NewStatement<'a> {
    pub batch: BatchId,
    pub sheet: i64,
    pub account: &'a str,
    pub bank: Option<&'a str>,
    /// As stated.
    pub period: (Option<NaiveDate>, Option<NaiveDate>),
    /// As booked.
    pub days: Option<(NaiveDate, NaiveDate)>,
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    pub credits: i64,
    pub debits: i64,
}

pub async fn insert(tx: &mut Tx, new: NewStatement<'_>, now: DateTime<Utc>) -> sqlx::Result<i64> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    let (id,) = tx
        .query(
            "insert into statement (batch_id, sheet, account, bank, period_from, period_to, first_day, last_day,
                                    opening, closing, credits, debits, arrived_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id",
        )
        .bind(new.batch.number())
        .bind(new.sheet)
        .bind(new.account)
        .bind(new.bank)
        .bind(day(new.period.0))
        .bind(day(new.period.1))
        .bind(day(new.days.map(|(first, _)| first)))
        .bind(day(new.days.map(|(_, last)| last)))
        .bind(new.opening)
        .bind(new.closing)
        .bind(new.credits)
        .bind(new.debits)
        .bind(now)
        .one::<(i64,)>()
        .await?;
    Ok(id)
}

/// A line on its way in.
#[derive(Clone, Debug, Serialize)]
pub struct NewLine<'a> {
    pub row_no: u32,
    pub fingerprint: String,
    pub occurrence: i64,
    pub booked_on: NaiveDate,
    pub direction: Direction,
    pub amount: i64,
    pub memo: &'a str,
    pub reference: Option<&'a str>,
    pub other_name: Option<&'a str>,
    pub other_account: Option<&'a str>,
    /// A stored line that it may be, under another number of the bank.
    pub may_be: Option<i64>,
}

/// A line as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub id: i64,
    /// The sheet that brought it.
    pub batch_id: i64,
    pub sheet: i64,
    /// The line that it may be, or is, as a person said.
    pub may_be: Option<i64>,
    pub fingerprint: String,
    pub occurrence: i64,
    pub booked_on: String,
    #[sqlx(try_from = "String")]
    pub direction: Direction,
    pub amount: i64,
    pub memo: String,
    pub reference: Option<String>,
}

/// Nobody else brings lines until the transaction ends.
pub async fn hold(tx: &mut Tx) -> sqlx::Result<()> {
    tx.query("update counter set value = value where name = 'money'").execute().await?;
    Ok(())
}

/// Of an account, between two days.
pub async fn lines(
    tx: &mut Tx,
    account: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<Line>> {
    tx.query(
        "select id, batch_id, sheet, coalesce(same_as, may_be) as may_be, fingerprint, occurrence, booked_on, direction,
                amount, memo, reference
         from bank_line
         where account = $1 and booked_on between $2 and $3 and not closed
         order by occurrence, fingerprint",
    )
    .bind(account)
    .bind(from.to_string())
    .bind(to.to_string())
    .all()
    .await
}

/// A statement that tells of balances: its days as ISO 8601, and the balance before the first of them, in đồng.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Opened {
    pub from_day: String,
    pub to_day: String,
    pub opening: i64,
}

/// Of an account, those that speak of any of these days.
pub async fn opened(
    tx: &mut Tx,
    account: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<Opened>> {
    tx.query(
        "select coalesce(period_from, first_day) as from_day, coalesce(period_to, last_day) as to_day, opening
         from statement
         where account = $1 and opening is not null and closing is not null
           and coalesce(period_from, first_day) <= $3 and coalesce(period_to, last_day) >= $2
         order by id",
    )
    .bind(account)
    .bind(from.to_string())
    .bind(to.to_string())
    .all()
    .await
}

/// A line that moves the balance: no payment that is another one, or may be. The day as ISO 8601, the amount in đồng.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Counted {
    pub booked_on: String,
    #[sqlx(try_from = "String")]
    pub direction: Direction,
    pub amount: i64,
}

/// Of an account, between two days as ISO 8601.
pub async fn counted(
    tx: &mut Tx,
    account: &str,
    (from, to): (&str, &str),
) -> sqlx::Result<Vec<Counted>> {
    tx.query(
        "select booked_on, direction, amount from bank_line
         where account = $1 and booked_on between $2 and $3
           and same_as is null and coalesce(tier, '') <> 'maybe_same'",
    )
    .bind(account)
    .bind(from)
    .bind(to)
    .all()
    .await
}

/// Whether a statement that speaks of the days of two payments, as ISO 8601, has both of them among its lines and adds
/// up, or adds up only where both are counted.
pub async fn counts_both(
    db: &Db,
    account: &str,
    (one_day, other_day): (&str, &str),
    (one, other): (i64, i64),
) -> sqlx::Result<bool> {
    let counting = db
        .query(
            "select s.id from statement s
             where s.account = $1 and s.opening is not null and s.closing is not null
               and coalesce(s.period_from, s.first_day) <= $2 and coalesce(s.period_to, s.last_day) >= $2
               and coalesce(s.period_from, s.first_day) <= $3 and coalesce(s.period_to, s.last_day) >= $3
               and ((select count(*) from bank_line o where o.statement_id = s.id and o.id in ($4, $5)) = 2
                    or s.closing - s.opening = (
                        select sum(case when b.direction = 'credit' then b.amount else -b.amount end)
                        from bank_line b
                        where b.account = s.account and b.booked_on >= coalesce(s.period_from, s.first_day)
                          and b.booked_on <= coalesce(s.period_to, s.last_day)
                          and (b.id in ($4, $5)
                               or b.same_as is null and coalesce(b.tier, '') <> 'maybe_same')))
             limit 1",
        )
        .bind(account)
        .bind(one_day)
        .bind(other_day)
        .bind(one)
        .bind(other)
        .optional::<(i64,)>()
        .await?;
    Ok(counting.is_some())
}

/// What stood there without a reference is this line, and is told as this one tells it.
pub async fn adopt(tx: &mut Tx, id: i64, line: &NewLine<'_>) -> sqlx::Result<()> {
    tx.query(
        "update bank_line set fingerprint = $2, occurrence = $3, memo = $4, reference = $5, other_name = $6,
                              other_account = $7
         where id = $1",
    )
    .bind(id)
    .bind(line.fingerprint.as_str())
    .bind(line.occurrence)
    .bind(line.memo)
    .bind(line.reference)
    .bind(line.other_name)
    .bind(line.other_account)
    .execute()
    .await?;
    Ok(())
}

/// Where the lines of a statement come from.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    pub statement: i64,
    pub batch: BatchId,
    pub sheet: i64,
    pub account: &'a str,
}

/// Brings the lines that no statement brought before, and says of which rows they are and which way they go.
pub async fn insert_lines(
    tx: &mut Tx,
    under: Under<'_>,
    lines: &[NewLine<'_>],
) -> sqlx::Result<Vec<(i64, String)>> {
    // Without `where true` SQLite takes `on conflict` for a part of a join.
    const INSERT: Sql = Sql {
        sqlite: "insert into bank_line (statement_id, batch_id, sheet, account, row_no, fingerprint, occurrence,
                                        booked_on, direction, amount, memo, reference, other_name, other_account,
                                        may_be, state, tier)
                 select $1, $2, $3, $4, value->>'row_no', value->>'fingerprint', value->>'occurrence',
                        value->>'booked_on', value->>'direction', value->>'amount', value->>'memo', value->>'reference',
                        value->>'other_name', value->>'other_account', value->>'may_be',
                        case when value->>'direction' = 'credit' then 'unmatched' end,
                        case when value->>'direction' = 'credit' then 'nothing' end
                 from json_each($5) where true
                 on conflict (account, fingerprint, occurrence) do nothing
                 returning row_no, direction",
        postgres: "insert into bank_line (statement_id, batch_id, sheet, account, row_no, fingerprint, occurrence,
                                        booked_on, direction, amount, memo, reference, other_name, other_account,
                                        may_be, state, tier)
                 select $1, $2, $3, $4, row_no, fingerprint, occurrence, booked_on, direction, amount, memo, reference,
                        other_name, other_account, may_be,
                        case when direction = 'credit' then 'unmatched' end,
                        case when direction = 'credit' then 'nothing' end
                 from jsonb_to_recordset($5)
                      as r (row_no bigint, fingerprint text, occurrence bigint, booked_on text, direction text,
                            amount bigint, memo text, reference text, other_name text, other_account text, may_be bigint)
                 on conflict (account, fingerprint, occurrence) do nothing
                 returning row_no, direction",
    };
    let mut brought = Vec::new();
    for lines in lines.chunks(ROWS_A_STATEMENT) {
        let new = tx
            .query(INSERT)
            .bind(under.statement)
            .bind(under.batch.number())
            .bind(under.sheet)
            .bind(under.account)
            .bind(Json(lines))
            .all::<(i64, String)>()
            .await?;
        brought.extend(new);
    }
    Ok(brought)
}

/// What a statement says of its days and balances.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Statement {
    pub id: i64,
    batch_id: i64,
    pub account: String,
    period_from: Option<String>,
    period_to: Option<String>,
    first_day: Option<String>,
    last_day: Option<String>,
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    pub credits: i64,
    pub debits: i64,
    pub arrived_at: DateTime<Utc>,
}

impl Statement {
    #[cfg(test)]
    pub fn of_days(
        from: NaiveDate,
        to: NaiveDate,
        balances: Option<(i64, i64)>,
        arrived_at: DateTime<Utc>,
    ) -> Statement {
        Statement {
            id: 1,
            batch_id: 1,
            account: "1".to_owned(),
            period_from: Some(from.to_string()),
            period_to: Some(to.to_string()),
            first_day: None,
            last_day: None,
            opening: balances.map(|(opening, _)| opening),
            closing: balances.map(|(_, closing)| closing),
            credits: 0,
            debits: 0,
            arrived_at,
        }
    }

    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    /// The first day it speaks of: as stated, else as booked.
    pub fn from(&self) -> Option<NaiveDate> {
        self.period_from.as_deref().or(self.first_day.as_deref())?.parse().ok()
    }

    /// The last one.
    pub fn to(&self) -> Option<NaiveDate> {
        self.period_to.as_deref().or(self.last_day.as_deref())?.parse().ok()
    }
}

/// Of an account, in the order in which they came.
pub async fn of_account(db: &Db, account: &str) -> sqlx::Result<Vec<Statement>> {
    db.query(
        "select id, batch_id, account, period_from, period_to, first_day, last_day, opening, closing, credits, debits,
                arrived_at
         from statement where account = $1 order by id",
    )
    .bind(account)
    .all()
    .await
}

/// The last batch in which the bytes of a statement came again, and were read as one.
pub async fn same_bytes_later(
    db: &Db,
    batch: BatchId,
    sha256: &Sha256,
) -> sqlx::Result<Option<BatchId>> {
    let later = db
        .query(
            "select id from batch
             where kind = 'statement' and state in ('held', 'done') and sha256 = $2 and id > $1
             order by id desc limit 1",
        )
        .bind(batch.number())
        .bind(sha256.as_str())
        .optional::<(i64,)>()
        .await?;
    Ok(later.map(|(id,)| BatchId::new(id)))
}

/// The first batch in which the bytes of a statement came.
pub async fn same_bytes_first(db: &Db, sha256: &Sha256) -> sqlx::Result<Option<BatchId>> {
    let first = db
        .query("select id from batch where kind = 'statement' and sha256 = $1 order by id limit 1")
        .bind(sha256.as_str())
        .optional::<(i64,)>()
        .await?;
    Ok(first.map(|(id,)| BatchId::new(id)))
}

/// The files that statements came in and their accounts, by the days that they speak of.
pub async fn by_days(db: &Db) -> sqlx::Result<Vec<(i64, String)>> {
    db.query(
        "select batch_id, account from statement
         order by account, coalesce(period_from, first_day, ''), coalesce(period_to, last_day, ''), id",
    )
    .all()
    .await
}

pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Statement>> {
    db.query(
        "select id, batch_id, account, period_from, period_to, first_day, last_day, opening, closing, credits, debits,
                arrived_at
         from statement where batch_id = $1 order by id",
    )
    .bind(batch.number())
    .all()
    .await
}
