//! Plans the letters about the end of grace, and their copies. When each is due is the business of `sweep`, what they say is
//! written when they are sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use super::plan::{plan, plan_for};
use crate::{
    db::{Tx, grace, lines::Line, mails, orders::Order, requests},
    domain::{mail::Purpose, order::OrderCode},
    flow::{
        Services, guard,
        order::{registrant, told_of},
    },
};

/// Copies of warnings count on from here: who registered lines of an order may pay for others of it, and gets both.
pub(super) const COPIES: i64 = 1_000_000;

/// The number of the copies about all that is cut off on a local day.
pub(super) fn copies_of(day: NaiveDate) -> i64 {
    COPIES + i64::from(day.num_days_from_ce())
}

/// That the unpaid week ends, to who pays; a copy to those who registered it. False where the letter of that number has
/// left already, and tells of nothing more. Each is planned for an instant, and none leaves before it.
pub async fn warning(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (payer, copies): ((&str, &str), &BTreeSet<&str>),
    (sequence, at): (i64, DateTime<Utc>),
) -> anyhow::Result<bool> {
    let purpose = Purpose::GraceWarning;
    plan_for(services, tx, (&order.code, None), (purpose, payer), (sequence, at)).await?;
    let about = (purpose, &order.code);
    if !grace::hold_letter(tx, about, (payer.1, sequence), at).await? {
        return Ok(false);
    }
    let own = services.firm(&order.firm)?;
    for email in copies.iter().filter(|email| **email != payer.1) {
        // A line may have gone to another firm.
        let mut firms = services.settings.firms.iter();
        let firm = firms.find(|firm| firm.has_member(email)).unwrap_or(own);
        let copy = (purpose, (firm.name.as_str(), *email));
        let sequence = COPIES + sequence;
        plan_for(services, tx, (&order.code, None), copy, (sequence, at)).await?;
        grace::hold_letter(tx, about, (email, sequence), at).await?;
    }
    Ok(true)
}

/// The original of restored data may have sent a warning and its copies: people decide whether they leave. Those of other
/// payers of the order leave.
pub async fn doubt_warning(
    tx: &mut Tx,
    order: &OrderCode,
    (payer, copies): (&str, &BTreeSet<&str>),
    sequence: i64,
) -> anyhow::Result<()> {
    let copies = copies.iter().filter(|email| **email != payer);
    let copies = copies.map(|email| (*email, COPIES + sequence));
    for letter in copies.chain([(payer, sequence)]) {
        let about = (Purpose::GraceWarning, order.as_str());
        mails::doubt_letter(tx, about, letter, guard::MAYBE_SENT).await?;
    }
    Ok(())
}

/// That a licence was cut off, to who pays for it; to who registered it one copy about all of an order that were cut off on
/// that day, and of those that come when it has begun to leave one each.
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
    if registered_by == email {
        return Ok(());
    }
    let copy = (Purpose::Suspended, (firm.name.as_str(), registered_by));
    let (order, of_day, now) = (&line.order_code, copies_of(services.today()), services.now());
    plan(services, tx, (order, None), copy, of_day).await?;
    if !grace::hold_letter(tx, (copy.0, order), (registered_by, of_day), now).await? {
        plan(services, tx, (order, Some(line)), copy, sequence).await?;
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
