//! The changes to the tables, oldest first.
//! A released file is never edited; a new change is a new line here.

use std::collections::BTreeSet;

use anyhow::Context;
use sqlx::{
    SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{Db, Sql};

/// One file from each engine's folder; a missing one does not compile.
macro_rules! files {
    ($name:literal) => {
        Sql {
            sqlite: include_str!(concat!("migrations/sqlite/", $name)),
            postgres: include_str!(concat!("migrations/postgres/", $name)),
        }
    };
}

const MIGRATIONS: &[(i64, &str, Sql)] = &[
    (1, "main", files!("0001_main.sql")),
    (2, "intake", files!("0002_intake.sql")),
    (3, "clients", files!("0003_clients.sql")),
    (4, "order_life", files!("0004_order_life.sql")),
    (5, "results", files!("0005_results.sql")),
    (6, "followed", files!("0006_followed.sql")),
    (7, "slots", files!("0007_slots.sql")),
    (8, "epoch", files!("0008_epoch.sql")),
    (9, "guard", files!("0009_guard.sql")),
    (10, "alarms", files!("0010_alarms.sql")),
    (11, "morning", files!("0011_morning.sql")),
    (12, "smtp", files!("0012_smtp.sql")),
    (13, "money", files!("0013_money.sql")),
    (14, "letters", files!("0014_letters.sql")),
    (15, "refunds", files!("0015_refunds.sql")),
    (16, "cut_offs", files!("0016_cut_offs.sql")),
    (17, "in_turn", files!("0017_in_turn.sql")),
    (18, "open_activations", files!("0018_open_activations.sql")),
    (19, "same_payment", files!("0019_same_payment.sql")),
    (20, "bounces", files!("0020_bounces.sql")),
    (21, "corrections", files!("0021_corrections.sql")),
    (22, "look_up", files!("0022_look_up.sql")),
    (25, "told_twice", files!("0025_told_twice.sql")),
    (26, "told_sums", files!("0026_told_sums.sql")),
    (29, "mail_pause", files!("0029_mail_pause.sql")),
    (30, "invoice_exports", files!("0030_invoice_exports.sql")),
    (31, "restored", files!("0031_restored.sql")),
    (32, "mail_recipient", files!("0032_mail_recipient.sql")),
    (33, "operator", files!("0033_operator.sql")),
    (34, "told_before", files!("0034_told_before.sql")),
    (35, "client_emails", files!("0035_client_emails.sql")),
];

/// The newest change that this version knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, _, _)| *version)
}

/// The tables of ours, of this version and of earlier ones.
pub(super) fn tables() -> BTreeSet<&'static str> {
    let texts = MIGRATIONS.iter().map(|(_, _, sql)| sql.sqlite);
    let lines = texts.flat_map(str::lines).filter_map(|line| line.strip_prefix("create table "));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

/// Brings the tables up to date. A database of a newer version is left alone.
pub(super) async fn run(db: &Db) -> Result<(), MigrateError> {
    run_to(db, newest()).await
}

/// The same up to a change.
pub(super) async fn run_to(db: &Db, version: i64) -> Result<(), MigrateError> {
    match db {
        Db::Sqlite(pool) => {
            let migrator = migrator(|sql| sql.sqlite);
            // SQLite has no lock for this. Of two processes that start at once the slower one finds its
            // change made by the other, and looks again.
            for _ in 0..3 * MIGRATIONS.len() {
                match migrator.run_to(version, pool).await {
                    Ok(()) => return Ok(()),
                    Err(error @ MigrateError::VersionMissing(_)) => return Err(error),
                    Err(_) => {}
                }
            }
            migrator.run_to(version, pool).await
        }
        Db::Postgres(pool) => migrator(|sql| sql.postgres).run_to(version, pool).await,
    }
}

/// Copies the file of a database that is to be changed, once for each version of the program.
pub(super) async fn copy_before(db: &Db) -> anyhow::Result<()> {
    let Db::Sqlite(pool) = db else { return Ok(()) };
    let mut tx = pool.begin().await?;
    let known: Vec<(String,)> =
        sqlx::query_as("select name from sqlite_master where name = '_sqlx_migrations'")
            .fetch_all(&mut *tx)
            .await?;
    if known.is_empty() {
        return Ok(());
    }
    let done: Vec<(i64,)> =
        sqlx::query_as("select version from _sqlx_migrations").fetch_all(&mut *tx).await?;
    let is_done = |version: i64| done.iter().any(|(done,)| *done == version);
    if done.is_empty() || MIGRATIONS.iter().all(|(version, _, _)| is_done(*version)) {
        return Ok(());
    }
    let files: Vec<(String,)> =
        sqlx::query_as("select file from pragma_database_list where name = 'main'")
            .fetch_all(&mut *tx)
            .await?;
    drop(tx);
    let Some((file,)) = files.into_iter().find(|(file,)| !file.is_empty()) else { return Ok(()) };
    let to = format!("{file}.before-{}", env!("CARGO_PKG_VERSION"));
    if fs_err::exists(&to)? {
        return Ok(());
    }
    let unfinished = format!("{to}.{}.tmp", std::process::id());
    let copied = async {
        sqlx::query("vacuum into $1").bind(&unfinished).execute(pool).await?;
        fs_err::File::open(&unfinished)?.sync_all()?;
        // A second name never replaces what is there: another process may have been faster.
        match fs_err::hard_link(&unfinished, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                fs_err::rename(&unfinished, &to)
            }
            _ => Ok(()),
        }?;
        anyhow::Ok(())
    };
    let copied = copied.await.context("The database cannot be copied before it is changed");
    let _ = fs_err::remove_file(&unfinished);
    copied
}

fn migrator(text: fn(&Sql) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        let (kind, text) = (MigrationType::Simple, text(sql).into_sql_str());
        Migration::new(*version, (*name).into(), kind, text, false)
    });
    Migrator::with_migrations(migrations.collect())
}
