//! The firm's catalogue of clients: who enters it, and when two tax ids are one client's.
//! A client enters when a row of it is accepted into an order, in the transaction that stores the line; its record is
//! what that row meant, so that the next list need only name its tax id. Cancelling the order leaves it there; taking
//! back the list does not.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use chrono::{DateTime, Utc};

use crate::{
    db::{
        Tx,
        clients::{self, NewClient, Tie},
        dues,
        lines::{self, Known, Line},
    },
    domain::{
        client::{ClientRow, CustomerType},
        field::Field,
        fold::fold,
        order::{Kind, LineState},
        tax_id::{TaxId, TaxIdKind},
    },
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
        new.insert(client.clone(), new_client(Cow::Borrowed(*row), &client)?);
    }
    clients::put(tx, firm, &new.into_values().collect::<Vec<_>>(), now).await?;
    clients::tie(tx, firm, &pairs.into_iter().collect::<Vec<_>>(), None).await?;
    for (from, into) in joined {
        clients::join(tx, firm, &from, &into).await?;
    }
    Ok(())
}

/// Brings the record of a client up to what was corrected of a line of it; what else the firm knows of it stays. A client
/// under a tax id that was wrong, and of which there is nothing else, is none.
pub async fn correct(
    tx: &mut Tx,
    (before, after): (&Line, &Line),
    fields: &[Field],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let firm = after.firm.as_str();
    if fields.iter().any(|field| matches!(field, Field::TaxId | Field::OldTaxId)) {
        keep(tx, firm, &[&after.client], now).await?;
        clients::leave(tx, firm, before.client.tax_id.as_str()).await?;
        return Ok(());
    }
    let tax_id = after.client.tax_id.to_string();
    let known = clients::ties_of(tx, firm, std::slice::from_ref(&tax_id)).await?;
    let present = client_of(&known, &after.client.tax_id).unwrap_or(tax_id);
    let Some(client) = clients::by_tax_id(tx, firm, &present).await? else { return Ok(()) };
    let (mut record, new) =
        (serde_json::to_value(&client.record.0)?, serde_json::to_value(&after.client.0)?);
    for field in fields {
        record[field.as_str()] = new[field.as_str()].clone();
    }
    let record: ClientRow = serde_json::from_value(record)?;
    clients::put(tx, firm, &[new_client(Cow::Owned(record), &present)?], now).await?;
    Ok(())
}

/// Takes back what lines said of former tax ids that were cancelled before anybody confirmed them: each client is again
/// who it was, unless a person or another line says the same.
pub async fn take_back(tx: &mut Tx, cancelled: &[Line], now: DateTime<Utc>) -> anyhow::Result<()> {
    for line in cancelled {
        let (firm, new) = (line.firm.as_str(), &line.client.tax_id);
        let Some(old) = &line.client.old_tax_id else { continue };
        if clients::are_said_same(tx, firm, (old.as_str(), new.as_str())).await? {
            continue;
        }
        let parted = part(tx, firm, (old, new), None, now).await?;
        if matches!(parted, Parted::Done(there) if there.iter().any(|it| it == old.as_str())) {
            clients::leave(tx, firm, new.as_str()).await?;
        }
    }
    Ok(())
}

/// What a list that was taken back said of its clients counts no more: in that each is what was last ordered for it
/// otherwise; whom nothing else was ordered for is no client. Its lines are cancelled.
pub async fn forget(tx: &mut Tx, undone: &[Line], now: DateTime<Utc>) -> anyhow::Result<()> {
    for line in undone {
        let (firm, tax_id) = (line.firm.as_str(), &line.client.tax_id);
        let known = clients::ties_of(tx, firm, &[tax_id.to_string()]).await?;
        let Some(present) = client_of(&known, tax_id) else { continue };
        let tax_ids: Vec<&str> = known.iter().map(|tie| tie.tax_id.as_str()).collect();
        let stands = lines::known_of(tx, firm, &tax_ids).await?;
        let Some(last) = stands.last() else {
            clients::leave(tx, firm, tax_id.as_str()).await?;
            continue;
        };
        let Some(client) = clients::by_tax_id(tx, firm, &present).await? else { continue };
        let record = without_said(&client.record.0, (&line.client.0, &last.client.0))?;
        clients::put(tx, firm, &[new_client(Cow::Owned(record), &present)?], now).await?;
    }
    Ok(())
}

