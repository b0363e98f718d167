//! Whoever has to pay and reads no e-mail: ready texts in the workbook, and a page with a picture for each client.

use serde_json::json;

use super::{
    letters::{scanned, transfer},
    lists::{csv, enterprise},
    money,
    workbooks::{read, sheet_text},
};
use crate::world::{World, require, text};

const SHEET: &str = "Tin nhắn";

#[test]
fn each_unpaid_line_has_a_phone_and_a_ready_text_without_a_link() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        let before = read(&world.workbook("B000001"));
        assert!(before["sheets"][SHEET].is_null(), "nothing is asked for yet");
        world.run(&["confirm", money::ORDER]).exits(0);
        let codes = money::codes(&world);
        let said = sheet_text(&world.workbook("B000001"), SHEET);
        for words in [
            enterprise(1).name(),
            "0912 000 001",
            "số tiền 2.950.000 đ",
            "số tài khoản 1023456789",
            &format!("nội dung {}.", codes[0]),
            "Hạn: 7 ngày kể từ khi kích hoạt",
            "xin gọi 0912 345 678",
        ] {
            assert!(said.contains(words), "no {words} in\n{said}");
        }
        assert!(!said.contains("http"), "{said}");
        world.run(&["activate", money::ORDER]).exits(0);
        let said = sheet_text(&world.workbook("B000001"), SHEET);
        assert!(said.contains("Hạn: hết ngày 30/11/2026."), "{said}");

        money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, codes[0].as_str())]);
        world.run(&["run", "reconcile"]);
        let said = sheet_text(&world.workbook("B000001"), SHEET);
        assert!(
            !said.contains(&codes[0]) && said.contains(&codes[1]),
            "who paid is left alone: {said}"
        );
    }
}

#[test]
fn who_paid_under_the_code_for_all_reads_beside_each_sum_what_came_and_what_alone_is_missing() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", money::ORDER]).exits(0);
    let both = text(&world.order(money::ORDER)["payment_requests"][0], "batch_code");
    money::take(&world, "a.csv", &[("23/11/2026", 5_000_000, &both)]);
    world.run(&["run", "reconcile"]);
    let workbook = world.workbook("B000001");
    let folder = world.outside("phieu");
    world.run(&["export", "slips", "-o", folder.to_str().unwrap()]).exits(0);
    let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
    for said in [sheet_text(&workbook, SHEET), sheet_text(&workbook, "Tóm tắt"), slips.clone()] {
        for needed in ["Đã nhận 5.000.000 đ với mã chung", "chỉ còn thiếu 900.000 đ", &both]
        {
            assert!(said.contains(needed), "no {needed} in\n{said}");
        }
    }
    assert!(slips.contains("đang chờ ghép\t5000000"), "{slips}");
    // Beside the text stands what it asks for.
    let asked = sheet_text(&workbook, SHEET);
    assert_eq!(asked.matches(&format!("\t900000\t{both}")).count(), 2, "{asked}");
    assert!(slips.contains("chuyển một lần cho tất cả\t900000"), "{slips}");
    for code in money::codes(&world) {
        assert!(!slips.contains(&code), "a single code asks for nothing now: {slips}");
    }
}

