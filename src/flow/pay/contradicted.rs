//! Statements that what is stored of their days contradicts: others brought lines that they do not have, so that these do
//! not lead from one balance to the other. What is wrong within a statement is said by `take`.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{
    known,
    statement::{Section, Statement},
    told,
};
use crate::{
    db::{
        Tx,
        findings::Numbered,
        statements::{self, Counted},
    },
    domain::{
        finding::{Code, Finding, Place},
        money::Money,
        payment::Direction,
    },
    flow::Services,
};

/// What is said of those of a file.
#[derive(Debug, Default)]
pub struct Contradicted {
    pub said: Vec<Numbered>,
    /// Whether other statements brought all lines of the file: then nothing of it is missing, whatever is wrong.
    pub is_known: bool,
}

/// Before any of their lines is stored. One without a stated period, or without both balances, contradicts nothing.
pub async fn of(
    services: &Services,
    tx: &mut Tx,
    found: &[Statement],
) -> anyhow::Result<Contradicted> {
    let account = services.settings.payee.account.as_str();
    let mut lacking = Vec::new();
    for statement in found {
        for section in &statement.sections {
            let Some((from, to)) = section.from.zip(section.to) else { continue };
            let days = (from.to_string(), to.to_string());
            let stored = statements::counted(tx, account, (&days.0, &days.1)).await?;
            let Some(missing) = Missing::of(section, to, &stored) else { continue };
            // Of what may be told twice a person says first whether it counts.
            let sifted = known::of(services, tx, (statement, section)).await?;
            if sifted.new.iter().all(|line| line.may_be.is_none()) {
                lacking.push((statement.sheet_name.as_str(), missing));
            }
        }
    }
    let is_known = !lacking.is_empty() && are_known(services, tx, found).await?;
    let said = lacking.iter().map(|(sheet, it)| (None, it.in_words(sheet, is_known)));
    Ok(Contradicted { said: said.collect(), is_known })
}

async fn are_known(services: &Services, tx: &mut Tx, found: &[Statement]) -> anyhow::Result<bool> {
    for statement in found {
        for section in &statement.sections {
            if !known::of(services, tx, (statement, section)).await?.new.is_empty() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Stored lines that a statement of their days does not have. Amounts in đồng.
#[derive(Debug, PartialEq, Eq)]
struct Missing {
    lines: usize,
    days: BTreeSet<NaiveDate>,
    /// What they do to the balance.
    net: i64,
    closing: i64,
}

impl Missing {
    /// Nothing where they change no balance, or where the statement is only older than what is stored: made before its last
    /// day was over, it has no other lines, and all that came after it is of that day.
    fn of(section: &Section, to: NaiveDate, stored: &[Counted]) -> Option<Missing> {
        let closing = section.opening.and(section.closing)?;
        let mut own: HashMap<(String, Direction, i64), usize> = HashMap::new();
        for entry in &section.entries {
            let alike = (entry.booked_on.to_string(), entry.direction, entry.amount);
            *own.entry(alike).or_default() += 1;
        }
        let mut missing = Missing { lines: 0, days: BTreeSet::new(), net: 0, closing };
        for line in stored {
            match own.get_mut(&(line.booked_on.clone(), line.direction, line.amount)) {
                Some(left) if *left > 0 => *left -= 1,
                _ => {
                    missing.lines += 1;
                    missing.days.extend(line.booked_on.parse::<NaiveDate>());
                    missing.net += told::net(line);
                }
            }
        }
        let has_others = own.values().any(|left| *left > 0);
        let ends_within_its_last_day = section.days().is_some_and(|(_, last)| last == to)
            && missing.days.iter().all(|day| *day == to);
        let is_older = !has_others && ends_within_its_last_day;
        (missing.net != 0 && !is_older).then_some(missing)
    }

    fn in_words(&self, sheet: &str, is_known: bool) -> Finding {
        let money = |dong: i64| Money::dong(dong).to_string();
        let days = self.days.iter().map(|day| day.format("%d/%m/%Y").to_string());
        let place = Place { sheet: Some(sheet.to_owned()), ..Place::default() };
        let finding = Finding::new(Code::StatementBalance, place);
        let finding = if is_known { finding.detail("known", "all") } else { finding };
        finding
            .detail("case", "stored")
            .detail("lines", self.lines.to_string())
            .detail("days", days.collect::<Vec<_>>().join(", "))
            .detail("sum", money(self.closing + self.net))
            .detail("closing", money(self.closing))
            .detail("off", money(self.net.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::pay::statement::Entry;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn direction(amount: i64) -> Direction {
        if amount < 0 { Direction::Debit } else { Direction::Credit }
    }

    /// The days and the sum that a statement of the 2nd to the 4th lacks of what is stored.
    fn missing(own: &[(u32, i64)], stored: &[(u32, i64)]) -> Option<(Vec<NaiveDate>, i64)> {
        let entry = |(row, (on, amount)): (u32, &(u32, i64))| Entry {
            row,
            booked_on: day(*on),
            direction: direction(*amount),
            amount: amount.abs(),
            memo: String::new(),
            reference: None,
            balance: None,
            other_name: None,
            other_account: None,
        };
        let net: i64 = own.iter().map(|(_, amount)| amount).sum();
        let section = Section {
            opening: Some(100),
            closing: Some(100 + net),
            entries: (1..).zip(own).map(entry).collect(),
            ..Section::default()
        };
        let counted = |(on, amount): &(u32, i64)| Counted {
            booked_on: day(*on).to_string(),
            direction: direction(*amount),
            amount: amount.abs(),
        };
        let stored: Vec<Counted> = stored.iter().map(counted).collect();
        let missing = Missing::of(&section, day(4), &stored)?;
        Some((missing.days.into_iter().collect(), missing.net))
    }

    #[test]
    fn a_statement_is_contradicted_by_stored_lines_of_its_days_that_it_does_not_have() {
        let full = [(3, 5), (4, 7)];
        assert_eq!(missing(&full, &[]), None);
        assert_eq!(missing(&full, &full), None);
        assert_eq!(missing(&full, &full[..1]), None, "it brings more");
        assert_eq!(missing(&full[..1], &full), Some((vec![day(4)], 7)));
        assert_eq!(missing(&full[1..], &full), Some((vec![day(3)], 5)));
        assert_eq!(missing(&[], &full), Some((vec![day(3), day(4)], 12)));
        assert_eq!(missing(&[(3, 5)], &[(3, 5), (3, 5)]), Some((vec![day(3)], 5)), "one of two");
        assert_eq!(missing(&[(3, 6)], &[(3, 5)]), Some((vec![day(3)], 5)), "another amount");
        assert_eq!(missing(&full, &[(3, 5), (3, 9), (3, -9), (4, 7)]), None, "in and out again");
    }

    #[test]
    fn a_statement_that_was_made_before_its_last_day_was_over_is_only_older_than_what_is_stored() {
        let evening = [(3, 5), (4, 7), (4, 9)];
        assert_eq!(missing(&evening[..2], &evening), None);
        assert_eq!(missing(&[(4, 7)], &evening), Some((vec![day(3), day(4)], 14)));
        let other = [(3, 5), (4, 8)];
        assert_eq!(missing(&other, &evening), Some((vec![day(4)], 16)), "it has others");
    }
}
