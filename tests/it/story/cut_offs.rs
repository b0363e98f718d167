//! *Sắp ngắt*: the lines that are cut off next are asked about the afternoon before, and put off by dropping that
//! workbook back, through each of the programs that may have saved it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    grace::{at, booked, lines, night, unpaid},
    lists::{csv, enterprise},
    workbooks::{Edit, cell, converted, edited, read, set, sheet_text},
};
use crate::world::{FIRM, World, require, text, texts};

const SHEET: &str = "Sắp ngắt";
const BY: &str = "ke.toan@nhacungcap.example";
/// The first of the rows; the columns of the wish and of the reason.
const FIRST: u32 = 6;

/// Three unpaid lines whose last day is Monday the 30th, warned on Friday the 27th, and the workbook of that afternoon.
fn asked() -> (World, PathBuf) {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let ran = world.run_at(&at("11-27", 15), &["run", "cut-offs", "--json"]).exits(0).json();
    assert_eq!(ran["runs"][0]["counts"]["cut_offs"], 3, "{ran}");
    // As somebody copied it; the next one takes its place.
    let workbook = world.outside("sap-ngat.xlsx");
    std::fs::copy(world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx"), &workbook).unwrap();
    (world, workbook)
}

/// What is written beside the nth line.
fn wish(n: u32, wish: impl Into<Value>, reason: &str) -> Vec<Edit> {
    let row = FIRST + n - 1;
    vec![cell(SHEET, &format!("I{row}"), wish), cell(SHEET, &format!("J{row}"), reason)]
}

/// Drops a workbook back on Friday the 27th, at an hour.
fn back(world: &World, hour: u32, name: &str, bytes: &[u8]) -> Value {
    let path = world.drop_file(name, bytes);
    let args = ["run", "import", path.to_str().unwrap(), "--json"];
    let answer = world.run_at(&at("11-27", hour), &args).json();
    let mut file = answer["files"][0].clone();
    file["exit"] = answer["exit"].clone();
    file
}

fn codes(file: &Value) -> Vec<String> {
    texts(file["findings"].as_array().unwrap(), "code")
}

/// What became of a workbook between the person and the inbox.
type Hand = fn(&World, &[u8]) -> Vec<u8>;

fn every_wish_comes_back(hand: Hand) {
    let (world, workbook) = asked();
    let edits = [
        wish(1, "3 ngày", "hẹn trả thứ năm"),
        wish(2, "10/12/2026", "chờ tiền về"),
        vec![set("NGUOI_XAC_NHAN", BY)],
    ];
    let answer = hand(&world, &edited(&world, &workbook, &edits.concat()));
    let taken = back(&world, 16, "_bank/tra-loi.xlsx", &answer);
    assert_eq!(
        (&taken["kind"], &taken["outcome"], &taken["exit"]),
        (&"answer".into(), &"accepted".into(), &0.into()),
        "{taken}"
    );
    let rows = json!({ "total": 3, "accepted": 2, "rejected": 0, "held": 0, "unchanged": 1 });
    assert_eq!(taken["rows"], rows);
    let said = sheet_text(&world.path("outbox/_bank/sap-ngat__2026-11-27__r2.xlsx"), SHEET);
    let held = format!("Hoãn đến hết 03/12/2026 ({BY}, 27/11/2026 16:00): hẹn trả thứ năm.");
    assert!(said.contains(&held) && said.contains("Hoãn đến hết 10/12/2026"), "{said}");
    let receipts = world.files_in("outbox/_bank");
    let receipt = receipts.iter().find(|name| name.starts_with("tra-loi__")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    for needed in [BY, "DH-2611-000001/1: hoãn đến hết ngày 03/12/2026", "ĐÃ NHẬN TRẢ LỜI"]
    {
        assert!(receipt.contains(needed), "no {needed} in {receipt}");
    }
    // The same once more, and the old workbook as it was, change nothing.
    let edits = [wish(1, "3 ngày", "hẹn trả thứ năm"), vec![set("NGUOI_XAC_NHAN", "khác")]];
    let again = edited(&world, &workbook, &edits.concat());
    let again = back(&world, 17, "_bank/lan-nua.xlsx", &again);
    assert_eq!((&again["outcome"], &again["rows"]["unchanged"]), (&"accepted".into(), &3.into()));
    let said = text(&again["findings"][0], "message");
    assert!(said.contains("làm từ trước") && said.contains("03/12/2026"), "{said}");

    booked(&world, "a.csv", "01/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-02").1["suspended"], 1);
    assert_eq!(lines(&world), ["grace", "grace", "suspended"]);
}

#[test]
fn every_wish_survives_a_save_by_openpyxl() {
    if require("openpyxl") {
        every_wish_comes_back(|_, bytes| bytes.to_owned());
    }
}

#[test]
fn every_wish_survives_a_save_by_libreoffice() {
    if require("openpyxl") && require("soffice") {
        every_wish_comes_back(|world, bytes| converted(world, bytes, &["xlsx"]));
    }
}

#[test]
fn every_wish_survives_the_way_through_an_open_document() {
    if require("openpyxl") && require("soffice") {
        every_wish_comes_back(|world, bytes| converted(world, bytes, &["ods", "xlsx"]));
    }
}

#[test]
fn either_means_of_identity_is_enough_without_both_it_is_refused_and_a_forged_one_too() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let properties = json!({ "forget": "properties" });
    let sheet = json!({ "forget": "_hangloat" });
    let one = [wish(1, "2 ngày", "hẹn"), vec![properties.clone()]].concat();
    let taken = back(&world, 16, "_bank/1.xlsx", &edited(&world, &workbook, &one));
    assert_eq!(taken["rows"]["accepted"], 1, "{taken}");
    let other = [wish(2, "2 ngày", "hẹn"), vec![sheet.clone()]].concat();
    let taken = back(&world, 16, "_bank/2.xlsx", &edited(&world, &workbook, &other));
    assert_eq!(taken["rows"]["accepted"], 1, "{taken}");
    for (name, edits, code) in [
        ("3.xlsx", vec![properties, sheet], "file.answer_lost_identity"),
        ("4.xlsx", vec![json!({ "signature": "00" })], "file.forged_answer"),
    ] {
        let edits = [wish(3, "2 ngày", "hẹn"), edits].concat();
        let bytes = edited(&world, &workbook, &edits);
        let refused = back(&world, 16, &format!("_bank/{name}"), &bytes);
        assert_eq!((codes(&refused), &refused["exit"]), (vec![code.to_owned()], &3.into()));
    }
}

