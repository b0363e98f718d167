//! Plans mails, in the transaction of the change that causes them.
//! What they say is written when they are sent.

use crate::{
    db::{
        Tx,
        lines::Line,
        mails::{self, NewMail},
        orders::Order,
    },
    domain::mail::Purpose,
    flow::{Services, order::registrant},
};

/// The order notice to one payer: name and e-mail.
pub async fn notice(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    payer: (&str, &str),
) -> anyhow::Result<()> {
    plan(services, tx, (order, None), (Purpose::OrderNotice, payer), 1).await
}

/// What of an order is no longer to be paid, to one payer; each cancellation of an order has its letters.
pub async fn cancelled(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
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
    plan(services, tx, (order, Some(line)), (purpose, to_client), 1).await?;
    let firm = services.firm(&order.firm)?;
    let registered_by = registrant(order, line).unwrap_or(firm.admin.email.as_str());
    if registered_by != client.email.as_str() {
        let to_firm = (firm.name.as_str(), registered_by);
        plan(services, tx, (order, Some(line)), (purpose, to_firm), 1).await?;
    }
    Ok(())
}

async fn plan(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, Option<&Line>),
    (purpose, (name, email)): (Purpose, (&str, &str)),
    sequence: i64,
) -> anyhow::Result<()> {
    let subject = line.map_or_else(|| order.code.to_string(), |line| line.reference().to_string());
    let message_id = message_id(services, purpose, &subject, (email, sequence));
    let new = NewMail {
        purpose,
        subject: &subject,
        order: &order.code,
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
