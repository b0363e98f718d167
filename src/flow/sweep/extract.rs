//! What a night found, for each firm its own: kept once a day where anything waits, with its mail. No firm sees another
//! one's lines or money. How it looks is the business of `answer::extract`, how its mail reads that of `send`.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::{
    Judged,
    coverage::Span,
    reconcile::{Difference, Found, Kind},
    rules::{self, Waits},
};
use crate::{
    db::{
        self,
        dues::Due,
        notifications::{self, NewNotification, NotificationKind},
        payments::Payment,
        reports::{self, NewReport, ReportKind},
    },
    domain::{firm::Firm, grace::start_of, money::Money, payment::PaymentState},
    flow::{Services, guard, key::sha256, pay::hand, send},
    text::Texts,
};

/// What waits for one firm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extract {
    pub differences: Vec<Difference>,
    pub payments: Vec<Waiting>,
    pub lines: Vec<Late>,
    /// From the first to the last day of which lines wait for a statement.
    pub missing: Option<Span>,
}

/// Money that nobody has matched wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub id: i64,
    pub booked_on: String,
    pub amount: Money,
    /// What of it neither pays for anything nor goes back; not known of older ones.
    #[serde(default)]
    pub unused: Option<Money>,
    pub state: PaymentState,
    pub memo: String,
    pub why: String,
    /// For which it may be.
    pub orders: BTreeSet<String>,
}

/// A line whose time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    pub line: String,
    pub name: String,
    pub rest: Money,
    pub last_day: NaiveDate,
    pub code: String,
    pub why: Waits,
    /// Ready: the same with what of it is to be told; nothing in what an earlier version kept.
    #[serde(default)]
    pub said: String,
}

impl Late {
    /// What it waits for, as people read it.
    pub fn in_words(&self, texts: &Texts) -> String {
        if self.said.is_empty() {
            return texts.label(&format!("workbook.reconciliation.waits.{}", self.why));
        }
        self.said.clone()
    }
}

impl Extract {
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How much there is to look at.
    pub fn count(&self) -> usize {
        self.differences.len() + self.payments.len() + self.lines.len()
    }

    /// What another night had not found yet, and what it had.
    pub fn since(&self, before: &Extract) -> (Extract, Extract) {
        let of_licence = |it: &Difference| (it.kind, it.licence_id.clone());
        let of_payment = |it: &Waiting| (it.id, it.unused);
        let of_line = |it: &Late| (it.line.clone(), it.why);
        let (differences, known_differences) =
            apart(&self.differences, &before.differences, of_licence);
        let (payments, known_payments) = apart(&self.payments, &before.payments, of_payment);
        let (lines, known_lines) = apart(&self.lines, &before.lines, of_line);
        let known = Extract {
            differences: known_differences,
            payments: known_payments,
            lines: known_lines,
            missing: None,
        };
        (Extract { differences, payments, lines, missing: self.missing }, known)
    }

    /// Whether it says anything of an order of which something is so.
    pub fn tells_of(&self, is_so: impl Fn(&str) -> bool) -> bool {
        let order = |line: &str| line.split('/').next().unwrap_or_default().to_owned();
        let of_licences = self.differences.iter().filter_map(|it| it.line.as_deref().map(order));
        let of_money = self.payments.iter().flat_map(|it| it.orders.iter().cloned());
        let of_lines = self.lines.iter().map(|it| order(&it.line));
        of_licences.chain(of_money).chain(of_lines).any(|order| is_so(&order))
    }
}

/// Those that are in none of the others, and the rest.
fn apart<T: Clone, K: PartialEq>(
    all: &[T],
    others: &[T],
    key: impl Fn(&T) -> K,
) -> (Vec<T>, Vec<T>) {
    let is_new = |it: &&T| !others.iter().any(|other| key(other) == key(it));
    let (new, known): (Vec<&T>, Vec<&T>) = all.iter().partition(is_new);
    (new.into_iter().cloned().collect(), known.into_iter().cloned().collect())
}

/// Keeps what each firm is to see, and plans its mail: the first of a day.
pub async fn tell(services: &Services, found: &Found) -> anyhow::Result<()> {
    for firm in &services.settings.firms {
        let extract = of(services, Some(firm), found);
        if !extract.is_empty() {
            keep(services, firm, &extract).await?;
        }
    }
    tell_operator(services, &found.judged).await
}