#[test]
fn rows_that_somebody_altered_are_forged_and_a_line_that_we_did_not_write_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let signed = sheet_text(&workbook, "_hangloat");
    let altered = signed.trim().replace("2026-11-30/", "2026-12-30/");
    assert_ne!(altered, signed.trim());
    let edits = [wish(1, "2 ngày", "hẹn"), vec![cell("_hangloat", "A1", altered)]].concat();
    let taken = back(&world, 16, "_bank/1.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(codes(&taken), ["file.forged_answer"], "{taken}");
    // Without the sheet what stands beside a row is enough, where we wrote it.
    let typed = cell(SHEET, &format!("K{}", FIRST + 1), "DH-2611-000001/2");
    let edits = [wish(1, "2 ngày", "hẹn"), wish(2, "2 ngày", "hẹn"), vec![typed]].concat();
    let edits = [edits, vec![json!({ "forget": "_hangloat" })]].concat();
    let taken = back(&world, 16, "_bank/2.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(codes(&taken), ["row.stale_answer"], "{taken}");
    assert_eq!(taken["rows"]["accepted"], 1, "{taken}");
}

#[test]
fn a_row_that_shows_another_line_than_its_hidden_cell_names_is_not_put_off() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let book = read(&workbook);
    let rid = |n: u32| {
        let row = usize::try_from(FIRST + n).unwrap() - 2;
        book["sheets"][SHEET][row].as_array().unwrap().last().unwrap().clone()
    };
    let hidden = |n: u32, rid: Value| cell(SHEET, &format!("K{}", FIRST + n - 1), rid);
    let swapped = vec![hidden(1, rid(2)), hidden(2, rid(1))];
    let edits = [wish(1, "2 ngày", "hẹn"), wish(3, "2 ngày", "hẹn"), swapped].concat();
    let taken = back(&world, 16, "_bank/a.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!((codes(&taken), &taken["exit"]), (vec!["row.unknown_answer".to_owned()], &1.into()));
    assert_eq!(
        (&taken["rows"]["accepted"], &taken["rows"]["held"]),
        (&1.into(), &1.into()),
        "{taken}"
    );
    let said = text(&taken["findings"][0], "message");
    assert!(said.contains("“DH-2611-000001/1”") && said.contains("DH-2611-000001/2 "), "{said}");
}

#[test]
fn what_changed_since_is_refused_kindly_and_the_rest_is_done() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let held = ["hold", "DH-2611-000001/1", "--until", "2026-12-20", "--reason", "đã gọi điện"];
    world.run_at(&at("11-27", 15), &held).exits(0);
    let edits = [wish(1, "3 ngày", "hẹn"), wish(2, "3 ngày", "hẹn"), wish(3, "sang năm", "hẹn")];
    let taken = back(&world, 16, "_bank/a.xlsx", &edited(&world, &workbook, &edits.concat()));
    assert_eq!(codes(&taken), ["row.stale_answer", "row.unknown_answer"], "{taken}");
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"partly".into(), &1.into()));
    let place = (&taken["findings"][1]["row"], &taken["findings"][1]["column"]);
    assert_eq!(place, (&(FIRST + 2).into(), &"I".into()));
    let fix = text(&taken["findings"][1], "fix");
    assert!(fix.contains("3 ngày") && fix.contains("10/12/2026"), "{fix}");
    let fix = text(&taken["findings"][0], "fix");
    assert!(fix.contains("outbox/_bank;") && fix.contains("inbox/_bank."), "{fix}");
    let newest = world.path("outbox/_bank/sap-ngat__2026-11-27__r2.xlsx");
    let said = sheet_text(&newest, SHEET);
    // The 20th is a Sunday.
    assert!(said.contains("Hoãn đến hết 21/12/2026") && said.contains("03/12/2026"), "{said}");
    // It is let go, and without a reason nothing is put off.
    let order = read(&newest)["sheets"][SHEET].as_array().unwrap().clone();
    let row = |line: &str| {
        let is_it = |row: &Value| row[0] == line;
        u32::try_from(order.iter().position(is_it).unwrap()).unwrap() + 2 - FIRST
    };
    let (first, third) = (row("DH-2611-000001/1"), row("DH-2611-000001/3"));
    let edits = [wish(first, "Bỏ hoãn", ""), wish(third, "x", "")].concat();
    let taken = back(&world, 17, "_bank/b.xlsx", &edited(&world, &newest, &edits));
    assert_eq!(
        (codes(&taken), &taken["rows"]["accepted"]),
        (vec!["row.unknown_answer".to_owned()], &1.into())
    );
}

