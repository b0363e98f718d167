//! Which lines of a statement are known from an earlier one: by the bank's reference, else by day, amount, direction and
//! memo, and by how many of them a statement has. A layout with references and one without tell the same lines: what
//! is counted is the larger number of both. One with another reference than a line that says the same in another
//! statement may be that one; where another layout tells it in other words, `doubted` says so. Storing them is the business
//! of `take`.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::{
    doubted, memo,
    statement::{Entry, Section, Statement},
    told::Told,
};
use crate::{
    db::{
        Tx,
        statements::{self, Line, NewLine},
    },
    domain::payment::Direction,
    flow::{Services, key::sha256},
};

/// Shorter ones are no references: `-`, `0`.
const REFERENCE: usize = 3;

/// What both layouts say of a line.
type Key = (String, Direction, i64, String);

/// The lines of a statement, apart.
#[derive(Debug, Default)]
pub struct Sifted<'a> {
    /// In the order of the statement.
    pub new: Vec<NewLine<'a>>,
    /// Stored ones without a reference, by their numbers, and the line that tells it.
    pub told: Vec<(i64, NewLine<'a>)>,
}

/// The lines of a section, those that the payee's account has apart from the others.
pub async fn of<'a>(
    services: &Services,
    tx: &mut Tx,
    (statement, section): (&Statement, &'a Section),
) -> anyhow::Result<Sifted<'a>> {
    let Some(days) = section.days() else { return Ok(Sifted::default()) };
    let account = services.settings.payee.account.as_str();
    let stored = statements::lines(tx, account, days).await?;
    let lines = lines(section);
    let own: HashSet<(String, i64)> =
        lines.iter().map(|it| (it.fingerprint.clone(), it.occurrence)).collect();
    let Sifted { new, told } = sift(&stored, lines);
    let mut new = Told::of(tx, account, section).await?.others(new);
    let again: HashSet<i64> = stored
        .iter()
        .filter(|it| own.contains(&(it.fingerprint.clone(), it.occurrence)))
        .map(|it| it.id)
        .chain(told.iter().map(|(id, _)| *id))
        .collect();
    doubted::mark(services, tx, (statement, days), (&stored, &again), &mut new).await?;
    Ok(Sifted { new, told })
}

/// As they are to be stored. Without a reference a line is counted among all of its statement that say the same.
pub fn lines(section: &Section) -> Vec<NewLine<'_>> {
    let mut with_reference: HashMap<Key, i64> = HashMap::new();
    for entry in section.entries.iter().filter(|entry| is_told(entry.reference.as_deref())) {
        *with_reference.entry(key_of(entry)).or_default() += 1;
    }
    let mut counts: HashMap<String, i64> = HashMap::new();
    let mut lines = Vec::with_capacity(section.entries.len());
    for entry in &section.entries {
        let Entry { row, booked_on, direction, amount, memo, reference, .. } = entry;
        let fingerprint = fingerprint(entry);
        let before = match reference.as_deref() {
            reference if is_told(reference) => 0,
            _ => with_reference.get(&key_of(entry)).copied().unwrap_or_default(),
        };
        let occurrence = counts.entry(fingerprint.clone()).or_insert(before);
        *occurrence += 1;
        lines.push(NewLine {
            row_no: *row,
            fingerprint,
            occurrence: *occurrence,
            booked_on: *booked_on,
            direction: *direction,
            amount: *amount,
            memo,
            reference: reference.as_deref(),
            other_name: entry.other_name.as_deref(),
            other_account: entry.other_account.as_deref(),
            may_be: None,
        });
    }
    lines
}

/// What of the lines is not stored yet.
fn sift<'a>(stored: &[Line], lines: Vec<NewLine<'a>>) -> Sifted<'a> {
    let mut known: HashMap<Key, Group> = HashMap::new();
    for line in stored {
        let group = known.entry(key_of_line(line)).or_default();
        if is_told(line.reference.as_deref()) {
            group.told += 1;
        } else {
            group.open.insert(line.occurrence, line.id);
        }
    }
    let all: HashSet<(&str, i64)> =
        stored.iter().map(|it| (it.fingerprint.as_str(), it.occurrence)).collect();
    let mut elsewhere = elsewhere(stored, &lines);
    let mut sifted = Sifted::default();
    let mut new: Vec<(usize, NewLine<'_>)> = Vec::new();
    let lines = lines.into_iter().enumerate();
    let (told, open): (Vec<_>, Vec<_>) = lines.partition(|(_, it)| is_told(it.reference));
    for (at, line) in told {
        if all.contains(&(line.fingerprint.as_str(), line.occurrence)) {
            continue;
        }
        let group = known.entry(key_of_new(&line)).or_default();
        group.told += 1;
        if let Some((_, id)) = group.open.pop_first() {
            sifted.told.push((id, line));
        } else {
            let like = elsewhere.get_mut(&key_of_new(&line)).and_then(VecDeque::pop_front);
            new.push((at, NewLine { may_be: like, ..line }));
        }
    }
    for (at, line) in open {
        let group = known.entry(key_of_new(&line)).or_default();
        if line.occurrence > group.count() {
            group.told += 1;
            new.push((at, line));
        }
    }
    new.sort_by_key(|(at, _)| *at);
    sifted.new = new.into_iter().map(|(_, line)| line).collect();
    sifted
}

