//! The end of grace: warnings, the night of the cut-off, what keeps it from coming, and who works again.

use serde_json::{Value, json};

use super::{
    given_back::id_of,
    lists::{csv, enterprise},
    money::{activated, codes, statement},
};
use crate::world::{World, text, texts};

const ORDER: &str = "DH-2611-000001";

/// An instant of November or December 2026 in Vietnam.
pub fn at(day: &str, hour: u32) -> String {
    format!("2026-{day}T{hour:02}:00:00+07:00")
}

/// Activated on Monday the 23rd, 08:30: the last day is the 30th, a Monday.
pub fn unpaid() -> World {
    let world = activated();
    world.run(&["run", "mail"]).exits(0);
    world
}

pub fn night(world: &World, day: &str) -> (i32, Value) {
    let reconciled = world.run_at(&at(day, 0), &["run", "reconcile", "--json"]);
    assert!([0, 1].contains(&reconciled.code), "{reconciled:?}");
    let ran = world.run_at(&at(day, 1), &["run", "sweep", "--json"]);
    (ran.code, ran.json()["runs"][0]["counts"].clone())
}

/// What is booked up to a day, in a statement that says so.
pub fn booked(world: &World, name: &str, to: &str, lines: &[(&str, i64, &str)]) {
    let text = String::from_utf8(statement(lines)).unwrap();
    let text = format!("Từ ngày: 20/11/2026;Đến ngày: {to};;\n{text}");
    world.drop_file(&format!("_bank/{name}"), text.as_bytes());
}

pub fn lines(world: &World) -> Vec<String> {
    texts(world.order(ORDER)["lines"].as_array().unwrap(), "state")
}

fn warned(world: &World) -> Vec<Value> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["purpose"] == "grace_warning");
    mails
}

#[test]
fn who_does_not_pay_is_warned_twice_and_cut_off_when_the_statement_covers_the_last_day() {
    let world = unpaid();
    let codes = codes(&world);
    world.run_at(&at("11-23", 9), &["run", "sweep"]).exits(75);
    assert_eq!(night(&world, "11-24").1["warned"], 0);
    // Three days before is Friday the 27th.
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    assert_eq!(warned(&world).len(), 4, "each payer, and a copy for the firm");
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    // The day before is a Sunday: Friday too, and one letter is enough.
    assert_eq!(night(&world, "11-30").1["suspended"], 0);
    let (exit, counts) = night(&world, "12-01");
    assert_eq!((exit, &counts["waiting_lines"]), (1, &3.into()), "no statement says who paid");

    booked(
        &world,
        "a.csv",
        "02/12/2026",
        &[("28/11/2026", 2_950_000, &codes[0]), ("28/11/2026", 5, &codes[1])],
    );
    let (exit, counts) = night(&world, "12-04");
    assert_eq!((exit, &counts["suspended"], &counts["waiting_lines"]), (1, &1.into(), &1.into()));
    assert_eq!(lines(&world), ["active", "grace", "suspended"], "a part is for a person to see");
    assert_eq!(world.list("licences")[2]["state"], "suspended");
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);

    // Paid late: it works again.
    booked(&world, "b.csv", "05/12/2026", &[("04/12/2026", 2_950_000, &codes[2])]);
    night(&world, "12-07");
    assert_eq!(lines(&world), ["active", "grace", "active"]);
    // The firm hears of both by its bell.
    let bells = texts(&world.list("notifications"), "kind");
    for kind in ["licence_suspended", "licence_restored"] {
        assert_eq!(bells.iter().filter(|it| *it == kind).count(), 1, "{kind}: {bells:?}");
    }
    let licence = &world.list("licences")[2];
    assert_eq!(
        (&licence["state"], &licence["paid_on"], &licence["suspended_at"]),
        (&"active".into(), &"2026-12-04".into(), &Value::Null)
    );
    let mails = world.list("mails");
    let purposes = texts(&mails, "purpose");
    proves(&world);
    for purpose in ["payment_received", "suspended", "restored"] {
        assert!(purposes.iter().any(|it| it == purpose), "{purpose}: {purposes:?}");
    }
}

/// What must hold, holds.
fn proves(world: &World) {
    let laws = world.run(&["prove", "--json"]).exits(0).json();
    assert_eq!(laws["laws"].as_array().unwrap().len(), 11);
}

/// The result workbook says of each row what `orders` says of its line.
#[track_caller]
fn the_workbook_says_the_same(world: &World) {
    let rows = super::workbooks::read(&world.workbook("B000001"))["sheets"]["Kết quả"].clone();
    let rows = rows.as_array().unwrap();
    let at = rows[0].as_array().unwrap().iter().position(|cell| cell == "Trạng thái").unwrap();
    let shown: Vec<&str> = rows[1..].iter().map(|row| row[at].as_str().unwrap()).collect();
    let lines = lines(world);
    let words = lines.iter().map(|state| match state.as_str() {
        "grace" => "Đang dùng, chờ thanh toán",
        "active" => "Đang dùng",
        "suspended" => "Tạm ngắt",
        "cancelled" => "Đã hủy",
        other => panic!("{other}"),
    });
    assert_eq!(shown, words.collect::<Vec<_>>());
}

#[test]
fn the_workbook_shows_each_state_in_the_night_in_which_it_changed() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let world = unpaid();
    let codes = codes(&world);
    the_workbook_says_the_same(&world);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 2_950_000, &codes[0])]);
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    assert_eq!(lines(&world), ["active", "suspended", "suspended"]);
    the_workbook_says_the_same(&world);
    let messages = super::workbooks::sheet_text(&world.workbook("B000001"), "Tin nhắn");
    assert!(messages.contains("đang tạm ngắt"), "{messages}");
    assert!(!messages.contains("không bị tạm ngắt"), "{messages}");
    let shown = world.workbook("B000001");
    night(&world, "12-05");
    assert_eq!(world.workbook("B000001"), shown, "nothing changed");

    booked(&world, "b.csv", "05/12/2026", &[("04/12/2026", 2_950_000, &codes[1])]);
    night(&world, "12-07");
    assert_eq!(lines(&world), ["active", "active", "suspended"]);
    the_workbook_says_the_same(&world);
    let first = id_of(&world, &codes[0]);
    let back = ["refund", &first, "2950000", "--reason", "thôi mua"];
    world.run_at(&at("12-07", 9), &back).exits(0);
    let gone = ["cancel", &format!("{ORDER}/1"), "--reason", "thôi mua"];
    world.run_at(&at("12-07", 9), &gone).exits(0);
    night(&world, "12-08");
    assert_eq!(lines(&world), ["cancelled", "active", "suspended"]);
    the_workbook_says_the_same(&world);
    proves(&world);
}

/// The third of three lines was cut off on the 4th of December, and paid without a code since, which a person has to see.
fn cut_off() -> World {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let codes = codes(&world);
    let two = [("28/11/2026", 2_950_000, codes[0].as_str()), ("28/11/2026", 2_950_000, &codes[1])];
    booked(&world, "a.csv", "02/12/2026", &two);
    assert_eq!(night(&world, "12-04").1["suspended"], 1);
    booked(&world, "b.csv", "03/12/2026", &[("03/12/2026", 2_950_000, "khong ro")]);
    world.run_at(&at("12-04", 7), &["run", "reconcile"]);
    assert_eq!(lines(&world), ["active", "active", "suspended"]);
    world
}

/// What became of each letter for a purpose to the third client.
fn to_third(world: &World, purpose: &str) -> Vec<String> {
    let mut mails = world.list("mails");
    mails.sort_by_key(|mail| mail["id"].as_i64());
    mails.retain(|it| it["purpose"] == purpose && it["to"] == enterprise(3).email());
    texts(&mails, "state")
}

/// A person matches or parts the payment of the third client.
fn say(world: &World, hour: u32, is_its: bool) {
    let (id, code) = (id_of(world, "khong ro"), codes(world)[2].clone());
    let said: &[&str] = if is_its { &["match", &id, &code] } else { &["unmatch", &id] };
    let said = [said, &["--reason", "gọi hỏi"]].concat();
    world.run_at(&at("12-05", hour), &said).exits(0);
}

