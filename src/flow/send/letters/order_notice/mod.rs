//! The order notice: what was ordered for whom, what it costs and how to pay it.
//! Prices, codes and who pays were settled when the order was placed.

use anyhow::ensure;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::{
    FirmBlock, Letter, Turn,
    draft::{Draft, Fact, Item},
};
use crate::{
    domain::{
        fiscal_year::FiscalYear,
        money::Money,
        order::{OrderCode, Recipient},
        payment_code::PaymentCode,
        tax_id::TaxId,
    },
    text::{Texts, one_line},
};

/// What an order notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNotice {
    pub recipient: Recipient,
    pub turn: Turn,
    /// Of a notice anew: its order was confirmed once more after the data were restored, and nothing was corrected.
    pub after_restore: bool,
    pub to_name: String,
    pub firm: FirmBlock,
    pub orders: Vec<OrderCode>,
    /// At least one; several need a batch code in `transfer`.
    pub lines: Vec<NoticeLine>,
    /// Nothing where what lies under the batch code is enough.
    pub transfer: Option<Transfer>,
    /// What came under the code for all of this payer, and waits until the rest has come too.
    pub pooled: Money,
    /// How long an activated licence works unpaid.
    pub grace_days: u32,
    /// Of a notice anew, where something of it was activated.
    pub works: Option<Works>,
    /// Content id of the VietQR picture, without `cid:`.
    pub qr_cid: String,
}

/// What was activated of that which a notice asks for once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    /// The first last day of grace, as people write it; nothing where that is over.
    pub last_day: Option<String>,
    /// Something of it is not activated yet.
    pub others_wait: bool,
    /// It was before the notice was planned: then nobody asked for an activation anew.
    pub before: bool,
}

/// One client of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLine {
    pub order: OrderCode,
    pub name: String,
    pub tax_id: TaxId,
    /// The name of the package, not its code.
    pub package: String,
    pub fiscal_year: FiscalYear,
    pub amount: Money,
    pub payment_code: PaymentCode,
}

/// The one transfer that pays for everything in the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The bank's name.
    pub bank: String,
    pub account: String,
    pub account_name: String,
    pub amount: Money,
    /// A payment code or a batch code.
    pub memo: PaymentCode,
    pub is_batch_code: bool,
}

/// Writes the notice to whoever pays.
pub fn order_notice(texts: &Texts, notice: &OrderNotice) -> anyhow::Result<Letter> {
    let [first, others @ ..] = notice.lines.as_slice() else {
        anyhow::bail!("An order notice to {} has no lines", notice.recipient);
    };
    ensure!(
        others.is_empty() || notice.transfer.as_ref().is_none_or(|it| it.is_batch_code),
        "The notice of {} has {} lines and no batch code that pays them all",
        first.order,
        notice.lines.len()
    );
    let mut draft = Draft::new(texts, values(notice, first))?;
    let for_recipient = |part: &str| format!("order_notice.{part}.{}", notice.recipient);
    draft.paragraph("order_notice.greeting")?;
    draft.paragraph("order_notice.anew")?;
    draft.paragraph(&for_recipient("intro"))?;
    draft.paragraph("order_notice.pooled")?;
    what_was_ordered(&mut draft, notice, first)?;
    if let Some(transfer) = &notice.transfer {
        draft.heading("order_notice.how_to_pay")?;
        // What lies under the code for all is not to be paid in another way.
        if notice.pooled == Money::ZERO {
            draft.paragraph(&for_recipient("ways"))?;
        }
        how_to_pay(&mut draft, transfer)?;
        draft.paragraph("order_notice.exactly")?;
        draft.picture("order_notice.picture", &notice.qr_cid)?;
    }
    draft.paragraph("order_notice.grace")?;
    draft.paragraph("order_notice.invoice")?;
    draft.note("order_notice.genuine.title", &for_recipient("genuine"))?;
    if !others.is_empty() {
        draft.heading("order_notice.list")?;
        let details = ["tax_id", "package", "order"];
        list_lines(&mut draft, &notice.lines, (details, "order_notice.item.code"))?;
    }
    draft.finish("order_notice", &notice.firm)
}

