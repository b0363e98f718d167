//! Encodings of Vietnamese from before Unicode, which arrive as the wrong letters inside a valid file.
//! Whether a whole column is written in one is decided by the mapping.

mod tables;

#[cfg(test)]
mod tests;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{syllable, words::words};

words! {
    /// What a text was written in, before something took its bytes for something else.
    pub enum Legacy {
        /// ABC, the fonts `.VnTime` and their like (TCVN 5712:1993).
        Tcvn3 = "tcvn3",
        /// VNI-Windows: a letter, and another one for its tone.
        Vni = "vni",
        /// UTF-8 that was taken for windows-1252.
        Utf8 = "utf-8",
        /// windows-1258 that was taken for windows-1252.
        Windows1258 = "windows-1258",
    }
}

/// How many words of a text speak for an encoding, and how many against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// No Vietnamese as they stand.
    pub impossible_as_written: usize,
    /// No Vietnamese once they are decoded.
    pub impossible_as_read: usize,
}

impl Legacy {
    /// The text in Unicode, composed; `None` where it holds what this encoding cannot.
    pub fn decode(self, text: &str) -> Option<String> {
        let decoded = match self {
            Legacy::Utf8 => utf8(text),
            _ if text.chars().any(is_combining_mark) => None,
            Legacy::Tcvn3 => text.chars().map(of_tcvn3).collect(),
            Legacy::Vni => vni(text),
            Legacy::Windows1258 => windows_1258(text),
        };
        decoded.map(|decoded| decoded.nfc().collect())
    }

    /// What a text and its reading are worth as Vietnamese.
    pub fn weigh(self, text: &str, decoded: &str) -> Weight {
        let impossible = |text: &str| {
            let text = without_hyphens(text);
            marked(&text).filter(|word| !syllable::is_possible(word)).count()
        };
        let impossible_as_read = impossible(decoded);
        if self == Legacy::Utf8 {
            // Bytes that happen to be UTF-8 are UTF-8; a word of another language is no objection.
            let text = without_hyphens(decoded);
            let impossible_as_written = marked(&text).count().saturating_sub(impossible_as_read);
            return Weight { impossible_as_written, impossible_as_read: 0 };
        }
        Weight { impossible_as_written: impossible(text), impossible_as_read }
    }
}

/// The encodings under which a text is Vietnamese that it is not as it stands, with what it says.
pub fn readings(text: &str) -> Vec<(Legacy, String)> {
    // Most texts are Vietnamese as they stand.
    if text.chars().any(is_of_unicode) {
        return Vec::new();
    }
    let read = |legacy: &Legacy| {
        let decoded = legacy.decode(text)?;
        let weight = legacy.weigh(text, &decoded);
        let proven = match weight.impossible_as_written {
            0 => false,
            // One word alone may be a foreign name, as `Loïc` is; then the words beside it are foreign, too.
            1 => bare(&decoded).all(syllable::is_possible),
            _ => true,
        };
        (proven && weight.impossible_as_read == 0).then_some((*legacy, decoded))
    };
    Legacy::ALL.iter().filter_map(read).collect()
}

/// Whether a text holds anything that an old encoding could have written.
pub fn is_suspect(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && is_of_word(c))
}

/// A letter that the bytes of no old encoding look like.
const fn is_of_unicode(c: char) -> bool {
    matches!(
        c,
        '\u{1EA0}'
            ..='\u{1EF9}' | 'Ă' | 'ă' | 'Đ' | 'đ' | 'Ĩ' | 'ĩ' | 'Ũ' | 'ũ' | 'Ơ' | 'ơ' | 'Ư' | 'ư'
    )
}

/// Soft hyphens are letters in TCVN3 alone.
fn without_hyphens(text: &str) -> String {
    text.chars().filter(|c| *c != '\u{AD}').nfc().collect()
}

fn is_of_word(c: char) -> bool {
    let symbol = matches!(c, '\u{80}'..='\u{9F}' | '¡'..='¿' | '×' | '÷');
    c.is_alphabetic() || is_combining_mark(c) || symbol
}

fn of_words(text: &str) -> impl Iterator<Item = &str> {
    // Degrees and squares stand behind units.
    let words =
        text.split(|c| !is_of_word(c)).map(|word| word.trim_matches(['°', '±', '²', '³', '´']));
    words.filter(|word| word.contains(char::is_alphabetic))
}

fn marked(text: &str) -> impl Iterator<Item = &str> {
    of_words(text).filter(|word| !word.is_ascii())
}

fn bare(text: &str) -> impl Iterator<Item = &str> {
    of_words(text).filter(|word| word.is_ascii())
}

fn of_tcvn3(c: char) -> Option<char> {
    let other = (c.is_ascii() || !c.is_alphabetic()).then_some(c);
    tables::tcvn3(c).or(other)
}

fn vni(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        let lower = c.to_lowercase().next().unwrap_or(c);
        if let Some((marks, vowels)) = tables::vni_marks(lower) {
            before.take().filter(|vowel| vowels.contains(*vowel))?;
            decoded.push_str(marks);
            continue;
        }
        let letter = tables::vni(c).or((c.is_ascii() || !c.is_alphabetic()).then_some(c))?;
        decoded.push(letter);
        before = letter.to_lowercase().next();
    }
    Some(decoded)
}

fn windows_1258(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if let Some(tone) = tables::windows_1258_tone(c) {
            before.take().filter(|vowel| "aăâeêioôơuưy".contains(*vowel))?;
            decoded.push(tone);
            continue;
        }
        let known = c <= '\u{FF}' || !c.is_alphabetic();
        let letter = tables::windows_1258(c).or(known.then_some(c))?;
        decoded.push(letter);
        before = letter.to_lowercase().next();
    }
    Some(decoded)
}

fn utf8(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = text.chars().map(tables::byte).collect();
    String::from_utf8(bytes?).ok()
}