#[test]
fn who_read_of_a_cut_off_reads_once_that_it_works_again_also_where_its_money_was_parted_between() {
    let world = cut_off();
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);
    assert_eq!(to_third(&world, "suspended"), ["sent"]);
    say(&world, 8, true);
    assert_eq!(lines(&world)[2], "active");
    assert_eq!(to_third(&world, "restored"), ["planned"]);
    say(&world, 9, false);
    say(&world, 9, true);
    assert_eq!(to_third(&world, "restored"), ["planned"], "it did not leave meanwhile");
    say(&world, 10, false);
    world.run_at(&at("12-05", 10), &["run", "mail"]).exits(0);
    assert_eq!(to_third(&world, "restored"), ["cancelled"], "nothing was paid then");
    say(&world, 11, true);
    world.run_at(&at("12-05", 11), &["run", "mail"]).exits(0);
    assert_eq!(to_third(&world, "restored"), ["cancelled", "sent"]);
    say(&world, 12, false);
    say(&world, 12, true);
    world.run_at(&at("12-05", 13), &["run", "mail"]).exits(0);
    assert_eq!(to_third(&world, "restored"), ["cancelled", "sent"], "once is enough");
    proves(&world);
}

#[test]
fn who_never_read_of_a_cut_off_does_not_read_that_it_works_again() {
    let world = cut_off();
    say(&world, 8, true);
    assert_eq!(lines(&world)[2], "active");
    world.run_at(&at("12-05", 9), &["run", "mail"]).exits(0);
    let mut told = world.list("mails");
    told.retain(|mail| mail["purpose"] == "suspended");
    assert!(!told.is_empty() && told.iter().all(|it| it["state"] == "cancelled"), "{told:?}");
    assert_eq!(to_third(&world, "restored"), Vec::<String>::new());
    let bells = texts(&world.list("notifications"), "kind");
    assert!(bells.iter().any(|it| it == "licence_restored"), "{bells:?}");
    proves(&world);
}

#[test]
fn after_an_outage_the_final_warning_goes_first_and_a_day_passes_before_the_cut_off() {
    let world = unpaid();
    booked(&world, "a.csv", "10/12/2026", &[("28/11/2026", 5, "khac")]);
    let (_, counts) = night(&world, "12-14");
    assert_eq!((&counts["warned"], &counts["suspended"]), (&3.into(), &0.into()));
    // Nothing was sent: nobody was warned.
    assert_eq!(night(&world, "12-16").1["suspended"], 0);
    world.run_at(&at("12-16", 9), &["run", "mail"]).exits(0);
    assert_eq!(night(&world, "12-17").1["suspended"], 0);
    // They may pay until the 17th, and the statements do not say whether they did.
    let (_, counts) = night(&world, "12-18");
    assert_eq!((&counts["suspended"], &counts["waiting_lines"]), (&0.into(), &3.into()));
    let late = codes(&world).remove(1);
    booked(&world, "b.csv", "18/12/2026", &[("17/12/2026", 2_950_000, &late)]);
    assert_eq!(night(&world, "12-21").1["suspended"], 2);
    assert_eq!(lines(&world), ["suspended", "active", "suspended"]);
}

#[test]
fn a_warning_that_leaves_after_its_last_day_says_that_this_is_over() {
    if !crate::world::require("python3") {
        return;
    }
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("12-01", 9), &["run", "mail"]).exits(0);
    let said = letter(&world, "grace_warning", enterprise(1).email());
    assert!(said.contains("có thể ngừng sau 24 giờ kể từ thư này"), "{said}");
    for other in ["Còn 3 ngày", "chậm nhất ngày 30/11/2026", "dùng được đến hết ngày"]
    {
        assert!(!said.contains(other), "{other}: {said}");
    }
}

#[test]
fn a_person_puts_a_cut_off_off_and_lets_it_come() {
    let world = unpaid();
    let line = format!("{ORDER}/1");
    let held = ["hold", &line, "--until", "2026-12-20", "--reason", "hẹn trả", "--json"];
    let shown = world.run(&held).exits(0).json()["lines"][0].clone();
    assert_eq!((&shown["hold_until"], &shown["state"]), (&"2026-12-20".into(), &"grace".into()));
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    assert_eq!(lines(&world), ["grace", "suspended", "suspended"]);
    let written = ["hold", &line, "--until", "20/12/2026", "--reason", "hẹn trả"];
    let told = world.run_at(&at("12-04", 9), &written).exits(0).stdout;
    assert!(told.contains("được hoãn đến hết ngày 21/12/2026: ngày 20/12/2026"), "{told}");
    let far = ["hold", &line, "--until", "2030-01-01", "--reason", "x", "--json"];
    let refused = world.run(&far).exits(2).json();
    assert!(text(&refused["error"], "message").contains("xa hơn một năm"), "{refused}");
    let wrong = ["hold", &line, "--until", "32/12/2026", "--reason", "x", "--json"];
    let told = text(&world.run(&wrong).exits(2).json()["error"], "message");
    assert!(told.contains("`32/12/2026` không phải một ngày"), "{told}");
    let release = |args: &[&str]| world.run_at(&at("12-04", 9), args).exits(0);
    let told = release(&["release", &line]).stdout;
    assert!(told.contains("không còn được hoãn") && !told.contains("không được hoãn"), "{told}");
    let again = release(&["release", &line, "--json"]).json();
    assert_eq!(again["lines"][0]["hold_until"], Value::Null);
    assert!(release(&["release", &line]).stdout.contains("không được hoãn"));
    let before = world.workbook("B000001");
    // It is warned as if it were for the first time, on a working day.
    assert_eq!(night(&world, "12-05").1["warned"], 0);
    assert_ne!(world.workbook("B000001"), before, "it tells of the day that holds now");
    assert_eq!(night(&world, "12-07").1["warned"], 1);
    // Nobody is warned in the night.
    let waiting = || warned(&world).iter().filter(|mail| mail["state"] == "planned").count();
    for (hour, n) in [(2, 2), (7, 2), (8, 0)] {
        let told = world.run_at(&at("12-07", hour), &["run", "mail"]).exits(0).stdout;
        assert!(told.contains("chờ thử lại 0"), "nothing failed: {told}");
        assert_eq!(waiting(), n, "at {hour}, with the copy");
    }
    booked(&world, "b.csv", "09/12/2026", &[("08/12/2026", 6, "khac")]);
    assert_eq!(night(&world, "12-10").1["suspended"], 1);
    let late = ["hold", &line, "--until", "2026-12-20", "--reason", "x", "--json"];
    let refused = world.run(&late).exits(1).json();
    let fix = text(&refused["error"], "fix");
    assert!(fix.contains("đang dùng, chờ thanh toán"), "in the words of the other lists: {fix}");
    world.run(&["hold", &line, "--until", "2026-01-01", "--reason", " "]).exits(2);
    world.run(&["release", "DH-2611-000001/9"]).exits(2);
}

#[test]
fn a_line_whose_letter_of_the_day_has_left_is_counted_and_warned_with_that_of_the_next() {
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let second = format!("{ORDER}/2");
    let held = ["hold", &second, "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("11-24", 9), &held).exits(0);
    let remind = |day: &str, hour: u32| {
        let ran = world.run_at(&at(day, hour), &["run", "remind", "--json"]).exits(0).json();
        ran["runs"][0]["counts"]["warned"].clone()
    };
    assert_eq!(remind("11-27", 8), 1);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    // It ends on the 30th again; today's letter to who pays for both has left without it.
    world.run_at(&at("11-27", 10), &["release", &second]).exits(0);
    assert_eq!(remind("11-27", 11), 0);
    assert_eq!(remind("11-30", 8), 1);
    assert_eq!(remind("11-30", 8), 0, "it is planned already");
    world.run_at(&at("11-30", 9), &["run", "mail"]).exits(0);
    let own: Vec<Value> =
        warned(&world).into_iter().filter(|mail| mail["to"] == enterprise(1).email()).collect();
    assert_eq!(texts(&own, "state"), ["sent", "sent"]);
}

#[test]
fn a_warning_that_is_sent_again_is_not_the_next_one_and_does_not_keep_that_from_leaving() {
    for world in World::on_each_engine() {
        let days = "warn_days_before = [4, 3]";
        world.rewrite("hangloat.toml", "# warn_days_before = [3, 1]", days);
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        let remind = |day: &str| {
            let ran = world.run_at(&at(day, 8), &["run", "remind", "--json"]).exits(0).json();
            ran["runs"][0]["counts"]["warned"].clone()
        };
        let mail = |day: &str, hour: u32| {
            world.run_at(&at(day, hour), &["run", "mail"]).exits(0);
        };
        assert_eq!(remind("11-26"), 1);
        mail("11-26", 9);
        // The payer's, and the copy.
        for letter in warned(&world) {
            let again = ["resend", &letter["id"].to_string()];
            world.run_at(&at("11-26", 10), &again).exits(0);
        }
        mail("11-26", 11);
        assert_eq!(remind("11-27"), 1, "what was sent again is of the day before");
        let states = texts(&warned(&world), "state");
        assert_eq!(states, ["sent", "sent", "sent", "sent", "planned", "planned"]);
        mail("11-27", 9);
        booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
        assert_eq!(night(&world, "12-02").1["suspended"], 1);
        proves(&world);
    }
}

/// The copies that a member of the firm gets of warnings and cut-offs.
fn copies(world: &World, to: &str) -> Vec<String> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["to"] == to);
    let mut purposes = texts(&mails, "purpose");
    purposes.retain(|it| it == "grace_warning" || it == "suspended");
    purposes
}

