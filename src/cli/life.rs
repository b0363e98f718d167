//! `cancel`, `undo`: what is taken back of orders, and who is told what stays.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Cancel, Global},
    order::{by_code, reply},
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    db::{batches, lines, orders},
    domain::{
        batch::BatchId,
        order::{LineRef, OrderCode, Target},
    },
    flow::{
        Services,
        answer::outbox,
        order::{
            cancel::{self as cancelling, Kept, Part},
            undo::{self as undoing, Undone},
        },
    },
    text::Texts,
};

pub async fn cancel(global: &Global, args: &Cancel) -> anyhow::Result<Reply> {
    let reason = args.reason.trim();
    let services = workspace::open(global).await?;
    if reason.is_empty() {
        return Err(Failure::misused(services.texts, "no_reason", context! {}).into());
    }
    let parts = parts(&services, &args.targets).await?;
    crate::runner::recover(&services).await?;
    let (mut changed, mut kept) = (0, Vec::new());
    for (code, part) in &parts {
        let cancelled = cancelling::cancel(&services, code, part, reason).await?;
        changed += cancelled.lines;
        kept.extend(cancelled.kept);
        let order = by_code(&services, code).await?;
        outbox::write_workbook(&services, order.batch()).await?;
    }
    let mut orders = Vec::new();
    let mut codes: Vec<&OrderCode> = parts.iter().map(|(code, _)| code).collect();
    codes.sort();
    codes.dedup();
    for code in codes {
        orders.push(by_code(&services, code).await?);
    }
    told(&services, &orders, (changed, &kept)).await
}

/// Each order once, with its lines that were named; a whole order and a line of it are the order, and that line.
async fn parts(services: &Services, targets: &[Target]) -> anyhow::Result<Vec<(OrderCode, Part)>> {
    let mut parts: Vec<(OrderCode, Part)> = Vec::new();
    for target in targets {
        let order = by_code(services, target.order()).await?;
        let Target::Line(line) = target else {
            parts.push((order.code, Part::Whole));
            continue;
        };
        if !lines::of_order(&services.db, &order.code)
            .await?
            .iter()
            .any(|it| it.line_no == line.line)
        {
            return Err(unknown_line(services.texts, line).into());
        }
        let own = |(code, part): &&mut (OrderCode, Part)| {
            *code == order.code && matches!(part, Part::Lines(_))
        };
        match parts.iter_mut().find(own) {
            Some((_, Part::Lines(numbers))) => numbers.push(line.line),
            _ => parts.push((order.code, Part::Lines(vec![line.line]))),
        }
    }
    // What is named itself goes first, and is then nothing that its order keeps.
    parts.sort_by_key(|(_, part)| matches!(part, Part::Whole));
    Ok(parts)
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
        Undone::Already => (0, Vec::new()),
        Undone::Did { lines, kept } => (lines, kept),
        Undone::NotAllowed => {
            let label =
                |set: &str, word: &str| services.texts.label(&format!("command.{set}.{word}"));
            let kind = label("batch_kind", batch.kind.as_str());
            let state = label("batch_state", batch.state.as_str());
            let values = context! { id => id.to_string(), kind, state };
            return Err(Failure::not_allowed(services.texts, "not_undone", values).into());
        }
    };
    let orders = orders::of_batch(&services.db, id).await?;
    let batch = batches::by_id(&services.db, id).await?;
    let batches: Vec<Value> =
        batch.iter().map(|batch| json!({ "id": batch.id(), "state": batch.state })).collect();
    told(&services, &orders, (changed, &kept)).await?.with("batches", batches)
}

/// Exit 0 where everything named is cancelled, now or before.
async fn told(
    services: &Services,
    orders: &[orders::Order],
    (changed, kept): (usize, &[Kept]),
) -> anyhow::Result<Reply> {
    let texts = services.texts;
    let said: Vec<String> = kept
        .iter()
        .map(|kept| format!("{} ({}): {}", kept.line, kept.name, kept.in_words(texts)))
        .collect();
    if changed == 0 && !kept.is_empty() {
        let values = context! { lines => said.join("\n  ") };
        return Err(Failure::not_allowed(texts, "none_cancelled", values).into());
    }
    let exit = if kept.is_empty() { Exit::Done } else { Exit::NeedsPerson };
    let mut answer = reply(services, exit, orders).await?;
    let stays: Vec<Value> = kept
        .iter()
        .map(|kept| {
            json!({
                "line": kept.line.to_string(), "name": kept.name, "state": kept.state,
                "why": kept.in_words(texts),
            })
        })
        .collect();
    if !said.is_empty() {
        let not_cancelled = texts.label("command.not_cancelled");
        answer.human =
            format!("{}\n{not_cancelled}\n  {}", answer.human.trim_end(), said.join("\n  "));
    }
    answer.with("not_cancelled", stays)
}
