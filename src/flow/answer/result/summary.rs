//! The first sheet: what to do next, the numbers, the orders and their boxes, what is to be paid.
//! Orders and payments are laid out in files of their own.

use std::collections::HashMap;

use minijinja::context;
use rust_xlsxwriter::{FormatAlign, Worksheet, XlsxError};

use super::{Kit, charts, orders, own::said, payments, questions};
use crate::{
    domain::{field::Field, money::Money},
    flow::answer::{
        lists::Lists,
        look::{MONEY, Tone, as_number},
        page::Page,
        view::{FindingText, ViewKind},
    },
};

/// Nine columns, as the table of orders needs them.
pub const GRID: &[f64] = &[24.0, 18.0, 34.0, 21.0, 12.0, 19.0, 9.0, 17.0, 25.0];
/// So many of the rows to fix stand on the summary; their own sheet has all.
const TO_FIX: usize = 10;
/// Doubles hold every whole number below this.
const EXACT: i64 = 9_000_000_000_000_000;

pub struct Summary {
    pub sheet: Worksheet,
    /// Defined names, and the cells they mean.
    pub names: Vec<(String, String)>,
    /// In which row each order stands, counted from 0.
    pub orders: HashMap<String, u32>,
}

pub fn sheet(kit: &Kit, lists: &mut Lists) -> anyhow::Result<Summary> {
    let mut page = Page::new(&kit.label("sheet.summary"), GRID, &kit.look)?;
    head(kit, &mut page)?;
    next_steps(kit, &mut page)?;
    let mut names = questions::section(kit, &mut page, lists)?;
    numbers(kit, &mut page)?;
    let orders = orders::table(kit, &mut page)?;
    names.extend(orders::decisions(kit, &mut page)?);
    could_be_free(kit, &mut page)?;
    to_fix(kit, &mut page)?;
    findings(kit, &mut page)?;
    charts::section(kit, &mut page)?;
    payments::section(kit, &mut page)?;
    Ok(Summary { sheet: page.sheet, names, orders })
}

fn head(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let view = kit.view;
    page.title(&kit.label("summary.title"))?;
    let key = match view.batch {
        Some(_) => "workbook.summary.about",
        None => "workbook.summary.about_check",
    };
    let about = context! {
        file => &view.file_name, firm => &view.firm, revision => view.revision,
        batch => view.batch.map(|batch| batch.to_string()),
        at => view.generated_at.format("%d/%m/%Y %H:%M").to_string(),
    };
    page.line(&kit.texts.say(key, about), &kit.look.about)?;
    if view.kind == ViewKind::Check {
        page.line(&kit.label("summary.check"), &kit.look.banner)?;
    }
    Ok(())
}

fn next_steps(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    if kit.view.next_steps.is_empty() {
        return Ok(());
    }
    page.section(&kit.label("summary.next_steps"))?;
    for (number, step) in (1..).zip(&kit.view.next_steps) {
        page.line(&format!("{number}. {step}"), &kit.look.plain)?;
    }
    Ok(())
}