/// From the second day on, once a day: which statement is missing, and which lines wait for it. By the bell and, where
/// an address is known, by mail.
async fn tell_operator(services: &Services, judged: &[Judged]) -> anyhow::Result<()> {
    let (kind, now) = (NotificationKind::StatementMissing, services.now());
    let late = || judged.iter().filter(|it| it.missing_late(now).is_some());
    let Some((from, to)) = spanned(late()) else { return Ok(()) };
    let today = start_of(services.today(), services.settings.timezone);
    if notifications::rang_since(&services.db, kind, today).await? {
        return Ok(());
    }
    let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let values = context! { from => shown(from), to => shown(to), n => late().count() };
    let text = services.texts.say("message.statement_missing", values);
    let mut tx = services.db.begin().await?;
    let bell = NewNotification { firm: guard::OPERATOR, kind, text: &text, order: None };
    notifications::insert(&mut tx, bell, now).await?;
    if let Some(email) = &services.settings.operator.email {
        let lines = late().filter_map(|it| self::late(services, it)).collect();
        let extract = Extract { lines, missing: Some((from, to)), ..Extract::default() };
        let day = services.today().to_string();
        let digest = digest(&extract)?;
        let new = report(services, (None, &day), &extract, &digest);
        let id = match reports::insert(&mut tx, new).await {
            Ok(id) => id,
            // Another process was faster, and rang too.
            Err(error) if error.downcast_ref().is_some_and(db::is_taken) => return Ok(()),
            Err(error) => return Err(error),
        };
        send::plan::statement_missing(services, &mut tx, email, (id, &day)).await?;
    }
    Ok(tx.commit().await?)
}

/// From the first to the last day of which a statement is missing for some of these lines.
fn spanned<'a>(lines: impl Iterator<Item = &'a Judged>) -> Option<Span> {
    let spans: Vec<Span> = lines.filter_map(|it| it.missing).collect();
    let first = spans.iter().map(|(first, _)| *first).min();
    first.zip(spans.iter().map(|(_, last)| *last).max())
}

/// What waits for a firm; without one, for whoever runs the program.
pub fn of(services: &Services, firm: Option<&Firm>, found: &Found) -> Extract {
    let is_alone = firm.is_none() || services.only_firm().is_some();
    let is_own = |code: &str| firm.is_none_or(|firm| firm.code.as_str().eq_ignore_ascii_case(code));
    let own = || found.judged.iter().filter(|it| is_own(&it.line.firm));
    let late = |it: &Judged| {
        it.waits()?;
        if is_alone { late(services, it) } else { late(services, &it.without_money()) }
    };
    let lines: Vec<Late> = own().filter_map(late).collect();
    let differences = found.differences.iter().filter(|it| match &it.firm {
        Some(code) => is_own(code),
        None => is_alone,
    });
    let told: HashSet<&str> = lines.iter().map(|late| late.line.as_str()).collect();
    let differences = differences.filter(|it| !is_told(it, &told)).cloned().collect();
    let by_code = by_code(found);
    let mut payments = Vec::new();
    for payment in &found.payments {
        let named: Vec<&Due> =
            codes(payment).filter_map(|code| by_code.get(code)).flatten().copied().collect();
        // What nobody can say whose it is concerns a firm only where there is no other.
        let concerns = is_alone || (!named.is_empty() && named.iter().all(|it| is_own(&it.firm)));
        if concerns {
            let unused = found.unused.get(&payment.id).copied().map(Money::dong);
            payments.push(Waiting { unused, ..waiting(services, payment, &named) });
        }
    }
    let missing = spanned(own());
    Extract { differences, payments, lines, missing }
}

/// The requests that waiting payments name, by these names.
pub fn by_code(found: &Found) -> HashMap<&str, Vec<&Due>> {
    let mut by_code: HashMap<&str, Vec<&Due>> =
        found.payments.iter().flat_map(codes).map(|code| (code, Vec::new())).collect();
    for due in &found.dues {
        for code in [Some(&due.code), due.batch_code.as_ref()].into_iter().flatten() {
            if let Some(named) = by_code.get_mut(code.as_str()) {
                named.push(due);
            }
        }
    }
    by_code
}

