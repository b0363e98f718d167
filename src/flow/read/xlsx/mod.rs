//! Excel workbooks, cell by cell: values with their number formats, sheets with their visibility and layout.
//! A range of cells is never asked for, since a far-off cell would make it as large as the sheet could be.

mod layout;

mod parts;

mod values;

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufReader, Seek},
};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use self::{layout::Found, parts::Parts};
use super::{
    Cell, Document, Format, Sheet,
    guarded::guarded,
    limits::Limits,
    refusal::Refusal,
    rows::{Rows, TRIAL},
};
use crate::domain::{finding::column_letters, refusal::Why, sheet::Layout};

/// By the names of the sheets.
type Layouts = HashMap<String, Found>;
type Workbook<'a> = Xlsx<BufReader<&'a File>>;

/// The last cell of any sheet is XFD1048576; a reader of workbooks believes in others too.
const SHEET: (u32, u32) = (1_048_576, 16_384);
/// Each sheet takes its place in memory, and its time.
const MAX_SHEETS: usize = 1000;

/// Reads a file that `archive` has admitted.
pub(super) fn read(
    file: &File,
    container: &str,
    reader: &super::Reader<'_>,
) -> Result<Document, Refusal> {
    // A position or a date made up to overflow makes the reader of workbooks panic, not fail.
    let result = guarded(|| read_workbook(file, container, reader));
    result.unwrap_or_else(|| Err(Refusal::damaged("its reader gave up")))
}

fn read_workbook(
    mut file: &File,
    container: &str,
    reader: &super::Reader<'_>,
) -> Result<Document, Refusal> {
    let limits = &reader.limits;
    let found = parts::open(file)?.map_or_else(|| Ok(Layouts::new()), look_at_layouts)?;
    file.rewind().map_err(Refusal::damaged)?;
    let mut workbook: Workbook<'_> =
        Xlsx::new(BufReader::new(file)).map_err(|error| broken(&error, None))?;
    let tables = worksheets(&workbook, found)?;
    let mut kept = 0;
    let mut sheets = read_sheets(&mut workbook, &tables, limits, (&mut kept, TRIAL))?;
    if kept > TRIAL && sheets.iter().any(reader.is_list) {
        kept = 0;
        sheets = read_sheets(&mut workbook, &tables, limits, (&mut kept, u64::MAX))?;
    }
    if sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(Refusal::new(Why::Empty));
    }
    let format = Format::of(container);
    let defined_names = workbook.defined_names().to_vec();
    // A list is a list without them, so their damage refuses nothing.
    let properties = workbook.workbook_properties().unwrap_or_default().custom_properties;
    Ok(Document { format, sheets, defined_names, properties: properties.into_iter().collect() })
}

/// Before the cells are read: whoever reads them believes in texts without an end.
fn look_at_layouts(mut parts: Parts<'_>) -> Result<Layouts, Refusal> {
    let sheets = std::mem::take(&mut parts.sheets);
    let paths: HashSet<&String> = sheets.iter().map(|(_, path)| path).collect();
    if paths.len() < sheets.len() || sheets.len() > MAX_SHEETS {
        return Err(Refusal::damaged("two sheets are one, or there are more than there can be"));
    }
    let mut found = |(name, path): (String, String)| {
        let layout = parts.part(&path).map_or_else(|| Ok(Found::default()), layout::find);
        layout.map(|layout| (name, layout))
    };
    sheets.into_iter().map(&mut found).collect()
}

/// The sheets that can hold a table, still without rows. Charts and dialogues are left out.
fn worksheets(workbook: &Workbook<'_>, mut found: Layouts) -> Result<Vec<(Sheet, Found)>, Refusal> {
    let all = workbook.sheets_metadata();
    let names: HashSet<&str> = all.iter().map(|sheet| sheet.name.as_str()).collect();
    if all.is_empty() {
        return Err(Refusal::damaged("it has no sheet"));
    }
    if names.len() < all.len() {
        return Err(Refusal::damaged("sheets of one name"));
    }
    let from_1904 = workbook.has_1904_epoch();
    let tables = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let empty = tables.map(|sheet| {
        let found = found.remove(&sheet.name);
        let mut found =
            found.ok_or_else(|| Refusal::damaged("a sheet without a part of its own"))?;
        let layout = Layout { from_1904, ..std::mem::take(&mut found.layout) };
        let visible = sheet.visible == SheetVisible::Visible;
        Ok((Sheet { name: sheet.name.clone(), visible, rows: Vec::new(), layout }, found))
    });
    empty.collect()
}

fn read_sheets(
    workbook: &mut Workbook<'_>,
    tables: &[(Sheet, Found)],
    limits: &Limits,
    (kept, most): (&mut u64, u64),
) -> Result<Vec<Sheet>, Refusal> {
    let mut sheets = Vec::with_capacity(tables.len());
    for (sheet, found) in tables {
        let mut rows = Rows::within(limits, kept, most);
        read_sheet(workbook, (&sheet.name, found), &mut rows)
            .map_err(|refusal| refusal.in_sheet(&sheet.name))?;
        sheets.push(Sheet { rows: rows.finish(), ..sheet.clone() });
    }
    Ok(sheets)
}

fn read_sheet(
    workbook: &mut Workbook<'_>,
    (name, layout): (&str, &Found),
    rows: &mut Rows<'_>,
) -> Result<(), Refusal> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error, None))?;
    let (mut row, mut cells, mut count) = (0, Vec::new(), 0);
    loop {
        let next = reader.next_cell_with_style_id().map_err(|error| broken(&error, Some(row)))?;
        let Some((found, style)) = next else { break };
        count += 1;
        let is_empty = matches!(found.get_value(), DataRef::Empty);
        if is_empty && !layout.is_uncalculated(count - 1) {
            continue;
        }
        let (its_row, column) = found.get_position();
        refuse_misplaced((its_row, column), (row, cells.len()))?;
        if its_row > row {
            rows.push(number_of(row), std::mem::take(&mut cells))?;
            row = its_row;
        }
        let style = reader.styles().get(style);
        let format = style.and_then(|style| style.number_format.as_ref());
        let format = format.map_or("", |format| format.format_code.as_str());
        cells.resize(column as usize, Cell::Empty);
        cells.push(if is_empty {
            Cell::NoValue
        } else {
            values::cell(found.get_value(), format, rows)
        });
    }
    rows.push(number_of(row), cells)
}

/// As people count.
fn number_of(row: u32) -> u32 {
    row.saturating_add(1)
}

/// A cell that stands before what was read of the sheet so far: a row, and as many cells of it.
fn refuse_misplaced(cell: (u32, u32), (row, width): (u32, usize)) -> Result<(), Refusal> {
    let is_behind = cell.0 < row || (cell.0 == row && (cell.1 as usize) < width);
    if !is_behind && cell.0 < SHEET.0 && cell.1 < SHEET.1 {
        return Ok(());
    }
    let cell = format!("{}{}", column_letters(cell.1), number_of(cell.0));
    Err(Refusal::new(Why::MisplacedCell).with("cell", cell))
}

fn broken(error: &XlsxError, row: Option<u32>) -> Refusal {
    if matches!(error, XlsxError::Password) {
        return Refusal::new(Why::Password);
    }
    let damaged = Refusal::damaged(error);
    match row {
        Some(row) => Refusal { why: Why::DamagedRow, ..damaged.with("row", number_of(row)) },
        None => damaged,
    }
}

#[cfg(test)]
mod tests;
