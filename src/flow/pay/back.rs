//! Money that goes back to whom it came from: planned by a person, who then transfers it; a debit that names it, or the
//! person's word, says that it went. From the plan on it pays for nothing.

use super::{
    hand::{self, Back, Refused, Wish},
    memo,
    said::By,
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

/// Plans that so much goes back; with `done` it went already, as that says. The same again changes nothing.
pub async fn refund(
    services: &Services,
    payment: &Payment,
    (amount, done): (i64, Option<&str>),
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    let known = refunds::all(&services.db, Some(payment.id)).await?;
    let same = |it: &&Refund| it.amount == amount;
    let went = |it: &Refund| done.is_some() && it.reference.as_deref() == done;
    if known.iter().filter(same).any(went) {
        return Ok(Ok(()));
    }
    if !known.iter().filter(same).any(|it| it.done_at.is_none()) {
        let wish = Wish { refund: Some(Back::Of(amount)), ..Wish::default() };
        if let Err(refused) = hand::carry_out(services, payment, &wish, by).await? {
            return Ok(Err(refused));
        }
    }
    let Some(reference) = done else { return Ok(Ok(())) };
    let known = refunds::all(&services.db, Some(payment.id)).await?;
    if let Some(open) = known.iter().filter(same).find(|it| it.done_at.is_none()) {
        close(services, open, (None, reference), by).await?;
    }
    settle::all(services, None).await.map(Ok)
}

/// Debits that name a payment of which as much is to go back.
pub async fn close_by_debits(services: &Services) -> anyhow::Result<()> {
    let refunds = refunds::all(&services.db, None).await?;
    if refunds.iter().all(|refund| refund.done_at.is_some()) {
        return Ok(());
    }
    let mut debits = refunds::debits(&services.db).await?;
    for refund in refunds.iter().filter(|refund| refund.done_at.is_none()) {
        let planned = services.local(refund.planned_at).date_naive().to_string();
        let is_it = |debit: &Debit| {
            let names = names(&debit.memo, refund.bank_line_id);
            debit.amount == refund.amount && debit.booked_on >= planned && names
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
