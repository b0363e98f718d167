//! From a file in the inbox to its batch, and on with what was begun: each try is counted, and what is not whole or
//! ends the program too often is kept from the others. What is done with a batch is said in `go_on`.

use std::path::{Path, PathBuf};

use super::{How, by_id, go_on, refuse, rejected, tries};
use crate::{
    db::batches::{self, Batch},
    domain::{
        batch::{BatchId, BatchState},
        finding::{Code, Finding, Place},
    },
    flow::{
        Services,
        answer::receipt,
        fault::Fault,
        inbox::{self, Claim, Claimed, Look, Owner, StillWritten, Why},
        report::{self, FileReport, Told},
        staged,
    },
};

/// A file to be taken.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub path: PathBuf,
    /// `None` for a file that lies beside the firms' folders.
    pub owner: Option<Owner>,
    /// How it looked when it was found to be whole; `None` for one that a person named.
    pub settled: Option<Look>,
}

/// Takes one file to its answer; `None` where another process was faster, or where it is not whole.
pub async fn file(
    services: &Services,
    arrival: &Arrival,
    how: How<'_>,
) -> anyhow::Result<Option<FileReport>> {
    let Arrival { path, owner, settled } = arrival;
    let claimed =
        tokio::task::block_in_place(|| inbox::claim(services, path, *settled, owner.as_ref()))?;
    match claimed {
        Claim::Taken(claimed) => {
            services.crash_point("claimed");
            claimed_file(services, &claimed, owner.as_ref(), how).await
        }
        Claim::StillWritten if settled.is_none() => {
            Err(StillWritten(services.shown_path(path)).into())
        }
        Claim::StillWritten => {
            tracing::warn!("Left alone: {}: {}", services.shown_path(path), Why::StillWritten);
            Ok(None)
        }
        Claim::Gone => Ok(None),
    }
}

/// Goes on with files that a dead process had claimed, and with batches that it had begun.
pub async fn unfinished(services: &Services, how: How<'_>) -> anyhow::Result<Vec<FileReport>> {
    let mut reports = Vec::new();
    let mut failed = None;
    for hidden in inbox::hidden(services)? {
        let done = tokio::task::block_in_place(|| inbox::end_copying(services, &hidden));
        keep(&mut reports, &mut failed, done.map(|()| None));
    }
    keep(&mut reports, &mut failed, inbox::remove_copies(services).map(|()| None));
    for (path, owner) in inbox::left_behind(services)? {
        let done = left_behind(services, &path, owner.as_ref(), how).await;
        keep(&mut reports, &mut failed, done);
    }
    for batch in batches::unfinished(&services.db).await? {
        let path = inbox::work_path(services, batch.id(), &batch.file_name);
        if batch.state == BatchState::Received && !path.exists() {
            let id = batch.id();
            tracing::warn!(batch = %id, "The file of {id} is not in work/: another machine has it, or it was removed");
            continue;
        }
        keep(&mut reports, &mut failed, begun(services, batch.id(), None, how).await);
    }
    inbox::archive_rest(services).await?;
    failed.map_or(Ok(reports), Err)
}

/// Whether a process that is gone left what [`unfinished`] goes on with, as far as it can be seen from here.
pub async fn is_begun(services: &Services) -> anyhow::Result<bool> {
    if !inbox::left_behind(services)?.is_empty() || !inbox::hidden(services)?.is_empty() {
        return Ok(true);
    }
    let is_here = |batch: &Batch| {
        batch.state != BatchState::Received
            || inbox::work_path(services, batch.id(), &batch.file_name).exists()
    };
    let begun = batches::unfinished(&services.db).await?;
    Ok(begun.iter().any(|batch| !batch.archived && is_here(batch)))
}

