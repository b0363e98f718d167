//! *Tin nhắn*: for each unpaid line a phone and a ready text, to be sent by Zalo or SMS by hand.

use rust_xlsxwriter::{Workbook, Worksheet};

use super::Kit;
use crate::flow::answer::{
    look::{TEXT, as_number},
    page::Page,
};

/// Phone, text, who pays, client, its tax id, what the text asks for and under which code, last day, line.
const GRID: &[f64] = &[16.0, 88.0, 32.0, 32.0, 16.0, 15.0, 16.0, 14.0, 20.0];
const HEADINGS: [&str; 9] =
    ["phone", "text", "payer", "client", "tax_id", "amount", "code", "due", "line"];

/// Nothing where all is paid, or nothing was asked for yet.
pub fn sheet(kit: &Kit, workbook: &mut Workbook) -> anyhow::Result<Option<Worksheet>> {
    let slips = &kit.view.messages;
    if slips.is_empty() {
        return Ok(None);
    }
    let sheet = workbook.new_worksheet_with_constant_memory()?;
    let mut page = Page::on(sheet, &kit.label("sheet.messages"), GRID, &kit.look)?;
    page.title(&kit.label("messages.title"))?;
    page.line(&kit.label("messages.hint"), &kit.look.hint)?;
    let headings = HEADINGS.map(|name| kit.label(&format!("messages.{name}")));
    page.headings(&(0..).zip(headings).map(|(at, name)| ((at, at), name)).collect::<Vec<_>>())?;
    let header = page.row() - 1;
    let id = kit.look.text.clone().set_num_format(TEXT);
    for slip in slips {
        page.cell(0, &slip.phone, &id)?;
        page.cell(1, &slip.text, &kit.look.text)?;
        page.cell(2, &slip.payer, &kit.look.text)?;
        page.cell(3, &slip.client, &kit.look.text)?;
        page.cell(4, &slip.tax_id, &id)?;
        if let Some((amount, code)) = slip.to_transfer() {
            page.number(5, as_number(amount.as_dong()), &kit.look.money)?;
            page.cell(6, code, &id)?;
        }
        page.cell(7, &slip.due, &id)?;
        page.cell(8, &slip.line.to_string(), &id)?;
        page.end_row()?;
    }
    let (end, last) = (page.row() - 1, page.last_column());
    page.sheet.autofilter(header, 0, end, last)?;
    page.sheet.set_freeze_panes(header + 1, 1)?.set_repeat_rows(header, header)?;
    Ok(Some(page.sheet))
}
