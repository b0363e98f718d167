//! Two processes that end the same thing at once: whoever comes later sees what the other one did.

use hangloat::{
    db::{
        activations::{ActivationState, Settled},
        cancellations,
        changes::{self, Change, ChangeKind, NewChange},
        lines, orders,
    },
    domain::{
        money::Money,
        order::{LineState, OrderState},
    },
};

use super::seed::{ODD, batch, later, lease, now, order_of, within};
use crate::each_db::each_db;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_settle_the_last_changes_of_a_cancellation_the_later_one_finds_nothing_open() {
    each_db(async |db| {
        let (code, ids) = order_of(db, batch(db).await, 1, 2).await;
        let id = within(db, async |tx| {
            let cancellation = cancellations::insert(tx, &code, ODD, now()).await?;
            let new = |line_id: i64| NewChange {
                line_id,
                kind: ChangeKind::Suspend,
                cancellation_id: Some(cancellation.id),
                idempotency_key: line_id.to_string(),
            };
            changes::plan(tx, &[new(ids[0]), new(ids[1])], now()).await?;
            Ok(cancellation.id)
        })
        .await
        .unwrap();
        let claim = async |holder| {
            let claimed = changes::claim(db, None, (0, i64::MAX, 1), lease(holder)).await;
            claimed.unwrap().pop().unwrap()
        };
        let (first, second) = (claim("a").await, claim("b").await);
        let settle = async |change: Change| {
            within(db, async |tx| {
                let settled = Settled { state: ActivationState::Done, error: None };
                assert!(changes::settle(tx, change.id, change.claim(), settled, later(1)).await?);
                assert_eq!(cancellations::hold(tx, id).await?.order_code, code);
                changes::is_open(tx, id).await
            })
            .await
            .unwrap()
        };
        let (one, other) = tokio::join!(settle(first), settle(second));
        assert!(one != other, "exactly one of them tells the payers");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_cancel_the_last_lines_of_an_order_the_later_one_counts_none() {
    each_db(async |db| {
        let (code, ids) = order_of(db, batch(db).await, 1, 2).await;
        let id = within(db, async |tx| cancellations::insert(tx, &code, ODD, now()).await);
        let id = id.await.unwrap().id;
        let cancel = async |line: i64| {
            within(db, async |tx| {
                assert_eq!(lines::cancel(tx, &[line], &[LineState::Waiting], id).await?, 1);
                orders::hold_as_it_is(tx, &code).await?;
                orders::recount(tx, &code, None).await
            })
            .await
            .unwrap()
        };
        tokio::join!(cancel(ids[0]), cancel(ids[1]));
        let order = orders::by_code(db, &code).await.unwrap().unwrap();
        assert_eq!((order.state, order.amount()), (OrderState::Cancelled, Money::ZERO));
    })
    .await;
}
