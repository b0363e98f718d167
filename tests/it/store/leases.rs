//! Named leases: one holder at a time, on all machines together, until the time is over or it is given back.

use hangloat::db::leases::{self, Claim, Lease};

use super::seed::{later, lease, now};
use crate::each_db::each_db;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_run_has_no_other_one_takes_until_its_time_is_over() {
    each_db(async |db| {
        let take = async |holder, at| leases::take(db, "work", lease(holder), at).await.unwrap();
        assert_eq!(take("a", now()).await, Some(1));
        assert_eq!(take("a", now()).await, None, "nor does the same process twice");
        assert_eq!(take("b", later(60)).await, None);
        let other = leases::take(db, "money", lease("b"), now()).await.unwrap();
        assert_eq!(other, Some(1), "another name is another lease");

        let (a, b) = (Claim { holder: "a", epoch: 1 }, Claim { holder: "b", epoch: 2 });
        assert!(leases::renew(db, "work", a, later(70)).await.unwrap());
        assert_eq!(take("b", later(70)).await, None);
        assert_eq!(take("b", later(71)).await, Some(2));
        assert!(!leases::renew(db, "work", a, later(99)).await.unwrap(), "it was lost");
        assert!(!leases::release(db, "work", a).await.unwrap());
        let held = leases::held(db).await.unwrap();
        let held = held.iter().map(|held| (held.name.as_str(), held.claim())).collect::<Vec<_>>();
        assert_eq!(held, [("money", Claim { epoch: 1, ..b }), ("work", b)]);

        assert!(leases::release(db, "work", b).await.unwrap());
        assert_eq!(take("a", now()).await, Some(3), "an epoch never comes again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_one_gets_it() {
    each_db(async |db| {
        let ask = async |number: u32| {
            let holder = format!("process {number}");
            let lease = Lease { holder: &holder, until: later(60) };
            leases::take(db, "work", lease, now()).await.unwrap()
        };
        let got = futures::future::join_all((0..8).map(ask)).await;
        assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
    })
    .await;
}
