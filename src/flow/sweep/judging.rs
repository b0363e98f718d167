//! What is to happen to every line in grace: of each what the rules say, with the money that may be for it.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use futures::TryStreamExt as _;
use rayon::prelude::*;

use super::{
    Judged, asked_on, before,
    coverage::Coverage,
    covered, cutoff_at, is_skipped,
    rules::{self, Accepted, Facts, Rules, Step, Waits},
};
use crate::{
    db::{
        grace::{self, InGrace, Warning},
        payments::Waiting,
    },
    domain::{grace::start_of, mail::MailState, order::RequestState},
    flow::{
        Services,
        pay::{taken::Taken, unclaimed::Unclaimed},
    },
};

/// So many days after their last one lines are waited with, at least, before somebody is told which statement is missing.
const LATE_DAYS: u32 = 1;
/// So many lines are read, and then judged on all processors.
const AT_ONCE: usize = 4_096;

/// What is to happen to every line in grace now.
pub async fn judge(services: &Services) -> anyhow::Result<Vec<Judged>> {
    let coverage = covered(services).await?;
    let mut warnings: HashMap<i64, Vec<Warning>> = HashMap::new();
    for warning in grace::warnings(&services.db).await? {
        warnings.entry(warning.line_id).or_default().push(warning);
    }
    let known = Known {
        services,
        coverage: &coverage,
        warnings,
        unclaimed: Unclaimed::load(&services.db).await?,
        taken: Taken::read(&services.db).await?,
    };
    let mut judged = Vec::new();
    let mut lines = grace::working(&services.db).try_chunks(AT_ONCE);
    while let Some(lines) = lines.try_next().await? {
        let all = || lines.into_par_iter().filter_map(|line| known.judge(line));
        judged.par_extend(tokio::task::block_in_place(all));
    }
    Ok(judged)
}

/// What lines are judged by.
struct Known<'a> {
    services: &'a Services,
    coverage: &'a Coverage,
    /// By line.
    warnings: HashMap<i64, Vec<Warning>>,
    unclaimed: Unclaimed,
    taken: Taken,
}

impl Known<'_> {
    /// Nothing of a line without an end.
    fn judge(&self, line: InGrace) -> Option<Judged> {
        let Known { services, coverage, .. } = *self;
        let grace = &services.settings.grace;
        let rules = Rules {
            now: services.now(),
            tz: services.settings.timezone,
            warn_days_before: &grace.warn_days_before,
            require_statement: grace.require_statement,
            booking_lag_days: grace.booking_lag_days,
            coverage,
        };
        let cutoff_at = cutoff_at(services, &line)?;
        let last = rules::last_day(cutoff_at, rules.tz);
        let own = self.warnings.get(&line.line_id).map(Vec::as_slice).unwrap_or_default();
        let (unclaimed, (alike, alike_more)) = may_be(&self.unclaimed, &line);
        let has_money = !unclaimed.is_empty() || line.request_state == RequestState::PartlyPaid;
        let taken_at = self.taken.last_of(&line);
        let own = accepted(services, &line, (last, own), (has_money, taken_at));
        let facts = Facts {
            cutoff_at,
            is_held: line.hold_until().is_some(),
            asked_on: asked_on(services, &line),
            request: line.request_state,
            maybe_paid: !unclaimed.is_empty(),
            warnings: &own,
        };
        let step = rules::step(&facts, &rules, |day| is_skipped(services, day));
        let needs = rules::to_cover(&facts, &rules);
        let is_awaited = step == Step::Wait(Waits::NoStatement);
        let awaits = is_awaited.then(|| coverage.missing(needs)).flatten();
        let missing = awaits.and_then(|(from, to)| before(services.today(), (from, to)));
        let over = awaits.map_or(last, |(from, _)| last.max(from)) + Days::new(1);
        let late_from = start_of(over, rules.tz) + late_after(grace.booking_lag_days);
        Some(Judged {
            line,
            step,
            cutoff_at,
            awaits,
            missing,
            needs,
            late_from,
            unclaimed,
            alike,
            taken_at,
            alike_more,
            is_hidden: false,
        })
    }
}

/// The money that keeps a line on; where there is none, a few of that which may be anybody's, and how many more.
fn may_be(all: &Unclaimed, line: &InGrace) -> (Vec<Waiting>, (Vec<Waiting>, usize)) {
    let own: Vec<Waiting> = all.for_line(line).into_iter().cloned().collect();
    let (alike, more) = if own.is_empty() { all.alike(line) } else { (Vec::new(), 0) };
    (own, (alike.into_iter().cloned().collect(), more))
}

fn late_after(booking_lag_days: u32) -> TimeDelta {
    TimeDelta::days(booking_lag_days.max(LATE_DAYS).into())
}

/// Whether nothing was said since that makes a warning void: a client whose cut-off was put off is warned anew when it
/// comes after all.
pub(super) fn is_relied_on(line: &InGrace, warning: &Warning) -> bool {
    line.released_at.is_none_or(|at| at <= warning.planned_at)
}

/// Whether money was taken away since a final warning left: whoever was told of that money was not told since that the
/// licence ends. The first warnings are not sent anew for that.
pub(super) fn is_overtaken(
    services: &Services,
    warning: &Warning,
    taken_at: Option<DateTime<Utc>>,
) -> bool {
    let fewest = services.settings.grace.warn_days_before.iter().min();
    let is_final = fewest.is_some_and(|days| i64::from(*days) == warning.days);
    is_final && warning.sent_at.zip(taken_at).is_some_and(|(sent_at, taken_at)| sent_at <= taken_at)
}

/// The warnings of the last day of a line that went to the present address. One that came back was not accepted. One that
/// was not sent, as enough money waited, that asked for a rest without a threat, or since which money was taken away counts
/// while there is money.
pub(super) fn accepted(
    services: &Services,
    line: &InGrace,
    (last_day, warnings): (NaiveDate, &[Warning]),
    (has_money, taken_at): (bool, Option<DateTime<Utc>>),
) -> Vec<Accepted> {
    let threatens = |warning: &Warning| {
        warning.state != MailState::Cancelled
            && !warning.is_of_rest()
            && !is_overtaken(services, warning, taken_at)
    };
    let of_now = |warning: &&Warning| {
        warning.last_day() == Some(last_day)
            && warning.recipient == line.payer_email
            && is_relied_on(line, warning)
            && (has_money || threatens(warning))
    };
    let accepted = |it: &Warning| {
        let at = it.sent_at.filter(|_| it.state == MailState::Sent);
        (u32::try_from(it.days).unwrap_or(0), at)
    };
    warnings.iter().filter(of_now).map(accepted).collect()
}
