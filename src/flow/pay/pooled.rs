//! Money that came under the code for all of a payer and pays for nothing yet: it waits until the sum is exact, or is too
//! much. Whoever is asked to pay reads of it, so that nobody pays twice. What becomes of it a person decides.

use std::collections::{HashMap, HashSet};

use minijinja::context;
use serde_json::Value;

use super::candidates::{left, named};
use crate::{
    db::{
        Db, dues,
        payments::{self, Waiting},
    },
    domain::{money::Money, payment::Tier, payment_code::PaymentCode},
    text::Texts,
};

/// What lies under a code for all of a payer, and what is missing of all that is open under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooled {
    pub code: String,
    pub came: Money,
    pub missing: Money,
    /// How many requests are open under it.
    pub requests: usize,
}

impl Pooled {
    /// What stands beside a sum that is asked for under this code, or under one of its requests.
    pub fn in_words(&self, texts: &Texts) -> String {
        let missing = (self.missing > Money::ZERO).then(|| self.missing.to_string());
        let (code, came) = (self.code.as_str(), self.came.to_string());
        texts.say("message.pooled", context! { code, came, missing })
    }

    /// The transfer that these words ask for, of all at once; none where they ask for no more.
    pub fn asked(&self) -> anyhow::Result<Option<(Money, PaymentCode)>> {
        let code = self.code.parse()?;
        Ok((self.missing > Money::ZERO).then_some((self.missing, code)))
    }
}

/// What of these payments came under a code.
pub fn under(waiting: &[Waiting], code: &str) -> Money {
    let own = waiting.iter().filter(|it| is_under(it.tier, &it.evidence.0, code));
    own.map(|it| Money::dong(it.free)).sum()
}

/// Whether what is free of a payment waits under a code, as was decided of it: all of it, whether or not it names single
/// requests too, or what a person matched with nothing.
pub fn is_under(tier: Tier, evidence: &Value, code: &str) -> bool {
    match tier {
        Tier::BatchPartly | Tier::BatchOther | Tier::PaidBefore => {
            named(evidence, "codes").contains(code)
        }
        Tier::ByHand | Tier::SeveralOther => evidence["under"] == code,
        _ => false,
    }
}

/// Whether what a payment came for is what its text says: as its tier tells, or where it waits under a code for all though
/// it names single requests, too.
pub fn is_by_evidence(tier: Tier, evidence: &Value) -> bool {
    tier.is_by_evidence() || tier == Tier::SeveralOther && evidence["under"].is_string()
}

/// How what came under a code stands to what is left there, for the words of a decision: with what is missing or too much.
pub fn values(evidence: &Value) -> minijinja::Value {
    let dong = |name: &str| evidence[name].as_i64();
    let money = |amount: Option<i64>| amount.map(|it| Money::dong(it).to_string());
    let (left, came) = (dong("left"), dong("came"));
    let over = came.zip(left).map(|(came, left)| came - left);
    context! {
        under => evidence["under"].as_str(), left => money(left), came => money(came),
        over => money(over.filter(|it| *it > 0)),
        missing => money(over.filter(|it| *it < 0).map(|it| -it)),
    }
}

fn codes(it: &Waiting) -> impl Iterator<Item = &str> {
    it.evidence.0["codes"].as_array().into_iter().flatten().filter_map(|code| code.as_str())
}

/// All of it, with what is too much for single requests where that is exactly what is missing: by the code for all, and by the code of each request that is open under it.
pub async fn all(db: &Db) -> anyhow::Result<HashMap<String, Pooled>> {
    let waiting = payments::waiting(db).await?;
    let named: Vec<String> = waiting.iter().flat_map(codes).map(str::to_owned).collect();
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let mut pools: HashMap<String, Pooled> = HashMap::new();
    let mut owed: HashMap<String, (i64, usize)> = HashMap::new();
    let dues = dues::named(db, &named).await?;
    let mut own: HashMap<&str, HashSet<&str>> = HashMap::new();
    for due in &dues {
        let code = due.batch_code.as_deref().unwrap_or_default();
        own.entry(code).or_default().insert(due.code.as_str());
    }
    for due in dues.iter().filter(|due| left(due) > 0) {
        if let Some(code) = &due.batch_code {
            let (owed, requests) = owed.entry(code.clone()).or_default();
            *owed += left(due);
            *requests += 1;
        }
    }
    for (code, (owed, requests)) in owed {
        let mut came = under(&waiting, &code);
        if came > Money::ZERO {
            let mut missing = Money::dong((owed - came.as_dong()).max(0));
            if too_much(&waiting, &own[code.as_str()]) == missing {
                (came, missing) = (came + missing, Money::ZERO);
            }
            pools.insert(code.clone(), Pooled { code, came, missing, requests });
        }
    }
    for due in dues.iter().filter(|due| left(due) > 0) {
        let pooled = due.batch_code.as_ref().and_then(|code| pools.get(code)).cloned();
        pools.extend(pooled.map(|pooled| (due.code.clone(), pooled)));
    }
    Ok(pools)
}

/// What is too much for these requests, of payments for them alone.
fn too_much(waiting: &[Waiting], own: &HashSet<&str>) -> Money {
    let is_over = |it: &&Waiting| matches!(it.tier, Tier::CodeOver | Tier::PaidBefore);
    let is_own = |it: &&Waiting| codes(it).all(|code| own.contains(code));
    waiting.iter().filter(is_over).filter(is_own).map(|it| Money::dong(it.free)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn beside_a_sum_it_says_what_came_and_what_alone_is_missing() {
        let some = Pooled {
            code: "HLACDEFGHJ".to_owned(),
            came: Money::dong(5_000_000),
            missing: Money::dong(900_000),
            requests: 2,
        };
        let enough = Pooled { missing: Money::ZERO, ..some.clone() };
        for (locale, no_more) in
            [(Locale::Vi, "chưa cần chuyển thêm"), (Locale::En, "no more need be transferred")]
        {
            let said = some.in_words(Texts::of(locale));
            for needed in ["5.000.000 đ", "900.000 đ", "HLACDEFGHJ"] {
                assert!(said.contains(needed), "no {needed} in {said}");
            }
            let said = enough.in_words(Texts::of(locale));
            assert!(said.contains(no_more) && !said.contains("900.000"), "{said}");
        }
    }
}
