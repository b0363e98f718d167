//! What a morning page is made of: what happened in a span of time, and what stands still.
//! Of one firm or of all; what of it is worth a person's time is decided by `flow::morning`.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, mails::Mail};
use crate::domain::{
    batch::BatchId,
    cell::Cell,
    client::ClientRow,
    order::{LineRef, LineState, OrderCode},
};

/// Whether the line of a mail, or something that its recipient pays for in its order, is of such a firm.
macro_rules! has_line {
    ($firm:literal) => {
        concat!(
            "exists (select 1 from order_line l where l.id = m.line_id and l.firm ",
            $firm,
            ") or exists (select 1 from payment_request q join order_line l on l.id = q.line_id
                          where m.line_id is null and q.batch_id = o.batch_id and q.payer_email = m.recipient
                            and l.order_code = o.code and l.firm ",
            $firm,
            ")"
        )
    };
}

/// Whose, and of which time: later than the first instant, up to the second.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    pub firm: Option<&'a str>,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// How many, and what they cost.
pub type Count = (i64, i64);

/// Lists that came and are no second ones, and answers.
pub async fn received(db: &Db, span: Span<'_>) -> sqlx::Result<(i64, i64)> {
    counted(
        db,
        "select count(case when kind = 'clients' then 1 end), count(case when kind = 'answer' then 1 end)
         from batch
         where ($1 is null or firm = $1) and received_at > $2 and received_at <= $3 and state <> 'duplicate'",
        span,
    )
    .await
}

/// Orders that were placed.
pub async fn placed(db: &Db, span: Span<'_>) -> sqlx::Result<Count> {
    counted(
        db,
        "select count(*), cast(coalesce(sum(amount), 0) as bigint) from client_order
         where ($1 is null or firm = $1) and placed_at > $2 and placed_at <= $3",
        span,
    )
    .await
}

/// Lines that became licences.
pub async fn activated(db: &Db, span: Span<'_>) -> sqlx::Result<Count> {
    counted(
        db,
        "select count(*), cast(coalesce(sum(l.amount), 0) as bigint)
         from licence c join order_line l on l.id = c.line_id
         where ($1 is null or l.firm = $1) and c.activated_at > $2 and c.activated_at <= $3",
        span,
    )
    .await
}

/// Lines that were cancelled.
pub async fn cancelled(db: &Db, span: Span<'_>) -> sqlx::Result<Count> {
    counted(
        db,
        "select count(*), cast(coalesce(sum(l.amount), 0) as bigint)
         from cancellation c join order_line l on l.cancellation_id = c.id
         where ($1 is null or l.firm = $1) and l.state = 'cancelled' and c.cancelled_at > $2 and c.cancelled_at <= $3",
        span,
    )
    .await
}

/// Mails that were sent to clients and their payers, and to the firm about its lists.
pub async fn sent(db: &Db, span: Span<'_>) -> sqlx::Result<(i64, i64)> {
    counted(
        db,
        "select count(case when m.purpose <> 'activation_result' then m.order_code end),
                count(case when m.purpose = 'activation_result' then m.order_code end) + count(m.batch_id)
         from mail m left join client_order o on o.code = m.order_code left join batch b on b.id = m.batch_id
         where ($1 is null or coalesce(o.firm, b.firm) = $1) and m.sent_at > $2 and m.sent_at <= $3",
        span,
    )
    .await
}

/// What was decided of a payment, and when.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Decided {
    pub bank_line_id: i64,
    pub at: DateTime<Utc>,
    pub detail: Json<serde_json::Value>,
}

/// All that was ever decided, up to its end, of the payments of which something was decided in a span, the oldest first.
pub async fn decided(db: &Db, span: Span<'_>) -> sqlx::Result<Vec<Decided>> {
    db.query(
        "select e.bank_line_id, e.at, e.detail from payment_event e
         where e.kind = 'decided' and e.at <= $2
           and e.bank_line_id in (select n.bank_line_id from payment_event n
                                  where n.kind = 'decided' and n.at > $1 and n.at <= $2)
         order by e.id",
    )
    .bind(span.since)
    .bind(span.until)
    .all()
    .await
}

