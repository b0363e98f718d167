//! Lines that work unpaid, or do not any more: what decides about their end, and how they were warned.

use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::BoxStream;
use sqlx::types::Json;

use super::{Db, Sql, Tx, mails::Mail};
use crate::domain::{
    batch::BatchId,
    mail::{MailState, Purpose},
    order::{LineRef, LineState, OrderCode, RequestState},
    phone::Phone,
};

/// A licensed line that was to be paid.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct InGrace {
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    batch_id: i64,
    pub firm: String,
    pub name: String,
    pub registered_by: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: LineState,
    pub code: String,
    pub batch_code: Option<String>,
    pub payer_name: String,
    pub payer_email: String,
    /// In đồng.
    pub rest: i64,
    #[sqlx(try_from = "String")]
    pub request_state: RequestState,
    /// When the order was placed, and with it what is to be paid.
    pub placed_at: Option<DateTime<Utc>>,
    pub grace_until: Option<DateTime<Utc>>,
    pub cutoff_at: Option<DateTime<Utc>>,
    pub tax_id: String,
    contact_phone: String,
    hold_until: Option<String>,
    hold_reason: Option<String>,
    hold_by: Option<String>,
    hold_said_at: Option<DateTime<Utc>>,
    /// When somebody ended that it was put off.
    pub released_at: Option<DateTime<Utc>>,
    /// When its firm itself put its cut-off off, also where that is over.
    pub firm_said_at: Option<DateTime<Utc>>,
}

/// A cut-off that is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<'a> {
    /// The local day to whose end it is.
    pub until: NaiveDate,
    pub reason: &'a str,
    /// Who said it, where that is known.
    pub by: Option<&'a str>,
    pub said_at: DateTime<Utc>,
}

impl InGrace {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }

    /// That of its contact, as people dial it. Only here it is understood: of very many lines few are called.
    pub fn phone(&self) -> String {
        let phone = self.contact_phone.as_str();
        phone.parse().map_or_else(|_| phone.to_owned(), |it: Phone| it.national())
    }

    /// What a person said of its cut-off, where that stands.
    pub fn held(&self) -> Option<Held<'_>> {
        Some(Held {
            until: self.hold_until()?,
            reason: self.hold_reason.as_deref().unwrap_or_default(),
            by: self.hold_by.as_deref(),
            said_at: self.hold_said_at?,
        })
    }

    /// The local day up to whose end its cut-off was put off.
    pub fn hold_until(&self) -> Option<NaiveDate> {
        self.hold_until.as_deref().and_then(|day| day.parse().ok())
    }
}

/// Of those that are in grace or suspended, which are meant.
macro_rules! in_grace {
    ($meant:literal) => {
        concat!(
            "select l.id as line_id, l.order_code, l.line_no, l.batch_id, l.firm, l.name,
                coalesce(l.client->>'registered_by', o.registered_by) as registered_by, l.state, r.code,
                p.code as batch_code, r.payer_name, r.payer_email, r.amount - r.waived - r.paid as rest,
                r.state as request_state, o.placed_at, c.grace_until, c.cutoff_at, l.tax_id,
                l.client->>'contact_phone' as contact_phone,
                case when h.released_at is null then h.until end as hold_until, h.reason as hold_reason,
                h.said_by as hold_by, h.said_at as hold_said_at, h.released_at, h.firm_said_at
             from order_line l
             join client_order o on o.code = l.order_code
             join licence c on c.line_id = l.id
             join payment_request r on r.line_id = l.id
             left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
             left join line_hold h on h.line_id = l.id
             where l.state in ('grace', 'suspended') ",
            $meant,
            " order by l.order_code, l.line_no"
        )
    };
}

/// In the order of their lines.
pub async fn all(db: &Db) -> sqlx::Result<Vec<InGrace>> {
    db.query(in_grace!("")).all().await
}

/// Those that work, one at a time: of very many each is looked at as it comes.
pub fn working(db: &Db) -> BoxStream<'_, sqlx::Result<InGrace>> {
    db.query(in_grace!("and l.state = 'grace'")).stream()
}

