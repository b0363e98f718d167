//! What a sheet is besides its cells: rows that nobody sees, cells that are one, the calendar its days count from.

use serde::{Deserialize, Serialize};

/// Cells that are shown as one; only the first holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// As people count, from 1; both inclusive.
    pub first_row: u32,
    pub last_row: u32,
    /// From 0; both inclusive.
    pub first_column: u32,
    pub last_column: u32,
}

impl Merge {
    /// Between two corners, each with its row from 1 and its column from 0; a cell by itself is merged with nothing.
    pub fn between((row, column): (u32, u32), (to_row, to_column): (u32, u32)) -> Option<Merge> {
        let merge = Merge {
            first_row: row.min(to_row),
            last_row: row.max(to_row),
            first_column: column.min(to_column),
            last_column: column.max(to_column),
        };
        ((row, column) != (to_row, to_column)).then_some(merge)
    }
}

/// Known of xlsx and xlsm; of xls only what is merged, of xls and xlsb the calendar, of other files nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// First and last row of each stretch that is hidden or filtered out, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<(u32, u32)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merges: Vec<Merge>,
    /// Days are counted from 1 January 1904, not from 1900.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_1904: bool,
}

impl Layout {
    pub fn hides(&self, row: u32) -> bool {
        let at = self.hidden.partition_point(|(_, last)| *last < row);
        self.hidden.get(at).is_some_and(|(first, _)| *first <= row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_inside_a_hidden_stretch_is_hidden() {
        let layout = Layout { hidden: vec![(3, 5), (9, 9)], ..Layout::default() };
        let hidden: Vec<u32> = (1..=10).filter(|row| layout.hides(*row)).collect();
        assert_eq!(hidden, [3, 4, 5, 9]);
    }
}
