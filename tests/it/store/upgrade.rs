//! Databases of earlier versions that are opened by this one: nothing that was in them is lost.
//! What the change of 0003 makes of lines is tested with `clients`.

use hangloat::db::{Db, cancellations};
use sqlx::{
    AssertSqlSafe, Connection, SqlSafeStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};

const UP_TO_FOUR: [(i64, &str, &str); 4] = [
    (1, "main", include_str!("../../../src/db/migrations/sqlite/0001_main.sql")),
    (2, "intake", include_str!("../../../src/db/migrations/sqlite/0002_intake.sql")),
    (3, "clients", include_str!("../../../src/db/migrations/sqlite/0003_clients.sql")),
    (4, "order_life", include_str!("../../../src/db/migrations/sqlite/0004_order_life.sql")),
];

/// An order of three lines of which two were cancelled, with letters, a bell and a shown workbook.
const FILLING: &str = "
    insert into batch (id, firm, kind, state, file_name, sha256, received_at)
    values (1, 'MINHAN', 'clients', 'ordered', 'khách.xlsx', printf('%064d', 1), '2026-11-01T00:00:00Z');
    insert into client_order (code, batch_id, position, firm, kind, package, family, customer_type, fiscal_year,
                              recipient, invoice_to, state, revision, content, amount, confirmed_by, placed_at, created_at)
    values ('DH-2611-000001', 1, 1, 'MINHAN', 'purchase', 'ASP-DN', 'ASP', 'enterprise', 2026, 'client', 'client',
            'placed', 2, printf('%064d', 2), 2950000, 'lan@minhan.example', '2026-11-02T00:00:00Z', '2026-11-01T00:00:00Z');
    insert into cancellation (id, order_code, sequence, reason, cancelled_at)
    values (7, 'DH-2611-000001', 1, 'khách ''đổi ý''', '2026-11-03T00:00:00Z');
    insert into order_line (id, order_code, line_no, batch_id, sheet, row_no, firm, tax_id, family, fiscal_year, name,
                            client, amount, state, cancellation_id)
    values (11, 'DH-2611-000001', 1, 1, 1, 2, 'MINHAN', '0101243150', 'ASP', 2026, 'A', '{}', 2950000, 'placed', null),
           (12, 'DH-2611-000001', 2, 1, 1, 3, 'MINHAN', '0100233488', 'ASP', 2026, 'B', '{}', 2950000, 'cancelled', 7),
           (13, 'DH-2611-000001', 3, 1, 1, 4, 'MINHAN', '0102030405', 'ASP', 2026, 'C', '{}', 2950000, 'cancelled', 7);
    insert into mail (id, purpose, subject, order_code, line_id, recipient, recipient_name, sequence, message_id, state,
                      attempts, holder, error, planned_at, not_before, sent_at)
    values (3, 'order_notice', 'DH-2611-000001', 'DH-2611-000001', null, 'a@a.example', 'Anh A', 1, '<3@x>', 'sent', 1,
            null, null, '2026-11-02T00:00:00Z', '2026-11-02T00:00:00Z', '2026-11-02T00:01:00Z'),
           (5, 'login_first', 'DH-2611-000001/1', 'DH-2611-000001', 11, 'a@a.example', 'Anh A', 1, '<5@x>', 'sending', 2,
            'host:1', 'once more', '2026-11-02T00:00:00Z', '2026-11-02T00:05:00Z', null),
           (9, 'order_cancelled', 'DH-2611-000001', 'DH-2611-000001', null, 'b@b.example', 'Chị B', 1, '<9@x>', 'held', 0,
            null, null, '2026-11-03T00:00:00Z', '2026-11-03T00:00:00Z', null);
    insert into notification (id, at, firm, kind, text, order_code, read)
    values (2, '2026-11-02T00:00:00Z', 'MINHAN', 'order_placed', 'Đã đặt', 'DH-2611-000001', 1),
           (4, '2026-11-03T00:00:00Z', 'MINHAN', 'order_cancelled', 'Đã hủy', 'DH-2611-000001', 0);
    insert into shown (batch_id, revision, order_code, content, order_revision, lines, amount)
    values (1, 2, 'DH-2611-000001', printf('%064d', 2), 2, 3, 8850000);";

const KEPT: [&str; 7] =
    ["batch", "client_order", "order_line", "cancellation", "mail", "notification", "shown"];

async fn migrate(connection: &mut SqliteConnection) {
    let change = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let changes = UP_TO_FOUR.map(change).to_vec();
    Migrator::with_migrations(changes).run(connection).await.unwrap();
}

async fn texts(connection: &mut SqliteConnection, sql: String) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap()
}

/// A select of every row of a table, as far as it has columns now.
async fn selection(connection: &mut SqliteConnection, table: &str) -> String {
    let columns = texts(connection, format!("select name from pragma_table_info('{table}')")).await;
    format!("select json_array({}) from {table} order by 1", columns.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_fourth_version_is_taken_over_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("hangloat.db").display());
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    migrate(&mut old).await;
    sqlx::raw_sql(FILLING).execute(&mut old).await.unwrap();
    let mut before = Vec::new();
    for table in KEPT {
        let all = selection(&mut old, table).await;
        let rows = texts(&mut old, all.clone()).await;
        assert!(!rows.is_empty(), "{table}");
        before.push((all, rows));
    }
    old.close().await.unwrap();

    let db = Db::open(&url).await.unwrap();
    let copy = folder.path().join(concat!("hangloat.db.before-", env!("CARGO_PKG_VERSION")));
    let mut kept = SqliteConnection::connect(&format!("sqlite:{}", copy.display())).await.unwrap();
    for (all, rows) in &before {
        assert_eq!(&texts(&mut kept, all.clone()).await, rows, "the copy is as it was before");
    }
    let mut new = SqliteConnection::connect(&url).await.unwrap();
    for (all, rows) in before {
        assert_eq!(texts(&mut new, all).await, rows);
    }
    let broken = texts(&mut new, "select \"table\" from pragma_foreign_key_check".to_owned()).await;
    assert_eq!(broken, Vec::<String>::new());
    let followed: Vec<(i64, i64)> =
        db.query("select id, followed from cancellation").all().await.unwrap();
    assert_eq!(followed, [(7, 2)], "what was cancelled before was followed up before");
    assert!(cancellations::unfollowed(&db, None).await.unwrap().is_empty());
    // What the new version writes goes on behind what there was, also about a batch.
    let result = "insert into mail (purpose, subject, batch_id, recipient, recipient_name, sequence, message_id, state,
                                    planned_at, not_before)
                  values ('batch_result', 'B000001', 1, 'a@a.example', 'Anh A', 1, '<10@x>', 'planned',
                          '2026-11-04T00:00:00Z', '2026-11-04T00:00:00Z')";
    db.query(result).execute().await.unwrap();
    let newest: Vec<(i64,)> = db.query("select max(id) from mail").all().await.unwrap();
    assert_eq!(newest, [(10,)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_copied_before_it_is_changed_and_at_no_other_time() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("hangloat.db").display());
    let files = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("before")).count()
    };
    for _ in 0..2 {
        Db::open(&url).await.unwrap();
        assert_eq!(files(), 0);
    }
}
