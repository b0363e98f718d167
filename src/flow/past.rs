//! What the database knows of the clients of a list: their lines at every firm, the firm's records of them, and which
//! tax ids are one client's. What follows from it is said by `check`.

use super::{
    Services,
    check::{Past, Wanted},
};
use crate::{
    db::{
        clients::{self, Near},
        lines,
    },
    domain::firm::Firm,
};

/// A tax id that was changed more often than this is another one's by now.
const CHANGES: usize = 4;

/// Looks for all clients of a list at once.
pub async fn of(services: &Services, firm: &Firm, wanted: &Wanted) -> anyhow::Result<Past> {
    let mut tax_ids = wanted.tax_ids.clone();
    let mut ties = Vec::new();
    // One firm knows what a tax id was before, another one what it was before that.
    for _ in 0..CHANGES {
        ties = clients::ties(&services.db, &tax_ids).await?;
        let known = tax_ids.len();
        tax_ids.extend(ties.iter().map(|tie| tie.tax_id.clone()));
        tax_ids.sort();
        tax_ids.dedup();
        if tax_ids.len() == known {
            break;
        }
    }
    let asked: Vec<&str> = tax_ids.iter().map(String::as_str).collect();
    let lines = lines::known(&services.db, &asked).await?;
    let near = Near { tax_ids: &tax_ids, phones: &wanted.phones, names: &wanted.names };
    let mut clients = clients::near(&services.db, firm.code.as_str(), near).await?;
    clients.sort_by(|a, b| a.tax_id.cmp(&b.tax_id));
    clients.dedup_by(|a, b| a.tax_id == b.tax_id);
    Ok(Past { lines, clients, ties })
}
