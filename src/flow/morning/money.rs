//! What of money waits for a person: payments that pay for nothing yet, money that is to go back, statements that were
//! not taken, what differs from the platform, and lines whose time is over. A firm is told of its own clients alone, as
//! after a night (`sweep::extract`); whoever runs the program, of all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Duration, NaiveDate};
use minijinja::context;

use super::{
    page::{Detail, Task, TaskKind},
    tasks::{DETAILS, task},
};
use crate::{
    db::{
        batches::{self, Batch, Filter},
        dues::Due,
        morning::{self, Count, Span},
        payments::Payment,
        refunds::{self, Refund},
    },
    domain::{
        batch::{BatchId, BatchState},
        firm::Firm,
        grace::start_of,
        money::Money,
        payment::Tier,
    },
    flow::{
        Services,
        answer::{outbox, reconciliation},
        fault::Fault,
        inbox::BANK,
        pay::{candidates::left, pooled::is_under, untaken, went::Asked},
        sweep::{
            Judged,
            cut_offs::WHAT as CUT_OFFS,
            extract::{self, Extract, Late, Waiting},
            reconcile::{self, Found},
            rules::Waits,
        },
    },
};

/// Statements that waited longer are not told each morning again.
const FRESH: Duration = Duration::days(14);
/// So many payments are named, and of so many it is told for whom they are.
const NAMED: usize = 5;
const TOLD: usize = 3;

/// All that waits, of all firms.
pub struct Seen {
    pub(super) found: Found,
    /// Planned, and not gone.
    refunds: Vec<Refund>,
    /// Read, not taken, and no later one has made up for them.
    statements: Vec<Batch>,
    /// Files beside these that were refused.
    refused: Vec<Batch>,
}

/// Money is told also where the platform does not answer.
pub async fn look(services: &Services) -> anyhow::Result<Seen> {
    let db = &services.db;
    let found = match reconcile::differences(services).await {
        Err(error) if matches!(Fault::of(&error), Fault::Platform | Fault::Denied) => {
            tracing::warn!("The morning tells of no differences: {error:#}");
            reconcile::known(services).await?
        }
        found => found?,
    };
    let mut refunds = refunds::all(db, None).await?;
    refunds.retain(|refund| refund.done_at.is_none());
    let held = Filter {
        firm: None,
        state: Some(BatchState::Held.to_string()),
        since: Some(services.now() - FRESH),
    };
    let mut statements = batches::list(db, &held).await?;
    let overtaken = untaken::overtaken(services, &statements).await?;
    statements.retain(|batch| untaken::waits(batch) && !overtaken.contains_key(&batch.id()));
    let refused = untaken::refused(services, services.now() - FRESH).await?;
    Ok(Seen { found, refunds, statements, refused })
}

/// Of the page of a firm, or of all.
pub fn tasks(services: &Services, firm: Option<&Firm>, seen: &Seen) -> Vec<Task> {
    let extract = extract::of(services, firm, &seen.found);
    let page = Of { services, is_operators: firm.is_none() || services.only_firm().is_some() };
    let mut tasks = page.late(seen, &extract);
    tasks.extend(page.payments(seen, &extract));
    tasks.extend(page.differences(seen, &extract));
    if page.is_operators {
        tasks.extend(page.refunds(seen));
        tasks.extend(page.debits(seen));
        let of = |kind: TaskKind| move |batch: &Batch| file(services, kind, batch);
        tasks.extend(seen.statements.iter().map(of(TaskKind::StatementHeld)));
        tasks.extend(seen.refused.iter().map(of(TaskKind::FileRefused)));
    }
    tasks
}

/// What a payment with a code that we gave is for.
struct Known<'a> {
    payment: i64,
    code: &'a str,
    first: &'a Due,
    lines: usize,
    /// What is missing of all that the code is for, as letters say it, and what was forgiven, in đồng.
    left: i64,
    waived: i64,
    /// How many codes are open.
    open: usize,
}

