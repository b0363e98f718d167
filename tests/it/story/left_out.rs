//! Rows that a person leaves out or takes, in a workbook or by command, and the way back.

use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise, sheet},
    workbooks::{call, cell, edited, read, sheet_text},
};
use crate::world::{World, require, text, texts};

const FIX: &str = "Cần sửa";
const DECISION: &str = "AJ";

/// Row 2 is accepted, row 3 is rejected, rows 4 and 5 are held; the last three stand in rows 2, 3 and 4 to fix.
fn waiting() -> World {
    let world = World::new();
    let clients = [
        enterprise(1),
        enterprise(2).with("F", "113"),
        enterprise(3).with("E", "lan@gmial.com"),
        enterprise(4).with("E", "hoa@gmial.com"),
    ];
    let file = world.import("khach.csv", &csv(&clients));
    assert_eq!(rows(&file), [4, 1, 1, 2, 0]);
    world
}

fn rows(file: &Value) -> [i64; 5] {
    ["total", "accepted", "rejected", "held", "unchanged"]
        .map(|state| file["rows"][state].as_i64().unwrap())
}

fn decide(row: u32, decision: &str) -> Value {
    cell(FIX, &format!("{DECISION}{row}"), decision)
}

fn back(world: &World, edits: &[Value]) -> Value {
    let workbook = world.workbook("B000001");
    world.take("tra-loi.xlsx", &edited(world, &workbook, edits))
}

fn ordered(world: &World) -> Vec<String> {
    let orders = world.orders();
    orders.iter().flat_map(|order| texts(order["lines"].as_array().unwrap(), "tax_id")).collect()
}

fn tax_ids(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|n| enterprise(*n).tax_id().to_owned()).collect()
}

fn counted(world: &World) -> [i64; 5] {
    rows(&world.run(&["batches", "B000001", "--json"]).exits(0).json()["batches"][0])
}

fn is_whole([total, parts @ ..]: [i64; 5]) -> bool {
    total == parts.iter().sum::<i64>()
}

#[test]
fn an_answer_counts_each_row_once_and_its_outcome_says_what_is_still_open() {
    if !require("openpyxl") {
        return;
    }
    let phone = |number: &str| cell(FIX, "H2", number);
    for (edits, counts, outcome, exit) in [
        (vec![decide(3, "bỏ")], [4, 0, 0, 0, 4], "accepted", 0),
        (vec![decide(3, "nhận"), decide(4, "bỏ")], [4, 1, 0, 0, 3], "accepted", 0),
        (vec![decide(3, "nhận"), phone("114")], [4, 1, 1, 0, 2], "partly", 1),
        (vec![decide(3, "bỏ"), phone("114")], [4, 0, 1, 0, 3], "rejected", 1),
        (vec![cell(FIX, "G3", "mai@gmial.com")], [4, 0, 0, 1, 3], "held", 1),
    ] {
        let world = waiting();
        let taken = back(&world, &edits);
        assert_eq!((rows(&taken), &taken["outcome"]), (counts, &outcome.into()), "{taken}");
        assert_eq!(taken["exit"], exit, "{taken}");
        assert!(is_whole(rows(&taken)) && is_whole(counted(&world)));
    }
}

#[test]
fn a_row_left_out_leaves_the_sheet_to_fix_and_says_so_among_the_results() {
    if !require("openpyxl") {
        return;
    }
    let world = waiting();
    back(&world, &[decide(2, "bỏ"), decide(3, "bỏ")]);
    let workbook = world.workbook("B000001");
    let sheets = &read(&workbook)["sheets"];
    assert_eq!(sheets[FIX].as_array().unwrap().len(), 2, "the header and row 5");
    let results = sheet_text(&workbook, "Kết quả");
    let of = |row: usize| results.lines().nth(row - 1).unwrap().to_owned();
    for row in [3, 4] {
        assert!(of(row).contains("Đã bỏ\tDòng này đã được bỏ"), "{}", of(row));
        assert!(of(row).contains(&format!("hangloat accept \"B000001#{row}\"")), "{}", of(row));
    }
    assert!(!of(3).contains("113 không"), "{}", of(3));
    assert!(sheet_text(&workbook, "Tóm tắt").contains("Đã bỏ\t2"));
    assert_eq!(counted(&world), [4, 1, 0, 1, 2]);

    // The same decision again is nothing new, in whatever revision.
    let old = world.path("outbox/cu/khach__B000001__r1.xlsx");
    let again = world.take("lai.xlsx", &edited(&world, &old, &[decide(2, "bỏ")]));
    assert_eq!((&again["findings"], &again["exit"]), (&json!([]), &0.into()));
    assert_eq!(world.workbook("B000001"), workbook);
}

