//! What a payment without an intact code may be for: near misses, order codes, payers a person once approved, and the
//! one set of a firm's open requests with exactly its sum. Nothing is allocated by a hint.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Desk, Evidence, Known};
use crate::{
    domain::payment::Tier,
    flow::pay::memo::{self, Near},
};

/// Amounts of one firm that are tried with each other, and how often at most.
const AMOUNTS: usize = 8;
const TRIES: usize = 20_000;

/// Decides about all that nothing was decided of.
pub(super) fn give(desk: &mut Desk<'_>, known: &Known) {
    let undecided: Vec<usize> =
        (0..desk.credits.len()).filter(|at| desk.decisions[*at].is_none()).collect();
    let unknown = |at: &usize| {
        desk.decisions[*at].as_ref().is_some_and(|decision| decision.tier == Tier::UnknownCode)
    };
    let to_hint: Vec<usize> = (0..desk.credits.len()).filter(unknown).chain(undecided).collect();
    if to_hint.is_empty() {
        return;
    }
    let of_batches = desk.by_batch_code.keys().copied();
    let clues = Clues {
        near: Near::of(desk.dues.iter().map(|due| due.code.as_str()).chain(of_batches)),
        open: Open::of(desk, known),
        sums: Sums::of(desk),
    };
    for at in to_hint {
        let hint = hint(desk, at, known, &clues);
        match (hint, &desk.decisions[at]) {
            (Some((tier, evidence)), _) => desk.decide(at, tier, evidence),
            (None, Some(_)) => {}
            (None, None) if desk.credits[at].not_for.is_empty() => {
                desk.decide(at, Tier::Nothing, Evidence::default());
            }
            (None, None) => desk.decide(at, Tier::Parted, Evidence::default()),
        }
    }
}

/// What all hints are found by. A hint allocates nothing, so that it holds for all of them.
struct Clues<'a> {
    near: Near<'a>,
    open: Open<'a>,
    sums: Sums<'a>,
}

/// Requests of which something is left, in their order.
struct Open<'a> {
    by_order: HashMap<&'a str, Vec<usize>>,
    /// Of payers for whom a person approved that somebody else pays.
    by_payer: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Open<'a> {
    fn of(desk: &Desk<'a>, known: &Known) -> Open<'a> {
        let payers: HashSet<&str> = known.payers.values().flatten().map(String::as_str).collect();
        let mut open = Open { by_order: HashMap::new(), by_payer: HashMap::new() };
        let left = desk.dues.iter().zip(&desk.left).enumerate().filter(|(_, (_, left))| **left > 0);
        for (at, (due, _)) in left {
            open.by_order.entry(due.order.as_str()).or_default().push(at);
            if payers.contains(due.payer.as_str()) {
                open.by_payer.entry(due.payer.as_str()).or_default().push(at);
            }
        }
        open
    }
}

/// The codes of the requests that are found under any of these names, in the order of the requests.
fn found(
    desk: &Desk<'_>,
    by_name: &HashMap<&str, Vec<usize>>,
    names: &BTreeSet<String>,
) -> Vec<String> {
    let found = names.iter().filter_map(|name| by_name.get(name.as_str()));
    let found: BTreeSet<usize> = found.flatten().copied().collect();
    found.into_iter().map(|due| desk.dues[due].code.clone()).collect()
}

