//! Templates: filled in by a program, saved by LibreOffice, dropped; and the clients of last year to choose from.
//! How they are laid out is tested beside the code.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    lists::{Client, csv, enterprise, household},
    workbooks::{Edit, cell, edited, read, set, sheet_text, through_libreoffice},
};
use crate::world::{World, require, text};

const LIST: &str = "Danh sách";
const ORDER: &str = "Đơn hàng";

fn template(world: &World, args: &[&str]) -> PathBuf {
    let answer = world.run(&[&["template", "--json"], args].concat()).exits(0).json();
    assert_eq!(answer["files"][0]["kind"], "template");
    world.path(&text(&answer["files"][0], "path"))
}

/// The letter of the column with a header, which may be required.
fn column(workbook: &Path, header: &str) -> String {
    let book = read(workbook);
    let headers = book["sheets"][LIST][0].as_array().unwrap().clone();
    let is_it = |cell: &Value| cell.as_str().unwrap().trim_end_matches(" (*)") == header;
    let at = headers.iter().position(is_it).unwrap_or_else(|| panic!("no {header}: {headers:?}"));
    hangloat::domain::finding::column_letters(u32::try_from(at).unwrap())
}

/// The cell to fill in for the whole order, right of its label.
fn beside(workbook: &Path, label: &str) -> String {
    let book = read(workbook);
    let rows = book["sheets"][ORDER].as_array().unwrap();
    let at = rows.iter().position(|row| row[0] == label).unwrap_or_else(|| panic!("no {label}"));
    format!("B{}", at + 1)
}

/// What a person types for a client, below the example.
fn typed(workbook: &Path, clients: &[Client]) -> Vec<Edit> {
    let fields = [
        (0, "Tên khách hàng"),
        (1, "Mã số thuế"),
        (3, "Người đại diện theo pháp luật"),
        (4, "Email"),
        (5, "Số điện thoại"),
        (6, "Địa chỉ"),
        (9, "Phương pháp tính thuế GTGT"),
        (10, "Chế độ kế toán"),
    ];
    let columns: Vec<(usize, String)> =
        fields.iter().map(|(at, header)| (*at, column(workbook, header))).collect();
    let row = |(row, client): (usize, &Client)| {
        let cells = columns
            .iter()
            .map(|(at, letters)| cell(LIST, &format!("{letters}{row}"), client.0[*at].as_str()));
        cells.collect::<Vec<_>>()
    };
    (3..).zip(clients).flat_map(row).collect()
}

#[test]
fn a_template_that_is_being_filled_in_is_never_overwritten() {
    let world = World::new();
    let made = || template(&world, &["--type", "household"]);
    let first = made();
    std::fs::write(&first, "filled in").unwrap();
    assert!(first.ends_with("template-household__2026-11-23__r1.xlsx"), "{}", first.display());
    assert!(made().ends_with("template-household__2026-11-23__r2.xlsx"));
    assert_eq!(std::fs::read(&first).unwrap(), b"filled in");
}

#[test]
fn a_filled_template_that_libreoffice_saved_is_taken_without_a_word_for_both_types() {
    if !require("openpyxl") || !require("soffice") {
        return;
    }
    let world = World::new();
    for (customer_type, clients, package) in [
        ("enterprise", [enterprise(1), enterprise(2), enterprise(3)], "ASP-DN"),
        ("household", [household(1), household(2), household(3)], "ASP-HKD"),
    ] {
        let workbook = template(&world, &["--type", customer_type]);
        let mut edits = typed(&workbook, &clients);
        edits.push(cell(ORDER, &beside(&workbook, "Loại đơn hàng"), "Mua mới"));
        let filled = edited(&world, &workbook, &edits);
        let saved = through_libreoffice(&world, &filled);
        let file = world.import(&format!("{customer_type}.xlsx"), &saved);
        assert_eq!(file["findings"], Value::Array(Vec::new()), "{file:#}");
        assert_eq!((&file["rows"]["total"], &file["outcome"]), (&3.into(), &"accepted".into()));
        let order = world.order(file["orders"][0].as_str().unwrap());
        assert_eq!((&order["package"], &order["fiscal_year"]), (&package.into(), &2026.into()));
        assert_eq!((&order["recipient"], &order["kind"]), (&"client".into(), &"purchase".into()));
        let summary = sheet_text(&world.path(&text(&file, "workbook")), "Tóm tắt");
        assert!(!summary.contains("Tệp mẫu đã dùng"), "{summary}");
    }
}

