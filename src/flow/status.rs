//! `_TRANG-THAI.txt` in the outbox: whether the program is alive, what it waits for and works on, and its last answers.
//! When it is written anew is decided by whoever serves.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use minijinja::{Value, context};

use super::{
    Services,
    answer::outbox,
    files::write_whole,
    guard,
    inbox::{self, Seen},
};
use crate::{
    db::{
        batches::{self, Batch},
        watched,
    },
    domain::phone::Phone,
};

/// Of the file, in each outbox.
pub const NAME: &str = "_TRANG-THAI.txt";
/// So many files of each kind are named, and so many answers.
const NAMED: usize = 20;
const ANSWERS: i64 = 10;

/// What it says of the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Serves,
    /// It has not worked since.
    Hangs(DateTime<Utc>),
    Stopped,
}

/// Writes it for each firm, of its own files; with several firms once more without names, for whoever runs the program.
pub async fn write(services: &Services, life: Life) -> anyhow::Result<()> {
    let seen = tokio::task::block_in_place(|| inbox::look(services)).unwrap_or_default();
    let outbox = &services.settings.files.outbox;
    if services.only_firm().is_some() {
        return write_one(services, life, (None, outbox, &seen)).await;
    }
    for firm in &services.settings.firms {
        let code = firm.code.as_str();
        let folder = outbox::folder(services, Some(code));
        write_one(services, life, (Some(code), &folder, &own(services, code, &seen))).await?;
    }
    let of_all = of(services, life, (None, &seen)).await?;
    let text = services.texts.say("message.status", context! { nameless => true, ..of_all });
    tell(outbox, &text)
}

/// What lies in the folder of a firm.
fn own(services: &Services, code: &str, seen: &Seen) -> Seen {
    let folder = services.settings.files.inbox.join(code);
    let is_own = |path: &PathBuf| path.starts_with(&folder);
    Seen {
        files: seen.files.iter().filter(|(path, _)| is_own(path)).cloned().collect(),
        left: seen.left.iter().filter(|(path, _)| is_own(path)).cloned().collect(),
    }
}

async fn write_one(
    services: &Services,
    life: Life,
    (firm, folder, seen): (Option<&str>, &Path, &Seen),
) -> anyhow::Result<()> {
    let values = of(services, life, (firm, seen)).await?;
    tell(folder, &services.texts.say("message.status", values))
}

fn tell(folder: &Path, text: &str) -> anyhow::Result<()> {
    write_whole(&folder.join(NAME), format!("{}\n", text.trim()).as_bytes())
}

async fn of(
    services: &Services,
    life: Life,
    (firm, seen): (Option<&str>, &Seen),
) -> anyhow::Result<Value> {
    let clock = |at: DateTime<Utc>| services.local(at).format("%d/%m/%Y %H:%M").to_string();
    let is_own = |batch: &Batch| firm.is_none() || batch.firm.as_deref() == firm;
    let mut working = batches::unfinished(&services.db).await?;
    working.retain(is_own);
    let answers = watched::newest_batches(&services.db, firm, ANSWERS).await?;
    let held = guard::hold(services).await?;
    let operator = &services.settings.operator;
    Ok(context! {
        at => clock(services.now()),
        since => match life { Life::Hangs(since) => Some(clock(since)), _ => None },
        stopped => life == Life::Stopped,
        held => held.is_some(),
        operator => operator.name.as_str(),
        phone => operator.phone.as_ref().map(Phone::national),
        waiting => named(seen.files.iter().map(|(path, _)| shown(services, path))),
        waiting_n => seen.files.len(),
        left => named(seen.left.iter().map(|(path, why)| {
            format!("{}: {}", shown(services, path), services.texts.translated(&why.to_string()))
        })),
        left_n => seen.left.len(),
        working => named(working.iter().map(|batch| {
            format!("{} ({}, {})", batch.file_name, batch.id(), clock(batch.received_at))
        })),
        working_n => working.len(),
        answers => answers.iter().map(|batch| answer(services, batch)).collect::<Vec<_>>(),
    })
}

fn named(files: impl Iterator<Item = String>) -> Vec<String> {
    files.take(NAMED).collect()
}

/// From the inbox on.
fn shown(services: &Services, path: &Path) -> String {
    path.strip_prefix(&services.settings.files.inbox).unwrap_or(path).display().to_string()
}

fn answer(services: &Services, batch: &Batch) -> Value {
    let workbook = outbox::newest(services, batch);
    let workbook = workbook.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    context! {
        at => services.local(batch.received_at).format("%d/%m %H:%M").to_string(),
        file => batch.file_name.as_str(),
        batch => batch.id().to_string(),
        state => services.texts.label(&format!("command.batch_state.{}", batch.state)),
        workbook,
    }
}
