//! `export`: what there is, as files for other programs.

use std::path::PathBuf;

use minijinja::context;

use super::{
    args::{Export, Global},
    init::Made,
    reply::{Exit, Reply},
    workspace,
};
use crate::flow::export;

pub async fn run(global: &Global, args: &Export) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let named = args.firm.as_deref();
    let firm = named.map(|named| workspace::firm(&services, Some(named))).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    let table = export::gather(&services, args.what, firm).await?;
    let path = match &args.output {
        Some(path) => std::path::absolute(path)?,
        None => export::free_path(&services, args.what, args.format, firm),
    };
    let written =
        tokio::task::block_in_place(|| export::write(&services, &table, args.format, &path))?;
    let shown: Vec<String> = written.iter().map(|path| services.shown_path(path)).collect();
    let made = |path: &String| Made { path: PathBuf::from(path), kind: "export" };
    let said = context! { rows => table.rows.len(), files => shown.join("\n") };
    Reply::new(Exit::Done, services.texts.say("message.export.done", said))
        .with("files", shown.iter().map(made).collect::<Vec<_>>())?
        .with("rows", table.rows.len())
}
