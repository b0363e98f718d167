//! E-mail addresses as mail servers everywhere take them: ASCII, a local part and a domain with a dot.
//! Made-up and misspelt ones are well-formed; they are found by the checks.

use serde::{Deserialize, Serialize};

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
}
