//! Lines: inserted by the thousand, known by their tax ids, one for each natural key.

use chrono::NaiveDate;
use hangloat::{
    db::{
        Db, is_taken,
        lines::{self, Line, NewLine, Under},
        standing,
    },
    domain::{
        client::{ClientRow, InventoryMethod},
        money::Money,
        order::{LineState, OrderCode},
    },
};

use super::seed::{
    FAMILY, FIRM, ODD, PRICE, YEAR, batch, client, code, new_line, order, order_of, tax_id, under,
    within,
};
use crate::each_db::each_db;

/// More than go over in one statement.
const MANY: u32 = 2_200;

async fn read(db: &Db, id: i64) -> Line {
    lines::by_id(db, id).await.unwrap().unwrap()
}

fn ids(lines: &[Line]) -> Vec<i64> {
    lines.iter().map(|line| line.id).collect()
}

/// A client with everything that may be left out.
fn full_client() -> ClientRow {
    let email = Some("ke.toan@minhan.example".parse().unwrap());
    ClientRow {
        name: ODD.to_owned(),
        old_tax_id: Some("0100111948-110".parse().unwrap()),
        representative_title: Some("Giám đốc".to_owned()),
        address: Some(ODD.to_owned()),
        fiscal_year_start: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap(),
        inventory_method: Some(InventoryMethod::AverageMoving),
        recipient_name: Some(ODD.to_owned()),
        recipient_email: email.clone(),
        recipient_phone: Some("02438251234".parse().unwrap()),
        invoice_tax_id: Some("001190003456".parse().unwrap()),
        invoice_email: email.clone(),
        registered_by: email.clone(),
        assigned_to: email,
        note: Some(String::new()),
        external_id: Some("KH \"001\"".to_owned()),
        ..client()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_read_as_it_was_made_with_all_of_its_client() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (code, client) = (order(db, batch, 1).await, full_client());
        let new = NewLine { amount: Money::dong(i64::MAX), ..new_line(1, "0101243150", &client) };
        within(db, async |tx| lines::insert(tx, under(&code, batch), &[new]).await).await.unwrap();

        let [line] = &lines::of_order(db, &code).await.unwrap()[..] else { panic!() };
        assert_eq!((&line.order_code, line.line_no, line.batch()), (&code, 1, batch));
        assert_eq!((line.sheet, line.row_no, line.firm.as_str()), (1, 4, FIRM));
        assert_eq!((line.name.as_str(), &line.client.0), (ODD, &client));
        assert_eq!((line.amount(), line.state), (Money::dong(i64::MAX), LineState::Waiting));
        assert_eq!(line.reference().to_string(), "DH-2611-000001/1");
        assert_eq!(read(db, line.id).await.client.0, client);
        assert!(lines::by_id(db, line.id + 1).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_batch_and_the_history_of_their_tax_ids_are_read_however_many_they_are() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (code, made) = order_of(db, batch, 2, MANY).await;
        let (first, one) = order_of(db, batch, 1, 1).await;
        assert_eq!(ids(&lines::of_batch(db, batch).await.unwrap()), [&one[..], &made].concat());

        let tax_ids: Vec<String> = (1..=MANY).map(|line| tax_id(2, line)).collect();
        let asked: Vec<&str> = tax_ids.iter().map(String::as_str).chain(["0316794479"]).collect();
        let known = lines::known(db, &asked).await.unwrap();
        assert!(known.iter().map(|known| known.line_no).eq(1..=i64::from(MANY)));
        let last = known.last().unwrap();
        assert_eq!((last.firm.as_str(), last.family.as_str()), (FIRM, FAMILY));
        assert_eq!((last.fiscal_year, last.row_no), (i64::from(YEAR), i64::from(MANY) + 3));
        assert_eq!(
            (&last.order_code, last.batch(), last.state),
            (&code, batch, LineState::Waiting)
        );
        assert_eq!(last.client.0, client());
        assert!(lines::known(db, &[]).await.unwrap().is_empty());
        assert_eq!(lines::known(db, &[&tax_id(1, 1)]).await.unwrap()[0].order_code, first);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_line_for_a_client_family_and_year_is_taken_until_the_first_is_cancelled() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, made) = order_of(db, batch, 1, 1).await;
        let (second, client, tax_id) = (order(db, batch, 2).await, client(), tax_id(1, 1));
        let insert = async |under: Under<'_>, line| {
            let new = [new_line(line, &tax_id, &client)];
            within(db, async |tx| lines::insert(tx, under, &new).await).await
        };
        let same = under(&second, batch);
        assert!(is_taken(&insert(same, 1).await.unwrap_err()));
        insert(Under { fiscal_year: YEAR + 1, ..same }, 2).await.unwrap();
        insert(Under { family: "HKD", ..same }, 3).await.unwrap();
        insert(Under { firm: "KHAC", ..same }, 4).await.unwrap();

        let cancel = async |id| {
            let (from, to) = (&[LineState::Waiting], LineState::Cancelled);
            within(db, async |tx| lines::move_on(tx, id, from, to).await).await.unwrap()
        };
        assert!(cancel(made[0]).await);
        insert(same, 1).await.unwrap();
        assert!(is_taken(&insert(same, 5).await.unwrap_err()));
        let known = lines::known(db, &[&tax_id]).await.unwrap();
        assert!(known.iter().map(|known| known.line_no).eq([2, 3, 4, 1]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_taken_line_keeps_all_the_others_of_its_list_out() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let (client, tax_ids) = (client(), ["0101243150", "0100109106", "0101243150"]);
        let new: Vec<NewLine<'_>> =
            (1..).zip(tax_ids).map(|(line, tax_id)| new_line(line, tax_id, &client)).collect();
        let inserted = within(db, async |tx| lines::insert(tx, under(&code, batch), &new).await);
        assert!(is_taken(&inserted.await.unwrap_err()));
        assert!(lines::of_batch(db, batch).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_moves_on_only_from_where_it_may() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, made) = order_of(db, batch, 1, 2).await;
        let move_on = async |from: &[LineState], to| {
            within(db, async |tx| lines::move_on(tx, made[0], from, to).await).await.unwrap()
        };
        assert!(!move_on(&[], LineState::Placed).await);
        assert!(!move_on(&[LineState::Placed, LineState::Failed], LineState::Activating).await);
        for to in LineState::ALL {
            assert!(move_on(LineState::ALL, *to).await);
            assert_eq!(read(db, made[0]).await.state, *to);
        }
        assert_eq!(read(db, made[1]).await.state, LineState::Waiting);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_waiting_lines_are_placed_and_repriced() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, made) = order_of(db, batch, 1, 2).await;
        let (_, other) = order_of(db, batch, 2, 1).await;
        let dear = Money::dong(3_000_000);
        within(db, async |tx| {
            lines::move_on(tx, made[1], LineState::ALL, LineState::Cancelled).await?;
            lines::reprice(tx, &code(1), dear).await?;
            assert_eq!(standing::count(tx, &code(1)).await?, 1);
            let standing = standing::after(tx, &code(1), 0).await?;
            assert_eq!(standing.iter().map(|line| line.id).collect::<Vec<_>>(), [made[0]]);
            assert!(standing::after(tx, &code(1), 1).await?.is_empty());
            assert_eq!(lines::place(tx, &code(1)).await?, 1);
            Ok(())
        })
        .await
        .unwrap();
        let state = async |id| {
            let line = read(db, id).await;
            (line.state, line.amount())
        };
        assert_eq!(state(made[0]).await, (LineState::Placed, dear));
        assert_eq!(state(made[1]).await, (LineState::Cancelled, PRICE));
        assert_eq!(state(other[0]).await, (LineState::Waiting, PRICE));

        let unknown: OrderCode = code(99);
        within(db, async |tx| lines::place(tx, &unknown).await).await.unwrap();
        assert!(lines::of_order(db, &unknown).await.unwrap().is_empty());
    })
    .await;
}
