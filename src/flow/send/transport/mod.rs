//! The one door through which letters leave: into files, or to a mail server.
//! Which letter leaves when, and what follows from the answer, is decided by `send`.

mod file;

mod reply;

mod smtp;

mod stream;

use std::time::Duration;

use chrono::TimeDelta;

pub use self::reply::{Blame, blame_of_report, plain};
use self::{
    file::Folder,
    smtp::{Connection, Parcel, Smtp},
};
use crate::{
    config::{self, ConfigError, MailTransport},
    db::mails::Mail,
    domain::mail::MailState,
    flow::{Services, holder},
};

/// One connection more for so many letters.
const LETTERS_EACH: i64 = 4;

/// Nobody is there to take letters.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    #[error("{0}")]
    Away(String),
    /// It does not let us in.
    #[error("{0}")]
    Denied(String),
}

/// What was said to a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Accepted,
    /// Nobody has it, and it may be tried again.
    Later(String),
    /// No for good, about whom.
    No(Blame, String),
    /// It may have been taken.
    Uncertain(String),
}

pub enum Transport {
    File(Folder),
    Smtp(Box<Smtp>),
}

/// What one sender keeps open from letter to letter.
#[derive(Default)]
pub struct Line(Option<Connection>);

impl Transport {
    pub fn of(services: &Services) -> Result<Transport, ConfigError> {
        let settings = &services.settings.mail;
        Ok(match settings.transport {
            MailTransport::File => Transport::File(Folder::new(services.home.join("mail"))),
            MailTransport::Smtp => Transport::Smtp(Box::new(Smtp::new(settings)?)),
        })
    }

    /// How many senders so many letters are worth.
    pub fn senders(&self, due: i64) -> i64 {
        match self {
            Transport::File(_) => 1,
            Transport::Smtp(smtp) => {
                let worth = due.max(0).unsigned_abs().div_ceil(LETTERS_EACH.unsigned_abs());
                i64::try_from(worth).unwrap_or(i64::MAX).clamp(1, smtp.connections())
            }
        }
    }

    /// Nothing is claimed before somebody is there to take it.
    pub async fn ready(&self, line: &mut Line) -> Result<(), Unavailable> {
        match self {
            Transport::File(_) => Ok(()),
            Transport::Smtp(smtp) => smtp.ready(&mut line.0).await,
        }
    }

    /// Fails where nobody takes letters, or a file cannot be written.
    pub async fn send(&self, line: &mut Line, mail: &Mail, bytes: &[u8]) -> anyhow::Result<Said> {
        match self {
            Transport::File(folder) => {
                folder.write(&mail.message_id, bytes)?;
                Ok(Said::Accepted)
            }
            Transport::Smtp(smtp) => {
                Ok(smtp.send(&mut line.0, Parcel { to: &mail.recipient, bytes }).await?)
            }
        }
    }
}

impl Line {
    pub async fn close(self) {
        if let Some(open) = self.0 {
            open.quit().await;
        }
    }
}

/// How long the claim of a letter holds.
pub fn lease(settings: &config::Mail) -> TimeDelta {
    match settings.transport {
        MailTransport::File => holder::LEASE,
        MailTransport::Smtp => holder::LEASE + of(smtp::LONGEST),
    }
}

fn of(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// What becomes of a claimed mail whose process is gone: a file that was being written is written again under the same
/// name, and of a letter at a mail server nobody knows.
pub fn left(settings: &config::Mail) -> MailState {
    match settings.transport {
        MailTransport::File => MailState::Planned,
        MailTransport::Smtp => MailState::Uncertain,
    }
}

/// Asks a mail server whether it would take letters from us, without sending one; says where it is.
pub async fn ask(settings: &config::Mail) -> anyhow::Result<String> {
    let smtp = Smtp::new(settings)?;
    smtp.connect().await?.quit().await;
    Ok(smtp.address())
}
