//! The end of grace: who paid late works again, who is to be warned is warned, and who did not pay is cut off, when
//! every condition is fulfilled; else the line waits and says why. When this runs is the business of `runner`.

pub mod coverage;

pub mod holes;

pub mod rules;

pub mod since;

mod judging;

mod plan;

pub mod hold;

pub mod reconcile;

pub mod unknown;

mod by_hand;

pub mod extract;

pub mod cut_offs;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use minijinja::context;

pub use self::judging::judge;
use self::{
    coverage::{Coverage, Span},
    rules::{Step, Waits},
};
use super::{Services, activate};
use crate::{
    db::{emptied, grace::InGrace, licences::Licence, payments::Waiting, statements},
    domain::{grace::start_of, money::Money},
};

/// So many payments that keep a line on are named; of the others is told how many there are.
const NAMED: usize = 5;

/// What a sweep did; lines whose time is over and that wait are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub restored: u64,
    pub warned: u64,
    pub suspended: u64,
    pub waiting: u64,
    /// Why, and how many each.
    pub waits: BTreeMap<Waits, u64>,
    /// What the platform did not do yet, or refused.
    pub uncertain: u64,
}

/// A line, what is to happen to it, and when it is cut off.
#[derive(Clone, Debug)]
pub struct Judged {
    pub line: InGrace,
    pub step: Step,
    pub cutoff_at: DateTime<Utc>,
    /// The days of which a statement is to come first, where that is what it waits for.
    pub awaits: Option<Span>,
    /// Those of them that are over: of a day nobody knows all before it is.
    pub missing: Option<Span>,
    /// All days that are to be covered.
    needs: Span,
    /// From when on a statement that it waits for is late: the banks had the time to book.
    late_from: DateTime<Utc>,
    /// The money that may be its and waits for a person: while there is any, it is not cut off.
    unclaimed: Vec<Waiting>,
    /// Where there is none, a few payments that nothing but the amount tells apart from those of others.
    alike: Vec<Waiting>,
    /// When money that was its was last taken away.
    taken_at: Option<DateTime<Utc>>,
    /// How many more of these there are.
    alike_more: usize,
    /// Whether that there is money that may be its is all that is to be read of it.
    is_hidden: bool,
}

impl Judged {
    /// Why it waits though its time is over, and neither by itself nor because a person wanted it so.
    pub fn waits(&self) -> Option<Waits> {
        match self.step {
            Step::Wait(why) if !why.is_as_wanted() => Some(why),
            _ => None,
        }
    }

    /// All days that are over and of which a statement is missing, where that is what it waits for.
    pub fn all_missing<'a>(
        &self,
        covered: &'a Coverage,
        today: NaiveDate,
    ) -> impl Iterator<Item = Span> + 'a {
        let over = self.missing.and_then(|_| before(today, self.needs));
        over.into_iter().flat_map(|days| covered.all_missing(days))
    }

    /// The days of which a statement is missing, where it is late.
    pub fn missing_late(&self, now: DateTime<Utc>) -> Option<Span> {
        self.missing.filter(|_| self.late_from <= now)
    }

    /// Whether what is next comes without anybody: the next sweep does it, or what it waits for is not late.
    pub fn goes_on_by_itself(&self, now: DateTime<Utc>) -> bool {
        match self.step {
            Step::Nothing => false,
            Step::Warn(_) | Step::Suspend => true,
            Step::Wait(Waits::NoStatement) => self.late_from > now,
            Step::Wait(why) => why.is_as_wanted(),
        }
    }

    /// What is next, or what it waits for and for which days, as people read it; nothing where that is nothing.
    pub fn in_words(&self, services: &Services) -> String {
        let label = |key: &str| services.texts.label(&format!("workbook.reconciliation.{key}"));
        match (self.step, self.missing.or(self.awaits)) {
            (Step::Nothing, _) => String::new(),
            (Step::Warn(_), _) => label("steps.warn"),
            (Step::Suspend, _) => label("steps.suspend"),
            (Step::Wait(Waits::NoStatement), Some((from, to))) => {
                let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
                let is_ahead = self.missing.is_none();
                let values = context! { from => shown(from), to => shown(to), is_ahead };
                services.texts.say("workbook.reconciliation.awaits", values)
            }
            (Step::Wait(Waits::MaybePaid), _) if !self.unclaimed.is_empty() => {
                self.may_be_paid_with(services)
            }
            (Step::Wait(why), _) => label(&format!("waits.{why}")),
        }
    }

    /// Whether there is money that may be its and waits for a person.
    pub fn may_be_paid(&self) -> bool {
        !self.unclaimed.is_empty()
    }

    /// Which money may be its, as people read it; nothing where there is none.
    pub fn may_be_paid_with(&self, services: &Services) -> String {
        if self.is_hidden {
            return services.texts.label("workbook.reconciliation.looked_at");
        }
        let why = services.texts.label("workbook.reconciliation.waits.maybe_paid");
        let (named, others) = self.unclaimed.split_at(self.unclaimed.len().min(NAMED));
        Judged::named(services, &why, named, others.len())
    }

    /// Which money has its amount, and may be anybody's, as people read it; nothing where there is none.
    pub fn may_be_anybodys(&self, services: &Services) -> String {
        let why = services.texts.label("workbook.reconciliation.alike");
        Judged::named(services, &why, &self.alike, self.alike_more)
    }

    fn named(services: &Services, why: &str, payments: &[Waiting], more: usize) -> String {
        let payment = |it: &Waiting| {
            let day = it.booked_on.parse::<NaiveDate>();
            let day = day.map_or(it.booked_on.clone(), |day| day.format("%d/%m/%Y").to_string());
            let values = context! { id => it.id, day, free => Money::dong(it.free).to_string() };
            services.texts.say("workbook.reconciliation.unclaimed", values)
        };
        let payments: Vec<String> = payments.iter().map(payment).collect();
        if payments.is_empty() {
            return String::new();
        }
        services
            .texts
            .say("workbook.reconciliation.unclaimed_all", context! { why, payments, more })
    }

    /// The same for somebody who is not to read of money that may be another one's.
    #[must_use]
    pub fn without_money(&self) -> Judged {
        let is_hidden = !self.unclaimed.is_empty();
        let (unclaimed, alike) = (Vec::new(), Vec::new());
        Judged { unclaimed, alike, alike_more: 0, is_hidden, ..self.clone() }
    }
}

