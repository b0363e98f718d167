//! Statements: what two layouts of a bank told of one payment, what is checked without being taken, and how long each is
//! kept.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    given_back::{id_of, of},
    grace::{at, unpaid},
    lists::{csv, enterprise},
    money::{ORDER, codes, placed, referenced, requests, statement, take},
    workbooks::sheet_text,
};
use crate::world::{FIRM, World, require, text, texts};

#[test]
fn one_payment_in_two_layouts_is_counted_once_and_where_nobody_can_know_it_waits() {
    for with_reference_first in [true, false] {
        let world = placed();
        let codes = codes(&world);
        let long = format!("MBVCB.9.{}.CT tu 001", codes[1]);
        let told = referenced(&[
            ("20/11/2026", "FT1", 1_000_000, &codes[0]),
            ("20/11/2026", "FT2", 1_000_000, &codes[0]),
            ("20/11/2026", "FT3", 1_475_000, &long),
        ]);
        let plain = statement(&[
            ("20/11/2026", 1_000_000, &codes[0]),
            ("20/11/2026", 1_000_000, &codes[0]),
            ("20/11/2026", 1_475_000, &codes[1]),
        ]);
        let both = [("a.csv", told), ("b.csv", plain)];
        let mut order: Vec<&(&str, Vec<u8>)> = both.iter().collect();
        if !with_reference_first {
            order.reverse();
        }
        for (name, bytes) in order {
            world.take(&format!("_bank/{name}"), bytes);
        }
        assert_eq!(requests(&world), ["partly_paid 2000000", "partly_paid 1475000", "open 0"]);
        let held = of(&world, &id_of(&world, &codes[1]));
        assert_eq!((&held["tier"], &held["state"]), (&"maybe_same".into(), &"held".into()));
        assert!(text(&held, "why").contains("không biết chắc"), "{held}");
        assert_eq!(world.list("payments").len(), 4);
        world.run(&["prove"]).exits(0);
    }
}

/// A statement with balances of one credit of 1.000.000 đ.
fn balanced(reference: &str, code: &str) -> String {
    format!(
        "Số tài khoản;1023456789\nSố dư đầu kỳ;130917000\nSố dư cuối kỳ;131917000\n\
         Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Nội dung\n20/11/2026;{reference};;1000000;{code}\n"
    )
}

#[test]
fn a_credit_that_balances_show_to_be_one_counts_once_though_two_statements_have_other_references() {
    let world = placed();
    let codes = codes(&world);
    world.take("_bank/a.csv", balanced("FT1", &codes[0]).as_bytes());
    let again = world.take("_bank/b.csv", balanced("0020-77", &codes[0]).as_bytes());
    assert_eq!((&again["rows"]["accepted"], &again["rows"]["unchanged"]), (&0.into(), &1.into()));
    assert_eq!(
        (requests(&world)[0].as_str(), world.list("payments").len()),
        ("partly_paid 1000000", 1)
    );
    world.run(&["prove"]).exits(0);
}

