//! The look-up: a row for each client that answers by itself, and nothing new in an hour in which nothing changed.

use std::path::Path;

use super::{
    grace::{at, unpaid},
    lists::{csv, enterprise, household},
    money::{self, statement},
    refused::with_a_second_firm,
    told::letters_of,
    workbooks::{read, sheet_text},
};
use crate::world::{NOW, World, require, text, texts};

const SHEET: &str = "Tra cứu";

/// How many workbooks were written at an instant.
fn looked(world: &World, now: &str) -> i64 {
    let ran = world.run_at(now, &["run", "look-up", "--json"]).exits(0).json();
    ran["runs"][0]["counts"]["look_ups"].as_i64().unwrap()
}

/// The row of a client.
fn row_of(workbook: &Path, client: &str) -> String {
    let book = read(workbook);
    let rows = book["sheets"][SHEET].as_array().unwrap();
    let row = rows.iter().find(|row| row[0] == client);
    let row = row.unwrap_or_else(|| panic!("no {client} in {rows:?}")).as_array().unwrap();
    row.iter().map(|cell| cell.as_str().unwrap()).collect::<Vec<_>>().join("\t")
}

#[test]
fn a_row_says_where_a_client_stands_who_is_waited_for_and_what_was_written_to_whom() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let held = enterprise(5).with("E", "giamdoc@gmial.com");
        world.import("moi.csv", &csv(&[household(1), held]));
        assert_eq!(looked(&world, NOW), 1);
        let workbook = world.path("outbox/tra-cuu__2026-11-23__r1.xlsx");
        let order = world.order("DH-2611-000001");
        let code = text(&order["payment_requests"][0], "payment_code");
        let first = row_of(&workbook, enterprise(1).name());
        for said in [
            enterprise(1).tax_id(),
            "0912 000 001",
            "Đang dùng, chờ thanh toán",
            "chuyển khoản",
            "Ngày cuối. Chưa trả thì ngắt từ 01/12/2026 00:00",
            "Chưa thanh toán, còn 2.950.000 đ",
            &code,
            "khach.csv",
            "B000001",
            "DH-2611-000001/1",
        ] {
            assert!(first.contains(said), "no {said} in {first}");
        }
        let letter = format!("→ {}: Đã gửi 23/11/2026 08:30", enterprise(1).email());
        assert!(first.contains(&letter), "no {letter} in {first}");
        let waiting = row_of(&workbook, household(1).name());
        assert!(waiting.contains("Kế toán xác nhận đơn"), "{waiting}");
        let asked = row_of(&workbook, enterprise(5).name());
        assert!(asked.contains("Chờ quyết định") && asked.contains("hàng 3"), "{asked}");
        let bell = sheet_text(&workbook, "Thông báo");
        assert!(bell.contains("DH-2611-000001"), "{bell}");
    }
}

#[test]
fn a_client_whose_address_gets_no_mail_waits_for_the_right_one_whether_it_has_paid_or_not() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let mut mails = world.list("mails").into_iter();
        let to_first = mails.find(|mail| mail["to"] == enterprise(1).email()).unwrap();
        let id = to_first["id"].to_string();
        world.run(&["mails", "refuse", &id, "--reason", "550 5.1.1 no such user"]).exits(0);
        assert_eq!(looked(&world, NOW), 1);
        let row = row_of(&world.path("outbox/tra-cuu__2026-11-23__r1.xlsx"), enterprise(1).name());
        let wanted = format!("sửa ở trang Kết quả: {} không nhận thư", enterprise(1).email());
        assert!(row.contains(&wanted) && row.contains("chưa thanh toán"), "{row}");
        assert!(!row.contains("chuyển khoản"), "{row}");
        let change = ["correct", "DH-2611-000001/1", "email=moi@congty1.example"];
        world.run(&[&change[..], &["--reason", "khách báo"]].concat()).exits(0);
        let row = row_on(&world, "11-24", enterprise(1).name());
        assert!(row.contains("chuyển khoản") && !row.contains("không nhận thư"), "{row}");
    }
}

