//! The sheet *Tiền chưa khớp*: each payment that waits, why, what it may be for, and cells to say what it is for.
//! What is written there is read by `pay::answers`.

use minijinja::context;
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::{
    bank,
    identity::RID,
    lists::Lists,
    look::{DATE, Look, MONEY, TEXT, Tone, as_number},
    page::Page,
    paper,
};
use crate::{
    db::{
        dues::Due,
        payments::{Allocation, Payment},
    },
    domain::{money::Money, payment::PaymentState},
    flow::{
        Services,
        pay::{
            candidates::{self, Candidate, Requests, WhyNot},
            not_for::NotFor,
            went::{self, Asked},
        },
    },
    text::Texts,
};

/// Codes that may be written beside a payment, each with an amount.
pub const CODES: usize = 5;
/// Behind them, in this order: their labels, and whether money stands there.
pub const MORE: [&str; 3] = ["refund", "waive", "reason"];
/// Before them; the number of a payment comes first.
const OURS: [&str; 8] =
    ["payment", "day", "amount", "unused", "state", "memo", "why", "candidates"];
/// On paper it is two pages wide: what is to be read, and what is to be filled in.
const GRID: &[f64] = &[
    9.0, 12.0, 16.0, 14.0, 16.0, 36.0, 40.0, 46.0, 13.0, 11.0, 13.0, 11.0, 13.0, 11.0, 13.0, 11.0,
    13.0, 11.0, 12.0, 10.0, 20.0, 4.0,
];
/// So many codes are offered; others can be typed.
const OFFERED: usize = 20_000;

/// All that stands on it.
pub struct Waiting<'a> {
    pub payments: &'a [Payment],
    pub allocations: &'a dyn Fn(i64) -> &'a [Allocation],
    pub dues: &'a [Due],
    pub not_for: &'a NotFor,
    /// Money that left and says that it goes back, though that was not planned so.
    pub debits: &'a [Asked],
}

/// The label of a column that may be filled in, counted from 0.
pub fn label(texts: &Texts, column: usize) -> String {
    let (pair, more) = (column / 2 + 1, column.checked_sub(2 * CODES));
    match more {
        Some(more) => texts.label(&format!("workbook.money.{}", MORE[more])),
        None if column.is_multiple_of(2) => {
            texts.say("workbook.money.code", context! { n => pair })
        }
        None => texts.say("workbook.money.of_code", context! { n => pair }),
    }
}

/// The label of a column that is for reading.
pub fn own_label(texts: &Texts, name: &str) -> String {
    match name {
        "candidates" => texts.label("workbook.money.candidates"),
        name => texts.label(&format!("workbook.reconciliation.{name}")),
    }
}

/// The sheet, and the cell in which stands who decided.
pub fn sheet(
    services: &Services,
    look: &Look,
    lists: &mut Lists,
    it: &Waiting<'_>,
) -> Result<(Worksheet, String), XlsxError> {
    let texts = services.texts;
    let name = texts.label("workbook.reconciliation.money");
    let mut page = Page::new(&name, GRID, look)?;
    page.title(&name)?;
    let unused = |payment: &Payment| Money::dong(payment.unused((it.allocations)(payment.id)));
    let sum: Money = it.payments.iter().map(unused).sum();
    let values = context! { n => it.payments.len(), sum => sum.to_string() };
    let about = texts.say("workbook.reconciliation.money_headline", values);
    // Printed pages to the right repeat the columns before: what begins there would be cut off.
    page.text((3, 7), &about, &look.plain)?;
    page.end_row()?;
    page.text((3, 7), &texts.label("workbook.money.hint"), &look.hint)?;
    page.end_row()?;
    page.text((0, 2), &texts.label("workbook.money.who"), &look.label)?;
    page.text((3, 5), "", &look.input)?;
    let who = page.reference(3);
    page.end_row()?;
    headings(texts, &mut page)?;
    let header = page.row() - 1;
    let offered: Vec<String> =
        it.dues.iter().filter(|due| candidates::left(due) > 0).take(OFFERED).map(offer).collect();
    let free = |payment| (payment, Payment::unused(payment, (it.allocations)(payment.id)));
    let requests = Requests::of(it.dues, it.not_for).and_pools(it.payments.iter().map(free));
    for payment in it.payments {
        row(services, &mut page, payment, (it, &requests))?;
    }
    let last = page.row().max(header + 1) - 1;
    if last > header {
        let choice = lists.suggestion(&offered)?;
        for pair in 0..CODES {
            let column = first_input() + 2 * u16::try_from(pair).unwrap_or_default();
            page.sheet.add_data_validation(header + 1, column, last, column, &choice)?;
        }
        let hidden = page.last_column();
        page.sheet.autofilter(header, 0, last, hidden - 1)?;
    }
    let hidden = page.last_column();
    page.sheet.set_column_hidden(hidden)?.set_freeze_panes(header + 1, 3)?;
    page.sheet.set_repeat_rows(header, header)?;
    print(&mut page.sheet)?;
    Ok((page.sheet, who))
}

