//! *Sắp ngắt*: which lines are cut off next, asked in a workbook the afternoon before; and what an answer to it does. How
//! the workbook looks and is read is the business of `answer::cut_offs`.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    Judged,
    coverage::Coverage,
    rules::{self, Step, Waits},
};
use crate::{
    db::{
        Tx, dues,
        grace::{self, Held, InGrace, Side, Warning},
    },
    domain::{
        finding::{Code, Finding},
        mail::MailState,
        money::Money,
        order::{LineState, RequestState},
        words::words,
    },
    flow::{
        Services,
        answer::{
            self, bank,
            cut_offs::{
                LineView, Tone, View,
                back::{self, Back, Wish},
                identity::{Answer, Shown},
            },
            outbox,
        },
        files::write_whole,
        inbox::BANK,
    },
};

/// What it is called.
pub const WHAT: &str = "sap-ngat";

words! {
    /// What a job of reports writes.
    pub enum What {
        Morning = "morning",
        CutOffs = "cut_offs",
    }
}

/// The options of such a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportOptions {
    pub what: What,
}

impl Default for ReportOptions {
    fn default() -> ReportOptions {
        ReportOptions { what: What::Morning }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many lines are on it.
    pub lines: u64,
    pub workbook: Option<PathBuf>,
}

/// Writes the workbook into `outbox/_bank/` under the next number of the day, and with several firms an extract for each.
/// Where there are none there is no workbook, and no older one either.
pub async fn write(services: &Services) -> anyhow::Result<Written> {
    let judged = super::judge(services).await?;
    let known =
        Known { warned: finals(services).await?, coverage: super::covered(services).await? };
    let soon = next_working_day(services);
    let told: Vec<&Judged> = judged.iter().filter(|it| is_soon(services, it, soon)).collect();
    if services.only_firm().is_none() {
        extracts(services, &told, &known)?;
    }
    let folder = outbox::folder(services, Some(BANK));
    if told.is_empty() {
        outbox::set_workbooks_aside(WHAT, &folder)?;
        return Ok(Written::default());
    }
    fs_err::create_dir_all(&folder)?;
    let path = outbox::free_path(&folder, WHAT, services.today(), "xlsx");
    let view = view(services, &told, (&known, None));
    let bytes = tokio::task::block_in_place(|| {
        answer::cut_offs::write(&view, &services.key, outbox::revision_of(&path))
    })?;
    write_whole(&path, &bytes)?;
    outbox::set_others_aside(WHAT, std::slice::from_ref(&path))?;
    Ok(Written { lines: told.len() as u64, workbook: Some(path) })
}

/// What is known beside the lines.
struct Known {
    warned: Vec<Warning>,
    coverage: Coverage,
}

/// The own lines of each firm, to be read.
fn extracts(services: &Services, told: &[&Judged], known: &Known) -> anyhow::Result<()> {
    let all = services.settings.firms.iter();
    let mut firms: BTreeMap<&str, Vec<&Judged>> =
        all.map(|firm| (firm.code.as_str(), Vec::new())).collect();
    for it in told {
        firms.entry(it.line.firm.as_str()).or_default().push(it);
    }
    for (code, own) in firms {
        let name = services.firm(code)?.name.as_str();
        let folder = outbox::folder(services, Some(code));
        if own.is_empty() {
            outbox::set_workbooks_aside(WHAT, &folder)?;
            continue;
        }
        fs_err::create_dir_all(&folder)?;
        let path = outbox::free_path(&folder, WHAT, services.today(), "xlsx");
        let view = view(services, &own, (known, Some(name)));
        let bytes = tokio::task::block_in_place(|| answer::cut_offs::write_extract(&view))?;
        write_whole(&path, &bytes)?;
        outbox::set_others_aside(WHAT, &[path])?;
    }
    Ok(())
}

fn next_working_day(services: &Services) -> NaiveDate {
    let works = |day: &NaiveDate| !super::is_skipped(services, *day);
    services.today().iter_days().skip(1).find(works).unwrap_or_else(|| services.today())
}

/// Whether somebody may want to say something of it: its last day is the next working day, or over, or it was put off.
fn is_soon(services: &Services, it: &Judged, soon: NaiveDate) -> bool {
    let last = rules::last_day(it.cutoff_at, services.settings.timezone);
    !it.line.request_state.is_paid() && (last <= soon || it.line.held().is_some())
}

/// The final warnings that left.
async fn finals(services: &Services) -> anyhow::Result<Vec<Warning>> {
    let fewest = services.settings.grace.warn_days_before.last().copied().unwrap_or_default();
    let is_final = |it: &Warning| it.days == i64::from(fewest) && it.state == MailState::Sent;
    let warnings = grace::warnings(&services.db).await?;
    Ok(warnings.into_iter().filter(is_final).collect())
}

fn view(services: &Services, told: &[&Judged], (known, firm): (&Known, Option<&str>)) -> View {
    let mut told = told.to_vec();
    told.sort_by_key(|it| (it.cutoff_at, it.line.order_code.clone(), it.line.line_no));
    let missing = || told.iter().filter_map(|it| it.missing);
    let first = missing().map(|(first, _)| first).min();
    let last = missing().map(|(_, last)| last).max();
    View {
        texts: services.texts,
        day: services.today(),
        made_at: services.now(),
        firm: firm.map(str::to_owned),
        missing: first.zip(last).map(|(first, last)| (first, last, missing().count())),
        firm_days: services.settings.grace.firm_hold_days,
        lines: told.iter().map(|it| line(services, it, known)).collect(),
    }
}

/// Warned is who pays now of what is the last day now.
fn line(services: &Services, it: &Judged, known: &Known) -> LineView {
    let client = it.line.client();
    let last_day = rules::last_day(it.cutoff_at, services.settings.timezone);
    let is_own = |warning: &&Warning| {
        (warning.line_id, warning.last_day()) == (it.line.line_id, Some(last_day))
            && warning.recipient == it.line.payer_email
    };
    let warned_at = known.warned.iter().find(is_own).and_then(|warning| warning.sent_at);
    let (next, tone) = next(services, it, &known.coverage);
    LineView {
        line: it.line.reference().to_string(),
        name: it.line.name.clone(),
        tax_id: it.line.tax_id.clone(),
        phone: client.contact_phone.national(),
        rest: Money::dong(it.line.rest),
        last_day,
        warned_at: warned_at.map(|at| services.local(at).naive_local()),
        next,
        tone,
        shown: shown(services, &it.line, it.cutoff_at),
    }
}

/// How a line stands now.
fn shown(services: &Services, line: &InGrace, cutoff_at: DateTime<Utc>) -> Shown {
    Shown {
        last_day: rules::last_day(cutoff_at, services.settings.timezone),
        hold_until: line.hold_until(),
        request: line.request_state,
    }
}

/// What happens next, and who put it off.
fn next(services: &Services, it: &Judged, coverage: &Coverage) -> (String, Tone) {
    let texts = services.texts;
    let label = |key: &str| texts.label(&format!("workbook.{key}"));
    let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let missing = super::missing_already(services, &it.line, coverage);
    let (from, to): (Option<String>, Option<String>) =
        missing.map(|(from, to)| (day(from), day(to))).unzip();
    let (said, tone) = match it.step {
        Step::Nothing => (texts.say("workbook.cut_offs.soon", context! { from, to }), Tone::Bad),
        Step::Warn(_) => (label("reconciliation.steps.warn"), Tone::Quiet),
        Step::Suspend => (label("reconciliation.steps.suspend"), Tone::Bad),
        Step::Wait(Waits::Held) => (String::new(), Tone::Quiet),
        Step::Wait(why) => (label(&format!("reconciliation.waits.{why}")), Tone::Waiting),
    };
    let held = it.line.held().map(|held| {
        let at = services.local(held.said_at).format("%d/%m/%Y %H:%M").to_string();
        let values =
            context! { until => day(held.until), by => held.by, at, reason => held.reason };
        texts.say("workbook.cut_offs.held", values)
    });
    let parts = [held.unwrap_or_default(), said];
    (parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" "), tone)
}

