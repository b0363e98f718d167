//! The two migrations against each other and against the words of the domain.
//! That the words and checks are enforced is shown in `refusals`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use hangloat::{
    db::{
        Db, Sql, activations::ActivationState, changes::ChangeKind, guard::HoldReason,
        notifications::NotificationKind, payments::EventKind, reports::ReportKind, rows::RowKind,
    },
    domain::{
        batch::{BatchKind, BatchState, RowState},
        client::CustomerType,
        finding::Severity,
        firm::StaffRole,
        licence::{LicenceState, Role},
        mail::{MailState, Purpose},
        order::{Kind, LineState, OrderState, Recipient, RequestState},
        payment::{Direction, PaymentState, Tier},
        run::{JobKind, RunState},
        slot::{SlotOutcome, SlotReason},
    },
};

use crate::each_db::each_db;

/// What PostgreSQL is told in the end, the later the stronger. SQLite says itself what it was told.
const POSTGRES: &str = concat!(
    include_str!("../../../src/db/migrations/postgres/0001_main.sql"),
    include_str!("../../../src/db/migrations/postgres/0004_order_life.sql"),
    include_str!("../../../src/db/migrations/postgres/0005_results.sql"),
    include_str!("../../../src/db/migrations/postgres/0007_slots.sql"),
    include_str!("../../../src/db/migrations/postgres/0009_guard.sql"),
    include_str!("../../../src/db/migrations/postgres/0010_alarms.sql"),
    include_str!("../../../src/db/migrations/postgres/0011_morning.sql"),
    include_str!("../../../src/db/migrations/postgres/0012_smtp.sql"),
    include_str!("../../../src/db/migrations/postgres/0013_money.sql"),
    include_str!("../../../src/db/migrations/postgres/0014_letters.sql"),
    include_str!("../../../src/db/migrations/postgres/0015_refunds.sql"),
    include_str!("../../../src/db/migrations/postgres/0016_cut_offs.sql"),
    include_str!("../../../src/db/migrations/postgres/0019_same_payment.sql"),
    include_str!("../../../src/db/migrations/postgres/0020_bounces.sql"),
    include_str!("../../../src/db/migrations/postgres/0021_corrections.sql"),
    include_str!("../../../src/db/migrations/postgres/0033_operator.sql"),
);

const MAIN: [(&str, &str); 2] = [
    ("sqlite", include_str!("../../../src/db/migrations/sqlite/0001_main.sql")),
    ("postgres", include_str!("../../../src/db/migrations/postgres/0001_main.sql")),
];

/// `table.column`.
type Column = String;
type Words = BTreeSet<&'static str>;

fn words<T: Copy + Into<&'static str>>(all: &[T]) -> Words {
    all.iter().map(|word| (*word).into()).collect()
}

/// Every column that holds a word of a closed set.
pub fn columns_of_words() -> BTreeMap<Column, Words> {
    [
        ("run.kind", words(JobKind::ALL)),
        ("run.state", words(RunState::ALL)),
        ("slot.outcome", words(SlotOutcome::ALL)),
        ("slot.reason", words(SlotReason::ALL)),
        ("batch.kind", words(BatchKind::ALL)),
        ("batch.state", words(BatchState::ALL)),
        ("batch_row.kind", words(RowKind::ALL)),
        ("batch_row.state", words(RowState::ALL)),
        ("finding.severity", words(Severity::ALL)),
        ("client_order.kind", words(Kind::ALL)),
        ("client_order.customer_type", words(CustomerType::ALL)),
        ("client_order.recipient", words(Recipient::ALL)),
        ("client_order.invoice_to", words(Recipient::ALL)),
        ("client_order.state", words(OrderState::ALL)),
        ("order_line.state", words(LineState::ALL)),
        ("payment_request.state", words(RequestState::ALL)),
        ("activation.state", words(ActivationState::ALL)),
        ("bank_line.direction", words(Direction::ALL)),
        ("bank_line.state", words(PaymentState::ALL)),
        ("bank_line.tier", words(Tier::ALL)),
        ("payment_event.kind", words(EventKind::ALL)),
        ("licence_change.kind", words(ChangeKind::ALL)),
        ("licence_change.state", words(ActivationState::ALL)),
        ("line_staff.role", words(StaffRole::ALL)),
        ("licence.state", words(LicenceState::ALL)),
        ("mail.purpose", words(Purpose::ALL)),
        ("mail.state", words(MailState::ALL)),
        ("report.kind", words(ReportKind::ALL)),
        ("notification.kind", words(NotificationKind::ALL)),
        ("guard.held_why", words(HoldReason::ALL)),
        // The platform knows no renewals: one is a purchase of another year.
        ("platform_licence.kind", words(&[Kind::Purchase, Kind::Free])),
        ("platform_licence.status", words(LicenceState::ALL)),
        ("platform_login.role", words(Role::ALL)),
        ("purged_kind.kind", words(Kind::ALL)),
    ]
    .map(|(column, words)| (column.to_owned(), words))
    .into()
}

