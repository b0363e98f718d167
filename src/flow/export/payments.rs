//! The payments that came in, with what each pays for and why. A firm sees of one what it pays of the firm's own.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
};

use super::{
    Datum, Kind, Table, What,
    tables::{perhaps, text},
};
use crate::{
    db::{
        batches::Filter,
        dues,
        payments::{self, Allocation, Payment},
    },
    flow::{Services, pay::hand, sweep::extract},
};

pub(super) async fn table(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let columns = vec![
        ("id", Kind::Whole),
        ("account", Kind::Text),
        ("booked_on", Kind::Day),
        ("amount", Kind::Money),
        ("returned", Kind::Money),
        ("memo", Kind::Text),
        ("reference", Kind::Text),
        ("payer", Kind::Text),
        ("state", Kind::Text),
        ("same_as", Kind::Whole),
        ("payment_code", Kind::Text),
        ("order", Kind::Text),
        ("line", Kind::Whole),
        ("allocated", Kind::Money),
        ("why", Kind::Text),
    ];
    let filter = Filter { firm: firm.map(str::to_owned), ..Filter::default() };
    let found = payments::list(&services.db, &filter, None).await?;
    let mut parts = payments::by_payment(payments::allocations(&services.db, None).await?);
    let own_shares = match firm {
        Some(firm) => shares(services, firm, &found, &mut parts).await?,
        None => HashMap::new(),
    };
    let mut rows = Vec::new();
    for payment in found.iter().rev() {
        let of_payment = parts.remove(&payment.id).unwrap_or_default();
        let own_share = own_shares.get(&payment.id).copied();
        for part in &of_payment {
            let own = [
                text(&part.code),
                text(&part.order_code),
                Datum::Whole(part.line_no),
                Datum::Money(part.amount),
            ];
            rows.push(row(services, payment, own_share, own));
        }
        if of_payment.is_empty() {
            rows.push(row(services, payment, own_share, [const { Datum::Nothing }; 4]));
        }
    }
    Ok(Table::new(What::Payments, columns, rows))
}

/// Leaves of the parts those that pay for a firm's own lines, and says of the payments that another firm has a part in how
/// many đồng are the firm's.
pub async fn shares(
    services: &Services,
    firm: &str,
    found: &[Payment],
    parts: &mut HashMap<i64, Vec<Allocation>, impl BuildHasher>,
) -> anyhow::Result<HashMap<i64, i64>> {
    let dues = dues::all(&services.db).await?;
    let of_others = dues.iter().filter(|due| due.firm != firm);
    let of_others = of_others.flat_map(|due| [Some(due.code.as_str()), due.batch_code.as_deref()]);
    let of_others: HashSet<&str> = of_others.flatten().collect();
    let mut shares = HashMap::new();
    for payment in found {
        let own = parts.entry(payment.id).or_default();
        let paid = own.iter().map(|part| part.code.as_str());
        let is_shared = extract::codes(payment).chain(paid).any(|code| of_others.contains(code));
        own.retain(|part| !of_others.contains(part.code.as_str()));
        if is_shared {
            shares.insert(payment.id, own.iter().map(|part| part.amount).sum());
        }
    }
    Ok(shares)
}

/// Of what is `shared` with another firm, that much is the firm's own; the rest of it, and its words, are not shown.
fn row(services: &Services, payment: &Payment, shared: Option<i64>, own: [Datum; 4]) -> Vec<Datum> {
    let day = payment.booked_on.parse();
    let of_whole = |it: Datum| if shared.is_some() { Datum::Nothing } else { it };
    let mut row = vec![
        Datum::Whole(payment.id),
        text(&payment.account),
        day.map_or_else(|_| text(&payment.booked_on), Datum::Day),
        Datum::Money(shared.unwrap_or(payment.amount().as_dong())),
        of_whole(Datum::Money(payment.returned)),
        of_whole(text(&payment.memo)),
        perhaps(payment.reference.as_ref()),
        perhaps(payment.other_name.as_ref().or(payment.other_account.as_ref())),
        text(&payment.state),
        payment.same_as.map_or(Datum::Nothing, Datum::Whole),
    ];
    row.extend(own);
    row.push(of_whole(text(&hand::why(services, payment))));
    row
}
