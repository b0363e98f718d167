//! What becomes of mails is written here, by claims and their ends. A letter is settled before its sender claims the
//! next one; senders that are at it at the same time share a commit, which costs more than all that stands in it.
//! What to write is decided by who sends.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex as Turn, Notify, oneshot},
    time::timeout,
};

use super::{
    bells,
    known::Group,
    pace::{self, Room},
    transport,
};
use crate::{
    db::{
        Tx,
        leases::Lease,
        mails::{self, Mail, Settled},
        posting, suppressions,
    },
    domain::mail::MailState,
    flow::{Clock, Services, holder::LeaseLost},
};

/// How long a commit waits for the senders that are about to have something for it: less than a mail server takes.
const FOR_OTHERS: Duration = Duration::from_millis(1);

/// How a claimed mail ended.
#[derive(Clone, Debug)]
pub enum End {
    To {
        state: MailState,
        error: Option<String>,
        not_before: DateTime<Utc>,
    },
    /// By a no for good, which the firm is told; the address gets nothing more where the no was about it.
    Refused {
        why: String,
        bell: String,
        suppress: bool,
    },
    /// Nothing was tried.
    PutBack {
        why: String,
        not_before: DateTime<Utc>,
    },
}

/// Something to write: the end of what was claimed before, and whether another one is to be claimed.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub ended: Option<(Box<Mail>, End)>,
    pub wants: Wants,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wants {
    #[default]
    Another,
    Nothing,
}

/// What follows for who wrote it.
#[derive(Debug)]
pub enum Next {
    /// With those that were claimed together with it.
    Mail(Box<Mail>, Arc<Group>),
    /// Nothing is due.
    Nothing,
    /// Not before this instant.
    Wait(DateTime<Utc>),
    /// Not in this run.
    Full,
    /// The claim was lost to another process.
    Lost,
}

pub struct Book {
    services: Arc<Services>,
    waiting: Mutex<Vec<Waiting>>,
    turn: Turn<()>,
    senders: AtomicUsize,
    came: Notify,
}

/// A sender at work, for whose entries commits wait.
pub struct AtWork<'a>(&'a Book);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.senders.fetch_sub(1, Ordering::Relaxed);
        self.0.came.notify_one();
    }
}

struct Waiting {
    entry: Entry,
    answer: oneshot::Sender<Next>,
}

impl Book {
    pub fn new(services: &Arc<Services>) -> Book {
        Book {
            services: Arc::clone(services),
            waiting: Mutex::default(),
            turn: Turn::default(),
            senders: AtomicUsize::new(0),
            came: Notify::new(),
        }
    }

    /// One sender more, as long as it is kept.
    pub fn at_work(&self) -> AtWork<'_> {
        self.senders.fetch_add(1, Ordering::Relaxed);
        AtWork(self)
    }

    /// Writes an entry, with all others that wait meanwhile.
    pub async fn write(&self, entry: Entry) -> anyhow::Result<Next> {
        let (answer, mut answered) = oneshot::channel();
        self.lock().push(Waiting { entry: entry.clone(), answer });
        self.came.notify_one();
        let turn = self.turn.lock().await;
        match answered.try_recv() {
            Ok(next) => return Ok(next),
            // Who wrote it along could not; it may be for another entry.
            Err(oneshot::error::TryRecvError::Closed) => {
                let next = self.commit(&[&entry]).await?;
                return Ok(next.into_iter().next().unwrap_or(Next::Nothing));
            }
            Err(oneshot::error::TryRecvError::Empty) => {}
        }
        self.gather().await;
        let all = std::mem::take(&mut *self.lock());
        let entries: Vec<&Entry> = all.iter().map(|one| &one.entry).collect();
        let answers = self.commit(&entries).await?;
        for (one, next) in all.into_iter().zip(answers) {
            // Who does not wait any more has ended.
            let _ = one.answer.send(next);
        }
        drop(turn);
        Ok(answered.try_recv().unwrap_or(Next::Nothing))
    }

    /// Waits until all senders have something to write, but not for long.
    async fn gather(&self) {
        let all = async {
            while self.lock().len() < self.senders.load(Ordering::Relaxed) {
                self.came.notified().await;
            }
        };
        let _ = timeout(FOR_OTHERS, all).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn commit(&self, entries: &[&Entry]) -> anyhow::Result<Vec<Next>> {
        let services = self.services.as_ref();
        let now = services.now();
        let mut tx = services.db.begin().await?;
        let is_ours = settle_all(services, &mut tx, entries, now).await?;
        let wanting = entries.iter().zip(&is_ours);
        let wanting = wanting.filter(|(entry, is_ours)| **is_ours && entry.wants == Wants::Another);
        let (claimed, none_left) = match wanting.count() {
            0 => (Vec::new(), NoneLeft::Due),
            wanting => claim(services, &mut tx, wanting, now).await?,
        };
        tx.commit().await?;
        let group = Arc::new(Group::new(&claimed));
        let mut claimed = claimed.into_iter();
        let answers = entries.iter().zip(is_ours).map(|(entry, is_ours)| match entry.wants {
            _ if !is_ours => Next::Lost,
            Wants::Nothing => Next::Nothing,
            Wants::Another => match claimed.next() {
                Some(mail) => Next::Mail(Box::new(mail), Arc::clone(&group)),
                None => none_left.next(),
            },
        });
        Ok(answers.collect())
    }
}

