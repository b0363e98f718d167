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

pub mod foreseen;

pub mod undo;

pub mod correct;

pub mod transfer;

use crate::{
    db::{lines::Line, orders::Order},
    domain::firm::Firm,
};

/// Who registered a line: as its row says, else who registered or confirmed its order.
pub fn registrant<'a>(order: &'a Order, line: &'a Line) -> Option<&'a str> {
    let of_row = line.client.registered_by.as_ref().map(crate::domain::email::Email::as_str);
    of_row.or(order.registered_by.as_deref())
}

/// Who of a firm is told what becomes of a line: who registered it, the admin where that is nobody of the firm any more.
pub fn told_of<'a>(firm: &'a Firm, registered_by: Option<&'a str>) -> &'a str {
    let is_member = |email: &&str| firm.has_member(email);
    registered_by.filter(is_member).unwrap_or(firm.admin.email.as_str())
}
