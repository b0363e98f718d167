//! The receipt of a file, in a few plain lines: what was understood of it, what of it was not taken and why, where
//! the workbook lies, and what to do next. What became of the file is read from the database.

use std::collections::BTreeSet;

use anyhow::Context;
use minijinja::{Value, context};

use super::{
    gather::{self, of_state},
    missing,
    outbox::{self, newest, receipt_path},
    questions, reconciliation,
    steps::{Where, next_steps, unpaid},
    view::Counts,
};
use crate::{
    db::{
        batches::{self, Batch},
        findings, lines, orders, payments, refunds, rows, statements,
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        finding::{Code, Finding, Severity},
        money::Money,
        order::LineState,
    },
    flow::{
        Services,
        files::write_whole,
        inbox::BANK,
        map::Table,
        pay::hand,
        report::{self, Rows, corrected_row},
        staged, sweep,
    },
    text::findings as words,
};

/// So many remarks are told; the workbook has all.
const SHOWN: usize = 20;

/// Writes `<original>__<batch>.txt`.
pub async fn write(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    let first = report::first_of(services, batch).await?;
    let text = match (first.answers(), first.kind) {
        (Some(original), _) if batch.duplicate_of().is_none() => {
            of_answer(services, batch, original).await?
        }
        (None, BatchKind::Statement) => of_statement(services, batch).await?,
        (None, BatchKind::Bounce) => of_bounce(services, batch).await?,
        (None, _) if staged::put_off(batch)?.is_some() => of_put_off(services, batch).await?,
        (None, BatchKind::Answer) => of_money(services, batch).await?,
        _ => of_list(services, batch).await?,
    };
    let path = receipt_path(services, batch);
    write_whole(&path, format!("{}\n", text.trim()).as_bytes())
}

/// What a receipt begins with.
fn head(services: &Services, batch: &Batch) -> Value {
    context! {
        file => batch.file_name.as_str(),
        batch => batch.id().to_string(),
        at => services.local(batch.received_at).format("%d/%m/%Y %H:%M").to_string(),
        duplicate_of => batch.duplicate_of().map(|id| id.to_string()),
        refused => batch.state == BatchState::Rejected,
    }
}

