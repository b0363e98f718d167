//! Days as people and spreadsheets write them.
//! Which order day and month have in a column is decided by the mapping.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};

use super::fold::fold;

/// Days from 1 January 1900 on, as Excel numbers them: 2000 to 2099.
const SERIALS: std::ops::RangeInclusive<u64> = 36_526..=73_050;
/// What lies between counting from 1900 and from 1904.
const DAYS_TO_1904: u64 = 1_462;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Which of the two comes first, as `31/12/2026` and `12/31/2026` tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

/// A day in a usual form, with or without a time behind it; `None` also before 1990 and from 2100 on.
pub fn read(text: &str, order: Order) -> Option<NaiveDate> {
    let date = by_numbers(text, order).or_else(|| by_words(text)).or_else(|| in_one(text))?;
    (1990..2100).contains(&date.year()).then_some(date)
}

/// The day of a number as a spreadsheet counts them; `None` outside 2000–2099.
pub fn of_serial(text: &str, from_1904: bool) -> Option<NaiveDate> {
    let (days, time) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let days: u64 = days.parse().ok().filter(|_| digits(days) && digits(time))?;
    let days = days.checked_add(if from_1904 { DAYS_TO_1904 } else { 0 })?;
    let before_the_first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    SERIALS.contains(&days).then(|| before_the_first.checked_add_days(Days::new(days)))?
}

/// The number that a spreadsheet has for a day, where it has one.
pub fn serial(date: NaiveDate, from_1904: bool) -> i64 {
    let first = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default();
    let days = date.signed_duration_since(first).num_days();
    if from_1904 { days - DAYS_TO_1904.cast_signed() } else { days }
}

