//! A mail server, by lettre's client: log-in, one letter after the other over a connection that is kept, and what the
//! server's answers mean for a letter. What becomes of a letter then is decided by `send`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Noop, Quit, Rcpt, Rset},
        extension::ClientId,
    },
};
use tokio::time::{Instant, error::Elapsed, timeout};

use super::{
    Said, Unavailable,
    reply::{self, Blame, Phase},
    stream::Server,
};
use crate::config::{self, ConfigError};

/// How long each answer may take. A server that was handed a letter may look through it for long: who gives up on it
/// does not know what became of the letter (RFC 5321, 4.5.3.2).
const GREETING: Duration = Duration::from_mins(1);
const LOG_IN: Duration = Duration::from_mins(1);
const COMMAND: Duration = Duration::from_mins(1);
const LETTER: Duration = Duration::from_mins(10);
const FAREWELL: Duration = Duration::from_secs(5);
/// All of a letter's answers together: so long must its claim hold.
pub const LONGEST: Duration = Duration::from_mins(15);
/// A connection that was idle for so long is asked whether it still is one.
const IDLE: Duration = Duration::from_secs(5);

pub struct Smtp {
    server: Server,
    from: Address,
    credentials: Option<Credentials>,
    connections: u32,
}

/// One letter on its way.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    pub to: &'a str,
    pub bytes: &'a [u8],
}

/// An open connection, logged in.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    is_used: bool,
    is_open: bool,
    since: Instant,
}

impl Smtp {
    pub fn new(settings: &config::Mail) -> Result<Smtp, ConfigError> {
        let from = settings.from.email.as_str().parse::<Address>();
        let credentials = settings.username.clone().zip(settings.password.as_ref());
        Ok(Smtp {
            server: Server::of(settings)?,
            from: from.map_err(|error| ConfigError::new("[mail] from", error.to_string()))?,
            credentials: credentials
                .map(|(name, secret)| Credentials::new(name, secret.expose().to_owned())),
            connections: settings.connections,
        })
    }

    pub fn address(&self) -> String {
        self.server.address()
    }

    /// How many at once, at most.
    pub fn connections(&self) -> i64 {
        self.connections.into()
    }

    pub async fn connect(&self) -> Result<Connection, Unavailable> {
        let away = |why: String| Unavailable::Away(format!("{}: {why}", self.address()));
        let stream = self.server.connect().await.map_err(|error| away(error.to_string()))?;
        let name = stream.local_addr().map_or_else(|_| ClientId::default(), |at| of_ip(at.ip()));
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name);
        let mut smtp = match timeout(GREETING, greeted).await {
            Ok(Ok(smtp)) => smtp,
            Ok(Err(error)) => return Err(away(told(&error))),
            Err(_) => return Err(away(SILENT.to_owned())),
        };
        if let Some(credentials) = &self.credentials {
            match timeout(LOG_IN, smtp.auth(DEFAULT_MECHANISMS, credentials)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if error.is_permanent() || error.is_client() => {
                    return Err(Unavailable::Denied(told(&error)));
                }
                Ok(Err(error)) => return Err(away(told(&error))),
                Err(_) => return Err(away(SILENT.to_owned())),
            }
        }
        Ok(Connection { smtp, is_used: false, is_open: true, since: Instant::now() })
    }

    /// Makes sure that there is a connection: one that idled may have been closed by the server meanwhile.
    pub async fn ready(&self, line: &mut Option<Connection>) -> Result<(), Unavailable> {
        if let Some(open) = line
            && open.since.elapsed() >= IDLE
            && !open.lives().await
        {
            *line = None;
        }
        if line.is_none() {
            *line = Some(self.connect().await?);
        }
        Ok(())
    }

    /// Hands a letter over. A connection that turns out to be closed before anything was said is replaced, once.
    pub async fn send(
        &self,
        line: &mut Option<Connection>,
        parcel: Parcel<'_>,
    ) -> Result<Said, Unavailable> {
        let Ok(to) = parcel.to.parse::<Address>() else {
            let said = "the address is not one for mails".to_owned();
            return Ok(Said::No(Blame::Recipient, said));
        };
        for _ in 0..2 {
            self.ready(line).await?;
            let Some(open) = line else { break };
            let was_used = open.is_used;
            let said = open.send(self.from.clone(), &to, parcel.bytes).await;
            if !open.is_open {
                *line = None;
            }
            match said {
                Answer::Closed(_) if was_used => {}
                Answer::Closed(why) => return Ok(Said::Later(why)),
                Answer::Said(said) => return Ok(said),
            }
        }
        Ok(Said::Later(CLOSED.to_owned()))
    }
}

