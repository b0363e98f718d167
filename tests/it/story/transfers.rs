//! A client goes to another firm: its licence and payment code stay, and from then on the new firm is named and told.

use std::sync::Arc;

use hangloat::{
    config::{self, Environment},
    domain::locale::Locale,
    flow::{
        Circumstances, Clock, Services,
        fail_points::FailPoints,
        order::cancel::{self, Cancelled, Part},
        progress::Progress,
    },
    text::Texts,
};
use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise},
    money::statement,
    platform::{come_back, go_away},
    refused::with_a_second_firm,
    workbooks::{cell, edited, read, sheet_text},
};
use crate::world::{NOW, World, require, text, texts};

const ORDER: &str = "DH-2611-000001";
const NEW: &str = "HOAPHAT";
/// Why a file of the old firm changes nothing of its line any more.
const LEFT: &str = "Khách hàng đã chuyển sang đơn vị kế toán khác";

/// Two enterprises of the first firm, activated; a second firm that has none.
fn activated(world: &World) {
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    with_a_second_firm(world);
    world.run(&["run", "mail"]).exits(0);
}

fn transfer(world: &World, line: u32, exit: i32) -> Value {
    let line = format!("{ORDER}/{line}");
    let args = ["transfer", &line, NEW, "--reason", "khách đổi kế toán", "--json"];
    world.run(&args).exits(exit).json()
}

fn of_firm(world: &World, what: &str, firm: &str) -> Vec<Value> {
    let answer = world.run(&[what, "--firm", firm, "--json"]).exits(0).json();
    answer[what].as_array().unwrap().clone()
}

fn logins(world: &World, number: i64) -> Vec<String> {
    let licences = world.list("licences");
    let licence = licences.iter().find(|it| it["line"] == number).unwrap();
    texts(licence["logins"].as_array().unwrap(), "email")
}

#[test]
fn a_client_goes_to_another_firm_with_its_licence_and_its_code() {
    for world in World::on_each_engine() {
        activated(&world);
        let before = world.order(ORDER)["lines"][0].clone();
        let answer = transfer(&world, 1, 0);
        assert_eq!(answer["lines"][0]["licence_id"], before["licence_id"]);
        assert_eq!(world.order(ORDER)["lines"][0]["payment_code"], before["payment_code"]);
        let tax_ids = |firm: &str| texts(&of_firm(&world, "clients", firm), "tax_id");
        assert_eq!(tax_ids(NEW), [enterprise(1).tax_id()]);
        assert_eq!(tax_ids("MINHAN"), [enterprise(2).tax_id()]);
        assert_eq!(texts(&of_firm(&world, "licences", NEW), "tax_id"), [enterprise(1).tax_id()]);
        let now = logins(&world, 1);
        assert!(!now.contains(&"lan@minhan.example".to_owned()), "{now:?}");
        assert!(now.contains(&enterprise(1).email().to_owned()), "the client stays: {now:?}");
        assert!(logins(&world, 2).contains(&"lan@minhan.example".to_owned()));
        for firm in ["MINHAN", NEW] {
            let bells = of_firm(&world, "notifications", firm);
            let bell = bells.iter().find(|bell| bell["kind"] == "line_changed").unwrap();
            let other = if firm == NEW { "MINHAN" } else { NEW };
            assert!(!text(bell, "text").contains(other), "{bell}");
        }
        let again = transfer(&world, 1, 0);
        assert_eq!(again["lines"][0]["licence_id"], before["licence_id"]);
        assert_eq!(of_firm(&world, "notifications", NEW).len(), 1);
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn later_letters_name_the_new_firm_and_no_copy_goes_to_the_old_one() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    activated(&world);
    transfer(&world, 1, 0);
    let sent = world.list("mails").len();
    world.run_at("2026-11-27T08:00:00+07:00", &["run", "remind"]).exits(0);
    world.run_at("2026-11-27T09:00:00+07:00", &["run", "mail"]).exits(0);
    let letters = super::letters::all(&world);
    let mails = world.list("mails")[sent..].to_vec();
    let to: Vec<String> = texts(&mails, "to");
    assert!(to.contains(&enterprise(1).email().to_owned()), "{to:?}");
    let own = letters.iter().filter(|it| {
        it.to.contains("lan@minhan.example")
            && mails.iter().any(|mail| it.message_id == format!("<{}>", text(mail, "message_id")))
    });
    for copy in own {
        assert!(!copy.text.contains(enterprise(1).name()), "{}", copy.text);
        assert!(copy.text.contains(enterprise(2).name()), "{}", copy.text);
    }
    let id = mails.iter().find(|mail| mail["to"] == enterprise(1).email()).unwrap();
    let id = format!("<{}>", text(id, "message_id"));
    let letter = letters.iter().find(|it| it.message_id == id).unwrap();
    assert!(!letter.text.contains("Minh An"), "{}", letter.text);
}

#[test]
fn each_firm_that_pays_is_told_that_a_client_moved_and_not_where_from_or_to() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let own = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[own(1), own(2)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    with_a_second_firm(&world);
    world.run(&["run", "mail"]).exits(0);
    transfer(&world, 1, 0);
    world.run(&["run", "mail"]).exits(0);
    let letters = super::told::letters_of(&world, "order_notice");
    let last = |to: &str| &letters.iter().rfind(|letter| letter.to.contains(to)).unwrap().text;
    let (new, old) = (last("mai@hoaphat.example"), last("lan@minhan.example"));
    let came = format!("{} đã chuyển từ đơn vị kế toán khác sang", enterprise(1).name());
    assert!(new.contains(&came) && !new.contains("Minh An"), "{new}");
    assert!(old.contains("đã chuyển sang đơn vị kế toán khác"), "{old}");
    assert!(!old.contains("Hòa Phát Đạt"), "{old}");
}

#[test]
fn the_workbook_of_the_old_firm_keeps_the_past_and_shows_no_more() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    activated(&world);
    let code = text(&world.order(ORDER)["lines"][0], "payment_code");
    transfer(&world, 1, 0);
    let workbook = world.workbook("B000001");
    let rows = sheet_text(&workbook, "Kết quả");
    assert!(rows.contains(enterprise(1).name()), "{rows}");
    assert!(rows.contains("đã chuyển sang đơn vị kế toán khác") && !rows.contains(&code), "{rows}");
    assert!(!sheet_text(&workbook, "Tóm tắt").contains(&code));
}

