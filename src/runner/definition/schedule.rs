//! When a job is due: a cron expression in the workspace's time zone, or every so often since 1970.
//! Which slots ran is known to the database.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use crate::config::value::duration_of;

/// Longer than any gap that a time zone has ever had.
const LONGEST_GAP_MINUTES: i64 = 25 * 60;

/// The moments at which a job is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Local times.
    Cron(Box<Cron>),
    /// Counted from 1970-01-01T00:00Z, so that every machine means the same moments.
    Every(Duration),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("`{0}` has no 5 or 6 fields of cron, nor is it like \"@every 30s\"")]
    Fields(String),
    #[error("`{0}` names a day of the month together with a day of the week; leave one as `*`")]
    TwoDays(String),
    #[error("`{text}` is no schedule: {why}")]
    Cron { text: String, why: String },
    #[error("`{0}` never comes")]
    Never(String),
    #[error("{0}")]
    Every(String),
}

impl FromStr for Schedule {
    type Err = ScheduleError;
    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let text = text.trim();
        if let Some(period) = text.strip_prefix("@every ") {
            let period = duration_of(period).map_err(ScheduleError::Every)?;
            return if period.is_zero() {
                Err(ScheduleError::Every("a job cannot run every 0 seconds".to_owned()))
            } else {
                Ok(Schedule::Every(period))
            };
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (day, weekday) = match fields.as_slice() {
            [_, _, day, _, weekday] | [_, _, _, day, _, weekday] => (*day, *weekday),
            _ => return Err(ScheduleError::Fields(text.to_owned())),
        };
        let any = |field| matches!(field, "*" | "?");
        if !any(day) && !any(weekday) {
            return Err(ScheduleError::TwoDays(text.to_owned()));
        }
        let parser =
            CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| ScheduleError::Cron {
            text: text.to_owned(),
            why: error.to_string(),
        })?;
        match cron.find_next_occurrence(&DateTime::UNIX_EPOCH, true) {
            Ok(_) => Ok(Schedule::Cron(Box::new(cron))),
            Err(_) => Err(ScheduleError::Never(text.to_owned())),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Cron(cron) => f.write_str(cron.as_str()),
            Schedule::Every(period) => {
                let seconds = period.as_secs();
                match [(86_400, "d"), (3_600, "h"), (60, "m")]
                    .into_iter()
                    .find(|(unit, _)| seconds.is_multiple_of(*unit))
                {
                    Some((unit, name)) => write!(f, "@every {}{name}", seconds / unit),
                    None => write!(f, "@every {seconds}s"),
                }
            }
        }
    }
}

impl Schedule {
    /// The first moment later than `after`. A local time that a clock change skips counts at the
    /// next one that there is; one that comes twice counts the first time alone.
    pub fn next_after(&self, after: DateTime<Utc>, tz: Tz) -> Option<DateTime<Utc>> {
        match self {
            Schedule::Every(period) => {
                let period = i64::try_from(period.as_secs()).ok()?;
                let seconds = (after.timestamp().div_euclid(period) + 1).checked_mul(period)?;
                DateTime::from_timestamp(seconds, 0)
            }
            Schedule::Cron(cron) => next_local(cron, after, tz),
        }
    }
}

/// Local times are enumerated as if no clock ever changed, and then placed in time:
/// the library repeats doubled times and drops some of the skipped ones.
fn next_local(cron: &Cron, after: DateTime<Utc>, tz: Tz) -> Option<DateTime<Utc>> {
    // The library hands on what is left of a second.
    let mut local = after.trunc_subsecs(0).with_timezone(&tz).naive_local().and_utc();
    loop {
        local = cron.find_next_occurrence(&local, false).ok()?;
        match instant_of(local.naive_utc(), tz) {
            Some(instant) if instant > after => return Some(instant),
            _ => {}
        }
    }
}

