//! Fiscal years: named by the year in which they start (Accounting Law 2015 Art. 12).

use std::fmt;

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// The year in which a client's fiscal year starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i32")]
pub struct FiscalYear(i32);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no year")]
pub struct FiscalYearError(String);

impl FiscalYear {
    pub const fn year(self) -> i32 {
        self.0
    }

    /// 1 January, the start where nothing else is said.
    pub fn usual_start(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0, 1, 1).unwrap_or_default()
    }

    #[must_use]
    pub fn previous(self) -> FiscalYear {
        FiscalYear(self.0 - 1)
    }
}

/// The first days of the quarters, as tables name them. On which of them a fiscal year may start is data.
pub const QUARTERS: [&str; 4] = ["01-01", "04-01", "07-01", "10-01"];

/// The last day of the fiscal year that starts on `start`.
pub fn last_day(start: NaiveDate) -> NaiveDate {
    start.checked_add_months(Months::new(12)).and_then(|next| next.pred_opt()).unwrap_or(start)
}

/// The first that there is, where nobody can name one.
impl Default for FiscalYear {
    fn default() -> FiscalYear {
        FiscalYear(2000)
    }
}

impl TryFrom<i32> for FiscalYear {
    type Error = FiscalYearError;
    fn try_from(year: i32) -> Result<Self, Self::Error> {
        if (2000..2100).contains(&year) {
            Ok(FiscalYear(year))
        } else {
            Err(FiscalYearError(year.to_string()))
        }
    }
}

impl From<FiscalYear> for i32 {
    fn from(year: FiscalYear) -> i32 {
        year.0
    }
}

/// Reads `2026`, `2026.0`, `NTC 2026`, and `2025-2026` as the year in which it starts; other years in one cell are
/// nobody's to choose between.
impl std::str::FromStr for FiscalYear {
    type Err = FiscalYearError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || FiscalYearError(text.to_owned());
        let number = text.trim().trim_start_matches('\'');
        let number = number.strip_suffix(".0").unwrap_or(number);
        let parts = number.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let years: Option<Vec<FiscalYear>> = parts.map(of_four_digits).collect();
        match years.as_deref() {
            Some([year]) => Ok(*year),
            Some([year, next]) if next.previous() == *year => Ok(*year),
            _ => Err(error()),
        }
    }
}

fn of_four_digits(text: &str) -> Option<FiscalYear> {
    let year = text.parse::<i32>().ok().filter(|_| text.len() == 4)?;
    year.try_into().ok()
}

/// The only year that a text holds among other numbers.
pub fn only_year(text: &str) -> Option<FiscalYear> {
    let mut years = text.split(|c: char| !c.is_ascii_digit()).filter_map(of_four_digits);
    years.next().filter(|_| years.next().is_none())
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_year_is_read_and_two_that_are_none_are_refused() {
        for text in ["2026", "2026.0", "NTC 2026", " năm 2026 ", "2026-2027", "2026 / 2027"] {
            assert_eq!(text.parse::<FiscalYear>().unwrap().year(), 2026, "{text}");
        }
        for text in ["2025-2027", "2026-2025", "26", "2025-26", "20260", "", "năm nay", "1026"] {
            assert!(text.parse::<FiscalYear>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_year_among_other_numbers_is_found() {
        assert_eq!(only_year("31/12/2026").map(FiscalYear::year), Some(2026));
        assert_eq!(only_year("2025 2027"), None);
    }

    #[test]
    fn a_fiscal_year_lasts_twelve_months() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(last_day(day(2025, 10, 1)), day(2026, 9, 30));
    }
}
