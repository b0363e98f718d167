//! Which money of a span pays for something since: each đồng once, on the day from which on it does. A part of what is asked
//! for counts when the rest has come.

use std::collections::{BTreeMap, HashSet};

use crate::{
    db::morning::{self, Count, Decided, Span},
    domain::payment::Tier,
    flow::Services,
};

pub async fn of(services: &Services, span: Span<'_>) -> anyhow::Result<Count> {
    let decided = morning::decided(&services.db, span).await?;
    let codes = morning::codes(&services.db, span.firm).await?.into_iter().collect();
    Ok(counted(&decided, &codes, span))
}

fn counted(decided: &[Decided], codes: &HashSet<String>, span: Span<'_>) -> Count {
    // The most that each paid before, and what it pays now, in đồng.
    let mut payments: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for it in decided {
        let (before, now) = payments.entry(it.bank_line_id).or_default();
        *now = pays(it, codes);
        if it.at <= span.since {
            *before = (*before).max(*now);
        }
    }
    let new = payments.values().map(|(before, now)| now - before).filter(|new| *new > 0);
    new.fold((0, 0), |(count, sum), new| (count + 1, sum + new))
}

/// Of codes that are paid by it, in đồng.
fn pays(it: &Decided, codes: &HashSet<String>) -> i64 {
    let detail = &it.detail.0;
    if detail["tier"] == Tier::CodePartly.as_str() {
        return 0;
    }
    let parts = detail["allocations"].as_array().into_iter().flatten();
    let own = parts.filter(|part| part[0].as_str().is_some_and(|code| codes.contains(code)));
    own.filter_map(|part| part[1].as_i64()).sum()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Days, Utc};
    use serde_json::json;
    use sqlx::types::Json;

    use super::*;

    /// Of one payment, by days of November, what was decided; what counts on the 3rd.
    fn on_the_third(decided: &[(u64, Tier, i64)]) -> Count {
        let day = |day: u64| DateTime::<Utc>::UNIX_EPOCH + Days::new(day);
        let event = |(on, tier, amount): &(u64, Tier, i64)| Decided {
            bank_line_id: 1,
            at: day(*on),
            detail: Json(json!({ "tier": tier, "allocations": [["HLA", amount], ["OTHER", 9]] })),
        };
        let decided: Vec<Decided> = decided.iter().map(event).collect();
        let span = Span { firm: None, since: day(2), until: day(3) };
        counted(&decided, &HashSet::from(["HLA".to_owned()]), span)
    }

    #[test]
    fn money_counts_once_on_the_day_from_which_on_it_pays() {
        assert_eq!(on_the_third(&[(3, Tier::Code, 7)]), (1, 7));
        assert_eq!(on_the_third(&[(3, Tier::CodePartly, 7)]), (0, 0), "the rest is missing");
        assert_eq!(on_the_third(&[(1, Tier::CodePartly, 7), (3, Tier::Parts, 7)]), (1, 7));
        assert_eq!(
            on_the_third(&[(1, Tier::Code, 7), (3, Tier::ByHand, 7)]),
            (0, 0),
            "told before"
        );
        let again = [(1, Tier::CodeOver, 7), (1, Tier::Parted, 0), (3, Tier::ByHand, 10)];
        assert_eq!(on_the_third(&again), (1, 3));
        assert_eq!(on_the_third(&[(3, Tier::Code, 7), (3, Tier::Parted, 0)]), (0, 0));
    }
}
