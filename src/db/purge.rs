//! What is deleted when its time is over, and what is left of it: keyed hashes and amounts.
//! When that is, and what a hash is made of, is decided by `flow::retention`.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx};
use crate::domain::{batch::BatchId, order::Kind};

/// A file that came, as far as its end is concerned.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Old {
    id: i64,
    pub firm: Option<String>,
    pub received_at: DateTime<Utc>,
    pub checked_at: Option<DateTime<Utc>>,
    /// The newest answer to it, or the newest time that the same bytes came again.
    pub answered_at: Option<DateTime<Utc>>,
    pub placed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Lines of which the platform or the payment is still open.
    pub unsettled: i64,
    /// The first day of the last fiscal year with a licence.
    last_start: Option<String>,
}

impl Old {
    pub fn batch(&self) -> BatchId {
        BatchId::new(self.id)
    }

    pub fn last_start(&self) -> Option<NaiveDate> {
        self.last_start.as_deref().and_then(|day| day.parse().ok())
    }
}

/// Files that came before an instant and are done with, the oldest first; those that belong to another one go with it.
pub async fn old(db: &Db, before: DateTime<Utc>) -> sqlx::Result<Vec<Old>> {
    db.query(
        "select b.id, b.firm, b.received_at, b.checked_at,
                (select max(a.received_at) from batch a where a.answers = b.id or a.duplicate_of = b.id) as answered_at,
                (select max(o.placed_at) from client_order o where o.batch_id = b.id) as placed_at,
                (select max(c.cancelled_at) from cancellation c join client_order o on o.code = c.order_code
                 where o.batch_id = b.id) as cancelled_at,
                (select count(*) from order_line l left join payment_request r on r.line_id = l.id
                 where l.batch_id = b.id
                   and (l.state in ('activating', 'uncertain') or r.state in ('open', 'partly_paid', 'overpaid'))
                ) + (select count(*) from bank_line p
                     where p.batch_id = b.id and p.direction = 'credit'
                       and ((not p.closed and p.state <> 'refunded' and p.same_as is null)
                            -- What it pays for stays, so it stays too.
                            or exists (select 1 from allocation a where a.bank_line_id = p.id)
                            or exists (select 1 from refund f where f.bank_line_id = p.id and f.done_at is null))
                ) as unsettled,
                (select max(l.client->>'fiscal_year_start') from order_line l join licence c on c.line_id = l.id
                 where l.batch_id = b.id) as last_start
         from batch b
         where b.received_at < $1 and b.archived and b.answers is null and b.duplicate_of is null
         order by b.id",
    )
    .bind(before)
    .all()
    .await
}

/// A file and those that belong to it: answers, and the same bytes again.
pub async fn family(db: &Db, batch: BatchId) -> sqlx::Result<Vec<BatchId>> {
    let ids: Vec<(i64,)> = db
        .query(
            "select id from batch
             where id = $1 or answers = $1 or duplicate_of = $1
                or duplicate_of in (select id from batch where answers = $1)
             order by id desc",
        )
        .bind(batch.number())
        .all()
        .await?;
    Ok(ids.into_iter().map(|(id,)| BatchId::new(id)).collect())
}

/// A line that was ordered, on its way out.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Ordered {
    pub tax_id: String,
    pub old_tax_id: Option<String>,
    pub family: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    pub amount: i64,
}

/// The lines of a batch that were ordered and not cancelled.
pub async fn ordered(tx: &mut Tx, batch: BatchId) -> sqlx::Result<Vec<Ordered>> {
    tx.query(
        "select l.tax_id, l.client->>'old_tax_id' as old_tax_id, l.family, l.fiscal_year, o.kind, l.amount
         from order_line l join client_order o on o.code = l.order_code
         where l.batch_id = $1 and l.state <> 'cancelled' and o.state in ('placed', 'paid', 'done')
         order by l.id",
    )
    .bind(batch.number())
    .all()
    .await
}

/// What is left of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    pub hash: String,
    pub amount: i64,
}

/// A family, a year and a kind of which there are such.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, sqlx::FromRow)]
pub struct PurgedKind {
    pub family: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
}

/// Each hash once.
pub async fn leave(tx: &mut Tx, left: &[Left], kinds: &[PurgedKind]) -> sqlx::Result<()> {
    // Without `where true` SQLite takes `on conflict` for a part of a join.
    const LEAVE: Sql = Sql {
        sqlite: "insert into purged (hash, amount)
                 select value->>'hash', value->>'amount' from json_each($1) where true
                 on conflict (hash) do update set amount = purged.amount + excluded.amount",
        postgres: "insert into purged (hash, amount)
                 select hash, amount from jsonb_to_recordset($1) as r (hash text, amount bigint)
                 on conflict (hash) do update set amount = purged.amount + excluded.amount",
    };
    const KINDS: Sql = Sql {
        sqlite: "insert into purged_kind (family, fiscal_year, kind)
                 select value->>'family', value->>'fiscal_year', value->>'kind' from json_each($1) where true
                 on conflict do nothing",
        postgres: "insert into purged_kind (family, fiscal_year, kind)
                 select family, fiscal_year, kind
                 from jsonb_to_recordset($1) as r (family text, fiscal_year bigint, kind text)
                 on conflict do nothing",
    };
    for left in left.chunks(ROWS_A_STATEMENT) {
        tx.query(LEAVE).bind(Json(left)).execute().await?;
    }
    tx.query(KINDS).bind(Json(kinds)).execute().await?;
    Ok(())
}

