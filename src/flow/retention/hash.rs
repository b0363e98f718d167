//! What is left of lines whose data were deleted: hashes under the workspace's key, which say of a tax id that is asked
//! about whether it had something, and tell nobody whose they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    db::{
        Tx, clients,
        purge::{self, Left, Ordered, PurgedKind},
    },
    domain::order::Kind,
    flow::Services,
};

/// What the key signs it for.
const PURPOSE: &str = "purged";

/// Something that a client had, of which nothing else is known any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub tax_id: String,
    pub family: String,
    pub fiscal_year: i64,
    pub kind: Kind,
}

fn hash(services: &Services, tax_id: &str, kind: &PurgedKind) -> String {
    let PurgedKind { family, fiscal_year, kind } = kind;
    services.key.sign(PURPOSE, &format!("{tax_id}/{family}/{fiscal_year}/{kind}"))
}

/// What these tax ids had.
pub async fn of(services: &Services, tax_ids: &[String]) -> anyhow::Result<Vec<Gone>> {
    let kinds = purge::kinds(&services.db).await?;
    let mut asked: HashMap<String, (&String, &PurgedKind)> = HashMap::new();
    for tax_id in tax_ids {
        for kind in &kinds {
            asked.insert(hash(services, tax_id, kind), (tax_id, kind));
        }
    }
    let mut hashes: Vec<&str> = asked.keys().map(String::as_str).collect();
    hashes.sort_unstable();
    let known = purge::known(&services.db, &hashes).await?;
    let mut gone: Vec<Gone> = known
        .iter()
        .filter_map(|hash| asked.get(hash))
        .map(|(tax_id, kind)| Gone {
            tax_id: (*tax_id).clone(),
            family: kind.family.clone(),
            fiscal_year: kind.fiscal_year,
            kind: kind.kind,
        })
        .collect();
    gone.sort_by(|a, b| {
        (&a.tax_id, &a.family, a.fiscal_year).cmp(&(&b.tax_id, &b.family, b.fiscal_year))
    });
    Ok(gone)
}

/// Leaves the hashes of lines, under each tax id that their clients have or had; the amount under one of them.
pub async fn leave(
    services: &Services,
    tx: &mut Tx,
    firm: &str,
    lines: &[Ordered],
) -> anyhow::Result<()> {
    let ids = |line: &Ordered| {
        [Some(&line.tax_id), line.old_tax_id.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
    };
    let asked: BTreeSet<String> = lines.iter().flat_map(ids).collect();
    let ties = clients::ties_of(tx, firm, &asked.into_iter().collect::<Vec<_>>()).await?;
    let client: HashMap<&str, &str> =
        ties.iter().map(|tie| (tie.tax_id.as_str(), tie.client.as_str())).collect();
    let mut of_client: HashMap<&str, Vec<&str>> = HashMap::new();
    for tie in &ties {
        of_client.entry(&tie.client).or_default().push(&tie.tax_id);
    }
    let (mut left, mut kinds) = (BTreeMap::<String, i64>::new(), BTreeSet::new());
    for line in lines {
        let kind = PurgedKind {
            family: line.family.clone(),
            fiscal_year: line.fiscal_year,
            kind: line.kind,
        };
        let known = client.get(line.tax_id.as_str()).and_then(|client| of_client.get(client));
        let known = known.into_iter().flatten().map(|tax_id| (*tax_id).to_owned());
        let others: BTreeSet<String> = ids(line).into_iter().chain(known).collect();
        for tax_id in &others {
            let amount = if *tax_id == line.tax_id { line.amount } else { 0 };
            *left.entry(hash(services, tax_id, &kind)).or_default() += amount;
        }
        kinds.insert(kind);
    }
    let left: Vec<Left> = left.into_iter().map(|(hash, amount)| Left { hash, amount }).collect();
    purge::leave(tx, &left, &kinds.into_iter().collect::<Vec<_>>()).await?;
    Ok(())
}
