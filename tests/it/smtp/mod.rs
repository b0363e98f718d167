//! A mail server of the tests' own, on a thread of its own: it keeps what it accepted, and does what a test tells it to
//! do at each step of the dialogue. What the program makes of that is told in `story`.

mod dialogue;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::world::{Ran, World, finished};

/// Where the dialogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Greeting,
    LogIn,
    Sender,
    Recipient,
    Data,
    /// After the last dot.
    Letter,
}

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// As servers do.
    Go,
    /// Another answer: `450 4.2.0 later`.
    Say(&'static str),
    /// Closes the connection without a word.
    Cut,
    /// Keeps the letter, and closes the connection before it says so.
    TakeAndCut,
    /// Keeps the letter, and says nothing any more.
    TakeAndHang,
}

/// What a decision is about.
#[derive(Clone, Debug)]
pub struct Moment {
    pub stage: Stage,
    /// The recipient; empty before one is named.
    pub to: String,
    /// How often this stage was reached, on all connections, from 1.
    pub count: usize,
    /// The number of the letter on its connection, from 1.
    pub letter: usize,
}

/// A letter that was accepted.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub message_id: String,
    pub text: String,
}

type Script = Box<dyn FnMut(&Moment) -> Act + Send>;

pub struct State {
    script: Mutex<Script>,
    taken: Mutex<Vec<Taken>>,
    counts: Mutex<BTreeMap<Stage, usize>>,
    /// Connections at once, and the most that were.
    open: AtomicUsize,
    most: AtomicUsize,
    log_in: Option<(String, String)>,
    how: How,
    acceptor: TlsAcceptor,
}

/// How it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Starttls,
    Implicit,
    Plain,
    /// Plain, and it does not offer more.
    NoStarttls,
}

pub struct Server {
    pub port: u16,
    /// Its certificate, which is its root, too.
    pub pem: String,
    how: How,
    state: Arc<State>,
    _runtime: Runtime,
}

impl Server {
    pub fn new(how: How) -> Server {
        Server::with(how, None)
    }

    /// One that asks for a log-in.
    pub fn with(how: How, log_in: Option<(&str, &str)>) -> Server {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let state = Arc::new(State {
            script: Mutex::new(Box::new(|_| Act::Go)),
            taken: Mutex::default(),
            counts: Mutex::default(),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            log_in: log_in.map(|(name, secret)| (name.to_owned(), secret.to_owned())),
            how,
            acceptor: TlsAcceptor::from(Arc::new(tls)),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tcp.set_nodelay(true).unwrap();
                let state = Arc::clone(&served);
                tokio::spawn(async move {
                    let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
                    state.most.fetch_max(open, Ordering::SeqCst);
                    // A client that goes away ends it.
                    let _ = dialogue::serve(&state, tcp).await;
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Server { port, pem: cert.pem(), how, state, _runtime: runtime }
    }

    /// What it does from now on.
    pub fn script(&self, script: impl FnMut(&Moment) -> Act + Send + 'static) {
        *self.state.script.lock().unwrap() = Box::new(script);
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap().clone()
    }

    /// How often a stage was reached.
    pub fn count(&self, stage: Stage) -> usize {
        self.state.counts.lock().unwrap().get(&stage).copied().unwrap_or(0)
    }

    /// The most connections at once.
    pub fn most_connections(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }

    /// A program that sends to this server, on the real clock.
    pub fn command(&self, world: &World, args: &[&str]) -> Command {
        let mut command = world.command(args);
        let tls = match self.how {
            How::Starttls | How::NoStarttls => "starttls",
            How::Implicit => "implicit",
            How::Plain => "none",
        };
        for (key, value) in [
            ("TRANSPORT", "smtp"),
            ("HOST", "localhost"),
            ("PORT", &self.port.to_string()),
            ("TLS", tls),
            ("CA_FILE", self.root(world).to_str().unwrap()),
            ("PER_MINUTE", "100000"),
        ] {
            command.env(format!("HANGLOAT_MAIL__{key}"), value);
        }
        command
    }

    pub fn run(&self, world: &World, args: &[&str]) -> Ran {
        finished(&mut self.command(world, args))
    }

    fn root(&self, world: &World) -> PathBuf {
        let path = world.outside("root.pem");
        std::fs::write(&path, &self.pem).unwrap();
        path
    }
}
