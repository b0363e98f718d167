//! Who of the firm is told how an activation ended and what still waits, and what a payer reads about money.

use hangloat::{
    db::{
        Db,
        mails::{self, About, NewMail},
    },
    domain::{mail::Purpose, order::OrderCode},
};
use serde_json::Value;

use super::{
    letters::{self, Letter},
    lists::{csv, enterprise, household},
    money,
    platform::{activated, execute, placed, refused},
    workbooks::sheet_text,
};
use crate::world::{World, require, text};

const ORDER: &str = "DH-2611-000001";
const LAN: &str = "lan@minhan.example";

fn of_purpose(world: &World, purpose: &str) -> Vec<Value> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["purpose"] == purpose);
    mails
}

/// What was sent for a purpose, the oldest first.
pub fn letters_of(world: &World, purpose: &str) -> Vec<Letter> {
    let mut letters = letters::all(world);
    let mut sent = Vec::new();
    for mail in of_purpose(world, purpose).iter().filter(|mail| mail["state"] == "sent") {
        let id = format!("<{}>", text(mail, "message_id"));
        let at = letters.iter().position(|letter| letter.message_id == id).unwrap();
        sent.push(letters.remove(at));
    }
    sent
}

#[track_caller]
fn says(letter: &Letter, needed: &[&str]) {
    for needed in needed {
        assert!(letter.text.contains(needed), "no {needed} in {}", letter.text);
        let html = letter.html.replace("&#x2f;", "/");
        assert!(html.contains(needed), "no {needed} in {html}");
    }
}

#[test]
fn whoever_asked_reads_how_each_client_of_an_activation_fared() {
    if !require("python3") {
        return;
    }
    let world = refused();
    world.run(&["run", "activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let mails = of_purpose(&world, "activation_result");
    assert_eq!(mails.len(), 1, "once for one bulk: {mails:?}");
    assert_eq!((&mails[0]["to"], &mails[0]["subject"]), (&LAN.into(), &ORDER.into()));
    let letter = &letters_of(&world, "activation_result")[0];
    assert!(letter.subject.contains("2/3 khách hàng đã kích hoạt, 1 không được"), "{letter:?}");
    let clients = [enterprise(1), enterprise(2), enterprise(3)];
    for client in &clients {
        says(letter, &[client.name(), client.tax_id()]);
    }
    says(letter, &["đã có phần mềm cùng gói", "hangloat activate DH-2611-000001", "30/11/2026"]);
    let attached: Vec<&String> = letter.files.keys().collect();
    assert!(attached[0].starts_with("khach__B000001__r") && attached.len() == 1, "{attached:?}");
    assert!(letter.defects.is_empty(), "{:?}", letter.defects);

    world.run(&["activate", ORDER]).exits(1);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(letters_of(&world, "activation_result").len(), 2, "another bulk, another letter");
}

#[test]
fn what_is_not_known_yet_is_told_as_such_and_once_more_when_it_is() {
    if !require("python3") {
        return;
    }
    let world = placed();
    execute(&world, &["alter table platform_licence rename to platform_away"]);
    world.run(&["activate", ORDER]).exits(1);
    world.run(&["run", "activate"]);
    world.run(&["run", "mail"]).exits(0);
    let unknown = letters_of(&world, "activation_result");
    assert_eq!(unknown.len(), 1, "it is not said each time somebody looks");
    says(&unknown[0], &["3 khách hàng chưa rõ kết quả", "chương trình tự hỏi lại"]);

    execute(&world, &["alter table platform_away rename to platform_licence"]);
    world.run(&["run", "activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let all = letters_of(&world, "activation_result");
    assert_eq!(all.len(), 2);
    says(&all[1], &["3 khách hàng đều có phần mềm"]);
    assert!(!all[1].text.contains("chưa rõ"), "{}", all[1].text);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(of_purpose(&world, "activation_result").len(), 2);
}

#[test]
fn an_activation_that_was_killed_anywhere_is_told_once() {
    for point in ["activation_claimed", "activation_answered", "activation_settled"] {
        let world = placed();
        assert!(world.is_killed_at(point, &["activate", ORDER]));
        world.run(&["run", "activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let mails = of_purpose(&world, "activation_result");
        let sent = mails.iter().filter(|mail| mail["state"] == "sent").count();
        assert_eq!((mails.len(), sent), (1, 1), "killed at {point}: {mails:?}");
    }
}

#[test]
fn rows_that_wait_are_reminded_of_three_times_and_not_each_day() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let bad = enterprise(2).with("B", "079180");
    let held = enterprise(3).with("E", "giamdoc@gmial.com");
    world.import("khach.csv", &csv(&[enterprise(1), bad, held]));
    let mut told = Vec::new();
    for day in ["23T20", "24T07", "25T07", "26T07", "27T07", "30T07"] {
        let now = format!("2026-11-{day}:30:00+07:00");
        world.run_at(&now, &["run", "report"]).exits(0);
        world.run_at(&now, &["run", "report"]).exits(0);
        world.run_at(&now, &["run", "mail"]).exits(0);
        told.push(of_purpose(&world, "findings_waiting").len());
    }
    assert_eq!(told, [0, 1, 1, 2, 2, 3]);
    let letters = letters_of(&world, "findings_waiting");
    assert_eq!(letters.len(), 3);
    assert_eq!(letters[0].to, LAN);
    says(&letters[0], &["khach.csv", "B000001", "23/11/2026", "2 dòng", "“bỏ”", "Dòng 3, cột B"]);
    assert!(letters[0].files.keys().any(|name| name.starts_with("khach__B000001__r")));
}

#[test]
fn rows_that_wait_no_more_are_not_reminded_of() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2).with("B", "079180")]));
    let next = "2026-11-24T07:30:00+07:00";
    world.run_at(next, &["run", "report"]).exits(0);
    assert_eq!(of_purpose(&world, "findings_waiting").len(), 1);
    world.run_at(next, &["drop", "B000001#3"]).exits(0);
    world.run_at(next, &["run", "mail"]).exits(0);
    assert_eq!(of_purpose(&world, "findings_waiting")[0]["state"], "cancelled");
}

#[test]
fn a_reminder_that_is_sent_again_does_not_keep_the_next_one_from_leaving() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2).with("B", "079180")]));
        let reminded = |day: &str| {
            let now = format!("2026-11-{day}T07:30:00+07:00");
            world.run_at(&now, &["run", "report"]).exits(0);
            world.run_at(&now, &["run", "mail"]).exits(0);
            of_purpose(&world, "findings_waiting")
        };
        let first = reminded("24").remove(0);
        let then = "2026-11-24T09:00:00+07:00";
        world.run_at(then, &["resend", &first["id"].to_string()]).exits(0);
        world.run_at(then, &["run", "mail"]).exits(0);
        let all = reminded("26");
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|mail| mail["state"] == "sent"), "{all:?}");
    }
}

