//! Of the lines of a list what its workbook shows beside their rows.
//! What was ordered for each client stays in the database: a long list has much of it.

use super::{Db, rows::Span};
use crate::domain::{
    money::Money,
    order::{Kind, LineState, OrderCode},
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub sheet: i64,
    pub row_no: i64,
    pub firm: String,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    amount: i64,
    #[sqlx(try_from = "String")]
    pub state: LineState,
}

impl Line {
    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }
}

/// Those of some rows.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Line>> {
    db.query(
        "select id, order_code, line_no, sheet, row_no, firm, client->>'kind' as kind, amount, state
         from order_line where batch_id = $1 and sheet = $2 and row_no between $3 and $4
         order by order_code, line_no",
    )
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}
