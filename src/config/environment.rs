//! The environment: which variables speak of settings, and the values they put over the file's.
//! What the settings mean is left to the types that read them.

use std::{collections::BTreeMap, fmt};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::file::{ConfigError, explain, nearest};

const PREFIX: &str = "HANGLOAT_";
/// Settings that stand above the sections.
const AT_THE_TOP: [&str; 2] = ["locale", "timezone"];

/// The variables of the process, or those of a test.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Environment {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Environment(variables.into_iter().map(owned).collect())
    }
}

impl Environment {
    /// The one place that reads the process's environment.
    pub fn of_process() -> Environment {
        // `std::env::vars` panics where a variable of somebody else is not Unicode.
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        Environment(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The variable that sets a key, if one does.
    pub(super) fn variable_of(&self, path: &[&str]) -> Option<String> {
        let name = format!("{PREFIX}{}", path.join("__").to_uppercase());
        self.0.contains_key(&name).then_some(name)
    }

    /// Puts the variables over `file`. `known` holds every key with its default, whose type says
    /// how a value is read; each variable is tried alone as a `T`, so that an error can name it.
    pub(super) fn overlay<T: DeserializeOwned>(
        &self,
        file: &mut Table,
        known: &Table,
    ) -> Result<(), ConfigError> {
        for (variable, text) in &self.0 {
            let Some(path) = path_of(variable) else { continue };
            let default = find(known, &path).ok_or_else(|| unknown(variable, known))?;
            let value = typed(text, default).map_err(|why| ConfigError::new(variable, why))?;
            let mut alone = Table::new();
            put(&mut alone, &path, value.clone());
            alone.try_into::<T>().map_err(|error| explain(variable.clone(), error.message()))?;
            put(file, &path, value);
        }
        Ok(())
    }
}

/// `HANGLOAT_MAIL__PER_DAY` is `mail`, `per_day`; other programs' variables are nothing.
fn path_of(variable: &str) -> Option<Vec<String>> {
    let name = variable.strip_prefix(PREFIX)?.to_lowercase();
    let counts = name.contains("__") || AT_THE_TOP.contains(&name.as_str());
    counts.then(|| name.splitn(2, "__").map(str::to_owned).collect())
}

fn find<'a>(known: &'a Table, path: &[String]) -> Option<&'a Value> {
    match path {
        [key] => known.get(key),
        [section, key] => known.get(section)?.as_table()?.get(key),
        _ => None,
    }
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [section, key] => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                section.insert(key.clone(), value);
            }
        }
        [key] => {
            table.insert(key.clone(), value);
        }
        _ => {}
    }
}

fn unknown(variable: &str, known: &Table) -> ConfigError {
    let mut variables = Vec::new();
    for (name, value) in known {
        match value {
            Value::Table(section) => variables
                .extend(section.keys().map(|key| format!("{PREFIX}{name}__{key}").to_uppercase())),
            _ => variables.push(format!("{PREFIX}{name}").to_uppercase()),
        }
    }
    let error = ConfigError::new(variable, "no setting has this name");
    match nearest(variable, variables.iter().map(String::as_str)) {
        Some(word) => error.with_fix(format!("did you mean `{word}`?")),
        None => error,
    }
}

/// The text as a value of the default's type: a password of digits stays a text.
/// Messages do not repeat it, since it may be a secret under a wrong name.
fn typed(text: &str, default: &Value) -> Result<Value, String> {
    let trimmed = text.trim();
    match default {
        Value::Integer(_) => {
            trimmed.parse().map(Value::Integer).map_err(|_| "expected a whole number".to_owned())
        }
        Value::Float(_) => {
            trimmed.parse().map(Value::Float).map_err(|_| "expected a number".to_owned())
        }
        Value::Boolean(_) => {
            trimmed.parse().map(Value::Boolean).map_err(|_| "expected true or false".to_owned())
        }
        Value::Array(items) => {
            let text_item = Value::String(String::new());
            let like = items.first().unwrap_or(&text_item);
            let parts = trimmed.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| typed(part, like)).collect::<Result<_, _>>().map(Value::Array)
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
