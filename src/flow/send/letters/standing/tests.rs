//! What letters about what is paid, or not, say of each case, in both languages.

use super::super::samples;
use super::*;
use crate::domain::locale::Locale;

const WARNING: Occasion = Occasion::Warning { days: 1, is_last: true };
const OCCASIONS: [Occasion; 5] =
    [Occasion::Received, Occasion::TakenBack, WARNING, Occasion::Suspended, Occasion::Restored];

fn said(occasion: Occasion, reader: StandingReader, lines: u8) -> [Letter; 2] {
    let said = samples::standing(&samples::given(), (occasion, reader), lines);
    [Locale::Vi, Locale::En].map(|locale| standing(Texts::of(locale), &said).unwrap())
}

#[track_caller]
fn holds(letter: &Letter, needed: &[&str]) {
    let html = letter.html.replace("&#x2f;", "/");
    for needed in needed {
        assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
        assert!(html.contains(needed), "{needed}: {html}");
    }
}

#[test]
fn every_letter_about_money_names_the_client_the_firm_whom_to_call_and_the_code() {
    for recipient in Recipient::ALL {
        for occasion in OCCASIONS {
            for letter in said(occasion, StandingReader::Payer(*recipient), 1) {
                holds(
                    &letter,
                    &[
                        "Công ty TNHH Dịch vụ Kế toán Minh An",
                        "Nguyễn Thị Lan",
                        "0912 345 678",
                        "Công ty TNHH Thương mại Hoa Sen 1",
                        "0101243150",
                        "DH-2611-000123",
                        "2.950.000 đ",
                    ],
                );
            }
        }
    }
}

#[test]
fn a_warning_says_until_when_it_works_both_ways_and_how_to_pay() {
    let payer = StandingReader::Payer(Recipient::Client);
    for letter in said(WARNING, payer, 1) {
        holds(&letter, &["30/11/2026", "10:15", "1023456789", "Vietcombank"]);
        assert!(letter.html.contains("cid:"), "the picture to scan");
    }
    let [vi, en] = said(WARNING, payer, 1);
    assert!(vi.text.contains("lần nhắc cuối") && en.text.contains("last reminder"));
    let [vi, en] = said(Occasion::Warning { days: -8, is_last: true }, payer, 1);
    assert!(vi.subject.starts_with("Đã quá hạn") && en.subject.starts_with("Overdue"));
    assert!(vi.text.contains("đã qua") && !vi.text.contains("dùng được đến hết"), "{}", vi.text);
    let [vi, _] = said(Occasion::Warning { days: 3, is_last: false }, payer, 1);
    assert!(!vi.text.contains("lần nhắc cuối") && vi.subject.contains("3 ngày"), "{vi:?}");
}

#[test]
fn who_paid_a_part_reads_what_came_and_what_is_missing_and_is_not_threatened() {
    let readers = Recipient::ALL.iter().map(|it| StandingReader::Payer(*it));
    for reader in readers.chain([StandingReader::Firm]) {
        for lines in [1, 2] {
            let said = samples::in_part(&samples::given(), reader, lines);
            let n = i64::from(lines);
            let [came, missing] =
                [1_000_000 * n, 1_950_000 * n].map(|it| Money::dong(it).to_string());
            for (locale, threats) in
                [(Locale::Vi, ["ngừng", "lần nhắc cuối"]), (Locale::En, ["stop", "last reminder"])]
            {
                let letter = standing(Texts::of(locale), &said).unwrap();
                assert!(letter.subject.contains(&missing), "{}", letter.subject);
                holds(&letter, &[&came, &missing, "30/11/2026", "0101243150"]);
                for threat in threats {
                    assert!(!letter.text.contains(threat), "{threat}: {}", letter.text);
                }
            }
        }
    }
    // Of two clients the one paid a part: the other one is warned, and it is told of both what is so.
    let firm = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::in_part(&samples::given(), firm, 2);
    said.lines[1].paid = Money::ZERO;
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.text.contains("lần nhắc cuối"), "{}", vi.text);
    holds(&vi, &["Đã nhận 1.000.000 đ", "4.900.000 đ", "1.950.000 đ", "2.950.000 đ"]);
}