/// The payment codes of a firm, or of all.
pub async fn codes(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<String>> {
    let codes = db
        .query(
            "select r.code from payment_request r join order_line l on l.id = r.line_id
             where $1 is null or l.firm = $1",
        )
        .bind(firm)
        .all::<(String,)>()
        .await?;
    Ok(codes.into_iter().map(|(code,)| code).collect())
}

/// Rests that were forgiven.
pub async fn waived(db: &Db, span: Span<'_>) -> sqlx::Result<Count> {
    counted(
        db,
        "select count(*), cast(coalesce(sum(w.amount), 0) as bigint)
         from waiver w join payment_request r on r.code = w.code join order_line l on l.id = r.line_id
         where ($1 is null or l.firm = $1) and w.at > $2 and w.at <= $3",
        span,
    )
    .await
}

/// Licences that were cut off, and those that work again.
pub async fn cut_off(db: &Db, span: Span<'_>) -> sqlx::Result<(i64, i64)> {
    counted(
        db,
        "select count(case when kind = 'licence_suspended' then 1 end),
                count(case when kind = 'licence_restored' then 1 end)
         from notification where ($1 is null or firm = $1) and at > $2 and at <= $3",
        span,
    )
    .await
}

/// Files with bank statements that were taken; they are of no firm.
pub async fn statements(db: &Db, span: Span<'_>) -> sqlx::Result<i64> {
    let (files,) = db
        .query("select count(distinct batch_id) from statement where arrived_at > $1 and arrived_at <= $2")
        .bind(span.since)
        .bind(span.until)
        .one::<(i64,)>()
        .await?;
    Ok(files)
}

async fn counted(db: &Db, sql: &'static str, span: Span<'_>) -> sqlx::Result<(i64, i64)> {
    db.query(sql).bind(span.firm).bind(span.since).bind(span.until).one().await
}

/// The lines in each state, as they are now: how many, and what they cost. Those that work on though they are not paid
/// any more are told apart, as `active_unpaid`.
pub async fn standing(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<(String, i64, i64)>> {
    db.query(
        "select case when l.state = 'active' and r.state in ('open', 'partly_paid') then 'active_unpaid' else l.state end,
                count(*), cast(coalesce(sum(l.amount), 0) as bigint)
         from order_line l left join payment_request r on r.line_id = l.id
         where $1 is null or l.firm = $1 group by 1 order by 1",
    )
    .bind(firm)
    .all()
    .await
}

/// A list of which rows wait.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    batch_id: i64,
    pub rejected: i64,
    pub held: i64,
}

impl Waiting {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }
}

/// Lists that came since an instant and have rows to fix or to decide. A question about a client that a later list asks
/// too is asked there.
pub async fn waiting(
    db: &Db,
    firm: Option<&str>,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Waiting>> {
    db.query(
        "select r.batch_id, count(case when r.state = 'rejected' then 1 end) as rejected,
                count(case when r.state = 'held' then 1 end) as held
         from batch b join batch_row r on r.batch_id = b.id
         where b.kind = 'clients' and ($1 is null or b.firm = $1) and b.received_at >= $2
           and b.state in ('rejected', 'held', 'awaiting_confirmation', 'ordered', 'done')
           and r.state in ('rejected', 'held')
           and not (r.state = 'held' and exists (
               select 1 from finding f
               join batch c on c.firm = b.firm and c.id > b.id and c.kind = 'clients' and c.state <> 'undone'
               join finding g on g.batch_id = c.id and g.code = f.code and g.severity = 'hold'
                                 and g.value = f.value and g.suggestion = f.suggestion
               join batch_row s on s.batch_id = g.batch_id and s.sheet = g.sheet and s.row_no = g.row_no
                                   and s.state = 'held'
               where f.batch_id = r.batch_id and f.sheet = r.sheet and f.row_no = r.row_no
                 and f.code = 'client.maybe_same' and f.severity = 'hold'))
         group by r.batch_id order by r.batch_id",
    )
    .bind(firm)
    .bind(since)
    .all()
    .await
}

/// The lists of a firm that came after one of its lists and of which a person left rows out.
pub async fn left_out_after(db: &Db, list: BatchId) -> sqlx::Result<Vec<BatchId>> {
    let later: Vec<(i64,)> = db
        .query(
            "select c.id from batch b join batch c on c.firm = b.firm and c.id > b.id
             where b.id = $1 and c.kind = 'clients' and c.state <> 'undone'
               and exists (select 1 from batch_row r where r.batch_id = c.id and r.dropped)
             order by c.id",
        )
        .bind(list.number())
        .all()
        .await?;
    Ok(later.into_iter().map(|(id,)| BatchId::new(id)).collect())
}

/// The cells of the first rows of a list that wait.
pub async fn waiting_cells(db: &Db, batch: BatchId, at_most: i64) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows: Vec<(Json<Vec<Cell>>,)> = db
        .query(
            "select cells from batch_row where batch_id = $1 and state in ('rejected', 'held')
             order by sheet, row_no limit $2 + 0",
        )
        .bind(batch.number())
        .bind(at_most)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(cells,)| cells.0).collect())
}

