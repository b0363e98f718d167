//! What several letters need, each kind of it in one statement.

use std::collections::HashMap;

use sqlx::types::Json;

use super::{Db, Sql, lines::Line, orders::Order, requests::Request};

/// The orders that mails are about.
pub async fn orders(db: &Db, mails: &[i64]) -> sqlx::Result<Vec<Order>> {
    const ORDERS: Sql = Sql {
        sqlite: "select * from client_order where code in (
                     select order_code from mail where id in (select value from json_each($1)))",
        postgres: "select * from client_order where code in (
                     select order_code from mail
                     where id in (select value::bigint from jsonb_array_elements_text($1) as r (value)))",
    };
    db.query(ORDERS).bind(Json(mails)).all().await
}

pub async fn lines(db: &Db, ids: &[i64]) -> sqlx::Result<Vec<Line>> {
    const LINES: Sql = Sql {
        sqlite: "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
                 from order_line where id in (select value from json_each($1))",
        postgres: "select id, order_code, line_no, batch_id, sheet, row_no, firm, name, client, amount, state
                 from order_line where id in (select value::bigint from jsonb_array_elements_text($1) as r (value))",
    };
    db.query(LINES).bind(Json(ids)).all().await
}

/// The licence of each line that has one, by its id at the platform.
pub async fn licence_ids(db: &Db, line_ids: &[i64]) -> sqlx::Result<HashMap<i64, String>> {
    const IDS: Sql = Sql {
        sqlite: "select line_id, licence_id from licence where line_id in (select value from json_each($1))",
        postgres: "select line_id, licence_id from licence
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))",
    };
    let ids: Vec<(i64, String)> = db.query(IDS).bind(Json(line_ids)).all().await?;
    Ok(ids.into_iter().collect())
}

#[derive(sqlx::FromRow)]
struct Open {
    mail_id: i64,
    #[sqlx(flatten)]
    request: Request,
}

/// By mail: what its recipient has still to pay in the batch of its order, in the order of the lines; nothing of what the
/// platform refused for good.
pub async fn open(db: &Db, mails: &[i64]) -> sqlx::Result<HashMap<i64, Vec<Request>>> {
    const OPEN: Sql = Sql {
        sqlite: "select m.id as mail_id, r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived,
                        r.state, p.code as batch_code
                 from json_each($1) as own join mail m on m.id = own.value
                 join client_order o on o.code = m.order_code
                 join payment_request r on r.batch_id = o.batch_id and r.payer_email = m.recipient
                 join order_line l on l.id = r.line_id
                 left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
                 where r.state in ('open', 'partly_paid') and l.state <> 'failed'
                 order by m.id, l.order_code, l.line_no",
        postgres: "select m.id as mail_id, r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived,
                        r.state, p.code as batch_code
                 from jsonb_array_elements_text($1) as own (value) join mail m on m.id = own.value::bigint
                 join client_order o on o.code = m.order_code
                 join payment_request r on r.batch_id = o.batch_id and r.payer_email = m.recipient
                 join order_line l on l.id = r.line_id
                 left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
                 where r.state in ('open', 'partly_paid') and l.state <> 'failed'
                 order by m.id, l.order_code, l.line_no",
    };
    let found: Vec<Open> = db.query(OPEN).bind(Json(mails)).all().await?;
    let mut all: HashMap<i64, Vec<Request>> = HashMap::new();
    for Open { mail_id, request } in found {
        all.entry(mail_id).or_default().push(request);
    }
    Ok(all)
}
