//! `payments`, `match`, `unmatch`, `refund`, `waive`: what came in, for what it is, and what a person says of it.

use std::collections::HashMap;

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Global, MatchPayment, Payments, RefundPayment, UnmatchPayment, WaiveRest},
    history,
    lists::{unknown, word},
    narrowed::{Narrowed, Since},
    reopened::Before,
    reply::{Exit, Failure, Reply},
    same,
    table::table,
    workspace,
};
use crate::{
    db::{
        dues,
        payments::{self, Allocation, Event, Payment},
        refunds,
    },
    domain::{money::Money, payment::PaymentState},
    flow::{
        Services,
        export::payments::shares,
        pay::{
            back,
            hand::{self, Refused},
            said::By,
            waive::{self, NotWaived},
            went::{self, Asked},
        },
    },
};

pub async fn list_or_join(global: &Global, args: &Payments) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    match args.same.as_slice() {
        [payment, other] => {
            let reason = reason(&services, args.reason.as_deref().unwrap_or_default())?;
            same::say(&services, (*payment, *other), By { reason, ..By::default() }).await
        }
        _ => list(&services, args.id, &args.narrowed).await,
    }
}

async fn list(services: &Services, id: Option<i64>, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let filter = workspace::filter::<PaymentState>(services, narrowed, "workbook.payment_state")?;
    let found = if let Some(id) = id {
        vec![by_id(services, id).await?]
    } else {
        let since = narrowed.since.map(|since| match since {
            Since::Day(day) => day.to_string(),
            Since::Instant(at) => services.local(at).date_naive().to_string(),
        });
        payments::list(&services.db, &filter, since).await?
    };
    reply_to(services, &found, id.is_some(), filter.firm.as_deref().filter(|_| id.is_none())).await
}

/// `match PAYMENT CODE[=AMOUNT]…`
pub async fn match_with(global: &Global, args: &MatchPayment) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = reason(&services, &args.reason)?;
    crate::runner::recover(&services).await?;
    if let Some(code) = named_twice(&args.codes) {
        return Err(Failure::misused(services.texts, "code_twice", context! { code }).into());
    }
    let payment = by_id(&services, args.payment).await?;
    let before = Before::of(&services, payment.id).await?;
    let by = By { reason, ..By::default() };
    let done = hand::match_with(&services, &payment, &args.codes, by).await?;
    done.map_err(|why| refused(&services, &payment, why))?;
    let said = before.told(&services, payment.id).await?;
    let shown = reply(&services, &[by_id(&services, args.payment).await?], true).await?;
    let Some(said) = said else { return Ok(shown) };
    Ok(Reply { human: format!("{said}\n{}", shown.human), ..shown })
}

fn named_twice(codes: &[(String, Option<i64>)]) -> Option<&str> {
    let is_again = |at: &usize| codes[..*at].iter().any(|(code, _)| *code == codes[*at].0);
    (0..codes.len()).find(is_again).map(|at| codes[at].0.as_str())
}

pub async fn part(global: &Global, args: &UnmatchPayment) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = reason(&services, &args.reason)?;
    crate::runner::recover(&services).await?;
    let payment = by_id(&services, args.payment).await?;
    let is_parted = hand::part(&services, &payment, By { reason, ..By::default() }).await?;
    let payment = by_id(&services, args.payment).await?;
    let shown = reply(&services, std::slice::from_ref(&payment), true).await?;
    if is_parted {
        return Ok(shown);
    }
    let values = context! {
        id => payment.id, why => hand::why(&services, &payment), is_closed => payment.closed,
        is_gone => payment.state == PaymentState::Refunded,
    };
    let said = services.texts.say("command.nothing_unmatched", values);
    Ok(Reply { human: format!("{said}\n{}", shown.human), ..shown })
}

