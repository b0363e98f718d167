//! The embedded platform served over HTTP by the platform's API, for trials; faults can be switched on.
//! What is asked of it is carried out by the embedded platform.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::{Answer, Embedded, PlatformError, wire::Problem};
use crate::{config::Secret, domain::words::words, flow::Clock};

/// No request of the API is larger.
const MAX_BODY: usize = 1024 * 1024;

words! {
    /// What can go wrong on the way.
    pub enum FaultKind {
        /// Answers `status` and does nothing.
        Status = "status",
        /// Does what was asked and answers `status`.
        StatusAfter = "status_after",
        /// Closes the connection before anything is done.
        ResetBefore = "reset_before",
        /// Does what was asked and closes the connection.
        ResetAfter = "reset_after",
        /// Does what was asked, and its answer is no JSON.
        Garbage = "garbage",
        /// Takes `millis` longer.
        Slow = "slow",
    }
}

/// A fault that is switched on by `PUT /faults`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub kind: FaultKind,
    /// The operation of the API that it befalls; absent: every one.
    #[serde(default)]
    pub on: Option<String>,
    /// So many requests fare so.
    pub times: u32,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub retry_after: Option<String>,
    #[serde(default)]
    pub millis: u64,
}

/// A platform to try things on.
#[derive(Debug)]
pub struct Sandbox {
    platform: Embedded,
    /// Whoever asks must have it; without one, any will do.
    token: Option<Secret>,
    clock: Clock,
    faults: Mutex<Vec<Fault>>,
}

type Reply = Response<Full<Bytes>>;
/// Why nothing is done.
type Refused = Box<Reply>;

impl Sandbox {
    pub fn new(platform: Embedded, token: Option<Secret>, clock: Clock) -> Sandbox {
        Sandbox { platform, token, clock, faults: Mutex::default() }
    }

    /// What goes wrong from now on, instead of what went wrong until now.
    pub fn switch(&self, faults: Vec<Fault>) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// The next fault of an operation, which has then happened once.
    fn fault(&self, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |fault: &&mut Fault| {
            fault.times > 0 && fault.on.as_deref().is_none_or(|on| on == operation)
        };
        let fault = faults.iter_mut().find(is_due)?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

/// Serves until the listener fails; whoever spawned it ends it.
pub async fn serve(sandbox: Arc<Sandbox>, listener: TcpListener) -> io::Result<Infallible> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sandbox = Arc::clone(&sandbox);
        tokio::spawn(async move { connection(sandbox, stream).await });
    }
}

/// Answers on one connection, plain or encrypted, until it ends.
pub async fn connection<S>(sandbox: Arc<Sandbox>, stream: S)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let sandbox = Arc::clone(&sandbox);
        async move { answer(&sandbox, request).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "A connection of the sandbox ended");
    }
}

/// Fails where the connection is to be closed without an answer.
async fn answer(sandbox: &Sandbox, request: Request<Incoming>) -> io::Result<Reply> {
    let asked = match Asked::read(request).await {
        Ok(asked) => asked,
        Err(reply) => return Ok(*reply),
    };
    let path: Vec<&str> = asked.path.split('/').filter(|part| !part.is_empty()).collect();
    if path == ["faults"] {
        return Ok(switch(sandbox, &asked));
    }
    if !asked.may_ask(sandbox) {
        return Ok(problem(StatusCode::UNAUTHORIZED, "unauthorized", "the token is another one"));
    }
    let Some(operation) =
        path.strip_prefix(&["v1"]).and_then(|path| Operation::of(&asked.method, path))
    else {
        return Ok(problem(StatusCode::NOT_FOUND, "no_such_path", &asked.path));
    };
    let fault = sandbox.fault(operation.name());
    let reset = || Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let Some(fault) = fault else { return Ok(operation.carry_out(sandbox, &asked).await) };
    match fault.kind {
        FaultKind::Status => Ok(faulty(&fault)),
        FaultKind::ResetBefore => reset(),
        FaultKind::Slow => {
            tokio::time::sleep(Duration::from_millis(fault.millis)).await;
            Ok(operation.carry_out(sandbox, &asked).await)
        }
        FaultKind::StatusAfter | FaultKind::ResetAfter | FaultKind::Garbage => {
            let reply = operation.carry_out(sandbox, &asked).await;
            match fault.kind {
                FaultKind::StatusAfter => Ok(faulty(&fault)),
                FaultKind::Garbage => Ok(with(reply.status(), "<html>{", "application/json")),
                _ => reset(),
            }
        }
    }
}

