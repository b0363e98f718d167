//! What a planned mail says, gathered when it is sent: rows hold references, never links.

use anyhow::Context;

use super::{
    letters::{
        self, FirmBlock, Letter, LogIn, NoticeLine, OrderCancelled, OrderNotice, Rest, Transfer,
    },
    results,
};
use crate::{
    db::{
        cancellations, licences,
        lines::{self, Line},
        mails::Mail,
        orders::{self, Order},
        requests::{self, Request},
    },
    domain::{
        email::Email, firm::Firm, licence::Role, mail::Purpose, money::Money, order::Kind,
        payment_code::PaymentCode, phone::Phone,
    },
    flow::{Services, order::registrant, pay},
};

/// A letter and its inline picture.
#[derive(Debug)]
pub struct Content {
    pub letter: Letter,
    /// Content-ID and PNG.
    pub picture: Option<(String, Vec<u8>)>,
    /// Name and bytes of a workbook.
    pub workbook: Option<(String, Vec<u8>)>,
    /// The member of the firm who answers for it.
    pub reply_to: Email,
}

/// Nothing where its reason is gone.
pub async fn of(services: &Services, mail: &Mail) -> anyhow::Result<Option<Content>> {
    if let Some(batch) = mail.batch() {
        return results::of(services, mail, batch).await;
    }
    let code =
        mail.order_code.as_deref().context("A mail is about a batch or an order")?.parse()?;
    let order = orders::by_code(&services.db, &code).await?.context("A mail has its order")?;
    match mail.purpose {
        Purpose::BatchResult => Ok(None),
        Purpose::OrderNotice => notice(services, mail, &order).await,
        Purpose::OrderCancelled => cancelled(services, mail, &order).await.map(Some),
        Purpose::LoginFirst | Purpose::LoginExisting => {
            log_in(services, mail, &order).await.map(Some)
        }
    }
}

/// Everything of the batch that this payer has still to pay, so that one transfer covers it.
async fn notice(
    services: &Services,
    mail: &Mail,
    order: &Order,
) -> anyhow::Result<Option<Content>> {
    let (batch, payer) = (order.batch(), mail.recipient.as_str());
    let requests = requests::open_of_payer(&services.db, batch, payer).await?;
    if requests.is_empty() {
        return Ok(None);
    }
    let lines = lines::of_payer(&services.db, batch, payer).await?;
    let transfer = transfer(services, &requests)?;
    let lines: anyhow::Result<Vec<NoticeLine>> =
        requests.iter().map(|request| notice_line(services, &lines, request)).collect();
    let lines = lines?;
    let mut orders: Vec<_> = lines.iter().map(|line| line.order.clone()).collect();
    orders.dedup();
    let qr_cid = format!("vietqr-{}", transfer.memo.as_str().to_lowercase());
    let picture = pay::qr_png(&services.settings.payee, transfer.amount, &transfer.memo)?;
    let (firm, reply_to) = firm_block(services, order, order.registered_by.as_deref())?;
    let letter = letters::order_notice(
        services.texts,
        &OrderNotice {
            recipient: order.recipient,
            to_name: mail.recipient_name.clone(),
            firm,
            orders,
            lines,
            transfer,
            grace_days: services.settings.grace.days,
            qr_cid: qr_cid.clone(),
        },
    )?;
    Ok(Some(Content { letter, picture: Some((qr_cid, picture)), workbook: None, reply_to }))
}

/// What was cancelled under the sequence of the mail, and what this payer has still to pay.
async fn cancelled(services: &Services, mail: &Mail, order: &Order) -> anyhow::Result<Content> {
    let (batch, payer) = (order.batch(), mail.recipient.as_str());
    let gone = cancellations::lines(&services.db, &order.code, mail.sequence).await?;
    let requests = requests::of_batch(&services.db, batch).await?;
    let of_payer = requests.iter().filter(|request| request.payer_email == payer);
    let gone: Vec<&Request> =
        of_payer.filter(|request| gone.contains(&(request.line_id,))).collect();
    let lines = lines::of_payer(&services.db, batch, payer).await?;
    let mut stopped = 0;
    for request in &gone {
        stopped += usize::from(licences::of_line(&services.db, request.line_id).await?.is_some());
    }
    let gone: anyhow::Result<Vec<NoticeLine>> =
        gone.iter().map(|request| notice_line(services, &lines, request)).collect();
    let open = requests::open_of_payer(&services.db, batch, payer).await?;
    let (mut rest, mut picture) = (None, None);
    if !open.is_empty() {
        let transfer = transfer(services, &open)?;
        let qr_cid = format!("vietqr-{}", transfer.memo.as_str().to_lowercase());
        let png = pay::qr_png(&services.settings.payee, transfer.amount, &transfer.memo)?;
        picture = Some((qr_cid.clone(), png));
        rest = Some(Rest { lines: open.len(), transfer, qr_cid });
    }
    let (firm, reply_to) = firm_block(services, order, order.registered_by.as_deref())?;
    let said = OrderCancelled {
        recipient: order.recipient,
        to_name: mail.recipient_name.clone(),
        firm,
        order: order.code.clone(),
        lines: gone?,
        stopped,
        rest,
    };
    let letter = letters::order_cancelled(services.texts, &said)?;
    Ok(Content { letter, picture, workbook: None, reply_to })
}

