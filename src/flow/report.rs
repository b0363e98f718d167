//! What became of a file, for `--json` and for people: the same shape for a dry run, an import and an answer.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;
use futures::TryStreamExt;
use serde::Serialize;

pub use super::rows::{CORRECTED, Rows, corrected_row};
use super::{
    Services,
    answer::outbox,
    check::{Checked, refuses},
    map::Mapped,
    pay::foreseen::{self, Came, Credit},
    read::{Format, Refusal},
    staged,
};
use crate::{
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        lines,
        orders::{self, Order},
        payments,
        rows::{self, Column, Count},
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState, Outcome, Sha256},
        field::Field,
        finding::{Finding, Severity, column_letters},
        money::Money,
    },
    text::findings as words,
};

/// One element of `files`.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    pub file: String,
    pub sha256: Sha256,
    pub kind: BatchKind,
    pub outcome: Outcome,
    pub batch: Option<BatchId>,
    pub duplicate_of: Option<BatchId>,
    pub answers: Option<BatchId>,
    pub format: FormatReport,
    pub tables: Vec<TableReport>,
    pub rows: Rows,
    /// Of an answer: the lines that it cancelled, whose rows are unchanged ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<String>,
    pub findings: Vec<FindingReport>,
    /// How many more there are.
    #[serde(skip)]
    pub untold: usize,
    pub orders: Vec<String>,
    /// The same as they are stored, each with what of it is of the firm of the list, for people.
    #[serde(skip)]
    pub ordered: Vec<(Order, Money)>,
    /// Of a statement: where its credits stand, or would stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Came>,
    /// Of one that is only looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Credit>,
    pub workbook: Option<String>,
    /// Not read, or an error without a row: nothing of it was taken.
    #[serde(skip)]
    pub is_refused: bool,
}