#[test]
fn the_summary_of_the_old_firm_counts_who_went_to_another_one() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    activated(&world);
    let left = "Trong đó đã chuyển sang đơn vị kế toán khác";
    assert!(!sheet_text(&world.workbook("B000001"), "Tóm tắt").contains(left));
    transfer(&world, 1, 0);
    world.run(&["run", "activate"]).exits(0);
    assert!(sheet_text(&world.workbook("B000001"), "Tóm tắt").contains(left));
}

#[test]
fn each_firm_sees_the_mails_of_its_own_time_with_a_client() {
    for world in World::on_each_engine() {
        activated(&world);
        let told = |firm: &str| {
            let mails = of_firm(&world, "mails", firm);
            let to = texts(&mails, "to").into_iter().zip(texts(&mails, "purpose"));
            to.map(|(to, purpose)| format!("{purpose} {to}")).collect::<Vec<_>>()
        };
        let before = told("MINHAN");
        assert_eq!(told(NEW), Vec::<String>::new());
        let line = format!("{ORDER}/1");
        let args = ["transfer", &line, NEW, "--reason", "khách đổi kế toán"];
        world.run_at("2026-11-24T09:00:00+07:00", &args).exits(0);
        assert_eq!((told("MINHAN"), told(NEW)), (before.clone(), Vec::new()));
        world.run_at("2026-11-27T08:00:00+07:00", &["run", "remind"]).exits(0);
        world.run_at("2026-11-27T09:00:00+07:00", &["run", "mail"]).exits(0);
        let mut now = told(NEW);
        now.sort();
        let client = format!("grace_warning {}", enterprise(1).email());
        assert_eq!(now, [client.as_str(), "grace_warning mai@hoaphat.example"]);
        let of_old = told("MINHAN").split_off(before.len());
        assert!(of_old.contains(&format!("grace_warning {}", enterprise(2).email())), "{of_old:?}");
        assert!(of_old.iter().all(|it| !now.contains(it)), "{of_old:?}");
    }
}

