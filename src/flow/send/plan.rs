//! Plans mails, in the transaction of the change that causes them.
//! What they say is written when they are sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    db::{
        Tx, batches, corrections,
        lines::Line,
        mails::{self, About, Mail, NewMail},
        orders::{self, Order, Registered},
    },
    domain::{
        batch::BatchId,
        email::Email,
        firm::Firm,
        mail::Purpose,
        order::{OrderCode, OrderState},
        phone::Phone,
    },
    flow::{
        Services, guard,
        order::{registrant, second},
    },
};

/// From this sequence on a notice or log-in letter takes the place of one that was planned before.
pub(super) const ANEW: i64 = 2;

/// What became of a batch, to whoever registered it, and with two persons to whoever is to confirm it. To be called
/// whenever the orders to confirm are others than before, and with them their codes.
pub async fn results(services: &Services, tx: &mut Tx, batch: BatchId) -> anyhow::Result<()> {
    let (Some(firm), of_batch) = batches::owner(tx, batch).await? else { return Ok(()) };
    let firm = services.firm(&firm)?;
    let registered = orders::registered(tx, batch).await?;
    let subject = batch.to_string();
    let sequence = mails::supersede(tx, Purpose::BatchResult, &subject).await?;
    let pairs = registered.iter().map(|it| (it.of_order.as_deref(), it.of_row.as_deref()));
    let mut recipients = second::registrants(firm, of_batch.as_deref(), pairs);
    if services.settings.order.maker_checker {
        recipients.extend(checkers(firm, &registered));
    }
    let said = Said {
        purpose: Purpose::BatchResult,
        subject: &subject,
        about: About::Batch(batch),
        sequence,
    };
    to_members(services, tx, (firm, &recipients), said).await
}

/// How the activation of an order ended, to whoever registered it or a row of it. The order is held.
pub async fn activated(services: &Services, tx: &mut Tx, order: &Order) -> anyhow::Result<()> {
    let firm = services.firm(&order.firm)?;
    let (_, of_batch) = batches::owner(tx, order.batch()).await?;
    let registered = orders::registered(tx, order.batch()).await?;
    let own = registered.iter().filter(|it| it.order_code == order.code.as_str());
    let pairs = own.map(|it| (it.of_order.as_deref(), it.of_row.as_deref()));
    let recipients = second::registrants(firm, of_batch.as_deref(), pairs);
    let (purpose, subject) = (Purpose::ActivationResult, order.code.as_str());
    let sequence = mails::supersede(tx, purpose, subject).await?;
    let said = Said { purpose, subject, about: About::Order(&order.code), sequence };
    to_members(services, tx, (firm, &recipients), said).await
}

/// Rows of a list still wait, to whoever registered it or something in it: once for each sequence.
pub async fn findings_waiting(
    services: &Services,
    tx: &mut Tx,
    batch: BatchId,
    sequence: i64,
) -> anyhow::Result<()> {
    let (Some(firm), of_batch) = batches::owner(tx, batch).await? else { return Ok(()) };
    let firm = services.firm(&firm)?;
    let registered = orders::registered(tx, batch).await?;
    let pairs = registered.iter().map(|it| (it.of_order.as_deref(), it.of_row.as_deref()));
    let recipients = second::registrants(firm, of_batch.as_deref(), pairs);
    let (purpose, subject) = (Purpose::FindingsWaiting, batch.to_string());
    let said = Said { purpose, subject: &subject, about: About::Batch(batch), sequence };
    to_members(services, tx, (firm, &recipients), said).await
}

/// What goes to several members of a firm.
#[derive(Clone, Copy)]
struct Said<'a> {
    purpose: Purpose,
    subject: &'a str,
    about: About<'a>,
    sequence: i64,
}

async fn to_members(
    services: &Services,
    tx: &mut Tx,
    (firm, recipients): (&Firm, &BTreeSet<&str>),
    Said { purpose, subject, about, sequence }: Said<'_>,
) -> anyhow::Result<()> {
    for member in firm.members().filter(|member| recipients.contains(member.as_str())) {
        let email = member.as_str();
        let new = NewMail {
            purpose,
            subject,
            about,
            line_id: None,
            recipient: email,
            recipient_name: firm.name_of(member).unwrap_or(&firm.name),
            sequence,
            message_id: &message_id(services, purpose, subject, (email, sequence)),
        };
        mails::plan(tx, new, services.now()).await?;
    }
    Ok(())
}

