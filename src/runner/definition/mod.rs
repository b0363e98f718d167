//! `jobs/*.toml` → checked jobs: what runs, when, and with which options.
//! Slots, leases and retries are made of them by the rest of `runner`.

mod schedule;

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};

pub use self::schedule::Schedule;
use crate::{
    config::{
        ConfigError, Settings,
        file::{Source, nearest},
        value::{duration, parsed},
    },
    domain::{run::JobKind, words::words},
    flow::{export::ExportOptions, options::ImportOptions, sweep::cut_offs::ReportOptions},
};

/// The jobs that `init` writes into `jobs/`: file name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("import.toml", include_str!("../../../jobs/import.toml")),
    ("activate.toml", include_str!("../../../jobs/activate.toml")),
    ("mail.toml", include_str!("../../../jobs/mail.toml")),
    ("reconcile.toml", include_str!("../../../jobs/reconcile.toml")),
    ("sweep.toml", include_str!("../../../jobs/sweep.toml")),
    ("remind.toml", include_str!("../../../jobs/remind.toml")),
    ("report.toml", include_str!("../../../jobs/report.toml")),
    ("cut-offs.toml", include_str!("../../../jobs/cut-offs.toml")),
    ("look-up.toml", include_str!("../../../jobs/look-up.toml")),
    ("retention.toml", include_str!("../../../jobs/retention.toml")),
    ("backup.toml", include_str!("../../../jobs/backup.toml")),
];

words! {
    /// What becomes of slots that were missed, of the last 7 days.
    pub enum CatchUp {
        None = "none",
        Latest = "latest",
        All = "all",
    }
}

words! {
    /// What becomes of a slot that is due while the job still runs.
    pub enum Overlap {
        Skip = "skip",
        Queue = "queue",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The first one counted.
    #[serde(deserialize_with = "crate::config::value::within::<_, 1, 100>")]
    pub attempts: u32,
    #[serde(deserialize_with = "duration")]
    pub backoff: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { attempts: 3, backoff: Duration::from_mins(1) }
    }
}

/// A job as it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub name: String,
    pub kind: JobKind,
    /// Without one it runs on demand, or when files arrive.
    pub schedule: Option<Schedule>,
    /// Scheduled jobs whose slot of the same night must have succeeded.
    pub after: Vec<String>,
    pub catch_up: CatchUp,
    pub overlap: Overlap,
    pub timeout: Duration,
    pub retry: Retry,
    /// The defaults, where the kind is another.
    pub import: ImportOptions,
    /// The same of what an export writes.
    pub export: ExportOptions,
    /// The same of what a report tells.
    pub report: ReportOptions,
}

/// As written; what stands in `options` depends on the kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobWritten {
    #[serde(deserialize_with = "job_name")]
    name: String,
    kind: JobKind,
    #[serde(default, deserialize_with = "schedule")]
    schedule: Option<Schedule>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default = "latest")]
    catch_up: CatchUp,
    #[serde(default = "skip")]
    overlap: Overlap,
    #[serde(default = "half_an_hour", deserialize_with = "duration")]
    timeout: Duration,
    #[serde(default)]
    retry: Retry,
    #[serde(default, rename = "options")]
    _options: toml::Table,
}

/// The same file, read for its options alone.
#[derive(Deserialize)]
struct OptionsWritten<T> {
    options: Option<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// Reads every job of the folder, sorted by name.
pub fn load_jobs(dir: &Path) -> Result<Vec<Job>, ConfigError> {
    let mut jobs: BTreeMap<String, (Job, Source)> = BTreeMap::new();
    for source in sources(dir)? {
        let job = Job::read(&source)?;
        if jobs.contains_key(&job.name.to_lowercase()) {
            let message = format!("another file defines a job `{}` already", job.name);
            let error = source.error(&["name"], message);
            return Err(error.with_fix("give each job a name of its own"));
        }
        jobs.insert(job.name.to_lowercase(), (job, source));
    }
    for (job, source) in jobs.values() {
        check_after(job, source, &jobs)?;
    }
    Ok(jobs.into_values().map(|(job, _)| job).collect())
}

impl Job {
    /// A backup that could only fail each night, since nothing says where to.
    pub fn goes_nowhere(&self, settings: &Settings) -> bool {
        self.kind == JobKind::Backup && settings.backup.to.is_none()
    }

