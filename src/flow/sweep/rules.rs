//! What is to happen to a line in grace, and why not yet: a pure function of instants and of what is known of it.
//! Planning it is the business of `sweep`; nobody is cut off while one condition is open.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::coverage::{Coverage, Span};
use crate::domain::order::RequestState;

/// The local hour of warnings.
const WARNED_AT: i64 = 8;
/// So long a final warning must have been accepted before a cut-off.
const WARNED_BEFORE: TimeDelta = TimeDelta::hours(24);

crate::domain::words::words! {
    /// Why a line whose time is over is not cut off.
    pub enum Waits {
        /// A person put it off.
        Held = "held",
        /// A part is paid: a person decides.
        PartlyPaid = "partly_paid",
        /// A payment that is not matched may be for it.
        MaybePaid = "maybe_paid",
        /// No statement says what was paid up to the last day.
        NoStatement = "no_statement",
        /// No final warning was accepted a day before.
        NotWarned = "not_warned",
        /// Nobody is cut off on a weekend or a holiday.
        DayOff = "day_off",
    }
}

/// A warning: how many days before the last one, and when the mail server accepted it.
pub type Accepted = (u32, Option<DateTime<Utc>>);

/// What is known of a line.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The first instant after its last day, holidays and what a person said included.
    pub cutoff_at: DateTime<Utc>,
    pub is_held: bool,
    /// The day from which on it could be paid.
    pub asked_on: NaiveDate,
    pub request: RequestState,
    pub maybe_paid: bool,
    /// Of its last day and the present address.
    pub warnings: &'a [Accepted],
}

/// What holds for all lines.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    pub now: DateTime<Utc>,
    pub tz: Tz,
    /// The largest first.
    pub warn_days_before: &'a [u32],
    pub require_statement: bool,
    pub booking_lag_days: u32,
    pub coverage: &'a Coverage,
}

impl Waits {
    /// Whether it passes by itself, or a person wanted it so.
    pub fn is_as_wanted(self) -> bool {
        matches!(self, Waits::Held | Waits::DayOff)
    }
}

/// What is to be done with a line now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// So many days before its last day.
    Warn(u32),
    Suspend,
    Wait(Waits),
}

pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The last local day on which a line works.
pub fn last_day(cutoff_at: DateTime<Utc>, tz: Tz) -> NaiveDate {
    (cutoff_at - TimeDelta::microseconds(1)).with_timezone(&tz).date_naive()
}

/// When a warning is due: not on a day on which nobody is warned, but before it.
pub fn due_at(
    last_day: NaiveDate,
    days: u32,
    tz: Tz,
    skipped: impl Fn(NaiveDate) -> bool,
) -> DateTime<Utc> {
    let mut day = last_day - Days::new(days.into());
    while skipped(day) {
        day = day - Days::new(1);
    }
    warned_from(day, tz)
}

/// From when on people are warned on a day.
pub fn warned_from(day: NaiveDate, tz: Tz) -> DateTime<Utc> {
    crate::domain::grace::start_of(day, tz) + TimeDelta::hours(WARNED_AT)
}

/// Warnings go first, the latest that is due; after an outage too.
pub fn step(facts: &Facts<'_>, rules: &Rules<'_>, skipped: impl Fn(NaiveDate) -> bool) -> Step {
    if facts.request.is_paid() || facts.request == RequestState::Cancelled {
        return Step::Nothing;
    }
    let last = last_day(facts.cutoff_at, rules.tz);
    let due = rules
        .warn_days_before
        .iter()
        .copied()
        .filter(|days| due_at(last, *days, rules.tz, &skipped) <= rules.now);
    let due = due.min();
    let is_warned = |days: u32| facts.warnings.iter().any(|(warned, _)| *warned <= days);
    let is_today_skipped = skipped(rules.now.with_timezone(&rules.tz).date_naive());
    if let Some(days) = due.filter(|days| !is_warned(*days)) {
        return if is_today_skipped { Step::Nothing } else { Step::Warn(days) };
    }
    if rules.now < facts.cutoff_at {
        return if facts.is_held { Step::Wait(Waits::Held) } else { Step::Nothing };
    }
    match waits(facts, rules) {
        Some(why) => Step::Wait(why),
        None if is_today_skipped => Step::Wait(Waits::DayOff),
        None => Step::Suspend,
    }
}

/// The last local day on which it may be paid: its last one, or that on which the time after its final warning ends, where
/// that came late or anew. Who was warned then paid in time on that day.
pub fn paid_until(facts: &Facts<'_>, rules: &Rules<'_>) -> NaiveDate {
    let last = last_day(facts.cutoff_at, rules.tz);
    let told = finals(facts.warnings, rules.warn_days_before).max();
    let until = told.map(|at| (at + WARNED_BEFORE).with_timezone(&rules.tz).date_naive());
    until.map_or(last, |until| until.max(last))
}

/// From which day to which one the statements are to say what was paid: from that on which it was asked for until the
/// banks have booked what was paid on the last one on which it may be.
pub fn to_cover(facts: &Facts<'_>, rules: &Rules<'_>) -> Span {
    let until = paid_until(facts, rules);
    (facts.asked_on, until + Days::new(rules.booking_lag_days.into()))
}

/// When final warnings were accepted.
fn finals<'a>(
    warnings: &'a [Accepted],
    warn_days_before: &'a [u32],
) -> impl Iterator<Item = DateTime<Utc>> + 'a {
    let fewest = warn_days_before.iter().min();
    warnings.iter().filter(move |(warned, _)| Some(warned) == fewest).filter_map(|(_, at)| *at)
}

