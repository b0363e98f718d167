//! What several letters need, each kind of it in one statement.

use std::collections::HashMap;

use sqlx::types::Json;

use super::{Db, Sql, lines::Line, orders::Order, requests::Request, staff::OnLine};

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

/// A line, its licence where it has one, by its id at the platform, and what is said of its staff.
#[derive(Debug, sqlx::FromRow)]
pub struct Whole {
    #[sqlx(flatten)]
    pub line: Line,
    pub licence_id: Option<String>,
    pub staff: Json<Vec<OnLine>>,
}

pub async fn lines(db: &Db, ids: &[i64]) -> sqlx::Result<Vec<Whole>> {
    const LINES: Sql = Sql {
        sqlite: "select l.id, l.order_code, l.line_no, l.batch_id, l.sheet, l.row_no, l.firm, l.name, l.client, l.amount,
                        l.state, (select licence_id from licence where line_id = l.id) as licence_id,
                        (select json_group_array(json_object('line_id', line_id, 'email', email, 'role', role))
                         from (select * from line_staff where line_id = l.id order by email)) as staff
                 from order_line l where l.id in (select value from json_each($1))",
        postgres: "select l.id, l.order_code, l.line_no, l.batch_id, l.sheet, l.row_no, l.firm, l.name, l.client, l.amount,
                        l.state, (select licence_id from licence where line_id = l.id) as licence_id,
                        (select coalesce(jsonb_agg(to_jsonb(s) order by s.email), '[]')
                         from line_staff s where s.line_id = l.id) as staff
                 from order_line l
                 where l.id in (select value::bigint from jsonb_array_elements_text($1) as r (value))",
    };
    db.query(LINES).bind(Json(ids)).all().await
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
