//! The firms' catalogues of clients, and which tax ids are one client's.
//! Who enters them, and what two tax ids have to do with each other, is decided by `flow`.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;

use super::{
    Db, ROWS_A_STATEMENT, Sql, Tx,
    chunks::{Chunks, as_text},
};
use crate::domain::client::ClientRow;

/// A client of a firm as the firm has it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Client {
    pub firm: String,
    /// The present one.
    pub tax_id: String,
    pub record: Json<ClientRow>,
}

/// A client by the e-mail that it signs in with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Reached {
    pub email: String,
    pub tax_id: String,
    pub name: String,
    pub representative: String,
}

/// A tax id that a client has or had.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Tie {
    pub firm: String,
    pub tax_id: String,
    /// The client's present tax id.
    pub client: String,
}

/// By which clients of a firm are looked for; any of these is enough.
#[derive(Clone, Debug, Default)]
pub struct Near<'a> {
    /// Present tax ids.
    pub tax_ids: &'a [String],
    pub phones: &'a [String],
    /// Folded names.
    pub names: &'a [String],
}

/// A client on its way in.
#[derive(Clone, Debug, Serialize)]
pub struct NewClient<'a> {
    pub tax_id: String,
    pub name_key: String,
    pub phone: String,
    #[serde(serialize_with = "as_text")]
    pub record: Cow<'a, ClientRow>,
}

// No firm learns from another one which tax ids are one client's.
const TIES: Sql = Sql {
    // Left to itself SQLite begins with all of the firm's, and seeks each of these for each of them.
    sqlite: "select distinct t.firm, t.tax_id, t.client
             from client_tax_id w cross join client_tax_id t
             where t.firm = w.firm and t.client = w.client
               and w.tax_id in (select value from json_each($1)) and w.firm = $2
             order by t.tax_id",
    postgres: "select distinct t.firm, t.tax_id, t.client
             from client_tax_id w join client_tax_id t on t.firm = w.firm and t.client = w.client
             where w.tax_id in (select jsonb_array_elements_text($1)) and w.firm = $2
             order by t.tax_id",
};

/// All tax ids of the firm's clients that have or had one of these.
pub async fn ties(db: &Db, firm: &str, tax_ids: &[String]) -> sqlx::Result<Vec<Tie>> {
    let mut ties = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        ties.extend(db.query(TIES).bind(Json(tax_ids)).bind(firm).all::<Tie>().await?);
    }
    Ok(ties)
}

/// The same as the transaction sees it.
pub async fn ties_of(tx: &mut Tx, firm: &str, tax_ids: &[String]) -> sqlx::Result<Vec<Tie>> {
    let mut ties = Vec::new();
    for tax_ids in tax_ids.chunks(ROWS_A_STATEMENT) {
        ties.extend(tx.query(TIES).bind(Json(tax_ids)).bind(firm).all::<Tie>().await?);
    }
    Ok(ties)
}

/// The firm's clients that have one of the tax ids, phones or names; one may come more than once.
pub async fn near(db: &Db, firm: &str, near: Near<'_>) -> sqlx::Result<Vec<Client>> {
    const BY_TAX_ID: Sql = Sql {
        sqlite: "select firm, tax_id, record from client
                 where firm = $1 and tax_id in (select value from json_each($2)) order by tax_id",
        postgres: "select firm, tax_id, record from client
                 where firm = $1 and tax_id in (select jsonb_array_elements_text($2)) order by tax_id",
    };
    const BY_PHONE: Sql = Sql {
        sqlite: "select firm, tax_id, record from client
                 where firm = $1 and phone in (select value from json_each($2)) order by tax_id",
        postgres: "select firm, tax_id, record from client
                 where firm = $1 and phone in (select jsonb_array_elements_text($2)) order by tax_id",
    };
    const BY_NAME: Sql = Sql {
        sqlite: "select firm, tax_id, record from client
                 where firm = $1 and name_key in (select value from json_each($2)) order by tax_id",
        postgres: "select firm, tax_id, record from client
                 where firm = $1 and name_key in (select jsonb_array_elements_text($2)) order by tax_id",
    };
    let mut found = Vec::new();
    for (sql, keys) in [(BY_TAX_ID, near.tax_ids), (BY_PHONE, near.phones), (BY_NAME, near.names)] {
        for keys in keys.chunks(ROWS_A_STATEMENT) {
            found.extend(db.query(sql).bind(firm).bind(Json(keys)).all::<Client>().await?);
        }
    }
    Ok(found)
}

