//! How many letters may leave now: `[mail] per_day`, and for a mail server `per_minute` and `quiet_hours`.
//! Counted in the database, so that it holds for all processes together.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::{
    config::{MailTransport, QuietHours},
    db::{posting, turns::Limit},
    domain::grace::start_of,
    flow::Services,
};

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Of those that are tried, and of those that are sent or under way.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub in_minute: Option<Limit>,
    pub in_day: Option<Limit>,
}

/// Why no more letters were claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is room for more of them.
    Left,
    /// None before this instant.
    From(DateTime<Utc>),
    /// None in this run: the hours are quiet, or the day is full.
    None,
}

/// What holds at an instant; nothing leaves in quiet hours.
pub fn limits(services: &Services, now: DateTime<Utc>) -> Option<Limits> {
    let settings = &services.settings.mail;
    let in_day = settings.per_day.map(|most| Limit {
        most: most.into(),
        since: start_of(services.local(now).date_naive(), services.settings.timezone),
    });
    if settings.transport != MailTransport::Smtp {
        return Some(Limits { in_minute: None, in_day });
    }
    let local = services.local(now).time();
    if settings.quiet_hours.is_some_and(|hours| is_quiet(hours, local)) {
        return None;
    }
    let in_minute = Some(Limit { most: settings.per_minute.into(), since: now - MINUTE });
    Some(Limits { in_minute, in_day })
}

/// What is left under the limits of an instant.
pub async fn room(services: &Services, now: DateTime<Utc>) -> anyhow::Result<Room> {
    let Some(Limits { in_minute, in_day }) = limits(services, now) else { return Ok(Room::None) };
    if let Some(day) = in_day
        && posting::sent_since(&services.db, day.since).await? >= day.most
    {
        return Ok(Room::None);
    }
    let Some(minute) = in_minute else { return Ok(Room::Left) };
    let (tried, oldest) = posting::tried_since(&services.db, minute.since, minute.most).await?;
    Ok(match oldest {
        _ if tried < minute.most => Room::Left,
        Some(oldest) => Room::From(oldest + MINUTE),
        None => Room::None,
    })
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
