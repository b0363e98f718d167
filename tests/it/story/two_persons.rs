//! Who confirms: a second person where that is asked for, and six characters where a tick cannot be made.

use serde_json::{Value, json};

use super::{
    letters::{self, Letter},
    lists::{csv, enterprise, household},
    workbooks::{edited, parts, set, sheet_text},
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

/// The letters about a list that left, with whom they went to.
fn results(world: &World) -> Vec<Letter> {
    world.run(&["run", "mail"]).exits(0);
    let sent = world.list("mails");
    let ours = sent.iter().filter(|it| it["purpose"] == "batch_result" && it["state"] == "sent");
    let ids: Vec<String> = ours.map(|it| format!("<{}>", text(it, "message_id"))).collect();
    letters::all(world).into_iter().filter(|letter| ids.contains(&letter.message_id)).collect()
}

/// Under the order, in the newest letter to somebody.
fn mailed_code(world: &World, to: &str) -> String {
    let mut letters = results(world);
    letters.retain(|letter| letter.to == to);
    let newest = world.list("mails").into_iter().rfind(|mail| {
        mail["purpose"] == "batch_result" && mail["to"] == to && mail["state"] == "sent"
    });
    let id = format!("<{}>", text(&newest.expect("a letter"), "message_id"));
    let letter = letters.into_iter().find(|letter| letter.message_id == id).unwrap();
    let (_, rest) = letter.text.split_once("Mã xác nhận: ").expect(&letter.text);
    rest.chars().take(6).collect()
}

/// An attached file.
fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

const LAN: &str = "lan@minhan.example";
const BINH: &str = "binh@minhan.example";

#[test]
fn with_two_persons_only_the_code_that_was_mailed_to_the_second_one_confirms_by_command() {
    if !require("openpyxl") {
        return;
    }
    let world = with_two_persons();
    for args in [
        &["confirm", ORDER, "--json"][..],
        &["confirm", ORDER, "--by", LAN, "--json"],
        &["confirm", ORDER, "--by", BINH, "--json"],
    ] {
        let refused = world.run(args).exits(1).json();
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        assert!(text(&refused["error"], "message").contains("người khác"), "{refused}");
    }
    world.run(&["confirm", ORDER, "--by", "ai@khac.example"]).exits(2);
    let letters = results(&world);
    let to: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    let of_maker = letters.iter().find(|letter| letter.to == LAN).unwrap();
    assert!(
        !of_maker.text.contains("Mã xác nhận:") && of_maker.text.contains(BINH),
        "{of_maker:?}"
    );
    let code = mailed_code(&world, BINH);
    assert!(!of_maker.text.contains(&code) && !of_maker.html.contains(&code), "{of_maker:?}");
    let attached = of_maker.files.values().next().expect("a workbook");
    let path = world.outside("dinh-kem.xlsx");
    std::fs::write(&path, from_hex(attached)).unwrap();
    for (part, bytes) in parts(&path) {
        assert!(!String::from_utf8_lossy(&bytes).contains(&code), "{part} has the code");
    }
    world.run(&["confirm", ORDER, "--by", LAN, "--code", &code]).exits(1);
    assert_eq!(state(&world), "awaiting_confirmation");
    world.run(&["confirm", ORDER, "--code", &code]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn with_two_persons_the_mailed_code_stands_for_the_tick_and_a_tick_alone_is_none() {
    if !require("openpyxl") {
        return;
    }
    let world = with_two_persons();
    let workbook = world.workbook("B000001");
    assert!(sheet_text(&workbook, "Tóm tắt").contains("người khác với người đăng ký"));
    let by = [set("XAC_NHAN", true), set("NGUOI_XAC_NHAN", BINH)];
    for (name, edits) in [("a.xlsx", &[set("XAC_NHAN", true)][..]), ("b.xlsx", &by)] {
        let taken = world.take(name, &edited(&world, &workbook, edits));
        let finding = &taken["findings"][0];
        assert_eq!((&finding["code"], &taken["exit"]), (&"file.stale_answer".into(), &3.into()));
        let said = text(finding, "message");
        assert!(said.contains("người khác") && !said.contains("đã thay đổi"), "{said}");
        assert!(text(finding, "fix").contains("ghi mã trong thư"), "{finding}");
    }
    assert_eq!(state(&world), "awaiting_confirmation");
    let code = set("XAC_NHAN", mailed_code(&world, BINH));
    let taken = world.take("c.xlsx", &edited(&world, &workbook, &[code]));
    assert_eq!((&taken["exit"], &taken["findings"]), (&0.into(), &json!([])));
    assert_eq!(state(&world), "placed");
}

#[test]
fn when_an_order_changes_the_second_person_gets_a_letter_with_another_code() {
    if !require("openpyxl") {
        return;
    }
    let world = with_two_persons();
    let before = mailed_code(&world, BINH);
    world.run(&["cancel", "DH-2611-000001/2", "--reason", "nhầm"]).exits(0);
    world.run(&["confirm", ORDER, "--code", &before]).exits(1);
    let now = mailed_code(&world, BINH);
    assert_ne!(now, before);
    world.run(&["confirm", ORDER, "--code", &now]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn a_member_who_registered_in_a_folder_of_their_own_is_confirmed_by_the_admin() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    world.take("binh/khach.csv", &csv(&[enterprise(1)]));
    let code = mailed_code(&world, LAN);
    world.run(&["confirm", ORDER, "--by", BINH, "--code", &code]).exits(1);
    world.run(&["confirm", ORDER, "--code", &code]).exits(0);
    assert_eq!(state(&world), "placed");
}

#[test]
fn who_registered_a_list_gets_its_workbook_its_first_faults_and_the_code_by_mail() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let clients = [enterprise(1), enterprise(2).with("E", "khongco@gmail.com")];
    world.import("khach.csv", &csv(&clients));
    let code = shown_code(&world);
    let letters = results(&world);
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.to.as_str(), letter.kind.as_str()), (LAN, "multipart/mixed"));
    assert!(letter.defects.is_empty(), "{:?}", letter.defects);
    for needed in ["B000001", ORDER, &code, "2.950.000 đ", "Dòng 3", "email"] {
        assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
        assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
    }
    let names: Vec<&String> = letter.files.keys().collect();
    assert_eq!(names, ["khach__B000001__r1.xlsx"]);
    let in_outbox = std::fs::read(world.workbook("B000001")).unwrap();
    assert!(
        from_hex(&letter.files[names[0]]) == in_outbox,
        "the workbook is the one in the outbox"
    );
}

#[test]
fn a_letter_that_was_not_sent_yet_is_superseded_when_the_list_changes() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    world.run(&["cancel", "DH-2611-000001/2", "--reason", "nhầm"]).exits(0);
    let states: Vec<Value> = world.list("mails").iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["cancelled", "planned"]);
    let letters = results(&world);
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert!(letter.text.contains(&shown_code(&world)), "{}", letter.text);
    world.run(&["undo", "B000001"]).exits(0);
    results(&world);
    assert!(world.list("mails").iter().all(|it| it["state"] != "planned"));
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

