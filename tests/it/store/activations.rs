//! Requests to the platform: planned once, claimed by one holder at a time, settled by nobody else.

use std::collections::BTreeSet;

use futures::future::join_all;
use hangloat::{
    db::{
        Db,
        activations::{self, Activation, ActivationState, NewActivation, Settled},
        is_taken, orders,
    },
    domain::order::OrderCode,
};

use super::seed::{
    CONTENT, ODD, OTHER_CONTENT, batch, claim_of, code, later, lease, now, order_of,
    plan_activation, within,
};
use crate::each_db::each_db;

/// An order whose lines are all planned.
async fn planned(db: &Db, number: u32, lines: u32) -> (OrderCode, Vec<i64>) {
    let batch = batch(db).await;
    let (code, ids) = order_of(db, batch, number, lines).await;
    for id in &ids {
        plan_activation(db, *id).await;
    }
    (code, ids)
}

async fn claim(db: &Db, holder: &str) -> Option<Activation> {
    activations::claim(db, None, (0, 1), lease(holder)).await.unwrap().pop()
}

async fn settle(db: &Db, line_id: i64, holder: &str, state: ActivationState) -> bool {
    let settled = Settled { state, error: Some(ODD) };
    let claim =
        claim_of(db, "select epoch from activation where line_id = $1", line_id, holder).await;
    within(db, async |tx| activations::settle(tx, line_id, claim, settled, later(9)).await)
        .await
        .unwrap()
}

