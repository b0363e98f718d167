//! Money that goes back, rests that are forgiven, and what of it each firm sees.

use serde_json::Value;

use super::{
    grace::at,
    lists::{csv, enterprise},
    money::{ORDER, activated, codes, placed, requests, take},
    told::letters_of,
    workbooks::sheet_text,
};
use crate::world::{FIRM, World, require, text, texts};

/// A payment with what happened to it.
pub fn of(world: &World, id: &str) -> Value {
    world.run(&["payments", id, "--json"]).exits(0).json()["payments"][0].clone()
}

pub fn id_of(world: &World, memo: &str) -> String {
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
    let again = world.run(&refund[..5]).exits(0).stdout;
    assert!(again.starts_with("Không có gì thay đổi"), "{again}");
    assert_eq!(of(&world, &id)["refunds"].as_array().unwrap().len(), 1, "planned once");
    world.run(&["refund", &id, "2950001", "--reason", "x"]).exits(1);
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
fn what_works_and_is_not_paid_any_more_can_be_cancelled() {
    let world = activated();
    let codes = codes(&world);
    let lines =
        [("20/11/2026", 2_950_000, codes[0].as_str()), ("20/11/2026", 2_950_000, &codes[1])];
    take(&world, "a.csv", &lines);
    let cancel = |n: u32| {
        let line = format!("{ORDER}/{n}");
        world.run(&["cancel", &line, "--reason", "thôi mua", "--json"])
    };
    assert_ne!(cancel(1).code, 0, "it is paid");
    let refund = ["refund", &id_of(&world, &codes[0]), "2950000", "--reason", "thôi mua"];
    world.run(&[&refund[..], &["--done", "FT1"]].concat()).exits(0);
    world.run(&["unmatch", &id_of(&world, &codes[1]), "--reason", "nhầm"]).exits(0);
    // All of an order spares what works, paid or not.
    world.run(&["cancel", ORDER, "--reason", "thôi mua"]);
    assert_eq!(world.order(ORDER)["lines"][0]["state"], "active");
    for n in [1, 2] {
        cancel(n).exits(0);
    }
    let lines = texts(world.order(ORDER)["lines"].as_array().unwrap(), "state");
    assert_eq!(lines, ["cancelled", "cancelled", "grace"]);
    let licences = texts(&world.list("licences"), "state");
    assert_eq!(licences, ["suspended", "suspended", "grace"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn an_amount_is_how_much_goes_back_in_all_that_did_not_go_yet() {
    let world = placed();
    take(&world, "a.csv", &[("20/11/2026", 1_000_000, "khong ro")]);
    let plans = |amount: &str, expected: i64| {
        let told = world.run(&["refund", "1", amount, "--reason", "trả lại"]).exits(0).stdout;
        let payment = of(&world, "1");
        assert_eq!(payment["returned"], expected, "{payment}");
        world.run(&["prove"]).exits(0);
        told
    };
    plans("500000", 500_000);
    let more = plans("1000000", 1_000_000);
    assert!(more.contains("chờ hoàn trả tổng cộng 1.000.000 đ"), "{more}");
    assert!(more.contains("Đổi số tiền hoàn từ 500.000 đ thành 1.000.000 đ"), "{more}");
    plans("300000", 300_000);
    let same = plans("300000", 300_000);
    assert!(same.starts_with("Không có gì thay đổi"), "{same}");
    assert_eq!(of(&world, "1")["refunds"].as_array().unwrap().len(), 1);
    let refused = world.run(&["refund", "1", "1000001", "--reason", "x", "--json"]).exits(1).json();
    let fix = text(&refused["error"], "fix");
    assert!(fix.contains("Hoàn nhiều nhất 1.000.000 đ"), "{refused}");
    // A part of what was planned went: the rest waits.
    world.run(&["refund", "1", "100000", "--reason", "đã trả", "--done", "FT1"]).exits(0);
    let refunds = of(&world, "1")["refunds"].clone();
    let of_each = |name: &str| {
        refunds.as_array().unwrap().iter().map(|it| it[name].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of_each("amount"), [200_000, 100_000]);
    assert_eq!(of_each("reference"), [Value::Null, "FT1".into()]);
    plans("0", 100_000);
}

#[test]
fn of_a_payment_that_goes_back_a_match_is_told_that_it_does() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 1_000_000, "khong ro")]);
    world.run(&["refund", "1", "1000000", "--reason", "nhầm"]).exits(0);
    let refused =
        world.run(&["match", "1", &codes[0], "--reason", "gọi", "--json"]).exits(1).json();
    let said = text(&refused["error"], "message");
    assert!(said.contains("đã được ghi hoàn 1.000.000 đ"), "{said}");
    assert!(text(&refused["error"], "fix").contains("hangloat refund 1 0"), "{refused}");
}

#[test]
fn how_to_write_a_transfer_back_is_told_only_as_long_as_one_is_awaited() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 3_050_000, codes[0].as_str())]);
    let id = id_of(&world, &codes[0]);
    let why = || text(&of(&world, &id), "why");
    assert!(!why().contains("HOANTIEN"), "{}", why());
    world.run(&["refund", &id, "60000", "--reason", "dư"]).exits(0);
    let how = format!("Khi hoàn trả 60.000 đ, ghi “HOANTIEN {id}”");
    assert!(why().contains(&how), "{}", why());
    world.run(&["refund", &id, "60000", "--reason", "dư", "--done", "FT1"]).exits(0);
    let it = of(&world, &id);
    assert_eq!((&it["state"], &it["unused"]), (&"held".into(), &40_000.into()));
    assert!(!why().contains("HOANTIEN"), "{}", why());
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
fn every_code_that_is_open_again_is_named_also_where_others_paid_it_under_the_code_for_all() {
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = codes(&world);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let all = |day, amount| (day, amount, all.as_str());
    let parts = [all("19/11/2026", 5_000_000), all("20/11/2026", 3_250_000)];
    take(&world, "a.csv", &[&parts[..], &[all("21/11/2026", 600_000)]].concat());
    assert!(requests(&world).iter().all(|it| it == "paid 2950000"), "{:?}", requests(&world));
    let payments = world.list("payments");
    let first = payments.iter().find(|it| it["amount"] == 5_000_000).unwrap();
    let id = first["id"].to_string();
    let told = world.run(&["refund", &id, "5000000", "--reason", "thôi mua"]).exits(0).stdout;
    let said = told.lines().nth(1).unwrap();
    for (code, stands) in codes.iter().zip(requests(&world)) {
        assert_eq!(stands.starts_with("paid"), !said.contains(code.as_str()), "{stands}: {told}");
    }
    assert!(told.contains("chờ hoàn trả tổng cộng 5.000.000 đ"), "{told}");
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
fn what_pays_several_codes_goes_on_paying_them_where_the_rest_does_not_go_back() {
    let world = placed();
    let codes = codes(&world);
    let both = format!("{} {}", codes[0], codes[1]);
    take(&world, "a.csv", &[("20/11/2026", 6_000_000, &both)]);
    assert_eq!(of(&world, "1")["tier"], "several_other");
    world.run(&["refund", "1", "100000", "--reason", "trả dư"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
    for amount in ["40000", "0"] {
        world.run(&["refund", "1", amount, "--reason", "để lại"]).exits(0);
        assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
        world.run(&["prove"]).exits(0);
    }
    let kept = of(&world, "1");
    assert_eq!((&kept["state"], &kept["unused"]), (&"held".into(), &100_000.into()));
}

#[test]
fn money_that_stays_after_all_is_told_to_have_come_once() {
    for world in World::on_each_engine() {
        let clients = [enterprise(1), enterprise(2), enterprise(3)];
        world.import("khach.csv", &csv(&clients));
        world.run(&["confirm", ORDER]).exits(0);
        let codes = codes(&world);
        let received = || {
            world.run(&["run", "mail"]).exits(0);
            let mut mails = world.list("mails");
            mails.retain(|mail| mail["purpose"] == "payment_received" && mail["state"] == "sent");
            texts(&mails, "to")
        };
        let and_stays = |at: usize, amount: &str| {
            let id = id_of(&world, &codes[at]);
            for amount in [amount, "0"] {
                world.run(&["refund", &id, amount, "--reason", "khách thôi"]).exits(0);
            }
        };
        // The second one pays a part.
        let line = |at: usize, amount: i64| ("20/11/2026", amount, codes[at].as_str());
        take(&world, "a.csv", &[line(0, 2_950_000), line(1, 1_000_000), line(2, 2_950_000)]);
        // Who read nothing yet reads it in the end.
        and_stays(2, "2950000");
        let told = clients.map(|it| it.email().to_owned());
        assert_eq!(received(), told);
        and_stays(0, "2950000");
        and_stays(1, "1000000");
        assert_eq!(requests(&world), ["paid 2950000", "partly_paid 1000000", "paid 2950000"]);
        assert_eq!(received(), told);
        world.run(&["prove"]).exits(0);
    }
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
    let why = text(&payment, "why");
    assert!(why.contains("trừ 50.000 đ được hoàn lại") && !why.contains("bằng"), "{why}");
    assert_eq!(payment["refunds"].as_array().unwrap().len(), 1, "{payment}");
    assert_eq!(
        (&payment["state"], requests(&world)[0].as_str()),
        (&"matched".into(), "paid 2950000")
    );
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_debit_that_fits_no_refund_is_asked_and_one_that_fits_is_told_to_have_closed_it() {
    let world = placed();
    let codes = codes(&world);
    let paid = |at: usize| ("20/11/2026", 2_950_000, codes[at].as_str());
    take(&world, "a.csv", &[paid(0), paid(1)]);
    let (first, second) = (id_of(&world, &codes[0]), id_of(&world, &codes[1]));
    world.run(&["refund", &first, "2950000", "--reason", "thôi mua"]).exits(0);
    let (back, other) = (format!("HOANTIEN {first}"), format!("HOANTIEN {second}"));
    let receipt = |name: &str| {
        let path = world.path(&format!("outbox/_bank/{name}.txt"));
        std::fs::read_to_string(path).unwrap()
    };
    let odd = [
        ("22/11/2026", -2_900_000, back.as_str()),
        ("22/11/2026", -50_000, other.as_str()),
        ("22/11/2026", -60_000, "HOANTIEN 99"),
        ("22/11/2026", -11_000, "phi"),
    ];
    let file = take(&world, "b.csv", &odd);
    assert_eq!((&file["outcome"], &file["exit"]), (&"partly".into(), &1.into()), "{file}");
    assert_eq!(texts(file["findings"].as_array().unwrap(), "code"), ["statement.refund"; 3]);
    assert_eq!((&file["rows"]["unchanged"], &file["rows"]["held"]), (&4.into(), &0.into()));
    let told = receipt("b__B000003");
    for said in [
        "chuyển đi 2.900.000 đ",
        "số tiền hoàn đang chờ là 2.950.000 đ",
        &format!("khoản thanh toán {second} không có tiền hoàn nào đang chờ"),
        "không có khoản thanh toán nào số 99",
        &format!("hangloat refund {second} 50000"),
    ] {
        assert!(told.contains(said), "no {said} in {told}");
    }
    assert_eq!(of(&world, &first)["refunds"][0]["done_at"], Value::Null);
    let file = take(&world, "c.csv", &[("23/11/2026", -2_950_000, back.as_str())]);
    assert_eq!((&file["outcome"], &file["exit"]), (&"accepted".into(), &0.into()), "{file}");
    let told = receipt("c__B000004");
    let closed = format!("Đã hoàn xong 2.950.000 đ của khoản thanh toán {first}");
    assert!(told.contains(&closed), "{told}");
    // Nobody is asked of a line that an earlier statement brought, nor of one that a person had told of.
    let said = ["refund", &second, "2950000", "--reason", "thôi mua", "--done", "FT9"];
    world.run(&said).exits(0);
    let known = take(&world, "d.csv", &[odd[1], ("23/11/2026", -2_950_000, other.as_str())]);
    assert_eq!((&known["outcome"], &known["exit"]), (&"accepted".into(), &0.into()), "{known}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_pays_a_paid_code_once_more_reads_at_once_that_it_is_too_much() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(letters_of(&world, "payment_received").len(), 1);
    let again = format!("{} lan 2", codes[0]);
    take(&world, "b.csv", &[("21/11/2026", 2_950_000, &again)]);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received");
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().any(|it| it.text.contains("thừa 2.950.000 đ")), "{letters:?}");
    world.run(&["run", "reconcile"]).exits(1);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(letters_of(&world, "payment_received").len(), 2, "told once");
}

#[test]
fn money_on_its_way_back_is_named_where_what_it_paid_for_is_cancelled() {
    let world = placed();
    let codes = codes(&world);
    world.run(&["run", "mail"]).exits(0);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
    world.run(&["cancel", &format!("{ORDER}/1"), "--reason", "thôi mua"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "order_cancelled");
    assert!(letters[0].text.contains("sẽ được hoàn trả 2.950.000 đ"), "{}", letters[0].text);
    // Where it stays no letter tells that: a person does.
    let told = world.run(&["refund", "1", "0", "--reason", "trả tiền mặt"]).exits(0).stdout;
    let read = format!("({}) đã đọc trong thư báo hủy", enterprise(1).email());
    assert!(told.contains(&read), "{told}");
    let again = world.run(&["refund", "1", "0", "--reason", "trả tiền mặt"]).exits(0).stdout;
    assert!(!again.contains(&read), "nothing was planned any more: {again}");
}

#[test]
fn lists_call_what_is_paid_given_back_and_forgiven_by_its_name() {
    let world = activated();
    let codes = codes(&world);
    let paid = [("20/11/2026", 2_950_000, codes[0].as_str()), ("20/11/2026", 3_000_000, &codes[1])];
    take(&world, "a.csv", &paid);
    let told = world.run(&["waive", &codes[0], "--reason", "phí"]).exits(0).stdout;
    assert!(told.contains("không bỏ phần nào"), "{told}");
    let over = id_of(&world, &codes[1]);
    world.run(&["refund", &over, "50000", "--reason", "dư", "--done", "FT1"]).exits(0);
    let mails = world.run(&["mails"]).exits(0).stdout;
    assert!(mails.contains("Đã hoàn trả tiền") && mails.contains("Đã nhận tiền"), "{mails}");
    let licences = world.run(&["licences"]).exits(0).stdout;
    // The third one alone is not paid.
    assert_eq!(licences.matches("/2026 00:00").count(), 1, "{licences}");
}

#[test]
fn debits_that_are_all_of_a_refund_together_close_it_each_as_a_part() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 3_000_000, &codes[0])]);
    world.run(&["refund", "1", "50000", "--reason", "trả dư"]).exits(0);
    take(&world, "b.csv", &[("22/11/2026", -30_000, "HOANTIEN 1")]);
    assert_eq!(of(&world, "1")["refunds"][0]["done_at"], Value::Null, "20.000 đ did not go");
    let file = take(&world, "c.csv", &[("23/11/2026", -20_000, "HOANTIEN 1")]);
    assert_eq!(file["outcome"], "accepted", "{file}");
    let payment = of(&world, "1");
    let refunds = payment["refunds"].as_array().unwrap();
    let mut parts: Vec<i64> = refunds.iter().map(|it| it["amount"].as_i64().unwrap()).collect();
    parts.sort_unstable();
    assert_eq!(parts, [20_000, 30_000]);
    assert!(refunds.iter().all(|it| it["done_at"].is_string()), "{payment}");
    assert_eq!(
        (&payment["state"], requests(&world)[0].as_str()),
        (&"matched".into(), "paid 2950000")
    );
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_debit_that_fits_no_refund_stands_until_a_person_says_what_it_was() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    world.run(&["refund", "1", "2950000", "--reason", "thôi mua"]).exits(0);
    let lines = [("22/11/2026", -100_000, "HOANTIEN 1"), ("22/11/2026", -60_000, "HOANTIEN 99")];
    take(&world, "b.csv", &lines);
    let night = |day: &str| {
        let ran = world.run_at(&at(day, 0), &["run", "reconcile", "--json"]).exits(1).json();
        ran["runs"][0]["counts"]["debits_waiting"].clone()
    };
    assert_eq!(night("11-24"), 2);
    let why = text(&of(&world, "1"), "why");
    assert!(why.contains("đã chuyển đi 100.000 đ ghi HOANTIEN"), "{why}");
    assert!(!why.contains("Khi hoàn trả"), "it would go twice: {why}");
    if require("openpyxl") {
        let path = world.path("outbox/_bank/doi-soat__2026-11-24__r1.xlsx");
        let told = sheet_text(&path, "Chênh lệch");
        for said in ["HOANTIEN 99", "chuyển đi 100.000 đ", "hangloat refund 1 100000"] {
            assert!(told.contains(said), "no {said} in {told}");
        }
        world.run_at(&at("11-24", 8), &["run", "report"]).exits(0);
        let page = world.path("outbox/morning__2026-11-24__r1.xlsx");
        let told = sheet_text(&page, "Buổi sáng");
        for said in ["Tiền ra ghi HOANTIEN", "Ngày 22/11/2026 chuyển đi 60.000 đ"] {
            assert!(told.contains(said), "no {said} in {told}");
        }
        assert!(!told.contains("Hoàn trả 1 khoản"), "it would go twice: {told}");
    }
    let done = |amount: &str, reference: &str| {
        world.run(&["refund", "1", amount, "--reason", "đã trả", "--done", reference]).exits(0);
    };
    done("100000", "UNC1");
    assert_eq!(night("11-25"), 1);
    done("60000", "UNC2");
    assert_eq!(night("11-26"), 0);
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_is_advised_of_a_debit_of_another_amount_can_be_done_and_settles_it() {
    let world = placed();
    let codes = codes(&world);
    let paid = |at: usize| ("20/11/2026", 2_950_000, codes[at].as_str());
    take(&world, "a.csv", &[paid(0), paid(1), paid(2), ("20/11/2026", 50_000, "khac")]);
    let ids = [&codes[0], &codes[1], &codes[2]].map(|code| id_of(&world, code));
    let [less, more, used] = &ids;
    let other = id_of(&world, "khac");
    let say = |words: &[&str]| {
        world.run(&[words, &["--reason", "đã trả"]].concat()).exits(0);
    };
    let is_asked = |id: &str| text(&of(&world, id), "why").contains("đã chuyển đi");
    let advised = |name: &str, amount: i64, id: &str| {
        let file = take(&world, name, &[("22/11/2026", -amount, &format!("HOANTIEN {id}"))]);
        let findings = file["findings"].as_array().unwrap();
        assert_eq!(texts(findings, "code"), ["statement.refund"], "{file}");
        format!("{} {}", text(&findings[0], "message"), text(&findings[0], "fix"))
    };
    let has = |told: &str, needed: &[&str]| {
        for it in needed {
            assert!(told.contains(it), "no {it} in {told}");
        }
    };
    // Less than is planned: the rest of it waits on.
    say(&["refund", less, "2950000"]);
    let told = advised("b.csv", 1_000_000, less);
    has(
        &told,
        &[&format!("hangloat refund {less} 1000000"), "1.950.000 đ chưa chuyển vẫn chờ hoàn"],
    );
    assert!(is_asked(less) && !told.contains("unmatch"), "{told}");
    say(&["refund", less, "1000000", "--done", "UNC1"]);
    assert!(!is_asked(less));
    assert_eq!(of(&world, less)["returned"], 2_950_000);

    // More than there is: the rest is of another payment, or a mistake.
    say(&["refund", more, "2950000"]);
    let told = advised("c.csv", 3_000_000, more);
    let own = format!("hangloat refund {more} 2950000");
    has(&told, &["chỉ là 2.950.000 đ", &own, "Phần hơn 50.000 đ", "hangloat refund SỐ 50000"]);
    say(&["refund", more, "2950000", "--done", "UNC2"]);
    assert!(is_asked(more), "50.000 đ are not");
    say(&["refund", &other, "50000", "--done", "UNC2"]);
    assert!(!is_asked(more));

    // What pays for a client is parted from it first.
    let told = advised("d.csv", 100_000, used);
    has(&told, &[&format!("hangloat unmatch {used}"), &format!("hangloat refund {used} 100000")]);
    say(&["unmatch", used]);
    say(&["refund", used, "100000", "--done", "UNC3"]);
    assert!(!is_asked(used));
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_a_person_matched_and_waits_only_to_go_back_in_part_says_so() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 3_050_000, "khong ro")]);
    world.run(&["match", "1", &codes[0], "--reason", "gọi"]).exits(0);
    let why = || text(&of(&world, "1"), "why");
    assert!(why().contains("còn tiền chưa dùng"), "{}", why());
    world.run(&["refund", "1", "100000", "--reason", "dư"]).exits(0);
    assert_eq!(of(&world, "1")["unused"], 0);
    assert!(why().contains("100.000 đ của khoản này đang chờ hoàn trả"), "{}", why());
    assert!(!why().contains("chưa được trả đủ"), "{}", why());
}