/// A list whose rows say who registered them; nothing where that is empty.
fn registered(rows: &[(u32, &str)]) -> Vec<u8> {
    let clients: Vec<_> = rows.iter().map(|(number, _)| enterprise(*number)).collect();
    let list = String::from_utf8(csv(&clients)).unwrap();
    let by = ["Người đăng ký"].into_iter().chain(rows.iter().map(|(_, by)| *by));
    let lines = list.lines().zip(by).map(|(line, by)| format!("{line},{by}\n"));
    lines.collect::<String>().into_bytes()
}

/// The admin is all that the firm has.
fn without_staff(world: &World) {
    let config = std::fs::read_to_string(world.path("hangloat.toml")).unwrap();
    let staff = config.lines().find(|line| line.starts_with("staff = ")).unwrap().to_owned();
    world.rewrite("hangloat.toml", &staff, "staff = []");
}

fn planned_for(world: &World) -> Vec<String> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["purpose"] == "batch_result" && mail["state"] == "planned");
    let mut to = crate::world::texts(&mails, "to");
    to.sort();
    to
}

#[test]
fn when_one_order_changes_whoever_registered_another_one_of_the_list_still_gets_a_letter() {
    let world = World::new();
    let list = registered(&[(1, BINH), (2, BINH)]);
    let list = String::from_utf8(list).unwrap();
    let other = String::from_utf8(csv(&[household(1)])).unwrap();
    let list = format!("{list}{},\n", other.lines().nth(1).unwrap());
    world.import("khach.csv", list.as_bytes());
    assert_eq!(world.list("orders").len(), 2);
    assert_eq!(planned_for(&world), [BINH, LAN]);
    let orders = world.orders();
    let of_binh = orders.iter().find(|it| it["lines"].as_array().unwrap().len() == 2).unwrap();
    let line = format!("{}/1", text(of_binh, "code"));
    world.run(&["cancel", &line, "--reason", "nhầm"]).exits(0);
    assert_eq!(planned_for(&world), [BINH, LAN]);
}

#[test]
fn the_admin_reads_what_became_of_the_list_of_a_member_who_left() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.take("binh/khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    without_staff(&world);
    world.run(&["cancel", "DH-2611-000001/2", "--reason", "nhầm"]).exits(0);
    let letters = results(&world);
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.to, LAN);
    assert!(letter.text.contains("Mã xác nhận:"), "{}", letter.text);
}

#[test]
fn where_nobody_else_is_of_the_firm_the_letter_and_doctor_say_so() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    let second = |world: &World, exit| {
        let doctor = world.run(&["doctor", "--json"]).exits(exit).json();
        let checks = doctor["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "second person").unwrap()
    };
    assert_eq!(second(&world, 0)["ok"], true);
    without_staff(&world);
    let alone = second(&world, 1);
    assert_eq!((&alone["ok"], &alone["detail"]), (&false.into(), &"MINHAN".into()));
    assert!(text(&alone, "fix").contains("maker_checker"), "{alone}");
    world.import("khach.csv", &csv(&[enterprise(1)]));
    let letters = results(&world);
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert!(letter.text.contains("Chưa ai xác nhận được đơn DH-2611-000001"), "{}", letter.text);
    assert!(!letter.text.contains("Mã xác nhận:"), "{}", letter.text);
}

#[test]
fn the_second_person_reads_the_total_of_what_that_one_confirms() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    let list = String::from_utf8(registered(&[(1, BINH), (2, BINH)])).unwrap();
    let other = String::from_utf8(csv(&[household(1)])).unwrap();
    let list = format!("{list}{},{LAN}\n", other.lines().nth(1).unwrap());
    world.import("khach.csv", list.as_bytes());
    let letters = results(&world);
    assert!(!letters.is_empty());
    for letter in letters {
        let shown = world.orders();
        let told = shown.iter().filter(|it| letter.text.contains(&text(it, "code")));
        let sum: i64 = told.map(|it| it["amount"].as_i64().unwrap()).sum();
        let sum = hangloat::domain::money::Money::dong(sum).to_string();
        assert!(letter.text.contains(&sum), "{sum}: {}", letter.text);
    }
}
