//! A TOML file as written: every error in it says line, column and what was probably meant.
//! What the keys mean is left to those whose types they are.

use std::{fmt::Write as _, path::Path};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is wrong in a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// `hangloat.toml:14:9`, or `HANGLOAT_MAIL__PORT`.
    pub place: String,
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl ConfigError {
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError { place: place.into(), message: message.into(), fix: None }
    }

    /// The file, and the line in it where one is known.
    pub fn file_and_line(&self) -> (&str, Option<u32>) {
        let mut parts = self.place.rsplitn(3, ':');
        let (column, line, file) = (parts.next(), parts.next(), parts.next());
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
        match (file, number(line), number(column)) {
            (Some(file), Some(line), Some(_)) => (file, Some(line)),
            _ => (&self.place, None),
        }
    }

    #[must_use]
    pub fn with_fix(self, fix: impl Into<String>) -> ConfigError {
        ConfigError { fix: Some(fix.into()), ..self }
    }
}

/// A file with the name under which errors speak of it.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    pub fn read(path: &Path) -> Result<Source, ConfigError> {
        let name = name_of(path);
        match fs_err::read_to_string(path) {
            Ok(text) => Ok(Source { name, text }),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(ConfigError::new(name, "the file is not in UTF-8").with_fix("save it as UTF-8"))
            }
            Err(error) => Err(ConfigError::new(name, error.to_string())),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        parse(&self.name, &self.text)
    }

    /// The same, with all that is wrong in it.
    pub fn parse_all<T: DeserializeOwned>(&self, wrong: &mut Vec<ConfigError>) -> Option<T> {
        let parsed = toml::from_str(&self.text).ok();
        if parsed.is_none() {
            wrong.extend(self.errors::<T>());
        }
        parsed
    }

    /// Every error; what holds one is left out before the next is looked for.
    fn errors<T: DeserializeOwned>(&self) -> Vec<ConfigError> {
        let tree = DeTable::parse(&self.text);
        let mut tree = match tree {
            Ok(tree) => tree,
            Err(error) => return vec![self.explain(&error)],
        };
        let mut errors = Vec::new();
        while let Err(error) = T::deserialize(toml::Deserializer::from(tree.clone())) {
            errors.push(self.explain(&error));
            let at = error.span().map(|span| span.start);
            if !at.is_some_and(|at| leave_out(tree.get_mut(), at)) {
                break;
            }
        }
        errors
    }

    fn explain(&self, error: &toml::de::Error) -> ConfigError {
        let at = error.span().map(|span| place(&self.name, &self.text, span.start));
        explain(at.unwrap_or_else(|| self.name.clone()), error.message())
    }

    /// Its version as written, with a few digits of its content: a table that changed has another version, also where
    /// nobody thought of the number.
    pub fn version(&self, written: &str) -> String {
        let digest = Sha256::digest(&self.text);
        let digits: String = digest.iter().take(4).fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        if written.is_empty() { digits } else { format!("{written}+{digits}") }
    }

    /// The place of a key, or of an element of an array by its number; where it is not written,
    /// the place of the innermost table that would hold it.
    pub fn place(&self, path: &[&str]) -> String {
        let tree = DeTable::parse(&self.text).ok();
        let at = tree.and_then(|tree| start_in_table(tree.get_ref(), path));
        at.map_or_else(|| self.name.clone(), |at| place(&self.name, &self.text, at))
    }

    pub fn error(&self, path: &[&str], message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.place(path), message)
    }
}

/// Reads a file's text; `file_name` is how errors call it.
pub fn parse<T: DeserializeOwned>(file_name: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let place = match error.span() {
            Some(span) => place(file_name, text, span.start),
            None => file_name.to_owned(),
        };
        explain(place, error.message())
    })
}

/// The error that serde's message stands for, with the nearest word where a word is unknown.
pub(super) fn explain(place: String, message: &str) -> ConfigError {
    let (message, fix) = match unknown_word(message) {
        Some((found, known)) if message.starts_with("unknown field") => {
            (format!("unknown key `{found}`"), nearest(found, known))
        }
        Some((found, known)) => (message.to_owned(), nearest(found, known)),
        None => {
            let message = in_plain_words(message);
            let fix = instead(&message);
            return ConfigError { place, message, fix };
        }
    };
    ConfigError { place, message, fix: fix.map(|word| format!("did you mean `{word}`?")) }
}

