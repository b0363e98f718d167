//! How single values are written: durations, hours, folders, addresses, secrets.
//! Checked while serde reads them, so that an error knows its line and column.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use chrono::NaiveTime;
use serde::{Deserialize, Deserializer, de::Error};

use crate::domain::email::Email;

/// A password or token; only [`Secret::expose`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Serde's own message for a wrong type would quote the secret.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Secret, D::Error> {
        match toml::Value::deserialize(source)? {
            toml::Value::String(text) => Ok(Secret(text)),
            _ => Err(D::Error::custom("a secret is a text in quotes")),
        }
    }
}

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Empty where only an address is given.
    pub name: String,
    pub email: Email,
}

impl FromStr for Sender {
    type Err = String;
    fn from_str(text: &str) -> Result<Sender, String> {
        let error = || format!("`{text}` is no sender; one looks like Name <name@example.com>");
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(start) => start.rsplit_once('<').ok_or_else(error)?,
            None => ("", text),
        };
        let name = name.trim().trim_matches('"');
        match address.parse() {
            Ok(email) if !name.contains(char::is_control) => {
                Ok(Sender { name: name.to_owned(), email })
            }
            _ => Err(error()),
        }
    }
}

/// From when to when nothing is sent; may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub from: NaiveTime,
    pub until: NaiveTime,
}

impl FromStr for QuietHours {
    type Err = String;
    fn from_str(text: &str) -> Result<QuietHours, String> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let hours =
            text.split_once('-').and_then(|(from, until)| Some((time(from)?, time(until)?)));
        match hours {
            Some((from, until)) if from != until => Ok(QuietHours { from, until }),
            _ => Err(format!("`{text}` are no quiet hours; they look like 21:00-07:00")),
        }
    }
}

/// An `http://` or `https://` address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WebAddress(pub String);

impl FromStr for WebAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<WebAddress, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let holds = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && !text.contains(char::is_whitespace);
        if holds {
            Ok(WebAddress(text.trim_end_matches('/').to_owned()))
        } else {
            Err("this is no address that begins with http:// or https://".to_owned())
        }
    }
}

/// Reads `20s`, `30m`, `96h`, `3d` and `0`.
pub fn duration_of(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no duration; one looks like 20s, 30m, 96h or 3d");
    let too_long = || format!("`{text}` is longer than a hundred years");
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(error)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(error()),
    };
    // Longer than a century is a slip of the pen, and would overflow calendars later.
    let number: u64 = number.parse().map_err(|_| error())?;
    match number.checked_mul(seconds) {
        Some(seconds) if seconds <= 36_500 * 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err(too_long()),
    }
}

/// A duration above zero.
pub fn duration<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    match duration_of(&String::deserialize(source)?) {
        Ok(Duration::ZERO) => Err(D::Error::custom("this must last longer than 0")),
        other => other.map_err(D::Error::custom),
    }
}

/// A duration, or none for `0` and the empty text.
pub fn duration_or_off<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(source)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let duration = duration_of(&text).map_err(D::Error::custom)?;
    Ok((!duration.is_zero()).then_some(duration))
}

/// What `FromStr` makes of the text.
pub fn parsed<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(source)?.parse().map_err(D::Error::custom)
}

/// The same, or none for the empty text.
pub fn parsed_or_none<'de, D, T>(source: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(source)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(D::Error::custom)
}

/// A whole number from `LOW` to `HIGH`.
pub fn within<'de, D, const LOW: u32, const HIGH: u32>(source: D) -> Result<u32, D::Error>
where
    D: Deserializer<'de>,
{
    let number = i64::deserialize(source)?;
    match u32::try_from(number) {
        Ok(number) if (LOW..=HIGH).contains(&number) => Ok(number),
        _ => Err(D::Error::custom(format!("{number} is not between {LOW} and {HIGH}"))),
    }
}

/// A text of one line with something in it, without blanks around it.
pub fn filled<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    match text.trim() {
        "" => Err(D::Error::custom("this must not be empty")),
        line if line.contains(char::is_control) => {
            Err(D::Error::custom("this must be one line without control characters"))
        }
        line => Ok(line.to_owned()),
    }
}

/// A folder or file.
pub(super) fn path<'de, D: Deserializer<'de>>(source: D) -> Result<PathBuf, D::Error> {
    folder(filled(source)?)
}

/// No address of something else.
pub(super) fn folder<E: Error>(text: String) -> Result<PathBuf, E> {
    if text.contains("://") {
        return Err(E::custom("this is an address; name a folder"));
    }
    Ok(PathBuf::from(text))
}

/// The same, or none for the empty text.
pub(super) fn path_or_none<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(source)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    path(serde::de::value::StringDeserializer::new(text)).map(Some)
}

/// Domains of e-mail addresses, in lower case.
pub(super) fn domains<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    let domain = |text: String| match format!("a@{}", text.trim()).parse::<Email>() {
        Ok(email) => Ok(email.domain().to_owned()),
        Err(_) => {
            Err(D::Error::custom(format!("`{text}` is no domain; one looks like example.vn")))
        }
    };
    Vec::<String>::deserialize(source)?.into_iter().map(domain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        for (text, seconds) in
            [("20s", 20), ("30m", 1_800), ("96h", 345_600), ("3d", 259_200), ("0", 0)]
        {
            assert_eq!(duration_of(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "s", "3", "3w", "-1s", "1.5h", "3ố", "99999999999999d", "1h30m"] {
            assert!(duration_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sender_may_have_a_name() {
        let sender: Sender = "hangloat <no-reply@hangloat.example>".parse().unwrap();
        assert_eq!(
            (sender.name.as_str(), sender.email.as_str()),
            ("hangloat", "no-reply@hangloat.example")
        );
        assert_eq!("a@b.vn".parse::<Sender>().unwrap().name, "");
        for text in ["", "x", "x <y>", "a@b.vn>", "x\ny <a@b.vn>"] {
            assert!(text.parse::<Sender>().is_err(), "{text}");
        }
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let hours: QuietHours = "21:00-07:00".parse().unwrap();
        assert!(hours.from > hours.until);
        for text in ["21:00", "21-7", "25:00-07:00", "07:00-07:00"] {
            assert!(text.parse::<QuietHours>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_does_not_show() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
