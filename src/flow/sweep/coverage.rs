//! Which days the imported statements say everything of. Statements join by their balances or their days; between those
//! that do not, and before the first one, nobody knows what was booked.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use crate::{
    db::{emptied::Taken, statements::Statement},
    domain::batch::BatchId,
};

/// First and last day, both included.
pub type Span = (NaiveDate, NaiveDate);

/// What the statements of an account cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The oldest first; each lasts until a statement is missing.
    spans: Vec<Span>,
    breaks: Vec<Break>,
}

/// Two statements whose days join and whose balances do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Where the gap is told to be.
    pub days: Span,
    pub before: Edge,
    pub after: Edge,
}

/// A statement at a break, with its balance there in đồng.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub batch: BatchId,
    pub days: Span,
    pub balance: i64,
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

    /// Balances that do not join though the days do, the oldest first.
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// From a day on those before the first statement, where there is one.
    pub fn before(&self, from: NaiveDate) -> Option<Span> {
        let (first, _) = self.spans.first().filter(|(first, _)| *first > from)?;
        Some((from, *first - Days::new(1)))
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

    /// All of these days of which nothing is known.
    pub fn all_missing(&self, (from, to): Span) -> impl Iterator<Item = Span> + '_ {
        let next = move |day| (day <= to).then(|| self.missing((day, to))).flatten();
        std::iter::successors(next(from), move |(_, last)| next(*last + Days::new(1)))
    }
}

/// A statement by its days; what it says of the day on which it arrived is not all of that day.
struct Part {
    batch: BatchId,
    from: NaiveDate,
    to: NaiveDate,
    opening: Option<i64>,
    closing: Option<i64>,
}

/// Where what comes into the account is taken out of it again its balance is the same whatever was booked, and statements
/// join by their days alone: `taken` are the days that show it, beside the statements themselves. `arrived` says on which
/// local day each came, `works` whether a day is one on which banks book.
pub fn of(
    statements: &[Statement],
    taken: &Taken,
    arrived: impl Fn(&Statement) -> NaiveDate,
    works: impl Fn(NaiveDate) -> bool,
) -> Coverage {
    let part = |it: &Statement| {
        let to = it.to()?.min(arrived(it) - Days::new(1));
        let from = it.from().filter(|from| *from <= to)?;
        Some(Part { batch: it.batch(), from, to, opening: it.opening, closing: it.closing })
    };
    let empties = is_emptied(statements, taken);
    let mut parts = newest(statements.iter().filter_map(part).collect());
    parts.sort_by_key(|part| (part.from, part.to));
    let (mut spans, mut breaks): (Vec<Span>, Vec<Break>) = (Vec::new(), Vec::new());
    let mut last: Option<Part> = None;
    for part in parts {
        let closing = last.as_ref().and_then(|it| it.closing);
        match spans.last_mut() {
            Some((_, to)) if joins(&part, (*to, closing), (empties, &works)) => {
                if part.to < *to {
                    continue;
                }
                *to = part.to;
            }
            before => {
                let to = before.map(|(_, to)| *to);
                breaks.extend(to.zip(last).and_then(|(to, last)| broken(&last, to, &part, &works)));
                spans.push((since(part.from, &works), part.to));
            }
        }
        last = Some(part);
    }
    Coverage { spans, breaks }
}

/// A balance that comes back once may do so by chance: it takes two days. A statement that ends as it began is one of the
/// last day on which it took something out; where it only gave money back it says nothing.
fn is_emptied(statements: &[Statement], taken: &Taken) -> bool {
    let last_taken = |it: &Statement| {
        let (from, to) = it.from().zip(it.to()).filter(|(from, to)| from <= to)?;
        taken.days.range(from..=to).next_back().copied()
    };
    let by_balance = statements.iter().filter(|it| ends_as_it_began(it)).filter_map(last_taken);
    let days: BTreeSet<NaiveDate> = by_balance.chain(taken.wholly.iter().copied()).collect();
    days.len() > 1
}

/// Though money came.
fn ends_as_it_began(statement: &Statement) -> bool {
    statement.credits > 0 && statement.opening.is_some() && statement.opening == statement.closing
}

