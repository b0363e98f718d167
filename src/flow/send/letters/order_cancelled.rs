//! The letter that an order, or a part of it, was cancelled: what is not to be paid any more, and what still is.
//! Only who got the order notice gets it; whether money goes back is decided elsewhere.

use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::{
    FirmBlock, Letter, NoticeLine, Transfer,
    draft::Draft,
    order_notice::{how_to_pay, list_lines},
};
use crate::{
    domain::{
        money::Money,
        order::{OrderCode, Recipient},
    },
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    pub recipient: Recipient,
    pub to_name: String,
    pub firm: FirmBlock,
    pub order: OrderCode,
    /// What was cancelled; at least one, with the codes that are of no use any more.
    pub lines: Vec<NoticeLine>,
    /// How many of these worked already.
    pub stopped: usize,
    /// What was paid for these before, and neither pays for anything else nor goes back yet.
    pub received: Money,
    /// What of it is planned to go back, and did not go.
    pub returns: Money,
    /// What this payer has still to pay in the batch.
    pub rest: Option<Rest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    pub lines: usize,
    pub transfer: Transfer,
    /// Content id of the VietQR picture, without `cid:`.
    pub qr_cid: String,
}

/// Writes the letter to whoever got the notice.
pub fn order_cancelled(texts: &Texts, said: &OrderCancelled) -> anyhow::Result<Letter> {
    let Some(first) = said.lines.first() else {
        anyhow::bail!("A letter about the cancelled {} has no lines", said.order);
    };
    let mut draft = Draft::new(texts, values(said, first))?;
    let for_recipient = |part: &str| format!("order_cancelled.{part}.{}", said.recipient);
    draft.paragraph("order_cancelled.greeting")?;
    draft.paragraph(&for_recipient("intro"))?;
    draft.paragraph("order_cancelled.stopped")?;
    what_was_cancelled(&mut draft, said, first)?;
    draft.paragraph("order_cancelled.not_to_pay")?;
    draft.paragraph("order_cancelled.received")?;
    if let Some(rest) = &said.rest {
        draft.heading("order_cancelled.rest")?;
        draft.paragraph("order_cancelled.rest_text")?;
        how_to_pay(&mut draft, &rest.transfer)?;
        draft.picture("order_notice.picture", &rest.qr_cid)?;
    }
    draft.note("order_notice.genuine.title", &for_recipient("genuine"))?;
    if said.lines.len() > 1 {
        draft.heading("order_cancelled.list")?;
        list_lines(&mut draft, &said.lines, (["tax_id", "package"], "fact.cancelled_code"))?;
    }
    draft.finish("order_cancelled", &said.firm)
}

fn values(said: &OrderCancelled, first: &NoticeLine) -> Value {
    let transfer = said.rest.as_ref().map(|rest| &rest.transfer);
    context! {
        recipient => said.recipient.as_str(),
        to_name => said.to_name.as_str(),
        order => said.order.as_str(),
        order_count => 1,
        count => said.lines.len(),
        stopped => said.stopped,
        received => (said.received != Money::ZERO).then(|| said.received.to_string()),
        returns => (said.returns != Money::ZERO).then(|| said.returns.to_string()),
        client => first.name.as_str(),
        tax_id => first.tax_id.as_str(),
        rest => said.rest.is_some(),
        rest_count => said.rest.as_ref().map_or(0, |rest| rest.lines),
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        ..said.firm.values()
    }
}

/// The one client in full, or how many there are.
fn what_was_cancelled(
    draft: &mut Draft<'_>,
    said: &OrderCancelled,
    first: &NoticeLine,
) -> anyhow::Result<()> {
    let mut facts = vec![draft.fact("order", said.order.as_str())?];
    if said.lines.len() == 1 {
        facts.push(draft.fact("client", &first.name)?);
        facts.push(draft.fact("tax_id", first.tax_id.as_str())?);
        facts.push(draft.fact("package", &first.package)?);
        facts.push(draft.fact("fiscal_year", &first.fiscal_year.year().to_string())?);
        facts.push(draft.fact("cancelled_amount", &first.amount.to_string())?);
        facts.push(draft.fact("cancelled_code", first.payment_code.as_str())?);
    } else {
        let total: Money = said.lines.iter().map(|line| line.amount).sum();
        facts.push(draft.fact("clients", &said.lines.len().to_string())?);
        facts.push(draft.fact("cancelled_amount", &total.to_string())?);
    }
    draft.facts(facts);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    fn in_both_languages(said: &OrderCancelled) -> [Letter; 2] {
        [Locale::Vi, Locale::En].map(|locale| order_cancelled(Texts::of(locale), said).unwrap())
    }

    #[test]
    fn a_payer_is_told_what_is_not_to_be_paid_and_by_whom() {
        for recipient in Recipient::ALL {
            for letter in
                in_both_languages(&samples::cancelled(&samples::given(), *recipient, 1, 0))
            {
                for needed in [
                    "Nguyễn Văn Hùng",
                    "Công ty TNHH Dịch vụ Kế toán Minh An",
                    "Nguyễn Thị Lan",
                    "0912 345 678",
                    "Công ty TNHH Thương mại Hoa Sen 1",
                    "0101243150",
                    "DH-2611-000123",
                    "2.950.000 đ",
                    samples::cancelled(&samples::given(), *recipient, 1, 0).lines[0]
                        .payment_code
                        .as_str(),
                ] {
                    assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                    assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
                }
                assert!(!letter.html.contains("cid:"), "nothing is left to pay");
                assert!(letter.subject.contains("DH-2611-000123"));
            }
        }
    }

    #[test]
    fn what_is_left_to_pay_comes_with_its_new_sum_and_picture() {
        let said = samples::cancelled(&samples::given(), Recipient::Firm, 2, 3);
        for letter in in_both_languages(&said) {
            assert!(letter.text.contains("8.850.000 đ") && letter.html.contains("cid:qr@hangloat"));
            for line in &said.lines {
                assert!(letter.text.contains(&line.name) && letter.html.contains(&line.name));
            }
        }
    }

    #[test]
    fn money_that_came_for_what_was_cancelled_is_named() {
        let mut said = samples::cancelled(&samples::given(), Recipient::Client, 1, 0);
        let [before, _] = in_both_languages(&said);
        assert!(!before.text.contains("1.000.000"), "{}", before.text);
        said.received = Money::dong(1_000_000);
        for letter in in_both_languages(&said) {
            assert!(letter.text.contains("1.000.000 đ"), "{}", letter.text);
            assert!(letter.html.contains("1.000.000 đ"), "{}", letter.html);
        }
    }

    #[test]
    fn money_that_is_on_its_way_back_is_named() {
        let mut said = samples::cancelled(&samples::given(), Recipient::Client, 1, 0);
        said.returns = Money::dong(1_000_000);
        let [vi, en] = in_both_languages(&said);
        assert!(vi.text.contains("sẽ được hoàn trả 1.000.000 đ"), "{}", vi.text);
        assert!(en.text.contains("1.000.000 đ that had been received will be"), "{}", en.text);
    }

    #[test]
    fn software_that_worked_is_said_to_have_stopped() {
        let mut said = samples::cancelled(&samples::given(), Recipient::Client, 1, 0);
        let [before, _] = in_both_languages(&said);
        said.stopped = 1;
        let [vi, en] = in_both_languages(&said);
        assert!(!before.text.contains("ngừng") && vi.text.contains("ngừng"), "{}", vi.text);
        assert!(en.text.contains("stopped"), "{}", en.text);
    }
}