/// Plans a letter about a line, or about all that one pays for, as the sweep does.
fn plan(world: &World, purpose: Purpose, line: Option<i64>, to: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        let code: OrderCode = ORDER.parse().unwrap();
        let id: Option<(i64,)> = db
            .query("select id from order_line where order_code = $1 and line_no = $2")
            .bind(ORDER)
            .bind(line.unwrap_or_default())
            .optional()
            .await
            .unwrap();
        let subject = line.map_or_else(|| ORDER.to_owned(), |line| format!("{ORDER}/{line}"));
        let new = NewMail {
            purpose,
            subject: &subject,
            about: About::Order(&code),
            line_id: id.map(|(id,)| id),
            recipient: to,
            recipient_name: "Nguyễn Văn Số",
            sequence: 1,
            message_id: &format!("{purpose}.{}@hangloat.example", to.replace('@', ".")),
        };
        let mut tx = db.begin().await.unwrap();
        mails::plan(&mut tx, new, "2026-11-27T01:00:00Z".parse().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
    });
}

const SWEPT: &str = "2026-11-27T08:00:00+07:00";

fn sent(world: &World) {
    world.run_at(SWEPT, &["run", "mail"]).exits(0);
}

#[test]
fn a_warning_says_until_which_day_the_software_works_and_how_to_pay_for_it() {
    if !(require("python3") && require("zbarimg")) {
        return;
    }
    let world = activated();
    let client = enterprise(1);
    plan(&world, Purpose::GraceWarning, Some(1), client.email());
    plan(&world, Purpose::GraceWarning, Some(2), LAN);
    sent(&world);
    let letters = letters_of(&world, "grace_warning");
    let (letter, copy) = (&letters[0], &letters[1]);
    let request = world.order(ORDER)["payment_requests"][0].clone();
    let code = text(&request, "payment_code");
    assert!(letter.subject.starts_with("Còn 3 ngày") && letter.subject.contains("30/11/2026"));
    says(
        letter,
        &[
            client.name(),
            client.tax_id(),
            "Công ty TNHH Dịch vụ Kế toán Minh An",
            "Nguyễn Thị Lan",
            "0912 345 678",
            "2.950.000 đ",
            "1023456789",
            "08:30 30/11/2026",
            &code,
        ],
    );
    let (_, picture) = letter.pictures.first_key_value().unwrap();
    let png = data_encoding::BASE64.decode(picture.as_bytes()).unwrap();
    std::fs::write(world.outside("warning.png"), png).unwrap();
    let transfer = letters::transfer(&letters::scanned(&world.outside("warning.png")));
    assert_eq!((transfer.amount, transfer.memo), (2_950_000, code));
    says(copy, &[enterprise(2).name(), "0912 000 002", "bản sao"]);
    assert!(copy.pictures.is_empty(), "the firm does not pay");
}

#[test]
fn what_was_paid_in_the_meantime_is_not_warned_of() {
    let world = activated();
    execute(&world, &["update payment_request set state = 'paid', paid = amount"]);
    for purpose in [Purpose::GraceWarning, Purpose::Suspended] {
        plan(&world, purpose, Some(1), enterprise(1).email());
    }
    sent(&world);
    for purpose in ["grace_warning", "suspended"] {
        assert_eq!(of_purpose(&world, purpose)[0]["state"], "cancelled", "{purpose}");
    }
}

#[test]
fn money_that_came_software_that_stopped_and_works_again_are_told() {
    if !require("python3") {
        return;
    }
    let world = activated();
    let [first, second, third] = [enterprise(1), enterprise(2), enterprise(3)];
    execute(
        &world,
        &[
            "update payment_request set state = 'paid', paid = amount
             where line_id in (select id from order_line where line_no in (1, 3))",
            "update licence set state = 'suspended', suspended_at = activated_at
             where line_id in (select id from order_line where line_no = 2)",
            "update licence set state = 'active'
             where line_id in (select id from order_line where line_no = 3)",
        ],
    );
    plan(&world, Purpose::PaymentReceived, None, first.email());
    plan(&world, Purpose::Suspended, Some(2), second.email());
    plan(&world, Purpose::Restored, None, third.email());
    sent(&world);
    let letter = |purpose: &str| letters_of(&world, purpose).remove(0);
    let received = letter("payment_received");
    says(&received, &[first.name(), first.tax_id(), "2.950.000 đ", "không phải trả thêm"]);
    assert!(received.pictures.is_empty());
    let suspended = letter("suspended");
    says(&suspended, &[second.name(), "đã tạm ngừng", "1023456789", "mở lại"]);
    assert_eq!(suspended.pictures.len(), 1);
    says(&letter("restored"), &[third.name(), third.tax_id(), "đã được mở lại"]);
}

