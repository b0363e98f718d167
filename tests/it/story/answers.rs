//! Workbooks that come back: what counts as a tick, and what is refused, in the words of the contract.
//! The long list, and changed prices, are in `big_list`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    lists::{Client, csv, enterprise, mixed},
    workbooks::{Edit, edited, read, set},
};
use crate::world::{World, require, text};

/// A world in which a list was imported, and its workbook.
pub fn answered(clients: &[Client]) -> (World, PathBuf) {
    let world = World::new();
    let file = world.import("khach.csv", &csv(clients));
    let workbook = world.path(&text(&file, "workbook"));
    (world, workbook)
}

/// Drops the workbook back with edits.
pub fn back(world: &World, workbook: &std::path::Path, edits: &[Edit]) -> Value {
    world.take("tra-loi.xlsx", &edited(world, workbook, edits))
}

pub fn codes(file: &Value) -> Vec<String> {
    file["findings"].as_array().unwrap().iter().map(|finding| text(finding, "code")).collect()
}

#[track_caller]
pub fn assert_nothing_is_confirmed(world: &World) {
    for order in world.list("orders") {
        assert_eq!(order["state"], "awaiting_confirmation");
    }
    assert_eq!(world.mails(), Vec::<Value>::new());
}

pub fn two_enterprises() -> Vec<Client> {
    vec![enterprise(1), enterprise(2)]
}

#[test]
fn a_list_of_one_order_has_one_box_and_one_of_two_has_two() {
    if !require("openpyxl") {
        return;
    }
    let names = |clients: &[Client]| {
        let (_world, workbook) = answered(clients);
        read(&workbook)["names"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&two_enterprises()), ["KICH_HOAT", "NGUOI_XAC_NHAN", "XAC_NHAN"]);
    let numbered = ["KICH_HOAT_1", "KICH_HOAT_2", "NGUOI_XAC_NHAN", "XAC_NHAN_1", "XAC_NHAN_2"];
    assert_eq!(names(&mixed()), numbered);
}

#[test]
fn a_tick_is_made_in_many_ways() {
    if !require("openpyxl") {
        return;
    }
    let (origin, workbook) = answered(&two_enterprises());
    for tick in [json!(true), json!("x"), json!("✓"), json!(1), json!("1"), json!("Có")] {
        let world = origin.twin();
        world.import("khach.csv", &csv(&two_enterprises()));
        let taken = back(&world, &workbook, &[set("XAC_NHAN", tick.clone())]);
        assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()), "{tick}");
        assert_eq!(world.order("DH-2611-000001")["state"], "placed", "{tick}");
    }
}

#[test]
fn an_activation_is_ticked_at_once_or_later() {
    if !require("openpyxl") {
        return;
    }
    let (world, first) = answered(&mixed());
    let taken = back(
        &world,
        &first,
        &[set("XAC_NHAN_1", true), set("KICH_HOAT_1", true), set("XAC_NHAN_2", "x")],
    );
    assert_eq!((&taken["findings"], &taken["exit"]), (&json!([]), &0.into()));
    assert_eq!(world.list("licences").len(), 2, "of the first order alone");
    assert_eq!(world.order("DH-2611-000002")["lines"][0]["state"], "placed");

    let second = world.workbook("B000001");
    back(&world, &second, &[set("KICH_HOAT_2", true)]);
    assert_eq!(world.list("licences").len(), 4);
    assert_eq!(world.order("DH-2611-000002")["lines"][0]["state"], "grace");
}

#[test]
fn a_tick_to_activate_what_nobody_confirmed_does_nothing() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    back(&world, &workbook, &[set("KICH_HOAT", true)]);
    assert_nothing_is_confirmed(&world);
    assert_eq!(world.list("licences"), Vec::<Value>::new());
}

