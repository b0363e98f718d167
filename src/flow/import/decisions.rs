//! What a person decided about rows that wait: taken as they are, or left out; and the way back for a row left out.
//! Workbooks and commands say it; the checks and the store are the business of `fixes`.

use std::collections::HashMap;

use super::fixes::{At, holds_all};
use crate::{
    db::{batches::Batch, findings},
    domain::{
        batch::{BatchState, RowState},
        finding::{Code, Finding, Severity},
    },
    flow::{
        Services,
        answer::{
            fixes::{Decision, Fix, Fixes, stale},
            outbox,
        },
        check::{Checked, choice::CHOICE, history::LINE},
        options::ImportOptions,
        staged::Staged,
    },
    text::findings::NOT_LIFTED,
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

/// What differs from an earlier line corrects that line; what differs from the catalogue, or from another year,
/// may be meant.
fn is_liftable(finding: &Finding) -> bool {
    let is_about_a_line = finding.detail.contains_key(LINE);
    let may_be_meant = matches!(finding.code, Code::ClientChanged | Code::ClientAlreadyOrdered);
    let is_choice = finding.detail.contains_key(CHOICE);
    LIFTABLE.contains(&finding.code) || is_choice || (may_be_meant && !is_about_a_line)
}

/// A row of a client that is ordered says something else than its line: `nhận` corrects the line.
pub(super) fn is_correction(finding: &Finding) -> bool {
    finding.code == Code::ClientChanged && finding.detail.contains_key(LINE)
}

/// Whether `nhận` settles a question.
pub(super) fn can_be_accepted(finding: &Finding) -> bool {
    is_liftable(finding) || is_correction(finding)
}

/// Why a row cannot be decided as somebody wishes.
#[derive(Debug)]
pub enum Forbidden {
    /// It stands in an order.
    Ordered,
    /// Nothing of it is asked: the firm has the same line already.
    Unchanged,
    /// Its list was taken back.
    Undone,
    /// A question about the whole list must be answered first.
    ListHeld,
    /// What must be corrected, or cannot be lifted.
    Wrong(Box<Finding>),
}

/// Parts what came back: rows that can be judged, and what is said of those that cannot any more. What is done
/// already is neither.
pub fn open<'a>(staged: &Staged, fixes: &'a [Fix]) -> (Vec<&'a Fix>, Vec<Finding>) {
    let (mut open, mut late) = (Vec::new(), Vec::new());
    for fix in fixes {
        let at = (fix.sheet, fix.row);
        let is_dropped = staged.dropped.contains(&at);
        let state = staged.states.get(&at).copied();
        let waits = matches!(state, Some(RowState::Rejected | RowState::Held));
        let is_lost = match (is_dropped, fix.decision) {
            (true, Some(Decision::Drop)) => continue,
            (true, None) => true,
            (false, Some(Decision::Drop)) if state == Some(RowState::Accepted) => true,
            (false, _) if !waits => !fix.changes.is_empty(),
            _ => {
                open.push(fix);
                continue;
            }
        };
        let said = too_late(staged, fix).filter(|_| is_lost);
        late.extend(said.map(|said| if is_dropped { said.detail("dropped", "1") } else { said }));
    }
    (open, late)
}

/// That a row changed since the workbook was written.
pub(super) fn too_late(staged: &Staged, fix: &Fix) -> Option<Finding> {
    let table = staged.tables.iter().find(|table| table.sheet == fix.sheet);
    table.map(|table| stale(table, fix.row))
}

pub fn of(fixes: &[&Fix]) -> HashMap<At, Decision> {
    fixes.iter().filter_map(|fix| Some(((fix.sheet, fix.row), fix.decision?))).collect()
}

/// What people saw beside each row when they decided about it.
pub(super) type Shown = HashMap<At, Vec<Finding>>;

pub(super) async fn shown(services: &Services, original: &Batch) -> anyhow::Result<Shown> {
    let mut shown = Shown::new();
    for (sheet, finding) in findings::of_batch(&services.db, original.id()).await? {
        if let Some(at) = sheet.zip(finding.place.row) {
            shown.entry(at).or_default().push(finding);
        }
    }
    Ok(shown)
}

