//! Where the bytes of a batch lie: in `work/`, then in the archive of their month. A move that fails is cosmetic:
//! it re-runs nothing, and is tried again at a later start.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    Owner,
    claim::{Claimed, give_back},
    claimed_folder,
};
use crate::{
    db::batches::{self, Batch},
    domain::batch::BatchId,
    flow::{
        Services,
        files::{hash, move_beside},
    },
};

/// Where the bytes of a batch lie until they are archived.
pub fn work_path(services: &Services, batch: BatchId, file_name: &str) -> PathBuf {
    services.home.join("work").join(format!("{batch}__{file_name}"))
}

/// Gives a claimed file its batch's name in `work/`, where a later start finds it.
pub fn name_after(services: &Services, claimed: &Claimed, batch: &Batch) -> anyhow::Result<()> {
    // The same bytes may have come under another name before.
    let path = work_path(services, batch.id(), &batch.file_name);
    match fs_err::symlink_metadata(&path) {
        Ok(meta) if meta.is_file() && hash(&path)? == batch.sha256 => {
            return Ok(fs_err::remove_file(&claimed.path)?);
        }
        // A stranger, from an older database.
        Ok(_) => {
            archived(services, batch, &path)?;
        }
        Err(_) => {}
    }
    Ok(fs_err::rename(&claimed.path, &path)?)
}

/// Takes the batch's name from a file that is to go back: until it has, a later start finds it as a claimed one.
pub fn claim_again(services: &Services, batch: &Batch) -> anyhow::Result<PathBuf> {
    let registered_by = batch.registered_by.as_deref().map(str::parse).transpose()?;
    let owner = batch.firm.clone().map(|firm| Owner { firm, registered_by, stray: None });
    let folder = claimed_folder(services, owner.as_ref());
    fs_err::create_dir_all(&folder)?;
    let path = folder.join(format!("claim-{}__{}", batch.id(), batch.file_name));
    fs_err::rename(work_path(services, batch.id(), &batch.file_name), &path)?;
    Ok(path)
}

/// Moves the original into the archive of its month, and says that the batch is done with.
pub async fn archive(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    if let Err(error) = tokio::task::block_in_place(|| original(services, batch)) {
        tracing::warn!(batch = %batch.id(), "{} could not be archived and stays in work/: {error:#}", batch.id());
    }
    batches::archive(&services.db, batch.id()).await?;
    Ok(())
}

/// Tries again to archive what stayed in `work/` although its batch is done with.
pub async fn archive_rest(services: &Services) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(services.home.join("work"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(id) = name.split_once("__").and_then(|(id, _)| id.parse().ok()) else { continue };
        let batch = batches::by_id(&services.db, id).await?;
        let Some(batch) = batch.filter(|batch| batch.archived) else { continue };
        if let Err(error) = tokio::task::block_in_place(|| original(services, &batch)) {
            tracing::debug!(batch = %id, "{id} still cannot be archived: {error:#}");
        }
    }
    Ok(())
}

fn original(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    let from = work_path(services, batch.id(), &batch.file_name);
    if !from.exists() {
        return Ok(());
    }
    if hash(&from)? != batch.sha256 {
        tracing::warn!(batch = %batch.id(), "The file of {} was written to after it was taken; it is taken again", batch.id());
        let owner = (batch.firm.as_deref(), batch.registered_by.as_deref());
        return give_back(services, &from, owner, &batch.file_name);
    }
    archived(services, batch, &from)
}

fn archived(services: &Services, batch: &Batch, from: &Path) -> anyhow::Result<()> {
    let month = services.local(batch.received_at).format("%Y-%m").to_string();
    let folder = services.settings.files.archive.join(month);
    fs_err::create_dir_all(&folder)?;
    let is_real = fs_err::symlink_metadata(&folder)?.is_dir();
    anyhow::ensure!(is_real, "{} is a link, and links are not followed", folder.display());
    move_beside(from, &folder, from.file_name().unwrap_or(OsStr::new("file")))?;
    Ok(())
}
