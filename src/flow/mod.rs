//! The way of the data, from a dropped file to a mailed log-in.
//!
//! `import::file` takes one file from the inbox to its answer: `inbox` takes it, `read` and `map` make rows
//! of it, `check` judges them, `order` collects the good ones, `answer` writes the workbook. A workbook that
//! comes back is read by `answer` and confirms an order, or cancels of it, which `activate` turns into licences and
//! `send` into mails. What the firms' clients had before is gathered by `past`, what they hold by `held`; `export` hands on what there is.
//!
//! Each step stores in one transaction what it did and that it did it: stopped anywhere, it goes on where it was,
//! and does nothing twice. When something is due is the business of `runner`.

pub mod inbox;

pub mod read;

pub mod map;

pub mod staged;

pub mod check;

pub mod past;

pub mod held;

pub mod order;

pub mod answer;

pub mod activate;

pub mod pay;

pub mod send;

pub mod import;

pub mod export;

pub mod report;

pub mod options;

pub mod key;

pub mod holder;

pub mod progress;

pub mod files;

pub mod folders;

pub mod fault;

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::Tz;

use self::{activate::embedded::Embedded, holder::Holder, key::Key, progress::Progress};
use crate::{
    catalogue::Catalogue,
    config::Settings,
    db::{self, Db},
    domain::{firm::Firm, grace::Grace},
    text::Texts,
};

/// What the flow needs of the outside.
#[derive(Debug)]
pub struct Services {
    /// The workspace.
    pub home: PathBuf,
    pub settings: Settings,
    pub catalogue: Catalogue,
    pub db: Db,
    /// Names this database, also in message ids and idempotency keys.
    pub instance: String,
    pub key: Key,
    pub platform: Embedded,
    pub clock: Clock,
    pub texts: &'static Texts,
    /// This process, under which claims are made.
    pub holder: Holder,
    pub progress: Progress,
    /// This program, which reads old workbooks in a process of their own.
    pub program: PathBuf,
    /// Where to die, in tests of what a death leaves behind.
    pub crash_at: Option<String>,
}

/// What differs from one command to the next.
#[derive(Clone, Debug)]
pub struct Circumstances {
    pub clock: Clock,
    pub progress: Progress,
    pub program: PathBuf,
    pub crash_at: Option<String>,
}

impl Services {
    /// Opens what the settings name.
    pub async fn open(
        home: &Path,
        settings: Settings,
        with: Circumstances,
    ) -> anyhow::Result<Services> {
        let catalogue = Catalogue::load(&home.join("jobs").join("catalogue"))?;
        let key = Key::load(&settings.store.key_file)?;
        let db = Db::open(&settings.store.url).await?;
        let fresh = uuid::Uuid::new_v4().to_string();
        let instance = db::instance::id(&db, &fresh, with.clock.now()).await?;
        let platform =
            Embedded::new(db.clone(), key.clone(), settings.platform.base_url.as_deref());
        let texts = Texts::of(settings.locale);
        let (home, holder) = (home.to_owned(), Holder::of_this_process()?);
        let Circumstances { clock, progress, program, crash_at } = with;
        Ok(Services {
            home,
            settings,
            catalogue,
            db,
            instance,
            key,
            platform,
            clock,
            texts,
            holder,
            progress,
            program,
            crash_at,
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// An instant as clocks in the workspace's time zone show it.
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.settings.timezone)
    }

    /// An instant as JSON shows it: RFC 3339 with the offset of the workspace.
    pub fn rfc3339(&self, at: DateTime<Utc>) -> String {
        self.local(at).to_rfc3339()
    }

    pub fn today(&self) -> NaiveDate {
        self.local(self.now()).date_naive()
    }

    pub fn firm(&self, code: &str) -> anyhow::Result<&Firm> {
        let firm =
            self.settings.firms.iter().find(|firm| firm.code.as_str().eq_ignore_ascii_case(code));
        firm.with_context(|| format!("There is no firm {code} in hangloat.toml"))
    }

    /// The one firm of a workspace that has but one.
    pub fn only_firm(&self) -> Option<&Firm> {
        match self.settings.firms.as_slice() {
            [firm] => Some(firm),
            _ => None,
        }
    }

    /// The grace that ends at `until`, moved past days on which nobody is cut off.
    pub fn grace(&self, until: DateTime<Utc>) -> Grace {
        use chrono::{Datelike, Weekday};
        let rules = &self.settings.grace;
        Grace::from_end(until, self.settings.timezone, |day| {
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            (rules.skip_weekends && weekend)
                || (rules.skip_holidays && self.catalogue.holidays.is_holiday(day))
        })
    }

    /// Dies here, as suddenly as by a power cut, where a test asks for it. Not in release builds.
    pub fn crash_point(&self, name: &str) {
        if cfg!(debug_assertions) && self.crash_at.as_deref() == Some(name) {
            let pid = std::process::id().to_string();
            let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
            // The signal may take a moment.
            std::thread::sleep(std::time::Duration::from_mins(1));
        }
    }

    /// As it is shown: relative to the workspace where it is inside.
    pub fn shown_path(&self, path: &Path) -> String {
        path.strip_prefix(&self.home).unwrap_or(path).display().to_string()
    }
}

/// Where the time comes from: the only reader of it.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    System,
    /// Stands still, so that any night can be replayed.
    Frozen(DateTime<Utc>),
    /// Runs on from an instant that is not now; the offset in milliseconds.
    Shifted(i64),
}

impl Clock {
    /// Cut to microseconds, which is what both databases hold.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    pub fn now(self) -> DateTime<Utc> {
        let now = match self {
            Clock::System => Utc::now(),
            Clock::Frozen(at) => at,
            Clock::Shifted(millis) => Utc::now() + chrono::Duration::milliseconds(millis),
        };
        now.trunc_subsecs(6)
    }
}
