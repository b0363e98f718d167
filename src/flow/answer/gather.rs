//! Gathers what a result workbook shows of a file as a whole: of a batch from the database, of a dry run from what was
//! just checked. Its rows come from `pages`.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use tokio::runtime::Handle;

use super::{
    allowed::{self, Fallback},
    identity, messages, missing, origin,
    pages::{OfBatch, OfCheck},
    payments::{payee, payments},
    questions, refusals,
    rows::{self, Facts, Whole},
    steps::{Where, next_steps, unpaid},
    view::{ControlTotals, Counts, Decision, OrderView, ResultView, ViewKind},
};
use crate::{
    db::{
        self,
        batches::Batch,
        cancellations,
        findings::Numbered,
        licences,
        lines::{self, Total},
        orders::{self, Order},
        rows::RowKind,
        shown, told,
    },
    domain::{
        batch::{BatchId, BatchState, RowState, Sha256},
        client::ClientRow,
        field::Field,
        finding::Finding,
        fiscal_year::FiscalYear,
        money::Money,
        order::{LineState, OrderState},
    },
    flow::{
        Services,
        check::Checked,
        map::{Mapped, Table},
        options::ImportOptions,
        order::code,
        report::Rows,
        staged,
    },
    text::one_line,
};

/// So many rows from the top are looked through for values that show what a column holds.
const SAMPLED: i64 = 1_000;

/// The newest state of a batch, and where its rows come from.
pub async fn of_batch<'a>(
    services: &'a Services,
    batch: &'a Batch,
) -> anyhow::Result<(ResultView, OfBatch<'a>)> {
    let (db, id) = (&services.db, batch.id());
    let tables = staged::tables(services, id).await?;
    let said = db::findings::of_file(db, id).await?;
    let orders = orders::of_batch(db, id).await?;
    let lines = lines::totals(db, id).await?;
    let at = moment(services, batch, &orders).await?;
    let questions = questions(services, batch, (&tables, &said)).await?;
    let counts = counts(services, batch).await?;
    let (payments, more_payments) = payments(services, id).await?;
    let asked = (&counts, questions.len());
    let failed = of_state(&lines, LineState::Failed);
    let open = (failed, unpaid(services, id).await?);
    let mut next_steps = next_steps(services, (batch, Where::Workbook), asked, &orders, open);
    next_steps.extend(old_template(services, staged::is_old_template(batch)?));
    let is_taken_back = batch.state == BatchState::Undone;
    let mut file_findings = file_findings(services, &said);
    if is_taken_back {
        rows::without_offers(&mut file_findings);
    }
    let (refusals, refused) = refusals::of_newest(services, (id, &tables)).await?;
    file_findings.extend(refusals);
    let firm = batch.firm.as_deref().and_then(|firm| services.firm(firm).ok());
    let view = ResultView {
        locale: services.settings.locale,
        file_name: batch.file_name.clone(),
        firm: firm.map(|firm| firm.name.clone()).unwrap_or_default(),
        kind: ViewKind::Batch,
        batch: Some(id),
        revision: u32::try_from(batch.revision)?,
        generated_at: services.local(at),
        next_steps,
        totals: totals(&lines),
        cancelled: of_state(&lines, LineState::Cancelled),
        left: usize::try_from(db::standing::left(db, id).await?)?,
        missing: missing::of_batch(services, id, &tables).await?,
        ordered_again: ordered_again(services, id).await?,
        counts,
        orders: order_views(services, &orders, &lines)?,
        needs_second: services.settings.order.maker_checker,
        file_findings,
        payee: (!payments.is_empty()).then(|| payee(services)),
        payments,
        more_payments,
        messages: messages::of_batch(services, batch).await?,
        choices: allowed::whatever(services),
        labels: labels(services),
        order_level: Vec::new(),
        origin: origin::of(services, batch, at),
        identity: Some(identity::of(&services.key, id, batch.revision)?),
        sheets: rows::sheets_of_batch(services, id, &tables).await?,
        questions,
    };
    let fallback =
        Fallback { order_level: staged::order_level(batch)?, options: staged::options(batch)? };
    let asks = !view.questions.is_empty();
    let whole = Whole {
        batch: Some(id),
        several: tables.len() > 1,
        is_taken_back,
        list_held: list_held(services, &said, asks).filter(|_| !is_taken_back),
        services,
        fallback,
    };
    Ok((view, OfBatch { batch, tables, whole, refused, runtime: Handle::current() }))
}