#[test]
fn a_day_that_is_more_than_a_year_ahead_is_refused_as_a_slip() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let edits = wish(1, "01/01/2030", "hẹn");
    let taken = back(&world, 16, "_bank/a.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(codes(&taken), ["row.unknown_answer"], "{taken}");
    assert!(taken.to_string().contains("xa hơn một năm"), "{taken}");
}

#[test]
fn who_may_have_paid_is_not_cut_off_and_the_workbook_names_the_payment() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = asked();
    let paid = [
        // A name, with less than was asked for; an amount that three owe is no sign for any of them.
        ("28/11/2026", 2_939_000, "CTY THU NGHIEM 2 GIA HAN"),
        ("28/11/2026", 2_950_000, "chuyen tien"),
    ];
    booked(&world, "a.csv", "02/12/2026", &paid);
    let sheet = |day: &str| {
        world.run_at(&at(day, 15), &["run", "cut-offs"]).exits(0);
        let name = format!("outbox/_bank/sap-ngat__2026-{day}__r1.xlsx");
        sheet_text(&world.path(&name), SHEET)
    };
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    let payments = world.list("payments");
    let by_name = payments.iter().find(|it| it["amount"] == 2_939_000).unwrap();
    let said = sheet("12-04");
    let named = format!("dòng này: khoản {} (28/11/2026, 2.939.000 đ chưa dùng)", by_name["id"]);
    assert!(said.contains(&named), "{said}");
    // A person says whose it is not: it goes back.
    let back = ["refund", &by_name["id"].to_string(), "2939000", "--reason", "nhầm"];
    world.run_at(&at("12-04", 16), &back).exits(0);
    assert_eq!(night(&world, "12-07").1["suspended"], 1);
}