#[test]
fn what_has_no_licence_is_not_transferred_and_says_why() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    with_a_second_firm(&world);
    for state in ["waiting", "placed"] {
        assert_eq!(world.order(ORDER)["lines"][0]["state"], state);
        let refused = transfer(&world, 1, 1);
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        assert!(text(&refused["error"], "fix").contains("hủy"), "{refused}");
        if state == "waiting" {
            world.run(&["confirm", ORDER]).exits(0);
        }
    }
    let line = format!("{ORDER}/1");
    world.run(&["transfer", &line, "KHONGCO", "--reason", "x"]).exits(2);
    world.run(&["transfer", &line, NEW, "--reason", " "]).exits(2);
    assert_eq!(world.list("clients").len(), 2);
    let kinds = world.list("notifications");
    assert!(kinds.iter().all(|bell| bell["kind"] != json!("line_changed")));
}

#[test]
fn a_transfer_that_was_killed_is_told_to_the_platform_in_the_end() {
    let world = World::new();
    activated(&world);
    let line = format!("{ORDER}/1");
    let command = ["transfer", &line, NEW, "--reason", "x"];
    assert!(world.is_killed_at("transferred", &command));
    world.run(&["run", "activate"]).exits(0);
    assert!(!logins(&world, 1).contains(&"lan@minhan.example".to_owned()));
    world.run(&command).exits(0);
    world.run(&["prove"]).exits(0);
}

#[test]
fn an_edited_cell_of_the_old_firm_corrects_no_client_that_left_and_shows_no_later_correction() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        transfer(&world, 1, 0);
        let before = logins(&world, 1);
        let edits = [
            cell("Kết quả", "E2", "tham@congty1.example"),
            cell("Kết quả", "E3", "moi@congty2.example"),
        ];
        let answer = edited(&world, &world.workbook("B000001"), &edits);
        let taken = world.take("MINHAN/tra-loi.xlsx", &answer);
        assert_eq!(taken["exit"], 1, "{taken}");
        let refused = taken["findings"].as_array().unwrap().iter().find(|it| it["row"] == 2);
        let said = text(refused.unwrap(), "message");
        assert!(said.contains(LEFT) && !said.contains("Đã sửa"), "{said}");
        assert_eq!(logins(&world, 1), before);
        assert!(logins(&world, 2).contains(&"moi@congty2.example".to_owned()), "{taken}");
        world.run(&["run", "mail"]).exits(0);
        assert!(!texts(&world.list("mails"), "to").contains(&"tham@congty1.example".to_owned()));
        let line = format!("{ORDER}/1");
        let email = "email=sau@congty1.example";
        world.run(&["correct", &line, email, "--reason", "khách báo"]).exits(0);
        assert!(logins(&world, 1).contains(&"sau@congty1.example".to_owned()));
        let rows = sheet_text(&world.workbook("B000001"), "Kết quả");
        assert!(rows.contains(enterprise(1).email()) && !rows.contains("sau@"), "{rows}");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn a_question_about_a_client_that_left_is_not_answered_by_accepting_it() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let changed = enterprise(1).with("E", "tham@congty1.example");
    let file = world
        .import("khach-2.csv", &csv(&[changed, enterprise(2).with("E", "tham@congty2.example")]));
    assert_eq!(file["rows"]["held"], 2, "{file}");
    with_a_second_firm(&world);
    transfer(&world, 1, 0);
    let before = logins(&world, 1);
    let said = world.run(&["accept", "B000002#2"]).exits(1).stdout;
    assert!(said.contains(LEFT), "{said}");
    world.run(&["accept", "B000002#3"]).exits(0);
    if require("openpyxl") {
        let rows = sheet_text(&world.workbook("B000002"), "Kết quả");
        assert!(rows.contains(LEFT) && !rows.contains("Chọn “nhận”"), "{rows}");
    }
    assert_eq!(logins(&world, 1), before);
    assert_eq!(world.list("orders").len(), 1, "nothing is ordered for it anew");
}

