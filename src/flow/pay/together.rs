//! What several payments of one payer have together, where none alone is enough for what else is open of that payer.
//! Which payments have codes of a payer is said by `candidates`.

use std::collections::{HashMap, HashSet};

/// Firm and address.
pub(super) type Payer<'a> = (&'a str, &'a str);

/// What is unused of the payments with codes of payers.
#[derive(Debug, Default)]
pub(super) struct Together<'a> {
    of_payers: HashMap<Payer<'a>, Unused>,
    /// The same without what a person said not to be for a request, by its place.
    of_requests: HashMap<usize, Unused>,
}

/// What pays for nothing of some payments, in đồng.
#[derive(Clone, Copy, Debug, Default)]
struct Unused {
    sum: i64,
    /// Of the one that has most.
    most: i64,
}

impl<'a> Together<'a> {
    /// Of the payments of each payer, by their numbers, with what is unused of each, in đồng; `parted` are those that are not
    /// for a request, by its place and its payer.
    pub fn of(
        payments: &HashMap<Payer<'a>, Vec<(i64, i64)>>,
        parted: &HashMap<(usize, Payer<'a>), HashSet<i64>>,
    ) -> Together<'a> {
        let all = |payer: &Payer<'a>| payments.get(payer).into_iter().flatten();
        let but = |((at, payer), parted): (&(usize, Payer<'a>), &HashSet<i64>)| {
            (*at, Unused::of(all(payer).filter(|(payment, _)| !parted.contains(payment))))
        };
        Together {
            of_payers: payments.keys().map(|it| (*it, Unused::of(all(it)))).collect(),
            of_requests: parted.iter().map(but).collect(),
        }
    }

    /// Whether they have what is left of a request, in đồng, and none has it alone.
    pub fn has(&self, (at, payer): (usize, Payer<'a>), left: i64) -> bool {
        let unused = self.of_requests.get(&at).or_else(|| self.of_payers.get(&payer));
        unused.is_some_and(|it| it.most < left && left <= it.sum)
    }
}

impl Unused {
    fn of<'a>(payments: impl Iterator<Item = &'a (i64, i64)>) -> Unused {
        let add = |it: Unused, (_, free): &(i64, i64)| Unused {
            sum: it.sum + free,
            most: it.most.max(*free),
        };
        payments.fold(Unused::default(), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_payments_are_enough_where_none_alone_is_and_what_is_not_for_a_request_counts_not() {
        let payer = ("MINHAN", "a@b.vn");
        let payments = HashMap::from([(payer, vec![(1, 1_475_000), (2, 1_475_000), (3, 5_000)])]);
        let parted = HashMap::from([((7, payer), HashSet::from([1]))]);
        let together = Together::of(&payments, &parted);
        let has = |at, left| together.has((at, payer), left);
        let enough = [1_475_000, 1_475_001, 2_955_000, 2_955_001].map(|left| has(0, left));
        assert_eq!(enough, [false, true, true, false]);
        assert_eq!([1_475_001, 1_480_000, 1_480_001].map(|left| has(7, left)), [true, true, false]);
        assert!(!together.has((0, ("PHUCTHINH", "a@b.vn")), 2_955_000), "at another firm");
    }
}
