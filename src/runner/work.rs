//! What a run does, by the kind of its job. When it runs, and under which lease, is said by the rest of `runner`.

use std::{path::PathBuf, sync::Arc};

use super::{Files, Work, arrival, backup};
use crate::{
    db::runs::Counts,
    domain::run::{JobKind, RunState},
    flow::{
        Services, activate,
        answer::{self, outbox},
        export,
        fault::Fault,
        import::{self, Arrival, How},
        inbox, look_up, morning,
        report::FileReport,
        retention, send,
        sweep::{self, Swept, cut_offs::What},
    },
};

/// How a run ended, what it counted, and what became of files.
pub(super) struct Done {
    pub state: RunState,
    pub counts: Counts,
    pub files: Vec<FileReport>,
    /// That asks about money or cut-offs.
    pub workbook: Option<PathBuf>,
}

/// Whether it needs a person, what it counted, and what became of files.
type Worked = (bool, Counts, Vec<FileReport>);

pub(super) async fn carry_out(
    services: &Arc<Services>,
    kind: JobKind,
    work: &Work,
    run_id: i64,
) -> anyhow::Result<Done> {
    let mut workbook = None;
    let (needs_person, counts, files): Worked = match kind {
        JobKind::Import => {
            let files = import_files(services, work, run_id).await?;
            let needs_person = files.iter().any(FileReport::needs_person);
            (needs_person, counts_of(&files), files)
        }
        JobKind::Activate => {
            let summary = activate::run(services, None).await?;
            let counts = [
                ("activated", summary.activated),
                ("failed", summary.failed),
                ("uncertain", summary.uncertain),
            ];
            (summary.failed + summary.uncertain > 0, named(&counts), Vec::new())
        }
        JobKind::Mail => {
            let summary = send::run(services).await?;
            let counts = [
                ("sent", summary.sent),
                ("held", summary.held),
                ("failed", summary.failed),
                ("refused", summary.refused),
                ("uncertain", summary.uncertain),
                ("waiting", summary.waiting),
                ("later", summary.later),
            ];
            (summary.needs_person(), named(&counts), Vec::new())
        }
        JobKind::Reconcile => {
            let (done, asks) = reconcile(services, work, run_id).await?;
            workbook = asks;
            done
        }
        JobKind::Sweep => swept(&sweep::run(services).await?),
        JobKind::Remind => swept(&sweep::remind(services).await?),
        JobKind::Backup => (false, backup::nightly(services).await?, Vec::new()),
        JobKind::Report if work.report.what == What::CutOffs => {
            let written = sweep::cut_offs::write(services).await?;
            workbook = written.workbook;
            (false, named(&[("cut_offs", written.lines)]), Vec::new())
        }
        JobKind::Report if work.report.what == What::LookUp => {
            (false, named(&[("look_ups", look_up::run(services).await?)]), Vec::new())
        }
        JobKind::Report => {
            let made = morning::run(services).await?;
            let counts = [("pages", made.pages), ("mails", made.mails), ("tasks", made.tasks)];
            (false, named(&counts), Vec::new())
        }
        JobKind::Retention => (false, named(&retention::run(services).await?), Vec::new()),
        JobKind::Export => {
            (false, named(&export::by_job(services, &work.export).await?), Vec::new())
        }
    };
    outbox::write_asked(services).await?;
    services.crash_point("work_done");
    let state = if needs_person { RunState::CompletedWithRejects } else { RunState::Succeeded };
    Ok(Done { state, counts, files, workbook })
}

fn swept(swept: &Swept) -> Worked {
    let counts = [
        ("restored", swept.restored),
        ("warned", swept.warned),
        ("suspended", swept.suspended),
        ("waiting_lines", swept.waiting),
        ("uncertain", swept.uncertain),
    ];
    let waits = swept.waits.iter();
    let waits =
        waits.map(|(why, n)| (format!("waiting_{why}"), i64::try_from(*n).unwrap_or(i64::MAX)));
    let counts = named(&counts).into_iter().chain(waits).collect();
    (swept.waiting + swept.uncertain > 0, counts, Vec::new())
}

/// What lies in `inbox/_bank/` first; the workbook is the one that asks.
async fn reconcile(
    services: &Services,
    work: &Work,
    run_id: i64,
) -> anyhow::Result<(Worked, Option<PathBuf>)> {
    let seen = inbox::settled(services).await?.files.into_iter();
    let arrivals = seen.map(|(path, look)| arrival(services, path, Some(look)));
    let is_of_bank =
        |it: &Arrival| it.owner.as_ref().is_some_and(|owner| owner.firm == inbox::BANK);
    let work = Work { files: Files::Given(arrivals.filter(is_of_bank).collect()), ..work.clone() };
    let files = import_files(services, &work, run_id).await?;
    let found = sweep::reconcile::run(services).await?;
    let workbook = answer::reconciliation::write(services, &found).await?;
    let of = |n: usize| n as u64;
    let counts = [
        ("files", of(files.len())),
        ("differences", of(found.differences.len())),
        ("payments_waiting", of(found.payments.len())),
        ("debits_waiting", of(found.debits.len())),
    ];
    let needs_person = found.needs_person() || files.iter().any(FileReport::needs_person);
    Ok(((needs_person, named(&counts), files), workbook))
}

/// The given files first: one that was begun before goes on with its batch.
async fn import_files(
    services: &Services,
    work: &Work,
    run_id: i64,
) -> anyhow::Result<Vec<FileReport>> {
    let how = How { options: &work.options, run_id: Some(run_id), told: work.told };
    let arrivals = match &work.files {
        Files::Given(arrivals) => arrivals.clone(),
        Files::Inbox => {
            let seen = inbox::settled(services).await?;
            for (path, why) in &seen.left {
                tracing::warn!("Left alone: {}: {why}", services.shown_path(path));
            }
            seen.files.into_iter().map(|(path, look)| arrival(services, path, Some(look))).collect()
        }
    };
    let mut reports = Vec::new();
    let mut failed = None;
    for arrival in &arrivals {
        import::keep(&mut reports, &mut failed, import::file(services, arrival, how).await);
        // The others are safer in the inbox.
        if failed.as_ref().map(Fault::of).is_some_and(Fault::stops_all) {
            break;
        }
    }
    if let Some(error) = failed.take_if(|error| Fault::of(error).stops_all()) {
        return Err(error);
    }
    reports.extend(import::unfinished(services, how).await?);
    failed.map_or(Ok(reports), Err)
}

fn counts_of(files: &[FileReport]) -> Counts {
    let sum = |rows: fn(&FileReport) -> i64| files.iter().map(rows).sum();
    Counts::from([
        ("files".to_owned(), i64::try_from(files.len()).unwrap_or(i64::MAX)),
        ("rows".to_owned(), sum(|file| file.rows.total)),
        ("accepted".to_owned(), sum(|file| file.rows.accepted)),
        ("rejected".to_owned(), sum(|file| file.rows.rejected)),
        ("held".to_owned(), sum(|file| file.rows.held)),
    ])
}

fn named(counts: &[(&str, u64)]) -> Counts {
    counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), i64::try_from(*count).unwrap_or(i64::MAX)))
        .collect()
}
