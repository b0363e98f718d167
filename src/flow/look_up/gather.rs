//! What stands in a look-up: each line of the firm, each row that is no line yet, and its bell.
//! Where a line stands and who is waited for is said by `stands`, what was written to whom by `letters`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use minijinja::context;

use super::{
    left,
    letters::Letters,
    stands::{self, Stand},
};
use crate::{
    db::{
        activations::{self, Stuck},
        batches::{self, Batch, Filter},
        cancellations,
        licences::{self, Licence},
        lines::{self, Line},
        morning, notifications,
        orders::{self, Order},
        refunds::Back,
        requests::{self, Request},
        rows,
        staff::{self, OnLine},
        suppressions,
    },
    domain::{
        batch::BatchId,
        field::Field,
        firm::Firm,
        fold::fold,
        money::Money,
        order::{Kind, OrderCode, RequestState},
    },
    flow::{
        Services,
        activate::staff::accountant,
        answer::look_up::{Bell, Entry, View},
        held::Renamed,
        map::fields,
        pay::{pooled::Pooled, unused::Unused},
        staged,
        sweep::Judged,
    },
};

/// So many rings of the bell are shown, the newest.
const BELLS: usize = 500;

/// All that is known of the lines of a firm.
pub(super) struct Known<'a> {
    pub services: &'a Services,
    pub firm: &'a Firm,
    orders: HashMap<OrderCode, Order>,
    files: HashMap<BatchId, Batch>,
    requests: HashMap<i64, Request>,
    licences: HashMap<i64, Licence>,
    /// Why they were cancelled.
    cancelled: HashMap<i64, String>,
    stuck: HashMap<i64, Stuck>,
    /// What was said later of who works in the data of a line.
    staff: HashMap<i64, Vec<OnLine>>,
    judged: HashMap<i64, &'a Judged>,
    /// By the codes that it was for.
    going_back: &'a HashMap<String, Vec<Back>>,
    /// What lies under the codes for all, by the codes of the requests too.
    pools: &'a HashMap<String, Pooled>,
    unused: &'a Unused,
    renamed: Renamed,
    pub letters: Letters,
    /// Addresses that get nothing more.
    pub suppressed: HashSet<String>,
}

/// A line with what is known of it.
pub(super) struct Of<'a> {
    pub line: &'a Line,
    pub order: &'a Order,
    pub request: Option<&'a Request>,
    pub licence: Option<&'a Licence>,
    pub cancelled: Option<&'a str>,
    pub stuck: Option<&'a Stuck>,
    pub judged: Option<&'a Judged>,
}

/// What is read once for all firms.
#[derive(Clone, Copy)]
pub(super) struct OfAll<'a> {
    /// The lines past their day.
    pub judged: &'a [Judged],
    /// By codes the money that goes back, or went.
    pub going_back: &'a HashMap<String, Vec<Back>>,
    /// By codes the money that lies under a code for all.
    pub pools: &'a HashMap<String, Pooled>,
    pub unused: &'a Unused,
}

pub(super) async fn of_firm(
    services: &Services,
    firm: &Firm,
    of_all: OfAll<'_>,
) -> anyhow::Result<View> {
    let known = known(services, firm, of_all).await?;
    let lines = lines::list(&services.db, Some(firm.code.as_str())).await?;
    let mut entries: Vec<Entry> = lines.iter().filter_map(|line| known.entry(line)).collect();
    entries.extend(known.rows().await?);
    entries.extend(left::of(services, firm).await?);
    // The newest order of a client first.
    entries.reverse();
    entries.sort_by_cached_key(|entry| (fold(&entry.name), entry.tax_id.clone()));
    Ok(View {
        texts: services.texts,
        firm: firm.name.clone(),
        made_at: services.local(services.now()),
        entries,
        bells: bells(services, firm).await?,
    })
}

