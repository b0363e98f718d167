//! What was wrong with a client is put right after it was ordered: by command, in a cell of *Kết quả*, and by the same
//! list once more. Before the order is placed it is confirmed anew; later those who sign in and pay are told anew.

use serde_json::{Value, json};

use super::{
    grace::{at, booked, night},
    letters,
    lists::{csv, enterprise},
    money,
    platform::{come_back, go_away},
    workbooks::{cell, edited, set, sheet_text},
};
use crate::world::{World, require, text, texts};

const ORDER: &str = "DH-2611-000001";
const NEW: &str = "moi@congty1.example";

fn imported(world: &World) {
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
}

/// Two enterprises with their log-ins, and the mails about them sent.
fn told(world: &World) {
    imported(world);
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
}

fn correct(world: &World, changes: &[&str], exit: i32) -> Value {
    let line = format!("{ORDER}/1");
    let args = [&["correct", &line][..], changes, &["--reason", "khách báo", "--json"]].concat();
    world.run(&args).exits(exit).json()
}

/// Purpose and state of each mail to an address.
fn mails_to(world: &World, address: &str) -> Vec<(String, String)> {
    let mails = world.list("mails").into_iter().filter(|mail| mail["to"] == address);
    mails.map(|mail| (text(&mail, "purpose"), text(&mail, "state"))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

fn receipt(world: &World, name: &str, taken: &Value) -> String {
    let path = world.path(&format!("outbox/{name}__{}.txt", text(taken, "batch")));
    std::fs::read_to_string(path).unwrap()
}

/// Who signs in for the first client.
fn client_admin(world: &World) -> String {
    let licences = world.list("licences");
    let logins = licences[0]["logins"].as_array().unwrap();
    let admins: Vec<Value> =
        logins.iter().filter(|it| it["role"] == "client_admin").cloned().collect();
    assert_eq!(admins.len(), 1, "{logins:?}");
    text(&admins[0], "email")
}

fn proves(world: &World) {
    world.run(&["prove"]).exits(0);
}

#[test]
fn before_the_order_is_placed_a_correction_makes_its_next_revision() {
    for world in World::on_each_engine() {
        imported(&world);
        let answer = correct(&world, &["email=moi@congty1.example"], 0);
        let change = json!({ "field": "email", "old": enterprise(1).email(), "new": NEW });
        assert_eq!(
            (&answer["changes"], &answer["lines"][0]["line"]),
            (&json!([change]), &1.into())
        );
        let order = world.order(ORDER);
        assert_eq!(
            (&order["state"], &order["revision"]),
            (&"awaiting_confirmation".into(), &2.into())
        );
        world.run(&["confirm", ORDER, "--revision", "1"]).exits(1);
        world.run(&["confirm", ORDER, "--revision", "2", "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let sent = pairs(&[("order_notice", "sent"), ("login_first", "sent")]);
        assert_eq!(mails_to(&world, NEW), sent);
        assert_eq!(mails_to(&world, enterprise(1).email()), []);
        assert_eq!(client_admin(&world), NEW);
        assert!(texts(&world.list("clients"), "email").contains(&NEW.to_owned()));
        proves(&world);
    }
}

#[test]
fn a_wrong_address_is_put_right_after_the_log_in_went_out() {
    for world in World::on_each_engine() {
        told(&world);
        let answer = correct(&world, &["email=moi@congty1.example"], 0);
        assert_eq!(answer["lines"][0]["state"], "grace");
        assert_eq!(client_admin(&world), NEW, "the old log-in ended");
        world.run(&["run", "mail"]).exits(0);
        let mut now = mails_to(&world, NEW);
        now.sort();
        assert_eq!(now, pairs(&[("login_first", "sent"), ("order_notice", "sent")]));
        assert_eq!(world.order(ORDER)["payment_requests"][0]["recipient_email"], NEW);
        let bells = texts(&world.list("notifications"), "text");
        assert!(bells.iter().any(|it| it.contains(NEW) && it.contains("khách báo")), "{bells:?}");

        // The same again changes nothing and tells nobody.
        let before = (world.list("mails"), world.list("notifications"));
        let again = correct(&world, &["email=moi@congty1.example"], 0);
        assert_eq!(again["changes"], json!([]));
        assert_eq!((world.list("mails"), world.list("notifications")), before);
        proves(&world);
    }
}

#[test]
fn letters_to_a_corrected_address_say_why_they_come_and_what_is_void() {
    if !require("python3") {
        return;
    }
    for world in World::on_each_engine() {
        told(&world);
        let before = letters::all(&world);
        let is_anew = |letter: &letters::Letter| letter.text.contains("không còn dùng nữa");
        assert!(!before.iter().any(is_anew), "nothing was corrected yet");
        correct(&world, &["email=moi@congty1.example"], 0);
        world.run(&["run", "mail"]).exits(0);
        let mut after = letters::all(&world);
        after.retain(|letter| letter.to == NEW);
        assert_eq!(after.len(), 2);
        for letter in &after {
            assert!(is_anew(letter), "{}", letter.text);
            assert!(before.iter().all(|old| old.subject != letter.subject), "{}", letter.subject);
            let (why, void) = if letter.pictures.is_empty() {
                ("đã sửa thông tin đăng nhập", "kể cả đường dẫn trong thư")
            } else {
                ("đã sửa thông tin của người nhận thông báo", "xin đừng chuyển lại")
            };
            assert!(letter.text.contains(why) && letter.html.contains(void), "{}", letter.text);
        }
        // Who was not corrected is told nothing anew.
        let mut others = letters::all(&world);
        others.retain(|letter| letter.to == enterprise(2).email());
        assert_eq!(others.len(), 2);
    }
}

#[test]
fn whoever_got_the_notice_is_told_of_the_cancellation_though_another_one_pays_since() {
    for world in World::on_each_engine() {
        told(&world);
        correct(&world, &["email=moi@congty1.example"], 0);
        let line = format!("{ORDER}/1");
        world.run(&["cancel", &line, "--reason", "khách thôi"]).exits(0);
        if require("openpyxl") {
            let shown = sheet_text(&world.workbook("B000001"), "Kết quả");
            assert!(!shown.contains("Không gửi nữa"), "both letters were sent: {shown}");
        }
        world.run(&["run", "mail"]).exits(0);
        let old = mails_to(&world, enterprise(1).email());
        assert!(old.contains(&("order_cancelled".to_owned(), "sent".to_owned())), "{old:?}");
        let new = mails_to(&world, NEW);
        assert!(new.iter().all(|(_, state)| state == "cancelled"), "nothing went there: {new:?}");
        proves(&world);
    }
}

#[test]
fn of_two_who_were_told_to_pay_for_a_line_both_are_told_that_it_was_cancelled() {
    for world in World::on_each_engine() {
        told(&world);
        correct(&world, &["email=moi@congty1.example"], 0);
        world.run(&["run", "mail"]).exits(0);
        let line = format!("{ORDER}/1");
        world.run(&["cancel", &line, "--reason", "khách thôi"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let is_told = |to: &str| {
            mails_to(&world, to).contains(&("order_cancelled".to_owned(), "sent".to_owned()))
        };
        assert!(is_told(NEW) && is_told(enterprise(1).email()));
        assert!(!is_told(enterprise(2).email()), "it has a line of its own");
    }
}

#[test]
fn a_notice_anew_of_what_works_has_its_last_day() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    told(&world);
    let line = format!("{ORDER}/1");
    let change = ["correct", &line, "email=moi@congty1.example", "--reason", "x"];
    world.run_at(&at("11-24", 9), &change).exits(0);
    world.run_at(&at("11-24", 9), &["run", "mail"]).exits(0);
    let mut letters = letters::all(&world);
    letters.retain(|letter| letter.to == NEW && !letter.pictures.is_empty());
    let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    assert!(letter.text.contains("hết ngày 30/11/2026"), "{}", letter.text);
    for not in ["Sau khi được kích hoạt", "bị từ chối"] {
        assert!(!letter.text.contains(not), "{}", letter.text);
    }
}

#[test]
fn what_did_not_leave_yet_leaves_for_the_new_address_alone() {
    let world = World::new();
    imported(&world);
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    correct(&world, &["email=moi@congty1.example"], 0);
    world.run(&["run", "mail"]).exits(0);
    let withdrawn = mails_to(&world, enterprise(1).email());
    assert!(withdrawn.iter().all(|(_, state)| state == "cancelled"), "{withdrawn:?}");
    assert_eq!(mails_to(&world, NEW).len(), 2);
    assert!(mails_to(&world, NEW).iter().all(|(_, state)| state == "sent"));
}

#[test]
fn a_value_that_a_list_may_not_have_is_refused_in_words() {
    let world = World::new();
    told(&world);
    for (change, said) in [
        ("email=khongco@gmail.com", "email"),
        ("email=lan@gmial.com", "gmail.com"),
        ("phone=113", "113"),
        ("email=", "mail"),
    ] {
        let refused = correct(&world, &[change], 1);
        assert_eq!(refused["error"]["code"], "values.refused", "{change}");
        let message = text(&refused["error"], "message").to_lowercase();
        assert!(message.contains(said), "{change}: {message}");
        assert_eq!(message.contains("--yes"), change.contains("gmial"), "{message}");
    }
    for change in ["tax_id=0100109106", "fiscal_year=2027", "package=ASP-DN-PRO"] {
        let refused = correct(&world, &[change], 1);
        assert_eq!(refused["error"]["code"], "state.not_allowed", "{change}");
        assert!(text(&refused["error"], "message").contains("hủy dòng"), "{refused}");
    }
    correct(&world, &["emial=x"], 2);
    correct(&world, &["email"], 2);
    world.run(&["correct", &format!("{ORDER}/9"), "note=x", "--reason", "y"]).exits(2);
    world.run(&["correct", &format!("{ORDER}/1"), "note=x"]).exits(2);
    assert_eq!(client_admin(&world), enterprise(1).email());
}

#[test]
fn what_the_platform_has_no_call_for_stands_in_the_reconciliation_until_it_is_done() {
    for world in World::on_each_engine() {
        told(&world);
        correct(&world, &["name=Công ty TNHH Tên Đúng", "address=Số 9 Lê Lợi, Hà Nội"], 0);
        let counts = |world: &World, exit: i32| {
            let ran = world.run(&["run", "reconcile", "--json"]).exits(exit).json();
            ran["runs"][0]["counts"]["differences"].clone()
        };
        assert_eq!(counts(&world, 1), 1);
        if require("openpyxl") {
            let workbook = world.path("outbox/_bank/doi-soat__2026-11-23__r1.xlsx");
            let said = sheet_text(&workbook, "Chênh lệch");
            assert!(said.contains("phải sửa trên nền tảng"), "{said}");
            assert!(said.contains("Tên Đúng") && said.contains(enterprise(1).name()), "{said}");
        }
        world.run(&["correct", &format!("{ORDER}/1"), "--done"]).exits(0);
        assert_eq!(counts(&world, 0), 0);
        assert_eq!(world.order(ORDER)["lines"][0]["name"], "Công ty TNHH Tên Đúng");
        proves(&world);
    }
}

#[test]
fn a_phone_for_calls_is_no_difference_and_one_that_was_changed_back_is_none() {
    for world in World::on_each_engine() {
        told(&world);
        let differences = |exit: i32| {
            let ran = world.run(&["run", "reconcile", "--json"]).exits(exit).json();
            ran["runs"][0]["counts"]["differences"].clone()
        };
        correct(&world, &["contact_phone=0988.777.666"], 0);
        assert_eq!(differences(0), 0, "the firm calls, and not the platform");
        let old = "0912 000 001";
        for new in ["phone=0913111222", "phone=+84 912 000 001"] {
            correct(&world, &[new], 0);
            let is_back = new.contains("84");
            assert_eq!(differences(i32::from(!is_back)), i32::from(!is_back), "{new}");
        }
        correct(&world, &["phone=0913-111-222"], 0);
        assert_eq!(differences(1), 1);
        if require("openpyxl") {
            let folder = world.files_in("outbox/_bank");
            let newest = folder.iter().rfind(|name| name.starts_with("doi-soat")).unwrap();
            let said = sheet_text(&world.path(&format!("outbox/_bank/{newest}")), "Chênh lệch");
            assert!(said.contains("0913 111 222") && said.contains(old), "{said}");
            assert!(!said.contains("0988 777 666"), "{said}");
        }
        world.run(&["correct", &format!("{ORDER}/1"), "--done"]).exits(0);
        assert_eq!(differences(0), 0, "a person did it there");
    }
}

#[test]
fn a_correction_waits_for_a_platform_that_is_away() {
    let world = World::new();
    told(&world);
    go_away(&world);
    correct(&world, &["email=moi@congty1.example"], 1);
    come_back(&world);
    assert_eq!(client_admin(&world), enterprise(1).email());
    let purposes = |world: &World| mails_to(world, NEW).into_iter().map(|(it, _)| it).collect();
    let before: Vec<String> = purposes(&world);
    assert_eq!(before, ["order_notice"], "nobody can sign in yet");
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(client_admin(&world), NEW);
    let after: Vec<String> = purposes(&world);
    assert_eq!(after, ["order_notice", "login_first"]);
}

#[test]
fn a_correction_that_was_killed_is_told_to_the_platform_once() {
    for point in ["corrected", "change_claimed", "change_answered", "change_settled"] {
        let world = World::new();
        told(&world);
        let line = format!("{ORDER}/1");
        let command = ["correct", &line, "email=moi@congty1.example", "--reason", "x"];
        assert!(world.is_killed_at(point, &command), "{point} is not on the way");
        world.run(&["run", "activate"]).exits(0);
        assert_eq!(client_admin(&world), NEW, "{point}");
        world.run(&command).exits(0);
        world.run(&["run", "mail"]).exits(0);
        assert_eq!(mails_to(&world, NEW).len(), 2, "{point}");
        proves(&world);
    }
}

#[test]
fn who_is_corrected_while_the_platform_is_asked_signs_in_in_the_end() {
    let world = World::new();
    imported(&world);
    world.run(&["confirm", ORDER]).exits(0);
    assert!(world.is_killed_at("activation_answered", &["activate", ORDER]));
    correct(&world, &["email=moi@congty1.example"], 0);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(client_admin(&world), NEW);
    world.run(&["run", "mail"]).exits(0);
    let logins = |to: &str| mails_to(&world, to).iter().filter(|it| it.0 == "login_first").count();
    assert_eq!((logins(NEW), logins(enterprise(1).email())), (1, 0));
}

#[test]
fn a_final_warning_to_the_old_address_cuts_nobody_off() {
    let world = World::new();
    told(&world);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let line = format!("{ORDER}/1");
    let command = ["correct", &line, "email=moi@congty1.example", "--reason", "x"];
    world.run_at(&at("11-28", 9), &command).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    let (_, counts) = night(&world, "12-04");
    assert_eq!((&counts["suspended"], &counts["warned"]), (&1.into(), &1.into()));
    let states = texts(world.order(ORDER)["lines"].as_array().unwrap(), "state");
    assert_eq!(states, ["grace", "suspended"]);
    let warned = mails_to(&world, NEW).into_iter().filter(|(it, _)| it == "grace_warning").count();
    assert_eq!(warned, 1, "the one to the present address");
    proves(&world);
}

#[test]
fn an_edited_cell_of_the_results_corrects_a_placed_line() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        told(&world);
        let first = world.workbook("B000001");
        let kept = world.outside("truoc.xlsx");
        std::fs::copy(&first, &kept).unwrap();
        let answer = edited(&world, &first, &[cell("Kết quả", "E2", NEW)]);
        let taken = world.take("tra-loi.xlsx", &answer);
        assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()), "{taken}");
        assert_eq!(taken["findings"][0]["severity"], "info");
        assert_eq!(client_admin(&world), NEW);
        let next = world.workbook("B000001");
        assert!(next != first && sheet_text(&next, "Kết quả").contains(NEW));
        let receipt = receipt(&world, "tra-loi", &taken);
        let counted = "Dòng trả lời: 1: 0 nhận vào đơn, 1 đã sửa dòng của đơn\n";
        assert!(receipt.contains(counted), "{receipt}");
        // What is wrong there is told at its cell, and nothing changes.
        let wrong = edited(&world, &next, &[cell("Kết quả", "F2", "113")]);
        let refused = world.take("tra-loi-2.xlsx", &wrong);
        let finding = &refused["findings"][0];
        assert_eq!((&finding["row"], &finding["column"]), (&2.into(), &"F".into()), "{refused}");
        assert_eq!(
            (text(finding, "code"), &refused["exit"]),
            ("phone.malformed".into(), &1.into())
        );
        // The workbook of before knows nothing of the correction.
        let old = edited(&world, &kept, &[cell("Kết quả", "A2", "Tên khác")]);
        let stale = world.take("tra-loi-3.xlsx", &old);
        assert_eq!(stale["findings"][0]["code"], "row.stale_answer", "{stale}");
        assert_eq!(client_admin(&world), NEW);
        proves(&world);
    }
}

#[test]
fn edits_that_are_refused_are_counted_each_at_its_cell_and_stand_in_the_next_workbook() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        let clients = [enterprise(1), enterprise(2), enterprise(3), enterprise(4)];
        world.import("khach.csv", &csv(&clients));
        world.run(&["confirm", ORDER]).exits(0);
        let edits = [
            cell("Kết quả", "E2", NEW),
            cell("Kết quả", "E3", "x@x"),
            cell("Kết quả", "F4", "0912000299"),
            cell("Kết quả", "I4", "2025"),
            cell("Kết quả", "X5", "khách đổi ý"),
        ];
        let answer = edited(&world, &world.workbook("B000001"), &edits);
        let path = world.drop_file("tra-loi.xlsx", &answer);
        let shown = world.run(&["run", "import", path.to_str().unwrap()]).exits(1).stdout;
        let counted =
            "4 dòng: 0 nhận, 2 từ chối, 0 chờ quyết định, 1 đã sửa dòng của đơn, 1 đã hủy, ";
        assert!(shown.contains(&format!("{counted}0 không đổi")), "{shown}");
        for said in ["E2", "E3", "F4", "I4", "là nội dung đã đặt mua", "cột Hủy của dòng"]
        {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        assert!(!shown.contains("`cancel"), "{shown}");

        let next = world.workbook("B000001");
        assert!(next.ends_with("khach__B000001__r3.xlsx"), "one revision for one answer: {next:?}");
        let rows = sheet_text(&next, "Kết quả");
        let row = |n: u32| {
            let from = &rows[rows.find(enterprise(n).name()).unwrap()..];
            from[..from.find(enterprise(n + 1).name()).unwrap_or(from.len())].to_owned()
        };
        assert!(row(1).contains(NEW) && !row(1).contains("Phần sửa"), "{}", row(1));
        assert!(row(2).contains("x@x") && row(2).contains(enterprise(2).email()), "{}", row(2));
        assert!(row(3).contains("là nội dung đã đặt mua"), "{}", row(3));
        let summary = sheet_text(&next, "Tóm tắt");
        assert!(summary.contains("Tệp trả lời tra-loi.xlsx: Dòng 3, cột E"), "{summary}");
        assert!(!summary.contains("Đã sửa theo tệp này"), "{summary}");
        proves(&world);
    }
}

