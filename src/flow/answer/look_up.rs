//! The look-up workbook: a row for each client and line that answers by itself, and the bell. What stands in it is
//! gathered by `flow::look_up`.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use minijinja::{Value, context};
use rust_xlsxwriter::{DocProperties, Format, Worksheet, XlsxError};
use serde::Serialize;

pub use super::look::Tone;
use super::{
    look::{self, DATE, Look, MOMENT, TEXT, as_number},
    page::Page,
    paper, to_read,
};
use crate::{domain::money::Money, flow::key::sha256, text::Texts};

const COLUMNS: [(&str, f64); 17] = [
    ("client", 36.0),
    ("tax_id", 16.0),
    ("phone", 15.0),
    ("state", 24.0),
    ("waits", 36.0),
    ("since", 19.0),
    ("next_on", 14.0),
    ("next", 36.0),
    ("payment", 26.0),
    ("amount", 15.0),
    ("code", 16.0),
    ("mails", 62.0),
    ("package", 30.0),
    ("file", 28.0),
    ("batch", 12.0),
    ("line", 20.0),
    ("by", 26.0),
];
const GRID: &[f64] = &{
    let mut widths = [0.0; COLUMNS.len()];
    let mut at = 0;
    while at < widths.len() {
        widths[at] = COLUMNS[at].1;
        at += 1;
    }
    widths
};
/// When, which order, what.
const BELL: &[f64] = &[19.0, 20.0, 110.0];

/// What the workbook shows.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    #[serde(skip)]
    pub texts: &'static Texts,
    /// The name of the firm.
    pub firm: String,
    #[serde(skip)]
    pub made_at: DateTime<Tz>,
    pub entries: Vec<Entry>,
    /// The newest first.
    pub bells: Vec<Bell>,
}

/// A client with a line, or with a row that is none yet; or one that went to another firm.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    pub name: String,
    pub tax_id: String,
    /// As people dial it.
    pub phone: String,
    /// Where it stands, in words.
    pub state: String,
    pub tone: Tone,
    /// Who is waited for, and for what.
    pub waits: String,
    /// As clocks there show it.
    pub since: Option<NaiveDateTime>,
    pub next_on: Option<NaiveDate>,
    /// What comes on that day.
    pub next: String,
    /// Where its payment stands, in words.
    pub payment: String,
    pub amount: Money,
    pub code: String,
    /// What was written to whom and when, a line each.
    pub mails: String,
    pub package: String,
    pub file: String,
    pub batch: String,
    pub line: String,
    /// Whom the client may ask.
    pub by: String,
}

/// What the bell rang for.
#[derive(Clone, Debug, Serialize)]
pub struct Bell {
    pub at: NaiveDateTime,
    pub order: String,
    pub text: String,
}

impl View {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.bells.is_empty()
    }

    /// Of what it says, without when.
    pub fn digest(&self) -> anyhow::Result<String> {
        Ok(sha256(&serde_json::to_vec(self)?))
    }
}

struct Kit<'a> {
    view: &'a View,
    look: Look,
    id: Format,
    day: Format,
    moment: Format,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.view.texts.label(&format!("workbook.look_up.{key}"))
    }

    fn say(&self, key: &str, values: Value) -> String {
        self.view.texts.say(&format!("workbook.look_up.{key}"), values)
    }
}

/// The bytes of the workbook, which is only to be read.
pub fn write(view: &View) -> anyhow::Result<Vec<u8>> {
    let look = Look::new();
    let id = look.text.clone().set_num_format(TEXT);
    let dated = |format: &str| look.number.clone().set_num_format(format);
    let (day, moment) = (dated(DATE), dated(MOMENT));
    let kit = Kit { view, look, id, day, moment };
    let mut workbook = look::workbook()?;
    let properties = DocProperties::new().set_title(kit.label("sheet")).set_author("hangloat");
    let properties = properties.set_creation_datetime(&view.made_at.with_timezone(&Utc));
    workbook.set_properties(&to_read::properties(properties));
    let sheet = workbook.new_worksheet_with_constant_memory()?;
    workbook.push_worksheet(entries(&kit, sheet).context("The look-up cannot be written")?);
    let sheet = workbook.new_worksheet_with_constant_memory()?;
    workbook.push_worksheet(bells(&kit, sheet).context("The bell cannot be written")?);
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The look-up cannot be written")
}