#[test]
fn whoever_registered_a_line_reads_of_its_warning_and_its_cut_off_and_the_admin_where_nobody_is_left()
 {
    let (binh, lan) = ("binh@minhan.example", "lan@minhan.example");
    for (has_left, told, other) in [(false, binh, lan), (true, lan, binh)] {
        let world = World::new();
        world.take("binh/khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        if has_left {
            world.rewrite("hangloat.toml", binh, "cuong@minhan.example");
        }
        world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
        world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
        booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
        assert_eq!(night(&world, "12-04").1["suspended"], 1);
        assert_eq!(copies(&world, told), ["grace_warning", "suspended"]);
        assert!(copies(&world, other).is_empty(), "{other}");
    }
}

#[test]
fn whoever_registered_lines_reads_of_those_that_were_cut_off_in_a_night_in_one_copy() {
    if !crate::world::require("python3") {
        return;
    }
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let codes = codes(&world);
    let held = ["hold", "DH-2611-000001/3", "--until", "2026-12-04", "--reason", "hẹn trả"];
    world.run_at(&at("11-27", 10), &held).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    // One of them pays before the letters leave: nobody reads of it.
    booked(&world, "b.csv", "03/12/2026", &[("03/12/2026", 2_950_000, &codes[0])]);
    world.run_at(&at("12-04", 7), &["run", "reconcile"]);
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);
    let lan = "lan@minhan.example";
    let copy = letter(&world, "suspended", lan);
    let name = |n: u32| enterprise(n).name().to_owned();
    assert!(copy.contains(&name(2)) && copy.contains("bản sao"), "{copy}");
    assert!(!copy.contains(&name(1)) && !copy.contains(&name(3)), "{copy}");
    // What is cut off later has a copy of its own day.
    world.run_at(&at("12-04", 10), &["run", "remind"]);
    world.run_at(&at("12-04", 11), &["run", "mail"]).exits(0);
    booked(&world, "c.csv", "08/12/2026", &[("08/12/2026", 6, "khac")]);
    assert_eq!(night(&world, "12-10").1["suspended"], 1);
    world.run_at(&at("12-10", 9), &["run", "mail"]).exits(0);
    let copy = letter(&world, "suspended", lan);
    assert!(copy.contains(&name(3)) && !copy.contains(&name(2)), "{copy}");
    let copies = copies(&world, lan);
    assert_eq!(copies.iter().filter(|it| *it == "suspended").count(), 2, "{copies:?}");
}

#[test]
fn a_line_is_not_put_off_to_a_day_before_its_last_one() {
    let world = unpaid();
    let line = format!("{ORDER}/1");
    let hold = |until: &str| {
        let held = ["hold", &line, "--until", until, "--reason", "hẹn trả", "--json"];
        world.run_at(&at("11-24", 9), &held)
    };
    // The last day is the 30th.
    let refused = hold("2026-11-27").exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed", "{refused}");
    assert!(text(&refused["error"], "message").contains("đến hết ngày 30/11/2026"), "{refused}");
    // Nothing would be put off.
    let refused = hold("2026-11-30").exits(1).json();
    assert!(text(&refused["error"], "message").contains("đến hết ngày 30/11/2026"), "{refused}");
    // The 5th is a Saturday: what it is put off to is the Monday after, and the same once more changes nothing.
    for _ in 0..2 {
        let line = hold("2026-12-05").exits(0).json()["lines"][0].clone();
        assert_eq!(
            (&line["hold_until"], &line["cutoff_at"]),
            (&"2026-12-05".into(), &"2026-12-08T00:00:00+07:00".into())
        );
    }
    // A shorter one than before is a new one, as long as it puts anything off.
    for until in ["2026-12-10", "2026-12-04", "2026-12-01"] {
        hold(until).exits(0);
    }
    let refused = hold("2026-11-27").exits(1).json();
    assert!(text(&refused["error"], "message").contains("đến hết ngày 30/11/2026"), "{refused}");
}

