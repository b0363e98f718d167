//! What is to be paid for a batch, with the pictures to scan. Open requests alone; what is paid needs no code.

use rayon::prelude::*;
use tokio::task::block_in_place;

use super::view::{PayeeView, PaymentView};
use crate::{
    db::requests::{self, ToPay},
    domain::{batch::BatchId, money::Money, payment_code::PaymentCode},
    flow::{
        Services,
        pay::{self, pooled},
    },
};

/// So many codes stand with their pictures: a workbook of more would hardly open. Each payer's mail has its own, and
/// the results have the code of every line.
const MAX_PICTURES: usize = 500;

/// The code that pays all of a payer's requests at once, else each request's own; the first of them, and how many more
/// there are. Their pictures are made on all processors.
pub async fn payments(
    services: &Services,
    batch: BatchId,
) -> anyhow::Result<(Vec<PaymentView>, usize)> {
    let pools = pooled::all(&services.db).await?;
    let view = |it: ToPay| {
        let amount = Money::dong(it.rest);
        let memo: PaymentCode = it.code.parse()?;
        let is_batch_code = it.batch_code.as_deref() == Some(it.code.as_str());
        let pooled = pools.get(&it.code).cloned();
        // Who scans it pays what is missing, as the letters ask for it.
        let asked = match &pooled {
            Some(pooled) => pooled.asked()?,
            None => Some((amount, memo)),
        };
        let picture = |(amount, memo)| pay::qr_png(&services.settings.payee, amount, &memo);
        Ok(PaymentView {
            payer: it.payer_name,
            amount,
            is_batch_code,
            lines: it.lines.unsigned_abs(),
            qr_png: asked.map(picture).transpose()?,
            pooled,
            order: it.order_code,
            code: it.code,
        })
    };
    let (first, all) = requests::to_pay(&services.db, batch, MAX_PICTURES).await?;
    let more = all - first.len();
    let views = block_in_place(|| first.into_par_iter().map(view).collect::<anyhow::Result<_>>())?;
    Ok((views, more))
}

pub fn payee(services: &Services) -> PayeeView {
    let payee = &services.settings.payee;
    PayeeView {
        bank: services.catalogue.banks.name(&payee.bank_bin).unwrap_or(&payee.bank_bin).to_owned(),
        account: payee.account.clone(),
        name: payee.name.clone(),
    }
}
