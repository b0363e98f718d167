//! Who of the firm works in the clients' data of lines, where it is not what their rows said.

use super::{Db, Tx};
use crate::domain::{firm::StaffRole, order::OrderCode};

/// One member of a firm and one line; no role: taken off.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
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

/// Gives a member a role on a line, or takes it; false where that changes nothing.
pub async fn set(
    tx: &mut Tx,
    line_id: i64,
    email: &str,
    role: Option<StaffRole>,
) -> sqlx::Result<bool> {
    let changed = tx
        .query(
            "insert into line_staff (line_id, email, role) values ($1, $2, $3)
             on conflict (line_id, email) do update set role = excluded.role
                where coalesce(line_staff.role, '') <> coalesce(excluded.role, '')",
        )
        .bind(line_id)
        .bind(email)
        .bind(role.map(StaffRole::as_str))
        .execute()
        .await?;
    Ok(changed == 1)
}

pub async fn of_line(tx: &mut Tx, line_id: i64) -> sqlx::Result<Vec<OnLine>> {
    tx.query("select line_id, email, role from line_staff where line_id = $1 order by email")
        .bind(line_id)
        .all()
        .await
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
