//! What is cancelled, by command and in the workbook: what becomes of orders, money, mails and licences, and what
//! stays and is told.

use serde_json::{Value, json};

use super::{
    letters,
    lists::{csv, enterprise},
    told::letters_of,
    workbooks::{Edit, cell, edited, read, set, sheet_text},
};
use crate::world::{World, require, text, texts};

const ORDER: &str = "DH-2611-000001";

/// Three enterprises in one order, awaiting its confirmation.
pub fn imported() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
    world
}

fn placed() -> World {
    let world = imported();
    world.run(&["confirm", ORDER]).exits(0);
    world
}

fn activated() -> World {
    let world = imported();
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world
}

fn cancel(world: &World, targets: &[&str], exit: i32) -> Value {
    let args = [&["cancel"][..], targets, &["--reason", "khách đổi ý", "--json"]].concat();
    world.run(&args).exits(exit).json()
}

fn line(number: u32) -> String {
    format!("{ORDER}/{number}")
}

/// In the column *Hủy* of a row.
fn mark(row: u32, value: &str) -> Edit {
    cell("Kết quả", &format!("X{row}"), value)
}

pub fn states(order: &Value, list: &str) -> Vec<String> {
    texts(order[list].as_array().unwrap(), "state")
}

pub fn batch_state(world: &World) -> String {
    text(world.list("batches").last().unwrap(), "state")
}

#[test]
fn a_line_that_is_not_confirmed_yet_goes_and_the_rest_is_to_be_confirmed_anew() {
    let world = imported();
    let answer = cancel(&world, &[&line(2)], 0);
    let order = &answer["orders"][0];
    assert_eq!((&answer["command"], &answer["not_cancelled"]), (&"cancel".into(), &json!([])));
    assert_eq!(states(order, "lines"), ["waiting", "cancelled", "waiting"]);
    assert_eq!((&order["amount"], &order["revision"]), (&5_900_000.into(), &2.into()));
    assert_eq!(order["state"], "awaiting_confirmation");
    let old = world.run(&["confirm", ORDER, "--revision", "1", "--json"]).exits(1).json();
    let said = text(&old["error"], "message");
    assert!(said.contains("3 dòng, 8.850.000 đ") && said.contains("2 dòng, 5.900.000 đ"), "{said}");
    world.run(&["confirm", ORDER, "--revision", "2"]).exits(0);
    let order = world.order(ORDER);
    assert_eq!(states(&order, "lines"), ["placed", "cancelled", "placed"]);
    assert_eq!(order["payment_requests"].as_array().unwrap().len(), 2);
}

#[test]
fn a_placed_line_goes_with_its_request_and_the_notice_nobody_got() {
    let world = placed();
    let order = cancel(&world, &[&line(1)], 0)["orders"][0].clone();
    assert_eq!(states(&order, "lines"), ["cancelled", "placed", "placed"]);
    assert_eq!(states(&order, "payment_requests"), ["cancelled", "open", "open"]);
    assert_eq!((&order["amount"], &order["state"]), (&5_900_000.into(), &"placed".into()));
    let mails = world.mails();
    assert_eq!(texts(&mails, "state"), ["cancelled", "planned", "planned"]);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(texts(&world.mails(), "state"), ["cancelled", "sent", "sent"]);
    let bells = world.list("notifications");
    assert_eq!(bells[0]["kind"], "order_cancelled");
    let said = text(&bells[0], "text");
    assert!(said.contains("khách đổi ý") && said.contains("5.900.000 đ"), "{said}");
}

#[test]
fn cancelling_again_changes_nothing_and_is_no_fault() {
    let world = placed();
    let once = cancel(&world, &[&line(1)], 0);
    let bells = world.list("notifications").len();
    let again = cancel(&world, &[&line(1)], 0);
    assert_eq!(once["orders"], again["orders"]);
    assert_eq!(world.list("notifications").len(), bells);
    cancel(&world, &[ORDER], 0);
    cancel(&world, &[ORDER, &line(1)], 0);
    assert_eq!(batch_state(&world), "done");
}

