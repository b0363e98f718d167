//! What the notice of an order says of each case, in both languages.

use super::super::samples;
use super::*;
use crate::domain::locale::Locale;

fn in_both_languages(notice: &OrderNotice) -> [Letter; 2] {
    [Locale::Vi, Locale::En].map(|locale| order_notice(Texts::of(locale), notice).unwrap())
}

#[test]
fn a_notice_says_who_what_how_much_and_how_to_pay() {
    for recipient in Recipient::ALL {
        let notice = samples::notice(&samples::given(), *recipient, 1);
        for letter in in_both_languages(&notice) {
            for needed in [
                "Nguyễn Văn Hùng",
                "Công ty TNHH Dịch vụ Kế toán Minh An",
                "Nguyễn Thị Lan",
                "0912 345 678",
                "Công ty TNHH Thương mại Hoa Sen 1",
                "0101243150",
                "DH-2611-000123",
                "ASP Kế toán – Doanh nghiệp",
                "2026",
                "2.950.000 đ",
                "Vietcombank",
                "1023456789",
                "CONG TY PHAN MEM",
                notice.transfer.as_ref().unwrap().memo.as_str(),
            ] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
            }
            assert!(letter.html.contains(r#"src="cid:qr@hangloat""#));
            assert!(letter.text.contains(" 7 "), "{}", letter.text);
            assert!(letter.subject.contains("DH-2611-000123"));
        }
    }
}

#[test]
fn a_notice_says_that_there_is_no_vat_and_who_issues_the_invoice() {
    let [vi, en] = in_both_languages(&samples::notice(&samples::given(), Recipient::Client, 1));
    assert!(vi.text.contains("2.950.000 đ (không chịu thuế GTGT)"));
    assert!(vi.text.contains("nhà cung cấp phần mềm xuất hóa đơn điện tử"));
    assert!(en.text.contains("2.950.000 đ (not subject to VAT)"));
    assert!(en.text.contains("the software vendor issues the e-invoice"));
}

#[test]
fn a_notice_for_many_lists_each_client_with_its_own_code() {
    for recipient in Recipient::ALL {
        let notice = samples::notice(&samples::given(), *recipient, 3);
        for letter in in_both_languages(&notice) {
            for line in &notice.lines {
                for needed in [line.name.as_str(), line.payment_code.as_str(), line.tax_id.as_str()]
                {
                    assert!(letter.text.contains(needed) && letter.html.contains(needed));
                }
            }
            assert!(letter.text.contains("8.850.000 đ"));
            let memo = &notice.transfer.as_ref().unwrap().memo;
            assert!(letter.text.contains(memo.as_str()));
        }
    }
}

#[test]
fn a_notice_anew_says_why_it_comes_and_what_is_void() {
    for recipient in Recipient::ALL {
        let first = samples::notice(&samples::given(), *recipient, 1);
        let again = OrderNotice { turn: Turn::Anew, ..first.clone() };
        let both = in_both_languages(&first).into_iter().zip(in_both_languages(&again));
        for ((first, again), void) in both.zip(["không còn dùng nữa", "is void"]) {
            assert_ne!(first.subject, again.subject);
            assert!(again.text.contains(void) && again.html.contains(void), "{}", again.text);
            assert!(!first.text.contains(void), "{}", first.text);
        }
    }
}

#[test]
fn a_notice_after_a_restore_blames_no_correction_and_says_that_its_code_is_new() {
    for recipient in Recipient::ALL {
        let first = samples::notice(&samples::given(), *recipient, 1);
        let [vi, en] = in_both_languages(&OrderNotice {
            turn: Turn::Anew,
            after_restore: true,
            ..first.clone()
        });
        for (letter, told) in [
            (vi, ["xác nhận lại", "mã thanh toán là mã mới", "không còn dùng nữa", "đã sửa"]),
            (en, ["confirmed anew", "payment code is a new one", "is void", "corrected"]),
        ] {
            let [why, code, void, blamed] = told;
            for needed in [why, code, void] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
            }
            assert!(!letter.text.contains(blamed), "{}", letter.text);
        }
    }
}

#[test]
fn a_notice_to_a_firm_whose_client_moved_says_so_and_blames_no_correction() {
    for lines in [1, 3] {
        let first = samples::notice(&samples::given(), Recipient::Firm, lines);
        let of = |went| {
            in_both_languages(&OrderNotice { turn: Turn::Anew, went: Some(went), ..first.clone() })
        };
        let moved = |came, left| [(Went::Came, came), (Went::Left, left)];
        let told = [
            ("đã sửa", moved("từ đơn vị kế toán khác sang", "sang đơn vị kế toán khác")),
            ("corrected", moved("moved from another", "moved to another")),
        ];
        for (language, (blamed, cases)) in told.into_iter().enumerate() {
            for (went, needed) in cases {
                let letter = of(went)[language].clone();
                for form in [&letter.text, &letter.html] {
                    assert!(form.contains(needed), "{needed}: {form}");
                }
                assert!(!letter.text.contains(blamed), "{}", letter.text);
            }
        }
    }
}