#[test]
fn a_line_that_is_held_no_longer_is_warned_once_more_before_it_is_cut_off() {
    let world = unpaid();
    let line = format!("{ORDER}/1");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let held = ["hold", &line, "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("11-27", 10), &held).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 2);
    // The warning of the 27th was of the 30th, which is its last day again, and over.
    let told = world.run_at(&at("12-04", 9), &["release", &line]).exits(0).stdout;
    assert!(told.contains("30/11/2026, đã qua") && told.contains("thư nhắc cuối"), "{told}");
    let counts = night(&world, "12-07").1;
    assert_eq!((&counts["warned"], &counts["suspended"]), (&1.into(), &0.into()), "{counts}");
    world.run_at(&at("12-07", 9), &["run", "mail"]).exits(0);
    let to = enterprise(1).email().to_owned();
    let own: Vec<Value> = warned(&world).into_iter().filter(|mail| mail["to"] == to).collect();
    assert_eq!(texts(&own, "state"), ["sent", "sent"]);
    assert_eq!(night(&world, "12-08").1["suspended"], 0, "less than 24 hours later");
    booked(&world, "b.csv", "09/12/2026", &[("08/12/2026", 6, "khac")]);
    assert_eq!(night(&world, "12-10").1["suspended"], 1);
    proves(&world);
}

#[test]
fn a_cut_off_that_was_planned_before_it_was_put_off_and_released_waits_for_a_new_warning() {
    let world = planned();
    let line = format!("{ORDER}/2");
    let held = ["hold", &line, "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("12-04", 1), &held).exits(0);
    world.run_at(&at("12-04", 2), &["release", &line]).exits(0);
    world.run_at(&at("12-04", 3), &["run", "activate"]).exits(0);
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    world.run_at(&at("12-04", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);
    booked(&world, "b.csv", "06/12/2026", &[("04/12/2026", 6, "khac")]);
    assert_eq!(night(&world, "12-07").1["suspended"], 1);
}

#[test]
fn what_differs_and_waits_stands_in_a_workbook_in_the_morning() {
    let world = unpaid();
    world.run_at(&at("11-24", 0), &["run", "reconcile"]).exits(0);
    assert!(world.files_in("outbox/_bank").is_empty(), "nothing waits");
    booked(&world, "a.csv", "24/11/2026", &[("24/11/2026", 77, "khong ro")]);
    let ran = world.run_at(&at("11-25", 0), &["run", "reconcile", "--json"]).exits(1).json();
    assert_eq!(ran["runs"][0]["state"], "completed_with_rejects");
    let counts = &ran["runs"][0]["counts"];
    assert_eq!((&counts["payments_waiting"], &counts["differences"]), (&1.into(), &0.into()));
    let written = world.files_in("outbox/_bank");
    assert!(written.iter().any(|name| name == "doi-soat__2026-11-25__r1.xlsx"), "{written:?}");
    assert_eq!(text(&world.list("jobs")[0], "name"), "activate");
}

#[test]
fn a_line_that_waits_for_its_statement_is_no_difference_before_that_is_late() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let differences = |day: &str, exit: i32| {
        let ran = world.run_at(&at(day, 0), &["run", "reconcile", "--json"]).exits(exit).json();
        ran["runs"][0]["counts"]["differences"].clone()
    };
    // The last day is the 30th, and what is paid on it may be booked on the 1st.
    assert_eq!(differences("12-01", 0), 0);
    assert_eq!(differences("12-02", 1), 3);
    booked(&world, "a.csv", "01/12/2026", &[("28/11/2026", -5_500, "phi")]);
    assert_eq!(differences("12-03", 0), 0, "the sweep of that night ends them");
    world.run_at(&at("12-03", 1), &["run", "sweep"]).exits(0);
    assert_eq!(lines(&world), ["suspended"; 3]);
    assert_eq!(differences("12-04", 0), 0);
}

#[test]
fn a_line_that_was_cut_off_cannot_be_cancelled_and_is_told_what_it_is_and_how_it_may_end() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", -5_500, "phi")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 3);
    let cancel = ["cancel", &format!("{ORDER}/1"), "--reason", "khách thôi", "--json"];
    let refused = world.run_at(&at("12-04", 9), &cancel).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed", "{refused}");
    let said = text(&refused["error"], "message");
    for needed in ["Đã tạm ngắt vì chưa thanh toán", "được mở lại", "refund"] {
        assert!(said.contains(needed), "no {needed} in {said}");
    }
    assert_eq!(lines(&world), ["suspended"; 3]);
}

/// A holiday that was announced late.
fn announce(world: &World, days: &[&str]) {
    let path = world.path("jobs/catalogue/holidays.toml");
    let mut table = std::fs::read_to_string(&path).unwrap();
    let end = table.rfind(']').unwrap();
    let days: Vec<String> =
        days.iter().map(|day| format!("    {{ date = {day}, name = \"Nghỉ bù\" }},\n")).collect();
    table.insert_str(end, &days.concat());
    std::fs::write(path, table).unwrap();
}

/// On Friday, 01:00, the cut-offs of all three lines are planned, and the platform was not asked yet.
fn planned() -> World {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    world.run_at(&at("12-04", 0), &["run", "reconcile"]);
    let mut killed = world.command(&["run", "sweep", "--now", &at("12-04", 1)]);
    killed.env("HANGLOAT_CRASH_AT", "change_claimed");
    assert_eq!(crate::world::finished(&mut killed).code, 128 + 9, "all three are planned");
    world
}

#[test]
fn a_planned_cut_off_is_not_carried_out_by_the_money_that_may_be_its() {
    for (by_name, state) in [(false, "suggested"), (true, "unmatched")] {
        let world = planned();
        let code = codes(&world).remove(1);
        let memo = if by_name { "THU NGHIEM 2 CHUYEN TIEN" } else { &code[..code.len() - 1] };
        booked(&world, "b.csv", "04/12/2026", &[("04/12/2026", 2_950_000, memo)]);
        world.run_at(&at("12-04", 9), &["run", "import"]);
        world.run_at(&at("12-04", 10), &["run", "activate"]).exits(0);
        assert_eq!(lines(&world), ["suspended", "grace", "suspended"], "{memo}");
        assert_eq!(world.list("payments")[0]["state"], state);
        proves(&world);
    }
}

#[test]
fn a_planned_cut_off_is_not_carried_out_where_its_warning_did_not_arrive_after_all() {
    let world = planned();
    let mut mails = warned(&world).into_iter();
    let second = mails.rfind(|mail| mail["to"] == "giamdoc@congty2.example").unwrap();
    let id = second["id"].to_string();
    world.run_at(&at("12-04", 9), &["mails", "refuse", &id, "--reason", "trả lại"]).exits(0);
    world.run_at(&at("12-04", 10), &["run", "activate"]).exits(0);
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    proves(&world);
}

#[test]
fn a_cut_off_that_was_planned_on_friday_waits_over_the_weekend_and_nobody_is_called_for_it() {
    let world = planned();
    world.run_at(&at("12-05", 9), &["run", "activate"]).exits(0);
    assert_eq!(lines(&world), ["grace"; 3]);
    assert_eq!(night(&world, "12-07").1["suspended"], 3);
    assert_eq!(lines(&world), ["suspended"; 3]);
    proves(&world);
}

#[test]
fn what_is_put_off_after_its_cut_off_was_planned_is_not_cut_off() {
    let world = planned();
    let held = ["hold", "DH-2611-000001/2", "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("12-04", 1), &held).exits(0);
    world.run_at(&at("12-04", 2), &["run", "activate"]).exits(0);
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    assert_eq!(world.list("licences")[1]["state"], "grace");
    // When its time has come it is warned of it, and cut off like any other.
    world.run_at(&at("12-18", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("12-18", 9), &["run", "mail"]).exits(0);
    booked(&world, "b.csv", "22/12/2026", &[("04/12/2026", 7, "khac")]);
    assert_eq!(night(&world, "12-24").1["suspended"], 1);
    proves(&world);
}

#[test]
fn a_statement_that_begins_after_the_money_was_asked_for_does_not_say_who_paid() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    // The first statement of all begins a day after the order was placed.
    let text = String::from_utf8(statement(&[("28/11/2026", 5, "khac")])).unwrap();
    let late = format!("Từ ngày: 24/11/2026;Đến ngày: 02/12/2026;;\n{text}");
    world.drop_file("_bank/late.csv", late.as_bytes());
    let (exit, counts) = night(&world, "12-04");
    assert_eq!((exit, &counts["suspended"], &counts["waiting_lines"]), (1, &0.into(), &3.into()));
    // Nobody needs to know what was booked before it.
    let first = format!("Từ ngày: 23/11/2026;Đến ngày: 24/11/2026;;\n{text}");
    world.drop_file("_bank/first.csv", first.replace("28/11/2026", "23/11/2026").as_bytes());
    assert_eq!(night(&world, "12-07").1["suspended"], 3);
}

/// What the newest letter of a purpose to somebody says.
fn letter(world: &World, purpose: &str, to: &str) -> String {
    let letters = super::told::letters_of(world, purpose);
    let last = letters.into_iter().rfind(|it| it.to == to);
    last.unwrap_or_else(|| panic!("no {purpose} to {to}")).text
}

#[test]
fn a_warning_names_the_day_that_holds_after_a_new_holiday_and_a_hold() {
    let world = unpaid();
    // The last day was the 30th, a Monday; Monday and Tuesday are holidays now.
    announce(&world, &["2026-11-30", "2026-12-01"]);
    let held = ["hold", "DH-2611-000001/2", "--until", "2026-12-04", "--reason", "hẹn trả"];
    world.run_at(&at("11-24", 9), &held).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let to = |n: u32| enterprise(n).email().to_owned();
    let first = letter(&world, "grace_warning", &to(1));
    assert!(first.contains("02/12/2026") && !first.contains("ngày 30/11/2026"), "{first}");
    // Its reminder of three days before was put off with it.
    world.run_at(&at("12-01", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("12-03", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("12-03", 9), &["run", "mail"]).exits(0);
    let second = letter(&world, "grace_warning", &to(2));
    assert!(second.contains("04/12/2026") && second.contains("lần nhắc cuối"), "{second}");
}

#[test]
fn the_firms_copy_of_a_warning_names_who_was_warned_in_that_run_and_nobody_else() {
    if !crate::world::require("python3") {
        return;
    }
    let world = unpaid();
    let held = ["hold", "DH-2611-000001/2", "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("11-24", 9), &held).exits(0);
    let copy = |day: &str| {
        world.run_at(&at(day, 8), &["run", "remind"]).exits(0);
        world.run_at(&at(day, 9), &["run", "mail"]).exits(0);
        letter(&world, "grace_warning", "lan@minhan.example")
    };
    let client = |n: u32| enterprise(n).tax_id().to_owned();
    let first = copy("11-27");
    assert!(first.contains(&client(1)) && first.contains(&client(3)), "{first}");
    assert!(!first.contains(&client(2)) && first.contains("2 khách hàng"), "{first}");
    // The others are past their day, and wait for a statement.
    let later = copy("12-18");
    assert!(later.contains(&client(2)) && !later.contains("đã qua"), "{later}");
    assert!(!later.contains(&client(1)) && !later.contains(&client(3)), "{later}");
}

#[test]
fn whoever_registered_and_pays_reads_of_the_others_in_a_copy_and_of_the_own_how_to_pay() {
    if !crate::world::require("python3") {
        return;
    }
    let world = World::new();
    // Lan registered both orders, and pays for the second one.
    let lan = "lan@minhan.example";
    let own = enterprise(3).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), own]));
    for order in ["DH-2611-000001", "DH-2611-000002"] {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let letters = super::told::letters_of(&world, "grace_warning");
    let to_lan = letters.iter().filter(|it| it.to == lan);
    let (copies, own): (Vec<_>, Vec<_>) = to_lan.partition(|it| it.text.contains("bản sao"));
    assert_eq!((copies.len(), own.len()), (1, 1));
    let client = |n: u32| enterprise(n).tax_id().to_owned();
    let copy = &copies[0];
    assert!(copy.text.contains(&client(1)) && copy.text.contains(&client(2)), "{}", copy.text);
    assert!(!copy.text.contains(&client(3)) && copy.pictures.is_empty(), "{}", copy.text);
    let own = &own[0];
    assert!(own.text.contains(&client(3)) && !own.text.contains(&client(1)), "{}", own.text);
    assert!(own.text.contains("1023456789") && own.pictures.len() == 1, "{}", own.text);
}

#[test]
fn a_warning_asks_for_what_is_missing_of_what_lies_under_the_batch_code() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 5_000_000, &both)]);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "report"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    // The morning says what is missing as the letter does, and counts what came for the debt no second time.
    let page = world.path("outbox/morning__2026-11-27__r1.xlsx");
    let page = super::workbooks::sheet_text(&page, "Buổi sáng");
    assert!(page.contains("còn thiếu 900.000 đ"), "{page}");
    let morning = super::told::letters_of(&world, "morning").pop().unwrap();
    assert!(morning.subject.contains("liên quan đến 5.900.000 đ"), "{}", morning.subject);
    let said = letter(&world, "grace_warning", enterprise(1).email());
    for needed in ["Đã nhận 5.000.000 đ", "phần còn thiếu 900.000 đ", &both] {
        assert!(said.contains(needed), "no {needed} in {said}");
    }
    assert!(!said.contains("Số tiền: 5.900.000 đ"), "{said}");
    for threat in ["sắp ngừng", "lần nhắc cuối"] {
        assert!(!said.contains(threat), "{threat}: {said}");
    }
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let asked = super::workbooks::sheet_text(&book, "Sắp ngắt");
    assert_eq!(asked.matches("khoản 1 (24/11/2026, 5.000.000 đ chưa dùng)").count(), 2, "{asked}");
    // With what is missing under the same code both are paid.
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 900_000, &both)]);
    assert_eq!(night(&world, "12-04").1["suspended"], 0);
    assert_eq!(lines(&world), ["active"; 2]);
}