#[test]
fn who_paid_under_a_short_name_with_the_exact_amount_is_not_cut_off_and_the_others_are() {
    let world = World::new();
    let names = [
        "Công ty TNHH ABC",
        "Công ty TNHH Hà An",
        "Công ty Cổ phần Xây dựng Thành Đạt",
        "Công ty TNHH Vân Sa",
        "Công ty TNHH Hà Vy",
    ];
    let clients: Vec<_> = (1..).zip(names).map(|(n, name)| enterprise(n).with("A", name)).collect();
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.run(&["activate", "DH-2611-000001"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let paid = [
        ("28/11/2026", 2_000_000, "CONG TY TNHH ABC tra truoc"),
        ("28/11/2026", 2_950_000, "HA AN thanh toan"),
        ("28/11/2026", 2_950_000, "thanh dat ck"),
        // Not these: other words, and another amount.
        ("28/11/2026", 2_950_000, "NHA VAN SANH tt"),
        ("28/11/2026", 2_000_000, "HA VY tt"),
    ];
    booked(&world, "a.csv", "02/12/2026", &paid);
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    assert_eq!(lines(&world), ["grace", "grace", "grace", "suspended", "suspended"]);
    // Nothing is matched by a name.
    let payments = world.list("payments");
    assert!(payments.iter().all(|it| it["state"] == "unmatched"), "{payments:?}");
}

#[test]
fn of_many_payments_that_may_be_anybodys_the_workbook_says_how_many_more_there_are() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = asked();
    booked(&world, "a.csv", "29/11/2026", &[("28/11/2026", 2_950_000, "chuyen tien"); 5]);
    world.run_at(&at("11-30", 14), &["run", "import"]).exits(0);
    world.run_at(&at("11-30", 15), &["run", "cut-offs"]).exits(0);
    let said = sheet_text(&world.path("outbox/_bank/sap-ngat__2026-11-30__r1.xlsx"), SHEET);
    assert_eq!(said.matches(" và 2 khoản khác").count(), 3, "{said}");
}

#[test]
fn money_of_the_only_one_who_owes_so_much_may_be_its() {
    let world = unpaid();
    let codes = super::money::codes(&world);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let paid = [
        ("28/11/2026", 2_950_000, codes[0].as_str()),
        ("28/11/2026", 2_950_000, codes[1].as_str()),
        ("29/11/2026", 2_950_000, "chuyen tien"),
    ];
    booked(&world, "a.csv", "02/12/2026", &paid);
    let (_, counts) = night(&world, "12-04");
    assert_eq!((&counts["suspended"], &counts["waiting_lines"]), (&0.into(), &1.into()));
    assert_eq!(lines(&world), ["active", "active", "grace"]);
}

#[test]
fn a_line_that_was_paid_meanwhile_is_told_to_be_paid() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let code = super::money::codes(&world).remove(0);
    booked(&world, "a.csv", "27/11/2026", &[("27/11/2026", 2_950_000, &code)]);
    world.run_at(&at("11-27", 16), &["run", "import"]).exits(0);
    let order = read(&workbook)["sheets"][SHEET].as_array().unwrap().clone();
    let is_it = |row: &Value| row[0] == "DH-2611-000001/1";
    let n = u32::try_from(order.iter().position(is_it).unwrap()).unwrap() + 2 - FIRST;
    let taken = back(
        &world,
        17,
        "_bank/tra-loi.xlsx",
        &edited(&world, &workbook, &wish(n, "3 ngày", "hẹn")),
    );
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()), "{taken}");
    assert_eq!(
        (codes(&taken), &taken["rows"]["unchanged"]),
        (vec!["row.already_done".to_owned()], &3.into())
    );
    let said = text(&taken["findings"][0], "message");
    assert!(said.contains("đã được thanh toán") && !said.contains("làm từ trước"), "{said}");
    let receipts = world.files_in("outbox/_bank");
    let receipt = receipts.iter().find(|name| name.starts_with("tra-loi__")).unwrap();
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(receipt)).unwrap();
    assert!(receipt.contains("Đã như vậy từ trước:"), "{receipt}");
}

