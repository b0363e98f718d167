//! What of the outbox the result workbooks tell: the mails about their rows, and when the newest left.

use chrono::{DateTime, Utc};

use super::{Db, batches::Filter, corrections::former_payers, mails::Mail, rows::Span};
use crate::domain::batch::BatchId;

/// Those about the lines of some rows, and those about their orders to whom is asked to pay for them, or was before a
/// correction.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Mail>> {
    db.query(concat!(
        "with line as (
             select id, order_code from order_line
             where batch_id = $1 and sheet = $2 and row_no between $3 and $4)
         select * from mail where id in (
             select m.id from line l join mail m on m.line_id = l.id
             union
             select m.id
             from (select distinct l.order_code, r.payer_email
                   from line l join payment_request r on r.line_id = l.id) p
             join mail m on m.purpose in ('order_notice', 'order_cancelled') and m.subject = p.order_code
                            and m.recipient = p.payer_email
             union
             select m.id from line join ",
        former_payers!(),
        " on f.line_id = line.id
             join mail m on m.purpose in ('order_notice', 'order_cancelled') and m.subject = f.order_code
                            and m.recipient = f.email and (m.purpose = 'order_cancelled' or m.planned_at <= f.at))
         order by id"
    ))
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// When the newest of a batch was sent.
pub async fn newest(db: &Db, batch: BatchId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let newest = db
        .query(
            "select m.sent_at from mail m join client_order o on o.code = m.order_code
             where o.batch_id = $1 and m.sent_at is not null order by m.sent_at desc limit 1",
        )
        .bind(batch.number())
        .optional::<(DateTime<Utc>,)>()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// About the lines that came to a firm from another one, and to their payers about the orders of these; the oldest first.
pub async fn of_arrived(db: &Db, firm: &str) -> sqlx::Result<Vec<Mail>> {
    db.query(
        "select m.* from mail m join client_order o on o.code = m.order_code
         where o.firm <> $1
           and exists (select 1 from order_line l
                       where l.order_code = m.order_code and l.firm = $1 and (m.line_id is null or m.line_id = l.id))
         order by m.id",
    )
    .bind(firm)
    .all()
    .await
}

/// Whether one of the same purpose and subject was planned for the same recipient on a later occasion; one that is sent
/// again is of the occasion of the first.
pub async fn is_overtaken(db: &Db, mail: &Mail) -> sqlx::Result<bool> {
    let later = db
        .query(
            "select id from mail
             where purpose = $1 and subject = $2 and recipient = $3 and coalesce(occasion, sequence) > $4 limit 1",
        )
        .bind(mail.purpose.as_str())
        .bind(mail.subject.as_str())
        .bind(mail.recipient.as_str())
        .bind(mail.occasion())
        .optional::<(i64,)>()
        .await?;
    Ok(later.is_some())
}

/// Whose a line was when a mail was planned.
macro_rules! firm_then {
    () => {
        "coalesce((select e.detail->>'from' from line_event e
                   where e.line_id = l.id and e.at > m.planned_at and e.detail->>'from' is not null
                   order by e.id limit 1), l.firm)"
    };
}

/// The lines that the recipient of a mail pays for in its order.
macro_rules! paid_by_recipient {
    () => {
        "select 1 from payment_request q join order_line l on l.id = q.line_id
         where q.batch_id = o.batch_id and q.payer_email = m.recipient and l.order_code = m.order_code"
    };
}

/// Of one firm: what is about lines that were its own then, and about its orders, lists and reports otherwise. The oldest
/// first.
pub async fn of_firm(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Mail>> {
    db.query(concat!(
        "select m.* from mail m
         left join client_order o on o.code = m.order_code
         left join batch b on b.id = m.batch_id
         left join report r on r.id = m.report_id
         where ($2 is null or m.state = $2) and ($3 is null or m.planned_at >= $3)
           and case
               when m.line_id is not null then exists (
                   select 1 from order_line l where l.id = m.line_id and ",
        firm_then!(),
        " = $1)
               when exists (",
        paid_by_recipient!(),
        ") then exists (",
        paid_by_recipient!(),
        " and ",
        firm_then!(),
        " = $1)
               when exists (select 1 from order_line l where l.order_code = m.order_code)
                    and not exists (select 1 from order_line l where l.order_code = m.order_code and ",
        firm_then!(),
        " = o.firm) then exists (select 1 from order_line l where l.order_code = m.order_code and ",
        firm_then!(),
        " = $1)
               else coalesce(o.firm, b.firm, r.firm) = $1 end
         order by m.id"
    ))
    .bind(filter.firm.as_deref())
    .bind(filter.state.as_deref())
    .bind(filter.since)
    .all()
    .await
}
