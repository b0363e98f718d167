//! Workbooks made by another library, and some sheets by hand that no library makes.
//! What may be unpacked at all is tested beside `archive`.

use std::{io::Write, path::Path};

use chrono::{NaiveDate, NaiveTime};
use rust_xlsxwriter::{
    Chart, ChartType, DocProperties, ExcelDateTime as Written, Format as Style, Formula,
    Workbook as Made, Worksheet,
};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::domain::finding::Code;

fn open(bytes: &[u8], limits: &Limits) -> Result<Document, Refusal> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let (limits, program) = (limits.clone(), Path::new("/nowhere"));
    let reader = crate::flow::read::Reader { limits, program, is_list: &|_| true };
    read(&file, "xlsx", &reader)
}

fn made(build: impl FnOnce(&mut Worksheet)) -> Document {
    let mut workbook = Made::new();
    build(workbook.add_worksheet());
    open(&workbook.save_to_buffer().unwrap(), &Limits::default()).unwrap()
}

/// The cells of the only row.
fn row(build: impl FnOnce(&mut Worksheet)) -> Vec<Cell> {
    let mut document = made(build);
    assert_eq!(document.sheets[0].rows.len(), 1);
    document.sheets[0].rows.remove(0).cells
}

fn number(value: f64, format: Option<&str>) -> Cell {
    Cell::Number { value, format: format.map(str::to_owned) }
}

fn styled(value: f64, format: &str) -> Cell {
    let style = Style::new().set_num_format(format);
    row(|sheet| _ = sheet.write_with_format(0, 0, value, &style).unwrap()).remove(0)
}

/// A workbook whose one sheet has these rows.
fn by_hand(rows: &str) -> Vec<u8> {
    let book = "<workbook><sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>";
    package(book, &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"))
}

fn package(book: &str, sheet: &str) -> Vec<u8> {
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id='r1' Type='{rel}/{kind}' Target='{target}'/></Relationships>"
        )
    };
    let parts = [
        ("_rels/.rels", relation("officeDocument", "xl/book.xml")),
        ("xl/_rels/book.xml.rels", relation("worksheet", "sheet.xml")),
        ("xl/book.xml", book.to_owned()),
        ("xl/sheet.xml", sheet.to_owned()),
    ];
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn refusal(rows: &str) -> Refusal {
    open(&by_hand(rows), &Limits::default()).unwrap_err()
}

#[test]
fn cells_keep_their_kind() {
    let cells = row(|sheet| {
        sheet.write(0, 0, "Công ty").unwrap();
        sheet.write(0, 1, 101_243_150).unwrap();
        sheet.write(0, 2, true).unwrap();
        sheet.write(0, 4, Formula::new("=NA()").set_result("#N/A")).unwrap();
        sheet.write(0, 5, Formula::new("=1+1").set_result("2")).unwrap();
    });
    assert_eq!(
        cells[..4],
        [
            Cell::Text("Công ty".to_owned()),
            number(101_243_150.0, None),
            Cell::Bool(true),
            Cell::Empty,
        ]
    );
    assert_eq!(cells[4..], [Cell::Error("#N/A".to_owned()), number(2.0, None)]);
}

#[test]
fn a_number_keeps_the_format_that_shows_its_zeros() {
    assert_eq!(styled(101_243_150.0, "0000000000").text(), "0101243150");
    for format in ["0#########", "\"0\"#########", "0%", "0000\\.000"] {
        assert_eq!(styled(9.0, format), number(9.0, Some(format)));
    }
    for format in ["General", "0", "#,##0", "#,##0.00", "@", "0.00", "#,##0 \"đ\""] {
        assert_eq!(styled(9.0, format), number(9.0, None), "{format}");
    }
}

