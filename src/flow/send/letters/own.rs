//! The owner's words for letters: `jobs/letters/<purpose>.<vi|en>.toml` over those of the program, for that letter alone.
//! What is not written there is said in the program's words; how a letter is built and looks is not the owner's business.

use std::{collections::BTreeMap, path::Path};

use toml::Value;

use super::samples::{self, Given};
use crate::{
    config::{ConfigError, file::Source, file::nearest},
    domain::{locale::Locale, mail::Purpose},
    text::Texts,
};

/// Where the files lie in a workspace.
pub const FOLDER: &str = "jobs/letters";

/// The tables of `letters.toml` that every letter uses.
const COMMON: [&str; 4] = ["lang", "call", "footer", "fact"];

/// The words of each letter, in one language.
#[derive(Debug)]
pub struct Words {
    shipped: &'static Texts,
    own: BTreeMap<&'static str, Texts>,
}

impl Words {
    /// Fails with the first thing that makes a letter impossible to write.
    pub fn load(folder: &Path, locale: Locale) -> Result<Words, ConfigError> {
        let mut wrong = Vec::new();
        let mut own = BTreeMap::new();
        for file in files(folder, &mut wrong)?.into_iter().filter(|file| file.locale == locale) {
            own.extend(file.words(&mut wrong).map(|texts| (file.purpose.as_str(), texts)));
        }
        match wrong.into_iter().next() {
            Some(first) => Err(first),
            None => Ok(Words { shipped: Texts::of(locale), own }),
        }
    }

    pub fn of(&self, purpose: Purpose) -> &Texts {
        self.own.get(purpose.as_str()).unwrap_or(self.shipped)
    }
}

/// Everything that is wrong in the files of a folder, in both languages; every letter is written once to see that it can
/// be.
pub fn examine(folder: &Path, given: &Given) -> Vec<ConfigError> {
    let mut wrong = Vec::new();
    let files = match files(folder, &mut wrong) {
        Ok(files) => files,
        Err(error) => return vec![error],
    };
    for file in files {
        let Some(texts) = file.words(&mut wrong) else { continue };
        if let Err(error) = samples::of(&texts, file.purpose, given) {
            wrong.push(file.unwritten(&error));
        }
    }
    wrong
}

/// The words of a letter as they stand, as the owner may write them into a file of their own.
pub fn written(texts: &Texts, purpose: Purpose) -> String {
    let mut all = toml::Table::new();
    for key in keys(texts, purpose) {
        put(&mut all, &key, texts.source(&full(&key)));
    }
    all.to_string()
}

/// Under a dotted key.
fn put(table: &mut toml::Table, key: &str, text: String) {
    let Some((first, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), Value::String(text));
        return;
    };
    let inner = table.entry(first).or_insert_with(|| Value::Table(toml::Table::new()));
    if let Value::Table(inner) = inner {
        put(inner, rest, text);
    }
}

/// Without what every text of a letter begins with.
fn keys(texts: &Texts, purpose: Purpose) -> Vec<String> {
    let all = texts.keys().into_iter();
    let all = all.filter_map(|key| Some(key.strip_prefix("letter.")?.to_owned()));
    all.filter(|key| belongs(key, purpose)).collect()
}

fn full(key: &str) -> String {
    format!("letter.{key}")
}

fn belongs(key: &str, purpose: Purpose) -> bool {
    let table = key.split('.').next().unwrap_or_default();
    COMMON.contains(&table) || tables(purpose).contains(&table)
}

/// The tables of `letters.toml` that a letter uses.
fn tables(purpose: Purpose) -> &'static [&'static str] {
    match purpose {
        Purpose::Morning => &["morning"],
        Purpose::BatchResult => &["batch_result"],
        Purpose::ActivationResult => &["activation_result", "batch_result"],
        Purpose::FindingsWaiting => &["findings_waiting", "batch_result"],
        Purpose::OrderNotice => &["order_notice", "sms"],
        Purpose::OrderCancelled => &["order_cancelled", "order_notice"],
        Purpose::LoginFirst | Purpose::LoginExisting => &["log_in"],
        Purpose::PaymentReceived => &[
            "payment_received",
            "payment_returned",
            "payment_taken_back",
            "payment_moved",
            "standing",
            "order_notice",
        ],
        Purpose::GraceWarning => &["grace_warning", "grace_partly", "standing", "order_notice"],
        Purpose::Suspended => &["suspended", "standing", "order_notice"],
        Purpose::Restored => &["restored", "standing", "order_notice"],
        Purpose::Reconciliation => &["reconciliation"],
        Purpose::Operator => &["alarm"],
    }
}

