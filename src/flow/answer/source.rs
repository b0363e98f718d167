//! Where the rows of a result workbook come from: some at a time, so that a long list need not fit in memory.
//! They are read twice, to measure and to write, and must be the same both times; gathering them is done elsewhere.

use super::{identity::Sums, view::RowView};

pub trait Source {
    /// Rows of a list that follow the row `after`, in order; none at its end. Lists are counted from 0.
    fn rows_after(&self, list: usize, after: u32) -> anyhow::Result<Vec<RowView>>;

    /// The signed text by which the workbook is known, once all rows are written.
    fn identity(&self, sums: &Sums) -> anyhow::Result<String>;
}

/// All rows of a list, in order.
pub fn each_row(
    source: &dyn Source,
    list: usize,
    mut act: impl FnMut(&RowView) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let rows = source.rows_after(list, after)?;
        let Some(end) = rows.last() else { return Ok(()) };
        after = end.number;
        rows.iter().try_for_each(&mut act)?;
    }
}
