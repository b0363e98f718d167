//! Where a list stands in its file, and which rows of it are clients.
//! What its cells mean is tested beside it.

use super::*;
use hangloat::domain::finding::Code;

const VI: &[&str] = &[
    "STT",
    "Tên khách hàng (*)",
    "Mã số thuế (*)",
    "Loại hình",
    "Người đại diện theo pháp luật",
    "Email",
    "SĐT",
    "Địa chỉ",
    "Gói sản phẩm",
    "Năm tài chính",
    "Phương pháp tính thuế GTGT",
    "Chế độ kế toán",
    "Ghi chú",
];
const HOA: &[&str] = &numbered("1", super::HOA);
const TAM: &[&str] = &[
    "2",
    "Tạp hóa Cô Tám",
    "079175000011",
    "HKD",
    "Trần Thị Tám",
    "cotam@taphoa.example",
    "+84 938 123 456",
    "Số 8 Phạm Văn Hai, TP HCM",
    "ASP-HKD",
    "2026",
    "Trực tiếp",
    "Thông tư 152",
    "khách quen",
];
const EN: &[&str] = &[
    "No.",
    "Customer name",
    "Tax code",
    "Customer type",
    "Legal representative",
    "E-mail",
    "Phone",
    "Address",
    "Package",
    "Fiscal year",
    "VAT method",
    "Accounting regime",
    "Note",
];
const ANN: &[&str] = &[
    "1",
    "Ann Trading LLC",
    "0100109106",
    "Enterprise",
    "Ann Lee",
    "ann@anntrading.example",
    "0987654321",
    "12 Lê Lợi, Đà Nẵng",
    "ASP-DN",
    "2026",
    "Deduction",
    "Circular 99/2025",
    "",
];

/// With its number in front and no note behind.
const fn numbered(number: &'static str, client: [&'static str; 11]) -> [&'static str; 13] {
    let mut row = [""; 13];
    row[0] = number;
    let mut at = 0;
    while at < client.len() {
        row[at + 1] = client[at];
        at += 1;
    }
    row
}

fn rows(said: &Said) -> Vec<u32> {
    said.checked.verdicts.iter().map(|verdict| verdict.row).collect()
}

#[test]
fn clean_lists_in_both_languages_are_accepted_without_a_word() {
    for rows in [&[VI, HOA][..], &[VI, TAM], &[EN, ANN]] {
        let said = World::default().sheets(vec![sheet("DS", rows)]);
        assert!(said.is_clean(), "{:?}", said.names());
        assert_eq!(said.states().len(), 1);
    }
}

