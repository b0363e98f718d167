//! Tax ids of enterprises, branches and people (TT105/2020 Art. 5, TT86/2024), and lost zeros that come back by proof.
//! Which kind a customer type may have, and from when, is said by the checks.

use serde::{Deserialize, Serialize};

use super::{
    client::CustomerType,
    fold::usual,
    words::{checked_text, words},
};

/// A tax id as stored: 10 digits, 10 digits and a branch (`0100111948-110`), or the 12 digits of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TaxId(String);

/// What is wrong with a text that should be a tax id, in the order in which it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxIdError {
    #[error("digits were lost: the cell holds a rounded number")]
    DigitsLost,
    #[error("this is no tax id")]
    Malformed,
    #[error("it is a tax id, or a personal id that lost two zeros")]
    Ambiguous,
    #[error("a tax id has 10, 13 or 12 digits")]
    Length,
    #[error("the check digit is wrong")]
    Checksum,
}

words! {
    /// Which of them a customer type may have, and from when, is data of the catalogue.
    pub enum TaxIdKind {
        /// Ten digits with a check digit.
        Organisation = "organisation",
        /// Ten digits with a check digit, and a suffix `001`–`999`.
        Branch = "branch",
        /// The twelve digits of a person.
        Personal = "personal",
    }
}

/// Where a text came from, which decides what its missing zeros prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub customer_type: Option<CustomerType>,
    /// From a number cell or a CSV, where leading zeros may have been lost.
    pub may_lack_zeros: bool,
}

/// A tax id that was read, and whether a leading zero was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadTaxId {
    pub tax_id: TaxId,
    pub zero_restored: bool,
}

impl TaxId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> TaxIdKind {
        match self.0.len() {
            10 => TaxIdKind::Organisation,
            12 => TaxIdKind::Personal,
            _ => TaxIdKind::Branch,
        }
    }

    /// Province or country of birth of a personal id, `001`–`999`.
    pub fn province(&self) -> Option<&str> {
        (self.kind() == TaxIdKind::Personal).then(|| &self.0[..3])
    }

    /// For logs: the last four digits alone.
    pub fn masked(&self) -> String {
        format!("…{}", &self.0[self.0.len() - 4..])
    }

    /// The last four digits as a number, for control totals.
    pub fn last_four(&self) -> i64 {
        let digits: Vec<char> = self.0.chars().filter(char::is_ascii_digit).collect();
        digits[digits.len() - 4..]
            .iter()
            .filter_map(|c| c.to_digit(10))
            .fold(0, |sum, d| sum * 10 + i64::from(d))
    }

    /// Reads what a person or a spreadsheet wrote; a lost zero comes back where the check digit proves it.
    pub fn read(text: &str, origin: Origin) -> Result<ReadTaxId, TaxIdError> {
        let digits = digits_of(text)?;
        let padded = || format!("0{digits}");
        let household = origin.customer_type == Some(CustomerType::Household);
        let (tax_id, zero_restored) = match digits.len() {
            9 if checksum_holds(&padded()) => (TaxId::from_digits(&padded())?, true),
            12 if !digits.starts_with('0') && checksum_holds(&padded()[..10]) => {
                (TaxId::from_digits(&padded())?, true)
            }
            10 if household && origin.may_lack_zeros && could_be_person(&digits) => {
                return Err(TaxIdError::Ambiguous);
            }
            _ => (TaxId::from_digits(&digits)?, false),
        };
        Ok(ReadTaxId { tax_id, zero_restored })
    }

    fn from_digits(digits: &str) -> Result<TaxId, TaxIdError> {
        match digits.len() {
            12 if digits.starts_with('0') => Ok(TaxId(digits.to_owned())),
            12 => Err(TaxIdError::Malformed),
            10 | 13 if digits.starts_with("00") => Err(TaxIdError::Malformed),
            10 | 13 if digits[2..9].bytes().all(|d| d == b'0') => Err(TaxIdError::Malformed),
            13 if digits.ends_with("000") => Err(TaxIdError::Malformed),
            10 | 13 if !checksum_holds(&digits[..10]) => Err(TaxIdError::Checksum),
            10 => Ok(TaxId(digits.to_owned())),
            13 => Ok(TaxId(format!("{}-{}", &digits[..10], &digits[10..]))),
            _ => Err(TaxIdError::Length),
        }
    }
}

impl std::str::FromStr for TaxId {
    type Err = TaxIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TaxId::from_digits(&digits_of(text)?)
    }
}
checked_text!(TaxId, TaxIdError);

/// The digits of a text that holds nothing else but separators; full-width digits are digits.
fn digits_of(text: &str) -> Result<String, TaxIdError> {
    let invisible =
        |c: &char| matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}' | '\u{AD}');
    let text: String = usual(text).chars().filter(|c| !invisible(c)).collect();
    let text = text.trim().trim_start_matches('\'');
    if is_scientific(text) {
        return Err(TaxIdError::DigitsLost);
    }
    let text = whole(text).ok_or(TaxIdError::Malformed)?;
    let separator = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '–' | '‑');
    let digits: String = text.chars().filter(|c| !separator(*c)).collect();
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits { Ok(digits) } else { Err(TaxIdError::Malformed) }
}

/// A number without `.0` or `.00` behind it; `None` for one with a fraction. Three digits there are a branch.
fn whole(text: &str) -> Option<&str> {
    let Some((number, fraction)) = text.split_once('.') else { return Some(text) };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(number) || !digits(fraction) || number.len() < 9 {
        return Some(text);
    }
    match fraction.len() {
        3 if fraction != "000" => Some(text),
        _ => fraction.bytes().all(|b| b == b'0').then_some(number),
    }
}