/// What to write where no word is near.
fn instead(message: &str) -> Option<String> {
    let quoted = |text: &str| text.split('`').nth(1).map(str::to_owned);
    if let Some(key) = message.strip_prefix("missing field ").and_then(quoted) {
        return Some(format!("add `{key} = …`"));
    }
    if let Some((found, expected)) = message.rsplit_once(", expected ")
        && found.starts_with("invalid ")
    {
        return Some(format!("write {expected} there"));
    }
    None
}

/// The one of `known` that a person most probably meant.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_few(found, known, 1).pop()
}

/// Some that a person may have meant, the most probable first.
pub fn nearest_few<'a>(
    found: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let found = found.to_lowercase();
    // People get the beginning of a word right more often than the rest.
    let likeness = |word: &str| {
        let word = word.to_lowercase();
        let start = found.chars().zip(word.chars()).take(4).take_while(|(a, b)| a == b).count();
        let start = [0.0, 0.1, 0.2, 0.3, 0.4][start];
        strsim::normalized_damerau_levenshtein(&found, &word) + start
    };
    let mut known: Vec<(f64, &str)> =
        known.into_iter().map(|word| (likeness(word), word)).collect();
    // Of equals the later one.
    known.reverse();
    known.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    known.into_iter().take(most).map(|(_, word)| word).collect()
}

/// The word and its alternatives, out of the messages of serde and of the domain's closed sets.
fn unknown_word(message: &str) -> Option<(&str, Vec<&str>)> {
    let quoted = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix('`'))?;
    let (found, rest) = quoted.split_once('`')?;
    if let Some(words) = rest.strip_prefix(" is none of ") {
        return Some((found, words.split(", ").collect()));
    }
    let known = rest.strip_prefix(", ")?;
    Some((found, known.split('`').skip(1).step_by(2).collect()))
}

/// Rust's names of numbers mean nothing to who writes the file.
fn in_plain_words(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((found, "u8" | "u16" | "u32" | "u64" | "i32" | "i64" | "usize")) => {
            format!("{found}, expected a whole number in range")
        }
        Some((found, "a nonzero u32")) => format!("{found}, expected a whole number above 0"),
        Some((found, "f64")) => format!("{found}, expected a number"),
        _ => message.to_owned(),
    }
}

/// `name:line:column`, both from 1, columns in characters.
fn place(name: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text).trim_start_matches('\u{FEFF}');
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let mut place = name.to_owned();
    let _ = write!(place, ":{line}:{column}");
    place
}

/// Takes the element of an array, or else the key, at a position out of a tree; false where nothing stands there.
fn leave_out<'a>(table: &mut DeTable<'a>, at: usize) -> bool {
    let holds = |value: &Spanned<DeValue<'a>>| value.span().contains(&at);
    let mut found = None;
    for (key, value) in table.iter_mut() {
        let is_here = key.span().contains(&at) || holds(value);
        let is_inside = match value.get_mut() {
            DeValue::Table(inner) => leave_out(inner, at),
            DeValue::Array(items) => {
                let before = items.len();
                let reaches = |item: &&Spanned<DeValue<'a>>| holds(item) || speaks_of(item, at);
                *items = items.iter().filter(|item| !reaches(item)).cloned().collect();
                items.len() < before
            }
            _ => false,
        };
        if is_inside {
            return true;
        }
        if is_here {
            found = Some(key.clone());
        }
    }
    found.is_some_and(|key| table.remove(&key).is_some())
}

/// Whether a position lies in one of the keys or values of an element.
fn speaks_of(item: &Spanned<DeValue<'_>>, at: usize) -> bool {
    let DeValue::Table(table) = item.get_ref() else { return false };
    table.iter().any(|(key, value)| {
        key.span().contains(&at) || value.span().contains(&at) || speaks_of(value, at)
    })
}

fn start_in_table(table: &DeTable<'_>, path: &[&str]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    start_in_value(value.get_ref(), rest).or(Some(key.span().start))
}

fn start_in_value(value: &DeValue<'_>, path: &[&str]) -> Option<usize> {
    match value {
        DeValue::Table(table) => start_in_table(table, path),
        DeValue::Array(items) => {
            let (number, rest) = path.split_first()?;
            let item = items.get(number.parse::<usize>().ok()?)?;
            start_in_value(item.get_ref(), rest).or(Some(item.span().start))
        }
        _ => None,
    }
}

