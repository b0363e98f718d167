//! Tables for a terminal.

use comfy_table::{ContentArrangement, Table, presets};

use crate::text::Texts;

/// A table whose columns are named by their keys; an empty one says so.
pub fn table<const N: usize>(
    texts: &Texts,
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.map(|column| texts.label(&format!("command.column.{column}"))));
    for row in rows {
        table.add_row(row);
    }
    if table.row_iter().next().is_none() {
        return texts.label("command.nothing");
    }
    table.to_string()
}
