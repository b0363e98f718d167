//! The sheet *Kết quả* as it came back: which row of the list each of its rows is, however they were moved, and which
//! are gone or new. What an edited row means is said in `returned`.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
};

use super::{
    identity::{Answer, checksum},
    rows::rid,
};
use crate::{
    db::rows::RowKind,
    domain::{field::Field, locale::Locale},
    flow::{
        map::{Table, TableRow},
        read::{Cell, Document, Row, Sheet},
    },
    text::Texts,
};

/// A sheet of results that came back.
pub struct Results<'a> {
    pub sheet: &'a Sheet,
    pub header: Option<&'a Row>,
    /// Where our columns begin: an older revision may have had fewer of the user's.
    pub own: Option<usize>,
    /// By the number of the row in the list.
    pub rows: HashMap<u32, &'a Row>,
    /// Rows with contents that are none of the list, in their order.
    pub added: Vec<&'a Row>,
    pub columns: Columns,
}

/// Where the user's columns are, as their headers say.
pub enum Columns {
    AsTheyWere,
    /// Others were put between them: where each of them stands now, from 0.
    Widened(Vec<usize>),
    /// Some are gone, or in another order: nobody can say which cell is which.
    Lost,
}

/// A row of the list that is looked for: its place, and the contents by which it is known, the surest first.
struct Wanted {
    number: u32,
    place: u32,
    keys: [Vec<String>; 2],
}

/// A row that came back.
struct Found<'a> {
    row: &'a Row,
    keys: [Option<String>; 2],
}

impl<'a> Results<'a> {
    pub fn of(
        document: &'a Document,
        table: &Table,
        tables: usize,
        answer: &Answer,
    ) -> Option<Results<'a>> {
        let sheet = sheet_of(document, table, tables)?;
        let header = sheet.rows.iter().find_map(|row| Some((row, own_column(row)?)));
        let header_row = header.map_or(table.header_row, |(row, _)| row.number);
        let own = header.map(|(_, own)| own);
        let header = header.map(|(row, _)| row);
        let columns = header.zip(own).map_or(Columns::AsTheyWere, |(row, own)| {
            let then = table.rows.iter().find(|row| row.number == table.header_row);
            let now = row.cells.get(..own).unwrap_or(&row.cells);
            then.map_or(Columns::AsTheyWere, |then| columns(&then.cells, now))
        });
        let (rows, added) = (HashMap::new(), Vec::new());
        let results = Results { sheet, header, own, rows, added, columns };
        let tax_id = table.columns.iter().find(|column| column.field == Some(Field::TaxId));
        let tax_id = tax_id.and_then(|column| usize::try_from(column.index).ok());
        let tax_id = |cells: &[Cell]| digits(cells.get(tax_id?)?);
        let wanted = |row: &TableRow| {
            let place = (row.number + header_row).saturating_sub(table.header_row);
            let went_out = answer.rows.get(&rid(table, row.number, tables > 1)).cloned();
            let known = went_out.into_iter().chain([checksum(&row.cells)]).collect();
            let keys = [known, tax_id(&row.cells).into_iter().collect()];
            Wanted { number: row.number, place, keys }
        };
        let is_data = |row: &&TableRow| row.kind == RowKind::Data;
        let wanted: Vec<Wanted> = table.rows.iter().filter(is_data).map(wanted).collect();
        let others: HashSet<String> =
            table.rows.iter().filter(|row| !is_data(row)).map(|row| checksum(&row.cells)).collect();
        let found = |row: &'a Row| {
            let theirs = results.theirs(row);
            let sum = checksum(&theirs);
            let is_filled = theirs.iter().any(|cell| !cell.is_empty());
            (is_filled && row.number > header_row && !others.contains(&sum))
                .then(|| Found { row, keys: [Some(sum), tax_id(&theirs)] })
        };
        let found: Vec<Found<'_>> = sheet.rows.iter().filter_map(found).collect();
        let (rows, added) = pair(wanted, &found);
        Some(Results { rows, added, ..results })
    }

    /// The cells of the user's, in the columns where they went out.
    pub fn theirs<'r>(&self, row: &'r Row) -> Cow<'r, [Cell]> {
        if let Columns::Widened(places) = &self.columns {
            return places
                .iter()
                .map(|at| row.cells.get(*at).cloned().unwrap_or_default())
                .collect();
        }
        self.own.and_then(|own| row.cells.get(..own)).unwrap_or(&row.cells).into()
    }

    /// The headers of columns that somebody put between the user's.
    pub fn put_between(&self) -> Vec<String> {
        let (Columns::Widened(places), Some((header, own))) =
            (&self.columns, self.header.zip(self.own))
        else {
            return Vec::new();
        };
        let new = header.cells.iter().take(own).enumerate().filter(|(at, _)| !places.contains(at));
        new.map(|(_, cell)| cell.text().trim().to_owned()).collect()
    }
}

