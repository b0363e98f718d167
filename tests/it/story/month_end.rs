//! The whole end of a month, from a dropped list to a licence that works again, on a set clock and on every engine.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    grace::{at, booked, night},
    lists::{csv, enterprise},
    workbooks::{Edit, cell, edited, read, set, sheet_text},
};
use crate::world::{World, require, text, texts};

const ORDER: &str = "DH-2611-000001";

#[test]
fn a_list_is_dropped_fixed_confirmed_activated_paid_reconciled_swept_and_restored() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        month_end(&world);
    }
}

fn month_end(world: &World) {
    // Monday the 23rd: a list of four, one of them with a wrong phone.
    let wrong = enterprise(4).with("F", "113");
    let list = [enterprise(1), enterprise(2), enterprise(3), wrong];
    let dropped = world.take("khach.csv", &csv(&list));
    assert_eq!((&dropped["outcome"], &dropped["rows"]["rejected"]), (&"partly".into(), &1.into()));
    let fixed = answered(world, &[to_fix(world, "Số điện thoại", "0912000004")]);
    assert_eq!((&fixed["rows"]["accepted"], &fixed["exit"]), (&1.into(), &0.into()), "{fixed}");
    answered(world, &[set("XAC_NHAN", true), set("KICH_HOAT", true)]);
    assert_eq!(lines(world), ["grace"; 4]);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(sent(world), counts(&[("login_first", 8), ("order_notice", 4)]));

    // Tuesday: the first pays, the second a part.
    let codes = texts(world.order(ORDER)["payment_requests"].as_array().unwrap(), "payment_code");
    let memo = |at: usize| format!("{} ck", codes[at].to_lowercase());
    let first = memo(0);
    let tuesday = [("24/11/2026", 2_950_000, first.as_str()), ("24/11/2026", 1_000_000, &codes[1])];
    booked(world, "1.csv", "24/11/2026", &tuesday);
    assert_eq!(night(world, "11-25").1["suspended"], 0);
    assert_eq!(lines(world), ["active", "grace", "grace", "grace"]);

    // Friday: who has not paid all is reminded, and the accountant asked about Monday.
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let asked = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let said = sheet_text(&asked, "Sắp ngắt");
    assert!(!said.contains(enterprise(1).name()) && said.contains(enterprise(4).name()), "{said}");
    assert_eq!(sent(world)["grace_warning"], 3 + 1, "each payer, and the firm");

    // The last day was Monday. On Wednesday no statement says who paid, on Thursday one does.
    let (exit, counted) = night(world, "12-02");
    assert_eq!((exit, &counted["suspended"], &counted["waiting_lines"]), (1, &0.into(), &3.into()));
    assert_eq!(
        (&counted["waiting_no_statement"], &counted["waiting_partly_paid"]),
        (&2.into(), &1.into())
    );
    booked(world, "2.csv", "02/12/2026", &[("26/11/2026", 77, "khong ro")]);
    let (_, counted) = night(world, "12-03");
    assert_eq!((&counted["suspended"], &counted["waiting_lines"]), (&2.into(), &1.into()));
    assert_eq!(lines(world), ["active", "grace", "suspended", "suspended"]);

    world.run_at(&at("12-03", 9), &["run", "mail"]).exits(0);

    // The third pays late, the second the rest.
    let (rest, late) = (memo(1), memo(2));
    let late = [("03/12/2026", 1_950_000, rest.as_str()), ("03/12/2026", 2_950_000, &late)];
    booked(world, "3.csv", "03/12/2026", &late);
    night(world, "12-04");
    assert_eq!(lines(world), ["active", "active", "active", "suspended"]);
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);

    // What everybody was told, and what is left.
    let told = sent(world);
    for (purpose, n) in [("payment_received", 4), ("suspended", 2 + 1), ("restored", 1)] {
        assert_eq!(told.get(purpose), Some(&n), "{purpose}: {told:?}");
    }
    let licences: BTreeMap<i64, String> =
        world.list("licences").iter().map(|it| (line_of(it), text(it, "state"))).collect();
    assert_eq!(licences.values().collect::<Vec<_>>(), ["active", "active", "active", "suspended"]);
    assert_eq!(world.order(ORDER)["state"], "placed", "one of them has not paid");
    let workbook = sheet_text(&world.workbook("B000001"), "Kết quả");
    assert!(workbook.contains("Đã thanh toán") || workbook.contains("Đã trả"), "{workbook}");
    let laws = world.run(&["prove", "--json"]).exits(0).json();
    assert!(laws["laws"].as_array().unwrap().iter().all(|law| law["holds"] == true), "{laws}");
}

fn line_of(licence: &Value) -> i64 {
    licence["line"]
        .as_i64()
        .unwrap_or_else(|| text(licence, "line").rsplit('/').next().unwrap().parse().unwrap())
}

/// Drops the newest workbook back with edits.
fn answered(world: &World, edits: &[Edit]) -> Value {
    let bytes = edited(world, &world.workbook("B000001"), edits);
    let taken = world.take("tra-loi.xlsx", &bytes);
    assert_eq!(taken["answers"], "B000001", "{taken}");
    taken
}

/// A value in the only row to fix, below a heading.
fn to_fix(world: &World, heading: &str, value: &str) -> Edit {
    const SHEET: &str = "Cần sửa";
    let book = read(&world.workbook("B000001"));
    let header = book["sheets"][SHEET][0].as_array().unwrap().clone();
    let is_it = |cell: &Value| cell.as_str().unwrap().starts_with(heading);
    let column = u8::try_from(header.iter().position(is_it).unwrap()).unwrap();
    cell(SHEET, &format!("{}2", char::from(b'A' + column)), value)
}

fn lines(world: &World) -> Vec<String> {
    texts(world.order(ORDER)["lines"].as_array().unwrap(), "state")
}

/// Mails that left, by purpose.
fn sent(world: &World) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for mail in world.mails().iter().filter(|mail| mail["state"] == "sent") {
        *sent.entry(text(mail, "purpose")).or_default() += 1;
    }
    sent
}

fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(purpose, n)| ((*purpose).to_owned(), *n)).collect()
}
