//! What is changed of a line after it was ordered: its client, who pays, its firm; and each time by whom and why.
//! What may be changed, and what follows from it, is decided by `flow::order`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx, mails::Mail, rows::Span};
use crate::domain::{
    batch::BatchId, client::ClientRow, field::Field, order::OrderCode, phone::Phone,
};

/// What was done with a line.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub line_id: i64,
    pub said_by: Option<&'a str>,
    pub reason: &'a str,
    pub detail: Value,
    /// The names of fields that a person is to change on the platform, with commas between.
    pub on_platform: Option<&'a str>,
}

pub async fn insert(tx: &mut Tx, new: NewEvent<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query(
        "insert into line_event (line_id, at, said_by, reason, detail, on_platform)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.line_id)
    .bind(now)
    .bind(new.said_by)
    .bind(new.reason)
    .bind(Json(new.detail))
    .bind(new.on_platform)
    .execute()
    .await?;
    Ok(())
}

/// Something that was done with a line.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub at: DateTime<Utc>,
    pub said_by: Option<String>,
    pub reason: String,
    detail: Json<Value>,
}

impl Event {
    /// The firm that the line went from.
    pub fn left(&self) -> Option<&str> {
        self.detail["from"].as_str()
    }

    /// What a field was and what it was corrected to, in the words of then; nothing where it was not.
    pub fn change(&self, field: Field) -> Option<[&str; 2]> {
        let both = &self.detail["changes"][field.as_str()];
        both[0].as_str().zip(both[1].as_str()).map(|(old, new)| [old, new])
    }
}

/// What was done with the lines of a firm, the oldest first.
pub async fn of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<Event>> {
    db.query(
        "select e.line_id, l.order_code, l.line_no, e.at, e.said_by, e.reason, e.detail
         from line_event e join order_line l on l.id = e.line_id where l.firm = $1 order by e.id",
    )
    .bind(firm)
    .all()
    .await
}

/// The same of the lines that it has for these tax ids; in turn for each line.
pub async fn of_clients(db: &Db, firm: &str, tax_ids: &[&str]) -> sqlx::Result<Vec<Event>> {
    const OF_CLIENTS: Sql = Sql {
        sqlite: "select e.line_id, l.order_code, l.line_no, e.at, e.said_by, e.reason, e.detail
                 from line_event e join order_line l on l.id = e.line_id
                 where l.firm = $1 and l.tax_id in (select value from json_each($2)) order by e.id",
        postgres: "select e.line_id, l.order_code, l.line_no, e.at, e.said_by, e.reason, e.detail
                 from line_event e join order_line l on l.id = e.line_id
                 where l.firm = $1 and l.tax_id in (select jsonb_array_elements_text($2)) order by e.id",
    };
    let mut events = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        events.extend(db.query(OF_CLIENTS).bind(firm).bind(Json(tax_ids)).all::<Event>().await?);
    }
    Ok(events)
}

/// The same of one line.
pub async fn of_line(db: &Db, line_id: i64) -> sqlx::Result<Vec<Event>> {
    db.query(
        "select e.line_id, l.order_code, l.line_no, e.at, e.said_by, e.reason, e.detail
         from line_event e join order_line l on l.id = e.line_id where e.line_id = $1 order by e.id",
    )
    .bind(line_id)
    .all()
    .await
}

/// Who was to pay for a line before a correction, and up to when: `f`. The people of a firm are not corrected.
macro_rules! former_payers {
    () => {
        "(select e.line_id, e.at, l.order_code, l.state, l.cancellation_id, r.batch_id, r.payer_name, r.created_at,
                 case o.recipient when 'client' then e.detail->'changes'->'email'->>0
                                  when 'other' then e.detail->'changes'->'recipient_email'->>0 end as email
          from line_event e
          join order_line l on l.id = e.line_id
          join client_order o on o.code = l.order_code
          join payment_request r on r.line_id = l.id) f"
    };
}
pub(super) use former_payers;

/// Whether a notice went to such a one then, or may have gone.
macro_rules! former_was_told {
    () => {
        "exists (select 1 from mail m join client_order o on o.code = m.order_code
                 where o.batch_id = f.batch_id and m.purpose = 'order_notice' and m.recipient = f.email
                   and m.planned_at <= f.at and m.state <> 'refused'
                   and (m.state in ('sending', 'uncertain') or m.sent_at >= f.created_at))"
    };
}
pub(super) use former_was_told;

