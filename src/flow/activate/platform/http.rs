//! The platform over HTTP, as its API says: one key and one body for every attempt, patience where it asks for some,
//! and a question by key where an answer was lost. What follows from an answer is decided by who asks.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{
    Certificate, Client, Method, Request, Response, StatusCode, Url,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect,
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    Answer, PlatformError,
    gate::{Gate, Pass},
    wire::{Licence, Page, Problem},
};
use crate::{
    config::{self, Secret},
    flow::Clock,
};

/// How often one call is tried.
const ATTEMPTS: u32 = 5;
/// Before the second attempt; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A call may take so many times what one attempt may.
const TOTAL: u32 = 3;
const CONNECT: Duration = Duration::from_secs(5);
/// Servers close connections that idle for a minute.
const IDLE: Duration = Duration::from_secs(30);
const PAGE: u32 = 500;

#[derive(Debug)]
pub struct Http {
    client: Client,
    base_url: Url,
    token: Option<Secret>,
    timeout: Duration,
    gate: Gate,
}

impl Http {
    /// Fails where the address is none, or the certificate cannot be read.
    pub fn new(settings: &config::Platform) -> anyhow::Result<Http> {
        // Another part of the program may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base_url = settings.base_url.as_deref().unwrap_or_default();
        let base_url: Url =
            base_url.parse().with_context(|| format!("[platform] base_url {base_url}"))?;
        let mut client = Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(CONNECT.min(settings.timeout))
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(usize::try_from(settings.concurrency)?)
            // The token is for this address alone.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("hangloat/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &settings.ca_file {
            let pem = fs_err::read(path).context("[platform] ca_file cannot be read")?;
            let roots = Certificate::from_pem_bundle(&pem).with_context(|| {
                format!("[platform] ca_file {} holds no certificate", path.display())
            })?;
            client = client.tls_certs_merge(roots);
        }
        Ok(Http {
            client: client.build().context("[platform] ca_file or the system's certificates")?,
            base_url,
            token: settings.token.clone(),
            timeout: settings.timeout,
            gate: Gate::new(Instant::now()),
        })
    }

    /// Where its answer is lost, the key tells what became of it.
    pub async fn activate(&self, key: &str, body: &str, _now: DateTime<Utc>) -> Answer<Licence> {
        let mut tries = self.tries();
        loop {
            let lost = match self.change(Method::POST, "licences", (key, body)).await {
                Err(PlatformError::Lost(lost)) => lost,
                answer => return answer,
            };
            match self.find_by_key(key).await {
                Ok(Some(licence)) => return Ok(licence),
                Ok(None) => {}
                // That nobody answers now does not undo what may have been done.
                Err(_) => return Err(PlatformError::Lost(lost)),
            }
            tries.wait(None).await.map_err(|()| PlatformError::Lost(lost))?;
        }
    }

    pub async fn find_by_key(&self, key: &str) -> Answer<Option<Licence>> {
        self.known(&["licences", "by-key", key]).await
    }

    pub async fn licence(&self, licence_id: &str) -> Answer<Option<Licence>> {
        self.known(&["licences", licence_id]).await
    }

    pub async fn licences(
        &self,
        since: Option<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Answer<Page> {
        let mut url = self.url(&["licences"])?;
        url.query_pairs_mut().append_pair("limit", &PAGE.to_string());
        if let Some(since) = since {
            let since = since.to_rfc3339_opts(SecondsFormat::Micros, true);
            url.query_pairs_mut().append_pair("updated_since", &since);
        }
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let mut page: Page = self.read(url).await?.ok_or_else(wrong_address)?;
        for licence in &mut page.items {
            self.complete(licence);
        }
        Ok(page)
    }

    pub async fn suspend(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        _now: DateTime<Utc>,
    ) -> Answer<Licence> {
        self.change_licence(Method::POST, (licence_id, "suspend"), (key, body)).await
    }

    pub async fn set_accounts(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        _now: DateTime<Utc>,
    ) -> Answer<Licence> {
        self.change_licence(Method::PUT, (licence_id, "accounts"), (key, body)).await
    }

    pub async fn mark_paid(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        _now: DateTime<Utc>,
    ) -> Answer<Licence> {
        self.change_licence(Method::POST, (licence_id, "paid"), (key, body)).await
    }

    /// A change says the same however often it is asked for, so a lost answer is asked for again.
    async fn change_licence(
        &self,
        method: Method,
        (licence_id, what): (&str, &str),
        request: (&str, &str),
    ) -> Answer<Licence> {
        let mut tries = self.tries();
        let path = format!("licences/{licence_id}/{what}");
        loop {
            match self.change(method.clone(), &path, request).await {
                Err(PlatformError::Lost(lost)) => {
                    tries.wait(None).await.map_err(|()| PlatformError::Lost(lost))?;
                }
                answer => return answer,
            }
        }
    }

    async fn change(
        &self,
        method: Method,
        path: &str,
        (key, body): (&str, &str),
    ) -> Answer<Licence> {
        let url = self.url(&path.split('/').collect::<Vec<_>>())?;
        let request = || {
            let request = self.client.request(method.clone(), url.clone());
            let request = request.header("Idempotency-Key", key);
            request.header(CONTENT_TYPE, "application/json").body(body.to_owned())
        };
        let answer = self.send(request).await?;
        let status = answer.status();
        if status.is_success() {
            let mut licence: Licence = decoded(answer).await?;
            self.complete(&mut licence);
            return Ok(licence);
        }
        // No licence there is an answer; no such path is a wrong address.
        Err(refused(answer, path.matches('/').count() > 0).await)
    }

    /// `None` where the platform does not know it.
    async fn known(&self, path: &[&str]) -> Answer<Option<Licence>> {
        let mut known: Option<Licence> = self.read(self.url(path)?).await?;
        if let Some(licence) = &mut known {
            self.complete(licence);
        }
        Ok(known)
    }

    async fn read<T: DeserializeOwned>(&self, url: Url) -> Answer<Option<T>> {
        let mut tries = self.tries();
        loop {
            let answer = self.send(|| self.client.get(url.clone())).await;
            let lost = match answer {
                Ok(answer) if answer.status().is_success() => match decoded(answer).await {
                    Err(PlatformError::Lost(lost)) => lost,
                    read => return read.map(Some),
                },
                Ok(answer) if answer.status() == StatusCode::NOT_FOUND => return Ok(None),
                Ok(answer) => return Err(refused(answer, true).await),
                Err(PlatformError::Lost(lost)) => lost,
                Err(error) => return Err(error),
            };
            // Nothing is changed by reading twice.
            tries.wait(None).await.map_err(|()| PlatformError::Lost(lost))?;
        }
    }

    /// Sends until there is an answer: while the platform is busy or cannot be reached, again; an answer that may have
    /// been lost is not asked for again here.
    async fn send(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Answer<Response> {
        let mut tries = self.tries();
        loop {
            self.pass(&tries).await?;
            let mut request = request();
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.expose());
            }
            let request: Request = request.build().map_err(|error| denied(&error))?;
            let (away, asked) = match self.client.execute(request).await {
                Err(error) if error.is_connect() => {
                    self.gate.failed(Instant::now());
                    if is_certificate(&error) {
                        return Err(denied(&error));
                    }
                    (anyhow!(error), None)
                }
                Err(error) => {
                    self.gate.failed(Instant::now());
                    return Err(PlatformError::Lost(error.into()));
                }
                Ok(answer) if is_busy(answer.status()) => {
                    let asked = retry_after(&answer);
                    self.gate.busy(asked.unwrap_or(FIRST_WAIT), Instant::now());
                    (anyhow!("it answers {}", answer.status()), asked)
                }
                Ok(answer) if answer.status().is_server_error() => {
                    self.gate.failed(Instant::now());
                    return Err(PlatformError::Lost(anyhow!("it answers {}", answer.status())));
                }
                Ok(answer) => {
                    self.gate.answered(Instant::now());
                    return Ok(answer);
                }
            };
            tries.wait(asked).await.map_err(|()| PlatformError::Away(away))?;
        }
    }

    async fn pass(&self, tries: &Tries) -> Answer<()> {
        loop {
            match self.gate.pass(Instant::now()) {
                Pass::Go => return Ok(()),
                Pass::Wait(wait) if Instant::now() + wait < tries.end => {
                    tokio::time::sleep(wait).await;
                }
                Pass::Wait(wait) | Pass::Closed(wait) => {
                    let why = anyhow!("it is asked again in {} s", wait.as_secs() + 1);
                    return Err(PlatformError::Away(why));
                }
            }
        }
    }

    fn tries(&self) -> Tries {
        Tries { left: ATTEMPTS - 1, wait: FIRST_WAIT, end: Instant::now() + self.timeout * TOTAL }
    }

    /// Each part is one of the path, whatever it holds.
    fn url(&self, path: &[&str]) -> Answer<Url> {
        let mut url = self.base_url.clone();
        url.path_segments_mut().map_err(|()| wrong_address())?.pop_if_empty().extend(path);
        Ok(url)
    }

    /// Where people sign in, if the platform does not say so.
    fn complete(&self, licence: &mut Licence) {
        for login in licence.logins.iter_mut().filter(|login| login.sign_in_url.is_empty()) {
            login.sign_in_url = self.base_url.origin().ascii_serialization();
        }
    }
}