/// A line that stands where a person may have to look after it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Open {
    #[sqlx(try_from = "String")]
    pub order_code: OrderCode,
    line_no: i64,
    batch_id: i64,
    pub client: Json<ClientRow>,
    amount: i64,
    #[sqlx(try_from = "String")]
    pub state: LineState,
    pub cutoff_at: Option<DateTime<Utc>>,
    pub payment_code: Option<String>,
    /// What is not paid yet.
    rest: Option<i64>,
}

impl Open {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.batch_id)
    }

    pub fn reference(&self) -> LineRef {
        LineRef { order: self.order_code.clone(), line: self.line_no }
    }

    /// What is lost, or not paid, as long as nobody looks after it.
    pub fn at_risk(&self) -> i64 {
        self.rest.unwrap_or(self.amount)
    }
}

/// The lines without the licence that was asked for, and those whose access ends before an instant, unless that was put
/// off.
pub async fn open(
    db: &Db,
    firm: Option<&str>,
    ends_before: DateTime<Utc>,
) -> sqlx::Result<Vec<Open>> {
    db.query(
        "select l.order_code, l.line_no, l.batch_id, l.client, l.amount, l.state, c.cutoff_at,
                r.code as payment_code,
                case when r.state in ('open', 'partly_paid') then r.amount - r.waived - r.paid end as rest
         from order_line l
         left join licence c on c.line_id = l.id
         left join payment_request r on r.line_id = l.id
         where ($1 is null or l.firm = $1)
           and (l.state in ('failed', 'uncertain') or (l.state = 'grace' and c.cutoff_at <= $2))
         order by l.order_code, l.line_no",
    )
    .bind(firm)
    .bind(ends_before)
    .all()
    .await
}

/// About clients of a firm: mails of which nobody knows, or everybody knows, that they did not arrive, and those that are
/// held because their address refused one before. Planned since an instant, the oldest first.
pub async fn bad_mails(db: &Db, firm: &str, since: DateTime<Utc>) -> sqlx::Result<Vec<Mail>> {
    const BAD_MAILS: &str = concat!(
        "select m.* from mail m left join client_order o on o.code = m.order_code
              left join batch b on b.id = m.batch_id left join report r on r.id = m.report_id
         where (m.state in ('refused', 'uncertain', 'dead')
                or (m.state = 'held' and exists (select 1 from suppression s where s.address = m.recipient)))
           and m.planned_at >= $2
           and (",
        has_line!("= $1"),
        " or (coalesce(o.firm, b.firm, r.firm) = $1 and not (",
        has_line!("<> $1"),
        "))) order by m.id"
    );
    db.query(BAD_MAILS).bind(firm).bind(since).all().await
}

/// A job whose newest run failed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FailedJob {
    pub job: String,
    pub finished_at: DateTime<Utc>,
    pub error: Option<String>,
}

/// The jobs whose newest run of those that ended is a failure.
pub async fn failed_jobs(db: &Db) -> sqlx::Result<Vec<FailedJob>> {
    db.query(
        "select job, finished_at, error from run
         where state = 'failed'
           and id in (select max(id) from run where finished_at is not null group by job)
         order by job",
    )
    .all()
    .await
}

/// Whether something of a mail's line, or of its order, was corrected since, so that nobody there has its address or
/// phone any more.
pub async fn is_elsewhere(db: &Db, mail: &Mail) -> sqlx::Result<bool> {
    let corrected = db
        .query(
            "select e.line_id from order_line l join line_event e on e.line_id = l.id
             where l.order_code = $1 and ($2 is null or l.id = $2) and e.at >= $3
               and not exists (
                   select 1 from order_line o
                   where o.order_code = $1 and ($2 is null or o.id = $2)
                     and $4 in (o.client->>'email', o.client->>'phone', o.client->>'recipient_email',
                                o.client->>'recipient_phone'))
             limit 1",
        )
        .bind(mail.order_code.as_deref())
        .bind(mail.line_id)
        .bind(mail.planned_at)
        .bind(mail.recipient.as_str())
        .optional::<(i64,)>()
        .await?;
    Ok(corrected.is_some())
}
