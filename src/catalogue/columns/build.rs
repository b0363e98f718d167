//! From the table as it is written to what is looked up: every folded word under one name only.
//! What contradicts itself is told where it stands; looking up is done beside it.

use std::collections::{BTreeMap, HashMap};

use super::{Shown, Values, ValuesWritten, key};
use crate::{
    catalogue::closed_words,
    config::{
        ConfigError,
        file::{Source, nearest},
    },
    domain::{
        field::Field,
        words::{NoWord, is_word},
    },
};

/// Fields whose values are listed in the table: a new one needs no code.
const LISTED: [Field; 2] = [Field::VatMethod, Field::Regime];

/// Every folded header and its field; a field's own name is always understood.
pub(super) fn fields(
    source: &Source,
    headers: &BTreeMap<Field, Vec<String>>,
    wrong: &mut Vec<ConfigError>,
) -> HashMap<String, Field> {
    let mut fields: HashMap<String, Field> =
        Field::ALL.iter().map(|field| (key(field.as_str()), *field)).collect();
    for (field, synonyms) in headers {
        for (at, synonym) in synonyms.iter().enumerate() {
            let other = fields.insert(key(synonym), *field).filter(|other| other != field);
            if let Some(other) = other {
                let message = format!("`{synonym}` is a header of {field} and of {other}");
                let path = ["headers", field.as_str(), &at.to_string()];
                let error = source.error(&path, message);
                wrong.push(error.with_fix("leave it under one of them: a header names one field"));
            }
        }
    }
    fields
}

pub(super) fn all_values(
    source: &Source,
    mut written: ValuesWritten,
    wrong: &mut Vec<ConfigError>,
) -> HashMap<Field, Values> {
    let mut all = HashMap::new();
    for field in Field::ALL {
        let synonyms = written.remove(field);
        let known = if LISTED.contains(field) {
            let listed = synonyms.iter().flat_map(BTreeMap::keys);
            Some(listed.map(String::as_str).collect())
        } else {
            closed_words(*field)
        };
        if let Some(known) = known {
            let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
            let synonyms = synonyms.unwrap_or_default();
            all.insert(*field, values(source, (*field, known), synonyms, wrong));
        } else if synonyms.is_some() {
            let message = format!("`{field}` has no closed set of values");
            wrong.push(source.error(&["values", field.as_str()], message));
        }
    }
    all
}

fn values(
    source: &Source,
    (field, known): (Field, Vec<String>),
    synonyms: BTreeMap<String, Vec<String>>,
    wrong: &mut Vec<ConfigError>,
) -> Values {
    let mut values = Values::default();
    for word in &known {
        values.by_key.insert(key(word), word.clone());
        values.shown.insert(word.clone(), Shown::new(&[], word));
    }
    for (word, synonyms) in synonyms {
        let path = ["values", field.as_str(), word.as_str()];
        if !known.contains(&word) {
            let error = source.error(&path, format!("`{word}` is none of {}", known.join(", ")));
            let near = nearest(&word, known.iter().map(String::as_str)).unwrap_or_default();
            wrong.push(error.with_fix(format!("did you mean `{near}`?")));
            continue;
        }
        if !is_word(&word) {
            wrong.push(source.error(&path, NoWord(word.clone()).to_string()));
        }
        values.shown.insert(word.clone(), Shown::new(&synonyms, &word));
        for (at, synonym) in synonyms.iter().enumerate() {
            let other = values.by_key.insert(key(synonym), word.clone());
            if let Some(other) = other.filter(|other| *other != word) {
                let message = format!("`{synonym}` means {word} and {other}");
                let path = ["values", field.as_str(), &word, &at.to_string()];
                wrong.push(source.error(&path, message).with_fix("leave it under one of them"));
            }
        }
    }
    values.words = known;
    values
}
