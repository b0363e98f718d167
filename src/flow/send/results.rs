//! The letter on what became of a batch, gathered when it is sent, with its newest workbook.
//! Who gets one is decided by `plan`; it says what is so now, which may be more than when it was planned.

use std::path::Path;

use anyhow::Context as _;

use super::{
    content::{Content, block_of, package_name},
    letters::{self, BatchResult, Counts, Reader, ResultOrder, Workbook},
};
use crate::{
    db::{
        batches::{self, Batch},
        findings,
        lines::{self, Total},
        mails::{self, Mail},
        orders::{self, Order, Registered},
        rows,
    },
    domain::{
        batch::{BatchId, BatchState},
        confirmation_code::ConfirmationCode,
        email::Email,
        firm::Firm,
        fiscal_year::FiscalYear,
        money::Money,
        order::{OrderCode, OrderState},
    },
    flow::{
        Services,
        answer::{outbox, receipt},
        order::{code, second},
        report::Rows,
        staged,
    },
    text::one_line,
};

/// So many things to fix are told; the workbook has all.
const TO_FIX: usize = 10;
/// Mail servers take no larger ones.
const LARGEST: u64 = 10 * 1024 * 1024;
/// How often a workbook is made anew because its batch changed meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;

/// Nothing where the batch was taken back, where a later letter says it all, or where the second person has nothing to
/// confirm any more.
pub async fn of(services: &Services, mail: &Mail, id: BatchId) -> anyhow::Result<Option<Content>> {
    if mails::has_later(&services.db, mail).await? {
        return Ok(None);
    }
    let batch = by_id(services, id).await?;
    let reader: Email = mail.recipient.parse()?;
    let firm = services.firm(batch.firm.as_deref().context("A list has a firm")?)?;
    let lines = lines::totals(&services.db, id).await?;
    let registered = orders::registered(&mut services.db.begin().await?, id).await?;
    let all: Vec<Standing<'_>> = orders::of_batch(&services.db, id)
        .await?
        .into_iter()
        .map(|order| Standing::new(firm, order, (&lines, &registered)))
        .collect::<anyhow::Result<_>>()?;
    let is_maker = is_maker(firm, &batch, &all, &reader);
    let to_confirm = |it: &Standing<'_>| it.code(services, &reader).is_some();
    if batch.state == BatchState::Undone || !(is_maker || all.iter().any(to_confirm)) {
        return Ok(None);
    }
    let tables = staged::tables(services, id).await?;
    let rows = Rows::of(&rows::counts(&services.db, Some(id)).await?);
    let (to_fix, more) = to_fix(services, &batch).await?;
    let (said_in, workbook) = workbook(services, id).await?;
    let registered_by = batch.registered_by.as_deref();
    let registered_by =
        registered_by.or(all.iter().find_map(|it| it.order.registered_by.as_deref()));
    let (block, reply_to) = block_of(firm, registered_by);
    let orders: Vec<ResultOrder> = all
        .iter()
        .filter(|it| it.order.state != OrderState::Cancelled)
        .filter(|it| is_maker || to_confirm(it))
        .map(|it| it.view(services, &reader))
        .collect::<anyhow::Result<_>>()?;
    let again = findings::ordered_again(&services.db, id).await?.into_iter();
    let is_told = |code: &str| orders.iter().any(|order| order.code.as_str() == code);
    let again: Vec<String> =
        again.filter(|it| is_told(&it.order_code)).map(|it| one_line(&it.name)).collect();
    let said = BatchResult {
        reader: if is_maker { maker(services, &all, &reader) } else { Reader::Checker },
        to_name: mail.recipient_name.clone(),
        firm: block,
        file: batch.file_name.clone(),
        batch: id.to_string(),
        counts: Counts {
            rows: rows.total,
            accepted: rows.accepted,
            waiting: rows.rejected + rows.held,
            unchanged: rows.unchanged,
        },
        amount: orders.iter().map(|order| order.amount).sum(),
        orders,
        again,
        to_fix,
        more,
        steps: receipt::to_do(services, &batch, (&tables, &rows)).await?,
        workbook: said_in,
    };
    let letter = letters::batch_result(services.letters.of(mail.purpose), &said)?;
    Ok(Some(Content { letter, picture: None, workbook, reply_to }))
}

async fn by_id(services: &Services, id: BatchId) -> anyhow::Result<Batch> {
    batches::by_id(&services.db, id).await?.context("A mail has its batch")
}

/// An order, its lines that stand and what they cost, and who may confirm it as the second person.
struct Standing<'a> {
    order: Order,
    lines: usize,
    amount: Money,
    checkers: Vec<&'a Email>,
    /// Members of whom a row says that they registered it.
    of_rows: Vec<Email>,
}

