//! The tables of the embedded platform: its licences, accounts and log-ins.

use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::BoxStream;
use sqlx::types::Json;

use super::{Db, Sql, Tx};
use crate::domain::licence::{LicenceState, Role};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Licence {
    pub licence_id: String,
    pub idempotency_key: String,
    pub request_sha256: String,
    pub order_code: String,
    pub line: i64,
    pub kind: String,
    pub tax_id: String,
    pub package: String,
    pub fiscal_year: i64,
    #[sqlx(try_from = "String")]
    pub status: LicenceState,
    pub activated_at: DateTime<Utc>,
    pub grace_until: Option<DateTime<Utc>>,
    pub paid_on: Option<NaiveDate>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Login {
    pub licence_id: String,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub first_time: bool,
    pub setup_expires_at: Option<DateTime<Utc>>,
}

/// Fails as taken where the client has a licence of the package and year.
pub async fn insert(tx: &mut Tx, new: &Licence) -> sqlx::Result<()> {
    tx.query(
        "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line, kind, tax_id,
                                       package, fiscal_year, status, activated_at, grace_until, paid_on, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(new.licence_id.as_str())
    .bind(new.idempotency_key.as_str())
    .bind(new.request_sha256.as_str())
    .bind(new.order_code.as_str())
    .bind(new.line)
    .bind(new.kind.as_str())
    .bind(new.tax_id.as_str())
    .bind(new.package.as_str())
    .bind(new.fiscal_year)
    .bind(new.status.as_str())
    .bind(new.activated_at)
    .bind(new.grace_until)
    .bind(new.paid_on)
    .bind(new.updated_at)
    .execute()
    .await?;
    Ok(())
}

pub async fn by_key(db: &Db, key: &str) -> sqlx::Result<Option<Licence>> {
    db.query("select * from platform_licence where idempotency_key = $1").bind(key).optional().await
}

pub async fn by_id(db: &Db, licence_id: &str) -> sqlx::Result<Option<Licence>> {
    db.query("select * from platform_licence where licence_id = $1")
        .bind(licence_id)
        .optional()
        .await
}

pub async fn by_ids(db: &Db, licence_ids: &[&str]) -> sqlx::Result<Vec<Licence>> {
    const BY_IDS: Sql = Sql {
        sqlite: "select * from platform_licence where licence_id in (select value from json_each($1))",
        postgres: "select * from platform_licence where licence_id in (select jsonb_array_elements_text($1))",
    };
    db.query(BY_IDS).bind(Json(licence_ids)).all().await
}

/// Whether a client has a licence of a package for a year.
pub async fn is_licensed(
    db: &Db,
    tax_id: &str,
    package: &str,
    fiscal_year: i64,
) -> sqlx::Result<bool> {
    let licensed = db
        .query(
            "select licence_id from platform_licence
             where tax_id = $1 and package = $2 and fiscal_year = $3 and cancelled = $4",
        )
        .bind(tax_id)
        .bind(package)
        .bind(fiscal_year)
        .bind(false)
        .all::<(String,)>()
        .await?;
    Ok(!licensed.is_empty())
}

/// Deletes who may sign in to a licence, and puts something else in the place of its tax id.
pub async fn forget(tx: &mut Tx, licence_id: &str, tax_id: &str) -> sqlx::Result<()> {
    tx.query("update platform_licence set tax_id = $2 where licence_id = $1")
        .bind(licence_id)
        .bind(tax_id)
        .execute()
        .await?;
    tx.query("delete from platform_login where licence_id = $1").bind(licence_id).execute().await?;
    tx.query(
        "delete from platform_account
         where not exists (select 1 from platform_login l where l.email = platform_account.email)",
    )
    .execute()
    .await?;
    Ok(())
}

/// Whether a client has, or had, a free year.
pub async fn had_free(db: &Db, tax_id: &str) -> sqlx::Result<bool> {
    let free =
        db.query("select licence_id from platform_licence where tax_id = $1 and kind = 'free'");
    Ok(!free.bind(tax_id).all::<(String,)>().await?.is_empty())
}

/// Makes an account; false where the e-mail has one.
pub async fn open_account(tx: &mut Tx, email: &str, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let opened = tx
        .query("insert into platform_account (email, created_at) values ($1, $2) on conflict (email) do nothing")
        .bind(email)
        .bind(now)
        .execute()
        .await?;
    Ok(opened == 1)
}

/// The hash of a one-time link and the end of its life; the link itself is never stored.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    pub sha256: &'a str,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert_login(
    tx: &mut Tx,
    licence_id: &str,
    email: &str,
    role: Role,
    setup: Option<Setup<'_>>,
) -> sqlx::Result<()> {
    tx.query(
        "insert into platform_login (licence_id, email, role, first_time, setup_sha256, setup_expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (licence_id, email) do nothing",
    )
    .bind(licence_id)
    .bind(email)
    .bind(role.as_str())
    .bind(setup.is_some())
    .bind(setup.map(|setup| setup.sha256))
    .bind(setup.map(|setup| setup.expires_at))
    .execute()
    .await?;
    Ok(())
}

/// Of some licences.
pub async fn logins(db: &Db, licence_ids: &[&str]) -> sqlx::Result<Vec<Login>> {
    const LOGINS: Sql = Sql {
        sqlite: "select licence_id, email, role, first_time, setup_expires_at from platform_login
                 where licence_id in (select value from json_each($1)) order by licence_id, email",
        postgres: "select licence_id, email, role, first_time, setup_expires_at from platform_login
                 where licence_id in (select jsonb_array_elements_text($1)) order by licence_id, email",
    };
    db.query(LOGINS).bind(Json(licence_ids)).all().await
}

/// Remembers what a key was used for; false where it was used before.
pub async fn remember(
    tx: &mut Tx,
    key: &str,
    licence_id: &str,
    request_sha256: &str,
) -> sqlx::Result<bool> {
    let fresh = tx
        .query(
            "insert into platform_request (idempotency_key, licence_id, request_sha256) values ($1, $2, $3)
             on conflict (idempotency_key) do nothing",
        )
        .bind(key)
        .bind(licence_id)
        .bind(request_sha256)
        .execute()
        .await?;
    Ok(fresh == 1)
}

/// The licence and the hash of the body that a key was used for.
pub async fn remembered(db: &Db, key: &str) -> sqlx::Result<Option<(String, String)>> {
    db.query("select licence_id, request_sha256 from platform_request where idempotency_key = $1")
        .bind(key)
        .optional()
        .await
}

/// Ends access; a cancelled licence leaves its client free for another one.
pub async fn suspend(
    tx: &mut Tx,
    licence_id: &str,
    is_cancelled: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let known = tx
        .query(
            "update platform_licence set status = 'suspended', updated_at = $3, cancelled = case when $2 then $2 else cancelled end
             where licence_id = $1",
        )
        .bind(licence_id)
        .bind(is_cancelled)
        .bind(now)
        .execute()
        .await?;
    Ok(known == 1)
}

/// Ends the grace and gives access back; false where there is no such licence.
pub async fn mark_paid(
    tx: &mut Tx,
    licence_id: &str,
    paid_on: NaiveDate,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let known = tx
        .query(
            "update platform_licence set status = 'active', grace_until = null, paid_on = $2, updated_at = $3
             where licence_id = $1",
        )
        .bind(licence_id)
        .bind(paid_on)
        .bind(now)
        .execute()
        .await?;
    Ok(known == 1)
}

/// Every licence, the oldest change first, one at a time.
pub fn all(db: &Db) -> BoxStream<'_, sqlx::Result<Licence>> {
    db.query("select * from platform_licence order by updated_at, licence_id").stream()
}

