//! What a disk does not take while a workbook is written, as an error like any other.
//! Which kind of fault it is, and what follows, is decided elsewhere.

use std::{
    any::Any,
    io,
    panic::{self, AssertUnwindSafe},
};

use rust_xlsxwriter::XlsxError;

/// The kinds by which a disk is full, as they are named in the words of a panic.
const FULL: [(&str, io::ErrorKind); 3] = [
    ("StorageFull", io::ErrorKind::StorageFull),
    ("QuotaExceeded", io::ErrorKind::QuotaExceeded),
    ("FileTooLarge", io::ErrorKind::FileTooLarge),
];

/// The library panics where a row cannot be put aside on the disk.
pub fn said(write: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    panic::catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|panic| Err(of_disk(panic)))
}

/// Goes on with the panic if it is not about a disk.
fn of_disk(panic: Box<dyn Any + Send>) -> anyhow::Error {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    match words.filter(|words| words.contains("Os {")) {
        None => panic::resume_unwind(panic),
        Some(words) => match FULL.iter().find(|(name, _)| words.contains(name)) {
            Some((_, kind)) => io::Error::from(*kind).into(),
            None => io::Error::other(words).into(),
        },
    }
}

/// Of an error that names no cause, the cause.
pub fn cause(error: XlsxError) -> anyhow::Error {
    match error {
        XlsxError::IoError(error) => error.into(),
        XlsxError::ZipError(error) => io::Error::from(error).into(),
        other => other.into(),
    }
}