#[test]
fn after_money_went_back_the_reason_and_the_last_day_are_the_same_wherever_they_are_told() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    world.run(&["run", "activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
    assert_eq!(looked(&world, NOW), 1);
    let workbook = world.path("outbox/tra-cuu__2026-11-23__r1.xlsx");
    let row = row_of(&workbook, enterprise(1).name());
    for said in ["vì tiền đã nhận được hoàn trả", "chờ hoàn 2.950.000 đ", "Đã nhận tiền →"]
    {
        assert!(row.contains(said), "no {said} in {row}");
    }
    for not in ["khoản đã báo nhận không còn được tính", "Chưa thanh toán ngày"] {
        assert!(!row.contains(not), "{not} in {row}");
    }
    world.run_at(&at("11-24", 0), &["run", "reconcile"]);
    let messages = sheet_text(&world.workbook("B000001"), "Tin nhắn");
    assert!(!messages.contains("kể từ khi kích hoạt"), "{messages}");
    assert_eq!(messages.matches("Hạn: hết ngày 30/11/2026").count(), 3, "{messages}");
}

#[test]
fn an_hour_in_which_nothing_changed_writes_nothing() {
    for world in World::on_each_engine() {
        assert_eq!(looked(&world, NOW), 0, "nothing ever happened");
        world.import("khach.csv", &csv(&[enterprise(1)]));
        assert_eq!(looked(&world, NOW), 1);
        for hour in [9, 10, 23] {
            assert_eq!(looked(&world, &at("11-23", hour)), 0, "at {hour}");
        }
        world.run_at(&at("11-24", 8), &["confirm", "DH-2611-000001"]).exits(0);
        assert_eq!(looked(&world, &at("11-24", 9)), 1);
        let files = world.files_in("outbox");
        for file in ["tra-cuu__2026-11-24__r1.xlsx", "cu/tra-cuu__2026-11-23__r1.xlsx"] {
            assert!(files.contains(&file.to_owned()), "{files:?}");
        }
        // One that somebody took away comes again, and what is older than a week goes.
        std::fs::remove_file(world.path("outbox/tra-cuu__2026-11-24__r1.xlsx")).unwrap();
        assert_eq!(looked(&world, &at("12-05", 9)), 1);
        let left = world.files_in("outbox").into_iter().filter(|it| it.contains("tra-cuu"));
        assert_eq!(left.collect::<Vec<_>>(), ["tra-cuu__2026-12-05__r1.xlsx"]);
    }
}

#[test]
fn who_paid_and_whose_cut_off_is_put_off_is_told_so() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    let codes = money::codes(&world);
    let paid = statement(&[("24/11/2026", 2_950_000, codes[0].as_str())]);
    let path = world.drop_file("_bank/a.csv", &paid);
    world.run_at(&at("11-25", 10), &["run", "import", path.to_str().unwrap()]);
    let hold = ["hold", "DH-2611-000001/2", "--until", "2026-12-10", "--reason", "hẹn trả"];
    world.run_at(&at("11-25", 11), &hold).exits(0);
    assert_eq!(looked(&world, &at("11-25", 12)), 1);
    let workbook = world.path("outbox/tra-cuu__2026-11-25__r1.xlsx");
    let first = row_of(&workbook, enterprise(1).name());
    for said in ["Đã thanh toán", "Không chờ ai", "Hết năm 2026: gia hạn cho năm 2027"]
    {
        assert!(first.contains(said), "no {said} in {first}");
    }
    let second = row_of(&workbook, enterprise(2).name());
    assert!(second.contains("được hoãn") && second.contains("hẹn trả"), "{second}");
}

