//! Statements that were read and not taken: which days they speak of, and whether a later one has made them needless; and
//! files beside them that could not be read.
//! Why a statement is not taken is said by `take`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::statement::Statement;
use crate::{
    db::{
        Tx,
        batches::{self, Batch, Filter},
        statements::{self, Statement as Taken},
    },
    domain::batch::{BatchId, BatchKind, BatchState},
    flow::{
        Services,
        inbox::BANK,
        staged::{self, SpeaksOf},
    },
};

/// Keeps which days a statement speaks of that is not taken: as stated, else as booked; and whether others brought all its
/// lines. A day that is still to come is a mistake of it.
pub async fn keep(
    services: &Services,
    tx: &mut Tx,
    batch: &Batch,
    (found, is_known): (&[Statement], bool),
) -> anyhow::Result<()> {
    let sections = || found.iter().flat_map(|statement| &statement.sections);
    let days = sections().flat_map(|it| it.entries.iter().map(|entry| entry.booked_on));
    let stated = sections().flat_map(|it| [it.from, it.to]).flatten();
    let is_stated = sections().all(|it| it.from.is_some() && it.to.is_some());
    let today = services.today();
    let told: Vec<NaiveDate> =
        if is_stated { stated.collect() } else { days.chain(stated).collect() };
    let told = || told.iter().copied().filter(|day| *day <= today);
    let Some((from, to)) = told().min().zip(told().max()) else { return Ok(()) };
    let account = services.settings.payee.account.clone();
    staged::keep_speaks_of(tx, batch, SpeaksOf { account, from, to, is_known }).await
}

/// Which of these wait for nothing any more, and for whose sake: the same bytes came again, or statements that came later
/// than these bytes did first and were taken tell of each of the days; of what brings no line of its own, also earlier ones.
pub async fn overtaken(
    services: &Services,
    batches: &[Batch],
) -> anyhow::Result<HashMap<BatchId, BatchId>> {
    let mut overtaken = HashMap::new();
    for batch in batches.iter().filter(|batch| waits(batch)) {
        let again = statements::same_bytes_later(&services.db, batch.id(), &batch.sha256).await?;
        let by = match staged::speaks_of(batch)? {
            Some(days) => {
                let taken = statements::of_account(&services.db, &days.account).await?;
                let first = statements::same_bytes_first(&services.db, &batch.sha256).await?;
                let than = first.unwrap_or(batch.id());
                let than = if days.is_known { BatchId::new(0) } else { than };
                told_by(taken, than, (days.from, days.to))
            }
            None => None,
        };
        overtaken.extend(by.or(again).map(|by| (batch.id(), by)));
    }
    Ok(overtaken)
}

/// Files about money that were refused since an instant, but for those that came again under their name, or as they were.
pub async fn refused(services: &Services, since: DateTime<Utc>) -> anyhow::Result<Vec<Batch>> {
    let of_money = Filter { firm: Some(BANK.to_owned()), state: None, since: Some(since) };
    let all = batches::list(&services.db, &of_money).await?;
    let came_again = |old: &Batch| {
        let is_it = |it: &Batch| it.file_name == old.file_name || it.sha256 == old.sha256;
        all.iter().any(|it| it.id() > old.id() && is_it(it))
    };
    Ok(all.iter().filter(|batch| is_refused(batch) && !came_again(batch)).cloned().collect())
}

/// Whether a batch is a file about money that could not be read as one.
pub fn is_refused(batch: &Batch) -> bool {
    batch.firm.as_deref() == Some(BANK)
        && (batch.kind, batch.state) == (BatchKind::Unknown, BatchState::Rejected)
}

/// Whether a batch is a statement that was read and not taken.
pub fn waits(batch: &Batch) -> bool {
    (batch.kind, batch.state) == (BatchKind::Statement, BatchState::Held)
}

/// The last of the later statements that tell of each of these days.
fn told_by(
    taken: Vec<Taken>,
    than: BatchId,
    (from, to): (NaiveDate, NaiveDate),
) -> Option<BatchId> {
    let later: Vec<Taken> = taken.into_iter().filter(|it| it.batch() > than).collect();
    let tells = |it: &Taken, day: NaiveDate| {
        it.from().is_some_and(|from| from <= day) && it.to().is_some_and(|to| day <= to)
    };
    let is_told = |day: NaiveDate| later.iter().any(|it| tells(it, day));
    let all = from.iter_days().take_while(|day| *day <= to).all(is_told);
    later.iter().rfind(|it| all && tells(it, to)).map(Taken::batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_overtaken_where_later_ones_tell_of_each_of_its_days() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let said = |spans: &[(u32, u32)], than: i64| {
            let taken = |(from, to): &(u32, u32)| {
                Taken::of_days(day(*from), day(*to), None, DateTime::<Utc>::UNIX_EPOCH)
            };
            let taken = spans.iter().map(taken).collect();
            told_by(taken, BatchId::new(than), (day(20), day(22)))
        };
        let one = Some(BatchId::new(1));
        assert_eq!(said(&[(19, 23)], 0), one);
        assert_eq!(said(&[(22, 22), (20, 21)], 0), one);
        assert_eq!(said(&[(20, 21)], 0), None);
        assert_eq!(said(&[(19, 23)], 1), None, "it came before");
    }
}
