//! What was typed and is no command: said in the person's language, and as JSON where that was asked for.
//! Help is translated beside it; the version stays as the parser writes it.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::ExitCode,
};

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
pub fn not_understood(words: &[OsString], error: &clap::Error) -> ExitCode {
    let typed = typed(words);
    let command = typed.as_ref().and_then(ArgMatches::subcommand_name);
    let locale = value_of(words, "--locale").and_then(|word| word.to_str()?.parse::<Locale>().ok());
    let home = value_of(words, "--home").map(PathBuf::from);
    let texts = workspace::texts_of(locale, home.as_deref());
    if !error.use_stderr() {
        let help = help::asked_for(words, texts);
        let printed = help.as_ref().unwrap_or(error).print();
        return ExitCode::from(if printed.is_ok() { Exit::Done } else { Exit::Bug } as u8);
    }
    let failure = failure(error, command, texts);
    if words.iter().any(|word| word == "--json") {
        say(&format!("{:#}", failure.json(command)));
    } else {
        complain_plainly(&failure, texts);
    }
    ExitCode::from(failure.exit as u8)
}

/// As much of what was typed as can be read.
fn typed(words: &[OsString]) -> Option<ArgMatches> {
    let command = Cli::command().disable_help_flag(true).disable_version_flag(true);
    command.ignore_errors(true).try_get_matches_from(words).ok()
}

/// What stands behind an option, wherever that is: the parser does not read on behind `--help` or a mistake.
fn value_of<'a>(words: &'a [OsString], option: &str) -> Option<&'a OsStr> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let rest = word.to_str().and_then(|word| word.strip_prefix(option));
        match rest.map(|rest| (rest, rest.strip_prefix('='))) {
            Some(("", _)) => return words.next().map(OsString::as_os_str),
            Some((_, Some(value))) => return Some(OsStr::new(value)),
            _ => {}
        }
    }
    None
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
        ErrorKind::ArgumentConflict => "usage_conflict",
        _ => "usage_other",
    };
    let near =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let near = near.into_iter().find_map(|kind| nearest(error, kind));
    let first = error.to_string();
    let first = first.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let why = std::error::Error::source(error).map(|why| texts.translated(&why.to_string()));
    let values = context! {
        command,
        word => said(error, ContextKind::InvalidSubcommand),
        argument => said(error, ContextKind::InvalidArg),
        other => said(error, ContextKind::PriorArg),
        value => said(error, ContextKind::InvalidValue),
        allowed => said(error, ContextKind::ValidValue),
        near, why, what => first,
    };
    Failure::misused(texts, key, values)
}

/// Of several that are alike, the most alike, which stands last.
fn nearest(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.last().cloned(),
        _ => None,
    }
}

fn said(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_wherever_it_was_typed() {
        let of = |typed: &str| {
            let words: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            value_of(&words, "--locale").map(OsStr::to_owned)
        };
        for typed in ["--locale en x", "x --help --locale en", "x --nope --locale=en"] {
            assert_eq!(of(typed).unwrap(), "en", "{typed}");
        }
        for typed in ["x", "x --locales en", "x --locale"] {
            assert_eq!(of(typed), None, "{typed}");
        }
    }
}
