//! Three hundred clients in a workbook of another program: checked, imported, ticked, changed, refused, ticked anew.
//! The ways of a single tick are told in `answers`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    lists::{self, Client, enterprise, household},
    workbooks::{self, edited, set, sheet_text, through_libreoffice},
};
use crate::world::{FIRM, World, require, text};

const ENTERPRISES: u32 = 200;
const HOUSEHOLDS: u32 = 100;
/// Row 3 is the header.
const FIRST_ROW: usize = 4;

/// Which cell is made wrong: position in the list, column, value, code.
const WRONG: [(usize, &str, &str, &str); 10] = [
    (3, "B", "0999000001", "tax_id.checksum"),
    (17, "B", "12345", "tax_id.length"),
    (30, "E", "khong phai email", "email.malformed"),
    (45, "E", "lienhe@gmial.com", "email.domain_typo"),
    (60, "F", "12345", "phone.malformed"),
    (75, "D", "", "representative.missing"),
    (90, "H", "ASP-XXL", "package.unknown"),
    (105, "I", "2031", "fiscal_year.out_of_range"),
    (201, "K", "TT133", "regime.not_allowed"),
    (299, "B", "", "client.duplicate_in_file"),
];

/// 200 enterprises and 100 households, ten rows wrong.
fn clients() -> Vec<Client> {
    let mut all: Vec<Client> =
        (1..=ENTERPRISES).map(enterprise).chain((1..=HOUSEHOLDS).map(household)).collect();
    for (at, column, value, code) in WRONG {
        let twice = all[210].tax_id().to_owned();
        let value = if code == "client.duplicate_in_file" { &twice } else { value };
        all[at] = all[at].with(column, value);
    }
    all
}

fn expected() -> BTreeSet<(u64, String, String)> {
    let cell = |(at, column, _, code): (usize, &str, &str, &str)| {
        ((at + FIRST_ROW) as u64, column.to_owned(), code.to_owned())
    };
    WRONG.map(cell).into()
}

fn found(file: &Value) -> BTreeSet<(u64, String, String)> {
    let findings = file["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| !finding["row"].is_null() && finding["severity"] != "warning")
        .map(|finding| {
            (finding["row"].as_u64().unwrap(), text(finding, "column"), text(finding, "code"))
        })
        .collect()
}

/// A world in which the list was imported, and its two orders await their tick.
fn imported() -> (World, Value) {
    let world = World::new();
    let list = workbooks::list(&world, lists::sheet(&clients()));
    let file = world.import("khach-hang-2026.xlsx", &list);
    assert_eq!(file["exit"], 1, "ten rows wait for a person");
    (world, file)
}

fn both_ticked(world: &World, workbook: &std::path::Path) -> Vec<u8> {
    edited(world, workbook, &[set("XAC_NHAN_1", true), set("XAC_NHAN_2", true)])
}

fn states(world: &World) -> Vec<(String, String, i64)> {
    let mut states: Vec<_> = world
        .list("orders")
        .iter()
        .map(|order| {
            (text(order, "code"), text(order, "state"), order["revision"].as_i64().unwrap())
        })
        .collect();
    states.sort();
    states
}

/// What must be there when both orders were placed.
fn assert_all_is_placed(world: &World) {
    let placed = |code: &str| (code.to_owned(), "placed".to_owned(), 1);
    assert_eq!(states(world), [placed("DH-2611-000001"), placed("DH-2611-000002")]);
    let mails = world.mails();
    assert_eq!(mails.len(), 290, "each client pays for itself, and gets one notice");
    assert!(
        mails.iter().all(|mail| mail["purpose"] == "order_notice" && mail["state"] == "planned")
    );
    let to: BTreeSet<String> = mails.iter().map(|mail| text(mail, "to")).collect();
    assert_eq!(to.len(), 290);
}

#[test]
fn check_names_exactly_the_wrong_cells_and_stores_nothing() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let path = world.outside("khach-hang-2026.xlsx");
    std::fs::write(&path, workbooks::list(&world, lists::sheet(&clients()))).unwrap();
    let answer =
        world.run(&["check", path.to_str().unwrap(), "--firm", FIRM, "--json"]).exits(1).json();
    assert_eq!((&answer["command"], &answer["exit"]), (&"check".into(), &1.into()));
    let file = &answer["files"][0];
    assert_eq!(found(file), expected());
    assert_eq!(file["rows"]["total"], 300);
    assert_eq!(file["rows"]["accepted"], 290);
    assert_eq!(file["rows"]["rejected"], 8);
    assert_eq!(file["rows"]["held"], 2);
    assert_eq!((&file["kind"], &file["outcome"]), (&"clients".into(), &"partly".into()));
    assert_eq!((&file["batch"], &file["orders"]), (&Value::Null, &Value::Array(Vec::new())));
    let table = &file["tables"][0];
    assert_eq!((&table["sheet"], &table["header_row"]), (&"Danh sách".into(), &3.into()));
    assert!(world.path(&text(file, "workbook")).is_file());
    for list in ["batches", "orders", "runs", "mails", "notifications"] {
        assert_eq!(world.list(list), Vec::<Value>::new(), "{list} after a check");
    }
    assert!(
        path.is_file() && world.files_in("work").is_empty() && world.files_in("archive").is_empty()
    );
}

