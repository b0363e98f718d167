//! The platform that provisions the software, behind one door: embedded in our own database, or over HTTP by its API.
//! Both behave alike; when it is asked, and what follows from an answer, is decided by who asks.

mod embedded;

mod http;

mod gate;

pub mod sandbox;

pub mod wire;

use chrono::{DateTime, Utc};

pub use self::embedded::Embedded;
pub use self::http::Http;
use self::wire::{Licence, Page};
use crate::{
    config::{self, PlatformKind},
    db::Db,
    flow::key::Key,
};

/// One of the two platforms.
#[derive(Debug)]
pub enum Platform {
    Embedded(Embedded),
    Http(Http),
}

/// Why there is no answer, or no licence.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// No, for good: the request must change.
    #[error("the platform refused: {code}: {detail}")]
    Refused { code: String, detail: String },
    /// The key was used for another request: a fault of ours.
    #[error("the platform knows this key for another request")]
    Conflict,
    /// Nobody knows what became of it; the key will tell.
    #[error("the platform's answer was lost")]
    Lost(#[source] anyhow::Error),
    /// Nothing became of it: the platform is not reachable, or asks to come back later.
    #[error("the platform cannot be reached now")]
    Away(#[source] anyhow::Error),
    /// The address, the token or the certificate of `[platform]` is wrong.
    #[error("[platform]: {0}")]
    Denied(String),
}

impl PlatformError {
    pub fn refused(code: &str, detail: impl Into<String>) -> PlatformError {
        PlatformError::Refused { code: code.to_owned(), detail: detail.into() }
    }

    /// As it is stored beside a request: the stable code first, then what else is known. `reason` puts it into words.
    pub fn stored(&self) -> String {
        match self {
            PlatformError::Refused { code, detail } => format!("{code}: {detail}"),
            PlatformError::Conflict => "idempotency_conflict".to_owned(),
            PlatformError::Lost(cause) => format!("lost: {cause:#}"),
            PlatformError::Away(cause) => format!("away: {cause:#}"),
            PlatformError::Denied(why) => format!("denied: {why}"),
        }
    }

    /// Nothing was done, and every other request would fare the same now.
    pub fn stops_all(&self) -> bool {
        matches!(self, PlatformError::Away(_) | PlatformError::Denied(_))
    }
}

impl From<sqlx::Error> for PlatformError {
    fn from(error: sqlx::Error) -> Self {
        PlatformError::Lost(error.into())
    }
}

type Answer<T> = Result<T, PlatformError>;

/// Hands a call on to the platform that is configured.
macro_rules! either {
    ($platform:expr, $one:ident => $call:expr) => {
        match $platform {
            Platform::Embedded($one) => $call,
            Platform::Http($one) => $call,
        }
    };
}

impl Platform {
    /// The one that the settings name.
    pub fn of(settings: &config::Platform, db: &Db, key: &Key) -> anyhow::Result<Platform> {
        Ok(match settings.kind {
            PlatformKind::Embedded => Platform::Embedded(Embedded::new(
                db.clone(),
                key.clone(),
                settings.base_url.as_deref(),
            )),
            PlatformKind::Http => Platform::Http(Http::new(settings)?),
        })
    }

    /// Creates and activates a licence; the same key again gets the first answer. The embedded platform does so at
    /// `now`.
    pub async fn activate(&self, key: &str, body: &str, now: DateTime<Utc>) -> Answer<Licence> {
        either!(self, it => it.activate(key, body, now).await)
    }

    /// What became of an activation whose answer was lost; `None` where it never arrived.
    pub async fn find_by_key(&self, key: &str) -> Answer<Option<Licence>> {
        either!(self, it => it.find_by_key(key).await)
    }

    /// One licence with its log-ins and their links.
    pub async fn licence(&self, licence_id: &str) -> Answer<Option<Licence>> {
        either!(self, it => it.licence(licence_id).await)
    }

    /// Those of several ids that can be had at once: over HTTP none, where each is a request of its own.
    pub async fn at_once(&self, licence_ids: &[&str]) -> Answer<Vec<Licence>> {
        match self {
            Platform::Embedded(it) => it.at_once(licence_ids).await,
            Platform::Http(_) => Ok(Vec::new()),
        }
    }

    /// Licences that changed at `since` or later, the oldest change first; further ones behind `cursor`.
    pub async fn licences(
        &self,
        since: Option<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Answer<Page> {
        either!(self, it => it.licences(since, cursor).await)
    }

    /// Every licence, the oldest change first; who may sign in to them need not be told.
    pub async fn all(&self) -> Answer<Vec<Licence>> {
        if let Platform::Embedded(it) = self {
            return it.all().await;
        }
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.licences(None, cursor.as_deref()).await?;
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// Stops access, also where it was stopped before.
    pub async fn suspend(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Answer<Licence> {
        either!(self, it => it.suspend(licence_id, key, body, now).await)
    }

    /// Replaces the accounts of a licence; who had one keeps the link of the first log-in.
    pub async fn set_accounts(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Answer<Licence> {
        either!(self, it => it.set_accounts(licence_id, key, body, now).await)
    }

    /// Ends the grace of a licence, and resumes a suspended one.
    pub async fn mark_paid(
        &self,
        licence_id: &str,
        key: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Answer<Licence> {
        either!(self, it => it.mark_paid(licence_id, key, body, now).await)
    }
}