/// What is said of a row that only a question about the whole list holds.
fn list_held(
    services: &Services,
    said: &[Numbered],
    asks: bool,
) -> Option<super::view::FindingText> {
    rows::list_held(said.iter().map(|(_, finding)| finding), asks, services.texts)
}

/// None of a list that was taken back.
async fn questions(
    services: &Services,
    batch: &Batch,
    (tables, said): (&[Table], &[Numbered]),
) -> anyhow::Result<Vec<super::view::QuestionView>> {
    if batch.state == BatchState::Undone {
        return Ok(Vec::new());
    }
    let (id, mut tables) = (batch.id(), tables.to_vec());
    for table in &mut tables {
        if table.columns.iter().any(|column| !column.asked.is_empty()) {
            let rows = db::rows::after(&services.db, (id, table.sheet), 0, SAMPLED).await?;
            table.rows = rows.into_iter().map(staged::row).collect::<Result<_, _>>()?;
        }
    }
    let language = (services.texts, services.settings.locale);
    Ok(questions::views((&tables, said), &services.catalogue.columns, language))
}

async fn counts(services: &Services, batch: &Batch) -> anyhow::Result<Counts> {
    let id = batch.id();
    let rows = Rows::of(&db::rows::counts(&services.db, Some(id)).await?);
    let skipped = db::rows::skipped(&services.db, id).await?;
    let counts = Counts { skipped: skipped.unsigned_abs(), ..Counts::from(rows) };
    Ok(if batch.state == BatchState::Undone { counts.of_taken_back() } else { counts })
}

async fn ordered_again(services: &Services, id: BatchId) -> anyhow::Result<Vec<String>> {
    let again = db::findings::ordered_again(&services.db, id).await?;
    Ok(again.iter().map(|it| one_line(&it.name)).collect())
}

/// How to get a template of today, for who used a former one.
fn old_template(services: &Services, is_old: bool) -> Option<String> {
    is_old.then(|| services.texts.label("message.next.old_template"))
}

/// A dry run of a file, and where its rows come from.
pub fn of_check<'a>(
    services: &'a Services,
    file_name: &str,
    firm: &str,
    sha256: &Sha256,
    (mapped, checked, missing, options): (&'a Mapped, &'a Checked, usize, &ImportOptions),
) -> (ResultView, OfCheck<'a>) {
    let of_mapping = staged::numbered(mapped);
    let said: Vec<Numbered> = of_mapping
        .iter()
        .chain(&checked.findings)
        .filter(|it| is_of_file(it.0, &it.1))
        .cloned()
        .collect();
    let facts = dry_facts(mapped, checked);
    let text = |key: &str| services.texts.label(&format!("message.origin.{key}"));
    let view = ResultView {
        locale: services.settings.locale,
        file_name: file_name.to_owned(),
        firm: firm.to_owned(),
        kind: ViewKind::Check,
        batch: None,
        revision: 1,
        generated_at: services.local(services.now()),
        next_steps: std::iter::once(services.texts.label("message.next.check"))
            .chain(old_template(services, mapped.is_old_template))
            .collect(),
        counts: dry_counts(mapped, &facts),
        totals: dry_totals(services, checked),
        cancelled: 0,
        left: 0,
        missing,
        ordered_again: Vec::new(),
        orders: Vec::new(),
        needs_second: false,
        questions: Vec::new(),
        file_findings: file_findings(services, &said),
        payments: Vec::new(),
        more_payments: 0,
        messages: Vec::new(),
        payee: None,
        choices: allowed::whatever(services),
        labels: labels(services),
        order_level: order_level(services, mapped),
        origin: vec![
            (text("file"), file_name.to_owned()),
            (text("sha256"), sha256.to_string()),
            (text("catalogue"), services.catalogue.version()),
            (text("program"), origin::program()),
        ],
        identity: None,
        sheets: mapped.tables.iter().map(rows::sheet_of_table).collect(),
    };
    let fallback =
        Fallback { order_level: mapped.order_level.clone(), options: Some(options.clone()) };
    let whole = Whole {
        batch: None,
        several: mapped.tables.len() > 1,
        is_taken_back: false,
        list_held: list_held(services, &said, false),
        services,
        fallback,
    };
    (view, OfCheck { mapped, whole, facts })
}