/// Of each line of some rows where its payer was reached before a correction, and until when.
pub async fn former_of_rows(
    db: &Db,
    rows: Span,
) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    db.query(concat!(
        "select f.line_id, f.email, f.at from ",
        former_payers!(),
        " join order_line s on s.id = f.line_id
         where s.batch_id = $1 and s.sheet = $2 and s.row_no between $3 and $4 and f.email is not null
         order by f.line_id, f.at"
    ))
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// Something that a person is still to change on the platform.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ToDo {
    pub line_id: i64,
    /// Of the event, as it was stored.
    pub detail: Json<Value>,
    on_platform: String,
}

impl ToDo {
    /// The names of the fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.on_platform.split(',')
    }
}

/// Of the licensed lines that stand, the oldest first.
pub async fn to_do(db: &Db) -> sqlx::Result<Vec<ToDo>> {
    db.query(
        "select e.line_id, e.detail, e.on_platform
         from line_event e
         join order_line l on l.id = e.line_id
         join licence c on c.line_id = l.id
         where e.on_platform is not null and l.state <> 'cancelled' order by e.id",
    )
    .all()
    .await
}

/// A person did that; how many corrections it was about.
pub async fn done(tx: &mut Tx, line_id: i64) -> sqlx::Result<u64> {
    tx.query(
        "update line_event set on_platform = null where line_id = $1 and on_platform is not null",
    )
    .bind(line_id)
    .execute()
    .await
}

/// Gives a line its corrected client; fails as taken where another line of the firm is that client's.
pub async fn rewrite(tx: &mut Tx, line_id: i64, client: &ClientRow) -> sqlx::Result<()> {
    tx.query("update order_line set tax_id = $2, name = $3, client = $4 where id = $1")
        .bind(line_id)
        .bind(client.tax_id.as_str())
        .bind(client.name.as_str())
        .bind(Json(client))
        .execute()
        .await?;
    Ok(())
}

/// Who pays for a line now, by name and e-mail.
pub async fn readdress(tx: &mut Tx, line_id: i64, (name, email): (&str, &str)) -> sqlx::Result<()> {
    tx.query("update payment_request set payer_name = $2, payer_email = $3 where line_id = $1")
        .bind(line_id)
        .bind(name)
        .bind(email)
        .execute()
        .await?;
    Ok(())
}

/// The code of all that one paid for in a batch is the other one's, where the first has nothing there any more and the
/// other no such code: what was told once stays good.
pub async fn hand_over_code(
    tx: &mut Tx,
    batch: BatchId,
    (from, to): (&str, &str),
) -> sqlx::Result<()> {
    tx.query(
        "update payer_code set payer_email = $3
         where batch_id = $1 and payer_email = $2
           and not exists (select 1 from payment_request r where r.batch_id = $1 and r.payer_email = $2)
           and not exists (select 1 from payer_code p where p.batch_id = $1 and p.payer_email = $3)",
    )
    .bind(batch.number())
    .bind(from)
    .bind(to)
    .execute()
    .await?;
    Ok(())
}

/// An order of a batch of which someone has still to pay something: this one before others.
pub async fn rest_of(
    tx: &mut Tx,
    batch: BatchId,
    payer: &str,
    order: &OrderCode,
) -> anyhow::Result<Option<OrderCode>> {
    let rest = tx
        .query(
            "select l.order_code from payment_request r join order_line l on l.id = r.line_id
             where r.batch_id = $1 and r.payer_email = $2 and r.state in ('open', 'partly_paid')
             order by case when l.order_code = $3 then 0 else 1 end, l.order_code limit 1",
        )
        .bind(batch.number())
        .bind(payer)
        .bind(order.as_str())
        .optional::<(String,)>()
        .await?;
    Ok(rest.map(|(code,)| code.parse()).transpose()?)
}

/// A request was told to be paid under a code for all of a payer, who does not pay for it any more.
pub async fn was_under(tx: &mut Tx, code: &str, batch_code: &str) -> sqlx::Result<()> {
    tx.query(
        "insert into former_code (code, batch_code) values ($1, $2) on conflict (code, batch_code) do nothing",
    )
    .bind(code)
    .bind(batch_code)
    .execute()
    .await?;
    Ok(())
}

