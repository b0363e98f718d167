//! The sheet of clients: headers with notes, an example that is never read, drop-downs, what is known already.
//! What stands once for the whole order is written beside it.

use rust_xlsxwriter::Worksheet;

use super::{Kit, order};
use crate::{
    domain::field::Field,
    flow::answer::{
        fit::{height, lines, width},
        lists::Lists,
        look::{self, TEXT, field_format, note, put_field, put_text},
        paper,
        view::TemplateColumn,
    },
};

/// So many rows have drop-downs, or as many as are filled in and half again.
const ROWS: u32 = 1_000;
/// After the label of a required column.
const REQUIRED: &str = " (*)";
const WIDEST: f64 = 36.0;
const CHOICE_WIDTH: f64 = 12.0;
/// Below the header stands the example.
const EXAMPLE: u32 = 1;
const FIRST: u32 = 2;

pub fn sheet(kit: &mut Kit) -> anyhow::Result<Worksheet> {
    let mut sheet = Worksheet::new();
    sheet.set_name(kit.label("sheet.list"))?;
    // What is typed has no frames.
    sheet.set_print_gridlines(true);
    let filled = u32::try_from(kit.view.rows.len())?;
    let last_row = FIRST + ROWS.max(filled + filled / 2);
    choice(kit, &mut sheet, last_row)?;
    let mut tallest = 2;
    for (at, column) in kit.view.columns.iter().enumerate() {
        let number = number(kit, at)?;
        let width = column_width(kit, column);
        let heading = heading(column);
        tallest = tallest.max(lines(&heading, width - 1.0));
        put_text(&mut sheet, (0, number), &heading, &kit.look.heading)?;
        sheet.insert_note(0, number, &note(&column.note))?;
        sheet.set_column_width(number, width)?;
        // The whole column: what is typed below the last drop-down keeps its zeros too.
        sheet.set_column_format(number, &look::free_column(field_format(column.field)))?;
    }
    drop_downs(kit, &mut sheet, last_row)?;
    example(kit, &mut sheet)?;
    fill(kit, &mut sheet)?;
    sheet.set_row_height(0, height(tallest))?;
    page(kit, &mut sheet)?;
    Ok(sheet)
}

/// What stays in sight, and how it is printed.
fn page(kit: &Kit, sheet: &mut Worksheet) -> anyhow::Result<()> {
    let before = usize::from(kit.view.renews.is_some());
    let columns = &kit.view.columns;
    let widths = columns.iter().map(|column| column_width(kit, column));
    let widths: Vec<f64> = std::iter::repeat_n(CHOICE_WIDTH, before).chain(widths).collect();
    let fields = columns.iter().enumerate().map(|(at, column)| (at + before, column.field));
    let identifying = paper::identifying(fields);
    let columns = paper::Columns { widths: &widths, identifying, group: 0 };
    paper::list(sheet, columns)?;
    sheet.set_freeze_panes(1, paper::frozen(columns).max(1))?.set_repeat_rows(0, 0)?;
    Ok(())
}

/// Columns of fields follow that of the choice, where there is one.
fn number(kit: &Kit, at: usize) -> anyhow::Result<u16> {
    Ok(look::at(0, at + usize::from(kit.view.renews.is_some()))?.1)
}

/// `Gia hạn?`: which of the listed clients are taken.
fn choice(kit: &Kit, sheet: &mut Worksheet, last_row: u32) -> anyhow::Result<()> {
    if kit.view.renews.is_none() {
        return Ok(());
    }
    put_text(sheet, (0, 0), &kit.label("template.renew"), &kit.look.heading)?;
    sheet.insert_note(0, 0, &note(&kit.label("template.renew_note")))?;
    sheet.set_column_width(0, CHOICE_WIDTH)?;
    let words = ["yes", "no"].map(|word| kit.label(&format!("template.{word}")));
    let rule = Lists::strict(&words)?;
    sheet.add_data_validation(FIRST, 0, last_row, 0, &rule)?;
    for row in (FIRST..).take(kit.view.rows.len()) {
        put_text(sheet, (row, 0), "", &kit.look.input)?;
    }
    Ok(())
}

