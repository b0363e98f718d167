//! `--help` in the person's language: the words of `args`, and the headings around them, translated.
//! What can be typed stays as `args` says it.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory, error::ErrorKind};

use super::args::Cli;
use crate::text::Texts;

/// What was typed; `help check` asks for the same as `check --help`.
pub fn words() -> Vec<OsString> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    words
}

/// The help that was asked for; `None` where something else was.
pub fn asked_for(words: &[OsString], texts: &Texts) -> Option<clap::Error> {
    let command = translated(Cli::command(), texts);
    let error = command.try_get_matches_from(words).err()?;
    (error.kind() == ErrorKind::DisplayHelp).then_some(error)
}

fn translated(command: Command, texts: &Texts) -> Command {
    let heading = |name: &str| texts.label(&format!("command.help.{name}"));
    let about = command.get_about().map(|about| texts.translated(&about.to_string()));
    let usage = heading("usage");
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let version = command.get_version().map(|_| version.help(heading("version")));
    let command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help.help(heading("help")))
        .args(version)
        .mut_args(|arg| translated_argument(arg, texts))
        .mut_subcommands(|inner| translated(inner, texts))
        .subcommand_help_heading(heading("commands"))
        .help_template(format!("{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}"));
    match about {
        Some(about) => command.about(about),
        None => command,
    }
}

fn translated_argument(arg: Arg, texts: &Texts) -> Arg {
    let heading = if arg.is_positional() { "arguments" } else { "options" };
    let heading = texts.label(&format!("command.help.{heading}"));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let help = texts.translated(&help);
    let takes_values = arg.get_action().takes_values();
    let arg = arg.help_heading(heading).help(help);
    if takes_values { arg.hide_possible_values(true).hide_default_value(true) } else { arg }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    /// The command and all below it, as they are when somebody asks for their help.
    fn built(locale: Locale) -> Vec<Command> {
        let mut top = translated(Cli::command(), Texts::of(locale));
        top.build();
        let mut all = vec![top];
        let mut next = 0;
        while let Some(command) = all.get(next) {
            let inner: Vec<Command> = command.get_subcommands().cloned().collect();
            all.extend(inner);
            next += 1;
        }
        all
    }

    /// What they say of themselves, each argument under its name.
    fn said(commands: &[Command]) -> Vec<(String, String)> {
        let of = |command: &Command| {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let arguments = command.get_arguments().map(|arg| {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                (format!("{} {}", command.get_name(), arg.get_id()), help)
            });
            let own = (command.get_name().to_owned(), about);
            std::iter::once(own).chain(arguments).collect::<Vec<_>>()
        };
        commands.iter().flat_map(of).collect()
    }

    #[test]
    fn the_translated_commands_are_whole() {
        for locale in [Locale::Vi, Locale::En] {
            translated(Cli::command(), Texts::of(locale)).debug_assert();
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_in_both_languages() {
        let (vi, en) = (said(&built(Locale::Vi)), said(&built(Locale::En)));
        assert!(vi.len() == en.len() && vi.len() > 100);
        for ((name, vi), (_, en)) in vi.iter().zip(&en) {
            assert!(!vi.is_empty() && vi != en, "{name}: {vi}");
        }
    }

    #[test]
    fn no_heading_of_the_help_is_in_another_language() {
        for mut command in built(Locale::Vi) {
            let help = command.render_long_help().to_string();
            for english in ["Usage:", "Options:", "Arguments:", "Commands:", "Print ", "[default"] {
                assert!(!help.contains(english), "{english} in {help}");
            }
        }
    }
}
