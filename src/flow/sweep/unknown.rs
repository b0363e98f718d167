//! Licences of the platform that no line here has: after a restore, what was ordered behind the backup. They are written
//! down, so that a list that orders for such a client again asks first.

use std::collections::HashSet;

use super::reconcile::is_forgotten;
use crate::{
    db::{batches::Filter, licences, unknown},
    flow::{Services, activate::platform::wire::Licence},
};

/// Reads all licences of the platform, and says and keeps those that are unknown here.
pub async fn find(services: &Services) -> anyhow::Result<Vec<Licence>> {
    let known = licences::list(&services.db, &Filter::default()).await?;
    let known: HashSet<&str> = known.iter().map(|known| known.licence_id.as_str()).collect();
    let mut all = services.platform.all().await?;
    all.retain(|licence| !known.contains(licence.licence_id.as_str()));
    keep(services, all.iter().filter(|it| !is_forgotten(services, it))).await?;
    Ok(all)
}

/// Keeps these, and forgets all others.
pub async fn keep(
    services: &Services,
    unknown: impl Iterator<Item = &Licence>,
) -> anyhow::Result<()> {
    let all: Vec<(&str, &str)> =
        unknown.map(|it| (it.licence_id.as_str(), it.tax_id.as_str())).collect();
    let mut tx = services.db.begin().await?;
    unknown::replace(&mut tx, &all, services.now()).await?;
    Ok(tx.commit().await?)
}
