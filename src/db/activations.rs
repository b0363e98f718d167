//! What is asked of the platform, one request for each line, stored before the call.

use chrono::{DateTime, Utc};

use super::{
    Db, Sql, Tx,
    leases::{Claim, Lease},
    rows::Span,
    sql,
};
use crate::domain::{
    batch::BatchId,
    order::{LineRef, OrderCode},
    words::words,
};

words! {
    /// Where a request to the platform stands.
    pub enum ActivationState {
        Planned = "planned",
        /// Claimed; after a crash the platform is asked what became of the key.
        Sending = "sending",
        Done = "done",
        /// No, for good.
        Refused = "refused",
        /// The answer was lost.
        Uncertain = "uncertain",
    }
}

impl ActivationState {
    /// The platform answered, for good.
    pub fn is_final(self) -> bool {
        matches!(self, ActivationState::Done | ActivationState::Refused)
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Activation {
    pub line_id: i64,
    pub idempotency_key: String,
    /// The body, byte for byte the same on every attempt.
    pub request: String,
    pub request_sha256: String,
    #[sqlx(try_from = "String")]
    pub state: ActivationState,
    pub attempts: i64,
    pub holder: Option<String>,
    pub epoch: i64,
    pub lease_until: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

impl Activation {
    /// Of who asks the platform.
    pub fn claim(&self) -> Claim<'_> {
        Claim { holder: self.holder.as_deref().unwrap_or_default(), epoch: self.epoch }
    }
}

/// A request on its way in.
#[derive(Clone, Debug)]
pub struct NewActivation<'a> {
    pub line_id: i64,
    pub idempotency_key: &'a str,
    pub request: &'a str,
    pub request_sha256: &'a str,
}

/// Plans the request of a line once; a refused one is planned anew with what it says now.
pub async fn plan(tx: &mut Tx, new: NewActivation<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    tx.query(
        "insert into activation (line_id, idempotency_key, request, request_sha256, state, planned_at)
         values ($1, $2, $3, $4, 'planned', $5)
         on conflict (line_id) do update
            set idempotency_key = $2, request = $3, request_sha256 = $4, state = 'planned', settled_at = null,
                error = null
            where activation.state = 'refused'",
    )
    .bind(new.line_id)
    .bind(new.idempotency_key)
    .bind(new.request)
    .bind(new.request_sha256)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Takes open requests behind the line `after` that the guard does not hold, `at_most` of them in the order of their
/// lines, of one order or of any.
pub async fn claim(
    db: &Db,
    order: Option<&OrderCode>,
    (after, at_most): (i64, usize),
    lease: Lease<'_>,
) -> sqlx::Result<Vec<Activation>> {
    // SQLite has one writer at a time, so nothing there needs to skip a lock.
    const CLAIM: Sql = sql!(
        "update activation set state = 'sending', holder = $3, lease_until = $4, epoch = epoch + 1, attempts = attempts + 1
         where line_id in (select a.line_id from activation a",
        sqlite: " indexed by activation_open",
        " join order_line l on l.id = a.line_id
                           where a.state in ('planned', 'sending', 'uncertain') and a.state <> 'sending'
                             and ($1 is null or l.order_code = $1)
                             and a.line_id > $2
                             and not exists (select 1 from guard g
                                             where g.held_at is not null
                                               and (g.held_before is null or a.planned_at < g.held_before))
                           order by a.line_id limit $5 + 0",
        postgres: " for update of a skip locked",
        ") and state in ('planned', 'uncertain')
         returning line_id, idempotency_key, request, request_sha256, state, attempts, holder, epoch, lease_until, error"
    );
    let mut claimed: Vec<Activation> = db
        .query(CLAIM)
        .bind(order.map(OrderCode::as_str))
        .bind(after)
        .bind(lease.holder)
        .bind(lease.until)
        .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
        .all()
        .await?;
    claimed.sort_by_key(|activation| activation.line_id);
    Ok(claimed)
}

/// Where a claimed request goes.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    pub state: ActivationState,
    pub error: Option<&'a str>,
}

/// Ends a claim; false where it is no longer ours.
pub async fn settle(
    tx: &mut Tx,
    line_id: i64,
    claim: Claim<'_>,
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    const SETTLE: &str =
        "update activation set state = $4, holder = null, lease_until = null, error = $5, settled_at = $6
         where line_id = $1 and holder = $2 and epoch = $3 and state = 'sending'";
    settle_by(tx, SETTLE, (line_id, claim), settled, now).await
}

/// The same by a statement that takes an id, its claim, the state, the error and the time.
pub(super) async fn settle_by(
    tx: &mut Tx,
    sql: &'static str,
    (id, claim): (i64, Claim<'_>),
    settled: Settled<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let changed = tx
        .query(sql)
        .bind(id)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(settled.state.as_str())
        .bind(settled.error)
        .bind(settled.state.is_final().then_some(now))
        .execute()
        .await?;
    Ok(changed == 1)
}

/// Whether a request of an order waits to be asked or answered. Of one whose process died nobody knows why it was not
/// answered: it is asked about first.
pub async fn waits(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<bool> {
    const WAITS: Sql = sql!(
        "select a.line_id from activation a",
        sqlite: " indexed by activation_open",
        " join order_line l on l.id = a.line_id
         where a.state in ('planned', 'sending', 'uncertain') and (a.state <> 'uncertain' or a.error is null)
           and l.order_code = $1
         limit 1"
    );
    Ok(tx.query(WAITS).bind(order.as_str()).optional::<(i64,)>().await?.is_some())
}

/// Of how many requests of an order the answer was lost.
pub async fn unknown(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<i64> {
    let (unknown,) = tx
        .query(
            "select count(*) from activation a join order_line l on l.id = a.line_id
             where l.order_code = $1 and a.state = 'uncertain' and a.error is not null",
        )
        .bind(order.as_str())
        .one::<(i64,)>()
        .await?;
    Ok(unknown)
}

/// How many requests of an order are done and refused.
pub async fn counts(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<(i64, i64)> {
    tx.query(
        "select count(case when a.state = 'done' then 1 end),
                count(case when a.state = 'refused' then 1 end)
         from activation a join order_line l on l.id = a.line_id
         where l.order_code = $1",
    )
    .bind(order.as_str())
    .one()
    .await
}

/// A line that has no licence though one was asked for, and what the platform said.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stuck {
    pub line_id: i64,
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    pub line_no: i64,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub state: ActivationState,
    pub error: Option<String>,
}

impl Stuck {
    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }
}

/// In the order of their lines.
pub async fn stuck_of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Stuck>> {
    db.query(
        "select a.line_id, l.order_code, l.line_no, l.name, a.state, a.error
         from activation a join order_line l on l.id = a.line_id
         where l.batch_id = $1 and l.state in ('failed', 'uncertain') order by l.order_code, l.line_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// Those of some rows.
pub async fn stuck_of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Stuck>> {
    db.query(
        "select a.line_id, l.order_code, l.line_no, l.name, a.state, a.error
         from order_line l join activation a on a.line_id = l.id
         where l.batch_id = $1 and l.sheet = $2 and l.row_no between $3 and $4
           and l.state in ('failed', 'uncertain')
         order by l.order_code, l.line_no",
    )
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// Those of a firm.
pub async fn stuck_of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<Stuck>> {
    db.query(
        "select a.line_id, l.order_code, l.line_no, l.name, a.state, a.error
         from activation a join order_line l on l.id = a.line_id
         where l.firm = $1 and l.state in ('failed', 'uncertain') order by l.order_code, l.line_no",
    )
    .bind(firm)
    .all()
    .await
}

/// The same of one order, as the transaction sees it.
pub async fn stuck_of_order(tx: &mut Tx, order: &OrderCode) -> sqlx::Result<Vec<Stuck>> {
    tx.query(
        "select a.line_id, l.order_code, l.line_no, l.name, a.state, a.error
         from activation a join order_line l on l.id = a.line_id
         where l.order_code = $1 and l.state in ('failed', 'uncertain') order by l.line_no",
    )
    .bind(order.as_str())
    .all()
    .await
}

pub async fn of_order(db: &Db, order: &OrderCode) -> sqlx::Result<Vec<Activation>> {
    db.query(
        "select a.line_id, a.idempotency_key, a.request, a.request_sha256, a.state, a.attempts, a.holder, a.epoch,
                a.lease_until, a.error
         from activation a join order_line l on l.id = a.line_id
         where l.order_code = $1 order by l.line_no",
    )
    .bind(order.as_str())
    .all()
    .await
}

/// Who holds claims.
pub async fn holders(db: &Db) -> sqlx::Result<Vec<(String,)>> {
    db.query("select distinct holder from activation where state = 'sending' order by holder")
        .all()
        .await
}

/// A dead holder's claims are open again; the platform is asked by key first.
pub async fn release(db: &Db, holder: &str) -> sqlx::Result<u64> {
    db.query(
        "update activation set state = 'uncertain', holder = null, lease_until = null
         where holder = $1 and state = 'sending'",
    )
    .bind(holder)
    .execute()
    .await
}

/// The same with claims whose time was over at `now`: nothing is known of another machine but that.
pub async fn release_lapsed(db: &Db, now: DateTime<Utc>) -> sqlx::Result<u64> {
    db.query(
        "update activation set state = 'uncertain', holder = null, lease_until = null
         where lease_until < $1 and state = 'sending'",
    )
    .bind(now)
    .execute()
    .await
}

/// The same with one claim, where it is still ours.
pub async fn give_back(db: &Db, line_id: i64, claim: Claim<'_>) -> sqlx::Result<u64> {
    db.query(
        "update activation set state = 'uncertain', holder = null, lease_until = null
         where line_id = $1 and holder = $2 and epoch = $3 and state = 'sending'",
    )
    .bind(line_id)
    .bind(claim.holder)
    .bind(claim.epoch)
    .execute()
    .await
}

/// A request that was taken and not sent: it is as it was before, with what kept it from being sent.
pub async fn not_asked(
    db: &Db,
    line_id: i64,
    claim: Claim<'_>,
    error: Option<&str>,
) -> sqlx::Result<u64> {
    db.query(
        "update activation
         set state = case when attempts > 1 then 'uncertain' else 'planned' end, attempts = attempts - 1,
             error = $4, holder = null, lease_until = null
         where line_id = $1 and holder = $2 and epoch = $3 and state = 'sending'",
    )
    .bind(line_id)
    .bind(claim.holder)
    .bind(claim.epoch)
    .bind(error)
    .execute()
    .await
}

/// Takes the request of one line whose answer was lost, to ask what became of it.
pub async fn claim_uncertain(
    db: &Db,
    line_id: i64,
    lease: Lease<'_>,
) -> sqlx::Result<Option<Activation>> {
    db.query(
        "update activation set state = 'sending', holder = $2, lease_until = $3, epoch = epoch + 1, attempts = attempts + 1
         where line_id = $1 and state = 'uncertain'
         returning line_id, idempotency_key, request, request_sha256, state, attempts, holder, epoch, lease_until, error",
    )
    .bind(line_id)
    .bind(lease.holder)
    .bind(lease.until)
    .optional()
    .await
}