/// What was sent.
struct Asked {
    method: Method,
    path: String,
    query: String,
    key: Option<String>,
    token: Option<String>,
    body: String,
}

impl Asked {
    async fn read(request: Request<Incoming>) -> Result<Asked, Refused> {
        let header = |name: &str| {
            let value = request.headers().get(name)?;
            value.to_str().ok().map(ToOwned::to_owned)
        };
        let (key, token) = (header("Idempotency-Key"), header(AUTHORIZATION.as_str()));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
        let body = body.map_err(|_| bad("the body"))?.to_bytes();
        let body = String::from_utf8(body.to_vec()).map_err(|_| bad("the body"))?;
        let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
        Ok(Asked { method, path, query, key, token, body })
    }

    fn may_ask(&self, sandbox: &Sandbox) -> bool {
        let token = self.token.as_deref().and_then(|text| text.strip_prefix("Bearer "));
        token.is_some_and(|token| match &sandbox.token {
            Some(known) => token == known.expose(),
            None => !token.is_empty(),
        })
    }

    /// Without one nothing is changed.
    fn key(&self) -> Result<&str, Refused> {
        let key = self.key.as_deref().filter(|key| !key.is_empty() && key.len() <= 64);
        key.ok_or_else(|| bad("Idempotency-Key"))
    }

    /// A value of the query.
    fn value<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refused> {
        let pairs = reqwest::Url::parse(&format!("http://sandbox/?{}", self.query));
        let pairs = pairs.map_err(|_| bad(name))?;
        let found =
            pairs.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.parse());
        found.transpose().map_err(|_| bad(name))
    }
}

