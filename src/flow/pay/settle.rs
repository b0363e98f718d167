//! Stores what the matching says: payments and what they pay, requests, orders and lists, and what is to be told to the
//! platform, in one transaction; where something changed meanwhile, all is decided anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    matching::{self, Credit, Decision, Due, Known},
    memo,
    moved::{self, Away},
    overtaken::{self, Overtaken},
    readers,
    said::{self, Said, Same},
    tell, waive,
};
use crate::{
    db::{
        Db, Tx, batches, corrections,
        dues::{self, Standing},
        lines, orders,
        payments::{self, Allocation, Change, EventKind, NewEvent, Part, Payment},
        refunds, standing,
    },
    domain::{
        batch::BatchId,
        order::{LineState, RequestState},
        payment::{PaymentState, Tier},
    },
    flow::{
        Services,
        activate::{self, changes},
        fault::Fault,
    },
};

/// Matches all there is, stores it, and tells the platform; it is repeatable, and changes nothing the second time.
/// What a person says is stored as of what it was worked out from, or not at all: then it is [`Overtaken`].
pub async fn all(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<()> {
    for _ in 0..overtaken::AT_MOST {
        if once(services, said).await? {
            services.crash_point("money_settled");
            return tell_platform(services).await;
        }
        // Whoever says something looks anew before it is said again.
        if said.is_some() {
            return Err(Overtaken.into());
        }
    }
    anyhow::bail!("What is to be paid kept changing; try again")
}

/// The same where there are payments at all.
pub async fn if_needed(services: &Services) -> anyhow::Result<()> {
    if payments::any(&services.db).await? { all(services, None).await } else { Ok(()) }
}

/// What waits for the platform waits on where it cannot be asked now.
async fn tell_platform(services: &Services) -> anyhow::Result<()> {
    match changes::run(services, None, &mut activate::Summary::default()).await {
        Err(error) if matches!(Fault::of(&error), Fault::Platform | Fault::Denied) => {
            tracing::warn!("The platform is told of payments later: {error:#}");
            Ok(())
        }
        ran => ran,
    }
}

/// All that is known, as it was read.
pub struct Loaded {
    version: i64,
    pub dues: Vec<dues::Due>,
    pub payments: Vec<Payment>,
    pub allocations: HashMap<i64, Vec<Allocation>>,
    pub asked: Vec<Due>,
    pub credits: Vec<Credit>,
    pub known: Known,
    /// Payments of which something is still to go back.
    to_return: BTreeSet<i64>,
}

pub async fn load(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<Loaded> {
    let db = &services.db;
    let version = payments::version(db).await?;
    let (dues, mut payments) = (dues::all(db).await?, payments::all(db).await?);
    let refunds = refunds::all(db, None).await?;
    let open = refunds.iter().filter(|refund| refund.done_at.is_none());
    let mut to_return: BTreeSet<i64> = open.map(|refund| refund.bank_line_id).collect();
    if let Some((said, id)) = said.and_then(|said| Some((said, said.payment?))) {
        if said.kept > 0 {
            to_return.remove(&id);
        }
        if said.refund > 0 {
            to_return.insert(id);
        }
        if let Some(it) = payments.iter_mut().find(|it| it.id == id) {
            it.returned += said.refund - said.kept;
            it.same_as = said.same.map_or(it.same_as, Same::payment);
        }
    }
    let allocations = payments::by_payment(payments::allocations(db, None).await?);
    let mut by_hand: HashMap<i64, Vec<(String, i64)>> = HashMap::new();
    let mut not_for: HashMap<i64, BTreeSet<String>> = HashMap::new();
    let is_replaced = |it: &payments::Word| {
        said.is_some_and(|said| said.replaces(it.bank_line_id, &it.code, it.amount))
    };
    let stored = payments::words(db).await?.into_iter().filter(|it| !is_replaced(it));
    let stored = stored.map(|it| (it.bank_line_id, it.code, it.amount));
    let new = said.and_then(|said| said.payment.zip(said.words.as_ref()));
    let new = new.into_iter().flat_map(|(id, words)| {
        words.iter().map(move |(code, amount)| (id, code.clone(), *amount))
    });
    for (id, code, amount) in stored.chain(new) {
        if amount > 0 {
            by_hand.entry(id).or_default().push((code, amount));
        } else {
            not_for.entry(id).or_default().insert(code);
        }
    }
    let mut known = Known::default();
    known.prefixes.insert(services.settings.payee.code_prefix.as_str().to_owned());
    known.prefixes.extend(dues.iter().map(|due| memo::prefix_of(&due.code).to_owned()));
    for (source, payer) in payments::known_payers(db).await? {
        known.payers.entry(source).or_default().insert(payer);
    }
    let credits = payments.iter().map(|payment| {
        let closed = || {
            let parts = allocations.get(&payment.id).into_iter().flatten();
            parts.map(|part| (part.code.clone(), part.amount)).collect()
        };
        Credit {
            id: payment.id,
            account: payment.account.clone(),
            has_reference: payment.has_reference(),
            booked_on: payment.booked_on.parse().unwrap_or_default(),
            fingerprint: format!("{}/{:09}", payment.fingerprint, payment.occurrence),
            told: payment.amount().as_dong(),
            amount: payment.amount().as_dong() - payment.returned,
            memo: payment.memo.clone(),
            from: payment.source(),
            same: payment.same_as,
            may_be: payment.may_be,
            by_hand: if payment.closed { Some(closed()) } else { by_hand.remove(&payment.id) },
            not_for: not_for.remove(&payment.id).unwrap_or_default(),
        }
    });
    let credits = credits.collect();
    let asked = all_asked(db, &dues, said).await?;
    Ok(Loaded { version, dues, payments, allocations, asked, credits, known, to_return })
}

/// What is to be paid, with the codes for all under which that was told before.
async fn all_asked(
    db: &Db,
    dues: &[dues::Due],
    said: Option<&Said<'_>>,
) -> anyhow::Result<Vec<Due>> {
    let forgiven = |code: &str| said.map_or(0, |said| said.forgiven(code));
    let mut asked: Vec<Due> = dues.iter().map(|due| asked(due, forgiven(&due.code))).collect();
    let mut former: HashMap<String, Vec<String>> = HashMap::new();
    for (code, batch_code) in corrections::former_codes(db).await? {
        former.entry(code).or_default().push(batch_code);
    }
    for (due, stored) in asked.iter_mut().zip(dues) {
        due.former = former.remove(&due.code).unwrap_or_default();
        due.former.extend(stored.former_code.clone());
    }
    Ok(asked)
}

fn asked(due: &dues::Due, forgiven: i64) -> Due {
    Due {
        code: due.code.clone(),
        batch_code: due.batch_code.clone(),
        order: due.order_code.to_string(),
        firm: due.firm.clone(),
        payer: due.payer_email.clone(),
        amount: due.amount - due.waived - forgiven,
        is_cancelled: due.state == RequestState::Cancelled,
        former: Vec::new(),
    }
}

/// What is different from what is stored.
#[derive(Default)]
struct Difference<'a> {
    changes: Vec<Change>,
    parts: Vec<Part>,
    events: Vec<NewEvent<'a>>,
    standings: Vec<Standing>,
    paid: Vec<&'a dues::Due>,
    /// More is paid than before, and not all; or all was paid, and more came; or what was forgiven is to be paid again.
    partly: Vec<&'a dues::Due>,
    unpaid: Vec<&'a dues::Due>,
    /// Less is paid than before, of what was not all paid.
    less: Vec<&'a dues::Due>,
    /// The payment of which a person said something that may take it away.
    parted: Option<i64>,
    away: Option<Away<'a>>,
    touched: Vec<&'a dues::Due>,
}

/// False where something changed meanwhile.
async fn once(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<bool> {
    let loaded = load(services, said).await?;
    if said.is_some_and(|said| is_overtaken(&loaded, said)) {
        return Err(Overtaken.into());
    }
    let (mut decisions, standings) = tokio::task::block_in_place(|| {
        matching::decide(&loaded.asked, &loaded.credits, &loaded.known)
    });
    waive::note(&mut decisions, &loaded.dues, said);
    let takes = |said: &&Said<'_>| match said.kind {
        EventKind::Unmatch | EventKind::Match | EventKind::Same => true,
        _ => said.refund > 0,
    };
    let parted = said.filter(takes).and_then(|said| said.payment);
    let found = (loaded.dues.as_slice(), decisions.as_slice());
    let away = moved::away(&services.db, said, found, loaded.version + 1).await?;
    let mut difference = Difference { parted, away, ..Difference::default() };
    of_payments(&loaded, &decisions, &mut difference, said)?;
    difference.partly.extend(readers::of_staying(&loaded, &decisions, said));
    of_requests(&loaded, standings, &mut difference, said);
    if said.is_none() && difference.changes.is_empty() && difference.standings.is_empty() {
        return Ok(true);
    }
    let mut tx = services.db.begin().await?;
    if !payments::count_up(&mut tx, loaded.version).await? {
        return Ok(false);
    }
    if let Some(said) = said {
        said::store(services, &mut tx, said, loaded.version + 1).await?;
    }
    if !store(services, &mut tx, &difference, loaded.version).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// Money moved since, or what is forgiven was cancelled.
fn is_overtaken(loaded: &Loaded, said: &Said<'_>) -> bool {
    let is_gone =
        |due: &dues::Due| due.state == RequestState::Cancelled && said.forgiven(&due.code) > 0;
    said.as_of.is_some_and(|as_of| as_of != loaded.version) || loaded.dues.iter().any(is_gone)
}

fn of_payments<'a>(
    loaded: &'a Loaded,
    decisions: &[Decision],
    difference: &mut Difference<'a>,
    said: Option<&Said<'_>>,
) -> anyhow::Result<()> {
    // What counted for nothing until now is new to its payer, and so is what that leaves over.
    let is_apart = said.is_some_and(|said| said.same == Some(Same::Apart));
    let by_id: HashMap<i64, &Decision> = decisions.iter().map(|it| (it.id, it)).collect();
    for payment in &loaded.payments {
        let Some(decision) = by_id.get(&payment.id) else { continue };
        let waits = loaded.to_return.contains(&payment.id);
        let state = if waits { PaymentState::Held } else { decision.state };
        let stored = loaded.allocations.get(&payment.id).into_iter().flatten();
        let mut stored: Vec<(&str, i64)> =
            stored.map(|part| (part.code.as_str(), part.amount)).collect();
        let mut parts: Vec<(&str, i64)> =
            decision.allocations.iter().map(|(code, amount)| (code.as_str(), *amount)).collect();
        stored.sort_unstable();
        parts.sort_unstable();
        let evidence = serde_json::to_value(&decision.evidence)?;
        let (id, rules) = (payment.id, matching::RULES);
        if payment.closed {
            // What is left of it is what it pays of requests that are still there.
            if stored != parts {
                difference.changes.push(Change::none_of(payment));
                difference.parts.extend(parts_of(id, parts));
            }
            continue;
        }
        let is_same = (payment.state, payment.tier) == (state, decision.tier) && stored == parts;
        // Why money went where it is stays as it was said then, by the rules of then, but for where the rest of it waits.
        let is_told = !parts.is_empty() && decision.tier != Tier::ByHand;
        if is_same && (is_told || payment.evidence.0 == evidence) {
            continue;
        }
        if !is_same {
            let detail = serde_json::json!({
                "state": state, "tier": decision.tier, "allocations": parts, "evidence": evidence,
                "change": loaded.version + 1,
            });
            difference.events.push(NewEvent::decided(id, detail, rules));
        }
        if payment.rules == 0 || is_apart {
            difference.partly.extend(readers::at_once(loaded, decision));
        }
        difference.parts.extend(parts_of(id, parts));
        difference.changes.push(Change { id, state, tier: decision.tier, evidence, rules });
    }
    Ok(())
}

fn parts_of(id: i64, parts: Vec<(&str, i64)>) -> impl Iterator<Item = Part> {
    parts.into_iter().map(move |(code, amount)| Part { id, code: code.to_owned(), amount })
}

fn of_requests<'a>(
    loaded: &'a Loaded,
    standings: Vec<matching::Standing>,
    difference: &mut Difference<'a>,
    said: Option<&Said<'_>>,
) {
    for (due, now) in loaded.dues.iter().zip(standings) {
        let forgiven = said.map_or(0, |said| said.forgiven(&due.code));
        if (due.paid, due.state) == (now.paid, now.state) && forgiven == 0 {
            continue;
        }
        difference.touched.push(due);
        match (due.state.is_paid(), now.state.is_paid()) {
            (false, true) => difference.paid.push(due),
            (true, false) => difference.unpaid.push(due),
            (false, false) if now.paid > due.paid => difference.partly.push(due),
            (false, false) if now.paid < due.paid => difference.less.push(due),
            _ => {}
        }
        if said.is_some_and(|said| said.asks_again(&due.code)) {
            difference.partly.push(due);
        }
        difference.standings.push(Standing {
            code: now.code,
            paid: now.paid,
            state: now.state,
            waived: due.waived + forgiven,
            old_waived: due.waived,
            old_paid: due.paid,
            old_state: due.state,
        });
    }
}

