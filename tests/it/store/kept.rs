//! Morning pages, what is deleted and what is left of it, and what people watch.

use hangloat::{
    db::{
        batches, lines,
        mails::{self, About, NewMail},
        orders,
        purge::{self, Left, PurgedKind},
        reports::{self, NewReport, ReportKind},
        watched,
    },
    domain::{batch::BatchId, finding::Severity, mail::Purpose, order::Kind, run::JobKind},
};
use serde_json::{Value, json};

use super::seed::{CONTENT, FIRM, later, now, placed_line, within};
use crate::each_db::each_db;

fn page<'a>(content: &'a Value, firm: Option<&'a str>, revision: i64) -> NewReport<'a, Value> {
    NewReport {
        kind: ReportKind::Morning,
        firm,
        day: "2026-11-23",
        revision,
        since: now(),
        until: later(1),
        content,
        digest: CONTENT,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_day_is_made_once_and_goes_with_its_mail() {
    each_db(async |db| {
        let content = json!({ "n": 1, "name": "Ánh" });
        let store = async |firm, revision| {
            let mut tx = db.begin().await?;
            let id = reports::insert(&mut tx, page(&content, firm, revision)).await?;
            tx.commit().await?;
            anyhow::Ok(id)
        };
        let id = store(Some(FIRM), 1).await.unwrap();
        assert!(store(Some(FIRM), 1).await.is_err(), "that one is there");
        store(Some(FIRM), 2).await.unwrap();
        store(None, 1).await.unwrap();
        assert!(store(None, 1).await.is_err(), "so is that of nobody");
        let newest = reports::newest(db, Some(FIRM)).await.unwrap().unwrap();
        assert_eq!((newest.revision, newest.until), (2, later(1)));
        assert_eq!(newest.content::<Value>().unwrap(), content);
        assert_eq!(reports::newest(db, None).await.unwrap().unwrap().firm, None);
        reports::wrote(db, id).await.unwrap();
        let unwritten = reports::unwritten(db).await.unwrap();
        assert_eq!(unwritten.len(), 2);

        let new = NewMail {
            purpose: Purpose::Morning,
            subject: "MINHAN/2026-11-23",
            about: About::Report(id),
            line_id: None,
            recipient: "lan@minhan.example",
            recipient_name: "Lan",
            sequence: 1,
            message_id: "x@hangloat",
        };
        within(db, async |tx| mails::plan(tx, new, now()).await).await.unwrap();
        let of_firm =
            |firm: &str| batches::Filter { firm: Some(firm.to_owned()), ..Default::default() };
        assert_eq!(mails::list(db, &of_firm(FIRM)).await.unwrap()[0].report_id, Some(id));
        assert!(mails::list(db, &of_firm("KHAC")).await.unwrap().is_empty());
        let ids = purge::message_ids_of_report(db, id).await.unwrap();
        assert_eq!(ids, [("x@hangloat".to_owned(),)]);
        within(db, async |tx| purge::report(tx, id).await).await.unwrap();
        assert!(reports::by_id(db, id).await.unwrap().is_none());
        assert!(mails::list(db, &of_firm(FIRM)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_with_all_that_hangs_on_it_and_leaves_hashes() {
    each_db(async |db| {
        let (batch, code, line) = placed_line(db).await;
        let old = purge::old(db, later(1)).await.unwrap();
        assert!(old.is_empty(), "somebody goes on with it");
        batches::archive(db, batch).await.unwrap();
        assert!(purge::old(db, now()).await.unwrap().is_empty(), "it came just now");
        let old = purge::old(db, later(1)).await.unwrap();
        assert_eq!((old.len(), old[0].batch()), (1, batch));

        let ordered = within(db, async |tx| purge::ordered(tx, batch).await).await.unwrap();
        assert_eq!(ordered.len(), 1);
        let gone = within(db, async |tx| purge::batch(tx, batch).await).await.unwrap();
        assert_eq!(gone, 1);
        assert!(batches::by_id(db, batch).await.unwrap().is_none());
        assert!(orders::by_code(db, &code).await.unwrap().is_none());
        assert!(lines::by_id(db, line).await.unwrap().is_none());
        assert_eq!(purge::to_vacuum(db).await.unwrap(), 1);
        assert!(purge::vacuum(db, 1).await.unwrap());
        assert_eq!(purge::to_vacuum(db).await.unwrap(), 0);

        let left = |amount| Left { hash: CONTENT.to_owned(), amount };
        let kind = PurgedKind { family: "ASP".to_owned(), fiscal_year: 2026, kind: Kind::Free };
        for amount in [1, 2] {
            let leave = async |tx: &mut _| {
                purge::leave(tx, &[left(amount)], std::slice::from_ref(&kind)).await
            };
            within(db, leave).await.unwrap();
        }
        assert_eq!(purge::kinds(db).await.unwrap(), [kind]);
        assert_eq!(purge::known(db, &[CONTENT, "no"]).await.unwrap(), [CONTENT]);
        let (amount,): (i64,) = db.query("select amount from purged").one().await.unwrap();
        assert_eq!(amount, 3, "of two lines that are one client's");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_run_of_each_job_and_its_files_are_seen() {
    use hangloat::db::runs::{self, Lease};
    each_db(async |db| {
        let lease = Lease { holder: "a", until: later(9) };
        let run =
            async |job, kind| runs::start(db, job, kind, lease, now()).await.unwrap().unwrap();
        let first = run("report", JobKind::Report).await;
        let end = "update run set state = 'succeeded', holder = null, lease_until = null, finished_at = queued_at";
        db.query(end).execute().await.unwrap();
        let second = run("report", JobKind::Report).await;
        let other = run("retention", JobKind::Retention).await;
        let newest = watched::newest_runs(db).await.unwrap();
        assert_eq!(newest.iter().map(|run| run.id).collect::<Vec<_>>(), [second, other]);
        assert!(watched::batches(db, &[first, second]).await.unwrap().is_empty());
        assert_eq!(
            watched::findings(db, BatchId::new(1)).await.unwrap(),
            Vec::<(Severity, i64)>::new()
        );
    })
    .await;
}
