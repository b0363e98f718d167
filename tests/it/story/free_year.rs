//! A free year, from the dropped list to the mails to log in: nothing is paid and nothing is waited for.

use super::{
    letters,
    lists::{Client, csv, enterprise, household},
    workbooks::{edited, set, sheet_text},
};
use crate::world::{World, require, text, texts};

/// The list, with what each row says of its kind and of who registers it.
fn list(clients: &[(Client, &str)]) -> Vec<u8> {
    let plain: Vec<Client> = clients.iter().map(|(client, _)| client.clone()).collect();
    let text = String::from_utf8(csv(&plain)).unwrap();
    let mut lines = text.lines();
    let header = format!("{},Loại đơn,Người đăng ký", lines.next().unwrap());
    let rows = lines.zip(clients).map(|(line, (_, by))| format!("{line},Miễn phí,{by}"));
    std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n").into_bytes()
}

const STAFF: &str = "binh@minhan.example";
const ADMIN: &str = "lan@minhan.example";

#[test]
fn confirming_a_free_order_activates_it_and_ends_it() {
    let world = World::new();
    let file = world.take("mien-phi.csv", &list(&[(enterprise(1), STAFF), (enterprise(2), ADMIN)]));
    assert_eq!(file["rows"]["accepted"], 2, "{file}");
    let order = world.order("DH-2611-000001");
    assert_eq!((text(&order, "kind"), order["amount"].as_i64()), ("free".to_owned(), Some(0)));

    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let order = world.order("DH-2611-000001");
    assert_eq!(text(&order, "state"), "done");
    assert_eq!(order["payment_requests"].as_array().unwrap().len(), 0);
    let lines = order["lines"].as_array().unwrap();
    assert_eq!(texts(lines, "state"), ["active"; 2]);
    assert!(
        lines.iter().all(|line| line["payment_code"].is_null() && line["grace_until"].is_null())
    );
    assert_eq!(text(&world.list("batches")[0], "state"), "done");
    let licences = world.list("licences");
    assert_eq!(texts(&licences, "state"), ["active"; 2]);
    assert!(licences.iter().all(|it| it["grace_until"].is_null() && it["cutoff_at"].is_null()));

    let mails = world.mails();
    let mut got: Vec<(String, String)> =
        mails.iter().map(|mail| (text(mail, "purpose"), text(mail, "to"))).collect();
    got.sort();
    let first = |to: &str| ("login_first".to_owned(), to.to_owned());
    let mut wanted =
        [first(enterprise(1).email()), first(enterprise(2).email()), first(STAFF), first(ADMIN)];
    wanted.sort();
    assert_eq!(got, wanted, "the copy goes to whoever registered");
    let again = world.run(&["activate", "DH-2611-000001"]).exits(0);
    assert!(again.stdout.contains("Hoàn tất"), "{again:?}");
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    assert_eq!(world.list("licences").len(), 2);
}

#[test]
fn the_member_of_staff_who_registers_enters_the_data_whatever_its_rank() {
    let world = World::new();
    world.rewrite("hangloat.toml", r#"role = "data_entry""#, r#"role = "manager""#);
    let roles = |world: &World| {
        let stored = String::from_utf8_lossy(&world.database()).replace(['"', '\\'], "");
        ["asp_data_entry", "asp_manager"].map(|role| stored.contains(&format!("role:{role}")))
    };
    world.take("admin.csv", &list(&[(enterprise(1), ADMIN)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    assert_eq!(roles(&world), [false, false]);
    world.take("nhan-vien.csv", &list(&[(enterprise(2), STAFF)]));
    world.run(&["confirm", "DH-2611-000002"]).exits(0);
    assert_eq!(roles(&world), [true, false]);
}

#[test]
fn a_tick_alone_is_enough_and_the_workbook_asks_for_no_money() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let file = world.take("mien-phi.csv", &list(&[(household(1), "")]));
    let before = world.workbook(&text(&file, "batch"));
    assert!(sheet_text(&before, "Tóm tắt").contains("kích hoạt ngay khi xác nhận"));
    let ticked = edited(&world, &before, &[set("XAC_NHAN", true)]);
    let answer = world.take("tick.xlsx", &ticked);
    assert_eq!(answer["rows"]["rejected"], 0, "{answer}");
    assert_eq!(text(&world.order("DH-2611-000001"), "state"), "done");
    let after = world.workbook(&text(&file, "batch"));
    let (summary, rows) = (sheet_text(&after, "Tóm tắt"), sheet_text(&after, "Kết quả"));
    assert!(!summary.contains("VietQR") && !summary.contains("Thanh toán"), "{summary}");
    assert!(summary.contains("Không còn việc gì phải làm"), "{summary}");
    assert!(rows.contains("Miễn phí") && rows.contains("Đang dùng"), "{rows}");
    let bell = texts(&world.list("notifications"), "text");
    assert!(bell.iter().any(|text| text.contains("không phải thanh toán")), "{bell:?}");
}

#[test]
fn the_letter_says_that_nothing_is_to_be_paid() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    world.take("mien-phi.csv", &list(&[(enterprise(1), "")]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let mut letters = letters::all(&world);
    // That with a workbook says what became of the list.
    letters.retain(|letter| letter.files.is_empty());
    assert_eq!(letters.len(), 2);
    for letter in letters {
        for form in [&letter.text, &letter.html] {
            assert!(form.contains("Năm tài chính 2026 được miễn phí"), "{form}");
        }
        assert!(letter.pictures.is_empty());
    }
}

#[test]
fn that_a_year_could_be_free_is_not_said_any_more_once_it_is_in_use_or_cancelled() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    let summary = sheet_text(&world.workbook("B000001"), "Tóm tắt");
    let saved = "2 khách hàng chưa dùng năm miễn phí: có thể tiết kiệm 5.900.000 đ.";
    assert!(summary.contains(saved), "{summary}");
    let hints = || {
        let results = sheet_text(&world.workbook("B000001"), "Kết quả");
        results.matches("chưa dùng năm miễn phí của gói, có thể tiết kiệm 2.950.000 đ").count()
    };
    assert_eq!(hints(), 2);
    world.run(&["cancel", "DH-2611-000001/2", "--reason", "nhầm"]).exits(0);
    assert_eq!(hints(), 1);
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    assert_eq!(hints(), 0);
}
