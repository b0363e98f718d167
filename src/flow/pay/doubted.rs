//! Credits that another layout of the bank told before in other words, and under other numbers or none: each may be that
//! one, and a person says so or not. Two of one layout with different numbers or words are two. Lines that say the same are
//! known by `known`, those of which one layout has a number by `matching`.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{known, memo::Words, statement::Statement};
use crate::{
    db::{
        Tx, dues,
        rows::{self, LaidOut},
        statements::{Line, NewLine},
    },
    domain::payment::Direction,
    flow::Services,
};

/// Marks new lines of a statement by what they may be: stored ones of its days that it does not tell itself. `again` are
/// those that it does.
pub async fn mark(
    services: &Services,
    tx: &mut Tx,
    (statement, days): (&Statement, (NaiveDate, NaiveDate)),
    (stored, again): (&[Line], &HashSet<i64>),
    new: &mut [NewLine<'_>],
) -> anyhow::Result<()> {
    if stored.is_empty() || new.is_empty() {
        return Ok(());
    }
    let account = services.settings.payee.account.as_str();
    let sheets = rows::laid_out(tx, account, days).await?;
    let others = in_other_columns(statement, &sheets);
    let others = told_elsewhere(stored, again, |it| others.contains(&(it.batch_id, it.sheet)));
    if others.is_empty() {
        return Ok(());
    }
    let mut prefixes = BTreeSet::from([services.settings.payee.code_prefix.as_str().to_owned()]);
    prefixes.extend(dues::prefixes(tx).await?.into_iter().map(|(prefix,)| prefix));
    compare(&others, new, &prefixes);
    Ok(())
}

/// The batches and sheets with other columns than those of a statement.
fn in_other_columns(statement: &Statement, sheets: &[LaidOut]) -> HashSet<(i64, i64)> {
    let own: Vec<(u32, &str)> =
        statement.columns.iter().map(|(at, header)| (*at, header.as_str())).collect();
    let is_other = |it: &&LaidOut| {
        !it.columns
            .iter()
            .map(|column| (column.index, column.header.as_str()))
            .eq(own.iter().copied())
    };
    sheets.iter().filter(is_other).map(|it| (it.batch_id, it.sheet)).collect()
}

/// Credits of other layouts that are not in the statement; neither is one that a line of it may be.
fn told_elsewhere<'a>(
    stored: &'a [Line],
    again: &HashSet<i64>,
    is_other: impl Fn(&Line) -> bool,
) -> Vec<&'a Line> {
    let is_again = |it: &&Line| again.contains(&it.id);
    let same: HashSet<i64> = stored.iter().filter(is_again).filter_map(|it| it.may_be).collect();
    let mut others: Vec<&Line> = stored
        .iter()
        .filter(|it| it.direction == Direction::Credit && it.may_be.is_none() && is_other(it))
        .filter(|it| !again.contains(&it.id) && !same.contains(&it.id))
        .collect();
    others.sort_by_key(|it| it.id);
    others
}

/// Each of the others may be one new line.
fn compare(others: &[&Line], new: &mut [NewLine<'_>], prefixes: &BTreeSet<String>) {
    let used: HashSet<i64> = new.iter().filter_map(|it| it.may_be).collect();
    let mut days: HashMap<(String, i64), Vec<(&Line, Words)>> = HashMap::new();
    for other in others.iter().filter(|it| !used.contains(&it.id)) {
        let words = Words::of(&other.memo, prefixes);
        days.entry((other.booked_on.clone(), other.amount)).or_default().push((other, words));
    }
    let open = new.iter_mut().filter(|it| it.direction == Direction::Credit && it.may_be.is_none());
    for line in open {
        let key = (line.booked_on.to_string(), line.amount);
        let Some(others) = days.get_mut(&key) else { continue };
        let words = Words::of(line.memo, prefixes);
        let like = others.iter().position(|(other, told)| {
            known::is_told(other.reference.as_deref()) == known::is_told(line.reference)
                && told.may_be(&words)
        });
        line.may_be = like.map(|at| others.remove(at).0.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "HLAAAAAAAA";

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 19).unwrap()
    }

    fn stored(id: i64, reference: Option<&str>, memo: &str) -> Line {
        Line {
            id,
            batch_id: 1,
            sheet: 1,
            may_be: None,
            fingerprint: String::new(),
            occurrence: 1,
            booked_on: day().to_string(),
            direction: Direction::Credit,
            amount: 2_950_000,
            memo: memo.to_owned(),
            reference: reference.map(str::to_owned),
        }
    }

    fn new<'a>(reference: Option<&'a str>, memo: &'a str) -> NewLine<'a> {
        NewLine {
            row_no: 1,
            fingerprint: String::new(),
            occurrence: 1,
            booked_on: day(),
            direction: Direction::Credit,
            amount: 2_950_000,
            memo,
            reference,
            other_name: None,
            other_account: None,
            may_be: None,
        }
    }

    /// What each new line may be.
    fn marked(others: &[&Line], new: &[NewLine<'_>]) -> Vec<Option<i64>> {
        let mut new = new.to_vec();
        compare(others, &mut new, &BTreeSet::from(["HL".to_owned()]));
        new.iter().map(|it| it.may_be).collect()
    }

    #[test]
    fn what_another_layout_told_in_other_words_may_be_the_same_by_its_code_or_by_all_its_words() {
        let (short, long) = (format!("{CODE} tt"), format!("MBVCB.99.{CODE} tt.CT tu 00 A"));
        let first = stored(1, Some("FT1"), &short);
        assert_eq!(marked(&[&first], &[new(Some("0099"), &long)]), [Some(1)]);
        let both = [new(Some("0099"), &long), new(Some("0100"), &long)];
        assert_eq!(marked(&[&first], &both), [Some(1), None], "of two only one");
        let bare = stored(2, None, &short);
        assert_eq!(marked(&[&bare], &[new(None, &long)]), [Some(2)]);
        assert_eq!(marked(&[&bare], &[new(Some("0099"), &long)]), [None], "the matching asks it");
        let named = stored(3, Some("FT3"), "minh an chuyen tien");
        assert_eq!(marked(&[&named], &[new(Some("0071"), "MINH AN CHUYEN TIEN tu 00")]), [Some(3)]);
        assert_eq!(marked(&[&named], &[new(Some("0071"), "an binh chuyen tien tu 00")]), [None]);
        let other = NewLine { amount: 2_000_000, ..new(Some("0099"), &long) };
        assert_eq!(marked(&[&first], &[other]), [None]);
    }

    #[test]
    fn what_the_statement_tells_itself_is_no_other_line_nor_is_what_that_one_may_be() {
        let first = stored(1, Some("FT1"), CODE);
        let twin = Line { may_be: Some(1), ..stored(2, Some("0099"), CODE) };
        let all = [first, twin];
        let ids = |again: &[i64]| -> Vec<i64> {
            let again = again.iter().copied().collect();
            told_elsewhere(&all, &again, |_| true).iter().map(|it| it.id).collect()
        };
        assert_eq!((ids(&[]), ids(&[1]), ids(&[2])), (vec![1], vec![], vec![]));
        assert!(told_elsewhere(&all, &HashSet::new(), |_| false).is_empty(), "of one layout");
    }
}
