//! What becomes of the scheduled moments that passed since a job was last looked at.
//! Storing it, and running what is to run, is the business of `ledger`.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::definition::{CatchUp, Overlap, Schedule};
use crate::domain::slot::SlotReason;

/// What was missed longer ago is not made up for.
const WINDOW: TimeDelta = TimeDelta::days(7);
/// A moment that is noticed later was missed.
const PUNCTUAL: TimeDelta = TimeDelta::minutes(1);
/// So many runs are asked for at once; the next look asks for the next ones.
const AT_ONCE: usize = 100;

/// What holds for a job's moments.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub catch_up: CatchUp,
    pub overlap: Overlap,
}

/// Whether a run of the job is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    Nothing,
    Running,
    /// It waits for its turn, and may account for later moments too.
    Queued,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Runs,
    /// Into the next run that is asked for, or the one that waits.
    Coalesced,
    Skipped(SlotReason),
}

/// Moments that follow each other and fare alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
    pub moments: i64,
    pub fate: Fate,
}

/// The fate of every moment after `since` and up to `now`, in their order, and up to when that is all.
pub fn account(
    schedule: &Schedule,
    tz: Tz,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
    policy: Policy,
    open: Open,
) -> (Vec<Span>, DateTime<Utc>) {
    let window = (now - WINDOW).max(since);
    let mut spans: Vec<Span> = Vec::new();
    let skipped = Fate::Skipped;
    spans.extend(span(schedule, tz, (since, window), skipped(SlotReason::TooOld)));
    let recent = |fate| span(schedule, tz, (window, now), fate);
    match (policy.overlap, open) {
        (Overlap::Skip, Open::Running) => {
            spans.extend(recent(skipped(SlotReason::Running)));
            return (spans, now);
        }
        (Overlap::Queue, Open::Queued) if policy.catch_up == CatchUp::All => {}
        // What waits, or was interrupted, does its work after these moments.
        (_, Open::Queued) => {
            spans.extend(recent(Fate::Coalesced));
            return (spans, now);
        }
        _ => {}
    }
    if policy.catch_up == CatchUp::All {
        let each = moments(schedule, tz, (window, now)).take(AT_ONCE);
        let each: Vec<Span> = each.map(|at| one(at, Fate::Runs)).collect();
        let to = each.get(AT_ONCE - 1).map_or(now, |span| span.last);
        spans.extend(each);
        return (spans, to);
    }
    let Some(last) = recent(Fate::Runs).map(|span| span.last) else {
        return (spans, now);
    };
    let is_missed = policy.catch_up == CatchUp::None && now - last > PUNCTUAL;
    let earlier = match policy.catch_up {
        CatchUp::None => skipped(SlotReason::Missed),
        CatchUp::Latest | CatchUp::All => Fate::Coalesced,
    };
    let before = last - TimeDelta::microseconds(1);
    if is_missed {
        spans.extend(recent(earlier));
    } else {
        spans.extend(span(schedule, tz, (window, before), earlier));
        spans.push(one(last, Fate::Runs));
    }
    (spans, now)
}

fn one(at: DateTime<Utc>, fate: Fate) -> Span {
    Span { first: at, last: at, moments: 1, fate }
}

fn span(
    schedule: &Schedule,
    tz: Tz,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    fate: Fate,
) -> Option<Span> {
    if let Schedule::Every(period) = schedule {
        // Of a second's schedule a week has too many to be counted one by one.
        let period = i64::try_from(period.as_secs()).ok()?;
        let number = |at: DateTime<Utc>| at.timestamp().div_euclid(period);
        let (first, last) = (number(after) + 1, number(until));
        let at = |number: i64| DateTime::from_timestamp(number.checked_mul(period)?, 0);
        return (first <= last).then(|| {
            Some(Span { first: at(first)?, last: at(last)?, moments: last - first + 1, fate })
        })?;
    }
    moments(schedule, tz, (after, until)).fold(None, |span, at| match span {
        None => Some(one(at, fate)),
        Some(span) => Some(Span { last: at, moments: span.moments + 1, ..span }),
    })
}

