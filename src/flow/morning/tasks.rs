//! What waits for a person of a firm: each with what is at risk, since when, until when, and what to do.
//! Nothing is done about it here.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use minijinja::context;

use super::{
    counted::Counted,
    gather::workbook,
    lists, money,
    page::{Detail, Task, TaskKind},
};
use crate::{
    db::{
        activations,
        batches::{self, Batch},
        lines,
        mails::{self, Mail},
        morning::{self, Open, Span},
        orders::{self, Order},
        suppressions,
    },
    domain::{
        batch::BatchId,
        firm::Firm,
        grace::start_of,
        mail::MailState,
        money::Money,
        order::{LineState, OrderState},
    },
    flow::{
        Services,
        activate::reason,
        bounce::meaning::{self, Case},
        send,
        sweep::{self, Judged},
    },
    text::one_line,
};

/// Rows and mails that waited longer are not told each morning again.
const FRESH: Duration = Duration::days(14);
/// So many clients of a task are told one by one.
pub(super) const DETAILS: usize = 500;

/// Lines that make one task: those of an order that end at the same time, if they end.
type Group = (TaskKind, String, Option<DateTime<Utc>>);

pub async fn of_firm(
    services: &Services,
    firm: &Firm,
    (span, judged): (Span<'_>, &[Judged]),
) -> anyhow::Result<Vec<Task>> {
    let mut counted = Counted::default();
    let mut tasks = of_lines(services, span, (judged, &mut counted)).await?;
    tasks.extend(of_mails(services, firm, span, &mut counted).await?);
    tasks.extend(of_orders(services, firm).await?);
    tasks.extend(lists::tasks(services, (span, FRESH)).await?);
    Ok(tasks)
}

/// Missing statements first, as without them nobody is cut off; then the most money, and of the same what ends first.
pub fn sort(tasks: &mut [Task]) {
    let due = |task: &Task| task.due.unwrap_or(NaiveDate::MAX);
    tasks.sort_by_cached_key(|task| {
        let is_statement = task.kind == TaskKind::Statement;
        (!is_statement, Reverse(task.amount), due(task), task.kind, task.about.clone())
    });
}

/// Days that the imported statements leave out before and between others, those whose balances do not join, and from the
/// second day on the days for which lines wait; nothing where nobody waits for a statement.
pub async fn of_statements(services: &Services, judged: &[Judged]) -> anyhow::Result<Vec<Task>> {
    if !services.settings.grace.require_statement {
        return Ok(Vec::new());
    }
    let covered = sweep::covered(services).await?;
    let late = || judged.iter().filter_map(|it| it.missing_late(services.now()));
    let holes = sweep::holes::of(services, &covered).await?;
    let days = holes.days_with(&covered, late());
    let about: Vec<String> = in_spans(&days).into_iter().chain(holes.breaks).collect();
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = match late().count() {
        0 => String::new(),
        lines => lines.to_string(),
    };
    let about = about.join(". ");
    Ok(vec![task(services, TaskKind::Statement, about, (i64::try_from(days.len())?, waiting))])
}

/// `24/11 – 25/11, 27/11`; nothing where there are none.
fn in_spans(days: &BTreeSet<NaiveDate>) -> Option<String> {
    let spans = sweep::holes::spans(days);
    let shown = |day: NaiveDate| day.format("%d/%m").to_string();
    let span = |(from, to): &(NaiveDate, NaiveDate)| {
        if from == to { shown(*from) } else { format!("{} – {}", shown(*from), shown(*to)) }
    };
    let spans: Vec<String> = spans.iter().map(span).collect();
    (!spans.is_empty()).then(|| spans.join(", "))
}

/// Jobs that fail, as far as one can see.
pub async fn of_jobs(services: &Services) -> anyhow::Result<Vec<Task>> {
    let failed = morning::failed_jobs(&services.db).await?;
    let task = |job: morning::FailedJob| {
        let error = services.texts.translated(job.error.as_deref().unwrap_or_default());
        Task { since: Some(job.finished_at), ..task(services, TaskKind::Job, job.job, (1, error)) }
    };
    Ok(failed.into_iter().map(task).collect())
}

/// One without money, time or place; what it says of itself goes into what is to be done.
pub(super) fn task(
    services: &Services,
    kind: TaskKind,
    about: String,
    (n, said): (i64, String),
) -> Task {
    let to_do = services
        .texts
        .say(&format!("workbook.morning.to_do.{kind}"), context! { n, said => said.as_str() });
    Task {
        kind,
        about,
        count: n,
        amount: Money::ZERO,
        again: Money::ZERO,
        since: None,
        due: None,
        to_do,
        workbook: None,
        batch: None,
        details: Vec::new(),
        came: Vec::new(),
    }
}

async fn batch(services: &Services, id: BatchId) -> anyhow::Result<Option<Batch>> {
    Ok(batches::by_id(&services.db, id).await?)
}

/// Lines without their licence, by orders; unpaid ones, by orders and the day on which their access ends now, but for
/// those that `money` tells of.
async fn of_lines(
    services: &Services,
    span: Span<'_>,
    (judged, counted): (&[Judged], &mut Counted),
) -> anyhow::Result<Vec<Task>> {
    let soon = services.settings.grace.warn_days_before.first().copied().unwrap_or(3);
    let day = services.today() + Days::new(u64::from(soon) + 1);
    let before = start_of(day, services.settings.timezone);
    let in_grace: HashMap<String, &Judged> =
        judged.iter().map(|it| (it.line.reference().to_string(), it)).collect();
    let mut groups: BTreeMap<Group, Vec<Open>> = BTreeMap::new();
    for line in morning::open(&services.db, span.firm, before).await? {
        let own = in_grace.get(&line.reference().to_string());
        if let Some(it) = own.filter(|it| it.cutoff_at <= before) {
            counted.add(it.line.line_id);
        }
        let (kind, ends) = match line.state {
            LineState::Grace => match own {
                Some(it) if it.cutoff_at > before => continue,
                Some(it) if it.waits().is_some_and(money::is_own_task) => continue,
                Some(it) if it.may_be_paid() => (TaskKind::MaybePaid, Some(it.cutoff_at)),
                it => (TaskKind::Grace, it.map_or(line.cutoff_at, |it| Some(it.cutoff_at))),
            },
            LineState::Failed => (TaskKind::Failed, None),
            _ => (TaskKind::Uncertain, None),
        };
        groups.entry((kind, line.order_code.to_string(), ends)).or_default().push(line);
    }
    let mut tasks = Vec::new();
    for ((kind, order, ends), group) in groups {
        let Some(first) = group.first() else { continue };
        let of_batch = batch(services, first.batch()).await?;
        let about = match group.as_slice() {
            [one] => format!("{} · {}", one.reference(), one.client.name),
            _ => order,
        };
        let n = i64::try_from(group.len())?;
        let said = said_of_lines(services, &group, &in_grace).await?;
        let details = group.iter().take(DETAILS).map(|line| detail(line, &said));
        tasks.push(Task {
            amount: group.iter().map(|line| Money::dong(line.at_risk())).sum(),
            due: ends.map(|at| last_day(services, at)),
            workbook: own_workbook(services, of_batch.as_ref(), span.firm),
            batch: Some(first.batch()),
            details: details.collect(),
            ..task(services, kind, about, (n, String::new()))
        });
    }
    Ok(tasks)
}

/// The workbook of a line, where its list is the firm's own: one that came has its row in a workbook of another firm.
fn own_workbook(services: &Services, list: Option<&Batch>, firm: Option<&str>) -> Option<String> {
    let own = list.filter(|batch| firm.is_none() || batch.firm.as_deref() == firm)?;
    workbook(services, own)
}

/// The local day before the first instant without access.
fn last_day(services: &Services, ends: DateTime<Utc>) -> NaiveDate {
    services.local(ends - Duration::seconds(1)).date_naive()
}

/// Why the lines of an order have no licence, or which money may be theirs, by their names in the order.
async fn said_of_lines(
    services: &Services,
    lines: &[Open],
    in_grace: &HashMap<String, &Judged>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(line) = lines.first() else { return Ok(BTreeMap::new()) };
    if line.state == LineState::Grace {
        // Of several firms none reads of money that may be another one's.
        let told = lines.iter().filter(|_| services.only_firm().is_some());
        let judged = told.filter_map(|it| in_grace.get_key_value(&it.reference().to_string()));
        let said = judged.map(|(line, it)| (line.clone(), it.may_be_anybodys(services)));
        return Ok(said.collect());
    }
    let stuck = activations::stuck_of_batch(&services.db, line.batch()).await?;
    let said =
        |it: &activations::Stuck| (it.reference().to_string(), reason::of(services.texts, it).why);
    Ok(stuck.iter().map(said).collect())
}

fn detail(line: &Open, said: &BTreeMap<String, String>) -> Detail {
    let (client, reference) = (&line.client, line.reference().to_string());
    Detail {
        name: client.name.clone(),
        tax_id: client.tax_id.to_string(),
        phone: client.contact_phone.national(),
        amount: Money::dong(line.at_risk()),
        payment_code: line.payment_code.clone(),
        said: said.get(&reference).cloned().unwrap_or_default(),
        line: reference,
    }
}

async fn of_mails(
    services: &Services,
    firm: &Firm,
    span: Span<'_>,
    counted: &mut Counted,
) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    // What the people of another firm were told is theirs.
    let has = |it: &Firm, mail: &Mail| it.has_member(&mail.recipient);
    let all = &services.settings.firms;
    let is_theirs = |mail: &Mail| !has(firm, mail) && all.iter().any(|it| has(it, mail));
    let since = span.until - FRESH;
    for mail in morning::bad_mails(&services.db, firm.code.as_str(), since).await? {
        if !is_theirs(&mail)
            && !mails::has_later(&services.db, &mail).await?
            && !is_put_right(services, firm, &mail).await?
        {
            tasks.push(of_mail(services, &mail, span.firm, counted).await?);
        }
    }
    Ok(tasks)
}

