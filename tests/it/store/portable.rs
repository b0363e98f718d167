//! What there is goes through the portable form and back, on each engine and between them, and one of an earlier
//! version is brought up to date.

use std::sync::Mutex;

use hangloat::db::{
    Db,
    portable::{self, Table},
};
use serde_json::Value;

use super::seed::{ODD, placed_line, within};
use crate::each_db::each_db;

/// Each table with its rows.
type Dump = Vec<(Table, Vec<Value>)>;

async fn dump(db: &Db) -> Dump {
    let mut tx = db.snapshot().await.unwrap();
    let mut dump = Vec::new();
    for table in portable::tables(&mut tx).await.unwrap() {
        let mut rows = Vec::new();
        let take = |row: &str| {
            rows.push(serde_json::from_str(row)?);
            Ok(())
        };
        portable::read(&mut tx, &table, take).await.unwrap();
        rows.sort_by_key(Value::to_string);
        dump.push((table, rows));
    }
    dump
}

async fn fill(db: &Db, dump: &Dump) {
    let mut tx = db.begin().await.unwrap();
    let tables = dump.iter().map(|(table, _)| table.clone()).collect();
    let tables = portable::in_order(&mut tx, tables).await.unwrap();
    for table in tables.iter().rev() {
        portable::clear(&mut tx, table).await.unwrap();
    }
    for table in &tables {
        let (_, rows) = dump.iter().find(|(it, _)| it.name == table.name).unwrap();
        portable::write(&mut tx, table, rows).await.unwrap();
        portable::go_on_behind(&mut tx, table).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_to_the_operator_are_told_apart_from_those_of_a_night_since() {
    each_db(async |db| {
        portable::empty_at(db, 32).await.unwrap();
        let (now, digest) = (super::seed::now(), super::seed::hash(1));
        for revision in [1_i64, 2] {
            let report = "insert into report (kind, day, revision, since, until, content, digest)
                          values ('reconciliation', '2026-11-23', $1, $2, $2, '{}', $3)";
            let query = db.query(report).bind(revision).bind(now).bind(digest.as_str());
            query.execute().await.unwrap();
        }
        let mails = "insert into mail (purpose, subject, report_id, recipient, recipient_name, sequence,
                                       message_id, state, planned_at, not_before)
                     select 'reconciliation',
                            case revision when 1 then '_operator/2026-11-23' else '_operator/2026-11-23/mail' end,
                            id, 'o@x.example', 'O', 1, 'm' || revision, 'planned', since, since
                     from report";
        db.query(mails).execute().await.unwrap();
        portable::bring_up_to_date(db).await.unwrap();
        let mails = "select purpose, message_id, of_rest from mail order by message_id";
        let mails: Vec<(String, String, bool)> = db.query(mails).all().await.unwrap();
        let kinds = "select id, kind from report order by id";
        let kinds: Vec<(i64, String)> = db.query(kinds).all().await.unwrap();
        for (at, purpose) in ["reconciliation", "operator"].into_iter().enumerate() {
            assert_eq!((mails[at].0.as_str(), kinds[at].1.as_str()), (purpose, purpose));
            assert!(!mails[at].2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_may_have_been_told_before_a_restore_are_told_apart_by_a_column_since() {
    each_db(async |db| {
        portable::empty_at(db, 33).await.unwrap();
        let (now, hash) = (super::seed::now(), super::seed::hash(1));
        let batch = "insert into batch (firm, kind, state, file_name, sha256, received_at)
                     values ('MINHAN', 'clients', 'received', 'a.xlsx', $1, $2)";
        db.query(batch).bind(hash.as_str()).bind(now).execute().await.unwrap();
        let told = "the order may have been confirmed, and told, before the data were restored; \
                    the payment codes of such a notice are not known any more";
        let sent = "it may have been sent before the data were restored";
        for (subject, sequence, occasion, error) in [
            ("DH-2611-000001", 1_i64, None, Some(told)),
            // The first one, sent again.
            ("DH-2611-000001", 2, Some(1_i64), None),
            ("DH-2611-000002", 1, None, Some(sent)),
            ("DH-2611-000002", 2, Some(1), None),
        ] {
            let mail = "insert into mail (purpose, subject, batch_id, recipient, recipient_name, sequence, occasion,
                                          message_id, state, error, planned_at, not_before)
                        select 'order_notice', $1, id, 'a@a.example', 'A', $2, $3, $4, 'uncertain', $5,
                               received_at, received_at
                        from batch";
            let query = db.query(mail).bind(subject).bind(sequence).bind(occasion);
            let query = query.bind(format!("{subject}/{sequence}")).bind(error);
            query.execute().await.unwrap();
        }
        portable::bring_up_to_date(db).await.unwrap();
        let mails = "select told_before from mail order by message_id";
        let mails: Vec<(bool,)> = db.query(mails).all().await.unwrap();
        assert_eq!(mails, [(true,), (true,), (false,), (false,)]);
    })
    .await;
}

/// Rows of every kind, with all that a statement could trip over.
async fn seed(db: &Db) {
    placed_line(db).await;
    for sql in [
        "update client_order set registered_by = $1",
        "update mail set recipient_name = $1",
        "update order_line set name = $1",
    ] {
        db.query(sql).bind(ODD).execute().await.unwrap();
    }
    let instance = hangloat::db::instance::id(db, "fresh", super::seed::now()).await.unwrap();
    assert_eq!(instance, "fresh");
}

async fn newest(db: &Db) -> i64 {
    let mut tx = db.snapshot().await.unwrap();
    portable::schema(&mut tx).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_comes_back_as_it_was() {
    each_db(async |db| {
        seed(db).await;
        assert!(!portable::is_empty(db).await.unwrap());
        let before = dump(db).await;
        let rows: usize = before.iter().map(|(_, rows)| rows.len()).sum();
        assert!(rows > 12, "{rows}");
        portable::empty_at(db, newest(db).await).await.unwrap();
        assert!(portable::is_empty(db).await.unwrap());
        fill(db, &before).await;
        assert_eq!(dump(db).await, before);
        // Numbers go on behind what is there.
        let batch = super::seed::batch_of(db, &super::seed::hash(2)).await;
        assert_eq!(batch.number(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_engine_wrote_the_other_reads() {
    let dumps = Mutex::new(Vec::new());
    each_db(async |db| {
        seed(db).await;
        let own = dump(db).await;
        dumps.lock().unwrap().push(own);
    })
    .await;
    let dumps = dumps.into_inner().unwrap();
    each_db(async |db| {
        for dump_of_one in &dumps {
            portable::empty_at(db, newest(db).await).await.unwrap();
            fill(db, dump_of_one).await;
            let shown = |dump: Dump| -> Vec<(String, Vec<Value>)> {
                dump.into_iter().map(|(table, rows)| (table.name, rows)).collect()
            };
            let (found, wanted) = (shown(dump(db).await), shown(dump_of_one.clone()));
            for ((table, rows), (_, expected)) in found.iter().zip(&wanted) {
                assert_eq!(rows.len(), expected.len(), "{table}");
            }
            let (client,) = db
                .query("select registered_by from client_order")
                .one::<(String,)>()
                .await
                .unwrap();
            assert_eq!(client, ODD);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_wrote_is_brought_up_to_date() {
    each_db(async |db| {
        portable::empty_at(db, 1).await.unwrap();
        let batch = "insert into batch (firm, kind, state, file_name, sha256, received_at)
                     select 'MINHAN', 'clients', 'received', 'khách.xlsx', $1, $2";
        let hash = super::seed::hash(1);
        let query = db.query(batch).bind(hash.as_str()).bind(super::seed::now());
        query.execute().await.unwrap();
        let before = {
            let mut tx = db.begin().await.unwrap();
            let tables = portable::tables(&mut tx).await.unwrap();
            assert!(tables.iter().all(|table| table.name != "client"), "{tables:?}");
            drop(tx);
            dump_of(db, tables).await
        };
        portable::empty_at(db, 1).await.unwrap();
        fill(db, &before).await;
        portable::bring_up_to_date(db).await.unwrap();
        let rows: Vec<(String, i64)> =
            db.query("select file_name, attempts from batch").all().await.unwrap();
        assert_eq!(rows, [("khách.xlsx".to_owned(), 0)]);
        within(db, async |tx| hangloat::db::guard::locked(tx).await).await.unwrap();
        assert!(portable::empty_at(db, 1_000_000).await.is_err(), "of a later version");
    })
    .await;
}

async fn dump_of(db: &Db, tables: Vec<Table>) -> Dump {
    let mut tx = db.begin().await.unwrap();
    let mut dump = Vec::new();
    for table in tables {
        let mut rows = Vec::new();
        let take = |row: &str| {
            rows.push(serde_json::from_str(row)?);
            Ok(())
        };
        portable::read(&mut tx, &table, take).await.unwrap();
        dump.push((table, rows));
    }
    dump
}
