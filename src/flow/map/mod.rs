//! Which column is which field: the header row under titles, the rows under it, and what is none of them.
//! What the values mean is decided by the checks.

mod values;

use std::collections::BTreeSet;

pub use values::{Fields, Value, ValueKind, fields};

use super::read::{Cell, Sheet};
use crate::{
    catalogue::columns::Columns,
    db::rows::{Column, RowKind},
    domain::{
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::{fold, tidy},
    },
};

/// A header stands among the first rows that hold something.
const HEADER_WITHIN: usize = 60;
/// Names of our own sheets beside the rows of a template or result, folded: a dry run that is dropped is a new list.
const OWN_SHEETS: [&str; 10] = [
    "tom tat",
    "can sua",
    "nguon goc",
    "ma qr",
    "huong dan",
    "summary",
    "to fix",
    "origin",
    "qr codes",
    "how to",
];
/// Names of the template's sheet with what holds for the whole order, folded.
const ORDER_SHEETS: [&str; 2] = ["don hang", "order"];
/// How a row begins that is a total or a note, folded.
const NOTES: [&str; 6] = ["tong", "cong", "ghi chu", "nguoi lap", "total", "note"];

/// A row of a list and what part of it it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    pub number: u32,
    pub kind: RowKind,
    pub cells: Vec<Cell>,
}

/// A sheet that holds a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// From 1, in the order of the file.
    pub sheet: i64,
    pub name: String,
    pub header_row: u32,
    pub columns: Vec<Column>,
    pub rows: Vec<TableRow>,
}

/// The lists of a file, and what was said of it on the way.
#[derive(Clone, Debug, Default)]
pub struct Mapped {
    pub tables: Vec<Table>,
    /// From the sheet *Đơn hàng*.
    pub order_level: Vec<(Field, String)>,
    pub findings: Vec<Finding>,
}

/// Finds the lists among the sheets of a file.
pub fn tables(sheets: Vec<Sheet>, columns: &Columns) -> Mapped {
    let mut mapped = Mapped::default();
    let mut skipped = Vec::new();
    for sheet in sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()) {
        let name = fold(&sheet.name);
        if OWN_SHEETS.contains(&name.as_str()) {
            continue;
        }
        if ORDER_SHEETS.contains(&name.as_str()) {
            mapped.order_level.extend(order_level(&sheet, columns));
        } else if let Some(header) = header_at(&sheet, columns).filter(|_| sheet.visible) {
            let number = i64::try_from(mapped.tables.len()).unwrap_or(0) + 1;
            mapped.tables.push(table(number, sheet, header, columns, &mut mapped.findings));
        } else {
            skipped.push(sheet.name);
        }
    }
    mapped.findings.extend(about_the_rest(&mapped.tables, skipped));
    mapped
}

fn about_the_rest(tables: &[Table], skipped: Vec<String>) -> Vec<Finding> {
    if tables.is_empty() {
        let code = if skipped.is_empty() { Code::FileEmpty } else { Code::HeaderNotFound };
        return vec![Finding::new(code, Place::default())];
    }
    if tables.iter().all(|table| table.rows.iter().all(|row| row.kind != RowKind::Data)) {
        return vec![Finding::new(Code::FileEmpty, Place::default())];
    }
    let about = |name: String| {
        let place = Place { sheet: Some(name.clone()), ..Place::default() };
        Finding::new(Code::SheetSkipped, place).detail("sheet", name)
    };
    skipped.into_iter().map(about).collect()
}

/// The row with the most known headers, if they are enough to be a header.
fn header_at(sheet: &Sheet, columns: &Columns) -> Option<usize> {
    let known = |at: &usize| {
        let headers = sheet.rows[*at].cells.iter().filter_map(|cell| columns.field(&cell.text()));
        headers.collect::<BTreeSet<Field>>()
    };
    let (at, fields) = (0..sheet.rows.len().min(HEADER_WITHIN))
        .map(|at| (at, known(&at)))
        // The first of equals: `max_by_key` would take the last.
        .rev()
        .max_by_key(|(_, fields)| fields.len())?;
    let enough = fields.len() >= 3 || (fields.len() == 2 && fields.contains(&Field::TaxId));
    enough.then_some(at)
}

