//! The firm's catalogue of clients: who enters it, and when two tax ids are one client's.
//! A client enters when a row of it is accepted into an order, in the transaction that stores the line; its record is
//! what that row meant, so that the next list need only name its tax id. Cancelling the order leaves it there.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::{
    db::{
        Tx,
        clients::{self, NewClient},
    },
    domain::{client::ClientRow, fold::fold, tax_id::TaxId},
};

/// Brings the catalogue up to what accepted rows say.
pub async fn keep(
    tx: &mut Tx,
    firm: &str,
    rows: &[&ClientRow],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let wanted: Vec<String> = rows.iter().flat_map(|row| ids(row)).collect();
    let known = clients::ties_of(tx, firm, &wanted).await?;
    let known: HashMap<String, String> =
        known.into_iter().map(|tie| (tie.tax_id, tie.client)).collect();
    let (mut new, mut pairs) = (BTreeMap::new(), BTreeMap::new());
    let mut joined: Vec<(String, String)> = Vec::new();
    for row in rows {
        let client = present(row, &known);
        for tax_id in ids(row) {
            let before = known.get(&tax_id).filter(|before| **before != client);
            joined.extend(before.map(|before| (before.clone(), client.clone())));
            pairs.insert(tax_id, client.clone());
        }
        pairs.insert(client.clone(), client.clone());
        new.insert(client.clone(), new_client(row, &client)?);
    }
    clients::put(tx, firm, &new.into_values().collect::<Vec<_>>(), now).await?;
    clients::tie(tx, firm, &pairs.into_iter().collect::<Vec<_>>(), None).await?;
    for (from, into) in joined {
        clients::join(tx, firm, &from, &into).await?;
    }
    Ok(())
}

/// The tax ids that a row names.
fn ids(row: &ClientRow) -> impl Iterator<Item = String> {
    [Some(&row.tax_id), row.old_tax_id.as_ref()].into_iter().flatten().map(TaxId::to_string)
}

/// The present tax id of a row's client: its own, unless the firm knows that for a former one of a client, and the row
/// does not say otherwise.
fn present(row: &ClientRow, known: &HashMap<String, String>) -> String {
    let own = row.tax_id.as_str();
    let says_otherwise = |client: &&String| {
        row.old_tax_id.as_ref().is_some_and(|old| old.as_str() == client.as_str())
    };
    let client = known.get(own).filter(|client| !says_otherwise(client));
    client.map_or_else(|| own.to_owned(), Clone::clone)
}

fn new_client(row: &ClientRow, client: &str) -> anyhow::Result<NewClient> {
    let mut record = row.clone();
    if row.tax_id.as_str() != client {
        record.tax_id = client.parse()?;
        record.old_tax_id = Some(row.tax_id.clone());
    }
    Ok(NewClient {
        tax_id: client.to_owned(),
        name_key: fold(&row.name),
        phone: row.phone.to_string(),
        record,
    })
}

/// What became of joining two tax ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    Done,
    /// They were one client's already.
    Already,
    /// The firm has no client with this tax id.
    Unknown(TaxId),
}

/// Makes one client of two: `new` is its present tax id, and the record that has it stays.
pub async fn join(
    tx: &mut Tx,
    firm: &str,
    (old, new): (&TaxId, &TaxId),
    reason: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Joined> {
    let wanted = [old.to_string(), new.to_string()];
    let known = clients::ties_of(tx, firm, &wanted).await?;
    let client = |tax_id: &TaxId| {
        let tie = known.iter().find(|tie| tie.tax_id == tax_id.as_str());
        tie.map(|tie| tie.client.clone())
    };
    let (before, after) = (client(old), client(new));
    let Some(from) = before else { return Ok(Joined::Unknown(old.clone())) };
    if after.as_ref() == Some(&from) && from == new.as_str() {
        return Ok(Joined::Already);
    }
    let kept = after.as_ref().unwrap_or(&from);
    let Some(record) = clients::by_tax_id(tx, firm, kept).await? else {
        return Ok(Joined::Unknown(old.clone()));
    };
    let mut record = record.record.0;
    record.tax_id = new.clone();
    record.old_tax_id = Some(old.clone());
    clients::put(tx, firm, &[new_client(&record, new.as_str())?], now).await?;
    let pairs: Vec<(String, String)> =
        wanted.iter().map(|id| (id.clone(), new.to_string())).collect();
    clients::tie(tx, firm, &pairs, Some(reason)).await?;
    for other in [Some(from), after].into_iter().flatten().filter(|other| other != new.as_str()) {
        clients::join(tx, firm, &other, new.as_str()).await?;
    }
    Ok(Joined::Done)
}