/// The firm's clients that sign in with one of the e-mails, in the order of tax ids.
pub async fn reached(db: &Db, firm: &str, emails: &[String]) -> sqlx::Result<Vec<Reached>> {
    const REACHED: Sql = Sql {
        sqlite: "select record->>'email' as email, tax_id, record->>'name' as name,
                        record->>'representative' as representative
                 from client
                 where firm = $1 and record->>'email' in (select value from json_each($2)) order by tax_id",
        postgres: "select record->>'email' as email, tax_id, record->>'name' as name,
                        record->>'representative' as representative
                 from client
                 where firm = $1 and record->>'email' in (select jsonb_array_elements_text($2)) order by tax_id",
    };
    let mut found = Vec::new();
    for emails in emails.chunks(ROWS_A_STATEMENT) {
        found.extend(db.query(REACHED).bind(firm).bind(Json(emails)).all::<Reached>().await?);
    }
    Ok(found)
}

/// Holds the clients that have or had one of these tax ids, until the end of the transaction.
pub async fn hold(tx: &mut Tx, firm: &str, tax_ids: &[String]) -> sqlx::Result<()> {
    const HOLD: Sql = Sql {
        sqlite: "update client set updated_at = updated_at
                 where firm = $1 and tax_id in (select client from client_tax_id
                                                where firm = $1 and tax_id in (select value from json_each($2)))",
        postgres: "update client set updated_at = updated_at
                 where firm = $1 and tax_id in (select client from client_tax_id
                                                where firm = $1 and tax_id in (select jsonb_array_elements_text($2)))",
    };
    tx.query(HOLD).bind(firm).bind(Json(tax_ids)).execute().await?;
    Ok(())
}

/// One client, by its present tax id.
pub async fn by_tax_id(tx: &mut Tx, firm: &str, tax_id: &str) -> sqlx::Result<Option<Client>> {
    tx.query("select firm, tax_id, record from client where firm = $1 and tax_id = $2")
        .bind(firm)
        .bind(tax_id)
        .optional()
        .await
}

