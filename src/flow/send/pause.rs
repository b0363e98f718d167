//! After the mail server refused us who send, by quota or policy, all mails wait, ever longer, whichever process asks: who
//! goes on trying is blocked for longer. A mail that is taken ends it.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;

use super::bells;
use crate::{
    config::{self, MailTransport},
    db::{
        Db,
        mail_pause::{self, Pause},
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

/// So long waits the mail that was refused: it lets the others go first when the pause is over.
pub(super) fn put_off(before: Option<&Pause>) -> TimeDelta {
    TimeDelta::minutes(2 * minutes(before))
}

/// Of the next one, where no mail was taken since one before.
fn minutes(before: Option<&Pause>) -> i64 {
    before.map_or(FIRST, |before| LONGEST.min(before.minutes * 2))
}

/// Begins one, and tells whoever runs the program why.
pub(super) async fn begin(
    services: &Services,
    before: Option<&Pause>,
    why: &str,
) -> anyhow::Result<()> {
    let minutes = minutes(before);
    let paused_until = services.now() + TimeDelta::minutes(minutes);
    let pause = Pause { paused_until, minutes, why: why.to_owned() };
    mail_pause::begin(&services.db, &pause).await?;
    tell(services, why, Some(paused_until)).await
}

/// The bell for whoever runs the program, once for each reason and time.
pub(super) async fn tell(
    services: &Services,
    why: &str,
    until: Option<DateTime<Utc>>,
) -> anyhow::Result<()> {
    tracing::error!("The mail server takes nothing from us; mails wait");
    let until = until.map(|at| services.local(at).format("%d/%m/%Y %H:%M").to_string());
    let values = context! { why => services.texts.translated(why), until };
    let text = services.texts.say("message.mail_paused", values);
    let mut tx = services.db.begin().await?;
    bells::of_operator(services, &mut tx, &text).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_as_the_one_before_and_the_refused_mail_waits_for_longer() {
        let mut before = None;
        for expected in [15, 30, 60, 120, 240, 240] {
            assert_eq!(minutes(before.as_ref()), expected);
            assert_eq!(put_off(before.as_ref()), TimeDelta::minutes(2 * expected));
            let why = String::new();
            before = Some(Pause { paused_until: DateTime::UNIX_EPOCH, minutes: expected, why });
        }
    }
}
