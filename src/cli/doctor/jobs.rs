//! Whether the jobs can be read, and which of the built-in ones nothing here does: a workspace that is older than a job
//! does not get it by itself.

use std::path::Path;

use minijinja::context;

use super::{Check, fine, tables};
use crate::{
    config::file::Source,
    runner::definition::{BUILT_IN, Job, load_jobs},
    text::Texts,
};

pub fn check(texts: &Texts, home: &Path) -> Check {
    let jobs = match load_jobs(&home.join("jobs")) {
        Ok(jobs) => jobs,
        Err(error) => return tables(texts, "jobs", Err(error)),
    };
    let missing = missing(&jobs).join(", ");
    let values = context! { n => jobs.len(), missing => missing.as_str() };
    let wrong = (!missing.is_empty()).then(|| texts.say("command.doctor.fix.jobs", values.clone()));
    fine("jobs", texts.say("command.doctor.jobs", values)).unless(wrong)
}

/// The files of built-in jobs that do what no job here does, whatever those are called.
fn missing(jobs: &[Job]) -> Vec<&'static str> {
    let does =
        |job: &Job, wanted: &Job| job.kind == wanted.kind && job.report.what == wanted.report.what;
    let is_missing = |text: &str, name: &str| {
        Job::read(&Source::new(name, text))
            .is_ok_and(|wanted| !jobs.iter().any(|job| does(job, &wanted)))
    };
    BUILT_IN.iter().filter(|(name, text)| is_missing(text, name)).map(|(name, _)| *name).collect()
}
