//! From [`Written`] to [`Settings`]: paths from the workspace, secrets from their files, and what two
//! keys may not say together. Single keys were checked when they were read.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Component, Path, PathBuf},
};

use super::{
    Backup, BucketAddress, Buckets, Files, Mail, MailTransport, Place, Platform, PlatformKind,
    Secret, Settings, Store, Tls,
    environment::Environment,
    file::{ConfigError, Source},
    written::{FilesWritten, FirmWritten, MailWritten, PlatformWritten, StoreWritten, Written},
};
use crate::domain::{
    firm::{Admin, Firm, Staff},
    fold::fold,
};

/// What the program keeps for itself in the workspace.
const OWN_FOLDERS: [&str; 3] = ["work", "jobs", "mail"];

/// Where the settings come from: what errors name, and where paths begin.
pub(super) struct Context<'a> {
    pub home: &'a Path,
    pub source: &'a Source,
    pub environment: &'a Environment,
}

impl Written {
    pub(super) fn resolve(self, context: &Context<'_>) -> Result<Settings, ConfigError> {
        let Written {
            locale,
            timezone,
            store,
            files,
            firm,
            operator,
            order,
            platform,
            mail,
            sms,
            payee,
            grace,
            serve,
            backup,
            guard,
            limits,
            privacy,
        } = self;
        let home = context.home;
        let files = files.resolve(home);
        let backup = Backup { to: backup.to.map(|to| from_home(to, home)) };
        check_apart(&files, &backup, context)?;
        Ok(Settings {
            home: home.to_owned(),
            locale,
            timezone,
            store: store.resolve(home),
            files,
            firms: firms(firm, context)?,
            operator,
            order,
            platform: platform.resolve(context)?,
            mail: mail.resolve(context)?,
            sms,
            payee,
            grace,
            serve,
            backup,
            guard,
            limits,
            privacy,
        })
    }
}

fn from_home(place: Place, home: &Path) -> Place {
    match place {
        Place::Folder(folder) => Place::Folder(home.join(folder)),
        bucket @ Place::Bucket(_) => bucket,
    }
}

impl FilesWritten {
    /// What is on its way into or out of a bucket lies in the workspace.
    fn resolve(self, home: &Path) -> Files {
        let place = |place, usual| match place {
            Place::Folder(folder) => (home.join(folder), None),
            Place::Bucket(bucket) => (home.join(usual), Some(bucket)),
        };
        let (inbox, from) = place(self.inbox, "inbox");
        let (outbox, to) = place(self.outbox, "outbox");
        let (archive, kept) = place(self.archive, "archive");
        let buckets = Buckets { inbox: from, outbox: to, archive: kept };
        Files { inbox, outbox, archive, buckets }
    }
}

/// What lies in one place must not be taken for what belongs to another: an answer would come in as a list.
fn check_apart(files: &Files, backup: &Backup, context: &Context<'_>) -> Result<(), ConfigError> {
    let ours = |key, folder: &Path, bucket: Option<&BucketAddress>| {
        let bucket = bucket.map(|bucket| PathBuf::from(bucket.to_string()));
        (["files", key], bucket.unwrap_or_else(|| plain(folder)))
    };
    let buckets = &files.buckets;
    let own = OWN_FOLDERS.map(|own| (own, plain(&context.home.join(own))));
    let places = [
        ours("inbox", &files.inbox, buckets.inbox.as_ref()),
        ours("outbox", &files.outbox, buckets.outbox.as_ref()),
        ours("archive", &files.archive, buckets.archive.as_ref()),
    ];
    for (at, (path, place)) in places.iter().enumerate() {
        let before = places.iter().take(at).map(|(path, place)| (path[1], place));
        for (other, it) in own.iter().map(|(name, place)| (*name, place)).chain(before) {
            if place.starts_with(it) || it.starts_with(place) {
                return Err(overlap(path, other, context));
            }
        }
    }
    let to = match &backup.to {
        Some(Place::Folder(folder)) => plain(folder),
        Some(Place::Bucket(bucket)) => PathBuf::from(bucket.to_string()),
        None => return Ok(()),
    };
    // A disk for backups may also have a folder for lists on it.
    let all = places.iter().map(|(path, place)| (path[1], place));
    let mut all = all.chain(own.iter().map(|(name, place)| (*name, place)));
    match all.find(|(_, place)| to.starts_with(place)) {
        Some((other, _)) => Err(overlap(&["backup", "to"], other, context)),
        None => Ok(()),
    }
}