#[test]
fn a_wholly_cancelled_order_ends_its_batch_and_the_same_file_is_taken_anew() {
    let world = placed();
    let order = cancel(&world, &[ORDER], 0)["orders"][0].clone();
    assert_eq!((&order["state"], &order["amount"]), (&"cancelled".into(), &0.into()));
    assert_eq!(states(&order, "lines"), ["cancelled"; 3]);
    assert_eq!(batch_state(&world), "done");
    let anew = world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
    assert_eq!((&anew["outcome"], &anew["rows"]["accepted"]), (&"accepted".into(), &3.into()));
    assert_eq!(anew["orders"], json!(["DH-2611-000002"]));
    let refused = world.run(&["confirm", ORDER, "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
}

#[test]
fn what_is_unknown_is_told_and_nothing_is_cancelled() {
    let world = placed();
    for unknown in ["DH-2611-000009", "DH-2611-000001/9"] {
        let answer = cancel(&world, &[&line(1), unknown], 2);
        assert!(text(&answer["error"], "message").contains(unknown), "{answer}");
    }
    cancel(&world, &["DH-1/x"], 2);
    world.run(&["cancel", ORDER, "--reason", " "]).exits(2);
    world.run(&["cancel", ORDER]).exits(2);
    assert_eq!(states(&world.order(ORDER), "lines"), ["placed"; 3]);
}

#[test]
fn what_works_unpaid_is_stopped_only_where_it_is_named_itself() {
    let world = activated();
    let kept = cancel(&world, &[ORDER], 1);
    assert_eq!(kept["error"]["code"], "state.not_allowed");
    assert!(text(&kept["error"], "message").contains(&line(3)), "{kept}");
    assert_eq!(states(&world.order(ORDER), "lines"), ["grace"; 3]);

    let order = cancel(&world, &[&line(2)], 0)["orders"][0].clone();
    assert_eq!(states(&order, "lines"), ["grace", "cancelled", "grace"]);
    assert_eq!(states(&order, "payment_requests"), ["open", "cancelled", "open"]);
    assert_eq!(order["amount"], 5_900_000);
    let licences = world.list("licences");
    assert_eq!(texts(&licences, "state"), ["grace", "suspended", "grace"]);
    assert_eq!(licences[1]["suspended_at"], crate::world::NOW);
    let has_end = |at: usize| !licences[at]["cutoff_at"].is_null();
    assert_eq!([0, 1, 2].map(has_end), [true, false, true], "what was cancelled is never cut off");
    // Its log-in letters had not left.
    let mails = world.mails();
    let of_line = |mail: &&Value| mail["subject"] == line(2);
    assert!(mails.iter().filter(of_line).all(|mail| mail["state"] == "cancelled"));
}

#[test]
fn a_client_whose_licence_was_cancelled_can_be_ordered_and_activated_again() {
    let world = activated();
    cancel(&world, &[&line(2)], 0);
    let anew = world.import("mot.csv", &csv(&[enterprise(2)]));
    assert_eq!(anew["rows"]["accepted"], 1, "{anew}");
    world.run(&["confirm", "DH-2611-000002", "--activate"]).exits(0);
    assert_eq!(states(&world.order("DH-2611-000002"), "lines"), ["grace"]);
}

#[test]
fn of_an_order_that_works_in_part_the_rest_is_cancelled_and_the_working_part_is_listed() {
    let world = placed();
    assert!(world.is_killed_at("activation_claimed", &["activate", ORDER]));
    let answer = cancel(&world, &[ORDER], 1);
    // One request was claimed and never sent; two were not sent at all and still will be.
    let order = &answer["orders"][0];
    assert_eq!(states(order, "lines"), ["cancelled", "activating", "activating"]);
    assert_eq!(texts(answer["not_cancelled"].as_array().unwrap(), "line"), [line(2), line(3)]);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(states(&world.order(ORDER), "lines"), ["cancelled", "grace", "grace"]);
    assert_eq!(world.list("licences").len(), 2);
}

#[test]
fn a_line_whose_activation_got_no_answer_is_asked_about_before_it_is_cancelled() {
    let world = placed();
    assert!(world.is_killed_at("activation_answered", &["activate", ORDER]));
    // The platform made the licence: it works, and the order was named, not the line.
    let answer = cancel(&world, &[ORDER], 1);
    let message = text(&answer["error"], "message");
    assert!(message.contains(line(1).as_str()), "{message}");
    assert_eq!(world.order(ORDER)["lines"][0]["state"], "grace");
    cancel(&world, &[&line(1)], 0);
    assert_eq!(world.order(ORDER)["lines"][0]["state"], "cancelled");
    assert_eq!(texts(&world.list("licences"), "state"), ["suspended"]);
}

#[test]
fn a_suspension_that_was_killed_is_carried_out_once() {
    for point in ["cancelled", "change_claimed", "change_answered", "change_settled"] {
        let world = activated();
        let named = line(1);
        let command = ["cancel", &named, "--reason", "khách đổi ý"];
        assert!(world.is_killed_at(point, &command), "{point} is not on the way");
        world.run(&["run", "activate"]).exits(0);
        assert_eq!(
            states(&world.order(ORDER), "lines"),
            ["cancelled", "grace", "grace"],
            "{point}"
        );
        assert_eq!(texts(&world.list("licences"), "state"), ["suspended", "grace", "grace"]);
        let bells = world.list("notifications");
        let told = bells.iter().filter(|bell| bell["kind"] == "order_cancelled").count();
        assert_eq!(told, 1, "{point}");
        world.run(&command).exits(0);
    }
}

#[test]
fn who_got_the_notice_is_told_what_is_not_to_be_paid_any_more() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let clients = [
        enterprise(1).with("L", "Kế toán dịch vụ"),
        enterprise(2).with("L", "Kế toán dịch vụ"),
        enterprise(3).with("L", "Kế toán dịch vụ"),
        enterprise(4),
    ];
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", ORDER]).exits(0);
    world.run(&["confirm", "DH-2611-000002"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    cancel(&world, &[&line(1)], 0);
    world.run(&["run", "mail"]).exits(0);
    cancel(&world, &[&line(2), "DH-2611-000002"], 0);
    world.run(&["run", "mail"]).exits(0);

    let mails: Vec<Value> = world.mails();
    let told: Vec<&Value> =
        mails.iter().filter(|mail| mail["purpose"] == "order_cancelled").collect();
    let to: Vec<String> = told.iter().map(|mail| text(mail, "to")).collect();
    assert_eq!(to, ["lan@minhan.example", "lan@minhan.example", "giamdoc@congty4.example"]);
    assert!(told.iter().all(|mail| mail["state"] == "sent"));
    let letters = letters::all(&world);
    let of = |mail: &Value| {
        let id = format!("<{}>", text(mail, "message_id"));
        letters.iter().find(|letter| letter.message_id == id).unwrap()
    };
    let [first, second, fourth] = [of(told[0]), of(told[1]), of(told[2])];
    assert!(first.text.contains(clients[0].name()) && !first.text.contains(clients[1].name()));
    assert!(first.text.contains("5.900.000 đ") && first.kind == "multipart/alternative");
    assert!(second.text.contains(clients[1].name()) && !second.text.contains(clients[0].name()));
    assert!(second.html.contains("cid:") && !fourth.html.contains("cid:"));
    for letter in [first, second, fourth] {
        assert!(letter.text.contains("0912 345 678") && letter.defects.is_empty());
        assert!(!letter.text.contains("khách đổi ý"), "the reason is the firm's own");
    }
}

#[test]
fn a_mark_in_the_column_huy_cancels_its_line_and_says_why() {
    if !require("openpyxl") {
        return;
    }
    let world = placed();
    let workbook = world.workbook("B000001");
    assert_eq!(read(&workbook)["sheets"]["Kết quả"][0][23], "Hủy");
    let marks = [mark(2, "x"), mark(4, "khách chuyển đơn vị khác")];
    let taken = world.take("tra-loi.xlsx", &edited(&world, &workbook, &marks));
    assert_eq!((&taken["exit"], &taken["findings"]), (&0.into(), &json!([])), "{taken}");
    assert_eq!(states(&world.order(ORDER), "lines"), ["cancelled", "placed", "cancelled"]);
    let said: Vec<String> = texts(&world.list("notifications"), "text");
    assert!(said.iter().any(|said| said.contains("theo tệp kết quả")), "{said:?}");

    let receipt = world.path(&format!("outbox/tra-loi__{}.txt", text(&taken, "batch")));
    let receipt = std::fs::read_to_string(receipt).unwrap();
    assert!(receipt.contains("Đã hủy theo cột Hủy: 2 khách hàng\n  - Dòng 2: "), "{receipt}");
    assert!(receipt.contains("1 khách hàng (đã hủy 2), "), "{receipt}");

    // The next revision says why, and dropped back it cancels nothing.
    let next = world.workbook("B000001");
    let shown = read(&next)["sheets"]["Kết quả"].clone();
    assert_eq!(shown[3][23], "khách chuyển đơn vị khác");
    let bells = world.list("notifications").len();
    let again = world.take("tra-loi-2.xlsx", &edited(&world, &next, &[]));
    assert_eq!((&again["exit"], &again["findings"]), (&0.into(), &json!([])));
    assert_eq!(world.list("notifications").len(), bells);
}

#[test]
fn a_tick_beside_a_mark_confirms_nothing_that_was_not_shown() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let workbook = world.workbook("B000001");
    let answer = edited(&world, &workbook, &[mark(3, "có"), set("XAC_NHAN", true)]);
    let taken = world.take("tra-loi.xlsx", &answer);
    let finding = &taken["findings"][0];
    assert_eq!((&finding["code"], &taken["exit"]), (&"file.stale_answer".into(), &1.into()));
    assert!(text(finding, "message").contains("Chính tệp này hủy dòng"), "{finding}");
    assert!(text(finding, "suggestion").ends_with("__r2.xlsx"));
    let order = world.order(ORDER);
    assert_eq!(order["state"], "awaiting_confirmation");
    assert_eq!(states(&order, "lines"), ["waiting", "cancelled", "waiting"]);
    let next = world.workbook("B000001");
    world.take("tra-loi-2.xlsx", &edited(&world, &next, &[set("XAC_NHAN", true)]));
    assert_eq!(world.order(ORDER)["state"], "placed");
}

#[test]
fn a_mark_on_a_line_that_was_activated_meanwhile_is_stale_and_one_that_knew_it_stops_it() {
    if !require("openpyxl") {
        return;
    }
    let world = placed();
    let old = edited(&world, &world.workbook("B000001"), &[mark(2, "x")]);
    world.run(&["activate", ORDER]).exits(0);
    let taken = world.take("tra-loi.xlsx", &old);
    assert_eq!(taken["findings"][0]["code"], "row.stale_answer", "{taken}");
    assert_eq!(states(&world.order(ORDER), "lines"), ["grace"; 3]);
    let now = edited(&world, &world.workbook("B000001"), &[mark(2, "x")]);
    assert_eq!(world.take("tra-loi-2.xlsx", &now)["exit"], 0);
    assert_eq!(states(&world.order(ORDER), "lines"), ["cancelled", "grace", "grace"]);
}

#[test]
fn a_client_that_was_cancelled_in_use_is_listed_as_cancelled_and_not_as_suspended() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        cancel(&world, &[&line(1)], 0);
        let shown = world.run(&["clients"]).exits(0).stdout;
        assert!(shown.contains("2026: Đã hủy") && !shown.contains("Tạm ngắt"), "{shown}");
        let clients = world.list("clients");
        let of = |n: u32| clients.iter().find(|it| it["tax_id"] == enterprise(n).0[1]).unwrap();
        assert_eq!(of(1)["licences"][0]["cancelled"], true);
        assert_eq!(of(2)["licences"][0]["cancelled"], false);
    }
}