/// How often and how long something is still tried.
struct Tries {
    left: u32,
    wait: Duration,
    end: Instant,
}

impl Tries {
    /// Waits as long as was asked for, else ever longer; fails where it was tried often or long enough.
    async fn wait(&mut self, asked: Option<Duration>) -> Result<(), ()> {
        // Many that failed at once do not come back at once.
        let jitter = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
        let wait = asked.unwrap_or_else(|| self.wait.mul_f64(0.75 + jitter / 2.0));
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        if self.left == 0 || Instant::now() + wait >= self.end {
            return Err(());
        }
        self.left -= 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

/// `Retry-After`: seconds, or an instant as HTTP writes it.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.to_utc() - Clock::System.now()).to_std().unwrap_or_default())
}

/// An answer that cannot be read tells nothing of what became of the request.
async fn decoded<T: DeserializeOwned>(answer: Response) -> Answer<T> {
    let lost = |error: anyhow::Error| PlatformError::Lost(error);
    let bytes = answer.bytes().await.map_err(|error| lost(error.into()))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| lost(anyhow!("its answer is malformed: {error}")))
}

/// Why not. The body is for people; only its code is relied on.
async fn refused(answer: Response, is_of_licence: bool) -> PlatformError {
    let status = answer.status();
    let body = answer.bytes().await.unwrap_or_default();
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let said = problem.as_ref().map_or_else(|| status.to_string(), |it| it.title.clone());
    match (status, problem) {
        (StatusCode::CONFLICT, _) => PlatformError::Conflict,
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            PlatformError::Denied(format!("token: {said}"))
        }
        (StatusCode::NOT_FOUND, Some(problem)) if is_of_licence => {
            PlatformError::refused("not_found", problem.detail.unwrap_or(problem.title))
        }
        (StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST, Some(problem)) => {
            let detail = [problem.field, problem.detail].into_iter().flatten();
            PlatformError::refused(&problem.code, detail.collect::<Vec<_>>().join(" "))
        }
        (status, _) if status.is_redirection() || status == StatusCode::NOT_FOUND => {
            wrong_address()
        }
        (status, _) => PlatformError::refused(&format!("http_{}", status.as_u16()), said),
    }
}

fn wrong_address() -> PlatformError {
    PlatformError::Denied("base_url: no such address there".to_owned())
}

fn denied(error: &reqwest::Error) -> PlatformError {
    let mut causes: Vec<String> = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    PlatformError::Denied(causes.join(": "))
}

/// The server is not who it should be; that does not pass by itself.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    // An I/O error does not name what it wraps as its source.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|error| is_certificate(error)) || error.source().is_some_and(is_certificate)
}
