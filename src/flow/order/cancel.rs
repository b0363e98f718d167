//! Cancelling an order or lines of it. What was not activated yet is cancelled here; what works unpaid, once the
//! platform has stopped it. What is paid, or of a state that nobody knows, stays and is told.

use std::collections::HashMap;

use anyhow::Context;
use minijinja::context;

use super::content;
use crate::{
    db::{
        Tx, batches,
        cancellations::{self, Cancellation},
        changes::{self, ChangeKind},
        lines::{self, Line},
        mails,
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        requests,
    },
    domain::order::{LineRef, LineState, OrderCode, OrderState, RequestState},
    flow::{
        Services,
        activate::{self, changes as licence_changes},
        send::{self, plan::Results},
    },
    text::Texts,
};

/// How often it is tried again because the order changed meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;
/// What nobody uses yet.
const AT_ONCE: [LineState; 3] = [LineState::Waiting, LineState::Placed, LineState::Failed];

/// What of an order is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, but for what works already.
    Whole,
    /// These lines, also those that work unpaid.
    Lines(Vec<i64>),
}

impl Part {
    fn has(&self, line: &Line) -> bool {
        match self {
            Part::Whole => true,
            Part::Lines(numbers) => numbers.contains(&line.line_no),
        }
    }
}

/// A line that was not cancelled.
#[derive(Clone, Debug)]
pub struct Kept {
    pub line: LineRef,
    pub name: String,
    pub state: LineState,
    pub why: Why,
}

/// Why a line was not cancelled; `message.kept.<word>` says it and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It works unpaid, and was not named itself.
    InUse,
    Paid,
    /// A free year that runs.
    Free,
    Suspended,
    /// The platform is being asked to activate it.
    Activating,
    /// The platform does not answer.
    Unanswered,
    /// The platform did not suspend it.
    Refused,
}

impl Kept {
    /// Why, and what to do about it.
    pub fn in_words(&self, texts: &Texts) -> String {
        let key = match self.why {
            Why::InUse => "in_use",
            Why::Paid => "paid",
            Why::Free => "free",
            Why::Suspended => "suspended",
            Why::Activating => "activating",
            Why::Unanswered => "unanswered",
            Why::Refused => "refused",
        };
        texts.say(&format!("message.kept.{key}"), context! { line => self.line.to_string() })
    }
}

/// What became of a wish to cancel; nothing at all where everything named was cancelled before.
#[derive(Clone, Debug, Default)]
pub struct Cancelled {
    pub lines: usize,
    pub kept: Vec<Kept>,
}

/// Cancels what may be cancelled, and says what stays.
pub async fn cancel(
    services: &Services,
    code: &OrderCode,
    part: &Part,
    reason: &str,
) -> anyhow::Result<Cancelled> {
    let is_lost = |line: &&Line| matches!(line.state, LineState::Uncertain | LineState::Activating);
    let lines = lines::of_order(&services.db, code).await?;
    for line in lines.iter().filter(|line| part.has(line)).filter(is_lost) {
        activate::find_out(services, &by_code(services, code).await?, line).await?;
    }
    for _ in 0..OVERTAKEN_AT_MOST {
        let order = by_code(services, code).await?;
        let lines = lines::of_order(&services.db, code).await?;
        let sorted = sort(services, &order, &lines, part).await?;
        if sorted.changes_nothing() || store(services, &order, &lines, &sorted, reason).await? {
            services.crash_point("cancelled");
            licence_changes::run(services, Some(code), &mut activate::Summary::default()).await?;
            return outcome(services, code, sorted).await;
        }
    }
    anyhow::bail!("{code} kept changing; try again")
}

async fn by_code(services: &Services, code: &OrderCode) -> anyhow::Result<Order> {
    orders::by_code(&services.db, code).await?.with_context(|| format!("There is no order {code}"))
}

/// The lines that are meant, by what is to be done with each.
#[derive(Default)]
struct Sorted {
    at_once: Vec<Line>,
    /// To be suspended on the platform.
    in_use: Vec<Line>,
    /// That was asked for before, and not answered.
    asked: Vec<Line>,
    kept: Vec<Kept>,
}

impl Sorted {
    fn changes_nothing(&self) -> bool {
        self.at_once.is_empty() && self.in_use.is_empty()
    }
}

async fn sort(
    services: &Services,
    order: &Order,
    lines: &[Line],
    part: &Part,
) -> anyhow::Result<Sorted> {
    let requests = requests::of_batch(&services.db, order.batch()).await?;
    let requests: HashMap<i64, RequestState> =
        requests.iter().map(|request| (request.line_id, request.state)).collect();
    let changes = changes::of_order(&services.db, &order.code).await?;
    let is_asked = |line: &Line| {
        let mut own = changes.iter().filter(|change| change.line_id == line.id);
        own.any(|change| change.kind == ChangeKind::Suspend && !change.is_settled())
    };
    let mut sorted = Sorted::default();
    for line in lines.iter().filter(|line| part.has(line) && line.state != LineState::Cancelled) {
        match reason_to_keep(line, requests.get(&line.id).copied(), part) {
            Some(why) => sorted.kept.push(kept(line, why)),
            None if line.state != LineState::Grace => sorted.at_once.push(line.clone()),
            None if is_asked(line) => sorted.asked.push(line.clone()),
            None => sorted.in_use.push(line.clone()),
        }
    }
    Ok(sorted)
}

fn kept(line: &Line, why: Why) -> Kept {
    Kept { line: line.reference(), name: line.name.clone(), state: line.state, why }
}

