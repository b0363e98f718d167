//! Files that are whole or not there: written or copied under a temporary name, flushed, then renamed; and moves
//! that never replace what is there. Whose files they are is decided elsewhere.

use std::{
    ffi::{OsStr, OsString},
    io::{self, BufWriter, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use sha2::{Digest, Sha256 as Hasher};

use crate::domain::batch::Sha256;

/// Begins like a hidden file, so that nobody takes what is not whole yet; no two writers share one.
pub fn unfinished(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = path.parent().context("A file lies in a folder")?;
    fs_err::create_dir_all(folder)?;
    Ok(folder.join(format!(".{}.tmp", uuid::Uuid::new_v4().simple())))
}

/// Nobody ever sees half of it; where it cannot be written, nothing of it stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole_by(path, |file| Ok(file.write_all(bytes)?))
}

/// The same of what is written piece by piece.
pub fn write_whole_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs_err::File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let unfinished = unfinished(path)?;
    let written =
        write_by(&unfinished, write).and_then(|()| Ok(fs_err::rename(&unfinished, path)?));
    written.inspect_err(|_| forget(&unfinished))
}

fn write_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs_err::File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut file = BufWriter::new(fs_err::File::create(path)?);
    write(&mut file)?;
    file.flush()?;
    Ok(file.get_ref().sync_all()?)
}

/// Copies onto another disk too.
pub fn copy_whole(from: &Path, to: &Path) -> anyhow::Result<()> {
    let unfinished = unfinished(to)?;
    let copied = copy(from, &unfinished).and_then(|()| fs_err::rename(&unfinished, to));
    Ok(copied.inspect_err(|_| forget(&unfinished))?)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs_err::copy(from, to)?;
    fs_err::File::open(to)?.sync_all()
}

/// What failed is told; that its rest could not be removed would only hide it.
fn forget(unfinished: &Path) {
    let _ = fs_err::remove_file(unfinished);
}

/// Moves a file into `folder` under `name`, or under the next free name like it: `name (2).csv`. What lies there
/// is never replaced; the same bytes under that name are enough.
pub fn move_beside(from: &Path, folder: &Path, name: &OsStr) -> anyhow::Result<PathBuf> {
    for n in 1_u32.. {
        let to = folder.join(numbered(name, n));
        match move_new(from, &to) {
            Ok(()) => return Ok(to),
            Err(error) if !is_there(&error) => return Err(error),
            Err(_) if is_same(from, &to)? => {
                fs_err::remove_file(from)?;
                return Ok(to);
            }
            Err(_) => {}
        }
    }
    anyhow::bail!("{} has no free name", folder.display())
}

fn is_there(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::AlreadyExists)
}

fn numbered(name: &OsStr, n: u32) -> OsString {
    if n == 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut numbered = path.file_stem().unwrap_or(name).to_owned();
    numbered.push(format!(" ({n})"));
    if let Some(ending) = path.extension() {
        numbered.push(".");
        numbered.push(ending);
    }
    numbered
}

/// Moves onto another disk too; fails where something has that name.
fn move_new(from: &Path, to: &Path) -> anyhow::Result<()> {
    match rename_new(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let unfinished = unfinished(to)?;
            let moved = copy(from, &unfinished).and_then(|()| rename_new(&unfinished, to));
            moved.inspect_err(|_| forget(&unfinished))?;
            Ok(fs_err::remove_file(from)?)
        }
        renamed => Ok(renamed?),
    }
}

/// A second name and then the first one's end: a plain rename would replace what is there.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs_err::hard_link(from, to) {
        Ok(()) => fs_err::remove_file(from),
        Err(error) => match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::CrossesDevices | ErrorKind::NotFound => {
                Err(error)
            }
            // Some shares know no second names.
            _ if fs_err::symlink_metadata(to).is_ok() => {
                Err(io::Error::from(ErrorKind::AlreadyExists))
            }
            _ => fs_err::rename(from, to),
        },
    }
}

fn is_same(one: &Path, other: &Path) -> anyhow::Result<bool> {
    let (a, b) = (fs_err::symlink_metadata(one)?, fs_err::symlink_metadata(other)?);
    Ok(a.is_file() && b.is_file() && a.len() == b.len() && hash(one)? == hash(other)?)
}

/// Hashes a file without holding it in memory.
pub fn hash(path: &Path) -> anyhow::Result<Sha256> {
    let mut file = fs_err::File::open(path)?;
    let (mut hasher, mut buffer) = (Hasher::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(&hasher.finalize()).parse()?),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// How many files that were: one, or none where it is gone already.
pub fn remove(path: &Path) -> anyhow::Result<u64> {
    match fs_err::remove_file(path) {
        Ok(()) => Ok(1),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// All files below a folder. Links are not followed.
pub fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs_err::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_replaces_nothing_and_keeps_the_same_bytes_once() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs_err::create_dir(&to).unwrap();
        for (bytes, name) in
            [("a", "x.csv"), ("b", "x (2).csv"), ("a", "x.csv"), ("c", "x (3).csv")]
        {
            fs_err::write(&from, bytes).unwrap();
            let moved = move_beside(&from, &to, OsStr::new("x.csv")).unwrap();
            assert_eq!(moved, to.join(name));
            assert_eq!(fs_err::read_to_string(moved).unwrap(), bytes);
            assert!(!from.exists());
        }
    }
}
