//! The outbox: mails, written in the transaction of the change that causes them.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, Sql, Tx, batches::Filter, leases::Claim};
use crate::domain::{
    batch::BatchId,
    mail::{MailState, Purpose},
    order::OrderCode,
    phone::Phone,
};

/// Whether a mail `m` was sent again since by a person: that one tells what became of it.
macro_rules! sent_again {
    () => {
        "exists (select 1 from mail a
                 where a.purpose = m.purpose and a.subject = m.subject and a.recipient = m.recipient
                   and a.occasion = coalesce(m.occasion, m.sequence) and a.sequence > m.sequence)"
    };
}
pub(super) use sent_again;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Mail {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub purpose: Purpose,
    /// What it is about: a batch, an order, one line of it, or the report of a day.
    pub subject: String,
    batch_id: Option<i64>,
    pub order_code: Option<String>,
    pub report_id: Option<i64>,
    pub line_id: Option<i64>,
    pub recipient: String,
    pub recipient_name: String,
    pub sequence: i64,
    pub message_id: String,
    #[sqlx(try_from = "String")]
    pub state: MailState,
    pub attempts: i64,
    pub holder: Option<String>,
    pub epoch: i64,
    pub lease_until: Option<DateTime<Utc>>,
    pub error: Option<String>,
    pub planned_at: DateTime<Utc>,
    pub not_before: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    occasion: Option<i64>,
    bounce_batch: Option<i64>,
    /// Its order may have been told before the data were restored: what went out then is void.
    pub told_before: bool,
}

impl Mail {
    /// Which one of its kind it is about, also where it is sent again.
    pub fn occasion(&self) -> i64 {
        self.occasion.unwrap_or(self.sequence)
    }

    /// Whether a person wanted it once more.
    pub fn is_again(&self) -> bool {
        self.occasion.is_some()
    }

    /// The delivery report that told of it last.
    pub fn bounce(&self) -> Option<BatchId> {
        self.bounce_batch.map(BatchId::new)
    }

    /// Of who sends it.
    pub fn claim(&self) -> Claim<'_> {
        Claim { holder: self.holder.as_deref().unwrap_or_default(), epoch: self.epoch }
    }

    /// It goes there as a message, where that is no e-mail.
    pub fn phone(&self) -> Option<Phone> {
        self.recipient.parse().ok().filter(|_| self.recipient.starts_with('+'))
    }

    /// The batch that it is about; nothing where it is about an order.
    pub fn batch(&self) -> Option<BatchId> {
        self.batch_id.map(BatchId::new)
    }
}

/// What a mail is about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    Batch(BatchId),
    Order(&'a OrderCode),
    Report(i64),
}

/// A mail on its way in.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    pub purpose: Purpose,
    pub subject: &'a str,
    pub about: About<'a>,
    pub line_id: Option<i64>,
    pub recipient: &'a str,
    pub recipient_name: &'a str,
    /// Which one of the same purpose, subject and recipient, from 1.
    pub sequence: i64,
    pub message_id: &'a str,
}

