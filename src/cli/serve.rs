//! `serve`: the daemon, until SIGTERM or Ctrl-C.

use std::sync::Arc;

use minijinja::context;

use super::{
    args::Global,
    reply::{Exit, Reply},
    workspace,
};
use crate::{
    config::Environment,
    flow::{
        Clock, folders, guard,
        progress::Progress,
        status::{self, Life},
    },
    runner::{self, heart::Heart, supervisor::Supervisor},
};

pub async fn run(global: &Global) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let real = Clock::System.now();
    let clock =
        global.now.map_or(Clock::System, |now| Clock::Shifted((now - real).num_milliseconds()));
    let mut services = workspace::open_at(global, &home, clock).await?;
    services.progress = Progress::silent();
    folders::demand(folders::all(&services.home, &services.settings, folders::folder))?;
    let (inbox, work) = (&services.settings.files.inbox, services.home.join("work"));
    if !folders::are_on_one_disk(inbox, &work) {
        tracing::info!("inbox and work/ are on two disks: files are copied, not renamed");
    }
    let mut jobs = workspace::jobs(&services)?;
    jobs.retain(|job| !job.goes_nowhere(&services.settings));
    if !global.quiet {
        let values = context! { home => home.display().to_string() };
        say(&services.texts.say("command.serving", values));
    }
    let services = Arc::new(services);
    let heart = Arc::new(Heart::new(Supervisor::of(&Environment::of_process())));
    if let Some(hold) = guard::hold(&services).await? {
        tracing::error!(why = %hold.why, "Effects are held until `hangloat resume --confirm`");
    }
    let around = runner::around::begin(&services, &heart, &jobs).await?;
    runner::serve::serve(Arc::clone(&services), jobs, Arc::clone(&heart)).await?;
    drop(around);
    if let Err(error) = status::write(&services, Life::Stopped).await {
        tracing::warn!("{} cannot be written: {error:#}", status::NAME);
    }
    heart.stop(&services).await?;
    Ok(Reply::new(Exit::Done, ""))
}

#[expect(clippy::print_stderr, reason = "a daemon says that it began")]
fn say(text: &str) {
    eprintln!("{text}");
}
