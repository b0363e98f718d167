//! To which state, firm and time a list is narrowed, as it is typed.
//! What a state may be is known by each list.

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

/// What a list is narrowed to.
#[derive(Clone, Debug, Args)]
pub struct Narrowed {
    /// Only this state
    #[arg(long)]
    pub state: Option<String>,
    /// Only this firm
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// Only from this day or instant on
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub since: Option<Since>,
}

/// A local day or an instant.
#[derive(Clone, Copy, Debug)]
pub enum Since {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

/// Of `--now`.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| "an instant like 2026-11-22T08:00:00+07:00".to_owned())
}

fn instant(text: &str) -> Result<Since, String> {
    let day = text.parse().map(Since::Day);
    day.or_else(|_| text.parse().map(Since::Instant)).map_err(|_| {
        "a day like 2026-11-22, or an instant like 2026-11-22T08:00:00+07:00".to_owned()
    })
}
