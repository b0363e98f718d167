//! Findings of a batch.

use std::collections::BTreeMap;

use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use serde::Serialize;
use sqlx::types::Json;

use super::{
    Db, ROWS_A_STATEMENT, Sql, Tx,
    chunks::{Chunks, as_text},
    rows::Span,
};
use crate::domain::{
    batch::BatchId,
    finding::{Code, Finding, Place, Severity, code_of},
};

#[derive(Clone, Debug, sqlx::FromRow)]
struct Stored {
    batch_id: i64,
    sheet: Option<i64>,
    sheet_name: Option<String>,
    row_no: Option<i64>,
    column_name: Option<String>,
    field: Option<String>,
    code: String,
    #[sqlx(try_from = "String")]
    severity: Severity,
    value: Option<String>,
    suggestion: Option<String>,
    detail: Json<BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct New<'a> {
    sheet: Option<i64>,
    sheet_name: Option<&'a str>,
    row_no: Option<u32>,
    column_name: Option<&'a str>,
    field: Option<&'static str>,
    code: String,
    severity: Severity,
    value: Option<&'a str>,
    suggestion: Option<&'a str>,
    #[serde(serialize_with = "as_text")]
    detail: &'a BTreeMap<String, String>,
}

impl New<'_> {
    fn of((sheet, finding): &Numbered) -> New<'_> {
        New {
            sheet: *sheet,
            sheet_name: finding.place.sheet.as_deref(),
            row_no: finding.place.row,
            column_name: finding.place.column.as_deref(),
            field: finding.place.field.map(crate::domain::field::Field::as_str),
            code: finding.name(),
            severity: finding.severity,
            value: finding.value.as_deref(),
            suggestion: finding.suggestion.as_deref(),
            detail: &finding.detail,
        }
    }
}

/// A finding and the number of its sheet in the batch.
pub type Numbered = (Option<i64>, Finding);

pub async fn insert(tx: &mut Tx, batch: BatchId, findings: &[Numbered]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        sqlite: "insert into finding (batch_id, sheet, sheet_name, row_no, column_name, field, code, severity,
                                      value, suggestion, detail)
                 select $1, value->>'sheet', value->>'sheet_name', value->>'row_no', value->>'column_name',
                        value->>'field', value->>'code', value->>'severity', value->>'value',
                        value->>'suggestion', value->>'detail'
                 from json_each($2)",
        postgres: "insert into finding (batch_id, sheet, sheet_name, row_no, column_name, field, code, severity,
                                      value, suggestion, detail)
                 select $1, sheet, sheet_name, row_no, column_name, field, code, severity, value, suggestion,
                        detail::jsonb
                 from jsonb_to_recordset($2)
                      as r (sheet bigint, sheet_name text, row_no bigint, column_name text, field text, code text,
                            severity text, value text, suggestion text, detail text)",
    };
    let mut chunks = Chunks::of(findings.chunks(ROWS_A_STATEMENT).map(written))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(INSERT).bind(batch.number()).bind(chunk).execute()).await?;
    }
    Ok(())
}

/// Forgets what was said of rows of a sheet that are judged again.
pub async fn forget(tx: &mut Tx, batch: BatchId, sheet: i64, rows: &[u32]) -> sqlx::Result<()> {
    const FORGET: Sql = Sql {
        sqlite: "delete from finding
                 where batch_id = $1 and sheet = $2 and row_no in (select value from json_each($3))",
        postgres: "delete from finding
                 where batch_id = $1 and sheet = $2
                   and row_no in (select value::bigint from jsonb_array_elements_text($3) as r (value))",
    };
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        tx.query(FORGET).bind(batch.number()).bind(sheet).bind(Json(rows)).execute().await?;
    }
    Ok(())
}

/// Forgets what was said with a code about cells of our own workbook, which are in no sheet of the list.
pub async fn forget_of_ours(tx: &mut Tx, batch: BatchId, code: Code) -> sqlx::Result<()> {
    tx.query(
        "delete from finding where batch_id = $1 and code = $2 and sheet is null and row_no is not null",
    )
    .bind(batch.number())
    .bind(code.to_string())
    .execute()
    .await?;
    Ok(())
}

/// Forgets all that was said of a list that is mapped again.
pub async fn forget_all(tx: &mut Tx, batch: BatchId) -> sqlx::Result<()> {
    tx.query("delete from finding where batch_id = $1").bind(batch.number()).execute().await?;
    Ok(())
}

/// In the order of sheets and rows; what is said of the whole file comes first.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Numbered>> {
    each(db, batch).try_collect().await
}

/// The same one by one: a long list has very many.
pub fn each(db: &Db, batch: BatchId) -> BoxStream<'_, sqlx::Result<Numbered>> {
    let stored = db
        .query(
            "select batch_id, sheet, sheet_name, row_no, column_name, field, code, severity, value, suggestion,
                    detail
             from finding where batch_id = $1
             order by coalesce(sheet, 0), coalesce(row_no, 0), id",
        )
        .bind(batch.number())
        .stream::<Stored>();
    stored.map(|stored| read(stored?)).boxed()
}

