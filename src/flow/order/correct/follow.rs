//! What follows where a placed order's client is corrected: who signs in is changed on the platform, who pays is told
//! anew, and what the platform has no call for is left to a person, in *Chênh lệch*.

use super::Before;
use crate::{
    db::{Tx, corrections, lines::Line, orders::Order, requests::Request},
    domain::{field::Field, mail::Purpose, order::LineState, phone::Phone},
    flow::{
        Services,
        activate::changes,
        order::{codes, confirm},
        send,
    },
};

/// Whoever signs in.
const LOG_IN: [Field; 3] = [Field::Email, Field::Phone, Field::Representative];
/// Who of the firm works in it.
const STAFF: [Field; 2] = [Field::AssignedTo, Field::RegisteredBy];
/// What the platform is told by its own call, or never hears of.
const NOT_BY_HAND: [Field; 11] = [
    Field::Email,
    Field::Representative,
    // Only for calls, which the firm makes.
    Field::ContactPhone,
    Field::AssignedTo,
    Field::RegisteredBy,
    Field::OldTaxId,
    Field::RecipientName,
    Field::RecipientEmail,
    Field::RecipientPhone,
    Field::Note,
    Field::ExternalId,
];

/// The fields that a person is to change on the platform, which has, or may have, the old values.
pub(super) fn to_do(line: &Line, fields: impl Iterator<Item = Field>) -> Option<String> {
    use LineState::{Activating, Active, Grace, Suspended, Uncertain};
    if !matches!(line.state, Activating | Uncertain | Grace | Active | Suspended) {
        return None;
    }
    let by_hand = fields.filter(|field| !NOT_BY_HAND.contains(field));
    let names: Vec<&str> = by_hand.map(Field::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}

pub(super) async fn up(
    services: &Services,
    tx: &mut Tx,
    (before, after): (&Before, &Line),
    fields: &[Field],
) -> anyhow::Result<()> {
    let has = |of: &[Field]| fields.iter().any(|field| of.contains(field));
    let is_licensed =
        matches!(after.state, LineState::Grace | LineState::Active | LineState::Suspended);
    if is_licensed && has(&LOG_IN) {
        send::plan::withdraw_log_in(tx, after).await?;
        changes::plan_log_in(services, tx, after).await?;
    } else if is_licensed && has(&STAFF) {
        changes::plan_accounts(services, tx, &[after]).await?;
    }
    if let Some(request) = &before.request {
        let lines = (&before.line, after);
        pays(services, tx, &before.order, lines, request).await?;
    }
    Ok(())
}

/// Who pays for a line may be called otherwise, or be reached elsewhere: what did not leave yet goes there, and what is
/// still to be paid is told there. Warnings are planned by the next sweep: those to another address do not count.
pub(in crate::flow::order) async fn pays(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (before, after): (&Line, &Line),
    request: &Request,
) -> anyhow::Result<()> {
    let firm = services.firm(&after.firm)?;
    let (name, email) = confirm::payer(services, order, after, &firm.admin.email)?;
    let (old_name, old_email) = (request.payer_name.as_str(), request.payer_email.as_str());
    let is_moved = email != old_email;
    if is_moved || name != old_name {
        corrections::readdress(tx, after.id, (&name, &email)).await?;
    }
    if is_moved {
        let batch = order.batch();
        let withdrawn = corrections::withdraw(tx, (batch, after.id), old_email).await?;
        for mail in withdrawn {
            if !matches!(mail.purpose, Purpose::OrderNotice | Purpose::GraceWarning) {
                send::plan::instead(services, tx, (&mail, after), (&name, &email)).await?;
            }
        }
        corrections::hand_over_code(tx, batch, (old_email, &email)).await?;
        codes::payer_codes(tx, &services.settings.payee.code_prefix, batch).await?;
        if request.rest().is_some() {
            send::plan::notice_anew(services, tx, &order.code, (&name, &email)).await?;
        }
        // Who was told of a sum for several has another one to pay now.
        let rest = corrections::rest_of(tx, batch, old_email, &order.code).await?;
        if let (Some(rest), Some(code)) = (rest, request.batch_code.as_deref()) {
            corrections::was_under(tx, request.code.as_str(), code).await?;
            send::plan::notice_anew(services, tx, &rest, (old_name, old_email)).await?;
        }
    }
    let phones =
        (send::sms::phone(services, order, before), send::sms::phone(services, order, after));
    message(services, tx, (order, request), phones, (old_name, &name)).await
}

/// The notice by phone, where the number or the name that goes with it is another one.
async fn message(
    services: &Services,
    tx: &mut Tx,
    (order, request): (&Order, &Request),
    (old_phone, phone): (Option<&Phone>, Option<&Phone>),
    (old_name, name): (&str, &str),
) -> anyhow::Result<()> {
    if services.settings.sms.url.is_none() || (old_phone, old_name) == (phone, name) {
        return Ok(());
    }
    let mut withdrawn = 0;
    if let Some(old) = old_phone {
        withdrawn = corrections::withdraw_messages(tx, &order.code, (old, old_name)).await?;
    }
    let is_due = old_phone != phone || withdrawn > 0;
    if let Some(phone) = phone.filter(|_| is_due && request.rest().is_some()) {
        send::plan::message_anew(services, tx, order, (phone, name)).await?;
    }
    Ok(())
}