#[test]
fn what_is_written_for_the_whole_order_holds_where_a_row_says_nothing() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let workbook = template(&world, &["--type", "enterprise"]);
    let book = read(&workbook);
    let rows = book["sheets"]["Đơn hàng"].as_array().unwrap();
    let place = |label: &str| {
        let at = rows.iter().position(|row| row[0] == label).unwrap_or_else(|| panic!("{rows:?}"));
        format!("B{}", at + 1)
    };
    let mut edits = typed(&workbook, &[enterprise(1), enterprise(2)]);
    let year = column(&workbook, "Năm tài chính");
    edits.extend([
        cell("Đơn hàng", &place("Gói sản phẩm"), "ASP-DN-PRO"),
        cell("Đơn hàng", &place("Năm tài chính"), "2027"),
        cell("Đơn hàng", &place("Đối tượng nhận thông báo"), "Kế toán dịch vụ"),
        cell("Đơn hàng", &place("Người đăng ký"), "binh@minhan.example"),
        cell(LIST, &format!("{year}4"), 2026),
    ]);
    let file = world.import("chung.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(file["outcome"], "accepted", "{file:#}");
    let orders = world.orders();
    let of = |order: &Value| {
        (order["package"].clone(), order["fiscal_year"].clone(), order["recipient"].clone())
    };
    let expected = |year: i32| (Value::from("ASP-DN-PRO"), Value::from(year), Value::from("firm"));
    assert_eq!(orders.iter().map(of).collect::<Vec<_>>(), [expected(2027), expected(2026)]);
}

#[test]
fn drop_downs_offer_what_is_allowed_today_by_type_and_fiscal_year() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let lists = |customer_type: &str| {
        let workbook = template(&world, &["--type", customer_type]);
        let parts = super::workbooks::parts(&workbook);
        let (_, sheet) = parts.iter().find(|(name, _)| name == "xl/worksheets/sheet1.xml").unwrap();
        (String::from_utf8(sheet.clone()).unwrap(), sheet_text(&workbook, "Lists"))
    };
    let (rules, regimes) = lists("enterprise");
    assert!(rules.contains("&lt;2026") && rules.contains("ASP-DN,ASP-DN-PRO"), "{rules}");
    assert!(regimes.contains("TT200\tTT99") && !regimes.contains("TT152"), "{regimes}");
    assert!(rules.contains("2025,2026,2027"));
    let (rules, regimes) = lists("household");
    assert!(regimes.contains("TT88\tTT152") && !regimes.contains("TT99"), "{regimes}");
    assert!(rules.contains("ASP-HKD") && !rules.contains("ASP-DN") && !rules.contains("Khấu trừ"));
}

#[test]
fn the_example_is_never_read_and_an_overwritten_one_is_never_ordered() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    for customer_type in ["enterprise", "household"] {
        let workbook = template(&world, &["--type", customer_type]);
        let file = world
            .import(&format!("trong-{customer_type}.xlsx"), &std::fs::read(&workbook).unwrap());
        assert_eq!(
            (&file["findings"][0]["code"], &file["exit"]),
            (&"file.empty".into(), &3.into())
        );
        let name = format!("{}2", column(&workbook, "Tên khách hàng"));
        let half = edited(&world, &workbook, &[cell(LIST, &name, "Khách hàng thật")]);
        let file = world.import(&format!("nua-{customer_type}.xlsx"), &half);
        assert_eq!(
            (&file["rows"]["rejected"], &file["rows"]["total"]),
            (&1.into(), &1.into()),
            "{file:#}"
        );
    }
}

#[test]
fn a_template_of_former_tables_is_read_and_said_to_be_old() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let workbook = template(
        &world,
        &["--type", "enterprise", "-o", world.outside("cu.xlsx").to_str().unwrap()],
    );
    let filled = edited(&world, &workbook, &typed(&workbook, &[enterprise(1)]));
    world.rewrite("jobs/catalogue/packages.toml", "amount = 2_950_000", "amount = 3_050_000");
    let file = world.import("cu.xlsx", &filled);
    assert_eq!(file["outcome"], "accepted", "{file:#}");
    assert_eq!(world.orders()[0]["amount"], 3_050_000);
    let summary = sheet_text(&world.path(&text(&file, "workbook")), "Tóm tắt");
    assert!(summary.contains("Tệp mẫu đã dùng là bản cũ"), "{summary}");
    let path = world.outside("cu.xlsx");
    std::fs::write(&path, filled).unwrap();
    let checked = world.run(&["check", path.to_str().unwrap(), "--firm", "MINHAN", "--json"]);
    let checked = checked.json()["files"][0].clone();
    let summary = sheet_text(&world.path(&text(&checked, "workbook")), "Tóm tắt");
    assert!(summary.contains("Tệp mẫu đã dùng là bản cũ"), "{summary}");
}