fn table(
    number: i64,
    sheet: Sheet,
    header: usize,
    columns: &Columns,
    findings: &mut Vec<Finding>,
) -> Table {
    let header_row = sheet.rows[header].number;
    let mapped = columns_of(&sheet.name, header_row, &sheet.rows[header].cells, columns, findings);
    let rows = sheet.rows.into_iter().enumerate().map(|(at, row)| {
        let kind = if at == header {
            RowKind::Header
        } else if at > header && is_data(&row.cells, &mapped, columns) {
            RowKind::Data
        } else {
            RowKind::Outside
        };
        TableRow { number: row.number, kind, cells: row.cells }
    });
    let rows = rows.collect();
    Table { sheet: number, name: sheet.name, header_row, columns: mapped, rows }
}

fn columns_of(
    sheet: &str,
    row: u32,
    headers: &[Cell],
    columns: &Columns,
    findings: &mut Vec<Finding>,
) -> Vec<Column> {
    let mut mapped: Vec<Column> = Vec::new();
    for (index, cell) in (0u32..).zip(headers) {
        let header = tidy(&cell.text());
        if header.is_empty() {
            continue;
        }
        let column = Some(column_letters(index));
        let field = columns.field(&header);
        let place = Place { sheet: Some(sheet.to_owned()), row: Some(row), column, field };
        let taken = field.is_some() && mapped.iter().any(|column| column.field == field);
        if taken {
            findings.push(Finding::new(Code::HeaderDuplicate, place).value(&header));
        } else if field.is_none() && !columns.is_ignored(&header) {
            findings.push(Finding::new(Code::HeaderUnknown, place).value(&header));
        }
        mapped.push(Column { index, header, field: field.filter(|_| !taken) });
    }
    if !mapped.iter().any(|column| column.field == Some(Field::TaxId)) {
        let place = Place {
            sheet: Some(sheet.to_owned()),
            row: Some(row),
            column: None,
            field: Some(Field::TaxId),
        };
        let seen: Vec<&str> = mapped.iter().map(|column| column.header.as_str()).collect();
        findings.push(
            Finding::new(Code::HeaderMissing, Place { row: None, ..place })
                .detail("headers", seen.join(", ")),
        );
    }
    mapped
}

/// A client has a tax id, or at least two of its other fields; totals and notes have neither.
fn is_data(cells: &[Cell], mapped: &[Column], columns: &Columns) -> bool {
    let filled = |column: &&Column| {
        let cell = usize::try_from(column.index).ok().and_then(|index| cells.get(index));
        cell.is_some_and(|cell| !cell.is_empty() && !columns.means_nothing(&cell.text()))
    };
    let fields: Vec<Field> =
        mapped.iter().filter(filled).filter_map(|column| column.field).collect();
    let first = cells
        .iter()
        .find(|cell| !cell.is_empty())
        .map(|cell| fold(&cell.text()))
        .unwrap_or_default();
    let note = NOTES.iter().any(|note| first.starts_with(note));
    fields.contains(&Field::TaxId) && !(note && fields.len() == 1) || fields.len() >= 2 && !note
}

/// The template's sheet with what holds for the whole order: a label, and beside it the value.
fn order_level(sheet: &Sheet, columns: &Columns) -> Vec<(Field, String)> {
    let pair = |cells: &[Cell]| {
        let mut filled = cells.iter().filter(|cell| !cell.is_empty());
        let field = columns.field(&filled.next()?.text()).filter(|field| field.is_order_level())?;
        Some((field, tidy(&filled.next()?.text())))
    };
    sheet.rows.iter().filter_map(|row| pair(&row.cells)).collect()
}
