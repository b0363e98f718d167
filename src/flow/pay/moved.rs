//! Money that a person moved: a payment was known to be for one thing, and it, or a part of it, pays for something else
//! since. Read from what happened to the payment; how people are told is the business of `tell` and `send::moved`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{matching::Decision, pooled::is_by_evidence, said::Said};
use crate::{
    db::{
        Db,
        dues::Due,
        payments::{self, Event, EventKind},
    },
    domain::payment::Tier,
};

/// What was moved at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which of all changes of money it was.
    pub change: i64,
    /// The codes that it was known to be for.
    pub from: Vec<String>,
    /// Codes that it pays instead, with đồng.
    pub to: Vec<(String, i64)>,
    /// What of `from` lost something that it paid, with đồng.
    pub lost: Vec<(String, i64)>,
}

impl Moved {
    /// Each code that it pays now: with đồng, and what of that counted for another code before. The rest of it waited.
    pub fn parts(&self) -> Vec<(&str, i64, i64)> {
        let mut left: i64 = self.lost.iter().map(|(_, amount)| amount).sum();
        let mut parts = Vec::new();
        for (code, amount) in &self.to {
            let counted = left.min(*amount);
            left -= counted;
            parts.push((code.as_str(), *amount, counted));
        }
        parts
    }
}

/// What was ever moved of a payment, the oldest first.
pub async fn of(db: &Db, payment: i64) -> anyhow::Result<Vec<Moved>> {
    let mut history = History::default();
    let events = payments::events(db, payment).await?;
    Ok(events.iter().filter_map(|event| history.read(event)).collect())
}

/// Whoever is to read that money goes to something else.
#[derive(Clone, Debug)]
pub struct Away<'a> {
    pub payment: i64,
    pub change: i64,
    /// One of the codes that it was for.
    pub code: String,
    /// The first request that it was for.
    pub due: &'a Due,
}

/// Who is to read that a person moves money now: the one payer for whom it came, where it is for none of the payer's
/// requests any more. Who pays for what it is for now reads it with what came.
pub async fn away<'a>(
    db: &Db,
    said: Option<&Said<'_>>,
    (dues, decisions): (&'a [Due], &[Decision]),
    change: i64,
) -> anyhow::Result<Option<Away<'a>>> {
    let matched = said.filter(|said| said.kind == EventKind::Match);
    let Some(payment) = matched.and_then(|said| said.payment) else { return Ok(None) };
    let Some(decision) = decisions.iter().find(|it| it.id == payment) else { return Ok(None) };
    let mut history = History::default();
    for event in payments::events(db, payment).await? {
        history.read(&event);
    }
    let moved = history.moved(&decision.allocations.iter().cloned().collect(), change);
    Ok(moved.and_then(|moved| reader(dues, &moved, payment)))
}

/// Nobody is told of a payment that was for others too.
fn reader<'a>(dues: &'a [Due], moved: &Moved, payment: i64) -> Option<Away<'a>> {
    let payer = |due: &'a Due| (due.batch_id, due.payer_email.as_str());
    let (mut from, mut to) = (Vec::new(), BTreeSet::new());
    for due in dues {
        if moved.from.iter().any(|code| due.has_code(code)) {
            from.push(due);
        }
        if moved.to.iter().any(|(code, _)| *code == due.code) {
            to.insert(payer(due));
        }
    }
    let due = *from.first()?;
    let is_own = |other: &&Due| other.payer_email == due.payer_email;
    let is_alone = from.iter().all(is_own) && !to.contains(&payer(due));
    let code = moved.from.first()?.clone();
    is_alone.then_some(Away { payment, change: moved.change, code, due })
}

/// What is known of a payment so far.
#[derive(Default)]
struct History {
    /// The codes that it was for when it last was for any: that it paid, or for which its payer was told that it came.
    known: Vec<String>,
    /// What it pays, in đồng.
    pays: BTreeMap<String, i64>,
    /// What it paid of these when it last paid any, while nothing else was told of it.
    counted: BTreeMap<String, i64>,
    /// The change by which a person said for what it is, until that is decided.
    said: Option<i64>,
}

impl History {
    fn read(&mut self, event: &Event) -> Option<Moved> {
        let detail = &event.detail.0;
        let change = detail["change"].as_i64();
        match event.kind {
            EventKind::Match => self.said = change,
            EventKind::Decided => {
                let pays = parts(detail);
                let said = self.said.take().filter(|said| Some(*said) == change);
                let moved = said.and_then(|change| self.moved(&pays, change));
                self.know(detail, pays);
                return moved;
            }
            _ => {}
        }
        None
    }

    /// What goes to codes that it was not for.
    fn moved(&self, pays: &BTreeMap<String, i64>, change: i64) -> Option<Moved> {
        let is_new = |code: &String| !self.known.contains(code);
        let more = |(code, amount): (&String, &i64)| {
            (code.clone(), amount - self.pays.get(code).copied().unwrap_or_default())
        };
        let to: Vec<(String, i64)> =
            pays.iter().filter(|(code, _)| is_new(code)).map(more).filter(|it| it.1 > 0).collect();
        let less = |(code, before): (&String, &i64)| {
            (code.clone(), before - pays.get(code).copied().unwrap_or_default())
        };
        let lost = self.counted.iter().map(less).filter(|it| it.1 > 0).collect();
        let is_any = !to.is_empty() && !self.known.is_empty();
        is_any.then(|| Moved { change, from: self.known.clone(), to, lost })
    }

