//! What the reader of a result workbook has to do next.

use minijinja::context;

use super::view::Counts;
use crate::{
    db::{batches::Batch, orders::Order, unpaid},
    domain::{
        batch::{BatchId, BatchState},
        order::OrderState,
    },
    flow::Services,
};

/// Where it is read: of the workbook that is open, or of one that is named.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    Workbook,
    Receipt,
}

/// How many orders of a list wait for money of lines that are still its firm's.
pub async fn unpaid(services: &Services, id: BatchId) -> anyhow::Result<usize> {
    Ok(usize::try_from(unpaid::orders(&services.db, id).await?)?)
}

/// What the reader has to do next, the most pressing first; `failed` lines could not be activated, `unpaid` orders wait
/// for money of the reader's own lines.
pub fn next_steps(
    services: &Services,
    (batch, place): (&Batch, Where),
    (counts, questions): (&Counts, usize),
    orders: &[Order],
    (failed, unpaid): (usize, usize),
) -> Vec<String> {
    let texts = services.texts;
    if batch.state == BatchState::Undone {
        return vec![texts.label("message.undone.next")];
    }
    let place = match place {
        Where::Workbook => "next",
        Where::Receipt => "to_do",
    };
    let say = |key: &str, n: usize| texts.say(&format!("message.{place}.{key}"), context! { n });
    let count = |state| orders.iter().filter(|order| order.state == state).count();
    let mut steps = Vec::new();
    if questions > 0 {
        steps.push(say("columns", questions));
    }
    let waiting = count(OrderState::AwaitingConfirmation);
    if waiting > 0 {
        let needs_second = services.settings.order.maker_checker;
        steps.push(say(if needs_second { "confirm_second" } else { "confirm" }, waiting));
    }
    // Of a list with a question every row is held, and what is wrong with it is seen after the answer.
    let held = if questions > 0 { 0 } else { counts.held };
    let to_fix = usize::try_from(counts.rejected + held).unwrap_or(usize::MAX);
    if to_fix > 0 {
        steps.push(say("fix", to_fix));
    }
    let idle = orders
        .iter()
        .filter(|order| order.state == OrderState::Placed && order.activation_asked_at.is_none());
    let idle = idle.count();
    if idle > 0 {
        steps.push(say("activate", idle));
    }
    if failed > 0 {
        steps.push(say("failed", failed));
    }
    if unpaid > 0 {
        steps.push(say("pay", unpaid));
    }
    if steps.is_empty() {
        let key = match () {
            () if counts.are_all_skipped() => "all_hidden",
            () if counts.bring_nothing() => "nothing_new",
            () => "nothing",
        };
        steps.push(say(key, 0));
    }
    steps
}
