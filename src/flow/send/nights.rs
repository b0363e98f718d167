//! The letter of what a night found for a firm, gathered when it is sent: it says what was kept then, and has it attached.
//! Whoever runs the program gets one where statements are missing. Who gets one is decided by `plan`, what was found by
//! `sweep`.

use anyhow::Context as _;
use chrono::NaiveDate;
use minijinja::context;

use super::{
    content::{Content, block_of},
    letters::{self, FirmBlock, Reconciliation},
};
use crate::{
    config::Operator,
    db::{
        mails::Mail,
        reports::{self, Report},
    },
    domain::{email::Email, phone::Phone},
    flow::{
        Services, answer,
        sweep::{
            extract::{Extract, Late, Waiting},
            reconcile::Difference,
        },
    },
};

/// So many things are told; the workbook has all.
const POINTS: usize = 10;
/// So many of those that the letter before told of are named again.
const KNOWN: usize = 5;

/// Nothing where what was kept was deleted. What is new since the night before is named first.
pub async fn of(services: &Services, mail: &Mail, id: i64) -> anyhow::Result<Option<Content>> {
    let Some(report) = reports::by_id(&services.db, id).await? else { return Ok(None) };
    let extract: Extract = report.content()?;
    let (whose, (block, reply_to)) = match &report.firm {
        Some(code) => (format!("__{code}"), block_of(services.firm(code)?, None)),
        None => (String::new(), operator(services)?),
    };
    let before = reports::night_before(&services.db, &report).await?;
    let told_on = before.as_ref().map(|it| it.day.parse()).transpose()?;
    let before: Extract = before.map(|it| it.content()).transpose()?.unwrap_or_default();
    let (new, known) = extract.since(&before);
    let file = format!("doi-soat__{}{whose}.xlsx", report.day);
    let said = Reconciliation {
        to_name: mail.recipient_name.clone(),
        firm: block,
        is_operators: report.firm.is_none(),
        day: shown(report.day.parse()?),
        differences: extract.differences.len(),
        payments: extract.payments.len(),
        lines: extract.lines.len(),
        missing: extract.missing.map(|(from, to)| span(from, to)),
        points: points(services, &new).take(POINTS).collect(),
        more: new.count().saturating_sub(POINTS),
        known: known.count(),
        known_points: points(services, &known).take(KNOWN).collect(),
        told_on: told_on.map(shown),
        file: file.clone(),
    };
    let letter = letters::reconciliation(services.letters.of(mail.purpose), &said)?;
    let bytes = tokio::task::block_in_place(|| workbook(services, &extract, &report))?;
    Ok(Some(Content { letter, picture: None, workbook: Some((file, bytes)), reply_to }))
}

/// Who stands below a letter to whoever runs the program: the same, for all firms.
pub(super) fn operator(services: &Services) -> anyhow::Result<(FirmBlock, Email)> {
    let Operator { name, email, phone } = &services.settings.operator;
    let email = email.clone().context("Who runs the program has no e-mail any more")?;
    let block = FirmBlock {
        name: Some(services.settings.mail.from.name.clone())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "hangloat".to_owned()),
        accountant: if name.is_empty() { email.to_string() } else { name.clone() },
        email: email.to_string(),
        phone: phone.as_ref().map(Phone::national),
        phone_of: None,
    };
    Ok((block, email))
}

fn workbook(services: &Services, extract: &Extract, report: &Report) -> anyhow::Result<Vec<u8>> {
    answer::extract::write(services.texts, extract, (report.day.parse()?, report.until))
}

fn shown(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// One day is not said twice.
fn span(from: NaiveDate, to: NaiveDate) -> String {
    if from == to { shown(from) } else { format!("{} – {}", shown(from), shown(to)) }
}

fn points<'a>(services: &'a Services, extract: &'a Extract) -> impl Iterator<Item = String> + 'a {
    let differences = extract.differences.iter().map(|it| of_difference(services, it));
    let payments = extract.payments.iter().map(|it| of_payment(services, it));
    let lines = extract.lines.iter().map(|it| of_line(services, it));
    differences.chain(payments).chain(lines)
}

fn of_difference(services: &Services, it: &Difference) -> String {
    let texts = services.texts;
    let kind = texts.label(&format!("workbook.reconciliation.kinds.{}", it.kind));
    let line = it.line.as_deref().unwrap_or(&it.licence_id);
    let name = it.name.as_str();
    let values = context! { kind, line, name, tax_id => it.tax_id.as_str() };
    texts.say("message.night.difference", values)
}

fn of_payment(services: &Services, it: &Waiting) -> String {
    let day = it.booked_on.parse().map_or_else(|_| it.booked_on.clone(), shown);
    let values = context! {
        id => it.id, day, amount => it.amount.to_string(), why => it.why.trim_end_matches('.'),
    };
    services.texts.say("message.night.payment", values)
}

fn of_line(services: &Services, it: &Late) -> String {
    let values = context! {
        line => it.line.as_str(), name => it.name.as_str(), rest => it.rest.to_string(),
        last_day => shown(it.last_day), why => it.in_words(services.texts),
    };
    services.texts.say("message.night.line", values)
}
