//! `jobs` and `runs`: what runs when, how it last ended, and what a run did with each file.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::Global,
    lists::{counts_in_words, run_json, unknown, word},
    narrowed::Narrowed,
    reply::{Exit, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        batches::Batch,
        rows,
        runs::{self, Run},
        watched,
    },
    domain::{batch::BatchState, finding::Severity, run::RunState},
    flow::{Services, answer::outbox, report::Rows, sweep::cut_offs::What},
    runner::definition::Job,
};

/// Runs shown where nothing narrows them.
const RUNS: i64 = 200;

/// Reports are of several kinds.
fn kind(job: &Job) -> String {
    let what = job.report.what;
    if what == What::Morning { job.kind.to_string() } else { format!("{}_{what}", job.kind) }
}

pub async fn jobs(global: &Global) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let newest = watched::newest_runs(&services.db).await?;
    let newest: HashMap<&str, &Run> = newest.iter().map(|run| (run.job.as_str(), run)).collect();
    let now = services.now();
    let next = |job: &Job| {
        let schedule = job.schedule.as_ref().filter(|_| !job.goes_nowhere(&services.settings))?;
        schedule.next_after(now, services.settings.timezone)
    };
    let last = |job: &Job| newest.get(job.name.as_str()).copied();
    let jobs = workspace::jobs(&services)?;
    let schedule = |job: &Job| job.schedule.as_ref().map(ToString::to_string);
    let local = |at| services.rfc3339(at);
    let shown = jobs.iter().map(|job| {
        json!({ "name": job.name, "kind": job.kind, "schedule": schedule(job), "next": next(job).map(local),
                "last": last(job).and_then(|run| run.started_at).map(local),
                "last_run": last(job).map(|run| run_json(&services, run, &[])) })
    });
    let row = |job: &Job| {
        let cell = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        let run = last(job);
        [
            job.name.clone(),
            word(&services, "command.job_kind", &kind(job)),
            cell(schedule(job)),
            cell(next(job).map(|at| shown_at(&services, at))),
            cell(run.and_then(|run| run.started_at).map(|at| shown_at(&services, at))),
            cell(run.map(|run| ended(&services, run))),
        ]
    };
    let header = ["job", "kind", "schedule", "next", "last", "result"];
    let human = table(services.texts, header, jobs.iter().map(row));
    Reply::new(Exit::Done, human).with("jobs", shown.collect::<Vec<_>>())
}

/// How a run ended, what it counted, and what went wrong.
fn ended(services: &Services, run: &Run) -> String {
    let error = services.texts.translated(run.error.as_deref().unwrap_or_default());
    let state = word(services, "command.run_state", &run.state);
    let said = [state, counts_in_words(services, &run.counts), error];
    said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn shown_at(services: &Services, at: DateTime<Utc>) -> String {
    services.local(at).format("%d/%m/%Y %H:%M:%S").to_string()
}

pub async fn runs(global: &Global, id: Option<i64>, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let narrowed = workspace::filter::<RunState>(&services, narrowed, "command.run_state")?;
    if let Some(id) = id {
        return one(&services, id).await;
    }
    let state = narrowed.state.as_deref().and_then(|state| state.parse().ok());
    let found = runs::list(&services.db, state, narrowed.since, RUNS).await?;
    let ids: Vec<i64> = found.iter().map(|run| run.id).collect();
    let batches = watched::batches(&services.db, &ids).await?;
    let shown: Vec<Value> = found.iter().map(|run| run_json(&services, run, &batches)).collect();
    Reply::new(Exit::Done, in_words(&services, &found, &batches)).with("runs", shown)
}

fn in_words(services: &Services, found: &[Run], batches: &[Batch]) -> String {
    let row = |run: &Run| {
        let files = batches.iter().filter(|batch| batch.run_id == Some(run.id)).count();
        [
            run.id.to_string(),
            run.job.clone(),
            word(services, "command.run_state", &run.state),
            run.started_at.map(|at| shown_at(services, at)).unwrap_or_default(),
            took(services, run),
            run.attempt.to_string(),
            if files > 0 { files.to_string() } else { String::new() },
            counts_in_words(services, &run.counts),
            services.texts.translated(run.error.as_deref().unwrap_or_default()),
        ]
    };
    let header = ["run", "job", "state", "started", "took", "attempt", "files", "counts", "error"];
    table(services.texts, header, found.iter().map(row))
}

fn took(services: &Services, run: &Run) -> String {
    let Some((started, finished)) = run.started_at.zip(run.finished_at) else {
        return String::new();
    };
    let took = finished - started;
    let (minutes, seconds) = (took.num_minutes(), took.num_seconds() % 60);
    let tenth = took.subsec_millis() / 100;
    let seconds = if minutes > 0 { seconds.to_string() } else { format!("{seconds}.{tenth}") };
    services.texts.say("command.watching.took", context! { minutes, seconds })
}

/// One run, with what it did with each of its files.
async fn one(services: &Services, id: i64) -> anyhow::Result<Reply> {
    let run = runs::by_id(&services.db, id).await?;
    let run = run.ok_or_else(|| unknown(services, "no_run", &id))?;
    let batches = watched::batches(&services.db, &[id]).await?;
    let mut files = Vec::new();
    for batch in &batches {
        files.push(File::of(services, batch).await?);
    }
    let mut shown = run_json(services, &run, &batches);
    shown["files"] = files.iter().map(|file| file.json(services)).collect();
    let mut human = in_words(services, std::slice::from_ref(&run), &batches);
    if !files.is_empty() {
        let header = ["batch", "file", "steps", "accepted", "findings"];
        let rows = files.iter().map(|file| file.row(services));
        human = format!("{human}\n\n{}", table(services.texts, header, rows));
    }
    Reply::new(Exit::Done, human).with("runs", [shown])
}

/// A file that a run took.
struct File<'a> {
    batch: &'a Batch,
    rows: Rows,
    findings: HashMap<Severity, i64>,
}

