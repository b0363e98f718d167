//! What was read of a list, in the database: the file is not read again.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::{
    db::{
        Tx,
        batches::{self, Batch, Staged as Told},
        findings::{self, Numbered},
        lines::Line,
        rows::{self, NewRow, RowKind},
    },
    domain::{
        batch::{BatchId, BatchKind, RowState},
        field::Field,
    },
    flow::{
        Services,
        map::{Mapped, Table, TableRow},
        options::ImportOptions,
        progress::Step,
        read::Format,
    },
};

/// A list as it was staged.
#[derive(Debug)]
pub struct Staged {
    pub tables: Vec<Table>,
    pub states: HashMap<(i64, u32), RowState>,
    /// Rows that a person left out.
    pub dropped: BTreeSet<(i64, u32)>,
}

/// What holds for a whole batch.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    order_level: Vec<(Field, String)>,
    /// With what it was registered: whoever goes on with it does the same.
    import: Option<ImportOptions>,
    /// Of an answer: how many rows it brought in another form.
    fixed: usize,
    /// Of an answer: how many ordered lines `nhận` beside a row corrected.
    corrected: usize,
    /// Of an answer: which lines it cancelled, as `DH-2611-000123/17`.
    cancelled: Vec<String>,
    /// Of an answer about cut-offs: what it did.
    put_off: Option<PutOff>,
    /// Of an answer about money: the workbook in the outbox does not show what is left, as the platform was away.
    outdated: bool,
    /// The list came in a template of former tables.
    old_template: bool,
    /// Of a statement that was not taken.
    speaks_of: Option<SpeaksOf>,
    /// The sub-folder of the firm's that it came from, where that is no member's.
    stray: Option<String>,
}

/// The account and the days that a statement tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeaksOf {
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Whether other statements brought all its lines before.
    #[serde(default)]
    pub is_known: bool,
}

/// What an answer about cut-offs did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Who answered.
    pub by: String,
    /// How many lines stood in it.
    pub lines: usize,
    /// Which of them work to the end of which day now, as `DH-2611-000123/17`; without a day: not any more.
    pub held: Vec<(String, Option<NaiveDate>)>,
}

impl Options {
    pub fn of(import: &ImportOptions, stray: Option<String>) -> Options {
        Options { import: Some(import.clone()), stray, ..Options::default() }
    }
}

/// Whether a list came in a template of former tables.
pub fn is_old_template(batch: &Batch) -> anyhow::Result<bool> {
    Ok(serde_json::from_value::<Options>(batch.options.0.clone())?.old_template)
}

/// The sub-folder that it came from, where that is no member's of the firm.
pub fn stray(batch: &Batch) -> anyhow::Result<Option<String>> {
    Ok(serde_json::from_value::<Options>(batch.options.0.clone())?.stray)
}

/// What its sheet *Đơn hàng* says.
pub fn order_level(batch: &Batch) -> anyhow::Result<Vec<(Field, String)>> {
    Ok(serde_json::from_value::<Options>(batch.options.0.clone())?.order_level)
}

/// The options that a batch was registered with; older ones have none.
pub fn options(batch: &Batch) -> anyhow::Result<Option<ImportOptions>> {
    Ok(serde_json::from_value::<Options>(batch.options.0.clone())?.import)
}

/// Keeps how many rows an answer brought in another form, and how many ordered lines `nhận` corrected.
pub async fn keep_fixed(
    tx: &mut Tx,
    answer: &Batch,
    (fixed, corrected): (usize, usize),
) -> anyhow::Result<()> {
    let options: Options = serde_json::from_value(answer.options.0.clone())?;
    let options = Options { fixed, corrected, ..options };
    batches::keep_options(tx, answer.id(), serde_json::to_value(options)?).await?;
    Ok(())
}

pub fn fixed(answer: &Batch) -> anyhow::Result<usize> {
    Ok(serde_json::from_value::<Options>(answer.options.0.clone())?.fixed)
}

/// How many ordered lines `nhận` beside a row corrected.
pub fn corrected(answer: &Batch) -> anyhow::Result<i64> {
    let options: Options = serde_json::from_value(answer.options.0.clone())?;
    Ok(i64::try_from(options.corrected)?)
}

/// Keeps which lines an answer cancelled. `answer` as it is now: other things are kept beside it.
pub async fn keep_cancelled(
    tx: &mut Tx,
    answer: &Batch,
    cancelled: Vec<String>,
) -> anyhow::Result<()> {
    let options: Options = serde_json::from_value(answer.options.0.clone())?;
    let options = Options { cancelled, ..options };
    batches::keep_options(tx, answer.id(), serde_json::to_value(options)?).await?;
    Ok(())
}

