//! What the newest look-up workbook of each firm says, as a hash.

use super::Db;

pub async fn digest(db: &Db, firm: &str) -> sqlx::Result<Option<String>> {
    let found = db.query("select digest from look_up where firm = $1").bind(firm);
    Ok(found.optional::<(String,)>().await?.map(|(digest,)| digest))
}

pub async fn keep(db: &Db, firm: &str, digest: &str) -> sqlx::Result<()> {
    db.query(
        "insert into look_up (firm, digest) values ($1, $2) on conflict (firm) do update set digest = $2",
    )
    .bind(firm)
    .bind(digest)
    .execute()
    .await?;
    Ok(())
}

/// A firm of which there is nothing to say any more.
pub async fn forget(db: &Db, firm: &str) -> sqlx::Result<()> {
    db.query("delete from look_up where firm = $1").bind(firm).execute().await?;
    Ok(())
}
