//! hangloat: bulk orders of accounting-software licences, from a dropped list to a mailed log-in.

/// The words of the business as types that cannot be wrong.
pub mod domain;

/// The way of the data, from a dropped file to a mailed log-in. Not: when and how often.
pub mod flow;

/// Vietnamese and English.
pub mod text;