/// Whether whoever it went to is reached elsewhere by now. Those of the firm are never corrected.
async fn is_put_right(services: &Services, firm: &Firm, mail: &Mail) -> anyhow::Result<bool> {
    let is_of_firm = firm.has_member(&mail.recipient);
    Ok(!is_of_firm && morning::is_elsewhere(&services.db, mail).await?)
}

/// Whether another address is needed: not where its mailbox is full, or it is not at fault, unless a person said of this
/// mail since that the address is to get nothing more.
async fn needs_another(services: &Services, mail: &Mail) -> anyhow::Result<bool> {
    let error = mail.error.as_deref().unwrap_or_default();
    let is_right = meaning::is_full(error) || Case::of_stored(error).is_some();
    let off = suppressions::of(&services.db, &mail.recipient).await?;
    Ok(off.is_some_and(|it| !is_right || (it.mail_id == Some(mail.id) && it.reason != error)))
}

/// What became of a mail, in its server's words, and what helps: another address, or patience with the right one.
fn said_of_mail(services: &Services, mail: &Mail, (here, is_wrong): (bool, bool)) -> String {
    let said = services.texts.label(&format!("workbook.mail_state.{}", mail.state));
    let why = one_line(&services.texts.translated(mail.error.as_deref().unwrap_or_default()));
    let values = context! {
        said,
        why => why.trim_end_matches('.'),
        is_uncertain => mail.state == MailState::Uncertain, is_void => mail.told_before && !mail.is_again(),
        id => mail.id, here, about => mail.subject.as_str(), is_wrong,
    };
    services.texts.say("workbook.morning.mail_to_do", values)
}

