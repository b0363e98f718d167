//! Headers of a list: which field each column is, and what is said of those that are none or too many.
//! Which row is the header is decided beside it; synonyms are data of the catalogue.

use std::collections::BTreeSet;

use super::longest;
use crate::{
    catalogue::columns::Columns,
    db::rows::Column,
    domain::{
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::{fold, tidy},
    },
};

/// Parts of a header that say how to fill it in, folded; so do parts with a digit.
const HINTS: [&str; 9] =
    ["bat buoc", "khong bat buoc", "neu co", "required", "optional", "if any", "dd", "mm", "yyyy"];

/// A longer text names no column and no group of them, in bytes.
pub const LONGEST: usize = 1_000;
/// So many fields that a header names twice are a list of their own.
const LIST_AGAIN: usize = 3;

/// The field that a header names; several where its parts name different ones.
pub fn meanings(header: &str, columns: &Columns) -> BTreeSet<Field> {
    if header.len() > LONGEST {
        return BTreeSet::new();
    }
    let decoded = || super::recode::readings(header).map(|header| as_written(&header, columns));
    let written = as_written(header, columns);
    if !written.is_empty() {
        return written;
    }
    decoded().find(|meanings| !meanings.is_empty()).unwrap_or_default()
}

fn as_written(header: &str, columns: &Columns) -> BTreeSet<Field> {
    if let Some(field) = columns.field(header) {
        return BTreeSet::from([field]);
    }
    // `Mã số thuế / Tax code`, `Email (bắt buộc)`: each part is known, or nothing is.
    let parts = header.split(['/', '\n', '|', '(', ')']).filter(|part| !is_hint(part));
    let named: Option<BTreeSet<Field>> = parts.map(|part| columns.field(part)).collect();
    named.unwrap_or_default()
}

fn is_hint(part: &str) -> bool {
    let folded = fold(part);
    let counts = folded.contains(|c: char| c.is_ascii_digit());
    folded.is_empty() || counts || HINTS.contains(&folded.as_str())
}

/// What a header says of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Is(Field),
    /// A person must say; the likeliest first.
    May(Vec<Field>),
    Unknown,
    /// Another column of the list is nearer to what the field is.
    Beside(Field),
    /// No data: `STT`.
    Ignored,
}

/// A column and its header.
struct Heading<'a> {
    index: u32,
    header: &'a str,
    reading: Reading,
}

/// The columns of a header; what it says of each column, from the first on.
pub fn columns_of(
    place: &Place,
    headers: &[String],
    columns: &Columns,
    findings: &mut Vec<Finding>,
) -> Vec<Column> {
    let mut mapped: Vec<Column> = Vec::new();
    let (mut twice, mut beside) = (Vec::new(), Vec::new());
    for Heading { index, header, reading } in headings(headers, columns) {
        let mut column = Column::new(index, &tidy(header), None);
        let place = Place { column: Some(column_letters(index)), ..place.clone() };
        match reading {
            Reading::Ignored => {}
            Reading::Beside(field) => beside.push((place, field, column.clone())),
            Reading::Unknown => {
                let unknown = Finding::new(Code::HeaderUnknown, place);
                findings.push(unknown.value(&column.header));
            }
            Reading::May(fields) => {
                findings.push(question(place, header, &fields, columns));
                column.asked = fields;
            }
            Reading::Is(field) => match mapped.iter().find(|known| known.field == Some(field)) {
                Some(first) => twice.push(duplicate(place, field, (first, &column))),
                None => column.field = Some(field),
            },
        }
        mapped.push(column);
    }
    for (place, field, column) in beside {
        let nearer = mapped.iter().find(|known| known.field == Some(field));
        twice.extend(nearer.map(|nearer| duplicate(place, field, (nearer, &column))));
    }
    findings.extend(side_by_side(twice));
    findings.extend(without_tax_id(place, &mapped));
    mapped
}

/// Exact headers first, then what the others may be beside them.
fn headings<'a>(headers: &'a [String], columns: &Columns) -> Vec<Heading<'a>> {
    let heading = |(index, header): (u32, &'a String)| Heading {
        index,
        header,
        reading: exactly(header, columns),
    };
    let filled = (0..).zip(headers).filter(|(_, header)| !tidy(header).is_empty());
    let mut headings: Vec<Heading<'_>> = filled.map(heading).collect();
    choose_nearest(&mut headings, columns);
    // What a header says by itself comes before what a firm once said of another.
    let yields = |header: &str| is_bare(header) || columns.is_remembered(header);
    let fuller = exact_fields(headings.iter().filter(|heading| !yields(heading.header)));
    for heading in headings.iter_mut().filter(|heading| yields(heading.header)) {
        if matches!(heading.reading, Reading::Is(field) if fuller.contains(&field)) {
            heading.reading = Reading::Unknown;
        }
    }
    let taken = exact_fields(headings.iter());
    for heading in &mut headings {
        heading.reading = match std::mem::replace(&mut heading.reading, Reading::Unknown) {
            Reading::Unknown => longest::reading(heading.header, columns, &taken),
            Reading::May(fields) => may(fields.into_iter().filter(|f| !taken.contains(f))),
            other => other,
        };
    }
    ask_of_rivals(&mut headings, &taken);
    headings
}

