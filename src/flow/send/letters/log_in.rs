//! The log-in letter: how a client first sets a password, or signs in as before; and the firm's copy.
//! Links are made elsewhere; the firm's copy holds none, whatever it is given.

use anyhow::Context;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::{FirmBlock, Letter, Turn, draft::Draft};
use crate::{
    domain::{fiscal_year::FiscalYear, order::OrderCode, tax_id::TaxId},
    text::Texts,
};

/// What a log-in letter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIn {
    /// A password is to be set; else the account has one.
    pub first_time: bool,
    pub copy_for_firm: bool,
    pub turn: Turn,
    pub to_name: String,
    pub client_name: String,
    pub tax_id: TaxId,
    pub firm: FirmBlock,
    /// The name of the package, not its code.
    pub package: String,
    pub fiscal_year: FiscalYear,
    /// Nothing is to be paid for the year.
    pub is_free: bool,
    pub order: OrderCode,
    pub log_in_email: String,
    /// The one-time link to set a password, in the client's first letter alone.
    pub link: Option<String>,
    pub sign_in_url: String,
    /// When the link ends, as people write it.
    pub expires: Option<String>,
}

/// Writes the log-in letter to the client, or the copy of it to the firm.
pub fn log_in(texts: &Texts, log_in: &LogIn) -> anyhow::Result<Letter> {
    let form = match (log_in.first_time, log_in.copy_for_firm) {
        (true, false) => "first",
        (false, false) => "existing",
        (true, true) => "first_copy",
        (false, true) => "existing_copy",
    };
    let key = |part: &str| format!("log_in.{form}.{part}");
    let mut draft = Draft::new(texts, values(log_in))?;
    draft.paragraph("log_in.greeting")?;
    draft.paragraph("log_in.anew")?;
    draft.paragraph(&key("intro"))?;
    if !log_in.copy_for_firm {
        draft.button(&key("button"), target(log_in)?)?;
    }
    draft.paragraph("log_in.free")?;
    draft.paragraph(&key("once"))?;
    draft.paragraph(&key("later"))?;
    facts(&mut draft, log_in)?;
    if !log_in.copy_for_firm {
        draft.note("log_in.genuine.title", "log_in.genuine.text")?;
    }
    draft.finish(&format!("log_in.{form}"), &log_in.firm)
}

/// Where the button leads.
fn target(log_in: &LogIn) -> anyhow::Result<&str> {
    if !log_in.first_time {
        return Ok(&log_in.sign_in_url);
    }
    let order = &log_in.order;
    log_in.link.as_deref().with_context(|| {
        format!("The first log-in letter of {order} has no link to set a password; make one first")
    })
}

fn values(log_in: &LogIn) -> Value {
    context! {
        anew => log_in.turn == Turn::Anew,
        copy => log_in.copy_for_firm,
        to_name => log_in.to_name.as_str(),
        client => log_in.client_name.as_str(),
        tax_id => log_in.tax_id.as_str(),
        log_in_email => log_in.log_in_email.as_str(),
        sign_in_url => log_in.sign_in_url.as_str(),
        expires => log_in.expires.as_deref(),
        is_free => log_in.is_free,
        year => log_in.fiscal_year.year(),
        order_count => 1,
        ..log_in.firm.values()
    }
}

fn facts(draft: &mut Draft<'_>, log_in: &LogIn) -> anyhow::Result<()> {
    let facts = vec![
        draft.fact("client", &log_in.client_name)?,
        draft.fact("tax_id", log_in.tax_id.as_str())?,
        draft.fact("package", &log_in.package)?,
        draft.fact("fiscal_year", &log_in.fiscal_year.year().to_string())?,
        draft.fact("order", log_in.order.as_str())?,
        draft.strong_fact("log_in_email", &log_in.log_in_email)?,
        draft.fact("sign_in_url", &log_in.sign_in_url)?,
    ];
    draft.facts(facts);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    fn in_both_languages(letter: &LogIn) -> [Letter; 2] {
        [Locale::Vi, Locale::En].map(|locale| log_in(Texts::of(locale), letter).unwrap())
    }

    const FORMS: [(bool, bool); 4] = [(true, false), (false, false), (true, true), (false, true)];

    #[test]
    fn every_log_in_letter_names_the_firm_its_accountant_and_the_client() {
        for (first_time, copy_for_firm) in FORMS {
            for letter in
                in_both_languages(&samples::log_in(&samples::given(), first_time, copy_for_firm))
            {
                for needed in [
                    "Công ty TNHH Dịch vụ Kế toán Minh An",
                    "Nguyễn Thị Lan",
                    "0912 345 678",
                    "Công ty TNHH Thương mại Hoa Sen",
                    "0101243150",
                    "hung@hoasen.example",
                    "DH-2611-000123",
                    "ASP Kế toán – Doanh nghiệp",
                ] {
                    assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                    assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
                }
            }
        }
    }

    #[test]
    fn the_first_letter_has_the_link_and_when_it_ends() {
        for letter in in_both_languages(&samples::log_in(&samples::given(), true, false)) {
            assert!(letter.text.contains(samples::LINK) && letter.html.contains("TOKEN"));
            assert!(letter.text.contains("25/11/2026"));
        }
        let mut without = samples::log_in(&samples::given(), true, false);
        without.link = None;
        assert!(log_in(Texts::of(Locale::Vi), &without).is_err());
    }

    #[test]
    fn an_existing_account_is_led_to_the_sign_in_page() {
        for letter in in_both_languages(&samples::log_in(&samples::given(), false, false)) {
            assert!(
                letter.text.contains("https://app.example/login") && !letter.html.contains("TOKEN")
            );
        }
    }

    #[test]
    fn the_copy_for_the_firm_never_holds_the_link() {
        for first_time in [true, false] {
            let given = LogIn {
                link: Some(samples::LINK.to_owned()),
                ..samples::log_in(&samples::given(), first_time, true)
            };
            for letter in in_both_languages(&given) {
                let whole = format!("{}{}{}", letter.subject, letter.text, letter.html);
                assert!(!whole.contains("TOKEN") && !whole.contains("href="), "{whole}");
            }
        }
    }

    #[test]
    fn a_letter_anew_says_why_it_comes_and_what_is_void() {
        for (first_time, copy_for_firm) in FORMS {
            let first = samples::log_in(&samples::given(), first_time, copy_for_firm);
            let again = LogIn { turn: Turn::Anew, ..first.clone() };
            let said = [("đã sửa", "không còn dùng nữa"), ("orrected", "is void")];
            let both = in_both_languages(&first).into_iter().zip(in_both_languages(&again));
            for ((first, again), (why, void)) in both.zip(said) {
                assert_ne!(first.subject, again.subject);
                assert!(again.subject.contains(why), "{}", again.subject);
                assert!(again.text.contains(void) && again.html.contains(void), "{}", again.text);
                assert!(!first.text.contains(void), "{}", first.text);
            }
        }
    }

    #[test]
    fn a_name_is_never_markup_and_never_a_second_header() {
        let mut given = samples::log_in(&samples::given(), true, false);
        given.client_name = "Hoa <b>Sen</b>\nBcc: a@b.example".to_owned();
        for letter in in_both_languages(&given) {
            assert!(letter.html.contains("Hoa &lt;b&gt;Sen") && !letter.html.contains("<b>Sen"));
            assert!(!letter.subject.contains('\n'));
        }
    }
}