#[test]
fn clients_whose_licence_ends_are_listed_and_only_those_that_say_yes_are_renewed() {
    if !require("openpyxl") || !require("soffice") {
        return;
    }
    let world = World::new();
    let clients = [enterprise(1), enterprise(2), enterprise(3), household(1)];
    let file = world.import("nam-nay.csv", &csv(&clients));
    for order in file["orders"].as_array().unwrap() {
        world.run(&["confirm", order.as_str().unwrap(), "--activate"]).exits(0);
    }
    let workbook = template(&world, &["--type", "enterprise", "--renew", "2027"]);
    let rows = read(&workbook)["sheets"][LIST].as_array().unwrap().clone();
    assert_eq!(rows[0][0], "Gia hạn?");
    let listed: Vec<&str> = rows[2..].iter().map(|row| row[1].as_str().unwrap()).collect();
    assert_eq!(listed, [enterprise(1).name(), enterprise(2).name(), enterprise(3).name()]);

    let edits = [cell(LIST, "A3", "có"), cell(LIST, "A4", "không"), cell(LIST, "A5", "Có")];
    let saved = through_libreoffice(&world, &edited(&world, &workbook, &edits));
    let renewed = world.import("gia-han.xlsx", &saved);
    assert_eq!(renewed["findings"], Value::Array(Vec::new()), "{renewed:#}");
    assert_eq!(renewed["rows"]["total"], 2);
    let order = world.order(renewed["orders"][0].as_str().unwrap());
    assert_eq!((&order["kind"], &order["fiscal_year"]), (&"renewal".into(), &2027.into()));
    assert_eq!((&order["recipient"], &order["invoice_to"]), (&"firm".into(), &"client".into()));

    let rest = template(
        &world,
        &[
            "--type",
            "enterprise",
            "--renew",
            "2027",
            "-o",
            world.outside("con-lai.xlsx").to_str().unwrap(),
        ],
    );
    let rows = read(&rest)["sheets"][LIST].as_array().unwrap().clone();
    assert_eq!(rows.len(), 3, "the client that said no: {rows:?}");
    world.run(&["template", "--type", "household", "--renew", "27"]).exits(2);
}

#[test]
fn a_known_client_needs_its_tax_id_alone() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("truoc.csv", &csv(&[enterprise(1), household(1)]));
    let workbook = template(&world, &["--type", "enterprise"]);
    let known = sheet_text(&workbook, "Khách hàng đã có");
    assert!(
        known.contains(enterprise(1).tax_id()) && !known.contains(household(1).tax_id()),
        "{known}"
    );
    let tax_id = format!("{}3", column(&workbook, "Mã số thuế"));
    let year = format!("{}3", column(&workbook, "Năm tài chính"));
    let edits = [cell(LIST, &tax_id, enterprise(1).tax_id()), cell(LIST, &year, 2027)];
    let file = world.import("da-co.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(
        (&file["outcome"], &file["findings"]),
        (&"accepted".into(), &Value::Array(Vec::new())),
        "{file:#}"
    );
}

/// Two enterprises of this year whose licences end, and the list of them to choose from.
fn to_renew() -> (World, PathBuf) {
    let world = World::new();
    world.import("nam-nay.csv", &csv(&[enterprise(1), enterprise(2)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let workbook = template(&world, &["--type", "enterprise", "--renew", "2027"]);
    (world, workbook)
}

#[test]
fn a_word_that_is_neither_yes_nor_no_is_asked_about_and_decided_like_any_other_question() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = to_renew();
    let edits = [cell(LIST, "A3", "tùy"), cell(LIST, "A4", "có")];
    let file = world.import("gia-han.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(
        (&file["rows"]["accepted"], &file["rows"]["held"]),
        (&1.into(), &1.into()),
        "{file:#}"
    );
    let finding = &file["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"], &finding["row"], &finding["column"]),
        (&"kind.unknown".into(), &"hold".into(), &3.into(), &"A".into())
    );
    assert!(text(finding, "message").contains("“tùy” ở cột “Gia hạn?”"), "{finding}");
    assert!(text(finding, "fix").contains("“có” hoặc “không”"), "{finding}");
    world.run(&["accept", &format!("{}#3", text(&file, "batch"))]).exits(0);
    let order = world.order(file["orders"][0].as_str().unwrap());
    assert_eq!(order["lines"].as_array().unwrap().len(), 2, "{order}");
}

