//! How many letters may leave now: `[mail] per_day`, and for a mail server `per_minute` and `quiet_hours`.
//! Counted in the database, so that it holds for all processes together.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::{
    config::{MailTransport, QuietHours},
    db::{Tx, posting},
    domain::grace::start_of,
    flow::Services,
};

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// So many.
    For(i64),
    /// None before this instant.
    From(DateTime<Utc>),
    /// None in this run: the hours are quiet, or the day is full.
    None,
}

/// The time of claims is `now`; of those that are under way all count.
pub async fn room(services: &Services, tx: &mut Tx, now: DateTime<Utc>) -> anyhow::Result<Room> {
    let settings = &services.settings.mail;
    let mut left = i64::MAX;
    if let Some(limit) = settings.per_day {
        let since = start_of(services.local(now).date_naive(), services.settings.timezone);
        left = i64::from(limit) - posting::sent_since(tx, since).await?;
    }
    if settings.transport == MailTransport::Smtp {
        let local = services.local(now).time();
        if settings.quiet_hours.is_some_and(|hours| is_quiet(hours, local)) {
            return Ok(Room::None);
        }
        let limit = i64::from(settings.per_minute);
        let (tried, oldest) = posting::tried_since(tx, now - MINUTE, limit).await?;
        let in_minute = limit - tried;
        if left > 0
            && in_minute <= 0
            && let Some(oldest) = oldest
        {
            return Ok(Room::From(oldest + MINUTE));
        }
        left = left.min(in_minute);
    }
    Ok(if left > 0 { Room::For(left) } else { Room::None })
}

/// From the first minute on, and no more at the last one; they may go over midnight.
fn is_quiet(hours: QuietHours, time: NaiveTime) -> bool {
    if hours.from < hours.until {
        (hours.from..hours.until).contains(&time)
    } else {
        time >= hours.from || time < hours.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_begin_at_their_first_minute_end_at_their_last_and_may_go_over_midnight() {
        let quiet = |hours: &str, time: &str| {
            is_quiet(hours.parse().unwrap(), NaiveTime::parse_from_str(time, "%H:%M:%S").unwrap())
        };
        for time in ["21:00:00", "23:59:59", "00:00:00", "06:59:59"] {
            assert!(quiet("21:00-07:00", time), "{time}");
        }
        for time in ["07:00:00", "12:00:00", "20:59:59"] {
            assert!(!quiet("21:00-07:00", time), "{time}");
        }
        assert!(quiet("12:00-13:30", "13:29:59") && !quiet("12:00-13:30", "13:30:00"));
    }
}
