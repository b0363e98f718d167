//! What we know and what the platform knows, side by side: every difference is named. Money that waits for a person is
//! counted beside it. Writing it down for people is the business of `answer`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tokio::try_join;

use super::{Judged, by_hand};
use crate::{
    db::{
        batches,
        dues::{self, Due},
        grace::{self, InGrace},
        licences::{self, Licence},
        payments::{self, Payment},
        requests,
    },
    domain::{licence::LicenceState, order::RequestState, words::words},
    flow::{
        Services,
        activate::platform::wire::Licence as There,
        pay::{
            back, settle,
            went::{self, Asked},
        },
    },
};

words! {
    /// How a licence differs.
    pub enum Kind {
        /// The platform has it, and we have no line for it.
        UnknownHere = "unknown_here",
        /// We have it, and the platform has not.
        Missing = "missing",
        /// Paid, and suspended there.
        PaidSuspended = "paid_suspended",
        /// Not paid, and it works there though its grace is over, and nothing that goes on by itself will end it.
        UnpaidActive = "unpaid_active",
        /// The platform was told that it is paid, and it is not any more.
        PaidThereOnly = "paid_there_only",
        OtherPackage = "other_package",
        OtherYear = "other_year",
        OtherTaxId = "other_tax_id",
        /// Active, in grace or suspended otherwise than here.
        OtherState = "other_state",
        /// Corrected here, and to be corrected by a person there.
        FixOnPlatform = "fix_on_platform",
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub kind: Kind,
    pub firm: Option<String>,
    pub licence_id: String,
    pub line: Option<String>,
    pub tax_id: String,
    /// Of the client; nothing where there is no line.
    #[serde(default)]
    pub name: String,
    pub here: String,
    pub there: String,
    /// Whether it is paid, as we know it; nothing where nothing is to be paid.
    #[serde(default)]
    pub request: Option<RequestState>,
    /// When it was paid, as the platform has it.
    #[serde(default)]
    pub paid_there: Option<NaiveDate>,
}

/// What a night found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub differences: Vec<Difference>,
    /// Held, suggested and unmatched ones, the oldest first.
    pub payments: Vec<Payment>,
    /// What of each of them neither pays for anything nor goes back, in đồng.
    pub unused: HashMap<i64, i64>,
    /// Debits that say that money goes back and closed nothing that was planned, the oldest first.
    pub debits: Vec<Asked>,
    /// What is to happen to every line in grace.
    pub judged: Vec<Judged>,
    /// All that was to be paid, where payments wait that may be for it.
    pub dues: Vec<Due>,
}

impl Found {
    pub fn needs_person(&self) -> bool {
        !self.differences.is_empty() || !self.payments.is_empty() || !self.debits.is_empty()
    }

    /// How many of each kind.
    pub fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        self.differences.iter().for_each(|it| *counts.entry(it.kind).or_default() += 1);
        counts
    }
}

/// Decides about all money again, asks for the workbooks that show less than there is, compares, and tells the firms.
pub async fn run(services: &Services) -> anyhow::Result<Found> {
    back::close_by_debits(services).await?;
    settle::all(services, None).await?;
    renew_workbooks(services).await?;
    let found = differences(services).await?;
    super::extract::tell(services, &found).await?;
    Ok(found)
}

/// What differs as it stands now, and what waits.
pub async fn differences(services: &Services) -> anyhow::Result<Found> {
    let db = &services.db;
    let all = batches::Filter::default();
    let there = async || anyhow::Ok(services.platform.all().await?);
    let here = async || anyhow::Ok(licences::list(db, &all).await?);
    let paid = async || anyhow::Ok(requests::states(db).await?);
    let (mut there, here, paid) = try_join!(there(), here(), paid())?;
    {
        let ours: HashSet<&str> = here.iter().map(|it| it.licence_id.as_str()).collect();
        there.retain(|it| ours.contains(it.licence_id.as_str()) || !is_forgotten(services, it));
        let unknown = there.iter().filter(|it| !ours.contains(it.licence_id.as_str()));
        super::unknown::keep(services, unknown).await?;
    }
    let judged = super::judge(services).await?;
    let over = over(services, &judged).await?;
    let mut differences =
        tokio::task::block_in_place(|| compare(&here, &there, &paid, &|line| over.contains(&line)));
    differences.extend(by_hand::differences(services, &here).await?);
    // Of a million lines this is a gigabyte, and what comes next is another one.
    drop((here, there, paid, over));
    with_money(services, differences, judged).await
}

