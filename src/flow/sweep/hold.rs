//! A cut-off that is put off to the end of a day, and the end of that. What follows is said by the next sweep.

use chrono::{Months, NaiveDate};

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
    /// It is so far ahead that it must be a slip; the last day that is not.
    Far(NaiveDate),
    /// It works so long or longer without that, to the end of this day.
    Sooner(NaiveDate),
}

/// Puts the cut-off of a line off, also to an earlier day than before: what counts is its own last one.
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
    let latest = latest(services);
    if until > latest {
        return Ok(Err(NotHeld::Far(latest)));
    }
    let standing = grace::of_line(&services.db, line.id).await?;
    let own = standing.as_ref().and_then(|it| own_last_day(services, it));
    if let Some(last_day) = own.filter(|own| until <= *own) {
        return Ok(Err(NotHeld::Sooner(last_day)));
    }
    let held = Held { until, reason, by: None, said_at: services.now() };
    let mut tx = services.db.begin().await?;
    grace::hold(&mut tx, line.id, held, Side::Operator).await?;
    dues::workbook_is_due(&mut tx, line.batch()).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// The last day to which a cut-off can be put off: a year ahead. What is further is a slip in the year.
pub fn latest(services: &Services) -> NaiveDate {
    let today = services.today();
    today.checked_add_months(Months::new(12)).unwrap_or(today)
}

/// The last day on which a line works where nobody puts it off.
pub fn own_last_day(services: &Services, line: &InGrace) -> Option<NaiveDate> {
    last_day_if_held(services, line, None)
}

/// The last day on which it works where it is put off to a day: never one on which nobody is cut off.
pub fn last_day_if_held(
    services: &Services,
    line: &InGrace,
    until: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let cutoff_at = super::cutoff_if_held(services, line, until)?;
    Some(rules::last_day(cutoff_at, services.settings.timezone))
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