#[test]
fn a_warning_asks_for_what_is_missing_also_where_the_money_names_a_single_code_beside_the_batch_code()
 {
    if !crate::world::require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let memo = format!("{both} {}", codes(&world)[1]);
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 5_000_000, &memo)]);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let said = letter(&world, "grace_warning", enterprise(1).email());
    for needed in ["Đã nhận 5.000.000 đ", "phần còn thiếu 900.000 đ", &both] {
        assert!(said.contains(needed), "no {needed} in {said}");
    }
    assert!(!said.contains("Số tiền: 5.900.000 đ"), "{said}");
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 900_000, &both)]);
    assert_eq!(night(&world, "12-04").1["suspended"], 0);
    assert_eq!(lines(&world), ["active"; 2]);
}

#[test]
fn a_warning_asks_for_what_it_names_where_others_of_the_payer_are_open_and_are_not_cut_off() {
    if !crate::world::require("python3") {
        return;
    }
    for clients in [2, 3] {
        let world = World::new();
        let same = |n| enterprise(n).with("E", enterprise(1).email());
        world.import("khach.csv", &csv(&(1..=clients).map(same).collect::<Vec<_>>()));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
        let codes = codes(&world);
        let last = codes.last().unwrap();
        // It works on though the money does not count any more.
        booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 2_950_000, last)]);
        night(&world, "11-26");
        world.run_at(&at("11-26", 9), &["unmatch", "1", "--reason", "nhầm"]).exits(0);
        world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
        world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
        let said = letter(&world, "grace_warning", enterprise(1).email());
        if clients == 2 {
            for needed in [enterprise(1).name(), "Số tiền: 2.950.000 đ", &codes[0]] {
                assert!(said.contains(needed), "no {needed} in {said}");
            }
            for other in [enterprise(2).name(), "5.900.000 đ", &all] {
                assert!(!said.contains(other), "{other}: {said}");
            }
        } else {
            let own =
                ["Chưa thanh toán: 5.900.000 đ", "chuyển riêng từng khoản", &codes[0], &codes[1]];
            let others = ["Các khoản khác chưa trả", "đúng 8.850.000 đ với nội dung", &all, last];
            for needed in own.into_iter().chain(others).chain([enterprise(3).name()]) {
                assert!(said.contains(needed), "no {needed} in {said}");
            }
            assert!(!said.contains("Số tiền: "), "one sum is for all of them: {said}");
        }
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn a_warning_is_about_those_of_its_day_alone_where_others_of_the_payer_were_put_off() {
    if !crate::world::require("python3") {
        return;
    }
    let world = World::new();
    let same = |n| enterprise(n).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same(2), same(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let codes = codes(&world);
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 1_000_000, &codes[0])]);
    night(&world, "11-26");
    for line in [2, 3] {
        let line = format!("{ORDER}/{line}");
        let held = ["hold", &line, "--until", "2026-12-10", "--reason", "hẹn trả"];
        world.run_at(&at("11-26", 9), &held).exits(0);
    }
    let newest = |day: &str| {
        world.run_at(&at(day, 8), &["run", "remind"]).exits(0);
        world.run_at(&at(day, 9), &["run", "mail"]).exits(0);
        let letters = super::told::letters_of(&world, "grace_warning");
        letters.into_iter().rfind(|it| it.to == enterprise(1).email()).unwrap()
    };
    // The first one is paid in part: it alone is asked for, without a threat.
    let first = newest("11-27");
    assert!(first.subject.starts_with("Còn thiếu 1.950.000 đ"), "{}", first.subject);
    for needed in [enterprise(1).name(), "30/11/2026", "Số tiền: 1.950.000 đ", &codes[0]] {
        assert!(first.text.contains(needed), "no {needed} in {}", first.text);
    }
    for other in [enterprise(2).name(), "10/12/2026", "7.850.000", "ngừng", &all] {
        assert!(!first.text.contains(other), "{other}: {}", first.text);
    }
    assert_eq!(first.pictures.len(), 1);
    // The others in their own time, without a word that the first one may stop.
    let second = newest("12-07");
    let subject = "Còn 3 ngày: thanh toán phần mềm kế toán cho 2 ";
    assert!(second.subject.starts_with(subject), "{}", second.subject);
    assert!(second.subject.ends_with("10/12/2026"), "{}", second.subject);
    let own = ["Chưa thanh toán: 5.900.000 đ", "đến hết ngày 10/12/2026", &codes[1], &codes[2]];
    let apart = ["Hạn trả 30/11/2026 đã qua", "đúng 7.850.000 đ với nội dung", &all, &codes[0]];
    for needed in own.into_iter().chain(apart) {
        assert!(second.text.contains(needed), "no {needed} in {}", second.text);
    }
    for other in ["Đã quá hạn", "24 giờ", "Số tiền: "] {
        assert!(!second.text.contains(other), "{other}: {}", second.text);
    }
    assert!(second.pictures.is_empty(), "each is paid by its own code");
    let copy = letter(&world, "grace_warning", "lan@minhan.example");
    assert!(copy.contains("Chưa thanh toán: 5.900.000 đ"), "{copy}");
    assert!(!copy.contains(enterprise(1).tax_id()), "{copy}");
    proves(&world);
}

