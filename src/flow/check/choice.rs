//! Rows of a list in which rows are chosen (`Gia hạn?`), of which nobody knows whether they are: a person is asked.
//! Rows that say no, or nothing, are none of the list; the mapping leaves them out.

use super::{Context, List};
use crate::{
    domain::{
        field::Field,
        finding::{Code, Finding, Place, Severity, column_letters},
    },
    flow::map::TableRow,
};

/// The header of the column: a finding that has it may be lifted by a decision.
pub const CHOICE: &str = "choice";

pub(super) fn look(list: &List<'_>, row: &TableRow, context: &Context<'_>) -> Option<Finding> {
    let (columns, column) = (&context.catalogue.columns, list.choice?);
    let text = row.cells.get(usize::try_from(column.index).ok()?)?.text();
    if columns.says_yes(&text) {
        return None;
    }
    let place = Place {
        sheet: Some(list.reading.table.name.clone()),
        row: Some(row.number),
        column: Some(column_letters(column.index)),
        field: Some(Field::Kind),
    };
    let said = Finding::new(Code::Unknown, place).severity(Severity::Hold).value(text);
    Some(said.detail(CHOICE, &column.header).detail("allowed", columns.yes().join(", ")))
}
