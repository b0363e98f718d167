//! Buckets in place of the inbox, the outbox and the archive (`s3://…`): what lies in one is fetched into the folder of
//! that name in the workspace and worked on there; what was written there is handed over, and leaves the folder.
//! Whose files they are, and what is in them, is the business of those who work in the folders.

mod arrivals;

mod answers;

use std::{io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use futures::StreamExt as _;
use object_store::{
    ClientConfigKey, Error, GetOptions, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    buffered::BufWriter,
    path::Path as Key,
};
use tokio::io::AsyncWriteExt as _;

pub use self::{
    answers::{forget, forget_all, hand_over, shown},
    arrivals::fetch,
};
use super::{
    Clock, Services, guard,
    holder::{Holder, LeaseLost},
};
use crate::{
    config::BucketAddress,
    db::leases::{self, Claim},
};

/// A server that does not answer is asked again later, and keeps nothing else waiting.
const CONNECT: &str = "5 seconds";
const ANSWER: &str = "30 seconds";
const ASK_AGAIN: Duration = Duration::from_secs(15);
const TIMES: usize = 3;
/// How often a turn is prolonged.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A bucket that does not answer, or not to us.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be used: {reason}")]
pub struct Unreachable {
    pub place: String,
    pub reason: String,
}

/// What lies in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// From what stands before all names; parts between slashes.
    pub name: String,
    /// Bytes.
    pub size: u64,
    version: Option<String>,
}

/// What lies below an address.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    address: BucketAddress,
}

impl Bucket {
    pub fn open(address: &BucketAddress) -> anyhow::Result<Bucket> {
        let retry =
            RetryConfig { max_retries: TIMES, retry_timeout: ASK_AGAIN, ..RetryConfig::default() };
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(&address.name)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout), CONNECT)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), ANSWER)
            .with_retry(retry)
            .build()
            .map_err(|error| unreachable(address, &error))?;
        Ok(Bucket { store: Arc::new(store), address: address.clone() })
    }

    fn key(&self, name: &str) -> anyhow::Result<Key> {
        let prefix = &self.address.prefix;
        let whole = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        Key::parse(&whole).with_context(|| format!("`{whole}` is no name in a bucket"))
    }

    fn told<T>(&self, answer: Result<T, Error>) -> anyhow::Result<T> {
        Ok(answer.map_err(|error| unreachable(&self.address, &error))?)
    }

    /// In the order of their names.
    pub async fn list(&self) -> anyhow::Result<Vec<Object>> {
        let prefix = &self.address.prefix;
        let below = (!prefix.is_empty()).then(|| Key::parse(prefix)).transpose()?;
        let start = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut listed = self.store.list(below.as_ref());
        let mut objects = Vec::new();
        while let Some(next) = listed.next().await {
            let meta = match next {
                // One that no folder could hold keeps no other from being seen.
                Err(Error::InvalidPath { source }) => {
                    tracing::warn!("Something in {} is left alone: {source}", self.address);
                    continue;
                }
                next => self.told(next)?,
            };
            if let Some(name) = meta.location.as_ref().strip_prefix(&start) {
                let name = name.to_owned();
                objects.push(Object { name, size: meta.size, version: meta.e_tag });
            }
        }
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    /// The names in one folder of it, without that of the folder.
    pub async fn names_in(&self, folder: &str) -> anyhow::Result<Vec<String>> {
        let below = if folder.is_empty() {
            self.address.prefix.clone()
        } else {
            self.key(folder)?.to_string()
        };
        let below = (!below.is_empty()).then(|| Key::parse(&below)).transpose()?;
        let listed = self.told(self.store.list_with_delimiter(below.as_ref()).await)?;
        let name = |key: &Key| key.filename().map(str::to_owned);
        Ok(listed.objects.iter().filter_map(|meta| name(&meta.location)).collect())
    }

    /// False where it is another by now, or gone.
    pub async fn read(&self, object: &Object, into: &mut impl Write) -> anyhow::Result<bool> {
        let options = GetOptions { if_match: object.version.clone(), ..GetOptions::default() };
        let found = match self.store.get_opts(&self.key(&object.name)?, options).await {
            Err(Error::NotFound { .. } | Error::Precondition { .. }) => return Ok(false),
            found => self.told(found)?,
        };
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.next().await {
            into.write_all(&self.told(piece)?)?;
        }
        Ok(true)
    }

    /// Whole or not at all; what has the name is replaced.
    pub async fn write(&self, name: &str, from: &Path) -> anyhow::Result<()> {
        let store = Arc::clone(&self.store);
        let mut writer = BufWriter::new(store, self.key(name)?);
        let mut file = tokio::fs::File::open(from).await?;
        let copied = async {
            tokio::io::copy(&mut file, &mut writer).await?;
            writer.shutdown().await
        };
        let told = |error: std::io::Error| Unreachable {
            place: self.address.to_string(),
            reason: in_short(&error.to_string()),
        };
        Ok(copied.await.map_err(told)?)
    }

    pub async fn has(&self, name: &str) -> anyhow::Result<bool> {
        match self.store.head(&self.key(name)?).await {
            Err(Error::NotFound { .. }) => Ok(false),
            found => self.told(found).map(|_| true),
        }
    }

    /// Whether it is what was listed.
    pub async fn is_same(&self, object: &Object) -> anyhow::Result<bool> {
        match self.store.head(&self.key(&object.name)?).await {
            Err(Error::NotFound { .. }) => Ok(false),
            found => self.told(found).map(|found| found.e_tag == object.version),
        }
    }

    /// Nothing where it is gone.
    pub async fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self.store.delete(&self.key(name)?).await {
            Err(Error::NotFound { .. }) => Ok(()),
            gone => self.told(gone),
        }
    }

    pub async fn rename(&self, name: &str, to: &str) -> anyhow::Result<()> {
        let copied = self.store.copy(&self.key(name)?, &self.key(to)?).await;
        self.told(copied)?;
        self.remove(name).await
    }
}

