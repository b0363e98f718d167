//! Everything that the workspace knows as one file, taken while work goes on: the database as one instant saw it, the
//! files that came and the answers, settings and jobs; the key only where that is asked for. Letters stay out: what
//! lies in `mail/` may be on its way already.
//! How it is read again is `restore`; when it is taken is the business of `runner`.

mod pack;

pub mod restore;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::pack::Packing;
use super::{Services, guard};
use crate::{
    config,
    db::{
        backups::{self, Backup},
        portable::{self, Table},
    },
};

/// Of the way things lie in the file.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// The key in the file, wherever it lies in the workspace.
const KEY: &str = "hangloat.key";

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} exists", .0.display())]
    Taken(PathBuf),
    #[error("{0}")]
    Broken(String),
    #[error("it was written by a newer version of the program")]
    Newer,
    #[error("the workspace has data already")]
    NotEmpty,
}

/// Whether the key goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithKey {
    Yes,
    No,
}

/// What a backup is, in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub program: String,
    /// The last change of the tables.
    pub schema: i64,
    pub engine: String,
    pub instance: String,
    pub taken_at: DateTime<Utc>,
    pub key_print: String,
    pub with_key: bool,
    pub tables: Vec<Counted>,
    pub files: u64,
    /// Those below the inbox, as `MINHAN/binh`: their files are no part of it.
    #[serde(default)]
    pub folders: Vec<String>,
}

/// A table, and how many rows of it there are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counted {
    #[serde(flatten)]
    pub table: Table,
    pub rows: u64,
}

/// A backup that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub path: PathBuf,
    pub bytes: u64,
    pub manifest: Manifest,
}

impl Taken {
    /// Of all tables.
    pub fn rows(&self) -> u64 {
        self.manifest.tables.iter().map(|counted| counted.rows).sum()
    }
}

/// Takes one. Nobody works in `work/` until its files are copied; `let_go` lets others in again.
pub async fn take(
    services: &Services,
    to: &Path,
    with_key: WithKey,
    let_go: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Taken> {
    let settings = &services.settings;
    let mut packing = Packing::begin(to)?;
    let mut tx = services.db.snapshot().await?;
    // Both as one instant saw them: what is in work is known to the database, and the other way round.
    let mut files = pack_folder(&mut packing, "work", &services.home.join("work"))?;
    let_go.await?;
    let mut tables = Vec::new();
    for table in portable::tables(&mut tx).await? {
        packing.part(&part_of(&table.name))?;
        let write = |row: &str| {
            packing.write(row.as_bytes())?;
            packing.write(b"\n")
        };
        let rows = portable::read(&mut tx, &table, write).await?;
        tables.push(Counted { table, rows });
    }
    let schema = portable::schema(&mut tx).await?;
    drop(tx);
    for (name, folder) in [
        ("archive", settings.files.archive.clone()),
        ("outbox", settings.files.outbox.clone()),
        ("jobs", services.home.join("jobs")),
    ] {
        files += pack_folder(&mut packing, name, &folder)?;
    }
    let file = services.home.join(config::FILE_NAME);
    files += u64::from(packing.file(config::FILE_NAME, &file)?);
    let has_key = with_key == WithKey::Yes && packing.file(KEY, &settings.store.key_file)?;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        engine: services.db.engine().to_owned(),
        instance: services.instance.clone(),
        taken_at: services.now(),
        key_print: guard::print_of(&services.key),
        with_key: has_key,
        tables,
        files,
        folders: folders_in(&settings.files.inbox, "")?,
    };
    packing.part(MANIFEST)?;
    packing.write(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    let bytes = packing.finish()?;
    Ok(Taken { path: to.to_owned(), bytes, manifest })
}

fn part_of(table: &str) -> String {
    format!("tables/{table}.jsonl")
}

/// Every file below a folder, under its path from there. Hidden ones are not whole yet, but for those of `jobs`.
fn pack_folder(packing: &mut Packing, name: &str, folder: &Path) -> anyhow::Result<u64> {
    if !folder.is_dir() {
        return Ok(0);
    }
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let mut files = 0;
    for path in entries {
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else {
            tracing::warn!("Not backed up, for its name: {}", path.display());
            continue;
        };
        let Ok(meta) = fs_err::symlink_metadata(&path) else { continue };
        let within = format!("{name}/{last}");
        if meta.is_dir() {
            files += pack_folder(packing, &within, &path)?;
        } else if meta.is_file() && (!last.starts_with('.') || name.starts_with("jobs")) {
            files += u64::from(packing.file(&within, &path)?);
        }
    }
    Ok(files)
}

/// The folders below one, each with those in it behind it.
fn folders_in(folder: &Path, within: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        if entry.file_type()?.is_dir() {
            let name = format!("{within}{name}");
            let below = folders_in(&entry.path(), &format!("{name}/"))?;
            found.push(name);
            found.extend(below);
        }
    }
    found.sort();
    Ok(found)
}

/// Remembers where one lies: in a bucket, or where it was taken to.
pub async fn note(
    services: &Services,
    Taken { path, bytes, manifest }: &Taken,
    bucket: Option<String>,
) -> anyhow::Result<()> {
    let backup = Backup {
        same_disk: bucket.is_none() && is_on_disk_of(&services.home, path)?,
        path: bucket.unwrap_or_else(|| path.display().to_string()),
        bytes: i64::try_from(*bytes)?,
        with_key: manifest.with_key,
        key_print: manifest.key_print.clone(),
        taken_at: manifest.taken_at,
    };
    Ok(backups::insert(&services.db, &backup).await?)
}

/// Whether two files lie on one disk, and are lost together.
fn is_on_disk_of(one: &Path, other: &Path) -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs_err::metadata(one)?.dev() == fs_err::metadata(other)?.dev())
}
