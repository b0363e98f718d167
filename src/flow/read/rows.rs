//! Rows as they are collected: blank ones dropped, trailing empty cells cut off, limits kept.
//! Where the cells come from is the reader's business.

use super::{Cell, Row, limits::Limits, refusal::Refusal};
use crate::domain::{finding::column_letters, refusal::Why};

/// The picture of NUL, which stands for it from here on.
const NUL: &str = "\u{2400}";

/// Bytes of cells that are kept before it is known whether the whole file can be read: of a larger one only the
/// beginning is kept at first, so that a refused one never takes more.
pub(super) const TRIAL: u64 = 64 << 20;
/// So many rows of each sheet, among which the header of a list stands.
const BEGINNING: usize = 100;
/// What the keeper of memory adds to each piece of it, and gives at least.
const OF_EACH_PIECE: usize = 16;

/// The rows of one sheet while it is read.
pub(super) struct Rows<'a> {
    limits: &'a Limits,
    /// Bytes of memory that all sheets of the file take up so far.
    kept: &'a mut u64,
    /// Beyond so many bytes rows behind the beginning are only counted.
    most: u64,
    count: u32,
    taken: Vec<Row>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(limits: &'a Limits, kept: &'a mut u64) -> Rows<'a> {
        Rows::within(limits, kept, u64::MAX)
    }

    /// Keeps no more than the beginning once the file takes up more than `most`.
    pub(super) fn within(limits: &'a Limits, kept: &'a mut u64, most: u64) -> Rows<'a> {
        Rows { limits, kept, most, count: 0, taken: Vec::new() }
    }

    /// Takes a row if it holds something.
    pub(super) fn push(&mut self, number: u32, mut cells: Vec<Cell>) -> Result<(), Refusal> {
        let width = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        if width == 0 {
            return Ok(());
        }
        cells.truncate(width);
        self.refuse_excess(number, &cells)?;
        self.count += 1;
        self.limits.progress.tell_some(u64::from(self.count));
        if *self.kept > self.most {
            self.taken.truncate(BEGINNING);
            self.taken.shrink_to_fit();
        } else {
            cells.shrink_to_fit();
            self.taken.push(Row { number, cells });
        }
        Ok(())
    }

    /// A cell of text, cut where the limit is seen to be passed.
    pub(super) fn text(&self, text: &str) -> Cell {
        let most = self.limits.max_cell_chars;
        if text.is_empty() {
            return Cell::Empty;
        }
        let end = if text.len() > most { text.char_indices().nth(most + 1) } else { None };
        let text = &text[..end.map_or(text.len(), |(at, _)| at)];
        // PostgreSQL holds no NUL; its picture is found by the checks.
        Cell::Text(text.replace('\0', NUL))
    }

    /// Before so many cells are made.
    pub(super) fn refuse_width(&self, number: u32, width: usize) -> Result<(), Refusal> {
        let most = self.limits.max_columns;
        if width <= most as usize {
            return Ok(());
        }
        let last = column_letters(u32::try_from(width - 1).unwrap_or(u32::MAX - 1));
        let cell = format!("{last}{number}");
        Err(Refusal::new(Why::Columns).with("most", most).with("cell", cell))
    }

    pub(super) fn finish(self) -> Vec<Row> {
        self.taken
    }

    fn refuse_excess(&mut self, number: u32, cells: &[Cell]) -> Result<(), Refusal> {
        let Limits { max_rows, max_expanded_bytes, .. } = self.limits;
        if self.count >= *max_rows {
            return Err(Refusal::new(Why::Rows).with("most", max_rows).with("row", number));
        }
        self.refuse_width(number, cells.len())?;
        let texts: usize = cells.iter().map(text_bytes).sum();
        *self.kept += (size_of::<Row>() + piece(size_of_val(cells)) + texts) as u64;
        if *self.kept > *max_expanded_bytes {
            let most = max_expanded_bytes >> 20;
            return Err(Refusal::new(Why::Cells).with("most", most).with("row", number));
        }
        Ok(())
    }
}

fn text_bytes(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) | Cell::Error(text) => piece(text.len()),
        Cell::Number { format, .. } => format.as_deref().map_or(0, |format| piece(format.len())),
        Cell::Empty | Cell::Date(_) | Cell::Bool(_) | Cell::NoValue => 0,
    }
}

/// What so many bytes take up.
fn piece(bytes: usize) -> usize {
    if bytes == 0 {
        0
    } else {
        (bytes + OF_EACH_PIECE / 2).next_multiple_of(OF_EACH_PIECE).max(2 * OF_EACH_PIECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(limits: &Limits, cells: Vec<Cell>) -> Result<Vec<Row>, Refusal> {
        let mut kept = 0;
        let mut rows = Rows::new(limits, &mut kept);
        rows.push(1, cells)?;
        Ok(rows.finish())
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn blank_rows_and_trailing_empty_cells_are_left_out() {
        let limits = Limits::default();
        assert_eq!(push(&limits, vec![Cell::Empty, text(" \u{a0}")]), Ok(Vec::new()));
        let cells = vec![Cell::Empty, text("a"), Cell::Empty];
        assert_eq!(push(&limits, cells).unwrap()[0].cells, [Cell::Empty, text("a")]);
    }

    #[test]
    fn the_cell_that_goes_too_far_is_named() {
        let limits = Limits { max_columns: 2, ..Limits::default() };
        let refusal = push(&limits, vec![Cell::Empty, Cell::Empty, text("a")]).unwrap_err();
        let expected = Refusal::new(Why::Columns).with("most", 2).with("cell", "C1");
        assert_eq!(refusal, expected);
    }

    #[test]
    fn what_is_kept_counts_as_expanded() {
        let limits = Limits { max_expanded_bytes: 150, ..Limits::default() };
        assert!(push(&limits, vec![text("a")]).is_ok());
        let refusal = push(&limits, vec![text(&"a".repeat(100))]).unwrap_err();
        assert_eq!(refusal.why, Why::Cells);
    }

    #[test]
    fn what_is_too_large_for_a_first_try_is_only_counted() {
        let limits = Limits { max_rows: 3, ..Limits::default() };
        let mut kept = 0;
        let mut rows = Rows::within(&limits, &mut kept, 250);
        for number in 1..=3 {
            rows.push(number, vec![text("a")]).unwrap();
        }
        assert!(rows.push(4, vec![text("a")]).is_err());
        let kept_rows: Vec<u32> = rows.finish().iter().map(|row| row.number).collect();
        assert_eq!(kept_rows, [1, 2]);
        assert!(kept > 250);
    }

    #[test]
    fn a_long_text_is_cut_one_character_after_the_limit() {
        let limits = Limits { max_cell_chars: 3, ..Limits::default() };
        let mut kept = 0;
        let rows = Rows::new(&limits, &mut kept);
        assert_eq!(rows.text("đđđ"), text("đđđ"));
        assert_eq!(rows.text("đđđđđđ"), text("đđđđ"));
        assert_eq!(rows.text(""), Cell::Empty);
    }
}
