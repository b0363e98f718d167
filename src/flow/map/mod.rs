//! Which column is which field: the header row under titles, the rows under it, and what is none of them.
//! What the values mean is decided by the checks.

mod header_row;

mod headers;

mod longest;

mod data;

mod recode;

mod merges;

mod values;

pub use data::not_chosen;
pub use merges::unmerged;
pub use recode::typed;
pub use values::{Fields, Reading, Source, Value, ValueKind, fields};

use self::header_row::Head;
use super::{
    options::HiddenRows,
    read::{Cell, Row, Sheet},
};
use crate::{
    catalogue::columns::Columns,
    db::rows::{Column, RowKind},
    domain::{
        field::Field,
        finding::{Code, Finding, Place, Severity},
        fold::{fold, tidy},
        sheet::Layout,
    },
};

/// Sheets of ours beside the rows of a result, folded: a dry run that is dropped is a new list.
const RESULT_SHEETS: [&str; 8] =
    ["tom tat", "can sua", "nguon goc", "ma qr", "summary", "to fix", "origin", "qr codes"];
/// Names of the template's sheet with what holds for the whole order, folded.
const ORDER_SHEETS: [&str; 2] = ["don hang", "order"];
/// Names of the template's guide and drop-downs, folded: nobody needs to be told that they hold no list.
const SILENT_SHEETS: [&str; 3] = ["huong dan", "how to", "lists"];
/// The very hidden sheet by which a template is known; it says by which tables it was made.
pub const TEMPLATE_SHEET: &str = "_hangloat_template";
/// Names of the sheets of a template that hold no list, folded.
const TEMPLATE_SHEETS: [&str; 6] =
    ["huong dan", "how to", "lists", "khach hang da co", "known clients", "hangloat template"];

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
    pub layout: Layout,
}

/// The lists of a file, and what was said of it on the way.
#[derive(Clone, Debug, Default)]
pub struct Mapped {
    pub tables: Vec<Table>,
    /// From the sheet *Đơn hàng*.
    pub order_level: Vec<(Field, String)>,
    pub findings: Vec<Finding>,
    /// It is a template that was made by other tables than those of today.
    pub is_old_template: bool,
}

/// Whether a sheet, or the beginning of one, holds a list.
pub fn is_list(sheet: &Sheet, columns: &Columns) -> bool {
    header_row::find(sheet, columns).is_some()
}

/// Finds the lists among the sheets of a file; `hidden` says what becomes of lists on hidden sheets.
pub fn tables(sheets: Vec<Sheet>, columns: &Columns, hidden: HiddenRows) -> Mapped {
    let mut mapped = Mapped::default();
    let mut skipped = Vec::new();
    let is_ours = sheets.iter().any(|sheet| is_result(&sheet.name));
    let is_template = sheets.iter().any(|sheet| sheet.name == TEMPLATE_SHEET);
    for sheet in sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()) {
        let name = fold(&sheet.name);
        let has = |names: &[&str]| names.contains(&name.as_str());
        if (is_ours && has(&RESULT_SHEETS)) || (is_template && has(&TEMPLATE_SHEETS)) {
            continue;
        }
        match header_row::find(&sheet, columns) {
            Some(head) if sheet.visible || hidden == HiddenRows::Take => {
                if !sheet.visible {
                    mapped.findings.push(about_hidden(sheet.name.clone(), hidden));
                }
                let number = i64::try_from(mapped.tables.len()).unwrap_or(0) + 1;
                mapped.tables.push(table(number, sheet, &head, columns, &mut mapped.findings));
            }
            Some(head) if head.last + 1 < sheet.rows.len() => {
                mapped.findings.push(about_hidden(sheet.name, hidden));
            }
            None if has(&ORDER_SHEETS) => mapped.order_level.extend(order_level(&sheet, columns)),
            None if has(&SILENT_SHEETS) => {}
            _ => skipped.push(sheet.name),
        }
    }
    let rest = about_the_rest(&mapped.tables, skipped, columns);
    mapped.findings.extend(rest);
    mapped
}

/// Maps lists that were staged once more, with what a firm said of their headers meanwhile.
pub fn again(tables: Vec<Table>, columns: &Columns) -> Mapped {
    let mut mapped = Mapped::default();
    for before in tables {
        let Table { sheet: number, name, header_row, columns: old, rows, layout } = before;
        let rows = rows.into_iter().map(|row| Row { number: row.number, cells: row.cells });
        let sheet = Sheet { name, visible: true, rows: rows.collect(), layout };
        // A column that is to be left alone may have been one of those that made a header of a row.
        let head = header_row::find(&sheet, columns)
            .or_else(|| header_row::stood(&sheet, header_row, columns));
        let Some(head) = head else { continue };
        let mut table = table(number, sheet, &head, columns, &mut mapped.findings);
        // Fixed rows may have added columns behind those of the file.
        let last = table.columns.iter().map(|column| column.index).max();
        table.columns.extend(old.into_iter().filter(|column| Some(column.index) > last));
        mapped.tables.push(table);
    }
    let rest = about_the_rest(&mapped.tables, Vec::new(), columns);
    mapped.findings.extend(rest);
    mapped
}

