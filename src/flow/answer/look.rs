//! One visual language for every workbook: colours, formats, notes, what is locked.
//! What is written into the cells is the business of the sheets, how it is printed that of `paper`.

use anyhow::Context;
use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, FormatUnderline, Note, ObjectMovement,
    ProtectionOptions, Url, Workbook, Worksheet, XlsxError,
};

use super::fit::{cut, cut_at, lines, shown};
use crate::domain::{
    batch::RowState,
    field::Field,
    finding::Severity,
    order::{LineState, OrderState},
};

/// Excel has it, and LibreOffice one of exactly its measures: text breaks alike in both.
pub const FONT: &str = "Arial";
const FONT_POINTS: u8 = 10;
pub const ACCENT: u32 = 0x001F_4E79;
const ACCENT_LIGHT: u32 = 0x00DD_EBF7;
const GREY_LIGHT: u32 = 0x00ED_EDED;
const GREY: u32 = 0x0059_5959;
const INPUT: u32 = 0x00FF_FFE5;
const LINE: u32 = 0x00BF_BFBF;
/// Behind what is ours, beside a list of the user's.
const OWN: u32 = 0x00F2_F7FC;

pub const GENERAL: &str = "General";
pub const DATE: &str = "dd/mm/yyyy";
pub const MOMENT: &str = "dd/mm/yyyy hh:mm";
pub const MONEY: &str = "#,##0";
pub const WHOLE: &str = "0";
/// Keeps zeros in front, also of what is typed later.
pub const TEXT: &str = "@";

/// UTF-16 units that stand on one line: LibreOffice breaks no link, and would cut it off.
const LINK_UNITS: usize = 36;

/// Excel shows a box and TRUE whatever the format; LibreOffice would show 1 and 0.
const TICK: &str = "\"☑\";\"☑\";\"☐\"";
pub const BOOL: &str = "\"TRUE\";\"TRUE\";\"FALSE\"";

/// What a colour says; the words beside it say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Tone {
    Good,
    Bad,
    Waiting,
    #[default]
    Quiet,
}

impl Tone {
    pub const ALL: [Tone; 4] = [Tone::Good, Tone::Bad, Tone::Waiting, Tone::Quiet];

    /// Before the word, for who sees no colours; the cell itself holds the word alone.
    fn sign(self) -> char {
        match self {
            Tone::Good => '✓',
            Tone::Bad => '✗',
            Tone::Waiting => '○',
            Tone::Quiet => '–',
        }
    }

    /// As strong as a bar of a chart needs it.
    pub fn strong(self) -> u32 {
        match self {
            Tone::Good => 0x0054_8235,
            Tone::Bad => 0x00C0_0000,
            Tone::Waiting => 0x00D6_9A00,
            Tone::Quiet => 0x0080_8080,
        }
    }

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
    /// Leads elsewhere in the workbook.
    pub link: Format,
    /// To be filled in.
    pub input: Format,
    pub tick: Format,
    /// Beside the columns of a user.
    pub own: Own,
    states: [Format; 4],
}

/// The formats of our cells beside a list of the user's.
pub struct Own {
    pub text: Format,
    pub number: Format,
    pub money: Format,
    pub moment: Format,
    pub link: Format,
}

impl Look {
    pub fn new() -> Look {
        let input = || framed().set_background_color(INPUT).set_border_color(ACCENT).set_unlocked();
        let number = |format: Format, num_format| {
            format.set_num_format(num_format).set_align(FormatAlign::Right).set_indent(1)
        };
        let own = || framed().set_background_color(OWN);
        Look {
            title: font().set_bold().set_font_size(16).set_font_color(ACCENT),
            about: font().set_font_color(GREY),
            banner: toned(font().set_bold().set_font_size(12), Tone::Waiting)
                .set_align(FormatAlign::VerticalCenter),
            section: font().set_bold().set_font_size(12).set_font_color(ACCENT),
            heading: heading().set_background_color(ACCENT).set_font_color(Color::White),
            theirs: heading().set_background_color(GREY_LIGHT),
            label: framed().set_indent(1).set_background_color(ACCENT_LIGHT),
            text: framed().set_indent(1),
            centred: framed().set_align(FormatAlign::Center),
            plain: wrapped(),
            hint: wrapped().set_font_color(GREY).set_italic(),
            number: number(framed(), WHOLE),
            money: number(framed(), MONEY),
            link: linked(framed().set_indent(1)),
            states: Tone::ALL.map(|tone| {
                let signed = format!("\"{} \"@", tone.sign());
                toned(framed().set_indent(1), tone).set_num_format(signed)
            }),
            input: input().set_indent(1).set_num_format(TEXT),
            tick: input().set_num_format(TICK).set_align(FormatAlign::Center),
            own: Own {
                text: own().set_indent(1),
                number: number(own(), WHOLE),
                money: number(own(), MONEY),
                moment: number(own(), MOMENT),
                link: linked(own().set_indent(1)),
            },
        }
    }