#[test]
fn money_that_was_matched_parted_and_came_again_is_told_once_as_it_is_then() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    let states = || {
        let mut mails = of_purpose(&world, "payment_received");
        mails.sort_by_key(|mail| mail["id"].as_i64());
        crate::world::texts(&mails, "state")
    };
    let of = |memo: &str| {
        let all = world.list("payments");
        all.iter().find(|it| it["memo"] == memo).unwrap()["id"].to_string()
    };
    money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, "khong ro")]);
    let unknown = of("khong ro");
    for amount in ["1000000", "1950000"] {
        let part = format!("{}={amount}", codes[0]);
        world.run(&["match", &unknown, &part, "--reason", "gọi"]);
    }
    assert_eq!(states(), ["cancelled", "planned"], "the newest says all");
    world.run(&["unmatch", &unknown, "--reason", "nhầm"]).exits(0);
    assert_eq!(states(), ["cancelled", "cancelled"], "nothing came any more");
    money::take(&world, "b.csv", &[("23/11/2026", 1_000_000, &codes[0])]);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received");
    assert_eq!(letters.len(), 1);
    says(&letters[0], &["1.000.000 đ", "1.950.000 đ"]);

    // What was told is not told again because other money went.
    money::take(&world, "c.csv", &[("23/11/2026", 500_000, "khong ro hai")]);
    let other = of("khong ro hai");
    world.run(&["match", &other, &codes[0], "--reason", "gọi"]);
    world.run(&["unmatch", &other, "--reason", "nhầm"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(letters_of(&world, "payment_received").len(), 1);
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_read_that_money_came_reads_that_it_was_for_something_else_unless_it_is_matched_again() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, "khong ro")]);
    let said = |words: &[&str]| {
        world.run(&[words, &["--reason", "gọi"]].concat());
    };
    let states = || {
        let mut mails = of_purpose(&world, "payment_received");
        mails.sort_by_key(|mail| mail["id"].as_i64());
        crate::world::texts(&mails, "state")
    };
    let taken_back = || {
        let mut letters = letters_of(&world, "payment_received");
        letters.retain(|letter| letter.subject.starts_with("Còn phải trả"));
        letters
    };
    // Nobody was told yet, so there is nothing to take back.
    said(&["match", "1", &codes[0]]);
    said(&["unmatch", "1"]);
    assert_eq!(states(), ["cancelled"]);
    said(&["match", "1", &codes[0]]);
    world.run(&["run", "mail"]).exits(0);
    said(&["unmatch", "1"]);
    assert_eq!(states(), ["cancelled", "sent", "planned"]);
    world.run(&["run", "mail"]).exits(0);
    let letters = taken_back();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, enterprise(1).email());
    let name = enterprise(1).name().to_owned();
    says(&letters[0], &[name.as_str(), "2.950.000 đ", "không còn được tính", codes[0].as_str()]);

    said(&["match", "1", &codes[0]]);
    world.run(&["run", "mail"]).exits(0);
    said(&["unmatch", "1"]);
    said(&["match", "1", &codes[0]]);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(taken_back().len(), 1, "it was matched again before it left");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_one_payer_paid_for_two_orders_of_a_list_is_one_letter() {
    let world = World::new();
    let payer = household(1).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), payer]));
    let code = |order: &str| {
        world.run(&["confirm", order]).exits(0);
        text(&world.order(order)["payment_requests"][0], "payment_code")
    };
    let (first, second) = (code("DH-2611-000001"), code("DH-2611-000002"));
    let lines =
        [("23/11/2026", 2_950_000, first.as_str()), ("23/11/2026", 1_450_000, second.as_str())];
    money::take(&world, "a.csv", &lines);
    world.run(&["run", "mail"]).exits(0);
    let told = of_purpose(&world, "payment_received");
    assert_eq!(crate::world::texts(&told, "state"), ["sent"], "{told:?}");
}

#[test]
fn of_two_payers_of_a_list_each_reads_of_its_own_lines_alone() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same, enterprise(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = money::codes(&world);
    let lines = [
        ("23/11/2026", 2_950_000, codes[0].as_str()),
        ("23/11/2026", 1_000_000, &codes[1]),
        ("23/11/2026", 3_000_000, &codes[2]),
    ];
    money::take(&world, "a.csv", &lines);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received");
    assert_eq!(letters.len(), 2, "{letters:?}");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    let [first, second, third] = [1, 2, 3].map(|n| enterprise(n).tax_id().to_owned());
    says(to(1), &[&first, &second, "2 khoản, tổng 3.950.000 đ"]);
    assert!(to(1).subject.starts_with("Đã nhận 2 khoản, tổng 3.950.000 đ"), "{}", to(1).subject);
    says(to(3), &[&third, "thừa 50.000 đ"]);
    for (n, other) in [(1, &third), (3, &first), (3, &second)] {
        assert!(!to(n).text.contains(other.as_str()), "{other}: {}", to(n).text);
    }
    assert!(!to(1).text.contains("thừa"), "{}", to(1).text);
}

#[test]
fn who_paid_too_much_or_for_what_was_cancelled_reads_what_came() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    world.run(&["run", "mail"]).exits(0);
    let lines =
        [("23/11/2026", 3_000_000, codes[0].as_str()), ("23/11/2026", 1_000_000, &codes[1])];
    money::take(&world, "a.csv", &lines);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    says(to(1), &["3.000.000 đ", "2.950.000 đ", "thừa 50.000 đ"]);
    says(to(2), &["1.000.000 đ", "còn thiếu 1.950.000 đ"]);
    assert!(!to(2).text.contains("thừa"), "{}", to(2).text);
    world.run(&["cancel", &format!("{ORDER}/2"), "--reason", "thôi mua"]).exits(0);
    world.run(&["cancel", &format!("{ORDER}/3"), "--reason", "thôi mua"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "order_cancelled");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    says(to(2), &["Trước khi hủy đã nhận được 1.000.000 đ"]);
    assert!(!to(3).text.contains("Trước khi hủy"), "{}", to(3).text);
}

