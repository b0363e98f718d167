//! A cut-off that is put off to the end of a day, and the end of that. What follows is said by the next sweep.

use chrono::NaiveDate;

use super::rules;
use crate::{
    db::{
        dues,
        grace::{self, Held, InGrace, Side},
        lines::Line,
    },
    domain::order::LineState,
    flow::Services,
};

/// Why a cut-off cannot be put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// It does not work unpaid.
    State(LineState),
    /// The day is over.
    Past,
    /// It works longer than that already, to the end of this day.
    Sooner(NaiveDate),
}

/// Puts the cut-off of a line off.
pub async fn put_off(
    services: &Services,
    line: &Line,
    (until, reason): (NaiveDate, &str),
) -> anyhow::Result<Result<(), NotHeld>> {
    if line.state != LineState::Grace {
        return Ok(Err(NotHeld::State(line.state)));
    }
    if until < services.today() {
        return Ok(Err(NotHeld::Past));
    }
    let standing = grace::of_line(&services.db, line.id).await?;
    let said = standing.as_ref().and_then(InGrace::hold_until);
    let cutoff_at = standing.as_ref().and_then(|it| super::cutoff_at(services, it));
    let last_day = cutoff_at.map(|at| rules::last_day(at, services.settings.timezone));
    // What was said before may be said again, also where a weekend moved it on.
    if let Some(last_day) = last_day.filter(|last| until < *last && said != Some(until)) {
        return Ok(Err(NotHeld::Sooner(last_day)));
    }
    let held = Held { until, reason, by: None, said_at: services.now() };
    let mut tx = services.db.begin().await?;
    grace::hold(&mut tx, line.id, held, Side::Operator).await?;
    dues::workbook_is_due(&mut tx, line.batch()).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Ends that; a line that was not held stays as it is.
pub async fn release(services: &Services, line: &Line) -> anyhow::Result<bool> {
    let mut tx = services.db.begin().await?;
    let released = grace::release(&mut tx, line.id, services.now()).await?;
    if released {
        dues::workbook_is_due(&mut tx, line.batch()).await?;
    }
    tx.commit().await?;
    Ok(released)
}
