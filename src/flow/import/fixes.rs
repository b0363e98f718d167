//! Fixed and decided rows of a batch: checked as new ones are, and the good ones join their order while it awaits its
//! confirmation, or make a follow-on order of the batch.

use std::collections::HashMap;

use anyhow::Context as _;

use super::{
    accepted::Accepted,
    corrections::{self, How},
    decisions,
};
use crate::{
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        rows::{self, Column, NewRow, RowKind, Verdict as Settled},
    },
    domain::{
        batch::{BatchId, BatchState, RowState},
        cell::Cell,
        field::Field,
        finding::{Finding, Severity},
    },
    flow::{
        Services,
        answer::fixes::{Decision, Fix, Fixes},
        check::{self, Checked, Verdict},
        map::{Mapped, Table, TableRow, typed, unmerged},
        options::{ImportOptions, OnError},
        order::collect::{self, Standing, Stored},
        report::Rows,
        send,
        staged::{self, Staged},
    },
};

/// A sheet and a row of it.
pub type At = (i64, u32);

/// Judges the fixed rows and stores what came of them, in one transaction; says what was not taken and what is still
/// wrong. `answer` is the batch that brought them, if it was one.
pub async fn apply(
    services: &Services,
    (original, answer): (BatchId, Option<&Batch>),
    fixes: &Fixes,
    options: &ImportOptions,
) -> anyhow::Result<Vec<Finding>> {
    let options = one_by_one(options);
    let shown = decisions::shown(services, &super::by_id(services, original).await?).await?;
    let mut accepted = Accepted::default();
    for _ in 0..super::OVERTAKEN_AT_MOST {
        let original = super::by_id(services, original).await?;
        let staged = staged::load(services, &original).await?;
        let (open, mut said) = open(services, &original, &staged, fixes).await?;
        if open.is_empty() {
            return Ok(said);
        }
        let mapped = again(services, &original, &staged, &open).await?;
        let mut checked = check(services, &original, &mapped, &options).await?;
        let mut decisions = decisions::of_shown(&open, &shown, &checked);
        let of_firm = (&staged, original.firm.as_deref());
        let how = (services, How::Correct(None));
        if accepted.correct(how, of_firm, (&checked, &decisions)).await? {
            checked = check(services, &original, &mapped, &options).await?;
            decisions = decisions::of_shown(&open, &shown, &checked);
        }
        decisions::carry_out(&mut checked, &decisions);
        accepted.tell(&mut checked);
        let rows = (open.as_slice(), &mapped, &checked);
        if store(services, (&original, answer), rows, &accepted).await? == Stored::Done {
            said.extend(accepted.explain(still_wrong(checked, &decisions)));
            return Ok(said);
        }
    }
    anyhow::bail!("The rows of {original}, or the clients in them, kept being changed; try again")
}

/// What `apply` would say, and how the rows would count; nothing is stored.
pub async fn would_do(
    services: &Services,
    original: &Batch,
    fixes: &Fixes,
    options: &ImportOptions,
) -> anyhow::Result<(Vec<Finding>, Rows)> {
    let staged = staged::load(services, original).await?;
    let (open, mut said) = open(services, original, &staged, fixes).await?;
    let mut rows = Rows::default();
    if open.is_empty() {
        return Ok((said, rows));
    }
    let mapped = again(services, original, &staged, &open).await?;
    let mut checked = check(services, original, &mapped, &one_by_one(options)).await?;
    let shown = decisions::shown(services, original).await?;
    let decisions = decisions::of_shown(&open, &shown, &checked);
    let mut accepted = Accepted::default();
    let of_firm = (&staged, original.firm.as_deref());
    accepted.correct((services, How::Look), of_firm, (&checked, &decisions)).await?;
    accepted.settle(&mut checked);
    decisions::carry_out(&mut checked, &decisions);
    checked.verdicts.iter().for_each(|verdict| rows.add(accepted.state(verdict), 1));
    rows.corrected.1 = i64::try_from(accepted.corrected())?;
    said.extend(accepted.explain(still_wrong(checked, &decisions)));
    Ok((said, rows))
}