async fn only(db: &Db, code: &OrderCode) -> Activation {
    let [activation] = &activations::of_order(db, code).await.unwrap()[..] else { panic!() };
    activation.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_request_is_read_to_the_byte_and_not_planned_over() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (code, lines) = order_of(db, batch, 1, 1).await;
        let plan = async |request, idempotency_key, request_sha256| {
            let line_id = lines[0];
            let new = NewActivation { line_id, idempotency_key, request, request_sha256 };
            within(db, async |tx| activations::plan(tx, new, now()).await).await.unwrap();
        };
        plan(ODD, "key", CONTENT).await;
        plan("{}", "key", OTHER_CONTENT).await;
        plan("{}", "another key", OTHER_CONTENT).await;
        let activation = only(db, &code).await;
        assert_eq!((activation.line_id, activation.idempotency_key.as_str()), (lines[0], "key"));
        assert_eq!(
            (activation.request.as_str(), activation.request_sha256.as_str()),
            (ODD, CONTENT)
        );
        assert_eq!((activation.state, activation.attempts), (ActivationState::Planned, 0));
        assert_eq!((activation.holder, activation.error), (None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_planned_anew_and_no_other_is() {
    each_db(async |db| {
        let (code, lines) = planned(db, 1, 1).await;
        let again = async || {
            let new = NewActivation {
                line_id: lines[0],
                idempotency_key: "next key",
                request: "{}",
                request_sha256: OTHER_CONTENT,
            };
            within(db, async |tx| activations::plan(tx, new, now()).await).await.unwrap();
            only(db, &code).await
        };
        for state in [ActivationState::Uncertain, ActivationState::Refused] {
            assert_eq!(claim(db, "a").await.unwrap().line_id, lines[0]);
            assert_ne!(again().await.idempotency_key, "next key");
            assert!(settle(db, lines[0], "a", state).await);
        }
        let refused = only(db, &code).await;
        assert_eq!(
            (refused.state, refused.error.as_deref()),
            (ActivationState::Refused, Some(ODD))
        );
        let planned = again().await;
        assert_eq!((planned.state, planned.error), (ActivationState::Planned, None));
        assert_eq!(
            (planned.idempotency_key.as_str(), planned.request.as_str()),
            ("next key", "{}")
        );
        assert_eq!((planned.request_sha256.as_str(), planned.attempts), (OTHER_CONTENT, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_line() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 2).await;
        let plan = async |line_id| {
            let new = NewActivation {
                line_id,
                idempotency_key: "key",
                request: "{}",
                request_sha256: CONTENT,
            };
            within(db, async |tx| activations::plan(tx, new, now()).await).await
        };
        plan(lines[0]).await.unwrap();
        assert!(is_taken(&plan(lines[1]).await.unwrap_err()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_holders_take_different_requests_the_oldest_first() {
    each_db(async |db| {
        let (_, lines) = planned(db, 1, 2).await;
        let first = claim(db, "a").await.unwrap();
        assert_eq!((first.line_id, first.state), (lines[0], ActivationState::Sending));
        assert_eq!((first.attempts, first.holder.as_deref()), (1, Some("a")));
        assert_eq!(first.request, r#"{"tax_id":"0101243150"}"#);
        let second = claim(db, "b").await.unwrap();
        assert_eq!((second.line_id, second.holder.as_deref()), (lines[1], Some("b")));
        assert!(claim(db, "c").await.is_none());
        assert_eq!(activations::holders(db).await.unwrap(), [("a".to_owned(),), ("b".to_owned(),)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_holders_share_the_requests_out_each_taken_once() {
    each_db(async |db| {
        let (code, lines) = planned(db, 1, 30).await;
        let work = async |holder: String| {
            let mut taken = Vec::new();
            while let Some(activation) = claim(db, &holder).await {
                assert!(settle(db, activation.line_id, &holder, ActivationState::Done).await);
                taken.push(activation.line_id);
            }
            taken
        };
        let taken = join_all((0..6).map(|holder| work(format!("holder {holder}")))).await.concat();
        let distinct: BTreeSet<i64> = taken.iter().copied().collect();
        assert_eq!((taken.len(), distinct.len()), (lines.len(), lines.len()));
        let done = activations::of_order(db, &code).await.unwrap();
        assert!(done.iter().all(|activation| activation.attempts == 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_may_be_narrowed_to_one_order() {
    each_db(async |db| {
        let (first, _) = planned(db, 1, 1).await;
        let (second, lines) = planned(db, 2, 1).await;
        let of = async |code: &OrderCode| {
            activations::claim(db, Some(code), (0, 1), lease("a")).await.unwrap().pop()
        };
        assert_eq!(of(&second).await.unwrap().line_id, lines[0]);
        assert!(of(&second).await.is_none());
        assert!(of(&code(99)).await.is_none());
        assert!(of(&first).await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_settled_by_its_holder_alone_and_once() {
    each_db(async |db| {
        let (code, lines) = planned(db, 1, 1).await;
        assert!(!settle(db, lines[0], "a", ActivationState::Done).await);
        assert!(claim(db, "a").await.is_some());
        assert!(!settle(db, lines[0], "b", ActivationState::Done).await);
        let held = only(db, &code).await;
        assert_eq!((held.state, held.holder.as_deref()), (ActivationState::Sending, Some("a")));
        assert_eq!(held.error, None);

        // An answer that was lost is asked for again, and then known.
        assert!(settle(db, lines[0], "a", ActivationState::Uncertain).await);
        assert!(!settle(db, lines[0], "a", ActivationState::Done).await);
        assert_eq!(claim(db, "b").await.unwrap().attempts, 2);
        assert!(settle(db, lines[0], "b", ActivationState::Done).await);
        assert!(claim(db, "b").await.is_none());
        let settled = "select settled_at from activation";
        let (at,) =
            db.query(settled).one::<(Option<chrono::DateTime<chrono::Utc>>,)>().await.unwrap();
        assert_eq!(at, Some(later(9)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_holder_held_is_uncertain_and_open_again() {
    each_db(async |db| {
        let (code, lines) = planned(db, 1, 3).await;
        for holder in ["dead", "dead", "alive"] {
            assert!(claim(db, holder).await.is_some());
        }
        assert_eq!(activations::release(db, "dead").await.unwrap(), 2);
        assert_eq!(activations::release(db, "dead").await.unwrap(), 0);
        let read = activations::of_order(db, &code).await.unwrap();
        let (uncertain, sending) = (ActivationState::Uncertain, ActivationState::Sending);
        assert!(read.iter().map(|activation| activation.state).eq([uncertain, uncertain, sending]));
        assert_eq!(activations::holders(db).await.unwrap(), [("alive".to_owned(),)]);
        let again = claim(db, "alive").await.unwrap();
        assert_eq!((again.line_id, again.attempts), (lines[0], 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_claim_settles_nothing_not_even_in_the_same_process() {
    each_db(async |db| {
        let (code, lines) = planned(db, 1, 2).await;
        let first = claim(db, "a").await.unwrap();
        assert_eq!(first.lease_until, Some(later(60)));
        assert_eq!(activations::release_lapsed(db, later(60)).await.unwrap(), 0);
        assert_eq!(activations::release_lapsed(db, later(61)).await.unwrap(), 1);
        let again = claim(db, "a").await.unwrap();
        assert_eq!((again.line_id, again.epoch), (first.line_id, first.epoch + 1));
        let settled = Settled { state: ActivationState::Done, error: None };
        let settle = async |claim| {
            let line = lines[0];
            within(db, async |tx| activations::settle(tx, line, claim, settled, now()).await)
                .await
                .unwrap()
        };
        assert!(!settle(first.claim()).await);
        assert_eq!(activations::give_back(db, lines[0], first.claim()).await.unwrap(), 0);
        assert!(settle(again.claim()).await);

        // One is given back, and the others of its holder stay.
        let other = claim(db, "a").await.unwrap();
        assert_eq!(activations::give_back(db, lines[1], other.claim()).await.unwrap(), 1);
        let states = activations::of_order(db, &code).await.unwrap();
        let states = states.iter().map(|activation| activation.state);
        assert!(states.eq([ActivationState::Done, ActivationState::Uncertain]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_open_until_each_is_done_or_refused() {
    each_db(async |db| {
        let (order, lines) = planned(db, 1, 6).await;
        let counts = async |order: &OrderCode| {
            within(db, async |tx| activations::counts(tx, order).await).await.unwrap()
        };
        let open = async |order: &OrderCode| {
            let waits = within(db, async |tx| activations::waits(tx, order).await).await.unwrap();
            let unknown = within(db, async |tx| activations::unknown(tx, order).await).await;
            (waits, unknown.unwrap())
        };
        assert_eq!((counts(&order).await, open(&order).await), ((0, 0), (true, 0)));
        for _ in &lines[..5] {
            assert!(claim(db, "a").await.is_some());
        }
        let (done, refused) = (ActivationState::Done, ActivationState::Refused);
        for (line, state) in lines.iter().zip([done, done, refused, ActivationState::Uncertain]) {
            assert!(settle(db, *line, "a", state).await);
        }
        assert_eq!((counts(&order).await, open(&order).await), ((2, 1), (true, 1)));
        assert_eq!((counts(&code(99)).await, open(&code(99)).await), ((0, 0), (false, 0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_an_activation_ended_is_told_once_and_once_more_when_nothing_is_unknown() {
    each_db(async |db| {
        let (order, _) = planned(db, 1, 2).await;
        let tell = async |unknown: i64| {
            within(db, async |tx| orders::tell_activation(tx, &order, unknown).await).await.unwrap()
        };
        assert!(tell(2).await);
        assert!(!tell(2).await && !tell(1).await, "still unknown");
        assert!(tell(0).await && !tell(0).await);
        within(db, async |tx| orders::begin_activation(tx, &order).await).await.unwrap();
        assert!(tell(0).await, "another one began");
    })
    .await;
}