async fn of_mail(
    services: &Services,
    mail: &Mail,
    firm: Option<&str>,
    counted: &mut Counted,
) -> anyhow::Result<Task> {
    let order: Option<Order> = match mail.order_code.as_deref().map(str::parse).transpose()? {
        Some(code) => orders::by_code(&services.db, &code).await?,
        None => None,
    };
    let of_batch = mail.batch().or(order.as_ref().map(Order::batch));
    let (amount, again) = counted.of_mail(services, (mail, order.as_ref())).await?;
    let purpose = send::purpose_in_words(services, mail);
    let about = format!("{purpose} · {} · {}", mail.recipient, mail.subject);
    let of_batch = match of_batch {
        Some(id) => batch(services, id).await?,
        None => None,
    };
    let own = own_workbook(services, of_batch.as_ref(), firm);
    let error = mail.error.as_deref().unwrap_or_default();
    let is_wrong = needs_another(services, mail).await?;
    let key = match (mail.state, Case::of_stored(error)) {
        (MailState::Held, _) => Some("mail_held"),
        _ if is_wrong => None,
        (_, Some(Case::Sender)) => Some("mail_sender"),
        (_, Some(_)) => Some("mail_elsewhere"),
        _ => None,
    };
    let to_do = if let Some(key) = key {
        let why = services.texts.translated(error);
        let values = context! { to => mail.recipient.as_str(), why => why.trim_end_matches('.') };
        services.texts.say(&format!("workbook.morning.to_do.{key}"), values)
    } else {
        said_of_mail(services, mail, (own.is_some(), is_wrong))
    };
    Ok(Task {
        amount,
        again,
        since: Some(mail.planned_at),
        workbook: own,
        batch: of_batch.as_ref().map(Batch::id),
        ..task(services, TaskKind::Mail, about, (1, to_do))
    })
}

/// Orders that await their confirmation, and placed ones that nobody asked to activate.
async fn of_orders(services: &Services, firm: &Firm) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for (state, kind) in [
        (OrderState::AwaitingConfirmation, TaskKind::Confirm),
        (OrderState::Placed, TaskKind::Activate),
    ] {
        let mut found = orders::standing(&services.db, firm.code.as_str(), state).await?;
        found.retain(|order| kind == TaskKind::Confirm || order.activation_asked_at.is_none());
        for order in &found {
            tasks.push(of_order(services, order, kind).await?);
        }
    }
    Ok(tasks)
}

async fn of_order(services: &Services, order: &Order, kind: TaskKind) -> anyhow::Result<Task> {
    let totals = lines::totals(&services.db, order.batch()).await?;
    let (n, amount) = lines::standing(&totals, &order.code);
    let package = services.catalogue.packages.get(&order.package);
    let package = package.map_or(order.package.as_str(), |package| package.name.as_str());
    let about = format!("{} · {package} {}", order.code, order.fiscal_year());
    let of_batch = batch(services, order.batch()).await?;
    Ok(Task {
        amount,
        since: order.placed_at.or(of_batch.as_ref().map(|batch| batch.received_at)),
        workbook: of_batch.as_ref().and_then(|batch| workbook(services, batch)),
        batch: Some(order.batch()),
        ..task(services, kind, about, (n, String::new()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_beside_each_other_are_told_as_one_span() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let said = |days: &[u32]| in_spans(&days.iter().map(|it| day(*it)).collect());
        assert_eq!(said(&[27, 24, 25]).as_deref(), Some("24/11 – 25/11, 27/11"));
        assert_eq!((said(&[30]).as_deref(), said(&[])), (Some("30/11"), None));
    }
}