#[test]
fn the_totals_of_a_copy_of_a_warning_are_those_of_its_list_where_money_waits_for_others_too() {
    if !crate::world::require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same, enterprise(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let codes = codes(&world);
    let came = [("24/11/2026", 2_000_000, both.as_str()), ("24/11/2026", 1_000_000, &codes[2])];
    booked(&world, "a.csv", "25/11/2026", &came);
    night(&world, "11-26");
    let held = ["hold", "DH-2611-000001/2", "--until", "2026-12-10", "--reason", "hẹn trả"];
    world.run_at(&at("11-26", 9), &held).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let copy = letter(&world, "grace_warning", "lan@minhan.example");
    for fact in [
        "Số khách hàng: 2",
        "Chưa thanh toán: 4.900.000 đ",
        "Số tiền đã nhận: 1.000.000 đ",
        "Đang chờ với mã chung: 2.000.000 đ",
        "phần còn thiếu 3.900.000 đ của tất cả các khoản",
    ] {
        assert!(copy.contains(fact), "no {fact} in {copy}");
    }
    // Who pays reads for whom that money waits, and by which day each is to be paid.
    let own = letter(&world, "grace_warning", enterprise(1).email());
    for needed in ["Số tiền: 3.900.000 đ", "1 đơn vị khác", enterprise(2).name(), "10/12/2026"]
    {
        assert!(own.contains(needed), "no {needed} in {own}");
    }
    proves(&world);
}

#[test]
fn what_a_match_leaves_under_the_batch_code_is_not_asked_for_again_and_keeps_the_others_on() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = World::new();
    let same = |n| enterprise(n).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same(2), same(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let code = codes(&world).remove(0);
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 5_000_000, &all)]);
    night(&world, "11-26");
    world.run_at(&at("11-26", 9), &["match", "1", &code, "--reason", "gọi"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "report"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let page = world.path("outbox/morning__2026-11-27__r1.xlsx");
    let page = super::workbooks::sheet_text(&page, "Buổi sáng");
    assert!(page.contains("còn thiếu 3.850.000 đ"), "{page}");
    let said = letter(&world, "grace_warning", enterprise(1).email());
    for needed in ["Đã nhận 2.050.000 đ", "phần còn thiếu 3.850.000 đ", &all] {
        assert!(said.contains(needed), "no {needed} in {said}");
    }
    for other in ["Số tiền: 5.900.000 đ", "sắp ngừng", "lần nhắc cuối"] {
        assert!(!said.contains(other), "{other}: {said}");
    }
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let asked = super::workbooks::sheet_text(&book, "Sắp ngắt");
    assert_eq!(asked.matches("khoản 1 (24/11/2026, 2.050.000 đ chưa dùng)").count(), 2, "{asked}");
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    let (_, counts) = night(&world, "12-04");
    assert_eq!((&counts["suspended"], &counts["waiting_lines"]), (&0.into(), &2.into()));
    assert_eq!(lines(&world), ["active", "grace", "grace"]);
    // With what was asked for all are paid.
    booked(&world, "c.csv", "07/12/2026", &[("04/12/2026", 3_850_000, &all)]);
    assert_eq!(night(&world, "12-08").1["suspended"], 0);
    assert_eq!(lines(&world), ["active"; 3]);
    proves(&world);
}

#[test]
fn what_a_match_leaves_of_money_under_two_batch_codes_keeps_on_whom_its_memo_names() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let world = World::new();
    let of = |n, payer: u32| enterprise(n).with("E", enterprise(payer).email());
    world.import("khach.csv", &csv(&[of(1, 1), of(2, 1), of(3, 3), of(4, 3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let codes = codes(&world);
    let requests = world.order(ORDER)["payment_requests"].clone();
    let both = [0, 2].map(|at| text(&requests[at], "batch_code")).join(" ");
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 2_950_000, &both)]);
    night(&world, "11-26");
    let part = format!("{}=2000000", codes[0]);
    world.run_at(&at("11-26", 9), &["match", "1", &part, "--reason", "gọi"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 950_000, &codes[0])]);
    assert_eq!(night(&world, "12-04").1["suspended"], 0);
    assert_eq!(lines(&world), ["active", "grace", "grace", "grace"]);
    let book = world.path("outbox/_bank/doi-soat__2026-12-04__r1.xlsx");
    let said = super::workbooks::sheet_text(&book, "Tiền chưa khớp");
    assert_eq!(said.matches("nội dung có mã chung").count(), 3, "{said}");
    for code in &codes[1..] {
        assert!(said.contains(&format!("{code} – ")), "no {code} in {said}");
    }
    proves(&world);
}

#[test]
fn a_match_with_all_of_a_payer_that_a_person_takes_back_leaves_the_money_where_its_memo_says() {
    let world = World::new();
    let same = |n| enterprise(n).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same(2), same(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 5_000_000, &all)]);
    night(&world, "11-26");
    let parts = codes(&world);
    let parts = [(0, 2_000_000), (1, 2_000_000), (2, 1_000_000)]
        .map(|(at, dong): (usize, i64)| format!("{}={dong}", parts[at]));
    let said = ["match", "1", &parts[0], &parts[1], &parts[2], "--reason", "gọi"];
    world.run_at(&at("11-26", 9), &said).exits(0);
    world.run_at(&at("11-26", 10), &["unmatch", "1", "--reason", "nhầm"]).exits(0);
    let shown = world.run(&["payments", "1", "--json"]).exits(0).json()["payments"][0].clone();
    assert_eq!((&shown["state"], &shown["allocations"]), (&"held".into(), &json!([])));
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let warned = letter(&world, "grace_warning", enterprise(1).email());
    for needed in ["5.000.000 đ", "phần còn thiếu 3.850.000 đ"] {
        assert!(warned.contains(needed), "no {needed} in {warned}");
    }
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 0);
    assert_eq!(lines(&world), ["grace"; 3]);
    // With the rest it is exact: what a person took back he matches again, not the program.
    booked(&world, "c.csv", "07/12/2026", &[("04/12/2026", 3_850_000, &all)]);
    assert_eq!(night(&world, "12-08").1["suspended"], 0);
    assert_eq!(lines(&world), ["grace"; 3]);
    proves(&world);
}

#[test]
fn what_came_for_all_of_a_payer_and_is_parted_from_it_waits_under_its_code_no_more() {
    let parted: [&[&str]; 2] = [&["unmatch", "1"], &["match", "1", "ALL=0"]];
    for (said, names_one) in [(parted[0], false), (parted[0], true), (parted[1], false)] {
        let world = World::new();
        let same = enterprise(2).with("E", enterprise(1).email());
        world.import("khach.csv", &csv(&[enterprise(1), same]));
        world.run(&["confirm", ORDER]).exits(0);
        let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
        let memo = if names_one { format!("{all} {}", codes(&world)[0]) } else { all.clone() };
        booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 5_900_000, &memo)]);
        night(&world, "11-26");
        let shown =
            || world.run(&["payments", "1", "--json"]).exits(0).json()["payments"][0].clone();
        assert_eq!(shown()["state"], "matched");
        let said: Vec<String> = said.iter().map(|it| it.replace("ALL", &all)).collect();
        let mut said: Vec<&str> = said.iter().map(String::as_str).collect();
        said.extend(["--reason", "của người khác"]);
        world.run_at(&at("11-26", 10), &said).exits(0);
        assert_eq!(shown()["state"], "unmatched", "{said:?}");
        proves(&world);
    }
}

#[test]
fn who_paid_too_much_under_the_batch_code_is_not_warned_and_the_firm_reads_that_it_must_be_matched()
{
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 6_000_000, &both)]);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let to = enterprise(1).email().to_owned();
    let own: Vec<Value> = warned(&world).into_iter().filter(|mail| mail["to"] == to).collect();
    assert_eq!(texts(&own, "state"), ["cancelled"]);
    let copy = letter(&world, "grace_warning", "lan@minhan.example");
    assert!(copy.contains("6.000.000 đ") && copy.contains("ghép"), "{copy}");
    world.run_at(&at("11-27", 9), &["run", "report"]).exits(0);
    let page = world.path("outbox/morning__2026-11-27__r1.xlsx");
    let page = super::workbooks::sheet_text(&page, "Buổi sáng");
    for said in ["nhiều hơn số phải trả 100.000 đ: cần ghép với 2 mã", "Có tiền đang chờ ghép"]
    {
        assert!(page.contains(said), "no {said} in {page}");
    }
    assert!(!page.contains("Sắp ngắt, chưa trả tiền"), "{page}");
    // It is not planned anew as long as the money waits.
    world.run_at(&at("11-27", 10), &["run", "remind"]).exits(0);
    assert_eq!(warned(&world).len(), 2);
}