/// Where the user's columns are, by the header row as it went out and as it came back. A header that somebody wrote anew
/// moves none.
fn columns(then: &[Cell], now: &[Cell]) -> Columns {
    let texts = |cells: &[Cell]| -> Vec<String> {
        cells.iter().map(|cell| cell.text().trim().to_owned()).collect()
    };
    let (mut then, now) = (texts(then), texts(now));
    while then.last().is_some_and(String::is_empty) {
        then.pop();
    }
    let is_alone = |text: &String| then.iter().filter(|it| *it == text).count() == 1;
    let has_moved = |(at, text): (usize, &String)| {
        !text.is_empty() && is_alone(text) && now.get(at) != Some(text) && now.contains(text)
    };
    if !then.iter().enumerate().any(has_moved) {
        return Columns::AsTheyWere;
    }
    let mut rest = now.iter().enumerate();
    let places = then.iter().map(|text| rest.find(|(_, it)| *it == text).map(|(at, _)| at));
    let Some(mut places) = places.collect::<Option<Vec<usize>>>() else { return Columns::Lost };
    // Cells without a header stand behind them.
    places.extend(rest.map(|(at, _)| at));
    Columns::Widened(places)
}

/// Each row at its own place first, then wherever it went; one that was edited by the client, and last by its place.
fn pair<'a>(mut wanted: Vec<Wanted>, found: &[Found<'a>]) -> (HashMap<u32, &'a Row>, Vec<&'a Row>) {
    let places: HashMap<u32, usize> =
        found.iter().enumerate().map(|(at, found)| (found.row.number, at)).collect();
    let mut free = vec![true; found.len()];
    let mut pairs: HashMap<u32, &'a Row> = HashMap::new();
    let mut take = |it: &Wanted, at: Option<usize>, free: &mut Vec<bool>| {
        let at = at.filter(|at| free[*at]);
        if let Some(at) = at {
            free[at] = false;
            pairs.insert(it.number, found[at].row);
        }
        at.is_none()
    };
    for sure in 0..2 {
        let says = |it: &Wanted, at: usize| {
            found[at].keys[sure].as_ref().is_some_and(|key| it.keys[sure].contains(key))
        };
        let in_place = |it: &Wanted| places.get(&it.place).copied().filter(|at| says(it, *at));
        wanted.retain(|it| take(it, in_place(it), &mut free));
        let mut by_key: HashMap<&str, VecDeque<usize>> = HashMap::new();
        for (at, found) in found.iter().enumerate().filter(|(at, _)| free[*at]) {
            if let Some(key) = &found.keys[sure] {
                by_key.entry(key).or_default().push_back(at);
            }
        }
        wanted.retain(|it| {
            let mut keys = it.keys[sure].iter();
            let at = keys.find_map(|key| by_key.get_mut(key.as_str())?.pop_front());
            take(it, at, &mut free)
        });
    }
    wanted.retain(|it| take(it, places.get(&it.place).copied(), &mut free));
    let added = found.iter().zip(&free).filter(|(_, free)| **free).map(|(found, _)| found.row);
    (pairs, added.collect())
}

