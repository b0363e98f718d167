//! `hangloat.toml` and the environment → checked settings. Nothing else reads the environment,
//! and nobody behind this door sees what was written; catalogue and jobs read their own files.

mod environment;

pub mod file;

mod place;

mod resolve;

mod sections;

pub mod value;

mod written;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use chrono_tz::Tz;

pub use self::{
    environment::Environment,
    file::ConfigError,
    place::{BucketAddress, Place},
    sections::{Backup, Grace, Guard, Limits, Operator, Order, Payee, Privacy, Serve, Sms},
    value::{QuietHours, Secret, Sender},
};
use self::{file::Source, resolve::Context, written::Written};
use crate::domain::{email::Email, firm::Firm, locale::Locale, words::words};

/// The configuration's name in a workspace, by which a workspace is known.
pub const FILE_NAME: &str = "hangloat.toml";

/// The `hangloat.toml` that `init` writes: every key with its default behind a `#`, and a firm.
pub const SAMPLE: &str = include_str!("sample.toml");

/// Every key with its default, which shows its type.
static DEFAULTS: LazyLock<toml::Table> = LazyLock::new(|| {
    let mut table: toml::Table = toml::from_str(&uncommented(SAMPLE)).unwrap_or_default();
    table.remove("firm");
    table
});

/// What a workspace is set to; every path is absolute.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The workspace's folder.
    pub home: PathBuf,
    pub locale: Locale,
    pub timezone: Tz,
    pub store: Store,
    pub files: Files,
    pub firms: Vec<Firm>,
    pub operator: Operator,
    pub order: Order,
    pub platform: Platform,
    pub mail: Mail,
    pub sms: Sms,
    pub payee: Payee,
    pub grace: Grace,
    pub serve: Serve,
    pub backup: Backup,
    pub guard: Guard,
    pub limits: Limits,
    pub privacy: Privacy,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Store {
    /// As the database takes it.
    pub url: String,
    /// Signs workbooks and links.
    pub key_file: PathBuf,
    /// The database's file, where there is one.
    pub sqlite_file: Option<PathBuf>,
}

/// The address may hold a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Store")
            .field("url", &format_args!("{scheme}:***"))
            .field("key_file", &self.key_file)
            .field("sqlite_file", &self.sqlite_file)
            .finish()
    }
}

/// Lists and answers are worked on in folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub inbox: PathBuf,
    pub outbox: PathBuf,
    pub archive: PathBuf,
    pub buckets: Buckets,
}

/// Where these folders are the way into and out of buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    pub inbox: Option<BucketAddress>,
    pub outbox: Option<BucketAddress>,
    pub archive: Option<BucketAddress>,
}

impl Buckets {
    /// Those that are there, with what they are for.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &BucketAddress)> {
        [("inbox", &self.inbox), ("outbox", &self.outbox), ("archive", &self.archive)]
            .into_iter()
            .filter_map(|(name, bucket)| Some((name, bucket.as_ref()?)))
    }
}

words! {
    /// Where licences are made.
    pub enum PlatformKind {
        /// In the workspace's own database, for trying out.
        Embedded = "embedded",
        Http = "http",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    pub kind: PlatformKind,
    /// Ends in `/v1`; there when the kind is `http`.
    pub base_url: Option<String>,
    pub token: Option<Secret>,
    pub ca_file: Option<PathBuf>,
    /// Calls at once.
    pub concurrency: u32,
    pub timeout: Duration,
}

words! {
    /// How mails leave.
    pub enum MailTransport {
        /// Into the workspace's folder `mail/`.
        File = "file",
        Smtp = "smtp",
    }
}

words! {
    /// How a connection to a mail server is protected.
    pub enum Tls {
        Starttls = "starttls",
        Implicit = "implicit",
        /// To this machine alone.
        None = "none",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub transport: MailTransport,
    pub from: Sender,
    /// Not empty when the transport is `smtp`.
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub ca_file: Option<PathBuf>,
    /// Else who registered the batch.
    pub reply_to: Option<Email>,
    pub per_day: Option<u32>,
    /// Not for transport `file`, nor are the quiet hours.
    pub per_minute: u32,
    /// To the mail server, at once and at most.
    pub connections: u32,
    pub quiet_hours: Option<QuietHours>,
    /// When not empty, only these get mail.
    pub allow_domains: Vec<String>,
    /// Nothing leaves.
    pub hold: bool,
}

/// Reads the configuration of the workspace `home`.
pub fn load(home: &Path, environment: &Environment) -> Result<Settings, ConfigError> {
    let home = std::path::absolute(home)
        .map_err(|error| ConfigError::new(home.display().to_string(), error.to_string()))?;
    let source = Source::read(&home.join(FILE_NAME))?;
    // First the file alone: what is wrong in it is told by line and column.
    source.parse::<Written>()?;
    let mut table: toml::Table = source.parse()?;
    environment.overlay::<Written>(&mut table, &DEFAULTS)?;
    let written: Written =
        table.try_into().map_err(|error| ConfigError::new(FILE_NAME, error.message()))?;
    written.resolve(&Context { home: &home, source: &source, environment })
}

/// Finds the workspace: what `--home` says, else `HANGLOAT_HOME`, else the nearest `hangloat.toml`
/// from `current` upward.
pub fn discover(
    home_flag: Option<&Path>,
    environment: &Environment,
    current: &Path,
) -> Result<PathBuf, ConfigError> {
    let variable = environment.get("HANGLOAT_HOME").filter(|home| !home.is_empty()).map(Path::new);
    let named = home_flag.map(|home| ("--home", home));
    let Some((place, home)) = named.or(variable.map(|home| ("HANGLOAT_HOME", home))) else {
        let found = current.ancestors().find(|folder| folder.join(FILE_NAME).is_file());
        return found.map(Path::to_owned).ok_or_else(|| {
            let message = format!("there is no {FILE_NAME} here, nor in a folder above");
            ConfigError::new(current.display().to_string(), message)
                .with_fix("run `hangloat init` here, or name the workspace with --home")
        });
    };
    let home = current.join(home);
    if home.join(FILE_NAME).is_file() {
        return Ok(home);
    }
    let folder = home.display();
    Err(ConfigError::new(place, format!("there is no {FILE_NAME} in {folder}"))
        .with_fix(format!("run `hangloat init {folder}`")))
}

/// The sample with every key in force: `# key = value` without its `#`.
fn uncommented(sample: &str) -> String {
    let is_key = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let uncomment = |line| match str::strip_prefix(line, "# ") {
        Some(rest) if is_key(rest) => rest,
        _ => line,
    };
    sample.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}
