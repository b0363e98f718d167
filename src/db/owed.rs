//! Payment requests of which one letter tells: of a payer, of an order, or of some lines. Whole batches are in `requests`.

use sqlx::types::Json;

use super::{Db, Sql, requests::Request};
use crate::domain::{batch::BatchId, order::OrderCode};

/// Which ones is said behind it; in the order of their lines.
macro_rules! owed {
    ($which:literal) => {
        concat!(
            "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state,
                p.code as batch_code
             from payment_request r
             join order_line l on l.id = r.line_id
             left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
             where ",
            $which,
            " order by l.order_code, l.line_no"
        )
    };
}

/// All of a payer in a batch, whatever became of them.
pub async fn of_payer(db: &Db, batch: BatchId, payer_email: &str) -> sqlx::Result<Vec<Request>> {
    db.query(owed!("r.batch_id = $1 and r.payer_email = $2"))
        .bind(batch.number())
        .bind(payer_email)
        .all()
        .await
}

pub async fn of_order(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<Request>> {
    db.query(owed!("l.order_code = $1")).bind(order.as_str()).all().await
}

/// Of lines with these ids.
pub async fn of_lines(db: &Db, line_ids: &[i64]) -> sqlx::Result<Vec<Request>> {
    const OF_LINES: Sql = Sql {
        sqlite: owed!("r.line_id in (select value from json_each($1))"),
        postgres: owed!(
            "r.line_id in (select value::bigint from jsonb_array_elements_text($1) as o (value))"
        ),
    };
    db.query(OF_LINES).bind(Json(line_ids)).all().await
}