/// The counts on the left, the control totals beside them.
fn numbers(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let (counts, totals, look) = (kit.view.counts, kit.view.totals, &kit.look);
    page.skip();
    page.headings(&[((0, 1), kit.label("summary.counts")), ((2, 3), kit.label("summary.totals"))])?;
    let unchanged = counts.unchanged.saturating_sub(counts.dropped + counts.skipped);
    let left = [
        ("total", counts.total, None),
        ("accepted", counts.accepted, Some(Tone::Good)),
        ("cancelled", kit.view.cancelled as u64, Some(Tone::Quiet)),
        ("left", kit.view.left as u64, Some(Tone::Quiet)),
        ("rejected", counts.rejected, Some(Tone::Bad)),
        ("held", counts.held, Some(Tone::Waiting)),
        ("unchanged", unchanged, Some(Tone::Quiet)),
        ("dropped", counts.dropped, Some(Tone::Quiet)),
        ("skipped", counts.skipped, Some(Tone::Quiet)),
        ("taken_back", counts.taken_back, Some(Tone::Quiet)),
    ];
    let right = [
        ("total_rows", i64::try_from(totals.rows).unwrap_or(i64::MAX), &look.money),
        ("total_amount", totals.amount.as_dong(), &look.money),
        ("total_tax_ids", totals.tax_id_sum, &look.number),
    ];
    let rare = ["cancelled", "left", "dropped", "skipped", "taken_back"];
    let left = left.into_iter().filter(|(key, count, _)| !rare.contains(key) || *count > 0);
    for (at, (key, count, tone)) in left.enumerate() {
        let label = kit.label(&format!("summary.{key}"));
        match where_shown(kit, key).filter(|_| count > 0) {
            Some(target) => page.link((0, 0), (&label, &target), &look.link)?,
            None => page.cell(0, &label, &look.label)?,
        }
        // What is zero needs no colour.
        let tone = tone.filter(|_| count > 0);
        let format = tone.map_or(&look.number, |tone| look.state(tone)).clone();
        let format = format.set_num_format(MONEY).set_align(FormatAlign::Right);
        page.number(1, as_number(i64::try_from(count).unwrap_or(i64::MAX)), &format)?;
        if let Some((key, number, format)) = right.get(at) {
            page.cell(2, &kit.label(&format!("summary.{key}")), &look.label)?;
            if number.abs() < EXACT {
                page.number(3, as_number(*number), format)?;
            } else {
                page.cell(3, &number.to_string(), format)?;
            }
        }
        page.end_row()?;
    }
    if kit.view.missing > 0 {
        let said = kit.texts.say("workbook.summary.missing", context! { n => kit.view.missing });
        page.line(&said, &look.plain)?;
    }
    let again = &kit.view.ordered_again;
    if !again.is_empty() {
        let said = kit.texts.say("workbook.summary.ordered_again", context! { again });
        page.line(&said, &kit.look.plain)?;
    }
    Ok(())
}

/// Behind the orders: where these stand is known before the rows are seen.
fn could_be_free(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let (n, saved) = kit.survey.could_be_free;
    if n > 0 {
        let saved = (saved != Money::ZERO).then(|| saved.to_string());
        let said = kit.texts.say("workbook.summary.could_be_free", context! { n, saved });
        page.line(&said, &kit.look.plain)?;
    }
    Ok(())
}

/// The sheet on which what is counted can be seen.
fn where_shown(kit: &Kit, count: &str) -> Option<String> {
    match count {
        "rejected" | "held" => (kit.survey.to_fix > 0).then(|| kit.places.fix(1)),
        "total" | "accepted" => {
            let list = kit.view.sheets.first()?;
            Some(kit.places.result((0, list.header_row)))
        }
        _ => None,
    }
}

/// The first of the rows that wait, why, and where each is fixed.
fn to_fix(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let rows = &kit.survey.waiting[..kit.survey.waiting.len().min(TO_FIX)];
    if rows.is_empty() {
        return Ok(());
    }
    page.section(&kit.label("summary.to_fix"))?;
    page.headings(&[
        ((0, 0), kit.label("column.row")),
        ((1, 2), kit.texts.label("field.name")),
        ((3, 6), kit.label("column.reason")),
        ((7, 8), kit.label("summary.to_fix_where")),
    ])?;
    for (fix_row, (at, row)) in (1..).zip(rows) {
        let number = kit.texts.say("workbook.summary.row", context! { n => at.1 });
        let reason = said(&row.findings, |finding| &finding.message);
        page.link((0, 0), (&number, &kit.places.result(*at)), &kit.look.link)?;
        page.text((1, 2), row.field(Field::Name), &kit.look.text)?;
        page.text((3, 6), &reason, &kit.look.text)?;
        let target = kit.places.fix(fix_row);
        page.link((7, 8), (&kit.label("sheet.fix"), &target), &kit.look.link)?;
        page.end_row()?;
    }
    let more = (kit.survey.to_fix as usize).saturating_sub(rows.len());
    if more > 0 {
        let said = kit.texts.say("workbook.summary.to_fix_more", context! { n => more });
        page.line(&said, &kit.look.hint)?;
    }
    Ok(())
}

fn findings(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    if kit.view.file_findings.is_empty() {
        return Ok(());
    }
    page.section(&kit.label("summary.findings"))?;
    page.headings(&[
        ((0, 0), kit.label("finding.severity")),
        ((1, 4), kit.label("finding.message")),
        ((5, 8), kit.label("finding.fix")),
    ])?;
    for FindingText { severity, message, fix, .. } in &kit.view.file_findings {
        let word = kit.label(&format!("severity.{severity}"));
        page.cell(0, &word, kit.look.state((*severity).into()))?;
        page.text((1, 4), message, &kit.look.text)?;
        page.text((5, 8), fix, &kit.look.text)?;
        page.end_row()?;
    }
    Ok(())
}
