//! Money: statements that are dropped, what their credits pay for, what a person says of it, and what follows for
//! orders and licences.

use serde_json::{Value, json};

use super::lists::{csv, enterprise};
use crate::world::{FIRM, World, text, texts};

pub const ORDER: &str = "DH-2611-000001";

/// Three enterprises in one order, placed.
pub fn placed() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    world
}

/// The same, activated.
pub fn activated() -> World {
    let world = placed();
    world.run(&["activate", ORDER]).exits(0);
    world
}

pub fn codes(world: &World) -> Vec<String> {
    let order = world.order(ORDER);
    texts(order["payment_requests"].as_array().unwrap(), "payment_code")
}

/// A statement of the payee's account in CSV: day, đồng (debits below zero), memo.
pub fn statement(lines: &[(&str, i64, &str)]) -> Vec<u8> {
    let mut text = "Tài khoản: 1023456789;;;\nNgày giao dịch;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n".to_owned();
    for (day, amount, memo) in lines {
        let (debit, credit) = if *amount < 0 { (-amount, 0) } else { (0, *amount) };
        text.push_str(&[*day, &debit.to_string(), &credit.to_string(), memo].join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

/// A statement whose lines have the bank's references: day, reference, đồng, memo.
pub fn referenced(lines: &[(&str, &str, i64, &str)]) -> Vec<u8> {
    let mut text = "Tài khoản: 1023456789;;;;\nNgày giao dịch;Số tham chiếu;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n".to_owned();
    for (day, reference, amount, memo) in lines {
        text.push_str(&[*day, reference, "0", &amount.to_string(), memo].join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

/// The same of debits.
pub fn debited(lines: &[(&str, &str, i64, &str)]) -> Vec<u8> {
    let mut text = "Tài khoản: 1023456789;;;;\nNgày giao dịch;Số tham chiếu;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n".to_owned();
    for (day, reference, amount, memo) in lines {
        text.push_str(&[*day, reference, &amount.to_string(), "0", memo].join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

pub fn take(world: &World, name: &str, lines: &[(&str, i64, &str)]) -> Value {
    world.take(&format!("_bank/{name}"), &statement(lines))
}

pub fn requests(world: &World) -> Vec<String> {
    let order = world.order(ORDER);
    let requests = order["payment_requests"].as_array().unwrap();
    requests.iter().map(|it| format!("{} {}", text(it, "state"), it["paid"])).collect()
}

fn payments(world: &World) -> Vec<String> {
    let mut found = world.list("payments");
    found.reverse();
    texts(&found, "state")
}

fn lines(world: &World) -> Vec<String> {
    texts(world.order(ORDER)["lines"].as_array().unwrap(), "state")
}

#[test]
fn a_dropped_statement_pays_what_its_memos_name_and_the_platform_is_told() {
    let world = activated();
    let codes = codes(&world);
    let memo = format!("MBVCB.1.{} {}.CT tu 001", &codes[0][..5].to_lowercase(), &codes[0][5..]);
    let lines_of = [
        ("22/11/2026", 2_950_000, memo.as_str()),
        ("22/11/2026", -11_000, "phi"),
        ("23/11/2026", 1_000_000, codes[1].as_str()),
        ("23/11/2026", 77, "khong ro"),
    ];
    let file = take(&world, "sao-ke.csv", &lines_of);
    assert_eq!(
        (&file["kind"], &file["outcome"], &file["exit"]),
        (&"statement".into(), &"accepted".into(), &0.into())
    );
    assert_eq!(
        file["rows"],
        json!({ "total": 4, "accepted": 3, "rejected": 0, "held": 0, "unchanged": 1 })
    );
    assert_eq!(requests(&world), ["paid 2950000", "partly_paid 1000000", "open 0"]);
    assert_eq!(lines(&world), ["active", "grace", "grace"]);
    let licence = &world.list("licences")[0];
    assert_eq!((&licence["state"], &licence["paid_on"]), (&"active".into(), &"2026-11-22".into()));
    let mut found = payments(&world);
    found.sort();
    assert_eq!(found, ["held", "matched", "unmatched"]);
    let receipt = world.files_in("outbox/_bank").into_iter().find(|name| name.contains(".txt"));
    let receipt =
        std::fs::read_to_string(world.path("outbox/_bank").join(receipt.unwrap())).unwrap();
    assert!(receipt.contains("ĐÃ NHẬN SAO KÊ") && receipt.contains("Đã khớp: 1"), "{receipt}");
    let bells = world.list("notifications");
    assert_eq!(bells[0]["kind"], "payment_received");
}

#[test]
fn the_same_lines_in_another_export_are_known_and_the_rest_makes_the_order_paid() {
    let world = placed();
    let codes = codes(&world);
    let line = |at: usize| ("23/11/2026", 2_950_000, codes[at].as_str());
    take(&world, "a.csv", &[line(0), line(1)]);
    let again = take(&world, "b.csv", &[line(1), line(2)]);
    assert_eq!(again["rows"]["accepted"], 1);
    assert_eq!((&world.order(ORDER)["state"], payments(&world).len()), (&"paid".into(), 3));
    assert_eq!(text(world.list("batches").last().unwrap(), "state"), "done");
    let same = take(&world, "c.csv", &[line(1), line(2)]);
    assert_eq!((&same["outcome"], &same["exit"]), (&"duplicate".into(), &0.into()));
    // Paid before it is activated: it has no grace.
    world.run(&["activate", ORDER]).exits(0);
    assert_eq!(lines(&world), ["active"; 3]);
    let licence = &world.list("licences")[0];
    assert_eq!(
        (&licence["grace_until"], &licence["paid_on"]),
        (&Value::Null, &"2026-11-23".into())
    );
}

#[test]
fn of_a_code_that_is_paid_twice_in_a_day_the_earlier_is_matched_whichever_way_the_statement_runs() {
    let world = placed();
    let codes = codes(&world);
    let mut earlier = Vec::new();
    for (code, day) in codes.iter().zip(["20/11/2026", "21/11/2026", "22/11/2026"]) {
        let (first, second) = (format!("{code} chuyen tien"), format!("{code} tra phi"));
        let next = format!("{}/11/2026", day[..2].parse::<u32>().unwrap() + 1);
        let mut lines = vec![
            (day, 2_950_000, first.as_str()),
            (day, 2_950_000, second.as_str()),
            (next.as_str(), 7, "lai"),
        ];
        if code == &codes[1] {
            lines.reverse();
        }
        take(&world, &format!("{}.csv", &day[..2]), &lines);
        earlier.push(first);
    }
    let found = world.list("payments");
    for payment in found.iter().filter(|it| it["amount"] == 2_950_000) {
        let is_earlier = earlier.contains(&text(payment, "memo"));
        let expected = if is_earlier { "code" } else { "paid_before" };
        assert_eq!(text(payment, "tier"), expected, "{payment}");
    }
    assert_eq!(requests(&world), ["paid 2950000"; 3]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn of_lines_with_references_and_without_the_earlier_is_matched_too() {
    let world = placed();
    let codes = codes(&world);
    let mut later = Vec::new();
    for (code, day, next) in
        [(&codes[0], "19/11/2026", "20/11/2026"), (&codes[1], "21/11/2026", "22/11/2026")]
    {
        let (first, second) = (format!("{code} chuyen tien"), format!("{code} tra phi"));
        let mut lines = vec![
            (day, "", 2_950_000, first.as_str()),
            (day, "FT001", 3_000_000, second.as_str()),
            (next, "FT002", 7, "lai"),
        ];
        if code == &codes[1] {
            lines.reverse();
        }
        world.take(&format!("_bank/{}.csv", &day[..2]), &referenced(&lines));
        later.push(second);
    }
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
    let found = world.list("payments");
    for payment in found.iter().filter(|it| it["amount"] == 3_000_000) {
        assert!(later.contains(&text(payment, "memo")), "{payment}");
        assert_eq!(text(payment, "tier"), "paid_before", "{payment}");
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_statement_that_comes_again_or_must_wait_is_told_in_words_of_statements() {
    let world = placed();
    let codes = codes(&world);
    let paid = statement(&[("23/11/2026", 2_950_000, &codes[0])]);
    world.take("_bank/a.csv", &paid);
    let again = world.drop_file("_bank/lan-nua.csv", &paid);
    let told = world.run(&["run", "import", again.to_str().unwrap()]).exits(0).stdout;
    assert!(told.contains("sao kê này đã nhận trước đây"), "{told}");
    assert!(!told.contains("đặt thêm"), "{told}");
    let name = world.files_in("outbox/_bank").into_iter().find(|it| it.starts_with("lan-nua__"));
    let receipt = std::fs::read_to_string(world.path("outbox/_bank").join(name.unwrap())).unwrap();
    assert!(receipt.contains("SAO KÊ NÀY ĐÃ NHẬN TRƯỚC ĐÓ (lô B000002)"), "{receipt}");
    let batches = world.list("batches");
    let second = batches.iter().find(|it| it["file"] == "lan-nua.csv").unwrap();
    assert_eq!((&second["kind"], &second["state"]), (&"statement".into(), &"duplicate".into()));

    let off = "Số tài khoản;1023456789\nSố dư đầu kỳ;1000000\nSố dư cuối kỳ;9000000\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung\n23/11/2026;;2950000;khac\n";
    let off = world.drop_file("_bank/off.csv", off.as_bytes());
    let told = world.run(&["run", "import", off.to_str().unwrap()]).exits(1).stdout;
    assert!(told.contains("chưa dòng nào được ghi nhận"), "{told}");
    assert!(told.contains("= 3.950.000 đ") && !told.contains("chờ quyết định"), "{told}");
}

#[test]
fn a_statement_of_which_no_row_can_be_read_waits_and_the_same_bytes_are_judged_again() {
    let world = placed();
    let codes = codes(&world);
    let bad = String::from_utf8(statement(&[("23/11/2026", 2_950_000, &codes[0])])).unwrap();
    let bad = bad.replace(";2950000;", ";2.950.000,50;");
    for (name, batch) in [("hong", "B000002"), ("lan-nua", "B000003")] {
        let file = world.take(&format!("_bank/{name}.csv"), bad.as_bytes());
        assert_eq!((&file["outcome"], &file["exit"]), (&"held".into(), &1.into()), "{file}");
        let findings = file["findings"].as_array().unwrap();
        assert_eq!(texts(findings, "code"), ["statement.balance"], "told once: {file}");
        assert_eq!((&findings[0]["row"], &findings[0]["column"]), (&3.into(), &"C".into()));
        let rows = json!({ "total": 1, "accepted": 0, "rejected": 0, "held": 1, "unchanged": 0 });
        assert_eq!(file["rows"], rows);
        let receipt = world.path(&format!("outbox/_bank/{name}__{batch}.txt"));
        let receipt = std::fs::read_to_string(receipt).unwrap();
        assert!(receipt.contains("SAO KÊ PHẢI CHỜ") && !receipt.contains("ĐÃ NHẬN"), "{receipt}");
        assert!(receipt.contains("2.950.000,50"), "{receipt}");
    }
    let path = world.drop_file("_bank/xem.csv", bad.as_bytes());
    let checked = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(1).json();
    let file = &checked["files"][0];
    assert_eq!((&file["outcome"], &file["rows"]["held"]), (&"held".into(), &1.into()), "{file}");
    assert!(world.list("payments").is_empty());
}

#[test]
fn a_code_for_all_of_a_payer_pays_them_together() {
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let order = world.order(ORDER);
    let batch_code = text(&order["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("22/11/2026", 5_000_000, &batch_code)]);
    assert_eq!(
        (requests(&world), payments(&world)),
        (vec!["open 0".to_owned(); 3], vec!["held".to_owned()])
    );
    take(&world, "b.csv", &[("23/11/2026", 3_850_000, &batch_code)]);
    assert_eq!(requests(&world), ["paid 2950000"; 3]);
    assert_eq!(payments(&world), ["matched"; 2]);
    assert_eq!(world.order(ORDER)["state"], "paid");
}

#[test]
fn what_a_match_leaves_of_money_under_the_code_for_all_pays_with_the_rest_and_is_free_when_parted()
{
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let codes = codes(&world);
    take(&world, "a.csv", &[("22/11/2026", 5_000_000, &all)]);
    world.run(&["match", "1", &codes[0], "--reason", "gọi"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "open 0", "open 0"]);
    let why =
        || text(&world.run(&["payments", "1", "--json"]).exits(0).json()["payments"][0], "why");
    for needed in [&all, "2.050.000 đ", "5.900.000 đ", "còn thiếu 3.850.000 đ"] {
        assert!(why().contains(needed), "no {needed} in {}", why());
    }
    take(&world, "b.csv", &[("23/11/2026", 3_850_000, &all)]);
    assert_eq!(requests(&world), ["paid 2950000"; 3]);
    assert_eq!(payments(&world), ["matched"; 2]);
    assert_eq!(world.order(ORDER)["state"], "paid");
    world.run(&["prove"]).exits(0);
    // What it paid is open again, and what waits is exactly that; a person says what it is for.
    world.run(&["unmatch", "1", "--reason", "nhầm"]).exits(0);
    assert_eq!(requests(&world), ["open 0"; 3]);
    assert!(why().contains("8.850.000 đ vừa đủ"), "{}", why());
    world.run(&["prove"]).exits(0);
    world.run(&["match", "1", &codes[0], "--reason", "gọi"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000"; 3]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn beside_the_code_for_all_a_code_with_nothing_says_whom_the_money_is_not_for() {
    for first in [true, false] {
        let world = World::new();
        let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
        world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
        world.run(&["confirm", ORDER]).exits(0);
        let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
        let none = format!("{}=0", codes(&world)[0]);
        take(&world, "a.csv", &[("22/11/2026", 5_900_000, "khong ro")]);
        world.run(&["match", "1", &all, "--reason", "gọi"]).exits(0);
        assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
        let said = if first { [&none, &all] } else { [&all, &none] };
        world.run(&["match", "1", said[0], said[1], "--reason", "gọi"]).exits(0);
        assert_eq!(requests(&world), ["open 0", "paid 2950000", "paid 2950000"]);
        let history = world.run(&["payments", "1"]).exits(0).stdout;
        let parted = format!(", tách khỏi {}", codes(&world)[0]);
        assert!(history.contains(&parted), "no{parted} in {history}");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn a_person_matches_and_parts_and_the_pair_does_not_come_again() {
    let world = activated();
    let codes = codes(&world);
    take(&world, "a.csv", &[("23/11/2026", 2_950_000, "tien phan mem")]);
    let id = world.list("payments")[0]["id"].to_string();
    let matched = ["match", &id, &codes[1], "--reason", "khách gọi điện", "--json"];
    let shown = world.run(&matched).exits(0).json()["payments"][0].clone();
    assert_eq!(
        (&shown["state"], &shown["allocations"][0]["amount"]),
        (&"matched".into(), &2_950_000.into())
    );
    assert_eq!(
        (requests(&world)[1].as_str(), lines(&world)[1].as_str()),
        ("paid 2950000", "active")
    );
    world.run(&matched).exits(0);
    let too_much = ["match", &id, &format!("{}=9000000", codes[1]), "--reason", "x", "--json"];
    assert_eq!(world.run(&too_much).exits(1).json()["error"]["code"], "state.not_allowed");
    let [one, two] = [1, 2].map(|dong| format!("{}={dong}", codes[2]));
    let told = world.run(&["match", &id, &one, &two, "--reason", "x"]).exits(2).stderr;
    assert!(told.contains(&format!("Mã {} được ghi hai lần", codes[2])), "{told}");
    assert_eq!(requests(&world)[2], "open 0");

    let parted = world.run(&["unmatch", &id, "--reason", "nhầm", "--json"]).exits(0).json();
    assert_eq!(parted["payments"][0]["state"], "unmatched");
    assert_eq!(requests(&world)[1], "open 0");
    assert_eq!(lines(&world)[1], "active", "the platform was told already");
    take(&world, "b.csv", &[("23/11/2026", 5, "khac")]);
    assert_eq!(requests(&world)[1], "open 0");
    assert_eq!(world.order(ORDER)["state"], "placed");
    world.run(&["unmatch", &id, "--reason", "nhầm"]).exits(0);
    world.run(&["prove"]).exits(0);
    world.run(&["match", "99", &codes[0], "--reason", "x"]).exits(2);
    world.run(&["match", &id, "HLKHONGCO", "--reason", "x"]).exits(2);
    world.run(&["match", &id, &codes[0], "--reason", " "]).exits(2);
}

#[test]
fn money_for_what_is_cancelled_is_free_again_and_waits_for_a_person() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("23/11/2026", 1_000_000, &codes[0])]);
    assert_eq!(requests(&world)[0], "partly_paid 1000000");
    world.run(&["cancel", &format!("{ORDER}/1"), "--reason", "thôi"]).exits(0);
    assert_eq!(requests(&world)[0], "cancelled 0");
    let payment = &world.list("payments")[0];
    assert_eq!((&payment["state"], &payment["allocations"]), (&"held".into(), &json!([])));
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_statement_whose_sums_do_not_hold_or_that_is_of_another_account_counts_for_nothing() {
    let world = placed();
    let codes = codes(&world);
    let off = format!(
        "Số tài khoản;1023456789\nSố dư đầu kỳ;1000000\nSố dư cuối kỳ;9000000\nNgày giao dịch;Ghi nợ;Ghi có;Nội dung\n23/11/2026;;2950000;{}\n",
        codes[0]
    );
    let held = world.take("_bank/off.csv", off.as_bytes());
    assert_eq!((&held["outcome"], &held["exit"]), (&"held".into(), &1.into()));
    assert_eq!(held["findings"][0]["code"], "statement.balance");
    let said = text(&held["findings"][0], "message");
    let sums = "Số dư đầu kỳ 1.000.000 đ + tiền vào 2.950.000 đ − tiền ra 0 đ = 3.950.000 đ, khác số dư cuối kỳ 9.000.000 đ";
    assert!(said.contains(sums) && said.contains("-5.050.000 đ"), "{said}");
    assert!(text(&held["findings"][0], "fix").contains("inbox/_bank"), "{held}");
    assert!(world.run(&["batches"]).exits(0).stdout.contains("Chưa ghi nhận"));
    let other = String::from_utf8(statement(&[("23/11/2026", 2_950_000, &codes[0])])).unwrap();
    let other =
        world.take("_bank/other.csv", other.replace("1023456789", "999988887777").as_bytes());
    assert_eq!(
        (&other["findings"][0]["code"], &other["exit"]),
        (&"statement.other_account".into(), &3.into())
    );
    let future = take(&world, "future.csv", &[("24/11/2026", 2_950_000, &codes[0])]);
    assert_eq!(
        (&future["findings"][0]["code"], &future["outcome"]),
        (&"statement.date".into(), &"held".into())
    );
    assert!(text(&future["findings"][0], "message").contains("24/11/2026 ở tương lai"), "{future}");
    assert_eq!(future["findings"][0]["column"], "A", "{future}");
    let of_day = |day: &str| {
        let paid = String::from_utf8(statement(&[(day, 2_950_000, &codes[0])])).unwrap();
        let written = format!("Từ ngày: 20/11/2026;Đến ngày: 22/11/2026;;\n{paid}");
        let file = world.take("_bank/ky.csv", written.as_bytes());
        assert_eq!(file["outcome"], "held", "{file}");
        text(&file["findings"][0], "message")
    };
    assert!(of_day("19/11/2026").contains("Ngày 19/11/2026 nằm ngoài kỳ"));
    assert!(of_day("32/11/2026").contains("Không đọc được ngày “32/11/2026”"));
    let list = world.take("_bank/khach.csv", &csv(&[enterprise(9)]));
    assert_eq!(list["findings"][0]["code"], "statement.unknown_layout");
    assert!(world.list("payments").is_empty());
    assert_eq!(requests(&world), ["open 0"; 3]);
}

#[test]
fn with_several_firms_no_firm_marks_itself_as_paid() {
    let world = placed();
    let codes = codes(&world);
    let paid = statement(&[("23/11/2026", 2_950_000, &codes[0])]);
    let alone = world.take("sao-ke.csv", &paid);
    assert_eq!(alone["kind"], "statement", "the only firm may drop it anywhere");
    let second = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Khác\"\ntax_id = \"0100233488\"\nadmin = { name = \"A\", email = \"a@khac.example\", phone = \"0912345679\" }\n";
    let path = world.path("hangloat.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, settings + second).unwrap();
    let paid = statement(&[("23/11/2026", 2_950_000, &codes[1])]);
    let refused = world.take(&format!("{FIRM}/sao-ke-2.csv"), &paid);
    assert_eq!(
        (&refused["findings"][0]["code"], &refused["exit"]),
        (&"file.wrong_folder".into(), &3.into())
    );
    assert_eq!(requests(&world)[1], "open 0");
    let outside = world.outside("sao-ke-3.csv");
    std::fs::write(&outside, &paid).unwrap();
    world.run(&["run", "import", outside.to_str().unwrap()]).exits(2);
    world.run(&["run", "import", outside.to_str().unwrap(), "--bank"]).exits(0);
    assert_eq!(requests(&world)[1], "paid 2950000");
}

/// Overlapping exports in any order make the same payments, pay the same, and nobody is paid by what is another's.
#[test]
fn to_part_a_payment_that_nothing_is_matched_with_says_so_and_what_can_be_done() {
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("20/11/2026", 5_000_000, &both), ("20/11/2026", 70_000, "khong ro")]);
    for (id, why) in [("1", both.as_str()), ("2", "không có mã thanh toán")] {
        let before = world.run(&["payments", id, "--json"]).exits(0).json()["payments"].clone();
        let said = world.run(&["unmatch", id, "--reason", "nhầm"]).exits(0).stdout;
        let nothing = format!("Không có gì thay đổi: khoản {id} chưa ghép với mã nào");
        for needed in [nothing.as_str(), why, &format!("hangloat match {id}")] {
            assert!(said.contains(needed), "no {needed} in {said}");
        }
        let after = world.run(&["payments", id, "--json"]).exits(0).json()["payments"].clone();
        assert_eq!(after, before);
    }
}

#[test]
fn statements_in_any_order_end_in_the_same_place() {
    let end_of = |order: [usize; 4]| {
        let world = placed();
        let codes = codes(&world);
        let spaced = format!("{} {}", &codes[1][..6], &codes[1][6..]);
        let all = [
            ("19/11/2026", 2_950_000, codes[0].clone()),
            ("19/11/2026", 2_950_000, codes[0].clone()),
            ("20/11/2026", 1_000_000, codes[1].to_lowercase()),
            ("21/11/2026", 1_950_000, spaced),
            ("21/11/2026", 1_300_000, "khong ro".to_owned()),
            ("21/11/2026", 3_000_000, codes[2].clone()),
            ("22/11/2026", 2_950_000, codes[2].clone()),
        ];
        let parts: [&[usize]; 4] = [&[0, 1, 2], &[2, 3], &[3, 4, 5, 6], &[0, 1, 2, 3, 4]];
        for at in order {
            let lines: Vec<_> = parts[at].iter().map(|at| &all[*at]).collect();
            let lines: Vec<_> = lines.iter().map(|it| (it.0, it.1, it.2.as_str())).collect();
            take(&world, &format!("p{at}.csv"), &lines);
        }
        world.run(&["prove"]).exits(0);
        let told = |it: &Value| {
            format!(
                "{} {} {} {}",
                text(it, "booked_on"),
                it["amount"],
                text(it, "state"),
                text(it, "tier")
            )
        };
        let mut payments: Vec<String> = world.list("payments").iter().map(told).collect();
        payments.sort();
        (payments, requests(&world), text(&world.order(ORDER), "state"))
    };
    let first = end_of([0, 1, 2, 3]);
    assert_eq!(first.1, ["paid 2950000", "paid 2950000", "overpaid 2950000"]);
    assert_eq!((first.0.len(), first.2.as_str()), (7, "paid"));
    for order in [[3, 2, 1, 0], [2, 0, 3, 1]] {
        assert_eq!(end_of(order), first, "{order:?}");
    }
}

#[test]
fn a_new_workspace_has_the_folder_of_the_bank_and_the_doctor_finds_it_in_order() {
    let world = World::new();
    assert!(world.path("inbox/_bank").is_dir());
    let checks = world.run(&["doctor", "--json"]).json()["checks"].clone();
    let of_inbox = checks.as_array().unwrap().iter();
    let of_inbox: Vec<&Value> = of_inbox.filter(|it| text(it, "name").contains("inbox")).collect();
    assert!(!of_inbox.is_empty() && of_inbox.iter().all(|it| it["ok"] == true), "{of_inbox:?}");
}
