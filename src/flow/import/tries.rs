//! Counts how often a batch was begun: a file that ends the program, or fails, each time is set aside, and the
//! others go on. A passing fault or an interruption costs no try.

use std::path::{Path, PathBuf};

use crate::{
    db::batches,
    domain::batch::BatchId,
    flow::{
        Services,
        fault::{Fault, caught},
    },
};

/// So often a file is begun.
pub const AT_MOST: i64 = 3;

/// So often it is forgiven that the reader of old workbooks does not start.
const SILENT_AT_MOST: u32 = 20;

/// Does `work` as one more try.
pub async fn count<T>(
    services: &Services,
    id: BatchId,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let path = excuse_path(services, id);
    // The one before was excused: this one is counted in its place.
    let before = taken_away(&path)?;
    if before.is_none() {
        batches::begin_try(&services.db, id).await?;
    }
    let mut excuse = Excuse { path, is_needed: true, silent: before.unwrap_or(0) };
    let done = caught(work).await;
    let fault = done.as_ref().err().map(Fault::of);
    excuse.silent += u32::from(fault == Some(Fault::Reader));
    // A file that goes back to the inbox has no batch any more.
    excuse.is_needed = fault
        .is_some_and(|fault| fault.is_passing() && fault != Fault::StillWritten)
        && excuse.silent <= SILENT_AT_MOST;
    if done.is_ok() {
        batches::end_try(&services.db, id).await?;
    }
    done
}

/// Written where a try ends by a passing fault or is dropped: a file, since the database may be the one that is away.
struct Excuse {
    path: PathBuf,
    is_needed: bool,
    /// How often the reader of old workbooks did not start.
    silent: u32,
}

impl Drop for Excuse {
    fn drop(&mut self) {
        if !self.is_needed {
            return;
        }
        // A full disk has room for an empty one.
        let silent = if self.silent == 0 { String::new() } else { self.silent.to_string() };
        // Without it a try is lost, nothing else.
        if fs_err::write(&self.path, silent).is_err() {
            tracing::debug!("{} could not be written", self.path.display());
        }
    }
}

fn excuse_path(services: &Services, id: BatchId) -> PathBuf {
    services.home.join("work").join(format!(".{id}.excused"))
}

/// How often the reader had not started, where there is an excuse.
fn taken_away(excuse: &Path) -> anyhow::Result<Option<u32>> {
    let silent = fs_err::read_to_string(excuse).ok().and_then(|silent| silent.parse().ok());
    match fs_err::remove_file(excuse) {
        Ok(()) => Ok(Some(silent.unwrap_or(0))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
