//! Names of clients and payers as memos have them: without accents, cut short, glued, without what many names begin with.
//! Whether a payment with a name is for somebody is never decided by it alone; people are asked, and nobody is cut off
//! meanwhile.

use crate::domain::fold::bank_ascii;

/// What a memo may say shorter, the longer first. One short word may stand for several long ones: nobody tells them apart.
const SHORT: &[(&str, &str)] = &[
    ("HO KINH DOANH CA THE", "HKD"),
    ("HO KINH DOANH", "HKD"),
    ("HO CA THE", "HKD"),
    ("HO KD", "HKD"),
    ("HKD CA THE", "HKD"),
    ("CONG TY", "CTY"),
    ("CONGTY", "CTY"),
    ("C TY", "CTY"),
    ("CTCP", "CTY CP"),
    ("CT CP", "CTY CP"),
    ("CT CO PHAN", "CTY CP"),
    ("CT TNHH", "CTY TNHH"),
    ("TRACH NHIEM HUU HAN", "TNHH"),
    ("CO PHAN", "CP"),
    ("MOT THANH VIEN", "MTV"),
    ("1 THANH VIEN", "MTV"),
    ("1TV", "MTV"),
    ("DOANH NGHIEP TU NHAN", "DNTN"),
    ("DN TU NHAN", "DNTN"),
    ("DOANH NGHIEP", "DN"),
    ("HOP TAC XA", "HTX"),
    ("THUONG MAI", "TM"),
    ("DICH VU", "DV"),
    ("SAN XUAT", "SX"),
    ("XAY DUNG", "XD"),
    ("XUAT NHAP KHAU", "XNK"),
    ("DAU TU", "DT"),
    ("PHAT TRIEN", "PT"),
    ("VAN TAI", "VT"),
    ("VIEN THONG", "VT"),
    ("KY THUAT", "KT"),
    ("KE TOAN", "KT"),
    ("CONG NGHE", "CN"),
    ("CONG NGHIEP", "CN"),
    ("CHI NHANH", "CN"),
    ("PHAN MEM", "PM"),
    ("TU VAN", "TV"),
    ("DU LICH", "DL"),
    ("QUANG CAO", "QC"),
    ("CUA HANG", "CH"),
    ("VA", ""),
];
/// Short words that say what somebody is by law, and those that say what it does.
const FORMS: [&str; 8] = ["CTY", "TNHH", "CP", "MTV", "DNTN", "DN", "HKD", "HTX"];
const TRADES: [&str; 15] =
    ["TM", "DV", "SX", "XD", "XNK", "DT", "PT", "VT", "KT", "CN", "PM", "TV", "DL", "QC", "CH"];
/// A household where a name begins with it; elsewhere it is a family.
const HOUSEHOLD: &str = "HO";
/// What stands in memos without being anybody's name.
const PLACES: [&str; 5] = ["VIET NAM", "HA NOI", "SAI GON", "DA NANG", "CHI MINH"];
/// What is left of a shorter name says nothing by itself.
const WORDS: usize = 2;
const LETTERS: usize = 6;
/// So many words say whose it is without what somebody does.
const LONG: usize = 3;
/// Between what is not to be read together.
const STOP: &str = "|";

/// How surely words name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Whatever the amount.
    Surely,
    /// Where the amount fits exactly.
    WithAmount,
    /// The same, and only behind a word of the form or of the trade: `CTY ABC`.
    BehindForm,
}

/// Words by which a memo may name somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// As they are [`read`], between spaces.
    pub words: String,
    pub sign: Sign,
}

impl Phrase {
    fn of(words: &[&str], sign: Sign) -> Phrase {
        Phrase { words: format!(" {} ", words.join(" ")), sign }
    }

    /// Whether it stands in what was [`read`].
    pub fn stands_in(&self, read: &str) -> bool {
        let mut places = read.match_indices(&self.words);
        places.any(|(at, _)| self.sign != Sign::BehindForm || is_behind_form(read, at))
    }

    /// One of the [`keys`] of all that it stands in. The last words tell names apart; many begin alike.
    pub fn key(&self) -> String {
        let mut last = self.words.trim().rsplit(' ');
        let word = last.next().unwrap_or_default();
        format!("{} {word}", last.next().unwrap_or("*"))
    }
}

