//! The staged rows of a list, and their end states.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::{
    Db, ROWS_A_STATEMENT, Sql, Tx,
    chunks::{Chunks, as_text},
};
use crate::domain::{
    batch::{BatchId, RowState},
    cell::Cell,
    field::Field,
    legacy::Legacy,
    sheet::Layout,
    words::words,
};

words! {
    /// What part of a sheet a row is.
    pub enum RowKind {
        /// A title, a note, a total.
        Outside = "outside",
        Header = "header",
        Data = "data",
    }
}

/// A column of a list: where it stands, its header, and the field it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// From 0.
    pub index: u32,
    pub header: String,
    pub field: Option<Field>,
    /// The fields it may be, where its header does not say which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Field>,
    /// The encoding that its texts are still in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy: Option<Legacy>,
    /// Its dates are written month first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub month_first: bool,
}

impl Column {
    pub fn new(index: u32, header: &str, field: Option<Field>) -> Column {
        Column { index, header: header.to_owned(), field, ..Column::default() }
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sheet {
    pub sheet: i64,
    pub name: String,
    pub header_row: i64,
    pub columns: Json<Vec<Column>>,
    pub layout: Json<Layout>,
}

impl Sheet {
    pub fn new(
        (sheet, name): (i64, &str),
        header_row: u32,
        columns: Vec<Column>,
        layout: Layout,
    ) -> Sheet {
        let (name, header_row) = (name.to_owned(), header_row.into());
        Sheet { sheet, name, header_row, columns: Json(columns), layout: Json(layout) }
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StagedRow {
    pub sheet: i64,
    pub row_no: i64,
    #[sqlx(try_from = "String")]
    pub kind: RowKind,
    pub cells: Json<Vec<Cell>>,
    state: Option<String>,
    /// A person left it out.
    pub dropped: bool,
}

impl StagedRow {
    pub fn state(&self) -> Option<RowState> {
        self.state.as_deref().and_then(|state| state.parse().ok())
    }
}

pub async fn insert_sheet(tx: &mut Tx, batch: BatchId, sheet: &Sheet) -> sqlx::Result<()> {
    tx.query(
        "insert into batch_sheet (batch_id, sheet, name, header_row, columns, layout)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(batch.number())
    .bind(sheet.sheet)
    .bind(sheet.name.as_str())
    .bind(sheet.header_row)
    .bind(&sheet.columns)
    .bind(&sheet.layout)
    .execute()
    .await?;
    Ok(())
}

/// A row on its way in.
#[derive(Clone, Debug, Serialize)]
pub struct NewRow<'a> {
    pub sheet: i64,
    pub row_no: u32,
    pub kind: RowKind,
    #[serde(serialize_with = "as_text")]
    pub cells: &'a [Cell],
    pub state: Option<RowState>,
}

/// A row that is there already is replaced, so that an interrupted answer can be taken again.
pub async fn insert(tx: &mut Tx, batch: BatchId, rows: &[NewRow<'_>]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        sqlite: "insert into batch_row (batch_id, sheet, row_no, kind, cells, state)
                 select $1, value->>'sheet', value->>'row_no', value->>'kind', value->>'cells', value->>'state'
                 from json_each($2) where true
                 on conflict (batch_id, sheet, row_no) do update set cells = excluded.cells, state = excluded.state",
        postgres: "insert into batch_row (batch_id, sheet, row_no, kind, cells, state)
                 select $1, sheet, row_no, kind, cells::jsonb, state
                 from jsonb_to_recordset($2)
                      as r (sheet bigint, row_no bigint, kind text, cells text, state text)
                 on conflict (batch_id, sheet, row_no) do update set cells = excluded.cells, state = excluded.state",
    };
    let mut chunks = Chunks::of(rows.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(INSERT).bind(batch.number()).bind(chunk).execute()).await?;
    }
    Ok(())
}

pub async fn sheets(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Sheet>> {
    db.query("select sheet, name, header_row, columns, layout from batch_sheet where batch_id = $1 order by sheet")
        .bind(batch.number())
        .all()
        .await
}

/// A sheet of a statement, and its columns.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LaidOut {
    pub batch_id: i64,
    pub sheet: i64,
    pub columns: Json<Vec<Column>>,
}

/// Those of the files that brought lines of an account, between two days.
pub async fn laid_out(
    tx: &mut Tx,
    account: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<LaidOut>> {
    tx.query(
        "select batch_id, sheet, columns from batch_sheet
         where batch_id in (select b.batch_id from bank_line b
                            where b.account = $1 and b.booked_on between $2 and $3 and not b.closed)",
    )
    .bind(account)
    .bind(from.to_string())
    .bind(to.to_string())
    .all()
    .await
}

pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<StagedRow>> {
    db.query(
        "select sheet, row_no, kind, cells, state, dropped from batch_row where batch_id = $1 order by sheet, row_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// Some rows of a list that follow each other, both ends included.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub batch: BatchId,
    pub sheet: i64,
    pub first: i64,
    pub last: i64,
}

/// So many rows of a sheet behind one of them, in order.
pub async fn after(
    db: &Db,
    (batch, sheet): (BatchId, i64),
    row: u32,
    at_most: i64,
) -> sqlx::Result<Vec<StagedRow>> {
    db.query(
        "select sheet, row_no, kind, cells, state, dropped from batch_row
         where batch_id = $1 and sheet = $2 and row_no > $3 order by row_no limit $4 + 0",
    )
    .bind(batch.number())
    .bind(sheet)
    .bind(i64::from(row))
    .bind(at_most)
    .all()
    .await
}

/// Those that lines came in.
pub async fn of_lines(db: &Db, line_ids: &[i64]) -> sqlx::Result<Vec<StagedRow>> {
    const OF_LINES: Sql = Sql {
        sqlite: "select r.sheet, r.row_no, r.kind, r.cells, r.state, r.dropped
                 from order_line l
                 join batch_row r on r.batch_id = l.batch_id and r.sheet = l.sheet and r.row_no = l.row_no
                 where l.id in (select value from json_each($1)) order by r.batch_id, r.sheet, r.row_no",
        postgres: "select r.sheet, r.row_no, r.kind, r.cells, r.state, r.dropped
                 from order_line l
                 join batch_row r on r.batch_id = l.batch_id and r.sheet = l.sheet and r.row_no = l.row_no
                 where l.id in (select value::bigint from jsonb_array_elements_text($1) as v (value))
                 order by r.batch_id, r.sheet, r.row_no",
    };
    db.query(OF_LINES).bind(Json(line_ids)).all().await
}

/// The rows of a list that are to be fixed or decided, in order.
pub async fn waiting(db: &Db, batch: BatchId) -> sqlx::Result<Vec<StagedRow>> {
    db.query(
        "select sheet, row_no, kind, cells, state, dropped from batch_row
         where batch_id = $1 and state in ('rejected', 'held') order by sheet, row_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// The rows of a list that a person left out.
pub async fn left_out(db: &Db, batch: BatchId) -> sqlx::Result<Vec<StagedRow>> {
    db.query(
        "select sheet, row_no, kind, cells, state, dropped from batch_row
         where batch_id = $1 and dropped order by sheet, row_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// How many rows are left out because nobody sees them in their file.
pub async fn skipped(db: &Db, batch: BatchId) -> sqlx::Result<i64> {
    let (rows,) = db
        .query(
            "select count(*) from batch_row r
             where r.batch_id = $1 and r.state = 'unchanged' and not r.dropped
               and exists (select 1 from finding f
                           where f.batch_id = r.batch_id and f.sheet = r.sheet and f.row_no = r.row_no
                             and f.code = 'row.hidden' and f.detail->>'skipped' is not null)",
        )
        .bind(batch.number())
        .one::<(i64,)>()
        .await?;
    Ok(rows)
}

/// The end state of a row.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub sheet: i64,
    pub row_no: u32,
    pub state: RowState,
}

pub async fn settle(tx: &mut Tx, batch: BatchId, verdicts: &[Verdict]) -> sqlx::Result<()> {
    // Joined directly, SQLite would read the whole parameter again for each row of the batch.
    const SETTLE: Sql = Sql {
        sqlite: "with v as materialized (
                     select value->>'sheet' as sheet, value->>'row_no' as row_no, value->>'state' as state
                     from json_each($2))
                 update batch_row set state = v.state
                 from v
                 where batch_id = $1 and batch_row.sheet = v.sheet and batch_row.row_no = v.row_no",
        postgres: "update batch_row set state = v.state
                 from jsonb_to_recordset($2) as v (sheet bigint, row_no bigint, state text)
                 where batch_id = $1 and batch_row.sheet = v.sheet and batch_row.row_no = v.row_no",
    };
    let mut chunks = Chunks::of(verdicts.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(SETTLE).bind(batch.number()).bind(chunk).execute()).await?;
    }
    Ok(())
}

/// A row in its fixed form.
#[derive(Clone, Debug, Serialize)]
pub struct Fixed<'a> {
    pub sheet: i64,
    pub row_no: u32,
    #[serde(serialize_with = "as_text")]
    pub cells: &'a [Cell],
    /// A person left it out.
    pub dropped: bool,
}

/// Gives rows the cells of their fixed form.
pub async fn replace(tx: &mut Tx, batch: BatchId, rows: &[Fixed<'_>]) -> sqlx::Result<()> {
    const REPLACE: Sql = Sql {
        sqlite: "with f as materialized (
                     select value->>'sheet' as sheet, value->>'row_no' as row_no, value->>'cells' as cells,
                            value->>'dropped' as dropped
                     from json_each($2))
                 update batch_row set cells = f.cells, dropped = f.dropped
                 from f
                 where batch_id = $1 and batch_row.sheet = f.sheet and batch_row.row_no = f.row_no",
        postgres: "update batch_row set cells = f.cells::jsonb, dropped = f.dropped
                 from jsonb_to_recordset($2) as f (sheet bigint, row_no bigint, cells text, dropped boolean)
                 where batch_id = $1 and batch_row.sheet = f.sheet and batch_row.row_no = f.row_no",
    };
    let mut chunks = Chunks::of(rows.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(REPLACE).bind(batch.number()).bind(chunk).execute()).await?;
    }
    Ok(())
}

/// Gives a sheet the columns that fixed rows added.
pub async fn widen(
    tx: &mut Tx,
    batch: BatchId,
    sheet: i64,
    columns: &[Column],
) -> sqlx::Result<()> {
    tx.query("update batch_sheet set columns = $3 where batch_id = $1 and sheet = $2")
        .bind(batch.number())
        .bind(sheet)
        .bind(Json(columns))
        .execute()
        .await?;
    Ok(())
}

/// What part of its sheet a row is, after the list was mapped again.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub sheet: i64,
    pub row_no: u32,
    pub kind: RowKind,
    pub state: Option<RowState>,
}

/// Gives the rows of a batch their parts.
pub async fn part(tx: &mut Tx, batch: BatchId, parts: &[Part]) -> sqlx::Result<()> {
    const PART: Sql = Sql {
        sqlite: "with p as materialized (
                     select value->>'sheet' as sheet, value->>'row_no' as row_no, value->>'kind' as kind,
                            value->>'state' as state
                     from json_each($2))
                 update batch_row set kind = p.kind, state = p.state
                 from p
                 where batch_id = $1 and batch_row.sheet = p.sheet and batch_row.row_no = p.row_no",
        postgres: "update batch_row set kind = p.kind, state = p.state
                 from jsonb_to_recordset($2) as p (sheet bigint, row_no bigint, kind text, state text)
                 where batch_id = $1 and batch_row.sheet = p.sheet and batch_row.row_no = p.row_no",
    };
    let mut chunks = Chunks::of(parts.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(PART).bind(batch.number()).bind(chunk).execute()).await?;
    }
    Ok(())
}

/// How many rows of a sheet ended in each state.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Count {
    pub batch_id: i64,
    pub sheet: i64,
    #[sqlx(try_from = "String")]
    pub state: RowState,
    pub rows: i64,
    /// Of these, how many a person left out.
    pub dropped: i64,
}

/// Of one batch, or of all.
pub async fn counts(db: &Db, batch: Option<BatchId>) -> sqlx::Result<Vec<Count>> {
    db.query(
        "select batch_id, sheet, state, count(*) as rows, count(*) filter (where dropped) as dropped
         from batch_row
         where kind = 'data' and ($1 is null or batch_id = $1)
         group by batch_id, sheet, state order by batch_id, sheet, state",
    )
    .bind(batch.map(BatchId::number))
    .all()
    .await
}
