//! Files in the outbox: written whole under their final name, the newest revision only, older ones in `cu/`.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::Context;
use chrono::NaiveDate;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{
    gather,
    identity::Sums,
    result,
    source::{Page, Source},
    view::ResultView,
};
use crate::{
    db::batches::{self, Batch},
    domain::batch::BatchId,
    flow::{
        Services,
        files::{remove, write_whole_by},
        inbox,
        progress::{Progress, Step},
    },
};

/// Older revisions.
pub const OLD: &str = "cu";

/// Where the files of a batch go: as it came, in the folder of the firm, and in it in that of the member of staff.
fn folder_of(services: &Services, batch: &Batch) -> PathBuf {
    let folder = folder(services, batch.firm.as_deref());
    let member = batch.registered_by.as_deref().and_then(|email| email.split_once('@'));
    member.map_or(folder.clone(), |(member, _)| folder.join(member))
}

/// A receipt: `danh-sach__B000045.txt`.
pub fn receipt_path(services: &Services, batch: &Batch) -> PathBuf {
    let name = format!("{}__{}.txt", stem(&batch.file_name), batch.id());
    folder_of(services, batch).join(name)
}

/// Where the files of a firm go: one folder for each where there are several.
pub fn folder(services: &Services, firm: Option<&str>) -> PathBuf {
    let outbox = &services.settings.files.outbox;
    match firm {
        Some(reserved) if inbox::is_reserved(reserved) => outbox.join(reserved),
        Some(firm) if services.only_firm().is_none() => outbox.join(firm),
        _ => outbox.clone(),
    }
}

/// A file of its own, under the next number that nothing has: `lines__2026-11-22__r1.xlsx`.
pub fn free_path(folder: &Path, what: &str, today: NaiveDate, ending: &str) -> PathBuf {
    let path = |revision: u32| folder.join(format!("{what}__{today}__r{revision}.{ending}"));
    let is_there =
        |path: &PathBuf| path.exists() || aside(path).is_some_and(|older| older.exists());
    (1..u32::MAX).map(path).find(|path| !is_there(path)).unwrap_or_else(|| path(u32::MAX))
}

/// The number in such a name.
pub fn revision_of(path: &Path) -> u32 {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.rsplit_once("__r").and_then(|(_, n)| n.parse().ok()).unwrap_or(1)
}

/// Puts the other files of a kind and of any day aside, of one ending: `lines__2026-11-21__r1.xlsx` into `cu/`.
pub fn set_others_aside(what: &str, kept: &[PathBuf]) -> anyhow::Result<()> {
    let Some(newest) = kept.first() else { return Ok(()) };
    let folder = newest.parent().context("A file lies in the outbox")?;
    let is_other =
        |path: &Path| path.extension() == newest.extension() && !kept.iter().any(|it| it == path);
    set_aside(what, folder, is_other)
}

/// Puts the workbooks of a kind and of any day aside, where there is nothing to say any more.
pub fn set_workbooks_aside(what: &str, folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    set_aside(what, folder, is_workbook)
}

/// Removes what was put aside of a kind before a day.
pub fn forget_aside(what: &str, folder: &Path, before: NaiveDate) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder.join(OLD)).into_iter().flatten() {
        let path = entry?.path();
        if is_workbook(&path) && day_of(what, &path).is_some_and(|day| day < before) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Whether a workbook of a kind is the newest there.
pub fn has_workbook(what: &str, folder: &Path) -> bool {
    workbook_of(what, folder).is_some()
}

/// The name of the newest workbook of a kind that lies there.
pub fn workbook_of(what: &str, folder: &Path) -> Option<String> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let own = paths.filter(|path| is_workbook(path) && is_of_a_day(what, path));
    own.max().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
}

/// The same where it is newer than one of a day and revision.
pub fn workbook_since(what: &str, folder: &Path, of: (NaiveDate, u32)) -> Option<String> {
    workbook_of(what, folder).filter(|name| {
        let path = Path::new(name);
        day_of(what, path).is_some_and(|day| (day, revision_of(path)) > of)
    })
}

fn is_workbook(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "xlsx")
}

fn set_aside(what: &str, folder: &Path, is_meant: impl Fn(&Path) -> bool) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if is_meant(&path) && is_of_a_day(what, &path) && path.is_file() {
            fs_err::create_dir_all(folder.join(OLD))?;
            fs_err::rename(&path, aside(&path).context("A file has a name")?)?;
        }
    }
    Ok(())
}

/// Where a file lies after newer ones.
pub fn aside(path: &Path) -> Option<PathBuf> {
    Some(path.parent()?.join(OLD).join(path.file_name()?))
}

/// Lists may have such a name too, but no day behind it.
pub fn is_of_a_day(what: &str, path: &Path) -> bool {
    day_of(what, path).is_some()
}

fn day_of(what: &str, path: &Path) -> Option<NaiveDate> {
    let name = path.file_name()?.to_string_lossy();
    let mut parts = name.split("__");
    (parts.next() == Some(what)).then(|| parts.next()?.parse().ok()).flatten()
}

/// The workbook of a revision: `danh-sach__B000045__r1.xlsx`.
pub fn workbook_path(services: &Services, batch: &Batch, revision: i64) -> PathBuf {
    let name = format!("{}__{}__r{revision}.xlsx", stem(&batch.file_name), batch.id());
    folder_of(services, batch).join(name)
}

