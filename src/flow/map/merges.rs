//! Cells that are merged downwards: what the first of them says holds for the rows below, in some fields.
//! A cell that says something itself is asked first.

use super::{Table, TableRow};
use crate::{
    db::rows::Column,
    domain::{cell::Cell, field::Field, sheet::Merge},
};

/// Said once for several clients; a tax id, a name or an address is nobody else's.
pub const fn holds_for_all(field: Field) -> bool {
    let of_clients =
        matches!(field, Field::CustomerType | Field::VatMethod | Field::Regime | Field::AssignedTo);
    field.is_order_level() || of_clients
}

/// In the order in which they are looked for.
pub fn sort(merges: &mut [Merge]) {
    merges.sort_by_key(|merge| (merge.first_column, merge.first_row));
}

/// The cell above that an empty one is merged with. The merges of the table are sorted.
pub fn first_cell<'a>(table: &'a Table, row: &TableRow, column: &Column) -> Option<&'a Cell> {
    column.field.filter(|field| holds_for_all(*field))?;
    let merges = &table.layout.merges;
    let before = |merge: &Merge| (merge.first_column, merge.first_row) < (column.index, row.number);
    let merge = merges[..merges.partition_point(before)].last()?;
    let covers = merge.first_column == column.index && row.number <= merge.last_row;
    let first = merge.first_row;
    if !covers || first <= table.header_row {
        return None;
    }
    let at = table.rows.binary_search_by_key(&first, |row| row.number).ok()?;
    table.rows[at].cells.get(usize::try_from(column.index).ok()?)
}

/// The cells of a row with what they are merged with, for a row that goes on alone.
pub fn unmerged(table: &Table, row: &TableRow) -> Vec<Cell> {
    let mut cells = row.cells.clone();
    for column in &table.columns {
        let Ok(index) = usize::try_from(column.index) else { continue };
        if cells.get(index).is_some_and(|cell| !cell.is_empty()) {
            continue;
        }
        if let Some(cell) = first_cell(table, row, column) {
            cells.resize(cells.len().max(index + 1), Cell::Empty);
            cells[index] = cell.clone();
        }
    }
    cells
}
