//! Finds the workspace and opens what its settings name.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use minijinja::{Value, context};

use super::{
    args::Global,
    narrowed::{Narrowed, Since},
    progress,
    reply::Failure,
};
use crate::{
    config::{self, Environment, MailTransport, PlatformKind, Settings},
    db::batches::Filter,
    domain::{
        firm::Firm, fold::fold, grace::start_of, locale::Locale, run::JobKind, words::UnknownWord,
    },
    flow::{
        Circumstances, Clock, Services, bucket, fail_points::FailPoints, guard,
        options::ImportOptions,
    },
    runner::definition::{self, Job},
    text::Texts,
};

/// What tests set to see what a sudden death leaves behind; of no effect in release builds.
const CRASH_AT: &str = "HANGLOAT_CRASH_AT";

/// The file in which tests count the points that were passed.
const PASSED: &str = "HANGLOAT_PASSED";

/// Another process may be handing over; it is soon done.
const HAND_OVER_TIMES: u32 = 50;
const HAND_OVER_AGAIN: Duration = Duration::from_millis(200);

const LOCALE: &str = "HANGLOAT_LOCALE";

pub fn home(global: &Global) -> anyhow::Result<PathBuf> {
    let current = std::env::current_dir().context("The current folder cannot be read")?;
    let home = config::discover(global.home.as_deref(), &Environment::of_process(), &current)?;
    Ok(std::path::absolute(home)?)
}

pub fn settings(global: &Global, home: &Path) -> anyhow::Result<Settings> {
    let mut settings = config::load(home, &Environment::of_process())?;
    settings.locale = global.locale.unwrap_or(settings.locale);
    Ok(settings)
}

/// In the language of `--locale`, else of the workspace, else of the environment.
pub fn texts(global: &Global) -> &'static Texts {
    texts_of(global.locale, global.home.as_deref())
}

/// The same of what was typed, also where the rest of it was not understood.
pub fn texts_of(locale: Option<Locale>, home: Option<&Path>) -> &'static Texts {
    let environment = Environment::of_process();
    let of_workspace = || {
        let home = config::discover(home, &environment, &std::env::current_dir().ok()?).ok()?;
        Some(config::load(&home, &environment).ok()?.locale)
    };
    let of_environment = || environment.get(LOCALE)?.parse().ok();
    Texts::of(locale.or_else(of_workspace).or_else(of_environment).unwrap_or(Locale::Vi))
}

/// Opens the workspace for a command that stands still in time where `--now` says so.
pub async fn open(global: &Global) -> anyhow::Result<Services> {
    let clock = global.now.map_or(Clock::System, Clock::Frozen);
    open_at(global, &home(global)?, clock).await
}

pub async fn open_at(global: &Global, home: &Path, clock: Clock) -> anyhow::Result<Services> {
    let settings = settings(global, home)?;
    let texts = Texts::of(settings.locale);
    let is_real = settings.platform.kind != PlatformKind::Embedded
        || settings.mail.transport != MailTransport::File
        || settings.sms.is_real();
    if global.now.is_some() && is_real {
        return Err(Failure::misused(texts, "now_refused", context! {}).into());
    }
    let progress = progress::of(global, texts);
    let environment = Environment::of_process();
    let (at, passed) = (environment.get(CRASH_AT), environment.get(PASSED));
    let fail_points = Arc::new(FailPoints::new(at, passed));
    let program = std::env::current_exe().context("This program cannot find itself")?;
    let with = Circumstances { clock, progress, program, fail_points };
    Services::open(home, settings, with).await
}

/// Hands over what a command wrote, where it goes into buckets. What does not arrive stays, and goes with the next.
pub async fn hand_over(global: &Global) {
    let Ok(home) = home(global) else { return };
    let has_buckets = |settings: Settings| settings.files.buckets.all().next().is_some();
    if !settings(global, &home).is_ok_and(has_buckets) {
        return;
    }
    let handed_over = async {
        let services = open(global).await?;
        if guard::hold(&services).await?.is_some() {
            return Ok(());
        }
        for _ in 0..HAND_OVER_TIMES {
            if bucket::hand_over(&services).await?.is_some() {
                break;
            }
            tokio::time::sleep(HAND_OVER_AGAIN).await;
        }
        anyhow::Ok(())
    };
    if let Err(error) = handed_over.await {
        tracing::warn!("What was written stays in the workspace's folders for now: {error:#}");
    }
}

pub fn jobs(services: &Services) -> anyhow::Result<Vec<Job>> {
    Ok(definition::load_jobs(&services.home.join("jobs"))?)
}

/// What the import job of the workspace does with lists.
pub fn import_options(services: &Services) -> anyhow::Result<ImportOptions> {
    let job = jobs(services)?.into_iter().find(|job| job.kind == JobKind::Import);
    Ok(job.map(|job| job.import).unwrap_or_default())
}

/// The firm that is named, or the only one.
pub fn firm<'a>(services: &'a Services, named: Option<&str>) -> anyhow::Result<&'a Firm> {
    match named {
        Some(code) => services.firm(code).map_err(|_| {
            let values = context! { firm => code, known => known_firms(services) };
            Failure::no_such(services.texts, "no_firm", values).into()
        }),
        None => services.only_firm().ok_or_else(|| {
            let values = context! { known => known_firms(services) };
            Failure::misused(services.texts, "which_firm", values).into()
        }),
    }
}

/// Each firm as a message names it, by its code.
pub fn known_firms(services: &Services) -> Vec<Value> {
    let named = |firm: &Firm| context! { code => firm.code.as_str(), name => firm.name.as_str() };
    services.settings.firms.iter().map(named).collect()
}

/// Checks what a list is narrowed to; `S` is the list's own set of states, which people read as the words under `words`.
pub fn filter<S: FromStr<Err = UnknownWord>>(
    services: &Services,
    narrowed: &Narrowed,
    words: &str,
) -> anyhow::Result<Filter> {
    let since = narrowed.since.map(|since| match since {
        Since::Day(day) => start_of(day, services.settings.timezone),
        Since::Instant(at) => at,
    });
    let typed = narrowed.state.as_deref();
    let state = typed.map(|typed| state::<S>(services.texts, words, typed)).transpose()?;
    let named = narrowed.firm.as_deref();
    let firm = named.map(|named| firm(services, Some(named))).transpose()?;
    Ok(Filter { firm: firm.map(|firm| firm.code.to_string()), state, since })
}

/// The state that is typed, as programs call it or as people read it in either language, with accents or without.
fn state<S: FromStr<Err = UnknownWord>>(
    texts: &Texts,
    words: &str,
    typed: &str,
) -> Result<String, Failure> {
    let Err(UnknownWord { known, .. }) = S::from_str(typed) else { return Ok(typed.to_owned()) };
    let said = |texts: &Texts, state: &str| {
        let key = format!("{words}.{state}");
        texts.has(&key).then(|| texts.label(&key))
    };
    let is_it = |state: &str, locale: Locale| {
        said(Texts::of(locale), state).is_some_and(|said| fold(&said) == fold(typed))
    };
    let found = known.iter().find(|state| Locale::ALL.iter().any(|locale| is_it(state, *locale)));
    if let Some(state) = found {
        return Ok((*state).to_owned());
    }
    let both = |state: &&str| match said(texts, state) {
        Some(said) => format!("{said} ({state})"),
        None => (*state).to_owned(),
    };
    let known = known.iter().map(both).collect::<Vec<_>>().join(", ");
    Err(Failure::misused(texts, "no_state", context! { state => typed, known }))
}
