//! Whether a word can be a Vietnamese syllable: an onset, a nucleus with its tone in the right place, a coda.
//! Possible is not the same as real; it is enough to tell text from garbage.

use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::fold::fold;

/// Each that fits is tried. The last three are of names of places in the Central Highlands.
const ONSETS: [&str; 31] = [
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh",
    "nh", "p", "ph", "qu", "r", "s", "t", "th", "tr", "v", "x", "kr", "br", "đr",
];

/// Nuclei with a glide, the letters that may bear the tone, and the codas that may follow (`_` is none).
const RHYMES: [(&str, &[usize], &str); 56] = [
    ("a", &[0], "_ c ch k m n ng nh p t"),
    ("ă", &[0], "c k m n ng p t"),
    ("â", &[0], "c k m n ng p t"),
    ("e", &[0], "_ c k m n ng p t"),
    ("ê", &[0], "_ ch k m n nh p t"),
    ("i", &[0], "_ ch k m n nh p t"),
    ("o", &[0], "_ c k m n ng p t"),
    ("ô", &[0], "_ c k m n ng p t"),
    ("ơ", &[0], "_ k m n p t"),
    ("u", &[0], "_ c k m n ng p t"),
    ("ư", &[0], "_ c k m n ng t"),
    ("y", &[0], "_ ch n nh t"),
    ("oa", &[0, 1], "_ c ch m n ng nh p t"),
    ("oă", &[1], "c m n ng t"),
    ("oe", &[0, 1], "_ m n t"),
    ("oo", &[1], "c ng"),
    ("uâ", &[1], "c n ng t"),
    ("uê", &[1], "_ ch n nh"),
    ("uơ", &[1], "_"),
    ("uy", &[0, 1], "_ ch n nh p t"),
    ("iê", &[1], "c m n ng p t"),
    ("yê", &[1], "m n ng t"),
    ("ia", &[0], "_"),
    ("uya", &[1], "_"),
    ("ua", &[0], "_"),
    ("ưa", &[0], "_"),
    ("uô", &[1], "c m n ng t"),
    ("ươ", &[1], "c m n ng p t"),
    ("uyê", &[2], "n t"),
    ("ai", &[0], "_"),
    ("ao", &[0], "_"),
    ("au", &[0], "_"),
    ("ay", &[0], "_"),
    ("âu", &[0], "_"),
    ("ây", &[0], "_"),
    ("eo", &[0], "_"),
    ("êu", &[0], "_"),
    ("iu", &[0], "_"),
    ("oi", &[0], "_"),
    ("ôi", &[0], "_"),
    ("ơi", &[0], "_"),
    ("ui", &[0], "_"),
    ("ưi", &[0], "_"),
    ("ưu", &[0], "_"),
    ("iêu", &[1], "_"),
    ("yêu", &[1], "_"),
    ("oai", &[1], "_"),
    ("oay", &[1], "_"),
    ("oao", &[1], "_"),
    ("oeo", &[1], "_"),
    ("uây", &[1], "_"),
    ("uôi", &[1], "_"),
    ("uyu", &[1], "_"),
    ("ươi", &[1], "_"),
    ("ươu", &[1], "_"),
    ("uêu", &[1], "_"),
];

/// The nuclei without their marks.
static BARE: LazyLock<Vec<String>> =
    LazyLock::new(|| RHYMES.iter().map(|(vowels, ..)| fold(vowels)).collect());

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
/// Syllables that end in a stop have one of these two.
const SHARP_AND_HEAVY: [char; 2] = ['\u{301}', '\u{323}'];

/// Whether the word can be one syllable, or an abbreviation without vowels (`HĐ`). Without any mark it may be one
/// that was written without them.
pub fn is_possible(word: &str) -> bool {
    let Some(Spelt { letters, tone }) = spelt(word) else { return false };
    let is_abbreviation = |letters: &str| !letters.contains(is_vowel) && tone.is_none();
    if is_abbreviation(&letters) {
        return true;
    }
    let fits = |onset: &&str| {
        let rhyme = letters.strip_prefix(*onset);
        let before = onset.chars().count();
        rhyme.is_some_and(|rhyme| ends_well(rhyme, before, tone, word.is_ascii()))
    };
    ONSETS.iter().any(fits)
}

struct Spelt {
    /// In lower case, without the tone.
    letters: String,
    /// At which letter, and which.
    tone: Option<(usize, char)>,
}

fn spelt(word: &str) -> Option<Spelt> {
    let mut letters = String::new();
    let mut tone = None;
    let mut at = 0usize;
    for c in word.to_lowercase().nfd() {
        if !is_combining_mark(c) {
            at += 1;
        }
        if !TONES.contains(&c) {
            letters.push(c);
        } else if tone.replace((at.checked_sub(1)?, c)).is_some() {
            return None;
        }
    }
    let letters: String = letters.nfc().collect();
    letters.chars().all(is_letter).then_some(Spelt { letters, tone })
}

fn is_vowel(c: char) -> bool {
    "aăâeêioôơuư".contains(c)
}

fn is_letter(c: char) -> bool {
    is_vowel(c) || "ybcdđghklmnpqrstvx".contains(c)
}

fn ends_well(rhyme: &str, before: usize, tone: Option<(usize, char)>, is_bare: bool) -> bool {
    let in_place = |places: &[usize]| {
        tone.is_none_or(|(at, _)| at.checked_sub(before).is_some_and(|at| places.contains(&at)))
    };
    let sounds = |coda: &str| {
        let is_stop = ["c", "ch", "p", "t"].contains(&coda);
        let is_sharp = tone.is_some_and(|(_, tone)| SHARP_AND_HEAVY.contains(&tone));
        !is_stop || is_bare || is_sharp
    };
    RHYMES.iter().zip(BARE.iter()).any(|((vowels, places, codas), bare)| {
        let vowels = if is_bare { bare.as_str() } else { *vowels };
        let coda = rhyme.strip_prefix(vowels).map(|coda| if coda.is_empty() { "_" } else { coda });
        let known = coda.filter(|coda| codas.split(' ').any(|known| known == *coda));
        known.is_some_and(|coda| in_place(places) && sounds(coda))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_syllables_are_possible_in_both_placings_of_the_tone() {
        for word in [
            "Nguyễn",
            "Trần",
            "Huỳnh",
            "Phượng",
            "Quỳnh",
            "Khuya",
            "khuỷu",
            "giường",
            "Gì",
            "Đắk",
            "Nghĩa",
            "hòa",
            "hoà",
            "thúy",
            "thuý",
            "khoẻ",
            "Quốc",
            "quý",
            "rượu",
            "Thuở",
            "Tuấn",
            "Nghiệp",
            "yến",
            "Ước",
            "UỶ",
            "xoong",
            "Kạn",
            "Hồng",
            "Kông",
            "ngoẻo",
            "HĐ",
            "QĐ",
            "Ở",
        ] {
            assert!(is_possible(word), "{word}");
        }
    }

    #[test]
    fn garbage_and_other_languages_are_not() {
        for word in [
            "Maõ", "thuÕ", "Ngêi", "luËt", "Bình¬", "hôtel", "Müller", "Straße", "Größe",
            "Citroën", "Loïc", "señor", "Café", "Élan", "Thýõng", "sôì", "cảt", "àá", "Khơng",
            "Мама",
        ] {
            assert!(!is_possible(word), "{word}");
        }
    }

    #[test]
    fn a_word_without_marks_may_have_lost_them() {
        assert!(is_possible("Tran") && is_possible("Viet") && is_possible("TNHH"));
        assert!(!is_possible("Dupont") && !is_possible("Trading"));
    }
}
