//! Tables for a terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with a header; an empty one says so.
pub fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    if table.row_iter().next().is_none() { "–".to_owned() } else { table.to_string() }
}