/// Restores, warns and suspends.
pub async fn run(services: &Services) -> anyhow::Result<Swept> {
    let mut swept = Swept { restored: plan::restore(services).await?, ..Swept::default() };
    let judged = judge(services).await?;
    swept.warned = plan::warn(services, &judged).await?;
    services.crash_point("warned");
    let over: Vec<i64> =
        judged.iter().filter(|it| it.step == Step::Suspend).map(|it| it.line.line_id).collect();
    for why in judged.iter().filter_map(Judged::waits) {
        swept.waiting += 1;
        *swept.waits.entry(why).or_default() += 1;
    }
    drop(judged);
    swept.suspended = plan::suspend(services, &over).await?;
    services.crash_point("swept");
    let mut summary = activate::Summary::default();
    activate::changes::run(services, None, &mut summary).await?;
    swept.uncertain = summary.uncertain + summary.failed;
    reconcile::renew_workbooks(services).await?;
    Ok(swept)
}

/// Sends the warnings alone.
pub async fn remind(services: &Services) -> anyhow::Result<Swept> {
    let judged = judge(services).await?;
    Ok(Swept { warned: plan::warn(services, &judged).await?, ..Swept::default() })
}

/// Those of some days that come before a day.
fn before(day: NaiveDate, (from, to): Span) -> Option<Span> {
    (from < day).then(|| (from, to.min(day - Days::new(1))))
}

/// When a line is cut off: never before what its client was told, after holidays that were announced since, and after
/// what a person put it off to.
pub fn cutoff_at(services: &Services, line: &InGrace) -> Option<DateTime<Utc>> {
    ends_at(services, (line.grace_until?, line.cutoff_at, line.hold_until()))
}

/// The same where it is put off to the end of a day, or not at all, whatever a person said before.
pub fn cutoff_if_held(
    services: &Services,
    line: &InGrace,
    until: Option<NaiveDate>,
) -> Option<DateTime<Utc>> {
    ends_at(services, (line.grace_until?, line.cutoff_at, until))
}

/// The same of a licence, whatever its state.
pub fn cutoff_of(services: &Services, licence: &Licence) -> Option<DateTime<Utc>> {
    ends_at(services, (licence.grace_until?, licence.cutoff_at, licence.hold_until()))
}

fn ends_at(
    services: &Services,
    (until, told, held): (DateTime<Utc>, Option<DateTime<Utc>>, Option<NaiveDate>),
) -> Option<DateTime<Utc>> {
    let held = held.map(|day| start_of(day, services.settings.timezone));
    let derived = [Some(until), held].into_iter().flatten().map(|at| services.grace(at).cutoff_at);
    derived.chain(told).max()
}

/// The local day on which a line was asked to be paid for; a licensed one is placed.
pub fn asked_on(services: &Services, line: &InGrace) -> NaiveDate {
    line.placed_at.map_or(NaiveDate::MIN, |at| services.local(at).date_naive())
}

/// Whether nobody is warned or cut off on a day.
fn is_skipped(services: &Services, day: NaiveDate) -> bool {
    let grace = &services.settings.grace;
    (grace.skip_weekends && rules::is_weekend(day))
        || (grace.skip_holidays && services.catalogue.holidays.is_holiday(day))
}

/// Up to when the statements of the payee's account say what was booked.
pub async fn covered(services: &Services) -> anyhow::Result<Coverage> {
    let account = services.settings.payee.account.as_str();
    let all = statements::of_account(&services.db, account).await?;
    let works =
        |day: NaiveDate| !rules::is_weekend(day) && !services.catalogue.holidays.is_holiday(day);
    let arrived = |it: &statements::Statement| services.local(it.arrived_at).date_naive();
    Ok(coverage::of(&all, &emptied::of(&services.db, account).await?, arrived, works))
}

/// The days up to yesterday of which no statement has come, and without which a line is not cut off when its time comes.
fn missing_already(services: &Services, line: &InGrace, coverage: &Coverage) -> Option<Span> {
    let (from, yesterday) = (asked_on(services, line), services.today().pred_opt()?);
    let is_asked = services.settings.grace.require_statement && from <= yesterday;
    is_asked.then(|| coverage.missing((from, yesterday))).flatten()
}
