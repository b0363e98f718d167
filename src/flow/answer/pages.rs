//! The rows of a result workbook, some at a time: of a batch from the database, of a dry run from what was just checked.
//! What is said of the file as a whole is gathered once, in `gather`.

use std::collections::HashMap;

use tokio::runtime::Handle;

use super::{
    identity::{self, Sums},
    left, line_views,
    rows::{self, At, Facts, Whole},
    source::{Page, Source},
    view::{FindingText, RowView},
};
use crate::{
    db::{
        self, activations,
        batches::Batch,
        beside, cancellations, corrections,
        findings::{self, Numbered},
        licences, requests,
        rows::{Span, StagedRow},
        told,
    },
    flow::{
        map::{Mapped, Table},
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

/// Some rows of a list, and all that the database holds about them.
struct Loaded {
    /// Rows before them that cells of theirs are merged with.
    above: Vec<StagedRow>,
    rows: Vec<StagedRow>,
    said: Vec<Numbered>,
    business: line_views::Business,
}

impl Source for OfBatch<'_> {
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
        let Some(table) = self.tables.get(list) else { return Ok(None) };
        let loaded = self.runtime.block_on(self.load(table, after))?;
        let page = |(last, loaded)| Page::new(last, move || self.views(table, loaded));
        Ok(loaded.map(page))
    }

    fn identity(&self, sums: &Sums) -> anyhow::Result<String> {
        identity::payload(&self.whole.services.key, (self.batch.id(), self.batch.revision), sums)
    }
}

impl OfBatch<'_> {
    /// With the number of the last row.
    async fn load(&self, table: &Table, after: u32) -> anyhow::Result<Option<(u32, Loaded)>> {
        let (db, batch) = (&self.whole.services.db, self.batch.id());
        let rows = db::rows::after(db, (batch, table.sheet), after, PAGE).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(None) };
        let span = Span { batch, sheet: table.sheet, first: first.row_no, last: last.row_no };
        // Each is read on a connection of its own.
        let (mut said, lines, requests, licences, mails, former, cancelled, stuck) = tokio::try_join!(
            findings::of_rows(db, span),
            beside::of_rows(db, span),
            requests::of_rows(db, span),
            licences::of_rows(db, span),
            told::of_rows(db, span),
            corrections::former_of_rows(db, span),
            cancellations::of_rows(db, span),
            activations::stuck_of_rows(db, span)
        )?;
        let firm = self.batch.firm.clone();
        left::tell(self.whole.services, firm.as_deref(), &mut said).await?;
        let business = line_views::Business {
            firm,
            lines,
            requests,
            licences,
            mails,
            former,
            cancelled,
            stuck,
        };
        let (last, above) = (u32::try_from(last.row_no)?, self.above(table, span).await?);
        Ok(Some((last, Loaded { above, rows, said, business })))
    }

    fn views(&self, table: &Table, loaded: Loaded) -> anyhow::Result<Vec<RowView>> {
        let Loaded { above, rows, said, business } = loaded;
        let mut facts = Facts {
            said: rows::by_row(said.iter()),
            lines: line_views::of(self.whole.services, &business)?,
            stuck: line_views::stuck(self.whole.services, &business),
            ..Facts::default()
        };
        for row in &rows {
            let at = (row.sheet, u32::try_from(row.row_no)?);
            facts.states.extend(row.state().map(|state| (at, state)));
            if row.dropped {
                facts.dropped.insert(at);
            }
            facts.refused.extend(self.refused.get(&at).map(|said| (at, said.clone())));
        }
        let first = above.len();
        let rows: anyhow::Result<_> = above.into_iter().chain(rows).map(staged::row).collect();
        let table = Table { rows: rows?, ..table.clone() };
        Ok(rows::views(&self.whole, &table, &table.rows[first..], &facts))
    }

    /// The rows above that cells of these are merged with, in order.
    async fn above(&self, table: &Table, span: Span) -> anyhow::Result<Vec<StagedRow>> {
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
        Ok(rows)
    }
}

/// Of a dry run.
pub struct OfCheck<'a> {
    pub mapped: &'a Mapped,
    pub whole: Whole<'a>,
    pub facts: Facts<'a>,
}

impl Source for OfCheck<'_> {
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
        let Some(table) = self.mapped.tables.get(list) else { return Ok(None) };
        let from = table.rows.partition_point(|row| row.number <= after);
        let to = table.rows.len().min(from + usize::try_from(PAGE)?);
        let rows = &table.rows[from..to];
        let views = move || Ok(rows::views(&self.whole, table, rows, &self.facts));
        Ok(rows.last().map(|last| Page::new(last.number, views)))
    }

    fn identity(&self, _: &Sums) -> anyhow::Result<String> {
        anyhow::bail!("A dry run is no answer's beginning")
    }
}
