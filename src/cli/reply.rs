//! What a command answers: an exit code, words for people, one JSON document for programs.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{config::ConfigError, flow::fault::Fault};

/// Exit codes; where several apply, the first of 70, 78, 69, 4, 75.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// Done, and something needs a person.
    NeedsPerson = 1,
    Usage = 2,
    /// Every file refused, nothing changed.
    AllRefused = 3,
    /// By a full disk; can be resumed.
    Stopped = 4,
    /// Platform, mail or database.
    Unreachable = 69,
    Bug = 70,
    /// Held, or running elsewhere.
    NotRun = 75,
    /// Configuration, catalogue, folder or permission.
    Configuration = 78,
}

/// A command that could be carried out.
#[derive(Debug)]
pub struct Reply {
    pub exit: Exit,
    /// Beside `command` and `exit`.
    pub json: Map<String, Value>,
    pub human: String,
}

impl Reply {
    pub fn new(exit: Exit, human: impl Into<String>) -> Reply {
        Reply { exit, json: Map::new(), human: human.into() }
    }

    /// Adds a documented name to the JSON.
    pub fn with(mut self, name: &str, value: impl Serialize) -> anyhow::Result<Reply> {
        self.json.insert(name.to_owned(), serde_json::to_value(value)?);
        Ok(self)
    }
}

/// A command that could not.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    /// Stable: `usage`, `state.not_allowed`, `configuration` …
    pub code: &'static str,
    pub message: String,
    pub place: Option<String>,
    pub fix: Option<String>,
}

impl Failure {
    pub fn usage(message: impl Into<String>, fix: impl Into<String>) -> Failure {
        Failure {
            exit: Exit::Usage,
            code: "usage",
            message: message.into(),
            place: None,
            fix: Some(fix.into()),
        }
    }

    /// An ORDER, ID or FILE that is not there.
    pub fn unknown(what: impl Into<String>, fix: impl Into<String>) -> Failure {
        Failure { code: "unknown", ..Failure::usage(what, fix) }
    }

    /// An action that the state forbids.
    pub fn state(message: impl Into<String>, fix: impl Into<String>) -> Failure {
        Failure {
            exit: Exit::NeedsPerson,
            code: "state.not_allowed",
            ..Failure::usage(message, fix)
        }
    }

    pub fn json(&self, command: Option<&str>) -> Value {
        json!({
            "command": command,
            "exit": self.exit as u8,
            "error": { "code": self.code, "message": self.message, "place": self.place, "fix": self.fix },
        })
    }
}

/// Finds in a chain of causes what decides about the exit code.
pub fn failure_of(error: anyhow::Error) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    if let Some(wrong) = error.chain().find_map(|cause| cause.downcast_ref::<ConfigError>()) {
        return of_configuration(wrong);
    }
    let (exit, code, fix) = match Fault::of(&error) {
        Fault::DiskFull => {
            (Exit::Stopped, "disk.full", Some("make room, then do the same again: it goes on"))
        }
        Fault::Folder | Fault::File | Fault::Reader => (Exit::Configuration, "file", None),
        Fault::Database => (Exit::Unreachable, "database", None),
        Fault::StillWritten => {
            (Exit::NotRun, "file.still_written", Some("do it again when the file is whole"))
        }
        Fault::Internal => (Exit::Bug, "bug", None),
    };
    let message = match exit {
        Exit::Stopped => format!("stopped by a full disk, can be resumed: {error:#}"),
        _ => format!("{error:#}"),
    };
    Failure { exit, code, message, place: None, fix: fix.map(str::to_owned) }
}

pub fn of_configuration(wrong: &ConfigError) -> Failure {
    Failure {
        exit: Exit::Configuration,
        code: "configuration",
        message: wrong.message.clone(),
        place: Some(wrong.place.clone()),
        fix: wrong.fix.clone(),
    }
}
