//! How fast letters leave: 2,000 planned mails through `run mail` into a sink, with and without the two to the firm
//! that carry a workbook; beside what is possible at all: as many
//! letters that are only written, on all processors; a bare client that hands over as many letters of the same size, over
//! as many connections; and Postfix's `smtp-source` where it is. Over 4 connections, as is configured at first, and over 32.
//! Run it with `cargo bench --bench mail`; nothing is asserted.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints what it measured, and fails where it stands"
)]

mod common;

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use common::{ORDER, THEN, copy, done, import, program};
use hangloat::{
    db::Db,
    domain::{locale::Locale, mail::Purpose},
    flow::send::letters::{
        FirmBlock,
        samples::{self, Given},
    },
    text::Texts,
};

/// Mails: a notice and two log-in letters for each client.
const CLIENTS: usize = 667;
const SESSIONS: [usize; 2] = [4, 32];
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let sink = Sink::new().await;
    let folder = tempfile::tempdir().unwrap();
    println!("planning …");
    let template = folder.path().join("planned");
    import(&template, CLIENTS);
    done(program(&template, &["confirm", ORDER, "--activate", "--now", THEN, "-q"]));
    let to_clients = folder.path().join("to-clients");
    copy(&template, &to_clients);
    drop_results(&to_clients).await;
    println!("{:<28} {:>8} {:>10} {:>12} {:>8}", "", "letters", "seconds", "a second", "ratio");
    for sessions in SESSIONS {
        println!("{sessions} connections at once");
        for round in 0..ROUNDS {
            let home = folder.path().join(format!("round-{sessions}-{round}"));
            copy(&template, &home);
            let (all, letters, _) = sink.measure(|| run_mail(&home, sink.port, sessions)).await;
            tell("… with the two workbooks", letters, all, 1.0);
            let home = folder.path().join(format!("clients-{sessions}-{round}"));
            copy(&to_clients, &home);
            let (ours, letters, bytes) =
                sink.measure(|| run_mail(&home, sink.port, sessions)).await;
            let a_second = letters as f64 / ours.as_secs_f64();
            tell("hangloat run mail", letters, ours, 1.0);
            let written = written(letters);
            tell("only written", letters, written, written.div_duration_f64(ours));
            let size = bytes / letters.max(1);
            let all = Batch { letters, size, sessions };
            let (bare, sent, _) = sink.measure_async(bare(sink.port, all)).await;
            tell("bare client", sent, bare, a_second / (sent as f64 / bare.as_secs_f64()));
            if let Some((source, sent)) = smtp_source(&sink, all).await {
                let ratio = a_second / (sent as f64 / source.as_secs_f64());
                tell(&format!("smtp-source, {sessions} at once"), sent, source, ratio);
            } else if round == 0 {
                println!("smtp-source is not there (Debian: postfix), so it was left out");
            }
        }
    }
}

/// Letters that another client hands over.
#[derive(Clone, Copy)]
struct Batch {
    letters: usize,
    /// Bytes of each.
    size: usize,
    sessions: usize,
}

/// `ratio`: our letters a second ÷ theirs.
fn tell(who: &str, letters: usize, time: Duration, ratio: f64) {
    let seconds = time.as_secs_f64();
    println!(
        "{who:<28} {letters:>8} {seconds:>10.2} {:>12.0} {ratio:>8.2}",
        letters as f64 / seconds
    );
}

/// As many log-in letters, the shortest ones, by a thread for each processor: their words and layouts, and nothing else.
fn written(letters: usize) -> Duration {
    let threads = std::thread::available_parallelism().unwrap().get();
    let firm = FirmBlock {
        name: "Công ty TNHH Dịch vụ Kế toán Minh An".to_owned(),
        accountant: "Nguyễn Thị Lan".to_owned(),
        email: "lan@minhan.example".to_owned(),
        phone: Some("0912 345 678".to_owned()),
        phone_of: None,
    };
    let account = ["Vietcombank", "1023456789", "CONG TY PHAN MEM"].map(str::to_owned);
    let given = Given { firm, account, code_prefix: "HL".parse().unwrap(), grace_days: 7 };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut left = letters.div_ceil(threads);
                while left > 0 {
                    let texts = Texts::of(Locale::Vi);
                    let made = samples::of(texts, Purpose::LoginFirst, &given).unwrap();
                    left = left.saturating_sub(black_box(made).len());
                }
            });
        }
    });
    began.elapsed()
}

