//! What a person says of a payment by command, one after the other, and how it is told afterwards.

use super::{
    guarded::execute,
    money::{ORDER, codes, placed, requests, take},
};
use crate::world::text;

#[test]
fn a_second_match_is_added_to_the_first_as_far_as_the_money_goes() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, "khong ro")]);
    let match_with = |code: &str| world.run(&["match", "1", code, "--reason", "gọi", "--json"]);
    match_with(&codes[0]).exits(0);
    match_with(&codes[1]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
    assert_eq!(world.list("payments")[0]["state"], "matched");
    match_with(&codes[1]).exits(0);
    let refused = match_with(&codes[2]).exits(1).json()["error"].clone();
    assert_eq!(refused["code"], "state.not_allowed");
    let said = text(&refused, "message");
    assert!(codes[..2].iter().all(|code| said.contains(code)), "{said}");
    assert!(text(&refused, "fix").contains("hangloat unmatch 1"), "{refused}");
    assert_eq!(requests(&world)[2], "open 0");
    // Of a code that it pays already another amount may be said.
    match_with(&format!("{}=1000000", codes[1])).exits(0);
    // What a code before it takes is not what the payment pays already.
    let both = ["match", "1", &codes[1], &codes[2], "--reason", "gọi", "--json"];
    let said = text(&world.run(&both).exits(1).json()["error"], "message");
    assert!(said.contains(&codes[2]) && !said.contains("đang trả cho"), "{said}");
    match_with(&codes[2]).exits(0);
    let paid = ["paid 2950000", "partly_paid 1000000", "partly_paid 1950000"];
    assert_eq!(requests(&world), paid);
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_a_payment_was_matched_with_by_its_code_stays_where_more_is_said() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, &codes[0])]);
    assert_eq!(requests(&world)[0], "overpaid 2950000");
    world.run(&["match", "1", &codes[1], "--reason", "trả cho cả hai"]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "paid 2950000", "open 0"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_happened_to_a_payment_is_told_with_who_and_why() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 3_000_000, "khong ro")]);
    world.run(&["match", "1", &codes[0], "--reason", "chị Hà gọi"]).exits(0);
    world.run(&["refund", "1", "50000", "--reason", "trả dư"]).exits(0);
    world.run(&["refund", "1", "0", "--reason", "để lại"]).exits(0);
    world.run(&["unmatch", "1", "--reason", "nhầm"]).exits(0);
    let told = world.run(&["payments", "1"]).exits(0).stdout;
    let one_line = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["20/11/2026", "23/11/2026 08:30", "chị Hà gọi", "trả dư", "để lại", "nhầm"]
    {
        assert!(one_line.contains(words), "{words} in {told}");
    }
    for words in ["Ghép với", "Ghi hoàn", "Thôi hoàn", "Tách khỏi", "(chương trình)"] {
        assert!(one_line.contains(words), "{words} in {told}");
    }
    assert!(!told.contains("2026-11-") && !told.contains("{{"), "{told}");
    // As it was stored before: money alone was called a match.
    execute(&world, "update payment_event set kind = 'match' where kind = 'refund'");
    assert_eq!(world.run(&["payments", "1"]).exits(0).stdout, told);
    let list = world.run(&["payments"]).exits(0).stdout;
    assert!(list.contains("20/11/2026") && !list.contains("chị Hà gọi"), "{list}");
}

#[test]
fn a_payment_is_shown_with_its_memo_its_reference_and_what_of_it_is_unused() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 3_000_000, "khong ro")]);
    world.run(&["match", "1", &codes[0], "--reason", "gọi"]).exits(0);
    assert_eq!(world.list("payments")[0]["unused"], 50_000);
    let told = world.run(&["payments", "1"]).exits(0).stdout;
    let one_line = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["50.000 đ", "khong ro", "Người chuyển:", "Số tham chiếu của ngân hàng:"]
    {
        assert!(one_line.contains(words), "{words} in {told}");
    }
}

#[test]
fn an_order_is_shown_with_what_was_paid_forgiven_and_is_left_of_each_request() {
    let world = placed();
    let codes = codes(&world);
    let lines = [("20/11/2026", 2_939_000, &*codes[0]), ("20/11/2026", 1_000_000, &*codes[1])];
    take(&world, "a.csv", &lines);
    world.run(&["waive", &codes[0], "--reason", "phí"]).exits(0);
    let told = world.run(&["orders", ORDER]).exits(0).stdout;
    let row = |code: &str| {
        let row = told.lines().rfind(|row| row.contains(code) && row.contains('đ'));
        row.unwrap().split('|').map(str::trim).collect::<Vec<_>>().join("|")
    };
    for (code, sums) in [
        (&codes[0], "2.950.000 đ|2.939.000 đ|11.000 đ|0 đ|Đã thanh toán"),
        (&codes[1], "2.950.000 đ|1.000.000 đ|0 đ|1.950.000 đ|Thanh toán một phần"),
        (&codes[2], "2.950.000 đ|0 đ|0 đ|2.950.000 đ|Chưa thanh toán"),
    ] {
        assert!(row(code).contains(sums), "{}", row(code));
    }
    let requests = world.order(ORDER)["payment_requests"].clone();
    assert_eq!((&requests[0]["waived"], &requests[1]["waived"]), (&11_000.into(), &0.into()));
}

