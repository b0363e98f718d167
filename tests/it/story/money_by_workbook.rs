//! Money that waits is asked about in a workbook: what is written beside each payment is done when it comes back, with
//! who and when; what changed since, or was not written by us, is refused kindly.

use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise},
    money::{ORDER, activated, codes, requests, take},
    workbooks::{Edit, cell, converted, edited, read, set},
};
use crate::world::{World, finished, require, text, texts};

const SHEET: &str = "Tiền chưa khớp";
/// The columns of the first code, its amount, the second code, of refunds, of rests, of reasons.
const CODE: char = 'I';
const AMOUNT: char = 'J';
const SECOND: char = 'K';
const REFUND: char = 'S';
const WAIVE: char = 'T';
const REASON: char = 'U';
const RID: char = 'V';

/// Five payments that wait.
fn waiting() -> (World, Vec<String>) {
    let world = activated();
    let codes = codes(&world);
    let lines = [
        ("20/11/2026", 2_950_000, "tien phan mem thang 11"),
        ("20/11/2026", 5_900_000, "khong ro"),
        ("21/11/2026", 2_939_000, codes[1].as_str()),
        ("22/11/2026", 77_000, "nham"),
        ("22/11/2026", 123_000, "de do"),
    ];
    take(&world, "sao-ke.csv", &lines);
    world.run(&["run", "reconcile"]).exits(1);
    (world, codes)
}

fn newest(world: &World) -> std::path::PathBuf {
    let mut all = world.files_in("outbox/_bank");
    all.retain(|name| name.starts_with("doi-soat__2026"));
    all.retain(|name| !name.starts_with("cu/"));
    assert_eq!(all.len(), 1, "{all:?}");
    world.path("outbox/_bank").join(&all[0])
}

/// A copy, for when a newer one takes its place.
fn kept(world: &World) -> std::path::PathBuf {
    let copy = world.outside("dau-tien.xlsx");
    std::fs::copy(newest(world), &copy).unwrap();
    copy
}

/// The row of the sheet on which a payment stands, by its memo or amount.
fn row(world: &World, wanted: &str) -> usize {
    let book = read(&newest(world));
    let rows = book["sheets"][SHEET].as_array().unwrap();
    let is_it = |row: &Value| row.as_array().unwrap().iter().any(|it| it == wanted);
    rows.iter().position(is_it).unwrap_or_else(|| panic!("no {wanted} in {rows:?}")) + 1
}

fn said(world: &World, memo: &str, column: char, value: impl Into<Value>) -> Edit {
    cell(SHEET, &format!("{column}{}", row(world, memo)), value)
}

fn drop_back(world: &World, name: &str, bytes: &[u8]) -> Value {
    world.take(&format!("_bank/{name}"), bytes)
}

fn payment(world: &World, memo: &str) -> Value {
    let all = world.list("payments");
    let found = all.iter().find(|it| it["memo"] == memo).unwrap().clone();
    let id = found["id"].to_string();
    world.run(&["payments", &id, "--json"]).exits(0).json()["payments"][0].clone()
}

