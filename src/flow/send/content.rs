//! What a planned mail says, gathered when it is sent: rows hold references, never links.

use std::collections::HashSet;

use anyhow::Context;

use super::{
    activations, alarms,
    known::Known,
    letters::{
        self, FirmBlock, Letter, LogIn, NoticeLine, OrderCancelled, OrderNotice, Rest, Transfer,
        Turn, Works,
    },
    mornings, moved, nights, over, plan, results, returned, standings, waiting, went,
};
use crate::{
    db::{
        licences,
        lines::Line,
        mails::Mail,
        orders::Order,
        requests::{self, Request},
        staff::{self, OnLine},
        standing,
    },
    domain::{
        email::Email, firm::Firm, licence::Role, mail::Purpose, money::Money, order::Kind,
        payment_code::PaymentCode, phone::Phone,
    },
    flow::{Services, activate::staff as assigned, order::registrant, pay, sweep},
};

/// A letter and its inline picture.
#[derive(Debug)]
pub struct Content {
    pub letter: Letter,
    /// Content-ID and PNG.
    pub picture: Option<Picture>,
    /// Name and bytes of a workbook.
    pub workbook: Option<(String, Vec<u8>)>,
    /// The member of the firm who answers for it.
    pub reply_to: Email,
}

/// Nothing where its reason is gone.
pub async fn of(
    services: &Services,
    mail: &Mail,
    known: &Known,
) -> anyhow::Result<Option<Content>> {
    if let Some(batch) = mail.batch() {
        return match mail.purpose {
            Purpose::FindingsWaiting => waiting::of(services, mail, batch).await,
            _ => results::of(services, mail, batch).await,
        };
    }
    if let Some(report) = mail.report_id {
        return match mail.purpose {
            Purpose::Operator => alarms::of(services, mail, report).await,
            Purpose::Reconciliation => nights::of(services, mail, report).await,
            _ => mornings::of(services, mail, report).await,
        };
    }
    let order = known.order(mail)?;
    match mail.purpose {
        Purpose::BatchResult
        | Purpose::Morning
        | Purpose::FindingsWaiting
        | Purpose::Reconciliation
        | Purpose::Operator => Ok(None),
        Purpose::ActivationResult => activations::of(services, mail, order).await,
        Purpose::PaymentReceived if moved::is_meant(mail) => moved::of(services, mail, order).await,
        Purpose::PaymentReceived if returned::is_meant(mail) => {
            returned::of(services, mail, order).await
        }
        Purpose::PaymentReceived
        | Purpose::GraceWarning
        | Purpose::Suspended
        | Purpose::Restored => standings::of(services, mail, order).await,
        Purpose::OrderNotice => notice(services, mail, known).await,
        Purpose::OrderCancelled => cancelled(services, mail, order).await.map(Some),
        Purpose::LoginFirst | Purpose::LoginExisting => log_in(services, mail, known).await,
    }
}

/// Everything of the batch that this payer has still to pay, so that one transfer covers it.
async fn notice(
    services: &Services,
    mail: &Mail,
    known: &Known,
) -> anyhow::Result<Option<Content>> {
    let (order, requests) = (known.order(mail)?, known.open(mail));
    if requests.is_empty() {
        return Ok(None);
    }
    let own: Vec<&Line> =
        requests.iter().map(|request| known.line(request.line_id)).collect::<Result<_, _>>()?;
    let firm = block_with(services, order, &own, &known.staff(&own))?;
    let reply_to = reply_to(services, (order, &own), order.registered_by.as_deref())?;
    let pooled = over::lying(services, requests).await?.came();
    let (rest, picture) = rest(services, requests, pooled)?.unzip();
    let lines = own.iter().zip(requests);
    let lines: Vec<NoticeLine> =
        lines.map(|(line, request)| noticed(services, line, request)).collect();
    let mut orders: Vec<_> = lines.iter().map(|line| line.order.clone()).collect();
    orders.dedup();
    let (transfer, qr_cid) = rest.map(|rest| (rest.transfer, rest.qr_cid)).unzip();
    let letter = letters::order_notice(
        services.letters.of(mail.purpose),
        &OrderNotice {
            recipient: order.recipient,
            turn: turn(mail),
            after_restore: mail.told_before,
            went: went::of(services, turn(mail), (order, &own)).await?,
            to_name: mail.recipient_name.clone(),
            firm,
            orders,
            lines,
            transfer,
            pooled,
            grace_days: services.settings.grace.days,
            works: works(services, mail, &own).await?,
            qr_cid: qr_cid.unwrap_or_default(),
        },
    )?;
    Ok(Some(Content { letter, picture, workbook: None, reply_to }))
}

/// Of a notice anew, what was activated meanwhile.
async fn works(services: &Services, mail: &Mail, lines: &[&Line]) -> anyhow::Result<Option<Works>> {
    if turn(mail) == Turn::First {
        return Ok(None);
    }
    let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
    let licences = licences::of_lines(&services.db, &ids).await?;
    let ends = licences.iter().filter_map(|it| sweep::cutoff_of(services, it));
    let Some(first) = ends.min() else { return Ok(None) };
    Ok(Some(Works {
        last_day: (first > mail.planned_at.max(services.now())).then(|| services.last_day(first)),
        others_wait: licences.len() < lines.len(),
        before: licences.iter().any(|it| it.activated_at < mail.planned_at),
    }))
}

