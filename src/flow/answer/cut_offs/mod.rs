//! *Sắp ngắt*: the lines that are cut off next, to be put off by who answers. The sheet is written here; `identity` makes
//! it known when it comes back, `back` reads what was written into it. What follows is the business of `sweep`.

pub mod back;

pub mod identity;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Value, context};
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use self::identity::{RID, Shown};
pub use super::look::Tone;
use super::{
    lists::Lists,
    look::{self, DATE, Look, MOMENT, TEXT, as_number},
    page::Page,
    result::identity_sheet,
    to_read,
};
use crate::{domain::money::Money, flow::key::Key, text::Texts};

/// The workbook-level name of the cell that says who answers.
pub const BY: &str = "NGUOI_XAC_NHAN";
/// Line, client, tax id, phone, rest, last day, final warning, what is next, put off, why; the row id is hidden.
const GRID: &[f64] = &[20.0, 36.0, 15.0, 15.0, 14.0, 13.0, 19.0, 42.0, 16.0, 30.0, 24.0];
/// The same to be read alone: up to what is next, and the payment code.
const READ: &[f64] = &[20.0, 40.0, 15.0, 16.0, 15.0, 13.0, 19.0, 56.0, 15.0];
const HEADINGS: [&str; 10] = [
    "line",
    "client",
    "tax_id",
    "phone",
    "rest",
    "last_day",
    "warned_at",
    "next",
    "hold",
    "reason",
];
const HOLD: u16 = 8;
const REASON: u16 = 9;
/// Of what is to be read alone.
const CODE: u16 = 8;
const ID: u16 = 10;
/// Days that are offered; any other number, and a day itself, are as good.
const OFFERED: [u32; 5] = [1, 2, 3, 7, 14];

/// What the workbook shows.
#[derive(Clone, Debug)]
pub struct View {
    pub texts: &'static Texts,
    pub day: NaiveDate,
    pub made_at: DateTime<Utc>,
    /// The firm of an extract that is only to be read.
    pub firm: Option<String>,
    /// Of which statements are missing, and how many lines wait for them.
    pub missing: Option<(NaiveDate, NaiveDate, usize)>,
    /// How long a firm itself may put off, in days; nothing where there are several, none of which may.
    pub firm_days: Option<u32>,
    pub lines: Vec<LineView>,
}

/// A line on it.
#[derive(Clone, Debug)]
pub struct LineView {
    pub line: String,
    pub name: String,
    pub tax_id: String,
    /// Under which it is to be paid.
    pub code: String,
    pub phone: String,
    pub rest: Money,
    pub last_day: NaiveDate,
    /// When the final warning left, as clocks there showed it.
    pub warned_at: Option<chrono::NaiveDateTime>,
    /// The mail server said no to it, perhaps after it had left.
    pub came_back: bool,
    /// What happens next, and why not yet; who put it off.
    pub next: String,
    pub tone: Tone,
    /// What it stood like when it was shown.
    pub shown: Shown,
}

struct Kit<'a> {
    view: &'a View,
    look: Look,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.view.texts.label(&format!("workbook.cut_offs.{key}"))
    }

    fn say(&self, key: &str, values: Value) -> String {
        self.view.texts.say(&format!("workbook.cut_offs.{key}"), values)
    }

    fn id(&self) -> Format {
        self.look.text.clone().set_num_format(TEXT)
    }
}

/// The workbook that asks, signed; the same view gives the same bytes.
pub fn write(view: &View, key: &Key, revision: u32) -> anyhow::Result<Vec<u8>> {
    let kit = Kit { view, look: Look::new() };
    let rows = view.lines.iter().map(|it| (it.line.clone(), it.shown.to_string())).collect();
    let signed = identity::Signed::of(key, (view.day, revision), rows);
    let mut workbook = begun(&kit, |properties| signed.properties(properties))?;
    let rid = |it: &LineView| identity::row(key, (view.day, revision), &it.line, &it.shown);
    let (sheet, by) = asking(&kit, &rid).context("The cut-offs cannot be written")?;
    workbook.push_worksheet(sheet);
    workbook.define_name(BY, &by)?;
    let payload = serde_json::to_string(&signed)?;
    workbook.push_worksheet(identity_sheet(Worksheet::new(), &payload)?);
    workbook.save_to_buffer().context("The cut-offs cannot be written")
}

/// The same for a firm to read.
pub fn write_extract(view: &View) -> anyhow::Result<Vec<u8>> {
    let kit = Kit { view, look: Look::new() };
    let mut workbook = begun(&kit, to_read::properties)?;
    let sheet = || -> Result<Worksheet, XlsxError> {
        let mut sheet = Page::new(&kit.label("sheet"), READ, &kit.look)?;
        head(&kit, &mut sheet)?;
        sheet.line(&kit.label("to_read"), &kit.look.hint)?;
        let named = HEADINGS.iter().take(usize::from(CODE)).chain(&["code"]);
        headings(&kit, &mut sheet, named)?;
        for line in &view.lines {
            facts(&kit, &mut sheet, line)?;
            sheet.cell(CODE, &line.code, &kit.id())?;
            sheet.end_row()?;
        }
        Ok(sheet.sheet)
    };
    workbook.push_worksheet(sheet().context("The cut-offs cannot be written")?);
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The cut-offs cannot be written")
}

