//! The letter that money went back: how much, when and under which reference, to whom it came from.
//! That it goes back, and that it went, is said elsewhere.

use anyhow::Context;
use minijinja::{Value, context};

use super::{FirmBlock, Letter, NoticeLine, draft::Draft, order_notice::list_lines};
use crate::{
    domain::{money::Money, order::Recipient},
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    pub recipient: Recipient,
    pub to_name: String,
    pub firm: FirmBlock,
    pub amount: Money,
    /// When it went: `25/11/2026`.
    pub day: String,
    /// The bank's, where one is known.
    pub reference: Option<String>,
    /// All that came with the payment, and when.
    pub payment: (Money, String),
    /// Whom the payment was for; at least one.
    pub lines: Vec<NoticeLine>,
}

/// Writes the letter to whoever paid.
pub fn returned(texts: &Texts, said: &Returned) -> anyhow::Result<Letter> {
    let first = said.lines.first().context("A letter about money that went back names nobody")?;
    let mut draft = Draft::new(texts, values(said, first))?;
    draft.paragraph("standing.greeting")?;
    draft.paragraph(&format!("payment_returned.intro.{}", said.recipient))?;
    let (came, came_on) = &said.payment;
    let mut facts = vec![
        draft.strong_fact("returned", &said.amount.to_string())?,
        draft.fact("returned_on", &said.day)?,
    ];
    if let Some(reference) = &said.reference {
        facts.push(draft.strong_fact("reference", reference)?);
    }
    facts.push(draft.fact("came", &came.to_string())?);
    facts.push(draft.fact("came_on", came_on)?);
    if said.lines.len() == 1 {
        facts.push(draft.fact("client", &first.name)?);
        facts.push(draft.fact("tax_id", first.tax_id.as_str())?);
        facts.push(draft.fact("payment_code", first.payment_code.as_str())?);
    } else {
        facts.push(draft.fact("clients", &said.lines.len().to_string())?);
    }
    facts.push(draft.fact("order", first.order.as_str())?);
    draft.facts(facts);
    draft.paragraph("payment_returned.after")?;
    if said.lines.len() > 1 {
        draft.heading("standing.list")?;
        list_lines(&mut draft, &said.lines, (["tax_id", "package"], "order_notice.item.code"))?;
    }
    draft.finish("payment_returned", &said.firm)
}

fn values(said: &Returned, first: &NoticeLine) -> Value {
    context! {
        recipient => said.recipient.as_str(),
        to_name => said.to_name.as_str(),
        order => first.order.as_str(),
        order_count => 1,
        count => said.lines.len(),
        client => first.name.as_str(),
        tax_id => first.tax_id.as_str(),
        returned => said.amount.to_string(),
        day => said.day.as_str(),
        reference => said.reference.as_deref(),
        ..said.firm.values()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn who_paid_reads_how_much_went_back_when_and_under_which_reference() {
        for recipient in Recipient::ALL {
            for lines in [1, 3] {
                let said = samples::returned(&samples::given(), *recipient, lines);
                for locale in [Locale::Vi, Locale::En] {
                    let letter = returned(Texts::of(locale), &said).unwrap();
                    assert!(letter.subject.contains("1.000.000 đ"), "{}", letter.subject);
                    for needed in [
                        "1.000.000 đ",
                        "25/11/2026",
                        "FT26329000017",
                        "3.950.000 đ",
                        "20/11/2026",
                        "Công ty TNHH Dịch vụ Kế toán Minh An",
                        "Nguyễn Thị Lan",
                        "0912 345 678",
                        "Công ty TNHH Thương mại Hoa Sen 1",
                        "0101243150",
                        "DH-2611-000123",
                    ] {
                        let html = letter.html.replace("&#x2f;", "/");
                        assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                        assert!(html.contains(needed), "{needed}: {html}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_reference_that_nobody_knows_is_left_out() {
        let mut said = samples::returned(&samples::given(), Recipient::Client, 1);
        said.reference = None;
        let vi = returned(Texts::of(Locale::Vi), &said).unwrap();
        assert!(!vi.text.contains("tham chiếu"), "{}", vi.text);
    }
}