#[test]
fn a_mark_of_the_old_firm_cancels_no_client_that_left_whether_it_paid_or_not() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        let paid = world.order(ORDER)["payment_requests"][1].clone();
        let code = text(&paid, "payment_code");
        let bank = statement(&[("23/11/2026", 2_950_000, code.as_str())]);
        let path = world.drop_file("_bank/a.csv", &bank);
        world.run(&["run", "import", path.to_str().unwrap()]);
        for line in [1, 2] {
            transfer(&world, line, 0);
        }
        let states = |world: &World| {
            let order = world.order(ORDER);
            texts(order["lines"].as_array().unwrap(), "state")
        };
        let before = states(&world);
        let marks = [cell("Kết quả", "X2", "x"), cell("Kết quả", "X3", "x")];
        let answer = edited(&world, &world.workbook("B000001"), &marks);
        let taken = world.take("MINHAN/tra-loi.xlsx", &answer);
        assert_eq!(taken["exit"], 1, "{taken}");
        let said = texts(taken["findings"].as_array().unwrap(), "message");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|said| said.contains(LEFT)), "{said:?}");
        assert_eq!(states(&world), before);
        let receipt = format!("outbox/MINHAN/tra-loi__{}.txt", text(&taken, "batch"));
        let receipt = std::fs::read_to_string(world.path(&receipt)).unwrap();
        assert!(receipt.contains(LEFT), "{receipt}");
    }
}

/// What becomes of a mark of a firm beside a line, whosever that line is when the mark is carried out.
fn carried_out(world: &World, firm: &str, line: i64) -> Cancelled {
    let environment = Environment::from([("HANGLOAT_STORE__URL", world.store_url().as_str())]);
    let home = world.path("");
    let settings = config::load(&home, &environment).unwrap();
    let with = Circumstances {
        clock: Clock::Frozen(NOW.parse().unwrap()),
        progress: Progress::silent(),
        program: env!("CARGO_BIN_EXE_hangloat").into(),
        fail_points: Arc::new(FailPoints::new(None, None)),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let services = Services::open(&home, settings, with).await.unwrap();
        let part = Part::OfFirm(firm.to_owned(), vec![line]);
        let order = ORDER.parse().unwrap();
        cancel::cancel(&services, &order, &part, "thôi mua").await.unwrap()
    })
}

