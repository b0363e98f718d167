//! The sheet on origin: file, batch, versions, times; and what was said once for the whole order.
//! Which rows it has is decided by the caller.

use rust_xlsxwriter::Worksheet;

use super::Kit;
use crate::flow::answer::page::Page;

const GRID: &[f64] = &[32.0, 90.0];

pub fn sheet(kit: &Kit) -> anyhow::Result<Worksheet> {
    pairs(kit, "sheet.origin", "origin.title", &kit.view.origin)
}

/// What was said once for the whole order, if anything was.
pub fn order_sheet(kit: &Kit) -> anyhow::Result<Option<Worksheet>> {
    let said = &kit.view.order_level;
    (!said.is_empty()).then(|| pairs(kit, "sheet.order", "template.order_title", said)).transpose()
}

fn pairs(
    kit: &Kit,
    name: &str,
    title: &str,
    pairs: &[(String, String)],
) -> anyhow::Result<Worksheet> {
    let mut page = Page::new(&kit.label(name), GRID, &kit.look)?;
    page.title(&kit.label(title))?;
    page.skip();
    for (label, value) in pairs {
        page.cell(0, label, &kit.look.label)?;
        page.cell(1, value, &kit.look.text)?;
        page.end_row()?;
    }
    Ok(page.sheet)
}
