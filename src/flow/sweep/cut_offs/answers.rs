//! What an answer to *Sắp ngắt* does: lines that are put off, or are so no longer.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use minijinja::{Value, context};

use super::shown;
use crate::{
    db::{
        Tx, dues,
        grace::{self, Held, InGrace, Side},
    },
    domain::{
        finding::{Code, Finding},
        order::{LineState, RequestState},
    },
    flow::{
        Services,
        answer::{
            bank,
            cut_offs::{
                back::{self, Back, Wish},
                identity::{Answer, Shown},
            },
        },
        sweep::{self, hold},
    },
};

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
    let Some(cutoff_at) = sweep::cutoff_at(services, line) else {
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
        let until = now.last_day.max(until).format("%d/%m/%Y").to_string();
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
    // Whoever runs the program may also put it off to an earlier day than before.
    let own = match who.side {
        Side::Operator => hold::own_last_day(services, line).unwrap_or(now.last_day),
        Side::Firm => now.last_day,
    };
    let is_too_long = until > base + Days::new(firm_days.into());
    let why = if written.reason.is_empty() {
        Some("no_reason")
    } else if until < services.today() || until <= own {
        Some("past")
    } else if until > hold::latest(services) {
        Some("far")
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
