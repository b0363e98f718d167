//! What nights found for firms is deleted with the lines that it tells of, and when it is too old; so is what whoever
//! runs the program was told.
//! What it says is known to `sweep::extract`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::files;
use crate::{
    db::{
        batches::Filter,
        orders, purge,
        reports::{self, Report, ReportKind},
    },
    flow::{Services, sweep::extract::Extract},
};

/// How many letters that were kept as files went with it.
pub async fn purge(services: &Services, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let mut files = 0;
    for report in reports::all(&services.db, ReportKind::Operator).await? {
        if report.until < before {
            files += one(services, &report).await?;
        }
    }
    let kept = reports::all(&services.db, ReportKind::Reconciliation).await?;
    if kept.is_empty() {
        return Ok(files);
    }
    let orders = orders::list(&services.db, &Filter::default()).await?;
    let there: BTreeSet<&str> = orders.iter().map(|order| order.code.as_str()).collect();
    for report in &kept {
        let extract: Extract = report.content()?;
        if report.until < before || extract.tells_of(|order| !there.contains(order)) {
            files += one(services, report).await?;
        }
    }
    Ok(files)
}

async fn one(services: &Services, report: &Report) -> anyhow::Result<u64> {
    let mails = purge::message_ids_of_report(&services.db, report.id).await?;
    let files = files::of_mails(services, &mails)?;
    let mut tx = services.db.begin().await?;
    purge::report(&mut tx, report.id).await?;
    tx.commit().await?;
    Ok(files)
}
