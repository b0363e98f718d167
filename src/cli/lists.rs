//! Lists of what there is: batches, licences, mails, notifications.
//! Jobs and their runs are shown by `watching`.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::Global,
    backup,
    narrowed::Narrowed,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        batches::{self, Batch},
        licences::{self, Licence},
        mails::{self, Mail},
        notifications::{self, Notification, NotificationKind},
        orders, requests, rows,
        runs::{self, Run},
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        licence::LicenceState,
        mail::MailState,
        order::RequestState,
    },
    flow::{
        Services,
        answer::outbox,
        pay::untaken,
        report::{self, Rows},
        send, sweep,
    },
};

/// `dòng 12, nhận 10`.
pub fn counts_in_words(services: &Services, counts: &runs::Counts) -> String {
    if counts.contains_key("bytes") {
        return backup_in_words(services, counts);
    }
    let count = |(name, count): (&String, &i64)| {
        format!("{} {count}", word(services, "command.count", name))
    };
    counts.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// `120 dòng, 14 tệp, 45 kB`.
fn backup_in_words(services: &Services, counts: &runs::Counts) -> String {
    let count = |name: &str| {
        let n = *counts.get(name)?;
        let size = || backup::size(u64::try_from(n).unwrap_or_default());
        let noun = || format!("{n} {}", word(services, "command.count", &name));
        Some(if name == "bytes" { size() } else { noun() })
    };
    let said = ["rows", "files", "bytes"].into_iter().filter_map(count);
    let removed = counts.get("removed").filter(|n| **n > 0);
    let removed = removed.map(|n| format!("{} {n}", word(services, "command.count", &"removed")));
    said.chain(removed).collect::<Vec<_>>().join(", ")
}

pub fn run_json(services: &Services, run: &Run, batches: &[Batch]) -> Value {
    let files: Vec<Value> = batches
        .iter()
        .filter(|batch| batch.run_id == Some(run.id))
        .map(|batch| json!({ "batch": batch.id(), "file": batch.file_name }))
        .collect();
    let local = |at| services.rfc3339(at);
    json!({
        "id": run.id, "job": run.job, "slot": run.slot.map(local), "state": run.state, "attempt": run.attempt,
        "started_at": run.started_at.map(local), "finished_at": run.finished_at.map(local), "counts": run.counts.0, "files": files,
        "error": run.error,
        "seconds": seconds(run),
    })
}

/// How long it took, where it is over.
fn seconds(run: &Run) -> Option<f64> {
    let took = run.finished_at? - run.started_at?;
    Some(took.as_seconds_f64())
}

pub async fn batches(
    global: &Global,
    id: Option<BatchId>,
    narrowed: &Narrowed,
) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let found = match id {
        Some(id) => vec![
            batches::by_id(&services.db, id)
                .await?
                .ok_or_else(|| unknown(&services, "no_batch", &id))?,
        ],
        None => {
            batches::list(
                &services.db,
                &workspace::filter::<BatchState>(&services, narrowed, "command.batch_state")?,
            )
            .await?
        }
    };
    let counts = rows::counts(&services.db, id).await?;
    let rows_of = |batch: &Batch| {
        let own: Vec<_> = counts
            .iter()
            .filter(|count| BatchId::new(count.batch_id) == batch.id())
            .cloned()
            .collect();
        Rows::of(&own)
    };
    let overtaken = untaken::overtaken(&services, &found).await?;
    let (mut shown, mut rows) = (Vec::new(), Vec::new());
    for batch in &found {
        let by = overtaken.get(&batch.id()).copied();
        let kind = report::first_of(&services, batch).await?.kind;
        let orders = orders::of_batch(&services.db, batch.id()).await?;
        let codes: Vec<_> = orders.into_iter().map(|order| order.code).collect();
        let own = rows_of(batch);
        let mut json = batch_json(&services, (batch, kind), &own, &codes);
        json["overtaken_by"] = json!(by);
        shown.push(json);
        rows.push([
            batch.id().to_string(),
            batch.file_name.clone(),
            batch.firm.clone().unwrap_or_default(),
            word(&services, "command.batch_kind", &kind),
            state_in_words(&services, batch, by),
            format!("{}/{}", own.accepted, own.total),
        ]);
    }
    let human = table(services.texts, ["batch", "file", "firm", "kind", "state", "accepted"], rows);
    Reply::new(Exit::Done, human).with("batches", shown)
}

/// A statement that is held awaits no decision: it is to be downloaded anew, unless another one came `by` now.
pub fn state_in_words(services: &Services, batch: &Batch, by: Option<BatchId>) -> String {
    match by {
        Some(by) => {
            services.texts.say("command.statement_overtaken", context! { by => by.to_string() })
        }
        None if untaken::waits(batch) => services.texts.label("command.statement_not_counted"),
        None => word(services, "command.batch_state", &batch.state),
    }
}

fn batch_json(
    services: &Services,
    (batch, kind): (&Batch, BatchKind),
    rows: &Rows,
    orders: &[impl serde::Serialize],
) -> Value {
    json!({
        "id": batch.id(), "file": batch.file_name, "firm": batch.firm, "kind": kind, "state": batch.state,
        "revision": batch.revision, "rows": rows, "orders": orders,
        "workbook": outbox::newest(services, batch).map(|path| services.shown_path(&path)),
        "sha256": batch.sha256, "duplicate_of": batch.duplicate_of(), "answers": batch.answers(),
        "received_at": services.rfc3339(batch.received_at),
    })
}