async fn known<'a>(
    services: &'a Services,
    firm: &'a Firm,
    OfAll { judged, going_back, pools, unused }: OfAll<'a>,
) -> anyhow::Result<Known<'a>> {
    let (db, code) = (&services.db, firm.code.as_str());
    let filter = Filter { firm: Some(code.to_owned()), ..Filter::default() };
    let orders = orders::list(db, &filter).await?;
    let files = batches::list(db, &filter).await?;
    let requests = requests::of_firm(db, code).await?;
    let licences = licences::list(db, &filter).await?;
    let cancelled = cancellations::of_firm(db, code).await?;
    let stuck = activations::stuck_of_firm(db, code).await?;
    let mut staff: HashMap<i64, Vec<OnLine>> = HashMap::new();
    for said in staff::of_firm(db, code).await? {
        staff.entry(said.line_id).or_default().push(said);
    }
    let suppressed = suppressions::list(db).await?;
    Ok(Known {
        services,
        firm,
        orders: orders.into_iter().map(|it| (it.code.clone(), it)).collect(),
        files: files.into_iter().map(|it| (it.id(), it)).collect(),
        requests: requests.into_iter().map(|it| (it.line_id, it)).collect(),
        licences: licences.into_iter().map(|it| (it.line_id, it)).collect(),
        cancelled: cancelled.into_iter().map(|(line, reason, _)| (line, reason)).collect(),
        stuck: stuck.into_iter().map(|it| (it.line_id, it)).collect(),
        staff,
        judged: judged.iter().map(|it| (it.line.line_id, it)).collect(),
        going_back,
        pools,
        unused,
        renamed: Renamed::of(db, Some(code)).await?,
        letters: Letters::of(services, &filter, code).await?,
        suppressed: suppressed.into_iter().map(|it| it.address).collect(),
    })
}

