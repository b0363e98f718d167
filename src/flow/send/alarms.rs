//! The letter to whoever runs the program that a job failed, mail was paused, or a letter came back because of who sends.
//! It says what the bell says. When the bell rings is decided by who rings it.

use serde::{Deserialize, Serialize};

use super::{
    content::Content,
    letters::{self, Alarm},
    nights::operator,
    plan,
};
use crate::{
    db::{
        Tx,
        mails::{self, Mail},
        reports::{self, NewReport, ReportKind},
    },
    domain::{mail::Purpose, words::words},
    flow::{Services, guard, key::sha256},
};

words! {
    /// What it is about.
    pub enum AlarmKind {
        JobFailed = "job_failed",
        MailPaused = "mail_paused",
        Bounced = "bounced",
    }
}

/// What is kept of it until it leaves.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: AlarmKind,
    said: String,
}

/// A scheduled job failed: the first time of a day.
pub async fn job_failed(services: &Services, job: &str, said: &str) -> anyhow::Result<()> {
    let mut tx = services.db.begin().await?;
    plan(services, &mut tx, (AlarmKind::JobFailed, job), said).await?;
    Ok(tx.commit().await?)
}

/// The first one of a day about a thing, where somebody is to be told by mail.
pub(super) async fn plan(
    services: &Services,
    tx: &mut Tx,
    (kind, about): (AlarmKind, &str),
    said: &str,
) -> anyhow::Result<()> {
    let Some(email) = &services.settings.operator.email else { return Ok(()) };
    let (day, now) = (services.today().to_string(), services.now());
    let subject = format!("{}/{day}/{about}", guard::OPERATOR);
    if mails::is_known(tx, Purpose::Operator, &subject).await? {
        return Ok(());
    }
    let new = NewReport {
        kind: ReportKind::Operator,
        firm: None,
        day: &day,
        revision: reports::next_to_operator(tx, &day).await?,
        since: now,
        until: now,
        content: &Kept { kind, said: said.to_owned() },
        digest: &sha256(said.as_bytes()),
    };
    let id = reports::insert(tx, new).await?;
    plan::to_operator(services, tx, (Purpose::Operator, email), (id, &subject)).await
}

/// Nothing where what was kept was deleted.
pub(super) async fn of(
    services: &Services,
    mail: &Mail,
    id: i64,
) -> anyhow::Result<Option<Content>> {
    let Some(report) = reports::by_id(&services.db, id).await? else { return Ok(None) };
    let Kept { kind, said } = report.content()?;
    let (firm, reply_to) = operator(services)?;
    let said = Alarm { to_name: mail.recipient_name.clone(), firm, kind: kind.to_string(), said };
    let letter = letters::alarm(services.letters.of(mail.purpose), &said)?;
    Ok(Some(Content { letter, picture: None, workbook: None, reply_to }))
}
