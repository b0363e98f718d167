//! One visual language for every workbook: colours, formats, notes, the printed page.
//! What is written into the cells is the business of the sheets.

use anyhow::Context;
use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, Note, ObjectMovement, Worksheet, XlsxError,
};

use super::fit::{cut, lines, shown};
use crate::domain::{
    batch::RowState,
    field::Field,
    finding::Severity,
    order::{LineState, OrderState},
};

const FONT: &str = "Calibri";
const ACCENT: u32 = 0x001F_4E79;
const ACCENT_LIGHT: u32 = 0x00DD_EBF7;
const GREY_LIGHT: u32 = 0x00ED_EDED;
const GREY: u32 = 0x0059_5959;
const INPUT: u32 = 0x00FF_FFE5;
const LINE: u32 = 0x00BF_BFBF;

pub const GENERAL: &str = "General";
pub const DATE: &str = "dd/mm/yyyy";
pub const MOMENT: &str = "dd/mm/yyyy hh:mm";
pub const MONEY: &str = "#,##0";
pub const WHOLE: &str = "0";
/// Keeps zeros in front, also of what is typed later.
pub const TEXT: &str = "@";

/// Excel shows a box and TRUE whatever the format; LibreOffice would show 1 and 0.
const TICK: &str = "\"☑\";\"☑\";\"☐\"";
pub const BOOL: &str = "\"TRUE\";\"TRUE\";\"FALSE\"";

/// What a colour says; the words beside it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Good,
    Bad,
    Waiting,
    Quiet,
}

impl Tone {
    fn colours(self) -> (u32, u32) {
        match self {
            Tone::Good => (0x00C6_EFCE, 0x0000_6100),
            Tone::Bad => (0x00FF_C7CE, 0x009C_0006),
            Tone::Waiting => (0x00FF_EB9C, 0x007F_4F00),
            Tone::Quiet => (GREY_LIGHT, 0x0040_4040),
        }
    }
}

impl From<RowState> for Tone {
    fn from(state: RowState) -> Tone {
        match state {
            RowState::Accepted => Tone::Good,
            RowState::Rejected => Tone::Bad,
            RowState::Held => Tone::Waiting,
            RowState::Staged | RowState::Unchanged => Tone::Quiet,
        }
    }
}

impl From<LineState> for Tone {
    fn from(state: LineState) -> Tone {
        match state {
            LineState::Waiting | LineState::Placed | LineState::Active => Tone::Good,
            LineState::Failed | LineState::Suspended => Tone::Bad,
            LineState::Activating | LineState::Grace | LineState::Uncertain => Tone::Waiting,
            LineState::Cancelled => Tone::Quiet,
        }
    }
}

