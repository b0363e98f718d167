//! Money that goes back, rests that are forgiven, what two layouts of a bank told of one payment, and how long it is
//! kept.

use serde_json::Value;

use super::{
    lists::{csv, enterprise},
    money::{ORDER, activated, codes, placed, referenced, requests, statement, take},
};
use crate::world::{FIRM, World, text};

fn of(world: &World, id: &str) -> Value {
    world.run(&["payments", id, "--json"]).exits(0).json()["payments"][0].clone()
}

fn id_of(world: &World, memo: &str) -> String {
    let all = world.list("payments");
    all.iter().find(|it| it["memo"] == memo).unwrap()["id"].to_string()
}

#[test]
fn money_that_came_twice_goes_back_and_a_debit_that_names_it_says_that_it_went() {
    let world = activated();
    let codes = codes(&world);
    let line = ("20/11/2026", 2_950_000, codes[0].as_str());
    let again = format!("{} lan 2", codes[0]);
    take(&world, "a.csv", &[line, ("21/11/2026", 2_950_000, &again)]);
    let id = id_of(&world, &again);
    assert_eq!(of(&world, &id)["tier"], "paid_before");
    let refund = ["refund", &id, "2950000", "--reason", "trả hai lần", "--json"];
    let planned = world.run(&refund).exits(0).json()["payments"][0].clone();
    assert_eq!(
        (&planned["state"], &planned["tier"], &planned["refunds"][0]["done_at"]),
        (&"held".into(), &"returned".into(), &Value::Null)
    );
    world.run(&refund).exits(0);
    assert_eq!(of(&world, &id)["refunds"].as_array().unwrap().len(), 1, "planned once");
    world.run(&["refund", &id, "1", "--reason", "x"]).exits(1);
    world.run(&["prove"]).exits(0);
    let memo = format!("MBVCB.HOANTIEN {id}.CT");
    take(&world, "b.csv", &[("23/11/2026", -2_950_000, &memo), ("23/11/2026", -2_950_000, "khac")]);
    let gone = of(&world, &id);
    assert_eq!(gone["state"], "refunded", "{gone}");
    assert!(gone["refunds"][0]["done_at"].is_string());
    assert_eq!(requests(&world)[0], "paid 2950000");
    world.run(&["prove"]).exits(0);
    // A paid request whose money goes back is open again, and then the order can be cancelled.
    let first = id_of(&world, &codes[0]);
    let done = ["refund", &first, "2.950.000", "--reason", "khách thôi", "--done", "FT1", "--json"];
    let done = world.run(&done).exits(0).json()["payments"][0].clone();
    assert_eq!(
        (&done["state"], &done["refunds"][0]["reference"]),
        (&"refunded".into(), &"FT1".into())
    );
    assert_eq!(requests(&world)[0], "open 0");
    world.run(&["prove"]).exits(0);
}

#[test]
fn of_money_that_pays_only_what_is_left_over_or_all_of_it_goes_back() {
    let world = placed();
    let codes = codes(&world);
    let both = format!("{} {}", codes[1], codes[2]);
    let lines =
        [("20/11/2026", 3_000_000, codes[0].as_str()), ("20/11/2026", 5_900_000, both.as_str())];
    take(&world, "a.csv", &lines);
    let id = id_of(&world, &codes[0]);
    let more = ["refund", &id, "2950000", "--reason", "trả dư", "--json"];
    let refused = world.run(&more).exits(1).json()["error"].clone();
    assert_eq!(refused["code"], "state.not_allowed");
    let said = text(&refused, "message");
    for words in ["50.000 đ", &format!("{} 2.950.000 đ", codes[0])] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(text(&refused, "fix").contains(&format!("hangloat unmatch {id}")), "{refused}");
    assert_eq!(requests(&world), ["overpaid 2950000", "paid 2950000", "paid 2950000"]);
    assert_eq!(of(&world, &id)["refunds"], Value::Array(Vec::new()));
    world.run(&["refund", &id, "50000", "--reason", "trả dư"]).exits(0);
    assert_eq!(requests(&world)[0], "paid 2950000");

    // One of two is not wanted any more: they are parted, and the other one is matched again.
    let id = id_of(&world, &both);
    let half = ["refund", &id, "2950000", "--reason", "thôi mua"];
    world.run(&half).exits(1);
    world.run(&["unmatch", &id, "--reason", "thôi mua"]).exits(0);
    world.run(&["match", &id, &codes[1], "--reason", "còn mua"]).exits(0);
    world.run(&half).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
    world.run(&["cancel", &format!("{ORDER}/3"), "--reason", "thôi mua"]).exits(0);
    world.run(&["prove"]).exits(0);
}