/// Orders first, as whoever cancels them holds them; false where a request is not any more what it was.
async fn store(
    services: &Services,
    tx: &mut Tx,
    difference: &Difference<'_>,
    version: i64,
) -> anyhow::Result<bool> {
    let orders: BTreeMap<_, BatchId> = difference
        .touched
        .iter()
        .map(|due| (&due.order_code, BatchId::new(due.batch_id)))
        .collect();
    for order in orders.keys() {
        orders::hold_as_it_is(tx, order).await?;
    }
    let changed = dues::stand(tx, &difference.standings).await?;
    if changed != difference.standings.len() as u64 {
        return Ok(false);
    }
    payments::change(tx, &difference.changes, &difference.parts).await?;
    payments::tell(tx, &difference.events, services.now()).await?;
    for order in orders.keys() {
        dues::settle_order(tx, order).await?;
    }
    for batch in orders.values().collect::<BTreeSet<_>>() {
        batches::end_orders(tx, *batch).await?;
        dues::reopen(tx, *batch).await?;
        dues::workbook_is_due(tx, *batch).await?;
    }
    // It says beside the sums what came under the code for all.
    let pooled = difference.partly.iter().filter(|due| due.batch_code.is_some());
    for batch in pooled.map(|due| due.batch_id).collect::<BTreeSet<_>>() {
        dues::workbook_is_due(tx, BatchId::new(batch)).await?;
    }
    let ids: Vec<i64> = difference.paid.iter().map(|due| due.line_id).collect();
    let standing = lines::hold(tx, &ids).await?;
    let of = |states: &[LineState]| -> Vec<i64> {
        let is = |id: &&i64| standing.get(*id).is_some_and(|state| states.contains(state));
        ids.iter().filter(is).copied().collect()
    };
    tell::works_again(services, tx, &of(&[LineState::Active])).await?;
    let lines = standing::by_ids(tx, &of(&[LineState::Grace, LineState::Suspended])).await?;
    changes::plan_paid(services, tx, &lines, &version.to_string()).await?;
    tell::less(tx, &difference.touched, &difference.standings).await?;
    let paid = (difference.paid.as_slice(), difference.partly.as_slice());
    tell::received(services, tx, paid, (&difference.standings, version + 1)).await?;
    tell::moved_away(services, tx, difference.away.as_ref()).await?;
    let parted = difference.parted.map(|payment| (payment, version + 1));
    let read = difference.away.iter().map(|away| away.due);
    let read: Vec<_> = read.chain(paid.0.iter().chain(paid.1).copied()).collect();
    tell::taken_back(services, tx, (&difference.unpaid, &difference.less), parted, &read).await?;
    Ok(true)
}