impl From<OrderState> for Tone {
    fn from(state: OrderState) -> Tone {
        match state {
            OrderState::AwaitingConfirmation => Tone::Waiting,
            OrderState::Placed | OrderState::Paid | OrderState::Done => Tone::Good,
            OrderState::Cancelled => Tone::Quiet,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Tone {
        match severity {
            Severity::Error => Tone::Bad,
            Severity::Hold | Severity::Warning => Tone::Waiting,
            Severity::Info => Tone::Quiet,
        }
    }
}

/// The formats that sheets share.
pub struct Look {
    pub title: Format,
    /// Below a title: where, when, whose.
    pub about: Format,
    pub banner: Format,
    pub section: Format,
    /// A column heading of ours.
    pub heading: Format,
    /// A column heading of the user's.
    pub theirs: Format,
    pub label: Format,
    pub text: Format,
    pub centred: Format,
    /// A paragraph without a frame.
    pub plain: Format,
    pub hint: Format,
    pub number: Format,
    pub money: Format,
    pub moment: Format,
    /// To be filled in.
    pub input: Format,
    pub tick: Format,
    states: [Format; 4],
}

impl Look {
    pub fn new() -> Look {
        let input = || framed().set_background_color(INPUT).set_border_color(ACCENT);
        Look {
            title: font().set_bold().set_font_size(18).set_font_color(ACCENT),
            about: font().set_font_color(GREY),
            banner: toned(font().set_bold().set_font_size(13), Tone::Waiting)
                .set_align(FormatAlign::VerticalCenter),
            section: font().set_bold().set_font_size(13).set_font_color(ACCENT),
            heading: heading().set_background_color(ACCENT).set_font_color(Color::White),
            theirs: heading().set_background_color(GREY_LIGHT),
            label: framed().set_indent(1).set_background_color(ACCENT_LIGHT),
            text: framed().set_indent(1),
            centred: framed().set_align(FormatAlign::Center),
            plain: wrapped(),
            hint: wrapped().set_font_color(GREY).set_italic(),
            number: framed().set_num_format(WHOLE).set_align(FormatAlign::Right),
            money: framed().set_num_format(MONEY).set_align(FormatAlign::Right),
            moment: framed().set_num_format(MOMENT).set_align(FormatAlign::Right),
            states: [Tone::Good, Tone::Bad, Tone::Waiting, Tone::Quiet]
                .map(|tone| toned(framed().set_indent(1), tone)),
            input: input().set_indent(1).set_num_format(TEXT),
            tick: input().set_num_format(TICK).set_align(FormatAlign::Center),
        }
    }

    /// A state in its colour.
    pub fn state(&self, tone: Tone) -> &Format {
        &self.states[tone as usize]
    }
}

fn font() -> Format {
    Format::new().set_font_name(FONT).set_font_size(11)
}

fn wrapped() -> Format {
    font().set_text_wrap().set_align(FormatAlign::VerticalCenter)
}

fn framed() -> Format {
    wrapped().set_border(FormatBorder::Thin).set_border_color(LINE)
}

fn heading() -> Format {
    framed().set_bold().set_align(FormatAlign::Center)
}

fn toned(format: Format, tone: Tone) -> Format {
    let (fill, ink) = tone.colours();
    format.set_background_color(fill).set_font_color(ink)
}

/// A cell among a user's: a number format, and what is wrong with it.
pub fn value(num_format: &str, wrap: bool, wrong: Option<Tone>) -> Format {
    let format = if wrap { wrapped() } else { font().set_align(FormatAlign::VerticalCenter) };
    let format = format.set_num_format(num_format);
    match wrong {
        None => format,
        Some(tone) => {
            let (fill, ink) = tone.colours();
            format
                .set_background_color(fill)
                .set_border(FormatBorder::Medium)
                .set_border_color(if tone == Tone::Bad { 0x00C0_0000 } else { ink })
        }
    }
}

/// How the cells of a field are filled in: years as numbers, dates as dates, all else as text.
pub fn field_format(field: Field) -> &'static str {
    match field {
        Field::FiscalYear => WHOLE,
        Field::FiscalYearStart | Field::BooksStart => DATE,
        _ => TEXT,
    }
}

/// Paper, margins, page numbers: A4 landscape, one page wide.
pub fn lay_out_page(sheet: &mut Worksheet) {
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3).set_footer("&L&9&F&C&9&A&R&9&P/&N");
}

/// Lines between cells on paper as on the screen, for lists without frames.
pub fn print_grid(sheet: &mut Worksheet) {
    sheet.set_print_gridlines(true);
}

/// A note on a cell, as large as its text.
pub fn note(text: &str) -> Note {
    const WIDTH: u32 = 280;
    let text = cut(&shown(text), 1_000);
    let height = (lines(&text, 42.0) * 16 + 14).min(400);
    Note::new(text)
        .add_author_prefix(false)
        .set_font_name(FONT)
        .set_font_size(10)
        .set_width(WIDTH)
        .set_height(height)
        .set_object_movement(ObjectMovement::MoveButDontSizeWithCells)
}

/// A whole number as a cell holds it.
#[expect(clippy::cast_precision_loss, reason = "a cell holds nothing but doubles")]
pub fn as_number(number: i64) -> f64 {
    number as f64
}

/// Excel counts rows and columns in these.
pub fn at(row: u32, column: usize) -> anyhow::Result<(u32, u16)> {
    let column = u16::try_from(column);
    Ok((row, column.context("A list has more columns than a sheet can hold: leave some out")?))
}

/// Writes a text, and keeps the format where there is none.
pub fn put_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    if text.is_empty() {
        sheet.write_blank(row, column, format)?;
    } else {
        sheet.write_string_with_format(row, column, shown(text), format)?;
    }
    Ok(())
}

/// Writes what was read for a field: a real date or a number where the text is one, else text.
pub fn put_field(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (field, text): (Field, &str),
    wrong: Option<Tone>,
) -> Result<(), XlsxError> {
    let format = field_format(field);
    let date = || {
        chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| has_serial(*date))
    };
    let year = || text.parse::<u16>().ok().filter(|_| text.len() == 4);
    if let Some(date) = Some(()).filter(|()| format == DATE).and_then(|()| date()) {
        sheet.write_datetime_with_format(row, column, date, &value(DATE, true, wrong))?;
    } else if let Some(year) = Some(()).filter(|()| format == WHOLE).and_then(|()| year()) {
        sheet.write_number_with_format(row, column, year, &value(WHOLE, true, wrong))?;
    } else {
        let format = if text.is_empty() { format } else { TEXT };
        put_text(sheet, (row, column), text, &value(format, true, wrong))?;
    }
    Ok(())
}

/// Spreadsheets know no day before March 1900 that all of them agree on.
pub fn has_serial(date: chrono::NaiveDate) -> bool {
    use chrono::Datelike;
    (1900..=9999).contains(&date.year()) && (date.year(), date.month()) >= (1900, 3)
}
