//! Receipts: the few lines beside a workbook that say what became of a file, and what to do next.

use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise, household, sheet},
    workbooks::{Edit, cell, edited, list, set, sheet_text},
};
use crate::world::{FIRM, World, require, text};

const FIX: &str = "Cần sửa";

/// Row 3 is rejected, rows 4 and 5 are held.
fn waiting() -> (World, Value) {
    let world = World::new();
    let clients = [
        enterprise(1),
        enterprise(2).with("F", "113"),
        enterprise(3).with("E", "lan@gmial.com"),
        enterprise(4).with("E", "hoa@gmial.com"),
        household(1),
    ];
    let file = world.import("khach.csv", &csv(&clients));
    (world, file)
}

fn receipt(world: &World, file: &Value) -> String {
    let stem = text(file, "file");
    let stem = stem.rsplit_once('.').unwrap().0;
    let path = world.path(&format!("outbox/{stem}__{}.txt", text(file, "batch")));
    std::fs::read_to_string(path).unwrap()
}

fn back(world: &World, edits: &[Edit]) -> Value {
    let workbook = world.workbook("B000001");
    world.take("tra-loi.xlsx", &edited(world, &workbook, edits))
}

#[track_caller]
fn says(receipt: &str, lines: &[&str]) {
    for line in lines {
        assert!(receipt.contains(line), "{line} is not in\n{receipt}");
    }
}

#[test]
fn the_receipt_of_a_list_says_what_to_do_with_its_workbook() {
    let (world, file) = waiting();
    says(
        &receipt(&world, &file),
        &[
            "ĐÃ NHẬN",
            "5 (2 nhận, 1 từ chối, 2 chờ quyết định)",
            "Việc cần làm:\n  - 2 đơn hàng chờ xác nhận: mở tệp kết quả",
            "  - 3 dòng cần sửa hoặc quyết định",
        ],
    );
}

#[test]
fn the_receipt_of_an_answer_says_of_which_list_what_was_taken_and_what_is_left_to_do() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    let edits = [
        cell(FIX, "H2", "0912000002"),
        cell(FIX, "AJ3", "nhận"),
        cell(FIX, "AJ4", "bỏ"),
        set("XAC_NHAN_2", true),
    ];
    let taken = back(&world, &edits);
    let said = receipt(&world, &taken);
    says(
        &said,
        &[
            "ĐÃ NHẬN TRẢ LỜI\n",
            "Trả lời cho: khach.csv (lô B000001)",
            "Dòng trả lời: 3 (đã sửa 1): 2 nhận vào đơn, 1 bỏ theo quyết định\n",
            "Dòng giữ nguyên: 2",
            "DH-2611-000001 (bản 2): Chờ xác nhận, 3 khách hàng, 8.850.000 đ",
            "DH-2611-000002 (bản 1): Đã đặt, 1 khách hàng",
            "Kết quả: outbox/khach__B000001__r",
            "Việc cần làm:\n  - 1 đơn hàng chờ xác nhận",
            "  - 1 đơn đã đặt, chưa kích hoạt",
        ],
    );
    assert!(!said.contains("Không nhận"), "{said}");
}

#[test]
fn the_command_counts_the_rows_of_an_answer_as_the_receipt_does() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    let edits = [cell(FIX, "H2", "0912000002"), cell(FIX, "AJ3", "nhận"), cell(FIX, "AJ4", "bỏ")];
    let answer = edited(&world, &world.workbook("B000001"), &edits);
    let path = world.drop_file("tra-loi.xlsx", &answer);
    let printed = world.run(&["run", "import", path.to_str().unwrap()]).stdout;
    let counted = "5 dòng: 2 nhận, 0 từ chối, 0 chờ quyết định, 1 bỏ theo quyết định, 2 không đổi";
    assert!(printed.contains(counted), "{printed}");
}

#[test]
fn the_receipt_of_an_answer_says_what_was_not_taken_where_and_why() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    let partly = back(&world, &[cell(FIX, "H2", "114"), cell(FIX, "AJ3", "để hỏi")]);
    says(
        &receipt(&world, &partly),
        &[
            "ĐÃ NHẬN MỘT PHẦN TRẢ LỜI",
            "Dòng trả lời: 1 (đã sửa 1): 0 nhận vào đơn, 1 vẫn bị từ chối\n",
            "  - Dòng 3, cột F (trang khach): “114” không phải số di động Việt Nam",
            "  - Dòng 3 (trang Cần sửa): Không hiểu quyết định “để hỏi”",
        ],
    );
    let edits = [cell("Kết quả", "E2", "khac@congty1.example"), set("XAC_NHAN_1", true)];
    let corrected = back(&world, &edits);
    says(
        &receipt(&world, &corrected),
        &[
            "ĐÃ NHẬN MỘT PHẦN TRẢ LỜI",
            "Dòng 2, cột E (trang khach): Ô này đã được sửa",
            "Kết quả: outbox/",
        ],
    );
}

#[test]
fn receipts_are_in_the_language_of_the_workspace() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    world.rewrite("hangloat.toml", "# locale = \"vi\"", "locale = \"en\"");
    let taken = back(&world, &[cell(FIX, "AJ3", "bỏ")]);
    says(
        &receipt(&world, &taken),
        &["ANSWER TAKEN\n", "Answers: khach.csv (batch B000001)", "1 left out", "What to do:\n"],
    );
}

