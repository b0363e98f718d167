//! One database, two engines: every statement is written once and runs on SQLite or on PostgreSQL.
//! One file a table, one function a statement; nothing is decided here.
//!
//! The engine is chosen where a value is bound, so that dates, JSON and newtypes stay usable on both.
//!
//! A bound limit stands as `limit $1 + 0`: SQLite plans a statement anew each time the number of a bare one changes.

mod migrate;

mod chunks;

pub mod instance;

pub mod guard;
pub mod leases;

pub mod copied;

pub mod unknown;

pub mod portable;

pub mod backups;

pub mod measures;

pub mod runs;

pub mod slots;

pub mod batches;

pub mod rows;

pub mod widths;

pub mod findings;

pub mod header_answers;

pub mod clients;

pub mod orders;

pub mod lines;

pub mod beside;

pub mod standing;

pub mod shown;

pub mod cancellations;

pub mod corrections;

pub mod staff;

pub mod requests;

pub mod invoices;

pub mod owed;

pub mod unpaid;

pub mod statements;

pub mod emptied;

pub mod payments;

pub mod refunds;

pub mod dues;

pub mod grace;

pub mod activations;

pub mod untold;

pub mod licences;

pub mod changes;

pub mod mails;

pub mod turns;

pub mod kept;

pub mod told;

pub mod received;

pub mod posting;

pub mod gathered;

pub mod suppressions;

pub mod mail_pause;

pub mod notifications;

pub mod watched;

pub mod reports;

pub mod look_up;

pub mod morning;

pub mod purge;

pub mod prove;

pub mod platform;

use std::{str::FromStr, time::Duration};

use anyhow::Context;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::{
    Connection as _, Encode, FromRow, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection,
    SqlitePool, Transaction, Type,
    migrate::MigrateError,
    postgres::{PgArguments, PgPoolOptions, PgRow},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

/// Rows that go over in one JSON parameter.
const ROWS_A_STATEMENT: usize = 2_000;
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(15);
const CONNECTIONS: u32 = 8;

/// The pool of connections that the whole program shares.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The database went through changes that this version of the program does not know.
#[derive(Debug, thiserror::Error)]
#[error("the database belongs to a newer version of the program")]
pub struct Newer;

/// An open transaction; it rolls back unless [`Tx::commit`] is called.
#[must_use = "a transaction that is dropped rolls back"]
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The text of a statement: the same for both engines, or one for each.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// A statement and its values, on the way to the pool or to a transaction.
#[must_use = "a query does nothing until it is executed or fetched"]
pub enum Query<'q> {
    SqlitePool(&'q SqlitePool, sqlx::query::Query<'q, Sqlite, SqliteArguments>),
    SqliteTx(&'q mut SqliteConnection, sqlx::query::Query<'q, Sqlite, SqliteArguments>),
    PgPool(&'q PgPool, sqlx::query::Query<'q, Postgres, PgArguments>),
    PgTx(&'q mut PgConnection, sqlx::query::Query<'q, Postgres, PgArguments>),
}

impl Db {
    /// Opens the database that `url` names, and brings its tables up to date.
    pub async fn open(url: &str) -> anyhow::Result<Db> {
        let db = Db::connect(url).await?;
        migrate::copy_before(&db).await?;
        match migrate::run(&db).await {
            Err(MigrateError::VersionMissing(_)) => return Err(Newer.into()),
            done => done.context("The tables of the database cannot be brought up to date")?,
        }
        Ok(db)
    }

    /// Opens the database as it is.
    pub async fn connect(url: &str) -> anyhow::Result<Db> {
        if url.starts_with("sqlite:") { open_sqlite(url).await } else { open_postgres(url).await }
    }

    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            // A transaction that reads first and writes later would fail with
            // "database is locked" where another wrote in between.
            Db::Sqlite(pool) => Tx::Sqlite(pool.begin_with("begin immediate").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub fn query(&self, sql: impl Into<Sql>) -> Query<'_> {
        let sql = sql.into();
        match self {
            Db::Sqlite(pool) => Query::SqlitePool(pool, sqlx::query(sql.sqlite)),
            Db::Postgres(pool) => Query::PgPool(pool, sqlx::query(sql.postgres)),
        }
    }

    pub const fn engine(&self) -> &'static str {
        match self {
            Db::Sqlite(_) => "SQLite",
            Db::Postgres(_) => "PostgreSQL",
        }
    }
}

/// Durable: a committed transaction survives a power cut.
async fn open_sqlite(url: &str) -> anyhow::Result<Db> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    // A full disk ends a transaction by itself, and the connection believes that it still is in one.
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        // One in the same process is always there: to ask takes as long as a statement does.
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let is_free = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_free) })
        })
        .connect_with(options)
        .await;
    Ok(Db::Sqlite(pool.with_context(|| format!("The database {url} cannot be opened"))?))
}

async fn open_postgres(url: &str) -> anyhow::Result<Db> {
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(BUSY).connect(url).await;
    Ok(Db::Postgres(pool.context("The PostgreSQL server of [store] url does not answer")?))
}

