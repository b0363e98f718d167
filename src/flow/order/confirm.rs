//! Confirming an order as it was shown, and placing it: prices frozen, payment requests, order notice, bell.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;

use super::{code, codes, content, second};
use crate::{
    db::{
        Tx, batches, copied,
        lines::{self, Line},
        mails,
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        requests::NewRequest,
        shown::Shown,
        standing,
    },
    domain::{
        confirmation_code::ConfirmationCode,
        email::Email,
        money::Money,
        order::{Kind, OrderState, Recipient},
        phone::Phone,
    },
    flow::{Services, send},
};

/// What is said of a notice whose order may have been confirmed by what was there before a backup was read in: people
/// decide whether it goes out.
const TOLD_BEFORE: &str = "the order may have been confirmed, and told, before the data were restored; \
                           the payment codes of such a notice are not known any more";

/// A wish to confirm an order.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// Who checked it, a member of the firm; `None` for whom the code names, else the firm's admin.
    pub by: Option<&'a Email>,
    /// The confirmation code that was said instead of looking at the workbook.
    pub code: Option<ConfirmationCode>,
    /// What was shown; `None` for the order as it is.
    pub shown: Option<&'a Shown>,
    pub activate: bool,
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Placed,
    /// It was placed before; nothing changed.
    Already,
    Refused(Refusal),
}

/// Why an order was not placed, and what stands there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The tables say something else than was shown; the next revision shows it.
    Changed(Vec<String>),
    /// The order itself changed since it was shown: what it was and what it is.
    Stale(Vec<String>),
    /// Who confirms must be another one than who registered.
    SamePerson,
    /// Only the code that was mailed to the second person confirms.
    NoCode,
    /// The confirmation code is not that of the present content, or of who says it.
    Code,
    State(OrderState),
}

/// Places an order, if it still is what was shown.
pub async fn confirm(
    services: &Services,
    order: &Order,
    wish: &Wish<'_>,
) -> anyhow::Result<Confirmed> {
    match order.state {
        OrderState::AwaitingConfirmation => {}
        OrderState::Cancelled => return Ok(Confirmed::Refused(Refusal::State(order.state))),
        OrderState::Placed | OrderState::Paid | OrderState::Done => {
            if wish.activate {
                crate::flow::activate::ask(services, order).await?;
            }
            return Ok(Confirmed::Already);
        }
    }
    let mut tx = services.db.begin().await?;
    match look(services, &mut tx, order, wish).await? {
        Ok(by) => place(services, tx, order, (&by, wish.activate)).await,
        Err((refusal, price)) => {
            if let Some(price) = price {
                revise(services, tx, order, price).await?;
            }
            Ok(Confirmed::Refused(refusal))
        }
    }
}

/// Why an order that awaits its confirmation would not be placed now; nothing is stored.
pub async fn would_refuse(
    services: &Services,
    order: &Order,
    wish: &Wish<'_>,
) -> anyhow::Result<Option<Refusal>> {
    let mut tx = services.db.snapshot().await?;
    Ok(look(services, &mut tx, order, wish).await?.err().map(|(refusal, _)| refusal))
}

/// Who confirms; or why nobody does, and the price of today where that is another one.
async fn look(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    wish: &Wish<'_>,
) -> anyhow::Result<Result<Email, (Refusal, Option<Money>)>> {
    let by = match checker(services, tx, order, wish).await? {
        Ok(by) => by,
        Err(refusal) => return Ok(Err((refusal, None))),
    };
    if let Some(shown) = wish.shown.filter(|shown| shown.content != order.content) {
        let lines = standing::count(tx, &order.code).await?;
        let difference = content::difference(shown, order, lines, services.texts);
        return Ok(Err((Refusal::Stale(difference), None)));
    }
    let drift = drift(services, tx, order).await?;
    let differences = drift.differences();
    let is_same = differences.is_empty();
    Ok(if is_same { Ok(by) } else { Err((Refusal::Changed(differences), drift.price)) })
}

/// Who confirms, if that one may.
async fn checker(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    wish: &Wish<'_>,
) -> anyhow::Result<Result<Email, Refusal>> {
    let (firm, key) = (services.firm(&order.firm)?, &services.key);
    let needs_second = services.settings.order.maker_checker;
    let by = match wish.code {
        None if needs_second => return Ok(Err(Refusal::NoCode)),
        Some(said) if needs_second => {
            let named = firm.members().find(|it| code::of_member(key, order, it) == said);
            named.filter(|named| wish.by.is_none_or(|by| by == *named))
        }
        Some(said) if code::of(key, order) != said => None,
        _ => Some(wish.by.unwrap_or(&firm.admin.email)),
    };
    let Some(by) = by else { return Ok(Err(Refusal::Code)) };
    if needs_second {
        let rows = standing::registered_by(tx, &order.code).await?;
        let rows = rows.iter().map(String::as_str);
        if second::makers(firm, order.registered_by.as_deref(), rows).contains(by.as_str()) {
            return Ok(Err(Refusal::SamePerson));
        }
    }
    Ok(Ok(by.clone()))
}

/// Compares an order with the tables of today.
async fn drift<'a>(
    services: &'a Services,
    tx: &mut Tx,
    order: &'a Order,
) -> anyhow::Result<content::Drift<'a>> {
    let mut drift =
        content::Drift::of(order, &services.catalogue, services.today(), services.texts);
    let mut after = 0;
    loop {
        let lines = standing::after(tx, &order.code, after).await?;
        let Some(last) = lines.last() else { return Ok(drift) };
        after = last.line_no;
        for line in &lines {
            drift.look(line);
        }
    }
}