async fn left_behind(
    services: &Services,
    path: &Path,
    owner: Option<&Owner>,
    how: How<'_>,
) -> anyhow::Result<Option<FileReport>> {
    if let Some(batch) = inbox::forgotten(path) {
        batches::forget(&services.db, batch).await?;
    }
    match tokio::task::block_in_place(|| inbox::reclaim(services, path, owner))? {
        Claim::Taken(claimed) => claimed_file(services, &claimed, owner, how).await,
        Claim::Gone | Claim::StillWritten => Ok(None),
    }
}

/// One file that fails does not keep the others from being taken; the first failure is told at the end.
pub fn keep(
    reports: &mut Vec<FileReport>,
    failed: &mut Option<anyhow::Error>,
    done: anyhow::Result<Option<FileReport>>,
) {
    match done {
        Ok(report) => reports.extend(report),
        Err(error) => {
            tracing::error!("A file could not be taken: {error:#}");
            failed.get_or_insert(error);
        }
    }
}

async fn claimed_file(
    services: &Services,
    claimed: &Claimed,
    owner: Option<&Owner>,
    how: How<'_>,
) -> anyhow::Result<Option<FileReport>> {
    let registered = inbox::register(services, claimed, owner, (how.options, how.run_id)).await?;
    begun(services, registered, Some(claimed), how).await
}

/// One try at a batch.
async fn begun(
    services: &Services,
    id: BatchId,
    claimed: Option<&Claimed>,
    how: How<'_>,
) -> anyhow::Result<Option<FileReport>> {
    let work = async {
        if let Some(claimed) = claimed {
            services.crash_point("registered");
            let batch = by_id(services, id).await?;
            tokio::task::block_in_place(|| inbox::name_after(services, claimed, &batch))?;
        }
        let batch = by_id(services, id).await?;
        if batch.attempts > tries::AT_MOST {
            return set_aside(services, &batch, how.told).await;
        }
        let kept = staged::options(&batch)?;
        let how = How { options: kept.as_ref().unwrap_or(how.options), ..how };
        Box::pin(go_on(services, id, how)).await
    };
    match tries::count(services, id, Box::pin(work)).await {
        Ok(report) => Ok(Some(report)),
        Err(error) if Fault::of(&error) == Fault::StillWritten => {
            tracing::warn!("Left alone: {error:#}");
            not_taken(services, &by_id(services, id).await?).await
        }
        Err(error) => Err(error),
    }
}

/// The file goes back to the inbox, as if it had not been taken.
async fn not_taken(services: &Services, batch: &Batch) -> anyhow::Result<Option<FileReport>> {
    if batch.state == BatchState::Received {
        let path = inbox::claim_again(services, batch)?;
        services.crash_point("claimed_again");
        batches::forget(&services.db, batch.id()).await?;
        services.crash_point("forgotten");
        let owner = (batch.firm.as_deref(), batch.registered_by.as_deref());
        tokio::task::block_in_place(|| inbox::give_back(services, &path, owner, &batch.file_name))?;
    }
    Ok(None)
}

/// A file that was begun too often: nothing of it is taken, or what was taken stays without its workbook.
async fn set_aside(services: &Services, batch: &Batch, told: Told) -> anyhow::Result<FileReport> {
    let id = batch.id();
    tracing::error!(batch = %id, "{id} was begun {} times and never ended; it is set aside", tries::AT_MOST);
    let finding = Finding::new(Code::FileUnreadable, Place::default())
        .detail("tries", tries::AT_MOST.to_string());
    match batch.state {
        BatchState::Received => refuse(services, batch, None, finding).await?,
        BatchState::Staged | BatchState::Checked => reject(services, batch, finding).await?,
        _ => batches::give_up_workbook(&services.db, id).await?,
    }
    let batch = by_id(services, id).await?;
    if !batch.archived {
        receipt::write(services, &batch).await?;
        inbox::archive(services, &batch).await?;
    }
    report::of_batch(services, id, told).await
}

/// Like [`refuse`], for a batch of which it is known what it is.
async fn reject(services: &Services, batch: &Batch, finding: Finding) -> anyhow::Result<()> {
    let tx = services.db.begin().await?;
    rejected(services, tx, batch.id(), finding).await
}
