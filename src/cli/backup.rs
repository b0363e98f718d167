//! `backup FILE`: everything that the workspace knows as one file.

use std::path::Path;

use minijinja::context;
use serde_json::json;

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    flow::backup::{BackupError, WithKey},
    runner,
};

pub async fn run(global: &Global, file: &Path, with_key: bool) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let to = std::path::absolute(file)?;
    let key = if with_key { WithKey::Yes } else { WithKey::No };
    let taken = runner::backup::take(&services, &to, key).await.map_err(|error| match error
        .downcast_ref::<BackupError>(
    ) {
        Some(BackupError::Taken(file)) => {
            let values = context! { file => file.display().to_string() };
            Failure::misused(services.texts, "backup_there", values).into()
        }
        _ => error,
    })?;
    let file = services.shown_path(&taken.path);
    let key = services.shown_path(&services.settings.store.key_file);
    let size = size(taken.bytes);
    let (rows, files) = (taken.rows(), taken.manifest.files);
    let values = context! { file => file.as_str(), rows, files, size, with_key, key };
    let human = services.texts.say("command.backup.done", values);
    let backup = json!({
        "file": file, "bytes": taken.bytes, "rows": rows, "files": files, "with_key": with_key,
        "taken_at": services.rfc3339(services.now()),
    });
    Reply::new(Exit::Done, human).with("backups", [backup])
}

/// As people say it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{},{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
