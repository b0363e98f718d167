//! Money that was for something and is not any more: a person parted or moved it, it goes back, or it is other money told
//! twice. Read from what was decided of the payments; what then becomes of a warning is the business of `sweep`.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::pooled;
use crate::{
    db::{
        Db,
        grace::InGrace,
        payments::{self, Decided},
    },
    domain::payment::Tier,
};

/// When money was last taken away from each code that it was for.
#[derive(Debug, Default)]
pub struct Taken(HashMap<String, DateTime<Utc>>);

impl Taken {
    pub async fn read(db: &Db) -> anyhow::Result<Taken> {
        Ok(Taken::by(&payments::decided_anew(db).await?))
    }

    /// What is decided of one payment stands together, the oldest first.
    fn by(decided: &[Decided]) -> Taken {
        let mut taken: HashMap<String, DateTime<Utc>> = HashMap::new();
        for two in decided.windows(2) {
            let (before, now) = (&two[0], &two[1]);
            if before.bank_line_id != now.bank_line_id {
                continue;
            }
            for code in codes(&before.detail).difference(&codes(&now.detail)) {
                let last = taken.entry((*code).to_owned()).or_insert(now.at);
                *last = now.at.max(*last);
            }
        }
        Taken(taken)
    }

    /// From a line itself, or from all of its payer under one code. A payment that still pays a part of what it paid was
    /// not taken away: what it pays keeps the line on.
    pub fn last_of(&self, line: &InGrace) -> Option<DateTime<Utc>> {
        let own = [Some(&line.code), line.batch_code.as_ref()].into_iter().flatten();
        own.filter_map(|code| self.0.get(code)).max().copied()
    }
}

/// The codes that a payment is for by one decision: those that it pays, and the one for all under which it waits.
fn codes(detail: &Value) -> BTreeSet<&str> {
    let parts = detail["allocations"].as_array().into_iter().flatten();
    let mut codes: BTreeSet<&str> = parts.filter_map(|part| part[0].as_str()).collect();
    let tier: Option<Tier> = detail["tier"].as_str().and_then(|tier| tier.parse().ok());
    if tier.is_some_and(|tier| pooled::is_by_evidence(tier, &detail["evidence"])) {
        let told = detail["evidence"]["codes"].as_array().into_iter().flatten();
        codes.extend(told.filter_map(Value::as_str));
    }
    codes
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sqlx::types::Json;

    use super::*;

    /// What was decided of a payment at an hour: its tier, the codes in its memo, and what it pays.
    fn decided(
        (payment, hour): (i64, i64),
        (tier, told): (Tier, &str),
        pays: &[(&str, i64)],
    ) -> Decided {
        let evidence = json!({ "codes": [told] });
        let detail = json!({ "tier": tier, "allocations": pays, "evidence": evidence });
        Decided { bank_line_id: payment, at: at(hour), detail: Json(detail) }
    }

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3600, 0).unwrap()
    }

    fn taken(decided: &[Decided], code: &str) -> Option<DateTime<Utc>> {
        Taken::by(decided).0.get(code).copied()
    }

    #[test]
    fn what_is_parted_moved_or_goes_back_is_taken_when_that_is_decided() {
        let part = decided((1, 1), (Tier::CodePartly, "A"), &[("A", 3)]);
        let parted = decided((1, 2), (Tier::Parted, "A"), &[]);
        let back = decided((1, 4), (Tier::Returned, ""), &[]);
        let moved = decided((1, 5), (Tier::ByHand, "B"), &[("B", 3)]);
        assert_eq!(taken(std::slice::from_ref(&part), "A"), None, "it is there");
        assert_eq!(taken(&[part.clone(), parted.clone()], "A"), Some(at(2)));
        assert_eq!(taken(&[part.clone(), back.clone()], "A"), Some(at(4)));
        let twice = [part.clone(), parted, part.clone(), moved.clone(), back];
        assert_eq!((taken(&twice, "A"), taken(&twice, "B")), (Some(at(5)), Some(at(4))));
        let other = decided((2, 9), (Tier::Nothing, ""), &[]);
        assert_eq!(taken(&[part, other], "A"), None, "another payment says nothing of it");
    }

    #[test]
    fn what_waits_under_the_code_for_all_is_taken_from_all_when_it_is_for_one_or_goes_back() {
        let waits = decided((1, 1), (Tier::BatchPartly, "ALL"), &[]);
        let whole = decided((1, 2), (Tier::BatchCode, "ALL"), &[("A", 2), ("B", 1)]);
        let of_one = decided((1, 3), (Tier::ByHand, "A"), &[("A", 2)]);
        let back = decided((1, 4), (Tier::Returned, ""), &[]);
        assert_eq!(taken(&[waits.clone(), whole.clone()], "ALL"), None);
        assert_eq!(taken(&[whole, waits.clone()], "A"), Some(at(1)), "its code for all has it");
        assert_eq!(taken(&[waits.clone(), of_one.clone()], "ALL"), Some(at(3)));
        assert_eq!(taken(&[waits.clone(), of_one, back.clone()], "A"), Some(at(4)));
        assert_eq!(taken(&[waits, back], "ALL"), Some(at(4)));
    }
}
