//! Payment codes in the memos of transfers, however banks mangled them (domain facts §3.3): upper case, accents and
//! punctuation gone, spaces inside, split over lines, text of the bank around, cut off.
//! What a code pays for, and with which amount, is decided by `matching`.

use std::collections::BTreeSet;

use crate::domain::{fold::bank_ascii, order::OrderCode, payment_code::PaymentCode};

/// Characters of a code behind its prefix.
const BODY: usize = 8;
/// So many of a code that was cut off still say something.
const LEAST: usize = 5;
/// So much of a memo without a code says that another one with all of it is the same.
const ALL: usize = 12;
/// The digits of an order code, and at most of its number.
const MONTH: usize = 4;
const NUMBER: usize = 6;

/// Letters and digits alone, in upper case.
pub fn squeezed(memo: &str) -> String {
    bank_ascii(memo).replace(' ', "")
}

/// Every code in a squeezed memo whose check character is right, each once, in their order. Nothing is said of whether
/// it was given to anybody.
pub fn codes(squeezed: &str, prefixes: &BTreeSet<String>) -> Vec<PaymentCode> {
    let mut found: Vec<(usize, PaymentCode)> = Vec::new();
    for prefix in prefixes {
        for (at, _) in squeezed.match_indices(prefix.as_str()) {
            let code = squeezed.get(at..at + prefix.len() + BODY);
            let code = code.and_then(|code| code.parse::<PaymentCode>().ok());
            found.extend(code.map(|code| (at, code)));
        }
    }
    found.sort();
    let mut codes: Vec<PaymentCode> = Vec::new();
    for (_, code) in found {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// What a memo says, to be compared with how another layout tells it.
pub struct Words {
    pub squeezed: String,
    pub codes: BTreeSet<String>,
}

impl Words {
    pub fn of(text: &str, prefixes: &BTreeSet<String>) -> Words {
        let squeezed = squeezed(text);
        let codes = codes(&squeezed, prefixes).iter().map(ToString::to_string).collect();
        Words { squeezed, codes }
    }

    /// The same codes; without any, all the words of the one in the other.
    pub fn may_be(&self, other: &Words) -> bool {
        let (a, b) = (&self.squeezed, &other.squeezed);
        let is_part = || a.len().min(b.len()) >= ALL && (a.contains(b) || b.contains(a));
        self.codes == other.codes && (!self.codes.is_empty() || is_part())
    }
}

/// Order codes in a squeezed memo: `DH2611000123`.
pub fn orders(squeezed: &str) -> Vec<OrderCode> {
    let starts = squeezed.match_indices("DH").map(|(at, _)| &squeezed[at + 2..]);
    let digits = starts.filter_map(|rest| rest.get(..MONTH + NUMBER));
    let code = |digits: &str| format!("DH-{}-{}", &digits[..MONTH], &digits[MONTH..]).parse().ok();
    digits.filter_map(code).collect()
}

/// Codes that are there, to be found by what is nearly one of them.
#[derive(Debug, Default)]
pub struct Near<'a> {
    /// In their order.
    codes: Vec<&'a str>,
    /// By their bodies, and by these without one of their characters, each with its place among the codes. They are
    /// numbers, and sorted: of a million codes there are nine million, which as texts of their own would take a gigabyte.
    bodies: Vec<(u64, usize)>,
    shorter: Vec<(u64, usize)>,
    prefixes: BTreeSet<&'a str>,
}

impl<'a> Near<'a> {
    pub fn of(codes: impl Iterator<Item = &'a str>) -> Near<'a> {
        let mut codes: Vec<&str> = codes.filter(|code| code.len() >= BODY).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut near = Near { codes, ..Near::default() };
        for (place, code) in near.codes.iter().enumerate() {
            let (prefix, body) = code.split_at(code.len() - BODY);
            near.prefixes.insert(prefix);
            near.bodies.push((number(body.bytes()), place));
            near.shorter.extend(without_one(body).map(|shorter| (shorter, place)));
        }
        near.bodies.sort_unstable();
        near.shorter.sort_unstable();
        near
    }

    /// The codes that differ by one character, by two that were swapped, by a lost prefix or a lost end, in order.
    pub fn find(&self, squeezed: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        for prefix in &self.prefixes {
            for (at, _) in squeezed.match_indices(prefix) {
                let rest = &squeezed[at + prefix.len()..];
                for length in [BODY - 1, BODY, BODY + 1] {
                    found.extend(rest.get(..length).into_iter().flat_map(|part| self.like(part)));
                }
                if (LEAST..BODY).contains(&rest.len()) {
                    found.extend(self.beginning(&squeezed[at..]));
                }
            }
        }
        for at in 0..squeezed.len().saturating_sub(BODY - 1) {
            let body = number(squeezed[at..at + BODY].bytes());
            found.extend(self.under(&self.bodies, body));
        }
        found
    }

    fn like(&self, part: &str) -> BTreeSet<&'a str> {
        let mut like = BTreeSet::new();
        let whole = (part.len() <= BODY).then(|| number(part.bytes()));
        for known in whole.into_iter().chain(without_one(part)) {
            like.extend(self.under(&self.bodies, known));
            like.extend(self.under(&self.shorter, known));
        }
        like.retain(|code| is_near(part.as_bytes(), &code.as_bytes()[code.len() - BODY..]));
        like
    }

    fn beginning(&self, cut: &str) -> impl Iterator<Item = &'a str> {
        let from = self.codes.partition_point(|code| *code < cut);
        self.codes[from..].iter().copied().take_while(move |code| code.starts_with(cut))
    }

    fn under(&self, sorted: &[(u64, usize)], known: u64) -> impl Iterator<Item = &'a str> {
        let from = sorted.partition_point(|(number, _)| *number < known);
        let same = sorted[from..].iter().take_while(move |(number, _)| *number == known);
        same.map(|(_, place)| self.codes[*place])
    }
}

