//! What is known of a client is corrected after it was ordered for: by command, by a cell of *Kết quả*, or by `nhận` beside
//! a row that says something else than before. New values are judged in `judge`; what follows of a placed order is said
//! in `follow`. Before that the order has a next revision, to be ticked again.

pub(super) mod follow;

mod judge;

use anyhow::Context as _;
use minijinja::context;
use serde_json::{Value, json};

pub use self::judge::Change;
use self::judge::Judged;
use super::{clients, content};
use crate::{
    db::{
        self, Tx,
        batches::{self, Batch},
        corrections::{self, NewEvent},
        lines::{self, Line},
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        requests::{self, Request},
        rows,
    },
    domain::{
        cell::Cell,
        field::Field,
        finding::Finding,
        order::{LineRef, LineState, OrderState, Recipient},
    },
    flow::{Services, map::typed, send, staged},
    text::Texts,
};

/// How often it is tried again because the line changed meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;
/// By these a line stands in its order.
const OF_ORDER: [Field; 6] = [
    Field::CustomerType,
    Field::Kind,
    Field::Package,
    Field::FiscalYear,
    Field::Recipient,
    Field::InvoiceTo,
];

/// By these another buyer is named.
const OF_BUYER: [Field; 3] = [Field::InvoiceName, Field::InvoiceTaxId, Field::InvoiceAddress];

/// What is to be corrected.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// As people write it in a cell; an empty one takes away what was there.
    pub changes: &'a [(Field, Cell)],
    /// A member of the firm, where that is known.
    pub by: Option<&'a str>,
    pub reason: &'a str,
    /// What the checks ask about these values was answered by a person.
    pub is_answered: bool,
    /// Whose file says so: it corrects no line that went to another firm. Nothing for whoever runs the program.
    pub firm: Option<&'a str>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Corrected {
    /// What changed, and what is said of it all the same.
    Done(Vec<Change>, Vec<Finding>),
    /// It says so already.
    Already,
    /// The new values are wrong, or asked about.
    Refused(Vec<Finding>),
    NotAllowed(Why),
}

/// Why a line cannot be corrected so; `message.not_corrected.<word>` says it and what to do, but that it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Cancelled,
    /// Another value of it makes it a line of another order.
    OtherOrder(Field),
    /// It is ordered, and what is ordered stays.
    Placed(Field),
    /// Its invoice is no other buyer's: what is said of one would have no effect.
    NoOtherBuyer(Field),
    /// The firm has such a line.
    Taken,
    /// It is another firm's by now.
    Left,
}

/// How a correction was asked for: whoever sends files is told of their columns, and not of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    InFile,
    ByCommand,
}

impl Why {
    /// What it is about, where that is one field.
    pub fn field(self) -> Option<Field> {
        match self {
            Why::OtherOrder(field) | Why::Placed(field) | Why::NoOtherBuyer(field) => Some(field),
            Why::Cancelled | Why::Taken | Why::Left => None,
        }
    }

    pub fn in_words(self, texts: &Texts, line: &LineRef, asked: Asked) -> String {
        let key = match self {
            Why::Cancelled => "cancelled",
            Why::OtherOrder(_) => "other_order",
            Why::Placed(_) => "placed",
            Why::NoOtherBuyer(_) => "no_other_buyer",
            Why::Taken => "taken",
            Why::Left => return texts.label("workbook.payment.left"),
        };
        let field = self.field().map(|field| texts.label(&format!("field.{field}")));
        let invoice_to = texts.label(&format!("field.{}", Field::InvoiceTo));
        let by_file = asked == Asked::InFile;
        let old_tax_id = texts.label(&format!("field.{}", Field::OldTaxId));
        let is_tax_id = self == Why::Placed(Field::TaxId);
        let line = line.to_string();
        let values = context! { line, field, invoice_to, by_file, is_tax_id, old_tax_id };
        texts.say(&format!("message.not_corrected.{key}"), values)
    }
}

/// Corrects a line; who tells the platform is whoever asked for it.
pub async fn correct(
    services: &Services,
    named: &LineRef,
    wish: &Wish<'_>,
) -> anyhow::Result<Corrected> {
    for _ in 0..OVERTAKEN_AT_MOST {
        let (before, judged) = match look(services, named, wish).await? {
            Ok(both) => both,
            Err(end) => return Ok(end),
        };
        match store(services, &before, wish, &judged).await? {
            Stored::Done => {
                services.crash_point("corrected");
                return Ok(Corrected::Done(judged.changes, judged.warnings));
            }
            Stored::Taken => return Ok(Corrected::NotAllowed(Why::Taken)),
            Stored::Overtaken => {}
        }
    }
    anyhow::bail!("{named} kept changing; try again")
}

