//! Who is told that money came, was taken back, or that a licence ended or came back: the bell of the firm. Letters to
//! payers and clients are planned here too, in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;

use super::moved::Away;
use crate::{
    db::{
        Tx,
        dues::{Due, Standing},
        lines::Line,
        notifications::{self, NewNotification, NotificationKind},
        orders::Order,
        posting, received as letters, standing,
    },
    domain::{batch::BatchId, mail::Purpose, money::Money},
    flow::{Services, send},
};

/// Requests that are paid now, and those of which another part is: one letter for each payer of a batch, which says all
/// that came and what is missing, and for those that are paid the bell of each firm.
pub async fn received(
    services: &Services,
    tx: &mut Tx,
    (paid, partly): (&[&Due], &[&Due]),
    (standings, change): (&[Standing], i64),
) -> anyhow::Result<()> {
    let mut told = BTreeSet::new();
    for due in paid.iter().chain(partly) {
        if told.insert((due.batch_id, due.payer_email.as_str())) {
            letters::supersede(tx, BatchId::new(due.batch_id), &due.payer_email).await?;
            let payer = (due.payer_name.as_str(), due.payer_email.as_str());
            send::plan::received(services, tx, (&due.order_code, payer), change).await?;
        }
    }
    let now: BTreeMap<&str, &Standing> =
        standings.iter().map(|it| (it.code.as_str(), it)).collect();
    let came = |due: &Due| now.get(due.code.as_str()).map_or((0, 0), |it| (it.paid, it.waived));
    let words = (NotificationKind::PaymentReceived, "payment_received");
    of_firms(services, tx, words, (paid, &came)).await
}

/// Requests of which less is paid than before: letters that did not leave have no reason any more.
pub async fn less(tx: &mut Tx, dues: &[&Due], standings: &[Standing]) -> anyhow::Result<()> {
    let is_less: BTreeSet<&str> = standings
        .iter()
        .filter(|now| now.paid < now.old_paid)
        .map(|now| now.code.as_str())
        .collect();
    for due in dues.iter().filter(|due| is_less.contains(due.code.as_str())) {
        letters::cancel(tx, BatchId::new(due.batch_id), &due.payer_email).await?;
    }
    Ok(())
}

/// Requests that are not paid any more, though they were, and those of which less is. Where a person took the payment away,
/// in a change of all money, who read that it came reads that too, once for all of a batch, but for the payers of `read`:
/// another letter of this change tells them where they stand. The bell is for the first alone.
pub async fn taken_back(
    services: &Services,
    tx: &mut Tx,
    (unpaid, less): (&[&Due], &[&Due]),
    parted: Option<(i64, i64)>,
    read: &[&Due],
) -> anyhow::Result<()> {
    let payer = |due: &&Due| (BatchId::new(due.batch_id), due.payer_email.clone());
    let mut told: BTreeSet<_> = read.iter().map(payer).collect();
    let all = unpaid.iter().chain(less);
    for (due, (payment, change)) in all.filter_map(|due| Some((due, parted?))) {
        let reader = payer(due);
        let (batch, email) = (reader.0, reader.1.as_str());
        if told.contains(&reader)
            || !letters::was_told(tx, (payment, &due.code), (batch, email)).await?
        {
            continue;
        }
        if let Some(line) = standing::by_ids(tx, &[due.line_id]).await?.first() {
            // It says what is so when it leaves: of those about one line the newest is enough.
            posting::withdraw(tx, Purpose::PaymentReceived, line.id).await?;
            let payer = (due.payer_name.as_str(), email);
            send::plan::taken_back(services, tx, (line, payer), change).await?;
        }
        told.insert(reader);
    }
    let words = (NotificationKind::PaymentTakenBack, "payment_taken_back");
    of_firms(services, tx, words, (unpaid, &|due: &Due| (due.amount - due.waived, 0))).await
}

/// Money is for something else than its payer read: that payer reads where it is now.
pub async fn moved_away(
    services: &Services,
    tx: &mut Tx,
    away: Option<&Away<'_>>,
) -> anyhow::Result<()> {
    let Some(Away { payment, change, code, due }) = away else { return Ok(()) };
    let payer = (BatchId::new(due.batch_id), due.payer_email.as_str());
    if letters::was_known(tx, (*payment, code), payer).await? {
        let payer = (due.payer_name.as_str(), due.payer_email.as_str());
        send::moved::plan(services, tx, (&due.order_code, payer), (*payment, *change)).await?;
    }
    Ok(())
}

/// What came for a request and what of it was forgiven, in đồng.
type Sums<'a> = &'a (dyn Fn(&Due) -> (i64, i64) + Sync);

async fn of_firms(
    services: &Services,
    tx: &mut Tx,
    (kind, words): (NotificationKind, &str),
    (dues, sums): (&[&Due], Sums<'_>),
) -> anyhow::Result<()> {
    const NAMED: usize = 3;
    let mut firms: BTreeMap<&str, Vec<&Due>> = BTreeMap::new();
    for due in dues {
        firms.entry(due.firm.as_str()).or_default().push(due);
    }
    for (firm, dues) in firms {
        let amount: Money = dues.iter().map(|due| Money::dong(sums(due).0)).sum();
        let waived: Money = dues.iter().map(|due| Money::dong(sums(due).1)).sum();
        let named: Vec<String> = dues.iter().take(NAMED).map(|due| due.name.clone()).collect();
        let values = context! {
            n => dues.len(), amount => amount.to_string(), more => dues.len() - named.len(), named,
            waived => (waived > Money::ZERO).then(|| waived.to_string()),
        };
        let text = services.texts.say(&format!("message.bell.{words}"), values);
        let order = dues.first().map(|due| &due.order_code);
        let new = NewNotification { firm, kind, text: &text, order };
        notifications::insert(tx, new, services.now()).await?;
    }
    Ok(())
}

/// A licence whose grace ended unpaid; `change` tells one time from another.
pub async fn suspended(
    services: &Services,
    tx: &mut Tx,
    about: (&Order, &Line),
    change: i64,
) -> anyhow::Result<()> {
    send::ends::suspended(services, tx, about, change).await?;
    of_line(services, tx, (NotificationKind::LicenceSuspended, "licence_suspended"), about.1).await
}

/// A licence that was cut off and is paid since. Of a cut-off that no letter told of yet none tells any more.
pub async fn restored(services: &Services, tx: &mut Tx, line: &Line) -> anyhow::Result<()> {
    posting::withdraw(tx, Purpose::Suspended, line.id).await?;
    works_again(services, tx, &[line.id]).await?;
    of_line(services, tx, (NotificationKind::LicenceRestored, "licence_restored"), line).await
}

/// Lines that work and are paid: where somebody read that one was cut off, and nobody that it works again, who pays for it
/// reads that, also where that letter was withdrawn because the money was taken back meanwhile.
pub async fn works_again(services: &Services, tx: &mut Tx, lines: &[i64]) -> anyhow::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let cut_off = posting::cut_off(tx, lines).await?;
    for line in standing::by_ids(tx, &cut_off).await? {
        send::ends::restored(services, tx, &line).await?;
    }
    Ok(())
}

async fn of_line(
    services: &Services,
    tx: &mut Tx,
    (kind, words): (NotificationKind, &str),
    line: &Line,
) -> anyhow::Result<()> {
    let values = context! { line => line.reference().to_string(), name => line.name.as_str() };
    let text = services.texts.say(&format!("message.bell.{words}"), values);
    let new =
        NewNotification { firm: &line.firm, kind, text: &text, order: Some(&line.order_code) };
    notifications::insert(tx, new, services.now()).await?;
    Ok(())
}
