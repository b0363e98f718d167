//! An export as a workbook: one long sheet under stable names, ids as text, money and dates as such.
//! What stands in it is gathered by `flow::export`.

use anyhow::Context as _;
use chrono::Utc;
use rust_xlsxwriter::{DocProperties, Format, Worksheet, XlsxError};

use super::{
    fit::width,
    look::{self, Look, Shape, as_number, put_text, value},
    page::Page,
    paper, to_read,
    view::ControlTotals,
};
use crate::{
    flow::{
        Services,
        export::{Datum, Table},
    },
    text::Texts,
};

/// No column is wider; what is longer is cut off on the screen, not in the cell.
const WIDEST: f64 = 42.0;
/// So many rows say how wide a column is.
const SAMPLE: usize = 200;

/// The bytes of a workbook with these rows of a table.
pub fn write(services: &Services, table: &Table, rows: &[Vec<Datum>]) -> anyhow::Result<Vec<u8>> {
    let mut workbook = look::workbook()?;
    let title = services.texts.label(&format!("workbook.export.{}", table.what));
    let made_at = services.now().with_timezone(&Utc);
    let properties = DocProperties::new().set_title(&title).set_author("hangloat");
    workbook.set_properties(&to_read::properties(properties.set_creation_datetime(&made_at)));
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(&title)?;
    fill(services, sheet, table, rows).context("The export cannot be written")?;
    if let Some(sheet) = totals(services, table)? {
        workbook.push_worksheet(sheet);
    }
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The export cannot be written")
}

fn fill(
    services: &Services,
    sheet: &mut Worksheet,
    table: &Table,
    rows: &[Vec<Datum>],
) -> anyhow::Result<()> {
    let (look, formats) = (Look::new(), Formats::new());
    sheet.set_print_gridlines(true);
    let heading = |name: &str| heading(services.texts, name);
    let mut widths = Vec::new();
    for (at, (name, _)) in table.columns.iter().enumerate() {
        let shown = rows.iter().take(SAMPLE).map(|row| width(&row[at].shown()));
        let widest = shown.fold(width(&heading(name)).min(20.0), f64::max);
        widths.push((widest + 3.0).min(WIDEST));
        sheet.set_column_width(look::at(0, at)?.1, widths[at])?;
    }
    let fields = table.columns.iter().enumerate();
    let fields = fields.filter_map(|(at, (name, _))| Some((at, name.parse().ok()?)));
    let identifying = paper::identifying(fields);
    let columns = paper::Columns { widths: &widths, identifying, group: 0 };
    paper::list(sheet, columns)?;
    sheet.set_row_height(0, 34)?.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    for (at, (name, _)) in table.columns.iter().enumerate() {
        put_text(sheet, look::at(0, at)?, &heading(name), &look.heading)?;
    }
    for (number, row) in (1..).zip(rows) {
        for (at, datum) in row.iter().enumerate() {
            formats.put(sheet, look::at(number, at)?, datum)?;
        }
    }
    let last = look::at(u32::try_from(rows.len())?, table.columns.len().saturating_sub(1))?;
    sheet.autofilter(0, 0, last.0, last.1)?;
    Ok(())
}

const TOTALS_GRID: &[f64] = &[24.0, 14.0, 22.0, 34.0];

/// The control totals of each batch, as its result workbook has them; of the whole export, in each of its files.
fn totals(services: &Services, table: &Table) -> anyhow::Result<Option<Worksheet>> {
    if table.totals.is_empty() {
        return Ok(None);
    }
    let (texts, look) = (services.texts, Look::new());
    let label = |key: &str| texts.label(&format!("workbook.{key}"));
    let mut page = Page::new(&label("sheet.totals"), TOTALS_GRID, &look)?;
    page.title(&label("sheet.totals"))?;
    page.line(&label("export.totals_hint"), &look.hint)?;
    page.headings(&[
        ((0, 0), label("export.column.batch")),
        ((1, 1), label("summary.total_rows")),
        ((2, 2), label("summary.total_amount")),
        ((3, 3), label("summary.total_tax_ids")),
    ])?;
    for (batch, ControlTotals { rows, amount, tax_id_sum }) in &table.totals {
        page.cell(0, &batch.to_string(), &look.label)?;
        page.number(1, as_number(i64::try_from(*rows)?), &look.number)?;
        page.number(2, as_number(amount.as_dong()), &look.money)?;
        page.number(3, as_number(*tax_id_sum), &look.number)?;
        page.end_row()?;
    }
    Ok(Some(page.sheet))
}

/// A field of a client is called as everywhere.
/// What a column of an export is called.
pub(super) fn heading(texts: &Texts, name: &str) -> String {
    let field = format!("field.{name}");
    let own = || texts.label(&format!("workbook.export.column.{name}"));
    if texts.has(&field) { texts.label(&field) } else { own() }
}

struct Formats {
    text: Format,
    whole: Format,
    money: Format,
    day: Format,
    moment: Format,
}

impl Formats {
    fn new() -> Formats {
        let figure = |num_format| value(num_format, Shape::Figure, None);
        Formats {
            text: value(look::TEXT, Shape::Line, None),
            whole: figure(look::WHOLE),
            money: figure(look::MONEY),
            day: figure(look::DATE),
            moment: figure(look::MOMENT),
        }
    }

    fn put(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        datum: &Datum,
    ) -> Result<(), XlsxError> {
        let number = |number: &i64| as_number(*number);
        match datum {
            Datum::Nothing => return Ok(()),
            Datum::Text(text) => return put_text(sheet, (row, column), text, &self.text),
            Datum::Whole(whole) => {
                sheet.write_number_with_format(row, column, number(whole), &self.whole)
            }
            Datum::Money(money) => {
                sheet.write_number_with_format(row, column, number(money), &self.money)
            }
            Datum::Day(day) if look::has_serial(*day) => {
                sheet.write_datetime_with_format(row, column, *day, &self.day)
            }
            Datum::Day(day) => return put_text(sheet, (row, column), &day.to_string(), &self.text),
            Datum::Moment(at) => {
                sheet.write_datetime_with_format(row, column, at.naive_local(), &self.moment)
            }
        }
        .map(drop)
    }
}
