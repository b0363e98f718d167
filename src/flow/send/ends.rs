//! Plans the letters about the end of grace, and their copies. When each is due is the business of `sweep`, what they say is
//! written when they are sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::plan::plan;
use crate::{
    db::{Tx, grace, lines::Line, mails, orders::Order, requests},
    domain::mail::Purpose,
    flow::{
        Services,
        order::{registrant, told_of},
    },
};

/// Copies of warnings count on from here: who registered lines of an order may pay for others of it, and gets both.
pub(super) const COPIES: i64 = 1_000_000;

/// That the unpaid week ends, to who pays; a copy to those who registered it. False where the letter of that number has
/// left already, and tells of nothing more. None leaves before an instant, however early it is planned.
pub async fn warning(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (payer, copies): ((&str, &str), &BTreeSet<&str>),
    (sequence, not_before): (i64, DateTime<Utc>),
) -> anyhow::Result<bool> {
    let purpose = Purpose::GraceWarning;
    plan(services, tx, (&order.code, None), (purpose, payer), sequence).await?;
    if !grace::hold_letter(tx, &order.code, (payer.1, sequence), not_before).await? {
        return Ok(false);
    }
    let own = services.firm(&order.firm)?;
    for email in copies.iter().filter(|email| **email != payer.1) {
        // A line may have gone to another firm.
        let mut firms = services.settings.firms.iter();
        let firm = firms.find(|firm| firm.members().any(|it| it.as_str() == *email)).unwrap_or(own);
        let copy = (purpose, (firm.name.as_str(), *email));
        let sequence = COPIES + sequence;
        plan(services, tx, (&order.code, None), copy, sequence).await?;
        grace::hold_letter(tx, &order.code, (email, sequence), not_before).await?;
    }
    Ok(true)
}

/// That a licence was cut off, to who pays for it; a copy to who registered it.
pub async fn suspended(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    sequence: i64,
) -> anyhow::Result<()> {
    let Some((name, email)) = requests::payer(tx, line.id).await? else { return Ok(()) };
    let to = (Purpose::Suspended, (name.as_str(), email.as_str()));
    plan(services, tx, (&line.order_code, Some(line)), to, sequence).await?;
    let firm = services.firm(&line.firm)?;
    let registered_by = told_of(firm, registrant(order, line));
    if registered_by != email {
        let copy = (Purpose::Suspended, (firm.name.as_str(), registered_by));
        plan(services, tx, (&line.order_code, Some(line)), copy, sequence).await?;
    }
    Ok(())
}

/// That a licence works again, to who pays for it.
pub async fn restored(services: &Services, tx: &mut Tx, line: &Line) -> anyhow::Result<()> {
    let Some((name, email)) = requests::payer(tx, line.id).await? else { return Ok(()) };
    let sequence = mails::supersede(tx, Purpose::Restored, &line.reference().to_string()).await?;
    let to = (Purpose::Restored, (name.as_str(), email.as_str()));
    plan(services, tx, (&line.order_code, Some(line)), to, sequence).await
}
