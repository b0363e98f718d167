//! Orders, lines and payment requests: their words, codes and states.
//! Who moves a state on is said beside it; the database checks the same sets.

use std::fmt;

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    money::Money,
    words::{checked_text, words},
};

words! {
    /// Why a licence is ordered.
    pub enum Kind {
        Purchase = "purchase",
        /// One fiscal year, once for a client, without payment.
        Free = "free",
        /// The next year of a client that has a licence.
        Renewal = "renewal",
    }
}

impl Kind {
    /// What a line of this kind costs where its package costs so much.
    pub fn price(self, of_package: Money) -> Money {
        if self == Kind::Free { Money::ZERO } else { of_package }
    }

    /// Nothing is to be paid for a free year, so nothing is waited for.
    pub fn activates_when_confirmed(self) -> bool {
        self == Kind::Free
    }
}

words! {
    /// Who gets the order notice and pays; and who the e-invoice is for.
    pub enum Recipient {
        Client = "client",
        Firm = "firm",
        Other = "other",
    }
}

words! {
    /// The life of an order.
    pub enum OrderState {
        /// Waits for the accountant's tick; `confirm` moves it on.
        AwaitingConfirmation = "awaiting_confirmation",
        /// Prices frozen, payment requests sent.
        Placed = "placed",
        /// Each request is paid, overpaid or cancelled, one at least paid.
        Paid = "paid",
        /// Free, and every line settled.
        Done = "done",
        /// Every line is cancelled.
        Cancelled = "cancelled",
    }
}

words! {
    /// The life of a line.
    pub enum LineState {
        /// Its order is not confirmed yet.
        Waiting = "waiting",
        /// Ordered; may be activated.
        Placed = "placed",
        /// The intent to activate is stored; after a crash the same key is asked about again.
        Activating = "activating",
        /// Works unpaid until the grace is over.
        Grace = "grace",
        /// Paid, or free.
        Active = "active",
        /// The platform refused for good; `activate ORDER` tries again.
        Failed = "failed",
        /// The platform's answer was lost; asked by key before anything else.
        Uncertain = "uncertain",
        Suspended = "suspended",
        /// Frees its natural key.
        Cancelled = "cancelled",
    }
}

words! {
    /// The life of a payment request.
    pub enum RequestState {
        Open = "open",
        PartlyPaid = "partly_paid",
        Paid = "paid",
        Overpaid = "overpaid",
        Cancelled = "cancelled",
    }
}

impl RequestState {
    /// Paid too much is paid.
    pub fn is_paid(self) -> bool {
        matches!(self, RequestState::Paid | RequestState::Overpaid)
    }
}

/// `DH-2611-000123`: year and month of the order, and a number that is never given twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OrderCode(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no order code; one looks like DH-2611-000123")]
pub struct OrderCodeError(String);

impl OrderCode {
    pub fn new(number: i64, now: DateTime<Tz>) -> OrderCode {
        OrderCode(format!("DH-{:02}{:02}-{number:06}", now.year() % 100, now.month()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of all orders, whatever their month; nothing where it has too many digits to be one of ours.
    pub fn number(&self) -> Option<i64> {
        self.0.rsplit('-').next()?.parse().ok()
    }
}

impl std::str::FromStr for OrderCode {
    type Err = OrderCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_uppercase();
        let digits =
            |part: &str, length| part.len() >= length && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = text.split('-').collect();
        match parts.as_slice() {
            ["DH", month, number] if month.len() == 4 && digits(month, 4) && digits(number, 6) => {
                Ok(OrderCode(text))
            }
            _ => Err(OrderCodeError(text)),
        }
    }
}
checked_text!(OrderCode, OrderCodeError);

/// `DH-2611-000123/17`: one line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRef {
    pub order: OrderCode,
    pub line: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no line of an order; one looks like DH-2611-000123/17")]
pub struct LineRefError(String);

impl fmt::Display for LineRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.order, self.line)
    }
}

impl std::str::FromStr for LineRef {
    type Err = LineRefError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('/').and_then(|(order, line)| {
            let line = line.trim().parse().ok().filter(|line| *line >= 1)?;
            Some(LineRef { order: order.parse().ok()?, line })
        });
        parsed.ok_or_else(|| LineRefError(text.to_owned()))
    }
}

/// `ORDER|LINE`: a whole order, or one line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Order(OrderCode),
    Line(LineRef),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no order and no line of one; they look like DH-2611-000123 and DH-2611-000123/17"
)]
pub struct TargetError(String);

impl std::str::FromStr for Target {
    type Err = TargetError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let order = || text.parse().map(Target::Order).ok();
        let line = || text.parse().map(Target::Line).ok();
        order().or_else(line).ok_or_else(|| TargetError(text.to_owned()))
    }
}

impl Target {
    pub const fn order(&self) -> &OrderCode {
        match self {
            Target::Order(order) | Target::Line(LineRef { order, .. }) => order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn an_order_code_bears_the_local_month() {
        let tz = chrono_tz::Asia::Ho_Chi_Minh;
        let new_year =
            chrono::Utc.with_ymd_and_hms(2026, 12, 31, 18, 0, 0).unwrap().with_timezone(&tz);
        assert_eq!(OrderCode::new(123, new_year).as_str(), "DH-2701-000123");
        assert!("dh-2611-000123".parse::<OrderCode>().is_ok());
        assert!("DH-2611-12".parse::<OrderCode>().is_err());
    }
}
