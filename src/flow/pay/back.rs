//! Money that goes back to whom it came from: planned by a person, who then transfers it; a debit that names it, or the
//! person's word, says that it went. From the plan on it pays for nothing.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::Days;

use super::{
    concerned,
    hand::{self, Back, Refused, Wish},
    memo,
    overtaken::until_not_overtaken,
    said::{By, Said},
    settle, wished,
};
use crate::{
    db::{
        payments::{self, EventKind, NewEvent, Payment},
        posting,
        refunds::{self, Debit, Refund},
    },
    domain::order::RequestState,
    flow::{Services, send},
};

/// What a transfer is to have in its memo, before the number of the payment.
pub const WORD: &str = "HOANTIEN";

/// Debits this long before the plan can be what was planned: money goes back first, and is told of afterwards.
const EARLIER: Days = Days::new(7);

/// Plans that so much goes back in all that did not go yet, whatever was planned before; with `done` so much went already,
/// as that says, and what was planned beyond it stays. False where it is so already.
pub async fn refund(
    services: &Services,
    payment: &Payment,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<Result<bool, Refused>> {
    let back = (amount, done);
    match until_not_overtaken(|| plan(services, payment.id, back, by)).await? {
        Ok(planned) => went(services, payment.id, back, by).await.map(|went| Ok(planned || went)),
        refused => Ok(refused),
    }
}

/// What was planned to go back of a payment, and did not go, does not, and what it pays it goes on paying; false where
/// nothing was planned.
pub async fn keep(
    services: &Services,
    payment: &Payment,
    by: By<'_>,
) -> anyhow::Result<Result<bool, Refused>> {
    until_not_overtaken(|| async {
        let seen = hand::see(services, payment.id).await?;
        let seen = seen.context("A payment that stays is there")?;
        let known = refunds::all(&services.db, Some(payment.id)).await?;
        let planned = known.iter().filter(|it| it.done_at.is_none());
        let kept: i64 = planned.map(|it| it.amount).sum();
        match kept {
            _ if seen.payment.closed => return Ok(Err(Refused::Closed)),
            0 if known.is_empty() => return Ok(Ok(false)),
            0 => return Ok(Err(Refused::Went)),
            _ => {}
        }
        let said = Said::new(Some(payment.id), EventKind::Refund, by);
        let own = payments::allocations(&services.db, Some(payment.id)).await?;
        let words = wished::as_it_pays(&seen.payment, &own);
        let said = Said { kept, words, as_of: Some(seen.as_of), ..said };
        settle::all(services, Some(&said)).await.map(|()| Ok(true))
    })
    .await
}

/// Who read in the letter that an order was cancelled that what is planned to go back of a payment does: name and address.
/// No letter says otherwise where less of it goes back, as nothing is to be paid any more: a person tells them.
pub async fn reader(
    services: &Services,
    payment: &Payment,
) -> anyhow::Result<Option<(String, String)>> {
    let known = refunds::all(&services.db, Some(payment.id)).await?;
    let planned = known.iter().filter(|it| it.done_at.is_none());
    let Some(since) = planned.map(|it| it.planned_at).min() else { return Ok(None) };
    let dues = concerned::requests(services, payment.id).await?;
    if dues.iter().any(|due| due.state != RequestState::Cancelled) {
        return Ok(None);
    }
    for due in dues {
        let about = (&due.order_code, due.payer_email.as_str());
        if posting::told_cancelled(&services.db, about, since).await? {
            return Ok(Some((due.payer_name, due.payer_email)));
        }
    }
    Ok(None)
}

/// Once: what went is planned again only out of money that pays for nothing.
async fn plan(
    services: &Services,
    id: i64,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<Result<bool, Refused>> {
    let seen = hand::see(services, id).await?.context("A payment that goes back is there")?;
    let known = refunds::all(&services.db, Some(id)).await?;
    let own = payments::allocations(&services.db, Some(id)).await?;
    let paid: i64 = own.iter().map(|it| it.amount).sum();
    let planned: i64 = known.iter().filter(|it| it.done_at.is_none()).map(|it| it.amount).sum();
    let free = seen.payment.amount().as_dong() - seen.payment.returned - paid + planned;
    let went = |it: &Refund| {
        it.done_at.is_some()
            && it.amount == amount
            && (free < amount || done.is_some() && it.reference.as_deref() == done)
    };
    if done.is_some() && planned >= amount || known.iter().any(went) {
        return Ok(Ok(false));
    }
    let wish = Wish { refund: Some(Back::Of(amount)), ..Wish::default() };
    hand::as_seen(services, &seen, &wish, by).await
}

/// Closes what is planned where it went, as `done` says; false where that is known.
async fn went(
    services: &Services,
    id: i64,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<bool> {
    let Some(reference) = done else { return Ok(false) };
    let known = refunds::all(&services.db, Some(id)).await?;
    let is_told =
        known.iter().any(|it| it.amount == amount && it.reference.as_deref() == Some(reference));
    let open = || known.iter().filter(|it| it.done_at.is_none() && !is_told);
    let whole = open().find(|it| it.amount == amount);
    let closed = match whole.or_else(|| open().find(|it| it.amount > amount)) {
        Some(it) => {
            let debit = booked(services, id, (amount, reference)).await?;
            close(services, it, (debit, amount, reference), by).await?
        }
        None => false,
    };
    settle::all(services, None).await?;
    Ok(closed)
}

/// The debit of a statement that a person speaks of, where there is just one of that amount with the reference, else one
/// that names the payment: the day on which it was booked holds then.
async fn booked(
    services: &Services,
    id: i64,
    (amount, reference): (i64, &str),
) -> anyhow::Result<Option<i64>> {
    let mut debits = refunds::debits(&services.db, None).await?;
    debits.retain(|it| it.amount == amount);
    let wanted = memo::squeezed(reference);
    let is_told = |it: &&Debit| {
        !wanted.is_empty() && it.reference.as_deref().map(memo::squeezed).as_ref() == Some(&wanted)
    };
    let only = |is: &dyn Fn(&&Debit) -> bool| match debits.iter().filter(is).collect::<Vec<_>>()[..]
    {
        [debit] => Some(debit.id),
        _ => None,
    };
    Ok(only(&is_told).or_else(|| only(&|it| names(&it.memo, id))))
}

/// Debits that name a payment of which as much is to go back.
pub async fn close_by_debits(services: &Services) -> anyhow::Result<()> {
    let refunds = refunds::all(&services.db, None).await?;
    if refunds.iter().all(|refund| refund.done_at.is_some()) {
        return Ok(());
    }
    let debits = refunds::debits(&services.db, None).await?;
    let mut gone: HashMap<i64, i64> = HashMap::new();
    for (refund, debit) in fitting(services, &refunds, &debits) {
        let gone = gone.entry(refund.id).or_default();
        let rest = Refund { amount: refund.amount - *gone, ..refund.clone() };
        *gone += debit.amount;
        let reference = debit.reference.as_deref().unwrap_or_default();
        let debit = (Some(debit.id), debit.amount, reference);
        close(services, &rest, debit, By::default()).await?;
    }
    Ok(())
}

/// What is planned, each with the debit that says that it went, or with those that are all of it together.
pub fn fitting<'a>(
    services: &Services,
    refunds: &'a [Refund],
    debits: &'a [Debit],
) -> Vec<(&'a Refund, &'a Debit)> {
    let mut left: Vec<&Debit> = debits.iter().collect();
    let mut fitting = Vec::new();
    for refund in refunds.iter().filter(|refund| refund.done_at.is_none()) {
        let planned = services.local(refund.planned_at).date_naive();
        // An earlier debit could be of another one that a person said had gone.
        let is_same =
            |it: &&Refund| (it.bank_line_id, it.amount) == (refund.bank_line_id, refund.amount);
        let is_only = refunds.iter().filter(is_same).count() == 1;
        let first = planned.checked_sub_days(EARLIER).filter(|_| is_only).unwrap_or(planned);
        let first = first.to_string();
        let is_it = |debit: &&Debit| {
            let names = names(&debit.memo, refund.bank_line_id);
            debit.booked_on >= first && names
        };
        let is_whole = |debit: &&Debit| debit.amount == refund.amount && is_it(debit);
        if let Some(at) = left.iter().position(is_whole) {
            fitting.push((refund, left.remove(at)));
            continue;
        }
        let parts: Vec<&Debit> = left.iter().copied().filter(is_it).collect();
        if parts.iter().map(|debit| debit.amount).sum::<i64>() == refund.amount {
            left.retain(|debit| !is_it(debit));
            fitting.extend(parts.into_iter().map(|debit| (refund, debit)));
        }
    }
    fitting
}

/// `HOANTIEN 17`, and no further digit.
fn names(text: &str, payment: i64) -> bool {
    let (text, wanted) = (memo::squeezed(text), format!("{WORD}{payment}"));
    text.match_indices(&wanted)
        .any(|(at, _)| !text[at + wanted.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

/// All of what is planned, or a part of it; whom it came from is told.
async fn close(
    services: &Services,
    refund: &Refund,
    (debit, amount, reference): (Option<i64>, i64, &str),
    by: By<'_>,
) -> anyhow::Result<bool> {
    let requests = concerned::requests(services, refund.bank_line_id).await?;
    let (mut tx, now) = (services.db.begin().await?, services.now());
    let gone = if amount < refund.amount {
        refunds::done_in_part(&mut tx, refund.id, (debit, amount, reference), now).await?
    } else {
        let is_done = refunds::done(&mut tx, refund.id, (debit, reference), now).await?;
        is_done.then_some(refund.id)
    };
    if let Some(gone) = gone {
        let event = NewEvent {
            id: refund.bank_line_id,
            kind: EventKind::Returned,
            detail: serde_json::json!({ "amount": amount, "debit": debit, "reference": reference }),
            rules: super::matching::RULES,
            said_by: by.who,
            reason: (!by.reason.is_empty()).then_some(by.reason),
        };
        payments::tell(&mut tx, &[event], now).await?;
        if let Some(first) = requests.first() {
            let payer = (first.payer_name.as_str(), first.payer_email.as_str());
            let about = (refund.bank_line_id, gone);
            send::returned::plan(services, &mut tx, (&first.order_code, payer), about).await?;
        }
        tx.commit().await?;
    }
    Ok(gone.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debit_names_the_payment_that_goes_back() {
        for memo in ["hoan tien 17", "MBVCB.1.HOANTIEN 17.CT tu 001", "Hoàn tiền 17"] {
            assert!(names(memo, 17), "{memo}");
        }
        for memo in ["hoan tien 170", "17", "hoan tien"] {
            assert!(!names(memo, 17), "{memo}");
        }
    }
}
