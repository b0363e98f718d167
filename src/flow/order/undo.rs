//! Taking a list back: every order of it is cancelled as far as that is possible, and the batch is undone when nothing
//! of it stands. A statement of which nothing was recorded is put away.

use minijinja::context;

use super::{
    cancel::{self, Kept, Part},
    clients,
};
use crate::{
    db::{
        batches::{self, Batch},
        lines, orders,
    },
    domain::batch::{BatchKind, BatchState},
    flow::{Services, pay::untaken},
};

/// What became of a wish to undo a batch.
#[derive(Clone, Debug)]
pub enum Undone {
    /// It was undone before; nothing changed.
    Already,
    /// Cancelled lines, and what stays.
    Did { lines: usize, kept: Vec<Kept> },
    /// A statement that was not taken waits for nothing any more.
    PutAway,
    /// It is no list, or is still being taken.
    NotAllowed,
    /// Something was ordered of it again and again meanwhile; what was cancelled stays so.
    Overtaken,
}

/// How often it is tried again because something was ordered meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;

pub async fn undo(services: &Services, batch: &Batch) -> anyhow::Result<Undone> {
    use BatchState::{Checked, Duplicate, Received, Staged};
    if batch.state == BatchState::Undone {
        return Ok(Undone::Already);
    }
    if untaken::waits(batch) || untaken::is_refused(batch) {
        return put_away(services, batch).await;
    }
    let is_begun = matches!(batch.state, Received | Staged | Checked | Duplicate);
    if is_begun || batch.kind != BatchKind::Clients {
        return Ok(Undone::NotAllowed);
    }
    let values = context! { batch => batch.id().to_string() };
    let reason = services.texts.say("message.undone.reason", values);
    let mut lines = 0;
    for _ in 0..OVERTAKEN_AT_MOST {
        let mut kept = Vec::new();
        for order in orders::of_batch(&services.db, batch.id()).await? {
            let cancelled = cancel::cancel(services, &order.code, &Part::Whole, &reason).await?;
            lines += cancelled.lines;
            kept.extend(cancelled.kept);
        }
        services.crash_point("undoing");
        let undone = lines::of_batch(&services.db, batch.id()).await?;
        let mut tx = services.db.begin().await?;
        if batches::undo(&mut tx, batch.id()).await? {
            clients::forget(&mut tx, &undone, services.now()).await?;
            batches::ask_for_workbook(&mut tx, batch.id()).await?;
            tx.commit().await?;
            return Ok(Undone::Did { lines, kept });
        }
        drop(tx);
        if !kept.is_empty() {
            return Ok(Undone::Did { lines, kept });
        }
        // Nothing stays, and yet it does: somebody else undid it, or an answer ordered of it meanwhile.
        let now = batches::by_id(&services.db, batch.id()).await?;
        if now.is_some_and(|batch| batch.state == BatchState::Undone) {
            return Ok(Undone::Did { lines, kept });
        }
    }
    Ok(Undone::Overtaken)
}

async fn put_away(services: &Services, batch: &Batch) -> anyhow::Result<Undone> {
    let mut tx = services.db.begin().await?;
    let is_done = batches::move_on(&mut tx, batch.id(), batch.state, BatchState::Undone).await?;
    tx.commit().await?;
    Ok(if is_done { Undone::PutAway } else { Undone::Already })
}