/// Plans a mail; one of the same purpose, subject, recipient and sequence stays.
pub async fn plan(tx: &mut Tx, new: NewMail<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    let (batch, order, report) = match new.about {
        About::Batch(batch) => (Some(batch.number()), None, None),
        About::Order(order) => (None, Some(order.as_str()), None),
        About::Report(report) => (None, None, Some(report)),
    };
    tx.query(
        "insert into mail (purpose, subject, batch_id, order_code, report_id, line_id, recipient, recipient_name,
                           sequence, message_id, state, planned_at, not_before)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'planned', $11, $11)
         on conflict (purpose, subject, recipient, sequence) do nothing",
    )
    .bind(new.purpose.as_str())
    .bind(new.subject)
    .bind(batch)
    .bind(order)
    .bind(report)
    .bind(new.line_id)
    .bind(new.recipient)
    .bind(new.recipient_name)
    .bind(new.sequence)
    .bind(new.message_id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Letters of a purpose and subject that were not sent yet say less than those that are planned now. Says the number of
/// these.
pub async fn supersede(tx: &mut Tx, purpose: Purpose, subject: &str) -> sqlx::Result<i64> {
    tx.query(
        "update mail set state = 'cancelled'
         where purpose = $1 and subject = $2 and state in ('planned', 'held')",
    )
    .bind(purpose.as_str())
    .bind(subject)
    .execute()
    .await?;
    let (next,) = tx
        .query(
            "select coalesce(max(sequence), 0) + 1 from mail where purpose = $1 and subject = $2",
        )
        .bind(purpose.as_str())
        .bind(subject)
        .one::<(i64,)>()
        .await?;
    Ok(next)
}

/// The original of a restored database may have sent what is planned of a purpose and subject: `why` is said of it.
pub async fn doubt(
    tx: &mut Tx,
    (purpose, subject): (Purpose, &str),
    why: &str,
) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'uncertain', error = $3
         where purpose = $1 and subject = $2 and state = 'planned'",
    )
    .bind(purpose.as_str())
    .bind(subject)
    .bind(why)
    .execute()
    .await?;
    Ok(())
}

/// The same of one letter of these: the others to that recipient, and those to others, leave.
pub async fn doubt_letter(
    tx: &mut Tx,
    (purpose, subject): (Purpose, &str),
    (recipient, sequence): (&str, i64),
    why: &str,
) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'uncertain', error = $5
         where purpose = $1 and subject = $2 and recipient = $3 and sequence = $4 and state = 'planned'",
    )
    .bind(purpose.as_str())
    .bind(subject)
    .bind(recipient)
    .bind(sequence)
    .bind(why)
    .execute()
    .await?;
    Ok(())
}

/// The same of the notices of an order that the original may have told.
pub async fn doubt_notices(tx: &mut Tx, order: &OrderCode, why: &str) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'uncertain', error = $2, told_before = $3
         where purpose = 'order_notice' and subject = $1 and state = 'planned'",
    )
    .bind(order.as_str())
    .bind(why)
    .bind(true)
    .execute()
    .await?;
    Ok(())
}

/// The notices of an order that the original may have told, and that nobody sent again: what they said there is void. One
/// that was sent again is about the codes of now, whether it arrived or not.
pub async fn void_notices(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<Mail>> {
    db.query(
        "select * from mail m
         where purpose = 'order_notice' and subject = $1 and state = 'uncertain' and told_before = $2
           and occasion is null and not exists (select 1 from mail l
                           where l.purpose = m.purpose and l.subject = m.subject and l.recipient = m.recipient
                             and l.sequence > m.sequence)
         order by id",
    )
    .bind(order.as_str())
    .bind(true)
    .all()
    .await
}

/// Whether one of a purpose and subject was ever planned.
pub async fn is_known(tx: &mut Tx, purpose: Purpose, subject: &str) -> sqlx::Result<bool> {
    let known = tx
        .query("select id from mail where purpose = $1 and subject = $2 limit 1")
        .bind(purpose.as_str())
        .bind(subject)
        .optional::<(i64,)>()
        .await?;
    Ok(known.is_some())
}

/// Whether a later one of the same purpose and subject was planned for the same recipient.
pub async fn has_later(db: &Db, mail: &Mail) -> sqlx::Result<bool> {
    let later = db
        .query(
            "select id from mail where purpose = $1 and subject = $2 and recipient = $3 and sequence > $4 limit 1",
        )
        .bind(mail.purpose.as_str())
        .bind(mail.subject.as_str())
        .bind(mail.recipient.as_str())
        .bind(mail.sequence)
        .optional::<(i64,)>()
        .await?;
    Ok(later.is_some())
}

/// Where a claimed mail goes.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    pub state: MailState,
    pub error: Option<&'a str>,
    pub not_before: DateTime<Utc>,
}

