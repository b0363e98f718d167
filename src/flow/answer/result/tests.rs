//! The workbook as another program reads it.
//! How it looks is seen by people.

use std::io::{Cursor, Read};

use calamine::{Data, Range, Reader, SheetVisible, Xlsx};

use super::{
    IDENTITY_SHEET, RID,
    own::COLUMNS as OWN_COLUMNS,
    sample::{Sample, list, placed, view},
};
use crate::{
    domain::{
        batch::RowState,
        client::CustomerType,
        finding::Severity,
        locale::Locale,
        mail::MailState,
        order::{Kind, LineState, OrderState, Recipient, RequestState},
    },
    flow::answer::view::{QuestionView, RowKind, ViewKind},
    text::Texts,
};

/// The bytes of the workbook.
fn write(sample: &Sample) -> anyhow::Result<Vec<u8>> {
    let (folder, mut bytes) = (tempfile::tempdir()?, Vec::new());
    super::write(sample, sample, folder.path(), &mut bytes)?;
    Ok(bytes)
}

type Book = Xlsx<Cursor<Vec<u8>>>;

fn book(view: &Sample) -> Book {
    Xlsx::new(Cursor::new(write(view).unwrap())).unwrap()
}

fn cells(view: &Sample, sheet: &str) -> Range<Data> {
    book(view).worksheet_range(sheet).unwrap()
}

/// The text of a place counted as people count: `(17, 2)` is `B17`.
fn text(cells: &Range<Data>, (row, column): (u32, u32)) -> String {
    cells.get_value((row - 1, column - 1)).map(ToString::to_string).unwrap_or_default()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn names(view: &Sample) -> Vec<(String, String)> {
    let names = book(view).defined_names().to_vec();
    names.into_iter().filter(|(name, _)| !name.starts_with("_xlnm")).collect()
}

#[test]
fn a_question_about_a_column_has_a_cell_to_answer_in_and_its_choices() {
    let mut view = view();
    view.questions = vec![QuestionView {
        columns: "E".into(),
        header: "MST người đại diện".into(),
        samples: vec!["Lan".into(), "Bình".into()],
        choices: vec!["Mã số thuế".into(), "bỏ qua cột này".into()],
        remark: None,
    }];
    let named = names(&view).into_iter().find(|(name, _)| name == "COT_1").unwrap().1;
    let row: u32 = named.rsplit('$').next().unwrap().parse().unwrap();
    assert!(named.ends_with(&format!("$H${row}")), "{named}");
    let cells = cells(&view, "Tóm tắt");
    assert_eq!(text(&cells, (row, 1)), "E");
    assert_eq!(text(&cells, (row, 2)), "MST người đại diện");
    assert_eq!(text(&cells, (row, 4)), "Lan\nBình");
    let summary = part(&write(&view).unwrap(), "xl/worksheets/sheet1.xml");
    assert!(summary.contains("Mã số thuế,bỏ qua cột này"), "no drop-down");
}

#[test]
fn every_row_stands_at_its_own_number_and_every_value_is_as_it_was() {
    let cells = cells(&view(), "Kết quả");
    assert!(text(&cells, (2, 2)).starts_with("DANH SÁCH KHÁCH HÀNG"));
    assert_eq!(text(&cells, (4, 3)), "Mã số thuế (*)");
    assert_eq!(cells.get_value((4, 2)), Some(&Data::String("0101243100".into())));
    assert_eq!(cells.get_value((7, 2)), Some(&Data::Float(101_243_150.0)));
    assert!(matches!(cells.get_value((4, 6)), Some(Data::DateTime(_))));
    assert_eq!(cells.get_value((11, 9)), Some(&Data::Bool(true)));
    assert_eq!(text(&cells, (11, 10)), "dòng một\ndòng hai␇");
    assert_eq!(text(&cells, (13, 10)), "#N/A");
    assert_eq!(text(&cells, (31, 2)), "Người lập: Trần Văn Bình");
}

#[test]
fn our_columns_follow_theirs() {
    let cells = cells(&placed(1), "Kết quả");
    let headings: Vec<String> = (11..=22).map(|column| text(&cells, (4, column))).collect();
    let texts = Texts::of(Locale::Vi);
    let expected = OWN_COLUMNS.map(|name| texts.label(&format!("workbook.column.{name}")));
    assert_eq!(headings, expected);
    assert_eq!(headings[0], "Trạng thái");
    assert_eq!(text(&cells, (5, 11)), "Đang dùng, chờ thanh toán");
    assert_eq!(text(&cells, (5, 14)), "DH-2611-000123");
    assert_eq!(cells.get_value((4, 15)), Some(&Data::Float(2_950_000.0)));
    assert!(matches!(cells.get_value((4, 18)), Some(Data::DateTime(_))));
    assert_eq!(text(&cells, (7, 11)), "Bị từ chối");
    assert!(text(&cells, (19, 12)).starts_with("Thiếu số điện thoại.\nE-mail dùng chung"));
}

#[test]
fn a_wrong_cell_says_why_and_the_header_stays_in_sight() {
    let bytes = write(&view()).unwrap();
    let notes = part(&bytes, "xl/comments1.xml");
    assert!(notes.contains("ref=\"C7\"") && notes.contains("ref=\"F19\""));
    assert!(notes.contains("sai số kiểm tra") && notes.contains("Đối chiếu"));
    assert!(!notes.contains("ref=\"C8\""), "a repair is no error");
    let sheet = part(&bytes, "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("ySplit=\"4\"") && sheet.contains("<autoFilter ref=\"A4:V29\""));
    assert!(sheet.contains("xSplit=\"3\""), "a name stays in sight beside what is said of it");
}

