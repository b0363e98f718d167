//! `run JOB`: one job now, under the same lease as the daemon's.

use std::{
    io::{self, IsTerminal as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use minijinja::context;

use super::{
    args::{Global, Run},
    check::{exit_of, no_file},
    lists,
    reply::{Exit, Failure, Reply},
    resume, workspace,
};
use crate::{
    db::{
        batches,
        guard::{self as stored, Hold},
        runs,
    },
    domain::{
        batch::{BatchKind, Outcome},
        mail::Purpose,
        money::Money,
        payment::PaymentState,
        run::{JobKind, RunState},
        words::UnknownWord,
    },
    flow::{
        Services, bucket, folders, guard,
        import::Arrival,
        inbox::{self, Owner},
        options::{Defaults, ImportOptions, SetError},
        pay::foreseen::Part,
        report::{self, FileReport, Told},
        send,
    },
    runner::{self, Files, Hung, Late, NotRun, Work, definition::Job},
    text::Texts,
};

pub async fn run(global: &Global, args: &Run) -> anyhow::Result<Reply> {
    let services = Arc::new(workspace::open(global).await?);
    folders::demand(folders::all(&services.home, &services.settings, folders::folder))?;
    let job = job(services.texts, workspace::jobs(&services)?, &args.job)?;
    if job.kind != JobKind::Import && !(args.files.is_empty() && args.set.is_empty()) {
        return Err(Failure::misused(services.texts, "only_imports", context! {}).into());
    }
    let mut work = Work::of(&job);
    work.told = if global.json { Told::All } else { Told::First(SHOWN) };
    set(services.texts, &mut work.options, &args.set)?;
    if job.kind == JobKind::Import && guard::hold(&services).await?.is_none() {
        bucket::fetch(&services).await?;
    }
    let (arrivals, gone) = arrivals(&services, args)?;
    if !args.files.is_empty() {
        work.files = Files::Given(arrivals);
    }
    if matches!(job.kind, JobKind::Mail | JobKind::Activate) {
        resume::refuse_while_held(&services).await?;
    }
    work.late = late(global.clone());
    work.is_unseen = !io::stderr().is_terminal();
    let ran = runner::run(&services, &job, &work).await?;
    let ran = ran.map_err(|why| not_run(services.texts, &job, why))?;
    let mut files = ran.files;
    for (path, owner) in gone {
        files.extend(taken_before(&services, (&path, &owner), &files, work.told).await?);
    }
    let run = runs::by_id(&services.db, ran.id).await?;
    let taken = batches::list(&services.db, &batches::Filter::default()).await?;
    let run = run.map(|run| lists::run_json(&services, &run, &taken));
    if job.kind == JobKind::Import {
        let reply = Reply::new(exit_of(&files), files_in_words(&services, &files));
        return reply
            .with("job", job.name)?
            .with("files", files)?
            .with("runs", run.into_iter().collect::<Vec<_>>());
    }
    let mut exit = if ran.state == RunState::Succeeded { Exit::Done } else { Exit::NeedsPerson };
    if let Some(hold) = held_of(&services, job.kind).await? {
        if ran.counts.values().all(|count| *count == 0) {
            return Err(resume::refusal(&services, &hold).into());
        }
        exit = Exit::NeedsPerson;
    }
    let counts = lists::counts_in_words(&services, &ran.counts);
    let mut human = format!("{}: {counts}", job.name);
    if job.kind == JobKind::Mail {
        let n = ran.counts.get("uncertain").copied().unwrap_or_default();
        let lost = services.texts.say("command.mails_uncertain", context! { n });
        let said = mails_in_words(&services, ran.counts.get("later").copied()).await?;
        for said in (n > 0).then_some(lost).into_iter().chain(said) {
            human = format!("{human}\n{said}");
        }
    }
    let workbook = ran.workbook.as_deref().map(|path| services.shown_path(path));
    if let Some(path) = &workbook {
        human = format!("{human}\n  → {path}");
    }
    let mut reply = Reply::new(exit, human);
    if job.kind == JobKind::Reconcile || workbook.is_some() {
        reply = reply.with("workbook", workbook)?;
    }
    reply.with("job", job.name)?.with("runs", run.into_iter().collect::<Vec<_>>())
}

/// Why mails were left for a later run, as far as they were.
async fn mails_in_words(services: &Services, later: Option<i64>) -> anyhow::Result<Vec<String>> {
    let (texts, mail) = (services.texts, &services.settings.mail);
    let clock = |at| services.local(at).format("%d/%m/%Y %H:%M").to_string();
    if let Some(pause) = send::pause::holding(&services.db, mail, services.now()).await? {
        let why = texts.translated(&pause.why);
        let values = context! { why, at => clock(pause.paused_until) };
        return Ok(vec![texts.say("command.mails_paused", values)]);
    }
    let next = send::waiting(services).await?.into_iter().min();
    let next = next.map(|next| texts.say("command.mails_wait", context! { at => clock(next) }));
    let later = later.filter(|later| *later > 0).map(|_| texts.label("command.mails_later"));
    Ok(next.into_iter().chain(later).collect())
}

/// What does not even stop is left where it is: with the next run it goes on.
fn late(global: Global) -> Late {
    Late::Ended(Hung(Arc::new(move |error| super::give_up(&global, "run", error))))
}

fn not_run(texts: &Texts, job: &Job, why: NotRun) -> Failure {
    let job = job.name.as_str();
    let (code, values) = match why {
        NotRun::Elsewhere => ("running", context! { job }),
        NotRun::After(before) => ("after", context! { job, before }),
    };
    Failure { exit: Exit::NotRun, code, ..Failure::not_allowed(texts, code, values) }
}

/// The hold of what is old, where it keeps something of this kind back.
async fn held_of(services: &Services, kind: JobKind) -> anyhow::Result<Option<Hold>> {
    let Some(hold) = guard::hold(services).await? else { return Ok(None) };
    let is_of = |purpose: &str| match kind {
        JobKind::Mail => purpose.parse::<Purpose>().is_ok(),
        JobKind::Activate => purpose.parse::<Purpose>().is_err(),
        _ => false,
    };
    let waiting = stored::waiting(&services.db, hold.before).await?;
    Ok(waiting.iter().any(|one| is_of(&one.purpose)).then_some(hold))
}

/// By its name, or by its kind where that is unique.
fn job(texts: &Texts, jobs: Vec<Job>, named: &str) -> anyhow::Result<Job> {
    let by_name = jobs.iter().position(|job| job.name == named);
    let of_kind: Vec<usize> =
        (0..jobs.len()).filter(|at| jobs[*at].kind.as_str() == named).collect();
    let found = by_name.or(match of_kind.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    let known: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
    let values = context! { job => named, known => known.join(", ") };
    let unknown = || Failure::no_such(texts, "no_job", values.clone());
    let at = found.ok_or_else(unknown)?;
    jobs.into_iter().nth(at).ok_or_else(|| unknown().into())
}

/// `--set` beats the options of the job.
pub fn set(texts: &Texts, options: &mut ImportOptions, typed: &[String]) -> anyhow::Result<()> {
    let mut defaults = Defaults::default();
    let wrong = |error| Failure::misused(texts, "set", of_set(&error));
    for pair in typed {
        if !options.choose(pair).map_err(wrong)? {
            defaults.set(pair).map_err(wrong)?;
        }
    }
    options.defaults.overlay(defaults);
    Ok(())
}

fn of_set(error: &SetError) -> minijinja::Value {
    match error {
        SetError::Form(text) => context! { text },
        SetError::Field { found, near } => context! { field => found, near => *near },
        SetError::CustomerType(word) => context! { word },
        SetError::Setting(key, UnknownWord { found, known }) => {
            context! { key => key.as_str(), word => found, allowed => known.join(", ") }
        }
    }
}

type Gone = Vec<(PathBuf, Owner)>;

/// The typed files with their owners; and those of the inbox that are there no more.
fn arrivals(services: &Services, args: &Run) -> anyhow::Result<(Vec<Arrival>, Gone)> {
    let (mut arrivals, mut gone) = (Vec::new(), Vec::new());
    for file in &args.files {
        let path = without_dots(&std::path::absolute(file)?);
        if let Some(link) = link_of(&services.settings.files.inbox, &path) {
            let values = context! { file => link.display().to_string() };
            return Err(Failure::misused(services.texts, "link", values).into());
        }
        let inside = path.starts_with(&services.settings.files.inbox);
        if !inside && !path.is_file() {
            return Err(no_file(services, file).into());
        }
        let owner = owner(services, &path, inside, args)?;
        match owner {
            _ if path.is_file() => arrivals.push(Arrival { path, owner, settled: None }),
            Some(owner) if inside => gone.push((path, owner)),
            _ => return Err(no_file(services, file).into()),
        }
    }
    Ok((arrivals, gone))
}

/// `inbox/../other` lies not in the inbox.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// A link that was named, or that lies on the way to it in the inbox.
fn link_of<'a>(inbox: &Path, path: &'a Path) -> Option<&'a Path> {
    let on_the_way = path.ancestors().skip(1).filter(|folder| folder.starts_with(inbox));
    let is_link = |path: &&Path| path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    std::iter::once(path).chain(on_the_way).find(is_link)
}

fn owner(
    services: &Services,
    path: &Path,
    inside: bool,
    args: &Run,
) -> anyhow::Result<Option<Owner>> {
    if inside {
        return Ok(inbox::owner(services, path));
    }
    if args.bank {
        return Ok(Some(Owner::of(inbox::BANK)));
    }
    let Some(named) = args.firm.as_deref() else {
        let known = workspace::known_firms(services);
        let values = context! { file => path.display().to_string(), known };
        return Err(Failure::misused(services.texts, "outside", values).into());
    };
    let firm = workspace::firm(services, Some(named))?;
    Ok(Some(Owner::of(firm.code.as_str())))
}

/// A file of the inbox that an interrupted run had taken: what became of it.
async fn taken_before(
    services: &Services,
    (path, owner): (&Path, &Owner),
    files: &[FileReport],
    told: Told,
) -> anyhow::Result<Option<FileReport>> {
    let name = inbox::name_of(path);
    if files.iter().any(|file| file.file == name) {
        return Ok(None);
    }
    let of_firm = batches::Filter { firm: Some(owner.firm.clone()), ..Default::default() };
    let known = batches::list(&services.db, &of_firm).await?;
    let Some(batch) = known.into_iter().find(|batch| batch.file_name == name) else {
        return Err(no_file(services, path).into());
    };
    report::of_batch(services, batch.id(), told).await.map(Some)
}

/// What became of files, for a terminal.
pub fn files_in_words(services: &Services, files: &[FileReport]) -> String {
    if files.is_empty() {
        return services.texts.label("message.files.none");
    }
    files.iter().map(|file| file_in_words(services, file)).collect::<Vec<_>>().join("\n\n")
}

/// Findings shown on a terminal; the workbook has all.
const SHOWN: usize = 10;

/// Nothing is ordered by statements and answers, and nobody decides about them.
fn outcome_in_words(texts: &Texts, file: &FileReport) -> String {
    // A file that is only looked at has no batch.
    let set = if file.batch.is_none() { "outcome_if" } else { "outcome_of" };
    let own = format!("message.{set}.{}.{}", file.kind, file.outcome);
    let general = || texts.label(&format!("message.outcome.{}", file.outcome));
    if texts.has(&own) { texts.label(&own) } else { general() }
}

fn file_in_words(services: &Services, file: &FileReport) -> String {
    let texts = services.texts;
    let outcome = outcome_in_words(texts, file);
    let batch = file.batch.map(|batch| format!(" [{batch}]")).unwrap_or_default();
    let mut lines = vec![format!("{}{batch}: {outcome}", file.file)];
    if let Some(first) = file.duplicate_of {
        lines.push(format!("  = {first}"));
    }
    let rows = &file.rows;
    if file.outcome != Outcome::Duplicate && rows.total > 0 {
        let (by_cells, by_word) = rows.corrected;
        let cancelled = i64::try_from(file.cancelled.len()).unwrap_or(i64::MAX);
        let values = context! {
            total => rows.total, accepted => rows.accepted - by_cells - by_word, rejected => rows.rejected,
            held => rows.held, corrected => by_cells + by_word, cancelled,
            dropped => rows.dropped,
            unchanged => (rows.unchanged - rows.dropped - cancelled).max(0), foretold => file.batch.is_none(),
        };
        let key = match file.kind {
            BatchKind::Statement => "statement",
            BatchKind::Bounce => "bounce",
            _ => "rows",
        };
        lines.push(format!("  {}", texts.say(&format!("message.files.{key}"), values)));
    }
    lines.extend(money_in_words(texts, file));
    for finding in file.findings.iter().take(SHOWN) {
        let column = finding.column.as_deref().unwrap_or_default();
        let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
        let place = format!("{column}{row}");
        lines.push(format!("  {place:>6}  {}  {} {}", finding.code, finding.message, finding.fix));
    }
    let more = file.findings.len().saturating_sub(SHOWN) + file.untold;
    if more > 0 {
        lines.push(format!("  … +{more}"));
    }
    match file.ordered.as_slice() {
        [] if file.orders.is_empty() => {}
        [] => lines.push(format!("  {}", file.orders.join(", "))),
        orders => lines.extend(orders.iter().map(|(order, amount)| {
            let state = texts.label(&format!("workbook.order_state.{}", order.state));
            let (order, amount) = (order.code.as_str(), amount.to_string());
            format!("  {}", texts.say("message.files.order", context! { order, state, amount }))
        })),
    }
    lines.extend(file.workbook.as_ref().map(|workbook| format!("  → {workbook}")));
    lines.join("\n")
}

/// Where the credits of a statement stand; of one that is only looked at each of them, as they would be.
fn money_in_words(texts: &Texts, file: &FileReport) -> Vec<String> {
    let money = |dong: i64| Money::dong(dong).to_string();
    let word = |state: PaymentState| texts.label(&format!("workbook.payment_state.{state}"));
    let came = file.payments.iter().map(|it| {
        let values =
            context! { state => word(it.state), n => it.count, amount => money(it.amount) };
        format!("  {}", texts.say("message.files.came", values))
    });
    let mut lines: Vec<String> = came.collect();
    lines.extend(file.credits.iter().take(SHOWN).map(|it| {
        let part = |part: &Part| format!("{} {}", part.code, money(part.amount));
        let values = context! {
            row => it.row, day => it.booked_on.format("%d/%m/%Y").to_string(), amount => money(it.amount),
            why => (it.state != PaymentState::Matched).then_some(it.why.as_str()),
            state => word(it.state), candidates => it.candidates.join(", "),
            parts => it.allocations.iter().map(part).collect::<Vec<_>>(),
        };
        format!("  {}", texts.say("message.files.credit", values))
    }));
    let more = file.credits.len().saturating_sub(SHOWN);
    lines.extend((more > 0).then(|| format!("  … +{more}")));
    lines
}
