//! The workbook to fill in: a list of clients, what holds for the whole order, and how to hand it in.
//! Which columns, values and packages it offers is decided by the caller.

use anyhow::Context;
use chrono::Utc;
use minijinja::context;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet};

use super::{
    fit::{height, lines, width},
    lists::Lists,
    look::{self, Look, field_format, put_field, put_text},
    page::Page,
    view::{TemplateColumn, TemplateView},
};
use crate::{domain::field::Field, text::Texts};

/// So many rows have drop-downs, or as many as are filled in and half again.
const ROWS: u32 = 1_000;
/// After the label of a required column.
const REQUIRED: &str = " (*)";
const WIDEST: f64 = 36.0;
const ORDER_GRID: &[f64] = &[36.0, 50.0];
const GUIDE_GRID: &[f64] = &[20.0, 60.0, 34.0];

struct Kit<'a> {
    view: &'a TemplateView,
    texts: &'static Texts,
    look: Look,
    lists: Lists,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        let name = |sheet: &str| self.texts.label(&format!("workbook.sheet.{sheet}"));
        let sheets = context! { list => name("list"), order => name("order") };
        self.texts.say(&format!("workbook.{key}"), sheets)
    }
}

/// The bytes of the workbook; the same view gives the same bytes.
pub fn write(view: &TemplateView) -> anyhow::Result<Vec<u8>> {
    let texts = Texts::of(view.locale);
    let mut kit = Kit { view, texts, look: Look::new(), lists: Lists::default() };
    let mut workbook = Workbook::new();
    let made_at = view.generated_at.with_timezone(&Utc);
    let properties = DocProperties::new().set_title(kit.label("template.title"));
    workbook.set_properties(&properties.set_author("hangloat").set_creation_datetime(&made_at));
    workbook.push_worksheet(list(&mut kit).context("The list cannot be written")?);
    if !view.order_level.is_empty() {
        workbook.push_worksheet(order(&mut kit).context("The order cannot be written")?);
    }
    workbook.push_worksheet(guide(&kit).context("The guide cannot be written")?);
    if let Some(lists) = kit.lists.into_sheet()? {
        workbook.push_worksheet(lists);
    }
    workbook.save_to_buffer().context("The template cannot be written")
}

fn list(kit: &mut Kit) -> anyhow::Result<Worksheet> {
    let mut sheet = Worksheet::new();
    sheet.set_name(kit.label("sheet.list"))?;
    look::lay_out_page(&mut sheet);
    look::print_grid(&mut sheet);
    let filled = u32::try_from(kit.view.rows.len())?;
    let last_row = ROWS.max(filled + filled / 2);
    let mut tallest = 2;
    for (at, column) in kit.view.columns.iter().enumerate() {
        let number = look::at(0, at)?.1;
        let width = column_width(kit.view, column);
        let heading = heading(column);
        tallest = tallest.max(lines(&heading, width - 1.0));
        put_text(&mut sheet, (0, number), &heading, &kit.look.heading)?;
        sheet.set_column_width(number, width)?;
        // The whole column: what is typed below the last drop-down keeps its zeros too.
        let format = Format::new().set_num_format(field_format(column.field));
        sheet.set_column_format(number, &format)?;
        if let Some(options) = options(kit.view, column.field) {
            let choice = kit.lists.choice(options, kit.texts)?;
            sheet.add_data_validation(1, number, last_row, number, &choice)?;
        }
    }
    fill(&mut sheet, kit.view)?;
    sheet.set_row_height(0, height(tallest))?;
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(sheet)
}

fn heading(column: &TemplateColumn) -> String {
    let mark = if column.required { REQUIRED } else { "" };
    format!("{}{mark}", column.label)
}

fn column_width(view: &TemplateView, column: &TemplateColumn) -> f64 {
    let value = |row: &Vec<(Field, String)>| {
        row.iter().find(|(field, _)| *field == column.field).map_or(0.0, |(_, text)| width(text))
    };
    let values = view.rows.iter().map(value);
    let choices = options(view, column.field).unwrap_or_default().iter().map(|text| width(text));
    let heading = (width(&heading(column)) + 1.0).min(20.0);
    (values.chain(choices).fold(heading, f64::max) + 2.0).clamp(usual_width(column.field), WIDEST)
}

/// What is going to be typed needs room, too.
fn usual_width(field: Field) -> f64 {
    match field {
        Field::Name | Field::Address | Field::InvoiceName | Field::InvoiceAddress => 36.0,
        Field::Email | Field::RecipientEmail | Field::InvoiceEmail | Field::Note => 28.0,
        Field::Representative | Field::RecipientName => 24.0,
        _ => 14.0,
    }
}

fn options(view: &TemplateView, field: Field) -> Option<&[String]> {
    let found = view.choices.iter().find(|(known, _)| *known == field);
    found.map(|(_, options)| options.as_slice()).filter(|options| !options.is_empty())
}

