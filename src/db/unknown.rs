//! Licences that the platform has and no line here: what was ordered after the backup that was restored.
//! They are written down whenever all licences are read; what follows from them is said by the checks.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, ROWS_A_STATEMENT, Sql, Tx, copied};

/// Licence and tax id of each, in place of those of before, as they were read at an instant.
pub async fn replace(tx: &mut Tx, all: &[(&str, &str)], now: DateTime<Utc>) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        sqlite: "insert into unknown_licence (licence_id, tax_id)
                 select value->>0, value->>1 from json_each($1) where true
                 on conflict (licence_id) do nothing",
        postgres: "insert into unknown_licence (licence_id, tax_id)
                 select value->>0, value->>1 from jsonb_array_elements($1) as r (value)
                 on conflict (licence_id) do nothing",
    };
    tx.query("delete from unknown_licence").execute().await?;
    for some in all.chunks(ROWS_A_STATEMENT) {
        tx.query(INSERT).bind(Json(some)).execute().await?;
    }
    copied::keep_instant(tx, "licences_read", now).await
}

/// When all licences were read last, if they were, to the second.
pub async fn read_at(db: &Db) -> sqlx::Result<Option<DateTime<Utc>>> {
    let at = db.query("select value from counter where name = 'licences_read'");
    let at = at.optional::<(i64,)>().await?;
    Ok(at.and_then(|(at,)| DateTime::from_timestamp(at, 0)))
}

/// Which of these tax ids have one; one that a line has by now is unknown no more.
pub async fn of(db: &Db, tax_ids: &[&str]) -> sqlx::Result<Vec<String>> {
    const OF: Sql = Sql {
        sqlite: "select distinct tax_id from unknown_licence u
                 where tax_id in (select value from json_each($1))
                   and not exists (select 1 from licence c where c.licence_id = u.licence_id)",
        postgres: "select distinct tax_id from unknown_licence u
                 where tax_id in (select jsonb_array_elements_text($1))
                   and not exists (select 1 from licence c where c.licence_id = u.licence_id)",
    };
    let mut found: Vec<(String,)> = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        found.extend(db.query(OF).bind(Json(tax_ids)).all().await?);
    }
    Ok(found.into_iter().map(|(tax_id,)| tax_id).collect())
}
