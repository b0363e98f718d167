//! A workbook about money that came back: what was written beside each payment is done, row by row, with who and when.
//! A row whose payment changed since is not taken, nor one that we did not write.

mod columns;

mod keep;

mod refused;

mod visible;

use std::collections::HashMap;

use chrono::NaiveDate;
use minijinja::context;

use self::{columns::Columns, keep::store, refused::refused, visible::Differs};
use super::{
    hand::{self, Refused, Seen, Wish},
    overtaken::until_not_overtaken,
    said::By,
};
use crate::{
    db::{
        batches::Batch,
        grace::Side,
        payments::{self, Payment},
    },
    domain::{
        batch::RowState,
        finding::{Code, Finding, Place, Severity, column_letters},
        money::Money,
    },
    flow::{
        Services,
        answer::{
            bank::{self, Issue},
            reconciliation,
            returned::who,
        },
        fault::Fault,
        read::{Cell, Document, Row, Sheet},
        sweep,
    },
    text::Texts,
};

/// Longer names of who decided are cut.
const WHO: usize = 120;

/// What a row of the sheet says, and where it stands.
struct Written<'a> {
    row: &'a Row,
    /// Its payment, and how that stood; nothing where we did not write it.
    of: Option<(i64, String)>,
    wish: Result<Wish, Finding>,
    reason: String,
}

/// The sheet that came back.
pub struct Returned<'a> {
    number: i64,
    sheet: &'a Sheet,
    header: u32,
    headings: Vec<(u32, String)>,
    columns: Columns,
    written: Vec<Written<'a>>,
    who: Option<String>,
}

/// What became of each row.
pub struct Done {
    rows: Vec<(u32, RowState)>,
    said: Vec<Finding>,
    /// The workbook in the outbox does not show it.
    outdated: bool,
}

impl Done {
    pub fn count(&self, state: RowState) -> i64 {
        let of_state = self.rows.iter().filter(|(_, it)| *it == state);
        i64::try_from(of_state.count()).unwrap_or(i64::MAX)
    }

    pub fn total(&self) -> i64 {
        i64::try_from(self.rows.len()).unwrap_or(i64::MAX)
    }

    /// Whether the workbook that came back does not show any more how things are.
    fn asks_anew(&self) -> bool {
        let is_stale = |it: &Finding| it.code == Code::RowStaleAnswer;
        self.count(RowState::Accepted) > 0 || self.said.iter().any(is_stale)
    }

    pub fn said(&self) -> &[Finding] {
        &self.said
    }
}

/// Does what the workbook says, and stores what became of it.
pub async fn take(
    services: &Services,
    batch: &Batch,
    document: &Document,
    issue: &Issue,
) -> anyhow::Result<()> {
    let Some(returned) = read(services, document) else {
        let finding = Finding::new(Code::FileAnswerLostIdentity, Place::default());
        return store(services, batch, document, None, Err(finding)).await;
    };
    let mut done = all(services, &returned, issue, Some(batch)).await?;
    services.crash_point("money_said");
    done.outdated = done.asks_anew() && !write_anew(services).await?;
    store(services, batch, document, Some(&returned), Ok(&done)).await
}

/// What it would do.
pub async fn would_do(
    services: &Services,
    document: &Document,
    issue: &Issue,
) -> anyhow::Result<Option<Done>> {
    match read(services, document) {
        Some(returned) => all(services, &returned, issue, None).await.map(Some),
        None => Ok(None),
    }
}

