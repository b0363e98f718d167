//! The files of what is deleted: originals, workbooks of every revision, receipts, mails.
//! Whose time is over is said by the caller; a file that is gone already is no error.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;

use crate::{
    domain::batch::BatchId,
    flow::{
        Services,
        answer::reconciliation,
        bucket,
        export::What,
        files::{below, remove},
        look_up,
        sweep::cut_offs,
    },
};

/// Where in a file's name its batch stands.
#[derive(Clone, Copy)]
enum Place {
    /// `B000045__danh-sach.xlsx`.
    Before,
    /// `danh-sach__B000045__r2.xlsx`.
    Behind,
}

/// Removes everything that bears the name of one of these batches; how many files these were.
pub fn of_batches(services: &Services, ids: &BTreeSet<BatchId>) -> anyhow::Result<u64> {
    let files = &services.settings.files;
    let work = services.home.join("work");
    let mut removed = 0;
    for (folder, place) in [
        (files.archive.as_path(), Place::Before),
        (work.as_path(), Place::Before),
        (files.outbox.as_path(), Place::Behind),
    ] {
        for path in below(folder)? {
            if batch_of(&path, place).is_some_and(|id| ids.contains(&id)) {
                removed += remove(&path)?;
            }
        }
    }
    Ok(removed)
}

/// The same of buckets.
pub async fn of_batches_in_buckets(
    services: &Services,
    ids: &BTreeSet<BatchId>,
) -> anyhow::Result<u64> {
    let archive = services.settings.files.archive.as_path();
    let is_meant = |folder: &Path, name: &str| {
        let place = if folder == archive { Place::Before } else { Place::Behind };
        batch_of(Path::new(name), place).is_some_and(|id| ids.contains(&id))
    };
    bucket::forget_all(services, is_meant).await
}

/// The batch that a file is of, by its name. The user's own name may look like one too.
fn batch_of(path: &Path, place: Place) -> Option<BatchId> {
    let name = path.file_name()?.to_str()?;
    match place {
        Place::Before => name.split("__").next()?.parse().ok(),
        Place::Behind => {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            stem.rsplit("__").find_map(|part| part.parse().ok())
        }
    }
}

/// Removes mails that were written as files.
pub fn of_mails(services: &Services, message_ids: &[(String,)]) -> anyhow::Result<u64> {
    let folder = services.home.join("mail");
    let local = |id: &str| id.split_once('@').map_or(id, |(local, _)| local).to_owned();
    message_ids.iter().map(|(id,)| remove(&folder.join(format!("{}.eml", local(id))))).sum()
}

/// Removes exports of before a day.
pub fn exports(services: &Services, before: NaiveDate) -> anyhow::Result<u64> {
    let is_old = |path: &PathBuf| day_of_export(path).is_some_and(|day| day < before);
    let old = below(&services.settings.files.outbox)?.into_iter().filter(is_old);
    old.map(|path| remove(&path)).sum()
}

/// The same of buckets.
pub async fn exports_in_buckets(services: &Services, before: NaiveDate) -> anyhow::Result<u64> {
    let is_old =
        |_: &Path, name: &str| day_of_export(Path::new(name)).is_some_and(|day| day < before);
    bucket::forget_all(services, is_old).await
}

/// The day in a name like `lines__2026-11-22__r1.xlsx`; workbooks of nights and look-ups have such names too.
fn day_of_export(path: &Path) -> Option<NaiveDate> {
    let mut parts = path.file_name()?.to_str()?.split("__");
    let what = parts.next()?;
    let is_ours = [reconciliation::WHAT, cut_offs::WHAT, look_up::WHAT].contains(&what);
    if !is_ours && what.parse::<What>().is_err() {
        return None;
    }
    let day = parts.next()?.parse().ok()?;
    parts.next()?.starts_with('r').then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_batch_that_the_program_wrote_into_its_name() {
        let of = |name: &str, place| {
            batch_of(Path::new("x").join(name).as_path(), place).map(|id| id.to_string())
        };
        let is = |id: &str| Some(id.to_owned());
        assert_eq!(of("B000045__ds__B000001__r1.xlsx", Place::Before), is("B000045"));
        assert_eq!(of("ds__B000001__B000045__r12.xlsx", Place::Behind), is("B000045"));
        assert_eq!(of("ds__B000045.txt", Place::Behind), is("B000045"));
        assert_eq!(of("lines__2026-11-22__r1.xlsx", Place::Behind), None);
        assert_eq!(of("ds.xlsx", Place::Before), None);
    }

    #[test]
    fn an_export_has_its_day_in_its_name() {
        let of = |name: &str| day_of_export(Path::new(name)).map(|day| day.to_string());
        assert_eq!(of("out/lines__2026-11-22__r1.xlsx"), Some("2026-11-22".to_owned()));
        assert_eq!(of("sap-ngat__2026-11-22__r2.xlsx"), Some("2026-11-22".to_owned()));
        assert_eq!(of("out/lines__B000001__r1.xlsx"), None);
        assert_eq!(of("out/ds__2026-11-22__r1.xlsx"), None);
    }
}
