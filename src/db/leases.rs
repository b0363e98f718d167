//! What only one run at a time may do, on all machines together: a lease under a name, and the words of every claim.
//! Which runs need which name is decided by the runner.

use chrono::{DateTime, Utc};

use super::Db;

/// Who has something, and until when nobody else may.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    pub holder: &'a str,
    pub until: DateTime<Utc>,
}

/// One claim of many that a thing may see: who lost it to a later one settles nothing under it, not even in the same
/// process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    pub holder: &'a str,
    /// Counted up at each claim.
    pub epoch: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Held {
    pub name: String,
    pub holder: String,
    pub epoch: i64,
}

impl Held {
    pub fn claim(&self) -> Claim<'_> {
        Claim { holder: &self.holder, epoch: self.epoch }
    }
}

/// Takes what nobody has at `now`, and says under which epoch; `None` where somebody has it.
pub async fn take(
    db: &Db,
    name: &str,
    lease: Lease<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let taken = db
        .query(
            "insert into lease (name, holder, epoch, until) values ($1, $2, 1, $3)
             on conflict (name) do update
                 set holder = excluded.holder, epoch = lease.epoch + 1, until = excluded.until
                 where lease.holder is null or lease.until < $4
             returning epoch",
        )
        .bind(name)
        .bind(lease.holder)
        .bind(lease.until)
        .bind(now)
        .optional::<(i64,)>()
        .await?;
    Ok(taken.map(|(epoch,)| epoch))
}

/// Prolongs a lease; false where it is no longer ours.
pub async fn renew(
    db: &Db,
    name: &str,
    claim: Claim<'_>,
    until: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let renewed = db
        .query("update lease set until = $4 where name = $1 and holder = $2 and epoch = $3")
        .bind(name)
        .bind(claim.holder)
        .bind(claim.epoch)
        .bind(until)
        .execute()
        .await?;
    Ok(renewed == 1)
}

/// Gives a lease back; false where it is no longer ours.
pub async fn release(db: &Db, name: &str, claim: Claim<'_>) -> sqlx::Result<bool> {
    let released = db
        .query(
            "update lease set holder = null, until = null
             where name = $1 and holder = $2 and epoch = $3",
        )
        .bind(name)
        .bind(claim.holder)
        .bind(claim.epoch)
        .execute()
        .await?;
    Ok(released == 1)
}

/// What somebody has.
pub async fn held(db: &Db) -> sqlx::Result<Vec<Held>> {
    db.query("select name, holder, epoch from lease where holder is not null order by name")
        .all()
        .await
}