pub async fn kinds(db: &Db) -> sqlx::Result<Vec<PurgedKind>> {
    db.query("select family, fiscal_year, kind from purged_kind order by family, fiscal_year, kind")
        .all()
        .await
}

/// Which of these hashes are left of lines.
pub async fn known(db: &Db, hashes: &[&str]) -> sqlx::Result<Vec<String>> {
    const KNOWN: Sql = Sql {
        sqlite: "select hash from purged where hash in (select value from json_each($1))",
        postgres: "select hash from purged where hash in (select jsonb_array_elements_text($1))",
    };
    let mut known = Vec::new();
    for hashes in hashes.chunks(ROWS_A_STATEMENT) {
        known.extend(db.query(KNOWN).bind(Json(hashes)).all::<(String,)>().await?);
    }
    Ok(known.into_iter().map(|(hash,)| hash).collect())
}

/// What the platform made of the lines of a batch.
pub async fn licence_ids(db: &Db, batch: BatchId) -> sqlx::Result<Vec<(String,)>> {
    db.query(
        "select c.licence_id from licence c join order_line l on l.id = c.line_id
         where l.batch_id = $1 order by c.licence_id",
    )
    .bind(batch.number())
    .all()
    .await
}

/// The ids of the mails about batches and their orders.
pub async fn message_ids(db: &Db, batches: &[BatchId]) -> sqlx::Result<Vec<(String,)>> {
    const OF: Sql = Sql {
        sqlite: "select m.message_id from mail m left join client_order o on o.code = m.order_code
                 where coalesce(o.batch_id, m.batch_id) in (select value from json_each($1)) order by m.id",
        postgres:
            "select m.message_id from mail m left join client_order o on o.code = m.order_code
                 where coalesce(o.batch_id, m.batch_id)
                       in (select value::bigint from jsonb_array_elements_text($1) as r (value)) order by m.id",
    };
    db.query(OF).bind(Json(numbers(batches))).all().await
}

/// The same about a report.
pub async fn message_ids_of_report(db: &Db, id: i64) -> sqlx::Result<Vec<(String,)>> {
    db.query("select message_id from mail where report_id = $1 order by id").bind(id).all().await
}

fn numbers(batches: &[BatchId]) -> Vec<i64> {
    batches.iter().map(|batch| batch.number()).collect()
}

/// Statements with the number of a batch, each behind those that refer to what it deletes.
const OF_BATCH: [&str; 38] = [
    "delete from finding where batch_id = $1",
    "delete from shown where batch_id = $1",
    "delete from mail where batch_id = $1",
    "delete from mail where order_code in (select code from client_order where batch_id = $1)",
    "delete from notification where order_code in (select code from client_order where batch_id = $1)",
    "delete from activation where line_id in (select id from order_line where batch_id = $1)",
    "delete from licence_change where line_id in (select id from order_line where batch_id = $1)",
    "delete from line_event where line_id in (select id from order_line where batch_id = $1)",
    "delete from line_staff where line_id in (select id from order_line where batch_id = $1)",
    "delete from licence where line_id in (select id from order_line where batch_id = $1)",
    // A payment stays what it was when what it paid for is deleted, and nobody is named in it any more.
    "update bank_line set closed = (1 = 1), memo = '', other_name = null, other_account = null, evidence = '{}'
     where id in (select a.bank_line_id from allocation a join payment_request r on r.code = a.code
                  where r.batch_id = $1)",
    // Why a person said so may name somebody.
    "update payment_event set reason = null, said_by = null
     where bank_line_id in (select a.bank_line_id from allocation a join payment_request r on r.code = a.code
                            where r.batch_id = $1
                            union
                            select w.bank_line_id from payment_word w join payment_request r on r.code = w.code
                            where r.batch_id = $1)",
    "update refund set reason = null, said_by = null
     where bank_line_id in (select a.bank_line_id from allocation a join payment_request r on r.code = a.code
                            where r.batch_id = $1)",
    "delete from waiver where code in (select code from payment_request where batch_id = $1)",
    "delete from allocation where code in (select code from payment_request where batch_id = $1)",
    "delete from payment_word where code in (select code from payment_request where batch_id = $1)",
    "delete from line_warning where line_id in (select id from order_line where batch_id = $1)",
    "delete from line_hold where line_id in (select id from order_line where batch_id = $1)",
    "delete from workbook_due where batch_id = $1",
    "delete from former_code where code in (select code from payment_request where batch_id = $1)",
    "delete from invoice_row where code in (select code from payment_request where batch_id = $1)",
    // The newest one stays, so that its number is given to no other.
    "delete from invoice_export
     where cast($1 as bigint) is not null
       and not exists (select 1 from invoice_row r where r.export_number = invoice_export.number)
       and number < (select max(number) from invoice_export)",
    "delete from payment_request where batch_id = $1",
    "delete from payer_code where batch_id = $1",
    "delete from order_line where batch_id = $1",
    "delete from cancellation where order_code in (select code from client_order where batch_id = $1)",
    "delete from client_order where batch_id = $1",
    "delete from allocation where bank_line_id in (select id from bank_line where batch_id = $1)",
    "delete from payment_word where bank_line_id in (select id from bank_line where batch_id = $1)",
    "delete from payment_event where bank_line_id in (select id from bank_line where batch_id = $1)",
    "delete from refund where bank_line_id in (select id from bank_line where batch_id = $1)",
    "delete from bank_line where batch_id = $1",
    "delete from statement where batch_id = $1",
    "delete from batch_row where batch_id = $1",
    "delete from batch_sheet where batch_id = $1",
    // What a firm said of a header holds for its lists to come.
    "update header_answer set batch_id = null where batch_id = $1",
    // A mail stays as it is when the report that told of it is deleted.
    "update mail set bounce_batch = null where bounce_batch = $1",
    "delete from batch where id = $1",
];