#[test]
fn a_long_list_is_printed_so_that_it_can_be_read() {
    let bytes = write(&view()).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("scale=\"65\"") && sheet.contains("orientation=\"landscape\""));
    assert!(sheet.contains("pageOrder=\"overThenDown\"") && !sheet.contains("fitToPage"));
    assert!(sheet.contains("<brk id=\"10\" "), "our columns begin on a page of their own");
    let workbook = part(&bytes, "xl/workbook.xml");
    assert!(workbook.contains("'Kết quả'!$A:$C,'Kết quả'!$4:$4"), "{workbook}");
    let summary = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(!summary.contains("colBreaks"), "the summary is one page wide");
}

#[test]
fn nothing_of_the_users_is_a_formula() {
    let bytes = write(&view()).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet2.xml");
    assert!(!sheet.contains("<f>"));
    // Links are ours, and lead nowhere but into this workbook.
    let links: Vec<&str> = sheet.split("<hyperlink ").skip(1).collect();
    assert!(links.iter().all(|link| link.starts_with("ref=\"L") || link.starts_with("ref=\"N")));
    assert!(links.iter().all(|link| link.contains("location=\"'")));
    assert!(!part(&bytes, "xl/worksheets/_rels/sheet2.xml.rels").contains("hyperlink"));
    assert!(text(&cells(&view(), "Kết quả"), (10, 10)).starts_with("=HYPERLINK("));
}

#[test]
fn the_sheet_to_fix_has_only_rows_that_need_it() {
    let cells = cells(&view(), "Cần sửa");
    assert_eq!(cells.height(), 6);
    assert_eq!(text(&cells, (1, 14)), RID);
    let rids: Vec<String> = (2..=6).map(|row| text(&cells, (row, 14))).collect();
    assert_eq!(rids, ["7", "14", "15", "19", "22"]);
    assert_eq!(cells.get_value((1, 1)), Some(&Data::String("0101243102".into())));
    assert_eq!(text(&cells, (3, 12)), "E-mail: khach9@gmail.com");
    let sheet = part(&write(&view()).unwrap(), "xl/worksheets/sheet3.xml");
    assert!(sheet.contains("sqref=\"M3:M4\"") && sheet.contains("\"nhận,bỏ\""));
    assert!(sheet.contains("Lists!$A$1:$A$12"), "a long drop-down lies on a sheet");
}

#[test]
fn summary_and_rows_lead_to_each_other() {
    let bytes = write(&view()).unwrap();
    let links = |number: u8| {
        let sheet = part(&bytes, &format!("xl/worksheets/sheet{number}.xml"));
        let link = |it: &str| {
            let value =
                |name: &str| it.split(name).nth(1).unwrap().split('"').next().unwrap().to_owned();
            (value("ref=\""), value("location=\""))
        };
        sheet.split("<hyperlink ").skip(1).map(link).collect::<Vec<_>>()
    };
    let (summary, results, fix) = (links(1), links(2), links(3));
    let leads = |links: &[(String, String)], to: &str| links.iter().any(|(_, target)| target == to);
    assert!(leads(&summary, "'Kết quả'!K7") && leads(&summary, "'Cần sửa'!A2"), "{summary:?}");
    assert!(!leads(&results, "'Cần sửa'!A2"), "{results:?}");
    assert!(results.iter().any(|(from, to)| from == "N5" && to.starts_with("'Tóm tắt'!A")));
    // A reason that is longer than a line would be cut off as a link.
    assert!(!leads(&fix, "'Kết quả'!K7"), "{fix:?}");
}

