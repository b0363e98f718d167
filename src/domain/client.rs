//! A client: the row of a list as meant, every field checked.
//! How texts become these fields is the business of `flow::check`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    email::Email,
    fiscal_year::FiscalYear,
    order::{Kind, Recipient},
    phone::Phone,
    tax_id::TaxId,
    words::{listed_word, words},
};

words! {
    /// Enterprises and household businesses never stand in one order.
    pub enum CustomerType {
        Enterprise = "enterprise",
        Household = "household",
    }
}

listed_word! {
    /// How a client declares value-added tax (Law 48/2024 Art. 11–12): `deduction`, `direct_revenue` …
    pub struct VatMethod
}

listed_word! {
    /// The accounting circular that a client's books follow: `TT99`, `TT133` …
    pub struct Regime
}

words! {
    /// How stock issues are valued.
    pub enum InventoryMethod {
        AveragePeriod = "average_period",
        AverageMoving = "average_moving",
        Specific = "specific",
        Fifo = "fifo",
    }
}

/// One client with all that an order line needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRow {
    pub name: String,
    pub tax_id: TaxId,
    pub old_tax_id: Option<TaxId>,
    pub customer_type: CustomerType,
    pub representative: String,
    pub representative_title: Option<String>,
    /// With the phone, the identity of the log-in.
    pub email: Email,
    pub phone: Phone,
    /// Only for calls.
    pub contact_phone: Phone,
    pub address: Option<String>,
    pub kind: Kind,
    pub package: String,
    pub fiscal_year: FiscalYear,
    pub vat_method: VatMethod,
    pub regime: Regime,
    pub fiscal_year_start: NaiveDate,
    pub books_start: NaiveDate,
    /// ISO 4217.
    pub currency: String,
    pub inventory_method: Option<InventoryMethod>,
    pub recipient: Recipient,
    pub recipient_name: Option<String>,
    pub recipient_email: Option<Email>,
    pub recipient_phone: Option<Phone>,
    pub invoice_to: Recipient,
    pub invoice_name: Option<String>,
    pub invoice_tax_id: Option<TaxId>,
    pub invoice_address: Option<String>,
    pub invoice_email: Option<Email>,
    pub registered_by: Option<Email>,
    pub assigned_to: Option<Email>,
    pub note: Option<String>,
    pub external_id: Option<String>,
}