/// Each request with a code under which it was told to be paid once.
pub async fn former_codes(db: &Db) -> sqlx::Result<Vec<(String, String)>> {
    db.query("select code, batch_code from former_code order by code, batch_code").all().await
}

/// Withdraws what did not leave yet for whoever paid for a line: what is about it alone, and where that one pays for
/// nothing else in the batch, what is about its orders too.
pub async fn withdraw(
    tx: &mut Tx,
    (batch, line_id): (BatchId, i64),
    payer: &str,
) -> sqlx::Result<Vec<Mail>> {
    tx.query(
        "update mail set state = 'cancelled'
         where recipient = $3 and state in ('planned', 'held')
           and purpose in ('order_notice', 'order_cancelled', 'payment_received', 'grace_warning', 'suspended', 'restored')
           and (line_id = $2
                or (line_id is null
                    and order_code in (select code from client_order where batch_id = $1)
                    and not exists (select 1 from payment_request r where r.batch_id = $1 and r.payer_email = $3)))
         returning *",
    )
    .bind(batch.number())
    .bind(line_id)
    .bind(payer)
    .all()
    .await
}

/// Withdraws the messages of an order to a phone and a name that did not leave yet; how many these are.
pub async fn withdraw_messages(
    tx: &mut Tx,
    order: &OrderCode,
    (phone, name): (&Phone, &str),
) -> sqlx::Result<u64> {
    tx.query(
        "update mail set state = 'cancelled'
         where purpose = 'order_notice' and subject = $1 and recipient = $2 and recipient_name = $3
           and state in ('planned', 'held')",
    )
    .bind(order.as_str())
    .bind(phone.as_str())
    .bind(name)
    .execute()
    .await
}

/// The notices of an order to an address or phone: whether one is to leave anyhow, and the number of the next.
pub async fn next_notice(
    tx: &mut Tx,
    order: &OrderCode,
    recipient: &str,
) -> sqlx::Result<(bool, i64)> {
    let (waiting, next) = tx
        .query(
            "select count(case when state in ('planned', 'held') then 1 end), coalesce(max(sequence), 0) + 1
             from mail where purpose = 'order_notice' and subject = $1 and recipient = $2",
        )
        .bind(order.as_str())
        .bind(recipient)
        .one::<(i64, i64)>()
        .await?;
    Ok((waiting > 0, next))
}

/// Gives a line to another firm, where nobody was assigned to it yet; fails as taken where that firm has such a line.
pub async fn move_to(
    tx: &mut Tx,
    line_id: i64,
    (firm, client): (&str, &ClientRow),
) -> sqlx::Result<()> {
    tx.query("update order_line set firm = $2, client = $3 where id = $1")
        .bind(line_id)
        .bind(firm)
        .bind(Json(client))
        .execute()
        .await?;
    tx.query("delete from line_staff where line_id = $1").bind(line_id).execute().await?;
    Ok(())
}

/// The lines that went from a firm to another one, and when; the oldest first.
pub async fn gone_from(db: &Db, firm: &str) -> sqlx::Result<Vec<(i64, DateTime<Utc>)>> {
    db.query(
        "select e.line_id, e.at from line_event e join order_line l on l.id = e.line_id
         where l.firm <> $1 and e.detail->>'from' = $1 order by e.id",
    )
    .bind(firm)
    .all()
    .await
}

/// Withdraws what did not leave yet about a line for these people.
pub async fn withdraw_copies(tx: &mut Tx, line_id: i64, people: &[&str]) -> sqlx::Result<()> {
    const WITHDRAW: Sql = Sql {
        sqlite: "update mail set state = 'cancelled'
                 where line_id = $1 and state in ('planned', 'held')
                   and recipient in (select value from json_each($2))",
        postgres: "update mail set state = 'cancelled'
                 where line_id = $1 and state in ('planned', 'held')
                   and recipient in (select jsonb_array_elements_text($2))",
    };
    tx.query(WITHDRAW).bind(line_id).bind(Json(people)).execute().await?;
    Ok(())
}
