//! The tables of the embedded platform: its licences, accounts and log-ins.

use futures::TryStreamExt as _;
use hangloat::{
    db::{
        Db, is_taken,
        platform::{self, Licence, Setup},
    },
    domain::licence::{LicenceState, Role},
};

use super::seed::{CONTENT, ODD, OTHER_CONTENT, later, now, platform_licence, within};
use crate::each_db::each_db;

async fn insert(db: &Db, new: &Licence) -> sqlx::Result<()> {
    within(db, async |tx| platform::insert(tx, new).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_is_read_by_its_key_and_by_its_id() {
    each_db(async |db| {
        let free = Licence {
            kind: "free".to_owned(),
            package: ODD.to_owned(),
            status: LicenceState::Active,
            grace_until: None,
            paid_on: None,
            ..platform_licence(2)
        };
        let made = [platform_licence(1), free];
        for new in &made {
            insert(db, new).await.unwrap();
            // Every field of it, as the derived Debug shows them.
            let by_key = platform::by_key(db, &new.idempotency_key).await.unwrap().unwrap();
            assert_eq!(format!("{by_key:?}"), format!("{new:?}"));
            let by_id = platform::by_id(db, &new.licence_id).await.unwrap().unwrap();
            assert_eq!(format!("{by_id:?}"), format!("{new:?}"));
        }
        assert!(platform::by_key(db, "LIC-1").await.unwrap().is_none());
        assert!(platform::by_id(db, "key-1").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_one_licence_of_a_package_and_year() {
    each_db(async |db| {
        insert(db, &platform_licence(1)).await.unwrap();
        let same_client = Licence { fiscal_year: 2026, ..platform_licence(2) };
        let same_key = Licence { idempotency_key: "key-1".to_owned(), ..platform_licence(2) };
        let same_id = Licence { licence_id: "LIC-1".to_owned(), ..platform_licence(2) };
        for new in [same_client, same_key, same_id] {
            assert!(is_taken(&insert(db, &new).await.unwrap_err()));
        }
        insert(db, &platform_licence(2)).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_licences_are_read_the_oldest_change_first() {
    each_db(async |db| {
        let older = Licence { updated_at: later(-5), ..platform_licence(3) };
        for new in [platform_licence(2), platform_licence(1), older] {
            insert(db, &new).await.unwrap();
        }
        let all: Vec<Licence> = platform::all(db).try_collect().await.unwrap();
        let ids: Vec<&str> = all.iter().map(|it| it.licence_id.as_str()).collect();
        assert_eq!(ids, ["LIC-3", "LIC-1", "LIC-2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_opens_one_account() {
    each_db(async |db| {
        let open = async |email| {
            within(db, async |tx| platform::open_account(tx, email, now()).await).await.unwrap()
        };
        assert!(open("sen@hoasen.example").await);
        assert!(!open("sen@hoasen.example").await);
        assert!(open("mai@hoasen.example").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_kept_as_it_was_first_given() {
    each_db(async |db| {
        insert(db, &platform_licence(1)).await.unwrap();
        let give = async |email, role, setup| {
            within(db, async |tx| platform::insert_login(tx, "LIC-1", email, role, setup).await)
                .await
        };
        let setup = Setup { sha256: OTHER_CONTENT, expires_at: later(72) };
        give("sen@x.example", Role::ClientAdmin, Some(setup)).await.unwrap();
        give("lan@x.example", Role::AspAdmin, None).await.unwrap();
        give("sen@x.example", Role::ClientSender, None).await.unwrap();
        let [lan, sen] = &platform::logins(db, &["LIC-1"]).await.unwrap()[..] else { panic!() };
        assert_eq!((lan.email.as_str(), lan.role), ("lan@x.example", Role::AspAdmin));
        assert_eq!((lan.first_time, lan.setup_expires_at), (false, None));
        assert_eq!((sen.email.as_str(), sen.role), ("sen@x.example", Role::ClientAdmin));
        assert_eq!((sen.first_time, sen.setup_expires_at), (true, Some(later(72))));
        assert!(platform::logins(db, &["LIC-2"]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_frees_the_client_of_a_cancelled_licence_and_of_no_other() {
    each_db(async |db| {
        let again = || Licence {
            licence_id: "LIC-9".to_owned(),
            idempotency_key: "key-9".to_owned(),
            ..platform_licence(1)
        };
        insert(db, &platform_licence(1)).await.unwrap();
        let suspend = async |id: &str, is_cancelled| {
            within(db, async |tx| platform::suspend(tx, id, is_cancelled, later(1)).await)
                .await
                .unwrap()
        };
        assert!(suspend("LIC-1", false).await && !suspend("LIC-7", true).await);
        assert!(insert(db, &again()).await.is_err());
        assert!(suspend("LIC-1", true).await && suspend("LIC-1", false).await);
        insert(db, &again()).await.unwrap();
        let old = platform::by_id(db, "LIC-1").await.unwrap().unwrap();
        assert_eq!((old.status, old.updated_at), (LicenceState::Suspended, later(1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_knows_a_key_again_and_keeps_the_log_ins_that_stay() {
    each_db(async |db| {
        within(db, async |tx| {
            platform::insert(tx, &platform_licence(1)).await?;
            for email in ["a@x.example", "b@x.example"] {
                platform::insert_login(tx, "LIC-1", email, Role::AspDataEntry, None).await?;
            }
            assert!(platform::touch(tx, "LIC-1", later(2)).await?);
            assert!(!platform::touch(tx, "LIC-7", later(2)).await?);
            assert!(platform::remember(tx, "k", "LIC-1", CONTENT).await?);
            assert!(!platform::remember(tx, "k", "LIC-1", OTHER_CONTENT).await?);
            platform::keep_logins(tx, "LIC-1", &["b@x.example"]).await?;
            platform::set_role(tx, "LIC-1", "b@x.example", Role::AspManager).await
        })
        .await
        .unwrap();
        let known = platform::remembered(db, "k").await.unwrap();
        assert_eq!(known, Some(("LIC-1".to_owned(), CONTENT.to_owned())));
        assert_eq!(platform::remembered(db, "l").await.unwrap(), None);
        let logins = platform::logins(db, &["LIC-1"]).await.unwrap();
        assert_eq!(logins.len(), 1);
        assert_eq!((logins[0].email.as_str(), logins[0].role), ("b@x.example", Role::AspManager));
    })
    .await;
}