/// Leaves the letters to clients alone: those to the firm carry a workbook, which takes its own time.
async fn drop_results(home: &Path) {
    let db = Db::open(&format!("sqlite:{}", home.join("hangloat.db").display())).await.unwrap();
    let drop = "update mail set state = 'cancelled' where batch_id is not null or purpose = 'activation_result'";
    db.query(drop).execute().await.unwrap();
}

fn run_mail(home: &Path, port: u16, sessions: usize) {
    let mut command = program(home, &["run", "mail", "-q"]);
    for (key, value) in [
        ("TRANSPORT", "smtp"),
        ("HOST", "localhost"),
        ("PORT", &port.to_string()),
        ("TLS", "none"),
        ("PER_MINUTE", "1000000"),
        ("CONNECTIONS", &sessions.to_string()),
    ] {
        command.env(format!("HANGLOAT_MAIL__{key}"), value);
    }
    done(command);
}

/// A server that accepts everything and keeps nothing.
struct Sink {
    port: u16,
    letters: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Sink {
    async fn new() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (letters, bytes) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counts = (Arc::clone(&letters), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let counts = counts.clone();
                tokio::spawn(async move {
                    let _ = take(tcp, &counts).await;
                });
            }
        });
        Sink { port, letters, bytes }
    }

    async fn measure(&self, work: impl FnOnce()) -> (Duration, usize, usize) {
        self.measure_async(async { tokio::task::block_in_place(work) }).await
    }

    async fn measure_async(&self, work: impl Future<Output = ()>) -> (Duration, usize, usize) {
        self.letters.store(0, Ordering::SeqCst);
        self.bytes.store(0, Ordering::SeqCst);
        let began = Instant::now();
        work.await;
        (began.elapsed(), self.letters.load(Ordering::SeqCst), self.bytes.load(Ordering::SeqCst))
    }
}

async fn take(
    tcp: TcpStream,
    (letters, bytes): &(Arc<AtomicUsize>, Arc<AtomicUsize>),
) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    let mut io = BufReader::new(tcp);
    io.get_mut().write_all(b"220 sink ESMTP\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if io.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            b"DATA" => {
                io.get_mut().write_all(b"354 go on\r\n").await?;
                while line != b".\r\n" {
                    line.clear();
                    bytes.fetch_add(io.read_until(b'\n', &mut line).await?, Ordering::Relaxed);
                }
                letters.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            b"QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        io.get_mut().write_all(answer).await?;
    }
}

/// As little as a client of SMTP can do: the same dialogue, over as many connections, with nothing behind it.
async fn bare(port: u16, Batch { letters, size, sessions }: Batch) {
    let line = format!("{}\r\n", "x".repeat(74));
    let letter = Arc::new(line.repeat(size.div_ceil(line.len())) + ".\r\n");
    let mut all = JoinSet::new();
    for session in 0..sessions {
        let letter = Arc::clone(&letter);
        let own = letters / sessions + usize::from(session < letters % sessions);
        all.spawn(async move {
            let mut tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let mut buffer = [0; 512];
            assert!(tcp.read(&mut buffer).await.unwrap() > 0);
            for _ in 0..own {
                for said in [
                    "MAIL FROM:<a@x.example>\r\n",
                    "RCPT TO:<b@x.example>\r\n",
                    "DATA\r\n",
                    &letter,
                ] {
                    tcp.write_all(said.as_bytes()).await.unwrap();
                    assert!(tcp.read(&mut buffer).await.unwrap() > 0);
                }
            }
        });
    }
    all.join_all().await;
}

async fn smtp_source(
    sink: &Sink,
    Batch { letters, size, sessions }: Batch,
) -> Option<(Duration, usize)> {
    let known = ["/usr/sbin/smtp-source", "/usr/lib/postfix/sbin/smtp-source"];
    let program = known.iter().map(PathBuf::from).find(|path| path.is_file())?;
    let mut command = Command::new(program);
    command.args([
        "-s",
        &sessions.to_string(),
        "-m",
        &letters.to_string(),
        "-l",
        &size.to_string(),
    ]);
    command.args([
        "-d",
        "-f",
        "a@x.example",
        "-t",
        "b@x.example",
        &format!("127.0.0.1:{}", sink.port),
    ]);
    let (time, sent, _) = sink.measure(|| done(command)).await;
    Some((time, sent))
}
