//! The key under which headers, values and names are compared: what a person would call "the same text".
//! The text itself is kept as written; only comparisons use the key.

use unicode_normalization::{
    IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick,
};

/// No accents, lower case, `đ` as `d`, every run of other characters than letters and digits as one space.
pub fn fold(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let push = |c: char| match c {
        // The last two are Icelandic, and look the same.
        'đ' | 'Đ' | 'ð' | 'Ð' => key.push('d'),
        c if c.is_alphanumeric() => key.extend(c.to_lowercase()),
        _ if key.is_empty() || key.ends_with(' ') => {}
        _ => key.push(' '),
    };
    // Nothing is taken apart in ASCII; half of all texts are.
    if text.is_ascii() {
        text.chars().for_each(push);
    } else {
        text.nfd().filter(|c| !is_combining_mark(*c)).for_each(push);
    }
    key.truncate(key.trim_end().len());
    key
}

/// Composed (NFC), without invisible characters, runs of blanks as one space, nothing around it; the Icelandic letter
/// that old keyboards made instead of `Đ` is one.
pub fn tidy(text: &str) -> String {
    if is_tidy(text) {
        return text.to_owned();
    }
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
        && is_nfc_quick(text.chars()) == IsNormalized::Yes
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
}
