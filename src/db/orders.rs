//! Orders.

use chrono::{DateTime, Utc};

use super::{Db, Tx, batches::Filter};
use crate::domain::{
    batch::BatchId,
    client::CustomerType,
    fiscal_year::FiscalYear,
    money::Money,
    order::{Kind, OrderCode, OrderState, Recipient},
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Order {
    #[sqlx(try_from = "String")]
    pub code: OrderCode,
    batch_id: i64,
    /// From 1, in the order of their first rows.
    pub position: i64,
    pub firm: String,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    pub package: String,
    pub family: String,
    #[sqlx(try_from = "String")]
    pub customer_type: CustomerType,
    fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub recipient: Recipient,
    #[sqlx(try_from = "String")]
    pub invoice_to: Recipient,
    #[sqlx(try_from = "String")]
    pub state: OrderState,
    /// Counts the contents that were there to be confirmed.
    pub revision: i64,
    /// The hash of the present content.
    pub content: String,
    amount: i64,
    pub registered_by: Option<String>,
    pub confirmed_by: Option<String>,
    pub placed_at: Option<DateTime<Utc>>,
    pub activation_asked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl Order {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }

    pub fn fiscal_year(&self) -> i64 {
        self.fiscal_year
    }
}

/// An order on its way in, awaiting its confirmation.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    pub code: &'a OrderCode,
    pub batch: BatchId,
    pub position: i64,
    pub firm: &'a str,
    pub kind: Kind,
    pub package: &'a str,
    pub family: &'a str,
    pub customer_type: CustomerType,
    pub fiscal_year: FiscalYear,
    pub recipient: Recipient,
    pub invoice_to: Recipient,
    pub content: &'a str,
    pub amount: Money,
    pub registered_by: Option<&'a str>,
}

pub async fn insert(tx: &mut Tx, new: NewOrder<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query(
        "insert into client_order (code, batch_id, position, firm, kind, package, family, customer_type, fiscal_year,
                                   recipient, invoice_to, state, revision, content, amount, registered_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'awaiting_confirmation', 1, $12, $13, $14, $15)",
    )
    .bind(new.code.as_str())
    .bind(new.batch.number())
    .bind(new.position)
    .bind(new.firm)
    .bind(new.kind.as_str())
    .bind(new.package)
    .bind(new.family)
    .bind(new.customer_type.as_str())
    .bind(i64::from(new.fiscal_year.year()))
    .bind(new.recipient.as_str())
    .bind(new.invoice_to.as_str())
    .bind(new.content)
    .bind(new.amount.as_dong())
    .bind(new.registered_by)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

pub async fn by_code(db: &Db, code: &OrderCode) -> sqlx::Result<Option<Order>> {
    db.query("select * from client_order where code = $1").bind(code.as_str()).optional().await
}

pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Order>> {
    db.query("select * from client_order where batch_id = $1 order by position")
        .bind(batch.number())
        .all()
        .await
}

/// Who registered an order of a batch, and who a row of it: each pair once.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Registered {
    pub order_code: String,
    #[sqlx(try_from = "String")]
    pub state: OrderState,
    pub of_order: Option<String>,
    pub of_row: Option<String>,
}

/// Of the orders of a batch that stand.
pub async fn registered(tx: &mut Tx, batch: BatchId) -> sqlx::Result<Vec<Registered>> {
    tx.query(
        "select distinct o.code as order_code, o.state as state, o.registered_by as of_order,
                l.client->>'registered_by' as of_row
         from client_order o join order_line l on l.order_code = o.code
         where o.batch_id = $1 and o.state <> 'cancelled' and l.state <> 'cancelled'
         order by 1, 4",
    )
    .bind(batch.number())
    .all()
    .await
}

/// Whether a batch has orders, and every one of them is cancelled.
pub async fn is_wholly_cancelled(tx: &mut Tx, batch: BatchId) -> sqlx::Result<bool> {
    let (all, cancelled) = tx
        .query(
            "select count(*), count(case when state = 'cancelled' then 1 end) from client_order where batch_id = $1",
        )
        .bind(batch.number())
        .one::<(i64, i64)>()
        .await?;
    Ok(all > 0 && all == cancelled)
}

