//! What a person says of a payment: for what it is, or that it is not for what it was matched with. Each is an event,
//! and the pair that was parted is never matched by itself again.

use super::settle::{self, Said};
use crate::{
    db::{
        dues::{self, Due},
        payments::{self, EventKind, Payment},
    },
    domain::{money::Money, order::RequestState},
    flow::Services,
};

/// Why a payment cannot be matched so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No request has this code.
    NoCode(String),
    Cancelled(String),
    /// Of a request so much is left, or of the payment, in đồng.
    TooMuch {
        code: String,
        left: i64,
    },
    /// It was given back, or what it paid for was deleted.
    Closed,
}

/// Matches a payment with codes; without an amount with what is left of each, as far as the payment goes.
pub async fn match_with(
    services: &Services,
    payment: &Payment,
    codes: &[(String, Option<i64>)],
    reason: &str,
) -> anyhow::Result<Result<(), Refused>> {
    if payment.closed {
        return Ok(Err(Refused::Closed));
    }
    let dues = dues::all(&services.db).await?;
    let own = payments::allocations(&services.db, Some(payment.id)).await?;
    let mut rest = payment.amount().as_dong() - payment.returned;
    let mut words: Vec<(String, i64)> = Vec::new();
    let mut payers: Vec<String> = Vec::new();
    for (code, amount) in codes {
        let found: Vec<&Due> = dues.iter().filter(|due| is_for(due, code)).collect();
        if found.is_empty() {
            return Ok(Err(Refused::NoCode(code.clone())));
        }
        if found.iter().all(|due| due.state == RequestState::Cancelled) {
            return Ok(Err(Refused::Cancelled(code.clone())));
        }
        let mut wished = *amount;
        for due in found.into_iter().filter(|due| due.state != RequestState::Cancelled) {
            let mine: i64 = own.iter().filter(|it| it.code == due.code).map(|it| it.amount).sum();
            let left = due.amount - due.waived - due.paid + mine;
            let part =
                wished.unwrap_or(left.min(rest)).min(if wished.is_some() { left } else { rest });
            wished = wished.map(|wished| wished - part);
            if part > 0 {
                words.push((due.code.clone(), part));
                payers.push(due.payer_email.clone());
                rest -= part;
            }
        }
        if rest < 0 || wished.is_some_and(|over| over > 0) || words.is_empty() {
            let left = amount.unwrap_or_default() - wished.unwrap_or_default();
            return Ok(Err(Refused::TooMuch { code: code.clone(), left: left.max(0) }));
        }
    }
    let stored = payments::words(&services.db).await?;
    let stored: Vec<(String, i64)> = stored
        .into_iter()
        .filter(|it| it.bank_line_id == payment.id && it.amount > 0)
        .map(|it| (it.code, it.amount))
        .collect();
    let mut sorted = words.clone();
    sorted.sort();
    if stored == sorted {
        return Ok(Ok(()));
    }
    let learned = settle::source_of(payment).into_iter();
    let learned =
        learned.flat_map(|from| payers.iter().map(move |payer| (from.clone(), payer.clone())));
    let learned = learned.collect();
    let said = Said { id: payment.id, kind: EventKind::Match, words, reason, learned };
    settle::all(services, Some(&said)).await?;
    Ok(Ok(()))
}

fn is_for(due: &Due, code: &str) -> bool {
    due.code == code || due.batch_code.as_deref() == Some(code)
}

/// Takes back what a payment pays; false where it pays nothing.
pub async fn part(services: &Services, payment: &Payment, reason: &str) -> anyhow::Result<bool> {
    let own = payments::allocations(&services.db, Some(payment.id)).await?;
    if own.is_empty() || payment.closed {
        return Ok(false);
    }
    let words = own.into_iter().map(|it| (it.code, 0)).collect();
    let learned = Vec::new();
    let said = Said { id: payment.id, kind: EventKind::Unmatch, words, reason, learned };
    settle::all(services, Some(&said)).await?;
    Ok(true)
}

/// Why a payment stands where it does, in words.
pub fn why(services: &Services, payment: &Payment) -> String {
    let said = &payment.evidence.0;
    let list = |name: &str| {
        let codes = said[name].as_array().into_iter().flatten();
        codes.filter_map(|code| code.as_str()).collect::<Vec<_>>().join(", ")
    };
    let left = said["left"].as_i64().map(|left| Money::dong(left).to_string());
    let values = minijinja::context! {
        codes => list("codes"), candidates => list("candidates"), left, sum => said["sum"].as_str(),
    };
    services.texts.say(&format!("message.payment.{}", payment.tier), values)
}
