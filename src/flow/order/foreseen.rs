//! What cancelling would do, for whoever asks before. The rules are those of `cancel`.

use super::cancel::{Kept, Part, Sorted, by_code, sort};
use crate::{
    db::lines::{self, Line},
    domain::order::{LineRef, OrderCode},
    flow::Services,
};

/// The lines that would be cancelled now, also those that the platform would have to stop, and those that would stay.
/// Nothing is stored, and the platform is not asked.
pub async fn cancelled(
    services: &Services,
    code: &OrderCode,
    part: &Part,
) -> anyhow::Result<(Vec<LineRef>, Vec<Kept>)> {
    let order = by_code(services, code).await?;
    let lines = lines::of_order(&services.db, code).await?;
    let Sorted { at_once, in_use, asked, kept } = sort(services, &order, &lines, part).await?;
    let gone = at_once.iter().chain(&in_use).chain(&asked).map(Line::reference);
    Ok((gone.collect(), kept))
}