/// What `check` says of an answer, and then what the import did.
fn foretold_and_taken(world: &World, name: &str, answer: &[u8], exit: i32) -> [Value; 2] {
    let path = world.outside(name);
    std::fs::write(&path, answer).unwrap();
    let before = world.order(ORDER);
    let foretold = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(exit).json();
    assert_eq!(world.order(ORDER), before, "nothing is stored");
    let (foretold, taken) = (foretold["files"][0].clone(), world.take(name, answer));
    assert_eq!(taken["exit"], exit);
    for key in ["kind", "outcome", "answers", "rows", "cancelled"] {
        assert_eq!(foretold[key], taken[key], "{key}");
    }
    let codes = |file: &Value| texts(file["findings"].as_array().unwrap(), "code");
    assert_eq!(codes(&foretold), codes(&taken));
    [foretold, taken]
}

#[test]
fn check_foretells_what_is_cancelled_and_the_tick_that_is_not_taken_beside_it() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let ticked = [mark(3, "có"), set("XAC_NHAN", true)];
    let answer = edited(&world, &world.workbook("B000001"), &ticked);
    let [foretold, _] = foretold_and_taken(&world, "tra-loi.xlsx", &answer, 1);
    assert_eq!(foretold["cancelled"], json!([line(2)]));
    assert_eq!(foretold["outcome"], "partly");
    let said = text(&foretold["findings"][0], "message");
    assert!(said.contains("Chính tệp này hủy dòng"), "{said}");
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let stopped = edited(&world, &world.workbook("B000001"), &[mark(2, "x")]);
    let [foretold, _] = foretold_and_taken(&world, "tra-loi-2.xlsx", &stopped, 0);
    assert_eq!(foretold["cancelled"], json!([line(1)]));
    assert_eq!(states(&world.order(ORDER), "lines"), ["cancelled", "cancelled", "grace"]);
}

