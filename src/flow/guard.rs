//! The guard: a database that was restored or copied sends nothing until a person says so. It is known by its identity,
//! by where it lies, and by how far the workspace has seen it come. That nobody served for long is noticed by `runner`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::{Services, answer::outbox, key::Key};
use crate::{
    config::Store,
    db::{
        Db,
        batches::{self, Filter},
        copied,
        guard::{self, Hold, HoldReason},
        instance,
        notifications::{self, NewNotification, NotificationKind},
    },
    domain::batch::{BatchId, BatchKind, BatchState},
};

/// What the workspace knows of its database, in its folder.
const FILE: &str = ".instance";
/// Stands for the firm where the bell rings for the operator.
pub const OPERATOR: &str = "_operator";

/// What is said of a mail that the original may have sent: people decide whether it goes out.
pub const MAYBE_SENT: &str = "it may have been sent before the data were restored";

/// What a workspace remembers of its database between two starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    instance: String,
    mark: i64,
    /// A backup is being read in; what lies in the database is not whole.
    #[serde(default)]
    restoring: bool,
}

impl Known {
    /// Nothing where the file is missing or cannot be read.
    pub fn read(home: &Path) -> Option<Known> {
        serde_json::from_str(&fs_err::read_to_string(home.join(FILE)).ok()?).ok()
    }

    pub fn is_restoring(&self) -> bool {
        self.restoring
    }

    /// From here on whoever opens the workspace holds everything, until the database is whole.
    pub fn begin_restoring(home: &Path) -> anyhow::Result<()> {
        Known { restoring: true, ..Known::default() }.write(home)
    }

    fn write(&self, home: &Path) -> anyhow::Result<()> {
        super::files::write_whole(&home.join(FILE), serde_json::to_string(self)?.as_bytes())
    }
}

/// Where a database lies, so that a copy is known as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// A file that is moved keeps its number on the disk; on some shares numbers change, and the path stays.
    File {
        host: String,
        path: PathBuf,
        number: u64,
    },
    Server(String),
}

impl Place {
    async fn of(db: &Db, store: &Store, host: &str) -> anyhow::Result<Option<Place>> {
        use std::os::unix::fs::MetadataExt;
        if let Some(numbers) = guard::numbers(db).await? {
            return Ok(Some(Place::Server(numbers)));
        }
        let Some(file) = &store.sqlite_file else { return Ok(None) };
        let path = fs_err::canonicalize(file)?;
        let number = fs_err::metadata(&path)?.ino();
        Ok(Some(Place::File { host: host.to_owned(), path, number }))
    }

    fn is_elsewhere(&self, before: &Place) -> bool {
        match (self, before) {
            (
                Place::File { host, path, number },
                Place::File { host: host_before, path: path_before, number: number_before },
            ) => number != number_before && (host, path) != (host_before, path_before),
            _ => self != before,
        }
    }
}

/// Says which database this is. One that is not what the workspace knows gets an identity of its own, and holds.
pub async fn identify(
    home: &Path,
    (db, store): (&Db, &Store),
    host: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    // Before the database is looked at, which may only be further by then.
    let known = Known::read(home);
    let fresh = uuid::Uuid::new_v4().to_string();
    let id = instance::id(db, &fresh, now).await?;
    let guard = guard::state(db).await?;
    let here = Place::of(db, store, host).await?;
    let before = guard.place.as_deref().and_then(|place| serde_json::from_str::<Place>(place).ok());
    let moved =
        here.as_ref().zip(before.as_ref()).is_some_and(|(here, before)| here.is_elsewhere(before));
    let why = match &known {
        Some(known) if known.restoring => Some(HoldReason::Restored),
        _ if moved => Some(HoldReason::Copied),
        // A person said yes to this one, perhaps from another machine; or it is held already.
        Some(known) if known.instance != id => {
            let is_settled =
                guard.confirmed.as_deref() == Some(id.as_str()) || guard.hold().is_some();
            (!is_settled).then_some(HoldReason::Other)
        }
        Some(known) if guard.mark < known.mark => Some(HoldReason::Older),
        _ => None,
    };
    let is_restoring = known.as_ref().is_some_and(|known| known.restoring);
    let place = here.as_ref().map(serde_json::to_string).transpose()?;
    let id = match why {
        Some(why) => found(db, (&id, &fresh), (why, place.as_deref()), now).await?,
        None if guard.place != place => {
            let mut tx = db.begin().await?;
            guard::lies_at(&mut tx, place.as_deref().unwrap_or_default()).await?;
            tx.commit().await?;
            id
        }
        None => id,
    };
    let now_known = Known { instance: id.clone(), mark: guard.mark, restoring: is_restoring };
    if known.as_ref() != Some(&now_known) && !is_restoring {
        // A workspace that cannot be written to says so itself where it matters.
        if let Err(error) = now_known.write(home) {
            tracing::debug!("The identity of the database is not remembered: {error:#}");
        }
    }
    Ok(id)
}

