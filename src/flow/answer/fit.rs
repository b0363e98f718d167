//! What fits where: texts into cells, lines into rows, names onto tabs.
//! How it looks there is not decided here.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Excel's limit for a cell, in UTF-16 units.
const CELL_UNITS: usize = 32_767;
const SHEET_NAME_UNITS: usize = 31;
/// Points of a line of text at 10 points: Vietnamese capitals bear two marks above.
const LINE_POINTS: f64 = 13.2;
/// No text is broken into pieces narrower than this.
const NARROWEST: f64 = 4.0;
const MAX_ROW_POINTS: f64 = 409.0;
/// No character before it is a combining mark.
const FIRST_MARK: char = '\u{300}';

/// A text as a cell can hold it: control characters become their pictures (U+2400 + n),
/// and what is too long is cut. An answer is compared with this, not with the raw text.
pub fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let text = if text.chars().all(|c| is_plain(c) || matches!(c, '\t' | '\n')) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace("\r\n", "\n").chars().map(pictured).collect())
    };
    match cut_at(&text, CELL_UNITS) {
        None => text,
        Some(end) => Cow::Owned(text[..end].to_owned()),
    }
}

fn pictured(c: char) -> char {
    match c {
        '\t' | '\n' => c,
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\u{7F}' => '\u{2421}',
        // XML cannot hold them at all.
        '\u{FFFE}' | '\u{FFFF}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// Cut to so many UTF-16 units, and seen to be.
pub fn cut(text: &str, units: usize) -> String {
    cut_at(text, units).map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

/// Where `text` reaches more than `units` UTF-16 units, if it does.
pub fn cut_at(text: &str, units: usize) -> Option<usize> {
    // No character has more units in UTF-16 than in UTF-8.
    if text.len() <= units {
        return None;
    }
    let mut used = 0;
    text.char_indices().find_map(|(at, c)| {
        used += c.len_utf16();
        (used > units).then_some(at)
    })
}

/// A name that a sheet may have and that `taken` does not know; `wrap` puts its fixed part around.
pub fn sheet_name(name: &str, taken: &mut Vec<String>, wrap: impl Fn(&str) -> String) -> String {
    let name: String = name.nfc().map(|c| if "[]:*?/\\'".contains(c) { '_' } else { c }).collect();
    let name = shown(name.trim()).into_owned();
    let room = SHEET_NAME_UNITS - wrap("").encode_utf16().count();
    let mut tries = (1..).map(|n: u32| {
        let mark = if n == 1 { String::new() } else { format!("~{n}") };
        let end = cut_at(&name, room - mark.len()).unwrap_or(name.len());
        wrap(&format!("{}{mark}", &name[..end]))
    });
    let free = tries.find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_default();
    taken.push(free.to_lowercase());
    free
}

/// How wide a text is, in widths of a digit.
pub fn width(text: &str) -> f64 {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> f64 {
    match c {
        _ if c >= FIRST_MARK && is_combining_mark(c) => 0.0,
        '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{FFE6}' => 2.0,
        'f'
        | 'i'
        | 'j'
        | 'l'
        | 'r'
        | 't'
        | 'I'
        | ' '..='!'
        | '\''..=')'
        | ','
        | '.'
        | ':'
        | ';' => 0.6,
        'm' | 'w' | '%' | '@' | '…' => 1.4,
        _ if c.is_uppercase() => 1.25,
        _ => 1.0,
    }
}

/// The lines a text takes in a cell of a width.
pub fn lines(text: &str, available: f64) -> u32 {
    let available = available.max(NARROWEST);
    text.split('\n').map(|line| line_count(line, available)).sum()
}

/// Breaks between words, as spreadsheets do; a word that is too long is broken.
fn line_count(text: &str, available: f64) -> u32 {
    let space = char_width(' ');
    let mut count = 1;
    let mut used = 0.0;
    for word in text.split(' ') {
        let mut word = width(word);
        if used > 0.0 && used + space + word > available {
            count += 1;
            used = 0.0;
        }
        while word > available {
            count += 1;
            word -= available;
        }
        used += word + if used > 0.0 { space } else { 0.0 };
    }
    count
}

/// The height of a row of so many lines, in points.
pub fn height(lines: u32) -> f64 {
    (f64::from(lines) * LINE_POINTS + 3.0).min(MAX_ROW_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_cannot_hold_is_shown_by_something_it_can() {
        assert_eq!(shown("a\u{0}b\u{7}c\td\ne\r\nf\rg\u{7F}"), "a␀b␇c\td\ne\nf␍g␡");
        assert_eq!(shown("\u{FFFF}"), "\u{FFFD}");
        assert!(matches!(shown("Nguyễn"), Cow::Borrowed("Nguyễn")));
        let long = "🙂".repeat(20_000);
        assert_eq!(shown(&long).encode_utf16().count(), 32_766);
    }

    #[test]
    fn a_sheet_name_is_short_legal_and_its_own() {
        let mut taken = vec!["tóm tắt".to_owned()];
        let wrap = |name: &str| format!("Kết quả ({name})");
        let long = "Danh sách khách hàng/doanh nghiệp năm 2026";
        let names: Vec<String> = (0..3).map(|_| sheet_name(long, &mut taken, wrap)).collect();
        assert_eq!(names[0], "Kết quả (Danh sách khách hàng_)");
        assert_eq!(names[1], "Kết quả (Danh sách khách hàn~2)");
        assert!(names.iter().all(|name| name.encode_utf16().count() <= 31));
        assert_eq!(sheet_name("A:b?'c'", &mut taken, wrap), "Kết quả (A_b__c_)");
    }

    #[test]
    fn every_mark_is_among_those_that_are_looked_for() {
        assert!(is_combining_mark(FIRST_MARK));
        assert!(!('\0'..FIRST_MARK).any(is_combining_mark));
    }

    #[test]
    fn a_text_is_cut_where_its_units_end() {
        for (text, units, end) in [
            ("ễễễ", 9, None),
            ("ễễễ", 3, None),
            ("ễễễ", 2, Some(6)),
            ("🙂🙂", 4, None),
            ("🙂🙂", 3, Some(4)),
        ] {
            assert_eq!(cut_at(text, units), end, "{text} {units}");
        }
    }

    #[test]
    fn marks_take_no_room_and_words_stay_whole() {
        assert!((width("ễ") - width("ê\u{303}")).abs() < f64::EPSILON);
        assert_eq!(lines("một hai ba", 7.0), 2);
        assert_eq!(lines("a\nb", 10.0), 2);
        assert_eq!(lines("abcdefghij", 4.0), 3);
    }
}