#[test]
fn all_of_a_payment_goes_back_and_what_it_paid_for_is_named() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    let told = world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0).stdout;
    assert!(told.contains(&format!("không còn trả cho {}", codes[0])), "{told}");
    assert_eq!(requests(&world)[0], "open 0");
    world.run(&["cancel", &format!("{ORDER}/1"), "--reason", "thôi mua"]).exits(0);
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_code_that_another_payment_pays_in_the_place_of_what_goes_back_is_not_told_to_be_unpaid() {
    let world = placed();
    let codes = codes(&world);
    let again = format!("{} lan 2", codes[0]);
    take(
        &world,
        "a.csv",
        &[("20/11/2026", 2_950_000, &codes[0]), ("21/11/2026", 2_950_000, &again)],
    );
    let id = id_of(&world, &codes[0]);
    let told = world.run(&["refund", &id, "2950000", "--reason", "trả hai lần"]).exits(0).stdout;
    assert!(!told.contains("không còn trả cho"), "{told}");
    assert_eq!(of(&world, &id_of(&world, &again))["state"], "matched");
    assert_eq!(requests(&world)[0], "paid 2950000");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_refund_that_did_not_go_is_taken_back_and_one_that_went_is_not() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    let keep = ["refund", "1", "0", "--reason", "khách vẫn mua", "--json"];
    world.run(&keep).exits(0);
    world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
    assert_eq!(requests(&world)[0], "open 0");
    let kept = world.run(&keep).exits(0).json()["payments"][0].clone();
    assert_eq!((&kept["state"], &kept["returned"]), (&"matched".into(), &0.into()));
    assert_eq!(kept["refunds"], Value::Array(Vec::new()));
    let events = kept["events"].as_array().unwrap();
    let event = events.iter().find(|it| it["reason"] == "khách vẫn mua").unwrap();
    assert_eq!((&event["kind"], &event["detail"]["kept"]), (&"refund".into(), &2_950_000.into()));
    assert_eq!(requests(&world)[0], "paid 2950000");
    world.run(&keep).exits(0);
    world.run(&["prove"]).exits(0);

    let gone = ["refund", "1", "2950000", "--reason", "thôi mua", "--done", "FT1"];
    world.run(&gone).exits(0);
    let refused = world.run(&keep).exits(1).json()["error"].clone();
    assert_eq!(refused["code"], "state.not_allowed");
    assert!(text(&refused, "message").contains("đã chuyển đi rồi"), "{refused}");
    let both = ["refund", "1", "0", "--reason", "x", "--done", "FT2", "--json"];
    let said = text(&world.run(&both).exits(2).json()["error"], "message");
    assert!(said.contains("thôi hoàn"), "{said}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_went_back_the_day_before_it_was_told_is_found_and_told_again_it_takes_no_money_that_pays() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("12/11/2026", 3_000_000, &codes[0])]);
    assert_eq!(requests(&world)[0], "overpaid 2950000");
    world.run(&["refund", "1", "50000", "--reason", "trả dư"]).exits(0);
    let memo = "MBVCB.HOANTIEN 1.CT";
    take(&world, "b.csv", &[("13/11/2026", -50_000, memo)]);
    assert_eq!(of(&world, "1")["refunds"][0]["done_at"], Value::Null, "long before");
    take(&world, "c.csv", &[("22/11/2026", -50_000, memo)]);
    assert!(of(&world, "1")["refunds"][0]["done_at"].is_string());
    let again = ["refund", "1", "50000", "--reason", "trả dư", "--done", "UNC12"];
    world.run(&again).exits(0);
    world.run(&again[..5]).exits(0);
    let payment = of(&world, "1");
    assert_eq!(payment["refunds"].as_array().unwrap().len(), 1, "{payment}");
    assert_eq!(
        (&payment["state"], requests(&world)[0].as_str()),
        (&"matched".into(), "paid 2950000")
    );
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_transfer_for_two_firms_shows_each_of_them_its_own_part_alone() {
    let world = placed();
    let settings = world.path("hangloat.toml");
    let second = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Khác\"\ntax_id = \"0100233488\"\nadmin = { name = \"A\", email = \"a@khac.example\", phone = \"0912345679\" }\n";
    std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + second).unwrap();
    let file = world.outside("khac.csv");
    std::fs::write(&file, csv(&[enterprise(9)])).unwrap();
    world.run(&["run", "import", file.to_str().unwrap(), "--firm", "KHAC"]).exits(0);
    let order = world.list("orders").iter().find(|it| it["firm"] == "KHAC").unwrap().clone();
    let order = text(&order, "code");
    world.run(&["confirm", &order]).exits(0);
    let other = text(&world.order(&order)["payment_requests"][0], "payment_code");
    let code = codes(&world)[0].clone();
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, &format!("{code} {other}"))]);
    let exported = |narrowed: &[&str]| -> Vec<Value> {
        let out = world.outside("p.json");
        let to = ["export", "payments", "--format", "json", "-o", out.to_str().unwrap()];
        world.run(&[to.as_slice(), narrowed].concat()).exits(0);
        serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap()
    };
    let all = exported(&[]);
    assert_eq!((all.len(), &all[0]["amount"]), (2, &5_900_000.into()));
    assert!(text(&all[0], "memo").contains(&other));
    let own = exported(&["--firm", FIRM]);
    assert_eq!((own.len(), &own[0]["amount"]), (1, &2_950_000.into()), "{own:?}");
    assert_eq!(text(&own[0], "payment_code"), code);
    for column in ["memo", "why", "returned"] {
        assert_eq!(own[0][column], Value::Null, "{column}");
    }
    assert!(!Value::from(own).to_string().contains(&other));
}