#[test]
fn who_paid_too_little_reads_that_the_rest_was_forgiven() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 2_939_000, &codes[0])]);
    world.run(&["run", "mail"]).exits(0);
    world.run(&["waive", &codes[0], "--reason", "phí ngân hàng"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "payment_received");
    assert_eq!(letters.len(), 2, "{letters:?}");
    let forgiven = format!("11.000 đ ({})", codes[0]);
    says(&letters[1], &[&forgiven, "2.939.000 đ", "2.950.000 đ", "không phải trả thêm"]);
    says(&letters[1], &["không có khoản tiền mới", "Tổng đã nhận đến nay là 2.939.000 đ"]);
    assert!(letters[1].subject.starts_with("Cập nhật thanh toán"), "{}", letters[1].subject);

    // What was told to be forgiven is to be paid again; what nobody read of is not told.
    says_of(&world, &["waive", &codes[0], "0"]);
    let letters = about_money(&world, 2);
    assert_eq!(letters.len(), 1, "{letters:?}");
    says(&letters[0], &["không có khoản tiền mới", "còn thiếu 11.000 đ", "1023456789", &codes[0]]);
    assert!(!letters[0].text.contains("không phải trả thêm"), "{}", letters[0].text);
    assert_eq!(letters[0].pictures.len(), 1, "how to pay it");
    says_of(&world, &["waive", &codes[0]]);
    says_of(&world, &["waive", &codes[0], "0"]);
    assert!(about_money(&world, 3).is_empty(), "the payer knows");
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_paid_for_some_under_the_code_for_all_reads_of_whom_the_rest_was_forgiven() {
    if !require("python3") {
        return;
    }
    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER]).exits(0);
    let both = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 4_000_000, &both)]);
    assert_eq!(about_money(&world, 0).len(), 1);
    says_of(&world, &["waive", &both]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    // The first one is paid, and so is a part of the second one.
    let forgiven = format!("đã bỏ phần còn thiếu 1.900.000 đ ({})", codes[1]);
    says(&letters[0], &[&forgiven, "Đã bỏ phần còn thiếu 1.900.000 đ, không phải trả"]);
    says(&letters[0], &[enterprise(1).name(), enterprise(2).name(), "không phải trả thêm"]);
    says(&letters[0], &["Số tiền phải trả", "5.900.000 đ", &codes[0], &codes[1]]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_paid_too_much_is_told_once_when_the_rest_went_back() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    let lines = [
        ("20/11/2026", 3_000_000, codes[0].as_str()),
        ("20/11/2026", 2_950_000, &codes[1]),
        ("20/11/2026", 77_000, "khong ro"),
    ];
    money::take(&world, "a.csv", &lines);
    let id = |memo: &str| super::given_back::id_of(&world, memo);
    let (over, whole, unknown) = (id(&codes[0]), id(&codes[1]), id("khong ro"));
    for (payment, amount) in [(&over, "50000"), (&whole, "2950000"), (&unknown, "77000")] {
        world.run(&["refund", payment, amount, "--reason", "trả lại"]).exits(0);
    }
    world.run(&["run", "mail"]).exits(0);
    let returned = || {
        let mut letters = letters_of(&world, "payment_received");
        letters.retain(|letter| letter.subject.contains("hoàn trả"));
        letters
    };
    assert!(returned().is_empty(), "it did not go yet");
    // One by a debit, the others by a person's words; whose the last one was nobody knows.
    money::take(&world, "b.csv", &[("22/11/2026", -50_000, &format!("HOANTIEN {over}"))]);
    for (payment, amount, done) in [(&whole, "2950000", "FT2"), (&unknown, "77000", "FT3")] {
        let refund = ["refund", payment, amount, "--reason", "đã trả", "--done", done];
        for _ in 0..2 {
            world.run(&refund).exits(0);
        }
    }
    // Money that comes before a letter leaves does not keep it back.
    money::take(&world, "c.csv", &[("23/11/2026", 1_000_000, &codes[1])]);
    world.run(&["run", "mail"]).exits(0);
    let letters = returned();
    assert_eq!(letters.len(), 2, "{letters:?}");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    says(to(1), &["50.000 đ", "22/11/2026", "3.000.000 đ", "20/11/2026", enterprise(1).tax_id()]);
    says(to(2), &["2.950.000 đ", "23/11/2026", "FT2", enterprise(2).name()]);
    world.run(&["prove"]).exits(0);
}

/// Three clients for whom the firm pays, placed; the code for all of them.
fn paid_by_the_firm() -> (World, String) {
    let world = World::new();
    let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
    world.import("khach.csv", &csv(&[firm(1), firm(2), firm(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    let code = text(&world.order(ORDER)["payment_requests"][0], "batch_code");
    (world, code)
}

#[test]
fn what_lies_under_the_code_for_all_is_told_when_it_comes_with_what_is_missing_or_too_much() {
    if !require("python3") {
        return;
    }
    let (world, code) = paid_by_the_firm();
    world.run(&["run", "mail"]).exits(0);
    let received = || letters_of(&world, "payment_received");
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &code)]);
    world.run(&["run", "mail"]).exits(0);
    let letters = received();
    assert_eq!((letters.len(), letters[0].to.as_str()), (1, LAN), "who placed the list pays");
    assert!(letters[0].subject.starts_with("Đã nhận 5.000.000 đ"), "{}", letters[0].subject);
    says(&letters[0], &["phần còn thiếu 3.850.000 đ", &code, enterprise(3).name()]);
    assert!(!letters[0].text.contains("đã đủ"), "{}", letters[0].text);
    assert_eq!(letters[0].pictures.len(), 1, "how to pay what is missing");

    // More than was to be paid.
    money::take(&world, "b.csv", &[("21/11/2026", 4_000_000, &code)]);
    world.run(&["run", "mail"]).exits(0);
    let letters = received();
    assert_eq!(letters.len(), 2);
    assert!(letters[1].subject.starts_with("Đã nhận 4.000.000 đ"), "{}", letters[1].subject);
    says(&letters[1], &["đến nay đã nhận 9.000.000 đ", "8.850.000 đ", "nhiều hơn số phải trả"]);
    assert!(letters[1].pictures.is_empty(), "nothing more is to be paid");
    world.run(&["run", "reconcile"]).exits(1);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(received().len(), 2, "told once");
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_paid_too_much_for_one_and_so_what_is_missing_under_the_code_for_all_is_asked_for_nothing() {
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let code = money::codes(&world).remove(0);
    world.run(&["run", "mail"]).exits(0);
    let paid = [("20/11/2026", 1_000_000, all.as_str()), ("20/11/2026", 7_850_000, &code)];
    money::take(&world, "a.csv", &paid);
    let letters = about_money(&world, 0);
    assert_eq!(letters.len(), 1, "{letters:?}");
    says(&letters[0], &["tổng 8.850.000 đ", "Đã nhận 1.000.000 đ với mã chung"]);
    says(&letters[0], &["cùng 4.900.000 đ chưa được tính cho khoản nào là đủ số phải trả"]);
    says(&letters[0], &["đang chờ nhà cung cấp phần mềm xem xét", "chưa cần chuyển thêm"]);
    assert!(!letters[0].text.contains("Nội dung chuyển khoản"), "{}", letters[0].text);
    assert!(letters[0].pictures.is_empty(), "nothing more is to be paid");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_a_match_leaves_too_much_fills_the_code_for_all_in_letters_and_on_slips_alike() {
    if !(require("python3") && require("openpyxl")) {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let code = money::codes(&world).remove(0);
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 1_000_000, all.as_str())]);
    money::take(&world, "b.csv", &[("20/11/2026", 7_850_000, "khong ro")]);
    let known = about_money(&world, 0).len();
    says_of(&world, &["match", "2", &code]);
    let letters = about_money(&world, known);
    assert_eq!(letters.len(), 1, "{letters:?}");
    says(&letters[0], &["cùng 4.900.000 đ chưa được tính cho khoản nào là đủ số phải trả"]);
    assert!(!letters[0].text.contains("Nội dung chuyển khoản"), "{}", letters[0].text);
    assert!(letters[0].pictures.is_empty(), "nothing more is to be paid");
    let folder = world.outside("phieu");
    world.run(&["export", "slips", "-o", folder.to_str().unwrap()]).exits(0);
    let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
    assert!(slips.contains("chưa cần chuyển thêm") && !slips.contains("1023456789"), "{slips}");
    // Nothing is missing that could be forgiven.
    let nothing = world.run(&["waive", &all, "--reason", "phí"]).exits(0).stdout;
    assert!(nothing.contains("Không có gì thay đổi"), "{nothing}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_late_notice_and_the_letter_of_a_cancelled_line_ask_for_nothing_that_is_too_much_elsewhere() {
    if !require("python3") {
        return;
    }
    // The notice leaves when all has come.
    let (world, all) = paid_by_the_firm();
    let code = money::codes(&world).remove(0);
    let paid = [("20/11/2026", 1_000_000, all.as_str()), ("20/11/2026", 7_850_000, &code)];
    money::take(&world, "a.csv", &paid);
    world.run(&["run", "mail"]).exits(0);
    let notices = letters_of(&world, "order_notice");
    assert_eq!(notices.len(), 1, "{notices:?}");
    says(&notices[0], &["đủ hoặc nhiều hơn số phải trả", "chưa cần chuyển thêm"]);
    assert!(notices[0].pictures.is_empty(), "nothing more is to be paid");

    // What is missing without the cancelled line is what is too much.
    let (world, all) = paid_by_the_firm();
    let code = money::codes(&world).remove(0);
    world.run(&["run", "mail"]).exits(0);
    let paid = [("20/11/2026", 1_000_000, all.as_str()), ("20/11/2026", 4_900_000, &code)];
    money::take(&world, "a.csv", &paid);
    let asked = about_money(&world, 0).remove(0);
    says(&asked, &["phần còn thiếu 4.900.000 đ"]);
    says_of(&world, &["cancel", &format!("{ORDER}/3")]);
    world.run(&["run", "mail"]).exits(0);
    let cancelled = letters_of(&world, "order_cancelled");
    assert_eq!(cancelled.len(), 1, "{cancelled:?}");
    assert!(!cancelled[0].text.contains("Nội dung chuyển khoản"), "{}", cancelled[0].text);
    assert!(cancelled[0].pictures.is_empty(), "nothing more is to be paid");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_a_match_leaves_under_the_code_for_all_is_told_once_and_asked_for_no_second_time() {
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let codes = money::codes(&world);
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &all)]);
    assert_eq!(about_money(&world, 0).len(), 1);
    says_of(&world, &["match", "1", &codes[0]]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    says(&letters[0], &["Tổng đã nhận đến nay là 5.000.000 đ", "có 2.050.000 đ với mã chung"]);
    says(&letters[0], &["phần còn thiếu 3.850.000 đ", &all, enterprise(3).name()]);
    for other in ["chưa được tính cho khoản nào", "7.050.000"] {
        assert!(!letters[0].text.contains(other), "{other}: {}", letters[0].text);
    }
    // Taken back, it waits for all of them again, and no more is asked for than before.
    says_of(&world, &["unmatch", "1"]);
    let letters = about_money(&world, 2);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Còn phải trả 3.850.000 đ"), "{}", letters[0].subject);
    says(&letters[0], &["đang chờ với mã chung", "phần còn thiếu 3.850.000 đ", &all]);
    assert!(!letters[0].text.contains("không còn được tính"), "{}", letters[0].text);
    says_of(&world, &["match", "1", &codes[0]]);
    world.run(&["run", "mail"]).exits(0);
    let known = letters_of(&world, "payment_received").len();
    money::take(&world, "b.csv", &[("21/11/2026", 3_850_000, &all)]);
    let letters = about_money(&world, known);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Đã nhận 3.850.000 đ"), "{}", letters[0].subject);
    says(&letters[0], &["8.850.000 đ", "đã đủ"]);
    assert!(letters[0].pictures.is_empty(), "nothing more is to be paid");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_letter_that_asks_for_the_rest_of_all_lists_all_of_them_with_one_sum() {
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let codes = money::codes(&world);
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &all)]);
    assert_eq!(about_money(&world, 0).len(), 1);
    let [one, two] =
        [(0, 2_950_000), (1, 2_050_000)].map(|(at, dong)| format!("{}={dong}", codes[at]));
    says_of(&world, &["match", "1", &one, &two]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    for n in 1..=3 {
        says(&letters[0], &[enterprise(n).name()]);
    }
    says(&letters[0], &["còn thiếu 3.850.000 đ so với số phải trả (8.850.000 đ)", &all]);
    says(&letters[0], &["Còn phải trả 900.000 đ", "Còn phải trả 2.950.000 đ"]);
    for sum in ["Chưa thanh toán: 3.850.000 đ", "Số tiền: 3.850.000 đ"] {
        assert!(letters[0].text.contains(sum), "no {sum} in {}", letters[0].text);
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_notice_that_leaves_late_asks_for_what_is_missing_of_what_lies_under_the_code_for_all() {
    if !require("python3") {
        return;
    }
    let (world, code) = paid_by_the_firm();
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &code)]);
    world.run(&["run", "mail"]).exits(0);
    let letters = letters_of(&world, "order_notice");
    assert_eq!(letters.len(), 1);
    says(&letters[0], &["Đã nhận 5.000.000 đ", "phần còn thiếu 3.850.000 đ", &code]);
    assert!(!letters[0].text.contains("chỉ chọn một"), "{}", letters[0].text);
    assert_eq!(letters[0].pictures.len(), 1);
}