/// Of these payments those whose memo has a code of ours.
fn known<'a>(seen: &'a Seen, ids: &BTreeSet<i64>) -> Vec<Known<'a>> {
    let by_code = extract::by_code(&seen.found);
    let of = |payment: &'a Payment| {
        let codes = payment.evidence.0["codes"].as_array()?;
        codes.iter().filter_map(|code| code.as_str()).find_map(|code| {
            let dues = by_code.get(code)?;
            Some(Known {
                payment: payment.id,
                code,
                first: dues.first()?,
                lines: dues.len(),
                left: dues.iter().map(|due| left(due)).sum::<i64>() - pooled(seen, code),
                waived: dues.iter().map(|due| due.waived).sum(),
                open: dues.iter().filter(|due| left(due) > 0).count(),
            })
        })
    };
    let waiting = seen.found.payments.iter().filter(|it| ids.contains(&it.id));
    waiting.filter_map(of).collect()
}

/// What came under a code for all of a payer, and waits until the sum is exact, in đồng.
fn pooled(seen: &Seen, code: &str) -> i64 {
    let waits =
        |it: &&Payment| it.tier != Tier::PaidBefore && is_under(it.tier, &it.evidence.0, code);
    let waiting = seen.found.payments.iter().filter(waits);
    waiting.filter_map(|it| seen.found.unused.get(&it.id)).sum()
}

/// Of each of these payments what of it pays for nothing, and the codes of the requests that it may be for.
fn came(seen: &Seen, waiting: &[&Waiting]) -> Vec<(Money, Vec<String>)> {
    let by_code = extract::by_code(&seen.found);
    let payments: HashMap<i64, &Payment> =
        seen.found.payments.iter().map(|it| (it.id, it)).collect();
    let of = |it: &&Waiting| {
        let named = extract::codes(payments.get(&it.id)?).filter_map(|code| by_code.get(code));
        let codes: BTreeSet<&str> = named.flatten().map(|due| due.code.as_str()).collect();
        let codes = codes.into_iter().map(str::to_owned).collect();
        Some((it.unused.unwrap_or_default(), codes))
    };
    waiting.iter().filter_map(of).collect()
}

/// Whose page it is: only whoever runs the program can do something about most of this.
struct Of<'a> {
    services: &'a Services,
    is_operators: bool,
}

