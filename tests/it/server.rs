//! The test server's part of a world: a schema of its own, named by `TEST_POSTGRES_URL`.
//! Tests of the store take theirs from `each_db`.

use std::sync::atomic::{AtomicU32, Ordering};

/// A schema of the test server for one world, dropped with it.
pub struct Schema {
    name: String,
    server: String,
    /// Of the server, with this schema alone in its path.
    pub url: String,
}

impl Schema {
    /// None without a test server.
    pub fn of_test_server() -> Option<Schema> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("TEST_POSTGRES_URL").ok()?;
        let name = format!("story_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let sign = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{sign}options=-c%20search_path%3D{name}");
        let schema = Schema { name, server, url };
        schema.execute(&format!("create schema {}", schema.name));
        Some(schema)
    }

    fn execute(&self, sql: &str) {
        self.with(async |connection| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
        });
    }

    /// Every row of every table.
    pub fn dump(&self) -> String {
        self.with(async |connection| {
            let tables: Vec<(String,)> =
                sqlx::query_as("select tablename::text from pg_tables where schemaname = $1")
                    .bind(&self.name)
                    .fetch_all(&mut *connection)
                    .await
                    .unwrap();
            let mut rows = String::new();
            for (table,) in tables {
                let sql = format!("select t::text from {}.{table} t", self.name);
                let found: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                    .fetch_all(&mut *connection)
                    .await
                    .unwrap();
                rows.extend(found.into_iter().map(|(row,)| row + "\n"));
            }
            rows
        })
    }

    fn with<T>(&self, work: impl AsyncFnOnce(&mut sqlx::PgConnection) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&self.server).await.unwrap();
            work(&mut connection).await
        })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.execute(&format!("drop schema {} cascade", self.name));
    }
}