#[test]
fn what_was_parted_and_matched_again_is_told_once_unless_that_was_told_or_it_is_another_sum() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("23/11/2026", 2_950_000, "khong ro")]);
    let said = |words: &[&str]| {
        world.run(&[words, &["--reason", "gọi"]].concat());
    };
    let received = || {
        world.run(&["run", "mail"]).exits(0);
        let letters = letters_of(&world, "payment_received").into_iter();
        let (taken_back, received): (Vec<_>, Vec<_>) =
            letters.partition(|letter| letter.subject.starts_with("Còn phải trả"));
        assert!(taken_back.len() <= 1, "{taken_back:?}");
        received
    };
    said(&["match", "1", &codes[0]]);
    assert_eq!(received().len(), 1);
    said(&["unmatch", "1"]);
    said(&["match", "1", &codes[0]]);
    assert_eq!(received().len(), 1, "the payer knows");
    // The payer read in between that it was for something else.
    said(&["unmatch", "1"]);
    received();
    said(&["match", "1", &codes[0]]);
    let letters = received();
    assert_eq!(letters.len(), 2);
    assert!(letters[1].subject.starts_with("Cập nhật thanh toán"), "{}", letters[1].subject);
    says(&letters[1], &["không có khoản tiền mới", "Tổng đã nhận đến nay là 2.950.000 đ", "đã đủ"]);
    said(&["unmatch", "1"]);
    said(&["match", "1", &format!("{}=1000000", codes[0])]);
    let letters = received();
    assert_eq!(letters.len(), 3, "another sum");
    let unused = "1.950.000 đ chưa được tính cho khoản nào";
    says(&letters[2], &["1.000.000 đ được tính vào", "còn thiếu 1.950.000 đ", unused]);
    assert!(letters[2].subject.starts_with("Cập nhật thanh toán"), "{}", letters[2].subject);
    assert!(!letters[2].text.contains("thừa"), "{}", letters[2].text);
    // Whoever wants it once more gets it.
    let mails = of_purpose(&world, "payment_received");
    let newest = mails.iter().filter(|it| it["state"] == "sent").max_by_key(|it| it["id"].as_i64());
    world.run(&["resend", &newest.unwrap()["id"].to_string()]).exits(0);
    assert_eq!(received().len(), 4);
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_read_that_money_came_reads_that_it_goes_back_and_what_is_to_be_paid_again() {
    if !(require("python3") && require("openpyxl")) {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER]).exits(0);
        let code = money::codes(&world).remove(0);
        world.run(&["run", "mail"]).exits(0);
        money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &code)]);
        assert_eq!(about_money(&world, 0).len(), 1);
        says_of(&world, &["refund", "1", "2950000"]);
        let letters = about_money(&world, 1);
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].subject.starts_with("Còn phải trả 2.950.000 đ"), "{letters:?}");
        says(&letters[0], &["không còn được tính", "2.950.000 đ đã nhận sẽ được hoàn trả", &code]);
        let folder = world.outside("phieu");
        world.run(&["export", "slips", "-o", folder.to_str().unwrap()]).exits(0);
        let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
        assert!(slips.contains("2.950.000 đ đã nhận sẽ được hoàn trả"), "{slips}");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn what_a_match_leaves_unused_is_told_wherever_the_payer_is_asked_for_more() {
    if !(require("python3") && require("openpyxl")) {
        return;
    }
    let (world, _) = paid_by_the_firm();
    let codes = money::codes(&world);
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, "khong ro")]);
    says_of(&world, &["match", "1", &codes[0]]);
    assert_eq!(about_money(&world, 0).len(), 1);
    says_of(&world, &["match", "1", &format!("{}=1000000", codes[0])]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let waits = "Có 1.950.000 đ đã nhận mà chưa được tính cho khoản nào";
    says(&letters[0], &["không còn được tính", waits]);
    let folder = world.outside("phieu");
    world.run(&["export", "slips", "-o", folder.to_str().unwrap()]).exits(0);
    let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
    assert_eq!(slips.matches(waits).count(), 3, "{slips}");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_comes_with_the_code_of_a_cancelled_line_is_told_to_who_has_others_to_pay() {
    if !(require("python3") && require("openpyxl")) {
        return;
    }
    for world in World::on_each_engine() {
        let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
        world.import("khach.csv", &csv(&[firm(1), firm(2)]));
        world.run(&["confirm", ORDER]).exits(0);
        let code = money::codes(&world).remove(0);
        says_of(&world, &["cancel", &format!("{ORDER}/1")]);
        world.run(&["run", "mail"]).exits(0);
        money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &code)]);
        let letters = about_money(&world, 0);
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].subject.starts_with("Đã nhận 2.950.000 đ"), "{letters:?}");
        let subject = &letters[0].subject;
        assert!(subject.contains("với mã của khoản đã hủy"), "{subject}");
        assert!(!subject.contains(enterprise(2).name()), "it is not for that one: {subject}");
        let open = format!("Số còn phải trả cho {} là 2.950.000 đ", enterprise(2).name());
        says(&letters[0], &["ghi mã của khoản đã hủy nên chưa được tính", &open]);
        let folder = world.outside("phieu");
        world.run(&["export", "slips", "-o", folder.to_str().unwrap()]).exits(0);
        let slips = sheet_text(&folder.join("slips.xlsx"), "Phiếu thanh toán");
        let waits = "Có 2.950.000 đ đã nhận mà chưa được tính cho khoản nào";
        assert!(slips.contains(waits), "{slips}");
        world.run(&["prove"]).exits(0);
    }
}

