//! What a workbook of ours would do if it came back: read and judged as `answers` does it. Nothing is stored.

use super::{
    answers::{self, Decided},
    cancels,
    corrections::{self, Edits},
    dry::Asked,
    fixes, headers, ticks,
};
use crate::{
    db::batches::Batch,
    domain::{batch::BatchKind, email::Email, finding::Finding, order::OrderCode},
    flow::{
        Services,
        answer::identity::Answer,
        check::refuses,
        options::ImportOptions,
        report::{self, FileReport, Rows},
        staged,
    },
};

pub(super) async fn answer(
    services: &Services,
    asked: Asked<'_>,
    answer: &Answer,
    options: &ImportOptions,
) -> anyhow::Result<FileReport> {
    let Asked { firm, file, document } = asked;
    let original = match answers::original(services, Some(firm.code.as_str()), answer).await? {
        Ok(original) => original,
        Err(said) => return Ok(asked.refused(services, &said)),
    };
    let decided = answers::decide(services, &original, document, answer).await?;
    let orders = orders(&decided);
    let said: Vec<Finding> = decided.edited.iter().chain(&decided.refused).cloned().collect();
    let is_done = (said.is_empty() && decided.is_nothing())
        || !decided.explained.is_empty()
        || !decided.fixes.rows.is_empty();
    let (came, all) = rows(services, (&original, answer), decided, options).await?;
    let mut said: Vec<Finding> = said.into_iter().chain(came.said).collect();
    said.sort_by_key(|it| it.place.row);
    let is_done = is_done || came.is_done || came.rows.corrected.0 > 0;
    let is_refused = !is_done && refuses(said.iter());
    let rows = came.rows.of_all(&all);
    let grave = said.iter().filter(|it| it.is_to_do()).count();
    Ok(FileReport {
        kind: BatchKind::Answer,
        outcome: report::of_answer(&rows, is_refused, (grave, is_done), &came.cancelled),
        answers: Some(answer.batch),
        rows,
        cancelled: came.cancelled,
        orders: orders.iter().map(OrderCode::to_string).collect(),
        findings: said.iter().map(|finding| report::in_words(services, finding)).collect(),
        is_refused,
        ..report::empty(file, &document.format)
    })
}

/// Those that would be confirmed, or have a line cancelled.
fn orders(decided: &Decided) -> Vec<OrderCode> {
    let wished = decided.wishes.iter().map(|(order, _)| order.code.clone());
    let mut orders: Vec<OrderCode> = wished.chain(decided.cancels.orders()).collect();
    orders.sort();
    orders.dedup();
    orders
}

/// What would come of the rows, and how many there are.
#[derive(Default)]
struct Came {
    said: Vec<Finding>,
    rows: Rows,
    /// Lines.
    cancelled: Vec<String>,
    /// A line is cancelled, or an order confirmed.
    is_done: bool,
}

impl Came {
    fn add(&mut self, (said, rows): (Vec<Finding>, Rows)) {
        self.said.extend(said);
        self.rows = self.rows.and(rows);
    }
}

/// In the order in which they are taken: edited cells, rows left out, marks, ticks, fixed rows.
async fn rows(
    services: &Services,
    (original, answer): (&Batch, &Answer),
    mut decided: Decided,
    options: &ImportOptions,
) -> anyhow::Result<(Came, Rows)> {
    let mut came = Came::default();
    let staged = staged::load(services, original).await?;
    if decided.refused.is_empty() {
        let by = decided.by.as_ref().map(Email::as_str);
        let edits = Edits { rows: &decided.changed, by };
        came.add(corrections::would_edit(services, original, &staged, &edits).await?);
    }
    let drops = headers::drops(&mut decided.fixes);
    came.add(fixes::would_do(services, original, &drops, options).await?);
    let (cancelled, kept) = cancels::would(services, &staged, &decided.cancels).await?;
    came.is_done = !cancelled.is_empty();
    came.cancelled = cancelled;
    came.said.extend(kept);
    tick(services, (original, answer), &decided, &mut came).await?;
    let fixes = headers::while_held(services, original, decided.fixes).await?;
    came.add(fixes::would_do(services, original, &fixes, options).await?);
    Ok((came, super::counts(services, original.id()).await?))
}

/// A list whose headers were explained is judged anew before its orders are confirmed: what becomes of those is not known.
async fn tick(
    services: &Services,
    (original, answer): (&Batch, &Answer),
    decided: &Decided,
    came: &mut Came,
) -> anyhow::Result<()> {
    let told = (answer, original);
    for (order, wished) in &decided.wishes {
        let wish = (order, *wished);
        let refusal = match ticks::beside_cancelled(services, told, wish, &came.cancelled) {
            None if decided.explained.is_empty() => {
                ticks::would_refuse(services, wish, decided.by.as_ref(), told).await?
            }
            said => said,
        };
        came.is_done |= refusal.is_none();
        came.said.extend(refusal);
    }
    Ok(())
}
