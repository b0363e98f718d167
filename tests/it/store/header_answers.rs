//! What firms said of headers: remembered once, of each firm alone, and forgotten with its history kept.

use hangloat::{
    db::{
        Db,
        header_answers::{self, NewHeaderAnswer},
    },
    domain::{batch::BatchId, field::Field},
};

use super::seed::{FIRM, ODD, batch, later, now, within};
use crate::each_db::each_db;

async fn remember(db: &Db, batch: BatchId, firm: &str, field: Option<Field>, at: i64) {
    let new = NewHeaderAnswer {
        firm,
        header: "mst nguoi dai dien",
        shown: ODD,
        field,
        batch,
        answered_by: "lan@minhan.example",
    };
    within(db, async |tx| header_answers::remember(tx, &new, later(at)).await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_remembered_for_its_firm_until_it_is_forgotten() {
    each_db(async |db| {
        let batch = batch(db).await;
        remember(db, batch, FIRM, Some(Field::TaxId), 0).await;
        remember(db, batch, "KHAC", None, 1).await;
        let known = async |firm| header_answers::known(db, firm).await.unwrap();
        let [own] = &known(Some(FIRM)).await[..] else { panic!() };
        assert_eq!((own.field(), own.shown.as_str()), (Some(Field::TaxId), ODD));
        assert_eq!((own.batch().unwrap(), own.answered_at), (batch, now()));
        assert_eq!(own.answered_by, "lan@minhan.example");
        assert_eq!(known(Some("KHAC")).await[0].field(), None);
        assert_eq!(known(None).await.len(), 2);

        assert!(header_answers::forget(db, own.id, later(2)).await.unwrap());
        assert!(!header_answers::forget(db, own.id, later(3)).await.unwrap());
        assert!(known(Some(FIRM)).await.is_empty());
        let kept = header_answers::by_id(db, own.id).await.unwrap().unwrap();
        assert_eq!(kept.forgotten_at, Some(later(2)));
        assert!(header_answers::by_id(db, own.id + 100).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_answer_again_changes_nothing_and_another_one_replaces_it() {
    each_db(async |db| {
        let batch = batch(db).await;
        let known = async || header_answers::known(db, Some(FIRM)).await.unwrap();
        for at in 0..2 {
            remember(db, batch, FIRM, Some(Field::TaxId), at).await;
            assert_eq!((known().await.len(), known().await[0].answered_at), (1, now()));
        }
        let first = known().await[0].id;
        remember(db, batch, FIRM, None, 5).await;
        let [newer] = &known().await[..] else { panic!() };
        assert_eq!((newer.field(), newer.answered_at), (None, later(5)));
        let replaced = header_answers::by_id(db, first).await.unwrap().unwrap();
        assert_eq!(replaced.forgotten_at, Some(later(5)));
    })
    .await;
}
