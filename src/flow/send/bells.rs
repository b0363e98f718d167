//! The bell where mails do not arrive or do not leave: of the firms that one is about, or of whoever runs the program.
//! What becomes of the mail is written by `book` and `decide`.

use minijinja::context;

use super::{TOLD_EACH, purpose_in_words};
use crate::{
    db::{
        Tx,
        mails::Mail,
        notifications::{self, NewNotification, NotificationKind},
        posting,
    },
    flow::{Services, guard::OPERATOR},
};

pub(super) async fn ring(
    services: &Services,
    tx: &mut Tx,
    mail: &Mail,
    text: &str,
) -> anyhow::Result<()> {
    let order = mail.order_code.as_deref().map(str::parse).transpose()?;
    let kind = NotificationKind::MailRefused;
    for firm in firms(services, tx, mail).await? {
        let new = NewNotification { firm: &firm, kind, text, order: order.as_ref() };
        notifications::insert(tx, new, services.now()).await?;
    }
    Ok(())
}

/// It waits because its address refused one before.
pub(super) async fn held(services: &Services, tx: &mut Tx, mail: &Mail) -> anyhow::Result<()> {
    let values = context! {
        purpose => purpose_in_words(services, mail), to => mail.recipient.as_str(),
        subject => mail.subject.as_str(), mail => mail.id,
    };
    ring(services, tx, mail, &services.texts.say("message.bell.mail_held", values)).await
}

/// Who sends is refused; whoever runs the program reads the same once in a while.
pub(super) async fn of_operator(
    services: &Services,
    tx: &mut Tx,
    text: &str,
) -> anyhow::Result<()> {
    let (kind, now) = (NotificationKind::MailPaused, services.now());
    let told = notifications::list(&services.db, Some(OPERATOR), Some(now - TOLD_EACH)).await?;
    if !told.iter().any(|bell| bell.kind == kind && bell.text == text) {
        let new = NewNotification { firm: OPERATOR, kind, text, order: None };
        notifications::insert(tx, new, now).await?;
    }
    Ok(())
}

/// What the people of a firm were told is told to no other one.
async fn firms(services: &Services, tx: &mut Tx, mail: &Mail) -> anyhow::Result<Vec<String>> {
    let mut firms = posting::firms_of(tx, mail.id).await?;
    let all = services.settings.firms.iter();
    let theirs = all.filter(|firm| firm.has_member(&mail.recipient));
    let theirs: Vec<String> = theirs.map(|firm| firm.code.to_string()).collect();
    if !theirs.is_empty() {
        firms.retain(|firm| theirs.contains(firm));
        if firms.is_empty() {
            firms = theirs;
        }
    }
    if firms.is_empty() {
        firms.push(OPERATOR.to_owned());
    }
    Ok(firms)
}