/// Like [`db::findings::of_file`].
fn is_of_file(sheet: Option<i64>, finding: &Finding) -> bool {
    sheet.is_none() || finding.place.row.is_none() || !is_about_cell(finding)
}

fn dry_facts<'a>(mapped: &'a Mapped, checked: &'a Checked) -> Facts<'a> {
    let verdicts = checked.verdicts.iter();
    let mut said = HashMap::<rows::At, Vec<&Finding>>::new();
    let sheets: HashMap<&str, i64> =
        mapped.tables.iter().map(|table| (table.name.as_str(), table.sheet)).collect();
    for finding in &mapped.findings {
        let sheet = finding.place.sheet.as_deref().and_then(|name| sheets.get(name));
        if let Some(at) = sheet.copied().zip(finding.place.row) {
            said.entry(at).or_default().push(finding);
        }
    }
    for (at, findings) in rows::by_row(checked.findings.iter()) {
        said.entry(at).or_default().extend(findings);
    }
    Facts {
        states: verdicts.map(|verdict| ((verdict.sheet, verdict.row), verdict.state)).collect(),
        dropped: BTreeSet::new(),
        said,
        ..Facts::default()
    }
}

fn dry_counts(mapped: &Mapped, facts: &Facts<'_>) -> Counts {
    let mut counts = Counts::default();
    for table in &mapped.tables {
        for row in table.rows.iter().filter(|row| row.kind == RowKind::Data) {
            let at = (table.sheet, row.number);
            counts.total += 1;
            match facts.states.get(&at).copied().unwrap_or(RowState::Rejected) {
                RowState::Accepted => counts.accepted += 1,
                RowState::Held => counts.held += 1,
                RowState::Rejected | RowState::Staged => counts.rejected += 1,
                RowState::Unchanged => {
                    counts.unchanged += 1;
                    let said = facts.said.get(&at).map(Vec::as_slice).unwrap_or_default();
                    counts.skipped += u64::from(said.iter().any(|finding| finding.is_skipped()));
                }
            }
        }
    }
    counts
}

/// When the newest of what is shown happened, so that the same state is the same workbook.
async fn moment(
    services: &Services,
    batch: &Batch,
    orders: &[Order],
) -> anyhow::Result<DateTime<Utc>> {
    let (db, id) = (&services.db, batch.id());
    let placed = orders.iter().filter_map(|order| order.placed_at);
    let since = [
        licences::newest(db, id).await?,
        told::newest(db, id).await?,
        cancellations::newest(db, id).await?,
        shown::newest_change(db, id).await?,
    ];
    let checked = batch.checked_at.unwrap_or(batch.received_at);
    Ok(placed.chain(since.into_iter().flatten()).fold(checked, DateTime::max))
}

/// How many lines stand in a state.
pub fn of_state(lines: &[Total], state: LineState) -> usize {
    let lines: i64 = lines.iter().filter(|it| it.state == state).map(|it| it.lines).sum();
    usize::try_from(lines).unwrap_or_default()
}

