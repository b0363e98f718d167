//! The outbox → mails. One message, one commit: claimed, written or sent, settled.
//! What causes a mail plans it ([`plan`]) in its own transaction.

pub mod letters;

mod content;

mod message;

mod results;

mod mornings;

pub mod plan;

use chrono::{DateTime, Duration, Utc};

use super::{
    Clock, Services,
    fault::{Fault, caught},
    holder::{Holder, LeaseLost},
    progress::Step,
};
use crate::{
    db::mails::{self, Mail, Settled},
    domain::{email::Email, grace::start_of, mail::MailState},
};

/// How often a mail is tried, and how long the first wait is; each further one is twice as long.
const ATTEMPTS: i64 = 8;
const FIRST_WAIT: Duration = Duration::minutes(1);

/// What sending did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub sent: u64,
    pub held: u64,
    /// Not sent: to be tried again later, or given up.
    pub failed: u64,
    /// Put off by a failure, of this run or an earlier one, to a time that is still to come.
    pub waiting: u64,
}

/// Sends what is due.
pub async fn run(services: &Services) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    release_held(services).await?;
    services.progress.tell(Step::Begin("mail"));
    while !is_day_full(services).await? {
        let now = services.now();
        let Some(mail) = mails::claim(&services.db, services.lease(), now).await? else {
            break;
        };
        match send(services, &mail, now).await? {
            MailState::Sent => {
                summary.sent += 1;
                services.crash_point("mail_settled");
            }
            MailState::Held => summary.held += 1,
            MailState::Cancelled => {}
            _ => summary.failed += 1,
        }
        services.progress.tell(Step::Done(summary.sent));
    }
    services.progress.tell(Step::End);
    summary.waiting = waiting(services).await?.len() as u64;
    Ok(summary)
}

/// When each of those that a failure put off is tried again.
pub async fn waiting(services: &Services) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let planned = crate::db::batches::Filter {
        state: Some(MailState::Planned.to_string()),
        ..Default::default()
    };
    let now = services.now();
    let planned = mails::list(&services.db, &planned).await?;
    let put_off = planned.iter().filter(|mail| mail.attempts > 0 && mail.not_before > now);
    Ok(put_off.map(|mail| mail.not_before).collect())
}

/// What becomes of a claimed mail whose process is gone: a file that was being written is written again under the same
/// name.
const LEFT: MailState = MailState::Planned;

/// Gives back the claims of processes of this machine that are no more, and those whose time is over.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    mails::release_lapsed(&services.db, Clock::System.now(), LEFT).await?;
    for (holder,) in mails::holders(&services.db).await? {
        if Holder::is_dead(&holder) {
            mails::release(&services.db, &holder, LEFT).await?;
        }
    }
    Ok(())
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    mails::release(&services.db, services.holder.as_str(), LEFT).await?;
    Ok(())
}

/// Whether a mail to this address may leave at all (`[mail] hold`, `allow_domains`).
fn may_leave(services: &Services, recipient: &str) -> bool {
    let settings = &services.settings.mail;
    let domain =
        recipient.parse::<Email>().map(|email| email.domain().to_owned()).unwrap_or_default();
    let allowed = &settings.allow_domains;
    !settings.hold
        && (allowed.is_empty() || allowed.iter().any(|known| known.eq_ignore_ascii_case(&domain)))
}

/// Held mails whose reason is gone are planned again.
async fn release_held(services: &Services) -> anyhow::Result<()> {
    let held = crate::db::batches::Filter {
        state: Some(MailState::Held.to_string()),
        ..Default::default()
    };
    for mail in mails::list(&services.db, &held).await? {
        if may_leave(services, &mail.recipient) {
            mails::unhold(&services.db, mail.id).await?;
        }
    }
    Ok(())
}

/// `[mail] per_day`, counted in local days.
async fn is_day_full(services: &Services) -> anyhow::Result<bool> {
    let Some(limit) = services.settings.mail.per_day else { return Ok(false) };
    let since = start_of(services.today(), services.settings.timezone);
    Ok(mails::sent_since(&services.db, since).await? >= i64::from(limit))
}

async fn send(services: &Services, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<MailState> {
    let settled = if may_leave(services, &mail.recipient) {
        match caught(deliver(services, mail)).await {
            Ok(state) => Settled { state, error: None, not_before: now },
            // The next one would fail too, and once there is room or the folder is open all go at once.
            Err(error) if matches!(Fault::of(&error), Fault::DiskFull | Fault::Folder) => {
                let why = format!("{error:#}");
                let state = MailState::Planned;
                let settled = Settled { state, error: Some(&why), not_before: now };
                // Where not even this can be written, the claim ends by itself.
                let _ = mails::settle(&services.db, mail.id, mail.claim(), settled, now).await;
                return Err(error);
            }
            Err(error) if Fault::of(&error) == Fault::LeaseLost => return Err(error),
            Err(error) => {
                tracing::warn!(mail = mail.id, "Mail {} was not sent: {error:#}", mail.id);
                return retry(services, mail, &format!("{error:#}"), now).await;
            }
        }
    } else {
        Settled { state: MailState::Held, error: None, not_before: now }
    };
    end(services, mail, settled, now).await
}

async fn end(
    services: &Services,
    mail: &Mail,
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<MailState> {
    if mails::settle(&services.db, mail.id, mail.claim(), settled, now).await? {
        Ok(settled.state)
    } else {
        Err(LeaseLost.into())
    }
}

/// Planned again, each time after twice as long; given up after the last attempt.
async fn retry(
    services: &Services,
    mail: &Mail,
    error: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<MailState> {
    let wait = FIRST_WAIT * 2_i32.pow(u32::try_from(mail.attempts.clamp(1, ATTEMPTS) - 1)?);
    let state = if mail.attempts < ATTEMPTS { MailState::Planned } else { MailState::Dead };
    let settled = Settled { state, error: Some(error), not_before: now + wait };
    end(services, mail, settled, now).await
}

/// Writes the letter as a file that other mail programs read, unless its reason is gone.
async fn deliver(services: &Services, mail: &Mail) -> anyhow::Result<MailState> {
    services.crash_point("mail_claimed");
    let Some(content) = content::of(services, mail).await? else {
        return Ok(MailState::Cancelled);
    };
    let bytes = message::build(services, mail, &content)?;
    let local_part =
        mail.message_id.split_once('@').map_or(mail.message_id.as_str(), |(local, _)| local);
    let path = services.home.join("mail").join(format!("{local_part}.eml"));
    services.demand(mail.lease_until)?;
    super::files::write_whole(&path, &bytes)?;
    services.crash_point("mail_written");
    Ok(MailState::Sent)
}