#[test]
fn money_under_the_code_for_all_has_no_picture_but_that_of_the_rest_of_the_last_one() {
    if !(require("openpyxl") && require("zbarimg")) {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", money::ORDER]).exits(0);
    let both = text(&world.order(money::ORDER)["payment_requests"][0], "batch_code");
    let codes = money::codes(&world);
    let folder = world.outside("phieu");
    let slips = || {
        let args = ["export", "slips", "-o", folder.to_str().unwrap()];
        let made = world.run(&[&args[..], &["--json"]].concat()).exits(0).json();
        (made["left_out"].clone(), world.run(&args).exits(0).stdout)
    };
    let picture = |line: u32| folder.join(format!("DH-2611-000001-{line}.png"));
    let page = || sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
    assert_eq!(slips().0, json!([]));
    assert!(picture(1).exists() && picture(2).exists());
    // Scanned on both slips the rest would be paid twice; the pictures of before asked for more.
    money::take(&world, "a.csv", &[("23/11/2026", 1_000_000, &both)]);
    let (left_out, said) = slips();
    let pooled = |line: u32| json!({ "what": format!("DH-2611-000001/{line}"), "why": "pooled" });
    assert_eq!(left_out, json!([pooled(1), pooled(2)]));
    assert!(said.contains("DH-2611-000001/1, DH-2611-000001/2"), "{said}");
    assert!(!picture(1).exists() && !picture(2).exists());
    assert!(page().contains("Không có: tiền với mã chung còn chờ ghép"), "{}", page());
    // What is left of one alone can be asked for on its slip.
    money::take(&world, "b.csv", &[("23/11/2026", 2_950_000, codes[0].as_str())]);
    assert_eq!(slips().0, json!([]));
    let rest = transfer(&scanned(&picture(2)));
    assert_eq!((rest.amount, &rest.memo), (1_950_000, &both));
    // Nothing more is to be transferred: a person matches it.
    money::take(&world, "c.csv", &[("23/11/2026", 3_000_000, &both)]);
    assert_eq!(slips().0, json!([pooled(2)]));
    let said = page();
    assert!(said.contains("chưa cần chuyển thêm") && !said.contains("1023456789"), "{said}");
    assert!(!said.contains("số còn phải chuyển"), "{said}");
    let told = slips().1;
    assert!(told.contains("chưa cần chuyển thêm: DH-2611-000001/2"), "{told}");
    assert!(!told.contains("còn thiếu bao nhiêu"), "{told}");
}

#[test]
fn each_unpaid_line_has_a_slip_with_a_picture_that_can_be_scanned() {
    if !(require("openpyxl") && require("zbarimg")) {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
        world.run(&["confirm", money::ORDER]).exits(0);
        let codes = money::codes(&world);
        money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, codes[2].as_str())]);
        let folder = world.outside("phieu");
        let path = folder.to_str().unwrap();
        let made = world.run(&["export", "slips", "-o", path, "--json"]).exits(0).json();
        assert_eq!(made["rows"], 2, "{made}");
        let scanned = transfer(&scanned(&folder.join("DH-2611-000001-1.png")));
        assert_eq!((scanned.amount, &scanned.memo), (2_950_000, &codes[0]));
        let size = || {
            let png = std::fs::read(folder.join("DH-2611-000001-1.png")).unwrap();
            [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
        };
        let [wide, high] = size();
        assert!(high > wide + 100, "words stand under the code: {wide} × {high}");
        let pages = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
        for words in [enterprise(1).name(), enterprise(2).name(), &codes[0], &codes[1]] {
            assert!(pages.contains(words), "no {words} in\n{pages}");
        }
        assert!(!pages.contains(&codes[2]), "{pages}");

        let args = ["export", "slips", "DH-2611-000001/2", "DH-2611-000001/3", "-o", path];
        let said = world.run(&args).exits(0).stdout;
        assert!(said.contains("1 dòng") && said.contains("DH-2611-000001/3"), "{said}");

        world.run(&["activate", money::ORDER]).exits(0);
        world.run(&["export", "slips", "-o", path]).exits(0);
        assert_eq!(size(), [wide, high + 44], "two lines more: the last day");
        let scanned = transfer(&super::letters::scanned(&folder.join("DH-2611-000001-1.png")));
        assert_eq!((scanned.amount, &scanned.memo), (2_950_000, &codes[0]));
    }
}

#[test]
fn whose_last_day_is_over_gets_no_slip_and_is_named() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.import("sau.csv", &csv(&[enterprise(3), enterprise(4)]));
        world.run(&["confirm", money::ORDER, "--activate"]).exits(0);
        world.run(&["confirm", "DH-2611-000002"]).exits(0);
        world.run(&["cancel", "DH-2611-000002/2", "--reason", "nhầm"]).exits(0);
        let slips = |now: &str| {
            let path = world.outside(&format!("phieu-{}", &now[5..10]));
            let path = path.to_str().unwrap().to_owned();
            let made = world.run_at(now, &["export", "slips", "-o", &path, "--json"]);
            let made = made.exits(0).json();
            let over = made["left_out"].as_array().unwrap().iter().any(|it| it["why"] == "over");
            let rows = made["rows"].clone();
            let is_day_over = now > "2026-12-01";
            assert_eq!(over, is_day_over, "{made}");
            (rows, world.run_at(now, &["export", "slips", "-o", &path]).exits(0).stdout)
        };
        let (rows, said) = slips("2026-11-30T12:00:00+07:00");
        assert!(rows == 3 && !said.contains("quá ngày cuối"), "the last day still runs: {said}");
        let (rows, said) = slips("2026-12-01T08:00:00+07:00");
        assert_eq!(rows, 1, "{said}");
        assert!(said.contains("Đã quá ngày cuối nên không lập phiếu: DH-2611-000001/1"), "{said}");
        if require("openpyxl") {
            let note = ["correct", "DH-2611-000001/1", "note=gọi rồi", "--reason", "khách báo"];
            world.run_at("2026-12-01T09:00:00+07:00", &note).exits(0);
            let said = sheet_text(&world.workbook("B000001"), SHEET);
            assert!(said.contains("Hạn 30/11/2026 đã qua"), "{said}");
        }
    }
}

#[test]
fn slips_of_nothing_that_there_is_or_without_a_folder_are_refused() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    for args in [
        &["export", "slips", "--json"][..],
        &["export", "slips", "DH-2611-000009", "-o", "x", "--json"],
        &["export", "slips", "DH-2611-000001/9", "-o", "x", "--json"],
        &["export", "lines", "DH-2611-000001", "--json"],
    ] {
        let error = world.run(args).exits(2).json()["error"].clone();
        assert!(!text(&error, "fix").is_empty(), "{args:?}: {error}");
    }
}
