//! The parts of a morning page: figures, lists, and for the page of all a line for each firm.
//! What waits for a person is found by `tasks`.

use super::{
    money::{self, Seen},
    page::{Figure, ListDone, Page, Share, Task, TaskKind},
    tasks,
};
use crate::{
    db::{
        batches::{self, Batch, Filter},
        morning::{self, Span},
        orders, rows,
    },
    domain::{
        batch::{BatchKind, BatchState},
        firm::Firm,
        money::Money,
        order::OrderState,
    },
    flow::{Services, answer::outbox, report::Rows},
};

/// So many lists are told; their workbooks lie in the outbox.
const LISTS: usize = 10;
/// What whoever runs the program for several firms has to look after.
const OF_OPERATOR: [TaskKind; 5] =
    [TaskKind::Grace, TaskKind::MaybePaid, TaskKind::Failed, TaskKind::Uncertain, TaskKind::Mail];

pub async fn of_firm(
    services: &Services,
    firm: &Firm,
    (span, seen): (Span<'_>, &Seen),
) -> anyhow::Result<Page> {
    let mut tasks = tasks::of_firm(services, firm, (span, &seen.found.judged)).await?;
    tasks.extend(money::tasks(services, Some(firm), seen));
    let mut done = done(services, span).await?;
    if services.only_firm().is_some() {
        done.push(statements(services, span).await?);
        tasks.extend(tasks::of_jobs(services).await?);
        tasks.extend(tasks::of_statements(services, &seen.found.judged).await?);
    }
    tasks::sort(&mut tasks);
    Ok(Page {
        firm: Some(firm.name.clone()),
        done,
        now: now(services, span.firm).await?,
        tasks,
        lists: lists(services, span).await?,
        firms: Vec::new(),
    })
}

/// Of the same pages, for whoever runs the program for all of them.
pub async fn of_all(
    services: &Services,
    pages: &[(&Firm, Page)],
    (span, seen): (Span<'_>, &Seen),
) -> anyhow::Result<Page> {
    let of_firm = |(firm, page): &(&Firm, Page)| {
        let own = page.tasks.iter().filter(|task| OF_OPERATOR.contains(&task.kind));
        let own = own
            .map(|task| Task { about: format!("{} · {}", firm.code, task.about), ..task.clone() });
        own.collect::<Vec<_>>()
    };
    let mut tasks: Vec<Task> = pages.iter().flat_map(of_firm).collect();
    tasks.extend(tasks::of_jobs(services).await?);
    tasks.extend(tasks::of_statements(services, &seen.found.judged).await?);
    tasks.extend(money::tasks(services, None, seen));
    tasks::sort(&mut tasks);
    let mut done = summed(pages.iter().map(|(_, page)| page.done.as_slice()));
    done.push(statements(services, span).await?);
    Ok(Page {
        firm: None,
        done,
        now: summed(pages.iter().map(|(_, page)| page.now.as_slice())),
        tasks,
        lists: Vec::new(),
        firms: pages.iter().map(|(firm, page)| share(firm, page)).collect(),
    })
}

async fn done(services: &Services, span: Span<'_>) -> anyhow::Result<Vec<Figure>> {
    let db = &services.db;
    let (lists, answers) = morning::received(db, span).await?;
    let (to_clients, to_firm) = morning::sent(db, span).await?;
    let money = money::done(services, span).await?;
    let priced = |key: &str, (count, amount): morning::Count| Figure {
        amount: Some(Money::dong(amount)),
        ..plain(key, count)
    };
    let mut done = vec![
        plain("lists", lists),
        plain("answers", answers),
        priced("placed", morning::placed(db, span).await?),
        priced("activated", morning::activated(db, span).await?),
        priced("cancelled", morning::cancelled(db, span).await?),
        priced("received", money.received),
        plain("suspended", money.suspended),
        plain("restored", money.restored),
        plain("to_clients", to_clients),
        plain("to_firm", to_firm),
    ];
    // It is rare, and a rest that nobody forgave is no news.
    if money.waived.0 > 0 {
        done.push(priced("waived", money.waived));
    }
    Ok(done)
}

fn plain(key: &str, count: i64) -> Figure {
    Figure { key: key.to_owned(), count, amount: None }
}

/// Of whoever runs the program: bank statements that were taken.
async fn statements(services: &Services, span: Span<'_>) -> anyhow::Result<Figure> {
    Ok(plain("statements", morning::statements(&services.db, span).await?))
}

async fn now(services: &Services, firm: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let standing = morning::standing(&services.db, firm).await?;
    let figure = |(key, count, amount)| Figure { key, count, amount: Some(Money::dong(amount)) };
    Ok(standing.into_iter().map(figure).collect())
}

async fn lists(services: &Services, span: Span<'_>) -> anyhow::Result<Vec<ListDone>> {
    let firm = span.firm.map(str::to_owned);
    let filter = Filter { firm, since: Some(span.since), state: None };
    let mut found = batches::list(&services.db, &filter).await?;
    let is_told = |batch: &Batch| {
        let in_span = batch.received_at > span.since && batch.received_at <= span.until;
        let is_list = batch.kind == BatchKind::Clients && batch.state != BatchState::Duplicate;
        in_span && is_list
    };
    found.retain(is_told);
    let mut lists = Vec::new();
    for batch in found.iter().take(LISTS) {
        lists.push(list(services, batch).await?);
    }
    Ok(lists)
}

async fn list(services: &Services, batch: &Batch) -> anyhow::Result<ListDone> {
    let rows = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
    let orders = orders::of_batch(&services.db, batch.id()).await?;
    let stands = orders.iter().filter(|order| order.state != OrderState::Cancelled);
    Ok(ListDone {
        file: batch.file_name.clone(),
        batch: batch.id(),
        rows: rows.total,
        accepted: rows.accepted,
        waiting: rows.rejected + rows.held,
        amount: stands.map(orders::Order::amount).sum(),
        workbook: workbook(services, batch),
    })
}

/// The name of the newest workbook of a batch.
pub(super) fn workbook(services: &Services, batch: &Batch) -> Option<String> {
    let path = outbox::newest(services, batch)?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// The figures of several pages, by their keys.
fn summed<'a>(pages: impl Iterator<Item = &'a [Figure]>) -> Vec<Figure> {
    let mut all: Vec<Figure> = Vec::new();
    for figure in pages.flatten() {
        match all.iter_mut().find(|known| known.key == figure.key) {
            None => all.push(figure.clone()),
            Some(known) => {
                known.count += figure.count;
                known.amount = known.amount.zip(figure.amount).map(|(one, other)| one + other);
            }
        }
    }
    all
}

fn share(firm: &Firm, page: &Page) -> Share {
    let count = |key| page.done(key).map_or(0, |figure| figure.count);
    Share {
        firm: firm.name.clone(),
        lists: count("lists"),
        placed: page.done("placed").and_then(|figure| figure.amount).unwrap_or_default(),
        activated: count("activated"),
        tasks: i64::try_from(page.tasks.len()).unwrap_or(i64::MAX),
        at_risk: page.at_risk(),
    }
}
