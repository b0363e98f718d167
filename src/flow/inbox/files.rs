//! Which files of a folder may be taken, and copies that are whole or not there.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::Services;

/// Endings and names of files that are not meant for us, or not whole yet.
const UNFINISHED: [&str; 3] = [".tmp", ".part", ".crdownload"];
const SYSTEM: [&str; 2] = ["thumbs.db", "desktop.ini"];

/// Everything in the inbox that may be taken when it is whole, in order.
pub fn in_folder(services: &Services) -> anyhow::Result<Vec<PathBuf>> {
    let inbox = &services.settings.files.inbox;
    let mut found = Vec::new();
    collect(inbox, 0, &mut found)?;
    found.sort();
    Ok(found)
}

/// Below the inbox lie the firms' folders, and below those their staff's.
const DEEPEST: usize = 2;

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && depth < DEEPEST && !super::is_reserved(&name) && !name.starts_with('.')
        {
            collect(&path, depth + 1, found)?;
        } else if kind.is_file() && is_meant_for_us(&path, &name) {
            found.push(path);
        }
    }
    Ok(())
}

/// Not hidden, not half-written, not open in Office (an owner file lies beside it), not empty.
fn is_meant_for_us(path: &Path, name: &str) -> bool {
    let lower = name.to_lowercase();
    let unfinished = UNFINISHED.iter().any(|ending| lower.ends_with(ending));
    let hidden = name.starts_with('.') || name.starts_with("~$");
    let owner = path.with_file_name(format!("~${name}"));
    let holds_something = path.metadata().is_ok_and(|meta| meta.len() > 0);
    !unfinished
        && !hidden
        && !SYSTEM.contains(&lower.as_str())
        && !owner.exists()
        && holds_something
}

/// The files whose size and time are the same at two looks, `pause` apart.
pub async fn settled(files: Vec<PathBuf>, pause: Duration) -> Vec<PathBuf> {
    let look = |path: &Path| path.metadata().ok().map(|meta| (meta.len(), meta.modified().ok()));
    let before: Vec<_> = files.iter().map(|path| look(path)).collect();
    if files.is_empty() {
        return files;
    }
    tokio::time::sleep(pause).await;
    let same = files.into_iter().zip(before).filter(|(path, before)| look(path) == *before);
    same.map(|(path, _)| path).collect()
}
