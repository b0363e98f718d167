//! The catalogues of clients: found by any tax id, phone or name, joined, and made of the lines of before.

use std::borrow::Cow;

use hangloat::{
    db::{
        Db, Sql,
        clients::{self, Near, NewClient, Tie},
        lines,
    },
    domain::client::ClientRow,
};

use super::seed::{FIRM, batch, client, new_line, now, order, under, within};
use crate::each_db::each_db;

fn new(tax_id: &str, name: &str) -> NewClient<'static> {
    let record = ClientRow { name: name.to_owned(), tax_id: tax_id.parse().unwrap(), ..client() };
    NewClient {
        tax_id: tax_id.to_owned(),
        name_key: name.to_lowercase(),
        phone: record.phone.to_string(),
        record: Cow::Owned(record),
    }
}

async fn put(db: &Db, firm: &str, tax_ids: &[&str]) {
    let new: Vec<NewClient<'_>> = tax_ids.iter().map(|tax_id| new(tax_id, "Hoa Sen")).collect();
    let pairs: Vec<_> = tax_ids.iter().map(|id| ((*id).to_owned(), (*id).to_owned())).collect();
    within(db, async |tx| {
        clients::put(tx, firm, &new, now()).await?;
        clients::tie(tx, firm, &pairs, None).await
    })
    .await
    .unwrap();
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn ids(found: &[clients::Client]) -> Vec<&str> {
    found.iter().map(|client| client.tax_id.as_str()).collect()
}

const ONE: &str = "0101243150";
const TWO: &str = "0100233488";
const PERSONAL: &str = "079180000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_found_by_its_tax_id_phone_or_name_and_by_its_own_firm_alone() {
    each_db(async |db| {
        put(db, FIRM, &[ONE, TWO]).await;
        put(db, "KHAC", &[ONE]).await;
        let by_id = owned(&[TWO, PERSONAL]);
        let found =
            clients::near(db, FIRM, Near { tax_ids: &by_id, ..Near::default() }).await.unwrap();
        assert_eq!(ids(&found), [TWO]);
        let phone = owned(&[client().phone.as_str()]);
        let found =
            clients::near(db, FIRM, Near { phones: &phone, ..Near::default() }).await.unwrap();
        assert_eq!(ids(&found), [TWO, ONE]);
        let name = owned(&["hoa sen"]);
        let found =
            clients::near(db, "KHAC", Near { names: &name, ..Near::default() }).await.unwrap();
        assert_eq!(ids(&found), [ONE]);
        assert!(clients::near(db, FIRM, Near::default()).await.unwrap().is_empty());
        assert_eq!(clients::list(db, None).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_with_an_email_is_found_among_the_clients_of_one_firm() {
    each_db(async |db| {
        put(db, FIRM, &[ONE, TWO]).await;
        put(db, "KHAC", &[PERSONAL]).await;
        let own = client().email.to_string();
        let emails = owned(&["nobody@nowhere.example", &own]);
        let found = clients::reached(db, FIRM, &emails).await.unwrap();
        let tax_ids: Vec<&str> = found.iter().map(|it| it.tax_id.as_str()).collect();
        assert_eq!(tax_ids, [TWO, ONE]);
        let one = &found[0];
        assert_eq!((&one.email, &one.representative), (&own, &client().representative));
        assert!(clients::reached(db, FIRM, &emails[..1]).await.unwrap().is_empty());
        assert!(clients::reached(db, FIRM, &[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_keeps_its_newest_record_and_every_tax_id() {
    each_db(async |db| {
        put(db, FIRM, &[ONE, TWO]).await;
        within(db, async |tx| {
            clients::put(tx, FIRM, &[new(ONE, "Hoa Hồng")], now()).await?;
            clients::join(tx, FIRM, TWO, ONE).await
        })
        .await
        .unwrap();
        let all = clients::list(db, Some(FIRM)).await.unwrap();
        assert_eq!((ids(&all), all[0].record.name.as_str()), (vec![ONE], "Hoa Hồng"));
        let tie =
            |tax_id: &str| Tie { firm: FIRM.into(), tax_id: tax_id.into(), client: ONE.into() };
        assert_eq!(clients::ties(db, FIRM, &owned(&[TWO])).await.unwrap(), [tie(TWO), tie(ONE)]);
        assert!(clients::ties(db, "KHAC", &owned(&[TWO])).await.unwrap().is_empty());
        assert_eq!(clients::all_ties(db, None).await.unwrap(), [tie(TWO), tie(ONE)]);
        let of = within(db, async |tx| clients::ties_of(tx, "KHAC", &owned(&[ONE])).await).await;
        assert!(of.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_hands_the_clients_of_one_firm_over_or_leaves_them_to_nobody() {
    each_db(async |db| {
        let mut assigned = new(ONE, "Hoa Sen");
        assigned.record.to_mut().assigned_to = Some("binh@minhan.example".parse().unwrap());
        let both = [assigned, new(TWO, "Hoa Hồng")];
        for firm in [FIRM, "KHAC"] {
            within(db, async |tx| clients::put(tx, firm, &both, now()).await).await.unwrap();
        }
        let (binh, hoa) = ("binh@minhan.example", "hoa@minhan.example");
        let of = async |email| clients::assigning(db, None, email).await.unwrap();
        assert_eq!(of(binh).await, [("KHAC".to_owned(),), (FIRM.to_owned(),)]);
        let over = async |from, to| {
            within(db, async |tx| clients::reassign(tx, FIRM, (from, to), now()).await)
                .await
                .unwrap()
        };
        assert_eq!(ids(&over(binh, Some(hoa)).await), [ONE]);
        assert!(over(binh, Some(hoa)).await.is_empty());
        assert_eq!((of(binh).await.len(), of(hoa).await), (1, vec![(FIRM.to_owned(),)]));
        let left = over(hoa, None).await;
        assert_eq!((left[0].record.assigned_to.as_ref(), of(hoa).await.len()), (None, 0));
        assert_eq!(clients::list(db, Some(FIRM)).await.unwrap().len(), 2);
    })
    .await;
}

/// What the change to the tables does with lines that are there.
async fn take_over(db: &Db) {
    const CHANGE: Sql = Sql {
        sqlite: include_str!("../../../src/db/migrations/sqlite/0003_clients.sql"),
        postgres: include_str!("../../../src/db/migrations/postgres/0003_clients.sql"),
    };
    let statements = |text: &'static str| -> Vec<&'static str> {
        let filling = text.split_once("-- The clients of orders").unwrap().1;
        filling.split(';').map(str::trim).filter(|sql| sql.contains("client")).collect()
    };
    for (sqlite, postgres) in statements(CHANGE.sqlite).into_iter().zip(statements(CHANGE.postgres))
    {
        // The first one begins behind its comment's own line.
        let bare = |sql: &'static str| {
            sql.split_once("\ninsert").map_or(sql, |(head, _)| {
                if head.starts_with("insert") { sql } else { &sql[head.len() + 1..] }
            })
        };
        db.query(Sql { sqlite: bare(sqlite), postgres: bare(postgres) }).execute().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_before_make_the_catalogue_and_a_former_tax_id_is_the_same_client() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (first, second) = (order(db, batch, 1).await, order(db, batch, 2).await);
        let of = |tax_id: &str, name: &str, old: Option<&str>| ClientRow {
            name: name.to_owned(),
            tax_id: tax_id.parse().unwrap(),
            old_tax_id: old.map(|old| old.parse().unwrap()),
            ..client()
        };
        let before = [of(ONE, "Cũ", None), of("8037630690", "Hộ Sen", None)];
        let after = [of(ONE, "Mới", None), of(PERSONAL, "Hộ Sen", Some("8037630690"))];
        for (order, year, rows) in [(&first, 2025, &before), (&second, 2026, &after)] {
            let lines: Vec<_> =
                (1..).zip(rows).map(|(at, row)| new_line(at, row.tax_id.as_str(), row)).collect();
            let under = lines::Under { fiscal_year: year, ..under(order, batch) };
            within(db, async |tx| lines::insert(tx, under, &lines).await).await.unwrap();
        }
        take_over(db).await;
        let all = clients::list(db, Some(FIRM)).await.unwrap();
        assert_eq!(ids(&all), [ONE, PERSONAL]);
        assert_eq!(all[0].record.name, "Mới");
        let ties = clients::ties(db, FIRM, &owned(&["8037630690"])).await.unwrap();
        assert_eq!(ties.iter().map(|tie| tie.client.as_str()).collect::<Vec<_>>(), [PERSONAL; 2]);
    })
    .await;
}
