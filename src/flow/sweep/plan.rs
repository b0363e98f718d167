//! What a sweep plans: who works again, who is warned, who is cut off. Many at a time are planned in one transaction,
//! each with what causes it; what is planned already is not planned again. Why is decided by `rules`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike as _, Utc};

use super::{Judged, Services, is_skipped, rules, rules::Step};
use crate::{
    db::{
        Tx, changes, copied, grace, lines,
        orders::{self, Order},
        requests, standing,
    },
    domain::order::{LineState, OrderCode},
    flow::{activate, order::told_of, send},
};

/// So many lines or letters are planned in one transaction: others do not wait for long, and a disk is not asked for
/// each of them.
const AT_ONCE: usize = 1_000;

/// The lines of a letter, and how many days before the last one each is warned.
type Letter<'a> = Vec<(&'a Judged, u32)>;

/// Lines that were cut off and are paid since: each is told to the platform once more, where that is not under way.
pub(super) async fn restore(services: &Services) -> anyhow::Result<u64> {
    let when = format!("sweep/{}", services.now().timestamp());
    let mut restored = 0;
    for ids in grace::paid_late(&services.db).await?.chunks(AT_ONCE) {
        let mut tx = services.db.begin().await?;
        let mut paid = requests::hold_paid(&mut tx, ids).await?;
        let telling = changes::telling_of(&mut tx, &paid).await?;
        paid.retain(|line| !telling.contains(line));
        let lines = standing::by_ids(&mut tx, &paid).await?;
        activate::changes::plan_paid(services, &mut tx, &lines, &when).await?;
        tx.commit().await?;
        restored += lines.len() as u64;
    }
    Ok(restored)
}

/// One letter to each payer of an order whose lines are to be warned of now, with a copy to whoever registered them. Says
/// of how many lines one was planned; those whose letter of the day has left are for the next day.
pub(super) async fn warn(services: &Services, judged: &[Judged]) -> anyhow::Result<u64> {
    let mut letters: BTreeMap<(&OrderCode, &str), Letter<'_>> = BTreeMap::new();
    for it in judged {
        if let Step::Warn(days) = it.step {
            let to = (&it.line.order_code, it.line.payer_email.as_str());
            letters.entry(to).or_default().push((it, days));
        }
    }
    let letters: Vec<((&OrderCode, &str), Letter<'_>)> = letters.into_iter().collect();
    let mut warned = 0;
    for letters in letters.chunks(AT_ONCE) {
        let mut known: HashMap<&OrderCode, Order> = HashMap::new();
        for ((code, _), _) in letters {
            if !known.contains_key(code)
                && let Some(order) = orders::by_code(&services.db, code).await?
            {
                known.insert(code, order);
            }
        }
        let mut tx = services.db.begin().await?;
        let doubted = copied::doubted_until(&mut tx).await?;
        for ((code, _), lines) in letters {
            if let Some(order) = known.get(code) {
                warned += letter(services, &mut tx, (order, doubted), lines).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(warned)
}

/// Of how many of its lines it tells; none where it has left already.
async fn letter(
    services: &Services,
    tx: &mut Tx,
    (order, doubted): (&Order, Option<DateTime<Utc>>),
    lines: &Letter<'_>,
) -> anyhow::Result<u64> {
    // A letter of a day is one letter.
    let today = services.today();
    let sequence = i64::from(today.num_days_from_ce());
    let at = rules::warned_from(today, services.settings.timezone).max(services.now());
    let Some((first, _)) = lines.first() else { return Ok(0) };
    let mut copies: BTreeSet<&str> = BTreeSet::new();
    for (it, _) in lines {
        let firm = services.firm(&it.line.firm)?;
        copies.insert(told_of(firm, it.line.registered_by.as_deref()));
    }
    let payer = (first.line.payer_name.as_str(), first.line.payer_email.as_str());
    if !send::ends::warning(services, tx, order, (payer, &copies), (sequence, at)).await? {
        return Ok(0);
    }
    // What was there before a backup was read in may have sent what was due by then, on whichever day.
    if doubted.is_some_and(|until| was_due(services, lines, until)) {
        send::ends::doubt_warning(tx, &order.code, (payer.1, &copies), sequence).await?;
    }
    let mut planned = 0;
    for (it, days) in lines {
        let last = rules::last_day(it.cutoff_at, services.settings.timezone);
        let is_new = grace::warn(tx, &it.line, (last, *days), sequence, at).await?;
        planned += u64::from(is_new);
    }
    Ok(planned)
}

/// Whether something of a letter was due by an instant.
fn was_due(services: &Services, lines: &Letter<'_>, until: DateTime<Utc>) -> bool {
    let tz = services.settings.timezone;
    let due_at = |it: &Judged, days: u32| {
        rules::due_at(rules::last_day(it.cutoff_at, tz), days, tz, |day| is_skipped(services, day))
    };
    lines.iter().any(|(it, days)| due_at(it, *days) <= until)
}

/// Plans that lines are cut off which are unpaid still.
pub(super) async fn suspend(services: &Services, ids: &[i64]) -> anyhow::Result<u64> {
    let night = services.today().to_string();
    let mut planned = 0;
    for ids in ids.chunks(AT_ONCE) {
        let mut tx = services.db.begin().await?;
        let unpaid = requests::hold_unpaid(&mut tx, ids).await?;
        let standing = lines::hold(&mut tx, &unpaid).await?;
        let is_in_grace = |id: &&i64| standing.get(*id) == Some(&LineState::Grace);
        let still: Vec<i64> = unpaid.iter().filter(is_in_grace).copied().collect();
        let lines = standing::by_ids(&mut tx, &still).await?;
        planned += activate::changes::plan_cut_offs(services, &mut tx, &lines, &night).await?;
        tx.commit().await?;
    }
    Ok(planned)
}