/// The order that a text proves: one of its numbers can be no month.
pub fn order_of(text: &str) -> Option<Order> {
    let Numbers { first, second, year_first, .. } = numbers(text)?;
    match (first, second) {
        _ if year_first => None,
        (13..=31, 1..=12) => Some(Order::DayFirst),
        (1..=12, 13..=31) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// Three numbers between two separators of one kind.
struct Numbers {
    first: u32,
    second: u32,
    third: u32,
    year_first: bool,
    /// The year has two digits.
    is_short: bool,
}

fn numbers(text: &str) -> Option<Numbers> {
    let day = without_time(text)?;
    let separator = day.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    let parts: Vec<&str> = day.split(separator).map(str::trim).collect();
    let number = |text: &str| {
        let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    let [first, second, third] = parts[..] else { return None };
    let year_first = first.len() == 4;
    let year = if year_first { first } else { third };
    let others = if year_first { [second, third] } else { [first, second] };
    let right = matches!(year.len(), 2 | 4) && others.iter().all(|part| part.len() <= 2);
    let is_short = year.len() == 2;
    let (first, second, third) = (number(first)?, number(second)?, number(third)?);
    right.then_some(Numbers { first, second, third, year_first, is_short })
}

fn by_numbers(text: &str, order: Order) -> Option<NaiveDate> {
    let Numbers { first, second, third, year_first, is_short } = numbers(text)?;
    let (year, month, day) = match order {
        _ if year_first => (first, second, third),
        Order::DayFirst => (third, second, first),
        Order::MonthFirst => (third, first, second),
    };
    ymd(full_year(year, is_short), month, day)
}

fn full_year(year: u32, is_short: bool) -> u32 {
    match year {
        0..=79 if is_short => 2000 + year,
        80.. if is_short => 1900 + year,
        _ => year,
    }
}

fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// What stands before a time of day; `None` where something else stands behind.
fn without_time(text: &str) -> Option<&str> {
    let text = text.trim().trim_start_matches('\'');
    let at = text.find(':').map_or(text.len(), |colon| {
        text[..colon].rfind(|c: char| !c.is_ascii_digit()).unwrap_or(0)
    });
    let (day, time) = text.split_at(at);
    let is_time = time.is_empty() || {
        let time = time.trim_start_matches(['T', ' ']).trim_end_matches('Z');
        let at = format!("2000-01-01 {time}");
        let forms =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p"];
        forms.iter().any(|form| NaiveDateTime::parse_from_str(&at, form).is_ok())
    };
    is_time.then_some(day.trim())
}

/// `01-Jan-2026`, `ngày 1 tháng 1 năm 2026`: nothing about these is doubtful.
fn by_words(text: &str) -> Option<NaiveDate> {
    let folded = fold(without_time(text)?);
    let words: Vec<&str> = folded.split(' ').collect();
    let (day, month, year) = match words[..] {
        ["ngay", day, "thang", month, "nam", year] | [day, "thang", month, "nam", year] => {
            (day, month.parse().ok()?, year)
        }
        [day, month, year] => {
            let at = MONTHS.iter().position(|known| *known == month)?;
            (day, u32::try_from(at).ok()? + 1, year)
        }
        _ => return None,
    };
    let is_short = year.len() == 2;
    ymd(full_year(year.parse().ok()?, is_short), month, day.parse().ok()?)
}

/// `20261231` or `31122026`: eight digits that are a day in one of the two ways alone.
fn in_one(text: &str) -> Option<NaiveDate> {
    let digits = text.trim();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].parse::<u32>().ok();
    let usual = |date: &NaiveDate| (1990..2100).contains(&date.year());
    let year_first = ymd(number(0..4)?, number(4..6)?, number(6..8)?).filter(usual);
    let day_first = ymd(number(4..8)?, number(2..4)?, number(0..2)?).filter(usual);
    year_first.xor(day_first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn a_day_is_read_in_every_usual_form() {
        for text in [
            "01/10/2026",
            "1/10/2026",
            "1-10-2026",
            "01.10.2026",
            "01 / 10 / 2026",
            "1/10/26",
            "2026-10-01",
            "2026/10/1",
            "2026-10-01T00:00:00",
            "01/10/2026 00:00:00",
            "01/10/2026 7:30",
            "01/10/2026 12:00:00 AM",
            "'01/10/2026",
            "01-Oct-2026",
            "1 oct 26",
            "ngày 1 tháng 10 năm 2026",
            "01 tháng 10 năm 2026",
            "20261001",
            "01102026",
        ] {
            assert_eq!(read(text, Order::DayFirst), day("2026-10-01"), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_or_more_than_one_is_refused() {
        for text in [
            "",
            "hôm nay",
            "2026",
            "10/2026",
            "31/02/2026",
            "13/13/2026",
            "01/10/2026 abc",
            "01/10/2026 25:00",
            "1/10/226",
            "01/10-2026",
            "01/10/1889",
            "1/1/1/2026",
            "20262026",
            "-1/-1/2026",
        ] {
            assert_eq!(read(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn the_order_is_proved_by_a_number_that_is_no_month() {
        assert_eq!(order_of("12/31/2026"), Some(Order::MonthFirst));
        assert_eq!(order_of("31/12/2026"), Some(Order::DayFirst));
        assert_eq!(order_of("01/02/2026"), None);
        assert_eq!(order_of("2026-12-31"), None);
        assert_eq!(read("10/01/2026", Order::MonthFirst), day("2026-10-01"));
        assert_eq!(read("31/12/2026", Order::MonthFirst), None);
    }

    #[test]
    fn a_number_is_the_day_that_a_spreadsheet_counts() {
        assert_eq!(of_serial("46023", false), day("2026-01-01"));
        assert_eq!(of_serial("46023.75", false), day("2026-01-01"));
        assert_eq!(of_serial("44561", true), day("2026-01-01"));
        assert_eq!(of_serial("2026", false), None);
        assert_eq!(of_serial("73051", false), None);
        assert_eq!(serial(day("2026-01-01").unwrap(), true), 44_561);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_a_day_that_was_read_is_read_again(text in "\\PC*") {
            for order in [Order::DayFirst, Order::MonthFirst] {
                if let Some(date) = read(&text, order) {
                    prop_assert_eq!(read(&date.to_string(), order), Some(date));
                }
            }
            let _ = (order_of(&text), of_serial(&text, true));
        }

        #[test]
        fn numbers_with_separators_break_nothing(text in "[0-9/.: T-]{0,24}") {
            if let Some(date) = read(&text, Order::DayFirst) {
                let again = date.format("%d/%m/%Y").to_string();
                prop_assert_eq!(read(&again, Order::DayFirst), Some(date));
            }
        }
    }
}
