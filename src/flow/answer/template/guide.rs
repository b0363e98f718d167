//! How to fill the list in and hand it in, what is sold at which price, and which clients the firm has already.
//! Nothing on these sheets is read back.

use minijinja::context;
use rust_xlsxwriter::Worksheet;

use super::Kit;
use crate::flow::answer::{look, page::Page};

const GRID: &[f64] = &[20.0, 60.0, 34.0];
const KNOWN_GRID: &[f64] = &[24.0, 60.0];

pub fn sheet(kit: &Kit) -> anyhow::Result<Worksheet> {
    let (view, look) = (kit.view, &kit.look);
    let mut page = Page::new(&kit.label("sheet.guide"), GRID, look)?;
    page.title(&kit.label("template.guide_title"))?;
    let about = context! {
        firm => &view.firm,
        customer_type => kit.label(&format!("customer_type.{}", view.customer_type)),
        at => view.generated_at.format("%d/%m/%Y").to_string(),
    };
    page.line(&kit.texts.say("workbook.template.guide_about", about), &look.about)?;
    page.line(&kit.label(&format!("template.{}", view.customer_type)), &look.banner)?;
    if kit.view.renews.is_some() {
        page.line(&kit.label("template.renew_guide"), &look.plain)?;
    }
    steps(kit, &mut page, "fill", 8)?;
    steps(kit, &mut page, "drop", 2)?;
    packages(kit, &mut page)?;
    Ok(page.sheet)
}

fn steps(kit: &Kit, page: &mut Page, part: &str, count: u8) -> anyhow::Result<()> {
    page.section(&kit.label(&format!("template.{part}")))?;
    for number in 1..=count {
        let step = kit.label(&format!("template.{part}_{number}"));
        page.line(&format!("{number}. {step}"), &kit.look.plain)?;
    }
    Ok(())
}

fn packages(kit: &Kit, page: &mut Page) -> anyhow::Result<()> {
    if kit.view.packages.is_empty() {
        return Ok(());
    }
    page.section(&kit.label("template.packages"))?;
    let columns = [(0, "code"), (1, "name"), (2, "price")];
    let heading = |(column, key)| ((column, column), kit.label(&format!("template.package_{key}")));
    page.headings(&columns.map(heading))?;
    for package in &kit.view.packages {
        page.cell(0, &package.code, &kit.look.text)?;
        page.cell(1, &package.name, &kit.look.text)?;
        page.number(2, look::as_number(package.price.as_dong()), &kit.look.money)?;
        page.end_row()?;
    }
    Ok(())
}

/// Their tax ids to copy: for a client that is known the list needs nothing else.
pub fn known(kit: &Kit) -> anyhow::Result<Worksheet> {
    let look = &kit.look;
    let mut page = Page::new(&kit.label("sheet.known"), KNOWN_GRID, look)?;
    page.title(&kit.label("template.known_title"))?;
    page.line(&kit.label("template.known_hint"), &look.hint)?;
    let headings = ["known_tax_id", "known_name"].map(|key| kit.label(&format!("template.{key}")));
    let [tax_id, name] = headings;
    page.headings(&[((0, 0), tax_id), ((1, 1), name)])?;
    for (tax_id, name) in &kit.view.known {
        page.cell(0, tax_id, &look.text)?;
        page.cell(1, name, &look.text)?;
        page.end_row()?;
    }
    Ok(page.sheet)
}
