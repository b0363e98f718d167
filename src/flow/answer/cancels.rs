//! The column *Hủy* of a result workbook that came back: which rows a person marked, and why.
//! Whether a line may be cancelled is the order's business.

use super::{
    identity::Answer,
    result::{ACTIVATED_AT, CANCEL},
    results::Results,
    returned::is_ticked,
};
use crate::{
    domain::{fold::fold, locale::Locale},
    flow::{
        map::{Table, TableRow},
        read::{Cell, Document},
        staged::Staged,
    },
    text::{Texts, one_line},
};

/// A longer reason is cut.
const REASON_CHARS: usize = 250;

/// A row that is to be cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub sheet: i64,
    pub row: u32,
    /// As it was written; empty for a mere tick.
    pub reason: String,
    /// The workbook said that the line works already.
    pub knew_in_use: bool,
}

/// Reads what is written in the column, whoever wrote it.
pub fn read((document, answer): (&Document, &Answer), staged: &Staged) -> Vec<Mark> {
    let of_table =
        |table: &Table| marks(table, &Results::of(document, table, staged.tables.len(), answer)?);
    staged.tables.iter().filter_map(of_table).flatten().collect()
}

fn marks(table: &Table, results: &Results<'_>) -> Option<Vec<Mark>> {
    let (header, own) = (results.header?, results.own?);
    let column = |name: &str| {
        let headings = Locale::ALL
            .iter()
            .map(|locale| Texts::of(*locale).label(&format!("workbook.column.{name}")));
        let headings: Vec<String> = headings.collect();
        let is_it = |cell: &Cell| headings.iter().any(|heading| *heading == cell.text());
        let ours = header.cells.iter().enumerate().skip(own);
        ours.filter(|(_, cell)| is_it(cell)).map(|(at, _)| at).next()
    };
    let (cancel, since) = (column(CANCEL)?, column(ACTIVATED_AT));
    let mark = |row: &TableRow| {
        let cells = &results.rows.get(&row.number)?.cells;
        let reason = reason(cells.get(cancel)?)?;
        let since = since.and_then(|at| cells.get(at)).map(Cell::text).unwrap_or_default();
        let knew_in_use = !since.trim().is_empty();
        Some(Mark { sheet: table.sheet, row: row.number, reason, knew_in_use })
    };
    Some(table.rows.iter().filter_map(mark).collect())
}

/// Nothing where the cell says no or nothing; an empty reason where it is a mere tick.
fn reason(cell: &Cell) -> Option<String> {
    if is_ticked(cell) {
        return Some(String::new());
    }
    match cell {
        Cell::Text(text) => {
            let text = one_line(text);
            (!says_no(&text)).then(|| text.chars().take(REASON_CHARS).collect())
        }
        _ => None,
    }
}

/// `không`, `chưa`, `đừng hủy`, `?`; but `không còn nhu cầu` is a reason.
fn says_no(text: &str) -> bool {
    let text = fold(text);
    let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let denies = ["khong", "chua", "dung", "no", "not", "don", "n", "false"].contains(&first);
    !text.contains(char::is_alphabetic)
        || (denies
            && ["", "a", "t", "huy", "can huy", "phai huy", "cancel", "t cancel"].contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_tick_or_a_reason_and_a_no_is_none() {
        let text = |text: &str| Cell::Text(text.to_owned());
        for tick in [text("x"), text(" Có "), text("TRUE"), Cell::Bool(true)] {
            assert_eq!(reason(&tick), Some(String::new()), "{tick:?}");
        }
        for no in
            ["", "không", "-", "?", "0", "Chưa", "không hủy", "Đừng hủy!", "N/A", "don't cancel"]
        {
            assert_eq!(reason(&text(no)), None, "{no:?}");
        }
        assert_eq!((reason(&Cell::Bool(false)), reason(&Cell::Empty)), (None, None));
        assert_eq!(reason(&text("Không còn nhu cầu")), Some("Không còn nhu cầu".to_owned()));
        let said = reason(&text("khách\nđổi ý"));
        assert_eq!(said, Some("khách đổi ý".to_owned()));
    }
}
