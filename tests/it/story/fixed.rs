//! Rows to fix that come back, by hands that move, copy, sort and delete.
//! Ticks are told in `answers`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    lists::{Client, csv, enterprise},
    workbooks::{Edit, cell, edited},
};
use crate::world::{World, require, text, texts};

const FIX: &str = "Cần sửa";
/// Columns of the sheet to fix.
const PHONE: &str = "H";
const DECISION: &str = "AJ";
const RID: &str = "AK";

/// Rows 3 and 4 are rejected, row 5 is held; they stand in rows 2, 3 and 4 of the sheet to fix.
fn waiting() -> (World, PathBuf) {
    let wrong = |n| enterprise(n).with("F", "113");
    let clients: [Client; 4] =
        [enterprise(1), wrong(2), wrong(3), enterprise(4).with("E", "lan@gmial.com")];
    let world = World::new();
    let file = world.import("khach.csv", &csv(&clients));
    assert_eq!(rows(&file), [4, 1, 2, 1, 0]);
    let workbook = world.path(&text(&file, "workbook"));
    (world, workbook)
}

fn rows(file: &Value) -> [i64; 5] {
    ["total", "accepted", "rejected", "held", "unchanged"]
        .map(|state| file["rows"][state].as_i64().unwrap())
}

fn phone(row: u32, n: u32) -> Edit {
    cell(FIX, &format!("{PHONE}{row}"), format!("0912{n:06}"))
}

fn copy(from: u32, to: u32) -> Edit {
    json!({ "sheet": FIX, "copy_row": from, "to": to })
}

fn back(world: &World, workbook: &std::path::Path, edits: &[Edit]) -> Value {
    world.take("tra-loi.xlsx", &edited(world, workbook, edits))
}

/// What was told, and where: `Cần sửa!5`.
fn told(file: &Value) -> Vec<String> {
    let findings = file["findings"].as_array().unwrap().iter();
    findings
        .map(|it| {
            format!("{} {}!{}", text(it, "code"), it["sheet"].as_str().unwrap_or("-"), it["row"])
        })
        .collect()
}

fn ordered(world: &World) -> Vec<String> {
    let lines =
        world.orders().into_iter().flat_map(|order| order["lines"].as_array().unwrap().clone());
    let mut ids = texts(&lines.collect::<Vec<_>>(), "tax_id");
    ids.sort();
    ids
}

fn clients(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|n| enterprise(*n).tax_id().to_owned()).collect()
}

#[test]
fn fixed_and_decided_rows_join_their_order_wherever_the_sheet_and_its_columns_went() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let moved = ["1", "2", "3", "4"].map(|row| cell(FIX, &format!("{PHONE}{row}"), Value::Null));
    let phones = [("1", "SĐT"), ("2", "0912000002"), ("3", "113"), ("4", "0912000004")];
    let phones = phones.map(|(row, text)| cell(FIX, &format!("AL{row}"), text));
    let mut edits: Vec<Edit> = moved.into_iter().chain(phones).collect();
    edits.push(cell(FIX, &format!("{DECISION}4"), "Nhận"));
    edits.push(json!({ "sheet": FIX, "insert_rows": 1 }));
    edits.push(json!({ "sheet": FIX, "rename": "Đã sửa" }));
    let taken = back(&world, &workbook, &edits);
    assert_eq!((told(&taken), rows(&taken)), (Vec::new(), [4, 2, 0, 0, 2]));
    assert_eq!(taken["exit"], 0);
    assert_eq!(ordered(&world), clients(&[1, 2, 4]));
    assert_eq!(world.list("orders").len(), 1, "they joined the order that waits");
}

#[test]
fn an_unchanged_or_emptied_row_waits_on_and_nothing_is_said() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let empty: Vec<Edit> = (b'A'..=b'Z')
        .map(char::from)
        .map(|letter| cell(FIX, &format!("{letter}2"), Value::Null))
        .chain(('A'..='F').map(|letter| cell(FIX, &format!("A{letter}2"), Value::Null)))
        .collect();
    let taken = back(&world, &workbook, &empty);
    assert_eq!((told(&taken), rows(&taken)), (Vec::new(), [4, 0, 0, 0, 4]));
    assert_eq!(ordered(&world), clients(&[1]));
}

