//! Money that came for a payer and is counted for nothing, beside the sums that are asked for: what is too much elsewhere,
//! what came for what is cancelled, and what is to go back. What lies under a code for all is in `pooled`.

use std::collections::{BTreeSet, HashMap};

use super::{
    candidates::named,
    concerned,
    pooled::{self, Pooled},
};
use crate::{
    db::{
        dues::{self, Due},
        payments,
        refunds::Back,
    },
    domain::{money::Money, payment::Tier},
    flow::Services,
};

/// Of all payers, each of a list.
#[derive(Debug, Default)]
pub struct Unused {
    of_payers: HashMap<(i64, String), Money>,
    /// Of that, what came with the code of a cancelled request.
    of_cancelled: HashMap<String, Money>,
    going_back: HashMap<String, Vec<Back>>,
}

impl Unused {
    pub async fn read(services: &Services) -> anyhow::Result<Unused> {
        let going_back = concerned::going_back(services).await?;
        let mut unused = Unused { going_back, ..Unused::default() };
        let waiting = payments::waiting(&services.db).await?;
        let codes = waiting.iter().flat_map(|it| named(&it.evidence.0, "codes"));
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        if codes.is_empty() {
            return Ok(unused);
        }
        let dues = dues::named(&services.db, &codes).await?;
        let by_code: HashMap<&str, &Due> = dues.iter().map(|it| (it.code.as_str(), it)).collect();
        for payment in &waiting {
            let own = named(&payment.evidence.0, "codes");
            let Some(due) = own.iter().find_map(|code| by_code.get(code)) else { continue };
            let payer = (due.batch_id, due.payer_email.clone());
            let is_own = |code: &&&str| {
                let other = by_code.get(**code);
                other.is_some_and(|it| (it.batch_id, &it.payer_email) == (payer.0, &payer.1))
            };
            let own: BTreeSet<&str> = own.iter().filter(is_own).copied().collect();
            let free = pooled::too_much(std::slice::from_ref(payment), &own);
            if payment.tier == Tier::Cancelled {
                for code in &own {
                    let came = unused.of_cancelled.entry((*code).to_owned()).or_default();
                    *came = *came + free;
                }
            }
            let came = unused.of_payers.entry(payer).or_default();
            *came = *came + free;
        }
        Ok(unused)
    }

    /// What waits of a payer of a list beside a sum that is asked for; nothing where the words of what lies under the code
    /// for all say it.
    pub fn of_payer(&self, payer: &(i64, String), pooled: Option<&Pooled>) -> Option<Money> {
        let is_said = pooled.is_some_and(|pooled| pooled.missing == Money::ZERO);
        let came = self.of_payers.get(payer).copied().filter(|_| !is_said);
        came.filter(|it| *it > Money::ZERO)
    }

    /// What came with the code of a cancelled request, and waits.
    pub fn of_cancelled(&self, code: &str) -> Option<Money> {
        self.of_cancelled.get(code).copied().filter(|it| *it > Money::ZERO)
    }

    /// What of the money that was for a request is to go back, and did not go yet.
    pub fn to_return(&self, code: &str) -> Option<Money> {
        let back = self.going_back.get(code).into_iter().flatten();
        let sum: Money =
            back.filter(|it| it.done_at.is_none()).map(|it| Money::dong(it.amount)).sum();
        Some(sum).filter(|it| *it > Money::ZERO)
    }
}