fn moments(
    schedule: &Schedule,
    tz: Tz,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
) -> impl Iterator<Item = DateTime<Utc>> {
    std::iter::successors(schedule.next_after(after, tz), move |at| schedule.next_after(*at, tz))
        .take_while(move |at| *at <= until)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TZ: Tz = Tz::Asia__Ho_Chi_Minh;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn told(
        schedule: &str,
        (since, now): (&str, &str),
        (catch_up, overlap): (CatchUp, Overlap),
        open: Open,
    ) -> Vec<String> {
        let schedule = schedule.parse().unwrap();
        let policy = Policy { catch_up, overlap };
        let (spans, to) = account(&schedule, TZ, (at(since), at(now)), policy, open);
        assert_eq!(to, at(now));
        let told = |span: &Span| {
            let fate = match span.fate {
                Fate::Runs => "runs".to_owned(),
                Fate::Coalesced => "coalesced".to_owned(),
                Fate::Skipped(reason) => reason.to_string(),
            };
            let day = |at: DateTime<Utc>| at.with_timezone(&TZ).format("%d %H:%M").to_string();
            format!("{}–{} {}× {fate}", day(span.first), day(span.last), span.moments)
        };
        spans.iter().map(told).collect()
    }

    const NIGHTLY: &str = "0 1 * * *";
    const OUTAGE: (&str, &str) = ("2026-11-01T12:00:00+07:00", "2026-11-11T08:00:00+07:00");

    #[test]
    fn of_an_outage_the_latest_moment_runs_and_stands_for_those_of_the_last_week() {
        let told = told(NIGHTLY, OUTAGE, (CatchUp::Latest, Overlap::Skip), Open::Nothing);
        let expected = [
            "02 01:00–04 01:00 3× too_old",
            "05 01:00–10 01:00 6× coalesced",
            "11 01:00–11 01:00 1× runs",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn of_an_outage_nothing_or_everything_is_made_up_for_where_the_job_says_so() {
        let none = told(NIGHTLY, OUTAGE, (CatchUp::None, Overlap::Skip), Open::Nothing);
        assert_eq!(none, ["02 01:00–04 01:00 3× too_old", "05 01:00–11 01:00 7× missed"]);
        let all = told(NIGHTLY, OUTAGE, (CatchUp::All, Overlap::Skip), Open::Nothing);
        assert_eq!(all.len(), 8);
        assert_eq!(all[7], "11 01:00–11 01:00 1× runs");
    }

    #[test]
    fn a_moment_that_is_noticed_at_once_runs_even_where_nothing_is_made_up_for() {
        let noticed = ("2026-11-02T00:59:59+07:00", "2026-11-02T01:00:40+07:00");
        for catch_up in [CatchUp::None, CatchUp::Latest, CatchUp::All] {
            let told = told(NIGHTLY, noticed, (catch_up, Overlap::Skip), Open::Nothing);
            assert_eq!(told, ["02 01:00–02 01:00 1× runs"], "{catch_up}");
        }
        let before = ("2026-11-02T01:00:00+07:00", "2026-11-02T23:00:00+07:00");
        assert!(told(NIGHTLY, before, (CatchUp::Latest, Overlap::Skip), Open::Nothing).is_empty());
    }

    #[test]
    fn what_is_due_while_the_job_is_open_is_skipped_or_waits() {
        let two = ("2026-11-02T01:00:30+07:00", "2026-11-02T01:02:00+07:00");
        let skip = |open| told("@every 1m", two, (CatchUp::Latest, Overlap::Skip), open);
        assert_eq!(skip(Open::Running), ["02 01:01–02 01:02 2× running"]);
        assert_eq!(skip(Open::Queued), ["02 01:01–02 01:02 2× coalesced"]);
        let queue = |open| told("@every 1m", two, (CatchUp::Latest, Overlap::Queue), open);
        assert_eq!(
            queue(Open::Running),
            ["02 01:01–02 01:01 1× coalesced", "02 01:02–02 01:02 1× runs"]
        );
        assert_eq!(queue(Open::Queued), ["02 01:01–02 01:02 2× coalesced"]);
    }

    #[test]
    fn ten_days_of_seconds_are_three_spans_and_none_is_lost() {
        let schedule = "@every 1s".parse().unwrap();
        let (since, now) = (at("2026-11-01T00:00:00Z"), at("2026-11-11T00:00:00Z"));
        let policy = Policy { catch_up: CatchUp::Latest, overlap: Overlap::Skip };
        let (spans, _) = account(&schedule, TZ, (since, now), policy, Open::Nothing);
        assert_eq!(spans.len(), 3);
        assert_eq!(spans.iter().map(|span| span.moments).sum::<i64>(), 864_000);
        assert!(spans.windows(2).all(|two| two[1].first - two[0].last == TimeDelta::seconds(1)));
    }

    #[test]
    fn all_missed_moments_are_asked_for_in_portions() {
        let schedule = "@every 1m".parse().unwrap();
        let (mut since, now) = (at("2026-11-01T00:00:00Z"), at("2026-11-01T05:00:00Z"));
        let policy = Policy { catch_up: CatchUp::All, overlap: Overlap::Queue };
        let mut portions = Vec::new();
        while since < now {
            let (spans, to) = account(&schedule, TZ, (since, now), policy, Open::Queued);
            portions.push(spans.len());
            since = to;
        }
        assert_eq!(portions, [100, 100, 100]);
    }
}
