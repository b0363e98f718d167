//! Why a payment is not matched by itself with a request that it may be for. Which ones it may be for is said by
//! `candidates`.

use std::collections::HashSet;

use super::candidates::{Clue, WhyNot, left, named, said_codes};
use crate::{db::dues::Due, domain::order::RequestState};

/// `own` is what the payment pays of the request.
pub(super) fn why_not(due: &Due, clue: Clue, (own, free): (i64, i64)) -> WhyNot {
    let left = left(due);
    match clue {
        _ if due.state == RequestState::Cancelled => WhyNot::Cancelled,
        _ if left == 0 && own == 0 => WhyNot::PaidBefore,
        _ if left == 0 && free > 0 => WhyNot::Over,
        _ if left == 0 => WhyNot::Paid,
        _ if own > 0 => WhyNot::Part,
        Clue::Parted => WhyNot::Parted,
        Clue::SamePayer if free < left => WhyNot::Together,
        Clue::SamePayer => WhyNot::SamePayer,
        _ if free < left => WhyNot::Less,
        _ if free > left => WhyNot::More,
        Clue::Code => WhyNot::Named,
        Clue::NearMiss => WhyNot::NearMiss,
        Clue::Name => WhyNot::Name,
        Clue::LikelyAmount | Clue::Likely | Clue::NameAlone | Clue::Amount => WhyNot::NoCode,
    }
}

/// The same as it is true of this request alone: what a payment has more is too much where it names nothing else, and the
/// code for all of a payer is the code of none of them.
pub(super) fn of_its_own(due: &Due, why_not: WhyNot, evidence: &serde_json::Value) -> WhyNot {
    let (codes, likely) = (said_codes(evidence), named(evidence, "candidates"));
    let is_alone = codes.len() == 1 && codes.contains(due.code.as_str());
    let is_by_all = |named: &HashSet<&str>| {
        let of_all = due.batch_code.as_deref();
        !named.contains(due.code.as_str()) && of_all.is_some_and(|code| named.contains(code))
    };
    match why_not {
        WhyNot::Over if !is_alone => WhyNot::Paid,
        WhyNot::PaidBefore if !is_alone => WhyNot::Settled,
        WhyNot::Less | WhyNot::More | WhyNot::Named if is_by_all(&codes) => WhyNot::OfAll,
        WhyNot::Less | WhyNot::More | WhyNot::NearMiss if is_by_all(&likely) => WhyNot::NearAll,
        why_not => why_not,
    }
}
