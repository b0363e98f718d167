//! Letters that money went back, gathered when they are sent. That it went is decided by `pay::back`.

use chrono::NaiveDate;

use super::{
    content::{Content, firm_block, notice_line, reply_to},
    letters::{self, NoticeLine, Returned},
    plan::message_id,
};
use crate::{
    db::{
        Tx,
        mails::{self, About, Mail, NewMail},
        orders::Order,
        owed, payments, refunds, standing,
    },
    domain::{mail::Purpose, money::Money, order::OrderCode},
    flow::{Services, pay::concerned},
};

/// What a letter is about of which the refund is the occasion: `DH-2611-000123/HOANTIEN-17`.
pub(super) fn subject(order: &str, payment: i64) -> String {
    format!("{order}/HOANTIEN-{payment}")
}

/// Whether a letter about a payment says that it went back, and not that it came; one about a line says that the money
/// does not count any more.
pub fn is_meant(mail: &Mail) -> bool {
    let is_of_order = mail.order_code.as_deref() == Some(mail.subject.as_str());
    mail.purpose == Purpose::PaymentReceived && !is_of_order && mail.line_id.is_none()
}

/// That money of a payment went back, to whom it came from: once for each refund.
pub async fn plan(
    services: &Services,
    tx: &mut Tx,
    (order, payer): (&OrderCode, (&str, &str)),
    (payment, refund): (i64, i64),
) -> anyhow::Result<()> {
    let subject = subject(order.as_str(), payment);
    plan_about(services, tx, (order, payer), (&subject, refund)).await
}

/// A letter about money whose subject is neither an order nor a line.
pub(super) async fn plan_about(
    services: &Services,
    tx: &mut Tx,
    (order, (name, email)): (&OrderCode, (&str, &str)),
    (subject, sequence): (&str, i64),
) -> anyhow::Result<()> {
    let purpose = Purpose::PaymentReceived;
    let new = NewMail {
        purpose,
        subject,
        about: About::Order(order),
        line_id: None,
        recipient: email,
        recipient_name: name,
        sequence,
        message_id: &message_id(services, purpose, subject, (email, sequence)),
    };
    mails::plan(tx, new, services.now()).await?;
    Ok(())
}

pub(super) async fn of(
    services: &Services,
    mail: &Mail,
    order: &Order,
) -> anyhow::Result<Option<Content>> {
    let db = &services.db;
    let Some(gone) = refunds::gone(db, mail.occasion()).await? else { return Ok(None) };
    let Some(payment) = payments::by_id(db, gone.bank_line_id).await? else { return Ok(None) };
    let dues = concerned::requests(services, payment.id).await?;
    if dues.is_empty() {
        return Ok(None);
    }
    let ids: Vec<i64> = dues.iter().map(|due| due.line_id).collect();
    let requests = owed::of_lines(db, &ids).await?;
    let told = standing::with_ids(db, &ids).await?;
    let of_line = |request| notice_line(services, &told, request);
    let day =
        |booked: &str| booked.parse().map(|day: NaiveDate| day.format("%d/%m/%Y").to_string());
    let said_on = || services.local(gone.done_at).format("%d/%m/%Y").to_string();
    let lines: Vec<_> = told.iter().collect();
    let said = Returned {
        recipient: order.recipient,
        to_name: mail.recipient_name.clone(),
        firm: firm_block(services, order, &lines).await?,
        amount: Money::dong(gone.amount),
        day: gone.booked_on.as_deref().map_or_else(|| Ok(said_on()), day)?,
        reference: gone.reference.filter(|it| !it.trim().is_empty()),
        payment: (payment.amount(), day(&payment.booked_on)?),
        lines: requests.iter().map(of_line).collect::<anyhow::Result<Vec<NoticeLine>>>()?,
    };
    let letter = letters::returned(services.letters.of(mail.purpose), &said)?;
    let reply_to = reply_to(services, (order, &lines), order.registered_by.as_deref())?;
    Ok(Some(Content { letter, picture: None, workbook: None, reply_to }))
}