#[test]
fn check_foretells_that_the_only_line_of_an_order_goes_and_nothing_is_confirmed() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    let ticked = [mark(2, "thôi"), set("XAC_NHAN", true)];
    let answer = edited(&world, &world.workbook("B000001"), &ticked);
    let [foretold, _] = foretold_and_taken(&world, "tra-loi.xlsx", &answer, 1);
    assert_eq!(foretold["findings"][0]["code"], "file.stale_answer");
    assert_eq!(world.order(ORDER)["state"], "cancelled");
}

#[test]
fn a_client_that_was_cancelled_and_comes_again_is_ordered_anew_and_told_so() {
    for world in [placed(), imported()] {
        cancel(&world, &[&line(2)], 0);
        let file = world.import("khach-lai.csv", &csv(&[enterprise(1), enterprise(2)]));
        let rows = &file["rows"];
        assert_eq!((&rows["accepted"], &rows["unchanged"]), (&1.into(), &1.into()), "{file}");
        let findings = file["findings"].as_array().unwrap();
        let told = findings.iter().find(|it| it["code"] == "client.cancelled_before").unwrap();
        assert_eq!((&told["row"], &told["severity"]), (&3.into(), &"warning".into()));
        let said = text(told, "message");
        assert!(said.contains("23/11/2026") && said.contains("khách đổi ý"), "{said}");
    }
}

