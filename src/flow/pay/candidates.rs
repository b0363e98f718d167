//! What a payment that waits may be for, the likeliest first, and of each why it is not matched by itself.
//! Deciding is the business of people.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    names::{self, Sign},
    not_for::NotFor,
    pooled::{Lying, is_under},
    together::{Payer, Together},
    why_not::{of_its_own, why_not},
};
use crate::{
    db::{
        dues::Due,
        payments::{Allocation, Payment},
    },
    domain::{money::Money, order::RequestState, payment::Tier, words::words},
    text::Texts,
};

/// So many are shown.
const SHOWN: usize = 4;
/// Less, in đồng, is no sign by itself: such rests are many.
pub(super) const TELLING: i64 = 10_000;

words! {
    /// Why a payment is not matched with a request by itself.
    pub enum WhyNot {
        Cancelled = "cancelled",
        /// By other payments: all of this one is too much.
        PaidBefore = "paid_before",
        /// The same, where what this payment has may be for others.
        Settled = "settled",
        /// This payment paid all of it, and has more, which is for nothing else.
        Over = "over",
        /// This payment paid the rest of it.
        Paid = "paid",
        /// This payment paid a part of it.
        Part = "part",
        /// A person said that it is not for this.
        Parted = "parted",
        /// It is less than what is left.
        Less = "less",
        More = "more",
        /// The memo has the code for all of its payer's, which is paid at once or not at all.
        OfAll = "of_all",
        /// The same of nearly that code.
        NearAll = "near_all",
        /// The amount is right and the memo names it; something else is in the way.
        Named = "named",
        /// The amount is right, and the memo has nearly its code.
        NearMiss = "near_miss",
        /// The payment has the code of one of the same payer's, and exactly what is missing under the code for all of them.
        Fills = "fills",
        /// The payment has the code of another one of the same payer's, and enough for this one, too.
        SamePayer = "same_payer",
        /// The same of all payments of that payer together; none alone has enough.
        Together = "together",
        /// The amount is right, and the memo has its name alone.
        Name = "name",
        /// The same of who pays.
        Payer = "payer",
        /// The amount is right, and the memo does not name it.
        NoCode = "no_code",
    }
}

/// What speaks for a request, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clue {
    Code,
    NearMiss,
    /// The code of another one of its payer's at its firm, and enough for this one.
    SamePayer,
    /// Its name, and its amount.
    Name,
    /// What else the matching found, with the amount of this one and without.
    LikelyAmount,
    Likely,
    /// Its name alone, where it is open.
    NameAlone,
    Amount,
    /// The code is there, and a person said that it is not for this.
    Parted,
}

/// A request that a payment may be for.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    pub due: &'a Due,
    /// Its own code; that for all of its payer where it is about all of them.
    pub code: &'a str,
    /// In đồng.
    pub left: i64,
    /// What of the payment pays for nothing, in đồng.
    pub free: i64,
    /// What the payment pays of it, in đồng.
    pub own: i64,
    pub why_not: WhyNot,
}

/// Those that are shown, the likeliest first, and how many more there are.
#[derive(Clone, Debug)]
pub struct Candidates<'a> {
    pub shown: Vec<Candidate<'a>>,
    pub more: usize,
}

/// All requests, to be found by what speaks for them: each by its place.
pub struct Requests<'a> {
    dues: &'a [Due],
    /// By their codes, and those of all of a payer's.
    codes: HashMap<&'a str, Vec<usize>>,
    /// By what is left of them, where anything is.
    left: HashMap<i64, Vec<usize>>,
    /// The same by the names by which memos call them, and how surely.
    names: HashMap<String, Vec<(usize, Sign)>>,
    /// The open ones of payers, each at a firm.
    of_payer: HashMap<Payer<'a>, Vec<usize>>,
    /// What lies under codes for all of a payer, in đồng.
    came: HashMap<&'a str, i64>,
    /// What is unused of the payments with codes of payers, each at a firm.
    unused: Together<'a>,
    not_for: &'a NotFor,
    /// What is left of all of a payer's of a list, and of a firm, in đồng.
    of_batch: HashMap<(i64, &'a str), i64>,
    of_firm: HashMap<(&'a str, &'a str), i64>,
}