/// `refund PAYMENT AMOUNT`
pub async fn refund(global: &Global, args: &RefundPayment) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let by = By { reason: reason(&services, &args.reason)?, ..By::default() };
    crate::runner::recover(&services).await?;
    let payment = by_id(&services, args.payment).await?;
    let done = args.done.as_deref().map(str::trim).filter(|done| !done.is_empty());
    let before = Before::of(&services, payment.id).await?;
    let reader = back::reader(&services, &payment).await?;
    let old = refunds::planned(&services.db, payment.id).await?;
    let refunded = match (args.amount, done) {
        (0, Some(_)) => {
            return Err(Failure::misused(services.texts, "refund_nothing_done", context! {}).into());
        }
        (0, None) => back::keep(&services, &payment, by).await?,
        planned => back::refund(&services, &payment, planned, by).await?,
    };
    let is_new = refunded.map_err(|why| refused(&services, &payment, why))?;
    let reopened = before.told(&services, payment.id).await?;
    let shown = reply(&services, &[by_id(&services, args.payment).await?], true).await?;
    let planned = refunds::planned(&services.db, payment.id).await?;
    // What went is told of when it is noted.
    let reader = reader.filter(|_| done.is_none() && planned < old);
    let told = reader
        .map(|(name, email)| services.texts.say("command.refund_told", context! { name, email }));
    let planned = (planned > 0).then(|| Money::dong(planned).to_string());
    let values = context! { id => payment.id, planned, is_new };
    let said = services.texts.say("command.refund_planned", values);
    let said = [Some(said), told, reopened].into_iter().flatten().collect::<Vec<_>>().join("\n");
    Ok(Reply { human: format!("{said}\n{}", shown.human), ..shown })
}

/// `waive CODE`
pub async fn waive(global: &Global, args: &WaiveRest) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let by = By { reason: reason(&services, &args.reason)?, ..By::default() };
    crate::runner::recover(&services).await?;
    let code = args.code.trim().to_uppercase();
    let texts = services.texts;
    let forgiven = |dues: &[dues::Due]| dues.iter().map(|due| due.waived).sum::<i64>();
    let before = forgiven(&dues::all(&services.db).await?);
    let waived = match args.amount {
        Some(_) => waive::take_back(&services, &code, by).await?.map(drop),
        None => waive::rest(&services, &code, by).await?,
    };
    waived.map_err(|why| {
        let code = code.as_str();
        match why {
            NotWaived::NoCode => Failure::no_such(texts, "no_code_of_payment", context! { code }),
            NotWaived::Cancelled => {
                Failure::not_allowed(texts, "waived_cancelled", context! { code })
            }
            NotWaived::Unpaid => Failure::not_allowed(texts, "waived_unpaid", context! { code }),
            NotWaived::Whole(client) => {
                Failure::not_allowed(texts, "waived_whole", context! { code, client })
            }
        }
    })?;
    let dues = dues::all(&services.db).await?;
    let is_it = |due: &&dues::Due| due.has_code(&code);
    let found: Vec<&dues::Due> = dues.iter().filter(is_it).collect();
    let row = |due: &&dues::Due| {
        let money = |dong: i64| Money::dong(dong).to_string();
        let state = word(&services, "workbook.request_state", &due.state);
        let line = format!("{}/{}", due.order_code, due.line_no);
        [due.code.clone(), line, money(due.amount), money(due.paid), money(due.waived), state]
    };
    let header = ["payment_code", "line", "amount", "paid", "waived", "state"];
    let mut human = table(texts, header, found.iter().map(row));
    let values = context! { code => code.as_str(), is_back => args.amount.is_some() };
    let nothing = (forgiven(&dues) == before).then(|| texts.say("command.nothing_waived", values));
    if let Some(nothing) = &nothing {
        human = format!("{nothing}\n{human}");
    }
    let shown = found.iter().map(|due| {
        json!({
            "payment_code": due.code, "batch_code": due.batch_code, "order": due.order_code,
            "line": due.line_no, "amount": due.amount, "paid": due.paid, "waived": due.waived,
            "state": due.state,
        })
    });
    let reply = Reply::new(Exit::Done, human);
    reply.with("payment_requests", shown.collect::<Vec<Value>>())?.with("message", nothing)
}

