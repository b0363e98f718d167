//! How fast licences are activated: 2,000 lines through `activate` against a platform that takes 20 ms for each, beside
//! what is possible at all: as many waits with so many at once, and the commits that a crash-safe bulk needs.
//! Run it with `cargo bench --bench activate`; nothing is asserted but that every line has its licence.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints what it measured, and fails where it stands"
)]

mod common;

use std::{
    convert::Infallible,
    fs::File,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use common::{ORDER, THEN, copy, done, import, program};
use hangloat::{
    db::licences::Login as Named,
    domain::licence::LicenceState,
    flow::activate::platform::wire::{ActivationRequest, Licence, Login},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const LINES: usize = 2_000;
const TAKES: Duration = Duration::from_millis(20);
/// Results may be so far apart, on their way to the disk.
const GROUP: Duration = Duration::from_millis(50);
/// As shipped, and as many as a platform likes at most.
const AT_ONCE: [u32; 3] = [8, 16, 50];
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let server = Server::new().await;
    let folder = tempfile::tempdir().unwrap();
    println!("placing …");
    let template = folder.path().join("placed");
    import(&template, LINES);
    done(program(&template, &["confirm", ORDER, "--now", THEN, "-q"]));
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "at once", "seconds", "ideal", "commits", "ratio", "a second"
    );
    for round in 0..ROUNDS {
        for at_once in AT_ONCE {
            let home = folder.path().join(format!("{round}-{at_once}"));
            copy(&template, &home);
            let began = Instant::now();
            tokio::task::block_in_place(|| activate(&home, at_once, server.port));
            let ours = began.elapsed();
            assert_eq!(server.licences.swap(0, Ordering::SeqCst), LINES);
            let ideal = TAKES * u32::try_from(LINES).unwrap().div_ceil(at_once);
            let commits = commits(folder.path(), 1 + ideal.as_millis().div_ceil(GROUP.as_millis()));
            let ratio = ours.div_duration_f64(ideal.max(commits));
            println!(
                "{at_once:>8} {:>10.2} {:>10.2} {:>10.2} {ratio:>8.2} {:>8.0}",
                ours.as_secs_f64(),
                ideal.as_secs_f64(),
                commits.as_secs_f64(),
                2_000.0 / ours.as_secs_f64()
            );
        }
    }
}

fn activate(home: &Path, at_once: u32, port: u16) {
    let mut command = program(home, &["activate", ORDER, "-q"]);
    command.env("HANGLOAT_PLATFORM__KIND", "http");
    command.env("HANGLOAT_PLATFORM__BASE_URL", format!("http://127.0.0.1:{port}/v1"));
    command.env("HANGLOAT_PLATFORM__CONCURRENCY", at_once.to_string());
    done(command);
}

/// How long the disk takes to keep something so often.
fn commits(folder: &Path, how_often: u128) -> Duration {
    let mut file = File::create(folder.join("commits")).unwrap();
    let began = Instant::now();
    for _ in 0..how_often {
        file.write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    began.elapsed()
}

/// A platform that takes its time, and licenses everything.
struct Server {
    port: u16,
    licences: Arc<AtomicUsize>,
}

impl Server {
    async fn new() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let licences = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&licences);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tcp.set_nodelay(true).unwrap();
                let count = Arc::clone(&count);
                let answer = service_fn(move |request| answer(request, Arc::clone(&count)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), answer));
            }
        });
        Server { port, licences }
    }
}

async fn answer(
    request: Request<Incoming>,
    count: Arc<AtomicUsize>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    tokio::time::sleep(TAKES).await;
    let licence = licence(key, &serde_json::from_slice(&body).unwrap());
    count.fetch_add(1, Ordering::SeqCst);
    let body = Full::new(serde_json::to_vec(&licence).unwrap().into());
    Ok(Response::builder().status(StatusCode::CREATED).body(body).unwrap())
}

fn licence(key: String, request: &ActivationRequest) -> Licence {
    let now: DateTime<Utc> = THEN.parse().unwrap();
    let grace = request.grace_days.map(|days| now + chrono::TimeDelta::days(days.into()));
    let logins = request.accounts.iter().map(|account| Login {
        login: Named { email: account.email.clone(), role: account.role, first_time: true },
        setup_url: Some("https://platform.example/setup".to_owned()),
        setup_expires_at: None,
        sign_in_url: String::new(),
    });
    Licence {
        licence_id: format!("lic_{key}"),
        idempotency_key: key,
        order_code: request.order_code.to_string(),
        line: request.line,
        tax_id: request.client.tax_id.to_string(),
        package: request.package.clone(),
        fiscal_year: request.fiscal_year.year().into(),
        status: if grace.is_some() { LicenceState::Grace } else { LicenceState::Active },
        activated_at: now,
        grace_until: grace,
        paid_on: None,
        updated_at: now,
        logins: logins.collect(),
    }
}
