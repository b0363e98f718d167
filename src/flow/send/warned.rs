//! Which lines a warning is about, and whether what it says of them still holds when it leaves. When one is due is the
//! business of `sweep`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::ends;
use crate::{
    db::{grace, mails::Mail, orders::Order},
    domain::mail::Purpose,
    flow::{Services, sweep::rules},
};

/// What a warning was planned for: of who pays its own lines, of a copy those of all others in the order.
#[derive(Default)]
pub(super) struct Warned {
    told: Vec<grace::Told>,
    pub is_copy: bool,
}

impl Warned {
    pub async fn of(services: &Services, mail: &Mail, order: &Order) -> anyhow::Result<Warned> {
        if mail.purpose != Purpose::GraceWarning {
            return Ok(Warned::default());
        }
        let occasion = mail.occasion();
        let is_marked = occasion > ends::COPIES;
        let sequence = if is_marked { occasion - ends::COPIES } else { occasion };
        let mut told = grace::told(&services.db, &order.code, sequence).await?;
        let is_own = |it: &grace::Told| it.recipient == mail.recipient;
        // Copies that an earlier version planned have the number of the letters.
        let is_copy = is_marked || (!told.is_empty() && !told.iter().any(is_own));
        told.retain(|it| is_own(it) != is_copy);
        Ok(Warned { told, is_copy })
    }

    pub fn lines(&self) -> Vec<i64> {
        self.told.iter().map(|it| it.line_id).collect()
    }

    /// Whether a line still ends on that day; where all were put off since, they are warned anew in time.
    pub fn holds(&self, services: &Services, effective: &HashMap<i64, DateTime<Utc>>) -> bool {
        let tz = services.settings.timezone;
        let is_so = |it: &grace::Told| {
            let now = effective.get(&it.line_id);
            now.is_none_or(|at| rules::last_day(*at, tz).to_string() == it.last_day)
        };
        self.told.is_empty() || self.told.iter().any(is_so)
    }

    /// Whether it is about the day after which a line is cut off: others of the same payer are warned in their own time.
    pub fn is_of(&self, services: &Services, cutoff_at: Option<DateTime<Utc>>) -> bool {
        let last_day = cutoff_at.map(|at| rules::last_day(at, services.settings.timezone));
        let last_day = last_day.map(|day| day.to_string());
        self.told.is_empty() || self.told.iter().any(|it| last_day.as_ref() == Some(&it.last_day))
    }

    /// The letter of the fewest days before is the last one, also where a weekend moved it forward.
    pub fn is_last(&self, days: i64, fewest: i64) -> bool {
        let planned = self.told.iter().map(|it| it.days).min();
        planned.unwrap_or(days) <= fewest
    }
}
