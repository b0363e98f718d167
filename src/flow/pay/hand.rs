//! What a person says of a payment: for what it is, that it goes back, or that it is not for what it was matched with.
//! Each is an event, and the pair that was parted is never matched by itself again.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::{
    candidates::few,
    memo,
    overtaken::until_not_overtaken,
    said::{By, Said, Same},
    settle, waive, went,
    wished::{self, is_named, words},
};
use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Allocation, EventKind, Payment},
        refunds,
    },
    domain::{money::Money, payment::Tier},
    flow::Services,
};

/// Why a payment cannot be matched, or given back, so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No request has this code.
    NoCode(String),
    Cancelled(String),
    /// Other payments paid all of it.
    Paid(String),
    /// The payment pays nothing of it that could be taken away.
    PaysNothing(String),
    /// Of a request so much is left, or of the payment, in đồng.
    TooMuch {
        code: String,
        left: i64,
    },
    /// The payment pays for other codes, and so much of it is left for this one, in đồng.
    Used {
        code: String,
        left: i64,
        pays: Vec<(String, i64)>,
    },
    /// So much of the payment can go back, in đồng; all that is there of it; what the rest of it pays for.
    NotFree {
        left: i64,
        all: i64,
        pays: Vec<(String, i64)>,
    },
    /// What was to go back went.
    Went,
    /// Nothing was paid of what is to be forgiven, or nothing is left of it.
    NothingToWaive,
    /// It is this one, told twice, as a person said.
    Same(i64),
    /// It was given back, or what it paid for was deleted.
    Closed,
}

/// What a person wants of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Without an amount what is left of each, as far as the payment goes, and nothing of it any more with 0; what it pays
    /// of others it goes on paying.
    pub codes: Vec<(String, Option<i64>)>,
    pub refund: Option<Back>,
    /// What is left of its codes is forgiven.
    pub waives: bool,
}

/// How much goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// All that pays for nothing.
    Rest,
    /// In đồng, of what did not go yet, in the place of what was planned: out of what pays for nothing, or all that is
    /// there of the payment; then what it paid for is unpaid.
    Of(i64),
}

impl Wish {
    pub fn is_nothing(&self) -> bool {
        *self == Wish::default()
    }
}

/// Matches a payment with codes; what it was parted from before it stays parted from.
pub async fn match_with(
    services: &Services,
    payment: &Payment,
    codes: &[(String, Option<i64>)],
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    let codes = wished::not_yet(services, payment.id, codes).await?;
    if codes.is_empty() {
        return Ok(Ok(()));
    }
    let wish = Wish { codes, ..Wish::default() };
    carry_out(services, payment, &wish, by).await
}

/// A payment as it was seen, and as of which change of all money.
#[derive(Clone, Debug)]
pub struct Seen {
    pub payment: Payment,
    pub(super) as_of: i64,
}

/// The change is looked up first: what comes between is seen then as one more of them.
pub async fn see(services: &Services, id: i64) -> anyhow::Result<Option<Seen>> {
    let as_of = payments::version(&services.db).await?;
    let payment = payments::by_id(&services.db, id).await?;
    Ok(payment.map(|payment| Seen { payment, as_of }))
}

/// Does all that is wanted of a payment at once, or nothing of it.
pub async fn carry_out(
    services: &Services,
    payment: &Payment,
    wish: &Wish,
    by: By<'_>,
) -> anyhow::Result<Result<(), Refused>> {
    until_not_overtaken(|| async {
        let seen = see(services, payment.id).await?;
        let seen = seen.context("A payment that is matched is there")?;
        Ok(as_seen(services, &seen, wish, by).await?.map(drop))
    })
    .await
}

/// The same of a payment as it was seen, or [`Overtaken`](super::overtaken::Overtaken); false where all of it is so
/// already.
pub async fn as_seen(
    services: &Services,
    seen: &Seen,
    wish: &Wish,
    by: By<'_>,
) -> anyhow::Result<Result<bool, Refused>> {
    match said(services, seen, wish, by).await? {
        Ok(Some(said)) => settle::all(services, Some(&said)).await.map(|()| Ok(true)),
        Ok(None) => Ok(Ok(false)),
        Err(refused) => Ok(Err(refused)),
    }
}