/// What is done with a row of an answer.
#[derive(Clone, Debug)]
pub enum Done {
    PutOff {
        line: InGrace,
        until: NaiveDate,
        /// With the reason.
        written: Box<back::Written>,
    },
    Released {
        line: InGrace,
    },
    /// It stands so already, as the finding says.
    Already(Finding),
    Refused(Finding),
}

/// Who answers, and on whose side.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    pub by: &'a str,
    pub side: Side,
}

/// What each row of an answer does, as things stand now; nothing is done yet.
pub async fn decide(
    services: &Services,
    (answer, back): (&Answer, &Back),
    who: Who<'_>,
) -> anyhow::Result<Vec<Done>> {
    let all = grace::all(&services.db).await?;
    let by_name: HashMap<String, &InGrace> =
        all.iter().map(|line| (line.reference().to_string(), line)).collect();
    let over = over(services).await?;
    let decided = back.written.iter().map(|written| {
        let line = by_name.get(&written.rid).filter(|line| line.state == LineState::Grace);
        let shown = answer.shown.get(&written.rid);
        if let Some(shows) = written.shows.as_deref().filter(|_| shown.is_some()) {
            let (place, told) = (written.place.clone(), (shows, written.rid.as_str()));
            return Done::Refused(bank::mixed(services, place, told, who.side));
        }
        match (line, shown, over.get(&written.rid)) {
            (_, Some(_), Some(why)) => already(services, written, ("over", why), &context! {}),
            (Some(line), Some(shown), None) => one(services, (line, shown), written, who),
            _ => Done::Refused(stale(services, written, who)),
        }
    });
    Ok(decided.collect())
}