/// A record in which what one row said is what another one says; but for the tax ids, which are tied otherwise.
fn without_said(
    record: &ClientRow,
    (undone, last): (&ClientRow, &ClientRow),
) -> anyhow::Result<ClientRow> {
    let mut record = serde_json::to_value(record)?;
    let (undone, last) = (serde_json::to_value(undone)?, serde_json::to_value(last)?);
    let stays = [Field::TaxId, Field::OldTaxId].map(Field::as_str);
    for (name, value) in record.as_object_mut().into_iter().flatten() {
        if *value == undone[name] && !stays.contains(&name.as_str()) {
            *value = last[name].clone();
        }
    }
    Ok(serde_json::from_value(record)?)
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

fn new_client<'a>(mut record: Cow<'a, ClientRow>, client: &str) -> anyhow::Result<NewClient<'a>> {
    if record.tax_id.as_str() != client {
        let record = record.to_mut();
        record.old_tax_id = Some(std::mem::replace(&mut record.tax_id, client.parse()?));
    }
    Ok(NewClient {
        tax_id: client.to_owned(),
        name_key: fold(&record.name),
        phone: record.phone.to_string(),
        record,
    })
}

/// What became of joining two tax ids.
#[derive(Clone, Debug)]
pub enum Joined {
    Done,
    /// They were one client's already.
    Already,
    /// The firm has no client with this tax id.
    Unknown(TaxId),
    /// The old one is a former tax id already, of the client with this present one.
    Former(String),
    /// The new one is a client of another firm, with a licence that runs.
    Elsewhere,
    /// As one client's, these two lines could not both have been ordered.
    Against(Box<[Known; 2]>),
}

/// The two clients as the firm has them, where one is an enterprise and the other a household business: what is sold to
/// the one is not sold to the other, and a free year of the one is then the other's too.
pub async fn of_other_types(
    tx: &mut Tx,
    firm: &str,
    (old, new): (&TaxId, &TaxId),
) -> anyhow::Result<Option<[ClientRow; 2]>> {
    let known = clients::ties_of(tx, firm, &[old.to_string(), new.to_string()]).await?;
    let (Some(one), Some(other)) = (client_of(&known, old), client_of(&known, new)) else {
        return Ok(None);
    };
    let one = clients::by_tax_id(tx, firm, &one).await?;
    let other = clients::by_tax_id(tx, firm, &other).await?;
    let both = one.zip(other).map(|(one, other)| [one.record.0, other.record.0]);
    Ok(both.filter(|[one, other]| one.customer_type != other.customer_type))
}

/// The client of the old tax id where it is an enterprise and the new one a person's, which no enterprise has: a business
/// that its owner goes on with under another form is another client.
pub async fn of_a_person(
    tx: &mut Tx,
    firm: &str,
    (old, new): (&TaxId, &TaxId),
) -> anyhow::Result<Option<ClientRow>> {
    if new.kind() != TaxIdKind::Personal {
        return Ok(None);
    }
    let known = clients::ties_of(tx, firm, &[old.to_string()]).await?;
    let Some(client) = client_of(&known, old) else { return Ok(None) };
    let record = clients::by_tax_id(tx, firm, &client).await?.map(|it| it.record.0);
    Ok(record.filter(|it| it.customer_type == CustomerType::Enterprise && it.tax_id != *new))
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
    clients::hold(tx, firm, &wanted).await?;
    let known = clients::ties_of(tx, firm, &wanted).await?;
    let (before, after) = (client_of(&known, old), client_of(&known, new));
    let Some(from) = before else { return Ok(Joined::Unknown(old.clone())) };
    if after.as_ref() == Some(&from) && from == new.as_str() {
        return Ok(Joined::Already);
    }
    if from != old.as_str() {
        return Ok(Joined::Former(from));
    }
    if after.is_none() && clients::runs_elsewhere(tx, firm, new.as_str()).await? {
        return Ok(Joined::Elsewhere);
    }
    let kept = after.as_ref().unwrap_or(&from);
    let Some(record) = clients::by_tax_id(tx, firm, kept).await? else {
        return Ok(Joined::Unknown(old.clone()));
    };
    if let Some(both) = against(tx, firm, &known).await? {
        return Ok(Joined::Against(Box::new(both)));
    }
    let mut record = record.record.0;
    record.tax_id = new.clone();
    record.old_tax_id = Some(old.clone());
    clients::put(tx, firm, &[new_client(Cow::Owned(record), new.as_str())?], now).await?;
    let pairs: Vec<(String, String)> =
        wanted.iter().map(|id| (id.clone(), new.to_string())).collect();
    clients::tie(tx, firm, &pairs, Some(reason)).await?;
    for other in [Some(from), after].into_iter().flatten().filter(|other| other != new.as_str()) {
        clients::join(tx, firm, &other, new.as_str()).await?;
    }
    show(tx, firm, &wanted).await?;
    Ok(Joined::Done)
}

/// Workbooks name the present tax id beside the one of a line.
async fn show(tx: &mut Tx, firm: &str, tax_ids: &[String]) -> anyhow::Result<()> {
    for tax_id in tax_ids {
        dues::workbooks_are_due(tx, firm, tax_id).await?;
    }
    Ok(())
}

