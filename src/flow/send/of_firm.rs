//! The mails that a firm may see: a client that went to another firm takes the letters of later with it, those of before
//! stay with the firm that they name. The people of a firm are named to no other one.

use std::collections::HashSet;

use crate::{
    db::{
        batches::Filter,
        mails::{self, Mail},
        told,
    },
    domain::{email::Email, firm::Firm},
    flow::Services,
};

/// Those that a filter means, the oldest first; without a firm all.
pub async fn list(services: &Services, filter: &Filter) -> anyhow::Result<Vec<Mail>> {
    let Some(code) = filter.firm.as_deref() else {
        return Ok(mails::list(&services.db, filter).await?);
    };
    let (own, others): (Vec<&Firm>, Vec<&Firm>) =
        services.settings.firms.iter().partition(|firm| firm.code.as_str() == code);
    let (own, others) = (members(&own), members(&others));
    let is_anothers = |mail: &Mail| {
        let recipient = mail.recipient.as_str();
        others.contains(recipient) && !own.contains(recipient)
    };
    let mut found = told::of_firm(&services.db, filter).await?;
    found.retain(|mail| !is_anothers(mail));
    // Copies about clients that came are about orders of the firm of before.
    let known: HashSet<i64> = found.iter().map(|mail| mail.id).collect();
    let copies = told::of_arrived(&services.db, code).await?.into_iter().filter(|mail| {
        own.contains(mail.recipient.as_str()) && is_meant(mail, filter) && !known.contains(&mail.id)
    });
    found.extend(copies);
    found.sort_by_key(|mail| mail.id);
    Ok(found)
}

fn members<'a>(firms: &[&'a Firm]) -> HashSet<&'a str> {
    firms.iter().flat_map(|firm| firm.members()).map(Email::as_str).collect()
}

fn is_meant(mail: &Mail, filter: &Filter) -> bool {
    filter.state.as_deref().is_none_or(|state| mail.state.as_str() == state)
        && filter.since.is_none_or(|since| mail.planned_at >= since)
}