/// The decisions, without `nhận` beside rows that are asked something now which nobody saw then: they wait on.
pub(super) fn of_shown(open: &[&Fix], shown: &Shown, checked: &Checked) -> HashMap<At, Decision> {
    let mut decisions = of(open);
    let is_edited =
        |at: At| open.iter().any(|fix| (fix.sheet, fix.row) == at && !fix.changes.is_empty());
    for (sheet, now) in checked.findings.iter().filter(|(_, it)| it.severity == Severity::Hold) {
        let Some(at) = sheet.zip(now.place.row) else { continue };
        let was_seen = |seen: &Finding| {
            let same = |key: &str| seen.detail.get(key) == now.detail.get(key);
            // Who writes another value into the row knows which.
            seen.code == now.code && same(LINE) && (same("reason") || is_edited(at))
        };
        let is_new = !shown.get(&at).is_some_and(|seen| seen.iter().any(was_seen));
        if is_new && decisions.get(&at) == Some(&Decision::Accept) {
            decisions.remove(&at);
        }
    }
    decisions
}

pub(super) fn is_dropped(decisions: &HashMap<At, Decision>, at: Option<At>) -> bool {
    at.and_then(|at| decisions.get(&at)) == Some(&Decision::Drop)
}

/// `nhận` takes a held row as it is, where each hold is one that a person may lift; `bỏ` ends it, whatever it says:
/// nothing of it is asked or ordered any more. A question that was answered is a question no more.
pub(super) fn carry_out(checked: &mut Checked, decisions: &HashMap<At, Decision>) {
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
        let can_be_lifted = verdict.state == RowState::Held
            // One without a hold of its own is held by a question about the whole list.
            && !holds.is_empty()
            && holds.iter().all(|it| is_liftable(it));
        verdict.state = match decisions.get(&at) {
            Some(Decision::Accept) if can_be_lifted => RowState::Accepted,
            Some(Decision::Drop) => RowState::Unchanged,
            Some(Decision::Accept) => {
                for open in holds.into_iter().filter(|hold| !is_liftable(hold)) {
                    open.detail.insert(NOT_LIFTED.to_owned(), "1".to_owned());
                }
                continue;
            }
            None => continue,
        };
        for finding in holds {
            finding.severity = Severity::Info;
        }
    }
}

/// Whether the rows of a list can be decided so; the first that cannot, and why. What is done already can.
pub async fn allows(
    services: &Services,
    batch: &Batch,
    staged: &Staged,
    (rows, decision): (&[At], Decision),
) -> anyhow::Result<Result<(), (At, Forbidden)>> {
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let is_list_held = said.iter().any(|(_, finding)| holds_all(finding));
    let must_be_mended = |at: At| {
        let of_row = |(sheet, finding): &&(Option<i64>, Finding)| {
            sheet.zip(finding.place.row) == Some(at)
                && match finding.severity {
                    Severity::Error => true,
                    Severity::Hold => !can_be_accepted(finding),
                    Severity::Warning | Severity::Info => false,
                }
        };
        said.iter().find(of_row).map(|(_, finding)| Forbidden::Wrong(Box::new(finding.clone())))
    };
    let forbidden = |at: At| match (staged.states.get(&at), decision) {
        _ if batch.state == BatchState::Undone => Some(Forbidden::Undone),
        _ if staged.dropped.contains(&at) => None,
        (Some(RowState::Accepted), Decision::Drop) => Some(Forbidden::Ordered),
        (Some(RowState::Accepted), Decision::Accept) => None,
        (Some(RowState::Unchanged), _) => Some(Forbidden::Unchanged),
        (_, Decision::Accept) if is_list_held => Some(Forbidden::ListHeld),
        (_, Decision::Accept) => must_be_mended(at),
        (_, Decision::Drop) => None,
    };
    let first = rows.iter().find_map(|at| Some((*at, forbidden(*at)?)));
    Ok(first.map_or(Ok(()), Err))
}

/// Decides rows of a list as a workbook that comes back does, and writes its next revision. Says what is still
/// wrong with them.
pub async fn decide(
    services: &Services,
    batch: &Batch,
    (rows, decision): (&[At], Decision),
    options: &ImportOptions,
) -> anyhow::Result<Vec<Finding>> {
    let fix = |(sheet, row): &At| Fix {
        sheet: *sheet,
        row: *row,
        changes: Vec::new(),
        decision: Some(decision),
    };
    let fixes = Fixes { rows: rows.iter().map(fix).collect(), told: Vec::new() };
    let said = super::fixes::apply(services, (batch.id(), None), &fixes, options).await?;
    outbox::write_workbook(services, batch.id()).await?;
    Ok(said)
}