/// Deletes a batch with all that hangs on it; how many lines it had.
pub async fn batch(tx: &mut Tx, batch: BatchId) -> sqlx::Result<i64> {
    let (lines,) = tx
        .query("select count(*) from order_line where batch_id = $1")
        .bind(batch.number())
        .one::<(i64,)>()
        .await?;
    for sql in OF_BATCH {
        tx.query(sql).bind(batch.number()).execute().await?;
    }
    tx.query("update counter set value = value + 1 where name = 'vacuum'").execute().await?;
    Ok(lines)
}

/// Deletes a report and its mail.
pub async fn report(tx: &mut Tx, id: i64) -> sqlx::Result<()> {
    for sql in ["delete from mail where report_id = $1", "delete from report where id = $1"] {
        tx.query(sql).bind(id).execute().await?;
    }
    tx.query("update counter set value = value + 1 where name = 'vacuum'").execute().await?;
    Ok(())
}

/// The batches that are there.
pub async fn batches(db: &Db) -> sqlx::Result<Vec<(i64,)>> {
    db.query("select id from batch order by id").all().await
}

/// Deletes the clients that have no line any more and were not changed since an instant, what rang before it, who paid
/// for whom where nothing is to be paid by him any more, and addresses without mails.
pub async fn rest(tx: &mut Tx, before: DateTime<Utc>) -> sqlx::Result<u64> {
    tx.query(
        "delete from client_tax_id
         where exists (select 1 from client c
                       where c.firm = client_tax_id.firm and c.tax_id = client_tax_id.client and c.updated_at < $1)
           and not exists (select 1 from client_tax_id t
                           join order_line l on l.firm = t.firm and l.tax_id = t.tax_id
                           where t.firm = client_tax_id.firm and t.client = client_tax_id.client)",
    )
    .bind(before)
    .execute()
    .await?;
    let clients = tx
        .query(
            "delete from client
             where updated_at < $1
               and not exists (select 1 from client_tax_id t where t.firm = client.firm and t.client = client.tax_id)",
        )
        .bind(before)
        .execute()
        .await?;
    tx.query(
        "delete from suppression
         where at < $1 and not exists (select 1 from mail where mail.recipient = suppression.address)",
    )
    .bind(before)
    .execute()
    .await?;
    tx.query(
        "delete from payer_known
         where learned_at < $1
           and not exists (select 1 from payment_request r where r.payer_email = payer_known.payer)",
    )
    .bind(before)
    .execute()
    .await?;
    let bells = tx.query("delete from notification where at < $1").bind(before).execute().await?;
    if clients + bells > 0 {
        tx.query("update counter set value = value + 1 where name = 'vacuum'").execute().await?;
    }
    Ok(clients)
}

/// Whether deleted things may still stand in the file of the database, and as of which change.
pub async fn to_vacuum(db: &Db) -> sqlx::Result<i64> {
    let (changes,) =
        db.query("select value from counter where name = 'vacuum'").one::<(i64,)>().await?;
    Ok(changes)
}

/// Writes the file of the database anew, so that nothing deleted stands in it; false where somebody reads it, and it
/// has to be done again. A server cleans up by itself.
pub async fn vacuum(db: &Db, changes: i64) -> sqlx::Result<bool> {
    if matches!(db, Db::Sqlite(_)) {
        db.query("vacuum").execute().await?;
        let (busy, ..) =
            db.query("pragma wal_checkpoint(truncate)").one::<(i64, i64, i64)>().await?;
        if busy != 0 {
            return Ok(false);
        }
    }
    db.query("update counter set value = 0 where name = 'vacuum' and value = $1")
        .bind(changes)
        .execute()
        .await?;
    Ok(true)
}