/// How memos may name somebody of whom this is the name.
pub fn phrases(name: &str) -> Vec<Phrase> {
    let plain = plain(name);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let forms = forms(&words);
    let tail = &words[forms..];
    let trades = tail.iter().take_while(|word| is_form_or_trade(word)).count();
    let core = &tail[trades..];
    let mut phrases = Vec::new();
    if is_long(tail) && !core.is_empty() {
        phrases.push(Phrase::of(tail, Sign::Surely));
    } else if forms > 0 && !tail.is_empty() {
        // Of what many names have in them nobody is sure.
        let sign = if core.is_empty() { Sign::WithAmount } else { Sign::Surely };
        phrases.push(Phrase::of(&words, sign));
    }
    let is_said = core == tail && is_long(tail);
    if core.is_empty() || is_said {
        return phrases;
    }
    let sign = match core.len() {
        LONG.. if is_long(core) => Sign::Surely,
        WORDS.. if !PLACES.contains(&core.join(" ").as_str()) => Sign::WithAmount,
        _ => Sign::BehindForm,
    };
    phrases.push(Phrase::of(core, sign));
    phrases
}

/// What is left of a name without its form, between spaces; nothing where that says nothing by itself.
pub fn long(name: &str) -> String {
    let plain = plain(name);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let tail = &words[forms(&words)..];
    if is_long(tail) { format!(" {} ", tail.join(" ")) } else { String::new() }
}

/// All that the bank says of a payment in words, as names are looked for in it.
pub fn read(memo: &str, from: Option<&str>) -> String {
    match from {
        Some(from) => format!("{}{STOP}{}", plain(memo), plain(from)),
        None => plain(memo),
    }
}

/// By what phrases are found in what was [`read`]: each word with the one before it, and each behind a form or trade alone.
pub fn keys(read: &str) -> impl Iterator<Item = String> {
    let words = || read.split_whitespace();
    words().zip(words().skip(1)).flat_map(|(before, word)| {
        let alone = is_form_or_trade(before).then(|| format!("* {word}"));
        [Some(format!("{before} {word}")), alone].into_iter().flatten()
    })
}

/// Whether a word of the form or of the trade stands before a place of what was [`read`].
pub fn is_behind_form(read: &str, at: usize) -> bool {
    read[..at].rsplit(' ').next().is_some_and(is_form_or_trade)
}

/// With how many words of its form a name begins.
fn forms(words: &[&str]) -> usize {
    match words.first() {
        Some(&HOUSEHOLD) => 1,
        _ => words.iter().take_while(|word| FORMS.contains(word)).count(),
    }
}

fn is_form_or_trade(word: &str) -> bool {
    FORMS.contains(&word) || TRADES.contains(&word)
}

fn is_long(words: &[&str]) -> bool {
    words.len() >= WORDS && words.iter().map(|word| word.len()).sum::<usize>() >= LETTERS
}

/// As banks write it, with the short words for what may be said shorter, between spaces.
fn plain(text: &str) -> String {
    let ascii = bank_ascii(text);
    let mut rest = ascii.trim();
    let mut plain = " ".to_owned();
    while !rest.is_empty() {
        let short = SHORT.iter().find_map(|(long, short)| Some((*short, behind(rest, long)?)));
        let (word, behind) = short.unwrap_or_else(|| rest.split_once(' ').unwrap_or((rest, "")));
        let mut say = |part: &str| plain.extend([part, " "]);
        match glued(word) {
            Some(parts) => parts.into_iter().for_each(say),
            None => say(word),
        }
        rest = behind.trim_start();
    }
    plain
}