#[test]
fn of_copies_that_differ_none_is_taken_and_equal_ones_are_one() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let edits = [copy(2, 5), phone(2, 2), phone(5, 99), phone(3, 3), copy(3, 6)];
    let taken = back(&world, &workbook, &edits);
    assert_eq!(told(&taken), ["row.unknown_answer Cần sửa!2", "row.unknown_answer Cần sửa!5"]);
    assert_eq!((rows(&taken), &taken["exit"]), ([4, 1, 0, 0, 3], &1.into()));
    assert_eq!(ordered(&world), clients(&[1, 3]));
    let said = text(&taken["findings"][0], "message");
    assert!(said.contains("Dòng 3"), "{said}");
}

#[test]
fn what_answers_for_no_row_is_told_and_the_others_are_taken() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let edits = [
        phone(2, 2),
        cell(FIX, &format!("{RID}3"), "999"),
        cell(FIX, "A6", "Công ty TNHH Khách mới"),
        cell(FIX, "B6", enterprise(9).tax_id()),
        cell(FIX, &format!("{DECISION}4"), "để hỏi lại"),
        cell(FIX, "AM3", "nhờ xem giúp"),
    ];
    let taken = back(&world, &workbook, &edits);
    let mut said = told(&taken);
    said.sort();
    let expected = ["1", "3", "4", "6"].map(|row| format!("row.unknown_answer Cần sửa!{row}"));
    assert_eq!(said, expected);
    assert_eq!(taken["exit"], 1);
    assert_eq!(ordered(&world), clients(&[1, 2]));
}

#[test]
fn a_sheet_that_lost_its_row_ids_is_told_and_not_guessed() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let edits = [phone(2, 2), cell(FIX, &format!("{RID}1"), Value::Null)];
    let taken = back(&world, &workbook, &edits);
    assert_eq!(told(&taken), ["row.unknown_answer Cần sửa!null"]);
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"held".into(), &1.into()));
    assert_eq!(ordered(&world), clients(&[1]));
}

#[test]
fn a_fixed_row_that_another_list_ordered_meanwhile_is_not_bought_twice() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let first = world.outside("first.xlsx");
    std::fs::copy(&workbook, &first).unwrap();
    world.import("khach-2.csv", &csv(&[enterprise(2)]));
    let taken = back(&world, &workbook, &[phone(2, 2), phone(3, 3)]);
    assert_eq!((told(&taken), rows(&taken)), (Vec::new(), [4, 1, 0, 0, 3]));
    assert_eq!(ordered(&world), clients(&[1, 2, 3]));
    // In the old copy row 4 still says what went out, and that is nobody's wish.
    let again = back(&world, &first, &[phone(2, 5)]);
    assert_eq!(texts(again["findings"].as_array().unwrap(), "code"), ["row.stale_answer"]);
    assert_eq!(again["findings"][0]["row"], 3);
}

#[test]
fn a_client_that_changed_is_corrected_when_its_row_is_accepted() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    let changed = enterprise(1).with("E", "moi@congty1.example");
    let file = world.import("khach-2.csv", &csv(&[changed]));
    assert!(text(&file["findings"][0], "fix").contains("Chọn “nhận”"), "{file}");
    let workbook = world.path(&text(&file, "workbook"));
    let taken = back(&world, &workbook, &[cell(FIX, &format!("{DECISION}2"), "nhận")]);
    assert_eq!((told(&taken), &taken["exit"]), (Vec::new(), &0.into()));
    assert_eq!(taken["rows"]["held"], 0);
    assert_eq!(ordered(&world), clients(&[1]));
    assert_eq!(world.list("clients")[0]["email"], "moi@congty1.example");
    assert_eq!(world.order("DH-2611-000001")["revision"], 2, "to be confirmed anew");
}

#[test]
fn a_row_that_was_corrected_and_left_out_is_left_out() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = waiting();
    let edits = [phone(2, 2), cell(FIX, &format!("{DECISION}2"), "bỏ")];
    let taken = back(&world, &workbook, &edits);
    assert_eq!((told(&taken), rows(&taken)), (Vec::new(), [4, 0, 0, 0, 4]));
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()));
    assert_eq!(ordered(&world), clients(&[1]));
}