#[test]
fn the_copy_says_whom_to_call_and_has_no_picture() {
    for occasion in [WARNING, Occasion::Suspended] {
        for lines in [1, 3] {
            for letter in said(occasion, StandingReader::Firm, lines) {
                holds(&letter, &["Nguyễn Văn Hùng", "0987 654 321", "0101243150"]);
                assert!(!letter.html.contains("cid:"));
            }
        }
    }
}

#[test]
fn several_clients_of_one_payer_are_told_in_one_letter() {
    for occasion in OCCASIONS {
        for letter in said(occasion, StandingReader::Payer(Recipient::Firm), 3) {
            holds(&letter, &["8.850.000 đ", "0101243150", "0100109106", "0100684378"]);
        }
    }
}

#[test]
fn what_came_with_the_code_of_a_cancelled_one_is_named_for_nobody_who_has_still_to_pay() {
    for recipient in Recipient::ALL {
        let reader = StandingReader::Payer(*recipient);
        let mut said = samples::standing(&samples::given(), (Occasion::Received, reader), 1);
        said.lines[0].paid = Money::ZERO;
        (said.news.lines, said.over) = (0, said.news.amount);
        let client = said.lines[0].line.name.clone();
        for (is_stray, locale, words) in [
            (true, Locale::Vi, "ghi mã của khoản đã hủy"),
            (true, Locale::En, "the code of what was cancelled"),
            (false, Locale::Vi, "ghi mã của khoản đã hủy"),
            (false, Locale::En, "the code of what was cancelled"),
        ] {
            said.is_stray = is_stray;
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert_eq!(letter.subject.contains(&client), !is_stray, "{}", letter.subject);
            assert_eq!(letter.text.contains(words), is_stray, "{}", letter.text);
            holds(&letter, &["2.950.000 đ", "0101243150"]);
        }
    }
}

#[test]
fn what_lies_under_the_code_for_all_is_exactly_what_is_to_be_paid_or_more() {
    let reader = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (Occasion::Received, reader), 2);
    said.lines.iter_mut().for_each(|line| line.paid = Money::ZERO);
    (said.pooled, said.rest) = (said.news.amount, None);
    for (is_exact, words) in [
        (true, ["vừa đủ số phải trả", "exactly what was to be paid"]),
        (false, ["nhiều hơn số phải trả", "more than was to be paid"]),
    ] {
        said.is_exact = is_exact;
        for (locale, words) in [Locale::Vi, Locale::En].into_iter().zip(words) {
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert!(letter.text.contains(words), "no {words} in {}", letter.text);
        }
    }
}

#[test]
fn money_that_is_too_little_or_enough_is_said_to_be() {
    let mut said = samples::standing(
        &samples::given(),
        (Occasion::Received, StandingReader::Payer(Recipient::Client)),
        1,
    );
    said.lines[0].paid = Money::dong(2_939_000);
    said.news.amount = said.lines[0].paid;
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.text.contains("còn thiếu 11.000 đ"), "{}", vi.text);
    said.lines[0].paid = said.lines[0].line.amount;
    said.news.amount = said.lines[0].paid;
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.text.contains("đã đủ"), "{}", vi.text);
    said.over = Money::dong(50_000);
    said.news.amount = Money::dong(3_000_000);
    for locale in [Locale::Vi, Locale::En] {
        let letter = standing(Texts::of(locale), &said).unwrap();
        assert!(letter.subject.contains("3.000.000 đ"), "{}", letter.subject);
        holds(&letter, &["3.000.000 đ", "2.950.000 đ", "50.000 đ"]);
    }
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    for fact in
        ["Số tiền đã nhận: 3.000.000 đ", "Số tiền phải trả: 2.950.000 đ", "Chuyển thừa: 50.000 đ"]
    {
        assert!(vi.text.contains(fact), "no {fact} in {}", vi.text);
    }
}

