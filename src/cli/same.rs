//! `payments --same PAYMENT OTHER`: two payments are the same money, told twice.

use minijinja::context;

use super::{
    payments::{by_id, day, reply},
    reopened::Before,
    reply::{Failure, Reply},
};
use crate::{
    db::payments::Payment,
    flow::{
        Services,
        pay::{
            said::By,
            same::{self, NotSame},
        },
    },
};

/// `payments --same PAYMENT OTHER`
pub async fn say(
    services: &Services,
    (id, other): (i64, i64),
    by: By<'_>,
) -> anyhow::Result<Reply> {
    crate::runner::recover(services).await?;
    let (payment, other) = (by_id(services, id).await?, by_id(services, other).await?);
    let before = Before::of(services, id).await?;
    let said = same::say(services, &payment, &other, by).await?;
    said.map_err(|why| not_same(services, (&payment, &other), why))?;
    let words = before.told(services, id).await?;
    let shown = reply(services, &[by_id(services, id).await?], true).await?;
    let Some(words) = words else { return Ok(shown) };
    Ok(Reply { human: format!("{words}\n{}", shown.human), ..shown })
}

fn not_same(services: &Services, (payment, other): (&Payment, &Payment), why: NotSame) -> Failure {
    let amounts = [payment, other].map(|it| it.amount().to_string());
    let days = [payment, other].map(|it| day(&it.booked_on));
    let values = context! { id => payment.id, other => other.id, amounts, days };
    let (key, values) = match why {
        NotSame::Itself => ("same_itself", values),
        NotSame::Differs => ("same_differs", values),
        NotSame::Days(lag) => ("same_days", context! { lag, ..values }),
        NotSame::Codes => ("same_codes", values),
        NotSame::Payers => ("same_payers", values),
        NotSame::Balances => ("same_balances", values),
        NotSame::References => ("same_references", values),
        NotSame::Files => ("same_files", values),
        NotSame::Said(said, same) => ("same_said", context! { id => said, other => same }),
        NotSame::GoesBack => ("same_goes_back", values),
        NotSame::Closed => ("payment_closed", values),
    };
    Failure::not_allowed(services.texts, key, values)
}
