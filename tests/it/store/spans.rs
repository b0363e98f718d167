//! What is read of some rows of a list is what of all of it is about them; and what is summed up of all.

use hangloat::{
    db::{
        Db, beside, findings, licences, lines,
        mails::{self, About, NewMail},
        requests::{self, NewRequest},
        rows::Span,
        told,
    },
    domain::{
        batch::BatchId,
        finding::{Code, Finding, Place},
        mail::Purpose,
        order::{LineState, OrderCode},
    },
};

use super::seed::{
    PRICE, batch, client, new_licence, new_request, now, order_of, payment_code, place, tax_id,
    within,
};
use crate::each_db::each_db;

const PAYERS: [&str; 5] =
    ["b@x.example", "a@x.example", "b@x.example", "c@x.example", "a@x.example"];

async fn plan(
    db: &Db,
    (order, line_id): (&OrderCode, Option<i64>),
    subject: &str,
    recipient: &str,
) {
    let id = format!("<{subject}.{recipient}>");
    let purpose = if line_id.is_some() { Purpose::LoginFirst } else { Purpose::OrderNotice };
    let (recipient_name, sequence, message_id) = ("Lan", 1, id.as_str());
    let new = NewMail {
        purpose,
        subject,
        about: About::Order(order),
        line_id,
        recipient,
        recipient_name,
        sequence,
        message_id,
    };
    within(db, async |tx| mails::plan(tx, new, now()).await).await.unwrap();
}

/// Five placed lines in the rows 4 to 8, with a payer each; two of them have two requests, one of these a code.
async fn five(db: &Db) -> (BatchId, OrderCode, Vec<i64>) {
    let batch = batch(db).await;
    let (code, ids) = order_of(db, batch, 1, 5).await;
    place(db, &code).await;
    within(db, async |tx| {
        for (number, (line_id, payer_email)) in (1..).zip(ids.iter().zip(PAYERS)) {
            let new = NewRequest { payer_email, ..new_request(*line_id, batch) };
            requests::insert(tx, &payment_code(number), &new, now()).await?;
        }
        requests::insert_payer_code(tx, &payment_code(21), batch, "b@x.example").await?;
        licences::insert(tx, new_licence("LIC-3", ids[2])).await
    })
    .await
    .unwrap();
    (batch, code, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_some_rows_is_read_and_nothing_of_the_others() {
    each_db(async |db| {
        let (batch, code, ids) = five(db).await;
        for payer in ["a@x.example", "b@x.example", "c@x.example"] {
            plan(db, (&code, None), code.as_str(), payer).await;
        }
        for (line, id) in [(2, ids[1]), (5, ids[4])] {
            plan(db, (&code, Some(id)), &format!("{code}/{line}"), "a@x.example").await;
        }
        let finding = |row| {
            Finding::new(Code::Missing, Place { row: Some(row), ..Place::default() })
                .detail("batch", format!("B00000{row}"))
        };
        let of_sheet = [4, 5, 6, 6, 7].map(|row| (Some(1), finding(row)));
        within(db, async |tx| findings::insert(tx, batch, &of_sheet).await).await.unwrap();

        let span = Span { batch, sheet: 1, first: 5, last: 6 };
        let read = beside::of_rows(db, span).await.unwrap();
        assert!(read.iter().map(|line| line.id).eq([ids[1], ids[2]]));
        assert!(read.iter().all(|line| line.kind == client().kind));
        let read = requests::of_rows(db, span).await.unwrap();
        assert!(read.iter().map(|request| request.line_id).eq([ids[1], ids[2]]));
        assert_eq!(read[1].batch_code.as_deref(), Some(payment_code(21).as_str()));
        let read = licences::of_rows(db, span).await.unwrap();
        assert!(read.iter().map(|licence| licence.line_id).eq([ids[2]]));
        assert_eq!(licences::newest(db, batch).await.unwrap(), Some(now()));
        assert_eq!(told::newest(db, batch).await.unwrap(), None);
        let about: Vec<_> = told::of_rows(db, span)
            .await
            .unwrap()
            .into_iter()
            .map(|mail| (mail.recipient, mail.line_id))
            .collect();
        let expected =
            [("a@x.example", None), ("b@x.example", None), ("a@x.example", Some(ids[1]))];
        assert!(about.iter().map(|(to, line)| (to.as_str(), *line)).eq(expected), "{about:?}");
        let rows = |said: Vec<findings::Numbered>| {
            said.into_iter().filter_map(|(_, finding)| finding.place.row).collect::<Vec<_>>()
        };
        assert_eq!(rows(findings::of_rows(db, span).await.unwrap()), [5, 6, 6]);
        assert!(findings::of_file(db, batch).await.unwrap().is_empty());
        let named = findings::details(db, batch, "batch").await.unwrap();
        assert_eq!(named, ["B000004", "B000005", "B000006", "B000007"]);
        let elsewhere = Span { sheet: 2, ..span };
        assert!(told::of_rows(db, elsewhere).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_paid_is_summed_up_by_the_code_that_pays_it() {
    each_db(async |db| {
        let (batch, code, _) = five(db).await;
        let part = "update payment_request set state = 'partly_paid', paid = 1 where code = $1";
        db.query(part).bind(payment_code(3).as_str()).execute().await.unwrap();
        let (first, all) = requests::to_pay(db, batch, 3).await.unwrap();
        assert_eq!((first.len(), all), (3, 4));
        let (to_pay, _) = requests::to_pay(db, batch, 9).await.unwrap();
        let to_pay: Vec<_> = to_pay
            .into_iter()
            .map(|it| {
                assert_eq!(it.order_code, code.as_str());
                (it.code, it.lines, it.rest)
            })
            .collect();
        let price = PRICE.as_dong();
        let own = |number| (payment_code(number).to_string(), 1, price);
        let both = (payment_code(21).to_string(), 2, 2 * price - 1);
        assert_eq!(to_pay, [both, own(2), own(4), own(5)]);
        assert!(requests::to_pay(db, BatchId::new(99), 9).await.unwrap().0.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_summed_up_by_order_and_state() {
    each_db(async |db| {
        let (batch, code, ids) = five(db).await;
        let fail =
            "update order_line set state = 'failed', tax_id = '0101243150-001' where id = $1";
        db.query(fail).bind(ids[4]).execute().await.unwrap();
        let totals = lines::totals(db, batch).await.unwrap();
        let [failed, placed] = &totals[..] else { panic!("{totals:?}") };
        assert_eq!((&failed.order_code, failed.state), (&code, LineState::Failed));
        assert_eq!((failed.lines, failed.tax_ids), (1, 1), "the last four digits");
        assert_eq!((placed.state, placed.lines), (LineState::Placed, 4));
        assert_eq!(placed.amount, 4 * PRICE.as_dong());
        let last_four = |line| tax_id(1, line)[8..].parse::<i64>().unwrap();
        assert_eq!(placed.tax_ids, (1..=4).map(last_four).sum::<i64>());
        let named = lines::tax_ids(db, batch).await.unwrap();
        assert_eq!(named[0].reference().to_string(), format!("{code}/1"));
        assert_eq!(named[4].tax_id, "0101243150-001");
    })
    .await;
}
