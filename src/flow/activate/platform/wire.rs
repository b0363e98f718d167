//! What a platform is asked and answers, as its API writes it.
//! Who asks, and how an answer is understood, is decided beside it.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    db::licences,
    domain::{
        client::CustomerType, email::Email, fiscal_year::FiscalYear, licence::LicenceState,
        order::OrderCode, phone::Phone, tax_id::TaxId, words::words,
    },
    flow::activate::accounts::Accounts,
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

/// The licence is paid: ends the grace, and resumes a suspended one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidRequest {
    pub payment_reference: String,
    pub paid_on: NaiveDate,
}

/// A licence as the platform has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    pub licence_id: String,
    pub idempotency_key: String,
    pub order_code: String,
    pub line: i64,
    pub tax_id: String,
    pub package: String,
    pub fiscal_year: i64,
    pub status: LicenceState,
    pub activated_at: DateTime<Utc>,
    #[serde(default)]
    pub grace_until: Option<DateTime<Utc>>,
    #[serde(default)]
    pub paid_on: Option<NaiveDate>,
    pub updated_at: DateTime<Utc>,
    pub logins: Vec<Login>,
}

/// A log-in with its links, which are handed on and never stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    #[serde(flatten)]
    pub login: licences::Login,
    /// A one-time link to set a password, for a first log-in.
    #[serde(default)]
    pub setup_url: Option<String>,
    #[serde(default)]
    pub setup_expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub sign_in_url: String,
}

/// Who has the link has the licence.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Some of all licences, the oldest change first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub items: Vec<Licence>,
    /// Where the next ones begin; nothing behind the last.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// What is wrong with a request (RFC 9457); `code` is stable, `field` a JSON pointer to what is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub code: String,
    #[serde(default)]
    pub field: Option<String>,
    #[serde(default)]
    pub detail: Option<String>,
}
