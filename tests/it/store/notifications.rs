//! The bell: what rang for whom, the newest first.

use hangloat::db::notifications::{self, NewNotification, Notification, NotificationKind};

use super::seed::{FIRM, ODD, batch, later, now, order, within};
use crate::each_db::each_db;

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_read_whole_and_narrowed_to_a_firm_and_a_time() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let kinds = NotificationKind::ALL.iter().zip([FIRM, "KHAC", FIRM]);
        for ((kind, firm), at) in kinds.zip([now(), later(1), later(2)]) {
            let order = (firm == FIRM).then_some(&code);
            let new = NewNotification { firm, kind: *kind, text: ODD, order };
            within(db, async |tx| notifications::insert(tx, new, at).await).await.unwrap();
        }
        db.query("update notification set read = $1 where firm = 'KHAC'")
            .bind(true)
            .execute()
            .await
            .unwrap();

        let list = async |firm, since| notifications::list(db, firm, since).await.unwrap();
        let [third, second, first] = &list(None, None).await[..] else { panic!() };
        assert!(third.id > second.id && second.id > first.id);
        assert_eq!((first.at, first.firm.as_str()), (now(), FIRM));
        assert_eq!((first.kind, first.text.as_str()), (NotificationKind::OrderPlaced, ODD));
        assert_eq!((first.order_code.as_deref(), first.read), (Some(code.as_str()), false));
        assert_eq!((second.kind, &second.order_code), (NotificationKind::OrderActivated, &None));
        assert!(second.read);
        assert_eq!(third.kind, NotificationKind::OrderCancelled);

        let at = |list: Vec<Notification>| list.iter().map(|bell| bell.at).collect::<Vec<_>>();
        assert_eq!(at(list(Some(FIRM), None).await), [later(2), now()]);
        assert_eq!(at(list(None, Some(later(1))).await), [later(2), later(1)]);
        assert_eq!(at(list(Some(FIRM), Some(later(1))).await), [later(2)]);
        assert!(list(Some("KHAC"), Some(later(2))).await.is_empty());
    })
    .await;
}
