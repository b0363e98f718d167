//! Orders: inserted, found, revised, placed, and asked to be activated.

use hangloat::{
    db::{
        Db,
        batches::Filter,
        lines::{self, Under},
        orders::{self, NewOrder, Order},
    },
    domain::{
        client::CustomerType,
        money::Money,
        order::{Kind, OrderCode, OrderState, Recipient},
    },
};

use super::seed::{
    CONTENT, FAMILY, FIRM, ODD, OTHER_CONTENT, PRICE, batch, batch_of, client, code, hash, later,
    new_line, new_order, now, order, place, under, within,
};
use crate::each_db::each_db;

async fn read(db: &Db, code: &OrderCode) -> Order {
    orders::by_code(db, code).await.unwrap().unwrap()
}

fn positions(orders: &[Order]) -> Vec<i64> {
    orders.iter().map(|order| order.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_read_as_it_was_made() {
    each_db(async |db| {
        let (batch, code, unknown) = (batch(db).await, code(1), code(99));
        let new = NewOrder {
            kind: Kind::Free,
            package: ODD,
            customer_type: CustomerType::Household,
            recipient: Recipient::Other,
            invoice_to: Recipient::Firm,
            amount: Money::dong(i64::MAX),
            registered_by: Some("lan@minhan.example"),
            ..new_order(&code, batch, 7)
        };
        within(db, async |tx| orders::insert(tx, new, later(1)).await).await.unwrap();

        let order = read(db, &code).await;
        assert_eq!((&order.code, order.batch(), order.position), (&code, batch, 7));
        assert_eq!((order.firm.as_str(), order.kind), (FIRM, Kind::Free));
        assert_eq!((order.package.as_str(), order.family.as_str()), (ODD, FAMILY));
        assert_eq!((order.customer_type, order.fiscal_year()), (CustomerType::Household, 2026));
        assert_eq!((order.recipient, order.invoice_to), (Recipient::Other, Recipient::Firm));
        assert_eq!((order.state, order.revision), (OrderState::AwaitingConfirmation, 1));
        assert_eq!((order.content.as_str(), order.amount()), (CONTENT, Money::dong(i64::MAX)));
        assert_eq!(order.registered_by.as_deref(), Some("lan@minhan.example"));
        assert_eq!((order.confirmed_by, order.placed_at), (None, None));
        assert_eq!((order.activation_asked_at, order.created_at), (None, later(1)));
        assert!(orders::by_code(db, &unknown).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_once_and_only_with_the_content_that_was_confirmed() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let place = async |content| {
            let confirmed_by = "hoa@minhan.example";
            within(db, async |tx| orders::place(tx, &code, content, confirmed_by, later(3)).await)
                .await
                .unwrap()
        };
        assert!(!place(OTHER_CONTENT).await);
        assert_eq!(read(db, &code).await.state, OrderState::AwaitingConfirmation);
        assert!(place(CONTENT).await);
        assert!(!place(CONTENT).await);
        let placed = read(db, &code).await;
        assert_eq!((placed.state, placed.placed_at), (OrderState::Placed, Some(later(3))));
        assert_eq!(placed.confirmed_by.as_deref(), Some("hoa@minhan.example"));
        assert_eq!(placed.registered_by, placed.confirmed_by);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registered_an_order_is_not_forgotten_when_another_confirms_it() {
    each_db(async |db| {
        let (batch, code) = (batch(db).await, code(1));
        let new =
            NewOrder { registered_by: Some("b@minhan.example"), ..new_order(&code, batch, 1) };
        within(db, async |tx| orders::insert(tx, new, now()).await).await.unwrap();
        place(db, &code).await;
        assert_eq!(read(db, &code).await.registered_by.as_deref(), Some("b@minhan.example"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_revised_only_while_it_waits_and_from_the_content_it_has() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let revise = async |from, to, amount| {
            let amount = Money::dong(amount);
            within(db, async |tx| orders::revise(tx, &code, from, to, amount).await).await.unwrap()
        };
        assert!(!revise(OTHER_CONTENT, CONTENT, 1).await);
        assert!(revise(CONTENT, OTHER_CONTENT, 2).await);
        let revised = read(db, &code).await;
        assert_eq!((revised.revision, revised.amount()), (2, Money::dong(2)));
        assert_eq!(revised.content, OTHER_CONTENT);
        assert!(revise(OTHER_CONTENT, CONTENT, 3).await);
        place(db, &code).await;
        assert!(!revise(CONTENT, OTHER_CONTENT, 4).await);
        assert_eq!(read(db, &code).await.amount(), Money::dong(3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placed_order_is_asked_once_to_be_activated() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let ask = async || {
            within(db, async |tx| orders::ask_activation(tx, &code, later(4)).await).await.unwrap()
        };
        assert!(!ask().await);
        place(db, &code).await;
        assert!(ask().await);
        assert!(!ask().await);
        assert_eq!(read(db, &code).await.activation_asked_at, Some(later(4)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_narrowed_to_a_firm_a_state_and_a_time() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (early, other, late) = (code(1), code(2), code(3));
        within(db, async |tx| {
            orders::insert(tx, new_order(&early, batch, 3), now()).await?;
            let new = NewOrder { firm: "KHAC", ..new_order(&other, batch, 2) };
            orders::insert(tx, new, later(1)).await?;
            orders::insert(tx, new_order(&late, batch, 1), later(1)).await?;
            // A firm sees an order by its own lines.
            let client = client();
            for (n, (order, firm)) in (1..).zip([(&early, FIRM), (&other, "KHAC"), (&late, FIRM)]) {
                let tax_id = format!("010000000{n}");
                let line = Under { firm, ..under(order, batch) };
                lines::insert(tx, line, &[new_line(n, &tax_id, &client)]).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
        place(db, &early).await;

        // By their positions in the batch.
        let list = async |firm: Option<&str>, state: Option<OrderState>, since| {
            let (firm, state) = (firm.map(str::to_owned), state.map(|state| state.to_string()));
            positions(&orders::list(db, &Filter { firm, state, since }).await.unwrap())
        };
        assert_eq!(list(None, None, None).await, [1, 2, 3]);
        assert_eq!(list(Some(FIRM), None, None).await, [1, 3]);
        assert_eq!(list(None, Some(OrderState::Placed), None).await, [3]);
        assert_eq!(list(None, None, Some(later(1))).await, [1, 2]);
        let waiting = Some(OrderState::AwaitingConfirmation);
        assert_eq!(list(Some("KHAC"), waiting, Some(later(1))).await, [2]);
        assert_eq!(list(Some("KHAC"), waiting, Some(later(2))).await, [0; 0]);
        assert_eq!(positions(&orders::of_batch(db, batch).await.unwrap()), [1, 2, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_wholly_cancelled_when_each_of_its_orders_is() {
    const CANCEL: &str = "update client_order set state = 'cancelled' where code = $1";
    each_db(async |db| {
        let (batch, other) = (batch(db).await, batch_of(db, &hash(2)).await);
        let other = order(db, other, 9).await;
        let is_cancelled = async || {
            within(db, async |tx| orders::is_wholly_cancelled(tx, batch).await).await.unwrap()
        };
        assert!(!is_cancelled().await);
        let codes = [order(db, batch, 1).await, order(db, batch, 2).await];
        for code in &codes {
            assert!(!is_cancelled().await);
            assert_eq!(db.query(CANCEL).bind(code.as_str()).execute().await.unwrap(), 1);
        }
        assert!(is_cancelled().await);
        assert_eq!(read(db, &codes[0]).await.state, OrderState::Cancelled);
        assert_eq!(read(db, &other).await.amount(), PRICE);
    })
    .await;
}
