//! Payment requests, one for each line, and the codes that pay all of a payer's at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{
    Db, Sql, Tx,
    corrections::{former_payers, former_was_told},
    rows::Span,
};
use crate::domain::{
    batch::BatchId,
    money::Money,
    order::{OrderCode, RequestState},
    payment_code::PaymentCode,
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Request {
    #[sqlx(try_from = "String")]
    pub code: PaymentCode,
    pub line_id: i64,
    pub payer_name: String,
    pub payer_email: String,
    amount: i64,
    paid: i64,
    waived: i64,
    #[sqlx(try_from = "String")]
    pub state: RequestState,
    /// Pays every request of the payer in the batch, where there are two or more.
    pub batch_code: Option<String>,
}

impl Request {
    pub fn amount(&self) -> Money {
        Money::dong(self.amount)
    }

    /// What its payer is asked for: without what was forgiven.
    pub fn asked(&self) -> Money {
        Money::dong(self.amount - self.waived)
    }

    pub fn paid(&self) -> Money {
        Money::dong(self.paid)
    }

    /// What of it was forgiven.
    pub fn waived(&self) -> Money {
        Money::dong(self.waived)
    }

    /// What is still to be paid; nothing where it is paid, or need not be.
    pub fn rest(&self) -> Option<Money> {
        let is_open = matches!(self.state, RequestState::Open | RequestState::PartlyPaid);
        is_open.then(|| Money::dong(self.amount - self.waived - self.paid))
    }
}

/// A payment request on its way in.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    pub line_id: i64,
    pub batch: BatchId,
    pub payer_name: &'a str,
    pub payer_email: &'a str,
    pub amount: Money,
}

/// False where the code is taken.
pub async fn insert(
    tx: &mut Tx,
    code: &PaymentCode,
    new: &NewRequest<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = tx
        .query(
            "insert into payment_request (code, line_id, batch_id, payer_name, payer_email, amount, state, created_at)
             select $1, $2, $3, $4, $5, $6, 'open', $7
             where not exists (select 1 from payer_code where code = $1)
             on conflict (code) do nothing",
        )
        .bind(code.as_str())
        .bind(new.line_id)
        .bind(new.batch.number())
        .bind(new.payer_name)
        .bind(new.payer_email)
        .bind(new.amount.as_dong())
        .bind(now)
        .execute()
        .await?;
    Ok(inserted == 1)
}

/// Payers of a batch with two or more requests that are still without a code for all of them.
pub async fn payers_without_code(tx: &mut Tx, batch: BatchId) -> sqlx::Result<Vec<(String,)>> {
    tx.query(
        "select payer_email from payment_request r
         where batch_id = $1 and state in ('open', 'partly_paid')
           and not exists (select 1 from payer_code p
                           where p.batch_id = r.batch_id and p.payer_email = r.payer_email)
         group by payer_email having count(*) >= 2
         order by payer_email",
    )
    .bind(batch.number())
    .all()
    .await
}

/// False where the code is taken.
pub async fn insert_payer_code(
    tx: &mut Tx,
    code: &PaymentCode,
    batch: BatchId,
    payer_email: &str,
) -> sqlx::Result<bool> {
    let inserted = tx
        .query(
            "insert into payer_code (code, batch_id, payer_email)
             select $1, $2, $3
             where not exists (select 1 from payment_request where code = $1)
             on conflict (code) do nothing",
        )
        .bind(code.as_str())
        .bind(batch.number())
        .bind(payer_email)
        .execute()
        .await?;
    Ok(inserted == 1)
}

/// What a payer of a batch has still to pay, in the order of the lines. Nobody is asked to pay for what the platform
/// refused for good.
pub async fn open_of_payer(
    db: &Db,
    batch: BatchId,
    payer_email: &str,
) -> sqlx::Result<Vec<Request>> {
    db.query(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from payment_request r
         join order_line l on l.id = r.line_id
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where r.batch_id = $1 and r.payer_email = $2 and r.state in ('open', 'partly_paid') and l.state <> 'failed'
         order by l.order_code, l.line_no",
    )
    .bind(batch.number())
    .bind(payer_email)
    .all()
    .await
}

/// The line and code of every request, of one firm or of all.
pub async fn codes(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<(i64, String)>> {
    db.query(
        "select r.line_id, r.code from payment_request r join order_line l on l.id = r.line_id
         where $1 is null or l.firm = $1",
    )
    .bind(firm)
    .all()
    .await
}

/// In the order of their lines.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<Request>> {
    db.query(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from payment_request r
         join order_line l on l.id = r.line_id
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where r.batch_id = $1
         order by l.order_code, l.line_no",
    )
    .bind(batch.number())
    .all()
    .await
}

/// What is to be paid for the lines of a firm.
pub async fn of_firm(db: &Db, firm: &str) -> sqlx::Result<Vec<Request>> {
    db.query(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from order_line l
         join payment_request r on r.line_id = l.id
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where l.firm = $1 order by l.order_code, l.line_no",
    )
    .bind(firm)
    .all()
    .await
}

/// What is to be paid for a line, as it stands now.
pub async fn of_line(db: &Db, line_id: i64) -> sqlx::Result<Option<Request>> {
    db.query(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from payment_request r
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where r.line_id = $1",
    )
    .bind(line_id)
    .optional()
    .await
}