/// The likeliest reason alone.
fn hint(
    desk: &Desk<'_>,
    at: usize,
    known: &Known,
    Clues { near, open, sums }: &Clues<'_>,
) -> Option<(Tier, Evidence)> {
    let credit = &desk.credits[at];
    let squeezed = memo::squeezed(&credit.memo);
    let named = |tier: Tier, candidates: Vec<String>| {
        let mut candidates = candidates;
        candidates.retain(|code| !credit.not_for.contains(code));
        (!candidates.is_empty()).then(|| (tier, Evidence { candidates, ..Evidence::default() }))
    };
    let like = near.find(&squeezed).into_iter().map(str::to_owned).collect();
    if let Some(hint) = named(Tier::NearMiss, like) {
        return Some(hint);
    }
    let orders: BTreeSet<String> =
        memo::orders(&squeezed).iter().map(ToString::to_string).collect();
    if let Some(hint) = named(Tier::OrderCode, found(desk, &open.by_order, &orders)) {
        return Some(hint);
    }
    if let Some(payers) = credit.from.as_ref().and_then(|from| known.payers.get(from))
        && let Some(hint) = named(Tier::KnownPayer, found(desk, &open.by_payer, payers))
    {
        return Some(hint);
    }
    let (codes, sum) = sums.only(credit.amount)?;
    let (tier, evidence) = named(Tier::Subset, codes)?;
    Some((tier, Evidence { sum: Some(sum), ..evidence }))
}

/// What of each firm is open, by amounts.
struct Sums<'a>(Vec<Vec<(i64, Vec<&'a str>)>>);

impl<'a> Sums<'a> {
    fn of(desk: &Desk<'a>) -> Sums<'a> {
        let mut firms: BTreeMap<&str, BTreeMap<i64, Vec<&'a str>>> = BTreeMap::new();
        for (due, left) in desk.dues.iter().zip(&desk.left).filter(|(_, left)| **left > 0) {
            let amounts = firms.entry(due.firm.as_str()).or_default();
            amounts.entry(*left).or_default().push(due.code.as_str());
        }
        Sums(firms.into_values().map(|amounts| amounts.into_iter().collect()).collect())
    }

    /// The only set of requests of one firm with this sum, and how the sum comes about.
    fn only(&self, amount: i64) -> Option<(Vec<String>, String)> {
        let mut found = None;
        for amounts in &self.0 {
            match of_firm(amounts, amount) {
                Sets::None => {}
                Sets::One(counts) if found.is_none() => found = Some((amounts, counts)),
                Sets::One(_) | Sets::Several => return None,
            }
        }
        let (amounts, counts) = found?;
        let used = || amounts.iter().zip(&counts).filter(|(_, count)| **count > 0);
        let codes =
            used().flat_map(|((_, codes), _)| codes).map(|code| (*code).to_owned()).collect();
        let terms: Vec<String> =
            used().map(|((amount, _), count)| format!("{count} × {amount}")).collect();
        Some((codes, terms.join(" + ")))
    }
}

enum Sets {
    None,
    /// How many of each amount; of equal requests it is all or none.
    One(Vec<usize>),
    Several,
}

fn of_firm(amounts: &[(i64, Vec<&str>)], amount: i64) -> Sets {
    if amounts.len() > AMOUNTS {
        return Sets::Several;
    }
    let mut search =
        Search { amounts, counts: vec![0; amounts.len()], found: Vec::new(), tries: 0 };
    search.from(0, amount);
    let is_whole = |counts: &Vec<usize>| {
        counts.iter().zip(amounts).all(|(count, (_, codes))| *count == 0 || *count == codes.len())
    };
    match search.found.as_slice() {
        _ if search.tries >= TRIES => Sets::Several,
        [] => Sets::None,
        [only] if is_whole(only) => Sets::One(only.clone()),
        _ => Sets::Several,
    }
}

struct Search<'a> {
    amounts: &'a [(i64, Vec<&'a str>)],
    counts: Vec<usize>,
    found: Vec<Vec<usize>>,
    tries: usize,
}

impl Search<'_> {
    fn from(&mut self, at: usize, rest: i64) {
        self.tries += 1;
        if self.found.len() > 1 || self.tries >= TRIES {
            return;
        }
        if rest == 0 {
            self.found.push(self.counts.clone());
            return;
        }
        let Some((amount, codes)) = self.amounts.get(at) else { return };
        let most = usize::try_from(rest / amount).unwrap_or(0).min(codes.len());
        for count in (0..=most).rev() {
            self.counts[at] = count;
            self.from(at + 1, rest - amount * i64::try_from(count).unwrap_or(0));
        }
        self.counts[at] = 0;
    }
}
