//! Headers that are more or less than a synonym, over one row or two, and what stands around a list.
//! Lists with plain headers are tested beside it.

use super::*;
use hangloat::domain::{finding::Code, sheet::Merge};
use hangloat::{
    db::rows::{Column, RowKind},
    flow::options::HiddenRows,
};

const HEADER: [&str; 11] = [
    "Tên khách hàng",
    "MST",
    "Loại hình",
    "Giám đốc",
    "Email",
    "SĐT",
    "Địa chỉ",
    "Gói",
    "Năm tài chính",
    "PP thuế",
    "Chế độ kế toán",
];
const BINH: [&str; 11] = [
    "Ghi Chú Việt",
    "0100109106",
    "Doanh nghiệp",
    "Trần Văn Bình",
    "binh@ghichu.example",
    "0987654321",
    "Số 2 Tràng Tiền, Hà Nội",
    "ASP-DN",
    "2026",
    "Khấu trừ",
    "TT133",
];

/// The list with another header in one column.
fn renamed(column: usize, header: &str) -> Said {
    let mut headers = HEADER;
    headers[column] = header;
    World::default().sheets(vec![sheet("DS", &[&headers, &HOA])])
}

/// The list with one more column.
fn beside(header: &str) -> Said {
    let (headers, row) = ([&HEADER[..], &[header]].concat(), [&HOA[..], &["x"]].concat());
    World::default().sheets(vec![sheet("DS", &[&headers, &row])])
}

fn field_of(said: &Said, column: usize) -> Option<Field> {
    said.mapped.tables[0].columns[column].field
}

fn rows(said: &Said) -> Vec<u32> {
    said.checked.verdicts.iter().map(|verdict| verdict.row).collect()
}

#[test]
fn the_longest_synonym_in_a_header_is_its_field() {
    for (column, header, field) in [
        (1, "Mã số thuế của khách hàng", Field::TaxId),
        (1, "Nhập mã số thuế", Field::TaxId),
        (0, "Tên khách hàng đầy đủ", Field::Name),
        (5, "Số điện thoại công ty", Field::Phone),
        (5, "Xin nhập điện thoại di động cá nhân", Field::Phone),
        (6, "Thông tin địa chỉ", Field::Address),
        (9, "Phương pháp tính thuế GTGT đang áp dụng", Field::VatMethod),
        (7, "Tên gói đăng ký mới", Field::Package),
    ] {
        let said = renamed(column, header);
        assert_eq!(field_of(&said, column), Some(field), "{header}: {:?}", said.names());
        assert!(said.is_clean(), "{header}: {:?}", said.names());
    }
    assert_eq!(field_of(&beside("Số điện thoại liên hệ kế toán"), 11), Some(Field::ContactPhone));
}

#[test]
fn a_header_that_holds_two_fields_is_asked_about_and_never_guessed() {
    for (column, header, asked) in [
        (3, "MST người đại diện", &[Field::Representative][..]),
        (1, "MST giám đốc", &[Field::TaxId]),
        (4, "Năm sinh và email", &[Field::Email]),
        (3, "Ngày sinh người đại diện", &[Field::Representative]),
        (0, "Công ty mẹ", &[Field::Name]),
    ] {
        let said = renamed(column, header);
        let only = said.only();
        assert_eq!((only.code, only.severity), (Code::HeaderAmbiguous, Severity::Hold), "{header}");
        assert_eq!((only.place.row, only.value.as_deref()), (None, Some(header)));
        let column = &said.mapped.tables[0].columns[column];
        assert_eq!((column.field, column.asked.as_slice()), (None, asked), "{header}");
        assert_eq!(said.states(), [RowState::Held], "{header}");
    }
}

#[test]
fn both_fields_are_asked_about_where_neither_has_a_column() {
    let mut headers = HEADER;
    (headers[1], headers[3]) = ("Số", "MST người đại diện");
    let said = World::default().sheets(vec![sheet("DS", &[&headers, &HOA])]);
    let column = &said.mapped.tables[0].columns[3];
    assert_eq!(column.asked, [Field::Representative, Field::TaxId]);
    assert!(!said.checked.is_refused, "the tax id may yet be found: {:?}", said.names());
    assert_eq!(said.states(), [RowState::Held]);
}

#[test]
fn a_header_whose_fields_all_have_their_columns_is_no_question() {
    for header in [
        "MST người đại diện",
        "Ngày sinh người đại diện",
        "Tên viết tắt",
        "Năm thành lập",
        "Người liên hệ",
        "Thông tin khác",
        "Địa chỉ giao hàng",
        "Email kế toán",
        "Giới tính (Nam/Nữ)",
    ] {
        let said = beside(header);
        assert_eq!(said.names(), ["header.unknown"], "{header}");
        assert_eq!(said.states(), [RowState::Accepted], "{header}");
    }
}

