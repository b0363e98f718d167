//! Up to which day the imported statements say what was booked. Statements join by their balances or their days; after a
//! break nothing is covered until what is missing has come.

use chrono::{Days, NaiveDate};

use crate::db::statements::Statement;

/// What the statements of an account cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The last day; nothing without a statement.
    pub to: Option<NaiveDate>,
    /// The days that are missing, both included.
    pub missing: Option<(NaiveDate, NaiveDate)>,
}

impl Coverage {
    /// Whether all is booked that was paid up to the end of a day, `lag` days later at the latest.
    pub fn covers(&self, day: NaiveDate, lag: u32) -> bool {
        self.to.is_some_and(|to| day + Days::new(lag.into()) <= to)
    }
}

/// A statement by its days; what it says of the day on which it arrived is not all of that day.
struct Part {
    from: NaiveDate,
    to: NaiveDate,
    opening: Option<i64>,
    closing: Option<i64>,
}

/// `arrived` says on which local day each came, `works` whether a day is one on which banks book.
pub fn of(
    statements: &[Statement],
    arrived: impl Fn(&Statement) -> NaiveDate,
    works: impl Fn(NaiveDate) -> bool,
) -> Coverage {
    let part = |it: &Statement| {
        let to = it.to()?.min(arrived(it) - Days::new(1));
        let from = it.from()?.min(to);
        Some(Part { from, to, opening: it.opening, closing: it.closing })
    };
    let mut parts: Vec<Part> = statements.iter().filter_map(part).collect();
    parts.sort_by_key(|part| (part.from, part.to));
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Coverage::default() };
    let (mut to, mut closing) = (first.to, first.closing);
    for part in parts {
        let next = to + Days::new(1);
        let by_balance = closing.zip(part.opening).map(|(closing, opening)| closing == opening);
        let days_join = part.from <= next
            || next.iter_days().take_while(|day| *day < part.from).all(|day| !works(day));
        // Of statements that overlap, the later one opens in the middle of the earlier one.
        let joins = part.from <= to || by_balance.unwrap_or(days_join);
        if !joins {
            let missing = (next, (part.from - Days::new(1)).max(next));
            return Coverage { to: Some(to), missing: Some(missing) };
        }
        if part.to >= to {
            (to, closing) = (part.to, part.closing);
        }
    }
    Coverage { to: Some(to), missing: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Said = (u32, u32, Option<(i64, i64)>);

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn cover(parts: &[Said]) -> Coverage {
        let statement = |(from, to, balances): &Said| {
            Statement::of_days(
                day(*from),
                day(*to),
                *balances,
                day(28).and_hms_opt(1, 0, 0).unwrap().and_utc(),
            )
        };
        let statements: Vec<Statement> = parts.iter().map(statement).collect();
        let weekend = |day: NaiveDate| {
            !matches!(chrono::Datelike::weekday(&day), chrono::Weekday::Sat | chrono::Weekday::Sun)
        };
        of(&statements, |it| it.arrived_at.date_naive(), weekend)
    }

    #[test]
    fn statements_join_by_balance_or_by_days_and_a_break_ends_what_is_covered() {
        assert_eq!(cover(&[]), Coverage::default());
        let to = |to, missing: Option<(u32, u32)>| Coverage {
            to: Some(day(to)),
            missing: missing.map(|(from, to)| (day(from), day(to))),
        };
        assert_eq!(cover(&[(2, 6, None), (7, 10, None)]), to(10, None));
        // The 7th and 8th are a weekend.
        assert_eq!(cover(&[(9, 10, None), (2, 6, None)]), to(10, None));
        assert_eq!(cover(&[(2, 5, None), (9, 10, None)]), to(5, Some((6, 8))));
        assert_eq!(cover(&[(2, 5, Some((0, 7))), (9, 10, Some((7, 9)))]), to(10, None));
        assert_eq!(cover(&[(2, 6, Some((0, 7))), (7, 10, Some((8, 9)))]), to(6, Some((7, 7))));
        assert_eq!(cover(&[(2, 6, Some((0, 7))), (4, 10, Some((3, 9)))]), to(10, None));
        assert_eq!(cover(&[(2, 28, None)]), to(27, None), "not the day on which it came");
    }

    #[test]
    fn a_day_is_covered_when_its_bookings_had_time() {
        let coverage = cover(&[(2, 10, None)]);
        assert!(
            coverage.covers(day(9), 1)
                && !coverage.covers(day(10), 1)
                && coverage.covers(day(10), 0)
        );
        assert!(!Coverage::default().covers(day(1), 0));
    }
}