#[test]
fn what_came_now_is_told_apart_from_what_came_in_all() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
    said.news = News { amount: Money::dong(2_950_000), payments: 1, lines: 1 };
    let [vi, en] = [Locale::Vi, Locale::En].map(|it| standing(Texts::of(it), &said).unwrap());
    assert!(vi.subject.starts_with("Đã nhận 2.950.000 đ"), "{}", vi.subject);
    for words in [
        "khoản thanh toán 2.950.000 đ cho Công ty",
        "Số tiền đã nhận: 2.950.000 đ",
        "đến nay đã nhận 5.900.000 đ",
        "Tổng đã nhận đến nay: 5.900.000 đ",
    ] {
        assert!(vi.text.contains(words), "no {words} in {}", vi.text);
    }
    assert!(en.text.contains("has received 2.950.000 đ for Công ty"), "{}", en.text);
    assert!(en.text.contains("5.900.000 đ has arrived in all"), "{}", en.text);

    // All at once, by several payments.
    said.news = News { amount: Money::dong(5_900_000), payments: 2, lines: 2 };
    let [vi, en] = [Locale::Vi, Locale::En].map(|it| standing(Texts::of(it), &said).unwrap());
    assert!(vi.subject.starts_with("Đã nhận 2 khoản, tổng 5.900.000 đ"), "{}", vi.subject);
    assert!(vi.text.contains("2 khoản, tổng 5.900.000 đ"), "{}", vi.text);
    assert!(!vi.text.contains("đến nay"), "{}", vi.text);
    assert!(en.text.contains("2 payments, 5.900.000 đ together,"), "{}", en.text);
}

#[test]
fn each_sum_of_a_client_in_a_list_is_told_with_what_it_is() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let part = Money::dong(1_000_000);
    let mut came = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
    came.lines[0].paid = part;
    let warned = samples::in_part(&samples::given(), payer, 2);
    for (said, vi, en) in [
        (came, ["Đã nhận: 1.000.000 đ", "Còn phải trả 1.950.000 đ"], "Received: 1.000.000 đ"),
        (warned, ["Còn phải trả: 1.950.000 đ", "Đã nhận 1.000.000 đ"], "To be paid: 1.950.000 đ"),
    ] {
        let letter = standing(Texts::of(Locale::Vi), &said).unwrap();
        for needed in vi {
            assert!(letter.text.contains(needed), "no {needed} in {}", letter.text);
        }
        let letter = standing(Texts::of(Locale::En), &said).unwrap();
        assert!(letter.text.contains(en), "no {en} in {}", letter.text);
    }
}

#[test]
fn money_that_does_not_count_any_more_is_told_with_whom_it_was_for_and_not_whose_it_is() {
    for recipient in Recipient::ALL {
        let payer = StandingReader::Payer(*recipient);
        let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 5);
        said.lost = Lost { amount: Money::dong(11_800_000), lines: 4, pooled: Money::ZERO };
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        holds(&vi, &["(11.800.000 đ) không còn được tính", "Hoa Sen 3", "và 1 ", "1 khoản khác"]);
        assert!(!vi.text.contains("của một khoản khác"), "{}", vi.text);
        let en = standing(Texts::of(Locale::En), &said).unwrap();
        holds(&en, &["(11.800.000 đ) does not count any more", "Hoa Sen 3", "and 1 other"]);

        // A part of it counts on.
        let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 1);
        said.lines[0].paid = Money::dong(1_000_000);
        said.lost = Lost { amount: Money::dong(1_950_000), lines: 1, pooled: Money::ZERO };
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        let lost = "1.950.000 đ trong số tiền đó không còn được tính";
        holds(&vi, &[lost, "Số còn phải trả là 1.950.000 đ", "30/11/2026"]);
        assert!(vi.text.contains("Vẫn được tính: 1.000.000 đ"), "{}", vi.text);
    }
}