#[test]
fn a_firm_itself_puts_off_once_and_not_for_long() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let edits = [wish(1, "x", "khách hẹn"), wish(2, 4, "khách hẹn")].concat();
    let taken = back(&world, 16, "tra-loi.xlsx", &edited(&world, &workbook, &edits));
    assert_eq!(
        (codes(&taken), &taken["rows"]["accepted"]),
        (vec!["row.unknown_answer".to_owned()], &1.into())
    );
    assert!(text(&taken["findings"][0], "message").contains("nhiều nhất 3 ngày"), "{taken}");
    let newest = world.path("outbox/_bank/sap-ngat__2026-11-27__r2.xlsx");
    let said = sheet_text(&newest, SHEET);
    assert!(said.contains("(lan@minhan.example, 27/11/2026 16:00)"), "{said}");
    let rows = read(&newest)["sheets"][SHEET].as_array().unwrap().clone();
    let at = rows.iter().position(|row| row[0] == "DH-2611-000001/1").unwrap();
    let n = u32::try_from(at).unwrap() + 2 - FIRST;
    let taken = back(&world, 17, "lan-hai.xlsx", &edited(&world, &newest, &wish(n, 1, "nữa")));
    assert!(text(&taken["findings"][0], "message").contains("một lần"), "{taken}");
    let stranger = [wish(n, 1, "nữa"), vec![set("NGUOI_XAC_NHAN", "ai@khac.example")]].concat();
    let taken = back(&world, 17, "nguoi-la.xlsx", &edited(&world, &newest, &stranger));
    assert_eq!(codes(&taken), ["registered_by.unknown"], "{taken}");
}

#[test]
fn the_folder_says_whose_answer_it_is_whoever_is_named_and_the_sheet_tells_so() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = asked();
    let admin = || vec![set("NGUOI_XAC_NHAN", "lan@minhan.example")];
    let long = |n: u32| edited(&world, &workbook, &[wish(n, "7 ngày", "hẹn"), admin()].concat());
    let taken = back(&world, 16, "tra-loi.xlsx", &long(1));
    assert_eq!(codes(&taken), ["row.unknown_answer"], "{taken}");
    assert!(text(&taken["findings"][0], "fix").contains("inbox/_bank"), "{taken}");
    let taken = back(&world, 16, "_bank/tra-loi-2.xlsx", &long(2));
    assert_eq!((&taken["rows"]["accepted"], &taken["exit"]), (&1.into(), &0.into()), "{taken}");
    let sheet = sheet_text(&workbook, SHEET);
    assert!(sheet.contains("dù ai đứng tên xác nhận") && sheet.contains("inbox khác"), "{sheet}");
}

const SECOND: &str = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Kế toán Khác\"\ntax_id = \"0100233488\"\nadmin = { name = \"A\", email = \"a@khac.example\", phone = \"0912345679\" }\n";

/// A second firm with a client of its own, activated.
fn second(world: &World) {
    let path = world.path("hangloat.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, settings + SECOND).unwrap();
    let file = world.outside("khac.csv");
    std::fs::write(&file, csv(&[enterprise(9)])).unwrap();
    world.run(&["run", "import", file.to_str().unwrap(), "--firm", "KHAC"]).exits(0);
    let order = world.list("orders").iter().find(|it| it["firm"] == "KHAC").unwrap().clone();
    world.run(&["confirm", &text(&order, "code"), "--activate"]).exits(0);
}

#[test]
fn with_several_firms_each_reads_its_own_lines_and_none_of_them_answers() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    second(&world);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let name = "sap-ngat__2026-11-27__r1.xlsx";
    let all = sheet_text(&world.path(&format!("outbox/_bank/{name}")), SHEET);
    let own = sheet_text(&world.path(&format!("outbox/KHAC/{name}")), SHEET);
    let (first, ninth) = (enterprise(1), enterprise(9));
    assert!(all.contains(first.name()) && all.contains(ninth.name()), "{all}");
    assert!(own.contains(ninth.name()) && !own.contains(first.name()), "{own}");
    assert!(!own.contains("Hoãn"), "{own}");
    // Nothing is promised that is refused below.
    assert!(all.contains("inbox khác thì tệp không được nhận"), "{all}");
    assert!(!all.contains("đơn vị kế toán tự hoãn"), "{all}");
    let edits = wish(1, "1 ngày", "hẹn");
    let bytes = edited(&world, &world.path(&format!("outbox/_bank/{name}")), &edits);
    let refused = back(&world, 16, &format!("{FIRM}/tra-loi.xlsx"), &bytes);
    assert_eq!(
        (codes(&refused), &refused["exit"]),
        (vec!["file.wrong_folder".to_owned()], &3.into())
    );
    assert_eq!(back(&world, 16, "_bank/tra-loi.xlsx", &bytes)["rows"]["accepted"], 1);
}