/// What is to be stored for a wish; nothing where all of it is so already.
pub async fn said<'a>(
    services: &Services,
    Seen { payment, as_of }: &Seen,
    wish: &Wish,
    by: By<'a>,
) -> anyhow::Result<Result<Option<Said<'a>>, Refused>> {
    if payment.closed {
        return Ok(Err(Refused::Closed));
    }
    if let Some(other) = payment.same_as {
        return Ok(Err(Refused::Same(other)));
    }
    let dues = dues::all(&services.db).await?;
    let own = payments::allocations(&services.db, Some(payment.id)).await?;
    let refund = Said::new(Some(payment.id), EventKind::Refund, by);
    let mut said = Said { as_of: Some(*as_of), ..refund };
    let mut rest = payment.amount().as_dong() - payment.returned;
    let (mut parted, mut forgiven) = (Vec::new(), Vec::new());
    if wish.codes.is_empty() {
        rest -= own.iter().map(|it| it.amount).sum::<i64>();
        if wish.waives {
            forgiven = waive::of_payment(services, payment, &dues, &own).await?;
        }
    } else {
        let words = match words(&dues, &own, &wish.codes, &mut rest) {
            Ok(words) => words,
            Err(refused) => return Ok(Err(refused)),
        };
        let stored = stored_words(services, payment.id).await?;
        if words != stored {
            let is_parted = wish.codes.iter().all(|(_, amount)| *amount == Some(0));
            said.kind = if is_parted { EventKind::Unmatch } else { EventKind::Match };
            said.words = Some(words.clone());
        }
        parted = wished::parted(&words, &own);
        let named: Vec<(String, i64)> = words
            .into_iter()
            .filter(|(code, amount)| *amount > 0 && is_named(&dues, &wish.codes, code))
            .collect();
        learn(payment, &dues, &named, &mut said);
        if wish.waives {
            forgiven = waive::behind(&dues, &own, &named);
        }
    }
    if wish.waives && forgiven.is_empty() {
        return Ok(Err(Refused::NothingToWaive));
    }
    let planned = refunds::planned(&services.db, payment.id).await?;
    let (left, all) = (rest + planned, payment.amount().as_dong() - payment.returned + planned);
    let Some((kept, refund)) = back(wish, planned, (left, all)) else {
        let own = own.into_iter().map(|it| (it.code, it.amount));
        let pays = said.words.unwrap_or_else(|| own.collect());
        return Ok(Err(Refused::NotFree { left, all, pays }));
    };
    // What was forgiven was the rest of what it paid: without that it is to be paid again.
    said.waived = if refund > left {
        waive::with_money(&dues, &own)
    } else {
        [waive::with_money(&dues, &parted), forgiven].concat()
    };
    (said.kept, said.refund) = (kept, refund);
    if said.words.is_none() && refund < kept {
        said.words = wished::as_it_pays(payment, &own);
    }
    let is_nothing = said.words.is_none() && said.refund == 0 && said.waived.is_empty();
    Ok(Ok((!is_nothing).then_some(said)))
}

/// What was planned to go back and does not, and what goes back, in đồng; nothing where that is not there. `left` pays for
/// nothing, and `all` is all that is there of the payment, both with what was planned.
fn back(wish: &Wish, planned: i64, (left, all): (i64, i64)) -> Option<(i64, i64)> {
    let is_all = |amount: i64| wish.codes.is_empty() && amount > 0 && amount == all;
    match wish.refund {
        None => Some((0, 0)),
        Some(Back::Rest) => (left > planned).then_some((planned, left)),
        Some(Back::Of(amount)) if planned > 0 && amount == planned => Some((0, 0)),
        Some(Back::Of(amount)) => {
            ((1..=left).contains(&amount) || is_all(amount)).then_some((planned, amount))
        }
    }
}

/// For what a person said that a payment is.
async fn stored_words(services: &Services, id: i64) -> anyhow::Result<Vec<(String, i64)>> {
    let mut stored = payments::words(&services.db).await?;
    stored.retain(|it| it.bank_line_id == id && it.amount > 0);
    Ok(stored.into_iter().map(|it| (it.code, it.amount)).collect())
}

/// Whether all that is wanted of a payment was done before, by whomever.
pub async fn stands(services: &Services, payment: &Payment, wish: &Wish) -> anyhow::Result<bool> {
    let dues = dues::all(&services.db).await?;
    let own = payments::allocations(&services.db, Some(payment.id)).await?;
    let mut rest = payment.amount().as_dong() - payment.returned;
    if wish.codes.is_empty() {
        rest -= own.iter().map(|it| it.amount).sum::<i64>();
    } else {
        let stored = stored_words(services, payment.id).await?;
        if words(&dues, &own, &wish.codes, &mut rest) != Ok(stored) {
            return Ok(false);
        }
    }
    let went = match wish.refund {
        None => true,
        Some(Back::Rest) => rest == 0 && payment.returned > 0,
        Some(Back::Of(amount)) => {
            let known = refunds::all(&services.db, Some(payment.id)).await?;
            known.iter().any(|it| it.amount == amount)
        }
    };
    Ok(went && (!wish.waives || waive::was_forgiven(&dues, &own)))
}