fn decided(hand: fn(&World, &[u8]) -> Vec<u8>) {
    let (world, codes) = waiting();
    let first = kept(&world);
    let shown = super::workbooks::sheet_text(&first, SHEET);
    assert!(shown.contains(&format!("1. {} – ", codes[0])), "candidates: {shown}");
    assert!(shown.contains("nhưng nội dung không có mã này"), "why not: {shown}");
    let two = format!("{} · 2.950.000 đ · Công ty", codes[2]);
    let edits = [
        set("NGUOI_XAC_NHAN", "chị Hà, phòng kế toán"),
        said(&world, "khong ro", CODE, codes[0].to_lowercase()),
        said(&world, "khong ro", AMOUNT, "2.950.000"),
        said(&world, "khong ro", SECOND, two),
        said(&world, &codes[1], WAIVE, "x"),
        said(&world, "nham", REFUND, "x"),
        said(&world, "nham", REASON, "chuyển nhầm"),
    ];
    let answer = hand(&world, &edited(&world, &first, &edits));
    let asked = world.outside("hoi.xlsx");
    std::fs::write(&asked, &answer).unwrap();
    let check = world.run(&["check", asked.to_str().unwrap(), "--json"]).exits(0).json();
    let told = json!({ "total": 5, "accepted": 3, "rejected": 0, "held": 0, "unchanged": 2 });
    assert_eq!((&check["files"][0]["rows"], &check["files"][0]["workbook"]), (&told, &Value::Null));
    assert_eq!(requests(&world), ["open 0", "partly_paid 2939000", "open 0"]);

    let file = drop_back(&world, "doi-soat.xlsx", &answer);
    assert_eq!((&file["kind"], &file["rows"], &file["exit"]), (&"answer".into(), &told, &0.into()));
    assert_eq!(requests(&world), ["paid 2950000", "paid 2939000", "paid 2950000"]);
    let both = payment(&world, "khong ro");
    assert_eq!((&both["state"], &both["tier"]), (&"matched".into(), &"by_hand".into()));
    let event = both["events"].as_array().unwrap().iter().find(|it| it["kind"] == "match").unwrap();
    assert_eq!(event["by"], "chị Hà, phòng kế toán");
    assert!(text(event, "at").starts_with("2026-11-23T08:30"));
    assert!(text(event, "reason").contains("23/11/2026 (r1)"), "{event}");
    let why = text(&payment(&world, &codes[1]), "why");
    assert!(why.ends_with("Phần còn thiếu 11.000 đ đã được bỏ."), "{why}");
    let back = payment(&world, "nham");
    assert_eq!((&back["state"], &back["refunds"][0]["amount"]), (&"held".into(), &77_000.into()));
    assert_eq!(back["refunds"][0]["reason"], "chuyển nhầm");
    world.run(&["prove"]).exits(0);
    let receipts = world.files_in("outbox/_bank");
    let receipt = receipts.iter().find(|name| name.starts_with("doi-soat__B")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    assert!(receipt.contains("3 đã làm theo, 0 chưa làm được, 2 để nguyên"), "{receipt}");
    let pays = format!("{} 2.950.000 đ", codes[0]);
    let waived = format!(": bỏ phần thiếu {} 11.000 đ", codes[1]);
    for done in [": trả cho HL", &pays, &waived, ": chờ hoàn trả 77.000 đ"] {
        assert!(receipt.contains(done), "no {done} in {receipt}");
    }
    // The next revision shows what is left.
    let left = newest(&world);
    assert!(left.to_str().unwrap().ends_with("__r2.xlsx"), "{}", left.display());
    assert!(!super::workbooks::sheet_text(&left, SHEET).contains("khong ro"));
}

#[test]
fn what_is_written_beside_payments_is_done_with_who_and_when() {
    if require("openpyxl") {
        decided(|_, bytes| bytes.to_owned());
    }
}

#[test]
fn what_a_payment_may_be_for_begins_with_its_code_then_one_like_it_then_a_name() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &csv(&[1, 2, 3, 4].map(enterprise)));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = codes(&world);
    let again = format!("{} lan 2", codes[0]);
    let lines = [
        ("19/11/2026", 2_950_000, codes[0].as_str()),
        ("20/11/2026", 2_950_000, again.as_str()),
        ("20/11/2026", 3_000_000, codes[1].as_str()),
        ("21/11/2026", 2_950_000, "CTY THU NGHIEM 4 chuyen tien"),
        ("22/11/2026", 77_000, &codes[3][..9]),
    ];
    take(&world, "sao-ke.csv", &lines);
    let named = "Tài khoản: 1023456789;;;;\n\
                 Ngày giao dịch;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết;Tên tài khoản đối ứng\n\
                 22/11/2026;0;2950000;tra tien phan mem;CONG TY TNHH THU NGHIEM 3\n";
    world.take("_bank/ten.csv", named.as_bytes());
    world.run(&["run", "reconcile"]).exits(1);
    let book = read(&newest(&world));
    let candidates = |memo: &str| {
        let row = book["sheets"][SHEET][row(&world, memo) - 1].as_array().unwrap();
        let cell = row.iter().filter_map(Value::as_str).find(|it| it.starts_with("1. "));
        cell.unwrap_or_else(|| panic!("no candidates in {row:?}")).to_owned()
    };
    let first = |memo: &str, code: &str, why: &str| {
        let told = candidates(memo);
        let first = told.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("1. {code} ")) && first.ends_with(why), "{told}");
    };
    first(&again, &codes[0], "đã được trả đủ từ trước, chuyển thừa 2.950.000 đ");
    first(&codes[1], &codes[1], "đã đủ bằng khoản này, chuyển thừa 50.000 đ");
    let name = "đúng 2.950.000 đ, nội dung có tên này nhưng không có mã";
    first("CTY THU NGHIEM 4 chuyen tien", &codes[3], name);
    assert!(candidates("CTY THU NGHIEM 4 chuyen tien").contains(&format!("2. {} ", codes[2])));
    let payer = "đúng 2.950.000 đ, tên người chuyển là tên này, nội dung không có mã";
    first("tra tien phan mem", &codes[2], payer);
    first(&codes[3][..9], &codes[3], "số tiền ít hơn 2.873.000 đ");
}

