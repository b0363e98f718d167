//! On which days money is taken out of an account, and wholly, as far as the stored lines show it. What follows for its
//! statements is said by `flow::sweep::coverage`.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Db;

/// Days with debits; no refund is meant, as its memo says or what it closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub days: BTreeSet<NaiveDate>,
    /// Those of them on which a debit took out exactly what had come since the one before it.
    pub wholly: BTreeSet<NaiveDate>,
}

pub async fn of(db: &Db, account: &str) -> sqlx::Result<Taken> {
    let days: Vec<(String, i64)> = db
        .query(
            "with moved as (
                 select id, booked_on, direction, amount,
                        sum(case when direction = 'credit' then amount else 0 end) over (order by booked_on, id) as came
                 from bank_line b
                 where account = $1 and same_as is null
                   and not (direction = 'debit'
                            and (replace(upper(memo), ' ', '') like '%HOANTIEN%'
                                 or exists (select 1 from refund r where r.debit_id = b.id)))),
             debit as (
                 select booked_on, amount, came - coalesce(lag(came) over (order by booked_on, id), 0) as since
                 from moved where direction = 'debit')
             select booked_on, cast(max(case when since = amount then 1 else 0 end) as bigint)
             from debit group by booked_on",
        )
        .bind(account)
        .all()
        .await?;
    let mut taken = Taken::default();
    for (day, is_whole) in days {
        let Ok(day) = day.parse() else { continue };
        taken.days.insert(day);
        if is_whole == 1 {
            taken.wholly.insert(day);
        }
    }
    Ok(taken)
}
