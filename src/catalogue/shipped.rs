//! Tables of the workspace beside those that this version ships: which are as they came, which the owner edited.
//! Files are read and written by the caller.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Keeps what was shipped, by which a table that nobody touched is known.
pub const RECORD: &str = ".shipped.toml";
/// Equal lines around a difference.
const AROUND: usize = 2;

/// How a table of the workspace stands to the shipped one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The shipped one.
    Current,
    /// As a former version shipped it, or not there: it can be replaced.
    Outdated,
    /// The owner's, and nothing newer was shipped since.
    Edited,
    /// The owner's, and this version ships another one: a person puts them together.
    Differs,
}

/// By file name, the hash of what was shipped into the workspace.
pub type Record = BTreeMap<String, String>;

/// A record that cannot be read is none: then every difference is shown.
pub fn read_record(text: &str) -> Record {
    toml::from_str(text).unwrap_or_default()
}

pub fn write_record(record: &Record) -> String {
    let mut text =
        "# What was shipped: `catalogue update` replaces what still is as it came.\n".to_owned();
    for (name, hash) in record {
        let _ = writeln!(text, "\"{name}\" = \"{hash}\"");
    }
    text
}

pub fn hash(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

pub fn state(own: Option<&str>, shipped: &str, recorded: Option<&str>) -> State {
    let Some(own) = own else { return State::Outdated };
    let is_of_this_version = || version(own).is_some() && version(own) == version(shipped);
    if says_the_same(own, shipped) {
        State::Current
    } else if recorded.is_none() && is_of_this_version() {
        // Nobody wrote down what came; one of this version that says something else was edited.
        State::Edited
    } else if recorded == Some(hash(own).as_str()) {
        State::Outdated
    } else if recorded == Some(hash(shipped).as_str()) {
        State::Edited
    } else {
        State::Differs
    }
}

/// An editor may have written other ends of lines.
fn says_the_same(own: &str, shipped: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_start_matches('\u{feff}').trim_end();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    own == shipped || lines(own) == lines(shipped)
}

/// As it is written on the line of its own.
fn version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.trim().strip_prefix("version"))?.split('"').nth(1)
}

/// The lines that differ, `-` of the owner's and `+` of the shipped, with some equal ones around.
pub fn difference(own: &str, shipped: &str) -> String {
    let marked =
        marked_lines(&own.lines().collect::<Vec<_>>(), &shipped.lines().collect::<Vec<_>>());
    let is_near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        marked[from..(at + AROUND + 1).min(marked.len())].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut is_gap = false;
    for (at, (mark, line)) in marked.iter().enumerate() {
        if !is_near(at) {
            is_gap = true;
            continue;
        }
        if std::mem::take(&mut is_gap) {
            text.push_str("…\n");
        }
        let _ = writeln!(text, "{mark} {line}");
    }
    text
}

/// By the longest common subsequence; tables are short.
fn marked_lines<'a>(own: &[&'a str], shipped: &[&'a str]) -> Vec<(char, &'a str)> {
    let (rows, columns) = (own.len(), shipped.len());
    let mut common = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row][column] = if own[row] == shipped[column] {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut marked = Vec::with_capacity(rows + columns);
    while row < rows || column < columns {
        if row < rows && column < columns && own[row] == shipped[column] {
            marked.push((' ', own[row]));
            (row, column) = (row + 1, column + 1);
        } else if column == columns
            || (row < rows && common[row + 1][column] >= common[row][column + 1])
        {
            marked.push(('-', own[row]));
            row += 1;
        } else {
            marked.push(('+', shipped[column]));
            column += 1;
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_replaced_only_where_nobody_touched_it() {
        let came = hash("old");
        let states = [Some("new"), Some("old"), Some("mine"), None]
            .map(|own| state(own, "new", Some(&came)));
        assert_eq!(states, [State::Current, State::Outdated, State::Differs, State::Outdated]);
        assert_eq!(state(Some("mine"), "new", Some(&hash("new"))), State::Edited);
        assert_eq!(state(Some("old"), "new", None), State::Differs);
        let (mine, new) = ("version = \"2026-11\"\nmine = 1\n", "version = \"2026-11\"\nnew = 1\n");
        assert_eq!(state(Some(mine), new, None), State::Edited);
        assert_eq!(state(Some(&mine.replace("11", "08")), new, None), State::Differs);
        assert_eq!(state(Some(&new.replace('\n', "\r\n")), new, None), State::Current);
        let record = Record::from([("rules.toml".to_owned(), came)]);
        assert_eq!(read_record(&write_record(&record)), record);
        assert_eq!(read_record("no = record = at all"), Record::new());
    }

    #[test]
    fn a_difference_shows_what_changed_and_some_lines_around() {
        let own = (1..=9).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let shipped = own.replace("line 5", "line five") + "line 10\n";
        assert_eq!(
            difference(&own, &shipped),
            "…\n  line 3\n  line 4\n- line 5\n+ line five\n  line 6\n  line 7\n  line 8\n  line 9\n+ line 10\n"
        );
        assert_eq!(difference(&own, &own), "");
    }
}