#[test]
fn of_money_under_the_code_for_all_each_candidate_says_what_the_reason_says() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "sao-ke.csv", &[("21/11/2026", 5_000_000, all.as_str())]);
    world.run(&["run", "reconcile"]);
    let said = super::workbooks::sheet_text(&newest(&world), SHEET);
    let of_all = format!("nội dung có mã chung ({all}), không phải mã này");
    let sums = "mã chung còn 5.900.000 đ, đang có 5.000.000 đ";
    assert_eq!((said.matches(&of_all).count(), said.matches(sums).count()), (2, 2), "{said}");
    for wrong in ["chuyển thừa", "nhiều hơn", "nội dung có mã này"] {
        assert!(!said.contains(wrong), "{wrong} in {said}");
    }
}

#[test]
fn of_many_codes_that_money_may_be_for_the_sheet_names_four_and_says_how_many_more_there_are() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let clients = [1, 2, 3, 4, 5, 6].map(enterprise);
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", ORDER]).exits(0);
    let lines = [
        ("21/11/2026", 2_950_000, "chuyen tien"),
        ("22/11/2026", 2_950_000, "CTY THU NGHIEM 6 tt"),
    ];
    take(&world, "sao-ke.csv", &lines);
    world.run(&["run", "reconcile"]);
    let said = super::workbooks::sheet_text(&newest(&world), SHEET);
    assert_eq!(said.matches("và 2 mã khác").count(), 2, "{said}");
    let named = format!("1. {} ", codes(&world)[5]);
    assert!(said.contains(&named), "no {named} in {said}");
}