#[test]
fn what_is_only_to_be_read_orders_nothing_wherever_it_is_dropped() {
    let world = unpaid();
    second(&world);
    for job in ["cut-offs", "report"] {
        world.run_at(&at("11-27", 15), &["run", job]).exits(0);
    }
    let export = world.outside("dong.xlsx");
    let path = export.to_str().unwrap();
    world.run_at(&at("11-27", 15), &["export", "lines", "-o", path]).exits(0);
    let before = world.list("orders");
    let of_outbox = |name: &str| world.path("outbox").join(name);
    let refused = |name: &str, bytes: &[u8]| {
        let file = back(&world, 16, name, bytes);
        let said = (codes(&file), &file["exit"]);
        assert_eq!(said, (vec!["file.to_read".to_owned()], &3.into()), "{name}: {file}");
    };
    for (made, name) in [
        (of_outbox("KHAC/sap-ngat__2026-11-27__r1.xlsx"), "KHAC/sap-ngat.xlsx"),
        (of_outbox("KHAC/morning__2026-11-27__r1.xlsx"), "KHAC/buoi-sang.xlsx"),
        (of_outbox("_bank/morning__2026-11-27__r1.xlsx"), "_bank/buoi-sang.xlsx"),
        (export.clone(), "KHAC/dong.xlsx"),
    ] {
        refused(name, &std::fs::read(made).unwrap());
    }
    let checked = world.run(&["check", path, "--firm", "KHAC", "--json"]).exits(3).json();
    assert_eq!(checked["files"][0]["findings"][0]["code"], "file.to_read", "{checked}");
    if require("openpyxl") {
        for what in ["properties", "_hangloat"] {
            let bytes = edited(&world, &export, &[json!({ "forget": what })]);
            refused(&format!("KHAC/khong-{what}.xlsx"), &bytes);
        }
        // Nor where a program that saved it left out all that says what it is.
        world.run_at(&at("11-28", 8), &["run", "report"]).exits(0);
        let clients = world.outside("khach-hang.xlsx");
        let args = ["export", "clients", "-o", clients.to_str().unwrap(), "--locale", "en"];
        world.run(&args).exits(0);
        let forget = ["properties", "_hangloat"].map(|what| json!({ "forget": what }));
        for (made, name) in [
            (of_outbox("MINHAN/morning__2026-11-28__r1.xlsx"), "buoi-sang"),
            (of_outbox("MINHAN/sap-ngat__2026-11-27__r1.xlsx"), "sap-ngat"),
            (export.clone(), "dong"),
            (clients, "khach-hang"),
        ] {
            let bytes = edited(&world, &made, &forget);
            refused(&format!("MINHAN/{name}-tron.xlsx"), &bytes);
        }
    }
    assert_eq!(world.list("orders"), before);
}

#[test]
fn a_firm_reads_that_money_is_looked_at_and_not_which_one() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    second(&world);
    let memo = format!("tra tien {}", enterprise(1).name());
    booked(&world, "a.csv", "26/11/2026", &[("24/11/2026", 1_000_000, &memo)]);
    night(&world, "11-27");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let of = |folder: &str| {
        let name = format!("outbox/{folder}/sap-ngat__2026-11-27__r1.xlsx");
        sheet_text(&world.path(&name), SHEET)
    };
    let (all, own) = (of("_bank"), of("MINHAN"));
    assert!(all.contains("1.000.000 đ chưa dùng"), "{all}");
    assert_eq!(own.matches("Có tiền đang được xem xét").count(), 1, "{own}");
    assert_eq!(own.matches("Sẽ ngắt sau ngày cuối").count(), 2, "{own}");
    assert!(!own.contains("1.000.000"), "{own}");
}

