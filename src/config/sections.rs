//! The sections whose keys mean what they say: each key is checked where it is read.
//! Those that need the workspace's folder or each other are in `written`.

use std::{fmt, net::SocketAddr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

use super::{
    place::{Place, place_or_none},
    value::{WebAddress, duration_or_off, filled, parsed_or_none, within},
};
use crate::domain::{email::Email, payment_code::CodePrefix, phone::Phone};

/// No period of the business is longer than this; calendars stay in range.
const TEN_YEARS: u32 = 3_650;

/// Who is told of failed jobs, missing statements and paused mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    pub name: String,
    #[serde(deserialize_with = "parsed_or_none")]
    pub email: Option<Email>,
    #[serde(deserialize_with = "parsed_or_none")]
    pub phone: Option<Phone>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Order {
    /// Who confirms must be another member of the firm than who registered.
    pub maker_checker: bool,
}

#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// An HTTP gateway for order notices by phone: with `{phone}` and `{text}`, and `{id}` if it likes, an address to be
    /// asked for; without, one that takes a JSON document.
    #[serde(deserialize_with = "gateway")]
    pub url: Option<String>,
}

impl Sms {
    /// Whether messages would reach people: a gateway on this machine is there for trials.
    pub fn is_real(&self) -> bool {
        const HERE: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
        let host = self.url.as_deref().and_then(|url| url.split_once("://")).map(|(_, rest)| rest);
        host.is_some_and(|host| {
            let rest = HERE.iter().find_map(|here| host.strip_prefix(here));
            rest.is_none_or(|rest| !(rest.is_empty() || rest.starts_with([':', '/', '?'])))
        })
    }
}

/// The gateway's address may bear its key.
impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("url", &self.url.as_ref().map(|_| "***")).finish()
    }
}

/// The account that clients pay to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payee {
    /// Six digits.
    #[serde(deserialize_with = "bank_bin")]
    pub bank_bin: String,
    /// 1 to 19 letters or digits.
    #[serde(deserialize_with = "account")]
    pub account: String,
    #[serde(deserialize_with = "filled")]
    pub name: String,
    pub code_prefix: CodePrefix,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grace {
    #[serde(deserialize_with = "within::<_, 1, TEN_YEARS>")]
    pub days: u32,
    /// The largest first; the last is the final warning.
    #[serde(deserialize_with = "warnings")]
    pub warn_days_before: Vec<u32>,
    pub skip_holidays: bool,
    pub skip_weekends: bool,
    pub require_statement: bool,
    #[serde(deserialize_with = "within::<_, 0, TEN_YEARS>")]
    pub booking_lag_days: u32,
    #[serde(deserialize_with = "within::<_, 0, TEN_YEARS>")]
    pub firm_hold_days: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    #[serde(deserialize_with = "listen")]
    pub listen: Option<SocketAddr>,
    #[serde(deserialize_with = "web_address")]
    pub ping_url: Option<String>,
    #[serde(deserialize_with = "duration_or_off")]
    pub silence_alarm: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    #[serde(deserialize_with = "place_or_none")]
    pub to: Option<Place>,
}

/// Holds what was planned before a long gap of `serve`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guard {
    #[serde(deserialize_with = "duration_or_off")]
    pub gap: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    #[serde(deserialize_with = "size")]
    pub max_file_mb: u32,
    /// Of containers that cannot be streamed: xls, xlsb, ods.
    #[serde(deserialize_with = "size")]
    pub max_file_mb_unstreamed: u32,
    #[serde(deserialize_with = "size")]
    pub max_expanded_mb: u32,
    #[serde(deserialize_with = "size")]
    pub max_shared_strings_mb: u32,
    #[serde(deserialize_with = "within::<_, 1, 1_048_576>")]
    pub max_rows: u32,
    #[serde(deserialize_with = "within::<_, 1, 16_384>")]
    pub max_columns: u32,
    #[serde(deserialize_with = "within::<_, 1, 32_767>")]
    pub max_cell_chars: u32,
    /// Rejected rows ÷ rows, from 20 rows up.
    #[serde(deserialize_with = "share")]
    pub max_bad_share: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    #[serde(deserialize_with = "within::<_, 1, 36_500>")]
    pub keep_days: u32,
}

impl Default for Payee {
    fn default() -> Payee {
        #[expect(clippy::expect_used, reason = "a literal that a test reads")]
        let code_prefix = "HL".parse().expect("HL is a prefix");
        Payee {
            bank_bin: "970436".to_owned(),
            account: "1023456789".to_owned(),
            name: "CONG TY PHAN MEM".to_owned(),
            code_prefix,
        }
    }
}

impl Default for Grace {
    fn default() -> Grace {
        Grace {
            days: 7,
            warn_days_before: vec![3, 1],
            skip_holidays: true,
            skip_weekends: true,
            require_statement: true,
            booking_lag_days: 1,
            firm_hold_days: 3,
        }
    }
}

impl Default for Guard {
    fn default() -> Guard {
        Guard { gap: Some(Duration::from_hours(96)) }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_file_mb: 100,
            max_file_mb_unstreamed: 50,
            max_expanded_mb: 2_048,
            max_shared_strings_mb: 64,
            max_rows: 1_048_576,
            max_columns: 512,
            max_cell_chars: 32_767,
            max_bad_share: 0.5,
        }
    }
}

impl Default for Privacy {
    fn default() -> Privacy {
        Privacy { keep_days: 365 }
    }
}

/// Megabytes, few enough that their bytes are a number of 64 bits everywhere.
fn size<'de, D: Deserializer<'de>>(source: D) -> Result<u32, D::Error> {
    within::<D, 1, 1_048_576>(source)
}

fn web_address<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(parsed_or_none::<D, WebAddress>(source)?.map(|address| address.0))
}

fn gateway<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let url = web_address(source)?;
    let has = |what: &str| url.as_ref().is_some_and(|url| url.contains(what));
    if has("{phone}") != has("{text}") {
        return Err(D::Error::custom("this needs both `{phone}` and `{text}`, or none of them"));
    }
    Ok(url)
}

fn listen<'de, D: Deserializer<'de>>(source: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(source)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let address: SocketAddr = text.trim().parse().map_err(|_| {
        D::Error::custom(format!("`{text}` is no address and port; one looks like 127.0.0.1:9464"))
    })?;
    if !address.ip().is_loopback() {
        let message = format!("`{text}` is not of this machine alone; 127.0.0.1 is");
        return Err(D::Error::custom(message));
    }
    Ok(Some(address))
}

fn bank_bin<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("`{text}` is no bank: a BIN has six digits, like 970436")))
    }
}

fn account<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(text)
    } else {
        Err(D::Error::custom("an account has 1 to 19 letters or digits, without blanks"))
    }
}

fn warnings<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<u32>, D::Error> {
    let mut days = Vec::<u32>::deserialize(source)?;
    if days.iter().any(|days| !(1..=TEN_YEARS).contains(days)) {
        return Err(D::Error::custom("a warning comes at least 1 day before the cut-off"));
    }
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.dedup();
    Ok(days)
}

fn share<'de, D: Deserializer<'de>>(source: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(source)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(D::Error::custom(format!("{share} is not between 0 and 1")))
    }
}
