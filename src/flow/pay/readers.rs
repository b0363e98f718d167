//! Who reads of money of which nothing more is paid now. What letters say of it is the business of `send`.

use super::{matching::Decision, settle::Loaded};
use crate::{
    db::dues::Due,
    domain::{order::RequestState, payment::Tier},
};

/// Who pays twice, or under the code for all another sum than is open, reads at once that it came, though it pays for
/// nothing yet.
pub(super) fn at_once<'a>(loaded: &'a Loaded, decision: &Decision) -> Option<&'a Due> {
    let waits = match decision.tier {
        Tier::SeveralOther => decision.evidence.under.is_some(),
        tier => matches!(tier, Tier::PaidBefore | Tier::BatchPartly | Tier::BatchOther),
    };
    let is_meant = |due: &&Due| {
        due.state != RequestState::Cancelled
            && decision.evidence.codes.iter().any(|code| due.has_code(code))
    };
    loaded.dues.iter().filter(|_| waits).find(is_meant)
}
