//! The store: every statement of `src/db` is run and read through on each engine, and each table refuses what
//! breaks its checks. What the flow makes of the store is tested elsewhere.

pub mod seed;

mod connection;

mod schema;

mod refusals;

mod runs;

mod leases;

mod slots;

mod batches;

mod workbooks;

mod rows;

mod findings;

mod orders;

mod lines;

mod clients;

mod requests;

mod owed;

mod activations;

mod header_answers;

mod licences;

mod holds;

mod mails;

mod turns;

mod notifications;

mod kept;

mod platform;

mod fixes;

mod order_life;

mod spans;

mod together;

mod changes;

mod corrections;

mod upgrade;

mod portable;
