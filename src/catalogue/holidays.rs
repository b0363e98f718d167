//! `holidays.toml`: the days on which nobody is warned or cut off.
//! Weekends are not here; whether both count is a setting of `[grace]`.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
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
    /// In the order of the file.
    dates: Vec<NaiveDate>,
}

impl Holidays {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Holidays> {
        let HolidaysWritten { version, days } = source.parse_all(wrong)?;
        let dates = days.iter().map(|day| day.date).collect();
        let names = days.into_iter().map(|day| (day.date, day.name)).collect();
        Some(Holidays { version: source.version(&version), names, dates })
    }

    /// Whether anything is said of a year.
    pub fn knows(&self, year: i32) -> bool {
        self.names.keys().any(|date| date.year() == year)
    }

    /// Every day, in the order of the file.
    pub fn dates(&self) -> &[NaiveDate] {
        &self.dates
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
        let mut wrong = Vec::new();
        let read =
            |text: &str, wrong: &mut _| Holidays::read(&Source::new("holidays.toml", text), wrong);
        let holidays = read(text, &mut wrong).unwrap();
        assert_eq!(wrong, []);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(holidays.name(day("2027-02-05")), Some("Tết"));
        assert!(holidays.is_holiday(day("2027-02-05")) && !holidays.is_holiday(day("2027-02-04")));

        let text = "days = [\n  { date = 2027-02-30 },\n]";
        assert!(read(text, &mut wrong).is_none());
        assert!(wrong[0].to_string().starts_with("holidays.toml:2:"), "{wrong:?}");
    }
}
