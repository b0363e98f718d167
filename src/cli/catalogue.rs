//! `catalogue check`: what is inconsistent in the tables of the workspace, all at once.
//! What is wrong with them is known by `catalogue`; nothing is stored.

use serde::Serialize;

use super::{
    args::Global,
    reply::{Exit, Reply, of_configuration},
    table::table,
    workspace,
};
use crate::{
    catalogue::problems::{Examined, examine},
    config::ConfigError,
    flow::Clock,
    text::Texts,
};

/// One thing to put right, as the contract names its parts.
#[derive(Debug, Serialize)]
struct Problem {
    /// From the workspace.
    file: String,
    line: Option<u32>,
    message: String,
    fix: Option<String>,
}

/// Does not open the workspace: tables that cannot be read are what it is asked about.
pub fn check(global: &Global) -> anyhow::Result<Reply> {
    let home = workspace::home(global)?;
    let settings = workspace::settings(global, &home)?;
    let texts = Texts::of(settings.locale);
    let now = global.now.map_or(Clock::System, Clock::Frozen).now();
    let today = now.with_timezone(&settings.timezone).date_naive();
    let Examined { problems, is_readable } = examine(&home.join("jobs/catalogue"), today);
    let exit = match (is_readable, problems.is_empty()) {
        (false, _) => Exit::Configuration,
        (true, false) => Exit::NeedsPerson,
        (true, true) => Exit::Done,
    };
    let shown: Vec<Problem> = problems.iter().map(problem).collect();
    let reply = Reply::new(exit, in_words(texts, &shown)).with("problems", shown)?;
    match problems.first().filter(|_| !is_readable) {
        Some(first) => {
            let failure = of_configuration(first, texts).json(None);
            reply.with("error", failure["error"].clone())
        }
        None => Ok(reply),
    }
}

fn problem(error: &ConfigError) -> Problem {
    let (file, line) = error.file_and_line();
    let (message, fix) = (error.message.clone(), error.fix.clone());
    Problem { file: file.to_owned(), line, message, fix }
}

fn in_words(texts: &Texts, problems: &[Problem]) -> String {
    if problems.is_empty() {
        return texts.label("command.consistent");
    }
    let row = |problem: &Problem| {
        let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = format!("{}{line}", problem.file);
        [place, problem.message.clone(), problem.fix.clone().unwrap_or_default()]
    };
    table(texts, ["place", "is", "fix"], problems.iter().map(row))
}