fn reason_to_keep(line: &Line, request: Option<RequestState>, part: &Part) -> Option<Why> {
    if matches!(request, Some(RequestState::Paid | RequestState::Overpaid)) {
        return Some(Why::Paid);
    }
    match line.state {
        LineState::Grace if *part == Part::Whole => Some(Why::InUse),
        LineState::Active if request.is_none() => Some(Why::Free),
        LineState::Active => Some(Why::Paid),
        LineState::Suspended => Some(Why::Suspended),
        LineState::Activating => Some(Why::Activating),
        LineState::Uncertain => Some(Why::Unanswered),
        LineState::Waiting
        | LineState::Placed
        | LineState::Failed
        | LineState::Grace
        | LineState::Cancelled => None,
    }
}

/// The change and its effects in one transaction; false where the order is no longer what was looked at.
async fn store(
    services: &Services,
    order: &Order,
    lines: &[Line],
    sorted: &Sorted,
    reason: &str,
) -> anyhow::Result<bool> {
    let mut tx = services.db.begin().await?;
    if !orders::hold(&mut tx, &order.code, order.state, &order.content).await? {
        return Ok(false);
    }
    let cancellation = cancellations::insert(&mut tx, &order.code, reason, services.now()).await?;
    for line in &sorted.at_once {
        if !lines::cancel(&mut tx, line.id, &AT_ONCE, cancellation.id).await? {
            return Ok(false);
        }
        requests::cancel(&mut tx, line.id).await?;
        mails::cancel_of_line(&mut tx, line.id).await?;
    }
    for line in &sorted.in_use {
        licence_changes::plan_suspension(services, &mut tx, line, cancellation.id).await?;
    }
    if !sorted.at_once.is_empty() {
        let content = content_without(order, lines, &sorted.at_once)?;
        let count = sorted.at_once.len();
        after(services, &mut tx, (order, &content), (&cancellation, count)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// What is to be confirmed when these lines are gone; a confirmed order stays what was confirmed.
fn content_without(order: &Order, lines: &[Line], gone: &[Line]) -> anyhow::Result<String> {
    if order.state != OrderState::AwaitingConfirmation {
        return Ok(order.content.clone());
    }
    let stays = |line: &&Line| {
        line.state != LineState::Cancelled && gone.iter().all(|gone| gone.id != line.id)
    };
    let rest = lines.iter().filter(stays);
    content::hash(&order.code, rest.map(|line| (line.line_no, line.amount(), &line.client.0)))
}

/// What follows from cancelled lines: amount and state of order and batch, notices and letters, the bell, the workbook.
pub async fn after(
    services: &Services,
    tx: &mut Tx,
    (order, content): (&Order, &str),
    (cancellation, lines): (&Cancellation, usize),
) -> anyhow::Result<()> {
    let order = orders::recount(tx, &order.code, content).await?;
    mails::cancel_empty_notices(tx, &order.code).await?;
    tell(services, tx, &order, cancellation).await?;
    let values = context! {
        order => order.code.as_str(), lines, reason => cancellation.reason.as_str(),
        whole => order.state == OrderState::Cancelled, amount => order.amount().to_string(),
    };
    let text = services.texts.say("message.bell.order_cancelled", values);
    let kind = NotificationKind::OrderCancelled;
    let new = NewNotification { firm: &order.firm, kind, text: &text, order: Some(&order.code) };
    notifications::insert(tx, new, services.now()).await?;
    batches::settle_orders(tx, order.batch()).await?;
    batches::end_orders(tx, order.batch()).await?;
    batches::ask_for_workbook(tx, order.batch()).await?;
    if order.state == OrderState::AwaitingConfirmation {
        // What is to be confirmed is less, and the code another one.
        send::plan::results(services, tx, Results::of_order(&order)).await?;
    }
    Ok(())
}

/// One letter to each payer who got the notice, when nothing of the cancellation is open any more.
pub async fn tell(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    cancellation: &Cancellation,
) -> anyhow::Result<()> {
    if changes::is_open(tx, cancellation.id).await? {
        return Ok(());
    }
    for (email, name) in cancellations::told_payers(tx, cancellation.id).await? {
        send::plan::cancelled(services, tx, order, (&name, &email), cancellation.sequence).await?;
    }
    Ok(())
}

/// How it ended, also for what the platform was asked.
async fn outcome(
    services: &Services,
    code: &OrderCode,
    sorted: Sorted,
) -> anyhow::Result<Cancelled> {
    let Sorted { at_once, in_use, asked, mut kept } = sorted;
    let now = lines::of_order(&services.db, code).await?;
    let changes = changes::of_order(&services.db, code).await?;
    let is_refused = |line: &Line| {
        let own =
            changes.iter().rev().find(|it| it.line_id == line.id && it.kind == ChangeKind::Suspend);
        own.is_some_and(changes::Change::is_settled)
    };
    let suspended: Vec<&Line> = in_use.iter().chain(&asked).collect();
    let mut lines = at_once.len();
    for line in now.iter().filter(|line| suspended.iter().any(|asked| asked.id == line.id)) {
        match line.state {
            LineState::Cancelled => lines += 1,
            _ if is_refused(line) => kept.push(self::kept(line, Why::Refused)),
            _ => kept.push(self::kept(line, Why::Unanswered)),
        }
    }
    kept.sort_by_key(|kept| kept.line.line);
    Ok(Cancelled { lines, kept })
}
