//! Accepted rows become orders; an order is confirmed as it was shown, and placed; what nobody wants is cancelled.
//! Activating and paying come after.

pub mod clients;

mod codes;

pub mod collect;

pub mod code;

pub mod confirm;

pub mod second;

pub mod content;

pub mod settle;

pub mod cancel;

pub mod undo;

use crate::db::{lines::Line, orders::Order};

/// Who registered a line: as its row says, else who registered or confirmed its order.
pub fn registrant<'a>(order: &'a Order, line: &'a Line) -> Option<&'a str> {
    let of_row = line.client.registered_by.as_ref().map(crate::domain::email::Email::as_str);
    of_row.or(order.registered_by.as_deref())
}
