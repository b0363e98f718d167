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
        finding::{Code, Finding, Place, Severity},
    },
    flow::{
        Services,
        answer::fixes::{Decision, Fix},
        check::{Checked, Verdict},
        map::{Mapped, Table, TableRow, typed, unmerged},
        options::ImportOptions,
        order::collect,
        staged::{self, Staged},
    },
};

/// Holds that ask whether something unusual is meant.
const LIFTABLE: [Code; 3] = [Code::EmailDomainTypo, Code::EmailOfFirm, Code::TaxIdAmbiguous];

/// Judges the fixed rows and stores what came of them, in one transaction; says what is still wrong.
pub async fn apply(
    services: &Services,
    (original, answer): (&Batch, &Batch),
    staged: &Staged,
    fixes: &[Fix],
    options: &ImportOptions,
) -> anyhow::Result<Vec<Finding>> {
    let waiting = |fix: &&Fix| {
        matches!(
            staged.states.get(&(fix.sheet, fix.row)),
            Some(RowState::Rejected | RowState::Held)
        )
    };
    let (open, late): (Vec<&Fix>, Vec<&Fix>) = fixes.iter().partition(waiting);
    let late = late.iter().filter(|fix| !fix.changes.is_empty());
    let mut said: Vec<Finding> = late.map(|fix| stale(staged, fix)).collect();
    if open.is_empty() {
        return Ok(said);
    }
    let whole = staged::mapped(services, original).await?;
    let mapped = Mapped {
        tables: fixed(staged, &open),
        order_level: whole.order_level,
        // What a column means is still asked: nothing joins an order.
        findings: whole.findings.into_iter().filter(asks_for_a_column).collect(),
    };
    let firm = services.firm(original.firm.as_deref().context("An answered batch has a firm")?)?;
    let from_csv = original.container.as_deref() == Some("csv");
    let context = super::context(services, firm, &mapped, options, from_csv);
    let mut checked = super::checked(services, &mapped, &context).await?;
    decide(&mut checked, &open);
    store(services, (original, answer), &mapped, &checked).await?;
    let grave = |finding: &Finding| {
        finding.place.row.is_some() && matches!(finding.severity, Severity::Error | Severity::Hold)
    };
    said.extend(checked.findings.into_iter().map(|(_, finding)| finding).filter(grave));
    Ok(said)
}

fn asks_for_a_column(finding: &Finding) -> bool {
    finding.code == Code::HeaderAmbiguous && finding.place.row.is_none()
}

/// The row went on since the answer was written.
fn stale(staged: &Staged, fix: &Fix) -> Finding {
    let sheet =
        staged.tables.iter().find(|table| table.sheet == fix.sheet).map(|table| table.name.clone());
    Finding::new(Code::RowStaleAnswer, Place { sheet, row: Some(fix.row), ..Place::default() })
}

/// The lists with the fixed rows alone; a field that had no column gets one at the end.
fn fixed(staged: &Staged, fixes: &[&Fix]) -> Vec<Table> {
    let mut tables = Vec::new();
    for whole in &staged.tables {
        let of_table: Vec<&&Fix> = fixes.iter().filter(|fix| fix.sheet == whole.sheet).collect();
        let mut table = whole.clone();
        table.rows.retain(|row| of_table.iter().any(|fix| fix.row == row.number));
        for row in &mut table.rows {
            row.cells = unmerged(whole, row);
        }
        for fix in of_table {
            for (field, cell) in &fix.changes {
                let index = column(&mut table, *field);
                let of_field = table.columns.iter().find(|column| column.field == Some(*field));
                let of_field = of_field.cloned().unwrap_or_default();
                if let Some(row) = table.rows.iter_mut().find(|row| row.number == fix.row) {
                    row.cells.resize(row.cells.len().max(index + 1), Cell::Empty);
                    row.cells[index] = typed(cell.clone(), &of_field);
                }
            }
        }
        if !table.rows.is_empty() {
            tables.push(table);
        }
    }
    tables
}