/// What `correct` would make of it now; nothing is stored.
pub async fn would(
    services: &Services,
    named: &LineRef,
    wish: &Wish<'_>,
) -> anyhow::Result<Corrected> {
    let end = look(services, named, wish).await?;
    let done = |judged: Judged| Corrected::Done(judged.changes, judged.warnings);
    Ok(end.map_or_else(|end| end, |(_, judged)| done(judged)))
}

/// The line and its new values where it can be corrected; else how it ends.
async fn look(
    services: &Services,
    named: &LineRef,
    wish: &Wish<'_>,
) -> anyhow::Result<Result<(Before, Judged), Corrected>> {
    let before = Before::of(services, named).await?;
    let not = |why| Ok(Err(Corrected::NotAllowed(why)));
    if wish.firm.is_some_and(|firm| firm != before.line.firm) {
        return not(Why::Left);
    }
    if before.line.state == LineState::Cancelled {
        return not(Why::Cancelled);
    }
    let judged = match judge::judge(services, (&before.order, &before.line), wish).await? {
        Ok(judged) => judged,
        // What stays is not to be put right first.
        Err(findings) => {
            let why = stays(&before.order, wish.changes.iter().map(|(field, _)| *field));
            return Ok(Err(why.map_or(Corrected::Refused(findings), Corrected::NotAllowed)));
        }
    };
    if judged.changes.is_empty() {
        return Ok(Err(Corrected::Already));
    }
    if let Some(why) = stays(&before.order, judged.changes.iter().map(|change| change.field)) {
        return not(why);
    }
    Ok(match without_effect(&judged) {
        Some(field) => Err(Corrected::NotAllowed(Why::NoOtherBuyer(field))),
        None => Ok((before, judged)),
    })
}

/// A person did on the platform what corrections of a line left to do there; false where nothing was.
pub async fn done_on_platform(services: &Services, line: &Line) -> anyhow::Result<bool> {
    let mut tx = services.db.begin().await?;
    let done = corrections::done(&mut tx, line.id).await?;
    tx.commit().await?;
    Ok(done > 0)
}

/// A line as it is read, outside of the transaction, which sees whether it is still so.
struct Before {
    batch: Batch,
    order: Order,
    line: Line,
    request: Option<Request>,
}

impl Before {
    async fn of(services: &Services, named: &LineRef) -> anyhow::Result<Before> {
        let db = &services.db;
        let order = orders::by_code(db, &named.order).await?;
        let order = order.with_context(|| format!("There is no order {}", named.order))?;
        let batch = batches::by_id(db, order.batch()).await?.context("An order has its batch")?;
        let lines = lines::of_order(db, &named.order).await?;
        let line = lines.into_iter().find(|line| line.line_no == named.line);
        let line = line.with_context(|| format!("There is no line {named}"))?;
        let request = requests::of_line(db, line.id).await?;
        Ok(Before { batch, order, line, request })
    }
}

/// The first of these fields that is not corrected in such an order.
fn stays(order: &Order, mut fields: impl Iterator<Item = Field>) -> Option<Why> {
    if order.state == OrderState::AwaitingConfirmation {
        return fields.find(|field| OF_ORDER.contains(field)).map(Why::OtherOrder);
    }
    fields.find(|field| OF_ORDER.contains(field) || *field == Field::TaxId).map(Why::Placed)
}

/// The first field that names another buyer, where the invoice is the client's or the firm's.
fn without_effect(judged: &Judged) -> Option<Field> {
    let Judged { client, changes, .. } = judged;
    let is_buyer =
        |change: &&Change| OF_BUYER.contains(&change.field) && change.cell != Cell::Empty;
    let named = changes.iter().find(is_buyer).map(|change| change.field);
    named.filter(|_| client.invoice_to != Recipient::Other)
}

enum Stored {
    Done,
    /// Something of it changed since it was read.
    Overtaken,
    Taken,
}

