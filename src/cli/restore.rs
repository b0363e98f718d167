//! `restore FILE`: a backup into an empty workspace, which is held until a person says so.

use std::path::{Path, PathBuf};

use minijinja::context;
use serde_json::json;

use super::{
    args::Global,
    init,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    catalogue,
    config::{self, Environment},
    db::Newer,
    flow::{
        Clock,
        backup::{
            BackupError, Manifest,
            restore::{self, KeyIs, Restored},
        },
        holder::Holder,
    },
    runner::definition,
    text::Texts,
};

pub async fn run(global: &Global, file: &Path) -> anyhow::Result<Reply> {
    let file = std::path::absolute(file)?;
    let home = home(global)?;
    let global = Global { home: Some(home.clone()), ..global.clone() };
    let done = into(&global, &home, &file).await;
    let texts = workspace::texts(&global);
    let (manifest, restored, kept) = done.map_err(|error| in_words(error, texts, &home, &file))?;
    let settings = workspace::settings(&global, &home)?;
    let local = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&settings.timezone);
    let key = if restored.key == KeyIs::New { "new" } else { "same" };
    let values = context! {
        home => home.display().to_string(), rows => restored.rows, files => restored.files, key,
        at => local(manifest.taken_at).format("%d/%m/%Y %H:%M").to_string(), kept => kept.join(", "),
    };
    let shown = json!({
        "file": file, "taken_at": local(manifest.taken_at).to_rfc3339(), "rows": restored.rows,
        "files": restored.files, "key": key, "kept": kept, "instance_before": manifest.instance,
    });
    Reply::new(Exit::Done, texts.say("command.restore.done", values)).with("restored", [shown])
}

/// The workspace that is named or found, or the current folder, which becomes one.
fn home(global: &Global) -> anyhow::Result<PathBuf> {
    let (environment, current) = (Environment::of_process(), std::env::current_dir()?);
    let named = global.home.clone().or_else(|| environment.get("HANGLOAT_HOME").map(PathBuf::from));
    let found = config::discover(global.home.as_deref(), &environment, &current).ok();
    Ok(std::path::absolute(found.or(named).unwrap_or(current))?)
}

async fn into(
    global: &Global,
    home: &Path,
    file: &Path,
) -> anyhow::Result<(Manifest, Restored, Vec<String>)> {
    let manifest = restore::look(file)?;
    let is_there = home.join(config::FILE_NAME).is_file();
    if is_there {
        restore::demand_empty(home, &workspace::settings(global, home)?).await?;
    }
    let kept = restore::settings(home, file, &as_made)?;
    init::make(home, init::KeyOf::Later)?;
    let settings = workspace::settings(global, home)?;
    restore::demand_empty(home, &settings).await?;
    let (holder, now) = (Holder::of_this_process()?, Clock::System.now());
    let now = global.now.unwrap_or(now);
    let restored = restore::restore(home, &settings, (file, &manifest), holder.host(), now).await?;
    Ok((manifest, restored, kept))
}

/// What `init` writes into a file of this name.
fn as_made(name: &str) -> Option<&'static str> {
    if name == config::FILE_NAME {
        return Some(config::SAMPLE);
    }
    let of = |all: &[(&str, &'static str)], name: &str| {
        all.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
    };
    match name.strip_prefix("jobs/catalogue/") {
        Some(table) => of(catalogue::BUILT_IN, table),
        None => of(definition::BUILT_IN, name.strip_prefix("jobs/")?),
    }
}

fn in_words(error: anyhow::Error, texts: &Texts, home: &Path, file: &Path) -> anyhow::Error {
    let file = file.display().to_string();
    match error.downcast_ref::<BackupError>() {
        Some(BackupError::NotEmpty) => {
            let values = context! { home => home.display().to_string() };
            Failure::not_allowed(texts, "not_empty", values).into()
        }
        Some(BackupError::Newer) => error.context(Newer),
        Some(BackupError::Broken(why)) => {
            let values = context! { file, why => texts.translated(why) };
            Failure::misused(texts, "no_backup", values).into()
        }
        _ => error,
    }
}
