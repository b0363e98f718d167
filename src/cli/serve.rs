//! `serve`: the daemon, until SIGTERM or Ctrl-C.

use std::sync::Arc;

use minijinja::context;

use super::{
    args::Global,
    reply::{Exit, Reply},
    workspace,
};
use crate::{
    flow::{Clock, folders, progress::Progress},
    runner,
};

pub async fn run(global: &Global) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let real = Clock::System.now();
    let clock =
        global.now.map_or(Clock::System, |now| Clock::Shifted((now - real).num_milliseconds()));
    let mut services = workspace::open_at(global, &home, clock).await?;
    services.progress = Progress::silent();
    folders::demand(folders::all(&services.home, &services.settings))?;
    let (inbox, work) = (&services.settings.files.inbox, services.home.join("work"));
    if !folders::are_on_one_disk(inbox, &work) {
        tracing::info!("inbox and work/ are on two disks: files are copied, not renamed");
    }
    let jobs = workspace::jobs(&services)?;
    if !global.quiet {
        let values = context! { home => home.display().to_string() };
        say(&services.texts.say("command.serving", values));
    }
    runner::serve::serve(Arc::new(services), jobs).await?;
    Ok(Reply::new(Exit::Done, ""))
}

#[expect(clippy::print_stderr, reason = "a daemon says that it began")]
fn say(text: &str) {
    eprintln!("{text}");
}
