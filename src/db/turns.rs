//! The turns of those who send: what was taken is settled and the next mails are claimed in one statement, which is a
//! commit of its own. Each further statement would cost a way to the database and back, and letters wait for it.
//! How many may leave is decided by `flow::send`.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Db, Query, Sql, Tx, kept::Kept, leases::Lease, mails::Mail, sql};

/// What is written together.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Of what is claimed, and whose the claims were that are settled.
    pub lease: Lease<'a>,
    pub now: DateTime<Utc>,
    /// Mails that were taken, each the id and the epoch of its claim.
    pub sent: &'a [(i64, i64)],
    /// So many are to be claimed, as far as the limits leave room for them.
    pub most: i64,
    /// Of mails that were taken to be sent, whatever became of them.
    pub tried: Option<Limit>,
    /// Of mails that were sent or are on their way.
    pub left: Option<Limit>,
}

/// So many at most from an instant on.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub most: i64,
    pub since: DateTime<Utc>,
}

/// A mail that a turn wrote.
#[derive(Debug, sqlx::FromRow)]
struct Written {
    #[sqlx(flatten)]
    mail: Mail,
    version: Option<i64>,
}

/// Settles and claims; gives the mails that were settled, which are sent, and those that were claimed, which are not.
/// One that is not given is no longer the holder's: then none is claimed.
///
/// Log-ins are first, then warnings, then notices (the order of sending); none that is not due or held by the guard.
///
/// The version beside them is the same as of an earlier turn on this connection where nothing at all was written in
/// between but by this connection. PostgreSQL knows none.
pub async fn take(kept: &mut Kept, turn: &Turn<'_>) -> sqlx::Result<(Vec<Mail>, Option<i64>)> {
    let written: Vec<Written> = bound(kept.query(TURN), turn).all().await?;
    let version = written.first().and_then(|one| one.version);
    Ok((written.into_iter().map(|one| one.mail).collect(), version))
}

/// The same in an open transaction.
pub async fn take_within(tx: &mut Tx, turn: &Turn<'_>) -> sqlx::Result<Vec<Mail>> {
    bound(tx.query(TURN), turn).all().await
}

/// Those that a turn would claim.
pub async fn next(db: &Db, now: DateTime<Utc>, most: i64) -> sqlx::Result<Vec<Mail>> {
    const NEXT: Sql = sql!(
        "select * from mail",
        sqlite: " indexed by mail_next",
        " where state = 'planned' and not_before <= $1
            and not exists (select 1 from guard g
                            where g.held_at is not null
                              and (g.held_before is null or mail.planned_at < g.held_before))
          order by case when purpose in ('login_first', 'login_existing') then 0
                        when purpose = 'grace_warning' then 1
                        when purpose = 'order_notice' then 2 else 3 end, id
          limit $2 + 0"
    );
    db.query(NEXT).bind(now).bind(most).all().await
}

fn bound<'q>(query: Query<'q>, turn: &Turn<'q>) -> Query<'q> {
    let limit = |limit: Option<Limit>| {
        limit.unwrap_or(Limit { most: i64::MAX, since: DateTime::UNIX_EPOCH })
    };
    let (tried, left) = (limit(turn.tried), limit(turn.left));
    query
        .bind(turn.lease.holder)
        .bind(turn.now)
        .bind(turn.lease.until)
        .bind(Json(turn.sent))
        .bind(turn.most)
        .bind(tried.most)
        .bind(tried.since)
        .bind(left.most)
        .bind(left.since)
}

/// Where there are no more mails than a limit allows nothing is counted: that would take the longer the more have left.
/// SQLite has one writer at a time, so nothing there needs to skip a lock. What is next is looked for once.
macro_rules! turn {
    (own: $own:literal, given: $given:literal, least: $least:literal, greatest: $greatest:literal,
     index: $index:literal, lock: $lock:literal, all: $all:literal) => {
        concat!(
            "with own as materialized (
                 select mail.id, mail.epoch from ",
            $own,
            " and mail.holder = $1 and mail.state = 'sending'),
             room (most) as (
                 select case when (select count(*) from own) < ",
            $given,
            " then 0
                             when (select max(id) from mail) <= ",
            $least,
            "($6, $8) - $5 then $5
                             else ",
            $greatest,
            "(0, ",
            $least,
            "($5,
                                 $6 - (select count(*)
                                       from (select id from mail where tried_at > $7 limit $6 + 0) as tried),
                                 $8 - (select count(*) from mail where sent_at >= $9 or state = 'sending'))) end),
             next as materialized (
                 select id, epoch from mail",
            $index,
            " where state = 'planned' and not_before <= $2
                   and not exists (select 1 from guard g
                                   where g.held_at is not null
                                     and (g.held_before is null or mail.planned_at < g.held_before))
                 order by case when purpose in ('login_first', 'login_existing') then 0
                               when purpose = 'grace_warning' then 1
                               when purpose = 'order_notice' then 2 else 3 end, id
                 limit (select most from room)",
            $lock,
            ")
             update mail
             set state = case state when 'planned' then 'sending' else 'sent' end,
                 holder = case state when 'planned' then $1 end,
                 lease_until = case state when 'planned' then $3 end,
                 epoch = mail.epoch + case state when 'planned' then 1 else 0 end,
                 attempts = attempts + case state when 'planned' then 1 else 0 end,
                 tried_at = case state when 'planned' then $2 else tried_at end,
                 error = case state when 'planned' then error end,
                 not_before = case state when 'planned' then not_before else $2 end,
                 sent_at = case state when 'planned' then sent_at else $2 end
             from (select id, epoch from own union all select id, epoch from next) as turn
             where mail.id = turn.id and mail.epoch = turn.epoch and (mail.state = 'planned' or mail.holder = $1)
             returning ",
            $all
        )
    };
}

const TURN: Sql = Sql {
    sqlite: turn!(
        own: "json_each($4) as own cross join mail where mail.id = own.value->>0 and mail.epoch = own.value->>1",
        given: "json_array_length($4)",
        least: "min",
        greatest: "max",
        index: " indexed by mail_next",
        lock: "",
        all: "*, (select data_version from pragma_data_version) as version"
    ),
    postgres: turn!(
        own: "jsonb_array_elements($4) as own (value) join mail on mail.id = (own.value->>0)::bigint
                 where mail.epoch = (own.value->>1)::bigint",
        given: "jsonb_array_length($4)",
        least: "least",
        greatest: "greatest",
        index: "",
        lock: " for update skip locked",
        all: "mail.*, null::bigint as version"
    ),
};
