//! What kind of fault ended a piece of work: whether it passes by itself, or lies in the work.
//! What follows from it, an exit code or another try, is decided elsewhere.

use std::{
    io::ErrorKind::{
        self, ConnectionAborted, ConnectionReset, FileTooLarge, HostUnreachable, NetworkDown,
        NetworkUnreachable, NotConnected, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem,
        ResourceBusy, StaleNetworkFileHandle, StorageFull,
    },
    panic::AssertUnwindSafe,
    time::Duration,
};

use futures::FutureExt as _;

use super::{
    activate::platform::PlatformError, bucket, holder::LeaseLost, inbox::StillWritten,
    read::unstreamed::NotStarted, send::transport::Unavailable,
};
use crate::db;

const FULL: [ErrorKind; 3] = [StorageFull, QuotaExceeded, FileTooLarge];
/// A share that is away, or a folder that somebody else uses or must open to this user.
const AWAY: [ErrorKind; 11] = [
    PermissionDenied,
    ReadOnlyFilesystem,
    StaleNetworkFileHandle,
    ErrorKind::TimedOut,
    ResourceBusy,
    NetworkDown,
    NetworkUnreachable,
    HostUnreachable,
    NotConnected,
    ConnectionReset,
    ConnectionAborted,
];

/// Of the program: it fails what it happened in, and nothing else.
#[derive(Debug, thiserror::Error)]
#[error("a panic: {0}")]
pub struct Panicked(String);

/// Does `work`; a panic is an error like others.
pub async fn caught<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // Boxed: what is deep in it would not fit on the stack of a thread.
    let done = AssertUnwindSafe(Box::pin(work)).catch_unwind().await;
    done.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(Panicked(text.unwrap_or("without words").to_owned()).into())
    })
}

/// A run took longer than its job allows.
#[derive(Debug, thiserror::Error)]
#[error("it took longer than {}", in_words(*.0))]
pub struct TimedOut(pub Duration);

fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Resumed where there is room again.
    DiskFull,
    /// A folder that cannot be used now.
    Folder,
    /// Of a file or a folder, and nothing says that it passes.
    File,
    /// The process that reads old workbooks did not start.
    Reader,
    /// Not reachable.
    Database,
    /// Not reachable, or it asks for patience.
    Platform,
    /// It does not let us in.
    Denied,
    /// The mail server is not reachable.
    Mail,
    /// It does not let us in.
    MailDenied,
    /// Not reachable, or not for us.
    Bucket,
    StillWritten,
    /// Somebody else goes on with it.
    LeaseLost,
    TimedOut,
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
        !matches!(self, Fault::File | Fault::Internal | Fault::Denied | Fault::MailDenied)
    }

    /// Where the next file would fail too.
    pub fn stops_all(self) -> bool {
        use Fault::{Database, Denied, DiskFull, LeaseLost, Platform, TimedOut};
        matches!(self, DiskFull | Database | Platform | Denied | LeaseLost | TimedOut)
    }
}

fn fault(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    if cause.is::<StillWritten>() {
        return Some(Fault::StillWritten);
    }
    match cause.downcast_ref::<PlatformError>() {
        Some(PlatformError::Away(_)) => return Some(Fault::Platform),
        Some(PlatformError::Denied(_)) => return Some(Fault::Denied),
        _ => {}
    }
    if cause.is::<bucket::Unreachable>() {
        return Some(Fault::Bucket);
    }
    match cause.downcast_ref::<Unavailable>() {
        Some(Unavailable::Away(_)) => return Some(Fault::Mail),
        Some(Unavailable::Denied(_)) => return Some(Fault::MailDenied),
        None => {}
    }
    if cause.is::<LeaseLost>() {
        return Some(Fault::LeaseLost);
    }
    if cause.is::<TimedOut>() {
        return Some(Fault::TimedOut);
    }
    if cause.is::<NotStarted>() {
        return Some(Fault::Reader);
    }
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        return Some(of_kind(io.kind()));
    }
    db::fault_of(cause).map(|fault| match fault {
        db::Fault::Full => Fault::DiskFull,
        db::Fault::Away => Fault::Database,
        db::Fault::Wrong => Fault::Internal,
    })
}

fn of_kind(kind: ErrorKind) -> Fault {
    if FULL.contains(&kind) {
        Fault::DiskFull
    } else if AWAY.contains(&kind) {
        Fault::Folder
    } else {
        Fault::File
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_pass_costs_no_try() {
        let of = |kind: ErrorKind| {
            Fault::of(&anyhow::Error::from(std::io::Error::from(kind)).context("a file"))
        };
        assert_eq!(of(StorageFull), Fault::DiskFull);
        assert_eq!(of(StaleNetworkFileHandle), Fault::Folder);
        for kind in [ErrorKind::NotFound, ErrorKind::InvalidData, ErrorKind::Other] {
            assert!(!of(kind).is_passing(), "{kind}");
        }
        let unnamed = std::io::Error::from_raw_os_error(5);
        assert_eq!(Fault::of(&unnamed.into()), Fault::File, "EIO");
    }
}