/// Stored credits with a reference that these lines do not tell, the oldest first.
fn elsewhere(stored: &[Line], lines: &[NewLine<'_>]) -> HashMap<Key, VecDeque<i64>> {
    let own: HashSet<&str> = lines.iter().map(|it| it.fingerprint.as_str()).collect();
    let is_other = |it: &&Line| {
        it.direction == Direction::Credit
            && is_told(it.reference.as_deref())
            && !own.contains(it.fingerprint.as_str())
    };
    let mut others: Vec<&Line> = stored.iter().filter(is_other).collect();
    others.sort_by_key(|it| it.id);
    let mut elsewhere: HashMap<Key, VecDeque<i64>> = HashMap::new();
    for line in others {
        elsewhere.entry(key_of_line(line)).or_default().push_back(line.id);
    }
    elsewhere
}

/// Lines that say the same: how many have references, and the stored ones that have none, by their places.
#[derive(Default)]
struct Group {
    told: i64,
    open: BTreeMap<i64, i64>,
}

impl Group {
    fn count(&self) -> i64 {
        self.told + i64::try_from(self.open.len()).unwrap_or(i64::MAX)
    }
}

fn key_of(entry: &Entry) -> Key {
    let memo = memo::squeezed(&entry.memo);
    (entry.booked_on.to_string(), entry.direction, entry.amount, memo)
}

fn key_of_line(line: &Line) -> Key {
    (line.booked_on.clone(), line.direction, line.amount, memo::squeezed(&line.memo))
}

fn key_of_new(line: &NewLine<'_>) -> Key {
    (line.booked_on.to_string(), line.direction, line.amount, memo::squeezed(line.memo))
}

pub(super) fn is_told(text: Option<&str>) -> bool {
    reference(text).is_some()
}

/// The number of the bank, as it is compared.
pub(super) fn reference(text: Option<&str>) -> Option<String> {
    text.map(memo::squeezed).filter(|reference| reference.len() >= REFERENCE)
}

/// The same where two lines are only compared: of two characters too, where one of them is a digit that counts. `0`, `00`
/// and `N/A` stand for none. A line is not known by so short a number: banks that count so count anew in each statement.
pub(super) fn number(text: Option<&str>) -> Option<String> {
    let counts = |it: &String| it.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let short = || text.map(memo::squeezed).filter(|it| it.len() + 1 == REFERENCE && counts(it));
    reference(text).or_else(short)
}

fn fingerprint(entry: &Entry) -> String {
    let (direction, amount) = (entry.direction, entry.amount);
    let said = if let Some(reference) = reference(entry.reference.as_deref()) {
        // Some banks count anew each day.
        format!("reference/{}/{reference}/{direction}/{amount}", entry.booked_on)
    } else {
        let memo = memo::squeezed(&entry.memo);
        format!("line/{}/{direction}/{amount}/{memo}", entry.booked_on)
    };
    sha256(said.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2026, 11, 19).unwrap()
    }

    /// Lines of one day, amount and memo: their references, `-` for none.
    fn section(references: &[&str]) -> Section {
        let entry = |(row, reference): (u32, &&str)| Entry {
            row,
            booked_on: day(),
            direction: Direction::Credit,
            amount: 1_000_000,
            memo: "HLACDE FGHJ".to_owned(),
            reference: Some((*reference).to_owned()),
            balance: None,
            other_name: None,
            other_account: None,
        };
        Section { entries: (1..).zip(references).map(entry).collect(), ..Section::default() }
    }

    /// Imports statements one after the other; what is stored then.
    fn stored(statements: &[&[&str]]) -> Vec<(String, i64)> {
        let mut stored: Vec<Line> = Vec::new();
        for references in statements {
            let section = section(references);
            let sifted = sift(&stored, lines(&section));
            let mut next = i64::try_from(stored.len()).unwrap();
            let mut line = |new: &NewLine<'_>, id: Option<i64>| {
                next += 1;
                Line {
                    id: id.unwrap_or(next),
                    batch_id: 1,
                    sheet: 1,
                    may_be: None,
                    fingerprint: new.fingerprint.clone(),
                    occurrence: new.occurrence,
                    booked_on: new.booked_on.to_string(),
                    direction: new.direction,
                    amount: new.amount,
                    memo: new.memo.to_owned(),
                    reference: new.reference.map(str::to_owned),
                }
            };
            for (id, new) in &sifted.told {
                stored.retain(|it| it.id != *id);
                stored.push(line(new, Some(*id)));
            }
            stored.extend(sifted.new.iter().map(|new| line(new, None)).collect::<Vec<_>>());
        }
        let mut numbers: Vec<(String, i64)> = stored
            .into_iter()
            .map(|it| (it.reference.unwrap_or_default(), it.occurrence))
            .collect();
        numbers.sort();
        let mut once = numbers.clone();
        once.dedup();
        assert_eq!(once, numbers);
        numbers
    }

    #[test]
    fn a_number_of_two_characters_tells_two_lines_apart_and_what_stands_for_none_does_not() {
        for (text, told) in [
            ("-", None),
            ("0", None),
            ("7", None),
            ("00", None),
            ("N/A", None),
            ("07", Some("07")),
            ("a-2", Some("A2")),
            ("FT1", Some("FT1")),
        ] {
            assert_eq!(number(Some(text)).as_deref(), told, "{text}");
        }
        assert_eq!(reference(Some("07")), None, "no line is known by it");
    }

    #[test]
    fn a_line_told_with_a_reference_and_without_is_one_and_two_equal_ones_are_two() {
        assert_eq!(stored(&[&["FT1"], &["-"]]).len(), 1);
        assert_eq!(stored(&[&["-"], &["FT1"]]), [("FT1".to_owned(), 1)]);
        assert_eq!(stored(&[&["-", "-"]]).len(), 2);
        assert_eq!(stored(&[&["FT1", "FT2"], &["-", "-"]]).len(), 2);
        assert_eq!(stored(&[&["FT1"], &["-", "-"]]).len(), 2, "the first was exported at noon");
        assert_eq!(stored(&[&["FT1", "-"], &["FT1", "-"]]).len(), 2, "a layout with both");
    }

    #[test]
    fn a_line_with_another_reference_than_one_of_another_statement_may_be_that_one() {
        let line = |id: i64, line: &NewLine<'_>| Line {
            id,
            batch_id: 1,
            sheet: 1,
            may_be: None,
            fingerprint: line.fingerprint.clone(),
            occurrence: line.occurrence,
            booked_on: line.booked_on.to_string(),
            direction: line.direction,
            amount: line.amount,
            memo: line.memo.to_owned(),
            reference: line.reference.map(str::to_owned),
        };
        let doubts = |before: &[&str], references: &[&str]| -> Vec<Option<i64>> {
            let before = section(before);
            let stored: Vec<Line> =
                (1..).zip(lines(&before)).map(|(id, it)| line(id, &it)).collect();
            let section = section(references);
            sift(&stored, lines(&section)).new.iter().map(|it| it.may_be).collect()
        };
        assert_eq!(doubts(&["FT1"], &["XY1"]), [Some(1)]);
        assert_eq!(doubts(&["FT1"], &["XY1", "XY2"]), [Some(1), None], "of two only one");
        assert_eq!(doubts(&["FT1"], &["FT1", "FT2"]), [None], "the first came at noon");
        assert_eq!(doubts(&[], &["FT1", "FT2"]), [None, None]);
    }

    #[test]
    fn new_lines_stand_in_the_order_of_their_statement_whichever_of_them_have_references() {
        let section = section(&["-", "FT1", "-", "FT2"]);
        let sifted = sift(&[], lines(&section));
        let rows: Vec<u32> = sifted.new.iter().map(|line| line.row_no).collect();
        assert_eq!(rows, [1, 2, 3, 4]);
    }

    #[test]
    fn the_order_of_statements_is_of_no_matter_to_what_is_stored() {
        let all: [&[&str]; 5] =
            [&["FT1"], &["-", "-"], &["FT1", "FT2"], &["-", "FT1", "-"], &["-"]];
        let first = stored(&all);
        assert_eq!(first.len(), 3, "{first:?}");
        for turn in 0..all.len() {
            let mut turned = all;
            turned.rotate_left(turn);
            assert_eq!(stored(&turned), first, "{turned:?}");
            turned.reverse();
            assert_eq!(stored(&turned), first, "{turned:?}");
        }
    }
}