/// All columns at once could not be read on paper: what is to be filled in has pages of its own, each with the payment.
fn print(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut widths = GRID.to_vec();
    if let Some(hidden) = widths.last_mut() {
        *hidden = 0.0;
    }
    let identifying = Some((0, 2));
    let group = usize::from(first_input());
    paper::list(sheet, paper::Columns { widths: &widths, identifying, group })
}

fn first_input() -> u16 {
    u16::try_from(OURS.len()).unwrap_or_default()
}

fn headings(texts: &Texts, page: &mut Page<'_>) -> Result<(), XlsxError> {
    let ours = OURS.iter().map(|name| own_label(texts, name));
    let inputs = (0..2 * CODES + MORE.len()).map(|column| label(texts, column));
    let all = ours.chain(inputs).chain([RID.to_owned()]);
    let all: Vec<((u16, u16), String)> =
        (0..).zip(all).map(|(at, name)| ((at, at), name)).collect();
    page.headings(&all)
}

/// `HLACDEFGHJ · 2.950.000 đ · Công ty An Bình`: the code is what counts.
fn offer(due: &Due) -> String {
    let left = Money::dong(candidates::left(due));
    format!("{} · {left} · {}", due.code, due.name)
}

fn row(
    services: &Services,
    page: &mut Page<'_>,
    payment: &Payment,
    (it, requests): (&Waiting<'_>, &Requests<'_>),
) -> Result<(), XlsxError> {
    let (texts, look) = (services.texts, page.look);
    let day = look.number.clone().set_num_format(DATE);
    page.number(0, as_number(payment.id), &look.number)?;
    match payment.booked_on.parse::<chrono::NaiveDate>() {
        Ok(on) => {
            let at = page.row();
            page.sheet.write_datetime_with_format(at, 1, on, &day)?;
        }
        Err(_) => page.cell(1, &payment.booked_on, &look.text)?,
    }
    page.number(2, as_number(payment.amount().as_dong()), &look.money)?;
    let unused = payment.unused((it.allocations)(payment.id));
    page.number(3, as_number(unused), &look.money)?;
    let state = texts.label(&format!("workbook.payment_state.{}", payment.state));
    let is_quiet = payment.state == PaymentState::Unmatched;
    page.cell(4, &state, look.state(if is_quiet { Tone::Quiet } else { Tone::Waiting }))?;
    let text = look.text.clone().set_num_format(TEXT);
    page.cell(5, &payment.memo, &text)?;
    page.cell(6, &went::why(services, payment, it.debits), &look.text)?;
    let found = requests.for_payment(payment, (it.allocations)(payment.id));
    let told = (1..).zip(&found.shown).map(|(n, found)| candidate(texts, n, found, payment));
    let more = (found.more > 0)
        .then(|| texts.say("workbook.money.more_candidates", context! { n => found.more }));
    let told: Vec<String> = told.chain(more).collect();
    page.cell(7, &told.join("\n"), &look.text)?;
    let amount = look.input.clone().set_num_format(MONEY);
    let is_money = |column: usize| column < 2 * CODES && column % 2 == 1 || column == 2 * CODES;
    for column in 0..2 * CODES + MORE.len() {
        let format: &Format = if is_money(column) { &amount } else { &look.input };
        page.cell(first_input() + u16::try_from(column).unwrap_or_default(), "", format)?;
    }
    let rid = bank::row(&services.key, payment, (it.allocations)(payment.id));
    let at = (page.row(), page.last_column());
    page.sheet.write_string_with_format(at.0, at.1, &rid, &look.input)?;
    page.end_row()
}

fn candidate(texts: &Texts, n: usize, it: &Candidate<'_>, payment: &Payment) -> String {
    let money = |dong: i64| Money::dong(dong).to_string();
    let of_all = |name: &str| payment.evidence.0[name].as_i64().map(money);
    let values = context! {
        left => money(it.left), free => money(it.free), own => money(it.own),
        differs => money((it.free - it.left).abs()),
        code => it.due.batch_code.as_deref(), all => of_all("left"), came => of_all("came"),
    };
    let why = texts.say(&format!("workbook.money.why_not.{}", it.why_not), values);
    let is_of_all = it.why_not == WhyNot::Fills;
    let name = if is_of_all { &it.due.payer_name } else { &it.due.name };
    format!("{n}. {} – {name}: {why}", it.code)
}
