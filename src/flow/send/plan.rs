//! Plans mails, in the transaction of the change that causes them.
//! What they say is written when they are sent.

use std::collections::BTreeSet;

use crate::{
    db::{
        Tx,
        batches::Batch,
        lines::Line,
        mails::{self, About, NewMail},
        orders::{self, Order, Registered},
    },
    domain::{
        batch::BatchId,
        firm::Firm,
        mail::Purpose,
        order::{OrderCode, OrderState},
    },
    flow::{
        Services,
        order::{registrant, second},
    },
};

/// Whose results are told.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    pub batch: BatchId,
    pub firm: &'a str,
    /// Who registered it, where its orders do not say.
    pub registered_by: Option<&'a str>,
}

impl<'a> Results<'a> {
    pub fn of_batch(batch: &'a Batch) -> Option<Results<'a>> {
        let registered_by = batch.registered_by.as_deref();
        Some(Results { batch: batch.id(), firm: batch.firm.as_deref()?, registered_by })
    }

    pub fn of_order(order: &'a Order) -> Results<'a> {
        let registered_by = order.registered_by.as_deref();
        Results { batch: order.batch(), firm: &order.firm, registered_by }
    }
}

/// What became of a batch, to whoever registered it, and with two persons to whoever is to confirm it. To be called
/// whenever the orders to confirm are others than before, and with them their codes.
pub async fn results(services: &Services, tx: &mut Tx, results: Results<'_>) -> anyhow::Result<()> {
    let Results { batch, firm, registered_by } = results;
    let firm = services.firm(firm)?;
    let registered = orders::registered(tx, batch).await?;
    let sequence = mails::supersede_results(tx, batch).await?;
    let subject = batch.to_string();
    let mut recipients = makers(firm, &registered, registered_by);
    if services.settings.order.maker_checker {
        recipients.extend(checkers(firm, &registered));
    }
    for member in firm.members().filter(|member| recipients.contains(member.as_str())) {
        let email = member.as_str();
        let message_id = message_id(services, Purpose::BatchResult, &subject, (email, sequence));
        let new = NewMail {
            purpose: Purpose::BatchResult,
            subject: &subject,
            about: About::Batch(batch),
            line_id: None,
            recipient: email,
            recipient_name: firm.name_of(member).unwrap_or(&firm.name),
            sequence,
            message_id: &message_id,
        };
        mails::plan(tx, new, services.now()).await?;
    }
    Ok(())
}

/// Members of the firm who registered the file or something in it; the admin where there is none.
fn makers<'a>(
    firm: &'a Firm,
    registered: &'a [Registered],
    registered_by: Option<&'a str>,
) -> BTreeSet<&'a str> {
    let of_batch = registered_by.unwrap_or(firm.admin.email.as_str());
    let said = registered
        .iter()
        .flat_map(|it| [Some(it.of_order.as_deref().unwrap_or(of_batch)), it.of_row.as_deref()]);
    let mut makers: BTreeSet<&str> = said.flatten().collect();
    if registered.is_empty() {
        makers.insert(of_batch);
    }
    makers.retain(|maker| firm.members().any(|member| member.as_str() == *maker));
    if makers.is_empty() {
        makers.insert(firm.admin.email.as_str());
    }
    makers
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
    checkers.map(crate::domain::email::Email::as_str).collect()
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
    order: &Order,
    line: &Line,
    purpose: Purpose,
) -> anyhow::Result<()> {
    let client = &line.client;
    let to_client = (client.representative.as_str(), client.email.as_str());
    plan(services, tx, (&order.code, Some(line)), (purpose, to_client), 1).await?;
    let firm = services.firm(&order.firm)?;
    let registered_by = registrant(order, line).unwrap_or(firm.admin.email.as_str());
    if registered_by != client.email.as_str() {
        let to_firm = (firm.name.as_str(), registered_by);
        plan(services, tx, (&order.code, Some(line)), (purpose, to_firm), 1).await?;
    }
    Ok(())
}

async fn plan(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&OrderCode, Option<&Line>),
    (purpose, (name, email)): (Purpose, (&str, &str)),
    sequence: i64,
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
    mails::plan(tx, new, services.now()).await?;
    Ok(())
}

/// The same for the same purpose, subject, recipient and sequence, on every attempt: `<…@hangloat>` without brackets.
fn message_id(
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
