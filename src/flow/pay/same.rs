//! Two payments on the statements that are the same money, as a person says: the one that counts for nothing from now on,
//! and the one that it is. It stands until it is taken back (`hand::part`); statements that tell either again change
//! nothing.

use anyhow::Context as _;

use super::{
    hand,
    overtaken::until_not_overtaken,
    said::{By, Said, Same},
    settle,
};
use crate::{
    db::payments::{self, EventKind, Payment},
    flow::Services,
};

/// Why two payments are not the same money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSame {
    Itself,
    /// They have other amounts, or came into other accounts.
    Differs,
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
    let said = Said::new(Some(id), EventKind::Same, by);
    let said = Said { same: Some(Same::As(other.id)), as_of: Some(seen.as_of), ..said };
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