#[test]
fn what_a_person_said_that_money_is_not_for_is_offered_for_it_no_more_alone_or_with_other_money() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let same = |n| enterprise(n).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same(2), same(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = codes(&world);
    let lines = [0, 1].map(|at: usize| ("20/11/2026", 4_425_000, codes[at].as_str()));
    take(&world, "sao-ke.csv", &lines);
    let shown = || {
        world.run(&["run", "reconcile"]);
        super::workbooks::sheet_text(&newest(&world), SHEET)
    };
    let together = "cùng người trả: đủ khi cộng";
    let before = shown();
    assert_eq!(before.matches(together).count(), 2, "{before}");
    let id = payment(&world, &codes[1])["id"].to_string();
    for (amount, request) in [("1475000", "partly_paid 1475000"), ("0", "open 0")] {
        let said = format!("{}={amount}", codes[2]);
        world.run(&["match", &id, &said, "--reason", "gọi"]);
        assert_eq!(requests(&world)[2], request);
    }
    // What is left of the other one alone is not enough.
    let after = shown();
    assert!(!after.contains(together), "{after}");
    let named = format!(". {} – ", codes[2]);
    assert!(!after.contains(&named), "{after}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn it_survives_a_save_by_libreoffice_and_as_an_open_document() {
    if require("openpyxl") && require("soffice") {
        decided(|world, bytes| converted(world, bytes, &["ods", "xlsx"]));
    }
}

#[test]
fn either_mark_of_the_workbook_is_enough_and_without_both_or_with_a_false_one_it_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let first = kept(&world);
    let say = |memo: &str, code: &str| said(&world, memo, CODE, code);
    let bytes = |edits: &[Edit]| edited(&world, &first, edits);
    let refused = |name: &str, edits: &[Edit]| {
        let file = drop_back(&world, name, &bytes(edits));
        assert_eq!((&file["outcome"], &file["exit"]), (&"rejected".into(), &3.into()), "{file}");
        text(&file["findings"][0], "code")
    };
    let (props, sheet) = (json!({ "forget": "properties" }), json!({ "forget": "_hangloat" }));
    let (one, other) = (say("tien phan mem thang 11", &codes[0]), say("de do", &codes[2]));
    assert_eq!(
        refused("lost.xlsx", &[one.clone(), props.clone(), sheet.clone()]),
        "file.answer_lost_identity"
    );
    let forged = json!({ "signature": "0".repeat(64) });
    assert_eq!(refused("forged.xlsx", &[one.clone(), forged]), "file.forged_answer");
    assert_eq!(requests(&world)[0], "open 0");
    let file = drop_back(&world, "no-props.xlsx", &bytes(&[one, props]));
    assert_eq!((&file["rows"]["accepted"], &file["exit"]), (&1.into(), &0.into()), "{file}");
    let file = drop_back(&world, "no-sheet.xlsx", &bytes(&[other, sheet]));
    assert_eq!((&file["rows"]["accepted"], &file["exit"]), (&1.into(), &0.into()), "{file}");
    assert_eq!(requests(&world)[0], "paid 2950000");
    assert_eq!(requests(&world)[2], "partly_paid 123000");
    world.run(&["prove"]).exits(0);
}

#[test]
fn rows_that_changed_since_or_make_no_sense_are_refused_and_the_others_done() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let first = kept(&world);
    let id = payment(&world, "tien phan mem thang 11")["id"].to_string();
    world.run(&["match", &id, &codes[0], "--reason", "khách gọi"]).exits(0);
    let of_other = read(&first);
    let at = row(&world, "de do");
    let rid = of_other["sheets"][SHEET][at - 1].as_array().unwrap().last().unwrap().clone();
    let edits = [
        said(&world, "tien phan mem thang 11", CODE, codes[2].as_str()),
        said(&world, "khong ro", CODE, "HLKHONGCO"),
        said(&world, "nham", RID, format!("{}0", rid.as_str().unwrap())),
        said(&world, "nham", REFUND, "x"),
        said(&world, "de do", AMOUNT, "1 trieu"),
        said(&world, &codes[1], WAIVE, "x"),
    ];
    let file = drop_back(&world, "tra-loi.xlsx", &edited(&world, &first, &edits));
    assert_eq!((&file["outcome"], &file["exit"]), (&"partly".into(), &1.into()), "{file}");
    assert_eq!((&file["rows"]["accepted"], &file["rows"]["rejected"]), (&1.into(), &4.into()));
    let said: Vec<String> = file["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", text(it, "code"), text(it, "message")))
        .collect();
    assert!(said.iter().any(|it| it.starts_with("row.stale_answer")), "{said:?}");
    let unknown = said.iter().position(|it| it.contains("HLKHONGCO")).unwrap();
    assert_eq!(file["findings"][unknown]["column"], CODE.to_string(), "{file}");
    for words in ["HLKHONGCO", "không phải do chương trình ghi ra", "1 trieu"] {
        assert!(said.iter().any(|it| it.contains(words)), "{words} in {said:?}");
    }
    assert_eq!(requests(&world), ["paid 2950000", "paid 2939000", "open 0"]);
    world.run(&["prove"]).exits(0);
    // The same rows again: what was done is not done twice.
    let again = edited(&world, &first, &[edits[5].clone(), set("NGUOI_XAC_NHAN", "Hà")]);
    let file = drop_back(&world, "lai.xlsx", &again);
    assert_eq!(requests(&world)[1], "paid 2939000", "{file}");
}

