//! A list of the user's with our columns on its right: every row at its own place, every value as it was. It is
//! written row by row: a cell breaks where its column may be no wider, whatever the others need.
//! Which rows must be fixed is shown once more on a sheet of its own.

use std::collections::BTreeMap;

use anyhow::Context;
use rust_xlsxwriter::{IgnoreError, Worksheet, XlsxError};

use super::{
    Kit,
    cells::{Formats, INDENT, num_format, put_cell, room, shape},
    own::{self, Own},
};
use crate::{
    domain::finding::{Severity, column_index},
    flow::{
        answer::{
            fit::{height, lines},
            look::{self, GENERAL, Shape, Tone, note},
            paper,
            view::{DataRow, FindingText, RowKind, RowView, SheetView},
        },
        read::Cell,
    },
};

/// Widths of the user's columns: no narrower, no wider.
const NARROWEST: f64 = 6.0;
const WIDEST: f64 = 38.0;
/// A heading asks for no more room than this: it may break.
const HEADING: f64 = 14.0;
/// Frozen titles above a deeper header would leave no room to scroll.
const DEEPEST_FREEZE: u32 = 15;
/// Spreadsheets crawl with more; the reason also stands in its column.
pub const MAX_NOTES: usize = 2_000;
/// Links likewise, and Excel has a limit.
pub const MAX_LINKS: usize = 5_000;

/// Writes the sheet of a list from top to bottom: its rows leave memory as they come.
pub struct Writer<'a> {
    kit: &'a Kit<'a>,
    list: &'a SheetView,
    /// What the user's columns need for the rows so far; titles and notes may run over.
    widths: Vec<f64>,
    own_widths: [f64; own::COLUMNS.len()],
    /// Excel's own number of the last row of data so far.
    last_row: Option<u32>,
    sheet: Worksheet,
    /// The column at which ours begin.
    own: usize,
    formats: Formats,
    has_header: bool,
    notes: usize,
    links: usize,
}

/// What is wrong with a cell.
struct Mark {
    tone: Tone,
    note: String,
}

