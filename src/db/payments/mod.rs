//! Payments: the credits of the payee's account, what each pays for, and what people said of it.
//! What pays for what is decided by `flow::pay`.

mod events;

mod waiting;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

pub use self::events::{
    Concerning, Decided, Event, EventKind, NewEvent, concerning, decided_anew, events, of_answer,
    of_refunded, tell, was_said,
};
pub use self::waiting::{Waiting, waiting, waiting_for};
use super::{Db, ROWS_A_STATEMENT, Sql, Tx, batches::Filter};
use crate::domain::{
    batch::BatchId,
    money::Money,
    order::OrderCode,
    payment::{PaymentState, Tier},
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Payment {
    pub id: i64,
    batch_id: i64,
    pub account: String,
    pub fingerprint: String,
    pub occurrence: i64,
    pub booked_on: String,
    amount: i64,
    pub returned: i64,
    /// What of that did not go yet, in đồng.
    pub to_return: i64,
    pub memo: String,
    pub reference: Option<String>,
    pub other_name: Option<String>,
    pub other_account: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: PaymentState,
    #[sqlx(try_from = "String")]
    pub tier: Tier,
    pub evidence: Json<serde_json::Value>,
    /// The version of the rules that decided it.
    pub rules: i64,
    pub closed: bool,
    /// The payment that it is, told twice, as a person said; it counts for nothing then.
    pub same_as: Option<i64>,
    /// The payment that it may be: of the same day, amount and memo, with another number of the bank.
    pub may_be: Option<i64>,
    /// The number of the newest event that a person made; 0 without any.
    pub last_said: i64,
}

impl Payment {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }

    /// What of it neither pays for anything nor goes back, in đồng; nothing of one that is another one, told twice.
    pub fn unused(&self, parts: &[Allocation]) -> i64 {
        let paid: i64 = parts.iter().map(|part| part.amount).sum();
        if self.same_as.is_some() { 0 } else { self.amount - self.returned - paid }
    }

    /// Whether no more than this is there of it because the rest goes back, or went. In đồng.
    pub fn goes_back(&self, left: i64) -> bool {
        self.returned > 0 && left == self.amount - self.returned
    }

    /// From whom it comes, as it is remembered: the account, else the name.
    pub fn source(&self) -> Option<String> {
        self.other_account.clone().or_else(|| self.other_name.clone())
    }

    /// Whether the bank told a number of its own for it; a shorter one is none: `-`, `0`.
    pub fn has_reference(&self) -> bool {
        const LEAST: usize = 3;
        let reference = self.reference.iter().flat_map(|it| it.chars());
        reference.filter(char::is_ascii_alphanumeric).count() >= LEAST
    }
}

/// Which ones, and in which order, is said behind it.
macro_rules! payment {
    ($which:literal) => {
        concat!(
            "select id, batch_id, account, fingerprint, occurrence, booked_on, amount, returned, memo, reference, other_name,
                    other_account, state, tier, evidence, rules, closed, same_as, may_be,
                    (select cast(coalesce(sum(f.amount), 0) as bigint) from refund f
                     where f.bank_line_id = bank_line.id and f.done_at is null) as to_return,
                    (select coalesce(max(e.id), 0) from payment_event e
                     where e.bank_line_id = bank_line.id and e.kind in ('match', 'unmatch', 'same', 'refund')) as last_said
             from bank_line
             where direction = 'credit' ",
            $which
        )
    };
}

pub async fn all(db: &Db) -> sqlx::Result<Vec<Payment>> {
    db.query(payment!("order by booked_on, id")).all().await
}

/// Held, suggested and unmatched ones, the oldest first.
pub async fn unsettled(db: &Db) -> sqlx::Result<Vec<Payment>> {
    db.query(payment!(
        "and state in ('held', 'suggested', 'unmatched') and not closed order by booked_on, id"
    ))
    .all()
    .await
}

/// Payments and codes of which a person said that the one is not for the other.
pub async fn not_for(db: &Db) -> sqlx::Result<Vec<(i64, String)>> {
    db.query("select bank_line_id, code from payment_word where amount = 0").all().await
}

