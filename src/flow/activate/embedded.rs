//! The embedded platform: licences and log-ins in tables of the same database, for a first run and for trials.
//! It behaves as the platform's API says; nothing of the flow reads its tables.

use chrono::{DateTime, Duration, Utc};

use super::platform::{ActivationRequest, Licence, Login, PlatformError, RequestKind};
use crate::{
    db::{
        Db, is_taken, licences,
        platform::{self, Setup},
    },
    domain::{
        email::Email,
        licence::{LicenceState, Role},
    },
    flow::key::{Key, sha256},
};

/// How long a one-time link to set a password lives.
const SETUP_DAYS: i64 = 30;
/// Where log-ins go when no platform's address is configured.
const NOWHERE: &str = "https://asp.example";

/// A platform in our own database.
#[derive(Clone, Debug)]
pub struct Embedded {
    db: Db,
    key: Key,
    base_url: String,
}

impl Embedded {
    pub fn new(db: Db, key: Key, base_url: Option<&str>) -> Embedded {
        let base_url = base_url.unwrap_or(NOWHERE).trim_end_matches('/').to_owned();
        Embedded { db, key, base_url }
    }

    /// Creates and activates a licence; the same key again gets the first answer.
    pub async fn activate(
        &self,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<Licence, PlatformError> {
        let request_sha256 = sha256(body.as_bytes());
        if let Some(known) = platform::by_key(&self.db, key).await? {
            return if known.request_sha256 == request_sha256 {
                self.answer(known).await
            } else {
                Err(PlatformError::Conflict)
            };
        }
        let request: ActivationRequest = serde_json::from_str(body).map_err(|error| {
            PlatformError::Refused { code: "bad_request", detail: error.to_string() }
        })?;
        if request.kind == RequestKind::Free
            && platform::had_free(&self.db, request.client.tax_id.as_str()).await?
        {
            let detail = request.client.tax_id.to_string();
            return Err(PlatformError::Refused { code: "free_year_already_used", detail });
        }
        let licence = fresh(key, request_sha256, &request, now);
        match self.store(&licence, &request, now).await {
            Err(error) if is_taken(&error) => self.taken(key, &request).await,
            Err(error) => Err(error.into()),
            Ok(()) => self.answer(licence).await,
        }
    }

    /// What became of an activation whose answer was lost; `None` where it never arrived.
    pub async fn find_by_key(&self, key: &str) -> Result<Option<Licence>, PlatformError> {
        match platform::by_key(&self.db, key).await? {
            Some(licence) => self.answer(licence).await.map(Some),
            None => Ok(None),
        }
    }

    /// One licence with its log-ins and their links.
    pub async fn licence(&self, licence_id: &str) -> Result<Option<Licence>, PlatformError> {
        match platform::by_id(&self.db, licence_id).await? {
            Some(licence) => self.answer(licence).await.map(Some),
            None => Ok(None),
        }
    }

    async fn store(
        &self,
        licence: &platform::Licence,
        request: &ActivationRequest,
        now: DateTime<Utc>,
    ) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        platform::insert(&mut tx, licence).await?;
        for account in &request.accounts {
            let fresh = platform::open_account(&mut tx, account.email.as_str(), now).await?;
            // The firm's people are users of the platform already.
            let first_time =
                fresh && matches!(account.role, Role::ClientAdmin | Role::ClientSender);
            let hash = sha256(self.token(&licence.licence_id, account.email.as_str()).as_bytes());
            let setup = Setup { sha256: &hash, expires_at: now + Duration::days(SETUP_DAYS) };
            let setup = first_time.then_some(setup);
            platform::insert_login(
                &mut tx,
                &licence.licence_id,
                account.email.as_str(),
                account.role,
                setup,
            )
            .await?;
        }
        tx.commit().await
    }

    /// Two calls with one key at the same time, or a client that has this package and year.
    async fn taken(
        &self,
        key: &str,
        request: &ActivationRequest,
    ) -> Result<Licence, PlatformError> {
        match platform::by_key(&self.db, key).await? {
            Some(licence) => self.answer(licence).await,
            None => Err(PlatformError::Refused {
                code: "tax_id_already_licensed",
                detail: format!("{} {}", request.package, request.fiscal_year),
            }),
        }
    }

    async fn answer(&self, licence: platform::Licence) -> Result<Licence, PlatformError> {
        let mut logins = Vec::new();
        for login in platform::logins(&self.db, &licence.licence_id).await? {
            let email: Email = login
                .email
                .parse()
                .map_err(|error| PlatformError::Lost(anyhow::Error::new(error)))?;
            logins.push(Login {
                setup_url: login
                    .first_time
                    .then(|| self.setup_url(&licence.licence_id, &login.email)),
                setup_expires_at: login.setup_expires_at,
                sign_in_url: format!("{}/dang-nhap", self.base_url),
                login: licences::Login { email, role: login.role, first_time: login.first_time },
            });
        }
        let platform::Licence { licence_id, status, activated_at, grace_until, .. } = licence;
        Ok(Licence { licence_id, status, activated_at, grace_until, logins })
    }

    fn setup_url(&self, licence_id: &str, email: &str) -> String {
        format!("{}/kich-hoat/{licence_id}?token={}", self.base_url, self.token(licence_id, email))
    }

    /// The same whenever it is asked for, so that it need not be stored.
    fn token(&self, licence_id: &str, email: &str) -> String {
        self.key.sign("setup", &format!("{licence_id}/{email}"))
    }
}

fn fresh(
    key: &str,
    request_sha256: String,
    request: &ActivationRequest,
    now: DateTime<Utc>,
) -> platform::Licence {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, key.as_bytes());
    let grace_until = request.grace_days.map(|days| now + Duration::days(days.into()));
    platform::Licence {
        licence_id: format!("LIC-{}", &id.simple().to_string()[..16].to_uppercase()),
        idempotency_key: key.to_owned(),
        request_sha256,
        order_code: request.order_code.to_string(),
        line: request.line,
        kind: match request.kind {
            RequestKind::Purchase => "purchase".to_owned(),
            RequestKind::Free => "free".to_owned(),
        },
        tax_id: request.client.tax_id.to_string(),
        package: request.package.clone(),
        fiscal_year: request.fiscal_year.year().into(),
        status: if grace_until.is_some() { LicenceState::Grace } else { LicenceState::Active },
        activated_at: now,
        grace_until,
        paid_on: None,
        updated_at: now,
    }
}
