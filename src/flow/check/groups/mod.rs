//! Equals, joins and totals over whole lists: columns go in, positions of rows come out. The one door to polars.
//! What the columns mean, and what is said of the rows, is the business of the rules that ask.

#[cfg(feature = "polars")]
mod frames;

mod plain;

/// What rows are compared by, one or more columns. A row that lacks one of them equals no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// All of the same length, and empty in the same rows.
    columns: Vec<Vec<Option<String>>>,
    rows: usize,
}

impl Key {
    pub fn of<const N: usize>(rows: impl Iterator<Item = Option<[String; N]>>) -> Key {
        let mut key = Key { columns: vec![Vec::new(); N], rows: 0 };
        for row in rows {
            let mut parts = row.map(IntoIterator::into_iter);
            for column in &mut key.columns {
                column.push(parts.as_mut().and_then(Iterator::next));
            }
            key.rows += 1;
        }
        key
    }
}

/// Rows of one key, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The first of them.
    pub first: usize,
    pub rows: u64,
    pub sum: i64,
}

/// Of each key: for each row the first that equals it, if it comes before. All keys are of the same rows.
pub fn first_of_equals(keys: &[Key]) -> Vec<Vec<Option<usize>>> {
    #[cfg(feature = "polars")]
    if keys.iter().any(|key| key.rows > 1) {
        return answer(frames::first_of_equals(keys), || plain::first_of_equals(keys));
    }
    plain::first_of_equals(keys)
}

/// The rows on the right that equal each on the left, in the order of both.
pub fn matches(left: &Key, right: &Key) -> Vec<(usize, usize)> {
    #[cfg(feature = "polars")]
    if left.rows > 0 && right.rows > 0 {
        return answer(frames::matches(left, right), || plain::matches(left, right));
    }
    plain::matches(left, right)
}

/// The rows on the left that none on the right equals, in order.
pub fn missing(left: &Key, right: &Key) -> Vec<usize> {
    #[cfg(feature = "polars")]
    if left.rows > 0 && right.rows > 0 {
        return answer(frames::missing(left, right), || plain::missing(left, right));
    }
    plain::missing(left, right)
}

/// One total for each key, in the order of their first rows.
pub fn totals(key: &Key, amounts: &[i64]) -> Vec<Total> {
    #[cfg(feature = "polars")]
    if key.rows > 1 {
        return answer(frames::totals(key, amounts), || plain::totals(key, amounts));
    }
    plain::totals(key, amounts)
}

/// A query of ours that cannot be answered is our mistake, and no reason to leave a list unjudged.
#[cfg(feature = "polars")]
fn answer<T>(answered: polars::prelude::PolarsResult<T>, otherwise: impl FnOnce() -> T) -> T {
    answered.unwrap_or_else(|error| {
        tracing::error!("A query over a list failed: {error}");
        otherwise()
    })
}

#[cfg(all(test, feature = "polars"))]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    /// Few values, so that many are equal.
    fn rows() -> impl Strategy<Value = Vec<Option<[String; 2]>>> {
        let part = || prop::sample::select(vec!["", "a", "b", "á", "0101243150"]);
        let parts = (part(), part()).prop_map(|(a, b)| [a.to_owned(), b.to_owned()]);
        vec(option::weighted(0.8, parts), 0..24)
    }

    fn key(rows: &[Option<[String; 2]>]) -> Key {
        Key::of(rows.iter().cloned())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn columns_and_plain_rows_answer_the_same(left in rows(), right in rows(), amount in -9_i64..9_999_999) {
            let amounts: Vec<i64> = (0..).zip(&left).map(|(at, _)| amount * at).collect();
            let alone = Key::of(left.iter().map(|row| row.clone().map(|[_, last]| [last])));
            let (left, right) = (key(&left), key(&right));
            let keys = [left.clone(), alone];
            prop_assert_eq!(frames::first_of_equals(&keys).unwrap(), plain::first_of_equals(&keys));
            prop_assert_eq!(frames::matches(&left, &right).unwrap(), plain::matches(&left, &right));
            prop_assert_eq!(frames::missing(&left, &right).unwrap(), plain::missing(&left, &right));
            prop_assert_eq!(frames::totals(&left, &amounts).unwrap(), plain::totals(&left, &amounts));
        }
    }

    #[test]
    fn rows_without_a_key_equal_nothing_not_even_each_other() {
        let of =
            |rows: &[Option<&str>]| Key::of(rows.iter().map(|row| row.map(|it| [it.to_owned()])));
        let (left, right) = (of(&[None, Some("a"), None, Some("a")]), of(&[None, Some("a")]));
        assert_eq!(first_of_equals(std::slice::from_ref(&left)), [[None, None, None, Some(1)]]);
        assert_eq!(matches(&left, &right), [(1, 1), (3, 1)]);
        assert_eq!(missing(&left, &right), [0, 2]);
        assert_eq!(totals(&left, &[1, 2, 4, 8]), [Total { first: 1, rows: 2, sum: 10 }]);
        let none = Key::default();
        assert!(matches(&none, &right).is_empty() && totals(&none, &[]).is_empty());
        assert_eq!(missing(&right, &none), [0, 1]);
    }
}