/// Whether there is one.
pub async fn any(db: &Db) -> sqlx::Result<bool> {
    let one = db.query("select id from bank_line where direction = 'credit' limit 1");
    Ok(one.optional::<(i64,)>().await?.is_some())
}

pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<Payment>> {
    db.query(payment!("and id = $1")).bind(id).optional().await
}

/// The newest first; of a firm those that pay for something of it. `since` is a local day, as ISO 8601.
pub async fn list(db: &Db, filter: &Filter, since: Option<String>) -> sqlx::Result<Vec<Payment>> {
    db.query(payment!(
        "and ($1 is null or state = $1) and ($2 is null or booked_on >= $2)
           and ($3 is null or exists (select 1 from allocation a
                                      join payment_request r on r.code = a.code
                                      join order_line l on l.id = r.line_id
                                      where a.bank_line_id = bank_line.id and l.firm = $3))
         order by booked_on desc, id desc"
    ))
    .bind(filter.state.as_deref())
    .bind(since)
    .bind(filter.firm.as_deref())
    .all()
    .await
}

/// How many of the payments that a file brought stand in each state, and their sum in đồng; without those that are
/// another one, told twice.
pub async fn states_of(db: &Db, batch: BatchId) -> sqlx::Result<Vec<(String, i64, i64)>> {
    db.query(
        "select state, count(*), cast(sum(amount) as bigint) from bank_line
         where batch_id = $1 and direction = 'credit' and same_as is null group by state order by state",
    )
    .bind(batch.number())
    .all()
    .await
}

/// What a payment pays of a request.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Allocation {
    pub bank_line_id: i64,
    pub code: String,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub line_id: i64,
    pub amount: i64,
}

/// Of one payment or of all, in the order of their lines.
pub async fn allocations(db: &Db, id: Option<i64>) -> sqlx::Result<Vec<Allocation>> {
    db.query(
        "select a.bank_line_id, a.code, l.order_code, l.line_no, l.id as line_id, a.amount
         from allocation a join payment_request r on r.code = a.code join order_line l on l.id = r.line_id
         where $1 is null or a.bank_line_id = $1
         order by a.bank_line_id, l.order_code, l.line_no",
    )
    .bind(id)
    .all()
    .await
}

/// What a person said of a payment and a code: the amount, or nothing where it is not for it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Word {
    pub bank_line_id: i64,
    pub code: String,
    pub amount: i64,
}

pub async fn words(db: &Db) -> sqlx::Result<Vec<Word>> {
    db.query("select bank_line_id, code, amount from payment_word order by bank_line_id, code")
        .all()
        .await
}

