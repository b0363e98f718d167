//! `cancel`, `undo`: what is taken back of orders, and who is told what stays.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Cancel, Global},
    lists,
    order::{by_code, reply},
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    db::{
        batches, lines,
        orders::{self, Order},
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        order::{LineRef, OrderCode, Target},
    },
    flow::{
        Services,
        answer::outbox,
        order::{
            cancel::{self as cancelling, Kept, Part, Why},
            undo::{self as undoing, Undone},
        },
        report,
    },
    text::Texts,
};

pub async fn cancel(global: &Global, args: &Cancel) -> anyhow::Result<Reply> {
    let reason = args.reason.trim();
    let services = workspace::open(global).await?;
    if reason.is_empty() {
        return Err(Failure::misused(services.texts, "no_reason", context! {}).into());
    }
    let (mut orders, parts) = parts(&services, &args.targets).await?;
    crate::runner::recover(&services).await?;
    let (mut changed, mut kept) = (0, Vec::new());
    for (code, part) in &parts {
        let cancelled = cancelling::cancel(&services, code, part, reason).await?;
        changed += cancelled.lines;
        kept.extend(cancelled.kept);
    }
    for batch in orders.iter().map(Order::batch).collect::<BTreeSet<_>>() {
        outbox::write_workbook(&services, batch).await?;
    }
    for order in &mut orders {
        *order = by_code(&services, &order.code).await?;
    }
    told(&services, &orders, (changed, &kept)).await
}

/// Each order once, with its lines that were named; a whole order and a line of it are the order, and that line.
async fn parts(
    services: &Services,
    targets: &[Target],
) -> anyhow::Result<(Vec<Order>, Vec<(OrderCode, Part)>)> {
    let mut named: BTreeMap<&OrderCode, (Vec<i64>, bool)> = BTreeMap::new();
    for target in targets {
        let (lines, whole) = named.entry(target.order()).or_default();
        match target {
            Target::Line(line) => lines.push(line.line),
            Target::Order(_) => *whole = true,
        }
    }
    let (mut orders, mut parts) = (Vec::new(), Vec::new());
    for (code, (numbers, whole)) in named {
        orders.push(by_code(services, code).await?);
        if !numbers.is_empty() {
            let lines = lines::of_order(&services.db, code).await?;
            let is_unknown = |number: &&i64| lines.iter().all(|line| line.line_no != **number);
            if let Some(unknown) = numbers.iter().find(is_unknown) {
                let line = LineRef { order: code.clone(), line: *unknown };
                return Err(unknown_line(services.texts, &line).into());
            }
            // What is named itself goes first, and is then nothing that its order keeps.
            parts.push((code.clone(), Part::Lines(numbers)));
        }
        if whole {
            parts.push((code.clone(), Part::Whole));
        }
    }
    Ok((orders, parts))
}

pub fn unknown_line(texts: &Texts, line: &LineRef) -> Failure {
    let values = context! { line => line.to_string(), order => line.order.as_str() };
    Failure::no_such(texts, "no_line", values)
}

pub async fn undo(global: &Global, id: BatchId) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let found = batches::by_id(&services.db, id).await?;
    let unknown =
        || Failure::no_such(services.texts, "no_batch", context! { id => id.to_string() });
    let batch = found.ok_or_else(unknown)?;
    crate::runner::recover(&services).await?;
    let undone = undoing::undo(&services, &batch).await?;
    outbox::write_workbook(&services, id).await?;
    let (changed, kept) = match undone {
        Undone::PutAway => return put_away(&services, id),
        Undone::Already if batch.kind == BatchKind::Statement => {
            return put_away(&services, id);
        }
        Undone::Already => (0, Vec::new()),
        Undone::Did { lines, kept } => (lines, kept),
        Undone::Overtaken => {
            let values = context! { id => id.to_string() };
            return Err(Failure::not_allowed(services.texts, "undo_overtaken", values).into());
        }
        Undone::NotAllowed => {
            let first = report::first_of(&services, &batch).await?;
            let kind = lists::word(&services, "command.batch_kind", &first.kind);
            let state = lists::state_in_words(&services, &batch, None);
            let is_statement = first.kind == BatchKind::Statement;
            let values = context! { id => id.to_string(), kind, state, is_statement };
            return Err(Failure::not_allowed(services.texts, "not_undone", values).into());
        }
    };
    let orders = orders::of_batch(&services.db, id).await?;
    let batch = batches::by_id(&services.db, id).await?;
    let batches: Vec<Value> =
        batch.iter().map(|batch| json!({ "id": batch.id(), "state": batch.state })).collect();
    told(&services, &orders, (changed, &kept)).await?.with("batches", batches)
}

/// A statement has no orders.
fn put_away(services: &Services, id: BatchId) -> anyhow::Result<Reply> {
    let said = services.texts.say("command.put_away", context! { id => id.to_string() });
    let nothing: Vec<Value> = Vec::new();
    Reply::new(Exit::Done, said)
        .with("orders", &nothing)?
        .with("not_cancelled", &nothing)?
        .with("batches", [json!({ "id": id, "state": BatchState::Undone })])
}

/// Exit 0 where everything named is cancelled, now or before; not allowed where nothing is, and nothing is planned.
async fn told(
    services: &Services,
    orders: &[Order],
    (changed, kept): (usize, &[Kept]),
) -> anyhow::Result<Reply> {
    let texts = services.texts;
    let said = |kept: &&Kept| format!("{} ({}): {}", kept.line, kept.name, kept.in_words(texts));
    let (planned, stays): (Vec<&Kept>, Vec<&Kept>) =
        kept.iter().partition(|kept| kept.why == Why::Planned);
    if changed == 0 && planned.is_empty() && !stays.is_empty() {
        let lines = stays.iter().map(said).collect::<Vec<_>>().join("\n  ");
        return Err(Failure::not_allowed(texts, "none_cancelled", context! { lines }).into());
    }
    let exit = if kept.is_empty() { Exit::Done } else { Exit::NeedsPerson };
    let mut answer = reply(services, exit, orders).await?;
    for (label, kept) in [("not_cancelled", &stays), ("cancel_planned", &planned)] {
        if !kept.is_empty() {
            let label = texts.label(&format!("command.{label}"));
            let lines = kept.iter().map(said).collect::<Vec<_>>().join("\n  ");
            answer.human = format!("{}\n{label}\n  {lines}", answer.human.trim_end());
        }
    }
    let not_cancelled = kept.iter().map(|kept| {
        json!({
            "line": kept.line.to_string(), "name": kept.name, "state": kept.state,
            "why": kept.in_words(texts),
        })
    });
    answer.with("not_cancelled", not_cancelled.collect::<Vec<_>>())
}