fn overlap(path: &[&str; 2], other: &str, context: &Context<'_>) -> ConfigError {
    let message =
        format!("`{}` and `{other}` lie in each other, so their files would be mixed", path[1]);
    context.error(path, message).with_fix("give each of them a folder of its own")
}

/// Without `.` and `..`, as they are written; links are not followed.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

impl StoreWritten {
    fn resolve(self, home: &Path) -> Store {
        let StoreWritten { url, key_file } = self;
        let key_file = home.join(key_file);
        let Some(named) = url.strip_prefix("sqlite:").filter(|rest| !rest.contains(":memory:"))
        else {
            return Store { url, key_file, sqlite_file: None };
        };
        let named = named.strip_prefix("//").unwrap_or(named);
        let (file, options) = match named.split_once('?') {
            Some((file, options)) => (file, format!("?{options}")),
            None => (named, String::new()),
        };
        let file = home.join(file);
        // The database reads its address percent-decoded.
        let path = file.to_string_lossy().replace('%', "%25").replace('?', "%3F");
        Store { url: format!("sqlite:{path}{options}"), key_file, sqlite_file: Some(file) }
    }
}

impl PlatformWritten {
    fn resolve(self, context: &Context<'_>) -> Result<Platform, ConfigError> {
        let PlatformWritten { kind, base_url, token, token_file, ca_file, concurrency, timeout } =
            self;
        if kind == PlatformKind::Http && base_url.is_none() {
            let error = context.error(&["platform", "kind"], "kind \"http\" needs a base_url");
            return Err(error.with_fix("set base_url, e.g. \"https://platform.example/v1\""));
        }
        let token = context.secret(["platform", "token", "token_file"], token, token_file)?;
        let ca_file = ca_file.map(|file| context.home.join(file));
        Ok(Platform { kind, base_url, token, ca_file, concurrency, timeout })
    }
}

impl MailWritten {
    fn resolve(self, context: &Context<'_>) -> Result<Mail, ConfigError> {
        let MailWritten {
            transport,
            from,
            host,
            port,
            tls,
            username,
            password,
            password_file,
            ca_file,
            reply_to,
            per_day,
            per_minute,
            connections,
            quiet_hours,
            allow_domains,
            hold,
        } = self;
        check_host(transport, &host, tls, context)?;
        let keys = ["mail", "password", "password_file"];
        let password = context.secret(keys, password, password_file)?;
        if transport == MailTransport::Smtp {
            check_log_in(&username, password.is_some(), context)?;
        }
        Ok(Mail {
            transport,
            from,
            host,
            port,
            tls,
            username: (!username.is_empty()).then_some(username),
            password,
            ca_file: ca_file.map(|file| context.home.join(file)),
            reply_to,
            per_day: (per_day > 0).then_some(per_day),
            per_minute,
            connections,
            quiet_hours,
            allow_domains,
            hold,
        })
    }
}

/// A log-in mail in the clear, over a network, would give its link away.
fn check_host(
    transport: MailTransport,
    host: &str,
    tls: Tls,
    context: &Context<'_>,
) -> Result<(), ConfigError> {
    if transport != MailTransport::Smtp {
        return Ok(());
    }
    if host.is_empty() {
        let error = context.error(&["mail", "transport"], "transport \"smtp\" needs a host");
        return Err(error.with_fix("set host to the mail server's name"));
    }
    if tls == Tls::None && !is_loopback(host) {
        let message = format!("tls \"none\" is for this machine alone, not for `{host}`");
        let error = context.error(&["mail", "tls"], message);
        return Err(error.with_fix("set tls to \"starttls\" or \"implicit\""));
    }
    Ok(())
}

