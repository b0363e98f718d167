//! Which payment is for what: a pure function of all requests, all payments and what people said. The order in which
//! days came is of no matter to it: payments are taken day by day, those of a day as their statement had them.
//! Nothing is matched by an amount alone. Storing what follows is the business of `settle`.

mod hints;

mod pools;

mod several;

mod twins;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::memo;
use crate::domain::{
    order::RequestState,
    payment::{PaymentState, Tier},
};

/// Counts up whenever the same payments could be matched otherwise than before.
pub const RULES: i64 = 9;

/// What is to be paid for one line.
#[derive(Clone, Debug, Default)]
pub struct Due {
    pub code: String,
    /// Pays all of its payer's requests.
    pub batch_code: Option<String>,
    pub order: String,
    pub firm: String,
    pub payer: String,
    /// In đồng, without what was waived.
    pub amount: i64,
    pub is_cancelled: bool,
    /// Codes for all of a payer under which it was told to be paid, before another one paid for it.
    pub former: Vec<String>,
}

/// A credit of the account.
#[derive(Clone, Debug, Default)]
pub struct Credit {
    /// Those that a statement brought are counted up in its order.
    pub id: i64,
    pub account: String,
    pub booked_on: NaiveDate,
    /// Tells payments of a day apart, whatever statement they came with.
    pub fingerprint: String,
    /// In đồng, as the bank told it.
    pub told: i64,
    /// In đồng, without what was given back.
    pub amount: i64,
    pub memo: String,
    /// Whether the bank told a number of its own for it.
    pub has_reference: bool,
    /// From whom, as far as the statement says it: account or name.
    pub from: Option<String>,
    /// The payment that it is, told twice, as a person said.
    pub same: Option<i64>,
    /// The payment that it may be, as another statement tells it under another reference.
    pub may_be: Option<i64>,
    /// What a person said that it is for.
    pub by_hand: Option<Vec<(String, i64)>>,
    /// What a person said that it is not for: codes of requests, and those for all of a payer.
    pub not_for: BTreeSet<String>,
}

/// What beside requests and payments is known.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The first letters of codes.
    pub prefixes: BTreeSet<String>,
    /// Who pays for whom, as a person approved it: from an account or name to payers.
    pub payers: HashMap<String, BTreeSet<String>>,
}

/// What became of a payment, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub id: i64,
    pub state: PaymentState,
    pub tier: Tier,
    /// Codes of requests, with đồng.
    pub allocations: Vec<(String, i64)>,
    pub evidence: Evidence,
}

/// What a decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Codes in the memo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Codes in the memo of what a person matched with others, where something is left of it and waits under none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memo: Vec<String>,
    /// What it may be for, the likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// What was left to pay of what it is about, in đồng.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<i64>,
    /// The payment that it may be, told in another layout, or is, as a person said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<i64>,
    /// How the amount comes about: `2 × 2950000 + 1 × 990000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
    /// Those of the codes that were paid or cancelled before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
    /// What of the codes that it pays was forgiven, in đồng.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<i64>,
    /// The code for all of a payer under which waits what a person left of it, or all of it where single requests are named
    /// too; it is one of the codes, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// What waits under the code for all, of all payments, in đồng.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came: Option<i64>,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub code: String,
    pub paid: i64,
    pub state: RequestState,
}

/// Decides about everything at once.
pub fn decide(dues: &[Due], credits: &[Credit], known: &Known) -> (Vec<Decision>, Vec<Standing>) {
    let mut desk = Desk::new(dues, credits);
    let mut order: Vec<usize> = (0..credits.len()).collect();
    order.sort_by_key(|at| (credits[*at].booked_on, credits[*at].id));
    let twins = twins::of(credits, &known.prefixes);
    for at in &order {
        desk.by_hand(*at);
    }
    for at in order {
        let credit = &credits[at];
        let codes = || -> Vec<String> {
            let squeezed = memo::squeezed(&credit.memo);
            memo::codes(&squeezed, &known.prefixes).iter().map(ToString::to_string).collect()
        };
        if credit.same.is_some() {
            desk.decide(at, Tier::Same, Evidence { same: credit.same, ..Evidence::default() });
        } else if credit.amount == 0 {
            desk.decide(at, Tier::Returned, Evidence::default());
        } else if credit.by_hand.is_some() {
            desk.leave_over(at, &codes());
        } else if let Some(same) = twins.get(&at) {
            let evidence = Evidence { codes: codes(), same: Some(*same), ..Evidence::default() };
            desk.decide(at, Tier::MaybeSame, evidence);
        } else {
            desk.by_codes(at, codes());
        }
    }
    desk.close_pools();
    desk.make_whole();
    hints::give(&mut desk, known);
    let standings = (0..dues.len()).map(|at| desk.standing(at)).collect();
    (desk.decisions.into_iter().flatten().collect(), standings)
}

