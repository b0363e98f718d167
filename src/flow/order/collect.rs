//! Accepted rows → orders that await their confirmation, in one transaction with the verdicts.

use anyhow::Context;
use chrono::NaiveDate;

use super::{clients, content};
use crate::{
    catalogue::packages::Package,
    db::{
        self, Tx,
        batches::{self, Batch},
        findings,
        lines::{self, Line, NewLine, Under},
        orders::{self, NewOrder, Order},
        rows,
    },
    domain::{
        batch::{BatchId, BatchState, RowState},
        client::{ClientRow, CustomerType},
        fiscal_year::FiscalYear,
        money::Money,
        order::{Kind, LineState, OrderCode, OrderState, Recipient},
    },
    flow::{
        Services,
        check::{Checked, Verdict},
        send,
    },
};

/// Rows of the same key make one order; a household and an enterprise never do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GroupKey {
    customer_type: CustomerType,
    kind: Kind,
    package: String,
    fiscal_year: FiscalYear,
    recipient: Recipient,
    invoice_to: Recipient,
}

impl GroupKey {
    fn is_of(&self, order: &Order) -> bool {
        self.customer_type == order.customer_type
            && self.kind == order.kind
            && self.package == order.package
            && i64::from(self.fiscal_year.year()) == order.fiscal_year()
            && self.recipient == order.recipient
            && self.invoice_to == order.invoice_to
    }
}

type Group<'a> = (GroupKey, Vec<(&'a Verdict, &'a ClientRow)>);

/// What became of the attempt to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Done,
    /// Another list ordered one of these clients meanwhile: the rows must be checked again.
    Overtaken,
}

/// Stores verdicts, findings and orders of a batch, and asks for its workbook.
pub async fn store(
    services: &Services,
    batch: &Batch,
    checked: &Checked,
) -> anyhow::Result<Stored> {
    let mut tx = services.db.begin().await?;
    let state = state_of(checked);
    if !batches::judge(&mut tx, batch.id(), state, &services.catalogue.version(), services.now())
        .await?
    {
        return Ok(Stored::Done);
    }
    let verdict = |verdict: &Verdict| rows::Verdict {
        sheet: verdict.sheet,
        row_no: verdict.row,
        state: verdict.state,
    };
    let verdicts: Vec<rows::Verdict> = checked.verdicts.iter().map(verdict).collect();
    rows::settle(&mut tx, batch.id(), &verdicts).await?;
    findings::insert(&mut tx, batch.id(), &checked.findings).await?;
    for (position, group) in (1..).zip(groups(checked)) {
        match insert(services, &mut tx, batch, position, &group).await {
            Err(error) if error.downcast_ref().is_some_and(db::is_taken) => {
                return Ok(Stored::Overtaken);
            }
            inserted => inserted?,
        }
    }
    batches::ask_for_workbook(&mut tx, batch.id()).await?;
    send::plan::results(services, &mut tx, batch.id()).await?;
    tx.commit().await?;
    Ok(Stored::Done)
}

fn state_of(checked: &Checked) -> BatchState {
    let any = |state| checked.verdicts.iter().any(|verdict| verdict.state == state);
    if checked.is_refused {
        BatchState::Rejected
    } else if any(RowState::Accepted) {
        BatchState::AwaitingConfirmation
    } else if any(RowState::Held) {
        BatchState::Held
    } else if any(RowState::Rejected) {
        BatchState::Rejected
    } else {
        BatchState::Done
    }
}

/// The orders of a batch and their lines, as they are before fixed rows join them. Read outside of the transaction,
/// which sees by an order's content whether it is still so.
#[derive(Clone, Debug)]
pub struct Standing {
    orders: Vec<Order>,
    lines: Vec<Line>,
}

impl Standing {
    pub async fn of(services: &Services, batch: BatchId) -> anyhow::Result<Standing> {
        let orders = orders::of_batch(&services.db, batch).await?;
        Ok(Standing { orders, lines: lines::of_batch(&services.db, batch).await? })
    }
}

/// Adds the accepted rows of fixed ones: to the order of their kind while it awaits its confirmation, else as a
/// follow-on order of the batch.
pub async fn join(
    services: &Services,
    tx: &mut Tx,
    batch: &Batch,
    checked: &Checked,
    standing: &Standing,
) -> anyhow::Result<Stored> {
    let orders = &standing.orders;
    let mut position = orders.iter().map(|order| order.position).max().unwrap_or(0);
    for group in groups(checked) {
        let awaiting = |order: &&Order| {
            order.state == OrderState::AwaitingConfirmation && group.0.is_of(order)
        };
        let joined = if let Some(order) = orders.iter().find(awaiting) {
            let before = standing.lines.iter().filter(|line| line.order_code == order.code);
            append(services, tx, order, &before.collect::<Vec<_>>(), &group).await
        } else {
            position += 1;
            let inserted = insert(services, tx, batch, position, &group).await;
            inserted.map(|()| Stored::Done)
        };
        match joined {
            Ok(Stored::Done) => batches::await_again(tx, batch.id()).await?,
            Err(error) if !error.downcast_ref().is_some_and(db::is_taken) => return Err(error),
            _ => return Ok(Stored::Overtaken),
        }
    }
    Ok(Stored::Done)
}

