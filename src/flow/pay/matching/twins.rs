//! One payment that two layouts of a bank told, with the bank's reference and without, and not in the same words: it is
//! not counted twice, a person looks, also where one of them was given back since; so it is where two statements have
//! other references for what else is the same. Lines of the same words are known as one where statements are taken in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Credit;
use crate::flow::pay::memo::Words;

/// Payments without a reference, or with another one, each with one of the same day and amount that may be it; what a person said to be one
/// is not asked about again.
pub(super) fn of(credits: &[Credit], prefixes: &BTreeSet<String>) -> HashMap<usize, i64> {
    let mut days: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, credit) in credits.iter().enumerate() {
        days.entry((&credit.account, credit.booked_on, credit.told)).or_default().push(at);
    }
    let named: HashSet<i64> = credits.iter().filter_map(|credit| credit.same).collect();
    let is_open = |at: &usize| {
        let credit = &credits[*at];
        credit.by_hand.is_none() && credit.same.is_none() && !named.contains(&credit.id)
    };
    let mut twins = HashMap::new();
    for mut at in days.into_values().filter(|at| at.len() > 1) {
        at.sort_by_key(|at| (credits[*at].fingerprint.as_str(), credits[*at].id));
        let (mut told, open): (Vec<usize>, Vec<usize>) =
            at.into_iter().partition(|at| credits[*at].has_reference);
        let words: HashMap<usize, Words> = told
            .iter()
            .chain(&open)
            .map(|at| (*at, Words::of(&credits[*at].memo, prefixes)))
            .collect();
        told.retain(|at| !named.contains(&credits[*at].id));
        let is_known =
            |at: &usize| told.iter().any(|told| words[told].squeezed == words[at].squeezed);
        let of_open = open.into_iter().filter(|at| is_open(at) && !is_known(at)).map(|at| {
            let like = told.iter().copied().filter(|told| words[told].may_be(&words[&at]));
            (at, like.collect())
        });
        let pairs = Pairs::of(of_open.collect()).taken;
        twins.extend(pairs.into_iter().map(|(told, at)| (at, credits[told].id)));
    }
    // Where that one was deleted since, so is the question.
    let ids: HashSet<i64> = credits.iter().map(|credit| credit.id).collect();
    for at in (0..credits.len()).filter(is_open) {
        let like = credits[at].may_be.filter(|it| ids.contains(it));
        twins.extend(like.map(|like| (at, like)));
    }
    twins
}

/// As many pairs as there can be: what is like two does not take the only one that another is like.
struct Pairs {
    /// From each one to all that it is like.
    like: BTreeMap<usize, Vec<usize>>,
    /// From what is taken to what is like it.
    taken: BTreeMap<usize, usize>,
}

impl Pairs {
    fn of(like: Vec<(usize, Vec<usize>)>) -> Pairs {
        let order: Vec<usize> = like.iter().map(|(one, _)| *one).collect();
        let mut pairs = Pairs { like: like.into_iter().collect(), taken: BTreeMap::new() };
        let mut tried = BTreeSet::new();
        for one in order {
            // Where nothing could be moved, nothing can be until another pair is found.
            if pairs.place(one, &mut tried) {
                tried.clear();
            }
        }
        pairs
    }

    /// Where all that it is like are taken, one of these moves on to another.
    fn place(&mut self, one: usize, tried: &mut BTreeSet<usize>) -> bool {
        let like = self.like[&one].clone();
        let free = like.iter().copied().find(|it| !self.taken.contains_key(it));
        let found = free.or_else(|| {
            like.into_iter().find(|it| tried.insert(*it) && self.place(self.taken[it], tried))
        });
        let Some(found) = found else { return false };
        self.taken.insert(found, one);
        true
    }
}
