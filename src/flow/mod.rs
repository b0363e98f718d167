//! The way of the data, from a dropped file to a mailed log-in.

pub mod read;