impl Known<'_> {
    /// As clocks in the workspace's time zone show it.
    pub fn clock(&self, at: DateTime<Utc>) -> NaiveDateTime {
        self.services.local(at).naive_local()
    }

    /// Nothing of a line whose order is gone.
    fn entry(&self, line: &Line) -> Option<Entry> {
        let of = Of {
            line,
            order: self.orders.get(&line.order_code)?,
            request: self.requests.get(&line.id),
            licence: self.licences.get(&line.id),
            cancelled: self.cancelled.get(&line.id).map(String::as_str),
            stuck: self.stuck.get(&line.id),
            judged: self.judged.get(&line.id).copied(),
        };
        let Stand { state, tone, waits, since, next_on, next } = stands::of(self, &of);
        let client = &line.client;
        let said = self.staff.get(&line.id).map(Vec::as_slice).unwrap_or_default();
        Some(Entry {
            name: line.name.clone(),
            tax_id: self
                .renamed
                .in_words(self.services.texts, (&line.firm, client.tax_id.as_str())),
            phone: client.contact_phone.national(),
            state,
            tone,
            waits,
            since: since.map(|at| self.clock(at)),
            next_on,
            next,
            payment: self.payment(&of),
            amount: line.amount(),
            code: of.request.map(|it| it.code.to_string()).unwrap_or_default(),
            mails: self.letters.of_line(self, &of),
            package: self.package(of.order),
            file: self.file(line.batch()),
            batch: line.batch().to_string(),
            line: line.reference().to_string(),
            by: accountant(self.firm, of.order, line, said).to_string(),
        })
    }

    fn file(&self, batch: BatchId) -> String {
        self.files.get(&batch).map(|batch| batch.file_name.clone()).unwrap_or_default()
    }

    fn package(&self, order: &Order) -> String {
        let known = self.services.catalogue.packages.get(&order.package);
        let name = known.map_or(order.package.as_str(), |package| package.name.as_str());
        format!("{name} {}", order.fiscal_year())
    }

    fn payment(&self, of: &Of<'_>) -> String {
        let texts = self.services.texts;
        let Some(request) = of.request else {
            let is_free = of.line.client.kind == Kind::Free;
            return if is_free { texts.label("workbook.payment.free") } else { String::new() };
        };
        let some = |money: Money| (money != Money::ZERO).then(|| money.to_string());
        let is_paid = |_: &&Licence| request.state.is_paid();
        let paid_on = of.licence.filter(is_paid).and_then(|licence| licence.paid_on);
        let values = context! {
            state => texts.label(&format!("workbook.request_state.{}", request.state)),
            paid => some(request.paid()),
            rest => request.rest().and_then(some),
            waived => some(request.waived()),
            paid_on => paid_on.map(|day| day.format("%d/%m/%Y").to_string()),
            batch_code => request.batch_code.as_deref(),
        };
        let mut said = vec![texts.say("workbook.look_up.payment", values)];
        if request.state == RequestState::Cancelled || request.rest().is_some() {
            let back = self.going_back.get(request.code.as_str()).into_iter().flatten();
            said.extend(back.map(|back| self.back(back)));
        }
        let pooled = self.pools.get(request.code.as_str()).map(|it| it.in_words(texts));
        [Some(said.join("; ")), pooled].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// What came with the code of a cancelled line, and waits for a person.
    pub fn of_cancelled(&self, of: &Of<'_>) -> Option<Money> {
        self.unused.of_cancelled(of.request?.code.as_str())
    }

    /// Whether money that was for a line goes back, or went.
    pub fn goes_back(&self, of: &Of<'_>) -> bool {
        of.request.is_some_and(|it| self.going_back.contains_key(it.code.as_str()))
    }

    /// What goes back of a payment, or when it went.
    fn back(&self, back: &Back) -> String {
        let booked_on = back.booked_on.as_deref().and_then(|day| day.parse::<NaiveDate>().ok());
        let on = booked_on.or_else(|| back.done_at.map(|at| self.clock(at).date()));
        let values = context! {
            amount => Money::dong(back.amount).to_string(), payment => back.bank_line_id,
            on => on.map(|day| day.format("%d/%m/%Y").to_string()),
        };
        self.services.texts.say("workbook.look_up.refund", values)
    }

    /// The rows of its lists that are to be fixed or decided: their clients have no line yet.
    async fn rows(&self) -> anyhow::Result<Vec<Entry>> {
        let (db, services) = (&self.services.db, self.services);
        let code = Some(self.firm.code.as_str());
        let mut entries = Vec::new();
        for waiting in morning::waiting(db, code, DateTime::UNIX_EPOCH).await? {
            let Some(batch) = self.files.get(&waiting.batch()) else { continue };
            let tables = staged::tables(services, batch.id()).await?;
            for row in rows::waiting(db, batch.id()).await? {
                let (sheet, state) = (row.sheet, row.state());
                let table = tables.iter().find(|table| table.sheet == sheet);
                let Some((table, state)) = table.zip(state) else { continue };
                let row = staged::row(row)?;
                let said = fields(table, &row, &services.catalogue.columns);
                let text = |field| said.get(field).map(|it| it.shown().to_owned());
                let Stand { state, tone, waits, since, next_on, next } =
                    stands::of_row(self, batch, (row.number, state));
                entries.push(Entry {
                    name: text(Field::Name).unwrap_or_default(),
                    tax_id: text(Field::TaxId).unwrap_or_default(),
                    phone: text(Field::ContactPhone)
                        .or_else(|| text(Field::Phone))
                        .unwrap_or_default(),
                    state,
                    tone,
                    waits,
                    since: since.map(|at| self.clock(at)),
                    next_on,
                    next,
                    file: batch.file_name.clone(),
                    batch: batch.id().to_string(),
                    by: batch.registered_by.clone().unwrap_or_default(),
                    ..Entry::default()
                });
            }
        }
        Ok(entries)
    }
}

async fn bells(services: &Services, firm: &Firm) -> anyhow::Result<Vec<Bell>> {
    let all = notifications::list(&services.db, Some(firm.code.as_str()), None).await?;
    let bell = |it: notifications::Notification| Bell {
        at: services.local(it.at).naive_local(),
        order: it.order_code.unwrap_or_default(),
        text: it.text,
    };
    Ok(all.into_iter().take(BELLS).map(bell).collect())
}