/// One file of the owner.
struct File {
    purpose: Purpose,
    locale: Locale,
    source: Source,
}

/// In the order of their names; nothing where there is no such folder.
fn files(folder: &Path, wrong: &mut Vec<ConfigError>) -> Result<Vec<File>, ConfigError> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::new(FOLDER, error.to_string())),
    };
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| ConfigError::new(FOLDER, error.to_string()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    let is_table = |name: &str| Path::new(name).extension().is_some_and(|end| end == "toml");
    names.retain(|name| is_table(name) && !name.starts_with('.'));
    names.sort();
    let mut files = Vec::new();
    for name in names {
        match named(&name) {
            Ok((purpose, locale)) => {
                let source = Source::read(&folder.join(&name))?;
                files.push(File { purpose, locale, source });
            }
            Err(error) => wrong.push(error),
        }
    }
    Ok(files)
}

/// `order_notice.vi.toml`.
fn named(name: &str) -> Result<(Purpose, Locale), ConfigError> {
    let parts: Vec<&str> = name.split('.').collect();
    if let [purpose, locale, _] = parts.as_slice()
        && let (Ok(purpose), Ok(locale)) = (purpose.parse(), locale.parse())
    {
        return Ok((purpose, locale));
    }
    let known = Purpose::ALL.iter().map(|purpose| purpose.as_str());
    let near = nearest(parts.first().copied().unwrap_or_default(), known).unwrap_or("order_notice");
    let error =
        ConfigError::new(format!("{FOLDER}/{name}"), "no letter is called so, in no language");
    Err(error.with_fix(format!("call it `{near}.vi.toml` or `{near}.en.toml`")))
}

impl File {
    /// The program's words with the owner's over them; nothing where one of these cannot be used.
    fn words(&self, wrong: &mut Vec<ConfigError>) -> Option<Texts> {
        let table: toml::Table = match self.source.parse() {
            Ok(table) => table,
            Err(error) => {
                wrong.push(error);
                return None;
            }
        };
        let shipped = Texts::of(self.locale);
        let before = wrong.len();
        let mut own = Vec::new();
        self.collect(&table, &mut Vec::new(), &mut own, wrong);
        let mut texts = shipped.clone();
        for (path, text) in own {
            if let Err(error) = self.look(shipped, &path, &text) {
                wrong.push(error);
            } else if let Err(error) = texts.replace(&full(&path), text) {
                wrong.push(self.error(&path, format!("this is no template: {error}")));
            }
        }
        (wrong.len() == before).then_some(texts)
    }

    fn collect(
        &self,
        table: &toml::Table,
        path: &mut Vec<String>,
        own: &mut Vec<(String, String)>,
        wrong: &mut Vec<ConfigError>,
    ) {
        for (name, value) in table {
            path.push(name.clone());
            match value {
                Value::Table(inner) => self.collect(inner, path, own, wrong),
                Value::String(text) => own.push((path.join("."), text.clone())),
                _ => wrong.push(self.error(&path.join("."), "this is no text")),
            }
            path.pop();
        }
    }

    /// A text that the letter has, which says something and names only what can be filled in.
    fn look(&self, shipped: &Texts, key: &str, text: &str) -> Result<(), ConfigError> {
        let known = keys(shipped, self.purpose);
        if !known.iter().any(|it| it == key) {
            let error = self.error(key, format!("this letter has no text `{key}`"));
            let near = nearest(key, known.iter().map(String::as_str));
            let near = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
            return Err(error.with_fix(near));
        }
        let is_title = key.ends_with("subject") || key.ends_with("title");
        if is_title && text.trim().is_empty() {
            return Err(self.error(key, "this must not be empty"));
        }
        let values = shipped.letter_values();
        for value in Texts::values_of(text).unwrap_or_default() {
            if !values.contains(&value) {
                let error = self.error(key, format!("there is no value `{value}`"));
                let near = nearest(&value, values.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                return Err(error.with_fix(near));
            }
        }
        Ok(())
    }

    fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.source.error(&key.split('.').collect::<Vec<_>>(), message)
    }

