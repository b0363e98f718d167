//! Who of the firm works in the clients' data of lines, where it is not what their rows said.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::{Db, Sql, Tx};
use crate::domain::{firm::StaffRole, order::OrderCode};

/// One member of a firm and one line; no role: taken off.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, sqlx::FromRow)]
pub struct OnLine {
    pub line_id: i64,
    pub email: String,
    role: Option<String>,
}

impl OnLine {
    pub fn role(&self) -> Option<StaffRole> {
        self.role.as_deref().and_then(|role| role.parse().ok())
    }
}

const OF_LINES: Sql = Sql {
    sqlite: "select line_id, email, role from line_staff
             where line_id in (select value from json_each($1)) order by line_id, email",
    postgres: "select line_id, email, role from line_staff
             where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
             order by line_id, email",
};

/// What is said of one member and one line; no role takes the member off.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Said<'a> {
    pub line_id: i64,
    pub email: &'a str,
    pub role: Option<StaffRole>,
}

/// Gives members roles on lines, or takes them, each pair of both once; how often that changed something.
pub async fn set(tx: &mut Tx, said: &[Said<'_>]) -> sqlx::Result<u64> {
    // Without `where true` SQLite takes `on conflict` for a part of a join.
    const SET: Sql = Sql {
        sqlite: "insert into line_staff (line_id, email, role)
                 select value->>'line_id', value->>'email', value->>'role' from json_each($1) where true
                 on conflict (line_id, email) do update set role = excluded.role
                    where coalesce(line_staff.role, '') <> coalesce(excluded.role, '')",
        postgres: "insert into line_staff (line_id, email, role)
                 select line_id, email, role from jsonb_to_recordset($1) as r (line_id bigint, email text, role text)
                 on conflict (line_id, email) do update set role = excluded.role
                    where coalesce(line_staff.role, '') <> coalesce(excluded.role, '')",
    };
    tx.query(SET).bind(Json(said)).execute().await
}

/// As the transaction sees it.
pub async fn of_lines(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<Vec<OnLine>> {
    tx.query(OF_LINES).bind(Json(line_ids)).all().await
}

pub async fn on_lines(db: &Db, line_ids: &[i64]) -> sqlx::Result<Vec<OnLine>> {
    db.query(OF_LINES).bind(Json(line_ids)).all().await
}

/// Of the lines of a firm.
pub async fn of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<OnLine>> {
    db.query(
        "select s.line_id, s.email, s.role from line_staff s join order_line l on l.id = s.line_id
         where l.firm = $1 order by s.line_id, s.email",
    )
    .bind(firm)
    .all()
    .await
}

/// Whether anything was ever said of somebody and a line.
pub async fn is_known(db: &Db, email: &str) -> sqlx::Result<bool> {
    let found = db.query("select line_id from line_staff where email = $1 limit 1").bind(email);
    Ok(found.optional::<(i64,)>().await?.is_some())
}

pub async fn of_order(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<OnLine>> {
    db.query(
        "select s.line_id, s.email, s.role from line_staff s join order_line l on l.id = s.line_id
         where l.order_code = $1 order by s.line_id, s.email",
    )
    .bind(order.as_str())
    .all()
    .await
}