fn column(table: &mut Table, field: Field) -> usize {
    let index = |index: u32| usize::try_from(index).unwrap_or_default();
    if let Some(column) = table.columns.iter().find(|column| column.field == Some(field)) {
        return index(column.index);
    }
    let next = table.columns.iter().map(|column| column.index + 1).max().unwrap_or_default();
    table.columns.push(Column::new(next, field.as_str(), Some(field)));
    index(next)
}

/// `nhận` takes a held row as it is, where the hold is one that a person may lift; `bỏ` ends it.
fn decide(checked: &mut Checked, fixes: &[&Fix]) {
    let decisions: HashMap<(i64, u32), Decision> =
        fixes.iter().filter_map(|fix| Some(((fix.sheet, fix.row), fix.decision?))).collect();
    let Checked { verdicts, findings, .. } = checked;
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.state == RowState::Held) {
        match decisions.get(&(verdict.sheet, verdict.row)) {
            Some(Decision::Accept) if lift(findings, verdict) => verdict.state = RowState::Accepted,
            Some(Decision::Drop) => {
                verdict.state = RowState::Rejected;
                settle_holds(findings, verdict);
            }
            _ => {}
        }
    }
}

/// Turns the holds of a row into remarks; false where one of them is not a person's to lift.
fn lift(findings: &mut [Numbered], verdict: &Verdict) -> bool {
    let liftable = holds(findings, verdict).all(|finding| LIFTABLE.contains(&finding.code));
    if liftable {
        settle_holds(findings, verdict);
    }
    liftable
}

/// A question that was answered is a question no more.
fn settle_holds(findings: &mut [Numbered], verdict: &Verdict) {
    for finding in holds(findings, verdict) {
        finding.severity = Severity::Info;
    }
}

fn holds<'a>(
    findings: &'a mut [Numbered],
    verdict: &Verdict,
) -> impl Iterator<Item = &'a mut Finding> {
    let (sheet, row) = (Some(verdict.sheet), Some(verdict.row));
    let here = move |(of, finding): &&mut Numbered| {
        *of == sheet && finding.place.row == row && finding.severity == Severity::Hold
    };
    findings.iter_mut().filter(here).map(|(_, finding)| finding)
}

async fn store(
    services: &Services,
    (original, answer): (&Batch, &Batch),
    mapped: &Mapped,
    checked: &Checked,
) -> anyhow::Result<()> {
    let mut tx = services.db.begin().await?;
    let settled = |verdict: &Verdict| Settled {
        sheet: verdict.sheet,
        row_no: verdict.row,
        state: verdict.state,
    };
    let verdicts: Vec<Settled> = checked.verdicts.iter().map(settled).collect();
    let state = |table: &Table, row: &TableRow| {
        let verdict = checked
            .verdicts
            .iter()
            .find(|verdict| verdict.sheet == table.sheet && verdict.row == row.number);
        verdict.map_or(RowState::Rejected, |verdict| verdict.state)
    };
    for table in &mapped.tables {
        rows::widen(&mut tx, original.id(), table.sheet, &table.columns).await?;
        for row in &table.rows {
            rows::replace(&mut tx, original.id(), (table.sheet, row.number), &row.cells).await?;
            findings::forget(&mut tx, original.id(), (table.sheet, row.number)).await?;
        }
        let new: Vec<NewRow<'_>> = table
            .rows
            .iter()
            .map(|row| NewRow {
                sheet: table.sheet,
                row_no: row.number,
                kind: RowKind::Data,
                cells: &row.cells,
                state: Some(state(table, row)),
            })
            .collect();
        rows::insert(&mut tx, answer.id(), &new).await?;
    }
    rows::settle(&mut tx, original.id(), &verdicts).await?;
    let about_rows: Vec<Numbered> = checked
        .findings
        .iter()
        .filter(|(_, finding)| finding.place.row.is_some())
        .cloned()
        .collect();
    findings::insert(&mut tx, original.id(), &about_rows).await?;
    collect::join(services, &mut tx, original, checked).await?;
    batches::ask_for_workbook(&mut tx, original.id()).await?;
    tx.commit().await?;
    Ok(())
}