#[test]
fn a_firm_reads_until_when_its_line_was_put_off_and_under_which_code_it_is_paid_and_not_why() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    second(&world);
    let code = super::money::codes(&world).remove(0);
    let held = ["hold", "DH-2611-000001/1", "--until", "2026-12-10", "--reason", "khách nợ lâu"];
    world.run_at(&at("11-27", 14), &held).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let of = |folder: &str| {
        let name = format!("outbox/{folder}/sap-ngat__2026-11-27__r1.xlsx");
        sheet_text(&world.path(&name), SHEET)
    };
    let (all, own) = (of("_bank"), of("MINHAN"));
    assert!(all.contains("Hoãn đến hết 10/12/2026") && all.contains("khách nợ lâu"), "{all}");
    assert!(all.contains("hoặc từ hôm trả lời nếu ngày cuối đã qua"), "{all}");
    assert!(own.contains("Đã được hoãn đến hết 10/12/2026") && own.contains(&code), "{own}");
    assert!(!own.contains("khách nợ lâu"), "{own}");
}

#[test]
fn where_nobody_is_cut_off_any_more_the_workbook_of_the_day_before_goes_aside() {
    let (world, _) = asked();
    let codes = super::money::codes(&world);
    let paid: Vec<(&str, i64, &str)> =
        codes.iter().map(|code| ("28/11/2026", 2_950_000, code.as_str())).collect();
    booked(&world, "a.csv", "29/11/2026", &paid);
    night(&world, "11-30");
    assert_eq!(lines(&world), ["active"; 3]);
    let ran = world.run_at(&at("11-30", 15), &["run", "cut-offs", "--json"]).exits(0).json();
    assert_eq!(ran["runs"][0]["counts"]["cut_offs"], 0, "{ran}");
    let left = world.files_in("outbox/_bank");
    assert!(!left.iter().any(|name| name.starts_with("sap-ngat__")), "{left:?}");
    assert!(left.iter().any(|name| name.starts_with("cu/sap-ngat__")), "{left:?}");
}

#[test]
fn each_firm_is_mailed_what_waits_of_its_own_once_a_day_and_nothing_where_nothing_waits() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    second(&world);
    let told = |world: &World| -> Vec<Value> {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == "reconciliation");
        mails
    };
    world.run_at(&at("11-24", 0), &["run", "reconcile"]).exits(0);
    assert_eq!(told(&world), Vec::<Value>::new());
    // A part for the first firm's client; of money without a code nobody can say whose it is.
    let code = text(&world.order("DH-2611-000001")["payment_requests"][0], "payment_code");
    let paid = [("24/11/2026", 1_000_000, code.as_str()), ("24/11/2026", 77, "khong ro")];
    booked(&world, "a.csv", "24/11/2026", &paid);
    for _ in 0..2 {
        world.run_at(&at("11-25", 0), &["run", "reconcile"]).exits(1);
    }
    let mails = told(&world);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (&mails[0]["to"], &mails[0]["subject"]),
        (&"lan@minhan.example".into(), &"MINHAN/2026-11-25".into())
    );
    world.run_at(&at("11-25", 8), &["run", "mail"]).exits(0);
    let letter = super::told::letters_of(&world, "reconciliation").remove(0);
    assert!(letter.text.contains("1 khoản tiền chưa khớp"), "{}", letter.text);
    assert!(
        letter.text.contains("1.000.000 đ") && !letter.text.contains("khong ro"),
        "{}",
        letter.text
    );
    let (name, bytes) = letter.files.first_key_value().unwrap();
    assert_eq!(name, "doi-soat__2026-11-25__MINHAN.xlsx");
    let path = world.outside("kem-theo.xlsx");
    std::fs::write(&path, data_encoding::HEXLOWER.decode(bytes.as_bytes()).unwrap()).unwrap();
    let money = sheet_text(&path, "Tiền chưa khớp");
    assert!(money.contains(&code) && !money.contains("khong ro"), "{money}");

    // Nobody is warned, no statement comes: both wait, and each reads of its own.
    world.run_at(&at("12-02", 0), &["run", "reconcile"]);
    world.run_at(&at("12-02", 1), &["run", "sweep"]);
    world.run_at(&at("12-02", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("12-03", 0), &["run", "reconcile"]);
    world.run_at(&at("12-03", 9), &["run", "mail"]).exits(0);
    let letters = super::told::letters_of(&world, "reconciliation");
    let of = |to: &str| letters.iter().rfind(|letter| letter.to == to).unwrap();
    let (mine, other) = (of("lan@minhan.example"), of("a@khac.example"));
    for line in ["DH-2611-000001/1", "DH-2611-000001/2", "DH-2611-000001/3"] {
        assert_eq!(mine.text.matches(line).count(), 1, "{line}: {}", mine.text);
    }
    assert!(!mine.text.contains("vẫn dùng"), "{}", mine.text);
    assert!(mine.text.contains("Chưa có sao kê cho 25/11/2026 – 02/12/2026"), "{}", mine.text);
    assert!(other.text.contains(enterprise(9).name()), "{}", other.text);
    assert!(!other.text.contains(enterprise(1).name()), "{}", other.text);
    let bells = world.list("notifications");
    let missing: Vec<&Value> =
        bells.iter().filter(|it| it["kind"] == "statement_missing").collect();
    assert_eq!(missing.len(), 1, "{bells:?}");
    assert!(text(missing[0], "text").contains("3 dòng"), "{missing:?}");
}