/// Says something of money, for a reason.
fn says_of(world: &World, words: &[&str]) {
    world.run(&[words, &["--reason", "gọi"]].concat());
}

/// What leaves now and is about money, by whom it goes to.
fn about_money(world: &World, known: usize) -> Vec<Letter> {
    world.run(&["run", "mail"]).exits(0);
    letters_of(world, "payment_received").split_off(known)
}

#[test]
fn what_names_the_code_for_all_and_a_single_one_is_told_when_it_comes_as_what_lies_under_that_code()
{
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let codes = money::codes(&world);
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &format!("{} {all}", codes[0]))]);
    let payment = world.list("payments").remove(0);
    assert_eq!(
        (&payment["state"], &payment["tier"]),
        (&"suggested".into(), &"several_other".into())
    );
    let why = text(&payment, "why");
    for needed in [&all, &codes[0], "5.000.000 đ", "còn thiếu 3.850.000 đ"] {
        assert!(why.contains(needed), "no {needed} in {why}");
    }
    let letters = about_money(&world, 0);
    assert_eq!((letters.len(), letters[0].to.as_str()), (1, LAN), "{letters:?}");
    assert!(letters[0].subject.starts_with("Đã nhận 5.000.000 đ"), "{}", letters[0].subject);
    says(&letters[0], &["phần còn thiếu 3.850.000 đ", &all, enterprise(3).name()]);
    // With what was asked for all are paid.
    money::take(&world, "b.csv", &[("21/11/2026", 3_850_000, &all)]);
    assert_eq!(money::requests(&world), ["paid 2950000"; 3]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Đã nhận 3.850.000 đ"), "{}", letters[0].subject);
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_was_to_go_back_and_stays_leaves_all_paid_and_is_told_to_who_read_otherwise() {
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    world.run(&["run", "mail"]).exits(0);
    money::take(&world, "a.csv", &[("20/11/2026", 9_000_000, &all)]);
    says(&about_money(&world, 0)[0], &["nhiều hơn số phải trả"]);
    says_of(&world, &["refund", "1", "150000"]);
    assert_eq!(money::requests(&world), ["paid 2950000"; 3]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(!letters[0].text.contains("thừa"), "{}", letters[0].text);
    // What was told to have come and is not in the sum any more goes back.
    says(
        &letters[0],
        &["Tổng đã nhận đến nay là 8.850.000 đ", "150.000 đ đã nhận sẽ được hoàn trả"],
    );
    says_of(&world, &["refund", "1", "0"]);
    assert_eq!(money::requests(&world), ["paid 2950000"; 3]);
    let payment = world.list("payments").remove(0);
    assert_eq!(
        (&payment["state"], &payment["unused"], &payment["returned"]),
        (&"held".into(), &150_000.into(), &0.into())
    );
    let letters = about_money(&world, 2);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.starts_with("Cập nhật thanh toán"), "{}", letters[0].subject);
    says(&letters[0], &["thừa 150.000 đ", "9.000.000 đ"]);
    // Who read nothing else in between reads nothing again.
    for amount in ["150000", "50000", "0"] {
        says_of(&world, &["refund", "1", amount]);
        assert_eq!(money::requests(&world), ["paid 2950000"; 3], "{amount}");
    }
    assert!(about_money(&world, 3).is_empty(), "told once");
    world.run(&["prove"]).exits(0);
}

#[test]
fn what_was_too_much_and_is_moved_is_told_to_who_paid_it_and_to_whom_it_pays_for() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 3_000_000, &codes[0])]);
    says(&about_money(&world, 0)[0], &["thừa 50.000 đ"]);
    says_of(&world, &["match", "1", &codes[1]]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 2, "{letters:?}");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    assert!(to(1).subject.starts_with("Đã chuyển 50.000 đ"), "{}", to(1).subject);
    says(to(1), &["3.000.000 đ", "20/11/2026", &codes[0], &codes[1], "không phải trả thêm"]);
    assert!(!to(1).text.contains(enterprise(2).name()), "whose code it is is not said");
    // The first one lost nothing.
    says(to(1), &["chuyển đi trước đây đang chờ, chưa được tính cho khoản nào"]);
    let moved = format!(
        "50.000 đ trước đây đang chờ, chưa được tính cho khoản nào, nay được tính cho mã {}",
        codes[1]
    );
    says(to(2), &[&moved, "còn thiếu 2.900.000 đ"]);
    assert!(!to(2).text.contains(&codes[0]), "{}", to(2).text);
    assert!(to(2).subject.starts_with("Cập nhật thanh toán"), "it was told to have come");
    assert!(about_money(&world, 3).is_empty(), "told once");
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_payment_that_is_parted_and_matched_with_another_code_is_told_to_both() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    assert_eq!(about_money(&world, 0).len(), 1);
    says_of(&world, &["unmatch", "1"]);
    assert!(about_money(&world, 1)[0].subject.starts_with("Còn phải trả"));
    says_of(&world, &["match", "1", &codes[1]]);
    let letters = about_money(&world, 2);
    assert_eq!(letters.len(), 2, "{letters:?}");
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    says(to(1), &["Sau việc này còn phải trả 2.950.000 đ", "1023456789", &codes[0], &codes[1]]);
    assert_eq!(to(1).pictures.len(), 1, "how to pay");
    let moved = format!("2.950.000 đ trước đây được tính cho mã {}", codes[0]);
    says(to(2), &[&moved, "đã đủ"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn of_what_is_moved_what_counted_for_another_code_is_told_apart_from_what_waited() {
    if !require("python3") {
        return;
    }
    let (world, all) = paid_by_the_firm();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 5_000_000, &all)]);
    says_of(&world, &["match", "1", &format!("{}=2000000", codes[0])]);
    let known = about_money(&world, 0).len();
    says_of(&world, &["match", "1", &format!("{}=0", codes[0]), &codes[1]]);
    let letters = about_money(&world, known);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let counted = format!("2.000.000 đ trước đây được tính cho mã {}, nay chuyển", codes[0]);
    let waited = format!("chưa được tính cho khoản nào, nay được tính cho mã {}", codes[1]);
    says(&letters[0], &[&counted, "950.000 đ trước đây đang chờ", &waited]);
    let wrong = "2.950.000 đ trước đây";
    assert!(!letters[0].text.contains(wrong), "{}", letters[0].text);
    world.run(&["prove"]).exits(0);
}

