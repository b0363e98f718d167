//! Rows that were read to measure a workbook, kept until it is written: so those of a list that is not long are read once.
//! Where they come from is the business of the source behind it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    identity::Sums,
    source::{Page, Source},
    view::RowView,
};

/// So many rows of a workbook, some kilobytes each; those behind them are read again.
const MOST: usize = 10_000;

pub struct Kept<'a> {
    source: &'a dyn Source,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    /// How many rows were ever kept.
    rows: usize,
    /// By the list, and the row behind which they begin.
    of: HashMap<(usize, u32), Seen>,
}

/// The number of the last row of a page, and its rows.
type Seen = (u32, Arc<Vec<RowView>>);

impl<'a> Kept<'a> {
    pub fn of(source: &'a dyn Source) -> Kept<'a> {
        Kept { source, pages: Mutex::default() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Kept<'_> {
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
        if let Some((last, rows)) = self.pages().of.remove(&(list, after)) {
            return Ok(Some(Page { last, views: Box::new(|| Ok(rows)) }));
        }
        let Some(Page { last, views }) = self.source.page_after(list, after)? else {
            return Ok(None);
        };
        let kept = move || {
            let rows = views()?;
            let mut pages = self.pages();
            if pages.rows + rows.len() <= MOST {
                pages.rows += rows.len();
                pages.of.insert((list, after), (last, rows.clone()));
            }
            Ok(rows)
        };
        Ok(Some(Page { last, views: Box::new(kept) }))
    }

    fn identity(&self, sums: &Sums) -> anyhow::Result<String> {
        self.source.identity(sums)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::flow::answer::{source::each_row, view::RowKind};

    /// Two lists of numbered rows, a thousand a page.
    struct Numbered {
        rows: u32,
        read: AtomicUsize,
    }

    impl Source for Numbered {
        fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
            assert!(list < 2);
            let numbers: Vec<u32> = (after + 1..=self.rows).take(1_000).collect();
            self.read.fetch_add(numbers.len(), Ordering::Relaxed);
            let view = |number| RowView { number, cells: Vec::new(), kind: RowKind::Outside };
            let end = numbers.last().copied();
            let views = move || Ok(numbers.into_iter().map(view).collect());
            Ok(end.map(|end| Page::new(end, views)))
        }

        fn identity(&self, _: &Sums) -> anyhow::Result<String> {
            Ok(String::new())
        }
    }

    #[test]
    fn rows_come_the_same_a_second_time_and_the_first_of_them_are_not_read_again() {
        for (rows, read) in [(10, 20), (4_000, 8_000), (5_500, 12_000), (12_000, 38_000)] {
            let source = Numbered { rows, read: AtomicUsize::default() };
            let kept = Kept::of(&source);
            let seen = || {
                let mut seen = Vec::new();
                for list in [0, 1] {
                    let note = |row: &RowView| {
                        seen.push((list, row.number));
                        Ok(())
                    };
                    each_row(&kept, list, note).unwrap();
                }
                seen
            };
            let all: Vec<_> =
                [0, 1].into_iter().flat_map(|list| (1..=rows).map(move |n| (list, n))).collect();
            assert_eq!(seen(), all);
            assert_eq!(seen(), all);
            assert_eq!(source.read.into_inner(), read);
        }
    }
}
