//! One sender: over a line of its own, one mail after the other. It claims a mail, gathers its letter, hands it over, and
//! notes what became of it before it claims the next one.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;
use tokio::time::{Instant, sleep};

use super::{
    ATTEMPTS, FIRST_WAIT, GIVEN_UP, LONGEST_WAIT, Summary,
    book::{Book, End, Entry, Next, Wants},
    content,
    known::{Group, Known},
    may_leave, message, pause,
    sms::{self, Answer},
    transport::{Blame, Line, Said, Transport, Unavailable, left},
};
use crate::{
    config::ConfigError,
    db::{mail_pause::Pause, mails::Mail},
    domain::{mail::MailState, phone::Phone},
    flow::{
        Clock, Services,
        fault::{Fault, Panicked, caught},
        progress::Step,
    },
};

/// So many mails that were to come later, one after the other, end a run.
const IN_A_ROW: u32 = 10;
/// How long a run waits for room in the minute, all in all; the next run goes on.
const PATIENCE: Duration = Duration::from_mins(10);
const SUPPRESSED: &str =
    "this address refused mail before; `hangloat suppressions --release` lets it go";

/// What the senders of one run share.
pub struct Post {
    pub services: Arc<Services>,
    pub transport: Transport,
    pub book: Book,
    pub suppressed: Mutex<HashSet<String>>,
    pub summary: Mutex<Summary>,
    /// Why nothing more leaves in this run, where that is not the senders' doing, and for how long.
    pub paused: Mutex<Option<Pause>>,
    /// The one before, where no mail was taken since.
    pub before: Option<Pause>,
    /// Why a sender lost its line and got no other one.
    pub away: Mutex<Option<anyhow::Error>>,
    is_over: AtomicBool,
    /// How many mails were to come later, one after the other.
    in_a_row: AtomicU32,
    until: Instant,
}

impl Post {
    pub fn new(services: &Arc<Services>, suppressed: HashSet<String>) -> Result<Post, ConfigError> {
        Ok(Post {
            services: Arc::clone(services),
            transport: Transport::of(services)?,
            book: Book::new(services),
            suppressed: Mutex::new(suppressed),
            summary: Mutex::default(),
            paused: Mutex::default(),
            before: None,
            away: Mutex::default(),
            is_over: AtomicBool::new(false),
            in_a_row: AtomicU32::new(0),
            until: Instant::now() + PATIENCE,
        })
    }

