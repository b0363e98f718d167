//! What a letter about what is paid, or not, asks its payer for: one transfer for all of it, or each by its own code. Whom
//! it is about is decided by `standings`.

use super::{
    content::{Picture, rest, transfer},
    letters::{Rest, Transfer},
};
use crate::{
    db::{
        mails::Mail,
        requests::{self, Request},
    },
    domain::{batch::BatchId, mail::Purpose, money::Money},
    flow::{Services, pay::pooled::Lying},
};

#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What its payer has to pay; of a warning it may be more than that is about.
    pub open: Vec<Request>,
    pub rest: Option<Rest>,
    pub picture: Option<Picture>,
    /// What pays for all of that at once, where a warning is about some of it: then there is no rest.
    pub all: Option<Transfer>,
}

impl Asked {
    /// `told` are the requests that the letter is about. Several of a list can be paid at once with all of it alone, as the
    /// code for all of its payer pays for nothing before the sum is exact.
    pub async fn of(
        services: &Services,
        (mail, batch): (&Mail, BatchId),
        told: &[&Request],
        lying: Lying,
    ) -> anyhow::Result<Asked> {
        let open = open(services, (mail, batch), told, lying.under).await?;
        let is_told = |it: &Request| told.iter().any(|told| told.line_id == it.line_id);
        let is_warning = mail.purpose == Purpose::GraceWarning;
        if is_warning && lying.under == Money::ZERO && !open.iter().all(is_told) {
            let all = Some(transfer(services, &open)?);
            return Ok(Asked { open, all, ..Asked::default() });
        }
        let (rest, picture) = rest(services, &open, lying.came())?.unzip();
        Ok(Asked { open, rest, picture, all: None })
    }
}

/// What came under the code for all pays for all of it at once, with what is missing; one that is warned of is paid under
/// its own code.
async fn open(
    services: &Services,
    (mail, batch): (&Mail, BatchId),
    told: &[&Request],
    pooled: Money,
) -> anyhow::Result<Vec<Request>> {
    let is_single = mail.purpose == Purpose::GraceWarning && told.len() == 1;
    if pooled > Money::ZERO || mail.line_id.is_none() && !is_single {
        return Ok(requests::open_of_payer(&services.db, batch, &mail.recipient).await?);
    }
    let told = told.iter().filter(|it| it.rest().is_some());
    Ok(told.map(|it| (*it).clone()).collect())
}
