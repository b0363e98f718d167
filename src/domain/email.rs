//! E-mail addresses as mail servers everywhere take them: ASCII, a local part and a domain with a dot.
//! Made-up and misspelt ones are well-formed; they are found by the checks.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::words::checked_text;

/// An e-mail address in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address")]
pub struct EmailError;

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// For logs: `l***@m***.example`.
    pub fn masked(&self) -> String {
        let first = |text: &str| text.chars().take(1).collect::<String>();
        let top = self.domain().rsplit('.').next().unwrap_or_default();
        format!("{}***@{}***.{top}", first(self.local_part()), first(self.domain()))
    }
}

/// An address and whether it had to be freed from something around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEmail {
    pub email: Email,
    pub is_repaired: bool,
}

impl Email {
    /// Reads what a person or another program wrote: `Lan <lan@x.vn>`, `mailto:lan@x.vn`, `lan @x.vn;`. It is refused
    /// where more than one address, or anything but a name before one in angles, is in the text.
    pub fn read(text: &str) -> Result<ReadEmail, EmailError> {
        if let Ok(email) = text.parse() {
            let is_repaired = text.trim().starts_with('\'');
            if !is_repaired {
                return Ok(ReadEmail { email, is_repaired });
            }
        }
        let plain = plain(text);
        let [address] = &addresses(&plain)[..] else { return Err(EmailError) };
        let before = plain.split('<').next().unwrap_or_default();
        let is_named = plain.contains('<') && !before.contains('@');
        let rest = if is_named { plain.replacen(before, "", 1) } else { plain.clone() };
        let nothing_else = parts(&rest).all(|part| part.contains('@'));
        let found = ReadEmail { email: address.clone(), is_repaired: true };
        nothing_else.then_some(found).ok_or(EmailError)
    }
}

/// The address that was probably meant in a text that is none: the first of several, or the one among other words.
pub fn likely(text: &str) -> Option<Email> {
    let plain = plain(text);
    let squeezed = || plain.split_whitespace().collect::<String>().parse().ok();
    let dotted = || plain.replace(',', ".").parse().ok();
    addresses(&plain).first().cloned().or_else(squeezed).or_else(dotted)
}

/// Full-width letters as usual ones, nothing invisible, no `mailto:`, no blanks around the @.
fn plain(text: &str) -> String {
    let invisible =
        |c: &char| matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}' | '\u{AD}');
    let text: String = text.nfkc().filter(|c| !invisible(c)).collect();
    let text = text.to_lowercase().replace("mailto:", " ");
    text.split('@').map(str::trim).collect::<Vec<_>>().join("@")
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_whitespace() || "<>;,\"()[]|".contains(c));
    // One slash may belong to an address; before a second address it parts them.
    let parts = parts.flat_map(|part| {
        let several = part.matches('@').count() > 1;
        part.split(move |c| several && c == '/')
    });
    let parts = parts
        .map(|part| part.trim_start_matches(['\'', '.', ':']).trim_end_matches(['\'', '.', ':']));
    parts.filter(|part| !part.is_empty())
}

/// Each once.
fn addresses(text: &str) -> Vec<Email> {
    let mut found: Vec<Email> = Vec::new();
    for email in parts(text).filter_map(|part| part.parse().ok()) {
        if !found.contains(&email) {
            found.push(email);
        }
    }
    found
}

impl std::str::FromStr for Email {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        if local_part_holds(local) && domain_holds(domain) {
            Ok(Email(text))
        } else {
            Err(EmailError)
        }
    }
}
checked_text!(Email, EmailError);

fn local_part_holds(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty())
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
}

fn domain_holds(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label)
        && top.len() >= 2
        && top.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_name_an_at_and_a_domain_with_a_dot() {
        for text in ["lan@minhan.example", "a.b+c@x-y.com.vn", " Lan@MinhAn.Example "] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        for text in [
            "lan",
            "lan@",
            "@x.vn",
            "lan@vn",
            "a b@x.vn",
            "nguyễn@x.vn",
            "a..b@x.vn",
            "a@x..vn",
            "a@b@c.vn",
            "a@x.vn, b@x.vn",
            "a@x.1",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_masked_address_names_nobody() {
        assert_eq!("lan@minhan.example".parse::<Email>().unwrap().masked(), "l***@m***.example");
    }

    #[test]
    fn one_address_is_read_out_of_what_stands_around_it() {
        for text in [
            "Lan <lan@x.vn>",
            "\"Nguyễn Thị Lan\" <Lan@x.vn>",
            "<lan@x.vn>",
            "mailto:lan@x.vn",
            "lan@x.vn<mailto:lan@x.vn>",
            "lan@x.vn;",
            "lan@x.vn.",
            "lan@x.vn, lan@x.vn",
            "lan @ x.vn",
            "lan @x.vn",
            "lan＠x.vn",
            "'lan@x.vn",
            "lan@x.vn\u{200B}",
        ] {
            let read = Email::read(text).unwrap();
            assert_eq!((read.email.as_str(), read.is_repaired), ("lan@x.vn", true), "{text}");
        }
        assert!(!Email::read(" Lan@x.vn ").unwrap().is_repaired);
    }

    #[test]
    fn where_something_must_be_guessed_it_is_left_to_a_person() {
        for (text, suggestion) in [
            ("lan@x.vn; hoa@x.vn", Some("lan@x.vn")),
            ("lan@x.vn/hoa@x.vn", Some("lan@x.vn")),
            ("lan@x.vn (kế toán)", Some("lan@x.vn")),
            ("chị Lan lan@x.vn", Some("lan@x.vn")),
            ("lan@x .vn", Some("lan@x.vn")),
            ("lan@x,vn", Some("lan@x.vn")),
            ("l\u{430}n@x.vn", None),
            ("nguyễn@x.vn", None),
            ("lan", None),
        ] {
            assert_eq!(Email::read(text), Err(EmailError), "{text}");
            assert_eq!(likely(text).as_ref().map(Email::as_str), suggestion, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it_and_an_address_that_was_read_is_read_again(
            text in "(\\PC*|[a-c@.,;<> /']{0,20})",
        ) {
            if let Ok(read) = Email::read(&text) {
                let again = ReadEmail { email: read.email.clone(), is_repaired: false };
                let is_quoted = read.email.as_str().starts_with('\'');
                proptest::prop_assert!(!is_quoted);
                proptest::prop_assert_eq!(Email::read(read.email.as_str()), Ok(again));
            }
            let _ = likely(&text);
        }
    }
}
