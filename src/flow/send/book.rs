//! What becomes of mails is written here, by claims and their ends. A letter is settled before its sender claims the
//! next one; senders that are at it at the same time share a commit, which costs more than all that stands in it.
//! What to write is decided by who sends.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex as Turn, oneshot};

use super::{
    pace::{self, Room},
    transport,
};
use crate::{
    db::{
        Tx,
        leases::Lease,
        mails::{self, Mail, Settled},
        notifications::{self, NewNotification, NotificationKind},
        posting, suppressions,
    },
    domain::mail::MailState,
    flow::{Clock, Services, guard::OPERATOR, holder::LeaseLost},
};

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
    Mail(Box<Mail>),
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
}

struct Waiting {
    entry: Entry,
    answer: oneshot::Sender<Next>,
}

impl Book {
    pub fn new(services: &Arc<Services>) -> Book {
        Book { services: Arc::clone(services), waiting: Mutex::default(), turn: Turn::default() }
    }

    /// Writes an entry, with all others that wait meanwhile.
    pub async fn write(&self, entry: Entry) -> anyhow::Result<Next> {
        let (answer, mut answered) = oneshot::channel();
        self.lock().push(Waiting { entry: entry.clone(), answer });
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn commit(&self, entries: &[&Entry]) -> anyhow::Result<Vec<Next>> {
        let services = self.services.as_ref();
        let now = services.now();
        let mut tx = services.db.begin().await?;
        let mut is_ours = Vec::with_capacity(entries.len());
        for entry in entries {
            is_ours.push(match &entry.ended {
                Some((mail, end)) => settle(services, &mut tx, (mail, end), now).await?,
                None => true,
            });
        }
        let mut room = None;
        let mut answers = Vec::with_capacity(entries.len());
        for (entry, is_ours) in entries.iter().zip(is_ours) {
            answers.push(match entry.wants {
                _ if !is_ours => Next::Lost,
                Wants::Nothing => Next::Nothing,
                Wants::Another => {
                    let left = match room {
                        Some(room) => room,
                        None => pace::room(services, &mut tx, now).await?,
                    };
                    let (next, left) = claim(services, &mut tx, (left, now)).await?;
                    room = Some(left);
                    next
                }
            });
        }
        tx.commit().await?;
        Ok(answers)
    }
}

/// The next mail, where there is room for one; and what room is left.
async fn claim(
    services: &Services,
    tx: &mut Tx,
    (room, now): (Room, DateTime<Utc>),
) -> anyhow::Result<(Next, Room)> {
    let left = match room {
        Room::For(left) if left > 0 => left,
        Room::For(_) | Room::None => return Ok((Next::Full, room)),
        Room::From(at) => return Ok((Next::Wait(at), room)),
    };
    // Leases run on the real clock.
    let until = Clock::System.now() + transport::lease(&services.settings.mail);
    let lease = Lease { holder: services.holder.as_str(), until };
    Ok(match mails::claim(tx, lease, now).await? {
        Some(mail) => (Next::Mail(Box::new(mail)), Room::For(left - 1)),
        None => (Next::Nothing, room),
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
    let firm = posting::firm_of(tx, mail.id).await?;
    let order = mail.order_code.as_deref().map(str::parse).transpose()?;
    let new = NewNotification {
        firm: firm.as_deref().unwrap_or(OPERATOR),
        kind: NotificationKind::MailRefused,
        text: bell,
        order: order.as_ref(),
    };
    Ok(notifications::insert(tx, new, now).await?)
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
