//! Lists of which rows wait, each a task. A client that waits in several of them for the same is told in each, and what it
//! would cost counts in the last one.

use chrono::Duration;

use super::{
    counted::Prices,
    gather::workbook,
    overtaken::{self, Later},
    page::{Task, TaskKind},
    tasks::task,
};
use crate::{
    db::{
        batches::{self, Batch},
        morning::{self, Span, Waiting},
    },
    domain::money::Money,
    flow::Services,
};

/// Of the lists of a firm that came in so long a time.
pub async fn tasks(
    services: &Services,
    (span, fresh): (Span<'_>, Duration),
) -> anyhow::Result<Vec<Task>> {
    let waiting = morning::waiting(&services.db, span.firm, span.until - fresh).await?;
    let mut tasks = Vec::new();
    let mut later = Later::default();
    for of_list in waiting.iter().rev() {
        let Some(list) = batches::by_id(&services.db, of_list.batch()).await? else { continue };
        let prices = Prices::of(services, list.id()).await?;
        let amount = prices.all(of_list).await?;
        let again = if waiting.len() > 1 {
            again(services, (&list, of_list), &prices, &mut later).await?
        } else {
            Money::ZERO
        };
        let about = format!("{} · {}", list.file_name, list.id());
        let n = of_list.rejected + of_list.held;
        tasks.push(Task {
            amount,
            again: again.min(amount),
            since: Some(list.received_at),
            workbook: workbook(services, &list),
            batch: Some(list.id()),
            ..task(services, TaskKind::Rows, about, (n, String::new()))
        });
    }
    Ok(tasks)
}

/// What the rows of a list cost whose clients wait in a later one too; then its own stand for those before it.
async fn again(
    services: &Services,
    (list, waiting): (&Batch, &Waiting),
    prices: &Prices<'_>,
    later: &mut Later,
) -> anyhow::Result<Money> {
    let rows = overtaken::waiting(services, list, waiting).await?;
    let again = rows.iter().filter(|row| later.has(row)).map(|row| prices.of_row(&row.cells)).sum();
    for row in rows {
        later.add(row);
    }
    Ok(again)
}
