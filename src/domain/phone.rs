//! Vietnamese phone numbers, by libphonenumber's metadata, with the repairs that need no guess.
//! Whether a field wants a mobile is the caller's question: [`Phone::is_mobile`].

use std::sync::OnceLock;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};
use serde::{Deserialize, Serialize};

use super::{fold::usual, words::checked_text};

/// A phone number as stored: E.164, `+84912345678`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Phone(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no Vietnamese phone number")]
pub struct PhoneError;

/// Whether nine digits are a mobile, by the first three of them. The library is asked once for each: it tries patterns
/// on every number, and threads wait for each other at them.
static MOBILES: [OnceLock<bool>; 1_000] = [const { OnceLock::new() }; 1_000];

/// What was put right in a number, and must be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneRepair {
    ZeroRestored,
    /// An eleven-digit mobile of before 2018 in its new form.
    Renumbered,
}

/// Prefixes of eleven-digit mobiles and what they became in 2018; the last seven digits stayed.
const RENUMBERED: [(&str, &str); 21] = [
    ("0120", "070"),
    ("0121", "079"),
    ("0122", "077"),
    ("0126", "076"),
    ("0128", "078"),
    ("0123", "083"),
    ("0124", "084"),
    ("0125", "085"),
    ("0127", "081"),
    ("0129", "082"),
    ("0162", "032"),
    ("0163", "033"),
    ("0164", "034"),
    ("0165", "035"),
    ("0166", "036"),
    ("0167", "037"),
    ("0168", "038"),
    ("0169", "039"),
    ("0186", "056"),
    ("0188", "058"),
    ("0199", "059"),
];

impl Phone {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people in Vietnam write it: `0912 345 678`.
    pub fn national(&self) -> String {
        PHONE_NUMBER_UTIL.parse(&self.0, Some(Region::VN)).map_or_else(
            |_| self.0.clone(),
            |number| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::National).into_owned(),
        )
    }

    pub fn is_mobile(&self) -> bool {
        mobile(&self.0).is_some() || ask(&self.0).is_ok_and(|(_, kind)| is_of_mobile(kind))
    }

    /// For logs: the last three digits alone.
    pub fn masked(&self) -> String {
        format!("…{}", &self.0[self.0.len() - 3..])
    }

    /// Reads what a person or a spreadsheet wrote.
    pub fn read(text: &str) -> Result<(Phone, Option<PhoneRepair>), PhoneError> {
        let digits = digits_of(text)?;
        let (digits, repair) = repaired(&digits);
        Ok((parse(&digits)?, repair))
    }
}

impl std::str::FromStr for Phone {
    type Err = PhoneError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match mobile(text) {
            Some(rest) => Ok(Phone(format!("+84{rest}"))),
            None => parse(&digits_of(text)?),
        }
    }
}
checked_text!(Phone, PhoneError);

/// Digits and a leading `+`, from a text with nothing else but the separators of phone numbers; full-width digits
/// are digits, and a number with the country's code in any of its forms has it as `+84`.
fn digits_of(text: &str) -> Result<String, PhoneError> {
    let text = usual(text.trim().trim_start_matches('\''));
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let separator = |c: char| {
        let dash = matches!(c, '.' | '-' | '(' | ')' | '–' | '‑' | '—' | '·');
        dash || c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}')
    };
    let digits: String = text.chars().filter(|c| !separator(*c)).collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit()) {
        return Err(PhoneError);
    }
    let abroad = bare.strip_prefix("0084").or_else(|| digits.strip_prefix("+84"));
    // `84 0912…`: no number within the country is so long.
    let abroad = abroad.or_else(|| bare.strip_prefix("84").filter(|_| bare.len() >= 11));
    Ok(match abroad {
        Some(rest) => format!("+84{}", rest.strip_prefix('0').unwrap_or(rest)),
        None => digits,
    })
}

fn repaired(digits: &str) -> (String, Option<PhoneRepair>) {
    let lost_zero = match digits.len() {
        9 => digits.starts_with(['3', '5', '7', '8', '9']),
        // A landline.
        10 => digits.starts_with('2'),
        _ => false,
    };
    if lost_zero {
        return (format!("0{digits}"), Some(PhoneRepair::ZeroRestored));
    }
    let national = digits.strip_prefix("+84").map(|rest| format!("0{rest}"));
    let national = national.as_deref().unwrap_or(digits);
    for (old, new) in RENUMBERED.iter().filter(|_| national.len() == 11) {
        if let Some(rest) = national.strip_prefix(old) {
            return (format!("{new}{rest}"), Some(PhoneRepair::Renumbered));
        }
    }
    (digits.to_owned(), None)
}

