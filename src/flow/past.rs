//! What the database knows of the clients of a list: their lines at every firm, the firm's records of them, and which
//! tax ids are one client's. What follows from it is said by `check`.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Services,
    check::{Past, Wanted, corrected::Correction, history::Cancelled},
    guard, retention, sweep,
};
use crate::{
    db::{
        cancellations,
        clients::{self, Near},
        corrections::{self, Event},
        lines, suppressions, unknown,
    },
    domain::{firm::Firm, order::OrderCode},
};

/// After this long the platform's licences are read again while everything is held.
const READ_AGAIN: TimeDelta = TimeDelta::hours(1);

/// Looks for all clients of a list at once. Which tax ids are one client's is what this firm says of its own clients:
/// no word of another firm has any part in it.
pub async fn of(services: &Services, firm: &Firm, wanted: &Wanted) -> anyhow::Result<Past> {
    let ties = clients::ties(&services.db, firm.code.as_str(), &wanted.tax_ids).await?;
    let mut tax_ids = wanted.tax_ids.clone();
    tax_ids.extend(ties.iter().map(|tie| tie.tax_id.clone()));
    tax_ids.sort();
    tax_ids.dedup();
    let asked: Vec<&str> = tax_ids.iter().map(String::as_str).collect();
    let lines = lines::known(&services.db, &asked).await?;
    let near = Near { tax_ids: &tax_ids, phones: &wanted.phones, names: &wanted.names };
    let mut clients = clients::near(&services.db, firm.code.as_str(), near).await?;
    clients.sort_by(|a, b| a.tax_id.cmp(&b.tax_id));
    clients.dedup_by(|a, b| a.tax_id == b.tax_id);
    let reached = clients::reached(&services.db, firm.code.as_str(), &wanted.emails).await?;
    let suppressed = suppressions::list(&services.db).await?;
    let suppressed = suppressed.into_iter().map(|it| it.address).collect();
    let gone = retention::known(services, &tax_ids).await?;
    let events = corrections::of_clients(&services.db, firm.code.as_str(), &asked).await?;
    let (events, came) = of_own_time(events, firm.code.as_str());
    let day = |at| services.local(at).date_naive();
    let corrections = events.into_iter().map(|event| Correction { day: day(event.at), event });
    let cancelled = cancellations::lines(&services.db, firm.code.as_str(), &asked).await?;
    let cancelled = cancelled.into_iter().map(|line| Cancelled {
        day: day(line.cancelled_at),
        tax_id: line.tax_id,
        family: line.family,
        fiscal_year: line.fiscal_year,
        order_code: line.order_code,
        line_no: line.line_no,
        reason: line.reason,
    });
    let (corrections, cancelled) = (corrections.collect(), cancelled.collect());
    look_behind(services).await?;
    let unknown = unknown::of(&services.db, &asked).await?;
    let known = Past { lines, clients, reached, ties, gone, ..Past::default() };
    Ok(Past { corrections, unknown, came, cancelled, suppressed, ..known })
}

/// What was done with lines while they were the firm's, and which of them are of another firm's list.
fn of_own_time(events: Vec<Event>, firm: &str) -> (Vec<Event>, BTreeSet<(OrderCode, i64)>) {
    let mut holders: HashMap<(OrderCode, i64), String> = HashMap::new();
    let mut own = Vec::new();
    for event in events.into_iter().rev() {
        let line = (event.order_code.clone(), event.line_no);
        if let Some(from) = event.left() {
            holders.insert(line, from.to_owned());
        } else if holders.get(&line).is_none_or(|holder| holder == firm) {
            own.push(event);
        }
    }
    own.reverse();
    holders.retain(|_, first| first != firm);
    (own, holders.into_keys().collect())
}

/// While everything is held after a restore nobody has read the platform's licences yet, perhaps. All of them are read for
/// the first list alone, and after a while again: the original may have gone on.
async fn look_behind(services: &Services) -> anyhow::Result<()> {
    let hold = guard::hold(services).await?;
    let Some(hold) = hold.filter(|hold| hold.before.is_none()) else { return Ok(()) };
    let read_at = unknown::read_at(&services.db).await?;
    let is_fresh = |at: &DateTime<Utc>| *at >= hold.since && services.now() - *at < READ_AGAIN;
    if !read_at.as_ref().is_some_and(is_fresh)
        && let Err(error) = sweep::unknown::find(services).await
    {
        tracing::warn!("The platform's licences are not read: {error:#}");
    }
    Ok(())
}
