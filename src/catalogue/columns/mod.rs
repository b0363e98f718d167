//! `columns.toml`: how people call the columns and their values, compared folded.
//! Which column of a sheet is which field, and what an unknown value means, is said by `flow`.

mod build;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use self::build::{all_values, fields};

use crate::{
    config::{ConfigError, file::Source},
    domain::{field::Field, fold::fold, locale::Locale},
};

type ValuesWritten = BTreeMap<Field, BTreeMap<String, Vec<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsWritten {
    #[serde(default)]
    version: String,
    headers: BTreeMap<Field, Vec<String>>,
    #[serde(default)]
    values: ValuesWritten,
    #[serde(default)]
    nearest: BTreeMap<Field, Vec<String>>,
    #[serde(default)]
    ignored: Ignored,
    #[serde(default)]
    empty: EmptyWritten,
    #[serde(default)]
    choice: ChoiceWritten,
}

/// A column that says which rows are taken, as it is known without a word of the table.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ChoiceWritten {
    headers: Vec<String>,
    yes: Vec<String>,
    no: Vec<String>,
}

impl Default for ChoiceWritten {
    fn default() -> ChoiceWritten {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        ChoiceWritten {
            headers: words(&["Gia hạn?", "Renew?"]),
            yes: words(&["có", "yes", "x", "✓", "1", "true"]),
            no: words(&["không", "no", "0", "false", "không gia hạn"]),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Ignored {
    headers: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EmptyWritten {
    values: Vec<String>,
}

/// Synonyms of headers and values.
#[derive(Clone, Debug)]
pub struct Columns {
    version: String,
    fields: HashMap<String, Field>,
    headers: HashMap<Field, Shown>,
    values: HashMap<Field, Values>,
    ignored: HashSet<String>,
    empty: HashSet<String>,
    /// Letters and digits: a longer text is not looked up.
    longest_empty: usize,
    choice: HashSet<String>,
    yes: HashSet<String>,
    /// As they are written there: people are told what is understood.
    yes_words: Vec<String>,
    no: HashSet<String>,
    /// Which of a field's headers come before its others.
    nearest: BTreeMap<Field, HashSet<String>>,
    /// What a firm said of headers, by their keys; no field: such a column is left alone.
    remembered: HashMap<String, Option<Field>>,
}

/// The values of one field: by what people write, and as they are shown.
#[derive(Clone, Debug, Default)]
struct Values {
    words: Vec<String>,
    by_key: HashMap<String, String>,
    shown: HashMap<String, Shown>,
}

/// How a header or value is called in our workbooks.
#[derive(Clone, Debug)]
struct Shown {
    vi: String,
    en: String,
}

impl Shown {
    /// The first synonym is Vietnamese, the second English; its own name stands in for them.
    fn new(synonyms: &[String], own: &str) -> Shown {
        let vi = synonyms.first().map_or(own, String::as_str);
        let en = synonyms.get(1).map_or(vi, String::as_str);
        Shown { vi: vi.to_owned(), en: en.to_owned() }
    }

    fn of(&self, locale: Locale) -> &str {
        match locale {
            Locale::Vi => &self.vi,
            Locale::En => &self.en,
        }
    }
}

fn keys(headers: BTreeMap<Field, Vec<String>>) -> BTreeMap<Field, HashSet<String>> {
    let keys = |headers: Vec<String>| headers.iter().map(|header| key(header)).collect();
    headers.into_iter().map(|(field, headers)| (field, keys(headers))).collect()
}

/// Signs alone, like `#`, fold to nothing and are compared as typed.
fn key(text: &str) -> String {
    match fold(text) {
        folded if folded.is_empty() => text.trim().to_owned(),
        folded => folded,
    }
}

impl Columns {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Columns> {
        let written: ColumnsWritten = source.parse_all(wrong)?;
        let ColumnsWritten { version, headers, values, nearest, ignored, empty, choice } = written;
        let fields = fields(source, &headers, wrong);
        for (at, header) in ignored.headers.iter().enumerate() {
            if let Some(field) = fields.get(&key(header)) {
                let message = format!("`{header}` is a header of {field} already");
                wrong.push(source.error(&["ignored", "headers", &at.to_string()], message));
            }
        }
        let shown = |field: &Field| {
            let synonyms = headers.get(field).map(Vec::as_slice).unwrap_or_default();
            (*field, Shown::new(synonyms, field.as_str()))
        };
        Some(Columns {
            version: source.version(&version),
            headers: Field::ALL.iter().map(shown).collect(),
            values: all_values(source, values, wrong),
            fields,
            ignored: ignored.headers.iter().map(|header| key(header)).collect(),
            longest_empty: empty
                .values
                .iter()
                .map(|value| signs(value).count())
                .max()
                .unwrap_or_default(),
            empty: empty.values.iter().map(|value| key(value)).collect(),
            choice: choice.headers.iter().map(|header| key(header)).collect(),
            yes: choice.yes.iter().map(|word| key(word)).collect(),
            yes_words: choice.yes,
            no: choice.no.iter().map(|word| key(word)).collect(),
            nearest: keys(nearest),
            remembered: HashMap::new(),
        })
    }

    /// The same with what a firm said of headers before: header and field, or none to leave a column alone.
    #[must_use]
    pub fn remembering<'a>(
        &self,
        answers: impl IntoIterator<Item = (&'a str, Option<Field>)>,
    ) -> Columns {
        let answers = answers.into_iter().map(|(header, field)| (key(header), field));
        Columns { remembered: answers.collect(), ..self.clone() }
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// The field that a header names, or that the firm said it names.
    pub fn field(&self, header: &str) -> Option<Field> {
        let key = key(header);
        let said = self.remembered.get(&key).copied();
        said.unwrap_or_else(|| self.fields.get(&key).copied())
    }

    /// The field of which some words are a synonym in the catalogue, whatever a firm said.
    pub fn synonym(&self, words: &str) -> Option<Field> {
        self.fields.get(&key(words)).copied()
    }

    /// Whether a firm said what this header means.
    pub fn is_remembered(&self, header: &str) -> bool {
        self.remembered.contains_key(&key(header))
    }

    /// A header of a column without data, like `STT`, or one that the firm said to leave alone.
    pub fn is_ignored(&self, header: &str) -> bool {
        let key = key(header);
        self.ignored.contains(&key)
            || self.remembered.get(&key) == Some(&None)
            || self.is_choice(header)
    }

    /// `Gia hạn?`: the column says which rows are taken. Without its question mark it is any other column.
    pub fn is_choice(&self, header: &str) -> bool {
        header.trim_end().ends_with('?') && self.choice.contains(&key(header))
    }

    /// What such a column says of a row that is taken.
    pub fn says_yes(&self, text: &str) -> bool {
        self.yes.contains(&key(text))
    }

    /// What it says of one that is not; nothing is a no, too. A sign that nobody knows is neither.
    pub fn says_no(&self, text: &str) -> bool {
        let key = key(text);
        let is_empty = key.is_empty() || self.empty.contains(&key);
        !self.says_yes(text) && (is_empty || self.no.contains(&key))
    }

    /// The words for a yes, as people write them.
    pub fn yes(&self) -> &[String] {
        &self.yes_words
    }

    /// Fields of which a list may have several columns, and one of them must be chosen.
    pub fn with_nearest(&self) -> Vec<Field> {
        self.nearest.keys().copied().collect()
    }

    /// `Email giám đốc`: of several columns it is the one for the log-in.
    pub fn is_nearest(&self, field: Field, header: &str) -> bool {
        self.nearest.get(&field).is_some_and(|headers| headers.contains(&key(header)))
    }

    /// Headers that come before others of a field without being one of its headers, folded.
    pub fn strangers_among_nearest(&self) -> Vec<(Field, &str)> {
        let mut strangers = Vec::new();
        for (field, headers) in &self.nearest {
            let others = headers.iter().filter(|header| self.fields.get(*header) != Some(field));
            strangers.extend(others.map(|header| (*field, header.as_str())));
        }
        strangers.sort_unstable();
        strangers
    }

    /// The header in our workbooks.
    pub fn header(&self, field: Field, locale: Locale) -> &str {
        self.headers.get(&field).map_or(field.as_str(), |shown| shown.of(locale))
    }

    /// Whether the table has a header for a field, besides the field's own name.
    pub fn is_named(&self, field: Field) -> bool {
        let own = key(field.as_str());
        self.fields.iter().any(|(header, known)| *known == field && *header != own)
    }

    /// The value as stored that a text means.
    pub fn value(&self, field: Field, text: &str) -> Option<&str> {
        self.values.get(&field)?.by_key.get(&key(text)).map(String::as_str)
    }

    /// A stored value in our workbooks; one that is unknown is shown as it is.
    pub fn display<'a>(&'a self, field: Field, machine: &'a str, locale: Locale) -> &'a str {
        let shown = self.values.get(&field).and_then(|values| values.shown.get(machine));
        shown.map_or(machine, |shown| shown.of(locale))
    }

    /// The values of a field as stored; empty where any text may stand.
    pub fn values(&self, field: Field) -> Vec<&str> {
        let words = self.values.get(&field).map(|values| values.words.as_slice());
        words.unwrap_or_default().iter().map(String::as_str).collect()
    }

    /// `-`, `không có`, `n/a`: a cell that is filled in with nothing.
    pub fn means_nothing(&self, text: &str) -> bool {
        if signs(text).nth(self.longest_empty).is_some() {
            return false;
        }
        let folded = fold(text);
        folded.is_empty() || self.empty.contains(&folded)
    }
}

fn signs(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests;
