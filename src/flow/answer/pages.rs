//! The rows of a result workbook, some at a time: of a batch from the database, of a dry run from what was just checked.
//! What is said of the file as a whole is gathered once, in `gather`.

use std::collections::HashMap;

use tokio::runtime::Handle;

use super::{
    identity::{self, Sums},
    line_views,
    rows::{self, At, Facts, Whole},
    source::Source,
    view::{FindingText, RowView},
};
use crate::{
    db::{
        self, activations,
        batches::Batch,
        cancellations, findings, licences, lines, requests,
        rows::{Span, StagedRow},
        told,
    },
    flow::{
        map::{Mapped, Table, TableRow},
        staged,
    },
};

/// So many rows at a time.
const PAGE: i64 = 1_000;

/// Of a batch.
pub struct OfBatch<'a> {
    pub batch: &'a Batch,
    /// Without their rows.
    pub tables: Vec<Table>,
    pub whole: Whole<'a>,
    /// Of rows whose edited cells corrected nothing why.
    pub refused: HashMap<At, Vec<FindingText>>,
    /// On which the database answers.
    pub runtime: Handle,
}

impl Source for OfBatch<'_> {
    fn rows_after(&self, list: usize, after: u32) -> anyhow::Result<Vec<RowView>> {
        let Some(table) = self.tables.get(list) else { return Ok(Vec::new()) };
        self.runtime.block_on(self.page(table, after))
    }

    fn identity(&self, sums: &Sums) -> anyhow::Result<String> {
        identity::payload(&self.whole.services.key, (self.batch.id(), self.batch.revision), sums)
    }
}

impl OfBatch<'_> {
    async fn page(&self, table: &Table, after: u32) -> anyhow::Result<Vec<RowView>> {
        let (db, batch) = (&self.whole.services.db, self.batch.id());
        let staged = db::rows::after(db, (batch, table.sheet), after, PAGE).await?;
        let (Some(first), Some(last)) = (staged.first(), staged.last()) else {
            return Ok(Vec::new());
        };
        let span = Span { batch, sheet: table.sheet, first: first.row_no, last: last.row_no };
        let said = findings::of_rows(db, span).await?;
        let business = self.business(span).await?;
        let mut facts = Facts {
            said: rows::by_row(said.iter()),
            lines: line_views::of(self.whole.services, &business)?,
            stuck: line_views::stuck(self.whole.services, &business),
            ..Facts::default()
        };
        for row in &staged {
            let at = (row.sheet, u32::try_from(row.row_no)?);
            facts.states.extend(row.state().map(|state| (at, state)));
            if row.dropped {
                facts.dropped.insert(at);
            }
            facts.refused.extend(self.refused.get(&at).map(|said| (at, said.clone())));
        }
        let shown: Vec<TableRow> = staged.into_iter().map(staged::row).collect::<Result<_, _>>()?;
        let mut table = table.clone();
        table.rows = self.merged(&table, span).await?;
        table.rows.extend_from_slice(&shown);
        Ok(rows::views(&self.whole, &table, &shown, &facts))
    }

    async fn business(&self, span: Span) -> anyhow::Result<line_views::Business> {
        let db = &self.whole.services.db;
        Ok(line_views::Business {
            firm: self.batch.firm.clone(),
            lines: lines::of_rows(db, span).await?,
            requests: requests::of_rows(db, span).await?,
            licences: licences::of_rows(db, span).await?,
            mails: told::of_rows(db, span).await?,
            cancelled: cancellations::of_rows(db, span).await?,
            stuck: activations::stuck_of_rows(db, span).await?,
        })
    }

    /// The rows above that cells of these are merged with, in order.
    async fn merged(&self, table: &Table, span: Span) -> anyhow::Result<Vec<TableRow>> {
        let is_needed = |first: i64, last: i64| first < span.first && last >= span.first;
        let merges = table.layout.merges.iter();
        let merges = merges.filter(|it| is_needed(it.first_row.into(), it.last_row.into()));
        let mut numbers: Vec<u32> = merges.map(|merge| merge.first_row).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut rows: Vec<StagedRow> = Vec::new();
        for number in numbers {
            let (of, above) = ((span.batch, span.sheet), number.saturating_sub(1));
            let found = db::rows::after(&self.whole.services.db, of, above, 1).await?;
            rows.extend(found.into_iter().filter(|row| row.row_no == i64::from(number)));
        }
        rows.into_iter().map(staged::row).collect()
    }
}

/// Of a dry run.
pub struct OfCheck<'a> {
    pub mapped: &'a Mapped,
    pub whole: Whole<'a>,
    pub facts: Facts<'a>,
}

impl Source for OfCheck<'_> {
    fn rows_after(&self, list: usize, after: u32) -> anyhow::Result<Vec<RowView>> {
        let Some(table) = self.mapped.tables.get(list) else { return Ok(Vec::new()) };
        let from = table.rows.partition_point(|row| row.number <= after);
        let to = table.rows.len().min(from + usize::try_from(PAGE)?);
        Ok(rows::views(&self.whole, table, &table.rows[from..to], &self.facts))
    }

    fn identity(&self, _: &Sums) -> anyhow::Result<String> {
        anyhow::bail!("A dry run is no answer's beginning")
    }
}