    /// A state in its colour, behind its sign.
    pub fn state(&self, tone: Tone) -> &Format {
        &self.states[tone as usize]
    }
}

fn font() -> Format {
    Format::new().set_font_name(FONT).set_font_size(FONT_POINTS)
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

fn linked(format: Format) -> Format {
    format.set_font_color(ACCENT).set_underline(FormatUnderline::Single)
}

fn toned(format: Format, tone: Tone) -> Format {
    let (fill, ink) = tone.colours();
    format.set_background_color(fill).set_font_color(ink)
}

/// How a cell among a user's is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    Line,
    Wrapped,
    /// Numbers and dates.
    Figure,
    /// Not of a row: a title, a note, a total.
    Loose,
}

/// A cell among a user's: a number format, and what is wrong with it. Anybody may write there.
pub fn value(num_format: &str, shape: Shape, wrong: Option<Tone>) -> Format {
    let frame = || {
        let format = font().set_align(FormatAlign::VerticalCenter);
        format.set_border(FormatBorder::Thin).set_border_color(LINE)
    };
    let format = match shape {
        Shape::Line => frame().set_indent(1),
        Shape::Wrapped => frame().set_text_wrap().set_indent(1),
        Shape::Figure => frame().set_align(FormatAlign::Right).set_indent(1),
        Shape::Loose => font(),
    };
    let format = format.set_num_format(num_format).set_unlocked();
    match wrong {
        None => format,
        Some(tone) => {
            let (fill, ink) = tone.colours();
            let (line, colour) = match tone {
                Tone::Bad => (FormatBorder::Medium, 0x00C0_0000),
                _ => (FormatBorder::MediumDashed, ink),
            };
            format.set_background_color(fill).set_border(line).set_border_color(colour)
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

/// A column of which every cell may be filled in, below what is written too.
pub fn free_column(num_format: &str) -> Format {
    font().set_num_format(num_format).set_unlocked()
}

/// A workbook whose cells are ours unless said otherwise: also what is typed where nothing stands.
pub fn workbook() -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // Pixels of a row and of a column, as everywhere.
    workbook.set_default_format(&font(), 20, 64)?;
    Ok(workbook)
}

/// Locks what is not to be filled in, against slips: there is no password.
/// Rows can be sorted and deleted where all of their cells may be filled in, and pictures copied.
pub fn protect(sheet: &mut Worksheet) {
    sheet.protect_with_options(&ProtectionOptions {
        format_cells: true,
        format_columns: true,
        format_rows: true,
        delete_rows: true,
        sort: true,
        use_autofilter: true,
        edit_objects: true,
        ..ProtectionOptions::new()
    });
}

/// A note on a cell, as large as its text.
pub fn note(text: &str) -> Note {
    const WIDTH: u32 = 280;
    let text = cut(&shown(text), 1_000);
    let height = (lines(&text, 42.0) * 15 + 14).min(400);
    Note::new(text)
        .add_author_prefix(false)
        .set_font_name(FONT)
        .set_font_size(9)
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

/// A cell as formulas and links name it, counted from 0.
pub fn reference(sheet: &str, (row, column): (u32, u16)) -> String {
    let column = crate::domain::finding::column_letters(column.into());
    format!("'{}'!{column}{}", sheet.replace('\'', "''"), row + 1)
}

/// Writes a text that leads to a cell of this workbook; one of several lines leads nowhere.
pub fn put_link(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (text, target): (&str, &str),
    format: &Format,
) -> Result<(), XlsxError> {
    if text.is_empty() || cut_at(text, LINK_UNITS).is_some() {
        return put_text(sheet, (row, column), text, format);
    }
    let link = Url::new(format!("internal:{target}")).set_text(shown(text));
    sheet.write_url_with_format(row, column, link, format).map(drop)
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
        sheet.write_datetime_with_format(row, column, date, &value(DATE, Shape::Figure, wrong))?;
    } else if let Some(year) = Some(()).filter(|()| format == WHOLE).and_then(|()| year()) {
        sheet.write_number_with_format(row, column, year, &value(WHOLE, Shape::Figure, wrong))?;
    } else {
        let format = if text.is_empty() { format } else { TEXT };
        put_text(sheet, (row, column), text, &value(format, Shape::Wrapped, wrong))?;
    }
    Ok(())
}

/// Spreadsheets know no day before March 1900 that all of them agree on.
pub fn has_serial(date: chrono::NaiveDate) -> bool {
    use chrono::Datelike;
    (1900..=9999).contains(&date.year()) && (date.year(), date.month()) >= (1900, 3)
}
