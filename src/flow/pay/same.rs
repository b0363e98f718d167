//! Two payments on the statements that are the same money, as a person says: the one that counts for nothing from now on,
//! and the one that it is. It stands until it is taken back (`hand::part`); statements that tell either again change
//! nothing.

use anyhow::Context as _;
use chrono::NaiveDate;

use std::collections::BTreeSet;

use super::{
    hand, known, memo, names,
    overtaken::until_not_overtaken,
    said::{By, Said, Same},
    settle, waive,
};
use crate::{
    db::{
        dues,
        payments::{self, EventKind, Payment},
        rows,
        statements::{self, Statement},
    },
    flow::Services,
};

/// Why two payments are not the same money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSame {
    Itself,
    /// They have other amounts, or came into other accounts.
    Differs,
    /// They came on days that two statements of one credit cannot have: a bank books it so many days later at most.
    Days(u32),
    /// Their memos have other codes.
    Codes,
    /// They came from other accounts, or under names of which neither is in the other.
    Payers,
    /// The balances of a statement count both.
    Balances,
    /// The bank told them in one layout, with different numbers of its own.
    References,
    /// They came on different days, each in a file that does not speak of the day of the other.
    Files,
    /// Of either of them it is said already: this payment is that one.
    Said(i64, i64),
    /// It is planned to go back, or went.
    GoesBack,
    /// What it paid for was deleted.
    Closed,
}

/// From now on the first counts for nothing, whatever it paid; false where that is said already.
pub async fn say(
    services: &Services,
    payment: &Payment,
    other: &Payment,
    by: By<'_>,
) -> anyhow::Result<Result<bool, NotSame>> {
    until_not_overtaken(|| once(services, (payment.id, other.id), by)).await
}

async fn once(
    services: &Services,
    (id, other): (i64, i64),
    by: By<'_>,
) -> anyhow::Result<Result<bool, NotSame>> {
    let seen = hand::see(services, id).await?.context("A payment that was told twice is there")?;
    let all = payments::all(&services.db).await?;
    let other = all.iter().find(|it| it.id == other).context("The same payment is there")?;
    if seen.payment.same_as == Some(other.id) {
        return Ok(Ok(false));
    }
    if let Some(why) = refused(&seen.payment, other, &all) {
        return Ok(Err(why));
    }
    // What the program itself takes for likely a person may say.
    let is_asked = may_be(&seen.payment, other) || may_be(other, &seen.payment);
    if !is_asked && let Some(why) = other_money(services, &seen.payment, other).await? {
        return Ok(Err(why));
    }
    let own = payments::allocations(&services.db, Some(id)).await?;
    let waived = waive::with_money(&dues::all(&services.db).await?, &own);
    let said = Said::new(Some(id), EventKind::Same, by);
    let said = Said { same: Some(Same::As(other.id)), as_of: Some(seen.as_of), waived, ..said };
    settle::all(services, Some(&said)).await.map(|()| Ok(true))
}

fn refused(payment: &Payment, other: &Payment, all: &[Payment]) -> Option<NotSame> {
    let told = |it: &Payment| (it.account.clone(), it.amount());
    let is_said = |it: &&Payment| {
        it.same_as.is_some_and(|same| [it.id, same].contains(&payment.id) || it.id == other.id)
    };
    if payment.id == other.id {
        return Some(NotSame::Itself);
    }
    if told(payment) != told(other) {
        return Some(NotSame::Differs);
    }
    if let Some(it) = all.iter().find(is_said) {
        return Some(NotSame::Said(it.id, it.same_as.unwrap_or_default()));
    }
    match payment.returned {
        _ if payment.closed => Some(NotSame::Closed),
        0 => None,
        _ => Some(NotSame::GoesBack),
    }
}

/// Whether the program told of a payment that it may be another one.
fn may_be(payment: &Payment, other: &Payment) -> bool {
    payment.may_be == Some(other.id) || payment.evidence.0["same"].as_i64() == Some(other.id)
}

/// What shows that they are not the same, though their amounts are.
async fn other_money(
    services: &Services,
    payment: &Payment,
    other: &Payment,
) -> anyhow::Result<Option<NotSame>> {
    let lag = services.settings.grace.booking_lag_days;
    let day = |it: &Payment| it.booked_on.parse::<NaiveDate>();
    if (day(payment)? - day(other)?).num_days().unsigned_abs() > lag.into() {
        return Ok(Some(NotSame::Days(lag)));
    }
    let dues = dues::all(&services.db).await?;
    let given = dues.iter().map(|due| memo::prefix_of(&due.code).to_owned());
    let own = services.settings.payee.code_prefix.as_str().to_owned();
    let prefixes: BTreeSet<String> = given.chain([own]).collect();
    let codes = |it: &Payment| -> BTreeSet<String> {
        let codes = memo::codes(&memo::squeezed(&it.memo), &prefixes);
        codes.iter().map(ToString::to_string).collect()
    };
    let (one, two) = (codes(payment), codes(other));
    if !one.is_empty() && !two.is_empty() && one != two {
        return Ok(Some(NotSame::Codes));
    }
    if are_others(payment, other) {
        return Ok(Some(NotSame::Payers));
    }
    let days = (payment.booked_on.as_str(), other.booked_on.as_str());
    let ids = (payment.id, other.id);
    if statements::counts_both(&services.db, &payment.account, days, ids).await? {
        return Ok(Some(NotSame::Balances));
    }
    if have_other_references(services, payment, other).await? {
        return Ok(Some(NotSame::References));
    }
    let is_apart = day(payment)? != day(other)?
        && !is_spoken_of(services, payment, day(other)?).await?
        && !is_spoken_of(services, other, day(payment)?).await?;
    Ok(is_apart.then_some(NotSame::Files))
}

/// Whether the bank told both in one layout, under different numbers. In two layouts it may number one credit in two ways.
async fn have_other_references(
    services: &Services,
    payment: &Payment,
    other: &Payment,
) -> anyhow::Result<bool> {
    let reference = |it: &Payment| known::number(it.reference.as_deref());
    let (Some(one), Some(two)) = (reference(payment), reference(other)) else { return Ok(false) };
    if one == two {
        return Ok(false);
    }
    let ours = rows::sheets(&services.db, payment.batch()).await?;
    let theirs = rows::sheets(&services.db, other.batch()).await?;
    Ok(ours.iter().any(|sheet| theirs.iter().any(|it| it.columns.0 == sheet.columns.0)))
}

/// Whether the file that a payment came in speaks of a day: then it has all that the bank booked on it.
async fn is_spoken_of(
    services: &Services,
    payment: &Payment,
    day: NaiveDate,
) -> anyhow::Result<bool> {
    let of_file = statements::of_batch(&services.db, payment.batch()).await?;
    let has = |it: &Statement| {
        it.account == payment.account
            && it.from().is_some_and(|from| from <= day)
            && it.to().is_some_and(|to| day <= to)
    };
    Ok(of_file.iter().any(has))
}

/// Whether they came from other accounts; where either is not told, under names of which neither has the other.
fn are_others(payment: &Payment, other: &Payment) -> bool {
    let account = |it: &Payment| it.other_account.as_deref().map(memo::squeezed);
    if let (Some(one), Some(two)) = (account(payment), account(other)) {
        return one != two;
    }
    let name = |it: &Payment| names::long(it.other_name.as_deref().unwrap_or_default());
    let (one, two) = (name(payment), name(other));
    !one.trim().is_empty()
        && !two.trim().is_empty()
        && !one.contains(two.trim())
        && !two.contains(one.trim())
}
