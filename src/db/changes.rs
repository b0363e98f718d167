//! What is asked of the platform about licences that are there, stored before the call.

use chrono::{DateTime, Utc};

use serde::Serialize;
use sqlx::types::Json;

use super::{
    Db, Sql, Tx,
    activations::{ActivationState, Settled, settle_by},
    sql,
};
use crate::domain::{order::OrderCode, words::words};

words! {
    /// What is to be changed of a licence.
    pub enum ChangeKind {
        /// Access ends.
        Suspend = "suspend",
        /// Who may work in it.
        Accounts = "accounts",
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Change {
    pub id: i64,
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub kind: ChangeKind,
    /// What a suspension is for.
    pub cancellation_id: Option<i64>,
    pub idempotency_key: String,
    /// The body, byte for byte the same on every attempt; none before the first.
    pub request: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: ActivationState,
    pub attempts: i64,
    pub holder: Option<String>,
    pub error: Option<String>,
}

impl Change {
    /// The platform answered, for good.
    pub fn is_settled(&self) -> bool {
        self.state.is_final()
    }
}

/// A change on its way in.
#[derive(Clone, Debug, Serialize)]
pub struct NewChange {
    pub line_id: i64,
    pub kind: ChangeKind,
    pub cancellation_id: Option<i64>,
    pub idempotency_key: String,
}

/// Plans changes, and says how many: one of its kind that is planned for a line and was not sent yet is enough.
pub async fn plan(tx: &mut Tx, new: &[NewChange], now: DateTime<Utc>) -> sqlx::Result<u64> {
    // Without `where true` SQLite takes `on conflict` for a part of a join.
    const PLAN: Sql = Sql {
        sqlite: "insert into licence_change (line_id, kind, cancellation_id, idempotency_key, state, planned_at)
                 select value->>'line_id', value->>'kind', value->>'cancellation_id', value->>'idempotency_key',
                        'planned', $2
                 from json_each($1) where true
                 on conflict do nothing",
        postgres: "insert into licence_change (line_id, kind, cancellation_id, idempotency_key, state, planned_at)
                 select line_id, kind, cancellation_id, idempotency_key, 'planned', $2
                 from jsonb_to_recordset($1)
                      as r (line_id bigint, kind text, cancellation_id bigint, idempotency_key text)
                 on conflict do nothing",
    };
    tx.query(PLAN).bind(Json(new)).bind(now).execute().await
}

/// Takes the next open change behind `after`, of one order or of any; of a licence the oldest one first.
pub async fn claim(
    db: &Db,
    order: Option<&OrderCode>,
    after: i64,
    holder: &str,
) -> sqlx::Result<Option<Change>> {
    // SQLite has one writer at a time, so nothing there needs to skip a lock.
    const CLAIM: Sql = sql!(
        "update licence_change set state = 'sending', holder = $3, attempts = attempts + 1
         where id = (select c.id from licence_change c join order_line l on l.id = c.line_id
                     where c.state in ('planned', 'uncertain') and ($1 is null or l.order_code = $1) and c.id > $2
                       and not exists (select 1 from licence_change b
                                       where b.line_id = c.line_id and b.id < c.id
                                         and b.state in ('planned', 'sending', 'uncertain'))
                     order by c.id limit 1",
        postgres: " for update of c skip locked",
        ") and state in ('planned', 'uncertain')
         returning id, line_id, kind, cancellation_id, idempotency_key, request, state, attempts, holder, error"
    );
    db.query(CLAIM).bind(order.map(OrderCode::as_str)).bind(after).bind(holder).optional().await
}

/// Stores the body before it is sent for the first time; false where the claim is no longer ours.
pub async fn write_down(db: &Db, id: i64, holder: &str, request: &str) -> sqlx::Result<bool> {
    let written = db
        .query(
            "update licence_change set request = $3
             where id = $1 and holder = $2 and state = 'sending' and request is null",
        )
        .bind(id)
        .bind(holder)
        .bind(request)
        .execute()
        .await?;
    Ok(written == 1)
}

/// Ends a claim; false where it is no longer ours.
pub async fn settle(
    tx: &mut Tx,
    id: i64,
    holder: &str,
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    const SETTLE: &str =
        "update licence_change set state = $3, holder = null, error = $4, settled_at = $5
         where id = $1 and holder = $2 and state = 'sending'";
    settle_by(tx, SETTLE, (id, holder), settled, now).await
}

/// Whether a cancellation still waits for the platform.
pub async fn is_open(tx: &mut Tx, cancellation: i64) -> sqlx::Result<bool> {
    let open = tx
        .query(
            "select id from licence_change
             where cancellation_id = $1 and state in ('planned', 'sending', 'uncertain') limit 1",
        )
        .bind(cancellation)
        .optional::<(i64,)>()
        .await?;
    Ok(open.is_some())
}

/// In the order in which they were asked for.
pub async fn of_order(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<Change>> {
    db.query(
        "select c.id, c.line_id, c.kind, c.cancellation_id, c.idempotency_key, c.request, c.state, c.attempts, c.holder,
                c.error
         from licence_change c join order_line l on l.id = c.line_id
         where l.order_code = $1 order by c.id",
    )
    .bind(order.as_str())
    .all()
    .await
}

/// Who holds claims.
pub async fn holders(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query("select distinct holder from licence_change where holder is not null order by holder")
        .all()
        .await
}

/// A dead holder's claims are open again; the same key goes with the next attempt.
pub async fn release(db: &Db, holder: &str) -> sqlx::Result<u64> {
    db.query(
        "update licence_change set state = 'uncertain', holder = null where holder = $1 and state = 'sending'",
    )
    .bind(holder)
    .execute()
    .await
}