#[test]
fn a_column_put_between_the_users_moves_no_cell_and_columns_in_another_order_are_not_guessed() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    imported(&world);
    let insert = json!({ "sheet": "Kết quả", "insert_column": 3, "header": "Ghi chú riêng" });
    let edits = [insert, cell("Kết quả", "F2", NEW)];
    let taken = world.take("a.xlsx", &edited(&world, &world.workbook("B000001"), &edits));
    assert_eq!(taken["exit"], 0, "{taken}");
    let codes: Vec<String> = taken["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", text(it, "code"), it["column"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(codes, ["row.unknown_answer -", "client.changed E"]);
    assert!(text(&taken["findings"][0], "message").contains("Ghi chú riêng"), "{taken}");
    assert!(world.order(ORDER)["lines"].as_array().unwrap().len() == 2);

    let delete = json!({ "sheet": "Kết quả", "delete_column": 3 });
    let edits = [delete, set("XAC_NHAN", true)];
    let taken = world.take("b.xlsx", &edited(&world, &world.workbook("B000001"), &edits));
    assert_eq!(taken["findings"].as_array().unwrap().len(), 1, "{taken}");
    let said = text(&taken["findings"][0], "message");
    assert!(said.contains("đã bị xóa hoặc đổi chỗ"), "{said}");
    assert_eq!(world.order(ORDER)["state"], "awaiting_confirmation");
}

#[test]
fn a_tick_beside_a_correction_is_made_again_in_the_next_workbook() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    imported(&world);
    let edits = [cell("Kết quả", "E2", NEW), set("XAC_NHAN", true)];
    let answer = edited(&world, &world.workbook("B000001"), &edits);
    assert_eq!(world.take("tra-loi.xlsx", &answer)["exit"], 1);
    assert_eq!(world.order(ORDER)["state"], "awaiting_confirmation");
    let ticked = edited(&world, &world.workbook("B000001"), &[set("XAC_NHAN", true)]);
    assert_eq!(world.take("tra-loi-2.xlsx", &ticked)["exit"], 0);
    assert_eq!(world.order(ORDER)["state"], "placed");
    assert_eq!(world.order(ORDER)["payment_requests"][0]["recipient_email"], NEW);
}