fn unreachable(address: &BucketAddress, error: &Error) -> Unreachable {
    Unreachable { place: address.to_string(), reason: in_short(&error.to_string()) }
}

/// A server's answer is a document; its code says enough.
fn in_short(said: &str) -> String {
    let code = said.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let line = said.split(['<', '\n']).next().unwrap_or(said).trim_end_matches([' ', ':']);
    code.map_or(line, |(code, _)| code).to_owned()
}

/// Both ways, once. What a copy of a workspace does stays in its folders until a person says so.
pub async fn exchange(services: &Services) -> anyhow::Result<()> {
    if guard::hold(services).await?.is_none() {
        let fetched = fetch(services).await;
        hand_over(services).await?;
        fetched?;
    }
    Ok(())
}

/// Does what one machine at a time does; nothing where another process is at it. One of this machine that died is not
/// waited for.
async fn in_turn<T>(
    services: &Services,
    name: &str,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    for held in leases::held(&services.db).await? {
        if held.name == name && Holder::is_dead(&held.holder) {
            leases::release(&services.db, name, held.claim()).await?;
        }
    }
    let (lease, now) = (services.lease(), Clock::System.now());
    let Some(epoch) = leases::take(&services.db, name, lease, now).await? else { return Ok(None) };
    let claim = Claim { holder: services.holder.as_str(), epoch };
    let done = while_held(services, (name, claim), work).await;
    leases::release(&services.db, name, claim).await?;
    done.map(Some)
}

/// Ends the work where the turn was lost: many files over a slow line take longer than a lease.
async fn while_held<T>(
    services: &Services,
    (name, claim): (&str, Claim<'_>),
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut work = std::pin::pin!(work);
    let mut beat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = beat.tick() => {
                if !leases::renew(&services.db, name, claim, services.lease().until).await? {
                    return Err(LeaseLost.into());
                }
            }
        }
    }
}

/// Whether a bucket lets us list, write and remove.
pub async fn usable(address: &BucketAddress) -> anyhow::Result<()> {
    let bucket = Bucket::open(address)?;
    bucket.list().await?;
    let name = format!(".{}.tmp", uuid::Uuid::new_v4().simple());
    let key = bucket.key(&name)?;
    let put = bucket.store.put(&key, "x".into()).await;
    bucket.told(put)?;
    bucket.remove(&name).await
}

/// A file below a folder, by its name in the bucket.
fn name_below(folder: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(folder).ok()?.iter();
    Some(parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// Hidden files are not whole, or not ours.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part.starts_with("~$"))
}

/// The folders whose files leave for a bucket.
fn leaving(services: &Services) -> impl Iterator<Item = (&Path, &BucketAddress)> {
    let files = &services.settings.files;
    [(&files.outbox, &files.buckets.outbox), (&files.archive, &files.buckets.archive)]
        .into_iter()
        .filter_map(|(folder, bucket)| Some((folder.as_path(), bucket.as_ref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_servers_document_its_code_is_told() {
        let said = "Generic S3 error: Client error with status 403 Forbidden: <?xml version=\"1.0\"?>\n<Error>\
                    <Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        assert_eq!(in_short(said), "AccessDenied");
        assert_eq!(
            in_short("Generic S3 error: refused\n\nCaused by: x"),
            "Generic S3 error: refused"
        );
    }
}
