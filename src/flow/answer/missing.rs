//! Clients of earlier lists that a new one leaves out. Their lines stay; people are told how many they are.

use std::collections::BTreeSet;

use crate::{
    db::{findings::Numbered, lines},
    domain::{
        batch::BatchId,
        order::{LineRef, LineState},
    },
    flow::{
        Services,
        check::{
            self,
            groups::{self, Key},
            history::{BATCH, LINE},
        },
        map::Table,
    },
};

/// How many lines of the batches that rows of a list point to are not in it. `id` is the list's own batch, if it
/// has one.
pub async fn count(
    services: &Services,
    id: Option<BatchId>,
    tables: &[Table],
    findings: &[Numbered],
) -> anyhow::Result<usize> {
    if tables.is_empty() {
        return Ok(0);
    }
    let said = |key| findings.iter().filter_map(move |(_, finding)| finding.detail.get(key));
    let batches: BTreeSet<BatchId> = said(BATCH).filter_map(|batch| batch.parse().ok()).collect();
    let named_again: BTreeSet<&String> = said(LINE).collect();
    let mut before: Vec<lines::Line> = Vec::new();
    for batch in batches.into_iter().filter(|batch| Some(*batch) != id) {
        before.extend(lines::of_batch(&services.db, batch).await?);
    }
    before.retain(|line| {
        let reference = LineRef { order: line.order_code.clone(), line: line.line_no };
        line.state != LineState::Cancelled && !named_again.contains(&reference.to_string())
    });
    if before.is_empty() {
        return Ok(0);
    }
    let missing = || {
        let named = check::named(tables, &services.catalogue.columns);
        let now = Key::of(named.into_iter().map(|tax_id| Some([tax_id])));
        let before = before.iter().map(|line| Some([line.client.tax_id.to_string()]));
        groups::missing(&Key::of(before), &now).len()
    };
    Ok(tokio::task::block_in_place(missing))
}
