//! The way of the data, from a dropped file to a mailed log-in.
//!
//! `import::file` takes one file from the inbox to its answer: `inbox` takes it, `read` and `map` make rows
//! of it, `check` judges them, `order` collects the good ones, `answer` writes the workbook. A workbook that
//! comes back is read by `answer` and confirms an order, or cancels of it, which `activate` turns into licences and
//! `send` into mails; `bounce` takes reports of those that came back. `pay` takes statements and says what pays for what, `sweep` ends the grace of what is unpaid, and
//! `prove` recomputes what must hold. What the firms' clients had before is gathered by `past`, what they hold by `held`;
//! `export` hands on what there is, `morning` tells people of it, `look_up` says where each client stands, `retention` deletes what is too old. `backup` copies
//! all of it, `bucket` stands for the folders where they lie elsewhere, and `guard` keeps a copy from acting until a
//! person says so.
//!
//! Each step stores in one transaction what it did and that it did it: stopped anywhere, it goes on where it was,
//! and does nothing twice. When something is due is the business of `runner`.

pub mod bucket;

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

pub mod sweep;

pub mod send;

pub mod bounce;

pub mod import;

pub mod export;

pub mod morning;

pub mod look_up;

pub mod status;

pub mod guide;

pub mod prove;

pub mod retention;

pub mod report;

mod rows;

pub mod options;

pub mod key;

pub mod holder;

pub mod guard;

pub mod backup;

pub mod progress;

pub mod files;

pub mod folders;

pub mod fault;

pub mod fail_points;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::Tz;

use self::{
    activate::platform::Platform,
    fail_points::FailPoints,
    holder::{Holder, LeaseLost},
    key::Key,
    progress::Progress,
    send::{
        letters::own::{self, Words},
        rest::Rest,
    },
};
use crate::{
    catalogue::Catalogue,
    config::Settings,
    db::{Db, leases::Lease},
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
    pub platform: Platform,
    pub clock: Clock,
    pub texts: &'static Texts,
    /// The same for letters, where the owner may have other words.
    pub letters: Words,
    /// This process, under which claims are made.
    pub holder: Holder,
    pub progress: Progress,
    /// Whether the mail server is left alone for now.
    pub mail_rest: Rest,
    /// This program, which reads old workbooks in a process of their own.
    pub program: PathBuf,
    pub fail_points: Arc<FailPoints>,
}

/// What differs from one command to the next.
#[derive(Clone, Debug)]
pub struct Circumstances {
    pub clock: Clock,
    pub progress: Progress,
    pub program: PathBuf,
    pub fail_points: Arc<FailPoints>,
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
        let holder = Holder::of_this_process()?;
        let both = (&db, &settings.store);
        let instance = guard::identify(home, both, holder.host(), with.clock.now()).await?;
        let platform = Platform::of(&settings.platform, &db, &key)?;
        let texts = Texts::of(settings.locale);
        let letters = Words::load(&home.join(own::FOLDER), settings.locale)?;
        let home = home.to_owned();
        let Circumstances { clock, progress, program, fail_points } = with;
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
            letters,
            holder,
            progress,
            mail_rest: Rest::default(),
            program,
            fail_points,
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

    /// The last local day before an instant from which on somebody is cut off, as people write it.
    pub fn last_day(&self, cutoff_at: DateTime<Utc>) -> String {
        let before = self.local(cutoff_at - chrono::Duration::microseconds(1));
        before.format("%d/%m/%Y").to_string()
    }

    /// A point of the way that tests know by its name; of no effect in release builds.
    pub fn crash_point(&self, name: &str) {
        self.fail_points.pass(name);
    }

    /// A lease of this process that begins now. Leases run on the real clock, whatever time it is told to be.
    pub fn lease(&self) -> Lease<'_> {
        Lease { holder: self.holder.as_str(), until: Clock::System.now() + holder::LEASE }
    }

    /// Before an effect: who was stopped for so long that its claim is over leaves it to the next one.
    pub fn demand(&self, lease_until: Option<DateTime<Utc>>) -> Result<(), LeaseLost> {
        match lease_until {
            Some(until) if until <= Clock::System.now() => Err(LeaseLost),
            _ => Ok(()),
        }
    }

    /// As it is shown: in its bucket, or relative to the workspace where it is inside.
    pub fn shown_path(&self, path: &Path) -> String {
        let shown = || path.strip_prefix(&self.home).unwrap_or(path).display().to_string();
        bucket::shown(self, path).unwrap_or_else(shown)
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