/// Without those of which a later one tells all days: where it is right they may have been wrong. One without balances says
/// nothing of those that have them.
fn newest(parts: Vec<Part>) -> Vec<Part> {
    let has_balances = |part: &Part| part.opening.is_some() && part.closing.is_some();
    let replaces = |later: &Part, part: &Part| {
        let tells_all = later.from <= part.from && part.to <= later.to;
        tells_all && (has_balances(later) || !has_balances(part))
    };
    let is_newest = |at: usize| !parts[at + 1..].iter().any(|later| replaces(later, &parts[at]));
    let newest: Vec<bool> = (0..parts.len()).map(is_newest).collect();
    parts
        .into_iter()
        .zip(newest)
        .filter(|(_, is_newest)| *is_newest)
        .map(|(part, _)| part)
        .collect()
}

/// What is wrong between statements whose days join.
fn broken(
    last: &Part,
    to: NaiveDate,
    part: &Part,
    works: impl Fn(NaiveDate) -> bool,
) -> Option<Break> {
    let next = to + Days::new(1);
    let (closing, opening) = last.closing.zip(part.opening)?;
    let edge = |it: &Part, balance| Edge { batch: it.batch, days: (it.from, it.to), balance };
    by_days(next, part.from, works).then(|| Break {
        days: (next, (part.from - Days::new(1)).max(next)),
        before: edge(last, closing),
        after: edge(part, opening),
    })
}

/// Whether nothing is booked before a day, from another one on.
fn by_days(next: NaiveDate, before: NaiveDate, works: impl Fn(NaiveDate) -> bool) -> bool {
    next.iter_days().take_while(|day| *day < before).all(|day| !works(day))
}