#[test]
fn a_mark_of_the_old_firm_that_was_read_before_the_client_left_cancels_nothing_after_it() {
    for world in World::on_each_engine() {
        activated(&world);
        transfer(&world, 1, 0);
        let cancelled = carried_out(&world, "MINHAN", 1);
        assert_eq!((cancelled.lines, cancelled.kept.len()), (0, 1), "{cancelled:?}");
        assert!(cancelled.kept[0].in_words(Texts::of(Locale::Vi)).contains(LEFT));
        assert_eq!(world.order(ORDER)["lines"][0]["state"], "grace");
        assert_eq!(carried_out(&world, NEW, 1).lines, 1);
        assert_eq!(world.order(ORDER)["lines"][0]["state"], "cancelled");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn what_its_firm_has_cancelled_is_not_transferred_before_the_platform_has_stopped_it() {
    for world in World::on_each_engine() {
        activated(&world);
        go_away(&world);
        let line = format!("{ORDER}/1");
        world.run(&["cancel", &line, "--reason", "thôi mua"]).exits(1);
        let refused = transfer(&world, 1, 1);
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        assert!(text(&refused["error"], "message").contains("yêu cầu hủy"), "{refused}");
        assert_eq!(of_firm(&world, "clients", NEW), Vec::<Value>::new());
        come_back(&world);
        world.run(&["run", "activate"]).exits(0);
        assert_eq!(world.order(ORDER)["lines"][0]["state"], "cancelled");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn the_old_firm_asks_nobody_for_the_money_of_a_client_that_left() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    activated(&world);
    transfer(&world, 1, 0);
    let messages = sheet_text(&world.workbook("B000001"), "Tin nhắn");
    assert!(messages.contains(enterprise(2).name()), "{messages}");
    for of_other in [enterprise(1).name(), "Hòa Phát Đạt", "0912 345 679"] {
        assert!(!messages.contains(of_other), "{of_other} in {messages}");
    }
}

#[test]
fn a_client_that_came_stands_in_the_look_up_of_its_firm_and_the_old_one_says_that_it_left() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        let code = text(&world.order(ORDER)["lines"][0], "payment_code");
        transfer(&world, 1, 0);
        assert_eq!(texts(&of_firm(&world, "orders", NEW), "code"), [ORDER]);
        world.run(&["run", "look-up"]).exits(0);
        let row = |firm: &str| {
            let path = world.path(&format!("outbox/{firm}/tra-cuu__2026-11-23__r1.xlsx"));
            let sheet = read(&path)["sheets"]["Tra cứu"].clone();
            let row = sheet.as_array().unwrap().iter().find(|row| row[0] == enterprise(1).name());
            row.unwrap_or_else(|| panic!("nothing of it in {sheet}")).to_string()
        };
        let now = row(NEW);
        let letter = format!("→ {}: Đã gửi", enterprise(1).email());
        for said in [code.as_str(), "Đang dùng, chờ thanh toán", &letter, "mai@hoaphat.example"]
        {
            assert!(now.contains(said), "no {said} in {now}");
        }
        assert!(!now.contains("minhan"), "{now}");
        let then = row("MINHAN");
        assert!(then.contains("chuyển sang đơn vị kế toán khác, ngày 23/11/2026"), "{then}");
        for later in [code.as_str(), "Đã gửi", "Đang dùng", "hoaphat"] {
            assert!(!then.contains(later), "{later} in {then}");
        }
    }
}

/// The second line is paid, and the first one goes to the other firm.
fn one_paid_and_one_left(world: &World) {
    activated(world);
    let code = text(&world.order(ORDER)["payment_requests"][1], "payment_code");
    let bank = statement(&[("23/11/2026", 2_950_000, code.as_str())]);
    let path = world.drop_file("_bank/a.csv", &bank);
    world.run(&["run", "import", path.to_str().unwrap()]).exits(0);
    transfer(world, 1, 0);
}

#[test]
fn each_firm_sees_of_an_order_its_own_lines_and_nobody_of_the_other_firm() {
    for world in World::on_each_engine() {
        one_paid_and_one_left(&world);
        let out = world.outside("orders.json");
        let out = out.to_str().unwrap();
        for (firm, other, line, state) in [("MINHAN", NEW, 2, "paid"), (NEW, "MINHAN", 1, "placed")]
        {
            world
                .run(&["export", "orders", "--firm", firm, "--format", "json", "-o", out])
                .exits(0);
            let exported: Value =
                serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
            let listed = Value::from(of_firm(&world, "orders", firm));
            let one = world.run(&["orders", ORDER, "--firm", firm, "--json"]).exits(0).json();
            for seen in [&exported[0], &listed[0], &one["orders"][0]] {
                assert_eq!((&seen["firm"], &seen["state"]), (&firm.into(), &state.into()));
                assert_eq!(seen["amount"], 2_950_000, "{seen}");
                let said = seen.to_string().to_lowercase();
                assert!(!said.contains(&other.to_lowercase()), "{other} in {seen}");
            }
            for part in ["lines", "payment_requests"] {
                let own = one["orders"][0][part].as_array().unwrap();
                assert_eq!((own.len(), &own[0]["line"]), (1, &line.into()), "{one}");
            }
        }
        transfer(&world, 2, 0);
        assert_eq!(of_firm(&world, "orders", "MINHAN"), Vec::<Value>::new());
        world.run(&["orders", ORDER, "--firm", "MINHAN"]).exits(2);
        assert_eq!(of_firm(&world, "orders", NEW)[0]["amount"], 5_900_000);
        assert_eq!(world.order(ORDER)["firm"], "MINHAN", "whoever runs the program sees it whole");
    }
}

#[test]
fn the_morning_page_of_the_new_firm_names_no_workbook_of_the_old_one() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    activated(&world);
    transfer(&world, 1, 0);
    world.run_at("2026-11-28T07:30:00+07:00", &["run", "report"]).exits(0);
    let page = |firm: &str| {
        let path = world.path(&format!("outbox/{firm}/morning__2026-11-28__r1.xlsx"));
        sheet_text(&path, "Buổi sáng")
    };
    let (old, new) = (page("MINHAN"), page(NEW));
    assert!(new.contains(&format!("{ORDER}/1")) && !new.contains("khach__"), "{new}");
    assert!(old.contains("khach__B000001__r"), "{old}");
}

#[test]
fn the_old_firm_is_not_asked_to_pay_for_a_client_that_left() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        one_paid_and_one_left(&world);
        let summary = sheet_text(&world.workbook("B000001"), "Tóm tắt");
        assert!(!summary.contains("đơn đang chờ thanh toán"), "{summary}");
    }
}

