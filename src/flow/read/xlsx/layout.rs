//! What a sheet says besides its values: hidden rows, merged cells, formulas that were saved without a value.
//! One pass over its part, before the cells are read: a text without an end is refused here.

use std::io::BufRead;

use quick_xml::events::{BytesRef, BytesStart, Event};

use super::SHEET;
use crate::{
    domain::{
        finding::column_index,
        refusal::Why,
        sheet::{Layout, Merge},
    },
    flow::read::{
        refusal::Refusal,
        xml::{self, Next},
    },
};

/// Each is kept; a form of many pages has some thousand.
const MAX_MERGES: usize = 200_000;
/// Of hidden rows, or of formulas without a value, where each stands alone.
const MAX_STRETCHES: usize = 2_000_000;

#[derive(Default)]
pub(super) struct Found {
    pub(super) layout: Layout,
    /// First and last cell of each stretch, counted through the sheet from 0.
    uncalculated: Vec<(u64, u64)>,
}

impl Found {
    fn is_excess(&self) -> bool {
        let Layout { hidden, merges, .. } = &self.layout;
        merges.len() > MAX_MERGES || hidden.len().max(self.uncalculated.len()) > MAX_STRETCHES
    }

    /// Whether that cell, counted through the sheet from 0, has a formula without a value.
    pub(super) fn is_uncalculated(&self, cell: u64) -> bool {
        let at = self.uncalculated.partition_point(|(_, last)| *last < cell);
        self.uncalculated.get(at).is_some_and(|(first, _)| *first <= cell)
    }
}

/// As far as the part is sound; damage is left to the reader of cells.
pub(super) fn find(part: impl BufRead) -> Result<Found, Refusal> {
    let mut scan = Scan::default();
    xml::walk(part, |event| scan.look(event))?;
    let Scan { mut found, names_a_text, .. } = scan;
    if names_a_text {
        return Err(Refusal::damaged("a cell names a text that stands elsewhere"));
    }
    if found.is_excess() {
        return Err(Refusal::new(Why::Stretches));
    }
    found.layout.hidden.sort_unstable();
    Ok(found)
}

#[derive(Default)]
struct Scan {
    found: Found,
    is_in_data: bool,
    /// As people count, once the first row has begun.
    row: u32,
    /// As many as have begun.
    cells: u64,
    cell: Option<OpenCell>,
    /// By `&name;`, which no program writes and nobody fills in: the cell would be read without it.
    names_a_text: bool,
}

#[derive(Default)]
struct OpenCell {
    has_formula: bool,
    is_in_value: bool,
    has_value: bool,
}

impl Scan {
    fn look(&mut self, event: &Event<'_>) -> Next {
        match event {
            Event::Start(element) => self.start(element),
            Event::End(element) => match element.local_name().as_ref() {
                "c" => self.end_cell(),
                "v" => self.in_value(false),
                "sheetData" => self.is_in_data = false,
                _ => {}
            },
            Event::Text(text) if !text.is_empty() => self.content(),
            Event::GeneralRef(name) => {
                self.names_a_text |= !is_character(name);
                self.content();
            }
            Event::CData(_) => self.content(),
            _ => {}
        }
        let is_excess = self.names_a_text || self.found.is_excess();
        match (&self.cell, is_excess) {
            (_, true) => Next::Stop,
            (Some(_), _) => Next::Within,
            (None, _) => Next::Go,
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "sheetData" => self.is_in_data = true,
            "row" if self.is_in_data => self.row(element),
            "c" if self.is_in_data => {
                self.cells += 1;
                self.cell = Some(OpenCell::default());
            }
            "f" => {
                if let Some(cell) = &mut self.cell {
                    cell.has_formula = true;
                }
            }
            "v" => self.in_value(true),
            "mergeCell" => {
                let place = xml::attribute(element, "ref").unwrap_or_default();
                self.found.layout.merges.extend(merge(&place));
            }
            _ => {}
        }
    }

