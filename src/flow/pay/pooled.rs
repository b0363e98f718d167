//! Money that came under the code for all of a payer and pays for nothing yet: it waits until the sum is exact, or is too
//! much. Whoever is asked to pay reads of it, so that nobody pays twice. What becomes of it a person decides.

use std::collections::{BTreeSet, HashMap};

use minijinja::context;
use serde_json::Value;

use super::candidates::{left, named};
use crate::{
    db::{
        Db,
        dues::{self, Due},
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

/// What lies under a code for all of a payer, and what is left of all that is open under it: the one arithmetic of letters,
/// messages, slips, look-up and the workbooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lying {
    /// What came under the code, and pays for nothing yet.
    pub under: Money,
    /// What is too much for single requests of its payer.
    pub over: Money,
    /// What is left of all that is open under the code.
    pub left: Money,
}

impl Lying {
    /// `dues` are all under the code. Where nothing lies there, nothing else is asked either.
    fn of(waiting: &[Waiting], code: &str, dues: &[&Due]) -> Lying {
        let under = under(waiting, code);
        if under == Money::ZERO {
            return Lying::default();
        }
        let own: BTreeSet<&str> = dues.iter().map(|due| due.code.as_str()).collect();
        let left = dues.iter().map(|due| Money::dong(left(due))).sum();
        Lying { under, over: too_much(waiting, &own), left }
    }

    /// Whether what is too much for single requests is exactly what is missing beside what lies under the code: all has
    /// come then, and a person looks at it.
    pub fn is_filled(self) -> bool {
        let is_both = self.over > Money::ZERO && self.under > Money::ZERO;
        is_both && self.under + self.over == self.left
    }

    /// What came, with what fills it.
    pub fn came(self) -> Money {
        if self.is_filled() { self.left } else { self.under }
    }

    /// What is missing; nothing where all has come, or more.
    pub fn missing(self) -> Money {
        Money::dong((self.left.as_dong() - self.came().as_dong()).max(0))
    }
}

/// What lies under one code.
pub async fn of(db: &Db, code: &str) -> anyhow::Result<Lying> {
    if under(&payments::waiting_for(db, &[code]).await?, code) == Money::ZERO {
        return Ok(Lying::default());
    }
    let dues = dues::named(db, &[code.to_owned()]).await?;
    let dues: Vec<&Due> = dues.iter().filter(|due| due.has_code(code)).collect();
    let codes = dues.iter().map(|due| due.code.as_str());
    let codes: Vec<&str> = codes.chain([code]).collect();
    Ok(Lying::of(&payments::waiting_for(db, &codes).await?, code, &dues))
}

/// What lies under all such codes: by the code for all, and by the code of each request that is open under it.
pub async fn all(db: &Db) -> anyhow::Result<HashMap<String, Pooled>> {
    let waiting = payments::waiting(db).await?;
    let named: Vec<String> = waiting.iter().flat_map(codes).map(str::to_owned).collect();
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let dues = dues::named(db, &named).await?;
    let mut of_codes: HashMap<&str, Vec<&Due>> = HashMap::new();
    for due in &dues {
        of_codes.entry(due.batch_code.as_deref().unwrap_or_default()).or_default().push(due);
    }
    let mut pools: HashMap<String, Pooled> = HashMap::new();
    for (code, dues) in of_codes {
        let lying = Lying::of(&waiting, code, &dues);
        if lying.under == Money::ZERO || lying.left == Money::ZERO {
            continue;
        }
        let open = || dues.iter().filter(|due| left(due) > 0);
        let (came, missing) = (lying.came(), lying.missing());
        let pooled = Pooled { code: code.to_owned(), came, missing, requests: open().count() };
        pools.extend(open().map(|due| (due.code.clone(), pooled.clone())));
        pools.insert(code.to_owned(), pooled);
    }
    Ok(pools)
}

/// What is too much for these requests, or came for those that are cancelled, of payments for them alone: nobody is told of
/// one that is for others too. What lies under a code for all is none of it.
pub fn too_much(waiting: &[Waiting], own: &BTreeSet<&str>) -> Money {
    let is_over = |it: &&Waiting| match it.tier {
        Tier::CodeOver | Tier::PaidBefore | Tier::Cancelled => true,
        Tier::ByHand => it.paid > 0,
        _ => false,
    };
    let is_own = |it: &&Waiting| {
        let mut codes = codes(it).peekable();
        codes.peek().is_some() && codes.all(|code| own.contains(code))
    };
    waiting.iter().filter(is_over).filter(is_own).map(|it| Money::dong(it.free)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn what_is_too_much_fills_what_is_missing_beside_what_lies_under_the_code_for_all_exactly() {
        let of = |dong: [i64; 3]| {
            let [under, over, left] = dong.map(Money::dong);
            let lying = Lying { under, over, left };
            (lying.is_filled(), lying.came().as_dong(), lying.missing().as_dong())
        };
        assert_eq!(of([1_000_000, 1_950_000, 2_950_000]), (true, 2_950_000, 0));
        assert_eq!(of([1_000_000, 1_950_000, 2_950_001]), (false, 1_000_000, 1_950_001));
        assert_eq!(of([0, 1_950_000, 1_950_000]), (false, 0, 1_950_000), "nothing lies there");
        assert_eq!(of([2_950_000, 0, 2_950_000]), (false, 2_950_000, 0), "nothing is too much");
        assert_eq!(of([3_000_000, 0, 2_950_000]), (false, 3_000_000, 0));
    }

    #[test]
    fn too_much_is_what_came_for_nobody_else_and_lies_under_no_code_for_all() {
        let own = BTreeSet::from(["HLA", "HLB"]);
        let of = |tier, paid: i64, codes: &[&str]| {
            let evidence = serde_json::json!({ "codes": codes }).into();
            let waiting = Waiting {
                id: 1,
                booked_on: "2026-11-24".to_owned(),
                memo: String::new(),
                other_name: None,
                tier,
                evidence,
                free: 50_000,
                paid,
            };
            too_much(&[waiting], &own).as_dong()
        };
        assert_eq!(of(Tier::CodeOver, 2_950_000, &["HLA"]), 50_000);
        assert_eq!(of(Tier::PaidBefore, 0, &["HLA", "HLB"]), 50_000);
        assert_eq!(of(Tier::Cancelled, 0, &["HLA"]), 50_000, "its code is that of a cancelled one");
        assert_eq!(of(Tier::ByHand, 2_950_000, &["HLB"]), 50_000, "the rest of a person's match");
        assert_eq!(of(Tier::ByHand, 0, &["HLB"]), 0, "what it was for was cancelled");
        assert_eq!(of(Tier::ByHand, 2_950_000, &["HLALL", "HLA"]), 0, "it lies under that code");
        assert_eq!(of(Tier::CodeOver, 2_950_000, &["HLC"]), 0, "another's");
        assert_eq!(of(Tier::Parted, 0, &["HLA"]), 0);
        assert_eq!(of(Tier::PaidBefore, 0, &[]), 0);
    }

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
