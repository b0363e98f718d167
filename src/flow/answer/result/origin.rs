//! The sheet on origin: file, batch, versions, times.
//! Which rows it has is decided by the caller.

use rust_xlsxwriter::Worksheet;

use super::Kit;
use crate::flow::answer::page::Page;

const GRID: &[f64] = &[32.0, 90.0];

pub fn sheet(kit: &Kit) -> anyhow::Result<Worksheet> {
    let mut page = Page::new(&kit.label("sheet.origin"), GRID, &kit.look)?;
    page.title(&kit.label("origin.title"))?;
    page.skip();
    for (label, value) in &kit.view.origin {
        page.cell(0, label, &kit.look.label)?;
        page.cell(1, value, &kit.look.text)?;
        page.end_row()?;
    }
    Ok(page.sheet)
}
