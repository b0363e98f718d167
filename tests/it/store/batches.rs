//! Batches: registered, recognised, staged, judged and moved on.

use hangloat::{
    db::{
        Db,
        batches::{self, Batch, Filter, NewBatch, Staged},
        runs::{self, Lease},
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        run::JobKind,
    },
};
use serde_json::json;

use super::seed::{FIRM, ODD, batch, hash, later, new_batch, now, order, place, within};
use crate::each_db::each_db;

async fn register(db: &Db, new: NewBatch<'_>) -> BatchId {
    within(db, async |tx| batches::register(tx, new, now()).await).await.unwrap()
}

async fn read(db: &Db, id: BatchId) -> Batch {
    batches::by_id(db, id).await.unwrap().unwrap()
}

fn ids(batches: &[Batch]) -> Vec<BatchId> {
    batches.iter().map(Batch::id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_read_as_it_was_registered() {
    each_db(async |db| {
        let lease = Lease { holder: "a", until: later(9) };
        let run_id = runs::start(db, "import", JobKind::Import, lease, now()).await.unwrap();
        let sha256 = hash(7);
        let full = NewBatch {
            file_name: ODD,
            run_id,
            registered_by: Some("lan@minhan.example"),
            ..new_batch(&sha256)
        };
        let id = register(db, full).await;
        let read_back = read(db, id).await;
        assert_eq!((read_back.id(), read_back.firm.as_deref()), (id, Some(FIRM)));
        assert_eq!((read_back.kind, read_back.state), (BatchKind::Unknown, BatchState::Received));
        assert_eq!((read_back.file_name.as_str(), &read_back.sha256), (ODD, &sha256));
        assert_eq!(
            (read_back.container, read_back.encoding, read_back.delimiter),
            (None, None, None)
        );
        assert_eq!((read_back.run_id, read_back.options.0), (run_id, json!({})));
        assert_eq!(read_back.registered_by.as_deref(), Some("lan@minhan.example"));
        assert_eq!((read_back.revision, read_back.written, read_back.archived), (0, 0, false));
        assert_eq!((read_back.received_at, read_back.checked_at), (now(), None));
        assert_eq!(read_back.catalogue_version, None);

        let bare = NewBatch { firm: None, duplicate_of: Some(id), ..new_batch(&sha256) };
        let duplicate = read(db, register(db, bare).await).await;
        assert_eq!((duplicate.duplicate_of(), duplicate.state), (Some(id), BatchState::Duplicate));
        assert_eq!((duplicate.firm, duplicate.run_id, duplicate.registered_by), (None, None, None));
        assert!(batches::by_id(db, BatchId::new(99)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_known_for_the_same_firm_alone() {
    each_db(async |db| {
        let (ours, other) = (hash(7), hash(8));
        let first = register(db, new_batch(&ours)).await;
        let second = register(db, new_batch(&ours)).await;
        let again = NewBatch { duplicate_of: Some(first), ..new_batch(&ours) };
        let again = register(db, again).await;
        register(db, new_batch(&other)).await;
        let nobodys = register(db, NewBatch { firm: None, ..new_batch(&ours) }).await;

        let same = async |firm| {
            let found = within(db, async |tx| batches::same_bytes(tx, firm, &ours).await).await;
            ids(&found.unwrap())
        };
        assert_eq!(same(Some(FIRM)).await, [first, second, again]);
        assert_eq!(same(None).await, [nobodys]);
        assert_eq!(same(Some("KHAC")).await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_staged_once_and_judged_once() {
    each_db(async |db| {
        let (first, id) = (batch(db).await, register(db, new_batch(&hash(2))).await);
        let staged = Staged {
            kind: BatchKind::Answer,
            container: "csv",
            encoding: Some("windows-1258"),
            delimiter: Some("\t"),
            answers: Some(first),
        };
        let stage =
            async || within(db, async |tx| batches::stage(tx, id, &staged).await).await.unwrap();
        assert_eq!((stage().await, stage().await), (true, false));
        let read_back = read(db, id).await;
        assert_eq!((read_back.kind, read_back.state), (BatchKind::Answer, BatchState::Staged));
        assert_eq!(
            (read_back.container.as_deref(), read_back.answers()),
            (Some("csv"), Some(first))
        );
        assert_eq!(read_back.encoding.as_deref(), Some("windows-1258"));
        assert_eq!(read_back.delimiter.as_deref(), Some("\t"));

        let judge = async |state| {
            within(db, async |tx| batches::judge(tx, id, state, "2026-11-01", later(1)).await)
                .await
                .unwrap()
        };
        assert!(judge(BatchState::Held).await);
        assert!(!judge(BatchState::Rejected).await);
        let judged = read(db, id).await;
        assert_eq!((judged.state, judged.checked_at), (BatchState::Held, Some(later(1))));
        assert_eq!(judged.catalogue_version.as_deref(), Some("2026-11-01"));
        assert_eq!(read(db, first).await.state, BatchState::Received);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_moves_on_only_from_where_it_stands() {
    each_db(async |db| {
        let id = batch(db).await;
        let (received, done) = (BatchState::Received, BatchState::Done);
        let move_on =
            async |from, to| within(db, async |tx| batches::move_on(tx, id, from, to).await).await;
        assert!(!move_on(done, received).await.unwrap());
        assert!(move_on(received, done).await.unwrap());
        assert!(!move_on(received, done).await.unwrap());
        assert_eq!(read(db, id).await.state, done);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_replaced_as_a_whole() {
    each_db(async |db| {
        let id = batch(db).await;
        let options = json!({ "note": ODD, "năm": [2026, null, true, 0.5], "{}": {} });
        within(db, async |tx| batches::keep_options(tx, id, options.clone()).await).await.unwrap();
        assert_eq!(read(db, id).await.options.0, options);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_narrowed_to_a_firm_a_state_and_a_time() {
    each_db(async |db| {
        let at = async |firm, received_at| {
            let (sha256, firm) = (hash(1), Some(firm));
            let new = NewBatch { firm, ..new_batch(&sha256) };
            within(db, async |tx| batches::register(tx, new, received_at).await).await.unwrap()
        };
        // Instants whose texts have no, three and six decimals.
        let (second, half) = (later(876_544), later(1_376_544));
        let (early, whole) = (at(FIRM, now()).await, at("KHAC", second).await);
        let (late, newest) =
            (at(FIRM, half).await, at(FIRM, half + chrono::TimeDelta::microseconds(1)).await);
        let judge =
            within(db, async |tx| batches::judge(tx, late, BatchState::Held, "v", now()).await);
        assert!(judge.await.unwrap());

        let list = async |firm: Option<&str>, state: Option<BatchState>, since| {
            let (firm, state) = (firm.map(str::to_owned), state.map(|state| state.to_string()));
            ids(&batches::list(db, &Filter { firm, state, since }).await.unwrap())
        };
        assert_eq!(list(None, None, None).await, [newest, late, whole, early]);
        assert_eq!(list(Some(FIRM), None, None).await, [newest, late, early]);
        assert_eq!(list(None, Some(BatchState::Held), None).await, [late]);
        assert_eq!(list(None, None, Some(second)).await, [newest, late, whole]);
        assert_eq!(list(None, None, Some(later(876_545))).await, [newest, late]);
        assert_eq!(list(None, None, Some(half)).await, [newest, late]);
        assert_eq!(list(None, None, Some(later(1_376_545))).await, [newest]);
        assert_eq!(list(Some(FIRM), Some(BatchState::Received), Some(half)).await, [newest]);
        assert_eq!(list(Some("KHAC"), Some(BatchState::Held), None).await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_unfinished_until_it_is_judged_answered_and_archived() {
    each_db(async |db| {
        let id = batch(db).await;
        let is_unfinished = async || ids(&batches::unfinished(db).await.unwrap()) == [id];
        batches::archive(db, id).await.unwrap();
        assert!(is_unfinished().await);
        within(db, async |tx| {
            batches::judge(tx, id, BatchState::Held, "v", now()).await?;
            batches::ask_for_workbook(tx, id).await
        })
        .await
        .unwrap();
        assert!(is_unfinished().await);
        assert!(batches::wrote(db, &read(db, id).await).await.unwrap());
        assert!(!is_unfinished().await);
        db.query("update batch set archived = $1").bind(false).execute().await.unwrap();
        assert!(is_unfinished().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_ordered_when_none_of_its_orders_waits() {
    each_db(async |db| {
        let id = batch(db).await;
        let awaiting = BatchState::AwaitingConfirmation;
        let (first, second) = (order(db, id, 1).await, order(db, id, 2).await);
        let settle = async || {
            within(db, async |tx| batches::settle_orders(tx, id).await).await.unwrap();
            read(db, id).await.state
        };
        place(db, &first).await;
        within(db, async |tx| batches::judge(tx, id, awaiting, "v", now()).await).await.unwrap();
        assert_eq!(settle().await, awaiting);
        place(db, &second).await;
        assert_eq!(settle().await, BatchState::Ordered);
        assert_eq!(settle().await, BatchState::Ordered);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_changed_since_it_was_read_is_not_as_read() {
    each_db(async |db| {
        let id = batch(db).await;
        let read = batches::by_id(db, id).await.unwrap().unwrap();
        assert!(within(db, async |tx| batches::is_as_read(tx, &read).await).await.unwrap());
        within(db, async |tx| batches::ask_for_workbook(tx, id).await).await.unwrap();
        assert!(!within(db, async |tx| batches::is_as_read(tx, &read).await).await.unwrap());
    })
    .await;
}
