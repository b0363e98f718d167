//! What is changed of a line after it was ordered: what a person is still to do, who pays, and what does not leave.

use hangloat::{
    db::{
        Db,
        corrections::{self, NewEvent},
        requests,
    },
    domain::mail::MailState,
};
use serde_json::json;

use super::seed::{ODD, now, payment_code, placed_line, within};
use crate::each_db::each_db;

const OTHER: &str = "khac@hoasen.example";

async fn insert(db: &Db, line_id: i64, on_platform: Option<&str>) {
    let detail = json!({ "changes": { "name": [ODD, "B"] } });
    let event = NewEvent { line_id, said_by: Some(ODD), reason: ODD, detail, on_platform };
    within(db, async |tx| corrections::insert(tx, event, now()).await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_done_on_the_platform_is_open_until_it_is_said_to_be_done() {
    each_db(async |db| {
        let (_, _, line) = placed_line(db).await;
        insert(db, line, None).await;
        insert(db, line, Some("name,address")).await;
        let [open] = &corrections::to_do(db).await.unwrap()[..] else { panic!() };
        assert_eq!(open.line_id, line);
        assert_eq!(open.fields().collect::<Vec<_>>(), ["name", "address"]);
        assert_eq!(open.detail.0["changes"]["name"], json!([ODD, "B"]));
        for done in [1, 0] {
            let told = within(db, async |tx| corrections::done(tx, line).await).await;
            assert_eq!(told.unwrap(), done);
        }
        assert!(corrections::to_do(db).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_now_has_the_code_of_all_and_the_old_address_gets_nothing_more() {
    each_db(async |db| {
        let (batch, code, line) = placed_line(db).await;
        let before = requests::of_line(db, line).await.unwrap().unwrap();
        let old = before.payer_email.as_str();
        within(db, async |tx| {
            assert!(requests::insert_payer_code(tx, &payment_code(2), batch, old).await?);
            corrections::readdress(tx, line, (ODD, OTHER)).await?;
            corrections::hand_over_code(tx, batch, (old, OTHER)).await?;
            let withdrawn = corrections::withdraw(tx, (batch, line), old).await?;
            assert!(withdrawn.iter().all(|mail| mail.state == MailState::Cancelled));
            let (waits, next) = corrections::next_notice(tx, &code, OTHER).await?;
            assert_eq!((waits, next), (false, 1));
            corrections::withdraw_copies(tx, line, &[ODD]).await
        })
        .await
        .unwrap();
        let after = requests::of_line(db, line).await.unwrap().unwrap();
        assert_eq!((after.payer_name.as_str(), after.payer_email.as_str()), (ODD, OTHER));
        assert_eq!(after.code, before.code);
        assert_eq!(after.batch_code.as_deref(), Some(payment_code(2).as_str()));
    })
    .await;
}