/// Of several columns that may be the e-mail for the log-in one is it, or a person says which.
fn choose_nearest(headings: &mut [Heading<'_>], columns: &Columns) {
    for field in columns.with_nearest() {
        let mut rivals: Vec<&mut Heading<'_>> =
            headings.iter_mut().filter(|it| it.reading == Reading::Is(field)).collect();
        let names: BTreeSet<String> = rivals.iter().map(|it| fold(it.header)).collect();
        if names.len() < 2 {
            continue;
        }
        let only = |is_it: &dyn Fn(&str) -> bool| {
            let mut found = rivals.iter().map(|it| it.header).filter(|it| is_it(it));
            found.next().filter(|_| found.next().is_none())
        };
        let said = only(&|header| columns.is_remembered(header));
        let nearest = said.or_else(|| only(&|header| columns.is_nearest(field, header)));
        for rival in &mut rivals {
            rival.reading = match nearest {
                None => Reading::May(vec![field]),
                Some(nearest) if rival.header == nearest => continue,
                Some(_) => Reading::Beside(field),
            };
        }
    }
}

/// `Ngày bắt đầu`: what it begins is said by another header, if there is one.
fn is_bare(header: &str) -> bool {
    fold(header) == "ngay bat dau"
}

fn exact_fields<'a>(headings: impl Iterator<Item = &'a Heading<'a>>) -> BTreeSet<Field> {
    let exact = |heading: &Heading<'_>| match heading.reading {
        Reading::Is(field) => Some(field),
        _ => None,
    };
    headings.filter_map(exact).collect()
}

/// `STT / No.`: no part of it is data.
fn is_ignored(header: &str, columns: &Columns) -> bool {
    let parts = header.split(['/', '\n', '|']).filter(|part| !part.trim().is_empty());
    let parts: Vec<&str> = parts.collect();
    let all = !parts.is_empty() && parts.iter().all(|part| columns.is_ignored(part));
    all || columns.is_ignored(header)
}

fn exactly(header: &str, columns: &Columns) -> Reading {
    if is_ignored(header, columns) {
        return Reading::Ignored;
    }
    let fields: Vec<Field> = meanings(header, columns).into_iter().collect();
    match fields[..] {
        [field] => Reading::Is(field),
        _ => may(fields.into_iter()),
    }
}

pub fn may(fields: impl Iterator<Item = Field>) -> Reading {
    let fields: Vec<Field> = fields.collect();
    if fields.is_empty() { Reading::Unknown } else { Reading::May(fields) }
}

/// Two columns that hold words for the same field, and neither is it exactly.
fn ask_of_rivals(headings: &mut [Heading<'_>], taken: &BTreeSet<Field>) {
    let likely = |heading: &Heading<'_>| match heading.reading {
        Reading::Is(field) if !taken.contains(&field) => Some(field),
        _ => None,
    };
    let fields: Vec<Field> = headings.iter().filter_map(likely).collect();
    for heading in headings {
        let rivals = |field: &Field| fields.iter().filter(|other| *other == field).count() > 1;
        if let Some(field) = likely(heading).filter(rivals) {
            heading.reading = Reading::May(vec![field]);
        }
    }
}

/// Without a row: what the column means is a question about the whole list.
fn question(place: Place, header: &str, fields: &[Field], columns: &Columns) -> Finding {
    let finding = Finding::new(Code::HeaderAmbiguous, Place { row: None, ..place });
    let finding = finding.value(tidy(header));
    if meanings(header, columns).len() > 1 {
        let parts: Vec<&str> = header.split(['/', '|', '(', ')']).map(str::trim).collect();
        return finding.detail("allowed", joined(&parts));
    }
    let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    finding.detail("fields", names.join(","))
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

fn duplicate(place: Place, field: Field, (first, column): (&Column, &Column)) -> Finding {
    let named = |column: &Column| format!("{} ({})", column.header, column_letters(column.index));
    let headers = format!("{}, {}", named(first), named(column));
    Finding::new(Code::HeaderDuplicate, Place { field: Some(field), ..place })
        .value(&column.header)
        .detail("headers", headers)
}

/// Several fields twice, the tax id among them, are two lists beside each other: of which no client may be lost.
fn side_by_side(mut twice: Vec<Finding>) -> Vec<Finding> {
    let tax_id = twice.iter().position(|finding| finding.place.field == Some(Field::TaxId));
    match tax_id.filter(|_| twice.len() >= LIST_AGAIN) {
        Some(at) => {
            let Finding { place: second, detail, .. } = twice.swap_remove(at);
            let place = Place { row: None, ..second };
            let finding = Finding::new(Code::HeaderAmbiguous, place);
            vec![Finding { detail, ..finding }]
        }
        None => twice,
    }
}

/// A list without a tax id is none, unless a column may hold it.
fn without_tax_id(place: &Place, mapped: &[Column]) -> Option<Finding> {
    let may_be = |column: &Column| {
        column.field.into_iter().chain(column.asked.clone()).any(|field| field == Field::TaxId)
    };
    if mapped.iter().any(may_be) {
        return None;
    }
    let place = Place { row: None, field: Some(Field::TaxId), ..place.clone() };
    let seen: Vec<&str> = mapped.iter().map(|column| column.header.as_str()).collect();
    Some(Finding::new(Code::HeaderMissing, place).detail("headers", seen.join(", ")))
}
