//! What is to be paid: codes, amounts, VietQR pictures; on the summary, and the rest on a sheet of its own.
//! Who pays what was decided when the order was placed.

use minijinja::context;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::{Kit, summary::GRID};
use crate::flow::answer::{look::as_number, page::Page, view::PaymentView};

/// So many stand on the summary.
const ON_SUMMARY: usize = 20;
/// 3.2 cm at 96 dots an inch.
const QR_PIXELS: u32 = 121;
/// Points of the heading with the first picture below it.
const HEAD: f64 = 190.0;

pub fn section(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let payments = &kit.view.payments;
    if payments.is_empty() {
        return Ok(());
    }
    page.keep(HEAD)?;
    page.section(&kit.label("payment.title"))?;
    page.line(&kit.label("payment.hint"), &kit.look.hint)?;
    table(kit, page, &payments[..payments.len().min(ON_SUMMARY)])?;
    if payments.len() > ON_SUMMARY {
        let rest = context! {
            count => payments.len() - ON_SUMMARY + kit.view.more_payments, sheet => kit.label("sheet.qr"),
        };
        page.line(&kit.texts.say("workbook.payment.rest", rest), &kit.look.hint)?;
    }
    Ok(())
}

/// The payments that the summary has no room for.
pub fn sheet(kit: &Kit, workbook: &mut Workbook) -> anyhow::Result<Option<Worksheet>> {
    let Some(rest) = kit.view.payments.get(ON_SUMMARY..).filter(|rest| !rest.is_empty()) else {
        return Ok(None);
    };
    let sheet = workbook.new_worksheet_with_constant_memory()?;
    let mut page = Page::on(sheet, &kit.label("sheet.qr"), GRID, &kit.look)?;
    page.title(&kit.label("payment.title_rest"))?;
    let mut hint = kit.label("payment.hint");
    if kit.view.more_payments > 0 {
        let more = context! {
            more => kit.view.more_payments, column => kit.label("column.payment_code"),
            sheet => kit.label("sheet.result"),
        };
        hint = format!("{hint} {}", kit.texts.say("workbook.payment.more", more));
    }
    page.line(&hint, &kit.look.hint)?;
    table(kit, &mut page, rest)?;
    page.sheet.set_freeze_panes(3, 0)?.set_repeat_rows(2, 2)?;
    Ok(Some(page.sheet))
}

fn table(kit: &Kit, page: &mut Page, payments: &[PaymentView]) -> Result<(), XlsxError> {
    let heading = |columns, key: &str| (columns, kit.label(&format!("payment.{key}")));
    page.headings(&[
        heading((0, 0), "qr"),
        heading((1, 1), "code"),
        heading((2, 2), "payer"),
        heading((3, 3), "order"),
        heading((4, 4), "lines"),
        heading((5, 5), "amount"),
        heading((6, 8), "account"),
    ])?;
    let payee = kit.view.payee.as_ref().map(|payee| {
        let payee = context! {
            bank => &payee.bank, account => &payee.account, name => &payee.name,
        };
        kit.texts.say("workbook.payment.to", payee)
    });
    for payment in payments {
        row(kit, page, payment, payee.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn row(kit: &Kit, page: &mut Page, payment: &PaymentView, payee: &str) -> Result<(), XlsxError> {
    let look = &kit.look;
    page.cell(0, "", &look.text)?;
    if let Some(png) = &payment.qr_png {
        page.picture(0, png, QR_PIXELS)?;
    }
    let order = if payment.is_batch_code {
        kit.texts.say("workbook.payment.batch_code", context! { lines => payment.lines })
    } else {
        payment.order.clone()
    };
    let order = match &payment.pooled {
        Some(pooled) => format!("{order}\n{}", pooled.in_words(kit.texts)),
        None => order,
    };
    page.cell(1, &payment.code, &look.text)?;
    page.cell(2, &payment.payer, &look.text)?;
    page.cell(3, &order, &look.text)?;
    page.number(4, as_number(i64::try_from(payment.lines).unwrap_or(i64::MAX)), &look.number)?;
    page.number(5, as_number(payment.amount.as_dong()), &look.money)?;
    page.text((6, 8), payee, &look.text)?;
    page.end_row()
}