    fn know(&mut self, detail: &Value, pays: BTreeMap<String, i64>) {
        let tier = detail["tier"].as_str().and_then(|tier| tier.parse().ok());
        if !pays.is_empty() {
            self.known = pays.keys().cloned().collect();
            self.counted.clone_from(&pays);
        } else if tier.is_some_and(|tier| is_told(tier, &detail["evidence"])) {
            let codes = detail["evidence"]["codes"].as_array().into_iter().flatten();
            self.known = codes.filter_map(|code| Some(code.as_str()?.to_owned())).collect();
            self.counted.clear();
        }
        self.pays = pays;
    }
}

/// Of what pays for nothing, whether its payer reads that it came.
fn is_told(tier: Tier, evidence: &Value) -> bool {
    let waits = tier != Tier::BatchCode && is_by_evidence(tier, evidence);
    tier == Tier::Cancelled || waits
}

/// Codes with đồng that a decision gave a payment to.
pub fn parts(detail: &Value) -> BTreeMap<String, i64> {
    let parts = detail["allocations"].as_array().into_iter().flatten();
    parts.filter_map(|it| Some((it[0].as_str()?.to_owned(), it[1].as_i64()?))).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use sqlx::types::Json;

    use super::*;

    fn event(kind: EventKind, detail: Value) -> Event {
        let at = DateTime::UNIX_EPOCH;
        Event { at, kind, detail: Json(detail), rules: 1, said_by: None, reason: None }
    }

    fn decided(change: i64, tier: Tier, pays: &[(&str, i64)]) -> Event {
        let evidence = json!({ "codes": ["A"] });
        let detail = json!({
            "tier": tier, "allocations": pays, "evidence": evidence, "change": change,
        });
        event(EventKind::Decided, detail)
    }

    fn said(change: i64) -> Event {
        event(EventKind::Match, json!({ "change": change }))
    }

    /// From what to what money was moved.
    fn moves(events: &[Event]) -> Vec<(i64, String, String)> {
        let mut history = History::default();
        let moved = events.iter().filter_map(|event| history.read(event));
        let to = |it: &Moved| {
            it.to.iter().map(|(code, amount)| format!("{code} {amount}")).collect::<Vec<_>>()
        };
        moved.map(|it| (it.change, it.from.join(" "), to(&it).join(" "))).collect()
    }

    /// What counted for others of what is moved last: of each code.
    fn counted(events: &[Event]) -> Vec<(String, i64, i64)> {
        let mut history = History::default();
        let moved = events.iter().filter_map(|event| history.read(event)).last().unwrap();
        let parts = moved.parts().into_iter();
        parts.map(|(code, amount, counted)| (code.to_owned(), amount, counted)).collect()
    }

    #[test]
    fn what_is_moved_is_told_apart_from_what_waited_beside_it() {
        let of = |amount, counted| vec![("B".to_owned(), amount, counted)];
        let by_hand = |change, pays: &[(&str, i64)]| decided(change, Tier::ByHand, pays);
        let part = by_hand(1, &[("A", 4)]);
        assert_eq!(counted(&[part.clone(), said(3), by_hand(3, &[("B", 7)])]), of(7, 4));
        let parted = decided(2, Tier::Parted, &[]);
        let other = by_hand(3, &[("B", 7)]);
        assert_eq!(counted(&[part, parted, said(3), other.clone()]), of(7, 4));
        let over = decided(1, Tier::CodeOver, &[("A", 7)]);
        assert_eq!(counted(&[over, said(2), by_hand(2, &[("A", 7), ("B", 3)])]), of(3, 0));
        let twice = decided(1, Tier::PaidBefore, &[]);
        assert_eq!(counted(&[twice, said(3), other]), of(7, 0));
        let two = by_hand(2, &[("B", 3), ("C", 4)]);
        let both = [("B".to_owned(), 3, 3), ("C".to_owned(), 4, 1)];
        assert_eq!(counted(&[by_hand(1, &[("A", 4)]), said(2), two]), both);
    }

    fn one(change: i64, to: &str) -> Vec<(i64, String, String)> {
        vec![(change, "A".to_owned(), to.to_owned())]
    }

    #[test]
    fn what_was_too_much_and_what_was_parted_before_is_moved_where_a_person_matches_it() {
        let over = decided(1, Tier::CodeOver, &[("A", 7)]);
        let both = decided(2, Tier::ByHand, &[("A", 7), ("B", 3)]);
        assert_eq!(moves(&[over.clone(), said(2), both]), one(2, "B 3"));
        let [parted, other] =
            [decided(2, Tier::Parted, &[]), decided(3, Tier::ByHand, &[("B", 10)])];
        let unmatched = event(EventKind::Unmatch, json!({ "change": 2 }));
        assert_eq!(moves(&[over, unmatched, parted, said(3), other.clone()]), one(3, "B 10"));
        let twice = decided(1, Tier::PaidBefore, &[]);
        assert_eq!(moves(&[twice, said(3), other]), one(3, "B 10"));
    }

    #[test]
    fn what_was_for_nothing_what_comes_back_and_what_the_rules_say_is_not_moved() {
        let other = decided(3, Tier::ByHand, &[("B", 10)]);
        assert_eq!(moves(&[decided(1, Tier::NearMiss, &[]), said(3), other.clone()]), []);
        let paid = decided(1, Tier::Code, &[("A", 7)]);
        let again = decided(3, Tier::ByHand, &[("A", 7)]);
        let parted = decided(2, Tier::Parted, &[]);
        assert_eq!(moves(&[paid.clone(), parted, said(3), again]), []);
        assert_eq!(moves(&[paid.clone(), other.clone()]), []);
        assert_eq!(moves(&[paid, said(2), other]), [], "it was said of another change");
    }
}
