//! Files that are whole or not there: written or copied under a temporary name, flushed, then renamed.
//! Whose files they are is decided elsewhere.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Begins like a hidden file, so that nobody takes what is not whole yet; no two writers share one.
fn unfinished(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = path.parent().context("A file lies in a folder")?;
    fs_err::create_dir_all(folder)?;
    Ok(folder.join(format!(".{}.tmp", uuid::Uuid::new_v4().simple())))
}

/// Nobody ever sees half of it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let unfinished = unfinished(path)?;
    let mut file = fs_err::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs_err::rename(&unfinished, path)?;
    Ok(())
}

/// Copies onto another disk too.
pub fn copy_whole(from: &Path, to: &Path) -> anyhow::Result<()> {
    let unfinished = unfinished(to)?;
    fs_err::copy(from, &unfinished)?;
    fs_err::File::open(&unfinished)?.sync_all()?;
    fs_err::rename(&unfinished, to)?;
    Ok(())
}
