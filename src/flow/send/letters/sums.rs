//! The sums of a letter about what is paid, or not, each with what it is. What came is decided elsewhere.

use super::{
    Occasion, Standing, StandingLine,
    draft::{Draft, Fact},
};
use crate::domain::money::Money;

/// What came; where that is not what was asked for at first, how the one becomes the other.
pub(super) fn sums(draft: &Draft<'_>, said: &Standing) -> anyhow::Result<Vec<Fact>> {
    let sum = |of: fn(&StandingLine) -> Money| said.lines.iter().map(of).sum::<Money>();
    let waived = sum(|line| line.waived);
    let missing = sum(StandingLine::rest);
    let mut facts = Vec::new();
    if !said.is_update() {
        facts.push(draft.strong_fact("paid", &said.received().to_string())?);
    }
    if said.is_update() || said.is_more() {
        facts.push(draft.fact("in_all", &said.in_all().to_string())?);
    }
    let is_explained = said.is_update() || said.is_more() || said.over > Money::ZERO;
    if is_explained || said.pooled + said.returns + waived > Money::ZERO {
        let asked = sum(|line| line.line.amount) + waived;
        facts.push(draft.fact("asked", &asked.to_string())?);
    }
    let over = if missing > Money::ZERO { "unused" } else { "over" };
    let is_missing = is_explained && said.pooled == Money::ZERO;
    let missing = if is_missing { missing } else { Money::ZERO };
    for (name, amount) in
        [("waived", waived), (over, said.over), ("returns", said.returns), ("unpaid", missing)]
    {
        if amount > Money::ZERO {
            facts.push(draft.strong_fact(name, &amount.to_string())?);
        }
    }
    Ok(facts)
}

/// What is not paid, and what of that has come, or still counts, and waits for the rest.
pub(super) fn unpaid(draft: &Draft<'_>, said: &Standing) -> anyhow::Result<Vec<Fact>> {
    let mut facts = Vec::new();
    if said.missing() > Money::ZERO {
        facts.push(draft.strong_fact("unpaid", &said.missing().to_string())?);
    }
    let kept: Money = said.lines.iter().map(|line| line.paid).sum();
    if said.occasion == Occasion::TakenBack && kept > Money::ZERO {
        facts.push(draft.strong_fact("kept", &kept.to_string())?);
    }
    // A copy names some of those for whom that is: its sums are of what it lists.
    let (came, waits) = if said.is_copy_of_warning() {
        (said.came(), said.pooled)
    } else {
        (said.came() + said.pooled, Money::ZERO)
    };
    for (name, amount) in [("paid", came), ("pooled", waits)] {
        if amount > Money::ZERO {
            facts.push(draft.strong_fact(name, &amount.to_string())?);
        }
    }
    Ok(facts)
}
