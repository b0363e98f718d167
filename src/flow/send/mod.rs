//! The outbox → mails: each is claimed, handed over (`transport`), and settled before its sender claims the next one.
//! What causes a mail plans it ([`plan`]) in its own transaction; what a person decides about one is `decide`.

pub mod letters;

mod known;

mod ahead;

mod content;

mod message;

mod results;

mod activations;

mod waiting;

mod standings;

mod occasions;

mod asked;

mod warned;

mod lost;

pub mod came;

pub mod returned;

pub mod of_firm;

pub mod moved;

mod over;

pub mod sms;

pub mod preview;

mod mornings;

mod nights;

mod went;

pub mod alarms;

pub mod plan;

pub mod ends;

mod book;

mod bells;

pub mod decide;

mod pace;

pub mod rest;

pub mod pause;

mod sender;

pub mod transport;

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use self::{
    sender::{Post, lock},
    transport::{Line, Unavailable, left},
};
use super::{Clock, Services, fault::caught, holder::Holder, progress::Step};
use crate::{
    db::{
        mail_pause,
        mails::{self, Mail},
        posting, suppressions,
    },
    domain::{
        email::Email,
        mail::{MailState, Purpose},
        order::LineState,
    },
};

/// How often a mail is tried at least, and for how long, before it is given up.
const ATTEMPTS: i64 = 8;
const GIVEN_UP: Duration = Duration::days(2);
/// How long the first wait is; each further one is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(4);
/// That nothing leaves is told so often.
const TOLD_EACH: Duration = Duration::hours(1);

/// What sending did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub sent: u64,
    pub held: u64,
    /// Not sent: to be tried again later, or given up.
    pub failed: u64,
    /// The mail server said no for good.
    pub refused: u64,
    /// Nobody knows whether they were taken.
    pub uncertain: u64,
    /// Put off by a failure, of this run or an earlier one, to a time that is still to come.
    pub waiting: u64,
    /// Due, and left for a later run: the hours are quiet, or the day or the minute is full.
    pub later: u64,
    is_full: bool,
}

impl Summary {
    pub fn needs_person(&self) -> bool {
        self.failed + self.refused + self.uncertain + self.waiting > 0
    }
}

/// Sends what is due. Fails where nobody takes anything.
pub async fn run(services: &Arc<Services>) -> anyhow::Result<Summary> {
    let suppressed: HashSet<String> =
        suppressions::list(&services.db).await?.into_iter().map(|it| it.address).collect();
    release_held(services, &suppressed).await?;
    services.progress.tell(Step::Begin("mail"));
    let due = posting::due(&services.db, services.now()).await?;
    let pause = pause::holding(&services.db, &services.settings.mail, services.now()).await?;
    let mut summary = match due {
        0 => Summary::default(),
        _ if !services.mail_rest.is_over() || pause.is_some() => {
            Summary { is_full: true, ..Summary::default() }
        }
        due => Box::pin(send_due(services, due, suppressed)).await?,
    };
    services.progress.tell(Step::End);
    summary.waiting = waiting(services).await?.len() as u64;
    if summary.is_full {
        summary.later = posting::due(&services.db, services.now()).await?.unsigned_abs();
    }
    Ok(summary)
}