/// Holds everything. A copy is another database from here on.
async fn found(
    db: &Db,
    (id, fresh): (&str, &str),
    (why, place): (HoldReason, Option<&str>),
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let mut tx = db.begin().await?;
    guard::locked(&mut tx).await?;
    let is_copy = !matches!(why, HoldReason::Other);
    if is_copy && !copied::rename(&mut tx, id, fresh).await? {
        // Another process saw the same, and was faster.
        drop(tx);
        return Ok(instance::id(db, fresh, now).await?);
    }
    if doubts(why) {
        copied::doubt(&mut tx, MAYBE_SENT).await?;
        copied::doubt_until(&mut tx, now).await?;
    }
    if is_copy {
        copied::go_on_further(&mut tx).await?;
    }
    if let Some(place) = place {
        guard::lies_at(&mut tx, place).await?;
    }
    guard::hold(&mut tx, Hold { why, since: now, before: None, taken: None }).await?;
    tx.commit().await?;
    tracing::error!(%why, "This is another database than before: nothing is sent until `hangloat resume --confirm`");
    Ok(if is_copy { fresh.to_owned() } else { id.to_owned() })
}

/// A restored database is whole: it is known by a fresh identity, holds everything, and doubts what was not sent when
/// its backup was taken.
pub async fn restored(
    home: &Path,
    (db, store): (&Db, &Store),
    host: &str,
    (taken_at, now): (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    copied::taken_at(&mut tx, taken_at).await?;
    tx.commit().await?;
    identify(home, (db, store), host, now).await?;
    let (id, mark) = (instance::id(db, "", now).await?, guard::state(db).await?.mark);
    Known { instance: id, mark, restoring: false }.write(home)
}

/// A run begins: the workspace has seen the database come so far. An older copy that is put back is known by that.
pub async fn has_come_further(services: &Services) -> anyhow::Result<()> {
    let (mark, key_print) = guard::mark(&services.db).await?;
    let known = Known { instance: services.instance.clone(), mark, restoring: false };
    if let Err(error) = known.write(&services.home) {
        tracing::debug!("How far the database came is not remembered: {error:#}");
    }
    if key_print.as_deref() != Some(print_of(&services.key).as_str()) {
        Box::pin(show_again(services)).await?;
    }
    Ok(())
}

/// What is held until a person lifts it.
pub async fn hold(services: &Services) -> anyhow::Result<Option<Hold>> {
    Ok(guard::state(&services.db).await?.hold())
}

/// Whether what was done since is not known here.
fn doubts(why: HoldReason) -> bool {
    matches!(why, HoldReason::Older | HoldReason::Restored)
}

/// Lets go what is held, by a person's word; false where nothing was. Until then the original may have gone on.
pub async fn lift(services: &Services) -> anyhow::Result<bool> {
    let mut tx = services.db.begin().await?;
    let hold = guard::locked(&mut tx).await?.hold();
    if hold.is_some_and(|hold| doubts(hold.why)) {
        copied::doubt_until(&mut tx, services.now()).await?;
    }
    let lifted = guard::confirm(&mut tx).await?;
    tx.commit().await?;
    Ok(lifted)
}

/// Why everything, or what is old, is held; with what it takes to lift it.
pub fn in_words(services: &Services, hold: &Hold) -> String {
    let local = |at| services.local(at).format("%d/%m/%Y %H:%M").to_string();
    let values = context! {
        since => local(hold.since), before => hold.before.map(local), taken => hold.taken.map(local),
    };
    services.texts.say(&format!("message.held.{}", hold.why), values)
}

/// The bell, for the operator, where something is held that was not before.
pub async fn ring(
    db: &Db,
    kind: NotificationKind,
    text: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    let new = NewNotification { firm: OPERATOR, kind, text, order: None };
    notifications::insert(&mut tx, new, now).await?;
    Ok(tx.commit().await?)
}

/// By what a key is told from others.
pub fn print_of(key: &Key) -> String {
    key.sign("print", "key")[..16].to_owned()
}

/// Workbooks that were signed by another key are not taken any more: those that wait for an answer are written anew.
/// Which these are; none where that was done before.
pub async fn show_again(services: &Services) -> anyhow::Result<Vec<BatchId>> {
    let mut tx = services.db.begin().await?;
    let is_new = guard::signs_by(&mut tx, &print_of(&services.key)).await?;
    let mut shown = Vec::new();
    if is_new {
        // The list is read beside the transaction, which SQLite allows.
        for batch in batches::list(&services.db, &Filter::default()).await? {
            if batch.kind == BatchKind::Clients && batch.written > 0 && is_open(batch.state) {
                batches::ask_for_workbook(&mut tx, batch.id()).await?;
                shown.push(batch.id());
            }
        }
    }
    tx.commit().await?;
    if !shown.is_empty() {
        let n = shown.len();
        tracing::warn!(shown = n, "The key is a new one: {n} workbooks are written anew");
    }
    for id in &shown {
        outbox::write_workbook(services, *id).await?;
    }
    Ok(shown)
}

fn is_open(state: BatchState) -> bool {
    matches!(
        state,
        BatchState::Rejected
            | BatchState::Held
            | BatchState::AwaitingConfirmation
            | BatchState::Ordered
    )
}
