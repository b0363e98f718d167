//! Slips: for each client one printed page with what is to be paid, how, and the VietQR picture.
//! Where the files go is said by `flow::export`.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, XlsxError};

use super::{
    look::{self, Look, TEXT, as_number},
    messages::Slip,
    page::Page,
    to_read,
    view::PayeeView,
};
use crate::{domain::money::Money, text::Texts};

const GRID: &[f64] = &[30.0, 60.0, 40.0];
/// 6.5 cm at 96 dots an inch.
const QR_PIXELS: u32 = 246;

/// All that is the same on each.
pub struct Of<'a> {
    pub texts: &'static Texts,
    pub payee: &'a PayeeView,
    pub made_at: DateTime<Utc>,
}

/// The bytes of a workbook of slips, each with its picture where it asks for something.
pub fn write(of: &Of<'_>, slips: &[(Slip, Option<Vec<u8>>)]) -> anyhow::Result<Vec<u8>> {
    let look = Look::new();
    let mut workbook = look::workbook()?;
    let title = of.texts.label("workbook.slips.sheet");
    let properties = DocProperties::new().set_title(&title).set_author("hangloat");
    workbook.set_properties(&to_read::properties(properties.set_creation_datetime(&of.made_at)));
    let mut page = Page::new(&title, GRID, &look)?;
    for (at, (slip, png)) in slips.iter().enumerate() {
        if at > 0 {
            page.break_here()?;
        }
        one(of, &mut page, (slip, png.as_deref())).context("The slips cannot be written")?;
    }
    workbook.push_worksheet(page.sheet);
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The slips cannot be written")
}

fn one(
    of: &Of<'_>,
    page: &mut Page<'_>,
    (slip, png): (&Slip, Option<&[u8]>),
) -> Result<(), XlsxError> {
    let label = |key: &str| of.texts.label(&format!("workbook.slips.{key}"));
    let look = page.look;
    page.title(&label("title"))?;
    page.line(&slip.firm, &look.about)?;
    let id = look.text.clone().set_num_format(TEXT);
    let line = slip.line.to_string();
    let missing = slip.pooled.as_ref().map(|pooled| pooled.missing);
    let code = slip.pooled.as_ref().map_or(slip.code.as_str(), |pooled| pooled.code.as_str());
    // Where no more need be transferred nobody reads to where.
    let asked = |value| if missing == Some(Money::ZERO) { "" } else { value };
    for (key, value) in [
        ("client", slip.client.as_str()),
        ("tax_id", slip.tax_id.as_str()),
        ("package", slip.package.as_str()),
        ("payer", slip.payer.as_str()),
        ("bank", asked(of.payee.bank.as_str())),
        ("account", asked(of.payee.account.as_str())),
        ("account_name", asked(of.payee.name.as_str())),
        ("code", asked(code)),
        ("due", slip.due.as_str()),
        ("line", line.as_str()),
    ] {
        if value.is_empty() {
            continue;
        }
        page.cell(0, &label(key), &look.label)?;
        page.cell(1, value, &id)?;
        page.end_row()?;
    }
    let amount = if slip.pooled.is_some() { "amount_in_all" } else { "amount" };
    let sums = [(amount, Some(slip.amount)), ("pooled", slip.pooled.as_ref().map(|it| it.came))];
    let sums = sums.into_iter().chain([("missing", missing)]);
    for (key, sum) in sums.filter_map(|(key, sum)| Some((key, sum?))) {
        page.cell(0, &label(key), &look.label)?;
        page.number(1, as_number(sum.as_dong()), &look.money)?;
        page.end_row()?;
    }
    page.cell(0, &label("qr"), &look.label)?;
    match png {
        Some(png) => page.picture(1, png, QR_PIXELS)?,
        None if missing == Some(Money::ZERO) => {
            page.cell(1, &label("no_qr_enough"), &look.text)?;
        }
        None => page.cell(1, &label("no_qr"), &look.text)?,
    }
    page.end_row()?;
    // Programs draw the edge of a picture a little lower than its row.
    page.skip();
    page.line(&slip.text, &look.plain)
}
