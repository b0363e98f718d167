//! What the runner itself costs: how many runs and mails are claimed and settled in a second, by 1 to 8 workers.
//! On SQLite, and on the PostgreSQL that `TEST_POSTGRES_URL` names; what the work itself costs is measured elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints what it measured, and fails where it stands"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use hangloat::{
    db::{
        Db,
        batches::{self, NewBatch},
        kept::Kept,
        leases::Lease,
        mails::{self, About, NewMail, Settled},
        runs::{self, Counts, End, Run},
        turns::{self, Turn},
    },
    domain::{
        batch::BatchId,
        mail::{MailState, Purpose},
        run::{JobKind, RunState},
    },
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinSet;

/// As many things for each count of workers.
const THINGS: usize = 1_000;
const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[tokio::main]
async fn main() {
    println!("{:<12} {:>8} {:>16} {:>16}", "store", "workers", "runs a second", "mails a second");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    measure(&url).await;
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        return println!("TEST_POSTGRES_URL names no server, so PostgreSQL was left out");
    };
    let schema = format!("bench_{}", std::process::id());
    let sign = if server.contains('?') { '&' } else { '?' };
    raw(&server, &format!("create schema {schema}")).await;
    measure(&format!("{server}{sign}options=-c%20search_path%3D{schema}")).await;
    raw(&server, &format!("drop schema {schema} cascade")).await;
}

async fn raw(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

async fn measure(url: &str) {
    let db = Db::open(url).await.unwrap();
    let batch = batch(&db).await;
    for (round, workers) in WORKERS.into_iter().enumerate() {
        plan(&db, batch, round).await;
        // Each worker is a process of its own: it has its own connections.
        let mut all = Vec::new();
        for _ in 0..workers {
            all.push(Db::open(url).await.unwrap());
        }
        let runs = runs::queued(&db, now()).await.unwrap();
        let mine = |worker: usize| runs.iter().skip(worker).step_by(workers).cloned().collect();
        let in_runs = all.iter().cloned().enumerate();
        let in_runs = timed(in_runs.map(|(worker, db)| run_each(db, worker, mine(worker)))).await;
        let in_mails = all.iter().cloned().enumerate();
        let in_mails = timed(in_mails.map(|(worker, db)| send_each(db, worker))).await;
        let a_second = |time: Duration| THINGS as f64 / time.as_secs_f64();
        println!(
            "{:<12} {workers:>8} {:>16.0} {:>16.0}",
            db.engine(),
            a_second(in_runs),
            a_second(in_mails)
        );
    }
}

async fn timed(work: impl Iterator<Item = impl Future<Output = ()> + Send + 'static>) -> Duration {
    let began = Instant::now();
    work.collect::<JoinSet<()>>().join_all().await;
    began.elapsed()
}

fn now() -> DateTime<Utc> {
    "2026-11-23T01:00:00Z".parse().unwrap()
}

fn lease(holder: &str) -> Lease<'_> {
    Lease { holder, until: now() + TimeDelta::minutes(2) }
}

async fn batch(db: &Db) -> BatchId {
    let sha256 = "0".repeat(64).parse().unwrap();
    let new = NewBatch {
        firm: Some("MINHAN"),
        file_name: "khach.csv",
        sha256: &sha256,
        run_id: None,
        registered_by: None,
        duplicate_of: None,
        options: serde_json::json!({}),
    };
    let mut tx = db.begin().await.unwrap();
    let batch = batches::register(&mut tx, new, now()).await.unwrap();
    tx.commit().await.unwrap();
    batch
}

async fn plan(db: &Db, batch: BatchId, round: usize) {
    let mut tx = db.begin().await.unwrap();
    for number in 0..THINGS {
        let name = format!("{round}-{number}");
        runs::queue(&mut tx, &name, JobKind::Mail, now(), now()).await.unwrap();
        let new = NewMail {
            purpose: Purpose::BatchResult,
            subject: &name,
            about: About::Batch(batch),
            line_id: None,
            recipient: "lan@minhan.example",
            recipient_name: "Nguyễn Thị Lan",
            sequence: 1,
            message_id: &name,
        };
        mails::plan(&mut tx, new, now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn run_each(db: Db, worker: usize, mine: Vec<Run>) {
    let holder = format!("worker {worker}");
    let end = End { state: RunState::Succeeded, counts: Counts::new(), error: None };
    for run in mine {
        let epoch = runs::claim(&db, run.id, lease(&holder), now()).await.unwrap().unwrap();
        let claim = runs::Claim { holder: &holder, epoch };
        assert!(runs::finish(&db, run.id, claim, &end, now()).await.unwrap());
    }
}

async fn send_each(db: Db, worker: usize) {
    let holder = format!("worker {worker}");
    let settled = Settled { state: MailState::Sent, error: None, not_before: now() };
    loop {
        let (lease, now) = (lease(&holder), now());
        let turn = Turn { lease, now, sent: &[], most: 1, tried: None, left: None };
        let mut kept = Kept::of(&db).await.unwrap();
        let Some(mail) = turns::take(&mut kept, &turn).await.unwrap().0.pop() else { break };
        drop(kept);
        let mut tx = db.begin().await.unwrap();
        assert!(mails::settle(&mut tx, mail.id, mail.claim(), settled, now).await.unwrap());
        tx.commit().await.unwrap();
    }
}