#[test]
fn two_headers_that_hold_the_same_field_are_both_asked_about() {
    let headers = [&HEADER[..1], &["Mã số thuế chính"], &HEADER[2..], &["Mã số thuế phụ"]].concat();
    let row = [&HOA[..], &["0100109106"]].concat();
    let said = World::default().sheets(vec![sheet("DS", &[&headers, &row])]);
    assert_eq!(said.names(), ["header.ambiguous", "header.ambiguous"]);
    assert_eq!(said.states(), [RowState::Held]);
}

#[test]
fn a_bare_beginning_is_that_of_the_books_unless_another_column_is() {
    let said = beside("Ngày bắt đầu");
    assert_eq!(field_of(&said, 11), Some(Field::BooksStart));
    let headers = [&HEADER[..], &["Ngày bắt đầu", "Ngày bắt đầu năm tài chính"]].concat();
    let fields = |headers: &[&str]| {
        let said = World::default().sheets(vec![sheet("DS", &[headers, &HOA])]);
        let columns = &said.mapped.tables[0].columns;
        (columns[11].field, columns[12].field, said.names())
    };
    let both = (Some(Field::BooksStart), Some(Field::FiscalYearStart), vec![]);
    assert_eq!(fields(&headers), both);
    let headers = [&HEADER[..], &["Ngày bắt đầu", "Ngày bắt đầu hạch toán"]].concat();
    let fuller = (None, Some(Field::BooksStart), vec!["header.unknown".to_owned()]);
    assert_eq!(fields(&headers), fuller);
}

#[test]
fn what_a_firm_said_of_a_header_is_no_question_any_more() {
    let mut headers = HEADER;
    headers[3] = "MST người đại diện";
    let map = |said: Option<Field>| {
        let columns = catalogue().columns.remembering([("mst nguoi dai dien", said)]);
        map::tables(vec![sheet("DS", &[&headers, &HOA])], &columns, HiddenRows::Hold)
    };
    let mapped = map(Some(Field::Representative));
    assert_eq!(mapped.tables[0].columns[3].field, Some(Field::Representative));
    assert!(mapped.findings.is_empty(), "{:?}", mapped.findings);
    let mapped = map(None);
    assert_eq!(mapped.tables[0].columns[3].field, None);
    assert!(mapped.findings.is_empty(), "{:?}", mapped.findings);
}

#[test]
fn what_a_header_says_by_itself_comes_before_what_was_said_of_another() {
    let headers = [&["Email/SĐT"], &HEADER[..]].concat();
    let row = [&["hoa@hoabinh.example"], &HOA[..]].concat();
    let columns = catalogue().columns.remembering([("email sdt", Some(Field::Phone))]);
    let mapped = map::tables(vec![sheet("DS", &[&headers, &row])], &columns, HiddenRows::Hold);
    let of_phone = |column: &&Column| column.field == Some(Field::Phone);
    let phones: Vec<&str> =
        mapped.tables[0].columns.iter().filter(of_phone).map(|it| it.header.as_str()).collect();
    assert_eq!(phones, [HEADER[5]]);
}

#[test]
fn a_staged_list_is_mapped_again_as_a_new_one_would_be() {
    let mut headers = HEADER;
    headers[1] = "Số ghi trên giấy";
    let sheets = || vec![sheet("DS", &[&["DANH SÁCH"], &headers, &HOA, &["Tổng cộng", "1"]])];
    let before = map::tables(sheets(), &catalogue().columns, HiddenRows::Hold);
    let columns = catalogue().columns.remembering([("so ghi tren giay", Some(Field::TaxId))]);
    let again = map::again(before.tables, &columns);
    let anew = map::tables(sheets(), &columns, HiddenRows::Hold);
    assert_eq!((again.tables, again.findings), (anew.tables, anew.findings));
}

#[test]
fn a_list_keeps_its_header_where_a_firm_says_that_one_of_two_columns_means_nothing() {
    let sheets = vec![sheet("DS", &[&["MST", "Số ghi trên giấy"], &["0101243150", "A1"]])];
    let columns = |said| catalogue().columns.remembering([("so ghi tren giay", said)]);
    let before = map::tables(sheets, &columns(Some(Field::Name)), HiddenRows::Hold);
    let again = map::again(before.tables, &columns(None));
    let table = &again.tables[0];
    let kinds: Vec<RowKind> = table.rows.iter().map(|row| row.kind).collect();
    assert_eq!((table.header_row, kinds), (1, vec![RowKind::Header, RowKind::Data]));
    assert_eq!((table.columns[0].field, table.columns[1].field), (Some(Field::TaxId), None));
    assert!(again.findings.is_empty(), "{:?}", again.findings);
}

