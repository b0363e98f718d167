//! Wakes the look into the inbox early, where the file system tells of changes. Shares do not: the polling in
//! `serve` is the base, and goes on without this.

use std::path::Path;

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use tokio::sync::mpsc;

/// Wakes as long as it is kept; `None` where nothing can be watched.
pub fn watch(inbox: &Path) -> (Option<RecommendedWatcher>, mpsc::Receiver<()>) {
    let (send, receive) = mpsc::channel(1);
    let tell = move |event: notify::Result<Event>| {
        // A full channel means that the look is coming.
        if event.is_ok_and(|event| is_arrival(event.kind)) {
            let _ = send.try_send(());
        }
    };
    let made = notify::recommended_watcher(tell).and_then(|mut watcher| {
        watcher.watch(inbox, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    let watcher = made.inspect_err(|error| {
        tracing::info!("The inbox cannot be watched, so it is only looked at regularly: {error}");
    });
    (watcher.ok(), receive)
}

/// A file was written and closed, or renamed into its place. Looking and taking tell nothing of the kind.
fn is_arrival(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
    )
}