/// The second persons of the orders that await their confirmation.
fn checkers<'a>(firm: &'a Firm, registered: &[Registered]) -> BTreeSet<&'a str> {
    let waiting = || registered.iter().filter(|it| it.state == OrderState::AwaitingConfirmation);
    let codes: BTreeSet<&str> = waiting().map(|it| it.order_code.as_str()).collect();
    let of_order = |code: &str| {
        let own: Vec<&Registered> = waiting().filter(|it| it.order_code == code).collect();
        let of_order = own.first().and_then(|it| it.of_order.as_deref());
        let rows = own.iter().filter_map(|it| it.of_row.as_deref());
        second::checkers(firm, &second::makers(firm, of_order, rows))
    };
    let checkers = codes.into_iter().flat_map(of_order);
    checkers.map(Email::as_str).collect()
}

/// What was done and what waits, to the firm's admin: once a day.
pub async fn morning(
    services: &Services,
    tx: &mut Tx,
    firm: &Firm,
    report: (i64, &str),
) -> anyhow::Result<()> {
    of_report(services, tx, (firm, Purpose::Morning), report).await
}

/// What a night found, to the same: once a day.
pub async fn reconciliation(
    services: &Services,
    tx: &mut Tx,
    firm: &Firm,
    report: (i64, &str),
) -> anyhow::Result<()> {
    of_report(services, tx, (firm, Purpose::Reconciliation), report).await
}

/// Lines wait for a statement, to whoever runs the program: once a day.
pub async fn statement_missing(
    services: &Services,
    tx: &mut Tx,
    email: &Email,
    (report, day): (i64, &str),
) -> anyhow::Result<()> {
    let subject = format!("{}/{day}", guard::OPERATOR);
    to_operator(services, tx, (Purpose::Reconciliation, email), (report, &subject)).await
}

/// What is kept as a report, to the same.
pub(super) async fn to_operator(
    services: &Services,
    tx: &mut Tx,
    (purpose, email): (Purpose, &Email),
    (report, subject): (i64, &str),
) -> anyhow::Result<()> {
    let name = services.settings.operator.name.as_str();
    to_one(services, tx, (purpose, subject, report), (name, email)).await
}

async fn of_report(
    services: &Services,
    tx: &mut Tx,
    (firm, purpose): (&Firm, Purpose),
    (report, day): (i64, &str),
) -> anyhow::Result<()> {
    let subject = format!("{}/{day}", firm.code);
    let admin = (firm.admin.name.as_str(), &firm.admin.email);
    to_one(services, tx, (purpose, &subject, report), admin).await
}

async fn to_one(
    services: &Services,
    tx: &mut Tx,
    (purpose, subject, report): (Purpose, &str, i64),
    (name, email): (&str, &Email),
) -> anyhow::Result<()> {
    let email = email.as_str();
    let new = NewMail {
        purpose,
        subject,
        about: About::Report(report),
        line_id: None,
        recipient: email,
        recipient_name: name,
        sequence: 1,
        message_id: &message_id(services, purpose, subject, (email, 1)),
    };
    mails::plan(tx, new, services.now()).await?;
    Ok(())
}

/// The order notice to one payer: name and e-mail.
pub async fn notice(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    payer: (&str, &str),
) -> anyhow::Result<()> {
    plan(services, tx, (&order.code, None), (Purpose::OrderNotice, payer), 1).await
}

/// The notice by phone to payers, by number and name: several may have one number.
pub async fn messages(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    phones: &BTreeSet<(Phone, String)>,
) -> anyhow::Result<()> {
    let (mut before, mut sequence) = (None, 0);
    for (phone, name) in phones {
        sequence = if before == Some(phone) { sequence + 1 } else { 1 };
        before = Some(phone);
        let to = (Purpose::OrderNotice, (name.as_str(), phone.as_str()));
        plan(services, tx, (&order.code, None), to, sequence).await?;
    }
    Ok(())
}

/// What of an order is no longer to be paid, to one payer; each cancellation of an order has its letters.
pub async fn cancelled(
    services: &Services,
    tx: &mut Tx,
    order: &OrderCode,
    payer: (&str, &str),
    sequence: i64,
) -> anyhow::Result<()> {
    plan(services, tx, (order, None), (Purpose::OrderCancelled, payer), sequence).await
}

/// The log-in letter of one line to its client, and a copy to the member of the firm who registered it.
pub async fn log_in(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    (purpose, sequence): (Purpose, i64),
) -> anyhow::Result<()> {
    let client = &line.client;
    let to_client = (client.representative.as_str(), client.email.as_str());
    plan(services, tx, (&order.code, Some(line)), (purpose, to_client), sequence).await?;
    let firm = services.firm(&line.firm)?;
    let registered_by = registrant(order, line).unwrap_or(firm.admin.email.as_str());
    if registered_by != client.email.as_str() {
        let to_firm = (firm.name.as_str(), registered_by);
        plan(services, tx, (&order.code, Some(line)), (purpose, to_firm), sequence).await?;
    }
    Ok(())
}

