//! A rest that is forgiven: a bank's fee was kept back, say. Only of what was paid in part: what nobody paid anything
//! of is cancelled instead, also where a code for all of a payer names it.

use std::collections::HashMap;

use super::{
    matching::Decision,
    overtaken::until_not_overtaken,
    pooled::{self, Lying, is_under},
    said::{By, Said},
    settle,
};
use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Allocation, EventKind, Payment},
    },
    domain::{money::Money, order::RequestState},
    flow::Services,
};

/// Why a rest cannot be forgiven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWaived {
    NoCode,
    Cancelled,
    /// Nobody paid anything of it.
    Unpaid,
    /// Under a code for all this request would be forgiven whole: nothing came of it.
    Whole(String),
}

/// Forgives what is left of a code; where nothing is left, nothing happens.
pub async fn rest(
    services: &Services,
    code: &str,
    by: By<'_>,
) -> anyhow::Result<Result<(), NotWaived>> {
    until_not_overtaken(|| once(services, code, by)).await
}

async fn once(
    services: &Services,
    code: &str,
    by: By<'_>,
) -> anyhow::Result<Result<(), NotWaived>> {
    let as_of = Some(payments::version(&services.db).await?);
    let dues = dues::all(&services.db).await?;
    let waived = if let Some(due) = dues.iter().find(|due| due.code == code) {
        match due.state {
            RequestState::PartlyPaid => vec![(due.code.clone(), left(due))],
            RequestState::Paid | RequestState::Overpaid => return Ok(Ok(())),
            RequestState::Cancelled => return Ok(Err(NotWaived::Cancelled)),
            RequestState::Open => return Ok(Err(NotWaived::Unpaid)),
        }
    } else if dues.iter().any(|due| due.batch_code.as_deref() == Some(code)) {
        if dues.iter().all(|due| due.batch_code.as_deref() != Some(code) || !is_open(due)) {
            return Ok(Ok(()));
        }
        let lying = pooled::of(&services.db, code).await?;
        if lying.under > Money::ZERO && lying.missing() == Money::ZERO {
            return Ok(Ok(()));
        }
        let waived = under(&dues, code, lying);
        if let Some(whole) = whole(&dues, &waived) {
            return Ok(Err(NotWaived::Whole(whole.to_owned())));
        }
        waived
    } else {
        return Ok(Err(NotWaived::NoCode));
    };
    if waived.is_empty() {
        return Ok(Err(NotWaived::Unpaid));
    }
    let said = Said::new(None, EventKind::Match, by);
    settle::all(services, Some(&Said { waived, as_of, ..said })).await.map(Ok)
}

/// Takes back what was forgiven of a code, or of all that one for all of a payer names; false where that is nothing.
pub async fn take_back(
    services: &Services,
    code: &str,
    by: By<'_>,
) -> anyhow::Result<Result<bool, NotWaived>> {
    until_not_overtaken(|| take_back_once(services, code, by)).await
}

async fn take_back_once(
    services: &Services,
    code: &str,
    by: By<'_>,
) -> anyhow::Result<Result<bool, NotWaived>> {
    let as_of = Some(payments::version(&services.db).await?);
    let mut own = dues::all(&services.db).await?;
    own.retain(|due| due.has_code(code));
    if own.is_empty() {
        return Ok(Err(NotWaived::NoCode));
    }
    own.retain(|due| due.state != RequestState::Cancelled);
    if own.is_empty() {
        return Ok(Err(NotWaived::Cancelled));
    }
    let waived = withdrawn(own.iter());
    if waived.is_empty() {
        return Ok(Ok(false));
    }
    // One of those that pay it remembers who said so.
    let mut paying = payments::allocations(&services.db, None).await?.into_iter();
    let paying = paying.find(|part| waived.iter().any(|(code, _)| *code == part.code));
    let said = Said::new(paying.map(|part| part.bank_line_id), EventKind::Refund, by);
    settle::all(services, Some(&Said { waived, as_of, ..said })).await.map(|()| Ok(true))
}

/// What was forgiven of what a payment pays, to be taken back with its money: it was the rest of that.
pub fn with_money(dues: &[Due], own: &[Allocation]) -> Vec<(String, i64)> {
    withdrawn(dues.iter().filter(|due| own.iter().any(|it| it.code == due.code)))
}

