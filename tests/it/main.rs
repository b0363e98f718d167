//! The tests of the program as others see it, one module for each part.
//! What a single function promises is tested beside it, in `src/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test says what it found, and fails where it stands"
)]

mod check;

mod corpus;

mod each_db;

mod layers;

mod ledger;

mod money;

mod nights;

mod platform;

mod promises;

mod server;

mod smtp;

mod store;

mod story;

mod world;