fn reason<'a>(services: &Services, typed: &'a str) -> anyhow::Result<&'a str> {
    match typed.trim() {
        "" => Err(Failure::misused(services.texts, "no_reason", context! {}).into()),
        reason => Ok(reason),
    }
}

pub(super) async fn by_id(services: &Services, id: i64) -> anyhow::Result<Payment> {
    let payment = payments::by_id(&services.db, id).await?;
    payment.ok_or_else(|| unknown(services, "no_payment", &id).into())
}

fn refused(services: &Services, payment: &Payment, why: Refused) -> Failure {
    let texts = services.texts;
    let id = payment.id;
    match why {
        Refused::NoCode(code) => Failure::no_such(texts, "no_code_of_payment", context! { code }),
        Refused::Cancelled(code) => {
            Failure::not_allowed(texts, "payment_cancelled", context! { code })
        }
        Refused::Paid(code) => Failure::not_allowed(texts, "payment_paid", context! { id, code }),
        Refused::PaysNothing(code) => {
            Failure::not_allowed(texts, "payment_pays_nothing", context! { id, code })
        }
        Refused::TooMuch { code, left } if payment.goes_back(left) => {
            let left = (left > 0).then(|| Money::dong(left).to_string());
            let returned = Money::dong(payment.returned).to_string();
            Failure::not_allowed(texts, "payment_goes_back", context! { id, code, left, returned })
        }
        Refused::TooMuch { code, left } => {
            let left = Money::dong(left).to_string();
            let amount = payment.amount().to_string();
            Failure::not_allowed(texts, "payment_too_much", context! { code, left, amount })
        }
        Refused::Used { code, left, pays } => {
            let (left, amount) = (Money::dong(left).to_string(), payment.amount().to_string());
            let pays = hand::codes_in_words(&pays);
            let values = context! { id, code, left, amount, pays };
            Failure::not_allowed(texts, "payment_used", values)
        }
        Refused::NotFree { left, all, pays } => {
            let pays = hand::codes_in_words(&pays);
            let values = context! {
                id, pays, amount => payment.amount().to_string(),
                all => Money::dong(all).to_string(),
                left => (left > 0).then(|| Money::dong(left).to_string()),
            };
            Failure::not_allowed(texts, "payment_not_free", values)
        }
        Refused::Went => Failure::not_allowed(texts, "refund_went", context! { id }),
        Refused::NothingToWaive => {
            let code = String::new();
            Failure::not_allowed(texts, "waived_unpaid", context! { code })
        }
        Refused::Same(other) => Failure::not_allowed(texts, "payment_same", context! { id, other }),
        Refused::Closed => Failure::not_allowed(texts, "payment_closed", context! { id }),
    }
}

pub(super) async fn reply(
    services: &Services,
    found: &[Payment],
    one: bool,
) -> anyhow::Result<Reply> {
    reply_to(services, found, one, None).await
}