/// One operation of the API.
enum Operation<'a> {
    Activate,
    ListLicences,
    FindByKey(&'a str),
    GetLicence(&'a str),
    Change(Change, &'a str),
}

impl<'a> Operation<'a> {
    fn of(method: &Method, path: &[&'a str]) -> Option<Operation<'a>> {
        Some(match (method, path) {
            (&Method::POST, ["licences"]) => Operation::Activate,
            (&Method::GET, ["licences"]) => Operation::ListLicences,
            (&Method::GET, ["licences", "by-key", key]) => Operation::FindByKey(key),
            (&Method::GET, ["licences", id]) => Operation::GetLicence(id),
            (&Method::POST, ["licences", id, "suspend"]) => Operation::Change(Change::Suspend, id),
            (&Method::POST, ["licences", id, "paid"]) => Operation::Change(Change::MarkPaid, id),
            (&Method::PUT, ["licences", id, "accounts"]) => {
                Operation::Change(Change::SetAccounts, id)
            }
            _ => return None,
        })
    }

    /// As the API calls it.
    fn name(&self) -> &'static str {
        match self {
            Operation::Activate => "activate",
            Operation::ListLicences => "listLicences",
            Operation::FindByKey(_) => "findByKey",
            Operation::GetLicence(_) => "getLicence",
            Operation::Change(Change::Suspend, _) => "suspend",
            Operation::Change(Change::MarkPaid, _) => "markPaid",
            Operation::Change(Change::SetAccounts, _) => "setAccounts",
        }
    }

    async fn carry_out(&self, sandbox: &Sandbox, asked: &Asked) -> Reply {
        let (platform, now) = (&sandbox.platform, sandbox.clock.now());
        let done = match self {
            Operation::FindByKey(key) => Ok(found(platform.find_by_key(key).await)),
            Operation::GetLicence(id) => Ok(found(platform.licence(id).await)),
            Operation::ListLicences => list(platform, asked).await,
            Operation::Activate => activate(platform, asked, now).await,
            Operation::Change(change, id) => change.carry_out(platform, (id, asked), now).await,
        };
        done.unwrap_or_else(|reply| *reply)
    }
}

/// What is changed of a licence that is there.
#[derive(Clone, Copy)]
enum Change {
    Suspend,
    MarkPaid,
    SetAccounts,
}

impl Change {
    async fn carry_out(
        self,
        platform: &Embedded,
        (id, asked): (&str, &Asked),
        now: DateTime<Utc>,
    ) -> Result<Reply, Refused> {
        let (key, body) = (asked.key()?, asked.body.as_str());
        Ok(changed(match self {
            Change::Suspend => platform.suspend(id, key, body, now).await,
            Change::MarkPaid => platform.mark_paid(id, key, body, now).await,
            Change::SetAccounts => platform.set_accounts(id, key, body, now).await,
        }))
    }
}

/// A key that was used before is answered as the first time, and says so.
async fn activate(
    platform: &Embedded,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<Reply, Refused> {
    let key = asked.key()?;
    let is_replay = matches!(platform.find_by_key(key).await, Ok(Some(_)));
    let mut reply = changed(platform.activate(key, &asked.body, now).await);
    if reply.status().is_success() && is_replay {
        reply.headers_mut().insert("Idempotent-Replay", HeaderValue::from_static("true"));
    } else if reply.status().is_success() {
        *reply.status_mut() = StatusCode::CREATED;
    }
    Ok(reply)
}

async fn list(platform: &Embedded, asked: &Asked) -> Result<Reply, Refused> {
    let since: Option<DateTime<Utc>> = asked.value("updated_since")?;
    let cursor: Option<String> = asked.value("cursor")?;
    Ok(changed(platform.licences(since, cursor.as_deref()).await))
}

/// Says what goes wrong, or is told what goes wrong from now on.
fn switch(sandbox: &Sandbox, asked: &Asked) -> Reply {
    if asked.method == Method::GET {
        let faults = sandbox.faults.lock().unwrap_or_else(PoisonError::into_inner);
        return json(StatusCode::OK, &*faults);
    }
    match serde_json::from_str::<Vec<Fault>>(&asked.body) {
        Ok(faults) if asked.method == Method::PUT => {
            sandbox.switch(faults.clone());
            json(StatusCode::OK, &faults)
        }
        Ok(_) => problem(StatusCode::METHOD_NOT_ALLOWED, "method", "GET or PUT /faults"),
        Err(error) => problem(StatusCode::BAD_REQUEST, "bad_request", &error.to_string()),
    }
}

fn found<T: Serialize>(answer: Answer<Option<T>>) -> Reply {
    match answer {
        Ok(None) => problem(StatusCode::NOT_FOUND, "not_found", "there is none"),
        Ok(Some(found)) => json(StatusCode::OK, &found),
        Err(error) => failed(&error),
    }
}

fn changed<T: Serialize>(answer: Answer<T>) -> Reply {
    answer.map_or_else(|error| failed(&error), |answer| json(StatusCode::OK, &answer))
}

fn failed(error: &PlatformError) -> Reply {
    match error {
        PlatformError::Refused { code, detail } if code == "not_found" => {
            problem(StatusCode::NOT_FOUND, code, detail)
        }
        PlatformError::Refused { code, detail } => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
        }
        PlatformError::Conflict => {
            problem(StatusCode::CONFLICT, "idempotency_conflict", "the key is of another request")
        }
        error => problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error.to_string()),
    }
}

fn faulty(fault: &Fault) -> Reply {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = problem(status, "fault", "switched on");
    if let Some(after) = fault.retry_after.as_deref().and_then(|text| text.parse().ok()) {
        reply.headers_mut().insert(RETRY_AFTER, after);
    }
    reply
}

fn bad(what: &str) -> Refused {
    Box::new(problem(StatusCode::BAD_REQUEST, "bad_request", what))
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Reply {
    let problem = Problem {
        r#type: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        code: code.to_owned(),
        field: None,
        detail: Some(detail.to_owned()),
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    with(status, &body, "application/problem+json")
}

fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    with(status, &serde_json::to_string(value).unwrap_or_default(), "application/json")
}

fn with(status: StatusCode, body: &str, content: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
    reply
}
