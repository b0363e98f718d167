//! Revisions of a batch's result workbook, and the contents that each showed.

use hangloat::{
    db::{
        Db,
        batches::{self, Batch},
        orders, shown,
    },
    domain::batch::BatchId,
};

use super::seed::{CONTENT, OTHER_CONTENT, PRICE, batch, order, within};
use crate::each_db::each_db;

async fn ask(db: &Db, id: BatchId) -> i64 {
    within(db, async |tx| batches::ask_for_workbook(tx, id).await).await.unwrap()
}

async fn read(db: &Db, id: BatchId) -> Batch {
    batches::by_id(db, id).await.unwrap().unwrap()
}

/// The content of each order that a revision showed.
async fn contents(db: &Db, id: BatchId, revision: i64) -> Vec<(String, String)> {
    let shown = shown::of_revision(db, id, revision).await.unwrap();
    shown.into_iter().map(|shown| (shown.order_code, shown.content)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_before_the_workbook_is_written_goes_into_the_same_revision() {
    each_db(async |db| {
        let id = batch(db).await;
        assert_eq!((ask(db, id).await, ask(db, id).await), (1, 1));
        let asked = read(db, id).await;
        assert_eq!((asked.revision, asked.written), (1, 0));
        assert!(batches::wrote(db, &asked).await.unwrap());
        assert_eq!(read(db, id).await.written, 1);
        assert_eq!(ask(db, id).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_of_a_batch_that_changed_meanwhile_is_not_the_newest() {
    each_db(async |db| {
        let id = batch(db).await;
        ask(db, id).await;
        let seen = read(db, id).await;
        ask(db, id).await;
        assert!(!batches::wrote(db, &seen).await.unwrap());
        assert_eq!(read(db, id).await.written, 0);
        assert!(batches::wrote(db, &read(db, id).await).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_remembers_the_contents_that_it_showed() {
    each_db(async |db| {
        let id = batch(db).await;
        assert_eq!(ask(db, id).await, 1);
        assert!(contents(db, id, 1).await.is_empty());
        let (second, first) = (order(db, id, 2).await, order(db, id, 1).await);
        assert_eq!(ask(db, id).await, 1);
        let both =
            [(first.to_string(), CONTENT.to_owned()), (second.to_string(), CONTENT.to_owned())];
        assert_eq!(contents(db, id, 1).await, both);

        let revise = async || {
            let mut tx = db.begin().await.unwrap();
            let revised =
                orders::revise(&mut tx, &second, CONTENT, OTHER_CONTENT, PRICE).await.unwrap();
            tx.commit().await.unwrap();
            revised
        };
        assert!(batches::wrote(db, &read(db, id).await).await.unwrap());
        assert!(revise().await);
        assert_eq!(ask(db, id).await, 2);
        assert_eq!(contents(db, id, 1).await, both);
        let [shown, revised] = &contents(db, id, 2).await[..] else { panic!() };
        assert_eq!((shown, revised.1.as_str()), (&both[0], OTHER_CONTENT));
        assert!(contents(db, BatchId::new(99), 1).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_revision_shows_the_newest_content() {
    each_db(async |db| {
        let id = batch(db).await;
        let code = order(db, id, 1).await;
        ask(db, id).await;
        within(db, async |tx| orders::revise(tx, &code, CONTENT, OTHER_CONTENT, PRICE).await)
            .await
            .unwrap();
        assert_eq!(ask(db, id).await, 1);
        let shown = contents(db, id, 1).await;
        assert_eq!(shown, [(code.to_string(), OTHER_CONTENT.to_owned())]);
    })
    .await;
}