/// So many licences that changed at `since` or later, the oldest change first, behind the licence `after`.
pub async fn page(
    db: &Db,
    since: Option<DateTime<Utc>>,
    after: Option<&str>,
    at_most: i64,
) -> sqlx::Result<Vec<Licence>> {
    db.query(
        "select * from platform_licence p
         where ($1 is null or p.updated_at >= $1)
           and ($2 is null or exists (select 1 from platform_licence a
                                      where a.licence_id = $2
                                        and (p.updated_at, p.licence_id) > (a.updated_at, a.licence_id)))
         order by p.updated_at, p.licence_id limit $3 + 0",
    )
    .bind(since)
    .bind(after)
    .bind(at_most)
    .all()
    .await
}

/// Marks a change of a licence; false where there is none.
pub async fn touch(tx: &mut Tx, licence_id: &str, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let known = tx
        .query("update platform_licence set updated_at = $2 where licence_id = $1")
        .bind(licence_id)
        .bind(now)
        .execute()
        .await?;
    Ok(known == 1)
}

/// Takes the log-ins of a licence away that are not among these e-mails.
pub async fn keep_logins(tx: &mut Tx, licence_id: &str, emails: &[&str]) -> sqlx::Result<()> {
    const DROP: Sql = Sql {
        sqlite: "delete from platform_login
                 where licence_id = $1 and email not in (select value from json_each($2))",
        postgres: "delete from platform_login
                 where licence_id = $1 and email not in (select jsonb_array_elements_text($2))",
    };
    tx.query(DROP).bind(licence_id).bind(Json(emails)).execute().await?;
    Ok(())
}

pub async fn set_role(tx: &mut Tx, licence_id: &str, email: &str, role: Role) -> sqlx::Result<()> {
    tx.query("update platform_login set role = $3 where licence_id = $1 and email = $2")
        .bind(licence_id)
        .bind(email)
        .bind(role.as_str())
        .execute()
        .await?;
    Ok(())
}