#[test]
fn a_date_is_a_date_only_where_there_is_such_a_day() {
    let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
    let style = Style::new().set_num_format("dd/mm/yyyy hh:mm");
    let at = Written::from_ymd(2026, 1, 31).unwrap().and_hms(7, 30, 0).unwrap();
    let cells = row(|sheet| _ = sheet.write_with_format(0, 0, &at, &style).unwrap());
    assert_eq!(cells, [Cell::Date(day.and_hms_opt(7, 30, 0).unwrap())]);
    assert_eq!(styled(46_053.0, "dd/mm/yyyy").text(), "2026-01-31");
    assert_eq!(styled(101_243_150.0, "dd/mm/yyyy").text(), "101243150");
    assert_eq!(styled(0.25, "hh:mm"), number(0.25, Some("hh:mm")));
    assert_eq!(styled(1.25, "[h]:mm"), number(1.25, Some("[h]:mm")));
    let iso = "<row><c t='d'><v>2026-01-31T07:30:00</v></c><c t='d'><v>2026-01-31Z</v></c></row>";
    let document = open(&by_hand(iso), &Limits::default()).unwrap();
    assert_eq!(document.sheets[0].rows[0].cells[1], Cell::Date(day.and_time(NaiveTime::MIN)));
    assert_eq!(document.sheets[0].rows[0].cells[0].text(), "2026-01-31 07:30:00");
}

#[test]
fn rows_and_columns_stand_where_the_workbook_has_them() {
    let document = made(|sheet| {
        sheet.write(3, 1, "MST").unwrap();
        sheet.write(3, 3, " ").unwrap();
        sheet.write(5, 0, "\u{a0}").unwrap();
        sheet.write_blank(6, 2, &Style::new().set_bold()).unwrap();
        sheet.write(9, 0, "1").unwrap();
    });
    let rows = &document.sheets[0].rows;
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 10]);
    assert_eq!(rows[0].cells, [Cell::Empty, Cell::Text("MST".to_owned())]);
}

#[test]
fn hidden_sheets_are_read_and_charts_are_not() {
    let mut workbook = Made::new();
    workbook.add_worksheet().set_name("Danh sách").unwrap().write(0, 0, 1).unwrap();
    workbook.add_worksheet().set_name("_hangloat").unwrap().set_very_hidden(true);
    let mut chart = Chart::new(ChartType::Column);
    chart.add_series().set_values("'Danh sách'!$A$1:$A$1");
    workbook.add_chartsheet().insert_chart(0, 0, &chart).unwrap();
    workbook.define_name("XAC_NHAN", "='Danh sách'!$A$1").unwrap();
    let properties = DocProperties::new().set_custom_property("hangloat.batch", "B000045");
    workbook.set_properties(&properties.set_custom_property("hangloat.revision", 2));
    let document = open(&workbook.save_to_buffer().unwrap(), &Limits::default()).unwrap();
    let sheets = document.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.visible));
    assert_eq!(sheets.collect::<Vec<_>>(), [("Danh sách", true), ("_hangloat", false)]);
    let name = ("XAC_NHAN".to_owned(), "'Danh sách'!$A$1".to_owned());
    assert_eq!(document.defined_names, [name]);
    assert_eq!(document.properties["hangloat.batch"], "B000045");
    assert_eq!(document.properties["hangloat.revision"], "2");
}

#[test]
fn a_formula_that_was_never_calculated_has_no_value() {
    let rows = "<row><c r='A1'><f>1+1</f><v></v></c><c r='B1'><v>1</v></c><c r='C1'/>
        <c r='D1'><f>B1</f></c><c r='E1' t='str'><f>B1</f><v></v></c><c r='F1'><v>2</v></c></row>";
    let document = open(&by_hand(rows), &Limits::default()).unwrap();
    let cells = &document.sheets[0].rows[0].cells;
    assert_eq!(cells[..2], [Cell::NoValue, number(1.0, None)]);
    assert_eq!(cells[2..], [Cell::Empty, Cell::NoValue, Cell::Empty, number(2.0, None)]);
}

#[test]
fn hidden_rows_merged_cells_and_the_calendar_are_known() {
    let mut workbook = Made::new();
    let sheet = workbook.add_worksheet();
    for row in 0..6 {
        sheet.write(row, 0, row).unwrap();
    }
    sheet.set_row_hidden(2).unwrap().set_row_hidden(3).unwrap();
    sheet.merge_range(1, 1, 4, 1, "DN", &Style::new()).unwrap();
    let document = open(&workbook.save_to_buffer().unwrap(), &Limits::default()).unwrap();
    let layout = &document.sheets[0].layout;
    assert_eq!((&layout.hidden[..], layout.from_1904), (&[(3, 4)][..], false));
    let merge =
        crate::domain::sheet::Merge { first_row: 2, last_row: 5, first_column: 1, last_column: 1 };
    assert_eq!(layout.merges, [merge]);
}

