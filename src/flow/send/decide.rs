//! What is decided about mails after they left: one is sent again, one did not arrive, an address gets mail again. By a
//! person, or by what a delivery report says. Commands and their words are left to `cli`, reports to `bounce`.

use super::{
    alarms::{self, AlarmKind},
    bells, book, plan,
    sender::bell,
};
use crate::{
    db::{
        Tx, dues,
        mails::{self, Mail},
        posting, suppressions,
    },
    domain::{batch::BatchId, mail::MailState},
    flow::Services,
};

/// The sequences of mails that are sent again begin behind all that tell one occasion from another: days, and those of
/// copies, are as many as some millions. A warning of today that is sent again is not that of tomorrow.
const BEHIND_OCCASIONS: i64 = 1_000_000_000_000;

/// What became of a decision about a mail.
#[derive(Debug)]
pub enum Decided {
    Done(Mail),
    /// It was so before.
    Before(Mail),
    /// Its state forbids it.
    Not(MailState),
}

/// Plans a mail once more, under an id of its own. That is a decision about its address, too.
pub async fn resend(services: &Services, mail: &Mail) -> anyhow::Result<Decided> {
    use MailState::{Held, Planned, Sending};
    let now = services.now();
    let mut tx = services.db.begin().await?;
    let newest = posting::newest_like(&mut tx, mail).await?;
    if matches!(newest.state, Planned | Held | Sending) {
        // It leaves by itself; another one would say the same twice.
        return Ok(if newest.id == mail.id {
            Decided::Not(newest.state)
        } else {
            Decided::Before(newest)
        });
    }
    let sequence = newest.sequence.max(BEHIND_OCCASIONS) + 1;
    let about = (mail.recipient.as_str(), sequence);
    let message_id = plan::message_id(services, mail.purpose, &mail.subject, about);
    let again = posting::plan_again(&mut tx, mail, (sequence, &message_id), now).await?;
    suppressions::remove(&mut tx, &mail.recipient).await?;
    tx.commit().await?;
    Ok(Decided::Done(again))
}

/// A mail did not arrive, whatever its server said, or is not to; its address gets nothing more.
pub async fn refuse(services: &Services, mail: &Mail, reason: &str) -> anyhow::Result<Decided> {
    let mut tx = services.db.begin().await?;
    if !posting::refuse(&mut tx, mail.id, reason).await? {
        drop(tx);
        return Ok(match mails::by_id(&services.db, mail.id).await? {
            Some(known) if known.state == MailState::Refused => {
                suppress(services, &known, reason).await?;
                Decided::Before(known)
            }
            known => Decided::Not(known.map_or(mail.state, |known| known.state)),
        });
    }
    let bell = bell(services, mail, reason);
    book::refused(services, &mut tx, mail, (&bell, Some(reason))).await?;
    tx.commit().await?;
    let refused = mails::by_id(&services.db, mail.id).await?;
    Ok(Decided::Done(refused.unwrap_or_else(|| mail.clone())))
}

/// Not every refusal keeps an address from mail: one that was forwarded, or that is who sends' own. A person says so.
async fn suppress(services: &Services, mail: &Mail, reason: &str) -> anyhow::Result<()> {
    let mut tx = services.db.begin().await?;
    suppressions::put(&mut tx, (&mail.recipient, mail.id), reason, services.now()).await?;
    Ok(tx.commit().await?)
}

/// Who is told, and what: whoever runs the program where it is about who sends.
#[derive(Clone, Debug)]
pub enum Bell {
    Firm(String),
    Operator(String),
}

/// What a delivery report says of a mail that its server had taken.
#[derive(Clone, Copy, Debug)]
pub struct Bounced<'a> {
    /// The file that it came in.
    pub report: BatchId,
    pub why: &'a str,
    pub bell: &'a Bell,
    /// Whether the address is at fault, and gets nothing more.
    pub suppress: bool,
}

/// A mail came back; false where it was known not to have arrived.
pub async fn bounced(
    services: &Services,
    tx: &mut Tx,
    mail: &Mail,
    bounced: Bounced<'_>,
) -> anyhow::Result<bool> {
    let Bounced { report, why, bell, suppress } = bounced;
    if !posting::bounce(tx, mail.id, report, why).await? {
        return Ok(false);
    }
    match bell {
        Bell::Firm(text) => {
            book::refused(services, tx, mail, (text, suppress.then_some(why))).await?;
        }
        Bell::Operator(text) => {
            bells::of_operator(services, tx, text).await?;
            alarms::plan(services, tx, (AlarmKind::Bounced, "bounce"), text).await?;
        }
    }
    if let Some(list) = posting::list_of(tx, mail).await? {
        dues::workbook_is_due(tx, list).await?;
    }
    Ok(true)
}

/// An address gets mail again; false where it was not kept from it.
pub async fn release(services: &Services, address: &str) -> anyhow::Result<bool> {
    let mut tx = services.db.begin().await?;
    let was_on = suppressions::remove(&mut tx, address).await?;
    tx.commit().await?;
    Ok(was_on)
}
