//! Whether the money of an account is taken out of it as it comes, as far as the stored lines show it. What follows for
//! its statements is said by `flow::sweep::coverage`.

use super::Db;

/// Whether a debit took out exactly what had come since the one before it; no refund is meant, as its memo says.
pub async fn is(db: &Db, account: &str) -> sqlx::Result<bool> {
    let taken = db
        .query(
            "with moved as (
                 select id, booked_on, direction, amount,
                        sum(case when direction = 'credit' then amount else 0 end) over (order by booked_on, id) as came
                 from bank_line
                 where account = $1 and same_as is null
                   and not (direction = 'debit' and upper(memo) like '%HOANTIEN%')),
             debit as (
                 select id, amount, came - coalesce(lag(came) over (order by booked_on, id), 0) as since
                 from moved where direction = 'debit')
             select id from debit where since = amount limit 1",
        )
        .bind(account)
        .optional::<(i64,)>()
        .await?;
    Ok(taken.is_some())
}