fn drop_downs(kit: &mut Kit, sheet: &mut Worksheet, last_row: u32) -> anyhow::Result<()> {
    let view = kit.view;
    for (at, column) in view.columns.iter().enumerate() {
        let number = number(kit, at)?;
        let rule = if column.field == Field::Regime && view.regimes.len() > 1 {
            let year = year_of_row(kit)?;
            Some(kit.lists.by_year((&year, &view.regimes), kit.texts)?)
        } else if column.field == Field::TaxId && !view.known.is_empty() {
            let known: Vec<String> = view.known.iter().map(|(tax_id, _)| tax_id.clone()).collect();
            Some(kit.lists.suggestion(&known)?)
        } else if let Some(options) = kit.options(column.field).map(<[String]>::to_vec) {
            Some(kit.lists.choice(&options, kit.texts)?)
        } else {
            None
        };
        if let Some(rule) = rule {
            sheet.add_data_validation(FIRST, number, last_row, number, &rule)?;
        }
    }
    Ok(())
}

/// The year that holds for the first row, as a formula: its own, else that of the order.
fn year_of_row(kit: &Kit) -> anyhow::Result<String> {
    let at = kit.view.columns.iter().position(|column| column.field == Field::FiscalYear);
    let column = number(kit, at.unwrap_or_default())?;
    let own = format!("${}{}", crate::domain::finding::column_letters(column.into()), FIRST + 1);
    let of_order = order::place(kit, Field::FiscalYear);
    let last = kit.view.regimes.last().map_or(0, |(year, _)| year.year());
    Ok(format!("IFERROR(VALUE(IF({own}=\"\",{of_order},{own})),{last})"))
}

fn heading(column: &TemplateColumn) -> String {
    let mark = if column.required { REQUIRED } else { "" };
    format!("{}{mark}", column.label)
}

fn column_width(kit: &Kit, column: &TemplateColumn) -> f64 {
    let value = |row: &Vec<(Field, String)>| {
        row.iter().find(|(field, _)| *field == column.field).map_or(0.0, |(_, text)| width(text))
    };
    let rows = kit.view.rows.iter().chain([&kit.view.example]);
    let values = rows.map(value);
    let choices = kit.options(column.field).unwrap_or_default().iter().map(|text| width(text));
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

/// Its first cell says that it is one: by that it is known, and never read.
fn example(kit: &Kit, sheet: &mut Worksheet) -> anyhow::Result<()> {
    let format = kit.look.hint.clone().set_num_format(TEXT).set_indent(1);
    let mut tallest = 1;
    for (at, TemplateColumn { field, .. }) in kit.view.columns.iter().enumerate() {
        let found = kit.view.example.iter().find(|(known, _)| known == field);
        let text = found.map(|(_, text)| text.as_str()).unwrap_or_default();
        let text = if at == 0 {
            format!("{}: {text}", kit.label("template.example"))
        } else {
            text.to_owned()
        };
        tallest = tallest.max(lines(&text, column_width(kit, &kit.view.columns[at]) - 2.0));
        put_text(sheet, (EXAMPLE, number(kit, at)?), &text, &format)?;
    }
    if kit.view.renews.is_some() {
        put_text(sheet, (EXAMPLE, 0), &kit.label("template.example"), &format)?;
    }
    sheet.set_row_height(EXAMPLE, height(tallest))?;
    Ok(())
}

fn fill(kit: &Kit, sheet: &mut Worksheet) -> anyhow::Result<()> {
    let widths: Vec<f64> =
        kit.view.columns.iter().map(|column| column_width(kit, column) - 2.0).collect();
    for (row, values) in (FIRST..).zip(&kit.view.rows) {
        let mut tallest = 1;
        for (at, TemplateColumn { field, .. }) in kit.view.columns.iter().enumerate() {
            if let Some((_, text)) = values.iter().find(|(known, _)| known == field) {
                tallest = tallest.max(lines(text, widths[at]));
                put_field(sheet, (row, number(kit, at)?), (*field, text), None)?;
            }
        }
        sheet.set_row_height(row, height(tallest))?;
    }
    Ok(())
}
