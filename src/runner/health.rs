//! `[serve] listen`: /metrics as Prometheus reads them, and /healthz. For this machine alone, and nobody is named.
//! Two pages without parameters need no web server; what is counted is read from the database when it is asked for.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};

use super::heart::Heart;
use crate::{
    db::{backups, guard, measures},
    flow::{Clock, Services, inbox},
};

/// Asked at once; who comes then waits.
const AT_ONCE: usize = 8;
const ANSWERED: Duration = Duration::from_secs(10);
/// A request that is longer is none of ours.
const REQUEST: usize = 8 * 1024;
/// A heart that did not beat for so long stands still.
const STILL: i64 = 120;

/// Answers until the daemon ends.
pub async fn answer_all(listener: TcpListener, services: Arc<Services>, heart: Arc<Heart>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, "A connection for /metrics was lost");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let (services, heart) = (Arc::clone(&services), Arc::clone(&heart));
        tokio::spawn(async move {
            if let Ok(Err(error)) = timeout(ANSWERED, answer(stream, &services, &heart)).await {
                tracing::debug!("A request for /metrics was not answered: {error:#}");
            }
            drop(place);
        });
    }
}

async fn answer(mut stream: TcpStream, services: &Services, heart: &Heart) -> anyhow::Result<()> {
    let (status, kind, body) = match asked(&mut stream).await?.as_str() {
        "/metrics" => match metrics(services, heart).await {
            Ok(text) => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text),
            Err(error) => {
                tracing::warn!("The numbers for /metrics cannot be read: {error:#}");
                ("503 Service Unavailable", "text/plain", "database\n".to_owned())
            }
        },
        "/healthz" => match health(services, heart).await {
            Ok(()) => ("200 OK", "text/plain", "ok\n".to_owned()),
            Err(what) => ("503 Service Unavailable", "text/plain", format!("{what}\n")),
        },
        "" => ("405 Method Not Allowed", "text/plain", String::new()),
        _ => ("404 Not Found", "text/plain", "/metrics, /healthz\n".to_owned()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

/// The path that is asked for; nothing for what is no GET. The head is read to its end, so that the answer arrives.
async fn asked(stream: &mut TcpStream) -> anyhow::Result<String> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < REQUEST {
        match stream.read(&mut piece).await? {
            0 => break,
            read => head.extend_from_slice(&piece[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    Ok(if method == Some("GET") { path.to_owned() } else { String::new() })
}

/// Whether it lives: the heart beats, and the database answers.
async fn health(services: &Services, heart: &Heart) -> Result<(), &'static str> {
    if heart.last().is_some_and(|last| (Clock::System.now() - last).num_seconds() > STILL) {
        return Err("heartbeat");
    }
    guard::state(&services.db).await.map(drop).map_err(|_| "database")
}

async fn metrics(services: &Services, heart: &Heart) -> anyhow::Result<String> {
    let db = &services.db;
    let mut page = Page::default();
    page.gauge("build_info", "The version that serves.");
    page.number(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.gauge("runs", "Runs by job and state.");
    for (job, state, count) in measures::runs(db).await? {
        page.number(&[("job", &job), ("state", &state)], count);
    }
    page.gauge("last_success_timestamp_seconds", "When a run of the job last ended well.");
    for (job, at) in measures::successes(db).await? {
        page.number(&[("job", &job)], at.timestamp());
    }
    page.counts("mails", "Mails by state.", measures::mails(db).await?);
    page.counts("lines", "Lines of orders by state.", measures::lines(db).await?);
    page.counts(
        "platform_requests",
        "Open requests to the platform.",
        measures::requests(db).await?,
    );
    page.gauge("inbox_waiting", "Files that lie in the inbox and are left to be taken.");
    let seen = tokio::task::block_in_place(|| inbox::look(services))?;
    page.number(&[], i64::try_from(seen.files.len()).unwrap_or(i64::MAX));
    let hold = guard::state(db).await?.hold();
    page.gauge("effects_held", "1 while effects wait for `resume --confirm`.");
    page.number(&[], i64::from(hold.is_some()));
    let seconds = |at: DateTime<Utc>| (Clock::System.now() - at).num_seconds().max(0);
    if let Some(last) = heart.last() {
        page.gauge("heartbeat_age_seconds", "Since the last sign of life.");
        page.number(&[], seconds(last));
    }
    if let Some(newest) = backups::list(db).await?.first() {
        page.gauge("last_backup_timestamp_seconds", "When the newest backup was taken.");
        page.number(&[], newest.taken_at.timestamp());
    }
    Ok(page.0)
}

/// Numbers as Prometheus reads them.
#[derive(Default)]
struct Page(String, &'static str);

impl Page {
    fn gauge(&mut self, name: &'static str, help: &str) {
        self.1 = name;
        let _ = writeln!(self.0, "# HELP hangloat_{name} {help}\n# TYPE hangloat_{name} gauge");
    }

    fn number(&mut self, labels: &[(&str, &str)], number: i64) {
        let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
        let labels = labels.iter().map(label).collect::<Vec<_>>().join(",");
        let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        let _ = writeln!(self.0, "hangloat_{}{labels} {number}", self.1);
    }

    fn counts(&mut self, name: &'static str, help: &str, counts: Vec<(String, i64)>) {
        self.gauge(name, help);
        for (state, count) in counts {
            self.number(&[("state", &state)], count);
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_prometheus_reads_them() {
        let mut page = Page::default();
        page.gauge("runs", "Runs.");
        page.number(&[("job", "a\"b\\c"), ("state", "failed")], 3);
        page.gauge("inbox_waiting", "Files.");
        page.number(&[], 0);
        let lines: Vec<&str> = page.0.lines().collect();
        assert_eq!(lines[2], r#"hangloat_runs{job="a\"b\\c",state="failed"} 3"#);
        assert_eq!(lines[4..], ["# TYPE hangloat_inbox_waiting gauge", "hangloat_inbox_waiting 0"]);
    }
}
