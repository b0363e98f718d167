//! Invoices in numbered exports: each paid request once, and again only what changed after it was handed out, as an
//! adjustment (điều chỉnh; NĐ123/2020 Art. 19). A number is repeated as it was. What an invoice says is put together by
//! `invoices`.

use std::collections::HashMap;

use minijinja::context;
use serde_json::Value;

use super::{Column, Datum, Kind, Table, What, invoices};
use crate::{
    db::{
        self,
        invoices::{self as stored, HandedOut, NewRow},
    },
    domain::{
        order::{Recipient, RequestState},
        words::words,
    },
    flow::Services,
};

/// How often it is tried again because another export was faster.
const OVERTAKEN_AT_MOST: usize = 5;
/// By these an invoice names its buyer.
const BUYER: [&str; 3] = ["buyer_name", "buyer_tax_id", "buyer_address"];

words! {
    /// What a row asks of the invoicing program.
    pub enum Asked {
        Invoice = "invoice",
        /// The buyer or the amount is another one than was handed out; the amount is the difference.
        Adjustment = "adjustment",
        /// It is not paid any more: all of the amount goes off again.
        Decrease = "decrease",
    }
}

/// An export with its number.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub number: i64,
    pub table: Table,
}

/// What was said of one request so far.
#[derive(Default)]
struct Before {
    turn: i64,
    export: i64,
    /// What was said last, by the names of its columns.
    said: Value,
    state: Option<RequestState>,
    /// Whole đồng that are invoiced by now.
    amount: i64,
}

impl Before {
    fn is_invoiced(&self) -> bool {
        self.turn > 0 && self.said["invoice_kind"] != Asked::Decrease.as_str()
    }
}

/// Hands out what no export of before said; nothing, and no number, where there is nothing new.
pub async fn new(services: &Services, firm: Option<&str>) -> anyhow::Result<Option<Numbered>> {
    for _ in 0..OVERTAKEN_AT_MOST {
        let rows = rows(services, firm).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        if let Some(number) = store(services, firm, rows).await? {
            return again(services, number, firm).await;
        }
    }
    anyhow::bail!("Other exports kept handing out the same invoices; try again")
}

/// An export of before, as it was; nothing where there is none with this number, or where it is not this firm's.
pub async fn again(
    services: &Services,
    number: i64,
    firm: Option<&str>,
) -> anyhow::Result<Option<Numbered>> {
    let Some(of) = stored::export(&services.db, number).await? else { return Ok(None) };
    if firm.is_some_and(|firm| of.as_deref() != Some(firm)) {
        return Ok(None);
    }
    let columns = columns();
    let row = |said: &Value| columns.iter().map(|column| datum(*column, said)).collect();
    let rows = stored::of_export(&services.db, number).await?.iter().map(row).collect();
    Ok(Some(Numbered { number, table: Table::new(What::Invoices, columns, rows) }))
}

fn columns() -> Vec<Column> {
    let mut columns = vec![("export", Kind::Whole), ("invoice_kind", Kind::Text)];
    columns.extend(invoices::columns());
    columns.extend([("adjusts", Kind::Whole), ("remark", Kind::Text)]);
    columns
}

fn datum((name, kind): Column, said: &Value) -> Datum {
    match (&said[name], kind) {
        (Value::String(text), _) => Datum::Text(text.clone()),
        (Value::Number(number), Kind::Money) => Datum::Money(number.as_i64().unwrap_or_default()),
        (Value::Number(number), _) => Datum::Whole(number.as_i64().unwrap_or_default()),
        _ => Datum::Nothing,
    }
}

/// The number of the export; nothing where another one was faster.
async fn store(
    services: &Services,
    firm: Option<&str>,
    mut rows: Vec<NewRow>,
) -> anyhow::Result<Option<i64>> {
    let mut tx = services.db.begin().await?;
    let number = match stored::begin(&mut tx, firm, services.now()).await {
        Err(error) if db::is_taken(&error) => return Ok(None),
        number => number?,
    };
    for (position, row) in (1..).zip(&mut rows) {
        row.position = position;
        row.said["export"] = number.into();
    }
    match stored::hand_out(&mut tx, number, &rows).await {
        Err(error) if db::is_taken(&error) => return Ok(None),
        handed_out => handed_out?,
    }
    tx.commit().await?;
    Ok(Some(number))
}