fn client_of(known: &[Tie], tax_id: &TaxId) -> Option<String> {
    let tie = known.iter().find(|tie| tie.tax_id == tax_id.as_str());
    tie.map(|tie| tie.client.clone())
}

/// Two lines of different clients that one client cannot have: the same family and year, or two free years. A suspended
/// licence stands against nothing: who did not pay under one tax id may have bought anew under the other.
async fn against(tx: &mut Tx, firm: &str, ties: &[Tie]) -> anyhow::Result<Option<[Known; 2]>> {
    let tax_ids: Vec<&str> = ties.iter().map(|tie| tie.tax_id.as_str()).collect();
    let client = |line: &Known| client_of(ties, &line.client.tax_id);
    let lines = lines::known_of(tx, firm, &tax_ids).await?;
    let stands: Vec<Known> =
        lines.into_iter().filter(|line| line.state != LineState::Suspended).collect();
    let excludes = |one: &Known, other: &Known| {
        let same_year = one.family == other.family && one.fiscal_year == other.fiscal_year;
        let both_free = [one, other].iter().all(|line| line.client.kind == Kind::Free);
        client(one) != client(other) && (same_year || both_free)
    };
    for (at, one) in stands.iter().enumerate() {
        if let Some(other) = stands[at + 1..].iter().find(|other| excludes(one, other)) {
            return Ok(Some([one.clone(), other.clone()]));
        }
    }
    Ok(None)
}

/// What became of telling two tax ids apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parted {
    /// By the tax ids of the clients that there are now.
    Done(Vec<String>),
    /// They are two clients' as it is.
    Already,
    /// The firm has no client with this tax id.
    Unknown(TaxId),
}

/// Takes it back that two tax ids are one client's. Each client is what was last ordered under its own tax id; where
/// nothing was ordered under the present one, the client has the former one again. Why is kept with what stays.
pub async fn part(
    tx: &mut Tx,
    firm: &str,
    (old, new): (&TaxId, &TaxId),
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<Parted> {
    let wanted = [old.to_string(), new.to_string()];
    clients::hold(tx, firm, &wanted).await?;
    let known = clients::ties_of(tx, firm, &wanted).await?;
    let Some(joined) = client_of(&known, old) else { return Ok(Parted::Unknown(old.clone())) };
    match client_of(&known, new) {
        None => return Ok(Parted::Unknown(new.clone())),
        Some(other) if other != joined => return Ok(Parted::Already),
        Some(_) => {}
    }
    let (leaves, stays) = if joined == old.as_str() { (new, old) } else { (old, new) };
    let Some(record) = clients::by_tax_id(tx, firm, &joined).await? else {
        return Ok(Parted::Unknown(old.clone()));
    };
    let record = record.record.0;
    let own = own_record(tx, firm, leaves.as_str(), &record).await?;
    let rest = own_record(tx, firm, &joined, &record).await?;
    let was_renamed = own.is_some() && rest.is_none() && joined == stays.as_str();
    let rest = rest.map_or_else(|| without(&record, leaves, &joined), Ok)?;
    let mut there: Vec<String> = own.iter().map(|it| it.tax_id.clone()).collect();
    let mut ties = vec![(stays.to_string(), joined.clone())];
    ties.extend(there.iter().map(|it| (it.clone(), it.clone())));
    clients::put(tx, firm, &own.into_iter().chain([rest]).collect::<Vec<_>>(), now).await?;
    clients::untie(tx, firm, leaves.as_str()).await?;
    clients::tie(tx, firm, &ties, reason).await?;
    if was_renamed {
        clients::join(tx, firm, &joined, leaves.as_str()).await?;
        clients::untie(tx, firm, &joined).await?;
    } else {
        there.push(joined);
    }
    show(tx, firm, &wanted).await?;
    Ok(Parted::Done(there))
}

/// A client as it is, without a former tax id that is another one's.
fn without(
    present: &ClientRow,
    parted: &TaxId,
    tax_id: &str,
) -> anyhow::Result<NewClient<'static>> {
    let old_tax_id = present.old_tax_id.clone().filter(|old| old != parted);
    new_client(Cow::Owned(ClientRow { old_tax_id, ..present.clone() }), tax_id)
}

/// A client by what was last ordered under this tax id itself; who works in its data is what was said last.
async fn own_record(
    tx: &mut Tx,
    firm: &str,
    tax_id: &str,
    present: &ClientRow,
) -> anyhow::Result<Option<NewClient<'static>>> {
    let Some(newest) = lines::newest_of(tx, firm, tax_id).await? else { return Ok(None) };
    let assigned_to = present.assigned_to.clone();
    let record = ClientRow { old_tax_id: None, assigned_to, ..newest.0 };
    new_client(Cow::Owned(record), tax_id).map(Some)
}
