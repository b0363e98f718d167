//! Mails on their way out: how many are due, how many left of late, what a person decides about one, and what a delivery
//! report tells of one.
//! Claims and their ends stand in `turns` and with the outbox, in `mails`; how many may leave is decided by `flow::send`.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, Sql, Tx, leases::Claim, mails::Mail};
use crate::domain::{batch::BatchId, mail::Purpose, order::OrderCode};

/// How many are due, and not held by the guard.
pub async fn due(db: &Db, now: DateTime<Utc>) -> sqlx::Result<i64> {
    let (due,) = db
        .query(
            "select count(*) from mail
             where state = 'planned' and not_before <= $1
               and not exists (select 1 from guard g
                               where g.held_at is not null
                                 and (g.held_before is null or mail.planned_at < g.held_before))",
        )
        .bind(now)
        .one::<(i64,)>()
        .await?;
    Ok(due)
}

/// Whether a letter that an order, or lines of it, was cancelled left for a payer since an instant.
pub async fn told_cancelled(
    db: &Db,
    (order, payer): (&OrderCode, &str),
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let one = db.query(
        "select id from mail
         where purpose = 'order_cancelled' and order_code = $1 and recipient = $2 and state = 'sent' and sent_at >= $3
         limit 1",
    );
    let one = one.bind(order.as_str()).bind(payer).bind(since).optional::<(i64,)>().await?;
    Ok(one.is_some())
}

/// How many were taken to be sent after an instant, `most` at most, and when the oldest of these.
pub async fn tried_since(
    db: &Db,
    since: DateTime<Utc>,
    most: i64,
) -> sqlx::Result<(i64, Option<DateTime<Utc>>)> {
    db.query(
        "select count(*), min(tried_at)
         from (select tried_at from mail where tried_at > $1 order by tried_at desc limit $2 + 0) as newest",
    )
    .bind(since)
    .bind(most)
    .one()
    .await
}

/// How many mails were sent from an instant on, and how many are on their way.
pub async fn sent_since(db: &Db, since: DateTime<Utc>) -> sqlx::Result<i64> {
    let (sent,) = db
        .query("select count(*) from mail where sent_at >= $1 or state = 'sending'")
        .bind(since)
        .one::<(i64,)>()
        .await?;
    Ok(sent)
}

/// Ends a claim as if it had not been: it costs no attempt. False where it is no longer ours.
pub async fn put_back(
    tx: &mut Tx,
    id: i64,
    claim: Claim<'_>,
    (why, not_before): (&str, DateTime<Utc>),
) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update mail set state = 'planned', holder = null, lease_until = null, error = $4, not_before = $5,
                             attempts = attempts - 1
             where id = $1 and holder = $2 and epoch = $3 and state = 'sending'",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(why)
        .bind(not_before)
        .execute()
        .await?;
    Ok(changed == 1)
}

/// What did not leave yet of a purpose and a line has no reason any more.
pub async fn withdraw(tx: &mut Tx, purpose: Purpose, line: i64) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'cancelled'
         where line_id = $2 and purpose = $1 and state in ('planned', 'held')",
    )
    .bind(purpose.as_str())
    .bind(line)
    .execute()
    .await?;
    Ok(())
}

/// Which lines is said in it.
macro_rules! cut_off {
    ($own:literal) => {
        concat!(
            "select distinct s.line_id from mail s
             where s.purpose = 'suspended' and s.state <> 'cancelled' and s.line_id in (",
            $own,
            ") and not exists (select 1 from mail r
                               where r.line_id = s.line_id and r.purpose = 'restored' and r.id > s.id
                                 and r.state <> 'cancelled')
             order by s.line_id"
        )
    };
}

/// Those of some lines of which a letter says that they were cut off, and none after it that they work again.
pub async fn cut_off(tx: &mut Tx, lines: &[i64]) -> sqlx::Result<Vec<i64>> {
    const CUT_OFF: Sql = Sql {
        sqlite: cut_off!("select value from json_each($1)"),
        postgres: cut_off!(
            "select value::bigint from jsonb_array_elements_text($1) as own (value)"
        ),
    };
    let found: Vec<(i64,)> = tx.query(CUT_OFF).bind(Json(lines)).all().await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What else was planned of the same purpose and subject for the same recipient, after a mail: the newest.
pub async fn newest_like(tx: &mut Tx, mail: &Mail) -> sqlx::Result<Mail> {
    tx.query(
        "select * from mail where purpose = $1 and subject = $2 and recipient = $3 order by sequence desc limit 1",
    )
    .bind(mail.purpose.as_str())
    .bind(mail.subject.as_str())
    .bind(mail.recipient.as_str())
    .one()
    .await
}

/// Plans a mail once more, under a sequence and an id of its own.
pub async fn plan_again(
    tx: &mut Tx,
    mail: &Mail,
    (sequence, message_id): (i64, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Mail> {
    tx.query(
        "insert into mail (purpose, subject, batch_id, order_code, report_id, line_id, recipient, recipient_name,
                           sequence, occasion, message_id, state, planned_at, not_before, told_before)
         select purpose, subject, batch_id, order_code, report_id, line_id, recipient, recipient_name,
                $2, coalesce(occasion, sequence), $3, 'planned', $4, $4, told_before from mail where id = $1
         returning *",
    )
    .bind(mail.id)
    .bind(sequence)
    .bind(message_id)
    .bind(now)
    .one()
    .await
}

/// Notes that a mail did not arrive, or is not to; false where it is on its way this moment, or was before.
pub async fn refuse(tx: &mut Tx, id: i64, why: &str) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update mail set state = 'refused', error = $2, sent_at = null
             where id = $1 and state not in ('sending', 'refused')",
        )
        .bind(id)
        .bind(why)
        .execute()
        .await?;
    Ok(changed == 1)
}