#[test]
fn a_notice_anew_of_what_works_has_its_last_day_and_the_one_reason_why_it_comes() {
    let works = Works { last_day: Some("30/11/2026".to_owned()), others_wait: false, before: true };
    for recipient in Recipient::ALL {
        let first = samples::notice(&samples::given(), *recipient, 2);
        let of = |works: &Works| {
            let works = Some(works.clone());
            in_both_languages(&OrderNotice { turn: Turn::Anew, works, ..first.clone() })
        };
        let refused = ["bị từ chối", "refused"];
        let once_activated = ["Sau khi được kích hoạt", "Once activated"];
        for (letter, (refused, once)) in
            of(&works).into_iter().zip(refused.into_iter().zip(once_activated))
        {
            assert!(letter.text.contains("30/11/2026"), "{}", letter.text);
            assert!(!letter.text.contains(refused) && !letter.text.contains(once));
        }
        let over = Works { last_day: None, ..works.clone() };
        assert!(of(&over)[0].text.contains("đã qua"));
        let mixed = Works { others_wait: true, before: false, ..works.clone() };
        for (letter, (refused, once)) in
            of(&mixed).into_iter().zip(refused.into_iter().zip(once_activated))
        {
            assert!(letter.text.contains("30/11/2026") && letter.text.contains(once));
            assert!(letter.text.contains(refused), "{}", letter.text);
        }
    }
}

#[test]
fn the_three_recipients_are_told_different_things() {
    let said = |recipient| {
        in_both_languages(&samples::notice(&samples::given(), recipient, 2))[0].text.clone()
    };
    assert!(said(Recipient::Client).contains("Cảm ơn anh/chị"));
    assert!(said(Recipient::Firm).contains("đề nghị từng khách hàng chuyển"));
    assert!(said(Recipient::Other).contains("anh/chị là người nhận thông báo và thanh toán"));
}

#[test]
fn a_name_is_never_markup_and_never_a_second_header() {
    let mut notice = samples::notice(&samples::given(), Recipient::Client, 1);
    notice.lines[0].name = "Hoa <b>Sen</b>\r\nBcc: a@b.example".to_owned();
    for letter in in_both_languages(&notice) {
        assert!(letter.html.contains("Hoa &lt;b&gt;Sen") && !letter.html.contains("<b>Sen"));
        assert!(letter.text.contains("Hoa <b>Sen</b> Bcc"));
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}

#[test]
fn a_notice_for_many_without_a_code_for_all_is_not_written() {
    let mut notice = samples::notice(&samples::given(), Recipient::Firm, 2);
    notice.transfer.as_mut().unwrap().is_batch_code = false;
    assert!(order_notice(Texts::of(Locale::Vi), &notice).is_err());
    notice.lines.clear();
    assert!(order_notice(Texts::of(Locale::Vi), &notice).is_err());
}

#[test]
fn what_lies_under_the_code_for_all_is_not_asked_for_once_more() {
    for recipient in Recipient::ALL {
        let mut notice = samples::notice(&samples::given(), *recipient, 3);
        notice.pooled = Money::dong(5_000_000);
        notice.transfer.as_mut().unwrap().amount = Money::dong(3_850_000);
        for letter in in_both_languages(&notice) {
            for needed in ["5.000.000 đ", "3.850.000 đ", "8.850.000 đ"] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
            }
        }
        let [vi, _] = in_both_languages(&notice);
        assert!(!vi.text.contains("chỉ chọn một"), "{}", vi.text);
        (notice.pooled, notice.transfer) = (Money::dong(9_000_000), None);
        for letter in in_both_languages(&notice) {
            assert!(letter.text.contains("9.000.000 đ"), "{}", letter.text);
            assert!(!letter.html.contains("cid:"), "nothing is to be paid");
        }
    }
}

#[test]
fn a_phone_that_is_not_the_accountants_is_said_to_be_whose_it_is() {
    for recipient in Recipient::ALL {
        let mut notice = samples::notice(&samples::given(), *recipient, 1);
        notice.firm.accountant = "Trần Văn Bình".to_owned();
        notice.firm.phone_of = Some("Nguyễn Thị Lan".to_owned());
        let [vi, en] = in_both_languages(&notice);
        assert!(vi.text.contains("Điện thoại: 0912 345 678 (gặp Nguyễn Thị Lan)"));
        assert!(en.text.contains("Phone: 0912 345 678 (ask for Nguyễn Thị Lan)"));
        assert!(vi.text.contains("Kế toán phụ trách: Trần Văn Bình"));
        assert!(!vi.text.contains("Bình, kế toán của"), "{}", vi.text);
    }
}

#[test]
fn a_firm_without_a_phone_still_gets_a_whole_letter() {
    let mut notice = samples::notice(&samples::given(), Recipient::Client, 1);
    notice.firm.phone = None;
    let [vi, _] = in_both_languages(&notice);
    assert!(vi.text.contains("theo số điện thoại anh/chị vẫn liên hệ"));
}
