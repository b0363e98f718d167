//! Where the header of a list stands: one row, or two of which the upper names groups of columns.
//! What the headers mean is said beside it.

use std::collections::BTreeSet;

use super::{data::are_column_numbers, headers::meanings};
use crate::{
    catalogue::columns::Columns,
    domain::{cell::Cell, field::Field, fold::fold},
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
    best.filter(|head| is_enough(&head.fields))
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
        return merges.iter().any(|merge| {
            let columns = (merge.last_column - merge.first_column + 1) as usize;
            merge.first_row <= upper.number
                && upper.number <= merge.last_row
                && (2..filled(lower).max(3)).contains(&columns)
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
            group = if below.is_empty() { String::new() } else { own.clone() };
        }
        texts.push(match (group.as_str(), below.as_str()) {
            (_, "") => own,
            ("", _) => below,
            (group, below) => both(group, below, columns),
        });
    }
    texts
}

/// The columns to which a group reaches from the one before; without merges, all of them.
fn reached(sheet: &Sheet, row: u32, width: usize) -> Vec<bool> {
    let merges = &sheet.layout.merges;
    // How many merges begin to reach at a column, less those that no longer do: there may be very many.
    let mut steps = vec![0_i64; width + 1];
    let column = |at: u32| usize::try_from(at).unwrap_or(width).min(width);
    for merge in merges.iter().filter(|it| (it.first_row..=it.last_row).contains(&row)) {
        steps[column(merge.first_column.saturating_add(1))] += 1;
        steps[column(merge.last_column.saturating_add(1))] -= 1;
    }
    let mut open = 0;
    let reaches = |step: &i64| {
        open += step;
        merges.is_empty() || open > 0
    };
    steps[..width].iter().map(reaches).collect()
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