/// The correction and what follows from it, in one transaction.
async fn store(
    services: &Services,
    before: &Before,
    wish: &Wish<'_>,
    judged: &Judged,
) -> anyhow::Result<Stored> {
    let Before { batch, order, line, .. } = before;
    let mut after = line.clone();
    after.name.clone_from(&judged.client.name);
    after.client.0 = judged.client.clone();
    // The list of the firm of before stays as it was when the client left.
    let is_own = batch.firm.as_ref() == Some(&line.firm);
    let changes =
        || judged.changes.iter().map(|it| (it.field, it.cell.clone())).collect::<Vec<_>>();
    let cells = if is_own { cells(services, line, &changes()).await? } else { None };
    let content = next_content(services, order, &after).await?;
    let mut tx = services.db.begin().await?;
    if !orders::hold(&mut tx, &order.code, order.state, &order.content).await?
        || lines::hold(&mut tx, &[line.id]).await?.get(&line.id) != Some(&line.state)
        || !batches::is_as_read(&mut tx, batch).await?
    {
        return Ok(Stored::Overtaken);
    }
    match corrections::rewrite(&mut tx, line.id, &judged.client).await {
        Err(error) if db::is_taken(&error) => return Ok(Stored::Taken),
        rewritten => rewritten?,
    }
    if let Some(cells) = cells {
        let row_no = u32::try_from(line.row_no)?;
        let fixed = rows::Fixed { sheet: line.sheet, row_no, cells: &cells, dropped: false };
        rows::replace(&mut tx, line.batch(), &[fixed]).await?;
    }
    let fields: Vec<Field> = judged.changes.iter().map(|change| change.field).collect();
    clients::correct(&mut tx, (line, &after), &fields, services.now()).await?;
    keep(services, &mut tx, (order, &after), (wish, judged)).await?;
    if let Some(content) = content {
        let amount = order.amount();
        if !orders::revise(&mut tx, &order.code, &order.content, &content, amount).await? {
            return Ok(Stored::Overtaken);
        }
        send::plan::results(services, &mut tx, order.batch()).await?;
    } else {
        follow::up(services, &mut tx, (before, &after), &fields).await?;
    }
    batches::ask_for_workbook(&mut tx, order.batch()).await?;
    tx.commit().await?;
    Ok(Stored::Done)
}

/// The user's row with what is corrected in it, where it has columns for that.
pub async fn cells(
    services: &Services,
    line: &Line,
    changes: &[(Field, Cell)],
) -> anyhow::Result<Option<Vec<Cell>>> {
    let Some((table, row)) = staged::row_of(services, line).await? else { return Ok(None) };
    let mut cells = row.cells;
    for (field, cell) in changes {
        let column = table.columns.iter().find(|column| column.field == Some(*field));
        let Some(column) = column else { continue };
        let at = usize::try_from(column.index)?;
        cells.resize(cells.len().max(at + 1), Cell::Empty);
        cells[at] = typed(cell.clone(), column);
    }
    Ok(Some(cells))
}

/// What is to be confirmed then; a confirmed order stays what was confirmed.
async fn next_content(
    services: &Services,
    order: &Order,
    after: &Line,
) -> anyhow::Result<Option<String>> {
    if order.state != OrderState::AwaitingConfirmation {
        return Ok(None);
    }
    let mut lines = lines::of_order(&services.db, &order.code).await?;
    lines.retain(|line| line.state != LineState::Cancelled);
    let as_it_is = |line: &Line| {
        let client = if line.id == after.id { &after.client.0 } else { &line.client.0 };
        (line.line_no, line.amount(), client.clone())
    };
    let lines: Vec<_> = lines.iter().map(as_it_is).collect();
    let told = lines.iter().map(|(number, amount, client)| (*number, *amount, client));
    content::hash(&order.code, told).map(Some)
}

/// Who changed what, when and why, and the bell of the firm.
async fn keep(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    (wish, judged): (&Wish<'_>, &Judged),
) -> anyhow::Result<()> {
    let changes: serde_json::Map<String, Value> =
        judged.changes.iter().map(|it| (it.field.to_string(), json!([it.old, it.new]))).collect();
    let to_do = follow::to_do(line, judged.changes.iter().map(|it| it.field));
    let event = NewEvent {
        line_id: line.id,
        said_by: wish.by,
        reason: wish.reason,
        detail: json!({ "changes": changes }),
        on_platform: to_do.as_deref(),
    };
    corrections::insert(tx, event, services.now()).await?;
    let said: Vec<String> =
        judged.changes.iter().map(|change| change.in_words(services.texts)).collect();
    let values = context! {
        line => line.reference().to_string(), name => line.name.as_str(), changes => said.join("; "),
        reason => wish.reason, again => order.state == OrderState::AwaitingConfirmation,
    };
    let text = services.texts.say("message.bell.line_corrected", values);
    let (kind, code) = (NotificationKind::LineChanged, Some(&order.code));
    let bell = NewNotification { firm: &line.firm, kind, text: &text, order: code };
    Ok(notifications::insert(tx, bell, services.now()).await?)
}
