//! When a backup is taken: by hand, or by a job into `[backup] to`, where the older ones make room.
//! What is in it is said by the flow.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::held;
use crate::{
    config::{BucketAddress, ConfigError, Place},
    db::runs::Counts,
    domain::run::JobKind,
    flow::{
        Services,
        backup::{self, Taken, WithKey},
        bucket::Bucket,
        files,
    },
};

/// How long an import that runs may keep a backup waiting.
const WAIT: Duration = Duration::from_mins(10);
/// Backups of the job that are kept: personal data must not stay for ever, and disks fill.
const KEPT: usize = 30;
const START: &str = "hangloat-";
const END: &str = ".zip";

/// Takes a backup, beside all that goes on but imports.
pub async fn take(services: &Services, to: &Path, with_key: WithKey) -> anyhow::Result<Taken> {
    let taken = packed(services, to, with_key).await?;
    backup::note(services, &taken, None).await?;
    Ok(taken)
}

async fn packed(services: &Services, to: &Path, with_key: WithKey) -> anyhow::Result<Taken> {
    let until = Instant::now() + WAIT;
    let work = loop {
        match held::take(services, JobKind::Import).await? {
            Some(work) => break work,
            // Better one with a file that will be told as missing than none.
            None if Instant::now() > until => {
                tracing::warn!("An import takes long; the backup does not wait for it");
                break Vec::new();
            }
            None => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let let_go = held::give_back(services, &work);
    let taken = Box::pin(backup::take(services, to, with_key, let_go)).await;
    if taken.is_err() {
        held::give_back(services, &work).await?;
    }
    taken
}

/// The job: a file named for the moment, without the key.
pub async fn nightly(services: &Services) -> anyhow::Result<Counts> {
    let moment = services.local(services.now()).format("%Y-%m-%d-%H%M%S");
    let stem = format!("{START}{moment}");
    let (taken, removed) = match &services.settings.backup.to {
        None => {
            let error = ConfigError::new("[backup] to", "it says nowhere to back up to");
            return Err(error.with_fix("name a folder, best on another disk").into());
        }
        Some(Place::Folder(folder)) => into_folder(services, folder, &stem).await?,
        Some(Place::Bucket(address)) => into_bucket(services, address, &stem).await?,
    };
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Counts::from([
        ("files".to_owned(), whole(taken.manifest.files)),
        ("rows".to_owned(), whole(taken.rows())),
        ("bytes".to_owned(), whole(taken.bytes)),
        ("removed".to_owned(), whole(removed)),
    ]))
}

async fn into_folder(
    services: &Services,
    folder: &Path,
    stem: &str,
) -> anyhow::Result<(Taken, u64)> {
    let taken = take(services, &free(folder, stem), WithKey::No).await?;
    let removed = tokio::task::block_in_place(|| make_room(folder))?;
    Ok((taken, removed))
}

/// Beside the workspace's files until it lies whole in the bucket.
async fn into_bucket(
    services: &Services,
    address: &BucketAddress,
    stem: &str,
) -> anyhow::Result<(Taken, u64)> {
    let bucket = Bucket::open(address)?;
    let name = format!("{stem}{END}");
    // One name, so that what a death left here is gone with the next one.
    let here = services.home.join(".backup.tmp");
    files::remove(&here)?;
    let written = async {
        let taken = packed(services, &here, WithKey::No).await?;
        bucket.write(&name, &taken.path).await?;
        anyhow::Ok(taken)
    };
    let written = written.await;
    files::remove(&here)?;
    let taken = written?;
    backup::note(services, &taken, Some(address.of(&name))).await?;
    let names = bucket.names_in("").await?;
    let old = beyond_kept(names.into_iter().filter(|name| is_ours(name)).collect());
    for name in &old {
        bucket.remove(name).await?;
    }
    Ok((taken, old.len() as u64))
}

/// Two of one second have two names.
fn free(folder: &Path, stem: &str) -> PathBuf {
    let mut path = folder.join(format!("{stem}{END}"));
    let mut n = 2;
    while path.exists() {
        path = folder.join(format!("{stem}-{n}{END}"));
        n += 1;
    }
    path
}

/// Removes the oldest of ours beyond those that are kept.
fn make_room(folder: &Path) -> anyhow::Result<u64> {
    let mut ours = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if is_ours(&path.file_name().unwrap_or_default().to_string_lossy()) {
            ours.push(path);
        }
    }
    let old = beyond_kept(ours);
    for path in &old {
        fs_err::remove_file(path)?;
    }
    Ok(old.len() as u64)
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(START).and_then(|rest| rest.strip_suffix(END)).is_some_and(is_moment)
}

/// Their names are in the order of their moments.
fn beyond_kept<T: Ord>(mut ours: Vec<T>) -> Vec<T> {
    ours.sort();
    ours.truncate(ours.len().saturating_sub(KEPT));
    ours
}

/// `2026-11-23-030000`, perhaps with a number behind it.
fn is_moment(text: &str) -> bool {
    text.len() >= 17 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_thirty_backups_stay_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=32 {
            let name = format!("{START}2026-10-{day:02}-030000{END}");
            fs_err::write(folder.path().join(name), b"x").unwrap();
        }
        for name in ["hangloat-old.zip", "other.zip", "hangloat-2026-10-01-030000.txt"] {
            fs_err::write(folder.path().join(name), b"x").unwrap();
        }
        assert_eq!(make_room(folder.path()).unwrap(), 2);
        assert_eq!(make_room(folder.path()).unwrap(), 0);
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 33);
        assert!(!folder.path().join("hangloat-2026-10-02-030000.zip").exists());
        assert!(folder.path().join("hangloat-2026-10-03-030000.zip").exists());
    }
}
