//! What a command answers: an exit code, words for people, one JSON document for programs.

use minijinja::context;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    config::ConfigError,
    db::Newer,
    flow::{fault::Fault, folders::Unusable},
    text::Texts,
};

/// Exit codes; where several apply, the first of 70, 78, 69, 4, 75.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// Done, and something needs a person.
    NeedsPerson = 1,
    Usage = 2,
    /// Every file refused, nothing changed.
    AllRefused = 3,
    /// By a full disk, or a time-out; can be resumed.
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
    /// What is wrong and what to do, from the words of `command.error.<key>`.
    fn said(texts: &Texts, key: &str, values: impl Into<minijinja::Value>) -> (String, String) {
        let values = values.into();
        let say = |part: &str| texts.say(&format!("command.error.{key}.{part}"), values.clone());
        (say("message"), say("fix"))
    }

    /// A usage that is wrong.
    pub fn misused(texts: &Texts, key: &str, values: minijinja::Value) -> Failure {
        let (message, fix) = Failure::said(texts, key, values);
        Failure { exit: Exit::Usage, code: "usage", message, place: None, fix: Some(fix) }
    }

    /// An ORDER, ID or FILE that was named and is not there.
    pub fn no_such(texts: &Texts, key: &str, values: minijinja::Value) -> Failure {
        Failure { code: "unknown", ..Failure::misused(texts, key, values) }
    }

    /// An action that the state forbids.
    pub fn not_allowed(texts: &Texts, key: &str, values: minijinja::Value) -> Failure {
        let (exit, code) = (Exit::NeedsPerson, "state.not_allowed");
        Failure { exit, code, ..Failure::misused(texts, key, values) }
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
pub fn failure_of(error: anyhow::Error, texts: &Texts) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    if let Some(wrong) = error.chain().find_map(|cause| cause.downcast_ref::<ConfigError>()) {
        return of_configuration(wrong, texts);
    }
    if let Some(unusable) = error.chain().find_map(|cause| cause.downcast_ref::<Unusable>()) {
        return of_folder(unusable, texts);
    }
    if error.chain().any(<dyn std::error::Error>::is::<Newer>) || error.is::<Newer>() {
        let newer = Failure::misused(texts, "newer", context! {});
        return Failure { exit: Exit::Configuration, code: "configuration", ..newer };
    }
    let (exit, code, key) = match Fault::of(&error) {
        Fault::DiskFull => (Exit::Stopped, "disk.full", "disk_full"),
        Fault::Folder | Fault::File | Fault::Reader => (Exit::Configuration, "file", "file"),
        Fault::Database => (Exit::Unreachable, "database", "database"),
        Fault::Platform => (Exit::Unreachable, "platform", "platform"),
        Fault::Denied => (Exit::Configuration, "platform.denied", "platform_denied"),
        Fault::Mail => (Exit::Unreachable, "mail", "mail"),
        Fault::MailDenied => (Exit::Configuration, "mail.denied", "mail_denied"),
        Fault::Bucket => (Exit::Unreachable, "bucket", "bucket"),
        Fault::LeaseLost => (Exit::NotRun, "running", "lost"),
        Fault::TimedOut => (Exit::Stopped, "timeout", "timeout"),
        Fault::StillWritten => (Exit::NotRun, "file.still_written", "still_written"),
        Fault::Internal => (Exit::Bug, "bug", "bug"),
    };
    let (message, fix) =
        Failure::said(texts, key, context! { what => texts.translated(&format!("{error:#}")) });
    Failure { exit, code, message, place: None, fix: Some(fix) }
}

/// The technical part of a wrong file stays as the readers of files say it.
pub fn of_configuration(wrong: &ConfigError, texts: &Texts) -> Failure {
    let ConfigError { place, message, fix } = wrong;
    let (what, fix) = (texts.translated(message), fix.as_deref().map(|fix| texts.translated(fix)));
    let (message, fix) = Failure::said(texts, "configuration", context! { place, what, fix });
    let (place, fix) = (Some(place.clone()), Some(fix));
    Failure { exit: Exit::Configuration, code: "configuration", message, place, fix }
}

fn of_folder(unusable: &Unusable, texts: &Texts) -> Failure {
    let Unusable { path, reason, .. } = unusable;
    let values = context! { path => path.display().to_string(), what => reason };
    let (message, fix) = Failure::said(texts, "folder", values);
    let place = Some(unusable.name.clone());
    Failure { exit: Exit::Configuration, code: "configuration", message, place, fix: Some(fix) }
}
