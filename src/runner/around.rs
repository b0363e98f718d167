//! What surrounds the work of `serve`: its numbers for whoever watches, its sign of life in the outbox, the alarm where no file came for long, and the
//! ping after a good night, whose absence is an alarm elsewhere. None of it keeps the work from going on.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use minijinja::context;
use tokio::{net::TcpListener, task::JoinSet};

use super::{definition::Job, health, heart::Heart};
use crate::{
    config::{ConfigError, FILE_NAME},
    db::{guard as stored, notifications::NotificationKind, runs},
    domain::grace::start_of,
    flow::{
        Clock, Services, bucket, guard,
        status::{self, Life},
    },
};

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(5);
/// Between two writings of the file that says so.
const STATUS: Duration = Duration::from_mins(1);
const STILL: TimeDelta = TimeDelta::minutes(2);
/// The night is over at six, and began at six.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(6, 0, 0).unwrap();
const NIGHT: TimeDelta = TimeDelta::hours(12);
const PING: Duration = Duration::from_secs(30);

/// Goes on until it is dropped.
pub struct Around(#[expect(dead_code, reason = "what is dropped ends")] JoinSet<()>);

/// Begins all of it that is set.
pub async fn begin(
    services: &Arc<Services>,
    heart: &Arc<Heart>,
    jobs: &[Job],
) -> anyhow::Result<Around> {
    let mut tasks = JoinSet::new();
    let settings = &services.settings.serve;
    if let Some(address) = settings.listen {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr()?;
                tracing::info!("Numbers are at http://{address}/metrics");
                tasks.spawn(health::answer_all(listener, Arc::clone(services), Arc::clone(heart)));
            }
            // Another daemon of this machine tells them, or one that is just ending.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                tracing::warn!("{address} is in use: this process serves no numbers");
            }
            Err(error) => {
                let place = format!("{FILE_NAME}: [serve] listen");
                return Err(ConfigError::new(place, format!("{address}: {error}")).into());
            }
        }
    }
    {
        let (services, heart) = (Arc::clone(services), Arc::clone(heart));
        tasks.spawn(async move {
            loop {
                if let Err(error) = status::write(&services, life(&heart)).await {
                    tracing::warn!("{} cannot be written: {error:#}", status::NAME);
                }
                tokio::time::sleep(STATUS).await;
            }
        });
    }
    if services.settings.files.buckets.all().next().is_some() {
        let services = Arc::clone(services);
        tasks.spawn(async move { exchange(&services).await });
    }
    if settings.silence_alarm.is_some() || settings.ping_url.is_some() {
        let (services, jobs) = (Arc::clone(services), jobs.to_vec());
        tasks.spawn(async move {
            loop {
                if let Err(error) = look(&services, &jobs).await {
                    tracing::warn!("Silence and nights cannot be looked at: {error:#}");
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }
    Ok(Around(tasks))
}

/// A heart that did not beat for so long stands still; one on a clock that was set tells nothing.
fn life(heart: &Heart) -> Life {
    match heart.last() {
        Some(last) if last + STILL < Clock::System.now() => Life::Hangs(last),
        _ => Life::Serves,
    }
}

/// Between buckets and the folders of the workspace. One that is away is told once.
async fn exchange(services: &Services) {
    let mut is_told = false;
    loop {
        match bucket::exchange(services).await {
            Ok(()) => is_told = false,
            Err(error) if is_told => tracing::debug!("{error:#}"),
            Err(error) => {
                is_told = true;
                tracing::error!("Files neither come nor go: {error:#}");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(services: &Services, jobs: &[Job]) -> anyhow::Result<()> {
    silence(services).await?;
    night(services, jobs).await
}

/// Tells the operator, once for each silence. Before the first file there is none.
async fn silence(services: &Services) -> anyhow::Result<()> {
    let Some(alarm) = services.settings.serve.silence_alarm else { return Ok(()) };
    let Some(last) = stored::last_arrival(&services.db).await? else { return Ok(()) };
    if services.now() - last < TimeDelta::from_std(alarm)? {
        return Ok(());
    }
    let mut tx = services.db.begin().await?;
    let is_new = stored::tell_silence(&mut tx, last).await?;
    tx.commit().await?;
    if is_new {
        let at = services.local(last).format("%d/%m/%Y %H:%M").to_string();
        tracing::error!("No file has come since {at}");
        let text = services.texts.say("message.silence", context! { at });
        guard::ring(&services.db, NotificationKind::Silence, &text, services.now()).await?;
    }
    Ok(())
}

/// Pings once after a good night; until it is one, it may still become one.
async fn night(services: &Services, jobs: &[Job]) -> anyhow::Result<()> {
    let Some(url) = &services.settings.serve.ping_url else { return Ok(()) };
    let over = start_of(services.today(), services.settings.timezone)
        + MORNING.signed_duration_since(NaiveTime::MIN);
    if services.now() < over || !was_good(services, jobs, over - NIGHT, over).await? {
        return Ok(());
    }
    let day = services.today().to_string();
    if !stored::tell_night(&services.db, &day).await? {
        return Ok(());
    }
    if let Err(error) = ping(url).await {
        stored::forget_night(&services.db, &day).await?;
        // Such an address is a secret: who knows it can ping.
        tracing::warn!("The ping after a good night did not arrive: {}", error.without_url());
    }
    Ok(())
}

/// Each job that was due that night has ended well since it began.
async fn was_good(
    services: &Services,
    jobs: &[Job],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> anyhow::Result<bool> {
    for job in jobs {
        let Some(schedule) = &job.schedule else { continue };
        let due = schedule.next_after(from, services.settings.timezone);
        if due.is_some_and(|due| due <= to)
            && !runs::succeeded_since(&services.db, &job.name, from).await?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn ping(url: &str) -> reqwest::Result<()> {
    // The first one is as good as any later one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(PING).build()?;
    client.get(url).send().await?.error_for_status()?;
    Ok(())
}
