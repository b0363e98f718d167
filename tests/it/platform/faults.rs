//! What can go wrong between us and the platform: whatever it is, a line ends with one licence, or it is known that
//! nothing was done, or nobody knows and the key will tell.

use std::{sync::Arc, time::Duration};

use hangloat::flow::activate::platform::{
    Platform, PlatformError,
    sandbox::{self, Fault, FaultKind},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{Served, licences, request, secret, settings};
use crate::{
    each_db::each_db,
    store::seed::{later, now},
};
use hangloat::config::PlatformKind;

fn fault(kind: FaultKind, times: u32) -> Fault {
    let on = Some("activate".to_owned());
    Fault { kind, on, times, status: None, retry_after: None, millis: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_ends_in_one_licence() {
    let busy = |status, retry_after: &str| Fault {
        status: Some(status),
        retry_after: Some(retry_after.to_owned()),
        ..fault(FaultKind::Status, 2)
    };
    let faults = [
        fault(FaultKind::Status, 1),
        fault(FaultKind::StatusAfter, 1),
        fault(FaultKind::ResetBefore, 2),
        fault(FaultKind::ResetAfter, 1),
        fault(FaultKind::Garbage, 1),
        Fault { millis: 5_000, ..fault(FaultKind::Slow, 1) },
        busy(429, "0"),
        busy(503, "Wed, 21 Oct 2015 07:28:00 GMT"),
        Fault { status: Some(502), ..fault(FaultKind::StatusAfter, 1) },
    ];
    each_db(async |db| {
        let served = Served::new(db).await;
        for (line, fault) in (1..).zip(&faults) {
            served.sandbox.switch(vec![fault.clone()]);
            let key = format!("k{line}");
            let body = request(line, &json!({ "fiscal_year": 2025 + line }));
            let licence = served.platform.activate(&key, &body, now()).await;
            let licence = licence.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
            assert_eq!(licence.idempotency_key, key, "{fault:?}");
            assert_eq!(licences(db).await, usize::try_from(line).unwrap(), "{fault:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_uncertain_and_what_did_not_waits() {
    each_db(async |db| {
        let served = Served::new(db).await;
        let body = request(1, &json!({}));
        let everywhere = |kind| Fault { on: None, ..fault(kind, 1_000) };
        served.sandbox.switch(vec![everywhere(FaultKind::ResetAfter)]);
        let lost = served.platform.activate("k1", &body, now()).await.unwrap_err();
        assert!(matches!(lost, PlatformError::Lost(_)), "{lost:?}");
        assert_eq!(licences(db).await, 1);
        let served = Served::new(db).await;
        // The answer is lost, and then nobody answers to the key: that it may have arrived stays so.
        let closed = Fault {
            on: Some("findByKey".to_owned()),
            status: Some(503),
            retry_after: Some("120".to_owned()),
            ..fault(FaultKind::Status, 1_000)
        };
        served.sandbox.switch(vec![fault(FaultKind::ResetAfter, 1), closed]);
        let other = request(3, &json!({ "fiscal_year": 2027 }));
        let lost = served.platform.activate("k3", &other, now()).await.unwrap_err();
        assert!(matches!(lost, PlatformError::Lost(_)), "{lost:?}");

        let served = Served::new(db).await;
        let patience = Some("120".to_owned());
        let busy =
            Fault { status: Some(503), retry_after: patience, ..everywhere(FaultKind::Status) };
        served.sandbox.switch(vec![busy]);
        let away = served.platform.activate("k2", &body, now()).await.unwrap_err();
        assert!(matches!(away, PlatformError::Away(_)) && away.stops_all(), "{away:?}");
        assert!(away.stored().contains("503"), "{}", away.stored());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_or_token_is_told_and_a_closed_port_is_away() {
    each_db(async |db| {
        let served = Served::new(db).await;
        let ask = async |base_url: String, token: &str| {
            let mut settings = settings(PlatformKind::Http, Some(base_url));
            settings.token = Some(secret(token));
            let platform = Platform::of(&settings, db, &served.key).unwrap();
            platform.activate("k1", &request(1, &json!({})), later(1)).await.unwrap_err()
        };
        let token = ask(served.base_url.clone(), "another").await;
        assert!(matches!(&token, PlatformError::Denied(why) if why.contains("token")), "{token:?}");
        let address = ask(served.base_url.replace("/v1", "/elsewhere/v1"), "thu-nghiem").await;
        assert!(
            matches!(&address, PlatformError::Denied(why) if why.contains("base_url")),
            "{address:?}"
        );
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let away = ask(format!("http://{free}/v1"), "thu-nghiem").await;
        assert!(matches!(away, PlatformError::Away(_)), "{away:?}");
        assert_eq!(licences(db).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_by_its_own_root_alone() {
    each_db(async |db| {
        let served = Served::new(db).await;
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sandbox = Arc::clone(&served.sandbox);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, sandbox) = (acceptor.clone(), Arc::clone(&sandbox));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        sandbox::connection(sandbox, stream).await;
                    }
                });
            }
        });

        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.pem");
        std::fs::write(&root, cert.pem()).unwrap();
        let ask = async |host: &str, ca_file| {
            let base_url = Some(format!("https://{host}:{port}/v1"));
            let timeout = Duration::from_secs(5);
            let settings = settings(PlatformKind::Http, base_url);
            let settings = hangloat::config::Platform { ca_file, timeout, ..settings };
            let platform = Platform::of(&settings, db, &served.key).unwrap();
            platform.activate("k1", &request(1, &json!({})), now()).await
        };
        for (host, ca_file) in [("localhost", None), ("127.0.0.1", Some(root.clone()))] {
            let denied = ask(host, ca_file).await.unwrap_err();
            assert!(matches!(denied, PlatformError::Denied(_)), "{host}: {denied:?}");
        }
        assert_eq!(ask("localhost", Some(root)).await.unwrap().idempotency_key, "k1");
    })
    .await;
}
