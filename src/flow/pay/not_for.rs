//! What people said that payments are not for: that money counts in no sum for it, and is not offered for it. The matching
//! knows it with the other words of people, by `settle`.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{candidates::said_codes, pooled::is_under};
use crate::{
    db::{Db, payments},
    domain::payment::Tier,
};

/// Of each payment the codes of requests, and those for all of a payer.
#[derive(Debug, Default)]
pub struct NotFor(HashMap<i64, HashSet<String>>);

impl NotFor {
    pub async fn read(db: &Db) -> anyhow::Result<NotFor> {
        let mut all = NotFor::default();
        for (payment, code) in payments::not_for(db).await? {
            all.0.entry(payment).or_default().insert(code);
        }
        Ok(all)
    }

    /// All codes that were said of a payment.
    pub fn of(&self, payment: i64) -> HashSet<&str> {
        self.0.get(&payment).into_iter().flatten().map(String::as_str).collect()
    }

    pub fn has(&self, payment: i64, code: &str) -> bool {
        self.0.get(&payment).is_some_and(|codes| codes.contains(code))
    }

    /// Whether a payment, as it was decided of, is not for a request, told by its code and that for all of its payer. Where
    /// it waits under the latter it is: with what is missing there all are paid at once.
    pub fn parts(
        &self,
        (payment, tier, evidence): (i64, Tier, &Value),
        (code, of_all): (&str, Option<&str>),
    ) -> bool {
        let waits_there = || of_all.is_some_and(|all| is_under(tier, evidence, all));
        self.has(payment, code) && !waits_there()
    }

    /// The codes that say who paid: one that a person took a payment away from says nothing of that.
    pub fn telling_codes<'a>(&self, payment: i64, evidence: &'a Value) -> HashSet<&'a str> {
        let mut codes = said_codes(evidence);
        codes.retain(|code| !self.has(payment, code));
        codes
    }

    #[cfg(test)]
    pub fn said(words: &[(i64, &str)]) -> NotFor {
        let mut all = NotFor::default();
        for (payment, code) in words {
            all.0.entry(*payment).or_default().insert((*code).to_owned());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_not_for_what_a_person_said_but_where_it_waits_under_the_code_for_all() {
        let not_for = NotFor::said(&[(1, "HLA")]);
        let evidence = serde_json::json!({ "codes": ["HLALL"], "memo": ["HLA", "HLB"] });
        let parts =
            |payment, tier, code| not_for.parts((payment, tier, &evidence), (code, Some("HLALL")));
        assert!(parts(1, Tier::ByHand, "HLA"));
        assert!(!parts(1, Tier::BatchPartly, "HLA"), "all are paid at once");
        assert!(!parts(1, Tier::ByHand, "HLB") && !parts(2, Tier::ByHand, "HLA"));
        assert_eq!(not_for.telling_codes(1, &evidence), HashSet::from(["HLALL", "HLB"]));
    }
}