fn values(notice: &OrderNotice, first: &NoticeLine) -> Value {
    let transfer = notice.transfer.as_ref();
    let total: Money = notice.lines.iter().map(|line| line.amount).sum();
    context! {
        recipient => notice.recipient.as_str(),
        anew => notice.turn == Turn::Anew,
        after_restore => notice.after_restore,
        to_name => notice.to_name.as_str(),
        order => first.order.as_str(),
        order_count => notice.orders.len(),
        count => notice.lines.len(),
        client => first.name.as_str(),
        tax_id => first.tax_id.as_str(),
        amount => total.to_string(),
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        pooled => (notice.pooled > Money::ZERO).then(|| notice.pooled.to_string()),
        grace_days => notice.grace_days,
        works => notice.works.is_some(),
        last_day => notice.works.as_ref().and_then(|it| it.last_day.as_deref()),
        others_wait => notice.works.as_ref().is_some_and(|it| it.others_wait),
        corrected => notice.works.as_ref().is_some_and(|it| it.before),
        ..notice.firm.values()
    }
}

/// The one client in full, or how many there are.
fn what_was_ordered(
    draft: &mut Draft<'_>,
    notice: &OrderNotice,
    first: &NoticeLine,
) -> anyhow::Result<()> {
    let orders: Vec<&str> = notice.orders.iter().map(OrderCode::as_str).collect();
    let mut facts = vec![draft.fact("order", &orders.join(", "))?];
    if notice.lines.len() == 1 {
        facts.push(draft.fact("client", &first.name)?);
        facts.push(draft.fact("tax_id", first.tax_id.as_str())?);
        facts.push(draft.fact("package", &first.package)?);
        facts.push(draft.fact("fiscal_year", &first.fiscal_year.year().to_string())?);
    } else {
        facts.push(draft.fact("clients", &notice.lines.len().to_string())?);
    }
    facts.push(draft.fact("amount", &draft.say("order_notice.amount")?)?);
    draft.facts(facts);
    Ok(())
}

pub(super) fn how_to_pay(draft: &mut Draft<'_>, transfer: &Transfer) -> anyhow::Result<()> {
    let mut facts = account(draft, transfer)?;
    facts.push(draft.strong_fact("transfer_amount", &transfer.amount.to_string())?);
    facts.push(draft.strong_fact("memo", transfer.memo.as_str())?);
    draft.facts(facts);
    Ok(())
}

/// The account alone, where each sum stands beside its code.
pub(super) fn where_to_pay(draft: &mut Draft<'_>, transfer: &Transfer) -> anyhow::Result<()> {
    let facts = account(draft, transfer)?;
    draft.facts(facts);
    Ok(())
}

fn account(draft: &Draft<'_>, transfer: &Transfer) -> anyhow::Result<Vec<Fact>> {
    Ok(vec![
        draft.fact("bank", &transfer.bank)?,
        draft.strong_fact("account", &transfer.account)?,
        draft.fact("account_name", &transfer.account_name)?,
    ])
}

/// Every client with these details, its amount and its payment code.
pub(super) fn list_lines<const N: usize>(
    draft: &mut Draft<'_>,
    lines: &[NoticeLine],
    (details, code_label): ([&str; N], &str),
) -> anyhow::Result<()> {
    let items = lines.iter().map(|line| {
        let values = context! {
            tax_id => line.tax_id.as_str(),
            package => line.package.as_str(),
            fiscal_year => line.fiscal_year.year(),
            order => line.order.as_str(),
        };
        let say =
            |part: &&str| draft.say_with(&format!("order_notice.item.{part}"), values.clone());
        Ok(Item {
            title: one_line(&line.name),
            details: details.iter().map(say).collect::<anyhow::Result<_>>()?,
            amount: line.amount.to_string(),
            code_label: draft.say(code_label)?,
            code: line.payment_code.to_string(),
            ..Item::default()
        })
    });
    let items = items.collect::<anyhow::Result<Vec<Item>>>()?;
    draft.list(items);
    Ok(())
}

#[cfg(test)]
mod tests {
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
                    for needed in
                        [line.name.as_str(), line.payment_code.as_str(), line.tax_id.as_str()]
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
    fn a_notice_anew_of_what_works_has_its_last_day_and_the_one_reason_why_it_comes() {
        let works =
            Works { last_day: Some("30/11/2026".to_owned()), others_wait: false, before: true };
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
}
