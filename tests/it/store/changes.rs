//! Changes of licences: planned once, claimed one at a time for each licence, written down and settled by their holder.
//! What a change does to the licence itself is tested with `order_life`.

use hangloat::db::{
    Db,
    activations::{ActivationState, Settled},
    cancellations,
    changes::{self, Change, ChangeKind, NewChange},
};

use super::seed::{
    ODD, batch, claim_of, later, lease, new_change, now, order_of, placed_line, within,
};
use crate::each_db::each_db;

async fn claim(db: &Db, after: i64, holder: &str) -> Option<Change> {
    changes::claim(db, None, (after, i64::MAX, 1), lease(holder)).await.unwrap().pop()
}

const EPOCH: &str = "select epoch from licence_change where id = $1";

async fn settle(db: &Db, id: i64, holder: &str, state: ActivationState) -> bool {
    let settled = Settled { state, error: Some(ODD) };
    let claim = claim_of(db, EPOCH, id, holder).await;
    within(db, async |tx| changes::settle(tx, id, claim, settled, later(9)).await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_planned_once_until_it_is_sent_and_each_licence_has_one_at_a_time() {
    each_db(async |db| {
        let (code, ids) = order_of(db, batch(db).await, 1, 2).await;
        let plan = async |line, key| {
            within(db, async |tx| changes::plan(tx, &[new_change(line, key)], now()).await)
                .await
                .unwrap()
                == 1
        };
        assert!(plan(ids[0], "a").await && !plan(ids[0], "b").await && plan(ids[1], "c").await);
        let first = claim(db, 0, "one").await.unwrap();
        assert_eq!((first.line_id, first.kind, first.attempts), (ids[0], ChangeKind::Accounts, 1));
        assert!(plan(ids[0], "d").await, "what is sent says nothing of what comes after");
        let second = claim(db, first.id, "two").await.unwrap();
        assert_eq!(second.line_id, ids[1]);
        assert!(claim(db, 0, "three").await.is_none(), "the first one is not answered yet");
        assert!(!settle(db, first.id, "two", ActivationState::Done).await);
        assert!(settle(db, first.id, "one", ActivationState::Done).await);
        assert_eq!(claim(db, 0, "three").await.unwrap().idempotency_key, "d");
        let all = changes::of_order(db, &code).await.unwrap();
        assert_eq!(all.iter().filter(|change| change.is_settled()).count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_that_are_claimed_together_each_licence_has_one_and_the_next_is_found_behind_it()
{
    each_db(async |db| {
        let (_, ids) = order_of(db, batch(db).await, 1, 3).await;
        let new = |(line, kind, key): (i64, ChangeKind, &str)| NewChange {
            kind,
            ..new_change(line, key)
        };
        let planned = [
            (ids[0], ChangeKind::Suspend, "a"),
            (ids[0], ChangeKind::Paid, "b"),
            (ids[1], ChangeKind::Paid, "c"),
            (ids[2], ChangeKind::Paid, "d"),
        ];
        within(db, async |tx| changes::plan(tx, &planned.map(new), now()).await).await.unwrap();
        let claim = async |span: (i64, i64, usize)| {
            changes::claim(db, None, span, lease("one")).await.unwrap()
        };
        let keys = |changes: &[Change]| -> Vec<String> {
            changes.iter().map(|it| it.idempotency_key.clone()).collect()
        };
        let first = claim((0, i64::MAX, 2)).await;
        assert_eq!(keys(&first), ["a", "c"]);
        let lines: Vec<i64> = first.iter().map(|it| it.line_id).collect();
        let behind = changes::between(db, &lines, (0, first[1].id)).await.unwrap();
        assert_eq!(behind.len(), 1);
        let own = (behind[0] - 1, behind[0], 1);
        assert!(claim(own).await.is_empty(), "the first one is not answered yet");
        assert!(settle(db, first[0].id, "one", ActivationState::Done).await);
        assert_eq!(keys(&claim(own).await), ["b"]);
        assert_eq!(keys(&claim((first[1].id, i64::MAX, 9)).await), ["d"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_change_is_written_once_by_its_holder() {
    each_db(async |db| {
        let (_, ids) = order_of(db, batch(db).await, 1, 1).await;
        within(db, async |tx| changes::plan(tx, &[new_change(ids[0], "a")], now()).await)
            .await
            .unwrap();
        let change = claim(db, 0, "one").await.unwrap();
        assert_eq!(change.request, None);
        let write = async |holder, body| {
            let claim = claim_of(db, EPOCH, change.id, holder).await;
            within(db, async |tx| changes::write_down(tx, change.id, claim, body).await)
                .await
                .unwrap()
        };
        assert!(!write("two", "{}").await && write("one", ODD).await && !write("one", "{}").await);
        assert_eq!(changes::holders(db).await.unwrap(), [("one".to_owned(),)]);
        assert_eq!(changes::release(db, "one").await.unwrap(), 1);
        let again = claim(db, 0, "two").await.unwrap();
        assert_eq!((again.request.as_deref(), again.attempts), (Some(ODD), 2));

        assert_eq!(changes::release_lapsed(db, later(60)).await.unwrap(), 0);
        assert_eq!(changes::release_lapsed(db, later(61)).await.unwrap(), 1);
        let newest = claim(db, 0, "two").await.unwrap();
        assert_eq!(changes::give_back(db, again.id, again.claim()).await.unwrap(), 0);
        let late =
            within(db, async |tx| changes::write_down(tx, again.id, again.claim(), "{}").await);
        assert!(!late.await.unwrap());
        assert_eq!(changes::give_back(db, newest.id, newest.claim()).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_is_open_until_its_last_suspension_is_settled() {
    each_db(async |db| {
        let (_, code, line) = placed_line(db).await;
        let change = db.query("delete from licence_change").execute().await.unwrap();
        assert_eq!(change, 1);
        let id = within(db, async |tx| {
            let cancellation = cancellations::insert(tx, &code, "x", now()).await?;
            let new = NewChange {
                line_id: line,
                kind: ChangeKind::Suspend,
                cancellation_id: Some(cancellation.id),
                idempotency_key: "s".to_owned(),
            };
            changes::plan(tx, &[new], now()).await?;
            assert_eq!(cancellations::hold(tx, cancellation.id).await?.sequence, 1);
            Ok(cancellation.id)
        })
        .await
        .unwrap();
        let is_open = async || within(db, async |tx| changes::is_open(tx, id).await).await.unwrap();
        assert!(is_open().await);
        let claimed = claim(db, 0, "a").await.unwrap();
        assert_eq!(claimed.cancellation_id, Some(id));
        assert!(is_open().await);
        assert!(settle(db, claimed.id, "a", ActivationState::Refused).await);
        assert!(!is_open().await);
    })
    .await;
}