    /// Sends until nothing is due, there is no room, or nobody takes anything.
    pub async fn work(&self, mut line: Line) -> anyhow::Result<()> {
        let at_work = self.book.at_work();
        let done = self.send_all(&mut line).await;
        drop(at_work);
        line.close().await;
        match done {
            // Others may have a line yet.
            Err(error) if is_away(&error) => {
                lock(&self.away).get_or_insert(error);
                Ok(())
            }
            Err(error) => {
                self.is_over.store(true, Ordering::Relaxed);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    async fn send_all(&self, line: &mut Line) -> anyhow::Result<()> {
        let mut ended = None;
        loop {
            let mut wants = Wants::Another;
            if self.is_over.load(Ordering::Relaxed) {
                wants = Wants::Nothing;
            } else if let Err(away) = self.transport.ready(line).await {
                self.note(ended.take()).await?;
                return Err(away.into());
            }
            let is_sent = matches!(ended, Some((_, End::To { state: MailState::Sent, .. })));
            let next = self.book.write(Entry { ended: ended.take(), wants }).await?.ours()?;
            if is_sent {
                self.services.crash_point("mail_settled");
            }
            match next {
                Next::Mail(mail, group) => {
                    let end = self.send(line, &mail, &group).await?;
                    self.count(&end);
                    ended = Some((mail, end));
                }
                Next::Wait(at) if self.waits(at).await => {}
                Next::Wait(_) | Next::Full => {
                    lock(&self.summary).is_full = true;
                    return Ok(());
                }
                Next::Nothing | Next::Lost => return Ok(()),
            }
        }
    }

    async fn note(&self, ended: Option<(Box<Mail>, End)>) -> anyhow::Result<()> {
        if ended.is_some() {
            self.book.write(Entry { ended, wants: Wants::Nothing }).await?.ours()?;
        }
        Ok(())
    }

    /// Until there is room again; false where that is not worth waiting for, or no clock runs.
    async fn waits(&self, at: DateTime<Utc>) -> bool {
        if matches!(self.services.clock, Clock::Frozen(_)) {
            return false;
        }
        let wait = (at - self.services.now()).to_std().unwrap_or_default();
        let is_worth_it = Instant::now() + wait <= self.until;
        if is_worth_it {
            sleep(wait + Duration::from_millis(1)).await;
        }
        is_worth_it
    }

    /// What becomes of a claimed mail. Fails where the next one would fail too.
    async fn send(&self, line: &mut Line, mail: &Mail, group: &Group) -> anyhow::Result<End> {
        let services = self.services.as_ref();
        let is_suppressed = lock(&self.suppressed).contains(&mail.recipient);
        if is_suppressed || !may_leave(services, &mail.recipient) {
            let error = is_suppressed.then(|| SUPPRESSED.to_owned());
            return Ok(self.to(MailState::Held, error));
        }
        if let Some(phone) = mail.phone() {
            return self.message(mail, &phone).await;
        }
        let letter = match caught(self.letter(mail, group)).await {
            Ok(Some(letter)) => letter,
            Ok(None) => return Ok(self.to(MailState::Cancelled, None)),
            Err(error) => return self.failed(mail, error).await,
        };
        services.demand(mail.lease_until)?;
        let said = match caught(self.hand_over(line, mail, &letter)).await {
            Ok(said) => said,
            Err(error) if error.is::<Panicked>() && self.is_lost_midway() => {
                *line = Line::default();
                Said::Uncertain(format!("{error:#}"))
            }
            Err(error) => return self.failed(mail, error).await,
        };
        Ok(match said {
            Said::Accepted => self.to(MailState::Sent, None),
            Said::Later(why) => self.later(mail, why),
            Said::Uncertain(why) => self.to(MailState::Uncertain, Some(why)),
            Said::No(Blame::Sender, why) => self.pause(mail, why),
            Said::No(blame, why) => self.refused(mail, blame, why),
        })
    }

    /// By phone.
    async fn message(&self, mail: &Mail, phone: &Phone) -> anyhow::Result<End> {
        let answer = match caught(sms::deliver(&self.services, mail, phone)).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(self.to(MailState::Cancelled, None)),
            Err(error) if Fault::of(&error) == Fault::LeaseLost => return Err(error),
            // Nothing was asked yet.
            Err(error) => Answer::Later(format!("{error:#}")),
        };
        if let Answer::Refused(why) | Answer::Later(why) | Answer::Lost(why) = &answer {
            let phone = phone.masked();
            tracing::warn!(mail = mail.id, phone, "Message {} to {phone}: {why}", mail.id);
        }
        Ok(match answer {
            Answer::Taken => self.to(MailState::Sent, None),
            Answer::Refused(why) => self.to(MailState::Refused, Some(why)),
            Answer::Lost(why) => self.to(MailState::Uncertain, Some(why)),
            Answer::Later(why) => self.later(mail, why),
        })
    }

    /// What it says, unless its reason is gone.
    async fn letter(&self, mail: &Mail, group: &Group) -> anyhow::Result<Option<Vec<u8>>> {
        let services = self.services.as_ref();
        services.crash_point("mail_claimed");
        if let Some(letter) = group.letter(mail) {
            return Ok(Some(letter.to_vec()));
        }
        let content = if let Some(known) = group.known(services).await {
            content::of(services, mail, known).await?
        } else {
            let known = Known::of(services, std::slice::from_ref(mail)).await?;
            content::of(services, mail, &known).await?
        };
        content.map(|content| message::build(services, mail, &content)).transpose()
    }

    async fn hand_over(&self, line: &mut Line, mail: &Mail, letter: &[u8]) -> anyhow::Result<Said> {
        let said = self.transport.send(line, mail, letter).await?;
        self.services.crash_point("mail_written");
        Ok(said)
    }

    /// Whether nobody knows who has a letter, where its handing over came to a sudden end.
    fn is_lost_midway(&self) -> bool {
        left(&self.services.settings.mail) == MailState::Uncertain
    }

    async fn failed(&self, mail: &Mail, error: anyhow::Error) -> anyhow::Result<End> {
        let is_of_all =
            matches!(Fault::of(&error), Fault::DiskFull | Fault::Folder) || is_away(&error);
        if is_of_all {
            // The next one would fail too, and once there is room or a server all go at once.
            let why = format!("{error:#}");
            let end = End::PutBack { why, not_before: self.services.now() };
            // Where not even this can be written, the claim ends by itself.
            let _ = self.note(Some((Box::new(mail.clone()), end))).await;
            return Err(error);
        }
        if Fault::of(&error) == Fault::LeaseLost {
            return Err(error);
        }
        tracing::warn!(mail = mail.id, "Mail {} was not sent: {error:#}", mail.id);
        Ok(self.later(mail, format!("{error:#}")))
    }

    fn to(&self, state: MailState, error: Option<String>) -> End {
        End::To { state, error, not_before: self.services.now() }
    }

    /// Planned again, each time after twice as long; given up after many attempts over a long time.
    fn later(&self, mail: &Mail, why: String) -> End {
        let now = self.services.now();
        let is_given_up = mail.attempts >= ATTEMPTS && now - mail.planned_at >= GIVEN_UP;
        let state = if is_given_up { MailState::Dead } else { MailState::Planned };
        End::To { state, error: Some(why), not_before: now + wait(mail) }
    }

    /// Nothing more leaves in this run, and it costs this mail no attempt: it is due when the pause is over.
    fn pause(&self, mail: &Mail, why: String) -> End {
        self.is_over.store(true, Ordering::Relaxed);
        let before = self.before.as_ref().filter(|_| lock(&self.summary).sent == 0);
        let mut paused = lock(&self.paused);
        let now = self.services.now();
        let pause = paused.get_or_insert_with(|| pause::after(before, why.clone(), now));
        End::PutBack { why, not_before: pause::due_again(pause, mail) }
    }

    fn refused(&self, mail: &Mail, blame: Blame, why: String) -> End {
        let suppress = blame == Blame::Recipient;
        if suppress {
            lock(&self.suppressed).insert(mail.recipient.clone());
        }
        let bell = bell(&self.services, mail, &why);
        End::Refused { why, bell, suppress }
    }

    fn count(&self, end: &End) {
        let mut summary = lock(&self.summary);
        if let End::To { state: MailState::Planned, .. } = end {
            // Where one after the other is to come later, all others are spared the attempt.
            if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= IN_A_ROW {
                self.is_over.store(true, Ordering::Relaxed);
            }
        } else {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        match end {
            End::To { state: MailState::Sent, .. } => summary.sent += 1,
            End::To { state: MailState::Held, .. } => summary.held += 1,
            End::To { state: MailState::Uncertain, .. } => summary.uncertain += 1,
            End::To { state: MailState::Cancelled, .. } => {}
            End::Refused { .. } => summary.refused += 1,
            End::To { .. } | End::PutBack { .. } => summary.failed += 1,
        }
        self.services.progress.tell(Step::Done(summary.sent));
    }
}

/// Up to a quarter longer, by the mail's number, so that many do not come back at once.
fn wait(mail: &Mail) -> TimeDelta {
    let doublings = u32::try_from(mail.attempts.clamp(1, ATTEMPTS) - 1).unwrap_or_default();
    let wait = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    let quarters = i32::try_from(mail.id.rem_euclid(26)).unwrap_or_default();
    wait + wait * quarters / 100
}

/// What the bell says of a mail that is refused.
pub fn bell(services: &Services, mail: &Mail, why: &str) -> String {
    let purpose = super::purpose_in_words(services, mail);
    let values = context! {
        purpose, to => mail.recipient.as_str(), subject => mail.subject.as_str(), mail => mail.id,
        why => services.texts.translated(why),
    };
    services.texts.say("message.bell.mail_refused", values)
}

fn is_away(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<Unavailable>) || error.is::<Unavailable>()
}

pub fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