fn entries(kit: &Kit<'_>, sheet: Worksheet) -> Result<Worksheet, XlsxError> {
    let view = kit.view;
    let mut page = Page::on(sheet, &kit.label("sheet"), GRID, &kit.look)?;
    let title = kit.say("title", context! { firm => view.firm.as_str() });
    page.title(&title)?;
    let at = view.made_at.format("%d/%m/%Y %H:%M").to_string();
    let about = kit.say("about", context! { at => at.as_str(), n => view.entries.len() });
    page.text((0, 6), &about, &kit.look.about)?;
    page.end_row()?;
    let names = COLUMNS.iter().map(|(name, _)| kit.label(&format!("column.{name}")));
    headings(&mut page, names)?;
    let header = page.row() - 1;
    for entry in &view.entries {
        row(kit, &mut page, entry)?;
    }
    let end = page.row().max(header + 2) - 1;
    let last = page.last_column();
    page.sheet.autofilter(header, 0, end, last)?;
    page.sheet.set_freeze_panes(header + 1, 2)?.set_repeat_rows(header, header)?;
    // All columns at once could not be read on paper.
    let columns = paper::Columns { widths: GRID, identifying: Some((0, 1)), group: 0 };
    paper::list(&mut page.sheet, columns)?;
    // Columns that come again would bring a piece of the title with them.
    page.sheet.set_print_area(header, 0, end, last)?;
    paper::title(&mut page.sheet, &format!("{title} · {at}"));
    Ok(page.sheet)
}

fn headings(page: &mut Page<'_>, names: impl Iterator<Item = String>) -> Result<(), XlsxError> {
    let headings = (0..).zip(names).map(|(at, name)| ((at, at), name));
    page.headings(&headings.collect::<Vec<_>>())
}

fn row(kit: &Kit<'_>, page: &mut Page<'_>, it: &Entry) -> Result<(), XlsxError> {
    let look = &kit.look;
    page.cell(0, &it.name, &look.text)?;
    page.cell(1, &it.tax_id, &kit.id)?;
    page.cell(2, &it.phone, &kit.id)?;
    page.cell(3, &it.state, look.state(it.tone))?;
    page.cell(4, &it.waits, &look.text)?;
    moment(kit, page, 5, it.since)?;
    let at = page.row();
    match it.next_on {
        Some(day) => {
            page.sheet.write_datetime_with_format(at, 6, day, &kit.day)?;
        }
        None => page.cell(6, "", &look.text)?,
    }
    page.cell(7, &it.next, &look.text)?;
    page.cell(8, &it.payment, &look.text)?;
    page.number(9, as_number(it.amount.as_dong()), &look.money)?;
    page.cell(10, &it.code, &kit.id)?;
    page.cell(11, &it.mails, &look.text)?;
    page.cell(12, &it.package, &look.text)?;
    page.cell(13, &it.file, &kit.id)?;
    page.cell(14, &it.batch, &kit.id)?;
    page.cell(15, &it.line, &kit.id)?;
    page.cell(16, &it.by, &look.text)?;
    page.end_row()
}

fn moment(
    kit: &Kit<'_>,
    page: &mut Page<'_>,
    column: u16,
    at: Option<NaiveDateTime>,
) -> Result<(), XlsxError> {
    let Some(at) = at else { return page.cell(column, "", &kit.look.text) };
    let row = page.row();
    page.sheet.write_datetime_with_format(row, column, at, &kit.moment).map(drop)
}

fn bells(kit: &Kit<'_>, sheet: Worksheet) -> Result<Worksheet, XlsxError> {
    let mut page = Page::on(sheet, &kit.label("bell"), BELL, &kit.look)?;
    headings(&mut page, ["at", "order", "text"].iter().map(|name| kit.label(name)))?;
    for bell in &kit.view.bells {
        moment(kit, &mut page, 0, Some(bell.at))?;
        page.cell(1, &bell.order, &kit.id)?;
        page.cell(2, &bell.text, &kit.look.text)?;
        page.end_row()?;
    }
    let (end, last) = (page.row().max(2) - 1, page.last_column());
    page.sheet.autofilter(0, 0, end, last)?;
    page.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(page.sheet)
}
