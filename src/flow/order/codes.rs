//! Draws payment codes that nobody has yet: one for each line, and one that pays all of a payer's at once.

use anyhow::bail;
use chrono::{DateTime, Utc};

use crate::{
    db::{
        Tx,
        requests::{self, NewRequest},
    },
    domain::{
        batch::BatchId,
        payment_code::{CodePrefix, PaymentCode},
    },
};

/// Six thousand million codes: even a second draw is rare.
const DRAWS: usize = 20;

fn draw(prefix: &CodePrefix) -> anyhow::Result<PaymentCode> {
    let mut random = [0; 7];
    getrandom::fill(&mut random)
        .map_err(|error| anyhow::anyhow!("No randomness for a payment code: {error}"))?;
    Ok(PaymentCode::new(prefix, random))
}

/// Stores a request under a fresh code.
pub async fn request(
    tx: &mut Tx,
    prefix: &CodePrefix,
    request: &NewRequest<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    for _ in 0..DRAWS {
        if requests::insert(tx, &draw(prefix)?, request, now).await? {
            return Ok(());
        }
    }
    bail!("No free payment code was found in {DRAWS} draws")
}

/// Gives every payer with two or more open requests in a batch a code for all of them.
pub async fn payer_codes(tx: &mut Tx, prefix: &CodePrefix, batch: BatchId) -> anyhow::Result<()> {
    for (payer_email,) in requests::payers_without_code(tx, batch).await? {
        let mut drawn = false;
        for _ in 0..DRAWS {
            drawn = requests::insert_payer_code(tx, &draw(prefix)?, batch, &payer_email).await?;
            if drawn {
                break;
            }
        }
        anyhow::ensure!(drawn, "No free payment code was found in {DRAWS} draws");
    }
    Ok(())
}