    /// The text that could not be filled in stands between backticks in the error.
    fn unwritten(&self, error: &anyhow::Error) -> ConfigError {
        let said = error.to_string();
        let key = said.split('`').nth(1).and_then(|key| key.strip_prefix("letter."));
        let why = error.chain().last().map(ToString::to_string).unwrap_or_default();
        let wrong = self.error(key.unwrap_or_default(), format!("this cannot be filled in: {why}"));
        wrong.with_fix("use only values that the program's own text uses there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs_err::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn wrong(name: &str, text: &str) -> (String, String, String) {
        let folder = folder(&[(name, text)]);
        let mut wrong = examine(folder.path(), &samples::given());
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        let ConfigError { place, message, fix } = wrong.remove(0);
        (place, message, fix.unwrap_or_default())
    }

    #[test]
    fn the_owners_words_are_for_that_letter_alone() {
        let text = "[order_notice]\nsubject = \"Mời thanh toán {{ order }}\"\n[footer]\nheading = \"Văn phòng\"\n";
        let folder = folder(&[("order_notice.vi.toml", text)]);
        assert_eq!(examine(folder.path(), &samples::given()), []);
        let words = Words::load(folder.path(), Locale::Vi).unwrap();
        let of = |purpose| {
            let all = samples::of(words.of(purpose), purpose, &samples::given()).unwrap();
            all[0].letter.clone()
        };
        let notice = of(Purpose::OrderNotice);
        assert_eq!(notice.subject, "Mời thanh toán DH-2611-000123");
        assert!(notice.html.contains("Văn phòng") && notice.text.contains("Văn phòng"));
        assert!(!of(Purpose::OrderCancelled).html.contains("Văn phòng"));
        let english = Words::load(folder.path(), Locale::En).unwrap();
        assert!(english.own.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_is_meant() {
        let notice = "order_notice.vi.toml";
        let (place, message, fix) = wrong(notice, "[order_notice]\nsubjekt = \"x\"\n");
        assert!(place.ends_with("order_notice.vi.toml:2:1"), "{place}");
        assert!(message.contains("`order_notice.subjekt`"), "{message}");
        assert_eq!(fix, "did you mean `order_notice.subject`?");
        let (_, message, fix) = wrong(notice, "[order_notice]\nsubject = \"{{ ordre }}\"\n");
        assert!(message.contains("`ordre`") && fix.contains("`order`"), "{message} {fix}");
        let (place, message, _) = wrong(notice, "[order_notice]\n\nsubject = \"{{ order\"\n");
        assert!(place.contains(":3:") && message.contains("no template"), "{place} {message}");
        let (_, message, _) = wrong(notice, "[order_notice]\nsubject = \" \"\n");
        assert!(message.contains("empty"), "{message}");
        let (place, message, _) = wrong(notice, "[order_notice]\ntitle = \"{{ package }}\"\n");
        assert!(place.contains(":2:") && message.contains("filled in"), "{place} {message}");
        let (_, message, fix) = wrong("order_notise.vi.toml", "");
        assert!(message.contains("no letter") && fix.contains("order_notice.vi.toml"), "{fix}");
    }

    #[test]
    fn every_letter_is_written_in_its_own_words_again() {
        for locale in [Locale::Vi, Locale::En] {
            let texts = Texts::of(locale);
            for purpose in Purpose::ALL {
                let name = format!("{purpose}.{locale}.toml");
                let folder = folder(&[(&name, &written(texts, *purpose))]);
                assert_eq!(examine(folder.path(), &samples::given()), [], "{name}");
                let words = Words::load(folder.path(), locale).unwrap();
                let shown = |texts| {
                    let all = samples::of(texts, *purpose, &samples::given()).unwrap();
                    all.into_iter().map(|it| it.letter).collect::<Vec<_>>()
                };
                assert!(!shown(texts).is_empty());
                assert_eq!(shown(words.of(*purpose)), shown(texts), "{name}");
            }
        }
    }
}
