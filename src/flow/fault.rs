//! What kind of fault ended a piece of work: whether it passes by itself, or lies in the work.
//! What follows from it, an exit code or another try, is decided elsewhere.

use std::io::ErrorKind;

use super::inbox::StillWritten;
use crate::db;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Resumed where there is room again.
    DiskFull,
    Folder,
    /// Not reachable.
    Database,
    StillWritten,
    /// Of the program, or of a file that no part of it expects.
    Internal,
}

impl Fault {
    /// The first in a chain of causes that says of which kind it is.
    pub fn of(error: &anyhow::Error) -> Fault {
        error.chain().find_map(fault).unwrap_or(Fault::Internal)
    }

    /// Passes without anything being done to the file, so it costs no try.
    pub fn is_passing(self) -> bool {
        self != Fault::Internal
    }
}

fn fault(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    if cause.is::<StillWritten>() {
        return Some(Fault::StillWritten);
    }
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
        return Some(if full.contains(&io.kind()) { Fault::DiskFull } else { Fault::Folder });
    }
    db::fault_of(cause).map(|fault| match fault {
        db::Fault::Full => Fault::DiskFull,
        db::Fault::Away => Fault::Database,
        db::Fault::Wrong => Fault::Internal,
    })
}