/// The payments of which a person said that they are for one of these codes.
pub async fn matched_by_hand(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<i64>> {
    const MATCHED: Sql = Sql {
        sqlite: "select distinct bank_line_id from payment_word
                 where amount > 0 and code in (select value from json_each($1)) order by bank_line_id",
        postgres: "select distinct bank_line_id from payment_word
                 where amount > 0 and code in (select jsonb_array_elements_text($1)) order by bank_line_id",
    };
    let ids: Vec<(i64,)> = db.query(MATCHED).bind(Json(codes)).all().await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// From accounts and names to the payers that a person approved.
pub async fn known_payers(db: &Db) -> sqlx::Result<Vec<(String, String)>> {
    db.query("select source, payer from payer_known order by source, payer").all().await
}

pub async fn learn_payer(
    tx: &mut Tx,
    (source, payer): (&str, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    tx.query(
        "insert into payer_known (source, payer, learned_at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(source)
    .bind(payer)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Replaces what was said for what a payment is; what it is not for stays, where nothing else is said of it now.
pub async fn say(tx: &mut Tx, id: i64, said: &[(String, i64)]) -> sqlx::Result<()> {
    tx.query("delete from payment_word where bank_line_id = $1 and amount > 0")
        .bind(id)
        .execute()
        .await?;
    for (code, amount) in said {
        tx.query(
            "insert into payment_word (bank_line_id, code, amount) values ($1, $2, $3)
             on conflict (bank_line_id, code) do update set amount = $3",
        )
        .bind(id)
        .bind(code.as_str())
        .bind(*amount)
        .execute()
        .await?;
    }
    Ok(())
}

/// A payment is another one, told twice, from now on; or is not.
pub async fn set_same(tx: &mut Tx, id: i64, same_as: Option<i64>) -> sqlx::Result<()> {
    tx.query("update bank_line set same_as = $2 where id = $1")
        .bind(id)
        .bind(same_as)
        .execute()
        .await?;
    Ok(())
}

/// How often what pays for what was changed.
pub async fn version(db: &Db) -> sqlx::Result<i64> {
    let (version,) =
        db.query("select value from counter where name = 'money'").one::<(i64,)>().await?;
    Ok(version)
}

/// Counts one more change; false where another one came between.
pub async fn count_up(tx: &mut Tx, version: i64) -> sqlx::Result<bool> {
    let counted = tx
        .query("update counter set value = value + 1 where name = 'money' and value = $1")
        .bind(version)
        .execute()
        .await?;
    Ok(counted == 1)
}

/// Where a payment stands from now on.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub id: i64,
    pub state: PaymentState,
    pub tier: Tier,
    pub evidence: serde_json::Value,
    pub rules: i64,
}

impl Change {
    /// What it is already, for one of which only what it pays is another.
    pub fn none_of(payment: &Payment) -> Change {
        let Payment { id, state, tier, evidence, rules, .. } = payment;
        Change { id: *id, state: *state, tier: *tier, evidence: evidence.0.clone(), rules: *rules }
    }
}

/// What it pays from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    pub id: i64,
    pub code: String,
    pub amount: i64,
}

/// Changes payments with all that they pay; those that are closed stay as they are.
pub async fn change(tx: &mut Tx, changes: &[Change], parts: &[Part]) -> sqlx::Result<()> {
    const CHANGE: Sql = Sql {
        sqlite: "with v as materialized (
                     select value->>'id' as id, value->>'state' as state, value->>'tier' as tier,
                            value->'evidence' as evidence, value->>'rules' as rules
                     from json_each($1))
                 update bank_line set state = v.state, tier = v.tier, evidence = v.evidence, rules = v.rules
                 from v where bank_line.id = v.id and not bank_line.closed",
        postgres: "update bank_line set state = v.state, tier = v.tier, evidence = v.evidence, rules = v.rules
                 from jsonb_to_recordset($1) as v (id bigint, state text, tier text, evidence jsonb, rules bigint)
                 where bank_line.id = v.id and not bank_line.closed",
    };
    const CLEAR: Sql = Sql {
        sqlite: "delete from allocation where bank_line_id in (select value->>'id' from json_each($1))",
        postgres: "delete from allocation
                 where bank_line_id in (select id from jsonb_to_recordset($1) as v (id bigint))",
    };
    const ALLOCATE: Sql = Sql {
        sqlite: "insert into allocation (bank_line_id, code, amount)
                 select value->>'id', value->>'code', value->>'amount' from json_each($1)",
        postgres: "insert into allocation (bank_line_id, code, amount)
                 select id, code, amount from jsonb_to_recordset($1) as v (id bigint, code text, amount bigint)",
    };
    for changes in changes.chunks(ROWS_A_STATEMENT) {
        tx.query(CHANGE).bind(Json(changes)).execute().await?;
        tx.query(CLEAR).bind(Json(changes)).execute().await?;
    }
    for parts in parts.chunks(ROWS_A_STATEMENT) {
        tx.query(ALLOCATE).bind(Json(parts)).execute().await?;
    }
    Ok(())
}

/// The payment that made a line paid: its day and the bank's reference, else its number.
pub async fn last_of_line(
    db: &Db,
    line_id: i64,
) -> sqlx::Result<Option<(String, Option<String>, i64)>> {
    db.query(
        "select b.booked_on, b.reference, b.id
         from payment_request r join allocation a on a.code = r.code join bank_line b on b.id = a.bank_line_id
         where r.line_id = $1 order by b.booked_on desc, b.id desc limit 1",
    )
    .bind(line_id)
    .optional()
    .await
}

/// All allocations, by payments.
pub fn by_payment(allocations: Vec<Allocation>) -> HashMap<i64, Vec<Allocation>> {
    let mut by_payment: HashMap<i64, Vec<Allocation>> = HashMap::new();
    for allocation in allocations {
        by_payment.entry(allocation.bank_line_id).or_default().push(allocation);
    }
    by_payment
}