const SILENT: &str = "the mail server does not answer in time";
const CLOSED: &str = "the mail server closed the connection";
const LOST: &str = "the connection was lost after the letter had been handed over";

enum Answer {
    /// Before anything was said about the letter.
    Closed(String),
    Said(Said),
}

impl Connection {
    async fn lives(&mut self) -> bool {
        matches!(timeout(FAREWELL, self.smtp.command(Noop)).await, Ok(Ok(_)))
    }

    pub async fn quit(mut self) {
        let _ = timeout(FAREWELL, self.smtp.command(Quit)).await;
    }

    async fn send(&mut self, from: Address, to: &Address, bytes: &[u8]) -> Answer {
        self.is_used = true;
        let said = self.converse(from, to, bytes).await;
        self.since = Instant::now();
        said
    }

    async fn converse(&mut self, from: Address, to: &Address, bytes: &[u8]) -> Answer {
        match timeout(COMMAND, self.smtp.command(Mail::new(Some(from), Vec::new()))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if code(&error).is_none_or(|code| code == 421) => {
                self.is_open = false;
                return Answer::Closed(told(&error));
            }
            answer => return Answer::Said(self.no(Phase::Sender, answer).await),
        }
        let answer = timeout(COMMAND, self.smtp.command(Rcpt::new(to.clone(), Vec::new()))).await;
        if !matches!(answer, Ok(Ok(_))) {
            return Answer::Said(self.no(Phase::Recipient, answer).await);
        }
        let answer = timeout(COMMAND, self.smtp.command(Data)).await;
        if !matches!(answer, Ok(Ok(_))) {
            return Answer::Said(self.no(Phase::Content, answer).await);
        }
        // Set when all of the letter but its last dot is written: from then on the server may have taken it.
        let is_written = AtomicBool::new(false);
        let end = std::iter::from_fn(|| {
            is_written.store(true, Ordering::Relaxed);
            None
        });
        let letter = std::iter::once(bytes).chain(end);
        let answer = timeout(LETTER, self.smtp.message_iter(letter)).await;
        let is_lost = match &answer {
            Ok(Ok(_)) => return Answer::Said(Said::Accepted),
            Ok(Err(error)) => code(error).is_none(),
            Err(_) => true,
        };
        if is_lost && is_written.load(Ordering::Relaxed) {
            self.is_open = false;
            return Answer::Said(Said::Uncertain(LOST.to_owned()));
        }
        Answer::Said(self.no(Phase::Content, answer).await)
    }

    /// What an answer other than yes means; the connection is made ready for the next letter, or given up.
    async fn no<T>(&mut self, phase: Phase, answer: Result<Result<T, Error>, Elapsed>) -> Said {
        let Ok(Err(error)) = answer else {
            self.is_open = false;
            return Said::Later(SILENT.to_owned());
        };
        let said = told(&error);
        let Some(code) = code(&error) else {
            self.is_open = false;
            return Said::Later(said);
        };
        let reset = timeout(COMMAND, self.smtp.command(Rset));
        self.is_open = code != 421 && matches!(reset.await, Ok(Ok(_)));
        if error.is_permanent() {
            Said::No(reply::blame(phase, code, &said), said)
        } else {
            Said::Later(said)
        }
    }
}

fn code(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

/// The server's own words where it had some.
fn told(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match code(error) {
        Some(code) => reply::shown(code, &source),
        None if error.is_client() => source,
        None => CLOSED.to_owned(),
    }
}

fn of_ip(ip: std::net::IpAddr) -> ClientId {
    match ip {
        std::net::IpAddr::V4(ip) => ClientId::Ipv4(ip),
        std::net::IpAddr::V6(ip) => ClientId::Ipv6(ip),
    }
}
