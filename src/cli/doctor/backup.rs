//! Of `doctor`: whether what would be lost with the machine is also elsewhere, the key too.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;

use super::{Check, fine, fix};
use crate::{
    config::Settings,
    db::{
        Db,
        backups::{self, Backup},
        batches::{self, Filter},
    },
    flow::{guard, key::Key},
    text::Texts,
};

/// What a night's backup may be late.
const TOO_OLD: TimeDelta = TimeDelta::days(2);

pub async fn checks(
    texts: &Texts,
    settings: &Settings,
    db: &Db,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Check>> {
    let backups = backups::list(db).await?;
    let files = batches::list(db, &Filter::default()).await?;
    // A workspace of yesterday has little to lose yet.
    let has_data = files.last().is_some_and(|first| now - first.received_at > TOO_OLD);
    Ok(vec![
        newest(texts, settings, backups.first(), (has_data, now)),
        copy_of_key(texts, settings, &backups, has_data),
    ])
}

fn newest(
    texts: &Texts,
    settings: &Settings,
    newest: Option<&Backup>,
    (has_data, now): (bool, DateTime<Utc>),
) -> Check {
    let Some(newest) = newest else {
        let check = fine("backup", texts.label("command.doctor.no_backup"));
        return missing(check, has_data, fix(texts, "no_backup"));
    };
    let at = newest.taken_at.with_timezone(&settings.timezone);
    let at = at.format("%d/%m/%Y %H:%M").to_string();
    let values = context! { path => newest.path.as_str(), at };
    let wrong = if newest.same_disk {
        Some("backup_disk")
    } else {
        (now - newest.taken_at > TOO_OLD).then_some("backup_age")
    };
    fine("backup", texts.say("command.doctor.backup", values))
        .unless(wrong.map(|it| fix(texts, it)))
}

/// In a backup; where else somebody keeps one is not known here.
fn copy_of_key(texts: &Texts, settings: &Settings, backups: &[Backup], has_data: bool) -> Check {
    let print = Key::load(&settings.store.key_file).map(|key| guard::print_of(&key));
    let has_key =
        |it: &&Backup| it.with_key && print.as_ref().is_ok_and(|print| *print == it.key_print);
    let copy = backups.iter().find(has_key).map(|it| it.path.clone());
    if let Some(path) = copy {
        return fine("key copy", path);
    }
    let check = fine("key copy", texts.label("command.doctor.no_backup"));
    missing(check, has_data, fix(texts, "key_copy"))
}

/// Wrong where there is something to lose; before that it is to be done.
fn missing(check: Check, has_data: bool, fix: String) -> Check {
    if has_data { check.unless(Some(fix)) } else { check.with_hint(fix) }
}