/// A line that waits works on because it waits: that is no other thing to look at.
fn is_told(it: &Difference, waiting: &HashSet<&str>) -> bool {
    it.kind == Kind::UnpaidActive && it.line.as_deref().is_some_and(|line| waiting.contains(line))
}

/// What a memo names, and what it may mean.
pub fn codes(payment: &Payment) -> impl Iterator<Item = &str> {
    let named = ["codes", "memo", "candidates"].into_iter();
    named
        .filter_map(|name| payment.evidence.0[name].as_array())
        .flatten()
        .filter_map(|code| code.as_str())
}

fn waiting(services: &Services, payment: &Payment, named: &[&Due]) -> Waiting {
    Waiting {
        id: payment.id,
        booked_on: payment.booked_on.clone(),
        amount: payment.amount(),
        unused: None,
        state: payment.state,
        memo: payment.memo.clone(),
        why: hand::why(services, payment),
        orders: named.iter().map(|due| due.order_code.to_string()).collect(),
    }
}

fn late(services: &Services, it: &Judged) -> Option<Late> {
    let why = it.waits()?;
    Some(Late {
        line: it.line.reference().to_string(),
        name: it.line.name.clone(),
        rest: Money::dong(it.line.rest),
        last_day: rules::last_day(it.cutoff_at, services.settings.timezone),
        code: it.line.code.clone(),
        why,
        said: it.in_words(services),
    })
}

async fn keep(services: &Services, firm: &Firm, extract: &Extract) -> anyhow::Result<()> {
    let (day, digest) = (services.today().to_string(), digest(extract)?);
    let mut tx = services.db.begin().await?;
    let new = report(services, (Some(firm.code.as_str()), &day), extract, &digest);
    let id = match reports::insert(&mut tx, new).await {
        Ok(id) => id,
        // That day's is there.
        Err(error) if error.downcast_ref().is_some_and(db::is_taken) => return Ok(()),
        Err(error) => return Err(error),
    };
    send::plan::reconciliation(services, &mut tx, firm, (id, &day)).await?;
    tx.commit().await?;
    Ok(())
}

/// Without a firm it is for whoever runs the program.
fn report<'a>(
    services: &Services,
    (firm, day): (Option<&'a str>, &'a str),
    extract: &'a Extract,
    digest: &'a str,
) -> NewReport<'a, Extract> {
    NewReport {
        kind: ReportKind::Reconciliation,
        firm,
        day,
        revision: 1,
        since: services.now(),
        until: services.now(),
        content: extract,
        digest,
    }
}

fn digest(extract: &Extract) -> anyhow::Result<String> {
    Ok(sha256(&serde_json::to_vec(extract)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_night_before_found_is_known_unless_it_waits_for_something_else_now() {
        let late = |line: &str, why: Waits| Late {
            line: line.to_owned(),
            name: "An".to_owned(),
            rest: Money::dong(5),
            last_day: NaiveDate::MIN,
            code: "HLACDEFGHJ".to_owned(),
            why,
            said: String::new(),
        };
        let of = |lines: &[Late]| Extract { lines: lines.to_vec(), ..Extract::default() };
        let before = of(&[late("1", Waits::NoStatement), late("2", Waits::NoStatement)]);
        let now = [late("1", Waits::NoStatement), late("2", Waits::NotWarned)];
        let (new, known) = of(&now).since(&before);
        assert_eq!((new, known), (of(&now[1..]), of(&now[..1])));
        assert_eq!(of(&now).since(&Extract::default()), (of(&now), Extract::default()));
    }

    #[test]
    fn an_extract_knows_the_orders_that_it_tells_of() {
        let late = Late {
            line: "DH-2611-000123/17".to_owned(),
            name: "An".to_owned(),
            rest: Money::dong(5),
            last_day: NaiveDate::MIN,
            code: "HLACDEFGHJ".to_owned(),
            why: Waits::NoStatement,
            said: String::new(),
        };
        let extract = Extract { lines: vec![late], ..Extract::default() };
        assert!(extract.tells_of(|order| order == "DH-2611-000123") && extract.count() == 1);
        assert!(!Extract::default().tells_of(|_| true) && Extract::default().is_empty());
    }
}
