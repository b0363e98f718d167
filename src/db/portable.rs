//! Every row of every table in a form that both engines read, as one instant saw them, and back. A row is a JSON array
//! in the order of its table's columns; what is no number is text, as SQLite keeps it.
//! Where rows are kept, and what a database that was read in may do, is decided elsewhere.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, types::Json};

use super::{Db, Sql, Tx, migrate};

/// Rows that go in at once.
pub const ROWS_AT_ONCE: usize = 500;

/// A table with its columns, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<String>,
}

/// A column, and what PostgreSQL takes it for.
type Typed = (String, String, String);

impl Db {
    /// A transaction that sees one instant, and keeps no writer waiting.
    pub async fn snapshot(&self) -> sqlx::Result<Tx> {
        let mut tx = match self {
            Db::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
            Db::Postgres(pool) => Tx::Postgres(
                pool.begin_with("begin isolation level repeatable read read only").await?,
            ),
        };
        // The instant is that of the first look.
        tx.query("select count(*) from instance").one::<(i64,)>().await?;
        Ok(tx)
    }
}

/// The last change of the tables that this database went through.
pub async fn schema(tx: &mut Tx) -> sqlx::Result<i64> {
    let (version,) = tx.query("select max(version) from _sqlx_migrations").one::<(i64,)>().await?;
    Ok(version)
}

/// All tables of ours, by name.
pub async fn tables(tx: &mut Tx) -> sqlx::Result<Vec<Table>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column, _) in columns(tx).await? {
        tables.entry(table).or_default().push(column);
    }
    let tables = tables.into_iter().map(|(name, columns)| Table { name, columns });
    Ok(tables.collect())
}

async fn columns(tx: &mut Tx) -> sqlx::Result<Vec<Typed>> {
    const COLUMNS: Sql = Sql {
        sqlite:
            "select t.name, c.name, c.type from sqlite_master t join pragma_table_info(t.name) c
                 where t.type = 'table' order by t.name, c.cid",
        postgres:
            "select cast(table_name as text), cast(column_name as text), cast(data_type as text)
                   from information_schema.columns where table_schema = current_schema()
                   order by table_name, ordinal_position",
    };
    let ours = migrate::tables();
    let mut columns: Vec<Typed> = tx.query(COLUMNS).all().await?;
    columns.retain(|(table, _, _)| ours.contains(table.as_str()));
    Ok(columns)
}

/// Reads every row of a table, each as one line of JSON, and says how many there were.
pub async fn read(
    tx: &mut Tx,
    table: &Table,
    mut take: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let types = columns(tx).await?;
    let value = |column: &String| match tx {
        Tx::Sqlite(_) => quoted(column),
        Tx::Postgres(_) => {
            let known = types.iter().find(|(name, it, _)| (name, it) == (&table.name, column));
            as_text(&quoted(column), known.map_or("text", |(_, _, kind)| kind))
        }
    };
    let values = table.columns.iter().map(value).collect::<Vec<_>>().join(", ");
    let name = quoted(&table.name);
    // What refers to an earlier row of its own table comes after it.
    let order = if table.columns.iter().any(|column| column == "id") { " order by id" } else { "" };
    let mut rows = 0;
    match tx {
        Tx::Sqlite(tx) => {
            let sql = format!("select json_array({values}) from {name}{order}");
            let mut found =
                sqlx::query_scalar::<Sqlite, String>(AssertSqlSafe(sql)).fetch(&mut **tx);
            while let Some(row) = found.try_next().await? {
                take(&row)?;
                rows += 1;
            }
        }
        Tx::Postgres(tx) => {
            let sql = format!("select json_build_array({values})::text from {name}{order}");
            let mut found =
                sqlx::query_scalar::<Postgres, String>(AssertSqlSafe(sql)).fetch(&mut **tx);
            while let Some(row) = found.try_next().await? {
                take(&row)?;
                rows += 1;
            }
        }
    }
    Ok(rows)
}

/// A value of PostgreSQL as SQLite has it: truth as 0 or 1, instants as sqlx writes them, the rest as text.
fn as_text(column: &str, kind: &str) -> String {
    match kind {
        "bigint" | "integer" | "text" => column.to_owned(),
        "boolean" => format!("{column}::int"),
        "timestamp with time zone" => format!(
            "to_char({column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') ||
             case when extract(microseconds from {column})::bigint % 1000000 = 0 then ''
                  when extract(microseconds from {column})::bigint % 1000 = 0 then to_char({column}, '.MS')
                  else to_char({column}, '.US') end || '+00:00'"
        ),
        _ => format!("{column}::text"),
    }
}