/// Two rows of headers, the upper one with merged cells.
fn grouped(upper: &[&str], lower: &[&str], merges: &[(u32, u32)], rows: &[&[&str]]) -> Said {
    let mut list = sheet("DS", &[&[&["DANH SÁCH"][..], upper, lower][..], rows].concat());
    let merge = |(first_column, last_column): &(u32, u32)| Merge {
        first_row: 2,
        last_row: if first_column == last_column { 3 } else { 2 },
        first_column: *first_column,
        last_column: *last_column,
    };
    list.layout.merges = merges.iter().map(merge).collect();
    World::default().sheets(vec![list])
}

const UPPER: [&str; 11] = [
    "Khách hàng",
    "",
    "Loại hình",
    "Giám đốc",
    "Liên lạc",
    "",
    "",
    "Gói",
    "Năm",
    "PP thuế",
    "Chế độ",
];
const LOWER: [&str; 11] = ["Tên", "MST", "", "", "Email", "SĐT", "Địa chỉ", "", "", "", ""];

#[test]
fn a_header_of_two_rows_is_read_with_and_without_merged_cells() {
    let merges = [(0, 1), (2, 2), (3, 3), (4, 6), (7, 7), (8, 8), (9, 9), (10, 10)];
    for merges in [&merges[..], &[]] {
        let said = grouped(&UPPER, &LOWER, merges, &[&HOA, &BINH]);
        assert!(said.is_clean(), "{:?}", said.names());
        assert_eq!((said.mapped.tables[0].header_row, rows(&said)), (3, vec![4, 5]));
        assert_eq!(field_of(&said, 0), Some(Field::Name));
    }
}

#[test]
fn a_group_about_somebody_else_is_not_the_clients() {
    let upper = [&UPPER[..], &["Thông tin xuất hóa đơn", "", ""]].concat();
    let lower = [&LOWER[..], &["MST", "Địa chỉ", "Email"]].concat();
    let said = grouped(&upper, &lower, &[(0, 1), (4, 6), (11, 13)], &[&HOA]);
    assert_eq!(field_of(&said, 1), Some(Field::TaxId));
    assert_eq!(field_of(&said, 11), Some(Field::InvoiceTaxId));
    assert_eq!(field_of(&said, 13), Some(Field::InvoiceEmail));
    assert_eq!(said.client(0).tax_id.as_str(), "0101243150");
    assert!(!said.names().contains(&"header.duplicate".to_owned()), "{:?}", said.names());
}

#[test]
fn a_heading_right_under_the_header_is_no_second_row_of_it() {
    let heading = ["DOANH NGHIỆP"];
    let said = World::default().sheets(vec![sheet("DS", &[&HEADER, &heading, &HOA])]);
    assert_eq!((said.mapped.tables[0].header_row, rows(&said)), (1, vec![3]));
}

#[test]
fn a_header_of_two_rows_is_repeated_on_the_next_page() {
    let said = grouped(&UPPER, &LOWER, &[(0, 1), (4, 6)], &[&HOA, &UPPER, &LOWER, &BINH]);
    assert_eq!(rows(&said), [4, 7]);
    assert!(said.is_clean(), "{:?}", said.names());
}

