//! One file that holds many: a zip, written under a temporary name and there only when it is whole.
//! What goes in, and what becomes of it, is said by its neighbours.

use std::{
    borrow::Cow,
    io::{BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde_json::Value;
use tokio::sync::mpsc;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::BackupError;
use crate::{db::portable::ROWS_AT_ONCE, flow::files};

/// The largest text that is held as a whole: the list of what is in it.
const TEXT: u64 = 16 << 20;

/// A backup on its way out; what is not finished is gone with it.
pub struct Packing {
    zip: ZipWriter<BufWriter<fs_err::File>>,
    unfinished: Unfinished,
    to: PathBuf,
}

/// A file that is removed, unless it got another name.
struct Unfinished(PathBuf);

impl Packing {
    pub fn begin(to: &Path) -> anyhow::Result<Packing> {
        let folder = to.parent().context("A file lies in a folder")?;
        fs_err::create_dir_all(folder)?;
        if fs_err::symlink_metadata(to).is_ok() {
            return Err(BackupError::Taken(to.to_owned()).into());
        }
        let unfinished = folder.join(format!(".{}.tmp", uuid::Uuid::new_v4().simple()));
        // Everything about every client is in it.
        let file = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        let zip = ZipWriter::new(BufWriter::new(file));
        Ok(Packing { zip, unfinished: Unfinished(unfinished), to: to.to_owned() })
    }

    /// What is written from here on belongs to the part `name`.
    pub fn part(&mut self, name: &str) -> anyhow::Result<()> {
        Ok(self.zip.start_file(name, SimpleFileOptions::default().large_file(true))?)
    }

    pub fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.zip.write_all(bytes)?)
    }

    /// A whole file; false where it went away meanwhile.
    pub fn file(&mut self, name: &str, path: &Path) -> anyhow::Result<bool> {
        let mut file = match fs_err::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        self.part(name)?;
        std::io::copy(&mut file, &mut self.zip)?;
        Ok(true)
    }

    /// Flushes it to the disk and gives it its name; says how large it is.
    pub fn finish(self) -> anyhow::Result<u64> {
        let Packing { zip, unfinished, to } = self;
        let mut file = zip.finish()?;
        file.flush()?;
        file.get_ref().sync_all()?;
        let bytes = file.get_ref().metadata()?.len();
        files::rename_new(&unfinished.0, &to).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => BackupError::Taken(to.clone()).into(),
            _ => anyhow!(error),
        })?;
        if let Some(folder) = to.parent() {
            fs_err::File::open(folder)?.sync_all()?;
        }
        Ok(bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs_err::remove_file(&self.0);
    }
}

/// A backup that is read.
pub struct Packed(ZipArchive<BufReader<fs_err::File>>);

impl Packed {
    pub fn open(path: &Path) -> anyhow::Result<Packed> {
        let file = fs_err::File::open(path)?;
        ZipArchive::new(BufReader::new(file)).map(Packed).map_err(|why| broken(&why))
    }

    pub fn names(&self) -> anyhow::Result<Vec<String>> {
        let name = |name: zip::result::ZipResult<Cow<'_, str>>| name.map(Cow::into_owned);
        self.0.file_names().map(name).collect::<Result<_, _>>().map_err(|why| broken(&why))
    }

    pub fn text(&mut self, name: &str) -> anyhow::Result<String> {
        let mut text = String::new();
        let part = self.0.by_name(name).map_err(|why| broken(&why))?;
        part.take(TEXT).read_to_string(&mut text)?;
        Ok(text)
    }

    /// Reads all of it, for what a disk or a line did to it.
    pub fn demand_whole(&mut self) -> anyhow::Result<()> {
        for name in self.names()? {
            let mut part = self.0.by_name(&name).map_err(|why| broken(&why))?;
            std::io::copy(&mut part, &mut std::io::sink())
                .map_err(|why| BackupError::Broken(why.to_string()))?;
        }
        Ok(())
    }

    /// Writes a part as a file of its own.
    pub fn unpack(&mut self, name: &str, to: &Path) -> anyhow::Result<()> {
        let mut part = self.0.by_name(name).map_err(|why| broken(&why))?;
        files::write_whole_by(to, |file| {
            std::io::copy(&mut part, file)?;
            Ok(())
        })
    }

    /// The lines of a part, some at a time, read beside whoever takes them.
    pub fn rows(mut self, name: String) -> mpsc::Receiver<anyhow::Result<Vec<Value>>> {
        let (send, receive) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            let all = send_rows(&mut self, &name, &send);
            if let Err(error) = all {
                let _ = send.blocking_send(Err(error));
            }
        });
        receive
    }
}

fn send_rows(
    packed: &mut Packed,
    name: &str,
    send: &mpsc::Sender<anyhow::Result<Vec<Value>>>,
) -> anyhow::Result<()> {
    let part = packed.0.by_name(name).map_err(|why| broken(&why))?;
    let mut rows = Vec::new();
    for line in BufReader::new(part).lines() {
        let line = line.map_err(|why| BackupError::Broken(why.to_string()))?;
        rows.push(serde_json::from_str(&line).context("A row is no JSON")?);
        // Whoever took them is gone: a failure that is told elsewhere.
        if rows.len() == ROWS_AT_ONCE && send.blocking_send(Ok(std::mem::take(&mut rows))).is_err()
        {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        let _ = send.blocking_send(Ok(rows));
    }
    Ok(())
}

fn broken(error: &zip::result::ZipError) -> anyhow::Error {
    BackupError::Broken(error.to_string()).into()
}