fn digits(cell: &Cell) -> Option<String> {
    let digits: String = cell.text().chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// *Kết quả*, or *Kết quả* with the name of the list where there are several, in the order of the lists.
fn sheet_of<'a>(document: &'a Document, table: &Table, tables: usize) -> Option<&'a Sheet> {
    let bases = labels("workbook.sheet.result");
    let mut results = document
        .sheets
        .iter()
        .filter(|sheet| bases.iter().any(|base| sheet.name.starts_with(base)));
    if tables == 1 { results.next() } else { results.nth(usize::try_from(table.sheet - 1).ok()?) }
}

/// In the language of whoever asked for the workbook.
fn labels(key: &str) -> Vec<String> {
    Locale::ALL.iter().map(|locale| Texts::of(*locale).label(key)).collect()
}

/// Where our columns begin, of the row with their headings.
fn own_column(row: &Row) -> Option<usize> {
    let (states, reasons) = (labels("workbook.column.state"), labels("workbook.column.reason"));
    let is = |at: usize, labels: &[String]| {
        row.cells.get(at).is_some_and(|cell| labels.iter().any(|label| *label == cell.text()))
    };
    (0..row.cells.len()).rev().find(|at| is(*at, &states) && is(*at + 1, &reasons))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(number: u32, sum: &str, tax_id: &str) -> Wanted {
        Wanted { number, place: number, keys: [vec![sum.to_owned()], vec![tax_id.to_owned()]] }
    }

    fn paired(rows: &[(u32, &str, &str)]) -> (Vec<(u32, u32)>, Vec<u32>) {
        let all: Vec<Row> =
            rows.iter().map(|(number, ..)| Row { number: *number, cells: Vec::new() }).collect();
        let found = all.iter().zip(rows).map(|(row, (_, sum, tax_id))| Found {
            row,
            keys: [Some((*sum).to_owned()), Some((*tax_id).to_owned())],
        });
        let found: Vec<Found<'_>> = found.collect();
        let list = vec![wanted(2, "a", "1"), wanted(3, "b", "2"), wanted(4, "c", "3")];
        let (pairs, added) = pair(list, &found);
        let mut pairs: Vec<(u32, u32)> =
            pairs.into_iter().map(|(number, row)| (number, row.number)).collect();
        pairs.sort_unstable();
        (pairs, added.iter().map(|row| row.number).collect())
    }

    #[test]
    fn columns_are_found_by_their_headers_where_others_came_between_and_nowhere_else() {
        let cells = |text: &str| -> Vec<Cell> {
            text.split(' ').map(|text| Cell::Text(text.replace('_', ""))).collect()
        };
        let found = |then: &str, now: &str| match columns(&cells(then), &cells(now)) {
            Columns::AsTheyWere => "as they were".to_owned(),
            Columns::Widened(places) => format!("{places:?}"),
            Columns::Lost => "lost".to_owned(),
        };
        for (then, now, expected) in [
            ("A B C", "A B C", "as they were"),
            ("A B C", "A B C D", "as they were"),
            ("A B C", "A other C", "as they were"),
            ("A B C", "A new B C", "[0, 2, 3]"),
            ("A B C", "A _ B new C", "[0, 2, 4]"),
            ("A A B _", "new A A B", "[1, 2, 3]"),
            ("A B C", "A C", "lost"),
            ("A B C", "C B A", "lost"),
        ] {
            assert_eq!(found(then, now), expected, "{then} → {now}");
        }
    }

    #[test]
    fn a_row_is_known_by_what_it_says_before_where_it_stands() {
        let sorted = [(2, "c", "3"), (3, "a", "1"), (4, "b", "2")];
        assert_eq!(paired(&sorted), (vec![(2, 3), (3, 4), (4, 2)], vec![]));
        // One deleted, the last edited; another added.
        let shorter = [(2, "a", "1"), (3, "x", "3"), (7, "y", "9")];
        assert_eq!(paired(&shorter), (vec![(2, 2), (4, 3)], vec![7]));
        let other_client = [(2, "a", "1"), (3, "x", "9"), (4, "c", "3")];
        assert_eq!(paired(&other_client), (vec![(2, 2), (3, 3), (4, 4)], vec![]));
        assert_eq!(paired(&[(2, "a", "1"), (5, "a", "1")]), (vec![(2, 2)], vec![5]));
    }
}
