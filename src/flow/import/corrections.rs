//! Corrections that come in files: edited cells of *Kết quả*, and `nhận` beside a row that says of an ordered client
//! something else than before. What may be corrected, and what follows, is decided by `order::correct`.

use std::collections::BTreeSet;

use super::{decisions, fixes::At};
use crate::{
    db::{
        batches::{self, Batch},
        findings,
        lines::{self, Line},
        orders,
        rows::{self, NewRow, RowKind},
    },
    domain::{
        batch::{BatchId, RowState},
        cell::Cell,
        finding::{Finding, Place, Severity, column_letters},
        order::LineRef,
    },
    flow::{
        Services, activate,
        answer::{
            fixes::{Decision, Fix, Fixes},
            outbox,
            refusals::REFUSED_EDIT,
            returned::Edited,
        },
        check::history,
        map::Table,
        order::correct::{self, Asked, Corrected, Wish},
        report::{CORRECTED, Rows},
        staged::Staged,
    },
    text::findings::KEPT,
};

/// What was edited on the sheet of results.
pub struct Edits<'a> {
    pub rows: &'a [Edited],
    /// Who says so, where that is written.
    pub by: Option<&'a str>,
}

/// Edited rows that wait are fixed ones, as on the sheet *Cần sửa*, which goes before; the others correct their lines.
pub fn part(staged: &Staged, changed: Vec<Edited>, fixes: &mut Fixes) -> Parted {
    let waits = |edited: &Edited| {
        let state = staged.states.get(&(edited.sheet, edited.row));
        matches!(state, Some(RowState::Rejected | RowState::Held))
    };
    let (waiting, rest): (Vec<Edited>, Vec<Edited>) = changed.into_iter().partition(waits);
    let is_any = !(waiting.is_empty() && rest.is_empty());
    for Edited { sheet, row, mut changes, .. } in waiting {
        match fixes.rows.iter_mut().find(|fix| (fix.sheet, fix.row) == (sheet, row)) {
            Some(fix) => {
                changes.retain(|(field, _)| fix.changes.iter().all(|(known, _)| known != field));
                fix.changes.extend(changes);
            }
            None => fixes.rows.push(Fix { sheet, row, changes, decision: None }),
        }
    }
    Parted { rest, is_any }
}

/// What is left of edited rows when those that wait are fixed.
pub struct Parted {
    pub rest: Vec<Edited>,
    /// Whether any was edited.
    pub is_any: bool,
}

/// Corrects the lines of edited rows; says what was corrected and what was not, and whether anything was.
pub async fn edited(
    services: &Services,
    (original, answer): (BatchId, &Batch),
    staged: &Staged,
    edits: &Edits<'_>,
) -> anyhow::Result<(Vec<Finding>, bool)> {
    let lines = lines_of(services, original, edits).await?;
    let (mut said, mut is_any) = (Vec::new(), false);
    let (how, firm) = (How::Correct(Some(original)), answer.firm.as_deref());
    for edited in edits.rows {
        let came = one(services, how, (staged, &lines), (edited, edits.by, firm)).await?;
        if let Some(state) = came.state {
            keep(services, (original, answer), edited, state).await?;
            is_any |= state == RowState::Accepted;
        }
        said.extend(came.said);
    }
    Ok((said, is_any))
}

/// What `edited` would say of them, and how the rows would count; nothing is stored.
pub async fn would_edit(
    services: &Services,
    original: &Batch,
    staged: &Staged,
    edits: &Edits<'_>,
) -> anyhow::Result<(Vec<Finding>, Rows)> {
    let lines = lines_of(services, original.id(), edits).await?;
    let (mut said, mut rows) = (Vec::new(), Rows::default());
    let firm = original.firm.as_deref();
    for edited in edits.rows {
        let came = one(services, How::Look, (staged, &lines), (edited, edits.by, firm)).await?;
        if let Some(state) = came.state {
            rows.add(state, 1);
            rows.corrected.0 += i64::from(state == RowState::Accepted);
        }
        said.extend(came.said.into_iter().map(|it| it.detail("dry", "1")));
    }
    Ok((said, rows))
}

async fn lines_of(
    services: &Services,
    original: BatchId,
    edits: &Edits<'_>,
) -> anyhow::Result<Vec<Line>> {
    if edits.rows.is_empty() {
        return Ok(Vec::new());
    }
    Ok(lines::of_batch(&services.db, original).await?)
}

/// What came of an edited row, or would.
struct Came {
    /// How it counts with the answer; it does not where its line says so already.
    state: Option<RowState>,
    said: Vec<Finding>,
}

