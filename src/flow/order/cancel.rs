//! Cancelling an order or lines of it. What was not activated yet is cancelled here; what works unpaid, once the
//! platform has stopped it. What is paid, or of a state that nobody knows, stays and is told.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use minijinja::context;

use super::{clients, content, settle};
use crate::{
    db::{
        Tx, batches,
        cancellations::{self, Cancellation},
        changes::{self, ChangeKind},
        lines::{self, Line},
        mails,
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        requests, standing,
    },
    domain::{
        money::Money,
        order::{LineRef, LineState, OrderCode, OrderState, RequestState},
    },
    flow::{
        Services,
        activate::{self, changes as licence_changes},
        pay, send,
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
    /// The same, as the file of a firm says: one that went to another firm since is not its business.
    OfFirm(String, Vec<i64>),
}

impl Part {
    fn has(&self, line: &Line) -> bool {
        match self {
            Part::Whole => true,
            Part::Lines(numbers) | Part::OfFirm(_, numbers) => numbers.contains(&line.line_no),
        }
    }

    fn has_left(&self, line: &Line) -> bool {
        matches!(self, Part::OfFirm(firm, _) if *firm != line.firm)
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

/// Why a line was not cancelled; `message.kept.<word>` says it and what to do, but that it left.
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
    /// The platform does not say whether it was activated.
    Unanswered,
    /// It will be cancelled when the platform, which does not answer now, has stopped it.
    Planned,
    /// The platform did not suspend it.
    Refused,
    /// It is another firm's by now.
    Left,
}

impl Kept {
    fn new(line: &Line, why: Why) -> Kept {
        Kept { line: line.reference(), name: line.name.clone(), state: line.state, why }
    }

    /// Why, and what to do about it.
    pub fn in_words(&self, texts: &Texts) -> String {
        let key = match self.why {
            Why::InUse => "in_use",
            Why::Paid => "paid",
            Why::Free => "free",
            Why::Suspended => "suspended",
            Why::Activating => "activating",
            Why::Unanswered => "unanswered",
            Why::Planned => "planned",
            Why::Refused => "refused",
            Why::Left => return texts.label("workbook.payment.left"),
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
    let order = by_code(services, code).await?;
    for line in lines.iter().filter(|line| part.has(line)).filter(is_lost) {
        activate::find_out(services, &order, line).await?;
    }
    for _ in 0..OVERTAKEN_AT_MOST {
        let order = by_code(services, code).await?;
        let lines = lines::of_order(&services.db, code).await?;
        let sorted = sort(services, &order, &lines, part).await?;
        if sorted.changes_nothing() || store(services, &order, &lines, &sorted, reason).await? {
            services.crash_point("cancelled");
            licence_changes::run(services, Some(code), &mut activate::Summary::default()).await?;
            // Money for what was cancelled is free again.
            pay::settle::if_needed(services).await?;
            return outcome(services, code, sorted).await;
        }
    }
    anyhow::bail!("{code} kept changing; try again")
}

pub(super) async fn by_code(services: &Services, code: &OrderCode) -> anyhow::Result<Order> {
    orders::by_code(&services.db, code).await?.with_context(|| format!("There is no order {code}"))
}

/// The lines that are meant, by what is to be done with each.
#[derive(Default)]
pub(super) struct Sorted {
    pub at_once: Vec<Line>,
    /// To be suspended on the platform.
    pub in_use: Vec<Line>,
    /// That was asked for before, and not answered.
    pub asked: Vec<Line>,
    pub kept: Vec<Kept>,
}

impl Sorted {
    fn changes_nothing(&self) -> bool {
        self.at_once.is_empty() && self.in_use.is_empty()
    }
}

pub(super) async fn sort(
    services: &Services,
    order: &Order,
    lines: &[Line],
    part: &Part,
) -> anyhow::Result<Sorted> {
    let requests = request_states(services, order).await?;
    let changes = changes::of_order(&services.db, &order.code).await?;
    let is_asked = |line: &Line| {
        let mut own = changes.iter().filter(|change| change.line_id == line.id);
        own.any(|change| change.kind == ChangeKind::Suspend && !change.is_settled())
    };
    let mut sorted = Sorted::default();
    for line in lines.iter().filter(|line| part.has(line) && line.state != LineState::Cancelled) {
        match reason_to_keep(line, requests.get(&line.id).copied(), part) {
            None | Some(Why::InUse) if is_asked(line) => sorted.asked.push(line.clone()),
            Some(why) => sorted.kept.push(Kept::new(line, why)),
            None if !works(line) => sorted.at_once.push(line.clone()),
            None => sorted.in_use.push(line.clone()),
        }
    }
    Ok(sorted)
}

/// By lines.
async fn request_states(
    services: &Services,
    order: &Order,
) -> anyhow::Result<HashMap<i64, RequestState>> {
    let requests = requests::of_batch(&services.db, order.batch()).await?;
    Ok(requests.iter().map(|request| (request.line_id, request.state)).collect())
}

fn reason_to_keep(line: &Line, request: Option<RequestState>, part: &Part) -> Option<Why> {
    if part.has_left(line) {
        return Some(Why::Left);
    }
    if request.is_some_and(RequestState::is_paid) {
        return Some(Why::Paid);
    }
    match line.state {
        LineState::Active if request.is_none() => Some(Why::Free),
        _ if works(line) && *part == Part::Whole => Some(Why::InUse),
        LineState::Suspended => Some(Why::Suspended),
        LineState::Activating => Some(Why::Activating),
        LineState::Uncertain => Some(Why::Unanswered),
        LineState::Waiting
        | LineState::Placed
        | LineState::Failed
        | LineState::Grace
        | LineState::Active
        | LineState::Cancelled => None,
    }
}

/// The platform has to stop it; active and not paid is what was paid, and is not any more.
fn works(line: &Line) -> bool {
    matches!(line.state, LineState::Grace | LineState::Active)
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
    let ids = |lines: &[Line]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
    let (at_once, in_use) = (ids(&sorted.at_once), ids(&sorted.in_use));
    // Who works may have gone to another firm since.
    let now = standing::by_ids(&mut tx, &in_use).await?;
    if !now.iter().map(|it| &it.firm).eq(sorted.in_use.iter().map(|it| &it.firm)) {
        return Ok(false);
    }
    // Somebody may have paid since.
    if !requests::hold_paid(&mut tx, &[at_once.as_slice(), &in_use].concat()).await?.is_empty() {
        return Ok(false);
    }
    let Cancellation { id, .. } =
        cancellations::insert(&mut tx, &order.code, reason, services.now()).await?;
    let count = lines::cancel(&mut tx, &at_once, &AT_ONCE, id).await?;
    if count != at_once.len() as u64 {
        return Ok(false);
    }
    requests::cancel(&mut tx, &at_once).await?;
    mails::cancel_of_lines(&mut tx, &at_once).await?;
    licence_changes::plan_suspensions(services, &mut tx, &sorted.in_use, id).await?;
    if order.state == OrderState::AwaitingConfirmation {
        clients::take_back(&mut tx, &sorted.at_once, services.now()).await?;
    }
    if count > 0 {
        let content = content_without(order, lines, &sorted.at_once)?;
        cancellations::follow(&mut tx, id, 0, i64::try_from(count)?).await?;
        after(services, &mut tx, (&order.code, Some(&content)), (reason, count)).await?;
        tell(services, &mut tx, id).await?;
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

/// What follows from lines that the platform stopped: once for all of a cancellation that were stopped by now, however
/// many these are. What an earlier process left is taken up.
pub async fn follow_up(services: &Services, order: Option<&OrderCode>) -> anyhow::Result<()> {
    for open in cancellations::unfollowed(&services.db, order).await? {
        let mut tx = services.db.begin().await?;
        orders::hold_as_it_is(&mut tx, &open.order_code).await?;
        if cancellations::follow(&mut tx, open.id, open.followed, open.lines).await? {
            let count = u64::try_from(open.lines - open.followed)?;
            after(services, &mut tx, (&open.order_code, None), (&open.reason, count)).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// What follows from cancelled lines: amount and state of order and batch, notices, the bell, the workbook.
async fn after(
    services: &Services,
    tx: &mut Tx,
    (code, content): (&OrderCode, Option<&str>),
    (reason, lines): (&str, u64),
) -> anyhow::Result<()> {
    let order = orders::recount(tx, code, content).await?;
    settle::finish_free(tx, &order).await?;
    mails::cancel_empty_notices(tx, code).await?;
    let amount = Money::dong(lines::own_amount(tx, code).await?);
    let values = context! {
        order => code.as_str(), lines, reason,
        whole => order.state == OrderState::Cancelled, amount => amount.to_string(),
    };
    let text = services.texts.say("message.bell.order_cancelled", values);
    ring(services, tx, (&order.firm, code), &text).await?;
    batches::settle_orders(tx, order.batch()).await?;
    batches::end_orders(tx, order.batch()).await?;
    batches::ask_for_workbook(tx, order.batch()).await?;
    if order.state == OrderState::AwaitingConfirmation {
        // What is to be confirmed is less, and the code another one.
        send::plan::results(services, tx, order.batch()).await?;
    }
    Ok(())
}

async fn ring(
    services: &Services,
    tx: &mut Tx,
    (firm, order): (&str, &OrderCode),
    text: &str,
) -> anyhow::Result<()> {
    let kind = NotificationKind::OrderCancelled;
    let new = NewNotification { firm, kind, text, order: Some(order) };
    Ok(notifications::insert(tx, new, services.now()).await?)
}

/// The firm is told of a line that was to be cancelled and is not, which may be long after it was asked for.
pub async fn tell_kept(
    services: &Services,
    tx: &mut Tx,
    line: &Line,
    why: Why,
) -> anyhow::Result<()> {
    let why = Kept::new(line, why).in_words(services.texts);
    let values = context! { line => line.reference().to_string(), name => line.name.as_str(), why };
    let text = services.texts.say("message.bell.line_kept", values);
    ring(services, tx, (&line.firm, &line.order_code), &text).await
}

/// One letter to each payer who got the notice, when nothing of the cancellation is open any more.
pub async fn tell(services: &Services, tx: &mut Tx, cancellation: i64) -> anyhow::Result<()> {
    // Of two processes that settle its last two changes the later one sees that nothing is open.
    let Cancellation { order_code, sequence, .. } = cancellations::hold(tx, cancellation).await?;
    if changes::is_open(tx, cancellation).await? {
        return Ok(());
    }
    for (email, name) in cancellations::told_payers(tx, cancellation).await? {
        send::plan::cancelled(services, tx, &order_code, (&name, &email), sequence).await?;
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
    let requests = request_states(services, &by_code(services, code).await?).await?;
    let changes = changes::of_order(&services.db, code).await?;
    let why = |line: &Line| {
        let own =
            changes.iter().rev().find(|it| it.line_id == line.id && it.kind == ChangeKind::Suspend);
        match own {
            _ if requests.get(&line.id).is_some_and(|state| state.is_paid()) => Why::Paid,
            Some(change) if change.is_settled() => Why::Refused,
            _ => Why::Planned,
        }
    };
    let suspended: HashSet<i64> = in_use.iter().chain(&asked).map(|line| line.id).collect();
    let mut lines = at_once.len();
    for line in lines::of_order(&services.db, code).await? {
        match line.state {
            _ if !suspended.contains(&line.id) => {}
            LineState::Cancelled => lines += 1,
            _ => kept.push(Kept::new(&line, why(&line))),
        }
    }
    kept.sort_by_key(|kept| kept.line.line);
    Ok(Cancelled { lines, kept })
}