/// Lines of which nothing is to be paid any more, by their names, and why; nobody cuts them off.
async fn over(services: &Services) -> anyhow::Result<HashMap<String, &'static str>> {
    let over = dues::all(&services.db).await?.into_iter().filter_map(|due| {
        let why = match due.state {
            RequestState::Cancelled => "cancelled",
            state if state.is_paid() => "paid",
            _ => return None,
        };
        Some((format!("{}/{}", due.order_code, due.line_no), why))
    });
    Ok(over.collect())
}

/// `detail` is `now` where a row says how it is already, and `over` where nothing is to be said any more.
fn already(
    services: &Services,
    written: &back::Written,
    (detail, why): (&'static str, &str),
    values: &Value,
) -> Done {
    let now = services.texts.say(&format!("message.as_it_is.{why}"), values.clone());
    let finding = Finding::new(Code::RowAlreadyDone, written.place.clone());
    Done::Already(finding.value(written.said.as_str()).detail(detail, now))
}

fn one(
    services: &Services,
    (line, went_out): (&InGrace, &Shown),
    written: &back::Written,
    who: Who<'_>,
) -> Done {
    let Some(cutoff_at) = super::cutoff_at(services, line) else {
        return Done::Refused(stale(services, written, who));
    };
    let now = shown(services, line, cutoff_at);
    // Counted from what the workbook showed, so that the same answer once more says the same.
    let base = went_out.last_day.max(services.today());
    let firm_days = services.settings.grace.firm_hold_days;
    let until = match written.wish {
        None => return refused(services, written, "unclear", firm_days),
        Some(Wish::Release) if now.hold_until.is_none() => {
            return already(services, written, ("now", "released"), &context! {});
        }
        Some(Wish::Release) => None,
        Some(Wish::Days(days)) => Some(base + Days::new(days.into())),
        Some(Wish::Some) => Some(base + Days::new(firm_days.into())),
        Some(Wish::Until(day)) => Some(day),
    };
    if let Some(until) = until.filter(|_| now.hold_until == until) {
        let until = until.format("%d/%m/%Y").to_string();
        return already(services, written, ("now", "held"), &context! { until });
    }
    if *went_out != now {
        return Done::Refused(stale(services, written, who));
    }
    let Some(until) = until else {
        return match who.side {
            Side::Operator => Done::Released { line: line.clone() },
            Side::Firm => refused(services, written, "release", firm_days),
        };
    };
    let is_too_long = until > base + Days::new(firm_days.into());
    let why = if written.reason.is_empty() {
        Some("no_reason")
    } else if until < services.today() || until <= now.last_day {
        Some("past")
    } else if who.side == Side::Firm && line.firm_said_at.is_some() {
        Some("twice")
    } else if who.side == Side::Firm && is_too_long {
        Some("too_long")
    } else {
        None
    };
    match why {
        Some(why) => refused(services, written, why, firm_days),
        None => Done::PutOff { line: line.clone(), until, written: Box::new(written.clone()) },
    }
}

/// The line is otherwise than the workbook showed it, or was not on it.
fn stale(services: &Services, written: &back::Written, who: Who<'_>) -> Finding {
    bank::stale(services, written.place.clone(), who.side).value(written.said.as_str())
}

fn refused(services: &Services, written: &back::Written, why: &str, days: u32) -> Done {
    let say = |part: &str| {
        let values = context! { line => written.rid.as_str(), days };
        services.texts.say(&format!("message.not_put_off.{why}.{part}"), values)
    };
    let finding = Finding::new(Code::RowUnknownAnswer, written.place.clone())
        .value(written.said.as_str())
        .detail("reason", say("why"))
        .detail("how", say("how"));
    Done::Refused(finding)
}

/// Does it, in the transaction in which the answer is noted. What its firm put off since it was decided is refused.
pub async fn carry_out(
    services: &Services,
    tx: &mut Tx,
    done: &mut [Done],
    who: Who<'_>,
) -> anyhow::Result<()> {
    let now = services.now();
    for it in done {
        match it {
            Done::PutOff { line, until, written } => {
                let (reason, by) = (written.reason.as_str(), Some(who.by));
                let held = Held { until: *until, reason, by, said_at: now };
                if grace::hold(tx, line.line_id, held, who.side).await? {
                    dues::workbook_is_due(tx, line.batch()).await?;
                } else {
                    let days = services.settings.grace.firm_hold_days;
                    *it = refused(services, written, "twice", days);
                }
            }
            Done::Released { line } => {
                grace::release(tx, line.line_id, now).await?;
                dues::workbook_is_due(tx, line.batch()).await?;
            }
            Done::Already(_) | Done::Refused(_) => {}
        }
    }
    Ok(())
}
