//! When, how often and how many at once.

pub mod definition;