/// All that is looked at, and what was decided so far.
struct Desk<'a> {
    dues: &'a [Due],
    credits: &'a [Credit],
    by_code: HashMap<&'a str, usize>,
    by_batch_code: HashMap<&'a str, Vec<usize>>,
    /// What is left of each request.
    left: Vec<i64>,
    /// Requests of which too much was paid.
    over: HashSet<usize>,
    /// Payments under a batch code whose sum is not exact yet, the oldest first, with those that a person matched in part.
    pools: BTreeMap<&'a str, Vec<usize>>,
    /// All codes of those payments that name single requests beside the code for all.
    beside: HashMap<usize, Vec<String>>,
    decisions: Vec<Option<Decision>>,
}

impl<'a> Desk<'a> {
    fn new(dues: &'a [Due], credits: &'a [Credit]) -> Desk<'a> {
        let mut by_batch_code: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, due) in dues.iter().enumerate() {
            if let Some(code) = due.batch_code.as_deref() {
                by_batch_code.entry(code).or_default().push(at);
            }
        }
        Desk {
            dues,
            credits,
            by_code: dues.iter().enumerate().map(|(at, due)| (due.code.as_str(), at)).collect(),
            by_batch_code,
            left: dues.iter().map(|due| if due.is_cancelled { 0 } else { due.amount }).collect(),
            over: HashSet::new(),
            pools: BTreeMap::new(),
            beside: HashMap::new(),
            decisions: vec![None; credits.len()],
        }
    }

    /// In the place of what was decided of it before, if anything.
    fn decide(&mut self, at: usize, tier: Tier, evidence: Evidence) {
        self.decisions[at] = None;
        self.allocate(at, tier, Vec::new(), evidence);
    }

    fn allocate(&mut self, at: usize, tier: Tier, to: Vec<(usize, i64)>, evidence: Evidence) {
        let dues = self.dues;
        let touched: BTreeSet<&'a str> =
            to.iter().filter_map(|(due, _)| dues[*due].batch_code.as_deref()).collect();
        self.pay(at, tier, to, evidence);
        for code in touched {
            self.settle_pool(code);
        }
    }

    /// Adds to what a payment pays already, as was decided of it then.
    fn pay(&mut self, at: usize, tier: Tier, to: Vec<(usize, i64)>, evidence: Evidence) {
        let (id, state) = (self.credits[at].id, tier.state());
        let new = || Decision { id, state, tier, allocations: Vec::new(), evidence };
        let decision = self.decisions[at].get_or_insert_with(new);
        for (due, amount) in to {
            self.left[due] -= amount;
            let code = &self.dues[due].code;
            match decision.allocations.iter_mut().find(|(it, _)| it == code) {
                Some((_, paid)) => *paid += amount,
                None => decision.allocations.push((code.clone(), amount)),
            }
        }
    }

    /// What of a payment pays for nothing.
    fn free(&self, at: usize) -> i64 {
        let paid = self.decisions[at].iter().flat_map(|it| &it.allocations);
        self.credits[at].amount - paid.map(|(_, amount)| amount).sum::<i64>()
    }

    /// What a person said goes before all else.
    fn by_hand(&mut self, at: usize) {
        let credit = &self.credits[at];
        let Some(said) = credit.by_hand.as_ref().filter(|_| credit.same.is_none()) else { return };
        // What was given back since pays for nothing.
        let mut rest = credit.amount;
        if rest == 0 {
            return;
        }
        let mut to = Vec::new();
        for (code, amount) in said {
            // What was cancelled since frees its money.
            let due = self.by_code.get(code.as_str()).copied();
            let due = due.filter(|due| !self.dues[*due].is_cancelled);
            let part = due.map(|due| (due, (*amount).min(self.left[due]).min(rest)));
            if let Some((due, amount)) = part.filter(|(_, amount)| *amount > 0) {
                rest -= amount;
                to.push((due, amount));
            }
        }
        let codes = said.iter().map(|(code, _)| code.clone()).collect();
        self.allocate(at, Tier::ByHand, to, Evidence { codes, ..Evidence::default() });
    }

    /// Those of the codes that were given to somebody.
    fn known(&self, codes: &[String]) -> Vec<String> {
        let is_known =
            |code: &&String| self.by_code.contains_key(code.as_str()) || self.is_batch_code(code);
        codes.iter().filter(is_known).cloned().collect()
    }

    fn by_codes(&mut self, at: usize, codes: Vec<String>) {
        let known = self.known(&codes);
        match known.as_slice() {
            [] if codes.is_empty() => {}
            [] => self.decide(at, Tier::UnknownCode, Evidence { codes, ..Evidence::default() }),
            [code] if self.is_batch_code(code) => self.by_batch_code(at, code),
            [code] => self.by_one_code(at, code),
            _ => self.by_several_codes(at, known),
        }
    }

    fn is_batch_code(&self, code: &str) -> bool {
        self.by_batch_code.contains_key(code)
    }

    fn by_one_code(&mut self, at: usize, code: &str) {
        let Some(due) = self.by_code.get(code).copied() else { return };
        let (credit, left) = (&self.credits[at], self.left[due]);
        let evidence =
            Evidence { codes: vec![code.to_owned()], left: Some(left), ..Evidence::default() };
        if credit.not_for.contains(code) {
            return self.decide(at, Tier::Parted, evidence);
        }
        let (tier, taken) = match credit.amount {
            _ if self.dues[due].is_cancelled => (Tier::Cancelled, 0),
            _ if left == 0 => (Tier::PaidBefore, 0),
            amount if amount == left => (Tier::Code, left),
            amount if amount < left => (Tier::CodePartly, amount),
            _ => (Tier::CodeOver, left),
        };
        if tier == Tier::CodeOver {
            self.over.insert(due);
        }
        let to = if taken > 0 { vec![(due, taken)] } else { Vec::new() };
        self.allocate(at, tier, to, evidence);
    }

    /// The parts of a payment are matched when the rest has come; so is what a person matched.
    fn make_whole(&mut self) {
        for (decision, credit) in self.decisions.iter_mut().zip(self.credits) {
            let waits = |it: &&mut Decision| matches!(it.tier, Tier::CodePartly | Tier::ByHand);
            let Some(decision) = decision.as_mut().filter(waits) else { continue };
            let allocated: i64 = decision.allocations.iter().map(|(_, amount)| amount).sum();
            let is_paid = |code: &String| {
                self.by_code.get(code.as_str()).is_some_and(|due| self.left[*due] == 0)
            };
            let is_whole = allocated == credit.amount
                && decision.allocations.iter().all(|(code, _)| is_paid(code));
            match decision.tier {
                Tier::ByHand if !is_whole => decision.state = PaymentState::Held,
                Tier::CodePartly if is_whole => {
                    (decision.tier, decision.state) = (Tier::Parts, Tier::Parts.state());
                }
                _ => {}
            }
        }
    }

    fn standing(&self, at: usize) -> Standing {
        let due = &self.dues[at];
        let paid = if due.is_cancelled { 0 } else { due.amount - self.left[at] };
        let state = match self.left[at] {
            _ if due.is_cancelled => RequestState::Cancelled,
            _ if self.over.contains(&at) => RequestState::Overpaid,
            0 => RequestState::Paid,
            left if left == due.amount => RequestState::Open,
            _ => RequestState::PartlyPaid,
        };
        Standing { code: due.code.clone(), paid, state }
    }
}