/// `Kết quả`, `Kết quả (Chi nhánh 2)`: the rows of a dry run, which are a new list when it is dropped.
fn is_result(sheet: &str) -> bool {
    let name = fold(sheet);
    let begins = |result: &&str| {
        name.strip_prefix(*result).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    ["ket qua", "results"].iter().any(begins)
}

fn about_the_rest(tables: &[Table], skipped: Vec<String>, columns: &Columns) -> Vec<Finding> {
    if tables.is_empty() {
        let code = if skipped.is_empty() { Code::FileEmpty } else { Code::HeaderNotFound };
        return vec![Finding::new(code, Place::default())];
    }
    if tables.iter().all(|table| table.rows.iter().all(|row| row.kind != RowKind::Data)) {
        let empty = Finding::new(Code::FileEmpty, Place::default());
        let headers = tables.iter().flat_map(|table| &table.columns).map(|column| &column.header);
        let choice = headers.into_iter().find(|header| columns.is_choice(header));
        if let Some(header) = choice {
            return vec![empty.detail("choice", header)];
        }
        return vec![match tables.iter().find_map(short_row) {
            Some((row, cells, columns)) => empty
                .detail("short_row", row.to_string())
                .detail("cells", cells.to_string())
                .detail("columns", columns.to_string()),
            None => empty,
        }];
    }
    skipped.into_iter().map(|name| about_sheet(Code::SheetSkipped, name)).collect()
}

/// The first row under the header, where fewer of its cells are filled than the header has and it is no note: its number,
/// its cells, the columns.
fn short_row(table: &Table) -> Option<(u32, usize, usize)> {
    let is_left_out = |row: &&TableRow| {
        row.number <= table.header_row
            || data::are_column_numbers(&row.cells)
            || data::is_example(&row.cells)
    };
    let row = table.rows.iter().find(|row| !is_left_out(row))?;
    let cells = row.cells.iter().filter(|cell| !cell.is_empty()).count();
    let columns = table.columns.iter().filter(|column| !column.header.trim().is_empty()).count();
    let is_short = cells < columns && !data::reads_as_note(&row.cells);
    is_short.then_some((row.number, cells, columns))
}

fn about_sheet(code: Code, name: String) -> Finding {
    let place = Place { sheet: Some(name.clone()), ..Place::default() };
    Finding::new(code, place).detail("sheet", name)
}

/// As the job wants it: a question, or taken or left out and named.
fn about_hidden(name: String, hidden: HiddenRows) -> Finding {
    let finding = about_sheet(Code::SheetHidden, name);
    match hidden {
        HiddenRows::Hold => finding,
        HiddenRows::Take => finding.severity(Severity::Info).detail("taken", "1"),
        HiddenRows::Skip => finding.severity(Severity::Info),
    }
}

fn table(
    number: i64,
    mut sheet: Sheet,
    head: &Head,
    columns: &Columns,
    findings: &mut Vec<Finding>,
) -> Table {
    let header_row = sheet.rows[head.last].number;
    let place =
        Place { sheet: Some(sheet.name.clone()), row: Some(header_row), ..Place::default() };
    let mut mapped = headers::columns_of(&place, &head.texts, columns, findings);
    let found = data::clients(&sheet.rows, head.last + 1, &mapped, columns);
    findings.extend(found.other_list.map(|at| other_list(&place, sheet.rows[at].number)));
    let rows = sheet.rows.into_iter().enumerate().map(|(at, row)| {
        let kind = if at == head.last {
            RowKind::Header
        } else if found.clients.contains(&at) {
            RowKind::Data
        } else {
            RowKind::Outside
        };
        TableRow { number: row.number, kind, cells: row.cells }
    });
    let rows: Vec<TableRow> = rows.collect();
    recode::settle(&mut mapped, &rows, columns);
    merges::sort(&mut sheet.layout.merges);
    Table {
        sheet: number,
        name: sheet.name,
        header_row,
        columns: mapped,
        rows,
        layout: sheet.layout,
    }
}

/// Without a row: it holds the file, of which a part would be lost.
fn other_list(place: &Place, row: u32) -> Finding {
    let field = Some(Field::TaxId);
    let place = Place { row: None, field, ..place.clone() };
    Finding::new(Code::HeaderAmbiguous, place).detail("other_list", row.to_string())
}

/// The template's sheet with what holds for the whole order: a label, and beside it the value.
fn order_level(sheet: &Sheet, columns: &Columns) -> Vec<(Field, String)> {
    let pair = |cells: &[Cell]| {
        // What stands behind the value explains it.
        let at = cells.iter().position(|cell| !cell.is_empty())?;
        let field = columns.field(&cells[at].text()).filter(|field| field.is_order_level())?;
        let value = tidy(&cells.get(at + 1)?.text());
        (!columns.means_nothing(&value)).then_some((field, value))
    };
    sheet.rows.iter().filter_map(|row| pair(&row.cells)).collect()
}