/// At most eight letters and digits as one number, which no others have.
fn number(text: impl Iterator<Item = u8>) -> u64 {
    text.fold(0, |number, byte| (number << 8) | u64::from(byte))
}

/// A text of at most nine letters and digits without each one of them.
fn without_one(text: &str) -> impl Iterator<Item = u64> {
    (0..text.len()).map(|at| number(text.bytes().take(at).chain(text.bytes().skip(at + 1))))
}

/// At most one character is another one, too many or too few, or two neighbours are swapped.
fn is_near(a: &[u8], b: &[u8]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let same = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    let (long, short) = (&long[same..], &short[same..]);
    match long.len() - short.len() {
        0 if long.len() >= 2 && long[0] == short[1] && long[1] == short[0] => {
            long[2..] == short[2..]
        }
        0 => long.is_empty() || long[1..] == short[1..],
        1 => long[1..] == *short,
        _ => false,
    }
}

/// The letters that a code of ours begins with.
pub fn prefix_of(code: &str) -> &str {
    const BODY: usize = 8;
    code.get(..code.len().saturating_sub(BODY)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "HLAAAAAAAA";

    fn code(random: [u8; 7]) -> String {
        PaymentCode::new(&"HL".parse().unwrap(), random).to_string()
    }

    fn found(memo: &str) -> Vec<String> {
        let prefixes = BTreeSet::from(["HL".to_owned()]);
        codes(&squeezed(memo), &prefixes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_code_is_found_in_what_banks_make_of_a_memo() {
        let code = code([3, 14, 15, 9, 2, 6, 5]);
        assert!(CODE.parse::<PaymentCode>().is_ok());
        let (a, b) = code.split_at(5);
        for memo in [
            code.clone(),
            code.to_lowercase(),
            format!(
                "MBVCB.5243659371.{code}.CT tu 0011001234567 CTY TNHH GAO MUOI toi 1023456789 CONG TY PHAN MEM"
            ),
            format!("123456.221126.101112.{code} chuyen FT24255276428461"),
            format!("{a} {b}"),
            format!("{a}\n{b}"),
            format!("{a}.{b}"),
            format!("thanh toán phần mềm {a} {b}CT tu 0011"),
            format!("IPAY{code}"),
            format!("ND {code} GD 5243"),
            format!("ASP-2026 {code};"),
            code.chars().flat_map(|c| [c, ' ']).collect(),
        ] {
            assert_eq!(found(&memo), [code.as_str()], "{memo}");
        }
        assert_eq!(found(&format!("{code} {code}")), [code.as_str()], "each once");
    }

    #[test]
    fn what_is_nearly_a_code_is_no_code() {
        let code = code([3, 14, 15, 9, 2, 6, 5]);
        let mut wrong = code.clone().into_bytes();
        wrong.swap(4, 5);
        let swapped = String::from_utf8(wrong).unwrap();
        let cut = &code[..code.len() - 1];
        for memo in [swapped.as_str(), cut, &code[2..], "HLHLHLHLHLHL", "HL", ""] {
            assert!(found(memo).is_empty(), "{memo}");
            let near = Near::of([code.as_str()].into_iter());
            let is_like_it = memo.len() >= BODY && !memo.starts_with("HLHL");
            assert_eq!(near.find(&squeezed(memo)).len(), usize::from(is_like_it), "{memo}");
        }
        let more = format!("{}X{}", &code[..5], &code[5..]);
        assert_eq!(Near::of([code.as_str()].into_iter()).find(&more).len(), 1);
    }

    #[test]
    fn a_code_is_found_among_many_by_what_is_nearly_it() {
        let codes: Vec<String> = (0..25).map(|n| code([n, 7, n, 3, 11, n, 5])).collect();
        let near = Near::of(codes.iter().map(String::as_str));
        for code in &codes {
            let (head, tail) = code.split_at(6);
            let other = if tail.starts_with('A') { 'C' } else { 'A' };
            for memo in [
                code.clone(),
                code[2..].to_owned(),
                code[..9].to_owned(),
                format!("{head}{other}{}", &tail[1..]),
                format!("{head}{}", &tail[1..]),
                format!("{head}{other}{tail}"),
            ] {
                assert!(near.find(&memo).contains(code.as_str()), "{memo} of {code}");
            }
        }
        assert!(near.find("HLZZZZZZZZ").is_empty());
    }

    #[test]
    fn an_order_code_is_found_without_its_dashes() {
        let found: Vec<String> = orders(&squeezed("tt don DH 2611-000123 ASP"))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, ["DH-2611-000123"]);
        assert!(orders("DH2611").is_empty());
    }
}
