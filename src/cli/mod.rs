//! What a person types and sees. Commands call the runner and the flow, and put the answer into words or JSON.

mod args;

mod reply;

mod progress;

mod workspace;

mod table;

mod init;

mod template;

mod check;

mod run;

mod serve;

mod order;

mod lists;

mod clients;

mod mappings;

mod export;

mod doctor;

mod demo;

mod read_unstreamed;

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::{
    args::{Cli, Command, Global, When},
    reply::{Exit, Failure, Reply, failure_of},
};

pub use self::read_unstreamed::if_asked as read_unstreamed_if_asked;

/// How long an interrupted command may take to leave what it is at.
const LEAVING: Duration = Duration::from_secs(10);

/// Carries out what was typed.
pub async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    start_logging(&cli.global);
    let (global, name) = (cli.global.clone(), cli.command.name());
    let mut work = tokio::spawn(carry_out(cli));
    let answer = tokio::select! {
        answer = &mut work => answer.unwrap_or_else(|panic| Err(panic.into())),
        // `serve` stops by itself.
        code = interrupted(), if name != "serve" => {
            work.abort();
            // What it was at is left well: it costs no try.
            let _ = tokio::time::timeout(LEAVING, work).await;
            std::process::exit(code);
        }
    };
    match answer {
        Ok(reply) => tell(&global, name, &reply),
        Err(error) => complain(&global, Some(name), &failure_of(error)),
    }
}

/// The exit code of the signal that came.
async fn interrupted() -> i32 {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => 130,
        _ = terminated => 143,
    }
}

async fn carry_out(cli: Cli) -> anyhow::Result<Reply> {
    let global = cli.global;
    match cli.command {
        Command::Demo { dir } => demo::run(&global, dir).await,
        Command::Init { dir } => init::run(dir),
        Command::Template(args) => template::run(&global, &args).await,
        Command::Check(args) => check::run(&global, &args).await,
        Command::Run(args) => run::run(&global, &args).await,
        Command::Serve => serve::run(&global).await,
        Command::Jobs => lists::jobs(&global).await,
        Command::Runs { id, narrowed } => lists::runs(&global, id, &narrowed).await,
        Command::Batches { id, narrowed } => lists::batches(&global, id, &narrowed).await,
        Command::Orders { code, narrowed } => order::list(&global, code, &narrowed).await,
        Command::Licences { narrowed } => lists::licences(&global, &narrowed).await,
        Command::Clients(args) => clients::run(&global, &args).await,
        Command::Mails { id, narrowed } => lists::mails(&global, id, &narrowed).await,
        Command::Notifications { narrowed } => lists::notifications(&global, &narrowed).await,
        Command::Mappings { forget, firm } => mappings::run(&global, forget, firm.as_deref()).await,
        Command::Confirm(args) => order::confirm(&global, &args).await,
        Command::Activate { orders } => order::activate(&global, &orders).await,
        Command::Export(args) => export::run(&global, &args).await,
        Command::Doctor => doctor::run(&global).await,
    }
}

fn tell(global: &Global, command: &str, reply: &Reply) -> ExitCode {
    if global.json {
        let mut document = json!({ "command": command, "exit": reply.exit as u8 });
        if let Some(document) = document.as_object_mut() {
            document.extend(reply.json.clone());
        }
        say(&format!("{document:#}"));
    } else if !global.quiet && !reply.human.is_empty() {
        say(reply.human.trim_end());
    }
    ExitCode::from(reply.exit as u8)
}

/// To stdout; a reader that has gone away (`| head`) is no fault.
fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[expect(clippy::print_stderr, reason = "what went wrong is for the person")]
fn complain(global: &Global, command: Option<&str>, failure: &Failure) -> ExitCode {
    if global.json {
        say(&format!("{:#}", failure.json(command)));
    } else {
        let (red, plain) = if colours(global) { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let place = failure.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        eprintln!("{red}error:{plain} {place}{}", failure.message);
        if let Some(fix) = &failure.fix {
            eprintln!("  fix: {fix}");
        }
    }
    ExitCode::from(failure.exit as u8)
}

/// Help and version are answers; the rest is usage, told as JSON where that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() && json {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        say(&format!("{:#}", Failure::usage(message, "see `hangloat --help`").json(None)));
    } else if error.print().is_err() {
        return ExitCode::from(Exit::Bug as u8);
    }
    ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { 0 })
}

fn colours(global: &Global) -> bool {
    match global.color {
        When::Auto => std::io::stderr().is_terminal(),
        When::Always => true,
        When::Never => false,
    }
}

/// Log lines go to stderr.
fn start_logging(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        (_, 2) => "hangloat=debug,info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours(global))
        .init();
}
