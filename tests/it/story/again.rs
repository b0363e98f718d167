//! The same bytes a second time: an answer, and no second effect.
//! What an interruption does is told in `killed`.

use serde_json::{Value, json};

use super::{
    lists::{self, Client, HEADERS, csv, enterprise, household, mixed},
    workbooks::{self, sheet_text},
};
use crate::world::{FIRM, World, require, text};

#[test]
fn the_same_list_twice_is_a_duplicate_and_doubles_nothing() {
    let world = World::new();
    let first = world.import("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let before = ["orders", "licences", "mails", "notifications"].map(|list| world.list(list));
    let lines = world.orders();

    // By another name, and through the inbox: bytes count, not names or places.
    let second = world.take("khach (2).csv", &csv(&mixed()));
    assert_eq!((&second["outcome"], &second["exit"]), (&"duplicate".into(), &0.into()));
    assert_eq!(second["duplicate_of"], first["batch"]);
    let third = world.import("khach.csv", &csv(&mixed()));
    assert_eq!(third["duplicate_of"], first["batch"], "the first, not the one before");

    assert_eq!(
        ["orders", "licences", "mails", "notifications"].map(|list| world.list(list)),
        before
    );
    assert_eq!(world.orders(), lines);
    assert_eq!(world.list("batches").len(), 3, "every file taken gets a number");
    assert_eq!(world.files_in("inbox"), Vec::<String>::new());
    assert_eq!(world.files_in("archive").len(), 3);
}

#[test]
fn a_list_with_one_more_row_brings_only_that_row() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    let mut more = mixed();
    more.push(enterprise(3));
    let file = world.import("khach.csv", &csv(&more));
    assert_eq!((&file["rows"]["unchanged"], &file["rows"]["accepted"]), (&4.into(), &1.into()));
    assert_eq!(file["exit"], 0);
    let orders = world.orders();
    assert_eq!(orders.len(), 3);
    assert_eq!(orders[2]["lines"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_done_already_is_done_without_an_effect() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    for _ in 0..2 {
        world.run(&["confirm", "DH-2611-000001"]).exits(0);
    }
    for _ in 0..2 {
        world.run(&["activate", "DH-2611-000001"]).exits(0);
    }
    for sent in [8, 0] {
        let ran = world.run(&["run", "mail", "--json"]).exits(0).json();
        assert_eq!(ran["runs"][0]["counts"]["sent"], sent);
    }
    assert_eq!(world.list("licences").len(), 2);
    assert_eq!(world.files_in("mail").len(), 8);
    let path = world.outside("khach.csv");
    assert!(path.is_file(), "a file from outside is left alone");
    let args = ["check", path.to_str().unwrap(), "--firm", FIRM, "--json"];
    let rows = &world.run(&args).exits(0).json()["files"][0]["rows"];
    assert_eq!(rows["unchanged"], 4);
}

fn rows(file: &Value) -> [i64; 5] {
    ["total", "accepted", "rejected", "held", "unchanged"]
        .map(|state| file["rows"][state].as_i64().unwrap())
}

/// The receipt of a batch.
fn receipt(world: &World, stem: &str, file: &Value) -> String {
    let name = format!("outbox/{stem}__{}.txt", text(file, "batch"));
    std::fs::read_to_string(world.path(&name)).unwrap()
}

#[test]
fn a_list_that_brings_nothing_new_is_accepted_and_asks_nothing() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    let mut turned = mixed();
    turned.reverse();
    let file = world.import("khach-2.csv", &csv(&turned));
    assert_eq!((&file["outcome"], &file["exit"]), (&"accepted".into(), &0.into()));
    assert_eq!((&file["orders"], rows(&file)), (&json!([]), [4, 0, 0, 0, 4]));
    assert_eq!(world.list("orders").len(), 2);
    let receipt = receipt(&world, "khach-2", &file);
    assert!(
        receipt.contains("4 không thay đổi") && receipt.contains("không có gì mới"),
        "{receipt}"
    );
    assert!(!receipt.contains("danh sách trước không có"), "{receipt}");
    if require("openpyxl") {
        let book = workbooks::read(&world.workbook("B000002"));
        assert_eq!(book["sheets"]["Cần sửa"], Value::Null);
        assert!(sheet_text(&world.workbook("B000002"), "Tóm tắt").contains("không có gì mới"));
    }
}

#[test]
fn lines_missing_from_a_new_list_stay_and_are_counted() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    let next = [enterprise(2), household(1).with("E", "moi@hokinhdoanh1.example"), enterprise(3)];
    let file = world.import("khach-2.csv", &csv(&next));
    assert_eq!((&file["outcome"], rows(&file)), (&"partly".into(), [3, 1, 0, 1, 1]));
    let said = "danh sách trước không có trong danh sách này: 2";
    assert!(sheet_text(&world.workbook("B000002"), "Tóm tắt").contains(said));
    assert!(receipt(&world, "khach-2", &file).contains(said));
    assert_eq!(
        world.orders().iter().map(|order| order["lines"].as_array().unwrap().len()).sum::<usize>(),
        5
    );
    // Of both lists before it, the ones it points to.
    let path = world.outside("khach-3.csv");
    std::fs::write(&path, csv(&[enterprise(1), enterprise(3), enterprise(4)])).unwrap();
    let args = ["check", path.to_str().unwrap(), "--firm", FIRM, "--json"];
    let checked = world.run(&args).exits(0).json()["files"][0].clone();
    let workbook = world.path(&text(&checked, "workbook"));
    assert!(sheet_text(&workbook, "Tóm tắt").contains("không có trong danh sách này: 3"));
}

#[test]
fn rows_that_were_wrong_and_come_right_in_a_second_list_are_ordered() {
    let world = World::new();
    let wrong = |client: Client| client.with("F", "113");
    let first = [enterprise(1), wrong(enterprise(2)), household(1)];
    assert_eq!(rows(&world.import("khach.csv", &csv(&first))), [3, 2, 1, 0, 0]);
    let second = [enterprise(1), enterprise(2), household(1)];
    let file = world.import("khach.csv", &csv(&second));
    assert_eq!(rows(&file), [3, 1, 0, 0, 2]);
    assert_eq!(file["exit"], 0);
    assert_eq!(world.orders()[2]["lines"][0]["tax_id"], enterprise(2).tax_id());
}

#[test]
fn the_same_list_saved_again_with_other_headers_and_columns_is_unchanged() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.xlsx", &workbooks::list(&world, lists::sheet(&mixed())));
    let mut headers = HEADERS.map(str::to_owned);
    ["Tên khách hàng (*)", "MST", "Loại hình"]
        .into_iter()
        .zip(&mut headers)
        .for_each(|(new, old)| new.clone_into(old));
    let again = |client: &Client| {
        let mut cells: Vec<Value> = client.0.iter().map(|cell| json!(cell)).collect();
        cells[8] = json!(2026);
        cells.push(json!("khách quen"));
        json!(cells)
    };
    let header = json!(headers.iter().map(String::as_str).chain(["Đánh giá"]).collect::<Vec<_>>());
    let rows_again = std::iter::once(header).chain(mixed().iter().map(again)).collect();
    let file = world.import("khach.xlsx", &workbooks::list(&world, rows_again));
    assert_eq!((rows(&file), &file["exit"]), ([4, 0, 0, 0, 4], &0.into()), "{}", file["findings"]);
}