impl FileReport {
    /// Whether something of it waits for a person: rows, or an answer that is a question back.
    pub fn needs_person(&self) -> bool {
        self.is_refused
            || self.rows.rejected + self.rows.held > 0
            || matches!(self.outcome, Outcome::Held | Outcome::Partly)
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct FormatReport {
    pub container: Option<String>,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TableReport {
    pub sheet: String,
    pub header_row: i64,
    pub rows: i64,
    pub columns: Vec<ColumnReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ColumnReport {
    pub column: String,
    pub header: String,
    pub field: Option<Field>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FindingReport {
    pub code: String,
    pub severity: Severity,
    pub sheet: Option<String>,
    pub row: Option<u32>,
    pub column: Option<String>,
    pub field: Option<Field>,
    pub value: Option<String>,
    pub message: String,
    pub fix: String,
    pub suggestion: Option<String>,
}

/// How many findings of a file are told in words, the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    All,
    First(usize),
}

impl Told {
    fn at_most(self) -> usize {
        match self {
            Told::All => usize::MAX,
            Told::First(n) => n,
        }
    }
}

/// The findings of a batch, without holding more of them than are told.
#[derive(Default)]
struct Found {
    told: Vec<FindingReport>,
    count: usize,
    /// One without a row is an error.
    refuses: bool,
    /// How many are more than information.
    grave: usize,
    /// The rows with a cell that corrected an ordered line.
    corrected: BTreeSet<(Option<String>, Option<u32>)>,
    /// The lines that it cancelled.
    cancelled: Vec<String>,
}

impl Found {
    async fn of(services: &Services, batch: &Batch, told: Told) -> anyhow::Result<Found> {
        let mut found = Found { cancelled: staged::cancelled(batch)?, ..Found::default() };
        let mut findings = findings::each(&services.db, batch.id());
        while let Some((_, finding)) = findings.try_next().await? {
            found.count += 1;
            found.refuses |= refuses(std::iter::once(&finding));
            found.grave += usize::from(finding.is_to_do());
            found.corrected.extend(corrected_row(&finding));
            if found.told.len() < told.at_most() {
                found.told.push(in_words(services, &finding));
            }
        }
        Ok(found)
    }
}

/// The batch itself; of the same bytes again the one that they came in first, which says what they are.
pub async fn first_of(services: &Services, batch: &Batch) -> anyhow::Result<Batch> {
    let first = match batch.duplicate_of() {
        Some(first) => batches::by_id(&services.db, first).await?,
        None => None,
    };
    Ok(first.unwrap_or_else(|| batch.clone()))
}

/// What the database says of a batch.
pub async fn of_batch(services: &Services, id: BatchId, told: Told) -> anyhow::Result<FileReport> {
    let batch = batches::by_id(&services.db, id).await?.context("A reported batch is there")?;
    let found = Found::of(services, &batch, told).await?;
    let counted = rows::counts(&services.db, Some(id)).await?;
    let (answered, put_off) = (batch.answers(), staged::put_off(&batch)?);
    let corrected = (i64::try_from(found.corrected.len())?, staged::corrected(&batch)?);
    let own = Rows { corrected, ..Rows::of(&counted) };
    let rows = match answered {
        None if put_off.is_some() => Rows::of_put_off(&put_off.unwrap_or_default(), found.grave),
        Some(original) => own.of_all(&Rows::of(&rows::counts(&services.db, Some(original)).await?)),
        None => own,
    };
    let is_refused = batch.state == BatchState::Rejected && found.refuses;
    let orders = orders::of_batch(&services.db, answered.unwrap_or(id)).await?;
    let lines = lines::totals(&services.db, answered.unwrap_or(id)).await?;
    let priced = |order: Order| {
        let (_, amount) = lines::standing(&lines, &order.code);
        (order, amount)
    };
    let sheets = rows::sheets(&services.db, id).await?;
    let first = first_of(services, &batch).await?;
    let shown = match answered {
        Some(original) => batches::by_id(&services.db, original).await?,
        None => Some(first.clone()),
    };
    let workbook = shown.as_ref().and_then(|batch| outbox::newest(services, batch));
    Ok(FileReport {
        file: batch.file_name.clone(),
        sha256: batch.sha256.clone(),
        kind: first.kind,
        outcome: outcome(&batch, &rows, is_refused, &found),
        batch: Some(id),
        duplicate_of: batch.duplicate_of(),
        answers: answered,
        format: FormatReport {
            container: batch.container,
            encoding: batch.encoding,
            delimiter: batch.delimiter,
        },
        tables: sheets.iter().map(|sheet| table(sheet, &counted)).collect(),
        rows,
        cancelled: found.cancelled,
        untold: found.count - found.told.len(),
        findings: found.told,
        orders: orders.iter().map(|order| order.code.to_string()).collect(),
        ordered: orders.into_iter().map(priced).collect(),
        payments: foreseen::counted(payments::states_of(&services.db, id).await?)?,
        credits: Vec::new(),
        workbook: workbook.map(|path| services.shown_path(&path)),
        is_refused,
    })
}

fn outcome(batch: &Batch, rows: &Rows, is_refused: bool, found: &Found) -> Outcome {
    match batch.kind {
        _ if batch.state == BatchState::Duplicate => Outcome::Duplicate,
        BatchKind::Answer => {
            let is_done = batch.state == BatchState::Done;
            of_answer(rows, is_refused, (found.grave, is_done), &found.cancelled)
        }
        // It may have no row at all.
        BatchKind::Statement if batch.state == BatchState::Held => Outcome::Held,
        // All its lines are there, and one of them asks something.
        BatchKind::Statement if batch.state == BatchState::Done && found.grave > 0 => {
            Outcome::Partly
        }
        _ => rows.outcome(is_refused),
    }
}

/// Of an answer. What of it was not taken says nothing of its rows; of so many findings each asks something.
pub fn of_answer(
    rows: &Rows,
    is_refused: bool,
    (grave, is_done): (usize, bool),
    cancelled: &[String],
) -> Outcome {
    if !cancelled.is_empty() && rows.rejected + rows.held > 0 {
        return Outcome::Partly;
    }
    if is_refused || rows.rejected + rows.held > 0 {
        return rows.outcome(is_refused);
    }
    match is_done {
        _ if grave == 0 => Outcome::Accepted,
        true => Outcome::Partly,
        false => Outcome::Held,
    }
}

fn table(sheet: &rows::Sheet, counts: &[Count]) -> TableReport {
    let rows =
        counts.iter().filter(|count| count.sheet == sheet.sheet).map(|count| count.rows).sum();
    let columns = sheet.columns.iter().map(column).collect();
    TableReport { sheet: sheet.name.clone(), header_row: sheet.header_row, rows, columns }
}

fn column(column: &Column) -> ColumnReport {
    ColumnReport {
        column: column_letters(column.index),
        header: column.header.clone(),
        field: column.field,
    }
}

pub fn in_words(services: &Services, finding: &Finding) -> FindingReport {
    let Finding { severity, place, value, suggestion, .. } = finding.clone();
    FindingReport {
        code: finding.name(),
        severity,
        sheet: place.sheet,
        row: place.row,
        column: place.column,
        field: place.field,
        value,
        message: words::message(services.texts, finding),
        fix: words::fix(services.texts, finding),
        suggestion,
    }
}

/// A dry run of a list.
pub fn of_check(
    services: &Services,
    file: (&str, &Sha256),
    format: &Format,
    (mapped, checked): (&Mapped, &Checked),
    workbook: &Path,
) -> FileReport {
    let mut rows = Rows::default();
    checked.verdicts.iter().for_each(|verdict| rows.add(verdict.state, 1));
    let rows_of = |sheet| checked.verdicts.iter().filter(|verdict| verdict.sheet == sheet).count();
    let tables = mapped.tables.iter().map(|table| TableReport {
        sheet: table.name.clone(),
        header_row: table.header_row.into(),
        rows: i64::try_from(rows_of(table.sheet)).unwrap_or(i64::MAX),
        columns: table.columns.iter().map(column).collect(),
    });
    let mut found: Vec<Numbered> = staged::numbered(mapped);
    found.extend(checked.findings.iter().cloned());
    found.sort_by_key(|(sheet, finding)| (sheet.unwrap_or(0), finding.place.row.unwrap_or(0)));
    FileReport {
        outcome: rows.outcome(checked.is_refused),
        kind: BatchKind::Clients,
        tables: tables.collect(),
        rows,
        findings: found.iter().map(|(_, finding)| in_words(services, finding)).collect(),
        workbook: Some(services.shown_path(workbook)),
        is_refused: checked.is_refused,
        ..empty(file, format)
    }
}

/// A dry run of an answer about cut-offs.
pub fn of_put_off(
    services: &Services,
    file: (&str, &Sha256),
    format: &Format,
    (rows, refused): (Rows, Vec<Finding>),
) -> FileReport {
    FileReport {
        kind: BatchKind::Answer,
        outcome: rows.outcome(false),
        rows,
        findings: refused.iter().map(|finding| in_words(services, finding)).collect(),
        is_refused: false,
        ..empty(file, format)
    }
}

/// A file that could not be read.
pub fn of_refusal(
    services: &Services,
    name: &str,
    sha256: &Sha256,
    refusal: &Refusal,
) -> FileReport {
    let unknown = Format { container: "unknown".to_owned(), encoding: None, delimiter: None };
    let format = refusal.format.as_deref().unwrap_or(&unknown);
    refused(services, (name, sha256), format, &super::import::said_of(refusal))
}

/// A file of which nothing is taken.
pub fn refused(
    services: &Services,
    file: (&str, &Sha256),
    format: &Format,
    finding: &Finding,
) -> FileReport {
    FileReport { findings: vec![in_words(services, finding)], ..empty(file, format) }
}

pub fn empty((name, sha256): (&str, &Sha256), format: &Format) -> FileReport {
    FileReport {
        file: name.to_owned(),
        sha256: sha256.clone(),
        kind: BatchKind::Unknown,
        outcome: Outcome::Rejected,
        batch: None,
        duplicate_of: None,
        answers: None,
        format: FormatReport {
            container: Some(format.container.clone()),
            encoding: format.encoding.clone(),
            delimiter: format.delimiter.clone(),
        },
        tables: Vec::new(),
        rows: Rows::default(),
        cancelled: Vec::new(),
        findings: Vec::new(),
        untold: 0,
        orders: Vec::new(),
        ordered: Vec::new(),
        payments: Vec::new(),
        credits: Vec::new(),
        workbook: None,
        is_refused: true,
    }
}
