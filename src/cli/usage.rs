//! What was typed and is no command: said in the person's language, and as JSON where that was asked for.
//! Help is translated beside it; the version stays as the parser writes it.

use std::{path::PathBuf, process::ExitCode};

use clap::{
    ArgMatches, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use minijinja::context;

use super::{
    args::Cli,
    complain_plainly, help,
    reply::{Exit, Failure},
    say, workspace,
};
use crate::{domain::locale::Locale, text::Texts};

/// Help and version are answers; the rest is usage.
pub fn not_understood(error: &clap::Error) -> ExitCode {
    let typed = typed();
    let typed = typed.as_ref();
    let command = typed.and_then(ArgMatches::subcommand_name);
    let locale = typed.and_then(|typed| typed.get_one::<Locale>("locale").copied());
    let home = typed.and_then(|typed| typed.get_one::<PathBuf>("home"));
    let texts = workspace::texts_of(locale, home.map(PathBuf::as_path));
    if !error.use_stderr() {
        let help = help::asked_for(texts);
        let printed = help.as_ref().unwrap_or(error).print();
        return ExitCode::from(if printed.is_ok() { Exit::Done } else { Exit::Bug } as u8);
    }
    let failure = failure(error, command, texts);
    if std::env::args_os().any(|arg| arg == "--json") {
        say(&format!("{:#}", failure.json(command)));
    } else {
        complain_plainly(&failure, texts);
    }
    ExitCode::from(failure.exit as u8)
}

/// As much of what was typed as can be read.
fn typed() -> Option<ArgMatches> {
    let command = Cli::command().disable_help_flag(true).disable_version_flag(true);
    command.ignore_errors(true).try_get_matches_from(std::env::args_os()).ok()
}

fn failure(error: &clap::Error, command: Option<&str>, texts: &Texts) -> Failure {
    let key = match error.kind() {
        ErrorKind::InvalidSubcommand => "usage_command",
        ErrorKind::UnknownArgument => "usage_argument",
        ErrorKind::InvalidValue if said(error, ContextKind::InvalidValue).is_empty() => {
            "usage_no_value"
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "usage_value",
        ErrorKind::MissingRequiredArgument => "usage_missing",
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "usage_no_command"
        }
        _ => "usage_other",
    };
    let near =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let near = near.into_iter().map(|kind| said(error, kind)).find(|said| !said.is_empty());
    let first = error.to_string();
    let first = first.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let why = std::error::Error::source(error).map(ToString::to_string);
    let values = context! {
        command,
        word => said(error, ContextKind::InvalidSubcommand),
        argument => said(error, ContextKind::InvalidArg),
        value => said(error, ContextKind::InvalidValue),
        allowed => said(error, ContextKind::ValidValue),
        near, why, what => first,
    };
    Failure::misused(texts, key, values)
}

fn said(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