/// In the same order, what is said of the whole file, of headers, and of no sheet of the list.
pub async fn of_file(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Numbered>> {
    let stored = db
        .query(
            "select batch_id, sheet, sheet_name, row_no, column_name, field, code, severity, value, suggestion,
                    detail
             from finding where batch_id = $1 and (sheet is null or row_no is null or code like 'header.%')
             order by coalesce(sheet, 0), coalesce(row_no, 0), id",
        )
        .bind(batch.number())
        .stream::<Stored>();
    stored.map(|stored| read(stored?)).try_collect().await
}

/// The first, in the same order, of what keeps rows or the whole file from being ordered, and how many these are. A
/// header has a row too, but no state.
pub async fn open(db: &Db, batch: BatchId, at_most: usize) -> sqlx::Result<(Vec<Numbered>, usize)> {
    #[derive(sqlx::FromRow)]
    struct Open {
        #[sqlx(flatten)]
        stored: Stored,
        of_all: i64,
    }
    let open: Vec<Open> = db
        .query(
            "select f.batch_id, f.sheet, f.sheet_name, f.row_no, f.column_name, f.field, f.code, f.severity, f.value,
                    f.suggestion, f.detail, count(*) over () as of_all
             from finding f
             left join batch_row r on r.batch_id = f.batch_id and r.sheet = f.sheet and r.row_no = f.row_no
             where f.batch_id = $1 and f.severity in ('error', 'hold')
               and (r.state is null or r.state in ('rejected', 'held'))
             order by coalesce(f.sheet, 0), coalesce(f.row_no, 0), f.id limit $2 + 0",
        )
        .bind(batch.number())
        .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
        .all()
        .await?;
    let all = open.first().map_or(0, |it| usize::try_from(it.of_all).unwrap_or_default());
    let open: Vec<Numbered> =
        open.into_iter().map(|it| read(it.stored)).collect::<sqlx::Result<_>>()?;
    Ok((open, all))
}

/// In the same order, what is said of some rows.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Numbered>> {
    let stored: Vec<Stored> = db
        .query(
            "select batch_id, sheet, sheet_name, row_no, column_name, field, code, severity, value, suggestion,
                    detail
             from finding where batch_id = $1 and sheet = $2 and row_no between $3 and $4
             order by row_no, id",
        )
        .bind(rows.batch.number())
        .bind(rows.sheet)
        .bind(rows.first)
        .bind(rows.last)
        .all()
        .await?;
    stored.into_iter().map(read).collect()
}

/// Of all batches of a firm or of all firms, each in the same order.
pub async fn list(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<(BatchId, Finding)>> {
    let stored: Vec<Stored> = db
        .query(
            "select f.batch_id, f.sheet, f.sheet_name, f.row_no, f.column_name, f.field, f.code, f.severity, f.value,
                    f.suggestion, f.detail
             from finding f join batch b on b.id = f.batch_id
             where $1 is null or b.firm = $1
             order by f.batch_id, coalesce(f.sheet, 0), coalesce(f.row_no, 0), f.id",
        )
        .bind(firm)
        .all()
        .await?;
    let with_batch = |stored: Stored| {
        let batch = BatchId::new(stored.batch_id);
        read(stored).map(|(_, finding)| (batch, finding))
    };
    stored.into_iter().map(with_batch).collect()
}

/// A client that was cancelled before and waits for the confirmation of its new order.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OrderedAgain {
    pub order_code: String,
    pub name: String,
}

/// Those of a batch, in the order of its lines.
pub async fn ordered_again(db: &Db, batch: BatchId) -> sqlx::Result<Vec<OrderedAgain>> {
    db.query(
        "select distinct l.order_code, l.line_no, l.name
         from finding f
         join order_line l on l.batch_id = f.batch_id and l.sheet = f.sheet and l.row_no = f.row_no
         where f.batch_id = $1 and f.code = $2 and l.state = 'waiting'
         order by l.order_code, l.line_no",
    )
    .bind(batch.number())
    .bind(Code::ClientCancelledBefore.as_str())
    .all()
    .await
}

/// What the findings of a batch say under a key of their details, each once.
pub async fn details(db: &Db, batch: BatchId, key: &str) -> sqlx::Result<Vec<String>> {
    let said: Vec<(String,)> = db
        .query(
            "select distinct detail->>$2 from finding
             where batch_id = $1 and detail->>$2 is not null order by 1",
        )
        .bind(batch.number())
        .bind(key)
        .all()
        .await?;
    Ok(said.into_iter().map(|(said,)| said).collect())
}

fn written(findings: &[Numbered]) -> Vec<New<'_>> {
    findings.iter().map(New::of).collect()
}

fn read(stored: Stored) -> sqlx::Result<Numbered> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("`{what}` is no finding code").into());
    let code: Code = code_of(&stored.code).ok_or_else(|| unknown(&stored.code))?;
    let place = Place {
        sheet: stored.sheet_name,
        row: stored.row_no.and_then(|row| u32::try_from(row).ok()),
        column: stored.column_name,
        field: stored.field.and_then(|field| field.parse().ok()),
    };
    let Stored { severity, value, suggestion, detail, sheet, .. } = stored;
    Ok((sheet, Finding { code, severity, place, value, suggestion, detail: detail.0 }))
}
