//! Requests of which something is still to be paid, with all that whoever asks for it says.

use sqlx::types::Json;

use super::Db;
use crate::domain::{
    batch::BatchId,
    client::ClientRow,
    money::Money,
    order::{LineRef, LineState, OrderCode, Recipient},
    payment_code::PaymentCode,
};

/// A line that is not paid, or not wholly.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unpaid {
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub firm: String,
    pub name: String,
    pub client: Json<ClientRow>,
    #[sqlx(try_from = "String")]
    pub state: LineState,
    pub package: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub recipient: Recipient,
    #[sqlx(try_from = "String")]
    pub code: PaymentCode,
    pub payer_name: String,
    pub payer_email: String,
    pub batch_id: i64,
    rest: i64,
}

impl Unpaid {
    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }

    pub fn rest(&self) -> Money {
        Money::dong(self.rest)
    }
}

/// The first of a list, or of a firm, or of all; in the order of their lines. Nobody is asked to pay for what the platform
/// refused for good.
pub async fn all(
    db: &Db,
    (batch, firm): (Option<BatchId>, Option<&str>),
    at_most: usize,
) -> sqlx::Result<Vec<Unpaid>> {
    db.query(
        "select r.line_id, l.order_code, l.line_no, l.firm, l.name, l.client, l.state, o.package, l.fiscal_year,
                o.recipient, r.code, r.payer_name, r.payer_email, r.batch_id,
                r.amount - r.waived - r.paid as rest
         from payment_request r
         join order_line l on l.id = r.line_id
         join client_order o on o.code = l.order_code
         where r.state in ('open', 'partly_paid') and l.state <> 'failed'
           and ($1 is null or l.batch_id = $1) and ($2 is null or l.firm = $2)
         order by l.order_code, l.line_no limit $3 + 0",
    )
    .bind(batch.map(BatchId::number))
    .bind(firm)
    .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
    .all()
    .await
}

/// How many orders of a list have an unpaid line that is still its firm's.
pub async fn orders(db: &Db, batch: BatchId) -> sqlx::Result<i64> {
    let (orders,) = db
        .query(
            "select count(distinct l.order_code)
             from order_line l
             join batch b on b.id = l.batch_id and b.firm = l.firm
             join payment_request r on r.line_id = l.id
             where l.batch_id = $1 and r.state in ('open', 'partly_paid') and l.state <> 'failed'",
        )
        .bind(batch.number())
        .one::<(i64,)>()
        .await?;
    Ok(orders)
}