#[test]
fn of_a_payment_for_clients_of_two_firms_each_firm_sees_its_own_part() {
    for world in World::on_each_engine() {
        activated(&world);
        let order = world.order(ORDER);
        let codes = texts(order["payment_requests"].as_array().unwrap(), "payment_code");
        let bank = statement(&[("23/11/2026", 5_900_000, codes.join(" ").as_str())]);
        let path = world.drop_file("_bank/a.csv", &bank);
        world.run(&["run", "import", path.to_str().unwrap()]).exits(0);
        transfer(&world, 1, 0);
        for (firm, own, other) in [(NEW, 0, 1), ("MINHAN", 1, 0)] {
            let seen = of_firm(&world, "payments", firm);
            assert_eq!((seen.len(), &seen[0]["amount"]), (1, &2_950_000.into()), "{seen:?}");
            let said = seen[0].to_string();
            assert!(said.contains(&codes[own]) && !said.contains(&codes[other]), "{said}");
        }
        assert_eq!(world.list("payments")[0]["amount"], 5_900_000);
    }
}

#[test]
fn the_sums_of_the_old_firm_are_those_of_the_clients_that_it_still_has() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        // Ordered for 5.900.000 đ.
        transfer(&world, 1, 0);
        let now = sheet_text(&world.workbook("B000001"), "Tóm tắt");
        assert!(!now.contains("5900000") && !now.contains("5.900.000"), "{now}");
        assert!(now.contains("2950000") || now.contains("2.950.000"), "{now}");
    }
}

#[test]
fn an_answer_of_the_old_firm_is_told_the_sum_of_the_clients_that_it_still_has() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        // Ordered for 5.900.000 đ.
        transfer(&world, 1, 0);
        let edits = [cell("Kết quả", "E3", "moi@congty2.example")];
        let answer = edited(&world, &world.workbook("B000001"), &edits);
        let path = world.drop_file("MINHAN/tra-loi.xlsx", &answer);
        let printed = world.run(&["run", "import", path.to_str().unwrap()]).stdout;
        assert!(printed.contains("2.950.000") && !printed.contains("5.900.000"), "{printed}");
        let receipt = std::fs::read_to_string(world.path("outbox/MINHAN/tra-loi__B000002.txt"));
        let receipt = receipt.unwrap();
        assert!(receipt.contains("1 khách hàng, 2.950.000 đ\n"), "{receipt}");
        assert!(!receipt.contains("5.900.000"), "{receipt}");
    }
}

#[test]
fn the_bell_of_the_old_firm_names_what_remains_of_its_own_lines() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        with_a_second_firm(&world);
        transfer(&world, 1, 0);
        let line = format!("{ORDER}/2");
        world.run(&["cancel", &line, "--reason", "khách thôi"]).exits(0);
        let bells = texts(&of_firm(&world, "notifications", "MINHAN"), "text");
        let bell = bells.iter().find(|bell| bell.contains("còn lại")).unwrap();
        assert!(bell.contains("còn lại 2.950.000 đ"), "{bell}");
    }
}

#[test]
fn a_client_that_comes_back_stands_in_the_list_of_its_firm_as_it_is_now() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        activated(&world);
        transfer(&world, 1, 0);
        let line = format!("{ORDER}/1");
        let change = ["correct", &line, "email=moi@congty1.example", "--reason", "khách báo"];
        world.run(&change).exits(0);
        let rows = || sheet_text(&world.workbook("B000001"), "Kết quả");
        assert!(!rows().contains("moi@congty1.example"), "it is not this firm's business");
        world.run(&["transfer", &line, "MINHAN", "--reason", "quay lại"]).exits(0);
        let now = rows();
        assert!(now.contains("moi@congty1.example"), "{now}");
        assert!(!now.contains(enterprise(1).email()) && !now.contains(LEFT), "{now}");
    }
}

