//! `doctor`: whether folders, key, database, tables, mail, platform and clock are right, and what to do if not.

mod backup;

mod jobs;

use std::{os::unix::fs::PermissionsExt, path::Path};

use anyhow::Context as _;
use chrono::{DateTime, Datelike, Utc};
use minijinja::context;
use serde::Serialize;

use super::{
    args::Global,
    reply::{Exit, Reply, of_configuration},
    table::table,
    workspace,
};
use crate::{
    catalogue::Catalogue,
    config::{MailTransport, Place, PlatformKind, Settings},
    db::Db,
    flow::{
        Clock,
        activate::platform::Platform,
        bucket,
        folders::{self, Folder},
        key::Key,
        send::{pause, transport},
    },
    text::Texts,
};

/// The program was not written before this year; a clock that says so is wrong.
const NOT_BEFORE: i32 = 2026;
const BACKUP_FOLDER: &str = "backup folder";

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
    let texts = Texts::of(settings.locale);
    let mut checks = folders(texts, &home, &settings);
    checks.extend(buckets(texts, &settings).await);
    checks.push(key(texts, &settings));
    let (database, db) = database(texts, &settings).await;
    checks.push(database);
    let now = global.now.unwrap_or_else(|| Clock::System.now());
    if let Some(db) = &db {
        checks.extend(backup::checks(texts, &settings, db, now).await?);
    }
    let catalogue = Catalogue::load(&home.join("jobs/catalogue"));
    checks.extend(catalogue.as_ref().ok().map(|catalogue| payee(texts, &settings, catalogue)));
    checks.push(tables(texts, "catalogue", catalogue.map(|catalogue| catalogue.version())));
    checks.push(jobs::check(texts, &home));
    let no_firm = settings.firms.is_empty().then(|| fix(texts, "firms"));
    checks.push(fine("firms", settings.firms.len().to_string()).unless(no_firm));
    checks.extend(second_person(texts, &settings));
    checks.push(mail(texts, &settings, (db.as_ref(), now)).await?);
    checks.push(letters(texts, &home, &settings));
    checks.push(platform(texts, &settings, db.as_ref(), now).await);
    checks.push(clock(texts, &settings));
    let wrong = checks.iter().any(|check| !check.ok);
    let row = |check: &Check| {
        let sign = match (check.ok, &check.fix) {
            (true, None) => "ok",
            (true, Some(_)) => "to_do",
            (false, _) => "wrong",
        };
        [
            name_in_words(texts, &check.name),
            texts.label(&format!("command.doctor.{sign}")),
            check.detail.clone(),
            check.fix.clone().unwrap_or_default(),
        ]
    };
    let human = table(texts, ["check", "is", "detail", "fix"], checks.iter().map(row));
    Reply::new(if wrong { Exit::NeedsPerson } else { Exit::Done }, human).with("checks", checks)
}

/// A mail server must let us in; it is sent nothing. One that refused who sends is left alone for a time.
async fn mail(
    texts: &Texts,
    settings: &Settings,
    (db, now): (Option<&Db>, DateTime<Utc>),
) -> anyhow::Result<Check> {
    let of = &settings.mail;
    if of.transport == MailTransport::File {
        return Ok(fine("mail", texts.label("command.doctor.mail")));
    }
    let address = match transport::ask(of).await {
        Ok(address) => address,
        Err(error) => {
            let detail = texts.translated(&format!("{error:#}"));
            return Ok(fine("mail", detail).unless(Some(fix(texts, "mail"))));
        }
    };
    let pause = match db {
        Some(db) => pause::holding(db, of, now).await?,
        None => None,
    };
    if let Some(pause) = pause {
        let until = pause.paused_until.with_timezone(&settings.timezone);
        let until = until.format("%d/%m/%Y %H:%M").to_string();
        let values = context! { address, until, why => texts.translated(&pause.why) };
        let detail = texts.say("command.doctor.mail_paused", values);
        return Ok(fine("mail", detail).unless(Some(fix(texts, "mail_paused"))));
    }
    let values = context! { address => address.as_str(), username => of.username.as_deref() };
    let detail = match of.username {
        Some(_) => texts.say("command.doctor.mail_login", values),
        None => address,
    };
    Ok(fine("mail", detail))
}

/// A real one must answer, to this token.
async fn platform(
    texts: &Texts,
    settings: &Settings,
    db: Option<&Db>,
    now: DateTime<Utc>,
) -> Check {
    let of = &settings.platform;
    let address = of.base_url.clone().filter(|_| of.kind == PlatformKind::Http);
    let Some(address) = address else {
        return fine("platform", texts.label("command.doctor.platform"));
    };
    let answer = async {
        let db = db.context("The database cannot be used")?;
        let platform = Platform::of(of, db, &Key::load(&settings.store.key_file)?)?;
        platform.licences(Some(now), None).await.map(|_| ()).map_err(anyhow::Error::from)
    };
    match answer.await {
        Ok(()) => fine("platform", address),
        Err(error) => {
            let detail = format!("{address}: {}", texts.translated(&format!("{error:#}")));
            fine("platform", detail).unless(Some(fix(texts, "platform")))
        }
    }
}

/// `inbox of MINHAN`: what it is, and of which firm.
fn name_in_words(texts: &Texts, name: &str) -> String {
    let (what, firm) = name.split_once(folders::OF).unwrap_or((name, ""));
    let key = format!("command.doctor.name.{}", what.replace(' ', "_"));
    let what = if texts.has(&key) { texts.label(&key) } else { what.to_owned() };
    if firm.is_empty() { what } else { format!("{what} ({firm})") }
}

fn fix(texts: &Texts, key: &str) -> String {
    texts.label(&format!("command.doctor.fix.{key}"))
}

