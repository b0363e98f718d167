//! A cut-off that is put off to the end of a day, and the end of that. What follows is said by the next sweep.

use chrono::NaiveDate;

use crate::{
    db::{
        dues,
        grace::{self, Held, Side},
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