#[test]
fn who_heard_of_no_money_hears_of_no_moving_and_one_payer_of_both_reads_one_letter() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &codes[0])]);
    says_of(&world, &["unmatch", "1"]);
    says_of(&world, &["match", "1", &codes[1]]);
    let letters = about_money(&world, 0);
    assert_eq!((letters.len(), letters[0].to.as_str()), (1, enterprise(2).email()));
    assert!(letters[0].subject.starts_with("Đã nhận 2.950.000 đ"), "{}", letters[0].subject);

    let world = World::new();
    let same = enterprise(2).with("E", enterprise(1).email());
    world.import("khach.csv", &csv(&[enterprise(1), same]));
    world.run(&["confirm", ORDER]).exits(0);
    let codes = money::codes(&world);
    money::take(&world, "a.csv", &[("20/11/2026", 3_000_000, &codes[0])]);
    assert_eq!(about_money(&world, 0).len(), 1);
    says_of(&world, &["match", "1", &codes[1]]);
    let letters = about_money(&world, 1);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let moved = format!("chưa được tính cho khoản nào, nay được tính cho mã {}", codes[1]);
    says(&letters[0], &["50.000 đ trước đây đang chờ", &moved, "còn thiếu 2.900.000 đ"]);
    says(&letters[0], &["không có khoản tiền mới", "Tổng đã nhận đến nay là 3.000.000 đ"]);
    world.run(&["prove"]).exits(0);
}

