//! The letter that money which came was for something else: how much, under which codes it is now, and what is to be paid
//! after that. To whom it is said, and that it is so, is decided elsewhere.

use anyhow::Context;
use minijinja::{Value, context};

use super::{
    FirmBlock, Letter, NoticeLine, Rest,
    draft::Draft,
    order_notice::{how_to_pay, list_lines},
};
use crate::{
    domain::{money::Money, order::Recipient},
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub recipient: Recipient,
    pub to_name: String,
    pub firm: FirmBlock,
    /// Payment codes of others, or of other lists, and what of the money is under each; at least one.
    pub to: Vec<(String, Money)>,
    /// What of that counted for these lines before; the rest of it waited.
    pub counted: Money,
    /// All that came with the payment, and when.
    pub payment: (Money, String),
    /// Whom it was for before; at least one.
    pub lines: Vec<NoticeLine>,
    /// What is still to be paid for these.
    pub rest: Option<Rest>,
}

/// Writes the letter to whoever the money was for.
pub fn moved(texts: &Texts, said: &Moved) -> anyhow::Result<Letter> {
    let first = said.lines.first().context("A letter about money that was moved names nobody")?;
    let mut draft = Draft::new(texts, values(said, first))?;
    draft.paragraph("standing.greeting")?;
    draft.paragraph(&format!("payment_moved.intro.{}", said.recipient))?;
    draft.paragraph("payment_moved.what")?;
    let mut facts = Vec::new();
    for (code, amount) in &said.to {
        facts.push(draft.strong_fact("moved_to", &format!("{code} ({amount})"))?);
    }
    if said.lines.len() == 1 {
        facts.push(draft.fact("client", &first.name)?);
        facts.push(draft.fact("tax_id", first.tax_id.as_str())?);
        facts.push(draft.fact("payment_code", first.payment_code.as_str())?);
    } else {
        facts.push(draft.fact("clients", &said.lines.len().to_string())?);
    }
    facts.push(draft.fact("order", first.order.as_str())?);
    draft.facts(facts);
    if let Some(rest) = &said.rest {
        draft.heading("payment_moved.to_pay")?;
        how_to_pay(&mut draft, &rest.transfer)?;
        draft.picture("order_notice.picture", &rest.qr_cid)?;
    }
    draft.paragraph("payment_moved.after")?;
    if said.lines.len() > 1 {
        draft.heading("standing.list")?;
        list_lines(&mut draft, &said.lines, (["tax_id", "package"], "order_notice.item.code"))?;
    }
    draft.finish("payment_moved", &said.firm)
}

fn values(said: &Moved, first: &NoticeLine) -> Value {
    let (came, came_on) = &said.payment;
    let moved: Money = said.to.iter().map(|(_, amount)| *amount).sum();
    let codes: Vec<&str> = said.to.iter().map(|(code, _)| code.as_str()).collect();
    let transfer = said.rest.as_ref().map(|rest| &rest.transfer);
    context! {
        recipient => said.recipient.as_str(),
        to_name => said.to_name.as_str(),
        order => first.order.as_str(),
        order_count => 1,
        count => said.lines.len(),
        client => first.name.as_str(),
        tax_id => first.tax_id.as_str(),
        moved => moved.to_string(),
        moved_to => codes.join(", "),
        is_part => moved != *came,
        counted => (said.counted > Money::ZERO).then(|| said.counted.to_string()),
        waited => (said.counted < moved)
            .then(|| Money::dong(moved.as_dong() - said.counted.as_dong()).to_string()),
        came => came.to_string(),
        came_on,
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        ..said.firm.values()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn who_the_money_was_for_reads_how_much_of_it_is_now_under_which_code() {
        for recipient in Recipient::ALL {
            for lines in [1, 3] {
                let said = samples::moved(&samples::given(), *recipient, lines);
                for locale in [Locale::Vi, Locale::En] {
                    let letter = moved(Texts::of(locale), &said).unwrap();
                    assert!(letter.subject.contains("50.000 đ"), "{}", letter.subject);
                    for needed in [
                        "50.000 đ",
                        "3.000.000 đ",
                        "20/11/2026",
                        said.to[0].0.as_str(),
                        "Nguyễn Thị Lan",
                        "0101243150",
                        "DH-2611-000123",
                    ] {
                        let html = letter.html.replace("&#x2f;", "/");
                        assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                        assert!(html.contains(needed), "{needed}: {html}");
                    }
                    assert!(!letter.html.contains("cid:"), "nothing more is to be paid");
                }
            }
        }
    }

    #[test]
    fn what_is_to_be_paid_again_is_said_with_how_to_pay_it() {
        let mut said = samples::moved(&samples::given(), Recipient::Client, 1);
        let [all, notice] = [
            said.payment.0,
            samples::notice(&samples::given(), Recipient::Client, 1).lines[0].amount,
        ];
        said.to[0].1 = all;
        said.counted = notice;
        said.rest = samples::rest(&samples::given(), 1);
        for locale in [Locale::Vi, Locale::En] {
            let letter = moved(Texts::of(locale), &said).unwrap();
            assert!(letter.text.contains(&notice.to_string()), "{}", letter.text);
            // What was too much waited.
            assert!(letter.text.contains(" 50.000 đ"), "{}", letter.text);
            assert!(letter.text.contains("1023456789") && letter.html.contains("cid:"));
        }
    }
}