impl<'a> Writer<'a> {
    /// The sheet of the list at a place in the file.
    pub fn begin(kit: &'a Kit<'a>, at: usize, mut sheet: Worksheet) -> anyhow::Result<Writer<'a>> {
        sheet.set_name(kit.places.results.get(at).context("Each list has a name")?)?;
        let list = kit.view.sheets.get(at).context("A list is there")?;
        Ok(Writer {
            kit,
            list,
            widths: vec![NARROWEST; list.width],
            own_widths: [own::NARROWEST; own::COLUMNS.len()],
            last_row: None,
            sheet,
            own: list.width,
            formats: Formats::default(),
            has_header: false,
            notes: 0,
            links: 0,
        })
    }

    /// Makes the user's columns as wide as rows need them that come next: their headings break by those of the first.
    pub fn measure(&mut self, rows: &[RowView]) {
        for row in rows {
            let limit = match &row.kind {
                RowKind::Outside => continue,
                RowKind::Header => HEADING,
                RowKind::Data(_) | RowKind::NotChosen(_) => WIDEST,
            };
            for (width, cell) in self.widths.iter_mut().zip(&row.cells) {
                *width = width.max((room(cell) + INDENT + 1.0).min(limit));
            }
        }
    }

    /// The next row of the list; `fix` is where it stands on the sheet to fix, if it waits.
    pub fn row(&mut self, row: &RowView, fix: Option<u32>) -> anyhow::Result<()> {
        if row.number == self.list.header_row {
            return self.header(&row.cells);
        }
        if row.number > self.list.header_row {
            self.header_from_mapping()?;
        }
        self.other(row, fix).with_context(|| format!("Row {} cannot be written", row.number))
    }

    pub fn end(mut self) -> anyhow::Result<Worksheet> {
        self.header_from_mapping()?;
        self.frame()?;
        Ok(self.sheet)
    }

    /// Where the list itself has no such row.
    fn header_from_mapping(&mut self) -> anyhow::Result<()> {
        if self.has_header {
            return Ok(());
        }
        let cells: Vec<Cell> = self.list.header.iter().cloned().map(Cell::Text).collect();
        self.header(&cells)
    }

    fn header_row(&self) -> u32 {
        self.list.header_row.saturating_sub(1)
    }

    fn header(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        self.has_header = true;
        let (look, row) = (&self.kit.look, self.header_row());
        let mut tallest = 2;
        for (column, width) in self.widths.iter().enumerate() {
            let cell = cells.get(column).unwrap_or(&Cell::Empty);
            let format = look.theirs.clone().set_num_format(num_format(cell));
            put_cell(&mut self.sheet, look::at(row, column)?, cell, &format)?;
            tallest = tallest.max(lines(&cell.text(), width - 1.0));
        }
        for (column, name) in (self.own..).zip(own::COLUMNS) {
            let (row, column) = look::at(row, column)?;
            let heading = self.kit.label(&format!("column.{name}"));
            self.sheet.write_string_with_format(row, column, heading, &look.heading)?;
        }
        let (row, column) = look::at(row, self.own)?;
        self.sheet.insert_note(row, column, &note(&self.kit.label("column.own_note")))?;
        self.sheet.set_row_height(row, height(tallest))?;
        Ok(())
    }

    fn other(&mut self, row: &RowView, fix: Option<u32>) -> anyhow::Result<()> {
        let at = row.number.checked_sub(1).context("Rows are counted from 1")?;
        let marks = match &row.kind {
            RowKind::Data(data) => marks(&data.findings),
            RowKind::NotChosen(_) | RowKind::Outside | RowKind::Header => BTreeMap::new(),
        };
        let is_data = matches!(row.kind, RowKind::Data(_) | RowKind::NotChosen(_));
        let tallest = self.theirs(at, &row.cells, &marks, is_data)?;
        if let RowKind::Data(data) | RowKind::NotChosen(data) = &row.kind {
            self.last_row = Some(row.number);
            let tallest = tallest.max(self.ours(at, data, fix)?);
            self.sheet.set_row_height(at, height(tallest))?;
        }
        Ok(())
    }

    /// Writes the user's cells, and says how many lines the tallest has.
    fn theirs(
        &mut self,
        row: u32,
        cells: &[Cell],
        marks: &BTreeMap<usize, Mark>,
        may_wrap: bool,
    ) -> anyhow::Result<u32> {
        let mut tallest = 1;
        let framed = if may_wrap { self.list.header.len() } else { 0 };
        let marked = marks.keys().max().map_or(0, |last| last + 1);
        for column in 0..cells.len().max(marked).max(framed) {
            let cell = cells.get(column).unwrap_or(&Cell::Empty);
            let mark = marks.get(&column);
            if *cell == Cell::Empty && mark.is_none() && column >= framed {
                continue;
            }
            let shape = if may_wrap { shape(cell, WIDEST) } else { Shape::Loose };
            if shape == Shape::Wrapped {
                tallest = tallest.max(lines(&cell.text(), WIDEST - INDENT));
            }
            let format = self.formats.of(num_format(cell), shape, mark.map(|mark| mark.tone));
            let place = look::at(row, column)?;
            put_cell(&mut self.sheet, place, cell, format)?;
            if let Some(mark) = mark {
                self.note(place, &mark.note)?;
            }
        }
        Ok(tallest)
    }

    fn note(&mut self, (row, column): (u32, u16), text: &str) -> Result<(), XlsxError> {
        self.notes += 1;
        if self.notes <= MAX_NOTES {
            self.sheet.insert_note(row, column, &note(text))?;
        }
        Ok(())
    }

    /// Writes our cells, and says how many lines the tallest has.
    fn ours(&mut self, row: u32, data: &DataRow, fix: Option<u32>) -> anyhow::Result<u32> {
        let mut tallest = 1;
        let cells = own::cells(self.kit.texts, data);
        for (at, (cell, name)) in cells.iter().zip(own::COLUMNS).enumerate() {
            self.own_widths[at] = self.own_widths[at].max(cell.width(name));
            match cell {
                Own::Text(text) => tallest = tallest.max(lines(text, own::widest(name) - 2.0)),
                Own::State(text, _) => tallest = tallest.max(lines(text, own::widest(name) - 5.0)),
                _ => {}
            }
            let target = self.target(name, data, fix);
            let cell = (cell, target.as_deref());
            own::put(&mut self.sheet, look::at(row, self.own + at)?, cell, &self.kit.look)?;
        }
        Ok(tallest)
    }

    /// Where a cell of ours leads: from the reason of a row to where it is fixed, from an order to the summary.
    fn target(&mut self, column: &str, data: &DataRow, fix: Option<u32>) -> Option<String> {
        if self.links >= MAX_LINKS {
            return None;
        }
        let target = match column {
            "reason" => fix.map(|row| self.kit.places.fix(row)),
            "order" => data.line.as_ref().and_then(|line| self.kit.places.order(&line.order)),
            _ => None,
        };
        self.links += usize::from(target.is_some());
        target
    }

    /// All that is not a cell: widths, the frozen header, the filter, the printed page.
    fn frame(&mut self) -> anyhow::Result<()> {
        let widths: Vec<f64> = self.widths.iter().copied().chain(self.own_widths).collect();
        for (column, width) in widths.iter().enumerate() {
            let column = look::at(0, column)?.1;
            self.sheet.set_column_width(column, *width)?;
            if usize::from(column) < self.own {
                self.sheet.set_column_format(column, &look::free_column(GENERAL))?;
            }
        }
        let identifying = self.list.identifying;
        let columns = paper::Columns { widths: &widths, identifying, group: self.own };
        paper::list(&mut self.sheet, columns)?;
        look::protect(&mut self.sheet);
        let header = self.header_row();
        let last_row = self.last_row.map_or(header, |number| number - 1).max(header);
        let last_column = look::at(0, self.own + own::COLUMNS.len() - 1)?.1;
        self.sheet.autofilter(header, 0, last_row, last_column)?;
        self.sheet.set_repeat_rows(header, header)?;
        if header < DEEPEST_FREEZE {
            self.sheet.set_freeze_panes(header + 1, paper::frozen(columns))?;
        }
        let all = IgnoreError::NumberStoredAsText;
        self.sheet.ignore_error_range(0, 0, last_row, last_column, all)?;
        Ok(())
    }
}

fn column_of(letters: &str) -> Option<usize> {
    column_index(letters).and_then(|index| usize::try_from(index).ok())
}

/// The wrong cells by column, counted from 0; what is only information marks none.
fn marks(findings: &[FindingText]) -> BTreeMap<usize, Mark> {
    let mut marks = BTreeMap::<usize, Mark>::new();
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
        let Some(column) = finding.column.as_deref().and_then(column_of) else { continue };
        let text = explained(finding);
        match marks.get_mut(&column) {
            None => {
                marks.insert(column, Mark { tone: finding.severity.into(), note: text });
            }
            Some(mark) => {
                mark.note = format!("{}\n\n{text}", mark.note);
                if finding.severity == Severity::Error {
                    mark.tone = Tone::Bad;
                }
            }
        }
    }
    marks
}

/// A finding as its cell's note says it.
pub fn explained(finding: &FindingText) -> String {
    let parts = [finding.message.as_str(), finding.fix.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n→ ")
}