fn learn(payment: &Payment, dues: &[Due], words: &[(String, i64)], said: &mut Said<'_>) {
    let payers = words.iter().filter_map(|(code, _)| dues.iter().find(|due| due.code == *code));
    let payers = payers.map(|due| due.payer_email.clone());
    said.learned = payment
        .source()
        .into_iter()
        .flat_map(|from| payers.clone().map(move |payer| (from.clone(), payer)))
        .collect();
}

/// Takes back what a payment pays, or that it is another one; false where it pays nothing and is none.
pub async fn part(services: &Services, payment: &Payment, by: By<'_>) -> anyhow::Result<bool> {
    until_not_overtaken(|| async {
        let Some(seen) = see(services, payment.id).await? else { return Ok(false) };
        let own = payments::allocations(&services.db, Some(payment.id)).await?;
        let same = seen.payment.same_as.map(|_| Same::Apart);
        if own.is_empty() && same.is_none() || seen.payment.closed {
            return Ok(false);
        }
        let dues = dues::all(&services.db).await?;
        let waived = waive::with_money(&dues, &own);
        let words = same.is_none().then(|| not_for(&seen.payment, own, &dues));
        let said = Said::new(Some(payment.id), EventKind::Unmatch, by);
        let said = Said { as_of: Some(seen.as_of), words, same, waived, ..said };
        settle::all(services, Some(&said)).await.map(|()| true)
    })
    .await
}

/// For what a payment is not any more, with nothing as the amount. Where its memo alone had matched it, and names the code
/// for all of a payer, it is not for that code either; where a person had, what the memo says stands.
fn not_for(payment: &Payment, own: Vec<Allocation>, dues: &[Due]) -> Vec<(String, i64)> {
    let codes: BTreeSet<String> = own.into_iter().map(|it| it.code).collect();
    let is_by_memo = matches!(payment.tier, Tier::BatchCode | Tier::SeveralCodes);
    let memo = memo::squeezed(&payment.memo);
    let of_all = dues.iter().filter(|due| is_by_memo && codes.contains(&due.code));
    let of_all = of_all.filter_map(|due| due.batch_code.clone());
    let of_all: BTreeSet<String> = of_all.filter(|code| memo.contains(code)).collect();
    codes.into_iter().chain(of_all).map(|code| (code, 0)).collect()
}

/// Why a payment stands where it does, in words.
pub fn why(services: &Services, payment: &Payment) -> String {
    went::why(services, payment, &[])
}

/// What became of a payment since it was decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// For a person.
    pub waits: bool,
    /// What of it goes back, in đồng.
    pub returned: i64,
    /// What of that did not go yet.
    pub to_return: i64,
}

/// Why a payment is decided so, in words.
pub fn reason(
    services: &Services,
    tier: Tier,
    evidence: &serde_json::Value,
    Now { waits, returned, to_return }: Now,
) -> String {
    let list = |name: &str| {
        let codes = evidence[name].as_array().into_iter().flatten();
        let said = codes.filter_map(|code| code.as_str());
        few(services.texts, &said.filter(|code| evidence["under"] != *code).collect::<Vec<_>>())
    };
    let values = minijinja::context! {
        codes => list("codes"), candidates => list("candidates"), sum => evidence["sum"].as_str().map(sum_in_words),
        same => evidence["same"].as_i64(), settled => list("settled"), waits,
        waived => evidence["waived"].as_i64(),
        returned => (returned > 0).then(|| Money::dong(returned).to_string()),
        to_return => (to_return > 0).then(|| Money::dong(to_return).to_string()),
        ..super::pooled::values(evidence)
    };
    services.texts.say(&format!("message.payment.{tier}"), values)
}

/// `2 × 2950000 + 1 × 990000` with the amounts as people write them.
fn sum_in_words(sum: &str) -> String {
    let term = |term: &str| {
        let (count, amount) = term.split_once(" × ")?;
        Some(format!("{count} × {}", Money::dong(amount.parse().ok()?)))
    };
    let terms = sum.split(" + ").map(|it| term(it).unwrap_or_else(|| it.to_owned()));
    terms.collect::<Vec<_>>().join(" + ")
}

/// `HLACDEFGHJ 2.950.000 đ`, one after the other.
pub fn codes_in_words(codes: &[(String, i64)]) -> String {
    let word = |(code, amount): &(String, i64)| format!("{code} {}", Money::dong(*amount));
    codes.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_sum_comes_about_is_told_with_amounts_as_people_write_them() {
        assert_eq!(sum_in_words("2 × 2950000 + 1 × 990000"), "2 × 2.950.000 đ + 1 × 990.000 đ");
        assert_eq!(sum_in_words("khac"), "khac");
    }
}
