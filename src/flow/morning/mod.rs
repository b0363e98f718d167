//! The morning page of each firm: what was done since the last one, and what waits for a person, the most money first.
//! `gather` says what stands in it, `answer::morning` how its workbook looks, `send` how its mail reads.
//!
//! A page is stored before its workbook is written, and its mail is planned with it: stopped anywhere, the next run
//! writes the same bytes. On one day a page that says the same is not made again.

mod counted;

mod gather;

mod lists;

mod money;

pub mod overtaken;

mod received;

pub mod page;

mod reminders;

mod tasks;

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, Duration, Utc};

use self::page::Page;
use super::{
    Services,
    answer::{self, outbox},
    files::write_whole,
    send,
};
use crate::{
    db::{
        self,
        morning::Span,
        reports::{self, NewReport, Report, ReportKind},
    },
    domain::{firm::Firm, grace::start_of},
};

/// How files are called: `morning__2026-11-23__r1.xlsx`.
pub const WHAT: &str = "morning";
/// The first page of all tells of no more than this, by whole days.
const FIRST: Duration = Duration::days(7);
/// Where whoever runs the program for several firms looks.
const OF_ALL: &str = "_bank";

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub pages: u64,
    pub mails: u64,
    /// What waits for people, on all pages.
    pub tasks: u64,
}

/// Makes today's page of each firm, and one of all where there are several; reminds of rows that wait.
pub async fn run(services: &Services) -> anyhow::Result<Summary> {
    write_asked(services).await?;
    reminders::plan(services).await?;
    let began = db::instance::created_at(&services.db).await?;
    let seen = money::look(services).await?;
    let mut summary = Summary::default();
    let mut pages = Vec::new();
    for firm in &services.settings.firms {
        let code = firm.code.as_str();
        let before = reports::newest(&services.db, Some(code)).await?;
        let span = span(services, Some(code), (before.as_ref(), began));
        let page = gather::of_firm(services, firm, (span, &seen)).await?;
        summary.tasks += page.tasks.len() as u64;
        keep(services, Some(firm), &page, (span, before.as_ref()), &mut summary).await?;
        pages.push((firm, page));
    }
    if services.only_firm().is_none() {
        let before = reports::newest(&services.db, None).await?;
        let span = span(services, None, (before.as_ref(), began));
        let page = gather::of_all(services, &pages, (span, &seen)).await?;
        keep(services, None, &page, (span, before.as_ref()), &mut summary).await?;
    }
    write_asked(services).await?;
    Ok(summary)
}

/// From the page of an earlier day on: a second page of one day tells all of that day's first again.
fn span<'a>(
    services: &Services,
    firm: Option<&'a str>,
    (before, began): (Option<&Report>, DateTime<Utc>),
) -> Span<'a> {
    let until = services.now();
    let since = match before {
        Some(before) if is_of_today(services, before) => before.since,
        Some(before) => before.until,
        None => {
            // The clock that it began by may be ahead of the one that it is told.
            let began = if began > until { until - FIRST } else { began.max(until - FIRST) };
            let day = services.local(began).date_naive();
            start_of(day, services.settings.timezone)
        }
    };
    Span { firm, since: since.min(until), until }
}

fn is_of_today(services: &Services, report: &Report) -> bool {
    report.day == services.today().to_string()
}

/// Stores a page unless the newest one says the same, and plans its mail: the first of a day, where it says anything.
async fn keep(
    services: &Services,
    firm: Option<&Firm>,
    page: &Page,
    (span, before): (Span<'_>, Option<&Report>),
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let digest = page.digest()?;
    let of_today = before.filter(|before| is_of_today(services, before));
    let is_told = of_today.is_some_and(|before| before.digest == digest);
    let was_quiet = match before {
        Some(before) => before.content::<Page>()?.is_quiet(),
        None => true,
    };
    // One kind page is enough for many quiet days.
    if is_told || (page.is_quiet() && was_quiet) {
        return Ok(());
    }
    let day = services.today().to_string();
    let new = NewReport {
        kind: ReportKind::Morning,
        firm: span.firm,
        day: &day,
        revision: of_today.map_or(1, |before| before.revision + 1),
        since: span.since,
        until: span.until,
        content: page,
        digest: &digest,
    };
    let mut tx = services.db.begin().await?;
    let id = match reports::insert(&mut tx, new).await {
        Ok(id) => id,
        // Another process made it.
        Err(error) if error.downcast_ref().is_some_and(db::is_taken) => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(firm) = firm.filter(|_| of_today.is_none() && !page.is_quiet()) {
        send::plan::morning(services, &mut tx, firm, (id, &day)).await?;
        summary.mails += 1;
    }
    tx.commit().await?;
    services.crash_point("report_stored");
    summary.pages += 1;
    Ok(())
}

/// Writes the workbooks that are not there yet, and puts older pages aside.
async fn write_asked(services: &Services) -> anyhow::Result<()> {
    for report in reports::unwritten(&services.db).await? {
        let path = path(services, &report);
        let bytes = tokio::task::block_in_place(|| workbook(services, &report))?;
        write_whole(&path, &bytes)?;
        services.crash_point("report_written");
        outbox::set_others_aside(WHAT, &[path])?;
        reports::wrote(&services.db, report.id).await?;
    }
    Ok(())
}

/// The bytes of the workbook of a stored page.
pub fn workbook(services: &Services, report: &Report) -> anyhow::Result<Vec<u8>> {
    let page: Page = report.content().context("A stored page cannot be read")?;
    let local = |at: DateTime<Utc>| services.local(at);
    answer::morning::write(services.texts, &page, (local(report.since), local(report.until)))
}

/// Where the workbook of a stored page lies at first.
pub fn path(services: &Services, report: &Report) -> PathBuf {
    let folder = match &report.firm {
        Some(firm) => outbox::folder(services, Some(firm)),
        None => services.settings.files.outbox.join(OF_ALL),
    };
    folder.join(format!("{WHAT}__{}__r{}.xlsx", report.day, report.revision))
}
