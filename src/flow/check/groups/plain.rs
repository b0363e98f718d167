//! The same answers row by row, for builds without polars and for its worst day.

use std::collections::{HashMap, HashSet};

use super::{Key, Total};

/// The parts of a row's key; `None` where it lacks one.
fn parts(key: &Key, row: usize) -> Option<Vec<&str>> {
    key.columns.iter().map(|column| column[row].as_deref()).collect()
}

fn rows(key: &Key) -> impl Iterator<Item = (usize, Vec<&str>)> {
    (0..key.rows).filter_map(|row| Some((row, parts(key, row)?)))
}

pub fn first_of_equals(keys: &[Key]) -> Vec<Vec<Option<usize>>> {
    let of_key = |key: &Key| {
        let mut firsts = vec![None; key.rows];
        let mut known = HashMap::new();
        for (row, parts) in rows(key) {
            let first = *known.entry(parts).or_insert(row);
            firsts[row] = (first != row).then_some(first);
        }
        firsts
    };
    keys.iter().map(of_key).collect()
}

pub fn matches(left: &Key, right: &Key) -> Vec<(usize, usize)> {
    let mut known: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    for (row, parts) in rows(right) {
        known.entry(parts).or_default().push(row);
    }
    let mut pairs = Vec::new();
    for (row, parts) in rows(left) {
        pairs.extend(known.get(&parts).into_iter().flatten().map(|other| (row, *other)));
    }
    pairs
}

pub fn missing(left: &Key, right: &Key) -> Vec<usize> {
    let known: HashSet<Vec<&str>> = rows(right).map(|(_, parts)| parts).collect();
    let is_known = |row: &usize| parts(left, *row).is_some_and(|parts| known.contains(&parts));
    (0..left.rows).filter(|row| !is_known(row)).collect()
}

pub fn totals(key: &Key, amounts: &[i64]) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    let mut known = HashMap::new();
    for (row, parts) in rows(key) {
        let at = *known.entry(parts).or_insert(totals.len());
        if at == totals.len() {
            totals.push(Total { first: row, rows: 0, sum: 0 });
        }
        totals[at].rows += 1;
        totals[at].sum += amounts[row];
    }
    totals
}
