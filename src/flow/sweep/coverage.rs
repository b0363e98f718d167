//! Which days the imported statements say everything of. Statements join by their balances or their days; between those
//! that do not, and before the first one, nobody knows what was booked.

use chrono::{Days, NaiveDate};

use crate::db::statements::Statement;

/// First and last day, both included.
pub type Span = (NaiveDate, NaiveDate);

/// What the statements of an account cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The oldest first; each lasts until a statement is missing.
    spans: Vec<Span>,
}

impl Coverage {
    /// Whether all is known that was booked on these days.
    pub fn covers(&self, days: Span) -> bool {
        self.missing(days).is_none()
    }

    /// The last day before anything is missing.
    pub fn to(&self) -> Option<NaiveDate> {
        self.spans.first().map(|(_, to)| *to)
    }

    /// The first days of which nothing is known between those that are.
    pub fn gap(&self) -> Option<Span> {
        self.gaps().next()
    }

    /// All such days.
    pub fn gaps(&self) -> impl Iterator<Item = Span> + '_ {
        self.spans.windows(2).map(|two| {
            let ((_, to), (again, _)) = (two[0], two[1]);
            let next = to + Days::new(1);
            (next, (again - Days::new(1)).max(next))
        })
    }

    /// The first of these days of which nothing is known, up to those that are known again.
    pub fn missing(&self, (from, to): Span) -> Option<Span> {
        let known = self.spans.iter().rev().find(|(first, _)| *first <= from);
        let next = match known {
            Some((_, last)) if *last >= to => return None,
            Some((_, last)) => from.max(*last + Days::new(1)),
            None => from,
        };
        let again = self.spans.iter().map(|(first, _)| *first).find(|first| *first > from);
        // Statements may touch whose balances do not: then one is missing between them all the same.
        let last = again.map_or(to, |first| first - Days::new(1));
        Some((next, last.min(to).max(next)))
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
        let from = it.from().filter(|from| *from <= to)?;
        Some(Part { from, to, opening: it.opening, closing: it.closing })
    };
    let mut parts: Vec<Part> = statements.iter().filter_map(part).collect();
    parts.sort_by_key(|part| (part.from, part.to));
    let mut spans: Vec<Span> = Vec::new();
    let mut closing = None;
    for part in parts {
        match spans.last_mut() {
            Some((_, to)) if joins(&part, (*to, closing), &works) => {
                if part.to >= *to {
                    (*to, closing) = (part.to, part.closing);
                }
            }
            _ => {
                spans.push((since(part.from, &works), part.to));
                closing = part.closing;
            }
        }
    }
    Coverage { spans }
}

/// Whether a statement goes on where the ones before it end. Of statements that overlap, the later one opens in the middle
/// of the earlier one.
fn joins(
    part: &Part,
    (to, closing): (NaiveDate, Option<i64>),
    works: impl Fn(NaiveDate) -> bool,
) -> bool {
    let next = to + Days::new(1);
    let by_balance = closing.zip(part.opening).map(|(closing, opening)| closing == opening);
    let by_days = || next.iter_days().take_while(|day| *day < part.from).all(|day| !works(day));
    part.from <= to || by_balance.unwrap_or_else(by_days)
}

/// On the days before the first one, back to one on which banks book, nothing was booked.
fn since(from: NaiveDate, works: impl Fn(NaiveDate) -> bool) -> NaiveDate {
    let idle = from.iter_days().rev().skip(1).take_while(|day| !works(*day));
    idle.last().unwrap_or(from)
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

    /// The 1st, 7th and 8th of November 2026 are days of a weekend.
    #[test]
    fn statements_join_by_balance_or_by_days_and_a_break_ends_what_is_covered() {
        let spans = |parts: &[Said]| cover(parts).spans;
        let days = |days: &[(u32, u32)]| -> Vec<Span> {
            days.iter().map(|(from, to)| (day(*from), day(*to))).collect()
        };
        assert_eq!(spans(&[]), []);
        assert_eq!(spans(&[(3, 6, None), (7, 10, None)]), days(&[(3, 10)]));
        assert_eq!(spans(&[(9, 10, None), (3, 6, None)]), days(&[(3, 10)]));
        assert_eq!(spans(&[(3, 5, None), (9, 10, None)]), days(&[(3, 5), (7, 10)]));
        assert_eq!(spans(&[(3, 5, Some((0, 7))), (9, 10, Some((7, 9)))]), days(&[(3, 10)]));
        let other = [(3, 6, Some((0, 7))), (7, 10, Some((8, 9)))];
        assert_eq!(spans(&other), days(&[(3, 6), (7, 10)]));
        assert_eq!(spans(&[(3, 6, Some((0, 7))), (4, 10, Some((3, 9)))]), days(&[(3, 10)]));
        assert_eq!(spans(&[(3, 28, None)]), days(&[(3, 27)]), "not the day on which it came");
        let of_its_day = [(3, 26, None), (28, 28, None)];
        assert_eq!(
            spans(&of_its_day),
            days(&[(3, 26)]),
            "one of that day alone says nothing whole"
        );
    }

    #[test]
    fn days_before_the_first_statement_are_unknown_but_for_those_without_bookings() {
        let coverage = cover(&[(9, 13, None)]);
        for (from, covered) in [(9, true), (7, true), (6, false)] {
            assert_eq!(coverage.covers((day(from), day(12))), covered, "from the {from}th");
        }
        assert_eq!(coverage.missing((day(4), day(12))), Some((day(4), day(6))));
        assert_eq!(coverage.missing((day(4), day(5))), Some((day(4), day(5))));
    }

    #[test]
    fn what_is_missing_counts_for_those_alone_who_could_have_paid_then() {
        let coverage = cover(&[(2, 4, None), (9, 13, None)]);
        assert!(coverage.covers((day(2), day(4))) && coverage.covers((day(9), day(13))));
        assert_eq!(coverage.missing((day(3), day(12))), Some((day(5), day(6))));
        assert_eq!(coverage.missing((day(9), day(16))), Some((day(14), day(16))));
        let touching = cover(&[(2, 6, Some((0, 7))), (7, 10, Some((8, 9)))]);
        assert_eq!(touching.missing((day(2), day(9))), Some((day(7), day(7))));
        assert_eq!((touching.to(), touching.gap()), (Some(day(6)), Some((day(7), day(7)))));
        assert_eq!((coverage.to(), coverage.gap()), (Some(day(4)), Some((day(5), day(6)))));
        let several = cover(&[(2, 4, None), (9, 10, None), (16, 17, None)]);
        let gaps: Vec<Span> = several.gaps().collect();
        assert_eq!(gaps, [(day(5), day(6)), (day(11), day(13))]);
        assert_eq!(Coverage::default().missing((day(1), day(2))), Some((day(1), day(2))));
    }
}