impl Of<'_> {
    fn task(&self, kind: TaskKind, about: String, n: usize) -> Task {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let task = task(self.services, kind, about, (n, String::new()));
        if self.is_operators {
            return task;
        }
        let key = format!("workbook.morning.to_do_firm.{kind}");
        Task { to_do: self.services.texts.say(&key, context! { n }), ..task }
    }

    /// The newest workbook of a kind to do it in.
    fn workbook(&self, what: &str) -> Option<String> {
        let folder = outbox::folder(self.services, Some(BANK));
        outbox::workbook_of(what, &folder).filter(|_| self.is_operators)
    }

    /// `Khoản 3, 7 và 2 khoản khác`.
    fn named(&self, ids: &BTreeSet<i64>) -> String {
        let named: Vec<i64> = ids.iter().copied().take(NAMED).collect();
        let values = context! { more => ids.len() - named.len(), named };
        self.services.texts.say("workbook.morning.payments", values)
    }

    /// What goes back wholly is a task of its own; so are parts that are allocated wholly, where the rest alone is missing.
    fn payments(&self, seen: &Seen, extract: &Extract) -> Vec<Task> {
        let goes_back: BTreeSet<i64> = seen.refunds.iter().map(|it| it.bank_line_id).collect();
        let is_free = |it: &&Waiting| it.unused.unwrap_or_default() > Money::ZERO;
        let waits = |it: &&Waiting| is_free(it) || !goes_back.contains(&it.id);
        let (free, parts): (Vec<&Waiting>, Vec<&Waiting>) =
            extract.payments.iter().filter(waits).partition(is_free);
        let mut tasks: Vec<Task> = self.of_payments(seen, &free).into_iter().collect();
        let to_do = self.services.texts.label("workbook.morning.to_do.payment_part");
        let parts = self.of_payments(seen, &parts);
        tasks.extend(
            parts.map(|task| if self.is_operators { Task { to_do, ..task } } else { task }),
        );
        tasks
    }

    fn of_payments(&self, seen: &Seen, waiting: &[&Waiting]) -> Option<Task> {
        let unused = |it: &Waiting| it.unused.unwrap_or_default();
        let days = waiting.iter().filter_map(|it| it.booked_on.parse::<NaiveDate>().ok());
        let ids: BTreeSet<i64> = waiting.iter().map(|it| it.id).collect();
        let known = known(seen, &ids);
        let about = self.about(&ids, &known);
        let task = self.task(TaskKind::Payment, about, waiting.len());
        let is_short = known.len() == waiting.len() && known.iter().all(|it| it.left > 0);
        let to_do = if is_short && !self.is_operators {
            self.services.texts.label("workbook.morning.to_do_firm.payment_short")
        } else {
            task.to_do.clone()
        };
        (!waiting.is_empty()).then(|| Task {
            amount: waiting.iter().map(|it| unused(it)).sum(),
            since: days.min().map(|day| start_of(day, self.services.settings.timezone)),
            workbook: self.workbook(reconciliation::WHAT),
            to_do,
            came: came(seen, waiting),
            ..task
        })
    }

    /// Which payments, and of the first of those with a known code for whom it is and what is missing.
    fn about(&self, ids: &BTreeSet<i64>, known: &[Known<'_>]) -> String {
        let money = |dong: i64| (dong > 0).then(|| Money::dong(dong).to_string());
        let told = known.iter().take(TOLD).map(|it| {
            let values = context! {
                payment => it.payment, code => it.code, name => it.first.name.as_str(),
                more => it.lines - 1, left => money(it.left), over => money(-it.left), open => it.open, waived => money(it.waived),
            };
            self.services.texts.say("workbook.morning.payment_for", values)
        });
        // Where each is told with its code, its number stands there.
        let are_all_told = known.len() == ids.len() && known.len() <= TOLD;
        let named = (!are_all_told).then(|| self.named(ids));
        named.into_iter().chain(told).collect::<Vec<_>>().join(". ")
    }

    /// But for those of which money left that nobody knows: that comes first, or it would go back twice.
    fn refunds(&self, seen: &Seen) -> Option<Task> {
        let left = |id: i64| seen.found.debits.iter().any(|it| it.payment == Some(id));
        let refunds: Vec<&Refund> =
            seen.refunds.iter().filter(|it| !left(it.bank_line_id)).collect();
        let ids: BTreeSet<i64> = refunds.iter().map(|it| it.bank_line_id).collect();
        (!ids.is_empty()).then(|| Task {
            amount: refunds.iter().map(|it| Money::dong(it.amount)).sum(),
            since: refunds.iter().map(|it| it.planned_at).min(),
            workbook: self.workbook(reconciliation::WHAT),
            ..self.task(TaskKind::Refund, self.named(&ids), ids.len())
        })
    }

    /// Money that left as money that goes back, and was not planned so.
    fn debits(&self, seen: &Seen) -> Option<Task> {
        let debits = &seen.found.debits;
        let day = |it: &Asked| it.debit.booked_on.parse::<NaiveDate>().ok();
        let told = debits.iter().take(NAMED).map(|it| {
            let day = day(it).map(|day| day.format("%d/%m/%Y").to_string());
            let amount = Money::dong(it.debit.amount).to_string();
            let values = context! { day, amount, memo => it.debit.memo.as_str() };
            self.services.texts.say("workbook.morning.debit", values)
        });
        let more = debits.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| {
            self.services.texts.say("workbook.morning.debits_more", context! { n => more })
        });
        let about = told.chain(more).collect::<Vec<_>>().join(". ");
        (!debits.is_empty()).then(|| Task {
            amount: debits.iter().map(|it| Money::dong(it.debit.amount)).sum(),
            since: debits
                .iter()
                .filter_map(day)
                .min()
                .map(|day| start_of(day, self.services.settings.timezone)),
            workbook: self.workbook(reconciliation::WHAT),
            ..self.task(TaskKind::Debit, about, debits.len())
        })
    }

    /// The workbook lists with them the lines whose time is over, which are tasks of their own here.
    fn differences(&self, seen: &Seen, extract: &Extract) -> Option<Task> {
        let label =
            |kind| self.services.texts.label(&format!("workbook.reconciliation.kinds.{kind}"));
        let kinds: BTreeSet<_> = extract.differences.iter().map(|it| it.kind).collect();
        let about = kinds.into_iter().map(label).collect::<Vec<_>>().join(" · ");
        let n = extract.differences.len();
        let late = seen.found.differences.len().saturating_sub(n);
        let task = self.task(TaskKind::Difference, about, n);
        let to_do = if self.is_operators && late > 0 {
            let values = context! { n, late };
            self.services.texts.say("workbook.morning.to_do.difference", values)
        } else {
            task.to_do.clone()
        };
        let workbook = self.workbook(reconciliation::WHAT);
        (n > 0).then_some(Task { to_do, workbook, ..task })
    }

    /// Lines whose time is over and that are not cut off, by what they wait for; a missing statement is told by itself.
    fn late(&self, seen: &Seen, extract: &Extract) -> Vec<Task> {
        let told: HashMap<&str, &Late> =
            extract.lines.iter().map(|late| (late.line.as_str(), late)).collect();
        let mut groups: BTreeMap<(Waits, BatchId), Vec<(&Late, &Judged)>> = BTreeMap::new();
        for it in seen.found.judged.iter().filter(|it| it.waits().is_some()) {
            let late = told.get(it.line.reference().to_string().as_str());
            if let Some(late) = late.filter(|late| is_own_task(late.why)) {
                groups.entry((late.why, it.line.batch())).or_default().push((late, it));
            }
        }
        groups.into_iter().map(|((why, batch), lines)| self.of_late(why, batch, &lines)).collect()
    }

    /// Lines of one list that wait for the same.
    fn of_late(&self, why: Waits, batch: BatchId, lines: &[(&Late, &Judged)]) -> Task {
        let texts = self.services.texts;
        let said = texts.label(&format!("workbook.reconciliation.waits.{why}"));
        let about = match lines {
            [(one, _)] => format!("{} · {} · {said}", one.line, one.name),
            _ => said,
        };
        let task = self.task(TaskKind::Late, about, lines.len());
        // Nobody has to match or forgive anything there.
        let to_do = match why {
            Waits::NotWarned if self.is_operators => {
                texts.label("workbook.morning.to_do.late_not_warned")
            }
            _ => task.to_do.clone(),
        };
        Task {
            amount: lines.iter().map(|(late, _)| late.rest).sum(),
            since: lines.iter().map(|(_, it)| it.cutoff_at).min(),
            due: lines.iter().map(|(late, _)| late.last_day).min(),
            workbook: self.workbook(CUT_OFFS),
            batch: Some(batch),
            details: lines.iter().take(DETAILS).map(|(late, it)| detail(late, it)).collect(),
            to_do,
            ..task
        }
    }
}

