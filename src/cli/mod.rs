//! What a person types and sees. Commands call the runner and the flow, and put the answer into words or JSON.

mod args;

mod names;

mod narrowed;

mod reply;

mod usage;

mod help;

mod logging;

mod progress;

mod workspace;

mod table;

mod init;

mod template;

mod check;

mod run;

mod sandbox;

mod serve;

mod order;

mod rows;

mod life;

mod payments;

mod same;

mod reopened;

mod history;

mod hold;

mod assign;

mod correct;

mod transfer;

mod lists;

mod mails;

mod preview;

mod watching;

mod clients;

mod mappings;

mod export;

mod catalogue;

mod explain;

mod guide;

mod doctor;

mod prove;

mod resume;

mod backup;

mod restore;

mod demo;

mod read_unstreamed;

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::{
    args::{CatalogueCommand, Cli, Command, Global, MailsCommand, When},
    reply::{Failure, Reply, failure_of},
};

use crate::{flow::answer::fixes::Decision, text::Texts};

pub use self::read_unstreamed::if_asked as read_unstreamed_if_asked;

/// How long an interrupted command may take to leave what it is at.
const LEAVING: Duration = Duration::from_secs(10);

/// Carries out what was typed.
pub async fn main() -> ExitCode {
    let words = help::words();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return usage::not_understood(&words, &error),
    };
    let (global, name) = (cli.global.clone(), cli.command.name());
    logging::start(&global, name);
    let mut work = tokio::spawn(carry_out(cli));
    let answer = tokio::select! {
        answer = &mut work => answer.unwrap_or_else(|panic| Err(panic.into())),
        // What serves stops by itself.
        code = interrupted(), if !matches!(name, "serve" | "platform-sandbox") => {
            work.abort();
            // What it was at is left well: it costs no try.
            let _ = tokio::time::timeout(LEAVING, work).await;
            std::process::exit(code);
        }
    };
    match answer {
        Ok(reply) => tell(&global, name, &reply),
        Err(error) => {
            let texts = workspace::texts(&global);
            complain(&global, name, (&failure_of(error, texts), texts))
        }
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
    let global = cli.global.clone();
    let answer = Box::pin(carry_out_here(cli)).await;
    workspace::hand_over(&global).await;
    answer
}

async fn carry_out_here(cli: Cli) -> anyhow::Result<Reply> {
    let global = cli.global;
    match cli.command {
        Command::Demo { dir } => demo::run(&global, dir).await,
        Command::Init { dir } => init::run(&global, dir),
        Command::Template(args) => template::run(&global, &args).await,
        Command::Check(args) => Box::pin(check::run(&global, &args)).await,
        Command::Run(args) => run::run(&global, &args).await,
        Command::Serve => serve::run(&global).await,
        Command::PlatformSandbox { listen } => sandbox::run(&global, listen).await,
        Command::Jobs => watching::jobs(&global).await,
        Command::Runs { id, narrowed } => watching::runs(&global, id, &narrowed).await,
        Command::Batches { id, narrowed } => lists::batches(&global, id, &narrowed).await,
        Command::Orders { code, narrowed } => order::list(&global, code, &narrowed).await,
        Command::Payments(args) => Box::pin(payments::list_or_join(&global, &args)).await,
        Command::Match(args) => Box::pin(payments::match_with(&global, &args)).await,
        Command::Hold(args) => hold::hold(&global, &args).await,
        Command::Release { line } => hold::release(&global, &line).await,
        Command::Unmatch(args) => Box::pin(payments::part(&global, &args)).await,
        Command::Refund(args) => Box::pin(payments::refund(&global, &args)).await,
        Command::Waive(args) => payments::waive(&global, &args).await,
        Command::Licences { narrowed } => lists::licences(&global, &narrowed).await,
        Command::Clients(args) => clients::run(&global, &args).await,
        Command::Mails { what: None, id, narrowed } => lists::mails(&global, id, &narrowed).await,
        Command::Mails { what: Some(what), .. } => match what {
            MailsCommand::Refuse { mail, reason } => mails::refuse(&global, mail, &reason).await,
            MailsCommand::Preview { purpose, output } => {
                preview::run(&global, purpose, output).await
            }
        },
        Command::Resend(args) => mails::resend(&global, &args).await,
        Command::Suppressions { release } => mails::suppressions(&global, release.as_ref()).await,
        Command::Notifications { narrowed } => lists::notifications(&global, &narrowed).await,
        Command::Mappings { forget, firm } => mappings::run(&global, forget, firm.as_deref()).await,
        Command::Accept { rows } => Box::pin(rows::decide(&global, &rows, Decision::Accept)).await,
        Command::Drop { rows } => Box::pin(rows::decide(&global, &rows, Decision::Drop)).await,
        Command::Confirm(args) => order::confirm(&global, &args).await,
        Command::Activate { orders } => order::activate(&global, &orders).await,
        Command::Export(args) => export::run(&global, &args).await,
        Command::Cancel(args) => life::cancel(&global, &args).await,
        Command::Undo { batch } => Box::pin(life::undo(&global, batch)).await,
        Command::Correct(args) => Box::pin(correct::correct(&global, &args)).await,
        Command::Transfer(args) => Box::pin(transfer::transfer(&global, &args)).await,
        Command::Assign(args) => assign::assign(&global, &args).await,
        Command::Unassign(args) => assign::unassign(&global, &args).await,
        Command::Explain { code } => explain::run(&global, &code),
        Command::Guide { output } => guide::run(&global, &output),
        Command::Catalogue { what } => match what {
            CatalogueCommand::Check => catalogue::check(&global),
            CatalogueCommand::Update { apply } => catalogue::update(&global, apply),
        },
        Command::Prove => prove::run(&global).await,
        Command::Doctor => doctor::run(&global).await,
        Command::Resume { confirm } => resume::run(&global, confirm).await,
        Command::Backup { file, with_key } => backup::run(&global, &file, with_key).await,
        Command::Restore { file } => restore::run(&global, &file).await,
    }
}

/// Ends the program with what went wrong, where its work cannot be ended.
fn give_up(global: &Global, command: &str, error: anyhow::Error) {
    let texts = workspace::texts(global);
    let failure = failure_of(error, texts);
    complain(global, command, (&failure, texts));
    std::process::exit(failure.exit as i32);
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

fn complain(global: &Global, command: &str, (failure, texts): (&Failure, &Texts)) -> ExitCode {
    if global.json {
        say(&format!("{:#}", failure.json(Some(command))));
    } else {
        let (red, plain) = if colours(global) { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let (error, fix) = (texts.label("command.said.error"), texts.label("command.said.fix"));
        let place = failure.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        say_wrong(&format!("{red}{error}:{plain} {place}{}", failure.message));
        if let Some(what) = failure.fix.as_ref().filter(|what| !what.is_empty()) {
            say_wrong(&format!("  {fix}: {what}"));
        }
    }
    ExitCode::from(failure.exit as u8)
}

/// Without colours, where it is not known what was asked for.
fn complain_plainly(failure: &Failure, texts: &Texts) {
    let (error, fix) = (texts.label("command.said.error"), texts.label("command.said.fix"));
    say_wrong(&format!("{error}: {}", failure.message));
    say_wrong(&format!("  {fix}: {}", failure.fix.as_deref().unwrap_or_default()));
}

#[expect(clippy::print_stderr, reason = "what went wrong is for the person")]
fn say_wrong(text: &str) {
    eprintln!("{text}");
}

fn colours(global: &Global) -> bool {
    match global.color {
        When::Auto => std::io::stderr().is_terminal(),
        When::Always => true,
        When::Never => false,
    }
}