#[test]
fn a_fee_that_is_missing_is_forgiven_and_what_nobody_paid_is_not() {
    let world = activated();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_939_000, &codes[0])]);
    let waive = ["waive", &codes[0], "--reason", "phí ngân hàng", "--json"];
    let told = world.run(&waive).exits(0).json()["payment_requests"][0].clone();
    assert_eq!(
        (&told["state"], &told["paid"], &told["waived"]),
        (&"paid".into(), &2_939_000.into(), &11_000.into())
    );
    world.run(&waive).exits(0);
    let order = world.order(ORDER);
    assert_eq!(order["payment_requests"][0]["waived"], 11_000);
    assert_eq!(order["lines"][0]["state"], "active");
    assert_eq!(of(&world, "1")["state"], "matched");
    let refused = world.run(&["waive", &codes[1], "--reason", "x", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    world.run(&["waive", "HLKHONGCO", "--reason", "x"]).exits(2);
    world.run(&["prove"]).exits(0);
}

#[test]
fn the_fee_of_a_transfer_for_all_is_forgiven_and_they_are_paid_together() {
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let batch_code = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("22/11/2026", 8_839_000, &batch_code)]);
    assert_eq!(requests(&world), ["open 0"; 3]);
    world.run(&["waive", &batch_code, "--reason", "phí"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "paid 2939000"]);
    assert_eq!(of(&world, "1")["state"], "matched");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_code_that_is_named_twice_by_hand_takes_what_is_left_of_it_and_a_part_waits() {
    let world = activated();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, "khong ro")]);
    let twice = ["match", "1", &codes[0], &codes[0], "--reason", "x", "--json"];
    assert_eq!(world.run(&twice).exits(1).json()["error"]["code"], "state.not_allowed");
    let parts = format!("{}=1000000", codes[0]);
    let part =
        world.run(&["match", "1", &parts, &parts, "--reason", "x", "--json"]).exits(0).json();
    assert_eq!(part["payments"][0]["allocations"][0]["amount"], 2_000_000);
    assert_eq!(part["payments"][0]["state"], "held", "not all of it is used");
    assert_eq!(requests(&world)[0], "partly_paid 2000000");
    let more = format!("{}=2000000", codes[1]);
    world.run(&["match", "1", &codes[0], &more, "--reason", "x"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "partly_paid 2000000", "open 0"]);
    assert_eq!(of(&world, "1")["state"], "held");
    world.run(&["prove"]).exits(0);
}

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

fn count(world: &World, sql: &'static str) -> i64 {
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
