//! `mails preview`: how letters look, as files to open in a browser, with the words that the owner may change.

use std::path::PathBuf;

use minijinja::context;

use super::{
    args::Global,
    init::Made,
    reply::{Exit, Reply},
    table::table,
    workspace,
};
use crate::{domain::mail::Purpose, flow::send::preview};

/// Where they are written if no place is named.
const FOLDER: &str = "mail/preview";

pub async fn run(
    global: &Global,
    purpose: Option<Purpose>,
    output: Option<PathBuf>,
) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let folder = match output {
        Some(folder) => std::path::absolute(folder)?,
        None => services.home.join(FOLDER),
    };
    fs_err::create_dir_all(&folder)?;
    let mut written = Vec::new();
    for purpose in purpose.as_ref().map_or(Purpose::ALL, std::slice::from_ref) {
        written.extend(preview::write(&services, *purpose, &folder)?);
    }
    let shown = |file: &preview::Written| services.shown_path(&file.path);
    let pages = written.iter().filter(|file| file.kind == "html");
    let rows = pages.map(|page| [page.subject.clone(), shown(page)]);
    let human = table(services.texts, ["subject", "file"], rows);
    let own = services.texts.say(
        "command.preview",
        context! { folder => services.shown_path(&folder), own => crate::flow::send::letters::own::FOLDER },
    );
    let made =
        written.iter().map(|file| Made { path: PathBuf::from(shown(file)), kind: file.kind });
    Reply::new(Exit::Done, format!("{human}\n{own}")).with("files", made.collect::<Vec<_>>())
}
