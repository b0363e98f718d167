//! Where a line stands, who is waited for since when, and what comes next on which day. No words depend on today, so
//! that an hour in which nothing happened says what the hour before said.

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Value, context};

use super::gather::{Known, Of};
use crate::{
    db::batches::Batch,
    domain::{
        batch::RowState,
        fiscal_year,
        order::{LineState, RequestState},
    },
    flow::{
        activate::reason,
        answer::look_up::Tone,
        sweep::{
            self, Judged,
            rules::{self, Step, Waits},
        },
    },
    text::one_line,
};

pub(super) struct Stand {
    pub state: String,
    pub tone: Tone,
    /// Who, and for what.
    pub waits: String,
    pub since: Option<DateTime<Utc>>,
    pub next_on: Option<NaiveDate>,
    pub next: String,
}

pub(super) fn of(known: &Known<'_>, of: &Of<'_>) -> Stand {
    let state = known.services.texts.label(&format!("workbook.line_state.{}", of.line.state));
    let (waits, since) = waits(known, of);
    let (next_on, next) = next(known, of);
    Stand { state, tone: of.line.state.into(), waits, since, next_on, next }
}

/// A row that is no line yet.
pub(super) fn of_row(known: &Known<'_>, batch: &Batch, (row, state): (u32, RowState)) -> Stand {
    let texts = known.services.texts;
    let key = if state == RowState::Held { "decide" } else { "fix" };
    Stand {
        state: texts.label(&format!("workbook.row_state.{state}")),
        tone: state.into(),
        waits: say(known, &format!("waits.{key}"), context! { row }),
        since: batch.checked_at,
        next_on: None,
        next: String::new(),
    }
}

fn say(known: &Known<'_>, key: &str, values: Value) -> String {
    known.services.texts.say(&format!("workbook.look_up.{key}"), values)
}

fn waits(known: &Known<'_>, of: &Of<'_>) -> (String, Option<DateTime<Utc>>) {
    let order = of.order;
    let open = of.request.filter(|it| !it.state.is_paid() && it.state != RequestState::Cancelled);
    let payer = open.map(|it| it.payer_name.as_str());
    let to_pay = order.placed_at.filter(|_| open.is_some());
    let came = known.of_cancelled(of).map(|came| came.to_string());
    let (key, since) = match of.line.state {
        LineState::Waiting => ("confirm", Some(order.created_at)),
        LineState::Placed if order.activation_asked_at.is_none() => ("activate", order.placed_at),
        LineState::Placed | LineState::Activating => ("platform", order.activation_asked_at),
        LineState::Uncertain => ("uncertain", order.activation_asked_at),
        LineState::Failed => ("failed", order.activation_asked_at),
        LineState::Grace if open.is_some() && decides(of).is_some() => ("decides", None),
        LineState::Grace | LineState::Active if open.is_some() => ("pay", to_pay),
        LineState::Suspended if open.is_some() => {
            ("pay", of.licence.and_then(|licence| licence.suspended_at))
        }
        LineState::Suspended => ("reopen", None),
        LineState::Cancelled if came.is_some() => ("came", None),
        LineState::Grace | LineState::Active | LineState::Cancelled => ("nobody", None),
    };
    if let ("pay" | "nobody", Some(said)) = (key, unreached(known, of, payer)) {
        return (said, since);
    }
    let why = match of.line.state {
        LineState::Failed => of.stuck.map(|stuck| reason::of(known.services.texts, stuck).why),
        _ => decides(of)
            .map(|why| known.services.texts.label(&format!("workbook.reconciliation.waits.{why}"))),
    };
    (say(known, &format!("waits.{key}"), context! { payer, why, came }), since)
}

/// Before anybody pays, or signs in, letters have to arrive: an address that gets none, or the last letter that was lost.
fn unreached(known: &Known<'_>, of: &Of<'_>, payer: Option<&str>) -> Option<String> {
    if !matches!(of.line.state, LineState::Grace | LineState::Active | LineState::Suspended) {
        return None;
    }
    let asked = of.request.filter(|_| payer.is_some()).map(|it| it.payer_email.as_str());
    let reached = || asked.into_iter().chain([of.line.client.email.as_str()]);
    if let Some(to) = reached().find(|to| known.suppressed.contains(*to)) {
        return Some(say(known, "waits.address", context! { to, payer }));
    }
    let mail = reached().find_map(|to| known.letters.lost(of, to))?;
    let why = known.services.texts.translated(mail.error.as_deref().unwrap_or_default());
    let why = one_line(&why);
    let values =
        context! { to => mail.recipient.as_str(), why => why.trim_end_matches('.'), payer };
    Some(say(known, "waits.unreached", values))
}

/// What whoever runs the program decides or brings first.
fn decides(of: &Of<'_>) -> Option<Waits> {
    match of.judged?.step {
        Step::Wait(why @ (Waits::PartlyPaid | Waits::MaybePaid | Waits::NoStatement)) => Some(why),
        _ => None,
    }
}

fn next(known: &Known<'_>, of: &Of<'_>) -> (Option<NaiveDate>, String) {
    match (of.line.state, of.judged) {
        (LineState::Grace, Some(judged)) => cut_off(known, judged),
        // What was paid and is not any more: as the letter about it and the result workbook have it.
        (LineState::Active, _) if is_open(of) => {
            let cutoff_at =
                of.licence.and_then(|licence| sweep::cutoff_of(known.services, licence));
            let last = cutoff_at.map(|at| rules::last_day(at, known.services.settings.timezone));
            (last, say(known, "next.unpaid", context! { back => known.goes_back(of) }))
        }
        (LineState::Active, _) => {
            let last = fiscal_year::last_day(of.line.client.fiscal_year_start);
            let year = of.order.fiscal_year();
            (Some(last), say(known, "next.renew", context! { year, next => year + 1 }))
        }
        (LineState::Suspended, _) => (None, say(known, "next.suspended", Value::default())),
        (LineState::Cancelled, _) => {
            (None, say(known, "next.cancelled", context! { reason => of.cancelled }))
        }
        _ => (None, String::new()),
    }
}

/// Something of it is still to be paid.
fn is_open(of: &Of<'_>) -> bool {
    of.request.is_some_and(|it| it.rest().is_some())
}

/// The last day on which it works unpaid, and from when on it may be cut off.
fn cut_off(known: &Known<'_>, judged: &Judged) -> (Option<NaiveDate>, String) {
    if judged.line.request_state.is_paid() {
        return (None, String::new());
    }
    let last = rules::last_day(judged.cutoff_at, known.services.settings.timezone);
    if let Some(why) = judged.waits() {
        let why = known.services.texts.label(&format!("workbook.reconciliation.waits.{why}"));
        return (
            None,
            say(known, "next.over", context! { last => last.format("%d/%m/%Y").to_string(), why }),
        );
    }
    let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let held = judged.line.held();
    let values = context! {
        from => known.clock(judged.cutoff_at).format("%d/%m/%Y %H:%M").to_string(),
        until => held.map(|held| shown(held.until)),
        by => held.and_then(|held| held.by),
        reason => held.map(|held| held.reason),
    };
    (Some(last), say(known, "next.cut_off", values))
}
