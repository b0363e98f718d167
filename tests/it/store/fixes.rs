//! Rows that are fixed after their verdict, and what a payer has still to pay.

use hangloat::{
    db::{
        batches, findings, requests,
        rows::{self, Column, NewRow, RowKind, Sheet},
    },
    domain::{
        batch::{BatchState, RowState},
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Place},
    },
};
use sqlx::types::Json;

use super::seed::{batch, new_request, now, order_of, payment_code, within};
use crate::each_db::each_db;

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_row_gets_its_cells_and_loses_its_findings() {
    each_db(async |db| {
        let id = batch(db).await;
        let column = Column::new(0, "MST", Some(Field::TaxId));
        let sheet = Sheet {
            sheet: 1,
            name: "DS".to_owned(),
            header_row: 1,
            columns: Json(vec![column.clone()]),
            layout: Json::default(),
        };
        let before = [text("0100233480")];
        let row = |row_no| NewRow {
            sheet: 1,
            row_no,
            kind: RowKind::Data,
            cells: &before,
            state: Some(RowState::Rejected),
        };
        let said = |row| {
            let place = Place { row: Some(row), field: Some(Field::TaxId), ..Place::default() };
            (Some(1), Finding::new(Code::TaxIdChecksum, place))
        };
        within(db, async |tx| {
            rows::insert_sheet(tx, id, &sheet).await?;
            rows::insert(tx, id, &[row(2), row(3)]).await?;
            findings::insert(tx, id, &[said(2), said(3)]).await
        })
        .await
        .unwrap();

        let added = Column::new(1, "note", Some(Field::Note));
        within(db, async |tx| {
            rows::widen(tx, id, 1, &[column.clone(), added.clone()]).await?;
            let cells = [text("0100109106"), text("đã sửa")];
            let fixed = rows::Fixed { sheet: 1, row_no: 2, cells: &cells, dropped: true };
            rows::replace(tx, id, &[fixed]).await?;
            findings::forget(tx, id, 1, &[2]).await
        })
        .await
        .unwrap();

        let found = rows::of_batch(db, id).await.unwrap();
        assert_eq!(found[0].cells.0, [text("0100109106"), text("đã sửa")]);
        assert_eq!(found[1].cells.0, before);
        assert_eq!([found[0].dropped, found[1].dropped], [true, false]);
        let counts = rows::counts(db, Some(id)).await.unwrap();
        assert_eq!([counts[0].rows, counts[0].dropped], [2, 1]);
        assert_eq!(rows::sheets(db, id).await.unwrap()[0].columns.0, [column, added]);
        let left = findings::of_batch(db, id).await.unwrap();
        assert_eq!(
            left.iter().map(|(_, finding)| finding.place.row).collect::<Vec<_>>(),
            [Some(3)]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_batch_awaits_again_when_a_follow_on_order_came() {
    each_db(async |db| {
        let id = batch(db).await;
        for state in [BatchState::Rejected, BatchState::Held, BatchState::Ordered, BatchState::Done]
        {
            let before = batches::by_id(db, id).await.unwrap().unwrap().state;
            within(db, async |tx| {
                batches::move_on(tx, id, before, state).await?;
                batches::await_again(tx, id).await
            })
            .await
            .unwrap();
            let after = batches::by_id(db, id).await.unwrap().unwrap().state;
            assert_eq!(after, BatchState::AwaitingConfirmation, "{state}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_sees_what_is_open_and_for_whom() {
    each_db(async |db| {
        let id = batch(db).await;
        let (_, line_ids) = order_of(db, id, 1, 3).await;
        for (number, line) in (1..).zip(&line_ids) {
            let new = new_request(*line, id);
            let made = within(db, async |tx| {
                requests::insert(tx, &payment_code(number), &new, now()).await
            });
            assert!(made.await.unwrap());
        }
        let paid = "update payment_request set state = 'paid', paid = amount where line_id = $1";
        db.query(paid).bind(line_ids[1]).execute().await.unwrap();

        let payer = "sen@hoasen.example";
        let open = requests::open_of_payer(db, id, payer).await.unwrap();
        assert_eq!(
            open.iter().map(|request| request.line_id).collect::<Vec<_>>(),
            [line_ids[0], line_ids[2]]
        );
        assert!(requests::open_of_payer(db, id, "other@hoasen.example").await.unwrap().is_empty());
    })
    .await;
}