async fn of_list(services: &Services, batch: &Batch) -> anyhow::Result<String> {
    let said = findings::of_file(&services.db, batch.id()).await?;
    let tables = staged::tables(services, batch.id()).await?;
    let missing = missing::of_batch(services, batch.id(), &tables).await?;
    let about_file = |finding: &&Finding| finding.place.row.is_none();
    let about_file = said.iter().map(|(_, finding)| finding).filter(about_file);
    let columns = tables.iter().flat_map(|table| &table.columns).filter_map(|column| {
        let field = services.texts.label(&format!("field.{}", column.field?));
        Some(format!("{} → {field}", column.header))
    });
    let rows = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
    let is_list = batch.kind == BatchKind::Clients;
    let skipped = rows::skipped(&services.db, batch.id()).await?;
    let all_hidden = is_list && rows.total > 0 && skipped == rows.total;
    let nothing_new = is_list && rows.total > 0 && rows.unchanged == rows.total;
    let is_read = is_list && batch.duplicate_of().is_none() && rows.total > 0;
    let to_do = if is_read && !nothing_new {
        to_do(services, batch, (&tables, &rows)).await?
    } else {
        Vec::new()
    };
    let values = context! {
        columns => columns.collect::<Vec<_>>(),
        said => about_file.map(|finding| in_words(services, finding, Kind::OfFile)).collect::<Vec<_>>(),
        workbook => newest(services, batch).map(|path| services.shown_path(&path)),
        totals => totals(services, &lines::totals(&services.db, batch.id()).await?),
        missing, nothing_new, all_hidden, to_do, skipped,
        unchanged => rows.unchanged - rows.dropped - skipped,
        ..counted(&rows)
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(services.texts.say("message.receipt", values))
}

/// What a statement brought, and where its credits stand.
async fn of_statement(services: &Services, batch: &Batch) -> anyhow::Result<String> {
    let rows = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let told = said.iter().take(SHOWN).map(|(_, it)| in_words(services, it, Kind::OfRow));
    let state = |(state, n, sum): (String, i64, i64)| {
        let state = services.texts.label(&format!("workbook.payment_state.{state}"));
        context! { state, n, sum => Money::dong(sum).to_string() }
    };
    let states = payments::states_of(&services.db, batch.id()).await?;
    let days = statements::of_batch(&services.db, batch.id()).await?;
    let covered = sweep::covered(services).await?;
    let holes = sweep::holes::of(services, &covered).await?;
    // Those of the last days that matter: lines wait for them.
    let judged = sweep::judge(services).await?;
    let awaited = judged.iter().flat_map(|it| it.all_missing(&covered, services.today()));
    let missing = holes.days_with(&covered, awaited);
    let missing: Vec<String> =
        sweep::holes::spans(&missing).into_iter().map(sweep::holes::shown_span).collect();
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.format("%d/%m/%Y").to_string());
    let closed = refunds::closed_by(&services.db, batch.id().number()).await?;
    let closed = closed.iter().map(|it| {
        context! { payment => it.bank_line_id, amount => Money::dong(it.amount).to_string() }
    });
    let values = context! {
        closed => closed.collect::<Vec<_>>(),
        waits => batch.state == BatchState::Held,
        told => told.collect::<Vec<_>>(),
        states => states.into_iter().map(state).collect::<Vec<_>>(),
        from => day(days.iter().filter_map(statements::Statement::from).min()),
        to => day(days.iter().filter_map(statements::Statement::to).max()),
        covered => day(covered.to()),
        missing => missing.join(", "),
        breaks => holes.breaks,
        account => services.settings.payee.account.as_str(),
        ..counted(&rows)
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(services.texts.say("message.receipt_statement", values))
}

/// What a delivery report means for which mails.
async fn of_bounce(services: &Services, batch: &Batch) -> anyhow::Result<String> {
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let told = said.iter().take(SHOWN).map(|(_, it)| in_words(services, it, Kind::OfFile));
    let values = context! {
        told => told.collect::<Vec<_>>(), more => said.len().saturating_sub(SHOWN),
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(services.texts.say("message.receipt_bounce", values))
}

/// What an answer about cut-offs did, and what of it was not done.
async fn of_put_off(services: &Services, batch: &Batch) -> anyhow::Result<String> {
    let put_off = staged::put_off(batch)?.unwrap_or_default();
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let (already, refused): (Vec<&Finding>, Vec<&Finding>) =
        said.iter().map(|(_, it)| it).partition(|it| it.severity == Severity::Info);
    let in_words = |all: Vec<&Finding>| -> Vec<String> {
        all.iter().take(SHOWN).map(|it| in_words(services, it, Kind::OfRow)).collect()
    };
    let held = put_off.held.iter().map(|(line, until)| {
        let until = until.map(|day| day.format("%d/%m/%Y").to_string());
        services.texts.say("message.receipt_put_off.line", context! { line, until })
    });
    let values = context! {
        by => put_off.by.as_str(), rows => put_off.lines,
        held => held.collect::<Vec<_>>(), told => in_words(refused),
        already => in_words(already),
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(services.texts.say("message.receipt_put_off.text", values))
}

/// What of an answer about money was done.
async fn of_money(services: &Services, batch: &Batch) -> anyhow::Result<String> {
    let rows = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let told = said.iter().take(SHOWN).map(|(_, it)| in_words(services, it, Kind::OfRow));
    let folder = outbox::folder(services, Some(BANK));
    let done = payments::of_answer(&services.db, batch.id()).await?;
    let done = done.iter().map(|(payment, detail)| done_in_words(services, *payment, &detail.0));
    let is_stale = said.iter().any(|(_, finding)| finding.code == Code::RowStaleAnswer);
    let values = context! {
        done => done.collect::<Vec<_>>(),
        told => told.collect::<Vec<_>>(), more => said.len().saturating_sub(SHOWN),
        is_written => rows.accepted > 0 || is_stale, outdated => staged::is_outdated(batch)?,
        workbook => outbox::has_workbook(reconciliation::WHAT, &folder), ..counted(&rows)
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(services.texts.say("message.receipt_money", values))
}

/// What was done with one payment.
fn done_in_words(services: &Services, payment: i64, detail: &serde_json::Value) -> String {
    let codes = |name: &str| {
        let told = serde_json::from_value::<Vec<(String, i64)>>(detail[name].clone());
        let told = told.unwrap_or_default().into_iter().filter(|(_, amount)| *amount > 0);
        hand::codes_in_words(&told.collect::<Vec<_>>())
    };
    let refund = detail["refund"].as_i64().filter(|dong| *dong > 0);
    let values = context! {
        payment, pays => codes("words"), waived => codes("waived"),
        refund => refund.map(|dong| Money::dong(dong).to_string()),
    };
    services.texts.say("message.receipt_money_done", values)
}

async fn of_answer(
    services: &Services,
    batch: &Batch,
    original: BatchId,
) -> anyhow::Result<String> {
    let original = batches::by_id(&services.db, original).await?;
    let original = original.context("An answered batch is there")?;
    let tables = staged::tables(services, original.id()).await?;
    let own = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
    let all = Rows::of(&rows::counts(&services.db, Some(original.id())).await?);
    let said = findings::of_batch(&services.db, batch.id()).await?;
    let by_cells: BTreeSet<_> = said.iter().filter_map(|(_, it)| corrected_row(it)).collect();
    let by_cells = i64::try_from(by_cells.len())?;
    let own = Rows { corrected: (by_cells, staged::corrected(batch)?), ..own };
    let grave = || said.iter().filter(|(_, finding)| finding.severity != Severity::Info);
    let told = grave().take(SHOWN).map(|(_, finding)| in_words(services, finding, Kind::OfRow));
    let told: Vec<String> = told.collect();
    let ignored = said.iter().map(|(_, finding)| finding);
    let ignored =
        ignored.filter(|it| it.code == Code::RowUnknownAnswer && it.severity == Severity::Info);
    let ignored: Vec<String> =
        ignored.take(SHOWN).map(|finding| in_words(services, finding, Kind::OfRow)).collect();
    let edits = || said.iter().map(|(_, it)| it).filter(|it| corrected_row(it).is_some());
    let done: Vec<String> = edits().take(SHOWN).map(|it| edited(services, it)).collect();
    let texts = services.texts;
    let orders = orders::of_batch(&services.db, original.id()).await?;
    let lines = lines::totals(&services.db, original.id()).await?;
    let order = |order: &orders::Order| {
        let state = texts.label(&format!("workbook.order_state.{}", order.state));
        let gone = lines.iter().filter(|it| it.order_code == order.code);
        let gone = gone.filter(|it| it.state == LineState::Cancelled).map(|it| it.lines);
        let (standing, amount) = lines::standing(&lines, &order.code);
        let values = context! {
            order => order.code.as_str(), revision => order.revision, state,
            lines => standing, gone => gone.sum::<i64>(), amount => amount.to_string(),
        };
        texts.say("message.receipt_answer.order", values)
    };
    let mut cancelled = cancelled(services, batch, original.id()).await?;
    let gone = cancelled.len();
    cancelled.truncate(SHOWN);
    let values = context! {
        gone, cancelled,
        original => original.file_name.as_str(),
        answers => original.id().to_string(),
        fixed => staged::fixed(batch)?,
        others => (all.total - own.total - i64::try_from(gone)?).max(0),
        more_done => edits().count() - done.len(), done,
        totals => totals(services, &lines),
        orders => orders.iter().map(order).collect::<Vec<_>>(),
        more => grave().count() - told.len(),
        told, ignored,
        workbook => newest(services, &original).map(|path| services.shown_path(&path)),
        to_do => to_do(services, &original, (&tables, &all)).await?,
        ..counted(&own)
    };
    let values = context! { ..head(services, batch), ..values };
    Ok(texts.say("message.receipt_answer.text", values))
}

/// An edited cell, and where it is.
fn edited(services: &Services, finding: &Finding) -> String {
    let (place, said) = (&finding.place, words::message(services.texts, finding));
    let values =
        context! { row => place.row, column => &place.column, sheet => &place.sheet, said };
    services.texts.say("message.receipt_answer.told", values)
}

/// The lines that an answer cancelled, by the rows of their list.
async fn cancelled(
    services: &Services,
    answer: &Batch,
    original: BatchId,
) -> anyhow::Result<Vec<String>> {
    let gone = staged::cancelled(answer)?;
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    let lines = lines::of_batch(&services.db, original).await?;
    let lines = lines.iter().filter(|line| gone.contains(&line.reference().to_string()));
    let said = lines.map(|line| {
        let reference = line.reference().to_string();
        let values = context! { row => line.row_no, line => reference, name => line.name.as_str() };
        services.texts.say("message.receipt_answer.cancelled", values)
    });
    Ok(said.collect())
}

/// The control totals, as the workbook has them; of a list that brought no line, none.
fn totals(services: &Services, lines: &[lines::Total]) -> Option<String> {
    let totals = gather::totals(lines);
    let values = context! {
        rows => totals.rows, amount => totals.amount.to_string(), tax_ids => totals.tax_id_sum,
    };
    (totals.rows > 0).then(|| services.texts.say("message.control_totals", values))
}

fn counted(rows: &Rows) -> Value {
    let (by_cells, by_word) = rows.corrected;
    context! {
        rows => rows.total, accepted => rows.accepted - by_cells - by_word, rejected => rows.rejected,
        held => rows.held, unchanged => rows.unchanged - rows.dropped,
        dropped => rows.dropped, corrected => by_cells + by_word,
    }
}

/// What is said of the file, or of a place in it.
#[derive(Clone, Copy)]
enum Kind {
    OfFile,
    OfRow,
}

fn in_words(services: &Services, finding: &Finding, kind: Kind) -> String {
    let texts = services.texts;
    let said = format!("{} {}", words::message(texts, finding), words::fix(texts, finding));
    let place = &finding.place;
    match (kind, place.row) {
        // One that names its cell itself does so.
        (Kind::OfRow, Some(row)) if !finding.detail.contains_key("cell") => {
            let values = context! { row, column => &place.column, sheet => &place.sheet, said };
            texts.say("message.receipt_answer.told", values)
        }
        _ => said,
    }
}

/// What is said of a row, and where.
pub fn told(services: &Services, finding: &Finding) -> String {
    in_words(services, finding, Kind::OfRow)
}

/// What is to be done with the workbook of a list.
pub async fn to_do(
    services: &Services,
    batch: &Batch,
    (tables, rows): (&[Table], &Rows),
) -> anyhow::Result<Vec<String>> {
    let orders = orders::of_batch(&services.db, batch.id()).await?;
    let failed = of_state(&lines::totals(&services.db, batch.id()).await?, LineState::Failed);
    let questions = questions::asked(tables).len();
    let counts = (&Counts::from(*rows), questions);
    let open = (failed, unpaid(services, batch.id()).await?);
    Ok(next_steps(services, (batch, Where::Receipt), counts, &orders, open))
}
