//! Gathers what a result workbook shows: of a batch from the database, of a dry run from what was just checked.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::{
    allowed::{self, Fallback},
    identity, line_views, missing,
    payments::{payee, payments},
    questions, refusals,
    rows::{self, Known},
    steps::{Where, next_steps},
    view::{ControlTotals, Counts, Decision, LeftOut, OrderView, ResultView, SheetView, ViewKind},
};
use crate::{
    db::{
        self,
        batches::Batch,
        cancellations,
        findings::Numbered,
        licences::{self, Licence},
        lines::{self, Line},
        mails::{self, Mail},
        orders::{self, Order},
        requests::{self, Request},
    },
    domain::{
        batch::{RowState, Sha256},
        client::ClientRow,
        field::Field,
        finding::Finding,
        fiscal_year::FiscalYear,
        money::Money,
        order::{LineState, OrderCode, OrderState},
    },
    flow::{
        Services,
        check::{
            Checked,
            groups::{self, Key, Total},
        },
        map::Mapped,
        options::ImportOptions,
        order::code,
        staged,
    },
};

/// All that the database holds about the orders of a batch.
pub(super) struct Business {
    orders: Vec<Order>,
    pub lines: Vec<Line>,
    pub requests: Vec<Request>,
    pub licences: Vec<Licence>,
    pub mails: Vec<Mail>,
    /// Of each cancelled line why it was, and when.
    pub cancelled: Vec<(i64, String, DateTime<Utc>)>,
}

/// The newest state of a batch.
pub async fn of_batch(services: &Services, batch: &Batch) -> anyhow::Result<ResultView> {
    let id = batch.id();
    let staged = staged::load(services, batch).await?;
    let findings = db::findings::of_batch(&services.db, id).await?;
    let business = Business {
        orders: orders::of_batch(&services.db, id).await?,
        lines: lines::of_batch(&services.db, id).await?,
        requests: requests::of_batch(&services.db, id).await?,
        licences: licences::of_batch(&services.db, id).await?,
        mails: mails::of_batch(&services.db, id).await?,
        cancelled: cancellations::of_batch(&services.db, id).await?,
    };
    let at = moment(batch, &business);
    let missing = missing::count(services, Some(id), &staged.tables, &findings).await?;
    let language = (services.texts, services.settings.locale);
    let questions =
        questions::views((&staged.tables, &findings), &services.catalogue.columns, language);
    let stand: Vec<&Line> =
        business.lines.iter().filter(|line| line.state != LineState::Cancelled).collect();
    let by_order = tokio::task::block_in_place(|| order_totals(&stand));
    let known = Known {
        tables: &staged.tables,
        states: staged.states,
        dropped: staged.dropped,
        findings: &findings,
        lines: line_views::of(services, &business)?,
        stuck: line_views::stuck(services, id, &business.lines).await?,
        batch: Some(id),
        asks: !questions.is_empty(),
    };
    let mut sheets = rows::sheets(known, &services.catalogue.columns, services.texts);
    let (order_level, options) = (staged::order_level(batch)?, staged::options(batch)?);
    let fallback = Fallback { order_level: &order_level, options: options.as_ref() };
    for sheet in &mut sheets {
        sheet.offer(|row| allowed::of(services, row, &fallback));
    }
    let firm = batch.firm.as_deref().and_then(|firm| services.firm(firm).ok());
    let counts = counts(&sheets);
    let payments = payments(services, &business.requests, &business.lines)?;
    let asked = (&counts, questions.len());
    let place = (batch, Where::Workbook);
    let mut next_steps = next_steps(services, place, asked, &business.orders, &business.lines);
    let mut file_findings = file_findings(services, &findings);
    file_findings.extend(refusals::of_newest(services, id).await?);
    next_steps.extend(old_template(services, staged::is_old_template(batch)?));
    Ok(ResultView {
        locale: services.settings.locale,
        file_name: batch.file_name.clone(),
        firm: firm.map(|firm| firm.name.clone()).unwrap_or_default(),
        kind: ViewKind::Batch,
        batch: Some(id),
        revision: u32::try_from(batch.revision)?,
        generated_at: services.local(at),
        next_steps,
        totals: totals(&stand, &by_order),
        cancelled: business.lines.len() - stand.len(),
        missing,
        counts,
        orders: order_views(services, &business, &by_order)?,
        needs_second: services.settings.order.maker_checker,
        questions,
        file_findings,
        payee: (!payments.is_empty()).then(|| payee(services)),
        payments,
        choices: choices(services),
        labels: labels(services),
        order_level: Vec::new(),
        origin: origin(services, batch, at),
        identity: Some(identity::of(&services.key, id, batch.revision, &sheets, services.texts)?),
        sheets,
    })
}