/// The same without what the platform knows: payments that wait, debits that nobody knows, and lines in grace.
pub async fn known(services: &Services) -> anyhow::Result<Found> {
    let judged = super::judge(services).await?;
    with_money(services, Vec::new(), judged).await
}

async fn with_money(
    services: &Services,
    differences: Vec<Difference>,
    judged: Vec<Judged>,
) -> anyhow::Result<Found> {
    let db = &services.db;
    let payments = payments::unsettled(db).await?;
    let dues = if payments.is_empty() { Vec::new() } else { dues::all(db).await? };
    let free = payments::waiting(db).await?.into_iter().map(|it| (it.id, it.free));
    let free: HashMap<i64, i64> = free.collect();
    let unused = |it: &Payment| (it.id, free.get(&it.id).copied().unwrap_or_default());
    let unused = payments.iter().map(unused).collect();
    let debits = went::open(services).await?;
    Ok(Found { differences, payments, unused, debits, judged, dues })
}

/// Whether what we knew of a licence may be deleted by now (`[privacy] keep_days`): its year is over for so long.
pub fn is_forgotten(services: &Services, licence: &There) -> bool {
    let year = i32::try_from(licence.fiscal_year).unwrap_or(i32::MAX).saturating_add(1);
    let over = NaiveDate::from_ymd_opt(year, 1, 1);
    let keep = Days::new(services.settings.privacy.keep_days.into());
    over.and_then(|over| over.checked_add_days(keep)).is_some_and(|day| day <= services.today())
}