/// Ends a claim; false where it is no longer ours.
pub async fn settle(
    tx: &mut Tx,
    id: i64,
    claim: Claim<'_>,
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "update mail set state = $4, holder = null, lease_until = null, error = $5, not_before = $6, sent_at = $7
             where id = $1 and holder = $2 and epoch = $3 and state = 'sending'",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(settled.state.as_str())
        .bind(settled.error)
        .bind(settled.not_before)
        .bind((settled.state == MailState::Sent).then_some(now))
        .execute()
        .await?;
    Ok(changed == 1)
}

/// A held mail may leave after all.
pub async fn unhold(db: &Db, id: i64) -> sqlx::Result<()> {
    db.query("update mail set state = 'planned', error = null where id = $1 and state = 'held'")
        .bind(id)
        .execute()
        .await?;
    Ok(())
}

/// The oldest first. Asked for those that are uncertain, those that a person sent again are none.
pub async fn list(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Mail>> {
    const LIST: &str = concat!(
        "select m.* from mail m left join client_order o on o.code = m.order_code left join batch b on b.id = m.batch_id
              left join report r on r.id = m.report_id
         where ($1 is null or coalesce(o.firm, b.firm, r.firm) = $1) and ($2 is null or m.state = $2) and ($3 is null or m.planned_at >= $3)
           and (coalesce($2, '') <> 'uncertain' or not ",
        sent_again!(),
        ") order by m.id"
    );
    db.query(LIST)
        .bind(filter.firm.as_deref())
        .bind(filter.state.as_deref())
        .bind(filter.since)
        .all()
        .await
}

pub async fn by_id(db: &Db, id: i64) -> sqlx::Result<Option<Mail>> {
    db.query("select * from mail where id = $1").bind(id).optional().await
}

/// About the orders of a batch.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Mail>> {
    db.query(
        "select m.* from mail m join client_order o on o.code = m.order_code where o.batch_id = $1 order by m.id",
    )
    .bind(batch.number())
    .all()
    .await
}

/// Who holds claims.
pub async fn holders(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query("select distinct holder from mail where state = 'sending' order by holder").all().await
}

/// A dead holder's claims go to `to`: planned where mails are files, uncertain where a server may have taken them, as of
/// messages to phones always. It costs no attempt.
pub async fn release(db: &Db, holder: &str, to: MailState) -> sqlx::Result<u64> {
    db.query(
        "update mail set state = case when recipient like '+%' then 'uncertain' else $2 end, holder = null,
             lease_until = null, attempts = attempts - 1
         where holder = $1 and state = 'sending'",
    )
    .bind(holder)
    .bind(to.as_str())
    .execute()
    .await
}

/// The same with claims whose time was over at `now`: nothing is known of another machine but that.
pub async fn release_lapsed(db: &Db, now: DateTime<Utc>, to: MailState) -> sqlx::Result<u64> {
    db.query(
        "update mail set state = case when recipient like '+%' then 'uncertain' else $2 end, holder = null,
             lease_until = null, attempts = attempts - 1
         where lease_until < $1 and state = 'sending'",
    )
    .bind(now)
    .bind(to.as_str())
    .execute()
    .await
}

/// What was not sent yet about lines has no reason any more.
pub async fn cancel_of_lines(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<()> {
    const CANCEL: Sql = Sql {
        sqlite: "update mail set state = 'cancelled'
                 where line_id in (select value from json_each($1)) and state in ('planned', 'held')",
        postgres: "update mail set state = 'cancelled'
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and state in ('planned', 'held')",
    };
    tx.query(CANCEL).bind(Json(line_ids)).execute().await?;
    Ok(())
}

/// Nor have the notices of an order to payers who have nothing to pay of it; messages to phones find that out themselves.
pub async fn cancel_empty_notices(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<()> {
    tx.query(
        "update mail set state = 'cancelled'
         where order_code = $1 and purpose = 'order_notice' and state in ('planned', 'held')
           and recipient not like '+%'
           and not exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                           where l.order_code = mail.order_code and r.payer_email = mail.recipient
                             and r.state in ('open', 'partly_paid'))",
    )
    .bind(order.as_str())
    .execute()
    .await?;
    Ok(())
}
