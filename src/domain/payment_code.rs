//! Payment codes: what a payer writes into the memo of a transfer, made to survive what banks do to it.
//! Finding one in a memo is the business of `flow::pay`.

use serde::{Deserialize, Serialize};

use super::words::checked_text;

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8; 25] = b"ACDEFGHJKMNPQRTUVWXY34679";
/// Random characters and the check character.
const BODY: usize = 8;
/// Powers of two modulo 25: each is invertible, and so is each difference of neighbours,
/// so that every substitution and every adjacent swap changes the sum.
const WEIGHTS: [u32; BODY] = [1, 2, 4, 8, 16, 7, 14, 3];
/// Tokens that banks put into memos themselves (domain facts §3.2).
const BANK_TOKENS: [&str; 9] = ["FT", "CT", "GD", "MB", "IB", "ND", "TK", "TT", "CK"];

/// The first letters of every payment code of a workspace, 2–4 of A–Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CodePrefix(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no prefix for payment codes: 2 to 4 letters A–Z, and none of {tokens}, which banks add to memos", tokens = BANK_TOKENS.join(", "))]
pub struct CodePrefixError(String);

impl CodePrefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for CodePrefix {
    type Err = CodePrefixError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        if letters && !BANK_TOKENS.contains(&text) {
            Ok(CodePrefix(text.to_owned()))
        } else {
            Err(CodePrefixError(text.to_owned()))
        }
    }
}
checked_text!(CodePrefix, CodePrefixError);

/// A prefix, seven random characters and a check character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PaymentCode(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no payment code")]
pub struct PaymentCodeError(String);

impl PaymentCode {
    /// The code that `random` makes; the caller draws again where it is taken.
    pub fn new(prefix: &CodePrefix, random: [u8; BODY - 1]) -> PaymentCode {
        let values = random.map(|byte| u32::from(byte) % 25);
        let sum: u32 = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        // The last weight is 3, and 3 × 17 ≡ 1 (mod 25).
        let check = (25 - sum % 25) * 17 % 25;
        let body = values.iter().chain([&check]).map(|value| char::from(ALPHABET[*value as usize]));
        PaymentCode(prefix.as_str().chars().chain(body).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PaymentCode {
    type Err = PaymentCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || PaymentCodeError(text.to_owned());
        let at = text
            .len()
            .checked_sub(BODY)
            .filter(|at| text.is_char_boundary(*at))
            .ok_or_else(error)?;
        text[..at].parse::<CodePrefix>().map_err(|_| error())?;
        if check_holds(&text[at..]) { Ok(PaymentCode(text.to_owned())) } else { Err(error()) }
    }
}
checked_text!(PaymentCode, PaymentCodeError);

fn check_holds(body: &str) -> bool {
    let value = |byte| (0u32..).zip(ALPHABET).find(|(_, known)| **known == byte).map(|(at, _)| at);
    let values: Option<Vec<u32>> = body.bytes().map(value).collect();
    values.is_some_and(|values| {
        values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum::<u32>() % 25 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(random: [u8; 7]) -> String {
        PaymentCode::new(&"HL".parse().unwrap(), random).to_string()
    }

    proptest! {
        #[test]
        fn a_code_is_valid_and_no_substitution_or_swap_of_it_is(random: [u8; 7]) {
            let code = code(random);
            prop_assert!(code.len() <= 12 && code.parse::<PaymentCode>().is_ok());
            for at in 2..code.len() {
                for other in ALPHABET.iter().filter(|other| **other != code.as_bytes()[at]) {
                    let mut wrong = code.clone().into_bytes();
                    wrong[at] = *other;
                    prop_assert!(String::from_utf8(wrong).unwrap().parse::<PaymentCode>().is_err());
                }
            }
            for at in 2..code.len() - 1 {
                let mut wrong = code.clone().into_bytes();
                wrong.swap(at, at + 1);
                let wrong = String::from_utf8(wrong).unwrap();
                prop_assert!(wrong == code || wrong.parse::<PaymentCode>().is_err());
            }
        }
    }

    #[test]
    fn a_prefix_that_banks_write_themselves_is_refused() {
        assert!("FT".parse::<CodePrefix>().is_err() && "H".parse::<CodePrefix>().is_err());
        assert!("HL".parse::<CodePrefix>().is_ok());
    }
}
