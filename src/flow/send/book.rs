//! What becomes of mails is written here, by claims and their ends. A letter is settled before its sender claims the
//! next one; senders that are at it at the same time share a commit, which costs more than all that stands in it. The
//! letters of the next one are written meanwhile (`ahead`).
//! What to write is decided by who sends.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::{
    select,
    sync::{Mutex as InTurn, Notify, oneshot},
    time::timeout,
};

use super::{
    ahead::Ahead,
    bells,
    known::Group,
    pace::{self, Room},
    transport,
};
use crate::{
    db::{
        Tx,
        kept::Kept,
        leases::Lease,
        mails::{self, Mail, Settled},
        posting, suppressions,
        turns::{self, Turn},
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
    turn: InTurn<Desk>,
    senders: AtomicUsize,
    came: Notify,
}

/// Whoever writes has it to himself.
#[derive(Default)]
struct Desk {
    kept: Option<Kept>,
    ahead: Option<Ahead>,
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
    answer: oneshot::Sender<Written>,
}

/// What came of an entry.
#[derive(Debug)]
enum Written {
    Mail(Box<Mail>, Arc<Group>),
    /// No further mail, at this instant.
    NoMail(DateTime<Utc>),
    Lost,
}

impl Book {
    pub fn new(services: &Arc<Services>) -> Book {
        Book {
            services: Arc::clone(services),
            waiting: Mutex::default(),
            turn: InTurn::default(),
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
        let wants = entry.wants;
        Ok(match self.written(entry).await? {
            Written::Mail(mail, group) => Next::Mail(mail, group),
            Written::Lost => Next::Lost,
            Written::NoMail(_) if wants == Wants::Nothing => Next::Nothing,
            Written::NoMail(at) => match pace::room(&self.services, at).await? {
                Room::Left => Next::Nothing,
                Room::From(at) => Next::Wait(at),
                Room::None => Next::Full,
            },
        })
    }

    async fn written(&self, entry: Entry) -> anyhow::Result<Written> {
        let (answer, mut answered) = oneshot::channel();
        self.lock().push(Waiting { entry: entry.clone(), answer });
        self.came.notify_one();
        let mut desk = select! {
            biased;
            Ok(written) = &mut answered => return Ok(written),
            desk = self.turn.lock() => desk,
        };
        match answered.try_recv() {
            Ok(written) => return Ok(written),
            // Who wrote it along could not; it may be for another entry.
            Err(oneshot::error::TryRecvError::Closed) => {
                let written = self.commit(&mut desk, &[&entry]).await?.pop();
                return written.context("An entry is written");
            }
            Err(oneshot::error::TryRecvError::Empty) => {}
        }
        self.gather().await;
        let all = std::mem::take(&mut *self.lock());
        let entries: Vec<&Entry> = all.iter().map(|one| &one.entry).collect();
        let answers = self.commit(&mut desk, &entries).await?;
        for (one, written) in all.into_iter().zip(answers) {
            // Who does not wait any more has ended.
            let _ = one.answer.send(written);
        }
        drop(desk);
        answered.try_recv().context("An entry is written")
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

    async fn commit(&self, desk: &mut Desk, entries: &[&Entry]) -> anyhow::Result<Vec<Written>> {
        let now = self.services.now();
        let ahead = desk.ahead.take();
        let (ours, claimed, version) = write_all(&self.services, desk, entries, now).await?;
        let letters = match ahead {
            Some(ahead) => ahead.letters(version).await,
            None => HashMap::new(),
        };
        desk.ahead = version.filter(|_| !claimed.is_empty()).map(|version| {
            let most = i64::try_from(claimed.len()).unwrap_or(i64::MAX);
            Ahead::begin(&self.services, version, now, most)
        });
        let group = Arc::new(Group::new(&claimed, letters));
        let mut claimed = claimed.into_iter();
        let answers = entries.iter().map(|entry| match (&entry.ended, entry.wants) {
            (Some((mail, _)), _) if !ours.contains(&mail.id) => Written::Lost,
            (_, Wants::Nothing) => Written::NoMail(now),
            (_, Wants::Another) => match claimed.next() {
                Some(mail) => Written::Mail(Box::new(mail), Arc::clone(&group)),
                None => Written::NoMail(now),
            },
        });
        Ok(answers.collect())
    }
}

/// Which of the ended mails still were ours, and the next ones. Most were sent: what that is is written together with
/// the claims; all else takes a transaction around it. Where a claim was lost nothing is claimed.
async fn write_all(
    services: &Services,
    desk: &mut Desk,
    entries: &[&Entry],
    now: DateTime<Utc>,
) -> anyhow::Result<(HashSet<i64>, Vec<Mail>, Option<i64>)> {
    let is_sent = |end: &End| matches!(end, End::To { state: MailState::Sent, .. });
    let ended = entries.iter().filter_map(|entry| entry.ended.as_ref());
    let (sent, others): (Vec<_>, Vec<_>) = ended.partition(|(_, end)| is_sent(end));
    let sent: Vec<(i64, i64)> = sent.iter().map(|(mail, _)| (mail.id, mail.epoch)).collect();
    let mut turn = turn(services, entries, &sent, now)?;
    let mut ours = HashSet::new();
    let (written, version) = if others.is_empty() {
        // After an error it is given back, and the next one is another.
        let mut kept = match desk.kept.take() {
            Some(kept) => kept,
            None => Kept::of(&services.db).await?,
        };
        let taken = turns::take(&mut kept, &turn).await?;
        desk.kept = Some(kept);
        taken
    } else {
        let mut tx = services.db.begin().await?;
        for (mail, end) in &others {
            if settle(services, &mut tx, (mail, end), now).await? {
                ours.insert(mail.id);
            }
        }
        if ours.len() < others.len() {
            turn.most = 0;
        }
        let written = turns::take_within(&mut tx, &turn).await?;
        tx.commit().await?;
        (written, None)
    };
    let (settled, claimed): (Vec<Mail>, Vec<Mail>) =
        written.into_iter().partition(|mail| mail.state == MailState::Sent);
    ours.extend(settled.into_iter().map(|mail| mail.id));
    Ok((ours, claimed, version))
}

/// As many as are wanted, as far as there is room for them.
fn turn<'a>(
    services: &'a Services,
    entries: &[&Entry],
    sent: &'a [(i64, i64)],
    now: DateTime<Utc>,
) -> anyhow::Result<Turn<'a>> {
    let wanting = entries.iter().filter(|entry| entry.wants == Wants::Another).count();
    let limits = pace::limits(services, now);
    // Leases run on the real clock.
    let until = Clock::System.now() + transport::lease(&services.settings.mail);
    Ok(Turn {
        lease: Lease { holder: services.holder.as_str(), until },
        now,
        sent,
        most: if limits.is_some() { i64::try_from(wanting)? } else { 0 },
        tried: limits.and_then(|limits| limits.in_minute),
        left: limits.and_then(|limits| limits.in_day),
    })
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
