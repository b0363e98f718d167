//! The façade: transactions, streams, taken keys, the database's own identity and counters.
//! What is in the tables is of no interest here.

use std::collections::BTreeSet;

use futures::{TryStreamExt, future::join_all};
use hangloat::db::{Db, instance, is_taken};

use super::seed::{now, within};
use crate::each_db::each_db;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_gives_its_number_back() {
    each_db(async |db| {
        let mut dropped = db.begin().await.unwrap();
        assert_eq!(instance::next_number(&mut dropped, "order").await.unwrap(), 1);
        drop(dropped);
        let next = async || within(db, async |tx| instance::next_number(tx, "order").await).await;
        assert_eq!((next().await.unwrap(), next().await.unwrap()), (1, 2));
        let unknown = within(db, async |tx| instance::next_number(tx, "invoice").await).await;
        assert!(matches!(unknown, Err(sqlx::Error::RowNotFound)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_come_together_wait_for_each_other() {
    each_db(async |db| {
        let next = async || within(db, async |tx| instance::next_number(tx, "order").await).await;
        let numbers = join_all((0..24).map(|_| next())).await;
        let numbers: BTreeSet<i64> = numbers.into_iter().map(Result::unwrap).collect();
        assert_eq!(numbers, (1..=24).collect());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_keeps_the_first_identity_that_it_was_given() {
    each_db(async |db| {
        assert_eq!(instance::id(db, "first", now()).await.unwrap(), "first");
        assert_eq!(instance::id(db, "second", now()).await.unwrap(), "first");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_row_that_is_there_already_is_taken() {
    each_db(async |db| {
        let insert = "insert into counter (name, value) values ('order', 7)";
        assert!(is_taken(&db.query(insert).execute().await.unwrap_err()));
        let negative = "update counter set value = -1";
        assert!(!is_taken(&db.query(negative).execute().await.unwrap_err()));
        assert!(!is_taken(&sqlx::Error::RowNotFound));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_one_at_a_time_from_the_pool_and_within_a_transaction() {
    const NUMBERS: &str =
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000)
                           select cast(i as bigint), 'số ' || i from n";
    each_db(async |db| {
        let pooled: Vec<(i64, String)> = db.query(NUMBERS).stream().try_collect().await.unwrap();
        assert_eq!((pooled.len(), &pooled[2999]), (3000, &(3000, "số 3000".to_owned())));
        let mut tx = db.begin().await.unwrap();
        let within: Vec<(i64, String)> = tx.query(NUMBERS).stream().try_collect().await.unwrap();
        assert_eq!(within, pooled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_database_says_which_engine_it_is() {
    each_db(async |db| {
        let (named, is_sqlite) = (db.engine(), matches!(db, Db::Sqlite(_)));
        assert_eq!(named, if is_sqlite { "SQLite" } else { "PostgreSQL" });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_opened_again_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    for _ in 0..2 {
        let db = Db::open(&url).await.unwrap();
        assert_eq!(instance::id(&db, "first", now()).await.unwrap(), "first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_opened_is_named() {
    let error = Db::open("sqlite:/nowhere/at/all/test.db").await.unwrap_err();
    assert!(format!("{error:#}").contains("/nowhere/at/all/test.db"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_engine_ended_by_itself_spoils_no_later_one() {
    each_db(async |db| {
        // As often as there are connections, and more.
        for _ in 0..20 {
            let mut tx = db.begin().await.unwrap();
            // What a full disk does behind the back of the connection.
            tx.query("rollback").execute().await.unwrap();
        }
        within(db, async |tx| instance::next_number(tx, "order").await.map(drop)).await.unwrap();
    })
    .await;
}