#[test]
fn the_same_list_with_another_address_corrects_an_active_line_when_it_is_accepted() {
    for world in World::on_each_engine() {
        told(&world);
        let changed = enterprise(1).with("E", NEW).with("G", "Số 9 Lê Lợi, Hà Nội");
        let file = world.import("khach-2.csv", &csv(&[changed, enterprise(2)]));
        assert_eq!((&file["rows"]["held"], &file["rows"]["unchanged"]), (&1.into(), &1.into()));
        let answer = world.run(&["accept", "B000002#2", "--json"]).exits(0).json();
        assert_eq!(answer["rows"][0]["state"], "unchanged");
        assert_eq!(client_admin(&world), NEW);
        assert_eq!(world.list("orders").len(), 1);
        world.run(&["run", "mail"]).exits(0);
        assert_eq!(mails_to(&world, NEW).len(), 2);
        proves(&world);
    }
}

#[test]
fn an_old_list_that_comes_again_after_a_correction_asks_for_nothing_back() {
    for world in World::on_each_engine() {
        told(&world);
        correct(&world, &["email=moi@congty1.example"], 0);
        let old = [enterprise(1), enterprise(2), enterprise(3)];
        let file = world.import("khach-2.csv", &csv(&old));
        let found = |file: &Value| {
            let all = file["findings"].as_array().unwrap();
            all.iter().find(|it| it["code"] == "client.changed").unwrap().clone()
        };
        let finding = found(&file);
        let said = text(&finding, "message");
        let since = format!("đã sửa ngày 23/11/2026 (khách báo), nay là {NEW}");
        assert!(said.contains(&since), "{said}");
        assert!(text(&finding, "fix").starts_with("Anh/chị không cần làm gì"), "{finding}");
        // With something new beside it the row is a question as ever.
        let moved = enterprise(1).with("G", "Số 9 Lê Lợi, Hà Nội");
        let finding = found(&world.import("khach-3.csv", &csv(&[moved])));
        assert!(text(&finding, "message").contains(&since), "{finding}");
        assert!(text(&finding, "fix").starts_with("Chọn “nhận”"), "{finding}");
        // Who wants the old one back has it.
        world.run(&["accept", "B000002#2"]).exits(0);
        assert_eq!(client_admin(&world), enterprise(1).email());
        proves(&world);
    }
}

