//! Files in the outbox: written whole under their final name, the newest revision only, older ones in `cu/`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::NaiveDate;

use super::{gather, result, source::Source, view::ResultView};
use crate::{
    db::batches::{self, Batch},
    domain::batch::BatchId,
    flow::{Services, files::write_whole_by, progress::Step},
};

/// Older revisions.
const OLD: &str = "cu";

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
        Some(firm) if services.only_firm().is_none() => outbox.join(firm),
        _ => outbox.clone(),
    }
}

/// A file of its own, under the next number that nothing has: `lines__2026-11-22__r1.xlsx`.
pub fn free_path(folder: &Path, what: &str, today: NaiveDate, ending: &str) -> PathBuf {
    let path = |revision: u32| folder.join(format!("{what}__{today}__r{revision}.{ending}"));
    (1..u32::MAX).map(path).find(|path| !path.exists()).unwrap_or_else(|| path(u32::MAX))
}

/// The workbook of a revision: `danh-sach__B000045__r1.xlsx`.
pub fn workbook_path(services: &Services, batch: &Batch, revision: i64) -> PathBuf {
    let name = format!("{}__{}__r{revision}.xlsx", stem(&batch.file_name), batch.id());
    folder_of(services, batch).join(name)
}

/// The newest workbook that lies in the outbox, if there is one.
pub fn newest(services: &Services, batch: &Batch) -> Option<PathBuf> {
    (batch.written > 0).then(|| workbook_path(services, batch, batch.written))
}

/// Writes every workbook that was asked for and is not there yet.
pub async fn write_asked(services: &Services) -> anyhow::Result<()> {
    for batch in batches::unfinished(&services.db).await? {
        if batch.written < batch.revision {
            write_workbook(services, batch.id()).await?;
        }
    }
    Ok(())
}

/// Writes the newest revision of a batch; again, where the batch changed meanwhile.
pub async fn write_workbook(services: &Services, id: BatchId) -> anyhow::Result<()> {
    loop {
        let batch = batches::by_id(&services.db, id)
            .await?
            .context("A batch that was asked for is there")?;
        if batch.written >= batch.revision {
            return Ok(());
        }
        services.progress.tell(Step::Begin("workbook"));
        let (view, rows) = gather::of_batch(services, &batch).await?;
        let path = workbook_path(services, &batch, batch.revision);
        tokio::task::block_in_place(|| write(&path, &view, &rows))?;
        services.progress.tell(Step::End);
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