/// The only tax id that stands in a text among letters: `MST: 0101243150`.
pub fn only_tax_id(text: &str) -> Option<TaxId> {
    let pieces = text.split(|c: char| c.is_alphabetic() || ":;,/|()\n".contains(c));
    let mut found = pieces.filter_map(|piece| piece.parse().ok());
    found.next().filter(|first| found.all(|other: TaxId| other == *first))
}

/// `1.00112E+11`: what is left of a long number in a narrow column.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    number(exponent.trim_start_matches('+')) && number(&mantissa.replace(['.', ','], ""))
}

/// Ten digits whose last is 10 − (weighted sum mod 11); a remainder of 0 is never issued.
fn checksum_holds(digits: &str) -> bool {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let [first @ .., check] = values.as_slice() else { return false };
    let sum: u32 = first.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    first.len() == 9 && 10 - sum % 11 == *check
}

/// Ten digits that are a tax id, and with `00` before them the id of a person born in 001–008.
fn could_be_person(digits: &str) -> bool {
    let province = matches!(&digits[..1], "1" | "2" | "4" | "6" | "8");
    let century = matches!(&digits[1..2], "0" | "1" | "2" | "3");
    !digits.starts_with('8') && province && century && checksum_holds(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, customer_type: CustomerType) -> Result<ReadTaxId, TaxIdError> {
        TaxId::read(text, Origin { customer_type: Some(customer_type), may_lack_zeros: true })
    }

    #[test]
    fn public_tax_ids_are_valid_with_and_without_separators() {
        for text in [
            "0101243150",
            "0100109106",
            "8037630690",
            "0316794479",
            "01.00.112.437",
            "0100112437.0",
            "0100112437.00",
            "０１０１２４３１５０",
            "0101243150\u{200B}",
            "\u{A0}0101243150",
        ] {
            assert_eq!(text.parse::<TaxId>().unwrap().kind(), TaxIdKind::Organisation, "{text}");
        }
        for text in ["0100109106066", "0100111948-110", "0312 68 78 78 - 001"] {
            assert_eq!(text.parse::<TaxId>().unwrap().kind(), TaxIdKind::Branch, "{text}");
        }
        assert_eq!("0100111948110".parse::<TaxId>().unwrap().as_str(), "0100111948-110");
    }

    #[test]
    fn each_wrong_tax_id_says_what_is_wrong() {
        use TaxIdError::{Checksum, DigitsLost, Length, Malformed};
        for (text, error) in [
            ("0100233480", Checksum),
            ("0100000008", Malformed),
            ("0314409058-000", Malformed),
            ("12345", Length),
            ("VV34567890", Malformed),
            ("0123456789", Checksum),
            ("03002802384", Length),
            ("0100112571001001", Length),
            ("1052380000000", Malformed),
            ("1.00112E+11", DigitsLost),
            ("101243150.5", Malformed),
            ("0101243150.1234", Malformed),
            ("MST: 0101243150", Malformed),
            ("", Malformed),
        ] {
            assert_eq!(text.parse::<TaxId>().unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_tax_id_is_found_behind_its_name() {
        let found = |text: &str| only_tax_id(text).map(|id| id.to_string());
        assert_eq!(found("MST: 0101243150").as_deref(), Some("0101243150"));
        assert_eq!(found("0100111948-110 (chi nhánh)").as_deref(), Some("0100111948-110"));
        assert_eq!(found("0101243150 / 0100109106"), None);
        assert_eq!(found("VV34567890"), None);
    }

    #[test]
    fn a_lost_zero_comes_back_where_the_check_digit_proves_it() {
        let restored = read("101243150", CustomerType::Enterprise).unwrap();
        assert_eq!((restored.tax_id.as_str(), restored.zero_restored), ("0101243150", true));
        let branch = read("100112437062", CustomerType::Enterprise).unwrap();
        assert_eq!(branch.tax_id.as_str(), "0100112437-062");
        assert_eq!(read("101243151", CustomerType::Enterprise), Err(TaxIdError::Length));
    }

    #[test]
    fn a_household_number_that_may_be_a_citizen_without_zeros_is_ambiguous() {
        assert_eq!(read("1190003456", CustomerType::Household), Err(TaxIdError::Ambiguous));
        assert!(read("1190003456", CustomerType::Enterprise).is_ok());
        assert!(read("8037630690", CustomerType::Household).is_ok());
        assert_eq!(
            read("001190003456", CustomerType::Household).unwrap().tax_id.province(),
            Some("001")
        );
    }

    proptest! {
        #[test]
        fn another_implementation_agrees_on_ten_and_thirteen_digits(digits in "[0-9]{10}([0-9]{3})?") {
            let theirs = stdnum::Validator::validate(&stdnum::country::vn::MST, &digits).is_ok();
            prop_assert_eq!(digits.parse::<TaxId>().is_ok(), theirs);
        }

        #[test]
        fn no_text_breaks_it_and_a_tax_id_that_was_read_is_read_again(text in "(\\PC*|[0-9 .E+-]{0,18})") {
            let origin = Origin { customer_type: None, may_lack_zeros: true };
            if let Ok(read) = TaxId::read(&text, origin) {
                prop_assert_eq!(read.tax_id.as_str().parse::<TaxId>(), Ok(read.tax_id.clone()));
            }
            let _ = only_tax_id(&text);
        }
    }
}
