//! `catalogue check`: what is inconsistent in the tables of the workspace, all at once. `catalogue update`: the tables
//! of this version instead of those that nobody touched. What is wrong with tables is known by `catalogue`.

use std::path::Path;

use minijinja::context;
use serde::Serialize;

use super::{
    args::Global,
    reply::{Exit, Reply, of_configuration},
    table::table,
    workspace,
};
use crate::{
    catalogue::{
        self,
        problems::{Examined, examine},
        shipped::{self, RECORD, State},
    },
    config::{ConfigError, Settings},
    domain::locale::Locale,
    flow::{
        Clock,
        files::write_whole,
        send::{letters::own, preview},
    },
    text::Texts,
};

/// Where the tables lie in a workspace.
const FOLDER: &str = "jobs/catalogue";

/// One thing to put right, as the contract names its parts.
#[derive(Debug, Serialize)]
struct Problem {
    /// From the workspace.
    file: String,
    line: Option<u32>,
    message: String,
    fix: String,
}

/// Does not open the workspace: tables that cannot be read are what it is asked about.
pub fn check(global: &Global) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let settings = workspace::settings(global, &home)?;
    let texts = Texts::of(settings.locale);
    let now = global.now.map_or(Clock::System, Clock::Frozen).now();
    let today = now.with_timezone(&settings.timezone).date_naive();
    let Examined { mut problems, is_readable } = examine(&home.join(FOLDER), today);
    problems.extend(letters(&home, &settings));
    let exit = match (is_readable, problems.is_empty()) {
        (false, _) => Exit::Configuration,
        (true, false) => Exit::NeedsPerson,
        (true, true) => Exit::Done,
    };
    let shown: Vec<Problem> = problems.iter().map(problem).collect();
    let reply = Reply::new(exit, in_words(texts, &problems)).with("problems", shown)?;
    match problems.first().filter(|_| !is_readable) {
        Some(first) => {
            let failure = of_configuration(first, texts).json(None);
            reply.with("error", failure["error"].clone())
        }
        None => Ok(reply),
    }
}

/// What is wrong in the owner's words for letters.
pub(super) fn letters(home: &Path, settings: &Settings) -> Vec<ConfigError> {
    own::examine(&home.join(own::FOLDER), &preview::given(settings, None))
}

fn problem(error: &ConfigError) -> Problem {
    let (file, line) = error.file_and_line();
    let (message, fix) = (error.message.clone(), advice(Texts::of(Locale::En), error));
    Problem { file: file.to_owned(), line, message, fix }
}

fn advice(texts: &Texts, error: &ConfigError) -> String {
    let fix = error.fix.as_deref().map(|fix| texts.translated(fix));
    texts.say("command.error.configuration.fix", context! { fix })
}

fn in_words(texts: &Texts, problems: &[ConfigError]) -> String {
    if problems.is_empty() {
        return texts.label("command.consistent");
    }
    let row = |error: &ConfigError| {
        let (file, line) = error.file_and_line();
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        [format!("{file}{line}"), texts.translated(&error.message), advice(texts, error)]
    };
    table(texts, ["place", "is", "fix"], problems.iter().map(row))
}

/// A table beside the one that this version ships.
#[derive(Debug, Serialize)]
struct Compared {
    /// From the workspace.
    path: String,
    kind: &'static str,
    state: State,
    replaced: bool,
    difference: Option<String>,
    /// Whether it is known what came with the workspace.
    #[serde(skip)]
    is_recorded: bool,
}

/// `catalogue update`: what nobody touched is replaced with `apply`, of the rest the difference is shown.
pub fn update(global: &Global, apply: bool) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let texts = Texts::of(workspace::settings(global, &home)?.locale);
    let folder = home.join(FOLDER);
    let mut record = shipped::read_record(&text_of(&folder.join(RECORD))?.unwrap_or_default());
    let mut compared = Vec::new();
    for (name, shipped) in catalogue::BUILT_IN {
        let own = text_of(&folder.join(name))?;
        let recorded = record.get(*name).map(String::as_str);
        let state = shipped::state(own.as_deref(), shipped, recorded);
        let is_recorded = recorded.is_some();
        let replaced = apply && state == State::Outdated;
        if replaced {
            write_whole(&folder.join(name), shipped.as_bytes())?;
        }
        if replaced || state == State::Current {
            record.insert((*name).to_owned(), shipped::hash(shipped));
        }
        let is_shown = matches!(state, State::Differs | State::Outdated);
        let difference = own.filter(|_| is_shown).map(|own| shipped::difference(&own, shipped));
        let path = format!("{FOLDER}/{name}");
        compared.push(Compared {
            path,
            kind: "catalogue",
            state,
            replaced,
            difference,
            is_recorded,
        });
    }
    if apply {
        write_whole(&folder.join(RECORD), shipped::write_record(&record).as_bytes())?;
    }
    let is_open = compared.iter().any(|table| table.state == State::Differs);
    let exit = if is_open { Exit::NeedsPerson } else { Exit::Done };
    Reply::new(exit, update_in_words(texts, &compared)).with("files", compared)
}

/// `None` where there is no such file.
fn text_of(path: &Path) -> anyhow::Result<Option<String>> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn update_in_words(texts: &Texts, compared: &[Compared]) -> String {
    let line = |table: &Compared| {
        let what = match (table.state, table.replaced) {
            (_, true) => "replaced",
            (State::Current, _) => "current",
            (State::Outdated, _) => "outdated",
            (State::Edited, _) => "edited",
            (State::Differs, _) if table.is_recorded => "differs",
            (State::Differs, _) => "unrecorded",
        };
        let what = texts.label(&format!("command.table.{what}"));
        let shown = table.difference.as_deref().filter(|_| !table.replaced).unwrap_or_default();
        format!("{}: {what}\n{shown}", table.path)
    };
    compared.iter().map(line).collect()
}
