//! The grace: how long an activated licence works unpaid, and when it may be cut off.

use chrono::{DateTime, Days, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// The end of a grace as the contract has it, and as it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// Activation + days × 24 h.
    pub until: DateTime<Utc>,
    /// The first instant after the effective local day.
    pub cutoff_at: DateTime<Utc>,
}

impl Grace {
    /// `skipped` says on which local days nobody is cut off.
    pub fn from_end(until: DateTime<Utc>, tz: Tz, skipped: impl Fn(NaiveDate) -> bool) -> Grace {
        let mut day = until.with_timezone(&tz).date_naive();
        while skipped(day) {
            day = day + Days::new(1);
        }
        Grace { until, cutoff_at: start_of(day + Days::new(1), tz) }
    }

    pub fn from_activation(
        activated_at: DateTime<Utc>,
        days: u32,
        tz: Tz,
        skipped: impl Fn(NaiveDate) -> bool,
    ) -> Grace {
        Grace::from_end(activated_at + Duration::days(days.into()), tz, skipped)
    }
}

/// The first instant of a local day, also where a clock change swallows midnight.
pub fn start_of(day: NaiveDate, tz: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    (0..24)
        .find_map(|hour| tz.from_local_datetime(&(midnight + Duration::hours(hour))).earliest())
        .map_or_else(|| midnight.and_utc(), |instant| instant.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Weekday};

    #[test]
    fn the_cut_off_is_the_end_of_the_seventh_local_day_moved_past_a_weekend() {
        let tz = chrono_tz::Asia::Ho_Chi_Minh;
        let activated = "2026-11-22T03:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let weekend = |day: NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);

        let plain = Grace::from_activation(activated, 7, tz, |_| false);
        assert_eq!(plain.until.to_rfc3339(), "2026-11-29T03:00:00+00:00");
        assert_eq!(plain.cutoff_at.with_timezone(&tz).to_rfc3339(), "2026-11-30T00:00:00+07:00");

        let moved = Grace::from_activation(activated, 7, tz, weekend);
        assert_eq!(moved.cutoff_at.with_timezone(&tz).to_rfc3339(), "2026-12-01T00:00:00+07:00");
    }
}