#[test]
fn who_paid_with_a_single_code_what_is_missing_under_the_batch_code_is_not_warned_and_it_is_matched()
 {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let code = codes(&world).remove(0);
    let paid = [("24/11/2026", 1_000_000, both.as_str()), ("24/11/2026", 4_900_000, &code)];
    booked(&world, "a.csv", "25/11/2026", &paid);
    night(&world, "11-26");
    let book = world.path("outbox/_bank/doi-soat__2026-11-26__r1.xlsx");
    let said = super::workbooks::sheet_text(&book, "Tiền chưa khớp");
    let fills = "mã chung của cùng người trả, còn thiếu đúng 1.950.000 đ";
    assert!(said.contains(&format!("1. {both} – ")) && said.contains(fills), "{said}");
    assert_eq!(said.matches(fills).count(), 1, "{said}");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let to = enterprise(1).email().to_owned();
    let own: Vec<Value> = warned(&world).into_iter().filter(|mail| mail["to"] == to).collect();
    assert_eq!(texts(&own, "state"), ["cancelled"]);
    let copy = letter(&world, "grace_warning", "lan@minhan.example");
    assert!(copy.contains("2.950.000 đ") && copy.contains("ghép"), "{copy}");
    assert!(!copy.contains("còn thiếu"), "{copy}");
    let payments = world.list("payments");
    let much = payments.iter().find(|it| it["amount"] == 4_900_000).unwrap()["id"].to_string();
    world.run_at(&at("11-27", 10), &["match", &much, &both, "--reason", "gọi"]).exits(0);
    assert_eq!(world.order(ORDER)["state"], "paid");
    proves(&world);
}

#[test]
fn a_copy_of_a_warning_names_those_alone_who_were_warned() {
    if !crate::world::require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same, enterprise(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 6_000_000, &both)]);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let sent = warned(&world).into_iter().filter(|mail| mail["state"] == "sent");
    let sent = texts(&sent.collect::<Vec<_>>(), "to");
    assert!(!sent.contains(&enterprise(1).email().to_owned()), "{sent:?}");
    assert!(sent.contains(&enterprise(3).email().to_owned()), "{sent:?}");
    let copy = letter(&world, "grace_warning", "lan@minhan.example");
    assert!(copy.contains(enterprise(3).tax_id()) && copy.contains("vừa được nhắc"), "{copy}");
    for other in [enterprise(1).tax_id(), enterprise(2).tax_id(), "3 khách hàng", "6.000.000 đ"]
    {
        assert!(!copy.contains(other), "{other} in {copy}");
    }
}

#[test]
fn a_warning_whose_day_was_put_off_before_it_left_is_not_sent() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    let held = ["hold", "DH-2611-000001/1", "--until", "2026-12-20", "--reason", "hẹn trả"];
    world.run_at(&at("11-27", 8), &held).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let to = enterprise(1).email().to_owned();
    let own: Vec<Value> = warned(&world).into_iter().filter(|mail| mail["to"] == to).collect();
    assert_eq!(texts(&own, "state"), ["cancelled"]);
}

#[test]
fn whoever_runs_the_program_is_mailed_from_the_second_day_on_which_statement_is_missing() {
    if !crate::world::require("python3") {
        return;
    }
    let world = unpaid();
    world.rewrite("hangloat.toml", "[operator]", "[operator]\nemail = \"may@nhacungcap.example\" ");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let told = || {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["to"] == "may@nhacungcap.example");
        texts(&mails, "subject")
    };
    night(&world, "12-01");
    assert!(told().is_empty(), "on the first day nobody is called");
    night(&world, "12-02");
    world.run_at(&at("12-02", 5), &["run", "reconcile"]);
    assert_eq!(told(), ["_operator/2026-12-02"], "once a day");
    night(&world, "12-03");
    assert_eq!(told(), ["_operator/2026-12-02", "_operator/2026-12-03"]);
    world.run_at(&at("12-03", 9), &["run", "mail"]).exits(0);
    let letters = super::told::letters_of(&world, "reconciliation");
    let letter = letters.iter().rfind(|it| it.to == "may@nhacungcap.example").unwrap();
    assert!(letter.subject.starts_with("Thiếu sao kê 23/11/2026 – "), "{}", letter.subject);
    for said in ["inbox/_bank", "DH-2611-000001/1", "DH-2611-000001/3", "2.950.000 đ"] {
        assert!(letter.text.contains(said), "no {said} in {}", letter.text);
    }
    assert!(letter.text.contains("Thư của chương trình"), "{}", letter.text);
    // Others may be cut off that night.
    assert!(letter.text.contains("khách hàng chờ những ngày này chưa bị ngắt"), "{}", letter.text);
    assert!(!letter.text.contains("Kế toán phụ trách"), "{}", letter.text);
    assert_eq!(letter.files.keys().collect::<Vec<_>>(), ["doi-soat__2026-12-03.xlsx"]);
    // The statement came: nobody is mailed any more.
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    night(&world, "12-04");
    assert_eq!(told().len(), 2);
}

#[test]
fn before_the_last_day_the_list_of_cut_offs_names_the_statement_that_is_missing_already() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let said = |revision: u32| {
        world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
        let name = format!("outbox/_bank/sap-ngat__2026-11-27__r{revision}.xlsx");
        super::workbooks::sheet_text(&world.path(&name), "Sắp ngắt")
    };
    let take = |name: &str, from: &str, to: &str| {
        let text = String::from_utf8(statement(&[(from, 5, "khac")])).unwrap();
        let text = format!("Từ ngày: {from};Đến ngày: {to};;\n{text}");
        let path = world.drop_file(&format!("_bank/{name}"), text.as_bytes());
        world.run_at(&at("11-27", 14), &["run", "import", path.to_str().unwrap()]).exits(0);
    };
    take("a.csv", "20/11/2026", "23/11/2026");
    take("b.csv", "26/11/2026", "26/11/2026");
    let gap = said(1);
    assert!(gap.contains("sao kê còn thiếu: từ 24/11/2026 đến 25/11/2026"), "{gap}");
    take("c.csv", "24/11/2026", "25/11/2026");
    let whole = said(2);
    assert!(whole.contains("nếu vẫn chưa thanh toán") && !whole.contains("còn thiếu"), "{whole}");
}

#[test]
fn a_line_that_waits_names_the_days_without_a_statement_and_none_that_is_not_over() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let said = |day: &str, revision: u32| {
        world.run_at(&at(day, 15), &["run", "cut-offs"]).exits(0);
        let name = format!("outbox/_bank/sap-ngat__2026-{day}__r{revision}.xlsx");
        super::workbooks::sheet_text(&world.path(&name), "Sắp ngắt")
    };
    // The statement of the 1st is needed too, and cannot be there on that afternoon.
    let none = said("12-01", 1);
    for days in ["Chưa có sao kê", "Chờ sao kê"] {
        let days = format!("{days} từ 23/11/2026 đến 30/11/2026");
        assert!(none.contains(&days) && !none.contains("01/12/2026:"), "no {days} in {none}");
    }
    booked(&world, "a.csv", "30/11/2026", &[("28/11/2026", 5, "khac")]);
    world.run_at(&at("12-01", 15), &["run", "import"]);
    let today = said("12-01", 2);
    assert!(today.contains("Chờ sao kê ngày 01/12/2026 (qua ngày đó mới có)"), "{today}");
    assert!(!today.contains("Chưa có sao kê"), "{today}");
    let missing = said("12-02", 1);
    assert!(missing.contains("Chưa có sao kê ngày 01/12/2026: 3 dòng chờ"), "{missing}");
    assert!(missing.contains("Chờ sao kê ngày 01/12/2026\t"), "{missing}");
}

/// Two clients in grace of one payer, and one who pays alone where `with_other`; an amount came that all of them owe, and
/// nobody says whose it is. What *Sắp ngắt* asked, on Friday before their last day.
fn owed_alike(with_other: bool) -> (World, String) {
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    let other = with_other.then(|| enterprise(3));
    let clients: Vec<_> = [enterprise(1), same].into_iter().chain(other).collect();
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    booked(&world, "a.csv", "26/11/2026", &[("24/11/2026", 2_950_000, "chuyen tien")]);
    night(&world, "11-27");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let asked = super::workbooks::sheet_text(&book, "Sắp ngắt");
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    night(&world, "12-04");
    (world, asked)
}