    /// Reads one file; what it says of other jobs is checked by [`load_jobs`].
    pub fn read(source: &Source) -> Result<Job, ConfigError> {
        let JobWritten { name, kind, schedule, after, catch_up, overlap, timeout, retry, _options } =
            source.parse()?;
        let (mut import, mut export) = (ImportOptions::default(), ExportOptions::default());
        let mut report = ReportOptions::default();
        match kind {
            JobKind::Import => import = options(source)?,
            JobKind::Export => export = options(source)?,
            JobKind::Report => report = options(source)?,
            _ => {
                source.parse::<OptionsWritten<NoOptions>>()?;
            }
        }
        Ok(Job {
            name,
            kind,
            schedule,
            after,
            catch_up,
            overlap,
            timeout,
            retry,
            import,
            export,
            report,
        })
    }
}

fn options<T: DeserializeOwned + Default>(source: &Source) -> Result<T, ConfigError> {
    Ok(source.parse::<OptionsWritten<T>>()?.options.unwrap_or_default())
}

fn sources(dir: &Path) -> Result<Vec<Source>, ConfigError> {
    let wrong = |error: std::io::Error| {
        ConfigError::new(dir.display().to_string(), error.to_string())
            .with_fix("`hangloat init` makes the folder of jobs")
    };
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden && path.extension().is_some_and(|end| end == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| Source::read(path)).collect()
}

/// A job may wait for others that have slots, but not for itself, not even by way of others.
fn check_after(
    job: &Job,
    source: &Source,
    jobs: &BTreeMap<String, (Job, Source)>,
) -> Result<(), ConfigError> {
    for (at, name) in job.after.iter().enumerate() {
        let path = ["after", &at.to_string()];
        let Some((other, _)) = jobs.get(&name.to_lowercase()) else {
            let error = source.error(&path, format!("there is no job `{name}`"));
            let near = nearest(name, jobs.values().map(|(job, _)| job.name.as_str()));
            return Err(error.with_fix(format!("did you mean `{}`?", near.unwrap_or_default())));
        };
        if other.schedule.is_none() {
            let message = format!("`{name}` has no schedule, so there is no slot to wait for");
            return Err(source.error(&path, message));
        }
        if waits_for(other, job, jobs) {
            let message = format!("`{name}` waits for `{}`, so neither would ever run", job.name);
            return Err(source.error(&path, message));
        }
    }
    Ok(())
}

fn waits_for(from: &Job, target: &Job, jobs: &BTreeMap<String, (Job, Source)>) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open = vec![from];
    while let Some(job) = open.pop() {
        if job.name == target.name {
            return true;
        }
        if !seen.contains(&job.name.as_str()) {
            seen.push(&job.name);
            let next = job.after.iter().filter_map(|name| jobs.get(&name.to_lowercase()));
            open.extend(next.map(|(job, _)| job));
        }
    }
    false
}

fn job_name<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    let fits = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits {
        return Ok(text);
    }
    Err(D::Error::custom(format!(
        "`{text}` is no name of a job: 1 to 64 of A–Z, a–z, 0–9, `-` and `_`, beginning with a letter or digit"
    )))
}

fn schedule<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Schedule>, D::Error> {
    parsed(source).map(Some)
}

fn latest() -> CatchUp {
    CatchUp::Latest
}

fn skip() -> Overlap {
    Overlap::Skip
}

fn half_an_hour() -> Duration {
    Duration::from_mins(30)
}

#[cfg(test)]
mod tests;