impl<'a> Requests<'a> {
    pub fn of(dues: &'a [Due], not_for: &'a NotFor) -> Requests<'a> {
        let mut all = Requests {
            dues,
            codes: HashMap::new(),
            left: HashMap::new(),
            names: HashMap::new(),
            of_payer: HashMap::new(),
            came: HashMap::new(),
            unused: Together::default(),
            not_for,
            of_batch: HashMap::new(),
            of_firm: HashMap::new(),
        };
        for (at, due) in dues.iter().enumerate() {
            for code in [Some(&due.code), due.batch_code.as_ref()].into_iter().flatten() {
                all.codes.entry(code.as_str()).or_default().push(at);
            }
            let left = left(due);
            if left > 0 {
                all.left.entry(left).or_default().push(at);
                for phrase in
                    [&due.name, &due.payer_name].into_iter().flat_map(|it| names::phrases(it))
                {
                    all.names.entry(phrase.words).or_default().push((at, phrase.sign));
                }
                let payer = due.payer_email.as_str();
                *all.of_batch.entry((due.batch_id, payer)).or_default() += left;
                all.of_payer.entry((due.firm.as_str(), payer)).or_default().push(at);
                *all.of_firm.entry((due.firm.as_str(), payer)).or_default() += left;
            }
        }
        all
    }

    /// With what lies under codes for all of a payer, and what is unused of each payer: of each payment what pays for
    /// nothing, in đồng.
    #[must_use]
    pub fn and_pools(mut self, payments: impl Iterator<Item = (&'a Payment, i64)>) -> Requests<'a> {
        let mut of_payers: HashMap<Payer<'a>, Vec<(i64, i64)>> = HashMap::new();
        let mut parted: HashMap<(usize, Payer<'a>), HashSet<i64>> = HashMap::new();
        for (payment, free) in payments {
            let evidence = &payment.evidence.0;
            let codes = named(evidence, "codes").into_iter();
            for code in codes.filter(|code| is_under(payment.tier, evidence, code)) {
                *self.came.entry(code).or_default() += free;
            }
            if payment.tier != Tier::Parted {
                for payer in self.payers(&self.telling(payment)) {
                    of_payers.entry(payer).or_default().push((payment.id, free));
                }
            }
            for at in self.parted(payment) {
                parted.entry((at, self.payer(at))).or_default().insert(payment.id);
            }
        }
        self.unused = Together::of(&of_payers, &parted);
        self
    }

    /// Those that a person said a payment is not for.
    fn parted(&self, payment: &Payment) -> BTreeSet<usize> {
        let mut parted = self.with_codes(self.not_for.of(payment.id));
        let decided = (payment.id, payment.tier, &payment.evidence.0);
        parted.retain(|at| {
            let due = &self.dues[*at];
            self.not_for.parts(decided, (&due.code, due.batch_code.as_deref()))
        });
        parted
    }

    /// Those whose codes say who made a payment.
    fn telling(&self, payment: &Payment) -> BTreeSet<usize> {
        self.with_codes(self.not_for.telling_codes(payment.id, &payment.evidence.0))
    }

    /// First the code for all under which exactly so much is missing, then what its memo names, then what it is like, then
    /// what has its amount; of these what is open before what is not, and what has its amount and its name before others.
    /// What a person said that it is not for is told where its memo has that code, and else is none of them.
    pub fn for_payment(&self, payment: &Payment, parts: &[Allocation]) -> Candidates<'a> {
        let paid: i64 = parts.iter().map(|part| part.amount).sum();
        let free = payment.amount().as_dong() - payment.returned - paid;
        let has_amount = |at: &usize| free > 0 && left(&self.dues[*at]) == free;
        let codes = self.with_codes(said_codes(&payment.evidence.0));
        let likely = self.with_codes(named(&payment.evidence.0, "candidates"));
        let named = if free > 0 { self.named(payment, free) } else { BTreeSet::new() };
        let (telling, parted) = (self.telling(payment), self.parted(payment));
        let same_payer = match payment.tier {
            Tier::Parted => BTreeSet::new(),
            _ => self.of_payers(&telling, free),
        };
        let clue = |at: &usize| match payment.tier {
            Tier::Parted if codes.contains(at) => Clue::Parted,
            _ if parted.contains(at) => Clue::Parted,
            _ if codes.contains(at) => Clue::Code,
            Tier::NearMiss if likely.contains(at) => Clue::NearMiss,
            _ if same_payer.contains(at) => Clue::SamePayer,
            _ if named.contains(at) && has_amount(at) => Clue::Name,
            _ if likely.contains(at) && has_amount(at) => Clue::LikelyAmount,
            _ if likely.contains(at) => Clue::Likely,
            _ if named.contains(at) => Clue::NameAlone,
            _ => Clue::Amount,
        };
        let others = [&likely, &named, &same_payer].into_iter().flatten();
        let others = others.filter(|at| !parted.contains(at));
        let mut all: BTreeSet<usize> = codes.iter().chain(others).copied().collect();
        let is_known = |at: &usize| all.contains(at) || parted.contains(at);
        // Of very many with its amount alone no more can be shown; the others are counted.
        let of_amount = self.with_left(free).count()
            - all.union(&parted).filter(|at| self.has_left(**at, free)).count();
        let alike: Vec<usize> =
            self.with_left(free).filter(|at| !is_known(at)).take(SHOWN).copied().collect();
        let count = all.len() + of_amount;
        all.extend(alike);
        let mut found: Vec<usize> = all.into_iter().collect();
        let is_open = |at: &usize| left(&self.dues[*at]) > 0;
        found.sort_by_key(|at| (clue(at), !is_open(at), !has_amount(at), !named.contains(at)));
        found.truncate(SHOWN);
        let memo = names::read(&payment.memo, None);
        let is_in_memo = |due: &Due| {
            let all = [&due.name, &due.payer_name].into_iter().flat_map(|it| names::phrases(it));
            all.into_iter().any(|phrase| phrase.stands_in(&memo))
        };
        let candidate = |at: &usize| {
            let due = &self.dues[*at];
            let own = parts.iter().filter(|part| part.code == due.code);
            let own: i64 = own.map(|part| part.amount).sum();
            let why_not = match why_not(due, clue(at), (own, free)) {
                WhyNot::Name if !is_in_memo(due) => WhyNot::Payer,
                why_not => of_its_own(due, why_not, &payment.evidence.0),
            };
            Candidate { due, code: &due.code, left: left(due), free, own, why_not }
        };
        let fills = self.filled(payment, &telling, free);
        let count = count + usize::from(fills.is_some());
        let shown: Vec<Candidate<'a>> =
            fills.into_iter().chain(found.iter().map(candidate)).take(SHOWN).collect();
        Candidates { more: count - shown.len(), shown }
    }

    /// The code for all of one of the payers of these, under which something lies and exactly so much is missing, in đồng.
    fn filled(
        &self,
        payment: &Payment,
        codes: &BTreeSet<usize>,
        free: i64,
    ) -> Option<Candidate<'a>> {
        let is_parted = payment.tier == Tier::Parted;
        let open = self.open_of_payers(codes).filter(|_| !is_parted);
        let pools: BTreeMap<&'a str, usize> =
            open.filter_map(|at| Some((self.dues[at].batch_code.as_deref()?, at))).collect();
        let is_filled = |(code, _): &(&str, usize)| {
            let came = self.came.get(code).copied().unwrap_or_default();
            let all = self.codes.get(code).into_iter().flatten();
            let left: i64 = all.map(|at| left(&self.dues[*at])).sum();
            let [under, over, left] = [came, free, left].map(Money::dong);
            let is_there = is_under(payment.tier, &payment.evidence.0, code);
            let is_parted = self.not_for.has(payment.id, code);
            Lying { under, over, left }.is_filled() && !is_there && !is_parted
        };
        let (code, at) = pools.into_iter().find(is_filled)?;
        let due = &self.dues[at];
        Some(Candidate { due, code, left: free, free, own: 0, why_not: WhyNot::Fills })
    }

    /// Those of which exactly so much is left, in đồng, where that is enough to be a sign.
    fn with_left(&self, free: i64) -> impl Iterator<Item = &usize> {
        self.left.get(&free).filter(|_| free >= TELLING).into_iter().flatten()
    }

    fn has_left(&self, at: usize, free: i64) -> bool {
        free >= TELLING && left(&self.dues[at]) == free
    }

    /// What else is open of the payers of these at their firms, and is no more than so much, in đồng, or than what is unused
    /// of all payments of that payer where none alone has so much.
    fn of_payers(&self, codes: &BTreeSet<usize>, free: i64) -> BTreeSet<usize> {
        let is_enough = |at: &usize| {
            let left = left(&self.dues[*at]);
            left <= free || free > 0 && self.unused.has((*at, self.payer(*at)), left)
        };
        let open = self.open_of_payers(codes);
        open.filter(|at| is_enough(at) && !codes.contains(at)).collect()
    }

    fn open_of_payers(&self, codes: &BTreeSet<usize>) -> impl Iterator<Item = usize> {
        let payers = self.payers(codes).into_iter();
        payers.filter_map(|it| self.of_payer.get(&it)).flatten().copied()
    }

    /// Who pays for these, each at a firm.
    fn payers(&self, codes: &BTreeSet<usize>) -> HashSet<Payer<'a>> {
        codes.iter().map(|at| self.payer(*at)).collect()
    }

    fn payer(&self, at: usize) -> Payer<'a> {
        let due = &self.dues[at];
        (due.firm.as_str(), due.payer_email.as_str())
    }

    fn with_codes(&self, codes: HashSet<&str>) -> BTreeSet<usize> {
        codes.into_iter().filter_map(|code| self.codes.get(code)).flatten().copied().collect()
    }

    /// Those whose names stand in a memo, or are that of who pays, and surely, or with exactly what is left of them or of all
    /// of their payers: all words beside each other are looked up.
    fn named(&self, payment: &Payment, free: i64) -> BTreeSet<usize> {
        let read = names::read(&payment.memo, payment.other_name.as_deref());
        let gaps: Vec<usize> = read.match_indices(' ').map(|(at, _)| at).collect();
        let mut named = BTreeSet::new();
        for (n, from) in gaps.iter().enumerate() {
            for to in &gaps[n + 1..] {
                let found = self.names.get(&read[*from..=*to]).into_iter().flatten();
                let is_said = |sign: Sign, at: usize| match sign {
                    Sign::Surely => true,
                    Sign::WithAmount => self.fits(at, free),
                    Sign::BehindForm => names::is_behind_form(&read, *from) && self.fits(at, free),
                };
                named.extend(found.filter(|(at, sign)| is_said(*sign, *at)).map(|(at, _)| *at));
            }
        }
        named
    }

    /// Whether an amount is exactly what is left of a request, or of all of its payer's of its list or firm.
    fn fits(&self, at: usize, free: i64) -> bool {
        let due = &self.dues[at];
        let payer = due.payer_email.as_str();
        free == left(due)
            || self.of_batch.get(&(due.batch_id, payer)) == Some(&free)
            || self.of_firm.get(&(due.firm.as_str(), payer)) == Some(&free)
    }
}

