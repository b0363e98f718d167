//! The changes to the tables, oldest first.
//! A released file is never edited; a new change is a new line here.

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
];

pub(super) async fn run(db: &Db) -> Result<(), MigrateError> {
    match db {
        Db::Sqlite(pool) => {
            let migrator = migrator(|sql| sql.sqlite);
            // SQLite has no lock for this. Of two processes that start at once the slower one finds its
            // change made by the other, and looks again.
            for _ in 0..3 * MIGRATIONS.len() {
                if migrator.run(pool).await.is_ok() {
                    return Ok(());
                }
            }
            migrator.run(pool).await
        }
        Db::Postgres(pool) => migrator(|sql| sql.postgres).run(pool).await,
    }
}

fn migrator(text: fn(&Sql) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        let (kind, text) = (MigrationType::Simple, text(sql).into_sql_str());
        Migration::new(*version, (*name).into(), kind, text, false)
    });
    Migrator::with_migrations(migrations.collect())
}
