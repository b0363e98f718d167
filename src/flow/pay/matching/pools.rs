//! The code that pays for all of a payer's requests at once: its payments add up until their sum is exact.
//! Codes of single requests are looked at beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desk, Evidence};
use crate::domain::payment::Tier;

/// A payment, and what of it pays which requests, in đồng.
type Share = (usize, Vec<(usize, i64)>);

impl<'a> Desk<'a> {
    /// What of a payer is not paid yet.
    pub(super) fn open_under(&self, batch_code: &str) -> Vec<usize> {
        let all = self.by_batch_code.get(batch_code).into_iter().flatten();
        all.copied().filter(|due| self.left[*due] > 0).collect()
    }

    pub(super) fn by_batch_code(&mut self, at: usize, code: &str) {
        let Some((code, _)) = self.by_batch_code.get_key_value(code) else { return };
        let code: &'a str = code;
        self.pools.entry(code).or_default().push(at);
        self.settle_pool(code);
    }

    /// What a person matched with nothing stays for what its memo says: where that is all of a payer's, under that code;
    /// else, and where it is not for that code as a person said too, it is kept what it says.
    pub(super) fn leave_over(&mut self, at: usize, codes: &[String]) {
        if self.free(at) == 0 {
            return;
        }
        let (mut known, credits) = (self.known(codes), self.credits);
        let not_for = &credits[at].not_for;
        if let Some(code) = self.pool_of(&known).filter(|code| !not_for.contains(*code)) {
            self.by_batch_code(at, code);
        } else if let Some(said) = &mut self.decisions[at] {
            known.retain(|code| !said.evidence.codes.contains(code) && !not_for.contains(code));
            said.evidence.memo = known;
        }
    }

    /// Matches what came under a code when it is exactly what is left. Where all is not, and what nobody said anything of
    /// is, or of that what names no single request, that pays, and the rest waits on.
    pub(super) fn settle_pool(&mut self, code: &'a str) {
        let Some(pool) = self.pools.get(code) else { return };
        let open = self.open_under(code);
        let mut waiting = pool.clone();
        let is_clear =
            |at: &usize| self.beside.get(at).is_none_or(|codes| self.is_clear(codes, &open));
        waiting.retain(|at| self.may_pay(*at, &open) && is_clear(at));
        let mut untouched = waiting.clone();
        untouched.retain(|at| self.decisions[*at].is_none() && !self.is_parted(*at, &open));
        let mut plain = untouched.clone();
        plain.retain(|at| !self.beside.contains_key(at));
        let shares = [waiting, untouched, plain].iter().find_map(|it| self.shares(it, &open));
        let Some(shares) = shares else { return };
        let evidence = Evidence {
            codes: vec![code.to_owned()],
            left: Some(self.left_of(&open)),
            ..Evidence::default()
        };
        for (at, to) in shares {
            self.pay(at, Tier::BatchCode, to, evidence.clone());
            self.pools.entry(code).or_default().retain(|it| *it != at);
        }
    }

    /// What each of these payments pays of what is open, in the order of the requests, where they are exactly that and
    /// none is to pay what a person took it away from.
    fn shares(&self, payments: &[usize], open: &[usize]) -> Option<Vec<Share>> {
        let came: i64 = payments.iter().map(|at| self.free(*at)).sum();
        if open.is_empty() || came != self.left_of(open) {
            return None;
        }
        let mut left: Vec<(usize, i64)> = open.iter().map(|due| (*due, self.left[*due])).collect();
        let mut payments = payments.to_vec();
        // What may not pay all of them goes first.
        payments.sort_by_key(|at| !self.is_parted(*at, open));
        let mut shares = Vec::with_capacity(payments.len());
        for at in payments {
            let (mut rest, mut to) = (self.free(at), Vec::new());
            let not_for = &self.credits[at].not_for;
            left.retain(|(_, left)| *left > 0);
            for (due, left) in &mut left {
                let taken = rest.min(*left);
                if taken > 0 && !not_for.contains(&self.dues[*due].code) {
                    *left -= taken;
                    rest -= taken;
                    to.push((*due, taken));
                }
            }
            if rest > 0 {
                return None;
            }
            shares.push((at, to));
        }
        Some(shares)
    }

    /// Whether a person took a payment away from one of these.
    fn is_parted(&self, at: usize, open: &[usize]) -> bool {
        let not_for = &self.credits[at].not_for;
        !not_for.is_empty() && open.iter().any(|due| not_for.contains(&self.dues[*due].code))
    }