fn begun(
    kit: &Kit<'_>,
    identified: impl FnOnce(DocProperties) -> DocProperties,
) -> anyhow::Result<Workbook> {
    let mut workbook = look::workbook()?;
    let properties = DocProperties::new().set_title(kit.label("sheet")).set_author("hangloat");
    workbook.set_properties(&identified(properties.set_creation_datetime(&kit.view.made_at)));
    Ok(workbook)
}

/// The sheet, and where it says who answers; `rid` is what stands beside a line.
fn asking(
    kit: &Kit<'_>,
    rid: &dyn Fn(&LineView) -> String,
) -> Result<(Worksheet, String), XlsxError> {
    let mut sheet = Page::new(&kit.label("sheet"), GRID, &kit.look)?;
    head(kit, &mut sheet)?;
    let values = context! { firm_days => kit.view.firm_days };
    sheet.line(&kit.say("how", values), &kit.look.hint)?;
    sheet.text((0, 0), &kit.label("by"), &kit.look.label)?;
    sheet.text((1, 2), "", &kit.look.input)?;
    let by = sheet.reference(1);
    sheet.end_row()?;
    headings(kit, &mut sheet, HEADINGS.iter())?;
    sheet.sheet.set_column_hidden(ID)?;
    let header = sheet.row() - 1;
    sheet.sheet.write_string_with_format(header, ID, RID, &kit.look.heading)?;
    let mut options: Vec<String> =
        OFFERED.iter().map(|n| kit.say("days", context! { n })).collect();
    options.push(kit.label("release"));
    let choice = Lists::default().suggestion(&options)?;
    let choice =
        choice.set_input_title(kit.label("hold"))?.set_input_message(kit.label("hold_hint"))?;
    let first = sheet.row();
    for line in &kit.view.lines {
        facts(kit, &mut sheet, line)?;
        sheet.cell(HOLD, "", &kit.look.input)?;
        sheet.cell(REASON, "", &kit.look.input)?;
        let row = sheet.row();
        sheet.sheet.write_string_with_format(row, ID, rid(line), &kit.id())?;
        sheet.end_row()?;
    }
    let last = sheet.row().max(first + 1) - 1;
    sheet.sheet.add_data_validation(first, HOLD, last, HOLD, &choice)?;
    sheet.sheet.autofilter(header, 0, last, REASON)?;
    sheet.sheet.set_freeze_panes(header + 1, 2)?.set_repeat_rows(header, header)?;
    Ok((sheet.sheet, by))
}

/// What day it is, how many lines there are, and whether a statement is missing.
fn head(kit: &Kit<'_>, sheet: &mut Page<'_>) -> Result<(), XlsxError> {
    let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let view = kit.view;
    let values = context! { day => shown(view.day), firm => view.firm.as_deref() };
    sheet.title(&kit.say("title", values))?;
    let missing = view.missing.map(|(from, to, n)| {
        kit.say("missing", context! { from => shown(from), to => shown(to), n })
    });
    let values = context! { n => view.lines.len(), missing };
    sheet.line(&kit.say("headline", values), &kit.look.banner)
}

fn headings<'a>(
    kit: &Kit<'_>,
    sheet: &mut Page<'_>,
    names: impl Iterator<Item = &'a &'static str>,
) -> Result<(), XlsxError> {
    let headings = (0..).zip(names).map(|(at, name)| ((at, at), kit.label(name)));
    sheet.headings(&headings.collect::<Vec<_>>())
}

fn facts(kit: &Kit<'_>, sheet: &mut Page<'_>, it: &LineView) -> Result<(), XlsxError> {
    let dated = |format: &str| kit.look.number.clone().set_num_format(format);
    sheet.cell(0, &it.line, &kit.id())?;
    sheet.cell(1, &it.name, &kit.look.text)?;
    sheet.cell(2, &it.tax_id, &kit.id())?;
    sheet.cell(3, &it.phone, &kit.id())?;
    sheet.number(4, as_number(it.rest.as_dong()), &kit.look.money)?;
    let row = sheet.row();
    sheet.sheet.write_datetime_with_format(row, 5, it.last_day, &dated(DATE))?;
    if let Some(at) = it.warned_at {
        sheet.sheet.write_datetime_with_format(row, 6, at, &dated(MOMENT))?;
    } else {
        let label = if it.came_back { "came_back" } else { "not_warned" };
        sheet.cell(6, &kit.label(label), kit.look.state(Tone::Waiting))?;
    }
    sheet.cell(7, &it.next, kit.look.state(it.tone))
}