#[test]
fn the_firm_that_was_invoiced_for_a_client_that_left_gets_the_decrease() {
    for world in World::on_each_engine() {
        activated(&world);
        super::platform::execute(
            &world,
            &["update payment_request set state = 'paid', paid = amount
               where line_id in (select id from order_line where line_no = 1)"],
        );
        let path = world.outside("hoa-don.json");
        let new = |firm: &str| {
            let _ = std::fs::remove_file(&path);
            let out = path.to_str().unwrap();
            let args = ["export", "invoices", "--new", "--firm", firm, "--format", "json", "-o"];
            world.run(&[&args[..], &[out]].concat()).exits(0);
            let rows = std::fs::read_to_string(&path).unwrap_or_else(|_| "[]".to_owned());
            serde_json::from_str::<Vec<Value>>(&rows).unwrap()
        };
        assert_eq!(texts(&new("MINHAN"), "invoice_kind"), ["invoice"]);
        transfer(&world, 1, 0);
        assert!(new(NEW).is_empty() && new("MINHAN").is_empty(), "it is invoiced already");
        super::platform::execute(
            &world,
            &["update payment_request set state = 'open', paid = 0
               where line_id in (select id from order_line where line_no = 1)"],
        );
        assert!(new(NEW).is_empty(), "it was invoiced for nothing");
        let rows = new("MINHAN");
        assert_eq!(texts(&rows, "invoice_kind"), ["decrease"]);
        assert_eq!((&rows[0]["firm"], &rows[0]["amount"]), (&"MINHAN".into(), &json!(-2_950_000)));
    }
}

#[test]
fn the_new_firm_is_not_sent_to_a_workbook_of_the_old_one_to_correct_an_address() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    activated(&world);
    let of_client = |mail: &&Value| mail["to"] == enterprise(1).email();
    let mails = world.list("mails");
    let id = mails.iter().find(of_client).unwrap()["id"].to_string();
    world.run(&["mails", "refuse", &id, "--reason", "550 5.1.1 no such user"]).exits(0);
    transfer(&world, 1, 0);
    world.run_at("2026-11-24T07:30:00+07:00", &["run", "report"]).exits(0);
    let path = world.path(&format!("outbox/{NEW}/morning__2026-11-24__r1.xlsx"));
    let page = sheet_text(&path, "Buổi sáng");
    assert!(page.contains("hangloat correct"), "{page}");
    assert!(!page.contains("trang Kết quả"), "{page}");
}

#[test]
fn accepting_a_row_answers_what_it_was_asked_and_nothing_that_came_up_since() {
    for world in World::on_each_engine() {
        activated(&world);
        transfer(&world, 1, 0);
        let moved = enterprise(1).with("G", "Số 9 Lê Lợi, Hà Nội");
        let file = world.import("khach-2.csv", &csv(&[moved]));
        let codes = texts(file["findings"].as_array().unwrap(), "code");
        assert!(codes.contains(&"client.licensed_elsewhere".to_owned()), "{file}");
        let line = format!("{ORDER}/1");
        world.run(&["transfer", &line, "MINHAN", "--reason", "quay lại"]).exits(0);
        let asked = world.run(&["accept", "B000002#2"]).exits(1).stdout;
        assert!(asked.contains("Số 9 Lê Lợi, Hà Nội"), "{asked}");
        let bells = || of_firm(&world, "notifications", "MINHAN");
        assert!(!bells().iter().any(|it| text(it, "text").contains("Số 9 Lê Lợi")));
        // That was asked now.
        world.run(&["accept", "B000002#2"]).exits(0);
        assert!(bells().iter().any(|it| text(it, "text").contains("Số 9 Lê Lợi")));
        assert_eq!(world.list("orders").len(), 1);
    }
}

#[test]
fn the_new_firm_reads_nothing_of_what_was_before_its_time() {
    for world in World::on_each_engine() {
        activated(&world);
        let line = format!("{ORDER}/1");
        let change = ["correct", &line, "email=moi@congty1.example", "--reason", "chuyện riêng"];
        world.run(&change).exits(0);
        transfer(&world, 1, 0);
        let file = world.take("HOAPHAT/khach.csv", &csv(&[enterprise(1)]));
        let findings = file["findings"].as_array().unwrap();
        let said = findings.iter().find(|it| it["code"] == "client.changed").unwrap();
        let said = text(said, "message");
        assert!(said.contains("moi@congty1.example") && said.contains(ORDER), "{said}");
        for before in ["chuyện riêng", "B000001", "đã sửa ngày"] {
            assert!(!said.contains(before), "{before}: {said}");
        }
    }
}