impl<'a> Standing<'a> {
    fn new(
        firm: &'a Firm,
        order: Order,
        (lines, registered): (&[Total], &[Registered]),
    ) -> anyhow::Result<Standing<'a>> {
        let (standing, amount) = lines::standing(lines, &order.code);
        let of_rows = registered.iter().filter(|it| it.order_code == order.code.as_str());
        let of_rows = of_rows.filter_map(|it| it.of_row.as_deref());
        let of_rows: Vec<Email> = of_rows.map(str::parse).collect::<Result<_, _>>()?;
        let by_row = of_rows.iter().map(Email::as_str);
        let makers = second::makers(firm, order.registered_by.as_deref(), by_row);
        let checkers = second::checkers(firm, &makers);
        Ok(Standing { lines: usize::try_from(standing)?, amount, checkers, of_rows, order })
    }

    fn waits(&self) -> bool {
        self.order.state == OrderState::AwaitingConfirmation
    }

    /// By which this reader confirms it, where that is still to be done.
    fn code(&self, services: &Services, reader: &Email) -> Option<ConfirmationCode> {
        let (key, needs_second) = (&services.key, services.settings.order.maker_checker);
        if !self.waits() || (needs_second && !self.checkers.contains(&reader)) {
            None
        } else if needs_second {
            Some(code::of_member(key, &self.order, reader))
        } else {
            Some(code::of(key, &self.order))
        }
    }

    fn view(&self, services: &Services, reader: &Email) -> anyhow::Result<ResultOrder> {
        let order = &self.order;
        Ok(ResultOrder {
            code: order.code.clone(),
            package: package_name(services, &order.package),
            fiscal_year: FiscalYear::try_from(i32::try_from(order.fiscal_year())?)?,
            lines: self.lines,
            amount: self.amount,
            state: services.texts.label(&format!("workbook.order_state.{}", order.state)),
            confirmation: self.code(services, reader),
        })
    }
}

/// Whether the reader is told what became of the list because of having registered it, or something in it.
fn is_maker(firm: &Firm, batch: &Batch, all: &[Standing<'_>], reader: &Email) -> bool {
    let stands = all.iter().filter(|it| it.order.state != OrderState::Cancelled);
    let registered = stands.flat_map(|it| {
        let of_order = it.order.registered_by.as_deref();
        let of_rows = it.of_rows.iter().map(|email| Some(email.as_str()));
        std::iter::once(None).chain(of_rows).map(move |of_row| (of_order, of_row))
    });
    let of_batch = batch.registered_by.as_deref();
    second::registrants(firm, of_batch, registered).contains(reader.as_str())
}

/// One who must leave the confirmation to others is told to whom, or that there is nobody.
fn maker(services: &Services, all: &[Standing<'_>], reader: &Email) -> Reader {
    let others = || all.iter().filter(|it| it.waits() && it.code(services, reader).is_none());
    let alone = others().filter(|it| it.checkers.is_empty());
    let alone: Vec<OrderCode> = alone.map(|it| it.order.code.clone()).collect();
    if !alone.is_empty() {
        return Reader::MakerAlone(alone);
    }
    let mut checkers: Vec<String> =
        others().flat_map(|it| &it.checkers).map(ToString::to_string).collect();
    checkers.sort();
    checkers.dedup();
    if checkers.is_empty() { Reader::Maker } else { Reader::MakerOfTwo(checkers) }
}

/// What keeps rows, or the whole file, from being ordered; and how much more of it there is.
pub(super) async fn to_fix(
    services: &Services,
    batch: &Batch,
) -> anyhow::Result<(Vec<String>, usize)> {
    let (open, all) = findings::open(&services.db, batch.id(), TO_FIX).await?;
    let more = all.saturating_sub(open.len());
    Ok((open.iter().map(|(_, finding)| receipt::told(services, finding)).collect(), more))
}

/// The newest workbook: made anew, since the one in the outbox may be open and half filled in.
pub(super) async fn workbook(
    services: &Services,
    id: BatchId,
) -> anyhow::Result<(Workbook, Option<(String, Vec<u8>)>)> {
    for _ in 0..OVERTAKEN_AT_MOST {
        outbox::write_workbook(services, id).await?;
        let batch = by_id(services, id).await?;
        let Some(path) = outbox::newest(services, &batch) else {
            return Ok((Workbook::None, None));
        };
        if fs_err::metadata(&path).is_ok_and(|meta| meta.len() > LARGEST) {
            return Ok((Workbook::InOutbox(services.shown_path(&path)), None));
        }
        let bytes = outbox::bytes(services, &batch).await?;
        if bytes.len() as u64 > LARGEST {
            return Ok((Workbook::InOutbox(services.shown_path(&path)), None));
        }
        // What its ticks would confirm must be what it shows.
        if by_id(services, id).await?.is_same_as(&batch) {
            return Ok((Workbook::Attached, Some((name(&path), bytes))));
        }
    }
    anyhow::bail!("{id} kept changing while its result was written")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