#[test]
fn one_part_for_two_sheets_is_refused() {
    let part = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>";
    let two = "<workbook><workbookPr date1904='1'/><sheets><sheet name='S' r:id='r1'/><sheet name='T' r:id='r1'/></sheets></workbook>";
    let refusal = open(&package(two, part), &Limits::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::FileUnreadable);
    let one = two.replace("<sheet name='T' r:id='r1'/>", "");
    let document = open(&package(&one, part), &Limits::default()).unwrap();
    assert!(document.sheets[0].layout.from_1904);
}

#[test]
fn entities_of_ones_own_are_never_expanded() {
    let part = "<!DOCTYPE w [<!ENTITY a 'aaaa'><!ENTITY b SYSTEM 'file:///etc/hostname'>]>
        <worksheet><sheetData><row><c t='str'><v>&b;</v></c></row></sheetData></worksheet>";
    let book = "<workbook><sheets><sheet name='S' r:id='r1'/></sheets></workbook>";
    let refusal = open(&package(book, part), &Limits::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::FileUnreadable);
}

#[test]
fn a_text_without_an_end_is_refused_before_it_is_read() {
    let text = "a".repeat(3 << 20);
    let refusal = refusal(&format!("<row><c t='str'><v>{text}</v></c></row>"));
    assert_eq!(refusal.code(), Code::FileTooLarge);
}

#[test]
fn a_workbook_without_content_is_empty() {
    assert_eq!(refusal("").code(), Code::FileEmpty);
    assert_eq!(refusal("<row><c r='A1' t='str'><v> </v></c></row>").code(), Code::FileEmpty);
}

#[test]
fn cells_out_of_order_are_refused_with_their_place() {
    for rows in [
        "<row><c r='A5'><v>1</v></c></row><row><c r='C4'><v>1</v></c></row>",
        "<row><c r='C4'><v>1</v></c><c r='C4'><v>2</v></c></row>",
        "<row><c r='D4'><v>1</v></c><c r='C4'><v>2</v></c></row>",
    ] {
        let refusal = refusal(rows);
        assert_eq!((refusal.why, refusal.sheet.as_deref()), (Why::MisplacedCell, Some("S")));
        assert_eq!(refusal.values["cell"], "C4");
    }
}

#[test]
fn a_cell_far_off_costs_nothing() {
    let refusal = refusal("<row><c r='A1'><v>1</v></c><c r='XFD1048576'><v>1</v></c></row>");
    let (most, cell) = (&*refusal.values["most"], &*refusal.values["cell"]);
    assert_eq!((refusal.why, most, cell), (Why::Columns, "512", "XFD1048576"));
    let empty = "<row><c r='A1'><v>1</v></c><c r='XFD1048576' s='1'/></row>";
    assert!(open(&by_hand(empty), &Limits::default()).is_ok());
}

#[test]
fn a_damaged_sheet_is_refused_with_its_row() {
    let refusal = refusal("<row><c r='A3'><v>1</v></c><c r='B3' t='s'><v>9</v></c></row>");
    assert_eq!((refusal.why, &*refusal.values["row"]), (Why::DamagedRow, "3"));
}

#[test]
fn a_number_that_is_none_is_an_error_value() {
    let document = open(&by_hand("<row><c><v>inf</v></c></row>"), &Limits::default()).unwrap();
    assert_eq!(document.sheets[0].rows[0].cells, [Cell::Error("#NUM!".to_owned())]);
}

#[test]
fn a_position_that_no_sheet_has_refuses_its_file_at_most() {
    for place in ["ZZZZZZ1", "A1048577"] {
        let refusal = refusal(&format!("<row><c r='{place}'><v>1</v></c></row>"));
        assert_eq!((refusal.why, &*refusal.values["cell"]), (Why::MisplacedCell, place));
    }
    for place in ["A99999999999999999999", "AAAAAAAAAA1"] {
        let bytes = by_hand(&format!("<row><c r='{place}'><v>1</v></c></row>"));
        let code = open(&bytes, &Limits::default()).map_err(|refusal| refusal.code());
        assert!(matches!(code, Ok(_) | Err(Code::FileUnreadable | Code::FileTooLarge)), "{place}");
    }
}
