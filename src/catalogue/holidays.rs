//! `holidays.toml`: the days on which nobody is warned or cut off.
//! Weekends are not here; whether both count is a setting of `[grace]`.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::day;
use crate::config::{ConfigError, file::Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidaysWritten {
    #[serde(default)]
    version: String,
    #[serde(default)]
    days: Vec<DayWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayWritten {
    #[serde(deserialize_with = "day")]
    date: NaiveDate,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug)]
pub struct Holidays {
    version: String,
    names: HashMap<NaiveDate, String>,
}

impl Holidays {
    pub(super) fn read(source: &Source) -> Result<Holidays, ConfigError> {
        let HolidaysWritten { version, days } = source.parse()?;
        Ok(Holidays { version, names: days.into_iter().map(|day| (day.date, day.name)).collect() })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        self.names.contains_key(&date)
    }

    pub fn name(&self, date: NaiveDate) -> Option<&str> {
        self.names.get(&date).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holiday_is_a_day_of_the_table() {
        let text = "days = [{ date = 2027-02-05, name = 'Tết' }]";
        let holidays = Holidays::read(&Source::new("holidays.toml", text)).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(holidays.name(day("2027-02-05")), Some("Tết"));
        assert!(holidays.is_holiday(day("2027-02-05")) && !holidays.is_holiday(day("2027-02-04")));

        let text = "days = [\n  { date = 2027-02-30 },\n]";
        let error = Holidays::read(&Source::new("holidays.toml", text)).unwrap_err();
        assert!(error.to_string().starts_with("holidays.toml:2:"), "{error}");
    }
}