async fn one(
    services: &Services,
    how: How,
    (staged, lines): (&Staged, &[Line]),
    (edited, by, firm): (&Edited, Option<&str>, Option<&str>),
) -> anyhow::Result<Came> {
    let at = (edited.sheet, edited.row);
    let rejected = |said| Came { state: Some(RowState::Rejected), said };
    let line = lines.iter().find(|it| (it.sheet, it.row_no) == (at.0, at.1.into()));
    let Some(line) = line else {
        let own = edited.findings.iter().map(|it| it.clone().detail(REFUSED_EDIT, "1"));
        return Ok(rejected(own.collect()));
    };
    let reason = services.texts.label("message.kept.by_workbook");
    let changes = edited.changes.as_slice();
    let wish = Wish { changes, by, reason: &reason, is_answered: false, firm };
    Ok(match how.tell(services, &line.reference(), &wish).await? {
        Corrected::Done(_, warnings) => {
            let done = |it: &Finding| it.clone().severity(Severity::Info).detail(CORRECTED, "1");
            let done = edited.findings.iter().map(done);
            let said = done.chain(warnings.into_iter().map(|it| placed(staged, at, it))).collect();
            Came { state: Some(RowState::Accepted), said }
        }
        Corrected::Already => Came { state: None, said: Vec::new() },
        Corrected::Refused(findings) => {
            let placed: Vec<Finding> =
                findings.into_iter().map(|it| placed(staged, at, it)).collect();
            rejected(refused(services, edited, &placed))
        }
        Corrected::NotAllowed(why) => {
            let kept = why.in_words(services.texts, &line.reference(), Asked::InFile);
            let field = why.field().filter(|at| edited.changes.iter().any(|it| it.0 == *at));
            let is_it = |it: &&Finding| field.is_none() || it.place.field == field;
            let own = edited.findings.iter().filter(is_it);
            let own: Vec<Finding> = own.map(|it| it.clone().detail(KEPT, kept.clone())).collect();
            rejected(refused(services, edited, &own))
        }
    })
}

/// Why a row was not corrected, and that its other edited cells were not for that.
fn refused(services: &Services, edited: &Edited, why: &[Finding]) -> Vec<Finding> {
    let is_said = |it: &Finding| why.iter().any(|said| said.place.field == it.place.field);
    let others = edited.findings.iter().filter(|it| !is_said(it));
    let beside = services.texts.label("message.not_corrected.beside");
    let others = others.map(|it| it.clone().detail(KEPT, beside.clone()));
    let all = why.iter().cloned().chain(others);
    all.map(|it| it.detail(REFUSED_EDIT, "1")).collect()
}

/// How a row that came back otherwise counts with the answer; the next workbook says it.
async fn keep(
    services: &Services,
    (original, answer): (BatchId, &Batch),
    edited: &Edited,
    state: RowState,
) -> anyhow::Result<()> {
    let cells: Vec<Cell> = edited.changes.iter().map(|(_, cell)| cell.clone()).collect();
    let row = NewRow {
        sheet: edited.sheet,
        row_no: edited.row,
        kind: RowKind::Data,
        cells: &cells,
        state: Some(state),
    };
    let mut tx = services.db.begin().await?;
    rows::insert(&mut tx, answer.id(), &[row]).await?;
    batches::ask_for_workbook(&mut tx, original).await?;
    tx.commit().await?;
    Ok(())
}

/// Of rows that were answered with `nhận` those that ask about a line which went to another firm since: `nhận` would
/// order for its client anew, which nobody was asked.
pub async fn left(
    services: &Services,
    original: &Batch,
    open: &[&Fix],
) -> anyhow::Result<Vec<(At, Finding)>> {
    let accepted = open.iter().filter(|fix| fix.decision == Some(Decision::Accept));
    let accepted: BTreeSet<At> = accepted.map(|fix| (fix.sheet, fix.row)).collect();
    let mut left = Vec::new();
    if accepted.is_empty() {
        return Ok(left);
    }
    for (sheet, finding) in findings::of_batch(&services.db, original.id()).await? {
        let at = sheet.zip(finding.place.row).filter(|at| accepted.contains(at));
        let Some(at) = at.filter(|_| decisions::is_correction(&finding)) else { continue };
        let Some(named) = finding.detail.get(history::LINE) else { continue };
        let named: LineRef = named.parse()?;
        let lines = lines::of_order(&services.db, &named.order).await?;
        let line = lines.iter().find(|line| line.line_no == named.line);
        if line.is_some_and(|line| original.firm.as_ref() != Some(&line.firm)) {
            let why = services.texts.label("message.not_corrected.left");
            left.push((at, finding.detail(KEPT, why)));
        }
    }
    Ok(left)
}

/// Whether lines are corrected, or it is only asked what would come of it.
#[derive(Clone, Copy)]
pub enum How {
    /// But for the workbook of the list that is being answered, which is written once in the end.
    Correct(Option<BatchId>),
    Look,
}

impl How {
    /// Corrects a line, tells the platform where it is there, and writes the workbook that shows it.
    pub async fn tell(
        self,
        services: &Services,
        line: &LineRef,
        wish: &Wish<'_>,
    ) -> anyhow::Result<Corrected> {
        let How::Correct(answered) = self else {
            return correct::would(services, line, wish).await;
        };
        let corrected = correct::correct(services, line, wish).await?;
        if matches!(corrected, Corrected::Done(..)) {
            activate::tell_if_there(services, &line.order).await?;
            let order = orders::by_code(&services.db, &line.order).await?;
            if let Some(order) = order.filter(|order| answered != Some(order.batch())) {
                outbox::write_workbook(services, order.batch()).await?;
            }
        }
        Ok(corrected)
    }
}

/// Where a cell of the list stands.
pub fn placed(staged: &Staged, (sheet, row): At, finding: Finding) -> Finding {
    let table: Option<&Table> = staged.tables.iter().find(|table| table.sheet == sheet);
    let field = finding.place.field;
    let column = table.and_then(|table| {
        let mut columns = table.columns.iter();
        columns.find(|column| column.field.is_some() && column.field == field)
    });
    let place = Place {
        sheet: table.map(|table| table.name.clone()),
        row: Some(row),
        column: column.map(|column| column_letters(column.index)),
        field,
    };
    Finding { place, ..finding }
}