#[test]
fn titles_above_and_totals_notes_and_signatures_below_are_no_rows() {
    let name = "Tổng công ty Điện máy";
    let dien_may: Vec<&str> = HOA
        .iter()
        .map(|cell| match *cell {
            "Công ty TNHH Hòa Bình" => name,
            "0101243150" => "0100230800",
            "hoa@hoabinh.example" => "a@dienmay.example",
            "0912 345 678" => "0912345679",
            "1" => "",
            other => other,
        })
        .collect();
    let numbers: Vec<String> = (1..=VI.len()).map(|number| format!("({number})")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let said = World::default().sheets(vec![sheet(
        "DS khách hàng",
        &[
            &["CÔNG TY TNHH DỊCH VỤ KẾ TOÁN MINH AN"],
            &["DANH SÁCH KHÁCH HÀNG NĂM 2026", "", "Khách hàng"],
            &[""],
            VI,
            &numbers,
            &["I", "KHỐI DOANH NGHIỆP"],
            HOA,
            &dien_may,
            &[""],
            VI,
            TAM,
            &["Tổng cộng", "3", "3"],
            &["", "Cộng: 3 khách hàng", "3"],
            &["", "Tổng", "3", "", "", "", "", "", "5.900.000"],
            &["Ghi chú: danh sách này thay danh sách tháng 10"],
            &["", "Ghi chú", "xem thêm tệp cũ", "Khách hàng"],
            &["", "Người lập biểu", "", "", "Giám đốc"],
            &["", "(Ký, ghi rõ họ tên)", "", "", "(Ký, đóng dấu)"],
        ],
    )]);
    assert_eq!(rows(&said), [7, 8, 11]);
    assert_eq!(said.mapped.tables[0].header_row, 4);
    assert_eq!(said.names(), ["order.mixed_types"]);
    assert_eq!(said.client(1).name, name);
}

#[test]
fn a_company_without_its_tax_id_is_a_row_and_not_a_total() {
    for (cell, expected) in [
        ("Công ty CP Bình Minh", 1),
        ("Cộng đồng Xanh", 1),
        ("Tổng công ty Sông Hồng", 1),
        ("Tổng cộng", 0),
        ("Cộng", 0),
        ("Total 12", 0),
        ("Totalgaz Việt Nam", 1),
    ] {
        let row = ["", cell, "", "DN", ""];
        let said = World::default().sheets(vec![sheet("DS", &[VI, HOA, &row])]);
        assert_eq!(said.states().len(), 1 + expected, "{cell}");
        assert_eq!(said.names().contains(&"tax_id.missing".to_owned()), expected == 1, "{cell}");
    }
}

#[test]
fn two_lists_on_two_sheets_are_one_file() {
    let said = World::default().sheets(vec![
        sheet("Doanh nghiệp", &[VI, HOA]),
        sheet("Linh tinh", &[&["Số liệu tháng 10", "12"]]),
        sheet("Hộ", &[&["DANH SÁCH HỘ"], VI, TAM]),
    ]);
    assert_eq!(said.states(), [RowState::Accepted; 2]);
    assert_eq!(said.names(), ["sheet.skipped", "order.mixed_types"]);
    assert_eq!(said.finding("sheet.skipped").place.sheet.as_deref(), Some("Linh tinh"));
    assert_eq!(said.checked.verdicts[1].sheet, 2);
}

#[test]
fn a_duplicate_on_another_sheet_says_on_which() {
    let said =
        World::default().sheets(vec![sheet("Một", &[VI, HOA]), sheet("Hai", &[VI, TAM, HOA])]);
    let duplicate = said.finding("client.duplicate_in_file");
    assert_eq!((duplicate.place.sheet.as_deref(), duplicate.place.row), (Some("Hai"), Some(3)));
    assert_eq!(duplicate.detail["other"], "dòng 2 (trang Một)");
}

#[test]
fn the_template_with_its_order_guide_and_drop_downs_says_nothing() {
    let short: Vec<&str> = VI
        .iter()
        .zip(HOA)
        .filter(|(header, _)| **header != "Năm tài chính")
        .map(|(_, cell)| *cell)
        .collect();
    let header: Vec<&str> =
        VI.iter().copied().filter(|header| *header != "Năm tài chính").collect();
    let order = sheet(
        "Đơn hàng",
        &[
            &["Thông tin chung"],
            &["Nội dung", "Giá trị"],
            &["Năm tài chính", "2026"],
            &["Đối tượng nhận thông báo", "Kế toán dịch vụ"],
            &["Gói sản phẩm", "-"],
        ],
    );
    let guide = sheet(
        "Hướng dẫn",
        &[&["Cách điền"], &["Mã gói", "Tên gói", "Giá"], &["ASP-DN", "ASP Kế toán", "2950000"]],
    );
    let lists = Sheet { visible: false, ..sheet("Lists", &[&["Khấu trừ"], &["Không"]]) };
    let said =
        World::default().sheets(vec![sheet("Danh sách", &[&header, &short]), order, guide, lists]);
    assert!(said.is_clean(), "{:?}", said.names());
    let client = said.client(0);
    assert_eq!((client.fiscal_year.year(), client.recipient.as_str()), (2026, "firm"));
}

#[test]
fn a_list_that_is_called_order_or_summary_is_a_list() {
    for name in ["Đơn hàng", "Summary", "Tóm tắt", "Order"] {
        let said = World::default().sheets(vec![sheet(name, &[VI, HOA])]);
        assert!(said.is_clean() && said.states().len() == 1, "{name}: {:?}", said.names());
    }
}

#[test]
fn a_dry_run_that_is_dropped_is_the_list_in_it_and_nothing_else() {
    let own = ["Trạng thái", "Lý do", "Cách sửa", "Mã đơn", "Dòng", "Số tiền", "Mã thanh toán"];
    let header = [VI, &own[..]].concat();
    let hoa = [HOA, &["đạt", "", ""][..]].concat();
    let said = World::default().sheets(vec![
        sheet("Tóm tắt", &[&["Khách hàng", "Mã số thuế"], &["1", "2"]]),
        sheet("Kết quả", &[&header, &hoa]),
        sheet("Cần sửa", &[VI, TAM]),
        sheet("Nguồn gốc", &[&["Tệp gốc", "ds.xlsx"]]),
    ]);
    assert_eq!(said.states().len(), 1);
    assert!(said.is_clean(), "{:?}", said.names());
}

#[test]
fn a_hidden_list_holds_the_file_and_a_hidden_sheet_without_one_does_not() {
    let hidden = Sheet { visible: false, ..sheet("Cũ", &[VI, TAM]) };
    let said = World::default().sheets(vec![sheet("DS", &[VI, HOA]), hidden]);
    assert_eq!(said.states(), [RowState::Held]);
    let only = said.only();
    assert_eq!((only.code, only.severity), (Code::SheetHidden, Severity::Hold));
    assert_eq!((only.place.sheet.as_deref(), only.place.row), (Some("Cũ"), None));
    let empty = Sheet { visible: false, ..sheet("Cũ", &[VI]) };
    let said = World::default().sheets(vec![sheet("DS", &[VI, HOA]), empty]);
    assert_eq!(
        (said.states(), said.names()),
        (vec![RowState::Accepted], vec!["sheet.skipped".into()])
    );
}

#[test]
fn a_file_without_a_list_or_without_a_client_is_refused() {
    for (rows, name) in [
        (&[&["Thu", "Chi"][..], &["1", "2"]][..], "header.not_found"),
        (&[VI], "file.empty"),
        (&[&["DANH SÁCH"], VI, &["Tổng cộng", "0"]], "file.empty"),
    ] {
        let said = World::default().sheets(vec![sheet("DS", rows)]);
        assert_eq!(said.names(), [name]);
        assert!(said.checked.is_refused, "{name}");
    }
    assert_eq!(World::default().sheets(Vec::new()).names(), ["file.empty"]);
}

#[test]
fn a_list_without_a_tax_id_column_is_refused_and_other_missing_columns_are_not() {
    let without = |gone: &str| {
        let rows = [VI, HOA].map(|row| {
            row.iter().zip(VI).filter(|(_, h)| **h != gone).map(|(c, _)| *c).collect::<Vec<_>>()
        });
        World::default().sheets(vec![sheet("DS", &[&rows[0], &rows[1]])])
    };
    let said = without("Mã số thuế (*)");
    assert!(said.checked.is_refused);
    assert_eq!(said.finding("header.missing").severity, Severity::Error);
    assert_eq!(said.states(), [RowState::Rejected]);
    let said = without("Email");
    let missing = said.only();
    assert_eq!((missing.name().as_str(), missing.place.row), ("email.missing", Some(2)));
    assert_eq!((missing.place.column.as_deref(), &missing.value), (None, &None));
    assert!(!said.checked.is_refused);
}

#[test]
fn unknown_columns_are_said_and_of_two_for_one_field_the_first_counts() {
    let header = [VI, &["MST", "Màu sắc"][..]].concat();
    let hoa = [HOA, &["0100109106", "đỏ"][..]].concat();
    let said = World::default().sheets(vec![sheet("DS", &[&header, &hoa])]);
    assert_eq!(said.states(), [RowState::Accepted]);
    let duplicate = said.finding("header.duplicate");
    assert_eq!(
        (duplicate.severity, duplicate.place.column.as_deref()),
        (Severity::Warning, Some("N"))
    );
    assert_eq!(duplicate.detail["headers"], "Mã số thuế (*) (C), MST (N)");
    let unknown = said.finding("header.unknown");
    assert_eq!((unknown.severity, unknown.value.as_deref()), (Severity::Info, Some("Màu sắc")));
    assert_eq!(said.client(0).tax_id.as_str(), "0101243150");
}

#[test]
fn headers_in_two_languages_or_with_a_hint_are_understood() {
    let mut header = VI.to_vec();
    header[2] = "Mã số thuế\n(Tax code)";
    header[5] = "Email (bắt buộc)";
    header[6] = "SĐT / Phone (10 số)";
    header[9] = "Năm tài chính (yyyy)";
    let said = World::default().sheets(vec![sheet("DS", &[&header, HOA])]);
    assert!(said.is_clean(), "{:?}", said.names());
}

#[test]
fn a_header_that_may_be_two_fields_is_asked_about() {
    let mut header = VI.to_vec();
    header[12] = "Ghi chú / Chức vụ";
    let said = World::default().sheets(vec![sheet("DS", &[&header, HOA])]);
    let only = said.only();
    assert_eq!((only.code, only.severity), (Code::HeaderAmbiguous, Severity::Hold));
    assert_eq!((only.place.row, only.place.column.as_deref()), (None, Some("M")));
    assert_eq!(only.detail["allowed"], "Ghi chú, Chức vụ");
    assert_eq!(said.states(), [RowState::Held]);
}

#[test]
fn every_own_column_of_a_result_is_no_field_of_a_list() {
    for locale in [Locale::Vi, Locale::En] {
        for key in Texts::of(locale).keys() {
            if key.starts_with("workbook.column.") {
                let header = Texts::of(locale).label(&key);
                assert_eq!(catalogue().columns.field(&header), None, "{key}: {header}");
            }
        }
    }
}
