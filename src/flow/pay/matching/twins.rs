//! One payment that two layouts of a bank told, with the bank's reference and without, and not in the same words: it is
//! not counted twice, a person looks, also where one of them was given back since; so it is where two statements have
//! other references for what else is the same. Lines of the same words are known as one where statements are taken in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Credit;
use crate::flow::pay::memo;

/// So much of a memo without a code says that another one with all of it is the same.
const LEAST: usize = 12;

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
        for at in open.into_iter().filter(is_open) {
            let is_known = told.iter().any(|told| words[told].squeezed == words[&at].squeezed);
            let like = told.iter().position(|told| words[told].may_be(&words[&at]));
            if let Some(like) = like.filter(|_| !is_known) {
                twins.insert(at, credits[told.remove(like)].id);
            }
        }
    }
    // Where that one was deleted since, so is the question.
    let ids: HashSet<i64> = credits.iter().map(|credit| credit.id).collect();
    for at in (0..credits.len()).filter(is_open) {
        let like = credits[at].may_be.filter(|it| ids.contains(it));
        twins.extend(like.map(|like| (at, like)));
    }
    twins
}

struct Words {
    squeezed: String,
    codes: BTreeSet<String>,
}

impl Words {
    fn of(text: &str, prefixes: &BTreeSet<String>) -> Words {
        let squeezed = memo::squeezed(text);
        let codes = memo::codes(&squeezed, prefixes).iter().map(ToString::to_string).collect();
        Words { squeezed, codes }
    }

    /// The same codes; without any, all the words of the one in the other.
    fn may_be(&self, other: &Words) -> bool {
        let (a, b) = (&self.squeezed, &other.squeezed);
        let is_part = || a.len().min(b.len()) >= LEAST && (a.contains(b) || b.contains(a));
        self.codes == other.codes && (!self.codes.is_empty() || is_part())
    }
}