#[test]
fn the_doctor_names_the_job_that_a_workspace_from_before_it_does_not_have() {
    let world = World::new();
    world.run(&["doctor"]).exits(0);
    std::fs::remove_file(world.path("jobs/cut-offs.toml")).unwrap();
    let told = world.run(&["doctor", "--json"]).exits(1).json();
    let checks = told["checks"].as_array().unwrap();
    let wrong: Vec<&Value> = checks.iter().filter(|check| check["ok"] == false).collect();
    assert_eq!((wrong.len(), &wrong[0]["name"]), (1, &"jobs".into()), "{told}");
    assert!(text(wrong[0], "detail").contains("cut-offs.toml"), "{told}");
    assert!(text(wrong[0], "fix").contains("hangloat init"), "{told}");
}

#[test]
fn the_reconciliation_names_the_same_lines_as_the_workbook_of_that_hour() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = asked();
    // Something else that waits for a person, so that there is a workbook.
    booked(&world, "a.csv", "28/11/2026", &[("28/11/2026", 5, "khac")]);
    world.run_at(&at("11-30", 9), &["run", "reconcile"]);
    let said = sheet_text(&world.path("outbox/_bank/doi-soat__2026-11-30__r1.xlsx"), SHEET);
    for n in 1..=3 {
        assert!(said.contains(&format!("DH-2611-000001/{n}")), "{n}: {said}");
    }
    assert!(!said.contains("Không có dòng nào"), "{said}");
}

#[test]
fn a_final_warning_that_came_back_says_so_where_it_would_stand() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
        world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
        let is_it = |mail: &Value| {
            mail["purpose"] == "grace_warning" && mail["to"] == enterprise(1).email()
        };
        let warning = world.list("mails").into_iter().find(is_it).unwrap();
        let report = include_str!("reports/postfix.eml");
        let report = report.replace("{id}", &text(&warning, "message_id"));
        let report = report.replace("{to}", &text(&warning, "to"));
        assert_eq!(back(&world, 10, "_bounce/a.eml", report.as_bytes())["outcome"], "accepted");
        world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
        let said = sheet_text(&world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx"), SHEET);
        assert!(said.contains("bị trả lại") && !said.contains("chưa gửi"), "{said}");
        // Nobody is cut off whose final warning came back.
        assert!(said.contains("Chưa ngắt được vì thư nhắc cuối bị trả lại"), "{said}");
        assert!(!said.contains("Sẽ ngắt sau ngày cuối"), "{said}");
    }
}
