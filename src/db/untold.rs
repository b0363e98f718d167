//! Lines that the platform refused and that are asked for again: who is to pay for them, and was not told so before that.

use chrono::{DateTime, Utc};

use super::Tx;
use crate::domain::{order::OrderCode, phone::Phone};

/// By name and e-mail.
pub async fn payers(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<Vec<(String, String)>> {
    tx.query(
        "select distinct r.payer_name, r.payer_email
         from order_line l
         join activation a on a.line_id = l.id
         join payment_request r on r.line_id = l.id
         where l.order_code = $1 and l.state = 'failed' and r.state in ('open', 'partly_paid')
           and not exists (select 1 from mail m
                           where m.purpose = 'order_notice' and m.order_code = l.order_code
                             and m.recipient = r.payer_email
                             and (m.state in ('sending', 'uncertain') or m.sent_at < a.settled_at))
         order by r.payer_email",
    )
    .bind(order.as_str())
    .all()
    .await
}

/// Each such line that is still to be paid, whoever was told: the name of its payer, and when it was refused.
pub async fn refused(
    tx: &mut Tx,
    order: &OrderCode,
) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    tx.query(
        "select l.id, r.payer_name, a.settled_at
         from order_line l
         join activation a on a.line_id = l.id
         join payment_request r on r.line_id = l.id
         where l.order_code = $1 and l.state = 'failed' and r.state in ('open', 'partly_paid')
           and a.settled_at is not null
         order by l.line_no",
    )
    .bind(order.as_str())
    .all()
    .await
}

/// Whether the notice of an order to a phone and a name left before an instant, may have left, or is to leave anyhow.
pub async fn has_message(
    tx: &mut Tx,
    order: &OrderCode,
    (phone, name): (&Phone, &str),
    before: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let told = tx
        .query(
            "select id from mail
             where purpose = 'order_notice' and subject = $1 and recipient = $2 and recipient_name = $3
               and (state in ('planned', 'held', 'sending', 'uncertain') or sent_at < $4)
             limit 1",
        )
        .bind(order.as_str())
        .bind(phone.as_str())
        .bind(name)
        .bind(before)
        .optional::<(i64,)>()
        .await?;
    Ok(told.is_some())
}
