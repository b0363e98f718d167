//! Who confirms: a second person where that is asked for, and six characters where a tick cannot be made.

use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise},
    workbooks::{edited, set, sheet_text},
};
use crate::world::{World, require, text};

const ORDER: &str = "DH-2611-000001";

fn imported() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    world
}

fn with_two_persons() -> World {
    let world = World::new();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    world
}

fn state(world: &World) -> Value {
    world.order(ORDER)["state"].clone()
}

/// As *Tóm tắt* shows it.
fn shown_code(world: &World) -> String {
    let summary = sheet_text(&world.workbook("B000001"), "Tóm tắt");
    let (_, rest) = summary.split_once(&format!("{ORDER}: ")).expect(&summary);
    rest.chars().take(6).collect()
}

#[test]
fn who_registered_does_not_confirm_by_command_and_another_one_does() {
    let world = with_two_persons();
    for args in [
        &["confirm", ORDER, "--json"][..],
        &["confirm", ORDER, "--by", "lan@minhan.example", "--json"],
    ] {
        let refused = world.run(args).exits(1).json();
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        assert!(text(&refused["error"], "message").contains("người khác"), "{refused}");
    }
    world.run(&["confirm", ORDER, "--by", "ai@khac.example"]).exits(2);
    assert_eq!(state(&world), "awaiting_confirmation");
    world.run(&["confirm", ORDER, "--by", "binh@minhan.example"]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn who_registered_does_not_confirm_by_a_tick_and_another_one_does() {
    if !require("openpyxl") {
        return;
    }
    let world = with_two_persons();
    let workbook = world.workbook("B000001");
    assert!(sheet_text(&workbook, "Tóm tắt").contains("người khác với người đăng ký"));
    let taken = world.take("a.xlsx", &edited(&world, &workbook, &[set("XAC_NHAN", true)]));
    let finding = &taken["findings"][0];
    assert_eq!((&finding["code"], &taken["exit"]), (&"file.stale_answer".into(), &3.into()));
    let said = text(finding, "message");
    assert!(said.contains("người khác") && !said.contains("đã thay đổi"), "{said}");
    assert!(text(finding, "fix").contains("Người xác nhận"), "{finding}");
    assert_eq!(state(&world), "awaiting_confirmation");
    let by = [set("XAC_NHAN", true), set("NGUOI_XAC_NHAN", "binh@minhan.example")];
    let taken = world.take("b.xlsx", &edited(&world, &workbook, &by));
    assert_eq!((&taken["exit"], &taken["findings"]), (&0.into(), &json!([])));
    assert_eq!(state(&world), "placed");
}

#[test]
fn a_member_who_registered_in_a_folder_of_their_own_is_confirmed_by_the_admin() {
    let world = World::new();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    world.take("binh/khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", ORDER, "--by", "binh@minhan.example"]).exits(1);
    world.run(&["confirm", ORDER]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn six_characters_confirm_what_they_were_shown_with_and_nothing_else() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let code = shown_code(&world);
    let wrong = if code == "AAAAAA" { "CCCCCC" } else { "AAAAAA" };
    let refused = world.run(&["confirm", ORDER, "--code", wrong, "--json"]).exits(1).json();
    assert!(text(&refused["error"], "message").contains("Mã xác nhận"), "{refused}");
    world.run(&["confirm", ORDER, "--code", "OIL"]).exits(2);
    world.run(&["cancel", "DH-2611-000001/2", "--reason", "nhầm"]).exits(0);
    world.run(&["confirm", ORDER, "--code", &code]).exits(1);
    assert_eq!(state(&world), "awaiting_confirmation");
    let now = shown_code(&world);
    assert_ne!(now, code, "it is bound to the content");
    let spoken = format!("{} {}", &now[..3], &now[3..]).to_lowercase();
    world.run(&["confirm", ORDER, "--code", &spoken]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn a_code_is_taken_in_the_box_instead_of_a_tick() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let workbook = world.workbook("B000001");
    let wrong = edited(&world, &workbook, &[set("XAC_NHAN", "AAAAAA")]);
    let taken = world.take("a.xlsx", &wrong);
    assert!(text(&taken["findings"][0], "message").contains("Mã xác nhận"), "{taken}");
    let right = edited(&world, &workbook, &[set("XAC_NHAN", shown_code(&world))]);
    assert_eq!(world.take("b.xlsx", &right)["exit"], 0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn with_two_persons_no_code_stands_in_the_workbook_and_that_of_one_person_is_none() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let code = shown_code(&world);
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    let by = ["confirm", ORDER, "--by", "binh@minhan.example", "--code", &code];
    world.run(&by).exits(1);
    let second = with_two_persons();
    let summary = sheet_text(&second.workbook("B000001"), "Tóm tắt");
    assert!(!summary.contains("Mã xác nhận"), "{summary}");
}
