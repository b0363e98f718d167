//! What must hold of money after anything: the matching with its database, in this process. What people see of it is
//! told in `story`.

mod desk;

mod laws;

mod orders;

pub use desk::{Desk, Dice};
