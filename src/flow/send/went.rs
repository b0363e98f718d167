//! Whether clients went from one firm to another since an order was placed for them, as its notice anew says to a firm that
//! pays. The notice itself is gathered by `content`.

use super::letters::{Turn, Went};
use crate::{
    db::{
        lines::{self, Line},
        orders::Order,
    },
    domain::order::Recipient,
    flow::Services,
};

pub(super) async fn of(
    services: &Services,
    turn: Turn,
    (order, own): (&Order, &[&Line]),
) -> anyhow::Result<Option<Went>> {
    if turn == Turn::First || order.recipient != Recipient::Firm {
        return Ok(None);
    }
    let is_of_another = |line: &Line| line.firm != order.firm;
    if own.iter().all(|line| is_of_another(line)) {
        return Ok(Some(Went::Came));
    }
    let all = lines::of_order(&services.db, &order.code).await?;
    Ok(all.iter().any(is_of_another).then_some(Went::Left))
}