#[test]
fn whom_a_payment_was_taken_away_from_is_not_told_that_it_goes_back() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER]).exits(0);
        let codes = money::codes(&world);
        // One is matched by its memo, the other one by a person.
        let lines = [("20/11/2026", 2_950_000, codes[0].as_str()), ("20/11/2026", 5_000, "nham")];
        money::take(&world, "a.csv", &lines);
        let id = |memo: &str| super::given_back::id_of(&world, memo);
        let (named, unnamed) = (id(&codes[0]), id("nham"));
        world.run(&["match", &unnamed, &format!("{}=1000", codes[1]), "--reason", "gọi"]);
        for payment in [&named, &unnamed] {
            world.run(&["unmatch", payment, "--reason", "của người khác"]).exits(0);
            let done = ["refund", payment, "1000", "--reason", "trả lại", "--done", "FT9"];
            world.run(&done).exits(0);
        }
        world.run(&["run", "mail"]).exits(0);
        let mut told = of_purpose(&world, "payment_received");
        told.retain(|mail| mail["state"] != "cancelled");
        assert!(told.is_empty(), "{told:?}");

        // What is matched again is the payer's, and so is what goes back of it.
        world.run(&["match", &unnamed, &format!("{}=1000", codes[1]), "--reason", "đúng"]);
        let done = ["refund", &unnamed, "500", "--reason", "trả dư", "--done", "FT10"];
        world.run(&done).exits(0);
        let told = of_purpose(&world, "payment_received");
        let back = told.iter().filter(|it| text(it, "subject").contains("HOANTIEN"));
        assert_eq!(back.map(|it| text(it, "to")).collect::<Vec<_>>(), [enterprise(2).email()]);
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn what_went_back_is_told_with_the_day_on_which_the_bank_booked_it_whenever_a_person_said_so() {
    if !require("python3") {
        return;
    }
    let world = money::placed();
    let codes = money::codes(&world);
    let lines =
        [("02/11/2026", 3_000_000, codes[0].as_str()), ("02/11/2026", 2_960_000, &codes[1])];
    money::take(&world, "a.csv", &lines);
    let [first, second] = [0, 1].map(|at: usize| super::given_back::id_of(&world, &codes[at]));
    // Booked long before anybody planned them: one with the bank's reference alone, one that names its payment.
    let named = format!("HOANTIEN {second}");
    let booked = money::debited(&[
        ("09/11/2026", "FT26313001", 50_000, "chuyen tra"),
        ("10/11/2026", "FT26314002", 50_000, "tien dien"),
        ("11/11/2026", "FT26315003", 10_000, &named),
    ]);
    world.take("_bank/b.csv", &booked);
    for (payment, amount, done) in [(&first, "50000", "ft26313001"), (&second, "10000", "UNC 5")] {
        world.run(&["refund", payment, amount, "--reason", "trả dư", "--done", done]).exits(0);
    }
    world.run(&["run", "mail"]).exits(0);
    let mut letters = letters_of(&world, "payment_received");
    letters.retain(|letter| letter.subject.contains("hoàn trả"));
    let to = |n: u32| letters.iter().find(|it| it.to == enterprise(n).email()).unwrap();
    says(to(1), &["50.000 đ", "09/11/2026", enterprise(1).tax_id()]);
    says(to(2), &["10.000 đ", "11/11/2026", enterprise(2).tax_id()]);
    for letter in [to(1), to(2)] {
        assert!(!letter.text.contains("23/11/2026"), "{}", letter.text);
    }
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_payment_that_is_not_the_same_as_another_one_after_all_is_told_as_too_much() {
    if !require("python3") {
        return;
    }
    for (out, kept) in [("2", "1"), ("1", "2")] {
        let world = money::placed();
        let code = money::codes(&world)[0].clone();
        money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, &code)]);
        assert_eq!(about_money(&world, 0).len(), 1);
        let again = format!("{code} lan 2");
        money::take(&world, "b.csv", &[("20/11/2026", 2_950_000, &again)]);
        says_of(&world, &["payments", "--same", out, kept]);
        let before = about_money(&world, 1);
        assert!(before.iter().all(|it| !it.text.contains("thừa")), "{before:?}");
        let known = 1 + before.len();
        says_of(&world, &["unmatch", out]);
        let letters = about_money(&world, known);
        assert_eq!(letters.len(), 1, "{letters:?}");
        says(&letters[0], &["thừa 2.950.000 đ", "đang chờ", "5.900.000 đ"]);
        assert!(about_money(&world, known + 1).is_empty(), "told once");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn letters_about_money_and_those_sent_again_have_their_own_numbers_beyond_a_thousand_changes() {
    let world = money::placed();
    let code = money::codes(&world)[0].clone();
    let far = "update counter set value = 998 where name = 'money' returning value";
    assert_eq!(super::statements::count(&world, far), 998);
    let mut planned = 0;
    for n in 1..=4 {
        let memo = format!("{code} lan {n}");
        money::take(&world, &format!("k{n}.csv"), &[("20/11/2026", 100_000 + n, &memo)]);
        world.run(&["run", "mail"]).exits(0);
        let newest = of_purpose(&world, "payment_received");
        let newest = newest.iter().map(|mail| mail["id"].as_i64().unwrap()).max().unwrap();
        for _ in 0..2 {
            world.run(&["resend", &newest.to_string()]).exits(0);
            world.run(&["run", "mail"]).exits(0);
        }
        planned += 3;
        let mails = of_purpose(&world, "payment_received");
        assert_eq!(mails.len(), planned, "no letter takes the place of another: {mails:?}");
    }
    let changes = "select value from counter where name = 'money'";
    assert!(super::statements::count(&world, changes) > 1_000);
    let mails = of_purpose(&world, "payment_received");
    assert!(mails.iter().all(|mail| mail["state"] == "sent"), "{mails:?}");
    let ids: std::collections::BTreeSet<String> =
        crate::world::texts(&mails, "message_id").into_iter().collect();
    assert_eq!(ids.len(), planned);
    world.run(&["prove"]).exits(0);
}

#[test]
fn each_letter_about_money_says_what_came_since_the_one_before() {
    if !require("python3") {
        return;
    }
    for world in World::on_each_engine() {
        let same = enterprise(2).with("E", enterprise(1).email());
        world.import("khach.csv", &csv(&[enterprise(1), same]));
        world.run(&["confirm", ORDER]).exits(0);
        let codes = money::codes(&world);
        let last = || {
            world.run(&["run", "mail"]).exits(0);
            letters_of(&world, "payment_received").pop().unwrap()
        };
        money::take(&world, "a.csv", &[("20/11/2026", 2_950_000, codes[0].as_str())]);
        assert!(last().subject.contains("Đã nhận 2.950.000 đ"));
        // What was told of and went back is in no later letter.
        let id = super::given_back::id_of(&world, &codes[0]);
        let done = ["refund", &id, "2950000", "--reason", "thôi mua", "--done", "FT1"];
        world.run(&done).exits(0);
        assert!(last().subject.contains("hoàn trả 2.950.000 đ"));
        money::take(&world, "b.csv", &[("21/11/2026", 2_950_000, codes[1].as_str())]);
        let second = last();
        assert!(second.subject.contains("Đã nhận 2.950.000 đ"), "{}", second.subject);
        says(&second, &[enterprise(2).name()]);
        assert!(!second.text.contains("5.900.000"), "{}", second.text);
        // What comes for a code that is paid is told by itself, and what is too much beside it.
        let again = format!("{} lan 2", codes[1]);
        money::take(&world, "c.csv", &[("22/11/2026", 2_900_000, &again)]);
        let third = last();
        assert!(third.subject.contains("Đã nhận 2.900.000 đ"), "{}", third.subject);
        says(&third, &["2.900.000 đ", "đến nay đã nhận 5.850.000 đ", "thừa 2.900.000 đ"]);
        world.run(&["prove"]).exits(0);
    }
}
