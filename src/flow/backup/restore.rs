//! A backup into an empty workspace: settings and jobs, then the database, then the files. Until all of it is there the
//! workspace knows that it is not whole; from then on everything is held until a person says so.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::{BackupError, FORMAT, KEY, MANIFEST, Manifest, pack::Packed, part_of};
use crate::{
    config::{self, Settings},
    db::{
        Db,
        portable::{self, Table},
    },
    flow::{
        guard::{self, Known},
        key::Key,
    },
};

/// What became of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyIs {
    /// The one by which the workbooks of the backup are signed.
    Same,
    /// Another one: what it did not sign is not taken any more.
    New,
}

/// What was read in.
#[derive(Clone, Debug)]
pub struct Restored {
    pub rows: u64,
    pub files: u64,
    pub key: KeyIs,
}

/// What a file is, or that it is no backup that can be read in.
pub fn look(file: &Path) -> anyhow::Result<Manifest> {
    let mut packed = Packed::open(file)?;
    packed.demand_whole()?;
    let text = packed.text(MANIFEST)?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|why| BackupError::Broken(why.to_string()))?;
    if manifest.format > FORMAT {
        return Err(BackupError::Newer.into());
    }
    Ok(manifest)
}

/// Fails where the workspace has data. One whose restoring was interrupted may begin again.
pub async fn demand_empty(home: &Path, settings: &Settings) -> anyhow::Result<()> {
    if Known::read(home).is_some_and(|known| known.is_restoring()) {
        return Ok(());
    }
    let db = Db::connect(&settings.store.url).await?;
    if portable::is_empty(&db).await? { Ok(()) } else { Err(BackupError::NotEmpty.into()) }
}

/// Settings and jobs. What a person wrote there stays as it is, and is named; `as_made` says what `init` writes.
pub fn settings(
    home: &Path,
    file: &Path,
    as_made: &dyn Fn(&str) -> Option<&'static str>,
) -> anyhow::Result<Vec<String>> {
    let mut packed = Packed::open(file)?;
    let mut kept = Vec::new();
    for name in packed.names()? {
        if name != config::FILE_NAME && !name.starts_with("jobs/") {
            continue;
        }
        let to = home.join(checked(&name)?);
        let text = packed.text(&name)?;
        match fs_err::read_to_string(&to) {
            Ok(there) if there == text => {}
            Ok(there) if as_made(&name) != Some(there.as_str()) && !is_record(&name) => {
                kept.push(name);
            }
            _ => packed.unpack(&name, &to)?,
        }
    }
    Ok(kept)
}

/// What `catalogue update` remembers of the tables goes with them.
fn is_record(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.starts_with('.'))
}

/// Key, database and files.
pub async fn restore(
    home: &Path,
    settings: &Settings,
    (file, manifest): (&Path, &Manifest),
    host: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    Known::begin_restoring(home)?;
    let key = key(home, settings, (file, manifest))?;
    let db = Db::connect(&settings.store.url).await?;
    let rows = database(&db, file, manifest).await?;
    let files = tokio::task::block_in_place(|| files(home, settings, file))?;
    for folder in &manifest.folders {
        fs_err::create_dir_all(settings.files.inbox.join(checked(folder)?))?;
    }
    guard::restored(home, (&db, &settings.store), host, (manifest.taken_at, now)).await?;
    Ok(Restored { rows, files, key })
}

/// The key of the backup replaces one that was made for the empty workspace; one that lies elsewhere is others' too.
fn key(
    home: &Path,
    settings: &Settings,
    (file, manifest): (&Path, &Manifest),
) -> anyhow::Result<KeyIs> {
    let path = &settings.store.key_file;
    let there = Key::load(path).ok();
    let is_same = |key: &Key| guard::print_of(key) == manifest.key_print;
    if there.as_ref().is_some_and(is_same) {
        return Ok(KeyIs::Same);
    }
    if manifest.with_key && (there.is_none() || path.starts_with(home)) {
        Packed::open(file)?.unpack(KEY, path)?;
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        return Ok(KeyIs::Same);
    }
    if there.is_none() {
        Key::create(path)?;
    }
    Ok(KeyIs::New)
}

/// The tables as they were then, filled, and then brought up to date.
async fn database(db: &Db, file: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    portable::empty_at(db, manifest.schema).await?;
    let mut tx = db.begin().await?;
    let tables: Vec<Table> = manifest.tables.iter().map(|counted| counted.table.clone()).collect();
    let tables = portable::in_order(&mut tx, tables).await?;
    for table in tables.iter().rev() {
        portable::clear(&mut tx, table).await?;
    }
    let mut rows = 0;
    for table in &tables {
        let mut lines = Packed::open(file)?.rows(part_of(&table.name));
        let mut count = 0;
        while let Some(some) = lines.recv().await {
            let some = some?;
            portable::write(&mut tx, table, &some).await?;
            count += some.len() as u64;
        }
        let said = manifest.tables.iter().find(|counted| counted.table.name == table.name);
        if said.is_some_and(|counted| counted.rows != count) {
            let why = format!("the table {} is not whole", table.name);
            return Err(BackupError::Broken(why).into());
        }
        portable::go_on_behind(&mut tx, table).await?;
        rows += count;
    }
    tx.commit().await?;
    portable::bring_up_to_date(db).await?;
    Ok(rows)
}

/// What came, the answers, and what was in work. What has such a name already stays.
fn files(home: &Path, settings: &Settings, file: &Path) -> anyhow::Result<u64> {
    let mut packed = Packed::open(file)?;
    let mut files = 0;
    for name in packed.names()? {
        let path = checked(&name)?;
        let folder = match name.split('/').next() {
            Some("work") => home.join("work"),
            Some("archive") => settings.files.archive.clone(),
            Some("outbox") => settings.files.outbox.clone(),
            _ => continue,
        };
        let to: PathBuf = std::iter::once(folder.as_os_str()).chain(path.iter().skip(1)).collect();
        if fs_err::symlink_metadata(&to).is_err() {
            packed.unpack(&name, &to)?;
            files += 1;
        }
    }
    Ok(files)
}

/// A path that stays where it is put.
fn checked(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(path.to_owned())
    } else {
        Err(BackupError::Broken(format!("it has a part named {name}")).into())
    }
}
