//! The six characters by which a person says yes to an order on the phone: letters and digits without look-alikes.
//! What a code is bound to is said where it is made, in `flow::order::code`.

use std::fmt;

const ALPHABET: &[u8; 25] = b"ACDEFGHJKMNPQRTUVWXY34679";
const LENGTH: usize = 6;

/// `K7MXA4`; written with spaces, dashes or small letters it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfirmationCode([u8; LENGTH]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no confirmation code; one has six of the characters ACDEFGHJKMNPQRTUVWXY34679, like K7MXA4"
)]
pub struct ConfirmationCodeError(String);

impl ConfirmationCode {
    /// Of a number that nobody can foresee.
    pub fn new(mut number: u64) -> ConfirmationCode {
        let mut code = [0; LENGTH];
        for character in &mut code {
            let at = number % ALPHABET.len() as u64;
            *character = usize::try_from(at).map_or(ALPHABET[0], |at| ALPHABET[at]);
            number /= ALPHABET.len() as u64;
        }
        ConfirmationCode(code)
    }
}

impl std::str::FromStr for ConfirmationCode {
    type Err = ConfirmationCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let written = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-');
        let written: Vec<u8> = written.map(|byte| byte.to_ascii_uppercase()).collect();
        let code: Option<[u8; LENGTH]> = written.try_into().ok();
        code.filter(|code| code.iter().all(|byte| ALPHABET.contains(byte)))
            .map(ConfirmationCode)
            .ok_or_else(|| ConfirmationCodeError(text.to_owned()))
    }
}

impl fmt::Display for ConfirmationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = ConfirmationCode::new(0x0123_4567_89ab_cdef);
        let shown = code.to_string();
        assert_eq!(shown.len(), 6);
        let written = [
            shown.clone(),
            shown.to_lowercase(),
            format!(" {} {} ", &shown[..3], &shown[3..]),
            format!("{}-{}", &shown[..3], &shown[3..]),
        ];
        assert!(written.iter().all(|text| text.parse() == Ok(code)), "{written:?}");
        for text in ["", "có", "TRUE", "x", "OIL015", &shown[1..]] {
            assert!(text.parse::<ConfirmationCode>().is_err(), "{text}");
        }
    }
}
