//! Every sentence that people read, in Vietnamese and English: findings, workbooks, letters, messages.
//! Texts are templates in tables beside this file; who says which one is the caller's business.

pub mod explain;

pub mod findings;

mod said;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use minijinja::{Environment, UndefinedBehavior, Value};

use self::said::Said;
use crate::domain::locale::Locale;

/// A table of texts for a locale: its name, and its TOML.
type Table = (&'static str, &'static str);

const VI: &[Table] = &[
    ("field", include_str!("vi/fields.toml")),
    ("finding", include_str!("vi/findings.toml")),
    ("refusal", include_str!("vi/refusals.toml")),
    ("explain", include_str!("vi/explain.toml")),
    ("workbook", include_str!("vi/workbook.toml")),
    ("letter", include_str!("vi/letters.toml")),
    ("message", include_str!("vi/messages.toml")),
    ("command", include_str!("vi/commands.toml")),
    ("guide", include_str!("vi/guide.toml")),
];
const EN: &[Table] = &[
    ("field", include_str!("en/fields.toml")),
    ("finding", include_str!("en/findings.toml")),
    ("refusal", include_str!("en/refusals.toml")),
    ("explain", include_str!("en/explain.toml")),
    ("workbook", include_str!("en/workbook.toml")),
    ("letter", include_str!("en/letters.toml")),
    ("message", include_str!("en/messages.toml")),
    ("command", include_str!("en/commands.toml")),
    ("guide", include_str!("en/guide.toml")),
];

/// What the program says in English beside its texts.
const SAID_VI: &str = include_str!("vi/said.toml");

/// The two forms of every letter, and the guide; their words are in the tables. A name that ends in `.html` is escaped.
const LAYOUTS: &[Table] = &[
    ("layout.html", include_str!("layout.html")),
    ("layout.txt", include_str!("layout.txt")),
    ("guide.html", include_str!("guide.html")),
];

static TEXTS_VI: LazyLock<Texts> = LazyLock::new(|| Texts::new(VI, SAID_VI));
static TEXTS_EN: LazyLock<Texts> = LazyLock::new(|| Texts::new(EN, "said = []"));

/// The texts of one language.
#[derive(Clone, Debug)]
pub struct Texts {
    /// As they were shipped, by their keys.
    sources: Arc<BTreeMap<String, String>>,
    /// Each is made ready when it is first said: a command says few of them.
    templates: Environment<'static>,
    said: Vec<Said>,
}

impl Texts {
    pub fn of(locale: Locale) -> &'static Texts {
        match locale {
            Locale::Vi => &TEXTS_VI,
            Locale::En => &TEXTS_EN,
        }
    }

    /// The text under `key`, filled in. A key that is not there shows as itself: a test finds it first.
    pub fn say(&self, key: &str, values: impl Into<Option<Value>>) -> String {
        self.fill(key, values.into().unwrap_or_default()).unwrap_or_else(|error| {
            tracing::error!(key, %error, "A text is missing or wrong");
            key.to_owned()
        })
    }

    /// The same for what must not go out when it is wrong, such as a letter.
    pub fn fill(&self, key: &str, values: Value) -> Result<String, minijinja::Error> {
        self.templates.get_template(key)?.render(values)
    }

    /// A text that needs no values.
    pub fn label(&self, key: &str) -> String {
        self.say(key, None)
    }

    /// What a part of the program says in English, such as what is wrong in a file of settings.
    pub fn translated(&self, sentence: &str) -> String {
        said::translated(&self.said, sentence)
    }

    pub fn has(&self, key: &str) -> bool {
        self.sources.contains_key(key)
    }

    /// The keys of every text, in order.
    pub fn keys(&self) -> Vec<String> {
        self.sources.keys().cloned().collect()
    }

    /// Says something else under a key.
    pub fn replace(&mut self, key: &str, text: String) -> Result<(), minijinja::Error> {
        self.templates.add_template_owned(key.to_owned(), text)
    }

    /// The text under `key` as it is written, with the names of what is filled in.
    pub fn source(&self, key: &str) -> String {
        let template = self.templates.get_template(key);
        template.map(|template| template.source().to_owned()).unwrap_or_default()
    }

    /// What a text names to be filled in.
    pub fn values_of(text: &str) -> Result<BTreeSet<String>, minijinja::Error> {
        let templates = Environment::new();
        let template = templates.template_from_str(text)?;
        Ok(template.undeclared_variables(false).into_iter().collect())
    }

    /// What any text of a letter names to be filled in.
    pub fn letter_values(&self) -> BTreeSet<String> {
        let of_letters = self.sources.keys().filter(|key| key.starts_with("letter."));
        let templates = of_letters.filter_map(|key| self.templates.get_template(key).ok());
        templates.flat_map(|template| template.undeclared_variables(false)).collect()
    }

    fn new(tables: &[Table], said: &str) -> Texts {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let layout = |(name, layout): &Table| ((*name).to_owned(), (*layout).to_owned());
        let mut sources: BTreeMap<String, String> = LAYOUTS.iter().map(layout).collect();
        for (name, text) in tables {
            match text.parse::<toml::Table>() {
                Ok(table) => {
                    add_all(&mut sources, name, &table);
                    if *name == "field" {
                        // How the columns are called, for every text: `{{ col.tax_id }}`.
                        templates.add_global("col", headers(&table));
                    }
                }
                Err(error) => {
                    tracing::error!(table = name, %error, "A table of texts cannot be read");
                }
            }
        }
        let sources = Arc::new(sources);
        let shipped = sources.clone();
        templates.set_loader(move |key| Ok(shipped.get(key).cloned()));
        Texts { sources, templates, said: said::read(said) }
    }
}

