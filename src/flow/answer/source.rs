//! Where the rows of a result workbook come from: some at a time, so that a long list need not fit in memory.
//! Gathering them is done elsewhere.

use std::{
    io, iter,
    sync::mpsc::{self, Receiver},
    thread::{self, Scope},
};

use super::{identity::Sums, view::RowView};

/// So many pages wait for what is done with them next.
const AHEAD: usize = 1;
/// As for all threads of the program.
const STACK: usize = 8 * 1024 * 1024;

/// Some rows that were read, and what is still to be made of them.
pub struct Page<'a> {
    /// The number of its last row.
    pub last: u32,
    pub views: Box<dyn FnOnce() -> anyhow::Result<Vec<RowView>> + Send + 'a>,
}

impl<'a> Page<'a> {
    pub fn new(
        last: u32,
        views: impl FnOnce() -> anyhow::Result<Vec<RowView>> + Send + 'a,
    ) -> Page<'a> {
        Page { last, views: Box::new(views) }
    }
}

pub trait Source: Sync {
    /// Rows of a list that follow the row `after`, in order; nothing at its end. Lists are counted from 0.
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>>;

    /// The signed text by which the workbook is known, once all rows are written.
    fn identity(&self, sums: &Sums) -> anyhow::Result<String>;
}

/// All rows of a list behind one of them, in order, some at a time. While something is done with these, the views of the
/// next are made, and those behind them are read.
pub fn each_page(
    source: &dyn Source,
    (list, after): (usize, u32),
    mut act: impl FnMut(&[RowView]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    thread::scope(|scope| {
        let read = ahead(scope, pages(source, list, after))?;
        let made = ahead(scope, read.into_iter().map(|page| (page?.views)()))?;
        made.into_iter().try_for_each(|rows| act(&rows?))
    })
}

/// The pages of a list behind a row, up to the first that cannot be read.
fn pages(
    source: &dyn Source,
    list: usize,
    after: u32,
) -> impl Iterator<Item = anyhow::Result<Page<'_>>> {
    let mut after = Some(after);
    iter::from_fn(move || {
        let page = source.page_after(list, after?).transpose();
        after = page.as_ref().and_then(|page| page.as_ref().ok()).map(|page| page.last);
        page
    })
}

/// Makes items on a thread of its own, some ahead of what is done with them.
fn ahead<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    items: impl Iterator<Item = T> + Send + 'scope,
) -> io::Result<Receiver<T>> {
    let (send, made) = mpsc::sync_channel(AHEAD);
    let work = move || {
        for item in items {
            // Nobody waits for it where an earlier one could not be used.
            if send.send(item).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::answer::view::RowKind;

    /// A list of numbered rows, three a page.
    struct Numbered {
        rows: u32,
        /// The page behind this row cannot be read.
        unread_after: Option<u32>,
        /// No view can be made of this row.
        unseen: Option<u32>,
    }

    impl Source for Numbered {
        fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
            assert_eq!(list, 0);
            anyhow::ensure!(self.unread_after != Some(after), "not read");
            let numbers: Vec<u32> = (after + 1..=self.rows).take(3).collect();
            let view = |number| {
                anyhow::ensure!(self.unseen != Some(number), "not seen");
                Ok(RowView { number, cells: Vec::new(), kind: RowKind::Outside })
            };
            let end = numbers.last().copied();
            Ok(end.map(|end| Page::new(end, move || numbers.into_iter().map(view).collect())))
        }

        fn identity(&self, _: &Sums) -> anyhow::Result<String> {
            Ok(String::new())
        }
    }

    /// The rows that came, and what ended them before their end.
    fn seen(source: &Numbered, (after, last): (u32, u32)) -> (Vec<u32>, Option<String>) {
        let mut seen = Vec::new();
        let ended = each_page(source, (0, after), |rows| {
            rows.iter().try_for_each(|row| {
                seen.push(row.number);
                anyhow::ensure!(row.number != last, "not written");
                Ok(())
            })
        });
        (seen, ended.err().map(|error| error.to_string()))
    }

    #[test]
    fn every_row_behind_one_comes_once_and_in_order() {
        for rows in [0, 1, 3, 4, 100] {
            let source = Numbered { rows, unread_after: None, unseen: None };
            for after in [0, 2, 3] {
                assert_eq!(seen(&source, (after, 0)), ((after + 1..=rows).collect(), None));
            }
        }
    }

    #[test]
    fn what_cannot_be_read_made_or_written_ends_the_list_and_is_told() {
        let source = |unread_after, unseen| Numbered { rows: 100, unread_after, unseen };
        let told = |error: &str| Some(error.to_owned());
        assert_eq!(seen(&source(Some(6), None), (0, 0)), ((1..=6).collect(), told("not read")));
        assert_eq!(seen(&source(None, Some(5)), (0, 0)), ((1..=3).collect(), told("not seen")));
        assert_eq!(seen(&source(None, None), (0, 2)), (vec![1, 2], told("not written")));
    }
}
