//! `doctor`: whether folders, key, database, tables, mail, platform and clock are right, and what to do if not.

use std::{os::unix::fs::PermissionsExt, path::Path};

use chrono::Datelike;
use serde::Serialize;

use super::{
    args::Global,
    reply::{Exit, Reply, of_configuration},
    table::table,
    workspace,
};
use crate::{
    catalogue::Catalogue,
    config::Settings,
    db::Db,
    flow::{
        Clock,
        folders::{self, Folder},
        key::Key,
    },
    runner::definition::load_jobs,
};

/// The program was not written before this year; a clock that says so is wrong.
const NOT_BEFORE: i32 = 2026;

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    ok: bool,
    detail: String,
    fix: Option<String>,
}

pub async fn run(global: &Global) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let settings = workspace::settings(global, &home)?;
    let mut checks = folders(&home, &settings);
    checks.push(key(&settings));
    checks.push(database(&settings).await);
    checks.push(tables(
        "catalogue",
        Catalogue::load(&home.join("jobs/catalogue")).map(|catalogue| catalogue.version()),
    ));
    checks.push(tables(
        "jobs",
        load_jobs(&home.join("jobs")).map(|jobs| format!("{} jobs", jobs.len())),
    ));
    checks.push(
        fine("firms", format!("{}", settings.firms.len()))
            .unless(settings.firms.is_empty(), "add a [[firm]] to hangloat.toml"),
    );
    checks.push(fine("mail", "files in mail/".to_owned()));
    checks.push(fine("platform", "embedded".to_owned()));
    checks.push(clock());
    let wrong = checks.iter().any(|check| !check.ok);
    let row = |check: &Check| {
        let sign = if check.ok { "ok" } else { "WRONG" };
        [
            check.name.clone(),
            sign.to_owned(),
            check.detail.clone(),
            check.fix.clone().unwrap_or_default(),
        ]
    };
    let human = table(["check", "", "detail", "fix"], checks.iter().map(row));
    Reply::new(if wrong { Exit::NeedsPerson } else { Exit::Done }, human).with("checks", checks)
}

fn fine(name: impl Into<String>, detail: String) -> Check {
    Check { name: name.into(), ok: true, detail, fix: None }
}

impl Check {
    fn unless(self, wrong: bool, fix: &str) -> Check {
        Check { ok: !wrong, fix: wrong.then(|| fix.to_owned()), ..self }
    }
}

/// Each folder must take a file and let it be renamed; also from the inbox into `work/`.
fn folders(home: &Path, settings: &Settings) -> Vec<Check> {
    let mut all = folders::all(home, settings);
    all.push(folders::folder("mail folder", home.join("mail")));
    let usable = all.iter().all(|folder| folder.wrong.is_none());
    let check = |folder: Folder| {
        let wrong = folder.wrong.is_some();
        let place = folder.path.display().to_string();
        let detail = folder.wrong.map_or(place, |error| format!("{error:#}"));
        fine(folder.name, detail).unless(wrong, folders::FIX)
    };
    let mut checks: Vec<Check> = all.into_iter().map(check).collect();
    if usable {
        let one_disk = folders::are_on_one_disk(&settings.files.inbox, &home.join("work"));
        let how = if one_disk { "renamed" } else { "copied: two disks" };
        checks.push(fine("inbox to work", how.to_owned()));
    }
    checks
}

fn key(settings: &Settings) -> Check {
    let path = &settings.store.key_file;
    let check = fine("key", path.display().to_string());
    if let Err(error) = Key::load(path) {
        return Check { detail: format!("{error:#}"), ..check }
            .unless(true, "`hangloat init` makes one; restore the old one if there was one");
    }
    let open = fs_err::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    check.unless(open, "others can read it: chmod 600 hangloat.key")
}

async fn database(settings: &Settings) -> Check {
    match Db::open(&settings.store.url).await {
        Ok(db) => fine("database", db.engine().to_owned()),
        Err(error) => fine("database", format!("{error:#}"))
            .unless(true, "check [store] url, and that the server runs"),
    }
}

fn tables(name: &'static str, read: Result<String, crate::config::ConfigError>) -> Check {
    match read {
        Ok(detail) => fine(name, detail),
        Err(error) => {
            let wrong = of_configuration(&error);
            let fix = wrong.fix.unwrap_or_else(|| "correct the file".to_owned());
            fine(name, error.to_string()).unless(true, &fix)
        }
    }
}

fn clock() -> Check {
    let now = Clock::System.now();
    fine("clock", now.to_rfc3339()).unless(now.year() < NOT_BEFORE, "set the machine's clock")
}
