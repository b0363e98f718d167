//! Several codes in one memo: of single requests, also beside the code for all of a payer. They pay where they can be read
//! in just one way that is exactly the amount, and codes of different payers all of them together alone; else a person
//! decides, and what names the code for all of its only payer waits under it.

use std::collections::BTreeSet;

use super::{Desk, Evidence};
use crate::domain::payment::Tier;

impl<'a> Desk<'a> {
    /// Pays exactly what is left of all of them together; where the code for all stands beside its own single ones, also
    /// what is left of that code or of these.
    pub(super) fn by_several_codes(&mut self, at: usize, codes: Vec<String>) {
        let (dues, settled) = (self.open_of(&codes), self.settled(&codes));
        let not_for = &self.credits[at].not_for;
        let is_parted = dues.iter().any(|due| not_for.contains(&self.dues[*due].code))
            || settled.iter().any(|code| not_for.contains(code));
        if !is_parted && let Some((codes, dues)) = self.only_exact(at, &codes) {
            let tier = match codes.as_slice() {
                [code] if self.is_batch_code(code) => Tier::BatchCode,
                [_] => Tier::Code,
                _ => Tier::SeveralCodes,
            };
            let (left, settled) = (Some(self.left_of(&dues)), self.settled(&codes));
            let evidence = Evidence { codes, left, settled, ..Evidence::default() };
            let to = dues.into_iter().map(|due| (due, self.left[due])).collect();
            self.allocate(at, tier, to, evidence);
        } else if let Some(code) = self.pool_of(&codes) {
            self.beside.insert(at, codes);
            self.by_batch_code(at, code);
        } else {
            let tier = if is_parted { Tier::Parted } else { Tier::SeveralOther };
            let left = Some(self.left_of(&dues));
            self.decide(at, tier, Evidence { codes, left, settled, ..Evidence::default() });
        }
    }

    /// The codes that are exactly the amount, with what is open under them; nothing where other codes with other requests
    /// are it, too.
    fn only_exact(&self, at: usize, codes: &[String]) -> Option<(Vec<String>, Vec<usize>)> {
        let mut ways = vec![codes.to_vec()];
        // Of two payers' codes one may be a leftover of an old form, whichever of them the amount fits.
        if self.pool_of(codes).is_some() {
            let (of_all, single): (Vec<String>, Vec<String>) =
                codes.iter().cloned().partition(|code| self.is_batch_code(code));
            ways.extend([of_all, single]);
        }
        let is_exact = |(_, dues): &(Vec<String>, Vec<usize>)| {
            self.left_of(dues) == self.credits[at].amount && self.is_clear(codes, dues)
        };
        let open = |way: Vec<String>| {
            let dues = self.open_of(&way);
            (way, dues)
        };
        let mut exact = ways.into_iter().map(open).filter(is_exact);
        let only = exact.next()?;
        exact.all(|(_, dues)| dues == only.1).then_some(only)
    }

    /// One that is paid already may stand among the codes of one payer where two or more requests are open; of one alone,
    /// and of another payer, it could as well be paid twice.
    pub(super) fn is_clear(&self, codes: &[String], open: &[usize]) -> bool {
        let settled = self.settled(codes);
        let is_cancelled =
            |code: &String| self.named_by(code).iter().all(|due| self.dues[*due].is_cancelled);
        settled.is_empty()
            || (open.len() > 1 && self.is_of_one(codes) && !settled.iter().any(is_cancelled))
    }

    /// Whether all that these codes name is to be paid by one payer.
    fn is_of_one(&self, codes: &[String]) -> bool {
        let named = codes.iter().flat_map(|code| self.named_by(code));
        let payers: BTreeSet<&str> = named.map(|due| self.dues[*due].payer.as_str()).collect();
        payers.len() < 2
    }

    /// The request of a code, or all of those that one for all pays.
    fn named_by(&self, code: &str) -> &[usize] {
        let one = || self.by_code.get(code).map(std::slice::from_ref);
        self.by_batch_code.get(code).map(Vec::as_slice).or_else(one).unwrap_or_default()
    }

    /// The code for all of a payer, where it is the only one and the others are of requests under it.
    pub(super) fn pool_of(&self, codes: &[String]) -> Option<&'a str> {
        let mut of_all =
            codes.iter().filter_map(|code| self.by_batch_code.get_key_value(code.as_str()));
        let (Some((all, under)), None) = (of_all.next(), of_all.next()) else { return None };
        let is_under = |code: &String| {
            code == all || self.by_code.get(code.as_str()).is_some_and(|due| under.contains(due))
        };
        codes.iter().all(is_under).then_some(*all)
    }

    /// What is not paid yet of all that these codes name, each once, in its order.
    fn open_of(&self, codes: &[String]) -> Vec<usize> {
        let single = codes.iter().filter_map(|code| self.by_code.get(code.as_str()).copied());
        let single = single.filter(|due| self.left[*due] > 0);
        let mut dues: Vec<usize> = codes.iter().flat_map(|code| self.open_under(code)).collect();
        dues.extend(single);
        dues.sort_unstable();
        dues.dedup();
        dues
    }

    /// Those of the codes of which all was paid or cancelled before.
    pub(super) fn settled(&self, codes: &[String]) -> Vec<String> {
        let is_settled =
            |code: &&String| self.named_by(code).iter().all(|due| self.left[*due] == 0);
        codes.iter().filter(is_settled).cloned().collect()
    }
}
