//! The platform as its API says, asked in one suite of both: the embedded one, and over HTTP against the sandbox.
//! What follows for orders and lines is told in `story`.

mod faults;

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use hangloat::{
    config::{self, PlatformKind, Secret},
    db::{self, Db},
    domain::licence::{LicenceState, Role},
    flow::{
        Clock,
        activate::platform::{
            Embedded, Platform, PlatformError,
            sandbox::{self, Sandbox},
        },
        key::Key,
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    each_db::each_db,
    store::seed::{later, now, platform_licence, within},
};

fn secret(text: &str) -> Secret {
    serde_json::from_value(json!(text)).unwrap()
}

fn settings(kind: PlatformKind, base_url: Option<String>) -> config::Platform {
    config::Platform {
        kind,
        base_url,
        token: Some(secret("thu-nghiem")),
        ca_file: None,
        concurrency: 4,
        // Shorter than what is slow, and enough for a loaded machine.
        timeout: Duration::from_secs(2),
    }
}

/// An embedded platform with a key of its own, and the folder of that.
fn embedded(db: &Db) -> (Embedded, TempDir) {
    let folder = TempDir::new().unwrap();
    let path: PathBuf = folder.path().join("key");
    Key::create(&path).unwrap();
    (Embedded::new(db.clone(), Key::load(&path).unwrap(), Some("https://asp.example")), folder)
}

/// The sandbox on a port of its own, and a platform that asks it.
struct Served {
    sandbox: Arc<Sandbox>,
    base_url: String,
    platform: Platform,
    key: Key,
    _folder: TempDir,
}

impl Served {
    async fn new(db: &Db) -> Served {
        let (embedded, folder) = embedded(db);
        let sandbox = Sandbox::new(embedded, Some(secret("thu-nghiem")), Clock::Frozen(now()));
        let sandbox = Arc::new(sandbox);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(sandbox::serve(Arc::clone(&sandbox), listener));
        let key = Key::load(&folder.path().join("key")).unwrap();
        let settings = settings(PlatformKind::Http, Some(base_url.clone()));
        let platform = Platform::of(&settings, db, &key).unwrap();
        Served { sandbox, base_url, platform, key, _folder: folder }
    }
}

/// On both platforms, each on both databases.
async fn each_platform(test: impl AsyncFn(&Db, &Platform)) {
    each_db(async |db| {
        println!("embedded");
        let (embedded, _folder) = embedded(db);
        test(db, &Platform::Embedded(embedded)).await;
    })
    .await;
    each_db(async |db| {
        println!("over HTTP");
        test(db, &Served::new(db).await.platform).await;
    })
    .await;
}

fn request(line: i64, changes: &Value) -> String {
    let mut request = json!({
        "order_code": "DH-2611-000001", "line": line, "kind": "purchase", "package": "ASP-DN",
        "fiscal_year": 2026, "grace_days": 7,
        "client": {
            "tax_id": "0101243150", "name": "Công ty Hoa Mai", "type": "enterprise", "address": null,
            "contact_phone": "+84912345678",
            "representative": {
                "name": "Nguyễn Thị Mai", "title": null, "email": "mai@hoamai.example",
                "phone": "+84912345678",
            },
        },
        "accounting": {
            "regime": "TT99", "vat_method": "deduction", "fiscal_year_start": "2026-01-01",
            "books_start": "2026-01-01", "currency": "VND", "inventory_method": null,
        },
        "accounts": [
            { "email": "mai@hoamai.example", "name": "Nguyễn Thị Mai", "role": "client_admin" },
            { "email": "lan@minhan.example", "name": null, "role": "asp_admin" },
        ],
        "databases": { "per_fiscal_year": 2, "initial": 1 },
    });
    for (name, value) in changes.as_object().unwrap() {
        match name.as_str() {
            "tax_id" => request["client"]["tax_id"] = value.clone(),
            name => request[name] = value.clone(),
        }
    }
    request.to_string()
}

fn code_of(error: &PlatformError) -> &str {
    match error {
        PlatformError::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// How many licences there are.
async fn licences(db: &Db) -> usize {
    db::platform::page(db, None, None, 1_000).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_answered_as_the_first_time_and_is_for_one_body_alone() {
    each_platform(async |db, platform| {
        assert!(platform.find_by_key("k1").await.unwrap().is_none());
        let body = request(1, &json!({}));
        let first = platform.activate("k1", &body, now()).await.unwrap();
        assert_eq!((first.order_code.as_str(), first.line), ("DH-2611-000001", 1));
        assert_eq!((first.status, first.idempotency_key.as_str()), (LicenceState::Grace, "k1"));
        let client = first.logins.iter().find(|it| it.login.role == Role::ClientAdmin).unwrap();
        assert!(client.login.first_time && client.setup_url.is_some());
        assert!(client.sign_in_url.starts_with("https://asp.example/"));

        assert_eq!(platform.activate("k1", &body, later(3)).await.unwrap(), first);
        assert_eq!(platform.find_by_key("k1").await.unwrap().as_ref(), Some(&first));
        assert_eq!(platform.licence(&first.licence_id).await.unwrap().as_ref(), Some(&first));
        assert!(platform.licence("LIC-NONE").await.unwrap().is_none());

        let other = platform.activate("k1", &request(2, &json!({})), now()).await.unwrap_err();
        assert!(matches!(other, PlatformError::Conflict), "{other:?}");
        assert_eq!(licences(db).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_by_a_stable_code() {
    each_platform(async |db, platform| {
        let refused = async |key: &str, body: &str| {
            platform.activate(key, body, now()).await.map(|it| it.licence_id).unwrap_err()
        };
        platform.activate("k1", &request(1, &json!({})), now()).await.unwrap();
        let again = refused("k2", &request(2, &json!({}))).await;
        assert_eq!(code_of(&again), "tax_id_already_licensed");
        let free = json!({ "kind": "free", "grace_days": null, "tax_id": "0100109106" });
        let licence = platform.activate("k3", &request(3, &free), now()).await.unwrap();
        assert_eq!((licence.status, licence.grace_until), (LicenceState::Active, None));
        let free = json!({ "kind": "free", "grace_days": null, "tax_id": "0100109106", "fiscal_year": 2027 });
        assert_eq!(code_of(&refused("k4", &request(4, &free)).await), "free_year_already_used");
        assert_eq!(code_of(&refused("k5", "{}").await), "bad_request");
        assert_eq!(licences(db).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_is_suspended_paid_and_given_to_others() {
    each_platform(async |_, platform| {
        let first = platform.activate("k1", &request(1, &json!({})), now()).await.unwrap();
        let id = first.licence_id.as_str();
        let expired = r#"{"reason":"grace_expired"}"#;
        let suspended = platform.suspend(id, "s1", expired, later(8)).await.unwrap();
        assert_eq!(suspended.status, LicenceState::Suspended);
        assert_eq!(
            platform.suspend(id, "s2", expired, later(9)).await.unwrap().status,
            LicenceState::Suspended
        );
        let cancelled = platform.suspend(id, "s1", r#"{"reason":"cancelled"}"#, later(9)).await;
        assert!(matches!(cancelled, Err(PlatformError::Conflict)), "{cancelled:?}");

        let paid = r#"{"payment_reference":"FT2611","paid_on":"2026-11-30"}"#;
        let licence = platform.mark_paid(id, "p1", paid, later(10)).await.unwrap();
        assert_eq!((licence.status, licence.grace_until), (LicenceState::Active, None));
        assert_eq!(licence.paid_on.unwrap().to_string(), "2026-11-30");

        let accounts =
            r#"{"accounts":[{"email":"binh@minhan.example","name":null,"role":"asp_data_entry"}]}"#;
        let licence = platform.set_accounts(id, "a1", accounts, later(11)).await.unwrap();
        let [login] = &licence.logins[..] else { panic!("{licence:?}") };
        assert_eq!(
            (login.login.email.as_str(), login.login.role),
            ("binh@minhan.example", Role::AspDataEntry)
        );

        let unknown = platform.suspend("LIC-NONE", "s9", expired, now()).await.unwrap_err();
        assert_eq!(code_of(&unknown), "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_licences_are_listed_page_by_page_each_once() {
    const MANY: u32 = 450;
    each_platform(async |db, platform| {
        within(db, async |tx| {
            for number in 1..=MANY {
                let at: DateTime<Utc> = later(i64::from(number % 3));
                let licence = db::platform::Licence { updated_at: at, ..platform_licence(number) };
                db::platform::insert(tx, &licence).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let all = async |since| {
            let (mut found, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
            loop {
                let page = platform.licences(since, cursor.as_deref()).await.unwrap();
                found.extend(page.items);
                pages += 1;
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return (found, pages);
                }
            }
        };
        let (found, pages) = all(None).await;
        assert_eq!((found.len(), pages), (450, 3));
        assert!(found.is_sorted_by_key(|licence| (licence.updated_at, licence.licence_id.clone())));
        let (newer, _) = all(Some(later(2))).await;
        assert_eq!(newer.len(), 150);
    })
    .await;
}
