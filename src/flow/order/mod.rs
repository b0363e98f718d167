//! Accepted rows become orders; an order is confirmed as it was shown, and placed.
//! Activating and paying come after.

mod codes;

pub mod collect;

pub mod confirm;

pub mod content;