#[test]
fn a_warning_that_asks_for_more_than_it_is_about_names_all_that_its_sum_is_for() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (WARNING, payer), 3);
    said.others = vec![said.lines.remove(2)];
    for (locale, needed) in [(Locale::Vi, "cả 1 khách hàng khác"), (Locale::En, "also for 1 ")]
    {
        let letter = standing(Texts::of(locale), &said).unwrap();
        holds(&letter, &["8.850.000 đ", needed, "Hoa Sen 1", "Hoa Sen 2", "Hoa Sen 3"]);
        assert!(letter.subject.contains('2'), "{}", letter.subject);
    }
}

#[test]
fn of_money_that_was_told_what_waits_and_what_counts_no_more_are_told_apart() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 2);
    let [all, half] = [5_900_000, 2_950_000].map(Money::dong);
    said.lost = Lost { amount: all, lines: 2, pooled: half };
    (said.pooled, said.lacking) = (half, half);
    for (locale, gone, waits) in [
        (
            Locale::Vi,
            "2.950.000 đ trong số tiền đó không còn được tính",
            "2.950.000 đ không tính riêng cho các khoản này mà đang chờ với mã chung",
        ),
        (
            Locale::En,
            "2.950.000 đ of that money does not count any more",
            "2.950.000 đ is not for these alone but waits under the code for all",
        ),
    ] {
        let letter = standing(Texts::of(locale), &said).unwrap();
        holds(&letter, &[gone, waits]);
    }
    // All of it waits.
    said.lost.pooled = all;
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    holds(&vi, &["số tiền đó không tính riêng cho các khoản này mà đang chờ với mã chung"]);
    assert!(!vi.text.contains("không còn được tính"), "{}", vi.text);
}

#[test]
fn a_warning_about_some_of_a_payer_asks_for_each_of_them_and_names_the_others_apart() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (WARNING, payer), 3);
    let other = said.lines.remove(2);
    said.others = vec![StandingLine { last_day: Some("15/12/2026".to_owned()), ..other }];
    said.all = said.rest.take().map(|rest| rest.transfer);
    let memo = said.all.as_ref().unwrap().memo.to_string();
    for (locale, sum, each, all) in [
        (Locale::Vi, "Chưa thanh toán: 5.900.000 đ", "chuyển riêng từng khoản", "đúng 8.850.000 đ"),
        (Locale::En, "Not paid: 5.900.000 đ", "each amount by itself", "exactly 8.850.000 đ"),
    ] {
        let letter = standing(Texts::of(locale), &said).unwrap();
        assert!(letter.text.contains(sum), "no {sum} in {}", letter.text);
        holds(&letter, &[each, all, &memo, "1023456789", "Hoa Sen 3", "15/12/2026"]);
        assert!(letter.subject.contains('2'), "{}", letter.subject);
        assert_eq!(letter.text.matches("8.850.000").count(), 1, "{}", letter.text);
        assert!(!letter.html.contains("cid:"), "no picture asks for another sum");
    }
}