/// The control totals of a batch, by the lines that were not cancelled: the same wherever they are told.
pub fn totals(lines: &[Total]) -> ControlTotals {
    let stand = || lines.iter().filter(|it| it.state != LineState::Cancelled);
    ControlTotals {
        rows: stand().map(|it| it.lines.unsigned_abs()).sum(),
        amount: Money::dong(stand().map(|it| it.amount).sum()),
        tax_id_sum: stand().map(|it| it.tax_ids).sum(),
    }
}

fn dry_totals(services: &Services, checked: &Checked) -> ControlTotals {
    let today = services.today();
    let price = |client: &ClientRow| {
        let package = services.catalogue.packages.get(&client.package);
        package.and_then(|package| package.price_on(today)).map(|price| client.kind.price(price))
    };
    ControlTotals {
        rows: checked.accepted().count() as u64,
        amount: checked.accepted().filter_map(|(_, client)| price(client)).sum(),
        tax_id_sum: checked.accepted().map(|(_, client)| client.tax_id.last_four()).sum(),
    }
}

fn order_views(
    services: &Services,
    orders: &[Order],
    lines: &[Total],
) -> anyhow::Result<Vec<OrderView>> {
    let stand_of = |order: &Order| {
        let stand = |it: &&Total| it.order_code == order.code && it.state != LineState::Cancelled;
        lines.iter().filter(stand).cloned().collect::<Vec<Total>>()
    };
    let view = |order: &Order| {
        let package = services.catalogue.packages.get(&order.package);
        let waits = order.state == OrderState::AwaitingConfirmation;
        let cancelled = order.state == OrderState::Cancelled;
        let stand = stand_of(order);
        Ok(OrderView {
            code: order.code.to_string(),
            kind: order.kind,
            package_name: package
                .map_or_else(|| order.package.clone(), |package| package.name.clone()),
            customer_type: order.customer_type,
            fiscal_year: FiscalYear::try_from(i32::try_from(order.fiscal_year())?)?,
            recipient: order.recipient,
            lines: stand.iter().map(|it| it.lines.unsigned_abs()).sum(),
            amount: Money::dong(stand.iter().map(|it| it.amount).sum()),
            state: order.state,
            revision: order.revision,
            code_to_confirm: (waits && !services.settings.order.maker_checker)
                .then(|| code::of(&services.key, order).to_string()),
            decision: Decision {
                confirm: (!cancelled).then_some(!waits),
                activate: (!cancelled).then_some(
                    order.activation_asked_at.is_some() || order.kind.activates_when_confirmed(),
                ),
            },
        })
    };
    orders.iter().map(view).collect()
}

fn file_findings(services: &Services, findings: &[Numbered]) -> Vec<super::view::FindingText> {
    let about_file = |finding: &&Finding| finding.place.row.is_none() || !is_about_cell(finding);
    let findings = findings.iter().map(|(_, finding)| finding).filter(about_file);
    findings.map(|finding| rows::in_words(services.texts, finding)).collect()
}

/// Headers have a row too, but none of the rows that have verdicts.
fn is_about_cell(finding: &Finding) -> bool {
    use crate::domain::finding::Code;
    !matches!(finding.code, Code::HeaderUnknown | Code::HeaderDuplicate | Code::HeaderAmbiguous)
}

/// The columns of the sheet to fix: every field, under the header of the template.
pub fn labels(services: &Services) -> Vec<(Field, String)> {
    let header = |field: &Field| {
        services.catalogue.columns.header(*field, services.settings.locale).to_owned()
    };
    Field::ALL.iter().map(|field| (*field, header(field))).collect()
}

/// Under the headers of the template, as it was written.
fn order_level(services: &Services, mapped: &Mapped) -> Vec<(String, String)> {
    let header =
        |field| services.catalogue.columns.header(field, services.settings.locale).to_owned();
    mapped.order_level.iter().map(|(field, value)| (header(*field), value.clone())).collect()
}