/// What stands behind whole words at the beginning of a text.
fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.strip_prefix(words).filter(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The short words that one consists of: `TMDV`, `TNHHMTV`.
fn glued(word: &str) -> Option<Vec<&str>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    FORMS.iter().chain(&TRADES).find_map(|short| {
        let mut parts = vec![*short];
        parts.extend(glued(word.strip_prefix(short)?)?);
        Some(parts)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How surely a memo names somebody; nothing where it does not.
    fn sign(memo: &str, name: &str) -> Option<Sign> {
        let read = read(memo, None);
        let found = phrases(name).into_iter().find(|it| it.stands_in(&read))?;
        assert!(keys(&read).any(|key| key == found.key()), "{read:?} {found:?}");
        Some(found.sign)
    }

    #[test]
    fn a_name_is_found_short_or_long_whatever_its_form_and_trade_are_called() {
        use Sign::{BehindForm, Surely, WithAmount};
        for (memo, name, expected) in [
            // The whole name by law, however short what is its own.
            ("CONG TY TNHH ABC tra tien", "Công ty TNHH ABC", Surely),
            ("cty tnhh abc tt", "CÔNG TY TRÁCH NHIỆM HỮU HẠN ABC", Surely),
            ("CONG TY TNHH HA 07 thanh toan", "Công ty TNHH Hà 07", Surely),
            ("CONG TY TNHH FPT", "Công ty TNHH FPT", Surely),
            ("ho kinh doanh An ck", "HKD An", Surely),
            // Long enough by itself, as words of trade are said in many ways.
            ("CTY CP XD THANH DAT tt phan mem", "Công ty Cổ phần Xây dựng Thành Đạt", Surely),
            ("ctcp xay dung thanh dat", "Công ty CP XD Thành Đạt", Surely),
            ("cty tnhh tmdv minh phat", "Công ty TNHH Thương mại và Dịch vụ Minh Phát", Surely),
            ("anh duong phuong nam tt", "Công ty TNHH TM DV Ánh Dương Phương Nam", Surely),
            ("GAO MUOI ck", "Công ty TNHH MTV Gạo Muối", Surely),
            ("tt phan mem-Nguyễn Thị Hòa - FT123", "Hộ kinh doanh Nguyễn Thị Hòa", Surely),
            ("cty A - Binh Minh tra tien", "Công ty A - Bình Minh", Surely),
            // What many have in common counts with the amount.
            ("HA AN thanh toan", "Công ty TNHH Hà An", WithAmount),
            ("minh phat tt", "Công ty TNHH Thương mại và Dịch vụ Minh Phát", WithAmount),
            ("thanh dat ck", "Công ty Cổ phần Xây dựng Thành Đạt", WithAmount),
            ("cty abc", "Công ty TNHH ABC", BehindForm),
            ("cty tm viet nam tt", "Công ty CP Du lịch Việt Nam", BehindForm),
        ] {
            assert_eq!(sign(memo, name), Some(expected), "{memo} of {name}");
        }
    }

    #[test]
    fn what_is_a_part_of_other_words_or_in_every_memo_names_nobody() {
        for (memo, name) in [
            ("NHA AN THINH tt", "Công ty TNHH Hà An"),
            ("THA ANH chuyen tien", "Công ty TNHH Hà An"),
            ("tra tien abc", "Công ty TNHH ABC"),
            ("CONG TY TNHH ABCD", "Công ty TNHH ABC"),
            ("NH TMCP NGOAI THUONG VIET NAM tt", "Công ty CP Du lịch Việt Nam"),
            ("thanh toan phan mem", "Công ty TNHH Phần mềm ABC"),
            ("thanh toan tien dich vu", "Công ty TNHH Thương mại Dịch vụ An"),
            ("cong ty tnhh", "Công ty TNHH"),
            ("", "Công ty TNHH An"),
            ("chuyen tien", ""),
        ] {
            assert_eq!(sign(memo, name), None, "{memo} of {name}");
        }
        // Not of two texts together.
        let read = read("thanh toan HA", Some("AN BINH"));
        assert!(!phrases("Công ty TNHH Hà An").iter().any(|it| it.stands_in(&read)), "{read}");
    }

    #[test]
    fn a_long_name_is_what_is_left_of_it_without_its_form_and_a_short_one_is_none() {
        assert_eq!(long("Công ty TNHH MTV Gạo Muối"), " GAO MUOI ");
        assert_eq!(long("Hộ kinh doanh Nguyễn Thị Hòa"), " NGUYEN THI HOA ");
        for short in ["Công ty TNHH An", "Công ty Cổ phần A B", ""] {
            assert_eq!(long(short), "", "{short}");
        }
    }
}