/// A mail by its id, unless it is on its way this moment.
pub async fn by_message_id(tx: &mut Tx, message_id: &str) -> sqlx::Result<Option<Mail>> {
    tx.query("select * from mail where message_id = $1 and state <> 'sending'")
        .bind(message_id)
        .optional()
        .await
}

/// The last mail that was taken to be sent to an address, between two instants.
pub async fn last_to(
    tx: &mut Tx,
    address: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Option<Mail>> {
    tx.query(
        "select * from mail
         where recipient = $1 and tried_at between $2 and $3 and state in ('sent', 'uncertain', 'refused')
         order by tried_at desc, id desc limit 1",
    )
    .bind(address)
    .bind(from)
    .bind(to)
    .optional()
    .await
}

/// Notes that a mail did not arrive though its server had taken it, as a delivery report says; false where it is known
/// not to have arrived.
pub async fn bounce(tx: &mut Tx, id: i64, batch: BatchId, why: &str) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update mail set state = 'refused', error = $2, sent_at = null, bounce_batch = $3
             where id = $1 and state not in ('sending', 'refused')",
        )
        .bind(id)
        .bind(why)
        .bind(batch.number())
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Notes that a mail has not arrived yet.
pub async fn delay(tx: &mut Tx, id: i64, batch: BatchId, why: &str) -> sqlx::Result<()> {
    tx.query(
        "update mail set error = $2, bounce_batch = $3 where id = $1 and state in ('sent', 'uncertain')",
    )
    .bind(id)
    .bind(why)
    .bind(batch.number())
    .execute()
    .await?;
    Ok(())
}

/// Whether a mail is the warning of a line, and no copy of one.
pub async fn warns(tx: &mut Tx, mail: &Mail) -> sqlx::Result<bool> {
    let warned = tx
        .query(
            "select line_id from line_warning where order_code = $1 and sequence = $2 and recipient = $3 limit 1",
        )
        .bind(mail.order_code.as_deref())
        .bind(mail.occasion())
        .bind(mail.recipient.as_str())
        .optional::<(i64,)>()
        .await?;
    Ok(mail.purpose == Purpose::GraceWarning && warned.is_some())
}

/// The list whose order a mail is about.
pub async fn list_of(tx: &mut Tx, mail: &Mail) -> sqlx::Result<Option<BatchId>> {
    let list = tx
        .query("select batch_id from client_order where code = $1")
        .bind(mail.order_code.as_deref())
        .optional::<(i64,)>()
        .await?;
    Ok(list.map(|(id,)| BatchId::new(id)))
}

/// Which firms a mail is about: those that its line, or what its recipient pays for in its order, are of now; else that
/// of the order, the list or the page.
pub async fn firms_of(tx: &mut Tx, id: i64) -> sqlx::Result<Vec<String>> {
    let of_lines: Vec<(String,)> = tx
        .query(
            "select l.firm from mail m join order_line l on l.id = m.line_id where m.id = $1
             union
             select l.firm from mail m
             join client_order o on o.code = m.order_code
             join payment_request q on q.batch_id = o.batch_id and q.payer_email = m.recipient
             join order_line l on l.id = q.line_id and l.order_code = o.code
             where m.id = $1 and m.line_id is null
             order by 1",
        )
        .bind(id)
        .all()
        .await?;
    if !of_lines.is_empty() {
        return Ok(of_lines.into_iter().map(|(firm,)| firm).collect());
    }
    let (firm,) = tx
        .query(
            "select coalesce(o.firm, b.firm, r.firm)
             from mail m left join client_order o on o.code = m.order_code left join batch b on b.id = m.batch_id
                         left join report r on r.id = m.report_id
             where m.id = $1",
        )
        .bind(id)
        .one::<(Option<String>,)>()
        .await?;
    Ok(firm.into_iter().collect())
}