/// As the workspace calls it: `jobs/import.toml`, `hangloat.toml`.
fn name_of(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let from =
        parts.iter().rposition(|part| part == "jobs").unwrap_or(parts.len().saturating_sub(1));
    parts[from..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    use crate::domain::{email::Email, locale::Locale};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct File {
        mail: Mail,
        firm: Vec<Firm>,
        locale: Option<Locale>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Mail {
        per_day: u32,
        per_minute: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Firm {
        #[expect(dead_code, reason = "only read")]
        email: Email,
    }

    #[track_caller]
    fn check(text: &str, expected: &str, fix: Option<&str>) {
        let error = parse::<File>("a.toml", text).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.fix.as_deref()), (expected, fix));
    }

    #[test]
    fn an_unknown_key_is_shown_where_it_stands_with_the_nearest_known_one() {
        let per_day = Some("did you mean `per_day`?");
        check("# ố\n[mail]\n  per_dya = 1\n", "a.toml:3:3: unknown key `per_dya`", per_day);
        check("mail = { perday = 1 }", "a.toml:1:10: unknown key `perday`", per_day);
        check("mail.perday = 1", "a.toml:1:6: unknown key `perday`", per_day);
        check("[mial]\n", "a.toml:1:2: unknown key `mial`", Some("did you mean `mail`?"));
        check(
            "[[firm]]\nemail = 'a@b.vn'\n\n[[firm]]\nemial = 'a@b.vn'",
            "a.toml:5:1: unknown key `emial`",
            Some("did you mean `email`?"),
        );
    }

    #[test]
    fn a_wrong_value_is_shown_where_it_stands_in_characters() {
        check(
            "mail = { \"per_day\" = 'ố', x = 1 }",
            "a.toml:1:22: invalid type: string \"ố\", expected a whole number in range",
            Some("write a whole number in range there"),
        );
        check("firm = [{ email = 'ố' }]", "a.toml:1:19: this is no e-mail address", None);
        check("locale = 'vn'", "a.toml:1:10: `vn` is none of vi, en", Some("did you mean `vi`?"));
        check("[[firm]]\n", "a.toml:1:1: missing field `email`", Some("add `email = …`"));
        check("mail = ", "a.toml:1:8: string values must be quoted, expected literal string", None);
    }

    #[test]
    fn all_that_is_wrong_is_told_and_not_the_first_alone() {
        let text = "[[firm]]\nemail = 'x'\n[[firm]]\nemail = 'a@b.vn'\n[[firm]]\nemial = ''\n\
                    [mail]\nper_day = 'a'\nper_minute = 'b'\n[mial]\n";
        let mut wrong = Vec::new();
        assert!(Source::new("a.toml", text).parse_all::<File>(&mut wrong).is_none());
        let mut places: Vec<&str> = wrong.iter().map(|error| error.place.as_str()).collect();
        places.sort_unstable();
        let expected = ["a.toml:10:2", "a.toml:2:9", "a.toml:6:1", "a.toml:8:11", "a.toml:9:14"];
        assert_eq!(places, expected);
        let mut wrong = Vec::new();
        assert!(Source::new("a.toml", "mail = \n[x").parse_all::<File>(&mut wrong).is_none());
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn a_version_changes_with_what_is_written() {
        let version = |text| Source::new("a.toml", text).version("2026-11");
        assert!(version("a = 1").starts_with("2026-11+") && version("a = 1") == version("a = 1"));
        assert_ne!(version("a = 1"), version("a = 2"));
    }

    #[test]
    fn a_key_is_found_by_its_path_and_else_its_table() {
        let source = Source::new("a.toml", "[mail]\nper_day = 1\n[[firm]]\n[[firm]]\n  email = ''");
        assert_eq!(source.place(&["mail", "per_day"]), "a.toml:2:1");
        assert_eq!(source.place(&["mail", "per_minute"]), "a.toml:1:2");
        assert_eq!(source.place(&["firm", "1", "email"]), "a.toml:5:3");
        assert_eq!(source.place(&["sms"]), "a.toml");
    }

    #[test]
    fn a_file_is_called_as_in_the_workspace() {
        assert_eq!(
            name_of(Path::new("/srv/jobs/w/jobs/catalogue/banks.toml")),
            "jobs/catalogue/banks.toml"
        );
        assert_eq!(name_of(Path::new("/srv/w/hangloat.toml")), "hangloat.toml");
    }
}