fn file(services: &Services, kind: TaskKind, batch: &Batch) -> Task {
    let about = format!("{} · {}", batch.file_name, batch.id());
    Task {
        since: Some(batch.received_at),
        batch: Some(batch.id()),
        ..task(services, kind, about, (1, batch.id().to_string()))
    }
}

fn detail(late: &Late, it: &Judged) -> Detail {
    Detail {
        name: late.name.clone(),
        tax_id: it.line.tax_id.clone(),
        phone: it.line.phone(),
        line: late.line.clone(),
        amount: late.rest,
        payment_code: Some(late.code.clone()),
        said: late.said.clone(),
    }
}

/// Whether a line that waits for this is told with the others that do, and so not with those that end soon.
pub fn is_own_task(why: Waits) -> bool {
    why != Waits::NoStatement
}

/// What was done about money in a span: what came, what was forgiven, and who does not work any more, or again.
pub struct Done {
    pub received: Count,
    pub waived: Count,
    pub suspended: i64,
    pub restored: i64,
}

pub async fn done(services: &Services, span: Span<'_>) -> anyhow::Result<Done> {
    let db = &services.db;
    let (suspended, restored) = morning::cut_off(db, span).await?;
    Ok(Done {
        received: super::received::of(services, span).await?,
        waived: morning::waived(db, span).await?,
        suspended,
        restored,
    })
}
