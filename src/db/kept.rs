//! One connection for several statements, each a transaction of its own.
//! Who shares nothing and keeps nothing takes any one of the pool, by [`Db::query`].

use sqlx::{Postgres, Sqlite, pool::PoolConnection};

use super::{Db, Query, Sql};

#[derive(Debug)]
pub enum Kept {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Kept {
    pub async fn of(db: &Db) -> sqlx::Result<Kept> {
        Ok(match db {
            Db::Sqlite(pool) => Kept::Sqlite(pool.acquire().await?),
            Db::Postgres(pool) => Kept::Postgres(pool.acquire().await?),
        })
    }

    pub fn query(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        let sql = sql.into();
        match self {
            Kept::Sqlite(kept) => Query::SqliteTx(kept, sqlx::query(sql.sqlite)),
            Kept::Postgres(kept) => Query::PgTx(kept, sqlx::query(sql.postgres)),
        }
    }
}
