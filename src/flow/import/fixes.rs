//! Fixed and decided rows of a batch: checked as new ones are, and the good ones join their order while it awaits its
//! confirmation, or make a follow-on order of the batch.

use std::collections::HashMap;

use anyhow::Context as _;

use crate::{
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        rows::{self, Column, NewRow, RowKind, Verdict as Settled},
    },
    domain::{
        batch::RowState,
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Severity},
    },
    flow::{
        Services,
        answer::fixes::{Decision, Fix, Fixes, stale},
        check::{self, Checked, Verdict, history::LINE},
        map::{Mapped, Table, TableRow, typed, unmerged},
        options::{ImportOptions, OnError},
        order::collect::{self, Standing, Stored},
        staged::{self, Staged},
    },
};

/// Holds that ask whether something unusual is meant.
const LIFTABLE: [Code; 6] = [
    Code::EmailDomainTypo,
    Code::EmailOfFirm,
    Code::TaxIdAmbiguous,
    Code::RowHidden,
    Code::ClientMaybeSame,
    Code::ClientLicensedElsewhere,
];

/// What differs from an earlier line is a question to that line; what differs from the catalogue, or from another year,
/// may be meant.
fn is_liftable(finding: &Finding) -> bool {
    let is_about_a_line = finding.detail.contains_key(LINE);
    let may_be_meant = matches!(finding.code, Code::ClientChanged | Code::ClientAlreadyOrdered);
    LIFTABLE.contains(&finding.code) || (may_be_meant && !is_about_a_line)
}

/// A sheet and a row of it.
type At = (i64, u32);

/// Judges the fixed rows and stores what came of them, in one transaction; says what was not taken and what is still
/// wrong.
pub async fn apply(
    services: &Services,
    (original, answer): (&Batch, &Batch),
    staged: &Staged,
    fixes: &Fixes,
    options: &ImportOptions,
) -> anyhow::Result<Vec<Finding>> {
    let state = |fix: &Fix| staged.states.get(&(fix.sheet, fix.row)).copied();
    let waits = |fix: &&Fix| matches!(state(fix), Some(RowState::Rejected | RowState::Held));
    let (open, late): (Vec<&Fix>, Vec<&Fix>) = fixes.rows.iter().partition(waits);
    let is_lost = |fix: &&&Fix| {
        let dropped = fix.decision == Some(Decision::Drop);
        !fix.changes.is_empty() || (dropped && state(fix) == Some(RowState::Accepted))
    };
    let mut said = fixes.told.clone();
    let table = |fix: &Fix| staged.tables.iter().find(|table| table.sheet == fix.sheet);
    let lost = late.iter().filter(is_lost);
    said.extend(lost.filter_map(|fix| Some(stale(table(fix)?, fix.row))));
    if open.is_empty() {
        return Ok(said);
    }
    let whole = staged::mapped(services, original).await?;
    let mapped = Mapped {
        tables: fixed(staged, &open),
        order_level: whole.order_level,
        // What is asked of the whole list is asked still: nothing joins an order.
        findings: whole.findings.into_iter().filter(holds_all).collect(),
    };
    let firm = services.firm(original.firm.as_deref().context("An answered batch has a firm")?)?;
    let from_csv = original.container.as_deref() == Some("csv");
    // Each row stands alone: how many of those that came back are still wrong says nothing of the others.
    let options = ImportOptions { on_error: OnError::AcceptValid, ..options.clone() };
    let context = super::context(services, firm, &mapped, &options, from_csv);
    let context = check::Context { max_bad_share: 1.0, ..context };
    for _ in 0..super::OVERTAKEN_AT_MOST {
        let mut checked = super::checked(services, &mapped, &context).await?;
        let decisions = decisions(&open);
        decide(&mut checked, &decisions);
        if store(services, (original, answer), &mapped, &checked, &decisions).await? == Stored::Done
        {
            let is_told = |(sheet, finding): &Numbered| {
                is_grave(finding) && !is_dropped(&decisions, sheet.zip(finding.place.row))
            };
            let told = checked.findings.into_iter().filter(is_told);
            said.extend(told.map(|(_, finding)| finding));
            return Ok(said);
        }
    }
    anyhow::bail!("Other lists kept ordering the clients of {}; try again", answer.file_name)
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

fn decisions(fixes: &[&Fix]) -> HashMap<At, Decision> {
    fixes.iter().filter_map(|fix| Some(((fix.sheet, fix.row), fix.decision?))).collect()
}

fn is_dropped(decisions: &HashMap<At, Decision>, at: Option<At>) -> bool {
    at.and_then(|at| decisions.get(&at)) == Some(&Decision::Drop)
}

/// `nhận` takes a held row as it is, where each hold is one that a person may lift; `bỏ` ends it, whatever it says. A
/// question that was answered is a question no more.
fn decide(checked: &mut Checked, decisions: &HashMap<At, Decision>) {
    let Checked { verdicts, findings, .. } = checked;
    let mut holds: HashMap<At, Vec<&mut Finding>> = HashMap::new();
    for (sheet, finding) in findings {
        if let Some(at) =
            sheet.zip(finding.place.row).filter(|_| finding.severity == Severity::Hold)
        {
            holds.entry(at).or_default().push(finding);
        }
    }
    for verdict in verdicts {
        let at = (verdict.sheet, verdict.row);
        let holds = holds.remove(&at).unwrap_or_default();
        let is_liftable = verdict.state == RowState::Held
            // One without a hold of its own is held by a question about the whole list.
            && !holds.is_empty()
            && holds.iter().all(|it| is_liftable(it));
        verdict.state = match decisions.get(&at) {
            Some(Decision::Accept) if is_liftable => RowState::Accepted,
            Some(Decision::Drop) => RowState::Rejected,
            _ => continue,
        };
        for finding in holds {
            finding.severity = Severity::Info;
        }
    }
}

fn fixed_form<'a>(
    sheet: i64,
    row: &'a TableRow,
    decisions: &HashMap<At, Decision>,
) -> rows::Fixed<'a> {
    let dropped = is_dropped(decisions, Some((sheet, row.number)));
    rows::Fixed { sheet, row_no: row.number, cells: &row.cells, dropped }
}