#[test]
fn the_good_rows_become_two_orders_and_a_tick_by_openpyxl_places_them() {
    if !require("openpyxl") {
        return;
    }
    let (world, file) = imported();
    assert_eq!(found(&file), expected());
    let orders = world.orders();
    let lines = |order: &Value| order["lines"].as_array().unwrap().len();
    assert_eq!(orders.iter().map(lines).collect::<Vec<_>>(), [192, 98]);
    assert_eq!(orders[0]["amount"], 192 * 2_950_000);
    assert_eq!(orders[1]["amount"], 98 * 1_450_000);
    assert!(orders.iter().all(|order| order["state"] == "awaiting_confirmation"));

    let answer = both_ticked(&world, &world.workbook("B000001"));
    let taken = world.take("khach-hang-2026__B000001__r1.xlsx", &answer);
    assert_eq!(
        (&taken["kind"], &taken["outcome"], &taken["exit"]),
        (&"answer".into(), &"accepted".into(), &0.into())
    );
    assert_eq!(taken["answers"], "B000001");
    assert_all_is_placed(&world);
    assert!(world.workbook("B000001").ends_with("khach-hang-2026__B000001__r2.xlsx"));
    assert_eq!(world.files_in("outbox/cu"), ["khach-hang-2026__B000001__r1.xlsx"]);
}

#[test]
fn the_tick_survives_an_open_and_save_by_libreoffice() {
    if !(require("openpyxl") && require("soffice")) {
        return;
    }
    let (world, _) = imported();
    let ticked = both_ticked(&world, &world.workbook("B000001"));
    let taken = world.take("tra-loi.xlsx", &through_libreoffice(&world, &ticked));
    assert_eq!(taken["findings"], Value::Array(Vec::new()));
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()));
    assert_all_is_placed(&world);
}

#[test]
fn after_a_changed_price_the_tick_is_refused_and_the_next_revision_asks_again() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = imported();
    let old = both_ticked(&world, &world.workbook("B000001"));
    world.rewrite("jobs/catalogue/packages.toml", "amount = 2_950_000", "amount = 3_100_000");
    let refused = world.take("tra-loi.xlsx", &old);
    let finding = &refused["findings"][0];
    assert_eq!(finding["code"], "file.stale_answer");
    let said = text(finding, "message");
    assert!(said.contains("2.950.000") && said.contains("3.100.000"), "{said}");
    assert_eq!(refused["exit"], 1, "the other order was placed: not every file was refused");
    let awaiting = ("DH-2611-000001".to_owned(), "awaiting_confirmation".to_owned(), 2);
    let placed = ("DH-2611-000002".to_owned(), "placed".to_owned(), 1);
    assert_eq!(states(&world), [awaiting, placed], "each order's decision stands alone");
    assert_eq!(world.order("DH-2611-000001")["amount"], 192 * 3_100_000);

    let second = world.workbook("B000001");
    assert!(second.ends_with("khach-hang-2026__B000001__r2.xlsx"), "{second:?}");
    let shown = sheet_text(&second, "Tóm tắt");
    assert!(
        shown.contains(&(192 * 3_100_000).to_string())
            && !shown.contains(&(192 * 2_950_000).to_string())
    );
    let taken = world.take("tra-loi-2.xlsx", &edited(&world, &second, &[set("XAC_NHAN_1", true)]));
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()));
    assert_eq!(world.order("DH-2611-000001")["state"], "placed");
}
