//! Where the header of a list stands: one row, or two of which the upper names groups of columns.
//! What the headers mean is said beside it.

use std::collections::BTreeSet;

use super::{
    data::are_column_numbers,
    headers::{LONGEST, meanings},
};
use crate::{
    catalogue::columns::Columns,
    domain::{
        cell::Cell,
        field::Field,
        fold::fold,
        tax_id::{Origin, TaxId},
    },
    flow::read::{Row, Sheet},
};

/// A header stands among the first rows that hold something.
const HEADER_WITHIN: usize = 100;
/// A name of a group is shorter than a title.
const GROUP_WORDS: usize = 6;
/// Groups of columns about somebody else than the client, folded.
const OTHERS: [&str; 14] = [
    "hoa don",
    "nguoi mua",
    "thong bao",
    "nguoi nhan",
    "dai dien",
    "giam doc",
    "chu ho",
    "ke toan",
    "phu trach",
    "invoice",
    "billing",
    "recipient",
    "representative",
    "accountant",
];

/// The header of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The first of its rows, and the last: the one right above the clients.
    pub first: usize,
    pub last: usize,
    /// What it says of each column.
    pub texts: Vec<String>,
    /// The fields that it names.
    pub fields: BTreeSet<Field>,
    /// A cell of its upper row stands over several of the lower.
    is_grouped: bool,
}

impl Head {
    fn new((first, last): (usize, usize), texts: Vec<String>, columns: &Columns) -> Head {
        let fields = texts.iter().flat_map(|text| meanings(text, columns)).collect();
        Head { first, last, texts, fields, is_grouped: false }
    }
}

/// So many fields make a header.
fn is_enough(fields: &BTreeSet<Field>) -> bool {
    fields.len() >= 3 || (fields.len() == 2 && fields.contains(&Field::TaxId))
}

/// The first of the rows, or pairs of rows, that name the most fields.
pub fn find(sheet: &Sheet, columns: &Columns) -> Option<Head> {
    let mut best: Option<Head> = None;
    for at in 0..sheet.rows.len().min(HEADER_WITHIN) {
        let head = at_row(sheet, at, columns);
        if best.as_ref().is_none_or(|best| is_better(&head, best)) {
            best = Some(head);
        }
    }
    best.filter(|head| is_enough(&head.fields) || is_of_tax_ids(sheet, head, columns))
}

/// A column of tax ids alone, numbered or not, names clients that the firm has.
fn is_of_tax_ids(sheet: &Sheet, head: &Head, columns: &Columns) -> bool {
    let filled = head.texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty());
    let (ids, others): (Vec<_>, Vec<_>) =
        filled.partition(|(_, text)| columns.field(text) == Some(Field::TaxId));
    let [(at, _)] = ids.as_slice() else { return false };
    let origin = Origin { customer_type: None, may_lack_zeros: false };
    let is_tax_id = |row: &Row| {
        row.cells.get(*at).is_some_and(|cell| TaxId::read(&cell.text(), origin).is_ok())
    };
    others.iter().all(|(_, text)| columns.is_ignored(text))
        && sheet.rows.iter().skip(head.last + 1).take(HEADER_WITHIN).any(is_tax_id)
}

/// The header that was found in a row before.
pub fn stood(sheet: &Sheet, number: u32, columns: &Columns) -> Option<Head> {
    let at = sheet.rows.iter().position(|row| row.number == number)?;
    Some(at_row(sheet, at, columns))
}

fn is_better(head: &Head, best: &Head) -> bool {
    let (new, old) = (head.fields.len(), best.fields.len());
    // The names of groups may themselves be names of fields.
    new > old || (new == old && head.is_grouped && best.last == head.first)
}

/// A row as a header, or with the row right above it where that names groups of columns.
fn at_row(sheet: &Sheet, at: usize, columns: &Columns) -> Head {
    let lower = &sheet.rows[at];
    let texts = lower.cells.iter().map(|cell| cell.text().into_owned()).collect();
    let single = Head::new((at, at), texts, columns);
    let above = at.checked_sub(1).map(|above| &sheet.rows[above]);
    let Some(upper) = above.filter(|upper| upper.number + 1 == lower.number) else { return single };
    let texts = combined(sheet, upper, lower, columns);
    if are_column_numbers(&lower.cells) || !says_a_field(lower, &texts, columns) {
        return single;
    }
    let is_grouped = names_groups(sheet, upper, lower);
    let double = Head { is_grouped, ..Head::new((at - 1, at), texts, columns) };
    let (new, old) = (double.fields.len(), single.fields.len());
    if new > old || (new == old && is_grouped) { double } else { single }
}

/// Whether the lower row has a part in naming the fields.
fn says_a_field(lower: &Row, texts: &[String], columns: &Columns) -> bool {
    let mut filled = lower.cells.iter().zip(texts).filter(|(cell, _)| !cell.is_empty());
    filled.any(|(_, text)| !meanings(text, columns).is_empty())
}