/// The next workbook shows what is left; where the platform cannot be asked now, that of the night does, and it is false.
async fn write_anew(services: &Services) -> anyhow::Result<bool> {
    match sweep::reconcile::differences(services).await {
        Ok(found) => reconciliation::write(services, &found).await.map(|_| true),
        Err(error) if matches!(Fault::of(&error), Fault::Platform | Fault::Denied) => {
            tracing::warn!("What is left is shown in the morning: {error:#}");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Row by row; without a batch nothing is done.
async fn all(
    services: &Services,
    returned: &Returned<'_>,
    issue: &Issue,
    batch: Option<&Batch>,
) -> anyhow::Result<Done> {
    let mut done = Done { rows: Vec::new(), said: Vec::new(), outdated: false };
    let known = payments::all(&services.db).await?;
    let known: HashMap<i64, Payment> = known.into_iter().map(|it| (it.id, it)).collect();
    for written in &returned.written {
        let payment = written.of.as_ref().and_then(|(id, _)| known.get(id));
        let wishes = written.wish.as_ref().map_or(true, |wish| !wish.is_nothing());
        let differs = |it: &Payment| returned.columns.visible.differs(written.row, it, wishes);
        let differs = payment.and_then(|it| Some((it, differs(it)?)));
        let outcome = match differs {
            _ if copies(returned, written) => {
                Err(flaw(services, returned, written.row, "copied", &context! {}))
            }
            Some((payment, Differs::Other)) if wishes => {
                Err(mixed(services, returned, written.row, payment))
            }
            _ => one(services, returned, (written, issue), batch).await?,
        };
        if let Some((_, Differs::Edited(column))) = differs {
            done.said.push(edited(services, returned, written.row, column));
        }
        // The number of a row is easily taken for that of a payment, so both are told.
        let is_other = matches!(differs, Some((_, Differs::Other)));
        let named = |finding: Finding| match payment.filter(|_| !is_other) {
            Some(payment) => finding.detail("payment", payment.id.to_string()),
            None => finding,
        };
        let state = match outcome {
            Ok((state, said)) => {
                done.said.extend(said.map(named));
                state
            }
            Err(finding) => {
                done.said.push(named(finding));
                RowState::Rejected
            }
        };
        done.rows.push((written.row.number, state));
    }
    Ok(done)
}

/// Whether another row says something else of the same payment.
fn copies(returned: &Returned<'_>, written: &Written<'_>) -> bool {
    let is_other = |it: &&Written<'_>| {
        it.row.number != written.row.number && it.of.is_some() && it.of == written.of
    };
    let wishes = |it: &Written<'_>| it.wish.as_ref().map_or(true, |wish| !wish.is_nothing());
    returned.written.iter().filter(is_other).any(|other| wishes(other) || wishes(written))
}

/// In which state a row ends, and what is said of it; else why it is not done.
async fn one(
    services: &Services,
    returned: &Returned<'_>,
    (written, issue): (&Written<'_>, &Issue),
    batch: Option<&Batch>,
) -> anyhow::Result<Result<(RowState, Option<Finding>), Finding>> {
    let wish = match &written.wish {
        Ok(wish) if wish.is_nothing() => return Ok(Ok((RowState::Unchanged, None))),
        Ok(wish) => wish,
        Err(finding) => return Ok(Err(finding.clone())),
    };
    let refuse = |why: &str| flaw(services, returned, written.row, why, &context! {});
    let Some(of) = &written.of else { return Ok(Err(refuse("unsigned"))) };
    if let Some(batch) = batch
        && payments::was_said(&services.db, of.0, batch.id()).await?
    {
        return Ok(Ok((RowState::Accepted, None)));
    }
    let reason = match written.reason.as_str() {
        "" => {
            let day = issue.day.parse().map(|day: NaiveDate| day.format("%d/%m/%Y").to_string());
            let values = context! { day => day.ok(), revision => &issue.revision };
            services.texts.say("message.money.by_workbook", values)
        }
        reason => reason.to_owned(),
    };
    let who = returned.who.as_deref();
    let by = By { reason: &reason, who, answer: batch.map(Batch::id) };
    until_not_overtaken(|| async {
        let Some(seen) = hand::see(services, of.0).await? else {
            return Ok(Err(refuse("gone")));
        };
        Ok(match as_it_stood(services, (&seen, &of.1), wish, by).await? {
            Became::Done => Ok((RowState::Accepted, None)),
            Became::Already(now) => {
                let said = Finding::new(Code::RowAlreadyDone, place(returned, written.row));
                Ok((RowState::Unchanged, Some(said.detail("now", now))))
            }
            Became::Stale => Err(stale(services, returned, written.row)),
            Became::Refused(why) => Err(refused(services, (returned, written), &seen.payment, why)),
        })
    })
    .await
}

/// What became of a wish.
enum Became {
    Done,
    /// It is so already, as is said of the payment.
    Already(String),
    /// Its payment stands otherwise than when it was asked about.
    Stale,
    Refused(Refused),
}

/// Does a wish where its payment stands as it did in the workbook; what stands already is left alone. Without a batch
/// that it came in nothing is done.
async fn as_it_stood(
    services: &Services,
    (seen, stood): (&Seen, &str),
    wish: &Wish,
    by: By<'_>,
) -> anyhow::Result<Became> {
    let parts = payments::allocations(&services.db, Some(seen.payment.id)).await?;
    let is_so = bank::standing(&seen.payment, &parts) == stood;
    let done = match by.answer {
        _ if !is_so => None,
        Some(_) => Some(hand::as_seen(services, seen, wish, by).await?),
        None => Some(hand::said(services, seen, wish, by).await?.map(|said| said.is_some())),
    };
    if done == Some(Ok(true)) {
        return Ok(Became::Done);
    }
    if done == Some(Ok(false)) || hand::stands(services, &seen.payment, wish).await? {
        return Ok(Became::Already(hand::why(services, &seen.payment)));
    }
    Ok(match done {
        Some(Err(why)) => Became::Refused(why),
        _ => Became::Stale,
    })
}

fn stale(services: &Services, returned: &Returned<'_>, row: &Row) -> Finding {
    bank::stale(services, place(returned, row), Side::Operator)
}

/// The row of a payment shows another one.
fn mixed(services: &Services, returned: &Returned<'_>, row: &Row, payment: &Payment) -> Finding {
    let say = |id: i64, day: Option<NaiveDate>, dong: i64| {
        let day = day.map(|day| day.format("%d/%m/%Y").to_string());
        let values = context! { id, day, amount => Money::dong(dong).to_string() };
        services.texts.say("message.money.payment", values)
    };
    let (booked_on, dong) = (payment.booked_on.parse().ok(), payment.amount().as_dong());
    let (id, day, amount) = returned.columns.visible.shown(row);
    let shows = say(id.unwrap_or(payment.id), day.or(booked_on), amount.unwrap_or(dong));
    let is = say(payment.id, booked_on, dong);
    bank::mixed(services, place(returned, row), (&shows, &is), Side::Operator)
}

/// A cell that is for reading was changed, which changes nothing.
fn edited(services: &Services, returned: &Returned<'_>, row: &Row, column: usize) -> Finding {
    let column = column_letters(u32::try_from(column).unwrap_or_default());
    let place = Place { column: Some(column), ..place(returned, row) };
    said(services.texts, place, "ours", &context! {}).severity(Severity::Info)
}

fn place(returned: &Returned<'_>, row: &Row) -> Place {
    Place { sheet: Some(returned.sheet.name.clone()), row: Some(row.number), ..Place::default() }
}

fn flaw(
    services: &Services,
    returned: &Returned<'_>,
    row: &Row,
    why: &str,
    values: &minijinja::Value,
) -> Finding {
    said(services.texts, place(returned, row), why, values)
}

fn said(texts: &Texts, place: Place, why: &str, values: &minijinja::Value) -> Finding {
    let word = |part: &str| texts.say(&format!("message.money.{why}.{part}"), values.clone());
    let finding = Finding::new(Code::RowUnknownAnswer, place);
    finding.detail("reason", word("reason")).detail("how", word("how"))
}

fn read<'a>(services: &Services, document: &'a Document) -> Option<Returned<'a>> {
    let (at, header) = bank::sheet(document)?;
    let sheet = &document.sheets[at];
    let headings = &sheet.rows[header];
    let columns = Columns::of(headings);
    let who: String = who(document).chars().filter(|c| !c.is_control()).take(WHO).collect();
    let rows = sheet.rows[header + 1..].iter();
    let written = rows.filter(|row| row.cells.iter().any(|cell| !cell.is_empty())).map(|row| {
        let text = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).map(Cell::text);
        let place =
            Place { sheet: Some(sheet.name.clone()), row: Some(row.number), ..Place::default() };
        let rid = text(Some(columns.rid)).unwrap_or_default();
        Written {
            row,
            of: bank::payment_of(&services.key, &rid),
            wish: columns.wish(row).map_err(|(column, why)| {
                let value = text(Some(column)).unwrap_or_default().into_owned();
                let column = column_letters(u32::try_from(column).unwrap_or_default());
                let place = Place { column: Some(column), ..place };
                said(services.texts, place, why, &context! { value })
            }),
            reason: text(columns.more[2]).unwrap_or_default().trim().to_owned(),
        }
    });
    Some(Returned {
        number: i64::try_from(at).unwrap_or_default() + 1,
        sheet,
        header: headings.number,
        headings: (0..)
            .zip(&headings.cells)
            .map(|(at, cell)| (at, cell.text().into_owned()))
            .collect(),
        written: written.collect(),
        columns,
        who: Some(who).filter(|who| !who.is_empty()),
    })
}
