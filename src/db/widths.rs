//! How many cells the widest rows of lists have.

use super::{Db, Sql};
use crate::domain::batch::BatchId;

/// Of each sheet of a batch that has rows.
pub async fn of_batch(db: &Db, batch: BatchId) -> sqlx::Result<Vec<(i64, i64)>> {
    const WIDTHS: Sql = Sql {
        sqlite: "select sheet, max(json_array_length(cells)) from batch_row where batch_id = $1 group by sheet",
        postgres: "select sheet, max(jsonb_array_length(cells))::bigint from batch_row where batch_id = $1 group by sheet",
    };
    db.query(WIDTHS).bind(batch.number()).all().await
}
