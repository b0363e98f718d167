//! What a person's words about a payment come to: for each request how much of it the payment is to pay, in đồng.
//! What is stored of it, and what follows, is the business of `hand`.

use super::hand::Refused;
use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Allocation, Payment},
    },
    domain::{order::RequestState, payment::Tier},
    flow::Services,
};

/// Whether what is wanted speaks of this request.
pub(super) fn is_named(dues: &[Due], codes: &[(String, Option<i64>)], code: &str) -> bool {
    let due = dues.iter().find(|due| due.code == code);
    due.is_some_and(|due| codes.iter().any(|(it, _)| due.has_code(it)))
}

/// Codes of requests with đồng, each once, in their order, with what the payment pays of others, and with nothing for those
/// that it is to pay no more; `rest` is what is left of the payment behind them.
pub(super) fn words(
    dues: &[Due],
    own: &[Allocation],
    codes: &[(String, Option<i64>)],
    rest: &mut i64,
) -> Result<Vec<(String, i64)>, Refused> {
    let others = own.iter().filter(|it| !is_named(dues, codes, &it.code));
    let mut words: Vec<(String, i64)> = others.map(|it| (it.code.clone(), it.amount)).collect();
    let pays = words.clone();
    *rest -= pays.iter().map(|(_, amount)| amount).sum::<i64>();
    let free = *rest;
    // Beside a code for all of a payer it says which of them are not meant.
    let is_out = |due: &Due, code: &str| {
        due.code != code && codes.iter().any(|(it, amount)| *it == due.code && *amount == Some(0))
    };
    for (code, amount) in codes {
        let found = dues.iter().filter(|due| due.has_code(code) && !is_out(due, code));
        let found: Vec<&Due> = found.collect();
        if found.is_empty() {
            return Err(Refused::NoCode(code.clone()));
        }
        if *amount == Some(0) {
            take_away(code, &found, own, &mut words)?;
            continue;
        }
        let open = |due: &&&Due| due.state != RequestState::Cancelled;
        if !found.iter().any(|due| open(&due)) {
            return Err(Refused::Cancelled(code.clone()));
        }
        let is_paid = |due: &&&Due| {
            let is_own = own.iter().any(|it| it.code == due.code);
            !is_own && due.amount - due.waived - due.paid == 0
        };
        if found.iter().filter(open).all(|due| is_paid(&due)) {
            return Err(Refused::Paid(code.clone()));
        }
        let mut wished = *amount;
        let mut taken = 0;
        for due in found.iter().filter(open) {
            let mine: i64 = own.iter().filter(|it| it.code == due.code).map(|it| it.amount).sum();
            let said: i64 = words.iter().filter(|it| it.0 == due.code).map(|it| it.1).sum();
            let left = due.amount - due.waived - due.paid + mine - said;
            let part = wished.unwrap_or(*rest).min(left).min(*rest).max(0);
            wished = wished.map(|wished| wished - part);
            *rest -= part;
            taken += part;
            match words.iter_mut().find(|it| it.0 == due.code) {
                Some(known) => known.1 += part,
                None if part > 0 => words.push((due.code.clone(), part)),
                None => {}
            }
        }
        if taken == 0 || wished.is_some_and(|over| over > 0) {
            let (code, left) = (code.clone(), taken);
            // Where a code before it took something, that is why too little is left, not what is paid already.
            return Err(if taken == free && !pays.is_empty() {
                Refused::Used { code, left, pays }
            } else {
                Refused::TooMuch { code, left }
            });
        }
    }
    words.sort();
    Ok(words)
}

/// These codes without those that the payment is to pay no more, and was parted from before.
pub(super) async fn not_yet(
    services: &Services,
    payment: i64,
    codes: &[(String, Option<i64>)],
) -> anyhow::Result<Vec<(String, Option<i64>)>> {
    let dues = dues::all(&services.db).await?;
    let own = payments::allocations(&services.db, Some(payment)).await?;
    let parted = payments::words(&services.db).await?.into_iter();
    let parted: Vec<String> = parted
        .filter(|it| it.bank_line_id == payment && it.amount == 0)
        .map(|it| it.code)
        .collect();
    let is_done = |code: &str| {
        let is_paid = |due: &Due| own.iter().any(|it| it.code == due.code);
        let mut found = dues.iter().filter(|due| due.has_code(code));
        found.clone().all(|due| !is_paid(due)) && found.any(|due| parted.contains(&due.code))
    };
    let mut codes = codes.to_vec();
    codes.retain(|(code, amount)| *amount != Some(0) || !is_done(code));
    Ok(codes)
}

/// What a payment pays of these requests it pays no more; where a code for all of a payer is said, it is not for that.
fn take_away(
    code: &str,
    found: &[&Due],
    own: &[Allocation],
    words: &mut Vec<(String, i64)>,
) -> Result<(), Refused> {
    let paid = found.iter().filter(|due| own.iter().any(|it| it.code == due.code));
    let mut paid = paid.map(|due| due.code.clone()).peekable();
    if paid.peek().is_none() {
        return Err(Refused::PaysNothing(code.to_owned()));
    }
    let of_all = found.iter().filter_map(|due| due.batch_code.clone()).find(|it| it == code);
    for code in paid.chain(of_all) {
        if words.iter().all(|(known, _)| *known != code) {
            words.push((code, 0));
        }
    }
    Ok(())
}

/// What a payment pays of those that it is to pay no more.
pub(super) fn parted(words: &[(String, i64)], own: &[Allocation]) -> Vec<Allocation> {
    let is_parted =
        |it: &&Allocation| words.iter().any(|(code, left)| *code == it.code && *left == 0);
    own.iter().filter(is_parted).cloned().collect()
}

/// That a payment pays what it pays, where less of it goes back than was planned: it paid exactly what was left of several
/// requests together, which the rules would not find in a larger amount any more.
pub(super) fn as_it_pays(payment: &Payment, own: &[Allocation]) -> Option<Vec<(String, i64)>> {
    let is_exact = matches!(payment.tier, Tier::BatchCode | Tier::SeveralCodes);
    let mut words: Vec<(String, i64)> = own.iter().map(|it| (it.code.clone(), it.amount)).collect();
    words.sort();
    (is_exact && !words.is_empty()).then_some(words)
}