/// How to get a template of today, for who used a former one.
fn old_template(services: &Services, is_old: bool) -> Option<String> {
    is_old.then(|| services.texts.label("message.next.old_template"))
}

/// A dry run of a file.
pub fn of_check(
    services: &Services,
    file_name: &str,
    firm: &str,
    sha256: &Sha256,
    (mapped, checked, missing, options): (&Mapped, &Checked, usize, &ImportOptions),
) -> ResultView {
    let states = checked
        .verdicts
        .iter()
        .map(|verdict| ((verdict.sheet, verdict.row), verdict.state))
        .collect();
    let findings: Vec<Numbered> =
        staged::numbered(mapped).into_iter().chain(checked.findings.iter().cloned()).collect();
    let known = Known {
        tables: &mapped.tables,
        states,
        dropped: BTreeSet::new(),
        findings: &findings,
        lines: HashMap::new(),
        stuck: HashMap::new(),
        batch: None,
        asks: false,
    };
    let mut sheets = rows::sheets(known, &services.catalogue.columns, services.texts);
    let fallback = Fallback { order_level: &mapped.order_level, options: Some(options) };
    for sheet in &mut sheets {
        sheet.offer(|row| allowed::of(services, row, &fallback));
    }
    let said = |key: &str| services.texts.label(&format!("message.origin.{key}"));
    ResultView {
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
        counts: counts(&sheets),
        totals: dry_totals(services, checked),
        cancelled: 0,
        missing,
        orders: Vec::new(),
        needs_second: false,
        questions: Vec::new(),
        file_findings: file_findings(services, &findings),
        payments: Vec::new(),
        payee: None,
        choices: choices(services),
        labels: labels(services),
        order_level: order_level(services, mapped),
        origin: vec![
            (said("file"), file_name.to_owned()),
            (said("sha256"), sha256.to_string()),
            (said("catalogue"), services.catalogue.version()),
            (said("program"), program()),
        ],
        identity: None,
        sheets,
    }
}

/// When the newest of what is shown happened, so that the same state is the same workbook.
fn moment(batch: &Batch, business: &Business) -> DateTime<Utc> {
    let placed = business.orders.iter().filter_map(|order| order.placed_at);
    let activated = business.licences.iter().map(|licence| licence.activated_at);
    let sent = business.mails.iter().filter_map(|mail| mail.sent_at);
    let cancelled = business.cancelled.iter().map(|(_, _, at)| *at);
    let checked = batch.checked_at.unwrap_or(batch.received_at);
    placed.chain(activated).chain(sent).chain(cancelled).fold(checked, DateTime::max)
}

fn counts(sheets: &[SheetView]) -> Counts {
    let mut counts = Counts::default();
    for row in sheets.iter().flat_map(SheetView::data_rows) {
        counts.total += 1;
        counts.dropped += u64::from(row.left_out == Some(LeftOut::Decided));
        counts.skipped += u64::from(row.left_out == Some(LeftOut::Hidden));
        match row.state {
            RowState::Accepted => counts.accepted += 1,
            RowState::Held => counts.held += 1,
            RowState::Unchanged => counts.unchanged += 1,
            RowState::Rejected | RowState::Staged => counts.rejected += 1,
        }
    }
    counts
}

