//! What a person decides about mails: `resend`, `mails refuse`, `suppressions`.
//! What follows from it is left to `flow::send::decide`.

use minijinja::{Value, context};
use serde_json::json;

use super::{
    args::{Global, Resend},
    lists::{mail_json, unknown, word},
    order::by_code,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        mails::{self, Mail},
        morning,
        suppressions::{self, Suppression},
    },
    domain::{email::Email, mail::MailState, order::OrderCode},
    flow::{
        Services,
        send::decide::{self, Decided},
    },
};

pub async fn resend(global: &Global, args: &Resend) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mut found = Vec::new();
    for id in &args.mails {
        found.push(by_id(&services, *id).await?);
    }
    if let Some(order) = &args.order {
        by_code(&services, order).await?;
        found = mails::void_notices(&services.db, order).await?;
    }
    let (mut human, mut again, mut not) = (Vec::new(), Vec::new(), Vec::new());
    for mail in &found {
        match decide::resend(&services, mail).await? {
            Decided::Done(it) | Decided::Before(it) => {
                human.push(resent(&services, (mail, &it)).await?);
                again.push(mail_json(&services, &it));
            }
            Decided::Not(state) => not.push((mail.id, state)),
        }
    }
    let exit = if not.is_empty() { Exit::Done } else { Exit::NeedsPerson };
    if !not.is_empty() {
        let failure = not_now(&services, &not);
        if again.is_empty() {
            return Err(failure.into());
        }
        human.push(failure.message);
    } else if again.is_empty() {
        human.push(services.texts.label("command.nothing_resent"));
    }
    Reply::new(exit, human.join("\n")).with("mails", again)
}

/// That it leaves; or that it will not, as whoever it went to is reached elsewhere by now.
async fn resent(services: &Services, (mail, again): (&Mail, &Mail)) -> anyhow::Result<String> {
    let of_firm = services.settings.firms.iter().any(|firm| firm.has_member(&mail.recipient));
    let is_former = !of_firm && morning::is_elsewhere(&services.db, mail).await?;
    let values = context! { mail => again.id, to => mail.recipient.as_str(), is_former };
    Ok(services.texts.say("command.resent", values))
}

/// With how many notices of an order may have told codes that are void, and how they are sent again.
pub(super) async fn and_void(
    services: &Services,
    order: &OrderCode,
    mut reply: Reply,
) -> anyhow::Result<Reply> {
    let n = mails::void_notices(&services.db, order).await?.len();
    if n > 0 {
        let values = context! { n, order => order.as_str() };
        let said = services.texts.say("command.void_notices", values);
        reply.human = format!("{}\n{said}", reply.human.trim_end());
    }
    Ok(reply)
}

pub async fn refuse(global: &Global, id: i64, reason: &str) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mail = by_id(&services, id).await?;
    match decide::refuse(&services, &mail, reason).await? {
        Decided::Done(mail) | Decided::Before(mail) => told(&services, &mail, "refused_mail"),
        Decided::Not(state) => Err(not_now(&services, &[(id, state)]).into()),
    }
}

pub async fn suppressions(global: &Global, release: Option<&Email>) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    if let Some(address) = release {
        if !decide::release(&services, address.as_str()).await? {
            return Err(unknown(&services, "no_suppression", address).into());
        }
        let values = context! { address => address.as_str() };
        let human = services.texts.say("command.released", values);
        return listed(&services, Some(human)).await;
    }
    listed(&services, None).await
}

async fn listed(services: &Services, human: Option<String>) -> anyhow::Result<Reply> {
    let found = suppressions::list(&services.db).await?;
    let shown = found.iter().map(|it| {
        json!({
            "address": it.address, "reason": it.reason, "mail": it.mail_id,
            "at": services.rfc3339(it.at),
        })
    });
    let shown: Vec<_> = shown.collect();
    let human = human.unwrap_or_else(|| in_words(services, &found));
    Reply::new(Exit::Done, human).with("suppressions", shown)
}

fn in_words(services: &Services, found: &[Suppression]) -> String {
    if found.is_empty() {
        return services.texts.label("command.no_suppressions");
    }
    let row = |it: &Suppression| {
        let at = services.local(it.at).format("%d/%m/%Y %H:%M").to_string();
        let mail = it.mail_id.map(|id| id.to_string()).unwrap_or_default();
        [it.address.clone(), services.texts.translated(&it.reason), mail, at]
    };
    table(services.texts, ["address", "reason", "mail", "at"], found.iter().map(row))
}

async fn by_id(services: &Services, id: i64) -> anyhow::Result<Mail> {
    let found = mails::by_id(&services.db, id).await?;
    found.ok_or_else(|| unknown(services, "no_mail", &id).into())
}

fn told(services: &Services, mail: &Mail, key: &str) -> anyhow::Result<Reply> {
    let values = context! { mail => mail.id, to => mail.recipient.as_str() };
    let human = services.texts.say(&format!("command.{key}"), values);
    Reply::new(Exit::Done, human).with("mails", [mail_json(services, mail)])
}

/// Of each mail that its state forbids it.
fn not_now(services: &Services, not: &[(i64, MailState)]) -> Failure {
    let of_mail = |(id, state): &(i64, MailState)| {
        let state = word(services, "workbook.mail_state", state);
        context! { id => *id, state }
    };
    let mails: Vec<Value> = not.iter().map(of_mail).collect();
    Failure::not_allowed(services.texts, "mail_state", context! { mails })
}