/// What is new: invoices and adjustments in the order of their lines, then what is not paid any more.
async fn rows(services: &Services, firm: Option<&str>) -> anyhow::Result<Vec<NewRow>> {
    let handed_out = stored::handed_out(&services.db, firm).await?;
    let mut before: HashMap<String, Before> = HashMap::new();
    let mut codes = Vec::new();
    for HandedOut { code, turn, export_number, said, state } in handed_out {
        let said = said.0;
        if turn == 1 {
            codes.push(code.clone());
        }
        let amount = said["amount"].as_i64().unwrap_or_default();
        let known = before.entry(code).or_default();
        let amount = known.amount + amount;
        *known = Before { turn, export: export_number, said, state: Some(state), amount };
    }
    let mut rows = Vec::new();
    for paid in stored::paid(&services.db, firm).await? {
        let names = invoices::columns().into_iter().map(|(name, _)| name);
        let cells = invoices::row(services, &paid)?;
        let now: Value = names.zip(cells.iter().map(Datum::json)).collect();
        // Another name of the accounting firm itself is its own business, and no mistake of an invoice.
        let names_client = paid.client.invoice_to != Recipient::Firm;
        let known = before.get(paid.code.as_str());
        rows.extend(said_of_paid(services, now, known, names_client));
    }
    for code in codes {
        let Some(known) = before.get(&code) else { continue };
        let is_paid = known.state.is_some_and(RequestState::is_paid);
        // What another firm was invoiced for is not told to this one.
        let is_own = firm.is_none_or(|firm| known.said["firm"] == firm);
        if known.is_invoiced() && !is_paid && is_own {
            rows.push(no_more(services, &code, known));
        }
    }
    Ok(rows)
}

/// Nothing where it was handed out as it is.
fn said_of_paid(
    services: &Services,
    mut now: Value,
    known: Option<&Before>,
    names_client: bool,
) -> Option<NewRow> {
    let code = now["payment_code"].as_str()?.to_owned();
    let Some(known) = known.filter(|known| known.is_invoiced()) else {
        let turn = known.map_or(1, |known| known.turn + 1);
        return Some(new_row(services, (code, turn), now, (Asked::Invoice, None)));
    };
    let off = now["amount"].as_i64().unwrap_or_default() - known.amount;
    let mut changed: Vec<&str> = Vec::new();
    if names_client {
        changed.extend(BUYER.iter().filter(|name| now[**name] != known.said[**name]));
    }
    if off != 0 {
        changed.push("amount");
    }
    let label = |name: &&str| services.texts.label(&format!("workbook.export.column.{name}"));
    let changed: Vec<String> = changed.iter().map(label).collect();
    if changed.is_empty() {
        return None;
    }
    for name in ["price", "amount"] {
        now[name] = off.into();
    }
    let why = (Asked::Adjustment, Some((known.export, changed.join(", "))));
    Some(new_row(services, (code, known.turn + 1), now, why))
}

/// All that was invoiced goes off again.
fn no_more(services: &Services, code: &str, known: &Before) -> NewRow {
    let mut said = known.said.clone();
    for name in ["price", "amount"] {
        said[name] = (-known.amount).into();
    }
    let is_cancelled = known.state == Some(RequestState::Cancelled);
    let why = if is_cancelled { "cancelled" } else { "unpaid" };
    let why = services.texts.label(&format!("workbook.export.remark.{why}"));
    let asked = (Asked::Decrease, Some((known.export, why)));
    new_row(services, (code.to_owned(), known.turn + 1), said, asked)
}

/// Its position and the number of its export come with the export.
fn new_row(
    services: &Services,
    (code, turn): (String, i64),
    mut said: Value,
    (asked, adjusts): (Asked, Option<(i64, String)>),
) -> NewRow {
    let remark = adjusts.as_ref().map(|(export, why)| {
        let key = format!("workbook.export.remark.{asked}");
        services.texts.say(&key, context! { export, why })
    });
    said["invoice_kind"] = asked.as_str().into();
    said["adjusts"] = adjusts.map(|(export, _)| export).into();
    said["remark"] = remark.into();
    NewRow { code, turn, position: 0, said }
}
