//! The rows of a list: staged by the thousand, read back cell by cell, settled and counted.

use hangloat::{
    db::{
        Db,
        rows::{self, Column, Count, NewRow, RowKind, Sheet, Verdict},
    },
    domain::{
        batch::{BatchId, RowState},
        cell::Cell,
        field::Field,
    },
};
use sqlx::types::Json;

use super::seed::{ODD, batch, within};
use crate::each_db::each_db;

/// More than go over in one statement.
const MANY: u32 = 2_500;

fn cells() -> Vec<Cell> {
    let number =
        |value, format: Option<&str>| Cell::Number { value, format: format.map(str::to_owned) };
    vec![
        Cell::Empty,
        Cell::Text(ODD.to_owned()),
        Cell::Text("null".to_owned()),
        Cell::Text(String::new()),
        number(1_012_431_500.0, Some("0000000000")),
        number(0.1 + 0.2, Some("0%;[Red]\"đ\"")),
        number(-1.234_567_890_123_456_7e16, None),
        // The largest that Excel has.
        number(9.999_999_999_999_99e307, None),
        number(f64::MIN_POSITIVE, None),
        Cell::Date("2026-11-22T23:59:59.123".parse().unwrap()),
        Cell::Bool(true),
        Cell::Error("#N/A".to_owned()),
    ]
}

async fn stage(db: &Db, batch: BatchId, count: u32) {
    let cells = cells();
    let new: Vec<NewRow<'_>> = (1..=count)
        .map(|row_no| {
            let (kind, state) = match row_no {
                1 => (RowKind::Outside, None),
                2 => (RowKind::Header, None),
                _ => (RowKind::Data, Some(RowState::Staged)),
            };
            // The last row first: what is read back is in the order of the sheet.
            NewRow { sheet: 1, row_no: count + 1 - row_no, kind, cells: &cells, state }
        })
        .collect();
    within(db, async |tx| rows::insert(tx, batch, &new).await).await.unwrap();
}

fn counted(counts: &[Count]) -> Vec<(i64, i64, RowState, i64)> {
    counts.iter().map(|count| (count.batch_id, count.sheet, count.state, count.rows)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_back_as_they_were_staged_however_many_they_are() {
    each_db(async |db| {
        let batch = batch(db).await;
        stage(db, batch, MANY).await;
        let read = rows::of_batch(db, batch).await.unwrap();
        assert!(read.iter().map(|row| row.row_no).eq(1..=i64::from(MANY)));
        let expected = cells();
        assert!(read.iter().all(|row| row.sheet == 1 && row.cells.0 == expected), "{:?}", read[0]);

        let [.., data, header, outside] = &read[..] else { panic!() };
        assert_eq!((data.kind, data.state()), (RowKind::Data, Some(RowState::Staged)));
        assert_eq!((header.kind, header.state()), (RowKind::Header, None));
        assert_eq!((outside.kind, outside.state()), (RowKind::Outside, None));
        assert!(rows::of_batch(db, BatchId::new(99)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_come_back_with_their_columns() {
    each_db(async |db| {
        let batch = batch(db).await;
        let column = Column::new;
        let columns = vec![column(0, "Mã số thuế", Some(Field::TaxId)), column(16_383, ODD, None)];
        let sheet = |sheet, name: &str, columns| Sheet {
            sheet,
            name: name.to_owned(),
            header_row: 3,
            columns: Json(columns),
            layout: Json::default(),
        };
        within(db, async |tx| {
            rows::insert_sheet(tx, batch, &sheet(2, "Trang 2", Vec::new())).await?;
            rows::insert_sheet(tx, batch, &sheet(1, ODD, columns.clone())).await
        })
        .await
        .unwrap();
        let [first, second] = &rows::sheets(db, batch).await.unwrap()[..] else { panic!() };
        assert_eq!((first.sheet, first.name.as_str(), first.header_row), (1, ODD, 3));
        assert_eq!(first.columns.0, columns);
        assert_eq!((second.sheet, second.columns.0.len()), (2, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_gets_its_own_verdict() {
    each_db(async |db| {
        let batch = batch(db).await;
        stage(db, batch, MANY).await;
        let state = |row_no| match row_no % 4 {
            0 => RowState::Accepted,
            1 => RowState::Rejected,
            2 => RowState::Held,
            _ => RowState::Unchanged,
        };
        // One row keeps waiting, and one that does not exist changes nothing.
        let row_nos = (2..=MANY - 2).chain([MANY + 7]);
        let verdicts: Vec<Verdict> =
            row_nos.map(|row_no| Verdict { sheet: 1, row_no, state: state(row_no) }).collect();
        within(db, async |tx| rows::settle(tx, batch, &verdicts).await).await.unwrap();

        let read = rows::of_batch(db, batch).await.unwrap();
        assert_eq!(read[0].state(), Some(RowState::Staged));
        for (row, row_no) in read.iter().zip(1..).skip(1).take(verdicts.len() - 1) {
            assert_eq!(row.state(), Some(state(row_no)), "row {row_no}");
        }
        let counts = counted(&rows::counts(db, Some(batch)).await.unwrap());
        let id = batch.number();
        let expected = [
            (id, 1, RowState::Accepted, 624),
            (id, 1, RowState::Held, 625),
            (id, 1, RowState::Rejected, 624),
            (id, 1, RowState::Staged, 1),
            (id, 1, RowState::Unchanged, 624),
        ];
        assert_eq!(counts, expected);
    })
    .await;
}
