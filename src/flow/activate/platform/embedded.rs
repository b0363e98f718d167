//! The embedded platform: licences and log-ins in tables of the same database, for a first run and for trials.
//! It behaves as the platform's API says; nothing of the flow reads its tables.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use futures::TryStreamExt as _;
use serde::Deserialize;
use tokio::try_join;

use super::{
    PlatformError,
    wire::{
        AccountsRequest, ActivationRequest, Licence, Login, Page, PaidRequest, RequestKind,
        SuspendReason, SuspendRequest,
    },
};
use crate::{
    db::{
        Db, Tx, is_taken, licences,
        platform::{self, Setup},
    },
    domain::{
        email::Email,
        licence::{LicenceState, Role},
    },
    flow::{
        activate::accounts::Account,
        key::{Key, sha256},
    },
};

/// How long a one-time link to set a password lives.
const SETUP_DAYS: i64 = 30;
/// Licences on one page.
const PAGE: i64 = 200;
/// Digits of the hash of a tax id: no tax id has so many.
const FORGOTTEN: usize = 64;
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
        let request: ActivationRequest = parsed(body)?;
        let tax_id = request.client.tax_id.as_str();
        let forgotten = self.forgotten(tax_id);
        for known in [tax_id, &forgotten] {
            if request.kind == RequestKind::Free && platform::had_free(&self.db, known).await? {
                return Err(PlatformError::refused("free_year_already_used", tax_id));
            }
        }
        let year = i64::from(request.fiscal_year.year());
        if platform::is_licensed(&self.db, &forgotten, &request.package, year).await? {
            return self.taken(key, &request).await;
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

    pub async fn at_once(&self, licence_ids: &[&str]) -> Result<Vec<Licence>, PlatformError> {
        let (licences, logins) = try_join!(
            platform::by_ids(&self.db, licence_ids),
            platform::logins(&self.db, licence_ids)
        )?;
        self.with_logins(licences, logins)
    }

    /// Every licence, the oldest change first, without its log-ins.
    pub async fn all(&self) -> Result<Vec<Licence>, PlatformError> {
        let told = platform::all(&self.db).map_ok(|licence| told(licence, Vec::new()));
        Ok(told.try_collect().await?)
    }

    /// Licences that changed at `since` or later, the oldest change first; further ones behind `cursor`, which is the
    /// id of the last one seen.
    pub async fn licences(
        &self,
        since: Option<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError> {
        let found = platform::page(&self.db, since, cursor, PAGE).await?;
        let is_last = found.len() < usize::try_from(PAGE).unwrap_or_default();
        let last = found.last().map(|licence| licence.licence_id.clone());
        let items = self.answers(found).await?;
        Ok(Page { items, next_cursor: last.filter(|_| !is_last) })
    }

    /// Ends the grace of a licence, and resumes a suspended one.
    pub async fn mark_paid(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<Licence, PlatformError> {
        if let Some(answer) = self.replayed(licence_id, key, body).await? {
            return Ok(answer);
        }
        let PaidRequest { paid_on, .. } = parsed(body)?;
        let mut tx = self.db.begin().await?;
        if !platform::mark_paid(&mut tx, licence_id, paid_on, now).await? {
            return Err(not_found(licence_id));
        }
        self.changed(tx, licence_id, (key, body)).await
    }

    /// Stops access, also where it was stopped before.
    pub async fn suspend(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<Licence, PlatformError> {
        if let Some(answer) = self.replayed(licence_id, key, body).await? {
            return Ok(answer);
        }
        let SuspendRequest { reason } = parsed(body)?;
        let mut tx = self.db.begin().await?;
        let is_cancelled = reason == SuspendReason::Cancelled;
        if !platform::suspend(&mut tx, licence_id, is_cancelled, now).await? {
            return Err(not_found(licence_id));
        }
        self.changed(tx, licence_id, (key, body)).await
    }

    /// Replaces the accounts of a licence; who had one keeps the link of the first log-in.
    pub async fn set_accounts(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<Licence, PlatformError> {
        if let Some(answer) = self.replayed(licence_id, key, body).await? {
            return Ok(answer);
        }
        let AccountsRequest { accounts } = parsed(body)?;
        let mut tx = self.db.begin().await?;
        if !platform::touch(&mut tx, licence_id, now).await? {
            return Err(not_found(licence_id));
        }
        let emails: Vec<&str> = accounts.iter().map(|account| account.email.as_str()).collect();
        platform::keep_logins(&mut tx, licence_id, &emails).await?;
        for account in accounts.iter() {
            self.open(&mut tx, licence_id, account, now).await?;
            platform::set_role(&mut tx, licence_id, account.email.as_str(), account.role).await?;
        }
        self.changed(tx, licence_id, (key, body)).await
    }

    /// Keeps of licences neither whose they are nor who signs in, but that they were: nobody gets a second one.
    pub async fn forget(&self, licence_ids: impl Iterator<Item = String>) -> sqlx::Result<()> {
        for id in licence_ids {
            let Some(licence) = platform::by_id(&self.db, &id).await? else { continue };
            if licence.tax_id.len() != FORGOTTEN {
                let mut tx = self.db.begin().await?;
                platform::forget(&mut tx, &id, &self.forgotten(&licence.tax_id)).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// What stands for a tax id that is not to be kept.
    fn forgotten(&self, tax_id: &str) -> String {
        self.key.sign("platform", tax_id)
    }

    /// Ends a change of a licence: the key is remembered with it, and the answer is the licence as it is now.
    async fn changed(
        &self,
        mut tx: Tx,
        licence_id: &str,
        (key, body): (&str, &str),
    ) -> Result<Licence, PlatformError> {
        platform::remember(&mut tx, key, licence_id, &sha256(body.as_bytes())).await?;
        tx.commit().await?;
        self.licence(licence_id).await?.ok_or_else(|| not_found(licence_id))
    }

    /// The answer to a key that was used before.
    async fn replayed(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
    ) -> Result<Option<Licence>, PlatformError> {
        match platform::remembered(&self.db, key).await? {
            None => Ok(None),
            Some((known, hash)) if known == licence_id && hash == sha256(body.as_bytes()) => {
                self.licence(licence_id).await
            }
            Some(_) => Err(PlatformError::Conflict),
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
        for account in request.accounts.iter() {
            self.open(&mut tx, &licence.licence_id, account, now).await?;
        }
        tx.commit().await
    }

    /// An account and its log-in to a licence, with a link to set a password where it is the client's first.
    async fn open(
        &self,
        tx: &mut Tx,
        licence_id: &str,
        account: &Account,
        now: DateTime<Utc>,
    ) -> sqlx::Result<()> {
        let (email, role) = (account.email.as_str(), account.role);
        let fresh = platform::open_account(tx, email, now).await?;
        // The firm's people are users of the platform already.
        let first_time = fresh && matches!(role, Role::ClientAdmin | Role::ClientSender);
        let hash = sha256(self.token(licence_id, email).as_bytes());
        let setup = Setup { sha256: &hash, expires_at: now + Duration::days(SETUP_DAYS) };
        platform::insert_login(tx, licence_id, email, role, first_time.then_some(setup)).await
    }

    /// Two calls with one key at the same time, or a client that has this package and year.
    async fn taken(
        &self,
        key: &str,
        request: &ActivationRequest,
    ) -> Result<Licence, PlatformError> {
        if let Some(licence) = platform::by_key(&self.db, key).await? {
            return self.answer(licence).await;
        }
        let detail = format!("{} {}", request.package, request.fiscal_year);
        Err(PlatformError::refused("tax_id_already_licensed", detail))
    }

    async fn answer(&self, licence: platform::Licence) -> Result<Licence, PlatformError> {
        let mut answers = self.answers(vec![licence]).await?;
        answers.pop().ok_or_else(|| PlatformError::Lost(anyhow::anyhow!("a licence is lost")))
    }

    /// In the order of the licences.
    async fn answers(
        &self,
        licences: Vec<platform::Licence>,
    ) -> Result<Vec<Licence>, PlatformError> {
        let ids: Vec<&str> = licences.iter().map(|it| it.licence_id.as_str()).collect();
        let logins = platform::logins(&self.db, &ids).await?;
        self.with_logins(licences, logins)
    }

    fn with_logins(
        &self,
        licences: Vec<platform::Licence>,
        known: Vec<platform::Login>,
    ) -> Result<Vec<Licence>, PlatformError> {
        let mut logins: HashMap<String, Vec<Login>> = HashMap::new();
        for login in known {
            logins.entry(login.licence_id.clone()).or_default().push(self.login(&login)?);
        }
        let answers = licences.into_iter().map(|licence| {
            let logins = logins.remove(&licence.licence_id).unwrap_or_default();
            told(licence, logins)
        });
        Ok(answers.collect())
    }

    fn login(&self, login: &platform::Login) -> Result<Login, PlatformError> {
        let email: Email =
            login.email.parse().map_err(|error| PlatformError::Lost(anyhow::Error::new(error)))?;
        let setup_url = || self.setup_url(&login.licence_id, &login.email);
        Ok(Login {
            setup_url: login.first_time.then(setup_url),
            setup_expires_at: login.setup_expires_at,
            sign_in_url: format!("{}/dang-nhap", self.base_url),
            login: licences::Login { email, role: login.role, first_time: login.first_time },
        })
    }

    fn setup_url(&self, licence_id: &str, email: &str) -> String {
        format!("{}/kich-hoat/{licence_id}?token={}", self.base_url, self.token(licence_id, email))
    }

    /// The same whenever it is asked for, so that it need not be stored.
    fn token(&self, licence_id: &str, email: &str) -> String {
        self.key.sign("setup", &format!("{licence_id}/{email}"))
    }
}

fn told(licence: platform::Licence, logins: Vec<Login>) -> Licence {
    Licence {
        licence_id: licence.licence_id,
        idempotency_key: licence.idempotency_key,
        order_code: licence.order_code,
        line: licence.line,
        tax_id: licence.tax_id,
        package: licence.package,
        fiscal_year: licence.fiscal_year,
        status: licence.status,
        activated_at: licence.activated_at,
        grace_until: licence.grace_until,
        paid_on: licence.paid_on,
        updated_at: licence.updated_at,
        logins,
    }
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, PlatformError> {
    serde_json::from_str(body)
        .map_err(|error| PlatformError::refused("bad_request", error.to_string()))
}

fn not_found(licence_id: &str) -> PlatformError {
    PlatformError::refused("not_found", licence_id)
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
