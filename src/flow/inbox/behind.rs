//! What a dead process left: files it had claimed, copies it had not ended. Each is found for itself, so one that
//! cannot be read keeps no other from going on. What is done with them is said by `import`.

use std::{
    fs::FileType,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    Owner,
    claim::{Claim, hashed, hidden_start},
    claimed_folder, firm_folder, is_reserved,
    look::Look,
    member_called, owner,
};
use crate::{
    domain::{batch::BatchId, email::Email},
    flow::{Services, files::copy_whole},
};

/// Files that were claimed by a process that died before it could register them, or give them back.
pub fn left_behind(services: &Services) -> anyhow::Result<Vec<(PathBuf, Option<Owner>)>> {
    let mut found = Vec::new();
    for (folder, name) in folders_in(&services.home.join("work"))? {
        let firm = services.firm(&name).ok();
        let code = firm.map(|firm| firm.code.to_string());
        let code = code.or_else(|| is_reserved(&name).then(|| name.clone()));
        let owner =
            |registered_by, stray| code.clone().map(|firm| Owner { firm, registered_by, stray });
        let claimed = |folder: &Path, owner: Option<Owner>| {
            let claimed =
                below(folder).into_iter().filter(|(_, name, _)| name.starts_with("claim-"));
            claimed.map(move |(path, ..)| (path, owner.clone())).collect::<Vec<_>>()
        };
        found.extend(claimed(&folder, owner(None, None)));
        for (folder, name) in folders_below(&folder) {
            let member = firm.and_then(|firm| member_called(firm, &name));
            let stray = member.is_none().then_some(name);
            found.extend(claimed(&folder, owner(member, stray)));
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
        folders.extend(folders_below(&folder).into_iter().map(|(folder, _)| folder));
        folders.push(folder);
    }
    let entries = folders.iter().flat_map(|folder| below(folder));
    let ours = entries.filter(|(_, name, _)| name.starts_with(&start));
    Ok(ours.map(|(path, ..)| path).collect())
}

/// Ends the copying of what is [`hidden`].
pub fn end_copying(services: &Services, hidden: &Path) -> anyhow::Result<()> {
    let start = hidden_start(services);
    let name = hidden.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rest = name.strip_prefix(&start).unwrap_or(&name);
    let folder = claimed_folder(services, owner(services, hidden).as_ref());
    // It has this name from the end of its copying on.
    let path = folder.join(format!("claim-{rest}"));
    if !path.exists() {
        copy_whole(hidden, &path)?;
    }
    Ok(fs_err::remove_file(hidden)?)
}

/// Removes copies that nobody goes on with.
pub fn remove_copies(services: &Services) -> anyhow::Result<()> {
    for (folder, _) in folders_in(&services.home.join("work"))? {
        remove_copies_in(&folder)?;
        for (folder, _) in folders_below(&folder) {
            remove_copies_in(&folder)?;
        }
    }
    Ok(())
}

fn remove_copies_in(folder: &Path) -> anyhow::Result<()> {
    for (path, name, _) in below(folder) {
        let is_unfinished =
            name.starts_with('.') && path.extension().is_some_and(|end| end == "tmp");
        if name.starts_with("copy-") || is_unfinished {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(())
}

type Entry = (PathBuf, String, FileType);

fn entries(folder: &Path) -> std::io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type() {
            Ok(kind) => {
                entries.push((
                    entry.path(),
                    entry.file_name().to_string_lossy().into_owned(),
                    kind,
                ));
            }
            Err(error) => tell(&error),
        }
    }
    Ok(entries)
}

/// Nothing where the folder cannot be read: the others go on.
fn below(folder: &Path) -> Vec<Entry> {
    entries(folder).inspect_err(tell).unwrap_or_default()
}

/// What vanishes meanwhile is no loss.
fn tell(error: &std::io::Error) {
    if error.kind() != ErrorKind::NotFound {
        tracing::warn!("Passed over: {error}");
    }
}

fn folders(entries: Vec<Entry>) -> Vec<(PathBuf, String)> {
    let folders = entries.into_iter().filter(|(_, _, kind)| kind.is_dir());
    folders.map(|(path, name, _)| (path, name)).collect()
}

fn folders_in(folder: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    Ok(folders(entries(folder)?))
}

fn folders_below(folder: &Path) -> Vec<(PathBuf, String)> {
    folders(below(folder))
}

/// A file left behind as if it were claimed just now; `None` where it is a link, or gone.
pub fn reclaim(services: &Services, path: &Path, owner: Option<&Owner>) -> anyhow::Result<Claim> {
    let Some(now) = Look::at(path)? else { return Ok(Claim::Gone) };
    let (_, file_name) = parts_of(path);
    let from = owned_folder(services, owner).join(&file_name);
    hashed(path, &from, file_name, now)
}

/// The batch that was to be forgotten when its file was claimed again.
pub fn forgotten(path: &Path) -> Option<BatchId> {
    parts_of(path).0.parse().ok()
}

/// Of the name of a claimed file: what it was claimed under, and how it was called.
fn parts_of(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rest = name.strip_prefix("claim-").unwrap_or(&name);
    let (id, original) = rest.split_once("__").unwrap_or(("", name.as_str()));
    (id.to_owned(), original.to_owned())
}

fn owned_folder(services: &Services, owner: Option<&Owner>) -> PathBuf {
    let folder = firm_folder(services, owner.map(|owner| owner.firm.as_str()));
    let member = owner.and_then(|owner| owner.registered_by.as_ref());
    let stray = owner.and_then(|owner| owner.stray.as_deref());
    let name = member.map(Email::local_part).or(stray);
    let folder_of = name.map(|name| folder.join(name));
    folder_of.filter(|folder| folder.is_dir()).unwrap_or(folder)
}