/// Keeps what an answer about cut-offs did.
pub async fn keep_put_off(tx: &mut Tx, answer: &Batch, put_off: PutOff) -> anyhow::Result<()> {
    let options: Options = serde_json::from_value(answer.options.0.clone())?;
    let options = Options { put_off: Some(put_off), ..options };
    batches::keep_options(tx, answer.id(), serde_json::to_value(options)?).await?;
    Ok(())
}

/// Keeps that no new workbook shows what an answer about money left.
pub async fn keep_outdated(tx: &mut Tx, answer: &Batch) -> anyhow::Result<()> {
    let options: Options = serde_json::from_value(answer.options.0.clone())?;
    let options = Options { outdated: true, ..options };
    batches::keep_options(tx, answer.id(), serde_json::to_value(options)?).await?;
    Ok(())
}

/// Keeps which days a statement speaks of that was not taken.
pub async fn keep_speaks_of(tx: &mut Tx, statement: &Batch, days: SpeaksOf) -> anyhow::Result<()> {
    let options: Options = serde_json::from_value(statement.options.0.clone())?;
    let options = Options { speaks_of: Some(days), ..options };
    batches::keep_options(tx, statement.id(), serde_json::to_value(options)?).await?;
    Ok(())
}

/// Nothing where it cannot be known, and of those that an earlier version read.
pub fn speaks_of(statement: &Batch) -> anyhow::Result<Option<SpeaksOf>> {
    Ok(serde_json::from_value::<Options>(statement.options.0.clone())?.speaks_of)
}

pub fn is_outdated(answer: &Batch) -> anyhow::Result<bool> {
    Ok(serde_json::from_value::<Options>(answer.options.0.clone())?.outdated)
}

pub fn put_off(answer: &Batch) -> anyhow::Result<Option<PutOff>> {
    Ok(serde_json::from_value::<Options>(answer.options.0.clone())?.put_off)
}

pub fn cancelled(answer: &Batch) -> anyhow::Result<Vec<String>> {
    Ok(serde_json::from_value::<Options>(answer.options.0.clone())?.cancelled)
}

/// The findings of a mapping with the numbers of their sheets.
pub fn numbered(mapped: &Mapped) -> Vec<Numbered> {
    let number =
        |name: Option<&str>| mapped.tables.iter().find(|table| Some(table.name.as_str()) == name);
    let sheet = |name| number(name).map(|table| table.sheet);
    mapped
        .findings
        .iter()
        .map(|finding| (sheet(finding.place.sheet.as_deref()), finding.clone()))
        .collect()
}

/// What reading a file told of it; it answers nothing.
pub fn told(kind: BatchKind, format: &Format) -> Told<'_> {
    Told {
        kind,
        container: &format.container,
        encoding: format.encoding.as_deref(),
        delimiter: format.delimiter.as_deref(),
        answers: None,
    }
}

/// Stores rows, columns and what was said of them on the way, in one transaction.
pub async fn store(
    services: &Services,
    batch: &Batch,
    format: &Format,
    mapped: &Mapped,
) -> anyhow::Result<()> {
    services.progress.tell(Step::Begin("stage"));
    let mut tx = services.db.begin().await?;
    if !batches::stage(&mut tx, batch.id(), &told(BatchKind::Clients, format)).await? {
        return Ok(());
    }
    let options = Options {
        order_level: mapped.order_level.clone(),
        import: options(batch)?,
        old_template: mapped.is_old_template,
        ..Options::default()
    };
    batches::keep_options(&mut tx, batch.id(), serde_json::to_value(options)?).await?;
    for table in &mapped.tables {
        store_table(&mut tx, batch.id(), table).await?;
    }
    findings::insert(&mut tx, batch.id(), &numbered(mapped)).await?;
    tx.commit().await?;
    services.progress.tell(Step::End);
    Ok(())
}

async fn store_table(tx: &mut Tx, batch: BatchId, table: &Table) -> anyhow::Result<()> {
    let sheet = rows::Sheet {
        sheet: table.sheet,
        name: table.name.clone(),
        header_row: table.header_row.into(),
        columns: Json(table.columns.clone()),
        layout: Json(table.layout.clone()),
    };
    rows::insert_sheet(tx, batch, &sheet).await?;
    let new: Vec<NewRow<'_>> = table
        .rows
        .iter()
        .map(|row| NewRow {
            sheet: table.sheet,
            row_no: row.number,
            kind: row.kind,
            cells: &row.cells,
            state: (row.kind == RowKind::Data).then_some(RowState::Staged),
        })
        .collect();
    rows::insert(tx, batch, &new).await?;
    Ok(())
}

