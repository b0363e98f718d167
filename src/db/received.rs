//! Letters that money came, or was taken back, among the mails: which are to go, and what payers read of it before.
//! What money came is in `payments`.

use sqlx::types::Json;

use super::{Db, Tx, mails::Mail};
use crate::domain::batch::BatchId;

/// A letter about money that came says all that did when it leaves: of those to one payer of a batch the newest alone is
/// to go. One about money that went back has the payment for its subject, and goes anyway.
pub async fn supersede(tx: &mut Tx, batch: BatchId, payer: &str) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'cancelled'
         where purpose = 'payment_received' and recipient = $2 and state in ('planned', 'held')
           and subject in (select code from client_order where batch_id = $1) and order_code = subject",
    )
    .bind(batch.number())
    .bind(payer)
    .execute()
    .await?;
    Ok(())
}

/// Money of a payer was taken back: those go only where other money came that no letter told of yet.
pub async fn cancel(tx: &mut Tx, batch: BatchId, payer: &str) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'cancelled'
         where purpose = 'payment_received' and recipient = $2 and state in ('planned', 'held')
           and subject in (select code from client_order where batch_id = $1) and order_code = subject
           and not exists (
               select 1 from allocation a join payment_request r on r.code = a.code
               where r.batch_id = $1 and r.payer_email = $2
                 and not exists (
                     select 1 from client_order o join mail s on s.subject = o.code
                     where s.purpose = 'payment_received' and s.recipient = $2 and o.batch_id = $1
                       and s.order_code = s.subject
                       and s.sent_at >= (select max(e.at) from payment_event e
                                         where e.bank_line_id = a.bank_line_id and e.kind = 'decided')))",
    )
    .bind(batch.number())
    .bind(payer)
    .execute()
    .await?;
    Ok(())
}

/// Whether who pays last read of a request that a payment has paid for it.
pub async fn was_told(
    tx: &mut Tx,
    (id, code): (i64, &str),
    (batch, payer): (BatchId, &str),
) -> sqlx::Result<bool> {
    // A letter about one line says that it was taken back, by the number of that change. What one of an earlier version
    // said is not known: it counts while the payment pays for the same since. What a person matched otherwise may pay a part
    // of it still, of which that letter told, too: only who parted a payment, called it another one or
    // gives all of it back took all of it.
    let one = tx.query(
        "with paid as (
             select e.at, coalesce(cast(e.detail->>'change' as bigint), 0) as change from payment_event e
             where e.bank_line_id = $3 and e.kind = 'decided'
               and cast(e.detail->'allocations' as text) like '%\"' || $4 || '\"%')
         select m.id from mail m join client_order o on o.code = m.order_code
         where m.purpose = 'payment_received' and m.recipient = $1 and o.batch_id = $2 and m.line_id is null
           and m.state = 'sent'
           and (m.told is null and m.sent_at >= (select max(at) from paid)
                or m.told like '%' || $4 || ' %' and m.told not like '%' || $4 || ' 0 %'
                   and coalesce(m.occasion, m.sequence) >= (select min(change) from paid)
                   and not exists (
                       select 1 from mail b join payment_request r on r.line_id = b.line_id
                       join payment_event u on cast(u.detail->>'change' as bigint) = coalesce(b.occasion, b.sequence)
                       where r.code = $4 and b.purpose = 'payment_received' and b.recipient = $1
                         and b.state = 'sent' and b.id > m.id
                         and u.bank_line_id = $3 and u.kind in ('unmatch', 'same', 'refund')))
         limit 1",
    );
    let one = one.bind(payer).bind(batch.number()).bind(id).bind(code);
    Ok(one.optional::<(i64,)>().await?.is_some())
}

/// Keeps what a letter that is on its way says of money.
pub async fn note(db: &Db, mail: &Mail, told: &str) -> sqlx::Result<()> {
    db.query("update mail set told = $2 where id = $1").bind(mail.id).bind(told).execute().await?;
    Ok(())
}