/// The names of the revisions before that of a list's workbook, the newest first.
pub fn earlier(name: &str) -> Vec<String> {
    let parts = name.rsplit_once("__r").and_then(|(start, end)| {
        let (n, ending) = end.split_once('.')?;
        Some((start, n.parse::<u32>().ok()?, ending))
    });
    let Some((start, n, ending)) = parts else { return Vec::new() };
    (1..n).rev().map(|n| format!("{start}__r{n}.{ending}")).collect()
}

/// The newest workbook that lies in the outbox, if there is one. What was written while there was one firm lies there
/// without a folder of its firm until it is written anew.
pub fn newest(services: &Services, batch: &Batch) -> Option<PathBuf> {
    let path = (batch.written > 0).then(|| workbook_path(services, batch, batch.written))?;
    let own = folder(services, batch.firm.as_deref());
    let of_one_firm = services.settings.files.outbox.join(path.strip_prefix(own).unwrap_or(&path));
    Some(if !path.exists() && of_one_firm.exists() { of_one_firm } else { path })
}

/// Writes every workbook that was asked for and is not there yet: several on all processors.
pub async fn write_asked(services: &Arc<Services>) -> anyhow::Result<()> {
    let batches = batches::unfinished(&services.db).await?.into_iter();
    let asked = batches.filter(|it| it.written < it.revision).map(|it| it.id());
    let asked: Vec<BatchId> = asked.collect();
    if let [one] = asked.as_slice() {
        return write_workbook(services, *one).await;
    }
    let progress = &services.progress;
    progress.tell(Step::Begin("workbooks"));
    progress.tell(Step::Of(asked.len() as u64));
    let at_once = thread::available_parallelism().map_or(1, NonZero::get);
    let mut asked = asked.into_iter();
    let (mut writers, mut done) = (JoinSet::new(), 0);
    loop {
        for id in asked.by_ref().take(at_once - writers.len()) {
            let services = Arc::clone(services);
            let write = async move { write_each(&services, id, &Progress::silent()).await };
            writers.spawn(write.in_current_span());
        }
        let Some(written) = writers.join_next().await else { break };
        written??;
        done += 1;
        progress.tell(Step::Done(done));
    }
    progress.tell(Step::End);
    Ok(())
}

/// Writes the newest revision of a batch; again, where the batch changed meanwhile.
pub async fn write_workbook(services: &Services, id: BatchId) -> anyhow::Result<()> {
    write_each(services, id, &services.progress).await
}

async fn write_each(services: &Services, id: BatchId, progress: &Progress) -> anyhow::Result<()> {
    loop {
        let batch = batches::by_id(&services.db, id)
            .await?
            .context("A batch that was asked for is there")?;
        if batch.written >= batch.revision {
            return Ok(());
        }
        let (view, rows) = gather::of_batch(services, &batch).await?;
        let path = workbook_path(services, &batch, batch.revision);
        tokio::task::block_in_place(|| write_told(progress, &path, &view, &rows))?;
        services.crash_point("workbook");
        if batches::wrote(&services.db, &batch).await? {
            set_older_aside(services, &batch)?;
        }
    }
}

/// The workbook of the present revision, as [`write_workbook`] writes it.
pub async fn bytes(services: &Services, batch: &Batch) -> anyhow::Result<Vec<u8>> {
    let (view, rows) = gather::of_batch(services, batch).await?;
    let folder = folder_of(services, batch);
    let mut bytes = Vec::new();
    tokio::task::block_in_place(|| result::write(&view, &rows, &folder, &mut bytes))?;
    Ok(bytes)
}

/// Writes a workbook, and tells how far it is.
pub fn write_told(
    progress: &Progress,
    path: &Path,
    view: &ResultView,
    rows: &dyn Source,
) -> anyhow::Result<()> {
    progress.tell(Step::Begin("workbook"));
    progress.tell(Step::Of(view.counts.total));
    let written = write(path, view, &Counted { rows, progress, done: AtomicU64::new(0) });
    progress.tell(Step::End);
    written
}

/// Rows that are counted as they come.
struct Counted<'a> {
    rows: &'a dyn Source,
    progress: &'a Progress,
    done: AtomicU64,
}

impl Source for Counted<'_> {
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
        let Some(Page { last, views }) = self.rows.page_after(list, after)? else {
            return Ok(None);
        };
        let counted = move || {
            let rows = views()?;
            let more = rows.len() as u64;
            let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
            self.progress.tell(Step::Done(done));
            Ok(rows)
        };
        Ok(Some(Page { last, views: Box::new(counted) }))
    }

    fn identity(&self, sums: &Sums) -> anyhow::Result<String> {
        self.rows.identity(sums)
    }
}

/// What is put aside on the way lies on the same disk.
pub fn write(path: &Path, view: &ResultView, rows: &dyn Source) -> anyhow::Result<()> {
    let folder = path.parent().context("A workbook lies in a folder")?;
    write_whole_by(path, |file| result::write(view, rows, folder, file))
}

fn set_older_aside(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    for revision in 1..batch.revision {
        let path = workbook_path(services, batch, revision);
        // An earlier version wrote it into the folder of the firm.
        let of_firm = folder(services, batch.firm.as_deref());
        let of_firm = of_firm.join(path.file_name().unwrap_or_default());
        let path = if path.exists() { path } else { of_firm };
        if path.exists() {
            let old = path.parent().context("A workbook lies in the outbox")?.join(OLD);
            fs_err::create_dir_all(&old)?;
            match fs_err::rename(&path, old.join(path.file_name().unwrap_or_default())) {
                // Another process wrote the same revision, and was faster.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                moved => moved?,
            }
        }
    }
    Ok(())
}

pub fn stem(file_name: &str) -> &str {
    file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem)
}