/// One sender first: where nobody answers it, nothing is claimed, and it costs no mail an attempt.
async fn send_due(
    services: &Arc<Services>,
    due: i64,
    suppressed: HashSet<String>,
) -> anyhow::Result<Summary> {
    let mut first = Line::default();
    let before = mail_pause::last(&services.db).await?;
    let mut post = Post::new(services, suppressed)?;
    post.before = before.clone();
    let post = Arc::new(post);
    let done: anyhow::Result<()> = match post.transport.ready(&mut first).await {
        Ok(()) => {
            let lines = (1..post.transport.senders(due)).map(|_| Line::default());
            all_work(&post, std::iter::once(first).chain(lines)).await
        }
        Err(away) => Err(away.into()),
    };
    let away = lock(&post.away).take();
    let done = match (done, away) {
        (Ok(()), Some(away)) if posting::due(&services.db, services.now()).await? > 0 => Err(away),
        (done, _) => done,
    };
    let denied = done.as_ref().err().and_then(|error| match error.downcast_ref() {
        Some(Unavailable::Denied(why)) => Some(why.clone()),
        _ => None,
    });
    if denied.is_some() {
        services.mail_rest.refused();
    } else if done.is_ok() {
        services.mail_rest.let_in();
    }
    let (paused, summary) = (lock(&post.paused).take(), *lock(&post.summary));
    if let Some(pause) = paused {
        pause::begin(services, &pause).await?;
    } else if summary.sent > 0 && before.is_some() {
        mail_pause::end(&services.db).await?;
    }
    if let Some(why) = denied {
        pause::tell(services, (&why, None), Some("mail-denied")).await?;
    }
    done?;
    Ok(summary)
}

/// Each sender is a task of its own: letters are written on all processors. None outlives the run.
async fn all_work(post: &Arc<Post>, lines: impl Iterator<Item = Line>) -> anyhow::Result<()> {
    let mut senders = JoinSet::new();
    for line in lines {
        let post = Arc::clone(post);
        senders.spawn(async move { caught(post.work(line)).await }.in_current_span());
    }
    let mut done = Ok(());
    while let Some(ended) = senders.join_next().await {
        done = done.and(ended?);
    }
    done
}

/// When each of those that a failure put off is tried again.
pub async fn waiting(services: &Services) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let planned = crate::db::batches::Filter {
        state: Some(MailState::Planned.to_string()),
        ..Default::default()
    };
    let now = services.now();
    let planned = mails::list(&services.db, &planned).await?;
    let has_failed = |mail: &&Mail| mail.error.is_some() || mail.attempts > 0;
    let put_off = planned.iter().filter(has_failed).filter(|mail| mail.not_before > now);
    Ok(put_off.map(|mail| mail.not_before).collect())
}

/// Gives back the claims of processes of this machine that are no more, and those whose time is over.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    let left = left(&services.settings.mail);
    mails::release_lapsed(&services.db, Clock::System.now(), left).await?;
    for (holder,) in mails::holders(&services.db).await? {
        if Holder::is_dead(&holder) {
            mails::release(&services.db, &holder, left).await?;
        }
    }
    Ok(())
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    let left = left(&services.settings.mail);
    mails::release(&services.db, services.holder.as_str(), left).await?;
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
async fn release_held(services: &Services, suppressed: &HashSet<String>) -> anyhow::Result<()> {
    let held = crate::db::batches::Filter {
        state: Some(MailState::Held.to_string()),
        ..Default::default()
    };
    for mail in mails::list(&services.db, &held).await? {
        if may_leave(services, &mail.recipient) && !suppressed.contains(&mail.recipient) {
            mails::unhold(&services.db, mail.id).await?;
        }
    }
    Ok(())
}

/// What a mail is for, as people read it: one about money says whether it came, went back, or does not count any more.
pub fn purpose_in_words(services: &Services, mail: &Mail) -> String {
    let name = match mail.purpose {
        Purpose::PaymentReceived if mail.line_id.is_some() => "payment_taken_back",
        Purpose::PaymentReceived if moved::is_meant(mail) => "payment_moved",
        Purpose::PaymentReceived if returned::is_meant(mail) => "payment_returned",
        purpose => purpose.as_str(),
    };
    services.texts.label(&format!("message.purpose.{name}"))
}

/// Where a mail stands for a line: what waits to ask for its money does not, where the platform refused it for good.
pub fn state_for(line: LineState, mail: &Mail) -> MailState {
    let waits = matches!(mail.state, MailState::Planned | MailState::Held);
    if line == LineState::Failed && mail.purpose == Purpose::OrderNotice && waits {
        MailState::Cancelled
    } else {
        mail.state
    }
}