#[test]
fn a_match_with_what_is_paid_already_is_told_what_can_be_done_instead() {
    let world = placed();
    let codes = codes(&world);
    let lines = [("20/11/2026", 2_950_000, &*codes[0]), ("20/11/2026", 3_000_000, "khong ro")];
    take(&world, "a.csv", &lines);
    let id = super::given_back::id_of(&world, "khong ro");
    for code in [codes[0].clone(), format!("{}=1000", codes[0])] {
        let said = world.run(&["match", &id, &code, "--reason", "x"]).exits(1).stderr;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let refund = format!("hangloat refund {id} ");
        for words in ["đã được trả đủ", &refund, "mã khác", "hangloat unmatch"] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }
    // A second code for which the first one leaves nothing is not called paid.
    let two = ["match", &id, &format!("{}=3000000", codes[1]), &codes[2], "--reason", "x"];
    let said = world.run(&two).exits(1).stderr;
    assert!(!said.contains("đã được trả đủ"), "{said}");
    assert_eq!(requests(&world), ["paid 2950000", "open 0", "open 0"]);
}

#[test]
fn an_amount_of_0_takes_away_what_a_payment_pays_of_a_code_and_the_rest_stays() {
    let world = placed();
    let codes = codes(&world);
    take(&world, "a.csv", &[("20/11/2026", 5_900_000, "khong ro")]);
    let of =
        |words: &[&str]| world.run(&[&["match", "1"][..], words, &["--reason", "gọi"]].concat());
    of(&[&codes[0], &codes[1]]).exits(0);
    let none = format!("{}=0", codes[1]);
    let told = of(&[&none]).exits(0).stdout;
    assert!(told.contains(&format!("không còn trả cho {}", codes[1])), "{told}");
    assert_eq!(requests(&world), ["paid 2950000", "open 0", "open 0"]);
    let parted = format!("Tách khỏi {} (", codes[1]);
    let one_line = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(&parted), "{told}");
    of(&[&none]).exits(0);
    assert_eq!(requests(&world), ["paid 2950000", "open 0", "open 0"]);
    world.run(&["prove"]).exits(0);
    // Nothing of it can be taken away.
    let refused = of(&[&format!("{}=0", codes[2]), "--json"]).exits(1).json()["error"].clone();
    assert_eq!(refused["code"], "state.not_allowed");
    let said = text(&refused, "message");
    assert!(said.contains(&codes[2]) && said.contains("không trả cho"), "{said}");
    // Taken from one and given to another at once.
    of(&[&format!("{}=0", codes[0]), &codes[2]]).exits(0);
    assert_eq!(requests(&world), ["open 0", "open 0", "paid 2950000"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn that_nothing_was_forgiven_is_said_in_json_as_it_is_in_words() {
    let world = placed();
    let codes = codes(&world);
    take(
        &world,
        "a.csv",
        &[("20/11/2026", 2_950_000, &codes[0]), ("20/11/2026", 2_939_000, &codes[1])],
    );
    let waive = |code: &str, more: &[&str]| {
        world.run(&[&["waive", code, "--reason", "phí"][..], more].concat()).exits(0)
    };
    let said = text(&waive(&codes[0], &["--json"]).json(), "message");
    assert!(said.contains(&codes[0]) && said.contains("đã đủ tiền"), "{said}");
    assert!(waive(&codes[0], &[]).stdout.contains(&said));
    assert!(waive(&codes[1], &["--json"]).json()["message"].is_null());
}

#[test]
fn an_amount_that_is_none_is_refused_in_the_language_of_the_workspace() {
    let world = placed();
    let said = |args: &[&str]| text(&world.run(args).exits(2).json()["error"], "message");
    for args in [
        ["refund", "1", "hai trieu", "--reason", "x", "--json"],
        ["match", "1", "HLACDEFGHJ=hai", "--reason", "x", "--json"],
    ] {
        let said = said(&args);
        assert!(said.contains("không phải") && !said.contains(" is no "), "{said}");
    }
}
