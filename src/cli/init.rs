//! `init`: a workspace with everything that a first run needs. Nothing is ever overwritten.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use minijinja::context;
use serde::Serialize;

use super::{
    args::Global,
    reply::{Exit, Reply},
    workspace,
};
use crate::{
    catalogue::{self, shipped},
    config::{FILE_NAME, SAMPLE},
    flow::key::Key,
    runner::definition,
};

/// The folders of a workspace.
const FOLDERS: [&str; 8] = [
    "inbox",
    "inbox/_bank",
    "inbox/_bounce",
    "outbox",
    "work",
    "archive",
    "mail",
    "jobs/catalogue",
];
/// Clients' data and log-in links lie here: nobody else's to read.
const PRIVATE: [&str; 3] = ["work", "archive", "mail"];
const KEY_FILE: &str = "hangloat.key";

/// A file that a command made.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    pub path: PathBuf,
    pub kind: &'static str,
}

pub fn run(global: &Global, dir: Option<PathBuf>) -> anyhow::Result<Reply> {
    let home = std::path::absolute(dir.unwrap_or_else(|| PathBuf::from(".")))?;
    let made = make(&home, KeyOf::Fresh)?;
    let shown: Vec<Made> = made
        .iter()
        .map(|made| Made {
            path: made.path.strip_prefix(&home).unwrap_or(&made.path).to_owned(),
            ..made.clone()
        })
        .collect();
    let at_home = Global { home: Some(home.clone()), ..global.clone() };
    let key = if made.is_empty() { "there" } else { "made" };
    let values = context! { home => home.display().to_string(), file => FILE_NAME };
    let human = workspace::texts(&at_home).say(&format!("command.init.{key}"), values);
    Reply::new(Exit::Done, human).with("files", shown)
}

/// Whether a key is made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOf {
    Fresh,
    /// It comes with a backup.
    Later,
}

/// Makes what is missing of a workspace.
pub fn make(home: &Path, key_of: KeyOf) -> anyhow::Result<Vec<Made>> {
    let mut made = Vec::new();
    for folder in FOLDERS {
        let path = home.join(folder);
        if !path.exists() {
            fs_err::create_dir_all(&path)?;
            if PRIVATE.contains(&folder) {
                fs_err::set_permissions(&path, Permissions::from_mode(0o700))?;
            }
            made.push(Made { path, kind: "folder" });
        }
    }
    made.extend(write_new(home.join(FILE_NAME), SAMPLE, "configuration")?);
    for (name, text) in definition::BUILT_IN {
        made.extend(write_new(home.join("jobs").join(name), text, "job")?);
    }
    made.extend(tables(&home.join("jobs/catalogue"))?);
    let key = home.join(KEY_FILE);
    if !key.exists() && key_of == KeyOf::Fresh {
        Key::create(&key)?;
        made.push(Made { path: key, kind: "key" });
    }
    Ok(made)
}

/// The tables, and what was shipped: by that those are known later that nobody touched.
fn tables(folder: &Path) -> anyhow::Result<Vec<Made>> {
    let path = folder.join(shipped::RECORD);
    let mut record = shipped::read_record(&fs_err::read_to_string(&path).unwrap_or_default());
    let mut made = Vec::new();
    for (name, text) in catalogue::BUILT_IN {
        if let Some(table) = write_new(folder.join(name), text, "catalogue")? {
            record.insert((*name).to_owned(), shipped::hash(text));
            made.push(table);
        }
    }
    if !made.is_empty() {
        fs_err::write(&path, shipped::write_record(&record))?;
    }
    Ok(made)
}

fn write_new(path: PathBuf, text: &str, kind: &'static str) -> anyhow::Result<Option<Made>> {
    if path.exists() {
        return Ok(None);
    }
    fs_err::write(&path, text)?;
    Ok(Some(Made { path, kind }))
}