/// A firm sees of a payment what pays for its own lines; of one that it shares neither the rest nor the words.
async fn reply_to(
    services: &Services,
    found: &[Payment],
    one: bool,
    firm: Option<&str>,
) -> anyhow::Result<Reply> {
    let id = found.first().filter(|_| one).map(|payment| payment.id);
    let mut allocations = payments::by_payment(payments::allocations(&services.db, id).await?);
    let shares = match firm {
        Some(firm) => shares(services, firm, found, &mut allocations).await?,
        None => HashMap::new(),
    };
    // That money left which is to go back is the business of whoever transfers it.
    let is_going_back = one || found.iter().any(|payment| payment.to_return != 0);
    let left =
        if firm.is_none() && is_going_back { went::open(services).await? } else { Vec::new() };
    let parts =
        |payment: &Payment| allocations.get(&payment.id).map(Vec::as_slice).unwrap_or_default();
    let mut shown: Vec<Value> =
        found.iter().map(|it| payment_json(services, (it, &left), parts(it))).collect();
    for (payment, shown) in found.iter().zip(&mut shown) {
        if let Some(own) = shares.get(&payment.id) {
            shown["amount"] = (*own).into();
            for name in ["memo", "why", "returned", "unused"] {
                shown[name] = Value::Null;
            }
        }
    }
    let mut history = String::new();
    if let (Some(id), [shown]) = (id, shown.as_mut_slice()) {
        let events = payments::events(&services.db, id).await?;
        let whence = whence(services, &found[0]);
        history = format!("{whence}\n{}", history::in_words(services, &events));
        shown["events"] = events_json(services, events);
        shown["refunds"] = refunds_json(services, id).await?;
    }
    let unused = |payment: &Payment| Money::dong(payment.unused(parts(payment))).to_string();
    let row = |payment: &Payment| {
        let codes: Vec<&str> = parts(payment).iter().map(|part| part.code.as_str()).collect();
        let own = shares.get(&payment.id).map(|own| Money::dong(*own).to_string());
        let of_whole = |text: String| if own.is_some() { String::new() } else { text };
        [
            payment.id.to_string(),
            day(&payment.booked_on),
            own.clone().unwrap_or_else(|| payment.amount().to_string()),
            of_whole(unused(payment)),
            state(services, payment),
            codes.join(", "),
            of_whole(payment.memo.clone()),
            of_whole(went::why(services, payment, &left)),
        ]
    };
    let header =
        ["payment", "booked_on", "amount", "unused", "state", "payment_code", "text", "why"];
    let human = table(services.texts, header, found.iter().map(row));
    Reply::new(Exit::Done, format!("{human}\n{history}")).with("payments", shown)
}

/// One that is another one, told twice, is not called matched.
fn state(services: &Services, payment: &Payment) -> String {
    match payment.same_as {
        Some(_) => services.texts.label("command.payment_told_twice"),
        None => word(services, "workbook.payment_state", &payment.state),
    }
}

/// Who paid, from which account, under which number of the bank.
fn whence(services: &Services, payment: &Payment) -> String {
    let values = context! {
        name => &payment.other_name, account => &payment.other_account,
        reference => &payment.reference,
    };
    services.texts.say("command.payment_from", values)
}

/// As people write it.
pub(super) fn day(stored: &str) -> String {
    let day = stored.parse::<chrono::NaiveDate>();
    day.map_or_else(|_| stored.to_owned(), |day| day.format("%d/%m/%Y").to_string())
}

/// What happened to a payment: who said what and why, and by which rules it was decided.
fn events_json(services: &Services, events: Vec<Event>) -> Value {
    let events = events.into_iter().map(|event| {
        json!({
            "at": services.rfc3339(event.at), "kind": event.kind, "rules": event.rules, "by": event.said_by,
            "reason": event.reason, "detail": event.detail.0,
        })
    });
    events.collect()
}

async fn refunds_json(services: &Services, id: i64) -> anyhow::Result<Value> {
    let refunds = refunds::all(&services.db, Some(id)).await?.into_iter().map(|refund| {
        json!({
            "amount": refund.amount, "reason": refund.reason, "by": refund.said_by,
            "planned_at": services.rfc3339(refund.planned_at),
            "done_at": refund.done_at.map(|at| services.rfc3339(at)), "reference": refund.reference,
        })
    });
    Ok(refunds.collect())
}

fn payment_json(
    services: &Services,
    (payment, left): (&Payment, &[Asked]),
    parts: &[Allocation],
) -> Value {
    let allocations: Vec<Value> = parts
        .iter()
        .map(|part| {
            json!({
                "payment_code": part.code, "order": part.order_code, "line": part.line_no,
                "amount": part.amount,
            })
        })
        .collect();
    json!({
        "id": payment.id, "account": payment.account, "booked_on": payment.booked_on,
        "amount": payment.amount(), "memo": payment.memo, "reference": payment.reference,
        "state": payment.state, "tier": payment.tier, "rules": payment.rules, "returned": payment.returned,
        "unused": payment.unused(parts), "payer": payment.other_name, "payer_account": payment.other_account,
        "same_as": payment.same_as, "allocations": allocations,
        "why": went::why(services, payment, left),
    })
}
