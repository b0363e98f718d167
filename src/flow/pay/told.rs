//! What a statement tells of days of which another one with balances told before: where the balance is the same before and
//! after such a day, no other money moved on it, whatever the references are. Whose lines are known otherwise is said by
//! `known`.

use std::collections::{BTreeSet, HashMap};

use super::statement::{Entry, Section};
use crate::{
    db::{
        Tx,
        statements::{self, Counted, NewLine, Opened},
    },
    domain::payment::Direction,
};

/// Lines that move the balance alike: day as ISO 8601, direction, đồng.
type Alike = (String, Direction, i64);

/// How many more lines of each kind a section has than are stored, on days that were told before.
#[derive(Debug, Default)]
pub struct Told {
    days: BTreeSet<String>,
    more: HashMap<Alike, usize>,
}

impl Told {
    pub async fn of(tx: &mut Tx, account: &str, section: &Section) -> anyhow::Result<Told> {
        let Some(days) = section.days().filter(|_| section.opening.is_some()) else {
            return Ok(Told::default());
        };
        let opened = statements::opened(tx, account, days).await?;
        let Some(from) = opened.iter().map(|it| it.from_day.as_str()).min() else {
            return Ok(Told::default());
        };
        let to = days.1.to_string();
        let stored = statements::counted(tx, account, (from, &to)).await?;
        Ok(Told::by(section, &opened, &stored))
    }

    fn by(section: &Section, opened: &[Opened], stored: &[Counted]) -> Told {
        let mut days: BTreeSet<String> = BTreeSet::new();
        for day in section.entries.iter().map(|entry| entry.booked_on.to_string()) {
            if !days.contains(&day) && opened.iter().any(|it| agrees(section, it, stored, &day)) {
                days.insert(day);
            }
        }
        let mut more: HashMap<Alike, usize> = HashMap::new();
        for entry in &section.entries {
            let alike = (entry.booked_on.to_string(), entry.direction, entry.amount);
            *more.entry(alike).or_default() += 1;
        }
        for line in stored {
            let alike = (line.booked_on.clone(), line.direction, line.amount);
            if let Some(more) = more.get_mut(&alike) {
                *more = more.saturating_sub(1);
            }
        }
        Told { days, more }
    }

    /// What of these lines is other money: the last ones, where a day has more of them than are stored.
    pub fn others<'a>(&self, lines: Vec<NewLine<'a>>) -> Vec<NewLine<'a>> {
        let mut more = self.more.clone();
        let mut others = Vec::with_capacity(lines.len());
        for line in lines.into_iter().rev() {
            let alike = (line.booked_on.to_string(), line.direction, line.amount);
            let left = more.entry(alike).or_default();
            if self.days.contains(&line.booked_on.to_string()) {
                if *left == 0 {
                    continue;
                }
                *left -= 1;
            }
            others.push(line);
        }
        others.reverse();
        others
    }
}

/// Whether the balance is the same before and after a day.
fn agrees(section: &Section, other: &Opened, stored: &[Counted], day: &str) -> bool {
    let Some(opening) = section.opening else { return false };
    let is_told = other.from_day.as_str() <= day && day <= other.to_day.as_str();
    let own = |is: &dyn Fn(&str) -> bool| -> i64 {
        let moved = section.entries.iter().filter(|it| is(&it.booked_on.to_string()));
        moved.map(Entry::net).sum()
    };
    let kept = |is: &dyn Fn(&str) -> bool| -> i64 {
        let moved = stored.iter().filter(|it| it.booked_on >= other.from_day && is(&it.booked_on));
        moved.map(net).sum()
    };
    let before = |it: &str| it < day;
    let on = |it: &str| it == day;
    is_told && opening + own(&before) == other.opening + kept(&before) && own(&on) == kept(&on)
}

/// What a line does to the balance, in đồng.
pub(super) fn net(line: &Counted) -> i64 {
    match line.direction {
        Direction::Credit => line.amount,
        Direction::Debit => -line.amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::pay::known;

    const DAY: u32 = 19;

    /// Of one account: the balance before, and lines with their days.
    fn section(opening: Option<i64>, lines: &[(u32, i64)]) -> Section {
        let entry = |(row, (day, amount)): (u32, &(u32, i64))| Entry {
            row,
            booked_on: chrono::NaiveDate::from_ymd_opt(2026, 11, *day).unwrap(),
            direction: if *amount < 0 { Direction::Debit } else { Direction::Credit },
            amount: amount.abs(),
            memo: "khach tra".to_owned(),
            reference: Some(format!("N{row}")),
            balance: None,
            other_name: None,
            other_account: None,
        };
        let entries = (1..).zip(lines).map(entry).collect();
        Section { opening, entries, ..Section::default() }
    }

    /// How many lines of a section are other money, where a statement of the 18th to the 20th is stored.
    fn others(stored: &[(u32, i64)], section: &Section) -> usize {
        let opened =
            Opened { from_day: "2026-11-18".into(), to_day: "2026-11-20".into(), opening: 100 };
        let line = |(day, amount): &(u32, i64)| Counted {
            booked_on: format!("2026-11-{day}"),
            direction: if *amount < 0 { Direction::Debit } else { Direction::Credit },
            amount: amount.abs(),
        };
        let stored: Vec<Counted> = stored.iter().map(line).collect();
        Told::by(section, &[opened], &stored).others(known::lines(section)).len()
    }

    #[test]
    fn where_the_balances_of_a_day_agree_its_lines_are_the_same_money_whatever_their_references() {
        assert_eq!(others(&[(DAY, 7)], &section(Some(100), &[(DAY, 7)])), 0);
        let before = [(18, 5), (DAY, 7)];
        assert_eq!(
            others(&before, &section(Some(105), &[(DAY, 7)])),
            0,
            "the day before is not told"
        );
        assert_eq!(others(&before, &section(Some(100), &before)), 0);
        let two = [(DAY, 7), (DAY, 7)];
        assert_eq!(others(&two, &section(Some(100), &two)), 0);
    }

    #[test]
    fn where_balances_differ_or_are_not_told_nothing_is_said_to_be_the_same() {
        let two = [(DAY, 7), (DAY, 7)];
        assert_eq!(others(&[(DAY, 7)], &section(Some(100), &two)), 2, "the first came at noon");
        assert_eq!(others(&[(DAY, 7)], &section(Some(101), &[(DAY, 7)])), 1);
        assert_eq!(others(&[(DAY, 7)], &section(None, &[(DAY, 7)])), 1);
        assert_eq!(
            others(&[(21, 7)], &section(Some(100), &[(21, 7)])),
            1,
            "a day that is not told"
        );
        let back = [(DAY, 7), (DAY, 7), (DAY, -7)];
        assert_eq!(others(&[(DAY, 7)], &section(Some(100), &back)), 2, "it came, and went again");
    }
}