#[test]
fn an_unchanged_workbook_dropped_back_is_no_answer_to_anything() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&mixed());
    let bytes = std::fs::read(&workbook).unwrap();
    let taken = world.take("khach__B000001__r1.xlsx", &bytes);
    assert_eq!(
        (&taken["kind"], &taken["outcome"], &taken["exit"]),
        (&"answer".into(), &"accepted".into(), &0.into())
    );
    assert_eq!(taken["rows"]["unchanged"], 4);
    let saved = back(&world, &workbook, &[]);
    assert_eq!((&saved["kind"], &saved["findings"]), (&"answer".into(), &json!([])));
    assert_nothing_is_confirmed(&world);
    assert_eq!(world.workbook("B000001"), workbook, "no new revision");
}

#[test]
fn a_ticked_workbook_dropped_twice_places_once() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let ticks = [set("XAC_NHAN", true), set("KICH_HOAT", true)];
    let ticked = edited(&world, &workbook, &ticks);
    let other_bytes = [ticks.as_slice(), &[set("NGUOI_XAC_NHAN", "lan@minhan.example")]].concat();
    let other_bytes = edited(&world, &workbook, &other_bytes);
    world.take("tra-loi.xlsx", &ticked);
    let before = ["orders", "licences", "mails"].map(|list| world.list(list));
    for (bytes, outcome) in [(ticked, "duplicate"), (other_bytes, "accepted")] {
        let again = world.take("tra-loi.xlsx", &bytes);
        assert_eq!((&again["outcome"], &again["exit"]), (&outcome.into(), &0.into()));
    }
    assert_eq!(["orders", "licences", "mails"].map(|list| world.list(list)), before);
}

#[test]
fn a_workbook_with_another_signature_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let forged =
        back(&world, &workbook, &[json!({ "signature": "0".repeat(64) }), set("XAC_NHAN", true)]);
    assert_eq!(codes(&forged), ["file.forged_answer"]);
    assert_eq!(forged["exit"], 3);
    assert_nothing_is_confirmed(&world);
}

#[test]
fn a_workbook_that_says_it_is_of_another_batch_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let edits = [
        json!({ "property": "hangloat.batch", "value": "B000002" }),
        json!({ "forget": "_hangloat" }),
    ];
    assert_eq!(codes(&back(&world, &workbook, &edits)), ["file.forged_answer"]);
    assert_nothing_is_confirmed(&world);
}

#[test]
fn either_half_of_the_identity_is_enough_and_neither_is_not() {
    if !require("openpyxl") {
        return;
    }
    // A row to fix, so that there are rows with `_rid`.
    let clients = [two_enterprises(), vec![enterprise(3).with("E", "khong phai email")]].concat();
    let (origin, workbook) = answered(&clients);
    let (properties, sheet) = (json!({ "forget": "properties" }), json!({ "forget": "_hangloat" }));
    for half in [&properties, &sheet] {
        let world = origin.twin();
        world.import("khach.csv", &csv(&clients));
        let taken = back(&world, &workbook, &[half.clone(), set("XAC_NHAN", true)]);
        assert_eq!(taken["findings"], json!([]), "without {half}");
        assert_eq!(world.order("DH-2611-000001")["state"], "placed");
    }
    let lost = back(&origin, &workbook, &[properties, sheet, set("XAC_NHAN", true)]);
    assert_eq!(codes(&lost), ["file.answer_lost_identity"]);
    assert_eq!(lost["exit"], 3);
    assert_nothing_is_confirmed(&origin);
    assert_eq!(origin.list("orders").len(), 1, "and it is no new list");
}

#[test]
fn a_workbook_of_another_workspace_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (_origin, workbook) = answered(&two_enterprises());
    let (world, _) = answered(&two_enterprises());
    let taken = back(&world, &workbook, &[set("XAC_NHAN", true)]);
    assert_eq!(codes(&taken), ["file.forged_answer"]);
    assert_nothing_is_confirmed(&world);
}