#[test]
fn the_totals_of_a_copy_are_the_sums_of_its_list() {
    let mut said = samples::standing(&samples::given(), (WARNING, StandingReader::Firm), 4);
    said.lines[0].paid = Money::dong(1_000_000);
    said.lines[1].is_pooled = true;
    // What is missing there is for others too.
    (said.pooled, said.lacking) = (Money::dong(2_000_000), Money::dong(3_900_000));
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    for fact in [
        "Chưa thanh toán: 10.800.000 đ",
        "Số tiền đã nhận: 1.000.000 đ",
        "Đang chờ với mã chung: 2.000.000 đ",
    ] {
        assert!(vi.text.contains(fact), "no {fact} in {}", vi.text);
    }
    holds(&vi, &["Đã nhận 1.000.000 đ cho một phần", "còn thiếu 10.800.000 đ"]);
    assert!(!vi.text.contains("11.750.000"), "{}", vi.text);
    // Money waits for all of them.
    said.lines.remove(0);
    said.lines.iter_mut().for_each(|line| line.is_pooled = true);
    for (locale, sum) in [(Locale::Vi, "Còn phải trả"), (Locale::En, "to be paid")] {
        let letter = standing(Texts::of(locale), &said).unwrap();
        assert!(letter.subject.contains("8.850.000 đ"), "{}", letter.subject);
        holds(&letter, &["8.850.000 đ", "2.000.000 đ", "3.900.000 đ", sum]);
    }
}

#[test]
fn where_nothing_came_no_letter_says_so_and_it_says_where_the_payer_stands() {
    let readers = Recipient::ALL.iter().map(|it| StandingReader::Payer(*it));
    for reader in readers.chain([StandingReader::Firm]) {
        for lines in [1, 2] {
            let said = (Occasion::Received, reader);
            let mut said = samples::standing(&samples::given(), said, lines);
            said.news = News::default();
            said.lines[0].paid = Money::dong(1_000_000);
            said.over = Money::dong(1_950_000);
            let all = Money::dong(2_950_000 * i64::from(lines)).to_string();
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            assert!(vi.subject.starts_with("Cập nhật thanh toán"), "{}", vi.subject);
            let unused = "1.950.000 đ chưa được tính cho khoản nào";
            holds(&vi, &["không có khoản tiền mới", &all, "còn thiếu 1.950.000 đ", unused]);
            for wrong in ["đã nhận được", "Số tiền đã nhận:", "thừa"] {
                assert!(!vi.text.contains(wrong), "{wrong}: {}", vi.text);
            }
            let en = standing(Texts::of(Locale::En), &said).unwrap();
            let unused = "1.950.000 đ is not counted for anything yet";
            holds(&en, &["No new money has come", &all, unused]);
            assert!(!en.text.contains("too much") && !en.text.contains("Too much"), "{en:?}");
        }
    }
}

#[test]
fn what_lies_under_the_batch_code_is_said_with_what_is_missing() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (WARNING, payer), 2);
    (said.pooled, said.lacking) = (Money::dong(5_000_000), Money::dong(900_000));
    said.lines.iter_mut().for_each(|line| line.is_pooled = true);
    let rest = said.rest.as_mut().unwrap();
    rest.transfer.amount = Money::dong(900_000);
    let memo = rest.transfer.memo.to_string();
    for (locale, threats) in
        [(Locale::Vi, ["ngừng", "lần nhắc cuối"]), (Locale::En, ["stop", "last reminder"])]
    {
        let letter = standing(Texts::of(locale), &said).unwrap();
        assert!(letter.subject.contains("900.000 đ"), "{}", letter.subject);
        holds(&letter, &["5.000.000 đ", "5.900.000 đ", "900.000 đ", "30/11/2026", &memo]);
        for threat in threats {
            assert!(!letter.text.contains(threat), "{threat}: {}", letter.text);
        }
    }
}

#[test]
fn the_copy_says_that_enough_came_under_the_code_for_all_and_that_a_person_must_match_it() {
    let mut said = samples::standing(&samples::given(), (WARNING, StandingReader::Firm), 2);
    said.pooled = Money::dong(6_000_000);
    said.lines.iter_mut().for_each(|line| line.is_pooled = true);
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.subject.starts_with("Có tiền chờ ghép"), "{}", vi.subject);
    holds(&vi, &["6.000.000 đ", "chờ người phụ trách phần mềm ghép", "không bị nhắc"]);
    for wrong in ["còn thiếu", "ngừng", "chậm nhất", "vừa được nhắc"] {
        assert!(!vi.text.contains(wrong), "{wrong}: {}", vi.text);
    }
    let en = standing(Texts::of(Locale::En), &said).unwrap();
    holds(&en, &["6.000.000 đ", "must match it", "not reminded"]);
}