#[test]
fn an_amount_that_one_payer_alone_owes_keeps_all_of_the_payers_clients_on() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let (world, asked) = owed_alike(false);
    let told = "có thể là của dòng này: khoản 1 (24/11/2026, 2.950.000 đ chưa dùng)";
    assert_eq!(asked.matches(told).count(), 2, "{asked}");
    assert_eq!(lines(&world), ["grace"; 2]);
    // Whichever of them it was for: when a person said so, it keeps the other one on no more.
    let code = codes(&world).remove(0);
    world.run_at(&at("12-04", 9), &["match", "1", &code, "--reason", "gọi"]).exits(0);
    assert_eq!(night(&world, "12-07").1["suspended"], 1);
    assert_eq!(lines(&world), ["active", "suspended"]);
    proves(&world);
}

/// Two clients in grace of one payer, who paid with the code of the first one alone, on the 24th: what the warning says,
/// and what *Sắp ngắt* asks, on Friday before their last day; then the night of the cut-off.
fn paid_under_one_code(payments: &[(i64, &str)]) -> (World, String, String) {
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same, enterprise(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let code = codes(&world).remove(0);
    let memos: Vec<String> = payments.iter().map(|(_, memo)| format!("{code} {memo}")).collect();
    let paid = payments.iter().zip(&memos);
    let paid: Vec<_> = paid.map(|((dong, _), memo)| ("24/11/2026", *dong, memo.as_str())).collect();
    booked(&world, "a.csv", "26/11/2026", &paid);
    night(&world, "11-27");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let asked = super::workbooks::sheet_text(&book, "Sắp ngắt");
    let warned = letter(&world, "grace_warning", enterprise(1).email());
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    night(&world, "12-04");
    (world, asked, warned)
}

#[test]
fn who_paid_for_two_clients_under_the_code_of_one_is_told_that_it_waits_and_neither_is_cut_off() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let all: [&[(i64, &str)]; 3] = [
        &[(5_900_000, "cho 2 cong ty")],
        &[(2_950_000, ""), (2_950_000, "lan 2")],
        &[(5_900_000, ORDER)],
    ];
    for payments in all {
        let (world, asked, warned) = paid_under_one_code(payments);
        let unused = "có thể là của dòng này: khoản";
        assert_eq!(asked.matches(unused).count(), 1, "{asked}");
        assert!(asked.contains("2.950.000 đ chưa dùng"), "{asked}");
        let waits = "2.950.000 đ đã nhận mà chưa được tính cho khoản nào, đang chờ";
        assert!(warned.contains(waits), "{warned}");
        assert_eq!(lines(&world), ["active", "grace", "suspended"]);
        let book = world.path("outbox/_bank/doi-soat__2026-12-04__r1.xlsx");
        let said = super::workbooks::sheet_text(&book, "Tiền chưa khớp");
        let other = format!("2. {} – ", codes(&world)[1]);
        assert!(
            said.contains(&other) && said.contains("còn 2.950.000 đ, cùng người trả"),
            "{said}"
        );
        assert_eq!(said.matches("cùng người trả").count(), 1, "{said}");
        proves(&world);
    }
}

#[test]
fn what_two_payments_of_a_payer_leave_unused_is_added_up_and_keeps_another_one_of_theirs_on() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = World::new();
    let same = |n| enterprise(n).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same(2), same(3)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let codes = codes(&world);
    let paid: Vec<(&str, i64, &str)> =
        codes[..2].iter().map(|code| ("24/11/2026", 4_425_000, code.as_str())).collect();
    booked(&world, "a.csv", "26/11/2026", &paid);
    night(&world, "11-27");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let warned = letter(&world, "grace_warning", enterprise(1).email());
    assert!(warned.contains("2.950.000 đ đã nhận mà chưa được tính cho khoản nào"), "{warned}");
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx");
    let asked = super::workbooks::sheet_text(&book, "Sắp ngắt");
    assert_eq!(asked.matches("có thể là của dòng này: khoản").count(), 1, "{asked}");
    assert_eq!(asked.matches("1.475.000 đ chưa dùng").count(), 2, "{asked}");
    booked(&world, "b.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    assert_eq!(night(&world, "12-04").1["suspended"], 0);
    assert_eq!(lines(&world), ["active", "active", "grace"]);
    let book = world.path("outbox/_bank/doi-soat__2026-12-04__r1.xlsx");
    let said = super::workbooks::sheet_text(&book, "Tiền chưa khớp");
    let together = "còn 2.950.000 đ, cùng người trả: đủ khi cộng";
    assert_eq!(said.matches(together).count(), 2, "{said}");
    // What goes back counts no more.
    world.run_at(&at("12-04", 9), &["refund", "2", "1475000", "--reason", "gọi"]).exits(0);
    assert_eq!(night(&world, "12-07").1["suspended"], 1);
    proves(&world);
}

#[test]
fn what_is_too_much_for_one_and_not_enough_for_another_of_its_payer_keeps_nobody_on() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let (world, asked, _) = paid_under_one_code(&[(5_899_999, "cho 2 cong ty")]);
    assert!(!asked.contains("có thể là của dòng này"), "{asked}");
    assert_eq!(lines(&world), ["active", "suspended", "suspended"]);
    proves(&world);
}

#[test]
fn an_amount_that_several_payers_owe_keeps_nobody_on_and_is_told_before_they_are_cut_off() {
    if !crate::world::require("openpyxl") {
        return;
    }
    let (world, asked) = owed_alike(true);
    let told = "có thể là tiền của dòng này: xin ghép hoặc hoãn trước khi ngắt: khoản 1 (24/11/2026, 2.950.000 đ chưa dùng)";
    assert_eq!(asked.matches(told).count(), 3, "{asked}");
    assert_eq!(asked.matches(". Có tiền đúng số này").count(), 3, "{asked}");
    assert_eq!(lines(&world), ["suspended"; 3]);
    proves(&world);
}

#[test]
fn who_paid_a_part_is_asked_for_the_rest_without_a_threat_and_both_workbooks_list_the_same_lines() {
    if !(crate::world::require("python3") && crate::world::require("openpyxl")) {
        return;
    }
    let world = unpaid();
    let codes = codes(&world);
    let part = [("24/11/2026", 1_000_000, codes[1].as_str()), ("24/11/2026", 77, "khong ro")];
    booked(&world, "a.csv", "25/11/2026", &part);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let to = |n: u32| letter(&world, "grace_warning", enterprise(n).email());
    let second = to(2);
    for said in ["1.000.000 đ", "1.950.000 đ", "chậm nhất ngày 30/11/2026"] {
        assert!(second.contains(said), "no {said} in {second}");
    }
    for threat in ["ngừng", "lần nhắc cuối"] {
        assert!(!second.contains(threat) && to(1).contains(threat), "{threat}: {second}");
    }
    // On Friday nobody is warned or waits, and all three end next.
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    world.run_at(&at("11-27", 16), &["run", "reconcile"]);
    for name in ["sap-ngat", "doi-soat"] {
        let book = world.path(&format!("outbox/_bank/{name}__2026-11-27__r1.xlsx"));
        let said = super::workbooks::sheet_text(&book, "Sắp ngắt");
        for n in 1..=3 {
            assert!(said.contains(enterprise(n).name()), "{name}: {said}");
        }
        assert_eq!(said.matches("Sẽ ngắt sau ngày cuối").count(), 2, "{name}: {said}");
        assert_eq!(said.matches("Đã trả một phần").count(), 1, "{name}: {said}");
    }
}

#[test]
fn who_was_asked_for_a_rest_alone_is_warned_anew_before_a_cut_off_when_the_part_is_taken_away() {
    let world = unpaid();
    let codes = codes(&world);
    booked(&world, "a.csv", "25/11/2026", &[("24/11/2026", 1_000_000, codes[1].as_str())]);
    night(&world, "11-26");
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let own = || {
        let mut all = super::told::letters_of(&world, "grace_warning");
        all.retain(|it| it.to == enterprise(2).email());
        all
    };
    assert!(own().len() == 1 && !own()[0].text.contains("ngừng"), "{:?}", own());
    world.run_at(&at("11-27", 10), &["unmatch", "1", "--reason", "của người khác"]).exits(0);
    booked(&world, "b.csv", "02/12/2026", &[("30/11/2026", 5, "khac")]);
    night(&world, "12-04");
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    world.run_at(&at("12-04", 9), &["run", "mail"]).exits(0);
    assert!(own().len() == 2 && own()[1].text.contains("ngừng"), "{:?}", own());
    booked(&world, "c.csv", "08/12/2026", &[("07/12/2026", 6, "khac")]);
    night(&world, "12-10");
    assert_eq!(lines(&world), ["suspended"; 3]);
    proves(&world);
}