/// A single request is paid under its own code, several under the payer's.
fn transfer(services: &Services, requests: &[Request]) -> anyhow::Result<Transfer> {
    let first = requests.first().context("Nothing is left to pay")?;
    let payer_code = first.batch_code.as_deref().filter(|_| requests.len() > 1);
    let memo: PaymentCode = payer_code.map_or_else(|| Ok(first.code.clone()), str::parse)?;
    let payee = &services.settings.payee;
    let rest =
        |request: &Request| Money::dong(request.amount().as_dong() - request.paid().as_dong());
    Ok(Transfer {
        bank: services.catalogue.banks.name(&payee.bank_bin).unwrap_or(&payee.bank_bin).to_owned(),
        account: payee.account.clone(),
        account_name: payee.name.clone(),
        amount: requests.iter().map(rest).sum(),
        memo,
        is_batch_code: payer_code.is_some(),
    })
}

fn notice_line(
    services: &Services,
    lines: &[Line],
    request: &Request,
) -> anyhow::Result<NoticeLine> {
    let line = lines
        .iter()
        .find(|line| line.id == request.line_id)
        .context("A payment request has its line")?;
    let client = &line.client;
    Ok(NoticeLine {
        order: line.order_code.clone(),
        name: client.name.clone(),
        tax_id: client.tax_id.clone(),
        package: package_name(services, &client.package),
        fiscal_year: client.fiscal_year,
        amount: request.amount(),
        payment_code: request.code.clone(),
    })
}

async fn log_in(services: &Services, mail: &Mail, order: &Order) -> anyhow::Result<Content> {
    let line_id = mail.line_id.context("A log-in letter is about a line")?;
    let line = lines::by_id(&services.db, line_id).await?.context("A mail has its line")?;
    let stored = licences::of_line(&services.db, line_id)
        .await?
        .context("A log-in letter has its licence")?;
    let licence = services
        .platform
        .licence(&stored.licence_id)
        .await?
        .context("The platform knows its licence")?;
    let login = licence.logins.iter().find(|login| login.login.role == Role::ClientAdmin);
    let login = login.context("A licence has a log-in of the client")?;
    let client = &line.client;
    let copy_for_firm = mail.recipient != client.email.as_str();
    let day = |at| services.local(at).format("%d/%m/%Y").to_string();
    let (firm, reply_to) = firm_block(services, order, registrant(order, &line))?;
    let letter = letters::log_in(
        services.texts,
        &LogIn {
            first_time: mail.purpose == Purpose::LoginFirst,
            copy_for_firm,
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
    Ok(Content { letter, picture: None, workbook: None, reply_to })
}

pub(super) fn package_name(services: &Services, code: &str) -> String {
    services
        .catalogue
        .packages
        .get(code)
        .map_or_else(|| code.to_owned(), |package| package.name.clone())
}

/// The firm and the member of it who registered the order, whom a client may call.
fn firm_block(
    services: &Services,
    order: &Order,
    registered_by: Option<&str>,
) -> anyhow::Result<(FirmBlock, Email)> {
    Ok(block_of(services.firm(&order.firm)?, registered_by))
}

/// A firm and a member of it, by e-mail; the admin where none is named.
pub(super) fn block_of(firm: &Firm, registered_by: Option<&str>) -> (FirmBlock, Email) {
    let registered_by = registered_by.and_then(|email| email.parse().ok());
    let email: Email = registered_by.unwrap_or_else(|| firm.admin.email.clone());
    let block = FirmBlock {
        name: firm.name.clone(),
        accountant: firm.name_of(&email).unwrap_or(&firm.admin.name).to_owned(),
        email: email.to_string(),
        phone: firm.admin.phone.as_ref().map(Phone::national),
    };
    (block, email)
}
