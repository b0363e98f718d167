//! Deletes personal data whose time is over (`[privacy] keep_days`; Law 91/2025), with their files. What stays is a hash
//! of tax id, package family, fiscal year and kind under the workspace's key, and the amount: one free year for a client
//! ever, and nothing is bought twice.
//!
//! A list goes as a whole, when the last of its orders may: its file and its workbooks have all of them. Files go first:
//! stopped anywhere, the next run still knows from the database what is to be deleted, and does nothing twice.

mod files;

mod hash;

mod nights;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Days, Duration, Utc};

pub use hash::{Gone, of as known};

use super::{
    Services,
    activate::platform::Platform,
    answer::outbox,
    bucket,
    files::remove,
    morning::{self, page::Page},
};
use crate::{
    db::{
        purge::{self, Old},
        reports::{self, Report, ReportKind},
        statements,
    },
    domain::{batch::BatchId, fiscal_year::last_day, grace::start_of},
};

/// Counts by their names.
type Counts = Vec<(&'static str, u64)>;

/// Deletes what is due, and says how much.
pub async fn run(services: &Services) -> anyhow::Result<Counts> {
    let before = services.now() - keep(services);
    let (mut gone, mut lines, mut files) = (0, 0, 0);
    let mut due = purge::old(&services.db, before).await?;
    due.retain(|old| is_due(services, old));
    for old in without_holes(services, due).await? {
        let (of_lines, of_files) = list(services, &old).await?;
        (gone, lines, files) = (gone + 1, lines + of_lines, files + of_files);
    }
    files += mornings(services, before).await?;
    files += nights::purge(services, before).await?;
    let day = services.local(before).date_naive();
    files += files::exports(services, day)? + files::exports_in_buckets(services, day).await?;
    let mut tx = services.db.begin().await?;
    let clients = purge::rest(&mut tx, before).await?;
    tx.commit().await?;
    vacuum(services).await?;
    Ok(vec![
        ("purged_batches", gone),
        ("purged_lines", lines),
        ("purged_clients", clients),
        ("files", files),
    ])
}

fn keep(services: &Services) -> Duration {
    Duration::days(services.settings.privacy.keep_days.into())
}

/// From the end of the last licence on. What never became one ages from its last change; what is not paid, or not
/// answered by the platform, stays.
fn is_due(services: &Services, old: &Old) -> bool {
    let end = match old.last_start() {
        Some(start) => start_of(last_day(start) + Days::new(1), services.settings.timezone),
        None => last_change(old),
    };
    old.unsettled == 0 && end + keep(services) <= services.now()
}

/// Statements go oldest first, and none behind one that has to stay: between those that are left no day is missing.
async fn without_holes(services: &Services, mut due: Vec<Old>) -> anyhow::Result<Vec<Old>> {
    let ids: BTreeSet<BatchId> = due.iter().map(Old::batch).collect();
    let (mut stopped, mut stay) = (BTreeSet::new(), BTreeSet::new());
    let mut places: HashMap<BatchId, usize> = HashMap::new();
    for (place, (batch, account)) in (1..).zip(statements::by_days(&services.db).await?) {
        let batch = BatchId::new(batch);
        if stopped.contains(&account) || !ids.contains(&batch) {
            stopped.insert(account);
            stay.insert(batch);
        }
        places.insert(batch, place);
    }
    due.retain(|old| !stay.contains(&old.batch()));
    due.sort_by_key(|old| places.get(&old.batch()).copied());
    Ok(due)
}

fn last_change(old: &Old) -> DateTime<Utc> {
    let others = [old.checked_at, old.answered_at, old.placed_at, old.cancelled_at];
    others.into_iter().flatten().fold(old.received_at, DateTime::max)
}

/// Deletes a list with its answers; how many lines and files these were.
async fn list(services: &Services, old: &Old) -> anyhow::Result<(u64, u64)> {
    let family = purge::family(&services.db, old.batch()).await?;
    let mails = purge::message_ids(&services.db, &family).await?;
    let ids: BTreeSet<BatchId> = family.iter().copied().collect();
    let files = tokio::task::block_in_place(|| {
        anyhow::Ok(files::of_batches(services, &ids)? + files::of_mails(services, &mails)?)
    })?;
    let files = files + files::of_batches_in_buckets(services, &ids).await?;
    let licences = purge::licence_ids(&services.db, old.batch()).await?;
    if let Platform::Embedded(platform) = &services.platform {
        platform.forget(licences.into_iter().map(|(id,)| id)).await?;
    }
    services.crash_point("purge_files");
    let mut tx = services.db.begin().await?;
    let ordered = purge::ordered(&mut tx, old.batch()).await?;
    hash::leave(services, &mut tx, old.firm.as_deref().unwrap_or_default(), &ordered).await?;
    let mut lines = 0;
    for id in &family {
        lines += purge::batch(&mut tx, *id).await?;
    }
    tx.commit().await?;
    services.crash_point("purged");
    Ok((lines.unsigned_abs(), files))
}

/// Deletes the morning pages that are too old, or tell of a list that is gone; how many files these were.
async fn mornings(services: &Services, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let there = purge::batches(&services.db).await?;
    let there: BTreeSet<BatchId> = there.into_iter().map(|(id,)| BatchId::new(id)).collect();
    let mut files = 0;
    for report in reports::all(&services.db, ReportKind::Morning).await? {
        let page: Page = report.content()?;
        if report.until < before || page.tells_of(|batch| !there.contains(&batch)) {
            files += morning_page(services, &report).await?;
        }
    }
    Ok(files)
}

async fn morning_page(services: &Services, report: &Report) -> anyhow::Result<u64> {
    let mails = purge::message_ids_of_report(&services.db, report.id).await?;
    let path = morning::path(services, report);
    let old = outbox::aside(&path);
    let files = remove(&path)?
        + old.map_or(Ok(0), |old| remove(&old))?
        + files::of_mails(services, &mails)?
        + bucket::forget(services, &path).await?;
    let mut tx = services.db.begin().await?;
    purge::report(&mut tx, report.id).await?;
    tx.commit().await?;
    Ok(files)
}

async fn vacuum(services: &Services) -> anyhow::Result<()> {
    let changes = purge::to_vacuum(&services.db).await?;
    if changes > 0 && !purge::vacuum(&services.db, changes).await? {
        tracing::warn!(
            "The database is in use: what was deleted is wiped from its file at the next run"
        );
    }
    Ok(())
}