#[test]
fn a_row_that_wants_a_code_and_money_back_that_is_not_there_is_told_that_it_is_for_one_thing() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let edits =
        [said(&world, "de do", CODE, codes[0].as_str()), said(&world, "de do", REFUND, "x")];
    let file = drop_back(&world, "tra-loi.xlsx", &edited(&world, &newest(&world), &edits));
    let told = text(&file["findings"][0], "message");
    assert!(told.contains("vừa ghép mã vừa hoàn tiền"), "{told}");
    assert_eq!(file["findings"][0]["column"], REFUND.to_string(), "{file}");
    let id = payment(&world, "de do")["id"].to_string();
    assert!(told.starts_with(&format!("Khoản {id}: ")), "{told}");
    assert!(!text(&file["findings"][0], "fix").contains("unmatch"), "{file}");
    assert_eq!(requests(&world)[0], "open 0");
}

#[test]
fn what_came_by_a_workbook_is_told_to_have_come_so_though_nobody_is_named() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    let edits = [said(&world, "nham", REFUND, "x")];
    drop_back(&world, "tra-loi.xlsx", &edited(&world, &newest(&world), &edits));
    let id = payment(&world, "nham")["id"].to_string();
    let told = world.run(&["payments", &id]).exits(0).stdout;
    assert!(told.contains("Ghi hoàn 77.000 đ (trong tệp đối soát)"), "{told}");
    world.run(&["refund", &id, "77000", "--reason", "đã trả", "--done", "FT77"]).exits(0);
    let told = world.run(&["payments", &id]).exits(0).stdout;
    assert!(told.contains("Đã hoàn trả 77.000 đ, số tham chiếu FT77 (bằng lệnh)"), "{told}");
}

/// The hidden cell of a row.
fn rid(world: &World, memo: &str) -> Value {
    let book = read(&newest(world));
    book["sheets"][SHEET][row(world, memo) - 1].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn a_row_that_shows_another_payment_than_its_hidden_cell_names_waits_and_says_both() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = waiting();
    // As where a part of the sheet was sorted: the hidden cells stayed.
    let edits = [
        said(&world, "nham", RID, rid(&world, "de do")),
        said(&world, "de do", RID, rid(&world, "nham")),
        said(&world, "nham", REFUND, "x"),
    ];
    let file = drop_back(&world, "tra-loi.xlsx", &edited(&world, &newest(&world), &edits));
    assert_eq!((&file["rows"]["accepted"], &file["rows"]["rejected"]), (&0.into(), &1.into()));
    assert_eq!(texts(file["findings"].as_array().unwrap(), "code"), ["row.unknown_answer"]);
    let (nham, de_do) = (payment(&world, "nham"), payment(&world, "de do"));
    let told = text(&file["findings"][0], "message");
    for (payment, amount) in [(&nham, "77.000 đ"), (&de_do, "123.000 đ")] {
        let words = format!("khoản {} ngày 22/11/2026, {amount}", payment["id"]);
        assert!(told.contains(&words), "{words} in {told}");
    }
    let fix = text(&file["findings"][0], "fix");
    assert!(fix.contains("outbox/_bank") && fix.contains("inbox/_bank"), "{fix}");
    for payment in [nham, de_do] {
        assert_eq!(payment["refunds"], json!([]), "{payment}");
    }
}