    /// The row says its number, or comes after the last one.
    fn row(&mut self, element: &BytesStart<'_>) {
        let number = xml::attribute(element, "r").and_then(|number| number.parse().ok());
        self.row = number.unwrap_or_else(|| self.row.saturating_add(1));
        let is_hidden = xml::attribute(element, "hidden");
        if is_hidden.is_some_and(|word| matches!(&*word, "1" | "true")) {
            match self.found.layout.hidden.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(self.row) => *last = self.row,
                _ => self.found.layout.hidden.push((self.row, self.row)),
            }
        }
    }

    fn in_value(&mut self, is_in_value: bool) {
        if let Some(cell) = &mut self.cell {
            cell.is_in_value = is_in_value;
        }
    }

    fn content(&mut self) {
        if let Some(cell) = &mut self.cell {
            cell.has_value |= cell.is_in_value;
        }
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        if !cell.has_formula || cell.has_value {
            return;
        }
        let its = self.cells - 1;
        match self.found.uncalculated.last_mut() {
            Some((_, last)) if *last + 1 == its => *last = its,
            _ => self.found.uncalculated.push((its, its)),
        }
    }
}

/// `&amp;`, `&#10;`: a character that is written by its name.
fn is_character(name: &BytesRef<'_>) -> bool {
    name.is_char_ref() || matches!(&**name, "amp" | "lt" | "gt" | "quot" | "apos")
}

/// `B2:C5`; a cell by itself is merged with nothing.
fn merge(place: &str) -> Option<Merge> {
    let (start, end) = place.split_once(':')?;
    Merge::between(cell_at(start)?, cell_at(end)?)
}

/// Row from 1 and column from 0 of `B2`, if a sheet has it.
fn cell_at(place: &str) -> Option<(u32, u32)> {
    let split = place.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = place.split_at(split);
    let row = digits.parse().ok()?;
    (1..=SHEET.0).contains(&row).then_some((row, column_index(letters)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sheet: &str) -> Found {
        find(sheet.as_bytes()).unwrap()
    }

    fn hidden(rows: &str) -> Vec<(u32, u32)> {
        found(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")).layout.hidden
    }

    #[test]
    fn hidden_rows_are_found_with_and_without_their_numbers() {
        let rows = "<row r='2' hidden='1'/><row r='3' hidden='true'/><row r='4' hidden='0'/>";
        assert_eq!(hidden(rows), [(2, 3)]);
        assert_eq!(
            hidden("<row/><row hidden='1'/><row r='9'/><row hidden='1'/>"),
            [(2, 2), (10, 10)]
        );
        assert_eq!(hidden("<x:row r='1' hidden='1'><x:c r='A1'/></x:row>"), [(1, 1)]);
        assert_eq!(hidden("<row r='7' hidden='1'/><row r='2' hidden='1'/>"), [(2, 2), (7, 7)]);
    }

    #[test]
    fn merged_cells_are_found_after_the_rows() {
        let merges = "<mergeCells><mergeCell ref='B2:B5'/><mergeCell ref='$A$1'/>
            <mergeCell ref='D9:C8'/><mergeCell ref='A1:A1'/><mergeCell ref='A0:B1'/></mergeCells>";
        let layout = found(&format!("<worksheet><sheetData/>{merges}</worksheet>")).layout;
        let of = |first_row, last_row, first_column, last_column| Merge {
            first_row,
            last_row,
            first_column,
            last_column,
        };
        assert_eq!(layout.merges, [of(2, 5, 1, 1), of(8, 9, 2, 3)]);
    }

    #[test]
    fn formulas_without_a_value_are_counted_out() {
        let cells = "<c><f>1+1</f><v></v></c><c><f>1+1</f></c><c><f>1+1</f><v>2</v></c><c><v/></c>
            <c/><c><f t='shared' si='0'/><v/></c><c t='str'><f>A1</f><v>&amp;</v></c>";
        let found =
            found(&format!("<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>"));
        let found: Vec<u64> = (0..8).filter(|cell| found.is_uncalculated(*cell)).collect();
        assert_eq!(found, [0, 1, 5]);
    }

    #[test]
    fn a_sheet_that_breaks_off_has_the_layout_up_to_there() {
        let broken = found("<worksheet><sheetData><row r='1' hidden='1'/><row r='2' hidden='1'");
        assert_eq!(broken.layout.hidden, [(1, 1)]);
    }

    #[test]
    fn a_text_without_an_end_is_refused() {
        let text = "a".repeat(xml::MAX_PIECE + 1);
        for cell in [format!("<c><v>{text}</v></c>"), format!("<c r='{text}'/>"), text.clone()] {
            let sheet = format!("<worksheet><sheetData><row>{cell}</row></sheetData></worksheet>");
            assert_eq!(find(sheet.as_bytes()).err().unwrap().why, Why::LongPiece);
        }
    }
}
