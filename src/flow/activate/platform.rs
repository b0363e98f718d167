//! What a platform is asked and answers, by its API: activate, find by key, suspend, and who signs in.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use crate::{
    db::licences,
    domain::{
        client::CustomerType, email::Email, fiscal_year::FiscalYear, licence::LicenceState,
        order::OrderCode, phone::Phone, tax_id::TaxId, words::words,
    },
};

/// Create and activate one licence for one client and one fiscal year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationRequest {
    pub order_code: OrderCode,
    pub line: i64,
    pub kind: RequestKind,
    pub package: String,
    pub fiscal_year: FiscalYear,
    /// `None` when free or paid already.
    pub grace_days: Option<u32>,
    pub client: Client,
    pub accounting: Accounting,
    pub accounts: Accounts,
    pub databases: Databases,
}

/// To the platform a renewal is a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    Purchase,
    Free,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub tax_id: TaxId,
    pub name: String,
    pub r#type: CustomerType,
    pub address: Option<String>,
    pub contact_phone: Phone,
    pub representative: Representative,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Representative {
    pub name: String,
    pub title: Option<String>,
    pub email: Email,
    pub phone: Phone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounting {
    pub regime: String,
    pub vat_method: String,
    pub fiscal_year_start: NaiveDate,
    pub books_start: NaiveDate,
    pub currency: String,
    pub inventory_method: Option<String>,
}

/// Stop access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendRequest {
    pub reason: SuspendReason,
}

words! {
    /// Why access is stopped.
    pub enum SuspendReason {
        GraceExpired = "grace_expired",
        Cancelled = "cancelled",
    }
}

/// Replace the accounts of a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsRequest {
    pub accounts: Accounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Databases {
    pub per_fiscal_year: u32,
    pub initial: u32,
}

/// A licence as the platform has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    pub licence_id: String,
    pub status: LicenceState,
    pub activated_at: DateTime<Utc>,
    pub grace_until: Option<DateTime<Utc>>,
    pub logins: Vec<Login>,
}

/// A log-in with its links, which are handed on and never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub login: licences::Login,
    /// A one-time link to set a password, for a first log-in.
    pub setup_url: Option<String>,
    pub setup_expires_at: Option<DateTime<Utc>>,
    pub sign_in_url: String,
}

/// Why there is no licence.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// No, for good: the request must change.
    #[error("the platform refused: {code}: {detail}")]
    Refused { code: &'static str, detail: String },
    /// The key was used for another request: a fault of ours.
    #[error("the platform knows this key for another request")]
    Conflict,
    /// Nobody knows what became of it; the key will tell.
    #[error("the platform's answer was lost")]
    Lost(#[source] anyhow::Error),
}

impl PlatformError {
    /// As it is stored beside a request: the stable code first, then what else is known. `reason` puts it into words.
    pub fn stored(&self) -> String {
        match self {
            PlatformError::Refused { code, detail } => format!("{code}: {detail}"),
            PlatformError::Conflict => "idempotency_conflict".to_owned(),
            PlatformError::Lost(cause) => format!("lost: {cause:#}"),
        }
    }
}

impl From<sqlx::Error> for PlatformError {
    fn from(error: sqlx::Error) -> Self {
        PlatformError::Lost(error.into())
    }
}
