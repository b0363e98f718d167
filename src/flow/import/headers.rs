//! What a firm says that headers of its lists mean: remembered, and told with each list.
//! Asking, and reading what was chosen, is the business of `answer`.

use std::collections::BTreeSet;

use anyhow::Context as _;

use crate::{
    catalogue::columns::Columns,
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        header_answers::{self, HeaderAnswer, NewHeaderAnswer},
    },
    domain::{
        batch::BatchState,
        email::Email,
        field::Field,
        finding::{Code, Finding, Place},
        fold::fold,
    },
    flow::{
        Services,
        answer::{
            fixes::{Decision, Fix, Fixes, told},
            questions::{self, Explained},
        },
        map::{self, Table},
        options::ImportOptions,
        staged,
    },
};

/// The synonyms of headers, and what the firm said beyond them.
pub async fn known(services: &Services, firm: Option<&str>) -> anyhow::Result<Columns> {
    let columns = &services.catalogue.columns;
    let Some(firm) = firm else { return Ok(columns.clone()) };
    let answers = header_answers::known(&services.db, Some(firm)).await?;
    Ok(columns.remembering(answers.iter().map(said)))
}

fn said(answer: &HeaderAnswer) -> (&str, Option<Field>) {
    (&answer.header, answer.field())
}

/// Remembers what was said, maps the staged rows with it and judges them again: the file is not read once more.
/// False where the list went on meanwhile, so that nothing of it can change.
pub async fn explain(
    services: &Services,
    original: &Batch,
    explained: &[Explained],
    by: &Email,
    options: &ImportOptions,
) -> anyhow::Result<bool> {
    if !remap(services, original, explained, by).await? {
        return Ok(false);
    }
    services.crash_point("remapped");
    judged(services, super::by_id(services, original.id()).await?, options).await?;
    Ok(true)
}

/// Keeps what was written as an answer and is none, so that the next workbook shows it beside its question. False
/// where it is known already, or where the question is answered.
pub async fn keep_unclear(
    services: &Services,
    original: &Batch,
    unclear: &[Finding],
) -> anyhow::Result<bool> {
    let tables = staged::load(services, original).await?.tables;
    let asked = questions::asked(&tables);
    let headers = || asked.iter().map(|question| question[0].1.header.as_str());
    let before = findings::of_batch(&services.db, original.id()).await?;
    let new: Vec<Numbered> = unclear.iter().map(|finding| (None, finding.clone())).collect();
    let before = headers().map(|header| questions::chosen(&before, header));
    let now = headers().zip(before.clone());
    let now = now.map(|(header, before)| questions::chosen(&new, header).or(before));
    if now.clone().eq(before) {
        return Ok(false);
    }
    let now: Vec<Numbered> = now.flatten().map(|finding| (None, finding.clone())).collect();
    let mut tx = services.db.begin().await?;
    findings::forget_of_ours(&mut tx, original.id(), Code::HeaderAmbiguous).await?;
    findings::insert(&mut tx, original.id(), &now).await?;
    batches::ask_for_workbook(&mut tx, original.id()).await?;
    tx.commit().await?;
    Ok(true)
}

/// A list that a sudden death left between being mapped again and being judged again.
pub async fn judged(
    services: &Services,
    original: Batch,
    options: &ImportOptions,
) -> anyhow::Result<Batch> {
    if original.state != BatchState::Staged {
        return Ok(original);
    }
    super::judge(services, &original, None, options).await?;
    super::ticks::by_itself(services, &original, options).await?;
    super::by_id(services, original.id()).await
}