/// Why there is no further mail.
#[derive(Clone, Copy, Debug)]
enum NoneLeft {
    Due,
    /// In the room for them, before an instant or in this run.
    Room(Option<DateTime<Utc>>),
}

impl NoneLeft {
    fn next(self) -> Next {
        match self {
            NoneLeft::Due => Next::Nothing,
            NoneLeft::Room(Some(at)) => Next::Wait(at),
            NoneLeft::Room(None) => Next::Full,
        }
    }
}

/// The next mails, as far as there is room for them.
async fn claim(
    services: &Services,
    tx: &mut Tx,
    wanting: usize,
    now: DateTime<Utc>,
) -> anyhow::Result<(Vec<Mail>, NoneLeft)> {
    let wanting = i64::try_from(wanting)?;
    let left = match pace::room(services, tx, now).await? {
        Room::For(left) => left,
        Room::From(at) => return Ok((Vec::new(), NoneLeft::Room(Some(at)))),
        Room::None => return Ok((Vec::new(), NoneLeft::Room(None))),
    };
    // Leases run on the real clock.
    let until = Clock::System.now() + transport::lease(&services.settings.mail);
    let lease = Lease { holder: services.holder.as_str(), until };
    let claimed = mails::claim(tx, lease, now, wanting.min(left)).await?;
    let is_full = left < wanting && i64::try_from(claimed.len())? == left;
    Ok((claimed, if is_full { NoneLeft::Room(None) } else { NoneLeft::Due }))
}

/// Of each entry whether its claim, where it has one, still was ours. Most were sent: these are written together.
async fn settle_all(
    services: &Services,
    tx: &mut Tx,
    entries: &[&Entry],
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<bool>> {
    let is_sent = |end: &End| matches!(end, End::To { state: MailState::Sent, .. });
    let ended = entries.iter().filter_map(|entry| entry.ended.as_ref());
    let sent = ended.filter(|(_, end)| is_sent(end)).map(|(mail, _)| (mail.id, mail.epoch));
    let sent: Vec<(i64, i64)> = sent.collect();
    let sent = match sent.as_slice() {
        [] => HashSet::new(),
        sent => mails::sent(tx, services.holder.as_str(), sent, now).await?,
    };
    let mut is_ours = Vec::with_capacity(entries.len());
    for entry in entries {
        is_ours.push(match &entry.ended {
            Some((mail, end)) if is_sent(end) => sent.contains(&mail.id),
            Some((mail, end)) => settle(services, tx, (mail, end), now).await?,
            None => true,
        });
    }
    Ok(is_ours)
}

/// False where the claim is no longer ours.
async fn settle(
    services: &Services,
    tx: &mut Tx,
    (mail, end): (&Mail, &End),
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let settled = match end {
        End::To { state, error, not_before } => {
            Settled { state: *state, error: error.as_deref(), not_before: *not_before }
        }
        End::Refused { why, .. } => {
            Settled { state: MailState::Refused, error: Some(why), not_before: now }
        }
        End::PutBack { why, not_before } => {
            let why = (why.as_str(), *not_before);
            return Ok(posting::put_back(tx, mail.id, mail.claim(), why).await?);
        }
    };
    let is_ours = mails::settle(tx, mail.id, mail.claim(), settled, now).await?;
    // One that is held by the settings has no error.
    if is_ours && let End::To { state: MailState::Held, error: Some(_), .. } = end {
        bells::held(services, tx, mail).await?;
    }
    if is_ours && let End::Refused { why, bell, suppress } = end {
        refused(services, tx, mail, (bell, suppress.then_some(why.as_str()))).await?;
    }
    Ok(is_ours)
}

/// The bell for the firm; and where there is a reason, the address gets nothing more.
pub async fn refused(
    services: &Services,
    tx: &mut Tx,
    mail: &Mail,
    (bell, suppress): (&str, Option<&str>),
) -> anyhow::Result<()> {
    let now = services.now();
    if let Some(why) = suppress {
        suppressions::add(tx, (&mail.recipient, mail.id), why, now).await?;
    }
    bells::ring(services, tx, mail, bell).await
}

impl Next {
    /// Fails where the claim was lost.
    pub fn ours(self) -> Result<Next, LeaseLost> {
        match self {
            Next::Lost => Err(LeaseLost),
            next => Ok(next),
        }
    }
}
