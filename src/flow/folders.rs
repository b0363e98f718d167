//! Whether the folders of a workspace can be used: made, written, renamed in, and moved between; or only looked at.
//! Who asks is decided elsewhere; nothing stays of the asking.

use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::config::Settings;

/// A folder, and why it cannot be used.
#[derive(Debug)]
pub struct Folder {
    pub name: String,
    pub path: PathBuf,
    pub wrong: Option<anyhow::Error>,
}

/// Between what a folder is and whose, in its name.
pub const OF: &str = " of ";

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name}: this folder cannot be used: {reason}")]
pub struct Unusable {
    /// What it is for.
    pub name: String,
    pub path: PathBuf,
    pub reason: String,
}

/// Inbox and outbox with those of each firm, work and archive; each by [`folder`] or by [`look`].
pub fn all(
    home: &Path,
    settings: &Settings,
    folder: impl Fn(&str, PathBuf) -> Folder,
) -> Vec<Folder> {
    let files = &settings.files;
    let mut folders = vec![
        folder("inbox", files.inbox.clone()),
        folder("outbox", files.outbox.clone()),
        folder("archive", files.archive.clone()),
        folder("work", home.join("work")),
    ];
    if settings.firms.len() > 1 {
        for firm in &settings.firms {
            let code = firm.code.as_str();
            folders.push(folder(&format!("inbox{OF}{code}"), files.inbox.join(code)));
            folders.push(folder(&format!("outbox{OF}{code}"), files.outbox.join(code)));
        }
    }
    folders
}

/// One that is made where there is none.
pub fn folder(name: &str, path: PathBuf) -> Folder {
    let wrong = can_rename_in(&path).err();
    Folder { name: name.to_owned(), path, wrong }
}

/// The same without making one: where there is none, whether one could be made.
pub fn look(name: &str, path: PathBuf) -> Folder {
    let is_there = fs_err::symlink_metadata(&path).is_ok();
    let wrong = if is_there { can_rename_in(&path) } else { can_be_made(&path) }.err();
    Folder { name: name.to_owned(), path, wrong }
}

fn can_be_made(folder: &Path) -> anyhow::Result<()> {
    let above = folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new("."));
    can_rename_in(&fs_err::canonicalize(above)?)
}

/// Fails with the first folder that cannot be used. A full disk is told as such.
pub fn demand(folders: Vec<Folder>) -> anyhow::Result<()> {
    for Folder { name, path, wrong } in folders {
        match wrong {
            None => {}
            Some(error) if Fault::of(&error) == Fault::DiskFull => return Err(error),
            Some(error) => {
                return Err(Unusable { name, path, reason: format!("{error:#}") }.into());
            }
        }
    }
    Ok(())
}

fn can_rename_in(folder: &Path) -> anyhow::Result<()> {
    if !fs_err::symlink_metadata(folder).is_ok_and(|meta| meta.is_symlink()) {
        fs_err::create_dir_all(folder)?;
    }
    let is_real = fs_err::symlink_metadata(folder)?.is_dir();
    anyhow::ensure!(
        is_real,
        "{} is a link or a file, and links are not followed",
        folder.display()
    );
    // Two programs may ask at once.
    let id = uuid::Uuid::new_v4().simple();
    let (from, to) = (folder.join(format!(".{id}.tmp")), folder.join(format!(".{id}-2.tmp")));
    let done = fs_err::write(&from, b"x").and_then(|()| fs_err::rename(&from, &to));
    let removed = fs_err::remove_file(if done.is_ok() { &to } else { &from });
    done.and(removed)?;
    Ok(())
}

/// Whether a file can be renamed from one folder into another; else it is copied, which is slower.
pub fn are_on_one_disk(from: &Path, to: &Path) -> bool {
    let name = format!(".{}.tmp", uuid::Uuid::new_v4().simple());
    let (from, to) = (from.join(&name), to.join(&name));
    let renamed = fs_err::write(&from, b"x").and_then(|()| fs_err::rename(&from, &to));
    let _ = fs_err::remove_file(if renamed.is_ok() { &to } else { &from });
    renamed.is_ok()
}