impl File<'_> {
    async fn of<'a>(services: &Services, batch: &'a Batch) -> anyhow::Result<File<'a>> {
        let rows = Rows::of(&rows::counts(&services.db, Some(batch.id())).await?);
        let findings = watched::findings(&services.db, batch.id()).await?.into_iter().collect();
        Ok(File { batch, rows, findings })
    }

    fn count(&self, severity: Severity) -> i64 {
        self.findings.get(&severity).copied().unwrap_or_default()
    }

    /// By their names, in the order in which they are done, and since when where that is known.
    fn steps(&self) -> Vec<(&'static str, bool, Option<DateTime<Utc>>)> {
        let batch = self.batch;
        let is_read = batch.state != BatchState::Received;
        let is_judged = batch.checked_at.is_some();
        vec![
            ("taken", true, Some(batch.received_at)),
            ("read", is_read, None),
            ("checked", is_judged, batch.checked_at),
            ("answered", batch.revision > 0 && batch.written >= batch.revision, None),
            ("archived", batch.archived, None),
        ]
    }

    fn json(&self, services: &Services) -> Value {
        let batch = self.batch;
        let step = |(name, done, at): (&str, bool, Option<DateTime<Utc>>)| json!({ "name": name, "done": done, "at": at.map(|at| services.rfc3339(at)) });
        let findings: serde_json::Map<String, Value> = Severity::ALL
            .iter()
            .map(|severity| (severity.to_string(), self.count(*severity).into()))
            .collect();
        json!({
            "batch": batch.id(), "file": batch.file_name, "kind": batch.kind, "state": batch.state,
            "rows": self.rows, "findings": findings,
            "steps": self.steps().into_iter().map(step).collect::<Vec<_>>(),
            "workbook": outbox::newest(services, batch).map(|path| services.shown_path(&path)),
        })
    }

    fn row(&self, services: &Services) -> [String; 5] {
        let done = self.steps().into_iter().filter(|(_, done, _)| *done);
        let done = done.map(|(name, ..)| services.texts.label(&format!("command.step.{name}")));
        let said = context! {
            errors => self.count(Severity::Error), holds => self.count(Severity::Hold),
            warnings => self.count(Severity::Warning),
        };
        [
            self.batch.id().to_string(),
            self.batch.file_name.clone(),
            done.collect::<Vec<_>>().join(" → "),
            format!("{}/{}", self.rows.accepted, self.rows.total),
            services.texts.say("command.watching.findings", said),
        ]
    }
}
