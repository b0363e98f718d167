//! Why a cut-off that was planned is not carried out now: what came meanwhile. A sweep decides by the same rules.

use chrono::{DateTime, Utc};

use super::{Services, Waits, cutoff_at, is_skipped, judging::accepted, rules};
use crate::{
    db::{
        Db,
        grace::{self, InGrace},
    },
    flow::pay::{taken::Taken, unclaimed::Unclaimed},
};

/// The money that waits for a person, and what was taken away, read where the first of some cut-offs asks for it. It is as
/// old as that: each cut-off, or those that are carried out together, has its own.
#[derive(Default)]
pub struct MaybePaid {
    read: Option<Unclaimed>,
    taken: Option<Taken>,
}

impl MaybePaid {
    async fn is_for(&mut self, db: &Db, line: &InGrace) -> anyhow::Result<bool> {
        let unclaimed = match self.read.take() {
            Some(read) => read,
            None => Unclaimed::read(db).await?,
        };
        self.read.insert(unclaimed).is_any_for(db, line).await
    }

    async fn taken_from(
        &mut self,
        db: &Db,
        line: &InGrace,
    ) -> anyhow::Result<Option<DateTime<Utc>>> {
        let taken = match self.taken.take() {
            Some(taken) => taken,
            None => Taken::read(db).await?,
        };
        Ok(self.taken.insert(taken).last_of(line))
    }
}

/// Why a line is not cut off now though that was planned: it was put off since, nobody is cut off today, money came
/// that may be its, its warning came back, or money was taken away since that left.
pub async fn waits(
    services: &Services,
    line: &InGrace,
    maybe_paid: &mut MaybePaid,
) -> anyhow::Result<Option<Waits>> {
    let Some(cutoff_at) = cutoff_at(services, line) else { return Ok(None) };
    if cutoff_at > services.now() {
        return Ok(Some(Waits::Held));
    }
    if is_skipped(services, services.today()) {
        return Ok(Some(Waits::DayOff));
    }
    if maybe_paid.is_for(&services.db, line).await? {
        return Ok(Some(Waits::MaybePaid));
    }
    let last = rules::last_day(cutoff_at, services.settings.timezone);
    let warnings = grace::warnings_of(&services.db, line.line_id).await?;
    let warn_days = &services.settings.grace.warn_days_before;
    let taken_at = maybe_paid.taken_from(&services.db, line).await?;
    let warned = accepted(services, line, (last, &warnings), (false, taken_at));
    let is_warned = rules::is_warned(&warned, warn_days, services.now());
    Ok((!is_warned).then_some(Waits::NotWarned))
}
