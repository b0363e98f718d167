//! Differences between us and the platform as rows of a sheet, the same in the workbook that asks and in that of a firm.
//! Which there are is found by `sweep::reconcile`.

use rust_xlsxwriter::XlsxError;

use super::{
    look::{TEXT, Tone},
    page::Page,
};
use crate::{
    flow::sweep::reconcile::{Difference, Kind},
    text::Texts,
};

const HEADINGS: [&str; 6] = ["kind", "line", "licence", "tax_id", "here", "there"];

/// A section with a row for each of them.
pub fn each(texts: &Texts, sheet: &mut Page<'_>, all: &[Difference]) -> Result<(), XlsxError> {
    let label = |key: &str| texts.label(&format!("workbook.reconciliation.{key}"));
    sheet.section(&label("each"))?;
    let headings = (0..).zip(HEADINGS).map(|(at, name)| ((at, at), label(name)));
    sheet.headings(&headings.collect::<Vec<_>>())?;
    all.iter().try_for_each(|it| row(texts, sheet, it))
}

fn row(texts: &Texts, sheet: &mut Page<'_>, it: &Difference) -> Result<(), XlsxError> {
    let look = sheet.look;
    let word = |state: &str| {
        let key = format!("workbook.line_state.{state}");
        if texts.has(&key) { texts.label(&key) } else { state.to_owned() }
    };
    let tone = match it.kind {
        Kind::PaidSuspended | Kind::Missing | Kind::UnknownHere => Tone::Bad,
        _ => Tone::Waiting,
    };
    let id = look.text.clone().set_num_format(TEXT);
    let kind = texts.label(&format!("workbook.reconciliation.kinds.{}", it.kind));
    sheet.cell(0, &kind, look.state(tone))?;
    sheet.cell(1, it.line.as_deref().unwrap_or_default(), &id)?;
    sheet.cell(2, &it.licence_id, &id)?;
    sheet.cell(3, &it.tax_id, &id)?;
    sheet.cell(4, &word(&it.here), &look.text)?;
    sheet.cell(5, &word(&it.there), &look.text)?;
    sheet.end_row()
}
