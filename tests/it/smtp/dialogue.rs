//! One connection of the tests' mail server, line by line.
//! What it does where is said by its script.

use std::io;

use data_encoding::BASE64;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{Act, How, Moment, Stage, State, Taken};

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

struct Line<'a> {
    state: &'a State,
    io: BufReader<Box<dyn Both>>,
    is_encrypted: bool,
    is_logged_in: bool,
    from: Option<String>,
    to: String,
    letters: usize,
}

pub async fn serve(state: &State, tcp: TcpStream) -> io::Result<()> {
    let is_encrypted = state.how == How::Implicit;
    let both: Box<dyn Both> =
        if is_encrypted { Box::new(state.acceptor.accept(tcp).await?) } else { Box::new(tcp) };
    let mut line = Line {
        state,
        io: BufReader::new(both),
        is_encrypted,
        is_logged_in: false,
        from: None,
        to: String::new(),
        letters: 0,
    };
    if line.at(Stage::Greeting, "220 thu.example ESMTP").await? {
        while line.command().await? {}
    }
    Ok(())
}

impl Line<'_> {
    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.io.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
        self.io.get_mut().flush().await
    }

    fn decide(&self, stage: Stage) -> Act {
        let mut counts = self.state.counts.lock().unwrap();
        let count = counts.entry(stage).or_default();
        *count += 1;
        let moment = Moment { stage, to: self.to.clone(), count: *count, letter: self.letters };
        drop(counts);
        (self.state.script.lock().unwrap())(&moment)
    }

    /// Answers as usual, or as the script says; false where the connection is over.
    async fn at(&mut self, stage: Stage, usual: &str) -> io::Result<bool> {
        match self.decide(stage) {
            Act::Go => self.say(usual).await?,
            Act::Say(text) => self.say(text).await?,
            Act::Cut | Act::TakeAndCut | Act::TakeAndHang => return Ok(false),
        }
        Ok(true)
    }

    async fn read(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let read = self.io.read_line(&mut line).await?;
        if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
    }

    async fn command(&mut self) -> io::Result<bool> {
        let line = self.read().await?;
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.offers().await?,
            "STARTTLS" => return self.encrypt().await,
            "AUTH" => return self.log_in(line).await,
            "MAIL" if self.state.log_in.is_some() && !self.is_logged_in => {
                self.say("530 5.7.0 Authentication required").await?;
            }
            "MAIL" if self.from.is_some() => self.say("503 5.5.1 nested MAIL").await?,
            "MAIL" => {
                self.from = Some(address(line));
                self.to.clear();
                self.letters += 1;
                return self.at(Stage::Sender, "250 2.1.0 ok").await;
            }
            "RCPT" => {
                self.to = address(line);
                return self.at(Stage::Recipient, "250 2.1.5 ok").await;
            }
            "DATA" => return self.letter().await,
            "RSET" => {
                self.from = None;
                self.say("250 2.0.0 ok").await?;
            }
            "NOOP" => self.say("250 2.0.0 ok").await?,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(false);
            }
            _ => self.say("500 5.5.2 unknown").await?,
        }
        Ok(true)
    }

    async fn offers(&mut self) -> io::Result<()> {
        let mut offers = vec!["thu.example", "SIZE 20000000", "8BITMIME"];
        if !self.is_encrypted && self.state.how == How::Starttls {
            offers.push("STARTTLS");
        }
        if self.state.log_in.is_some() && (self.is_encrypted || self.state.how == How::Plain) {
            offers.push("AUTH PLAIN LOGIN");
        }
        let last = offers.pop().unwrap();
        for offer in offers {
            self.say(&format!("250-{offer}")).await?;
        }
        self.say(&format!("250 {last}")).await
    }

    async fn encrypt(&mut self) -> io::Result<bool> {
        self.say("220 2.0.0 go on").await?;
        let nothing: Box<dyn Both> =
            Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
        let plain = std::mem::replace(&mut self.io, BufReader::new(nothing)).into_inner();
        let encrypted = self.state.acceptor.accept(plain).await?;
        self.io = BufReader::new(Box::new(encrypted));
        self.is_encrypted = true;
        Ok(true)
    }

    async fn log_in(&mut self, line: &str) -> io::Result<bool> {
        let given = line.rsplit(' ').next().unwrap_or_default();
        let given = BASE64.decode(given.as_bytes()).unwrap_or_default();
        let expected =
            self.state.log_in.as_ref().map(|(name, secret)| format!("\0{name}\0{secret}"));
        self.is_logged_in = expected.is_some_and(|expected| expected.as_bytes() == given);
        let usual = if self.is_logged_in {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 wrong name or password"
        };
        self.at(Stage::LogIn, usual).await
    }

    async fn letter(&mut self) -> io::Result<bool> {
        match self.decide(Stage::Data) {
            Act::Go => self.say("354 go on").await?,
            Act::Say(text) => {
                self.say(text).await?;
                return Ok(true);
            }
            _ => return Ok(false),
        }
        let mut text = String::new();
        loop {
            let line = self.read().await?;
            if line == ".\r\n" {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        let act = self.decide(Stage::Letter);
        if matches!(act, Act::Go | Act::TakeAndCut | Act::TakeAndHang) {
            self.keep(text);
        }
        self.from = None;
        match act {
            Act::Go => self.say("250 2.0.0 taken").await?,
            Act::Say(text) => self.say(text).await?,
            Act::TakeAndHang => std::future::pending().await,
            Act::Cut | Act::TakeAndCut => return Ok(false),
        }
        Ok(true)
    }

    fn keep(&mut self, text: String) {
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: "));
        let taken = Taken {
            from: self.from.clone().unwrap_or_default(),
            to: self.to.clone(),
            message_id: id.unwrap_or_default().trim_matches(['<', '>']).to_owned(),
            text,
        };
        self.state.taken.lock().unwrap().push(taken);
    }
}

/// `MAIL FROM:<a@b> …`
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