#[test]
fn a_list_may_begin_far_down_and_far_to_the_right() {
    let far = |row: &[&'static str]| [&[""; 26][..], row].concat();
    let titles: Vec<Vec<&str>> = (0..49).map(|_| vec!["CÔNG TY DỊCH VỤ"]).collect();
    let (header, hoa) = (far(&HEADER), far(&HOA));
    let rows: Vec<&[&str]> = titles.iter().map(Vec::as_slice).chain([&header[..], &hoa]).collect();
    let said = World::default().sheets(vec![sheet("DS", &rows)]);
    assert!(said.is_clean(), "{:?}", said.names());
    assert_eq!((said.mapped.tables[0].header_row, said.states().len()), (50, 1));
}

#[test]
fn what_stands_between_and_below_clients_is_none_of_them_and_no_client_is_lost() {
    let said = World::default().sheets(vec![sheet(
        "DS",
        &[
            &HEADER,
            &["I. Doanh nghiệp"],
            &["A. Khối sản xuất", "12"],
            &HOA,
            &["", "2"],
            &BINH,
            &["Ghi chú: MST 0100230800 đã ngừng hoạt động"],
            &["Cộng", "2", "", "", "", "", "", "", "5.900.000"],
            &["", "", "", "Hà Nội, ngày 22 tháng 11 năm 2026"],
            &["Người lập biểu", "", "", "Giám đốc"],
            &["(Ký, ghi rõ họ tên)"],
            &["Nguyễn Thị Lan", "", "", "Trần Văn Bình"],
        ],
    )]);
    assert_eq!(rows(&said), [4, 6]);
    assert!(said.is_clean(), "{:?}", said.names());
    assert_eq!(said.client(1).name, "Ghi Chú Việt");
}

#[test]
fn two_lists_beside_each_other_hold_the_file() {
    let twice = |row: &[&'static str]| [row, &[""], row].concat();
    let (header, row) = (twice(&HEADER), [&HOA[..], &[""], &BINH].concat());
    let said = World::default().sheets(vec![sheet("DS", &[&header, &row])]);
    let only = said.only();
    assert_eq!((only.code, only.severity), (Code::HeaderAmbiguous, Severity::Hold));
    assert_eq!(only.detail["headers"], "MST (B), MST (N)");
    assert_eq!(said.states(), [RowState::Held]);
}

#[test]
fn a_list_below_with_columns_of_its_own_holds_the_file() {
    let moved = |row: &[&'static str]| [&[""; 3][..], row].concat();
    let (header, row) = (moved(&HEADER), moved(&BINH));
    let said = World::default().sheets(vec![sheet("DS", &[&HEADER, &HOA, &[""], &header, &row])]);
    let only = said.only();
    assert_eq!((only.code, only.severity), (Code::HeaderAmbiguous, Severity::Hold));
    assert_eq!(only.detail["other_list"], "4");
    assert_eq!((rows(&said), said.states()), (vec![2], vec![RowState::Held]));
}

#[test]
fn a_list_below_whose_columns_changed_places_holds_the_file() {
    for (one, other) in [(0, 1), (0, 3)] {
        let (mut header, mut row) = (HEADER, BINH);
        header.swap(one, other);
        row.swap(one, other);
        let said = World::default().sheets(vec![sheet("DS", &[&HEADER, &HOA, &header, &row])]);
        let only = said.only();
        assert_eq!((only.code, only.severity), (Code::HeaderAmbiguous, Severity::Hold));
        assert_eq!((only.detail["other_list"].as_str(), rows(&said)), ("3", vec![2]));
    }
}

#[test]
fn a_name_alone_under_the_next_number_is_a_client_and_a_note_is_none() {
    let numbered = |number: &'static str, row: &[&'static str]| [&[number][..], row].concat();
    let header = numbered("STT", &HEADER);
    let (one, two) = (numbered("1", &HOA), numbered("2", &["Công ty TNHH Còn Thiếu"]));
    let rows_of =
        |last: &[&str]| rows(&World::default().sheets(vec![sheet("DS", &[&header, &one, last])]));
    assert_eq!(rows_of(&two), [2, 3]);
    assert_eq!(rows_of(&["", "Công ty TNHH Còn Thiếu"]), [2]);
    assert_eq!(rows_of(&["7", "Công ty TNHH Còn Thiếu"]), [2]);
    assert_eq!(rows_of(&["2", "khách hàng 2026"]), [2]);
}

#[test]
fn a_hidden_list_is_held_taken_or_left_out_as_the_job_wants() {
    let file = |hidden_rows| {
        let mut world = World::default();
        world.options.hidden_rows = hidden_rows;
        let hidden = Sheet { visible: false, ..sheet("Cũ", &[&HEADER, &BINH]) };
        let said = world.sheets(vec![sheet("DS", &[&HEADER, &HOA]), hidden]);
        let severity = said.all().next().map(|finding| finding.severity);
        (said.names().len(), severity, said.states())
    };
    let accepted = RowState::Accepted;
    assert_eq!(file(HiddenRows::Hold), (1, Some(Severity::Hold), vec![RowState::Held]));
    assert_eq!(file(HiddenRows::Take), (1, Some(Severity::Info), vec![accepted, accepted]));
    assert_eq!(file(HiddenRows::Skip), (1, Some(Severity::Info), vec![accepted]));
}

#[test]
fn a_text_as_long_as_a_page_names_neither_a_column_nor_a_group() {
    let (long, page) = ("Khách hàng ".repeat(200), "MST / ".repeat(300));
    let above = [&["", "", &long, "", ""], &HEADER[..5]].concat();
    let said = World::default().sheets(vec![sheet("DS", &[&above, &HEADER, &HOA])]);
    assert_eq!((said.mapped.tables[0].header_row, rows(&said)), (2, vec![3]));
    assert_eq!(field_of(&beside(&page), HEADER.len()), None);
}