/// Asks for the workbooks that show less than there is.
pub(super) async fn renew_workbooks(services: &Services) -> anyhow::Result<()> {
    for (batch,) in dues::workbooks_due(&services.db).await? {
        let batch = crate::domain::batch::BatchId::new(batch);
        let mut tx = services.db.begin().await?;
        if dues::workbook_is_asked(&mut tx, batch).await? {
            batches::ask_for_workbook(&mut tx, batch).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Lines whose last day is over, but for those that the sweep is about to end, or rightly waits with: the banks have not
/// booked yet what may have come for them.
async fn over(services: &Services, judged: &[Judged]) -> anyhow::Result<HashSet<i64>> {
    let now = services.now();
    let is_over = |line: &InGrace| super::cutoff_at(services, line).is_some_and(|at| at <= now);
    let stays = |it: &&Judged| it.cutoff_at <= now && !it.goes_on_by_itself(now);
    let suspended = grace::suspended(&services.db).await?.into_iter().filter(is_over);
    let working = judged.iter().filter(stays).map(|it| it.line.line_id);
    Ok(suspended.map(|it| it.line_id).chain(working).collect())
}

/// Every difference, in the order of our lines, then those that we have no line for.
fn compare(
    here: &[Licence],
    there: &[There],
    paid: &HashMap<i64, RequestState>,
    is_over: &dyn Fn(i64) -> bool,
) -> Vec<Difference> {
    let by_id: HashMap<&str, &There> =
        there.iter().map(|it| (it.licence_id.as_str(), it)).collect();
    let known: HashMap<&str, &Licence> =
        here.iter().map(|it| (it.licence_id.as_str(), it)).collect();
    let mut found = Vec::new();
    for own in here {
        let request = paid.get(&own.line_id).copied();
        let other = by_id.get(own.licence_id.as_str());
        let of = |kind: Kind, here: &dyn ToString, there: &dyn ToString| Difference {
            kind,
            firm: Some(own.firm.clone()),
            licence_id: own.licence_id.clone(),
            line: Some(format!("{}/{}", own.order_code, own.line_no)),
            tax_id: own.tax_id.clone(),
            name: own.name.clone(),
            here: here.to_string(),
            there: there.to_string(),
            request,
            paid_there: other.and_then(|it| it.paid_on),
        };
        let Some(other) = other else {
            found.push(of(Kind::Missing, &own.state, &""));
            continue;
        };
        if own.package != other.package {
            found.push(of(Kind::OtherPackage, &own.package, &other.package));
        }
        if own.fiscal_year != other.fiscal_year {
            found.push(of(Kind::OtherYear, &own.fiscal_year, &other.fiscal_year));
        }
        if own.tax_id != other.tax_id {
            found.push(of(Kind::OtherTaxId, &own.tax_id, &other.tax_id));
        }
        let is_paid = request.is_none_or(RequestState::is_paid);
        let works = other.status != LicenceState::Suspended;
        let kind = match request {
            Some(RequestState::Cancelled) if !works => None,
            _ if is_paid && !works => Some(Kind::PaidSuspended),
            _ if !is_paid && works && other.paid_on.is_some() => Some(Kind::PaidThereOnly),
            _ if !is_paid && works && is_over(own.line_id) => Some(Kind::UnpaidActive),
            _ if own.state != other.status => Some(Kind::OtherState),
            _ => None,
        };
        found.extend(kind.map(|kind| of(kind, &own.state, &other.status)));
    }
    let unknown = there.iter().filter(|it| !known.contains_key(it.licence_id.as_str()));
    found.extend(unknown.map(|it| Difference {
        kind: Kind::UnknownHere,
        firm: None,
        licence_id: it.licence_id.clone(),
        line: None,
        tax_id: it.tax_id.clone(),
        name: String::new(),
        here: String::new(),
        there: it.status.to_string(),
        request: None,
        paid_there: it.paid_on,
    }));
    found
}

#[cfg(test)]
mod tests {
    use sqlx::types::Json;

    use super::*;

    const PACKAGE: &str = "ASP-DN";
    const LINE: i64 = 17;

    fn at() -> chrono::DateTime<chrono::Utc> {
        "2026-11-23T01:30:00Z".parse().unwrap()
    }

    /// As we have it.
    fn here(state: LicenceState) -> Licence {
        Licence {
            licence_id: "L-1".to_owned(),
            line_id: LINE,
            order_code: "DH-2611-000001".parse().unwrap(),
            line_no: 1,
            tax_id: "0101243150".to_owned(),
            name: "Công ty An Bình".to_owned(),
            package: PACKAGE.to_owned(),
            fiscal_year: 2026,
            firm: "MINHAN".to_owned(),
            state,
            activated_at: at(),
            grace_until: None,
            cutoff_at: None,
            held_to: None,
            paid_on: None,
            suspended_at: None,
            logins: Json(Vec::new()),
        }
    }

    /// As the platform has it.
    fn there(status: LicenceState) -> There {
        There {
            licence_id: "L-1".to_owned(),
            idempotency_key: String::new(),
            order_code: "DH-2611-000001".to_owned(),
            line: 1,
            tax_id: "0101243150".to_owned(),
            package: PACKAGE.to_owned(),
            fiscal_year: 2026,
            status,
            activated_at: at(),
            grace_until: None,
            paid_on: None,
            updated_at: at(),
            logins: Vec::new(),
        }
    }

    /// Whether its last day is over.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Day {
        Over,
        Ahead,
    }

    /// The kinds of differences of one licence, by what is asked for it and paid.
    fn kinds(
        here: Option<Licence>,
        there: Option<There>,
        request: Option<RequestState>,
        day: Day,
    ) -> Vec<Kind> {
        let paid = request.map(|state| (LINE, state)).into_iter().collect();
        let (here, there) = (Vec::from_iter(here), Vec::from_iter(there));
        let found = compare(&here, &there, &paid, &|line| line == LINE && day == Over);
        found.iter().map(|it| it.kind).collect()
    }

    use Day::{Ahead, Over};
    use LicenceState::{Active, Grace, Suspended};
    use RequestState::{Cancelled, Open, Overpaid, Paid, PartlyPaid};

    #[test]
    fn what_is_alike_on_both_sides_is_no_difference() {
        for (state, request, day) in [
            (Grace, Some(Open), Ahead),
            (Grace, Some(PartlyPaid), Ahead),
            (Active, Some(Paid), Over),
            (Active, Some(Overpaid), Over),
            (Active, None, Over),
            (Suspended, Some(Open), Over),
            (Suspended, Some(Cancelled), Ahead),
        ] {
            let found = kinds(Some(here(state)), Some(there(state)), request, day);
            assert_eq!(found, [], "{state} {request:?}");
        }
        assert!(!Found::default().needs_person());
    }

    #[test]
    fn a_licence_that_only_one_side_has_is_named() {
        assert_eq!(kinds(None, Some(there(Active)), None, Over), [Kind::UnknownHere]);
        assert_eq!(kinds(Some(here(Grace)), None, Some(Open), Ahead), [Kind::Missing]);
        let unknown = compare(&[], &[there(Active)], &HashMap::new(), &|_| false);
        assert_eq!(
            (unknown[0].firm.as_deref(), unknown[0].line.as_deref(), unknown[0].there.as_str()),
            (None, None, "active"),
            "whose it is nobody knows"
        );
    }

    #[test]
    fn paid_and_suspended_is_named_whatever_we_believe() {
        for (state, request) in [(Suspended, Some(Paid)), (Active, Some(Overpaid)), (Active, None)]
        {
            let found = kinds(Some(here(state)), Some(there(Suspended)), request, Over);
            assert_eq!(found, [Kind::PaidSuspended], "{state} {request:?}");
        }
    }

    #[test]
    fn unpaid_and_at_work_past_its_grace_is_named() {
        for request in [Open, PartlyPaid, Cancelled] {
            let found = kinds(Some(here(Grace)), Some(there(Grace)), Some(request), Over);
            assert_eq!(found, [Kind::UnpaidActive], "{request}");
        }
    }

    #[test]
    fn paid_there_and_not_here_is_named() {
        let told = There { paid_on: Some(at().date_naive()), ..there(Active) };
        let found = kinds(Some(here(Active)), Some(told), Some(Open), Ahead);
        assert_eq!(found, [Kind::PaidThereOnly], "what it was paid by was taken back");
    }

    #[test]
    fn another_package_year_or_tax_id_is_named_each() {
        let other = There {
            package: "ASP-DN-PRO".to_owned(),
            fiscal_year: 2027,
            tax_id: "0100109106".to_owned(),
            ..there(Grace)
        };
        let (of_here, paid) = ([here(Grace)], HashMap::from([(LINE, Open)]));
        let found = compare(&of_here, &[other], &paid, &|_| false);
        let told: Vec<(Kind, &str, &str)> =
            found.iter().map(|it| (it.kind, it.here.as_str(), it.there.as_str())).collect();
        assert_eq!(
            told,
            [
                (Kind::OtherPackage, PACKAGE, "ASP-DN-PRO"),
                (Kind::OtherYear, "2026", "2027"),
                (Kind::OtherTaxId, "0101243150", "0100109106"),
            ]
        );
        assert_eq!(found[0].line.as_deref(), Some("DH-2611-000001/1"));
        assert_eq!((found[0].name.as_str(), found[0].request), ("Công ty An Bình", Some(Open)));
    }

    #[test]
    fn another_state_is_named_where_nothing_graver_is() {
        let found = kinds(Some(here(Grace)), Some(there(Active)), Some(Open), Ahead);
        assert_eq!(found, [Kind::OtherState]);
        assert_eq!(Kind::ALL.len(), 10, "each of them has a test, the last one a story");
    }
}
