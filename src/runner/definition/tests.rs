//! What a person sees of a job's definition: jobs as meant, errors with their place.

use super::*;
use crate::{
    domain::{client::CustomerType, field::Field},
    flow::options::{Ask, Mixed},
};

fn read(text: &str) -> Result<Job, ConfigError> {
    Job::read(&Source::new("jobs/a.toml", text))
}

#[track_caller]
fn check(text: &str, place: &str, fix: Option<&str>) {
    let error = read(text).unwrap_err();
    assert_eq!((error.place.as_str(), error.fix.as_deref()), (place, fix), "{error}");
}

fn load(files: &[(&str, &str)]) -> Result<Vec<Job>, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs_err::write(dir.path().join(name), text).unwrap();
    }
    fs_err::create_dir(dir.path().join("catalogue")).unwrap();
    load_jobs(dir.path())
}

#[test]
fn the_built_in_jobs_are_read_in_the_order_of_their_names() {
    let jobs = load(BUILT_IN).unwrap();
    let shown = jobs.iter().map(|job| {
        let schedule = job.schedule.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {} {schedule}", job.name, job.kind)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "activate activate @every 5m",
            "backup backup 0 3 * * *",
            "cut-offs report 0 15 * * *",
            "import import ",
            "look-up report 5 * * * *",
            "mail mail @every 30s",
            "nightly-reconcile reconcile 30 0 * * *",
            "nightly-sweep sweep 0 1 * * *",
            "remind remind 0 8 * * *",
            "report report 30 7 * * *",
            "retention retention 30 2 * * *"
        ]
    );
    assert_eq!(jobs[2].import, ImportOptions::default());
}

#[test]
fn a_job_has_all_that_its_file_says() {
    let job = read(
        "name = 'nightly'\nkind = 'import'\nschedule = '0 1 * * *'\nafter = ['x']\ncatch_up = 'all'\n\
         overlap = 'queue'\ntimeout = '5m'\nretry = { attempts = 2 }\n[options]\nmixed = 'refuse'\n\
         confirm = 'auto'\nfiscal_year = 2026\nbooks_start = 2026-01-01\nregistered_by = 'Lan'\n\
         [options.package]\nenterprise = 'ASP-DN'\nhousehold = 'ASP-HKD'\n",
    )
    .unwrap();
    assert_eq!((job.catch_up, job.overlap), (CatchUp::All, Overlap::Queue));
    assert_eq!(job.retry, Retry { attempts: 2, backoff: Duration::from_mins(1) });
    assert_eq!(job.timeout, Duration::from_mins(5));
    let options = job.import;
    assert_eq!((options.mixed, options.confirm), (Mixed::Refuse, Ask::Auto));
    let default = |field, customer_type| options.defaults.get(field, customer_type);
    assert_eq!(default(Field::FiscalYear, None), Some("2026"));
    assert_eq!(default(Field::BooksStart, None), Some("2026-01-01"));
    assert_eq!(default(Field::Package, Some(CustomerType::Household)), Some("ASP-HKD"));
    assert_eq!(default(Field::Package, None), None);
}

#[test]
fn an_error_is_told_by_line_and_column() {
    let import = "name = 'a'\nkind = 'import'\n";
    check("name = 'a b'\nkind = 'import'", "jobs/a.toml:1:8", None);
    check("name = 'a'\nkind = 'impotr'", "jobs/a.toml:2:8", Some("did you mean `import`?"));
    check(&format!("{import}schedule = '0 0 1 * 1'"), "jobs/a.toml:3:12", None);
    check(&format!("{import}retyr = 1"), "jobs/a.toml:3:1", Some("did you mean `retry`?"));
    check(&format!("{import}timeout = '0'"), "jobs/a.toml:3:11", None);
    check(&format!("{import}retry = {{ attempts = 0 }}"), "jobs/a.toml:3:22", None);
}

#[test]
fn an_unknown_option_is_told_with_the_nearest() {
    let import = "name = 'a'\nkind = 'import'\n[options]\n";
    let options = |text: &str| format!("{import}{text}");
    check(&options("pakage = 'X'"), "jobs/a.toml:4:1", Some("did you mean `package`?"));
    check(&options("mixed = 'spilt'"), "jobs/a.toml:4:9", Some("did you mean `split`?"));
    check(&options("package = ''"), "jobs/a.toml:4:11", None);
    let shape = "write a text, a whole number, or a table with enterprise and household there";
    check(&options("package = true"), "jobs/a.toml:4:11", Some(shape));
    check(
        &options("package.enterprize = 'X'"),
        "jobs/a.toml:4:9",
        Some("did you mean `enterprise`?"),
    );
    check("name = 'a'\nkind = 'mail'\n[options]\nmixed = 'split'", "jobs/a.toml:4:1", None);
}

#[test]
fn jobs_of_one_folder_fit_together() {
    let job = |name: &str, rest: &str| format!("name = '{name}'\nkind = 'mail'\n{rest}");
    let check = |first: String, second: String, expected: &str| {
        let error = load(&[("a.toml", &first), ("b.toml", &second)]).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    };
    check(job("x", ""), job("X", ""), "b.toml:1:1: another file defines a job `X` already");
    check(job("x", "after = ['yy']"), job("y", ""), "a.toml:3:10: there is no job `yy`");
    check(
        job("x", "after = ['y']"),
        job("y", ""),
        "a.toml:3:10: `y` has no schedule, so there is no slot to wait for",
    );
    check(
        job("x", "schedule = '@every 5m'\nafter = ['y']"),
        job("y", "schedule = '@every 5m'\nafter = ['x']"),
        "a.toml:4:10: `y` waits for `x`, so neither would ever run",
    );
    let fits = [job("x", "after = ['y']"), job("y", "schedule = '@every 5m'")];
    assert!(load(&[("a.toml", &fits[0]), ("b.toml", &fits[1])]).is_ok());
}