fn fine(name: impl Into<String>, detail: String) -> Check {
    Check { name: name.into(), ok: true, detail, fix: None }
}

impl Check {
    /// Wrong where there is something to do about it.
    fn unless(self, fix: Option<String>) -> Check {
        Check { ok: fix.is_none(), fix, ..self }
    }

    /// Not wrong yet, and there is something to do about it.
    fn with_hint(self, fix: String) -> Check {
        Check { fix: Some(fix), ..self }
    }
}

/// Each folder must take a file and let it be renamed; also from the inbox into `work/`. One that is not there is made
/// by whoever writes into it first.
fn folders(texts: &Texts, home: &Path, settings: &Settings) -> Vec<Check> {
    let mut all = folders::all(home, settings, folders::look);
    all.push(folders::look("mail folder", home.join("mail")));
    if let Some(Place::Folder(path)) = &settings.backup.to {
        all.push(folders::look(BACKUP_FOLDER, path.clone()));
    }
    let (inbox, work) = (&settings.files.inbox, home.join("work"));
    let usable = all.iter().all(|folder| folder.wrong.is_none()) && inbox.is_dir() && work.is_dir();
    let mut checks: Vec<Check> = all.into_iter().map(|it| of_folder(texts, it)).collect();
    if usable {
        let one_disk = folders::are_on_one_disk(inbox, &work);
        let how = if one_disk { "renamed" } else { "copied" };
        checks.push(fine("inbox to work", texts.label(&format!("command.doctor.{how}"))));
    }
    checks
}

fn of_folder(texts: &Texts, folder: Folder) -> Check {
    let place = folder.path.display().to_string();
    if let Some(error) = folder.wrong {
        let detail = texts.translated(&format!("{error:#}"));
        return fine(folder.name, detail).unless(Some(fix(texts, "folder")));
    }
    if folder.path.exists() {
        return fine(folder.name, place);
    }
    let is_backup = folder.name == BACKUP_FOLDER;
    let detail = texts.say("command.doctor.no_folder", context! { path => place });
    let check = fine(folder.name, detail);
    // Where a disk is not connected, backups would lie beside what they are for.
    if is_backup { check.with_hint(fix(texts, "no_folder")) } else { check }
}

/// Each bucket must let us list, write and remove.
async fn buckets(texts: &Texts, settings: &Settings) -> Vec<Check> {
    let backup = match &settings.backup.to {
        Some(Place::Bucket(address)) => Some(("backup", address)),
        _ => None,
    };
    let mut checks = Vec::new();
    for (name, address) in settings.files.buckets.all().chain(backup) {
        let (detail, wrong) = match bucket::usable(address).await {
            Ok(()) => (address.to_string(), None),
            Err(error) => (format!("{error:#}"), Some(fix(texts, "bucket"))),
        };
        checks.push(fine(format!("{name} bucket"), detail).unless(wrong));
    }
    checks
}

fn key(texts: &Texts, settings: &Settings) -> Check {
    let path = &settings.store.key_file;
    let check = fine("key", path.display().to_string());
    if let Err(error) = Key::load(path) {
        let check = Check { detail: format!("{error:#}"), ..check };
        return check.unless(Some(fix(texts, "key")));
    }
    let open = fs_err::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    check.unless(open.then(|| fix(texts, "key_open")))
}

async fn database(texts: &Texts, settings: &Settings) -> (Check, Option<Db>) {
    match Db::open(&settings.store.url).await {
        Ok(db) => (fine("database", db.engine().to_owned()), Some(db)),
        Err(error) => {
            let check = fine("database", format!("{error:#}"));
            (check.unless(Some(fix(texts, "database"))), None)
        }
    }
}

/// Nobody can pay to a bank that does not exist.
fn payee(texts: &Texts, settings: &Settings, catalogue: &Catalogue) -> Check {
    let bin = settings.payee.bank_bin.as_str();
    let bank = catalogue.banks.name(bin);
    let detail = format!("{} {}", bank.unwrap_or(bin), settings.payee.account);
    fine("payee", detail).unless(bank.is_none().then(|| fix(texts, "payee")))
}

/// Where two persons are needed: who registers something in a firm of one can never be confirmed by another.
fn second_person(texts: &Texts, settings: &Settings) -> Option<Check> {
    if !settings.order.maker_checker {
        return None;
    }
    let alone = settings.firms.iter().filter(|firm| firm.members().nth(1).is_none());
    let alone: Vec<&str> = alone.map(|firm| firm.code.as_str()).collect();
    let wrong = (!alone.is_empty()).then(|| fix(texts, "second_person"));
    Some(fine("second person", alone.join(", ")).unless(wrong))
}

fn tables(
    texts: &Texts,
    name: &'static str,
    read: Result<String, crate::config::ConfigError>,
) -> Check {
    match read {
        Ok(detail) => fine(name, detail),
        Err(error) => {
            let wrong = of_configuration(&error, texts);
            let fix = wrong.fix.unwrap_or_else(|| fix(texts, "file"));
            fine(name, format!("{}: {}", error.place, wrong.message)).unless(Some(fix))
        }
    }
}

/// The owner's words for letters, as far as there are any.
fn letters(texts: &Texts, home: &Path, settings: &Settings) -> Check {
    match super::catalogue::letters(home, settings).into_iter().next() {
        None => fine("letters", texts.label("command.doctor.letters")),
        Some(error) => tables(texts, "letters", Err(error)),
    }
}

fn clock(texts: &Texts, settings: &Settings) -> Check {
    let now = Clock::System.now();
    let wrong = (now.year() < NOT_BEFORE).then(|| fix(texts, "clock"));
    fine("clock", now.with_timezone(&settings.timezone).to_rfc3339()).unless(wrong)
}