#[test]
fn a_look_up_that_is_dropped_back_is_only_to_be_read_and_each_firm_has_its_own() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    with_a_second_firm(&world);
    world.take("MINHAN/mot.csv", &csv(&[enterprise(1)]));
    world.take("HOAPHAT/hai.csv", &csv(&[household(2)]));
    assert_eq!(looked(&world, NOW), 2);
    let path = world.path("outbox/HOAPHAT/tra-cuu__2026-11-23__r1.xlsx");
    let sheet = sheet_text(&path, SHEET);
    assert!(sheet.contains(household(2).name()) && !sheet.contains(enterprise(1).name()));
    let back = world.take("HOAPHAT/tra-cuu.xlsx", &std::fs::read(path).unwrap());
    assert_eq!(texts(back["findings"].as_array().unwrap(), "code"), ["file.to_read"], "{back}");
}

/// The row of a client in the look-up of a day.
fn row_on(world: &World, day: &str, client: &str) -> String {
    assert_eq!(looked(world, &at(day, 12)), 1);
    row_of(&world.path(&format!("outbox/tra-cuu__2026-{day}__r1.xlsx")), client)
}

#[test]
fn what_was_told_to_an_address_before_it_was_corrected_stays_in_the_row_of_its_client() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let command =
            ["correct", "DH-2611-000001/1", "email=moi@congty1.example", "--reason", "khách báo"];
        world.run_at(&at("11-24", 9), &command).exits(0);
        world.run_at(&at("11-24", 10), &["run", "mail"]).exits(0);
        let row = row_on(&world, "11-24", enterprise(1).name());
        let former = format!("→ {}: Đã gửi 23/11/2026 08:30", enterprise(1).email());
        assert_eq!(row.matches(&former).count(), 2, "the notice and the log-in: {row}");
        assert_eq!(row.matches("→ moi@congty1.example: Đã gửi 24/11/2026").count(), 2, "{row}");
    }
}

#[test]
fn what_goes_back_of_a_cancelled_line_is_told_and_when_it_went() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", money::ORDER]).exits(0);
        let code = money::codes(&world).remove(0);
        money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &code)]);
        world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
        world.run(&["cancel", "DH-2611-000001/1", "--reason", "thôi mua"]).exits(0);
        let row = row_on(&world, "11-23", enterprise(1).name());
        assert!(row.contains("Đã hủy; chờ hoàn 2.950.000 đ (khoản thanh toán 1)"), "{row}");
        money::take(&world, "b.csv", &[("23/11/2026", -2_950_000, "HOANTIEN 1")]);
        let row = row_on(&world, "11-24", enterprise(1).name());
        assert!(row.contains("đã hoàn 2.950.000 đ ngày 23/11/2026"), "{row}");
    }
}

#[test]
fn beside_a_rest_stands_what_came_under_the_code_for_all_and_waits() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", money::ORDER]).exits(0);
    let both = text(&world.order(money::ORDER)["payment_requests"][0], "batch_code");
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &both)]);
    let row = row_on(&world, "11-23", enterprise(1).name());
    for said in ["còn 2.950.000 đ", "Đã nhận 5.000.000 đ với mã chung", "chỉ còn thiếu 900.000 đ"]
    {
        assert!(row.contains(said), "no {said} in {row}");
    }
}

