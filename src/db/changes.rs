//! What is asked of the platform about licences that are there, stored before the call.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;

use super::{
    Db, ROWS_A_STATEMENT, Sql, Tx,
    activations::{ActivationState, Settled, settle_by},
    leases::{Claim, Lease},
    sql,
};
use crate::domain::{order::OrderCode, words::words};

words! {
    /// What is to be changed of a licence.
    pub enum ChangeKind {
        /// Access ends.
        Suspend = "suspend",
        /// It is paid: grace ends, and access comes back.
        Paid = "paid",
        /// Who may work in it.
        Accounts = "accounts",
        /// The same, and another one signs in for the client.
        LogIn = "log_in",
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
    pub epoch: i64,
    pub lease_until: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

impl Change {
    /// Of who asks the platform.
    pub fn claim(&self) -> Claim<'_> {
        Claim { holder: self.holder.as_deref().unwrap_or_default(), epoch: self.epoch }
    }

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
    let mut planned = 0;
    for new in new.chunks(ROWS_A_STATEMENT) {
        planned += tx.query(PLAN).bind(Json(new)).bind(now).execute().await?;
    }
    Ok(planned)
}

/// Takes open changes behind `after` and up to `to`, `at_most` of them in their order, of one order or of any; of a
/// licence the oldest one alone.
pub async fn claim(
    db: &Db,
    order: Option<&OrderCode>,
    (after, to, at_most): (i64, i64, usize),
    lease: Lease<'_>,
) -> sqlx::Result<Vec<Change>> {
    // SQLite has one writer at a time, so nothing there needs to skip a lock.
    const CLAIM: Sql = sql!(
        "update licence_change set state = 'sending', holder = $3, lease_until = $4, epoch = epoch + 1, attempts = attempts + 1
         where id in (select c.id from licence_change c join order_line l on l.id = c.line_id
                     where c.state in ('planned', 'uncertain') and ($1 is null or l.order_code = $1)
                       and c.id > $2 and c.id <= $5
                       and not exists (select 1 from guard g
                                       where g.held_at is not null
                                         and (g.held_before is null or c.planned_at < g.held_before))
                       and not exists (select 1 from licence_change b
                                       where b.line_id = c.line_id and b.id < c.id
                                         and b.state in ('planned', 'sending', 'uncertain'))
                     order by c.id limit $6 + 0",
        postgres: " for update of c skip locked",
        ") and state in ('planned', 'uncertain')
         returning id, line_id, kind, cancellation_id, idempotency_key, request, state, attempts, holder, epoch, lease_until, error"
    );
    let mut claimed: Vec<Change> = db
        .query(CLAIM)
        .bind(order.map(OrderCode::as_str))
        .bind(after)
        .bind(lease.holder)
        .bind(lease.until)
        .bind(to)
        .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
        .all()
        .await?;
    claimed.sort_by_key(|change| change.id);
    Ok(claimed)
}

/// The open changes of some lines between two others, in their order.
pub async fn between(
    db: &Db,
    line_ids: &[i64],
    (after, before): (i64, i64),
) -> sqlx::Result<Vec<i64>> {
    const BETWEEN: Sql = Sql {
        sqlite: "select id from licence_change
                 where line_id in (select value from json_each($1)) and state in ('planned', 'uncertain')
                   and id > $2 and id < $3 order by id",
        postgres: "select id from licence_change
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and state in ('planned', 'uncertain') and id > $2 and id < $3 order by id",
    };
    let found: Vec<(i64,)> =
        db.query(BETWEEN).bind(Json(line_ids)).bind(after).bind(before).all().await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Stores the body before it is sent for the first time; false where the claim is no longer ours.
pub async fn write_down(
    tx: &mut Tx,
    id: i64,
    claim: Claim<'_>,
    request: &str,
) -> sqlx::Result<bool> {
    let written = tx
        .query(
            "update licence_change set request = $4
             where id = $1 and holder = $2 and epoch = $3 and state = 'sending' and request is null",
        )
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(request)
        .execute()
        .await?;
    Ok(written == 1)
}

/// Ends a claim; false where it is no longer ours.
pub async fn settle(
    tx: &mut Tx,
    id: i64,
    claim: Claim<'_>,
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    const SETTLE: &str =
        "update licence_change set state = $4, holder = null, lease_until = null, error = $5, settled_at = $6
         where id = $1 and holder = $2 and epoch = $3 and state = 'sending'";
    settle_by(tx, SETTLE, (id, claim), settled, now).await
}

/// Of which of these lines the platform is still to be told that they are paid.
pub async fn telling_of(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<HashSet<i64>> {
    const TELLING: Sql = Sql {
        sqlite: "select line_id from licence_change
                 where line_id in (select value from json_each($1)) and kind = 'paid'
                   and state in ('planned', 'sending', 'uncertain')",
        postgres: "select line_id from licence_change
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and kind = 'paid' and state in ('planned', 'sending', 'uncertain')",
    };
    let open: Vec<(i64,)> = tx.query(TELLING).bind(Json(line_ids)).all().await?;
    Ok(open.into_iter().map(|(line,)| line).collect())
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

/// Whether the platform is still to stop a line that somebody cancelled.
pub async fn is_being_cancelled(tx: &mut Tx, line_id: i64) -> sqlx::Result<bool> {
    let open = tx
        .query(
            "select id from licence_change
             where line_id = $1 and cancellation_id is not null and state in ('planned', 'sending', 'uncertain')
             limit 1",
        )
        .bind(line_id)
        .optional::<(i64,)>()
        .await?;
    Ok(open.is_some())
}

/// In the order in which they were asked for.
pub async fn of_order(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<Change>> {
    db.query(
        "select c.id, c.line_id, c.kind, c.cancellation_id, c.idempotency_key, c.request, c.state, c.attempts, c.holder,
                c.epoch, c.lease_until, c.error
         from licence_change c join order_line l on l.id = c.line_id
         where l.order_code = $1 order by c.id",
    )
    .bind(order.as_str())
    .all()
    .await
}

/// Who holds claims.
pub async fn holders(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query("select distinct holder from licence_change where state = 'sending' order by holder")
        .all()
        .await
}

/// A dead holder's claims are open again; the same key goes with the next attempt.
pub async fn release(db: &Db, holder: &str) -> sqlx::Result<u64> {
    db.query(
        "update licence_change set state = 'uncertain', holder = null, lease_until = null
         where holder = $1 and state = 'sending'",
    )
    .bind(holder)
    .execute()
    .await
}

/// The same with claims whose time was over at `now`: nothing is known of another machine but that.
pub async fn release_lapsed(db: &Db, now: DateTime<Utc>) -> sqlx::Result<u64> {
    db.query(
        "update licence_change set state = 'uncertain', holder = null, lease_until = null
         where lease_until < $1 and state = 'sending'",
    )
    .bind(now)
    .execute()
    .await
}

/// The same with one claim, where it is still ours.
pub async fn give_back(db: &Db, id: i64, claim: Claim<'_>) -> sqlx::Result<u64> {
    db.query(
        "update licence_change set state = 'uncertain', holder = null, lease_until = null
         where id = $1 and holder = $2 and epoch = $3 and state = 'sending'",
    )
    .bind(id)
    .bind(claim.holder)
    .bind(claim.epoch)
    .execute()
    .await
}
