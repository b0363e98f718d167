//! The heartbeat of `serve`: after a long time without one, what was planned before is held until a person says so;
//! and of two that serve with different versions, the older takes no work. What is held is noted by the guard.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::supervisor::Supervisor;
use crate::{
    db::{
        guard::{self as stored, Hold, HoldReason},
        notifications::NotificationKind,
    },
    flow::{Clock, Services, guard},
};

/// Between two signs of life, in milliseconds of the wall clock: one that stood still while the machine slept would
/// not see the gap.
const BEAT: i64 = 20_000;
/// A process that gave none for so long serves no more.
const LIVES: TimeDelta = TimeDelta::minutes(2);
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The heart of this process.
#[derive(Debug, Default)]
pub struct Heart {
    /// In milliseconds since 1970.
    last: AtomicI64,
    is_outdated: AtomicBool,
    pub supervisor: Supervisor,
}

impl Heart {
    pub fn new(supervisor: Supervisor) -> Heart {
        Heart { supervisor, ..Heart::default() }
    }

    /// Gives a sign of life where it is time; false where a newer version serves, to which the work is left.
    pub async fn beat(&self, services: &Services) -> anyhow::Result<bool> {
        // A clock that was set knows no gaps.
        if !matches!(services.clock, Clock::System) {
            return Ok(true);
        }
        let now = Clock::System.now();
        if (now.timestamp_millis() - self.last.load(Ordering::Relaxed)).abs() < BEAT {
            return Ok(!self.is_outdated());
        }
        let newer = sign(services, now).await?;
        self.last.store(now.timestamp_millis(), Ordering::Relaxed);
        if self.is_outdated.swap(newer.is_some(), Ordering::Relaxed) != newer.is_some() {
            if let Some(newer) = newer {
                tracing::warn!(
                    newer,
                    "Version {newer} serves too: this one, {VERSION}, takes no more work"
                );
            } else {
                tracing::info!("No newer version serves any more: work is taken again");
            }
        }
        Ok(!self.is_outdated())
    }

    /// A newer version serves.
    pub fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed)
    }

    /// When the last sign of life was given.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.last.load(Ordering::Relaxed))
            .filter(|at| at.timestamp() > 0)
    }

    /// This process serves no more.
    pub async fn stop(&self, services: &Services) -> anyhow::Result<()> {
        Ok(stored::stops(&services.db, services.holder.as_str()).await?)
    }
}

/// The sign itself, and the newest version that serves, where that is newer than this one.
async fn sign(services: &Services, now: DateTime<Utc>) -> anyhow::Result<Option<String>> {
    let mut tx = services.db.begin().await?;
    let who = (services.holder.as_str(), VERSION);
    let before = stored::beat(&mut tx, who, now).await?;
    let serving = stored::serving(&mut tx, now - LIVES).await?;
    let gap = before.filter(|before| is_gap(services.settings.guard.gap, *before, now));
    let mut noticed = None;
    if let Some(before) = gap
        && stored::is_waiting(&mut tx, before).await?
    {
        let hold = Hold { why: HoldReason::Gap, since: now, before: Some(before), taken: None };
        stored::hold(&mut tx, hold).await?;
        noticed = Some(hold);
    }
    tx.commit().await?;
    if let Some(hold) = noticed {
        let text = guard::in_words(services, &hold);
        tracing::error!(
            "Nobody served since {before:?}: what was planned before is held until `hangloat resume --confirm`"
        );
        guard::ring(&services.db, NotificationKind::EffectsHeld, &text, services.now()).await?;
    }
    let newest = serving.into_iter().map(|(version,)| version).max_by_key(|it| numbers(it));
    Ok(newest.filter(|newest| numbers(newest) > numbers(VERSION)))
}

fn is_gap(gap: Option<Duration>, before: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    gap.and_then(|gap| TimeDelta::from_std(gap).ok()).is_some_and(|gap| now - before > gap)
}

/// Versions compare by their numbers: 0.10 is newer than 0.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.9"));
        assert!(numbers("1.0.0") > numbers("0.99.0"));
        assert_eq!(numbers("1.2.0-rc1"), numbers("1.2.0"));
    }

    #[test]
    fn a_gap_is_longer_than_the_set_time_and_none_where_it_is_off() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let hour = Duration::from_hours(1);
        assert!(is_gap(Some(hour), now - TimeDelta::minutes(61), now));
        assert!(!is_gap(Some(hour), now - TimeDelta::minutes(60), now));
        assert!(!is_gap(None, now - TimeDelta::days(60), now));
    }
}
