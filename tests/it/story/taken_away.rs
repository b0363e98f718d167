//! Money that came and was taken away again: who is warned anew before a cut-off, and what the payer reads.

use serde_json::Value;

use super::{
    given_back::id_of,
    grace::{at, booked, lines, night, unpaid},
    lists::{csv, enterprise},
    money::{ORDER, activated, codes, requests, take},
    told::letters_of,
};
use crate::world::{World, require, text, texts};

/// Two clients of one payer: their last day is Monday the 30th, and both were warned of it on Friday the 27th.
fn warned() -> World {
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    world
}

/// The warnings to the payer.
fn warnings(world: &World) -> Vec<Value> {
    let mut mails = world.list("mails");
    let payer = enterprise(1);
    mails.retain(|mail| mail["purpose"] == "grace_warning" && mail["to"] == payer.email());
    mails.sort_by_key(|mail| mail["id"].as_i64());
    mails
}

/// Under which code money comes after the last warning, how it is taken away, and where both lines stand in the night after
/// that.
struct Case<'a> {
    is_for_all: bool,
    amount: i64,
    taken: &'a [&'a str],
    then: [&'a str; 2],
}

#[test]
fn who_paid_after_the_last_warning_is_warned_anew_before_a_cut_off_where_that_money_is_taken_away()
{
    let (grace, suspended) = ("grace", "suspended");
    // The other one of them paid nothing, and was warned.
    let own =
        |taken| Case { is_for_all: false, amount: 1_000_000, taken, then: [grace, suspended] };
    lives(&own(&["unmatch", "1"]));
    lives(&own(&["refund", "1", "1000000"]));
    lives(&own(&["refund", "1", "1000000", "--done", "CK2"]));
    let taken = &["refund", "1", "5000000", "--done", "CK3"];
    lives(&Case { is_for_all: true, amount: 5_000_000, taken, then: [grace; 2] });
}