/// The words of each `check (column in ('…', …))`.
fn checked_words(migration: &str) -> BTreeMap<Column, BTreeSet<String>> {
    let tables =
        migration.split("create table ").flat_map(|part| part.split("alter table ")).skip(1);
    let columns = tables.flat_map(|table| {
        let name = table.split(' ').next().unwrap();
        table.split("check (").skip(1).filter_map(move |check| {
            let (column, rest) = check.split_once(' ')?;
            let list =
                rest.strip_prefix("in")?.trim_start().strip_prefix('(')?.split(')').next()?;
            let words: BTreeSet<String> =
                list.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            (!words.is_empty()).then(|| (format!("{name}.{column}"), words))
        })
    });
    columns.collect()
}

#[tokio::test]
async fn the_words_of_the_domain_are_the_words_of_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&format!("sqlite:{}", folder.path().join("t.db").display())).await.unwrap();
    let tables = db.query("select sql from sqlite_schema where type = 'table' and sql is not null");
    let tables: Vec<(String,)> = tables.all().await.unwrap();
    // A table that was renamed bears its name in quotes, and what SQLite writes itself begins in capitals.
    let told =
        |(sql,): &(String,)| sql.replace('"', "").replace("CREATE TABLE", "create table") + "\n";
    let sqlite: String = tables.iter().map(told).collect();
    let words: BTreeMap<Column, BTreeSet<String>> = columns_of_words()
        .into_iter()
        .map(|(column, words)| (column, words.into_iter().map(str::to_owned).collect()))
        .collect();
    for (engine, told) in [("SQLite", sqlite.as_str()), ("PostgreSQL", POSTGRES)] {
        assert_eq!(checked_words(told), words, "{engine}");
    }
}

#[test]
fn both_migrations_check_the_same_things_in_the_same_order() {
    let checks = |migration: &'static str| -> Vec<String> {
        let lines =
            migration.lines().filter(|line| line.contains("check (") || line.contains("unique"));
        // What is no boolean on SQLite is compared with one there.
        let same = |line: &str| {
            let line =
                line.replace(" integer", " bigint").replace("(first_time = 1)", "first_time");
            line.trim().to_owned()
        };
        lines.filter(|line| !line.contains("in (0, 1)")).map(same).collect()
    };
    assert_eq!(checks(MAIN[0].1), checks(MAIN[1].1));
}

/// Table, column, and whether it may be left out.
type Described = (String, String, bool);

async fn columns(db: &Db) -> Vec<Described> {
    const COLUMNS: Sql = Sql {
        // A primary key is never null in a strict table, whether it says so or not.
        sqlite: r#"select t.name, c.name, c."notnull" = 0 and c.pk = 0
                   from sqlite_master t join pragma_table_info(t.name) c
                   where t.type = 'table' and t.name not like 'sqlite\_%' escape '\'"#,
        postgres: "select cast(table_name as text), cast(column_name as text), is_nullable = 'YES'
                   from information_schema.columns where table_schema = current_schema()",
    };
    let mut columns: Vec<Described> = db.query(COLUMNS).all().await.unwrap();
    columns.retain(|(table, _, _)| table != "_sqlx_migrations");
    columns.sort();
    columns
}

/// The indexes that a migration names, and whether each is unique.
async fn indexes(db: &Db) -> Vec<(String, bool)> {
    const INDEXES: Sql = Sql {
        sqlite: "select name, sql like 'create unique %' from sqlite_master where type = 'index' and sql is not null",
        postgres:
            "select cast(c.relname as text), i.indisunique
                   from pg_index i join pg_class c on c.oid = i.indexrelid
                   where c.relnamespace = cast(current_schema() as regnamespace)
                     and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)",
    };
    let mut indexes: Vec<(String, bool)> = db.query(INDEXES).all().await.unwrap();
    indexes.sort();
    indexes
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let seen = Mutex::new(Vec::new());
    each_db(async |db| {
        let found = (columns(db).await, indexes(db).await);
        seen.lock().unwrap().push(found);
    })
    .await;
    let seen = seen.into_inner().unwrap();
    let tables: BTreeSet<&str> = seen[0].0.iter().map(|(table, _, _)| table.as_str()).collect();
    assert!(tables.contains("client_order") && tables.len() >= 19, "{tables:?}");
    assert!(seen.iter().all(|found| found == &seen[0]), "{seen:#?}");
}

#[test]
fn every_table_and_column_of_one_migration_is_in_the_other() {
    let names = |migration: &'static str| -> Vec<(&str, Vec<&str>)> {
        let tables = migration.split("create table ").skip(1);
        let columns = |table: &'static str| {
            let body = table.split("\n)").next().unwrap_or_default();
            let lines = body.lines().skip(1).filter_map(|line| line.strip_prefix("    "));
            lines
                .filter_map(|line| line.split([' ', ',']).next())
                .filter(|name| !name.is_empty())
                .collect()
        };
        tables.map(|table| (table.split(' ').next().unwrap_or_default(), columns(table))).collect()
    };
    assert_eq!(names(MAIN[0].1), names(MAIN[1].1));
}