/// Whether a statement goes on where the ones before it end. Of statements that overlap, the later one opens in the middle
/// of the earlier one.
fn joins(
    part: &Part,
    (to, closing): (NaiveDate, Option<i64>),
    (empties, works): (bool, impl Fn(NaiveDate) -> bool),
) -> bool {
    let next = to + Days::new(1);
    let is_same = closing.zip(part.opening).map(|(closing, opening)| closing == opening);
    // Another balance always shows that something is missing; the same one does not show that nothing is.
    let by_balance = is_same.filter(|is_same| !(*is_same && empties));
    part.from <= to || by_balance.unwrap_or_else(|| by_days(next, part.from, works))
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
        cover_of(parts, 0, &[], &[])
    }

    /// Each with so much that came; on some days something was taken out, on others all.
    fn cover_of(parts: &[Said], credits: i64, some: &[u32], all: &[u32]) -> Coverage {
        let statement = |(from, to, balances): &Said| {
            let arrived_at = day(28).and_hms_opt(1, 0, 0).unwrap().and_utc();
            let mut it = Statement::of_days(day(*from), day(*to), *balances, arrived_at);
            it.credits = credits;
            it
        };
        let statements: Vec<Statement> = parts.iter().map(statement).collect();
        let weekend = |day: NaiveDate| {
            !matches!(chrono::Datelike::weekday(&day), chrono::Weekday::Sat | chrono::Weekday::Sun)
        };
        let wholly: BTreeSet<NaiveDate> = all.iter().copied().map(day).collect();
        let days = some.iter().copied().map(day).chain(wholly.iter().copied()).collect();
        of(&statements, &Taken { days, wholly }, |it| it.arrived_at.date_naive(), weekend)
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
    fn of_an_account_that_is_emptied_statements_join_by_days_alone() {
        let same = [(3, 4, Some((7, 7))), (6, 6, Some((7, 7))), (9, 10, Some((7, 7)))];
        assert!(cover(&same).covers((day(3), day(10))), "nothing moves in it");
        let nothing_came = cover_of(&same, 0, &[], &[20, 23]);
        let missing = Some((day(5), day(5)));
        assert_eq!(nothing_came.missing((day(3), day(10))), missing, "another time it was emptied");
        // From the 6th to the 9th there is a weekend.
        let gaps = |of: &Coverage| of.gaps().collect::<Vec<Span>>();
        let shown = cover_of(&same, 5, &[4, 6], &[]);
        assert_eq!(gaps(&shown), [(day(5), day(5))], "they show it themselves");
        let both = cover_of(&same, 5, &[4], &[20]);
        assert_eq!(gaps(&both), [(day(5), day(5))], "one of them, and another day");
        let grows = [(3, 4, Some((0, 7))), (6, 6, Some((7, 9)))];
        assert!(cover_of(&grows, 5, &[], &[]).covers((day(3), day(6))), "its money stays");
        let touching = [(3, 4, Some((7, 7))), (5, 6, Some((8, 8)))];
        assert_eq!(cover_of(&touching, 5, &[4, 6], &[]).breaks().len(), 1, "other balances tell");
    }

    #[test]
    fn one_day_on_which_a_balance_comes_back_does_not_make_an_account_one_that_is_emptied() {
        let same = [(3, 4, Some((7, 7))), (6, 6, Some((7, 7))), (9, 10, Some((7, 7)))];
        let covers = |credits, some: &[u32], all: &[u32]| {
            cover_of(&same, credits, some, all).covers((day(3), day(10)))
        };
        assert!(covers(0, &[], &[20]), "all that had come was taken out once");
        assert!(covers(5, &[4], &[]), "a statement ends as it began");
        assert!(covers(5, &[4], &[4]), "both on the same day");
        assert!(covers(5, &[], &[]), "what went out of it went back to who had paid");
        assert!(!covers(5, &[4, 10], &[]) && !covers(0, &[], &[20, 23]), "twice");
    }

    #[test]
    fn balances_that_do_not_join_are_told_until_a_right_statement_of_the_days_comes() {
        let wrong = [(2, 4, Some((0, 7))), (5, 6, Some((8, 9)))];
        let coverage = cover(&wrong);
        let [it] = coverage.breaks() else { panic!("{:?}", coverage.breaks()) };
        assert_eq!((it.days, it.before.balance, it.after.balance), ((day(5), day(5)), 7, 8));
        for right in [(2, 4, Some((0, 8))), (5, 6, Some((7, 9))), (2, 6, Some((0, 9)))] {
            let healed = cover(&[wrong[0], wrong[1], right]);
            assert!(healed.covers((day(2), day(6))) && healed.breaks().is_empty(), "{healed:?}");
        }
        let unsaid = cover(&[wrong[0], wrong[1], (5, 6, None)]);
        assert_eq!(unsaid.breaks().len(), 1, "one without balances decides nothing");
        let weekend = cover(&[(5, 6, Some((0, 7))), (9, 10, Some((8, 9)))]);
        assert_eq!(weekend.breaks()[0].days, (day(7), day(8)));
        let missing = cover(&[(2, 3, Some((0, 7))), (5, 6, Some((8, 9)))]);
        assert_eq!((missing.breaks().len(), missing.gap()), (0, Some((day(4), day(4)))));
    }

    #[test]
    fn days_before_the_first_statement_are_unknown_but_for_those_without_bookings() {
        let coverage = cover(&[(9, 13, None)]);
        for (from, covered) in [(9, true), (7, true), (6, false)] {
            assert_eq!(coverage.covers((day(from), day(12))), covered, "from the {from}th");
        }
        assert_eq!(coverage.missing((day(4), day(12))), Some((day(4), day(6))));
        assert_eq!(coverage.missing((day(4), day(5))), Some((day(4), day(5))));
        assert_eq!(
            (coverage.before(day(4)), coverage.before(day(7))),
            (Some((day(4), day(6))), None)
        );
        assert_eq!(Coverage::default().before(day(4)), None, "nobody knows yet of any");
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
        let all: Vec<Span> = several.all_missing((day(1), day(20))).collect();
        let missing = [(day(5), day(6)), (day(11), day(13)), (day(18), day(20))];
        assert_eq!(all, missing);
        assert_eq!(several.all_missing((day(9), day(10))).count(), 0);
        assert_eq!(Coverage::default().missing((day(1), day(2))), Some((day(1), day(2))));
    }
}