#[test]
fn an_old_revision_is_stale_once_the_next_one_shows_something_else() {
    if !require("openpyxl") {
        return;
    }
    let (world, first) = answered(&two_enterprises());
    let first = edited(&world, &first, &[set("XAC_NHAN", true)]);
    world.rewrite("jobs/catalogue/packages.toml", "amount = 2_950_000", "amount = 3_100_000");
    // The command shows what changed, and makes the second revision.
    let refused = world.run(&["confirm", "DH-2611-000001", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    assert!(text(&refused["error"], "message").contains("2.950.000 đ → 3.100.000 đ"));
    let stale = world.take("tra-loi.xlsx", &first);
    assert_eq!(codes(&stale), ["file.stale_answer"]);
    assert!(text(&stale["findings"][0], "suggestion").ends_with("__r2.xlsx"));
    assert_eq!(stale["exit"], 3);
    assert_nothing_is_confirmed(&world);
    world.run(&["confirm", "DH-2611-000001", "--revision", "1"]).exits(1);
    world.run(&["confirm", "DH-2611-000001", "--revision", "2"]).exits(0);
}

#[test]
fn a_stale_tick_is_told_once_with_its_order_and_the_revision_that_is_newest_then() {
    if !require("openpyxl") {
        return;
    }
    let (world, first) = answered(&two_enterprises());
    world.rewrite("jobs/catalogue/packages.toml", "amount = 2_950_000", "amount = 3_100_000");
    let stale = back(&world, &first, &[set("XAC_NHAN", true)]);
    assert_eq!(codes(&stale), ["file.stale_answer"]);
    let newest = world.workbook("B000001");
    assert!(newest.ends_with("khach__B000001__r2.xlsx"), "{}", newest.display());
    let (said, fix) = (text(&stale["findings"][0], "message"), text(&stale["findings"][0], "fix"));
    assert!(said.contains("DH-2611-000001") && said.contains("3.100.000 đ"), "{said}");
    assert!(fix.contains("__r2.xlsx"), "{fix}");
    assert_nothing_is_confirmed(&world);
}

#[test]
fn only_a_member_of_the_firm_confirms() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let stranger =
        back(&world, &workbook, &[set("XAC_NHAN", true), set("NGUOI_XAC_NHAN", "ai@khac.example")]);
    assert_eq!(codes(&stranger), ["registered_by.unknown"]);
    assert_eq!(stranger["findings"][0]["value"], "ai@khac.example");
    let (said, fix) =
        (text(&stranger["findings"][0], "message"), text(&stranger["findings"][0], "fix"));
    assert!(said.starts_with("Người xác nhận “ai@khac.example”"), "{said}");
    assert!(fix.contains("lan@minhan.example, binh@minhan.example"), "{fix}");
    assert_nothing_is_confirmed(&world);
    let member = back(
        &world,
        &workbook,
        &[set("XAC_NHAN", true), set("NGUOI_XAC_NHAN", "binh@minhan.example")],
    );
    assert_eq!((&member["findings"], &member["exit"]), (&json!([]), &0.into()));
    assert_eq!(world.order("DH-2611-000001")["state"], "placed");
}

#[test]
fn check_says_what_an_answer_would_do_and_does_it_not() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let path = world.outside("tra-loi.xlsx");
    std::fs::write(&path, edited(&world, &workbook, &[set("XAC_NHAN", true)])).unwrap();
    let file =
        world.run(&["check", path.to_str().unwrap(), "--json"]).exits(0).json()["files"][0].clone();
    assert_eq!(
        (&file["kind"], &file["answers"], &file["workbook"]),
        (&"answer".into(), &"B000001".into(), &Value::Null)
    );
    assert_eq!(file["orders"], json!(["DH-2611-000001"]));
    assert_nothing_is_confirmed(&world);
    assert_eq!(world.list("batches").len(), 1);
}

#[test]
fn an_answer_in_the_folder_of_another_firm_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let answer = edited(&world, &workbook, &[set("XAC_NHAN", true)]);
    super::refused::with_a_second_firm(&world);
    let taken = world.take("HOAPHAT/tra-loi.xlsx", &answer);
    assert_eq!((codes(&taken), &taken["exit"]), (vec!["file.wrong_folder".to_owned()], &3.into()));
    assert_nothing_is_confirmed(&world);
    assert!(!taken.to_string().contains("MINHAN"), "one firm is not told of another");
    let taken = world.take("MINHAN/tra-loi.xlsx", &answer);
    assert_eq!(taken["exit"], 0);
}
