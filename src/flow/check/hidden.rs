//! Rows that nobody sees in their file, hidden or filtered out: asked about, taken, or left out, as the job says.
//! Which rows are hidden is known by the reader.

use super::Context;
use crate::{
    domain::finding::{Code, Finding, Place, Severity},
    flow::{
        map::{Table, TableRow},
        options::HiddenRows,
    },
};

pub fn look(table: &Table, row: &TableRow, context: &Context<'_>) -> Option<Finding> {
    if !table.layout.hides(row.number) {
        return None;
    }
    let place =
        Place { sheet: Some(table.name.clone()), row: Some(row.number), ..Place::default() };
    let finding = Finding::new(Code::RowHidden, place);
    Some(match context.options.hidden_rows {
        HiddenRows::Hold => finding,
        HiddenRows::Take => finding.severity(Severity::Info).detail("taken", "1"),
        HiddenRows::Skip => finding.severity(Severity::Info).detail("skipped", "1"),
    })
}

/// Whether a row with these findings is left out.
pub fn is_skipped(findings: &[Finding], context: &Context<'_>) -> bool {
    context.options.hidden_rows == HiddenRows::Skip
        && findings.iter().any(|finding| finding.code == Code::RowHidden)
}