/// What was cancelled under the sequence of the mail, and what this payer has still to pay.
async fn cancelled(services: &Services, mail: &Mail, order: &Order) -> anyhow::Result<Content> {
    let (batch, payer) = (order.batch(), mail.recipient.as_str());
    let under = (&order.code, mail.occasion());
    let requests = requests::cancelled_of_payer(&services.db, under, payer).await?;
    let ids: Vec<i64> = requests.iter().map(|request| request.line_id).collect();
    let lines = standing::with_ids(&services.db, &ids).await?;
    let stopped = licences::count_of_lines(&services.db, &ids).await?;
    let gone: anyhow::Result<Vec<NoticeLine>> =
        requests.iter().map(|request| notice_line(services, &lines, request)).collect();
    let open = requests::open_of_payer(&services.db, batch, payer).await?;
    let pooled = over::lying(services, &open).await?.came();
    let (rest, picture) = rest(services, &open, pooled)?.unzip();
    let told = about(&lines, &requests);
    let firm = firm_block(services, order, &told).await?;
    let reply_to = reply_to(services, (order, &told), order.registered_by.as_deref())?;
    let received = over::of_cancelled(services, &requests).await?;
    let returns = over::going_back(services, &requests).await?;
    let said = OrderCancelled {
        recipient: order.recipient,
        to_name: mail.recipient_name.clone(),
        firm,
        order: order.code.clone(),
        lines: gone?,
        stopped: usize::try_from(stopped)?,
        received,
        returns,
        rest,
    };
    let letter = letters::order_cancelled(services.letters.of(mail.purpose), &said)?;
    Ok(Content { letter, picture, workbook: None, reply_to })
}

/// A picture: Content-ID and PNG.
pub(super) type Picture = (String, Vec<u8>);

/// What is left to pay, and the picture to pay it by; nothing where what lies under the batch code is enough.
pub(super) fn rest(
    services: &Services,
    open: &[Request],
    pooled: Money,
) -> anyhow::Result<Option<(Rest, Picture)>> {
    let asked: Money = open.iter().filter_map(Request::rest).sum();
    if open.is_empty() || pooled >= asked {
        return Ok(None);
    }
    let mut transfer = transfer(services, open)?;
    // Credits under one batch code add up: with what is missing under the same one all is paid.
    if let Some(code) = open[0].batch_code.as_deref().filter(|_| pooled > Money::ZERO) {
        (transfer.memo, transfer.is_batch_code) = (code.parse()?, true);
        transfer.amount = Money::dong(asked.as_dong() - pooled.as_dong());
    }
    let qr_cid = format!("vietqr-{}", transfer.memo.as_str().to_lowercase());
    let png = pay::qr_png(&services.settings.payee, transfer.amount, &transfer.memo)?;
    let picture = (qr_cid.clone(), png);
    Ok(Some((Rest { lines: open.len(), transfer, qr_cid }, picture)))
}

/// A single request is paid under its own code, several under the payer's.
pub(super) fn transfer(services: &Services, requests: &[Request]) -> anyhow::Result<Transfer> {
    let first = requests.first().context("Nothing is left to pay")?;
    let payer_code = first.batch_code.as_deref().filter(|_| requests.len() > 1);
    let memo: PaymentCode = payer_code.map_or_else(|| Ok(first.code.clone()), str::parse)?;
    let payee = &services.settings.payee;
    Ok(Transfer {
        bank: services.catalogue.banks.name(&payee.bank_bin).unwrap_or(&payee.bank_bin).to_owned(),
        account: payee.account.clone(),
        account_name: payee.name.clone(),
        amount: requests.iter().filter_map(Request::rest).sum(),
        memo,
        is_batch_code: payer_code.is_some(),
    })
}

pub(super) fn notice_line(
    services: &Services,
    lines: &[Line],
    request: &Request,
) -> anyhow::Result<NoticeLine> {
    let line = lines
        .iter()
        .find(|line| line.id == request.line_id)
        .context("A payment request has its line")?;
    Ok(noticed(services, line, request))
}

fn noticed(services: &Services, line: &Line, request: &Request) -> NoticeLine {
    let client = &line.client;
    NoticeLine {
        order: line.order_code.clone(),
        name: client.name.clone(),
        tax_id: client.tax_id.clone(),
        package: package_name(services, &client.package),
        fiscal_year: client.fiscal_year,
        amount: request.asked(),
        payment_code: request.code.clone(),
    }
}

