//! Cut-offs that were put off: by whom how often.

use chrono::NaiveDate;
use hangloat::db::grace::{self, Held, Side};

use super::seed::{batch, now, order_of, within};
use crate::each_db::each_db;

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_puts_a_line_off_once_and_the_operator_as_often_as_needed() {
    each_db(async |db| {
        let (_, ids) = order_of(db, batch(db).await, 1, 2).await;
        let until = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
        let wish =
            Held { until, reason: "hẹn trả", by: Some("lan@minhan.example"), said_at: now() };
        let hold = async |line, side| {
            within(db, async |tx| grace::hold(tx, line, wish, side).await).await.unwrap()
        };
        assert!(hold(ids[0], Side::Firm).await);
        assert!(!hold(ids[0], Side::Firm).await);
        assert!(hold(ids[0], Side::Operator).await && hold(ids[0], Side::Operator).await);
        assert!(!hold(ids[0], Side::Firm).await, "what the operator said does not count");
        assert!(hold(ids[1], Side::Operator).await && hold(ids[1], Side::Firm).await);
    })
    .await;
}
