//! The order notice in the few plain letters of an SMS: no accents, no link. How it reaches a phone is `send::sms`'s business.

use minijinja::context;

use super::{FirmBlock, Transfer};
use crate::{
    domain::fold::without_accents,
    text::{Texts, one_line},
};

/// What the message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    pub firm: FirmBlock,
    /// The first client.
    pub client: String,
    /// How many clients the transfer pays for.
    pub count: usize,
    pub transfer: Transfer,
}

pub fn sms(texts: &Texts, said: &Sms) -> Result<String, minijinja::Error> {
    let transfer = &said.transfer;
    let values = context! {
        client => said.client.as_str(),
        count => said.count,
        bank => transfer.bank.as_str(),
        account => transfer.account.as_str(),
        account_name => transfer.account_name.as_str(),
        amount => transfer.amount.to_string(),
        memo => transfer.memo.as_str(),
        ..said.firm.values()
    };
    Ok(without_accents(&one_line(&texts.fill("letter.sms.order_notice", values)?)))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::{locale::Locale, order::Recipient};

    #[test]
    fn a_message_is_short_plain_and_has_no_link() {
        for locale in [Locale::Vi, Locale::En] {
            for lines in [1, 3] {
                let notice = samples::notice(&samples::given(), Recipient::Client, lines);
                let said = Sms {
                    firm: notice.firm,
                    client: notice.lines[0].name.clone(),
                    count: notice.lines.len(),
                    transfer: notice.transfer.clone().unwrap(),
                };
                let text = sms(Texts::of(locale), &said).unwrap();
                assert!(text.is_ascii() && !text.contains("http"), "{text}");
                assert!(text.len() <= 2 * 153, "more than two messages: {text}");
                let memo = notice.transfer.unwrap().memo;
                for needed in ["1023456789", "0912 345 678", memo.as_str()] {
                    assert!(text.contains(needed), "{needed} in {text}");
                }
            }
        }
    }
}
