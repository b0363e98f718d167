//! Reminds whoever registered a list that rows of it still wait: a day, three days and a week after it came or was last
//! answered, and no more. What the letter says is `send`'s business.

use super::{
    super::{Services, send},
    overtaken,
};
use crate::db::{
    batches,
    morning::{self, Waiting},
};

/// Local days after which somebody is reminded.
const AFTER: [i64; 3] = [1, 3, 7];
/// Lists that came longer ago are left to the page.
const FRESH: chrono::Duration = chrono::Duration::days(14);

/// Plans each reminder once.
pub async fn plan(services: &Services) -> anyhow::Result<()> {
    for waiting in morning::waiting(&services.db, None, services.now() - FRESH).await? {
        let sequence = due(services, &waiting).await?;
        let list = batches::by_id(&services.db, waiting.batch()).await?;
        let Some(list) = list.filter(|_| sequence > 0) else { continue };
        if !overtaken::is_overtaken(services, &list).await? {
            let mut tx = services.db.begin().await?;
            send::plan::findings_waiting(services, &mut tx, waiting.batch(), sequence).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Which reminder it is time for; 0 for none.
async fn due(services: &Services, waiting: &Waiting) -> anyhow::Result<i64> {
    let list = batches::by_id(&services.db, waiting.batch()).await?;
    let answer = batches::newest_answer(&services.db, waiting.batch()).await?;
    let touched = list.iter().chain(&answer).map(|batch| batch.received_at).max();
    let Some(touched) = touched else { return Ok(0) };
    let days = (services.today() - services.local(touched).date_naive()).num_days();
    Ok(i64::try_from(AFTER.iter().filter(|after| days >= **after).count())?)
}
