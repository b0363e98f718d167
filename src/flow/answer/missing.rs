//! Clients of earlier lists that a new one leaves out. Their lines stay; people are told how many they are.

use std::collections::BTreeSet;

use crate::{
    db::{self, findings, findings::Numbered, lines},
    domain::batch::BatchId,
    flow::{
        Services,
        check::{
            self,
            groups::{self, Key},
            history::{BATCH, LINE},
        },
        map::Table,
        staged,
    },
};

/// So many rows at a time.
const PAGE: i64 = 5_000;

/// How many lines of the batches that rows of a stored list point to are not in it. The rows of `tables` are not read.
pub async fn of_batch(services: &Services, id: BatchId, tables: &[Table]) -> anyhow::Result<usize> {
    let db = &services.db;
    let batches = findings::details(db, id, BATCH).await?;
    let lines = findings::details(db, id, LINE).await?;
    let before = before(services, Some(id), &batches, &lines).await?;
    if before.is_empty() || tables.is_empty() {
        return Ok(0);
    }
    let mut now = BTreeSet::new();
    for table in tables {
        // What is merged downwards is no tax id.
        let mut page = table.clone();
        let mut after = 0;
        loop {
            let rows = db::rows::after(db, (id, table.sheet), after, PAGE).await?;
            page.rows = rows.into_iter().map(staged::row).collect::<Result<_, _>>()?;
            let Some(last) = page.rows.last() else { break };
            after = last.number;
            let page = std::slice::from_ref(&page);
            let columns = &services.catalogue.columns;
            now.extend(tokio::task::block_in_place(|| check::named(page, columns)));
        }
    }
    Ok(of_keys(before, now.into_iter()))
}

/// The same of a list that is not stored.
pub async fn count(
    services: &Services,
    tables: &[Table],
    findings: &[Numbered],
) -> anyhow::Result<usize> {
    let said = |key| findings.iter().filter_map(move |(_, finding)| finding.detail.get(key));
    let batches: Vec<String> = said(BATCH).cloned().collect();
    let lines: Vec<String> = said(LINE).cloned().collect();
    let before = before(services, None, &batches, &lines).await?;
    if before.is_empty() || tables.is_empty() {
        return Ok(0);
    }
    let now = tokio::task::block_in_place(|| check::named(tables, &services.catalogue.columns));
    Ok(of_keys(before, now.into_iter()))
}

/// The tax ids of the lines of those batches that no row names again.
async fn before(
    services: &Services,
    id: Option<BatchId>,
    batches: &[String],
    named_again: &[String],
) -> anyhow::Result<Vec<String>> {
    let batches: BTreeSet<BatchId> = batches.iter().filter_map(|it| it.parse().ok()).collect();
    let named_again: BTreeSet<&String> = named_again.iter().collect();
    let mut before = Vec::new();
    for batch in batches.into_iter().filter(|batch| Some(*batch) != id) {
        let lines = lines::tax_ids(&services.db, batch).await?;
        let is_new = |line: &lines::Named| !named_again.contains(&line.reference().to_string());
        before.extend(lines.into_iter().filter(is_new).map(|line| line.tax_id));
    }
    Ok(before)
}

fn of_keys(before: Vec<String>, now: impl Iterator<Item = String>) -> usize {
    let before = Key::of(before.into_iter().map(|tax_id| Some([tax_id])));
    let now = Key::of(now.map(|tax_id| Some([tax_id])));
    tokio::task::block_in_place(|| groups::missing(&before, &now).len())
}