#[test]
fn a_client_that_is_not_renewed_says_so_in_the_results_and_counts_nowhere() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = to_renew();
    let edits = [cell(LIST, "A3", "có"), cell(LIST, "A4", "không")];
    let file = world.import("gia-han.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(file["rows"]["total"], 1, "{file:#}");
    let batch = text(&file, "batch");
    let results = sheet_text(&world.workbook(&batch), "Kết quả");
    let refused = results.lines().find(|row| row.contains(enterprise(2).name())).unwrap();
    for said in ["Không gia hạn", "Cột “Gia hạn?” của dòng này", "ghi “có”"] {
        assert!(refused.contains(said), "no {said} in {refused}");
    }
    assert_eq!(results.matches("Không gia hạn").count(), 1, "{results}");
    // The workbook comes back as ever.
    let ticked = edited(&world, &world.workbook(&batch), &[set("XAC_NHAN", true)]);
    let taken = world.take("tra-loi.xlsx", &ticked);
    assert_eq!((&taken["exit"], &taken["findings"]), (&0.into(), &Value::Array(Vec::new())));
    assert_eq!(world.order(file["orders"][0].as_str().unwrap())["state"], "placed");
}

#[test]
fn a_list_in_which_nobody_is_chosen_is_told_so_kindly() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = to_renew();
    let file =
        world.import("gia-han.xlsx", &edited(&world, &workbook, &[cell(LIST, "A3", "không")]));
    let finding = &file["findings"][0];
    assert_eq!((&finding["code"], &file["exit"]), (&"file.empty".into(), &3.into()));
    assert!(text(finding, "message").contains("ghi “có” ở cột “Gia hạn?”"), "{finding}");
    assert!(text(finding, "fix").contains("Nếu không gia hạn cho ai"), "{finding}");
}

#[test]
fn where_nobody_is_to_be_renewed_no_file_is_made() {
    let world = World::new();
    let args = ["template", "--type", "household", "--renew", "2027"];
    let said = world.run(&args).exits(0);
    assert!(
        said.stdout.contains("Không có hộ kinh doanh nào cần gia hạn cho năm 2027"),
        "{said:?}"
    );
    let answer = world.run(&[&args[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(answer["files"], Value::Array(Vec::new()));
    assert!(world.files_in("outbox").is_empty());
}

#[test]
fn a_client_that_changed_its_tax_id_is_offered_once_under_the_present_one() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("truoc.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let next_year = enterprise(2).with("B", enterprise(3).tax_id()).with("I", "2027");
    world.import("sau.csv", &csv(&[next_year]));
    let (old, new) = (enterprise(1), enterprise(3));
    let same = ["clients", "--same", old.tax_id(), new.tax_id()];
    world.run(&[&same[..], &["--reason", "đổi mã số thuế"]].concat()).exits(0);
    let workbook = template(&world, &["--type", "enterprise"]);
    let known = sheet_text(&workbook, "Khách hàng đã có");
    assert!(known.contains(enterprise(3).tax_id()), "{known}");
    assert!(!known.contains(enterprise(1).tax_id()), "{known}");
}

#[test]
fn a_row_to_fix_is_offered_what_its_kind_of_client_and_its_year_allow() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let wrong = |client: Client| client.with("K", "TT00");
    let file = world.import("sai.csv", &csv(&[wrong(enterprise(1)), wrong(household(1))]));
    let workbook = world.path(&text(&file, "workbook"));
    let book = read(&workbook);
    let headers = book["sheets"]["Cần sửa"][0].as_array().unwrap().clone();
    let at = headers.iter().position(|it| it.as_str().unwrap().starts_with("Chế độ kế toán"));
    let letters = hangloat::domain::finding::column_letters(u32::try_from(at.unwrap()).unwrap());
    let offered = |row: u32| {
        let lists = book["lists"]["Cần sửa"].as_array().unwrap();
        let is_it = |rule: &&Value| rule[0] == format!("{letters}{row}");
        lists.iter().find(is_it).unwrap_or_else(|| panic!("{lists:?}"))[1].as_str().unwrap()
    };
    assert!(offered(2).contains("TT99") && !offered(2).contains("TT152"), "{}", offered(2));
    assert!(offered(3).contains("TT152") && !offered(3).contains("TT99"), "{}", offered(3));
}

#[test]
fn a_template_of_another_firm_says_that_it_is_one_and_names_no_firm() {
    let world = World::new();
    super::refused::with_a_second_firm(&world);
    let path = world.outside("mau.xlsx");
    let out = path.to_str().unwrap();
    world.run(&["template", "--type", "enterprise", "--firm", "HOAPHAT", "-o", out]).exits(0);
    let checked = world.run(&["check", out, "--firm", "MINHAN", "--json"]).exits(3).json();
    let taken = world.take("MINHAN/mau.xlsx", &std::fs::read(&path).unwrap());
    for file in [&checked["files"][0], &taken] {
        let said = &file["findings"][0];
        assert_eq!(said["code"], "file.wrong_folder", "{file}");
        assert!(text(said, "message").contains("tệp mẫu lập riêng cho một đơn vị kế toán khác"));
        assert!(text(said, "fix").contains("thư mục inbox của đơn vị đó"), "{said}");
        assert!(!said.to_string().contains("HOAPHAT"), "{said}");
    }
}
