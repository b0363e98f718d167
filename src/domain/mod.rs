//! The words of the business as types that cannot be wrong.
//! No files, no SQL, no clock, nothing asynchronous: everything here is a plain value.

pub(crate) mod words;

pub mod fold;

pub mod date;

pub mod locale;

pub mod cell;

pub mod number_format;

pub mod sheet;

pub mod legacy;

mod syllable;

pub mod field;

pub mod finding;

pub mod refusal;

pub mod firm;

pub mod tax_id;

pub mod phone;

pub mod phones;

pub mod email;

pub mod client;

pub mod fiscal_year;

pub mod money;

pub mod order;

pub mod batch;

pub mod payment_code;

pub mod payment;

pub mod confirmation_code;

pub mod vietqr;

pub mod licence;

pub mod grace;

pub mod mail;

pub mod run;

pub mod slot;
