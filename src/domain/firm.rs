//! The accounting firm that orders: one admin, any number of staff.

use serde::{Deserialize, Serialize};

use super::{
    email::Email, fold::fold, phone::Phone, tax_id::TaxId, words::checked_text, words::words,
};

/// Short name of a firm, also the name of its inbox folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FirmCode(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no firm code: 1 to 32 of A–Z, a–z, 0–9, `-` and `_`, beginning with a letter or digit"
)]
pub struct FirmCodeError(String);

impl std::str::FromStr for FirmCode {
    type Err = FirmCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if fits { Ok(FirmCode(text.to_owned())) } else { Err(FirmCodeError(text.to_owned())) }
    }
}
checked_text!(FirmCode, FirmCodeError);

impl FirmCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

words! {
    /// What a member of the firm may do in a client's data.
    pub enum StaffRole {
        Manager = "manager",
        DataEntry = "data_entry",
    }
}

/// The firm's admin, who is also admin of every client's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    pub name: String,
    pub email: Email,
    pub phone: Option<Phone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    pub name: String,
    pub email: Email,
    pub role: StaffRole,
    /// What lists call the member, too.
    pub aliases: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firm {
    pub code: FirmCode,
    pub name: String,
    pub tax_id: Option<TaxId>,
    pub admin: Admin,
    pub staff: Vec<Staff>,
}

impl Firm {
    /// The e-mail of the member of the firm that `text` names: by e-mail, name or alias.
    pub fn member(&self, text: &str) -> Option<&Email> {
        let key = fold(text);
        let called = |staff: &'_ Staff| staff.aliases.iter().any(|alias| fold(alias) == key);
        if let Some(staff) = self.staff.iter().find(|staff| called(staff)) {
            return Some(&staff.email);
        }
        let people = self.staff.iter().map(|staff| (&staff.name, &staff.email));
        std::iter::once((&self.admin.name, &self.admin.email))
            .chain(people)
            .find(|(name, email)| {
                email.as_str().eq_ignore_ascii_case(text.trim()) || fold(name) == key
            })
            .map(|(_, email)| email)
    }

    /// Everybody of the firm, the admin first.
    pub fn members(&self) -> impl Iterator<Item = &Email> {
        std::iter::once(&self.admin.email).chain(self.staff.iter().map(|staff| &staff.email))
    }

    /// Whether an address is that of one of them.
    pub fn has_member(&self, email: &str) -> bool {
        self.members().any(|member| member.as_str() == email)
    }

    /// The name that goes with a member's e-mail.
    pub fn name_of(&self, email: &Email) -> Option<&str> {
        if self.admin.email == *email {
            return Some(&self.admin.name);
        }
        self.staff.iter().find(|staff| staff.email == *email).map(|staff| staff.name.as_str())
    }
}
