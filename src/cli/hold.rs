//! `hold`, `release`: puts the cut-off of a line off, and ends that.

use chrono::NaiveDate;
use minijinja::context;
use serde_json::json;

use super::{
    args::{Global, HoldLine},
    life,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    db::{
        grace,
        lines::{self, Line},
    },
    domain::order::{LineRef, LineState},
    flow::{
        Services,
        sweep::{
            self,
            hold::{self, NotHeld},
        },
    },
};

pub async fn hold(global: &Global, args: &HoldLine) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::misused(services.texts, "no_reason", context! {}).into());
    }
    let line = line(&services, &args.line).await?;
    let held = hold::put_off(&services, &line, (args.until, reason)).await?;
    held.map_err(|why| {
        let line = line.reference().to_string();
        match why {
            NotHeld::State(state) => {
                let state = services.texts.label(&format!("workbook.line_state.{state}"));
                Failure::not_allowed(services.texts, "not_in_grace", context! { line, state })
            }
            NotHeld::Past => {
                let day = args.until.format("%d/%m/%Y").to_string();
                Failure::misused(services.texts, "hold_in_the_past", context! { day })
            }
            NotHeld::Far(latest) => {
                let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
                let (day, latest) = (shown(args.until), shown(latest));
                Failure::misused(services.texts, "hold_far", context! { day, latest })
            }
            NotHeld::Sooner(last_day) => {
                let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
                let (day, last_day) = (shown(args.until), shown(last_day));
                let values = context! { line, day, last_day };
                Failure::not_allowed(services.texts, "hold_sooner", values)
            }
        }
    })?;
    reply(&services, &line, false).await
}

pub async fn release(global: &Global, named: &LineRef) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let line = line(&services, named).await?;
    let released = hold::release(&services, &line).await?;
    reply(&services, &line, released).await
}

async fn line(services: &Services, named: &LineRef) -> anyhow::Result<Line> {
    let lines = lines::of_order(&services.db, &named.order).await?;
    let found = lines.into_iter().find(|line| line.line_no == named.line);
    found.ok_or_else(|| life::unknown_line(services.texts, named).into())
}

async fn reply(services: &Services, line: &Line, released: bool) -> anyhow::Result<Reply> {
    let (until, reason) = grace::hold_of(&services.db, line.id).await?.unzip();
    let standing = grace::of_line(&services.db, line.id).await?;
    let in_grace =
        standing.filter(|it| it.state == LineState::Grace && !it.request_state.is_paid());
    let cutoff_at = in_grace.as_ref().and_then(|it| sweep::cutoff_at(services, it));
    let shown = json!({
        "line": line.reference().to_string(), "name": line.name, "state": line.state,
        "hold_until": until, "reason": reason, "cutoff_at": cutoff_at.map(|at| services.rfc3339(at)),
    });
    let shown_day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let until = until.map(|day| day.parse().map_or(day, shown_day));
    let last_day = cutoff_at.map(|at| services.last_day(at));
    let is_over = cutoff_at.is_some_and(|at| at <= services.now());
    let values =
        context! { line => line.reference().to_string(), until, released, last_day, is_over };
    let human = services.texts.say("command.held_until", values);
    Reply::new(Exit::Done, human).with("lines", [shown])
}