pub async fn licences(global: &Global, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let found = licences::list(
        &services.db,
        &workspace::filter::<LicenceState>(&services, narrowed, "workbook.line_state")?,
    )
    .await?;
    let requests = requests::states(&services.db).await?;
    let local = |at| services.rfc3339(at);
    let is_cancelled = |it: &Licence| requests.get(&it.line_id) == Some(&RequestState::Cancelled);
    // What was cancelled has no such day any more.
    let cutoff = |it: &Licence| sweep::cutoff_of(&services, it).filter(|_| !is_cancelled(it));
    let shown = found.iter().map(|licence| {
        json!({
            "licence_id": licence.licence_id, "order": licence.order_code, "line": licence.line_no,
            "tax_id": licence.tax_id, "package": licence.package, "fiscal_year": licence.fiscal_year,
            "state": licence.state, "activated_at": local(licence.activated_at),
            "grace_until": licence.grace_until.map(local), "cutoff_at": cutoff(licence).map(local),
            "paid_on": licence.paid_on, "suspended_at": licence.suspended_at.map(local),
            "logins": licence.logins.0,
        })
    });
    let row = |licence: &Licence| {
        // What is paid has no such day.
        let unpaid = Some(licence).filter(|it| it.state != LicenceState::Active);
        let shown = unpaid
            .and_then(cutoff)
            .map(|at| services.local(at).format("%d/%m/%Y %H:%M").to_string());
        [
            licence.licence_id.clone(),
            format!("{}/{}", licence.order_code, licence.line_no),
            licence.tax_id.clone(),
            licence.package.clone(),
            licence.fiscal_year.to_string(),
            if is_cancelled(licence) {
                services.texts.label("workbook.line_state.cancelled")
            } else {
                word(&services, "workbook.line_state", &licence.state)
            },
            shown.unwrap_or_default(),
        ]
    };
    let header = ["licence", "line", "tax_id", "package", "year", "state", "cutoff"];
    Reply::new(Exit::Done, table(services.texts, header, found.iter().map(row)))
        .with("licences", shown.collect::<Vec<_>>())
}

pub async fn mails(global: &Global, id: Option<i64>, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let found = match id {
        Some(id) => vec![
            mails::by_id(&services.db, id)
                .await?
                .ok_or_else(|| unknown(&services, "no_mail", &id))?,
        ],
        None => {
            send::of_firm::list(
                &services,
                &workspace::filter::<MailState>(&services, narrowed, "workbook.mail_state")?,
            )
            .await?
        }
    };
    let shown = found.iter().map(|mail| mail_json(&services, mail));
    let row = |mail: &Mail| {
        let error = services.texts.translated(mail.error.as_deref().unwrap_or_default());
        let bounce = mail.bounce().map(|report| format!(" [{report}]")).unwrap_or_default();
        [
            mail.id.to_string(),
            send::purpose_in_words(&services, mail),
            mail.recipient.clone(),
            mail.subject.clone(),
            word(&services, "workbook.mail_state", &mail.state),
            error + &bounce,
        ]
    };
    let human = table(
        services.texts,
        ["mail", "purpose", "to", "about", "state", "error"],
        found.iter().map(row),
    );
    Reply::new(Exit::Done, human).with("mails", shown.collect::<Vec<_>>())
}

pub fn mail_json(services: &Services, mail: &Mail) -> Value {
    json!({
        "id": mail.id, "purpose": mail.purpose, "to": mail.recipient, "subject": mail.subject,
        "state": mail.state, "attempts": mail.attempts, "message_id": mail.message_id,
        "planned_at": services.rfc3339(mail.planned_at),
        "sent_at": mail.sent_at.map(|at| services.rfc3339(at)),
        "error": mail.error.as_deref().map(|error| services.texts.translated(error)),
        "bounce": mail.bounce(),
    })
}

pub async fn notifications(global: &Global, narrowed: &Narrowed) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    // What a bell rang for is its state: nobody has read it on a command line.
    let filter = workspace::filter::<NotificationKind>(&services, narrowed, "command.bell")?;
    let mut found = notifications::list(&services.db, filter.firm.as_deref(), filter.since).await?;
    found.retain(|bell| filter.state.as_deref().is_none_or(|kind| bell.kind.as_str() == kind));
    let shown = found.iter().map(|bell| {
        json!({
            "id": bell.id, "at": services.rfc3339(bell.at), "firm": bell.firm, "kind": bell.kind, "text": bell.text,
            "order": bell.order_code, "read": bell.read,
        })
    });
    let row = |bell: &Notification| {
        let at = services.local(bell.at).format("%d/%m/%Y %H:%M").to_string();
        [at, bell.firm.clone(), bell.text.clone()]
    };
    let human = table(services.texts, ["at", "firm", "text"], found.iter().map(row));
    Reply::new(Exit::Done, human).with("notifications", shown.collect::<Vec<_>>())
}

pub fn unknown(services: &Services, key: &str, id: &impl ToString) -> Failure {
    Failure::no_such(services.texts, key, context! { id => id.to_string() })
}

/// A word of a closed set, as people say it.
pub fn word(services: &Services, set: &str, word: &impl ToString) -> String {
    let word = word.to_string();
    let key = format!("{set}.{word}");
    if services.texts.has(&key) { services.texts.label(&key) } else { word }
}
