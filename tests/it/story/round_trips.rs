//! Every decision that a workbook carries back, through each of the programs that may have saved it in between.

use serde_json::{Value, json};

use super::{
    lists::{enterprise, sheet},
    workbooks::{Edit, call, cell, converted, edited, set},
};
use crate::world::{World, require, text, texts};

const FIX: &str = "Cần sửa";
const ORDER: &str = "DH-2611-000001";

/// What became of a workbook between the person and the inbox.
type Hand = fn(&World, &[u8]) -> Vec<u8>;

fn as_it_was(_: &World, bytes: &[u8]) -> Vec<u8> {
    bytes.to_owned()
}

fn by_libreoffice(world: &World, bytes: &[u8]) -> Vec<u8> {
    converted(world, bytes, &["xlsx"])
}

fn by_open_document(world: &World, bytes: &[u8]) -> Vec<u8> {
    converted(world, bytes, &["ods", "xlsx"])
}

fn back(world: &World, hand: Hand, edits: &[Edit]) -> Value {
    let answer = edited(world, &world.workbook("B000001"), edits);
    let taken = world.take("tra-loi.xlsx", &hand(world, &answer));
    assert_eq!(taken["answers"], "B000001", "{taken}");
    assert!(texts(taken["findings"].as_array().unwrap(), "code").is_empty(), "{taken}");
    taken
}

/// One client that is right, one with a wrong phone, one with a likely typo, one that is hidden; and a column of
/// which it is not clear what it is.
fn dropped() -> World {
    let world = World::new();
    let mut rows = sheet(&[
        enterprise(1),
        enterprise(2).with("F", "113"),
        enterprise(3).with("E", "lan@gmial.com"),
        enterprise(4),
    ]);
    rows[0][3] = json!("MST/tên người đại diện");
    let path = world.outside("list.xlsx");
    call("write.py", &[&path], &json!({ "Danh sách": rows }));
    let bytes = edited(&world, &path, &[json!({ "sheet": "Danh sách", "hide_row": 5 })]);
    assert_eq!(world.import("khach.xlsx", &bytes)["outcome"], "held");
    world
}

/// The sheet to fix of the newest revision: a value below a heading, beside a client.
fn fix(world: &World, client: &str, heading: &str, value: &str) -> Edit {
    let book = super::workbooks::read(&world.workbook("B000001"));
    let rows = book["sheets"][FIX].as_array().unwrap();
    let at = |row: &Value, text: &str| {
        row.as_array().unwrap().iter().position(|cell| cell.as_str().unwrap().starts_with(text))
    };
    let column = at(&rows[0], heading).unwrap_or_else(|| panic!("no {heading}"));
    let row = rows.iter().position(|row| at(row, client).is_some()).unwrap();
    cell(FIX, &format!("{}{}", letters(column), row + 1), value)
}

fn letters(column: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap());
    if column < 26 {
        letter(column).to_string()
    } else {
        format!("{}{}", letter(column / 26 - 1), letter(column))
    }
}

fn every_decision_comes_back(hand: Hand) {
    let world = dropped();
    back(&world, hand, &[set("COT_1", "Người đại diện theo pháp luật")]);
    assert_eq!(world.order(ORDER)["lines"].as_array().unwrap().len(), 1);

    let tax_id = |n: u32| enterprise(n).tax_id().to_owned();
    let edits = [
        fix(&world, &tax_id(2), "Số điện thoại", "0912000002"),
        fix(&world, &tax_id(3), "Quyết định", "nhận"),
        fix(&world, &tax_id(4), "Quyết định", "nhận"),
    ];
    let fixed = back(&world, hand, &edits);
    assert_eq!(fixed["rows"]["accepted"], 3, "{fixed}");

    back(&world, hand, &[set("XAC_NHAN", true), set("NGUOI_XAC_NHAN", "binh@minhan.example")]);
    let order = world.order(ORDER);
    assert_eq!((&order["state"], order["lines"].as_array().unwrap().len()), (&json!("placed"), 4));

    back(&world, hand, &[cell("Kết quả", "X2", "khách đổi ý")]);
    back(&world, hand, &[set("KICH_HOAT", true)]);
    let order = world.order(ORDER);
    let states: Vec<String> = texts(order["lines"].as_array().unwrap(), "state");
    assert_eq!(states, ["cancelled", "grace", "grace", "grace"]);
    let shown = super::workbooks::sheet_text(&world.workbook("B000001"), "Kết quả");
    assert!(shown.contains("khách đổi ý"), "{shown}");
    assert_eq!(text(&order["lines"][1], "tax_id"), tax_id(2));
}

#[test]
fn every_decision_survives_a_save_by_openpyxl() {
    if require("openpyxl") {
        every_decision_comes_back(as_it_was);
    }
}

#[test]
fn every_decision_survives_a_save_by_libreoffice() {
    if require("openpyxl") && require("soffice") {
        every_decision_comes_back(by_libreoffice);
    }
}

#[test]
fn every_decision_survives_the_way_through_an_open_document() {
    if require("openpyxl") && require("soffice") {
        every_decision_comes_back(by_open_document);
    }
}
