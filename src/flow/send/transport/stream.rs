//! The way to a mail server: a connection of its own, encrypted as the settings say, ready for the greeting.
//! What is said over it is left to `smtp`.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::{
    ClientConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::config::{self, ConfigError, FILE_NAME, Tls};

/// How long reaching a server and encrypting may take, each.
const CONNECT: Duration = Duration::from_secs(15);
/// Servers let strangers wait before they greet.
const GREETING: Duration = Duration::from_mins(1);
/// No greeting is longer.
const LONGEST: usize = 16 * 1024;

/// A server, and how it is known to be the right one.
#[derive(Clone)]
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    /// Not where nothing is encrypted.
    connector: Option<TlsConnector>,
}

impl Server {
    /// Fails where the certificate of the settings cannot be read.
    pub fn of(settings: &config::Mail) -> Result<Server, ConfigError> {
        let connector = match settings.tls {
            Tls::None => None,
            Tls::Starttls | Tls::Implicit => Some(connector(settings.ca_file.as_deref())?),
        };
        let host = settings.host.trim_matches(['[', ']']).to_owned();
        Ok(Server { host, port: settings.port, tls: settings.tls, connector })
    }

    /// `host:port`, for people.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub async fn connect(&self) -> io::Result<Stream> {
        let mut tcp = within(CONNECT, TcpStream::connect((self.host.as_str(), self.port))).await?;
        // Each command waits for its answer; without this, 40 ms long.
        tcp.set_nodelay(true)?;
        let (greeting, over) = match self.tls {
            Tls::None => (Vec::new(), Over::Plain(tcp)),
            Tls::Implicit => (Vec::new(), self.encrypted(tcp).await?),
            Tls::Starttls => {
                let greeting = within(GREETING, start_tls(&mut tcp)).await?;
                (greeting, self.encrypted(tcp).await?)
            }
        };
        Ok(Stream { greeting: io::Cursor::new(greeting), over })
    }

    async fn encrypted(&self, tcp: TcpStream) -> io::Result<Over> {
        let Some(connector) = &self.connector else { return Ok(Over::Plain(tcp)) };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let stream = within(CONNECT, connector.connect(name, tcp)).await?;
        Ok(Over::Tls(Box::new(stream)))
    }
}

/// Believes the system's certificates, and those of a file.
fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, ConfigError> {
    let wrong = |why: String| {
        let error = ConfigError::new(format!("{FILE_NAME}: [mail] ca_file"), why);
        error.with_fix("name a file with the root certificate of the mail server, in PEM")
    };
    let mut roots = Vec::new();
    if let Some(path) = ca_file {
        let pem = fs_err::read(path).map_err(|error| wrong(error.to_string()))?;
        let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        roots = found
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or_else(|| wrong(format!("{} holds no certificate", path.display())))?;
    }
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        .map_err(|error| wrong(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(time, work).await.unwrap_or_else(|_| {
        Err(io::Error::new(ErrorKind::TimedOut, "the mail server does not answer in time"))
    })
}

/// Asks for encryption, and says how the server greeted before it. Nothing of what came in the clear is believed later.
async fn start_tls(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let greeting = answer(tcp, "220").await?;
    let hello = format!("EHLO {}\r\n", literal(tcp.local_addr()?));
    tcp.write_all(hello.as_bytes()).await?;
    let offers = answer(tcp, "250").await?;
    let offers = String::from_utf8_lossy(&offers).to_ascii_uppercase();
    if !offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim() == "STARTTLS")) {
        return Err(io::Error::other("the mail server does not offer STARTTLS"));
    }
    tcp.write_all(b"STARTTLS\r\n").await?;
    answer(tcp, "220").await?;
    Ok(greeting)
}

/// One whole answer with this code. What comes behind it would have been put in by somebody between us and the server.
async fn answer(tcp: &mut TcpStream, code: &str) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    loop {
        let mut part = [0; 1024];
        let read = tcp.read(&mut part).await?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        said.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&said);
        if let Some(lines) = text.strip_suffix('\n') {
            let lines: Vec<&str> = lines.lines().collect();
            let last = lines.iter().position(|line| line.as_bytes().get(3) != Some(&b'-'));
            match last {
                Some(at) if at + 1 == lines.len() && text.starts_with(code) => return Ok(said),
                Some(_) => {
                    let told = format!(
                        "the mail server said: {}",
                        text.lines().next().unwrap_or_default()
                    );
                    return Err(io::Error::other(told));
                }
                None => {}
            }
        }
        if said.len() > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
    }
}

/// This machine as a mail server takes it that cannot ask for its name.
fn literal(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => format!("[{}]", address.ip()),
        SocketAddr::V6(address) => format!("[IPv6:{}]", address.ip()),
    }
}

/// A connection that first repeats how the server greeted before it was encrypted, as a client of SMTP expects.
#[derive(Debug)]
pub struct Stream {
    greeting: io::Cursor<Vec<u8>>,
    over: Over,
}

#[derive(Debug)]
enum Over {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match &self.over {
            Over::Plain(tcp) => tcp,
            Over::Tls(tls) => tls.get_ref().0,
        }
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().local_addr()
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let greeted = Pin::new(&mut self.greeting).poll_read(context, into);
        if into.filled().len() > before {
            return greeted;
        }
        match &mut self.over {
            Over::Plain(tcp) => Pin::new(tcp).poll_read(context, into),
            Over::Tls(tls) => Pin::new(tls).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.over {
            Over::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Over::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.over {
            Over::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Over::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.over {
            Over::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Over::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}
