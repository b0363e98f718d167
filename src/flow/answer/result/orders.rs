//! Orders on the summary: the table, and the boxes by which a person confirms and activates.
//! What a tick does is decided where the answer is taken in.

use std::collections::HashMap;

use minijinja::context;
use rust_xlsxwriter::XlsxError;

use super::Kit;
use crate::{
    domain::order::Kind,
    flow::answer::{
        look::as_number,
        page::Page,
        view::{OrderView, ViewKind},
    },
};

/// The cell that confirms; with several orders `XAC_NHAN_1` … in their order.
pub const NAME_CONFIRM: &str = "XAC_NHAN";
/// The cell that activates, numbered likewise.
pub const NAME_ACTIVATE: &str = "KICH_HOAT";
/// The cell for the e-mail of who confirms.
pub const NAME_BY: &str = "NGUOI_XAC_NHAN";

const HEADINGS: [&str; 9] = [
    "code",
    "kind",
    "package",
    "customer_type",
    "fiscal_year",
    "recipient",
    "lines",
    "amount",
    "state",
];

/// The table, and in which row each order stands.
pub fn table(kit: &Kit, page: &mut Page) -> Result<HashMap<String, u32>, XlsxError> {
    let mut places = HashMap::new();
    if kit.view.orders.is_empty() {
        return Ok(places);
    }
    page.section(&kit.label("summary.orders"))?;
    let headings: Vec<_> = (0..)
        .zip(HEADINGS)
        .map(|(column, key)| ((column, column), kit.label(&format!("order.{key}"))))
        .collect();
    page.headings(&headings)?;
    for order in &kit.view.orders {
        places.insert(order.code.clone(), page.row());
        row(kit, page, order)?;
    }
    Ok(places)
}

fn row(kit: &Kit, page: &mut Page, order: &OrderView) -> Result<(), XlsxError> {
    let look = &kit.look;
    match kit.places.first_of(&order.code) {
        Some(target) => page.link((0, 0), (&order.code, &target), &look.link)?,
        None => page.cell(0, &order.code, &look.text)?,
    }
    page.cell(1, &kit.label(&format!("kind.{}", order.kind)), &look.text)?;
    page.cell(2, &order.package_name, &look.text)?;
    page.cell(3, &kit.label(&format!("customer_type.{}", order.customer_type)), &look.text)?;
    page.number(4, order.fiscal_year.year(), &look.centred)?;
    page.cell(5, &kit.label(&format!("recipient.{}", order.recipient)), &look.text)?;
    page.number(6, as_number(i64::try_from(order.lines).unwrap_or(i64::MAX)), &look.number)?;
    page.number(7, as_number(order.amount.as_dong()), &look.money)?;
    let state = kit.label(&format!("order_state.{}", order.state));
    page.cell(8, &state, look.state(order.state.into()))?;
    page.end_row()
}

/// The boxes, and the names of their cells.
pub fn decisions(kit: &Kit, page: &mut Page) -> Result<Vec<(String, String)>, XlsxError> {
    let mut names = Vec::new();
    let orders = &kit.view.orders;
    let nothing = orders.iter().all(|order| order.decision.is_empty());
    if kit.view.kind == ViewKind::Check || nothing {
        return Ok(names);
    }
    page.section(&kit.label("confirm.title"))?;
    page.line(&kit.label("confirm.hint"), &kit.look.hint)?;
    for (number, order) in (1..).zip(orders) {
        let suffix = if orders.len() > 1 { format!("_{number}") } else { String::new() };
        if !order.decision.is_empty() {
            boxes(kit, page, order, |name, cell| names.push((format!("{name}{suffix}"), cell)))?;
        }
    }
    names.push((NAME_BY.to_owned(), who(kit, page)?));
    page.line(&kit.label("confirm.cancel_hint"), &kit.look.hint)?;
    if kit.view.needs_second {
        page.line(&kit.label("confirm.second"), &kit.look.hint)?;
    }
    let code =
        |order: &OrderView| Some(format!("{}: {}", order.code, order.code_to_confirm.as_ref()?));
    let codes: Vec<String> = orders.iter().filter_map(code).collect();
    if !codes.is_empty() {
        let said = context! { codes => codes.join(" · ") };
        page.line(&kit.texts.say("workbook.confirm.codes", said), &kit.look.hint)?;
    }
    Ok(names)
}

fn boxes(
    kit: &Kit,
    page: &mut Page,
    order: &OrderView,
    mut name: impl FnMut(&str, String),
) -> Result<(), XlsxError> {
    page.cell(0, &order.code, &kit.look.label)?;
    if let Some(ticked) = order.decision.confirm {
        name(NAME_CONFIRM, page.reference(1));
        page.tick(1, ticked)?;
        page.text((2, 4), &kit.label("confirm.confirm"), &kit.look.text)?;
    }
    if let Some(ticked) = order.decision.activate {
        name(NAME_ACTIVATE, page.reference(5));
        page.tick(5, ticked)?;
        let key = if order.kind == Kind::Free { "activate_free" } else { "activate" };
        page.text((6, 8), &kit.label(&format!("confirm.{key}")), &kit.look.text)?;
    }
    page.end_row()
}

/// The cell for who decides.
pub fn who(kit: &Kit, page: &mut Page) -> Result<String, XlsxError> {
    page.cell(0, &kit.label("confirm.by"), &kit.look.label)?;
    page.text((1, 2), "", &kit.look.input)?;
    page.text((3, 8), &kit.label("confirm.by_hint"), &kit.look.text)?;
    let cell = page.reference(1);
    page.end_row()?;
    Ok(cell)
}