fn fill(sheet: &mut Worksheet, view: &TemplateView) -> anyhow::Result<()> {
    for (at, row) in (1..).zip(&view.rows) {
        for (column, TemplateColumn { field, .. }) in view.columns.iter().enumerate() {
            if let Some((_, text)) = row.iter().find(|(known, _)| known == field) {
                put_field(sheet, look::at(at, column)?, (*field, text), None)?;
            }
        }
    }
    Ok(())
}

fn order(kit: &mut Kit) -> anyhow::Result<Worksheet> {
    let title = kit.label("template.order_title");
    let hint = kit.label("template.order_hint");
    let headings = ["order_field", "order_value"].map(|key| kit.label(&format!("template.{key}")));
    let name = kit.label("sheet.order");
    let (view, look) = (kit.view, &kit.look);
    let mut page = Page::new(&name, ORDER_GRID, look)?;
    page.title(&title)?;
    page.line(&hint, &look.hint)?;
    let [field, value] = headings;
    page.headings(&[((0, 0), field), ((1, 1), value)])?;
    for level in &view.order_level {
        page.cell(0, &level.label, &look.label)?;
        page.cell(1, &level.value, &look.input)?;
        if let Some(options) = options(view, level.field) {
            let choice = kit.lists.choice(options, kit.texts)?;
            page.choice(1, &choice)?;
        }
        page.end_row()?;
    }
    Ok(page.sheet)
}

fn guide(kit: &Kit) -> anyhow::Result<Worksheet> {
    let (view, look) = (kit.view, &kit.look);
    let mut page = Page::new(&kit.label("sheet.guide"), GUIDE_GRID, look)?;
    page.title(&kit.label("template.guide_title"))?;
    let about = context! {
        firm => &view.firm,
        customer_type => kit.label(&format!("customer_type.{}", view.customer_type)),
        at => view.generated_at.format("%d/%m/%Y").to_string(),
    };
    page.line(&kit.texts.say("workbook.template.guide_about", about), &look.about)?;
    page.line(&kit.label(&format!("template.{}", view.customer_type)), &look.banner)?;
    steps(kit, &mut page, "fill", 6)?;
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};
    use chrono::TimeZone;

    use super::*;
    use crate::{
        domain::{client::CustomerType, locale::Locale, money::Money},
        flow::answer::view::{OrderLevel, TemplatePackage},
    };

    fn view() -> TemplateView {
        let column = |field, label: &str, required| TemplateColumn {
            field,
            label: label.to_owned(),
            required,
        };
        TemplateView {
            locale: Locale::Vi,
            customer_type: CustomerType::Enterprise,
            firm: "Minh An".into(),
            generated_at: chrono_tz::Asia::Ho_Chi_Minh
                .with_ymd_and_hms(2026, 11, 20, 9, 0, 0)
                .unwrap(),
            columns: vec![
                column(Field::Name, "Tên khách hàng", true),
                column(Field::TaxId, "Mã số thuế", true),
                column(Field::VatMethod, "Phương pháp tính thuế", false),
                column(Field::FiscalYearStart, "Ngày bắt đầu", false),
            ],
            choices: vec![(Field::VatMethod, vec!["Khấu trừ".into(), "Trực tiếp".into()])],
            packages: vec![TemplatePackage {
                code: "ASP-DN".into(),
                name: "ASP".into(),
                price: Money::dong(2_950_000),
            }],
            rows: vec![vec![
                (Field::TaxId, "0101243150".into()),
                (Field::FiscalYearStart, "2027-01-01".into()),
            ]],
            order_level: vec![OrderLevel {
                field: Field::FiscalYear,
                label: "Năm tài chính".into(),
                value: "2026".into(),
            }],
        }
    }

    #[test]
    fn a_template_has_a_list_an_order_and_a_guide() {
        let mut book = Xlsx::new(Cursor::new(write(&view()).unwrap())).unwrap();
        assert_eq!(book.sheet_names(), ["Danh sách", "Đơn hàng", "Hướng dẫn"]);
        let list = book.worksheet_range("Danh sách").unwrap();
        assert_eq!(list.get_value((0, 0)), Some(&Data::String("Tên khách hàng (*)".into())));
        assert_eq!(list.get_value((0, 3)), Some(&Data::String("Ngày bắt đầu".into())));
        assert_eq!(list.get_value((1, 1)), Some(&Data::String("0101243150".into())));
        assert!(matches!(list.get_value((1, 3)), Some(Data::DateTime(_))));
        let order = book.worksheet_range("Đơn hàng").unwrap();
        assert!(order.rows().any(|row| row[0] == "Năm tài chính" && row[1] == "2026"));
        let guide = book.worksheet_range("Hướng dẫn").unwrap();
        assert!(guide.rows().any(|row| row[0] == "ASP-DN" && row[2] == 2_950_000.0));
    }

    #[test]
    fn the_same_view_gives_the_same_template() {
        assert!(write(&view()).unwrap() == write(&view()).unwrap());
    }
}