/// As one firm sees orders: by its own lines alone, where others stand beside them because a client came or left. Who of
/// another firm registered or confirmed one, and what the others cost or owe, is no business of it.
const OF_FIRM: &str = "
    with own as (
        select l.order_code, l.firm,
               cast(coalesce(sum(case when l.state <> 'cancelled' then l.amount end), 0) as bigint) as amount,
               count(case when l.state <> 'cancelled' then 1 end) as standing,
               count(case when l.state not in ('active', 'suspended', 'cancelled') then 1 end) as unsettled,
               count(case when r.state in ('open', 'partly_paid') then 1 end) as unpaid,
               count(case when r.state in ('paid', 'overpaid') then 1 end) as paid
        from order_line l left join payment_request r on r.line_id = l.id
        where l.firm = $1 and ($4 is null or l.order_code = $4) group by l.order_code, l.firm
    ), seen as (
        select o.code, o.batch_id, o.position, own.firm, o.kind, o.package, o.family, o.customer_type, o.fiscal_year,
               o.recipient, o.invoice_to, o.revision, o.content, own.amount, o.placed_at, o.activation_asked_at,
               o.created_at,
               case when o.firm = own.firm then o.registered_by end as registered_by,
               case when o.firm = own.firm then o.confirmed_by end as confirmed_by,
               case when o.state not in ('placed', 'paid') then o.state
                    when own.standing = 0 then 'cancelled'
                    when o.kind = 'free' then case when own.unsettled = 0 then 'done' else o.state end
                    when own.unpaid > 0 then 'placed'
                    when own.paid > 0 then 'paid'
                    else o.state end as state
        from client_order o join own on own.order_code = o.code
    )
    select * from seen where ($2 is null or state = $2) and ($3 is null or created_at >= $3)
    order by created_at desc, code desc";