/// One transaction: answers, columns, parts of rows, findings.
async fn remap(
    services: &Services,
    original: &Batch,
    explained: &[Explained],
    by: &Email,
) -> anyhow::Result<bool> {
    let firm = original.firm.as_deref().context("An answered batch has a firm")?;
    let answers = header_answers::known(&services.db, Some(firm)).await?;
    let headers: Vec<String> = explained.iter().map(Explained::header).collect();
    let new = headers.iter().map(String::as_str).zip(explained.iter().map(|new| new.field));
    let columns = services.catalogue.columns.remembering(answers.iter().map(said).chain(new));
    let staged = staged::load(services, original).await?;
    let mapped = map::again(staged.tables, &columns);
    let kept = kept(services, original, &staged.dropped).await?;
    let mut tx = services.db.begin().await?;
    for (header, Explained { shown, field }) in headers.iter().zip(explained) {
        let (shown, field, answered_by) = (shown.as_str(), *field, by.as_str());
        let new = NewHeaderAnswer { firm, header, shown, field, batch: original.id(), answered_by };
        header_answers::remember(&mut tx, &new, services.now()).await?;
    }
    let replaced =
        staged::replace(&mut tx, original.id(), &mapped, (&staged.dropped, &kept)).await?;
    if replaced {
        tx.commit().await?;
    }
    Ok(replaced)
}

/// What was said of rows that a person left out, and of sheets that are not lists, and so not staged.
async fn kept(
    services: &Services,
    original: &Batch,
    dropped: &BTreeSet<(i64, u32)>,
) -> anyhow::Result<Vec<Numbered>> {
    let is_kept = |(sheet, said): &Numbered| {
        let at = sheet.zip(said.place.row);
        matches!(said.code, Code::SheetSkipped | Code::SheetHidden)
            || at.is_some_and(|at| dropped.contains(&at))
    };
    let mut said = findings::of_batch(&services.db, original.id()).await?;
    said.retain(is_kept);
    Ok(said)
}

/// Leaves the answers to what is still asked; false where one differs from what was answered before.
pub fn leave_answered(explained: &mut Vec<Explained>, tables: &[Table], known: &Columns) -> bool {
    let asked: Vec<String> =
        questions::asked(tables).iter().map(|question| fold(&question[0].1.header)).collect();
    let all = std::mem::take(explained);
    let (open, before): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|explained| asked.contains(&explained.header()));
    *explained = open;
    let is_same = |said: &Explained| {
        known.field(&said.shown) == said.field
            && (said.field.is_some() || known.is_ignored(&said.shown))
    };
    before.iter().all(is_same)
}

/// No row of a list that is held as a whole can be taken as it is; who asks for one is told.
pub async fn while_held(
    services: &Services,
    original: &Batch,
    mut fixes: Fixes,
) -> anyhow::Result<Fixes> {
    let said = findings::of_batch(&services.db, original.id()).await?;
    if said.iter().any(|(_, said)| super::fixes::holds_all(said)) {
        for fix in &mut fixes.rows {
            if fix.decision.take_if(|decision| *decision == Decision::Accept).is_some() {
                let place = Place { row: Some(fix.row), ..Place::default() };
                fixes.told.push(told(services.texts, &place, "held", ""));
            }
        }
        fixes.rows.retain(says_something);
    }
    Ok(fixes)
}

/// Whom a person leaves out goes first: a list that is judged again leaves them out, too.
pub fn drops(fixes: &mut Fixes) -> Fixes {
    let all = std::mem::take(&mut fixes.rows);
    let is_dropped = |fix: &Fix| fix.decision == Some(Decision::Drop);
    let (dropped, others) = all.into_iter().partition(is_dropped);
    fixes.rows = others;
    Fixes { rows: dropped, told: Vec::new() }
}

/// What a workbook could not show was not emptied by anybody.
pub fn without_unknown(mut fixes: Fixes, fields: &[Field]) -> Fixes {
    for fix in &mut fixes.rows {
        fix.changes.retain(|(field, cell)| !(cell.is_empty() && fields.contains(field)));
    }
    fixes.rows.retain(says_something);
    fixes
}

fn says_something(fix: &Fix) -> bool {
    fix.decision.is_some() || !fix.changes.is_empty()
}
