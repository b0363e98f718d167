//! The payments that came in, with what each pays for and why. A firm sees of one what it pays of the firm's own.

use super::{
    Datum, Kind, Table, What,
    tables::{perhaps, text},
};
use crate::{
    db::{
        batches::Filter,
        dues,
        payments::{self, Payment},
    },
    flow::{Services, pay::hand},
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
        ("payment_code", Kind::Text),
        ("order", Kind::Text),
        ("line", Kind::Whole),
        ("allocated", Kind::Money),
        ("why", Kind::Text),
    ];
    let filter = Filter { firm: firm.map(str::to_owned), ..Filter::default() };
    let found = payments::list(&services.db, &filter, None).await?;
    let mut parts = payments::by_payment(payments::allocations(&services.db, None).await?);
    if let Some(firm) = firm {
        let dues = dues::all(&services.db).await?;
        let is_own = |code: &str| dues.iter().any(|due| due.code == code && due.firm == firm);
        for parts in parts.values_mut() {
            parts.retain(|part| is_own(&part.code));
        }
    }
    let mut rows = Vec::new();
    for payment in found.iter().rev() {
        let of_payment = parts.get(&payment.id).map(Vec::as_slice).unwrap_or_default();
        for part in of_payment {
            let own = [
                text(&part.code),
                text(&part.order_code),
                Datum::Whole(part.line_no),
                Datum::Money(part.amount),
            ];
            rows.push(row(services, payment, own));
        }
        if of_payment.is_empty() {
            rows.push(row(services, payment, [const { Datum::Nothing }; 4]));
        }
    }
    Ok(Table::new(What::Payments, columns, rows))
}

fn row(services: &Services, payment: &Payment, own: [Datum; 4]) -> Vec<Datum> {
    let day = payment.booked_on.parse();
    let mut row = vec![
        Datum::Whole(payment.id),
        text(&payment.account),
        day.map_or_else(|_| text(&payment.booked_on), Datum::Day),
        Datum::Money(payment.amount().as_dong()),
        Datum::Money(payment.returned),
        text(&payment.memo),
        perhaps(payment.reference.as_ref()),
        perhaps(payment.other_name.as_ref().or(payment.other_account.as_ref())),
        text(&payment.state),
    ];
    row.extend(own);
    row.push(text(&hand::why(services, payment)));
    row
}