/// Nothing for whoever signed in before that was corrected.
async fn log_in(
    services: &Services,
    mail: &Mail,
    known: &Known,
) -> anyhow::Result<Option<Content>> {
    let line_id = mail.line_id.context("A log-in letter is about a line")?;
    let (order, line) = (known.order(mail)?, known.line(line_id)?);
    if !reads_log_in(services, mail, (order, line)) {
        return Ok(None);
    }
    let licence = known.licence(services, line_id).await?;
    let login = licence.logins.iter().find(|login| login.login.role == Role::ClientAdmin);
    let login = login.context("A licence has a log-in of the client")?;
    let client = &line.client;
    let copy_for_firm = mail.recipient != client.email.as_str();
    let day = |at| services.local(at).format("%d/%m/%Y").to_string();
    let firm = block_with(services, order, &[line], &known.staff(&[line]))?;
    let letter = letters::log_in(
        services.letters.of(mail.purpose),
        &LogIn {
            first_time: mail.purpose == Purpose::LoginFirst,
            copy_for_firm,
            turn: turn(mail),
            to_name: mail.recipient_name.clone(),
            client_name: client.name.clone(),
            tax_id: client.tax_id.clone(),
            firm,
            package: package_name(services, &client.package),
            fiscal_year: client.fiscal_year,
            is_free: order.kind == Kind::Free,
            order: order.code.clone(),
            log_in_email: login.login.email.to_string(),
            link: login.setup_url.clone().filter(|_| !copy_for_firm),
            sign_in_url: login.sign_in_url.clone(),
            expires: login.setup_expires_at.map(day),
        },
    )?;
    let reply_to = reply_to(services, (order, &[line]), registrant(order, line))?;
    Ok(Some(Content { letter, picture: None, workbook: None, reply_to }))
}

fn turn(mail: &Mail) -> Turn {
    if mail.occasion() >= plan::ANEW { Turn::Anew } else { Turn::First }
}

/// The client's letter goes to whoever signs in now, the copy to the firm.
fn reads_log_in(services: &Services, mail: &Mail, (order, line): (&Order, &Line)) -> bool {
    let to = mail.recipient.as_str();
    let is_of_firm = || {
        let firm = services.firm(&line.firm).ok();
        firm.is_some_and(|firm| firm.has_member(to))
    };
    to == line.client.email.as_str() || registrant(order, line) == Some(to) || is_of_firm()
}

pub(super) fn package_name(services: &Services, code: &str) -> String {
    services
        .catalogue
        .packages
        .get(code)
        .map_or_else(|| code.to_owned(), |package| package.name.clone())
}

/// The lines that requests are for.
fn about<'a>(lines: &'a [Line], requests: &[Request]) -> Vec<&'a Line> {
    let ids: HashSet<i64> = requests.iter().map(|request| request.line_id).collect();
    lines.iter().filter(|line| ids.contains(&line.id)).collect()
}

/// The firm and the member of it whom a client may ask: the accountant of these lines where all have the same one, else
/// the admin.
pub(super) async fn firm_block(
    services: &Services,
    order: &Order,
    lines: &[&Line],
) -> anyhow::Result<FirmBlock> {
    let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
    block_with(services, order, lines, &staff::on_lines(&services.db, &ids).await?)
}

fn block_with(
    services: &Services,
    order: &Order,
    lines: &[&Line],
    said: &[OnLine],
) -> anyhow::Result<FirmBlock> {
    let firm = services.firm(firm_of(order, lines))?;
    let mut accountants: Vec<Email> =
        lines.iter().map(|line| assigned::accountant(firm, order, line, said)).collect();
    accountants.dedup();
    let email = match accountants.as_slice() {
        [one] => one,
        _ => &firm.admin.email,
    };
    Ok(block(firm, email))
}

/// Whose clients these are: of lines that went to another firm that one, where all did.
fn firm_of<'a>(order: &'a Order, lines: &[&'a Line]) -> &'a str {
    let first = lines.first().map_or(order.firm.as_str(), |line| line.firm.as_str());
    if lines.iter().all(|line| line.firm == first) { first } else { &order.firm }
}

/// Who registered it, while they are of the firm.
pub(super) fn reply_to(
    services: &Services,
    (order, lines): (&Order, &[&Line]),
    registered_by: Option<&str>,
) -> anyhow::Result<Email> {
    Ok(member(services.firm(firm_of(order, lines))?, registered_by))
}

/// A member of a firm by e-mail; the admin where none is named.
fn member(firm: &Firm, named: Option<&str>) -> Email {
    let named: Option<Email> = named.and_then(|email| email.parse().ok());
    let member = named.filter(|email| firm.name_of(email).is_some());
    member.unwrap_or_else(|| firm.admin.email.clone())
}

/// A firm and a member of it, by e-mail; the admin where none is named.
pub(super) fn block_of(firm: &Firm, named: Option<&str>) -> (FirmBlock, Email) {
    let email = member(firm, named);
    (block(firm, &email), email)
}

/// Of the firm's phones only the admin's is known.
fn block(firm: &Firm, accountant: &Email) -> FirmBlock {
    let is_admin = *accountant == firm.admin.email;
    let phone = firm.admin.phone.as_ref().map(Phone::national);
    FirmBlock {
        name: firm.name.clone(),
        accountant: firm.name_of(accountant).unwrap_or(&firm.admin.name).to_owned(),
        email: accountant.to_string(),
        phone_of: phone.as_ref().filter(|_| !is_admin).map(|_| firm.admin.name.clone()),
        phone,
    }
}