#[test]
fn a_cell_of_ours_that_was_edited_beside_a_payment_is_ignored_and_that_is_said() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    // The memo, where an answer stands; the number, and an amount, where none does.
    let edits = [
        said(&world, "de do", 'F', "noi dung khac"),
        said(&world, "de do", CODE, codes[0].as_str()),
        said(&world, "nham", 'A', Value::Null),
        said(&world, "khong ro", 'C', 5_900_001),
    ];
    let file = drop_back(&world, "tra-loi.xlsx", &edited(&world, &newest(&world), &edits));
    assert_eq!((&file["rows"]["accepted"], &file["exit"]), (&1.into(), &0.into()), "{file}");
    let found = file["findings"].as_array().unwrap();
    assert_eq!(texts(found, "code"), ["row.unknown_answer"; 3]);
    assert!(found.iter().all(|it| it["severity"] == "info"), "{found:?}");
    for column in ["C", "F"] {
        assert_eq!(
            texts(found, "column").iter().filter(|it| *it == column).count(),
            1,
            "{found:?}"
        );
    }
    assert_eq!(requests(&world)[0], "partly_paid 123000");
}

#[test]
fn a_row_whose_payment_was_matched_and_parted_since_is_not_taken() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let memo = "tien phan mem thang 11";
    let late = edited(&world, &newest(&world), &[said(&world, memo, CODE, codes[2].as_str())]);
    let id = payment(&world, memo)["id"].to_string();
    world.run(&["match", &id, &codes[0], "--reason", "khách gọi"]).exits(0);
    world.run(&["unmatch", &id, "--reason", "nhầm"]).exits(0);
    let file = drop_back(&world, "tra-loi.xlsx", &late);
    assert_eq!(file["findings"][0]["code"], "row.stale_answer", "{file}");
    let fix = text(&file["findings"][0], "fix");
    assert!(fix.contains("outbox/_bank;") && fix.contains("inbox/_bank."), "{fix}");
    assert!(newest(&world).to_str().unwrap().ends_with("__r2.xlsx"), "which shows how it is now");
    assert_eq!(requests(&world), ["open 0", "partly_paid 2939000", "open 0"]);
}

#[test]
fn a_row_that_says_what_somebody_did_meanwhile_is_told_to_be_done_already() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let memo = "tien phan mem thang 11";
    let late = edited(&world, &newest(&world), &[said(&world, memo, CODE, codes[0].as_str())]);
    let id = payment(&world, memo)["id"].to_string();
    world.run(&["match", &id, &codes[0], "--reason", "khách gọi"]).exits(0);
    let file = drop_back(&world, "tra-loi.xlsx", &late);
    assert_eq!((&file["outcome"], &file["exit"]), (&"accepted".into(), &0.into()), "{file}");
    assert_eq!(file["rows"]["unchanged"], 5);
    assert_eq!(texts(file["findings"].as_array().unwrap(), "code"), ["row.already_done"]);
    let receipts = world.files_in("outbox/_bank");
    let receipt = receipts.iter().find(|name| name.starts_with("tra-loi__")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    assert!(receipt.contains("đã được làm từ trước") && receipt.contains(&codes[0]), "{receipt}");
}

#[test]
fn while_the_platform_is_away_no_receipt_speaks_of_a_new_reconciliation() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let edits = [said(&world, "de do", CODE, codes[0].as_str())];
    let answer = edited(&world, &newest(&world), &edits);
    let path = world.drop_file("_bank/tra-loi.xlsx", &answer);
    // Nobody listens there; a platform over HTTP is asked on the real clock.
    let mut import = world.command(&["run", "import", path.to_str().unwrap(), "--json"]);
    import
        .env("HANGLOAT_PLATFORM__KIND", "http")
        .env("HANGLOAT_PLATFORM__BASE_URL", "http://127.0.0.1:1/v1")
        .env("HANGLOAT_PLATFORM__TOKEN", "thu");
    let taken = finished(&mut import).exits(0).json();
    assert_eq!(taken["files"][0]["rows"]["accepted"], 1, "{taken}");
    assert!(newest(&world).to_str().unwrap().ends_with("__r1.xlsx"), "the old one is still there");
    let receipts = world.files_in("outbox/_bank");
    let receipt = receipts.iter().find(|name| name.starts_with("tra-loi__")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    assert!(receipt.contains("chưa lập được tệp đối soát mới"), "{receipt}");
    assert!(!receipt.contains("Tệp đối soát mới trong thư mục này"), "{receipt}");
}

