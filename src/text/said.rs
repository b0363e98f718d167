//! What parts of the program say of files, settings and machines, in English, and the same in the person's language.
//! Findings, workbooks and letters have texts of their own; what nobody translated stays as it was said.

use std::cmp::Reverse;

use serde::Deserialize;

/// How deep a sentence may stand in another.
const DEEPEST: usize = 4;

#[derive(Deserialize)]
struct Written {
    said: Vec<Said>,
}

/// A sentence with `{}` where others or names stand, and the same with as many of them in the same order, or numbered
/// from `{1}`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Said {
    en: String,
    vi: String,
}

/// The table of them; none where it cannot be read. Those that say the most themselves come first, so that none is
/// taken for one that fits anything.
pub(super) fn read(text: &str) -> Vec<Said> {
    let written = toml::from_str::<Written>(text);
    if let Err(error) = &written {
        tracing::error!(%error, "The table of translations cannot be read");
    }
    let mut all = written.map(|written| written.said).unwrap_or_default();
    all.sort_by_key(|said| Reverse(said.en.split("{}").map(str::len).sum::<usize>()));
    all
}

/// The sentence in Vietnamese, with what stands in it translated too; as it is where nobody knows it.
pub(super) fn translated(all: &[Said], sentence: &str) -> String {
    within(all, sentence, DEEPEST)
}

fn within(all: &[Said], sentence: &str, deep: usize) -> String {
    let found = all.iter().find_map(|said| Some((said, holes(&said.en, sentence)?)));
    let Some((said, holes)) = found.filter(|_| deep > 0) else { return sentence.to_owned() };
    let said_in: Vec<String> = holes.iter().map(|hole| within(all, hole, deep - 1)).collect();
    filled(&said.vi, &said_in)
}

/// A pattern with its holes filled. What is put in is not looked at again: it may have braces of its own.
fn filled(pattern: &str, holes: &[String]) -> String {
    let (mut text, mut rest) = (String::new(), pattern);
    let mut in_order = holes.iter();
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let hole = behind.split_once('}').and_then(|(number, behind)| {
            let hole = if number.is_empty() { in_order.next() } else { numbered(holes, number) };
            Some((hole?, behind))
        });
        text.push_str(hole.map_or("{", |(hole, _)| hole));
        rest = hole.map_or(behind, |(_, behind)| behind);
    }
    text + rest
}

fn numbered<'a>(holes: &'a [String], number: &str) -> Option<&'a String> {
    holes.get(number.parse::<usize>().ok()?.checked_sub(1)?)
}

/// What stands in the holes of a pattern, each as short as can be; `None` where it does not fit.
fn holes<'a>(pattern: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = pattern.split("{}");
    let mut rest = sentence.strip_prefix(parts.next()?)?;
    let mut holes = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end =
            if parts.peek().is_none() { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        holes.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::locale::Locale, text::Texts};

    fn vi(sentence: &str) -> String {
        Texts::of(Locale::Vi).translated(sentence)
    }

    #[test]
    fn a_sentence_is_translated_with_what_stands_in_it() {
        assert_eq!(vi("unknown key `per_dya`"), "không có khóa `per_dya`");
        assert_eq!(vi("did you mean `per_day`?"), "có phải `per_day`?");
        assert_eq!(
            vi("no value of regime is allowed for household from 2026-01-01 to 2026-01-31"),
            "từ 2026-01-01 đến 2026-01-31 không có giá trị nào của regime dành cho household"
        );
        assert_eq!(Texts::of(Locale::En).translated("unknown key `x`"), "unknown key `x`");
    }

    #[test]
    fn a_name_with_braces_is_no_hole() {
        assert_eq!(vi("unknown key `{}`"), "không có khóa `{}`");
        assert_eq!(
            vi("`{2}` is none of {1}, {}"),
            "`{2}` không phải một trong các giá trị {1}, {}"
        );
        assert_eq!(
            vi("no value of {4} is allowed for {} from {2} to {1}"),
            "từ {2} đến {1} không có giá trị nào của {4} dành cho {}"
        );
        let holes = ["{2}".to_owned(), "b".to_owned()];
        assert_eq!(filled("{2} [{ x }] {1} {9} {", &holes), "b [{ x }] {2} {9} {");
    }

    #[test]
    fn of_the_sentences_that_fit_the_one_that_says_most_itself_is_taken() {
        let said = |en: &str, vi: &str| format!("[[said]]\nen = '{en}'\nvi = '{vi}'\n");
        let all =
            read(&(said("{} is late", "{} muộn") + &said("{} of {} is late", "{2}: {1} muộn")));
        assert_eq!(translated(&all, "the price of A is late"), "A: the price muộn");
        assert_eq!(translated(&all, "A is late"), "A muộn");
    }

    #[test]
    fn what_nobody_translated_stays_as_it_was_said() {
        assert_eq!(vi("flurble 7"), "flurble 7");
        assert_eq!(vi(""), "");
    }

    #[test]
    fn every_translation_has_the_holes_of_its_sentence_and_stands_once() {
        let all = read(include_str!("vi/said.toml"));
        assert!(all.len() > 50);
        for (at, Said { en, vi }) in all.iter().enumerate() {
            let holes = en.matches("{}").count();
            let numbered = (1..=holes).all(|n| vi.contains(&format!("{{{n}}}")));
            assert!(vi.matches("{}").count() == holes || numbered, "{en}");
            assert!(!all[..at].iter().any(|said| said.en == *en), "{en}");
        }
    }
}