#[test]
fn only_what_is_to_be_filled_in_can_be_written_in() {
    let bytes = write(&placed(2)).unwrap();
    let styles = part(&bytes, "xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).unwrap();
    let formats: Vec<&str> =
        formats.split("</cellXfs>").next().unwrap().split("<xf ").skip(1).collect();
    let is_free = |number: u8, cell: &str| {
        let sheet = part(&bytes, &format!("xl/worksheets/sheet{number}.xml"));
        assert!(sheet.contains("<sheetProtection ") && !sheet.contains("password"), "{number}");
        assert!(sheet.contains("autoFilter=\"0\"") && sheet.contains("formatColumns=\"0\""));
        let it = sheet.split(&format!("<c r=\"{cell}\" s=\"")).nth(1).unwrap();
        let style: usize = it.split('"').next().unwrap().parse().unwrap();
        formats[style].contains("locked=\"0\"")
    };
    // The header is by what an answer is known; our words are no answer; a client may be corrected.
    let header_and_ours = ["B4", "K5", "L7", "N5", "U5"];
    assert!(header_and_ours.iter().all(|cell| !is_free(2, cell)));
    assert!(["B5", "J5", "C7", "V5", "B31"].iter().all(|cell| is_free(2, cell)));
    // Where rows are sorted and deleted, all of them is free.
    assert!(!is_free(3, "A1"));
    assert!(["A2", "F2", "I2", "J2", "K2", "M2", "N2", "M3"].iter().all(|it| is_free(3, it)));
}

#[test]
fn charts_show_what_differs_below_their_numbers() {
    let bytes = write(&view()).unwrap();
    let charts: Vec<String> =
        (1..=3).map(|number| part(&bytes, &format!("xl/charts/chart{number}.xml"))).collect();
    for (chart, title) in charts.iter().zip(["Tình trạng các dòng", "Tiền theo gói", "Cột cần sửa"])
    {
        assert!(chart.contains(title), "{title}");
    }
    let cells = cells(&view(), "Tóm tắt");
    let row = (1..200).find(|row| text(&cells, (*row, 1)) == "Tình trạng các dòng").unwrap() + 1;
    let of = |column| (text(&cells, (row, column)), text(&cells, (row, column + 1)));
    assert_eq!(of(1), ("Đã nhận".to_owned(), "19".to_owned()));
    assert_eq!(of(3), ("ASP Kế toán – Doanh nghiệp".to_owned(), "32450000".to_owned()));
    assert!(charts[0].contains(&format!("$A${row}:$A${}", row + 3)), "{}", charts[0]);

    let mut plain = view();
    plain.orders.truncate(1);
    for row in &mut plain.rows[0] {
        if let RowKind::Data(data) = &mut row.kind {
            data.state = RowState::Accepted;
        }
    }
    let content = part(&write(&plain).unwrap(), "[Content_Types].xml");
    assert!(!content.contains("chart"), "one bar says nothing");
}

#[test]
fn a_state_has_a_sign_that_is_no_part_of_its_word() {
    let bytes = write(&view()).unwrap();
    let styles = part(&bytes, "xl/styles.xml");
    for sign in ['✓', '✗', '○', '–'] {
        assert!(styles.contains(&format!("&quot;{sign} &quot;@")), "{sign}");
    }
    assert_eq!(text(&cells(&view(), "Kết quả"), (7, 11)), "Bị từ chối");
}

#[test]
fn where_nothing_is_to_fix_there_is_no_sheet_for_it() {
    let mut view = view();
    for row in &mut view.rows[0] {
        if let RowKind::Data(data) = &mut row.kind {
            data.state = RowState::Accepted;
        }
    }
    let names = book(&view).sheet_names();
    assert_eq!(names, ["Tóm tắt", "Kết quả", "Nguồn gốc", IDENTITY_SHEET]);
}

#[test]
fn the_cells_of_decisions_are_named() {
    let several = names(&view());
    let only: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["KICH_HOAT_1", "KICH_HOAT_2", "NGUOI_XAC_NHAN", "XAC_NHAN_1", "XAC_NHAN_2"];
    assert_eq!(only, expected);

    let mut single = view();
    single.orders.truncate(1);
    single.orders[0].decision.activate = None;
    let named = names(&single);
    assert_eq!(named.len(), 2);
    assert_eq!((named[0].0.as_str(), named[1].0.as_str()), ("NGUOI_XAC_NHAN", "XAC_NHAN"));
    let row: u32 = named[1].1.strip_prefix("'Tóm tắt'!$B$").unwrap().parse().unwrap();
    let cells = cells(&single, "Tóm tắt");
    assert_eq!(cells.get_value((row - 1, 1)), Some(&Data::Bool(false)));
    let beside = "Tôi đã kiểm tra và xác nhận thông tin trên là đúng";
    assert_eq!(text(&cells, (row, 3)), beside);
}

#[test]
fn a_dry_run_has_nothing_to_confirm_and_no_identity() {
    let mut check = view();
    (check.kind, check.batch, check.identity) = (ViewKind::Check, None, None);
    assert!(names(&check).is_empty());
    assert!(!book(&check).sheet_names().contains(&IDENTITY_SHEET.to_owned()));
    assert_eq!(text(&cells(&check, "Tóm tắt"), (3, 1)), "Bản kiểm tra thử – chưa lưu gì");
}

#[test]
fn the_identity_comes_back_whole() {
    let view = view();
    let mut book = book(&view);
    let sheet = book.sheets_metadata().iter().find(|sheet| sheet.name == IDENTITY_SHEET).unwrap();
    assert_eq!(sheet.visible, SheetVisible::VeryHidden);
    let cells = book.worksheet_range(IDENTITY_SHEET).unwrap();
    let payload: String = cells.rows().map(|row| row[0].to_string()).collect();
    assert_eq!(payload, view.payload);
    let custom = part(&write(&view).unwrap(), "docProps/custom.xml");
    for (name, value) in [("batch", "B000045"), ("kind", "clients"), ("revision", "1")] {
        assert!(custom.contains(&format!("name=\"hangloat.{name}\"><vt:lpwstr>{value}<")));
    }
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    assert!(write(&placed(22)).unwrap() == write(&placed(22)).unwrap());
    let core = part(&write(&view()).unwrap(), "docProps/core.xml");
    assert_eq!(core.matches("2026-11-20T02:15:00Z").count(), 2);
}

#[test]
fn however_many_rows_come_at_a_time_the_workbook_is_the_same() {
    let whole = write(&placed(2)).unwrap();
    for at_a_time in [1, 4, 29] {
        assert!(write(&Sample { at_a_time, ..placed(2) }).unwrap() == whole, "{at_a_time}");
    }
}

#[test]
fn several_lists_have_a_sheet_each() {
    let mut view = view();
    let rows = std::mem::take(&mut view.rows[0]);
    view.sheets.clear();
    view.rows.clear();
    for name in ["Doanh nghiệp/2026", "Danh sách rất dài của hộ kinh doanh", "doanh nghiệp:2026"]
    {
        view.sheets.push(list(name, Vec::new()).0);
        view.rows.push(rows.clone());
    }
    let names = book(&view).sheet_names();
    let expected = [
        "Kết quả (Doanh nghiệp_2026)",
        "Kết quả (Danh sách rất dài của)",
        "Kết quả (doanh nghiệp_2026~2)",
    ];
    assert_eq!(names[1..4], expected);
}

#[test]
fn payments_beyond_twenty_have_a_sheet_of_their_own() {
    assert!(!book(&placed(20)).sheet_names().contains(&"Mã QR".to_owned()));
    let many = placed(23);
    let rest = cells(&many, "Mã QR");
    assert_eq!(text(&rest, (4, 2)), "HLA7C4KX20");
    assert_eq!(rest.height(), 6);
    let drawing = part(&write(&many).unwrap(), "xl/drawings/drawing1.xml");
    assert_eq!(drawing.matches("<xdr:pic>").count(), 20);
    let mut more = many;
    more.view.more_payments = 7;
    assert!(text(&cells(&more, "Mã QR"), (2, 1)).contains("Còn 7 mã"));
}

#[test]
fn a_file_that_could_not_be_read_still_gets_an_answer() {
    let mut view = view();
    (view.sheets, view.orders, view.labels) = (Vec::new(), Vec::new(), Vec::new());
    let names = book(&view).sheet_names();
    assert_eq!(names, ["Tóm tắt", "Nguồn gốc", IDENTITY_SHEET]);
}

#[test]
fn every_word_has_its_text() {
    let words = [
        ("row_state", RowState::ALL.iter().map(ToString::to_string).collect::<Vec<_>>()),
        ("order_state", OrderState::ALL.iter().map(ToString::to_string).collect()),
        ("line_state", LineState::ALL.iter().map(ToString::to_string).collect()),
        ("request_state", RequestState::ALL.iter().map(ToString::to_string).collect()),
        ("mail_state", MailState::ALL.iter().map(ToString::to_string).collect()),
        ("customer_type", CustomerType::ALL.iter().map(ToString::to_string).collect()),
        ("kind", Kind::ALL.iter().map(ToString::to_string).collect()),
        ("recipient", Recipient::ALL.iter().map(ToString::to_string).collect()),
        ("severity", Severity::ALL.iter().map(ToString::to_string).collect()),
    ];
    for (set, words) in &words {
        for word in words {
            let key = format!("workbook.{set}.{word}");
            assert!(Locale::ALL.iter().all(|locale| Texts::of(*locale).has(&key)), "{key}");
        }
    }
}
