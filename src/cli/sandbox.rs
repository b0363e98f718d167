//! `platform-sandbox`: the embedded platform of a workspace over HTTP, until SIGTERM or Ctrl-C.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use minijinja::context;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::flow::activate::platform::{
    Embedded,
    sandbox::{self, Sandbox},
};

pub async fn run(global: &Global, listen: SocketAddr) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    if !listen.ip().is_loopback() {
        let values = context! { address => listen.to_string() };
        return Err(Failure::misused(services.texts, "not_loopback", values).into());
    }
    let settings = &services.settings.platform;
    let address = settings.base_url.as_deref().map(|url| url.trim_end_matches("/v1"));
    let platform = Embedded::new(services.db.clone(), services.key.clone(), address);
    let sandbox = Arc::new(Sandbox::new(platform, settings.token.clone(), services.clock));
    let listener = TcpListener::bind(listen).await;
    let listener = listener.with_context(|| format!("{listen} cannot be listened on"))?;
    let values = context! { address => listener.local_addr()?.to_string() };
    say(&services.texts.say("command.sandbox", values));
    let mut stop = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = sandbox::serve(sandbox, listener) => match ended? {},
        _ = stop.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(Reply::new(Exit::Done, ""))
}

#[expect(clippy::print_stderr, reason = "who serves says where")]
fn say(text: &str) {
    eprintln!("{text}");
}
