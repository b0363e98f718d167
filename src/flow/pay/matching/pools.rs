//! The code that pays for all of a payer's requests at once: its payments add up until their sum is exact.
//! Codes of single requests are looked at beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desk, Evidence};
use crate::domain::payment::Tier;

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

    /// Matches what came under a code when it is exactly what is left.
    pub(super) fn settle_pool(&mut self, code: &'a str) {
        let Some(pool) = self.pools.get(code).cloned() else { return };
        let open = self.open_under(code);
        let left: i64 = open.iter().map(|due| self.left[*due]).sum();
        let came: i64 = pool.iter().map(|at| self.credits[*at].amount).sum();
        let is_parted = pool.iter().any(|at| {
            open.iter().any(|due| self.credits[*at].not_for.contains(&self.dues[*due].code))
        });
        if open.is_empty() || came != left || is_parted {
            return;
        }
        self.pools.remove(code);
        let evidence =
            Evidence { codes: vec![code.to_owned()], left: Some(left), ..Evidence::default() };
        let mut open = open.into_iter().map(|due| (due, self.left[due])).collect::<Vec<_>>();
        open.reverse();
        for at in pool {
            let mut rest = self.credits[at].amount;
            let mut to = Vec::new();
            while rest > 0 {
                let Some((due, left)) = open.pop() else { break };
                let taken = rest.min(left);
                to.push((due, taken));
                rest -= taken;
                if taken < left {
                    open.push((due, left - taken));
                }
            }
            self.allocate(at, Tier::BatchCode, to, evidence.clone());
        }
    }

    /// What stays open under a code, and why.
    pub(super) fn close_pools(&mut self) {
        let moved = |due: &usize| self.left[*due] > 0 && !self.dues[*due].former.is_empty();
        let moved: Vec<usize> = (0..self.dues.len()).filter(moved).collect();
        for (code, pool) in std::mem::take(&mut self.pools) {
            let open = self.open_under(code);
            let all = self.by_batch_code.get(code).cloned().unwrap_or_default();
            let left: i64 = open.iter().map(|due| self.left[*due]).sum();
            let came: i64 = pool.iter().map(|at| self.credits[*at].amount).sum();
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
            let sum = told.as_ref().map(|told| self.sum(told));
            let open = told.unwrap_or(open);
            for at in pool {
                let evidence = Evidence {
                    codes: vec![code.to_owned()],
                    left: Some(left),
                    candidates: open.iter().map(|due| self.dues[*due].code.clone()).collect(),
                    sum: sum.clone(),
                    ..Evidence::default()
                };
                let credit = &self.credits[at];
                let is_parted =
                    open.iter().any(|due| credit.not_for.contains(&self.dues[*due].code));
                self.decide(at, if is_parted { Tier::Parted } else { tier }, evidence);
            }
        }
    }

    /// What is open under a code with what was told to be paid under it before; nothing where that is no more.
    fn told_once(&self, code: &str, (open, moved): (&[usize], &[usize])) -> Option<Vec<usize>> {
        let was_under = |due: &&usize| self.dues[**due].former.iter().any(|former| former == code);
        let former = moved.iter().filter(was_under);
        let all: BTreeSet<usize> = open.iter().chain(former).copied().collect();
        (!open.is_empty() && all.len() > open.len()).then(|| all.into_iter().collect())
    }

    fn left_of(&self, dues: &[usize]) -> i64 {
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