/// Those that do not work any more.
pub async fn suspended(db: &Db) -> sqlx::Result<Vec<InGrace>> {
    db.query(in_grace!("and l.state = 'suspended'")).all().await
}

/// The suspended ones that are paid, by their numbers.
pub async fn paid_late(db: &Db) -> sqlx::Result<Vec<i64>> {
    let lines: Vec<(i64,)> = db
        .query(
            "select l.id from order_line l join payment_request r on r.line_id = l.id
             where l.state = 'suspended' and r.state in ('paid', 'overpaid') order by l.order_code, l.line_no",
        )
        .all()
        .await?;
    Ok(lines.into_iter().map(|(line,)| line).collect())
}

/// Those of a list.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<InGrace>> {
    db.query(in_grace!("and l.batch_id = $1")).bind(batch.number()).all().await
}

/// Those with these ids.
pub async fn of_lines(db: &Db, ids: &[i64]) -> sqlx::Result<Vec<InGrace>> {
    const OF_LINES: Sql = Sql {
        sqlite: in_grace!("and l.id in (select value from json_each($1))"),
        postgres: in_grace!(
            "and l.id in (select value::bigint from jsonb_array_elements_text($1) as r (value))"
        ),
    };
    db.query(OF_LINES).bind(Json(ids)).all().await
}

/// Nothing where the line is neither in grace nor suspended.
pub async fn of_line(db: &Db, line_id: i64) -> sqlx::Result<Option<InGrace>> {
    db.query(in_grace!("and l.id = $1")).bind(line_id).optional().await
}

/// A warning of a line, and where its letter stands; one that was sent again is told for each of its letters.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Warning {
    pub line_id: i64,
    last_day: String,
    pub days: i64,
    pub recipient: String,
    #[sqlx(try_from = "String")]
    pub state: MailState,
    pub planned_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    of_rest: bool,
}

/// Keeps of a warning that is on its way that it asks for the rest alone.
pub async fn note_of_rest(db: &Db, mail: &Mail) -> sqlx::Result<()> {
    db.query("update mail set of_rest = $2 where id = $1")
        .bind(mail.id)
        .bind(true)
        .execute()
        .await?;
    Ok(())
}

impl Warning {
    /// It asked for what was missing, and threatened nobody.
    pub fn is_of_rest(&self) -> bool {
        self.of_rest
    }

    /// The day after which the line is cut off, as it was then.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last_day.parse().ok()
    }
}

/// Of lines that are in grace.
pub async fn warnings(db: &Db) -> sqlx::Result<Vec<Warning>> {
    db.query(
        "select w.line_id, w.last_day, w.days, w.recipient, m.state, w.planned_at, m.sent_at, m.of_rest
         from line_warning w
         join order_line l on l.id = w.line_id
         join mail m on m.purpose = 'grace_warning' and m.subject = w.order_code and m.recipient = w.recipient
                    and coalesce(m.occasion, m.sequence) = w.sequence
         where l.state = 'grace' order by w.line_id, w.planned_at",
    )
    .all()
    .await
}

/// Of one line, wherever it stands.
pub async fn warnings_of(db: &Db, line_id: i64) -> sqlx::Result<Vec<Warning>> {
    db.query(
        "select w.line_id, w.last_day, w.days, w.recipient, m.state, w.planned_at, m.sent_at, m.of_rest
         from line_warning w
         join mail m on m.purpose = 'grace_warning' and m.subject = w.order_code and m.recipient = w.recipient
                    and coalesce(m.occasion, m.sequence) = w.sequence
         where w.line_id = $1 order by w.planned_at",
    )
    .bind(line_id)
    .all()
    .await
}

/// For which day a line was warned, and whom.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Told {
    pub line_id: i64,
    /// As it was then: `2026-11-30`.
    pub last_day: String,
    pub days: i64,
    /// Who pays.
    pub recipient: String,
}

