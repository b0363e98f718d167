//! Takes whole files once: settled, claimed by a rename into `work/`, known by the hash of their bytes, archived.
//! A file's name and times are no identity; what is in it is not looked at here.

mod files;

use std::{
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256 as Hasher};

pub use files::{in_folder, settled};

use super::{Services, files::copy_whole};
use crate::{
    db::{
        batches::{self, Batch, NewBatch},
        orders,
    },
    domain::{
        batch::{BatchId, BatchState, Sha256},
        email::Email,
        firm::Firm,
    },
};

/// Between two looks at a file that may still be growing.
pub const PAUSE: Duration = Duration::from_secs(2);
/// Folders of the inbox that are no firm's.
const RESERVED: [&str; 2] = ["_bank", "_bounce"];

/// Whose a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub firm: String,
    /// The member of the firm whose sub-folder it came from.
    pub registered_by: Option<Email>,
}

/// A file that was claimed: nobody else takes it, and the inbox no longer has it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub path: PathBuf,
    pub file_name: String,
    pub sha256: Sha256,
}

/// Whose a file is by its folder; `None` for one that lies beside the firms' folders.
pub fn owner(services: &Services, file: &Path) -> Option<Owner> {
    let inbox = &services.settings.files.inbox;
    let folders: Vec<&str> =
        file.parent()?.strip_prefix(inbox).ok()?.iter().filter_map(|part| part.to_str()).collect();
    let named = folders.first().and_then(|folder| services.firm(folder).ok());
    let (firm, rest) = match named {
        Some(firm) => (firm, &folders[1..]),
        None => (services.only_firm()?, folders.as_slice()),
    };
    let registered_by = match rest {
        [] => None,
        [folder] => Some(member_called(firm, folder)?),
        _ => return None,
    };
    Some(Owner { firm: firm.code.to_string(), registered_by })
}

/// Whether a folder of the inbox belongs to statements or delivery reports.
pub fn is_reserved(folder: &str) -> bool {
    RESERVED.contains(&folder)
}

/// A sub-folder is named for the local part of a staff e-mail.
fn member_called(firm: &Firm, folder: &str) -> Option<Email> {
    let emails =
        std::iter::once(&firm.admin.email).chain(firm.staff.iter().map(|staff| &staff.email));
    emails.into_iter().find(|email| email.local_part().eq_ignore_ascii_case(folder)).cloned()
}

/// Moves a file of the inbox into `work/`, or copies one from elsewhere, and hashes it.
pub fn claim(services: &Services, file: &Path, owner: Option<&Owner>) -> anyhow::Result<Claimed> {
    let meta = fs_err::symlink_metadata(file)?;
    anyhow::ensure!(meta.is_file(), "{} is no file (links are not followed)", file.display());
    let file_name = name_of(file);
    let folder = claimed_folder(services, owner);
    fs_err::create_dir_all(&folder)?;
    let from_inbox = file.starts_with(&services.settings.files.inbox);
    let kind = if from_inbox { "claim" } else { "copy" };
    let path = folder.join(format!("{kind}-{}__{file_name}", uuid::Uuid::new_v4().simple()));
    if !from_inbox || fs_err::rename(file, &path).is_err() {
        // Another disk cannot be renamed onto.
        copy_whole(file, &path)?;
        if from_inbox {
            fs_err::remove_file(file)?;
        }
    }
    let sha256 = hash(&path)?;
    Ok(Claimed { path, file_name, sha256 })
}

/// The longest name that still has room for what is put before it, in bytes.
const LONGEST_NAME: usize = 150;

/// A file's name as readable text, cut where it is too long; its ending stays.
pub fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let (stem, ending) =
        name.rsplit_once('.').filter(|(_, end)| end.len() <= 8).unwrap_or((&name, ""));
    let at = stem.floor_char_boundary(LONGEST_NAME - ending.len() - 1);
    if ending.is_empty() { stem[..at].to_owned() } else { format!("{}.{ending}", &stem[..at]) }
}

/// Like in the inbox: the firm's, and in it the member's of staff. So a file keeps its owner.
fn claimed_folder(services: &Services, owner: Option<&Owner>) -> PathBuf {
    let folder = services.home.join("work").join(owner.map_or("_", |owner| owner.firm.as_str()));
    let member = owner.and_then(|owner| owner.registered_by.as_ref());
    member.map_or(folder.clone(), |member| folder.join(member.local_part()))
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

/// Registers a claimed file under its hash: as a new batch, as one that was begun, or as the same bytes again.
pub async fn register(
    services: &Services,
    claimed: &Claimed,
    owner: Option<&Owner>,
    run_id: Option<i64>,
) -> anyhow::Result<BatchId> {
    let firm = owner.map(|owner| owner.firm.as_str());
    let mut tx = services.db.begin().await?;
    let before = batches::same_bytes(&mut tx, firm, &claimed.sha256).await?;
    if let Some(begun) = before.iter().find(|batch| !batch.archived) {
        return Ok(begun.id());
    }
    let mut of = before.iter().find(|batch| counts_as_first(batch)).map(Batch::id);
    if let Some(first) = of
        && orders::is_wholly_cancelled(&mut tx, first).await?
    {
        of = None;
    }
    let new = NewBatch {
        firm,
        file_name: &claimed.file_name,
        sha256: &claimed.sha256,
        run_id,
        registered_by: owner.and_then(|owner| owner.registered_by.as_ref()).map(Email::as_str),
        duplicate_of: of,
    };
    let batch = batches::register(&mut tx, new, services.now()).await?;
    tx.commit().await?;
    Ok(batch)
}

/// A refused or undone batch does not make the same bytes a duplicate.
fn counts_as_first(batch: &Batch) -> bool {
    !matches!(batch.state, BatchState::Rejected | BatchState::Undone | BatchState::Duplicate)
}

/// Gives a claimed file its batch's name in `work/`, where a later start finds it.
pub fn name_after(services: &Services, claimed: &Claimed, batch: &Batch) -> anyhow::Result<()> {
    // The same bytes may have come under another name before.
    let path = work_path(services, batch.id(), &batch.file_name);
    if path.exists() {
        fs_err::remove_file(&claimed.path)?;
    } else {
        fs_err::rename(&claimed.path, &path)?;
    }
    Ok(())
}

/// Where the bytes of a batch lie until they are archived.
pub fn work_path(services: &Services, batch: BatchId, file_name: &str) -> PathBuf {
    services.home.join("work").join(format!("{batch}__{file_name}"))
}

/// Moves the original into the archive of its month. Failing here re-runs nothing.
pub async fn archive(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    let month = services.local(batch.received_at).format("%Y-%m").to_string();
    let folder = services.settings.files.archive.join(month);
    fs_err::create_dir_all(&folder)?;
    let from = work_path(services, batch.id(), &batch.file_name);
    let to = folder.join(format!("{}__{}", batch.id(), batch.file_name));
    if from.exists() && fs_err::rename(&from, &to).is_err() {
        copy_whole(&from, &to)?;
        fs_err::remove_file(&from)?;
    }
    batches::archive(&services.db, batch.id()).await?;
    Ok(())
}

/// Files that were claimed by a process that died before it could register them. Copies of others' files go.
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
        } else if name.starts_with("copy-") {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(())
}

/// A file left behind as if it were claimed just now.
pub fn reclaim(path: PathBuf) -> anyhow::Result<Claimed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file_name =
        name.split_once("__").map_or(name.as_str(), |(_, original)| original).to_owned();
    let sha256 = hash(&path)?;
    Ok(Claimed { path, file_name, sha256 })
}