#[test]
fn a_workbook_that_comes_again_with_more_rows_filled_in_leaves_what_was_done_as_it_is() {
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let first = kept(&world);
    let mut edits = vec![
        said(&world, "nham", REFUND, "50.000"),
        said(&world, "de do", CODE, codes[0].as_str()),
        said(&world, &codes[1], WAIVE, "x"),
    ];
    let last = said(&world, "tien phan mem thang 11", CODE, codes[2].as_str());
    let file = drop_back(&world, "mot.xlsx", &edited(&world, &first, &edits));
    assert_eq!((&file["rows"]["accepted"], &file["exit"]), (&3.into(), &0.into()), "{file}");
    edits.push(last);
    let more = edited(&world, &first, &edits);
    let asked = world.outside("hoi.xlsx");
    std::fs::write(&asked, &more).unwrap();
    let check = world.run(&["check", asked.to_str().unwrap(), "--json"]).exits(0).json();
    let told = json!({ "total": 5, "accepted": 1, "rejected": 0, "held": 0, "unchanged": 4 });
    assert_eq!(check["files"][0]["rows"], told);
    let file = drop_back(&world, "hai.xlsx", &more);
    assert_eq!((&file["rows"], &file["exit"]), (&told, &0.into()), "{file}");
    assert_eq!(texts(file["findings"].as_array().unwrap(), "code"), ["row.already_done"; 3]);
    assert_eq!(payment(&world, "nham")["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(requests(&world), ["partly_paid 123000", "paid 2939000", "paid 2950000"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn an_answer_about_money_is_taken_from_the_folder_of_the_bank_alone_and_killed_anywhere_ends_once()
{
    if !require("openpyxl") {
        return;
    }
    let (world, codes) = waiting();
    let edits =
        [said(&world, "nham", REFUND, "50.000"), said(&world, "de do", CODE, codes[0].as_str())];
    let bytes = edited(&world, &newest(&world), &edits);
    world.drop_file("_bank/tra-loi.xlsx", &bytes);
    for point in ["money_settled", "money_said"] {
        assert!(world.is_killed_at(point, &["run", "import"]), "{point}");
    }
    world.run(&["run", "import"]);
    let back = payment(&world, "nham");
    assert_eq!(back["refunds"].as_array().unwrap().len(), 1, "{back}");
    assert_eq!(requests(&world)[0], "partly_paid 123000");
    world.run(&["prove"]).exits(0);

    let second = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Khác\"\ntax_id = \"0100233488\"\nadmin = { name = \"A\", email = \"a@khac.example\", phone = \"0912345679\" }\n";
    let settings = world.path("hangloat.toml");
    std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + second).unwrap();
    let more =
        edited(&world, &newest(&world), &[said(&world, "khong ro", CODE, codes[2].as_str())]);
    let file = world.take("MINHAN/tra-loi.xlsx", &more);
    assert_eq!(file["findings"][0]["code"], "file.wrong_folder");
    assert_eq!(requests(&world)[2], "open 0");
}

#[test]
fn when_the_last_payment_is_answered_no_workbook_asks_any_more() {
    if !require("openpyxl") {
        return;
    }
    let world = activated();
    let codes = codes(&world);
    take(&world, "sao-ke.csv", &[("20/11/2026", 2_950_000, "khong ro")]);
    world.run(&["run", "reconcile"]).exits(1);
    let edits = [
        said(&world, "khong ro", CODE, codes[0].as_str()),
        said(&world, "khong ro", AMOUNT, "2.950.000"),
    ];
    let bytes = edited(&world, &newest(&world), &edits);
    let file = drop_back(&world, "doi-soat.xlsx", &bytes);
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    let left = world.files_in("outbox/_bank");
    assert!(!left.iter().any(|name| name.starts_with("doi-soat__2026")), "{left:?}");
    let receipt = left.iter().find(|name| name.starts_with("doi-soat__B")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    assert!(!receipt.contains("Tệp đối soát mới"), "{receipt}");
}
