//! Money of a payer that pays for nothing: more than what was to be paid, or for what was cancelled since.
//! Letters name it; what becomes of it a person decides.

use std::collections::{BTreeMap, HashSet};

use crate::{
    db::{
        refunds::{self, Free},
        requests::Request,
    },
    domain::money::Money,
    flow::Services,
};

/// What came with the payments for these requests and is more than was asked for.
pub async fn too_much(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    Ok(of_these_alone(refunds::too_much(&services.db).await?, requests))
}

/// What came for these requests, which are cancelled.
pub async fn of_cancelled(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    Ok(of_these_alone(refunds::of_cancelled(&services.db).await?, requests))
}

/// Nobody is told of a payment that is for others too.
fn of_these_alone(found: Vec<Free>, requests: &[Request]) -> Money {
    let own: HashSet<&str> = requests.iter().map(|request| request.code.as_str()).collect();
    let mut payments: BTreeMap<i64, Vec<Free>> = BTreeMap::new();
    for free in found {
        payments.entry(free.bank_line_id).or_default().push(free);
    }
    let is_own = |rows: &&Vec<Free>| rows.iter().all(|row| own.contains(row.code.as_str()));
    let free = payments.values().filter(is_own).filter_map(|rows| rows.first());
    free.map(|row| Money::dong(row.free.max(0))).sum()
}