/// Gives the waiting lines today's price and asks for a workbook that shows it.
async fn revise(
    services: &Services,
    mut tx: Tx,
    order: &Order,
    price: Money,
) -> anyhow::Result<()> {
    let mut content = content::Content::of(&order.code)?;
    let (mut after, mut amount) = (0, Money::dong(0));
    loop {
        let lines = standing::after(&mut tx, &order.code, after).await?;
        let Some(last) = lines.last() else { break };
        after = last.line_no;
        for line in &lines {
            content.add((line.line_no, price, &line.client.0))?;
            amount = amount + price;
        }
    }
    let content = content.hash();
    if content == order.content {
        return Ok(());
    }
    if orders::revise(&mut tx, &order.code, &order.content, &content, amount).await? {
        lines::reprice(&mut tx, &order.code, price).await?;
        batches::ask_for_workbook(&mut tx, order.batch()).await?;
        send::plan::results(services, &mut tx, order.batch()).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn place(
    services: &Services,
    mut tx: Tx,
    order: &Order,
    (by, activate): (&Email, bool),
) -> anyhow::Result<Confirmed> {
    let now = services.now();
    if !orders::place(&mut tx, &order.code, &order.content, by.as_str(), now).await? {
        return Ok(Confirmed::Refused(Refusal::Stale(Vec::new())));
    }
    let lines = lines::place(&mut tx, &order.code).await?;
    let mut placed = order.clone();
    placed.registered_by.get_or_insert_with(|| by.to_string());
    let order = &placed;
    if order.kind != Kind::Free {
        request_payment(services, &mut tx, order, by).await?;
    }
    ring(services, &mut tx, order, lines).await?;
    if activate || order.kind.activates_when_confirmed() {
        crate::flow::activate::plan(services, &mut tx, order).await?;
    }
    batches::settle_orders(&mut tx, order.batch()).await?;
    batches::ask_for_workbook(&mut tx, order.batch()).await?;
    tx.commit().await?;
    Ok(Confirmed::Placed)
}

/// One request for each line, one code for all of a payer's, one notice for each payer; one that may have gone out before
/// says that it is in the place of that.
async fn request_payment(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    by: &Email,
) -> anyhow::Result<()> {
    let (now, prefix) = (services.now(), &services.settings.payee.code_prefix);
    let mut payers: BTreeMap<String, String> = BTreeMap::new();
    let mut phones: BTreeSet<(Phone, String)> = BTreeSet::new();
    let mut after = 0;
    loop {
        let lines = standing::after(tx, &order.code, after).await?;
        let Some(last) = lines.last() else { break };
        after = last.line_no;
        for line in &lines {
            let (payer_name, payer_email) = payer(services, order, line, by)?;
            let request = NewRequest {
                line_id: line.id,
                batch: order.batch(),
                payer_name: &payer_name,
                payer_email: &payer_email,
                amount: line.amount(),
            };
            codes::request(tx, prefix, &request, now).await?;
            let phone = send::sms::phone(services, order, line);
            phones.extend(phone.map(|phone| (phone.clone(), payer_name.clone())));
            payers.entry(payer_email).or_insert(payer_name);
        }
    }
    codes::payer_codes(tx, prefix, order.batch()).await?;
    let is_of_original = copied::is_of_original(tx, &order.code).await?;
    for (email, name) in payers {
        if is_of_original {
            send::plan::notice_anew(services, tx, &order.code, (&name, &email)).await?;
        } else {
            send::plan::notice(services, tx, order, (&name, &email)).await?;
        }
    }
    if services.settings.sms.url.is_some() {
        send::plan::messages(services, tx, order, &phones).await?;
    }
    if is_of_original {
        mails::doubt_notices(tx, &order.code, TOLD_BEFORE).await?;
    }
    Ok(())
}

/// Name and e-mail of who pays for a line.
pub(super) fn payer(
    services: &Services,
    order: &Order,
    line: &Line,
    by: &Email,
) -> anyhow::Result<(String, String)> {
    let client = &line.client;
    Ok(match order.recipient {
        Recipient::Client => (client.name.clone(), client.email.to_string()),
        Recipient::Firm => {
            let firm = services.firm(&line.firm)?;
            if line.firm != order.firm {
                return Ok((firm.name.clone(), firm.admin.email.to_string()));
            }
            (firm.name.clone(), order.registered_by.clone().unwrap_or_else(|| by.to_string()))
        }
        Recipient::Other => {
            let email = client.recipient_email.as_ref().unwrap_or(&client.email);
            (
                client.recipient_name.clone().unwrap_or_else(|| client.name.clone()),
                email.to_string(),
            )
        }
    })
}

async fn ring(services: &Services, tx: &mut Tx, order: &Order, lines: u64) -> anyhow::Result<()> {
    let values = context! { order => order.code.as_str(), lines => lines, amount => order.amount().to_string() };
    let key = if order.kind == Kind::Free { "free_placed" } else { "order_placed" };
    let text = services.texts.say(&format!("message.bell.{key}"), values);
    let kind = NotificationKind::OrderPlaced;
    let new = NewNotification { firm: &order.firm, kind, text: &text, order: Some(&order.code) };
    notifications::insert(tx, new, services.now()).await?;
    Ok(())
}
