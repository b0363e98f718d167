//! When a backup is taken: by hand, or by a job into `[backup] to`, where the older ones make room.
//! What is in it is said by the flow.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::held;
use crate::{
    config::ConfigError,
    db::runs::Counts,
    domain::run::JobKind,
    flow::{
        Services,
        backup::{self, Taken, WithKey},
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
    let Some(folder) = &services.settings.backup.to else {
        let error = ConfigError::new("[backup] to", "it says nowhere to back up to");
        return Err(error.with_fix("name a folder, best on another disk").into());
    };
    let files = &services.settings.files;
    let taken = [&files.inbox, &files.outbox, &files.archive, &services.home.join("work")];
    if taken.iter().any(|ours| folder.starts_with(ours)) {
        let error = ConfigError::new("[backup] to", "this folder is for lists and workbooks");
        return Err(error.with_fix("name a folder, best on another disk").into());
    }
    let moment = services.local(services.now()).format("%Y-%m-%d-%H%M%S");
    let path = free(folder, &format!("{START}{moment}"));
    let taken = take(services, &path, WithKey::No).await?;
    let removed = tokio::task::block_in_place(|| make_room(folder))?;
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Counts::from([
        ("files".to_owned(), whole(taken.files)),
        ("rows".to_owned(), whole(taken.rows)),
        ("bytes".to_owned(), whole(taken.bytes)),
        ("removed".to_owned(), whole(removed)),
    ]))
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

/// Removes the oldest of ours beyond those that are kept; their names are in the order of their moments.
fn make_room(folder: &Path) -> anyhow::Result<u64> {
    let mut ours = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_ours = name.strip_prefix(START).and_then(|rest| rest.strip_suffix(END));
        if is_ours.is_some_and(is_moment) {
            ours.push(path);
        }
    }
    ours.sort();
    let old = ours.len().saturating_sub(KEPT);
    for path in &ours[..old] {
        fs_err::remove_file(path)?;
    }
    Ok(old as u64)
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