/// Cells merged over some of the columns; where a file knows no merges, a few short names.
fn names_groups(sheet: &Sheet, upper: &Row, lower: &Row) -> bool {
    let is_filled = |row: &Row, at: usize| row.cells.get(at).is_some_and(|cell| !cell.is_empty());
    let over_two = |at: usize| is_filled(lower, at) && is_filled(lower, at + 1);
    let groups = |at: &usize| is_filled(upper, *at) && !is_filled(upper, at + 1) && over_two(*at);
    if !(0..upper.cells.len()).any(|at| groups(&at)) {
        return false;
    }
    let merges = &sheet.layout.merges;
    let filled = |row: &Row| row.cells.iter().filter(|cell| !cell.is_empty()).count();
    if !merges.is_empty() {
        let columns = 2..filled(lower).max(3);
        return merges.iter().any(|merge| {
            let over = merge.last_column.saturating_sub(merge.first_column) as usize + 1;
            (merge.first_row..=merge.last_row).contains(&upper.number) && columns.contains(&over)
        });
    }
    let is_short = |cell: &Cell| {
        let text = fold(&cell.text());
        text.split(' ').count() <= GROUP_WORDS && !text.contains(|c: char| c.is_ascii_digit())
    };
    filled(upper) > 1 && upper.cells.iter().all(is_short)
}

/// What both rows say of each column.
fn combined(sheet: &Sheet, upper: &Row, lower: &Row, columns: &Columns) -> Vec<String> {
    let width = upper.cells.len().max(lower.cells.len());
    let text = |row: &Row, at: usize| {
        row.cells.get(at).map(|cell| cell.text().trim().to_owned()).unwrap_or_default()
    };
    let mut group = String::new();
    let mut texts = Vec::new();
    for (at, is_reached) in reached(sheet, upper.number, width).into_iter().enumerate() {
        let (own, below) = (text(upper, at), text(lower, at));
        if !own.is_empty() || below.is_empty() || !is_reached {
            // A name with nothing below it stands for its own column alone.
            let is_alone = below.is_empty() || own.len() > LONGEST;
            group = if is_alone { String::new() } else { own.clone() };
        }
        texts.push(match (group.as_str(), below.as_str()) {
            (_, "") => own,
            ("", _) => below,
            (group, below) => both(group, below, columns),
        });
    }
    texts
}

/// Which columns a group reaches from the column before; without merges, all of them.
fn reached(sheet: &Sheet, row: u32, width: usize) -> Vec<bool> {
    let merges = &sheet.layout.merges;
    if merges.is_empty() {
        return vec![true; width];
    }
    let mut ends = vec![0_usize; width];
    for merge in merges.iter().filter(|merge| (merge.first_row..=merge.last_row).contains(&row)) {
        if let Some(end) = ends.get_mut(merge.first_column as usize) {
            *end = (*end).max(merge.last_column as usize + 1);
        }
    }
    let mut end = 0;
    let is_reached = |(at, own): (usize, usize)| {
        let is_reached = at < end;
        end = end.max(own);
        is_reached
    };
    ends.into_iter().enumerate().map(is_reached).collect()
}

/// `Khách hàng` over `MST` is the client's tax id; `Hóa đơn` over `MST` is another one's.
fn both(group: &str, below: &str, columns: &Columns) -> String {
    let (turned, joined) = (format!("{below} {group}"), format!("{group} {below}"));
    let folded = fold(group);
    if OTHERS.iter().any(|other| folded.contains(other)) {
        return turned;
    }
    let is_known = |text: &str| columns.field(text).is_some() || columns.is_ignored(text);
    if is_known(below) || !meanings(below, columns).is_empty() {
        below.to_owned()
    } else if is_known(&turned) {
        turned
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::{Layout, Merge};

    fn over(merges: &[(u32, u32)]) -> Sheet {
        let merge = |(first_column, last_column): &(u32, u32)| Merge {
            first_row: 1,
            last_row: 2,
            first_column: *first_column,
            last_column: *last_column,
        };
        let layout = Layout { merges: merges.iter().map(merge).collect(), ..Layout::default() };
        Sheet { name: String::new(), visible: true, rows: Vec::new(), layout }
    }

    #[test]
    fn a_group_reaches_as_far_as_it_is_merged() {
        assert_eq!(reached(&over(&[]), 1, 3), [true; 3]);
        assert_eq!(
            reached(&over(&[(3, 4), (1, 2)]), 2, 6),
            [false, false, true, false, true, false]
        );
        assert_eq!(reached(&over(&[(0, 9), (1, 1), (40, 50)]), 1, 3), [false, true, true]);
        assert_eq!(reached(&over(&[(0, 9)]), 3, 3), [false; 3]);
    }
}
