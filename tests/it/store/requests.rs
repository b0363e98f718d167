//! Payment requests and payer codes: no code is given twice, of whichever kind.

use hangloat::{
    db::{
        Db, is_taken,
        requests::{self, NewRequest},
    },
    domain::{batch::BatchId, money::Money, order::RequestState, payment_code::PaymentCode},
};

use super::seed::{ODD, PRICE, batch, new_request, now, order_of, payment_code, within};
use crate::each_db::each_db;

async fn insert(db: &Db, code: &PaymentCode, new: &NewRequest<'_>) -> sqlx::Result<bool> {
    within(db, async |tx| requests::insert(tx, code, new, now()).await).await
}

async fn insert_payer_code(
    db: &Db,
    code: &PaymentCode,
    batch: BatchId,
    payer: &str,
) -> sqlx::Result<bool> {
    within(db, async |tx| requests::insert_payer_code(tx, code, batch, payer).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_read_as_it_was_made() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 1).await;
        let amount = Money::dong(i64::MAX);
        let new = NewRequest { payer_name: ODD, amount, ..new_request(lines[0], batch) };
        assert!(insert(db, &payment_code(1), &new).await.unwrap());
        let [request] = &requests::of_batch(db, batch).await.unwrap()[..] else { panic!() };
        assert_eq!((&request.code, request.line_id), (&payment_code(1), lines[0]));
        assert_eq!((request.payer_name.as_str(), request.amount()), (ODD, amount));
        assert_eq!(
            (request.payer_email.as_str(), request.paid()),
            ("sen@hoasen.example", Money::ZERO)
        );
        assert_eq!((request.state, &request.batch_code), (RequestState::Open, &None));

        let paid =
            db.query("update payment_request set state = 'partly_paid', paid = $1").bind(5_i64);
        assert_eq!(paid.execute().await.unwrap(), 1);
        let [request] = &requests::of_batch(db, batch).await.unwrap()[..] else { panic!() };
        assert_eq!((request.state, request.paid()), (RequestState::PartlyPaid, Money::dong(5)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_given_once_be_it_for_a_request_or_for_a_payer() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 3).await;
        let request = async |code, line: usize| {
            insert(db, &payment_code(code), &new_request(lines[line], batch)).await.unwrap()
        };
        assert!(request(1, 0).await);
        assert!(!request(1, 1).await);
        assert!(!insert_payer_code(db, &payment_code(1), batch, "a@x.example").await.unwrap());
        assert!(insert_payer_code(db, &payment_code(2), batch, "a@x.example").await.unwrap());
        assert!(!insert_payer_code(db, &payment_code(2), batch, "b@x.example").await.unwrap());
        assert!(!request(2, 1).await);
        assert!(request(3, 1).await);
        assert_eq!(requests::of_batch(db, batch).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_one_request_and_a_payer_one_code_in_a_batch() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 1).await;
        let new = new_request(lines[0], batch);
        assert!(insert(db, &payment_code(1), &new).await.unwrap());
        assert!(is_taken(&insert(db, &payment_code(2), &new).await.unwrap_err()));
        assert!(insert_payer_code(db, &payment_code(3), batch, "a@x.example").await.unwrap());
        let again = insert_payer_code(db, &payment_code(4), batch, "a@x.example").await;
        assert!(is_taken(&again.unwrap_err()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_of_two_open_requests_needs_a_code_and_then_has_it() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 7).await;
        let payers = [
            "b@x.example",
            "a@x.example",
            "b@x.example",
            "c@x.example",
            "a@x.example",
            "d@x.example",
            "d@x.example",
        ];
        for (number, (line_id, payer_email)) in (1..).zip(lines.iter().zip(payers)) {
            let new = NewRequest { payer_email, ..new_request(*line_id, batch) };
            assert!(insert(db, &payment_code(number), &new).await.unwrap());
        }
        // A request that is cancelled counts no more, and one that is partly paid still does.
        let update = async |sql: &'static str, code| {
            let code = payment_code(code);
            assert_eq!(db.query(sql).bind(code.as_str()).execute().await.unwrap(), 1);
        };
        update("update payment_request set state = 'cancelled' where code = $1", 7).await;
        update("update payment_request set state = 'partly_paid', paid = 1 where code = $1", 1)
            .await;

        let without = async || {
            let payers =
                within(db, async |tx| requests::payers_without_code(tx, batch).await).await;
            payers.unwrap().into_iter().map(|(payer,)| payer).collect::<Vec<_>>()
        };
        assert_eq!(without().await, ["a@x.example", "b@x.example"]);
        let all = payment_code(21);
        assert!(insert_payer_code(db, &all, batch, "b@x.example").await.unwrap());
        assert_eq!(without().await, ["a@x.example"]);

        let read = requests::of_batch(db, batch).await.unwrap();
        assert!(read.iter().map(|request| request.line_id).eq(lines.iter().copied()));
        assert!(read.iter().all(|request| request.amount() == PRICE));
        let with_code =
            read.iter().filter(|request| request.batch_code.as_deref() == Some(all.as_str()));
        assert!(with_code.map(|request| request.line_id).eq([lines[0], lines[2]]));
        assert_eq!(read.iter().filter(|request| request.batch_code.is_none()).count(), 5);
        assert!(requests::of_batch(db, BatchId::new(99)).await.unwrap().is_empty());
    })
    .await;
}
