//! What people get back, and what they wrote into it: the result workbook, the receipt, the template.
//! Judging rows and placing orders is done elsewhere.

pub mod view;

mod fit;

mod look;

mod chart;

mod source;

mod lists;

mod paper;

mod page;

mod result;

mod gather;

mod origin;

mod left;

mod pages;

mod line_views;

pub mod rows;

pub mod payments;

pub mod messages;

pub mod slips;

mod steps;

pub mod missing;

pub mod identity;

pub mod outbox;

pub mod returned;

mod results;

pub mod refusals;

mod form;

pub mod fixes;

mod allowed;

pub mod cancels;

pub mod questions;

pub mod receipt;

pub mod offer;

pub mod template;

pub mod export;

mod differences;

pub mod reconciliation;

pub mod extract;

pub mod cut_offs;

pub mod money;

pub mod bank;

pub mod morning;

pub mod look_up;

mod to_read;

pub use gather::{of_batch, of_check};
