//! Money of a payer that pays for nothing: more than what was to be paid, or for what was cancelled since.
//! Letters name it; what becomes of it a person decides.

use std::collections::{BTreeMap, HashSet};

use crate::{
    db::{
        dues::Due,
        payments,
        refunds::{self, Free},
        requests::Request,
    },
    domain::{money::Money, payment::Tier},
    flow::{Services, pay::concerned},
};

/// What came with the payments for these requests and is more than was asked for.
pub async fn too_much(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let own = codes(requests);
    Ok(of_these_alone(refunds::too_much(&services.db, &own).await?, &own))
}

/// What came for these requests, which are cancelled.
pub async fn of_cancelled(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let own = codes(requests);
    Ok(of_these_alone(refunds::of_cancelled(&services.db, &own).await?, &own))
}

fn codes(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.code.as_str()).collect()
}

/// What came under the code for all of a payer and waits until the sum is exact, or is more than there was to pay: of the
/// payer of these requests of a batch.
pub async fn under_batch_code(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let Some(code) = requests.first().and_then(|request| request.batch_code.as_deref()) else {
        return Ok(Money::ZERO);
    };
    let waits = |it: &payments::Waiting| {
        matches!(it.tier, Tier::BatchPartly | Tier::BatchOther | Tier::PaidBefore)
            && it.evidence.0["codes"].as_array().is_some_and(|it| it.iter().any(|it| it == code))
    };
    let waiting = payments::waiting(&services.db).await?;
    Ok(waiting.iter().filter(|it| waits(it)).map(|it| Money::dong(it.free)).sum())
}

/// What is planned to go back of payments that were for these requests alone.
pub async fn going_back(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let mut sum = Money::ZERO;
    let planned = refunds::all(&services.db, None).await?.into_iter();
    for refund in planned.filter(|it| it.done_at.is_none()) {
        let dues = concerned::requests(services, refund.bank_line_id).await?;
        let is_own = |due: &Due| requests.iter().any(|it| it.code.as_str() == due.code);
        if !dues.is_empty() && dues.iter().all(is_own) {
            sum = sum + Money::dong(refund.amount);
        }
    }
    Ok(sum)
}

/// Nobody is told of a payment that is for others too.
fn of_these_alone(found: Vec<Free>, own: &[&str]) -> Money {
    let own: HashSet<&str> = own.iter().copied().collect();
    let mut payments: BTreeMap<i64, Vec<Free>> = BTreeMap::new();
    for free in found {
        payments.entry(free.bank_line_id).or_default().push(free);
    }
    let is_own = |rows: &&Vec<Free>| rows.iter().all(|row| own.contains(row.code.as_str()));
    let free = payments.values().filter(is_own).filter_map(|rows| rows.first());
    free.map(|row| Money::dong(row.free.max(0))).sum()
}