fn parse(digits: &str) -> Result<Phone, PhoneError> {
    match mobile(digits) {
        Some(rest) => Ok(Phone(format!("+84{rest}"))),
        None => ask(digits).map(|(phone, _)| phone),
    }
}

/// The nine digits of a mobile as it is dialled, behind its zero or `+84`. Those that begin otherwise are none that
/// people have, and not known by their first three digits.
fn mobile(digits: &str) -> Option<&str> {
    let rest = digits.strip_prefix("+84").or_else(|| digits.strip_prefix('0'))?;
    let begins = rest.starts_with(['3', '5', '7', '8', '9']);
    if rest.len() != 9 || !begins || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let known = MOBILES.get(rest[..3].parse::<usize>().ok()?)?;
    let is_mobile = || ask(digits).is_ok_and(|(_, kind)| is_of_mobile(kind));
    known.get_or_init(is_mobile).then_some(rest)
}

const fn is_of_mobile(kind: PhoneNumberType) -> bool {
    matches!(kind, PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile)
}

/// What the library says of a number.
fn ask(digits: &str) -> Result<(Phone, PhoneNumberType), PhoneError> {
    let number = PHONE_NUMBER_UTIL.parse(digits, Some(Region::VN)).map_err(|_| PhoneError)?;
    let kind = PHONE_NUMBER_UTIL.get_number_type(&number);
    let personal = matches!(
        kind,
        PhoneNumberType::Mobile | PhoneNumberType::FixedLine | PhoneNumberType::FixedLineOrMobile
    );
    if !personal || !PHONE_NUMBER_UTIL.is_valid_number_for_region(&number, Region::VN) {
        return Err(PhoneError);
    }
    let phone = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
    Ok((Phone(phone), kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mobile_is_read_in_every_usual_spelling() {
        for text in [
            "0912345678",
            "0912 345 678",
            "+84 912 345 678",
            "0084912345678",
            "84912345678",
            "0912.345.678",
            "+84 (0) 912 345 678",
            "(+84) 912345678",
            "(84) 0912345678",
            "0084 0912345678",
            "+84-912-345-678",
            "0912\u{200B}345678",
            "０９１２３４５６７８",
            "0912345678.0",
        ] {
            let (phone, repair) = Phone::read(text).unwrap();
            assert_eq!((phone.as_str(), repair), ("+84912345678", None), "{text}");
            assert!(phone.is_mobile());
        }
    }

    #[test]
    fn what_was_repaired_is_said() {
        assert_eq!(Phone::read("912345678").unwrap().1, Some(PhoneRepair::ZeroRestored));
        let (phone, repair) = Phone::read("01672345678").unwrap();
        assert_eq!((phone.as_str(), repair), ("+84372345678", Some(PhoneRepair::Renumbered)));
        for text in ["+84 167 234 5678", "841672345678", "0084 (0)1672345678"] {
            assert_eq!(Phone::read(text).unwrap(), (phone.clone(), repair), "{text}");
        }
        let (landline, repair) = Phone::read("2438251234").unwrap();
        assert_eq!(landline.as_str(), "+842438251234");
        assert_eq!(repair, Some(PhoneRepair::ZeroRestored));
    }

    #[test]
    fn a_landline_is_a_phone_but_no_mobile() {
        let (phone, _) = Phone::read("024 3825 1234").unwrap();
        assert!(!phone.is_mobile());
    }

    #[test]
    fn a_mobile_that_is_known_by_three_digits_is_what_the_library_says() {
        for first in 100..1_000 {
            for next in ["000000", "345678", "678901", "999999"] {
                for digits in [format!("0{first}{next}"), format!("+84{first}{next}")] {
                    let read = parse(&digits).map(|phone| (phone.is_mobile(), phone));
                    let asked = ask(&digits).map(|(phone, kind)| (is_of_mobile(kind), phone));
                    assert_eq!(read, asked, "{digits}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_phone_number_is_refused() {
        for text in
            ["113", "0712345678", "0912345678x", "0909123456/0903123456", "#VALUE!", "19001234", ""]
        {
            assert_eq!(Phone::read(text), Err(PhoneError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_a_number_that_was_read_is_read_again(text in "(\\PC*|[+0-9 .()-]{0,20})") {
            if let Ok((phone, _)) = Phone::read(&text) {
                prop_assert_eq!(Phone::read(phone.as_str()), Ok((phone.clone(), None)));
                prop_assert_eq!(Phone::read(&phone.national()).map(|(read, _)| read), Ok(phone));
            }
        }
    }
}