#[test]
fn whoever_confirms_reads_in_letter_and_summary_which_client_was_cancelled_before() {
    if !(require("openpyxl") && require("python3")) {
        return;
    }
    let world = placed();
    cancel(&world, &[&line(2)], 0);
    world.import("khach-lai.csv", &csv(&[enterprise(2), enterprise(4)]));
    let summary = || sheet_text(&world.workbook("B000002"), "Tóm tắt");
    let said = "Có 1 khách hàng từng bị hủy nay được đặt lại: Công ty TNHH Thử nghiệm 2 (xem";
    assert!(summary().contains(said), "{}", summary());
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "batch_result");
    let told = |text: &str| text.contains(said) && text.contains("cột Hủy");
    assert!(letters.iter().any(|letter| told(&letter.text)), "{letters:?}");
    // Once it is confirmed nothing is to be decided any more.
    let order = world.orders().pop().unwrap();
    world.run(&["confirm", &text(&order, "code")]).exits(0);
    assert!(!summary().contains("từng bị hủy"), "{}", summary());
}

#[test]
fn accepting_a_row_on_which_nothing_waits_says_so() {
    let world = placed();
    let said = world.run(&["accept", "B000001#2"]).exits(0).stdout;
    assert!(said.contains("Không có gì chờ quyết định ở B000001#2"), "{said}");
}
