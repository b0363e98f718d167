//! Headers of a list: which field each column is, and what is said of those that are none or too many.
//! Which row is the header is decided beside it; synonyms are data of the catalogue.

use std::collections::BTreeSet;

use crate::{
    catalogue::columns::Columns,
    db::rows::Column,
    domain::{
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::{fold, tidy},
    },
};

/// Parts of a header that say how to fill it in, folded; so do parts with a digit.
const HINTS: [&str; 9] =
    ["bat buoc", "khong bat buoc", "neu co", "required", "optional", "if any", "dd", "mm", "yyyy"];

/// The field that a header names; several where its parts name different ones.
pub fn meanings(header: &str, columns: &Columns) -> BTreeSet<Field> {
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

/// The columns of a header row.
pub fn columns_of(
    place: &Place,
    headers: &[Cell],
    columns: &Columns,
    findings: &mut Vec<Finding>,
) -> Vec<Column> {
    let mut mapped: Vec<Column> = Vec::new();
    for (index, cell) in (0u32..).zip(headers) {
        let header = tidy(&cell.text());
        if header.is_empty() {
            continue;
        }
        let meanings = meanings(&cell.text(), columns);
        let field = meanings.first().copied().filter(|_| meanings.len() == 1);
        let place = Place { column: Some(column_letters(index)), field, ..place.clone() };
        let column = Column::new(index, &header, field);
        if let Some(finding) = about(&column, place, &mapped, (&meanings, columns)) {
            findings.push(finding);
        }
        let is_taken = field.is_some() && mapped.iter().any(|column| column.field == field);
        mapped.push(Column { field: field.filter(|_| !is_taken), ..column });
    }
    if !mapped.iter().any(|column| column.field == Some(Field::TaxId)) {
        let place = Place { row: None, field: Some(Field::TaxId), ..place.clone() };
        let seen: Vec<&str> = mapped.iter().map(|column| column.header.as_str()).collect();
        findings.push(Finding::new(Code::HeaderMissing, place).detail("headers", seen.join(", ")));
    }
    mapped
}

fn about(
    column: &Column,
    place: Place,
    before: &[Column],
    (meanings, columns): (&BTreeSet<Field>, &Columns),
) -> Option<Finding> {
    let header = column.header.as_str();
    if meanings.len() > 1 {
        // Without a row: what the column means is a question about the whole list.
        let finding = Finding::new(Code::HeaderAmbiguous, Place { row: None, ..place });
        let allowed: Vec<&str> = header.split(['/', '|', '(', ')']).map(str::trim).collect();
        return Some(finding.value(header).detail("allowed", joined(&allowed)));
    }
    let Some(field) = column.field else {
        let unknown = !columns.is_ignored(header);
        return unknown.then(|| Finding::new(Code::HeaderUnknown, place).value(header));
    };
    let first = before.iter().find(|column| column.field == Some(field))?;
    let named = |column: &Column| format!("{} ({})", column.header, column_letters(column.index));
    let headers = format!("{}, {}", named(first), named(column));
    Some(Finding::new(Code::HeaderDuplicate, place).value(header).detail("headers", headers))
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ")
}