/// What the letters of an order with a number are about.
pub async fn told(db: &Db, order: &OrderCode, sequence: i64) -> sqlx::Result<Vec<Told>> {
    db.query(
        "select line_id, last_day, days, recipient from line_warning where order_code = $1 and sequence = $2
         order by line_id, days",
    )
    .bind(order.as_str())
    .bind(sequence)
    .all()
    .await
}

/// Holds a planned letter about an order that has not begun to leave, so that what is added to what it tells is told;
/// false where it has. It does not leave before an instant.
pub async fn hold_letter(
    tx: &mut Tx,
    (purpose, order): (Purpose, &OrderCode),
    (recipient, sequence): (&str, i64),
    not_before: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let held = tx
        .query(
            "update mail set not_before = case when not_before < $4 then $4 else not_before end
             where purpose = $5 and subject = $1 and recipient = $2 and sequence = $3
               and state in ('planned', 'held')",
        )
        .bind(order.as_str())
        .bind(recipient)
        .bind(sequence)
        .bind(not_before)
        .bind(purpose.as_str())
        .execute()
        .await?;
    Ok(held == 1)
}

/// Of each line of a firm that was warned: the line, its order, the number of the letter and to whom it went.
pub async fn letters_of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<(i64, String, i64, String)>> {
    db.query(
        "select w.line_id, w.order_code, w.sequence, w.recipient
         from line_warning w join order_line l on l.id = w.line_id
         where l.firm = $1 order by w.line_id, w.planned_at",
    )
    .bind(firm)
    .all()
    .await
}

/// Remembers that a line is warned of its last day, so many days before, also where it is warned of it anew; false where
/// that letter tells of it already.
pub async fn warn(
    tx: &mut Tx,
    line: &InGrace,
    (last_day, days): (NaiveDate, u32),
    sequence: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let warned = tx
        .query(
            "insert into line_warning (line_id, last_day, days, recipient, order_code, sequence, planned_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (line_id, last_day, days, recipient) do update set sequence = $6, planned_at = $7
             where line_warning.sequence <> $6",
        )
        .bind(line.line_id)
        .bind(last_day.to_string())
        .bind(i64::from(days))
        .bind(line.payer_email.as_str())
        .bind(line.order_code.as_str())
        .bind(sequence)
        .bind(now)
        .execute()
        .await?;
    Ok(warned == 1)
}

/// On whose side somebody stands who puts a cut-off off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of whoever runs the program.
    Operator,
    /// Of the firm of the line, which may do so once.
    Firm,
}

/// Puts the cut-off of a line off, to the end of a local day; false where its firm did so before and may not again.
pub async fn hold(tx: &mut Tx, line_id: i64, held: Held<'_>, side: Side) -> sqlx::Result<bool> {
    let kept = tx
        .query(
            "insert into line_hold (line_id, until, reason, said_at, said_by, firm_said_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (line_id) do update set until = $2, reason = $3, said_at = $4, said_by = $5,
                 firm_said_at = coalesce($6, line_hold.firm_said_at), released_at = null
             where $6 is null or line_hold.firm_said_at is null",
        )
        .bind(line_id)
        .bind(held.until.to_string())
        .bind(held.reason)
        .bind(held.said_at)
        .bind(held.by)
        .bind((side == Side::Firm).then_some(held.said_at))
        .execute()
        .await?;
    Ok(kept == 1)
}

/// Ends that; false where nothing was put off.
pub async fn release(tx: &mut Tx, line_id: i64, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let released = tx
        .query("update line_hold set released_at = $2 where line_id = $1 and released_at is null")
        .bind(line_id)
        .bind(now)
        .execute()
        .await?;
    Ok(released == 1)
}

/// Until which day a line is held, and why.
pub async fn hold_of(db: &Db, line_id: i64) -> sqlx::Result<Option<(String, String)>> {
    db.query("select until, reason from line_hold where line_id = $1 and released_at is null")
        .bind(line_id)
        .optional()
        .await
}
