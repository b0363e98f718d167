//! `[email]` of `rules.toml`: addresses that nobody has, and domains that are misspelt.
//! Which finding follows is said by the checks.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use crate::domain::email::Email;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EmailsWritten {
    placeholders: Vec<String>,
    providers: Vec<String>,
    domain_typos: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct Emails {
    /// Local parts of addresses that nobody has.
    placeholders: HashSet<String>,
    /// Of mail, whose names are misspelt.
    providers: Vec<String>,
    domain_typos: HashMap<String, String>,
}

impl From<EmailsWritten> for Emails {
    fn from(written: EmailsWritten) -> Emails {
        let lower = |text: String| text.to_lowercase();
        let typos = written.domain_typos.into_iter();
        Emails {
            placeholders: written.placeholders.into_iter().map(lower).collect(),
            providers: written.providers.into_iter().map(lower).collect(),
            domain_typos: typos.map(|(wrong, right)| (lower(wrong), lower(right))).collect(),
        }
    }
}

impl Emails {
    /// `khongco@…`: written because something had to be.
    pub fn is_placeholder(&self, email: &Email) -> bool {
        self.placeholders.contains(email.local_part())
    }

    /// The domain that was probably meant: by the table of typos, or one slip away from that of a big provider.
    pub fn domain_suggestion(&self, email: &Email) -> Option<&str> {
        let domain = email.domain();
        if let Some(right) = self.domain_typos.get(domain) {
            return Some(right);
        }
        let is_right = self.providers.iter().any(|provider| provider == domain);
        let mut near = self.providers.iter().filter(|provider| is_slip(domain, provider));
        near.next().filter(|_| !is_right).map(String::as_str)
    }
}

/// One letter too many, too few, wrong or swapped, in the name or in what follows it, but not at the beginning:
/// `email.com` and `ymail.com` are others than `gmail.com`. Two letters at the end are those of a country.
fn is_slip(domain: &str, provider: &str) -> bool {
    let (Some((name, end)), Some((right_name, right_end))) =
        (domain.split_once('.'), provider.split_once('.'))
    else {
        return false;
    };
    let in_name = end == right_end
        && name.as_bytes().first() == right_name.as_bytes().first()
        && strsim::osa_distance(name, right_name) == 1;
    let is_country = |end: &str| end.rsplit('.').next().is_some_and(|end| end.len() == 2);
    let in_end = name == right_name
        && is_country(end) == is_country(right_end)
        && end != right_end
        && strsim::osa_distance(end, right_end) == 1;
    in_name || (in_end && !is_country(end))
}
