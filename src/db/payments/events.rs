//! What happened to payments, one after the other: by the rules, or as a person said.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    db::{Db, ROWS_A_STATEMENT, Sql, Tx},
    domain::{batch::BatchId, words::words},
};

words! {
    /// What happened to a payment.
    pub enum EventKind {
        /// By the rules.
        Decided = "decided",
        /// A person said for what it is.
        Match = "match",
        /// A person took that back.
        Unmatch = "unmatch",
        /// A person said that it is the same money as another one.
        Same = "same",
        /// A person gives money back.
        Refund = "refund",
        /// It went.
        Returned = "returned",
    }
}

/// Something that happened, to be kept.
#[derive(Clone, Debug, Serialize)]
pub struct NewEvent<'a> {
    pub id: i64,
    pub kind: EventKind,
    pub detail: serde_json::Value,
    pub rules: i64,
    pub said_by: Option<&'a str>,
    pub reason: Option<&'a str>,
}

impl NewEvent<'_> {
    /// By the rules.
    pub fn decided(id: i64, detail: serde_json::Value, rules: i64) -> Self {
        NewEvent { id, kind: EventKind::Decided, detail, rules, said_by: None, reason: None }
    }
}

pub async fn tell(tx: &mut Tx, events: &[NewEvent<'_>], now: DateTime<Utc>) -> sqlx::Result<()> {
    const TELL: Sql = Sql {
        sqlite: "insert into payment_event (bank_line_id, at, kind, detail, rules, said_by, reason)
                 select value->>'id', $2, value->>'kind', value->'detail', value->>'rules', value->>'said_by',
                        value->>'reason'
                 from json_each($1)",
        postgres: "insert into payment_event (bank_line_id, at, kind, detail, rules, said_by, reason)
                 select id, $2, kind, detail, rules, said_by, reason
                 from jsonb_to_recordset($1)
                      as v (id bigint, kind text, detail jsonb, rules bigint, said_by text, reason text)",
    };
    for events in events.chunks(ROWS_A_STATEMENT) {
        tx.query(TELL).bind(Json(events)).bind(now).execute().await?;
    }
    Ok(())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    pub at: DateTime<Utc>,
    #[sqlx(try_from = "String")]
    pub kind: EventKind,
    pub detail: Json<serde_json::Value>,
    pub rules: i64,
    pub said_by: Option<String>,
    pub reason: Option<String>,
}

/// Whether a file said something of a payment, and it was done.
pub async fn was_said(db: &Db, id: i64, answer: BatchId) -> sqlx::Result<bool> {
    let one = db.query(
        "select id from payment_event where bank_line_id = $1 and detail->>'answer' = $2 limit 1",
    );
    let one = one.bind(id).bind(answer.to_string());
    Ok(one.optional::<(i64,)>().await?.is_some())
}

/// Of a file that answered about money: which payments it said something of, and what, in its order.
pub async fn of_answer(
    db: &Db,
    answer: BatchId,
) -> sqlx::Result<Vec<(i64, Json<serde_json::Value>)>> {
    db.query(
        "select bank_line_id, detail from payment_event where detail->>'answer' = $1 order by id",
    )
    .bind(answer.to_string())
    .all()
    .await
}

#[derive(sqlx::FromRow)]
struct OfPayment {
    bank_line_id: i64,
    #[sqlx(flatten)]
    event: Event,
}

/// What happened to payments of which something goes back or went, the oldest first.
pub async fn of_refunded(db: &Db) -> sqlx::Result<HashMap<i64, Vec<Event>>> {
    let found: Vec<OfPayment> = db
        .query(
            "select bank_line_id, at, kind, detail, rules, said_by, reason from payment_event
             where bank_line_id in (select bank_line_id from refund) order by id",
        )
        .all()
        .await?;
    let mut all: HashMap<i64, Vec<Event>> = HashMap::new();
    for OfPayment { bank_line_id, event } in found {
        all.entry(bank_line_id).or_default().push(event);
    }
    Ok(all)
}

/// The oldest first.
pub async fn events(db: &Db, id: i64) -> sqlx::Result<Vec<Event>> {
    db.query(
        "select at, kind, detail, rules, said_by, reason from payment_event where bank_line_id = $1 order by id",
    )
    .bind(id)
    .all()
    .await
}

/// Something that was decided of a payment, and when.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Decided {
    pub bank_line_id: i64,
    pub at: DateTime<Utc>,
    pub detail: Json<serde_json::Value>,
}

/// All that was ever decided of the payments to which something happened since the first time; that of a payment together,
/// the oldest first.
pub async fn decided_anew(db: &Db) -> sqlx::Result<Vec<Decided>> {
    db.query(
        "select bank_line_id, at, detail from payment_event
         where kind = 'decided'
           and bank_line_id in (select bank_line_id from payment_event group by bank_line_id having count(*) > 1)
         order by bank_line_id, id",
    )
    .all()
    .await
}

/// Something that was decided of a payment, whose amount is in đồng.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Concerning {
    pub bank_line_id: i64,
    pub amount: i64,
    pub detail: Json<serde_json::Value>,
}

/// The codes are said in it. Codes stand in the evidence as whole words of JSON, and nothing else there looks like one.
macro_rules! concerning {
    ($own:literal) => {
        concat!(
            "select b.id as bank_line_id, b.amount, e.detail
             from bank_line b join payment_event e on e.bank_line_id = b.id and e.kind = 'decided'
             where b.direction = 'credit' and b.same_as is null and b.id in (
                 select a.bank_line_id from allocation a where a.code in (select own.value from ",
            $own,
            ")
                 union all
                 select w.id from bank_line w
                 where w.state in ('held', 'suggested', 'unmatched')
                   and w.tier in ('paid_before', 'batch_partly', 'batch_other', 'several_other', 'cancelled')
                   and not w.closed
                   and exists (select 1 from ",
            $own,
            " where cast(w.evidence as text) like '%\"' || own.value || '\"%'))
             order by b.id, e.id"
        )
    };
}

/// All that was ever decided of the payments that pay for one of these codes, or came for them and pay for nothing yet; the
/// oldest first.
pub async fn concerning(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<Concerning>> {
    const CONCERNING: Sql = Sql {
        sqlite: concerning!("json_each($1) as own"),
        postgres: concerning!("jsonb_array_elements_text($1) as own (value)"),
    };
    db.query(CONCERNING).bind(Json(codes)).all().await
}