/// A list with hidden rows, taken by a job that skips them.
fn skipping(hidden: &[u32]) -> (World, Value) {
    let world = World::new();
    world.rewrite("jobs/import.toml", "hidden_rows = \"hold\"", "hidden_rows = \"skip\"");
    let path = world.outside("khach.xlsx");
    std::fs::write(&path, list(&world, sheet(&[enterprise(1), enterprise(2)]))).unwrap();
    let hide: Vec<Edit> =
        hidden.iter().map(|row| json!({ "sheet": "Danh sách", "hide_row": row })).collect();
    std::fs::write(&path, edited(&world, &path, &hide)).unwrap();
    let path = path.to_str().unwrap();
    let args = ["run", "import", path, "--firm", FIRM, "--json"];
    let file = world.run(&args).json()["files"][0].clone();
    (world, file)
}

#[test]
fn a_hidden_row_that_is_skipped_is_shown_as_such_and_not_as_unchanged() {
    if !require("openpyxl") {
        return;
    }
    let (world, file) = skipping(&[5]);
    says(&receipt(&world, &file), &["2 (1 nhận, 0 từ chối, 0 chờ quyết định, 1 bỏ qua (dòng ẩn))"]);
    let workbook = world.workbook("B000001");
    for sheet in ["Tóm tắt", "Kết quả"] {
        let shown = sheet_text(&workbook, sheet);
        assert!(shown.contains("Bỏ qua (dòng ẩn)"), "{shown}");
        assert!(sheet == "Tóm tắt" || !shown.contains("Không thay đổi"), "{shown}");
    }
}

#[test]
fn a_list_of_hidden_rows_alone_orders_nothing_and_says_why() {
    if !require("openpyxl") {
        return;
    }
    let (world, file) = skipping(&[4, 5]);
    let said = receipt(&world, &file);
    says(&said, &["2 bỏ qua (dòng ẩn)", "Chưa đặt gì: mọi dòng trong tệp đều bị ẩn"]);
    assert!(!said.contains("không thay đổi") && !said.contains("không cần làm gì"), "{said}");
    assert!(sheet_text(&world.workbook("B000001"), "Tóm tắt").contains("Chưa đặt gì: mọi dòng"));
}

#[test]
fn what_was_not_taken_stands_in_the_receipt_and_in_the_next_workbook() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    // Both sheets say something about a row, and there is a tick.
    let edits = [
        cell(FIX, "H2", "0912000002"),
        cell("Kết quả", "E3", "khac@congty2.example"),
        cell(FIX, "AK3", Value::Null),
        set("XAC_NHAN_1", true),
        set("XAC_NHAN_2", true),
    ];
    let taken = back(&world, &edits);
    let told = receipt(&world, &taken);
    let shown = sheet_text(&world.workbook("B000001"), "Tóm tắt");
    let refused = ["các ô đánh dấu trong cùng tệp", "(trang Cần sửa): Dòng này"];
    says(&told, &refused);
    says(&shown, &refused);
    says(&shown, &["Tệp trả lời tra-loi.xlsx: Dòng 3"]);
    assert_eq!(world.order("DH-2611-000001")["state"], "awaiting_confirmation");
}

#[test]
fn what_came_in_the_folder_of_a_member_of_staff_is_answered_in_the_same_folder() {
    let world = World::new();
    let file = world.take("binh/khach.csv", &csv(&[enterprise(1)]));
    assert_eq!(text(&file, "workbook"), "outbox/binh/khach__B000001__r1.xlsx");
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let files = world.files_in("outbox");
    assert_eq!(
        files,
        [
            "binh/cu/khach__B000001__r1.xlsx",
            "binh/khach__B000001.txt",
            "binh/khach__B000001__r2.xlsx"
        ]
    );
}

#[test]
fn an_older_workbook_that_lies_in_the_folder_of_the_firm_is_set_aside_too() {
    let world = World::new();
    world.take("binh/khach.csv", &csv(&[enterprise(1)]));
    let name = "khach__B000001__r1.xlsx";
    let outbox = world.path("outbox");
    std::fs::rename(outbox.join("binh").join(name), outbox.join(name)).unwrap();
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let files = world.files_in("outbox");
    assert!(
        files.contains(&format!("cu/{name}")) && !files.contains(&name.to_owned()),
        "{files:?}"
    );
}

#[test]
fn what_an_answer_cancelled_stands_in_its_receipt_after_a_sudden_death_too() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    let mark = [cell("Kết quả", "X2", "khách đổi ý")];
    let answer = edited(&world, &world.workbook("B000001"), &mark);
    let path = world.drop_file("tra-loi.xlsx", &answer);
    let args = ["run", "import", path.to_str().unwrap(), "--json"];
    assert!(world.is_killed_at("cancelled", &args));
    let taken = world.run(&args).json()["files"].clone();
    let answer = taken.as_array().unwrap().iter().find(|it| it["file"] == "tra-loi.xlsx");
    let answer = answer.unwrap_or_else(|| panic!("{taken}"));
    says(&receipt(&world, answer), &["ĐÃ NHẬN TRẢ LỜI", "Dòng 2", "(DH-2611-000001/1)"]);
}