/// The codes that the evidence of a decision has under a name.
pub(super) fn named<'a>(evidence: &'a serde_json::Value, name: &str) -> HashSet<&'a str> {
    let codes = evidence[name].as_array().into_iter().flatten();
    codes.filter_map(|code| code.as_str()).collect()
}

/// The codes that a payment has by its memo, and those that a person said.
pub(super) fn said_codes(evidence: &serde_json::Value) -> HashSet<&str> {
    let mut codes = named(evidence, "codes");
    codes.extend(named(evidence, "memo"));
    codes
}

/// Codes one after the other; of many the first ones, and how many more there are.
pub fn few(texts: &Texts, codes: &[&str]) -> String {
    const NAMED: usize = 5;
    let named = codes.get(..NAMED).unwrap_or(codes).join(", ");
    match codes.len().saturating_sub(NAMED) {
        0 => named,
        n => texts.say("message.and_more_codes", minijinja::context! { named, n }),
    }
}

/// What is not paid of a request, in đồng.
pub fn left(due: &Due) -> i64 {
    let is_open = matches!(due.state, RequestState::Open | RequestState::PartlyPaid);
    if is_open { due.amount - due.waived - due.paid } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(amount: i64) -> Due {
        Due {
            code: format!("HL{amount}"),
            batch_code: None,
            former_code: None,
            line_id: 1,
            line_no: 1,
            batch_id: 1,
            order_code: "DH-2611-000001".parse().unwrap(),
            firm: String::new(),
            payer_email: String::new(),
            payer_name: String::new(),
            name: String::new(),
            amount,
            waived: 0,
            paid: 0,
            state: RequestState::Open,
        }
    }

    #[test]
    fn money_under_the_code_for_all_is_neither_too_much_nor_too_little_for_one_of_them() {
        let due = Due { batch_code: Some("HLALL".to_owned()), ..due(20_000) };
        let of_all = serde_json::json!({ "codes": ["HLALL"], "candidates": ["HL20000"] });
        let said = |why_not, evidence: &serde_json::Value| of_its_own(&due, why_not, evidence);
        for why_not in [WhyNot::Less, WhyNot::More, WhyNot::Named] {
            assert_eq!(said(why_not, &of_all), WhyNot::OfAll);
        }
        assert_eq!(said(WhyNot::Over, &of_all), WhyNot::Paid);
        assert_eq!(said(WhyNot::PaidBefore, &of_all), WhyNot::Settled);
        let nearly = serde_json::json!({ "candidates": ["HLALL"] });
        assert_eq!(said(WhyNot::NearMiss, &nearly), WhyNot::NearAll);
        // Its own code says it of this one.
        let own = serde_json::json!({ "codes": ["HL20000"] });
        for why_not in [WhyNot::Less, WhyNot::More, WhyNot::Over, WhyNot::PaidBefore] {
            assert_eq!(said(why_not, &own), why_not);
        }
        let several = serde_json::json!({ "codes": ["HL20000", "HLOTHER"] });
        assert_eq!(said(WhyNot::Over, &several), WhyNot::Paid);
    }

    #[test]
    fn what_else_is_open_of_a_payer_may_be_paid_with_what_is_enough_for_it() {
        let of = |amount, payer: &str| Due { payer_email: payer.to_owned(), ..due(amount) };
        let dues = [of(20_000, "a"), of(30_000, "a"), of(30_001, "a"), of(30_000, "b")];
        let none = NotFor::default();
        let found = Requests::of(&dues, &none).of_payers(&BTreeSet::from([0]), 30_000);
        assert_eq!(found, BTreeSet::from([1]));
    }

    #[test]
    fn what_several_payments_of_a_payer_have_together_is_enough_where_none_alone_has_it() {
        let two = [due(10), due(30_000)];
        let own = HashMap::from([(("", ""), vec![(1, 10_000), (2, 20_000)])]);
        let unused = Together::of(&own, &HashMap::new());
        let none = NotFor::default();
        let requests = Requests { unused, ..Requests::of(&two, &none) };
        let found = |free| requests.of_payers(&BTreeSet::from([0]), free);
        assert_eq!(found(10_000), BTreeSet::from([1]));
        assert_eq!(found(0), BTreeSet::new(), "nothing of it is unused");
        let why = why_not(&two[1], Clue::SamePayer, (0, 10_000));
        assert_eq!(why, WhyNot::Together);
    }

    #[test]
    fn an_amount_is_a_sign_by_itself_from_10_000_dong_on() {
        let dues = [due(9_999), due(10_000), due(10_001)];
        let none = NotFor::default();
        let requests = Requests::of(&dues, &none);
        let with = |free: i64| requests.with_left(free).copied().collect::<Vec<_>>();
        assert_eq!([with(9_999), with(10_000), with(10_001)], [vec![], vec![1], vec![2]]);
    }
}
