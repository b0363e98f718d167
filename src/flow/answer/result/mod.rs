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
use rust_xlsxwriter::{DocProperties, Workbook, Worksheet};

pub use fix::RID;
pub use identity::{SHEET as IDENTITY_SHEET, sheet as identity_sheet};
pub use orders::{NAME_ACTIVATE, NAME_BY, NAME_CONFIRM};
pub use own::{ACTIVATED_AT, CANCEL, COLUMNS as OWN_COLUMNS, contents as own_contents, is_lasting};
pub use questions::{HEADER_COLUMN, NAME_COLUMN};

use self::{places::Places, summary::Summary, survey::Survey};
use super::{
    identity::Sums,
    lists::Lists,
    look::{self, Look},
    source::{Source, each_page},
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
    let (survey, places) = (Survey::of(view), Places::of(view, texts));
    let mut kit = Kit { view, texts, look: Look::new(), survey, places };
    let mut workbook = look::workbook()?;
    workbook.set_tempdir(folder)?.set_properties(&properties(view));
    // The rows lead to the orders, which stand where they do without the rows, too.
    kit.places.orders = summary(&kit, &mut Lists::default())?.orders;
    let (results, sums) = results(&mut kit, &mut workbook, source)?;
    let mut lists = Lists::default();
    let summary = summary(&kit, &mut lists)?;
    debug_assert_eq!(summary.orders, kit.places.orders);
    workbook.push_worksheet(summary.sheet);
    for (name, place) in summary.names {
        workbook.define_name(name, &place)?;
    }
    for sheet in results {
        workbook.push_worksheet(sheet);
    }
    let fix = fix(&kit, &mut workbook, source, &mut lists);
    let fix = fix.context("The rows to fix cannot be written")?;
    let qr = payments::sheet(&kit, &mut workbook).context("The payment codes cannot be written")?;
    let messages =
        messages::sheet(&kit, &mut workbook).context("The messages cannot be written")?;
    let order = origin::order_sheet(&kit).context("The sheet of the order cannot be written")?;
    let origin = origin::sheet(&kit).context("The origin cannot be written")?;
    let others = vec![fix, qr, messages, order, Some(origin), lists.into_sheet()?];
    for sheet in others.into_iter().flatten() {
        workbook.push_worksheet(sheet);
    }
    if view.identity.is_some() {
        let sheet = workbook.new_worksheet_with_constant_memory()?;
        workbook.push_worksheet(identity::sheet(sheet, &source.identity(&sums)?)?);
    }
    Ok(workbook)
}

fn summary(kit: &Kit, lists: &mut Lists) -> anyhow::Result<Summary> {
    summary::sheet(kit, lists).context("The summary cannot be written")
}

/// The sheets of the lists, with the checksums of their rows; what is to be known of all rows is noted on the way.
fn results(
    kit: &mut Kit,
    workbook: &mut Workbook,
    source: &dyn Source,
) -> anyhow::Result<(Vec<Worksheet>, Sums)> {
    let (mut sheets, mut sums, mut survey) = (Vec::new(), Sums::default(), Survey::of(kit.view));
    for (at, list) in kit.view.sheets.iter().enumerate() {
        let sheet = workbook.new_worksheet_with_constant_memory()?;
        let mut sheet = rows::Writer::begin(kit, at, sheet)?;
        let written = each_page(source, (at, 0), |rows| {
            sheet.measure(rows);
            rows.iter().try_for_each(|row| {
                let mut fix_row = None;
                if let RowKind::Data(data) = &row.kind {
                    sums.add(kit.texts, &row.cells, data);
                    fix_row = survey.add((at, row.number), data, kit.texts);
                }
                sheet.row(row, fix_row)
            })
        });
        written.with_context(|| format!("The list `{}` cannot be written", list.name))?;
        sheets.push(sheet.end()?);
    }
    kit.places.first_rows = survey.first_rows.clone();
    kit.survey = survey;
    Ok((sheets, sums))
}

/// The sheet to fix, unless nothing is.
fn fix(
    kit: &Kit,
    workbook: &mut Workbook,
    source: &dyn Source,
    lists: &mut Lists,
) -> anyhow::Result<Option<Worksheet>> {
    if kit.survey.to_fix == 0 {
        return Ok(None);
    }
    let mut fix = fix::Writer::begin(kit, workbook.new_worksheet_with_constant_memory()?)?;
    for (at, data) in &kit.survey.waiting {
        fix.add(data, *at)?;
    }
    if let Some((last, number)) = kit.survey.last_kept() {
        for list in last..kit.view.sheets.len() {
            let after = if list == last { number } else { 0 };
            each_page(source, (list, after), |rows| {
                rows.iter().try_for_each(|row| match &row.kind {
                    RowKind::Data(data) if data.needs_fixing() => fix.add(data, (list, row.number)),
                    _ => Ok(()),
                })
            })?;
        }
    }
    Ok(Some(fix.end(lists)?))
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
