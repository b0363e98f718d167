//! What the database knows of the clients of a list: their lines at every firm, the firm's records of them, and which
//! tax ids are one client's. What follows from it is said by `check`.

use super::{
    Services,
    check::{Past, Wanted, corrected::Correction},
    guard, retention, sweep,
};
use crate::{
    db::{
        clients::{self, Near},
        corrections, lines, unknown,
    },
    domain::firm::Firm,
};

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
    let gone = retention::known(services, &tax_ids).await?;
    let events = corrections::of_firm(&services.db, firm.code.as_str()).await?;
    let day = |at| services.local(at).date_naive();
    let corrections = events.into_iter().map(|event| Correction { day: day(event.at), event });
    look_behind(services).await?;
    let unknown = unknown::of(&services.db, &asked).await?;
    Ok(Past { lines, clients, ties, gone, corrections: corrections.collect(), unknown })
}

/// While everything is held after a restore nobody has read the platform's licences yet, perhaps.
async fn look_behind(services: &Services) -> anyhow::Result<()> {
    let hold = guard::hold(services).await?;
    if hold.is_some_and(|hold| hold.before.is_none())
        && let Err(error) = sweep::unknown::find(services).await
    {
        tracing::warn!("The platform's licences are not read: {error:#}");
    }
    Ok(())
}
