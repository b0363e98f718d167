//! `hangloat.toml` as the owner wrote it, each key checked for itself.
//! What needs the workspace's folder, a secret's file or two keys at once is left to `resolve`.

use std::{path::PathBuf, time::Duration};

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    Backup, Grace, Guard, Limits, MailTransport, Operator, Order, Payee, Place, PlatformKind,
    Privacy, QuietHours, Secret, Sender, Serve, Sms, Tls,
    value::{self, WebAddress},
};
use crate::domain::{
    email::Email,
    firm::{FirmCode, StaffRole},
    locale::Locale,
    phone::Phone,
    tax_id::TaxId,
};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub locale: Locale,
    #[serde(deserialize_with = "time_zone")]
    pub timezone: Tz,
    pub store: StoreWritten,
    pub files: FilesWritten,
    pub firm: Vec<FirmWritten>,
    pub operator: Operator,
    pub order: Order,
    pub platform: PlatformWritten,
    pub mail: MailWritten,
    pub sms: Sms,
    pub payee: Payee,
    pub grace: Grace,
    pub serve: Serve,
    pub backup: Backup,
    pub guard: Guard,
    pub limits: Limits,
    pub privacy: Privacy,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreWritten {
    #[serde(deserialize_with = "store_url")]
    pub url: String,
    #[serde(deserialize_with = "value::path")]
    pub key_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FilesWritten {
    pub inbox: Place,
    pub outbox: Place,
    pub archive: Place,
}

impl Default for FilesWritten {
    fn default() -> FilesWritten {
        let folder = |name: &str| Place::Folder(name.into());
        FilesWritten {
            inbox: folder("inbox"),
            outbox: folder("outbox"),
            archive: folder("archive"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirmWritten {
    pub code: FirmCode,
    #[serde(deserialize_with = "value::filled")]
    pub name: String,
    #[serde(default, deserialize_with = "value::parsed_or_none")]
    pub tax_id: Option<TaxId>,
    pub admin: AdminWritten,
    #[serde(default)]
    pub staff: Vec<StaffWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminWritten {
    #[serde(deserialize_with = "value::filled")]
    pub name: String,
    pub email: Email,
    #[serde(default, deserialize_with = "value::parsed_or_none")]
    pub phone: Option<Phone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffWritten {
    #[serde(deserialize_with = "value::filled")]
    pub name: String,
    pub email: Email,
    pub role: StaffRole,
    #[serde(default)]
    pub aliases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PlatformWritten {
    pub kind: PlatformKind,
    #[serde(deserialize_with = "base_url")]
    pub base_url: Option<String>,
    pub token: Secret,
    #[serde(deserialize_with = "value::path_or_none")]
    pub token_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::path_or_none")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::within::<_, 1, 1_000>")]
    pub concurrency: u32,
    #[serde(deserialize_with = "value::duration")]
    pub timeout: Duration,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MailWritten {
    pub transport: MailTransport,
    #[serde(deserialize_with = "value::parsed")]
    pub from: Sender,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub username: String,
    pub password: Secret,
    #[serde(deserialize_with = "value::path_or_none")]
    pub password_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::path_or_none")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::parsed_or_none")]
    pub reply_to: Option<Email>,
    pub per_day: u32,
    #[serde(deserialize_with = "value::within::<_, 1, 1_000_000>")]
    pub per_minute: u32,
    #[serde(deserialize_with = "value::within::<_, 1, 100>")]
    pub connections: u32,
    #[serde(deserialize_with = "value::parsed_or_none")]
    pub quiet_hours: Option<QuietHours>,
    #[serde(deserialize_with = "value::domains")]
    pub allow_domains: Vec<String>,
    pub hold: bool,
}

impl Default for Written {
    fn default() -> Written {
        Written {
            locale: Locale::Vi,
            timezone: Tz::Asia__Ho_Chi_Minh,
            store: StoreWritten::default(),
            files: FilesWritten::default(),
            firm: Vec::new(),
            operator: Operator::default(),
            order: Order::default(),
            platform: PlatformWritten::default(),
            mail: MailWritten::default(),
            sms: Sms::default(),
            payee: Payee::default(),
            grace: Grace::default(),
            serve: Serve::default(),
            backup: Backup::default(),
            guard: Guard::default(),
            limits: Limits::default(),
            privacy: Privacy::default(),
        }
    }
}

impl Default for StoreWritten {
    fn default() -> StoreWritten {
        StoreWritten { url: "sqlite:hangloat.db".into(), key_file: "hangloat.key".into() }
    }
}

impl Default for PlatformWritten {
    fn default() -> PlatformWritten {
        PlatformWritten {
            kind: PlatformKind::Embedded,
            base_url: None,
            token: Secret::new(""),
            token_file: None,
            ca_file: None,
            concurrency: 8,
            timeout: Duration::from_secs(20),
        }
    }
}

impl Default for MailWritten {
    fn default() -> MailWritten {
        #[expect(clippy::expect_used, reason = "a literal that a test reads")]
        let from = "hangloat <no-reply@hangloat.example>".parse().expect("this is a sender");
        MailWritten {
            transport: MailTransport::File,
            from,
            host: String::new(),
            port: 587,
            tls: Tls::Starttls,
            username: String::new(),
            password: Secret::new(""),
            password_file: None,
            ca_file: None,
            reply_to: None,
            per_day: 0,
            per_minute: 60,
            connections: 4,
            quiet_hours: None,
            allow_domains: Vec::new(),
            hold: false,
        }
    }
}

fn time_zone<'de, D: Deserializer<'de>>(source: D) -> Result<Tz, D::Error> {
    let text = String::deserialize(source)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!("`{text}` is no time zone; one looks like Asia/Ho_Chi_Minh"))
    })
}

/// The text of an address of a database may hold a password: errors do not repeat it.
fn store_url<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = value::filled(source)?;
    let known = ["sqlite:", "postgres://", "postgresql://"];
    match known.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) if !rest.trim_start_matches('/').is_empty() => Ok(text),
        _ => Err(D::Error::custom("a store is sqlite:FILE or postgres://USER@HOST/DATABASE")),
    }
}

fn base_url<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    match value::parsed_or_none::<D, WebAddress>(source)? {
        Some(address) if !address.0.ends_with("/v1") => {
            Err(D::Error::custom("the platform's address ends in /v1"))
        }
        address => Ok(address.map(|address| address.0)),
    }
}
