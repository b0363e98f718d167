//! hangloat: bulk orders of accounting-software licences, from a dropped list to a mailed log-in.
//!
//! The modules in reading order. Calls go down only: `cli → runner → flow → db`; `domain` uses nobody.

/// What a person types and sees.
pub mod cli;

/// When, how often and how many at once: job definitions, runs, the daemon.
pub mod runner;

/// The way of the data, from a dropped file to a mailed log-in. Not: when and how often.
pub mod flow;

/// The tables that the owner edits: packages, rules, header synonyms, banks, holidays.
pub mod catalogue;

/// One database, two engines. One file a table; nothing is decided here.
pub mod db;

/// `hangloat.toml` and the environment, checked. The only reader of the environment.
pub mod config;

/// Every sentence that people read, in Vietnamese and English.
pub mod text;

/// The words of the business as types that cannot be wrong.
pub mod domain;