#[test]
fn what_was_answered_of_ordered_lines_is_counted_as_done_and_asked_for_no_more() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        told(&world);
        let other = enterprise(2).with("G", "Số 9 Lê Lợi, Hà Nội");
        let again = [enterprise(1).with("E", NEW), other];
        let file = world.import("khach-2.csv", &csv(&again));
        assert_eq!(file["rows"]["held"], 2, "{file}");
        let workbook = world.workbook("B000002");
        let decided = [cell("Cần sửa", "AJ2", "nhận"), cell("Cần sửa", "AJ3", "bỏ")];
        let taken = world.take("tra-loi.xlsx", &edited(&world, &workbook, &decided));
        assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()), "{taken}");
        assert_eq!(
            (&taken["rows"]["accepted"], &taken["rows"]["unchanged"]),
            (&1.into(), &1.into())
        );
        assert_eq!(client_admin(&world), NEW);
        let rows = sheet_text(&world.workbook("B000002"), "Kết quả");
        assert!(
            rows.contains("Đã sửa dòng trong đơn hàng") && !rows.contains("giống hệt"),
            "{rows}"
        );
        let states = [rows.matches("Đã cập nhật khách hàng"), rows.matches("Không thay đổi")];
        assert_eq!(states.map(Iterator::count), [1, 0], "{rows}");
        let receipt = receipt(&world, "tra-loi", &taken);
        for said in ["1 đã sửa dòng của đơn", "1 bỏ theo quyết định"] {
            assert!(receipt.contains(said), "no {said} in {receipt}");
        }
        assert!(!receipt.contains("không thay đổi"), "{receipt}");
        for day in ["11-24", "11-26", "11-30"] {
            world.run_at(&at(day, 8), &["run", "report"]);
        }
        let reminded =
            world.list("mails").into_iter().filter(|it| it["purpose"] == "findings_waiting");
        assert_eq!(reminded.count(), 0);
        proves(&world);
    }
}

