//! The confirmation code of an order: a keyed hash of its content, so that a changed order has another one.
//! Who may use it, and when one is needed, is decided where an order is confirmed.

use crate::{
    db::orders::Order,
    domain::{confirmation_code::ConfirmationCode, email::Email},
    flow::key::Key,
};

/// What the key signs it for.
const PURPOSE: &str = "confirmation";

/// The code that everybody may use who sees the workbook.
pub fn of(key: &Key, order: &Order) -> ConfirmationCode {
    derived(key, &format!("{}/{}", order.code, order.content))
}

/// The code of one member of the firm, who must be the second person.
pub fn of_member(key: &Key, order: &Order, member: &Email) -> ConfirmationCode {
    derived(key, &format!("{}/{}/{member}", order.code, order.content))
}

fn derived(key: &Key, message: &str) -> ConfirmationCode {
    let hash = key.sign(PURPOSE, message);
    // Sixteen hexadecimal digits are a number of 64 bits.
    let number = hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    ConfirmationCode::new(number.unwrap_or_default())
}
