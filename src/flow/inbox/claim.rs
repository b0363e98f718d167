//! Takes a file out of the inbox by renaming it: of several that try, one succeeds and the others go on.
//! Which files are whole is said by `look`, and what a dead process had claimed is found by `behind`.

use std::{
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Owner, claimed_folder, firm_folder, look::Look, name_of};
use crate::{
    domain::batch::Sha256,
    flow::{
        Services,
        files::{copy_whole, hash, move_beside},
    },
};

/// A file that was claimed: nobody else takes it, and the inbox no longer has it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub path: PathBuf,
    pub file_name: String,
    pub sha256: Sha256,
}

/// What became of the wish to take a file.
#[derive(Clone, Debug)]
pub enum Claim {
    Taken(Claimed),
    /// Another process was faster, or it is no file (any more).
    Gone,
    /// It changed; it lies where it lay.
    StillWritten,
}

/// A file changed after it was claimed.
#[derive(Debug, thiserror::Error)]
#[error("{0} is still being written; it is taken when it is whole")]
pub struct StillWritten(pub String);

/// Moves a file of the inbox into `work/`, or copies one from elsewhere, and hashes it. `settled` is how it looked
/// when it was found to be whole.
pub fn claim(
    services: &Services,
    file: &Path,
    settled: Option<Look>,
    owner: Option<&Owner>,
) -> anyhow::Result<Claim> {
    let Some(now) = Look::at(file)? else { return Ok(Claim::Gone) };
    if settled.is_some_and(|settled| settled != now) {
        return Ok(Claim::StillWritten);
    }
    let file_name = name_of(file);
    let folder = claimed_folder(services, owner);
    fs_err::create_dir_all(&folder)?;
    let id = uuid::Uuid::new_v4().simple().to_string();
    if !file.starts_with(&services.settings.files.inbox) {
        let path = folder.join(format!("copy-{id}__{file_name}"));
        copy_whole(file, &path)?;
        if Look::at(file)? != Some(now) {
            fs_err::remove_file(&path)?;
            return Ok(Claim::StillWritten);
        }
        return taken(path, file_name);
    }
    // What cannot be read stays where people see it.
    match fs_err::File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Claim::Gone),
        opened => drop(opened?),
    }
    let path = folder.join(format!("claim-{id}__{file_name}"));
    match fs_err::rename(file, &path) {
        Ok(()) => hashed(&path, file, file_name, now),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Claim::Gone),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let hidden = file.with_file_name(hidden_name(services, &id, &file_name));
            over_disks((file, &hidden, &path), file_name, now)
        }
        Err(error) => Err(error.into()),
    }
}

fn taken(path: PathBuf, file_name: String) -> anyhow::Result<Claim> {
    let sha256 = hash(&path)?;
    Ok(Claim::Taken(Claimed { path, file_name, sha256 }))
}

/// A rename does not stop who has the file open: what changed goes back, and what cannot be read.
pub(super) fn hashed(
    path: &Path,
    from: &Path,
    file_name: String,
    before: Look,
) -> anyhow::Result<Claim> {
    match unchanged(path, before) {
        Ok(Some(sha256)) => Ok(Claim::Taken(Claimed { path: path.to_owned(), file_name, sha256 })),
        Ok(None) => set_back(path, from).map(|()| Claim::StillWritten),
        Err(error) => Err(set_back_for(error, path, from)),
    }
}

fn unchanged(path: &Path, before: Look) -> anyhow::Result<Option<Sha256>> {
    if Look::at(path)? != Some(before) {
        return Ok(None);
    }
    let sha256 = hash(path)?;
    Ok((Look::at(path)? == Some(before)).then_some(sha256))
}

/// Another disk cannot be renamed onto: the file is claimed beside itself under a hidden name, then copied.
fn over_disks(
    (from, hidden, path): (&Path, &Path, &Path),
    file_name: String,
    before: Look,
) -> anyhow::Result<Claim> {
    match fs_err::rename(from, hidden) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Claim::Gone),
        renamed => renamed?,
    }
    match copied_unchanged(hidden, path, before) {
        Ok(true) => {
            fs_err::remove_file(hidden)?;
            taken(path.to_owned(), file_name)
        }
        Ok(false) => set_back(hidden, from).map(|()| Claim::StillWritten),
        Err(error) => Err(set_back_for(error, hidden, from)),
    }
}

fn copied_unchanged(hidden: &Path, path: &Path, before: Look) -> anyhow::Result<bool> {
    if Look::at(hidden)? != Some(before) {
        return Ok(false);
    }
    copy_whole(hidden, path)?;
    let is_unchanged = Look::at(hidden)? == Some(before);
    if !is_unchanged {
        fs_err::remove_file(path)?;
    }
    Ok(is_unchanged)
}

/// What made it go back says more than that it could not.
fn set_back_for(error: anyhow::Error, path: &Path, to: &Path) -> anyhow::Error {
    if let Err(lost) = set_back(path, to) {
        tracing::warn!("{} does not go back yet: {lost:#}", path.display());
    }
    error
}

/// Where it lay, or beside it if that name is in use again.
fn set_back(path: &Path, to: &Path) -> anyhow::Result<()> {
    let folder = to.parent().context("A file of the inbox lies in a folder")?;
    move_beside(path, folder, to.file_name().unwrap_or_default())?;
    Ok(())
}

/// Gives a file of `work/` back to the inbox, into the folder of whom it is.
pub fn give_back(
    services: &Services,
    path: &Path,
    (firm, member): (Option<&str>, Option<&str>),
    file_name: &str,
) -> anyhow::Result<()> {
    let mut folder = firm_folder(services, firm);
    if let Some((member, _)) = member.and_then(|email| email.split_once('@'))
        && folder.join(member).is_dir()
    {
        folder.push(member);
    }
    fs_err::create_dir_all(&folder)?;
    move_beside(path, &folder, OsStr::new(file_name))?;
    Ok(())
}

/// Says which workspace has claimed: another machine may take from the same inbox.
fn hidden_name(services: &Services, id: &str, file_name: &str) -> String {
    format!("{}{id}__{file_name}", hidden_start(services))
}

pub(super) fn hidden_start(services: &Services) -> String {
    let place = format!("{}:{}", services.holder.host(), services.home.display());
    let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, place.as_bytes()).simple();
    format!(".hangloat-{name}-")
}