/// Each row stands alone: how many of those that came back are still wrong says nothing of the others.
fn one_by_one(options: &ImportOptions) -> ImportOptions {
    ImportOptions { on_error: OnError::AcceptValid, ..options.clone() }
}

/// The rows that can be judged, and what is said of the others.
async fn open<'a>(
    services: &Services,
    original: &Batch,
    staged: &Staged,
    fixes: &'a Fixes,
) -> anyhow::Result<(Vec<&'a Fix>, Vec<Finding>)> {
    let (open, late) = decisions::open(staged, &fixes.rows);
    let mut said: Vec<Finding> = fixes.told.iter().cloned().chain(late).collect();
    if original.state == BatchState::Undone {
        // Nothing is ordered by a list that was taken back.
        said.extend(open.iter().filter_map(|fix| decisions::too_late(staged, fix)));
        return Ok((Vec::new(), said));
    }
    let left = corrections::left(services, original, &open).await?;
    let stays = |fix: &&Fix| left.iter().all(|(at, _)| *at != (fix.sheet, fix.row));
    let open: Vec<&Fix> = open.into_iter().filter(stays).collect();
    said.extend(left.into_iter().map(|(_, finding)| finding));
    Ok((open, said))
}

/// The list with these rows alone, as they are now.
async fn again(
    services: &Services,
    original: &Batch,
    staged: &Staged,
    open: &[&Fix],
) -> anyhow::Result<Mapped> {
    let whole = staged::mapped(services, original).await?;
    Ok(Mapped {
        tables: fixed(staged, open),
        order_level: whole.order_level,
        // What is asked of the whole list is asked still: nothing joins an order.
        findings: whole.findings.into_iter().filter(holds_all).collect(),
        ..Mapped::default()
    })
}

/// What is to be said of rows that wait on.
fn still_wrong(checked: Checked, decisions: &HashMap<At, Decision>) -> Vec<(Option<At>, Finding)> {
    let of_row = |(sheet, finding): Numbered| (sheet.zip(finding.place.row), finding);
    let is_told = |(at, finding): &(Option<At>, Finding)| {
        is_grave(finding) && !decisions::is_dropped(decisions, *at)
    };
    checked.findings.into_iter().map(of_row).filter(is_told).collect()
}

async fn check(
    services: &Services,
    original: &Batch,
    mapped: &Mapped,
    options: &ImportOptions,
) -> anyhow::Result<Checked> {
    let firm = services.firm(original.firm.as_deref().context("An answered batch has a firm")?)?;
    let from_csv = original.container.as_deref() == Some("csv");
    let context = super::context(services, firm, mapped, options, from_csv);
    let context = check::Context { max_bad_share: 1.0, ..context };
    super::checked(services, mapped, &context).await
}

/// A question about a whole list, which no decision about a row answers.
pub fn holds_all(finding: &Finding) -> bool {
    finding.severity == Severity::Hold && finding.place.row.is_none()
}

fn is_grave(finding: &Finding) -> bool {
    let is_open = matches!(finding.severity, Severity::Error | Severity::Hold);
    finding.place.row.is_some() && is_open
}

/// The lists with the fixed rows alone; a field that had no column gets one at the end.
fn fixed(staged: &Staged, fixes: &[&Fix]) -> Vec<Table> {
    let fixes: HashMap<At, &Fix> = fixes.iter().map(|fix| ((fix.sheet, fix.row), *fix)).collect();
    let mut tables = Vec::new();
    for table in &staged.tables {
        let mut columns = table.columns.clone();
        let mut rows = Vec::new();
        for row in &table.rows {
            let Some(fix) = fixes.get(&(table.sheet, row.number)) else { continue };
            let mut row = TableRow { cells: unmerged(table, row), ..row.clone() };
            for (field, cell) in &fix.changes {
                let index = column(&mut columns, &table.rows, *field);
                row.cells.resize(row.cells.len().max(index + 1), Cell::Empty);
                let column = columns.iter().find(|column| column.field == Some(*field));
                row.cells[index] =
                    column.map_or_else(|| cell.clone(), |column| typed(cell.clone(), column));
            }
            rows.push(row);
        }
        if !rows.is_empty() {
            let (name, layout) = (table.name.clone(), table.layout.clone());
            let (sheet, header_row) = (table.sheet, table.header_row);
            tables.push(Table { sheet, name, header_row, columns, rows, layout });
        }
    }
    tables
}

