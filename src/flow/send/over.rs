//! Money of a payer that pays for nothing: more than what was to be paid, or for what was cancelled since.
//! Letters name it; what becomes of it a person decides.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    db::{
        dues::Due,
        mails::Mail,
        owed,
        payments::{self, Waiting},
        refunds::{self, Free},
        requests::Request,
    },
    domain::{batch::BatchId, mail::Purpose, money::Money, payment::Tier},
    flow::{
        Services,
        pay::{
            concerned,
            pooled::{self, Lying, is_under},
        },
    },
};

/// What came beside what counts for the requests of a letter.
#[derive(Debug, Default)]
pub struct Over {
    pub over: Money,
    /// What of it is planned to go back.
    pub returns: Money,
}

impl Over {
    /// Every letter that asks a payer for something tells of it, as they may have paid with another one of theirs: one about
    /// a line alone tells of all of the payer's in its batch. What fills the code for all is told as such.
    pub async fn of(
        services: &Services,
        (mail, is_payer): (&Mail, bool),
        (batch, requests): (BatchId, &[Request]),
        lying: Lying,
    ) -> anyhow::Result<Over> {
        let is_received = mail.purpose == Purpose::PaymentReceived && mail.line_id.is_none();
        if !is_received && (!is_payer || mail.purpose == Purpose::Restored) {
            return Ok(Over::default());
        }
        if mail.purpose != Purpose::Suspended {
            return Over::of_these(services, requests, lying).await;
        }
        let own = owed::of_payer(&services.db, batch, &mail.recipient).await?;
        Over::of_these(services, &own, lying).await
    }

    async fn of_these(
        services: &Services,
        requests: &[Request],
        lying: Lying,
    ) -> anyhow::Result<Over> {
        let over = too_much(services, requests).await?;
        let returns = going_back(services, requests).await?;
        Ok(Over { over: if lying.is_filled() { lying.over } else { over }, returns })
    }
}

/// What came with the payments for these requests and is more than was asked for.
pub async fn too_much(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let own = codes(requests);
    let waiting = payments::waiting_for(&services.db, &own).await?;
    Ok(pooled::too_much(&waiting, &own.into_iter().collect()))
}

/// What came for these requests, which are cancelled.
pub async fn of_cancelled(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let own = codes(requests);
    let free = refunds::of_cancelled(&services.db, &own).await?;
    Ok(of_these_alone(without_pools(services, requests, free).await?, &own))
}

/// What waits under the code for all is told by that code.
async fn without_pools(
    services: &Services,
    requests: &[Request],
    mut free: Vec<Free>,
) -> anyhow::Result<Vec<Free>> {
    let codes: BTreeSet<&str> = requests.iter().filter_map(|it| it.batch_code.as_deref()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let waiting = payments::waiting_for(&services.db, &codes).await?;
    let is_pooled =
        |it: &&Waiting| codes.iter().any(|code| is_under(it.tier, &it.evidence.0, code));
    let pooled: HashSet<i64> = waiting.iter().filter(is_pooled).map(|it| it.id).collect();
    free.retain(|it| !pooled.contains(&it.bank_line_id));
    Ok(free)
}

/// Whether money came with the codes of those of a payer's requests that are cancelled, and waits.
pub async fn is_for_cancelled(services: &Services, requests: &[Request]) -> anyhow::Result<bool> {
    let own = codes(requests);
    let mut waiting = payments::waiting_for(&services.db, &own).await?;
    waiting.retain(|it| it.tier == Tier::Cancelled);
    Ok(pooled::too_much(&waiting, &own.into_iter().collect()) > Money::ZERO)
}

fn codes(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.code.as_str()).collect()
}

/// What lies under the code for all of the payer of these requests of a batch.
pub async fn lying(services: &Services, requests: &[Request]) -> anyhow::Result<Lying> {
    match requests.first().and_then(|request| request.batch_code.as_deref()) {
        Some(code) => pooled::of(&services.db, code).await,
        None => Ok(Lying::default()),
    }
}

/// What lies under codes for all of several payers, with what is missing of what they owe under these codes.
#[derive(Debug, Default)]
pub struct Pools {
    pub came: Money,
    pub missing: Money,
    codes: HashSet<String>,
    /// Those of them under which nothing is missing, also by what is too much elsewhere.
    full: HashSet<String>,
}

impl Pools {
    /// Of those who pay for what a warning is about. Who has nothing more to pay is not warned: beside those who are, a
    /// copy names none of them.
    pub async fn of_warned<T>(
        services: &Services,
        about: &mut Vec<T>,
        request: impl Fn(&T) -> &Request,
    ) -> anyhow::Result<Pools> {
        let all = Pools::of(services, about.iter().map(&request)).await?;
        let is_full = |it: &T| {
            let code = request(it).batch_code.as_ref();
            code.is_some_and(|code| all.full.contains(code))
        };
        if all.full.is_empty() || about.iter().all(is_full) {
            return Ok(all);
        }
        about.retain(|it| !is_full(it));
        Pools::of(services, about.iter().map(&request)).await
    }

    async fn of(
        services: &Services,
        requests: impl Iterator<Item = &Request>,
    ) -> anyhow::Result<Pools> {
        let codes: BTreeSet<&str> = requests.filter_map(|it| it.batch_code.as_deref()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let waiting = payments::waiting_for(&services.db, &codes).await?;
        let has = |code: &&str| pooled::under(&waiting, code) > Money::ZERO;
        let mut pools = Pools::default();
        for code in codes.into_iter().filter(has) {
            let lying = pooled::of(&services.db, code).await?;
            pools.came = pools.came + lying.came();
            pools.missing = pools.missing + lying.missing();
            pools.codes.insert(code.to_owned());
            if lying.missing() == Money::ZERO {
                pools.full.insert(code.to_owned());
            }
        }
        Ok(pools)
    }

    pub fn has(&self, request: &Request) -> bool {
        request.batch_code.as_ref().is_some_and(|code| self.codes.contains(code))
    }

    /// Whether there is nothing to ask these payers for: it waits for a person.
    pub fn is_enough(&self) -> bool {
        self.came > Money::ZERO && self.missing == Money::ZERO
    }
}

/// What is planned to go back of payments that were for these requests alone.
pub async fn going_back(services: &Services, requests: &[Request]) -> anyhow::Result<Money> {
    let mut sum = Money::ZERO;
    let mut own: BTreeSet<&str> = codes(requests).into_iter().collect();
    own.extend(requests.iter().filter_map(|it| it.batch_code.as_deref()));
    let own: Vec<&str> = own.into_iter().collect();
    for refund in refunds::planned_for(&services.db, &own).await? {
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