/// The newest first; of a firm as it sees them.
pub async fn list(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Order>> {
    if let Some(firm) = &filter.firm {
        return seen(db, filter, firm, None).await;
    }
    db.query(
        "select * from client_order where ($1 is null or state = $1) and ($2 is null or created_at >= $2)
         order by created_at desc, code desc",
    )
    .bind(filter.state.as_deref())
    .bind(filter.since)
    .all()
    .await
}

/// One order as a firm sees it; nothing where no line of it is the firm's.
pub async fn of_firm(db: &Db, firm: &str, code: &OrderCode) -> sqlx::Result<Option<Order>> {
    Ok(seen(db, &Filter::default(), firm, Some(code)).await?.pop())
}

async fn seen(
    db: &Db,
    filter: &Filter,
    firm: &str,
    code: Option<&OrderCode>,
) -> sqlx::Result<Vec<Order>> {
    db.query(OF_FIRM)
        .bind(firm)
        .bind(filter.state.as_deref())
        .bind(filter.since)
        .bind(code.map(OrderCode::as_str))
        .all()
        .await
}

/// The orders of a firm's own lists that stand in a state, the newest first.
pub async fn standing(db: &Db, firm: &str, state: OrderState) -> sqlx::Result<Vec<Order>> {
    db.query(
        "select * from client_order where firm = $1 and state = $2 order by created_at desc, code desc",
    )
    .bind(firm)
    .bind(state.as_str())
    .all()
    .await
}

/// Places an awaiting order; false where it is placed already or its content is another one.
pub async fn place(
    tx: &mut Tx,
    code: &OrderCode,
    content: &str,
    confirmed_by: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let placed = tx
        .query(
            "update client_order set state = 'placed', placed_at = $4, confirmed_by = $3,
                 registered_by = coalesce(registered_by, $3)
             where code = $1 and content = $2 and state = 'awaiting_confirmation'",
        )
        .bind(code.as_str())
        .bind(content)
        .bind(confirmed_by)
        .bind(now)
        .execute()
        .await?;
    Ok(placed == 1)
}

/// Gives an order that awaits its confirmation another content, as its next revision.
pub async fn revise(
    tx: &mut Tx,
    code: &OrderCode,
    old_content: &str,
    content: &str,
    amount: Money,
) -> sqlx::Result<bool> {
    let revised = tx
        .query(
            "update client_order set revision = revision + 1, content = $3, amount = $4
             where code = $1 and content = $2 and state = 'awaiting_confirmation'",
        )
        .bind(code.as_str())
        .bind(old_content)
        .bind(content)
        .bind(amount.as_dong())
        .execute()
        .await?;
    Ok(revised == 1)
}

/// Remembers that a placed order is to be activated; false where that was asked before.
pub async fn ask_activation(
    tx: &mut Tx,
    code: &OrderCode,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let asked = tx
        .query(
            "update client_order set activation_asked_at = $2
             where code = $1 and state in ('placed', 'paid') and activation_asked_at is null",
        )
        .bind(code.as_str())
        .bind(now)
        .execute()
        .await?;
    Ok(asked == 1)
}

/// Requests of an order are planned: how they end is to be told.
pub async fn begin_activation(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<()> {
    tx.query("update client_order set activation_told = null where code = $1")
        .bind(code.as_str())
        .execute()
        .await?;
    Ok(())
}

/// Remembers that it is told how an activation ended, but for so many lines of which nobody knows; false where that was
/// told before and is not the end now.
pub async fn tell_activation(tx: &mut Tx, code: &OrderCode, unknown: i64) -> sqlx::Result<bool> {
    let told = tx
        .query(
            "update client_order set activation_told = $2
             where code = $1 and (activation_told is null or ($2 = 0 and activation_told > 0))",
        )
        .bind(code.as_str())
        .bind(unknown)
        .execute()
        .await?;
    Ok(told == 1)
}

/// Ends a placed free order whose lines are all settled; false where one still waits.
pub async fn finish_free(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<bool> {
    let finished = tx
        .query(
            "update client_order set state = 'done'
             where code = $1 and kind = 'free' and state = 'placed'
               and not exists (select 1 from order_line l
                               where l.order_code = client_order.code
                                 and l.state not in ('active', 'suspended', 'cancelled'))",
        )
        .bind(code.as_str())
        .execute()
        .await?;
    Ok(finished == 1)
}

/// Holds the row of an order until the end of the transaction; false where its state or content is another one.
pub async fn hold(
    tx: &mut Tx,
    code: &OrderCode,
    state: OrderState,
    content: &str,
) -> sqlx::Result<bool> {
    let held = tx
        .query(
            "update client_order set content = content where code = $1 and state = $2 and content = $3",
        )
        .bind(code.as_str())
        .bind(state.as_str())
        .bind(content)
        .execute()
        .await?;
    Ok(held == 1)
}

/// Holds the row of an order, whatever it is by now, until the end of the transaction.
pub async fn hold_as_it_is(tx: &mut Tx, code: &OrderCode) -> sqlx::Result<()> {
    tx.query("update client_order set content = content where code = $1")
        .bind(code.as_str())
        .execute()
        .await?;
    Ok(())
}

/// What an order is after some of its lines were cancelled: its amount, its state, and while it awaits its
/// confirmation its next revision, of this content where it has another one. A free order is ended elsewhere. To be held
/// before, in a statement of its own: PostgreSQL counts lines as they were when the statement began to wait.
pub async fn recount(tx: &mut Tx, code: &OrderCode, content: Option<&str>) -> sqlx::Result<Order> {
    tx.query(
        "update client_order set
             content = coalesce($2, content),
             revision = revision + case when state = 'awaiting_confirmation' then 1 else 0 end,
             amount = (select cast(coalesce(sum(l.amount), 0) as bigint) from order_line l
                       where l.order_code = client_order.code and l.state <> 'cancelled'),
             state = case
                 when not exists (select 1 from order_line l
                                  where l.order_code = client_order.code and l.state <> 'cancelled')
                     then 'cancelled'
                 when state = 'placed'
                      and exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                                  where l.order_code = client_order.code and r.state in ('paid', 'overpaid'))
                      and not exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                                      where l.order_code = client_order.code and r.state in ('open', 'partly_paid'))
                     then 'paid'
                 else state end
         where code = $1 returning *",
    )
    .bind(code.as_str())
    .bind(content)
    .one()
    .await
}