#[test]
fn the_way_back_is_a_decision_and_no_correction_in_an_old_workbook() {
    if !require("openpyxl") {
        return;
    }
    let world = waiting();
    back(&world, &[decide(2, "bỏ"), decide(3, "bỏ")]);
    let old = world.path("outbox/cu/khach__B000001__r1.xlsx");
    let late = edited(&world, &old, &[cell(FIX, "H2", "0912000077")]);
    let late = world.take("muon.xlsx", &late);
    assert_eq!(texts(late["findings"].as_array().unwrap(), "code"), ["row.stale_answer"]);
    assert!(text(&late["findings"][0], "message").contains("đã được bỏ"), "{late}");
    assert_eq!(counted(&world), [4, 1, 0, 1, 2]);

    let taken = world.take("nhan.xlsx", &edited(&world, &old, &[decide(3, "nhận")]));
    assert_eq!((&taken["findings"], rows(&taken)), (&json!([]), [4, 1, 0, 0, 3]));
    assert_eq!(ordered(&world), tax_ids(&[1, 3]));
    // Its error is asked about again.
    let wrong = world.take("nhan-2.xlsx", &edited(&world, &old, &[decide(2, "nhận")]));
    assert_eq!(texts(wrong["findings"].as_array().unwrap(), "code"), ["phone.malformed"]);
    assert_eq!(counted(&world), [4, 2, 1, 1, 0]);
}

#[test]
fn rows_are_decided_by_command_as_in_the_workbook() {
    let world = waiting();
    let dropped = world.run(&["drop", "B000001#3", "B000001#4", "--json"]).exits(0).json();
    let shown = dropped["rows"].as_array().unwrap();
    assert_eq!(texts(shown, "row"), ["B000001#3", "B000001#4"]);
    assert_eq!((&shown[0]["left_out"], &shown[0]["state"]), (&true.into(), &"unchanged".into()));
    assert_eq!(text(&shown[0], "name"), enterprise(2).name());
    let before = world.workbook("B000001");
    world.run(&["drop", "B000001#4", "--json"]).exits(0);
    assert_eq!(world.workbook("B000001"), before, "it was left out before");

    let taken = world.run(&["accept", "B000001#4", "b000001#5", "--json"]).exits(0).json();
    let shown = taken["rows"].as_array().unwrap();
    assert_eq!(texts(shown, "state"), ["accepted", "accepted"]);
    assert_eq!((&shown[0]["order"], &shown[1]["line"]), (&"DH-2611-000001".into(), &3.into()));
    assert_eq!(ordered(&world), tax_ids(&[1, 3, 4]));
    world.run(&["accept", "B000001#5", "--json"]).exits(0);
    assert_eq!(world.order("DH-2611-000001")["revision"], 2, "both at once");
    // The way back of one that is wrong is the sheet to fix.
    let wrong = world.run(&["accept", "B000001#3", "--json"]).exits(1).json();
    assert_eq!(wrong["rows"][0]["state"], "rejected");
}

#[test]
fn what_cannot_be_decided_changes_nothing_and_says_why() {
    let world = waiting();
    for (args, says) in [
        (["drop", "B000001#2"], "đã nằm trong đơn hàng"),
        (["accept", "B000001#3"], "không phải số di động"),
    ] {
        let refused = world.run(&[&args[..], &["B000001#5", "--json"]].concat()).exits(1).json();
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        let message = text(&refused["error"], "message");
        assert!(message.contains(says) && refused["error"]["fix"].is_string(), "{refused}");
    }
    for row in ["B000001#99", "B000009#2", "B000001#DS!2", "B000001"] {
        world.run(&["accept", row, "--json"]).exits(2);
    }
    assert_eq!(counted(&world), [4, 1, 1, 2, 0]);
    world.import("khach-2.csv", &csv(&[enterprise(1)]));
    let same = world.run(&["drop", "B000002#2", "--json"]).exits(1).json();
    assert!(text(&same["error"], "message").contains("không chờ quyết định"), "{same}");
}

#[test]
fn of_several_lists_a_row_is_named_with_its_sheet() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let held = |n: u32| enterprise(n).with("E", "lan@gmial.com");
    let path = world.outside("hai-trang.xlsx");
    let lists = json!({ "Hà Nội": sheet(&[enterprise(1)]), "Chi nhánh 2": sheet(&[held(2)]) });
    call("write.py", &[&path], &lists);
    world.import("hai-trang.xlsx", &std::fs::read(&path).unwrap());
    world.run(&["accept", "B000001#2", "--json"]).exits(2);
    let taken = world.run(&["accept", "B000001#Chi nhánh 2!2", "--json"]).exits(0).json();
    assert_eq!(taken["rows"][0]["row"], "B000001#Chi nhánh 2!2");
    assert_eq!(ordered(&world), tax_ids(&[1, 2]));
}

#[test]
fn a_row_that_only_a_question_about_the_list_holds_says_so() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let list = String::from_utf8(csv(&[enterprise(1), enterprise(2)])).unwrap();
    let list = list.replacen("Người đại diện", "MST/tên người đại diện", 1);
    let file = world.import("khach.csv", list.as_bytes());
    assert_eq!(rows(&file), [2, 0, 0, 2, 0]);
    for sheet in ["Kết quả", FIX] {
        let shown = sheet_text(&world.workbook("B000001"), sheet);
        for said in ["Chưa rõ cột “MST/tên người đại diện”", "mục “Cột chưa rõ” trang Tóm tắt"]
        {
            assert_eq!(shown.matches(said).count(), 2, "{said} in {shown}");
        }
    }
    let refused = world.run(&["accept", "B000001#2", "--json"]).exits(1).json();
    assert!(text(&refused["error"], "message").contains("câu hỏi chung"), "{refused}");
    world.run(&["drop", "B000001#2"]).exits(0);
    world.run(&["accept", "B000001#2", "--json"]).exits(0);
    assert_eq!(counted(&world), [2, 0, 0, 2, 0], "it waits again, with the list");
}