/// Whether a final warning was accepted a day before, and did not come back since.
pub fn is_warned(warnings: &[Accepted], warn_days_before: &[u32], now: DateTime<Utc>) -> bool {
    let in_time = |at: DateTime<Utc>| at + WARNED_BEFORE <= now;
    warn_days_before.is_empty() || finals(warnings, warn_days_before).any(in_time)
}

fn waits(facts: &Facts<'_>, rules: &Rules<'_>) -> Option<Waits> {
    let is_covered = rules.coverage.covers(to_cover(facts, rules));
    let is_warned = is_warned(facts.warnings, rules.warn_days_before, rules.now);
    if facts.request == RequestState::PartlyPaid {
        Some(Waits::PartlyPaid)
    } else if facts.maybe_paid {
        Some(Waits::MaybePaid)
    } else if rules.require_statement && !is_covered {
        Some(Waits::NoStatement)
    } else if !is_warned {
        Some(Waits::NotWarned)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{emptied::Taken, statements::Statement},
        flow::sweep::coverage,
    };

    const TZ: Tz = Tz::Asia__Ho_Chi_Minh;

    /// An instant of November 2026 in Vietnam.
    fn at(day: u32, hour: u32) -> DateTime<Utc> {
        let local =
            NaiveDate::from_ymd_opt(2026, 11, day).unwrap().and_hms_opt(hour, 0, 0).unwrap();
        local.and_local_timezone(TZ).unwrap().to_utc()
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn covered(from: u32, to: u32) -> Coverage {
        let statement = Statement::of_days(day(from), day(to), None, at(30, 12));
        coverage::of(&[statement], &Taken::default(), |_| day(30), |_| true)
    }

    /// When, what is paid, what is covered, which warnings were accepted, and what follows.
    type Night<'a> =
        (DateTime<Utc>, RequestState, &'a Coverage, &'a [(u32, Option<DateTime<Utc>>)], Step);

    /// A line whose last day is the 17th, a Tuesday: cut off from the 18th, 00:00.
    fn told(
        now: DateTime<Utc>,
        request: RequestState,
        coverage: &Coverage,
        warnings: &[(u32, Option<DateTime<Utc>>)],
    ) -> Step {
        let facts = Facts {
            cutoff_at: at(18, 0),
            is_held: false,
            asked_on: day(9),
            request,
            maybe_paid: false,
            warnings,
        };
        let rules = Rules {
            now,
            tz: TZ,
            warn_days_before: &[3, 1],
            require_statement: true,
            booking_lag_days: 1,
            coverage,
        };
        step(&facts, &rules, is_weekend)
    }

    /// The last day is the 17th; warnings on Friday the 13th (3 days before is a Saturday) and on the 16th, at 8.
    #[test]
    fn a_clock_that_is_moved_over_the_days_of_a_line() {
        use RequestState::{Open, Paid, PartlyPaid};
        let sent = [(3, Some(at(13, 9))), (1, Some(at(16, 9)))];
        let failed = [(3, Some(at(13, 9))), (1, None)];
        let late = [(1, Some(at(18, 9)))];
        let (fresh, old, missing) = (covered(9, 18), covered(9, 17), Coverage::default());
        // Who was warned on the 18th may pay until the 19th.
        let later = covered(9, 20);
        // Nobody knows what was paid before it begins.
        let young = covered(10, 18);
        let table: &[Night<'_>] = &[
            (at(10, 9), Open, &fresh, &[], Step::Nothing),
            (at(13, 7), Open, &fresh, &[], Step::Nothing),
            (at(13, 8), Open, &fresh, &[], Step::Warn(3)),
            (at(14, 9), Open, &fresh, &sent[..1], Step::Nothing),
            (at(16, 8), Open, &fresh, &sent[..1], Step::Warn(1)),
            // An outage over both: the latest that is due, once.
            (at(16, 8), Open, &fresh, &[], Step::Warn(1)),
            (at(25, 8), Open, &fresh, &[], Step::Warn(1)),
            // Nobody is warned on a Saturday.
            (at(21, 8), Open, &fresh, &[], Step::Nothing),
            (at(17, 23), Open, &fresh, &sent, Step::Nothing),
            (at(18, 1), Open, &fresh, &sent, Step::Suspend),
            (at(18, 1), Open, &old, &sent, Step::Wait(Waits::NoStatement)),
            (at(18, 1), Open, &missing, &sent, Step::Wait(Waits::NoStatement)),
            (at(18, 1), Open, &young, &sent, Step::Wait(Waits::NoStatement)),
            (at(18, 1), Open, &fresh, &failed, Step::Wait(Waits::NotWarned)),
            (at(19, 8), Open, &later, &late, Step::Wait(Waits::NotWarned)),
            (at(19, 9), Open, &fresh, &late, Step::Wait(Waits::NoStatement)),
            (at(19, 9), Open, &later, &late, Step::Suspend),
            // Nor cut off.
            (at(21, 1), Open, &fresh, &sent, Step::Wait(Waits::DayOff)),
            (at(18, 1), PartlyPaid, &fresh, &sent, Step::Wait(Waits::PartlyPaid)),
            (at(18, 1), Paid, &fresh, &sent, Step::Nothing),
            (at(30, 1), Open, &missing, &sent, Step::Wait(Waits::NoStatement)),
        ];
        for (now, request, coverage, warnings, expected) in table {
            let step = told(*now, *request, coverage, warnings);
            assert_eq!(step, *expected, "{now} {request} {coverage:?} {warnings:?}");
        }
    }
}
