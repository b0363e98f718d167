//! Excel workbooks, cell by cell: values with their number formats, sheets with their visibility.
//! A range of cells is never asked for, since a far-off cell would make it as large as the sheet could be.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Seek},
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{
    CellErrorType, DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError,
};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Cell, Document, Format, Sheet, limits::Limits, refusal::Refusal, rows::Rows};
use crate::domain::{
    finding::{Code, column_letters},
    sheet::Layout,
};

type Workbook<'a> = Xlsx<BufReader<&'a File>>;

/// The last cell of any sheet is XFD1048576; a reader of workbooks believes in others too.
const SHEET: (u32, u32) = (1_048_576, 16_384);
/// Each sheet of a workbook may be the same part again.
const MAX_SHEETS: usize = 1000;
/// The days that Excel counts from 1 January 1900 to 31 December 9999.
const DATES: std::ops::Range<f64> = 1.0..2_958_466.0;
/// In the calendar that begins in 1904 the same days reach further.
const LAST_YEAR: i32 = 9999;

/// Reads a file that `archive` has admitted.
pub(super) fn read(file: &File, container: &str, limits: &Limits) -> Result<Document, Refusal> {
    // A position or a date made up to overflow makes the reader of workbooks panic, not fail.
    let result = catch_unwind(AssertUnwindSafe(|| read_workbook(file, container, limits)));
    result.unwrap_or_else(|_| {
        Err(Refusal::new(Code::FileUnreadable, "the workbook is damaged: its reader gave up"))
    })
}

fn read_workbook(mut file: &File, container: &str, limits: &Limits) -> Result<Document, Refusal> {
    file.rewind()?;
    let mut workbook: Workbook<'_> =
        Xlsx::new(BufReader::new(file)).map_err(|error| broken(&error, None))?;
    let mut kept = 0;
    let mut sheets = Vec::new();
    for sheet in worksheets(&workbook)? {
        let mut rows = Rows::new(limits, &mut kept);
        read_sheet(&mut workbook, &sheet.name, &mut rows)
            .map_err(|refusal| refusal.in_sheet(&sheet.name))?;
        sheets.push(Sheet { rows: rows.finish(), ..sheet });
    }
    if sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(Refusal::new(Code::FileEmpty, "no sheet has a cell with content"));
    }
    let format = Format::of(container);
    let defined_names = workbook.defined_names().to_vec();
    // A list is a list without them, so their damage refuses nothing.
    let properties = workbook.workbook_properties().unwrap_or_default().custom_properties;
    Ok(Document { format, sheets, defined_names, properties: properties.into_iter().collect() })
}

/// The sheets that can hold a table, still without rows. Charts and dialogues are left out.
fn worksheets(workbook: &Workbook<'_>) -> Result<Vec<Sheet>, Refusal> {
    let all = workbook.sheets_metadata();
    let names: HashSet<&str> = all.iter().map(|sheet| sheet.name.as_str()).collect();
    if all.is_empty() {
        return Err(Refusal::new(Code::FileUnreadable, "the workbook is damaged: it has no sheet"));
    }
    if names.len() < all.len() || all.len() > MAX_SHEETS {
        let reason = "the workbook is damaged: sheets of one name, or more than there can be";
        return Err(Refusal::new(Code::FileUnreadable, reason));
    }
    let tables = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let empty = tables.map(|sheet| Sheet {
        name: sheet.name.clone(),
        visible: sheet.visible == SheetVisible::Visible,
        rows: Vec::new(),
        layout: Layout::default(),
    });
    Ok(empty.collect())
}

fn read_sheet(workbook: &mut Workbook<'_>, name: &str, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error, None))?;
    let (mut row, mut cells) = (0, Vec::new());
    loop {
        let next = reader.next_cell_with_style_id().map_err(|error| broken(&error, Some(row)))?;
        let Some((found, style)) = next else { break };
        if matches!(found.get_value(), DataRef::Empty) {
            continue;
        }
        let (its_row, column) = found.get_position();
        let is_behind = its_row == row && (column as usize) < cells.len();
        if its_row < row || is_behind {
            return Err(misplaced(its_row, column, "stands twice or out of order"));
        }
        if its_row >= SHEET.0 || column >= SHEET.1 {
            return Err(misplaced(its_row, column, "stands outside of any sheet"));
        }
        if its_row > row {
            rows.push(number_of(row), std::mem::take(&mut cells))?;
            row = its_row;
        }
        let style = reader.styles().get(style);
        let format = style.and_then(|style| style.number_format.as_ref());
        let format = format.map_or("", |format| format.format_code.as_str());
        cells.resize(column as usize, Cell::Empty);
        cells.push(cell(found.get_value(), format, rows));
    }
    rows.push(number_of(row), cells)
}

/// As people count.
fn number_of(row: u32) -> u32 {
    row.saturating_add(1)
}

fn misplaced(row: u32, column: u32, how: &str) -> Refusal {
    let cell = format!("{}{}", column_letters(column), number_of(row));
    Refusal::new(Code::FileUnreadable, format!("the sheet is damaged: cell {cell} {how}"))
}

fn broken(error: &XlsxError, row: Option<u32>) -> Refusal {
    if matches!(error, XlsxError::Password) {
        return Refusal::encrypted("the workbook");
    }
    let place = row.map_or(String::new(), |row| format!(" (at or after row {})", number_of(row)));
    Refusal::new(Code::FileUnreadable, format!("the workbook is damaged{place}: {error}"))
}

fn cell(value: &DataRef<'_>, format: &str, rows: &Rows<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DurationIso(text) => rows.text(text),
        DataRef::SharedString(text) => rows.text(text),
        #[expect(clippy::cast_precision_loss, reason = "Excel has only doubles")]
        DataRef::Int(value) => number(*value as f64, format),
        DataRef::Float(value) => number(*value, format),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::Error(error) => Cell::Error(error.to_string()),
        DataRef::DateTime(serial) => date(*serial, format),
        DataRef::DateTimeIso(text) => iso_date(text).map_or_else(|| rows.text(text), Cell::Date),
    }
}

fn number(value: f64, format: &str) -> Cell {
    if !value.is_finite() {
        return Cell::Error(CellErrorType::Num.to_string());
    }
    Cell::Number { value, format: is_notable(format).then(|| format.to_owned()) }
}

/// Whether a format changes what a person reads in a whole number: zeros in front, or a percentage.
fn is_notable(format: &str) -> bool {
    let first = format.split(';').next().unwrap_or_default();
    let whole = first.split('.').next().unwrap_or_default();
    ["00", "0#", "\"0", "\\0"].iter().any(|zeros| whole.contains(zeros)) || first.contains('%')
}

/// A number in a date format that is no date (a time of day, a tax id) stays a number.
fn date(serial: ExcelDateTime, format: &str) -> Cell {
    let value = serial.as_f64();
    let is_date = serial.is_datetime() && DATES.contains(&value);
    let at = if is_date { serial.as_datetime() } else { None };
    match at.filter(|at| at.year() <= LAST_YEAR) {
        Some(at) => Cell::Date(at),
        None if !value.is_finite() => Cell::Error("#NUM!".to_owned()),
        None => Cell::Number { value, format: Some(format.to_owned()) },
    }
}

fn iso_date(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_end_matches('Z');
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let instant = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    instant.or_else(|| day().map(|day| day.and_time(NaiveTime::MIN)))
}

#[cfg(test)]
mod tests;