/// Puts rows into a table of ours; the columns that the backup does not have are as the table says.
pub async fn write(tx: &mut Tx, table: &Table, rows: &[serde_json::Value]) -> anyhow::Result<()> {
    let types = columns(tx).await?;
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (number, column) in table.columns.iter().enumerate() {
        let known = types.iter().find(|(name, it, _)| (name, it) == (&table.name, column));
        let (_, _, kind) = known
            .with_context(|| format!("there is no column {column} in a table {}", table.name))?;
        names.push(quoted(column));
        values.push(match tx {
            Tx::Sqlite(_) => format!("value->>{number}"),
            Tx::Postgres(_) => from_text(&format!("value->>{number}"), kind),
        });
    }
    let (name, names, values) = (quoted(&table.name), names.join(", "), values.join(", "));
    match tx {
        Tx::Sqlite(tx) => {
            let sql = format!("insert into {name} ({names}) select {values} from json_each($1)");
            sqlx::query(AssertSqlSafe(sql)).bind(Json(rows)).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            let sql = format!(
                "insert into {name} ({names}) overriding system value
                 select {values} from json_array_elements($1::json) with ordinality as r (value, at) order by at"
            );
            let rows = serde_json::to_string(rows)?;
            sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

fn from_text(value: &str, kind: &str) -> String {
    match kind {
        "boolean" => format!("({value})::int::boolean"),
        kind => format!("({value})::{kind}"),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether nothing came in yet: everything begins with a file, and licences are the platform's own.
pub async fn is_empty(db: &Db) -> anyhow::Result<bool> {
    let mut tx = db.begin().await?;
    let tables = tables(&mut tx).await?;
    for name in ["batch", "platform_licence"] {
        if tables.iter().any(|table| table.name == name) {
            let sql = match name {
                "batch" => "select count(*) from batch",
                _ => "select count(*) from platform_licence",
            };
            if tx.query(sql).one::<(i64,)>().await?.0 > 0 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Makes the tables anew, as they were after the change `version`. Whatever was in them is gone.
pub async fn empty_at(db: &Db, version: i64) -> anyhow::Result<()> {
    ensure!(version <= migrate::newest(), "it was written by a newer version of the program");
    let mut tx = db.begin().await?;
    let mut tables: Vec<String> = tables(&mut tx).await?.into_iter().map(|it| it.name).collect();
    tables.push("_sqlx_migrations".to_owned());
    drop(tx);
    match db {
        Db::Sqlite(pool) => {
            // On one connection: what refers to each other goes all at once.
            let mut connection = pool.acquire().await?;
            let drops =
                tables.iter().map(|table| format!("drop table if exists {};", quoted(table)));
            let sql = format!(
                "pragma foreign_keys = off; begin immediate; {} delete from sqlite_sequence; commit; \
                 pragma foreign_keys = on;",
                drops.collect::<String>()
            );
            // There is none before the first table with numbers.
            let sql = if tables.len() == 1 { String::new() } else { sql };
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
        }
        Db::Postgres(pool) => {
            let tables: Vec<String> = tables.iter().map(|table| quoted(table)).collect();
            let sql = format!("drop table if exists {} cascade", tables.join(", "));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
        }
    }
    Ok(migrate::run_to(db, version).await?)
}

/// Goes through the changes that this version of the program has beyond those.
pub async fn bring_up_to_date(db: &Db) -> anyhow::Result<()> {
    Ok(migrate::run(db).await?)
}

/// The rows that migrations put in make room for those of the backup.
pub async fn clear(tx: &mut Tx, table: &Table) -> anyhow::Result<()> {
    let sql = format!("delete from {}", quoted(&table.name));
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::raw_sql("pragma defer_foreign_keys = on").execute(&mut **tx).await?;
            sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// Numbers go on behind the highest that is there.
pub async fn go_on_behind(tx: &mut Tx, table: &Table) -> anyhow::Result<()> {
    // SQLite sees the highest one itself.
    let Tx::Postgres(tx) = tx else { return Ok(()) };
    if !table.columns.iter().any(|column| column == "id") {
        return Ok(());
    }
    let name = quoted(&table.name);
    let sql = format!(
        "select setval(s, greatest((select max(id) from {name}), 1)::bigint, exists (select from {name}))
         from (select pg_get_serial_sequence('{name}', 'id') as s) q where s is not null"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
    Ok(())
}

/// Tables in an order in which each comes after those that it refers to.
pub async fn in_order(tx: &mut Tx, mut tables: Vec<Table>) -> sqlx::Result<Vec<Table>> {
    const REFERENCES: Sql = Sql {
        sqlite: r#"select distinct m.name, f."table" from sqlite_master m join pragma_foreign_key_list(m.name) f
                   where m.type = 'table' and f."table" <> m.name"#,
        postgres: "select distinct cast(a.relname as text), cast(b.relname as text)
                   from pg_constraint c join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid
                   where c.contype = 'f' and a.oid <> b.oid and a.relnamespace = cast(current_schema() as regnamespace)",
    };
    let references: Vec<(String, String)> = tx.query(REFERENCES).all().await?;
    let mut ordered: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let waits = |table: &Table| {
            let of = references.iter().filter(|(from, _)| *from == table.name);
            let mut of = of.map(|(_, to)| to);
            of.any(|to| tables.iter().any(|other| other.name == *to))
        };
        // Tables that refer to each other in a ring: one of them is as good as the other.
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    Ok(ordered)
}
