//! *Sắp ngắt*: which lines are cut off next, asked in a workbook the afternoon before. What an answer to it does is said by
//! `answers`; how the workbook looks and is read is the business of `answer::cut_offs`.

mod answers;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::context;
use serde::Deserialize;

pub use self::answers::{Done, Who, carry_out, decide};
use super::{
    Judged,
    coverage::Coverage,
    judging,
    rules::{self, Step, Waits},
};
use crate::{
    db::grace::{self, InGrace, Warning},
    domain::{mail::MailState, money::Money, order::RequestState, words::words},
    flow::{
        Services,
        answer::{
            self,
            cut_offs::{LineView, Tone, View, identity::Shown},
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
        /// Where each client stands, for whoever is asked.
        LookUp = "look_up",
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
    let known = Known::of(services).await?;
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
    /// By their lines.
    warned: HashMap<i64, Vec<Warning>>,
    coverage: Coverage,
}

impl Known {
    async fn of(services: &Services) -> anyhow::Result<Known> {
        Ok(Known { warned: finals(services).await?, coverage: super::covered(services).await? })
    }

    /// When the final warning left, and whether it came back. Warned is who pays now of what is the last day now.
    fn warned(&self, services: &Services, it: &Judged) -> (Option<DateTime<Utc>>, bool) {
        let last_day = rules::last_day(it.cutoff_at, services.settings.timezone);
        let is_own = |warning: &&Warning| {
            warning.last_day() == Some(last_day) && warning.recipient == it.line.payer_email
        };
        let own = || self.warned.get(&it.line.line_id).into_iter().flatten().filter(is_own);
        let is_sent = |of: &&Warning| {
            of.state == MailState::Sent
                && judging::is_relied_on(&it.line, of)
                && !judging::is_overtaken(services, of, it.taken_at)
        };
        let sent_at = own().find(is_sent).and_then(|warning| warning.sent_at);
        (sent_at, sent_at.is_none() && own().any(|of| of.state == MailState::Refused))
    }
}

/// The own lines of each firm, to be read.
fn extracts(services: &Services, told: &[&Judged], known: &Known) -> anyhow::Result<()> {
    let all = services.settings.firms.iter();
    let mut firms: BTreeMap<&str, Vec<Judged>> =
        all.map(|firm| (firm.code.as_str(), Vec::new())).collect();
    for it in told {
        firms.entry(it.line.firm.as_str()).or_default().push(it.without_money());
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
        let own: Vec<&Judged> = own.iter().collect();
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

/// What the workbook of a night lists: what is on the next list of cut-offs, and what is warned of or waits; each with what
/// happens next, in the same words as there.
pub async fn listed<'a>(
    services: &Services,
    judged: &'a [Judged],
) -> anyhow::Result<Vec<(&'a Judged, String, Tone)>> {
    let (known, soon) = (Known::of(services).await?, next_working_day(services));
    let is_listed = |it: &&Judged| it.step != Step::Nothing || is_soon(services, it, soon);
    let listed = judged.iter().filter(is_listed).map(|it| {
        let (said, tone) = next(services, it, (&known, false));
        (it, said, tone)
    });
    Ok(listed.collect())
}

/// Whether somebody may want to say something of it: its last day is the next working day, or over, or it was put off.
fn is_soon(services: &Services, it: &Judged, soon: NaiveDate) -> bool {
    let last = rules::last_day(it.cutoff_at, services.settings.timezone);
    !it.line.request_state.is_paid() && (last <= soon || it.line.held().is_some())
}

/// The final warnings.
async fn finals(services: &Services) -> anyhow::Result<HashMap<i64, Vec<Warning>>> {
    let fewest = services.settings.grace.warn_days_before.last().copied().unwrap_or_default();
    let is_final = |it: &Warning| it.days == i64::from(fewest);
    let mut finals: HashMap<i64, Vec<Warning>> = HashMap::new();
    for warning in grace::warnings(&services.db).await?.into_iter().filter(is_final) {
        finals.entry(warning.line_id).or_default().push(warning);
    }
    Ok(finals)
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
        firm_days: services.only_firm().map(|_| services.settings.grace.firm_hold_days),
        lines: told.iter().map(|it| line(services, it, (known, firm.is_some()))).collect(),
    }
}

fn line(services: &Services, it: &Judged, (known, is_of_firm): (&Known, bool)) -> LineView {
    let last_day = rules::last_day(it.cutoff_at, services.settings.timezone);
    let (warned_at, came_back) = known.warned(services, it);
    let (next, tone) = next(services, it, (known, is_of_firm));
    LineView {
        line: it.line.reference().to_string(),
        name: it.line.name.clone(),
        tax_id: it.line.tax_id.clone(),
        code: it.line.code.clone(),
        phone: it.line.phone(),
        rest: Money::dong(it.line.rest),
        last_day,
        warned_at: warned_at.map(|at| services.local(at).naive_local()),
        came_back,
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

/// What happens next, and who put it off and why; a firm reads only until when.
fn next(services: &Services, it: &Judged, (known, is_of_firm): (&Known, bool)) -> (String, Tone) {
    let texts = services.texts;
    let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let missing = super::missing_already(services, &it.line, &known.coverage);
    let (from, to): (Option<String>, Option<String>) =
        missing.map(|(from, to)| (day(from), day(to))).unzip();
    let unclaimed = it.may_be_paid_with(services);
    let (said, tone) = match it.step {
        // What is paid in part is not cut off by itself.
        Step::Nothing if it.line.request_state == RequestState::PartlyPaid => {
            (texts.label("workbook.reconciliation.waits.partly_paid"), Tone::Waiting)
        }
        Step::Nothing | Step::Wait(Waits::MaybePaid) if !unclaimed.is_empty() => {
            (String::new(), Tone::Waiting)
        }
        Step::Nothing if known.warned(services, it).1 => {
            (texts.label("workbook.cut_offs.returned"), Tone::Waiting)
        }
        Step::Nothing => (texts.say("workbook.cut_offs.soon", context! { from, to }), Tone::Bad),
        Step::Warn(_) => (it.in_words(services), Tone::Quiet),
        Step::Suspend => (it.in_words(services), Tone::Bad),
        Step::Wait(Waits::Held) => (String::new(), Tone::Quiet),
        Step::Wait(_) => (it.in_words(services), Tone::Waiting),
    };
    let last_day = rules::last_day(it.cutoff_at, services.settings.timezone);
    let held = it.line.held().map(|held| {
        let at = services.local(held.said_at).format("%d/%m/%Y %H:%M").to_string();
        let values = context! { until => day(last_day), by => held.by, at, reason => held.reason };
        let words = if is_of_firm { "held_plainly" } else { "held" };
        texts.say(&format!("workbook.cut_offs.{words}"), values)
    });
    let parts = [held.unwrap_or_default(), said, unclaimed, it.may_be_anybodys(services)];
    let joined = parts.into_iter().filter(|it| !it.is_empty()).reduce(|before, next| {
        let stop = if before.ends_with('.') { "" } else { "." };
        format!("{before}{stop} {next}")
    });
    (joined.unwrap_or_default(), tone)
}
