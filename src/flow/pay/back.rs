//! Money that goes back to whom it came from: planned by a person, who then transfers it; a debit that names it, or the
//! person's word, says that it went. From the plan on it pays for nothing.

use anyhow::Context as _;
use chrono::Days;

use super::{
    hand::{self, Back, Refused, Wish},
    memo,
    overtaken::until_not_overtaken,
    said::{By, Said},
    settle,
};
use crate::{
    db::{
        payments::{self, EventKind, NewEvent, Payment},
        refunds::{self, Debit, Refund},
    },
    flow::Services,
};

/// What a transfer is to have in its memo, before the number of the payment.
pub const WORD: &str = "HOANTIEN";

/// Debits this long before the plan can be what was planned: money goes back first, and is told of afterwards.
const EARLIER: Days = Days::new(7);

/// Plans that so much goes back; with `done` it went already, as that says. The same again changes nothing.
pub async fn refund(
    services: &Services,
    payment: &Payment,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    let back = (amount, done);
    match until_not_overtaken(|| plan(services, payment.id, back, by)).await? {
        Ok(()) => went(services, payment.id, back, by).await.map(Ok),
        refused => Ok(refused),
    }
}

/// What was planned to go back of a payment, and did not go, does not; where nothing was planned, nothing happens.
pub async fn keep(
    services: &Services,
    payment: &Payment,
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    until_not_overtaken(|| async {
        let seen = hand::see(services, payment.id).await?;
        let seen = seen.context("A payment that stays is there")?;
        let known = refunds::all(&services.db, Some(payment.id)).await?;
        let planned = known.iter().filter(|it| it.done_at.is_none());
        let kept: i64 = planned.map(|it| it.amount).sum();
        match kept {
            _ if seen.payment.closed => return Ok(Err(Refused::Closed)),
            0 if known.is_empty() => return Ok(Ok(())),
            0 => return Ok(Err(Refused::Went)),
            _ => {}
        }
        let said = Said::new(Some(payment.id), EventKind::Refund, by);
        let said = Said { kept, as_of: Some(seen.as_of), ..said };
        settle::all(services, Some(&said)).await.map(Ok)
    })
    .await
}

/// Once: what is planned, or went, is planned again only out of money that pays for nothing.
async fn plan(
    services: &Services,
    id: i64,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    let seen = hand::see(services, id).await?.context("A payment that goes back is there")?;
    let known = refunds::all(&services.db, Some(id)).await?;
    let own = payments::allocations(&services.db, Some(id)).await?;
    let paid: i64 = own.iter().map(|it| it.amount).sum();
    let free = seen.payment.amount().as_dong() - seen.payment.returned - paid;
    let is_it = |it: &Refund| {
        it.done_at.is_none() || free < amount || done.is_some() && it.reference.as_deref() == done
    };
    if known.iter().any(|it| it.amount == amount && is_it(it)) {
        return Ok(Ok(()));
    }
    let wish = Wish { refund: Some(Back::Of(amount)), ..Wish::default() };
    Ok(hand::as_seen(services, &seen, &wish, by).await?.map(drop))
}

/// Closes what is planned where it went, as `done` says.
async fn went(
    services: &Services,
    id: i64,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<()> {
    let Some(reference) = done else { return Ok(()) };
    let known = refunds::all(&services.db, Some(id)).await?;
    let same = || known.iter().filter(|it| it.amount == amount);
    let is_told = same().any(|it| it.reference.as_deref() == Some(reference));
    if let Some(open) = same().find(|it| it.done_at.is_none()).filter(|_| !is_told) {
        close(services, open, (None, reference), by).await?;
    }
    settle::all(services, None).await
}

/// Debits that name a payment of which as much is to go back.
pub async fn close_by_debits(services: &Services) -> anyhow::Result<()> {
    let refunds = refunds::all(&services.db, None).await?;
    if refunds.iter().all(|refund| refund.done_at.is_some()) {
        return Ok(());
    }
    let mut debits = refunds::debits(&services.db, None).await?;
    for refund in refunds.iter().filter(|refund| refund.done_at.is_none()) {
        let planned = services.local(refund.planned_at).date_naive();
        // An earlier debit could be of another one that a person said had gone.
        let is_same =
            |it: &&Refund| (it.bank_line_id, it.amount) == (refund.bank_line_id, refund.amount);
        let is_only = refunds.iter().filter(is_same).count() == 1;
        let first = planned.checked_sub_days(EARLIER).filter(|_| is_only).unwrap_or(planned);
        let first = first.to_string();
        let is_it = |debit: &Debit| {
            let names = names(&debit.memo, refund.bank_line_id);
            debit.amount == refund.amount && debit.booked_on >= first && names
        };
        let Some(at) = debits.iter().position(is_it) else { continue };
        let debit = debits.remove(at);
        let reference = debit.reference.as_deref().unwrap_or_default();
        close(services, refund, (Some(debit.id), reference), By::default()).await?;
    }
    Ok(())
}

/// `HOANTIEN 17`, and no further digit.
fn names(text: &str, payment: i64) -> bool {
    let (text, wanted) = (memo::squeezed(text), format!("{WORD}{payment}"));
    text.match_indices(&wanted)
        .any(|(at, _)| !text[at + wanted.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

async fn close(
    services: &Services,
    refund: &Refund,
    (debit, reference): (Option<i64>, &str),
    by: By<'_>,
) -> anyhow::Result<()> {
    let mut tx = services.db.begin().await?;
    if refunds::done(&mut tx, refund.id, (debit, reference), services.now()).await? {
        let event = NewEvent {
            id: refund.bank_line_id,
            kind: EventKind::Returned,
            detail: serde_json::json!({ "amount": refund.amount, "debit": debit }),
            rules: super::matching::RULES,
            said_by: by.who,
            reason: (!by.reason.is_empty()).then_some(by.reason),
        };
        payments::tell(&mut tx, &[event], services.now()).await?;
        tx.commit().await?;
    }
    Ok(())
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
