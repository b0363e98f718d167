//! Takes a file out of the inbox by renaming it: of several that try, one succeeds and the others go on.
//! What a dead process had claimed is found again. Which files are whole is said by `look`.

use std::{
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Owner, claimed_folder, firm_folder, look::Look, member_called, name_of, owner};
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

/// A rename does not stop who has the file open: what changed goes back.
fn hashed(path: &Path, from: &Path, file_name: String, before: Look) -> anyhow::Result<Claim> {
    if Look::at(path)? == Some(before) {
        let sha256 = hash(path)?;
        if Look::at(path)? == Some(before) {
            return Ok(Claim::Taken(Claimed { path: path.to_owned(), file_name, sha256 }));
        }
    }
    set_back(path, from)?;
    Ok(Claim::StillWritten)
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
    if Look::at(hidden)? == Some(before) {
        copy_whole(hidden, path)?;
        if Look::at(hidden)? == Some(before) {
            fs_err::remove_file(hidden)?;
            return taken(path.to_owned(), file_name);
        }
        fs_err::remove_file(path)?;
    }
    set_back(hidden, from)?;
    Ok(Claim::StillWritten)
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

fn hidden_start(services: &Services) -> String {
    let place = format!("{}:{}", services.holder.host(), services.home.display());
    let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, place.as_bytes()).simple();
    format!(".hangloat-{name}-")
}

/// Files that were claimed by a process that died before it could register them.
pub fn left_behind(services: &Services) -> anyhow::Result<Vec<(PathBuf, Option<Owner>)>> {
    let mut found = Vec::new();
    for (folder, name) in folders_in(&services.home.join("work"))? {
        let firm = services.firm(&name).ok();
        let owner =
            |registered_by| firm.map(|firm| Owner { firm: firm.code.to_string(), registered_by });
        claimed_in(&folder, owner(None).as_ref(), &mut found)?;
        for (folder, name) in folders_in(&folder)? {
            let member = firm.and_then(|firm| member_called(firm, &name));
            claimed_in(&folder, owner(member).as_ref(), &mut found)?;
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// Files of the inbox under a hidden name of ours: their copying to `work/` was interrupted.
pub fn hidden(services: &Services) -> anyhow::Result<Vec<PathBuf>> {
    let start = hidden_start(services);
    let inbox = &services.settings.files.inbox;
    let mut folders = vec![inbox.clone()];
    for (folder, _) in folders_in(inbox)? {
        folders.extend(folders_in(&folder)?.into_iter().map(|(folder, _)| folder));
        folders.push(folder);
    }
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&start) {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// Ends the copying of what is [`hidden`], and removes copies that nobody goes on with.
pub fn tidy(services: &Services) -> anyhow::Result<()> {
    let start = hidden_start(services);
    for hidden in hidden(services)? {
        let name = hidden.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rest = name.strip_prefix(&start).unwrap_or(&name);
        let folder = claimed_folder(services, owner(services, &hidden).as_ref());
        // It has this name from the end of its copying on.
        let path = folder.join(format!("claim-{rest}"));
        if !path.exists() {
            copy_whole(&hidden, &path)?;
        }
        fs_err::remove_file(&hidden)?;
    }
    for (folder, _) in folders_in(&services.home.join("work"))? {
        remove_copies(&folder)?;
        for (folder, _) in folders_in(&folder)? {
            remove_copies(&folder)?;
        }
    }
    Ok(())
}

fn remove_copies(folder: &Path) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_unfinished =
            name.starts_with('.') && path.extension().is_some_and(|end| end == "tmp");
        if name.starts_with("copy-") || is_unfinished {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(())
}

fn folders_in(folder: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
        }
    }
    Ok(folders)
}

fn claimed_in(
    folder: &Path,
    owner: Option<&Owner>,
    found: &mut Vec<(PathBuf, Option<Owner>)>,
) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("claim-") {
            found.push((path, owner.cloned()));
        }
    }
    Ok(())
}

/// A file left behind as if it were claimed just now; `None` where it is a link, or gone.
pub fn reclaim(services: &Services, path: &Path, owner: Option<&Owner>) -> anyhow::Result<Claim> {
    let Some(now) = Look::at(path)? else { return Ok(Claim::Gone) };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file_name =
        name.split_once("__").map_or(name.as_str(), |(_, original)| original).to_owned();
    let from = owned_folder(services, owner).join(&file_name);
    hashed(path, &from, file_name, now)
}

fn owned_folder(services: &Services, owner: Option<&Owner>) -> PathBuf {
    let folder = firm_folder(services, owner.map(|owner| owner.firm.as_str()));
    let member = owner.and_then(|owner| owner.registered_by.as_ref());
    let folder_of = member.map(|member| folder.join(member.local_part()));
    folder_of.filter(|folder| folder.is_dir()).unwrap_or(folder)
}
