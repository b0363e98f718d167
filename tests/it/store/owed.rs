//! What is read of some lines alone: by a letter, of whom it is about; by a night, of how lines stand.

use futures::TryStreamExt as _;
use hangloat::{
    db::{
        changes::{self, ChangeKind, NewChange},
        dues,
        grace::{self, InGrace},
        licences, owed,
        requests::{self, NewRequest, Request},
    },
    domain::batch::BatchId,
};

use super::seed::{batch, new_licence, new_request, now, order_of, payment_code, within};
use crate::each_db::each_db;

const A: &str = "a@hoasen.example";
const B: &str = "b@hoasen.example";

fn of(requests: &[Request]) -> Vec<i64> {
    requests.iter().map(|it| it.line_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_reads_what_its_payer_its_order_or_its_lines_owe_and_no_more() {
    each_db(async |db| {
        let batch: BatchId = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 3).await;
        let (second, more) = order_of(db, batch, 2, 1).await;
        let all = [(1, lines[0], A), (2, lines[1], B), (3, lines[2], A), (4, more[0], A)];
        for (number, line, payer_email) in all {
            let (code, new) =
                (payment_code(number), NewRequest { payer_email, ..new_request(line, batch) });
            let insert = within(db, async |tx| requests::insert(tx, &code, &new, now()).await);
            assert!(insert.await.unwrap());
        }
        let of_all = payment_code(9);
        let insert =
            within(db, async |tx| requests::insert_payer_code(tx, &of_all, batch, A).await);
        assert!(insert.await.unwrap());

        let of_a = [lines[0], lines[2], more[0]];
        let own = owed::of_payer(db, batch, A).await.unwrap();
        assert_eq!(of(&own), of_a);
        assert!(own.iter().all(|it| it.batch_code.as_deref() == Some(of_all.as_str())));
        assert_eq!(of(&owed::of_order(db, &second).await.unwrap()), more);
        let two = [lines[1], more[0]];
        assert_eq!(of(&owed::of_lines(db, &two).await.unwrap()), two);

        let codes = [of_all.to_string(), payment_code(2).to_string()];
        let named = dues::named(db, &codes[..1]).await.unwrap();
        assert_eq!(named.iter().map(|due| due.line_id).collect::<Vec<_>>(), of_a);
        assert_eq!(dues::named(db, &codes).await.unwrap().len(), 4);
        assert!(dues::named(db, &[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_reads_lines_by_how_they_stand() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 3).await;
        for (number, line) in (1..).zip(&lines) {
            let (code, id) = (payment_code(number), format!("LIC-{number}"));
            within(db, async |tx| {
                requests::insert(tx, &code, &new_request(*line, batch), now()).await?;
                licences::insert(tx, new_licence(&id, *line)).await
            })
            .await
            .unwrap();
        }
        let set = async |sql: &'static str, line: i64| {
            db.query(sql).bind(line).execute().await.unwrap();
        };
        set("update order_line set state = 'grace' where id = $1", lines[0]).await;
        set("update order_line set state = 'suspended' where id > $1", lines[0]).await;
        set(
            "update payment_request set state = 'paid', paid = amount where line_id = $1",
            lines[2],
        )
        .await;

        let of = |found: &[InGrace]| found.iter().map(|it| it.line_id).collect::<Vec<_>>();
        let working: Vec<InGrace> = grace::working(db).try_collect().await.unwrap();
        assert_eq!(of(&working), lines[..1]);
        assert_eq!(working[0].phone(), "0912 345 678");
        assert_eq!(of(&grace::suspended(db).await.unwrap()), lines[1..]);
        assert_eq!(grace::paid_late(db).await.unwrap(), lines[2..]);
        assert_eq!(
            of(&grace::of_lines(db, &[lines[0], lines[2]]).await.unwrap()),
            [lines[0], lines[2]]
        );
        let licences = licences::of_lines(db, &lines[1..2]).await.unwrap();
        assert_eq!(licences[0].licence_id, "LIC-2");

        let new = |(line, kind, key): (i64, ChangeKind, &str)| NewChange {
            line_id: line,
            kind,
            cancellation_id: None,
            idempotency_key: key.to_owned(),
        };
        let planned = [(lines[1], ChangeKind::Suspend, "s"), (lines[2], ChangeKind::Paid, "p")];
        let telling = within(db, async |tx| {
            changes::plan(tx, &planned.map(new), now()).await?;
            changes::telling_of(tx, &lines).await
        });
        assert_eq!(telling.await.unwrap().into_iter().collect::<Vec<_>>(), lines[2..]);
    })
    .await;
}