fn instant_of(local: NaiveDateTime, tz: Tz) -> Option<DateTime<Utc>> {
    if let Some(instant) = tz.from_local_datetime(&local).earliest() {
        return Some(instant.with_timezone(&Utc));
    }
    let minute = local.and_utc().timestamp().div_euclid(60);
    (1..=LONGEST_GAP_MINUTES).find_map(|minutes| {
        let start = DateTime::from_timestamp(minute * 60, 0)?.naive_utc();
        let later = start.checked_add_signed(TimeDelta::minutes(minutes))?;
        Some(tz.from_local_datetime(&later).earliest()?.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nexts(text: &str, after: &str, tz: Tz, count: usize) -> Vec<String> {
        let schedule: Schedule = text.parse().unwrap();
        let mut at: DateTime<Utc> = after.parse().unwrap();
        let mut found = Vec::new();
        for _ in 0..count {
            at = schedule.next_after(at, tz).unwrap();
            found.push(at.with_timezone(&tz).format("%d %H:%M:%S%:z").to_string());
        }
        found
    }

    #[test]
    fn a_night_in_vietnam_is_a_local_night() {
        let tz = Tz::Asia__Ho_Chi_Minh;
        assert_eq!(
            nexts("0 1 * * *", "2026-11-21T18:00:00Z", tz, 2),
            ["23 01:00:00+07:00", "24 01:00:00+07:00"]
        );
        assert_eq!(nexts("30 0 8 * * 1", "2026-11-21T18:00:00Z", tz, 1), ["23 08:00:30+07:00"]);
    }

    #[test]
    fn a_skipped_local_time_runs_at_the_next_one_there_is() {
        let tz = Tz::Europe__Berlin;
        let before = "2026-03-28T12:00:00Z";
        assert_eq!(nexts("30 2 * * *", before, tz, 2), ["29 03:00:00+02:00", "30 02:30:00+02:00"]);
        assert_eq!(
            nexts("15,45 2 * * *", before, tz, 2),
            ["29 03:00:00+02:00", "30 02:15:00+02:00"]
        );
        assert_eq!(
            nexts("0 * * * *", "2026-03-29T00:30:00Z", tz, 2),
            ["29 03:00:00+02:00", "29 04:00:00+02:00"]
        );
    }

    #[test]
    fn a_doubled_local_time_runs_once() {
        let tz = Tz::Europe__Berlin;
        let before = "2026-10-24T23:30:00Z";
        assert_eq!(nexts("30 2 * * *", before, tz, 2), ["25 02:30:00+02:00", "26 02:30:00+01:00"]);
        assert_eq!(
            nexts("0,30 * * * *", before, tz, 4),
            ["25 02:00:00+02:00", "25 02:30:00+02:00", "25 03:00:00+01:00", "25 03:30:00+01:00"]
        );
        // Asked within the second pass.
        assert_eq!(nexts("30 2 * * *", "2026-10-25T01:10:00Z", tz, 1), ["26 02:30:00+01:00"]);
    }

    #[test]
    fn every_so_often_is_counted_from_the_epoch() {
        let schedule: Schedule = "@every 30s".parse().unwrap();
        let next = |text: &str| {
            let after = text.parse().unwrap();
            schedule.next_after(after, Tz::Asia__Ho_Chi_Minh).unwrap().to_rfc3339()
        };
        assert_eq!(next("2026-11-22T03:00:29.9Z"), "2026-11-22T03:00:30+00:00");
        assert_eq!(next("2026-11-22T03:00:30Z"), "2026-11-22T03:01:00+00:00");
        assert_eq!(schedule.to_string(), "@every 30s");
        assert_eq!("@every 300s".parse::<Schedule>().unwrap().to_string(), "@every 5m");
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_its_reason() {
        for text in [
            "",
            "* * * *",
            "@daily",
            "@every",
            "@every 0",
            "@every 5x",
            "0 0 1 1 * 1 2027",
            "61 * * * *",
            "a b c d e",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        let error = |text: &str| text.parse::<Schedule>().unwrap_err();
        assert!(matches!(error("0 0 1 * 1"), ScheduleError::TwoDays(_)));
        assert!(matches!(error("0 0 */2 * 1-5"), ScheduleError::TwoDays(_)));
        assert!(matches!(error("0 0 31 2 *"), ScheduleError::Never(_)));
        assert!("0 0 29 2 *".parse::<Schedule>().is_ok());
        assert!("0 0 1 * ?".parse::<Schedule>().is_ok());
    }

    #[test]
    fn a_moment_begins_with_its_second_whenever_it_is_asked_for() {
        let Schedule::Cron(cron) = "0 3 * * *".parse::<Schedule>().unwrap() else { panic!() };
        let after = "2026-11-23T10:00:00.832267Z".parse().unwrap();
        let next = next_local(&cron, after, Tz::Asia__Ho_Chi_Minh).unwrap();
        assert_eq!(next.to_rfc3339(), "2026-11-23T20:00:00+00:00");
    }
}
