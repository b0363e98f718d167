//! Notifications: the bell of each firm.

use chrono::{DateTime, Utc};

use super::{Db, Tx};
use crate::domain::{order::OrderCode, words::words};

words! {
    /// What the bell rings for.
    pub enum NotificationKind {
        OrderPlaced = "order_placed",
        OrderActivated = "order_activated",
        OrderCancelled = "order_cancelled",
        PaymentReceived = "payment_received",
        PaymentTakenBack = "payment_taken_back",
        LicenceSuspended = "licence_suspended",
        LicenceRestored = "licence_restored",
        /// What is known of a client was corrected, or it went to another firm.
        LineChanged = "line_changed",
        AnswerRefused = "answer_refused",
        /// For the operator: nothing is sent until a person says so.
        EffectsHeld = "effects_held",
        /// For the operator: no file came for a long time.
        Silence = "silence",
        /// For the operator: a job takes longer than it may.
        RunLate = "run_late",
        /// For the operator: a scheduled run failed, and is not tried again.
        RunFailed = "run_failed",
        /// The mail server of an address said no for good.
        MailRefused = "mail_refused",
        /// For the operator: the mail server takes nothing from us.
        MailPaused = "mail_paused",
        /// For the operator: lines wait for a statement that does not come.
        StatementMissing = "statement_missing",
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Notification {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub firm: String,
    #[sqlx(try_from = "String")]
    pub kind: NotificationKind,
    pub text: String,
    pub order_code: Option<String>,
    pub read: bool,
}

/// A notification on its way in.
#[derive(Clone, Debug)]
pub struct NewNotification<'a> {
    pub firm: &'a str,
    pub kind: NotificationKind,
    pub text: &'a str,
    pub order: Option<&'a OrderCode>,
}

pub async fn insert(tx: &mut Tx, new: NewNotification<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query(
        "insert into notification (at, firm, kind, text, order_code) values ($1, $2, $3, $4, $5)",
    )
    .bind(now)
    .bind(new.firm)
    .bind(new.kind.as_str())
    .bind(new.text)
    .bind(new.order.map(OrderCode::as_str))
    .execute()
    .await?;
    Ok(())
}

/// Whether it rang for this kind since an instant.
pub async fn rang_since(
    db: &Db,
    kind: NotificationKind,
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let rang = db
        .query("select id from notification where kind = $1 and at >= $2 limit 1")
        .bind(kind.as_str())
        .bind(since)
        .optional::<(i64,)>()
        .await?;
    Ok(rang.is_some())
}

/// The newest first.
pub async fn list(
    db: &Db,
    firm: Option<&str>,
    since: Option<DateTime<Utc>>,
) -> sqlx::Result<Vec<Notification>> {
    db.query(
        "select * from notification where ($1 is null or firm = $1) and ($2 is null or at >= $2) order by id desc",
    )
    .bind(firm)
    .bind(since)
    .all()
    .await
}
