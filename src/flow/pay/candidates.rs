//! What a payment that waits may be for, the likeliest first, and of each why it is not matched by itself.
//! Deciding is the business of people.

use std::collections::HashSet;

use crate::{
    db::{dues::Due, payments::Payment},
    domain::{order::RequestState, words::words},
};

/// So many are shown.
const SHOWN: usize = 4;

words! {
    /// Why a payment is not matched with a request by itself.
    pub enum WhyNot {
        Cancelled = "cancelled",
        PaidBefore = "paid_before",
        /// It is less than what is left.
        Less = "less",
        More = "more",
        /// The amount is right, and the memo does not name it.
        NoCode = "no_code",
    }
}

/// A request that a payment may be for.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    pub due: &'a Due,
    /// In đồng.
    pub left: i64,
    pub why_not: WhyNot,
}

/// First what its memo names, then what it is like, then what has its amount.
pub fn of<'a>(payment: &Payment, dues: &'a [Due]) -> Vec<Candidate<'a>> {
    let free = payment.amount().as_dong() - payment.returned;
    let named = |name: &str| {
        let codes = payment.evidence.0[name].as_array().into_iter().flatten();
        codes.filter_map(|code| code.as_str()).map(str::to_owned).collect::<Vec<_>>()
    };
    let codes = [named("codes"), named("candidates")].concat();
    let by_code = codes.iter().flat_map(|code| {
        dues.iter().filter(move |due| due.code == *code || due.batch_code.as_ref() == Some(code))
    });
    let by_amount = dues.iter().filter(|due| left(due) == free && free > 0);
    let mut seen = HashSet::new();
    let all = by_code.chain(by_amount).filter(|due| seen.insert(due.code.as_str()));
    let candidate = |due: &'a Due| {
        let left = left(due);
        let why_not = match due.state {
            RequestState::Cancelled => WhyNot::Cancelled,
            _ if left == 0 => WhyNot::PaidBefore,
            _ if free < left => WhyNot::Less,
            _ if free > left => WhyNot::More,
            _ => WhyNot::NoCode,
        };
        Candidate { due, left, why_not }
    };
    all.take(SHOWN).map(candidate).collect()
}

/// What is not paid of a request, in đồng.
pub fn left(due: &Due) -> i64 {
    let is_open = matches!(due.state, RequestState::Open | RequestState::PartlyPaid);
    if is_open { due.amount - due.waived - due.paid } else { 0 }
}
