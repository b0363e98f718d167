//! Who reads of money of which nothing more is paid now. What letters say of it is the business of `send`.

use super::{candidates::left, matching::Decision, said::Said, settle::Loaded};
use crate::{
    db::dues::Due,
    domain::{order::RequestState, payment::Tier},
};

/// Who pays twice, or under the code for all another sum than is open, reads at once that it came, though it pays for
/// nothing yet.
/// What came with the code of a cancelled one reads who has others open of that list.
pub(super) fn at_once<'a>(loaded: &'a Loaded, decision: &Decision) -> Option<&'a Due> {
    let has_code = |due: &&Due| decision.evidence.codes.iter().any(|code| due.has_code(code));
    if decision.tier == Tier::Cancelled {
        let own = loaded.dues.iter().find(has_code)?;
        let is_open = |due: &&Due| {
            (due.batch_id, &due.payer_email) == (own.batch_id, &own.payer_email) && left(due) > 0
        };
        return loaded.dues.iter().find(is_open);
    }
    let waits = match decision.tier {
        Tier::SeveralOther => decision.evidence.under.is_some(),
        tier => matches!(tier, Tier::PaidBefore | Tier::BatchPartly | Tier::BatchOther),
    };
    let is_meant = |due: &&Due| due.state != RequestState::Cancelled && has_code(due);
    loaded.dues.iter().filter(|_| waits).find(is_meant)
}

/// Who pays reads what is so where money was to go back and does not; a letter that says nothing new does not leave.
pub(super) fn of_staying<'a>(
    loaded: &'a Loaded,
    decisions: &[Decision],
    said: Option<&Said<'_>>,
) -> Option<&'a Due> {
    let payment = said.filter(|said| said.kept > said.refund)?.payment?;
    let decision = decisions.iter().find(|it| it.id == payment)?;
    let (code, _) = decision.allocations.first()?;
    loaded.dues.iter().find(|due| due.code == *code)
}
