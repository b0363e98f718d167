//! What of the money that its payer read to have come does not count any more: told by the letter before, counted when this
//! one leaves. That a person took it away is decided by `pay`.

use std::collections::HashSet;

use super::came::Sums;
use crate::{
    db::{mails::Mail, received, requests::Request},
    domain::{batch::BatchId, money::Money},
    flow::{Services, pay::moved},
};

/// Nothing for other letters than those that money was taken back.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// The codes for which less counts.
    codes: HashSet<String>,
    /// Nothing where it is not known what the letter before said.
    pub amount: Money,
    /// What waits under the code for all of its payer and did not before.
    pub pooled: Money,
}

impl Lost {
    /// Of these requests of its payer in a batch; `pooled` waits under the code for all of them.
    pub async fn of(
        services: &Services,
        (mail, batch): (&Mail, BatchId),
        open: &[&Request],
        pooled: Money,
    ) -> anyhow::Result<Lost> {
        let letters = received::before(&services.db, mail, batch).await?;
        let told = letters.iter().rev().find_map(|it| it.told.as_deref()).map(Sums::read);
        let before = told.as_ref().map_or(0, |told| told.pooled);
        let pooled = Money::dong((pooled.as_dong() - before).max(0));
        let mut lost = Lost { pooled, ..Lost::default() };
        for request in open {
            let code = request.code.as_str();
            let less = match &told {
                Some(told) => told.paid_of(code) - request.paid().as_dong(),
                None => i64::from(mail.line_id == Some(request.line_id)),
            };
            if less <= 0 || pays_again(services, code, mail.occasion()).await? {
                continue;
            }
            lost.codes.insert(code.to_owned());
            if told.is_some() {
                lost.amount = lost.amount + Money::dong(less);
            }
        }
        Ok(lost)
    }

    pub fn is_nothing(&self) -> bool {
        self.codes.is_empty()
    }

    pub fn is_of(&self, request: &Request) -> bool {
        self.codes.contains(request.code.as_str())
    }

    /// How many requests that is.
    pub fn lines(&self) -> usize {
        self.codes.len()
    }
}

/// Whether a payment pays more for a code than was left of it in this change of all money: its payer reads that anyway.
async fn pays_again(services: &Services, code: &str, change: i64) -> anyhow::Result<bool> {
    let decided = received::decided_in(&services.db, code, change).await?;
    let left = |detail| moved::parts(detail).get(code).copied().unwrap_or_default();
    Ok(decided.iter().any(|(detail, now)| *now > left(&detail.0)))
}
