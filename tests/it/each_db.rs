//! Runs a test on SQLite, and on PostgreSQL where `TEST_POSTGRES_URL` names a server.
//! Each run has a database of its own, gone afterwards; what is tested in it is the caller's.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::atomic::{AtomicU32, Ordering},
};

use futures::FutureExt;
use hangloat::db::Db;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

const SERVER: &str = "TEST_POSTGRES_URL";

pub async fn each_db(test: impl AsyncFn(&Db)) {
    println!("on SQLite");
    on_sqlite(&test).await;
    if let Ok(server) = std::env::var(SERVER) {
        println!("on PostgreSQL");
        on_postgres(&server, &test).await;
    } else {
        println!("that was all: {SERVER} names no server, so PostgreSQL was left out");
    }
}

async fn on_sqlite(test: &impl AsyncFn(&Db)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let db = Db::open(&url).await.unwrap();
    test(&db).await;
    close(db).await;
}

async fn on_postgres(server: &str, test: &impl AsyncFn(&Db)) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let sign = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{sign}options=-c%20search_path%3D{schema}");

    // A killed process with the same number may have left one behind.
    let drop_schema = format!("drop schema if exists {schema} cascade");
    raw(server, &format!("{drop_schema}; create schema {schema}")).await;
    let outcome = AssertUnwindSafe(async {
        let db = Db::open(&url).await.unwrap();
        let outcome = AssertUnwindSafe(test(&db)).catch_unwind().await;
        close(db).await;
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
    let outcome = outcome.catch_unwind().await;
    raw(server, &drop_schema).await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

async fn close(db: Db) {
    match db {
        Db::Sqlite(pool) => pool.close().await,
        Db::Postgres(pool) => pool.close().await,
    }
}

async fn raw(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