/// The order's next revision: its lines, and the fixed rows behind them.
async fn append(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    before: &[&Line],
    (key, rows): &Group<'_>,
) -> anyhow::Result<Stored> {
    let package = services
        .catalogue
        .packages
        .get(&key.package)
        .context("A checked package is in the catalogue")?;
    let price = price(package, key.kind, services.today())?;
    let next = before.iter().map(|line| line.line_no).max().unwrap_or(0) + 1;
    let new = new_lines(next, price, rows);
    let stay = before.iter().filter(|line| line.state != LineState::Cancelled);
    let old = stay.map(|line| (line.line_no, line.amount(), &line.client.0));
    let all = old.chain(new.iter().map(|line| (line.line_no, line.amount, line.client)));
    let content = content::hash(&order.code, all)?;
    let amount = order.amount() + new.iter().map(|line| line.amount).sum();
    if !orders::revise(tx, &order.code, &order.content, &content, amount).await? {
        return Ok(Stored::Overtaken);
    }
    let (family, fiscal_year) = (package.family.as_str(), key.fiscal_year.year());
    let under =
        Under { order: &order.code, batch: order.batch(), firm: &order.firm, family, fiscal_year };
    lines::insert(tx, under, &new).await?;
    keep(services, tx, &order.firm, rows).await?;
    Ok(Stored::Done)
}

fn new_lines<'a>(
    first: i64,
    price: Money,
    rows: &[(&'a Verdict, &'a ClientRow)],
) -> Vec<NewLine<'a>> {
    (first..)
        .zip(rows)
        .map(|(line_no, (verdict, client))| NewLine {
            line_no,
            sheet: verdict.sheet,
            row_no: verdict.row,
            tax_id: client.tax_id.as_str(),
            name: &client.name,
            amount: price,
            client,
        })
        .collect()
}

/// In the order of their first rows.
fn groups(checked: &Checked) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (verdict, client) in checked.accepted() {
        let key = GroupKey {
            customer_type: client.customer_type,
            kind: client.kind,
            package: client.package.clone(),
            fiscal_year: client.fiscal_year,
            recipient: client.recipient,
            invoice_to: client.invoice_to,
        };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, rows)) => rows.push((verdict, client)),
            None => groups.push((key, vec![(verdict, client)])),
        }
    }
    groups
}

async fn insert(
    services: &Services,
    tx: &mut Tx,
    batch: &Batch,
    position: i64,
    (key, rows): &Group<'_>,
) -> anyhow::Result<()> {
    let firm = batch.firm.as_deref().context("A list without a firm has no orders")?;
    let package = services
        .catalogue
        .packages
        .get(&key.package)
        .context("A checked package is in the catalogue")?;
    let price = price(package, key.kind, services.today())?;
    let number = db::instance::next_number(tx, "order").await?;
    let code = OrderCode::new(number, services.local(services.now()));
    let lines = new_lines(1, price, rows);
    let content =
        content::hash(&code, lines.iter().map(|line| (line.line_no, line.amount, line.client)))?;
    let registered_by = rows.iter().find_map(|(_, client)| client.registered_by.as_ref());
    let new = NewOrder {
        code: &code,
        batch: batch.id(),
        position,
        firm,
        kind: key.kind,
        package: &key.package,
        family: &package.family,
        customer_type: key.customer_type,
        fiscal_year: key.fiscal_year,
        recipient: key.recipient,
        invoice_to: key.invoice_to,
        content: &content,
        amount: lines.iter().map(|line| line.amount).sum(),
        registered_by: registered_by
            .map(crate::domain::email::Email::as_str)
            .or(batch.registered_by.as_deref()),
    };
    orders::insert(tx, new, services.now()).await?;
    let (family, fiscal_year) = (package.family.as_str(), key.fiscal_year.year());
    let under = Under { order: &code, batch: batch.id(), firm, family, fiscal_year };
    lines::insert(tx, under, &lines).await?;
    keep(services, tx, firm, rows).await
}

/// The clients of the rows enter the firm's catalogue.
async fn keep(
    services: &Services,
    tx: &mut Tx,
    firm: &str,
    rows: &[(&Verdict, &ClientRow)],
) -> anyhow::Result<()> {
    let rows: Vec<&ClientRow> = rows.iter().map(|(_, client)| *client).collect();
    clients::keep(tx, firm, &rows, services.now()).await
}

fn price(package: &Package, kind: Kind, today: NaiveDate) -> anyhow::Result<Money> {
    package
        .price_on(today)
        .map(|price| kind.price(price))
        .with_context(|| format!("The package {} has no price today", package.code))
}