#[test]
fn the_copy_of_a_late_warning_says_that_the_day_is_over_and_when_it_may_stop() {
    let late = Occasion::Warning { days: -3, is_last: true };
    for lines in [1, 2] {
        let mut said = samples::standing(&samples::given(), (late, StandingReader::Firm), lines);
        said.lines.iter_mut().for_each(|line| line.is_over = true);
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        holds(&vi, &["đã qua", "có thể ngừng sau 24 giờ"]);
        assert!(!vi.text.contains("Dùng được đến hết ngày 30/11/2026"), "{}", vi.text);
    }
}

#[test]
fn money_that_lies_under_the_code_for_all_is_received_and_pays_for_nothing_yet() {
    let payer = StandingReader::Payer(Recipient::Firm);
    let mut said = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
    said.lines.iter_mut().for_each(|line| line.paid = Money::ZERO);
    said.pooled = Money::dong(5_000_000);
    said.news.amount = said.pooled;
    said.rest = samples::standing(&samples::given(), (WARNING, payer), 2).rest;
    said.rest.as_mut().unwrap().transfer.amount = Money::dong(900_000);
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.subject.starts_with("Đã nhận 5.000.000 đ"), "{}", vi.subject);
    holds(&vi, &["phần còn thiếu 900.000 đ", "Còn phải trả 2.950.000 đ"]);
    assert!(!vi.text.contains(" 0 đ") && !vi.html.contains(">0 đ"), "{}", vi.text);
    assert!(!vi.text.contains("đã đủ") && !vi.text.contains("còn thiếu 5.900.000"), "{vi:?}");
    (said.pooled, said.rest) = (Money::dong(6_000_000), None);
    said.news.amount = Money::dong(1_000_000);
    let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
    assert!(vi.subject.starts_with("Đã nhận 1.000.000 đ"), "{}", vi.subject);
    holds(&vi, &["Đến nay đã nhận 6.000.000 đ", "5.900.000 đ", "nhiều hơn số phải trả"]);
    assert!(!vi.text.contains("đã đủ"), "{}", vi.text);
}

#[test]
fn last_days_that_differ_are_not_told_as_one() {
    for recipient in Recipient::ALL {
        let late = Occasion::Warning { days: -1, is_last: true };
        let payer = StandingReader::Payer(*recipient);
        let mut said = samples::standing(&samples::given(), (late, payer), 2);
        said.lines[1].last_day = Some("01/12/2026".to_owned());
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(!vi.text.contains("Ngày cuối 30/11/2026 đã qua"), "{}", vi.text);
        holds(&vi, &["sớm nhất là 30/11/2026", "đến hết ngày 01/12/2026"]);
    }
}

#[test]
fn what_was_forgiven_is_said_with_its_code() {
    for lines in [1, 3] {
        let payer = StandingReader::Payer(Recipient::Client);
        let said = (Occasion::Received, payer);
        let mut said = samples::standing(&samples::given(), said, lines);
        said.lines[0].waived = Money::dong(11_000);
        said.lines[0].paid = Money::dong(2_939_000);
        said.lines[0].line.amount = said.lines[0].paid;
        said.news.amount = said.in_all();
        let code = said.lines[0].line.payment_code.to_string();
        let all = Money::dong(2_950_000 * i64::from(lines));
        for locale in [Locale::Vi, Locale::En] {
            let letter = standing(Texts::of(locale), &said).unwrap();
            let forgiven = format!("11.000 đ ({code})");
            holds(&letter, &[&forgiven, &all.to_string(), "2.939.000 đ"]);
        }
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.text.contains("không phải trả thêm"), "{}", vi.text);
    }
}