/// Another one signs in for a line: its log-in letters that did not leave yet say the wrong thing. The number of those
/// that say the right one.
pub async fn withdraw_log_in(tx: &mut Tx, line: &Line) -> anyhow::Result<i64> {
    let subject = line.reference().to_string();
    let first = mails::supersede(tx, Purpose::LoginFirst, &subject).await?;
    Ok(first.max(mails::supersede(tx, Purpose::LoginExisting, &subject).await?))
}

/// The order notice once more, to who pays now; not where one is to leave anyhow.
pub async fn notice_anew(
    services: &Services,
    tx: &mut Tx,
    order: &OrderCode,
    payer: (&str, &str),
) -> anyhow::Result<()> {
    let (waits, next) = corrections::next_notice(tx, order, payer.1).await?;
    if waits {
        return Ok(());
    }
    let sequence = next.max(ANEW);
    plan(services, tx, (order, None), (Purpose::OrderNotice, payer), sequence).await
}

/// The notice by phone once more, to a number and a name.
pub async fn message_anew(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (phone, name): (&Phone, &str),
) -> anyhow::Result<()> {
    let (_, next) = corrections::next_notice(tx, &order.code, phone.as_str()).await?;
    let to = (Purpose::OrderNotice, (name, phone.as_str()));
    plan(services, tx, (&order.code, None), to, next).await
}

/// The same as a letter that was withdrawn, to who pays now.
pub async fn instead(
    services: &Services,
    tx: &mut Tx,
    (mail, line): (&Mail, &Line),
    payer: (&str, &str),
) -> anyhow::Result<()> {
    let Some(order) = mail.order_code.as_deref() else { return Ok(()) };
    let about = (&order.parse()?, mail.line_id.map(|_| line));
    plan(services, tx, about, (mail.purpose, payer), mail.sequence).await
}

/// That money came, to who pays; `change` tells one time from another.
pub async fn received(
    services: &Services,
    tx: &mut Tx,
    (order, payer): (&OrderCode, (&str, &str)),
    change: i64,
) -> anyhow::Result<()> {
    plan(services, tx, (order, None), (Purpose::PaymentReceived, payer), change).await
}

/// That money which came does not count any more, to who pays: a line that is to be paid again, which tells this letter
/// from the others about money; `change` tells one time from another.
pub async fn taken_back(
    services: &Services,
    tx: &mut Tx,
    (line, payer): (&Line, (&str, &str)),
    change: i64,
) -> anyhow::Result<()> {
    let about = (&line.order_code, Some(line));
    plan(services, tx, about, (Purpose::PaymentReceived, payer), change).await
}

pub(super) async fn plan(
    services: &Services,
    tx: &mut Tx,
    about: (&OrderCode, Option<&Line>),
    to: (Purpose, (&str, &str)),
    sequence: i64,
) -> anyhow::Result<()> {
    plan_for(services, tx, about, to, (sequence, services.now())).await
}

/// The same for an instant before which it does not leave, and whose date it has.
pub(super) async fn plan_for(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&OrderCode, Option<&Line>),
    (purpose, (name, email)): (Purpose, (&str, &str)),
    (sequence, at): (i64, DateTime<Utc>),
) -> anyhow::Result<()> {
    let subject = line.map_or_else(|| order.to_string(), |line| line.reference().to_string());
    let message_id = message_id(services, purpose, &subject, (email, sequence));
    let new = NewMail {
        purpose,
        subject: &subject,
        about: About::Order(order),
        line_id: line.map(|line| line.id),
        recipient: email,
        recipient_name: name,
        sequence,
        message_id: &message_id,
    };
    mails::plan(tx, new, at).await?;
    Ok(())
}

/// The same for the same purpose, subject, recipient and sequence, on every attempt: `<…@hangloat>` without brackets.
pub(super) fn message_id(
    services: &Services,
    purpose: Purpose,
    subject: &str,
    (email, sequence): (&str, i64),
) -> String {
    let name = format!("{}/{purpose}/{subject}/{email}/{sequence}", services.instance);
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
    let domain = services.settings.mail.from.email.domain().to_owned();
    format!("{}.{}@{domain}", subject.replace('/', "-").to_lowercase(), id.simple())
}
