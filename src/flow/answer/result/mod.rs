//! The result workbook of a batch, or of a dry run: one file a sheet.
//! Reading an answer back is done elsewhere, by the names of columns and cells that are given here.

mod summary;

mod questions;

mod orders;

mod payments;

mod messages;

mod places;

mod survey;

mod charts;

mod rows;

mod own;

mod cells;

mod fix;

mod origin;

mod identity;

mod disk;

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests;

use std::{io::Write, path::Path};

use anyhow::Context;
use chrono::Utc;
use rust_xlsxwriter::{DocProperties, Workbook};

pub use fix::RID;
pub use identity::{SHEET as IDENTITY_SHEET, sheet as identity_sheet};
pub use orders::{NAME_ACTIVATE, NAME_BY, NAME_CONFIRM};
pub use own::{ACTIVATED_AT, CANCEL, COLUMNS as OWN_COLUMNS, contents as own_contents, is_lasting};
pub use questions::{HEADER_COLUMN, NAME_COLUMN};

use self::{places::Places, survey::Survey};
use super::{
    identity::Sums,
    lists::Lists,
    look::{self, Look},
    source::{Source, each_row},
    view::{ResultView, RowKind},
};
use crate::text::Texts;

/// What every sheet is made of.
struct Kit<'a> {
    view: &'a ResultView,
    texts: &'static Texts,
    look: Look,
    survey: Survey,
    places: Places,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.texts.label(&format!("workbook.{key}"))
    }
}

/// Writes the workbook; the same view and rows give the same bytes. What is long waits in files in `folder` that
/// nobody sees, until it is put together.
pub fn write(
    view: &ResultView,
    source: &dyn Source,
    folder: &Path,
    to: impl Write + Send,
) -> anyhow::Result<()> {
    let written = disk::said(|| {
        let mut workbook = made(view, source, folder)?;
        workbook.save_to_writer(to).map_err(disk::cause)
    });
    written.with_context(|| format!("The result of `{}` cannot be written", view.file_name))
}

fn made(view: &ResultView, source: &dyn Source, folder: &Path) -> anyhow::Result<Workbook> {
    let texts = Texts::of(view.locale);
    let survey = Survey::of(view, texts, source)?;
    let places = Places::of(view, texts, &survey);
    let mut kit = Kit { view, texts, look: Look::new(), survey, places };
    let mut workbook = look::workbook()?;
    workbook.set_tempdir(folder)?.set_properties(&properties(view));
    let mut lists = Lists::default();
    let summary = summary::sheet(&kit, &mut lists).context("The summary cannot be written")?;
    workbook.push_worksheet(summary.sheet);
    for (name, place) in summary.names {
        workbook.define_name(name, &place)?;
    }
    kit.places.orders = summary.orders;
    let sums = add_rows(&kit, &mut workbook, source, &mut lists)?;
    let qr = payments::sheet(&kit, &mut workbook).context("The payment codes cannot be written")?;
    let messages =
        messages::sheet(&kit, &mut workbook).context("The messages cannot be written")?;
    let order = origin::order_sheet(&kit).context("The sheet of the order cannot be written")?;
    let origin = origin::sheet(&kit).context("The origin cannot be written")?;
    for sheet in vec![qr, messages, order, Some(origin), lists.into_sheet()?].into_iter().flatten()
    {
        workbook.push_worksheet(sheet);
    }
    if view.identity.is_some() {
        let sheet = workbook.new_worksheet_with_constant_memory()?;
        workbook.push_worksheet(identity::sheet(sheet, &source.identity(&sums)?)?);
    }
    Ok(workbook)
}

/// The lists, and the sheet to fix unless nothing is; with the checksums of the rows.
fn add_rows(
    kit: &Kit,
    workbook: &mut Workbook,
    source: &dyn Source,
    lists: &mut Lists,
) -> anyhow::Result<Sums> {
    let mut sums = Sums::default();
    let mut fix = if kit.survey.to_fix == 0 {
        None
    } else {
        Some(fix::Writer::begin(kit, workbook.new_worksheet_with_constant_memory()?)?)
    };
    for (at, list) in kit.view.sheets.iter().enumerate() {
        let sheet = workbook.new_worksheet_with_constant_memory()?;
        let mut sheet = rows::Writer::begin(kit, at, sheet)?;
        let written = each_row(source, at, |row| {
            let mut fix_row = None;
            if let RowKind::Data(data) = &row.kind {
                sums.add(kit.texts, &row.cells, data);
                if let Some(fix) = fix.as_mut().filter(|_| data.needs_fixing()) {
                    fix_row = Some(fix.add(data, (at, row.number))?);
                }
            }
            sheet.row(row, fix_row)
        });
        written.with_context(|| format!("The list `{}` cannot be written", list.name))?;
        workbook.push_worksheet(sheet.end()?);
    }
    if let Some(fix) = fix {
        workbook.push_worksheet(fix.end(lists).context("The rows to fix cannot be written")?);
    }
    Ok(sums)
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