/// Replaces what was made of a list by what is made of it now, but for the rows that a person left out; `kept` is
/// said of them, and of what is no list. False where the list went on meanwhile.
pub async fn replace(
    tx: &mut Tx,
    batch: BatchId,
    mapped: &Mapped,
    (dropped, kept): (&BTreeSet<(i64, u32)>, &[Numbered]),
) -> anyhow::Result<bool> {
    if !batches::judge_again(tx, batch).await? {
        return Ok(false);
    }
    for table in &mapped.tables {
        rows::widen(tx, batch, table.sheet, &table.columns).await?;
        let is_dropped = |row: &TableRow| dropped.contains(&(table.sheet, row.number));
        let state =
            |row: &TableRow| if is_dropped(row) { RowState::Unchanged } else { RowState::Staged };
        let part = |row: &TableRow| rows::Part {
            sheet: table.sheet,
            row_no: row.number,
            kind: row.kind,
            state: (row.kind == RowKind::Data).then(|| state(row)),
        };
        let parts: Vec<rows::Part> = table.rows.iter().map(part).collect();
        rows::part(tx, batch, &parts).await?;
    }
    findings::forget_all(tx, batch).await?;
    findings::insert(tx, batch, &numbered(mapped)).await?;
    findings::insert(tx, batch, kept).await?;
    Ok(true)
}

/// The rows of a batch, and where each stands.
pub async fn load(services: &Services, batch: &Batch) -> anyhow::Result<Staged> {
    let (mut states, mut dropped) = (HashMap::new(), BTreeSet::new());
    let mut by_sheet: HashMap<i64, Vec<TableRow>> = HashMap::new();
    for row in rows::of_batch(&services.db, batch.id()).await? {
        let number = u32::try_from(row.row_no)?;
        if let Some(state) = row.state() {
            states.insert((row.sheet, number), state);
        }
        if row.dropped {
            dropped.insert((row.sheet, number));
        }
        by_sheet.entry(row.sheet).or_default().push(self::row(row)?);
    }
    let mut tables = tables(services, batch.id()).await?;
    for table in &mut tables {
        table.rows = by_sheet.remove(&table.sheet).unwrap_or_default();
    }
    Ok(Staged { tables, states, dropped })
}

/// The lists of a batch, without their rows.
pub async fn tables(services: &Services, batch: BatchId) -> anyhow::Result<Vec<Table>> {
    let table = |sheet: rows::Sheet| {
        Ok(Table {
            sheet: sheet.sheet,
            name: sheet.name,
            header_row: u32::try_from(sheet.header_row)?,
            columns: sheet.columns.0,
            rows: Vec::new(),
            layout: sheet.layout.0,
        })
    };
    rows::sheets(&services.db, batch).await?.into_iter().map(table).collect()
}

/// A row as it was read.
pub fn row(row: rows::StagedRow) -> anyhow::Result<TableRow> {
    Ok(TableRow { number: u32::try_from(row.row_no)?, kind: row.kind, cells: row.cells.0 })
}

/// The row that a line came in, and its table without rows; nothing where its list was deleted.
pub async fn row_of(services: &Services, line: &Line) -> anyhow::Result<Option<(Table, TableRow)>> {
    let tables = tables(services, line.batch()).await?;
    let table = tables.into_iter().find(|table| table.sheet == line.sheet);
    let above = u32::try_from(line.row_no - 1)?;
    let found = rows::after(&services.db, (line.batch(), line.sheet), above, 1).await?;
    let found = found.into_iter().find(|row| row.row_no == line.row_no);
    Ok(table.zip(found.map(row).transpose()?))
}

/// What the checks need of a staged list. Rows that a person left out are no clients of it.
pub async fn mapped(services: &Services, batch: &Batch) -> anyhow::Result<Mapped> {
    let Staged { mut tables, dropped, .. } = load(services, batch).await?;
    for table in &mut tables {
        let sheet = table.sheet;
        for row in table.rows.iter_mut().filter(|row| dropped.contains(&(sheet, row.number))) {
            row.kind = RowKind::Outside;
        }
    }
    let options: Options = serde_json::from_value(batch.options.0.clone())?;
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let findings = said.into_iter().map(|(_, finding)| finding).collect();
    let is_old_template = options.old_template;
    Ok(Mapped { tables, order_level: options.order_level, findings, is_old_template })
}