#[test]
fn what_was_ordered_is_not_corrected_by_accepting_a_row() {
    let world = World::new();
    told(&world);
    let changed = enterprise(1).with("L", "Đơn vị kế toán");
    let file = world.import("khach-2.csv", &csv(&[changed]));
    assert_eq!(file["rows"]["held"], 1, "{file}");
    let said = world.run(&["accept", "B000002#2"]).exits(1).stdout;
    assert!(said.contains("là nội dung đã đặt mua"), "{said}");
    assert_eq!(world.order(ORDER)["recipient"], "client");
}

#[test]
fn who_pays_for_less_than_was_told_is_told_anew_and_the_old_sum_is_suggested_for_all_of_it() {
    for world in World::on_each_engine() {
        let same = enterprise(2).with("E", enterprise(1).email());
        world.import("khach.csv", &csv(&[enterprise(1), same]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let order = world.order(ORDER);
        let requests = order["payment_requests"].as_array().unwrap().clone();
        let of_all = text(&requests[0], "batch_code");
        let line = format!("{ORDER}/2");
        let moved = ["correct", &line, "email=moi@congty2.example", "--reason", "khách báo"];
        world.run(&moved).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let notices = |to: &str| {
            let mails = world.list("mails");
            let own = mails.iter().filter(|it| it["purpose"] == "order_notice" && it["to"] == to);
            own.filter(|it| it["state"] == "sent").count()
        };
        assert_eq!(notices(enterprise(1).email()), 2, "the first, and the one of what is left");
        assert_eq!(notices("moi@congty2.example"), 1);
        money::take(&world, "a.csv", &[("20/11/2026", 5_900_000, of_all.as_str())]);
        let payment =
            world.run(&["payments", "1", "--json"]).exits(0).json()["payments"][0].clone();
        assert_eq!(
            (&payment["state"], &payment["tier"]),
            (&"suggested".into(), &"batch_other".into())
        );
        for request in &requests {
            let code = text(request, "payment_code");
            assert!(text(&payment, "why").contains(&code), "no {code} in {payment}");
        }
        let both: Vec<String> = requests.iter().map(|it| text(it, "payment_code")).collect();
        world.run(&["match", "1", &both[0], &both[1], "--reason", "cùng một lần chuyển"]).exits(0);
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn another_buyer_is_not_named_where_the_invoice_is_the_clients_own() {
    for world in World::on_each_engine() {
        told(&world);
        let before = world.list("notifications");
        let buyer = ["invoice_name=Công ty Khác", "invoice_tax_id=0101243150"];
        let refused = correct(&world, &buyer, 1);
        assert_eq!(refused["error"]["code"], "state.not_allowed", "{refused}");
        let said = text(&refused["error"], "message");
        assert!(
            said.contains("không có tác dụng") && said.contains("Đối tượng xuất hóa đơn"),
            "{said}"
        );
        assert_eq!(world.list("notifications"), before, "nothing is left to be done anywhere");
        // Where it is sent has an effect.
        correct(&world, &["invoice_email=hoadon@congty1.example"], 0);
        proves(&world);
    }
}

#[test]
fn a_workbook_that_shows_a_correction_says_the_time_of_that() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        told(&world);
        let line = format!("{ORDER}/1");
        let command = ["correct", &line, "email=moi@congty1.example", "--reason", "khách báo"];
        world.run_at(&at("11-24", 9), &command).exits(0);
        let workbook = world.workbook("B000001");
        let summary = sheet_text(&workbook, "Tóm tắt");
        assert!(summary.contains("Trạng thái lúc 24/11/2026 09:00"), "{summary}");
        let origin = sheet_text(&workbook, "Nguồn gốc");
        assert!(origin.contains("24/11/2026 09:00:00"), "{origin}");
    }
}

#[test]
fn an_email_that_looks_mistyped_is_taken_when_a_person_says_that_it_is_meant() {
    let world = World::new();
    told(&world);
    correct(&world, &["email=lan@gmial.com"], 1);
    correct(&world, &["email=lan@gmial.com", "--yes"], 0);
    assert_eq!(client_admin(&world), "lan@gmial.com");
    correct(&world, &["phone=113", "--yes"], 1);
}

#[test]
fn an_email_with_which_another_client_signs_in_is_taken_and_told_wherever_it_comes_from() {
    for world in World::on_each_engine() {
        imported(&world);
        let shared = enterprise(2);
        let line = format!("{ORDER}/1");
        let change = format!("email={}", shared.email());
        let correct = ["correct", &line, &change, "--reason", "khách báo"];
        let said = world.run(&correct).exits(0).stdout;
        for part in ["dùng chung cho nhiều khách hàng", shared.name(), shared.tax_id()] {
            assert!(said.contains(part), "no {part} in {said}");
        }
        let file = world.import("them.csv", &csv(&[enterprise(3).with("E", shared.email())]));
        assert_eq!(file["rows"]["accepted"], 1, "{file}");
        let findings = file["findings"].as_array().unwrap();
        let told = findings.iter().find(|it| it["code"] == "email.shared").unwrap();
        assert_eq!((&told["severity"], &told["row"]), (&json!("warning"), &json!(2)), "{told}");
        // What was said when it was new is not said of the same list again.
        let more = [enterprise(3).with("E", shared.email()), enterprise(4)];
        let again = world.import("lai.csv", &csv(&more));
        assert!(!again["findings"].to_string().contains("email.shared"), "{again}");
        if require("openpyxl") {
            let edits = [cell("Kết quả", "E3", NEW)];
            world.take("a.xlsx", &edited(&world, &world.workbook("B000001"), &edits));
            let edits = [cell("Kết quả", "E3", shared.email())];
            let answer = edited(&world, &world.workbook("B000001"), &edits);
            let taken = world.take("b.xlsx", &answer);
            let done = (&"accepted".into(), &0.into());
            assert_eq!((&taken["outcome"], &taken["exit"]), done, "{taken}");
            let findings = taken["findings"].as_array().unwrap();
            let told = findings.iter().find(|it| it["code"] == "email.shared").unwrap();
            assert_eq!((&told["severity"], &told["row"]), (&json!("warning"), &json!(3)), "{told}");
        }
    }
}

#[test]
fn a_correction_to_an_address_that_gets_no_mail_says_so_and_how_that_is_ended() {
    let world = World::new();
    told(&world);
    let mut mails = world.list("mails").into_iter();
    let refused = mails.find(|mail| mail["to"] == enterprise(2).email()).unwrap();
    let id = refused["id"].to_string();
    world.run(&["mails", "refuse", &id, "--reason", "550 5.1.1 no such user"]).exits(0);
    let line = format!("{ORDER}/1");
    let correct = |email: &str| {
        let change = format!("email={email}");
        world.run(&["correct", &line, &change, "--reason", "khách báo"]).exits(0).stdout
    };
    let said = correct(enterprise(2).email());
    let how = format!("hangloat suppressions --release {}", enterprise(2).email());
    assert!(said.contains(&how), "{said}");
    assert!(!correct(NEW).contains("suppressions"));
}

#[test]
fn a_list_or_an_edited_cell_with_an_address_that_gets_no_mail_says_so_too() {
    for world in World::on_each_engine() {
        told(&world);
        let mut mails = world.list("mails").into_iter();
        let refused = mails.find(|mail| mail["to"] == enterprise(2).email()).unwrap();
        let id = refused["id"].to_string();
        world.run(&["mails", "refuse", &id, "--reason", "550 5.1.1 no such user"]).exits(0);
        let how = format!("hangloat suppressions --release {}", enterprise(2).email());
        let said_of = |file: &Value, row: u32| {
            let findings = file["findings"].as_array().unwrap();
            let told = findings.iter().find(|it| it["code"] == "email.held").unwrap();
            assert_eq!((&told["severity"], &told["row"]), (&json!("warning"), &json!(row)));
            assert!(text(told, "fix").contains(&how), "{told}");
        };
        // A new list with a known client.
        let file = world.import("them.csv", &csv(&[enterprise(4), enterprise(2)]));
        assert_eq!(file["rows"]["accepted"], 1, "{file}");
        said_of(&file, 3);
        if require("openpyxl") {
            let edits = [cell("Kết quả", "E2", enterprise(2).email())];
            let answer = edited(&world, &world.workbook("B000001"), &edits);
            said_of(&world.take("a.xlsx", &answer), 2);
        }
    }
}

#[test]
fn a_letter_to_an_address_of_before_is_not_promised_when_it_is_asked_for_again() {
    let world = World::new();
    told(&world);
    let mut mails = world.list("mails").into_iter();
    let before = mails.find(|mail| mail["to"] == enterprise(1).email()).unwrap();
    let other = mails.find(|mail| mail["to"] == enterprise(2).email()).unwrap();
    correct(&world, &["email=moi@congty1.example"], 0);
    let [before, other] = [before, other].map(|mail| mail["id"].to_string());
    let said = world.run(&["resend", &before, &other]).exits(0).stdout;
    assert_eq!(said.matches("sẽ không đi").count(), 1, "{said}");
    assert_eq!(said.matches("sẽ được gửi").count(), 1, "{said}");
}