/// One without the other is a slip, and would be told by the server alone.
fn check_log_in(
    username: &str,
    has_password: bool,
    context: &Context<'_>,
) -> Result<(), ConfigError> {
    let wrong =
        |key: &str, what: &str, fix: &str| Err(context.error(&["mail", key], what).with_fix(fix));
    match (username.is_empty(), has_password) {
        (false, false) => wrong(
            "username",
            "a username needs a password",
            "set password_file to a file that holds it",
        ),
        (true, true) => wrong(
            "password",
            "a password needs a username",
            "set username, or leave the password empty",
        ),
        _ => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Folders are named by the codes, and some file systems do not tell cases apart.
fn firms(written: Vec<FirmWritten>, context: &Context<'_>) -> Result<Vec<Firm>, ConfigError> {
    let mut codes = BTreeSet::new();
    let mut firms = Vec::with_capacity(written.len());
    for (number, firm) in written.into_iter().enumerate() {
        let FirmWritten { code, name, tax_id, admin, staff } = firm;
        if !codes.insert(code.as_str().to_lowercase()) {
            let message = format!("a firm `{code}` stands above already");
            let error = context.error(&["firm", &number.to_string(), "code"], message);
            return Err(error.with_fix("give each firm a code of its own"));
        }
        let staff = staff.into_iter().map(|member| Staff {
            name: member.name,
            email: member.email,
            role: member.role,
            aliases: member.aliases,
        });
        let admin = Admin { name: admin.name, email: admin.email, phone: admin.phone };
        let firm = Firm { code, name, tax_id, admin, staff: staff.collect() };
        if let Some((member, alias)) = taken(&firm) {
            let message = format!("the alias `{alias}` is empty, or names two people of the firm");
            let (number, member) = (number.to_string(), member.to_string());
            let error = context.error(&["firm", &number, "staff", &member, "aliases"], message);
            return Err(error.with_fix("give each member aliases that name nobody else"));
        }
        firms.push(firm);
    }
    Ok(firms)
}

/// The first alias that names nobody, or somebody else too, with the number of its member.
fn taken(firm: &Firm) -> Option<(usize, &str)> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    known.insert(fold(&firm.admin.name));
    known.extend(firm.staff.iter().map(|member| fold(&member.name)));
    known.extend(firm.members().map(|email| fold(email.as_str())));
    let aliases = firm.staff.iter().enumerate();
    let mut aliases = aliases
        .flat_map(|(at, member)| member.aliases.iter().map(move |alias| (at, alias.as_str())));
    aliases.find(|(_, alias)| fold(alias).is_empty() || !known.insert(fold(alias)))
}

impl Context<'_> {
    /// An error at the variable that sets the key, else at the key in the file.
    fn error(&self, path: &[&str], message: impl Into<String>) -> ConfigError {
        let variable = self.environment.variable_of(path);
        ConfigError::new(variable.unwrap_or_else(|| self.source.place(path)), message)
    }

    /// The secret itself, or what its file holds without the end of its line.
    fn secret(
        &self,
        [section, key, file_key]: [&str; 3],
        secret: Secret,
        file: Option<PathBuf>,
    ) -> Result<Option<Secret>, ConfigError> {
        let given = !secret.expose().is_empty();
        let Some(file) = file else { return Ok(given.then_some(secret)) };
        let path = [section, file_key];
        if given {
            let message = format!("both `{key}` and `{file_key}` are given");
            return Err(self.error(&path, message).with_fix("leave one of them empty"));
        }
        let read = fs_err::read_to_string(self.home.join(file))
            .map_err(|error| self.error(&path, error.to_string()))?;
        match read.trim_end_matches(['\r', '\n']) {
            "" => Err(self.error(&path, "the file of the secret is empty")),
            secret => Ok(Some(Secret::new(secret))),
        }
    }
}
