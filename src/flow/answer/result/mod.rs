//! The result workbook of a batch, or of a dry run: one file a sheet.
//! Reading an answer back is done elsewhere, by the names of columns and cells that are given here.

mod summary;

mod questions;

mod orders;

mod payments;

mod places;

mod charts;

mod rows;

mod own;

mod cells;

mod fix;

mod origin;

mod identity;

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests;

use anyhow::Context;
use chrono::Utc;
use rust_xlsxwriter::{DocProperties, Workbook};

pub use fix::RID;
pub use identity::SHEET as IDENTITY_SHEET;
pub use orders::{NAME_ACTIVATE, NAME_BY, NAME_CONFIRM};
pub use own::{ACTIVATED_AT, CANCEL, COLUMNS as OWN_COLUMNS, contents as own_contents, is_lasting};
pub use questions::{HEADER_COLUMN, NAME_COLUMN};

use self::places::Places;
use super::{
    lists::Lists,
    look::{self, Look},
    view::ResultView,
};
use crate::text::Texts;

/// What every sheet is made of.
struct Kit<'a> {
    view: &'a ResultView,
    texts: &'static Texts,
    look: Look,
    places: Places,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.texts.label(&format!("workbook.{key}"))
    }
}

/// The bytes of the workbook; the same view gives the same bytes.
pub fn write(view: &ResultView) -> anyhow::Result<Vec<u8>> {
    let texts = Texts::of(view.locale);
    let mut kit = Kit { view, texts, look: Look::new(), places: Places::of(view, texts) };
    let mut workbook = look::workbook()?;
    workbook.set_properties(&properties(view));

    let mut lists = Lists::default();
    let summary = summary::sheet(&kit, &mut lists).context("The summary cannot be written")?;
    workbook.push_worksheet(summary.sheet);
    for (name, place) in summary.names {
        workbook.define_name(name, &place)?;
    }
    kit.places.orders = summary.orders;
    for (at, list) in view.sheets.iter().enumerate() {
        let sheet = rows::sheet(&kit, at, list);
        let sheet = sheet.with_context(|| format!("The list `{}` cannot be written", list.name));
        workbook.push_worksheet(sheet?);
    }
    add_rest(&kit, &mut workbook, lists)?;
    let bytes = workbook.save_to_buffer();
    bytes.with_context(|| format!("The result of `{}` cannot be written", view.file_name))
}

fn add_rest(kit: &Kit, workbook: &mut Workbook, mut lists: Lists) -> anyhow::Result<()> {
    let fix = fix::sheet(kit, &mut lists).context("The rows to fix cannot be written")?;
    let qr = payments::sheet(kit).context("The payment codes cannot be written")?;
    let origin = origin::sheet(kit).context("The origin cannot be written")?;
    let identity = kit.view.identity.as_ref().map(identity::sheet).transpose()?;
    let order = origin::order_sheet(kit).context("The sheet of the order cannot be written")?;
    let sheets = vec![fix, qr, order, Some(origin), lists.into_sheet()?, identity];
    for sheet in sheets.into_iter().flatten() {
        workbook.push_worksheet(sheet);
    }
    Ok(())
}

fn properties(view: &ResultView) -> DocProperties {
    let properties = DocProperties::new()
        .set_title(view.file_name.as_str())
        .set_author("hangloat")
        .set_creation_datetime(&view.generated_at.with_timezone(&Utc));
    match &view.identity {
        None => properties,
        Some(identity) => properties
            .set_custom_property("hangloat.batch", identity.batch.as_str())
            .set_custom_property("hangloat.kind", identity.kind.as_str())
            .set_custom_property("hangloat.revision", identity.revision.to_string())
            .set_custom_property("hangloat.signature", identity.signature.as_str()),
    }
}
