//! Overlapping statements, with the bank's references and without, in whatever order they come, make the same database.

use hangloat::{db::Db, flow::Services};

use super::{Desk, Dice, desk::close};

/// All that does not tell when it came: payments, what they pay, requests, orders.
const WHAT: [&str; 4] = [
    "select booked_on || ' ' || direction || ' ' || amount || ' ' || memo || ' ' || coalesce(reference, '-') || ' '
            || occurrence || ' ' || coalesce(state, '') || ' ' || coalesce(tier, '') || ' ' || fingerprint
     from bank_line order by 1",
    "select b.fingerprint || ' ' || b.occurrence || ' ' || a.code || ' ' || a.amount
     from allocation a join bank_line b on b.id = a.bank_line_id order by 1",
    "select code || ' ' || paid || ' ' || waived || ' ' || state from payment_request order by 1",
    "select code || ' ' || state from client_order order by 1",
];

async fn dump(services: &Services) -> Vec<String> {
    let mut told = Vec::new();
    for sql in WHAT {
        let rows: Vec<(String,)> = services.db.query(sql).all().await.unwrap();
        told.extend(rows.into_iter().map(|(row,)| row));
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_in_ten_random_orders_and_overlaps_give_the_same_database() {
    let mut dice = Dice(11);
    let desk = Desk::new().await;
    let pool = desk.lines(&mut dice, 36);
    let services = desk.open(None).await;
    if let Db::Sqlite(pool) = &services.db {
        sqlx::query("pragma wal_checkpoint(truncate)").execute(pool).await.unwrap();
    }
    close(services).await;
    let before = std::fs::read(desk.world.path("hangloat.db")).unwrap();
    // Each day is in one with references, and in others without or with.
    let mut parts = vec![(16, 19, true), (20, 23, true), (24, 27, true)];
    for _ in 0..6 {
        let from = 16 + u32::try_from(dice.roll(12)).unwrap();
        let to = (from + u32::try_from(dice.roll(6)).unwrap()).min(27);
        parts.push((from, to, dice.roll(2) == 0));
    }
    let mut first: Option<Vec<String>> = None;
    for turn in 0..10 {
        for name in ["hangloat.db-wal", "hangloat.db-shm"] {
            let _ = std::fs::remove_file(desk.world.path(name));
        }
        std::fs::write(desk.world.path("hangloat.db"), &before).unwrap();
        let services = desk.open(None).await;
        for (from, to, with_reference) in &parts {
            desk.take(&services, &pool, (*from, *to), *with_reference).await.unwrap();
        }
        desk.prove(&services, &format!("{turn}: {parts:?}")).await;
        let dump = dump(&services).await;
        close(services).await;
        let first = first.get_or_insert_with(|| dump.clone());
        let differs: Vec<_> = first.iter().zip(&dump).filter(|(a, b)| a != b).take(5).collect();
        assert!(dump == *first, "{parts:?}: {differs:#?}");
        dice.shuffle(&mut parts);
    }
    assert!(first.unwrap().len() > pool.len());
}