/// In the order of firms and tax ids.
pub async fn list(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<Client>> {
    db.query("select firm, tax_id, record from client where $1 is null or firm = $1 order by firm, tax_id")
        .bind(firm)
        .all()
        .await
}

/// All tax ids of all clients, of one firm or of all.
pub async fn all_ties(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<Tie>> {
    db.query(
        "select firm, tax_id, client from client_tax_id where $1 is null or firm = $1 order by firm, client, tax_id",
    )
    .bind(firm)
    .all()
    .await
}

/// The tax ids that a firm's clients, or those of all, had before their present one.
pub async fn former(db: &Db, firm: Option<&str>) -> sqlx::Result<Vec<Tie>> {
    db.query(
        "select firm, tax_id, client from client_tax_id
         where tax_id <> client and ($1 is null or firm = $1) order by firm, tax_id",
    )
    .bind(firm)
    .all()
    .await
}

/// Makes clients, or gives them their newest record; each tax id once.
pub async fn put(
    tx: &mut Tx,
    firm: &str,
    clients: &[NewClient<'_>],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    // Without `where true` SQLite takes `on conflict` for a part of a join.
    const PUT: Sql = Sql {
        sqlite: "insert into client (firm, tax_id, name_key, phone, record, updated_at)
                 select $1, value->>'tax_id', value->>'name_key', value->>'phone', value->>'record', $3
                 from json_each($2) where true
                 on conflict (firm, tax_id) do update
                     set name_key = excluded.name_key, phone = excluded.phone, record = excluded.record,
                         updated_at = excluded.updated_at",
        postgres: "insert into client (firm, tax_id, name_key, phone, record, updated_at)
                 select $1, tax_id, name_key, phone, record::jsonb, $3
                 from jsonb_to_recordset($2) as r (tax_id text, name_key text, phone text, record text)
                 on conflict (firm, tax_id) do update
                     set name_key = excluded.name_key, phone = excluded.phone, record = excluded.record,
                         updated_at = excluded.updated_at",
    };
    let mut chunks = Chunks::of(clients.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(PUT).bind(firm).bind(chunk).bind(now).execute()).await?;
    }
    Ok(())
}

/// Says of tax ids which client has them: pairs of a tax id and a client's present one, each tax id once.
pub async fn tie(
    tx: &mut Tx,
    firm: &str,
    pairs: &[(String, String)],
    reason: Option<&str>,
) -> sqlx::Result<()> {
    const TIE: Sql = Sql {
        sqlite: "insert into client_tax_id (firm, tax_id, client, reason)
                 select $1, value->>0, value->>1, $3 from json_each($2) where true
                 on conflict (firm, tax_id) do update
                     set client = excluded.client, reason = coalesce(excluded.reason, client_tax_id.reason)",
        postgres: "insert into client_tax_id (firm, tax_id, client, reason)
                 select $1, value->>0, value->>1, $3 from jsonb_array_elements($2)
                 on conflict (firm, tax_id) do update
                     set client = excluded.client, reason = coalesce(excluded.reason, client_tax_id.reason)",
    };
    let mut chunks = Chunks::of(pairs.chunks(ROWS_A_STATEMENT))?;
    while let Some(chunk) = chunks.take() {
        chunks.stored(tx.query(TIE).bind(firm).bind(chunk).bind(reason).execute()).await?;
    }
    Ok(())
}

/// Takes a tax id from the client that had it.
pub async fn untie(tx: &mut Tx, firm: &str, tax_id: &str) -> sqlx::Result<()> {
    tx.query("delete from client_tax_id where firm = $1 and tax_id = $2")
        .bind(firm)
        .bind(tax_id)
        .execute()
        .await?;
    Ok(())
}

/// The firms with clients whose records assign a member of staff, of these firms or of all.
pub async fn assigning(db: &Db, firm: Option<&str>, email: &str) -> sqlx::Result<Vec<(String,)>> {
    db.query(
        "select distinct firm from client
         where record->>'assigned_to' = $2 and ($1 is null or firm = $1) order by firm",
    )
    .bind(firm)
    .bind(email)
    .all()
    .await
}

/// Assigns a firm's clients of one member of staff to another one, or to nobody; which these are.
pub async fn reassign(
    tx: &mut Tx,
    firm: &str,
    (from, to): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Client>> {
    const REASSIGN: Sql = Sql {
        sqlite: "update client set record = json_set(record, '$.assigned_to', $3), updated_at = $4
                 where firm = $1 and record->>'assigned_to' = $2
                 returning firm, tax_id, record",
        postgres: "update client
                 set record = jsonb_set(record, '{assigned_to}', coalesce(to_jsonb($3::text), 'null'::jsonb)),
                     updated_at = $4
                 where firm = $1 and record->>'assigned_to' = $2
                 returning firm, tax_id, record",
    };
    tx.query(REASSIGN).bind(firm).bind(from).bind(to).bind(now).all().await
}

/// Takes a client out of a firm's catalogue, by any of its tax ids, where no line of it stands there.
pub async fn leave(tx: &mut Tx, firm: &str, tax_id: &str) -> sqlx::Result<()> {
    let left = tx
        .query(
            "select w.client from client_tax_id w
             where w.firm = $1 and w.tax_id = $2
               and not exists (select 1 from client_tax_id t
                               join order_line l on l.firm = t.firm and l.tax_id = t.tax_id
                               where t.firm = w.firm and t.client = w.client and l.state <> 'cancelled')",
        )
        .bind(firm)
        .bind(tax_id)
        .optional::<(String,)>()
        .await?;
    let Some((client,)) = left else { return Ok(()) };
    for sql in [
        "delete from client_tax_id where firm = $1 and client = $2",
        "delete from client where firm = $1 and tax_id = $2",
    ] {
        tx.query(sql).bind(firm).bind(client.as_str()).execute().await?;
    }
    Ok(())
}

/// Whether another firm has a licence under a tax id that runs, or is on its way.
pub async fn runs_elsewhere(tx: &mut Tx, firm: &str, tax_id: &str) -> sqlx::Result<bool> {
    let running = tx
        .query(
            "select id from order_line
             where tax_id = $2 and firm <> $1 and state in ('activating', 'uncertain', 'grace', 'active') limit 1",
        )
        .bind(firm)
        .bind(tax_id)
        .optional::<(i64,)>()
        .await?;
    Ok(running.is_some())
}

/// Whether a person said that two tax ids are one client's, or a line that stands does.
pub async fn are_said_same(
    tx: &mut Tx,
    firm: &str,
    (old, new): (&str, &str),
) -> sqlx::Result<bool> {
    let (said,) = tx
        .query(
            "select (select count(*) from client_tax_id
                     where firm = $1 and tax_id in ($2, $3) and reason is not null)
                  + (select count(*) from order_line
                     where firm = $1 and tax_id = $3 and state <> 'cancelled' and client->>'old_tax_id' = $2)",
        )
        .bind(firm)
        .bind(old)
        .bind(new)
        .one::<(i64,)>()
        .await?;
    Ok(said > 0)
}

/// Gives all tax ids of one client to another, and ends the first.
pub async fn join(tx: &mut Tx, firm: &str, from: &str, into: &str) -> sqlx::Result<()> {
    tx.query("update client_tax_id set client = $3 where firm = $1 and client = $2")
        .bind(firm)
        .bind(from)
        .bind(into)
        .execute()
        .await?;
    tx.query("delete from client where firm = $1 and tax_id = $2")
        .bind(firm)
        .bind(from)
        .execute()
        .await?;
    Ok(())
}
