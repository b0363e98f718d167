//! An export as a workbook: one long sheet under stable names, ids as text, money and dates as such.
//! What stands in it is gathered by `flow::export`.

use anyhow::Context as _;
use chrono::Utc;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::{
    fit::width,
    look::{self, Look, as_number, put_text, value},
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
    let mut workbook = Workbook::new();
    let title = services.texts.label(&format!("workbook.export.{}", table.what));
    let made_at = services.now().with_timezone(&Utc);
    let properties = DocProperties::new().set_title(&title).set_author("hangloat");
    workbook.set_properties(&properties.set_creation_datetime(&made_at));
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(&title)?;
    fill(services, sheet, table, rows).context("The export cannot be written")?;
    workbook.save_to_buffer().context("The export cannot be written")
}

fn fill(
    services: &Services,
    sheet: &mut Worksheet,
    table: &Table,
    rows: &[Vec<Datum>],
) -> anyhow::Result<()> {
    let (look, formats) = (Look::new(), Formats::new());
    look::lay_out_page(sheet);
    look::print_grid(sheet);
    let heading = |name: &str| heading(services.texts, name);
    for (at, (name, _)) in table.columns.iter().enumerate() {
        let column = look::at(0, at)?.1;
        let shown = rows.iter().take(SAMPLE).map(|row| width(&row[at].shown()));
        let widest = shown.fold(width(&heading(name)).min(20.0), f64::max);
        sheet.set_column_width(column, (widest + 3.0).min(WIDEST))?;
    }
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

/// A field of a client is called as everywhere.
fn heading(texts: &Texts, name: &str) -> String {
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
        let of = |num_format| value(num_format, false, None);
        Formats {
            text: of(look::TEXT),
            whole: of(look::WHOLE),
            money: of(look::MONEY),
            day: of(look::DATE),
            moment: of(look::MOMENT),
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
