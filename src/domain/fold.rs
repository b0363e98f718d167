//! The key under which headers, values and names are compared: what a person would call "the same text".
//! The text itself is kept as written; only comparisons use the key.

use std::borrow::Cow;

use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{decompose_canonical, is_combining_mark},
    is_nfc_quick,
};

/// No accents, lower case, `đ` as `d`, every run of other characters than letters and digits as one space.
pub fn fold(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut push = |c: char| match c {
        // Most letters of most texts: nothing about them need be looked up.
        c if c.is_ascii_alphanumeric() => key.push(c.to_ascii_lowercase()),
        // The last two are Icelandic, and look the same.
        'đ' | 'Đ' | 'ð' | 'Ð' => key.push('d'),
        c if !c.is_ascii() && is_combining_mark(c) => {}
        c if c.is_alphanumeric() => key.extend(c.to_lowercase()),
        _ if key.is_empty() || key.ends_with(' ') => {}
        _ => key.push(' '),
    };
    // Each taken apart alone: only marks would be put in order, and they are left out.
    text.chars().for_each(|c| decompose_canonical(c, &mut push));
    key.truncate(key.trim_end().len());
    key
}

/// Composed (NFC), without invisible characters, runs of blanks as one space, nothing around it; the Icelandic letter
/// that old keyboards made instead of `Đ` is one.
pub fn tidy(text: &str) -> String {
    if is_tidy(text) { text.to_owned() } else { tidied(text) }
}

fn tidied(text: &str) -> String {
    let visible =
        |c: &char| !matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}' | '\u{AD}');
    let meant = |c: char| match c {
        'Ð' => 'Đ',
        'ð' => 'đ',
        c => c,
    };
    let composed: String = text.chars().filter(visible).map(meant).nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text is surely as it would be made, which most are.
fn is_tidy(text: &str) -> bool {
    let is_kept = |c: char| {
        (c == ' ' || !c.is_whitespace())
            && !matches!(
                c,
                '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}' | '\u{AD}' | 'Ð' | 'ð'
            )
    };
    !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.chars().all(is_kept)
        && (text.chars().all(is_composed) || is_nfc_quick(text.chars()) == IsNormalized::Yes)
}

/// A character that no other one joins or is parted from: all that Vietnamese is written with.
fn is_composed(c: char) -> bool {
    matches!(c, '\0'..'\u{300}' | '\u{1EA0}'..='\u{1EF9}')
}

/// Full-width letters and the like as usual ones (NFKC), which those of ASCII are.
pub fn usual(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Accents off and upper case, only `A–Z`, `0–9` and single spaces: what banks let through.
pub fn bank_ascii(text: &str) -> String {
    fold(text).to_uppercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect()
}

/// Accents off, and only the signs of ASCII: what an SMS carries everywhere.
pub fn without_accents(text: &str) -> String {
    let plain = |c: char| match c {
        'đ' | 'ð' => Some('d'),
        'Đ' | 'Ð' => Some('D'),
        '–' | '—' | '‑' => Some('-'),
        '“' | '”' => Some('"'),
        '‘' | '’' => Some('\''),
        c => c.is_ascii().then_some(c),
    };
    text.nfd().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::{char::canonical_combining_class, is_nfc};

    use super::*;

    #[test]
    fn a_header_is_the_same_with_and_without_accents_stars_and_line_breaks() {
        for text in ["Mã số thuế (*)", "MA SO THUE", "Mã số\nthuế", "Ma\u{303} số thuế"]
        {
            assert_eq!(fold(text), "ma so thue");
        }
        assert_eq!(fold("Địa chỉ"), "dia chi");
        assert_eq!(fold("\u{D0}ịa chỉ"), "dia chi");
        assert_eq!(fold("MST/Mã số kinh doanh"), "mst ma so kinh doanh");
    }

    #[test]
    fn tidying_composes_and_squeezes_but_keeps_words() {
        assert_eq!(tidy("  Công\u{a0}ty \u{200b} TNHH  Hòa Bình\n"), "Công ty TNHH Hòa Bình");
        assert_eq!(tidy("\u{D0}à Nẵng"), "Đà Nẵng");
        assert_eq!(bank_ascii("Công ty Phần mềm"), "CONG TY PHAN MEM");
        assert_eq!(without_accents("Đặt “ASP – HKD”: 5 đ"), "Dat \"ASP - HKD\": 5 d");
    }

    /// The key as it is defined: taken apart as a whole, and each character looked up.
    fn fold_as_defined(text: &str) -> String {
        let mut key = String::new();
        for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
            match c {
                'đ' | 'Đ' | 'ð' | 'Ð' => key.push('d'),
                c if c.is_alphanumeric() => key.extend(c.to_lowercase()),
                _ => key.push(' '),
            }
        }
        key.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_put_in_order_when_a_text_is_taken_apart_is_a_mark() {
        for c in '\0'..=char::MAX {
            assert!(canonical_combining_class(c) == 0 || is_combining_mark(c), "{c:?}");
        }
    }

    #[test]
    fn what_needs_no_look_is_composed_whatever_stands_beside_it() {
        let composed: Vec<char> = ('\0'..='\u{1EF9}').filter(|c| is_composed(*c)).collect();
        for c in &composed {
            assert_eq!(is_nfc_quick(std::iter::once(*c)), IsNormalized::Yes, "{c:?}");
            assert_eq!(canonical_combining_class(*c), 0, "{c:?}");
        }
        assert!(is_nfc(&composed.iter().collect::<String>()));
    }

    proptest! {
        #[test]
        fn a_key_is_the_same_however_it_is_made(
            text in "(\\PC|[ -~]|[à-ỹÀ-ỸđĐðÐ\u{300}-\u{323}\u{200b}\t\n ]){0,20}",
        ) {
            prop_assert_eq!(fold(&text), fold_as_defined(&text));
        }

        #[test]
        fn a_text_that_looks_tidy_is_what_tidying_makes_of_it(
            text in "(\\PC|[ -~]|[à-ỹÀ-ỸđĐðÐ\u{300}-\u{323}\u{200b}\t\n ]){0,20}",
        ) {
            prop_assert_eq!(tidy(&text), tidied(&text));
        }

        #[test]
        fn usual_letters_are_the_same_however_they_are_made(text in "(\\PC|[!-~]|[！-～]){0,20}") {
            prop_assert_eq!(usual(&text), text.nfkc().collect::<String>());
        }
    }
}