/// What letters about money said, by their numbers, of the lists in which a firm has lines; nothing of those that are not
/// on their way yet.
pub async fn told(db: &Db, firm: &str) -> sqlx::Result<Vec<(i64, String)>> {
    db.query(
        "select m.id, m.told from mail m join client_order o on o.code = m.order_code
         where m.purpose = 'payment_received' and m.told is not null
           and o.batch_id in (select l.batch_id from order_line l where l.firm = $1)",
    )
    .bind(firm)
    .all()
    .await
}

/// A letter about money that left.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Before {
    /// Which of all changes of money it told of last.
    pub occasion: i64,
    /// The line that it took money back of; nothing where it told what came.
    pub line_id: Option<i64>,
    /// What it said; nothing where that is not known, as of one of an earlier version that money was taken back.
    pub told: Option<String>,
}

/// Those that left before this one, about money of the same list to the same payer, the oldest first; before one that a
/// person wants once more, what had left before it went first.
pub async fn before(db: &Db, mail: &Mail, batch: BatchId) -> sqlx::Result<Vec<Before>> {
    db.query(
        "select coalesce(m.occasion, m.sequence) as occasion, m.line_id, m.told
         from mail m join client_order o on o.code = m.order_code
         where m.purpose = 'payment_received' and m.recipient = $1 and o.batch_id = $2 and m.state = 'sent'
           and m.id < $3 and coalesce(m.occasion, m.sequence) < $4
           and (m.subject = m.order_code or m.line_id is not null)
         order by 1, m.id",
    )
    .bind(mail.recipient.as_str())
    .bind(batch.number())
    .bind(mail.id)
    .bind(mail.occasion())
    .all()
    .await
}

/// What was decided, in this change of all money, of payments that pay for a code, and what they pay of it now, in đồng.
pub async fn decided_in(
    db: &Db,
    code: &str,
    change: i64,
) -> sqlx::Result<Vec<(Json<serde_json::Value>, i64)>> {
    db.query(
        "select e.detail, a.amount from allocation a join payment_event e on e.bank_line_id = a.bank_line_id
         where a.code = $1 and e.kind = 'decided' and cast(e.detail->>'change' as bigint) = $2",
    )
    .bind(code)
    .bind(change)
    .all()
    .await
}

/// Whether a letter that a payment came left for who pays for a code, before this change of all money.
pub async fn is_heard_of(db: &Db, (id, code): (i64, &str), change: i64) -> sqlx::Result<bool> {
    let one = db.query(
        "select m.id
         from (select batch_id, payer_email from payment_request where code = $2
               union
               select batch_id, payer_email from payer_code where code = $2) as p
         join client_order o on o.batch_id = p.batch_id
         join mail m on m.order_code = o.code and m.recipient = p.payer_email
         where m.purpose = 'payment_received' and m.subject = m.order_code and m.state = 'sent'
           and coalesce(m.occasion, m.sequence) < $3
           and m.sent_at >= (select min(e.at) from payment_event e
                             where e.bank_line_id = $1 and e.kind = 'decided'
                               and cast(e.detail as text) like '%\"' || $2 || '\"%')
         limit 1",
    );
    Ok(one.bind(id).bind(code).bind(change).optional::<(i64,)>().await?.is_some())
}

/// Whether any letter about money, or that it is not to be paid, left for who pays, since a payment was known to be for a
/// code.
pub async fn was_known(
    tx: &mut Tx,
    (id, code): (i64, &str),
    (batch, payer): (BatchId, &str),
) -> sqlx::Result<bool> {
    let one = tx.query(
        "select m.id from mail m join client_order o on o.code = m.order_code
         where m.purpose in ('payment_received', 'order_cancelled') and m.recipient = $1 and o.batch_id = $2
           and m.state = 'sent'
           and m.sent_at >= (select min(e.at) from payment_event e
                             where e.bank_line_id = $3 and e.kind = 'decided'
                               and cast(e.detail as text) like '%\"' || $4 || '\"%')
         limit 1",
    );
    let one = one.bind(payer).bind(batch.number()).bind(id).bind(code);
    Ok(one.optional::<(i64,)>().await?.is_some())
}