impl Tx {
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }

    pub fn query(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        let sql = sql.into();
        match self {
            Tx::Sqlite(tx) => Query::SqliteTx(tx, sqlx::query(sql.sqlite)),
            Tx::Postgres(tx) => Query::PgTx(tx, sqlx::query(sql.postgres)),
        }
    }
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Sql { sqlite: sql, postgres: sql }
    }
}

/// One text for both engines, with parts that only SQLite or only PostgreSQL sees. SQLite, which knows nothing of how
/// many rows there are, is told the index where it would choose a slower one.
macro_rules! sql {
    ($head:literal, sqlite: $index:literal, $body:literal, postgres: $only:literal, $tail:literal) => {
        $crate::db::Sql {
            sqlite: concat!($head, $index, $body, $tail),
            postgres: concat!($head, $body, $only, $tail),
        }
    };
    ($head:literal, sqlite: $index:literal, $tail:literal) => {
        $crate::db::Sql { sqlite: concat!($head, $index, $tail), postgres: concat!($head, $tail) }
    };
    ($head:literal, postgres: $only:literal, $tail:literal) => {
        $crate::db::Sql { sqlite: concat!($head, $tail), postgres: concat!($head, $only, $tail) }
    };
}
use sql;

/// Compiles one expression for every place that a query can go to.
macro_rules! each {
    ($query:expr, |$on:ident, $q:ident| $body:expr) => {
        match $query {
            Query::SqlitePool($on, $q) => $body,
            Query::SqliteTx($on, $q) => $body,
            Query::PgPool($on, $q) => $body,
            Query::PgTx($on, $q) => $body,
        }
    };
}

impl<'q> Query<'q> {
    pub fn bind(self, value: impl Param<'q>) -> Self {
        match self {
            Query::SqlitePool(on, q) => Query::SqlitePool(on, q.bind(value)),
            Query::SqliteTx(on, q) => Query::SqliteTx(on, q.bind(value)),
            Query::PgPool(on, q) => Query::PgPool(on, q.bind(value)),
            Query::PgTx(on, q) => Query::PgTx(on, q.bind(value)),
        }
    }

    /// Runs the statement and says how many rows it changed.
    pub async fn execute(self) -> sqlx::Result<u64> {
        each!(self, |on, q| Ok(q.execute(on).await?.rows_affected()))
    }

    pub async fn one<T: Record>(self) -> sqlx::Result<T> {
        self.optional().await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// The first row. All are read: what a statement writes is committed at its end, and that may fail too.
    pub async fn optional<T: Record>(self) -> sqlx::Result<Option<T>> {
        each!(self, |on, q| q.fetch_all(on).await?.first().map(T::from_row).transpose())
    }

    /// Each is decoded as it comes: a large table is not held twice.
    pub async fn all<T: Record>(self) -> sqlx::Result<Vec<T>> {
        each!(self, |on, q| q.fetch(on).map(|row| T::from_row(&row?)).try_collect().await)
    }

    /// Reads the rows one at a time, so that a large table need not fit in memory.
    pub fn stream<T: Record + 'q>(self) -> BoxStream<'q, sqlx::Result<T>> {
        each!(self, |on, q| q.fetch(on).map(|row| T::from_row(&row?)).boxed())
    }
}

/// A value that both engines can store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in both databases",
    note = "use i64 for whole numbers and money, String for text, DateTime<Utc> for times"
)]
pub trait Param<'q>:
    Encode<'q, Sqlite> + Encode<'q, Postgres> + Type<Sqlite> + Type<Postgres> + 'q
{
}
impl<'q, T> Param<'q> for T where
    T: Encode<'q, Sqlite> + Encode<'q, Postgres> + Type<Sqlite> + Type<Postgres> + 'q
{
}

/// A row that both engines can fill: a tuple, or a struct that derives [`sqlx::FromRow`].
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// Whether a statement failed because its row is there already.
pub fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// What kind of fault an error of the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No room on its disk.
    Full,
    /// Not reachable, or too busy.
    Away,
    /// The statement was wrong.
    Wrong,
}

/// Of a cause that is an error of the database.
pub fn fault_of(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    use sqlx::Error::{ColumnDecode, ColumnNotFound, Decode, Io, RowNotFound, TypeNotFound};
    /// SQLite's "full", and failing to lengthen a file or its index of pages; PostgreSQL's "disk full".
    const FULL: [&str; 4] = ["13", "778", "4874", "53100"];
    Some(match cause.downcast_ref::<sqlx::Error>()? {
        sqlx::Error::Database(error) => match error.code() {
            Some(code) if FULL.contains(&code.as_ref()) => Fault::Full,
            _ if error.kind() == sqlx::error::ErrorKind::Other => Fault::Away,
            _ => Fault::Wrong,
        },
        Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Fault::Full,
        ColumnDecode { .. } | ColumnNotFound(_) | Decode(_) | RowNotFound | TypeNotFound { .. } => {
            Fault::Wrong
        }
        _ => Fault::Away,
    })
}