#[test]
fn a_letter_about_money_stands_at_each_client_that_it_is_about() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        let clients = [1, 2, 3].map(|n| enterprise(n).with("L", "Đơn vị kế toán"));
        world.import("khach.csv", &csv(&clients));
        world.run(&["confirm", money::ORDER]).exits(0);
        let codes = money::codes(&world);
        let both = text(&world.order(money::ORDER)["payment_requests"][0], "batch_code");
        money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &both)]);
        world.run(&["run", "mail"]).exits(0);
        let has = |day: &str, said: &str, is_at: [bool; 3]| {
            let workbook = world.path(&format!("outbox/tra-cuu__2026-{day}__r1.xlsx"));
            for (client, is_at) in clients.iter().zip(is_at) {
                let row = row_of(&workbook, client.name());
                assert_eq!(row.contains(said), is_at, "{said} in {row}");
            }
        };
        assert_eq!(looked(&world, NOW), 1);
        has("11-23", "Đã nhận tiền → ", [true; 3]);
        let parts = [format!("{}=2000000", codes[0]), format!("{}=2000000", codes[1])];
        world.run(&["match", "1", &parts[0], &parts[1], "--reason", "chia"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        world.run(&["unmatch", "1", "--reason", "nhầm"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        assert_eq!(looked(&world, &at("11-24", 12)), 1);
        has("11-24", "Tiền đã báo nhận không còn được tính → ", [true, true, false]);
    }
}

#[test]
fn a_client_with_a_new_tax_id_is_found_by_both() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", money::ORDER]).exits(0);
        let (former, present) = (enterprise(1), enterprise(9));
        let same = ["clients", "--same", former.tax_id(), present.tax_id(), "--reason", "mã mới"];
        world.run(&same).exits(0);
        let both = format!("{} (nay là {})", former.tax_id(), present.tax_id());
        let row = row_on(&world, "11-23", former.name());
        assert!(row.contains(&both), "{row}");
        world.run(&["run", "reconcile"]);
        let messages = sheet_text(&world.workbook("B000001"), "Tin nhắn");
        assert!(messages.contains(&both), "{messages}");
        let folder = world.outside("phieu");
        let made = ["export", "slips", "-o", folder.to_str().unwrap()];
        world.run(&made).exits(0);
        let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
        assert!(slips.contains(&both), "{slips}");
    }
}

#[test]
fn a_letter_that_money_went_back_is_called_so() {
    if !require("openpyxl") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 3_000_000, codes[0].as_str())]);
    world.run(&["refund", "1", "50000", "--reason", "dư", "--done", "FT1"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(looked(&world, NOW), 1);
    let first = row_of(&world.path("outbox/tra-cuu__2026-11-23__r1.xlsx"), enterprise(1).name());
    for said in ["Đã nhận tiền → ", "Đã hoàn trả tiền → "] {
        assert!(first.contains(said), "no {said} in {first}");
    }
    let listed = world.run(&["mails"]).exits(0).stdout;
    assert!(listed.contains("Đã hoàn trả tiền"), "{listed}");
}

#[test]
fn what_is_to_be_paid_again_has_the_day_of_its_letter_and_no_renewal() {
    if !require("openpyxl") {
        return;
    }
    let world = money::activated();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, codes[0].as_str())]);
    let id = world.list("payments")[0]["id"].to_string();
    world.run(&["unmatch", &id, "--reason", "nhầm"]).exits(0);
    looked(&world, NOW);
    let row = row_of(&world.path("outbox/tra-cuu__2026-11-23__r1.xlsx"), enterprise(1).name());
    assert!(row.contains("Hạn thanh toán lại, vì khoản đã báo nhận không còn được tính"), "{row}");
    assert!(!row.contains("gia hạn"), "{row}");
}

#[test]
fn a_cut_off_that_was_put_off_before_the_money_came_has_one_day_in_letter_and_look_up() {
    if !(require("openpyxl") && require("python3")) {
        return;
    }
    let world = money::activated();
    let code = money::codes(&world).remove(0);
    let held = ["hold", "DH-2611-000001/1", "--until", "2026-12-10", "--reason", "hẹn trả"];
    world.run(&held).exits(0);
    money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, code.as_str())]);
    world.run(&["run", "mail"]).exits(0);
    let id = world.list("payments")[0]["id"].to_string();
    world.run(&["unmatch", &id, "--reason", "nhầm"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let mut letters = letters_of(&world, "payment_received");
    letters.retain(|letter| letter.subject.starts_with("Còn phải trả"));
    assert_eq!(letters.len(), 1);
    let letter = &letters[0].text;
    assert!(letter.contains("10/12/2026") && !letter.contains("30/11/2026"), "{letter}");
    looked(&world, NOW);
    let row = row_of(&world.path("outbox/tra-cuu__2026-11-23__r1.xlsx"), enterprise(1).name());
    assert!(row.contains("2026-12-10"), "{row}");
}