/// What a payer, or one who was told to pay before a correction, has not to pay any more, as it was cancelled under a
/// sequence of an order.
pub async fn cancelled_of_payer(
    db: &Db,
    (order, sequence): (&OrderCode, i64),
    payer_email: &str,
) -> sqlx::Result<Vec<Request>> {
    db.query(concat!(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from cancellation c
         join order_line l on l.cancellation_id = c.id
         join payment_request r on r.line_id = l.id
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where c.order_code = $1 and c.sequence = $2
           and (r.payer_email = $3 or exists (select 1 from ",
        former_payers!(),
        " where f.line_id = l.id and f.email = $3 and ",
        former_was_told!(),
        "))
         order by l.line_no",
    ))
    .bind(order.as_str())
    .bind(sequence)
    .bind(payer_email)
    .all()
    .await
}

/// Those of the lines of some rows.
pub async fn of_rows(db: &Db, rows: Span) -> sqlx::Result<Vec<Request>> {
    db.query(
        "select r.code, r.line_id, r.payer_name, r.payer_email, r.amount, r.paid, r.waived, r.state, p.code as batch_code
         from order_line l
         join payment_request r on r.line_id = l.id
         left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
         where l.batch_id = $1 and l.sheet = $2 and l.row_no between $3 and $4
         order by l.order_code, l.line_no",
    )
    .bind(rows.batch.number())
    .bind(rows.sheet)
    .bind(rows.first)
    .bind(rows.last)
    .all()
    .await
}

/// What one code pays for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ToPay {
    pub code: String,
    /// As its first line has it.
    pub payer_name: String,
    pub order_code: String,
    /// The code of all of the payer's requests, where there is one.
    pub batch_code: Option<String>,
    pub lines: i64,
    /// What is not paid yet.
    pub rest: i64,
}

/// What is to be paid for a batch: by the code of all of a payer's requests where two or more are open, else by each
/// one's own. The first, in the order of the first line that each code pays for, and how many there are.
pub async fn to_pay(db: &Db, batch: BatchId, at_most: usize) -> sqlx::Result<(Vec<ToPay>, usize)> {
    #[derive(sqlx::FromRow)]
    struct First {
        #[sqlx(flatten)]
        to_pay: ToPay,
        of_all: i64,
    }
    let first: Vec<First> = db
        .query(
        "with unpaid as (
             select r.code, r.payer_name, r.amount - r.waived - r.paid as rest, p.code as batch_code, l.order_code,
                    row_number() over (order by l.order_code, l.line_no) as place,
                    count(*) over (partition by r.payer_email) as of_payer
             from payment_request r
             join order_line l on l.id = r.line_id
             left join payer_code p on p.batch_id = r.batch_id and p.payer_email = r.payer_email
             where r.batch_id = $1 and r.state in ('open', 'partly_paid') and l.state <> 'failed'
               and l.firm = (select firm from batch where id = $1)),
         coded as (
             select payer_name, rest, batch_code, order_code, place,
                    case when of_payer > 1 then coalesce(batch_code, code) else code end as pays
             from unpaid),
         summed as (
             select pays, min(place) as place, count(*) as lines, cast(sum(rest) as bigint) as rest
             from coded group by pays)
         select s.pays as code, c.payer_name, c.order_code, c.batch_code, s.lines, s.rest, count(*) over () as of_all
         from summed s join coded c on c.place = s.place
         order by s.place limit $2 + 0",
    )
    .bind(batch.number())
    .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
    .all()
    .await?;
    let all = first.first().map_or(0, |it| usize::try_from(it.of_all).unwrap_or_default());
    Ok((first.into_iter().map(|it| it.to_pay).collect(), all))
}

/// Holds the requests of lines until the transaction ends, and says which of these lines are paid.
pub async fn hold_paid(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<Vec<i64>> {
    const HOLD: Sql = Sql {
        sqlite: "update payment_request set state = state
                 where line_id in (select value from json_each($1)) returning line_id, state",
        postgres: "update payment_request set state = state
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                 returning line_id, state",
    };
    let held = tx.query(HOLD).bind(Json(line_ids)).all::<(i64, String)>().await?;
    let mut paid = Vec::new();
    for (line, state) in held {
        let state: RequestState =
            state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        paid.extend(state.is_paid().then_some(line));
    }
    Ok(paid)
}

/// Holds the requests of lines until the transaction ends, and says of which nothing is paid at all.
pub async fn hold_unpaid(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<Vec<i64>> {
    const HOLD: Sql = Sql {
        sqlite: "update payment_request set state = state
                 where line_id in (select value from json_each($1)) and state = 'open' returning line_id",
        postgres: "update payment_request set state = state
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and state = 'open' returning line_id",
    };
    let held = tx.query(HOLD).bind(Json(line_ids)).all::<(i64,)>().await?;
    Ok(held.into_iter().map(|(line,)| line).collect())
}

/// Name and e-mail of who pays for a line.
pub async fn payer(tx: &mut Tx, line_id: i64) -> sqlx::Result<Option<(String, String)>> {
    tx.query("select payer_name, payer_email from payment_request where line_id = $1")
        .bind(line_id)
        .optional()
        .await
}

/// Where the request of each line stands.
pub async fn states(db: &Db) -> sqlx::Result<HashMap<i64, RequestState>> {
    let all: Vec<(i64, String)> =
        db.query("select line_id, state from payment_request").all().await?;
    let read = |(line, state): (i64, String)| {
        let state = state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok((line, state))
    };
    all.into_iter().map(read).collect()
}

/// Nothing is to be paid for lines any more; of how many it was.
pub async fn cancel(tx: &mut Tx, line_ids: &[i64]) -> sqlx::Result<u64> {
    const CANCEL: Sql = Sql {
        sqlite: "update payment_request set state = 'cancelled'
                 where line_id in (select value from json_each($1)) and state in ('open', 'partly_paid')",
        postgres: "update payment_request set state = 'cancelled'
                 where line_id in (select value::bigint from jsonb_array_elements_text($1) as r (value))
                   and state in ('open', 'partly_paid')",
    };
    tx.query(CANCEL).bind(Json(line_ids)).execute().await
}
