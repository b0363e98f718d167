//! `payments`, `match`, `unmatch`: what came in, for what it is, and what a person says of it.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Global, MatchPayment, UnmatchPayment},
    lists::{unknown, word},
    narrowed::{Narrowed, Since},
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::payments::{self, Allocation, Payment},
    domain::{money::Money, payment::PaymentState},
    flow::{
        Services,
        pay::hand::{self, Refused},
    },
};

pub async fn list(global: &Global, id: Option<i64>, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let found = if let Some(id) = id {
        vec![by_id(&services, id).await?]
    } else {
        let filter = workspace::filter::<PaymentState>(&services, narrowed)?;
        let since = narrowed.since.map(|since| match since {
            Since::Day(day) => day.to_string(),
            Since::Instant(at) => services.local(at).date_naive().to_string(),
        });
        payments::list(&services.db, &filter, since).await?
    };
    reply(&services, &found, id.is_some()).await
}

/// `match PAYMENT CODE[=AMOUNT]…`
pub async fn match_with(global: &Global, args: &MatchPayment) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = reason(&services, &args.reason)?;
    crate::runner::recover(&services).await?;
    let payment = by_id(&services, args.payment).await?;
    let done = hand::match_with(&services, &payment, &args.codes, reason).await?;
    done.map_err(|why| refused(&services, &payment, why))?;
    reply(&services, &[by_id(&services, args.payment).await?], true).await
}

pub async fn part(global: &Global, args: &UnmatchPayment) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = reason(&services, &args.reason)?;
    crate::runner::recover(&services).await?;
    let payment = by_id(&services, args.payment).await?;
    hand::part(&services, &payment, reason).await?;
    reply(&services, &[by_id(&services, args.payment).await?], true).await
}

fn reason<'a>(services: &Services, typed: &'a str) -> anyhow::Result<&'a str> {
    match typed.trim() {
        "" => Err(Failure::misused(services.texts, "no_reason", context! {}).into()),
        reason => Ok(reason),
    }
}

async fn by_id(services: &Services, id: i64) -> anyhow::Result<Payment> {
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
        Refused::TooMuch { code, left } => {
            let left = Money::dong(left).to_string();
            let amount = payment.amount().to_string();
            Failure::not_allowed(texts, "payment_too_much", context! { code, left, amount })
        }
        Refused::Closed => Failure::not_allowed(texts, "payment_closed", context! { id }),
    }
}

async fn reply(services: &Services, found: &[Payment], one: bool) -> anyhow::Result<Reply> {
    let id = found.first().filter(|_| one).map(|payment| payment.id);
    let allocations = payments::by_payment(payments::allocations(&services.db, id).await?);
    let parts =
        |payment: &Payment| allocations.get(&payment.id).map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<Value> =
        found.iter().map(|payment| payment_json(services, payment, parts(payment))).collect();
    let row = |payment: &Payment| {
        let codes: Vec<&str> = parts(payment).iter().map(|part| part.code.as_str()).collect();
        [
            payment.id.to_string(),
            payment.booked_on.clone(),
            payment.amount().to_string(),
            word(services, "workbook.payment_state", &payment.state),
            codes.join(", "),
            hand::why(services, payment),
        ]
    };
    let header = ["payment", "booked_on", "amount", "state", "payment_code", "why"];
    let human = table(services.texts, header, found.iter().map(row));
    Reply::new(Exit::Done, human).with("payments", shown)
}

fn payment_json(services: &Services, payment: &Payment, parts: &[Allocation]) -> Value {
    let parts: Vec<Value> = parts
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
        "state": payment.state, "tier": payment.tier, "allocations": parts,
        "why": hand::why(services, payment),
    })
}