async fn store(
    services: &Services,
    (original, answer): (&Batch, &Batch),
    mapped: &Mapped,
    checked: &Checked,
    decisions: &HashMap<At, Decision>,
) -> anyhow::Result<Stored> {
    let standing = Standing::of(services, original.id()).await?;
    let states: HashMap<At, RowState> = checked
        .verdicts
        .iter()
        .map(|verdict| ((verdict.sheet, verdict.row), verdict.state))
        .collect();
    let mut tx = services.db.begin().await?;
    for table in &mapped.tables {
        rows::widen(&mut tx, original.id(), table.sheet, &table.columns).await?;
        let fixed = |row| fixed_form(table.sheet, row, decisions);
        let fixed: Vec<rows::Fixed<'_>> = table.rows.iter().map(fixed).collect();
        rows::replace(&mut tx, original.id(), &fixed).await?;
        let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
        findings::forget(&mut tx, original.id(), table.sheet, &numbers).await?;
        let state = |row: &TableRow| states.get(&(table.sheet, row.number)).copied();
        let new = table.rows.iter().map(|row| NewRow {
            sheet: table.sheet,
            row_no: row.number,
            kind: RowKind::Data,
            cells: &row.cells,
            state: state(row).or(Some(RowState::Rejected)),
        });
        rows::insert(&mut tx, answer.id(), &new.collect::<Vec<_>>()).await?;
    }
    let settled = |verdict: &Verdict| Settled {
        sheet: verdict.sheet,
        row_no: verdict.row,
        state: verdict.state,
    };
    let verdicts: Vec<Settled> = checked.verdicts.iter().map(settled).collect();
    rows::settle(&mut tx, original.id(), &verdicts).await?;
    let about_rows = checked.findings.iter().filter(|(_, finding)| finding.place.row.is_some());
    let about_rows: Vec<Numbered> = about_rows.cloned().collect();
    findings::insert(&mut tx, original.id(), &about_rows).await?;
    if collect::join(services, &mut tx, original, checked, &standing).await? == Stored::Overtaken {
        return Ok(Stored::Overtaken);
    }
    batches::ask_for_workbook(&mut tx, original.id()).await?;
    tx.commit().await?;
    Ok(Stored::Done)
}
