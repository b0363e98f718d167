//! Whether bytes are Vietnamese in windows-1258: by whether its words come out as syllables that can be.
//! Words in the bytes of TCVN3 or VNI, and foreign ones, do not.

use encoding_rs::WINDOWS_1258;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

const ONSETS: &[&str] = &[
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g",
    "h", "k", "l", "m", "n", "p", "q", "r", "s", "t", "v", "x", "",
];
const NUCLEI: &[&str] = &[
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây",
    "eo", "êu", "ia", "iê", "iu", "iêu", "oa", "oă", "oe", "oi", "ôi", "ơi", "oai", "oao", "oay",
    "oeo", "ua", "uâ", "uê", "ui", "uô", "uơ", "uy", "uôi", "uây", "uya", "uyê", "uyu", "ưa", "ươ",
    "ưi", "ưu", "yê", "ươi", "ươu", "yêu", "uyêu",
];
/// Nothing ends in these.
const UNFINISHED: &[&str] = &["ă", "â", "iê", "oă", "uâ", "uô", "uyê", "ươ", "yê"];
const CODAS: &[&str] = &["", "c", "ch", "m", "n", "ng", "nh", "p", "t"];
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Words with letters beyond ASCII, and how many of them are syllables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) words: usize,
    pub(super) syllables: usize,
}

pub(super) fn tally(bytes: &[u8]) -> Tally {
    let is_letter = |b: &u8| b.is_ascii_alphabetic() || *b > 0xA0;
    let words = bytes.split(|b| !is_letter(b)).filter(|word| !word.is_ascii());
    words.fold(Tally::default(), |tally, word| Tally {
        words: tally.words + 1,
        syllables: tally.syllables + usize::from(is_syllable(word)),
    })
}

fn is_syllable(word: &[u8]) -> bool {
    let (text, _) = WINDOWS_1258.decode_without_bom_handling(word);
    let lower = text.to_lowercase();
    let tones: Vec<char> = lower.nfd().filter(|c| TONES.contains(c)).collect();
    let letters: String = lower.nfd().filter(|c| !TONES.contains(c)).nfc().collect();
    // A mark that was a letter once stands behind a consonant, or at the start.
    let mut on_vowel = false;
    let are_on_vowels = lower.nfd().all(|c| {
        if !is_combining_mark(c) {
            on_vowel = "aeiouy".contains(c);
        }
        on_vowel || !is_combining_mark(c)
    });
    are_on_vowels
        && tones.len() < 2
        && ONSETS.iter().any(|onset| {
            let rest = letters.strip_prefix(onset);
            rest.is_some_and(|rest| is_rhyme(rest, tones.first().copied()))
        })
}

fn is_rhyme(rhyme: &str, tone: Option<char>) -> bool {
    CODAS.iter().any(|coda| {
        let Some(nucleus) = rhyme.strip_suffix(coda) else { return false };
        let is_known = NUCLEI.contains(&nucleus);
        let is_finished = !coda.is_empty() || !UNFINISHED.contains(&nucleus);
        // Before a stop there are only two tones.
        let is_stopped = matches!(*coda, "c" | "ch" | "p" | "t");
        is_known
            && is_finished
            && (!is_stopped || matches!(tone, Some('\u{301}' | '\u{323}') | None))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [(&str, &str, &str); 3] = [
        (
            "C\u{f4}ng ty TNHH Th\u{fd}\u{f5}ng ma\u{f2}i Ho\u{cc}a Bi\u{cc}nh",
            "C«ng ty TNHH Th\u{AD}¬ng m¹i Hßa B×nh",
            "Coâng ty TNHH Thöông maïi Hoøa Bình",
        ),
        ("M\u{61}\u{de} s\u{f4}\u{ec} thu\u{ea}\u{ec}", "M· sè thuÕ", "Maõ soá thueá"),
        (
            "Ng\u{fd}\u{f5}\u{cc}i \u{f0}a\u{f2}i di\u{ea}\u{f2}n pha\u{ec}p lu\u{e2}\u{f2}t",
            "Ng\u{AD}êi ®¹i diÖn ph¸p luËt",
            "Ngöôøi ñaïi dieän phaùp luaät",
        ),
    ];

    fn share(text: &str) -> (usize, usize) {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let tally = tally(&bytes);
        (tally.syllables, tally.words)
    }

    #[test]
    fn only_windows_1258_comes_out_as_syllables() {
        let all = |of: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
            let lines: Vec<&str> = LINES.iter().map(of).collect();
            share(&lines.join(" "))
        };
        assert_eq!(all(|line| line.0), (13, 13));
        assert_eq!(all(|line| line.1), (2, 13));
        assert_eq!(all(|line| line.2), (1, 13));
    }

    #[test]
    fn western_words_are_no_syllables() {
        assert_eq!(share("S\u{e3}o Paulo, M\u{fc}ller, Espa\u{f1}a, X\u{e3} H\u{f2}a").0, 0);
    }
}
