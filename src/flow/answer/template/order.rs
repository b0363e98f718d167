//! The sheet of what is said once for the whole order; a value in a row of the list comes before it.
//! How it is read back is the business of `flow::map`.

use rust_xlsxwriter::Worksheet;

use super::Kit;
use crate::{domain::field::Field, flow::answer::page::Page};

const GRID: &[f64] = &[34.0, 36.0, 64.0];
/// Title, hint and headings stand above the fields.
const ABOVE: usize = 3;

pub fn sheet(kit: &mut Kit) -> anyhow::Result<Worksheet> {
    let title = kit.label("template.order_title");
    let hint = kit.label("template.order_hint");
    let [field, value, note] = ["order_field", "order_value", "order_note"]
        .map(|key| kit.label(&format!("template.{key}")));
    let name = kit.label("sheet.order");
    let (view, look) = (kit.view, &kit.look);
    let mut page = Page::new(&name, GRID, look)?;
    page.title(&title)?;
    page.line(&hint, &look.hint)?;
    page.headings(&[((0, 0), field), ((1, 1), value), ((2, 2), note)])?;
    for level in &view.order_level {
        page.cell(0, &level.label, &look.label)?;
        page.cell(1, &level.value, &look.input)?;
        page.cell(2, &level.note, &look.text)?;
        let found = view.choices.iter().find(|(known, _)| *known == level.field);
        if let Some((_, options)) = found.filter(|(_, options)| !options.is_empty()) {
            let choice = kit.lists.choice(options, kit.texts)?;
            page.choice(1, &choice)?;
        }
        page.end_row()?;
    }
    Ok(page.sheet)
}

/// Where the value of a field stands, for formulas of other sheets.
pub fn place(kit: &Kit, field: Field) -> String {
    let at = kit.view.order_level.iter().position(|level| level.field == field);
    let row = at.map_or(1, |at| at + ABOVE + 1);
    format!("'{}'!$B${row}", kit.label("sheet.order").replace('\'', "''"))
}