#[test]
fn without_balances_a_credit_that_comes_again_under_another_reference_waits_for_a_person() {
    let world = placed();
    let codes = codes(&world);
    let one = |reference| [("20/11/2026", reference, 1_000_000, codes[0].as_str())];
    world.take("_bank/a.csv", &referenced(&one("FT1")));
    world.take("_bank/b.csv", &referenced(&one("0020-77")));
    let all = world.list("payments");
    let find = |tier: &str| all.iter().find(|it| it["tier"] == tier).unwrap();
    let (first, held) = (find("code_partly"), find("maybe_same"));
    assert!(text(held, "why").contains("hangloat payments --same"), "{held}");
    assert_eq!(requests(&world)[0], "partly_paid 1000000");
    world.run(&["prove"]).exits(0);
    let (held, first) = (held["id"].to_string(), first["id"].to_string());
    world.run(&["payments", "--same", &held, &first, "--reason", "hai bản sao kê"]).exits(0);
    assert_eq!(of(&world, &held)["tier"], "same");
    // Two of one statement are two.
    let two = ["FT7", "FT8"].map(|it| ("21/11/2026", it, 1_000_000, codes[1].as_str()));
    world.take("_bank/c.csv", &referenced(&two));
    assert_eq!(requests(&world), ["partly_paid 1000000", "partly_paid 2000000", "open 0"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn money_that_no_balance_knows_of_is_an_exception_that_names_the_statement() {
    let world = placed();
    world.take("_bank/a.csv", balanced("FT1", &codes(&world)[0]).as_bytes());
    // As an earlier version counted it twice.
    let twice = "insert into bank_line (statement_id, batch_id, sheet, row_no, account, fingerprint, occurrence,
                                        booked_on, direction, amount, memo, state, tier)
                 select statement_id, batch_id, sheet, row_no, account, fingerprint, 2, booked_on, direction, amount,
                        'khong ro', 'unmatched', 'nothing'
                 from bank_line returning id";
    count(&world, twice);
    let laws = world.run(&["prove", "--json"]).exits(1).json();
    let law =
        laws["laws"].as_array().unwrap().iter().find(|it| it["name"] == "statements").unwrap();
    assert_eq!((&law["holds"], &law["exceptions"][0]), (&false.into(), &"B000002".into()));
}

/// A statement of some days of November with balances, and one credit that is all between them.
fn spanned(days: (u32, u32), opening: i64, closing: i64) -> String {
    let ((from, to), amount) = (days, closing - opening);
    format!(
        "Số tài khoản;1023456789;;\nTừ ngày: {from}/11/2026;Đến ngày: {to}/11/2026;;\nSố dư đầu kỳ;{opening};;\n\
         Số dư cuối kỳ;{closing};;\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung\n{from}/11/2026;;{amount};khac\n"
    )
}

#[test]
fn balances_that_do_not_join_are_told_with_both_statements_until_a_right_one_comes() {
    let world = placed();
    world.take("_bank/a.csv", spanned((10, 11), 100_000, 150_000).as_bytes());
    world.take("_bank/b.csv", spanned((12, 13), 167_000, 200_000).as_bytes());
    let receipt = |name: &str| {
        let path = world.path(&format!("outbox/_bank/{name}.txt"));
        std::fs::read_to_string(path).unwrap()
    };
    let told = receipt("b__B000003");
    for said in [
        "SỐ DƯ KHÔNG NỐI NHAU: Số dư đầu kỳ 167.000 đ của sao kê 12/11/2026 – 13/11/2026 (b.csv · B000003)",
        "khác số dư cuối kỳ 150.000 đ của sao kê trước 10/11/2026 – 11/11/2026 (a.csv · B000002), chênh 17.000 đ",
    ] {
        assert!(told.contains(said), "no {said} in {told}");
    }
    assert!(!told.contains("CÒN THIẾU") && !told.contains("liền mạch"), "{told}");
    // What was missing was the first line of these days.
    let right = spanned((12, 13), 150_000, 200_000);
    let both = "12/11/2026;;17000;khac nua\n12/11/2026;;33000;khac\n";
    let right = right.replace("12/11/2026;;50000;khac\n", both);
    world.take("_bank/c.csv", right.as_bytes());
    let told = receipt("c__B000004");
    assert!(told.contains("Sao kê đã liền mạch đến hết ngày 13/11/2026"), "{told}");
}

#[test]
fn a_missing_day_of_an_account_that_is_emptied_is_told_though_its_balances_join() {
    let away = "dieu chuyen ve tru so";
    let cases = [
        ([50_000, 50_000], away, true),
        ([50_000, 20_000], away, false),
        ([50_000, 50_000], "HOANTIEN 1", false),
    ];
    for (taken, memo, is_emptied) in cases {
        let world = placed();
        let left = 200_000 - taken[0] - taken[1];
        let first = in_and_out((4, 5), 100_000, taken[0], memo);
        world.take("_bank/a.csv", first.as_bytes());
        let second = in_and_out((6, 11), 150_000 - taken[0], taken[1], memo);
        world.take("_bank/b.csv", second.as_bytes());
        // The 12th is a Thursday.
        world.take("_bank/c.csv", spanned((13, 13), left, left + 7_000).as_bytes());
        let told = std::fs::read_to_string(world.path("outbox/_bank/c__B000004.txt")).unwrap();
        let is_told = told.contains("CÒN THIẾU SAO KÊ ngày 12/11/2026");
        assert_eq!(is_told, is_emptied, "{taken:?} {memo}: {told}");
    }
}

/// A statement of some days of November with balances: 50.000 đ come on the first of them, and something is taken out on
/// the last one.
fn in_and_out((from, to): (u32, u32), opening: i64, taken: i64, memo: &str) -> String {
    let closing = opening + 50_000 - taken;
    format!(
        "Số tài khoản;1023456789;;\nTừ ngày: {from}/11/2026;Đến ngày: {to}/11/2026;;\nSố dư đầu kỳ;{opening};;\n\
         Số dư cuối kỳ;{closing};;\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung\n\
         {from}/11/2026;;50000;khac\n{to}/11/2026;{taken};;{memo}\n"
    )
}

/// A statement of the 18th to the 20th of November, from 100.000.000 đ on.
fn of_three_days(lines: &[(u32, &str, i64, &str)]) -> String {
    let closing = 100_000_000 + lines.iter().map(|(_, _, amount, _)| amount).sum::<i64>();
    let mut text = format!(
        "Số tài khoản;1023456789;;;\nTừ ngày: 18/11/2026;Đến ngày: 20/11/2026;;;\nSố dư đầu kỳ;100000000;;;\n\
         Số dư cuối kỳ;{closing};;;\nNgày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Nội dung\n"
    );
    for (day, reference, amount, memo) in lines {
        writeln!(text, "{day}/11/2026;{reference};;{amount};{memo}").unwrap();
    }
    text
}

#[test]
fn a_statement_that_lacks_what_another_one_has_of_its_days_waits_and_says_which_and_how_much() {
    let world = placed();
    let codes = codes(&world);
    let all = [(19, "R1", 2_950_000, &*codes[0]), (20, "R2", 2_950_000, &*codes[1])];
    let file = world.take("_bank/full.csv", of_three_days(&all).as_bytes());
    assert_eq!(file["outcome"], "accepted", "{file}");
    let path = world.outside("part.csv");
    std::fs::write(&path, of_three_days(&all[..1])).unwrap();
    let check = world.run(&["check", path.to_str().unwrap(), "--bank", "--json"]).json();
    assert_eq!(check["files"][0]["outcome"], "held", "{check}");
    let part = world.take("_bank/part.csv", of_three_days(&all[..1]).as_bytes());
    assert_eq!(check["files"][0]["rows"], part["rows"], "{check}");
    let rows = (&part["rows"]["held"], &part["rows"]["unchanged"]);
    assert_eq!((&part["outcome"], rows), (&"held".into(), (&0.into(), &1.into())));
    let finding = &part["findings"][0];
    assert_eq!(finding["code"], "statement.balance");
    let told = std::fs::read_to_string(world.path("outbox/_bank/part__B000003.txt")).unwrap();
    let known = "đều đã được ghi nhận từ sao kê khác";
    for said in ["Ngày 20/11/2026 đã có 1 giao dịch", "105.900.000 đ", "lệch 2.950.000 đ", known]
    {
        assert!(told.contains(said), "no {said} in {told}");
    }
    assert!(!told.contains("chưa được ghi nhận"), "{told}");
    assert_eq!(batch(&world, "B000003")["overtaken_by"], "B000002", "it waits for nothing");
    // One line of its own, and a person looks at it.
    let other = [(19, "R1", 2_950_000, &*codes[0]), (20, "R9", 5_000, "khac")];
    let other = world.take("_bank/other.csv", of_three_days(&other).as_bytes());
    assert_eq!((&other["outcome"], &other["rows"]["held"]), (&"held".into(), &2.into()));
    assert_eq!(batch(&world, "B000004")["overtaken_by"], Value::Null);
    assert_eq!(requests(&world)[..2], ["paid 2950000", "paid 2950000"]);
    world.run(&["prove"]).exits(0);
    world.run(&["undo", "B000003"]).exits(0);
}

#[test]
fn a_statement_that_was_made_before_its_last_day_was_over_contradicts_nothing_whenever_it_comes() {
    for turned in [false, true] {
        let world = placed();
        let codes = codes(&world);
        let all = [
            (19, "R1", 2_950_000, &*codes[0]),
            (20, "R2", 2_950_000, &*codes[1]),
            (20, "R3", 2_950_000, &*codes[2]),
        ];
        let mut files = [of_three_days(&all[..2]), of_three_days(&all)];
        if turned {
            files.reverse();
        }
        for (nth, text) in files.iter().enumerate() {
            let file = world.take(&format!("_bank/{nth}.csv"), text.as_bytes());
            assert_ne!(file["outcome"], "held", "{file}");
        }
        assert_eq!(requests(&world), ["paid 2950000"; 3]);
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn days_before_the_first_statement_on_which_somebody_could_have_paid_are_told_at_once() {
    let world = placed();
    let text = String::from_utf8(statement(&[("24/11/2026", 5, "khac")])).unwrap();
    let text = format!("Từ ngày: 24/11/2026;Đến ngày: 25/11/2026;;\n{text}");
    let path = world.drop_file("_bank/a.csv", text.as_bytes());
    world.run_at(&at("11-26", 8), &["run", "import", path.to_str().unwrap()]).exits(0);
    let told = std::fs::read_to_string(world.path("outbox/_bank/a__B000002.txt")).unwrap();
    assert!(told.contains("CÒN THIẾU SAO KÊ ngày 23/11/2026"), "{told}");
    if require("openpyxl") {
        world.run_at(&at("11-26", 9), &["run", "report"]).exits(0);
        let page = sheet_text(&world.path("outbox/morning__2026-11-26__r1.xlsx"), "Buổi sáng");
        assert!(page.contains("Thiếu sao kê\t23/11\t1"), "{page}");
    }
}

#[test]
fn a_receipt_names_each_span_of_days_that_is_missing_up_to_yesterday_where_lines_wait_for_it() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let receipt = |now: &str, name: &str, days: (&str, &str), batch: &str| {
        let text = String::from_utf8(statement(&[(days.1, 5, "khac")])).unwrap();
        let text = format!("Từ ngày: {};Đến ngày: {};;\n{text}", days.0, days.1);
        let path = world.drop_file(&format!("_bank/{name}.csv"), text.as_bytes());
        world.run_at(now, &["run", "import", path.to_str().unwrap()]).exits(0);
        let told = world.path(&format!("outbox/_bank/{name}__{batch}.txt"));
        std::fs::read_to_string(told).unwrap()
    };
    let morning = at("12-03", 8);
    receipt(&morning, "a", ("20/11/2026", "23/11/2026"), "B000002");
    receipt(&morning, "b", ("25/11/2026", "25/11/2026"), "B000003");
    let told = receipt(&morning, "c", ("27/11/2026", "29/11/2026"), "B000004");
    // On the 24th no bank books. Lines whose last day was the 30th wait for it and for what is booked late.
    let spans = "CÒN THIẾU SAO KÊ ngày 26/11/2026, 30/11/2026 – 01/12/2026";
    assert!(told.contains(spans), "no {spans} in {told}");
    let rest = receipt(&morning, "d", ("24/11/2026", "26/11/2026"), "B000005");
    let tail = "CÒN THIẾU SAO KÊ ngày 30/11/2026 – 01/12/2026";
    assert!(rest.contains(tail), "no {tail} in {rest}");
}

#[test]
fn two_payments_that_a_person_calls_the_same_money_count_once_until_that_is_taken_back() {
    let world = placed();
    let codes = codes(&world);
    let long = format!("MBVCB.9.{}.CT tu 001", codes[1]);
    let told = [("20/11/2026", "FT3", 1_475_000, long.as_str())];
    let other = ("20/11/2026", 1_000_000, codes[0].as_str());
    let plain = [("20/11/2026", 1_475_000, codes[1].as_str()), other];
    world.take("_bank/a.csv", &referenced(&told));
    world.take("_bank/b.csv", &statement(&plain));
    let (first, twin) = (id_of(&world, &long), id_of(&world, &codes[1]));
    let say = |one: &str, other: &str| {
        world.run(&["payments", "--same", one, other, "--reason", "hai bản sao kê", "--json"])
    };
    let same = say(&twin, &first).exits(0).json()["payments"][0].clone();
    assert_eq!((&same["state"], &same["tier"]), (&"matched".into(), &"same".into()));
    assert_eq!((same["same_as"].to_string(), &same["unused"]), (first.clone(), &0.into()));
    let event = same["events"].as_array().unwrap().iter().find(|it| it["kind"] == "same").unwrap();
    assert_eq!(event["reason"], "hai bản sao kê");
    let events = same["events"].as_array().unwrap().len();
    say(&twin, &first).exits(0);
    // A later statement tells it again.
    let more = [plain[0], plain[1], ("21/11/2026", 2_000, "le phi")];
    world.take("_bank/c.csv", &statement(&more));
    let same = of(&world, &twin);
    assert_eq!((&same["tier"], same["events"].as_array().unwrap().len()), (&"same".into(), events));
    assert_eq!(requests(&world), ["partly_paid 1000000", "partly_paid 1475000", "open 0"]);
    assert_eq!(world.list("payments").len(), 4);
    world.run(&["prove"]).exits(0);
    let list = world.run(&["payments"]).exits(0).stdout;
    assert!(list.contains("Trùng khoản khác"), "{list}");
    let history = world.run(&["payments", &twin]).exits(0).stdout;
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(history.contains(&format!("cùng một khoản tiền với khoản {first}")), "{history}");

    let matched = world.run(&["match", &twin, &codes[2], "--reason", "x"]).exits(1);
    assert!(matched.stderr.contains("không còn tiền"), "{}", matched.stderr);
    let other = id_of(&world, &codes[0]);
    for (one, two) in [(&twin, &twin), (&other, &first), (&first, &twin)] {
        say(one, two).exits(1);
    }
    world.run(&["unmatch", &twin, "--reason", "nhầm"]).exits(0);
    let held = of(&world, &twin);
    assert_eq!((&held["tier"], &held["same_as"]), (&"maybe_same".into(), &Value::Null));
    // Said the other way round, the other one pays.
    say(&first, &twin).exits(0);
    assert_eq!(of(&world, &twin)["tier"], "code_partly");
    assert_eq!(requests(&world)[1], "partly_paid 1475000");
    world.run(&["prove"]).exits(0);
}

#[test]
fn two_pairs_that_are_called_the_same_money_and_are_not_after_all_leave_the_balances_true() {
    let memo = ["cty minh an chuyen tien", "cty minh an chuyen tien dot 2"];
    let told = [("FT1", memo[0]), ("FT2", memo[1])];
    let told = told.map(|(reference, memo)| ("20/11/2026", reference, 1_000_000, memo));
    let twins = memo.map(|memo| format!("{memo} kem so but toan"));
    let balanced = format!(
        "Số tài khoản;1023456789\nSố dư đầu kỳ;100000\nSố dư cuối kỳ;2100000\n\
         Ngày giao dịch;Ghi nợ;Ghi có;Nội dung\n\
         20/11/2026;;1000000;{}\n20/11/2026;;1000000;{}\n",
        twins[0], twins[1]
    );
    for order in [[0, 1], [1, 0]] {
        let world = placed();
        world.take("_bank/a.csv", &referenced(&told));
        world.take("_bank/b.csv", balanced.as_bytes());
        let id = |memo: &str| id_of(&world, memo);
        world.run(&["prove"]).exits(0);
        for at in [0, 1] {
            let same = ["payments", "--same", &id(&twins[at]), &id(memo[at]), "--reason", "trùng"];
            world.run(&same).exits(0);
            world.run(&["prove"]).exits(0);
        }
        for at in order {
            world.run(&["unmatch", &id(&twins[at]), "--reason", "nhầm"]).exits(0);
            assert_eq!(of(&world, &id(&twins[at]))["tier"], "maybe_same");
            world.run(&["prove"]).exits(0);
        }
    }
}

#[test]
fn two_payments_that_plainly_are_two_are_not_called_the_same_money() {
    let world = placed();
    let codes = codes(&world);
    let twice = format!(
        "Số tài khoản;1023456789\nSố dư đầu kỳ;100000\nSố dư cuối kỳ;2100000\n\
         Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Nội dung\n\
         20/11/2026;FT1;;1000000;{0}\n20/11/2026;FT2;;1000000;{0} lan 2\n",
        codes[0]
    );
    world.take("_bank/a.csv", twice.as_bytes());
    let lines = [
        ("10/11/2026", 500_000, "khach a tra"),
        ("13/11/2026", 500_000, "khach a tra them"),
        ("16/11/2026", 700_000, codes[1].as_str()),
        ("16/11/2026", 700_000, &codes[2]),
        ("17/11/2026", 400_000, "khach b tra"),
        ("18/11/2026", 400_000, "khach b tra phi"),
    ];
    world.take("_bank/b.csv", &statement(&lines));
    let names = [
        ("12/11/2026", 300_000, "tra tien mot", "NGUYEN THI HOA"),
        ("12/11/2026", 300_000, "tra tien hai", "TRAN VAN BINH"),
    ];
    world.take("_bank/c.csv", &with_names(&names));
    let second = format!("{} lan 2", codes[0]);
    let say = |one: &str, other: &str| {
        let (one, other) = (id_of(&world, one), id_of(&world, other));
        world.run(&["payments", "--same", &one, &other, "--reason", "trùng", "--json"])
    };
    let before = requests(&world);
    for (one, other, why) in [
        (second.as_str(), codes[0].as_str(), "số dư trong sao kê"),
        ("khach a tra them", "khach a tra", "cách nhau quá 1 ngày"),
        (&codes[2], &codes[1], "mã khác nhau"),
        ("tra tien hai", "tra tien mot", "tên người chuyển khác nhau"),
    ] {
        let refused = say(one, other).exits(1).json()["error"].clone();
        assert_eq!(refused["code"], "state.not_allowed");
        assert!(text(&refused, "message").contains(why), "no {why} in {refused}");
    }
    assert_eq!(requests(&world), before, "nothing changed");
    // Two statements may tell one credit with two days: that of the transfer, and that of the books.
    say("khach b tra phi", "khach b tra").exits(0);
    world.run(&["prove"]).exits(0);
}

/// What the bank tells in another layout: day, number, đồng, memo.
fn numbered(lines: &[(&str, &str, i64, &str)]) -> Vec<u8> {
    let text = String::from_utf8(referenced(lines)).unwrap();
    text.replace("Số tham chiếu", "Số bút toán").into_bytes()
}

#[test]
fn of_two_days_or_two_numbers_of_the_bank_no_two_payments_are_the_same_money() {
    let world = placed();
    let code = codes(&world)[0].clone();
    let daily = [
        ("k1", "10/11/2026", "KQ1", "abc def"),
        ("k2", "11/11/2026", "KQ2", "abc"),
        ("k3", "16/11/2026", "KQ3", code.as_str()),
        ("k4", "17/11/2026", "KQ4", &format!("{code} lan 2")),
        // A short number is one too.
        ("k8", "12/11/2026", "Q1", "khach e tra"),
        ("k9", "13/11/2026", "Q2", "khach e tra phi"),
    ];
    for (name, day, reference, memo) in daily {
        let line = [(day, reference, 1_000_000, memo)];
        world.take(&format!("_bank/{name}.csv"), &referenced(&line));
    }
    // Without numbers, and in two layouts.
    take(&world, "k5.csv", &[("18/11/2026", 500_000, "khach c tra")]);
    take(&world, "k6.csv", &[("19/11/2026", 500_000, "khach c tra phi")]);
    let other = [("20/11/2026", "001-9", 500_000, "khach c tra phi them")];
    world.take("_bank/k7.csv", &numbered(&other));
    let say = |one: &str, other: &str| {
        let (one, other) = (id_of(&world, one), id_of(&world, other));
        world.run(&["payments", "--same", &one, &other, "--reason", "trùng", "--json"])
    };
    let before = requests(&world);
    for (one, other, why) in [
        ("abc", "abc def", "số tham chiếu khác nhau"),
        (daily[3].3, daily[2].3, "số tham chiếu khác nhau"),
        (daily[5].3, daily[4].3, "số tham chiếu khác nhau"),
        ("khach c tra phi", "khach c tra", "không có ngày của khoản kia"),
        ("khach c tra phi them", "khach c tra phi", "không có ngày của khoản kia"),
    ] {
        let refused = say(one, other).exits(1).json()["error"].clone();
        assert_eq!(refused["code"], "state.not_allowed");
        assert!(text(&refused, "message").contains(why), "no {why} in {refused}");
    }
    assert_eq!(requests(&world), before, "nothing changed");
    world.run(&["prove"]).exits(0);
}

#[test]
fn two_layouts_that_number_one_credit_in_two_ways_may_tell_the_same_money() {
    let world = placed();
    // Of one day, and of two days that both files speak of.
    let one = [
        ("16/11/2026", "FT1", 400_000, "khach b tra"),
        ("18/11/2026", "FT2", 600_000, "khach d tra"),
        ("19/11/2026", "FT3", 2_000, "lai"),
    ];
    let two = [
        ("16/11/2026", "001-1", 400_000, "khach b tra phi"),
        ("18/11/2026", "001-2", 3_000, "lai khac"),
        ("19/11/2026", "001-3", 600_000, "khach d tra phi"),
    ];
    world.take("_bank/a.csv", &referenced(&one));
    world.take("_bank/b.csv", &numbered(&two));
    for (one, other) in [("khach b tra phi", "khach b tra"), ("khach d tra phi", "khach d tra")] {
        let (one, other) = (id_of(&world, one), id_of(&world, other));
        world.run(&["payments", "--same", &one, &other, "--reason", "hai mẫu"]).exits(0);
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_payment_that_two_layouts_tell_in_other_words_under_other_numbers_waits_and_nobody_reads_of_too_much()
 {
    for is_turned in [false, true] {
        let world = placed();
        let code = codes(&world)[0].clone();
        let (short, long) = (format!("{code} tt"), format!("MBVCB.99.{code} tt.CT tu 00 A"));
        let one = referenced(&[("20/11/2026", "FT1", 2_950_000, &short)]);
        let other = numbered(&[("20/11/2026", "0099-7", 2_950_000, &long)]);
        let mut both = [("a.csv", one), ("b.csv", other)];
        if is_turned {
            both.reverse();
        }
        let told = both.each_ref().map(|(name, bytes)| {
            world.take(&format!("_bank/{name}"), bytes);
            world.run(&["run", "mail"]).exits(0);
            let mails = world.list("mails");
            mails.iter().filter(|mail| mail["purpose"] == "payment_received").count()
        });
        assert_eq!(told[0], told[1], "of too much nobody reads");
        assert_eq!(requests(&world)[0], "paid 2950000");
        let all = world.list("payments");
        let held = all.iter().find(|it| it["state"] == "held").unwrap();
        assert_eq!(held["tier"], "maybe_same", "{held}");
        assert!(text(held, "why").contains("hangloat payments --same"), "{held}");
        // Told again it changes nothing.
        let (name, bytes) = &both[0];
        let again = [bytes.as_slice(), b"\n"].concat();
        world.take(&format!("_bank/lan-2-{name}"), &again);
        assert_eq!(world.list("payments").len(), 2);
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn two_payments_of_one_layout_with_the_same_code_are_two_whatever_another_layout_tells() {
    let world = placed();
    let code = codes(&world)[0].clone();
    let long = |n: u32| format!("MBVCB.{n}.{code} tt.CT tu 00 A");
    let (one, two) = (long(1), long(2));
    world.take("_bank/a.csv", &referenced(&[("20/11/2026", "FT1", 2_950_000, &code)]));
    let both = [("20/11/2026", "001-1", 2_950_000, one.as_str())];
    let later = [both[0], ("20/11/2026", "001-2", 2_950_000, two.as_str())];
    world.take("_bank/b.csv", &numbered(&both));
    world.take("_bank/c.csv", &numbered(&later));
    let tier = |memo: &str| of(&world, &id_of(&world, memo))["tier"].clone();
    assert_eq!((tier(&one), tier(&two)), ("maybe_same".into(), "paid_before".into()));
    world.run(&["prove"]).exits(0);
}

#[test]
fn why_a_payment_was_matched_stays_as_it_was_said_then() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 1_000_000, &codes[0])]);
    let before = of(&world, "1");
    assert!(text(&before, "why").contains("2.950.000"), "{before}");
    // An earlier day is matched first, and less was left then.
    take(&world, "b.csv", &[("19/11/2026", 500_000, &codes[0])]);
    let after = of(&world, "1");
    assert_eq!((&after["why"], &after["rules"]), (&before["why"], &before["rules"]));
    assert_eq!(after["events"].as_array().unwrap().len(), 1);
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_statement_is_checked_without_being_taken_and_payments_are_exported() {
    let world = placed();
    let codes = codes(&world);
    let lines = [("20/11/2026", 2_950_000, codes[0].as_str()), ("20/11/2026", -11_000, "phi")];
    let path = world.drop_file("_bank/sao-ke.csv", &statement(&lines));
    let check = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(0).json();
    let file = &check["files"][0];
    assert_eq!((&file["kind"], &file["outcome"]), (&"statement".into(), &"accepted".into()));
    assert_eq!((&file["rows"]["accepted"], &file["rows"]["unchanged"]), (&1.into(), &1.into()));
    assert_eq!((&file["batch"], &file["workbook"]), (&Value::Null, &Value::Null));
    assert!(world.list("payments").is_empty());
    world.run(&["run", "import"]).exits(0);
    let known = world.run(&["check", "--json", world.outside("x.csv").to_str().unwrap()]);
    assert_eq!(known.code, 2);
    std::fs::write(world.outside("x.csv"), statement(&[lines[0]])).unwrap();
    let known = world.run(&["check", world.outside("x.csv").to_str().unwrap(), "--json"]).exits(0);
    assert_eq!(known.json()["files"][0]["rows"]["unchanged"], 1);
    let out = world.outside("p.json");
    world.run(&["export", "payments", "--format", "json", "-o", out.to_str().unwrap()]).exits(0);
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!((rows.len(), &rows[0]["allocated"]), (1, &2_950_000.into()));
    assert_eq!(text(&rows[0], "payment_code"), codes[0]);
}

#[test]
fn a_check_of_a_statement_says_what_each_credit_would_pay_for_and_what_would_be_asked() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
    let lines = [
        ("21/11/2026", 2_950_000, codes[1].as_str()),
        ("21/11/2026", 1_000_000, &codes[2]),
        ("21/11/2026", 77_000, "khong ro"),
        ("21/11/2026", -2_950_000, "HOANTIEN 1"),
        ("22/11/2026", -60_000, "HOANTIEN 99"),
    ];
    let path = world.outside("b.csv");
    let file = path.to_str().unwrap();
    std::fs::write(&path, statement(&lines)).unwrap();
    let check = world.run(&["check", file, "--bank", "--json"]).exits(1).json();
    let checked = &check["files"][0];
    assert_eq!((&checked["outcome"], &checked["rows"]["accepted"]), (&"partly".into(), &3.into()));
    let credits = checked["credits"].as_array().unwrap();
    assert_eq!(texts(credits, "state"), ["matched", "held", "unmatched"]);
    assert_eq!(text(&credits[0]["allocations"][0], "code"), codes[1]);
    let findings = checked["findings"].as_array().unwrap();
    assert_eq!(texts(findings, "code"), ["statement.refund"], "the other one closes a refund");
    let said = world.run(&["check", file, "--bank"]).exits(1).stdout;
    for words in ["bây giờ chưa ghi nhận gì", &format!("Đã khớp, {} 2.950.000 đ", codes[1])]
    {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(said.contains("nhưng chưa đủ: lúc đó còn phải trả 2.950.000"), "{said}");
    assert!(!said.contains("đã ghi nhận"), "{said}");
    assert_eq!(world.list("payments").len(), 1, "nothing is stored");
    assert_eq!(of(&world, "1")["refunds"][0]["done_at"], Value::Null);
    // Taken, it is as it was foreseen.
    let taken = world.run(&["run", "import", file, "--bank"]).exits(1).stdout;
    for words in ["Đã khớp: 1 khoản, 2.950.000 đ", "Chưa khớp: 1 khoản, 77.000 đ"] {
        assert!(taken.contains(words), "no {words} in {taken}");
    }
    assert!(of(&world, "1")["refunds"][0]["done_at"].is_string());
}

#[test]
fn of_many_codes_that_a_credit_may_be_for_a_check_names_the_first_ones_once() {
    let world = World::new();
    let clients: Vec<_> = (1..=7).map(enterprise).collect();
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", ORDER]).exits(0);
    let memo = format!("{} chuyen tien", ORDER.replace('-', ""));
    let path = world.drop_file("_bank/a.csv", &statement(&[("20/11/2026", 77, &memo)]));
    let told = world.run(&["check", path.to_str().unwrap()]).stdout;
    assert!(told.contains(" và 2 mã khác"), "{told}");
    let named: usize = codes(&world).iter().map(|code| told.matches(code.as_str()).count()).sum();
    assert_eq!(named, 5, "{told}");
}

#[test]
fn a_statement_outside_the_inbox_is_checked_where_it_is_said_to_be_of_the_bank() {
    let world = placed();
    let settings = world.path("hangloat.toml");
    let second = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Khác\"\ntax_id = \"0100233488\"\nadmin = { name = \"A\", email = \"a@khac.example\", phone = \"0912345679\" }\n";
    std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + second).unwrap();
    let path = world.outside("sao-ke.csv");
    let file = path.to_str().unwrap();
    std::fs::write(&path, statement(&[("20/11/2026", 2_950_000, &codes(&world)[0])])).unwrap();
    world.run(&["check", file]).exits(2);
    world.run(&["check", file, "--bank", "--firm", FIRM]).exits(2);
    let check = world.run(&["check", file, "--bank", "--json"]).exits(0).json();
    let checked = &check["files"][0];
    assert_eq!((&checked["kind"], &checked["rows"]["accepted"]), (&"statement".into(), &1.into()));
    assert!(world.list("payments").is_empty());
    std::fs::write(&path, csv(&[enterprise(9)])).unwrap();
    let list = world.run(&["check", file, "--bank", "--json"]).exits(3).json();
    assert_eq!(list["files"][0]["findings"][0]["code"], "statement.unknown_layout");
}

/// A statement that says from whom money came: day, đồng, memo, name.
fn with_names(lines: &[(&str, i64, &str, &str)]) -> Vec<u8> {
    let mut text = "Tài khoản: 1023456789;;;;\nNgày giao dịch;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết;Tên tài khoản đối ứng\n".to_owned();
    for (day, amount, memo, name) in lines {
        text.push_str(&[*day, "0", &amount.to_string(), memo, name].join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

pub fn count(world: &World, sql: &'static str) -> i64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let counted = async {
        let db = hangloat::db::Db::open(&world.store_url()).await.unwrap();
        db.query(sql).one::<(i64,)>().await.unwrap().0
    };
    runtime.block_on(counted)
}

#[test]
fn a_statement_stays_while_it_pays_for_what_stays_and_none_goes_from_between() {
    let world = World::new();
    world.rewrite("hangloat.toml", "# keep_days = 365", "keep_days = 1");
    world.import("nam-nay.csv", &csv(&[enterprise(1), enterprise(2)]));
    world.import("nam-sau.csv", &csv(&[enterprise(3).with("I", "2027")]));
    for order in [ORDER, "DH-2611-000002"] {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    let codes = codes(&world);
    let later = text(&world.order("DH-2611-000002")["payment_requests"][0], "payment_code");
    // One transfer pays for this year and for the next one.
    let both = format!("{} {later}", codes[0]);
    let first = with_names(&[("19/11/2026", 5_900_000, &both, "NGUYEN VAN TRA")]);
    world.take("_bank/a.csv", &first);
    let second = with_names(&[("20/11/2026", 2_950_000, "khong ro", "TRAN THI GIUP")]);
    world.take("_bank/b.csv", &second);
    let id = id_of(&world, "khong ro");
    world.run(&["match", &id, &codes[1], "--reason", "chị Giúp gọi"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000"; 2]);
    assert_eq!(count(&world, "select count(*) from payer_known"), 1);

    let purge = |now: &str| {
        let run = world.run_at(now, &["run", "retention", "--json"]).exits(0).json();
        world.run_at(now, &["prove"]).exits(0);
        run["runs"][0]["counts"]["purged_batches"].clone()
    };
    assert_eq!(purge("2027-01-10T02:00:00+07:00"), 1, "the list of this year");
    assert_eq!(count(&world, "select count(*) from payer_known"), 0);
    let said = "select count(*) from payment_event where reason is not null";
    assert_eq!(count(&world, said), 0, "why a person said so may name somebody");
    // All of the second one is settled; it is younger than the first one, which pays for what stays.
    assert_eq!(purge("2027-01-12T02:00:00+07:00"), 0);
    assert_eq!(world.list("batches").len(), 3);
    assert_eq!(purge("2028-01-10T02:00:00+07:00"), 1, "the list of the next year");
    assert_eq!(purge("2028-01-12T02:00:00+07:00"), 2, "both statements");
    assert!(world.list("payments").is_empty());
}

/// One whose sums do not hold; with `3950000` as the closing balance they do.
fn off(code: &str) -> String {
    format!(
        "Số tài khoản;1023456789\nSố dư đầu kỳ;1000000\nSố dư cuối kỳ;9000000\n\
         Ngày giao dịch;Ghi nợ;Ghi có;Nội dung\n23/11/2026;;2950000;{code}\n"
    )
}

fn batch(world: &World, id: &str) -> Value {
    world.run(&["batches", id, "--json"]).exits(0).json()["batches"][0].clone()
}

#[test]
fn a_statement_that_waits_is_told_once_and_no_more_when_a_good_one_of_its_days_came() {
    const TOLD: &str = "Sao kê chưa ghi nhận được";
    if !require("openpyxl") {
        return;
    }
    let world = placed();
    let off = off(&codes(&world)[0]);
    for name in ["off", "lan-nua"] {
        let file = world.take(&format!("_bank/{name}.csv"), off.as_bytes());
        assert_eq!(file["outcome"], "held", "{file}");
    }
    let page = |day: &str| {
        world.run_at(&at(day, 8), &["run", "report"]).exits(0);
        sheet_text(&world.path(&format!("outbox/morning__2026-{day}__r1.xlsx")), "Buổi sáng")
    };
    let first = page("11-24");
    assert_eq!(first.matches(TOLD).count(), 1, "{first}");
    for said in ["lan-nua.csv · B000003", "hangloat undo B000003"] {
        assert!(first.contains(said), "no {said} in\n{first}");
    }
    let good = world.take("_bank/dung.csv", off.replace("9000000", "3950000").as_bytes());
    assert_eq!((&good["outcome"], &good["batch"]), (&"accepted".into(), &"B000004".into()));
    for id in ["B000002", "B000003"] {
        assert_eq!(batch(&world, id)["overtaken_by"], "B000004");
    }
    assert!(world.run(&["batches"]).exits(0).stdout.contains("đã có B000004 thay"));
    let second = page("11-25");
    assert!(!second.contains(TOLD), "{second}");
    // Dropped once more it is no news.
    world.take("_bank/cu.csv", off.as_bytes());
    assert_eq!(batch(&world, "B000005")["overtaken_by"], "B000004");
    let third = page("11-26");
    assert!(!third.contains(TOLD), "{third}");
}

#[test]
fn a_file_about_money_that_is_refused_is_told_each_morning_until_it_comes_again_or_is_put_away() {
    const TOLD: &str = "Tệp về tiền không đọc được";
    if !require("openpyxl") {
        return;
    }
    let world = placed();
    let other =
        "Số tài khoản;9999999999\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung\n23/11/2026;;5;khac\n";
    let broken = [b"PK\x03\x04".as_slice(), &[7; 600]].concat();
    for (name, bytes) in [("khac.csv", other.as_bytes()), ("hong.xlsx", &broken)] {
        assert_eq!(world.take(&format!("_bank/{name}"), bytes)["exit"], 3);
    }
    let page = |day: &str| {
        world.run_at(&at(day, 8), &["run", "report"]).exits(0);
        sheet_text(&world.path(&format!("outbox/morning__2026-{day}__r1.xlsx")), "Buổi sáng")
    };
    let first = page("11-24");
    for said in ["khac.csv · B000002", "hong.xlsx · B000003", "hangloat undo B000003"] {
        assert!(first.contains(said), "no {said} in\n{first}");
    }
    world.take("_bank/khac.csv", other.replace("9999999999", "1023456789").as_bytes());
    let second = page("11-25");
    assert!(!second.contains("khac.csv") && second.contains("hong.xlsx"), "{second}");
    world.run(&["undo", "B000003"]).exits(0);
    let third = page("11-26");
    assert!(!third.contains(TOLD), "{third}");
}

#[test]
fn a_statement_that_waits_can_be_put_away_and_one_that_was_taken_cannot() {
    let world = placed();
    let off = off(&codes(&world)[0]);
    world.take("_bank/off.csv", off.as_bytes());
    for _ in 0..2 {
        let told = world.run(&["undo", "B000002"]).exits(0).stdout;
        assert!(told.contains("Đã bỏ sao kê B000002"), "{told}");
    }
    assert_eq!(batch(&world, "B000002")["state"], "undone");
    let again = world.take("_bank/off.csv", off.as_bytes());
    assert_eq!((&again["outcome"], &again["batch"]), (&"held".into(), &"B000003".into()));
    world.take("_bank/dung.csv", off.replace("9000000", "3950000").as_bytes());
    let refused = world.run(&["undo", "B000004", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed", "{refused}");
    let said = text(&refused["error"], "message");
    assert!(said.contains("(sao kê, Hoàn tất)"), "as in the list of batches: {said}");
    assert!(text(&refused["error"], "fix").contains("hangloat unmatch"), "{refused}");
    assert_eq!(requests(&world)[0], "paid 2950000");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_statement_that_contradicts_its_totals_its_balances_or_itself_waits_and_names_the_row() {
    let world = placed();
    let code = &codes(&world)[0];
    let table = |lines: &str| {
        format!("Số tài khoản;1023456789;;;\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung;Số dư\n{lines}")
    };
    let cases = [
        (
            "tong",
            format!("23/11/2026;;2950000;{code};\nTổng số;0;5900000;;\n"),
            (4, "C", "tổng tiền vào 5.900.000 đ, nhưng các dòng cộng lại được 2.950.000 đ"),
        ),
        (
            "so-du",
            format!(
                "22/11/2026;;50000;khac;1050000\n22/11/2026;;2950000;{code};5000000\n23/11/2026;;1000;khac;4001000\n"
            ),
            (4, "E", "Số dư ghi 5.000.000 đ, nhưng tính từ dòng trước thì phải là 4.000.000 đ"),
        ),
        (
            "hai-chieu",
            format!("23/11/2026;2950000;2950000;{code};\n"),
            (3, "B", "có cả tiền vào và tiền ra (2950000)"),
        ),
    ];
    for (name, lines, (row, column, said)) in cases {
        let path = world.drop_file(&format!("_bank/xem-{name}.csv"), table(&lines).as_bytes());
        let check = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(1).json();
        std::fs::remove_file(path).unwrap();
        let held = world.take(&format!("_bank/{name}.csv"), table(&lines).as_bytes());
        for file in [&check["files"][0], &held] {
            assert_eq!(file["outcome"], "held", "{file}");
            let findings = file["findings"].as_array().unwrap();
            assert_eq!(texts(findings, "code"), ["statement.balance"], "{file}");
            let place = (&findings[0]["row"], &findings[0]["column"]);
            assert_eq!(place, (&row.into(), &column.into()), "{file}");
            assert!(text(&findings[0], "message").contains(said), "{file}");
        }
    }
    assert!(world.list("payments").is_empty());
    assert_eq!(count(&world, "select count(*) from statement"), 0, "they cover no day");
    // Put right, each is taken.
    let good = format!("23/11/2026;;2950000;{code};\nTổng số;0;2950000;;\n");
    world.take("_bank/dung.csv", table(&good).as_bytes());
    assert_eq!(requests(&world)[0], "paid 2950000");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_statement_without_its_account_waits_where_its_layout_always_has_it_until_that_is_there() {
    let world = placed();
    let table = format!(
        "Vietcombank;;;;\nNgày giao dịch;Số tham chiếu;Số tiền ghi nợ;Số tiền ghi có;Mô tả\n\
         23/11/2026;FTX6;;2950000;{}\n",
        codes(&world)[0]
    );
    let held = world.take("_bank/cat-dau.csv", table.as_bytes());
    let finding = &held["findings"][0];
    assert_eq!((&held["outcome"], &held["exit"]), (&"held".into(), &1.into()), "{held}");
    let expected = ("statement.other_account", "hold");
    assert_eq!((text(finding, "code").as_str(), text(finding, "severity").as_str()), expected);
    assert!(text(finding, "message").contains("không ghi số tài khoản"), "{finding}");
    let row = "Số tài khoản: 1023456789";
    assert!(text(finding, "fix").contains(row), "{finding}");
    assert!(world.list("payments").is_empty());
    world.take("_bank/du.csv", format!("{row};;;;\n{table}").as_bytes());
    assert_eq!(requests(&world)[0], "paid 2950000");
}
