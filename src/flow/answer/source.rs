//! Where the rows of a result workbook come from: some at a time, so that a long list need not fit in memory.
//! They are read twice, to measure and to write, and must be the same both times; gathering them is done elsewhere.

use std::{sync::mpsc, thread};

use super::{identity::Sums, view::RowView};

/// So many pages wait to be written while the next one is made.
const AHEAD: usize = 2;
/// As for all threads of the program.
const STACK: usize = 8 * 1024 * 1024;

pub trait Source: Sync {
    /// Rows of a list that follow the row `after`, in order; none at its end. Lists are counted from 0.
    fn rows_after(&self, list: usize, after: u32) -> anyhow::Result<Vec<RowView>>;

    /// The signed text by which the workbook is known, once all rows are written.
    fn identity(&self, sums: &Sums) -> anyhow::Result<String>;
}

/// All rows of a list, in order. They are made on a thread of their own, some ahead of what is done with them.
pub fn each_row(
    source: &dyn Source,
    list: usize,
    mut act: impl FnMut(&RowView) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    thread::scope(|scope| {
        let (send, pages) = mpsc::sync_channel(AHEAD);
        let ahead = move || {
            let mut next = Some(0);
            while let Some(after) = next {
                let page = source.rows_after(list, after);
                next = page.as_ref().ok().and_then(|rows| rows.last()).map(|row| row.number);
                // Nobody waits for it where an earlier row could not be written.
                if send.send(page).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, ahead)?;
        pages.into_iter().try_for_each(|page| page?.iter().try_for_each(&mut act))
    })
}
