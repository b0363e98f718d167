//! Counts how often a batch was begun: a file that ends the program, or fails, each time is set aside, and the
//! others go on. A passing fault or an interruption costs no try.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use futures::FutureExt;

use crate::{
    db::batches,
    domain::batch::BatchId,
    flow::{Services, fault::Fault},
};

/// So often a file is begun.
pub const AT_MOST: i64 = 3;

/// Does `work` as one more try.
pub async fn count<T>(
    services: &Services,
    id: BatchId,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut excuse = Excuse { path: excuse_path(services, id), is_needed: true };
    // The one before was excused: this one is counted in its place.
    if !is_taken_away(&excuse.path)? {
        batches::begin_try(&services.db, id).await?;
    }
    let done = AssertUnwindSafe(work).catch_unwind().await;
    let done = done.unwrap_or_else(|panic| Err(anyhow::anyhow!("a panic: {}", said(&*panic))));
    excuse.is_needed = done.as_ref().is_err_and(|error| Fault::of(error).is_passing());
    if done.is_ok() {
        batches::end_try(&services.db, id).await?;
    }
    done
}

/// Written where a try ends by a passing fault or is dropped: a file, since the database may be the one that is away.
struct Excuse {
    path: PathBuf,
    is_needed: bool,
}

impl Drop for Excuse {
    fn drop(&mut self) {
        // Without it a try is lost, nothing else.
        if self.is_needed && fs_err::write(&self.path, b"").is_err() {
            tracing::debug!("{} could not be written", self.path.display());
        }
    }
}

fn excuse_path(services: &Services, id: BatchId) -> PathBuf {
    services.home.join("work").join(format!(".{id}.excused"))
}

fn is_taken_away(excuse: &Path) -> anyhow::Result<bool> {
    match fs_err::remove_file(excuse) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}