/// Where a field stands; one without a column gets the first that no row has a cell in.
fn column(columns: &mut Vec<Column>, rows: &[TableRow], field: Field) -> usize {
    let index = |index: u32| usize::try_from(index).unwrap_or_default();
    if let Some(column) = columns.iter().find(|column| column.field == Some(field)) {
        return index(column.index);
    }
    let mapped = columns.iter().map(|column| column.index + 1).max().unwrap_or_default();
    let longest = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let next = mapped.max(u32::try_from(longest).unwrap_or_default());
    columns.push(Column::new(next, field.as_str(), Some(field)));
    index(next)
}

fn fixed_form<'a>(
    sheet: i64,
    row: &'a TableRow,
    decisions: &HashMap<At, Decision>,
) -> rows::Fixed<'a> {
    let dropped = decisions::is_dropped(decisions, Some((sheet, row.number)));
    rows::Fixed { sheet, row_no: row.number, cells: &row.cells, dropped }
}

/// Of no effect where the batch changed since it was read.
async fn store(
    services: &Services,
    (original, answer): (&Batch, Option<&Batch>),
    (open, mapped, checked): (&[&Fix], &Mapped, &Checked),
    accepted: &Accepted,
) -> anyhow::Result<Stored> {
    let id = original.id();
    let standing = Standing::of(services, id).await?;
    let decisions = &decisions::of(open);
    let verdicts: Vec<Settled> = checked.verdicts.iter().map(settled).collect();
    let mut tx = services.db.begin().await?;
    if !batches::is_as_read(&mut tx, original).await? {
        return Ok(Stored::Overtaken);
    }
    for table in &mapped.tables {
        rows::widen(&mut tx, id, table.sheet, &table.columns).await?;
        let fixed = |row| fixed_form(table.sheet, row, decisions);
        let fixed: Vec<rows::Fixed<'_>> = table.rows.iter().map(fixed).collect();
        rows::replace(&mut tx, id, &fixed).await?;
        let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
        findings::forget(&mut tx, id, table.sheet, &numbers).await?;
        if let Some(answer) = answer {
            let new: Vec<NewRow<'_>> = table.rows.iter().map(|row| answered(table, row)).collect();
            rows::insert(&mut tx, answer.id(), &new).await?;
            rows::replace(&mut tx, answer.id(), &fixed).await?;
        }
    }
    rows::settle(&mut tx, id, &verdicts).await?;
    if let Some(answer) = answer {
        let as_answered =
            |verdict: &Verdict| Settled { state: accepted.state(verdict), ..settled(verdict) };
        let verdicts: Vec<Settled> = checked.verdicts.iter().map(as_answered).collect();
        rows::settle(&mut tx, answer.id(), &verdicts).await?;
        let is_fixed =
            |fix: &&&Fix| !fix.changes.is_empty() && fix.decision != Some(Decision::Drop);
        let fixed = open.iter().filter(is_fixed).count();
        staged::keep_fixed(&mut tx, answer, (fixed, accepted.corrected())).await?;
    }
    let about_rows = checked.findings.iter().filter(|(_, finding)| finding.place.row.is_some());
    let about_rows: Vec<Numbered> = about_rows.cloned().collect();
    findings::insert(&mut tx, id, &about_rows).await?;
    if collect::join(services, &mut tx, original, checked, &standing).await? == Stored::Overtaken {
        return Ok(Stored::Overtaken);
    }
    batches::ask_for_workbook(&mut tx, id).await?;
    if checked.accepted().next().is_some() {
        send::plan::results(services, &mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(Stored::Done)
}

fn settled(verdict: &Verdict) -> Settled {
    Settled { sheet: verdict.sheet, row_no: verdict.row, state: verdict.state }
}

/// Rejected until its verdict is stored.
fn answered<'a>(table: &Table, row: &'a TableRow) -> NewRow<'a> {
    let state = Some(RowState::Rejected);
    let (sheet, row_no) = (table.sheet, row.number);
    NewRow { sheet, row_no, kind: RowKind::Data, cells: &row.cells, state }
}
