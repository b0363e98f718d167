//! `demo`: from nothing to a mailed log-in on the samples, telling what happened and which files to open.
//! Its clock stands still, so that every demo is the same.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use minijinja::context;

use super::{
    args::Global,
    init::{self, Made},
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    config::FILE_NAME,
    db::{batches, licences, mails, orders},
    domain::{mail::MailState, run::JobKind},
    flow::{
        Clock, Services, activate,
        answer::outbox,
        order::confirm::{self, Wish},
        report::{FileReport, Told},
    },
    runner::{self, Files, Work, arrival},
    text::Texts,
};

/// The lists that are dropped.
const SAMPLES: [(&str, &[u8]); 2] = [
    ("danh-sach-khach-hang.xlsx", include_bytes!("../../samples/danh-sach-khach-hang.xlsx")),
    ("ho-kinh-doanh.csv", include_bytes!("../../samples/ho-kinh-doanh.csv")),
];
/// A Monday morning in Vietnam.
const NOW: &str = "2026-11-23T08:30:00+07:00";
const FOLDER: &str = "hangloat-demo";

pub async fn run(global: &Global, dir: Option<PathBuf>) -> anyhow::Result<Reply> {
    let home = std::path::absolute(folder(workspace::texts(global), dir)?)?;
    init::make(&home, init::KeyOf::Fresh)?;
    let now: DateTime<Utc> = global.now.map_or_else(|| NOW.parse(), Ok)?;
    let services = Arc::new(workspace::open_at(global, &home, Clock::Frozen(now)).await?);
    let mut told = vec![say(&services, "begin", context! { home => home.display().to_string() })];
    let files = drop_samples(&services).await?;
    told.extend(files.iter().map(|file| dropped(&services, file)));
    told.push(again(&services).await?);
    confirm_all(&services, &mut told).await?;
    let mailed = run_job(&services, JobKind::Mail, Files::Inbox).await?;
    told.push(say(&services, "mailed", context! { sent => mailed.counts.get("sent") }));
    let (made, open) = results(&services, &home).await?;
    told.push(open);
    Reply::new(Exit::Done, told.join("\n")).with("files", made)
}

/// A folder that is named must be free; else the next free one is taken.
fn folder(texts: &Texts, dir: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let is_free = |dir: &Path| !dir.join(FILE_NAME).exists();
    if let Some(dir) = dir {
        if !is_free(&dir) {
            let values = context! { folder => dir.display().to_string() };
            return Err(Failure::misused(texts, "not_free", values).into());
        }
        return Ok(dir);
    }
    let numbered = (2..).map(|n| PathBuf::from(format!("{FOLDER}-{n}")));
    let mut folders = std::iter::once(PathBuf::from(FOLDER)).chain(numbered);
    folders
        .find(|dir| is_free(dir))
        .ok_or_else(|| Failure::misused(texts, "none_free", context! {}).into())
}

fn say(services: &Services, key: &str, values: minijinja::Value) -> String {
    services.texts.say(&format!("message.demo.{key}"), values)
}

async fn run_job(
    services: &Arc<Services>,
    kind: JobKind,
    files: Files,
) -> anyhow::Result<runner::Ran> {
    let job = workspace::jobs(services)?.into_iter().find(|job| job.kind == kind);
    let of_kind = || context! { kind => kind.to_string() };
    let job = job.ok_or_else(|| Failure::no_such(services.texts, "no_job_of_kind", of_kind()))?;
    let work = Work { files, told: Told::All, ..Work::of(&job) };
    let ran = runner::run(services, &job, &work).await?;
    ran.map_err(|_| anyhow::anyhow!("the job {} of a new workspace runs already", job.name))
}

async fn drop_samples(services: &Arc<Services>) -> anyhow::Result<Vec<FileReport>> {
    let inbox = &services.settings.files.inbox;
    let mut arrivals = Vec::new();
    for (name, bytes) in SAMPLES {
        let path = inbox.join(name);
        fs_err::write(&path, bytes)?;
        arrivals.push(arrival(services, path, None));
    }
    Ok(run_job(services, JobKind::Import, Files::Given(arrivals)).await?.files)
}

fn dropped(services: &Services, file: &FileReport) -> String {
    let rows = &file.rows;
    let values = context! {
        file => file.file.as_str(), total => rows.total, accepted => rows.accepted,
        waiting => rows.rejected + rows.held, orders => file.orders.join(", "),
    };
    say(services, "dropped", values)
}

/// The same bytes a second time.
async fn again(services: &Arc<Services>) -> anyhow::Result<String> {
    let (name, bytes) = SAMPLES[0];
    let path = services.settings.files.inbox.join(name);
    fs_err::write(&path, bytes)?;
    let files =
        run_job(services, JobKind::Import, Files::Given(vec![arrival(services, path, None)]))
            .await?
            .files;
    let first = files.first().and_then(|file| file.duplicate_of);
    Ok(say(services, "again", context! { file => name, first => first.map(|id| id.to_string()) }))
}

/// Confirms every order as it was shown, and activates all but the last.
async fn confirm_all(services: &Services, told: &mut Vec<String>) -> anyhow::Result<()> {
    let mut all = orders::list(&services.db, &batches::Filter::default()).await?;
    all.sort_by(|a, b| a.code.cmp(&b.code));
    let last = all.last().map(|order| order.code.clone());
    for order in all {
        let by = &services.firm(&order.firm)?.admin.email;
        let wish = Wish {
            by: Some(by),
            code: None,
            shown: None,
            activate: Some(&order.code) != last.as_ref(),
        };
        confirm::confirm(services, &order, &wish).await?;
        if wish.activate {
            activate::run(services, Some(&order.code)).await?;
        }
        let key = if wish.activate { "activated" } else { "confirmed" };
        let values = context! {
            order => order.code.as_str(), by => by.as_str(), package => order.package.as_str(),
            amount => order.amount().to_string(),
        };
        told.push(say(services, key, values));
        outbox::write_workbook(services, order.batch()).await?;
    }
    Ok(())
}

/// Which files there are to open.
async fn results(services: &Services, home: &Path) -> anyhow::Result<(Vec<Made>, String)> {
    let mut made = Vec::new();
    for batch in batches::list(&services.db, &batches::Filter::default()).await? {
        let workbook = outbox::newest(services, &batch).map(|path| Made { path, kind: "workbook" });
        made.extend(workbook);
    }
    made.sort_by(|a, b| a.path.cmp(&b.path));
    let sent = mails::list(&services.db, &batches::Filter::default()).await?;
    let sent: Vec<&mails::Mail> =
        sent.iter().filter(|mail| mail.state == MailState::Sent).collect();
    for mail in &sent {
        let local_part = mail.message_id.split('@').next().unwrap_or_default();
        made.push(Made {
            path: home.join("mail").join(format!("{local_part}.eml")),
            kind: mail.purpose.as_str(),
        });
    }
    let licences = licences::list(&services.db, &batches::Filter::default()).await?.len();
    let first = |kind: &str| {
        made.iter().find(|made| made.kind == kind).map(|made| made.path.display().to_string())
    };
    let workbooks: Vec<String> = made
        .iter()
        .filter(|made| made.kind == "workbook")
        .map(|made| made.path.display().to_string())
        .collect();
    let values = context! {
        home => home.display().to_string(), workbooks, licences, mails => sent.len(),
        notice => first("order_notice"), login_first => first("login_first"), login_existing => first("login_existing"),
    };
    let open = say(services, "open", values);
    Ok((made, open))
}
