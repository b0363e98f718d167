//! Stores what the matching says: payments and what they pay, requests, orders and lists, and what is to be told to the
//! platform, in one transaction; where something changed meanwhile, all is decided anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    matching::{self, Credit, Decision, Due, Known},
    tell,
};
use crate::{
    db::{
        Tx, batches,
        dues::{self, Standing},
        lines, orders,
        payments::{self, Allocation, Change, EventKind, NewEvent, Part, Payment},
        standing,
    },
    domain::{
        batch::BatchId,
        order::{LineState, RequestState},
        payment::PaymentState,
    },
    flow::{
        Services,
        activate::{self, changes},
        fault::Fault,
    },
};

/// How often it is tried again because something changed meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;

/// A payment and what a person says of it, on the way in with what follows.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    pub id: i64,
    pub kind: EventKind,
    /// Codes with đồng; nothing for what it is not for.
    pub words: Vec<(String, i64)>,
    pub reason: &'a str,
    /// From whom it came, and for whom it was: learned where a person approved it.
    pub learned: Vec<(String, String)>,
}

/// Matches all there is, stores it, and tells the platform; it is repeatable, and changes nothing the second time.
pub async fn all(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<()> {
    for _ in 0..OVERTAKEN_AT_MOST {
        if once(services, said).await? {
            services.crash_point("money_settled");
            return tell_platform(services).await;
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
}

pub async fn load(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<Loaded> {
    let db = &services.db;
    let version = payments::version(db).await?;
    let (dues, payments) = (dues::all(db).await?, payments::all(db).await?);
    let allocations = payments::by_payment(payments::allocations(db, None).await?);
    let mut by_hand: HashMap<i64, Vec<(String, i64)>> = HashMap::new();
    let mut not_for: HashMap<i64, BTreeSet<String>> = HashMap::new();
    let is_replaced = |id: i64, code: &str, amount: i64| {
        said.is_some_and(|said| {
            said.id == id && (amount > 0 || said.words.iter().any(|(it, _)| it == code))
        })
    };
    let stored = payments::words(db).await?;
    let stored = stored.into_iter().filter(|it| !is_replaced(it.bank_line_id, &it.code, it.amount));
    let stored = stored.map(|it| (it.bank_line_id, it.code, it.amount));
    let new = said
        .into_iter()
        .flat_map(|said| said.words.iter().map(|(code, amount)| (said.id, code.clone(), *amount)));
    for (id, code, amount) in stored.chain(new) {
        if amount > 0 {
            by_hand.entry(id).or_default().push((code, amount));
        } else {
            not_for.entry(id).or_default().insert(code);
        }
    }
    let mut known = Known::default();
    known.prefixes.insert(services.settings.payee.code_prefix.as_str().to_owned());
    known.prefixes.extend(dues.iter().map(|due| prefix_of(&due.code).to_owned()));
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
            booked_on: payment.booked_on.parse().unwrap_or_default(),
            fingerprint: format!("{}/{:09}", payment.fingerprint, payment.occurrence),
            amount: payment.amount().as_dong() - payment.returned,
            memo: payment.memo.clone(),
            from: source_of(payment),
            by_hand: if payment.closed { Some(closed()) } else { by_hand.remove(&payment.id) },
            not_for: not_for.remove(&payment.id).unwrap_or_default(),
        }
    });
    let credits = credits.collect();
    let asked = dues.iter().map(asked).collect();
    Ok(Loaded { version, dues, payments, allocations, asked, credits, known })
}

/// From whom a payment comes, as it is remembered: the account, else the name.
pub fn source_of(payment: &Payment) -> Option<String> {
    payment.other_account.clone().or_else(|| payment.other_name.clone())
}

fn prefix_of(code: &str) -> &str {
    const BODY: usize = 8;
    code.get(..code.len().saturating_sub(BODY)).unwrap_or_default()
}

fn asked(due: &dues::Due) -> Due {
    Due {
        code: due.code.clone(),
        batch_code: due.batch_code.clone(),
        order: due.order_code.to_string(),
        firm: due.firm.clone(),
        payer: due.payer_email.clone(),
        amount: due.amount - due.waived,
        is_cancelled: due.state == RequestState::Cancelled,
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
    /// More is paid than before, and not all.
    partly: Vec<&'a dues::Due>,
    unpaid: Vec<&'a dues::Due>,
    touched: Vec<&'a dues::Due>,
}

/// False where something changed meanwhile.
async fn once(services: &Services, said: Option<&Said<'_>>) -> anyhow::Result<bool> {
    let loaded = load(services, said).await?;
    let (decisions, standings) = tokio::task::block_in_place(|| {
        matching::decide(&loaded.asked, &loaded.credits, &loaded.known)
    });
    let mut difference = Difference::default();
    of_payments(&loaded, &decisions, &mut difference)?;
    of_requests(&loaded, standings, &mut difference);
    if said.is_none() && difference.changes.is_empty() && difference.standings.is_empty() {
        return Ok(true);
    }
    let mut tx = services.db.begin().await?;
    if !payments::count_up(&mut tx, loaded.version).await? {
        return Ok(false);
    }
    if let Some(said) = said {
        store_said(services, &mut tx, said).await?;
    }
    if !store(services, &mut tx, &difference, loaded.version).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

fn of_payments<'a>(
    loaded: &'a Loaded,
    decisions: &[Decision],
    difference: &mut Difference<'a>,
) -> anyhow::Result<()> {
    let by_id: HashMap<i64, &Decision> = decisions.iter().map(|it| (it.id, it)).collect();
    for payment in loaded.payments.iter().filter(|payment| !payment.closed) {
        let Some(decision) = by_id.get(&payment.id) else { continue };
        let mut state = decision.state;
        if payment.returned > 0 && payment.returned == payment.amount().as_dong() {
            state = PaymentState::Refunded;
        }
        let stored = loaded.allocations.get(&payment.id).into_iter().flatten();
        let mut stored: Vec<(&str, i64)> =
            stored.map(|part| (part.code.as_str(), part.amount)).collect();
        let mut parts: Vec<(&str, i64)> =
            decision.allocations.iter().map(|(code, amount)| (code.as_str(), *amount)).collect();
        stored.sort_unstable();
        parts.sort_unstable();
        let evidence = serde_json::to_value(&decision.evidence)?;
        let is_same = (payment.state, payment.tier) == (state, decision.tier) && stored == parts;
        if is_same && payment.evidence.0 == evidence {
            continue;
        }
        let (id, rules) = (payment.id, matching::RULES);
        if !is_same {
            let detail = serde_json::json!({
                "state": state, "tier": decision.tier, "allocations": parts, "evidence": evidence,
            });
            let kind = EventKind::Decided;
            difference.events.push(NewEvent {
                id,
                kind,
                detail,
                rules,
                said_by: None,
                reason: None,
            });
        }
        let all =
            parts.into_iter().map(|(code, amount)| Part { id, code: code.to_owned(), amount });
        difference.parts.extend(all);
        difference.changes.push(Change { id, state, tier: decision.tier, evidence, rules });
    }
    Ok(())
}

fn of_requests<'a>(
    loaded: &'a Loaded,
    standings: Vec<matching::Standing>,
    difference: &mut Difference<'a>,
) {
    for (due, now) in loaded.dues.iter().zip(standings) {
        if (due.paid, due.state) == (now.paid, now.state) {
            continue;
        }
        difference.touched.push(due);
        match (due.state.is_paid(), now.state.is_paid()) {
            (false, true) => difference.paid.push(due),
            (true, false) => difference.unpaid.push(due),
            (false, false) if now.paid > due.paid => difference.partly.push(due),
            _ => {}
        }
        difference.standings.push(Standing {
            code: now.code,
            paid: now.paid,
            state: now.state,
            old_paid: due.paid,
            old_state: due.state,
        });
    }
}

async fn store_said(services: &Services, tx: &mut Tx, said: &Said<'_>) -> anyhow::Result<()> {
    payments::say(tx, said.id, &said.words).await?;
    for (source, payer) in &said.learned {
        payments::learn_payer(tx, (source, payer), services.now()).await?;
    }
    let event = NewEvent {
        id: said.id,
        kind: said.kind,
        detail: serde_json::json!({ "words": said.words }),
        rules: matching::RULES,
        said_by: None,
        reason: Some(said.reason),
    };
    payments::tell(tx, &[event], services.now()).await?;
    Ok(())
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
    let ids: Vec<i64> = difference.paid.iter().map(|due| due.line_id).collect();
    let standing = lines::hold(tx, &ids).await?;
    let works =
        |id: &&i64| matches!(standing.get(*id), Some(LineState::Grace | LineState::Suspended));
    let ids: Vec<i64> = ids.iter().filter(works).copied().collect();
    let lines = standing::by_ids(tx, &ids).await?;
    changes::plan_paid(services, tx, &lines, &version.to_string()).await?;
    tell::paid(services, tx, &difference.paid, version + 1).await?;
    tell::partly(services, tx, &difference.partly, version + 1).await?;
    tell::taken_back(services, tx, &difference.unpaid).await?;
    Ok(true)
}
