//! The tables of the embedded platform: its licences, accounts and log-ins.

use hangloat::{
    db::{
        Db, is_taken,
        platform::{self, Licence, Setup},
    },
    domain::licence::{LicenceState, Role},
};

use super::seed::{ODD, OTHER_CONTENT, later, now, platform_licence, within};
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
        let [lan, sen] = &platform::logins(db, "LIC-1").await.unwrap()[..] else { panic!() };
        assert_eq!((lan.email.as_str(), lan.role), ("lan@x.example", Role::AspAdmin));
        assert_eq!((lan.first_time, lan.setup_expires_at), (false, None));
        assert_eq!((sen.email.as_str(), sen.role), ("sen@x.example", Role::ClientAdmin));
        assert_eq!((sen.first_time, sen.setup_expires_at), (true, Some(later(72))));
        assert!(platform::logins(db, "LIC-2").await.unwrap().is_empty());
    })
    .await;
}