#[test]
fn a_debit_that_names_no_payment_is_asked_about_where_one_refund_alone_has_its_amount() {
    let world = placed();
    let codes = codes(&world);
    let paid = |at: usize| ("20/11/2026", 2_950_000, codes[at].as_str());
    take(&world, "a.csv", &[paid(0), paid(1)]);
    let (first, second) = (id_of(&world, &codes[0]), id_of(&world, &codes[1]));
    let refund = |id: &str, amount: &str| {
        world.run(&["refund", id, amount, "--reason", "thôi mua"]).exits(0);
    };
    refund(&first, "2950000");
    let lines = [
        ("22/11/2026", -2_950_000, "Hoàn tiền cho khách"),
        ("22/11/2026", -70_000, "hoan tien thue"),
        ("22/11/2026", -2_950_000, "thue nha"),
    ];
    let file = take(&world, "b.csv", &lines);
    let findings = file["findings"].as_array().unwrap();
    assert_eq!(texts(findings, "code"), ["statement.refund"], "{file}");
    let said = format!("{} {}", text(&findings[0], "message"), text(&findings[0], "fix"));
    for words in ["không ghi số khoản", &format!("hangloat refund {first} 2950000")] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert_eq!(of(&world, &first)["refunds"][0]["done_at"], Value::Null, "a person says so");
    refund(&second, "2950000");
    let file = take(&world, "c.csv", &[("23/11/2026", -2_950_000, "hoan tien khach")]);
    assert_eq!(file["findings"], Value::Array(Vec::new()), "it may be either: {file}");
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
    let bells = world.list("notifications");
    let bell = bells.iter().find(|it| it["kind"] == "payment_received").unwrap();
    let said = text(bell, "text");
    assert!(said.contains("2.939.000 đ (phần còn thiếu 11.000 đ được bỏ)"), "{said}");
    let order = world.order(ORDER);
    assert_eq!(order["payment_requests"][0]["waived"], 11_000);
    assert_eq!(order["lines"][0]["state"], "active");
    let paid = of(&world, "1");
    assert_eq!(paid["state"], "matched");
    let why = text(&paid, "why");
    assert!(why.contains("Phần còn thiếu 11.000 đ đã được bỏ") && !why.contains("bằng"), "{why}");
    let refused = world.run(&["waive", &codes[1], "--reason", "x", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    world.run(&["waive", "HLKHONGCO", "--reason", "x"]).exits(2);
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_was_forgiven_is_taken_back_with_the_money_that_it_completed_or_by_a_word() {
    let world = activated();
    let code = codes(&world)[0].clone();
    take(&world, "a.csv", &[("20/11/2026", 1_000_000, "khong ro")]);
    let plain = |told: &str| told.split_whitespace().collect::<Vec<_>>().join(" ");
    let stands = || {
        let request = world.order(ORDER)["payment_requests"][0].clone();
        format!("{} {} {}", text(&request, "state"), request["paid"], request["waived"])
    };
    let say = |said: &[&str]| {
        let ran = world.run(&[said, &["--reason", "gọi hỏi"]].concat()).exits(0);
        world.run(&["prove"]).exits(0);
        plain(&ran.stdout)
    };
    let forgive = || {
        say(&["match", "1", &code]);
        say(&["waive", &code]);
        assert_eq!(stands(), "paid 1000000 1950000");
    };
    forgive();
    let told = say(&["unmatch", "1"]);
    assert_eq!(stands(), "open 0 0");
    assert!(told.contains(&format!("thôi bỏ phần thiếu {code} 1.950.000 đ")), "{told}");
    forgive();
    say(&["waive", &code, "0"]);
    assert_eq!(stands(), "partly_paid 1000000 0");
    let told = plain(&world.run(&["payments", "1"]).exits(0).stdout);
    assert!(told.contains(&format!("Thôi bỏ phần thiếu {code} 1.950.000 đ")), "{told}");
    assert!(say(&["waive", &code, "0"]).starts_with("Không có gì thay đổi"));
    world.run(&["waive", &code, "5", "--reason", "x"]).exits(2);
    // A rest is forgiven, and nothing of it is left to forgive where all goes back.
    say(&["waive", &code]);
    say(&["refund", "1", "1000000"]);
    assert_eq!(stands(), "open 0 0");
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
fn under_the_code_for_all_no_client_is_forgiven_of_whom_nothing_came() {
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = codes(&world);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("22/11/2026", 5_900_000, &all)]);
    let waive = |code: &str| world.run(&["waive", code, "--reason", "phí", "--json"]);
    for code in [&all, &codes[2]] {
        let error = waive(code).exits(1).json()["error"].clone();
        assert_eq!(error["code"], "state.not_allowed", "{error}");
    }
    let error = waive(&all).exits(1).json()["error"].clone();
    for needed in [codes[2].as_str(), "chưa có đồng nào"] {
        assert!(text(&error, "message").contains(needed), "{error}");
    }
    assert!(text(&error, "fix").contains("hangloat cancel"), "{error}");
    assert_eq!(requests(&world), ["open 0"; 3]);
    // A little of it is something of each.
    take(&world, "b.csv", &[("23/11/2026", 1_000_000, &all)]);
    waive(&all).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "paid 1000000"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn money_under_the_code_for_all_that_went_back_is_told_as_all_of_theirs() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = codes(&world);
    let all = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    take(&world, "a.csv", &[("20/11/2026", 5_000_000, &all), ("21/11/2026", 3_000_000, &all)]);
    let say = |words: &[&str]| world.run(&[words, &["--reason", "gọi"]].concat()).exits(0);
    // Of the first one nothing stays with those that it was matched with, of the other one a rest goes back.
    let two = format!("{}=2050000", codes[1]);
    say(&["match", "1", &codes[0], &two]);
    say(&["unmatch", "1"]);
    say(&["refund", "1", "5000000", "--done", "FT1"]);
    say(&["match", "2", &codes[0]]);
    say(&["refund", "2", "50000", "--done", "FT2"]);
    world.run(&["run", "mail"]).exits(0);
    let mut letters = letters_of(&world, "payment_received");
    letters.retain(|letter| letter.subject.contains("hoàn trả"));
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in &letters {
        assert!(letter.subject.contains("3 khách hàng"), "{}", letter.subject);
        for n in 1..=3 {
            assert!(letter.text.contains(enterprise(n).name()), "{n}: {}", letter.text);
        }
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_code_that_is_named_twice_by_hand_is_a_slip_and_a_part_waits() {
    let world = activated();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, "khong ro")]);
    let twice = ["match", "1", &codes[0], &codes[0], "--reason", "x", "--json"];
    assert_eq!(world.run(&twice).exits(2).json()["error"]["code"], "usage");
    let part = format!("{}=2000000", codes[0]);
    let part = world.run(&["match", "1", &part, "--reason", "x", "--json"]).exits(0).json();
    assert_eq!(part["payments"][0]["allocations"][0]["amount"], 2_000_000);
    assert_eq!(part["payments"][0]["state"], "held", "not all of it is used");
    assert_eq!(requests(&world)[0], "partly_paid 2000000");
    let more = format!("{}=2000000", codes[1]);
    world.run(&["match", "1", &codes[0], &more, "--reason", "x"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "partly_paid 2000000", "open 0"]);
    assert_eq!(of(&world, "1")["state"], "held");
    world.run(&["prove"]).exits(0);
}
