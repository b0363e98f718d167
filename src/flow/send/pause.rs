//! After the mail server refused us who send, by quota or policy, all mails wait, ever longer, whichever process asks: who
//! goes on trying is blocked for longer. A mail that is taken ends it.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;

use super::{
    alarms::{self, AlarmKind},
    bells,
};
use crate::{
    config::{self, MailTransport},
    db::{
        Db,
        mail_pause::{self, Pause},
        mails::Mail,
    },
    flow::Services,
};

/// In minutes, as the other one.
const FIRST: i64 = 15;
const LONGEST: i64 = 4 * 60;

/// The one that holds now; files are always taken.
pub async fn holding(
    db: &Db,
    settings: &config::Mail,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Pause>> {
    if settings.transport == MailTransport::File {
        return Ok(None);
    }
    Ok(mail_pause::last(db).await?.filter(|pause| pause.paused_until > now))
}

/// A mail that is refused again and again lets others go first for so long: it may be it alone.
const LET_OTHERS: TimeDelta = TimeDelta::minutes(1);

/// When a mail that met the refusal is due again: with all others, in the order of sending.
pub(super) fn due_again(pause: &Pause, mail: &Mail) -> DateTime<Utc> {
    let was_refused = mail.error.is_some();
    pause.paused_until + if was_refused { LET_OTHERS } else { TimeDelta::zero() }
}

/// The one that begins now.
pub(super) fn after(before: Option<&Pause>, why: String, now: DateTime<Utc>) -> Pause {
    let minutes = minutes(before);
    Pause { paused_until: now + TimeDelta::minutes(minutes), minutes, why }
}

/// Of the next one, where no mail was taken since one before.
fn minutes(before: Option<&Pause>) -> i64 {
    before.map_or(FIRST, |before| LONGEST.min(before.minutes * 2))
}

/// Begins one, and tells whoever runs the program why.
pub(super) async fn begin(services: &Services, pause: &Pause) -> anyhow::Result<()> {
    mail_pause::begin(&services.db, pause).await?;
    // One that follows another is of the same trouble.
    let at = services.local(services.now()).format("%H%M");
    let letter = (pause.minutes == FIRST).then(|| format!("mail-{at}"));
    tell(services, (&pause.why, Some(pause.paused_until)), letter.as_deref()).await
}

/// The bell for whoever runs the program, once for each reason and time; and a letter, which leaves when mails are taken
/// again.
pub(super) async fn tell(
    services: &Services,
    (why, until): (&str, Option<DateTime<Utc>>),
    letter: Option<&str>,
) -> anyhow::Result<()> {
    tracing::error!("The mail server takes nothing from us; mails wait");
    let until = until.map(|at| services.local(at).format("%d/%m/%Y %H:%M").to_string());
    let values = context! { why => services.texts.translated(why), until };
    let text = services.texts.say("message.mail_paused", values);
    let mut tx = services.db.begin().await?;
    bells::of_operator(services, &mut tx, &text).await?;
    if let Some(about) = letter {
        alarms::plan(services, &mut tx, (AlarmKind::MailPaused, about), &text).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_as_the_one_before() {
        let (mut before, now) = (None, DateTime::UNIX_EPOCH);
        for expected in [15, 30, 60, 120, 240, 240] {
            let pause = after(before.as_ref(), String::new(), now);
            assert_eq!(pause.minutes, expected);
            assert_eq!(pause.paused_until, now + TimeDelta::minutes(expected));
            before = Some(pause);
        }
    }
}