/// Of each order the number of its lines and what they cost.
fn order_totals<'a>(lines: &[&'a Line]) -> HashMap<&'a OrderCode, Total> {
    let key = Key::of(lines.iter().map(|line| Some([line.order_code.to_string()])));
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount().as_dong()).collect();
    let totals = groups::totals(&key, &amounts).into_iter();
    totals.map(|total| (&lines[total.first].order_code, total)).collect()
}

fn totals(lines: &[&Line], by_order: &HashMap<&OrderCode, Total>) -> ControlTotals {
    ControlTotals {
        rows: by_order.values().map(|total| total.rows).sum(),
        amount: Money::dong(by_order.values().map(|total| total.sum).sum()),
        tax_id_sum: lines.iter().map(|line| line.client.tax_id.last_four()).sum(),
    }
}

/// The control totals of a batch, by the lines that were not cancelled: the same wherever they are told.
pub(super) fn totals_of(lines: &[Line]) -> ControlTotals {
    let stand: Vec<&Line> =
        lines.iter().filter(|line| line.state != LineState::Cancelled).collect();
    tokio::task::block_in_place(|| totals(&stand, &order_totals(&stand)))
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
    business: &Business,
    by_order: &HashMap<&OrderCode, Total>,
) -> anyhow::Result<Vec<OrderView>> {
    let view = |order: &Order| {
        let package = services.catalogue.packages.get(&order.package);
        let waits = order.state == OrderState::AwaitingConfirmation;
        let cancelled = order.state == OrderState::Cancelled;
        Ok(OrderView {
            code: order.code.to_string(),
            kind: order.kind,
            package_name: package
                .map_or_else(|| order.package.clone(), |package| package.name.clone()),
            customer_type: order.customer_type,
            fiscal_year: FiscalYear::try_from(i32::try_from(order.fiscal_year())?)?,
            recipient: order.recipient,
            lines: by_order.get(&order.code).map_or(0, |total| total.rows),
            amount: order.amount(),
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
    business.orders.iter().map(view).collect()
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

/// Drop-downs of the sheet to fix, as people read the values.
pub fn choices(services: &Services) -> Vec<(Field, Vec<String>)> {
    let columns = &services.catalogue.columns;
    let packages =
        services.catalogue.packages.all().iter().map(|package| package.code.clone()).collect();
    let words = |field: Field| {
        let display = |word| columns.display(field, word, services.settings.locale).to_owned();
        (field, columns.values(field).into_iter().map(display).collect::<Vec<_>>())
    };
    let fields = [
        Field::CustomerType,
        Field::VatMethod,
        Field::Regime,
        Field::Recipient,
        Field::InvoiceTo,
        Field::InventoryMethod,
    ];
    fields.into_iter().map(words).chain([(Field::Package, packages)]).collect()
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

fn origin(services: &Services, batch: &Batch, at: DateTime<Utc>) -> Vec<(String, String)> {
    let said = |key: &str| services.texts.label(&format!("message.origin.{key}"));
    let time = |at: DateTime<Utc>| services.local(at).format("%d/%m/%Y %H:%M:%S").to_string();
    vec![
        (said("file"), batch.file_name.clone()),
        (said("sha256"), batch.sha256.to_string()),
        (said("batch"), batch.id().to_string()),
        (said("run"), batch.run_id.map(|run| run.to_string()).unwrap_or_default()),
        (said("received"), time(batch.received_at)),
        (said("checked"), batch.checked_at.map(time).unwrap_or_default()),
        (said("shown"), time(at)),
        (said("catalogue"), batch.catalogue_version.clone().unwrap_or_default()),
        (said("program"), program()),
    ]
}

pub fn program() -> String {
    format!("hangloat {}", env!("CARGO_PKG_VERSION"))
}