#[track_caller]
fn lives(case: &Case<'_>) {
    let world = warned();
    let code = codes(&world).remove(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let memo = if case.is_for_all { &all } else { &code };
    booked(&world, "a.csv", "30/11/2026", &[("30/11/2026", case.amount, memo)]);
    night(&world, "12-01");
    world.run_at(&at("12-01", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("12-01", 10), &[case.taken, &["--reason", "nhầm"]].concat());
    assert_eq!(requests(&world), ["open 0"; 2], "{:?}", case.taken);

    booked(&world, "b.csv", "01/12/2026", &[("01/12/2026", 5, "khac")]);
    night(&world, "12-02");
    let stands = |expected: [&str; 2], day: &str| {
        assert_eq!(lines(&world), expected, "on {day}: {:?}", case.taken);
    };
    stands(case.then, "12-02");
    let again = world.run_at(&at("12-02", 2), &["run", "sweep", "--json"]).json();
    assert_eq!(again["runs"][0]["counts"]["warned"], 0, "it is planned already");
    let planned = warnings(&world);
    assert_eq!(texts(&planned, "state"), ["sent", "planned"], "{:?}", case.taken);
    assert_eq!(planned[1]["planned_at"], "2026-12-02T08:00:00+07:00", "not in the night");
    for (hour, state) in [(7, "planned"), (9, "sent")] {
        world.run_at(&at("12-02", hour), &["run", "mail"]).exits(0);
        assert_eq!(warnings(&world)[1]["state"], state, "at {hour}");
    }
    // Until the 3rd it may be paid, and what is paid then is booked on the 4th.
    night(&world, "12-03");
    stands(case.then, "12-03");
    booked(&world, "c.csv", "03/12/2026", &[("03/12/2026", 6, "khac")]);
    night(&world, "12-04");
    stands(case.then, "12-04");
    booked(&world, "d.csv", "04/12/2026", &[("04/12/2026", 7, "khac")]);
    night(&world, "12-07");
    stands(["suspended"; 2], "12-07");
    assert_eq!(warnings(&world).len(), 2, "once is enough");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_planned_cut_off_is_not_carried_out_where_money_came_and_was_taken_away_since() {
    let world = unpaid();
    let code = codes(&world).remove(1);
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    world.run_at(&at("12-04", 0), &["run", "reconcile"]);
    let mut killed = world.command(&["run", "sweep", "--now", &at("12-04", 1)]);
    killed.env("HANGLOAT_CRASH_AT", "change_claimed");
    assert_eq!(crate::world::finished(&mut killed).code, 128 + 9, "all three are planned");
    booked(&world, "b.csv", "03/12/2026", &[("03/12/2026", 1_000_000, &code)]);
    world.run_at(&at("12-04", 9), &["run", "import"]);
    world
        .run_at(&at("12-04", 10), &["unmatch", &id_of(&world, &code), "--reason", "nhầm"])
        .exits(0);
    world.run_at(&at("12-04", 11), &["run", "activate"]).exits(0);
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    let counts = night(&world, "12-07").1;
    assert_eq!((&counts["warned"], &counts["suspended"]), (&1.into(), &0.into()), "{counts}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_first_warning_is_not_sent_anew_where_money_is_taken_away_before_the_last_one() {
    let world = World::new();
    let days = "warn_days_before = [5, 3]";
    world.rewrite("hangloat.toml", "# warn_days_before = [3, 1]", days);
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    let remind = |day: &str, hour: u32| {
        let ran = world.run_at(&at(day, hour), &["run", "remind", "--json"]).exits(0).json();
        ran["runs"][0]["counts"]["warned"].clone()
    };
    assert_eq!(remind("11-25", 8), 1);
    world.run_at(&at("11-25", 9), &["run", "mail"]).exits(0);
    let code = codes(&world).remove(0);
    booked(&world, "a.csv", "25/11/2026", &[("25/11/2026", 1_000_000, &code)]);
    world.run_at(&at("11-26", 9), &["run", "import"]);
    world.run_at(&at("11-26", 10), &["run", "mail"]).exits(0);
    world.run_at(&at("11-26", 11), &["unmatch", "1", "--reason", "nhầm"]).exits(0);
    assert_eq!(remind("11-26", 12), 0);
    assert_eq!(remind("11-27", 8), 1, "the last one");
}

#[test]
fn who_read_that_a_part_came_reads_that_it_was_for_something_else_and_what_is_to_be_paid_now() {
    if !require("python3") {
        return;
    }
    // Each part is told when it is parted; of two that are parted at once one letter is enough.
    for (mails_between, told) in
        [(true, &["1.950.000 đ", "2.950.000 đ"][..]), (false, &["2.950.000 đ"])]
    {
        let world = activated();
        let codes = codes(&world);
        world.run(&["run", "mail"]).exits(0);
        let (first, second) = (codes[0].clone(), format!("{} lan 2", codes[0]));
        let parts = [("20/11/2026", 1_000_000, first.as_str()), ("21/11/2026", 500_000, &second)];
        take(&world, "a.csv", &parts);
        world.run(&["run", "mail"]).exits(0);
        for memo in [&second, &first] {
            world.run(&["unmatch", &id_of(&world, memo), "--reason", "nhầm"]).exits(0);
            if mails_between {
                world.run(&["run", "mail"]).exits(0);
            }
        }
        world.run(&["run", "mail"]).exits(0);
        let letters = letters_of(&world, "payment_received").split_off(1);
        assert_eq!(letters.len(), told.len(), "{letters:?}");
        for (letter, rest) in letters.iter().zip(told) {
            assert_eq!(letter.to, enterprise(1).email());
            let subject = format!("Còn phải trả {rest}");
            assert!(letter.subject.starts_with(&subject), "{}", letter.subject);
            for needed in ["không còn được tính", "chậm nhất ngày 30/11/2026", rest, &codes[0]]
            {
                assert!(letter.text.contains(needed), "no {needed} in {}", letter.text);
            }
            assert_eq!(letter.pictures.len(), 1, "how to pay");
        }
        let bells = texts(&world.list("notifications"), "kind");
        assert!(!bells.contains(&"payment_taken_back".to_owned()), "it was never paid: {bells:?}");

        // Who did not read that a part came has nothing to be told.
        take(&world, "b.csv", &[("22/11/2026", 1_000_000, codes[1].as_str())]);
        world.run(&["unmatch", &id_of(&world, &codes[1]), "--reason", "nhầm"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        assert_eq!(letters_of(&world, "payment_received").len(), 1 + told.len());
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn who_read_that_money_came_reads_in_one_letter_what_a_smaller_match_leaves_of_it() {
    if !require("python3") {
        return;
    }
    // Of what was paid in full, and of what was paid in part, which is in its unpaid week.
    for (came, lost, by) in [
        (2_950_000, "1.950.000 đ trong số tiền đó", ""),
        (2_000_000, "1.000.000 đ trong số tiền đó", "chậm nhất ngày 30/11/2026"),
    ] {
        let world = activated();
        let codes = codes(&world);
        take(&world, "a.csv", &[("20/11/2026", came, &codes[0])]);
        world.run(&["run", "mail"]).exits(0);
        let smaller = format!("{}=1000000", codes[0]);
        world.run(&["match", "1", &smaller, "--reason", "nhầm"]);
        assert_eq!(requests(&world)[0], "partly_paid 1000000");
        world.run(&["run", "mail"]).exits(0);
        let letters = letters_of(&world, "payment_received").split_off(1);
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert_eq!(letters[0].to, enterprise(1).email());
        assert!(letters[0].subject.starts_with("Còn phải trả 1.950.000 đ"), "{letters:?}");
        let lost = format!("{lost} không còn được tính");
        for needed in [&lost, "Vẫn được tính: 1.000.000 đ", "1.950.000 đ", by, &codes[0]] {
            assert!(letters[0].text.contains(needed), "no {needed} in {}", letters[0].text);
        }
        assert_eq!(letters[0].pictures.len(), 1, "how to pay");
        // What is left is taken away, too.
        world.run(&["unmatch", "1", "--reason", "nhầm"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let letters = letters_of(&world, "payment_received").split_off(2);
        assert_eq!(letters.len(), 1, "{letters:?}");
        let lost = "số tiền đó (1.000.000 đ) không còn được tính";
        assert!(letters[0].text.contains(lost), "no {lost} in {}", letters[0].text);

        // Who read of nothing has nothing to be told.
        take(&world, "b.csv", &[("21/11/2026", 1_000_000, &codes[1])]);
        let smaller = format!("{}=400000", codes[1]);
        world.run(&["match", &id_of(&world, &codes[1]), &smaller, "--reason", "nhầm"]);
        world.run(&["run", "mail"]).exits(0);
        for letter in letters_of(&world, "payment_received").split_off(3) {
            assert!(letter.subject.starts_with("Đã nhận"), "{}", letter.subject);
        }
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn who_read_that_money_came_reads_that_it_does_not_count_where_it_was_told_twice() {
    if !require("python3") {
        return;
    }
    let world = activated();
    let code = codes(&world).remove(0);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &code)]);
    world.run(&["run", "mail"]).exits(0);
    take(&world, "b.csv", &[("20/11/2026", 2_950_000, "khong ro")]);
    let (named, other) = (id_of(&world, &code), id_of(&world, "khong ro"));
    world.run(&["payments", "--same", &named, &other, "--reason", "gọi"]).exits(0);
    assert_eq!(requests(&world)[0], "open 0");
    for _ in 0..2 {
        world.run(&["run", "mail"]).exits(0);
    }
    let letters = letters_of(&world, "payment_received").split_off(1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Còn phải trả 2.950.000 đ"), "{letters:?}");
    let lost = "số tiền đó (2.950.000 đ) không còn được tính";
    for needed in [lost, enterprise(1).name(), &code] {
        assert!(letters[0].text.contains(needed), "no {needed} in {}", letters[0].text);
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_read_that_all_is_paid_reads_what_waits_under_the_code_for_all_and_what_counts_no_more() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let code = codes(&world).remove(0);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &both)]);
    take(&world, "b.csv", &[("21/11/2026", 2_950_000, &code)]);
    assert_eq!(requests(&world), ["paid 2950000"; 2]);
    world.run(&["run", "mail"]).exits(0);
    let known = letters_of(&world, "payment_received").len();
    world.run(&["unmatch", &id_of(&world, &code), "--reason", "nhầm"]).exits(0);
    assert_eq!(requests(&world), ["open 0"; 2]);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received").split_off(known);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Còn phải trả 2.950.000 đ"), "{letters:?}");
    for needed in [
        "2.950.000 đ trong số tiền đó không còn được tính",
        "2.950.000 đ không tính riêng cho các khoản này mà đang chờ với mã chung",
        "phần còn thiếu 2.950.000 đ",
        &both,
    ] {
        assert!(letters[0].text.contains(needed), "no {needed} in {}", letters[0].text);
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_paid_for_a_whole_list_reads_of_all_its_clients_that_the_money_does_not_count_any_more() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3), firm(4), firm(5)]));
    world.run(&["confirm", ORDER]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("20/11/2026", 14_750_000, &all)]);
    world.run(&["run", "mail"]).exits(0);
    world.run(&["unmatch", "1", "--reason", "nhầm"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received").split_off(1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = &letters[0];
    assert!(letter.subject.starts_with("Còn phải trả 14.750.000 đ"), "{}", letter.subject);
    let named = [1, 2, 3].map(|n| enterprise(n).name().to_owned()).join(", ");
    let named = format!("{named} và 2 khách hàng khác");
    let lost = "số tiền đó (14.750.000 đ) không còn được tính cho các khoản này";
    for needed in [named.as_str(), lost, &all, enterprise(4).name(), enterprise(5).name()] {
        assert!(letter.text.contains(needed), "no {needed} in {}", letter.text);
    }
    for other in ["khoản khác chưa trả", "của một khoản khác"] {
        assert!(!letter.text.contains(other), "{other}: {}", letter.text);
    }
    world.run(&["prove"]).exits(0);
}
