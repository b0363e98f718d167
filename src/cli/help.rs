//! `--help` in the person's language: the words of `args`, and the headings around them, translated.
//! What can be typed stays as `args` says it.

use clap::{Arg, ArgAction, Command, CommandFactory, error::ErrorKind};

use super::args::Cli;
use crate::text::Texts;

/// The help that was asked for; `None` where something else was.
pub fn asked_for(texts: &Texts) -> Option<clap::Error> {
    let command = translated(Cli::command(), texts).disable_help_subcommand(true);
    let error = command.try_get_matches_from(std::env::args_os()).err()?;
    (error.kind() == ErrorKind::DisplayHelp).then_some(error)
}

fn translated(command: Command, texts: &Texts) -> Command {
    let heading = |name: &str| texts.label(&format!("command.help.{name}"));
    let about = command.get_about().map(|about| texts.translated(&about.to_string()));
    let usage = heading("usage");
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let command = command
        .disable_help_flag(true)
        .arg(help.help(heading("help")))
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
    let words: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let said = arg.get_help().map(|help| texts.translated(&help.to_string()));
    let help = said.unwrap_or_else(|| words.join(" | "));
    let takes_values = arg.get_action().takes_values();
    let arg = arg.help_heading(heading).help(help);
    if takes_values { arg.hide_possible_values(true).hide_default_value(true) } else { arg }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    fn all(command: &Command, said: &mut Vec<String>) {
        said.extend(command.get_about().map(ToString::to_string));
        said.extend(command.get_arguments().filter_map(Arg::get_help).map(ToString::to_string));
        command.get_subcommands().for_each(|inner| all(inner, said));
    }

    #[test]
    fn the_translated_commands_are_whole() {
        for locale in [Locale::Vi, Locale::En] {
            translated(Cli::command(), Texts::of(locale)).debug_assert();
        }
    }

    #[test]
    fn every_word_of_help_is_there_in_vietnamese() {
        let mut said = Vec::new();
        all(&Cli::command(), &mut said);
        let vi = Texts::of(Locale::Vi);
        let left: Vec<&String> = said.iter().filter(|said| vi.translated(said) == **said).collect();
        assert_eq!(left, Vec::<&String>::new());
    }
}