fn headers(labels: &toml::Table) -> Value {
    let label = |(field, label): (&String, &toml::Value)| {
        Some((field.clone(), Value::from(label.as_str()?)))
    };
    Value::from_pairs(labels.iter().filter_map(label))
}

/// Nested tables become dotted keys: `[checksum]` of `finding` is `finding.checksum`.
fn add_all(sources: &mut BTreeMap<String, String>, prefix: &str, table: &toml::Table) {
    for (name, value) in table {
        let key = format!("{prefix}.{name}");
        match value {
            toml::Value::Table(inner) => add_all(sources, &key, inner),
            toml::Value::String(text) => {
                sources.insert(key, text.clone());
            }
            _ => tracing::error!(key, "A text is no string"),
        }
    }
}

/// Without line breaks, control characters and doubled spaces: fit for a header or a sentence.
pub fn one_line(text: &str) -> String {
    let parts = text.split(|c: char| c.is_whitespace() || c.is_control());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(Texts::of(Locale::Vi).keys(), Texts::of(Locale::En).keys());
        assert!(!Texts::of(Locale::Vi).keys().is_empty());
    }

    #[test]
    fn one_day_is_not_said_twice() {
        let day = "03/12/2026";
        let values = minijinja::context! { from => day, to => day, n => 1 };
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            for key in [
                "message.statement_missing",
                "workbook.reconciliation.missing",
                "workbook.cut_offs.missing",
            ] {
                let said = texts.say(key, values.clone());
                assert_eq!(said.matches(day).count(), 1, "{said}");
                let span = minijinja::context! { to => "05/12/2026", ..values.clone() };
                assert!(texts.say(key, span).contains("05/12/2026"), "{key}");
            }
        }
    }

    /// A field is named by its label or inside a sentence, as each language likes.
    fn placeholders(texts: &Texts, key: &str) -> BTreeSet<String> {
        let names = texts.templates.get_template(key).unwrap().undeclared_variables(false);
        let name = |name: String| if name == "label" { "field".to_owned() } else { name };
        names.into_iter().filter(|name| name != "col").map(name).collect()
    }

    #[test]
    fn both_languages_use_the_same_values() {
        let (vi, en) = (Texts::of(Locale::Vi), Texts::of(Locale::En));
        let differ = |key: &String| placeholders(vi, key) != placeholders(en, key);
        let differ: Vec<String> = vi.keys().into_iter().filter(differ).collect();
        let shown = differ.iter().map(|key| (key, placeholders(vi, key), placeholders(en, key)));
        assert!(differ.is_empty(), "{:#?}", shown.collect::<Vec<_>>());
    }

    #[test]
    fn no_text_is_empty() {
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            let source = |key: &str| texts.templates.get_template(key).unwrap().source().to_owned();
            let empty: Vec<String> =
                texts.keys().into_iter().filter(|key| source(key).trim().is_empty()).collect();
            assert!(empty.is_empty(), "{empty:?}");
        }
    }
}