fn withdrawn<'a>(dues: impl Iterator<Item = &'a Due>) -> Vec<(String, i64)> {
    dues.filter(|due| due.waived > 0).map(|due| (due.code.clone(), -due.waived)).collect()
}

fn left(due: &Due) -> i64 {
    due.amount - due.waived - due.paid
}

fn is_open(due: &Due) -> bool {
    matches!(due.state, RequestState::Open | RequestState::PartlyPaid)
}

/// What is left of codes behind what a payment is to pay of them.
pub fn behind(dues: &[Due], own: &[Allocation], words: &[(String, i64)]) -> Vec<(String, i64)> {
    let rest = |(code, amount): &(String, i64)| {
        let due = dues.iter().find(|due| due.code == *code)?;
        let mine: i64 = own.iter().filter(|it| it.code == *code).map(|it| it.amount).sum();
        Some((code.clone(), left(due) + mine - amount))
    };
    words.iter().filter_map(rest).filter(|(_, rest)| *rest > 0).collect()
}

/// Notes beside each payment that pays something how much of its codes was forgiven, also by what is said now.
pub fn note(decisions: &mut [Decision], dues: &[Due], said: Option<&Said<'_>>) {
    let mut waived: HashMap<&str, i64> =
        dues.iter().map(|due| (due.code.as_str(), due.waived)).collect();
    for (code, amount) in said.into_iter().flat_map(|said| &said.waived) {
        *waived.entry(code.as_str()).or_default() += amount;
    }
    for decision in decisions {
        let parts = decision.allocations.iter();
        let sum: i64 = parts.filter_map(|(code, _)| waived.get(code.as_str())).sum();
        decision.evidence.waived = (sum > 0).then_some(sum);
    }
}

/// What was forgiven of what a payment pays, in words.
pub fn told(services: &Services, payment: &Payment) -> Option<String> {
    let amount = Money::dong(payment.evidence.0["waived"].as_i64()?).to_string();
    Some(services.texts.say("message.payment_waived", minijinja::context! { amount }))
}

/// Whether nothing is left of all that a payment pays, and a part of it was forgiven.
pub fn was_forgiven(dues: &[Due], own: &[Allocation]) -> bool {
    let is_own = |due: &&Due| own.iter().any(|it| it.code == due.code);
    let paid: Vec<&Due> = dues.iter().filter(is_own).collect();
    paid.iter().all(|due| left(due) == 0) && paid.iter().any(|due| due.waived > 0)
}

/// What is left of all that a payment pays in part, or of the code that it came under.
pub async fn of_payment(
    services: &Services,
    payment: &Payment,
    dues: &[Due],
    own: &[Allocation],
) -> anyhow::Result<Vec<(String, i64)>> {
    let words: Vec<(String, i64)> = own.iter().map(|it| (it.code.clone(), it.amount)).collect();
    let (behind, code) = (behind(dues, own, &words), payment.evidence.0["codes"][0].as_str());
    match code.filter(|code| is_under(payment.tier, &payment.evidence.0, code)) {
        Some(code) if behind.is_empty() => {
            let waived = under(dues, code, pooled::of(&services.db, code).await?);
            Ok(if whole(dues, &waived).is_none() { waived } else { Vec::new() })
        }
        _ => Ok(behind),
    }
}

/// One of these of which nobody paid anything, and that would be forgiven whole.
fn whole<'a>(dues: &[Due], waived: &'a [(String, i64)]) -> Option<&'a str> {
    let is_whole = |(code, amount): &&(String, i64)| {
        dues.iter().any(|due| due.code == *code && due.paid == 0 && left(due) == *amount)
    };
    waived.iter().find(is_whole).map(|(code, _)| code.as_str())
}

/// What is missing under a code for all of a payer: from the last of what is open.
fn under(dues: &[Due], code: &str, lying: Lying) -> Vec<(String, i64)> {
    let is_its = |due: &&Due| due.batch_code.as_deref() == Some(code) && is_open(due);
    let open: Vec<&Due> = dues.iter().filter(is_its).collect();
    let mut missing = lying.missing().as_dong();
    let mut waived = Vec::new();
    for due in open.iter().rev() {
        let part = missing.min(left(due));
        if part > 0 {
            waived.push((due.code.clone(), part));
            missing -= part;
        }
    }
    waived
}