    /// Whether there is one of these that a person did not take a payment away from.
    fn may_pay(&self, at: usize, dues: &[usize]) -> bool {
        let not_for = &self.credits[at].not_for;
        dues.iter().any(|due| !not_for.contains(&self.dues[*due].code))
    }

    /// Whether a payment still waits under a code. What a person matched with all of it and took back does: it pays none of
    /// that by itself again, and what its memo says nobody denied.
    fn may_wait(&self, at: usize, code: &str, dues: &[usize]) -> bool {
        self.may_pay(at, dues) || !self.credits[at].not_for.contains(code)
    }

    /// What stays open under a code, and why.
    pub(super) fn close_pools(&mut self) {
        let moved = |due: &usize| self.left[*due] > 0 && !self.dues[*due].former.is_empty();
        let moved: Vec<usize> = (0..self.dues.len()).filter(moved).collect();
        for (code, pool) in std::mem::take(&mut self.pools) {
            let open = self.open_under(code);
            let all = self.by_batch_code.get(code).cloned().unwrap_or_default();
            let left = self.left_of(&open);
            let among = if open.is_empty() { &all } else { &open };
            let (waiting, parted): (Vec<usize>, Vec<usize>) =
                pool.into_iter().partition(|at| self.may_wait(*at, code, among));
            let came: i64 = waiting.iter().map(|at| self.free(*at)).sum();
            let tier = if all.iter().all(|due| self.dues[*due].is_cancelled) {
                Tier::Cancelled
            } else if open.is_empty() {
                Tier::PaidBefore
            } else if came < left {
                Tier::BatchPartly
            } else {
                Tier::BatchOther
            };
            let told =
                self.told_once(code, (&open, &moved)).filter(|told| self.left_of(told) == came);
            let evidence = Evidence {
                codes: vec![code.to_owned()],
                left: Some(left),
                came: (!open.is_empty()).then_some(came),
                sum: told.as_ref().map(|told| self.sum(told)),
                candidates: told
                    .unwrap_or(open)
                    .iter()
                    .map(|due| self.dues[*due].code.clone())
                    .collect(),
                ..Evidence::default()
            };
            for at in waiting {
                self.wait(at, tier, &evidence);
            }
            for at in parted {
                self.wait(at, Tier::Parted, &evidence);
            }
        }
    }

    /// Of what a person matched, and of what names single requests too, it is told where it waits, if anything is open
    /// there.
    fn wait(&mut self, at: usize, tier: Tier, evidence: &Evidence) {
        let is_open = matches!(tier, Tier::BatchPartly | Tier::BatchOther);
        if let Some(codes) = self.beside.get(&at).filter(|_| is_open) {
            let (under, settled) = (evidence.codes.first().cloned(), self.settled(codes));
            let mut codes = codes.clone();
            codes.sort_by_key(|code| Some(code) != under.as_ref());
            let evidence = Evidence { codes, settled, under, ..evidence.clone() };
            return self.decide(at, Tier::SeveralOther, evidence);
        }
        match &mut self.decisions[at] {
            None => self.decide(at, tier, evidence.clone()),
            Some(said) if is_open => {
                said.evidence.under = evidence.codes.first().cloned();
                said.evidence.codes.splice(0..0, evidence.codes.iter().cloned());
                (said.evidence.left, said.evidence.came) = (evidence.left, evidence.came);
            }
            Some(_) => {}
        }
    }

    /// What is open under a code with what was told to be paid under it before; nothing where that is no more.
    fn told_once(&self, code: &str, (open, moved): (&[usize], &[usize])) -> Option<Vec<usize>> {
        let was_under = |due: &&usize| self.dues[**due].former.iter().any(|former| former == code);
        let former = moved.iter().filter(was_under);
        let all: BTreeSet<usize> = open.iter().chain(former).copied().collect();
        (!open.is_empty() && all.len() > open.len()).then(|| all.into_iter().collect())
    }

    pub(super) fn left_of(&self, dues: &[usize]) -> i64 {
        dues.iter().map(|due| self.left[*due]).sum()
    }

    /// How an amount comes about: `2 × 2950000 + 1 × 990000`.
    fn sum(&self, dues: &[usize]) -> String {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for due in dues {
            *counts.entry(self.left[*due]).or_default() += 1;
        }
        let terms = counts.iter().rev().map(|(amount, count)| format!("{count} × {amount}"));
        terms.collect::<Vec<_>>().join(" + ")
    }
}
